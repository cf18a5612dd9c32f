// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "gcode/toolpath.h"
#include "recovery/sample.h"

namespace kintsugi::recovery {

/// What a motion planner keeps to. Unknown limits do not slow the motion: the times are then the shortest possible.
struct MotionLimits {
    double speedFactor = 1.0;
    std::optional<double> accel;              ///< mm/s²
    std::optional<double> velocity;           ///< mm/s
    std::optional<double> cornerVelocity;     ///< mm/s, through a right angle
    double cruiseRatio = 0.0;                 ///< share of a move that must be driven at constant speed, 0..1
};
[[nodiscard]] MotionLimits limitsOf(const Sample& sample);

/// A place on a path.
struct PathPlace {
    std::size_t segment = 0;
    double fraction = 0; ///< 0..1
};

/// When each place of a path is passed: trapezoid profiles with a look-ahead over corners as Klipper plans them, from
/// rest to rest. Times in s from the begin of the path.
class PathClock
{
public:
    PathClock(const std::vector<gcode::Segment>& path, const MotionLimits& limits);

    [[nodiscard]] double timeAt(const PathPlace& place) const;
    /// The place passed at `time`; the begin or the end of the path when it lies outside.
    [[nodiscard]] PathPlace placeAt(double time) const;
    /// Parts of a segment's motion, 1..3, that differ clearly in speed: accelerating, cruising, braking.
    [[nodiscard]] int phasesOf(std::size_t segment) const;
    [[nodiscard]] double duration() const { return m_moves.empty() ? 0.0 : m_moves.back().begin + m_moves.back().duration(); }

private:
    struct Move {
        double distance = 0, accel = 0;
        double start = 0, cruise = 0, end = 0;               ///< mm/s
        double accelTime = 0, cruiseTime = 0, decelTime = 0; ///< s
        double begin = 0;                                    ///< s
        [[nodiscard]] double duration() const { return accelTime + cruiseTime + decelTime; }
        [[nodiscard]] double travelled(double time) const;
    };
    void plan(const std::vector<gcode::Segment>& path, const MotionLimits& limits);

    std::vector<Move> m_moves;
};

} // namespace kintsugi::recovery
