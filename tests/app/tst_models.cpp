// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include "candidatemodel.h"
#include "consolemodel.h"
#include "fieldmodel.h"
#include "gatemodel.h"
#include "journalmodel.h"
#include "planmodel.h"
#include "samples.h"
#include "snapshotmodel.h"
#include "timelinedata.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;

namespace {

recovery::Snapshot snapshot(std::int64_t id, ByteOffset byte)
{
    recovery::Snapshot s = test::fullSnapshot();
    s.id = id;
    s.byte = byte;
    return s;
}

QString textAt(const QAbstractItemModel& model, int row, int column)
{
    return model.index(row, column).data().toString();
}

recovery::GateCheck check(const std::string& id, recovery::Severity severity, bool passed)
{
    return {id, severity, passed, "1", "2", {"limit %1", {"<b>x</b>"}}};
}

recovery::PlanStep step(int n, recovery::StepKind kind)
{
    return {n, kind, {"G1 X1", "M400"}, {"title", {}}, {"reason", {}}, recovery::Origin::Replayed, "file byte 7"};
}

} // namespace

class TestModels : public QObject
{
    Q_OBJECT
private slots:
    void initTestCase();
    void snapshotsKeepTheirRows();
    void snapshotWords();
    void snapshotEdits();
    void snapshotRowNearByte();
    void fields();
    void nowBesideThen_data();
    void nowBesideThen();
    void gateKeepsEqualIds();
    void planLights_data();
    void planLights();
    void journal();
    void consoleIsBounded();
    void candidates();
    void timelineColumns();
};

void TestModels::initTestCase()
{
    QLocale::setDefault(QLocale::c());
}

void TestModels::snapshotsKeepTheirRows()
{
    SnapshotModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QSignalSpy reset(&model, &QAbstractItemModel::modelReset), inserted(&model, &QAbstractItemModel::rowsInserted),
        removed(&model, &QAbstractItemModel::rowsRemoved);
    model.setSnapshots({snapshot(3, 300), snapshot(1, 100), snapshot(2, 200)});
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(inserted.size(), 1); // one run
    const QPersistentModelIndex second = model.index(1, 0);
    QCOMPARE(second.data(SnapshotModel::ByteRole).toULongLong(), 200u);

    model.add(snapshot(4, 150)); // between
    model.setSnapshots({snapshot(1, 100), snapshot(4, 150), snapshot(2, 200), snapshot(3, 300), snapshot(5, 400)});
    QCOMPARE(model.rowCount(), 5);
    QCOMPARE(second.row(), 2);
    QCOMPARE(second.data(SnapshotModel::IdRole).toLongLong(), 2);
    model.setSnapshots({snapshot(2, 200), snapshot(5, 400)});
    QCOMPARE(second.row(), 0);
    QCOMPARE(removed.size(), 2); // two runs
    QCOMPARE(reset.size(), 0);
}

void TestModels::snapshotWords()
{
    SnapshotModel model;
    recovery::Snapshot s = snapshot(7, 6144);
    s.state.position[2] = 1'400'000;
    s.fields.clear();
    s.fields["position.z"] = {recovery::Origin::Observed, "1.4", "1.2", {}};
    s.fields["bed"] = {};
    model.setSnapshots({s});
    QCOMPARE(textAt(model, 0, SnapshotModel::Layer), u"7"_s); // from 1 on screen
    QCOMPARE(model.index(0, SnapshotModel::Layer).data(SnapshotModel::RawRole).toInt(), 6);
    QCOMPARE(textAt(model, 0, SnapshotModel::Z), u"1.40 mm"_s);
    QCOMPARE(textAt(model, 0, SnapshotModel::Source), u"plugin"_s);
    QCOMPARE(textAt(model, 0, SnapshotModel::Completeness), u"1 of 2"_s);
    QVERIFY(textAt(model, 0, SnapshotModel::Agreement).contains(u'1'));
    QCOMPARE(model.index(0, 0).data(SnapshotModel::ConflictRole).toInt(), 1);
    QCOMPARE(textAt(model, 0, SnapshotModel::Age), u"5.3 s"_s); // 5.25
    QCOMPARE(qvariant_cast<recovery::Snapshot>(model.index(0, 3).data(SnapshotModel::SnapshotRole)).byte, 6144u);
    s.state.position[2].reset();
    s.layer.reset();
    model.setSnapshots({s});
    QCOMPARE(textAt(model, 0, SnapshotModel::Z), u"unknown"_s); // not 0
    QCOMPARE(textAt(model, 0, SnapshotModel::Layer), u"unknown"_s);
}

void TestModels::snapshotEdits()
{
    SnapshotModel model;
    model.setSnapshots({snapshot(7, 100), snapshot(0, 50)});
    QSignalSpy edited(&model, &SnapshotModel::noteEdited);
    const int stored = model.rowOfId(7);
    QVERIFY(model.setData(model.index(stored, SnapshotModel::Note), u"after the nozzle change"_s));
    QVERIFY(model.setData(model.index(stored, SnapshotModel::Pinned), Qt::Unchecked, Qt::CheckStateRole));
    QCOMPARE(edited.size(), 2);
    QCOMPARE(edited.back().at(0).toLongLong(), 7);
    QCOMPARE(edited.back().at(1).toString(), u"after the nozzle change"_s);
    QCOMPARE(edited.back().at(2).toBool(), false);
    QVERIFY(!model.setData(model.index(stored, SnapshotModel::Byte), 5));
    QVERIFY(!model.setData(model.index(1 - stored, SnapshotModel::Note), u"not stored"_s));
}

void TestModels::snapshotRowNearByte()
{
    SnapshotModel model;
    QCOMPARE(model.rowNearByte(5), -1);
    model.setSnapshots({snapshot(1, 100), snapshot(2, 200)});
    QCOMPARE(model.rowNearByte(5), 0);
    QCOMPARE(model.rowNearByte(199), 0);
    QCOMPARE(model.rowNearByte(200), 1);
    QCOMPARE(model.rowNearByte(999), 1);
}

void TestModels::fields()
{
    FieldModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    recovery::Snapshot s = snapshot(1, 100);
    s.state.position[2] = 1'200'000;
    s.fields["position.z"] = {recovery::Origin::Observed, "1.4", "1.2", {}};
    model.setSnapshot(s);
    const int row = model.rowOfKey(u"position.z"_s);
    QVERIFY(row >= 0);
    const QPersistentModelIndex z = model.index(row, FieldModel::Value);
    QCOMPARE(textAt(model, row, FieldModel::Value), u"1.2"_s);
    QCOMPARE(textAt(model, row, FieldModel::OriginColumn), u"observed"_s);
    QVERIFY(textAt(model, row, FieldModel::Remark).contains(u"1.4"_s));
    QVERIFY(model.index(row, 0).data(FieldModel::ConflictRole).toBool());
    QVERIFY(!(model.flags(z) & Qt::ItemIsEditable)); // nobody to edit it
    s.state.hotend.clear();
    s.fields.erase("hotend.0");
    model.setSnapshot(s);
    QVERIFY(z.isValid());
    const int hotend = model.rowOfKey(u"hotend.2"_s);
    QVERIFY(hotend >= 0);
    QVERIFY(model.index(hotend, 0).data(FieldModel::MissingRole).toBool());
    QCOMPARE(textAt(model, hotend, FieldModel::Value), u"unknown"_s);
    model.setSnapshot(std::nullopt);
    QCOMPARE(model.rowCount(), 0);
}

void TestModels::nowBesideThen_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("now");
    QTest::newRow("heater with its target") << u"hotend.0"_s << u"31 °C, target 0"_s;
    QTest::newRow("second tool") << u"hotend.1"_s << u"25 °C"_s;
    QTest::newRow("axis that is not homed has no position") << u"position.z"_s << u"not homed"_s;
    QTest::newRow("homed axis") << u"position.x"_s << u"12.5"_s;
    QTest::newRow("fan counts to 255 in the file") << u"fans.0"_s << u"128"_s;
    QTest::newRow("factor in percent") << u"speed_percent"_s << u"80"_s;
    QTest::newRow("limit") << u"motion.SET_VELOCITY_LIMIT.ACCEL"_s << u"3000"_s;
    QTest::newRow("offset") << u"gcode_offset.Z"_s << u"-0.05"_s;
    QTest::newRow("what was not reported stays empty") << u"bed"_s << QString();
    QTest::newRow("strange key") << u"position.q"_s << QString();
}

void TestModels::nowBesideThen()
{
    QFETCH(QString, key);
    recovery::Sample sample;
    sample.heaters["extruder"] = {31.4, 0.0};
    sample.heaters["extruder1"] = {25.0, std::nullopt};
    sample.homedAxes = "xy";
    sample.gcodePosition = {12.5, 3, 9, 0};
    sample.fans["fan"] = 0.5;
    sample.speedFactor = 0.8;
    sample.maxAccel = 3000;
    sample.homingOrigin = {0, 0, -0.05, 0};
    QTEST(nowText(sample, key.toStdString()), "now");
}

void TestModels::gateKeepsEqualIds()
{
    using recovery::Severity;
    GateModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setChecks({check("limits", Severity::Block, false), check("limits", Severity::Block, true), check("idle", Severity::Warn, false),
                     check("leftover", Severity::Info, false)});
    QCOMPARE(model.rowCount(), 4);
    const QPersistentModelIndex idle = model.index(2, 0);
    QCOMPARE(idle.data(GateModel::ShapeRole).toString(), u"warn"_s);
    QCOMPARE(model.index(0, 0).data(GateModel::ShapeRole).toString(), u"block"_s);
    QCOMPARE(model.index(1, 0).data(GateModel::ShapeRole).toString(), u"passed"_s);
    QCOMPARE(model.index(3, 0).data(GateModel::ShapeRole).toString(), u"info"_s);
    QCOMPARE(textAt(model, 0, GateModel::Check), u"limit <b>x</b>"_s);
    model.setChecks({check("limits", Severity::Block, true), check("idle", Severity::Warn, true)});
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(idle.row(), 1);
    QCOMPARE(idle.data(GateModel::PassedRole).toBool(), true);
    model.setChecks({{.id = "macro-audit", .severity = recovery::Severity::Block, .remedy = "[gcode_macro <b>]\ngcode:\n"}});
    QCOMPARE(model.index(0, 0).data(GateModel::RemedyRole).toString(), u"[gcode_macro <b>]\ngcode:\n"_s);
    const QString tip = model.index(0, GateModel::Check).data(Qt::ToolTipRole).toString();
    QVERIFY2(tip.contains("gcode_macro &lt;b&gt;"_L1), qPrintable(tip));
}

void TestModels::planLights_data()
{
    namespace run = recovery::run;
    QTest::addColumn<recovery::run::State>("state");
    QTest::addColumn<int>("current");
    QTest::addColumn<QList<int>>("lights");
    using L = PlanModel::Light;
    QTest::newRow("idle") << run::State(run::Idle{}) << -1 << QList<int>{L::Waiting, L::Waiting, L::Waiting};
    QTest::newRow("armed") << run::State(run::Armed{}) << -1 << QList<int>{L::Waiting, L::Waiting, L::Waiting};
    QTest::newRow("running") << run::State(run::Running{run::Way::ZeroCopy, 1}) << 1 << QList<int>{L::Done, L::Active, L::Waiting};
    QTest::newRow("inside the file") << run::State(run::Printing{}) << 2 << QList<int>{L::Done, L::Done, L::Active};
    QTest::newRow("tail") << run::State(run::Printing{}) << 3 << QList<int>{L::Done, L::Done, L::Done};
    QTest::newRow("failed") << run::State(run::Failed{{}, 1}) << 1 << QList<int>{L::Done, L::Failed, L::Waiting};
    QTest::newRow("stopped") << run::State(run::Stopped{0}) << 0 << QList<int>{L::Done, L::Waiting, L::Waiting};
}

void TestModels::planLights()
{
    QFETCH(recovery::run::State, state);
    QFETCH(int, current);
    QFETCH(QList<int>, lights);
    PlanModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    recovery::Plan plan;
    plan.steps = {step(1, recovery::StepKind::HeatBed), step(2, recovery::StepKind::Lift), step(3, recovery::StepKind::Continue)};
    model.setPlan(plan);
    model.setRunState(state, current);
    for (int row = 0; row < 3; ++row)
        QCOMPARE(model.index(row, 0).data(PlanModel::LightRole).toInt(), lights[row]);
    QCOMPARE(textAt(model, 1, PlanModel::Gcode), u"G1 X1\nM400"_s);
    QCOMPARE(textAt(model, 1, PlanModel::OriginColumn), u"replayed (file byte 7)"_s);
}

void TestModels::journal()
{
    JournalModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    JournalEntry first;
    first.id = 1;
    first.action = u"script"_s;
    first.text = u"M140 S60"_s;
    first.time = 1000;
    JournalEntry second = first;
    second.id = 2;
    model.setEntries({first});
    QVERIFY(model.index(0, 0).data(JournalModel::UnfinishedRole).toBool());
    const QPersistentModelIndex old = model.index(0, 0);
    first.result = u"ok"_s;
    first.finished = 1002.5;
    model.setEntries({second, first}); // newest first
    QCOMPARE(old.row(), 1);
    QCOMPARE(textAt(model, 1, JournalModel::Outcome), u"ok"_s);
    QCOMPARE(textAt(model, 1, JournalModel::Duration), u"2.5 s"_s);
    QVERIFY(!old.data(JournalModel::UnfinishedRole).toBool());
}

void TestModels::consoleIsBounded()
{
    ConsoleModel model(nullptr, 100);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    for (int i = 0; i < 1000; ++i)
        model.add({double(i), false, i == 999 ? u"!! Shutdown"_s : QString::number(i)});
    QVERIFY(model.rowCount() <= 100);
    QVERIFY(model.rowCount() >= 90);
    const QModelIndex last = model.index(model.rowCount() - 1);
    QCOMPARE(last.data().toString(), u"!! Shutdown"_s);
    QVERIFY(last.data(ConsoleModel::ErrorRole).toBool());
    model.clear();
    QCOMPARE(model.rowCount(), 0);
}

void TestModels::candidates()
{
    using Kind = recovery::ResumeCandidate::Kind;
    CandidateModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    recovery::ResumeCandidate cut;
    cut.byte = 500;
    cut.layer = 6;
    cut.z = 1.4;
    cut.kind = Kind::FirstSafeCut;
    cut.leftOpenMm = 3.25;
    cut.leftOpenMostMm = 7.5;
    cut.recommended = true;
    cut.risks = {{"%1 mm stay unprinted.", {"3.3"}}};
    recovery::ResumeCandidate layer = cut;
    layer.kind = Kind::StartOfLayer;
    layer.byte = 400;
    layer.recommended = false;
    model.setCandidates({cut, layer});
    QCOMPARE(model.rowOfByte(400), 1);
    QCOMPARE(textAt(model, 0, CandidateModel::Layer), u"7"_s);
    QCOMPARE(model.index(0, CandidateModel::LeftOpen).data(CandidateModel::RawRole).toDouble(), 3.25);
    QVERIFY(textAt(model, 0, CandidateModel::LeftOpen).contains(u"7.5"_s)); // at most
    QVERIFY(textAt(model, 0, CandidateModel::Kind).contains(u"recommended"_s));
    QVERIFY(model.index(0, 0).data(CandidateModel::RecommendedRole).toBool());
    QCOMPARE(model.index(0, 0).data(CandidateModel::RisksRole).toStringList(), QStringList(u"3.3 mm stay unprinted."_s));
    model.setCandidates({layer});
    QCOMPARE(model.rowCount(), 1);
}

void TestModels::timelineColumns()
{
    SampleColumns columns;
    columns.append(recovery::Sample{.time = 1}, nullptr);
    const recovery::Sample full = test::fullSample(2);
    columns.append(full, nullptr);
    QCOMPARE(columns.size(), std::size_t{2});
    QVERIFY(std::isnan(columns.byte[0]) && std::isnan(columns.z[0]) && std::isnan(columns.hotend[0])); // not observed is not 0
    QVERIFY(std::isnan(columns.fan[0]) && std::isnan(columns.queueLead[0]) && std::isnan(columns.layer[0]));
    QCOMPARE(columns.byte[1], 4e9);
    QCOMPARE(columns.layer[1], 11.0); // announced from 1
    QCOMPARE(columns.z[1], 0.3f);
    QCOMPARE(columns.hotendTarget[1], 210.f);
    QVERIFY(std::isnan(columns.bed[1]));
    QCOMPARE(columns.fan[1], 0.6f);
    QVERIFY(std::abs(columns.queueLead[1] - 2.3f) < 1e-4f);
    gcode::FileIndex index;
    index.layers = {{.index = 0, .begin = 0, .end = 100}, {.index = 1, .begin = 100, .end = 5'000'000'000}};
    columns.append(full, &index);
    QCOMPARE(columns.layer[2], 1.0); // the file's own bytes win
    columns.clear();
    QCOMPARE(columns.size(), std::size_t{0});
}

QTEST_GUILESS_MAIN(TestModels)
#include "tst_models.moc"
