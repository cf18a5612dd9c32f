// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/fileindex.h"

#include <algorithm>
#include <cstring>
#include <memory>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "gcode/indexbuilder.h"

namespace kintsugi::gcode {

namespace {

constexpr std::size_t indexChunk = 256 * 1024;
constexpr std::size_t replayChunk = 16 * 1024;
constexpr ByteOffset proofReach = 1 << 20; ///< within these bytes a G-code file has a command
constexpr std::size_t maxLocatedText = 4096;

struct HashDelete {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

std::string_view asText(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool isBinaryContainer(std::string_view head)
{
    return head.starts_with("GCDE") || head.starts_with("PK\x03\x04") || head.starts_with("\x1F\x8B");
}

std::uint64_t countNul(std::string_view text)
{
    return text.find('\0') == text.npos ? 0 : static_cast<std::uint64_t>(std::ranges::count(text, '\0'));
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

/// Reads [offset, end) in pieces and hands each over until `take` returns something else than true.
class Reader
{
public:
    Reader(const Source& source, ByteOffset offset, ByteOffset end, std::size_t chunk)
        : m_source(source)
        , m_offset(offset)
        , m_end(end)
        , m_buffer(chunk)
    {
    }
    /// The next piece; empty at the end.
    [[nodiscard]] Result<std::span<const std::byte>> next()
    {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(m_buffer.size(), m_end - m_offset));
        const auto got = m_source.read(m_offset, std::span(m_buffer).first(wanted));
        if (!got)
            return fail(got.error());
        if (*got < wanted)
            return changed(m_source, m_offset + *got);
        m_offset += *got;
        return std::span<const std::byte>(m_buffer).first(*got);
    }
    [[nodiscard]] ByteOffset offset() const { return m_offset; }

private:
    const Source& m_source;
    ByteOffset m_offset, m_end;
    std::vector<std::byte> m_buffer;
};

/// Replays from a checkpoint to the line for which `isWanted` holds; at the end of the file the located line is empty.
template <class IsWanted>
Result<Located> replay(const Source& source, const FileIndex& index, const Checkpoint& from, IsWanted isWanted)
{
    const auto size = source.size();
    if (!size)
        return fail(size.error());
    if (*size < index.size)
        return changed(source, *size);
    Located located{.byte = index.size, .end = index.size, .line = from.line, .state = from.state(), .text = {}};
    bool found = false;
    Command command;
    const Scanner::Sink sink = [&](const Line& line) {
        if (found)
            return;
        located.line = line.number;
        if (isWanted(line)) {
            found = true;
            located.byte = line.begin;
            located.end = line.end;
            located.text = line.text.substr(0, maxLocatedText);
            return;
        }
        parseCommand(line.text, command);
        apply(located.state, command, index.dialect);
        located.line = line.number + 1;
    };
    Scanner scanner(from.byte, from.line);
    Reader reader(source, from.byte, index.size, replayChunk);
    while (!found) {
        const auto bytes = reader.next();
        if (!bytes)
            return fail(bytes.error());
        if (bytes->empty())
            break;
        scanner.feed(*bytes, sink);
    }
    if (!found)
        scanner.finish(sink);
    return located;
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

Result<FileIndex> buildIndex(const Source& source, Dialect dialect, const Progress& progress, const IndexOptions&)
{
    const auto stamp = source.stamp();
    if (!stamp)
        return fail(stamp.error());
    const auto size = source.size();
    if (!size)
        return fail(size.error());
    const std::unique_ptr<XXH3_state_t, HashDelete> hash(XXH3_createState());
    XXH3_64bits_reset(hash.get());
    IndexBuilder builder(dialect);
    const Scanner::Sink sink = [&builder](const Line& line) { builder.add(line); };
    Scanner scanner;
    Reader reader(source, 0, *size, indexChunk);
    std::uint64_t nulBytes = 0;
    const auto isGcode = [&] { return builder.sawCommand() || nulBytes == 0; };
    for (bool first = true;; first = false) {
        const auto bytes = reader.next();
        if (!bytes)
            return fail(bytes.error());
        if (bytes->empty())
            break;
        const std::string_view text = asText(*bytes);
        XXH3_64bits_update(hash.get(), text.data(), text.size());
        nulBytes += countNul(text);
        scanner.feed(*bytes, sink);
        if ((first && isBinaryContainer(text)) || (reader.offset() >= proofReach && !isGcode()))
            return fail(ErrorCode::FileNotGcode, {}, source.name());
        if (progress && !progress(static_cast<double>(reader.offset()) / static_cast<double>(*size)))
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
    FileIndex index = builder.finish(*size);
    index.xxh3 = XXH3_64bits_digest(hash.get());
    index.fileSize = index.size;
    index.fileXxh3 = index.xxh3;
    index.stamp = *stamp;
    index.nulBytes = nulBytes;
    return index;
}

Result<Located> locate(const Source& source, const FileIndex& index, ByteOffset byte)
{
    if (byte > index.size || index.checkpoints.empty())
        return badByte(source, byte);
    const auto after = std::ranges::upper_bound(index.checkpoints, byte, {}, &Checkpoint::byte);
    return replay(source, index, *std::prev(after), [byte](const Line& line) { return line.end > byte; });
}

Result<Located> locateLine(const Source& source, const FileIndex& index, std::uint64_t line)
{
    if (line == 0 || line > index.lines) {
        Error error{.code = ErrorCode::BadByte, .file = source.name()};
        error.line = line;
        return fail(std::move(error));
    }
    const auto after = std::ranges::upper_bound(index.checkpoints, line, {}, &Checkpoint::line);
    return replay(source, index, *std::prev(after), [line](const Line& at) { return at.number == line; });
}

} // namespace kintsugi::gcode
