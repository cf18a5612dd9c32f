// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gcode/machinestate.h"

namespace kintsugi::gcode {

/// The commands of a line in their order; whoever executes a line must go through all of them. Only RepRapFirmware knows lines with several
/// commands, and coordinates that repeat the last move.
class LineCommands
{
public:
    LineCommands(std::string_view line, Dialect dialect)
        : m_line(line)
        , m_repRap(dialect == Dialect::RepRapFirmware ? std::optional<RepRapLine>(line) : std::nullopt)
    {
    }

    /// The next command, given the state in which it will be executed. A line without commands gives one of Kind::None: its comment counts.
    [[nodiscard]] bool next(Command& command, const MachineState& state)
    {
        if (m_repRap)
            return takeCommand(*m_repRap, state.lastMove, command);
        if (m_done)
            return false;
        m_done = true;
        parseCommand(m_line, command);
        return true;
    }

private:
    std::string_view m_line;
    std::optional<RepRapLine> m_repRap;
    bool m_done = false;
};

} // namespace kintsugi::gcode
