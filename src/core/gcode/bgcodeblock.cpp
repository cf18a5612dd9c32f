// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/bgcodeblock.h"

#include <algorithm>
#include <array>

#define ZLIB_CONST
#include <zlib.h>

#include "gcode/meatpack.h"

namespace kintsugi::gcode::bgcode {

namespace {

constexpr std::uint32_t knownVersion = 1;

std::string_view name(BlockType type)
{
    switch (type) {
    case BlockType::FileMetadata: return "file metadata";
    case BlockType::Gcode: return "G-code";
    case BlockType::SlicerMetadata: return "slicer metadata";
    case BlockType::PrinterMetadata: return "printer metadata";
    case BlockType::PrintMetadata: return "print metadata";
    case BlockType::Thumbnail: return "thumbnail";
    }
    return "unknown kind";
}

unsigned windowBits(Compression compression)
{
    return compression == Compression::Heatshrink11 ? 11 : 12;
}

/// Exactly plain.size() bytes from a zlib stream that ends with the packed bytes.
bool inflateAll(std::span<const char> packed, std::span<char> plain)
{
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK)
        return false;
    stream.next_in = reinterpret_cast<const Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out = static_cast<uInt>(plain.size());
    const bool ended = inflate(&stream, Z_FINISH) == Z_STREAM_END;
    const bool exact = ended && stream.avail_in == 0 && stream.avail_out == 0;
    inflateEnd(&stream);
    return exact;
}

Error fileError(const Source& file, ErrorCode code, std::string what, ByteOffset byte)
{
    Error error{.code = code, .detail = std::move(what), .file = file.name()};
    error.byte = byte;
    return error;
}

Result<std::size_t> readSome(const Source& file, ByteOffset begin, std::span<char> bytes)
{
    return file.read(begin, std::as_writable_bytes(bytes));
}

} // namespace

std::uint16_t readU16(std::span<const char> bytes, std::size_t at)
{
    const auto byte = [&](std::size_t offset) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[at + offset])); };
    return static_cast<std::uint16_t>(byte(0) | byte(1) << 8);
}

std::uint32_t readU32(std::span<const char> bytes, std::size_t at)
{
    return std::uint32_t{readU16(bytes, at)} | std::uint32_t{readU16(bytes, at + 2)} << 16;
}

Error blockError(const Source& file, const Block& block, std::string_view what, ErrorCode code)
{
    const std::string which = "block " + std::to_string(block.number) + " (" + std::string(name(block.type)) + "): ";
    return fileError(file, code, which + std::string(what), block.begin);
}

Result<FileHeader> readFileHeader(const Source& file)
{
    std::array<char, fileHeaderBytes> bytes{};
    const auto count = readSome(file, 0, bytes);
    if (!count)
        return fail(count.error());
    if (*count < bytes.size() || !std::string_view(bytes.data(), bytes.size()).starts_with(magic))
        return fail(fileError(file, ErrorCode::FileDamaged, "the header of the file is not complete", 0));
    const std::uint32_t version = readU32(bytes, 4);
    const std::uint16_t checksum = readU16(bytes, 8);
    if (version != knownVersion)
        return fail(fileError(file, ErrorCode::NotSupported, "binary G-code of version " + std::to_string(version), 4));
    if (checksum > 1)
        return fail(fileError(file, ErrorCode::NotSupported, "checksums of kind " + std::to_string(checksum), 8));
    return FileHeader{checksum == 1};
}

Result<Block> readBlockHeader(const Source& file, const FileHeader& header, ByteOffset begin, std::size_t number, std::uint64_t fileSize)
{
    std::array<char, 12> bytes{};
    const auto count = readSome(file, begin, bytes);
    if (!count)
        return fail(count.error());
    Block block{.number = number, .begin = begin};
    if (*count < 8)
        return fail(blockError(file, block, "the file ends inside its header"));
    const std::uint16_t type = readU16(bytes, 0);
    const std::uint16_t compression = readU16(bytes, 2);
    block.type = static_cast<BlockType>(type);
    if (type > static_cast<std::uint16_t>(BlockType::Thumbnail))
        return fail(blockError(file, block, "a block of type " + std::to_string(type), ErrorCode::NotSupported));
    if (compression > static_cast<std::uint16_t>(Compression::Heatshrink12))
        return fail(blockError(file, block, "a compression of kind " + std::to_string(compression), ErrorCode::NotSupported));
    block.compression = static_cast<Compression>(compression);
    block.plainBytes = readU32(bytes, 4);
    block.packedBytes = block.compression == Compression::None ? block.plainBytes : readU32(bytes, 8);
    if (block.plainBytes > maxBlockBytes || block.packedBytes > maxBlockBytes)
        return fail(blockError(file, block, "its header gives an impossible size"));
    if (*count < block.headerBytes() || block.end(header) > fileSize)
        return fail(blockError(file, block, "the file ends inside it"));
    return block;
}

Result<std::span<const char>> BlockReader::read(const Block& block)
{
    m_raw.resize(block.end(m_header) - block.begin);
    const auto count = readSome(m_file, block.begin, m_raw);
    if (!count)
        return fail(count.error());
    if (*count < m_raw.size())
        return fail(blockError(m_file, block, "the file ends inside it"));
    if (!m_header.crc32)
        return std::span<const char>(m_raw);
    const std::size_t covered = m_raw.size() - 4;
    const std::uint32_t actual = static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(m_raw.data()), covered));
    if (actual != readU32(m_raw, covered))
        return fail(blockError(m_file, block, "its checksum is wrong"));
    return std::span<const char>(m_raw);
}

std::uint16_t BlockReader::parameter(const Block& block, std::size_t index) const
{
    return readU16(m_raw, block.headerBytes() + 2 * index);
}

Result<> BlockReader::decode(const Block& block, std::string& text)
{
    if (auto bytes = read(block); !bytes)
        return fail(bytes.error());
    const std::uint16_t encoding = parameter(block);
    const bool gcode = block.type == BlockType::Gcode;
    if (gcode && encoding > static_cast<std::uint16_t>(Encoding::MeatPackComments))
        return fail(blockError(m_file, block, "an encoding of kind " + std::to_string(encoding), ErrorCode::NotSupported));
    const std::size_t dataAt = block.headerBytes() + block.parameterBytes();
    const auto plain = decompress(block, std::span(m_raw).subspan(dataAt, block.packedBytes));
    if (!plain)
        return fail(plain.error());
    if (!gcode || encoding == static_cast<std::uint16_t>(Encoding::None)) {
        text.assign(plain->data(), plain->size());
        return {};
    }
    if (const auto unpacked = unpackMeat(*plain, text); !unpacked)
        return fail(blockError(m_file, block, unpacked.error().detail));
    return {};
}

Result<std::span<const char>> BlockReader::decompress(const Block& block, std::span<const char> packed)
{
    switch (block.compression) {
    case Compression::None: break;
    case Compression::Deflate:
        m_inflated.resize(block.plainBytes);
        if (!inflateAll(packed, m_inflated))
            return fail(blockError(m_file, block, "the compressed data are wrong"));
        return std::span<const char>(m_inflated);
    case Compression::Heatshrink11:
    case Compression::Heatshrink12: {
        const auto plain = m_heatshrink.decode(packed, windowBits(block.compression), block.plainBytes);
        if (!plain)
            return fail(blockError(m_file, block, plain.error().detail));
        return *plain;
    }
    }
    return packed;
}

} // namespace kintsugi::gcode::bgcode
