// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "gcode/source.h"
#include "gcode/textcache.h"

namespace kintsugi::gcode {

class GzCursor;

/// The text of a gzip file, of one member or several. Opening reads it once, checks every CRC and keeps points from which
/// decoding can begin, at least a megabyte apart and at most a thousand, 32 KiB each. With a map of an earlier time nothing
/// is read.
class GzSource final : public Source
{
public:
    /// FileDamaged (`byte` is the file's; a cut file is one), FileChanged, NotSupported, Cancelled.
    /// `map` is believed when it makes sense; whoever gives one answers for the content.
    [[nodiscard]] static Result<std::unique_ptr<GzSource>> open(std::unique_ptr<Source> file, const Progress& progress = {},
                                                                std::string_view map = {});
    /// What reading all of it told: hash, size, members and the points.
    [[nodiscard]] std::string map() const;
    [[nodiscard]] const Source& file() const { return *m_file; }
    ~GzSource() override;
    GzSource(const GzSource&) = delete;
    GzSource& operator=(const GzSource&) = delete;

    [[nodiscard]] Result<std::uint64_t> size() const override { return m_size; }
    [[nodiscard]] Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const override;
    [[nodiscard]] Result<FileStamp> stamp() const override { return m_file->stamp(); }
    [[nodiscard]] std::string name() const override { return m_file->name(); }
    [[nodiscard]] Container container() const override { return Container::Gzip; }
    [[nodiscard]] Result<std::uint64_t> fileSize() const override { return m_stamp.size; }
    [[nodiscard]] std::optional<std::uint64_t> fileXxh3() const override { return m_xxh3; }
    [[nodiscard]] Result<ContainerPlace> placeOf(ByteOffset byte) const override;
    [[nodiscard]] Result<ByteOffset> byteAt(const ContainerPlace& place) const override;
    [[nodiscard]] int descriptor() const override { return m_file->descriptor(); }

    struct Member { ByteOffset text = 0, file = 0; }; ///< where it begins
    /// Decoding can begin here: at a member (no window), or between two blocks of deflate.
    struct Point {
        ByteOffset text = 0, file = 0;
        int bits = 0;                  ///< of the byte before `file` that still count
        std::vector<unsigned char> window;
    };

private:
    GzSource(std::unique_ptr<Source> file, FileStamp stamp);
    Result<> scan(const Progress& progress);
    [[nodiscard]] bool readMap(std::string_view map);
    void keepPoint(const GzCursor& cursor);
    [[nodiscard]] Result<TextCache::Text> page(std::uint64_t number) const;
    [[nodiscard]] Result<std::unique_ptr<GzCursor>> cursorBefore(ByteOffset text) const;
    [[nodiscard]] ByteOffset endOf(std::size_t member) const;

    std::unique_ptr<Source> m_file;
    FileStamp m_stamp; ///< when it was opened
    std::uint64_t m_size = 0, m_xxh3 = 0;
    std::uint64_t m_spacing;
    std::vector<Member> m_members;
    std::vector<Point> m_points;
    mutable TextCache m_pages;
    mutable std::mutex m_mutex;
    mutable std::vector<std::unique_ptr<GzCursor>> m_idle; ///< where readers stopped; the newest last
};

} // namespace kintsugi::gcode
