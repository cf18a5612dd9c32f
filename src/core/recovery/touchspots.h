// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "recovery/heightmap.h"
#include "recovery/touch.h"

/// Where the nozzle may touch the part: solid, flat, surely printed, away from edges, from where the print stopped and from
/// what stands higher. Lengths mm.
namespace kintsugi::recovery::touch {

struct SpotRules {
    double radius = 0.75;      ///< of the flat under the nozzle's tip
    double edge = 1.0;         ///< further to the next edge or hole
    double flatness = 0.03;    ///< by which the tops in it may differ
    double fromStop = 5;       ///< from the stop interval's path: a blob, a string, an open line
    double blockReach = 25;    ///< half-width of what hangs about the nozzle's tip …
    double blockAbove = 1.0;   ///< … this high above it, less what may stand up there
    /// X Y X Y the nozzle can go to. Not known: any place will do, for the nozzle was there when it printed it.
    std::optional<std::array<double, 4>> reach;
};

struct Box { double x0 = 0, y0 = 0, x1 = 0, y1 = 0; };

/// `surely`: the map up to the lower end of the stop interval; `possibly`: up to the upper end. stops: boxes around the
/// stop interval's moves. One place as near to `resumeAt` as allowed, or three that tell the tilt over the part best.
/// Unsafe, with the reason in `detail`: nothing solid, nothing far enough from edges and stop, or all places in a line.
[[nodiscard]] Result<std::vector<Spot>> findSpots(const HeightMap& surely, const HeightMap& possibly, const std::vector<Box>& stops,
                                                  const std::array<double, 2>& resumeAt, std::size_t count, const SpotRules& rules = {});

} // namespace kintsugi::recovery::touch
