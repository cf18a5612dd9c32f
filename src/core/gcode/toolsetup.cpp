// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/toolsetup.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace kintsugi::gcode::setup {

namespace {

constexpr int mostChannels = 8; // of a mixing extruder; Marlin knows six

std::string numbered(const char* head, int number) { return head + std::to_string(number); }

/// A whole number of at most three digits.
std::optional<int> smallNumber(const Command& command, char letter)
{
    constexpr Millionths most = 999'000'000;
    const auto value = command.value(letter);
    if (!value || *value < 0 || *value > most || *value % 1'000'000 != 0)
        return std::nullopt;
    return static_cast<int>(*value / 1'000'000);
}

void unsayable(MachineState& state, const std::string& word)
{
    of(state, word + " ?");
}

/// In inches they are steps an inch. Below 20 steps a mm Marlin changes limits of the extruder along with them; RepRapFirmware's lists and microsteps are more than a number.
void stepsPerMm(MachineState& state, const Command& command, Dialect dialect)
{
    constexpr Millionths scalesLimits = 20'000'000;
    const auto e = command.value('E');
    const bool marlin = dialect == Dialect::Marlin || dialect == Dialect::Marlin1 || dialect == Dialect::Prusa;
    const bool list = command.rest.find(':') != std::string_view::npos;
    if (state.inch || list || (marlin && e && *e < scalesLimits) || (dialect == Dialect::RepRapFirmware && command.has('S')))
        return unsayable(state, "M92");
    const auto tool = smallNumber(command, 'T');
    keep(state, tool ? numbered("M92 T", *tool) : "M92", command, "XYZE");
}

// --- mixing ---

void mixPart(MachineState& state, const Command& command)
{
    const int channel = smallNumber(command, 'S').value_or(command.has('S') ? mostChannels : 0);
    if (channel >= mostChannels)
        return unsayable(state, "M163");
    if (auto* const parts = of(state, numbered("M163 S", channel)))
        (*parts)["P"] = std::max(0.0, static_cast<double>(command.value('P').value_or(0)) / 1e6);
}

/// The parts as they stand become the mix of a tool.
void commitMix(MachineState& state, int tool)
{
    std::map<std::string, double> mix;
    for (int channel = 0; channel < mostChannels; ++channel) {
        const auto part = state.toolSetup.find(numbered("M163 S", channel));
        if (part != state.toolSetup.end() && part->second.count("P") != 0)
            mix[std::to_string(channel)] = part->second.at("P");
    }
    if (auto* const kept = of(state, numbered("M164 S", tool)))
        *kept = std::move(mix);
}

/// Parts that are left out are 0.
void mixAll(MachineState& state, const Command& command)
{
    constexpr std::string_view letters = "ABCDHI";
    for (std::size_t channel = 0; channel < letters.size(); ++channel) {
        const std::string head = numbered("M163 S", static_cast<int>(channel));
        const auto value = command.value(letters[channel]);
        if (!value && state.toolSetup.count(head) == 0)
            continue;
        if (auto* const part = of(state, head))
            (*part)["P"] = std::max(0.0, static_cast<double>(value.value_or(0)) / 1e6);
    }
    commitMix(state, state.tool);
}

void mixing(MachineState& state, const Command& command, Dialect dialect)
{
    if (dialect != Dialect::Marlin) // older firmware counts the parts in another way
        return unsayable(state, numbered("M", static_cast<int>(command.number)));
    switch (command.number) {
    case 163: return mixPart(state, command);
    case 164: return commitMix(state, smallNumber(command, 'S').value_or(state.tool));
    case 165: return mixAll(state, command);
    default: break;
    }
    if (command.has('T') && !command.value('T'))
        return unsayable(state, "M166");
    keep(state, "M166", command, "AIJSTZ");
}

// --- axes ---

/// One line may give another measure than the next: an axis belongs to the measure that came with it last.
void skew(MachineState& state, const Command& command)
{
    const auto measure = command.value('S');
    if (command.has('P') || !measure || *measure < 10'000'000) // less is refused
        return command.has('P') ? unsayable(state, "M556") : void();
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<double>(*measure) / 1e6).ptr;
    const std::string head = "M556 S" + std::string(digits.data(), end);
    for (auto at = state.toolSetup.begin(); at != state.toolSetup.end();) {
        if (at->first.starts_with("M556 S")) {
            for (const char axis : {'X', 'Y', 'Z'})
                if (command.value(axis))
                    at->second.erase(std::string(1, axis));
        }
        at = at->first.starts_with("M556 S") && at->second.empty() ? state.toolSetup.erase(at) : std::next(at);
    }
    keep(state, head, command, "XYZ");
}

/// A scaled Z moves the height that a registration found.
void scale(MachineState& state, const Command& command)
{
    if (command.value('Z') && *command.value('Z') != 1'000'000)
        unsayable(state, "M579");
    keep(state, "M579", command, "XY");
}

/// Mirrored duplication is entered through another mode, and moves; the letters of the others mean carriages or nozzles.
void carriages(MachineState& state, const Command& command, Dialect dialect)
{
    forget(state, "M605");
    const auto mode = smallNumber(command, 'S');
    if (dialect != Dialect::Marlin || state.inch || !mode || *mode > 2)
        return unsayable(state, "M605");
    const std::string head = numbered("M605 S", *mode);
    of(state, head);
    keep(state, head, command, "EPRX");
}

// --- Klipper ---

std::string text(const Parameters& parameters, std::string_view key)
{
    const auto found = parameters.find(key);
    return found == parameters.end() ? std::string() : found->second;
}

std::optional<double> numberOf(const Parameters& parameters, std::string_view key)
{
    const auto found = parameters.find(key);
    if (found == parameters.end())
        return std::nullopt;
    double value = 0;
    const std::string& written = found->second;
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), value);
    const bool whole = error == std::errc() && end == written.data() + written.size() && std::isfinite(value);
    return whole ? std::optional(value) : std::nullopt;
}

/// Numbers under a head; a value that is none of it makes the whole command unsayable.
void keepNumbers(MachineState& state, const std::string& head, std::string_view word, const Parameters& parameters,
                 std::initializer_list<const char*> keys)
{
    for (const char* const key : keys) {
        if (parameters.find(key) == parameters.end())
            continue;
        const auto value = numberOf(parameters, key);
        if (!value || head.ends_with('?'))
            return unsayable(state, std::string(word));
        if (auto* const kept = of(state, head))
            (*kept)[key] = *value;
    }
}

void motionQueue(MachineState& state, const Parameters& parameters)
{
    const std::string extruder = headOf("SYNC_EXTRUDER_MOTION", "EXTRUDER", text(parameters, "EXTRUDER"));
    forget(state, extruder + ' ');
    const std::string queue = text(parameters, "MOTION_QUEUE");
    of(state, queue.empty() && !extruder.ends_with('?') ? extruder + " MOTION_QUEUE=\"\"" : headOf(extruder, "MOTION_QUEUE", queue));
}

/// The carriage that became the first one, and what the other does: each command decides on both.
void dualCarriage(MachineState& state, const Parameters& parameters)
{
    const std::string carriage = text(parameters, "CARRIAGE"), mode = text(parameters, "MODE");
    constexpr std::array<std::string_view, 4> modes{"", "PRIMARY", "COPY", "MIRROR"};
    forget(state, "SET_DUAL_CARRIAGE");
    if ((carriage != "0" && carriage != "1") || std::find(modes.begin(), modes.end(), mode) == modes.end())
        return unsayable(state, "SET_DUAL_CARRIAGE");
    of(state, "SET_DUAL_CARRIAGE CARRIAGE=" + carriage + (mode.empty() ? std::string() : " MODE=" + mode));
}

/// A field is set by its value or by a velocity, whichever came last.
void driverField(MachineState& state, const Parameters& parameters)
{
    const std::string stepper = headOf("SET_TMC_FIELD", "STEPPER", text(parameters, "STEPPER"));
    const std::string head = headOf(stepper, "FIELD", text(parameters, "FIELD"));
    forget(state, head);
    keepNumbers(state, head, "SET_TMC_FIELD", parameters, {"VALUE", "VELOCITY"});
}

} // namespace

std::map<std::string, double>* of(MachineState& state, const std::string& head)
{
    const bool room = state.toolSetup.count(head) != 0 || state.toolSetup.size() < MachineState::maxNames;
    return room ? &state.toolSetup[head] : nullptr;
}

void forget(MachineState& state, std::string_view head)
{
    std::erase_if(state.toolSetup, [head](const auto& item) { return item.first.starts_with(head); });
}

void keep(MachineState& state, const std::string& head, const Command& command, std::string_view letters)
{
    for (const char letter : letters) {
        const auto value = command.value(letter);
        if (!value)
            continue;
        if (auto* const kept = of(state, head))
            (*kept)[std::string(1, letter)] = static_cast<double>(*value) / 1e6;
    }
}

bool isPlainWord(std::string_view text)
{
    const auto harmless = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.' || c == ',';
    };
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, harmless);
}

std::string headOf(std::string_view name, std::string_view key, std::string_view value)
{
    return std::string(name) + ' ' + std::string(key) + (isPlainWord(value) && !name.ends_with('?') ? '=' + std::string(value) : std::string("?"));
}

void keepCode(MachineState& state, const Command& command, Dialect dialect)
{
    if (dialect == Dialect::Klipper) // it knows none of them
        return;
    const bool repRap = dialect == Dialect::RepRapFirmware;
    switch (command.number) {
    case 92: return stepsPerMm(state, command, dialect);
    case 163: case 164: case 165: case 166: return mixing(state, command, dialect);
    case 404: return dialect == Dialect::Prusa ? unsayable(state, "M404") : keep(state, "M404", command, repRap ? "DN" : "W");
    case 556: return repRap ? skew(state, command) : unsayable(state, "M556");
    case 579: return repRap ? scale(state, command) : unsayable(state, "M579");
    case 605: return carriages(state, command, dialect);
    default: return;
    }
}

bool keepNamed(MachineState& state, std::string_view name, const Parameters& parameters)
{
    if (name == "SET_EXTRUDER_ROTATION_DISTANCE")
        keepNumbers(state, headOf(name, "EXTRUDER", text(parameters, "EXTRUDER")), name, parameters, {"DISTANCE"});
    else if (name == "SYNC_EXTRUDER_MOTION")
        motionQueue(state, parameters);
    else if (name == "SET_DUAL_CARRIAGE")
        dualCarriage(state, parameters);
    else if (name == "SET_TMC_CURRENT")
        keepNumbers(state, headOf(name, "STEPPER", text(parameters, "STEPPER")), name, parameters, {"CURRENT", "HOLDCURRENT"});
    else if (name == "SET_TMC_FIELD")
        driverField(state, parameters);
    else
        return false;
    return true;
}

} // namespace kintsugi::gcode::setup
