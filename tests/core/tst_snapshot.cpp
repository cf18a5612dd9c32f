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
    void homeIsNoPosition();
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
    void bytesOfAResumeFile();
    void bytesOfAResumeFileOfAResumeFile();
    void bytesOfThePluginsFile();
    void anotherOriginalIsRefused_data();
    void anotherOriginalIsRefused();
    void snapshotOfAResumeFileMovesToTheOriginal();
    void conflictsAreExplained_data();
    void conflictsAreExplained();
    void positionsAreComparedWhereTheyWereRead();
    void anotherFileIsTold();
    void equalIsNoConflict();
    void whatWasReadAheadIsNoConflict();
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

void TestSnapshot::homeIsNoPosition()
{
    const std::string start = "M104 S210\nG90\nM83\nG1 X50 Y50 Z0.2 F3000\nG1 X60 E1\n";
    const auto missing = [](const std::string& whole) {
        const Print print = printOf(whole + "G1 X60 E1\n");
        return snapshotFromFile(*print.source, print.index, whole.size())->missing();
    };
    QVERIFY(missing(start).empty());
    QCOMPARE(missing(start + "G28 X0 Y0\n"), (std::vector<std::string>{"position.x", "position.y"}));
    QCOMPARE(missing(start + "G28 X0\nG91\nG1 X5\nG90\n"), std::vector<std::string>{"position.x"});
    QVERIFY(missing(start + "G28 X0\nG1 X5\n").empty());
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

namespace {

/// The head this program writes, some steps, and the tail of `original` from `byte` on. `parent` names what it was cut from.
std::string resumeFileOf(const std::string& original, ByteOffset byte, std::optional<ByteOffset> root = {})
{
    std::string resumed = "; Kintsugi resume file\n; continues: test.gcode\n";
    if (root)
        resumed += "; root byte: " + std::to_string(*root) + "\n";
    return resumed + "; step 1: heat\nM109 S210\nG1 X0 Y0 Z5 F3000\n; KINTSUGI RESUME POINT byte=" + std::to_string(byte) + "\n" + original.substr(byte);
}

std::string longPrint()
{
    std::string print = text;
    for (int i = 0; i < 200; ++i)
        print += "G1 X" + std::to_string(50 + i % 10) + " Y" + std::to_string(i) + " E1\n";
    return print;
}

bool says(const std::vector<Message>& messages, const std::string& words)
{
    return std::any_of(messages.begin(), messages.end(), [&words](const Message& m) { return english(m).find(words) != std::string::npos; });
}

} // namespace

void TestSnapshot::bytesOfAResumeFile()
{
    const std::string original = longPrint();
    const ByteOffset cut = original.find("G1 X53 Y3 ");
    const std::string resumed = resumeFileOf(original, cut);
    const gcode::MemorySource one(resumed), other(original);
    for (const char* line : {"G1 X53 Y3 ", "G1 X57 Y87 ", "G1 X59 Y199 "}) {
        const auto at = originalByte(one, other, resumed.find(line));
        QVERIFY(at.has_value());
        QCOMPARE(at->byte, ByteOffset(original.find(line)));
        QVERIFY(!at->inPreamble);
    }
    const auto preamble = originalByte(one, other, resumed.find("M109"));
    QCOMPARE(preamble->byte, cut);
    QVERIFY(preamble->inPreamble);
    QCOMPARE(originalByte(one, other, resumed.size())->byte, ByteOffset(original.size()));
    QCOMPARE(originalByte(one, other, resumed.size() + 1).error().code, ErrorCode::BadByte);
    QCOMPARE(originalByte(other, other, 1234)->byte, ByteOffset(1234)); // zero-copy: the original itself
}

void TestSnapshot::bytesOfAResumeFileOfAResumeFile()
{
    const std::string original = longPrint();
    const ByteOffset cut = original.find("G1 X53 Y3 ");
    const std::string first = resumeFileOf(original, cut);
    const ByteOffset again = first.find("G1 X50 Y60 ");
    const std::string second = resumeFileOf(first, again, original.find("G1 X50 Y60 "));
    const gcode::MemorySource one(second), other(original);
    const auto at = originalByte(one, other, second.find("G1 X57 Y127 "));
    QVERIFY(at.has_value());
    QCOMPARE(at->byte, ByteOffset(original.find("G1 X57 Y127 ")));
    // The file in between is an original of it too: the one it was cut from.
    const gcode::MemorySource middle(first);
    QCOMPARE(originalByte(middle, other, first.find("G1 X57 Y127 "))->byte, ByteOffset(original.find("G1 X57 Y127 ")));
}

/// klipper-plr names no byte and writes its file under the name of the original.
void TestSnapshot::bytesOfThePluginsFile()
{
    const auto written = gcode::FileSource::open(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.after_PLR_RESUME_PRINT.gcode");
    const auto original = gcode::FileSource::open(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.gcode");
    const std::uint64_t shorter = *(*original)->size() - *(*written)->size();
    const auto tail = originalByte(**written, **original, 15'000);
    QVERIFY(tail.has_value());
    QVERIFY(!tail->inPreamble);
    QCOMPARE(tail->byte, 15'000 + shorter);
    const auto head = originalByte(**written, **original, 400);
    QVERIFY(head.has_value());
    QVERIFY(head->inPreamble);
    const auto index = gcode::buildIndex(**original, gcode::Dialect::Klipper);
    QCOMPARE(gcode::locate(**original, *index, head->byte)->byte, head->byte);
}

void TestSnapshot::anotherOriginalIsRefused_data()
{
    QTest::addColumn<QByteArray>("change"); // text of the tail -> another of the same length, or more
    QTest::addColumn<QByteArray>("into");
    QTest::newRow("edited after the point") << QByteArray("G1 X57 Y87 ") << QByteArray("G1 X57 Y88 ");
    QTest::newRow("longer") << QByteArray("G1 X57 Y87 ") << QByteArray("G1 X57.1 Y87 ");
    QTest::newRow("edited at the end") << QByteArray("G1 X59 Y199 ") << QByteArray("G1 X58 Y199 ");
}

void TestSnapshot::anotherOriginalIsRefused()
{
    QFETCH(QByteArray, change);
    QFETCH(QByteArray, into);
    const std::string original = longPrint();
    const std::string resumed = resumeFileOf(original, original.find("G1 X53 Y3 "));
    std::string edited = original;
    edited.replace(edited.find(change.toStdString()), std::size_t(change.size()), into.toStdString());
    const gcode::MemorySource one(resumed), other(edited);
    const auto at = originalByte(one, other, resumed.find("G1 X50 Y10 "));
    QVERIFY(!at.has_value());
    QCOMPARE(at.error().code, ErrorCode::FileChanged);
}

void TestSnapshot::snapshotOfAResumeFileMovesToTheOriginal()
{
    const std::string original = longPrint();
    const std::string resumed = resumeFileOf(original, original.find("G1 X53 Y3 "));
    const Print there = printOf(resumed), here = printOf(original);
    Sample seen = sample();
    seen.speedFactor = 1.2;
    seen.homingOrigin = {0, 0, 0.15, 0};
    seen.heaters["extruder"] = {.temperature = 215, .target = 216};
    seen.maxAccel = 2500;
    seen.excludedObjects = {{"cube 2"}};
    auto snapshot = snapshotFromSample(*there.source, there.index, resumed.find("G1 X57 Y87 "), seen);
    QVERIFY(snapshot.has_value());
    QVERIFY(edit(*snapshot, "bed", "65", "warmer").has_value());
    snapshot->earliest = resumed.find("G1 X55 Y85 ");
    snapshot->latest = resumed.find("G1 X50 Y90 ");
    snapshot->note = "mine";
    const auto mapped = mapToOriginal(*snapshot, *there.source, *here.source, here.index);
    QVERIFY(mapped.has_value());
    QCOMPARE(mapped->byte, ByteOffset(original.find("G1 X57 Y87 ")));
    QCOMPARE(*mapped->earliest, ByteOffset(original.find("G1 X55 Y85 ")));
    QCOMPARE(*mapped->latest, ByteOffset(original.find("G1 X50 Y90 ")));
    QCOMPARE(mapped->file.size, std::uint64_t(original.size()));
    QCOMPARE(mapped->note, std::string("mine"));
    QCOMPARE(mapped->source, SnapshotSource::Recorder);
    for (const auto& [key, value] : {std::pair("speed_percent", "120"), std::pair("gcode_offset.Z", "0.15"), std::pair("hotend.0", "216"),
                                     std::pair("bed", "65"), std::pair("motion.SET_VELOCITY_LIMIT.ACCEL", "2500"), std::pair("excluded", "cube 2"),
                                     std::pair("position.x", "56"), std::pair("position.z", "0.2")})
        QVERIFY2(textOf(*mapped, key) == value, qPrintable(QString::fromStdString(std::string(key) + " is " + textOf(*mapped, key))));
    QCOMPARE(mapped->fields.at("bed").origin, Origin::Edited);
    QCOMPARE(mapped->fields.at("speed_percent").origin, Origin::Observed);
    snapshot->file.size += 1;
    QCOMPARE(mapToOriginal(*snapshot, *there.source, *here.source, here.index).error().code, ErrorCode::FileChanged);
}

void TestSnapshot::conflictsAreExplained_data()
{
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("observed");
    QTest::addColumn<QByteArray>("words");
    const auto row = [](const char* key, const char* observed, const char* words) { QTest::newRow(key) << QByteArray(key) << QByteArray(observed) << QByteArray(words); };
    row("speed_percent", "150", "speed factor was changed");
    row("flow_percent.0", "95", "flow factor was changed");
    row("gcode_offset.Z", "0.1", "offset Z was changed");
    row("hotend.0", "220", "nozzle's target was changed");
    row("bed", "70", "bed's target was changed");
    row("fans.0", "255", "Fan 0 was changed");
    row("pressure_advance.extruder", "0.06", "pressure advance of extruder");
    row("mesh", "other", "bed mesh");
    row("position.z", "1.5", "offset was edited");
    row("absolute_e", "true", "do not agree on absolute_e");
}

void TestSnapshot::conflictsAreExplained()
{
    QFETCH(QByteArray, key);
    QFETCH(QByteArray, observed);
    QFETCH(QByteArray, words);
    const Print print = printOf(text);
    auto snapshot = snapshotFromFile(*print.source, print.index, text.find("G1 Y60"));
    FieldInfo& info = snapshot->fields[key.toStdString()];
    if (info.replayed.empty())
        info.replayed = "0.02";
    info.observed = observed.toStdString();
    const auto messages = explainConflicts(*snapshot);
    QCOMPARE(messages.size(), std::size_t(1));
    QVERIFY2(says(messages, words.toStdString()), english(messages.front()).c_str());
}

namespace {

/// What a printer reports while it reads `print`, moved by an offset.
std::vector<Sample> reports(const Print& print, const std::vector<ByteOffset>& bytes, double dx, double dz)
{
    std::vector<Sample> samples;
    for (const ByteOffset byte : bytes) {
        const auto at = gcode::locate(*print.source, print.index, byte);
        Sample one = sample();
        one.time += double(samples.size());
        one.printState = "printing";
        one.filePosition = at->byte;
        one.fileSize = print.index.size;
        one.gcodePosition = {gcode::toMillimetres(*at->state.position[0]) + dx, gcode::toMillimetres(*at->state.position[1]),
                             gcode::toMillimetres(*at->state.position[2]) + dz, 0};
        samples.push_back(one);
    }
    return samples;
}

std::vector<ByteOffset> someLines(const std::string& print)
{
    std::vector<ByteOffset> bytes;
    for (int i = 20; i < 180; i += 9)
        bytes.push_back(print.find("G1 X" + std::to_string(50 + i % 10) + " Y" + std::to_string(i) + " "));
    return bytes;
}

} // namespace

void TestSnapshot::positionsAreComparedWhereTheyWereRead()
{
    const std::string lines = longPrint();
    const Print print = printOf(lines);
    const auto snapshot = snapshotFromFile(*print.source, print.index, lines.find("G1 X57 Y87 "));
    const auto moved = explainConflicts(*snapshot, *print.source, print.index, reports(print, someLines(lines), 0, 0.3));
    QVERIFY(moved.has_value());
    QCOMPARE(moved->size(), std::size_t(1));
    QVERIFY2(says(*moved, "Every position differs") && says(*moved, "Z +0.3"), english(moved->front()).c_str());
    QVERIFY(!says(*moved, "X +"));
}

void TestSnapshot::anotherFileIsTold()
{
    const std::string lines = longPrint();
    const Print print = printOf(lines);
    const auto snapshot = snapshotFromFile(*print.source, print.index, lines.find("G1 X57 Y87 "));
    std::vector<Sample> samples = reports(print, someLines(lines), 0, 0);
    for (std::size_t i = 0; i < samples.size(); ++i)
        (*samples[i].gcodePosition)[0] += 3.0 * double(i % 5) + 1;
    const auto other = explainConflicts(*snapshot, *print.source, print.index, samples);
    QVERIFY2(says(*other, "another file"), english(other->front()).c_str());
    samples = reports(print, someLines(lines), 0, 0);
    for (Sample& one : samples)
        one.fileSize = print.index.size + 7;
    const auto changed = explainConflicts(*snapshot, *print.source, print.index, samples);
    QCOMPARE(changed->size(), std::size_t(1));
    QVERIFY(says(*changed, "another file or was changed"));
}

void TestSnapshot::equalIsNoConflict()
{
    const std::string lines = longPrint();
    const Print print = printOf(lines);
    const auto snapshot = snapshotFromSample(*print.source, print.index, lines.find("G1 X57 Y87 "), sample());
    QVERIFY(explainConflicts(*snapshot).empty());
    std::vector<Sample> samples = reports(print, someLines(lines), 0, 0);
    (*samples[4].gcodePosition)[0] += 4; // one stray report
    QVERIFY(explainConflicts(*snapshot, *print.source, print.index, samples)->empty());
    QVERIFY(explainConflicts(*snapshot, *print.source, print.index, {})->empty());
}

/// The printer has read a new target, fan and factor that the nozzle has not come to.
void TestSnapshot::whatWasReadAheadIsNoConflict()
{
    const std::string lines = text + "M104 S205\nM106 S255\nM220 S80\nG1 X55 E1\nG1 Y55 E1\n";
    const Print print = printOf(lines);
    Sample seen = sample();
    seen.heaters["extruder"] = {.temperature = 209, .target = 205};
    seen.fans["fan"] = 1.0;
    seen.speedFactor = 0.8;
    seen.heaters["heater_bed"] = {.temperature = 60, .target = 66};
    const ByteOffset byte = lines.find("G1 Y60");
    const auto known = [&](const std::optional<ByteOffset>& reader) {
        seen.filePosition = reader;
        return *snapshotFromSample(*print.source, print.index, byte, seen);
    };
    const Snapshot ahead = known(lines.find("G1 Y55"));
    for (const auto& [key, value] : {std::pair("hotend.0", "210"), std::pair("fans.0", "128"), std::pair("speed_percent", "100"), std::pair("bed", "66")})
        QVERIFY2(textOf(ahead, key) == value, qPrintable(QString::fromStdString(std::string(key) + " is " + textOf(ahead, key))));
    const auto messages = explainConflicts(ahead);
    QCOMPARE(messages.size(), std::size_t(1));
    QVERIFY(says(messages, "bed's target"));
    const Snapshot operators = known(lines.find("G1 X50 E1")); // read no further: somebody turned the knobs
    QCOMPARE(textOf(operators, "hotend.0"), std::string("205"));
    QCOMPARE(explainConflicts(operators).size(), std::size_t(4));
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
