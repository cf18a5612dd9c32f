// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>

#include "gcode/machinestate.h"

namespace kintsugi::gcode {

using Point = std::array<double, 3>; ///< X, Y, Z in mm

/// A G2 or G3 as geometry: a circle in the chosen plane, linear along the axis across it.
struct Arc {
    std::size_t first = 0, second = 1, across = 2; ///< axes of the plane, right-handed, and the one across
    double centreFirst = 0, centreSecond = 0;      ///< mm
    double radius = 0;                             ///< mm
    double sweep = 0;                              ///< radians; > 0 counter-clockwise
    Point from{}, to{};

    [[nodiscard]] double startAngle() const;       ///< of the radius, radians
    [[nodiscard]] Point at(double fraction) const; ///< 0 = from, 1 = to
    /// Whether the arc touches its circle's point in this direction from the centre.
    [[nodiscard]] bool passes(double alongFirst, double alongSecond) const;
    [[nodiscard]] double length() const;           ///< mm
    [[nodiscard]] std::size_t chords(double sagitta) const; ///< pieces that stay within sagitta (mm) of the arc
};

/// The arc of a command that was just applied: `state` is after it, `from` its Effect::from. Nothing when a position is
/// unknown or no circle fits; the move is then a straight line.
[[nodiscard]] std::optional<Arc> arcOf(const Command& command, const Effect& effect, const MachineState& state);

/// A position in mm, when all three axes are known.
[[nodiscard]] std::optional<Point> pointOf(const std::array<std::optional<Nanometres>, 3>& position);

} // namespace kintsugi::gcode
