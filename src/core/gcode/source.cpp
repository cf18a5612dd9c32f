// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kintsugi::gcode {

namespace {

auto systemError(ErrorCode code, int number, const std::string& path)
{
    return fail(code, std::generic_category().message(number), path);
}

auto outside(ByteOffset byte, std::string name)
{
    Error error{.code = ErrorCode::BadByte, .file = std::move(name)};
    error.byte = byte;
    return fail(std::move(error));
}

Result<struct ::stat> statOf(int fd, const std::string& path)
{
    struct ::stat status {};
    if (::fstat(fd, &status) != 0)
        return systemError(ErrorCode::FileUnreadable, errno, path);
    return status;
}

} // namespace

std::string_view name(Container container)
{
    switch (container) {
    case Container::None: break;
    case Container::Gzip: return "gzip";
    case Container::BinaryGcode: return "bgcode";
    }
    return "none";
}

std::string ContainerMetadata::producer() const
{
    for (const auto& [key, value] : file) {
        if (key == "Producer")
            return value;
    }
    return {};
}

Result<ContainerPlace> Source::placeOf(ByteOffset byte) const
{
    const auto end = size();
    if (!end)
        return fail(end.error());
    if (byte > *end)
        return outside(byte, name());
    return ContainerPlace{.inBlock = byte, .fileByte = byte};
}

Result<ByteOffset> Source::byteAt(const ContainerPlace& place) const
{
    const auto end = size();
    if (!end)
        return fail(end.error());
    if (place.block != 0 || place.inBlock > *end)
        return outside(place.inBlock, name());
    return place.inBlock;
}

Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& path)
{
    // O_NONBLOCK: a FIFO under that name must be refused, not waited for.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        const int number = errno;
        const bool missing = number == ENOENT || number == ENOTDIR;
        return systemError(missing ? ErrorCode::FileMissing : ErrorCode::FileUnreadable, number, path.string());
    }
    std::unique_ptr<FileSource> source(new FileSource(fd, path.string()));
    const auto status = statOf(fd, source->m_path);
    if (!status)
        return fail(status.error());
    if (S_ISDIR(status->st_mode))
        return systemError(ErrorCode::FileUnreadable, EISDIR, path.string());
    if (!S_ISREG(status->st_mode))
        return fail(ErrorCode::FileUnreadable, "not a regular file", path.string());
    return source;
}

FileSource::FileSource(int fd, std::string path)
    : m_fd(fd)
    , m_path(std::move(path))
{
}

FileSource::~FileSource()
{
    ::close(m_fd);
}

Result<std::uint64_t> FileSource::size() const
{
    return stamp().map([](const FileStamp& stamp) { return stamp.size; });
}

Result<std::size_t> FileSource::read(ByteOffset offset, std::span<std::byte> bytes) const
{
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto got = ::pread(m_fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return systemError(ErrorCode::FileUnreadable, errno, m_path);
        if (got == 0)
            break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Result<FileStamp> FileSource::stamp() const
{
    const auto status = statOf(m_fd, m_path);
    if (!status)
        return fail(status.error());
    return FileStamp{
        .device = status->st_dev,
        .inode = status->st_ino,
        .size = static_cast<std::uint64_t>(status->st_size),
        .modifiedNs = std::int64_t{status->st_mtim.tv_sec} * 1'000'000'000 + status->st_mtim.tv_nsec,
        .changedNs = std::int64_t{status->st_ctim.tv_sec} * 1'000'000'000 + status->st_ctim.tv_nsec,
    };
}

std::string FileSource::name() const
{
    return m_path;
}

MemorySource::MemorySource(std::string bytes, std::string name)
    : m_bytes(std::move(bytes))
    , m_name(std::move(name))
{
}

Result<std::uint64_t> MemorySource::size() const
{
    return m_bytes.size();
}

Result<std::size_t> MemorySource::read(ByteOffset offset, std::span<std::byte> bytes) const
{
    if (offset >= m_bytes.size())
        return std::size_t{0};
    const std::size_t count = std::min(bytes.size(), m_bytes.size() - offset);
    std::memcpy(bytes.data(), m_bytes.data() + offset, count);
    return count;
}

Result<FileStamp> MemorySource::stamp() const
{
    return FileStamp{.size = m_bytes.size()};
}

std::string MemorySource::name() const
{
    return m_name;
}

} // namespace kintsugi::gcode
