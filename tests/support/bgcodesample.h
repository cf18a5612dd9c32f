// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Makes binary G-code as a slicer does, in all its kinds.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#define ZLIB_CONST
#include <zlib.h>

#include "gcode/bgcodeblock.h"

namespace kintsugi::test {

using gcode::bgcode::BlockType;
using gcode::bgcode::Compression;
using gcode::bgcode::Encoding;

struct BgcodeOptions {
    Compression compression = Compression::None;
    Encoding encoding = Encoding::None;
    bool crc32 = true;
    bool omitBlanks = false;           ///< of lines with G and a digit, as slicers do
    std::size_t blockText = 65536;     ///< bytes of text in a block at most
    Compression metadata = Compression::None;
    std::string filament = "1.5";      ///< mm, one number or several
};

inline void putU16(std::string& out, unsigned value)
{
    out.push_back(static_cast<char>(value & 0xFF));
    out.push_back(static_cast<char>(value >> 8 & 0xFF));
}

inline void putU32(std::string& out, std::uint32_t value)
{
    putU16(out, value & 0xFFFF);
    putU16(out, value >> 16);
}

inline std::string deflated(std::string_view bytes)
{
    uLongf size = compressBound(static_cast<uLong>(bytes.size()));
    std::string out(size, '\0');
    compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()), 6);
    out.resize(size);
    return out;
}

inline std::string packed(std::string_view bytes, Compression compression)
{
    switch (compression) {
    case Compression::None: break;
    case Compression::Deflate: return deflated(bytes);
    case Compression::Heatshrink11: return gcode::packHeatshrink(bytes, 11);
    case Compression::Heatshrink12: return gcode::packHeatshrink(bytes, 12);
    }
    return std::string(bytes);
}

/// Header, parameters, data, checksum. `plainBytes` is what the header says.
inline std::string rawBlock(BlockType type, Compression compression, std::string_view parameters, std::string_view data, std::size_t plainBytes,
                            bool crc32)
{
    std::string out;
    putU16(out, static_cast<unsigned>(type));
    putU16(out, static_cast<unsigned>(compression));
    putU32(out, static_cast<std::uint32_t>(plainBytes));
    if (compression != Compression::None)
        putU32(out, static_cast<std::uint32_t>(data.size()));
    out.append(parameters).append(data);
    if (crc32)
        putU32(out, static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size())));
    return out;
}

/// What the text is after a slicer's packing: comments and blanks of moves may be gone.
inline std::string meatText(std::string_view line, const BgcodeOptions& options)
{
    const std::size_t g = line.find('G');
    const bool move = g != line.npos && g + 1 < line.size() && line[g + 1] >= '0' && line[g + 1] <= '9' && line[0] != ';';
    std::string out(line);
    if (options.omitBlanks && move)
        std::erase(out, ' ');
    return out;
}

inline std::string meatPacked(std::string_view text, const BgcodeOptions& options)
{
    const std::string characters = options.omitBlanks ? "0123456789.E\nGX" : "0123456789. \nGX";
    const auto code = [&](char c) { return static_cast<unsigned>(std::min<std::size_t>(characters.find(c), 15)); };
    std::string out = "\xFF\xFF\xFB";
    if (options.omitBlanks)
        out += "\xFF\xFF\xF7";
    bool packing = true;
    while (!text.empty()) {
        const std::size_t length = std::min(text.find('\n'), text.size() - 1) + 1;
        const std::string_view line = text.substr(0, length);
        text.remove_prefix(length);
        const bool verbatim = line.front() == ';' || line.back() != '\n'; // an odd end could not be packed
        if (packing == verbatim)
            out += verbatim ? "\xFF\xFF\xFA" : "\xFF\xFF\xFB";
        packing = !verbatim;
        if (verbatim) {
            out += line;
            continue;
        }
        for (std::size_t at = 0; at < line.size(); at += 2) {
            const char first = line[at];
            const char second = at + 1 < line.size() ? line[at + 1] : '\n';
            out.push_back(static_cast<char>(code(first) | code(second) << 4));
            if (code(first) == 15)
                out.push_back(first);
            if (code(second) == 15)
                out.push_back(second);
        }
    }
    return out;
}

struct BgcodeSample {
    std::string bytes; ///< the file
    std::string text;  ///< what it decodes to
    std::vector<std::size_t> blocks; ///< where each block begins in the file
    std::vector<std::size_t> texts;  ///< where each block of G-code begins in the text
    std::size_t firstGcode = 0;      ///< number of the first block of G-code
};

inline BgcodeSample makeBgcode(std::string_view source, const BgcodeOptions& options)
{
    BgcodeSample sample;
    std::string& out = sample.bytes;
    out = "GCDE";
    putU32(out, 1);
    putU16(out, options.crc32 ? 1 : 0);
    const auto add = [&](const std::string& block) {
        sample.blocks.push_back(out.size());
        out += block;
    };
    const std::string zero(2, '\0');
    const auto metadata = [&](BlockType type, const std::string& ini) {
        add(rawBlock(type, options.metadata, zero, packed(ini, options.metadata), ini.size(), options.crc32));
    };
    metadata(BlockType::FileMetadata, "Producer=PrusaSlicer 2.9.1\nProduced on=today\n");
    metadata(BlockType::PrinterMetadata, "printer_model=MK4\nfilament_type=PLA\n");
    const std::string picture = "\x89PNG not really";
    add(rawBlock(BlockType::Thumbnail, Compression::None, std::string("\0\0\x10\0\x20\0", 6), picture, picture.size(), options.crc32));
    metadata(BlockType::PrintMetadata, "filament used [mm]=" + options.filament + "\n");
    metadata(BlockType::SlicerMetadata, "layer_height=0.2\nnotes=a=b\nno value\n");
    sample.firstGcode = sample.blocks.size();
    std::string plain;
    const auto flush = [&] {
        if (plain.empty())
            return;
        sample.texts.push_back(sample.text.size());
        sample.text += plain;
        const std::string encoded = options.encoding == Encoding::None ? plain : meatPacked(plain, options);
        std::string parameters;
        putU16(parameters, static_cast<unsigned>(options.encoding));
        add(rawBlock(BlockType::Gcode, options.compression, parameters, packed(encoded, options.compression), encoded.size(), options.crc32));
        plain.clear();
    };
    while (!source.empty()) {
        const std::size_t length = std::min(source.find('\n'), source.size() - 1) + 1;
        const std::string line = options.encoding == Encoding::None ? std::string(source.substr(0, length)) : meatText(source.substr(0, length), options);
        source.remove_prefix(length);
        const bool dropped = options.encoding == Encoding::MeatPack && line.front() == ';';
        if (plain.size() + line.size() > options.blockText)
            flush();
        if (!dropped)
            plain += line;
    }
    flush();
    return sample;
}

} // namespace kintsugi::test
