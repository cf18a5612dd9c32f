// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gcode/bgcodesource.h"
#include "recovery/newfile.h"

namespace kintsugi::recovery {

/// A block of G-code as it stands in a file. Text of MeatPack blocks is written unpacked, which every reader takes as it is.
[[nodiscard]] std::string gcodeBlock(std::string_view text, gcode::bgcode::Compression compression, gcode::bgcode::Encoding encoding, bool crc32);

/// Pieces of at most 64 KiB that end where a line ends (a longer line is cut).
[[nodiscard]] std::vector<std::string_view> cutIntoBlocks(std::string_view text);

/// Writes binary G-code whose text is `head` + the source's text from `byte` on: the blocks before the G-code as they are,
/// then head and the rest of the cut block in new blocks, then the following blocks as they are. The new blocks have the
/// compression and encoding of those that follow, because printers refuse to change them between two blocks.
Result<> writeBgcode(const gcode::BgcodeSource& source, std::string_view head, ByteOffset byte, NewFile& file, const gcode::Progress& progress);

} // namespace kintsugi::recovery
