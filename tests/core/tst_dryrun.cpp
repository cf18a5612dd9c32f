// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QTest>

#include "gatescene.h"
#include "recovery/clearance.h"
#include "recovery/heatcheck.h"
#include "recovery/resumemachine.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

namespace {

struct Print {
    std::unique_ptr<gcode::Source> source;
    gcode::FileIndex index;
};

Print open(const QString& name)
{
    auto source = gcode::FileSource::open((QStringLiteral(KINTSUGI_TEST_DATA "/gcode/") + name).toStdString());
    auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    return {std::move(*source), std::move(*index)};
}

struct Pair {
    PlanOptions options;
    Result<Plan> real, dry;
};

Pair both(const Print& print, ByteOffset byte, PlanOptions options, const PrinterFacts& printer)
{
    const auto snapshot = snapshotFromFile(*print.source, print.index, byte);
    auto real = planResume(*print.source, print.index, *snapshot, printer, options);
    options.dryRun = true;
    auto dry = planResume(*print.source, print.index, *snapshot, printer, options);
    return {options, std::move(real), std::move(dry)};
}

ByteOffset middle(const Print& print)
{
    const gcode::Layer& layer = print.index.layers[print.index.layers.size() / 2];
    return layer.begin + (layer.end - layer.begin) / 2;
}

/// Start of a line at or after the byte at which a print can go on.
ByteOffset lineAt(const Print& print, ByteOffset byte)
{
    return gcode::locate(*print.source, print.index, byte)->byte;
}

std::string kinds(const Plan& plan)
{
    static const std::array<const char*, 17> names{"Note", "HeatBed", "Soften", "DeclareZ", "Lift", "HomeXY", "RegisterZ", "LoadMesh", "HeatNozzle",
                                                   "Prime", "Limits", "Factors", "Objects", "SelectTool", "Approach", "RestoreModes", "Continue"};
    std::string text;
    for (const PlanStep& step : plan.steps)
        text += (text.empty() ? "" : " ") + std::string(names[static_cast<std::size_t>(step.kind)]);
    return text;
}

} // namespace

/// A dry run goes the ways of the resume, higher by the clearance, and prints nothing.
class TestDryRun : public QObject
{
    Q_OBJECT
private slots:
    void order_data();
    void order();
    void staysAboveTheRealPlan_data();
    void staysAboveTheRealPlan();
    void judgedByTheSameGate();
    void extrudingIsBlocked_data();
    void extrudingIsBlocked();
    void needsItsOwnRoom();
    void ownLinesAreLeftOut();
    void neverStartsThePrint();
    void heldHeightIsSaidAgain();
    void homedThrice();
};

void TestDryRun::order_data()
{
    QTest::addColumn<int>("method");
    QTest::addColumn<int>("contact");
    QTest::addColumn<bool>("byHand");
    QTest::addColumn<double>("nozzle");
    QTest::addColumn<QByteArray>("expected");
    const QByteArray rest(" Prime Approach Lift Note");
    QTest::newRow("keep") << int(ZMethod::Keep) << int(NozzleContact::Touching) << false << 25.0 << "Note HeatBed Soften Lift HeatNozzle" + rest;
    QTest::newRow("keep, hot") << int(ZMethod::Keep) << int(NozzleContact::Touching) << false << 205.0 << "Note Soften Lift HeatBed HeatNozzle" + rest;
    QTest::newRow("keep, lifted") << int(ZMethod::Keep) << int(NozzleContact::Lifted) << false << -1.0 << "Note Lift HeatBed HeatNozzle" + rest;
    QTest::newRow("touch") << int(ZMethod::Touch) << int(NozzleContact::Touching) << false << 25.0
                           << "Note HeatBed Soften DeclareZ Lift HeatNozzle HomeXY" + rest;
    QTest::newRow("touch by hand") << int(ZMethod::Touch) << int(NozzleContact::Touching) << true << 25.0
                                   << "Note HeatBed Soften DeclareZ Lift HeatNozzle HomeXY RegisterZ Lift" + rest;
    QTest::newRow("plugin") << int(ZMethod::PlrZHome) << int(NozzleContact::Touching) << false << 25.0
                            << "Note HeatBed Soften DeclareZ Lift HeatNozzle RegisterZ HomeXY" + rest;
}

void TestDryRun::order()
{
    QFETCH(int, method);
    QFETCH(int, contact);
    QFETCH(bool, byHand);
    QFETCH(double, nozzle);
    const Print print = open(QStringLiteral("ps_gear_relE_klipper.gcode"));
    PlanOptions options;
    options.zMethod = static_cast<ZMethod>(method);
    options.contact = static_cast<NozzleContact>(contact);
    options.touchByHand = byHand;
    if (options.zMethod == ZMethod::Touch && !byHand)
        options.declaredZ = 12.3;
    if (nozzle > 0)
        options.nozzleNow = nozzle;
    const Pair plans = both(print, lineAt(print, middle(print)), options, {});
    QVERIFY(plans.dry);
    QVERIFY(plans.dry->dryRun && !plans.real->dryRun);
    QTEST(QByteArray::fromStdString(kinds(*plans.dry)), "expected");
    for (std::size_t i = 0; i < plans.dry->steps.size(); ++i)
        QCOMPARE(plans.dry->steps[i].n, static_cast<int>(i + 1));
}

void TestDryRun::staysAboveTheRealPlan_data()
{
    QTest::addColumn<QString>("file");
    const QDir folder(QStringLiteral(KINTSUGI_TEST_DATA "/gcode"));
    for (const QString& name : folder.entryList({QStringLiteral("ps_*.gcode"), QStringLiteral("derived_dome*.gcode"), QStringLiteral("slic3r*.gcode")}, QDir::Files))
        QTest::newRow(name.toUtf8().constData()) << name;
}

/// Every move of the dry run, looked at without the program's own motion runner: plain lines, plain numbers.
void TestDryRun::staysAboveTheRealPlan()
{
    QFETCH(QString, file);
    const Print print = open(file);
    PrinterFacts printer;
    printer.clearance = 3;
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = 60;
    options.contact = NozzleContact::Touching;
    options.nozzleNow = 25;
    const Pair plans = both(print, lineAt(print, middle(print)), options, printer);
    QVERIFY2(plans.dry && plans.real, plans.dry ? "" : plans.dry.error().field.c_str());
    const Plan& dry = *plans.dry;
    const double standby = softeningOf(materialOf(print.index, dry.snapshot.state.tool), dry.snapshot.state.hotend.at(dry.snapshot.state.tool), printer.softenBelow);
    double z = 60, lowest = 1e9;
    bool lifted = false;
    for (const PlanStep& step : dry.steps) {
        lifted = lifted || step.kind == StepKind::Lift;
        for (const std::string& line : step.gcode) {
            const gcode::Command command = gcode::parseCommand(line);
            QVERIFY2(!command.has('E') || command.is('G', 92), line.c_str());
            QVERIFY2(!command.is('G', 10) && !command.is('G', 11), line.c_str());
            if (command.is('M', 104) || command.is('M', 109))
                QVERIFY2(gcode::toMillimetres(*command.value('S')) <= standby + 1e-6, line.c_str());
            if (command.letter != 'G' || command.number > 1)
                continue;
            if (const auto to = command.value('Z'))
                z = gcode::toMillimetres(*to);
            if (command.has('X') || command.has('Y')) {
                QVERIFY2(lifted, line.c_str());
                QVERIFY2(z >= dry.highestPrinted + 2 * printer.clearance - 1e-6, line.c_str());
            }
            if (lifted)
                lowest = std::min(lowest, z);
        }
    }
    QVERIFY(lifted);
    const double resume = gcode::toMillimetres(*dry.snapshot.state.position[2]);
    QVERIFY2(std::abs(lowest - (resume + printer.clearance)) < 1e-6, qPrintable(QString::number(lowest)));
    // The same ways: what the real plan visits across, the dry run visits too.
    for (const PlanStep& step : plans.real->steps)
        for (const std::string& line : step.gcode)
            if (line.starts_with("G1 X") && line.find('E') == std::string::npos) {
                const bool there = std::any_of(dry.steps.begin(), dry.steps.end(), [&](const PlanStep& other) {
                    return std::find(other.gcode.begin(), other.gcode.end(), line) != other.gcode.end();
                });
                QVERIFY2(there, line.c_str());
            }
}

void TestDryRun::judgedByTheSameGate()
{
    const auto scene = test::scene();
    QVERIFY(isOpen(test::run(*scene)));
    PlanOptions options;
    options.dryRun = true;
    auto dry = planResume(scene->source, scene->index, scene->plan.snapshot, {}, options);
    QVERIFY(dry);
    const PlanOptions planned = options;
    scene->plan = std::move(*dry);
    for (const GateCheck& check : test::run(*scene))
        QVERIFY2(check.passed || check.severity != Severity::Block, check.id.c_str());
    scene->facts.now->printState = "printing"; // what stops the real start stops the dry run
    QVERIFY(!isOpen(test::run(*scene)));
    const auto map = buildHeightMap(scene->source, scene->index, scene->plan.snapshot.byte, {});
    QVERIFY(map);
    const auto report = simulatePlan(scene->source, scene->index, scene->plan, planned, *map, {});
    QVERIFY(report);
    QVERIFY2(report->ok(), report->text.pattern.c_str());
    QVERIFY(report->lowest && report->lowest->clearance >= 2);
}

void TestDryRun::extrudingIsBlocked_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("verdict");
    QTest::newRow("travel") << QByteArray("G1 X10 Y10 F6000") << QByteArray("passed");
    QTest::newRow("extrudes") << QByteArray("G1 E1 F120") << QByteArray("block");
    QTest::newRow("retracts") << QByteArray("G10") << QByteArray("block");
    QTest::newRow("at the target") << QByteArray("M104 S210") << QByteArray("passed");
    QTest::newRow("above the target") << QByteArray("M104 S212") << QByteArray("block");
}

void TestDryRun::extrudingIsBlocked()
{
    QFETCH(QByteArray, line);
    const auto scene = test::scene();
    PlanOptions options;
    options.dryRun = true;
    auto dry = planResume(scene->source, scene->index, scene->plan.snapshot, {}, options);
    QVERIFY(dry);
    scene->plan = std::move(*dry);
    scene->plan.steps.back().gcode.push_back(line.toStdString());
    QTEST(QByteArray::fromStdString(test::verdict(test::run(*scene), "plan-state")), "verdict");
}

/// Room for the real plan is not room for the dry run, which goes higher.
void TestDryRun::needsItsOwnRoom()
{
    const Print print = open(QStringLiteral("ps_gear_relE_klipper.gcode"));
    const ByteOffset byte = lineAt(print, middle(print));
    PrinterFacts printer;
    const Pair wide = both(print, byte, {}, printer);
    QVERIFY(wide.real && wide.dry);
    QCOMPARE(wide.dry->liftToZ, wide.real->liftToZ + printer.clearance);
    printer.maximum[2] = wide.real->liftToZ;
    const Pair tight = both(print, byte, {}, printer);
    QVERIFY(tight.real);
    QVERIFY(!tight.dry);
    QCOMPARE(tight.dry.error().code, ErrorCode::Unsafe);
    QCOMPARE(tight.dry.error().field, std::string("travel"));
    QCOMPARE(tight.dry.error().limit, std::optional(printer.maximum[2]));
}

void TestDryRun::ownLinesAreLeftOut()
{
    const Print print = open(QStringLiteral("ps_gear_relE_klipper.gcode"));
    PlanOptions options;
    options.ownLines = {{"after-lift", {"CLEAN_NOZZLE"}}, {"before-first-plastic", {"M117 go"}}};
    const Pair plans = both(print, lineAt(print, middle(print)), options, {});
    QVERIFY2(plans.real && plans.dry, plans.real ? "" : plans.real.error().field.c_str());
    QVERIFY(!plans.real->unsimulated.empty());
    QVERIFY(plans.dry->unsimulated.empty());
    QVERIFY(preambleText(*plans.dry).find("CLEAN_NOZZLE") == std::string::npos);
}

void TestDryRun::neverStartsThePrint()
{
    run::Step now = run::step(run::Armed{run::Way::DryRun}, run::Launch{}, 3);
    for (std::size_t i = 0; i < 3; ++i) {
        QVERIFY(std::holds_alternative<run::SendStep>(now.actions.front()));
        now = run::step(now.state, run::StepDone{i}, 3);
    }
    QVERIFY(std::holds_alternative<run::Done>(now.state));
    QCOMPARE(now.actions.size(), std::size_t(1));
    QVERIFY(std::holds_alternative<run::WriteReport>(now.actions.front()));
    now = run::step(run::Armed{run::Way::DryRun}, run::Launch{}, 0);
    QVERIFY(std::holds_alternative<run::Done>(now.state));
}

/// What the dry run registered is what the real plan begins with: nothing is touched, softened or switched again.
void TestDryRun::heldHeightIsSaidAgain()
{
    const Print print = open(QStringLiteral("ps_gear_relE_klipper.gcode"));
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.contact = NozzleContact::Lifted;
    options.declaredZ = 17.25;
    options.heldZ = true;
    const Pair plans = both(print, lineAt(print, middle(print)), options, {});
    QVERIFY(plans.real);
    const std::string order = kinds(*plans.real);
    QVERIFY2(order.starts_with("Note DeclareZ Lift HeatBed HomeXY"), order.c_str());
    const auto& declares = plans.real->steps[1];
    QVERIFY(declares.gcode.front().find("Z=17.25") != std::string::npos);
    QVERIFY(declares.reason.pattern.find("holds Z") != std::string::npos);
}

void TestDryRun::homedThrice()
{
    const Print print = open(QStringLiteral("ps_gear_relE_klipper.gcode"));
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = 17.25;
    options.homeThrice = true;
    const Pair plans = both(print, lineAt(print, middle(print)), options, {});
    QVERIFY(plans.real);
    int homings = 0;
    bool lifted = false;
    for (const PlanStep& step : plans.real->steps) {
        lifted = lifted || step.kind == StepKind::Lift;
        if (step.kind != StepKind::HomeXY)
            continue;
        ++homings;
        QVERIFY(lifted);
        QCOMPARE(step.hand, homings == 3 ? Hand::LookAtHoming : Hand::None);
    }
    QCOMPARE(homings, 3);
    // All three are sent by the program, also where the rest goes into a file.
    QCOMPARE(plans.real->steps[stepsByHand(*plans.real) - 1].kind, StepKind::HomeXY);
    PlanOptions kept = options;
    kept.zMethod = ZMethod::Keep;
    kept.declaredZ.reset();
    QVERIFY(kinds(*both(print, lineAt(print, middle(print)), kept, {}).real).find("HomeXY") == std::string::npos);
}

QTEST_GUILESS_MAIN(TestDryRun)
#include "tst_dryrun.moc"
