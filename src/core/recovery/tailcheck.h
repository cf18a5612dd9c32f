// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/message.h"
#include "gcode/fileindex.h"
#include "recovery/snapshot.h"

namespace kintsugi::recovery {

struct Plan; // plan.h

/// A command after the resume point that does what only a start does (homing, probing, levelling, brushing, purging), that goes where nobody
/// looks (parking), that shifts coordinates or steps, or that only the printer decides on. Lines of RepRapFirmware may hold several.
struct TailFinding {
    enum class Kind { Homing, Probing, Purge, Macro, OutsideLimits, Park, Setting, Condition };
    Kind kind = Kind::Macro;
    std::uint64_t line = 1;
    ByteOffset byte = 0;
    std::string text;      ///< the line, at most 200 bytes
    Message meaning;       ///< what it does over a part
    bool blocks = false;   ///< homes Z or probes for sure
};

/// Reads the tail from `byte` to the end of the second layer after it. `limits` may be nullptr.
struct TravelLimits { std::array<double, 3> minimum{}, maximum{}; };
[[nodiscard]] TravelLimits limitsOf(const Plan& plan); ///< endless where the plan's are not known
[[nodiscard]] Result<std::vector<TailFinding>> checkTail(const gcode::Source& source, const gcode::FileIndex& index,
                                                         ByteOffset byte, const TravelLimits* limits);

} // namespace kintsugi::recovery
