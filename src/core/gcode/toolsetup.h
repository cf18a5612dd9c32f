// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "gcode/machinestate.h"

/// MachineState::toolSetup: settings by the head of the line that sets them again. What a value means, and in which dialect a command
/// exists, is from the firmwares' own sources (Marlin 2.1, RepRapFirmware 3, Klipper); where that leaves a doubt the head ends with '?'.
namespace kintsugi::gcode::setup {

using Parameters = std::map<std::string, std::string, std::less<>>;

/// The entry of a head, unless there are too many.
std::map<std::string, double>* of(MachineState& state, const std::string& head);
/// Forgets all heads that begin so.
void forget(MachineState& state, std::string_view head);
/// Every value of the letters, kept under a name that is also the head of the line that sets it again.
void keep(MachineState& state, const std::string& head, const Command& command, std::string_view letters);
/// A word that needs no quotes.
[[nodiscard]] bool isPlainWord(std::string_view text);
/// "NAME KEY=value", or "NAME KEY?" where the value cannot be said again.
[[nodiscard]] std::string headOf(std::string_view name, std::string_view key, std::string_view value);

/// Steps a mm, mixing, filament width, skew, scale, carriages: what a restart forgets. Heads: "M92 T0", "M404", "M556 S100", "M579",
/// "M605 S2"; mixing as "M163 S0" -> {"P"} (parts that are not committed), "M164 S0" -> {channel -> part}, "M166".
void keepCode(MachineState& state, const Command& command, Dialect dialect);
/// The same of Klipper's commands: rotation distance, motion queues, carriages, drivers, smooth time.
/// `name`: upper case. False: none of them.
bool keepNamed(MachineState& state, std::string_view name, const Parameters& parameters);

} // namespace kintsugi::gcode::setup
