// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "gcode/command.h"
#include "recovery/plangcode.h"

namespace kintsugi::recovery::checks {

namespace {

constexpr double thinClearance = 0.5;  // mm

using write::isForbidden;

/// Klipper itself knows no tools: T1 is what the printer's configuration makes of it.
bool toolMacros(const View& v, List& list)
{
    bool found = false;
    for (const PlanStep& step : v.plan.steps) {
        if (step.kind != StepKind::SelectTool || v.plan.dialect != gcode::Dialect::Klipper)
            continue;
        for (const std::string& line : step.gcode) {
            if (line.starts_with("ACTIVATE_EXTRUDER ")) // Klipper's own
                continue;
            found = true;
            list.add(Id::Unsimulated, Severity::Warn, false, line, {},
                {KINTSUGI_TEXT("%1 is a macro of the printer: what it does besides selecting the tool is not known here and runs unchecked."), {line}});
        }
    }
    return found;
}

void unsimulated(const View& v, List& list)
{
    const bool tools = toolMacros(v, list);
    for (const Unsimulated& line : v.plan.unsimulated)
        list.add(Id::Unsimulated, Severity::Warn, false, line.line, line.place,
            {KINTSUGI_TEXT("Your line %1 (%2) is a macro: what it does is not known here and runs unchecked."), {line.line, line.place}});
    if (v.plan.unsimulated.empty() && !tools)
        list.add(Id::Unsimulated, Severity::Warn, true, {}, {}, {KINTSUGI_TEXT("Every line of the plan was executed in thought."), {}});
}

void tail(const View& v, List& list)
{
    if (!v.facts.tail)
        return list.notChecked(Id::Tail);
    const bool homesMore = v.facts.macrosHomingZ && !v.facts.macrosHomingZ->empty();
    for (const TailFinding& found : *v.facts.tail) {
        const bool blocks = found.blocks || (found.kind == TailFinding::Kind::Homing && homesMore);
        list.add(Id::Tail, blocks ? Severity::Block : Severity::Warn, false, found.text, "line " + std::to_string(found.line),
            found.meaning);
    }
    if (v.facts.tail->empty())
        list.add(Id::Tail, Severity::Warn, true, {}, {}, {KINTSUGI_TEXT("The first layers after the resume point hold nothing that only a start does."), {}});
}

void travelLimits(const View& v, List& list)
{
    const gcode::Extents& p = v.plan.whole;
    const std::array<double, 3> low{p.minX, p.minY, p.minZ}, high{p.maxX, p.maxY, std::max(p.maxZ, v.plan.liftToZ)};
    constexpr double tolerance = 1e-6;
    std::string unknown;
    for (std::size_t i = 0; i < 3 && p.valid; ++i) {
        if (!v.plan.limited[i]) {
            unknown += static_cast<char>('X' + i);
            continue;
        }
        const bool below = low[i] < v.plan.minimum[i] - tolerance;
        if (!below && high[i] <= v.plan.maximum[i] + tolerance)
            continue;
        const std::string axis(1, static_cast<char>('X' + i));
        return list.add(Id::TravelLimits, Severity::Block, false, axis + ' ' + decimal(below ? low[i] : high[i]),
                   axis + ' ' + decimal(below ? v.plan.minimum[i] : v.plan.maximum[i]),
                   {KINTSUGI_TEXT("The plan or the rest of the file leaves the travel of axis %1. Correct the printer's profile if it is wrong."), {axis}});
    }
    if (!unknown.empty())
        return list.notChecked(Id::TravelLimits,
                   {KINTSUGI_TEXT("Not checked: nobody said how far this printer goes (axes %1). Choose a printer whose volume is known (--profile). It primes at X %2 Y %3."),
                    {unknown, decimal(v.plan.primeAt[0]), decimal(v.plan.primeAt[1])}});
    list.add(Id::TravelLimits, Severity::Block, true, decimal(v.plan.liftToZ), decimal(v.plan.maximum[2]),
        v.plan.limitsFrom.empty() ? Message{KINTSUGI_TEXT("Plan and file stay within the travel limits."), {}}
                                  : Message{KINTSUGI_TEXT("Plan and file stay within the volume that the file's own settings name (%1)."), {v.plan.limitsFrom}});
}

void clearance(const View& v, List& list)
{
    if (!v.plan.clearance)
        return;
    const double value = *v.plan.clearance;
    const std::string limit = decimal(thinClearance);
    if (value <= 0)
        return list.add(Id::Clearance, Severity::Block, false, decimal(value), limit, {KINTSUGI_TEXT("The way leads through what is printed."), {}});
    list.add(Id::Clearance, Severity::Warn, value >= thinClearance, decimal(value), limit,
        {KINTSUGI_TEXT("The head passes %1 mm above everything printed."), {decimal(value)}});
}

bool homesZ(const std::string& line)
{
    const gcode::Command command = gcode::parseCommand(line);
    if (command.is('G', 28))
        return command.has('Z') || (!command.has('X') && !command.has('Y'));
    const bool ownWord = command.number == 92 || command.number == 10 || (command.number >= 54 && command.number <= 59);
    const bool loadsMap = command.is('G', 29) && command.value('S') == 1'000'000; // RepRapFirmware: nothing is probed
    return command.letter == 'G' && command.kind == gcode::Command::Kind::Code && isForbidden(line) && !ownWord && !loadsMap;
}

void planHomes(const View& v, List& list)
{
    std::string found;
    for (const PlanStep& step : v.plan.steps) {
        for (const std::string& line : step.gcode) {
            const gcode::Command command = gcode::parseCommand(line);
            const bool workspace = command.letter == 'G' && command.number >= 54 && command.number <= 59; // the plan's own
            const bool foreign = step.kind == StepKind::Note && isForbidden(line) && !workspace;
            const bool upward = v.plan.zMethod == ZMethod::TopEndstop && step.kind == StepKind::RegisterZ && line == "G28 Z"; // proved by the planner
            if (foreign || (homesZ(line) && !upward))
                found = line;
        }
    }
    list.add(Id::PlanHomes, Severity::Block, found.empty(), found, {},
        found.empty() ? Message{KINTSUGI_TEXT("No step homes Z, probes or calibrates."), {}}
                      : Message{KINTSUGI_TEXT("A step homes, probes or calibrates: %1. Remove it."), {found}});
}

/// Equal, where a missing value means the neutral one.
template <class Map>
bool sameValues(const Map& want, const Map& got, double neutral)
{
    const auto covers = [neutral](const Map& a, const Map& b) {
        return std::all_of(a.begin(), a.end(), [&](const auto& item) {
            const auto other = b.find(item.first);
            return std::abs(item.second - (other == b.end() ? neutral : other->second)) <= 1e-4;
        });
    };
    return covers(want, got) && covers(got, want);
}

/// Every limit of the file is set. What the file never set may be anything.
bool limitsSet(const gcode::MachineState& want, const gcode::MachineState& got)
{
    const auto holds = [](const std::map<std::string, double>& a, const std::map<std::string, double>& b) {
        return std::all_of(a.begin(), a.end(), [&b](const auto& item) {
            const auto other = b.find(item.first);
            return other != b.end() && std::abs(other->second - item.second) <= 1e-4;
        });
    };
    return holds(want.pressureAdvance, got.pressureAdvance) && std::all_of(want.motion.begin(), want.motion.end(), [&](const auto& item) {
        const auto other = got.motion.find(item.first);
        return item.second.empty() || (other != got.motion.end() && holds(item.second, other->second));
    });
}

std::string differenceTo(const View& v, const gcode::MachineState& got)
{
    const gcode::MachineState& want = v.snapshot.state;
    if (got.position != want.position)
        return "position";
    const bool flagAlone = v.plan.dialect != gcode::Dialect::Marlin; // there G90/G91 may stand for it
    const bool sameE = flagAlone ? got.absoluteEFlag == want.absoluteEFlag : got.eIsAbsolute(v.plan.dialect) == want.eIsAbsolute(v.plan.dialect);
    if (got.absoluteXyz != want.absoluteXyz || got.inch != want.inch || !sameE)
        return "modes";
    if (want.eIsAbsolute(v.plan.dialect) && got.e != want.e)
        return "e";
    if (want.feed && got.feed != want.feed)
        return "feed";
    if (got.tool != want.tool)
        return "tool";
    if (got.bed != want.bed || got.hotend != want.hotend)
        return "temperatures";
    if (std::abs(got.speedPercent - want.speedPercent) > 1e-6)
        return "speed_percent";
    if (got.firmwareRetracted != want.firmwareRetracted)
        return "retracted";
    if (got.excluded != want.excluded)
        return "excluded";
    if (!sameValues(want.fans, got.fans, 0))
        return "fans";
    if (!sameValues(want.flowPercent, got.flowPercent, 100))
        return "flow_percent";
    if (!sameValues(want.gcodeOffset, got.gcodeOffset, 0))
        return "gcode_offset";
    if (!sameValues(want.heaters, got.heaters, 0) || got.chamber != want.chamber)
        return "heaters";
    const bool namesMesh = want.mesh && *want.mesh != gcode::MeshState{};
    if (namesMesh ? got.mesh != want.mesh : got.mesh.has_value())
        return "mesh";
    return limitsSet(want, got) ? std::string() : "motion";
}

/// The first line of a dry run by which plastic could come out.
std::string extrudingLine(const Plan& plan)
{
    constexpr int softAtMost = 1; // °C: what rounding makes of the standby
    const double target = plan.snapshot.state.hotend.contains(plan.snapshot.state.tool) ? plan.snapshot.state.hotend.at(plan.snapshot.state.tool) : 0;
    for (const PlanStep& step : plan.steps) {
        for (const std::string& line : step.gcode) {
            const gcode::Command command = gcode::parseCommand(line);
            const bool moves = command.letter == 'G' && command.number <= 3 && command.has('E');
            const bool retracts = command.is('G', 10) || command.is('G', 11);
            const bool heats = (command.is('M', 104) || command.is('M', 109)) && gcode::toMillimetres(command.value('S').value_or(0)) > target + softAtMost;
            if (moves || retracts || heats)
                return line;
        }
    }
    return {};
}

/// The plan is executed in thought: what it leaves behind must be what the file expects.
void planState(const View& v, List& list)
{
    if (v.plan.dryRun) {
        const std::string line = extrudingLine(v.plan);
        return list.add(Id::PlanState, Severity::Block, line.empty(), line, {},
                        line.empty() ? Message{KINTSUGI_TEXT("A dry run: no step extrudes, loads or sets anything."), {}}
                                     : Message{KINTSUGI_TEXT("A dry run must not extrude: %1."), {line}});
    }
    gcode::MachineState state;
    for (const PlanStep& step : v.plan.steps) {
        for (const std::string& line : step.gcode)
            gcode::apply(state, gcode::parseCommand(line), v.plan.dialect);
    }
    const std::string difference = differenceTo(v, state);
    list.add(Id::PlanState, Severity::Block, difference.empty(), difference, {},
        difference.empty() ? Message{KINTSUGI_TEXT("Executed in thought, the plan ends in the state the file expects."), {}}
                           : Message{KINTSUGI_TEXT("Executed in thought, the plan ends in another state than the file expects (%1)."), {difference}});
}

} // namespace

void ofPlan(const View& v, List& list)
{
    unsimulated(v, list);
    tail(v, list);
    travelLimits(v, list);
    clearance(v, list);
    planHomes(v, list);
    planState(v, list);
}

} // namespace kintsugi::recovery::checks
