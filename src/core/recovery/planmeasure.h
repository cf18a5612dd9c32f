// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <functional>

#include "recovery/dialectwriter.h"
#include "recovery/plan.h"

/// What a plan must know of the file beyond the state at one byte. Heights and places are the machine's own: where G92
/// shifted the file's coordinates, the shift is taken off.
namespace kintsugi::recovery {

struct Measured {
    gcode::Extents printed;            ///< mm, footprint of the whole print; maxZ == highest
    gcode::Extents whole;              ///< mm, of all that the whole file extrudes
    double highest = 0;                ///< mm, highest printed up to the upper end of the stop interval
    double highestNozzle = 0;          ///< mm, highest Z at which the nozzle may have stopped
    bool shiftedOnTheWay = false;      ///< G92 moves the coordinates inside the stop interval
    bool resumedShifted = false;       ///< a resume file that went on in coordinates only the printer of then knew
    bool zDeclared = false;            ///< the file is a resume file whose own declaration of Z still holds at the byte
    gcode::Nanometres retracted = 0;   ///< filament (in the file's units) pulled back at the byte
};
/// NotSupported: what is printed cannot be told in the machine's own coordinates. `kept`: the firmware stayed alive, so coordinates that
/// only it knows will do, if all that was printed is counted in the same.
[[nodiscard]] Result<Measured> measurePrint(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot, bool kept);

/// The place given, or the free one between the limits that is farthest from the print. Unsafe.
[[nodiscard]] Result<std::array<double, 2>> choosePrimePlace(const std::optional<std::array<double, 2>>& given, const std::array<double, 3>& minimum,
                                                             const std::array<double, 3>& maximum, const gcode::Extents& printed);

/// Lines before the first extrusion that `defines` accepts.
[[nodiscard]] Result<write::Lines> objectDefinitions(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot,
                                                     const std::function<bool(const gcode::Command&)>& defines);

/// Limits whose values still hold at the byte and were given in inches. Reads the file up to the byte when there may be any.
[[nodiscard]] Result<write::InchValues> limitsInInches(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot);

} // namespace kintsugi::recovery
