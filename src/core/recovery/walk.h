// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include "gcode/command.h"
#include "gcode/fileindex.h"
#include "gcode/linecommands.h"
#include "gcode/scanner.h"

namespace kintsugi::recovery {

/// One executed command and its line; everything dies with the call. RepRapFirmware's lines may hold several.
struct Walked {
    const gcode::Line& line;
    const gcode::Command& command;
    const gcode::Effect& effect;
    const gcode::MachineState& after;
    [[nodiscard]] bool prints() const { return effect.moved && effect.de > 0; }
};

/// Executes the commands of the lines that start in [begin, end), with the right state from a checkpoint on. The visitor returns false
/// to stop. Reads only what is needed; the file may be of any size.
[[nodiscard]] Result<> walk(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset begin, ByteOffset end,
                            const std::function<bool(const Walked&)>& visit);

/// Filament pulled back since the last line that printed before `byte`, in nm; 0 when more was pushed than pulled.
[[nodiscard]] Result<gcode::Nanometres> retractedBefore(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte);

} // namespace kintsugi::recovery
