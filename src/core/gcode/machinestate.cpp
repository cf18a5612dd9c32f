// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/machinestate.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "gcode/reprapstate.h"
#include "gcode/text.h"
#include "gcode/toolsetup.h"

namespace kintsugi::gcode {

namespace {

using setup::headOf;
using setup::isPlainWord;
using setup::keep;
using setup::Parameters;

constexpr std::uint8_t allAxes = 7;
constexpr std::size_t maxUnknownCommands = 64;

Nanometres sum(Nanometres a, Nanometres b)
{
    Nanometres result = 0;
    if (__builtin_add_overflow(a, b, &result))
        return a < 0 ? std::numeric_limits<Nanometres>::min() : std::numeric_limits<Nanometres>::max();
    return result;
}

Nanometres difference(Nanometres a, Nanometres b)
{
    Nanometres result = 0;
    if (__builtin_sub_overflow(a, b, &result))
        return a < 0 ? std::numeric_limits<Nanometres>::min() : std::numeric_limits<Nanometres>::max();
    return result;
}

double plain(Millionths value) { return static_cast<double>(value) / 1e6; }

std::optional<double> plain(const Command& command, char letter)
{
    const auto value = command.value(letter);
    return value ? std::optional(plain(*value)) : std::nullopt;
}

std::optional<double> either(const Command& command, char first, char second)
{
    const auto value = plain(command, first);
    return value ? value : plain(command, second);
}

int toInt(Millionths value)
{
    constexpr auto limit = std::int64_t{std::numeric_limits<int>::max()};
    return static_cast<int>(std::clamp(value / 1'000'000, -limit, limit));
}

/// A length or feed as written -> nm or millionths of mm/min.
Nanometres metric(const MachineState& state, Millionths value)
{
    if (!state.inch)
        return value;
    const Nanometres scaled = value * 254;
    return (scaled + (scaled < 0 ? -5 : 5)) / 10;
}

std::string shortest(double value)
{
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return {buffer.data(), end};
}

std::string cut(std::string_view text)
{
    return std::string(text.substr(0, MachineState::maxNameLength));
}

/// Sets map[key], but adds no key once the map is full.
template <class Map, class Key, class Value>
void put(Map& map, const Key& key, Value value)
{
    if (const auto found = map.find(key); found != map.end())
        found->second = std::move(value);
    else if (map.size() < MachineState::maxNames)
        map.emplace(key, std::move(value));
}

void put(std::set<std::string>& set, std::string key)
{
    if (set.size() < MachineState::maxNames)
        set.insert(std::move(key));
}

/// `heats`: it may change temperatures and fans as well. A start macro may, too, but what it is told and what follows it tells of that.
void doubt(MachineState& state, std::string name, bool heats)
{
    state.doubtfulAxes = allAxes;
    state.unknownMotion = true;
    if (heats && state.eHighest > 0) {
        state.maybeChanged = {"bed", "fans", "hotend"};
        if (state.chamber)
            state.maybeChanged.insert("chamber");
        state.latestMacro = name;
    }
    auto& names = state.unknownCommands;
    if (names.size() < maxUnknownCommands && std::ranges::find(names, name) == names.end())
        names.push_back(std::move(name));
}

std::string codeName(const Command& command)
{
    std::string text = command.letter + std::to_string(command.number);
    return command.subcode == 0 ? text : text + '.' + std::to_string(command.subcode);
}

// --- moves -----------------------------------------------------------------------------------------------------------

void moveAxis(MachineState& state, std::size_t axis, Nanometres value, Effect& effect)
{
    auto& position = state.position[axis];
    if (!state.absoluteXyz) {
        effect.moved = effect.moved || value != 0;
        if (position)
            position = sum(*position, value);
        return;
    }
    effect.moved = effect.moved || position != value;
    position = value;
    state.setBy[axis] = SetBy::Move;
    if (state.doubtfulAxes != 0) {
        state.doubtfulAxes = static_cast<std::uint8_t>(state.doubtfulAxes & ~(1U << axis));
        state.unknownMotion = state.doubtfulAxes != 0;
    }
}

void moveE(MachineState& state, Nanometres value, Dialect dialect, Effect& effect)
{
    if (state.eIsAbsolute(dialect)) {
        effect.de = difference(value, state.e);
        state.e = value;
    } else {
        effect.de = value;
        state.e = sum(state.e, value);
    }
    state.eTotal = sum(state.eTotal, effect.de);
    state.eHighest = std::max(state.eHighest, state.eTotal);
}

Effect move(MachineState& state, const Command& command, Dialect dialect)
{
    Effect effect{.kind = command.number <= 1 ? Effect::Kind::Move : Effect::Kind::Arc, .from = state.position};
    for (std::size_t axis = 0; axis < 3; ++axis)
        if (const auto value = command.value(static_cast<char>('X' + axis)))
            moveAxis(state, axis, metric(state, *value), effect);
    if (effect.kind == Effect::Kind::Arc)
        effect.moved = effect.moved || command.value('I') || command.value('J') || command.value('K');
    if (const auto value = command.value('E'))
        moveE(state, metric(state, *value), dialect, effect);
    if (const auto value = command.value('F'))
        state.feed = metric(state, *value);
    if (dialect == Dialect::RepRapFirmware)
        state.lastMove = static_cast<std::uint8_t>(std::max<std::uint32_t>(command.number, 1));
    return effect;
}

// --- G -----------------------------------------------------------------------------------------------------------------

void setBit(std::uint8_t& bits, std::size_t axis) { bits = static_cast<std::uint8_t>(bits | (1U << axis)); }
void clearBit(std::uint8_t& bits, std::size_t axis) { bits = static_cast<std::uint8_t>(bits & ~(1U << axis)); }

/// Where home is, its switch or probe says; until a move says more, places are counted from there (numbers behind the letters mean nothing).
void home(MachineState& state, const Command& command)
{
    const bool all = !command.has('X') && !command.has('Y') && !command.has('Z');
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (!all && !command.has(static_cast<char>('X' + axis)))
            continue;
        state.position[axis] = 0;
        state.setBy[axis] = SetBy::Homing;
        state.shift[axis] = 0;
        clearBit(state.shiftedAxes, axis);
        clearBit(state.nativeUnknown, axis);
    }
}

void shiftAxis(MachineState& state, std::size_t axis, Nanometres declared)
{
    const auto& before = state.position[axis];
    if (!before || state.setBy[axis] == SetBy::Homing)
        setBit(state.nativeUnknown, axis);
    else
        state.shift[axis] = sum(state.shift[axis], difference(declared, *before));
    setBit(state.everShifted, axis);
    setBit(state.shiftedAxes, axis);
    if (state.shift[axis] == 0 && !(state.nativeUnknown & (1U << axis)))
        clearBit(state.shiftedAxes, axis);
}

/// Marlin's G92.9 sets the machine's own coordinate.
void declareNative(MachineState& state, const Command& command)
{
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto value = command.value(static_cast<char>('X' + axis));
        if (!value)
            continue;
        state.position[axis] = metric(state, *value);
        state.setBy[axis] = SetBy::Declared;
        state.shift[axis] = 0;
        clearBit(state.shiftedAxes, axis);
        clearBit(state.nativeUnknown, axis);
    }
}

void declarePosition(MachineState& state, const Command& command)
{
    const bool all = !command.value('X') && !command.value('Y') && !command.value('Z') && !command.value('E');
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto value = command.value(static_cast<char>('X' + axis));
        if (!value && !all)
            continue;
        const Nanometres declared = metric(state, value.value_or(0));
        if (state.position[axis] != declared || state.setBy[axis] == SetBy::Homing)
            shiftAxis(state, axis, declared);
        state.position[axis] = declared;
        state.setBy[axis] = SetBy::G92;
    }
    if (const auto value = command.value('E'); value || all)
        state.e = metric(state, value.value_or(0));
}

void setHotend(MachineState& state, int tool, double target)
{
    put(state.hotend, tool, target);
    if (tool == state.tool)
        state.maybeChanged.erase("hotend");
}

void setBed(MachineState& state, double target)
{
    state.bed = target;
    state.maybeChanged.erase("bed");
}

/// G10 with P and S, or M568: a RepRapFirmware tool temperature.
void setToolTemperature(MachineState& state, const Command& command)
{
    const auto tool = command.value('P');
    const auto target = plain(command, 'S');
    if (tool && target)
        setHotend(state, toInt(*tool), *target);
}

void retractOrTool(MachineState& state, const Command& command, Dialect dialect)
{
    if (command.present == 0) {
        state.firmwareRetracted = command.number == 10;
        return;
    }
    if (command.number != 10)
        return;
    setToolTemperature(state, command);
    const auto tool = command.value('P');
    const bool ofTool = tool && command.value('L').value_or(1'000'000) == 1'000'000;
    if (dialect == Dialect::RepRapFirmware && ofTool) // standby temperature and offsets
        keep(state, "G10 P" + std::to_string(toInt(*tool)), command, "RXYZ");
    const auto what = command.value('L');
    if (dialect == Dialect::RepRapFirmware && (what == 2'000'000 || what == 20'000'000)) // origin of a workspace
        keep(state, "G10 L" + std::to_string(toInt(*what)) + " P" + std::to_string(tool ? toInt(*tool) : 0), command, "XYZ");
}

/// RepRapFirmware's G29: S1 loads a height map, S2 forgets it, anything else probes and keeps what it found.
void heightMap(MachineState& state, const Command& command)
{
    const int what = static_cast<int>(command.value('S').value_or(0) / 1'000'000);
    if (what == 2) {
        state.mesh.reset();
        return;
    }
    std::string file = "heightmap.csv";
    if (const std::size_t begin = command.rest.find('"'); begin != std::string_view::npos && what == 1) {
        const std::string_view name = command.rest.substr(begin + 1);
        file = cut(name.substr(0, name.find('"')));
    }
    if (what <= 1)
        state.mesh = MeshState{.profile = std::move(file)};
    if (what != 1)
        doubt(state, "G29", false);
}

void applyG(MachineState& state, const Command& command, Dialect dialect)
{
    const bool plainCode = command.subcode == 0;
    switch (command.number) {
    case 10: case 11:
        if (plainCode)
            retractOrTool(state, command, dialect);
        return;
    case 17: case 18: case 19:
        if (plainCode)
            state.plane = static_cast<int>(command.number);
        return;
    case 20: case 21:
        if (plainCode)
            state.inch = command.number == 20;
        return;
    case 28:
        if (plainCode)
            home(state, command);
        return;
    case 54: case 55: case 56: case 57: case 58: case 59:
        if (command.subcode < 10)
            state.workspace = (command.number * 10 + command.subcode) / 10.0;
        return;
    case 90: case 91:
        if (!plainCode)
            return;
        state.absoluteXyz = command.number == 90;
        state.eFollowsXyz = state.eFollowsXyz || dialect == Dialect::Marlin;
        return;
    case 92:
        if (plainCode)
            declarePosition(state, command);
        else if (command.subcode == 9 && dialect == Dialect::Marlin)
            declareNative(state, command);
        return;
    case 29:
        if (dialect == Dialect::RepRapFirmware)
            heightMap(state, command);
        else
            doubt(state, codeName(command), dialect == Dialect::Klipper);
        return;
    case 80:
        if (dialect == Dialect::Prusa) // levels with a mesh
            doubt(state, codeName(command), false);
        return;
    case 5: case 6: case 12: case 27: case 30: case 32: case 33: case 34: case 35: case 38: case 61: case 76: case 425:
        doubt(state, codeName(command), dialect == Dialect::Klipper);
        return;
    default:
        return;
    }
}

// --- M -----------------------------------------------------------------------------------------------------------------

int toolOr(const Command& command, char letter, int current)
{
    const auto value = command.value(letter);
    return value ? toInt(*value) : current;
}

void setFan(MachineState& state, const Command& command, Dialect dialect)
{
    constexpr double full = 255; // firmware takes more for that
    double speed = 0.0;
    if (command.number == 106) {
        speed = plain(command, 'S').value_or(full);
        if (dialect == Dialect::RepRapFirmware && speed > 0 && speed <= 1)
            speed *= full;
    }
    const int number = toolOr(command, 'P', 0);
    put(state.fans, std::to_string(number), std::clamp(speed, 0.0, full));
    if (number == 0)
        state.maybeChanged.erase("fans");
}

/// Klipper understands S, or the smaller of P and T; others keep print and travel apart, and an old S means both.
void setAcceleration(MachineState& state, const Command& command, Dialect dialect)
{
    const auto both = plain(command, 'S');
    const auto print = plain(command, 'P');
    const auto travel = plain(command, 'T');
    if (dialect == Dialect::Klipper) {
        const double value = both.value_or(0) != 0 ? *both : std::min(print.value_or(0), travel.value_or(0));
        if (value != 0)
            state.motion["SET_VELOCITY_LIMIT"]["ACCEL"] = value;
        return;
    }
    auto& limits = state.motion["M204"];
    if (const auto value = print ? print : both)
        limits["P"] = *value;
    if (const auto value = travel ? travel : both)
        limits["T"] = *value;
    if (const auto value = plain(command, 'R'))
        limits["R"] = *value;
}

void setLimits(MachineState& state, const Command& command)
{
    auto& limits = state.motion[codeName(command)];
    for (char letter = 'A'; letter <= 'Z'; ++letter)
        if (const auto value = plain(command, letter))
            limits[std::string(1, letter)] = *value;
}

void setPressureAdvance(MachineState& state, const Command& command)
{
    const bool linearAdvance = command.number == 900;
    if (const auto value = plain(command, linearAdvance ? 'K' : 'S')) {
        put(state.pressureAdvance, std::to_string(toolOr(command, linearAdvance ? 'T' : 'D', state.tool)), *value);
        state.advanceCode = static_cast<int>(command.number);
    }
}

/// Klipper knows no M200.
void setVolumetric(MachineState& state, const Command& command, Dialect dialect)
{
    if (dialect == Dialect::Klipper)
        return;
    const int tool = toolOr(command, 'T', state.tool);
    if (const auto diameter = command.value('D'))
        put(state.volumetric, tool, toMillimetres(metric(state, *diameter)));
    if (command.value('S') == 0)
        put(state.volumetric, tool, 0.0);
}

/// Marlin adds; RepRapFirmware adds, or sets with R0, and calls Z also S.
void setBabystep(MachineState& state, const Command& command, Dialect dialect)
{
    if (dialect == Dialect::Klipper || dialect == Dialect::Prusa)
        return;
    const bool sets = dialect == Dialect::RepRapFirmware && command.value('R') == 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        auto value = command.value(static_cast<char>('X' + axis));
        if (!value && axis == 2)
            value = command.value('S');
        if (value)
            state.babystep[axis] = sets ? metric(state, *value) : sum(state.babystep[axis], metric(state, *value));
    }
}

/// M593: Marlin by axis (X and Y are flags), RepRapFirmware by the name of a shape.
void setShaping(MachineState& state, const Command& command, Dialect dialect)
{
    if (dialect == Dialect::Marlin) {
        const bool both = command.has('X') == command.has('Y');
        for (const char axis : {'X', 'Y'}) {
            if (both || command.has(axis))
                keep(state, std::string("M593 ") + axis, command, "FD");
        }
    }
    if (dialect != Dialect::RepRapFirmware)
        return;
    std::string head = "M593";
    if (const std::size_t begin = command.rest.find('"'); begin != std::string_view::npos) {
        const std::string_view text = command.rest.substr(begin + 1);
        const std::string_view shape = text.substr(0, text.find('"'));
        head = isPlainWord(shape) ? "M593 P\"" + std::string(shape) + '"' : std::string("M593 P?");
        setup::forget(state, "M593");
    }
    keep(state, head, command, "FS");
    setup::of(state, head);
}

/// Where the machine's zero is taken to be; neither Klipper nor a restart knows of it.
void setHomeOffset(MachineState& state, const Command& command, Dialect dialect)
{
    if (dialect == Dialect::Klipper)
        return;
    if (command.number == 206)
        keep(state, "M206", command, "XYZ");
    else
        setup::of(state, "M428");
}

/// Klipper takes a code without S for 100 %, others only report.
std::optional<double> factor(const Command& command, Dialect dialect)
{
    constexpr double whole = 100;
    const auto percent = plain(command, 'S');
    return percent || dialect != Dialect::Klipper ? percent : std::optional(whole);
}

/// M220 B keeps the factor, R goes back to it; with S in the same line Marlin believes S, the MK3 R. Both begin with 100 %.
void setSpeedFactor(MachineState& state, const Command& command, Dialect dialect)
{
    const bool keeps = dialect == Dialect::Marlin || dialect == Dialect::Prusa;
    const double before = state.speedPercent, kept = state.speedBackup.value_or(100.0);
    const auto percent = factor(command, dialect);
    const bool back = keeps && command.has('R');
    if (keeps && command.has('B'))
        state.speedBackup = before;
    if (back && (!percent || dialect == Dialect::Prusa))
        state.speedPercent = dialect == Dialect::Prusa ? state.speedBackup.value_or(100.0) : kept;
    else
        state.speedPercent = percent.value_or(before);
}

void labelObject(MachineState& state, const Command& command)
{
    if (command.has('A')) { // a name follows, and its letters are no parameters
        const std::string head = "M486 " + std::string(command.rest.substr(0, command.rest.find_first_of("Aa")));
        return labelObject(state, parseCommand(head));
    }
    if (command.has('S')) {
        const auto value = command.value('S');
        state.object = value && *value != -1'000'000 ? std::optional(shortest(plain(*value))) : std::nullopt;
    }
    if (const auto value = plain(command, 'P'))
        put(state.excluded, shortest(*value));
    if (const auto value = plain(command, 'U'))
        state.excluded.erase(shortest(*value));
}

void applyM(MachineState& state, const Command& command, Dialect dialect)
{
    if (command.subcode != 0)
        return;
    switch (command.number) {
    case 82: case 83:
        state.absoluteEFlag = command.number == 82;
        state.eFollowsXyz = false;
        return;
    case 104: case 109:
        if (const auto target = either(command, 'S', 'R'))
            setHotend(state, toolOr(command, 'T', state.tool), *target);
        return;
    case 106: case 107:
        return setFan(state, command, dialect);
    case 140: case 190:
        if (const auto target = either(command, 'S', 'R'))
            setBed(state, *target);
        return;
    case 141: case 191:
        if (const auto target = plain(command, 'S')) {
            state.chamber = target;
            state.maybeChanged.erase("chamber");
        }
        return;
    case 200:
        return setVolumetric(state, command, dialect);
    case 206: case 428:
        return setHomeOffset(state, command, dialect);
    case 593:
        return setShaping(state, command, dialect);
    case 201: case 203: case 205: case 207: case 208: case 566:
        return setLimits(state, command);
    case 218: // offsets of a tool
        if (dialect == Dialect::Klipper)
            return;
        return keep(state, "M218 T" + std::to_string(toolOr(command, 'T', state.tool)), command, "XYZ");
    case 290:
        return setBabystep(state, command, dialect);
    case 376: // height at which the mesh has faded out
        if (dialect == Dialect::RepRapFirmware)
            keep(state, "M376", command, "H");
        return;
    case 204:
        return setAcceleration(state, command, dialect);
    case 220:
        return setSpeedFactor(state, command, dialect);
    case 221:
        if (const auto percent = factor(command, dialect))
            put(state.flowPercent, toolOr(command, dialect == Dialect::RepRapFirmware ? 'D' : 'T', state.tool), *percent);
        return;
    case 420:
        state.mesh = MeshState{.profile = {}, .m420Enabled = plain(command, 'S'), .m420Slot = plain(command, 'L'),
                               .m420Fade = plain(command, 'Z')};
        return;
    case 486:
        return labelObject(state, command);
    case 568:
        return setToolTemperature(state, command);
    case 572: case 900:
        return setPressureAdvance(state, command);
    case 92: case 163: case 164: case 165: case 166: case 404: case 556: case 579: case 605:
        return setup::keepCode(state, command, dialect);
    case 48: case 125: case 600: case 601: case 701: case 702: case 1000: // in some firmware a macro stands behind them
        return doubt(state, codeName(command), dialect == Dialect::Klipper || dialect == Dialect::RepRapFirmware);
    default:
        return;
    }
}

// --- extended ----------------------------------------------------------------------------------------------------------

const std::string* find(const Parameters& parameters, std::string_view key)
{
    const auto found = parameters.find(key);
    return found == parameters.end() ? nullptr : &found->second;
}

std::optional<double> number(std::string_view text)
{
    if (text.starts_with('+'))
        text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<double> number(const Parameters& parameters, std::string_view key)
{
    const std::string* const text = find(parameters, key);
    return text ? number(*text) : std::nullopt;
}

/// "extruder" -> 0, "extruder3" -> 3.
std::optional<int> extruderNumber(std::string_view name)
{
    constexpr std::string_view prefix = "extruder";
    if (!name.starts_with(prefix))
        return std::nullopt;
    name.remove_prefix(prefix.size());
    if (name.empty())
        return 0;
    int value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    return error == std::errc() && end == name.data() + name.size() && value >= 0 ? std::optional(value) : std::nullopt;
}

std::optional<std::size_t> axisOf(std::string_view key)
{
    return key.size() == 1 && key[0] >= 'X' && key[0] <= 'Z' ? std::optional(static_cast<std::size_t>(key[0] - 'X')) : std::nullopt;
}

void setHeater(MachineState& state, const Parameters& parameters)
{
    const std::string* const heater = find(parameters, "HEATER");
    const std::string name = heater ? *heater : std::string();
    const double target = number(parameters, "TARGET").value_or(0.0);
    if (name == "heater_bed")
        setBed(state, target);
    else if (const auto tool = extruderNumber(name))
        setHotend(state, *tool, target);
    else
        put(state.heaters, cut(name), target);
}

void setGcodeOffset(MachineState& state, const Parameters& parameters)
{
    constexpr std::string_view adjust = "_ADJUST";
    for (const auto& [key, text] : parameters) {
        const auto value = number(text);
        if (!value)
            continue;
        if (axisOf(key))
            state.gcodeOffset[key] = *value;
        else if (key.size() == adjust.size() + 1 && key.ends_with(adjust))
            put(state.gcodeOffset, key.substr(0, 1), std::round((state.gcodeOffset[key.substr(0, 1)] + *value) * 1e6) / 1e6);
    }
}

void setVelocityLimit(MachineState& state, const Parameters& parameters)
{
    auto& limits = state.motion["SET_VELOCITY_LIMIT"];
    for (const auto& [key, text] : parameters)
        if (const auto value = number(text))
            put(limits, cut(key), *value);
}

/// Numbers of a command of Klipper's, kept like limits.
void setNumbers(MachineState& state, const Parameters& parameters, const char* name)
{
    std::map<std::string, double> numbers;
    for (const auto& [key, text] : parameters)
        if (const auto value = number(text))
            numbers[cut(key)] = *value;
    for (const auto& [key, value] : numbers)
        put(state.motion[name], key, value);
}

void keepNumber(MachineState& state, const std::string& head, const char* key, double value)
{
    if (auto* const kept = setup::of(state, head))
        (*kept)[key] = value;
}

/// A shape for both axes, or for one.
void setInputShaper(MachineState& state, const Parameters& parameters)
{
    for (const char* const key : {"SHAPER_TYPE", "SHAPER_TYPE_X", "SHAPER_TYPE_Y"}) {
        const std::string* const type = find(parameters, key);
        if (!type)
            continue;
        const std::string name = std::string("SET_INPUT_SHAPER ") + key;
        for (const char* const end : {"=", "?", "_"})
            setup::forget(state, name + end);
        setup::of(state, headOf("SET_INPUT_SHAPER", key, *type));
    }
    setNumbers(state, parameters, "SET_INPUT_SHAPER");
}

void setSkew(MachineState& state, const Parameters& parameters)
{
    if (number(parameters, "CLEAR").value_or(0) != 0) {
        setup::forget(state, "SET_SKEW");
        setup::forget(state, "SKEW_PROFILE");
        setup::of(state, "SET_SKEW CLEAR=1");
        return;
    }
    for (const char* const plane : {"XY", "XZ", "YZ"}) {
        if (const std::string* const lengths = find(parameters, plane)) {
            setup::forget(state, std::string("SET_SKEW ") + plane);
            setup::of(state, headOf("SET_SKEW", plane, *lengths));
        }
    }
}

void declareKinematicPosition(MachineState& state, const Parameters& parameters)
{
    for (const auto& [key, text] : parameters) {
        const auto axis = axisOf(key);
        const auto value = number(text);
        if (!axis || !value)
            continue;
        state.position[*axis] = toNanometres(*value);
        state.setBy[*axis] = SetBy::Declared;
    }
}

void defineObject(MachineState& state, const Parameters& parameters)
{
    if (number(parameters, "RESET").value_or(0) != 0) {
        state.definedObjects.clear();
        state.excluded.clear();
        state.object.reset();
    }
    if (const auto* const name = find(parameters, "NAME"))
        put(state.definedObjects, cut(*name));
}

void excludeObject(MachineState& state, const Parameters& parameters)
{
    const auto* const name = find(parameters, "NAME");
    const bool reset = number(parameters, "RESET").value_or(0) != 0;
    if (reset && name)
        state.excluded.erase(cut(*name));
    else if (reset)
        state.excluded.clear();
    else if (name)
        put(state.excluded, cut(*name));
}

void selectTool(MachineState& state, int tool)
{
    state.tool = tool;
    setup::forget(state, "ACTIVATE_EXTRUDER");
}

void turnOffHeaters(MachineState& state)
{
    for (auto& [name, target] : state.heaters)
        target = 0;
    for (auto& [tool, target] : state.hotend)
        target = 0;
    if (state.bed)
        setBed(state, 0);
    state.maybeChanged.erase("hotend");
}

struct Handler {
    std::string_view name;
    void (*run)(MachineState&, const Parameters&);
};

constexpr std::array handlers{
    Handler{"ACTIVATE_EXTRUDER", [](MachineState& state, const Parameters& parameters) {
        const auto* const given = find(parameters, "EXTRUDER");
        const std::string name = given ? *given : std::string("extruder");
        const auto tool = extruderNumber(name);
        if (!tool)
            return;
        selectTool(state, *tool);
        setup::of(state, headOf("ACTIVATE_EXTRUDER", "EXTRUDER", name));
    }},
    Handler{"BED_MESH_CLEAR", [](MachineState& state, const Parameters&) { state.mesh.reset(); }},
    Handler{"BED_MESH_PROFILE", [](MachineState& state, const Parameters& parameters) {
        if (const auto* const profile = find(parameters, "LOAD"))
            state.mesh = MeshState{.profile = cut(*profile)};
    }},
    Handler{"EXCLUDE_OBJECT", excludeObject},
    Handler{"EXCLUDE_OBJECT_DEFINE", defineObject},
    Handler{"EXCLUDE_OBJECT_END", [](MachineState& state, const Parameters&) { state.object.reset(); }},
    Handler{"EXCLUDE_OBJECT_START", [](MachineState& state, const Parameters& parameters) {
        const auto* const name = find(parameters, "NAME");
        state.object = name ? std::optional(cut(*name)) : std::nullopt;
    }},
    Handler{"SAVE_GCODE_STATE", [](MachineState& state, const Parameters& parameters) {
        const auto* const name = find(parameters, "NAME");
        setup::of(state, headOf("SAVE_GCODE_STATE", "NAME", name ? *name : std::string("default")));
    }},
    Handler{"SET_FAN_SPEED", [](MachineState& state, const Parameters& parameters) {
        const auto* const fan = find(parameters, "FAN");
        put(state.fans, fan ? cut(*fan) : std::string("?"), std::clamp(number(parameters, "SPEED").value_or(0.0), 0.0, 1.0));
    }},
    Handler{"SET_GCODE_OFFSET", setGcodeOffset},
    Handler{"SET_HEATER_TEMPERATURE", setHeater},
    Handler{"SET_INPUT_SHAPER", setInputShaper},
    Handler{"SET_KINEMATIC_POSITION", declareKinematicPosition},
    Handler{"SET_PRESSURE_ADVANCE", [](MachineState& state, const Parameters& parameters) {
        const auto* const extruder = find(parameters, "EXTRUDER");
        const std::string own = state.tool == 0 ? "extruder" : "extruder" + std::to_string(state.tool);
        const std::string name = extruder ? cut(*extruder) : own;
        const auto advance = number(parameters, "ADVANCE");
        if (const auto smooth = number(parameters, "SMOOTH_TIME"))
            keepNumber(state, headOf("SET_PRESSURE_ADVANCE", "EXTRUDER", name), "SMOOTH_TIME", *smooth);
        if (!advance)
            return;
        put(state.pressureAdvance, name, *advance);
    }},
    Handler{"SET_RETRACTION", [](MachineState& state, const Parameters& parameters) { setNumbers(state, parameters, "SET_RETRACTION"); }},
    Handler{"SET_SKEW", setSkew},
    Handler{"SET_VELOCITY_LIMIT", setVelocityLimit},
    Handler{"SKEW_PROFILE", [](MachineState& state, const Parameters& parameters) {
        if (const auto* const profile = find(parameters, "LOAD")) {
            setup::forget(state, "SET_SKEW");
            setup::forget(state, "SKEW_PROFILE");
            setup::of(state, headOf("SKEW_PROFILE", "LOAD", *profile));
        }
    }},
    Handler{"TURN_OFF_HEATERS", [](MachineState& state, const Parameters&) { turnOffHeaters(state); }},
};

/// Commands known to move nothing. Any other name may be a macro that does.
bool movesNothing(std::string_view name)
{
    constexpr std::array<std::string_view, 18> prefixes{
        "SET_", "EXCLUDE_OBJECT", "BED_MESH_PROFILE", "BED_MESH_CLEAR", "PLR_SAVE_", "PLR_ENABLE", "PLR_DISABLE", "PLR_RESET_PRINT_DATA",
        "PLR_QUERY_", "RESPOND", "ECHO", "TEMPERATURE_WAIT", "SAVE_GCODE_STATE", "SAVE_VARIABLE", "UPDATE_DELAYED_GCODE",
        "ACTIVATE_EXTRUDER", "SYNC_EXTRUDER_MOTION", "QUERY_"};
    return std::ranges::any_of(prefixes, [name](std::string_view prefix) { return name.starts_with(prefix); });
}

/// What a macro made of M900 or M572 for this extruder no longer holds.
void overruleCodes(MachineState& state, const Parameters& parameters)
{
    const auto* const extruder = find(parameters, "EXTRUDER");
    if (const auto tool = extruder ? extruderNumber(*extruder) : std::optional(state.tool); tool && number(parameters, "ADVANCE"))
        state.pressureAdvance.erase(std::to_string(*tool));
}

/// Tools that only a person or a filament changer knows: "T?", "Tx", "Tc" of a Prusa MMU.
bool isPseudoTool(std::string_view name)
{
    return name == "T?" || name == "TX" || name == "TC";
}

void applyExtended(MachineState& state, const Command& command, Dialect dialect)
{
    std::string name = upper(command.name.substr(0, MachineState::maxNameLength));
    const bool klipper = dialect == Dialect::Klipper;
    Parameters parameters;
    for (auto& [key, value] : parseParameters(command.rest))
        parameters.insert_or_assign(std::move(key), std::move(value));
    const auto handler = std::ranges::find(handlers, name, &Handler::name);
    if (handler != handlers.end()) {
        handler->run(state, parameters);
        if (klipper && name == "SET_PRESSURE_ADVANCE")
            overruleCodes(state, parameters);
    } else if (!klipper && isPseudoTool(name)) {
        setup::of(state, "T" + lower(name.substr(1)) + " ?");
    } else if (!(klipper && setup::keepNamed(state, name, parameters)) && !movesNothing(name)) {
        const bool heats = name.find("TIMELAPSE") == std::string::npos;
        doubt(state, std::move(name), heats);
    }
}

} // namespace

bool MachineState::eIsAbsolute(Dialect dialect) const
{
    switch (dialect) {
    case Dialect::Klipper:
    case Dialect::Marlin1:
        return absoluteEFlag && absoluteXyz;
    case Dialect::Marlin:
        return eFollowsXyz ? absoluteXyz : absoluteEFlag;
    case Dialect::Prusa:
    case Dialect::RepRapFirmware:
        return absoluteEFlag;
    }
    return absoluteEFlag;
}

HotState hotPart(const MachineState& state)
{
    HotState hot{.e = state.e, .eTotal = state.eTotal, .eHighest = state.eHighest, .feed = state.feed.value_or(0), .setBy = state.setBy};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        hot.position[axis] = state.position[axis].value_or(0);
        if (state.position[axis])
            hot.known = static_cast<std::uint8_t>(hot.known | (1U << axis));
    }
    if (state.feed)
        hot.known |= HotState::knownFeed;
    hot.doubtfulAxes = state.doubtfulAxes;
    hot.shiftedAxes = state.shiftedAxes;
    hot.lastMove = state.lastMove;
    hot.absoluteXyz = state.absoluteXyz;
    hot.absoluteEFlag = state.absoluteEFlag;
    hot.eFollowsXyz = state.eFollowsXyz;
    hot.inch = state.inch;
    hot.firmwareRetracted = state.firmwareRetracted;
    hot.unknownMotion = state.unknownMotion;
    return hot;
}

void setHotPart(MachineState& state, const HotState& hot)
{
    for (std::size_t axis = 0; axis < 3; ++axis)
        state.position[axis] = (hot.known >> axis) & 1U ? std::optional(hot.position[axis]) : std::nullopt;
    state.feed = hot.known & HotState::knownFeed ? std::optional(hot.feed) : std::nullopt;
    state.setBy = hot.setBy;
    state.e = hot.e;
    state.eTotal = hot.eTotal;
    state.eHighest = hot.eHighest;
    state.doubtfulAxes = hot.doubtfulAxes;
    state.shiftedAxes = hot.shiftedAxes;
    state.lastMove = hot.lastMove;
    state.absoluteXyz = hot.absoluteXyz;
    state.absoluteEFlag = hot.absoluteEFlag;
    state.eFollowsXyz = hot.eFollowsXyz;
    state.inch = hot.inch;
    state.firmwareRetracted = hot.firmwareRetracted;
    state.unknownMotion = hot.unknownMotion;
}

namespace {

/// T255 and T1000 mean "none" and the like; Klipper knows a T only as a macro.
void toolChange(MachineState& state, const Command& command, Dialect dialect)
{
    constexpr std::uint32_t noTool = 255;
    if (command.number < noTool)
        selectTool(state, static_cast<int>(command.number));
    else if (dialect == Dialect::Klipper)
        doubt(state, codeName(command), true);
}

Effect execute(MachineState& state, const Command& command, Dialect dialect)
{
    switch (command.kind) {
    case Command::Kind::None:
    case Command::Kind::Meta:
        return {};
    case Command::Kind::Text:
        if (command.number == 98 || (command.number == 32 && dialect == Dialect::RepRapFirmware))
            doubt(state, codeName(command), true);
        return {.kind = Effect::Kind::Text};
    case Command::Kind::Extended:
        applyExtended(state, command, dialect);
        return {.kind = Effect::Kind::Extended};
    case Command::Kind::Code:
        break;
    }
    if (command.letter == 'G' && command.number <= 3 && command.subcode == 0)
        return move(state, command, dialect);
    if (command.letter == 'T') {
        toolChange(state, command, dialect);
        return {.kind = Effect::Kind::Tool};
    }
    if (command.letter == 'G')
        applyG(state, command, dialect);
    else
        applyM(state, command, dialect);
    return {.kind = Effect::Kind::Code};
}

} // namespace

Effect apply(MachineState& state, const Command& command, Dialect dialect)
{
    return dialect == Dialect::RepRapFirmware ? applyRepRap(state, command, execute) : execute(state, command, dialect);
}

} // namespace kintsugi::gcode
