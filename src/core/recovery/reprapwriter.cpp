// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "recovery/dialectwriters.h"

namespace kintsugi::recovery::write {

RepRapWriter::RepRapWriter(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch)
    : SerialWriter(gcode::Dialect::RepRapFirmware, state, printer, declares, std::move(inch))
{
}

Lines RepRapWriter::knownModes() const
{
    Lines lines = SerialWriter::knownModes();
    if (m_state.workspace != 54)
        lines.insert(lines.begin() + 2, "G" + decimal(m_state.workspace, 1));
    return lines;
}

/// Sets the machine's coordinate and marks the axis homed.
Lines RepRapWriter::declareZ(double z) const
{
    return {"G92 Z" + decimal(z)};
}

Lines RepRapWriter::heatTo(int tool, double target) const
{
    return {"G10 P" + std::to_string(tool) + " S" + decimal(target, 6)};
}

/// Only a selected tool heats to its active temperature. M116 would wait for cooling, too; S waits for heating alone.
Lines RepRapWriter::soften(double target) const
{
    return {selectTool().front(), heat("M109", m_state.tool, target)};
}

/// P0: without the macros of a tool change; the tool is where it was.
Lines RepRapWriter::selectTool() const
{
    return {"T" + std::to_string(m_state.tool) + " P0"};
}

Lines RepRapWriter::heatNozzle() const
{
    Lines lines;
    const auto heat = [&](int tool, double target) {
        const Lines more = heatTo(tool, target);
        lines.insert(lines.end(), more.begin(), more.end());
    };
    for (const auto& [tool, target] : m_state.hotend) {
        if (tool != m_state.tool)
            heat(tool, target);
    }
    heat(m_state.tool, m_state.hotend.at(m_state.tool));
    lines.push_back("M116 P" + std::to_string(m_state.tool));
    return lines;
}

/// Up to 1 is a fraction here, above it one of 255.
std::string RepRapWriter::fan(const std::string& name, double speed) const
{
    return "M106 P" + name + " S" + decimal(speed > 1 ? speed : speed / 255, 6);
}

Lines RepRapWriter::flow() const
{
    Lines lines;
    for (const auto& [tool, percent] : m_state.flowPercent) {
        if (tool != m_state.tool)
            lines.push_back("M221 D" + std::to_string(tool) + " S" + decimal(percent, 6));
    }
    if (const auto own = m_state.flowPercent.find(m_state.tool); own != m_state.flowPercent.end())
        lines.push_back("M221 S" + decimal(own->second, 6));
    return lines;
}

/// R0 sets, so it may be said whether or not the firmware stayed alive. A declared Z is counted without any babystep that
/// may still be in force, so it is added there; X and Y are homed.
Lines RepRapWriter::offsets() const
{
    const std::size_t set = m_declares ? 2 : 3;
    std::string line = "M290 R0";
    for (std::size_t axis = 0; axis < set; ++axis) {
        if (m_state.babystep[axis] != 0)
            line += std::string(" ") + static_cast<char>('X' + axis) + exact(m_state.babystep[axis]);
    }
    Lines lines;
    if (line != "M290 R0")
        lines.push_back(line);
    if (m_declares && m_state.babystep[2] != 0)
        lines.push_back("M290 Z" + exact(m_state.babystep[2]));
    return lines;
}

std::optional<Lines> RepRapWriter::mesh() const
{
    if (!m_state.mesh || m_state.mesh->profile.empty())
        return SerialWriter::mesh();
    const std::string& name = m_state.mesh->profile;
    const bool safe = std::all_of(name.begin(), name.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != ';'; });
    if (!safe)
        return std::nullopt;
    return Lines{name == "heightmap.csv" ? std::string("G29 S1") : "G29 S1 P\"" + name + '"'};
}

} // namespace kintsugi::recovery::write
