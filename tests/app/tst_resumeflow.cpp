// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonArray>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "fakedriver.h"
#include "fieldmodel.h"
#include "recovery/resumewriter.h"
#include "resumeflow.h"
#include "resumeflowevidence.h"
#include "resumeflowfacts.h"
#include "resumeflowplugin.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
namespace run = kintsugi::recovery::run;
using link::HostState;
using recovery::StopCause;
using test::FakeDriver;

namespace {

const QString file = u"sub/tower.gcode"_s;
constexpr double stopTime = 1'795'000'000;

QByteArray towerText()
{
    QFile source(QStringLiteral(KINTSUGI_TEST_DATA) + u"/moonraker/gcode/tower_plr.gcode"_s);
    return source.open(QIODevice::ReadOnly) ? source.readAll() : QByteArray();
}

} // namespace

/// The main job's order, its refusals and its stops, over a driver that does as told.
class TestResumeFlow : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void beginFindsTheStop();
    void beginOnlyAsks();
    void beginOffline();
    void causes_data();
    void causes();
    void settingsBecomeFacts();
    void variablesBecomeFacts();
    void gateBlocksArming();
    void newFileIsUploadedBesideTheOriginal();
    void nameTakenIsNotReplaced();
    void newFileRuns();
    void zeroCopySendsStepByStep();
    void zeroCopyEndsEarly_data();
    void zeroCopyEndsEarly();
    void nothingIsSentAfterADrop();
    void dropWhilePrintingIsSurvived();
    void stopAfterStep();
    void stopAndLiftKeepsTheBed();
    void changedPlanDisarms();
    void changedPlanStopsPreparing_data();
    void changedPlanStopsPreparing();
    void disarmStopsPreparing();
    void offlineArmsNothing();
    void unansweredGateArmsNothing_data();
    void unansweredGateArmsNothing();
    void staleGateDoesNotLaunch_data();
    void staleGateDoesNotLaunch();
    void dropBeforeLaunch();
    void diesMidway_data();
    void diesMidway();
    void editsNeedAReason();
    void savedPlanIsAResumeFile();
    void changedFileIsRefused();
    void changeOfTheSameSizeIsRefused();
    void copyChangesBeforeArming();
    void resumeOfAResume();
    void meshAdviceReachesThePlan_data();
    void meshAdviceReachesThePlan();
    void lostMeshIsReleasedByAnEdit();
    void meshIsRestoredAndUndone();
    void meshIsNotRestored_data();
    void meshIsNotRestored();
    void refusedConfigurationCanBeUndone();
    void meshIsNotUndone_data();
    void meshIsNotUndone();
    void exchangedFileIsNotContinued();
    void proofLooksEverywhere();
    void gateFactsCloseTheGate_data();
    void gateFactsCloseTheGate();
    void repairedHeaterOpensTheGate();
    void pluginDataIsResetAfterAGoodEnd();
    void pluginStateIsSetAndPutBack();
    void pluginStateOfAnotherStays();
    void pluginLiteralIsThePluginsOwn();
    void pluginLiteralRefuses();
    void ownLinesAreSuggested();

private:
    void chooseWithMesh(const std::optional<recovery::MeshMatrix>& points, const std::string& profile);
    void answerRestarts(bool refuse = false);
    void propose();
    [[nodiscard]] std::string meshVerdict() const;
    void storeJob(PrintJob job, const std::vector<recovery::Sample>& samples);
    [[nodiscard]] recovery::Sample sampleAt(ByteOffset byte, double time) const;
    void begin(const QString& id = u"j1"_s);
    void plan();
    void arm(run::Way way);
    void printing(const QString& name, ByteOffset byte, const std::string& state = "printing");
    [[nodiscard]] QString argumentOf(const QString& call) const; ///< the first one of the last call
    [[nodiscard]] int sent() const; ///< everything that is no question

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Archive> m_archive;
    std::unique_ptr<FileCache> m_files;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<ResumeFlow> m_flow;
    FakeDriver* m_driver = nullptr;
    QByteArray m_text = towerText();
    std::shared_ptr<gcode::MemorySource> m_source;
    gcode::FileIndex m_index;
    std::vector<Error> m_errors;
};

void TestResumeFlow::init()
{
    m_errors.clear();
    m_source = std::make_shared<gcode::MemorySource>(m_text.toStdString(), file.toStdString());
    m_index = *gcode::buildIndex(*m_source, gcode::Dialect::Klipper);
    m_folder = std::make_unique<QTemporaryDir>();
    m_archive = std::make_unique<Archive>();
    QSignalSpy opened(m_archive.get(), &Archive::opened);
    m_archive->open(QUrl::fromLocalFile(m_folder->filePath(u"history.sqlite"_s)));
    QVERIFY(opened.wait());
    m_files = std::make_unique<FileCache>(m_folder->filePath(u"cache"_s));
    Profile profile;
    profile.id = u"p"_s;
    profile.name = u"P"_s;
    profile.url = QUrl(u"moonraker://127.0.0.1:1"_s);
    auto driver = std::make_unique<FakeDriver>();
    m_driver = driver.get();
    m_driver->files[u"gcodes/"_s + file] = m_text;
    m_driver->status = FakeDriver::printing({}, stopTime + 100, 0, 0);
    m_driver->status.printState = "standby";
    m_driver->status.eventTime = 50;
    m_driver->status.heaters = {{"extruder", {25.0, 0.0}}, {"heater_bed", {40.0, 0.0}}};
    m_session = std::make_unique<Session>(profile, std::move(driver), *m_archive, *m_files, [] { return stopTime + 200; });
    m_driver->goOnline();
    m_flow = std::make_unique<ResumeFlow>(*m_session);
    connect(m_flow.get(), &ResumeFlow::failed, this, [this](const Error& error) { m_errors.push_back(error); });
    PrintJob job;
    job.id = u"j1"_s;
    job.printer = u"p"_s;
    job.file = file;
    job.fileSize = static_cast<quint64>(m_text.size());
    job.state = JobState::Interrupted;
    job.startTime = stopTime - 600;
    job.endTime = stopTime;
    std::vector<recovery::Sample> samples;
    for (int i = 0; i < 8; ++i)
        samples.push_back(sampleAt(static_cast<ByteOffset>(m_text.size() / 2), stopTime - 2 + i * 0.25));
    storeJob(job, samples);
}

void TestResumeFlow::cleanup()
{
    // Whatever a test did: the plugin's own resume was never sent, as a script or inside a file.
    for (const FakeDriver::Call& call : m_driver->calls)
        QVERIFY2(!call.arguments.join(u' ').contains(u"PLR_RESUME_PRINT"_s), qPrintable(call.name));
    for (const auto& [path, bytes] : m_driver->files)
        QVERIFY2(!path.contains(u".resume-"_s) || !bytes.contains("PLR_RESUME_PRINT"), qPrintable(path));
    m_flow.reset();
    m_session.reset();
    m_files.reset();
    m_archive.reset();
}

/// The nozzle in the middle of the first printing line from `byte` on, the reader 500 bytes ahead.
recovery::Sample TestResumeFlow::sampleAt(ByteOffset byte, double time) const
{
    auto sample = FakeDriver::printing(file, time, byte + 500, 300);
    sample.fileSize = m_index.size;
    sample.eventTime = time - stopTime + 5000;
    sample.hostState = "ready";
    sample.speedFactor = 0.9;
    const auto path = gcode::readToolpath(*m_source, m_index, byte, byte + 2000);
    for (const gcode::Segment& segment : path->segments) {
        if (!segment.extrudes())
            continue;
        const auto before = gcode::locate(*m_source, m_index, segment.begin);
        const double e = static_cast<double>(before->state.eTotal) / 1e6 + segment.e / 2.0;
        sample.livePosition = {{(segment.x0 + segment.x1) / 2.0, (segment.y0 + segment.y1) / 2.0, segment.z1, e}};
        break;
    }
    return sample;
}

void TestResumeFlow::storeJob(PrintJob job, const std::vector<recovery::Sample>& samples)
{
    bool stored = false;
    m_archive->ask<QString>(
        this,
        [job, samples](Store& store) -> Result<QString> {
            auto id = store.beginJob(job);
            if (!id)
                return id;
            if (const auto updated = store.updateJob(job); !updated)
                return fail(updated.error());
            if (const auto appended = store.appendSamples(job.printer, job.id, samples); !appended)
                return fail(appended.error());
            return id;
        },
        [&](const Result<QString>& id) { stored = id.has_value(); });
    QTRY_VERIFY(stored);
}

void TestResumeFlow::begin(const QString& id)
{
    std::optional<PrintJob> job;
    m_archive->ask<std::vector<PrintJob>>(
        this, [](Store& store) { return store.jobs(u"p"_s); },
        [&](const Result<std::vector<PrintJob>>& jobs) {
            for (const PrintJob& one : *jobs) {
                if (one.id == id)
                    job = one;
            }
        });
    QTRY_VERIFY(job.has_value());
    QSignalSpy analysed(m_flow.get(), &ResumeFlow::analysed);
    m_flow->begin(*job);
    QTRY_VERIFY(!analysed.isEmpty() || !m_errors.empty());
}

void TestResumeFlow::plan()
{
    begin();
    QVERIFY(m_errors.empty());
    QTRY_VERIFY(m_flow->snapshot().has_value());
    Statements statements = m_flow->statements();
    statements.partStuck = true;
    statements.nothingMoved = true;
    statements.contact = recovery::NozzleContact::Touching;
    statements.declaredZ = static_cast<double>(*m_flow->snapshot()->state.position[2]) / 1e6;
    m_flow->setZMethod(recovery::ZMethod::Touch);
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    m_flow->setStatements(statements);
    QVERIFY(planned.wait());
    QTRY_VERIFY(!m_flow->isBusy());
    QVERIFY2(m_flow->plan().has_value(), m_flow->planError() ? m_flow->planError()->field.c_str() : "");
    for (const recovery::GateCheck& check : m_flow->gate())
        QVERIFY2(check.passed || check.severity != recovery::Severity::Block, (check.id + ": " + check.measured).c_str());
    QVERIFY(m_flow->gateIsOpen());
}

void TestResumeFlow::arm(run::Way way)
{
    plan();
    if (QTest::currentTestFailed())
        return;
    m_flow->setWay(way);
    m_flow->arm();
    QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()) || !m_errors.empty());
    QVERIFY2(m_errors.empty(), m_errors.empty() ? "" : m_errors.front().detail.c_str());
}

void TestResumeFlow::printing(const QString& name, ByteOffset byte, const std::string& state)
{
    auto sample = FakeDriver::printing(name, stopTime + 300, byte, 5);
    sample.printState = state;
    m_driver->emitSample(sample);
}

QString TestResumeFlow::argumentOf(const QString& call) const
{
    QString argument;
    for (const FakeDriver::Call& one : m_driver->calls) {
        if (one.name == call)
            argument = one.arguments.front();
    }
    return argument;
}

int TestResumeFlow::sent() const
{
    int count = 0;
    for (const char* name : {"runScript", "startPrint", "startPrintAt", "pausePrint", "cancelPrint", "emergencyStop", "restartHost", "upload", "moveFile"})
        count += m_driver->count(QString::fromLatin1(name));
    return count;
}

void TestResumeFlow::beginFindsTheStop()
{
    m_driver->jobs = {{.id = u"0001"_s, .file = file, .status = u"interrupted"_s, .startTime = stopTime - 600}};
    QSignalSpy chosen(m_flow.get(), &ResumeFlow::chosenChanged);
    begin();
    QCOMPARE(m_flow->statements().cause, StopCause::PrinterAndHostLost); // the host's clock began anew
    QVERIFY(m_flow->stop());
    QVERIFY(m_flow->stop()->distanceMm.value_or(9) < 0.1);
    const auto half = static_cast<ByteOffset>(m_text.size() / 2);
    QVERIFY(m_flow->stop()->likely >= half && m_flow->stop()->likely < half + 500);
    QVERIFY(m_flow->candidates().front().recommended);
    QVERIFY(!chosen.isEmpty() || chosen.wait());
    QCOMPARE(m_flow->chosen()->byte, m_flow->candidates().front().byte);
    const recovery::Snapshot& snapshot = *m_flow->snapshot();
    QCOMPARE(snapshot.file.name, file.toStdString());
    QCOMPARE(snapshot.latest, std::optional(m_flow->stop()->latest));
    QCOMPARE(snapshot.state.hotend.at(0), 210.0); // the target, not the 25 °C of now
    QCOMPARE(snapshot.state.speedPercent, 90.0);  // the operator's, which no file knows
}

void TestResumeFlow::beginOnlyAsks()
{
    begin();
    QTRY_VERIFY(m_flow->plan().has_value() || m_flow->planError().has_value());
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::beginOffline()
{
    begin(); // fetches the copy
    QVERIFY(m_errors.empty());
    m_driver->dropLink();
    begin();
    QVERIFY(m_errors.empty());
    QVERIFY(m_flow->stop());
    QTRY_VERIFY(m_flow->snapshot().has_value());
}

void TestResumeFlow::causes_data()
{
    QTest::addColumn<QString>("status");
    QTest::addColumn<QString>("words");
    QTest::addColumn<double>("hostClock"); ///< now; 5000 at the stop
    QTest::addColumn<QString>("printState");
    QTest::addColumn<StopCause>("cause");
    QTest::newRow("power cut") << u"interrupted"_s << QString() << 50.0 << u"standby"_s << StopCause::PrinterAndHostLost;
    QTest::newRow("power cut, server elsewhere") << u"klippy_disconnect"_s << QString() << 50.0 << u"standby"_s << StopCause::PrinterAndHostLost;
    QTest::newRow("host process died") << u"klippy_disconnect"_s << QString() << 5100.0 << u"standby"_s << StopCause::HostLost;
    QTest::newRow("emergency stop") << u"klippy_shutdown"_s << u"Shutdown due to webhooks request"_s << 5100.0 << u"printing"_s << StopCause::EmergencyStop;
    QTest::newRow("board without power") << u"klippy_shutdown"_s << u"Lost communication with MCU 'mcu'"_s << 5100.0 << u""_s
                                         << StopCause::PrinterPowerLost;
    QTest::newRow("firmware") << u"klippy_shutdown"_s << u"MCU 'mcu' shutdown: Timer too close"_s << 5100.0 << u""_s << StopCause::FirmwareShutdown;
    QTest::newRow("link only") << u"in_progress"_s << QString() << 5100.0 << u"printing"_s << StopCause::LinkLost;
    QTest::newRow("nothing known") << QString() << QString() << 5100.0 << u"standby"_s << StopCause::Unknown;
}

void TestResumeFlow::causes()
{
    QFETCH(QString, status);
    QFETCH(QString, words);
    QFETCH(double, hostClock);
    QFETCH(QString, printState);
    QFETCH(StopCause, cause);
    StopEvidence evidence;
    evidence.job.file = file;
    evidence.samples = {sampleAt(5000, stopTime)};
    evidence.now = FakeDriver::printing(printState == u"printing"_s && words.isEmpty() ? file : QString(), stopTime + 60, 0, 0);
    evidence.now->eventTime = hostClock;
    evidence.now->printState = printState.toStdString();
    if (!status.isEmpty())
        evidence.remote = link::RemoteJob{.file = file, .status = status};
    if (!words.isEmpty()) {
        evidence.host.state = HostState::Shutdown;
        evidence.host.stateMessage = words;
    }
    const auto causes = weighCauses(evidence);
    QCOMPARE(causes.size(), std::size_t{7}); // every cause can still be picked
    QCOMPARE(likeliestCause(causes), cause);
    if (cause != StopCause::Unknown)
        QVERIFY(!causes.front().evidence.empty());
}

void TestResumeFlow::settingsBecomeFacts()
{
    PlanFacts facts;
    applySettings(facts, {{u"stepper_x"_s, QJsonObject{{u"position_min"_s, -5.0}, {u"position_max"_s, 300.0}}},
                          {u"stepper_z"_s, QJsonObject{{u"position_max"_s, 340.0}}},
                          {u"stepper_z3"_s, QJsonObject()},
                          {u"idle_timeout"_s, QJsonObject{{u"timeout"_s, 600}}},
                          {u"homing_override"_s, QJsonObject{{u"gcode"_s, u"G28 Z"_s}}}});
    QCOMPARE(facts.printer.minimum[0], -5.0);
    QCOMPARE(facts.printer.maximum[0], 300.0);
    QCOMPARE(facts.printer.maximum[1], 235.0); // not told: the profile's
    QCOMPARE(facts.printer.maximum[2], 340.0);
    QVERIFY(facts.printer.fourZ);
    QVERIFY(!facts.printer.homeXyIsPlain);
    QCOMPARE(facts.gate.macrosHomingZ->front(), std::string("G28 Z"));
    QCOMPARE(facts.gate.idleTimeout, std::optional(600.0));
}

void TestResumeFlow::variablesBecomeFacts()
{
    PlanFacts facts;
    applyVariables(facts, {{u"z_endstop_position_stepper_z"_s, QJsonArray({0.0, 0.0, 62.5, 0.0})}, {u"z_offset_stepper_z1"_s, 0.5775}});
    QVERIFY(facts.gate.plrCalibration.has_value());
    QCOMPARE((*facts.gate.plrCalibration->endstopPosition)[2], 62.5);
    QCOMPARE(facts.gate.plrCalibration->offsets.at("stepper_z1"), 0.5775);
    // What cannot be read was never calibrated.
    applyVariables(facts, {{u"z_endstop_position_stepper_z"_s, u"high"_s}});
    QVERIFY(facts.gate.plrCalibration && !facts.gate.plrCalibration->endstopPosition);
}

void TestResumeFlow::gateBlocksArming()
{
    plan();
    m_driver->files[u"gcodes/"_s + file].chop(10); // not the file that was printed
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    m_flow->arm();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::GateBlocked);
    QVERIFY2(m_errors.front().detail.find("file-on-printer") != std::string::npos, m_errors.front().detail.c_str());
    QVERIFY(!m_flow->gateIsOpen());
    QCOMPARE(planned.size(), 1); // asked anew, not the old answer
    QVERIFY(std::holds_alternative<run::Idle>(m_flow->runState()));
    m_flow->launch();
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::newFileIsUploadedBesideTheOriginal()
{
    arm(run::Way::NewFile);
    QCOMPARE(m_driver->count(u"upload"_s), 1);
    QCOMPARE(sent(), 1); // nothing moves before the second press
    const QString remote = u"gcodes/sub/tower.resume-L%1-B%2.gcode"_s.arg(m_flow->chosen()->layer).arg(m_flow->chosen()->byte);
    QVERIFY(m_driver->files.contains(remote));
    const QByteArray resume = m_driver->files[remote];
    const QByteArray mark = "; KINTSUGI RESUME POINT byte=" + QByteArray::number(m_flow->chosen()->byte) + "\n";
    QCOMPARE(resume.mid(resume.indexOf(mark) + mark.size()), m_text.mid(static_cast<qsizetype>(m_flow->chosen()->byte)));
    QVERIFY(resume.contains(m_flow->planText().toUtf8()));
    QCOMPARE(m_driver->files[u"gcodes/"_s + file], m_text);
    m_flow->disarm();
    m_flow->arm(); // the same plan lies there already
    QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()));
    QCOMPARE(m_driver->count(u"upload"_s), 1);
}

void TestResumeFlow::nameTakenIsNotReplaced()
{
    plan();
    const QString remote = u"gcodes/sub/tower.resume-L%1-B%2.gcode"_s.arg(m_flow->chosen()->layer).arg(m_flow->chosen()->byte);
    m_driver->files[remote] = "somebody else's";
    m_flow->arm();
    QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()));
    QCOMPARE(m_driver->files[remote], QByteArray("somebody else's"));
    QString second = remote;
    second.insert(second.lastIndexOf(u'.'), u"-2"_s);
    QVERIFY(m_driver->files.contains(second));
}

void TestResumeFlow::newFileRuns()
{
    arm(run::Way::NewFile);
    QSignalSpy finished(m_flow.get(), &ResumeFlow::finished);
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"startPrint"_s), 1);
    QCOMPARE(m_driver->count(u"runScript"_s), 0); // the steps are in the file
    const QString remote = argumentOf(u"startPrint"_s);
    QVERIFY(remote.contains(u".resume-"_s));
    QByteArray resume = m_driver->files[u"gcodes/"_s + remote];
    printing(remote, static_cast<ByteOffset>(resume.indexOf("; step 3:")) + 1);
    QTRY_VERIFY(std::holds_alternative<run::Printing>(m_flow->runState()));
    QTRY_COMPARE(m_flow->currentStep(), 2);
    printing(remote, static_cast<ByteOffset>(resume.size()) - 5);
    QTRY_COMPARE(m_flow->currentStep(), static_cast<int>(m_flow->plan()->steps.size()));
    QVERIFY(finished.isEmpty());
    printing(remote, static_cast<ByteOffset>(resume.size()), "complete");
    QVERIFY(finished.wait());
    QVERIFY(m_flow->report()->completed);
    QCOMPARE(m_flow->report()->leftOpenMm, m_flow->chosen()->leftOpenMm);
    QCOMPARE(m_flow->report()->resumeFile, remote);
    QVERIFY(m_flow->report()->done.size() > m_flow->plan()->steps.size());
}

void TestResumeFlow::zeroCopySendsStepByStep()
{
    arm(run::Way::ZeroCopy);
    QCOMPARE(sent(), 0); // nothing is uploaded either
    m_driver->hold({u"runScript"_s});
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 1);
    QCOMPARE(m_flow->currentStep(), 0);
    m_driver->release();
    const auto& steps = m_flow->plan()->steps;
    QTRY_COMPARE(m_driver->count(u"startPrintAt"_s), 1);
    QCOMPARE(m_driver->count(u"runScript"_s), static_cast<int>(steps.size()) - 1);
    QStringList scripts;
    for (const FakeDriver::Call& call : m_driver->calls) {
        if (call.name == u"runScript"_s)
            scripts << call.arguments.front();
        if (call.name == u"startPrintAt"_s)
            QCOMPARE(call.arguments, QStringList({file, QString::number(m_flow->chosen()->byte)}));
    }
    for (std::size_t i = 0; i + 1 < steps.size(); ++i)
        QVERIFY(scripts[static_cast<qsizetype>(i)].startsWith(QString::fromStdString(steps[i].gcode.front())));
    QSignalSpy finished(m_flow.get(), &ResumeFlow::finished);
    printing(file, m_flow->chosen()->byte + 100);
    QTRY_VERIFY(std::holds_alternative<run::Printing>(m_flow->runState()));
    printing(file, m_index.size, "complete");
    QVERIFY(finished.wait());
    QVERIFY(m_flow->report()->resumeFile.isEmpty());
}

void TestResumeFlow::zeroCopyEndsEarly_data()
{
    QTest::addColumn<bool>("refused");
    QTest::addColumn<bool>("ready");
    QTest::addColumn<QStringList>("unknown");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("refused") << true << true << QStringList() << ErrorCode::Refused;
    QTest::newRow("ok, but shut down") << false << false << QStringList() << ErrorCode::KlippyNotReady;
    QTest::newRow("unknown command") << false << true << QStringList(u"M83"_s) << ErrorCode::Refused;
}

void TestResumeFlow::zeroCopyEndsEarly()
{
    QFETCH(bool, refused);
    QFETCH(bool, ready);
    QFETCH(QStringList, unknown);
    QFETCH(ErrorCode, code);
    arm(run::Way::ZeroCopy);
    int scripts = 0;
    m_driver->onScript = [&](const QString&) -> Result<link::ScriptResult> {
        if (++scripts < 2)
            return link::ScriptResult{true, HostState::Ready, {}};
        if (refused)
            return fail(ErrorCode::Refused, "Must home axis first");
        return link::ScriptResult{ready, ready ? HostState::Ready : HostState::Shutdown, unknown};
    };
    QSignalSpy finished(m_flow.get(), &ResumeFlow::finished);
    m_flow->launch();
    QVERIFY(finished.wait());
    QCOMPARE(scripts, 2);
    QCOMPARE(m_driver->count(u"startPrintAt"_s), 0);
    QCOMPARE(std::get<run::Failed>(m_flow->runState()).step, std::size_t{1});
    QCOMPARE(m_errors.front().code, code);
    QVERIFY(!m_flow->report()->completed);
}

void TestResumeFlow::nothingIsSentAfterADrop()
{
    arm(run::Way::ZeroCopy);
    m_driver->hold({u"runScript"_s});
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 1);
    QSignalSpy finished(m_flow.get(), &ResumeFlow::finished);
    m_driver->dropLink();
    QTRY_VERIFY(std::holds_alternative<run::Failed>(m_flow->runState()));
    QTRY_COMPARE(finished.size(), 1);
    const int before = sent();
    const int asked = m_driver->count(u"readStatus"_s);
    m_driver->goOnline();
    QTRY_VERIFY(m_driver->count(u"readStatus"_s) > asked); // the state is read
    QCOMPARE(sent(), before);
    m_flow->launch(); // and one press is not enough
    QCOMPARE(sent(), before);
}

void TestResumeFlow::dropWhilePrintingIsSurvived()
{
    arm(run::Way::ZeroCopy);
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"startPrintAt"_s), 1);
    printing(file, m_flow->chosen()->byte + 100);
    QTRY_VERIFY(std::holds_alternative<run::Printing>(m_flow->runState()));
    m_driver->dropLink();
    QVERIFY(std::holds_alternative<run::Printing>(m_flow->runState())); // the printer prints on without us
    m_driver->goOnline();
    QSignalSpy finished(m_flow.get(), &ResumeFlow::finished);
    printing(file, m_index.size, "complete");
    QTRY_COMPARE(finished.size(), 1);
    QVERIFY(m_flow->report()->completed);
}

void TestResumeFlow::stopAfterStep()
{
    arm(run::Way::ZeroCopy);
    m_driver->hold({u"runScript"_s});
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 1);
    m_flow->stopAfterStep();
    m_driver->release();
    QTRY_VERIFY(std::holds_alternative<run::Stopped>(m_flow->runState()));
    QCOMPARE(m_driver->count(u"runScript"_s), 1);
    QCOMPARE(m_driver->count(u"startPrintAt"_s), 0);
}

void TestResumeFlow::stopAndLiftKeepsTheBed()
{
    arm(run::Way::NewFile);
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"startPrint"_s), 1);
    const QString remote = argumentOf(u"startPrint"_s);
    m_driver->status.homedAxes = "xyz";
    auto sample = FakeDriver::printing(remote, stopTime + 300, 100, 5);
    sample.homedAxes = "xyz";
    sample.toolheadPosition = {{10, 10, 5, 0}};
    m_driver->emitSample(sample);
    QTRY_VERIFY(std::holds_alternative<run::Printing>(m_flow->runState()));
    m_flow->stopAndLift();
    QTRY_COMPARE(m_driver->count(u"pausePrint"_s), 1);
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 1);
    const QString script = argumentOf(u"runScript"_s);
    QVERIFY(script.contains(u"G1 Z10.00"_s));
    QVERIFY(script.contains(u"M104 S0"_s));
    QVERIFY(script.contains(u"M140 S60.0"_s));
}

void TestResumeFlow::changedPlanDisarms()
{
    arm(run::Way::ZeroCopy);
    Statements statements = m_flow->statements();
    statements.declaredZ = *statements.declaredZ + 0.1;
    m_flow->setStatements(statements);
    QVERIFY(std::holds_alternative<run::Idle>(m_flow->runState()));
    m_flow->launch();
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::changedPlanStopsPreparing_data()
{
    QTest::addColumn<QString>("held");
    QTest::newRow("while the file is written") << QString();
    QTest::newRow("while it is uploaded") << u"upload"_s;
}

/// What is armed is always what is shown, also when it changed during the preparation.
void TestResumeFlow::changedPlanStopsPreparing()
{
    QFETCH(QString, held);
    plan();
    if (!held.isEmpty())
        m_driver->hold({held});
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    m_flow->arm();
    QTRY_COMPARE(planned.size(), 1); // the file is being written now
    if (!held.isEmpty())
        QTRY_COMPARE(m_driver->count(held), 1);
    QVERIFY(m_flow->editField(u"hotend.0"_s, u"205"_s, u"other filament"_s).has_value());
    m_driver->release();
    QTRY_COMPARE(planned.size(), 2);
    QTRY_VERIFY(!m_flow->isBusy());
    QVERIFY(std::holds_alternative<run::Idle>(m_flow->runState()));
    m_flow->launch();
    QCOMPARE(m_driver->count(u"startPrint"_s), 0);
    QVERIFY(m_errors.empty());
    m_flow->arm();
    QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()));
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"startPrint"_s), 1);
    const QByteArray resume = m_driver->files[u"gcodes/"_s + argumentOf(u"startPrint"_s)];
    QVERIFY(resume.contains(m_flow->planText().toUtf8()));
    QVERIFY(resume.left(resume.indexOf("KINTSUGI RESUME POINT")).contains("205"));
}

void TestResumeFlow::disarmStopsPreparing()
{
    plan();
    m_driver->hold({u"upload"_s});
    m_flow->arm();
    QTRY_COMPARE(m_driver->count(u"upload"_s), 1);
    m_flow->disarm();
    m_driver->release();
    QTRY_VERIFY(!m_flow->isBusy());
    QVERIFY(std::holds_alternative<run::Idle>(m_flow->runState()));
}

void TestResumeFlow::offlineArmsNothing()
{
    plan();
    m_flow->setWay(run::Way::ZeroCopy);
    m_driver->dropLink();
    m_flow->arm();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::Disconnected);
    m_driver->goOnline();
    m_flow->launch();
    QVERIFY(std::holds_alternative<run::Idle>(m_flow->runState()));
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::unansweredGateArmsNothing_data()
{
    QTest::addColumn<QString>("question");
    for (const char* name : {"readStatus", "listFolder", "readSettings"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

void TestResumeFlow::unansweredGateArmsNothing()
{
    QFETCH(QString, question);
    plan();
    m_flow->setWay(run::Way::ZeroCopy);
    m_driver->failing.insert(question, Error{.code = ErrorCode::Timeout});
    m_flow->arm();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::Timeout);
    QVERIFY(std::holds_alternative<run::Idle>(m_flow->runState()));
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::staleGateDoesNotLaunch_data()
{
    QTest::addColumn<QString>("change");
    QTest::addColumn<QString>("check");
    QTest::newRow("another print runs") << u"print"_s << u"printing"_s;
    QTest::newRow("the file was cut") << u"file"_s << u"file-on-printer"_s;
    QTest::newRow("the host restarted") << u"restart"_s << QString();
}

/// The printer was used between the two presses.
void TestResumeFlow::staleGateDoesNotLaunch()
{
    QFETCH(QString, change);
    QFETCH(QString, check);
    arm(run::Way::ZeroCopy);
    if (change == u"print"_s)
        printing(u"other.gcode"_s, 10);
    else if (change == u"file"_s)
        m_driver->files[u"gcodes/"_s + file].chop(10);
    else
        m_driver->setHost(HostState::Shutdown, u"Lost communication with MCU 'mcu'"_s);
    m_flow->launch();
    if (!check.isEmpty()) {
        QTRY_VERIFY(!m_errors.empty());
        QCOMPARE(m_errors.front().code, ErrorCode::GateBlocked);
        QVERIFY2(m_errors.front().detail.find(check.toStdString()) != std::string::npos, m_errors.front().detail.c_str());
    }
    QVERIFY(std::holds_alternative<run::Idle>(m_flow->runState()));
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::dropBeforeLaunch()
{
    arm(run::Way::ZeroCopy);
    m_driver->hold({u"readStatus"_s});
    m_flow->launch();
    m_driver->dropLink();
    m_driver->goOnline();
    QTRY_VERIFY(!m_errors.empty());
    QVERIFY(!m_flow->isBusy());
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::diesMidway_data()
{
    QTest::addColumn<QString>("held");
    for (const char* name : {"readStatus", "listFolder", "upload", "startPrint", "history"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

/// The window closes while an answer is on its way: nobody hears it, nothing more is sent.
void TestResumeFlow::diesMidway()
{
    QFETCH(QString, held);
    if (held != u"history"_s)
        plan();
    const int before = m_driver->count(held);
    m_driver->hold({held});
    if (held == u"history"_s) {
        m_flow->begin(PrintJob{.id = u"j1"_s, .printer = u"p"_s, .file = file, .fileSize = m_index.size});
    } else {
        m_flow->arm();
        if (held == u"startPrint"_s) {
            QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()));
            m_flow->launch();
        }
    }
    QTRY_VERIFY(m_driver->count(held) > before);
    const int commands = sent();
    m_flow.reset();
    m_driver->release();
    bool answered = false;
    m_archive->flush(this, [&](const Result<>&) { answered = true; });
    QTRY_VERIFY(answered);
    QCOMPARE(sent(), commands);
    QVERIFY(m_errors.empty());
}

void TestResumeFlow::editsNeedAReason()
{
    plan();
    FieldModel model;
    model.follow(m_flow.get());
    QSignalSpy refused(&model, &FieldModel::editRefused);
    const QModelIndex hotend = model.index(model.rowOfKey(u"hotend.0"_s), FieldModel::Value);
    QVERIFY(hotend.isValid());
    QVERIFY(!model.setData(hotend, u"205"_s));
    QCOMPARE(refused.size(), 1);
    model.setReason(u"other filament"_s);
    QVERIFY(!model.setData(hotend, u"hot"_s));
    QCOMPARE(refused.size(), 2);
    QVERIFY(model.setData(hotend, u"205"_s));
    QCOMPARE(m_flow->snapshot()->state.hotend.at(0), 205.0);
    QCOMPARE(m_flow->snapshot()->fields.at("hotend.0").origin, recovery::Origin::Edited);
    // The temperature holds for another line too.
    QSignalSpy chosen(m_flow.get(), &ResumeFlow::chosenChanged);
    m_flow->choose(m_flow->candidates().back().byte);
    QVERIFY(chosen.wait());
    QCOMPARE(m_flow->snapshot()->state.hotend.at(0), 205.0);
    QCOMPARE(m_flow->chosen()->byte, m_flow->candidates().back().byte);
}

void TestResumeFlow::savedPlanIsAResumeFile()
{
    plan();
    QSignalSpy saved(m_flow.get(), &ResumeFlow::saved);
    const QString path = m_folder->filePath(u"out.gcode"_s);
    m_flow->savePlan(path);
    QVERIFY(saved.wait());
    const auto source = gcode::FileSource::open(path.toStdString());
    const auto point = recovery::readResumePoint(**source);
    QCOMPARE((*point)->original, m_flow->chosen()->byte);
    m_flow->savePlan(path);
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::FileExists);
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::changedFileIsRefused()
{
    m_driver->files[u"gcodes/"_s + file] += "G1 X1\n";
    begin();
    QVERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::FileChanged);
    QVERIFY(!m_flow->isBusy());
}

void TestResumeFlow::changeOfTheSameSizeIsRefused()
{
    recovery::Snapshot layer;
    layer.printer = "p";
    layer.job = "j1";
    layer.file = {file.toStdString(), m_index.size, m_index.xxh3};
    bool stored = false;
    m_archive->ask<qint64>(this, [layer](Store& store) { return store.addSnapshot(layer); }, [&](const auto& id) { stored = id.has_value(); });
    QTRY_VERIFY(stored);
    plan(); // of the file that was printed
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    m_flow->chooseSnapshot([&] {
        recovery::Snapshot other = *m_flow->snapshot();
        other.file.xxh3 = m_index.xxh3 + 1;
        return other;
    }());
    QVERIFY(planned.wait());
    QVERIFY(!m_flow->gateIsOpen()); // a snapshot of another version
    // Another version of the same length, fetched in the place of our own copy.
    QVERIFY(QFile::remove(m_flow->file()->path));
    QByteArray& bytes = m_driver->files[u"gcodes/"_s + file];
    bytes[bytes.size() / 2] = bytes[bytes.size() / 2] == '1' ? '2' : '1';
    begin();
    QVERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::FileChanged);
    QCOMPARE(sent(), 0);
}

/// Our own copy, between plan and first press.
void TestResumeFlow::copyChangesBeforeArming()
{
    plan();
    QFile copy(m_flow->file()->path);
    QVERIFY(copy.open(QIODevice::Append));
    copy.write("G1 X1\n");
    copy.close();
    m_flow->arm();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::FileChanged);
    QVERIFY(!m_flow->isBusy());
    QVERIFY(std::holds_alternative<run::Idle>(m_flow->runState()));
    QCOMPARE(m_driver->count(u"startPrint"_s) + m_driver->count(u"runScript"_s), 0);
}

/// The print of a resume file was stopped too: it goes on in the original.
void TestResumeFlow::resumeOfAResume()
{
    arm(run::Way::NewFile);
    QString remote;
    for (const auto& [path, bytes] : m_driver->files) {
        if (path.contains(u".resume-"_s))
            remote = path.mid(7);
    }
    const QByteArray resume = m_driver->files[u"gcodes/"_s + remote];
    const ByteOffset original = m_flow->chosen()->byte;
    const ByteOffset tail = static_cast<ByteOffset>(resume.size()) - (m_index.size - original);
    m_flow->disarm();
    PrintJob second;
    second.id = u"j2"_s;
    second.printer = u"p"_s;
    second.file = remote;
    second.fileSize = static_cast<quint64>(resume.size());
    second.state = JobState::Interrupted;
    second.startTime = stopTime + 300;
    second.endTime = stopTime + 900;
    second.resumedFrom = u"j1"_s;
    second.resumedAt = original;
    const ByteOffset later = original + 4000;
    std::vector<recovery::Sample> samples;
    for (int i = 0; i < 8; ++i) {
        recovery::Sample sample = sampleAt(later, stopTime + 898 + i * 0.25);
        sample.file = remote.toStdString();
        sample.filePosition = *sample.filePosition - original + tail;
        sample.fileSize = static_cast<ByteOffset>(resume.size());
        samples.push_back(sample);
    }
    storeJob(second, samples);
    begin(u"j2"_s);
    QVERIFY(m_errors.empty());
    QCOMPARE(m_flow->file()->remote, file);
    QVERIFY(m_flow->stop()->likely >= later && m_flow->stop()->likely < later + 500);
    QTRY_VERIFY(m_flow->snapshot().has_value());
    QCOMPARE(m_flow->snapshot()->file.name, file.toStdString());
}

// ---- the mesh ----------------------------------------------------------------------------------------------------

namespace {

recovery::MeshMatrix bentMesh(double range = 0.3)
{
    recovery::MeshMatrix mesh;
    mesh.profile = "default";
    mesh.minimum = {10, 10};
    mesh.maximum = {190, 190};
    mesh.probed = {{0, 0, 0}, {0, range, 0}, {0, 0, 0}};
    mesh.parameters = {{"algo", "lagrange"}, {"tension", "0.2"}, {"mesh_x_pps", "2"}, {"mesh_y_pps", "2"}};
    return mesh;
}

const QByteArray printerCfg = "[printer]\nkinematics: corexy\n\n[bed_mesh]\nspeed: 100\n";

} // namespace

void TestResumeFlow::chooseWithMesh(const std::optional<recovery::MeshMatrix>& points, const std::string& profile)
{
    m_driver->settings = {{u"bed_mesh"_s, QJsonObject{{u"speed"_s, 100}}}};
    m_driver->files[u"config/printer.cfg"_s] = printerCfg;
    plan();
    if (QTest::currentTestFailed())
        return;
    recovery::Snapshot snapshot = *m_flow->snapshot();
    snapshot.state.mesh = gcode::MeshState{.profile = profile, .m420Enabled = {}, .m420Slot = {}};
    if (points)
        snapshot.mesh = *points;
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    m_flow->chooseSnapshot(snapshot);
    QTRY_VERIFY(!planned.isEmpty() && !m_flow->isBusy());
    QVERIFY(m_flow->plan().has_value());
}

/// The host reads printer.cfg again, or refuses to.
void TestResumeFlow::answerRestarts(bool refuse)
{
    m_driver->onCommand = [this, refuse](const QString& name, const QStringList&) -> Result<> {
        if (name != u"restartHost"_s)
            return {};
        m_driver->setHost(HostState::Startup);
        const bool own = m_driver->files[u"config/printer.cfg"_s].contains("[bed_mesh kintsugi_resume]");
        m_driver->meshes.clear();
        if (own)
            m_driver->meshes["kintsugi_resume"] = bentMesh();
        m_driver->setHost(refuse && own ? HostState::Error : HostState::Ready, u"Option 'x' is not valid"_s);
        return {};
    };
}

void TestResumeFlow::propose()
{
    m_flow->proposeMesh();
    QTRY_COMPARE(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Proposed));
}

std::string TestResumeFlow::meshVerdict() const
{
    for (const recovery::GateCheck& check : m_flow->gate()) {
        if (check.id == "mesh")
            return check.passed ? "passed" : std::string(recovery::name(check.severity));
    }
    return "absent";
}

void TestResumeFlow::meshAdviceReachesThePlan_data()
{
    using Kind = recovery::MeshAdvice::Kind;
    QTest::addColumn<double>("range");    ///< of the recorded points; < 0: none
    QTest::addColumn<QString>("present"); ///< profile the printer has
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("loads");   ///< in the plan
    QTest::addColumn<QString>("verdict");
    QTest::newRow("by its name") << 0.3 << u"default"_s << int(Kind::LoadProfile) << u"default"_s << u"passed"_s;
    QTest::newRow("by its name, points unknown") << -1.0 << u"default"_s << int(Kind::LoadProfile) << u"default"_s << u"passed"_s;
    QTest::newRow("restored before") << 0.3 << u"kintsugi_resume"_s << int(Kind::LoadProfile) << u"kintsugi_resume"_s << u"passed"_s;
    QTest::newRow("gone, above a layer") << 0.3 << QString() << int(Kind::RestoreByMatrix) << QString() << u"block"_s;
    QTest::newRow("gone, below a layer") << 0.1 << QString() << int(Kind::RestoreByMatrix) << QString() << u"warn"_s;
    QTest::newRow("lost") << -1.0 << QString() << int(Kind::Lost) << QString() << u"block"_s;
}

void TestResumeFlow::meshAdviceReachesThePlan()
{
    QFETCH(double, range);
    QFETCH(QString, present);
    QFETCH(int, kind);
    QFETCH(QString, loads);
    QFETCH(QString, verdict);
    if (!present.isEmpty())
        m_driver->meshes[present.toStdString()] = bentMesh();
    chooseWithMesh(range < 0 ? std::nullopt : std::optional(bentMesh(range)), "default");
    QCOMPARE(int(m_flow->meshAdvice().kind), kind);
    QCOMPARE(m_flow->planText().contains(u"BED_MESH_PROFILE"_s), !loads.isEmpty());
    QVERIFY(loads.isEmpty() || m_flow->planText().contains(u"BED_MESH_PROFILE LOAD="_s + loads + u'\n'));
    QCOMPARE(QString::fromStdString(meshVerdict()), verdict);
    QCOMPARE(m_flow->gateIsOpen(), verdict != u"block"_s);
}

/// Nobody knows how far the heights differ: only the person's word lets it pass.
void TestResumeFlow::lostMeshIsReleasedByAnEdit()
{
    chooseWithMesh(std::nullopt, "default");
    QVERIFY(!m_flow->gateIsOpen());
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    QVERIFY(m_flow->editField(u"mesh"_s, QString(), u"the bed is glass"_s).has_value());
    QTRY_VERIFY(!planned.isEmpty() && !m_flow->isBusy());
    QCOMPARE(meshVerdict(), std::string("passed"));
    QVERIFY(m_flow->gateIsOpen());
    QVERIFY(!m_flow->planText().contains(u"BED_MESH_PROFILE"_s));
}

void TestResumeFlow::meshIsRestoredAndUndone()
{
    answerRestarts();
    chooseWithMesh(bentMesh(), "default");
    propose();
    QCOMPARE(sent(), 0);
    QVERIFY(m_flow->meshRestore().difference.contains(u"+#*# [bed_mesh kintsugi_resume]"_s));
    QVERIFY(!m_flow->canUndoMesh());

    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    m_flow->restoreMesh();
    QTRY_COMPARE(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Restored));
    QCOMPARE(m_driver->count(u"upload"_s), 2);
    QCOMPARE(m_driver->count(u"restartHost"_s), 1);
    QCOMPARE(m_driver->files[u"config/"_s + m_flow->meshRestore().keptAs], printerCfg);
    QVERIFY(!m_flow->meshRestore().keptAs.endsWith(u".cfg"_s)); // no [include *.cfg] reads it
    QTRY_VERIFY(!planned.isEmpty() && !m_flow->isBusy());
    QCOMPARE(meshVerdict(), std::string("passed"));
    QVERIFY(m_flow->planText().contains(u"BED_MESH_PROFILE LOAD=kintsugi_resume"_s));
    QVERIFY(m_flow->gateIsOpen());

    QVERIFY(m_flow->canUndoMesh());
    m_flow->undoMesh();
    QTRY_COMPARE(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Idle));
    QCOMPARE(m_driver->files[u"config/printer.cfg"_s], printerCfg);
    QCOMPARE(m_driver->count(u"restartHost"_s), 2);
    QVERIFY(!m_flow->canUndoMesh());
    QVERIFY(m_errors.empty());

    std::vector<JournalEntry> journal;
    m_archive->ask<std::vector<JournalEntry>>(this, [](Store& store) { return store.journal(u"p"_s); },
                                              [&](const auto& entries) { journal = entries.value_or(std::vector<JournalEntry>()); });
    QTRY_COMPARE(journal.size(), std::size_t{5}); // kept, written, restarted; put back, restarted
    for (const JournalEntry& entry : journal)
        QCOMPARE(entry.result, u"ok"_s);
}

void TestResumeFlow::meshIsNotRestored_data()
{
    QTest::addColumn<QString>("trouble");
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<int>("uploads");
    QTest::newRow("printing") << u"printing"_s << ErrorCode::Busy << 0;
    QTest::newRow("paused") << u"paused"_s << ErrorCode::Busy << 0;
    QTest::newRow("Z is registered") << u"homed"_s << ErrorCode::Unsafe << 0;
    QTest::newRow("bed is warm") << u"heater"_s << ErrorCode::Unsafe << 0;
    QTest::newRow("somebody changed it") << u"changed"_s << ErrorCode::FileChanged << 1;
    QTest::newRow("no answer") << u"status"_s << ErrorCode::Timeout << 0;
    QTest::newRow("upload refused") << u"upload"_s << ErrorCode::DiskFull << 1;
    QTest::newRow("armed") << u"armed"_s << ErrorCode::Busy << 0;
}

void TestResumeFlow::meshIsNotRestored()
{
    QFETCH(QString, trouble);
    QFETCH(ErrorCode, code);
    QFETCH(int, uploads);
    answerRestarts();
    chooseWithMesh(bentMesh(0.1), "default");
    propose();
    QByteArray expected = printerCfg;
    if (trouble == u"printing"_s || trouble == u"paused"_s)
        m_driver->status.printState = trouble.toStdString();
    else if (trouble == u"homed"_s)
        m_driver->status.homedAxes = "xyz";
    else if (trouble == u"heater"_s)
        m_driver->status.heaters["heater_bed"].target = 60.0;
    else if (trouble == u"changed"_s)
        expected = m_driver->files[u"config/printer.cfg"_s] += "\n[fan]\n";
    else if (trouble == u"status"_s)
        m_driver->failing.insert(u"readStatus"_s, Error{.code = ErrorCode::Timeout});
    else if (trouble == u"upload"_s)
        m_driver->failing.insert(u"upload"_s, Error{.code = ErrorCode::DiskFull});
    else {
        m_flow->setWay(run::Way::ZeroCopy);
        m_flow->arm();
        QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()));
    }
    m_flow->restoreMesh();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, code);
    QCOMPARE(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Proposed));
    QCOMPARE(m_driver->files[u"config/printer.cfg"_s], expected);
    QCOMPARE(m_driver->count(u"restartHost"_s), 0);
    QCOMPARE(m_driver->count(u"upload"_s), uploads);
    QVERIFY(!m_flow->canUndoMesh());
}

/// Klipper does not start with what was written: the way back is open.
void TestResumeFlow::refusedConfigurationCanBeUndone()
{
    answerRestarts(true);
    chooseWithMesh(bentMesh(), "default");
    propose();
    m_flow->restoreMesh();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::Refused);
    QVERIFY(m_flow->canUndoMesh());
    m_flow->undoMesh();
    QTRY_COMPARE(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Idle));
    QCOMPARE(m_driver->files[u"config/printer.cfg"_s], printerCfg);
    QCOMPARE(m_driver->info.state, HostState::Ready);
}

void TestResumeFlow::meshIsNotUndone_data()
{
    QTest::addColumn<QString>("trouble");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("printing") << u"printing"_s << ErrorCode::Busy;
    QTest::newRow("somebody changed it") << u"changed"_s << ErrorCode::FileChanged;
}

void TestResumeFlow::meshIsNotUndone()
{
    QFETCH(QString, trouble);
    QFETCH(ErrorCode, code);
    answerRestarts();
    chooseWithMesh(bentMesh(), "default");
    propose();
    m_flow->restoreMesh();
    QTRY_COMPARE(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Restored));
    QTRY_VERIFY(!m_flow->isBusy());
    if (trouble == u"printing"_s)
        m_driver->status.printState = "printing";
    else
        m_driver->files[u"config/printer.cfg"_s] += "#*# [probe]\n#*# z_offset = 1\n"; // a SAVE_CONFIG meanwhile
    const QByteArray before = m_driver->files[u"config/printer.cfg"_s];
    m_flow->undoMesh();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, code);
    QCOMPARE(m_driver->files[u"config/printer.cfg"_s], before);
    QCOMPARE(m_driver->count(u"restartHost"_s), 1);
    QVERIFY(m_flow->canUndoMesh()); // later
}

// ---- the printer's file ------------------------------------------------------------------------------------------

/// Another file of the same length and name: only its bytes tell.
void TestResumeFlow::exchangedFileIsNotContinued()
{
    arm(run::Way::ZeroCopy);
    QCOMPARE(m_driver->count(u"readBlocks"_s), 1);
    m_driver->files[u"gcodes/"_s + file].fill('G');
    m_flow->launch();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::GateBlocked);
    QVERIFY(m_errors.front().detail.find("file-content") != std::string::npos);
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::proofLooksEverywhere()
{
    for (const quint64 size : {quint64{0}, quint64{1}, quint64{4096}, quint64{262'143}, quint64{262'144}, quint64{262'145}, quint64{300'000'000}, quint64{5'000'000'000}}) {
        const auto blocks = proofBlocks(size);
        QCOMPARE(blocks.front().begin, quint64{0});
        QCOMPARE(blocks.back().begin + blocks.back().size, size);
        quint64 read = blocks.front().size;
        for (std::size_t i = 1; i < blocks.size(); ++i) {
            QVERIFY(blocks[i].begin >= blocks[i - 1].begin + blocks[i - 1].size);
            QVERIFY(blocks[i].begin - blocks[i - 1].begin <= 2 * size / 64 + 4096);
            read += blocks[i].size;
        }
        QCOMPARE(read, std::min<quint64>(size, 262'144));
    }
}

void TestResumeFlow::gateFactsCloseTheGate_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<QByteArray>("id");
    QTest::newRow("job queue") << u"queue"_s << QByteArray("queue");
    QTest::newRow("disk") << u"disk"_s << QByteArray("disk-space");
    QTest::newRow("filament") << u"filament"_s << QByteArray("filament");
    QTest::newRow("macro of the start") << u"macro"_s << QByteArray("macro-audit");
    QTest::newRow("heat limit") << u"heat"_s << QByteArray("heat-limits");
}

/// What the printer answers reaches the gate of a real run: nothing is armed.
void TestResumeFlow::gateFactsCloseTheGate()
{
    QFETCH(QString, what);
    QFETCH(QByteArray, id);
    plan();
    if (what == u"queue"_s) {
        m_driver->readiness.queuedJobs = 1;
        m_driver->readiness.queueState = u"ready"_s;
    } else if (what == u"disk"_s) {
        m_driver->readiness.freeDisk = 1000;
    } else if (what == u"filament"_s) {
        m_driver->readiness.filament = std::vector<link::FilamentSensor>{{u"spool"_s, false, true, false}};
    } else if (what == u"macro"_s) {
        m_driver->settings.insert(u"gcode_macro sdcard_print_file"_s, QJsonObject{{u"rename_existing"_s, u"BASE"_s}, {u"gcode"_s, u"G28\nBASE {rawparams}"_s}});
    } else {
        m_driver->settings.insert(u"extruder"_s, QJsonObject{{u"max_temp"_s, 150.0}});
    }
    m_flow->arm();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::GateBlocked);
    QVERIFY2(m_errors.front().detail.find(id.toStdString()) != std::string::npos, m_errors.front().detail.c_str());
    QCOMPARE(sent(), 0);
}

void TestResumeFlow::repairedHeaterOpensTheGate()
{
    plan();
    m_driver->console = {{stopTime - 1, false, u"!! Heater extruder not heating at expected rate"_s}};
    const auto isOpenAfter = [this](bool repaired) {
        Statements statements = m_flow->statements();
        statements.heaterRepaired = repaired;
        QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
        m_flow->setStatements(statements);
        if (!planned.wait())
            return std::string("no plan");
        std::string blocks;
        for (const recovery::GateCheck& check : m_flow->gate())
            blocks += check.severity == recovery::Severity::Block && !check.passed ? check.id : std::string();
        return blocks;
    };
    QCOMPARE(isOpenAfter(false), std::string("heater-fault"));
    QCOMPARE(isOpenAfter(true), std::string());
}

// ---- klipper-plr's data ------------------------------------------------------------------------------------------

namespace {

const QByteArray variablesText = "[Variables]\nresume_meta_info = {'layer': 6, 'position': {'x': 1.0}, 'current_file': 'old.gcode'}\nz_offset_stepper_z1 = 0.5775\n\n";

} // namespace

void TestResumeFlow::pluginDataIsResetAfterAGoodEnd()
{
    arm(run::Way::ZeroCopy);
    QVERIFY(!m_flow->canResetPluginData());
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"startPrintAt"_s), 1);
    printing(file, m_flow->chosen()->byte + 100);
    QSignalSpy finished(m_flow.get(), &ResumeFlow::finished);
    printing(file, m_index.size, "complete");
    QTRY_COMPARE(finished.size(), 1);
    QVERIFY(m_flow->canResetPluginData());
    m_driver->variables = {{u"resume_meta_info"_s, QJsonObject{{u"layer"_s, 6}}}};
    m_driver->onScript = [this](const QString& script) -> Result<link::ScriptResult> {
        if (script == u"PLR_RESET_PRINT_DATA"_s)
            m_driver->variables = {{u"resume_meta_info"_s, QJsonObject()}};
        return link::ScriptResult{true, HostState::Ready, {}};
    };
    QSignalSpy changed(m_flow.get(), &ResumeFlow::pluginDataChanged);
    m_flow->resetPluginData();
    QTRY_VERIFY(!changed.isEmpty());
    QVERIFY(!m_flow->canResetPluginData());
    QVERIFY(m_errors.empty());
}

void TestResumeFlow::pluginStateIsSetAndPutBack()
{
    m_driver->files[u"config/variables.cfg"_s] = variablesText;
    m_driver->onScript = [this](const QString& script) -> Result<link::ScriptResult> {
        static const QString head = u"SAVE_VARIABLE VARIABLE=resume_meta_info VALUE="_s;
        if (script.startsWith(head)) {
            const QString literal = script.mid(head.size() + 1).chopped(1);
            m_driver->files[u"config/variables.cfg"_s] = "[Variables]\nresume_meta_info = " + literal.toUtf8() + "\n\n";
        }
        return link::ScriptResult{true, HostState::Ready, {}};
    };
    plan();
    QVERIFY(m_flow->canWritePluginState());
    m_flow->writePluginState();
    QTRY_VERIFY(m_flow->isPluginStateWritten());
    const QByteArray written = m_driver->files[u"config/variables.cfg"_s];
    QVERIFY(written.contains("'current_file': 'sub/tower.gcode'"));
    QVERIFY(!m_flow->canWritePluginState());
    m_flow->restorePluginState();
    QTRY_VERIFY(!m_flow->isPluginStateWritten());
    QVERIFY(m_driver->files[u"config/variables.cfg"_s].contains("{'layer': 6, 'position': {'x': 1.0}, 'current_file': 'old.gcode'}"));
    QVERIFY(m_errors.empty());
}

/// The plugin saved during the print: its state is newer than the one that was kept.
void TestResumeFlow::pluginStateOfAnotherStays()
{
    m_driver->files[u"config/variables.cfg"_s] = variablesText;
    m_driver->onScript = [this](const QString& script) -> Result<link::ScriptResult> {
        const qsizetype at = script.indexOf(u"VALUE="_s);
        m_driver->files[u"config/variables.cfg"_s] = "[Variables]\nresume_meta_info = " + script.mid(at + 7).chopped(1).toUtf8() + "\n\n";
        return link::ScriptResult{true, HostState::Ready, {}};
    };
    plan();
    m_flow->writePluginState();
    QTRY_VERIFY(m_flow->isPluginStateWritten());
    const QByteArray newer = "[Variables]\nresume_meta_info = {'layer': 9}\n\n";
    m_driver->files[u"config/variables.cfg"_s] = newer;
    m_flow->restorePluginState();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::FileChanged);
    QCOMPARE(m_driver->files[u"config/variables.cfg"_s], newer);
    QVERIFY(!m_flow->isPluginStateWritten());
}

/// The plugin's type checks: a float that was written as an int is no valid state.
void TestResumeFlow::pluginLiteralIsThePluginsOwn()
{
    plan();
    recovery::Snapshot snapshot = *m_flow->snapshot();
    snapshot.state.position = {100'000'000, 50'500'000, 1'400'000};
    snapshot.state.gcodeOffset = {{"Z", -0.05}};
    const auto literal = pluginLiteral(snapshot, m_index);
    QVERIFY(literal.has_value());
    QVERIFY2(literal->contains(u"'position': {'x': 100.0, 'y': 50.5, 'z': 1.35}"_s), qPrintable(*literal));
    QVERIFY(literal->contains(u"'hotend_temp': 210.0, 'bed_temp': "_s));
    QVERIFY(!literal->contains(u'"') && !literal->contains(u'\n'));
    const auto value = klipper::parsePythonLiteral(literal->toStdString());
    QVERIFY(value.has_value());
    const auto state = klipper::readPlrState(*value);
    QVERIFY(state && *state);
    QCOMPARE((*state)->filePosition, snapshot.byte);
    QCOMPARE((*state)->totalSize, m_index.size);
    QCOMPARE((*state)->file, snapshot.file.name);
    for (const char* key : {"hotend_temp", "bed_temp", "layer_height", "save_time", "collection_time"})
        QVERIFY2(std::holds_alternative<double>(value->at(key)->data), key);
    QVERIFY(std::holds_alternative<std::int64_t>(value->at("layer")->data));
    QVERIFY(std::holds_alternative<std::int64_t>(value->at("file_progress")->at("position")->data));
    QVERIFY(saveStateCommand(*literal)->startsWith(u"SAVE_VARIABLE VARIABLE=resume_meta_info VALUE=\"{"_s));
}

void TestResumeFlow::pluginLiteralRefuses()
{
    plan();
    recovery::Snapshot snapshot = *m_flow->snapshot();
    for (const char* name : {"50%.gcode", "it's.gcode", "a\"b.gcode", "a\\b.gcode", "a;b.gcode", "a#b.gcode", "a\nb.gcode", "{x}.gcode", ""}) {
        snapshot.file.name = name;
        const auto literal = pluginLiteral(snapshot, m_index);
        QVERIFY2(!literal.has_value(), name);
        QCOMPARE(literal.error().code, ErrorCode::BadValue);
    }
    QVERIFY(!saveStateCommand(u"{'a': \"b\"}"_s)); // both quotes
    QVERIFY(!saveStateCommand(u"{'a': '\\n'}"_s));
    QVERIFY(!saveStateCommand(u"no literal"_s));
    QVERIFY(saveStateCommand(u"{}"_s).has_value());
}

void TestResumeFlow::ownLinesAreSuggested()
{
    m_driver->settings = {{u"power_loss_recovery"_s, QJsonObject{{u"before_resume_gcode"_s, u"M117 up\nG28"_s}, {u"after_resume_gcode"_s, u"M117 there"_s}}}};
    plan();
    const auto lines = m_flow->suggestedOwnLines();
    std::vector<std::string> all;
    for (const auto& [where, some] : lines)
        all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end());
    QCOMPARE(all, (std::vector<std::string>{"M117 there", "M117 up"})); // what homes is for the person to read
}

QTEST_GUILESS_MAIN(TestResumeFlow)
#include "tst_resumeflow.moc"
