// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <optional>

#include "motion.h"

namespace kintsugi::sim {

/// How a host hands planned motion to its controller (Klipper: toolhead.py, motion_queuing.py, serialqueue.c).
struct StepSending {
    bool timed = false;       ///< by a timer, as since v0.13.0-262; else all that is planned, at once
    double dueBefore = 0.25;  ///< s before its time at which a command is sent though it fills no message
    std::size_t moveSlots = 1024; ///< of the controller's move queue
    double sinceBatch = 0;        ///< s, 0..0.25, since the timer sent steps; follows from when motion began
    std::optional<double> clockAsked; ///< s, when the host last asked the controller for its clock (clocksync.py)
};
/// When motion ends if nothing more is sent from `now` on; `moves` are all that are planned, the running one first.
[[nodiscard]] double endOfSentMotion(const std::deque<Segment>& moves, double now, const StepSending& sending);

} // namespace kintsugi::sim
