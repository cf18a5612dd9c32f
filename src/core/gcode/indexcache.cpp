// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/indexcache.h"

#include <algorithm>
#include <memory>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace kintsugi::gcode {

namespace {

constexpr std::size_t hashChunk = 256 * 1024;

struct HashDelete {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

auto changed(const Source& source, const char* how)
{
    return fail(ErrorCode::FileChanged, how, source.name());
}

} // namespace

Result<> verifyWhole(const Source& source, const FileIndex& index, const Progress& progress)
{
    const auto size = source.size();
    if (!size)
        return fail(size.error());
    if (*size != index.size)
        return changed(source, "the length differs from what was read before");
    // A container was read whole when it was opened, and since then its stamp stands for it.
    if (const auto hash = source.fileXxh3()) {
        const auto stamp = source.stamp();
        if (!stamp)
            return fail(stamp.error());
        if (*hash != index.fileXxh3 || *stamp != index.stamp)
            return changed(source, "the content differs from what was read before");
        return {};
    }
    const std::unique_ptr<XXH3_state_t, HashDelete> hash(XXH3_createState());
    XXH3_64bits_reset(hash.get());
    std::vector<std::byte> buffer(hashChunk);
    for (ByteOffset at = 0; at < *size;) {
        const auto got = source.read(at, buffer);
        if (!got)
            return fail(got.error());
        if (*got == 0)
            return changed(source, "the file became shorter while it was read");
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(*got, *size - at));
        XXH3_64bits_update(hash.get(), buffer.data(), wanted);
        at += wanted;
        if (progress && !progress(static_cast<double>(at) / static_cast<double>(*size)))
            return fail(ErrorCode::Cancelled, {}, source.name());
    }
    if (XXH3_64bits_digest(hash.get()) != index.xxh3)
        return changed(source, "the content differs from what was read before");
    return {};
}

} // namespace kintsugi::gcode
