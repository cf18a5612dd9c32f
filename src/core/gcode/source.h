// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace kintsugi::gcode {

/// Identity of an open file, compared again before a resume is written.
struct FileStamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modifiedNs = 0; ///< ns since epoch UTC
    std::int64_t changedNs = 0;  ///< ns since epoch UTC, of the last change of content or attributes; nobody can set it back
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// Called now and then with the fraction done (0..1); returns false to cancel.
using Progress = std::function<bool(double)>;

/// What the G-code text is wrapped in.
enum class Container { None, Gzip, BinaryGcode };
[[nodiscard]] std::string_view name(Container container); ///< "none", "gzip", "bgcode"

/// Where a decoded byte lives in the file that holds it.
struct ContainerPlace {
    std::size_t block = 0;   ///< bgcode: number of the block in the file; gzip: number of the member; both from 0
    ByteOffset inBlock = 0;  ///< in the decoded text of that block
    ByteOffset fileByte = 0; ///< where the block begins in the file (no container: the byte itself)
    friend bool operator==(const ContainerPlace&, const ContainerPlace&) = default;
};

/// What a container says beside its G-code: the lines key=value of its INI texts, as they stand there.
struct ContainerMetadata {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    struct Thumbnail {
        enum class Format { Png, Jpg, Qoi, Other } format = Format::Other;
        std::uint16_t width = 0, height = 0; ///< pixels
        ByteOffset fileByte = 0;             ///< of the picture's own bytes in the file
        std::uint32_t bytes = 0;
    };
    Pairs file, printer, print, slicer;
    std::vector<Thumbnail> thumbnails;
    [[nodiscard]] std::string producer() const; ///< the program that wrote the file, e.g. "PrusaSlicer 2.5.0"; else empty
};

/// Random-access bytes of G-code text; of a container the decoded text. Reads are streamed (pread), never mapped: a file
/// cut while open is an error, not a signal. Reading from several threads at once is allowed.
class Source
{
public:
    virtual ~Source() = default;
    [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
    /// Reads up to bytes.size() bytes at offset; fewer only at the end of the file (0 = at or after it).
    [[nodiscard]] virtual Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const = 0;
    [[nodiscard]] virtual Result<FileStamp> stamp() const = 0; ///< of the file, also when it is a container
    [[nodiscard]] virtual std::string name() const = 0; ///< for messages

    [[nodiscard]] virtual Container container() const { return Container::None; }
    [[nodiscard]] virtual Result<std::uint64_t> fileSize() const { return size(); }
    /// XXH3-64 of a container's own bytes, known since it was opened; nullopt without one: then the text is the file.
    [[nodiscard]] virtual std::optional<std::uint64_t> fileXxh3() const { return std::nullopt; }
    /// Where a byte of the text lives; of the size itself: the end of the last block. BadByte beyond that.
    [[nodiscard]] virtual Result<ContainerPlace> placeOf(ByteOffset byte) const;
    /// The byte of the text at a place (its fileByte is not read). BadByte.
    [[nodiscard]] virtual Result<ByteOffset> byteAt(const ContainerPlace& place) const;
    /// nullptr without a container that has any.
    [[nodiscard]] virtual const ContainerMetadata* metadata() const { return nullptr; }
    /// Of the open file, container or not, for copies made by the kernel; -1 without one. Only to be read, by offset.
    [[nodiscard]] virtual int descriptor() const { return -1; }
};

class FileSource final : public Source
{
public:
    /// FileMissing, FileUnreadable (permission, a folder, a device).
    [[nodiscard]] static Result<std::unique_ptr<FileSource>> open(const std::filesystem::path& path);
    ~FileSource() override;
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;
    [[nodiscard]] Result<std::uint64_t> size() const override;
    [[nodiscard]] Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const override;
    [[nodiscard]] Result<FileStamp> stamp() const override;
    [[nodiscard]] std::string name() const override;
    [[nodiscard]] int descriptor() const override { return m_fd; }

private:
    FileSource(int fd, std::string path);
    int m_fd;
    std::string m_path;
};

/// Bytes in memory, for tests and small texts.
class MemorySource final : public Source
{
public:
    explicit MemorySource(std::string bytes, std::string name = "memory");
    [[nodiscard]] Result<std::uint64_t> size() const override;
    [[nodiscard]] Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const override;
    [[nodiscard]] Result<FileStamp> stamp() const override;
    [[nodiscard]] std::string name() const override;

private:
    std::string m_bytes;
    std::string m_name;
};

} // namespace kintsugi::gcode
