// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// What a side-car is about, as far as it can be told without reading the whole file.
struct SidecarKey {
    FileStamp stamp;           ///< device, inode, size and time of the file
    std::uint64_t size = 0;    ///< of the file
    std::uint64_t samples = 0; ///< see sidecarKey()
    Dialect dialect{};
    friend bool operator==(const SidecarKey&, const SidecarKey&) = default;
};

/// The key of an open source; of a container that of its file. `samples` is XXH3 of the first and last 64 KiB and of 64 blocks
/// of 4 KiB between them.
[[nodiscard]] Result<SidecarKey> sidecarKey(const Source& source, Dialect dialect);

/// The bytes of a side-car: header (magic, format, byte order, version of the reading code, key, length and XXH3 of what
/// follows, XXH3 of itself), then the index and what is known of the container (containerMap()).
[[nodiscard]] std::string writeSidecar(const FileIndex& index, const SidecarKey& key, const std::string& map = {});

/// Takes the next bytes; false: it cannot.
using SidecarSink = std::function<bool(std::string_view bytes)>;
/// The same bytes piece by piece, in memory that does not grow with the index. False: the sink refused some.
bool writeSidecar(const FileIndex& index, const SidecarKey& key, const std::string& map, const SidecarSink& sink);

/// Nothing unless every byte is as writeSidecar() of this very program wrote it for this key, and the index is one that
/// can be used (ascending offsets inside the file). Never allocates more than a small multiple of the bytes given.
/// `map` takes the container's.
[[nodiscard]] std::optional<FileIndex> readSidecar(std::span<const std::byte> bytes, const SidecarKey& key, std::string* map = nullptr);

/// A header for any payload, every hash right: what readSidecar() makes of lies (tests and fuzzer).
[[nodiscard]] std::string sealedSidecar(std::string_view payload, const SidecarKey& key);

} // namespace kintsugi::gcode
