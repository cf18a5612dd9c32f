// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <functional>
#include <set>

#include "gatescene.h"
#include "recovery/coolingadvice.h"
#include "recovery/gatehoming.h"
#include "recovery/versions.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using namespace kintsugi::test;

namespace {

using Spoil = std::function<void(Scene&)>;

/// Where the measured value lies: on its limit, on the good side next to it, on the bad side next to it, or no number.
enum class Side { At, Good, Bad, State };

struct Case {
    const char* id;
    Side side;
    const char* what;
    const char* expected; ///< "passed", "block", "warn", "info" (told or not checked), "absent"
    Spoil spoil;
    ZMethod method = ZMethod::Keep;
};

KlipperConfig& config(Scene& s) { return *s.facts.config; }

std::vector<Case> fileCases()
{
    using enum Side;
    return {
        {"file-identity", At, "same size", "passed", [](Scene&) {}},
        {"file-identity", Bad, "one byte longer", "block", [](Scene& s) { s.local.size += 1; }},
        {"file-identity", Good, "hash unknown", "passed", [](Scene& s) { s.plan.snapshot.file.xxh3.reset(); }},
        {"file-identity", Bad, "other content", "block", [](Scene& s) { *s.plan.snapshot.file.xxh3 ^= 1; }},
        {"file-identity", State, "a point of the file itself, offline", "info", [](Scene& s) { s.facts.fileOnPrinter.reset(); }},
        {"file-identity", State, "offline, but recorded", "passed", [](Scene& s) { s.facts.fileOnPrinter.reset(), s.plan.snapshot.source = SnapshotSource::Recorder; }},
        {"file-on-printer", At, "same size", "passed", [](Scene&) {}},
        {"file-on-printer", Good, "hash unknown", "passed", [](Scene& s) { s.facts.fileOnPrinter->xxh3.reset(); }},
        {"file-on-printer", Bad, "one byte shorter", "block", [](Scene& s) { s.facts.fileOnPrinter->size -= 1; }},
        {"file-content", At, "no piece differs", "passed", [](Scene&) {}},
        {"file-content", Good, "one piece, equal", "passed", [](Scene& s) { s.facts.blocks = BlockProof{1, 0, 0}; }},
        {"file-content", Bad, "one piece differs", "block", [](Scene& s) { s.facts.blocks->different = 1; }},
        {"file-content", State, "not read", "info", [](Scene& s) { s.facts.blocks.reset(); }},
        {"file-time", At, "same time", "passed", [](Scene&) {}},
        {"file-time", Good, "within the server's rounding", "passed", [](Scene& s) { s.facts.fileModified = 1000.0009; }},
        {"file-time", Bad, "written since", "block", [](Scene& s) { s.facts.fileModified = 1000.01; }},
        {"file-time", Good, "written since, every byte compared", "passed", [](Scene& s) { s.facts.fileModified = 1010, s.facts.blocks->whole = true; }},
        {"file-time", Bad, "replaced by an older one", "block", [](Scene& s) { s.facts.fileModified = 999; }},
        {"file-time", State, "not known", "info", [](Scene& s) { s.facts.fileModifiedBefore.reset(); }},
        {"file-time", State, "a new file is sent", "absent", [](Scene& s) { s.facts.zeroCopy = false; }},
        {"plr-leftover", Good, "none", "passed", [](Scene&) {}},
        {"plr-leftover", At, "beside the whole file", "warn", [](Scene& s) { s.facts.plrLeftover = true; }},
        {"plr-leftover", Bad, "file cut", "block", [](Scene& s) { s.facts.plrLeftover = true, s.facts.fileOnPrinter->size -= 1; }},
        {"file-name", State, "harmless", "passed", [](Scene&) {}},
        {"file-name", State, "percent", "warn", [](Scene& s) { s.plan.snapshot.file.name = "5%.gcode"; }},
    };
}

std::vector<Case> printerCases()
{
    using enum Side;
    const auto heat = [](const char* heater, double value) { return [=](Scene& s) { s.facts.now->heaters[heater].temperature = value; }; };
    const auto sensors = [](std::vector<FilamentSensor> list) { return [list = std::move(list)](Scene& s) { s.facts.filament = list; }; };
    return {
        {"printing", State, "standby", "passed", [](Scene&) {}},
        {"printing", State, "printing", "block", [](Scene& s) { s.facts.now->printState = "printing"; }},
        {"host-ready", State, "ready", "passed", [](Scene&) {}},
        {"host-ready", State, "error", "block", [](Scene& s) { s.facts.now->hostState = "error"; }},
        {"heaters", At, "at the sensor's minimum", "block", heat("extruder", 0)},
        {"heaters", Good, "above the minimum", "passed", heat("extruder", 0.1)},
        {"heaters", Bad, "below the minimum", "block", heat("extruder", -0.1)},
        {"heaters", At, "at the sensor's maximum", "block", heat("heater_bed", 130)},
        {"heaters", Good, "below the maximum", "passed", heat("heater_bed", 129.9)},
        {"heaters", Bad, "above the maximum", "block", heat("heater_bed", 130.1)},
        {"heater-fault", State, "none", "passed", [](Scene&) {}},
        {"heater-fault", State, "failed", "block", [](Scene& s) { s.facts.heaterFault = "not heating"; }},
        {"heater-fault", State, "repaired", "passed", [](Scene& s) { s.facts.heaterFault = "not heating", s.facts.heaterRepairStated = true; }},
        {"heater-fault", State, "not asked", "info", [](Scene& s) { s.facts.heaterFault.reset(); }},
        {"heat-limits", At, "target is the maximum", "passed", [](Scene& s) { config(s).sections["extruder"]["max_temp"] = "210"; }},
        {"heat-limits", Good, "below the maximum", "passed", [](Scene& s) { config(s).sections["extruder"]["max_temp"] = "211"; }},
        {"heat-limits", Bad, "above the maximum", "block", [](Scene& s) { config(s).sections["extruder"]["max_temp"] = "209"; }},
        {"heat-limits", At, "target is where extrusion begins", "passed", [](Scene& s) { config(s).sections["extruder"]["min_extrude_temp"] = "210"; }},
        {"heat-limits", Bad, "too cold to extrude", "block", [](Scene& s) { config(s).sections["extruder"]["min_extrude_temp"] = "211"; }},
        {"heat-limits", Bad, "bed above its maximum", "block", [](Scene& s) { config(s).sections["heater_bed"]["max_temp"] = "59"; }},
        {"heat-limits", State, "no configuration", "info", [](Scene& s) { s.facts.config.reset(); }},
        {"bed-target", State, "never named", "warn", [](Scene& s) { s.plan.snapshot.state.bed.reset(), s.plan.snapshot.state.unknownCommands = {"START_PRINT"}; }},
        {"bed-target", State, "named", "absent", [](Scene&) {}},
        {"bed-gap", At, "10 below", "passed", heat("heater_bed", 50)},
        {"bed-gap", Good, "less than 10 below", "passed", heat("heater_bed", 50.1)},
        {"bed-gap", Bad, "more than 10 below", "warn", heat("heater_bed", 49.9)},
        {"minutes-since-stop", At, "an hour", "passed", [](Scene& s) { s.facts.minutesSinceStop = 60; }},
        {"minutes-since-stop", Good, "less", "passed", [](Scene& s) { s.facts.minutesSinceStop = 59; }},
        {"minutes-since-stop", Bad, "more", "warn", [](Scene& s) { s.facts.minutesSinceStop = 60.1; }},
        {"part-stuck", State, "seen", "passed", [](Scene&) {}},
        {"part-stuck", State, "not seen", "warn", [](Scene& s) { s.facts.partStuckConfirmed = false; }},
        {"homed-axes", State, "told", "passed", [](Scene&) {}},
        {"homed-axes", State, "not asked", "info", [](Scene& s) { s.facts.now.reset(); }},
        {"tool", State, "the one in use", "passed", [](Scene&) {}},
        {"tool", State, "another one is active", "block", [](Scene& s) { s.facts.now->activeExtruder = "extruder1"; }},
        {"tool", State, "selected by a macro", "passed", [](Scene& s) {
             s.facts.now->activeExtruder = "extruder1", s.plan.steps.front().gcode.emplace_back("T0"), config(s).sections["gcode_macro t0"]["gcode"] = "M105";
         }},
        {"tool", State, "activated", "passed", [](Scene& s) { s.facts.now->activeExtruder = "extruder1", s.plan.steps.front().gcode.emplace_back("ACTIVATE_EXTRUDER EXTRUDER=extruder"); }},
        {"tool", State, "selected by nothing", "block", [](Scene& s) { s.facts.now->activeExtruder = "extruder1", s.plan.steps.front().gcode.emplace_back("T0"); }},
        {"exclusions", At, "none", "passed", [](Scene&) {}},
        {"exclusions", Good, "one, of the file", "passed", [](Scene& s) { s.plan.snapshot.state.excluded = {"cube"}, s.index.objects = {"cube"}; }},
        {"exclusions", Good, "one, as Klipper spells it", "passed", [](Scene& s) { s.plan.snapshot.state.excluded = {"CUBE"}, s.index.objects = {"cube"}; }},
        {"exclusions", Bad, "one that is not in the file", "block", [](Scene& s) { s.plan.snapshot.state.excluded = {"ball"}, s.index.objects = {"cube"}; }},
        {"exclusions", State, "printer cannot exclude", "block", [](Scene& s) { s.plan.snapshot.state.excluded = {"cube"}, config(s).sections.erase("exclude_object"); }},
        {"filament", Good, "all see some", "passed", sensors({{"a", false, true, true}, {"b", false, true, true}})},
        {"filament", At, "one of two", "warn", sensors({{"a", false, true, true}, {"b", false, true, false}})},
        {"filament", Bad, "none sees any", "block", sensors({{"a", false, true, false}})},
        {"filament", State, "switched off", "passed", sensors({{"a", false, false, false}})},
        {"filament", State, "not asked", "info", [](Scene& s) { s.facts.filament.reset(); }},
        {"queue", At, "empty", "passed", [](Scene&) {}},
        {"queue", Good, "one waits, paused", "passed", [](Scene& s) { s.facts.queuedJobs = 1; }},
        {"queue", Bad, "one waits, ready", "block", [](Scene& s) { s.facts.queuedJobs = 1, s.facts.queueBusy = true; }},
        {"disk-space", At, "just enough", "passed", [](Scene&) {}},
        {"disk-space", Good, "one byte more", "passed", [](Scene& s) { s.facts.freeDisk = 1001; }},
        {"disk-space", Bad, "one byte short", "block", [](Scene& s) { s.facts.freeDisk = 999; }},
        {"idle-timer", At, "5 minutes left", "passed", [](Scene&) {}},
        {"idle-timer", Good, "more", "passed", [](Scene& s) { s.facts.idleTimeout = 601; }},
        {"idle-timer", Bad, "less", "warn", [](Scene& s) { s.facts.idleTimeout = 599; }},
        {"idle-timer", At, "10 minutes to register", "passed", [](Scene&) {}, ZMethod::Touch},
        {"idle-timer", Bad, "less to register", "warn", [](Scene& s) { s.facts.idleTimeout = 599; }, ZMethod::Touch},
        {"host-power", State, "nothing", "passed", [](Scene&) {}},
        {"host-power", State, "under-voltage", "warn", [](Scene& s) { s.facts.hostPower = "Under-Voltage Detected"; }},
    };
}

std::vector<Case> stateCases()
{
    using enum Side;
    const auto mesh = [](MeshAdvice::Kind kind, double range) {
        return [=](Scene& s) { s.facts.mesh = MeshAdvice{.kind = kind, .profile = {}, .range = range, .rangeKnown = true, .layerHeight = 0.2, .text = {"t", {}}}; };
    };
    return {
        {"must-have-field", State, "all known", "passed", [](Scene&) {}},
        {"must-have-field", State, "Z unknown", "block", [](Scene& s) { s.plan.snapshot.state.position[2].reset(); }},
        {"must-have-field", State, "E mode in doubt", "block", [](Scene& s) { s.plan.snapshot.fields["absolute_e"].observed = "false"; }},
        {"conflicts", State, "nothing was seen", "info", [](Scene& s) { s.plan.snapshot.fields["bed"].observed.clear(); }},
        {"conflicts", State, "none", "passed", [](Scene&) {}},
        {"conflicts", State, "bed", "warn", [](Scene& s) { s.plan.snapshot.fields["bed"].observed = "61"; }},
        {"unknown-motion", State, "none", "passed", [](Scene&) {}},
        {"unknown-motion", State, "a macro moved", "warn", [](Scene& s) { s.plan.snapshot.state.unknownMotion = true; }},
        {"after-macro", State, "none", "passed", [](Scene&) {}},
        {"after-macro", State, "Z in doubt", "block", [](Scene& s) { s.plan.snapshot.state.doubtfulAxes = 4; }},
        {"after-macro", State, "fans in doubt", "warn", [](Scene& s) { s.plan.snapshot.state.maybeChanged = {"fans"}, s.plan.snapshot.state.latestMacro = "A"; }},
        {"after-macro", State, "fans entered", "passed", [](Scene& s) {
             s.plan.snapshot.state.maybeChanged = {"fans"}, s.plan.snapshot.fields["fans.0"].origin = Origin::Edited;
         }},
        {"tool-after-macro", State, "none", "absent", [](Scene&) {}},
        {"tool-after-macro", State, "tool macro", "warn", [](Scene& s) { s.plan.snapshot.state.unknownCommands = {"TOOL_CHANGE"}; }},
        {"mesh", At, "off by a layer", "warn", mesh(MeshAdvice::Kind::Lost, 0.2)},
        {"mesh", Good, "there to load", "passed", mesh(MeshAdvice::Kind::LoadProfile, 0)},
        {"mesh", Bad, "off by more", "block", mesh(MeshAdvice::Kind::Lost, 0.2001)},
    };
}

std::vector<Case> planCases()
{
    using enum Side;
    const auto tail = [](bool blocks) {
        return [=](Scene& s) { s.facts.tail->push_back({.kind = TailFinding::Kind::Homing, .line = 7, .text = "G28 Z", .meaning = {"m", {}}, .blocks = blocks}); };
    };
    const auto steps = [](const char* line) { return [=](Scene& s) { s.plan.steps.back().gcode.emplace_back(line); }; };
    return {
        {"unsimulated", State, "none", "passed", [](Scene&) {}},
        {"unsimulated", State, "a macro", "warn", [](Scene& s) { s.plan.unsimulated = {{"before-heat", "MY_FANS"}}; }},
        {"tail", State, "clean", "passed", [](Scene&) {}},
        {"tail", State, "homes X", "warn", tail(false)},
        {"tail", State, "homes Z", "block", tail(true)},
        {"travel-limits", At, "at the limit", "passed", [](Scene& s) { s.plan.maximum[0] = s.plan.whole.maxX; }},
        {"travel-limits", Good, "inside", "passed", [](Scene& s) { s.plan.maximum[0] = s.plan.whole.maxX + 0.01; }},
        {"travel-limits", State, "not known", "info", [](Scene& s) { s.plan.limited[2] = false; }},
        {"travel-limits", State, "one not known, another left", "block", [](Scene& s) { s.plan.limited[2] = false, s.plan.maximum[0] = s.plan.whole.maxX - 0.01; }},
        {"travel-limits", Bad, "outside", "block", [](Scene& s) { s.plan.maximum[0] = s.plan.whole.maxX - 0.01; }},
        {"clearance", At, "0.5 mm", "passed", [](Scene& s) { s.plan.clearance = 0.5; }},
        {"clearance", Good, "more", "passed", [](Scene& s) { s.plan.clearance = 0.51; }},
        {"clearance", Bad, "less", "warn", [](Scene& s) { s.plan.clearance = 0.49; }},
        {"clearance", At, "none", "block", [](Scene& s) { s.plan.clearance = 0; }},
        {"declared-height", At, "at the highest a touch can be", "passed", [](Scene& s) { s.plan.declaredZ = s.plan.highestPrinted + s.plan.zOffset + 2; }, ZMethod::Touch},
        {"declared-height", Good, "on the part", "passed", [](Scene&) {}, ZMethod::Touch},
        {"declared-height", Bad, "in the air", "block", [](Scene& s) { s.plan.declaredZ = s.plan.highestPrinted + s.plan.zOffset + 2.01; }, ZMethod::Touch},
        {"plan-homes", State, "not", "passed", [](Scene&) {}},
        {"plan-homes", State, "homes all", "block", steps("G28")},
        {"not-restored", State, "nothing lost", "passed", [](Scene&) {}},
        {"not-restored", State, "a setting is lost", "warn", [](Scene& s) { s.plan.notRestored = {{"SET_SKEW", {"m", {}}, false}}; }},
        {"not-restored", State, "one that matters", "block", [](Scene& s) { s.plan.notRestored = {{"SET_SKEW", {"m", {}}, true}}; }},
        {"plan-state", State, "as the file expects", "passed", [](Scene&) {}},
        {"plan-state", State, "moves on", "block", steps("G1 X1")},
        {"macro-homing", State, "plain", "passed", [](Scene&) {}, ZMethod::Touch},
        {"macro-homing", State, "homes Z too", "block", [](Scene& s) { config(s).sections["homing_override"]["gcode"] = "G28 X\nG28 Z"; }, ZMethod::Touch},
        {"macro-homing", State, "override of Z alone", "passed", [](Scene& s) { config(s).sections["homing_override"] = {{"axes", "z"}, {"gcode", "G28 Z"}}; }, ZMethod::Touch},
        {"macro-homing", State, "hop with Z declared before", "passed", [](Scene& s) { config(s).sections["safe_z_home"]["z_hop"] = "10"; }, ZMethod::Touch},
        {"macro-homing", State, "hop with Z unknown", "block", [](Scene& s) {
             config(s).sections["safe_z_home"]["z_hop"] = "10";
             std::erase_if(s.plan.steps, [](const PlanStep& step) { return step.kind == StepKind::DeclareZ || step.kind == StepKind::RegisterZ; });
         }, ZMethod::Touch},
        {"macro-homing", State, "no configuration", "passed", [](Scene& s) { s.facts.config.reset(); }, ZMethod::Touch},
        {"macro-homing", State, "nothing known", "info", [](Scene& s) { s.facts.config.reset(), s.facts.macrosHomingZ.reset(); }, ZMethod::Touch},
        {"macro-audit", State, "clean", "passed", [](Scene&) {}},
        {"macro-audit", State, "start of the print probes", "block", [](Scene& s) {
             config(s).sections["gcode_macro m24"] = {{"rename_existing", "M24.1"}, {"gcode", "BED_MESH_CALIBRATE\nM24.1"}};
         }},
        {"macro-audit", State, "cancel homes Z", "warn", [](Scene& s) { config(s).sections["gcode_macro cancel_print"] = {{"rename_existing", "BASE"}, {"gcode", "G28 Z"}}; }},
        {"macro-audit", State, "pause homes Z", "block", [](Scene& s) { config(s).sections["gcode_macro pause"] = {{"rename_existing", "BASE"}, {"gcode", "G28 Z"}}; }},
        {"macro-audit", State, "a macro of the tail levels", "block", [](Scene& s) {
             s.facts.tail->push_back({.kind = TailFinding::Kind::Macro, .line = 7, .text = "LAYER_END", .meaning = {"m", {}}});
             config(s).sections["gcode_macro layer_end"]["gcode"] = "Z_TILT_ADJUST";
         }},
        {"macro-audit", State, "no configuration", "info", [](Scene& s) { s.facts.config.reset(); }},
        {"homed-at-start", State, "no", "passed", [](Scene&) {}},
        {"homed-at-start", State, "positions kept", "block", [](Scene& s) {
             config(s).sections["delayed_gcode k"] = {{"initial_duration", "0.2"}, {"gcode", "SET_KINEMATIC_POSITION X=0 Y=0 Z=0"}};
         }},
        {"homed-at-start", State, "positions set anew", "warn", [](Scene& s) {
             config(s).sections["delayed_gcode k"] = {{"initial_duration", "0.2"}, {"gcode", "SET_KINEMATIC_POSITION X=0 Y=0 Z=0"}};
         }, ZMethod::Touch},
    };
}

std::vector<Case> zCases()
{
    using enum Side;
    const auto version = [](const char* text) { return [=](Scene& s) { s.facts.softwareVersion = text, s.facts.controllers->at("mcu") = text; }; };
    const auto speeds = [](const char* fast, const char* slow) {
        return [=](Scene& s) { config(s).sections["power_loss_recovery"]["fast_move_speed"] = fast, config(s).sections["power_loss_recovery"]["slow_homing_speed"] = slow; };
    };
    return {
        {"keep-proof", At, "idle time-out reached", "block", [](Scene& s) { s.facts.minutesSinceStop = 10; }},
        {"keep-proof", Good, "before", "passed", [](Scene& s) { s.facts.minutesSinceStop = 9.99; }},
        {"keep-proof", Bad, "after", "block", [](Scene& s) { s.facts.minutesSinceStop = 10.1; }},
        {"keep-proof", At, "computer as old as the stop", "passed", [](Scene& s) { s.facts.hostUptime = 300; }},
        {"keep-proof", Bad, "computer started since", "block", [](Scene& s) { s.facts.hostUptime = 299; }},
        {"keep-proof", State, "Z not homed", "block", [](Scene& s) { s.facts.now->homedAxes = "xy"; }},
        {"keep-proof", State, "a motor is off", "block", [](Scene& s) { s.facts.motors->at("stepper_z") = false; }},
        {"z-proof", State, "keep, all proved", "passed", [](Scene& s) { s.facts.zEvidence = proved(); }},
        {"z-proof", At, "keep, idle as long as the time-out", "block", [](Scene& s) { s.facts.zEvidence = proved(), s.facts.zEvidence->idleSeconds = 600; }},
        {"z-proof", Good, "keep, a second less", "passed", [](Scene& s) { s.facts.zEvidence = proved(), s.facts.zEvidence->idleSeconds = 599; }},
        {"z-proof", State, "keep, supply not known", "block", [](Scene& s) { s.facts.zEvidence = proved(), s.facts.zEvidence->supplyIntact.reset(); }},
        {"z-proof", State, "keep, offline", "info", [](Scene& s) { s.facts.zEvidence.reset(); }},
        {"z-proof", At, "lifted by half a millimetre", "passed", [](Scene& s) { s.facts.zEvidence = ZEvidence{}, s.facts.zEvidence->measuredLift = 0.5; }, ZMethod::FirmwareLift},
        {"z-proof", Bad, "by less", "block", [](Scene& s) { s.facts.zEvidence = ZEvidence{}, s.facts.zEvidence->measuredLift = 0.49; }, ZMethod::FirmwareLift},
        {"z-proof", State, "no switch at the top", "block", [](Scene& s) { s.facts.zEvidence = ZEvidence{}, s.facts.zEvidence->topEndstop = false; }, ZMethod::TopEndstop},
        {"z-proof", State, "a switch at the top", "passed", [](Scene& s) { s.facts.zEvidence = ZEvidence{}, s.facts.zEvidence->topEndstop = true; }, ZMethod::TopEndstop},
        {"z-proof", State, "a probe, no mesh", "block", [](Scene& s) { s.facts.zEvidence = ZEvidence{}, s.facts.zEvidence->probe = true; }, ZMethod::FreeSpot},
        {"z-proof", State, "a touch proves itself", "absent", [](Scene& s) { s.facts.zEvidence = ZEvidence{}; }, ZMethod::Touch},
        {"plan-homes", State, "up to the top", "passed", [](Scene& s) {
             s.plan.steps[2].kind = StepKind::RegisterZ, s.plan.steps[2].gcode = {"G28 Z"}, s.facts.zEvidence = ZEvidence{};
         }, ZMethod::TopEndstop},
        {"plan-homes", State, "the same in another method", "block", [](Scene& s) { s.plan.steps[2].kind = StepKind::RegisterZ, s.plan.steps[2].gcode = {"G28 Z"}; }, ZMethod::Touch},
        {"head-untouched", State, "said", "passed", [](Scene&) {}},
        {"head-untouched", State, "not said", "warn", [](Scene& s) { s.facts.headUntouchedConfirmed = false; }},
        {"z-moved", At, "0.05 mm", "passed", [](Scene& s) { (*s.facts.now->toolheadPosition)[2] = 3.05; }},
        {"z-moved", Good, "less", "passed", [](Scene& s) { (*s.facts.now->toolheadPosition)[2] = 3.04; }},
        {"z-moved", Bad, "more", "warn", [](Scene& s) { (*s.facts.now->toolheadPosition)[2] = 3.06; }},
        {"z-moved", State, "not known", "info", [](Scene& s) { s.facts.zAtStop.reset(); }},
        {"z-read-back", At, "0.01 mm", "passed", [](Scene& s) { s.facts.zReadBack->reported = 3.01; }},
        {"z-read-back", Good, "less", "passed", [](Scene& s) { s.facts.zReadBack->reported = 2.995; }},
        {"z-read-back", Bad, "more", "block", [](Scene& s) { s.facts.zReadBack->reported = 3.011; }},
        {"z-read-back", State, "not reported", "block", [](Scene& s) { s.facts.zReadBack->reported.reset(); }},
        {"klipper-version", At, "first that can", "passed", version("v0.12.0-488-gf3e89e25c"), ZMethod::Touch},
        {"klipper-version", Good, "release", "passed", version("v0.13.0"), ZMethod::Touch},
        {"klipper-version", Bad, "last that cannot", "block", version("v0.12.0-487-gabc"), ZMethod::Touch},
        {"klipper-version", State, "a fork", "warn", version("v2025.01.0-3-gabc"), ZMethod::Touch},
        {"controller-version", State, "same", "passed", [](Scene&) {}},
        {"controller-version", State, "other", "warn", [](Scene& s) { s.facts.controllers->at("mcu") = "v0.12.0"; }},
        {"plr-version", At, "last that works", "passed", version("v0.13.0-200-gabc"), ZMethod::PlrZHome},
        {"plr-version", Good, "release", "passed", version("v0.13.0"), ZMethod::PlrZHome},
        {"plr-version", Bad, "first that fails", "block", version("v0.13.0-201-g864c78f24"), ZMethod::PlrZHome},
        {"plr-reference", At, "switches at the travel height", "passed", [](Scene& s) { (*s.facts.plrCalibration->endstopPosition)[2] = s.plan.liftToZ; }, ZMethod::PlrZHome},
        {"plr-reference", Good, "above", "passed", [](Scene& s) { (*s.facts.plrCalibration->endstopPosition)[2] = s.plan.liftToZ + 0.01; }, ZMethod::PlrZHome},
        {"plr-reference", Bad, "below", "block", [](Scene& s) { (*s.facts.plrCalibration->endstopPosition)[2] = s.plan.liftToZ - 0.01; }, ZMethod::PlrZHome},
        {"plr-overshoot", At, "a layer", "passed", speeds("0.911111", "0.2"), ZMethod::PlrZHome},
        {"plr-overshoot", Good, "less", "passed", speeds("0.9", "0.2"), ZMethod::PlrZHome},
        {"plr-overshoot", Bad, "more", "warn", speeds("0.92", "0.2"), ZMethod::PlrZHome},
        {"plr-tools", State, "one extruder", "passed", [](Scene&) {}},
        {"plr-tools", State, "two, no change", "warn", [](Scene& s) { config(s).sections["extruder1"]; }},
        {"plr-tools", State, "two, changes", "block", [](Scene& s) { config(s).sections["extruder1"], s.facts.now->activeExtruder = "extruder1"; }},
        {"plr-tools", State, "no plugin", "absent", [](Scene& s) { config(s).sections.erase("power_loss_recovery"); }},
        {"plr-timers", State, "not per layer", "passed", [](Scene&) {}},
        {"plr-timers", State, "per layer", "info", [](Scene& s) { config(s).sections["power_loss_recovery"].erase("save_on_layer"); }},
    };
}

std::vector<Case> cases()
{
    std::vector<Case> all;
    for (const auto& part : {fileCases(), printerCases(), stateCases(), planCases(), zCases()})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace

Q_DECLARE_METATYPE(Spoil)

class TestGateTable : public QObject
{
    Q_OBJECT

private slots:
    void table_data();
    void table();
    void everyCheckHasCases();
    void everyCheckOfASceneIsListed();
    void cooling_data();
    void cooling();
    void versions_data();
    void versions();
    void homingRemedyIsOffered();
};

void TestGateTable::table_data()
{
    QTest::addColumn<QByteArray>("id");
    QTest::addColumn<QByteArray>("expected");
    QTest::addColumn<int>("method");
    QTest::addColumn<Spoil>("spoil");
    for (const Case& one : cases())
        QTest::addRow("%s: %s", one.id, one.what) << QByteArray(one.id) << QByteArray(one.expected) << static_cast<int>(one.method) << one.spoil;
}

void TestGateTable::table()
{
    QFETCH(QByteArray, id);
    QFETCH(QByteArray, expected);
    QFETCH(int, method);
    QFETCH(Spoil, spoil);
    const auto s = scene(static_cast<ZMethod>(method));
    spoil(*s);
    const auto checks = run(*s);
    QCOMPARE(QByteArray::fromStdString(verdict(checks, id.toStdString())), expected);
    if (expected == "block")
        QVERIFY(!isOpen(checks));
    for (const GateCheck& check : checks)
        QVERIFY2(!english(check.text).empty() && english(check.text).find("%1") == std::string::npos, check.id.c_str());
}

/// What has a limit has a case on it and on either side; everything has a case in which it is well and one in which it is not.
void TestGateTable::everyCheckHasCases()
{
    const std::set<std::string> numeric{"file-identity", "file-on-printer", "file-content", "file-time", "plr-leftover", "heaters", "heat-limits", "bed-gap",
                                        "minutes-since-stop", "exclusions", "filament", "queue", "disk-space", "idle-timer", "mesh", "travel-limits",
                                        "clearance", "declared-height", "keep-proof", "z-moved", "z-read-back", "klipper-version", "plr-version",
                                        "plr-reference", "plr-overshoot"};
    std::map<std::string, std::set<Side>> sides;
    std::map<std::string, std::set<bool>> outcomes;
    for (const Case& one : cases()) {
        sides[one.id].insert(one.side);
        outcomes[one.id].insert(one.expected == std::string("passed") || one.expected == std::string("absent"));
    }
    for (const std::string_view id : gateCheckIds()) {
        const std::string key(id);
        QVERIFY2(outcomes[key].size() == 2, key.c_str());
        for (const Side side : {Side::At, Side::Good, Side::Bad})
            QVERIFY2(!numeric.contains(key) || sides[key].contains(side), key.c_str());
    }
    QCOMPARE(outcomes.size(), gateCheckIds().size());
}

void TestGateTable::everyCheckOfASceneIsListed()
{
    const auto ids = gateCheckIds();
    for (const ZMethod method : {ZMethod::Keep, ZMethod::Touch, ZMethod::PlrZHome}) {
        for (const GateCheck& check : run(*scene(method)))
            QVERIFY2(std::find(ids.begin(), ids.end(), check.id) != ids.end(), check.id.c_str());
    }
}

void TestGateTable::cooling_data()
{
    QTest::addColumn<QString>("material");
    QTest::addColumn<double>("now");
    QTest::addColumn<int>("hold");
    QTest::addColumn<QString>("word");
    using Hold = CoolingAdvice::Hold;
    const auto row = [](const char* material, double now, Hold hold, const char* word) {
        QTest::addRow("%s %g", material, now) << QString::fromLatin1(material) << now << static_cast<int>(hold) << QString::fromUtf8(word);
    };
    row("PLA", 50, Hold::Holds, "near its target");
    row("PLA", 49.9, Hold::Doubtful, "40 °C");
    row("pla+", 40, Hold::Doubtful, "not yet");
    row("Generic PLA", 39.9, Hold::LetGo, "7 minutes");
    row("PETG-CF", 49.9, Hold::LetGo, "PETG");
    row("PETG", 55, Hold::Holds, "near");
    row("ABS", 40, Hold::LetGo, "corners");
    row("", 20, Hold::Doubtful, "come loose");
    row("MYSTERY", 20, Hold::Doubtful, "come loose");
    row("PLAIN", 20, Hold::Doubtful, "come loose"); // no PLA
}

void TestGateTable::cooling()
{
    QFETCH(QString, material);
    QFETCH(double, now);
    QFETCH(int, hold);
    QFETCH(QString, word);
    const auto advice = coolingAdvice(material.toStdString(), 60, now, 7);
    QCOMPARE(static_cast<int>(advice.hold), hold);
    const QString text = QString::fromStdString(english(advice.text));
    QVERIFY2(text.contains(word), qPrintable(text));
    QVERIFY(!text.contains(u'%'));
}

void TestGateTable::versions_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* text, const char* expected) { QTest::newRow(text) << QByteArray(text) << QByteArray(expected); };
    row("v0.13.0", "0 13 0 0");
    row("v0.13.0-730-g84104bbb", "0 13 0 730");
    row("v0.13.0-730-g84104bbb-dirty", "0 13 0 730");
    row("v0.12.0-dirty", "0 12 0 0");
    row("v2025.08.15-12-gabc", "");
    row("?", "");
    row("", "");
    row("v0.13", "");
    row("v0.13.99999999999999999999", "");
}

void TestGateTable::versions()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    const auto version = readKlipperVersion(text.toStdString());
    QByteArray found;
    if (version)
        found = QByteArray::number(version->major) + ' ' + QByteArray::number(version->minor) + ' ' + QByteArray::number(version->patch) + ' '
                + QByteArray::number(version->commits);
    QCOMPARE(found, expected);
    QCOMPARE(isSince(text.toStdString(), klipperhistory::setHomed).has_value(), version.has_value());
}

void TestGateTable::homingRemedyIsOffered()
{
    const auto s = scene(ZMethod::Touch);
    config(*s).sections["homing_override"]["gcode"] = "G28 X\nG28 Z";
    const auto refused = homingChecks(config(*s)); // where no plan is made at all
    QCOMPARE(refused.size(), std::size_t(1));
    QVERIFY(!isOpen(refused) && refused[0].id == "macro-homing" && refused[0].remedy.find("axes: z") != std::string::npos);
    QVERIFY(homingChecks({}).empty());
    for (const GateCheck& check : run(*s)) {
        if (check.id == "macro-homing")
            QVERIFY(check.remedy.find("axes: z") != std::string::npos);
        else if (check.id != "macro-audit")
            QVERIFY(check.remedy.empty());
    }
}

QTEST_GUILESS_MAIN(TestGateTable)
#include "tst_gatetable.moc"
