// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/stopinterval.h"

#include <algorithm>
#include <cmath>

#include "recovery/positionmatch.h"

namespace kintsugi::recovery {

namespace {

constexpr std::size_t samplesUsed = 12;
constexpr double queueSeconds = 6.0; // s; more than the lead of any recorded run between reader and nozzle

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
        const bool inside = sample.filePosition && *sample.filePosition > 0 && *sample.filePosition <= size;
        if (!inside || !running || !std::isfinite(sample.time))
            continue;
        found.push_back(sample);
        for (auto position : {&Sample::livePosition, &Sample::toolheadPosition, &Sample::homingOrigin}) {
            auto& values = found.back().*position;
            if (values && !allFinite(*values))
                values.reset();
        }
    }
    std::stable_sort(found.begin(), found.end(), [](const Sample& a, const Sample& b) { return a.time < b.time; });
    return found;
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

/// The path up to the reader, long enough to hold everything that can have been queued.
Result<std::vector<gcode::Segment>> pathBefore(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset oldest, ByteOffset reader)
{
    constexpr ByteOffset farthest = ByteOffset{16} << 20;
    for (ByteOffset window = ByteOffset{64} << 10;; window *= 8) {
        const ByteOffset begin = oldest > window ? oldest - window : 0;
        auto path = gcode::readToolpath(source, index, begin, reader + 1);
        if (!path)
            return fail(path.error());
        double seconds = 0;
        for (const gcode::Segment& segment : path->segments)
            seconds += segment.begin < oldest ? secondsOf(segment) : 0.0;
        if (begin == 0 || seconds > 20.0 || window >= farthest)
            return std::move(path->segments);
    }
}

/// How far the reader can have gone on after the last sample.
ByteOffset readerAdvance(const std::vector<Sample>& samples)
{
    ByteOffset advance = 0;
    const std::size_t first = samples.size() > 5 ? samples.size() - 5 : 1;
    for (std::size_t i = first; i < samples.size(); ++i) {
        const ByteOffset a = *samples[i - 1].filePosition, b = *samples[i].filePosition;
        advance = std::max(advance, b > a ? b - a : 0);
    }
    return advance;
}

struct Frame {
    ByteOffset readerEnd = 0; ///< end of the line the reader was on
    ByteOffset bound = 0;     ///< nothing from here on can have run
};

Result<Frame> frameOf(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples, StopCause cause)
{
    const auto reader = gcode::locate(source, index, std::min<ByteOffset>(*samples.back().filePosition, index.size));
    if (!reader)
        return fail(reader.error());
    Frame frame{reader->end, reader->end};
    // The reader went on for up to one update after the last sample; a printer without its link prints on to the end.
    if (cause == StopCause::LinkLost)
        frame.bound = index.size;
    else if (const auto later = gcode::locate(source, index, std::min<ByteOffset>(reader->end + readerAdvance(samples), index.size)); later)
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

Result<StopInterval> unmatched(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples,
                               const Frame& frame, StopCause cause)
{
    const auto begin = queueBegin(source, index, samples);
    if (!begin)
        return fail(begin.error());
    StopInterval stop;
    stop.earliest = stop.likely = *begin;
    stop.latest = frame.bound;
    stop.cause = cause;
    stop.reason = {KINTSUGI_TEXT("No live position fits the file: bounded by the read positions %1 to %2."),
                   {std::to_string(stop.earliest), std::to_string(stop.latest)}};
    return stop;
}

/// A last sample off the path, or one that the earlier ones contradict, tells little.
bool isWeak(const PositionMatch& match, std::size_t others)
{
    constexpr double offPath = 0.1; // mm
    return match.distance > offPath || (others >= 2 && match.support * 2 < others);
}

/// Fraction of the whole line: an arc is many segments of one line.
double fractionOfLine(const std::vector<gcode::Segment>& path, const PositionMatch& match)
{
    std::size_t first = match.segment, last = match.segment;
    while (first > 0 && path[first - 1].begin == path[match.segment].begin)
        --first;
    while (last + 1 < path.size() && path[last + 1].begin == path[match.segment].begin)
        ++last;
    return (static_cast<double>(match.segment - first) + match.fraction) / static_cast<double>(last - first + 1);
}

/// When only the host dies the controller runs out its queue: the nozzle stands later than last seen.
void runOutQueue(const std::vector<gcode::Segment>& path, const PositionMatch& match, const Sample& last, StopInterval& stop)
{
    double seconds = last.printTime && last.estimatedPrintTime ? *last.printTime - *last.estimatedPrintTime : 1.0;
    seconds -= secondsOf(path[match.segment]) * (1 - match.fraction);
    for (std::size_t i = match.segment + 1; i < path.size() && seconds > 0; ++i) {
        const double needed = secondsOf(path[i]);
        stop.likely = path[i].begin;
        stop.likelyFraction = needed > 0 ? std::min(1.0, seconds / needed) : 0.0;
        seconds -= needed;
    }
}

StopInterval matched(const std::vector<gcode::Segment>& path, const PositionMatch& match, const std::vector<Sample>& samples,
                     const Frame& frame, StopCause cause)
{
    const gcode::Segment& segment = path[match.segment];
    StopInterval stop;
    stop.cause = cause;
    stop.distanceMm = match.distance;
    stop.earliest = stop.likely = segment.begin;
    stop.likelyFraction = fractionOfLine(path, match);
    stop.latest = std::max(frame.bound, segment.end);
    // Close to the start of a line the one before may not be finished.
    const double slack = std::max(0.1, match.distance);
    if (stop.likelyFraction * lengthOf(segment) < slack && match.segment > 0)
        stop.earliest = path[match.segment - 1].begin;
    if (cause == StopCause::HostLost)
        runOutQueue(path, match, samples.back(), stop);
    stop.reason = {KINTSUGI_TEXT("The last live position lies %1 mm from the path of byte %2; %3 earlier samples agree by their extruder position; "
                                 "the file was read up to byte %4."),
                   {decimal(match.distance, 3), std::to_string(segment.begin), std::to_string(match.support), std::to_string(frame.readerEnd)}};
    return stop;
}

} // namespace

Result<StopInterval> stopInterval(const gcode::Source& source, const gcode::FileIndex& index,
                                  const std::vector<Sample>& lastSamples, StopCause cause)
{
    const std::vector<Sample> samples = usable(lastSamples, index.size);
    if (samples.empty()) {
        Error error{.code = ErrorCode::BadValue, .detail = "no sample has a position inside the file"};
        error.field = "filePosition";
        return fail(std::move(error));
    }
    const auto frame = frameOf(source, index, samples, cause);
    if (!frame)
        return fail(frame.error());
    const std::vector<Sample> live = newestLive(samples);
    if (live.empty())
        return unmatched(source, index, samples, *frame, cause);
    ByteOffset oldest = *live.front().filePosition, reader = 0;
    for (const Sample& sample : live) {
        oldest = std::min(oldest, *sample.filePosition);
        reader = std::max(reader, *sample.filePosition);
    }
    const auto path = pathBefore(source, index, oldest, reader);
    if (!path)
        return fail(path.error());
    const auto match = matchNewest(*path, live);
    if (!match)
        return unmatched(source, index, samples, *frame, cause);
    StopInterval stop = matched(*path, *match, samples, *frame, cause);
    if (isWeak(*match, live.size() - 1)) {
        const auto begin = queueBegin(source, index, samples);
        if (!begin)
            return fail(begin.error());
        stop.earliest = std::min(stop.earliest, *begin);
    }
    return stop;
}

} // namespace kintsugi::recovery
