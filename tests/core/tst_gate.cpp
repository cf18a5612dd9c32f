// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <functional>

#include "gatescene.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using namespace kintsugi::test;

namespace {

using Spoil = std::function<void(Scene&)>;

} // namespace

Q_DECLARE_METATYPE(Spoil)

class TestGate : public QObject
{
    Q_OBJECT

private slots:
    void soundSceneIsOpen_data();
    void soundSceneIsOpen();
    void offlineIsOpenAndSaysSo();
    void limits_data();
    void limits();
    void blocksComeFirst();
    void repairIsNamed();
};

void TestGate::soundSceneIsOpen_data()
{
    QTest::addColumn<int>("method");
    for (const ZMethod method : {ZMethod::Keep, ZMethod::Touch, ZMethod::PlrZHome})
        QTest::newRow(std::string(name(method)).c_str()) << int(method);
}

void TestGate::soundSceneIsOpen()
{
    QFETCH(int, method);
    const auto s = scene(static_cast<ZMethod>(method));
    const auto checks = run(*s);
    QVERIFY(checks.size() > 15);
    for (const GateCheck& check : checks) {
        QVERIFY2(check.passed, (check.id + ' ' + check.measured).c_str());
        QVERIFY(!english(check.text).empty());
    }
    QVERIFY(isOpen(checks));
}

void TestGate::offlineIsOpenAndSaysSo()
{
    const auto s = scene();
    s->facts = {};
    const auto checks = run(*s);
    QVERIFY(isOpen(checks));
    for (const char* id : {"printing", "file-on-printer", "plr-leftover", "heaters", "keep-proof", "queue", "disk-space"})
        QCOMPARE(verdict(checks, id), std::string("info"));
    for (const GateCheck& check : checks)
        QVERIFY(check.passed || check.severity == Severity::Info);
}

void TestGate::limits_data()
{
    QTest::addColumn<int>("method");
    QTest::addColumn<Spoil>("spoil");
    QTest::addColumn<QByteArray>("id");
    QTest::addColumn<QByteArray>("expected");
    const auto rowFor = [](ZMethod method, const char* row, const char* id, const char* expected, Spoil spoil) {
        QTest::newRow(row) << int(method) << std::move(spoil) << QByteArray(id) << QByteArray(expected);
    };
    const auto row = [&rowFor](const char* name, const char* id, const char* expected, Spoil spoil) {
        rowFor(ZMethod::Keep, name, id, expected, std::move(spoil));
    };
    row("snapshot of another size", "file-identity", "block", [](Scene& s) { s.plan.snapshot.file.size += 1; });
    row("snapshot of other content", "file-identity", "block", [](Scene& s) { *s.plan.snapshot.file.xxh3 ^= 1; });
    row("content of the snapshot unknown", "file-identity", "passed", [](Scene& s) { s.plan.snapshot.file.xxh3.reset(); });
    row("local file changed", "file-identity", "block", [](Scene& s) { s.local.size -= 1; });
    row("printer's file cut", "file-on-printer", "block", [](Scene& s) { s.facts.fileOnPrinter->size -= 1; });
    row("printer's file without hash", "file-on-printer", "passed", [](Scene& s) { s.facts.fileOnPrinter->xxh3.reset(); });
    row("leftover, file whole", "plr-leftover", "warn", [](Scene& s) { s.facts.plrLeftover = true; });
    row("leftover, file cut", "plr-leftover", "block", [](Scene& s) {
        s.facts.plrLeftover = true;
        s.facts.fileOnPrinter->size -= 100;
    });
    row("printing", "printing", "block", [](Scene& s) { s.facts.now->printState = "printing"; });
    row("paused", "printing", "block", [](Scene& s) { s.facts.now->printState = "paused"; });
    row("error state", "printing", "passed", [](Scene& s) { s.facts.now->printState = "error"; });
    row("shutdown", "host-ready", "block", [](Scene& s) { s.facts.now->hostState = "shutdown"; });
    row("host unknown", "host-ready", "block", [](Scene& s) { s.facts.now->hostState.clear(); });
    row("Z unknown", "must-have-field", "block", [](Scene& s) { s.plan.snapshot.state.position[2].reset(); });
    row("hotend unknown", "must-have-field", "block", [](Scene& s) { s.plan.snapshot.state.hotend.clear(); });
    row("hotend off", "must-have-field", "block", [](Scene& s) { s.plan.snapshot.state.hotend[0] = 0; });
    row("hotend inferred", "must-have-field", "block", [](Scene& s) { s.plan.snapshot.fields["hotend.0"].origin = Origin::Inferred; });
    row("hotend confirmed", "must-have-field", "passed", [](Scene& s) {
        s.plan.snapshot.fields["hotend.0"].origin = Origin::Inferred;
        QVERIFY(edit(s.plan.snapshot, "hotend.0", "210", "seen on the display").has_value());
    });
    row("file unknown", "must-have-field", "block", [](Scene& s) { s.plan.snapshot.file.name.clear(); });
    row("E mode in doubt", "must-have-field", "block", [](Scene& s) { s.plan.snapshot.fields["absolute_e"].observed = "false"; });
    row("E mode agreed", "must-have-field", "passed", [](Scene& s) { s.plan.snapshot.fields["absolute_e"].observed = "true"; });
    row("conflict", "conflicts", "warn", [](Scene& s) {
        s.plan.snapshot.fields["bed"].observed = "65";
        s.plan.snapshot.fields["bed"].replayed = "60";
    });
    row("part at the limit", "travel-limits", "passed", [](Scene& s) { s.plan.maximum[0] = s.index.printed.maxX; });
    row("part beyond the limit", "travel-limits", "block", [](Scene& s) { s.plan.maximum[0] = s.index.printed.maxX - 0.01; });
    row("part below the limit", "travel-limits", "block", [](Scene& s) { s.plan.minimum[1] = s.index.printed.minY + 0.01; });
    row("lift at the limit", "travel-limits", "passed", [](Scene& s) { s.plan.maximum[2] = s.plan.liftToZ; });
    row("lift beyond the limit", "travel-limits", "block", [](Scene& s) { s.plan.maximum[2] = s.plan.liftToZ - 0.01; });
    row("no clearance", "clearance", "block", [](Scene& s) { s.plan.clearance = 0; });
    row("thin clearance", "clearance", "warn", [](Scene& s) { s.plan.clearance = 0.49; });
    row("enough clearance", "clearance", "passed", [](Scene& s) { s.plan.clearance = 0.5; });
    row("step homes all", "plan-homes", "block", [](Scene& s) { s.plan.steps[2].gcode.emplace_back("G28"); });
    row("step homes Z", "plan-homes", "block", [](Scene& s) { s.plan.steps[2].gcode.emplace_back("G28 X Y Z"); });
    row("step homes X and Y", "plan-homes", "passed", [](Scene& s) { s.plan.steps[2].gcode.emplace_back("G28 X Y"); });
    row("step probes", "plan-homes", "block", [](Scene& s) { s.plan.steps[2].gcode.emplace_back("G29"); });
    row("own line calibrates", "plan-homes", "block", [](Scene& s) { s.plan.steps[0].gcode.emplace_back("bed_mesh_calibrate"); });
    row("plan forgets E", "plan-state", "block", [](Scene& s) {
        for (PlanStep& step : s.plan.steps)
            std::erase_if(step.gcode, [](const std::string& line) { return line.starts_with("G92"); });
    });
    for (const char* start : {"M221 S95", "M106", "SET_GCODE_OFFSET X=0 Y=0 Z=0.05", "SET_VELOCITY_LIMIT", "SET_PRESSURE_ADVANCE", "BED_MESH_PROFILE",
                              "SET_HEATER_TEMPERATURE"}) {
        row(start, "plan-state", "block", [start](Scene& s) {
            for (PlanStep& step : s.plan.steps)
                std::erase_if(step.gcode, [start](const std::string& line) { return line.starts_with(start); });
        });
    }
    row("plan heats less", "plan-state", "block", [](Scene& s) { s.plan.steps.back().gcode.emplace_back("M104 S190"); });
    row("plan leaves the bed cold", "plan-state", "block", [](Scene& s) { s.plan.steps.back().gcode.emplace_back("M140 S0"); });
    row("plan takes another tool", "plan-state", "block", [](Scene& s) { s.plan.steps.back().gcode.emplace_back("T1"); });
    row("bed never named", "bed-target", "warn", [](Scene& s) {
        s.plan.snapshot.state.bed.reset();
        s.plan.snapshot.state.unknownCommands = {"START_PRINT"};
        for (PlanStep& step : s.plan.steps)
            std::erase_if(step.gcode, [](const std::string& line) { return line.starts_with("M140") || line.starts_with("M190"); });
    });
    row("plan moves on", "plan-state", "block", [](Scene& s) { s.plan.steps.back().gcode.emplace_back("G1 X1"); });
    row("unknown motion", "unknown-motion", "warn", [](Scene& s) { s.plan.snapshot.state.unknownMotion = true; });
    row("not homed", "keep-proof", "block", [](Scene& s) { s.facts.now->homedAxes.clear(); });
    row("Z not homed", "keep-proof", "block", [](Scene& s) { s.facts.now->homedAxes = "xy"; });
    row("idle time-out passed", "keep-proof", "block", [](Scene& s) { s.facts.minutesSinceStop = 10; });
    row("idle time-out not yet", "keep-proof", "passed", [](Scene& s) { s.facts.minutesSinceStop = 9.9; });
    row("head perhaps moved", "head-untouched", "warn", [](Scene& s) { s.facts.headUntouchedConfirmed = false; });
    row("keep does not home", "macro-homing", "absent", [](Scene& s) { s.facts.macrosHomingZ->push_back("homing_override"); });
    rowFor(ZMethod::Touch, "homing_override", "macro-homing", "block", [](Scene& s) { s.facts.macrosHomingZ->push_back("homing_override"); });
    rowFor(ZMethod::Touch, "touch needs no proof", "keep-proof", "absent", [](Scene& s) { s.facts.now->homedAxes.clear(); });
    row("no hotend", "heaters", "block", [](Scene& s) { s.facts.now->heaters.erase("extruder"); });
    row("sensor open", "heaters", "block", [](Scene& s) { s.facts.now->heaters["extruder"].temperature = -64.0; });
    row("sensor shorted", "heaters", "block", [](Scene& s) { s.facts.now->heaters["heater_bed"].temperature = 400.0; });
    row("sensor silent", "heaters", "block", [](Scene& s) { s.facts.now->heaters["heater_bed"].temperature.reset(); });
    row("bed at the limit", "bed-gap", "passed", [](Scene& s) { s.facts.now->heaters["heater_bed"].temperature = 50.0; });
    row("bed below the limit", "bed-gap", "warn", [](Scene& s) { s.facts.now->heaters["heater_bed"].temperature = 49.9; });
    row("an hour", "minutes-since-stop", "passed", [](Scene& s) { s.facts.minutesSinceStop = 60; });
    row("longer", "minutes-since-stop", "warn", [](Scene& s) {
        s.facts.minutesSinceStop = 60.1;
        s.facts.idleTimeout = 36000;
    });
    row("part not looked at", "part-stuck", "warn", [](Scene& s) { s.facts.partStuckConfirmed = false; });
    row("queue", "queue", "block", [](Scene& s) { s.facts.queueBusy = true; });
    row("disk one byte short", "disk-space", "block", [](Scene& s) { s.facts.freeDisk = 999; });
    row("percent", "file-name", "warn", [](Scene& s) { s.plan.snapshot.file.name = "50%.gcode"; });
    row("quote", "file-name", "warn", [](Scene& s) { s.plan.snapshot.file.name = "a\"b.gcode"; });
    row("pieces equal", "file-content", "passed", [](Scene&) {});
    row("one piece differs", "file-content", "block", [](Scene& s) { s.facts.blocks->different = 1; });
    row("nothing compared", "file-content", "block", [](Scene& s) { s.facts.blocks = BlockProof{}; });
    row("pieces not read", "file-content", "info", [](Scene& s) { s.facts.blocks.reset(); });
    row("no macro", "after-macro", "passed", [](Scene&) {});
    row("Z in doubt", "after-macro", "block", [](Scene& s) { s.plan.snapshot.state.doubtfulAxes = 4; });
    row("absolute E in doubt", "after-macro", "block", [](Scene& s) { s.plan.snapshot.state.doubtfulAxes = 1; });
    row("absolute E entered", "after-macro", "warn", [](Scene& s) {
        s.plan.snapshot.state.doubtfulAxes = 3;
        s.plan.snapshot.fields["e"].origin = Origin::Edited;
    });
    row("X and Y entered", "after-macro", "passed", [](Scene& s) {
        s.plan.snapshot.state.doubtfulAxes = 3;
        for (const char* key : {"e", "position.x", "position.y"})
            s.plan.snapshot.fields[key].origin = Origin::Edited;
    });
    row("all entered", "after-macro", "passed", [](Scene& s) {
        s.plan.snapshot.state.doubtfulAxes = 7;
        for (const char* key : {"e", "position.x", "position.y", "position.z"})
            s.plan.snapshot.fields[key].origin = Origin::Edited;
    });
    row("tool macro", "tool-after-macro", "warn", [](Scene& s) { s.plan.snapshot.state.unknownCommands = {"Tool_Change"}; });
    row("tool macro, tool seen", "tool-after-macro", "absent", [](Scene& s) {
        s.plan.snapshot.state.unknownCommands = {"TOOL_CHANGE"};
        s.plan.snapshot.fields["tool"].observed = s.plan.snapshot.fields["tool"].replayed = "0";
    });
    row("tool macro, tool entered", "tool-after-macro", "absent", [](Scene& s) {
        s.plan.snapshot.state.unknownCommands = {"TOOL_CHANGE"};
        s.plan.snapshot.fields["tool"].origin = Origin::Edited;
    });
    row("other macro", "tool-after-macro", "absent", [](Scene& s) { s.plan.snapshot.state.unknownCommands = {"START_PRINT"}; });
    row("own macro", "unsimulated", "warn", [](Scene& s) { s.plan.unsimulated = {{"before-heat", "MY_FANS"}}; });
    row("a tool of Klipper is a macro", "unsimulated", "warn", [](Scene& s) {
        s.plan.dialect = gcode::Dialect::Klipper;
        s.plan.steps.push_back({.kind = StepKind::SelectTool, .gcode = {"T0"}});
    });
    row("a tool of Marlin is none", "unsimulated", "passed", [](Scene& s) {
        s.plan.dialect = gcode::Dialect::Marlin;
        s.plan.steps.push_back({.kind = StepKind::SelectTool, .gcode = {"T0 S1"}});
    });
    row("no own macro", "unsimulated", "passed", [](Scene&) {});
    const auto finding = [](TailFinding::Kind kind, bool blocks) {
        return TailFinding{.kind = kind, .line = 7, .byte = 70, .text = "X", .meaning = {"m", {}}, .blocks = blocks};
    };
    row("clean tail", "tail", "passed", [](Scene&) {});
    row("tail not read", "tail", "info", [](Scene& s) { s.facts.tail.reset(); });
    row("tail homes Z", "tail", "block", [=](Scene& s) { s.facts.tail->push_back(finding(TailFinding::Kind::Homing, true)); });
    row("tail homes X", "tail", "warn", [=](Scene& s) { s.facts.tail->push_back(finding(TailFinding::Kind::Homing, false)); });
    row("tail homes X where that homes Z", "tail", "block", [=](Scene& s) {
        s.facts.tail->push_back(finding(TailFinding::Kind::Homing, false));
        s.facts.macrosHomingZ->push_back("homing_override");
    });
    row("tail runs a macro", "tail", "warn", [=](Scene& s) { s.facts.tail->push_back(finding(TailFinding::Kind::Macro, false)); });
    const auto mesh = [&row](const char* name, const char* expected, MeshAdvice::Kind kind, std::optional<double> range, double layer) {
        row(name, "mesh", expected, [=](Scene& s) {
            s.facts.mesh = MeshAdvice{.kind = kind, .profile = {}, .range = range.value_or(0), .rangeKnown = range.has_value(), .layerHeight = layer, .text = {"t", {}}};
        });
    };
    using Mesh = MeshAdvice::Kind;
    mesh("no mesh", "passed", Mesh::Nothing, {}, 0.2);
    mesh("mesh to load", "passed", Mesh::LoadProfile, {}, 0.2);
    mesh("mesh lost, below a layer", "warn", Mesh::Lost, 0.19, 0.2);
    mesh("mesh lost, one layer", "warn", Mesh::Lost, 0.2, 0.2);
    mesh("mesh lost, above a layer", "block", Mesh::Lost, 0.201, 0.2);
    mesh("mesh lost, range unknown", "block", Mesh::Lost, {}, 0.2);
    mesh("mesh lost, layer unknown", "block", Mesh::Lost, 0.1, 0);
    mesh("mesh to restore, below a layer", "warn", Mesh::RestoreByMatrix, 0.19, 0.2);
    mesh("mesh to restore, above a layer", "block", Mesh::RestoreByMatrix, 0.3, 0.2);
    row("mesh not asked", "mesh", "info", [](Scene& s) { s.facts.mesh.reset(); });
    const auto version = [&rowFor](const char* text, const char* expected) {
        rowFor(ZMethod::PlrZHome, text, "plr-version", expected, [text](Scene& s) { s.facts.softwareVersion = text; });
    };
    version("v0.13.0", "passed");
    version("v0.12.0-439-gb7233d11", "passed");
    version("v0.13.0-100-gabc", "passed");
    version("v0.13.0-200-gabc", "passed");
    version("v0.13.0-201-gabc", "block");
    version("v0.13.0-730-g84104bbb", "block");
    version("v0.14.0", "block");
    version("v2025.08.15-12-gabc", "warn");
    version("?", "warn");
    const auto reference = [&rowFor](const char* name, const char* expected, const std::function<void(klipper::PlrCalibration&)>& spoil) {
        rowFor(ZMethod::PlrZHome, name, "plr-reference", expected, [spoil](Scene& s) { spoil(*s.facts.plrCalibration); });
    };
    reference("calibrated", "passed", [](klipper::PlrCalibration&) {});
    reference("never calibrated", "block", [](klipper::PlrCalibration& stored) { stored = {}; });
    reference("one Z motor", "block", [](klipper::PlrCalibration& stored) { stored.offsets.erase("stepper_z1"); });
    reference("offsets of 0", "block", [](klipper::PlrCalibration& stored) { stored.offsets["stepper_z1"] = 0; });
    reference("switches below the print", "block", [](klipper::PlrCalibration& stored) { (*stored.endstopPosition)[2] = 2; });
    rowFor(ZMethod::PlrZHome, "calibration not asked", "plr-reference", "info", [](Scene& s) { s.facts.plrCalibration.reset(); });
    row("calibration is no matter", "plr-reference", "absent", [](Scene& s) { s.facts.plrCalibration.reset(); });
    row("version is no matter", "plr-version", "absent", [](Scene& s) { s.facts.softwareVersion = "v0.14.0"; });
}

void TestGate::limits()
{
    QFETCH(int, method);
    QFETCH(Spoil, spoil);
    QFETCH(QByteArray, id);
    QFETCH(QByteArray, expected);
    const auto s = scene(static_cast<ZMethod>(method));
    spoil(*s);
    const auto checks = run(*s);
    QCOMPARE(QByteArray::fromStdString(verdict(checks, id.toStdString())), expected);
    if (expected == "block")
        QVERIFY(!isOpen(checks));
    else if (expected == "warn" || expected == "absent")
        QVERIFY(isOpen(checks));
}

void TestGate::blocksComeFirst()
{
    const auto s = scene();
    s->facts.queueBusy = true;
    s->facts.minutesSinceStop = 100;
    s->facts.idleTimeout.reset();
    const auto checks = run(*s);
    QCOMPARE(checks.front().id, std::string("queue"));
    QVERIFY(std::is_sorted(checks.begin(), checks.end(), [](const GateCheck& a, const GateCheck& b) { return a.severity < b.severity; }));
}

void TestGate::repairIsNamed()
{
    const auto s = scene();
    s->facts.plrLeftover = true;
    s->facts.fileOnPrinter->size -= 100;
    for (const bool rightSize : {true, false}) {
        s->facts.plrLeftoverSize = s->local.size - (rightSize ? 0 : 5);
        const auto checks = run(*s);
        const auto check = std::find_if(checks.begin(), checks.end(), [](const GateCheck& c) { return c.id == "plr-leftover"; });
        const std::string text = english(check->text);
        QCOMPARE(text.find("move small.gcode.plr back to small.gcode") != std::string::npos, rightSize);
    }
}

QTEST_GUILESS_MAIN(TestGate)
#include "tst_gate.moc"
