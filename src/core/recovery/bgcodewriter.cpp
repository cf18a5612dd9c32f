// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/bgcodewriter.h"

#define ZLIB_CONST
#include <zlib.h>

namespace kintsugi::recovery {

namespace {

using gcode::BgcodeSource;
using gcode::bgcode::Block;
using gcode::bgcode::BlockType;
using gcode::bgcode::Compression;
using gcode::bgcode::Encoding;

constexpr std::size_t blockText = 65536;

void putU16(std::string& out, unsigned value)
{
    out.push_back(static_cast<char>(value & 0xFF));
    out.push_back(static_cast<char>(value >> 8 & 0xFF));
}

void putU32(std::string& out, std::uint32_t value)
{
    putU16(out, value & 0xFFFF);
    putU16(out, value >> 16);
}

std::string deflated(std::string_view text)
{
    uLongf size = compressBound(static_cast<uLong>(text.size()));
    std::string out(size, '\0');
    compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()), static_cast<uLong>(text.size()));
    out.resize(size);
    return out;
}

std::string packed(std::string_view text, Compression compression)
{
    switch (compression) {
    case Compression::None: break;
    case Compression::Deflate: return deflated(text);
    case Compression::Heatshrink11: return gcode::packHeatshrink(text, 11);
    case Compression::Heatshrink12: return gcode::packHeatshrink(text, 12);
    }
    return std::string(text);
}

Result<std::string> textOf(const BgcodeSource& source, ByteOffset begin, ByteOffset end)
{
    std::string text(static_cast<std::size_t>(end - begin), '\0');
    const auto count = source.read(begin, std::as_writable_bytes(std::span(text)));
    if (!count)
        return fail(count.error());
    if (*count != text.size())
        return fail(ErrorCode::FileChanged, "the file became shorter", source.name());
    return text;
}

} // namespace

std::string gcodeBlock(std::string_view text, Compression compression, Encoding encoding, bool crc32)
{
    // Two bytes 255 would be a command of MeatPack.
    if (text.find("\xFF\xFF") != text.npos)
        encoding = Encoding::None;
    const std::string data = packed(text, compression);
    std::string block;
    putU16(block, static_cast<unsigned>(BlockType::Gcode));
    putU16(block, static_cast<unsigned>(compression));
    putU32(block, static_cast<std::uint32_t>(text.size()));
    if (compression != Compression::None)
        putU32(block, static_cast<std::uint32_t>(data.size()));
    putU16(block, static_cast<unsigned>(encoding));
    block += data;
    if (crc32)
        putU32(block, static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(block.data()), block.size())));
    return block;
}

std::vector<std::string_view> cutIntoBlocks(std::string_view text)
{
    std::vector<std::string_view> blocks;
    while (text.size() > blockText) {
        const std::size_t lineEnd = text.rfind('\n', blockText - 1);
        const std::size_t length = lineEnd == text.npos ? blockText : lineEnd + 1;
        blocks.push_back(text.substr(0, length));
        text.remove_prefix(length);
    }
    if (!text.empty())
        blocks.push_back(text);
    return blocks;
}

Result<> writeBgcode(const BgcodeSource& source, std::string_view head, ByteOffset byte, NewFile& file, const gcode::Progress& progress)
{
    const auto size = source.fileSize();
    if (!size)
        return fail(size.error());
    const auto& pieces = source.pieces();
    const BgcodeSource::Piece& cut = source.pieceAt(byte);
    const bool last = &cut == &pieces.back();
    const BgcodeSource::Piece& like = last ? cut : *std::next(&cut);
    const ByteOffset cutEnd = last ? *source.size() : like.begin;
    const auto rest = textOf(source, byte, cutEnd);
    if (!rest)
        return fail(rest.error());
    if (auto done = file.append(source.file(), 0, pieces.front().block.begin); !done)
        return done;
    const std::string text = std::string(head) + *rest;
    for (const std::string_view piece : cutIntoBlocks(text)) {
        if (auto done = file.write(gcodeBlock(piece, like.block.compression, like.encoding, source.header().crc32)); !done)
            return done;
    }
    return file.append(source.file(), cut.block.end(source.header()), *size, progress);
}

} // namespace kintsugi::recovery
