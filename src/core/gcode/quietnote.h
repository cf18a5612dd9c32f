// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kintsugi::gcode {

constexpr int quietNoteReach = 8; ///< bytes that must be readable from the begin of the line

/// A comment of those that slicers write between moves by the hundred thousand and that FileFacts keeps nothing of, whatever comes behind,
/// as long as there is no other ';' in it: the width and the kind of what is printed. `heights`: so it is of the height, when one was noted already.
/// Calls nothing, for the code that is compiled for several processors.
inline bool isQuietNote(const char* line, bool heights)
{
    if (line[0] != ';')
        return false;
    switch (line[1]) {
    case 'W': return __builtin_memcmp(line, ";WIDTH:", 7) == 0;
    case 'T': return __builtin_memcmp(line, ";TYPE:", 6) == 0;
    case 'H': return heights && __builtin_memcmp(line, ";HEIGHT:", 8) == 0;
    case ' ': return __builtin_memcmp(line, "; FEATUR", 8) == 0 || __builtin_memcmp(line, "; LINE_W", 8) == 0;
    default: return false;
    }
}

} // namespace kintsugi::gcode
