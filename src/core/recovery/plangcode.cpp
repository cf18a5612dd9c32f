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

bool isForbiddenName(std::string_view name)
{
    constexpr std::array<std::string_view, 29> words{
        "HOME", "HOMING", "PROBE", "CALIBRATE", "LEVEL", "TILT", "QGL", "G28", "G29", "G32", "G34", "START_PRINT",
        "PRINT_START", "SDCARD", "RESTART", "FORCE_MOVE", "KINEMATIC_POSITION", "RESUME", "CANCEL_PRINT", "END_PRINT",
        "PRINT_END", "STEPPER_BUZZ", "MANUAL_STEPPER", "RESTORE_GCODE_STATE",
        "STEPPER_ENABLE", "SAVE_CONFIG", "SHUTDOWN", "TURN_OFF_HEATERS", "SET_TMC"};
    const std::string text = upper(name);
    return std::any_of(words.begin(), words.end(), [&text](std::string_view word) { return text.find(word) != std::string::npos; });
}

bool isForbiddenCode(const Command& command)
{
    constexpr std::array<std::uint32_t, 24> g{5, 6, 10, 28, 29, 30, 32, 33, 34, 35, 38, 53, 54, 55, 56, 57, 58, 59, 76, 80, 92, 161, 162, 425};
    constexpr std::array<std::uint32_t, 35> m{0,   1,   18,  23,  24,  25,  26,  28,  29,  32,  48,  81,
                                              84,  92,  112, 206, 211, 226, 302, 428, 501, 502, 564, 569,
                                              600, 601, 808, 851, 906, 916, 920, 995, 997, 999, 1000};
    constexpr std::uint32_t firstStored = 810, lastStored = 819; // macros of Marlin that a line may fill and run
    if (command.letter == 'G')
        return std::find(g.begin(), g.end(), command.number) != g.end() && !(command.number == 10 && command.present == 0);
    if (command.letter == 'M' && command.number == 98) // a macro file tells by its name
        return isForbiddenName(command.rest);
    const bool stored = command.number >= firstStored && command.number <= lastStored;
    return command.letter == 'M' && (stored || std::find(m.begin(), m.end(), command.number) != m.end());
}

/// One command a line: some firmware would execute a second one, and no check has seen it.
bool holdsAnother(const std::string& line)
{
    gcode::RepRapLine commands(line);
    Command command;
    bool first = true;
    for (; gcode::takeCommand(commands, 1, command); first = false) {
        if (!first && (command.kind == Command::Kind::Code || command.kind == Command::Kind::Text))
            return true;
    }
    return false;
}

} // namespace

bool isNumber(const std::string& text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

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

std::string m420(const gcode::MeshState& mesh)
{
    std::string line = "M420";
    if (mesh.m420Enabled)
        line += " S" + decimal(*mesh.m420Enabled, 6);
    if (mesh.m420Slot)
        line += " L" + decimal(*mesh.m420Slot, 6);
    if (mesh.m420Fade)
        line += " Z" + decimal(*mesh.m420Fade, 6);
    return line;
}

bool canBeSaidAgain(std::string_view head)
{
    constexpr std::array<std::string_view, 5> others{"M206", "M428", "G10 L", "SAVE_GCODE_STATE", "ACTIVATE_EXTRUDER"};
    return !head.ends_with('?') && std::none_of(others.begin(), others.end(), [head](std::string_view other) { return head.starts_with(other); });
}

bool isForbidden(const std::string& line)
{
    const bool control = std::any_of(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 && c != '\t'; });
    const auto startsWith = [&line](std::string_view comment) { return line.starts_with(comment); };
    if (control || startsWith(pointComment) || startsWith(rootComment) || startsWith(printedComment) || startsWith(shiftedComment)
        || startsWith(declaredComment))
        return true;
    const Command command = gcode::parseCommand(line);
    if (command.kind == Command::Kind::Code && holdsAnother(line))
        return true;
    if (command.kind == Command::Kind::Code && command.rest.find('{') != std::string_view::npos) // worked out by the printer
        return true;
    if (command.kind == Command::Kind::Code || command.kind == Command::Kind::Text)
        return isForbiddenCode(command);
    return command.kind == Command::Kind::Extended && isForbiddenName(command.name);
}

} // namespace kintsugi::recovery::write
