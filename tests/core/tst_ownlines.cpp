// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <algorithm>

#include "printervolume.h"
#include "recovery/ownlines.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using gcode::Dialect;

namespace {

const std::string head = "M140 S60\nM104 S210\nG90\nM83\nG28\nG1 X50 Y50 Z0.2 F3000\n";
const std::string body = "G1 X60 E1\nG1 Y60 E1\n";
const std::string rest = "M83\nG1 X50 E1\nG1 Y50 E1\n";

Result<Plan> planWith(Dialect dialect, const OwnLines& own, ZMethod method = ZMethod::Keep, const std::string& before = {})
{
    const std::string text = head + body + before;
    const gcode::MemorySource source(text + rest, "test.gcode");
    const auto index = gcode::buildIndex(source, dialect);
    PlanOptions options;
    options.zMethod = method;
    if (method == ZMethod::Touch)
        options.declaredZ = 0.2;
    options.ownLines = own;
    return planResume(source, *index, *snapshotFromFile(source, *index, text.size()), printerOf(), options);
}

std::string placeName(std::string_view place) { return std::string(place); }

const PlanStep* ownStep(const Plan& plan)
{
    const auto step = std::find_if(plan.steps.begin(), plan.steps.end(), [](const PlanStep& s) { return s.numbersFrom == "own lines"; });
    return step == plan.steps.end() ? nullptr : &*step;
}

QByteArray joined(const std::vector<std::string>& lines)
{
    QByteArray text;
    for (const std::string& line : lines)
        text += QByteArray::fromStdString(line) + '|';
    return text;
}

} // namespace

Q_DECLARE_METATYPE(kintsugi::gcode::Dialect)

class TestOwnLines : public QObject
{
    Q_OBJECT

private slots:
    void room_data();
    void room();
    void repRapFirmwareReadsMore_data();
    void repRapFirmwareReadsMore();
    void placesInThePlan_data();
    void placesInThePlan();
    void whatTheyChangedIsPutBack_data();
    void whatTheyChangedIsPutBack();
    void macrosAreNamed();
    void endStateIsTheFilesOwn();
    void firmwareWantsUpperCase();
    void prefilled_data();
    void prefilled();
    void prefilledFromAScript();
};

void TestOwnLines::room_data()
{
    QTest::addColumn<QByteArray>("place");
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<bool>("declared");
    QTest::addColumn<bool>("allowed");
    const auto row = [](const char* place, const char* line, bool allowed, bool declared = true) {
        QTest::newRow((QByteArray(place) + (declared ? ": " : " (kept): ") + line).constData()) << QByteArray(place) << QByteArray(line) << declared << allowed;
    };
    row("before-heat", "G1 Z5", false);
    row("before-heat", "G1 X5", false);
    row("before-heat", "G1 E5", false);
    row("before-heat", "M106 S255", true);
    row("before-heat", "M117 looking", true);
    row("after-lift", "G1 Z50 F600", true);
    row("after-lift", "G1 Z2", false);
    row("after-lift", "G1 Z251", false);
    row("after-lift", "G1 X5", false);
    row("after-lift", "G1 X5", false, false);
    row("after-lift", "G1 E-1", false);
    row("after-registration", "G1 X5 Y5 F6000", true);
    row("after-registration", "G1 X-1", false);
    row("after-registration", "G1 Y236", false);
    row("after-registration", "G1 Z2.1", false);
    row("after-registration", "G1 E5", false);
    row("after-registration", "G2 X5 Y5 I3 J3", false);
    row("before-first-plastic", "G1 X20 E5 F600", true);
    row("before-first-plastic", "G1 Z2.2", true);
    row("before-first-plastic", "G1 Z2.1", false);
    row("before-first-plastic", "T1", false);
    row("before-first-plastic", "T0", true);
    row("before-first-plastic", "M204 S500", false);
    row("before-first-plastic", "M900 K0.1", false);
    row("before-first-plastic", "M420 S0", false);
    row("before-first-plastic", "M486 P1", false);
    row("before-first-plastic", "G10", false);
    row("before-first-plastic", "G55", false);
    row("before-first-plastic", "G92.9 Z0", false);
    row("before-first-plastic", "G5 X1 Y1", false);
    row("before-first-plastic", "M98 P\"homez.g\"", false);
    row("before-first-plastic", "M98 P\"wipe.g\"", true);
    row("before-first-plastic", "M1000", false);
    row("before-first-plastic", "g28 z", false);
    for (const char* line : {"M400 G28", "M106 S0 G28 Z", "M92 Z800", "M211 S0", "M302 S0", "M564 S0 H0", "M569 P0 S1", "M851 Z-5", "M906 Z10",
                             "M810 G28", "TURN_OFF_HEATERS", "SET_TMC_CURRENT STEPPER=stepper_z CURRENT=0"})
        row("before-heat", line, false);
}

void TestOwnLines::room()
{
    QFETCH(QByteArray, place);
    QFETCH(QByteArray, line);
    QFETCH(bool, declared);
    QFETCH(bool, allowed);
    const auto plan = planWith(Dialect::Marlin, {{place.toStdString(), {line.toStdString()}}}, declared ? ZMethod::Touch : ZMethod::Keep);
    QCOMPARE(plan.has_value(), allowed);
    if (!allowed) {
        QCOMPARE(plan.error().code, ErrorCode::Unsafe);
        QCOMPARE(plan.error().field, place.toStdString());
        QCOMPARE(plan.error().detail, line.toStdString());
        QVERIFY(!plan.error().reason.pattern.empty()); // in words that can be translated
    }
}

void TestOwnLines::repRapFirmwareReadsMore_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<bool>("allowed");
    const auto row = [](const char* line, bool allowed) { QTest::newRow(line) << QByteArray(line) << allowed; };
    row("G1 X20 F600", true);
    row("X20", true); // as the last move did
    row("X300", false);
    row("Z0", false);
    row("M98 P\"wipe.g\"", true);
    row("M98 P\"wipe.g\" G28", false);
    row("G1 X{var.x}", false);
    row("T{var.t}", false);
    row("if var.a", false);
    row("echo \"x\"", false);
    row("M117 a {b}", true);
}

void TestOwnLines::repRapFirmwareReadsMore()
{
    QFETCH(QByteArray, line);
    QFETCH(bool, allowed);
    const auto plan = planWith(Dialect::RepRapFirmware, {{placeName(place::beforeFirstPlastic), {line.toStdString()}}});
    QCOMPARE(plan.has_value(), allowed);
}

void TestOwnLines::placesInThePlan_data()
{
    QTest::addColumn<QByteArray>("place");
    QTest::addColumn<int>("after");
    QTest::addColumn<int>("before");
    QTest::newRow("before heat") << QByteArray("before-heat") << int(StepKind::Note) << int(StepKind::HeatBed);
    QTest::newRow("after the lift") << QByteArray("after-lift") << int(StepKind::Lift) << int(StepKind::HomeXY);
    QTest::newRow("after registration") << QByteArray("after-registration") << int(StepKind::HomeXY) << int(StepKind::Factors);
    QTest::newRow("before plastic") << QByteArray("before-first-plastic") << int(StepKind::HeatNozzle) << int(StepKind::Prime);
}

void TestOwnLines::placesInThePlan()
{
    QFETCH(QByteArray, place);
    QFETCH(int, after);
    QFETCH(int, before);
    const auto plan = planWith(Dialect::Klipper, {{place.toStdString(), {"M117 here"}}}, ZMethod::Touch);
    QVERIFY(plan.has_value());
    const PlanStep* const step = ownStep(*plan);
    QVERIFY(step && step != &plan->steps.front() && step != &plan->steps.back());
    QCOMPARE(int((step - 1)->kind), after);
    QCOMPARE(int((step + 1)->kind), before);
    QCOMPARE(step->origin, Origin::Edited);
}

void TestOwnLines::whatTheyChangedIsPutBack_data()
{
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("expected");
    const QByteArray modes("G21|G90|M83|");
    QTest::newRow("modes") << Dialect::Marlin << QByteArray("G91") << "G91|" + modes;
    QTest::newRow("inch") << Dialect::Marlin << QByteArray("G20") << "G20|" + modes;
    QTest::newRow("plane") << Dialect::Marlin << QByteArray("G18") << "G18|G17|" + modes;
    QTest::newRow("hotter for a moment") << Dialect::Marlin << QByteArray("M104 S230") << "M104 S230|M104 S210|" + modes;
    QTest::newRow("waited for more") << Dialect::Marlin << QByteArray("M109 S230") << "M109 S230|M109 S210|" + modes;
    QTest::newRow("cooled") << Dialect::Marlin << QByteArray("M109 R50") << "M109 R50|M109 S210|" + modes;
    QTest::newRow("let go") << Dialect::Klipper << QByteArray("M104 S0") << "M104 S0|M109 S210|" + modes;
    QTest::newRow("cooled and set again") << Dialect::Marlin << QByteArray("M109 R50|M104 S210") << "M109 R50|M104 S210|M109 S210|" + modes;
    QTest::newRow("let go, RepRapFirmware") << Dialect::RepRapFirmware << QByteArray("M104 S0") << "M104 S0|M109 S210|" + modes;
    QTest::newRow("bed cooled") << Dialect::Marlin << QByteArray("M190 R30") << "M190 R30|M190 S60|" + modes;
    QTest::newRow("tool of RepRapFirmware") << Dialect::RepRapFirmware << QByteArray("M104 S230") << "M104 S230|G10 P0 S210|" + modes;
    QTest::newRow("bed") << Dialect::Klipper << QByteArray("M140 S70") << "M140 S70|M140 S60|" + modes;
    QTest::newRow("chamber") << Dialect::Marlin << QByteArray("M141 S40") << "M141 S40|M141 S0|" + modes;
    QTest::newRow("fan") << Dialect::Klipper << QByteArray("M106 S255") << "M106 S255|M106 S0|" + modes;
    QTest::newRow("another fan") << Dialect::RepRapFirmware << QByteArray("M106 P2 S1") << "M106 P2 S1|M106 P2 S0|" + modes;
    QTest::newRow("speed") << Dialect::Marlin << QByteArray("M220 S30") << "M220 S30|M220 S100|" + modes;
    QTest::newRow("flow") << Dialect::Marlin << QByteArray("M221 S30") << "M221 S30|M221 S100|M221 S95|" + modes;
}

void TestOwnLines::whatTheyChangedIsPutBack()
{
    QFETCH(Dialect, dialect);
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, expected);
    std::vector<std::string> lines;
    for (const QByteArray& one : line.split('|'))
        lines.push_back(one.toStdString());
    const auto plan = planWith(dialect, {{placeName(place::beforeFirstPlastic), lines}}, ZMethod::Keep, "M221 S95\n");
    QVERIFY(plan.has_value() && ownStep(*plan));
    QCOMPARE(joined(ownStep(*plan)->gcode), expected);
}

void TestOwnLines::macrosAreNamed()
{
    const auto plan = planWith(Dialect::Klipper, {{placeName(place::afterLift), {"LIGHTS_ON", "M117 x"}}, {placeName(place::beforeFirstPlastic), {"CLEAN_NOZZLE"}}},
                               ZMethod::Touch);
    QVERIFY(plan.has_value());
    QCOMPARE(plan->unsimulated.size(), std::size_t(2));
    QCOMPARE(plan->unsimulated[0].place, std::string("after-lift"));
    QCOMPARE(plan->unsimulated[0].line, std::string("LIGHTS_ON"));
    QCOMPARE(plan->unsimulated[1].line, std::string("CLEAN_NOZZLE"));
    QCOMPARE(ownStep(*plan)->gcode.back(), std::string("G1 Z2.2 F300")); // wherever the macro went
    QVERIFY(planWith(Dialect::Klipper, {{placeName(place::beforeHeat), {"M117 x"}}})->unsimulated.empty());
}

/// Whatever the lines do, the plan ends in the state it ends in without them.
void TestOwnLines::endStateIsTheFilesOwn()
{
    const auto end = [](const Plan& plan) {
        gcode::MachineState state;
        for (const PlanStep& step : plan.steps) {
            for (const std::string& line : step.gcode)
                gcode::apply(state, gcode::parseCommand(line), plan.dialect);
        }
        state.eTotal = state.eHighest = 0;
        std::erase_if(state.fans, [](const auto& fan) { return fan.second == 0; });
        state.chamber = state.chamber == 0.0 ? std::nullopt : state.chamber;
        return state;
    };
    const std::vector<std::string> wild{"G91", "M82", "G18", "M106 S9", "M106 P3 S80", "M104 S180", "M104 T2 S0", "M140 S1", "M141 S5", "M220 S3", "M221 S7"};
    OwnLines own;
    for (const std::string_view where : ownLinePlaces)
        own[placeName(where)] = wild;
    for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware, Dialect::Marlin1}) {
        const auto with = planWith(dialect, own, ZMethod::Touch, "M221 S95\nM106 S20\n"), without = planWith(dialect, {}, ZMethod::Touch, "M221 S95\nM106 S20\n");
        QVERIFY2(with && without, with ? "" : with.error().detail.c_str());
        gcode::MachineState a = end(*with), b = end(*without);
        std::erase_if(a.hotend, [](const auto& tool) { return tool.second == 0; });
        QVERIFY2(a == b, gcode::name(dialect).data());
    }
}

void TestOwnLines::firmwareWantsUpperCase()
{
    const auto plan = planWith(Dialect::Marlin, {{placeName(place::beforeFirstPlastic), {"g1 x20 f600 ; to the brush", "M117 go on"}}});
    QCOMPARE(joined(ownStep(*plan)->gcode), QByteArray("G1 X20 F600 |M117 go on|G21|G90|M83|"));
    const auto tooLong = planWith(Dialect::Marlin, {{placeName(place::beforeHeat), {"M117 " + std::string(90, 'x')}}});
    QVERIFY(!tooLong.has_value());
}

void TestOwnLines::prefilled_data()
{
    QTest::addColumn<int>("method");
    QTest::addColumn<QByteArray>("afterLift");
    QTest::addColumn<QByteArray>("afterRegistration");
    QTest::addColumn<QByteArray>("leftOut");
    // The plugin runs its own lines itself.
    QTest::newRow("plr-z-home") << int(ZMethod::PlrZHome) << QByteArray() << QByteArray() << QByteArray();
    for (const ZMethod method : {ZMethod::Touch, ZMethod::Keep, ZMethod::StockZplus}) {
        QTest::newRow(std::string(name(method)).c_str()) << int(method) << QByteArray("LIGHTS_ON|M106 S0|") << QByteArray("CLEAN|")
                                                          << QByteArray("{% if x %}|G28 X Y|");
    }
}

void TestOwnLines::prefilled()
{
    QFETCH(int, method);
    QFETCH(QByteArray, afterLift);
    QFETCH(QByteArray, afterRegistration);
    QFETCH(QByteArray, leftOut);
    const auto offer = ownLinesFromKlipper("\n  LIGHTS_ON\r\n{% if x %}\n; a remark\nM106 S0  \n", "G28 X Y\n# no\nCLEAN", static_cast<ZMethod>(method));
    const auto linesAt = [&offer](std::string_view where) {
        const auto found = offer.lines.find(placeName(where));
        return found == offer.lines.end() ? QByteArray() : joined(found->second);
    };
    QCOMPARE(linesAt(place::afterLift), afterLift);
    QCOMPARE(linesAt(place::afterRegistration), afterRegistration);
    QCOMPARE(joined(offer.leftOut), leftOut);
}

void TestOwnLines::prefilledFromAScript()
{
    const auto offer = ownLinesFromScript("M117 resuming\nG92 E0\nM420 S1\n");
    QCOMPARE(joined(offer.lines.at(placeName(place::beforeFirstPlastic))), QByteArray("M117 resuming|M420 S1|"));
    QCOMPARE(joined(offer.leftOut), QByteArray("G92 E0|"));
}

QTEST_GUILESS_MAIN(TestOwnLines)
#include "tst_ownlines.moc"
