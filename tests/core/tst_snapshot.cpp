// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QTest>

#include <algorithm>

#include "recovery/snapshot.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

namespace {

struct Print {
    std::unique_ptr<gcode::Source> source;
    gcode::FileIndex index;
};

Print printOf(const std::string& text)
{
    auto source = std::make_unique<gcode::MemorySource>(text, "test.gcode");
    auto index = gcode::buildIndex(*source, gcode::Dialect::Klipper);
    return {std::move(source), std::move(*index)};
}

Print tower()
{
    auto source = gcode::FileSource::open(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.gcode");
    auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    return {std::move(*source), std::move(*index)};
}

klipper::PlrState savedState()
{
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/config/variables_after_power_loss.cfg"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const auto variables = klipper::parseVariables(file.readAll().toStdString());
    return **klipper::readPlrState(variables->values.at("resume_meta_info"));
}

const std::string text = "M140 S60\nM104 S210\nG90\nM83\nG1 X50 Y50 Z0.2 F3000\nM106 S128\nM204 S1500\nSET_PRESSURE_ADVANCE ADVANCE=0.04\n"
                         "G1 X60 E1\nG1 Y60 E1\nG1 X50 E1\nG1 Y50 E1\n";

std::string textOf(const Snapshot& snapshot, const std::string& key)
{
    const auto rows = fieldRows(snapshot);
    const auto row = std::find_if(rows.begin(), rows.end(), [&key](const FieldRow& r) { return r.key == key; });
    return row == rows.end() ? "absent" : row->value;
}

Sample sample()
{
    Sample s;
    s.time = 1000;
    s.file = "sub/test.gcode";
    return s;
}

} // namespace

class TestSnapshot : public QObject
{
    Q_OBJECT

private slots:
    void fileFieldsAreReplayed();
    void unknownIsUnknown();
    void byteIsRoundedToItsLine();
    void startMacroIsInferred_data();
    void startMacroIsInferred();
    void settingsAreSecondBest();
    void observedWinsWhereTheFileCannotKnow();
    void fileWinsWhereItKnowsToTheLine();
    void measuredIsNeverATarget();
    void heaterOffIsNoTarget();
    void observedFillsWhatTheFileNeverSaid();
    void pluginStateMapsToTheNextLine();
    void pluginStateOfAnotherFile();
    void pluginMovedPositionIsAConflict();
    void edits_data();
    void edits();
    void wrongEditsChangeNothing_data();
    void wrongEditsChangeNothing();
    void rowsCoverEveryField();
    void names();
};

void TestSnapshot::fileFieldsAreReplayed()
{
    const Print print = printOf(text);
    const auto snapshot = snapshotFromFile(*print.source, print.index, print.index.size - 3);
    QVERIFY(snapshot.has_value());
    QCOMPARE(snapshot->source, SnapshotSource::File);
    QCOMPARE(snapshot->file.xxh3, std::optional(print.index.xxh3));
    for (const char* key : {"position.x", "position.z", "feed", "hotend.0", "bed", "fans.0", "motion.SET_VELOCITY_LIMIT.ACCEL", "pressure_advance.extruder"})
        QVERIFY2(snapshot->fields.at(key).origin == Origin::Replayed, key);
    QCOMPARE(textOf(*snapshot, "fans.0"), std::string("128"));
    QCOMPARE(textOf(*snapshot, "motion.SET_VELOCITY_LIMIT.ACCEL"), std::string("1500"));
    QCOMPARE(textOf(*snapshot, "position.x"), std::string("50"));
    QCOMPARE(textOf(*snapshot, "absolute_e"), std::string("false"));
    QVERIFY(snapshot->missing().empty());
    QCOMPARE(snapshot->knownFields(), snapshot->fields.size());
}

void TestSnapshot::unknownIsUnknown()
{
    const Print print = printOf("G28 X\nG1 X5 F600\nG1 E1\n");
    const auto snapshot = snapshotFromFile(*print.source, print.index, print.index.size);
    QVERIFY(snapshot.has_value());
    QCOMPARE(snapshot->fields.at("position.z").origin, Origin::Unknown);
    QCOMPARE(snapshot->fields.at("hotend.0").origin, Origin::Unknown);
    QCOMPARE(snapshot->fields.at("bed").origin, Origin::Unknown);
    QCOMPARE(textOf(*snapshot, "hotend.0"), std::string());
    const std::vector<std::string> expected{"position.y", "position.z", "hotend.0"};
    QCOMPARE(snapshot->missing(), expected);
    QVERIFY(snapshot->knownFields() < snapshot->fields.size());
    QCOMPARE(snapshotFromFile(*print.source, print.index, print.index.size + 1).error().code, ErrorCode::BadByte);
}

void TestSnapshot::byteIsRoundedToItsLine()
{
    const Print print = printOf(text);
    const ByteOffset line = text.find("G1 X60");
    for (const ByteOffset byte : {line, line + 1, line + 9})
        QCOMPARE(snapshotFromFile(*print.source, print.index, byte)->byte, line);
}

void TestSnapshot::startMacroIsInferred_data()
{
    QTest::addColumn<QByteArray>("start");
    QTest::addColumn<QByteArray>("hotend");
    QTest::addColumn<QByteArray>("bed");
    QTest::newRow("klipper-plr's readme") << QByteArray("START_PRINT EXTRUDER=210 BED=60") << QByteArray("210") << QByteArray("60");
    QTest::newRow("long names") << QByteArray("print_start extruder_temp=245.5 bed_temp=100 chamber_temp=50") << QByteArray("245.5") << QByteArray("100");
    QTest::newRow("hotend") << QByteArray("START HOTEND=200 BED_TEMP=0") << QByteArray("200") << QByteArray();
    QTest::newRow("an index is no temperature") << QByteArray("START_PRINT EXTRUDER=1 BED=60") << QByteArray() << QByteArray("60");
    QTest::newRow("no number") << QByteArray("START_PRINT EXTRUDER=hot BED=nan") << QByteArray() << QByteArray();
    QTest::newRow("out of all reason") << QByteArray("START_PRINT EXTRUDER=2100 BED=600") << QByteArray() << QByteArray();
    QTest::newRow("the file's own word counts") << QByteArray("START_PRINT EXTRUDER=210 BED=60\nM104 S225\nM140 S70") << QByteArray("225") << QByteArray("70");
}

void TestSnapshot::startMacroIsInferred()
{
    QFETCH(QByteArray, start);
    QFETCH(QByteArray, hotend);
    QFETCH(QByteArray, bed);
    const Print print = printOf(start.toStdString() + "\nG90\nM83\nG1 X0 Y0 Z0.2 F600\nG1 X5 E1\nG1 X9 E1\n");
    const auto snapshot = snapshotFromFile(*print.source, print.index, print.index.size);
    QVERIFY(snapshot.has_value());
    QCOMPARE(QByteArray::fromStdString(textOf(*snapshot, "hotend.0")), hotend);
    QCOMPARE(QByteArray::fromStdString(textOf(*snapshot, "bed")), bed);
    const bool own = start.contains("M104");
    const Origin expected = hotend.isEmpty() ? Origin::Unknown : own ? Origin::Replayed : Origin::Inferred;
    QCOMPARE(snapshot->fields.at("hotend.0").origin, expected);
    if (expected == Origin::Inferred)
        QVERIFY(!snapshot->fields.at("hotend.0").note.empty());
    QCOMPARE(snapshot->unconfirmed().empty(), own || (hotend.isEmpty() && bed.isEmpty()));
}

void TestSnapshot::settingsAreSecondBest()
{
    const std::string print = "\nG90\nM83\nG1 X0 Y0 Z0.2 F600\nG1 X5 E1\nG1 X9 E1\n", settings = "; temperature = 215\n; bed_temperature = 60\n";
    const auto snapshotOf = [&](const std::string& start) {
        const Print file = printOf(start + print + settings);
        return *snapshotFromFile(*file.source, file.index, file.index.size - settings.size());
    };
    const Snapshot silent = snapshotOf("START_PRINT");
    QCOMPARE(silent.fields.at("hotend.0").origin, Origin::Inferred);
    QCOMPARE(silent.fields.at("hotend.0").note, std::string("temperature = 215"));
    QCOMPARE(silent.fields.at("bed").note, std::string("bed_temperature = 60"));
    QCOMPARE(snapshotOf("START_PRINT EXTRUDER=230").fields.at("hotend.0").note, std::string("START_PRINT EXTRUDER=230"));
    QCOMPARE(snapshotOf("START_PRINT EXTRUDER=230").fields.at("bed").note, std::string("bed_temperature = 60"));
    // No macro: what the file does not heat is not heated, whatever its settings say.
    const Snapshot bare = snapshotOf("M104 S225");
    QCOMPARE(bare.fields.at("hotend.0").origin, Origin::Replayed);
    QCOMPARE(bare.fields.at("bed").origin, Origin::Unknown);
    QVERIFY(bare.unconfirmed().empty());
}

void TestSnapshot::observedWinsWhereTheFileCannotKnow()
{
    const Print print = printOf(text);
    Sample s = sample();
    s.speedFactor = 0.8;
    s.extrudeFactor = 0.95;
    s.homingOrigin = {0, 0, -0.05, 0};
    s.excludedObjects = std::vector<std::string>{"part_2"};
    s.heaters["extruder"] = {208.3, 215.0};
    s.heaters["heater_bed"] = {59.0, 60.0};
    const auto snapshot = snapshotFromSample(*print.source, print.index, print.index.size, s);
    QVERIFY(snapshot.has_value());
    QCOMPARE(snapshot->source, SnapshotSource::Recorder);
    QCOMPARE(snapshot->time, std::optional(1000.0));
    QCOMPARE(snapshot->file.name, std::string("sub/test.gcode"));
    QCOMPARE(snapshot->state.speedPercent, 80.0);
    QCOMPARE(snapshot->state.flowPercent.at(0), 95.0);
    QCOMPARE(snapshot->state.gcodeOffset.at("Z"), -0.05);
    QVERIFY(!snapshot->state.gcodeOffset.count("X"));
    QCOMPARE(snapshot->state.excluded, std::set<std::string>{"part_2"});
    QCOMPARE(snapshot->state.hotend.at(0), 215.0);
    for (const char* key : {"speed_percent", "flow_percent.0", "gcode_offset.Z", "excluded", "hotend.0", "bed"})
        QVERIFY2(snapshot->fields.at(key).origin == Origin::Observed, key);
    QVERIFY(snapshot->fields.at("hotend.0").conflicts());
    QCOMPARE(snapshot->fields.at("hotend.0").replayed, std::string("210"));
    QVERIFY(!snapshot->fields.at("bed").conflicts());
}

void TestSnapshot::fileWinsWhereItKnowsToTheLine()
{
    const Print print = printOf(text);
    Sample s = sample();
    s.fans["fan"] = 0.2;
    s.maxAccel = 3000;
    s.pressureAdvance["extruder"] = 0.1;
    s.absoluteExtrude = true;
    const auto snapshot = snapshotFromSample(*print.source, print.index, print.index.size, s);
    QCOMPARE(snapshot->state.fans.at("0"), 128.0);
    QCOMPARE(snapshot->state.motion.at("SET_VELOCITY_LIMIT").at("ACCEL"), 1500.0);
    QCOMPARE(snapshot->state.pressureAdvance.at("extruder"), 0.04);
    QVERIFY(!snapshot->state.absoluteEFlag);
    for (const char* key : {"fans.0", "motion.SET_VELOCITY_LIMIT.ACCEL", "pressure_advance.extruder", "absolute_e"}) {
        QVERIFY2(snapshot->fields.at(key).conflicts(), key);
        QVERIFY2(snapshot->fields.at(key).origin == Origin::Replayed, key);
    }
    s.fans["fan"] = 0.502;
    QVERIFY(!snapshotFromSample(*print.source, print.index, print.index.size, s)->fields.at("fans.0").conflicts());
}

void TestSnapshot::measuredIsNeverATarget()
{
    const Print print = printOf("G90\nM83\nG1 X0 Y0 Z0.2 F600\nG1 X5 E1\n");
    Sample s = sample();
    s.heaters["extruder"] = {208.3, std::nullopt};
    s.heaters["heater_bed"] = {59.0, 0.0};
    const auto snapshot = snapshotFromSample(*print.source, print.index, print.index.size, s);
    QVERIFY(snapshot->state.hotend.empty());
    QVERIFY(!snapshot->state.bed);
    QCOMPARE(snapshot->missing(), std::vector<std::string>{"hotend.0"});
}

void TestSnapshot::heaterOffIsNoTarget()
{
    const Print print = printOf(text);
    Sample s = sample();
    s.heaters["extruder"] = {208.3, 0.0};
    const auto snapshot = snapshotFromSample(*print.source, print.index, print.index.size, s);
    QCOMPARE(snapshot->state.hotend.at(0), 210.0);
    QCOMPARE(snapshot->fields.at("hotend.0").origin, Origin::Replayed);
}

void TestSnapshot::observedFillsWhatTheFileNeverSaid()
{
    const Print print = printOf("START_PRINT EXTRUDER=215 BED=65\nG90\nM83\nG1 X0 Y0 Z0.2 F600\nG1 X5 E1\n");
    Sample s = sample();
    s.heaters["extruder"] = {214.0, 215.0};
    s.heaters["extruder1"] = {150.0, 160.0};
    s.heaters["heater_bed"] = {64.0, 65.0};
    s.heaters["heater_generic chamber"] = {40.0, 45.0};
    s.fans["fan"] = 0.5;
    s.meshProfile = "default";
    s.maxAccel = 3000;
    const auto snapshot = snapshotFromSample(*print.source, print.index, print.index.size, s);
    QVERIFY(snapshot->unconfirmed().empty());
    QVERIFY(snapshot->missing().empty());
    QCOMPARE(snapshot->state.hotend.at(1), 160.0);
    QCOMPARE(*snapshot->state.bed, 65.0);
    QCOMPARE(snapshot->state.heaters.at("chamber"), 45.0);
    QCOMPARE(snapshot->state.fans.at("0"), 127.5);
    QCOMPARE(snapshot->state.mesh->profile, std::string("default"));
    QCOMPARE(snapshot->state.motion.at("SET_VELOCITY_LIMIT").at("ACCEL"), 3000.0);
    QCOMPARE(snapshot->fields.at("mesh").origin, Origin::Observed);
}

/// Saved offset 6144 in the recording is the START of a line whose END is the saved position.
void TestSnapshot::pluginStateMapsToTheNextLine()
{
    const Print print = tower();
    const klipper::PlrState state = savedState();
    const auto snapshot = snapshotFromPlugin(*print.source, print.index, state, 1795164800.0);
    QVERIFY(snapshot.has_value());
    const auto saved = gcode::locate(*print.source, print.index, state.filePosition);
    QCOMPARE(snapshot->byte, saved->end);
    QVERIFY(snapshot->byte > state.filePosition);
    QCOMPARE(snapshot->source, SnapshotSource::Plugin);
    QCOMPARE(snapshot->time, std::optional(1795164800.0));
    for (const char* key : {"position.x", "position.y", "position.z"}) {
        const FieldInfo& info = snapshot->fields.at(key);
        QVERIFY2(!info.observed.empty() && !info.conflicts(), key);
    }
    // 214.4 and 59.3 were measured; the targets are the file's.
    QCOMPARE(snapshot->state.hotend.at(0), 210.0);
    QCOMPARE(*snapshot->state.bed, 60.0);
    QCOMPARE(snapshot->fields.at("hotend.0").note, std::string("measured 214.4"));
    QVERIFY(!snapshot->fields.at("fans.0").conflicts());
    QCOMPARE(snapshot->layer, std::optional<std::size_t>(6));
    QVERIFY(snapshot->missing().empty());
}

void TestSnapshot::pluginStateOfAnotherFile()
{
    const Print print = tower();
    klipper::PlrState state = savedState();
    state.totalSize += 1;
    const auto snapshot = snapshotFromPlugin(*print.source, print.index, state, std::nullopt);
    QVERIFY(!snapshot.has_value());
    QCOMPARE(snapshot.error().code, ErrorCode::FileChanged);
}

void TestSnapshot::pluginMovedPositionIsAConflict()
{
    const Print print = tower();
    klipper::PlrState state = savedState();
    state.position[0] += 0.5;
    state.offsets[2] = -0.02;
    state.position[2] -= 0.02;
    const auto snapshot = snapshotFromPlugin(*print.source, print.index, state, std::nullopt);
    QVERIFY(snapshot->fields.at("position.x").conflicts());
    QVERIFY(!snapshot->fields.at("position.z").conflicts());
    QCOMPARE(snapshot->state.gcodeOffset.at("Z"), -0.02);
}

void TestSnapshot::edits_data()
{
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("value");
    for (const auto& [key, value] : std::initializer_list<std::pair<const char*, const char*>>{
             {"position.x", "12.5"}, {"position.z", "0.000001"}, {"e", "-3.25"}, {"feed", "1800"}, {"tool", "1"}, {"hotend.0", "215"},
             {"hotend.3", "180"}, {"bed", "65"}, {"chamber", "40"}, {"fans.0", "255"}, {"fans.aux", "0.5"}, {"heaters.chamber", "45"},
             {"speed_percent", "80"}, {"flow_percent.0", "97.5"}, {"pressure_advance.extruder", "0.05"}, {"motion.SET_VELOCITY_LIMIT.ACCEL", "900"},
             {"mesh", "default"}, {"gcode_offset.Z", "-0.05"}, {"absolute_e", "true"}, {"absolute_xyz", "false"}, {"excluded", "a, b"}, {"retracted", "true"}})
        QTest::newRow(key) << QByteArray(key) << QByteArray(value);
}

void TestSnapshot::edits()
{
    QFETCH(QByteArray, key);
    QFETCH(QByteArray, value);
    const Print print = printOf(text);
    auto snapshot = snapshotFromFile(*print.source, print.index, print.index.size);
    const auto done = edit(*snapshot, key.toStdString(), value.toStdString(), "why");
    QVERIFY(done.has_value());
    QCOMPARE(textOf(*snapshot, key.toStdString()), value.toStdString());
    QCOMPARE(snapshot->fields.at(key.toStdString()).origin, Origin::Edited);
    QCOMPARE(snapshot->fields.at(key.toStdString()).note, std::string("why"));
}

void TestSnapshot::wrongEditsChangeNothing_data()
{
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("value");
    int n = 0;
    for (const auto& [key, value] : std::initializer_list<std::pair<const char*, const char*>>{
             {"position.x", ""}, {"position.x", "1e9"}, {"position.x", "nan"}, {"position.x", "12,5"}, {"position.w", "1"}, {"hotend.0", "501"},
             {"hotend.0", "-1"}, {"hotend.x", "200"}, {"hotend.-1", "200"}, {"bed", "201"}, {"tool", "1.5"}, {"tool", "-1"}, {"feed", "0"},
             {"speed_percent", "0"}, {"fans.0", "256"}, {"fans.aux", "2"}, {"fans.a\nb", "1"}, {"motion.M999.X", "1"}, {"mesh", "a\nM112"},
             {"excluded", "a\nb"}, {"absolute_e", "maybe"}, {"gcode_offset.Q", "1"}, {"nonsense", "1"}, {"", "1"}})
        QTest::addRow("%d %s", ++n, key) << QByteArray(key) << QByteArray(value);
}

void TestSnapshot::wrongEditsChangeNothing()
{
    QFETCH(QByteArray, key);
    QFETCH(QByteArray, value);
    const Print print = printOf(text);
    auto snapshot = snapshotFromFile(*print.source, print.index, print.index.size);
    const gcode::MachineState before = snapshot->state;
    const auto done = edit(*snapshot, key.toStdString(), value.toStdString(), "why");
    QVERIFY(!done.has_value());
    QCOMPARE(done.error().code, ErrorCode::BadValue);
    QCOMPARE(done.error().field, key.toStdString());
    QVERIFY(snapshot->state == before);
}

void TestSnapshot::rowsCoverEveryField()
{
    const Print print = tower();
    const auto snapshot = snapshotFromPlugin(*print.source, print.index, savedState(), std::nullopt);
    const auto rows = fieldRows(*snapshot);
    for (const auto& field : snapshot->fields)
        QCOMPARE(std::count_if(rows.begin(), rows.end(), [&field](const FieldRow& row) { return row.key == field.first; }), std::ptrdiff_t(1));
    for (const FieldRow& row : rows) {
        const std::string label = english(row.label);
        QVERIFY2(!label.empty() && label != row.key, row.key.c_str());
    }
}

void TestSnapshot::names()
{
    QCOMPARE(name(Origin::Observed), std::string_view("observed"));
    QCOMPARE(name(Origin::Unknown), std::string_view("unknown"));
    QCOMPARE(name(SnapshotSource::Plugin), std::string_view("plugin"));
    QCOMPARE(name(SnapshotSource::Recorder), std::string_view("recorder"));
}

QTEST_GUILESS_MAIN(TestSnapshot)
#include "tst_snapshot.moc"
