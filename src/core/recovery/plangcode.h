// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gcode/machinestate.h"
#include "gcode/text.h"

/// Texts that commands are made of. Numbers are exact: nanometres are written with all their digits.
namespace kintsugi::recovery::write {

using Lines = std::vector<std::string>;

[[nodiscard]] std::string exact(gcode::Nanometres value); ///< mm, no exponent, no trailing zeros
/// A name as a parameter value: quoted when needed; nullopt when no quoting makes it safe.
[[nodiscard]] std::optional<std::string> parameter(const std::string& name);
[[nodiscard]] std::string heaterName(int tool); ///< "extruder", "extruder1"

[[nodiscard]] bool isNumber(const std::string& text);      ///< digits alone
using gcode::upper;
[[nodiscard]] std::string m420(const gcode::MeshState& mesh);

/// Comments by which a resume file is read back.
inline constexpr std::string_view pointComment = "; KINTSUGI RESUME POINT byte=";
inline constexpr std::string_view rootComment = "; root byte: ";
inline constexpr std::string_view printedComment = "; printed before: ";
inline constexpr std::string_view shiftedComment = "; coordinates shifted by: ";
inline constexpr std::string_view declaredComment = "; Z declared: ";

/// Is this head of MachineState::toolSetup a setting that can be said again, moves no zero and selects nothing?
[[nodiscard]] bool canBeSaidAgain(std::string_view head);

/// Does this foreign line home, probe, calibrate, start a print, let go of the axes, shift coordinates, break out of its
/// line or look like a comment of the program?
[[nodiscard]] bool isForbidden(const std::string& line);

} // namespace kintsugi::recovery::write
