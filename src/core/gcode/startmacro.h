// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// The call that starts the print, as "START_PRINT EXTRUDER=210 BED=60"; nullptr when the file has none.
[[nodiscard]] const MacroCall* startMacro(const FileIndex& index);

/// A value the file suggests without ordering it, and what it was read from: "START_PRINT EXTRUDER=210",
/// "first_layer_temperature = 215".
template <class Value>
struct Inferred {
    Value value{};
    std::string basis;
};

/// Targets in °C. Best: parameters of start macros; second best: what the slicer notes of its settings. A chamber is
/// inferred from macros only: a setting does not say that the printer heats one.
struct InferredTemperatures {
    std::map<int, Inferred<double>> hotend;      ///< of the tools that a macro names
    std::optional<Inferred<double>> anyHotend;   ///< of a macro that names no tool
    std::map<int, Inferred<double>> notedHotend; ///< of settings, which name tools that print nothing too
    std::optional<Inferred<double>> bed, chamber;
    std::optional<Inferred<std::string>> material; ///< of the first tool, as written: "PLA"

    [[nodiscard]] const Inferred<double>* hotendOf(int tool) const;
};
/// For a print that goes on at the byte: a first layer has temperatures of its own.
[[nodiscard]] InferredTemperatures inferTemperatures(const FileIndex& index, ByteOffset byte);

} // namespace kintsugi::gcode
