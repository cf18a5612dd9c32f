// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/ownlinescheck.h"

#include <algorithm>

namespace kintsugi::recovery {

namespace {

using gcode::Effect;
using gcode::MachineState;
using write::Lines;

Error refused(const OwnLinesRoom& room, const std::string& line, const char* why)
{
    Error error{.code = ErrorCode::Unsafe, .detail = line + " (" + why + ')'};
    error.field = room.place;
    return error;
}

bool letters(const gcode::Command& command, std::string_view wanted)
{
    return std::any_of(wanted.begin(), wanted.end(), [&command](char letter) { return command.has(letter); });
}

/// A known position must stay inside the room; an unknown one must not be moved relatively.
const char* whyNoMove(const gcode::Command& command, const Effect& effect, const MachineState& after, const OwnLinesRoom& room)
{
    if (effect.kind == Effect::Kind::Arc)
        return "an arc cannot be checked here";
    if (letters(command, "XY") && !room.mayTravel)
        return "nothing may move across here";
    if (command.has('Z') && !room.mayRise)
        return "nothing may move here: the nozzle may stick to the part";
    if (command.has('E') && !room.mayExtrude)
        return "the nozzle is cold here";
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (!command.has(static_cast<char>('X' + axis)))
            continue;
        if (!after.position[axis])
            return "a relative move from an unknown place";
        const double low = axis == 2 ? room.lowestZ : room.minimum[axis], value = gcode::toMillimetres(*after.position[axis]);
        if (value < low - 1e-6)
            return axis == 2 ? "below the travel height" : "outside the travel limits";
        if (value > room.maximum[axis] + 1e-6)
            return "outside the travel limits";
    }
    return nullptr;
}

/// Firmware is case sensitive, and what follows a ';' is only for the person.
std::string plainLine(const std::string& line, const gcode::Command& command, gcode::Dialect dialect)
{
    if (dialect == gcode::Dialect::Klipper || command.kind != gcode::Command::Kind::Code)
        return line;
    return write::upper(line.substr(0, line.find(';')));
}

/// What nobody could put back, because the file never set it or the plan has no step for it.
const char* lastingChange(const MachineState& before, const MachineState& after)
{
    if (before.tool != after.tool)
        return "the tool";
    if (before.motion != after.motion || before.toolSetup != after.toolSetup)
        return "speed limits";
    if (before.pressureAdvance != after.pressureAdvance)
        return "pressure advance";
    if (before.mesh != after.mesh)
        return "the bed mesh";
    if (before.gcodeOffset != after.gcodeOffset || before.babystep != after.babystep)
        return "an offset";
    if (before.heaters != after.heaters)
        return "a heater";
    if (before.excluded != after.excluded || before.definedObjects != after.definedObjects || before.object != after.object)
        return "objects";
    if (before.firmwareRetracted != after.firmwareRetracted || before.volumetric != after.volumetric || before.workspace != after.workspace)
        return "how the file is read";
    return nullptr;
}

template <class Map, class Write>
void putBack(const Map& before, const Map& after, const Write& write)
{
    for (const auto& [key, value] : after) {
        const auto old = before.find(key);
        const double wanted = old == before.end() ? 0 : old->second;
        if (wanted != value)
            write(key, wanted);
    }
}

void undo(Lines& lines, const MachineState& before, const MachineState& after, const write::DialectWriter& writer)
{
    putBack(before.hotend, after.hotend, [&](int tool, double target) {
        const Lines heat = writer.heatTo(tool, target);
        lines.insert(lines.end(), heat.begin(), heat.end());
    });
    if (before.bed != after.bed)
        lines.push_back("M140 S" + decimal(before.bed.value_or(0), 6));
    if (before.chamber != after.chamber)
        lines.push_back("M141 S" + decimal(before.chamber.value_or(0), 6));
    putBack(before.fans, after.fans, [&](const std::string& name, double speed) { lines.push_back(writer.fan(name, speed)); });
    if (before.flowPercent != after.flowPercent) {
        lines.emplace_back("M221 S100");
        const Lines flow = before.flowPercent.empty() ? Lines{} : writer.flow();
        lines.insert(lines.end(), flow.begin(), flow.end());
    }
    if (before.speedPercent != after.speedPercent)
        lines.push_back("M220 S" + decimal(before.speedPercent, 6));
    if (before.plane != after.plane)
        lines.push_back("G" + std::to_string(before.plane));
    lines.insert(lines.end(), {"G21", "G90", "M83"});
}

} // namespace

Result<OwnLinesRun> runOwnLines(const Lines& lines, MachineState before, gcode::Dialect dialect, const OwnLinesRoom& room,
                                const write::DialectWriter& writer)
{
    OwnLinesRun run;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (before.setBy[axis] == gcode::SetBy::Homing) // where home is, only the printer knows
            before.position[axis].reset();
    }
    MachineState state = before;
    for (const std::string& line : lines) {
        if (write::isForbidden(line))
            return fail(refused(room, line, "homes, probes, starts a print or moves the coordinates"));
        if (line.size() > writer.longestLine())
            return fail(refused(room, line.substr(0, 60), "too long for this firmware"));
        const gcode::Command command = gcode::parseCommand(line);
        state.unknownMotion = false;
        const Effect effect = gcode::apply(state, command, dialect);
        if (effect.kind == Effect::Kind::Move || effect.kind == Effect::Kind::Arc) {
            if (const char* const why = whyNoMove(command, effect, state, room))
                return fail(refused(room, line, why));
            run.moved |= letters(command, "XYZ");
        }
        const bool macro = state.unknownMotion && effect.kind != Effect::Kind::Move;
        if (macro)
            run.unsimulated.push_back({room.place, line});
        if (const char* const what = lastingChange(before, state))
            return fail(refused(room, line, (std::string("changes ") + what).c_str()));
        run.moved |= macro;
        run.lines.push_back(plainLine(line, command, dialect));
    }
    undo(run.lines, before, state, writer);
    return run;
}

} // namespace kintsugi::recovery
