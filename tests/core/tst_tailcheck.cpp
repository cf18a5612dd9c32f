// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "recovery/tailcheck.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using gcode::Dialect;

namespace {

/// Six layers of 0.2 mm with a place for a line in each: {layer from 0, text}.
std::string print(const std::vector<std::pair<int, std::string>>& extra = {}, const std::string& end = {})
{
    std::string text = "START_PRINT\nG28\nG90\nM83\nG1 F3000\n";
    for (int layer = 0; layer < 6; ++layer) {
        const std::string z = decimal(0.2 * (layer + 1));
        text += ";LAYER_CHANGE\n;Z:" + z + "\nG1 Z" + z + "\nG1 X50 Y50\n";
        for (const auto& [at, line] : extra) {
            if (at == layer)
                text += line + "\n";
        }
        for (int i = 1; i < 20; ++i)
            text += "G1 X" + std::to_string(50 + i) + " Y" + std::to_string(50 + i % 3) + " E0.1\n";
    }
    return text + end;
}

std::vector<TailFinding> check(const std::string& text, ByteOffset byte, Dialect dialect = Dialect::Klipper, const TravelLimits* limits = nullptr)
{
    const gcode::MemorySource source(text);
    const auto index = gcode::buildIndex(source, dialect);
    auto found = checkTail(source, *index, byte, limits);
    return found ? *found : std::vector<TailFinding>();
}

ByteOffset layerByte(const std::string& text, const std::string& z)
{
    return text.find(";LAYER_CHANGE\n;Z:" + z + "\n");
}

std::string verdict(const std::vector<TailFinding>& found)
{
    if (found.empty())
        return "nothing";
    static const std::array names{"homing", "probing", "purge", "macro", "outside", "park", "setting", "condition"};
    return std::string(names.at(static_cast<std::size_t>(found.front().kind))) + (found.front().blocks ? " blocks" : "");
}

} // namespace

class TestTailCheck : public QObject
{
    Q_OBJECT
private slots:
    void lines_data();
    void lines();
    void reach_data();
    void reach();
    void travelLimits_data();
    void travelLimits();
    void everyCommandOfALineIsLookedAt();
    void hooksAreSaidOnce();
    void textIsBoundedAndClean();
    void manyFindingsEnd();
    void findingsPointAtTheirLine();
    void beyondTheFile();
};

void TestTailCheck::lines_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("expected");
    QTest::addColumn<int>("dialect");
    const auto row = [](const char* line, const char* expected, Dialect dialect = Dialect::Klipper) {
        QTest::addRow("%s %s", line, std::string(gcode::name(dialect)).c_str()) << QByteArray(line) << QByteArray(expected) << int(dialect);
    };
    for (const char* line : {"G28", "g28 z", "G28 X Y Z", "G28 Z0", "START_PRINT EXTRUDER=210", "PRINT_START", "_HOME_Z", "homing_macro"})
        row(line, "homing blocks");
    for (const char* line : {"G28 X", "G28 X0 Y0", "g28y"})
        row(line, "homing");
    for (const char* line : {"G29", "G30", "G32", "G33", "G34", "G35", "G38.2 Z-1", "G76", "G425", "M48", "PROBE", "PROBE_ACCURACY", "BED_MESH_CALIBRATE",
                             "bed_mesh_calibrate ADAPTIVE=1", "QUAD_GANTRY_LEVEL", "QGL", "Z_TILT_ADJUST", "SCREWS_TILT_CALCULATE", "DELTA_CALIBRATE",
                             "Z_ENDSTOP_CALIBRATE", "CALIBRATE_Z", "SETUP_KAMP_MESHING", "AXIS_TWIST_COMPENSATION_CALIBRATE"})
        row(line, "probing blocks");
    row("G26", "purge blocks", Dialect::Marlin);
    for (const char* line : {"CLEAN_NOZZLE", "BRUSH", "WIPE_NOZZLE", "PURGE", "PRIME_LINE", "LINE_PURGE", "VORON_PURGE", "KAMP_SETTINGS", "SMART_PARK", "G12"})
        row(line, "purge");
    for (const char* line : {"MY_OWN_THING", "LAYER_HOOK HEIGHT=1", "M98 P\"macro.g\""})
        row(line, "macro");
    for (const char* line : {"M104 S200", "M106 S255", "T0", "G92 E0", "G10", "G11", "G4 P10", "M600", "M73 P5", "M117 G28 is text", "; G28", "",
                             "PLR_SAVE_PRINT_STATE_WITH_LAYER LAYER=3 LAYER_HEIGHT=0.8", "PLR_ENABLE", "SET_PRESSURE_ADVANCE ADVANCE=0.04",
                             "EXCLUDE_OBJECT_START NAME=a", "TIMELAPSE_TAKE_FRAME", "_TIMELAPSE_NEW_FRAME", "SET_LED LED=x RED=1", "RESPOND MSG=G28",
                             "QUERY_PROBE", "BED_MESH_PROFILE LOAD=default", "PAUSE", "SAVE_GCODE_STATE NAME=a", "M204 S1000"})
        row(line, "nothing");
    row("G29 S1", "nothing", Dialect::RepRapFirmware);
    row("G29 S0", "probing blocks", Dialect::RepRapFirmware);
    row("G29", "probing blocks", Dialect::RepRapFirmware);
    row("G29 L1", "nothing", Dialect::Marlin);
    row("G29 A", "nothing", Dialect::Marlin);
    row("G29 P1", "probing blocks", Dialect::Marlin);
    row("G29 L1 J", "probing blocks", Dialect::Marlin);
    row("BED_MESH_CALIBRATE", "nothing", Dialect::Marlin); // no command there
    row("G28 W", "homing blocks", Dialect::Prusa);
    for (const char* line : {"G27", "G27 P2", "G61 S1", "M125"})
        row(line, "park", Dialect::Marlin);
    for (const char* line : {"M701", "M702 Z10"})
        row(line, "purge", Dialect::Marlin);
    for (const char* line : {"M810", "M815 G28|G29"})
        row(line, "macro", Dialect::Marlin);
    for (const char* line : {"M851 Z-1.5", "M206 Z2", "M92 Z800", "M428", "G10 L2 P1 X5", "G10 L20 P1 Z0", "M218 T1 X5"})
        row(line, "setting", Dialect::Marlin);
    row("G60 S1", "nothing", Dialect::Marlin);
    row("G10 P1 X5 Y0", "setting", Dialect::RepRapFirmware);
    row("G10 P1 S210 R150", "nothing", Dialect::RepRapFirmware);
    row("M106 S0 G28 Z", "homing blocks", Dialect::RepRapFirmware);
    row("M106 S0 G28 Z", "nothing", Dialect::Marlin);
    row("M106 S0 M98 P\"a.g\"", "macro", Dialect::RepRapFirmware);
    row("M98 P\"a.g\" G30", "macro", Dialect::RepRapFirmware); // and then probing
    row("G91 G1 Z5 G90 M701", "purge", Dialect::RepRapFirmware);
    row("M32 \"other.g\"", "macro blocks", Dialect::RepRapFirmware);
    row("G1 X{var.x} Y5", "condition", Dialect::RepRapFirmware);
    for (const char* line : {"if move.axes[0].homed", "while iterations < 3", "break", "var a = 5", "set var.a = 6", "global a = 1", "echo \"x\"", "abort"})
        row(line, "condition", Dialect::RepRapFirmware);
    row("X55 Y55", "condition", Dialect::RepRapFirmware);
    row("X55 Y55", "nothing", Dialect::Marlin);
    row("M117 G28", "nothing", Dialect::RepRapFirmware);
    row("M486 A\"G28 G29\"", "nothing", Dialect::RepRapFirmware);
}

void TestTailCheck::lines()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, expected);
    QFETCH(int, dialect);
    const std::string text = print({{3, line.toStdString()}});
    const auto found = check(text, layerByte(text, "0.6"), static_cast<Dialect>(dialect));
    QCOMPARE(QByteArray::fromStdString(verdict(found)), expected);
    for (const TailFinding& one : found)
        QVERIFY(!english(one.meaning).empty());
}

void TestTailCheck::reach_data()
{
    QTest::addColumn<int>("layer");
    QTest::addColumn<bool>("found");
    QTest::newRow("before the point") << 1 << false;
    QTest::newRow("same layer") << 2 << true;
    QTest::newRow("next") << 3 << true;
    QTest::newRow("second after") << 4 << true;
    QTest::newRow("third after") << 5 << false;
}

void TestTailCheck::reach()
{
    QFETCH(int, layer);
    QFETCH(bool, found);
    const std::string text = print({{layer, "G28"}}, "G28 X Y\nEND_PRINT\n");
    QCOMPARE(!check(text, layerByte(text, "0.6")).empty(), found);
    // The file's own end homes and lets go: that is none of it.
    const std::string clean = print({}, "G28 X Y\nEND_PRINT\nG28\n");
    QVERIFY(check(clean, layerByte(clean, "1.2")).empty());
}

void TestTailCheck::travelLimits_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<bool>("outside");
    QTest::newRow("at the limit") << QByteArray("G1 X100") << false;
    QTest::newRow("above") << QByteArray("G1 X100.01") << true;
    QTest::newRow("at the lower limit") << QByteArray("G1 Y-5") << false;
    QTest::newRow("below") << QByteArray("G1 Y-5.01") << true;
    QTest::newRow("too high") << QByteArray("G1 Z50.5") << true;
    QTest::newRow("by an offset") << QByteArray("SET_GCODE_OFFSET X=1\nG1 X99.5") << true;
    QTest::newRow("brought back by an offset") << QByteArray("SET_GCODE_OFFSET X=-1\nG1 X100.5") << false;
    QTest::newRow("coordinates shifted") << QByteArray("G92 X500\nG1 X501") << false;
}

void TestTailCheck::travelLimits()
{
    QFETCH(QByteArray, line);
    QFETCH(bool, outside);
    const TravelLimits limits{{0, -5, 0}, {100, 100, 50}};
    const std::string text = print({{3, line.toStdString()}});
    const auto found = check(text, layerByte(text, "0.6"), Dialect::Klipper, &limits);
    QCOMPARE(QByteArray::fromStdString(verdict(found)), QByteArray(outside ? "outside blocks" : "nothing"));
    QVERIFY(check(text, layerByte(text, "0.6")).empty());
}

void TestTailCheck::everyCommandOfALineIsLookedAt()
{
    const std::string line = "M98 P\"a.g\" G30 M92 Z800 ; G28";
    const std::string text = print({{3, "if var.a\n  " + line + "\nelse\n  G28 Z"}});
    std::vector<TailFinding::Kind> kinds;
    for (const TailFinding& one : check(text, layerByte(text, "0.6"), Dialect::RepRapFirmware)) {
        kinds.push_back(one.kind);
        QVERIFY(one.kind == TailFinding::Kind::Condition || one.kind == TailFinding::Kind::Homing || one.text == "  " + line);
    }
    using Kind = TailFinding::Kind;
    const std::vector expected{Kind::Condition, Kind::Macro, Kind::Probing, Kind::Setting, Kind::Condition, Kind::Homing};
    QVERIFY(kinds == expected);
}

void TestTailCheck::hooksAreSaidOnce()
{
    const std::string text = print({{2, "MY_HOOK Z=1"}, {3, "my_hook Z=2"}, {3, "OTHER"}, {4, "G28"}, {4, "G28"}});
    const auto found = check(text, layerByte(text, "0.6"));
    QCOMPARE(found.size(), std::size_t{4}); // what blocks is always said
    QCOMPARE(found[0].text, std::string("MY_HOOK Z=1"));
    QCOMPARE(found[1].text, std::string("OTHER"));
}

void TestTailCheck::textIsBoundedAndClean()
{
    const std::string text = print({{3, "EVIL \x1b[31m\x01" + std::string(100'000, 'x')}, {3, "EVIL2 " + std::string(193, 'y') + "\xC3\xA9\xC3\xA9"}});
    const auto found = check(text, layerByte(text, "0.6"));
    QCOMPARE(found.size(), std::size_t{2});
    QCOMPARE(found[0].text.size(), std::size_t{200});
    QVERIFY(std::none_of(found[0].text.begin(), found[0].text.end(), [](char c) { return c >= 0 && c < 0x20; }));
    QVERIFY(QString::fromUtf8(found[1].text.c_str()).count(QChar::ReplacementCharacter) <= 1);
}

void TestTailCheck::manyFindingsEnd()
{
    std::vector<std::pair<int, std::string>> extra(1000, {3, "G28"});
    const std::string text = print(extra);
    QCOMPARE(check(text, layerByte(text, "0.6")).size(), std::size_t{200});
}

void TestTailCheck::findingsPointAtTheirLine()
{
    const std::string text = print({{3, "G29 ; level"}});
    const auto found = check(text, layerByte(text, "0.6"));
    QCOMPARE(found.front().byte, ByteOffset(text.find("G29 ; level")));
    QCOMPARE(found.front().line, 1 + std::uint64_t(std::count(text.begin(), text.begin() + qsizetype(found.front().byte), '\n')));
    QCOMPARE(found.front().text, std::string("G29 ; level"));
}

void TestTailCheck::beyondTheFile()
{
    const std::string text = print();
    const gcode::MemorySource source(text);
    const auto index = gcode::buildIndex(source, Dialect::Klipper);
    QCOMPARE(checkTail(source, *index, text.size() + 1, nullptr).error().code, ErrorCode::BadByte);
    QVERIFY(checkTail(source, *index, text.size(), nullptr)->empty());
}

QTEST_GUILESS_MAIN(TestTailCheck)
#include "tst_tailcheck.moc"
