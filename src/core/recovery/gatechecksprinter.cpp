// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"

#include "gcode/startmacro.h"
#include "recovery/coolingadvice.h"
#include "recovery/plangcode.h"

namespace kintsugi::recovery::checks {

namespace {

constexpr double coldest = -10, hottest = 400; // °C a thermistor that works may read
constexpr double keepTime = 300;       // s to look, heat and start before the motors go off
constexpr double registerTime = 600;   // s that heating, soaking or a person may take without motion
constexpr double longAgo = 60;         // min after which a cooled part and a drifted axis are likely

void printing(const View& v, List& list)
{
    if (!v.facts.now)
        return list.notChecked(Id::Printing);
    const Sample& now = *v.facts.now;
    const bool busy = now.printState == "printing" || now.printState == "paused";
    list.add(Id::Printing, Severity::Block, !busy, now.printState, {},
        busy ? Message{KINTSUGI_TEXT("The printer is at work (%1). Let it finish or cancel it first."), {now.printState}}
             : Message{KINTSUGI_TEXT("The printer is not printing."), {}});
}

/// What the host's own words mean where a resume has a special answer.
Message hostTrouble(const std::string& words)
{
    if (words.find("variable file") != std::string::npos)
        return {KINTSUGI_TEXT("The printer's host does not start: its file of saved variables was cut short. Put back a kept copy of variables.cfg and restart."), {}};
    if (words.find("option") != std::string::npos && words.find("section") != std::string::npos)
        return {KINTSUGI_TEXT("The printer's host does not start: its configuration has an error (%1). Correct it and restart."), {words}};
    return {KINTSUGI_TEXT("The printer's host is not ready. Remove the cause and restart the firmware."), {}};
}

void hostReady(const View& v, List& list)
{
    if (!v.facts.now)
        return list.notChecked(Id::HostReady);
    const Sample& now = *v.facts.now;
    const bool ready = now.hostState == "ready";
    list.add(Id::HostReady, Severity::Block, ready, now.hostState.empty() ? "?" : now.hostState, "ready",
             ready ? Message{KINTSUGI_TEXT("The printer's host is ready."), {}} : hostTrouble(v.facts.hostMessage.value_or(std::string())));
}

std::vector<std::string> heatersOf(const View& v)
{
    std::vector<std::string> names{write::heaterName(v.snapshot.state.tool)};
    if (v.snapshot.state.bed.value_or(0) > 0)
        names.emplace_back("heater_bed");
    return names;
}

void heaters(const View& v, List& list)
{
    if (!v.facts.now)
        return list.notChecked(Id::Heaters);
    for (const std::string& name : heatersOf(v)) {
        const HeatRange range = v.facts.config ? heatRange(*v.facts.config, name) : HeatRange{};
        const double low = std::max(coldest, range.minimum.value_or(coldest)), high = std::min(hottest, range.maximum.value_or(hottest));
        const auto heater = v.facts.now->heaters.find(name);
        const bool read = heater != v.facts.now->heaters.end() && heater->second.temperature;
        const double value = read ? *heater->second.temperature : low;
        const bool sound = value > low && value < high;
        list.add(Id::Heaters, Severity::Block, sound, read ? decimal(value, 1) : "?", decimal(low, 0) + " … " + decimal(high, 0),
                 sound ? Message{KINTSUGI_TEXT("Sensor %1 reads a believable value."), {name}}
                       : Message{KINTSUGI_TEXT("Heater %1 has no believable reading. Repair heater or sensor first."), {name}});
    }
}

/// A heater that failed will fail again, half way up the part.
void heaterFault(const View& v, List& list)
{
    if (!v.facts.heaterFault)
        return list.notChecked(Id::HeaterFault);
    const std::string& words = *v.facts.heaterFault;
    const bool none = words.empty(), repaired = v.facts.heaterRepairStated;
    list.add(Id::HeaterFault, Severity::Block, none || repaired, words, {},
             none       ? Message{KINTSUGI_TEXT("No heater failed during this print."), {}}
             : repaired ? Message{KINTSUGI_TEXT("A heater failed (%1); you said that it is repaired."), {words}}
                        : Message{KINTSUGI_TEXT("A heater failed during this print: %1. Find and repair the cause, then say so."), {words}});
}

void heatLimit(const View& v, List& list, const std::string& heater, double target)
{
    const HeatRange range = heatRange(*v.facts.config, heater);
    const bool nozzle = heater != "heater_bed";
    const bool cold = nozzle && range.extrudeFrom && target < *range.extrudeFrom;
    const bool hot = range.maximum && target > *range.maximum;
    const std::string limit = cold ? decimal(*range.extrudeFrom) : range.maximum ? decimal(*range.maximum) : std::string();
    list.add(Id::HeatLimits, Severity::Block, !cold && !hot, decimal(target), limit,
             hot    ? Message{KINTSUGI_TEXT("%1 is to be heated to %2 °C, but the printer's configuration allows %3 °C: it would refuse, and the print would end. Correct the target or the configuration."),
                              {heater, decimal(target), limit}}
             : cold ? Message{KINTSUGI_TEXT("%1 is to print at %2 °C, but the printer extrudes from %3 °C on. Correct the target."), {heater, decimal(target), limit}}
                    : Message{KINTSUGI_TEXT("The target of %1 is one that the printer allows."), {heater}});
}

void heatLimits(const View& v, List& list)
{
    if (!v.facts.config)
        return list.notChecked(Id::HeatLimits);
    const auto& state = v.snapshot.state;
    for (const auto& [tool, target] : state.hotend) {
        if (target > 0)
            heatLimit(v, list, write::heaterName(tool), target);
    }
    if (state.bed.value_or(0) > 0)
        heatLimit(v, list, "heater_bed", *state.bed);
}

void bed(const View& v, List& list)
{
    const double target = v.snapshot.state.bed.value_or(0);
    if (!v.snapshot.state.bed && !v.snapshot.state.unknownCommands.empty())
        list.add(Id::BedTarget, Severity::Warn, false, {}, {},
            {KINTSUGI_TEXT("The file never names the bed's temperature; a macro may have set it. It stays as it is now: enter a target if the part must be kept warm."), {}});
    if (target <= 0)
        return;
    if (!v.facts.now)
        return list.notChecked(Id::BedGap);
    const auto heater = v.facts.now->heaters.find("heater_bed");
    if (heater == v.facts.now->heaters.end() || !heater->second.temperature)
        return;
    const double now = *heater->second.temperature;
    const auto material = gcode::inferTemperatures(v.index, v.snapshot.byte).material;
    const CoolingAdvice advice = coolingAdvice(material ? material->value : std::string(), target, now, v.facts.minutesSinceStop);
    list.add(Id::BedGap, Severity::Warn, advice.hold == CoolingAdvice::Hold::Holds, decimal(now, 1), decimal(target - bedHolds, 1), advice.text);
}

void minutes(const View& v, List& list)
{
    if (!v.facts.minutesSinceStop)
        return list.notChecked(Id::MinutesSinceStop);
    const bool fresh = *v.facts.minutesSinceStop <= longAgo;
    list.add(Id::MinutesSinceStop, Severity::Warn, fresh, decimal(*v.facts.minutesSinceStop, 0), decimal(longAgo, 0),
        fresh ? Message{KINTSUGI_TEXT("Stopped %1 minutes ago."), {decimal(*v.facts.minutesSinceStop, 0)}}
              : Message{KINTSUGI_TEXT("Stopped %1 minutes ago: the part has cooled and shrunk; expect a visible line."),
                        {decimal(*v.facts.minutesSinceStop, 0)}});
}

void person(const View& v, List& list)
{
    if (!v.facts.now)
        return;
    list.add(Id::PartStuck, Severity::Warn, v.facts.partStuckConfirmed, {}, {},
        v.facts.partStuckConfirmed ? Message{KINTSUGI_TEXT("You saw that the part is still stuck to the bed."), {}}
                                   : Message{KINTSUGI_TEXT("Look whether the part is still stuck to the bed."), {}});
}

/// How an axis is known, or becomes known: by what the plan does.
void homedAxes(const View& v, List& list)
{
    if (!v.facts.now)
        return list.notChecked(Id::HomedAxes);
    const std::string& homed = v.facts.now->homedAxes;
    const std::string now = homed.empty() ? std::string("-") : homed;
    const bool keeps = v.plan.zMethod == ZMethod::Keep && !v.has(StepKind::DeclareZ);
    list.add(Id::HomedAxes, Severity::Info, true, now, "xyz",
             keeps                    ? Message{KINTSUGI_TEXT("The printer counts %1 as homed; all three positions are taken as they are."), {now}}
             : v.has(StepKind::HomeXY) ? Message{KINTSUGI_TEXT("The printer counts %1 as homed. The plan homes X and Y at their switches and Z is set by \"%2\"."), {now, std::string(name(v.plan.zMethod))}}
                                      : Message{KINTSUGI_TEXT("The printer counts %1 as homed. X and Y stay as they are and Z is set by \"%2\"."), {now, std::string(name(v.plan.zMethod))}});
}

[[nodiscard]] bool planSends(const View& v, const std::string& line)
{
    return std::any_of(v.plan.steps.begin(), v.plan.steps.end(), [&line](const PlanStep& step) {
        return std::find(step.gcode.begin(), step.gcode.end(), line) != step.gcode.end();
    });
}

void tool(const View& v, List& list)
{
    if (!v.facts.now || !v.facts.config)
        return list.notChecked(Id::Tool);
    const int number = v.snapshot.state.tool;
    const std::string wanted = write::heaterName(number), active = v.facts.now->activeExtruder;
    const std::string call = "T" + std::to_string(number);
    const bool selects = planSends(v, call), macro = !v.facts.config->macro(call).empty();
    const bool activates = planSends(v, "ACTIVATE_EXTRUDER EXTRUDER=" + wanted);
    const bool sound = activates || (selects && macro) || active.empty() || active == wanted;
    list.add(Id::Tool, Severity::Block, sound, active.empty() ? "?" : active, wanted,
             sound     ? Message{KINTSUGI_TEXT("Tool %1 prints on."), {std::to_string(number)}}
             : selects ? Message{KINTSUGI_TEXT("The print was on tool %1, but this printer has no macro %2: it would go on with %3. Correct the tool if the file's %2 never did anything, or add the macro."),
                                 {std::to_string(number), call, active}}
                       : Message{KINTSUGI_TEXT("%1 is active, but the print goes on with %2. Select the tool at the printer first."), {active, wanted}});
}

/// Klipper keeps names in upper case; M486 counts instead of naming.
bool fileHasObject(const View& v, const std::string& name)
{
    const auto same = [wanted = write::upper(name)](const std::string& object) { return write::upper(object) == wanted; };
    return v.index.objects.empty() || write::isNumber(name) || std::any_of(v.index.objects.begin(), v.index.objects.end(), same);
}

/// An object that was given up must not be printed into the air.
void exclusions(const View& v, List& list)
{
    const auto& excluded = v.snapshot.state.excluded;
    if (excluded.empty())
        return list.add(Id::Exclusions, Severity::Block, true, "0", {}, {KINTSUGI_TEXT("No object was excluded."), {}});
    const std::string count = std::to_string(excluded.size());
    for (const std::string& name : excluded) {
        if (!fileHasObject(v, name))
            return list.add(Id::Exclusions, Severity::Block, false, name, count,
                            {KINTSUGI_TEXT("%1 was excluded, but the file has no object of that name: it would be printed into the air. Correct the name."), {name}});
    }
    if (v.plan.dialect != gcode::Dialect::Klipper)
        return list.add(Id::Exclusions, Severity::Block, true, count, {}, {KINTSUGI_TEXT("%1 objects stay excluded."), {count}});
    if (!v.facts.config)
        return list.notChecked(Id::Exclusions);
    const bool known = v.facts.config->has("exclude_object");
    list.add(Id::Exclusions, Severity::Block, known, count, {},
             known ? Message{KINTSUGI_TEXT("%1 objects stay excluded."), {count}}
                   : Message{KINTSUGI_TEXT("%1 objects were excluded, but this printer cannot exclude any: they would be printed into the air. Add [exclude_object] to its configuration."), {count}});
    if (!known)
        list.remedy("[exclude_object]\n");
}

void filament(const View& v, List& list)
{
    if (!v.facts.filament)
        return list.notChecked(Id::Filament);
    std::size_t watching = 0, empty = 0;
    std::string names;
    for (const FilamentSensor& sensor : *v.facts.filament) {
        if (!sensor.enabled || !sensor.detected)
            continue;
        ++watching;
        if (!*sensor.detected) {
            ++empty;
            names += (names.empty() ? "" : ", ") + sensor.name;
        }
    }
    const std::string measured = std::to_string(watching - empty), limit = std::to_string(watching);
    if (watching == 0)
        return list.add(Id::Filament, Severity::Info, true, "0", {}, {KINTSUGI_TEXT("No sensor watches the filament: look whether enough is there and loaded."), {}});
    // With several sensors one may belong to another tool or an empty lane.
    const bool all = empty == watching;
    list.add(Id::Filament, all ? Severity::Block : Severity::Warn, empty == 0, measured, limit,
             empty == 0 ? Message{KINTSUGI_TEXT("Filament is there."), {}}
             : all      ? Message{KINTSUGI_TEXT("No filament (%1): nothing would come out. Load it, or switch the sensor off if it is wrong."), {names}}
                        : Message{KINTSUGI_TEXT("No filament at %1. Look whether that is the tool that prints."), {names}});
}

void queue(const View& v, List& list)
{
    if (!v.facts.queueBusy)
        return list.notChecked(Id::Queue);
    const std::string waiting = v.facts.queuedJobs ? std::to_string(*v.facts.queuedJobs) : std::string();
    list.add(Id::Queue, Severity::Block, !*v.facts.queueBusy, waiting, "0",
             *v.facts.queueBusy                     ? Message{KINTSUGI_TEXT("The job queue could load its next job. Pause or empty it."), {}}
             : v.facts.queuedJobs.value_or(0) > 0 ? Message{KINTSUGI_TEXT("%1 jobs wait in the queue, which is paused: do not start it before this print has ended."), {waiting}}
                                                    : Message{KINTSUGI_TEXT("The job queue is empty or paused."), {}});
}

/// The firmware lets go of motors and heaters when nothing moves for long enough.
void idleTimer(const View& v, List& list)
{
    if (!v.facts.idleTimeout)
        return list.notChecked(Id::IdleTimer);
    const bool keeps = v.plan.zMethod == ZMethod::Keep;
    const double gone = keeps ? v.facts.minutesSinceStop.value_or(0) * 60 : 0;
    const double left = std::max(0.0, *v.facts.idleTimeout - gone), needed = keeps ? keepTime : registerTime;
    const bool enough = left >= needed;
    list.add(Id::IdleTimer, Severity::Warn, enough, decimal(left, 0) + " s", decimal(needed, 0) + " s",
             enough  ? Message{KINTSUGI_TEXT("The motors stay on for %1 s without motion."), {decimal(left, 0)}}
             : keeps ? Message{KINTSUGI_TEXT("In %1 s the printer lets go of its motors, and Z with them. Start at once, or send SET_IDLE_TIMEOUT TIMEOUT=7200 first."), {decimal(left, 0)}}
                     : Message{KINTSUGI_TEXT("After %1 s without motion the printer lets go of its motors: waiting for heat or for you would lose Z. Send SET_IDLE_TIMEOUT TIMEOUT=7200 first."), {decimal(left, 0)}});
}

void hostPower(const View& v, List& list)
{
    if (!v.facts.hostPower)
        return list.notChecked(Id::HostPower);
    const bool sound = v.facts.hostPower->empty();
    list.add(Id::HostPower, Severity::Warn, sound, *v.facts.hostPower, {},
             sound ? Message{KINTSUGI_TEXT("The printer's computer complains of nothing."), {}}
                   : Message{KINTSUGI_TEXT("The printer's computer complains: %1. It may stop again; look at its power supply and cooling."), {*v.facts.hostPower}});
}

void disk(const View& v, List& list)
{
    if (!v.facts.freeDisk || !v.facts.neededDisk)
        return list.notChecked(Id::DiskSpace);
    const bool enough = *v.facts.freeDisk >= *v.facts.neededDisk;
    list.add(Id::DiskSpace, Severity::Block, enough, std::to_string(*v.facts.freeDisk), std::to_string(*v.facts.neededDisk),
        enough ? Message{KINTSUGI_TEXT("There is room for the resume file."), {}}
               : Message{KINTSUGI_TEXT("There is no room for the resume file. Delete something, or continue the original file in place."), {}});
}

} // namespace

void ofPrinter(const View& v, List& list)
{
    printing(v, list);
    hostReady(v, list);
    heaters(v, list);
    heaterFault(v, list);
    heatLimits(v, list);
    bed(v, list);
    minutes(v, list);
    person(v, list);
    homedAxes(v, list);
    tool(v, list);
    exclusions(v, list);
    filament(v, list);
    queue(v, list);
    disk(v, list);
    idleTimer(v, list);
    hostPower(v, list);
}

} // namespace kintsugi::recovery::checks
