// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/bgcodesource.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "gcode/hasher.h"

namespace kintsugi::gcode {

namespace {

using bgcode::Block;
using bgcode::BlockReader;
using bgcode::BlockType;

constexpr std::size_t cacheBytes = std::size_t{4} << 20;
constexpr std::size_t maxMetadataBytes = std::size_t{32} << 20;
constexpr unsigned maxMeatExpansion = 2; ///< two characters in a byte
constexpr std::size_t maxThumbnails = 1000;
constexpr std::size_t maxBlocks = 1'000'000; ///< 64 GB of text in usual blocks
/// Real G-code shrinks to a tenth; only a trap shrinks further than this.
constexpr std::uint64_t maxExpansion = 200;
constexpr std::uint64_t alwaysAllowed = std::uint64_t{256} << 20;

auto changed(const Source& file)
{
    return fail(ErrorCode::FileChanged, "the file changed while it was read", file.name());
}

auto outside(const Source& file, ByteOffset byte)
{
    Error error{.code = ErrorCode::BadByte, .file = file.name()};
    error.byte = byte;
    return fail(std::move(error));
}

ContainerMetadata::Thumbnail thumbnail(const Block& block, const BlockReader& reader)
{
    using Format = ContainerMetadata::Thumbnail::Format;
    const std::uint16_t format = reader.parameter(block, 0);
    return {.format = format < 3 ? static_cast<Format>(format) : Format::Other,
            .width = reader.parameter(block, 1),
            .height = reader.parameter(block, 2),
            .fileByte = block.dataBegin(),
            .bytes = block.packedBytes};
}

void addPairs(std::string_view ini, ContainerMetadata::Pairs& pairs)
{
    while (!ini.empty()) {
        const std::size_t end = std::min(ini.find('\n'), ini.size());
        const std::string_view line = ini.substr(0, end);
        if (const std::size_t equals = line.find('='); equals != line.npos)
            pairs.emplace_back(line.substr(0, equals), line.substr(equals + 1));
        ini.remove_prefix(std::min(end + 1, ini.size()));
    }
}

/// How far the print is, in %, by the last M73 P of the text.
std::optional<int> lastProgress(std::string_view text)
{
    for (std::size_t at = text.rfind("M73"); at != text.npos; at = at == 0 ? text.npos : text.rfind("M73", at - 1)) {
        if (at > 0 && text[at - 1] != '\n')
            continue;
        std::string_view words = text.substr(at + 3, text.find_first_of("\n;", at) - at - 3);
        const std::size_t p = words.find('P');
        int percent = 0;
        if (p != words.npos && std::from_chars(words.data() + p + 1, words.data() + words.size(), percent).ec == std::errc())
            return percent;
    }
    return std::nullopt;
}

struct PieceFact {
    std::uint32_t text = 0;
    std::uint16_t encoding = 0;
};

} // namespace

BgcodeSource::BgcodeSource(std::unique_ptr<Source> file, bgcode::FileHeader header, FileStamp stamp)
    : m_file(std::move(file))
    , m_header(header)
    , m_stamp(stamp)
    , m_fileSize(stamp.size)
    , m_cache(cacheBytes)
{
}

/// xxh3 u64, then of each piece: bytes of text u32, encoding u16.
struct BgcodeSource::Map {
    std::uint64_t xxh3 = 0;
    std::vector<PieceFact> pieces;

    [[nodiscard]] static std::optional<Map> read(std::string_view bytes)
    {
        constexpr std::size_t head = 8, each = 6;
        if (bytes.size() < head || (bytes.size() - head) % each != 0)
            return std::nullopt;
        Map map;
        std::memcpy(&map.xxh3, bytes.data(), head);
        for (bytes.remove_prefix(head); !bytes.empty(); bytes.remove_prefix(each)) {
            PieceFact& piece = map.pieces.emplace_back();
            std::memcpy(&piece.text, bytes.data(), sizeof piece.text);
            std::memcpy(&piece.encoding, bytes.data() + sizeof piece.text, sizeof piece.encoding);
        }
        return map;
    }
};

std::string BgcodeSource::map() const
{
    std::string bytes(reinterpret_cast<const char*>(&m_xxh3), sizeof m_xxh3);
    for (std::size_t at = 0; at < m_pieces.size(); ++at) {
        const PieceFact piece{static_cast<std::uint32_t>(endOf(at) - m_pieces[at].begin), static_cast<std::uint16_t>(m_pieces[at].encoding)};
        bytes.append(reinterpret_cast<const char*>(&piece.text), sizeof piece.text);
        bytes.append(reinterpret_cast<const char*>(&piece.encoding), sizeof piece.encoding);
    }
    return bytes;
}

Result<std::unique_ptr<BgcodeSource>> BgcodeSource::open(std::unique_ptr<Source> file, const Progress& progress, std::string_view map)
{
    const auto stamp = file->stamp();
    if (!stamp)
        return fail(stamp.error());
    const auto header = bgcode::readFileHeader(*file);
    if (!header)
        return fail(header.error());
    std::unique_ptr<BgcodeSource> source(new BgcodeSource(std::move(file), *header, *stamp));
    const auto known = Map::read(map);
    Result<> done = known ? source->walkBlocks(*known) : fail(ErrorCode::BadValue);
    if (!done) {
        source->forget();
        done = source->readBlocks(progress);
    }
    const auto stampAfter = source->stamp();
    if (stampAfter && *stampAfter != *stamp)
        return changed(source->file());
    if (!done)
        return fail(done.error());
    return source;
}

void BgcodeSource::forget()
{
    m_size = m_xxh3 = 0;
    m_metadataBytes = 0;
    m_metadata = {};
    m_pieces.clear();
}

/// Headers and metadata alone.
Result<> BgcodeSource::walkBlocks(const Map& map)
{
    BlockReader reader(*m_file, m_header);
    std::string text;
    auto piece = map.pieces.begin();
    ByteOffset at = bgcode::fileHeaderBytes;
    for (std::size_t number = 0; at < m_fileSize; ++number) {
        const auto block = bgcode::readBlockHeader(*m_file, m_header, at, number, m_fileSize);
        if (!block)
            return fail(block.error());
        at = block->end(m_header);
        if (block->type != BlockType::Gcode) {
            if (auto added = addBlock(*block, reader, text); !added)
                return added;
            continue;
        }
        if (piece == map.pieces.end() || piece->text > std::uint64_t{maxMeatExpansion} * block->plainBytes)
            return changed(*m_file);
        m_pieces.push_back({m_size, *block, static_cast<bgcode::Encoding>(piece->encoding)});
        m_size += piece->text;
        ++piece;
    }
    m_xxh3 = map.xxh3;
    return piece == map.pieces.end() && !m_pieces.empty() ? Result<>() : changed(*m_file);
}

Result<> BgcodeSource::readBlocks(const Progress& progress)
{
    Hasher hash;
    std::array<std::byte, bgcode::fileHeaderBytes> head{};
    if (const auto count = m_file->read(0, head); !count || *count < head.size())
        return changed(*m_file);
    hash.add(head);
    BlockReader reader(*m_file, m_header);
    std::string text;
    ByteOffset at = head.size();
    for (std::size_t number = 0; at < m_fileSize; ++number) {
        const auto block = bgcode::readBlockHeader(*m_file, m_header, at, number, m_fileSize);
        if (!block)
            return fail(block.error());
        if (number == maxBlocks)
            return fail(bgcode::blockError(*m_file, *block, "too many blocks", ErrorCode::NotSupported));
        if (auto added = addBlock(*block, reader, text); !added)
            return added;
        hash.add(std::as_bytes(reader.bytes()));
        at = block->end(m_header);
        if (progress && !progress(static_cast<double>(at) / static_cast<double>(m_fileSize)))
            return fail(ErrorCode::Cancelled, {}, name());
    }
    m_xxh3 = hash.value();
    return checkEnd();
}

/// The format has no mark of its end: a file cut between two blocks is told by what it says of itself.
Result<> BgcodeSource::checkEnd() const
{
    constexpr std::size_t farEnough = 64; // pieces; slicers write M73 at least once a minute of printing
    const auto cut = [this](std::string what) {
        Error error{.code = ErrorCode::FileDamaged, .detail = std::move(what), .file = name()};
        error.byte = m_fileSize;
        return fail(std::move(error));
    };
    if (m_pieces.empty())
        return cut("the file ends before its first block of G-code");
    BlockReader reader(*m_file, m_header);
    std::string last;
    for (std::size_t back = 1; back <= std::min(m_pieces.size(), farEnough); ++back) {
        if (auto decoded = reader.decode(m_pieces[m_pieces.size() - back].block, last); !decoded)
            return decoded;
        const auto percent = lastProgress(last);
        if (percent && *percent > 0 && *percent < 100) // a start macro may say 0 and nothing more
            return cut("the file ends after " + std::to_string(*percent) + " % of the print");
        if (percent)
            break;
    }
    return {};
}

Result<> BgcodeSource::addBlock(const Block& block, BlockReader& reader, std::string& text)
{
    if (block.type == BlockType::Thumbnail) {
        if (auto bytes = reader.read(block); !bytes)
            return fail(bytes.error());
        if (m_metadata.thumbnails.size() < maxThumbnails)
            m_metadata.thumbnails.push_back(thumbnail(block, reader));
        return {};
    }
    if (auto decoded = reader.decode(block, text); !decoded)
        return decoded;
    if (block.isMetadata() && reader.parameter(block) != bgcode::iniEncoding)
        return {}; // nothing in it is needed to print
    switch (block.type) {
    case BlockType::FileMetadata: return addMetadata(block, text, m_metadata.file);
    case BlockType::SlicerMetadata: return addMetadata(block, text, m_metadata.slicer);
    case BlockType::PrinterMetadata: return addMetadata(block, text, m_metadata.printer);
    case BlockType::PrintMetadata: return addMetadata(block, text, m_metadata.print);
    case BlockType::Gcode:
    case BlockType::Thumbnail: break;
    }
    m_pieces.push_back({m_size, block, static_cast<bgcode::Encoding>(reader.parameter(block))});
    m_size += text.size();
    if (m_size > alwaysAllowed && m_size / maxExpansion > block.end(m_header))
        return fail(bgcode::blockError(*m_file, block, "the text is more than 200 times as long as the file"));
    return {};
}

Result<> BgcodeSource::addMetadata(const Block& block, std::string_view text, ContainerMetadata::Pairs& pairs)
{
    m_metadataBytes += text.size();
    if (m_metadataBytes > maxMetadataBytes)
        return fail(bgcode::blockError(*m_file, block, "too much metadata"));
    addPairs(text, pairs);
    return {};
}

ByteOffset BgcodeSource::endOf(std::size_t piece) const
{
    return piece + 1 < m_pieces.size() ? m_pieces[piece + 1].begin : m_size;
}

const BgcodeSource::Piece& BgcodeSource::pieceAt(ByteOffset byte) const
{
    // Of pieces that begin at the same byte all but the last are empty.
    return *std::prev(std::ranges::upper_bound(m_pieces, byte, {}, &Piece::begin));
}

Result<TextCache::Text> BgcodeSource::text(std::size_t piece) const
{
    if (auto kept = m_cache.find(piece))
        return kept;
    std::string text;
    const auto decoded = BlockReader(*m_file, m_header).decode(m_pieces[piece].block, text);
    if (!decoded || text.size() != endOf(piece) - m_pieces[piece].begin) {
        // What was right when the file was opened is wrong now.
        const auto now = stamp();
        if (!decoded && now && *now == m_stamp)
            return fail(decoded.error());
        return changed(*m_file);
    }
    text.shrink_to_fit();
    auto kept = std::make_shared<const std::string>(std::move(text));
    m_cache.keep(piece, kept);
    return kept;
}

Result<std::size_t> BgcodeSource::read(ByteOffset offset, std::span<std::byte> bytes) const
{
    std::size_t done = 0;
    while (done < bytes.size() && offset < m_size) {
        const Piece& piece = pieceAt(offset);
        const auto decoded = text(static_cast<std::size_t>(&piece - m_pieces.data()));
        if (!decoded)
            return fail(decoded.error());
        const std::string_view rest = std::string_view(**decoded).substr(offset - piece.begin);
        const std::size_t count = std::min(rest.size(), bytes.size() - done);
        std::memcpy(bytes.data() + done, rest.data(), count);
        done += count;
        offset += count;
    }
    return done;
}

Result<ContainerPlace> BgcodeSource::placeOf(ByteOffset byte) const
{
    if (byte > m_size)
        return outside(*m_file, byte);
    const Piece& piece = pieceAt(byte);
    return ContainerPlace{piece.block.number, byte - piece.begin, piece.block.begin};
}

Result<ByteOffset> BgcodeSource::byteAt(const ContainerPlace& place) const
{
    const auto number = [](const Piece& piece) { return piece.block.number; };
    const auto found = std::ranges::lower_bound(m_pieces, place.block, {}, number);
    if (found == m_pieces.end() || number(*found) != place.block)
        return outside(*m_file, place.inBlock);
    if (place.inBlock > endOf(static_cast<std::size_t>(found - m_pieces.begin())) - found->begin)
        return outside(*m_file, place.inBlock);
    return found->begin + place.inBlock;
}

} // namespace kintsugi::gcode
