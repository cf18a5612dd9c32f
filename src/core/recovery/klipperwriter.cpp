// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "recovery/dialectwriters.h"

namespace kintsugi::recovery::write {

std::optional<Refusal> KlipperWriter::refusal() const
{
    if (m_state.inch)
        return Refusal{"inch", "Klipper knows no inches (G20)"};
    return std::nullopt;
}

Lines KlipperWriter::knownModes() const
{
    Lines lines = DialectWriter::knownModes();
    lines.emplace_back("SET_GCODE_OFFSET X=0 Y=0 Z=0 MOVE=0");
    return lines;
}

Lines KlipperWriter::declareZ(double z) const
{
    Lines lines{"SET_KINEMATIC_POSITION Z=" + decimal(z) + (m_printer.setHomedKnown ? " SET_HOMED=Z" : "")};
    if (m_state.everShifted & 4U) // a host that stayed alive still counts from where the file's G92 put it
        lines.push_back("G92 Z" + decimal(z));
    return lines;
}

Lines KlipperWriter::beforeTouch() const
{
    Lines lines{"SET_GCODE_OFFSET X=0 Y=0 Z=0"};
    if (m_state.mesh) // Klipper loads a profile named "default" by itself
        lines.emplace_back("BED_MESH_CLEAR");
    return lines;
}

/// The plugin's registration sets fan, offset and modes by itself.
Lines KlipperWriter::afterRegistration() const
{
    return {"G90", "M83", "M107", "M220 S100"};
}

Lines KlipperWriter::soften(double target) const
{
    constexpr double near = 3; // °C
    return {heat("M104", m_state.tool, target),
            "TEMPERATURE_WAIT SENSOR=" + heaterName(m_state.tool) + " MINIMUM=" + decimal(target - near)};
}

/// A T is a macro of the printer, if there is one: only a file that said it shows that.
Lines KlipperWriter::selectTool() const
{
    const std::string own = "ACTIVATE_EXTRUDER EXTRUDER=" + heaterName(m_state.tool);
    return m_state.toolSetup.count(own) != 0 ? Lines{own} : DialectWriter::selectTool();
}

std::string KlipperWriter::fan(const std::string& name, double speed) const
{
    if (isNumber(name))
        return "M106" + (name == "0" ? std::string() : " P" + name) + " S" + decimal(speed, 6);
    const auto quoted = parameter(name);
    return quoted ? "SET_FAN_SPEED FAN=" + *quoted + " SPEED=" + decimal(speed, 6) : std::string();
}

Lines KlipperWriter::offsets() const
{
    std::string line = "SET_GCODE_OFFSET";
    for (const char* axis : {"X", "Y", "Z"}) {
        const auto offset = m_state.gcodeOffset.find(axis);
        line += std::string(" ") + axis + '=' + (offset == m_state.gcodeOffset.end() ? "0" : decimal(offset->second, 6));
    }
    return {line + " MOVE=0"};
}

std::optional<Lines> KlipperWriter::limits() const
{
    Lines lines = named(m_state.motion, false);
    Lines settings = setup(false); // a profile sets what a later SET_SKEW changes
    std::stable_partition(settings.begin(), settings.end(), [](const std::string& line) { return line.starts_with("SKEW_PROFILE"); });
    lines.insert(lines.end(), settings.begin(), settings.end());
    for (const auto& [extruder, advance] : m_state.pressureAdvance) {
        if (isNumber(extruder))
            continue;
        const auto name = parameter(extruder);
        if (!name)
            return std::nullopt;
        lines.push_back("SET_PRESSURE_ADVANCE EXTRUDER=" + *name + " ADVANCE=" + decimal(advance, 6));
    }
    const Lines foreign = pressureAdvance(); // M900 and M572 mean nothing to Klipper, or what a macro makes of them
    lines.insert(lines.end(), foreign.begin(), foreign.end());
    return lines;
}

std::optional<Lines> KlipperWriter::heaters() const
{
    Lines lines;
    for (const auto& [heater, target] : m_state.heaters) {
        const auto name = parameter(heater);
        if (!name)
            return std::nullopt;
        lines.push_back("SET_HEATER_TEMPERATURE HEATER=" + *name + " TARGET=" + decimal(target, 6));
    }
    return lines;
}

std::optional<Lines> KlipperWriter::mesh() const
{
    if (m_state.mesh && (m_state.mesh->m420Enabled || m_state.mesh->m420Slot || m_state.mesh->m420Fade))
        return Lines{m420(*m_state.mesh)};
    if (!m_state.mesh || m_state.mesh->profile.empty())
        return Lines{};
    const auto name = parameter(m_state.mesh->profile);
    return name ? std::optional(Lines{"BED_MESH_PROFILE LOAD=" + *name}) : std::nullopt;
}

bool KlipperWriter::definesObjects(const gcode::Command& command) const
{
    return command.kind == gcode::Command::Kind::Extended && upper(command.name) == "EXCLUDE_OBJECT_DEFINE";
}

std::optional<Lines> KlipperWriter::objects(const Lines& definitions) const
{
    Lines lines;
    std::set<std::string> open = m_state.definedObjects;
    if (!open.empty()) {
        for (const std::string& line : definitions) {
            const gcode::Command command = gcode::parseCommand(line);
            for (const auto& [key, value] : gcode::parseParameters(command.rest)) {
                if (key == "NAME")
                    open.erase(value);
            }
            lines.push_back(upper(command.name) + ' ' + std::string(command.rest));
        }
    }
    for (const std::string& name : open) {
        const auto text = parameter(name);
        if (!text)
            return std::nullopt;
        lines.push_back("EXCLUDE_OBJECT_DEFINE NAME=" + *text);
    }
    for (const std::string& object : m_state.excluded) {
        const bool byNumber = isNumber(object) && !m_state.definedObjects.count(object);
        const auto name = parameter(object);
        if (!name)
            return std::nullopt;
        lines.push_back(byNumber ? "M486 P" + object : "EXCLUDE_OBJECT NAME=" + *name);
    }
    if (m_state.object && m_state.definedObjects.count(*m_state.object)) {
        if (const auto name = parameter(*m_state.object))
            lines.push_back("EXCLUDE_OBJECT_START NAME=" + *name);
    }
    return lines;
}

/// Saving is off after every restart of Klipper (klipper.md 1).
Lines KlipperWriter::lastly() const
{
    return m_printer.plrPresent ? Lines{"PLR_ENABLE"} : Lines{};
}

} // namespace kintsugi::recovery::write
