// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstring>

#include "recovery/plan.h"
#include "recovery/snapshot.h"
#include "recovery/statefields.h"

namespace kintsugi::recovery {

namespace {

constexpr std::size_t chunk = std::size_t{256} << 10;

Error notTheSame(const gcode::Source& original, std::string detail)
{
    return Error{.code = ErrorCode::FileChanged, .detail = std::move(detail), .file = original.name()};
}

Result<std::vector<std::byte>> readExactly(const gcode::Source& source, ByteOffset at, std::size_t count)
{
    std::vector<std::byte> bytes(count);
    const auto got = source.read(at, bytes);
    if (!got)
        return fail(got.error());
    bytes.resize(*got);
    return bytes;
}

/// Do [a, a + length) of one and [b, b + length) of the other hold the same bytes?
Result<bool> sameBytes(const gcode::Source& one, ByteOffset a, const gcode::Source& other, ByteOffset b, std::uint64_t length)
{
    for (std::uint64_t done = 0; done < length;) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, length - done));
        const auto left = readExactly(one, a + done, count);
        if (!left)
            return fail(left.error());
        const auto right = readExactly(other, b + done, count);
        if (!right)
            return fail(right.error());
        if (left->size() != count || *left != *right)
            return false;
        done += count;
    }
    return true;
}

/// Length of what both files end with.
Result<std::uint64_t> commonTail(const gcode::Source& one, std::uint64_t a, const gcode::Source& other, std::uint64_t b)
{
    const std::uint64_t most = std::min(a, b);
    std::uint64_t length = 0;
    while (length < most) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, most - length));
        const auto left = readExactly(one, a - length - count, count);
        if (!left)
            return fail(left.error());
        const auto right = readExactly(other, b - length - count, count);
        if (!right)
            return fail(right.error());
        if (left->size() != count || right->size() != count)
            return fail(notTheSame(other, "the file became shorter while it was read"));
        const auto [x, y] = std::mismatch(left->rbegin(), left->rend(), right->rbegin());
        length += static_cast<std::uint64_t>(x - left->rbegin());
        if (x != left->rend())
            break;
    }
    return length;
}

/// First line start at or after `byte`; the size when there is none.
Result<ByteOffset> lineStartAfter(const gcode::Source& source, ByteOffset byte, std::uint64_t size)
{
    for (ByteOffset at = byte > 0 ? byte - 1 : 0; at < size; at += chunk) {
        if (byte == 0)
            return ByteOffset{0};
        const auto bytes = readExactly(source, at, chunk);
        if (!bytes)
            return fail(bytes.error());
        const auto end = std::find(bytes->begin(), bytes->end(), std::byte{'\n'});
        if (end != bytes->end())
            return at + static_cast<ByteOffset>(end - bytes->begin()) + 1;
    }
    return size;
}

struct Pair {
    const gcode::Source& resume;
    const gcode::Source& original;
    std::uint64_t resumeSize, originalSize;
};

/// A file of this program says itself where its tail begins.
Result<OriginalByte> byMark(const Pair& files, const ResumePoint& point, ByteOffset byte)
{
    const bool fits = point.tailBegin <= files.resumeSize && point.original <= files.originalSize
        && files.resumeSize - point.tailBegin == files.originalSize - point.original;
    if (!fits)
        return fail(notTheSame(files.original, "the resume file continues another file"));
    const OriginalByte mapped = originalByte(point, byte);
    const ByteOffset from = mapped.inPreamble ? point.tailBegin : byte;
    const auto same = sameBytes(files.resume, from, files.original, mapped.byte, files.originalSize - mapped.byte);
    if (!same)
        return fail(same.error());
    if (!*same)
        return fail(notTheSame(files.original, "the resume file continues another text"));
    return mapped;
}

/// klipper-plr's files name no byte: they are the head of the original, new lines, and its tail.
Result<OriginalByte> byTail(const Pair& files, ByteOffset byte)
{
    const auto head = sameBytes(files.resume, 0, files.original, 0, std::min<std::uint64_t>({256, files.resumeSize, files.originalSize}));
    if (!head)
        return fail(head.error());
    const auto tail = commonTail(files.resume, files.resumeSize, files.original, files.originalSize);
    if (!tail)
        return fail(tail.error());
    // A tail of some lines is an end code that many files share.
    constexpr std::uint64_t least = 512;
    if (!*head || *tail < std::min<std::uint64_t>(least, files.resumeSize / 2))
        return fail(notTheSame(files.original, "the two files share no text to go on with"));
    const std::uint64_t left = files.resumeSize - std::min<std::uint64_t>(byte, files.resumeSize);
    if (left <= *tail)
        return OriginalByte{files.originalSize - left, false};
    const auto begin = lineStartAfter(files.original, files.originalSize - *tail, files.originalSize);
    if (!begin)
        return fail(begin.error());
    return OriginalByte{*begin, true};
}

/// What a person or the printer said stays; what the file says is read from the original.
void carryOver(const Snapshot& from, Snapshot& to)
{
    for (const auto& [key, info] : from.fields) {
        FieldInfo& target = to.fields[key];
        const bool own = info.origin == Origin::Observed || info.origin == Origin::Edited;
        if (own && key.starts_with("motion.")) {
            const std::string rest = key.substr(7);
            const std::size_t dot = rest.rfind('.');
            if (dot != std::string::npos)
                to.state.motion[rest.substr(0, dot)].try_emplace(rest.substr(dot + 1), 0.0);
        }
        if (own) {
            if (const auto text = fields::text(from.state, key); text && fields::set(to.state, key, *text))
                target.origin = info.origin;
        }
        target.observed = info.observed;
        if (!info.note.empty())
            target.note = info.note;
    }
}

} // namespace

OriginalByte originalByte(const ResumePoint& point, ByteOffset byte)
{
    const bool before = byte < point.tailBegin;
    return {before ? point.original : byte - point.tailBegin + point.original, before};
}

Result<OriginalByte> originalByte(const gcode::Source& resumeFile, const gcode::Source& original, ByteOffset byte)
{
    const auto resumeSize = resumeFile.size();
    if (!resumeSize)
        return fail(resumeSize.error());
    const auto originalSize = original.size();
    if (!originalSize)
        return fail(originalSize.error());
    if (byte > *resumeSize)
        return fail(Error{.code = ErrorCode::BadByte, .file = resumeFile.name(), .byte = byte});
    if (*resumeSize == *originalSize) {
        const auto same = sameBytes(resumeFile, 0, original, 0, *originalSize);
        if (!same)
            return fail(same.error());
        if (*same)
            return OriginalByte{byte, false};
    }
    const Pair files{resumeFile, original, *resumeSize, *originalSize};
    const auto point = readResumePoint(resumeFile);
    if (!point)
        return fail(point.error());
    return *point ? byMark(files, **point, byte) : byTail(files, byte);
}

Result<Snapshot> mapToOriginal(const Snapshot& ofResumeFile, const gcode::Source& resumeFile, const gcode::Source& original,
                               const gcode::FileIndex& originalIndex)
{
    const auto size = resumeFile.size();
    if (!size)
        return fail(size.error());
    if (ofResumeFile.file.size != 0 && ofResumeFile.file.size != *size)
        return fail(notTheSame(resumeFile, "the snapshot belongs to a file of another size"));
    const auto at = originalByte(resumeFile, original, ofResumeFile.byte);
    if (!at)
        return fail(at.error());
    auto mapped = snapshotFromFile(original, originalIndex, at->byte);
    if (!mapped)
        return mapped;
    const auto move = [&](const std::optional<ByteOffset>& byte) -> std::optional<ByteOffset> {
        if (!byte)
            return std::nullopt;
        const auto there = originalByte(resumeFile, original, std::min<ByteOffset>(*byte, *size));
        return there ? std::optional(there->byte) : std::nullopt;
    };
    mapped->earliest = move(ofResumeFile.earliest);
    mapped->latest = move(ofResumeFile.latest);
    mapped->id = ofResumeFile.id;
    mapped->pinned = ofResumeFile.pinned;
    mapped->printer = ofResumeFile.printer;
    mapped->job = ofResumeFile.job;
    mapped->source = ofResumeFile.source;
    mapped->time = ofResumeFile.time;
    mapped->savedTime = ofResumeFile.savedTime;
    mapped->note = ofResumeFile.note;
    carryOver(ofResumeFile, *mapped);
    return mapped;
}

} // namespace kintsugi::recovery
