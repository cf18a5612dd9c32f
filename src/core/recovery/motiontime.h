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
    std::optional<double> extruderCorner;     ///< mm/s of filament that may change at once
    std::optional<double> extrudeAccel, extrudeVelocity; ///< mm/s², mm/s of filament when nothing else moves
    std::optional<double> zAccel, zVelocity;  ///< mm/s², mm/s of the Z share of a move
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
    /// A part of a segment in which the speed changes.
    struct Ramp {
        double begin = 0, end = 0;    ///< s
        double slow = 0, fast = 0;    ///< mm/s
        double accel = 0;             ///< mm/s², without its sign
    };
    [[nodiscard]] std::vector<Ramp> ramps(std::size_t segment) const; ///< those that last some milliseconds
    /// Least seconds of one segment: as the look-ahead counts it before corners are known.
    [[nodiscard]] double leastSeconds(std::size_t segment) const;
    /// First segment whose speeds are not settled yet when the look-ahead holds [first, last] (Klipper: toolhead.py,
    /// LookAheadQueue.flush): all before it are handed over. nullopt when none is settled.
    [[nodiscard]] std::optional<std::size_t> settledUpTo(std::size_t first, std::size_t last) const;
    [[nodiscard]] double duration() const { return m_moves.empty() ? 0.0 : m_moves.back().begin + m_moves.back().duration(); }

private:
    struct Move {
        double distance = 0, accel = 0;
        double start = 0, cruise = 0, end = 0;               ///< mm/s
        double accelTime = 0, cruiseTime = 0, decelTime = 0; ///< s
        double begin = 0;                                    ///< s
        double maxSmoothed2 = 0, smoothDelta2 = 0;           ///< (mm/s)², of the look-ahead
        double leastSeconds = 0;
        [[nodiscard]] double duration() const { return accelTime + cruiseTime + decelTime; }
        [[nodiscard]] double travelled(double time) const;
    };
    void plan(const std::vector<gcode::Segment>& path, const MotionLimits& limits);

    std::vector<Move> m_moves;
};

} // namespace kintsugi::recovery
