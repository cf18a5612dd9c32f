// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/toolpath.h"

#include <algorithm>

#include "gcode/arc.h"
#include "gcode/linecommands.h"

namespace kintsugi::gcode {

namespace {

constexpr double maxSagitta = 0.05; ///< mm
constexpr std::size_t chunk = 256 * 1024;

class PathBuilder
{
public:
    PathBuilder(MachineState state, Dialect dialect, ByteOffset begin, ByteOffset end, std::size_t limit)
        : m_state(std::move(state))
        , m_dialect(dialect)
        , m_begin(begin)
        , m_end(end)
        , m_limit(limit)
    {
    }

    void add(const Line& line)
    {
        if (m_done)
            return;
        m_done = line.begin >= m_end;
        if (m_done)
            return;
        LineCommands commands(line.text, m_dialect);
        while (commands.next(m_command, m_state)) {
            const Effect effect = apply(m_state, m_command, m_dialect);
            const bool motion = effect.kind == Effect::Kind::Move || effect.kind == Effect::Kind::Arc;
            if (motion && line.begin >= m_begin && (effect.moved || effect.de != 0))
                addMove(line, m_command, effect);
        }
    }
    [[nodiscard]] bool done() const { return m_done; }
    [[nodiscard]] Toolpath take() { return std::move(m_path); }

private:
    void addMove(const Line& line, const Command& command, const Effect& effect)
    {
        const auto from = pointOf(effect.from);
        const auto to = pointOf(m_state.position);
        if (!from || !to)
            return;
        const auto arc = arcOf(command, effect, m_state);
        const std::size_t pieces = arc ? arc->chords(maxSagitta) : 1;
        Point start = *from;
        for (std::size_t piece = 1; piece <= pieces; ++piece) {
            const Point stop = piece == pieces ? *to : arc->at(static_cast<double>(piece) / static_cast<double>(pieces));
            addSegment(line, start, stop, toMillimetres(effect.de) / static_cast<double>(pieces));
            start = stop;
        }
    }

    void addSegment(const Line& line, const Point& from, const Point& to, double e)
    {
        if (m_path.segments.size() >= m_limit) {
            m_path.complete = false;
            m_done = true;
            return;
        }
        const auto single = [](double value) { return static_cast<float>(value); };
        m_path.segments.push_back({single(from[0]), single(from[1]), single(from[2]), single(to[0]), single(to[1]), single(to[2]),
            single(e), single(toMillimetres(m_state.feed.value_or(0)) / 60), line.begin, line.end});
    }

    MachineState m_state;
    Command m_command;
    Dialect m_dialect;
    ByteOffset m_begin, m_end;
    std::size_t m_limit;
    bool m_done = false;
    Toolpath m_path;
};

} // namespace

Result<Toolpath> readToolpath(const Source& source, const FileIndex& index, ByteOffset begin, ByteOffset end, std::size_t limit,
                              const Progress& progress)
{
    end = std::min<ByteOffset>(end, index.size);
    auto start = locate(source, index, begin);
    if (!start)
        return fail(start.error());
    PathBuilder builder(std::move(start->state), index.dialect, begin, end, limit);
    const Scanner::Sink sink = [&builder](const Line& line) { builder.add(line); };
    Scanner scanner(start->byte, start->line);
    std::vector<std::byte> buffer(chunk);
    for (ByteOffset at = start->byte; at < index.size && !builder.done();) {
        if (progress && !progress(end > start->byte ? std::min(1.0, static_cast<double>(at - start->byte) / static_cast<double>(end - start->byte)) : 1.0))
            return fail(ErrorCode::Cancelled);
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), index.size - at));
        const auto got = source.read(at, std::span(buffer).first(wanted));
        if (!got)
            return fail(got.error());
        if (*got < wanted)
            return fail(ErrorCode::FileChanged, "the file became shorter while it was read", source.name());
        at += *got;
        scanner.feed(std::span<const std::byte>(buffer).first(*got), sink);
    }
    scanner.finish(sink);
    return builder.take();
}

} // namespace kintsugi::gcode
