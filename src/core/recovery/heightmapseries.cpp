// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "gcode/scanner.h"
#include "recovery/heightmap.h"
#include "recovery/heightmappainter.h"
#include "recovery/plan.h"

namespace kintsugi::recovery {

namespace {
constexpr std::size_t chunkSize = 256 * 1024;
constexpr std::size_t beyondGoal = 512; ///< bytes, for the rest of the last line: a short step reads no more
} // namespace

struct HeightMapSeries::State {
    State(const gcode::Source& from, const gcode::FileIndex& of, HeightMapOptions with, const LineSettings& settings)
        : source(from)
        , index(of)
        , options(std::move(with))
        , map(options.cell, options.margin)
        , painter(map, of.dialect, options, settings)
    {
    }
    Result<> extend(ByteOffset upTo, const gcode::Progress& progress);

    const gcode::Source& source;
    const gcode::FileIndex& index;
    const HeightMapOptions options;
    HeightMap map;
    HeightMapPainter painter;
    ByteOffset position = 0;
    std::uint64_t line = 1;
    std::vector<std::byte> buffer;
};

Result<> HeightMapSeries::State::extend(ByteOffset upTo, const gcode::Progress& progress)
{
    upTo = std::min<ByteOffset>(upTo, index.size);
    if (upTo <= position)
        return {};
    const ByteOffset begin = position;
    bool reached = false;
    const auto sink = [&](const gcode::Line& at) {
        if (reached)
            return;
        position = at.begin;
        line = at.number;
        reached = at.begin >= upTo;
        if (!reached) {
            painter.add(at);
            position = at.end;
            ++line;
        }
    };
    const auto taker = [&](std::string_view rest, std::size_t before, ByteOffset at, std::uint64_t number) {
        if (reached || at >= upTo)
            return gcode::Scanner::Taken{};
        const auto taken = painter.take(rest, before, static_cast<std::size_t>(std::min<ByteOffset>(rest.size(), upTo - at)), at);
        if (taken.lines != 0) {
            position = at + taken.bytes;
            line = number + taken.lines;
        }
        return taken;
    };
    gcode::Scanner scanner(position, line);
    buffer.resize(chunkSize);
    for (ByteOffset at = position; at < index.size && !reached;) {
        if (progress && !progress(static_cast<double>(at - begin) / static_cast<double>(std::max<ByteOffset>(upTo - begin, 1))))
            return fail(ErrorCode::Cancelled);
        const ByteOffset goal = std::max(upTo, at) + beyondGoal;
        const auto wanted = static_cast<std::size_t>(std::min<ByteOffset>({chunkSize, goal - at, index.size - at}));
        const auto got = source.read(at, std::span(buffer).first(wanted));
        if (!got)
            return fail(got.error());
        if (*got < wanted)
            return fail(ErrorCode::FileChanged, "the file became shorter while it was read", source.name());
        at += *got;
        scanner.feed(std::span<const std::byte>(buffer).first(wanted), sink, taker);
    }
    if (!reached)
        scanner.finish(sink);
    painter.finish();
    return {};
}

HeightMapSeries::HeightMapSeries(std::unique_ptr<State> state) : m_state(std::move(state)) {}
HeightMapSeries::HeightMapSeries(HeightMapSeries&&) noexcept = default;
HeightMapSeries& HeightMapSeries::operator=(HeightMapSeries&&) noexcept = default;
HeightMapSeries::~HeightMapSeries() = default;

Result<HeightMapSeries> HeightMapSeries::make(const gcode::Source& source, const gcode::FileIndex& index, const HeightMapOptions& options)
{
    const auto settings = readLineSettings(source, index);
    if (!settings)
        return fail(settings.error());
    auto state = std::make_unique<State>(source, index, options, *settings);
    const auto resumed = readResumePoint(source);
    if (!resumed)
        return fail(resumed.error());
    if (*resumed && (*resumed)->printed.valid)
        state->painter.addEarlier((*resumed)->printed);
    return HeightMapSeries(std::move(state));
}

const HeightMap& HeightMapSeries::map() const { return m_state->map; }
const gcode::MachineState& HeightMapSeries::state() const { return m_state->painter.state(); }
ByteOffset HeightMapSeries::position() const { return m_state->position; }
Result<> HeightMapSeries::extend(ByteOffset upTo, const gcode::Progress& progress) { return m_state->extend(upTo, progress); }

Result<HeightMap> buildHeightMap(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset upTo, const HeightMapOptions& options,
                                 const gcode::Progress& progress)
{
    auto series = HeightMapSeries::make(source, index, options);
    if (!series)
        return fail(series.error());
    if (const auto done = series->extend(upTo, progress); !done)
        return fail(done.error());
    return std::move(series->m_state->map);
}

} // namespace kintsugi::recovery
