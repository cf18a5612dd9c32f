// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "errortext.h"
#include "gcode/fileindex.h"
#include "moonrakerdriver.h"
#include "printedpart.h"
#include "realmoonraker.h"
#include "recovery/resumewriter.h"
#include "store.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using link::HostState;
using link::LinkState;

namespace {

constexpr double fast = 40; // virtual seconds per second
constexpr int longest = 60'000; // ms
const QString fileName = u"tower_plr.gcode"_s;
const QString originalPath = QStringLiteral(KINTSUGI_TEST_DATA) + u"/moonraker/gcode/"_s + fileName;

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool put(const QString& path, const QByteArray& content)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
}

struct Ran {
    int code = -1;
    QByteArray out, err;
    QJsonObject json; ///< empty unless stdout was exactly one document
};

/// The answer to a driver's question.
template <class T, class Ask>
Result<T> answerTo(Ask ask)
{
    std::optional<Result<T>> answer;
    QObject context;
    ask(&context, [&](const Result<T>& result) { answer = result; });
    (void)QTest::qWaitFor([&] { return answer.has_value(); }, longest);
    return answer ? *answer : Result<T>(fail(ErrorCode::Timeout));
}

template <class T>
QByteArray why(const Result<T>& result)
{
    return result ? QByteArray() : app::errorText(result.error()).full().toUtf8();
}

} // namespace

/// The main job with nothing between the program and the printer's wire but the real server: the printer itself is simulated
/// and knows where every bead lies. The server asks everybody for a key.
class TestRealMainJob : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void driverSurvivesAPowerCut();
    void commandLineResumes_data();
    void commandLineResumes();

private:
    [[nodiscard]] std::unique_ptr<link::MoonrakerDriver> makeDriver(const QString& key) const;
    void connectDriver();
    void uploadFile();
    void printToLayer(int layer);
    void freezeAfterSample();
    void cutPower();
    void crashHost();
    void powerBack();
    void waitVirtual(double seconds);
    void serverIsContent() const;
    [[nodiscard]] double ask(const std::function<double(sim::Klippy&)>& question) const;

    [[nodiscard]] QProcessEnvironment environment() const;
    [[nodiscard]] Ran run(const QStringList& arguments, const QString& program = QStringLiteral(KINTSUGI_CLI)) const;
    void startRecorder();
    void interruptRecorded();
    void finishRecorder();
    void readHistory();
    void planFetched(const QJsonObject& shown);
    void nothingIsSentUnasked(const QStringList& resume, const QJsonObject& shown);
    void resumeForReal(const QStringList& resume, const QJsonObject& shown);
    void compareWithTruth(const QJsonObject& shown, const QString& resumeFile);
    void continues(ByteOffset byte, const QString& resumeFile, const QByteArray& alsoSeen = {}) const;
    [[nodiscard]] QString gcode(const QString& name) const { return m_folder->filePath(u"printer_data/gcodes/"_s + name); }
    [[nodiscard]] QString storePath() const { return m_folder->filePath(u"history.sqlite"_s); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<SocketPrinter> m_printer;
    std::unique_ptr<RealMoonraker> m_server;
    std::unique_ptr<link::MoonrakerDriver> m_driver;
    std::unique_ptr<QProcess> m_recorder;
    QByteArray m_recorderSaid;
    QStringList m_where; ///< options that name printer, store and key
    double m_lastEvent = 0;
    std::size_t m_firstRun = 0;
    double m_trueZ = 0;
};

void TestRealMainJob::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    sim::MachineOptions machine;
    machine.folder = m_folder->filePath(u"printer_data"_s);
    machine.heaterRate = 20;
    m_printer = std::make_unique<SocketPrinter>(machine, fast);
    QVERIFY(m_printer->listening());
    m_server = std::make_unique<RealMoonraker>(machine.folder, m_printer->socketPath(), RealMoonraker::Access::Key);
    QVERIFY(m_server->start());
    QVERIFY(m_server->waitForKlippy(u"ready"_s));
    m_recorderSaid.clear();
    m_lastEvent = 0;
}

void TestRealMainJob::cleanup()
{
    if (QTest::currentTestFailed() && m_server)
        qWarning().noquote() << m_server->log().right(3000) << "\nrecorder:" << m_recorderSaid;
    m_driver.reset();
    if (m_recorder && m_recorder->state() != QProcess::NotRunning) {
        QSignalSpy finished(m_recorder.get(), &QProcess::finished);
        m_recorder->kill();
        finished.wait(10'000);
    }
    m_recorder.reset();
    m_server.reset();
    m_printer.reset();
}

// ---- printer and server -------------------------------------------------------------------------------------------

std::unique_ptr<link::MoonrakerDriver> TestRealMainJob::makeDriver(const QString& key) const
{
    link::MoonrakerTimes times;
    times.firstRetry = std::chrono::milliseconds(100);
    times.longestRetry = std::chrono::milliseconds(400);
    times.poll = std::chrono::milliseconds(100);
    const link::Address address{m_server->address(), {.apiKey = key, .user = {}, .password = {}}};
    return std::make_unique<link::MoonrakerDriver>(address, nullptr, link::MoonrakerDriver::Clock{}, times);
}

void TestRealMainJob::connectDriver()
{
    const QString key = m_server->apiKey();
    QCOMPARE(key.size(), 32);
    QVERIFY(put(m_folder->filePath(u"key"_s), key.toLatin1() + '\n'));
    m_driver = makeDriver(key);
    connect(m_driver.get(), &link::Driver::sampled, this,
            [this](const recovery::Sample& sample) { m_lastEvent = sample.eventTime.value_or(m_lastEvent); });
    m_driver->open();
    QTRY_COMPARE_WITH_TIMEOUT(m_driver->host().state, HostState::Ready, longest);
    QCOMPARE(m_driver->linkState(), LinkState::Connected);
    QVERIFY(m_driver->host().capabilities.testFlag(link::Capability::PlrPlugin));
    QVERIFY(m_driver->host().capabilities.testFlag(link::Capability::StartAtOffset));
}

void TestRealMainJob::uploadFile()
{
    const auto uploaded = answerTo<link::RemoteFile>([&](QObject* context, auto reply) {
        m_driver->upload(originalPath, u"gcodes"_s, fileName, false, {}, context, reply);
    });
    QVERIFY2(uploaded, why(uploaded));
    QCOMPARE(uploaded->path, fileName);
    QCOMPARE(uploaded->size, static_cast<quint64>(QFile(originalPath).size()));
    QCOMPARE(contentOf(gcode(fileName)), contentOf(originalPath));
}

/// Fast to the layer, then at the pace of the wall clock until several samples were seen there.
void TestRealMainJob::printToLayer(int layer)
{
    m_printer->call([layer](sim::Klippy& klippy) { klippy.atLayer(layer, 0.2, [&klippy] { klippy.setSpeed(1); }); });
    const auto started = answerTo<void>([&](QObject* context, auto reply) { m_driver->startPrint(fileName, context, reply); });
    QVERIFY2(started, why(started));
    QTRY_VERIFY_WITH_TIMEOUT(ask([](sim::Klippy& klippy) { return klippy.speed(); }) < 2, longest);
    QSignalSpy sampled(m_driver.get(), &link::Driver::sampled);
    QTRY_VERIFY_WITH_TIMEOUT(sampled.size() >= 6, longest);
}

/// Stops the clock of the simulated world just after the printer told where it is, and lets everybody hear it: how well a stop
/// can be found must not depend on how busy the computer is that runs the test.
void TestRealMainJob::freezeAfterSample()
{
    constexpr double tick = 0.252; // s, a little more than from one status to the next
    constexpr double close = 0.01; // s
    m_printer->call([](sim::Klippy& klippy) { klippy.setSpeed(0); });
    const auto now = [this] { return ask([](sim::Klippy& klippy) { return klippy.now(); }); };
    for (int i = 0; i < 8 && now() - m_lastEvent > close; ++i) {
        const double before = m_lastEvent;
        m_printer->call([before](sim::Klippy& klippy) { klippy.advance(std::max(0.0, before + tick - klippy.now())); });
        QTRY_VERIFY_WITH_TIMEOUT(m_lastEvent > before, longest);
    }
    QVERIFY(now() - m_lastEvent <= close);
    m_firstRun = static_cast<std::size_t>(ask([](sim::Klippy& klippy) { return static_cast<double>(klippy.deposit().beads.size()); }));
    if (!m_recorder)
        return;
    const auto recorded = [this] {
        const auto store = app::Store::open(QUrl::fromLocalFile(storePath()));
        const auto jobs = store ? (*store)->jobs(m_where[1], 1) : fail(store.error());
        const auto samples = jobs && !jobs->empty() ? (*store)->lastSamples(jobs->front().id, 1) : fail(ErrorCode::UnknownState);
        return samples && !samples->empty() && samples->back().eventTime.value_or(0) >= m_lastEvent;
    };
    QTRY_VERIFY_WITH_TIMEOUT(recorded(), longest);
}

void TestRealMainJob::cutPower()
{
    m_server->kill(); // in the frozen world this is the same moment
    m_printer->call([](sim::Klippy& klippy) { klippy.cutPower(); });
    QTRY_COMPARE_WITH_TIMEOUT(m_driver->linkState(), LinkState::Retrying, longest);
}

void TestRealMainJob::powerBack()
{
    m_printer->call([](sim::Klippy& klippy) {
        klippy.restorePower();
        klippy.setSpeed(fast);
    });
    QVERIFY(m_server->start());
    QTRY_COMPARE_WITH_TIMEOUT(m_driver->host().state, HostState::Ready, longest);
    m_trueZ = ask([](sim::Klippy& klippy) { return klippy.truePosition()[2]; });
}

void TestRealMainJob::crashHost()
{
    m_printer->call([](sim::Klippy& klippy) {
        klippy.crashHost();
        klippy.setSpeed(fast);
    });
    QTRY_VERIFY_WITH_TIMEOUT(m_driver->host().state == HostState::Disconnected, longest);
    waitVirtual(10); // the controller runs out its queue
    m_firstRun = static_cast<std::size_t>(ask([](sim::Klippy& klippy) { return static_cast<double>(klippy.deposit().beads.size()); }));
    m_printer->call([](sim::Klippy& klippy) { klippy.startHost(); });
    QTRY_COMPARE_WITH_TIMEOUT(m_driver->host().state, HostState::Ready, longest);
    m_trueZ = ask([](sim::Klippy& klippy) { return klippy.truePosition()[2]; });
}

void TestRealMainJob::waitVirtual(double seconds)
{
    const auto now = [](sim::Klippy& klippy) { return klippy.now(); };
    const double until = ask(now) + seconds;
    QTRY_VERIFY_WITH_TIMEOUT(ask(now) >= until, longest);
}

/// No stumble in the server's log, but the one of a variables.cfg that the plugin rewrote while it was being sent.
void TestRealMainJob::serverIsContent() const
{
    const QString log = m_server->log();
    const QRegularExpression rewritten(u"in get_content_nonblock\n.*^AssertionError|^\\S*HTTPOutputError: Tried to write "_s,
                                       QRegularExpression::MultilineOption | QRegularExpression::DotMatchesEverythingOption);
    QStringList troubles = log.split(u"Traceback (most recent call last)"_s);
    troubles.removeFirst();
    for (const QString& trouble : troubles)
        QVERIFY2(rewritten.match(trouble.left(6000)).hasMatch(), qPrintable(trouble.left(6000)));
}

double TestRealMainJob::ask(const std::function<double(sim::Klippy&)>& question) const
{
    double answer = 0;
    m_printer->call([&](sim::Klippy& klippy) { answer = question(klippy); });
    return answer;
}

// ---- the driver ---------------------------------------------------------------------------------------------------

void TestRealMainJob::driverSurvivesAPowerCut()
{
    const auto stranger = makeDriver(u"00000000000000000000000000000000"_s);
    QSignalSpy refused(stranger.get(), &link::Driver::linkFailed);
    stranger->open();
    QVERIFY(!refused.isEmpty() || refused.wait(longest));
    QCOMPARE(refused.front().front().value<Error>().code, ErrorCode::Unauthorized);
    QCOMPARE(stranger->linkState(), LinkState::Offline); // does not try again: the server locks out who does

    connectDriver();
    if (QTest::currentTestFailed())
        return;
    uploadFile();
    if (QTest::currentTestFailed())
        return;
    const auto again = answerTo<link::RemoteFile>([&](QObject* context, auto reply) {
        m_driver->upload(originalPath, u"gcodes"_s, fileName, false, {}, context, reply);
    });
    QVERIFY(!again);
    QCOMPARE(again.error().code, ErrorCode::FileExists);
    const auto facts = answerTo<link::FileMetadata>([&](QObject* context, auto reply) { m_driver->metadata(fileName, context, reply); });
    QVERIFY2(facts, why(facts));
    QCOMPARE(facts->slicer, u"PrusaSlicer"_s);

    std::vector<recovery::Sample> samples;
    connect(m_driver.get(), &link::Driver::sampled, this, [&](const recovery::Sample& sample) { samples.push_back(sample); });
    QSignalSpy variables(m_driver.get(), &link::Driver::variablesChanged), jobs(m_driver.get(), &link::Driver::jobChanged),
        links(m_driver.get(), &link::Driver::linkChanged), lost(m_driver.get(), &link::Driver::linkFailed), bad(m_driver.get(), &link::Driver::badMessage);
    printToLayer(4);
    if (QTest::currentTestFailed())
        return;
    freezeAfterSample();
    if (QTest::currentTestFailed())
        return;
    QVERIFY(!jobs.isEmpty());
    QVERIFY(!variables.isEmpty()); // the plugin saved
    const recovery::Sample last = samples.back();
    QCOMPARE(last.printState, std::string("printing"));
    QCOMPARE(last.file, fileName.toStdString());
    QVERIFY(last.livePosition && last.filePosition.value_or(0) > 0);
    QVERIFY(last.heaters.at("extruder").temperature.value_or(0) > 190);
    const auto truth = [this](std::size_t axis) { return ask([axis](sim::Klippy& klippy) { return klippy.truePosition()[axis]; }); };
    QVERIFY(std::abs((*last.livePosition)[0] - truth(0)) < 0.6 && std::abs((*last.livePosition)[1] - truth(1)) < 0.6);
    for (std::size_t i = 1; i < samples.size(); ++i) {
        if (samples[i].filePosition && samples[i - 1].filePosition && samples[i].printState == "printing")
            QVERIFY(*samples[i].filePosition >= *samples[i - 1].filePosition);
    }

    cutPower();
    if (QTest::currentTestFailed())
        return;
    powerBack();
    if (QTest::currentTestFailed())
        return;
    QStringList states;
    for (const auto& change : links)
        states << QString::number(static_cast<int>(change.front().value<LinkState>()));
    QCOMPARE(states.front(), QString::number(static_cast<int>(LinkState::Retrying)));
    QCOMPARE(states.back(), QString::number(static_cast<int>(LinkState::Connected)));
    QCOMPARE(m_driver->linkState(), LinkState::Connected);
    for (const auto& failure : lost) { // a server that starts is no broken server
        const auto error = failure.front().value<Error>();
        QVERIFY2(error.code == ErrorCode::Disconnected || error.code == ErrorCode::Unreachable, app::errorText(error).full().toUtf8());
    }

    const auto history = answerTo<std::vector<link::RemoteJob>>([&](QObject* context, auto reply) { m_driver->history(5, context, reply); });
    QVERIFY2(history, why(history));
    QCOMPARE(history->size(), std::size_t{1});
    QCOMPARE(history->front().status, u"interrupted"_s);
    QCOMPARE(history->front().file, fileName);
    const auto saved = answerTo<QJsonObject>([&](QObject* context, auto reply) { m_driver->readVariables(context, reply); });
    QVERIFY2(saved, why(saved));
    const QJsonObject state = saved->value("resume_meta_info"_L1).toObject();
    QCOMPARE(state.value("current_file"_L1).toString(), fileName);
    const auto now = answerTo<recovery::Sample>([&](QObject* context, auto reply) { m_driver->readStatus(context, reply); });
    QVERIFY2(now, why(now));
    QCOMPARE(now->printState, std::string("standby"));
    QVERIFY(now->eventTime.value_or(1e9) < *last.eventTime); // the host's clock began anew
    QVERIFY2(bad.isEmpty(), bad.isEmpty() ? "" : app::errorText(bad.front().front().value<Error>()).full().toUtf8());
    serverIsContent();
}

// ---- the command line ---------------------------------------------------------------------------------------------

QProcessEnvironment TestRealMainJob::environment() const
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"XDG_CONFIG_HOME"_s, m_folder->filePath(u"config"_s));
    environment.insert(u"XDG_DATA_HOME"_s, m_folder->filePath(u"data"_s));
    environment.insert(u"XDG_CACHE_HOME"_s, m_folder->filePath(u"cache"_s));
    return environment;
}

Ran TestRealMainJob::run(const QStringList& arguments, const QString& program) const
{
    QProcess process;
    process.setProcessEnvironment(environment());
    QSignalSpy finished(&process, &QProcess::finished);
    process.start(program, arguments);
    if (finished.isEmpty() && !finished.wait(longest)) {
        process.kill();
        finished.wait(10'000);
        return {-1, process.readAllStandardOutput(), "does not end: " + process.readAllStandardError(), {}};
    }
    Ran ran{process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError(), {}};
    ran.json = QJsonDocument::fromJson(ran.out).object(); // anything behind the document makes it null
    return ran;
}

void TestRealMainJob::startRecorder()
{
    m_recorder = std::make_unique<QProcess>();
    m_recorder->setProcessEnvironment(environment());
    connect(m_recorder.get(), &QProcess::readyReadStandardError, this, [this] { m_recorderSaid += m_recorder->readAllStandardError(); });
    m_recorder->start(QStringLiteral(KINTSUGI_CLI), QStringList{u"record"_s, u"--json"_s} + m_where);
    QTRY_VERIFY_WITH_TIMEOUT(m_recorderSaid.contains("connected"), longest);
}

void TestRealMainJob::interruptRecorded()
{
    QTRY_VERIFY_WITH_TIMEOUT(m_recorderSaid.contains("interrupted " + fileName.toUtf8()), longest);
}

void TestRealMainJob::finishRecorder()
{
    QSignalSpy finished(m_recorder.get(), &QProcess::finished);
    m_recorder->terminate();
    QVERIFY(finished.wait(10'000));
    QCOMPARE(m_recorder->exitCode(), 0);
    const QJsonObject json = QJsonDocument::fromJson(m_recorder->readAllStandardOutput()).object();
    QVERIFY(json["printers"_L1][0]["samples"_L1].toInteger() > 10);
}

void TestRealMainJob::commandLineResumes_data()
{
    QTest::addColumn<QString>("fault");
    QTest::addColumn<QString>("way");
    QTest::addColumn<QStringList>("point");
    QTest::addColumn<double>("tolerance"); // mm of path
    const QStringList recommended, layerAgain{u"--layer"_s, u"6"_s};
    QTest::newRow("power cut, new file") << u"power"_s << u"new-file"_s << recommended << 0.5;
    QTest::newRow("power cut, zero copy") << u"power"_s << u"zero-copy"_s << recommended << 0.5;
    QTest::newRow("power cut, zero copy, over what is printed") << u"power"_s << u"zero-copy"_s << layerAgain << 0.5;
    // The commands that filled no message never reach the controller: some tenths of a second of motion.
    QTest::newRow("host crash, zero copy") << u"host"_s << u"zero-copy"_s << recommended << 20.0;
}

/// The recorder in one process, the server in a second, every command in one more.
void TestRealMainJob::commandLineResumes()
{
    QFETCH(QString, fault);
    QFETCH(QString, way);
    QFETCH(QStringList, point);
    connectDriver();
    if (QTest::currentTestFailed())
        return;
    const Ran added = run({u"printers"_s, u"add"_s, u"The real one"_s, m_server->address().toString(), u"--json"_s});
    QVERIFY2(added.code == 0, added.err.constData());
    const QString id = added.json["id"_L1].toString();
    QCOMPARE(id, u"the-real-one"_s);
    QCOMPARE(run({u"status"_s, u"--printer"_s, id, u"--json"_s}).code, 4); // without the key
    m_where = {u"--printer"_s, id, u"--store"_s, storePath(), u"--api-key-file"_s, m_folder->filePath(u"key"_s)};
    const Ran status = run(QStringList{u"status"_s, u"--json"_s} + m_where);
    QVERIFY2(status.code == 0, status.err.constData());
    QCOMPARE(status.json["host"_L1]["state"_L1].toString(), u"ready"_s);

    uploadFile();
    if (QTest::currentTestFailed())
        return;
    startRecorder();
    if (QTest::currentTestFailed())
        return;
    printToLayer(6);
    if (QTest::currentTestFailed())
        return;
    freezeAfterSample();
    if (QTest::currentTestFailed())
        return;
    if (fault == u"power"_s) {
        cutPower();
        if (QTest::currentTestFailed())
            return;
        powerBack();
    } else {
        crashHost();
    }
    if (QTest::currentTestFailed())
        return;
    interruptRecorded();
    if (QTest::currentTestFailed())
        return;
    readHistory();
    if (QTest::currentTestFailed())
        return;

    const QStringList resume = QStringList{u"resume"_s, u"--json"_s, u"--way"_s, way, u"--z-method"_s, u"touch"_s, u"--nozzle-z"_s,
                                           QString::number(m_trueZ, 'f', 4), u"--contact"_s, u"touching"_s, u"--part-stuck"_s,
                                           u"--nothing-moved"_s} + point + m_where;
    const Ran dry = run(resume + QStringList{u"--dry-run"_s});
    QVERIFY2(dry.code == 0, dry.err.constData());
    QVERIFY(!dry.json["steps"_L1].toArray().isEmpty());
    QCOMPARE(dry.json["printed_twice_mm"_L1].toDouble() > 20, !point.isEmpty());
    planFetched(dry.json);
    if (QTest::currentTestFailed())
        return;
    nothingIsSentUnasked(resume, dry.json);
    if (QTest::currentTestFailed())
        return;
    resumeForReal(resume, dry.json);
    if (QTest::currentTestFailed())
        return;
    finishRecorder();
    serverIsContent();
}

void TestRealMainJob::readHistory()
{
    QFETCH(QString, fault);
    const QStringList where = m_where.first(4); // reads the store alone
    const auto newest = [&] { return run(QStringList{u"history"_s, u"--json"_s} + where).json["jobs"_L1][0].toObject(); };
    QTRY_COMPARE_WITH_TIMEOUT(newest()["cause"_L1].toString(), fault == u"power"_s ? u"printer-and-host-lost"_s : u"host-lost"_s, longest);
    const QJsonObject job = newest();
    QCOMPARE(job["state"_L1].toString(), u"interrupted"_s);
    QCOMPARE(job["file"_L1].toString(), fileName);
    const Ran snapshots = run(QStringList{u"snapshots"_s, u"--json"_s, u"--job"_s, job["id"_L1].toString()} + where);
    QVERIFY2(snapshots.code == 0, snapshots.err.constData());
    QStringList sources;
    for (const auto& snapshot : snapshots.json["snapshots"_L1].toArray()) {
        sources << snapshot["source"_L1].toString();
        QCOMPARE(snapshot["file"_L1]["name"_L1].toString(), fileName);
        QVERIFY(snapshot["byte"_L1].toInteger() > 0);
    }
    QVERIFY(sources.contains(u"plugin"_s));
    const QJsonObject last = snapshots.json["snapshots"_L1].toArray().last().toObject();
    const QString path = m_folder->filePath(u"snapshot.json"_s);
    QVERIFY(put(path, QJsonDocument(last).toJson()));
    const Ran plan = run({u"plan"_s, originalPath, u"--json"_s, u"--snapshot"_s, path, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"touch"_s,
                          u"--nozzle-z"_s, QString::number(m_trueZ, 'f', 4)});
    QVERIFY2(plan.code == 0, plan.err.constData());
    QCOMPARE(plan.json["point"_L1]["byte"_L1], last["byte"_L1]);
}

/// The file comes back over the wire, and the plan for it without a printer is one that continues it exactly.
void TestRealMainJob::planFetched(const QJsonObject& shown)
{
    const QString local = m_folder->filePath(u"fetched.gcode"_s), out = m_folder->filePath(u"planned.gcode"_s);
    const auto fetched = answerTo<link::RemoteFile>([&](QObject* context, auto reply) {
        m_driver->download(u"gcodes"_s, fileName, local, 0, {}, context, reply);
    });
    QVERIFY2(fetched, why(fetched));
    QCOMPARE(contentOf(local), contentOf(originalPath));
    const qint64 byte = shown["point"_L1]["byte"_L1].toInteger();
    const Ran plan = run({u"plan"_s, local, u"--byte"_s, QString::number(byte), u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"touch"_s,
                          u"--nozzle-z"_s, QString::number(m_trueZ, 'f', 4), u"--out"_s, out, u"--json"_s});
    QVERIFY2(plan.code == 0, plan.err.constData());
    for (const QLatin1String key : {"byte"_L1, "layer"_L1, "z"_L1})
        QCOMPARE(plan.json["point"_L1][key], shown["point"_L1][key]);
    continues(static_cast<ByteOffset>(byte), out);
}

/// The independent judge: does the resume file bring the machine to the state of that byte, and then say what the file says?
/// It knows the file alone; of what the file never says, the recorder may have seen more.
void TestRealMainJob::continues(ByteOffset byte, const QString& resumeFile, const QByteArray& alsoSeen) const
{
    const Ran judged = run({QStringLiteral(KINTSUGI_TEST_TOOLS) + u"/resume_oracle.py"_s, u"compare"_s, originalPath, QString::number(byte),
                            resumeFile, u"-d"_s, u"klipper"_s},
                           u"python3"_s);
    QList<QByteArray> differences = judged.code == 0 ? QList<QByteArray>() : QByteArray(judged.out + judged.err).trimmed().split('\n');
    differences.removeIf([&](const QByteArray& line) { return !alsoSeen.isEmpty() && line.contains(alsoSeen) && line.contains("file None"); });
    QVERIFY2(differences.isEmpty(), differences.join('\n').constData());
}

void TestRealMainJob::nothingIsSentUnasked(const QStringList& resume, const QJsonObject& shown)
{
    const auto sent = [this] {
        const auto lines = answerTo<std::vector<link::ConsoleLine>>([&](QObject* context, auto reply) { m_driver->consoleStore(1000, context, reply); });
        return lines ? std::count_if(lines->begin(), lines->end(), [](const link::ConsoleLine& line) { return line.command; }) : -1;
    };
    const auto files = [this] {
        const auto list = answerTo<std::vector<link::RemoteFile>>([&](QObject* context, auto reply) { m_driver->listFiles(u"gcodes"_s, context, reply); });
        return list ? static_cast<int>(list->size()) : -1;
    };
    const auto sentBefore = sent();
    const int filesBefore = files();
    QVERIFY(sentBefore >= 0 && filesBefore == 1);
    const Ran asked = run(resume);
    QCOMPARE(asked.code, 5);
    QCOMPARE(asked.json["started"_L1], QJsonValue(false));
    QCOMPARE(asked.json["point"_L1], shown["point"_L1]);
    QCOMPARE(asked.json["printed_twice_mm"_L1], shown["printed_twice_mm"_L1]);
    QCOMPARE(sent(), sentBefore);
    QCOMPARE(files(), filesBefore);
    const Ran journal = run(QStringList{u"history"_s, u"--journal"_s, u"--json"_s} + m_where.first(4));
    QVERIFY(journal.json["journal"_L1].isArray() && journal.json["journal"_L1].toArray().isEmpty());
    QCOMPARE(ask([](sim::Klippy& klippy) { return klippy.truePosition()[2]; }), m_trueZ);
}

void TestRealMainJob::resumeForReal(const QStringList& resume, const QJsonObject& shown)
{
    QFETCH(QString, way);
    const Ran done = run(resume + QStringList{u"--yes"_s, u"--wait"_s});
    QVERIFY2(done.code == 0, done.err.constData());
    QCOMPARE(done.json["point"_L1], shown["point"_L1]);
    QCOMPARE(done.json["started"_L1], QJsonValue(true));
    const QJsonObject report = done.json["report"_L1].toObject();
    QVERIFY(report["completed"_L1].toBool());
    QCOMPARE(report["printed_twice_mm"_L1], shown["printed_twice_mm"_L1]);
    const QString resumeFile = report["resume_file"_L1].toString();
    QCOMPARE(resumeFile.isEmpty(), way == u"zero-copy"_s);
    compareWithTruth(shown, resumeFile);
    if (QTest::currentTestFailed())
        return;
    QCOMPARE(contentOf(gcode(fileName)), contentOf(originalPath)); // never altered

    const auto newest = [&] { return run(QStringList{u"history"_s, u"--json"_s} + m_where.first(4)).json["jobs"_L1][0].toObject(); };
    QTRY_COMPARE_WITH_TIMEOUT(newest()["state"_L1].toString(), u"completed"_s, longest);
    const QJsonObject job = newest();
    QCOMPARE(job["file"_L1].toString(), resumeFile.isEmpty() ? fileName : resumeFile);
    QCOMPARE(job["resumed_from"_L1], shown["job"_L1]["id"_L1]);
    QCOMPARE(job["resumed_at"_L1], shown["point"_L1]["byte"_L1]);
    const auto history = answerTo<std::vector<link::RemoteJob>>([&](QObject* context, auto reply) { m_driver->history(5, context, reply); });
    QVERIFY2(history, why(history));
    QCOMPARE(history->front().status, u"completed"_s); // the server agrees
}

void TestRealMainJob::compareWithTruth(const QJsonObject& shown, const QString& resumeFile)
{
    QFETCH(double, tolerance);
    waitVirtual(10); // the last lines are still on their way to the nozzle
    sim::Deposit deposit;
    double crushed = 0;
    m_printer->call([&](sim::Klippy& klippy) {
        deposit = klippy.deposit();
        crushed = klippy.crushed();
    });
    std::optional<recovery::ResumePoint> resumed;
    if (!resumeFile.isEmpty()) {
        const auto source = gcode::FileSource::open(gcode(resumeFile).toStdString());
        QVERIFY(source);
        const auto point = recovery::readResumePoint(**source);
        QVERIFY(point && *point);
        resumed = **point;
        continues(resumed->original, gcode(resumeFile), "SET_VELOCITY_LIMIT");
    }
    const auto source = gcode::FileSource::open(originalPath.toStdString());
    QVERIFY(source);
    const auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    QVERIFY(index);
    const test::PrintedPart part(**source, *index, fileName, resumed, deposit, m_firstRun);
    const test::Outcome truth = part.outcome();
    const double twice = shown["printed_twice_mm"_L1].toDouble(-1), open = shown["left_open_mm"_L1].toDouble(-1);
    qInfo() << "from byte" << shown["point"_L1]["byte"_L1].toInteger() << "wanted" << truth.wanted << "mm; twice" << truth.twice << "said" << twice
            << "; open" << truth.open << "said" << open << "; height off by" << truth.worstHeight << "; crushed" << crushed;
    QVERIFY(truth.wanted > 1000);
    QVERIFY(m_firstRun > 0 && m_firstRun < deposit.beads.size());
    QVERIFY(twice >= 0 && open >= 0);
    QVERIFY2(std::abs(truth.twice - twice) <= tolerance, qPrintable(part.differences()));
    QVERIFY2(std::abs(truth.open - open) <= tolerance, qPrintable(part.differences()));
    QVERIFY(truth.worstHeight <= 0.05);
    QVERIFY(crushed <= 0.1);
}

QTEST_GUILESS_MAIN(TestRealMainJob)
#include "tst_realmainjob.moc"
