// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gcode/machinestate.h"

/// Texts of Klipper commands. Numbers are exact: nanometres are written with all their digits.
namespace kintsugi::recovery::write {

using Lines = std::vector<std::string>;

[[nodiscard]] std::string exact(gcode::Nanometres value); ///< mm, no exponent, no trailing zeros
/// A name as a parameter value: quoted when needed; nullopt when no quoting makes it safe.
[[nodiscard]] std::optional<std::string> parameter(const std::string& name);
[[nodiscard]] std::string heaterName(int tool); ///< "extruder", "extruder1"

[[nodiscard]] Lines limits(const gcode::MachineState& state);          ///< motion and pressure advance
[[nodiscard]] std::optional<Lines> fans(const gcode::MachineState& state);
[[nodiscard]] std::optional<Lines> mesh(const gcode::MachineState& state);
[[nodiscard]] std::optional<Lines> excluded(const gcode::MachineState& state);
[[nodiscard]] std::string gcodeOffset(const gcode::MachineState& state); ///< all three axes, without a move
/// E in pieces that Klipper's limit for extrude-only moves lets through; negative retracts.
[[nodiscard]] Lines extrude(gcode::Nanometres length, double speed);
/// G90, E register, feed, E mode last.
[[nodiscard]] Lines modes(const gcode::MachineState& state);

/// Does this foreign line home, probe, calibrate, start a print or break out of its line?
[[nodiscard]] bool isForbidden(const std::string& line);
[[nodiscard]] bool moves(const std::string& line);

} // namespace kintsugi::recovery::write
