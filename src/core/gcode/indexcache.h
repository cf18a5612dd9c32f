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
    bool changed = false;    ///< the cache held another content under the same stamp: read anew
};

struct OpenOptions {
    std::filesystem::path cacheFolder; ///< of the side-cars; empty: nothing is read from there or kept
    Progress progress;
    /// The layers so far, while a large file is read for the first time: what quickScan() gives, `size` that of the whole text.
    std::function<void(const FileIndex&)> partial;
    std::uint64_t smallest = 1 << 20;  ///< bytes of text; files below this are not worth a side-car
    bool believe = true;               ///< false: what was kept is not read, only replaced; after verifyWhole() said FileChanged
};

/// Opens G-code in any container and indexes it, or takes the index of an earlier time when the file is still the same one
/// by device, inode, size, time in ns and samples. A side-car that is stale, torn or foreign is replaced silently; one that
/// cannot be written is done without. With one a container is not decoded either, until its lines are asked for. The errors
/// of openGcode() and buildIndex(); FileDamaged where the metadata of a container speak of more filament than its G-code.
[[nodiscard]] Result<Indexed> openIndexed(const std::filesystem::path& path, Dialect dialect, const OpenOptions& options = {});

/// Reads every byte of the source again and compares it with the index: before anything is written or launched, because
/// an index that was kept on disk was believed on samples. FileChanged (another length or content), FileUnreadable,
/// Cancelled.
[[nodiscard]] Result<> verifyWhole(const Source& source, const FileIndex& index, const Progress& progress = {});

/// openIndexed() with every byte compared. Where the side-car was of another content it is replaced and `changed` is set.
[[nodiscard]] Result<Indexed> openVerified(const std::filesystem::path& path, Dialect dialect, const OpenOptions& options = {});

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
