// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/changelog.h"

#include <cmath>
#include <limits>

namespace kintsugi::gcode {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

bool isSame(double a, double b)
{
    return a == b || (std::isnan(a) && std::isnan(b));
}

std::string keyText(int key) { return std::to_string(key); }
const std::string& keyText(const std::string& key) { return key; }

/// Lines that may change what is logged; the many others (M73, M204, G92 …) are passed by.
bool mayChange(const Command& command)
{
    if (command.kind == Command::Kind::Extended || command.letter == 'T')
        return true;
    if (command.letter == 'G' && (command.number == 10 || command.number == 11))
        return command.present != 0;
    if (command.letter == 'G')
        return command.number != 4 && command.number != 92 && command.number != 28;
    return command.number != 73 && command.number != 117 && command.number != 201 && command.number != 203 && command.number != 204
        && command.number != 205 && command.number != 400;
}

} // namespace

ChangeLog::ChangeLog(QuickIndex& quick)
    : m_quick(quick)
{
    m_quick.names.emplace_back();
    m_names.emplace(std::string(), 0);
}

void ChangeLog::start(const MachineState& state, Dialect dialect)
{
    m_tool = state.tool;
    m_speed = state.speedPercent;
    m_absolute = state.absoluteXyz ? 1 : 0;
    m_absoluteE = state.eIsAbsolute(dialect) ? 1 : 0;
    m_inch = state.inch ? 1 : 0;
    m_bed = state.bed.value_or(nothing);
    m_chamber = state.chamber.value_or(nothing);
}

void ChangeLog::look(const Line& line, const Command& command, const MachineState& state, Dialect dialect)
{
    using Kind = StateChange::Kind;
    if (!mayChange(command))
        return;
    if (command.is('M', 106) || command.is('M', 107)) // of these there are most
        return all(line, Kind::Fan, m_fans, state.fans);
    one(line, Kind::Tool, m_tool, state.tool);
    one(line, Kind::Bed, m_bed, state.bed.value_or(nothing));
    one(line, Kind::Chamber, m_chamber, state.chamber.value_or(nothing));
    one(line, Kind::Speed, m_speed, state.speedPercent);
    one(line, Kind::Positioning, m_absolute, state.absoluteXyz ? 1 : 0);
    one(line, Kind::ExtruderMode, m_absoluteE, state.eIsAbsolute(dialect) ? 1 : 0);
    one(line, Kind::Units, m_inch, state.inch ? 1 : 0);
    all(line, Kind::Hotend, m_hotend, state.hotend);
    all(line, Kind::Flow, m_flow, state.flowPercent);
    all(line, Kind::Fan, m_fans, state.fans);
    all(line, Kind::Heater, m_heaters, state.heaters);
    all(line, Kind::PressureAdvance, m_advance, state.pressureAdvance);
    all(line, Kind::Offset, m_offset, state.gcodeOffset);
    lookAtObject(line, state);
    if (m_mesh != state.mesh) {
        m_mesh = state.mesh;
        add(line, Kind::Mesh, m_mesh ? m_mesh->profile : std::string(), m_mesh ? m_mesh->m420Slot.value_or(nothing) : nothing);
    }
}

void ChangeLog::lookAtObject(const Line& line, const MachineState& state)
{
    if (m_object == state.object)
        return;
    m_object = state.object;
    add(line, StateChange::Kind::Object, m_object.value_or(std::string()), nothing);
}

void ChangeLog::one(const Line& line, StateChange::Kind kind, double& last, double now)
{
    if (isSame(last, now))
        return;
    last = now;
    add(line, kind, {}, now);
}

template <class Map>
void ChangeLog::all(const Line& line, StateChange::Kind kind, Map& last, const Map& now)
{
    if (now.size() > maxEntries) {
        m_quick.changesCut = true;
        return;
    }
    if (last == now)
        return;
    for (const auto& [key, value] : now) {
        const auto found = last.find(key);
        if (found == last.end() || !isSame(found->second, value))
            add(line, kind, keyText(key), value);
    }
    last = now;
}

void ChangeLog::add(const Line& line, StateChange::Kind kind, std::string_view name, double value)
{
    if (m_quick.changes.size() >= maxChanges) {
        m_quick.changesCut = true;
        return;
    }
    const auto [entry, isNew] = m_names.try_emplace(std::string(name), static_cast<std::uint32_t>(m_quick.names.size()));
    if (isNew)
        m_quick.names.emplace_back(name);
    m_quick.changes.push_back({.byte = line.begin, .line = line.number, .kind = kind, .name = entry->second, .value = value});
}

} // namespace kintsugi::gcode
