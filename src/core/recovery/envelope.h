// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kintsugi::recovery {

using Place = std::array<double, 2>;  ///< X, Y in mm
using Hull = std::vector<Place>;      ///< convex, counter-clockwise; one or two points are allowed

enum class SolidKind { Nozzle, HeaterBlock, FanDuct, Probe, Carriage, Gantry, Other };
[[nodiscard]] std::string_view name(SolidKind kind); ///< "nozzle", "heater-block", …
[[nodiscard]] std::optional<SolidKind> solidKindFromName(std::string_view name);

/// One solid of the head in head coordinates: the nozzle's tip is 0, 0, 0; X and Y as the nozzle moves over the part (on a
/// bed slinger, where the bed moves, the head's Y is the same). It reaches from `bottom` up without end. Lengths mm.
struct HeadSolid {
    enum class Shape {
        Box,  ///< minX … maxY
        Disc, ///< radius around (x, y)
        Cone, ///< around the tip: tipRadius at the bottom, `radius` at `bottom + height`
    };
    SolidKind kind = SolidKind::Other;
    Shape shape = Shape::Box;
    double minX = 0, minY = 0, maxX = 0, maxY = 0;
    double x = 0, y = 0, radius = 0;
    double tipRadius = 0, height = 0;
    double bottom = 0;
    bool measured = false; ///< false: "unmeasured" is said on screen
    friend bool operator==(const HeadSolid&, const HeadSolid&) = default;
};

/// All that moves with the nozzle. Plain values: a profile stores and edits it.
struct HeadEnvelope {
    std::string name;   ///< what it is the head of
    std::string source; ///< where the numbers are from
    std::vector<HeadSolid> solids;
    friend bool operator==(const HeadEnvelope&, const HeadEnvelope&) = default;
};

enum class PrinterKind { Unknown, BedSlinger, PrusaMk3, CoreXY, CrossedRods, Delta };
[[nodiscard]] std::string_view name(PrinterKind kind); ///< "unknown", "bed-slinger", "prusa-mk3", "corexy", …
[[nodiscard]] std::optional<PrinterKind> printerKindFromName(std::string_view name);

/// Careful values for a printer nobody has measured. Each number's source stands beside it in the code.
[[nodiscard]] HeadEnvelope defaultEnvelope(PrinterKind kind);

/// BadValue with the field ("solids.2.radius") when a number is none, a size is negative or there is no nozzle at the tip.
[[nodiscard]] Result<> checkEnvelope(const HeadEnvelope& envelope);

/// A solid as convex outlines, each with the height (mm above the tip) at which it begins. A cone becomes rings no wider than
/// `step`, round outlines have corners outside the circle: what is covered is never less than the solid.
struct SolidOutline {
    Hull outline;
    double bottom = 0;
    std::size_t solid = 0; ///< index into HeadEnvelope::solids
};
[[nodiscard]] std::vector<SolidOutline> outlinesOf(const HeadEnvelope& envelope, double step);

/// The smallest convex outline around points.
[[nodiscard]] Hull hullOf(std::vector<Place> points);
/// What `outline` covers when the tip goes everywhere in `tip`.
[[nodiscard]] Hull swept(const Hull& tip, const Hull& outline);
/// A circle as corners that lie outside it.
[[nodiscard]] Hull around(const Place& centre, double radius);

} // namespace kintsugi::recovery
