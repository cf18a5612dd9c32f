// SPDX-License-Identifier: GPL-3.0-or-later
#include "motion.h"

#include <algorithm>
#include <cmath>

namespace kintsugi::sim {

namespace {

constexpr double lookAheadTime = 0.25; // s; Klipper's own value

} // namespace

double Segment::travelled(double time) const
{
    double t = time - start;
    if (t <= 0)
        return 0;
    if (t >= duration())
        return distance;
    if (t < accelT)
        return startV * t + accel * t * t / 2;
    double done = (startV + cruiseV) / 2 * accelT;
    t -= accelT;
    if (t < cruiseT)
        return done + cruiseV * t;
    done += cruiseV * cruiseT;
    t -= cruiseT;
    return std::min(distance, done + cruiseV * t - accel * t * t / 2);
}

double Segment::velocity(double time) const
{
    double t = time - start;
    if (t < 0 || t >= duration())
        return 0;
    if (t < accelT)
        return startV + accel * t;
    t -= accelT;
    return t < cruiseT ? cruiseV : cruiseV - accel * (t - cruiseT);
}

double Segment::timeAt(double done) const
{
    double low = start;
    double high = end();
    for (int i = 0; i < 60 && high - low > 1e-12; ++i) {
        const double middle = (low + high) / 2;
        (travelled(middle) < done ? low : high) = middle;
    }
    return high;
}

Axes Segment::position(double time) const
{
    const double part = distance > 0 ? travelled(time) / distance : (time >= end() ? 1.0 : 0.0);
    if (part >= 1)
        return to;
    Axes result;
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] = from[i] + (to[i] - from[i]) * part;
    return result;
}

void shape(Segment& s)
{
    const double peak2 = (s.startV * s.startV + s.endV * s.endV) / 2 + s.accel * s.distance;
    s.cruiseV = std::max({std::min(s.cruiseV, std::sqrt(peak2)), s.startV, s.endV});
    s.accelT = (s.cruiseV - s.startV) / s.accel;
    s.decelT = (s.cruiseV - s.endV) / s.accel;
    const double ramps = (s.startV + s.cruiseV) / 2 * s.accelT + (s.endV + s.cruiseV) / 2 * s.decelT;
    s.cruiseT = s.cruiseV > 0 ? std::max(0.0, s.distance - ramps) / s.cruiseV : 0;
}

double Planner::junction2(const Move& previous, const Move& next) const
{
    if (!previous.kinematic || !next.kinematic)
        return 0;
    double limit = std::min(previous.maxCruise2, next.maxCruise2);
    const double rateChange = std::abs(next.direction[3] - previous.direction[3]);
    if (rateChange > 0)
        limit = std::min(limit, limits.extruderCorner / rateChange * (limits.extruderCorner / rateChange));
    double cosine = 0;
    for (std::size_t i = 0; i < 3; ++i)
        cosine -= previous.direction[i] * next.direction[i];
    if (cosine > 0.999999)
        return 0;
    if (cosine < -0.999999)
        return limit;
    const double sine = std::sqrt(std::max(0.0, (1 - cosine) / 2)); // of half the angle between the moves
    const double deviation = limits.cornerVelocity * limits.cornerVelocity * (std::sqrt(2.0) - 1) / limits.accel;
    const double arc = sine / (1 - sine) * deviation;
    const double tangent = sine / std::sqrt((1 + cosine) / 2);
    for (const Move* move : {&previous, &next}) {
        limit = std::min(limit, arc * move->segment.accel);
        limit = std::min(limit, 0.5 * move->segment.distance * tangent * move->segment.accel);
    }
    return limit;
}

void Planner::add(const Axes& from, const Axes& to, double speed, Origin origin)
{
    Move move;
    Segment& s = move.segment;
    s.from = from;
    s.to = to;
    s.origin = origin;
    Axes delta;
    for (std::size_t i = 0; i < delta.size(); ++i)
        delta[i] = to[i] - from[i];
    s.distance = std::hypot(delta[0], delta[1], delta[2]);
    s.accel = limits.accel;
    speed = std::min(speed, limits.velocity);
    move.kinematic = s.distance > 1e-9;
    if (!move.kinematic) {
        s.distance = std::abs(delta[3]);
        if (s.distance < 1e-12)
            return;
        s.accel = limits.extrudeAccel;
        speed = std::min(speed, limits.extrudeVelocity);
    } else if (delta[2] != 0) {
        const double share = s.distance / std::abs(delta[2]);
        speed = std::min(speed, limits.zVelocity * share);
        s.accel = std::min(s.accel, limits.zAccel * share);
    }
    for (std::size_t i = 0; i < delta.size(); ++i)
        move.direction[i] = delta[i] / s.distance;
    move.maxCruise2 = speed * speed;
    move.minTime = s.distance / speed;
    if (!m_moves.empty())
        move.maxStart2 = junction2(m_moves.back(), move);
    m_budget -= move.minTime;
    m_moves.push_back(move);
}

double Planner::heldTime() const
{
    double sum = 0;
    for (const Move& move : m_moves)
        sum += move.minTime;
    return sum;
}

std::vector<Segment> Planner::take(bool all)
{
    m_budget = lookAheadTime;
    const std::size_t count = m_moves.size();
    std::vector<double> start2(count + 1, 0.0);
    std::vector<bool> braking(count + 1, true);
    for (std::size_t i = count; i-- > 0;) {
        const Move& move = m_moves[i];
        const double reachable = start2[i + 1] + 2 * move.segment.accel * move.segment.distance;
        const double limit = i == 0 ? m_start2 : move.maxStart2;
        start2[i] = std::min(limit, reachable);
        braking[i] = reachable < limit;
    }
    std::size_t handed = all ? count : 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double reachable = start2[i] + 2 * m_moves[i].segment.accel * m_moves[i].segment.distance;
        if (i + 1 < count && reachable <= start2[i + 1]) {
            start2[i + 1] = reachable;
            braking[i + 1] = false;
        }
        // A start speed that does not come from the assumed stop at the end will not change any more.
        if (!all && i > 0 && !braking[i])
            handed = i;
    }
    std::vector<Segment> result;
    result.reserve(handed);
    for (std::size_t i = 0; i < handed; ++i) {
        Segment s = m_moves[i].segment;
        s.startV = std::sqrt(start2[i]);
        s.endV = std::sqrt(start2[i + 1]);
        s.cruiseV = std::sqrt(m_moves[i].maxCruise2);
        shape(s);
        result.push_back(s);
    }
    if (handed > 0) {
        m_start2 = handed < count ? start2[handed] : 0;
        m_moves.erase(m_moves.begin(), m_moves.begin() + static_cast<std::ptrdiff_t>(handed));
    }
    return result;
}

void Planner::drop()
{
    m_moves.clear();
    m_start2 = 0;
    m_budget = lookAheadTime;
}

} // namespace kintsugi::sim
