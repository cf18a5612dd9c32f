// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/reprapstate.h"

#include <array>
#include <type_traits>

namespace kintsugi::gcode {

namespace {

constexpr std::array<char, 3> axes{'X', 'Y', 'Z'};

constexpr std::uint32_t bit(char letter) { return 1U << (letter - 'A'); }
constexpr std::uint32_t axisBits = bit('X') | bit('Y') | bit('Z');
constexpr std::uint32_t wayBits = axisBits | bit('I') | bit('J') | bit('R');

bool isUnknown(const MachineState& state, const char* key) { return state.unknownFields.count(key) != 0; }

/// One field a command sets. Some are only added to: a later command does not say what they were.
struct Target {
    std::string key;
    bool settled = true; ///< a plain command makes it known
};
using Targets = std::vector<Target>;

/// "hotend.1"; all of them when the number is not known.
std::string ofTool(const char* head, const MachineState& state, const Command& command, char letter)
{
    const bool implied = !command.value(letter);
    if ((command.computed & bit(letter)) || (implied && isUnknown(state, "tool")))
        return head;
    return head + ('.' + std::to_string(implied ? state.tool : static_cast<int>(*command.value(letter) / 1'000'000)));
}

Targets targetsOfG(const MachineState& state, const Command& command)
{
    switch (command.number) {
    case 10:
        if (command.present != 0)
            return {{ofTool("hotend", state, command, 'P')}, {"tool_setup", false}};
        [[fallthrough]];
    case 11: return {{"retracted"}};
    case 17: case 18: case 19: return {{"plane"}};
    case 20: case 21: return {{"inch"}};
    case 29: return {{"mesh"}};
    case 54: case 55: case 56: case 57: case 58: case 59: return {{"workspace"}};
    case 90: case 91: return {{"absolute_xyz"}};
    case 92:
        return command.has('E') || (command.present & (axisBits | bit('E'))) == 0 ? Targets{{"e"}} : Targets{};
    default: return {};
    }
}

/// M201 and its like: each letter is a limit of its own.
Targets limits(const Command& command)
{
    const std::string head = "motion.M" + std::to_string(command.number) + '.';
    Targets targets;
    for (char letter = 'A'; letter <= 'Z'; ++letter) {
        if (!command.has(letter))
            continue;
        const bool both = command.number == 204 && letter == 'S';
        for (const char name : both ? std::string_view("PT") : std::string_view(&letter, 1))
            targets.push_back({head + name});
    }
    return targets;
}

std::string fan(const Command& command)
{
    const auto number = command.value('P');
    return command.computed & bit('P') ? "fans" : "fans." + std::to_string(number ? *number / 1'000'000 : 0);
}

Targets targetsOfM(const MachineState& state, const Command& command)
{
    switch (command.number) {
    case 82: case 83: return {{"absolute_e"}};
    case 104: case 109: return {{ofTool("hotend", state, command, 'T')}};
    case 106: case 107: return {{fan(command)}};
    case 140: case 190: return {{"bed"}};
    case 141: case 191: return {{"chamber"}};
    case 200: return {{"volumetric", false}};
    case 201: case 203: case 204: case 205: case 207: case 208: case 566: return limits(command);
    case 218: return {{"tool_setup", false}};
    case 220: return {{"speed_percent"}};
    case 221: return {{ofTool("flow_percent", state, command, 'D')}};
    case 290: return {{"babystep", false}};
    case 376: return {{"mesh", false}};
    case 486: return {{"object", command.value('S').has_value()}, {"excluded", false}};
    case 568: return {{ofTool("hotend", state, command, 'P')}};
    case 572: return {{ofTool("pressure_advance", state, command, 'D')}};
    default: return {};
    }
}

Targets targetsOf(const MachineState& state, const Command& command)
{
    if (command.kind != Command::Kind::Code || command.subcode != 0)
        return {};
    if (command.letter == 'T')
        return {{"tool"}};
    return command.letter == 'G' ? targetsOfG(state, command) : targetsOfM(state, command);
}

template <class Map>
void drop(Map& map, const std::string& key, std::string_view head)
{
    for (auto at = map.begin(); at != map.end();) {
        std::string own(head);
        if constexpr (std::is_same_v<typename Map::key_type, int>)
            own += '.' + std::to_string(at->first);
        else
            own += '.' + at->first;
        at = key == head || key == own ? map.erase(at) : std::next(at);
    }
}

/// The value that is there is not to be believed any more.
void forget(MachineState& state, const std::string& key)
{
    if (state.unknownFields.size() < MachineState::maxNames)
        state.unknownFields.insert(key);
    drop(state.hotend, key, "hotend");
    drop(state.fans, key, "fans");
    drop(state.flowPercent, key, "flow_percent");
    drop(state.pressureAdvance, key, "pressure_advance");
    if (key == "bed")
        state.bed.reset();
    else if (key == "chamber")
        state.chamber.reset();
    else if (key == "feed")
        state.feed.reset();
    else if (key == "mesh")
        state.mesh.reset();
    else if (key == "object")
        state.object.reset();
}

void forgetAxis(MachineState& state, std::size_t axis)
{
    state.position[axis].reset();
    state.setBy[axis] = SetBy::Nothing;
    state.doubtfulAxes = static_cast<std::uint8_t>(state.doubtfulAxes | (1U << axis));
    state.unknownMotion = true;
}

bool isMove(const Command& command)
{
    return command.kind == Command::Kind::Code && command.letter == 'G' && command.number <= 3 && command.subcode == 0;
}

/// Letters of a move that leave nothing known.
std::uint32_t lostLetters(const MachineState& state, const Command& command)
{
    std::uint32_t lost = state.block ? command.present : command.computed;
    if (isUnknown(state, "inch"))
        lost |= axisBits | bit('E') | bit('F');
    if (isUnknown(state, "absolute_xyz"))
        lost |= axisBits;
    if (isUnknown(state, "absolute_e"))
        lost |= bit('E');
    return lost & command.present;
}

Effect move(MachineState& state, const Command& command, Execute* execute)
{
    const bool certain = !state.block && command.computed == 0 && state.unknownFields.empty();
    const Effect effect = execute(state, command, Dialect::RepRapFirmware);
    if (certain)
        return effect;
    const std::uint32_t lost = lostLetters(state, command);
    for (std::size_t axis = 0; axis < axes.size(); ++axis)
        if (lost & bit(axes[axis]))
            forgetAxis(state, axis);
    learnFromMove(state, command.value('E').has_value(), command.value('F').has_value());
    if (lost & bit('E'))
        forget(state, "e");
    if (lost & bit('F'))
        forget(state, "feed");
    const bool extrudes = (lost & bit('E')) || effect.de > 0;
    const bool placed = state.position[0] && state.position[1] && state.position[2];
    if (extrudes && (command.present & wayBits) != 0 && (lost != 0 || !placed))
        forget(state, "printed");
    return effect;
}

/// Coordinates that homing, G92 or a macro may have set.
void forgetPlaces(MachineState& state, const Command& command)
{
    const bool declares = command.number == 92;
    const bool all = (command.present & (declares ? axisBits | bit('E') : axisBits)) == 0;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
        if (!all && !command.has(axes[axis]))
            continue;
        forgetAxis(state, axis);
        const auto mark = [axis](std::uint8_t& bits) { bits = static_cast<std::uint8_t>(bits | (1U << axis)); };
        if (!declares)
            continue;
        mark(state.nativeUnknown);
        mark(state.shiftedAxes);
        mark(state.everShifted);
    }
}

/// What may or may not be done, or with a value that nobody knows here.
Effect doubtful(MachineState& state, const Command& command, const Targets& targets, Execute* execute)
{
    const bool code = command.kind == Command::Kind::Code, places = code && command.letter == 'G' && (command.number == 28 || command.number == 92);
    Effect effect{.kind = Effect::Kind::Code};
    if (places)
        forgetPlaces(state, command);
    else if (targets.empty() || (code && command.letter == 'G' && command.number == 29)) // macros and probing are in doubt by themselves
        effect = execute(state, command, Dialect::RepRapFirmware);
    if (code && command.letter == 'T')
        effect.kind = Effect::Kind::Tool;
    for (const Target& target : targets)
        forget(state, target.key);
    return effect;
}

} // namespace

bool staysInBlock(const MachineState& state, std::uint32_t indent, std::string_view word)
{
    if (!state.block)
        return false;
    return indent > *state.block || (indent == *state.block && (word == "else" || word == "elif"));
}

bool knowsHowToMove(const MachineState& state)
{
    return !state.block
        && (state.unknownFields.empty() || (!isUnknown(state, "inch") && !isUnknown(state, "absolute_xyz") && !isUnknown(state, "absolute_e")));
}

void learnFromMove(MachineState& state, bool filament, bool feed)
{
    if (feed)
        state.unknownFields.erase("feed");
    if (filament && state.eIsAbsolute(Dialect::RepRapFirmware))
        state.unknownFields.erase("e");
}

Effect applyRepRap(MachineState& state, const Command& command, Execute* execute)
{
    if (command.kind == Command::Kind::None)
        return {};
    const std::string_view word = command.kind == Command::Kind::Meta ? command.name : std::string_view();
    if (!command.continues && !staysInBlock(state, command.indent, word))
        state.block.reset();
    if (command.kind == Command::Kind::Meta) {
        const bool opens = word == "if" || word == "elif" || word == "else" || word == "while";
        if (opens && !state.block)
            state.block = command.indent;
        return {.kind = Effect::Kind::Code};
    }
    if (isMove(command))
        return move(state, command, execute);
    if (!state.block && command.computed == 0 && state.unknownFields.empty())
        return execute(state, command, Dialect::RepRapFirmware);
    const Targets targets = targetsOf(state, command);
    if (state.block || command.computed != 0)
        return doubtful(state, command, targets, execute);
    const Effect effect = execute(state, command, Dialect::RepRapFirmware);
    for (const Target& target : targets) {
        if (target.key == "hotend" || target.key == "flow_percent" || target.key == "pressure_advance")
            forget(state, target.key); // of a tool nobody knows
        else if (target.settled)
            state.unknownFields.erase(target.key);
    }
    return effect;
}

} // namespace kintsugi::gcode
