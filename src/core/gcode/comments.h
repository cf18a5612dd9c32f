// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// How a slicer marks layers.
enum class MarkFamily { LayerChange, LayerNumber, Simplify3D, KissSlicer, CraftWare };

/// The family a slicer uses; nothing when it writes no marks or is not known.
[[nodiscard]] std::optional<MarkFamily> markFamily(Slicer slicer);

/// A layer mark, with what its own line says about the height.
struct LayerMark {
    MarkFamily family{};
    std::optional<double> z, height; ///< mm
};

// All take the text after the first ';' of a line that begins with it.
[[nodiscard]] std::optional<LayerMark> layerMark(std::string_view comment);
[[nodiscard]] Slicer slicerOf(std::string_view comment);
[[nodiscard]] std::optional<double> zNote(std::string_view comment);      ///< ";Z:0.2", "; Z_HEIGHT: 0.2"
[[nodiscard]] std::optional<double> heightNote(std::string_view comment); ///< ";HEIGHT:0.2", "; LAYER_HEIGHT: 0.2"
[[nodiscard]] std::optional<std::string_view> objectNote(std::string_view comment); ///< "; printing object NAME"
/// From "gcode_flavor = …", "printer_model = …" of a config block or ";FLAVOR:…".
[[nodiscard]] std::optional<Dialect> dialectNote(std::string_view comment);

} // namespace kintsugi::gcode
