// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/ownlinescheck.h"

#include <algorithm>
#include <set>

#include "gcode/linecommands.h"

namespace kintsugi::recovery {

namespace {

using gcode::Effect;
using gcode::MachineState;
using write::Lines;

Error refused(const OwnLinesRoom& room, const std::string& line, Message why)
{
    Error error{.code = ErrorCode::Unsafe, .detail = line};
    error.field = room.place;
    error.reason = std::move(why);
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
        return KINTSUGI_TEXT("an arc cannot be checked here");
    if (letters(command, "XY") && !room.mayTravel)
        return KINTSUGI_TEXT("nothing may move across here");
    if (command.has('Z') && !room.mayRise)
        return KINTSUGI_TEXT("nothing may move here: the nozzle may stick to the part");
    if (command.has('E') && !room.mayExtrude)
        return KINTSUGI_TEXT("the nozzle is cold here");
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (!command.has(static_cast<char>('X' + axis)))
            continue;
        if (!after.position[axis])
            return KINTSUGI_TEXT("a relative move from an unknown place");
        const double low = axis == 2 ? room.lowestZ : room.minimum[axis], value = gcode::toMillimetres(*after.position[axis]);
        if (value < low - 1e-6)
            return axis == 2 ? KINTSUGI_TEXT("below the travel height") : KINTSUGI_TEXT("outside the travel limits");
        if (value > room.maximum[axis] + 1e-6)
            return KINTSUGI_TEXT("outside the travel limits");
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
        return KINTSUGI_TEXT("changes the tool");
    if (before.motion != after.motion || before.toolSetup != after.toolSetup || before.speedBackup != after.speedBackup)
        return KINTSUGI_TEXT("changes speed limits");
    if (before.pressureAdvance != after.pressureAdvance)
        return KINTSUGI_TEXT("changes pressure advance");
    if (before.mesh != after.mesh)
        return KINTSUGI_TEXT("changes the bed mesh");
    if (before.gcodeOffset != after.gcodeOffset || before.babystep != after.babystep)
        return KINTSUGI_TEXT("changes an offset");
    if (before.heaters != after.heaters)
        return KINTSUGI_TEXT("changes a heater");
    if (before.excluded != after.excluded || before.definedObjects != after.definedObjects || before.object != after.object)
        return KINTSUGI_TEXT("changes objects");
    if (before.firmwareRetracted != after.firmwareRetracted || before.volumetric != after.volumetric || before.workspace != after.workspace)
        return KINTSUGI_TEXT("changes how the file is read");
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

/// Who waited for another temperature, or let go of one, needs the old one back before the plan goes on.
struct HeatWatch {
    std::set<int> tools;
    bool bed = false;

    void note(const gcode::Command& command, const MachineState& before, const MachineState& after)
    {
        const bool waits = command.is('M', 109) || command.is('M', 116);
        for (const auto& [tool, target] : after.hotend) {
            const auto old = before.hotend.find(tool);
            if ((waits && tool == after.tool) || (old != before.hotend.end() && target < old->second))
                tools.insert(tool);
        }
        bed = bed || command.is('M', 190) || after.bed.value_or(0) < before.bed.value_or(0);
    }
};

void undoHeat(Lines& lines, const MachineState& before, const MachineState& after, const HeatWatch& watch, const write::DialectWriter& writer)
{
    for (const auto& [tool, target] : after.hotend) {
        const auto old = before.hotend.find(tool);
        const double wanted = old == before.hotend.end() ? 0 : old->second;
        const bool waits = watch.tools.count(tool) && wanted > 0;
        if (!waits && wanted == target)
            continue;
        const Lines heat = waits ? writer.heatAndWait(tool, wanted) : writer.heatTo(tool, wanted);
        lines.insert(lines.end(), heat.begin(), heat.end());
    }
    const double bed = before.bed.value_or(0);
    if (watch.bed && bed > 0)
        lines.push_back("M190 S" + decimal(bed, 6));
    else if (before.bed != after.bed)
        lines.push_back("M140 S" + decimal(bed, 6));
    if (before.chamber != after.chamber)
        lines.push_back("M141 S" + decimal(before.chamber.value_or(0), 6));
}

void undo(Lines& lines, const MachineState& before, const MachineState& after, const write::DialectWriter& writer)
{
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
    HeatWatch heat;
    for (const std::string& line : lines) {
        if (write::isForbidden(line))
            return fail(refused(room, line, {KINTSUGI_TEXT("homes, probes, starts a print or moves the coordinates"), {}}));
        if (line.size() > writer.longestLine())
            return fail(refused(room, line.substr(0, 60), {KINTSUGI_TEXT("too long for this firmware"), {}}));
        gcode::Command command;
        gcode::LineCommands commands(line, dialect);
        const bool read = commands.next(command, state);
        if (!read || command.kind == gcode::Command::Kind::Meta || command.computed != 0)
            return fail(refused(room, line, {KINTSUGI_TEXT("what it does, only the printer decides"), {}}));
        if (gcode::Command second; commands.next(second, state))
            return fail(refused(room, line, {KINTSUGI_TEXT("one command a line"), {}}));
        state.unknownMotion = false;
        const MachineState last = state;
        const Effect effect = gcode::apply(state, command, dialect);
        heat.note(command, last, state);
        if (effect.kind == Effect::Kind::Move || effect.kind == Effect::Kind::Arc) {
            if (const char* const why = whyNoMove(command, effect, state, room))
                return fail(refused(room, line, {why, {}}));
            run.moved |= letters(command, "XYZ");
        }
        const bool macro = state.unknownMotion && effect.kind != Effect::Kind::Move;
        if (macro)
            run.unsimulated.push_back({room.place, line});
        if (const char* const what = lastingChange(before, state))
            return fail(refused(room, line, {what, {}}));
        run.moved |= macro;
        run.lines.push_back(plainLine(line, command, dialect));
    }
    undoHeat(run.lines, before, state, heat, writer);
    undo(run.lines, before, state, writer);
    return run;
}

} // namespace kintsugi::recovery
