// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "gcode/toolpath.h"
#include "recovery/sample.h"

namespace kintsugi::recovery {

/// Where on the tool path a live position lies.
struct PositionMatch {
    std::size_t segment = 0;   ///< index into the path
    double fraction = 0;       ///< along the segment, 0..1
    double distance = 0;       ///< mm
    std::size_t support = 0;   ///< other samples that agree with it by their extruder position
    std::size_t first = 0, last = 0; ///< segments between which places fit as well (a line drawn twice); segment when none
};

/// Finds the newest of `samples` (oldest first, all with live and file position) on the path, searching backwards from
/// its file position. Several places at one point (a seam, a crossing) are told apart by the extruder: commanded and live
/// E differ by one constant for all samples.
[[nodiscard]] std::optional<PositionMatch> matchNewest(const std::vector<gcode::Segment>& path, const std::vector<Sample>& samples);

/// Nominal seconds of a segment.
[[nodiscard]] double secondsOf(const gcode::Segment& segment);
[[nodiscard]] double lengthOf(const gcode::Segment& segment);

} // namespace kintsugi::recovery
