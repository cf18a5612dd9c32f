// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "printervolume.h"
#include "recovery/gate.h"

namespace kintsugi::test {

using namespace recovery;

/// Everything a gate looks at, sound; a row of the table spoils one thing.
struct Scene {
    gcode::MemorySource source;
    gcode::FileIndex index;
    Plan plan;
    FileIdentity local;
    GateFacts facts;
};

inline ZEvidence proved()
{
    ZEvidence evidence;
    evidence.hostAlive = evidence.noShutdown = evidence.motorsEnabled = evidence.supplyIntact = true;
    evidence.idleSeconds = 100;
    evidence.idleTimeout = 600;
    return evidence;
}

inline std::string smallPrint()
{
    std::string text = "M140 S60\nM104 S210\nM221 S95\nM106 S128\nSET_GCODE_OFFSET Z=0.05\nSET_VELOCITY_LIMIT ACCEL=900\n"
                       "SET_PRESSURE_ADVANCE ADVANCE=0.04\nBED_MESH_PROFILE LOAD=cold\nSET_HEATER_TEMPERATURE HEATER=case TARGET=40\n"
                       "G90\nM82\nG1 X50 Y50 Z0.2 F3000\n";
    for (int i = 1; i <= 40; ++i)
        text += "G1 X" + std::to_string(50 + i % 7) + " Y" + std::to_string(50 + i % 5) + " E" + std::to_string(i) + "\n";
    return text;
}

inline GateFacts soundFacts(const FileIdentity& local)
{
    GateFacts facts;
    Sample now;
    now.printState = "standby";
    now.hostState = "ready";
    now.homedAxes = "xyz";
    now.heaters["extruder"] = {25.0, 0.0};
    now.heaters["heater_bed"] = {58.0, 60.0};
    facts.now = now;
    facts.fileOnPrinter = local;
    facts.plrLeftover = false;
    facts.minutesSinceStop = 5;
    facts.softwareVersion = "v0.13.0";
    facts.plrCalibration = klipper::PlrCalibration{std::array{0.0, 0.0, 62.0, 0.0}, {{"stepper_z", 0.0}, {"stepper_z1", 0.5775}}, {}};
    facts.macrosHomingZ = std::vector<std::string>{};
    facts.idleTimeout = 600;
    facts.queueBusy = false;
    facts.freeDisk = 1000;
    facts.neededDisk = 1000;
    facts.mesh = MeshAdvice{.kind = MeshAdvice::Kind::LoadProfile, .profile = "cold", .layerHeight = 0.2, .text = {"there", {}}};
    facts.tail = std::vector<TailFinding>{};
    facts.blocks = BlockProof{64, 0, 1};
    facts.partStuckConfirmed = facts.headUntouchedConfirmed = true;
    facts.now->activeExtruder = "extruder";
    facts.now->toolheadPosition = {0, 0, 3, 0};
    facts.config = readKlipperConfig("[printer]\nkinematics: cartesian\n[extruder]\nmin_temp: 0\nmax_temp: 300\nmin_extrude_temp: 170\n"
                                     "[heater_bed]\nmin_temp: 0\nmax_temp: 130\n[exclude_object]\n"
                                     "[power_loss_recovery]\nfast_move_speed: 0.8\nslow_homing_speed: 0.3\nsave_on_layer: False\n");
    facts.zeroCopy = true;
    facts.fileModified = facts.fileModifiedBefore = 1000;
    facts.hostMessage = facts.heaterFault = facts.hostPower = std::string();
    facts.queuedJobs = 0;
    facts.filament = std::vector<FilamentSensor>{{"switch", false, true, true}};
    facts.controllers = std::map<std::string, std::string>{{"mcu", "v0.13.0"}};
    facts.motors = std::map<std::string, bool>{{"stepper_x", true}, {"stepper_z", true}};
    facts.hostUptime = 100000;
    facts.zAtStop = 3;
    facts.zReadBack = ZReadBack{3, 3};
    facts.zEvidence = proved();
    return facts;
}

inline std::unique_ptr<Scene> scene(ZMethod method = ZMethod::Keep)
{
    gcode::MemorySource source(smallPrint(), "small.gcode");
    auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const ByteOffset byte = smallPrint().find("\nG1 X54 Y50 E25") + 1;
    PlanOptions options;
    // What these three are planned from is no matter of the gate: the steps of a touch do.
    const bool measured = method == ZMethod::FirmwareLift || method == ZMethod::FreeSpot || method == ZMethod::TopEndstop;
    options.zMethod = measured ? ZMethod::Touch : method;
    if (options.zMethod == ZMethod::Touch)
        options.declaredZ = 0.25;
    auto plan = planResume(source, *index, *snapshotFromFile(source, *index, byte), printerOf(), options);
    plan->zMethod = method;
    const FileIdentity local{"small.gcode", index->size, index->xxh3};
    plan->snapshot.fields["bed"].observed = plan->snapshot.fields["bed"].replayed;
    return std::make_unique<Scene>(Scene{std::move(source), std::move(*index), std::move(*plan), local, soundFacts(local)});
}

inline std::vector<GateCheck> run(const Scene& s) { return runGate(s.plan, s.index, s.local, s.facts); }

/// "block", "warn", "info" of the first failed check with this id; "passed"; "absent".
inline std::string verdict(const std::vector<GateCheck>& checks, const std::string& id)
{
    std::string result = "absent";
    for (const GateCheck& check : checks) {
        if (check.id != id)
            continue;
        if (!check.passed)
            return std::string(name(check.severity));
        result = "passed";
    }
    return result;
}

} // namespace kintsugi::test
