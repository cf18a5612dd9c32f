// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonArray>
#include <QTest>

#include "fakejob.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
using recovery::ZMethod;
using test::FakeJob;

/// Registrations that the program reads back while a resume runs.
class TestZRuns : public QObject
{
    Q_OBJECT
private slots:
    void topEndstopIsReadBack_data();
    void topEndstopIsReadBack();
    void freeSpotDeclaresWhatTheProbeFound_data();
    void freeSpotDeclaresWhatTheProbeFound();
    void methodsThatCannotRunSayWhy_data();
    void methodsThatCannotRunSayWhy();
};

namespace {

void atTheTop(FakeJob& job)
{
    job.driver->settings[u"stepper_z"_s] = QJsonObject{{u"rotation_distance"_s, 8.0}, {u"position_min"_s, -2.0}, {u"position_max"_s, 250.0},
                                                       {u"position_endstop"_s, 250.0}, {u"homing_positive_dir"_s, true}, {u"endstop_pin"_s, u"^PC0"_s}};
}

void withProbe(FakeJob& job)
{
    job.driver->settings[u"probe"_s] = QJsonObject{{u"x_offset"_s, -20.0}, {u"y_offset"_s, 25.0}, {u"z_offset"_s, 1.8}};
    recovery::MeshMatrix mesh;
    mesh.profile = "default";
    mesh.minimum = {10, 10};
    mesh.maximum = {225, 225};
    mesh.probed = {{0.1, 0.1, 0.1}, {0.1, 0.1, 0.1}, {0.1, 0.1, 0.1}};
    job.driver->meshes["default"] = mesh;
}

} // namespace

void TestZRuns::topEndstopIsReadBack_data()
{
    QTest::addColumn<double>("reported");
    QTest::addColumn<bool>("homed");
    QTest::addColumn<bool>("goesOn");
    QTest::newRow("where the switch is") << 250.0 << true << true;
    QTest::newRow("elsewhere") << 249.9 << true << false;
    QTest::newRow("the motors went off") << 250.0 << false << false;
}

void TestZRuns::topEndstopIsReadBack()
{
    QFETCH(double, reported);
    QFETCH(bool, homed);
    QFETCH(bool, goesOn);
    FakeJob job;
    atTheTop(job);
    job.driver->onScript = [&](const QString& script) -> Result<link::ScriptResult> {
        job.follow(script);
        if (script.contains(u"G28 Z"_s)) {
            (*job.driver->status.gcodePosition)[2] = (*job.driver->status.toolheadPosition)[2] = reported;
            if (!homed)
                job.driver->status.homedAxes = "xy";
        }
        return link::ScriptResult{true, link::HostState::Ready, {}};
    };
    QVERIFY2(job.plan(ZMethod::TopEndstop), qPrintable(job.why()));
    const auto judged = job.flow->judge(ZMethod::TopEndstop);
    QVERIFY(judged.missing.empty() && judged.uncertainty.u() > 0);
    QVERIFY2(job.launch(), qPrintable(job.why()));
    if (goesOn) {
        QTRY_COMPARE(job.driver->count(u"startPrint"_s), 1);
        QVERIFY2(job.errors.isEmpty(), qPrintable(job.why()));
    } else {
        QTRY_VERIFY(std::holds_alternative<recovery::run::Failed>(job.flow->runState()));
        QCOMPARE(job.driver->count(u"startPrint"_s), 0);
    }
    const QStringList sent = job.scripts();
    QVERIFY(sent.filter(u"G28 Z"_s).size() == 1 && sent.filter(u"G28\n"_s).isEmpty());
    QVERIFY(sent.indexOf(sent.filter(u"G28 Z"_s).front()) > sent.indexOf(sent.filter(u"SET_KINEMATIC_POSITION"_s).front()));
}

void TestZRuns::freeSpotDeclaresWhatTheProbeFound_data()
{
    QTest::addColumn<double>("off");
    QTest::addColumn<double>("second");
    QTest::addColumn<QString>("lie");
    QTest::newRow("the bed sank") << -7.3 << 0.0 << QString();
    QTest::newRow("what newer hosts tell") << -10.05 << 0.0 << u"bed"_s;
    QTest::newRow("an old result") << -7.3 << 0.0 << u"stale"_s;
    QTest::newRow("no result") << -7.3 << 0.0 << u"silent"_s;
    QTest::newRow("something lay under the probe") << -7.3 << 0.4 << u"blob"_s;
    QTest::newRow("the motors went off") << -7.3 << 0.0 << u"motors"_s;
    QTest::newRow("the probe never triggered") << -7.3 << 0.0 << u"refused"_s;
}

/// `off`: true height minus the printer's idea of it. 1.8 mm above a bed of 0.1 mm the probe triggers.
void TestZRuns::freeSpotDeclaresWhatTheProbeFound()
{
    QFETCH(double, off);
    QFETCH(double, second);
    QFETCH(QString, lie);
    FakeJob job("BED_MESH_PROFILE LOAD=default\n");
    withProbe(job);
    int probed = 0;
    job.driver->onScript = [&](const QString& script) -> Result<link::ScriptResult> {
        job.follow(script);
        if (script.contains(u"PROBE SAMPLES"_s)) {
            if (lie == u"refused"_s)
                return fail(ErrorCode::Refused, "No trigger on probe after full movement");
            const double z = 1.9 - off + (probed++ > 0 ? second : 0);
            (*job.driver->status.gcodePosition)[2] = (*job.driver->status.toolheadPosition)[2] = z;
            job.driver->probe = {};
            if (lie == u"bed"_s)
                job.driver->probe = {.trigger = 99, .bed = z - 1.8};
            else if (lie != u"silent"_s)
                job.driver->probe.trigger = lie == u"stale"_s ? z + 0.6 : z;
            if (lie == u"motors"_s)
                job.driver->status.homedAxes = "xy";
        }
        return link::ScriptResult{true, link::HostState::Ready, {}};
    };
    QVERIFY2(job.plan(ZMethod::FreeSpot), qPrintable(job.why()));
    const auto judged = job.flow->judge(ZMethod::FreeSpot);
    QVERIFY(judged.missing.empty());
    QVERIFY(judged.uncertainty.u() > 0.15 && judged.uncertainty.u() < 0.35);
    QVERIFY2(job.launch(), qPrintable(job.why()));
    const bool good = lie.isEmpty() || lie == u"bed"_s;
    if (good)
        QTRY_COMPARE(job.driver->count(u"startPrint"_s), 1);
    else
        QTRY_VERIFY(std::holds_alternative<recovery::run::Failed>(job.flow->runState()));
    const QStringList declared = job.scripts().filter(u"SET_KINEMATIC_POSITION"_s);
    QCOMPARE(declared.size(), good ? 2 : 1);
    QCOMPARE(job.driver->count(u"startPrint"_s), good ? 1 : 0);
    QVERIFY(job.scripts().filter(u"G28 Z"_s).isEmpty());
    if (good) // 1.8 mm above a bed that lies 0.1 mm high
        QVERIFY2(declared.back().contains(u"Z=1.9"_s), qPrintable(declared.back()));
}

void TestZRuns::methodsThatCannotRunSayWhy_data()
{
    QTest::addColumn<int>("method");
    QTest::addColumn<QString>("why");
    QTest::newRow("free-spot") << int(ZMethod::FreeSpot) << u"names no probe"_s;
    QTest::newRow("top-endstop") << int(ZMethod::TopEndstop) << u"bottom of this printer"_s;
    QTest::newRow("firmware-lift") << int(ZMethod::FirmwareLift) << u"does not lift when the power fails"_s;
    QTest::newRow("stock-zplus") << int(ZMethod::StockZplus) << u"no heights of the upper switches"_s;
    QTest::newRow("keep") << int(ZMethod::Keep) << u"supply stayed on"_s;
}

void TestZRuns::methodsThatCannotRunSayWhy()
{
    QFETCH(int, method);
    QFETCH(QString, why);
    FakeJob job("BED_MESH_PROFILE LOAD=default\n");
    QVERIFY(!job.plan(static_cast<ZMethod>(method)));
    QVERIFY2(job.why().contains(why), qPrintable(job.why()));
    job.flow->arm();
    QTRY_VERIFY(!job.flow->isBusy());
    QVERIFY(job.scripts().isEmpty());
}

QTEST_GUILESS_MAIN(TestZRuns)
#include "tst_zruns.moc"
