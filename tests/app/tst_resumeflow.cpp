// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonArray>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "errortext.h"
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
    void meshIsUndoneInAnotherLife_data();
    void meshIsUndoneInAnotherLife();
    void meshIsNotUndone_data();
    void meshIsNotUndone();
    void exchangedFileIsNotContinued();
    void proofLooksEverywhere();
    void gateFactsCloseTheGate_data();
    void gateFactsCloseTheGate();
    void repairedHeaterOpensTheGate();
    void conflictsAreNamed_data();
    void conflictsAreNamed();
    void pluginDataIsResetAfterAGoodEnd();
    void pluginStateIsSetAndPutBack();
    void pluginStateOfAnotherStays();
    void pluginLiteralIsThePluginsOwn();
    void pluginLiteralRefuses();
    void ownLinesAreSuggested();
    void dryRunWaitsForEveryPress();
    void dryRunStops_data();
    void dryRunStops();
    void heldHeightIsLost_data();
    void heldHeightIsLost();
    void movedSinceTheDryRunBlocks();
    void crashAtEveryStep_data();
    void crashAtEveryStep();
    void crashIsReadOnce();
    void crashWhileThePrinterWorksByItself_data();
    void crashWhileThePrinterWorksByItself();
    void firstLayerIsGentle_data();
    void firstLayerIsGentle();
    void stopsKeepWhatIsChosen_data();
    void stopsKeepWhatIsChosen();
    void pauseAndOn();
    void nudgeIsBoundedAndPutBack();
    void homedThriceIsLookedAt();

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
    void dryRun(int steps = -1);
    void openHouse();
    void killed();
    void runToPrint(const Statements& more, run::Way way);
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
    openHouse();
    QVERIFY(!QTest::currentTestFailed());
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

void TestResumeFlow::openHouse()
{
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
    sample.maxAccel = 3000;
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

/// Goes through a dry run, or its first steps; the printer holds what it is told.
void TestResumeFlow::dryRun(int steps)
{
    plan();
    if (QTest::currentTestFailed())
        return;
    m_driver->readiness.idleTimeout = 600;
    m_driver->status.homedAxes = "xyz";
    m_driver->status.toolheadPosition = {{10, 10, 31.5, 0}};
    m_flow->setDryRun(true);
    QTRY_VERIFY(m_flow->plan() && m_flow->plan()->dryRun && !m_flow->isBusy());
    m_flow->arm();
    QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()) || !m_errors.empty());
    QVERIFY2(m_errors.empty(), m_errors.empty() ? "" : m_errors.front().detail.c_str());
    m_flow->launch();
    const int count = steps < 0 ? static_cast<int>(m_flow->plan()->steps.size()) : steps;
    for (int i = 0; i < count; ++i) {
        QTRY_VERIFY(m_flow->hand() == recovery::Hand::Press && m_flow->currentStep() == i);
        m_flow->pressStep();
    }
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
    facts.printer.maximum[1] = 211;
    applySettings(facts, {{u"stepper_x"_s, QJsonObject{{u"position_min"_s, -5.0}, {u"position_max"_s, 300.0}}},
                          {u"stepper_z"_s, QJsonObject{{u"position_max"_s, 340.0}}},
                          {u"stepper_z3"_s, QJsonObject()},
                          {u"idle_timeout"_s, QJsonObject{{u"timeout"_s, 600}}},
                          {u"homing_override"_s, QJsonObject{{u"gcode"_s, u"G28 Z"_s}}}});
    QCOMPARE(facts.printer.minimum[0], std::optional(-5.0));
    QCOMPARE(facts.printer.maximum[0], std::optional(300.0));
    QCOMPARE(facts.printer.maximum[1], std::optional(211.0)); // not told: the profile's
    QCOMPARE(facts.printer.minimum[2], std::optional(0.0));
    QCOMPARE(facts.printer.maximum[2], std::optional(340.0));
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

void TestResumeFlow::meshIsUndoneInAnotherLife_data()
{
    QTest::addColumn<QString>("meanwhile");
    QTest::addColumn<bool>("offered");
    QTest::newRow("untouched") << QString() << true;
    QTest::newRow("put back by hand") << u"old"_s << false;
    QTest::newRow("changed by somebody") << u"changed"_s << true;
}

/// The program ended between the restoring and the undo: the way back is in the store.
void TestResumeFlow::meshIsUndoneInAnotherLife()
{
    QFETCH(QString, meanwhile);
    QFETCH(bool, offered);
    answerRestarts();
    chooseWithMesh(bentMesh(), "default");
    propose();
    m_flow->restoreMesh();
    QTRY_COMPARE(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Restored));
    QTRY_VERIFY(!m_flow->isBusy());
    const QString kept = m_flow->meshRestore().keptAs;

    m_flow = std::make_unique<ResumeFlow>(*m_session);
    connect(m_flow.get(), &ResumeFlow::failed, this, [this](const Error& error) { m_errors.push_back(error); });
    QVERIFY(!m_flow->canUndoMesh());
    QByteArray& configuration = m_driver->files[u"config/printer.cfg"_s];
    if (meanwhile == u"old"_s)
        configuration = printerCfg;
    else if (meanwhile == u"changed"_s)
        configuration += "\n[fan]\n";
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    begin();
    QTRY_VERIFY(!planned.isEmpty() && !m_flow->isBusy());
    QCOMPARE(m_flow->canUndoMesh(), offered);
    QVERIFY(m_errors.empty());
    if (!offered)
        return;
    QCOMPARE(m_flow->meshRestore().keptAs, kept);
    m_flow->undoMesh();
    if (!meanwhile.isEmpty()) { // nobody's change is overwritten
        QTRY_VERIFY(!m_errors.empty());
        QCOMPARE(m_errors.front().code, ErrorCode::FileChanged);
        return;
    }
    QTRY_COMPARE(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Idle));
    QCOMPARE(configuration, printerCfg);
    QTRY_VERIFY(!m_flow->isBusy());
    m_flow = std::make_unique<ResumeFlow>(*m_session);
    QSignalSpy again(m_flow.get(), &ResumeFlow::planned);
    begin();
    QTRY_VERIFY(!again.isEmpty() && !m_flow->isBusy());
    QVERIFY(!m_flow->canUndoMesh());
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

void TestResumeFlow::conflictsAreNamed_data()
{
    QTest::addColumn<double>("shift");    ///< mm of X in every report
    QTest::addColumn<bool>("elsewhere");  ///< positions of another file
    QTest::addColumn<double>("speed");    ///< factor
    QTest::addColumn<QString>("named");   ///< a part of the sentence; empty = all agree
    QTest::newRow("agreeing") << 0.0 << false << 1.0 << QString();
    QTest::newRow("edited offset") << 3.0 << false << 1.0 << u"Every position differs from the file by X +3 mm"_s;
    QTest::newRow("another file") << 0.0 << true << 1.0 << u"it is another file or was changed since"_s;
    QTest::newRow("operator") << 0.0 << false << 0.9 << u"The speed factor was changed at the printer: 90 % instead of 100 %"_s;
}

/// What was reported while it printed is held against the file, and what is wrong has a name at the gate.
void TestResumeFlow::conflictsAreNamed()
{
    QFETCH(double, shift);
    QFETCH(bool, elsewhere);
    QFETCH(double, speed);
    QFETCH(QString, named);
    std::vector<recovery::Sample> samples;
    for (int i = 0; i < 30; ++i) {
        const auto byte = static_cast<ByteOffset>(m_text.size() / 2 + 150 * i);
        recovery::Sample sample = sampleAt(byte, stopTime - 30 + i);
        const auto at = gcode::locate(*m_source, m_index, byte);
        sample.filePosition = at->byte;
        sample.speedFactor = speed;
        sample.gcodePosition.emplace();
        for (std::size_t axis = 0; axis < 3; ++axis)
            (*sample.gcodePosition)[axis] = gcode::toMillimetres(*at->state.position[axis]);
        (*sample.gcodePosition)[0] += elsewhere ? 7.0 + i % 5 : shift;
        samples.push_back(sample);
    }
    PrintJob job;
    job.id = u"j2"_s;
    job.printer = u"p"_s;
    job.file = file;
    job.fileSize = m_index.size;
    job.startTime = stopTime - 60;
    job.endTime = stopTime;
    job.state = JobState::Interrupted;
    storeJob(job, samples);
    begin(u"j2"_s);
    QTRY_VERIFY(m_flow->snapshot().has_value());
    Statements statements = m_flow->statements();
    statements.partStuck = statements.nothingMoved = true;
    statements.contact = recovery::NozzleContact::Touching;
    statements.declaredZ = static_cast<double>(*m_flow->snapshot()->state.position[2]) / 1e6;
    m_flow->setZMethod(recovery::ZMethod::Touch);
    m_flow->setStatements(statements);
    QTRY_VERIFY(m_flow->plan() && !m_flow->isBusy());
    QStringList lines;
    bool passed = false;
    for (const recovery::GateCheck& check : m_flow->gate()) {
        if (check.id == "conflicts")
            (check.passed ? passed = true : !(lines << QString::fromStdString(english(check.text))).isEmpty());
    }
    QCOMPARE(passed, named.isEmpty());
    QVERIFY2(named.isEmpty() || lines.join(u'\n').contains(named), qPrintable(lines.join(u'\n')));
    QCOMPARE(m_flow->conflicts().empty(), named.isEmpty());
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

void TestResumeFlow::dryRunWaitsForEveryPress()
{
    QSignalSpy finished(m_flow.get(), &ResumeFlow::finished);
    dryRun(0);
    QVERIFY(!QTest::currentTestFailed());
    QTRY_VERIFY(m_flow->hand() == recovery::Hand::Press);
    QTest::qWait(50); // nothing comes by itself
    QCOMPARE(m_driver->count(u"runScript"_s), 1); // the idle timer
    QVERIFY(argumentOf(u"runScript"_s).contains(u"SET_IDLE_TIMEOUT"_s));
    const auto steps = static_cast<int>(m_flow->plan()->steps.size());
    for (int i = 0; i < steps; ++i) {
        QTRY_VERIFY(m_flow->hand() == recovery::Hand::Press && m_flow->currentStep() == i);
        m_flow->pressStep();
        m_flow->pressStep(); // twice is once
    }
    QVERIFY(!finished.isEmpty() || finished.wait());
    QVERIFY(m_flow->report()->dryRun && m_flow->report()->completed);
    QVERIFY(!m_flow->canResetPluginData());
    QCOMPARE(m_driver->count(u"runScript"_s), steps + 1);
    for (const char* name : {"startPrint", "startPrintAt", "upload", "pausePrint"})
        QCOMPARE(m_driver->count(QString::fromLatin1(name)), 0);
    // The real plan goes on from the height as it is held, with the timer still put off.
    QTRY_COMPARE(m_flow->heldZ(), std::optional(31.5));
    QTRY_VERIFY(!m_flow->isBusy() && m_flow->plan() && !m_flow->plan()->dryRun);
    QVERIFY(!m_flow->isDryRun() && std::holds_alternative<run::Idle>(m_flow->runState()));
    QVERIFY2(m_flow->gateIsOpen(), m_flow->planText().toUtf8().constData());
    QVERIFY(m_flow->planText().contains(u"Z=31.5"_s));
    QVERIFY(!m_flow->planText().contains(u"TEMPERATURE_WAIT"_s)); // nothing is stuck any more
    QVERIFY(!argumentOf(u"runScript"_s).contains(u"SET_IDLE_TIMEOUT"_s));
    m_flow->setWay(run::Way::ZeroCopy);
    m_flow->arm();
    QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()));
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"startPrintAt"_s), 1);
    QCOMPARE(argumentOf(u"runScript"_s), u"SET_IDLE_TIMEOUT TIMEOUT=600"_s); // as it was
}

void TestResumeFlow::dryRunStops_data()
{
    QTest::addColumn<int>("steps");
    QTest::addColumn<bool>("held");
    QTest::newRow("before anything") << 0 << false;
    QTest::newRow("on the part") << 4 << false; // Z is declared, the nozzle still stands on the part
    QTest::newRow("lifted") << 5 << true;
}

/// A dry run that is broken off prints nothing either, and holds only a height at which the nozzle is free.
void TestResumeFlow::dryRunStops()
{
    QFETCH(int, steps);
    QFETCH(bool, held);
    dryRun(steps);
    QVERIFY(!QTest::currentTestFailed());
    QTRY_VERIFY(m_flow->hand() == recovery::Hand::Press);
    QCOMPARE(m_flow->plan()->steps[4].kind, recovery::StepKind::Lift);
    QSignalSpy finished(m_flow.get(), &ResumeFlow::finished);
    m_flow->stopAndLift();
    QVERIFY(!finished.isEmpty() || finished.wait());
    QVERIFY(!m_flow->report()->completed);
    QTRY_VERIFY(!m_flow->isBusy() && argumentOf(u"runScript"_s).contains(u"M140"_s));
    QTRY_COMPARE(m_flow->heldZ().has_value(), held);
    QVERIFY(m_flow->isDryRun()); // may be begun again
    QCOMPARE(m_driver->count(u"startPrint"_s) + m_driver->count(u"startPrintAt"_s), 0);
}

void TestResumeFlow::heldHeightIsLost_data()
{
    QTest::addColumn<QByteArray>("how");
    for (const char* how : {"motors", "host", "link", "method", "again"})
        QTest::newRow(how) << QByteArray(how);
}

void TestResumeFlow::heldHeightIsLost()
{
    QFETCH(QByteArray, how);
    dryRun();
    QVERIFY(!QTest::currentTestFailed());
    QTRY_VERIFY(m_flow->heldZ() && !m_flow->isBusy() && !m_flow->plan()->dryRun);
    if (how == "motors") {
        auto sample = m_driver->status;
        sample.homedAxes = "";
        m_driver->emitSample(sample);
    } else if (how == "host") {
        m_driver->setHost(HostState::Shutdown, u"Lost communication"_s);
    } else if (how == "link") {
        m_driver->dropLink();
    } else if (how == "method") {
        m_flow->setZMethod(recovery::ZMethod::Keep);
    } else {
        m_flow->registerAgain();
    }
    QTRY_VERIFY(!m_flow->heldZ());
    QTRY_VERIFY(!m_flow->isBusy());
    QVERIFY(!m_flow->planText().contains(u"Z=31.5"_s));
}

/// Somebody jogged, declared or homed Z since: what was registered is not what the printer holds.
void TestResumeFlow::movedSinceTheDryRunBlocks()
{
    dryRun();
    QVERIFY(!QTest::currentTestFailed());
    QTRY_VERIFY(m_flow->heldZ() && !m_flow->isBusy() && m_flow->gateIsOpen());
    m_driver->status.toolheadPosition = {{10, 10, 31.6, 0}};
    m_flow->arm();
    QTRY_VERIFY(!m_errors.empty());
    QCOMPARE(m_errors.front().code, ErrorCode::GateBlocked);
    QCOMPARE(m_errors.front().detail, std::string("z-read-back"));
}

// ---- truth after a crash -----------------------------------------------------------------------------------------

/// This process is gone without a word; the next one finds the same history and a printer that stands as it was left.
void TestResumeFlow::killed()
{
    const auto status = m_driver->status;
    const auto files = m_driver->files;
    m_flow.reset();
    m_session.reset();
    m_files.reset();
    m_archive.reset();
    openHouse();
    m_driver->files = files;
    m_driver->emitSample(status);
}

void TestResumeFlow::crashAtEveryStep_data()
{
    QTest::addColumn<bool>("answered");
    QTest::addColumn<bool>("dry");
    QTest::newRow("sent, no answer") << false << false;
    QTest::newRow("answered, the next one not begun") << true << false;
    QTest::newRow("dry run, no answer") << false << true;
}

void TestResumeFlow::crashAtEveryStep()
{
    QFETCH(bool, answered);
    QFETCH(bool, dry);
    using Phase = CrashTruth::Phase;
    const int stride = (answered || dry) && !qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 4 : 1;
    for (int at = 0, count = 1; at < count; at += stride) {
        if (dry) {
            dryRun(at);
            QVERIFY(!QTest::currentTestFailed());
            QTRY_VERIFY(m_flow->hand() == recovery::Hand::Press && m_flow->currentStep() == at);
            m_driver->hold({u"runScript"_s});
            m_flow->pressStep();
        } else {
            arm(run::Way::ZeroCopy);
            QVERIFY(!QTest::currentTestFailed());
            m_driver->hold({u"runScript"_s});
            m_flow->launch();
            for (int i = 0; i < at; ++i) { // the answers come one by one, up to this step
                QTRY_COMPARE(m_driver->count(u"runScript"_s), i + 1);
                m_driver->release();
                m_driver->hold({u"runScript"_s});
            }
        }
        const auto steps = m_flow->plan()->steps;
        count = static_cast<int>(steps.size()) - (dry ? 0 : 1); // the last one is the print itself
        const int scripts = at + 1 + (dry ? 1 : 0);
        QTRY_COMPARE(m_driver->count(u"runScript"_s), scripts);
        QTRY_COMPARE(m_flow->currentStep(), at);
        if (answered) { // the journal has the answer; that it was killed before the next line is what a disk can show
            std::optional<Result<>> closed;
            m_archive->ask<void>(this, [n = steps[static_cast<std::size_t>(at)].n](Store& store) -> Result<> {
                const auto unfinished = store.unfinishedEntries(u"p"_s);
                for (const JournalEntry& entry : *unfinished) {
                    if (entry.planStep == n)
                        return store.finishEntry(entry.id, u"ok"_s, stopTime + 201);
                }
                return fail(ErrorCode::UnknownState);
            }, [&](const Result<>& result) { closed = result; });
            QTRY_VERIFY(closed && *closed);
        }
        m_driver->status.heaters["heater_bed"] = {41.0, at > 0 ? 60.0 : 0.0};
        m_driver->status.homedAxes = at < 3 ? "" : "z";
        m_driver->status.toolheadPosition = {{12.5, 13.25, 7.75, 0}};
        killed();
        QVERIFY(!QTest::currentTestFailed());
        QTRY_VERIFY2(m_session->crash(), qPrintable(QString::number(at)));
        const CrashTruth& truth = *m_session->crash();
        const recovery::PlanStep& step = steps[static_cast<std::size_t>(at)];
        QCOMPARE(truth.phase, answered ? Phase::Between : Phase::Sending);
        QCOMPARE(truth.step, step.n);
        QCOMPARE(truth.record.way, dry ? run::Way::DryRun : run::Way::ZeroCopy);
        QCOMPARE(static_cast<int>(truth.record.steps.size()), count);
        QVERIFY(truth.lastCommand.startsWith(QString::fromStdString(step.gcode.front())));
        const auto lift = std::find_if(steps.begin(), steps.end(), [](const recovery::PlanStep& one) { return one.kind == recovery::StepKind::Lift; });
        QCOMPARE(truth.lifted, at > lift - steps.begin() || (answered && at == lift - steps.begin()));
        const CrashReport report = m_session->crashReport();
        QVERIFY2(report.step.contains(text(step.title)), qPrintable(report.step));
        QVERIFY2(report.step.contains(u"step %1 of %2"_s.arg(step.n).arg(count)) || report.step.contains(u"Step %1 of %2"_s.arg(step.n).arg(count)), qPrintable(report.step));
        QVERIFY2(at > 0 ? report.heaters.contains(u"heater_bed to 60"_s) : report.heaters == u"No heater is on now."_s, qPrintable(report.heaters));
        QVERIFY2(report.head.contains(at < 3 ? u"Z not known"_s : u"Z 7.75"_s), qPrintable(report.head));
        QVERIFY(report.can.size() >= 3);
        QCOMPARE(report.changed.isEmpty(), !dry); // the idle timer of a dry run is still put off
        QTest::qWait(20);
        QCOMPARE(sent(), 0); // nothing by itself
        cleanup();
        init();
        QVERIFY(!QTest::currentTestFailed());
    }
}

void TestResumeFlow::crashIsReadOnce()
{
    arm(run::Way::ZeroCopy);
    QVERIFY(!QTest::currentTestFailed());
    m_driver->hold({u"runScript"_s});
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 1);
    killed();
    QTRY_VERIFY(m_session->crash());
    killed(); // nobody has read it
    QTRY_VERIFY(m_session->crash());
    QCOMPARE(m_session->crash()->phase, CrashTruth::Phase::Sending);
    m_session->acknowledgeCrash();
    QVERIFY(!m_session->crash());
    killed();
    QTest::qWait(100);
    QVERIFY(!m_session->crash());
}

void TestResumeFlow::crashWhileThePrinterWorksByItself_data()
{
    QTest::addColumn<int>("where"); // of the resume file: 0 = its steps, 1 = the original's bytes
    QTest::addColumn<QByteArray>("state");
    QTest::addColumn<bool>("goesOn");
    QTest::newRow("in the steps") << 0 << QByteArray("printing") << true;
    QTest::newRow("in the print") << 1 << QByteArray("printing") << true;
    QTest::newRow("paused") << 1 << QByteArray("paused") << false;
    QTest::newRow("ended") << 1 << QByteArray("complete") << false;
}

void TestResumeFlow::crashWhileThePrinterWorksByItself()
{
    QFETCH(int, where);
    QFETCH(QByteArray, state);
    QFETCH(bool, goesOn);
    arm(run::Way::NewFile);
    QVERIFY(!QTest::currentTestFailed());
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"startPrint"_s), 1);
    const QString name = argumentOf(u"startPrint"_s);
    const QByteArray content = m_driver->files[u"gcodes/"_s + name];
    QTest::qWait(20); // the answer is on the disk
    const qsizetype lift = content.indexOf("; step 5:");
    QVERIFY(lift > 0);
    m_driver->status = FakeDriver::printing(name, stopTime + 300, static_cast<ByteOffset>(where == 0 ? lift + 10 : content.size() - 10), 5);
    m_driver->status.printState = state.toStdString();
    const QString title = text(m_flow->plan()->steps[4].title);
    // Not by the flow's own end, which would say that the print was left running.
    killed();
    QTRY_VERIFY(m_session->crash());
    const CrashReport report = m_session->crashReport();
    QCOMPARE(m_session->crash()->phase, CrashTruth::Phase::Started);
    QVERIFY2(report.step.contains(where == 0 ? u"step 5 of"_s : u"original's lines"_s), qPrintable(report.step));
    QVERIFY2(where == 1 || report.step.contains(title), qPrintable(report.step));
    QCOMPARE(report.goesOn, goesOn);
}

// ---- in the machine's time ---------------------------------------------------------------------------------------

/// Up to the moment at which the print is seen to run.
void TestResumeFlow::runToPrint(const Statements& more, run::Way way)
{
    plan();
    QVERIFY(!QTest::currentTestFailed());
    Statements statements = m_flow->statements();
    statements.firstLayer = more.firstLayer;
    m_flow->setWay(way);
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    m_flow->setStatements(statements);
    QVERIFY(planned.wait());
    QTRY_VERIFY(!m_flow->isBusy() && m_flow->plan());
    m_flow->arm();
    QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()) || !m_errors.empty());
    QVERIFY2(m_errors.empty(), m_errors.empty() ? "" : m_errors.front().detail.c_str());
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(way == run::Way::NewFile ? u"startPrint"_s : u"startPrintAt"_s), 1);
    m_driver->calls.clear();
}

void TestResumeFlow::firstLayerIsGentle_data()
{
    QTest::addColumn<QByteArray>("end");
    QTest::newRow("to the layer's end") << QByteArray("layer");
    QTest::newRow("stopped in it") << QByteArray("stop");
    QTest::newRow("cancelled in it") << QByteArray("cancelled");
    QTest::newRow("killed in it") << QByteArray("killed");
    QTest::newRow("host restarts in it") << QByteArray("host");
}

void TestResumeFlow::firstLayerIsGentle()
{
    QFETCH(QByteArray, end);
    Statements wishes;
    wishes.firstLayer = {50, std::nullopt, 800};
    runToPrint(wishes, run::Way::ZeroCopy);
    QVERIFY(!QTest::currentTestFailed());
    const ByteOffset byte = m_flow->chosen()->byte;
    const gcode::Layer* layer = m_index.layerAt(byte);
    QVERIFY(layer && layer->end > byte + 200);
    printing(file, byte + 10);
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 1);
    QCOMPARE(argumentOf(u"runScript"_s), u"M220 S45\nSET_VELOCITY_LIMIT ACCEL=800"_s); // half of the 90 % it ran at
    printing(file, byte + 100);
    QTRY_VERIFY(m_flow->isFirstLayerGentle());
    const QString back = u"M220 S90\nSET_VELOCITY_LIMIT ACCEL=3000"_s;
    if (end == "killed") {
        killed();
        QTRY_VERIFY(m_session->crash());
        QCOMPARE(m_session->crash()->inForce.join(u'\n'), back);
        QCOMPARE(m_session->crashReport().changed.size(), 2);
        QCOMPARE(sent(), 0);
        return;
    }
    if (end == "layer")
        printing(file, layer->end + 1);
    else if (end == "stop")
        m_flow->stopAndLift();
    else if (end == "cancelled")
        printing(file, byte + 200, "cancelled");
    else
        m_driver->setHost(HostState::Shutdown, u"Timer too close"_s);
    if (end != "host")
        QTRY_VERIFY(m_driver->count(u"runScript"_s) >= 2);
    QTRY_VERIFY(!m_flow->isFirstLayerGentle());
    QStringList scripts;
    for (const FakeDriver::Call& call : m_driver->calls) {
        if (call.name == u"runScript"_s)
            scripts << call.arguments.front();
    }
    QCOMPARE(scripts.count(back), end == "host" ? 0 : 1); // once, exactly; a restart forgets it by itself
    if (end == "stop") {
        QStringList names = m_driver->callNames();
        QTRY_VERIFY(m_driver->count(u"pausePrint"_s) == 1);
        names = m_driver->callNames();
        QVERIFY(names.indexOf(u"pausePrint"_s) > names.indexOf(u"runScript"_s, names.indexOf(u"runScript"_s) + 1));
    }
    printing(file, layer->end + 500); // not again in the next layer
    QTest::qWait(20);
    QCOMPARE(m_flow->isFirstLayerGentle(), false);
}

void TestResumeFlow::stopsKeepWhatIsChosen_data()
{
    QTest::addColumn<bool>("bed");
    QTest::addColumn<bool>("nozzle");
    QTest::addColumn<QStringList>("lines");
    QTest::newRow("bed") << true << false << QStringList({u"M104 S0"_s, u"M140 S60.0"_s});
    QTest::newRow("both") << true << true << QStringList({u"M104 S160"_s, u"M140 S60.0"_s});
    QTest::newRow("neither") << false << false << QStringList({u"M104 S0"_s, u"M140 S0.0"_s});
}

void TestResumeFlow::stopsKeepWhatIsChosen()
{
    QFETCH(bool, bed);
    QFETCH(bool, nozzle);
    QFETCH(QStringList, lines);
    arm(run::Way::ZeroCopy);
    QVERIFY(!QTest::currentTestFailed());
    m_driver->hold({u"runScript"_s});
    m_flow->launch();
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 1);
    m_flow->stopAndLift({bed, nozzle});
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 2);
    const QString standby = argumentOf(u"runScript"_s);
    const QStringList heat = standby.split(u'\n').filter(u"M1"_s);
    if (nozzle) { // whatever the material's standby is: warm, and far from printing
        QVERIFY(heat.front() != u"M104 S0"_s && heat.front().mid(6).toDouble() < 200);
        lines.front() = heat.front();
    }
    QCOMPARE(heat, lines);
}

void TestResumeFlow::pauseAndOn()
{
    runToPrint({}, run::Way::ZeroCopy);
    QVERIFY(!QTest::currentTestFailed());
    const ByteOffset byte = m_flow->chosen()->byte;
    m_flow->pausePrint(); // not seen to print yet
    printing(file, byte + 10);
    QTRY_VERIFY(std::holds_alternative<run::Printing>(m_flow->runState()));
    QCOMPARE(m_driver->count(u"pausePrint"_s), 0);
    m_flow->goOnPrinting(); // nothing is paused
    m_flow->pausePrint();
    QTRY_COMPARE(m_driver->count(u"pausePrint"_s), 1);
    printing(file, byte + 20, "paused");
    QTRY_VERIFY(m_flow->isPaused());
    QVERIFY(!m_flow->canNudge());
    QCOMPARE(m_driver->count(u"runScript"_s), 0);
    m_flow->goOnPrinting();
    QTRY_COMPARE(argumentOf(u"runScript"_s), u"RESUME"_s);
    printing(file, byte + 30);
    QTRY_VERIFY(!m_flow->isPaused());
    QVERIFY(std::holds_alternative<run::Printing>(m_flow->runState()));
}

void TestResumeFlow::nudgeIsBoundedAndPutBack()
{
    runToPrint({}, run::Way::ZeroCopy);
    QVERIFY(!QTest::currentTestFailed());
    const ByteOffset byte = m_flow->chosen()->byte;
    printing(file, byte + 10);
    QTRY_VERIFY(m_flow->canNudge());
    for (int i = 0; i < 10; ++i)
        m_flow->nudge('X', 0.1);
    m_flow->nudge('Y', -0.02);
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 11);
    QVERIFY(m_errors.empty());
    QVERIFY(std::abs(m_flow->nudged()[0] - 1.0) < 1e-9 && std::abs(m_flow->nudged()[1] + 0.02) < 1e-9);
    m_flow->nudge('X', 0.01); // beyond 1 mm in total
    m_flow->nudge('Y', 0.2);  // too large a step
    m_flow->nudge('Z', 0.05);
    QTest::qWait(20);
    QCOMPARE(m_driver->count(u"runScript"_s), 11);
    QCOMPARE(m_errors.size(), std::size_t(3));
    QCOMPARE(m_errors[0].code, ErrorCode::Unsafe);
    QCOMPARE(m_driver->calls.front().arguments.front(), u"SET_GCODE_OFFSET X_ADJUST=0.1"_s);
    printing(file, m_index.size, "complete");
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 12);
    const QStringList back = argumentOf(u"runScript"_s).split(u'\n');
    QCOMPARE(back.size(), 11);
    QCOMPARE(back.front(), u"SET_GCODE_OFFSET Y_ADJUST=0.02"_s); // newest first
    QCOMPARE(back.count(u"SET_GCODE_OFFSET X_ADJUST=-0.1"_s), 10);
}

void TestResumeFlow::homedThriceIsLookedAt()
{
    plan();
    QVERIFY(!QTest::currentTestFailed());
    const QJsonObject stepper{{u"rotation_distance"_s, 40}, {u"microsteps"_s, 16}, {u"full_steps_per_rotation"_s, 200}, {u"gear_ratio"_s, QString()}};
    m_driver->settings = {{u"printer"_s, QJsonObject{{u"kinematics"_s, u"cartesian"_s}}}, {u"stepper_x"_s, stepper}, {u"stepper_y"_s, stepper}};
    Statements statements = m_flow->statements();
    statements.homeThrice = true;
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    m_flow->setStatements(statements);
    QVERIFY(planned.wait());
    QTRY_VERIFY(!m_flow->isBusy() && m_flow->plan());
    m_flow->setWay(run::Way::ZeroCopy);
    m_flow->arm();
    QTRY_VERIFY(std::holds_alternative<run::Armed>(m_flow->runState()) || !m_errors.empty());
    QVERIFY2(m_errors.empty(), m_errors.empty() ? "" : m_errors.front().detail.c_str());
    int readings = 0;
    m_driver->onScript = [this, &readings](const QString& script) -> Result<link::ScriptResult> {
        if (script.contains(u"GET_POSITION"_s))
            m_driver->say(u"mcu: stepper_x:%1 stepper_y:-400 stepper_z:12\nstepper: stepper_x:1.0"_s.arg(8000 + 4 * readings++));
        return link::ScriptResult{true, HostState::Ready, {}};
    };
    m_flow->launch();
    QTRY_VERIFY(m_flow->hand() == recovery::Hand::LookAtHoming);
    QCOMPARE(readings, 3);
    const auto spread = m_flow->homingSpread();
    QVERIFY(spread);
    QVERIFY2(std::abs(spread->x - 0.1) < 1e-9 && spread->y == 0, qPrintable(QString::number(spread->x))); // 8 steps of 12.5 um
    QVERIFY(std::abs(spread->limit - 0.2) < 1e-9 && spread->good());
    m_flow->homingSeen(false);
    QTRY_COMPARE(readings, 4);
    QTRY_VERIFY(m_flow->hand() == recovery::Hand::LookAtHoming);
    m_flow->homingSeen(true);
    QTRY_COMPARE(m_driver->count(u"startPrintAt"_s), 1);
}

QTEST_GUILESS_MAIN(TestResumeFlow)
#include "tst_resumeflow.moc"
