// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QString>

#include "gcode/fileindex.h"
#include "recovery/stopinterval.h"

namespace kintsugi::ui {

/// How much print lies between the ends of a stop interval.
struct StopWidth {
    std::uint64_t bytes = 0, lines = 0;
    double millimetres = 0; ///< of extruding path
    double seconds = 0;     ///< of all its moves at the speed of the file
    struct Lines { std::uint64_t first = 0, last = 0; }; ///< from 1, both included
    Lines certain;                ///< the whole interval
    std::optional<Lines> half;    ///< half of all such stops
};
/// Reads that part of the file: for the pool.
[[nodiscard]] Result<StopWidth> stopWidth(const gcode::Source& source, const gcode::FileIndex& index, const recovery::StopInterval& stop);
/// "Likely between line 310 and 314; certainly between 305 and 322."
[[nodiscard]] QString linesText(const StopWidth& width);
[[nodiscard]] QString widthText(const StopWidth& width);
/// Why the interval is as wide as it is: what still runs after a stop of this cause.
[[nodiscard]] QString causeWidthText(recovery::StopCause cause);

} // namespace kintsugi::ui
