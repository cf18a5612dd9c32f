// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <cmath>
#include <limits>
#include <random>

#include "recovery/heightmap.h"
#include "recovery/heightmapwidth.h"

using namespace kintsugi;
using namespace kintsugi::gcode;
using namespace kintsugi::recovery;

namespace {

const QByteArray head = "G28\nG90\nM83\nG0 X5 Y5 Z5\n;HEIGHT:0.2\n;WIDTH:0.4\n";

struct Opened {
    explicit Opened(const QByteArray& text, Dialect dialect = Dialect::Klipper) : source(text.toStdString())
    {
        if (const auto built = buildIndex(source, dialect))
            index = *built;
    }
    [[nodiscard]] HeightMap map(HeightMapOptions options = {.margin = 0}, std::optional<ByteOffset> upTo = {}) const
    {
        const auto built = buildHeightMap(source, index, upTo.value_or(index.size), options);
        return built ? *built : HeightMap(1, 77);
    }
    MemorySource source;
    FileIndex index;
};

HeightMap mapOf(const QByteArray& text, HeightMapOptions options = {.margin = 0}, Dialect dialect = Dialect::Klipper)
{
    return Opened(text, dialect).map(std::move(options));
}

QByteArray fixture(const char* name)
{
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/gcode/") + QLatin1String(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class TestHeightMap : public QObject
{
    Q_OBJECT
private slots:
    void widths_data();
    void widths();
    void placesNobodyKnows_data();
    void placesNobodyKnows();
    void coordinatesOfTheMachine_data();
    void coordinatesOfTheMachine();
    void balls_data();
    void balls();
    void runsOfMovesChangeNothing_data();
    void runsOfMovesChangeNothing();
    void aSeriesIsTheSameMap();
    void queriesAgreeWithCells();
    void hostileNumbersStayBounded_data();
    void hostileNumbersStayBounded();
    void aLargeBedFits();
    void excludedObjects();
    void aResumeFileTellsOfWhatStands();
    void margins();
    void cancelledAndShortened();
    void settings_data();
    void settings();
};

void TestHeightMap::widths_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<double>("given");
    QTest::addColumn<double>("low"); // first height above the line at y = 50 that is printed, in mm from its middle
    QTest::addColumn<double>("high");
    const QByteArray line = "G0 X20 Y50.1 Z0.2\nG1 X60 E%\n";
    const auto with = [&](const char* e) { return QByteArray(line).replace("%", e); };
    const QByteArray bare = "G28\nG90\nM83\nG0 X5 Y5 Z5\n";
    QTest::newRow("the comment") << bare + ";WIDTH:0.4\n;HEIGHT:0.2\n" + with("1.2") << 0.0 << 0.2 << 0.4;
    QTest::newRow("Orca's comment") << bare + "; LINE_WIDTH: 1.2\n; LAYER_HEIGHT: 0.2\n" + with("3") << 0.0 << 0.6 << 0.8;
    QTest::newRow("Simplify3D's comment") << bare + "; tool H0.200 W0.900\n" + with("2") << 0.0 << 0.45 << 0.65;
    QTest::newRow("nothing said") << bare + with("1.2") << 0.0 << 0.3 << 0.51;
    QTest::newRow("a setting") << QByteArray("; perimeters extrusion width = 0.80mm\n") + bare + with("1.2") << 0.0 << 0.4 << 0.6;
    QTest::newRow("the nozzle") << QByteArray("; nozzle_diameter = 0.8,0.4\n") + bare + with("1.2") << 0.0 << 0.48 << 0.68;
    QTest::newRow("a prime line is as wide as its filament makes it") << bare + ";WIDTH:0.4\n;HEIGHT:0.2\n" + with("6.4") << 0.0 << 0.96 << 1.2;
    QTest::newRow("never wider than plastic flows") << bare + ";WIDTH:0.4\n;HEIGHT:0.2\n" + with("600") << 0.0 << 2.5 << 2.71;
    QTest::newRow("given") << bare + ";WIDTH:0.4\n;HEIGHT:0.2\n" + with("6.4") << 1.0 << 0.5 << 0.71;
    QTest::newRow("volumetric E") << bare + "M200 D1.75\n;WIDTH:0.4\n;HEIGHT:0.2\n" + with("2.9") << 0.0 << 0.2 << 0.4;
    QTest::newRow("thick filament") << QByteArray("; filament_diameter = 2.85\n") + bare + ";WIDTH:0.4\n;HEIGHT:0.2\n" + with("1.9") << 0.0 << 0.7 << 1.0;
}

void TestHeightMap::widths()
{
    QFETCH(QByteArray, text);
    QFETCH(double, given);
    QFETCH(double, low);
    QFETCH(double, high);
    const auto dialect = text.contains("M200") ? Dialect::Marlin : Dialect::Klipper;
    const HeightMap map = mapOf(text, {.cell = 0.2, .lineWidth = given > 0 ? std::optional(given) : std::nullopt, .margin = 0}, dialect);
    for (const double x : {20.3, 41.0, 59.7}) {
        QVERIFY(map.printedAt(x, 50.1 + low - 0.01) > 0);
        QVERIFY(map.printedAt(x, 50.1 - low + 0.01) > 0);
        QCOMPARE(map.printedAt(x, 50.1 + high), 0.0);
        QCOMPARE(map.printedAt(x, 50.1 - high), 0.0);
    }
}

void TestHeightMap::placesNobodyKnows_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("moves");
    QTest::addColumn<QRectF>("inside");  // of the unknown places
    QTest::addColumn<QRectF>("outside"); // null: there is no outside
    QTest::addColumn<double>("highest");
    const QByteArray bare = "G90\nM83\n";
    const double none = std::numeric_limits<double>::infinity();
    QTest::newRow("nothing") << head + "G1 Z0.2\nG1 X20 E1\n" << 0 << QRectF() << QRectF(0, 0, 9, 9) << 0.0;
    QTest::newRow("from where homing ended") << "G28\n" + bare + "G1 Y20 Z0.3\nG1 X60 E5\n" << 1 << QRectF(-900, 19.9, 1, 0.2) << QRectF(0, 22, 300, 9) << 0.3;
    QTest::newRow("before any homing") << bare + "G1 X60 Y20 E5\nG1 X70 E1\n" << 2 << QRectF(900, 900, 1, 1) << QRectF() << none;
    QTest::newRow("Z never set") << "G28\n" + bare + "G1 X60 Y20\nG1 X70 E5\n" << 1 << QRectF(60, 19, 9, 2) << QRectF(75, 19, 9, 2) << none;
    QTest::newRow("behind a macro") << head + "G1 Z1\nPRIME_LINE\nG91\nG1 X5 E1\n" << 1 << QRectF(500, 0, 1, 1) << QRectF() << none;
    QTest::newRow("a macro, then placed again") << head + "G1 Z1\nPRIME_LINE\nG1 X5 Y5 Z1\nG1 X9 E1\n" << 0 << QRectF() << QRectF(0, 0, 9, 9) << 0.0;
    QTest::newRow("G92 where only the printer knew") << "G28\n" + bare + "G92 X0 Y0\nG1 X5 Y5 Z1\nG1 X9 E1\n" << 1 << QRectF(0, 0, 1, 1) << QRectF() << 1.0;
    QTest::newRow("G92 behind a macro") << head + "PRIME_LINE\nG92 Z0\nG1 X5 Y5 Z1\nG1 X9 E1\n" << 1 << QRectF(4, 4, 2, 2) << QRectF(20, 4, 9, 9) << none;
    QTest::newRow("another workspace") << head + "G55\nG1 X5 Y5 Z1\nG1 X9 E1\n" << 1 << QRectF(-300, 4, 1, 1) << QRectF() << none;
    QTest::newRow("a long push after homing") << "G28\n" + bare + "G1 Z5\nG1 E20\n" << 1 << QRectF(100, 100, 1, 1) << QRectF() << 5.0;
}

void TestHeightMap::placesNobodyKnows()
{
    QFETCH(QByteArray, text);
    QFETCH(int, moves);
    QFETCH(QRectF, inside);
    QFETCH(QRectF, outside);
    QFETCH(double, highest);
    const HeightMap map = mapOf(text);
    QCOMPARE(map.unknown().moves, static_cast<std::uint64_t>(moves));
    QCOMPARE(map.unknown().any, moves != 0);
    const auto touches = [&](const QRectF& area) { return map.unknownIn(area.left(), area.top(), area.right(), area.bottom()); };
    QCOMPARE(touches(inside), moves != 0);
    QVERIFY(outside.isNull() || !touches(outside));
    QCOMPARE(map.unknown().highest, highest);
    QCOMPARE(!map.macros().empty(), text.contains("PRIME_LINE"));
    if (moves != 0) {
        const QByteArray at = text.mid(static_cast<qsizetype>(map.unknown().first), 20);
        QVERIFY2(at.startsWith("G1"), at.constData());
    }
}

void TestHeightMap::coordinatesOfTheMachine_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QPointF>("printed");
    QTest::addColumn<QPointF>("empty");
    QTest::addColumn<double>("height");
    const QByteArray line = "G1 X30 Y30 Z0.2\nG1 X40 E0.4\n";
    QTest::newRow("plain") << head + line << QPointF(35, 30) << QPointF(35, 33) << 0.2;
    QTest::newRow("shifted by G92") << head + "G92 X0 Y0 Z0\n" + line << QPointF(40, 35) << QPointF(35, 30) << 5.2;
    QTest::newRow("G92 E alone") << head + "G92 E0\n" + line << QPointF(35, 30) << QPointF(40, 35) << 0.2;
    QTest::newRow("homed after a shift") << head + "G92 X0 Y0 Z0\nG28\nG0 X1 Y1 Z1\n" + line << QPointF(35, 30) << QPointF(40, 35) << 0.2;
    QTest::newRow("inches") << head + "G20\nG1 X1 Y1 Z.1\nG1 X2 E.02\n" << QPointF(40, 25.4) << QPointF(2, 1) << 2.54;
    QTest::newRow("relative") << head + "G91\nG1 X10 Y10 Z-4\nG1 X10 E.4\n" << QPointF(20, 15) << QPointF(10, 10) << 1.0;
    QTest::newRow("relative across a G92") << head + "G92 X100\nG91\nG1 X10 Y10 Z-4\nG1 X10 E.4\n" << QPointF(20, 15) << QPointF(115, 15) << 1.0;
    QTest::newRow("a G-code offset counts here") << head + "SET_GCODE_OFFSET X=20 Z=0.1\n" + line << QPointF(35, 30) << QPointF(45, 30) << 0.3;
    QTest::newRow("and there") << head + "SET_GCODE_OFFSET X=20 Z=0.1\n" + line << QPointF(55, 30) << QPointF(45, 30) << 0.3;
    QTest::newRow("an offset downwards lowers nothing") << head + "SET_GCODE_OFFSET Z=-0.1\n" + line << QPointF(35, 30) << QPointF(35, 33) << 0.2;
    QTest::newRow("the next tool is not quite there") << head + line + "T1\nG0 X30 Y40\nG1 X40 E.4\n" << QPointF(35, 40.39) << QPointF(35, 41) << 0.2;
}

void TestHeightMap::coordinatesOfTheMachine()
{
    QFETCH(QByteArray, text);
    QFETCH(QPointF, printed);
    QFETCH(QPointF, empty);
    QFETCH(double, height);
    const HeightMap map = mapOf(text, {.cell = 0.2, .margin = 0});
    QVERIFY(std::abs(map.printedAt(printed.x(), printed.y()) - height) < 1e-5);
    QCOMPARE(map.printedAt(empty.x(), empty.y()), 0.0);
    QVERIFY(!map.unknown().any);
}

void TestHeightMap::balls_data()
{
    QTest::addColumn<QByteArray>("moves");
    QTest::addColumn<double>("height"); // at X 50 Y 50
    const double ball = 2 * std::cbrt(3 * 10 * 2.405 / (4 * M_PI));
    QTest::newRow("retraction and back") << QByteArray("G1 E-5\nG0 X50 Y50\nG1 E5\n") << 0.0;
    QTest::newRow("a little more") << QByteArray("G1 E-5\nG0 X50 Y50\nG1 E5.3\n") << 0.0;
    QTest::newRow("a purge on the bed") << QByteArray("G0 X50 Y50\nG1 E10\n") << ball;
    QTest::newRow("behind a retraction") << QByteArray("G1 E-5\nG0 X50 Y50\nG1 E15\n") << ball;
    QTest::newRow("from high above it falls down") << QByteArray("G0 X50 Y50 Z60\nG1 E10\n") << ball;
    QTest::newRow("on what is printed") << QByteArray("G0 X45 Y50 Z3\nG1 X55 E.4\nG0 X50 Z9\nG1 E10\n") << 3 + ball;
    QTest::newRow("the nozzle scrapes the one before") << QByteArray("G0 X50 Y50 Z0.2\nG1 E10\nG1 E10\n") << 0.2 + ball;
    QTest::newRow("a move along Z pulls it back in") << QByteArray("G1 E-5\nG0 X50 Y50 Z9\nG1 Z8 E5\n") << 0.0;
    QTest::newRow("a pillar") << QByteArray("G0 X50 Y50 Z2\nG1 Z8 E.1\n") << 8.0;
}

void TestHeightMap::balls()
{
    QFETCH(QByteArray, moves);
    QFETCH(double, height);
    const HeightMap map = mapOf(head + moves);
    QVERIFY2(std::abs(map.printedAt(50.1, 50.1) - height) < 0.01, QByteArray::number(map.printedAt(50.1, 50.1)).constData());
}

void TestHeightMap::runsOfMovesChangeNothing_data()
{
    QTest::addColumn<QByteArray>("file");
    for (const char* name : {"ps_mmu2_wipetower_relE.gcode", "ps_vase_spiral.gcode", "cura_block_marlin.gcode", "ps_sequential3_absE.gcode"})
        QTest::newRow(name) << QByteArray(name);
}

/// A second ';' keeps a move out of the fast path.
void TestHeightMap::runsOfMovesChangeNothing()
{
    QFETCH(QByteArray, file);
    const QByteArray text = fixture(file.constData());
    QVERIFY(!text.isEmpty());
    QByteArray slow;
    for (const QByteArray& line : text.split('\n'))
        slow += line + (line.startsWith("G1") || line.startsWith("G0") ? " ;a;b\n" : "\n");
    const HeightMap fastMap = mapOf(text), slowMap = mapOf(slow);
    QVERIFY(fastMap.highest() > 0);
    QCOMPARE(fastMap.hash(), slowMap.hash());
}

void TestHeightMap::aSeriesIsTheSameMap()
{
    const Opened file(fixture("ps_mmu2_wipetower_relE.gcode"), Dialect::Marlin);
    auto series = HeightMapSeries::make(file.source, file.index, {.margin = 0});
    QVERIFY(series);
    std::mt19937 random(3);
    double before = 0;
    for (ByteOffset at = 0; at < file.index.size; at += 1 + random() % 60'000) {
        QVERIFY(series->extend(at));
        QVERIFY(series->position() >= at || at == 0);
        QCOMPARE(series->map().hash(), file.map({.margin = 0}, at).hash());
        QVERIFY(series->map().highest() >= before);
        before = series->map().highest();
    }
    QVERIFY(series->extend(5)); // it never goes back
    QVERIFY(series->extend(std::numeric_limits<ByteOffset>::max()));
    QCOMPARE(series->position(), file.index.size);
    QCOMPARE(series->map().hash(), file.map().hash());
}

void TestHeightMap::queriesAgreeWithCells()
{
    const HeightMap map = mapOf(fixture("ps_sequential3_absE.gcode"), {.margin = 0.5}, Dialect::Marlin);
    std::mt19937 random(5);
    const auto any = [&](double low, double high) { return std::uniform_real_distribution(low, high)(random); };
    for (int round = 0; round < 200; ++round) {
        const double x0 = any(-20, 150), y0 = any(-20, 150), x1 = x0 + any(0, 60), y1 = y0 + any(0, 60);
        double highest = 0, lowest = 1e9;
        for (double y = std::floor(y0 / 0.5) * 0.5 + 0.25; y < std::floor(y1 / 0.5) * 0.5 + 0.5; y += 0.5)
            for (double x = std::floor(x0 / 0.5) * 0.5 + 0.25; x < std::floor(x1 / 0.5) * 0.5 + 0.5; x += 0.5) {
                highest = std::max(highest, map.heightAt(x, y));
                lowest = std::min(lowest, map.printedAt(x, y));
            }
        QCOMPARE(map.highestIn(x0, y0, x1, y1), highest);
        QCOMPARE(map.highestIn(x1, y1, x0, y0), highest);
        QCOMPARE(map.printedIn(x0, y0, x1, y1), highest > 0);
        QCOMPARE(map.lowestIn(x0, y0, x1, y1), lowest);
    }
    const double none = std::numeric_limits<double>::quiet_NaN();
    QCOMPARE(map.highestIn(none, none, 1, 1), map.highest());
    QCOMPARE(map.highestIn(-1e300, -1e300, 1e300, 1e300), map.highest());
    QCOMPARE(map.lowestIn(-1e300, 0, 1e300, 1), 0.0);
    QCOMPARE(map.heightAt(1e300, 0), 0.0);
    const Extents extents = map.extents();
    QVERIFY(!map.printedIn(extents.maxX + 0.01, -1e9, 1e9, 1e9) && !map.printedIn(-1e9, -1e9, extents.minX - 0.01, 1e9));
    QVERIFY(map.printedIn(extents.minX, -1e9, extents.minX + 0.01, 1e9) && map.printedIn(-1e9, extents.maxY - 0.01, 1e9, extents.maxY));
}

void TestHeightMap::hostileNumbersStayBounded_data()
{
    QTest::addColumn<QByteArray>("moves");
    QTest::addColumn<double>("x"); // where something must stand
    QTest::addColumn<double>("y");
    const auto add = [](const char* name, const QByteArray& moves, double x, double y) { QTest::newRow(name) << moves << x << y; };
    add("far beyond any number", "G1 X1e300 Y1 Z1 E1\nG1 X99999999999999999999999 Y-99999999999999999999999 Z1 E1\n", 3000, -3000);
    add("no number", "G1 Xnan Yinf Z1 E1\nG1 X9 Y9 E1\n", 7, 7);
    add("outside the map", "G1 X5000 Y5000 Z3\nG1 X5001 E1\n", 5000.5, 5000);
    add("leaving the map", "G1 X2000 Y0 Z3\nG1 X2100 E1\n", 2050, 0);
    add("a huge arc", "G0 X0 Y0 Z1\nG2 X0 Y-1 I1000000000 J0 E5\n", 1500, 5);
    add("an arc of a huge radius, nearly straight", "G0 X0 Y0 Z1\nG2 X50 Y0 R900000 E5\n", 25, 0);
    add("a huge upright arc", "G0 X0 Y0 Z1\nG18\nG2 X1 Z1 I1000000000 K0 E5\n", 1500, 0);
    add("Z beyond everything", "G0 X10 Y10 Z9000000000000\nG1 X20 E1\n", 15, 10);
    add("Z below the bed", "G0 X10 Y10 Z-3\nG1 X20 E1\n", 15, 10);
    add("E beyond everything", "G0 X10 Y10 Z1\nG1 X20 E9999999999999999\nG1 E9999999999999999\n", 15, 10);
    QByteArray everywhere = "G0 Z1\n";
    std::mt19937 random(9);
    for (int i = 0; i < 3000; ++i)
        everywhere += "G1 X" + QByteArray::number(static_cast<int>(random() % 4000) - 2000) + " Y" + QByteArray::number(static_cast<int>(random() % 4000) - 2000) + " E9\n";
    add("all over the place", everywhere + "G0 X1234 Y-1234\nG1 X1300 E1\n", 1250, -1234);
    add("a long line", "G1 X10 Y10 Z1 E1 " + QByteArray(3'000'000, '9') + "\nG0 X10 Y10 Z1\nG1 X20 E1\n", 15, 10);
    constexpr char withNul[] = "G0 X10 Y10 Z1\n\0\0\0G1 X30\0\nG1 X20 E1\n";
    add("NUL bytes", QByteArray(withNul, sizeof withNul - 1), 15, 10);
}

void TestHeightMap::hostileNumbersStayBounded()
{
    QFETCH(QByteArray, moves);
    QFETCH(double, x);
    QFETCH(double, y);
    const HeightMap map = mapOf(head + moves, {.cell = 0.2, .margin = 0});
    QVERIFY2(map.bytes() <= std::size_t{72} << 20, QByteArray::number(static_cast<qulonglong>(map.bytes())).constData());
    QVERIFY(map.printedAt(x, y) > 0 || map.unknownIn(x, y, x, y));
    QVERIFY(map.highestIn(x - 1, y - 1, x + 1, y + 1) > 0 || map.unknownIn(x, y, x, y));
}

void TestHeightMap::aLargeBedFits()
{
    QByteArray text = head + "G0 X0 Y0 Z0.2\n";
    for (int y = 0; y <= 1000; y += 2)
        text += "G1 X" + QByteArray::number(y % 4 == 0 ? 1000 : 0) + " Y" + QByteArray::number(y) + " E40\nG1 Y" + QByteArray::number(y + 2) + " E.1\n";
    const HeightMap map = mapOf(text, {.cell = 0.25, .margin = 0});
    QVERIFY(map.bytes() <= std::size_t{66} << 20);
    for (const double at : {0.1, 250.0, 500.0, 998.0}) {
        QVERIFY(std::abs(map.printedAt(at, at - std::fmod(at, 2)) - 0.2) < 1e-6);
        QCOMPARE(map.highestIn(1003, at, 1100, at), 0.0);
    }
    const Extents extents = map.extents();
    QVERIFY(extents.maxX < 1002 && extents.minX > -3);
}

void TestHeightMap::excludedObjects()
{
    const QByteArray text = head + "G0 Z0.2\nEXCLUDE_OBJECT_START NAME=a\nG0 X10 Y10\nG1 X20 E.4\nEXCLUDE_OBJECT_END NAME=a\n"
                                   "EXCLUDE_OBJECT_START NAME=b\nG0 X10 Y30\nG1 X20 E.4\nEXCLUDE_OBJECT_END NAME=b\n"
                                   "EXCLUDE_OBJECT NAME=c\nEXCLUDE_OBJECT_START NAME=c\nG0 X10 Y50\nG1 X20 E.4\nEXCLUDE_OBJECT_END NAME=c\n";
    const HeightMap all = mapOf(text), sure = mapOf(text, {.margin = 0, .excluded = std::set<std::string>{"b"}});
    for (const double y : {10.0, 30.0, 50.0})
        QVERIFY(all.printedAt(15, y) > 0);
    QVERIFY(sure.printedAt(15, 10) > 0);
    QCOMPARE(sure.printedAt(15, 30), 0.0);
    QCOMPARE(sure.printedAt(15, 50), 0.0);
}

void TestHeightMap::aResumeFileTellsOfWhatStands()
{
    const QByteArray earlier = "; Kintsugi resume file\n; printed before: 30 40 0 80 90 12.5\n";
    const QByteArray rest = "; KINTSUGI RESUME POINT byte=100\nG90\nM83\nG1 X100 Y100 Z12.7\nG1 X110 E.4\n";
    const HeightMap map = mapOf(earlier + rest);
    QCOMPARE(map.lowestIn(30.1, 40.1, 79.9, 89.9), 12.5);
    QCOMPARE(map.highestIn(82, 0, 95, 200), 0.0);
    QVERIFY(map.printedAt(105, 100) > 12.69);
    const HeightMap broken = mapOf("; Kintsugi resume file\n; printed before: 30 40 0 inf 90 12.5\n" + rest);
    QVERIFY(broken.unknownIn(500, 500, 501, 501) || !broken.printedIn(30, 40, 80, 90));
}

void TestHeightMap::margins()
{
    QCOMPARE(heightMarginOf("PLA").mm, heightMarginOf("pla+").mm);
    QCOMPARE(heightMarginOf("PETG-CF").mm, heightMarginOf("PETG").mm);
    QVERIFY(heightMarginOf("PLA").mm < heightMarginOf("PETG").mm && heightMarginOf("PETG").mm < heightMarginOf("ABS").mm);
    for (const char* name : {"", "ABS", "PA6-CF", "unobtainium", "PLAstuff"})
        QCOMPARE(heightMarginOf(name).mm, heightMarginOf("ABS").mm);
    const auto ofFile = [](const QByteArray& settings) { return heightMarginOf(Opened(settings + head + "G1 X9 E1\n").index).mm; };
    QCOMPARE(ofFile("; filament_type = PLA;PETG\n"), heightMarginOf("PETG").mm);
    QCOMPARE(ofFile("; filament_type = \"PLA\"\n"), heightMarginOf("PLA").mm);
    QCOMPARE(ofFile("; nothing = PLA\n"), heightMarginOf("ABS").mm);
    const HeightMap map = mapOf(head + "G1 X30 Y30 Z0.2\nG1 X40 E.4\n", {.margin = 0.7});
    QVERIFY(std::abs(map.heightAt(35, 30) - 0.9) < 1e-5 && std::abs(map.printedAt(35, 30) - 0.2) < 1e-5);
    QVERIFY(std::abs(map.highestIn(0, 0, 99, 99) - 0.9) < 1e-5 && std::abs(map.highest() - 0.9) < 1e-5);
    QCOMPARE(map.heightAt(35, 35), 0.0);
    QCOMPARE(HeightMap(0.5, -3).margin(), heightMarginOf(std::string_view()).mm);
    QVERIFY(HeightMap(0, 0).cell() > 0 && HeightMap(std::nan(""), 0).cell() > 0 && HeightMap(1e9, 0).cell() < 10);
}

void TestHeightMap::cancelledAndShortened()
{
    const Opened file(head + QByteArray("G1 X30 Y30 Z0.2\nG1 X40 E.4\n").repeated(40'000));
    int asked = 0;
    const auto cancelled = buildHeightMap(file.source, file.index, file.index.size, {}, [&](double done) { return done < 0.5 && ++asked < 100; });
    QVERIFY(!cancelled);
    QCOMPARE(cancelled.error().code, ErrorCode::Cancelled);
    QVERIFY(asked > 1);
    FileIndex longer = file.index;
    longer.size += 10;
    const auto shortened = buildHeightMap(file.source, longer, longer.size);
    QVERIFY(!shortened);
    QCOMPARE(shortened.error().code, ErrorCode::FileChanged);
}

void TestHeightMap::settings_data()
{
    QTest::addColumn<QByteArray>("comments");
    QTest::addColumn<double>("width");
    QTest::addColumn<double>("filament");
    QTest::newRow("none") << QByteArray(" nothing\n = \n=\n width = 3\n") << 0.6 << 1.75;
    QTest::newRow("the widest counts") << QByteArray(" perimeter_extrusion_width = 0.45\n infill_extrusion_width = 0.7\n extrusion_width = 0\n") << 0.7 << 1.75;
    QTest::newRow("shares of something else do not") << QByteArray(" first_layer_extrusion_width = 200%\n") << 0.6 << 1.75;
    QTest::newRow("Orca") << QByteArray(" outer_wall_line_width = 0.42\n line_width = 0.5\n nozzle_diameter = 0.4\n filament_diameter = 1.75,1.75\n") << 0.5 << 1.75;
    QTest::newRow("the widest nozzle") << QByteArray(" nozzle_diameter = 0.4,1\n filament_diameter = 1.75,2.85\n") << 1.2 << 2.85;
    QTest::newRow("nonsense") << QByteArray(" extrusion_width = 4000\n nozzle_diameter = -1\n filament_diameter = nan\n") << 0.6 << 1.75;
}

void TestHeightMap::settings()
{
    QFETCH(QByteArray, comments);
    QFETCH(double, width);
    QFETCH(double, filament);
    LineSettings settings;
    for (const QByteArray& line : comments.split('\n'))
        noteLineSetting(settings, line.toStdString());
    QCOMPARE(settings.widest(), width);
    QVERIFY(std::abs(settings.filamentArea() - M_PI / 4 * filament * filament) < 1e-12);
}

QTEST_GUILESS_MAIN(TestHeightMap)
#include "tst_heightmap.moc"
