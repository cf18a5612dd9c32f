// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/bgcodesource.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "gcode/hasher.h"

namespace kintsugi::gcode {

namespace {

using bgcode::Block;
using bgcode::BlockReader;
using bgcode::BlockType;

constexpr std::size_t cacheBytes = std::size_t{4} << 20;
constexpr std::size_t maxMetadataBytes = std::size_t{32} << 20;
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

} // namespace

BgcodeSource::BgcodeSource(std::unique_ptr<Source> file, bgcode::FileHeader header, FileStamp stamp)
    : m_file(std::move(file))
    , m_header(header)
    , m_stamp(stamp)
    , m_fileSize(stamp.size)
    , m_cache(cacheBytes)
{
}

Result<std::unique_ptr<BgcodeSource>> BgcodeSource::open(std::unique_ptr<Source> file, const Progress& progress)
{
    const auto stamp = file->stamp();
    if (!stamp)
        return fail(stamp.error());
    const auto header = bgcode::readFileHeader(*file);
    if (!header)
        return fail(header.error());
    std::unique_ptr<BgcodeSource> source(new BgcodeSource(std::move(file), *header, *stamp));
    const auto done = source->readBlocks(progress);
    const auto stampAfter = source->stamp();
    if (stampAfter && *stampAfter != *stamp)
        return changed(source->file());
    if (!done)
        return fail(done.error());
    if (source->m_pieces.empty())
        return fail(ErrorCode::FileNotGcode, "no block of G-code", source->name());
    return source;
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
