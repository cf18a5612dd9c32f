// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// Where the slicer believes the machine can print, in mm, axis by axis; nullopt = the file does not say. It is the volume of a bed, not
/// the travel of the axes, which may reach a little further.
struct StatedVolume {
    std::array<std::optional<double>, 3> minimum{}, maximum{};
    std::string basis;   ///< "bed_shape = 0x0,220x0,…", empty when nothing is stated
};
/// From FileIndex::settings: bed_shape and max_print_height (PrusaSlicer, SuperSlicer, Slic3r), printable_area and printable_height
/// (OrcaSlicer, BambuStudio), machine_width, machine_depth, machine_height and machine_center_is_zero (Cura), strokeXoverride … (Simplify3D).
[[nodiscard]] StatedVolume statedVolume(const FileIndex& index);

} // namespace kintsugi::gcode
