// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/stopinterval.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "recovery/motiontime.h"
#include "recovery/positionmatch.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

using gcode::Segment;

constexpr std::size_t samplesUsed = 24;
constexpr double queueSeconds = 6.0;  // s; more than the lead of any recorded run between reader and nozzle
constexpr double closeEnough = 0.1;   // mm off the path
constexpr double planAhead = 0.05;    // a planner's times are met within some percent: measured against the simulated host

bool allFinite(const std::array<double, 4>& values)
{
    return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

/// Samples of the running print, oldest first. After a restart a host reports positions of nothing.
std::vector<Sample> usable(const std::vector<Sample>& samples, std::uint64_t size)
{
    std::vector<Sample> found;
    for (const Sample& sample : samples) {
        const bool running = sample.printState.empty() || sample.printState == "printing" || sample.printState == "paused";
        const auto position = sample.filePosition ? sample.filePosition : sample.sent ? sample.sent : sample.acknowledged;
        const bool inside = position && *position > 0 && *position <= size;
        const bool alive = sample.hostState.empty() || sample.hostState == "ready";
        if (!inside || !running || !alive || !std::isfinite(sample.time))
            continue;
        found.push_back(sample);
        found.back().filePosition = position;
        for (auto place : {&Sample::livePosition, &Sample::toolheadPosition, &Sample::homingOrigin}) {
            auto& values = found.back().*place;
            if (values && !allFinite(*values))
                values.reset();
        }
    }
    std::stable_sort(found.begin(), found.end(), [](const Sample& a, const Sample& b) { return a.time < b.time; });
    return found;
}

double gapBetween(const Sample& a, const Sample& b)
{
    const bool hosts = a.eventTime && b.eventTime && *b.eventTime > *a.eventTime;
    return hosts ? *b.eventTime - *a.eventTime : b.time - a.time;
}

/// Seconds without a sample after which the link counts as away.
double outageOf(const std::vector<Sample>& samples)
{
    constexpr double least = 1.5, times = 6.0; // s; as often as samples usually come
    std::vector<double> gaps;
    for (std::size_t i = 1; i < samples.size(); ++i)
        gaps.push_back(gapBetween(samples[i - 1], samples[i]));
    if (gaps.empty())
        return least;
    std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2), gaps.end());
    return std::max(least, times * gaps[gaps.size() / 2]);
}

/// The stop lies at most this long after the last sample: as long as samples were apart.
double sampleGap(const std::vector<Sample>& samples)
{
    double gap = 0;
    const double outage = outageOf(samples);
    const std::size_t first = samples.size() > samplesUsed ? samples.size() - samplesUsed : 1;
    for (std::size_t i = first; i < samples.size(); ++i) {
        const double one = gapBetween(samples[i - 1], samples[i]);
        if (one < outage)
            gap = std::max(gap, one);
    }
    constexpr double unknown = 1.0, jitter = 0.02; // s
    return gap > 0 ? 1.1 * gap + jitter : unknown;
}

/// Did the link come back after an outage? Then the last sample counts.
bool cameBack(const std::vector<Sample>& samples)
{
    const double outage = outageOf(samples);
    for (std::size_t i = 1; i < samples.size(); ++i) {
        if (gapBetween(samples[i - 1], samples[i]) >= outage)
            return true;
    }
    return false;
}

/// Seconds of motion planned ahead of the nozzle, at most.
std::optional<double> leadOf(const std::vector<Sample>& samples)
{
    std::optional<double> lead;
    const std::size_t first = samples.size() > samplesUsed ? samples.size() - samplesUsed : 0;
    for (std::size_t i = first; i < samples.size(); ++i) {
        const Sample& s = samples[i];
        if (s.printTime && s.estimatedPrintTime && std::isfinite(*s.printTime - *s.estimatedPrintTime))
            lead = std::max(lead.value_or(0), *s.printTime - *s.estimatedPrintTime);
    }
    return lead;
}

std::vector<Sample> newestLive(const std::vector<Sample>& samples)
{
    std::vector<Sample> live;
    for (auto it = samples.rbegin(); it != samples.rend() && live.size() < samplesUsed; ++it) {
        if (it->livePosition)
            live.push_back(*it);
    }
    std::reverse(live.begin(), live.end());
    return live;
}

/// The path up to `end`, long enough before `oldest` to hold everything that can have been queued.
Result<std::vector<Segment>> pathBefore(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset oldest, ByteOffset end)
{
    constexpr ByteOffset farthest = ByteOffset{16} << 20;
    for (ByteOffset window = ByteOffset{64} << 10;; window *= 8) {
        const ByteOffset begin = oldest > window ? oldest - window : 0;
        auto path = gcode::readToolpath(source, index, begin, end);
        if (!path)
            return fail(path.error());
        double seconds = 0;
        for (const Segment& segment : path->segments)
            seconds += segment.begin < oldest ? secondsOf(segment) : 0.0;
        if (begin == 0 || seconds > 20.0 || window >= farthest)
            return std::move(path->segments);
    }
}

/// How far the reader can have gone on after the last sample.
ByteOffset readerAdvance(const std::vector<Sample>& samples)
{
    ByteOffset advance = 0;
    const double outage = outageOf(samples);
    const std::size_t first = samples.size() > samplesUsed ? samples.size() - samplesUsed : 1;
    for (std::size_t i = first; i < samples.size(); ++i) {
        const ByteOffset a = *samples[i - 1].filePosition, b = *samples[i].filePosition;
        if (gapBetween(samples[i - 1], samples[i]) < outage)
            advance = std::max(advance, b > a ? b - a : 0);
    }
    return advance;
}

/// A host that outlives its controller reports planned positions until it notices: it asks for the clock every 0.98 s
/// and gives up after four questions without an answer.
constexpr double noticedAfter = 5.0, noticedAtMost = 6.5; // s

/// Did the host live to tell that its controller was gone?
bool hostToldLater(const std::vector<Sample>& all, const Sample& lastUsed)
{
    return std::any_of(all.begin(), all.end(), [&lastUsed](const Sample& sample) {
        return sample.time >= lastUsed.time && (sample.hostState == "shutdown" || sample.hostState == "error");
    });
}

struct Frame {
    StopCause cause = StopCause::Unknown;
    QueueModel queue;
    ByteOffset readerEnd = 0; ///< end of the line the reader was on
    ByteOffset bound = 0;     ///< nothing from here on can have run
    double gap = 0;           ///< s, see sampleGap()
    bool goesOn = false;      ///< it may have printed on to the end
    bool noticedLate = false; ///< the last positions are plans of a host without its controller
};

/// The printer does not need us: it prints on without the link, and an SD print without any host.
bool printsOn(StopCause cause, const QueueModel& queue, const std::vector<Sample>& samples)
{
    const bool streamed = samples.back().sent || samples.back().acknowledged;
    if (queue.kind == QueueModel::Kind::Lines)
        return !streamed && (cause == StopCause::LinkLost || cause == StopCause::HostLost) && !cameBack(samples);
    return cause == StopCause::LinkLost && !cameBack(samples);
}

Result<Frame> frameOf(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples, StopCause cause,
                      const QueueModel& queue)
{
    const ByteOffset last = std::max(*samples.back().filePosition, samples.back().sent.value_or(0));
    const auto reader = gcode::locate(source, index, std::min<ByteOffset>(last, index.size));
    if (!reader)
        return fail(reader.error());
    Frame frame{cause, queue, reader->end, reader->end, sampleGap(samples), printsOn(cause, queue, samples)};
    if (frame.goesOn) {
        frame.bound = index.size;
        return frame;
    }
    // A dying host may have read on for a little longer than a sample apart, and short lines read faster.
    const ByteOffset advance = (cause == StopCause::HostLost ? 3 : 1) * readerAdvance(samples);
    if (const auto later = gcode::locate(source, index, std::min<ByteOffset>(reader->end + advance, index.size)); later)
        frame.bound = later->byte > reader->end ? later->end : reader->end;
    return frame;
}

/// Reader position some seconds before the last sample: what was read then has surely run by now.
ByteOffset readerBefore(const std::vector<Sample>& samples, double seconds)
{
    ByteOffset at = *samples.front().filePosition;
    for (const Sample& sample : samples) {
        if (sample.time <= samples.back().time - seconds)
            at = *sample.filePosition;
    }
    return std::min(at, *samples.back().filePosition);
}

/// Start of the line from which on everything may still have been queued at the last sample.
Result<ByteOffset> queueBegin(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples)
{
    if (samples.back().time - samples.front().time >= queueSeconds) {
        const auto line = gcode::locate(source, index, readerBefore(samples, queueSeconds));
        return line.map([](const gcode::Located& at) { return at.byte; });
    }
    // Nobody watched that long: counted back along the path.
    const ByteOffset reader = *samples.front().filePosition;
    const auto path = pathBefore(source, index, reader, reader);
    if (!path)
        return fail(path.error());
    const double factor = samples.front().speedFactor.value_or(1.0);
    double seconds = factor > 1.0 ? queueSeconds * factor : queueSeconds;
    ByteOffset begin = reader;
    for (auto segment = path->rbegin(); segment != path->rend() && seconds > 0; ++segment) {
        begin = std::min(begin, segment->begin);
        seconds -= segment->begin < reader ? secondsOf(*segment) : 0.0;
    }
    const auto line = gcode::locate(source, index, begin);
    return line.map([](const gcode::Located& at) { return at.byte; });
}

Result<StopInterval> unmatched(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples, const Frame& frame)
{
    const auto begin = queueBegin(source, index, samples);
    if (!begin)
        return fail(begin.error());
    StopInterval stop;
    stop.earliest = stop.likely = *begin;
    stop.latest = frame.bound;
    stop.cause = frame.cause;
    stop.reason = {KINTSUGI_TEXT("No live position fits the file: bounded by the read positions %1 to %2."),
                   {std::to_string(stop.earliest), std::to_string(stop.latest)}};
    return stop;
}

// ---- lines and blocks: Marlin and its kin ------------------------------------------------------------------------

/// Shorter moves may be dropped by the planner (six steps at least), so they fill no block.
constexpr gcode::Nanometres surelyABlock = 100'000;

bool makesBlock(const Walked& walked)
{
    const bool motion = walked.effect.kind == gcode::Effect::Kind::Move || walked.effect.kind == gcode::Effect::Kind::Arc;
    if (!motion)
        return false;
    gcode::Nanometres longest = std::abs(walked.effect.de);
    for (std::size_t i = 0; i < 3; ++i) {
        if (walked.effect.from[i] && walked.after.position[i])
            longest = std::max(longest, std::abs(*walked.after.position[i] - *walked.effect.from[i]));
    }
    return longest >= surelyABlock;
}

/// Start of the line from which on everything may still have waited when all before `accepted` was accepted.
Result<ByteOffset> oldestWaiting(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset accepted, std::size_t commands,
                                 std::size_t blocks)
{
    constexpr ByteOffset farthest = ByteOffset{16} << 20;
    for (ByteOffset window = ByteOffset{16} << 10;; window *= 8) {
        const ByteOffset begin = accepted > window ? accepted - window : 0;
        struct Line { ByteOffset begin; bool block; };
        std::vector<Line> lines;
        const auto done = walk(source, index, begin, accepted, [&](const Walked& walked) {
            if (walked.command.kind != gcode::Command::Kind::None)
                lines.push_back({walked.line.begin, makesBlock(walked)});
            return true;
        });
        if (!done)
            return fail(done.error());
        std::size_t queued = commands, planned = blocks;
        ByteOffset oldest = accepted;
        for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
            if (queued > 0) {
                --queued;
            } else if (planned == 0) {
                return oldest;
            } else if (line->block) {
                --planned;
            }
            oldest = line->begin;
        }
        if (begin == 0 || window >= farthest)
            return oldest;
    }
}

/// Everything accepted is run to its end when only the host is gone.
bool runsOut(StopCause cause)
{
    return cause == StopCause::HostLost || cause == StopCause::LinkLost;
}

Result<StopInterval> byLines(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples, const Frame& frame)
{
    const Sample& last = samples.back();
    const bool streamed = last.acknowledged.has_value();
    const auto accepted = gcode::locate(source, index, std::min<ByteOffset>(streamed ? *last.acknowledged : *last.filePosition, index.size));
    if (!accepted)
        return fail(accepted.error());
    // An "ok" comes when a line is in the planner, so its P tells how many wait there; a card's queue is read further.
    const bool counted = streamed && last.plannerFree && *last.plannerFree >= 0;
    const std::size_t free = counted ? std::min(static_cast<std::size_t>(*last.plannerFree), frame.queue.blocks) : 0;
    const std::size_t queued = counted ? 0 : frame.queue.commands + 1; // and the one being parsed
    const auto oldest = oldestWaiting(source, index, accepted->byte, queued, frame.queue.blocks - free);
    if (!oldest)
        return fail(oldest.error());
    StopInterval stop;
    stop.cause = frame.cause;
    stop.earliest = stop.likely = std::min(*oldest, accepted->byte);
    stop.latest = frame.bound;
    if (runsOut(frame.cause) && streamed && !cameBack(samples)) {
        const auto newest = oldestWaiting(source, index, accepted->byte, 1, 0);
        if (!newest)
            return fail(newest.error());
        stop.earliest = stop.likely = *newest;
        stop.earliestFraction = stop.likelyFraction = 1;
    }
    stop.reason = {KINTSUGI_TEXT("The firmware had accepted the file up to byte %1; up to %2 commands and %3 moves can wait behind that."),
                   {std::to_string(accepted->byte), std::to_string(queued), std::to_string(frame.queue.blocks - free)}};
    return stop;
}

// ---- seconds: Klipper --------------------------------------------------------------------------------------------

/// A last sample off the path, or one that the earlier ones contradict, tells little.
bool isWeak(const PositionMatch& match, std::size_t others)
{
    return match.distance > closeEnough || (others >= 2 && match.support * 2 < others);
}

/// A place as line and fraction of the line: an arc is many segments of one line.
struct LinePlace {
    ByteOffset begin = 0, end = 0;
    double fraction = 0;
};

LinePlace lineAt(const std::vector<Segment>& path, const PathPlace& place)
{
    const ByteOffset begin = path[place.segment].begin;
    std::size_t first = place.segment, last = place.segment;
    while (first > 0 && path[first - 1].begin == begin)
        --first;
    while (last + 1 < path.size() && path[last + 1].begin == begin)
        ++last;
    double before = 0, all = 0;
    for (std::size_t i = first; i <= last; ++i) {
        before += i < place.segment ? lengthOf(path[i]) : i == place.segment ? place.fraction * lengthOf(path[i]) : 0.0;
        all += lengthOf(path[i]);
    }
    return {begin, path[place.segment].end, all > 0 ? before / all : place.fraction};
}

/// Backwards along the path by mm.
PathPlace backBy(const std::vector<Segment>& path, PathPlace place, double mm)
{
    for (;;) {
        const double length = lengthOf(path[place.segment]);
        const double here = place.fraction * length;
        if (here >= mm && length > 0)
            return {place.segment, (here - mm) / length};
        mm -= here;
        if (place.segment == 0)
            return {0, 0.0};
        place = {place.segment - 1, 1.0};
    }
}

/// Planned seconds per real second, from where an older sample was matched. 1 = the plan is met.
double paceOf(const std::vector<Segment>& path, const PathClock& clock, const std::vector<Sample>& live, const PositionMatch& newest)
{
    constexpr double least = 1.0; // s between the two
    for (std::size_t count = live.size() - 1; count >= 1; --count) {
        const double seconds = gapBetween(live[count - 1], live.back());
        if (seconds < least)
            continue;
        const std::vector<Sample> older(live.begin(), live.begin() + static_cast<std::ptrdiff_t>(count));
        const auto match = matchNewest(path, older);
        if (!match || match->distance > closeEnough)
            continue;
        const double planned = clock.timeAt({newest.segment, newest.fraction}) - clock.timeAt({match->segment, match->fraction});
        return std::clamp(planned / seconds, 0.1, 1.3);
    }
    return 1.0;
}

/// Seconds after the last sample between which motion can have ended.
struct Window {
    double least = 0, likely = 0, most = 0;
    bool sent = false; ///< `least` is what was flushed: the unsent rest and full controllers come off
};

/// The host died: what was handed to the controllers still runs.
Window runOutWindow(const Frame& frame, const std::vector<Sample>& samples)
{
    constexpr double unflushed = 0.05, scanned = 0.03; // s: STEPCOMPRESS_FLUSH_TIME; what pressure advance and input shaping look ahead
    constexpr double timedFrom = 0.40, timedTo = 0.71, lateTimer = 0.05; // s after now: motion_queuing.py
    const QueueModel& queue = frame.queue;
    const auto planned = leadOf(samples);
    const double most = std::min(std::max(0.0, planned.value_or(queue.mostRunOut)), queue.mostRunOut);
    const double least = std::min(queue.leastRunOut, most);
    const Sample& last = samples.back();
    const bool told = planned && last.printTime && last.estimatedPrintTime;
    const double lead = told ? std::min(*last.printTime - *last.estimatedPrintTime, most) : 0;
    switch (queue.flush) {
    case QueueModel::Flush::WithPlan:
        if (told) {
            const double likely = std::max(lead, (lead + most + frame.gap) / 2);
            return {std::max(least, lead - unflushed - scanned), likely - unflushed, frame.gap + most, true};
        }
        break;
    case QueueModel::Flush::Timed: {
        const double from = std::min(timedFrom - lateTimer, told ? std::max(0.0, lead - unflushed - scanned) : least);
        return {std::max(least, from), frame.gap / 2 + std::min(most, (timedFrom + timedTo) / 2), frame.gap + std::min(most, timedTo), true};
    }
    case QueueModel::Flush::Unknown:
        break;
    }
    return {least, frame.gap / 2 + (least + most) / 2, frame.gap + most};
}

Window windowOf(const Frame& frame, const std::vector<Sample>& samples)
{
    switch (frame.cause) {
    case StopCause::HostLost:
        return runOutWindow(frame, samples);
    case StopCause::Unknown:
        return {0, 0, runOutWindow(frame, samples).most};
    case StopCause::PrinterPowerLost:
        if (frame.noticedLate)
            return {-noticedAtMost, -noticedAfter, frame.gap};
        break;
    case StopCause::LinkLost:
    case StopCause::PrinterAndHostLost:
    case StopCause::MotorSupplyLost:
    case StopCause::EmergencyStop:
    case StopCause::FirmwareShutdown:
        break;
    }
    return {0, 0, frame.gap};
}

/// The turn from the segment before into this one, in radians; a half turn when one of them is no travel.
double turnInto(const std::vector<Segment>& path, std::size_t i)
{
    constexpr double half = 3.14159265358979;
    const double a = i > 0 ? lengthOf(path[i - 1]) : 0.0, b = lengthOf(path[i]);
    if (a <= 0 || b <= 0)
        return a > 0 || b > 0 ? half : 0.0;
    const Segment &p = path[i - 1], &q = path[i];
    const double dot = static_cast<double>(p.x1 - p.x0) * static_cast<double>(q.x1 - q.x0) + static_cast<double>(p.y1 - p.y0) * static_cast<double>(q.y1 - q.y0)
        + static_cast<double>(p.z1 - p.z0) * static_cast<double>(q.z1 - q.z0);
    return std::acos(std::clamp(dot / (a * b), -1.0, 1.0));
}

/// Step commands a motor needs from a segment's begin on: within 25 us (stepcompress.c) a parabola follows a smooth curve for
/// some 15 degrees, so a corner begins a new one, a part of a circle the same part of one.
double commandsAt(const std::vector<Segment>& path, std::size_t i)
{
    constexpr double followed = 0.26; // radians
    return std::min(1.0, turnInto(path, i) / followed);
}

/// Of the two motors of X and Y, how many surely turn in a segment: with a belt for each axis one rests along the axes, with
/// crossed ones (CoreXY) on a diagonal. Others may hang on other controllers.
double motorsIn(const Segment& segment)
{
    constexpr double aside = 0.15; // radians
    constexpr double eighth = 0.785398163397448;
    if (segment.x0 == segment.x1 && segment.y0 == segment.y1)
        return 0.0;
    const double angle = std::atan2(segment.y1 - segment.y0, segment.x1 - segment.x0);
    return std::abs(std::remainder(angle, eighth)) > aside ? 2.0 : 1.0;
}

/// What a controller surely held of the motion up to the flushed place: not the last commands, which fill no message, and no
/// more than its slots take from where the nozzle was.
PathPlace surelySent(const std::vector<Segment>& path, const PathClock& clock, const PathPlace& nozzle, const PathPlace& flushed,
                     const QueueModel& queue)
{
    constexpr double motors = 3, mostPhases = 3; // of X, Y and E; accelerating, cruising, braking
    PathPlace sent = flushed;
    double waiting = static_cast<double>(queue.unsentCommands);
    while (sent.segment > 0) {
        // Of the last one nobody knows how many phases are flushed.
        const int phases = sent.segment < flushed.segment ? clock.phasesOf(sent.segment) - 1 : 0;
        waiting -= motorsIn(path[sent.segment]) * (commandsAt(path, sent.segment) + phases);
        if (waiting <= 0)
            break;
        --sent.segment;
    }
    sent.fraction = 0;
    double slots = static_cast<double>(queue.moveSlots);
    for (std::size_t i = nozzle.segment; i < sent.segment; ++i) {
        slots -= std::max(1.0, motors * mostPhases * commandsAt(path, i));
        if (slots <= 0)
            return {i, 0.0};
    }
    return sent;
}

StopInterval matched(const std::vector<Segment>& path, const PositionMatch& match, const std::vector<Sample>& samples,
                     const std::vector<Sample>& live, const Frame& frame, double age)
{
    MotionLimits limits = limitsOf(samples.back());
    for (const Sample& sample : live)
        limits.speedFactor = std::max(limits.speedFactor, limitsOf(sample).speedFactor);
    const PathClock clock(path, limits);
    const double pace = paceOf(path, clock, live, match);
    const Window window = windowOf(frame, samples);
    const PathPlace seen{match.segment, match.fraction};
    const auto after = [&](const PathPlace& place, double seconds) { return seconds != 0 ? clock.placeAt(clock.timeAt(place) + seconds) : place; };
    // The same line drawn twice, and nothing to tell the passes apart: both may be.
    const PathPlace oldest = match.first < match.segment ? PathPlace{match.first, 0.0} : seen;
    const PathPlace newest = match.last > match.segment ? PathPlace{match.last, 1.0} : seen;

    const double slack = std::max(closeEnough, match.distance);
    const bool exact = window.sent && limits.accel && limits.velocity; // else corners take time that nobody knows
    const double late = exact ? 1 - 0.05 : 0.9, ahead = exact ? 0.02 : planAhead;
    PathPlace ran = after(oldest, window.least > 0 ? window.least * std::min(pace, 1.0) * late : window.least * std::max(pace, 1.0));
    double unsent = 0; // s, as is usual
    if (window.sent) {
        constexpr double usual = 0.3; // of the most that can wait
        // What was not read yet at the last sample cannot be planned.
        const auto unread = std::lower_bound(path.begin(), path.end(), *samples.back().filePosition,
                                             [](const Segment& segment, ByteOffset byte) { return segment.begin < byte; });
        if (const auto limit = static_cast<std::size_t>(unread - path.begin()); ran.segment >= limit && limit > 0)
            ran = {std::max(limit - 1, oldest.segment), 0.0};
        const PathPlace sent = surelySent(path, clock, oldest, ran, frame.queue);
        const PathPlace due = after(oldest, std::min(window.least, frame.queue.leastRunOut) * std::min(pace, 1.0) * late);
        unsent = usual * std::max(0.0, clock.timeAt(ran) - clock.timeAt(sent));
        ran = sent.segment > due.segment ? sent : due;
    }
    const LinePlace first = lineAt(path, backBy(path, ran, slack));
    const double likelyAfter = std::max(window.likely + age - unsent, std::min(window.likely, frame.queue.leastRunOut));
    const LinePlace likely = lineAt(path, after(seen, likelyAfter * pace));
    const LinePlace last = lineAt(path, after(newest, (window.most + age) * std::max(pace, 1.0) * (1 + ahead) + 0.02));
    StopInterval stop;
    stop.cause = frame.cause;
    stop.distanceMm = match.distance;
    stop.earliest = first.begin;
    stop.earliestFraction = first.fraction;
    stop.likely = likely.begin;
    stop.likelyFraction = likely.fraction;
    stop.latest = frame.goesOn ? frame.bound : std::min(last.end, std::max(frame.bound, path[match.segment].end));
    stop.latestFraction = stop.latest == last.end && !frame.goesOn ? last.fraction : 1.0;
    if (stop.likely >= stop.latest) {
        const LinePlace there = lineAt(path, seen);
        stop.likely = there.begin;
        stop.likelyFraction = there.fraction;
    }
    stop.reason = {KINTSUGI_TEXT("The last live position lies %1 mm from the path of byte %2; %3 earlier samples agree by their extruder position; "
                                 "the file was read up to byte %4; motion ended %5 to %6 s later."),
                   {decimal(match.distance, 3), std::to_string(path[match.segment].begin), std::to_string(match.support),
                    std::to_string(frame.readerEnd), decimal(window.least, 2), decimal(window.most + age, 2)}};
    return stop;
}

/// The newest live sample that fits the path well; else the newest that fits at all.
struct Found {
    std::size_t count = 0; ///< samples used: the last of them was matched
    PositionMatch match;
    bool weak = true;
};

std::optional<Found> bestMatch(const std::vector<Segment>& path, const std::vector<Sample>& live)
{
    constexpr std::size_t mostBack = 4;
    std::optional<Found> found;
    for (std::size_t back = 0; back < std::min(mostBack, live.size()); ++back) {
        const std::size_t count = live.size() - back;
        const std::vector<Sample> used(live.begin(), live.begin() + static_cast<std::ptrdiff_t>(count));
        const auto match = matchNewest(path, used);
        if (!match)
            continue;
        const bool weak = isWeak(*match, count - 1);
        if (!found || !weak)
            found = Found{count, *match, weak};
        if (!weak)
            break;
    }
    return found;
}

/// Inside an excluded object the file is followed, but nothing moves.
Result<> dropExcluded(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<std::string>& excluded,
                      std::vector<Segment>& path)
{
    if (excluded.empty() || path.empty())
        return {};
    std::vector<ByteOffset> lines; // ascending
    const auto done = walk(source, index, path.front().begin, path.back().end, [&](const Walked& walked) {
        const auto& object = walked.after.object;
        if (object && std::find(excluded.begin(), excluded.end(), *object) != excluded.end())
            lines.push_back(walked.line.begin);
        return true;
    });
    if (!done)
        return done;
    const auto gone = [&lines](const Segment& segment) { return std::binary_search(lines.begin(), lines.end(), segment.begin); };
    path.erase(std::remove_if(path.begin(), path.end(), gone), path.end());
    return {};
}

std::vector<std::string> excludedOf(const std::vector<Sample>& samples)
{
    for (auto sample = samples.rbegin(); sample != samples.rend(); ++sample) {
        if (sample->excludedObjects)
            return *sample->excludedObjects;
    }
    return {};
}

Result<StopInterval> byLivePosition(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples,
                                    const Frame& frame)
{
    const std::vector<Sample> live = newestLive(samples);
    if (live.empty())
        return unmatched(source, index, samples, frame);
    ByteOffset oldest = *live.front().filePosition, reader = 0;
    for (const Sample& sample : live) {
        oldest = std::min(oldest, *sample.filePosition);
        reader = std::max(reader, *sample.filePosition);
    }
    // A planner brakes at the end of its path: read on, so that the end lies out of the way.
    constexpr ByteOffset beyond = ByteOffset{16} << 10;
    const ByteOffset bound = frame.goesOn ? reader : std::max(frame.bound, reader);
    auto path = pathBefore(source, index, oldest, bound + 1 + beyond);
    if (!path)
        return fail(path.error());
    if (const auto dropped = dropExcluded(source, index, excludedOf(samples), *path); !dropped)
        return fail(dropped.error());
    const auto found = bestMatch(*path, live);
    if (!found)
        return unmatched(source, index, samples, frame);
    const std::vector<Sample> used(live.begin(), live.begin() + static_cast<std::ptrdiff_t>(found->count));
    const double age = std::max(0.0, gapBetween(used.back(), samples.back()));
    StopInterval stop = matched(*path, found->match, samples, used, frame, found->count == live.size() && live.back() == samples.back() ? 0.0 : age);
    if (found->weak) {
        const auto begin = queueBegin(source, index, samples);
        if (!begin)
            return fail(begin.error());
        if (*begin < stop.earliest)
            stop.earliestFraction = 0;
        stop.earliest = std::min(stop.earliest, *begin);
        stop.latest = std::max(stop.latest, frame.bound);
        stop.latestFraction = 1;
    }
    return stop;
}

/// The part of one interval that the other allows too.
StopInterval narrowed(StopInterval live, const StopInterval& lines)
{
    if (live.latest <= lines.earliest || live.earliest >= lines.latest || !live.distanceMm)
        return lines; // a position that cannot be: planned, not live
    if (lines.earliest > live.earliest) {
        live.earliest = lines.earliest;
        live.earliestFraction = lines.earliestFraction;
    }
    if (lines.latest < live.latest) {
        live.latest = lines.latest;
        live.latestFraction = lines.latestFraction;
    }
    if (live.likely < live.earliest || live.likely >= live.latest) {
        live.likely = lines.likely;
        live.likelyFraction = lines.likelyFraction;
    }
    return live;
}

Result<StopInterval> boundedBy(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples, const Frame& frame)
{
    if (frame.queue.kind == QueueModel::Kind::Time)
        return byLivePosition(source, index, samples, frame);
    auto lines = byLines(source, index, samples, frame);
    if (!lines || newestLive(samples).empty() || runsOut(frame.cause))
        return lines;
    const auto live = byLivePosition(source, index, samples, frame);
    return live ? narrowed(*live, *lines) : lines;
}

} // namespace

QueueModel queueModelOf(gcode::Dialect dialect, const std::string& softwareVersion)
{
    QueueModel model;
    model.kind = dialect == gcode::Dialect::Klipper ? QueueModel::Kind::Time : QueueModel::Kind::Lines;
    // "v0.13.0-12-gabcdef": 12 commits after that version.
    constexpr int timedSince = 262, lateSince = 419, timedMinor = 13;
    int minor = 0, commits = 0;
    if (std::sscanf(softwareVersion.c_str(), "v0.%d.%*d-%d", &minor, &commits) < 1 || minor <= 0)
        return model;
    const auto since = [&](int commit) { return minor > timedMinor || (minor == timedMinor && commits >= commit); };
    model.flush = since(timedSince) ? QueueModel::Flush::Timed : QueueModel::Flush::WithPlan;
    model.leastRunOut = since(lateSince) ? 0.1 : 0.25;
    if (since(timedSince))
        model.mostRunOut = 0.75;
    return model;
}

Result<StopInterval> stopInterval(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& lastSamples,
                                  StopCause cause, const std::optional<QueueModel>& queue)
{
    const std::vector<Sample> samples = usable(lastSamples, index.size);
    if (samples.empty()) {
        Error error{.code = ErrorCode::BadValue, .detail = "no sample has a position inside the file"};
        error.field = "filePosition";
        return fail(std::move(error));
    }
    auto frame = frameOf(source, index, samples, cause, queue.value_or(queueModelOf(index.dialect)));
    if (!frame)
        return fail(frame.error());
    frame->noticedLate = cause == StopCause::PrinterPowerLost && hostToldLater(lastSamples, samples.back());
    auto found = boundedBy(source, index, samples, *frame);
    if (found)
        found->excluded = excludedOf(samples);
    return found;
}

} // namespace kintsugi::recovery
