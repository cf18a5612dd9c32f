// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gcode/machinestate.h"

/// RepRapFirmware decides while it prints: commands below `if` and `while` may run, not run or run often, and {expressions} are worked out
/// by the printer. What they may set is unknown afterwards, until a plain command sets it again.
namespace kintsugi::gcode {

using Execute = Effect(MachineState&, const Command&, Dialect);

/// `execute`: what the command does where nothing is in doubt.
Effect applyRepRap(MachineState& state, const Command& command, Execute* execute);

/// No condition is open, and units and modes are known.
[[nodiscard]] bool knowsHowToMove(const MachineState& state);
/// A plain move gave filament or feed.
void learnFromMove(MachineState& state, bool filament, bool feed);

/// Does a line of this indent go on with the condition that is open? `word`: its meta command.
[[nodiscard]] bool staysInBlock(const MachineState& state, std::uint32_t indent, std::string_view word);

} // namespace kintsugi::gcode
