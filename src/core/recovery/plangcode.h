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

[[nodiscard]] std::optional<Lines> limits(const gcode::MachineState& state); ///< motion and pressure advance
[[nodiscard]] std::optional<Lines> heaters(const gcode::MachineState& state); ///< all but hotends, bed and chamber
[[nodiscard]] Lines flow(const gcode::MachineState& state);
[[nodiscard]] std::optional<Lines> fans(const gcode::MachineState& state);
[[nodiscard]] std::optional<Lines> mesh(const gcode::MachineState& state);
[[nodiscard]] std::optional<Lines> excluded(const gcode::MachineState& state);
[[nodiscard]] std::string gcodeOffset(const gcode::MachineState& state); ///< all three axes, without a move
/// E in pieces that Klipper's limit for extrude-only moves lets through; negative retracts.
[[nodiscard]] Lines extrude(gcode::Nanometres length, double speed);
/// G90, E register, feed, E mode last.
[[nodiscard]] Lines modes(const gcode::MachineState& state);

/// Comments by which a resume file is read back.
inline constexpr std::string_view pointComment = "; KINTSUGI RESUME POINT byte=";
inline constexpr std::string_view rootComment = "; root byte: ";
inline constexpr std::string_view printedComment = "; printed before: ";

/// Does this foreign line home, probe, calibrate, start a print, let go of the axes, shift coordinates, break out of its
/// line or look like a comment of the program?
[[nodiscard]] bool isForbidden(const std::string& line);
[[nodiscard]] bool setsOffset(const std::string& line);
[[nodiscard]] bool mayMove(const std::string& line); ///< a move, a tool change or a macro

} // namespace kintsugi::recovery::write
