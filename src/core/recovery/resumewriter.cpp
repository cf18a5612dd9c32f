// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/resumewriter.h"

#include <vector>

#include "recovery/newfile.h"

namespace kintsugi::recovery {

namespace {

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
        if (auto written = file.write({reinterpret_cast<const char*>(buffer.data()), *count}); !written)
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
    if (auto written = file.write(head); !written)
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
