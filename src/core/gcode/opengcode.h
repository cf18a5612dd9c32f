// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>

#include "gcode/source.h"

namespace kintsugi::gcode {

/// Opens G-code text, gzip or binary G-code, told apart by content. A container is decoded once from end to end, so that
/// its size is known and every checksum is right, unless `map` tells what that would find (see containerMap()). FileMissing, FileUnreadable, FileDamaged (names the block; `byte` is the
/// file's), NotSupported (a version or kind of block this program does not know), Cancelled.
[[nodiscard]] Result<std::unique_ptr<Source>> openGcode(const std::filesystem::path& path, const Progress& progress = {});
/// The same over bytes that are open already.
[[nodiscard]] Result<std::unique_ptr<Source>> openGcode(std::unique_ptr<Source> file, const Progress& progress = {}, std::string_view map = {});

/// What openGcode() found out by decoding a container, for the next time; empty without one.
[[nodiscard]] std::string containerMap(const Source& source);
/// The file that a container wraps; the source itself without one.
[[nodiscard]] const Source& fileOf(const Source& source);

/// By the first bytes.
[[nodiscard]] Container containerOf(std::string_view head);

} // namespace kintsugi::gcode
