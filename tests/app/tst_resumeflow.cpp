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

private:
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

QTEST_GUILESS_MAIN(TestResumeFlow)
#include "tst_resumeflow.moc"
