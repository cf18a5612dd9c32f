// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/sidecar.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "gcode/hasher.h"
#include "gcode/indexfields.h"
#include "gcode/opengcode.h"
#include "gcode/parserversion.h"

namespace kintsugi::gcode {

namespace {

constexpr std::uint64_t magic = 0x3143'4953'544E'494B; ///< "KINTSIC1" where the low byte comes first
constexpr std::uint32_t formatVersion = 2;
constexpr std::uint32_t byteOrderProof = 0x0102'0304;
constexpr std::size_t edgeSample = 64 * 1024;
constexpr std::size_t blockSample = 4 * 1024;
constexpr std::size_t sampledBlocks = 64;

struct Header {
    std::uint64_t magic = 0;
    std::uint32_t format = 0, byteOrder = 0;
    std::uint64_t parser = 0;
    std::uint64_t device = 0, inode = 0, fileSize = 0;
    std::int64_t modifiedNs = 0, changedNs = 0;
    std::uint64_t size = 0, samples = 0, dialect = 0;
    std::uint64_t payloadSize = 0, payloadHash = 0;
    std::uint64_t ownHash = 0; ///< of all before
};
static_assert(sizeof(Header) == 112 && std::is_trivially_copyable_v<Header>);

/// Of what follows the header.
struct Payload {
    std::uint64_t size = 0, hash = 0;
};

Payload payloadOf(std::string_view bytes) { return {.size = bytes.size(), .hash = XXH3_64bits(bytes.data(), bytes.size())}; }

Header headerOf(const SidecarKey& key, const Payload& payload)
{
    Header header{
        .magic = magic,
        .format = formatVersion,
        .byteOrder = byteOrderProof,
        .parser = parserVersion,
        .device = key.stamp.device,
        .inode = key.stamp.inode,
        .fileSize = key.stamp.size,
        .modifiedNs = key.stamp.modifiedNs,
        .changedNs = key.stamp.changedNs,
        .size = key.size,
        .samples = key.samples,
        .dialect = static_cast<std::uint64_t>(key.dialect),
        .payloadSize = payload.size,
        .payloadHash = payload.hash,
    };
    header.ownHash = XXH3_64bits(&header, offsetof(Header, ownHash));
    return header;
}

// --- writing -----------------------------------------------------------------------------------------------------------

template <class T>
concept Number = std::is_arithmetic_v<T> || std::is_enum_v<T>;

/// Hands over what it is given in pieces, so that the index is not held a second time.
class Writer
{
public:
    explicit Writer(const SidecarSink& sink)
        : m_sink(sink)
    {
        m_piece.reserve(pieceSize);
    }
    /// The last piece. False: the sink refused one.
    [[nodiscard]] bool finish()
    {
        handOver();
        return m_taken;
    }

    template <class... T>
    void operator()(const T&... values)
    {
        (put(values), ...);
    }

private:
    static constexpr std::size_t pieceSize = 64 * 1024;

    void handOver()
    {
        m_taken = m_taken && m_sink(m_piece);
        m_piece.clear();
    }
    void append(const char* bytes, std::size_t size)
    {
        if (m_piece.size() + size > pieceSize)
            handOver();
        m_piece.append(bytes, size);
    }
    template <Number T>
    void put(const T& value)
    {
        append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void put(const std::string& text)
    {
        put(text.size());
        append(text.data(), text.size());
    }
    template <class T>
    void put(const std::optional<T>& value)
    {
        put(value.has_value());
        if (value)
            put(*value);
    }
    template <class T, std::size_t count>
    void put(const std::array<T, count>& values)
    {
        for (const T& value : values)
            put(value);
    }
    template <class T>
    void putAll(const T& values)
    {
        put(values.size());
        for (const auto& value : values)
            put(value);
    }
    template <class T>
    void put(const std::vector<T>& values) { putAll(values); }
    template <class T>
    void put(const std::set<T>& values) { putAll(values); }
    template <class K, class V>
    void put(const std::map<K, V>& values)
    {
        put(values.size());
        for (const auto& [key, value] : values)
            (*this)(key, value);
    }
    /// What checkpoints share is written once, before the first of them.
    void put(const std::vector<Checkpoint>& checkpoints)
    {
        put(checkpoints.size());
        const MachineState* last = nullptr;
        for (const Checkpoint& checkpoint : checkpoints) {
            const bool isNew = checkpoint.rest.get() != last;
            (*this)(checkpoint.byte, checkpoint.line, checkpoint.hot, isNew);
            if (isNew)
                put(*checkpoint.rest);
            last = checkpoint.rest.get();
        }
    }
    template <class T>
        requires std::is_class_v<T>
    void put(const T& value)
    {
        fields(*this, value);
    }

    const SidecarSink& m_sink;
    std::string m_piece;
    bool m_taken = true;
};

bool writePayload(const FileIndex& index, const std::string& map, const SidecarSink& sink)
{
    Writer writer(sink);
    fields(writer, index);
    writer(map);
    return writer.finish();
}

std::string_view bytesOf(const Header& header) { return {reinterpret_cast<const char*>(&header), sizeof header}; }

// --- reading -----------------------------------------------------------------------------------------------------------

template <class T>
constexpr T largest = std::numeric_limits<T>::max();
template <>
constexpr SetBy largest<SetBy> = SetBy::Declared;
template <>
constexpr Dialect largest<Dialect> = Dialect::Marlin1;
template <>
constexpr Slicer largest<Slicer> = Slicer::Slic3r;

class Reader
{
public:
    explicit Reader(std::span<const std::byte> bytes)
        : m_at(bytes.data())
        , m_end(bytes.data() + bytes.size())
    {
    }
    [[nodiscard]] bool isDone() const { return m_ok && m_at == m_end; }

    template <class... T>
    void operator()(T&... values)
    {
        (get(values), ...);
    }

private:
    [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(m_end - m_at); }
    void stop()
    {
        m_ok = false;
        m_at = m_end;
    }
    void get(bool& value)
    {
        std::uint8_t byte = 0;
        get(byte);
        if (byte > 1)
            stop();
        value = byte == 1;
    }
    template <Number T>
    void get(T& value)
    {
        if (left() < sizeof value)
            return stop();
        std::memcpy(&value, m_at, sizeof value);
        m_at += sizeof value;
        if constexpr (std::is_enum_v<T>) {
            using Plain = std::underlying_type_t<T>;
            if (static_cast<Plain>(value) < 0 || static_cast<Plain>(value) > static_cast<Plain>(largest<T>)) {
                value = T{};
                stop();
            }
        }
    }
    /// Every element takes at least a byte: a count that promises more is a lie.
    [[nodiscard]] std::size_t count()
    {
        std::size_t value = 0;
        get(value);
        if (value > left()) {
            stop();
            return 0;
        }
        return value;
    }
    void get(std::string& text)
    {
        const std::size_t size = count();
        text.assign(reinterpret_cast<const char*>(m_at), size);
        m_at += size;
    }
    template <class T>
    void get(std::optional<T>& value)
    {
        bool has = false;
        get(has);
        if (has && m_ok)
            get(value.emplace());
    }
    template <class T, std::size_t size>
    void get(std::array<T, size>& values)
    {
        for (T& value : values)
            get(value);
    }
    template <class T>
    void get(std::vector<T>& values)
    {
        for (std::size_t more = count(); more > 0 && m_ok; --more)
            get(values.emplace_back());
    }
    template <class T>
    void get(std::set<T>& values)
    {
        for (std::size_t more = count(); more > 0 && m_ok; --more) {
            T value{};
            get(value);
            values.insert(values.end(), std::move(value));
        }
    }
    template <class K, class V>
    void get(std::map<K, V>& values)
    {
        for (std::size_t more = count(); more > 0 && m_ok; --more) {
            K key{};
            V value{};
            (*this)(key, value);
            values.insert_or_assign(values.end(), std::move(key), std::move(value));
        }
    }
    void get(std::vector<Checkpoint>& checkpoints)
    {
        std::shared_ptr<const MachineState> rest;
        for (std::size_t more = count(); more > 0 && m_ok; --more) {
            Checkpoint checkpoint{.rest = rest};
            bool isNew = false;
            (*this)(checkpoint.byte, checkpoint.line, checkpoint.hot, isNew);
            if (isNew) {
                auto state = std::make_shared<MachineState>();
                get(*state);
                checkpoint.rest = rest = std::move(state);
            }
            if (!checkpoint.rest)
                return stop();
            checkpoints.push_back(std::move(checkpoint));
        }
    }
    template <class T>
        requires std::is_class_v<T>
    void get(T& value)
    {
        fields(*this, value);
    }

    const std::byte* m_at;
    const std::byte* m_end;
    bool m_ok = true;
};

bool isUsable(const FileIndex& index)
{
    ByteOffset last = 0;
    for (std::size_t at = 0; at < index.layers.size(); ++at) {
        const Layer& layer = index.layers[at];
        const ByteOffset end = at + 1 < index.layers.size() ? index.layers[at + 1].begin : index.size;
        if (layer.index != at || layer.begin < last || layer.end != end || layer.begin > end || (layer.firstExtrusion && *layer.firstExtrusion > index.size))
            return false;
        last = layer.begin;
    }
    if (index.checkpoints.empty() || index.checkpoints.front().byte != 0 || index.checkpoints.front().line != 1)
        return false;
    for (std::size_t at = 1; at < index.checkpoints.size(); ++at) {
        const Checkpoint &before = index.checkpoints[at - 1], &checkpoint = index.checkpoints[at];
        if (checkpoint.byte <= before.byte || checkpoint.byte > index.size || checkpoint.line <= before.line || checkpoint.line > index.lines)
            return false;
    }
    return true;
}

Result<> addSample(const Source& source, XXH3_state_t& hash, std::vector<std::byte>& buffer, ByteOffset at, std::size_t size)
{
    const auto got = source.read(at, std::span(buffer).first(size));
    if (!got)
        return fail(got.error());
    XXH3_64bits_update(&hash, buffer.data(), *got);
    return {};
}

Result<std::uint64_t> sampleHash(const Source& source, std::uint64_t size)
{
    struct Free {
        void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
    };
    const std::unique_ptr<XXH3_state_t, Free> hash(XXH3_createState());
    XXH3_64bits_reset(hash.get());
    std::vector<std::byte> buffer(edgeSample);
    std::vector<std::pair<ByteOffset, std::size_t>> samples{{0, edgeSample}, {size - std::min<std::uint64_t>(size, edgeSample), edgeSample}};
    for (std::size_t block = 1; block <= sampledBlocks && size > 2 * edgeSample; ++block)
        samples.emplace_back(size / (sampledBlocks + 1) * block, blockSample);
    for (const auto& [at, length] : samples)
        if (const auto added = addSample(source, *hash, buffer, at, length); !added)
            return fail(added.error());
    return XXH3_64bits_digest(hash.get());
}

} // namespace

Result<SidecarKey> sidecarKey(const Source& source, Dialect dialect)
{
    const Source& file = fileOf(source);
    const auto stamp = file.stamp();
    const auto size = file.size();
    if (!stamp || !size)
        return fail(stamp ? size.error() : stamp.error());
    const auto samples = sampleHash(file, *size);
    if (!samples)
        return fail(samples.error());
    return SidecarKey{.stamp = *stamp, .size = *size, .samples = *samples, .dialect = dialect};
}

bool writeSidecar(const FileIndex& index, const SidecarKey& key, const std::string& map, const SidecarSink& sink)
{
    Payload payload;
    Hasher hash;
    const bool counted = writePayload(index, map, [&](std::string_view piece) {
        payload.size += piece.size();
        hash.add(std::as_bytes(std::span(piece)));
        return true;
    });
    payload.hash = hash.value();
    return counted && sink(bytesOf(headerOf(key, payload))) && writePayload(index, map, sink);
}

std::string writeSidecar(const FileIndex& index, const SidecarKey& key, const std::string& map)
{
    std::string bytes;
    const bool whole = writeSidecar(index, key, map, [&bytes](std::string_view piece) {
        bytes += piece;
        return true;
    });
    return whole ? bytes : std::string();
}

std::string sealedSidecar(std::string_view payload, const SidecarKey& key)
{
    std::string bytes(bytesOf(headerOf(key, payloadOf(payload))));
    bytes += payload;
    return bytes;
}

std::optional<FileIndex> readSidecar(std::span<const std::byte> bytes, const SidecarKey& key, std::string* map)
{
    Header header;
    if (bytes.size() < sizeof header)
        return std::nullopt;
    std::memcpy(&header, bytes.data(), sizeof header);
    const auto payload = bytes.subspan(sizeof header);
    // Cheap first: another version or another file is told without touching the rest.
    if (header.magic != magic || header.payloadSize != payload.size() || header.parser != parserVersion)
        return std::nullopt;
    const Header expected = headerOf(key, payloadOf({reinterpret_cast<const char*>(payload.data()), payload.size()}));
    if (std::memcmp(&header, &expected, sizeof header) != 0)
        return std::nullopt;
    FileIndex index;
    Reader reader(payload);
    std::string container;
    fields(reader, index);
    reader(container);
    const bool ours = index.fileSize == key.size && (!container.empty() || index.size == key.size) && index.dialect == key.dialect && index.stamp == key.stamp;
    if (!reader.isDone() || !ours || !isUsable(index))
        return std::nullopt;
    if (map)
        *map = std::move(container);
    return index;
}

} // namespace kintsugi::gcode
