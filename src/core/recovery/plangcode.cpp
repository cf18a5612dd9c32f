// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/plangcode.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/message.h"
#include "gcode/command.h"

namespace kintsugi::recovery::write {

namespace {

using gcode::Command;
using gcode::MachineState;

bool isNumber(const std::string& text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string upper(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

bool isForbiddenCode(const Command& command)
{
    constexpr std::array<std::uint32_t, 15> g{10, 28, 29, 30, 32, 33, 34, 35, 38, 53, 76, 92, 161, 162, 425};
    constexpr std::array<std::uint32_t, 16> m{0, 1, 18, 23, 24, 25, 26, 48, 81, 84, 112, 206, 226, 600, 601, 999};
    if (command.letter == 'G')
        return std::find(g.begin(), g.end(), command.number) != g.end() && !(command.number == 10 && command.present == 0);
    return command.letter == 'M' && std::find(m.begin(), m.end(), command.number) != m.end();
}

bool isForbiddenName(std::string_view name)
{
    constexpr std::array<std::string_view, 27> words{
        "HOME", "HOMING", "PROBE", "CALIBRATE", "LEVEL", "TILT", "QGL", "G28", "G29", "G32", "G34", "START_PRINT",
        "PRINT_START", "SDCARD", "RESTART", "FORCE_MOVE", "KINEMATIC_POSITION", "RESUME", "CANCEL_PRINT", "END_PRINT",
        "PRINT_END", "STEPPER_BUZZ", "MANUAL_STEPPER", "RESTORE_GCODE_STATE",
        "STEPPER_ENABLE", "SAVE_CONFIG", "SHUTDOWN"};
    const std::string text = upper(name);
    return std::any_of(words.begin(), words.end(), [&text](std::string_view word) { return text.find(word) != std::string::npos; });
}

} // namespace

std::string exact(gcode::Nanometres value)
{
    const bool negative = value < 0;
    const std::uint64_t size = negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
    std::string digits = std::to_string(size % 1'000'000);
    std::string text = std::to_string(size / 1'000'000) + '.' + std::string(6 - digits.size(), '0') + digits;
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.')
        text.pop_back();
    return negative ? '-' + text : text;
}

std::optional<std::string> parameter(const std::string& name)
{
    const bool control = std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    if (name.empty() || control || name.find('\\') != std::string::npos)
        return std::nullopt;
    const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c >= 0x80;
    });
    if (plain)
        return name;
    if (name.find('"') == std::string::npos)
        return '"' + name + '"';
    if (name.find('\'') == std::string::npos)
        return '\'' + name + '\'';
    return std::nullopt;
}

std::string heaterName(int tool)
{
    return tool == 0 ? "extruder" : "extruder" + std::to_string(tool);
}

std::optional<Lines> limits(const MachineState& state)
{
    Lines lines;
    for (const auto& [command, values] : state.motion) {
        const bool extended = command.find('_') != std::string::npos;
        std::string line = command;
        for (const auto& [name, value] : values)
            line += ' ' + name + (extended ? "=" : "") + decimal(value, 6);
        if (!values.empty())
            lines.push_back(std::move(line));
    }
    for (const auto& [extruder, advance] : state.pressureAdvance) {
        const auto name = parameter(extruder);
        if (!name)
            return std::nullopt;
        lines.push_back("SET_PRESSURE_ADVANCE EXTRUDER=" + *name + " ADVANCE=" + decimal(advance, 6));
    }
    return lines;
}

std::optional<Lines> heaters(const MachineState& state)
{
    Lines lines;
    for (const auto& [heater, target] : state.heaters) {
        const auto name = parameter(heater);
        if (!name)
            return std::nullopt;
        lines.push_back("SET_HEATER_TEMPERATURE HEATER=" + *name + " TARGET=" + decimal(target, 6));
    }
    return lines;
}

/// Klipper has one flow factor and does not read T: the tool in use has the last word.
Lines flow(const MachineState& state)
{
    Lines lines;
    for (const auto& [tool, percent] : state.flowPercent) {
        if (tool != state.tool)
            lines.push_back("M221 T" + std::to_string(tool) + " S" + decimal(percent, 6));
    }
    if (const auto own = state.flowPercent.find(state.tool); own != state.flowPercent.end())
        lines.push_back("M221 S" + decimal(own->second, 6));
    return lines;
}

/// Klipper's own M106 does not read P: the part fan has the last word.
std::optional<Lines> fans(const MachineState& state)
{
    Lines lines;
    for (const auto& [fan, speed] : state.fans) {
        if (fan == "0")
            continue;
        if (isNumber(fan)) {
            lines.push_back("M106 P" + fan + " S" + decimal(speed, 6));
            continue;
        }
        const auto name = parameter(fan);
        if (!name)
            return std::nullopt;
        lines.push_back("SET_FAN_SPEED FAN=" + *name + " SPEED=" + decimal(speed, 6));
    }
    if (const auto part = state.fans.find("0"); part != state.fans.end())
        lines.push_back("M106 S" + decimal(part->second, 6));
    return lines;
}

std::optional<Lines> mesh(const MachineState& state)
{
    if (!state.mesh)
        return Lines{};
    if (state.mesh->m420Enabled || state.mesh->m420Slot) {
        std::string line = "M420";
        if (state.mesh->m420Enabled)
            line += " S" + decimal(*state.mesh->m420Enabled, 6);
        if (state.mesh->m420Slot)
            line += " L" + decimal(*state.mesh->m420Slot, 6);
        return Lines{line};
    }
    if (state.mesh->profile.empty())
        return Lines{};
    const auto name = parameter(state.mesh->profile);
    return name ? std::optional(Lines{"BED_MESH_PROFILE LOAD=" + *name}) : std::nullopt;
}

std::optional<Lines> excluded(const MachineState& state)
{
    Lines lines;
    for (const std::string& object : state.excluded) {
        if (isNumber(object) && !state.definedObjects.count(object)) {
            lines.push_back("M486 P" + object);
            continue;
        }
        const auto name = parameter(object);
        if (!name)
            return std::nullopt;
        lines.push_back("EXCLUDE_OBJECT NAME=" + *name);
    }
    return lines;
}

std::string gcodeOffset(const MachineState& state)
{
    std::string line = "SET_GCODE_OFFSET";
    for (const char* axis : {"X", "Y", "Z"}) {
        const auto offset = state.gcodeOffset.find(axis);
        line += std::string(" ") + axis + '=' + (offset == state.gcodeOffset.end() ? "0" : decimal(offset->second, 6));
    }
    return line + " MOVE=0";
}

Lines extrude(gcode::Nanometres length, double speed)
{
    constexpr gcode::Nanometres piece = 40'000'000;
    Lines lines;
    while (length != 0) {
        const gcode::Nanometres now = std::clamp(length, -piece, piece);
        lines.push_back("G1 E" + exact(now) + " F" + decimal(speed * 60));
        length -= now;
    }
    return lines;
}

Lines modes(const MachineState& state)
{
    Lines lines{"G90"};
    if (state.plane != 17)
        lines.push_back("G" + std::to_string(state.plane));
    if (state.workspace != 54)
        lines.push_back("G" + decimal(state.workspace, 1));
    lines.push_back("G92 E" + exact(state.e));
    if (state.feed)
        lines.push_back("G1 F" + exact(*state.feed));
    if (!state.absoluteXyz)
        lines.emplace_back("G91");
    lines.emplace_back(state.absoluteEFlag ? "M82" : "M83");
    return lines;
}

bool isForbidden(const std::string& line)
{
    const bool control = std::any_of(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 && c != '\t'; });
    const auto startsWith = [&line](std::string_view comment) { return line.starts_with(comment); };
    if (control || startsWith(pointComment) || startsWith(rootComment) || startsWith(printedComment))
        return true;
    const Command command = gcode::parseCommand(line);
    if (command.kind == Command::Kind::Code || command.kind == Command::Kind::Text)
        return isForbiddenCode(command);
    return command.kind == Command::Kind::Extended && isForbiddenName(command.name);
}

bool setsOffset(const std::string& line)
{
    MachineState state;
    gcode::apply(state, gcode::parseCommand(line), gcode::Dialect::Klipper);
    return !state.gcodeOffset.empty();
}

bool mayMove(const std::string& line)
{
    const Command command = gcode::parseCommand(line);
    MachineState state;
    const gcode::Effect effect = gcode::apply(state, command, gcode::Dialect::Klipper);
    using Kind = gcode::Effect::Kind;
    return effect.kind == Kind::Move || effect.kind == Kind::Arc || effect.kind == Kind::Tool || state.unknownMotion;
}

} // namespace kintsugi::recovery::write
