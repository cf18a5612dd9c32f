// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/fileindex.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "gcode/comments.h"
#include "gcode/indexbuilder.h"
#include "gcode/indexstages.h"

namespace kintsugi::gcode {

namespace {

constexpr std::size_t maxReplayChunk = 128 * 1024;
constexpr ByteOffset proofReach = 1 << 20; ///< within these bytes a G-code file has a command
constexpr std::size_t maxLocatedText = 4096;

bool isBinaryContainer(std::span<const std::byte> bytes)
{
    const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return head.starts_with("GCDE") || head.starts_with("PK\x03\x04") || head.starts_with("\x1F\x8B");
}

auto changed(const Source& source, ByteOffset byte)
{
    Error error{.code = ErrorCode::FileChanged, .detail = "the file became shorter while it was read", .file = source.name()};
    error.byte = byte;
    return fail(std::move(error));
}

auto badByte(const Source& source, ByteOffset byte)
{
    Error error{.code = ErrorCode::BadByte, .file = source.name()};
    error.byte = byte;
    return fail(std::move(error));
}

/// Where a replay stops: before the line that ends behind `byte`, or that has this number.
struct Until {
    ByteOffset byte = std::numeric_limits<ByteOffset>::max();
    std::uint64_t line = std::numeric_limits<std::uint64_t>::max();
    [[nodiscard]] bool reached(const Line& at) const { return at.end > byte || at.number >= line; }
};

class Replay
{
public:
    Replay(const FileIndex& index, const Checkpoint& from, const Until& until)
        : m_index(index)
        , m_until(until)
        , m_run(index.dialect)
        , m_located{.byte = index.size, .end = index.size, .line = from.line, .state = from.state(), .text = {}}
    {
    }
    [[nodiscard]] bool found() const { return m_found; }
    [[nodiscard]] Located take() { return std::move(m_located); }

    [[nodiscard]] Scanner::Taken step(std::string_view rest, std::size_t before, ByteOffset begin, std::uint64_t number)
    {
        if (m_found || m_until.line <= number || m_until.byte <= begin)
            return {};
        const auto stop = static_cast<std::size_t>(std::min<ByteOffset>(rest.size(), m_until.byte - begin));
        const auto stepped = m_run.step(m_located.state, rest, before, stop, m_until.line - number, begin, nullptr);
        m_located.line = number + stepped.lines;
        return {.bytes = stepped.bytes, .lines = stepped.lines};
    }

    void add(const Line& line)
    {
        if (m_found)
            return;
        m_located.line = line.number;
        m_found = m_until.reached(line);
        if (m_found) {
            m_located.byte = line.begin;
            m_located.end = line.end;
            m_located.text = line.text.substr(0, maxLocatedText);
            return;
        }
        LineCommands commands(line.text, m_index.dialect);
        while (commands.next(m_command, m_located.state))
            apply(m_located.state, m_command, m_index.dialect);
        m_located.line = line.number + 1;
    }

private:
    const FileIndex& m_index;
    Until m_until;
    MoveRun m_run;
    Command m_command;
    Located m_located;
    bool m_found = false;
};

/// Replays from a checkpoint; at the end of the file the located line is empty.
Result<Located> replay(const Source& source, const FileIndex& index, const Checkpoint& from, const Until& until)
{
    const auto size = source.size();
    if (!size)
        return fail(size.error());
    if (*size < index.size)
        return changed(source, *size);
    Replay replay(index, from, until);
    const Scanner::Sink sink = [&replay](const Line& line) { replay.add(line); };
    const Scanner::Taker taker = [&replay](std::string_view rest, std::size_t before, ByteOffset begin, std::uint64_t number) {
        return replay.step(rest, before, begin, number);
    };
    const ByteOffset near = until.byte > index.size ? maxReplayChunk : until.byte - from.byte + maxLocatedText;
    const auto chunk = static_cast<std::size_t>(std::min<ByteOffset>(near, maxReplayChunk));
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(chunk);
    Scanner scanner(from.byte, from.line);
    for (ByteOffset at = from.byte; at < index.size && !replay.found();) {
        const auto wanted = static_cast<std::size_t>(std::min<ByteOffset>(chunk, index.size - at));
        const auto got = source.read(at, std::span(buffer.get(), wanted));
        if (!got)
            return fail(got.error());
        if (*got < wanted)
            return changed(source, at + *got);
        at += *got;
        scanner.feed(std::span(buffer.get(), wanted), sink, taker);
    }
    if (!replay.found())
        scanner.finish(sink);
    return replay.take();
}

/// A container names its producer apart; its text may have lost the comment that does.
void takeSlicer(const ContainerMetadata* metadata, FileIndex& index)
{
    if (!metadata || index.slicer != Slicer::Unknown)
        return;
    index.slicerLine = metadata->producer();
    index.slicer = slicerOf("generated by " + index.slicerLine);
}

} // namespace

MachineState Checkpoint::state() const
{
    MachineState state = *rest;
    setHotPart(state, hot);
    return state;
}

const Layer* FileIndex::layerAt(ByteOffset byte) const
{
    const auto after = std::ranges::upper_bound(layers, byte, {}, &Layer::begin);
    if (layers.empty())
        return nullptr;
    return after == layers.begin() ? &layers.front() : &*std::prev(after);
}

Result<FileIndex> buildIndex(const Source& source, Dialect dialect, const Progress& progress, const IndexOptions& options)
{
    const auto stamp = source.stamp();
    if (!stamp)
        return fail(stamp.error());
    const auto size = source.size();
    if (!size)
        return fail(size.error());
    const auto stages = IndexStages::make(source, *size, options);
    IndexBuilder builder(*size, dialect, options, stages->emptyBatch(), [&stages](MotionBatch* batch) { return stages->exchange(batch); });
    const Scanner::Sink sink = [&builder](const Line& line) { builder.add(line); };
    const Scanner::Taker taker = [&builder](std::string_view rest, std::size_t before, ByteOffset begin, std::uint64_t number) {
        return builder.take(rest, before, begin, number);
    };
    Scanner scanner;
    std::uint64_t nulBytes = 0;
    const auto isGcode = [&] { return builder.sawCommand() || nulBytes == 0; };
    for (bool first = true;; first = false) {
        const auto piece = stages->next();
        if (!piece)
            return fail(piece.error());
        if (piece->bytes.empty())
            break;
        nulBytes += piece->nulBytes;
        if (first && isBinaryContainer(piece->bytes))
            return fail(ErrorCode::FileNotGcode, {}, source.name());
        scanner.feed(piece->bytes, sink, taker);
        const ByteOffset offset = piece->offset + piece->bytes.size();
        if (offset >= proofReach && !isGcode())
            return fail(ErrorCode::FileNotGcode, {}, source.name());
        if (progress && !progress(static_cast<double>(offset) / static_cast<double>(*size)))
            return fail(ErrorCode::Cancelled, {}, source.name());
    }
    scanner.finish(sink);
    if (!isGcode())
        return fail(ErrorCode::FileNotGcode, {}, source.name());
    const auto stampAfter = source.stamp();
    if (!stampAfter)
        return fail(stampAfter.error());
    if (*stampAfter != *stamp)
        return fail(ErrorCode::FileChanged, "the file changed while it was read", source.name());
    builder.flush();
    FileIndex index = builder.finish(*size, stages->times());
    index.xxh3 = stages->hash();
    const auto fileSize = source.fileSize();
    if (!fileSize)
        return fail(fileSize.error());
    index.fileSize = *fileSize;
    index.fileXxh3 = source.fileXxh3().value_or(index.xxh3);
    takeSlicer(source.metadata(), index);
    index.stamp = *stamp;
    index.nulBytes = nulBytes;
    return index;
}

Result<Located> locate(const Source& source, const FileIndex& index, ByteOffset byte)
{
    if (byte > index.size || index.checkpoints.empty())
        return badByte(source, byte);
    const auto after = std::ranges::upper_bound(index.checkpoints, byte, {}, &Checkpoint::byte);
    return replay(source, index, *std::prev(after), {.byte = byte});
}

Result<Located> locateLine(const Source& source, const FileIndex& index, std::uint64_t line)
{
    if (line == 0 || line > index.lines) {
        Error error{.code = ErrorCode::BadByte, .file = source.name()};
        error.line = line;
        return fail(std::move(error));
    }
    const auto after = std::ranges::upper_bound(index.checkpoints, line, {}, &Checkpoint::line);
    return replay(source, index, *std::prev(after), {.line = line});
}

} // namespace kintsugi::gcode
