// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/newfile.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace kintsugi::recovery {

namespace {

constexpr std::size_t copyChunk = std::size_t{1} << 20;

Error systemError(int number, const std::filesystem::path& path)
{
    ErrorCode code = ErrorCode::WriteFailed;
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        code = ErrorCode::DiskFull;
    else if (number == EEXIST)
        code = ErrorCode::FileExists;
    return Error{.code = code, .detail = std::strerror(number), .file = path.string()};
}

Error shorter(const gcode::Source& source, ByteOffset byte)
{
    Error error{.code = ErrorCode::FileChanged, .detail = "the file became shorter", .file = source.name()};
    error.byte = byte;
    return error;
}

} // namespace

NewFile::~NewFile()
{
    if (m_fd >= 0)
        ::close(m_fd);
    if (!m_temporary.empty())
        ::unlink(m_temporary.c_str());
}

Result<> NewFile::open()
{
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(m_target, ignored)))
        return fail(ErrorCode::FileExists, {}, m_target.string());
    static std::atomic<unsigned> counter{0};
    const std::string stem = ".kintsugi-" + std::to_string(::getpid()) + '-';
    do {
        m_temporary = (m_target.parent_path() / (stem + std::to_string(counter++))).string();
        m_fd = ::open(m_temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (m_fd < 0 && errno == EEXIST);
    if (m_fd < 0) {
        const int number = errno;
        m_temporary.clear();
        return fail(systemError(number, m_target));
    }
    return {};
}

Result<> NewFile::write(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(m_fd, bytes.data(), bytes.size(), static_cast<off_t>(m_written));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(systemError(errno, m_target));
        bytes.remove_prefix(static_cast<std::size_t>(count));
        m_written += static_cast<std::uint64_t>(count);
    }
    return {};
}

bool NewFile::share(int from, ByteOffset begin, ByteOffset end)
{
    file_clone_range range{};
    range.src_fd = from;
    range.src_offset = begin;
    range.src_length = end - begin;
    range.dest_offset = m_written;
    if (::ioctl(m_fd, FICLONERANGE, &range) != 0)
        return false; // another file system, one that cannot, or an end that is not the file's: then the bytes are copied
    m_written += end - begin;
    return true;
}

Result<> NewFile::append(const gcode::Source& source, ByteOffset begin, ByteOffset end, const gcode::Progress& progress, gcode::Hasher* hash)
{
    bool mayShare = source.container() == gcode::Container::None && source.descriptor() >= 0 && begin % sharedBlock == m_written % sharedBlock;
    bool shared = false;
    std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(copyChunk, end - std::min(begin, end))));
    for (ByteOffset at = begin; at < end;) {
        std::uint64_t wanted = std::min<std::uint64_t>(buffer.size(), end - at);
        if (mayShare && at % sharedBlock == 0) {
            mayShare = false;
            shared = share(source.descriptor(), at, end);
            if (shared && !hash)
                return {};
        } else if (mayShare) {
            wanted = std::min(wanted, sharedBlock - at % sharedBlock);
        }
        const auto count = source.read(at, std::span(buffer).first(static_cast<std::size_t>(wanted)));
        if (!count)
            return fail(count.error());
        if (*count == 0)
            return fail(shorter(source, at));
        if (hash)
            hash->add(std::span(buffer).first(*count));
        if (!shared) {
            if (auto done = write({reinterpret_cast<const char*>(buffer.data()), *count}); !done)
                return done;
        }
        at += *count;
        if (progress && !progress(static_cast<double>(at - begin) / static_cast<double>(end - begin)))
            return fail(ErrorCode::Cancelled);
    }
    return {};
}

Result<> NewFile::commit()
{
    if (::fsync(m_fd) != 0)
        return fail(systemError(errno, m_target));
    const int fd = std::exchange(m_fd, -1);
    if (::close(fd) != 0)
        return fail(systemError(errno, m_target));
    if (auto renamed = rename(); !renamed)
        return renamed;
    m_temporary.clear();
    syncFolder();
    return {};
}

Result<> NewFile::rename()
{
    if (::renameat2(AT_FDCWD, m_temporary.c_str(), AT_FDCWD, m_target.c_str(), RENAME_NOREPLACE) == 0)
        return {};
    if (errno != EINVAL && errno != ENOSYS)
        return fail(systemError(errno, m_target));
    // This file system cannot rename without replacing; a link never replaces.
    if (::link(m_temporary.c_str(), m_target.c_str()) != 0)
        return fail(systemError(errno, m_target));
    ::unlink(m_temporary.c_str());
    return {};
}

void NewFile::syncFolder() const
{
    const std::filesystem::path folder = m_target.has_parent_path() ? m_target.parent_path() : ".";
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    ::fsync(fd);
    ::close(fd);
}

} // namespace kintsugi::recovery
