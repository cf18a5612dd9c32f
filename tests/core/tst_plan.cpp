// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <algorithm>
#include <cmath>

#include "printervolume.h"
#include "recovery/plan.h"
#include "recovery/plangcode.h"
#include "recovery/resumewriter.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

namespace {

struct Print {
    std::unique_ptr<gcode::Source> source;
    gcode::FileIndex index;

    [[nodiscard]] Snapshot at(ByteOffset byte) const { return *snapshotFromFile(*source, index, byte); }
    [[nodiscard]] Result<Plan> plan(ByteOffset byte, const PlanOptions& options = {}, const PrinterFacts& printer = {}) const
    {
        return planResume(*source, index, at(byte), printer, options);
    }
};

Print printOf(const std::string& text)
{
    auto source = std::make_unique<gcode::MemorySource>(text, "test.gcode");
    auto index = gcode::buildIndex(*source, gcode::Dialect::Klipper);
    return {std::move(source), std::move(*index)};
}

Print fileOf(const char* name)
{
    auto source = gcode::FileSource::open(std::string(KINTSUGI_TEST_DATA "/gcode/") + name);
    auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    return {std::move(*source), std::move(*index)};
}

const std::string head = "M140 S60\nM104 S210\nG90\nM83\nG1 X50 Y50 Z0.2 F3000\n";
const std::string body = "G1 X60 E1\nG1 Y60 E1\n";
const std::string rest = "G1 X50 E1\nG1 Y50 E1\n";

Print square(const std::string& before = {}, const std::string& between = {})
{
    return printOf(head + before + body + between + rest);
}

ByteOffset cut(const std::string& before = {}, const std::string& between = {})
{
    return (head + before + body + between).size();
}

std::vector<std::string> linesOf(const Plan& plan)
{
    std::vector<std::string> lines;
    for (const PlanStep& step : plan.steps)
        lines.insert(lines.end(), step.gcode.begin(), step.gcode.end());
    return lines;
}

std::ptrdiff_t at(const std::vector<std::string>& lines, const std::string& start)
{
    const auto it = std::find_if(lines.begin(), lines.end(), [&start](const std::string& line) { return line.starts_with(start); });
    return it == lines.end() ? -1 : it - lines.begin();
}

std::string kinds(const Plan& plan)
{
    static const std::array<const char*, 18> names{"Note", "HeatBed", "Soften", "DeclareZ", "Lift", "HomeXY", "RegisterZ", "LoadMesh", "HeatNozzle",
                                                   "Prime", "Limits", "Factors", "Objects", "SelectTool", "Approach", "RestoreModes", "Continue", "?"};
    std::string text;
    for (const PlanStep& step : plan.steps)
        text += (text.empty() ? "" : " ") + std::string(names[static_cast<std::size_t>(step.kind)]);
    return text;
}

} // namespace

class TestPlan : public QObject
{
    Q_OBJECT

private slots:
    void orderOfSteps_data();
    void orderOfSteps();
    void nothingMovesAcrossBelowTheTravelHeight_data();
    void nothingMovesAcrossBelowTheTravelHeight();
    void zIsNeverHomed();
    void declaredZ();
    void oldKlipperHasNoSetHomed();
    void travelHeightKnowsTheStopInterval();
    void finishedTallObjectIsCleared();
    void primePlace_data();
    void primePlace();
    void retractionIsRestoredExactly_data();
    void retractionIsRestoredExactly();
    void inferredTemperatureNeedsAPerson();
    void offsetRaisesTheLift();
    void objects();
    void hostileNames();
    void ownLines_data();
    void ownLines();
    void afterOwnLinesTheHeadIsBroughtBack();
    void ownRelativeMovesAddUp();
    void numbersThatAreNone();
    void neverHotterThanTheTarget();
    void unknownShiftsAreRefused_data();
    void unknownShiftsAreRefused();
    void extruderRegisterSurvivesARelativeBlock();
    void toolAndPartFanHaveTheLastWord();
    void hopBeforeTheIntervalCounts();
    void declaredHeightIsTheMachines();
    void resumeOfAResumeKnowsTheFirstPart();
    void whatThePluginChangesIsSetAgain();
    void approachIsInTwoStages();
    void firmwareRetractionIsUndoneForThePrime();
    void stateIsRestored_data();
    void stateIsRestored();
    void refusals_data();
    void refusals();
    void reasonsAndOrigins();
    void exactNumbers_data();
    void exactNumbers();
    void zeroCopy_data();
    void zeroCopy();
    void zeroCopyOfADialect_data();
    void zeroCopyOfADialect();
    void pluginIsArmedLast();
    void firmwareLiftIsTheMeasuredOne();
    void macroBeforeThePointIsNamed();
    void methodNames();
};

void TestPlan::orderOfSteps_data()
{
    QTest::addColumn<int>("method");
    QTest::addColumn<int>("contact");
    QTest::addColumn<double>("nozzle");
    QTest::addColumn<QByteArray>("expected");
    const QByteArray rest(" Factors HeatNozzle Prime Approach Factors RestoreModes Continue");
    QTest::newRow("keep, contact unknown") << int(ZMethod::Keep) << int(NozzleContact::Unknown) << -1.0 << "Note HeatBed Soften Lift" + rest;
    QTest::newRow("keep, cold") << int(ZMethod::Keep) << int(NozzleContact::Touching) << 25.0 << "Note HeatBed Soften Lift" + rest;
    QTest::newRow("keep, hot") << int(ZMethod::Keep) << int(NozzleContact::Touching) << 205.0 << "Note Soften Lift HeatBed" + rest;
    QTest::newRow("keep, lifted") << int(ZMethod::Keep) << int(NozzleContact::Lifted) << -1.0 << "Note Lift HeatBed" + rest;
    QTest::newRow("plr, cold") << int(ZMethod::PlrZHome) << int(NozzleContact::Unknown) << 25.0
                               << "Note HeatBed Soften DeclareZ Lift RegisterZ HomeXY" + rest;
    QTest::newRow("plr, hot") << int(ZMethod::PlrZHome) << int(NozzleContact::Unknown) << 180.0
                              << "Note Soften DeclareZ Lift HeatBed RegisterZ HomeXY" + rest;
    QTest::newRow("touch, cold") << int(ZMethod::Touch) << int(NozzleContact::Touching) << 25.0
                                 << "Note HeatBed Soften DeclareZ Lift HomeXY" + rest;
}

void TestPlan::orderOfSteps()
{
    QFETCH(int, method);
    QFETCH(int, contact);
    QFETCH(double, nozzle);
    QFETCH(QByteArray, expected);
    PlanOptions options;
    options.zMethod = static_cast<ZMethod>(method);
    options.contact = static_cast<NozzleContact>(contact);
    if (nozzle > 0)
        options.nozzleNow = nozzle;
    if (options.zMethod == ZMethod::Touch)
        options.declaredZ = 0.2;
    const auto plan = square().plan(cut(), options);
    QVERIFY(plan.has_value());
    QCOMPARE(QByteArray::fromStdString(kinds(*plan)), expected);
}

void TestPlan::nothingMovesAcrossBelowTheTravelHeight_data()
{
    QTest::addColumn<int>("method");
    for (const ZMethod method : {ZMethod::Keep, ZMethod::Touch, ZMethod::PlrZHome})
        QTest::newRow(std::string(name(method)).c_str()) << int(method);
}

void TestPlan::nothingMovesAcrossBelowTheTravelHeight()
{
    QFETCH(int, method);
    const Print print = fileOf("ps_sequential3_absE.gcode");
    for (const ByteOffset byte : {ByteOffset(60'000), ByteOffset(160'000), ByteOffset(250'000)}) {
        PlanOptions options;
        options.zMethod = static_cast<ZMethod>(method);
        if (options.zMethod == ZMethod::Touch)
            options.declaredZ = 5;
        const auto plan = print.plan(byte, options);
        QVERIFY(plan.has_value());
        std::optional<double> z;
        bool acrossBelow = false;
        for (const std::string& line : linesOf(*plan)) {
            const gcode::Command command = gcode::parseCommand(line);
            const bool across = (command.is('G', 1) || command.is('G', 28)) && (command.has('X') || command.has('Y'));
            acrossBelow |= across && (!z || *z < plan->highestPrinted + 1.999);
            if (command.is('G', 1) && command.value('Z'))
                z = double(*command.value('Z')) / 1e6;
        }
        QVERIFY(!acrossBelow);
        QVERIFY(*plan->clearance >= 2.0);
    }
}

void TestPlan::zIsNeverHomed()
{
    PlanOptions options;
    options.zMethod = ZMethod::PlrZHome;
    const auto plan = square().plan(cut(), options);
    for (const std::string& line : linesOf(*plan))
        QVERIFY(!line.starts_with("G28") || line == "G28 X Y");
    QCOMPARE(at(linesOf(*square().plan(cut())), "G28"), std::ptrdiff_t(-1));
}

void TestPlan::declaredZ()
{
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = 7.5;
    const auto touch = linesOf(*square().plan(cut(), options));
    QVERIFY(at(touch, "SET_KINEMATIC_POSITION Z=7.5 SET_HOMED=Z") >= 0);
    QVERIFY(at(touch, "SET_KINEMATIC_POSITION") < at(touch, "G1 Z"));
    QVERIFY(at(touch, "G1 Z8.5 ") >= 0);

    // Z from the file: the highest place the nozzle can be at, the hop inside the stop interval included.
    options = {};
    options.zMethod = ZMethod::PlrZHome;
    const std::string hop = "G1 Z3\nG1 X52 Y52\nG1 Z0.2\n";
    const Print print = square({}, hop);
    Snapshot snapshot = print.at(cut({}, hop));
    snapshot.earliest = cut();
    snapshot.latest = cut({}, hop);
    const auto plan = planResume(*print.source, print.index, snapshot, {}, options);
    QVERIFY(plan.has_value());
    QVERIFY(at(linesOf(*plan), "SET_KINEMATIC_POSITION Z=3 SET_HOMED=Z") >= 0);
    QVERIFY(plan->liftToZ >= 4.0);
}

void TestPlan::oldKlipperHasNoSetHomed()
{
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = 1;
    PrinterFacts printer;
    printer.setHomedKnown = false;
    const auto plan = square().plan(cut(), options, printer);
    const auto lines = linesOf(*plan);
    QVERIFY(std::find(lines.begin(), lines.end(), "SET_KINEMATIC_POSITION Z=1") != lines.end());
}

void TestPlan::travelHeightKnowsTheStopInterval()
{
    const std::string upper = "G1 Z0.4\nG1 X55 E1\nG1 Z12\nG1 X56 E1\n";
    const std::string text = head + body + rest + upper;
    const Print print = printOf(text + "G1 X57 E1\n");
    Snapshot snapshot = print.at(cut());
    const auto before = planResume(*print.source, print.index, snapshot, {}, {});
    snapshot.latest = text.size();
    const auto after = planResume(*print.source, print.index, snapshot, {}, {});
    QVERIFY(before && after);
    QCOMPARE(before->highestPrinted, 0.2);
    QCOMPARE(after->highestPrinted, 12.0);
    QCOMPARE(after->liftToZ, 14.0);
}

void TestPlan::finishedTallObjectIsCleared()
{
    const Print print = fileOf("ps_sequential3_absE.gcode");
    const auto plan = print.plan(250'000);
    QVERIFY(plan.has_value());
    const double z = gcode::toMillimetres(*plan->snapshot.state.position[2]);
    QVERIFY2(plan->highestPrinted > z || plan->snapshot.layer == 11U, qPrintable(QString::number(plan->highestPrinted)));
    QVERIFY(plan->liftToZ >= plan->highestPrinted + 2);
}

void TestPlan::primePlace_data()
{
    QTest::addColumn<double>("x");
    QTest::addColumn<double>("y");
    QTest::addColumn<double>("bed");
    QTest::addColumn<bool>("found");
    QTest::newRow("chosen") << -1.0 << -1.0 << 235.0 << true;
    QTest::newRow("given, free") << 10.0 << 10.0 << 235.0 << true;
    QTest::newRow("given, over the print") << 55.0 << 55.0 << 235.0 << false;
    QTest::newRow("given, beside by less than the margin") << 64.9 << 55.0 << 235.0 << false;
    QTest::newRow("given, beside by the margin") << 65.0 << 55.0 << 235.0 << true;
    QTest::newRow("given, outside the bed") << 300.0 << 10.0 << 235.0 << false;
    QTest::newRow("no room") << -1.0 << -1.0 << 62.0 << true;
}

void TestPlan::primePlace()
{
    QFETCH(double, x);
    QFETCH(double, y);
    QFETCH(double, bed);
    QFETCH(bool, found);
    PrinterFacts printer;
    printer.minimum = {0, 0, 0};
    printer.maximum = {bed, bed, 250};
    if (x >= 0)
        printer.primePlace = {x, y};
    const auto plan = square().plan(cut(), {}, printer);
    QCOMPARE(plan.has_value(), found);
    if (!found) {
        QCOMPARE(plan.error().code, ErrorCode::Unsafe);
        QCOMPARE(plan.error().field, std::string("prime"));
        return;
    }
    const gcode::Extents& p = plan->printed;
    const auto [px, py] = std::pair(plan->primeAt[0], plan->primeAt[1]);
    QVERIFY(px <= p.minX - 5 || px >= p.maxX + 5 || py <= p.minY - 5 || py >= p.maxY + 5);
    printer.primePlace.reset();
    printer.minimum = {48, 48, 0};
    printer.maximum = {62, 62, 250};
    QCOMPARE(square().plan(cut(), {}, printer).error().code, ErrorCode::Unsafe);
}

void TestPlan::retractionIsRestoredExactly_data()
{
    QTest::addColumn<QByteArray>("between");
    QTest::addColumn<double>("net");
    QTest::newRow("none") << QByteArray() << 0.0;
    QTest::newRow("retracted") << QByteArray("G1 E-2 F2400\n") << -2.0;
    QTest::newRow("in two pieces") << QByteArray("G1 E-1.25\nG1 X70\nG1 E-0.6001\n") << -1.8501;
    QTest::newRow("wiped") << QByteArray("G1 X55 E-0.7\nG1 E-1.3\n") << -2.0;
    QTest::newRow("half undone") << QByteArray("G1 E-2\nG1 E1.5\n") << -0.5;
    QTest::newRow("undone") << QByteArray("G1 E-2\nG1 E2\n") << 0.0;
    QTest::newRow("more than undone") << QByteArray("G1 E-2\nG1 E2.1\n") << 0.0;
    QTest::newRow("unloaded") << QByteArray("G1 E-92\n") << -92.0;
}

void TestPlan::retractionIsRestoredExactly()
{
    QFETCH(QByteArray, between);
    QFETCH(double, net);
    const auto plan = square({}, between.toStdString()).plan(cut({}, between.toStdString()));
    QVERIFY(plan.has_value());
    // Sum of E after the prime itself, in relative mode.
    gcode::Nanometres sum = 0;
    bool primed = false;
    for (const std::string& line : linesOf(*plan)) {
        const gcode::Command command = gcode::parseCommand(line);
        if (!command.is('G', 1) || !command.value('E'))
            continue;
        QVERIFY(std::abs(*command.value('E')) <= 40'000'000);
        sum += primed ? *command.value('E') : 0;
        primed = true;
    }
    QCOMPARE(sum, gcode::toNanometres(net));
}

void TestPlan::inferredTemperatureNeedsAPerson()
{
    const Print print = printOf("START_PRINT EXTRUDER=215 BED=65\nG90\nM83\nG1 X50 Y50 Z0.2 F3000\n" + body + rest);
    const ByteOffset byte = print.index.size - rest.size();
    Snapshot snapshot = print.at(byte);
    QCOMPARE(snapshot.fields.at("hotend.0").origin, Origin::Inferred);
    QCOMPARE(snapshot.fields.at("bed").origin, Origin::Inferred);
    const auto refused = planResume(*print.source, print.index, snapshot, {}, {});
    QCOMPARE(refused.error().code, ErrorCode::UnknownState);
    QVERIFY(edit(snapshot, "hotend.0", "215", "as always").has_value());
    QCOMPARE(planResume(*print.source, print.index, snapshot, {}, {}).error().field, std::string("bed"));
    QVERIFY(edit(snapshot, "bed", "65", "as always").has_value());
    const auto plan = planResume(*print.source, print.index, snapshot, {}, {});
    QVERIFY(plan.has_value());
    QVERIFY(at(linesOf(*plan), "M109 S215") >= 0);
    QVERIFY(at(linesOf(*plan), "M190 S65") >= 0);
    const auto heat = std::find_if(plan->steps.begin(), plan->steps.end(), [](const PlanStep& s) { return s.kind == StepKind::HeatNozzle; });
    QCOMPARE(heat->origin, Origin::Edited);
}

void TestPlan::offsetRaisesTheLift()
{
    const std::string offset = "SET_GCODE_OFFSET Z=1.5\n";
    const auto plan = square(offset).plan(cut(offset));
    QVERIFY(plan.has_value());
    QCOMPARE(plan->liftToZ, 0.2 + 2.0 + 1.5);
    const auto lines = linesOf(*plan);
    QVERIFY(at(lines, "SET_GCODE_OFFSET X=0 Y=0 Z=0 MOVE=0") < at(lines, "G1 Z3.7"));
    QVERIFY(at(lines, "SET_GCODE_OFFSET X=0 Y=0 Z=1.5 MOVE=0") > at(lines, "G1 Z3.7"));
    QVERIFY(at(lines, "SET_GCODE_OFFSET X=0 Y=0 Z=1.5 MOVE=0") < at(lines, "G1 X"));
}

void TestPlan::objects()
{
    const std::string define = "EXCLUDE_OBJECT_DEFINE NAME=a CENTER=55,55 POLYGON=[[50,50],[60,50],[60,60]]\nEXCLUDE_OBJECT_DEFINE NAME=b\nEXCLUDE_OBJECT_START NAME=b\n";
    const Print print = square(define);
    Snapshot snapshot = print.at(cut(define));
    QVERIFY(edit(snapshot, "excluded", "a", "came loose").has_value());
    const auto plan = planResume(*print.source, print.index, snapshot, {}, {});
    QVERIFY(plan.has_value());
    const auto step = std::find_if(plan->steps.begin(), plan->steps.end(), [](const PlanStep& s) { return s.kind == StepKind::Objects; });
    QVERIFY(step != plan->steps.end());
    const std::vector<std::string> expected{"EXCLUDE_OBJECT_DEFINE NAME=a CENTER=55,55 POLYGON=[[50,50],[60,50],[60,60]]", "EXCLUDE_OBJECT_DEFINE NAME=b",
                                            "EXCLUDE_OBJECT NAME=a", "EXCLUDE_OBJECT_START NAME=b"};
    QCOMPARE(step->gcode, expected);
    // An object that is excluded swallows moves: it is entered after the last one of the plan.
    for (auto later = step + 1; later != plan->steps.end(); ++later)
        QVERIFY(later->gcode.empty());
}

void TestPlan::hostileNames()
{
    Snapshot snapshot = square().at(cut());
    const Print print = square();
    for (const char* bad : {"a\nM112", "a\"b'c", "x\\", "tab\tname"}) {
        snapshot.state.mesh = gcode::MeshState{.profile = bad};
        const auto plan = planResume(*print.source, print.index, snapshot, {}, {});
        QCOMPARE(plan.error().code, ErrorCode::Unsafe);
        QCOMPARE(plan.error().field, std::string("mesh"));
    }
    snapshot.state.mesh = gcode::MeshState{.profile = "two words; M112"};
    const auto plan = planResume(*print.source, print.index, snapshot, {}, {});
    QVERIFY(at(linesOf(*plan), "BED_MESH_PROFILE LOAD=\"two words; M112\"") >= 0);
}

void TestPlan::ownLines_data()
{
    QTest::addColumn<QByteArray>("place");
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<bool>("allowed");
    const auto row = [](const char* place, const char* line, bool allowed) {
        QTest::newRow((QByteArray(place) + ": " + line).constData()) << QByteArray(place) << QByteArray(line) << allowed;
    };
    row("before-heat", "M117 resuming", true);
    row("after-registration", "G1 X5 F6000", true);
    row("before-first-plastic", "G1 X5 F6000", true);
    row("before-first-plastic", "CLEAN_NOZZLE", true);
    row("before-heat", "G1 X100 Y100", false);
    row("before-heat", "T1", false);
    row("after-lift", "G1 X100 Y100", false);
    row("after-registration", "G1 Z0.3", false);
    row("before-first-plastic", "G1 Z1 F300", false);
    row("before-first-plastic", "G1 X500", false);
    row("before-first-plastic", "G1 Z200", true);
    row("before-first-plastic", "SET_GCODE_OFFSET Z=-1 MOVE=1", false);
    row("before-first-plastic", "SET_STEPPER_ENABLE STEPPER=stepper_z ENABLE=0", false);
    row("before-first-plastic", "SAVE_CONFIG", false);
    row("before-heat", "; KINTSUGI RESUME POINT byte=12", false);
    row("before-heat", "; root byte: 12", false);
    row("before-heat", "; printed before: 0 0 0 1 1 0", false);
    row("before-heat", "; a remark", true);
    row("nowhere", "M117 x", false);
    for (const char* bad : {"G28", "g28 z", "G28 X Y", "N5 G29", "G30", "G34", "M48", "BED_MESH_CALIBRATE", "quad_gantry_level", "Z_TILT_ADJUST",
                            "PROBE", "HOME_ALL", "START_PRINT BED=60", "PLR_Z_HOME MODE=CALIBRATE", "PLR_RESUME_PRINT", "FORCE_MOVE STEPPER=stepper_z DISTANCE=-5",
                            "SET_KINEMATIC_POSITION Z=0", "G92 Z0", "M84", "M24", "FIRMWARE_RESTART", "M117 a\nG28"})
        row("before-first-plastic", bad, false);
}

void TestPlan::ownLines()
{
    QFETCH(QByteArray, place);
    QFETCH(QByteArray, line);
    QFETCH(bool, allowed);
    PlanOptions options;
    options.ownLines[place.toStdString()] = {line.toStdString()};
    const auto plan = square().plan(cut(), options, printerOf());
    QCOMPARE(plan.has_value(), allowed);
    if (!allowed) {
        QVERIFY(plan.error().code == ErrorCode::Unsafe || plan.error().code == ErrorCode::BadValue);
        QCOMPARE(plan.error().field, place.toStdString());
        return;
    }
    // Whatever the person's lines did to the modes is undone right behind them.
    const auto step = std::find_if(plan->steps.begin(), plan->steps.end(), [&line](const PlanStep& s) { return s.gcode.front() == line.toStdString(); });
    QVERIFY(step != plan->steps.end());
    const auto modes = std::find(step->gcode.begin(), step->gcode.end(), "M83");
    QVERIFY(modes != step->gcode.end() && *(modes - 1) == "G90" && *(modes - 2) == "G21");
}

void TestPlan::afterOwnLinesTheHeadIsBroughtBack()
{
    PlanOptions options;
    options.ownLines["before-first-plastic"] = {"G1 X55 Y55"};
    const auto plan = square().plan(cut(), options);
    QVERIFY(plan.has_value());
    std::array<double, 2> place{};
    for (const PlanStep& step : plan->steps) {
        for (const std::string& line : step.gcode) {
            const gcode::Command command = gcode::parseCommand(line);
            if (step.kind == StepKind::Prime && command.value('X'))
                place = {double(*command.value('X')) / 1e6, double(*command.value('Y')) / 1e6};
            if (step.kind == StepKind::Prime && command.value('E'))
                QCOMPARE(place, plan->primeAt);
        }
    }
}

void TestPlan::ownRelativeMovesAddUp()
{
    PlanOptions options;
    options.ownLines["before-first-plastic"] = {"G91", "G1 Z5", "G1 Z-4"};
    QVERIFY(square().plan(cut(), options).has_value());
    options.ownLines["before-first-plastic"].emplace_back("G1 Z-2");
    QCOMPARE(square().plan(cut(), options).error().code, ErrorCode::Unsafe);
}

void TestPlan::numbersThatAreNone()
{
    const double nan = std::nan("");
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = nan;
    QCOMPARE(square().plan(cut(), options).error().field, std::string("declaredZ"));
    options = {};
    options.materialSoftening = nan;
    QCOMPARE(square().plan(cut(), options).error().field, std::string("materialSoftening"));
    PrinterFacts printer;
    printer.primePlace = {nan, 5};
    QCOMPARE(square().plan(cut(), {}, printer).error().field, std::string("prime"));
    printer = {};
    printer.maximum[2] = nan;
    QCOMPARE(square().plan(cut(), {}, printer).error().field, std::string("travel"));
    for (const double clearance : {nan, 0.0, -3.0}) {
        printer = {};
        printer.clearance = clearance;
        QCOMPARE(square().plan(cut(), {}, printer).error().field, std::string("printer"));
    }
}

void TestPlan::neverHotterThanTheTarget()
{
    PlanOptions options;
    options.materialSoftening = 300;
    const auto plan = square().plan(cut(), options);
    QVERIFY(at(linesOf(*plan), "M104 S210") >= 0);
    QCOMPARE(at(linesOf(*plan), "M104 S300"), std::ptrdiff_t(-1));
}

void TestPlan::unknownShiftsAreRefused_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("between");
    QTest::addColumn<bool>("allowed"); // Z is kept, so the firmware still knows where it counts from
    QTest::addColumn<bool>("declared"); // the same when Z is declared anew
    const QByteArray none;
    QTest::newRow("Z") << QByteArray("G92 Z0\nG1 Z0.2\n") << none << true << true;
    QTest::newRow("from a home only the printer knows") << QByteArray("G28 X\nG92 X100\nG1 X50\n") << none << true << false;
    QTest::newRow("from nowhere") << QByteArray("G28 Z\nG92 Z7\nG1 Z0.2\n") << none << true << false;
    QTest::newRow("in the middle of the print") << none << QByteArray("G28 X\nG92 X100\nG1 X60\n") << false << false;
    QTest::newRow("X") << QByteArray("G92 X0\n") << none << true << true;
    QTest::newRow("all") << QByteArray("G92\nG1 X50 Y50 Z0.2\n") << none << true << true;
    QTest::newRow("E") << QByteArray("G92 E0\n") << none << true << true;
    QTest::newRow("to the same") << QByteArray("G92 X50\n") << none << true << true;
    QTest::newRow("homed again") << QByteArray("G92 X0\nG28 X\nG1 X50\n") << none << true << true;
}

void TestPlan::unknownShiftsAreRefused()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, between);
    QFETCH(bool, allowed);
    QFETCH(bool, declared);
    const std::string first = before.toStdString(), second = between.toStdString();
    PlanOptions options;
    for (const bool expected : {allowed, declared}) {
        const auto plan = square(first, second).plan(cut(first, second), options);
        QCOMPARE(plan.has_value(), expected);
        if (!expected)
            QCOMPARE(plan.error().code, ErrorCode::NotSupported);
        options.zMethod = ZMethod::Touch;
        options.declaredZ = 0.2;
    }
}

/// A file that counts relatively for a moment goes on absolutely from its register.
void TestPlan::extruderRegisterSurvivesARelativeBlock()
{
    const std::string before = "M82\nG92 E0\nG1 X51 E800\nM83\n";
    const auto plan = square(before).plan(cut(before));
    QVERIFY(plan.has_value());
    const auto lines = linesOf(*plan);
    QVERIFY(at(lines, "G92 E802") >= 0);
    QCOMPARE(lines.back(), std::string("M83"));
}

/// Klipper reads no T in M221 and no P in M106: the last line decides.
void TestPlan::toolAndPartFanHaveTheLastWord()
{
    const std::string before = "M104 T1 S200\nM221 T1 S80\nM221 S95\nM106 P2 S255\nM106 S120\n";
    const auto lines = linesOf(*square(before).plan(cut(before)));
    QVERIFY(at(lines, "M221 T1 S80") >= 0 && at(lines, "M221 T1 S80") < at(lines, "M221 S95"));
    QVERIFY(at(lines, "M106 P2 S255") >= 0 && at(lines, "M106 P2 S255") < at(lines, "M106 S120"));
    QVERIFY(at(lines, "T0") >= 0);
    QCOMPARE(at(linesOf(*square().plan(cut())), "T0"), std::ptrdiff_t(-1));
}

/// The first line of the stop interval may be the descent of a hop: the nozzle can still be up.
void TestPlan::hopBeforeTheIntervalCounts()
{
    const std::string up = "G1 Z3\nG1 X52 Y52\n", hop = up + "G1 Z0.2\n";
    const Print print = square({}, hop);
    Snapshot snapshot = print.at(cut({}, hop));
    snapshot.earliest = cut({}, up);
    snapshot.latest = cut({}, hop);
    PlanOptions options;
    options.zMethod = ZMethod::PlrZHome;
    const auto plan = planResume(*print.source, print.index, snapshot, {}, options);
    QVERIFY(plan.has_value());
    QVERIFY(at(linesOf(*plan), "SET_KINEMATIC_POSITION Z=3 SET_HOMED=Z") >= 0);
}

/// The offset of the file is part of where the nozzle really stands.
void TestPlan::declaredHeightIsTheMachines()
{
    const std::string offset = "SET_GCODE_OFFSET Z=1.5\n";
    PlanOptions options;
    options.zMethod = ZMethod::PlrZHome;
    const auto lines = linesOf(*square(offset).plan(cut(offset), options));
    QVERIFY(at(lines, "SET_KINEMATIC_POSITION Z=1.7 ") >= 0);
}

/// The tower stands only in the first file; the second and third run must still clear it.
void TestPlan::resumeOfAResumeKnowsTheFirstPart()
{
    const std::string tower = "G1 X20 Y20 Z30\nG1 X30 E1\nG1 Z40\nG1 X50 Y50\nG1 Z0.2\n";
    const Print print = square(tower);
    const auto plan = print.plan(cut(tower));
    QVERIFY(plan.has_value());
    const auto header = resumeHeader(*print.source, print.index, *plan);
    const std::string preamble = *header + preambleText(*plan) + resumePointLine(plan->snapshot.byte) + '\n';
    const Print again = printOf(preamble + rest);
    const auto second = again.plan(preamble.size() + rest.find("G1 Y50"));
    QVERIFY(second.has_value());
    QCOMPARE(second->highestPrinted, 30.0);
    QCOMPARE(second->printed.minX, 20.0);
    QCOMPARE(second->printed.minY, 20.0);
    QCOMPARE(second->liftToZ, 32.0);
}

void TestPlan::whatThePluginChangesIsSetAgain()
{
    PlanOptions options;
    options.zMethod = ZMethod::PlrZHome;
    const auto lines = linesOf(*square().plan(cut(), options));
    const auto registered = std::find(lines.begin(), lines.end(), "PLR_Z_HOME MODE=RESUME");
    QVERIFY(registered != lines.end());
    const auto prime = std::find_if(registered, lines.end(), [](const std::string& line) { return line.starts_with("G1 E"); });
    for (const char* line : {"G90", "M83", "M107", "M220 S100", "SET_GCODE_OFFSET X=0 Y=0 Z=0 MOVE=0"})
        QVERIFY2(std::find(registered, prime, line) != prime, line);
}

void TestPlan::approachIsInTwoStages()
{
    const auto plan = square().plan(cut());
    const auto step = std::find_if(plan->steps.begin(), plan->steps.end(), [](const PlanStep& s) { return s.kind == StepKind::Approach; });
    QVERIFY(step->gcode.size() >= 3);
    QVERIFY(step->gcode[0].starts_with("G1 X60 Y60 F"));
    QCOMPARE(QByteArray::fromStdString(step->gcode[1]), QByteArray("G1 Z1.2 F300"));
    QCOMPARE(QByteArray::fromStdString(step->gcode[2]), QByteArray("G1 Z0.2 F150"));
}

void TestPlan::firmwareRetractionIsUndoneForThePrime()
{
    const auto plan = square({}, "G10\n").plan(cut({}, "G10\n"));
    const auto step = std::find_if(plan->steps.begin(), plan->steps.end(), [](const PlanStep& s) { return s.kind == StepKind::Prime; });
    const auto lineAt = [&step](const char* start) { return at(step->gcode, start); };
    QVERIFY(lineAt("G11") >= 0 && lineAt("G11") < lineAt("G1 E"));
    QVERIFY(lineAt("G10") > lineAt("G1 E"));
}

void TestPlan::stateIsRestored_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("plane") << QByteArray("G18\n") << QByteArray("G18");
    QTest::newRow("relative") << QByteArray("G91\n") << QByteArray("G91");
    QTest::newRow("chamber") << QByteArray("M141 S45\n") << QByteArray("M141 S45");
    QTest::newRow("object of M486") << QByteArray("M486 P3\n") << QByteArray("M486 P3");
    QTest::newRow("feed") << QByteArray("G1 F1234.5\n") << QByteArray("G1 F1234.5");
    QTest::newRow("fan") << QByteArray("SET_FAN_SPEED FAN=aux SPEED=0.25\n") << QByteArray("SET_FAN_SPEED FAN=aux SPEED=0.25");
}

void TestPlan::stateIsRestored()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, line);
    const std::string text = before.toStdString();
    const auto plan = square({}, text).plan(cut({}, text));
    QVERIFY(plan.has_value());
    const auto lines = linesOf(*plan);
    QVERIFY(std::find(lines.begin(), lines.end(), line.toStdString()) != lines.end());
}

void TestPlan::refusals_data()
{
    QTest::addColumn<int>("what");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("field");
    QTest::newRow("before the first extrusion") << 0 << int(ErrorCode::BeforeFirstExtrusion) << QByteArray("byte");
    QTest::newRow("after the last extrusion") << 1 << int(ErrorCode::AfterLastExtrusion) << QByteArray("byte");
    QTest::newRow("hotend unknown") << 2 << int(ErrorCode::UnknownState) << QByteArray("hotend.0");
    QTest::newRow("touch without a height") << 3 << int(ErrorCode::UnknownState) << QByteArray("declaredZ");
    QTest::newRow("stock-zplus") << 4 << int(ErrorCode::NotSupported) << QByteArray("zMethod");
    QTest::newRow("inch") << 5 << int(ErrorCode::NotSupported) << QByteArray("inch");
    QTest::newRow("no room above") << 6 << int(ErrorCode::Unsafe) << QByteArray("travel");
    QTest::newRow("outside in X") << 7 << int(ErrorCode::Unsafe) << QByteArray("position.x");
    QTest::newRow("homing lifts") << 8 << int(ErrorCode::Unsafe) << QByteArray("homeXY");
    QTest::newRow("declared beyond the top") << 9 << int(ErrorCode::Unsafe) << QByteArray("travel");
}

void TestPlan::refusals()
{
    QFETCH(int, what);
    QFETCH(int, code);
    QFETCH(QByteArray, field);
    const Print print = square();
    Snapshot snapshot = print.at(what == 0 ? 12 : what == 1 ? print.index.size : cut());
    PrinterFacts printer = printerOf();
    PlanOptions options;
    if (what == 2)
        snapshot.state.hotend.clear();
    if (what == 3 || what == 8 || what == 9)
        options.zMethod = ZMethod::Touch;
    if (what == 4)
        options.zMethod = ZMethod::StockZplus;
    if (what == 5)
        snapshot.state.inch = true;
    if (what == 6)
        printer.maximum[2] = 2.1;
    if (what == 7)
        printer.minimum[0] = 60.5;
    if (what == 8) {
        options.declaredZ = 1;
        printer.homeXyIsPlain = false;
    }
    if (what == 9)
        options.declaredZ = 250;
    const auto plan = planResume(*print.source, print.index, snapshot, printer, options);
    QVERIFY(!plan.has_value());
    QCOMPARE(int(plan.error().code), code);
    QCOMPARE(QByteArray::fromStdString(plan.error().field), field);
}

void TestPlan::reasonsAndOrigins()
{
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = 2;
    const auto plan = square().plan(cut(), options);
    int n = 0;
    for (const PlanStep& step : plan->steps) {
        QCOMPARE(step.n, ++n);
        QVERIFY(!english(step.reason).empty() && !english(step.title).empty() && !step.numbersFrom.empty());
        QVERIFY(english(step.reason).find('%') == std::string::npos);
        QCOMPARE(step.gcode.empty(), step.kind == StepKind::Continue);
        if (step.kind == StepKind::DeclareZ)
            QCOMPARE(step.origin, Origin::Edited);
    }
    const std::string text = preambleText(*plan);
    for (const PlanStep& step : plan->steps)
        QVERIFY(text.find("; step " + std::to_string(step.n) + ": ") != std::string::npos);
    QVERIFY(text.ends_with('\n'));
}

void TestPlan::exactNumbers_data()
{
    QTest::addColumn<qint64>("value");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("zero") << qint64(0) << QByteArray("0");
    QTest::newRow("one") << qint64(1'000'000) << QByteArray("1");
    QTest::newRow("smallest") << qint64(1) << QByteArray("0.000001");
    QTest::newRow("negative") << qint64(-15'000) << QByteArray("-0.015");
    QTest::newRow("long") << qint64(123'456'789'012'345) << QByteArray("123456789.012345");
    QTest::newRow("lowest") << std::numeric_limits<qint64>::min() << QByteArray("-9223372036854.775808");
}

void TestPlan::exactNumbers()
{
    QFETCH(qint64, value);
    QFETCH(QByteArray, expected);
    QCOMPARE(QByteArray::fromStdString(write::exact(value)), expected);
}

void TestPlan::zeroCopy_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QByteArray>("start");
    QTest::newRow("root") << QByteArray("tower 2.gcode") << QByteArray("M23 tower 2.gcode");
    QTest::newRow("folder") << QByteArray("a/b.gcode") << QByteArray("SDCARD_PRINT_FILE FILENAME=\"a/b.gcode\"|M25");
    QTest::newRow("comment sign") << QByteArray("a;M112.gcode") << QByteArray("SDCARD_PRINT_FILE FILENAME=\"a;M112.gcode\"|M25");
    QTest::newRow("double quote") << QByteArray("a\"b.gcode") << QByteArray("SDCARD_PRINT_FILE FILENAME='a\"b.gcode'|M25");
    QTest::newRow("blank at the end") << QByteArray("a ") << QByteArray("SDCARD_PRINT_FILE FILENAME=\"a \"|M25");
    QTest::newRow("blank at the start") << QByteArray(" a.gcode") << QByteArray("SDCARD_PRINT_FILE FILENAME=\" a.gcode\"|M25");
    QTest::newRow("both quotes") << QByteArray("a\"b'c.gcode") << QByteArray();
    QTest::newRow("line end") << QByteArray("a\nM112") << QByteArray();
    QTest::newRow("empty") << QByteArray() << QByteArray();
}

void TestPlan::zeroCopy()
{
    QFETCH(QByteArray, file);
    QFETCH(QByteArray, start);
    const std::string define = "EXCLUDE_OBJECT_DEFINE NAME=a\n";
    const auto plan = square(define).plan(cut(define));
    const auto lines = zeroCopyStart(*plan, file.toStdString());
    QCOMPARE(lines.has_value(), !start.isEmpty());
    if (!lines) {
        QCOMPARE(lines.error().code, ErrorCode::Unsafe);
        return;
    }
    QByteArray text;
    for (const std::string& line : *lines)
        text += QByteArray::fromStdString(line) + '|';
    QCOMPARE(text, start + "|M26 S" + QByteArray::number(quint64(cut(define))) + "|EXCLUDE_OBJECT_DEFINE NAME=a|M24|");
}

void TestPlan::zeroCopyOfADialect_data()
{
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QByteArray>("between");
    QTest::addColumn<QByteArray>("start");
    using D = gcode::Dialect;
    QTest::newRow("Marlin") << int(D::Marlin) << QByteArray("TOWER~1.GCO") << QByteArray() << QByteArray("M23 TOWER~1.GCO|M26 S#|M24|");
    QTest::newRow("Marlin, folder") << int(D::Marlin) << QByteArray("/A/B.GCO") << QByteArray() << QByteArray("M23 /A/B.GCO|M26 S#|M24|");
    QTest::newRow("MK3") << int(D::Prusa) << QByteArray("tower.gco") << QByteArray() << QByteArray("M23 tower.gco|M26 S#|M24|");
    QTest::newRow("Marlin 1") << int(D::Marlin1) << QByteArray("tower.g") << QByteArray() << QByteArray("M23 tower.g|M26 S#|M24|");
    for (const char* bad : {"two words.gco", "a;M112.gco", "a*1.gco", "a\nM112", "", "\xC3\xA4.gco"})
        QTest::newRow((QByteArray("refused: ") + bad).constData()) << int(D::Marlin) << QByteArray(bad) << QByteArray() << QByteArray();
    QTest::newRow("long") << int(D::Marlin) << QByteArray(80, 'x') << QByteArray() << QByteArray();
    QTest::newRow("RepRapFirmware") << int(D::RepRapFirmware) << QByteArray("tower.g") << QByteArray() << QByteArray();
    QTest::newRow("exclusions would be forgotten") << int(D::Marlin) << QByteArray("tower.g") << QByteArray("M486 P1\n") << QByteArray();
}

void TestPlan::zeroCopyOfADialect()
{
    QFETCH(int, dialect);
    QFETCH(QByteArray, file);
    QFETCH(QByteArray, between);
    QFETCH(QByteArray, start);
    const std::string text = head + body + between.toStdString();
    const gcode::MemorySource source(text + rest);
    const auto index = gcode::buildIndex(source, static_cast<gcode::Dialect>(dialect));
    const auto plan = planResume(source, *index, *snapshotFromFile(source, *index, text.size() + 4), {}, {});
    QVERIFY(plan.has_value());
    QCOMPARE(plan->snapshot.byte, ByteOffset(text.size())); // the start of its line
    const auto lines = zeroCopyStart(*plan, file.toStdString());
    QCOMPARE(lines.has_value(), !start.isEmpty());
    if (!lines) {
        QVERIFY(lines.error().detail.size() > 20);
        return;
    }
    QByteArray said;
    for (const std::string& line : *lines)
        said += QByteArray::fromStdString(line) + '|';
    QCOMPARE(said, start.replace("#", QByteArray::number(quint64(text.size()))));
}

void TestPlan::pluginIsArmedLast()
{
    PrinterFacts printer;
    QCOMPARE(at(linesOf(*square().plan(cut())), "PLR_"), std::ptrdiff_t(-1));
    printer.plrPresent = true;
    const std::string define = "EXCLUDE_OBJECT_DEFINE NAME=a\n";
    const auto lines = linesOf(*square(define).plan(cut(define), {}, printer));
    QCOMPARE(lines.back(), std::string("PLR_ENABLE"));
    QCOMPARE(at(lines, "PLR_RESUME"), std::ptrdiff_t(-1));
    const gcode::MemorySource source(head + body + rest);
    const auto index = gcode::buildIndex(source, gcode::Dialect::Marlin);
    const auto marlin = planResume(source, *index, *snapshotFromFile(source, *index, cut()), printer, {});
    QCOMPARE(at(linesOf(*marlin), "PLR_"), std::ptrdiff_t(-1));
}

/// The nozzle hangs free: up at once, from where it was measured to be.
void TestPlan::firmwareLiftIsTheMeasuredOne()
{
    const gcode::MemorySource source(head + body + rest);
    const auto index = gcode::buildIndex(source, gcode::Dialect::Prusa);
    PlanOptions options;
    options.zMethod = ZMethod::FirmwareLift;
    options.declaredZ = 20.36;
    const auto plan = planResume(source, *index, *snapshotFromFile(source, *index, cut()), {}, options);
    QVERIFY(plan.has_value());
    QCOMPARE(QByteArray::fromStdString(kinds(*plan)).left(42), QByteArray("Note DeclareZ Lift HeatBed HomeXY HeatNozz"));
    const auto lines = linesOf(*plan);
    QVERIFY(at(lines, "G92 Z20.36") >= 0 && at(lines, "G1 Z21.36 ") > at(lines, "G92 Z20.36"));
}

void TestPlan::macroBeforeThePointIsNamed()
{
    const auto plan = square({}, "TIMELAPSE_TAKE_FRAME\n").plan(cut({}, "TIMELAPSE_TAKE_FRAME\n"));
    QVERIFY(plan.has_value());
    const auto step = std::find_if(plan->steps.begin(), plan->steps.end(), [](const PlanStep& s) { return s.kind == StepKind::Approach; });
    QVERIFY(english(step->reason).find("TIMELAPSE_TAKE_FRAME") != std::string::npos);
}

void TestPlan::methodNames()
{
    for (const ZMethod method : {ZMethod::StockZplus, ZMethod::PlrZHome, ZMethod::Keep, ZMethod::FirmwareLift, ZMethod::Touch, ZMethod::FreeSpot,
                                 ZMethod::TopEndstop})
        QCOMPARE(zMethodFromName(name(method)), std::optional(method));
    QVERIFY(!zMethodFromName("pray"));
}

QTEST_GUILESS_MAIN(TestPlan)
#include "tst_plan.moc"
