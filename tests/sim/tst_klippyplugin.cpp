// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QJsonArray>
#include <QRegularExpression>
#include <QTest>

#include "klippy.h"
#include "klippybench.h"
#include "klippyvalue.h"

using namespace Qt::StringLiterals;
using namespace kintsugi::sim;

namespace {

QByteArray fixture(const QString& name)
{
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/") + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QByteArray content(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

MachineOptions recordedMachine()
{
    MachineOptions options = Bench::fast();
    options.maxZ = 80;
    options.switchHeights = {62.0, 62.35, 61.8, 62.1};
    options.pluginCalibrates = true;
    return options;
}

/// The state of the recorded power cut.
const QString recordedState =
    u"SAVE_VARIABLE VARIABLE=resume_meta_info VALUE=\"{'position': {'x': 103.799, 'y': 94.937, 'z': 1.4}, "
    "'xyz_offsets': {'x': 0.0, 'y': 0.0, 'z': 0.0}, 'fan_speeds': {'fan': 0.6}, 'layer': 6, 'layer_height': 1.4, "
    "'file_progress': {'position': 6144, 'total_size': 26776, 'progress_pct': 22.95}, 'active_extruder': 'extruder', "
    "'hotend_temp': 214.4, 'bed_temp': 59.3, 'save_time': 2562.5, 'current_file': 'tower_plr.gcode', "
    "'collection_time': 2562.5}\""_s;

} // namespace

class TestKlippyPlugin : public QObject
{
    Q_OBJECT
private slots:
    void valuesReadAndWrite_data();
    void valuesReadAndWrite();
    void variablesFileIsWrittenAsRecorded();
    void tornVariablesStopTheStart_data();
    void tornVariablesStopTheStart();
    void savesOnlyWhenEnabled();
    void stateAsRecorded();
    void stateOutlivesThePrint();
    void percentInTheNameShutsDown();
    void resumeFileAsRecorded();
    void resumeErrors();
    void resumesByMacro();
    void calibrates();
    void consoleIsTheRecordedGrammar();
    void calibrationFailures_data();
    void calibrationFailures();
    void silentWithoutDebug();
    void meshProfile();
    void absentPlugin();
};

void TestKlippyPlugin::valuesReadAndWrite_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("written");
    QTest::newRow("int") << u"6144"_s << u"6144"_s;
    QTest::newRow("float") << u"1.4"_s << u"1.4"_s;
    QTest::newRow("whole float") << u"60.0"_s << u"60.0"_s;
    QTest::newRow("long float") << u"61.999999999968104"_s << u"61.999999999968104"_s;
    QTest::newRow("small") << u"0.00001"_s << u"1e-05"_s;
    QTest::newRow("large") << u"1e16"_s << u"1e+16"_s;
    QTest::newRow("bool") << u"True"_s << u"True"_s;
    QTest::newRow("none") << u"None"_s << u"None"_s;
    QTest::newRow("string") << u"\"it's\""_s << u"\"it's\""_s;
    QTest::newRow("escape") << u"'a\\'b\"c'"_s << u"'a\\'b\"c'"_s;
    QTest::newRow("tuple") << u"(1, 'x')"_s << u"[1, 'x']"_s;
    QTest::newRow("order kept") << u"{'z': 1, 'a': {'b': []}}"_s << u"{'z': 1, 'a': {'b': []}}"_s;
    QTest::newRow("word") << u"word"_s << u"value error"_s;
    QTest::newRow("open dict") << u"{'a': 1"_s << u"syntax error"_s;
    QTest::newRow("open string") << u"'abc"_s << u"syntax error"_s;
}

void TestKlippyPlugin::valuesReadAndWrite()
{
    QFETCH(QString, text);
    QFETCH(QString, written);
    const PyParse parsed = parsePython(text.toStdString());
    const QString result = parsed.error == PyParse::Error::Value    ? u"value error"_s
                           : parsed.error == PyParse::Error::Syntax ? u"syntax error"_s
                                                                    : QString::fromStdString(parsed.value.repr());
    QCOMPARE(result, written);
}

void TestKlippyPlugin::variablesFileIsWrittenAsRecorded()
{
    for (const QString& name : {u"config/variables_after_calibrate.cfg"_s, u"config/variables_after_power_loss.cfg"_s}) {
        const QByteArray recorded = fixture(name);
        const auto variables = readVariables(recorded.toStdString());
        QVERIFY(variables.has_value());
        QCOMPARE(QByteArray::fromStdString(writeVariables(*variables)), recorded);
    }
    QVERIFY(!readVariables(fixture(u"config/variables_truncated.cfg"_s).toStdString()));
    QVERIFY(readVariables("")->empty());
}

void TestKlippyPlugin::tornVariablesStopTheStart_data()
{
    QTest::addColumn<int>("keep");
    QTest::addColumn<QString>("state");
    QTest::newRow("middle of a line") << 60 << u"error"_s;
    QTest::newRow("nothing left") << 0 << u"ready"_s;
}

void TestKlippyPlugin::tornVariablesStopTheStart()
{
    QFETCH(int, keep);
    QFETCH(QString, state);
    Bench bench;
    bench.ready();
    QCOMPARE(bench.run(recordedState), QString());
    const QByteArray good = content(bench.klippy->variablesPath());
    bench.klippy->tearVariablesAtNextCut(keep);
    bench.klippy->cutPower();
    QCOMPARE(content(bench.klippy->variablesPath()), good.left(keep));
    bench.klippy->restorePower();
    bench.klippy->advance(3);
    bench.open();
    const QJsonObject info = bench.result(u"info"_s);
    QCOMPARE(info.value(u"state"_s).toString(), state);
    if (state == u"ready"_s) {
        QVERIFY(bench.status(u"save_variables"_s).value(u"variables"_s).toObject().isEmpty());
        return;
    }
    QVERIFY(info.value(u"state_message"_s).toString().startsWith(u"Unable to parse existing variable file\n\nOnce"_s));
    QVERIFY(bench.status(u"save_variables"_s).isEmpty());
    // The good copy put back and a restart cure it.
    QFile file(bench.klippy->variablesPath());
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(good);
    file.close();
    bench.send(u"gcode/restart"_s);
    bench.klippy->advance(3);
    bench.open();
    QVERIFY(bench.ready());
    QVERIFY(!bench.status(u"save_variables"_s).value(u"variables"_s).toObject().isEmpty());
}

void TestKlippyPlugin::savesOnlyWhenEnabled()
{
    Bench bench;
    QByteArray file = Bench::tower();
    bench.add(u"plain.gcode"_s, file.replace("PLR_ENABLE\n", ""));
    bench.ready();
    bench.run(u"SDCARD_PRINT_FILE FILENAME=plain.gcode"_s);
    bench.advanceUntil([&] { return bench.klippy->deposit().beads.size() > 60; }, 300);
    QVERIFY(!QFile::exists(bench.klippy->variablesPath()));
    bench.console.clear();
    QCOMPARE(bench.run(u"PLR_SAVE_PRINT_STATE"_s), QString());
    QCOMPARE(bench.console, QStringList({u"// Printer state saved"_s})); // said even though nothing was saved
    QVERIFY(!QFile::exists(bench.klippy->variablesPath()));
    bench.run(u"PLR_ENABLE"_s);
    QVERIFY(bench.advanceUntil([&] { return QFile::exists(bench.klippy->variablesPath()); }, 60));
    bench.klippy->cutPower();
    QVERIFY(bench.restart());
    const QByteArray before = content(bench.klippy->variablesPath());
    bench.run(u"SDCARD_PRINT_FILE FILENAME=plain.gcode"_s);
    bench.klippy->advance(60);
    QCOMPARE(content(bench.klippy->variablesPath()), before); // off after every start
}

void TestKlippyPlugin::stateAsRecorded()
{
    Bench bench;
    bench.addTower();
    bench.ready();
    bench.run(u"SDCARD_PRINT_FILE FILENAME=tower_plr.gcode"_s);
    QVERIFY(bench.advanceUntil([&] { return bench.klippy->deposit().beads.size() > 120; }, 300));
    const auto mine = readVariables(content(bench.klippy->variablesPath()).toStdString());
    const auto recorded = readVariables(fixture(u"config/variables_after_power_loss.cfg"_s).toStdString());
    QVERIFY(mine && recorded && mine->contains("resume_meta_info"));
    const auto& a = *recorded->at("resume_meta_info").dict();
    const auto& b = *mine->at("resume_meta_info").dict();
    QCOMPARE(b.size(), a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        QCOMPARE(b[i].first, a[i].first);
        QCOMPARE(b[i].second.integer().has_value(), a[i].second.integer().has_value());
        QCOMPARE(b[i].second.number().has_value(), a[i].second.number().has_value());
        QCOMPARE(b[i].second.dict() != nullptr, a[i].second.dict() != nullptr);
    }
    const PyValue& state = mine->at("resume_meta_info");
    QCOMPARE(*state.find("current_file")->text(), std::string("tower_plr.gcode"));
    QVERIFY(*state.find("layer")->integer() > 2);
    QCOMPARE(state.find("fan_speeds")->find("fan")->number(), std::optional(0.6));
}

void TestKlippyPlugin::stateOutlivesThePrint()
{
    Bench bench;
    bench.addTower();
    bench.ready();
    bench.run(u"SDCARD_PRINT_FILE FILENAME=tower_plr.gcode"_s);
    QVERIFY(bench.advanceUntil([&] { return bench.printState() == u"complete"_s; }, 900));
    QVERIFY(!bench.status(u"save_variables"_s).value(u"variables"_s).toObject().value(u"resume_meta_info"_s)
                 .toObject().isEmpty());
    bench.console.clear();
    bench.run(u"PLR_RESET_PRINT_DATA"_s);
    QCOMPARE(bench.console.last(), u"// PowerLossRecovery: All saved state data cleared\n// Debug: Reset complete, "
                                   "variables file updated"_s);
    QCOMPARE(content(bench.klippy->variablesPath()), QByteArray("[Variables]\nresume_meta_info = {}\n\n"));
}

void TestKlippyPlugin::percentInTheNameShutsDown()
{
    Bench bench;
    bench.add(u"tower_50%.gcode"_s, Bench::tower());
    bench.ready();
    bench.run(u"SDCARD_PRINT_FILE FILENAME=tower_50%.gcode"_s);
    QVERIFY(bench.advanceUntil([&] { return bench.result(u"info"_s).value(u"state"_s) == u"shutdown"_s; }, 300));
    QCOMPARE(bench.console.mid(bench.console.size() - 2),
             QStringList({u"// Klipper state: Shutdown"_s, u"!! Internal error on command:\"SAVE_VARIABLE\""_s}));
    QCOMPARE(bench.printState(), u"paused"_s);
}

void TestKlippyPlugin::resumeFileAsRecorded()
{
    Bench bench;
    bench.addTower();
    bench.ready();
    QCOMPARE(bench.run(recordedState), QString());
    bench.console.clear();
    QCOMPARE(bench.run(u"PLR_RESUME_PRINT"_s), QString());
    QCOMPARE(content(bench.klippy->gcodesPath() + u"/tower_plr.gcode.plr"_s), Bench::tower());
    QCOMPARE(content(bench.klippy->gcodesPath() + u"/tower_plr.gcode"_s),
             fixture(u"gcode/tower_plr.after_PLR_RESUME_PRINT.gcode"_s));
    QVERIFY(bench.console.contains(u"// Created and started power loss recovery file: tower_plr.gcode\n"
                                   "// Original file: tower_plr.gcode\n// Resume position: 6144 (22.9%)"_s)
            || bench.console.contains(u"// Created and started power loss recovery file: tower_plr.gcode\n"
                                      "// Original file: tower_plr.gcode\n// Resume position: 6144 (22.95%)"_s));
}

void TestKlippyPlugin::resumeErrors()
{
    Bench bench;
    bench.ready();
    bench.console.clear();
    QCOMPARE(bench.run(u"PLR_RESUME_PRINT"_s), QString());
    QCOMPARE(bench.console.last(), u"// No valid saved state found"_s);
    QCOMPARE(bench.run(recordedState), QString());
    QCOMPARE(bench.run(u"PLR_RESUME_PRINT"_s), QString());
    QCOMPARE(bench.console.last(), u"// Original gcode file not found: %1/tower_plr.gcode"_s.arg(bench.klippy->gcodesPath()));
    bench.add(u"tower_plr.gcode"_s, "G28\n;;;;; no marks here\n");
    QCOMPARE(bench.run(u"PLR_RESUME_PRINT"_s), QString());
    QCOMPARE(bench.console.last(), u"// Error creating modified gcode file"_s);
    QVERIFY(QFile::exists(bench.klippy->gcodesPath() + u"/tower_plr.gcode"_s));
    // A mark right after a comment line is swallowed with it.
    QByteArray swallowed = Bench::tower();
    swallowed.replace(";;;;; PLR_RESUME - INITIAL", ";TYPE:Custom\n;;;;; PLR_RESUME - INITIAL");
    bench.add(u"tower_plr.gcode"_s, swallowed);
    QCOMPARE(bench.run(u"PLR_RESUME_PRINT"_s), QString());
    QCOMPARE(bench.console.last(), u"// Error creating modified gcode file"_s);
}

void TestKlippyPlugin::resumesByMacro()
{
    Bench bench(recordedMachine());
    bench.addTower();
    bench.ready();
    QCOMPARE(bench.run(u"PLR_Z_HOME MODE=CALIBRATE"_s), QString());
    // QGL stands for the levelling a person does after the tilt of the calibration.
    QCOMPARE(bench.run(u"G28\nQUAD_GANTRY_LEVEL"_s), QString());
    bench.klippy->atLayer(8, 0.4, [&] { bench.klippy->cutPower(); });
    bench.run(u"SDCARD_PRINT_FILE FILENAME=tower_plr.gcode"_s);
    QVERIFY(bench.advanceUntil([&] { return !bench.klippy->powered(); }, 600));
    const auto beads = bench.klippy->deposit().beads.size();
    QVERIFY(bench.restart());
    QCOMPARE(bench.run(u"PLR_RESUME_PRINT"_s), QString());
    QVERIFY(bench.advanceUntil([&] { return bench.printState() == u"complete"_s; }, 1500));
    bench.klippy->advance(5);
    QVERIFY(bench.klippy->deposit().beads.size() > beads + 50);
    // The overshoot of both calibrations leaves a tilt of up to a millimetre, as recorded.
    const auto z = bench.klippy->trueZ();
    QVERIFY2(std::abs(z[1] - z[0]) > 0.3 && std::abs(z[1] - z[0]) < 1.6, qPrintable(QString::number(z[1] - z[0])));
}

void TestKlippyPlugin::calibrates()
{
    Bench bench(recordedMachine());
    bench.ready();
    const double begin = bench.klippy->now();
    QCOMPARE(bench.run(u"PLR_Z_HOME MODE=CALIBRATE"_s), QString());
    const double took = bench.klippy->now() - begin;
    QVERIFY2(took > 70 && took < 130, qPrintable(QString::number(took)));
    const QJsonObject saved = bench.status(u"save_variables"_s).value(u"variables"_s).toObject();
    QVERIFY(std::abs(saved.value(u"z_endstop_position_stepper_z"_s).toArray().at(2).toDouble() - 62) < 0.03);
    QCOMPARE(saved.value(u"z_offset_stepper_z"_s).toDouble(), 0.0);
    // Truth is the difference of the heights; what is stored adds the overshoot of the first probe.
    const double overshoot = 0.875;
    QVERIFY(std::abs(saved.value(u"z_offset_stepper_z1"_s).toDouble() - (62.0 - 62.35 + overshoot)) < 0.05);
    QVERIFY(std::abs(saved.value(u"z_offset_stepper_z2"_s).toDouble() - (62.0 - 61.8 + overshoot)) < 0.05);
    QVERIFY(std::abs(saved.value(u"z_offset_stepper_z3"_s).toDouble() - (62.0 - 62.1 + overshoot)) < 0.05);
}

void TestKlippyPlugin::consoleIsTheRecordedGrammar()
{
    QList<QRegularExpression> grammar;
    const QByteArray table = fixture(u"plr_console_regexes.tsv"_s);
    for (const QByteArray& row : table.split('\n')) {
        const QString pattern = QString::fromUtf8(row).section(u'\t', 1);
        if (!pattern.isEmpty())
            grammar.append(QRegularExpression(pattern));
    }
    QVERIFY(grammar.size() > 50);
    Bench bench(recordedMachine());
    bench.addTower();
    bench.ready();
    bench.console.clear();
    QCOMPARE(bench.run(u"PLR_Z_HOME MODE=CALIBRATE"_s), QString());
    QCOMPARE(bench.run(u"G1 Z56 F600"_s), QString());
    QCOMPARE(bench.run(recordedState), QString());
    QCOMPARE(bench.run(u"PLR_Z_HOME MODE=RESUME"_s), QString());
    QCOMPARE(bench.run(u"G1 Z20 F600"_s), QString());
    QCOMPARE(bench.run(u"PLR_RESUME_PRINT"_s), QString());
    QVERIFY(bench.advanceUntil([&] { return bench.printState() == u"complete"_s; }, 1500));
    static const QRegularExpression other(u"^(B:|File |echo: |Done |Klipper state)"_s);
    int matched = 0;
    for (const QString& message : std::as_const(bench.console)) {
        QStringList lines = message.split(u'\n');
        for (QString& line : lines) {
            if (line.startsWith(u"// "_s))
                line.remove(0, 3);
            else if (line == u"//"_s)
                line.clear();
        }
        QString text = lines.join(u'\n');
        text.remove(QRegularExpression(u"^PLR LOG::\\s*"_s));
        bool known = other.match(text).hasMatch();
        for (const QRegularExpression& rule : std::as_const(grammar)) {
            if (rule.match(text).hasMatch()) {
                known = true;
                ++matched;
                break;
            }
        }
        QVERIFY2(known, qPrintable(text));
    }
    QVERIFY(matched > 250);
}

void TestKlippyPlugin::calibrationFailures_data()
{
    QTest::addColumn<QString>("version");
    QTest::addColumn<double>("noise");
    QTest::addColumn<QList<double>>("heights");
    QTest::addColumn<bool>("fixed");
    QTest::addColumn<QString>("error");
    const QList<double> good{62.0, 62.35, 61.8, 62.1};
    QTest::newRow("new Klipper") << u"v0.13.0-730-g84104bbb"_s << 0.004 << good << true
                                 << u"Z calibration failed: Error probing stepper_z: 'MCU' object has no attribute "
                                    "'flush_moves'"_s;
    QTest::newRow("unchanged plugin") << u"v0.13.0"_s << 0.004 << good << false
                                      << u"Z calibration failed: Error applying Z offsets: Internal error in "
                                         "stepcompress"_s;
    QTest::newRow("low switch") << u"v0.13.0"_s << 0.004 << QList<double>{62.0, 62.35, 57.8, 62.1} << true
                                << u"Z calibration failed: Error probing stepper_z2: stepper_z2 endstop triggered "
                                   "before movement. Check Z position and endstop."_s;
    QTest::newRow("dead switch") << u"v0.13.0"_s << 0.004 << QList<double>{62.0, 90.0, 61.8, 62.1} << true
                                 << u"Z calibration failed: Error probing stepper_z1: No trigger on probe after full "
                                    "movement"_s;
    QTest::newRow("noisy switch") << u"v0.13.0"_s << 0.15 << good << true
                                  << u"Unable to get consistent samples for stepper_z"_s;
}

void TestKlippyPlugin::calibrationFailures()
{
    QFETCH(QString, version);
    QFETCH(double, noise);
    QFETCH(QList<double>, heights);
    QFETCH(bool, fixed);
    QFETCH(QString, error);
    MachineOptions options = recordedMachine();
    options.softwareVersion = version;
    options.switchNoise = noise;
    options.switchHeights = {heights.begin(), heights.end()};
    options.pluginCalibrates = fixed;
    Bench bench(options);
    bench.ready();
    const QString text = bench.run(u"PLR_Z_HOME MODE=CALIBRATE"_s);
    QVERIFY2(text.contains(error), qPrintable(text));
    QCOMPARE(bench.console.last(), QString(u"!! "_s + text));
    if (!fixed) {
        // The numbers are saved, and Klipper stops a moment later.
        QVERIFY(bench.status(u"save_variables"_s).value(u"variables"_s).toObject().contains(u"z_offset_stepper_z3"_s));
        bench.klippy->advance(2);
        QCOMPARE(bench.result(u"info"_s).value(u"state"_s), u"shutdown"_s);
    }
}

void TestKlippyPlugin::silentWithoutDebug()
{
    MachineOptions options = recordedMachine();
    options.pluginDebug = false;
    Bench bench(options);
    bench.ready();
    bench.console.clear();
    QCOMPARE(bench.run(u"PLR_Z_HOME MODE=CALIBRATE"_s), QString());
    QVERIFY(bench.console.isEmpty());
    QCOMPARE(bench.status(u"configfile"_s).value(u"settings"_s).toObject().value(u"power_loss_recovery"_s).toObject()
                 .value(u"debug_mode"_s).toBool(), false);
}

void TestKlippyPlugin::meshProfile()
{
    Bench bench;
    bench.ready();
    QCOMPARE(bench.run(u"PLR_SAVE_MESH"_s), u"Error saving bed mesh profile: No bed mesh profile currently active"_s);
    QCOMPARE(bench.run(u"PLR_LOAD_MESH"_s), u"Error loading bed mesh profile: No saved bed mesh profile found"_s);
    QCOMPARE(bench.run(u"BED_MESH_PROFILE LOAD=default\nPLR_SAVE_MESH\nBED_MESH_CLEAR\nPLR_LOAD_MESH"_s), QString());
    QCOMPARE(bench.console.last(), u"// Loaded bed mesh profile: default"_s);
    QCOMPARE(bench.status(u"bed_mesh"_s).value(u"profile_name"_s), u"default"_s);
}

void TestKlippyPlugin::absentPlugin()
{
    MachineOptions options;
    options.pluginInstalled = false;
    Bench bench(options);
    bench.ready();
    QCOMPARE(bench.run(u"PLR_ENABLE"_s), QString());
    QCOMPARE(bench.console.last(), u"// Unknown command:\"PLR_ENABLE\""_s);
    QVERIFY(!bench.status(u"gcode"_s).value(u"commands"_s).toObject().contains(u"PLR_Z_HOME"_s));
    QVERIFY(!bench.status(u"configfile"_s).value(u"settings"_s).toObject().contains(u"power_loss_recovery"_s));
}

QTEST_GUILESS_MAIN(TestKlippyPlugin)
#include "tst_klippyplugin.moc"
