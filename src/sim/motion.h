// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace kintsugi::sim {

using Axes = std::array<double, 4>; ///< X Y Z E in mm

/// Where a move came from: the file line, or nothing.
struct Origin {
    std::uint64_t begin = UINT64_MAX;
    int file = -1;
};

/// One planned straight move with its speed profile; times in s, lengths in mm.
struct Segment {
    double start = 0;
    double planned = 0;                                 ///< when the look-ahead handed it over
    double startV = 0, cruiseV = 0, endV = 0, accel = 0;
    double accelT = 0, cruiseT = 0, decelT = 0;
    double distance = 0;
    Axes from{}, to{};                                  ///< what the host believes
    std::array<bool, 4> zMotors{true, true, true, true}; ///< which Z motors take part
    Origin origin;

    [[nodiscard]] double duration() const { return accelT + cruiseT + decelT; }
    [[nodiscard]] double end() const { return start + duration(); }
    [[nodiscard]] double travelled(double time) const; ///< mm done at an absolute time, 0..distance
    [[nodiscard]] double velocity(double time) const;
    [[nodiscard]] double timeAt(double done) const;    ///< absolute time at which `done` mm are behind
    [[nodiscard]] Axes position(double time) const;
};

/// Fills the three phases of a segment from distance, speeds and acceleration.
void shape(Segment& segment);

struct MotionLimits {
    double velocity = 300, accel = 3000, cornerVelocity = 5, minimumCruiseRatio = 0.5;
    double zVelocity = 15, zAccel = 350;
    double extrudeVelocity = 60, extrudeAccel = 1500, extruderCorner = 1;
};

/// Look-ahead: keeps moves back until their speeds are settled.
class Planner
{
public:
    MotionLimits limits;

    /// s of motion at least that come between two rounds of settling.
    void setLookAhead(double seconds) { m_lookAhead = seconds; }
    /// After a standstill: that much must come before the first round.
    void begin(double seconds) { m_budget = seconds; }
    void add(const Axes& from, const Axes& to, double speed, Origin origin);
    [[nodiscard]] bool full() const { return m_budget <= 0; }
    [[nodiscard]] bool empty() const { return m_moves.empty(); }
    [[nodiscard]] double heldTime() const; ///< s of motion at least, still in look-ahead
    /// Hands over what is settled (`all`: everything, ending in a full stop), shaped but without start times.
    [[nodiscard]] std::vector<Segment> take(bool all);
    void drop();

private:
    struct Move {
        Segment segment;
        double maxStart2 = 0;    ///< junction limit, (mm/s)²
        double maxSmoothed2 = 0; ///< the same with the gentler acceleration of minimum_cruise_ratio
        double maxCruise2 = 0;
        double delta2 = 0, smoothDelta2 = 0; ///< most change of speed² in this move
        double minTime = 0;
        std::array<double, 4> direction{};
        bool kinematic = true;
    };
    [[nodiscard]] double junction2(const Move& previous, const Move& next) const;

    struct Speeds { double start2 = 0, cruise2 = 0, end2 = 0; };
    /// Speeds of the held moves that are settled, as Klipper's look-ahead takes them.
    [[nodiscard]] std::vector<Speeds> settled(bool all) const;

    std::vector<Move> m_moves;
    double m_lookAhead = 0.25, m_budget = m_lookAhead;
};

} // namespace kintsugi::sim
