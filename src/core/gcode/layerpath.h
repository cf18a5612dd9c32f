// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <limits>
#include <vector>

#include "gcode/feature.h"
#include "gcode/toolpath.h"

namespace kintsugi::gcode {

/// The moves of some lines, each with what it prints, to be drawn at any zoom. Logical mm, like Toolpath.
struct LayerPath {
    std::vector<Segment> segments;
    std::vector<Feature> features;  ///< of each segment; Other before the first announcement and where there is none
    bool announced = false;         ///< the file says what it prints
    bool complete = true;           ///< false when `limit` segments were reached
    [[nodiscard]] bool has(Feature feature) const; ///< something of it is extruded
    /// The first segment of the first line at or after the byte; segments.size() behind the last.
    [[nodiscard]] std::size_t from(ByteOffset byte) const;
};
/// As readToolpath(); asks `progress` now and then, and gives up with Cancelled.
[[nodiscard]] Result<LayerPath> readLayerPath(const Source& source, const FileIndex& index, ByteOffset begin, ByteOffset end,
                                              std::size_t limit = 2'000'000, const Progress& progress = {});

/// What of a path is to be drawn, and how finely.
struct PathView {
    static constexpr double far = std::numeric_limits<double>::infinity();
    double minX = -far, minY = -far, maxX = far, maxY = far; ///< mm: what lies outside is left out
    double tolerance = 0;                                    ///< mm: points nearer than this fall together
    ByteOffset border = std::numeric_limits<ByteOffset>::max(); ///< lines that begin before it are printed
};
struct PathPoint { float x, y; };
/// A run of lines without a gap, all of one feature and on one side of the border.
struct Stroke {
    Feature feature = Feature::Other;
    bool printed = true;
    std::uint32_t first = 0, count = 0; ///< points, at least two
};
struct Strokes {
    std::vector<PathPoint> points;
    std::vector<Stroke> strokes;        ///< in the order of the file
};
/// No kept line is further than `tolerance` from where it was; nothing that is seen is left out.
[[nodiscard]] Strokes strokesOf(const LayerPath& path, const PathView& view);

/// The extruding segment nearest to a place; nullptr when none is as near as `reach` (mm).
[[nodiscard]] const Segment* nearestSegment(const LayerPath& path, double x, double y, double reach);

} // namespace kintsugi::gcode
