// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

#include "gcode/fileindex.h"

namespace kintsugi::recovery {

/// What a file's settings say of its lines, from its comments at both ends or from its container. Lengths mm.
struct LineSettings {
    std::optional<double> width;    ///< the widest of any kind of line
    std::optional<double> nozzle;   ///< the widest
    std::optional<double> filament; ///< the thickest diameter

    /// As wide as a line may be where nothing else is said: 1.2 x the nozzle, else 0.6 (a 0.5 mm nozzle).
    [[nodiscard]] double widest() const;
    [[nodiscard]] double filamentArea() const; ///< mm²; 1.75 mm where nothing is said
};
[[nodiscard]] Result<LineSettings> readLineSettings(const gcode::Source& source, const gcode::FileIndex& index);

/// What the comment (after the first ';') of a setting says, "extrusion_width = 0.45", "external perimeters extrusion width = 0.45mm".
void noteLineSetting(LineSettings& settings, std::string_view comment);

/// ";WIDTH:0.45", "; LINE_WIDTH: 0.42", Simplify3D's "; tool H0.200 W0.480": the text after the first ';'. mm.
[[nodiscard]] std::optional<double> widthNote(std::string_view comment);

} // namespace kintsugi::recovery
