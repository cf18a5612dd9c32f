// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/dialectwriter.h"
#include "recovery/ownlines.h"

namespace kintsugi::recovery {

/// What a person's lines may do at one place.
struct OwnLinesRoom {
    std::string place;
    bool mayRise = false, mayTravel = false, mayExtrude = false;
    double lowestZ = 0;                             ///< mm, in the coordinates that hold there
    std::array<double, 3> minimum{}, maximum{};     ///< mm, likewise
};

struct OwnLinesRun {
    write::Lines lines;                             ///< the person's, then what undoes their modes
    std::vector<Unsimulated> unsimulated;
    bool moved = false;                             ///< the head may stand elsewhere
};

/// Executes the lines in thought from `before` on. Unsafe: names the place and the line (or what the lines would leave behind).
[[nodiscard]] Result<OwnLinesRun> runOwnLines(const write::Lines& lines, gcode::MachineState before, gcode::Dialect dialect,
                                              const OwnLinesRoom& room, const write::DialectWriter& writer);

} // namespace kintsugi::recovery
