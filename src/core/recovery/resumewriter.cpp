// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/resumewriter.h"

#include <algorithm>
#include <vector>

#include "gcode/indexcache.h"
#include "recovery/bgcodewriter.h"
#include "recovery/newfile.h"

namespace kintsugi::recovery {

namespace {

/// Below this, sharing blocks with the original saves nothing.
constexpr std::uint64_t worthSharing = std::uint64_t{1} << 20;
constexpr std::size_t paddingLine = 80;

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

/// Comment lines of `size` bytes together; size is not 1.
std::string padding(std::size_t size)
{
    std::string text;
    while (size > 0) {
        std::size_t line = std::min(size, paddingLine);
        if (size - line == 1)
            --line; // a line has two bytes at least
        text += ';' + std::string(line - 2, ' ') + '\n';
        size -= line;
    }
    return text;
}

/// What makes the tail begin where its bytes lie in the original, counted in blocks that file systems can share.
std::string alignment(const gcode::Source& source, ByteOffset byte, std::uint64_t tailBytes, std::size_t headBytes)
{
    if (source.container() != gcode::Container::None || source.descriptor() < 0 || tailBytes < worthSharing)
        return {};
    constexpr std::uint64_t block = NewFile::sharedBlock;
    std::uint64_t gap = (byte % block + block - headBytes % block) % block;
    if (gap == 1)
        gap += block;
    return padding(static_cast<std::size_t>(gap));
}

auto changedContent(const gcode::Source& source)
{
    return fail(ErrorCode::FileChanged, "the content differs from what was read before", source.name());
}

/// Reads what lies before the tail, for the hash alone.
Result<> hashHead(const gcode::Source& source, ByteOffset end, gcode::Hasher& hash, const gcode::Progress& progress)
{
    std::vector<std::byte> buffer(std::size_t{256} << 10);
    for (ByteOffset at = 0; at < end;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
        const auto count = source.read(at, std::span(buffer).first(wanted));
        if (!count)
            return fail(count.error());
        if (*count == 0)
            return changedContent(source);
        hash.add(std::span(buffer).first(*count));
        at += *count;
        if (progress && !progress(static_cast<double>(at) / static_cast<double>(end)))
            return fail(ErrorCode::Cancelled);
    }
    return {};
}

/// The part of the work that lies between two fractions.
gcode::Progress part(const gcode::Progress& progress, double from, double to)
{
    if (!progress)
        return {};
    return [&progress, from, to](double fraction) { return progress(from + (to - from) * fraction); };
}

/// Text, each of its bytes read once: compared with the index and, from `byte` on, copied.
Result<> writeText(const gcode::Source& source, const gcode::FileIndex& index, std::string_view head, ByteOffset byte, NewFile& file,
                   const gcode::Progress& progress)
{
    gcode::Hasher hash;
    if (auto done = hashHead(source, std::min(byte, index.size), hash, part(progress, 0, 0.5)); !done)
        return done;
    if (auto done = file.write(head); !done)
        return done;
    if (auto done = file.append(source, byte, index.size, part(progress, 0.5, 1), &hash); !done)
        return done;
    if (hash.value() != index.xxh3)
        return changedContent(source);
    return {};
}

/// Nothing gets its name before all of the source was found to be what the index was made of.
Result<> writeBody(const gcode::Source& source, const gcode::FileIndex& index, std::string_view head, ByteOffset byte, NewFile& file,
                   const gcode::Progress& progress)
{
    if (source.container() == gcode::Container::None)
        return writeText(source, index, head, byte, file, progress);
    if (auto same = gcode::verifyWhole(source, index, part(progress, 0, 0.5)); !same)
        return same;
    const gcode::Progress copying = part(progress, 0.5, 1);
    if (const auto* const bgcode = dynamic_cast<const gcode::BgcodeSource*>(&source))
        return writeBgcode(*bgcode, head, byte, file, copying);
    return file.write(head).and_then([&] { return file.append(source, byte, index.size, copying); });
}

} // namespace

Result<ResumeFile> writeResume(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan,
                               const std::filesystem::path& target, const gcode::Progress& progress)
{
    NewFile file(target);
    if (auto opened = file.open(); !opened)
        return fail(opened.error());
    if (auto unchanged = checkUnchanged(source, index); !unchanged)
        return fail(unchanged.error());
    const auto header = resumeHeader(source, index, plan);
    if (!header)
        return fail(header.error());
    const ByteOffset byte = plan.snapshot.byte;
    const std::string point = resumePointLine(byte) + '\n';
    std::string head = *header + preambleText(plan);
    head += alignment(source, byte, index.size - std::min(byte, index.size), head.size() + point.size()) + point;
    if (auto done = writeBody(source, index, head, byte, file, progress); !done) {
        Error error = done.error();
        if (error.code == ErrorCode::DiskFull) { // of binary G-code it is less
            error.measured = static_cast<double>(file.written());
            error.limit = static_cast<double>(head.size() + (index.size - std::min(byte, index.size)));
        }
        return fail(std::move(error));
    }
    if (auto unchanged = checkUnchanged(source, index); !unchanged)
        return fail(unchanged.error());
    if (auto committed = file.commit(); !committed)
        return fail(committed.error());
    return ResumeFile{target, file.written(), head.size()};
}

} // namespace kintsugi::recovery
