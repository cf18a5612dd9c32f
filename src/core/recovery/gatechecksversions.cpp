// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"
#include "recovery/plangcode.h"
#include "recovery/versions.h"

namespace kintsugi::recovery::checks {

namespace {

const std::string plugin = "power_loss_recovery";

bool planHolds(const View& v, std::string_view part)
{
    return std::any_of(v.plan.steps.begin(), v.plan.steps.end(), [part](const PlanStep& step) {
        return std::any_of(step.gcode.begin(), step.gcode.end(), [part](const std::string& line) { return line.find(part) != std::string::npos; });
    });
}

/// An older Klipper takes SET_HOMED for nothing and counts X and Y as homed where they are not.
void klipperVersion(const View& v, List& list)
{
    if (!planHolds(v, "SET_HOMED"))
        return;
    if (!v.facts.softwareVersion)
        return list.notChecked(Id::KlipperVersion);
    const auto known = isSince(*v.facts.softwareVersion, klipperhistory::setHomed);
    const bool works = known.value_or(false);
    list.add(Id::KlipperVersion, known ? Severity::Block : Severity::Warn, works, *v.facts.softwareVersion, "v0.12.0-488",
             works   ? Message{KINTSUGI_TEXT("This Klipper can declare Z alone."), {}}
             : known ? Message{KINTSUGI_TEXT("This Klipper cannot declare Z alone: it would count X and Y as homed too. Update it, or say in the printer's profile that it does not know SET_HOMED."), {}}
                     : Message{KINTSUGI_TEXT("Whether this Klipper can declare Z alone cannot be told from its version. If it is older than April 2025, say so in the printer's profile."), {}});
}

void controllerVersion(const View& v, List& list)
{
    if (!v.facts.controllers || !v.facts.softwareVersion)
        return list.notChecked(Id::ControllerVersion);
    std::string other, version;
    for (const auto& [name, has] : *v.facts.controllers) {
        if (has != *v.facts.softwareVersion)
            other = name, version = has;
    }
    list.add(Id::ControllerVersion, Severity::Warn, other.empty(), other.empty() ? *v.facts.softwareVersion : version, *v.facts.softwareVersion,
             other.empty() ? Message{KINTSUGI_TEXT("The controllers run the same version as the host."), {}}
                           : Message{KINTSUGI_TEXT("Controller \"%1\" runs %2. It printed so far; flash it again before the next print."), {other, version}});
}

// --- klipper-plr

void plrVersion(const View& v, List& list)
{
    if (v.plan.zMethod != ZMethod::PlrZHome)
        return;
    if (!v.facts.softwareVersion)
        return list.notChecked(Id::PlrVersion);
    const auto gone = isSince(*v.facts.softwareVersion, klipperhistory::withoutFlushMoves);
    const bool works = gone && !*gone, broken = gone && *gone;
    list.add(Id::PlrVersion, broken ? Severity::Block : Severity::Warn, works, *v.facts.softwareVersion, "v0.13.0-200",
             works    ? Message{KINTSUGI_TEXT("PLR_Z_HOME works with this version of Klipper."), {}}
             : broken ? Message{KINTSUGI_TEXT("PLR_Z_HOME always fails with this version of Klipper. Choose another way to register Z."), {}}
                      : Message{KINTSUGI_TEXT("PLR_Z_HOME fails with Klipper newer than 2025-08-05; this version cannot be told apart."), {}});
}

/// The plugin sets Z only behind a motor it moves: with one Z motor, or offsets of 0, Z stays what it was declared.
void plrReference(const View& v, List& list)
{
    if (v.plan.zMethod != ZMethod::PlrZHome)
        return;
    if (!v.facts.plrCalibration)
        return list.notChecked(Id::PlrReference);
    const klipper::PlrCalibration& stored = *v.facts.plrCalibration;
    const bool moves = std::any_of(stored.offsets.begin(), stored.offsets.end(), [](const auto& offset) {
        return offset.first != "stepper_z" && offset.second != 0;
    });
    const double top = stored.endstopPosition ? (*stored.endstopPosition)[2] : 0;
    const std::string measured = stored.endstopPosition ? decimal(top) : "?";
    const std::string limit = decimal(v.plan.liftToZ);
    if (!stored.endstopPosition || !moves)
        return list.add(Id::PlrReference, Severity::Block, false, measured, limit,
                   {KINTSUGI_TEXT("PLR_Z_HOME would not set Z: no calibration is stored, or all its offsets are 0. Calibrate, or choose another way to register Z."), {}});
    const bool above = top >= v.plan.liftToZ;
    list.add(Id::PlrReference, Severity::Block, above, measured, limit,
        above ? Message{KINTSUGI_TEXT("PLR_Z_HOME restores Z from the stored height of %1 mm."), {measured}}
              : Message{KINTSUGI_TEXT("The stored height of the upper switches (%1 mm) lies below the travel height of %2 mm. Calibrate again, or choose another way to register Z."),
                        {measured, limit}});
}

/// Each switch stops its own motor alone; the others run on for some 0.18 s in both moves of all motors (klipper.md 5, 8).
void plrOvershoot(const View& v, List& list)
{
    if (v.plan.zMethod != ZMethod::PlrZHome)
        return;
    if (!v.facts.config || !v.facts.config->has(plugin))
        return list.notChecked(Id::PlrOvershoot);
    constexpr double runOn = 0.18, usualFast = 10, usualSlow = 2, usualLayer = 0.2; // s, mm/s, mm/s (klipper.md 2), mm
    const double fast = v.facts.config->number(plugin, "fast_move_speed").value_or(usualFast);
    const double slow = v.facts.config->number(plugin, "slow_homing_speed").value_or(usualSlow);
    const double error = runOn * (fast + slow);
    const gcode::Layer* layer = v.index.layerAt(v.snapshot.byte);
    const double limit = layer && layer->height ? *layer->height : usualLayer;
    const bool small = error <= limit + 1e-9;
    list.add(Id::PlrOvershoot, Severity::Warn, small, decimal(error), decimal(limit),
             small ? Message{KINTSUGI_TEXT("PLR_Z_HOME tilts the gantry by less than a layer."), {}}
                   : Message{KINTSUGI_TEXT("PLR_Z_HOME leaves stepper_z some %1 mm lower than the other motors at these speeds, more than a layer of %2 mm. Lower fast_move_speed and slow_homing_speed to %3 mm/s together, calibrate again, or choose another way to register Z."),
                             {decimal(error), decimal(limit), decimal(limit / runOn, 2)}});
}

/// With the plugin loaded, changing to another extruder shuts Klipper down, printing or not (klipper.md 8 no. 8).
void plrTools(const View& v, List& list)
{
    if (!v.facts.config || !v.facts.config->has(plugin))
        return;
    const bool several = v.facts.config->has("extruder1");
    const std::string wanted = write::heaterName(v.snapshot.state.tool);
    const bool changes = several && v.facts.now && !v.facts.now->activeExtruder.empty() && v.facts.now->activeExtruder != wanted;
    list.add(Id::PlrTools, changes ? Severity::Block : Severity::Warn, !several, wanted, "extruder",
             !several  ? Message{KINTSUGI_TEXT("One extruder: klipper-plr's fault with tool changes does not matter."), {}}
             : changes ? Message{KINTSUGI_TEXT("The resume changes the tool, and with klipper-plr loaded that shuts Klipper down. Take [power_loss_recovery] out of the configuration and restart."), {}}
                       : Message{KINTSUGI_TEXT("With klipper-plr loaded every change to another extruder shuts Klipper down. If the rest of the file changes tools, take [power_loss_recovery] out of the configuration first."), {}});
}

void plrTimers(const View& v, List& list)
{
    if (!v.facts.config || !v.facts.config->has(plugin))
        return;
    const bool perLayer = v.facts.config->text(plugin, "save_on_layer").value_or("True") == "True";
    list.add(Id::PlrTimers, Severity::Info, !perLayer, perLayer ? "save_on_layer" : std::string(), {},
             perLayer ? Message{KINTSUGI_TEXT("klipper-plr starts one more timer at every layer and never stops one: its load grows until Klipper restarts. Restart Klipper after this print."), {}}
                      : Message{KINTSUGI_TEXT("klipper-plr does not save at every layer."), {}});
}

} // namespace

void ofVersions(const View& v, List& list)
{
    klipperVersion(v, list);
    controllerVersion(v, list);
    plrVersion(v, list);
    plrReference(v, list);
    plrOvershoot(v, list);
    plrTools(v, list);
    plrTimers(v, list);
}

} // namespace kintsugi::recovery::checks
