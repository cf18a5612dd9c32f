// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/gzsource.h"

#include <algorithm>
#include <array>
#include <cstring>

#define ZLIB_CONST
#include <zlib.h>

#include "gcode/hasher.h"

namespace kintsugi::gcode {

namespace {

constexpr std::size_t windowBytes = 32768;
constexpr std::size_t inputBytes = std::size_t{64} << 10;
constexpr std::size_t pageBytes = std::size_t{64} << 10;
constexpr std::size_t cacheBytes = std::size_t{4} << 20;
constexpr std::uint64_t firstSpacing = std::uint64_t{1} << 20;
constexpr std::size_t maxPoints = 1024;
constexpr std::size_t maxMembers = 1'000'000;
constexpr std::size_t maxIdle = 4;
constexpr int gzipFormat = 15 + 16;
constexpr int rawFormat = -15;
constexpr std::size_t trailerBytes = 8; ///< CRC32 and length
/// Real G-code shrinks to a tenth; only a trap shrinks further than this.
constexpr std::uint64_t maxExpansion = 200;
constexpr std::uint64_t alwaysAllowed = std::uint64_t{256} << 20;

Error errorAt(const Source& file, ErrorCode code, std::string what, ByteOffset byte)
{
    Error error{.code = code, .detail = std::move(what), .file = file.name()};
    error.byte = byte;
    return error;
}

} // namespace

/// A place in the decoded text that moves forward.
class GzCursor
{
public:
    explicit GzCursor(const Source& file) : m_file(file), m_input(inputBytes) {}
    ~GzCursor()
    {
        if (m_open)
            inflateEnd(&m_stream);
    }
    GzCursor(const GzCursor&) = delete;
    GzCursor& operator=(const GzCursor&) = delete;

    Result<> start(const GzSource::Point& point);
    /// Decodes until `out` is full, the file ends, or, with stopAtBlocks, a block or member ends. The count.
    [[nodiscard]] Result<std::size_t> decode(std::span<char> out, bool stopAtBlocks = false);

    [[nodiscard]] ByteOffset text() const { return m_text; }
    /// Of the next byte to be decoded.
    [[nodiscard]] ByteOffset fileByte() const { return m_inputEnd - m_stream.avail_in; }
    [[nodiscard]] bool atEnd() const { return m_atEnd; }
    [[nodiscard]] bool atMember() const { return m_atMember; }
    [[nodiscard]] bool atBlock() const { return (m_stream.data_type & 128) != 0 && (m_stream.data_type & 64) == 0; }
    [[nodiscard]] int bits() const { return m_stream.data_type & 7; }
    [[nodiscard]] std::vector<unsigned char> window() const
    {
        std::vector<unsigned char> bytes(windowBytes);
        uInt count = 0;
        // zlib takes the stream as not const, but only reads it here.
        inflateGetDictionary(const_cast<z_stream*>(&m_stream), bytes.data(), &count);
        bytes.resize(count);
        return bytes;
    }
    /// Sees every byte of the file, once, in order.
    void hashInto(Hasher& hash) { m_hash = &hash; }

private:
    Result<> setFormat(int format);
    Result<> refill();
    Result<> endMember();
    Result<> skip(std::size_t count);
    Result<> expectOnlyZeros();

    const Source& m_file;
    std::vector<std::byte> m_input;
    z_stream m_stream{};
    Hasher* m_hash = nullptr;
    ByteOffset m_text = 0, m_inputEnd = 0;
    bool m_open = false, m_raw = false, m_atEnd = false, m_atMember = true;
};

Result<> GzCursor::setFormat(int format)
{
    const int done = m_open ? inflateReset2(&m_stream, format) : inflateInit2(&m_stream, format);
    if (done != Z_OK)
        return fail(ErrorCode::FileUnreadable, "no memory to decompress", m_file.name());
    m_open = true;
    m_raw = format == rawFormat;
    return {};
}

Result<> GzCursor::start(const GzSource::Point& point)
{
    m_text = point.text;
    m_inputEnd = point.file - (point.bits > 0 ? 1 : 0);
    if (auto set = setFormat(point.window.empty() ? gzipFormat : rawFormat); !set)
        return set;
    if (point.window.empty())
        return {};
    m_atMember = false;
    if (point.bits > 0) {
        if (auto filled = refill(); !filled)
            return filled;
        if (m_stream.avail_in == 0)
            return fail(ErrorCode::FileChanged, "the file became shorter", m_file.name());
        inflatePrime(&m_stream, point.bits, *m_stream.next_in >> (8 - point.bits));
        ++m_stream.next_in;
        --m_stream.avail_in;
    }
    inflateSetDictionary(&m_stream, point.window.data(), static_cast<uInt>(point.window.size()));
    return {};
}

Result<> GzCursor::refill()
{
    if (m_stream.avail_in > 0)
        return {};
    const auto count = m_file.read(m_inputEnd, m_input);
    if (!count)
        return fail(count.error());
    if (m_hash)
        m_hash->add(std::span(m_input).first(*count));
    m_inputEnd += *count;
    m_stream.next_in = reinterpret_cast<Bytef*>(m_input.data());
    m_stream.avail_in = static_cast<uInt>(*count);
    return {};
}

Result<std::size_t> GzCursor::decode(std::span<char> out, bool stopAtBlocks)
{
    m_stream.next_out = reinterpret_cast<Bytef*>(out.data());
    m_stream.avail_out = static_cast<uInt>(out.size());
    const auto produced = [&] { return out.size() - m_stream.avail_out; };
    while (m_stream.avail_out > 0 && !m_atEnd) {
        if (auto filled = refill(); !filled)
            return fail(filled.error());
        if (m_stream.avail_in == 0)
            return fail(errorAt(m_file, ErrorCode::FileDamaged, "the file ends in the middle of its compressed data", m_inputEnd));
        const uInt before = m_stream.avail_out;
        const int state = inflate(&m_stream, stopAtBlocks ? Z_BLOCK : Z_NO_FLUSH);
        m_text += before - m_stream.avail_out;
        m_atMember = false;
        if (state == Z_STREAM_END) {
            if (auto ended = endMember(); !ended)
                return fail(ended.error());
        } else if (state != Z_OK) {
            const char* const what = m_stream.msg ? m_stream.msg : "the compressed data are wrong";
            return fail(errorAt(m_file, ErrorCode::FileDamaged, what, fileByte()));
        }
        if (stopAtBlocks && (m_atMember || atBlock()))
            break;
    }
    return produced();
}

Result<> GzCursor::skip(std::size_t count)
{
    while (count > 0) {
        if (auto filled = refill(); !filled)
            return filled;
        if (m_stream.avail_in == 0)
            return fail(errorAt(m_file, ErrorCode::FileDamaged, "the file ends in the middle of its compressed data", m_inputEnd));
        const std::size_t step = std::min<std::size_t>(count, m_stream.avail_in);
        m_stream.next_in += step;
        m_stream.avail_in -= static_cast<uInt>(step);
        count -= step;
    }
    return {};
}

Result<> GzCursor::endMember()
{
    if (m_raw) {
        if (auto skipped = skip(trailerBytes); !skipped)
            return skipped;
    }
    if (auto filled = refill(); !filled)
        return filled;
    if (m_stream.avail_in == 0 || *m_stream.next_in == 0)
        return expectOnlyZeros();
    m_atMember = true;
    return setFormat(gzipFormat);
}

/// Tapes and some copy programs fill a file up.
Result<> GzCursor::expectOnlyZeros()
{
    while (m_stream.avail_in > 0) {
        const auto rest = std::span(m_stream.next_in, m_stream.avail_in);
        if (std::ranges::any_of(rest, [](Bytef byte) { return byte != 0; }))
            return fail(errorAt(m_file, ErrorCode::FileDamaged, "something else follows the compressed data", fileByte()));
        m_stream.avail_in = 0;
        if (auto filled = refill(); !filled)
            return filled;
    }
    m_atEnd = true;
    return {};
}

GzSource::GzSource(std::unique_ptr<Source> file, FileStamp stamp)
    : m_file(std::move(file))
    , m_stamp(stamp)
    , m_spacing(firstSpacing)
    , m_pages(cacheBytes)
{
}

GzSource::~GzSource() = default;

namespace {

struct MapHead {
    std::uint64_t xxh3 = 0, size = 0, members = 0, points = 0;
};
struct MapPoint {
    std::uint64_t text = 0, file = 0;
    std::uint32_t bits = 0, window = 0;
};

template <class T>
void put(std::string& out, const T& value)
{
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
bool take(std::string_view& bytes, T& value)
{
    if (bytes.size() < sizeof value)
        return false;
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes.remove_prefix(sizeof value);
    return true;
}

} // namespace

std::string GzSource::map() const
{
    std::string out;
    put(out, MapHead{m_xxh3, m_size, m_members.size(), m_points.size()});
    for (const Member& member : m_members) {
        put(out, member.text);
        put(out, member.file);
    }
    for (const Point& point : m_points) {
        put(out, MapPoint{point.text, point.file, static_cast<std::uint32_t>(point.bits), static_cast<std::uint32_t>(point.window.size())});
        out.append(reinterpret_cast<const char*>(point.window.data()), point.window.size());
    }
    return out;
}

/// False, and half of it taken, when it makes no sense.
bool GzSource::readMap(std::string_view map)
{
    MapHead head;
    if (!take(map, head) || head.members == 0 || head.members > maxMembers || head.points == 0 || head.points > maxPoints)
        return false;
    m_xxh3 = head.xxh3;
    m_size = head.size;
    const auto ascends = [&](const auto& all, ByteOffset text, ByteOffset file) {
        const bool first = all.empty() && text == 0 && file == 0;
        const bool later = !all.empty() && text >= all.back().text && file > all.back().file;
        return (first || later) && text <= m_size && file <= m_stamp.size;
    };
    for (std::uint64_t left = head.members; left > 0; --left) {
        Member member;
        if (!take(map, member.text) || !take(map, member.file) || !ascends(m_members, member.text, member.file))
            return false;
        m_members.push_back(member);
    }
    for (std::uint64_t left = head.points; left > 0; --left) {
        MapPoint point;
        if (!take(map, point) || !ascends(m_points, point.text, point.file) || point.bits > 7 || point.window > windowBytes || point.window > map.size())
            return false;
        const auto window = map.substr(0, point.window);
        m_points.push_back({point.text, point.file, static_cast<int>(point.bits), {window.begin(), window.end()}});
        map.remove_prefix(point.window);
    }
    return map.empty();
}

Result<std::unique_ptr<GzSource>> GzSource::open(std::unique_ptr<Source> file, const Progress& progress, std::string_view map)
{
    const auto stamp = file->stamp();
    if (!stamp)
        return fail(stamp.error());
    std::unique_ptr<GzSource> source(new GzSource(std::move(file), *stamp));
    Result<> done;
    if (map.empty() || !source->readMap(map)) {
        source->m_members.clear();
        source->m_points.clear();
        done = source->scan(progress);
    }
    const auto stampAfter = source->stamp();
    if (stampAfter && *stampAfter != *stamp)
        return fail(ErrorCode::FileChanged, "the file changed while it was read", source->name());
    if (!done)
        return fail(done.error());
    return source;
}

Result<> GzSource::scan(const Progress& progress)
{
    Hasher hash;
    GzCursor cursor(*m_file);
    cursor.hashInto(hash);
    m_members.push_back({});
    m_points.push_back({});
    if (auto started = cursor.start(m_points.front()); !started)
        return started;
    std::vector<char> scratch(pageBytes);
    while (!cursor.atEnd()) {
        if (const auto count = cursor.decode(scratch, true); !count)
            return fail(count.error());
        m_size = cursor.text();
        if (m_size > alwaysAllowed && m_size / maxExpansion > cursor.fileByte())
            return fail(errorAt(*m_file, ErrorCode::FileDamaged, "the text is more than 200 times as long as the file", cursor.fileByte()));
        if (cursor.atMember())
            m_members.push_back({cursor.text(), cursor.fileByte()});
        if (m_members.size() > maxMembers)
            return fail(errorAt(*m_file, ErrorCode::NotSupported, "too many gzip members", cursor.fileByte()));
        if (cursor.text() >= m_points.back().text + m_spacing)
            keepPoint(cursor);
        if (progress && !progress(static_cast<double>(cursor.fileByte()) / static_cast<double>(m_stamp.size)))
            return fail(ErrorCode::Cancelled, {}, name());
    }
    m_xxh3 = hash.value();
    return {};
}

void GzSource::keepPoint(const GzCursor& cursor)
{
    if (cursor.atMember())
        m_points.push_back({cursor.text(), cursor.fileByte(), 0, {}});
    else if (cursor.atBlock())
        m_points.push_back({cursor.text(), cursor.fileByte(), cursor.bits(), cursor.window()});
    if (m_points.size() <= maxPoints)
        return;
    std::size_t kept = 1;
    for (std::size_t at = 2; at < m_points.size(); at += 2)
        m_points[kept++] = std::move(m_points[at]);
    m_points.resize(kept);
    m_spacing *= 2;
}

Result<std::unique_ptr<GzCursor>> GzSource::cursorBefore(ByteOffset text) const
{
    const auto& point = *std::prev(std::ranges::upper_bound(m_points, text, {}, &Point::text));
    {
        const std::lock_guard lock(m_mutex);
        auto best = m_idle.end();
        for (auto it = m_idle.begin(); it != m_idle.end(); ++it) {
            const ByteOffset at = (*it)->text();
            if (at <= text && at >= point.text && (best == m_idle.end() || at > (*best)->text()))
                best = it;
        }
        if (best != m_idle.end()) {
            auto cursor = std::move(*best);
            m_idle.erase(best);
            return cursor;
        }
    }
    auto cursor = std::make_unique<GzCursor>(*m_file);
    if (auto started = cursor->start(point); !started)
        return fail(started.error());
    return cursor;
}

Result<TextCache::Text> GzSource::page(std::uint64_t number) const
{
    if (auto kept = m_pages.find(number))
        return kept;
    const ByteOffset begin = number * pageBytes;
    auto cursor = cursorBefore(begin);
    if (!cursor)
        return fail(cursor.error());
    std::string text(pageBytes, '\0');
    const auto failed = [&](const Error& error) -> tl::unexpected<Error> {
        const auto now = stamp();
        if (now && *now == m_stamp)
            return fail(error);
        return fail(ErrorCode::FileChanged, "the file changed while it was read", name());
    };
    while ((*cursor)->text() < begin) {
        const std::size_t gap = static_cast<std::size_t>(std::min<std::uint64_t>(begin - (*cursor)->text(), text.size()));
        if (const auto count = (*cursor)->decode(std::span(text).first(gap)); !count)
            return failed(count.error());
        else if (*count == 0)
            return failed({.code = ErrorCode::FileChanged, .file = name()});
    }
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(pageBytes, m_size - begin));
    text.resize(wanted);
    const auto count = (*cursor)->decode(text);
    if (!count)
        return failed(count.error());
    if (*count < wanted)
        return failed({.code = ErrorCode::FileChanged, .file = name()});
    auto kept = std::make_shared<const std::string>(std::move(text));
    m_pages.keep(number, kept);
    const std::lock_guard lock(m_mutex);
    m_idle.push_back(std::move(*cursor));
    if (m_idle.size() > maxIdle)
        m_idle.erase(m_idle.begin());
    return kept;
}

Result<std::size_t> GzSource::read(ByteOffset offset, std::span<std::byte> bytes) const
{
    std::size_t done = 0;
    while (done < bytes.size() && offset < m_size) {
        const auto text = page(offset / pageBytes);
        if (!text)
            return fail(text.error());
        const std::string_view rest = std::string_view(**text).substr(offset % pageBytes);
        const std::size_t count = std::min(rest.size(), bytes.size() - done);
        std::memcpy(bytes.data() + done, rest.data(), count);
        done += count;
        offset += count;
    }
    return done;
}

ByteOffset GzSource::endOf(std::size_t member) const
{
    return member + 1 < m_members.size() ? m_members[member + 1].text : m_size;
}

Result<ContainerPlace> GzSource::placeOf(ByteOffset byte) const
{
    if (byte > m_size)
        return fail(errorAt(*m_file, ErrorCode::BadByte, {}, byte));
    const auto member = std::prev(std::ranges::upper_bound(m_members, byte, {}, &Member::text));
    return ContainerPlace{static_cast<std::size_t>(member - m_members.begin()), byte - member->text, member->file};
}

Result<ByteOffset> GzSource::byteAt(const ContainerPlace& place) const
{
    if (place.block >= m_members.size() || place.inBlock > endOf(place.block) - m_members[place.block].text)
        return fail(errorAt(*m_file, ErrorCode::BadByte, {}, place.inBlock));
    return m_members[place.block].text + place.inBlock;
}

} // namespace kintsugi::gcode
