// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// An open file with its index.
struct Indexed {
    std::unique_ptr<Source> source;
    FileIndex index;
    bool remembered = false; ///< the index came from the cache: believed on samples, see verifyWhole()
};

struct OpenOptions {
    std::filesystem::path cacheFolder; ///< of the side-cars; empty: nothing is read from there or kept
    Progress progress;
    /// The layers so far, while a large file is read for the first time: what quickScan() gives, `size` that of the whole text.
    std::function<void(const FileIndex&)> partial;
    std::uint64_t smallest = 1 << 20;  ///< bytes; files below this are not worth a side-car
};

/// Opens G-code in any container and indexes it, or takes the index of an earlier time when the file is still the same one
/// by device, inode, size, time in ns and samples. A side-car that is stale, torn or foreign is replaced silently; one that
/// cannot be written is done without. The errors of openGcode() and buildIndex().
[[nodiscard]] Result<Indexed> openIndexed(const std::filesystem::path& path, Dialect dialect, const OpenOptions& options = {});

/// Reads every byte of the source again and compares it with the index: before anything is written or launched, because
/// an index that was kept on disk was believed on samples. FileChanged (another length or content), FileUnreadable,
/// Cancelled.
[[nodiscard]] Result<> verifyWhole(const Source& source, const FileIndex& index, const Progress& progress = {});

/// Where the side-car of a file lies.
[[nodiscard]] std::filesystem::path sidecarPath(const std::filesystem::path& cacheFolder, const std::filesystem::path& file, Dialect dialect);

struct CacheLimits {
    std::uint64_t bytes = std::uint64_t{512} << 20;
    std::chrono::hours age{24 * 90};   ///< since it was last used
};
/// Removes the side-cars that were not used for longest until both limits hold, and what torn writes left behind; never
/// `keep`. Other files in the folder are not touched.
void pruneSidecars(const std::filesystem::path& cacheFolder, const CacheLimits& limits = {}, const std::filesystem::path& keep = {});

} // namespace kintsugi::gcode
