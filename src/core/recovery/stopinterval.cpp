// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/stopinterval.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "recovery/motiontime.h"
#include "recovery/positionmatch.h"
#include "recovery/stopintervalrunout.h"
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
    std::optional<double> died; ///< s after the last sample: when its server saw the host end
};

/// The server of a host that ended says so at once.
std::optional<double> diedAfter(const std::vector<Sample>& all, const Sample& lastUsed, double gap)
{
    constexpr double late = 0.1; // s
    for (const Sample& sample : all) {
        const double after = sample.time - lastUsed.time;
        if (sample.hostState == "disconnected" && after >= 0)
            return after <= gap + late ? std::optional(after) : std::nullopt;
    }
    return std::nullopt;
}

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
};

/// The host died, and nobody knows how it sends: what was handed to the controllers still runs.
Window runOutWindow(const Frame& frame, const std::vector<Sample>& samples)
{
    const QueueModel& queue = frame.queue;
    const double most = std::min(std::max(0.0, leadOf(samples).value_or(queue.mostRunOut)), queue.mostRunOut);
    const double least = std::min(queue.leastRunOut, most);
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

/// Limits of every move are known: the planned times are then met within some milliseconds.
bool knowsLimits(const Sample& sample)
{
    return sample.maxAccel && sample.maxVelocity && sample.maxZAccel && sample.maxExtrudeAccel && sample.extruderCornerVelocity;
}

/// When motion ended, s of the clock.
struct Ended {
    RunOut at;
    double early = 0, late = 0; ///< how much the clock may be wrong, s
};

/// A dead host's controllers go on with what they hold: weighed where it is known how the host sends.
std::optional<Ended> endedAfterHost(const std::vector<Segment>& path, const PathClock& clock, double pace, double seen, const Frame& frame,
                                    const std::vector<Sample>& samples, const std::vector<Sample>& live)
{
    constexpr double noticed = 0.06, jitter = 0.02; // s
    const Sample& last = samples.back();
    const bool told = last.printTime && last.estimatedPrintTime && leadOf(samples);
    if (frame.cause != StopCause::HostLost || !told)
        return std::nullopt;
    RunOutEvidence evidence{.path = path, .clock = clock, .queue = frame.queue, .last = last, .seen = seen, .pace = pace};
    evidence.lead = std::max(0.0, *last.printTime - *last.estimatedPrintTime);
    evidence.mostLead = *leadOf(samples);
    for (const Sample& sample : live) {
        if (sample.printTime && *sample.printTime < *last.printTime)
            evidence.plannedEnds.push_back(seen + (*sample.printTime - *last.estimatedPrintTime) * pace);
    }
    std::sort(evidence.plannedEnds.begin(), evidence.plannedEnds.end());
    evidence.plannedEnds.erase(std::unique(evidence.plannedEnds.begin(), evidence.plannedEnds.end()), evidence.plannedEnds.end());
    evidence.diedFrom = frame.died ? std::max(0.0, *frame.died - noticed) : 0.0;
    evidence.diedTo = frame.died ? *frame.died + jitter : frame.gap;
    const auto found = runOut(evidence);
    if (!found)
        return std::nullopt;
    const bool exact = knowsLimits(last);
    const double ahead = found->most - seen;
    return Ended{*found, 0.01 + (exact ? 0.005 : 0.05) * ahead, 0.01 + (exact ? 0.005 : 0.02) * ahead};
}

Ended endedWithin(const Window& window, double pace, double seen, double age)
{
    const double from = seen + window.least * (window.least > 0 ? std::min(pace, 1.0) * (1 - 2 * planAhead) : std::max(pace, 1.0));
    const double to = seen + (window.most + age) * std::max(pace, 1.0) * (1 + planAhead);
    const double likely = seen + (window.likely + age) * pace;
    return {{from, (from + likely) / 2, likely, (likely + to) / 2, to}, 0, 0.02};
}

StopInterval matched(const std::vector<Segment>& path, const PositionMatch& match, const std::vector<Sample>& samples,
                     const std::vector<Sample>& live, const Frame& frame, double age)
{
    MotionLimits limits = limitsOf(samples.back());
    for (const Sample& sample : live)
        limits.speedFactor = std::max(limits.speedFactor, limitsOf(sample).speedFactor);
    const PathClock clock(path, limits);
    constexpr double mostOff = 0.1; // beyond that something else slows it
    const double measured = paceOf(path, clock, live, match);
    const double pace = knowsLimits(samples.back()) && std::abs(measured - 1) < mostOff ? 1.0 : measured;
    const double seen = clock.timeAt({match.segment, match.fraction});
    const auto weighed = endedAfterHost(path, clock, pace, seen + age * pace, frame, samples, live);
    const Ended ended = weighed ? *weighed : endedWithin(windowOf(frame, samples), pace, seen, age);
    // The same line drawn twice, and nothing to tell the passes apart: both may be.
    const double before = match.first < match.segment ? seen - clock.timeAt({match.first, 0.0}) : 0.0;
    const double beyond = match.last > match.segment ? clock.timeAt({match.last, 1.0}) - seen : 0.0;

    const double slack = std::max(closeEnough, match.distance);
    const auto lineFor = [&](double time) { return lineAt(path, time == seen ? PathPlace{match.segment, match.fraction} : clock.placeAt(time)); };
    const LinePlace first = lineAt(path, backBy(path, clock.placeAt(ended.at.least - ended.early - before), slack));
    const LinePlace likely = lineFor(ended.at.likely);
    const LinePlace last = lineFor(ended.at.most + ended.late + beyond);
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
        const LinePlace there = lineFor(seen);
        stop.likely = there.begin;
        stop.likelyFraction = there.fraction;
    }
    if (!frame.goesOn) {
        stop.halfFrom = std::min(stop.likely, lineFor(ended.at.halfFrom).begin);
        stop.halfTo = std::min(stop.latest, std::max(lineFor(ended.at.halfTo).end, likely.end));
    }
    stop.reason = {KINTSUGI_TEXT("The last live position lies %1 mm from the path of byte %2; %3 earlier samples agree by their extruder position; "
                                 "the file was read up to byte %4; motion ended %5 to %6 s later."),
                   {decimal(match.distance, 3), std::to_string(path[match.segment].begin), std::to_string(match.support),
                    std::to_string(frame.readerEnd), decimal((ended.at.least - seen) / pace, 2), decimal((ended.at.most - seen) / pace, 2)}};
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
    live.halfFrom = std::max(live.halfFrom, live.earliest);
    live.halfTo = std::min(live.halfTo, live.latest);
    if (live.likely < live.earliest || live.likely >= live.latest) {
        live.likely = lines.likely;
        live.likelyFraction = lines.likelyFraction;
        live.halfFrom = live.halfTo = 0;
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

/// What was driven after a standstill, the first moves too: the file need not know from where, the sample does.
std::vector<Segment> pathFromRest(const gcode::Source& source, const gcode::FileIndex& index, const Sample& still)
{
    constexpr ByteOffset far = ByteOffset{32} << 10;
    const ByteOffset from = *still.filePosition, to = std::min<ByteOffset>(index.size, from + far);
    auto path = gcode::readToolpath(source, index, from, to);
    if (!path || path->segments.empty() || !still.livePosition)
        return path ? std::move(path->segments) : std::vector<Segment>();
    const auto origin = still.homingOrigin.value_or(std::array<double, 4>{});
    std::array<double, 3> at{};
    for (std::size_t i = 0; i < at.size(); ++i)
        at[i] = (*still.livePosition)[i] - origin[i];
    std::vector<Segment> first;
    const auto done = walk(source, index, from, path->segments.front().begin, [&](const Walked& walked) {
        if (walked.effect.kind != gcode::Effect::Kind::Move)
            return true;
        auto next = at;
        for (std::size_t i = 0; i < at.size(); ++i)
            next[i] = walked.after.position[i] ? gcode::toMillimetres(*walked.after.position[i]) : at[i];
        const auto single = [](double value) { return static_cast<float>(value); };
        first.push_back({single(at[0]), single(at[1]), single(at[2]), single(next[0]), single(next[1]), single(next[2]),
                         single(gcode::toMillimetres(walked.effect.de)), single(gcode::toMillimetres(walked.after.feed.value_or(0)) / 60),
                         walked.line.begin, walked.line.end});
        at = next;
        return true;
    });
    if (!done)
        return std::move(path->segments);
    first.insert(first.end(), path->segments.begin(), path->segments.end());
    return first;
}

/// Does the plan grow long enough at once? Some commands have all that is planned so far brought to a stop, and the first
/// batch then ends with it.
bool beginsAtOnce(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Segment>& path)
{
    constexpr double enough = 1.3; // s: what a host plans before it begins, and some
    constexpr std::array<std::pair<char, std::uint32_t>, 15> harmless{{{'G', 0}, {'G', 1}, {'G', 2}, {'G', 3}, {'G', 21}, {'G', 90}, {'G', 91}, {'G', 92},
                                                                       {'M', 82}, {'M', 83}, {'M', 104}, {'M', 106}, {'M', 107}, {'M', 140}, {'M', 73}}};
    double seconds = 0;
    auto last = path.begin();
    for (; last != path.end() && seconds < enough; ++last)
        seconds += secondsOf(*last);
    if (last == path.end())
        return false;
    bool sound = true;
    const auto done = walk(source, index, path.front().begin, last->begin, [&](const Walked& walked) {
        const gcode::Command& command = walked.command;
        sound = command.kind == gcode::Command::Kind::None
            || std::any_of(harmless.begin(), harmless.end(), [&](const auto& code) { return command.is(code.first, code.second); });
        return sound;
    });
    return done && sound;
}

/// The plan's begin after a standstill: print time at which the first move behind it began, from a sample of its first seconds.
std::optional<double> beginOfMotion(const std::vector<Segment>& path, const Sample& sample)
{
    constexpr double least = 0.02; // s under way
    if (!sample.livePosition || !sample.estimatedPrintTime)
        return std::nullopt;
    const auto match = matchNewest(path, {sample});
    if (!match || match->distance > closeEnough || match->first != match->last)
        return std::nullopt;
    const PathClock clock(path, limitsOf(sample));
    const double spent = clock.timeAt({match->segment, match->fraction});
    return spent > least ? std::optional(*sample.estimatedPrintTime - spent) : std::nullopt;
}

} // namespace

std::optional<double> batchPhase(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& all)
{
    constexpr double batch = 0.25, ahead = 0.45, agree = 0.012; // s: of batches, of the first one before the motion it begins
    const std::vector<Sample> samples = usable(all, index.size);
    const auto lead = [](const Sample& s) { return s.printTime && s.estimatedPrintTime ? *s.printTime - *s.estimatedPrintTime : -1.0; };
    const auto still = std::find_if(samples.rbegin(), samples.rend(), [&](const Sample& s) { return lead(s) <= 0; });
    if (still == samples.rend() || still == samples.rbegin() || !still->filePosition)
        return std::nullopt;
    const double began = still->time;
    if (std::any_of(still.base(), samples.end(), [&](const Sample& s) { return s.time > began + plannedAfter && lead(s) < plannedEnough; }))
        return std::nullopt;
    const auto path = pathFromRest(source, index, *still);
    if (path.empty() || !beginsAtOnce(source, index, path))
        return std::nullopt;
    std::vector<double> begins;
    for (auto sample = still.base(); sample != samples.end() && sample->time < began + 2 * plannedAfter; ++sample) {
        if (const auto begin = beginOfMotion(path, *sample))
            begins.push_back(*begin);
    }
    if (begins.size() < 2)
        return std::nullopt;
    std::sort(begins.begin(), begins.end());
    const double middle = begins[begins.size() / 2];
    const auto near = std::count_if(begins.begin(), begins.end(), [middle](double one) { return std::abs(one - middle) < agree; });
    if (static_cast<std::size_t>(near) * 3 < begins.size() * 2)
        return std::nullopt;
    return std::fmod(middle + ahead, batch);
}

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
    frame->died = cause == StopCause::HostLost ? diedAfter(lastSamples, samples.back(), frame->gap) : std::nullopt;
    frame->noticedLate = cause == StopCause::PrinterPowerLost && hostToldLater(lastSamples, samples.back());
    auto found = boundedBy(source, index, samples, *frame);
    if (found)
        found->excluded = excludedOf(samples);
    return found;
}

} // namespace kintsugi::recovery
