// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "motion.h"

namespace kintsugi::sim {

/// Steps are generated up to `end` at once; each time begins new commands.
struct StepBatch {
    double handed = 0, end = 0; ///< s
};

/// How a host hands planned motion to its controller (Klipper: toolhead.py, motion_queuing.py, serialqueue.c).
struct StepSending {
    double dueBefore = 0.25;  ///< s before its time at which a command is sent though it fills no message
    std::size_t moveSlots = 1024; ///< of the controller's move queue
    std::optional<std::vector<StepBatch>> timed; ///< those of a timer, as since v0.13.0-262; else all that is planned goes at once
    std::optional<double> clockAsked; ///< s, when the host last asked the controller for its clock (clocksync.py)
};
/// When motion ends if nothing more is sent from `now` on; `moves` are all that are planned, the running one first.
[[nodiscard]] double endOfSentMotion(const std::deque<Segment>& moves, double now, const StepSending& sending);

/// The timer of a newer host (motion_queuing.py): it generates steps for up to 0.70 s from now, 0.25 s at a time, each batch
/// where the last one ended.
class StepTimer
{
public:
    /// More is planned, up to `planned`, s.
    void plan(double now, double planned);
    /// What was generated up to now, the last 4 s of it.
    [[nodiscard]] std::vector<StepBatch> batches(double now);
    void stop() { m_planned = m_stepped; }

private:
    void runTo(double now);

    double m_planned = 0, m_stepped = 0, m_kicked = 0;
    std::deque<StepBatch> m_batches;
};

} // namespace kintsugi::sim
