// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/motiontime.h"

#include <algorithm>
#include <cmath>

#include "recovery/positionmatch.h"

namespace kintsugi::recovery {

namespace {

constexpr double unlimited = 1e9;       // mm/s²: a planner that never accelerates
constexpr double usualFeed = 50.0;      // mm/s, of a move whose speed the file never set

/// Squared speeds a planner works with; one per move.
struct Planned {
    double cruise2 = 0, delta2 = 0, smoothDelta2 = 0;
    double maxStart2 = 0, maxSmoothed2 = 0; ///< at its begin
    double extruded = 0;                    ///< mm of filament per mm
    bool travels = false;                   ///< X, Y or Z moves
};

/// The speed and acceleration of one move that the limits allow.
struct Allowed {
    double speed = 0, accel = 0;
};

Allowed allowedFor(const gcode::Segment& s, double length, const MotionLimits& limits)
{
    Allowed allowed{(s.feed > 0 ? static_cast<double>(s.feed) : usualFeed) * limits.speedFactor, limits.accel.value_or(unlimited)};
    const auto limit = [&allowed](const std::optional<double>& speed, const std::optional<double>& accel, double share) {
        allowed.speed = std::min(allowed.speed, speed.value_or(unlimited) * share);
        allowed.accel = std::min(allowed.accel, accel.value_or(unlimited) * share);
    };
    if (length <= 0) {
        allowed.accel = limits.extrudeAccel.value_or(allowed.accel);
        limit(limits.extrudeVelocity, {}, 1.0);
        return allowed;
    }
    limit(limits.velocity, {}, 1.0);
    if (s.z0 != s.z1)
        limit(limits.zVelocity, limits.zAccel, length / std::abs(static_cast<double>(s.z1 - s.z0)));
    return allowed;
}

/// Speed² through the corner between two moves: the speed at which a circle that stays near the corner needs no more
/// than the allowed acceleration; 0 = a stop, `unlimited` = straight on.
double corner2(const gcode::Segment& a, const gcode::Segment& b, double lengthA, double lengthB, double accel, double cornerVelocity)
{
    const auto dot = [](const gcode::Segment& p, const gcode::Segment& q) {
        return static_cast<double>(p.x1 - p.x0) * static_cast<double>(q.x1 - q.x0) + static_cast<double>(p.y1 - p.y0) * static_cast<double>(q.y1 - q.y0)
            + static_cast<double>(p.z1 - p.z0) * static_cast<double>(q.z1 - q.z0);
    };
    const double cosTurn = std::clamp(dot(a, b) / (lengthA * lengthB), -1.0, 1.0); // 1 = straight on
    if (cosTurn > 0.999999)
        return unlimited;
    const double sinHalf = std::sqrt(std::max(0.5 * (1 + cosTurn), 0.0)); // half of the inner angle
    const double cosHalf = std::sqrt(std::max(0.5 * (1 - cosTurn), 1e-12));
    const double deviation = cornerVelocity * cornerVelocity * (std::sqrt(2.0) - 1) / accel;
    const double circle = sinHalf < 1 ? deviation * sinHalf / (1 - sinHalf) * accel : unlimited;
    // Short moves: the arc must fit into half of each.
    const double fits = 0.5 * std::min(lengthA, lengthB) * sinHalf / cosHalf * accel;
    return std::min(circle, fits);
}

} // namespace

MotionLimits limitsOf(const Sample& sample)
{
    MotionLimits limits;
    const auto atLeast = [](double least, const std::optional<double>& value) {
        return value && std::isfinite(*value) && *value >= least ? value : std::nullopt;
    };
    limits.speedFactor = atLeast(0.01, sample.speedFactor).value_or(1.0);
    limits.accel = atLeast(1.0, sample.maxAccel);
    limits.velocity = atLeast(0.1, sample.maxVelocity);
    limits.cornerVelocity = atLeast(0.01, sample.squareCornerVelocity);
    if (limits.accel) { // what the configuration does not tell is Klipper's own
        limits.extruderCorner = atLeast(0.0, sample.extruderCornerVelocity).value_or(1.0);
        limits.extrudeAccel = atLeast(1.0, sample.maxExtrudeAccel);
        limits.extrudeVelocity = atLeast(0.1, sample.maxExtrudeVelocity);
        limits.zAccel = atLeast(1.0, sample.maxZAccel);
        limits.zVelocity = atLeast(0.1, sample.maxZVelocity);
    }
    limits.cruiseRatio = std::min(0.99, atLeast(0.0, sample.minimumCruiseRatio).value_or(0.0));
    return limits;
}

double PathClock::Move::travelled(double time) const
{
    if (time <= 0)
        return 0;
    if (time >= duration())
        return distance;
    if (time < accelTime)
        return start * time + accel * time * time / 2;
    double done = (start + cruise) / 2 * accelTime;
    time -= accelTime;
    if (time < cruiseTime)
        return done + cruise * time;
    done += cruise * cruiseTime;
    time -= cruiseTime;
    return std::min(distance, done + cruise * time - accel * time * time / 2);
}

PathClock::PathClock(const std::vector<gcode::Segment>& path, const MotionLimits& limits)
{
    plan(path, limits);
}

void PathClock::plan(const std::vector<gcode::Segment>& path, const MotionLimits& limits)
{
    const double accel = limits.accel.value_or(unlimited);
    const double cornerVelocity = limits.cornerVelocity.value_or(limits.accel ? 5.0 : 1e6); // 5 is Klipper's own
    std::vector<Planned> planned(path.size());
    m_moves.resize(path.size());
    for (std::size_t i = 0; i < path.size(); ++i) {
        const gcode::Segment& s = path[i];
        const double length = lengthOf(s);
        const Allowed allowed = allowedFor(s, length, limits);
        Planned& p = planned[i];
        p.travels = length > 0;
        m_moves[i].distance = p.travels ? length : std::abs(static_cast<double>(s.e));
        m_moves[i].accel = allowed.accel;
        p.extruded = p.travels ? static_cast<double>(s.e) / length : 0.0;
        p.cruise2 = allowed.speed * allowed.speed;
        p.delta2 = 2 * m_moves[i].distance * m_moves[i].accel;
        p.smoothDelta2 = std::min(p.delta2, 2 * m_moves[i].distance * accel * (1 - limits.cruiseRatio));
        if (i == 0 || !p.travels || !planned[i - 1].travels)
            continue;
        const Planned& before = planned[i - 1];
        double corner = corner2(path[i - 1], s, m_moves[i - 1].distance, length, std::min(m_moves[i - 1].accel, m_moves[i].accel), cornerVelocity);
        const double change = std::abs(p.extruded - before.extruded);
        if (limits.extruderCorner && change > 0)
            corner = std::min(corner, *limits.extruderCorner / change * (*limits.extruderCorner / change));
        p.maxStart2 = std::min({corner, p.cruise2, before.cruise2, before.maxStart2 + before.delta2});
        p.maxSmoothed2 = std::min(p.maxStart2, before.maxSmoothed2 + before.smoothDelta2);
    }
    double end2 = 0, smoothedEnd2 = 0;
    for (std::size_t i = path.size(); i-- > 0;) {
        const Planned& p = planned[i];
        m_moves[i].maxSmoothed2 = p.maxSmoothed2;
        m_moves[i].smoothDelta2 = p.smoothDelta2;
        m_moves[i].leastSeconds = p.cruise2 > 0 ? m_moves[i].distance / std::sqrt(p.cruise2) : 0.0;
        const double start2 = std::min(p.maxStart2, end2 + p.delta2);
        const double smoothed2 = std::min(p.maxSmoothed2, smoothedEnd2 + p.smoothDelta2);
        const double peak2 = std::min((start2 + end2 + p.delta2) / 2, std::max((smoothed2 + smoothedEnd2 + p.smoothDelta2) / 2, std::max(start2, end2)));
        Move& move = m_moves[i];
        move.start = std::sqrt(start2);
        move.end = std::sqrt(end2);
        move.cruise = std::sqrt(std::max({std::min(p.cruise2, peak2), start2, end2}));
        end2 = start2;
        smoothedEnd2 = smoothed2;
    }
    double time = 0;
    for (Move& move : m_moves) {
        move.begin = time;
        if (move.distance <= 0 || move.cruise <= 0)
            continue;
        move.accelTime = (move.cruise - move.start) / move.accel;
        move.decelTime = (move.cruise - move.end) / move.accel;
        const double ramps = (move.start + move.cruise) / 2 * move.accelTime + (move.end + move.cruise) / 2 * move.decelTime;
        move.cruiseTime = std::max(0.0, move.distance - ramps) / move.cruise;
        time += move.duration();
    }
}

double PathClock::timeAt(const PathPlace& place) const
{
    if (m_moves.empty())
        return 0;
    const Move& move = m_moves[std::min(place.segment, m_moves.size() - 1)];
    const double wanted = std::clamp(place.fraction, 0.0, 1.0) * move.distance;
    if (wanted <= 0)
        return move.begin;
    double low = 0, high = move.duration();
    for (int i = 0; i < 50 && high - low > 1e-9; ++i) {
        const double middle = (low + high) / 2;
        (move.travelled(middle) < wanted ? low : high) = middle;
    }
    return move.begin + high;
}

double PathClock::leastSeconds(std::size_t segment) const
{
    return m_moves[segment].leastSeconds;
}

std::optional<std::size_t> PathClock::settledUpTo(std::size_t first, std::size_t last) const
{
    double end2 = 0;
    bool peaked = false, delayed = false;
    for (std::size_t i = std::min(last + 1, m_moves.size()); i-- > first;) {
        const Move& move = m_moves[i];
        const double reachable = end2 + move.smoothDelta2, start2 = std::min(move.maxSmoothed2, reachable);
        if (start2 >= reachable) {
            delayed = true;
        } else if (start2 + move.smoothDelta2 > end2 || delayed) {
            if (peaked)
                return i > first ? std::optional(i) : std::nullopt;
            peaked = true;
            delayed = false;
        }
        end2 = start2;
    }
    return std::nullopt;
}

std::vector<PathClock::Ramp> PathClock::ramps(std::size_t segment) const
{
    constexpr double shortest = 0.002; // s
    const Move& move = m_moves[segment];
    std::vector<Ramp> found;
    if (move.accelTime > shortest)
        found.push_back({move.begin, move.begin + move.accelTime, move.start, move.cruise, move.accel});
    if (move.decelTime > shortest)
        found.push_back({move.begin + move.accelTime + move.cruiseTime, move.begin + move.duration(), move.end, move.cruise, move.accel});
    return found;
}

PathPlace PathClock::placeAt(double time) const
{
    if (m_moves.empty() || time <= 0)
        return {};
    const auto after = std::upper_bound(m_moves.begin(), m_moves.end(), time, [](double t, const Move& move) { return t < move.begin; });
    const auto index = static_cast<std::size_t>(after - m_moves.begin()) - 1;
    const Move& move = m_moves[index];
    const double share = move.distance > 0 ? move.travelled(time - move.begin) / move.distance : 1.0;
    return {index, std::clamp(share, 0.0, 1.0)};
}

} // namespace kintsugi::recovery
