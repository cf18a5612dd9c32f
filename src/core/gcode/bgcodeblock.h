// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "gcode/heatshrink.h"
#include "gcode/source.h"

/// The blocks of binary G-code (.bgcode) version 1, all little endian. Facts: Prusa's specification of libbgcode, and the
/// printer's own reader for what it accepts.
namespace kintsugi::gcode::bgcode {

enum class BlockType : std::uint16_t { FileMetadata = 0, Gcode = 1, SlicerMetadata = 2, PrinterMetadata = 3, PrintMetadata = 4, Thumbnail = 5 };
enum class Compression : std::uint16_t { None = 0, Deflate = 1, Heatshrink11 = 2, Heatshrink12 = 3 };
enum class Encoding : std::uint16_t { None = 0, MeatPack = 1, MeatPackComments = 2 };

inline constexpr std::uint16_t iniEncoding = 0; ///< of metadata; 1 is JSON

inline constexpr std::string_view magic = "GCDE";
inline constexpr std::size_t fileHeaderBytes = 10; ///< magic, version u32, checksum kind u16
/// Slicers write 64 KiB; beyond this a header lies.
inline constexpr std::uint32_t maxBlockBytes = 16U << 20;

struct FileHeader {
    bool crc32 = true; ///< each block ends with the CRC32 of all its other bytes
    [[nodiscard]] std::size_t checksumBytes() const { return crc32 ? 4 : 0; }
};

struct Block {
    std::size_t number = 0;         ///< in the file, from 0
    ByteOffset begin = 0;           ///< of its header in the file
    BlockType type = BlockType::Gcode;
    Compression compression = Compression::None;
    std::uint32_t plainBytes = 0;   ///< after decompression (and before MeatPack is undone), as the header says
    std::uint32_t packedBytes = 0;  ///< in the file
    [[nodiscard]] std::size_t headerBytes() const { return compression == Compression::None ? 8 : 12; }
    [[nodiscard]] std::size_t parameterBytes() const { return type == BlockType::Thumbnail ? 6 : 2; }
    [[nodiscard]] ByteOffset dataBegin() const { return begin + headerBytes() + parameterBytes(); }
    [[nodiscard]] ByteOffset end(const FileHeader& file) const { return dataBegin() + packedBytes + file.checksumBytes(); }
    [[nodiscard]] bool isMetadata() const { return type != BlockType::Gcode && type != BlockType::Thumbnail; }
};

/// FileDamaged, NotSupported (version, checksum kind).
[[nodiscard]] Result<FileHeader> readFileHeader(const Source& file);
/// FileDamaged when the header makes no sense or the block does not fit into `fileSize`; NotSupported for a kind of block,
/// compression or encoding this program does not know.
[[nodiscard]] Result<Block> readBlockHeader(const Source& file, const FileHeader& header, ByteOffset begin, std::size_t number,
                                            std::uint64_t fileSize);

/// "block 7 (G-code): " + what, at the block's byte.
[[nodiscard]] Error blockError(const Source& file, const Block& block, std::string_view what, ErrorCode code = ErrorCode::FileDamaged);

[[nodiscard]] std::uint16_t readU16(std::span<const char> bytes, std::size_t at);
[[nodiscard]] std::uint32_t readU32(std::span<const char> bytes, std::size_t at);

/// Reads and decodes blocks one after another; keeps its buffers.
class BlockReader
{
public:
    BlockReader(const Source& file, FileHeader header) : m_file(file), m_header(header) {}
    /// All bytes of the block, checked against their CRC. Valid until the next call.
    [[nodiscard]] Result<std::span<const char>> read(const Block& block);
    /// read(), decompressed and, G-code, decoded. Metadata stay in their own encoding.
    [[nodiscard]] Result<> decode(const Block& block, std::string& text);
    /// Of the block read last.
    [[nodiscard]] std::span<const char> bytes() const { return m_raw; }
    /// Of the block read last: the u16 at this place after its header.
    [[nodiscard]] std::uint16_t parameter(const Block& block, std::size_t index = 0) const;

private:
    [[nodiscard]] Result<std::span<const char>> decompress(const Block& block, std::span<const char> packed);

    const Source& m_file;
    FileHeader m_header;
    std::vector<char> m_raw, m_inflated;
    HeatshrinkDecoder m_heatshrink;
};

} // namespace kintsugi::gcode::bgcode
