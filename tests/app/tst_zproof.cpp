// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonArray>
#include <QPromise>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>

#include "recovery/zhardware.h"
#include "resumeflowfacts.h"
#include "resumeflowtouch.h"
#include "zmechanics.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
using namespace kintsugi::recovery;

/// What configuration, record and console prove of Z, and where the part is touched.
class TestZProof : public QObject
{
    Q_OBJECT
private slots:
    void driveFromTheConfiguration_data();
    void driveFromTheConfiguration();
    void placesOfTheMotors();
    void nonsenseKeepsTheDefaults();
    void theCauseDisproves_data();
    void theCauseDisproves();
    void theRecordProvesOrDisproves_data();
    void theRecordProvesOrDisproves();
    void hardwareProof();
    void whatLetsGoOfTheMotors_data();
    void whatLetsGoOfTheMotors();
    void aSetOffsetMovesTheTouchedTops_data();
    void aSetOffsetMovesTheTouchedTops();
};

void TestZProof::driveFromTheConfiguration_data()
{
    QTest::addColumn<QJsonObject>("z");
    QTest::addColumn<double>("fullStep");
    QTest::addColumn<double>("microstep");
    QTest::newRow("lead 8") << QJsonObject{{u"rotation_distance"_s, 8.0}} << 0.04 << 0.0025;
    QTest::newRow("0.9 degrees, 32 microsteps") << QJsonObject{{u"rotation_distance"_s, 4.0}, {u"full_steps_per_rotation"_s, 400}, {u"microsteps"_s, 32}} << 0.01 << 0.0003125;
    QTest::newRow("belted, 80 to 16") << QJsonObject{{u"rotation_distance"_s, 40.0}, {u"gear_ratio"_s, QJsonArray{QJsonArray{80, 16}}}} << 0.04 << 0.0025;
}

void TestZProof::driveFromTheConfiguration()
{
    QFETCH(QJsonObject, z);
    const auto mechanics = zMechanics({{u"stepper_z"_s, z}}, {});
    QTEST(mechanics.fullStep, "fullStep");
    QTEST(mechanics.microstep, "microstep");
    QVERIFY(!mechanics.canTilt());
}

void TestZProof::placesOfTheMotors()
{
    PrinterFacts printer;
    QVERIFY(zMechanics({{u"stepper_z"_s, QJsonObject()}, {u"stepper_z1"_s, QJsonObject()}}, printer).canTilt()); // wherever they are
    printer.minimum = {0, 0, 0};
    printer.maximum = {235, 235, 250};
    QJsonObject settings{{u"stepper_z"_s, QJsonObject()}, {u"stepper_z1"_s, QJsonObject()}};
    auto mechanics = zMechanics(settings, printer);
    QCOMPARE(mechanics.screws.size(), std::size_t{2}); // of which nothing is told: the ends of the bed
    QCOMPARE(mechanics.screws[1][0], 235.0);
    settings[u"z_tilt"_s] = QJsonObject{{u"z_positions"_s, QJsonArray{QJsonArray{-10, 100}, QJsonArray{245, 100}}}};
    mechanics = zMechanics(settings, printer);
    QCOMPARE(mechanics.screws[0][0], -10.0);
    settings = {{u"stepper_z"_s, QJsonObject()}, {u"stepper_z1"_s, QJsonObject()}, {u"stepper_z2"_s, QJsonObject()}, {u"stepper_z3"_s, QJsonObject()},
                {u"quad_gantry_level"_s, QJsonObject{{u"gantry_corners"_s, QJsonArray{QJsonArray{-60, -10}, QJsonArray{410, 420}}}}}};
    mechanics = zMechanics(settings, printer);
    QCOMPARE(mechanics.screws.size(), std::size_t{4});
    QCOMPARE(mechanics.screws[1][0], 410.0);
    QCOMPARE(mechanics.screws[1][1], -10.0);
    PrinterFacts four;
    four.fourZ = true; // the profile says so, the configuration was not read
    QVERIFY(zMechanics({}, four).canTilt());
}

void TestZProof::nonsenseKeepsTheDefaults()
{
    for (const QJsonValue& bad : {QJsonValue(-8.0), QJsonValue(0), QJsonValue(u"x"_s), QJsonValue()}) {
        const auto mechanics = zMechanics({{u"stepper_z"_s, QJsonObject{{u"rotation_distance"_s, bad}}}}, {});
        QCOMPARE(mechanics.fullStep, ZMechanics{}.fullStep);
    }
    const QJsonObject odd{{u"rotation_distance"_s, 8.0}, {u"microsteps"_s, 0}, {u"gear_ratio"_s, QJsonArray{QJsonArray{0, 0}, 5}}};
    QCOMPARE(zMechanics({{u"stepper_z"_s, odd}}, {}).microstep, 0.0025);
}

namespace {

Sample seen(double clock, double controller, const char* homed = "xyz")
{
    Sample sample;
    sample.eventTime = clock;
    sample.estimatedPrintTime = controller;
    sample.homedAxes = homed;
    sample.hostState = "ready";
    return sample;
}

char letter(const std::optional<bool>& fact)
{
    return !fact ? '?' : *fact ? '+' : '-';
}

QString told(const ZEvidence& e)
{
    return QStringLiteral("host%1 shutdown%2 motors%3 supply%4").arg(QLatin1Char(letter(e.hostAlive))).arg(QLatin1Char(letter(e.noShutdown)))
        .arg(QLatin1Char(letter(e.motorsEnabled))).arg(QLatin1Char(letter(e.supplyIntact)));
}

} // namespace

void TestZProof::theCauseDisproves_data()
{
    QTest::addColumn<int>("cause");
    QTest::addColumn<QString>("evidence");
    QTest::newRow("printer's power") << int(StopCause::PrinterPowerLost) << u"host? shutdown? motors- supply-"_s;
    QTest::newRow("all power") << int(StopCause::PrinterAndHostLost) << u"host- shutdown? motors- supply-"_s;
    QTest::newRow("host") << int(StopCause::HostLost) << u"host- shutdown? motors- supply?"_s;
    QTest::newRow("motor supply") << int(StopCause::MotorSupplyLost) << u"host? shutdown? motors- supply-"_s;
    QTest::newRow("emergency stop") << int(StopCause::EmergencyStop) << u"host? shutdown- motors- supply?"_s;
    QTest::newRow("shutdown") << int(StopCause::FirmwareShutdown) << u"host? shutdown- motors- supply?"_s;
    QTest::newRow("link") << int(StopCause::LinkLost) << u"host? shutdown? motors? supply?"_s;
    QTest::newRow("unknown") << int(StopCause::Unknown) << u"host? shutdown? motors? supply?"_s;
}

void TestZProof::theCauseDisproves()
{
    QFETCH(int, cause);
    QFETCH(QString, evidence);
    QCOMPARE(told(zEvidence(static_cast<StopCause>(cause), {}, std::nullopt, 600)), evidence);
    // What the cause disproves no later look proves again.
    const ZEvidence later = zEvidence(static_cast<StopCause>(cause), {seen(100, 50)}, seen(200, 150), 600);
    if (evidence.contains(u"motors-"_s))
        QCOMPARE(letter(later.motorsEnabled), '-');
    if (evidence.contains(u"supply-"_s))
        QCOMPARE(letter(later.supplyIntact), '-');
}

void TestZProof::theRecordProvesOrDisproves_data()
{
    QTest::addColumn<Sample>("last");
    QTest::addColumn<Sample>("now");
    QTest::addColumn<QString>("evidence");
    QTest::newRow("the same run") << seen(100, 50) << seen(400, 350) << u"host+ shutdown+ motors+ supply?"_s;
    QTest::newRow("motors were let go") << seen(100, 50) << seen(400, 350, "xy") << u"host+ shutdown? motors- supply?"_s;
    QTest::newRow("the host booted anew") << seen(1000, 50) << seen(40, 20) << u"host- shutdown- motors- supply?"_s;
    QTest::newRow("the firmware was restarted, and homed again") << seen(100, 50) << seen(400, 20) << u"host? shutdown- motors- supply?"_s;
    QTest::newRow("restarted long ago: its clock is behind") << seen(100, 50) << seen(4000, 3000) << u"host? shutdown- motors- supply?"_s;
    Sample down = seen(400, 350);
    down.hostState = "shutdown";
    QTest::newRow("shut down now") << seen(100, 50) << down << u"host+ shutdown? motors+ supply?"_s;
    Sample blind = seen(400, 350);
    blind.eventTime.reset();
    QTest::newRow("no clock") << seen(100, 50) << blind << u"host? shutdown? motors? supply?"_s;
}

void TestZProof::theRecordProvesOrDisproves()
{
    QFETCH(Sample, last);
    QFETCH(Sample, now);
    const ZEvidence found = zEvidence(StopCause::LinkLost, {seen(1, 1), last}, now, 600);
    QTEST(told(found), "evidence");
    if (found.idleSeconds)
        QCOMPARE(*found.idleSeconds, *now.eventTime - *last.eventTime);
}

void TestZProof::hardwareProof()
{
    KlipperConfig config;
    config.sections["stepper_z"];
    config.sections["tmc2209 stepper_z"];
    const MeshMatrix mesh;
    PrinterFacts printer;
    printer.topEndstop = 250;
    printer.probe = ProbeFacts{};
    const auto prove = [&](const MeshMatrix* points, bool said) {
        ZEvidence e = zEvidence(StopCause::LinkLost, {seen(100, 50)}, seen(400, 350), 600);
        addHardwareProof(e, printer, config, points, said);
        return e;
    };
    QCOMPARE(letter(prove(&mesh, false).supplyIntact), '+'); // Klipper asks these drivers all the time
    QCOMPARE(letter(prove(&mesh, false).mesh), '+');
    QCOMPARE(letter(prove(nullptr, false).mesh), '-');
    QCOMPARE(letter(prove(&mesh, false).topEndstop), '+');
    QCOMPARE(letter(prove(&mesh, false).probe), '+');
    config.sections["stepper_z1"]; // of whose driver nobody asks
    QCOMPARE(letter(prove(&mesh, false).supplyIntact), '?');
    QCOMPARE(letter(prove(&mesh, true).supplyIntact), '+');
    config.sections["bed_mesh"]["zero_reference_position"] = "100, 100";
    QCOMPARE(letter(prove(&mesh, true).mesh), '-');
    printer.topEndstop.reset();
    QCOMPARE(letter(prove(&mesh, true).topEndstop), '-');
    ZEvidence lost = zEvidence(StopCause::MotorSupplyLost, {seen(100, 50)}, seen(400, 350), 600);
    addHardwareProof(lost, printer, config, &mesh, true);
    QCOMPARE(letter(lost.supplyIntact), '-'); // no word of a person outweighs that
}

void TestZProof::whatLetsGoOfTheMotors_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<bool>("command");
    QTest::addColumn<double>("time");
    QTest::addColumn<bool>("found");
    QTest::newRow("M84") << u"M84"_s << true << 20.0 << true;
    QTest::newRow("in a script") << u"G90\n set_kinematic_position Z=5"_s << true << 20.0 << true;
    QTest::newRow("homing") << u"G28 X"_s << true << 20.0 << true;
    QTest::newRow("levelling") << u"Z_TILT_ADJUST"_s << true << 20.0 << true;
    QTest::newRow("restart") << u"FIRMWARE_RESTART"_s << true << 20.0 << true;
    QTest::newRow("before the stop") << u"M84"_s << true << 9.0 << false;
    QTest::newRow("said by the printer") << u"M84"_s << false << 20.0 << false;
    QTest::newRow("a jog") << u"G1 Z5"_s << true << 20.0 << false;
    QTest::newRow("a word that only begins alike") << u"M840"_s << true << 20.0 << false;
}

void TestZProof::whatLetsGoOfTheMotors()
{
    QFETCH(QString, line);
    QFETCH(bool, command);
    QFETCH(double, time);
    QFETCH(bool, found);
    QCOMPARE(!letGoIn({{5, true, u"G28"_s}, {time, command, line}, {30, true, u"M105"_s}}, 10).empty(), found);
}

void TestZProof::aSetOffsetMovesTheTouchedTops_data()
{
    QTest::addColumn<double>("inFile");
    QTest::addColumn<double>("byHand");
    QTest::addColumn<double>("top");
    QTest::newRow("none") << 0.0 << 0.0 << 0.4;
    QTest::newRow("a babystep up, set by hand") << 0.0 << 0.1 << 0.5;
    QTest::newRow("down") << 0.0 << -0.05 << 0.35;
    QTest::newRow("of the file, up: the map has it") << 0.1 << 0.1 << 0.5;
    QTest::newRow("of the file, down: the map has it not") << -0.05 << -0.05 << 0.35;
    QTest::newRow("of the file, then more by hand") << 0.1 << 0.25 << 0.65;
}

/// Two layers of 0.2 mm: the true top counts the offset that was in force, from wherever it came, once.
void TestZProof::aSetOffsetMovesTheTouchedTops()
{
    QFETCH(double, inFile);
    QFETCH(double, byHand);
    QFETCH(double, top);
    QTemporaryDir folder;
    QByteArray text = "; generated by PrusaSlicer 2.5.0\nM140 S60\nM104 S210\nG21\nG90\nM83\nG28\n";
    if (inFile != 0)
        text += "SET_GCODE_OFFSET Z=" + QByteArray::number(inFile) + "\n";
    for (int layer = 0; layer < 3; ++layer) {
        const QByteArray z = QByteArray::number(0.2 * (layer + 1), 'f', 1);
        text += ";LAYER_CHANGE\n;Z:" + z + "\n;HEIGHT:0.2\nG1 X76 Y76 Z" + z + " F7200\n;TYPE:Solid infill\n;WIDTH:0.45\n";
        for (int line = 0; line <= 120; ++line)
            text += "G1 X" + QByteArray(line % 2 == 0 ? "124" : "76") + " Y" + QByteArray::number(76 + 0.4 * line, 'f', 1) + " E1.8\n";
    }
    QFile out(folder.filePath(u"a.gcode"_s));
    QVERIFY(out.open(QIODevice::WriteOnly) && out.write(text) == text.size());
    out.close();
    auto file = std::make_shared<OpenFile>();
    auto source = gcode::FileSource::open(out.fileName().toStdString());
    QVERIFY(source.has_value());
    file->source = std::shared_ptr<const gcode::Source>(std::move(*source));
    auto index = gcode::buildIndex(*file->source, gcode::Dialect::Klipper);
    QVERIFY(index.has_value());
    file->index = std::make_shared<const gcode::FileIndex>(std::move(*index));
    const auto third = static_cast<ByteOffset>(text.indexOf("G1 X124", text.indexOf(";Z:0.6")));
    auto snapshot = snapshotFromFile(*file->source, *file->index, third);
    QVERIFY(snapshot.has_value());
    snapshot->earliest = snapshot->latest = third;
    if (byHand != 0 || inFile != 0)
        snapshot->state.gcodeOffset["Z"] = byHand;
    const auto maps = partMaps(file, *snapshot, nullptr, {});
    QVERIFY(maps.has_value());
    Plan plan;
    plan.snapshot = *snapshot;
    plan.liftToZ = 20;
    plan.maximum = {235, 235, 250};
    const auto touch = planTouch(**maps, plan, {}, {});
    QVERIFY2(touch.has_value(), touch ? "" : touch.error().detail.c_str());
    QCOMPARE(touch->setup.spots.size(), std::size_t{1});
    QVERIFY2(std::abs(touch->setup.spots[0].top - top) < 0.002, qPrintable(QString::number(touch->setup.spots[0].top)));
}

QTEST_APPLESS_MAIN(TestZProof)
#include "tst_zproof.moc"
