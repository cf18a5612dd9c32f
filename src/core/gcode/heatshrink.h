// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace kintsugi::gcode {

/// Heatshrink, the LZSS of binary G-code: single bits, most significant first. Bit 1: 8 bits of a literal follow; bit 0: a
/// distance less 1 (windowBits) and a length less 1 (4 bits). What lies before the first byte counts as zeros. The last
/// byte is filled up with any bits.
class HeatshrinkDecoder
{
public:
    /// Exactly `size` bytes, valid until the next call; FileDamaged when `packed` holds more, fewer, or ends in a token.
    /// windowBits: 11 or 12.
    [[nodiscard]] Result<std::span<const char>> decode(std::span<const char> packed, unsigned windowBits, std::size_t size);

private:
    std::vector<char> m_buffer; ///< zeros of one window, the output, room for one overlong copy
};

/// Packs with greedy matches. For the blocks this program writes.
[[nodiscard]] std::string packHeatshrink(std::string_view bytes, unsigned windowBits);

} // namespace kintsugi::gcode
