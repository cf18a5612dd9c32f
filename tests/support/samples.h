// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/sample.h"
#include "recovery/snapshot.h"

/// A sample and a snapshot in which every field is set.
namespace kintsugi::test {

inline recovery::MeshMatrix fullMesh()
{
    recovery::MeshMatrix mesh;
    mesh.profile = "default";
    mesh.minimum = {10, 12.5};
    mesh.maximum = {290, 287.5};
    mesh.probed = {{0.0175, -0.04, 1e-6}, {1.0 / 3, 0, 0.2}};
    mesh.parameters = {{"algo", "lagrange"}, {"mesh_x_pps", "2"}};
    return mesh;
}

inline recovery::Sample fullSample(double time)
{
    recovery::Sample s;
    s.time = time;
    s.eventTime = time / 3;
    s.livePosition = {{10.1, 20.2, 0.3, 1234.56789}};
    s.liveVelocity = 41.7;
    s.liveExtruderVelocity = 1.0 / 3;
    s.gcodePosition = {{1, 2, 3, 4}};
    s.toolheadPosition = {{5, 6, 7, 8}};
    s.homingOrigin = {{0, 0, -0.05, 0}};
    s.filePosition = 4'000'000'000;
    s.fileSize = 5'000'000'000;
    s.file = "ordner/tür \"1\".gcode";
    s.printState = "printing";
    s.hostState = "ready";
    s.layer = 12;
    s.totalLayers = 99;
    s.printDuration = 33.3;
    s.filamentUsed = 1e-7;
    s.heaters = {{"extruder", {210.13, 210}}, {"heater_bed", {std::nullopt, 60}}, {"heater_generic chamber", {35.5, std::nullopt}}};
    s.fans = {{"fan", 0.6}, {"heater_fan x", 1}};
    s.speed = 80;
    s.speedFactor = 1.1;
    s.extrudeFactor = 0.95;
    s.absoluteCoordinates = true;
    s.absoluteExtrude = false;
    s.maxVelocity = 300;
    s.maxAccel = 5000;
    s.minimumCruiseRatio = 0.5;
    s.squareCornerVelocity = 5;
    s.pressureAdvance = {{"extruder", 0.0312}};
    s.activeExtruder = "extruder";
    s.homedAxes = "xyz";
    s.meshProfile = "default";
    s.mesh = fullMesh();
    s.currentObject = "cube_1";
    s.excludedObjects = std::vector<std::string>{"a", "b"};
    s.printTime = 100.5;
    s.estimatedPrintTime = 98.2;
    s.stalls = 0;
    s.leveled = true;
    return s;
}

inline recovery::Snapshot fullSnapshot()
{
    recovery::Snapshot s;
    s.printer = "p";
    s.job = "j";
    s.source = recovery::SnapshotSource::Plugin;
    s.time = 1795164767.25;
    s.savedTime = 1795164772.5;
    s.file = {"a/b.gcode", 26776, 0xfedcba9876543210ULL};
    s.byte = 6144;
    s.earliest = 6000;
    s.latest = 7019;
    s.layer = 6;
    s.dialect = gcode::Dialect::Klipper;
    gcode::MachineState& m = s.state;
    m.position = {103'799'000, std::nullopt, -1'400'001};
    m.setBy = {gcode::SetBy::Move, gcode::SetBy::Nothing, gcode::SetBy::Declared};
    m.e = 9'007'199'254'740'993; // not a double
    m.eTotal = -5;
    m.eHighest = 7;
    m.absoluteXyz = false;
    m.absoluteEFlag = false;
    m.eFollowsXyz = false;
    m.inch = true;
    m.plane = 18;
    m.feed = 7'200'000'000;
    m.tool = 2;
    m.speedPercent = 98.5;
    m.flowPercent = {{0, 95}, {3, 101.25}};
    m.hotend = {{0, 215}, {2, 0.0}};
    m.bed = 60;
    m.chamber = 0.1;
    m.fans = {{"0", 127.5}, {"part", 0.4}};
    m.heaters = {{"chamber", 45}};
    m.motion = {{"SET_VELOCITY_LIMIT", {{"ACCEL", 3000}}}, {"M201", {{"X", 1.5}}}};
    m.pressureAdvance = {{"extruder", 0.04}};
    m.firmwareRetracted = true;
    m.mesh = gcode::MeshState{"default", 1.0, std::nullopt};
    m.gcodeOffset = {{"Z", -0.05}};
    m.workspace = 59.3;
    m.excluded = {"x", "y"};
    m.object = "z";
    m.definedObjects = {"x", "y", "z"};
    m.unknownMotion = true;
    m.doubtfulAxes = 5;
    m.shiftedAxes = 2;
    m.unknownCommands = {"START_PRINT"};
    s.fields["position.z"] = {recovery::Origin::Observed, "1.4", "1.2", "note"};
    s.fields["bed"] = {recovery::Origin::Inferred, "", "60", ""};
    s.fields["hotend.0"] = {recovery::Origin::Edited, "", "", "because"};
    s.note = "n";
    s.pinned = true;
    s.mesh = fullMesh();
    return s;
}

} // namespace kintsugi::test
