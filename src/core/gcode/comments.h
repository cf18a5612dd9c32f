// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// How a slicer marks layers.
enum class MarkFamily { LayerChange, LayerNumber, Simplify3D, KissSlicer, CraftWare };
inline constexpr std::size_t markFamilies = 5;

/// The family a slicer uses; nothing when it writes no marks or is not known.
[[nodiscard]] std::optional<MarkFamily> markFamily(Slicer slicer);

/// A layer mark, with what its own line says about the height.
struct LayerMark {
    MarkFamily family{};
    std::optional<double> z, height; ///< mm
    std::optional<std::int64_t> number; ///< as the mark says; of MarkFamily::LayerNumber only
};

// All take the text after the first ';' of a line that begins with it.
[[nodiscard]] std::optional<LayerMark> layerMark(std::string_view comment);
[[nodiscard]] Slicer slicerOf(std::string_view comment);
[[nodiscard]] std::optional<double> zNote(std::string_view comment);      ///< ";Z:0.2", "; Z_HEIGHT: 0.2"
[[nodiscard]] std::optional<double> heightNote(std::string_view comment); ///< ";HEIGHT:0.2", "; LAYER_HEIGHT: 0.2"
/// "; printing object NAME", "; start printing object, unique label id: N", ";MESH:NAME", ";PRINTING: NAME"
[[nodiscard]] std::optional<std::string_view> objectNote(std::string_view comment);
/// From "gcode_flavor = …", "printer_model = …" of a config block, ";FLAVOR:…" or ideaMaker's ";Firmware: …".
[[nodiscard]] std::optional<Dialect> dialectNote(std::string_view comment);

/// "; thumbnail begin 16x16 120", "; thumbnail_QOI end", "; png begin 300*300 …", "; THUMBNAIL_BLOCK_START": true at a
/// begin, false at an end.
[[nodiscard]] std::optional<bool> thumbnailNote(std::string_view comment);
/// Cura's ";LAYER_COUNT:": its layers begin here, whatever looked like one before.
[[nodiscard]] bool isLayerCount(std::string_view comment);

/// A setting that tells of temperatures, material or the size of the machine, whatever the slicer's way to write it: "; temperature = 215",
/// ";   temperatureNumber,0,1", ";EXTRUDER_TRAIN.0.INITIAL_TEMPERATURE:210", ";Filament Type #1: PLA". No other.
struct SettingNote {
    std::string_view key, value;
};
[[nodiscard]] std::optional<SettingNote> settingNote(std::string_view comment);
/// A piece of Cura's settings (";SETTING_3 …"), which are one text cut into lines.
[[nodiscard]] std::optional<std::string_view> curaSettings(std::string_view comment);

} // namespace kintsugi::gcode
