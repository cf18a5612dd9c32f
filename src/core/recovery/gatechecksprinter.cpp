// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"

#include "recovery/plangcode.h"

namespace kintsugi::recovery::checks {

namespace {

constexpr double bedGap = 10;          // °C the bed may lie below its target before adhesion is in doubt
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
    const bool ready = now.hostState == "ready";
    list.add(Id::HostReady, Severity::Block, ready, now.hostState.empty() ? "?" : now.hostState, "ready",
        ready ? Message{KINTSUGI_TEXT("The printer's host is ready."), {}}
              : Message{KINTSUGI_TEXT("The printer's host is not ready. Remove the cause and restart the firmware."), {}});
}

void heaters(const View& v, List& list)
{
    if (!v.facts.now)
        return list.notChecked(Id::Heaters);
    const auto check = [&](const std::string& name) {
        const auto heater = v.facts.now->heaters.find(name);
        const auto measured = heater == v.facts.now->heaters.end() ? std::nullopt : heater->second.temperature;
        const bool sound = measured && *measured > -10 && *measured < 400;
        list.add(Id::Heaters, Severity::Block, sound, measured ? decimal(*measured, 1) : "?", {},
            sound ? Message{KINTSUGI_TEXT("Sensor %1 reads a believable value."), {name}}
                  : Message{KINTSUGI_TEXT("Heater %1 has no believable reading. Repair heater or sensor first."), {name}});
    };
    check(write::heaterName(v.snapshot.state.tool));
    if (v.snapshot.state.bed.value_or(0) > 0)
        check("heater_bed");
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
    const double gap = target - *heater->second.temperature;
    const bool close = gap <= bedGap;
    list.add(Id::BedGap, Severity::Warn, close, decimal(*heater->second.temperature, 1), decimal(target - bedGap, 1),
        close ? Message{KINTSUGI_TEXT("The bed is still near its target of %1 °C."), {decimal(target)}}
              : Message{KINTSUGI_TEXT("The bed cooled to %1 below its target: the part may have come loose. Warm the bed, then push the part gently."),
                        {decimal(gap, 0) + " °C"}});
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

void queue(const View& v, List& list)
{
    if (!v.facts.queueBusy)
        return list.notChecked(Id::Queue);
    list.add(Id::Queue, Severity::Block, !*v.facts.queueBusy, {}, {},
        *v.facts.queueBusy ? Message{KINTSUGI_TEXT("The job queue could load its next job. Pause or empty it."), {}}
                           : Message{KINTSUGI_TEXT("The job queue is empty or paused."), {}});
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
    heaters(v, list);
    bed(v, list);
    minutes(v, list);
    person(v, list);
    queue(v, list);
    disk(v, list);
}

} // namespace kintsugi::recovery::checks
