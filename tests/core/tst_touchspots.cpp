// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <algorithm>
#include <cmath>

#include "gcode/fileindex.h"
#include "recovery/resumewriter.h"
#include "recovery/touchspots.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using touch::Box;
using touch::Spot;
using gcode::Dialect;

namespace {

/// Lines along X over a rectangle, so close that they make a solid top.
std::string solid(double x0, double y0, double x1, double y1, double z)
{
    std::string text = ";WIDTH:0.45\nG0 X" + decimal(x0) + " Y" + decimal(y0) + "\nG1 Z" + decimal(z) + "\n";
    bool right = true;
    for (double y = y0; y <= y1 + 1e-9; y += 0.4, right = !right)
        text += "G0 X" + decimal(right ? x0 : x1) + " Y" + decimal(y) + "\nG1 X" + decimal(right ? x1 : x0) + " Y" + decimal(y) + " E1 F3000\n";
    return text;
}

const std::string head = "M140 S60\nM104 S210\nG90\nM83\n";

HeightMap mapOf(const std::string& text)
{
    const gcode::MemorySource source(text, "part.gcode");
    const auto index = gcode::buildIndex(source, Dialect::Klipper);
    HeightMapOptions options;
    options.margin = 0.5;
    return *buildHeightMap(source, *index, index->size, options);
}

} // namespace

class TestTouchSpots : public QObject
{
    Q_OBJECT
private slots:
    void findsSolidFlatPlaces_data();
    void findsSolidFlatPlaces();
    void keepsAwayFromTheStop();
    void onlyWhatIsSurelyPrinted();
    void threePlacesSpreadOut();
    void planLeadsByHand_data();
    void planLeadsByHand();
    void declaresWhatWasFound_data();
    void declaresWhatWasFound();
};

void TestTouchSpots::findsSolidFlatPlaces_data()
{
    QTest::addColumn<std::string>("part");
    QTest::addColumn<bool>("found");
    QTest::addColumn<double>("top");
    QTest::newRow("a plate") << solid(50, 50, 80, 80, 0.4) << true << 0.4;
    QTest::newRow("a wall of three lines is too narrow") << solid(50, 50, 80, 51.2, 0.4) << false << 0.0;
    QTest::newRow("a small pillar beside a high tower: the head would hit it")
        << solid(50, 50, 60, 60, 0.4) + solid(64, 50, 74, 60, 20) << true << 20.0;
    QTest::newRow("nothing but single lines") << std::string("G0 X50 Y50\nG1 Z0.4\nG1 X90 E2 F3000\nG0 Y60\nG1 X50 E2\n") << false << 0.0;
}

void TestTouchSpots::findsSolidFlatPlaces()
{
    QFETCH(std::string, part);
    QFETCH(bool, found);
    QFETCH(double, top);
    const HeightMap map = mapOf(head + part);
    const auto spots = touch::findSpots(map, map, {}, {60, 60}, 1);
    QCOMPARE(spots.has_value(), found);
    if (!found) {
        QCOMPARE(spots.error().code, ErrorCode::Unsafe);
        return;
    }
    QCOMPARE(spots->size(), std::size_t{1});
    const Spot& spot = spots->front();
    QVERIFY(std::abs(spot.top - top) < 0.01);
    for (const double dx : {-1.5, 0.0, 1.5}) {
        for (const double dy : {-1.5, 0.0, 1.5})
            QVERIFY(std::abs(map.printedAt(spot.x + dx, spot.y + dy) - top) < 0.01); // the tip stands on plastic all around
    }
}

void TestTouchSpots::keepsAwayFromTheStop()
{
    const HeightMap map = mapOf(head + solid(50, 50, 80, 80, 0.4));
    const Box stop{50, 50, 80, 70};
    const auto spots = touch::findSpots(map, map, {stop}, {60, 60}, 1);
    QVERIFY(spots);
    QVERIFY(spots->front().y >= 75);
    const auto none = touch::findSpots(map, map, {Box{50, 50, 80, 80}}, {60, 60}, 1);
    QVERIFY(!none);
    QCOMPARE(none.error().field, std::string("touch.spots"));
}

void TestTouchSpots::onlyWhatIsSurelyPrinted()
{
    const std::string first = solid(50, 50, 80, 80, 0.2), second = solid(50, 50, 80, 62, 0.4);
    const HeightMap surely = mapOf(head + first), possibly = mapOf(head + first + second);
    const auto spots = touch::findSpots(surely, possibly, {}, {65, 50}, 1);
    QVERIFY(spots);
    QVERIFY(spots->front().y > 63); // where the second layer may lie the height is not known
    QVERIFY(std::abs(spots->front().top - 0.2) < 0.01);
}

void TestTouchSpots::threePlacesSpreadOut()
{
    const HeightMap map = mapOf(head + solid(50, 50, 90, 90, 0.4));
    const auto spots = touch::findSpots(map, map, {}, {70, 70}, 3);
    QVERIFY(spots);
    QCOMPARE(spots->size(), std::size_t{3});
    const auto& s = *spots;
    const double area = std::abs((s[1].x - s[0].x) * (s[2].y - s[0].y) - (s[2].x - s[0].x) * (s[1].y - s[0].y)) / 2;
    QVERIFY2(area > 0.3 * 40 * 40, qPrintable(QString::number(area)));
    const HeightMap bar = mapOf(head + solid(50, 50, 90, 53.6, 0.4));
    const auto inLine = touch::findSpots(bar, bar, {}, {70, 52}, 3);
    QVERIFY(!inLine || touch::registration({.spots = *inLine, .travelZ = 10}, {{(*inLine)[0], 1}, {(*inLine)[1], 1}, {(*inLine)[2], 1}}, {70, 90},
                                           {.screws = {{0, 0}, {100, 0}}}, {}).error().code == ErrorCode::Unsafe);
}

void TestTouchSpots::planLeadsByHand_data()
{
    QTest::addColumn<bool>("look");
    QTest::addColumn<int>("sent");
    QTest::newRow("touch alone") << false << int(StepKind::RegisterZ);
    QTest::newRow("touch and a look at the prime") << true << int(StepKind::Prime);
}

void TestTouchSpots::planLeadsByHand()
{
    QFETCH(bool, look);
    QFETCH(int, sent);
    const std::string text = head + "G28\n" + solid(50, 50, 80, 80, 0.2);
    const gcode::MemorySource source(text + solid(50, 50, 80, 80, 0.4), "part.gcode");
    const auto index = gcode::buildIndex(source, Dialect::Klipper);
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    QVERIFY(!planResume(source, *index, *snapshotFromFile(source, *index, text.size()), {}, options)); // no height, and nobody leads
    options.touchByHand = true;
    options.lookAtPrime = look;
    const auto plan = planResume(source, *index, *snapshotFromFile(source, *index, text.size()), {}, options);
    QVERIFY2(plan, plan ? "" : plan.error().detail.c_str());
    const std::size_t count = stepsByHand(*plan);
    QVERIFY(count > 0 && count < plan->steps.size());
    QCOMPARE(int(plan->steps[count - 1].kind), sent);
    const auto touched = std::find_if(plan->steps.begin(), plan->steps.end(), [](const PlanStep& step) { return step.hand == Hand::Touch; });
    QVERIFY(touched != plan->steps.end());
    const auto before = [&](StepKind kind) {
        return std::any_of(plan->steps.begin(), touched, [kind](const PlanStep& step) { return step.kind == kind; });
    };
    QVERIFY(before(StepKind::HeatBed) && before(StepKind::DeclareZ) && before(StepKind::Lift) && before(StepKind::HomeXY));
    QVERIFY(!before(StepKind::HeatNozzle) && !before(StepKind::LoadMesh));
    // Behind it the head goes up to the true travel height before anything else.
    QCOMPARE(int(std::next(touched)->kind), int(StepKind::Lift));
    // The file that is started behind those steps holds the others and no hand.
    const Plan rest = filePart(*plan);
    QCOMPARE(stepsByHand(rest), std::size_t{0});
    QCOMPARE(rest.steps.size(), plan->steps.size() - count + 1);
    QCOMPARE(rest.steps.front().gcode, (std::vector<std::string>{"G90", "M83"}));
    QVERIFY(preambleText(*plan).ends_with(preambleText(Plan{.steps = {plan->steps.back()}})));
    QVERIFY(preambleText(rest).find("SET_KINEMATIC_POSITION") == std::string::npos);
}

void TestTouchSpots::declaresWhatWasFound_data()
{
    QTest::addColumn<int>("dialect");
    QTest::addColumn<std::string>("line");
    QTest::newRow("Klipper") << int(Dialect::Klipper) << std::string("SET_KINEMATIC_POSITION Z=12.345 SET_HOMED=Z");
    QTest::newRow("Marlin") << int(Dialect::Marlin) << std::string("G92.9 Z12.345");
    QTest::newRow("Prusa") << int(Dialect::Prusa) << std::string("G92 Z12.345");
}

void TestTouchSpots::declaresWhatWasFound()
{
    QFETCH(int, dialect);
    QFETCH(std::string, line);
    Plan plan;
    plan.dialect = static_cast<Dialect>(dialect);
    const auto lines = declareLines(plan, {}, 12.345);
    QVERIFY(lines);
    QCOMPARE(lines->front(), line);
    QVERIFY(!declareLines(plan, {}, std::nan("")));
}

QTEST_APPLESS_MAIN(TestTouchSpots)
#include "tst_touchspots.moc"
