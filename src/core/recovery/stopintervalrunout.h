// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "recovery/motiontime.h"
#include "recovery/stopinterval.h"

namespace kintsugi::recovery {

/// What is known of a Klipper host that died. Times are s of `clock` unless said otherwise; the newest sample was taken
/// when the nozzle was at `seen`.
struct RunOutEvidence {
    const std::vector<gcode::Segment>& path;
    const PathClock& clock;
    const QueueModel& queue;
    const Sample& last;
    double seen = 0;
    double pace = 1;                 ///< s of the clock per real s
    double lead = 0;                 ///< real s between the nozzle and what was handed over at the newest sample
    double mostLead = 0;             ///< the same, at most, of all samples
    std::vector<double> plannedEnds; ///< to where older samples had it planned
    double diedFrom = 0, diedTo = 0; ///< real s after the newest sample
};

/// Where motion ended, s of the clock: 99 % of all such stops lie in [least, most], half of them in [halfFrom, halfTo].
struct RunOut {
    double least = 0, halfFrom = 0, likely = 0, halfTo = 0, most = 0;
};

/// Weighs everything nobody saw: the moment of the death, the phase of the host's timers, the commands that filled no
/// message. nullopt when it is not known how the host hands motion over.
[[nodiscard]] std::optional<RunOut> runOut(const RunOutEvidence& evidence);

} // namespace kintsugi::recovery
