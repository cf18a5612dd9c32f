// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// One straight piece of motion; arcs are cut into chords of at most 0.05 mm sagitta. Logical mm.
struct Segment {
    float x0, y0, z0, x1, y1, z1;
    float e;              ///< mm of filament, negative = retraction
    float feed;           ///< mm/s, 0 when unknown
    ByteOffset begin, end;///< of the line
    [[nodiscard]] bool extrudes() const { return e > 0 && (x0 != x1 || y0 != y1 || z0 != z1); }
};

struct Toolpath {
    std::vector<Segment> segments;
    bool complete = true; ///< false when `limit` segments were reached
};

/// The moves of the lines in [begin, end); positions unknown before a move are skipped. Errors of reading; Cancelled.
[[nodiscard]] Result<Toolpath> readToolpath(const Source& source, const FileIndex& index, ByteOffset begin, ByteOffset end,
                                            std::size_t limit = 2'000'000, const Progress& progress = {});

} // namespace kintsugi::gcode
