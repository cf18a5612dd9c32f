// SPDX-License-Identifier: GPL-3.0-or-later
#include "motion.h"

#include <algorithm>
#include <cmath>

namespace kintsugi::sim {

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
    move.delta2 = 2 * s.distance * s.accel;
    move.smoothDelta2 = std::min(move.delta2, 2 * s.distance * limits.accel * (1 - limits.minimumCruiseRatio));
    if (!m_moves.empty()) {
        const Move& before = m_moves.back();
        move.maxStart2 = std::min(junction2(before, move), before.maxStart2 + before.delta2);
        move.maxSmoothed2 = std::min(move.maxStart2, before.maxSmoothed2 + before.smoothDelta2);
    }
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

std::vector<Planner::Speeds> Planner::settled(bool all) const
{
    struct Late { std::size_t move; double start2, end2; };
    std::vector<Speeds> speeds(m_moves.size());
    std::vector<Late> late; // only brake, until an earlier move tells how fast they begin
    std::size_t handed = m_moves.size();
    bool searching = !all;
    double end2 = 0, smoothedEnd2 = 0, peak2 = 0;
    for (std::size_t i = m_moves.size(); i-- > 0;) {
        const Move& move = m_moves[i];
        const double reachable = end2 + move.delta2, start2 = std::min(move.maxStart2, reachable);
        const double smoothedReachable = smoothedEnd2 + move.smoothDelta2, smoothed2 = std::min(move.maxSmoothed2, smoothedReachable);
        if (smoothed2 < smoothedReachable) {
            if (smoothed2 + move.smoothDelta2 > smoothedEnd2 || !late.empty()) {
                if (searching && peak2 > 0) {
                    handed = i;
                    searching = false;
                }
                peak2 = std::min(move.maxCruise2, (smoothed2 + smoothedReachable) / 2);
                double limit2 = peak2;
                for (auto one = late.rbegin(); one != late.rend(); ++one) {
                    limit2 = std::min(limit2, one->start2);
                    speeds[one->move] = {limit2, limit2, std::min(one->end2, limit2)};
                }
                late.clear();
            }
            const double cruise2 = std::min({(start2 + reachable) / 2, move.maxCruise2, peak2});
            speeds[i] = {std::min(start2, cruise2), cruise2, std::min(end2, cruise2)};
        } else {
            late.push_back({i, start2, end2});
        }
        end2 = start2;
        smoothedEnd2 = smoothed2;
    }
    speeds.resize(searching ? 0 : handed);
    return speeds;
}

std::vector<Segment> Planner::take(bool all)
{
    m_budget = m_lookAhead;
    const std::vector<Speeds> speeds = settled(all);
    std::vector<Segment> result;
    result.reserve(speeds.size());
    for (std::size_t i = 0; i < speeds.size(); ++i) {
        Segment s = m_moves[i].segment;
        s.startV = std::sqrt(speeds[i].start2);
        s.endV = std::sqrt(speeds[i].end2);
        s.cruiseV = std::sqrt(speeds[i].cruise2);
        shape(s);
        result.push_back(s);
    }
    m_moves.erase(m_moves.begin(), m_moves.begin() + static_cast<std::ptrdiff_t>(speeds.size()));
    return result;
}

void Planner::drop()
{
    m_moves.clear();
    m_budget = m_lookAhead;
}

} // namespace kintsugi::sim
