// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "gcode/bgcodeblock.h"
#include "gcode/textcache.h"

namespace kintsugi::gcode {

/// The text of binary G-code. Opening decodes every block once, or none where a map of an earlier time is given; then one
/// is decoded when it is needed.
class BgcodeSource final : public Source
{
public:
    /// A piece of the text: one block of G-code.
    struct Piece {
        ByteOffset begin = 0;  ///< in the text
        bgcode::Block block;
        bgcode::Encoding encoding = bgcode::Encoding::None;
    };

    /// FileDamaged (also a file cut between two blocks, where its own text tells), NotSupported, FileChanged, Cancelled.
    /// `map` is believed when it fits the headers of the blocks; whoever gives one answers for the content.
    [[nodiscard]] static Result<std::unique_ptr<BgcodeSource>> open(std::unique_ptr<Source> file, const Progress& progress = {},
                                                                    std::string_view map = {});
    /// What decoding all of it told: the hash of the file and the length of each block's text.
    [[nodiscard]] std::string map() const;

    [[nodiscard]] Result<std::uint64_t> size() const override { return m_size; }
    [[nodiscard]] Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const override;
    [[nodiscard]] Result<FileStamp> stamp() const override { return m_file->stamp(); }
    [[nodiscard]] std::string name() const override { return m_file->name(); }
    [[nodiscard]] Container container() const override { return Container::BinaryGcode; }
    [[nodiscard]] Result<std::uint64_t> fileSize() const override { return m_fileSize; }
    [[nodiscard]] std::optional<std::uint64_t> fileXxh3() const override { return m_xxh3; }
    [[nodiscard]] Result<ContainerPlace> placeOf(ByteOffset byte) const override;
    [[nodiscard]] Result<ByteOffset> byteAt(const ContainerPlace& place) const override;
    [[nodiscard]] const ContainerMetadata* metadata() const override { return &m_metadata; }
    [[nodiscard]] int descriptor() const override { return m_file->descriptor(); }

    [[nodiscard]] const Source& file() const { return *m_file; }
    [[nodiscard]] const bgcode::FileHeader& header() const { return m_header; }
    [[nodiscard]] const std::vector<Piece>& pieces() const { return m_pieces; }
    /// The piece that holds the byte; the last one for the end of the text.
    [[nodiscard]] const Piece& pieceAt(ByteOffset byte) const;

private:
    BgcodeSource(std::unique_ptr<Source> file, bgcode::FileHeader header, FileStamp stamp);
    struct Map;
    void forget();
    Result<> readBlocks(const Progress& progress);
    Result<> walkBlocks(const Map& map);
    Result<> addBlock(const bgcode::Block& block, bgcode::BlockReader& reader, std::string& text);
    Result<> checkEnd() const;
    Result<> addMetadata(const bgcode::Block& block, std::string_view text, ContainerMetadata::Pairs& pairs);
    [[nodiscard]] Result<TextCache::Text> text(std::size_t piece) const;
    [[nodiscard]] ByteOffset endOf(std::size_t piece) const;

    std::unique_ptr<Source> m_file;
    bgcode::FileHeader m_header;
    FileStamp m_stamp; ///< when it was opened
    std::uint64_t m_fileSize = 0, m_size = 0, m_xxh3 = 0;
    std::size_t m_metadataBytes = 0;
    ContainerMetadata m_metadata;
    std::vector<Piece> m_pieces;
    mutable TextCache m_cache;
};

} // namespace kintsugi::gcode
