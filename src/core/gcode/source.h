// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace kintsugi::gcode {

/// Identity of an open file, compared again before a resume is written.
struct FileStamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modifiedNs = 0; ///< ns since epoch UTC
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// Random-access bytes. Reads are streamed (pread), never mapped: a file cut while open is an error, not a signal.
class Source
{
public:
    virtual ~Source() = default;
    [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
    /// Reads up to bytes.size() bytes at offset; fewer only at the end of the file (0 = at or after it).
    [[nodiscard]] virtual Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const = 0;
    [[nodiscard]] virtual Result<FileStamp> stamp() const = 0;
    [[nodiscard]] virtual std::string name() const = 0; ///< for messages
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
