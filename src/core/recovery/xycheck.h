// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gcode/dialect.h"
#include "recovery/configread.h"

/// X and Y where a seam must meet: how well homing repeats, and a bounded correction by the person.
namespace kintsugi::recovery::xy {

/// The motors' step counts in Klipper's answer to GET_POSITION ("mcu: stepper_x:123 …"); empty when the line tells none.
[[nodiscard]] std::map<std::string, long> motorSteps(std::string_view line);

/// mm of belt a step count, from rotation_distance, microsteps, full_steps_per_rotation and gear_ratio; nullopt when the
/// section does not tell.
[[nodiscard]] std::optional<double> stepLength(const KlipperConfig& config, const std::string& stepper);

/// What homing X and Y several times ended apart by, mm: the motors' counts were read at the same place after each.
struct Spread {
    std::size_t readings = 0;
    double x = 0, y = 0;            ///< highest less lowest
    double limit = 0;               ///< mm: one motor full step, what a switch that works stays within
    [[nodiscard]] bool good() const { return x <= limit && y <= limit; }
};
/// nullopt: fewer than two readings, or the motors or kinematics are not known.
[[nodiscard]] std::optional<Spread> spread(const std::vector<std::map<std::string, long>>& readings, const KlipperConfig& config);

inline constexpr double smallestNudge = 0.01, largestNudge = 0.1, mostNudged = 1.0; // mm
/// The correction so far, and the next one: Unsafe beyond mostNudged in total, BadValue for a step out of range.
[[nodiscard]] Result<std::array<double, 2>> nudged(const std::array<double, 2>& sofar, char axis, double step);
/// The line that shifts all that follows by `step` mm. NotSupported where the firmware has no way that leaves its
/// coordinates alone.
[[nodiscard]] Result<std::string> nudgeLine(gcode::Dialect dialect, char axis, double step);

} // namespace kintsugi::recovery::xy
