// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "gcode/text.h"
#include "recovery/dialectwriters.h"

namespace kintsugi::recovery::write {

namespace {

bool isPrintable(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

/// A word of Klipper's in the state, if there is one: the file was not written for this firmware.
std::optional<std::string> klipperWord(const gcode::MachineState& state, bool namesMesh)
{
    const auto named = [](const auto& map) {
        return std::any_of(map.begin(), map.end(), [](const auto& item) { return !isNumber(item.first); });
    };
    if (named(state.fans))
        return "SET_FAN_SPEED";
    if (!state.heaters.empty())
        return "SET_HEATER_TEMPERATURE";
    for (const auto* settings : {&state.motion, &state.toolSetup}) {
        for (const auto& [head, values] : *settings) {
            if (head.find('_') != std::string::npos)
                return head.substr(0, head.find(' '));
        }
    }
    if (named(state.pressureAdvance))
        return "SET_PRESSURE_ADVANCE";
    if (!state.gcodeOffset.empty())
        return "SET_GCODE_OFFSET";
    if (state.mesh && !state.mesh->profile.empty() && !namesMesh)
        return "BED_MESH_PROFILE";
    if (!state.definedObjects.empty() || std::any_of(state.excluded.begin(), state.excluded.end(), [](const auto& name) { return !isNumber(name); }))
        return "EXCLUDE_OBJECT";
    return std::nullopt;
}

/// Objects are told apart by number: what of a name could end the line, be taken for a checksum or begin a remark is only for the eye.
std::string withPlainName(std::string line)
{
    const std::size_t name = line.find_first_of("Aa");
    const auto isPlain = [](char c) { return gcode::isLetter(c) || gcode::isDigit(c) || std::string_view(" \"-._").find(c) != std::string_view::npos; };
    for (std::size_t at = std::min(name, line.size()); at < line.size(); ++at) {
        if (!isPlain(line[at]))
            line[at] = '_';
    }
    return line;
}

} // namespace

SerialWriter::SerialWriter(gcode::Dialect dialect, const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch)
    : DialectWriter(state, printer, declares, std::move(inch))
{
    m_dialect = dialect;
}

std::optional<Refusal> SerialWriter::refusal() const
{
    if (const auto word = klipperWord(m_state, namesMesh()))
        return Refusal{"dialect", "the file speaks Klipper (" + *word + "), which this firmware does not understand"};
    if (m_state.inch && !knowsInches())
        return Refusal{"inch", "this firmware knows no inches (G20)"};
    const bool volumetric = std::any_of(m_state.volumetric.begin(), m_state.volumetric.end(), [](const auto& tool) { return tool.second > 0; });
    if (m_state.inch && volumetric)
        return Refusal{"inch", "cubic inches of filament (G20 with M200) are not understood"};
    if (m_declares && knowsWorkspaces() && m_state.workspace != 54)
        return Refusal{"workspace", "the offsets of workspace G" + decimal(m_state.workspace, 1)
                                        + " are kept in the printer and not known here: only a Z that was kept is sure"};
    return std::nullopt;
}

Lines SerialWriter::heatBed() const
{
    Lines lines = DialectWriter::heatBed();
    if (m_state.chamber && *m_state.chamber > 0)
        lines.push_back("M191 S" + decimal(*m_state.chamber, 6));
    return lines;
}

/// S waits for heating alone; only R would wait for cooling, too.
Lines SerialWriter::soften(double target) const
{
    return {heat("M109", m_state.tool, target)};
}

std::string SerialWriter::fan(const std::string& name, double speed) const
{
    return "M106" + (name == "0" ? std::string() : " P" + name) + " S" + decimal(speed, 6);
}

/// Babysteps died with the firmware's memory; where it stayed alive they are still in force.
Lines SerialWriter::offsets() const
{
    std::string line = "M290";
    for (std::size_t axis = 0; m_declares && axis < 3; ++axis) {
        if (m_state.babystep[axis] != 0)
            line += std::string(" ") + static_cast<char>('X' + axis) + exact(m_state.babystep[axis]);
    }
    return line == "M290" ? Lines{} : Lines{line};
}

std::optional<Lines> SerialWriter::mesh() const
{
    return m_state.mesh && *m_state.mesh != gcode::MeshState{} ? Lines{m420(*m_state.mesh)} : Lines{};
}

bool SerialWriter::definesObjects(const gcode::Command& command) const
{
    return command.is('M', 486) && (command.has('T') || command.has('A') || command.has('S'));
}

std::optional<Lines> SerialWriter::objects(const Lines& definitions) const
{
    Lines lines;
    if (m_state.object || !m_state.excluded.empty()) {
        for (const std::string& line : definitions) {
            if (line.size() <= longestLine() && isPrintable(line))
                lines.push_back(withPlainName(line));
        }
    }
    for (const std::string& object : m_state.excluded)
        lines.push_back("M486 P" + object);
    if (m_state.object && isNumber(*m_state.object))
        lines.push_back("M486 S" + *m_state.object);
    else if (!lines.empty())
        lines.emplace_back("M486 S-1");
    return lines;
}

// --- Marlin 2 and Prusa Buddy ---

MarlinWriter::MarlinWriter(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch)
    : SerialWriter(gcode::Dialect::Marlin, state, printer, declares, std::move(inch))
{
}

/// The file's workspace first: all that follows is then counted in it.
Lines MarlinWriter::knownModes() const
{
    Lines lines = SerialWriter::knownModes();
    if (m_state.workspace != 54)
        lines.insert(lines.begin() + 2, "G" + decimal(m_state.workspace, 1));
    return lines;
}

/// G92.9 sets the machine's own coordinate; builds without it ignore it, and G92 then shifts instead. Leveling must not
/// bend either.
Lines MarlinWriter::declareZ(double z) const
{
    Lines lines;
    if (m_state.mesh && m_state.mesh->m420Enabled.value_or(0) != 0)
        lines.emplace_back("M420 S0");
    lines.push_back("G92.9 Z" + decimal(z));
    lines.push_back("G92 Z" + decimal(z));
    return lines;
}

/// S1: without the moves of a tool change; the tool is where it was.
Lines MarlinWriter::selectTool() const
{
    Lines lines = SerialWriter::selectTool();
    for (std::string& line : lines)
        line += " S1";
    return lines;
}

// --- Marlin 1.1 and Repetier ---

Marlin1Writer::Marlin1Writer(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch)
    : SerialWriter(gcode::Dialect::Marlin1, state, printer, declares, std::move(inch))
{
}

Lines Marlin1Writer::declareZ(double z) const
{
    return {"G92 Z" + decimal(z)};
}

Lines Marlin1Writer::selectTool() const
{
    Lines lines = SerialWriter::selectTool();
    for (std::string& line : lines)
        line += " S1";
    return lines;
}

// --- Prusa MK3 ---

PrusaWriter::PrusaWriter(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch)
    : SerialWriter(gcode::Dialect::Prusa, state, printer, declares, std::move(inch))
{
}

/// M109 waits for cooling, too (serial-and-gcode.md 3.3): a hot nozzle would stay on the part.
Lines PrusaWriter::keepSoft(double) const
{
    return {};
}

Lines PrusaWriter::declareZ(double z) const
{
    return {"G92 Z" + decimal(z)};
}

} // namespace kintsugi::recovery::write
