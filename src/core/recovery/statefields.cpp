// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/statefields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace kintsugi::recovery::fields {

namespace {

using gcode::MachineState;

std::string millimetres(gcode::Nanometres value) { return decimal(gcode::toMillimetres(value), 6); }
std::string yesNo(bool value) { return value ? "true" : "false"; }

std::optional<double> numberOf(const std::string& text)
{
    double value = 0;
    const char* begin = text.data();
    const char* end = begin + text.size();
    if (begin != end && *begin == '+')
        ++begin;
    const auto [rest, ec] = std::from_chars(begin, end, value);
    if (ec != std::errc() || rest != end || !std::isfinite(value))
        return std::nullopt;
    return value;
}

std::optional<int> wholeOf(const std::string& text)
{
    int value = 0;
    const auto [rest, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || rest != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

std::optional<bool> boolOf(const std::string& text)
{
    if (text == "true" || text == "1" || text == "yes")
        return true;
    if (text == "false" || text == "0" || text == "no")
        return false;
    return std::nullopt;
}

bool isName(const std::string& text)
{
    return !text.empty() && text.size() <= 128
        && std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7F && c != '"' && c != '\''; });
}

/// "motion.M201.X" -> head "motion", rest "M201.X"
std::pair<std::string, std::string> split(const std::string& key)
{
    const std::size_t dot = key.find('.');
    if (dot == std::string::npos)
        return {key, {}};
    return {key.substr(0, dot), key.substr(dot + 1)};
}

/// The last point divides, so that a name before it may hold points.
std::pair<std::string, std::string> splitLast(const std::string& key)
{
    const std::size_t dot = key.rfind('.');
    if (dot == std::string::npos)
        return {key, {}};
    return {key.substr(0, dot), key.substr(dot + 1)};
}

std::optional<std::size_t> axisIndex(const std::string& axis)
{
    if (axis.size() != 1)
        return std::nullopt;
    const char c = axis[0];
    if (c >= 'x' && c <= 'z')
        return static_cast<std::size_t>(c - 'x');
    if (c >= 'X' && c <= 'Z')
        return static_cast<std::size_t>(c - 'X');
    return std::nullopt;
}

template <class Map, class Key>
std::optional<std::string> found(const Map& map, const Key& key, int decimals = 6)
{
    const auto it = map.find(key);
    return it == map.end() ? std::nullopt : std::optional(decimal(it->second, decimals));
}

std::string meshText(const gcode::MeshState& mesh)
{
    if (!mesh.m420Enabled && !mesh.m420Slot)
        return mesh.profile;
    std::string text = "M420";
    if (mesh.m420Enabled)
        text += " S" + decimal(*mesh.m420Enabled, 6);
    if (mesh.m420Slot)
        text += " L" + decimal(*mesh.m420Slot, 6);
    if (mesh.m420Fade)
        text += " Z" + decimal(*mesh.m420Fade, 6);
    return text;
}

/// "X 20.5, Y -0.1"; a setting without numbers is said by its name alone.
std::string setupText(const std::map<std::string, double>& values)
{
    std::string text;
    for (const auto& [letter, value] : values)
        text += (text.empty() ? "" : ", ") + letter + ' ' + decimal(value, 6);
    return text.empty() ? "set" : text;
}

std::string joined(const std::set<std::string>& names)
{
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::optional<std::string> scalarText(const MachineState& state, const std::string& key)
{
    if (key == "e")
        return millimetres(state.e);
    if (key == "feed")
        return state.feed ? std::optional(millimetres(*state.feed)) : std::nullopt;
    if (key == "tool")
        return std::to_string(state.tool);
    if (key == "bed")
        return state.bed ? std::optional(decimal(*state.bed)) : std::nullopt;
    if (key == "chamber")
        return state.chamber ? std::optional(decimal(*state.chamber)) : std::nullopt;
    if (key == "speed_percent")
        return decimal(state.speedPercent);
    if (key == "mesh")
        return state.mesh ? std::optional(meshText(*state.mesh)) : std::nullopt;
    if (key == "absolute_e")
        return yesNo(state.absoluteEFlag);
    if (key == "absolute_xyz")
        return yesNo(state.absoluteXyz);
    if (key == "excluded")
        return joined(state.excluded);
    if (key == "object")
        return state.object;
    if (key == "retracted")
        return yesNo(state.firmwareRetracted);
    if (key == "workspace")
        return 'G' + decimal(state.workspace, 1);
    return std::nullopt;
}

/// One of three numbers by axis: "shift.x", "babystep.z".
std::optional<std::string> axisText(const std::array<gcode::Nanometres, 3>& values, const std::string& axis)
{
    const auto index = axisIndex(axis);
    return index ? std::optional(millimetres(values[*index])) : std::nullopt;
}

bool inRange(const std::optional<double>& value, double low, double high)
{
    return value && *value >= low && *value <= high;
}

template <class Map, class Key>
bool put(Map& map, const Key& key, const std::string& text, double low, double high)
{
    const auto value = numberOf(text);
    if (!inRange(value, low, high))
        return false;
    map[key] = *value;
    return true;
}

bool putBool(bool& target, const std::string& text)
{
    const auto value = boolOf(text);
    if (value)
        target = *value;
    return value.has_value();
}

bool setExcluded(MachineState& state, const std::string& text)
{
    std::set<std::string> names;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        std::string name = text.substr(begin, end - begin);
        name.erase(0, name.find_first_not_of(' '));
        name.erase(name.find_last_not_of(' ') + 1);
        if (!name.empty() && !isName(name))
            return false;
        if (!name.empty())
            names.insert(name);
        begin = end + 1;
    }
    state.excluded = std::move(names);
    return true;
}

bool setScalar(MachineState& state, const std::string& key, const std::string& text)
{
    const auto value = numberOf(text);
    if (key == "absolute_e")
        return putBool(state.absoluteEFlag, text);
    if (key == "absolute_xyz")
        return putBool(state.absoluteXyz, text);
    if (key == "retracted")
        return putBool(state.firmwareRetracted, text);
    if (key == "excluded")
        return setExcluded(state, text);
    if (key == "mesh" && text.empty()) { // without one, by decision
        state.mesh.reset();
        return true;
    }
    if (key == "mesh" && isName(text)) {
        state.mesh = gcode::MeshState{.profile = text};
        return true;
    }
    if (key == "tool") {
        const auto tool = wholeOf(text);
        if (tool && *tool >= 0 && *tool < 100)
            state.tool = *tool;
        return tool && *tool >= 0 && *tool < 100;
    }
    if (key == "e" && inRange(value, -1e7, 1e7))
        return state.e = gcode::toNanometres(*value), true;
    if (key == "feed" && inRange(value, 0.001, 1e7))
        return state.feed = gcode::toNanometres(*value), true;
    if (key == "bed" && inRange(value, 0, 200))
        return state.bed = *value, true;
    if (key == "chamber" && inRange(value, 0, 200))
        return state.chamber = *value, true;
    if (key == "speed_percent" && inRange(value, 1, 1000))
        return state.speedPercent = *value, true;
    return false;
}

bool setPosition(MachineState& state, const std::string& axis, const std::string& text)
{
    const auto index = axisIndex(axis);
    const auto value = numberOf(text);
    if (!index || !inRange(value, -10000, 10000))
        return false;
    state.position[*index] = gcode::toNanometres(*value);
    state.setBy[*index] = gcode::SetBy::Move;
    return true;
}

bool setMotion(MachineState& state, const std::string& rest, const std::string& text)
{
    const auto [command, parameter] = splitLast(rest);
    const auto it = state.motion.find(command);
    if (it == state.motion.end() || !it->second.count(parameter))
        return false;
    return put(it->second, parameter, text, -1e6, 1e6);
}

bool setTool(std::map<int, double>& map, const std::string& rest, const std::string& text, double low, double high)
{
    const auto tool = wholeOf(rest);
    return tool && *tool >= 0 && *tool < 100 && put(map, *tool, text, low, high);
}

} // namespace

std::vector<std::string> keys(const MachineState& state)
{
    std::vector<std::string> keys{"position.x", "position.y", "position.z", "e", "feed", "tool"};
    for (const auto& [tool, target] : state.hotend)
        keys.push_back("hotend." + std::to_string(tool));
    if (!state.hotend.count(state.tool))
        keys.push_back("hotend." + std::to_string(state.tool));
    keys.emplace_back("bed");
    if (state.chamber)
        keys.emplace_back("chamber");
    const auto add = [&keys](const std::string& head, const auto& map) {
        for (const auto& item : map)
            keys.push_back(head + '.' + item.first);
    };
    add("heaters", state.heaters);
    add("fans", state.fans);
    keys.emplace_back("speed_percent");
    for (const auto& [tool, percent] : state.flowPercent)
        keys.push_back("flow_percent." + std::to_string(tool));
    add("pressure_advance", state.pressureAdvance);
    for (const auto& [command, parameters] : state.motion)
        add("motion." + command, parameters);
    if (state.mesh)
        keys.emplace_back("mesh");
    add("gcode_offset", state.gcodeOffset);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const char letter = static_cast<char>('x' + axis);
        if (state.babystep[axis] != 0)
            keys.push_back(std::string("babystep.") + letter);
        if (state.shiftedAxes & (1U << axis))
            keys.push_back(std::string("shift.") + letter);
    }
    for (const auto& [tool, diameter] : state.volumetric)
        keys.push_back("volumetric." + std::to_string(tool));
    for (const auto& [setup, values] : state.toolSetup)
        keys.push_back("setup." + setup);
    if (state.workspace != 54)
        keys.emplace_back("workspace");
    keys.insert(keys.end(), {"absolute_e", "absolute_xyz", "retracted"});
    if (!state.excluded.empty())
        keys.emplace_back("excluded");
    if (state.object)
        keys.emplace_back("object");
    std::copy_if(state.unknownFields.begin(), state.unknownFields.end(), std::back_inserter(keys),
                 [&keys](const std::string& key) { return std::find(keys.begin(), keys.end(), key) == keys.end(); });
    return keys;
}

std::optional<std::string> text(const MachineState& state, const std::string& key)
{
    if (state.unknownFields.count(key))
        return std::nullopt;
    const auto [head, rest] = split(key);
    if (rest.empty())
        return scalarText(state, key);
    if (head == "position") {
        const auto axis = axisIndex(rest);
        return axis && state.position[*axis] ? std::optional(millimetres(*state.position[*axis])) : std::nullopt;
    }
    if (head == "hotend" || head == "flow_percent") {
        const auto tool = wholeOf(rest);
        return tool ? found(head == "hotend" ? state.hotend : state.flowPercent, *tool) : std::nullopt;
    }
    if (head == "fans")
        return found(state.fans, rest);
    if (head == "heaters")
        return found(state.heaters, rest);
    if (head == "pressure_advance")
        return found(state.pressureAdvance, rest);
    if (head == "gcode_offset")
        return found(state.gcodeOffset, rest);
    if (head == "babystep")
        return axisText(state.babystep, rest);
    if (head == "shift")
        return axisText(state.shift, rest);
    if (head == "volumetric") {
        const auto tool = wholeOf(rest);
        return tool ? found(state.volumetric, *tool) : std::nullopt;
    }
    if (head == "setup") {
        const auto it = state.toolSetup.find(rest);
        return it == state.toolSetup.end() ? std::nullopt : std::optional(setupText(it->second));
    }
    if (head == "motion") {
        const auto [command, parameter] = splitLast(rest);
        const auto it = state.motion.find(command);
        return it == state.motion.end() ? std::nullopt : found(it->second, parameter);
    }
    return std::nullopt;
}

namespace {

bool put(MachineState& state, const std::string& key, const std::string& value)
{
    const auto [head, rest] = split(key);
    if (rest.empty())
        return setScalar(state, key, value);
    if (head == "position")
        return setPosition(state, rest, value);
    if (head == "hotend")
        return setTool(state.hotend, rest, value, 0, 500);
    if (head == "flow_percent")
        return setTool(state.flowPercent, rest, value, 1, 1000);
    if (head == "motion")
        return setMotion(state, rest, value);
    if (head == "gcode_offset")
        return axisIndex(rest) && rest[0] <= 'Z' && put(state.gcodeOffset, rest, value, -100, 100);
    if (!isName(rest))
        return false;
    if (head == "babystep") {
        const auto axis = axisIndex(rest);
        const auto steps = numberOf(value);
        if (axis && inRange(steps, -10, 10))
            state.babystep[*axis] = gcode::toNanometres(*steps);
        return axis && inRange(steps, -10, 10);
    }
    if (head == "volumetric")
        return setTool(state.volumetric, rest, value, 0, 10);
    if (head == "fans")
        return put(state.fans, rest, value, 0, wholeOf(rest) ? 255 : 1);
    if (head == "heaters")
        return put(state.heaters, rest, value, 0, 500);
    if (head == "pressure_advance")
        return put(state.pressureAdvance, rest, value, 0, 10);
    return false;
}

} // namespace

bool set(MachineState& state, const std::string& key, const std::string& value)
{
    const bool done = put(state, key, value);
    if (done)
        state.unknownFields.erase(key);
    return done;
}

Message label(const std::string& key)
{
    const auto [head, rest] = split(key);
    struct Label { std::string_view head; const char* pattern; };
    static constexpr std::array<Label, 32> labels{{
        {"position", KINTSUGI_TEXT("Position %1 (mm)")},
        {"e", KINTSUGI_TEXT("Extruder position (mm)")},
        {"feed", KINTSUGI_TEXT("Feed rate (mm/min)")},
        {"tool", KINTSUGI_TEXT("Tool")},
        {"hotend", KINTSUGI_TEXT("Hotend %1 target (°C)")},
        {"bed", KINTSUGI_TEXT("Bed target (°C)")},
        {"chamber", KINTSUGI_TEXT("Chamber target (°C)")},
        {"heaters", KINTSUGI_TEXT("Heater %1 target (°C)")},
        {"fans", KINTSUGI_TEXT("Fan %1")},
        {"speed_percent", KINTSUGI_TEXT("Speed factor (%)")},
        {"flow_percent", KINTSUGI_TEXT("Flow factor of tool %1 (%)")},
        {"pressure_advance", KINTSUGI_TEXT("Pressure advance of %1 (s)")},
        {"motion", KINTSUGI_TEXT("Limit %1")},
        {"mesh", KINTSUGI_TEXT("Bed mesh")},
        {"gcode_offset", KINTSUGI_TEXT("G-code offset %1 (mm)")},
        {"babystep", KINTSUGI_TEXT("Babysteps %1 (mm)")},
        {"shift", KINTSUGI_TEXT("Coordinate shift %1 by G92 (mm)")},
        {"volumetric", KINTSUGI_TEXT("Filament diameter of tool %1 (mm; 0: E is a length)")},
        {"setup", KINTSUGI_TEXT("Setting %1")},
        {"workspace", KINTSUGI_TEXT("Workspace")},
        {"absolute_e", KINTSUGI_TEXT("Absolute extrusion")},
        {"absolute_xyz", KINTSUGI_TEXT("Absolute coordinates")},
        {"retracted", KINTSUGI_TEXT("Retracted by the firmware")},
        {"excluded", KINTSUGI_TEXT("Excluded objects")},
        {"object", KINTSUGI_TEXT("Object being printed")},
        {"file", KINTSUGI_TEXT("File")},
        {"inch", KINTSUGI_TEXT("Inches")},
        {"plane", KINTSUGI_TEXT("Plane of arcs")},
        {"tool_setup", KINTSUGI_TEXT("Offsets of the tools (mm)")},
        {"last_move", KINTSUGI_TEXT("A line without a command of its own, at which nothing can begin")},
        {"printed", KINTSUGI_TEXT("Place of what was printed")},
        {"condition", KINTSUGI_TEXT("A condition of the file (if, while), in the middle of which nothing can begin")},
    }};
    const bool byAxis = head == "position" || head == "babystep" || head == "shift";
    std::string argument = byAxis && rest.size() == 1 ? std::string(1, static_cast<char>(rest[0] - 'x' + 'X')) : rest;
    for (const Label& candidate : labels) {
        if (candidate.head == head)
            return Message{candidate.pattern, rest.empty() ? std::vector<std::string>{} : std::vector{std::move(argument)}};
    }
    return Message{"%1", {key}};
}

} // namespace kintsugi::recovery::fields
