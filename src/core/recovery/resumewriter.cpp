// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/resumewriter.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace kintsugi::recovery {

namespace {

Error systemError(int number, const std::filesystem::path& path)
{
    ErrorCode code = ErrorCode::WriteFailed;
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        code = ErrorCode::DiskFull;
    else if (number == EEXIST)
        code = ErrorCode::FileExists;
    return Error{.code = code, .detail = std::strerror(number), .file = path.string()};
}

/// A file under a temporary name; it vanishes unless it is given its real one.
class NewFile
{
public:
    explicit NewFile(std::filesystem::path target) : m_target(std::move(target)) {}
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    ~NewFile()
    {
        if (m_fd >= 0)
            ::close(m_fd);
        if (!m_temporary.empty())
            ::unlink(m_temporary.c_str());
    }

    Result<> open()
    {
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

    Result<> write(const char* data, std::size_t size)
    {
        while (size > 0) {
            const ssize_t count = ::write(m_fd, data, size);
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0)
                return fail(systemError(errno, m_target));
            data += count;
            size -= static_cast<std::size_t>(count);
            m_written += static_cast<std::uint64_t>(count);
        }
        return {};
    }

    Result<> commit()
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

    [[nodiscard]] std::uint64_t written() const { return m_written; }

private:
    Result<> rename()
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

    void syncFolder() const
    {
        const std::filesystem::path folder = m_target.has_parent_path() ? m_target.parent_path() : ".";
        const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return;
        ::fsync(fd);
        ::close(fd);
    }

    std::filesystem::path m_target;
    std::string m_temporary;
    int m_fd = -1;
    std::uint64_t m_written = 0;
};

Result<> checkUnchanged(const gcode::Source& source, const gcode::FileIndex& index)
{
    const auto stamp = source.stamp();
    if (!stamp)
        return fail(stamp.error());
    if (*stamp == index.stamp)
        return {};
    Error error{.code = ErrorCode::FileChanged, .file = source.name()};
    error.measured = static_cast<double>(stamp->size);
    error.limit = static_cast<double>(index.stamp.size);
    return fail(std::move(error));
}

Result<> copyTail(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte, NewFile& file,
                  const gcode::Progress& progress)
{
    std::vector<std::byte> buffer(std::size_t{1} << 20);
    while (byte < index.size) {
        const std::uint64_t wanted = std::min<std::uint64_t>(buffer.size(), index.size - byte);
        const auto count = source.read(byte, std::span(buffer).first(static_cast<std::size_t>(wanted)));
        if (!count)
            return fail(count.error());
        if (*count == 0)
            return fail(ErrorCode::FileChanged, "the file became shorter", source.name());
        if (auto written = file.write(reinterpret_cast<const char*>(buffer.data()), *count); !written)
            return written;
        byte += *count;
        if (progress && !progress(static_cast<double>(byte) / static_cast<double>(index.size)))
            return fail(ErrorCode::Cancelled);
    }
    return {};
}

} // namespace

Result<ResumeFile> writeResume(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan,
                               const std::filesystem::path& target, const gcode::Progress& progress)
{
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(target, ignored)))
        return fail(ErrorCode::FileExists, {}, target.string());
    if (auto unchanged = checkUnchanged(source, index); !unchanged)
        return fail(unchanged.error());
    const auto header = resumeHeader(source, index, plan);
    if (!header)
        return fail(header.error());
    NewFile file(target);
    if (auto opened = file.open(); !opened)
        return fail(opened.error());
    const std::string head = *header + preambleText(plan) + resumePointLine(plan.snapshot.byte) + '\n';
    if (auto written = file.write(head.data(), head.size()); !written)
        return fail(written.error());
    if (auto copied = copyTail(source, index, plan.snapshot.byte, file, progress); !copied)
        return fail(copied.error());
    if (auto unchanged = checkUnchanged(source, index); !unchanged)
        return fail(unchanged.error());
    if (auto done = file.commit(); !done)
        return fail(done.error());
    return ResumeFile{target, file.written(), head.size()};
}

} // namespace kintsugi::recovery
