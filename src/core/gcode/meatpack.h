// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace kintsugi::gcode {

/// Commands of MeatPack, each after two bytes 255.
enum class MeatPackCommand : unsigned char {
    DisableNoSpaces = 246,
    EnableNoSpaces = 247,
    Query = 248,
    Reset = 249,
    DisablePacking = 250,
    EnablePacking = 251,
};

/// MeatPack to text: two characters of the 15 most usual in one byte, others whole. Blanks that the encoder left out stay
/// out, so that offsets are those the firmware counts. Replaces `text`. FileDamaged: an unknown command, or an end inside
/// a character. Every block begins anew, unpacked; unpacked bytes are themselves.
[[nodiscard]] Result<> unpackMeat(std::span<const char> packed, std::string& text);

} // namespace kintsugi::gcode
