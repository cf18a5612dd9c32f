// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/positionmatch.h"

#include <algorithm>
#include <cmath>

namespace kintsugi::recovery {

namespace {

constexpr double closeEnough = 0.1;   // mm; recorded runs agree within 0.03
constexpr double atMost = 1.0;        // mm; farther away is no match
constexpr double sameExtruder = 0.05; // mm of filament
constexpr double maxLead = 15.0;      // s of nominal path between nozzle and reader; Klipper queues some 2 to 6

struct Candidate {
    PositionMatch match;
    double offsetLow = 0, offsetHigh = 0; ///< live E minus path E; a range where only E moves
    bool anchored = false;                ///< agrees with toolhead.position
    double passed = 0;                    ///< s of nominal motion from the begin of the path
};

/// Sums along the path before each segment.
struct Sums {
    std::vector<double> extruded, seconds;
};

struct Point { double x, y, z; };

/// Machine position without the G-code offset: comparable with the path.
Point logical(const Sample& sample)
{
    const auto& live = *sample.livePosition;
    const auto origin = sample.homingOrigin.value_or(std::array<double, 4>{});
    return {live[0] - origin[0], live[1] - origin[1], live[2] - origin[2]};
}

/// Nominal seconds between nozzle and reader: what is planned, and what look-ahead holds back.
double mostLead(const Sample& sample)
{
    constexpr double held = 2.5; // s; Klipper's look-ahead fills 2 s before the first move
    if (!sample.printTime || !sample.estimatedPrintTime || !std::isfinite(*sample.printTime - *sample.estimatedPrintTime))
        return maxLead;
    const double planned = std::max(0.0, *sample.printTime - *sample.estimatedPrintTime);
    return std::min(maxLead, (planned + held) * std::max(1.0, sample.speedFactor.value_or(1.0)));
}

double fractionAlong(const gcode::Segment& s, const Point& p)
{
    const double dx = s.x1 - s.x0, dy = s.y1 - s.y0, dz = s.z1 - s.z0;
    const double square = dx * dx + dy * dy + dz * dz;
    if (square <= 0)
        return 0;
    return std::clamp(((p.x - s.x0) * dx + (p.y - s.y0) * dy + (p.z - s.z0) * dz) / square, 0.0, 1.0);
}

double distanceAt(const gcode::Segment& s, double f, const Point& p, double freeZ)
{
    const double dz = std::abs(s.z0 + f * (s.z1 - s.z0) - p.z);
    return std::hypot(s.x0 + f * (s.x1 - s.x0) - p.x, s.y0 + f * (s.y1 - s.y0) - p.y, std::max(dz - freeZ, 0.0));
}

Sums sumsOf(const std::vector<gcode::Segment>& path)
{
    Sums sums;
    sums.extruded.reserve(path.size());
    sums.seconds.reserve(path.size());
    double extruded = 0, seconds = 0;
    for (const gcode::Segment& segment : path) {
        sums.extruded.push_back(extruded);
        sums.seconds.push_back(seconds);
        extruded += static_cast<double>(segment.e);
        seconds += secondsOf(segment);
    }
    return sums;
}

std::vector<Candidate> candidatesOf(const std::vector<gcode::Segment>& path, const Sums& sums, const Sample& sample)
{
    std::vector<Candidate> found;
    const Point p = logical(sample);
    const double live = (*sample.livePosition)[3];
    const double factor = sample.extrudeFactor.value_or(1.0);
    const double freeZ = sample.meshProfile.empty() ? 0.0 : 0.5; // a mesh bends the path by an unknown amount
    const double most = mostLead(sample);
    double lead = 0;
    for (std::size_t i = path.size(); i-- > 0 && lead < most;) {
        const gcode::Segment& segment = path[i];
        if (segment.begin > *sample.filePosition)
            continue;
        lead += secondsOf(segment);
        const double f = fractionAlong(segment, p);
        const double distance = distanceAt(segment, f, p, freeZ);
        if (distance > atMost)
            continue;
        const double start = sums.extruded[i] * factor, e = static_cast<double>(segment.e) * factor;
        const bool still = lengthOf(segment) <= 0;
        const double a = live - start - (still ? 0 : f * e), b = live - start - (still ? e : f * e);
        found.push_back({{i, f, distance, 0, i, i}, std::min(a, b), std::max(a, b), false, sums.seconds[i] + f * secondsOf(segment)});
    }
    return found;
}

/// The older sample lies before it, no farther than the nozzle can have come since, and its extruder fits.
bool agrees(const Candidate& newer, const std::vector<Candidate>& older, double mostSeconds)
{
    return std::any_of(older.begin(), older.end(), [&newer, mostSeconds](const Candidate& other) {
        const bool before = other.match.segment < newer.match.segment
            || (other.match.segment == newer.match.segment && other.match.fraction <= newer.match.fraction + 1e-3);
        return before && newer.passed - other.passed <= mostSeconds && other.match.distance <= closeEnough
            && other.offsetLow <= newer.offsetHigh + sameExtruder && other.offsetHigh >= newer.offsetLow - sameExtruder;
    });
}

/// Nominal seconds the nozzle can have come between two samples.
double farthest(const Sample& older, const Sample& newer)
{
    constexpr double tolerance = 1.3, jitter = 0.2; // s
    const bool hosts = older.eventTime && newer.eventTime && *newer.eventTime >= *older.eventTime;
    const double seconds = hosts ? *newer.eventTime - *older.eventTime : std::abs(newer.time - older.time);
    return seconds * tolerance * std::max(1.0, newer.speedFactor.value_or(1.0)) + jitter;
}

/// toolhead.position counts E on the same scale as the live position and belongs to the end of what was read, so it fixes
/// the constant without a second sample. The line being executed may or may not be counted in it.
std::vector<double> offsetsByToolhead(const std::vector<gcode::Segment>& path, const Sums& sums, const Sample& sample)
{
    std::vector<double> offsets;
    if (!sample.toolheadPosition)
        return offsets;
    const double factor = sample.extrudeFactor.value_or(1.0);
    for (std::size_t i = path.size(); i-- > 0;) {
        if (path[i].begin > *sample.filePosition)
            continue;
        const double end = sums.extruded[i] + static_cast<double>(path[i].e);
        offsets.push_back((*sample.toolheadPosition)[3] - end * factor);
        if (path[i].begin < *sample.filePosition)
            return offsets;
    }
    return offsets;
}

bool isAnchored(const Candidate& candidate, const std::vector<double>& offsets)
{
    return std::any_of(offsets.begin(), offsets.end(), [&candidate](double offset) {
        return offset >= candidate.offsetLow - sameExtruder && offset <= candidate.offsetHigh + sameExtruder;
    });
}

bool better(const Candidate& a, const Candidate& b)
{
    const bool aClose = a.match.distance <= closeEnough, bClose = b.match.distance <= closeEnough;
    if (aClose != bClose)
        return aClose;
    if (a.anchored != b.anchored)
        return a.anchored;
    if (a.match.support != b.match.support)
        return a.match.support > b.match.support;
    if (!aClose || std::abs(a.match.distance - b.match.distance) > 0.02)
        return a.match.distance < b.match.distance;
    return a.match.segment < b.match.segment;
}

/// Nothing but chance tells the two apart.
bool isRival(const Candidate& candidate, const Candidate& best)
{
    return best.match.distance <= closeEnough && candidate.match.distance <= closeEnough && candidate.anchored == best.anchored
        && candidate.match.support == best.match.support;
}

} // namespace

double lengthOf(const gcode::Segment& s)
{
    return std::hypot(static_cast<double>(s.x1 - s.x0), static_cast<double>(s.y1 - s.y0), static_cast<double>(s.z1 - s.z0));
}

double secondsOf(const gcode::Segment& segment)
{
    const double length = lengthOf(segment);
    const double way = length > 0 ? length : std::abs(static_cast<double>(segment.e));
    return segment.feed > 0 ? way / static_cast<double>(segment.feed) : 0.0;
}

std::optional<PositionMatch> matchNewest(const std::vector<gcode::Segment>& path, const std::vector<Sample>& samples)
{
    if (samples.empty() || path.empty())
        return std::nullopt;
    const Sums sums = sumsOf(path);
    std::vector<Candidate> newest = candidatesOf(path, sums, samples.back());
    if (newest.empty())
        return std::nullopt;
    const std::vector<double> offsets = offsetsByToolhead(path, sums, samples.back());
    for (Candidate& candidate : newest)
        candidate.anchored = isAnchored(candidate, offsets);
    for (std::size_t i = samples.size() - 1; i-- > 0;) {
        const std::vector<Candidate> older = candidatesOf(path, sums, samples[i]);
        const double most = farthest(samples[i], samples.back());
        for (Candidate& candidate : newest)
            candidate.match.support += agrees(candidate, older, most) ? 1U : 0U;
    }
    Candidate best = *std::min_element(newest.begin(), newest.end(), better);
    for (const Candidate& candidate : newest) {
        if (!isRival(candidate, best))
            continue;
        best.match.first = std::min(best.match.first, candidate.match.segment);
        best.match.last = std::max(best.match.last, candidate.match.segment);
    }
    return best.match;
}

} // namespace kintsugi::recovery
