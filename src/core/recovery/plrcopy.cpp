// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <memory>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "gcode/scanner.h"
#include "recovery/newfile.h"
#include "recovery/plrmarkers.h"

namespace kintsugi::recovery {

namespace {

struct Insertion {
    ByteOffset byte = 0; ///< always the begin of a line
    std::string text;
};

constexpr std::size_t chunk = std::size_t{1} << 18;
constexpr std::string_view blanks = " \t\v\f\r\n";

bool isComment(std::string_view line)
{
    const auto first = line.find_first_not_of(blanks);
    return first != line.npos && line[first] == ';';
}

bool isCommand(std::string_view line)
{
    const auto first = line.find_first_not_of(blanks);
    return first != line.npos && line[first] != ';';
}

auto shorter(const gcode::Source& source)
{
    return fail(ErrorCode::FileChanged, "the file became shorter while it was read", source.name());
}

/// Finds the places, line by line. Markers stand after the last command before the first layer, where no comment can
/// swallow them; a hook before the first line of a layer that is no comment, so that mark and notes stay together.
class Placing
{
public:
    explicit Placing(const gcode::FileIndex& index)
        : m_index(index)
        , m_hooks(index.plr.layerHooks == 0)
    {
        const gcode::PlrMarkers& plr = index.plr;
        const bool setup = plr.setup && !plr.swallowed;
        const bool print = plr.print && !plr.printSwallowed;
        if (plr.inOrder)
            return;
        if (setup)
            m_after = *plr.setup; // a second setup marker would make klipper-plr insert its G-code twice
        else if (print)
            m_before = *plr.print;
        else
            m_fresh = true;
    }

    void line(const gcode::Line& line)
    {
        if (m_before == line.begin)
            add(line.begin, std::string(gcode::plrSetupMarker) + m_lineEnd);
        if (m_fresh && line.begin >= firstLayer())
            placeFresh(line);
        if (m_hooks)
            placeHook(line);
        if (m_after == line.begin) {
            const bool unended = !line.truncated && line.end - line.begin == line.text.size();
            add(line.end, (unended ? m_lineEnd : std::string()) + std::string(gcode::plrPrintMarker) + m_lineEnd);
        }
        if (isCommand(line.text))
            m_commandEnd = line.end;
    }
    /// The line end that the file uses, told before its first line.
    void setEnding(std::string ending) { m_lineEnd = std::move(ending); }
    [[nodiscard]] std::vector<Insertion> take() { return std::move(m_insertions); }

private:
    [[nodiscard]] ByteOffset firstLayer() const { return m_index.layers.front().begin; }

    void add(ByteOffset byte, std::string text) { m_insertions.push_back({.byte = byte, .text = std::move(text)}); }

    void placeFresh(const gcode::Line& line)
    {
        m_fresh = false;
        const std::string enable = m_index.plr.enabled ? std::string() : "PLR_ENABLE" + m_lineEnd;
        // With no command above them the markers would follow a comment: PLR_ENABLE, or an empty line, keeps them apart.
        const std::string apart = enable.empty() && !m_commandEnd ? m_lineEnd : enable;
        add(m_commandEnd.value_or(line.begin), apart + std::string(gcode::plrSetupMarker) + m_lineEnd + std::string(gcode::plrPrintMarker) + m_lineEnd);
    }

    void placeHook(const gcode::Line& line)
    {
        const auto& layers = m_index.layers;
        for (; m_next < layers.size() && layers[m_next].begin <= line.begin; ++m_next)
            m_pending = m_next;
        if (!m_pending || isComment(line.text))
            return;
        const gcode::Layer& layer = layers[*m_pending];
        m_pending.reset();
        if (layer.z)
            add(line.begin, std::string(gcode::plrLayerHook) + " LAYER=" + std::to_string(layer.index) + " LAYER_HEIGHT=" + decimal(*layer.z) + m_lineEnd);
    }

    const gcode::FileIndex& m_index;
    bool m_hooks;
    bool m_fresh = false;
    std::optional<ByteOffset> m_after, m_before; ///< line of the marker that is there already
    std::optional<ByteOffset> m_commandEnd;
    std::size_t m_next = 0;
    std::optional<std::size_t> m_pending;
    std::string m_lineEnd = "\n";
    std::vector<Insertion> m_insertions;
};

/// Hands every piece of the file to `take` until it fails.
template <class Take>
Result<> readAll(const gcode::Source& source, std::uint64_t size, Take take)
{
    std::vector<std::byte> buffer(chunk);
    for (ByteOffset at = 0; at < size;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - at));
        const auto got = source.read(at, std::span(buffer).first(wanted));
        if (!got)
            return fail(got.error());
        if (*got == 0)
            return shorter(source);
        if (Result<> taken = take(at, std::span<const std::byte>(buffer).first(*got)); !taken)
            return taken;
        at += *got;
    }
    return {};
}

std::string_view asText(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string lineEnding(std::string_view head)
{
    const auto at = head.find_first_of("\r\n");
    if (at == head.npos || head[at] == '\n')
        return "\n";
    return head.substr(at).starts_with("\r\n") ? "\r\n" : "\r";
}

Result<std::vector<Insertion>> insertionsFor(const gcode::Source& source, const gcode::FileIndex& index, const gcode::Progress& progress)
{
    Placing placing(index);
    gcode::Scanner scanner;
    const gcode::Scanner::Sink sink = [&placing](const gcode::Line& line) { placing.line(line); };
    const auto done = readAll(source, index.size, [&](ByteOffset at, std::span<const std::byte> bytes) -> Result<> {
        if (at == 0)
            placing.setEnding(lineEnding(asText(bytes)));
        scanner.feed(bytes, sink);
        if (progress && !progress(static_cast<double>(at) / static_cast<double>(index.size) / 2))
            return fail(ErrorCode::Cancelled);
        return {};
    });
    if (!done)
        return fail(done.error());
    scanner.finish(sink);
    return placing.take();
}

/// Writes the bytes with what is inserted between them, and checks that they are the bytes that were read for the index.
class Copying
{
public:
    Copying(const gcode::FileIndex& index, std::vector<Insertion> insertions, NewFile& file)
        : m_index(index)
        , m_insertions(std::move(insertions))
        , m_file(file)
        , m_hash(XXH3_createState())
    {
        XXH3_64bits_reset(m_hash.get());
    }

    Result<> take(ByteOffset at, std::string_view bytes)
    {
        XXH3_64bits_update(m_hash.get(), bytes.data(), bytes.size());
        for (; m_next < m_insertions.size() && m_insertions[m_next].byte < at + bytes.size(); ++m_next) {
            const auto before = static_cast<std::size_t>(m_insertions[m_next].byte - at);
            if (auto written = m_file.write(bytes.substr(0, before)); !written)
                return written;
            if (auto written = m_file.write(m_insertions[m_next].text); !written)
                return written;
            bytes.remove_prefix(before);
            at += before;
        }
        return m_file.write(bytes);
    }
    /// What stands behind the last byte.
    Result<> finish(const gcode::Source& source)
    {
        for (; m_next < m_insertions.size(); ++m_next)
            if (auto written = m_file.write(m_insertions[m_next].text); !written)
                return written;
        if (XXH3_64bits_digest(m_hash.get()) != m_index.xxh3)
            return fail(ErrorCode::FileChanged, "the file is not the one that was read before", source.name());
        return {};
    }

private:
    struct HashDelete {
        void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
    };
    const gcode::FileIndex& m_index;
    std::vector<Insertion> m_insertions;
    std::size_t m_next = 0;
    NewFile& m_file;
    std::unique_ptr<XXH3_state_t, HashDelete> m_hash;
};

Result<> checkPreparable(const gcode::Source& source, const gcode::FileIndex& index)
{
    const auto stamp = source.stamp();
    if (!stamp)
        return fail(stamp.error());
    if (*stamp != index.stamp)
        return fail(ErrorCode::FileChanged, "the file is not the one that was read before", source.name());
    if (index.plr.inOrder && index.plr.layerHooks > 0)
        return fail(ErrorCode::NotSupported, "the file has both markers and the layer call already", source.name());
    if (index.layers.empty())
        return fail(ErrorCode::NotSupported, "the file prints nothing", source.name());
    return {};
}

} // namespace

Result<> writePreparedCopy(const gcode::Source& source, const gcode::FileIndex& index, const std::filesystem::path& target,
                           const gcode::Progress& progress)
{
    if (auto preparable = checkPreparable(source, index); !preparable)
        return preparable;
    NewFile file(target);
    if (auto opened = file.open(); !opened)
        return opened;
    auto insertions = insertionsFor(source, index, progress);
    if (!insertions)
        return fail(insertions.error());
    Copying copying(index, std::move(*insertions), file);
    const auto copied = readAll(source, index.size, [&](ByteOffset at, std::span<const std::byte> bytes) -> Result<> {
        if (progress && !progress(0.5 + static_cast<double>(at) / static_cast<double>(index.size) / 2))
            return fail(ErrorCode::Cancelled);
        return copying.take(at, asText(bytes));
    });
    if (!copied)
        return copied;
    if (auto finished = copying.finish(source); !finished)
        return finished;
    return file.commit();
}

} // namespace kintsugi::recovery
