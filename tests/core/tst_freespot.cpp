// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>

#include "gcode/fileindex.h"
#include "gcode/source.h"
#include "recovery/freespot.h"
#include "recovery/zhardware.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

/// Probing the bed where nothing is printed.
class TestFreeSpot : public QObject
{
    Q_OBJECT
private slots:
    void meshBetweenItsPoints_data();
    void meshBetweenItsPoints();
    void theHeadFitsWhereItIsSent_data();
    void theHeadFitsWhereItIsSent();
    void noPlaceIsSaid();
    void placesTellTiltAndTwist_data();
    void placesTellTiltAndTwist();
    void readingsThatContradict_data();
    void readingsThatContradict();
    void topSwitch_data();
    void topSwitch();
};

namespace {

MeshMatrix mesh()
{
    MeshMatrix m;
    m.minimum = {10, 20};
    m.maximum = {210, 220};
    m.probed = {{0.0, 0.1, 0.2}, {0.1, 0.3, 0.3}, {0.2, 0.3, 0.4}};
    return m;
}

/// A block of the given height, 40 mm wide.
HeightMap block(double x, double y, double height)
{
    std::string text = "G21\nG90\nM83\nM104 S200\nG28\nG1 X" + std::to_string(x) + " Y" + std::to_string(y) + " Z0.2 F6000\n";
    for (double z = 0.2; z <= height + 1e-9; z += height > 1 ? 1.0 : 0.2) {
        text += "G1 Z" + std::to_string(z) + "\n";
        for (int line = 0; line <= 100; ++line)
            text += "G1 X" + std::to_string(line % 2 == 0 ? x + 40 : x) + " Y" + std::to_string(y + 0.4 * line) + " E1.5\n";
    }
    const gcode::MemorySource source(text, "block.gcode");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    return *buildHeightMap(source, *index, text.size());
}

ZMechanics screws(int count)
{
    ZMechanics mechanics;
    for (int i = 0; i < count; ++i)
        mechanics.screws.push_back({i % 2 * 235.0, i / 2 * 235.0});
    return mechanics;
}

ZEvidence held(bool are)
{
    ZEvidence evidence;
    evidence.motorsEnabled = evidence.supplyIntact = are;
    return evidence;
}

freespot::Question question(const HeightMap& map, const MeshMatrix& points)
{
    freespot::Question q;
    q.map = &map;
    q.envelope = defaultEnvelope(PrinterKind::CoreXY);
    q.probe.offset = {-30, 15, 1.8};
    q.mesh = &points;
    q.minimum = {0, 0, -2};
    q.maximum = {235, 235, 250};
    q.resumeAt = {120, 120};
    return q;
}

} // namespace

void TestFreeSpot::meshBetweenItsPoints_data()
{
    QTest::addColumn<double>("x");
    QTest::addColumn<double>("y");
    QTest::addColumn<double>("height");
    QTest::newRow("first point") << 10.0 << 20.0 << 0.0;
    QTest::newRow("last point") << 210.0 << 220.0 << 0.4;
    QTest::newRow("middle point") << 110.0 << 120.0 << 0.3;
    QTest::newRow("between four") << 60.0 << 70.0 << 0.125;
    QTest::newRow("outside") << 9.0 << 70.0 << -1.0;
    QTest::newRow("behind") << 60.0 << 221.0 << -1.0;
}

void TestFreeSpot::meshBetweenItsPoints()
{
    QFETCH(double, x);
    QFETCH(double, y);
    QFETCH(double, height);
    const auto found = freespot::meshAt(mesh(), x, y);
    QCOMPARE(found.has_value(), height >= 0);
    if (found)
        QVERIFY(std::abs(*found - height) < 1e-9);
    MeshMatrix ragged = mesh();
    ragged.probed[1].pop_back();
    QVERIFY(!freespot::meshAt(ragged, x, y));
    QVERIFY(!freespot::meshAt({}, x, y));
}

void TestFreeSpot::theHeadFitsWhereItIsSent_data()
{
    QTest::addColumn<double>("height");
    QTest::addColumn<int>("count");
    for (const double height : {0.4, 30.0}) {
        for (const int count : {1, 3, 4})
            QTest::newRow(qPrintable(QString::number(height) + " mm, " + QString::number(count))) << height << count;
    }
}

/// Against the raw head: nothing printed within reach of any solid of it that is not lower by the clearance.
void TestFreeSpot::theHeadFitsWhereItIsSent()
{
    QFETCH(double, height);
    QFETCH(int, count);
    const HeightMap map = block(100, 100, height);
    const MeshMatrix points = mesh();
    auto q = question(map, points);
    q.count = static_cast<std::size_t>(count);
    const auto places = freespot::findPlaces(q);
    QVERIFY2(places.has_value(), places ? "" : places.error().detail.c_str());
    QVERIFY(count == 1 ? places->size() <= 2 : places->size() == static_cast<std::size_t>(count));
    const std::vector<SolidOutline> outlines = outlinesOf(q.envelope, 1);
    for (const ProbePlace& place : *places) {
        QCOMPARE(place.probeX, place.x - 30);
        QCOMPARE(place.probeY, place.y + 15);
        QCOMPARE(place.bed, *freespot::meshAt(points, place.probeX, place.probeY));
        QCOMPARE(place.trigger, place.bed + 1.8);
        QVERIFY(place.x >= 0 && place.x <= 235 && place.y >= 0 && place.y <= 235);
        QVERIFY(!map.printedIn(place.probeX - 3, place.probeY - 3, place.probeX + 3, place.probeY + 3));
        for (double x = 100; x <= 140; x += 0.5) {
            for (double y = 100; y <= 140; y += 0.5) {
                for (const SolidOutline& solid : outlines) {
                    double x0 = 1e9, x1 = -1e9, y0 = 1e9, y1 = -1e9;
                    for (const Place& corner : solid.outline)
                        x0 = std::min(x0, corner[0]), x1 = std::max(x1, corner[0]), y0 = std::min(y0, corner[1]), y1 = std::max(y1, corner[1]);
                    const bool over = x >= place.x + x0 && x <= place.x + x1 && y >= place.y + y0 && y <= place.y + y1;
                    QVERIFY(!over || place.trigger + solid.bottom >= height + q.clearance - 1e-6);
                }
            }
        }
    }
}

void TestFreeSpot::noPlaceIsSaid()
{
    const HeightMap map = block(100, 100, 30);
    const MeshMatrix points = mesh();
    auto q = question(map, points);
    q.mesh = nullptr;
    QVERIFY(QString::fromStdString(freespot::findPlaces(q).error().detail).contains("mesh of the print is not known"));
    q = question(map, points);
    q.probe.offset = {-300, 0, 1};
    QVERIFY(QString::fromStdString(freespot::findPlaces(q).error().detail).contains("does not reach"));
    q = question(map, points);
    q.minimum = {110, 110, 0};
    q.maximum = {130, 130, 250};
    QVERIFY(QString::fromStdString(freespot::findPlaces(q).error().detail).contains("fit beside"));
    q = question(map, points);
    q.count = 4;
    q.minimum = {30, 5, 0}; // a strip in front of the part
    q.maximum = {235, 9, 250};
    QCOMPARE(freespot::findPlaces(q).error().code, ErrorCode::Unsafe);
}

void TestFreeSpot::placesTellTiltAndTwist_data()
{
    QTest::addColumn<int>("motors");
    QTest::addColumn<bool>("are");
    QTest::addColumn<int>("needed");
    QTest::newRow("one motor") << 1 << false << 1;
    QTest::newRow("three motors, power lost") << 3 << false << 3;
    QTest::newRow("four motors, power lost") << 4 << false << 4;
    QTest::newRow("four motors, held") << 4 << true << 1;
}

void TestFreeSpot::placesTellTiltAndTwist()
{
    QFETCH(int, motors);
    QFETCH(bool, are);
    QFETCH(int, needed);
    const auto mechanics = screws(motors);
    QCOMPARE(freespot::placesNeeded(mechanics, held(are)), static_cast<std::size_t>(needed));
    // Coordinates that are off by a plane and, where four motors can, by a twist.
    const auto off = [&](double x, double y) { return -4.2 + (needed > 1 ? 0.002 * x - 0.001 * y : 0) + (needed > 3 ? 0.00003 * x * y : 0); };
    std::vector<freespot::Reading> readings;
    for (const auto& [x, y] : {std::pair(20.0, 30.0), std::pair(200.0, 40.0), std::pair(190.0, 210.0), std::pair(30.0, 190.0)}) {
        if (readings.size() == static_cast<std::size_t>(needed))
            break;
        ProbePlace place{.x = x + 30, .y = y - 15, .probeX = x, .probeY = y, .bed = 0.1, .trigger = 1.9};
        readings.push_back({place, place.bed - off(x, y)});
    }
    const auto found = freespot::registration(readings, {110, 100}, mechanics, held(are));
    QVERIFY2(found.has_value(), found ? "" : found.error().detail.c_str());
    QVERIFY2(std::abs(found->delta - off(110, 100)) < 1e-9, qPrintable(QString::number(found->delta)));
    QVERIFY(found->uncertainty.u() > 0.15 && found->uncertainty.u() < 0.35);
    readings.pop_back();
    QVERIFY(!freespot::registration(readings, {110, 100}, mechanics, held(are)));
}

void TestFreeSpot::readingsThatContradict_data()
{
    QTest::addColumn<double>("second");
    QTest::addColumn<bool>("good");
    QTest::newRow("the same") << 0.0 << true;
    QTest::newRow("0.059 mm") << 0.059 << true;
    QTest::newRow("0.061 mm: a blob under the probe") << 0.061 << false;
    QTest::newRow("where no bed can be") << 60.0 << false;
    QTest::newRow("not a number") << std::nan("") << false;
}

void TestFreeSpot::readingsThatContradict()
{
    QFETCH(double, second);
    QFETCH(bool, good);
    const std::vector<freespot::Reading> readings{{{.probeX = 20, .probeY = 20}, 5.0}, {{.probeX = 60, .probeY = 20}, 5.0 + second}};
    const auto found = freespot::registration(readings, {40, 40}, {}, {});
    QCOMPARE(found.has_value(), good);
    if (found)
        QVERIFY(std::abs(found->delta - (-5.0 - second / 2)) < 1e-9);
}

void TestFreeSpot::topSwitch_data()
{
    QTest::addColumn<QString>("option");
    QTest::addColumn<QString>("value");
    QTest::addColumn<bool>("good");
    QTest::newRow("as it is") << QString() << QString() << true;
    QTest::newRow("at the limit") << "stepper_z.position_endstop" << "250" << true;
    QTest::newRow("above the limit") << "stepper_z.position_endstop" << "250.1" << false;
    QTest::newRow("homes down") << "stepper_z.homing_positive_dir" << "False" << false;
    QTest::newRow("by the probe") << "stepper_z.endstop_pin" << "probe:z_virtual_endstop" << false;
    QTest::newRow("sensorless") << "stepper_z.endstop_pin" << "tmc2209_stepper_z:virtual_endstop" << false;
    QTest::newRow("override") << "homing_override.gcode" << "G28" << false;
    QTest::newRow("safe_z_home") << "safe_z_home.home_xy_position" << "1,1" << false;
    QTest::newRow("macro") << "gcode_macro G28.gcode" << "G28.1" << false;
    QTest::newRow("delta") << "printer.kinematics" << "delta" << false;
    QTest::newRow("backs off far") << "stepper_z.homing_retract_dist" << "10.1" << false;
    QTest::newRow("no number") << "stepper_z.position_endstop" << "high" << false;
}

void TestFreeSpot::topSwitch()
{
    QFETCH(QString, option);
    QFETCH(QString, value);
    QFETCH(bool, good);
    KlipperConfig config;
    config.sections["printer"]["kinematics"] = "corexy";
    config.sections["stepper_z"] = {{"position_endstop", "248.5"}, {"position_max", "250"}, {"homing_positive_dir", "True"}, {"endstop_pin", "^PC0"}};
    if (!option.isEmpty())
        config.sections[option.section('.', 0, 0).toStdString()][option.section('.', 1).toStdString()] = value.toStdString();
    const auto top = topEndstopOf(config);
    QCOMPARE(top.has_value(), good);
    if (top)
        QVERIFY(*top == (option.isEmpty() ? 248.5 : 250.0));
    else
        QVERIFY(top.error().detail.size() > 15);
}

QTEST_APPLESS_MAIN(TestFreeSpot)
#include "tst_freespot.moc"
