// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonDocument>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "fakedriver.h"
#include "printerlistmodel.h"
#include "session.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
using link::HostState;
using link::LinkState;
using test::FakeDriver;

namespace {

const QString file = u"tower.gcode"_s;

QByteArray dataFile(const QString& name)
{
    QFile source(QStringLiteral(KINTSUGI_TEST_DATA) + u"/moonraker/"_s + name);
    return source.open(QIODevice::ReadOnly) ? source.readAll() : QByteArray();
}

} // namespace

/// One printer's session over a driver that does as told and a real store.
class TestSession : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void connectingOnlyAsks();
    void states_data();
    void states();
    void journalComesFirst();
    void nothingIsSentWithoutAJournal();
    void outcomesAreJournalled_data();
    void outcomesAreJournalled();
    void emergencyStopDoesNotWait();
    void bedIsKeptWarmAndSwitchedOff();
    void bedIsLeftToThePrint();
    void warmBedIsToldAfterACrash();
    void restoreDoesNotEndAPrint();
    void diesWithAnswersUnderWay();
    void pluginCommands_data();
    void pluginCommands();
    void variablesAreRestored();
    void restoreStopsAtTheFirstFailure();
    void unfinishedIsTold();
    void fileFollowsTheJob();
    void goneFileIsReadFromTheCopy();
    void printerList();

private:
    void openArchive();
    void makeSession();
    void print(int samples);
    [[nodiscard]] std::vector<JournalEntry> journal();
    [[nodiscard]] QUrl storeUrl() const { return QUrl::fromLocalFile(m_folder->filePath(u"history.sqlite"_s)); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Archive> m_archive;
    std::unique_ptr<FileCache> m_files;
    std::unique_ptr<Session> m_session;
    FakeDriver* m_driver = nullptr;
    double m_now = 1'795'000'000;
    double m_duration = 0;
};

void TestSession::init()
{
    m_now = 1'795'000'000;
    m_duration = 0;
    m_folder = std::make_unique<QTemporaryDir>();
    m_files = std::make_unique<FileCache>(m_folder->filePath(u"cache"_s));
    openArchive();
    makeSession();
}

void TestSession::openArchive()
{
    m_archive = std::make_unique<Archive>();
    QSignalSpy opened(m_archive.get(), &Archive::opened);
    m_archive->open(storeUrl());
    QVERIFY(opened.wait());
}

void TestSession::makeSession()
{
    Profile profile;
    profile.id = u"p"_s;
    profile.name = u"Printer <1>"_s;
    profile.url = QUrl(u"moonraker://127.0.0.1:1"_s);
    auto driver = std::make_unique<FakeDriver>();
    m_driver = driver.get();
    m_driver->files[u"gcodes/"_s + file] = dataFile(u"gcode/tower_plr.gcode"_s);
    m_driver->status = FakeDriver::printing(file, m_now, 0, 0);
    m_driver->status.printState = "standby";
    m_session = std::make_unique<Session>(profile, std::move(driver), *m_archive, *m_files, [this] { return m_now; });
}

void TestSession::cleanup()
{
    m_session.reset();
    m_archive.reset();
    m_files.reset();
}

void TestSession::print(int samples)
{
    for (int i = 0; i < samples; ++i) {
        m_now += 0.25;
        m_duration += 0.25;
        m_driver->emitSample(FakeDriver::printing(file, m_now, static_cast<ByteOffset>(2000 + i * 20), m_duration));
    }
}

std::vector<JournalEntry> TestSession::journal()
{
    std::optional<std::vector<JournalEntry>> entries;
    m_archive->ask<std::vector<JournalEntry>>(
        this, [](Store& store) { return store.journal(u"p"_s); },
        [&](const Result<std::vector<JournalEntry>>& read) { entries = read.value_or(std::vector<JournalEntry>()); });
    return QTest::qWaitFor([&] { return entries.has_value(); }) ? *entries : std::vector<JournalEntry>();
}

void TestSession::connectingOnlyAsks()
{
    m_session->connectPrinter();
    QTRY_COMPARE(m_session->state(), PrinterState::Idle);
    m_driver->dropLink();
    QCOMPARE(m_session->state(), PrinterState::Offline);
    QVERIFY(m_session->lastError());
    m_driver->goOnline();
    QTRY_COMPARE(m_session->state(), PrinterState::Idle);
    QVERIFY(!m_session->lastError());
    QVERIFY(journal().empty());
    const QStringList harmless{u"open"_s, u"readStatus"_s, u"readVariables"_s, u"readSettings"_s, u"consoleStore"_s, u"history"_s,
                               u"listFiles"_s, u"listFolder"_s, u"metadata"_s, u"download"_s};
    for (const QString& name : m_driver->callNames())
        QVERIFY2(harmless.contains(name), qPrintable(name));
}

void TestSession::states_data()
{
    QTest::addColumn<int>("link");
    QTest::addColumn<int>("host");
    QTest::addColumn<QString>("print");
    QTest::addColumn<PrinterState>("state");
    const auto row = [](const char* name, HostState host, const QString& print, PrinterState state) {
        QTest::newRow(name) << 1 << static_cast<int>(host) << print << state;
    };
    row("ready", HostState::Ready, u"standby"_s, PrinterState::Idle);
    row("printing", HostState::Ready, u"printing"_s, PrinterState::Printing);
    row("paused", HostState::Ready, u"paused"_s, PrinterState::Paused);
    row("complete", HostState::Ready, u"complete"_s, PrinterState::Idle);
    row("startup", HostState::Startup, u"standby"_s, PrinterState::Starting);
    row("shutdown while printing", HostState::Shutdown, u"printing"_s, PrinterState::Shutdown);
    row("error", HostState::Error, u""_s, PrinterState::Error);
    QTest::newRow("dropped") << 0 << static_cast<int>(HostState::Ready) << u"printing"_s << PrinterState::Offline;
}

void TestSession::states()
{
    QFETCH(int, link);
    QFETCH(int, host);
    QFETCH(QString, print);
    QFETCH(PrinterState, state);
    m_driver->goOnline();
    m_driver->setHost(static_cast<HostState>(host));
    auto sample = FakeDriver::printing(file, m_now, 100, 1);
    sample.printState = print.toStdString();
    m_driver->emitSample(sample);
    if (link == 0)
        m_driver->dropLink();
    QCOMPARE(m_session->state(), state);
}

void TestSession::journalComesFirst()
{
    m_driver->goOnline();
    QStringList inJournal;
    m_driver->onScript = [&](const QString&) {
        const auto second = Store::open(storeUrl()); // what another program would find after a crash right now
        const auto open = (*second)->unfinishedEntries(u"p"_s);
        for (const JournalEntry& entry : *open)
            inJournal << entry.action + u":"_s + entry.text + u":"_s + QString::number(entry.planStep);
        return link::ScriptResult{true, HostState::Ready, {}};
    };
    std::optional<Result<link::ScriptResult>> answer;
    m_session->send(u"script"_s, u"M140 S60"_s, this, [&](const Result<link::ScriptResult>& result) { answer = result; }, 3);
    QCOMPARE(m_driver->count(u"runScript"_s), 0); // not before it is on disk
    QTRY_VERIFY(answer.has_value());
    QCOMPARE(inJournal, QStringList(u"script:M140 S60:3"_s));
    const auto after = journal();
    QCOMPARE(after.size(), std::size_t{1});
    QVERIFY(after[0].finished);
    QCOMPARE(after[0].result, u"ok"_s);
}

void TestSession::nothingIsSentWithoutAJournal()
{
    m_session.reset();
    m_archive = std::make_unique<Archive>();
    QSignalSpy failed(m_archive.get(), &Archive::failed);
    m_archive->open(QUrl(u"file:///proc/none/history.sqlite"_s));
    QVERIFY(failed.wait());
    makeSession();
    m_driver->goOnline();
    std::optional<Result<link::ScriptResult>> answer;
    m_session->send(u"script"_s, u"G28"_s, this, [&](const Result<link::ScriptResult>& result) { answer = result; });
    QTRY_VERIFY(answer.has_value());
    QVERIFY(!*answer);
    QCOMPARE(m_driver->count(u"runScript"_s), 0);
    m_session->emergencyStop(); // the one thing that does not wait for a disk
    QTRY_COMPARE(m_driver->count(u"emergencyStop"_s), 1);
}

void TestSession::outcomesAreJournalled_data()
{
    QTest::addColumn<bool>("ready");
    QTest::addColumn<QStringList>("unknown");
    QTest::addColumn<bool>("ok");
    QTest::newRow("ok") << true << QStringList() << true;
    QTest::newRow("ok after an emergency stop") << false << QStringList() << false;
    QTest::newRow("unknown command") << true << QStringList(u"FROB"_s) << false;
}

void TestSession::outcomesAreJournalled()
{
    QFETCH(bool, ready);
    QFETCH(QStringList, unknown);
    QFETCH(bool, ok);
    m_driver->goOnline();
    m_driver->onScript = [&](const QString&) {
        return link::ScriptResult{ready, ready ? HostState::Ready : HostState::Shutdown, unknown};
    };
    bool answered = false;
    m_session->send(u"script"_s, u"X"_s, this, [&](const auto&) { answered = true; });
    QTRY_VERIFY(answered);
    const auto entries = journal();
    QCOMPARE(entries.size(), std::size_t{1});
    QCOMPARE(entries[0].result == u"ok"_s, ok);
}

void TestSession::emergencyStopDoesNotWait()
{
    m_driver->goOnline();
    m_session->emergencyStop();
    QTRY_COMPARE(m_driver->count(u"emergencyStop"_s), 1);
    QTRY_COMPARE(journal().size(), std::size_t{1});
    QTRY_VERIFY(journal()[0].finished.has_value());
    QCOMPARE(journal()[0].action, u"emergency-stop"_s);
    QCOMPARE(m_driver->count(u"emergencyStop"_s), 1); // once, whoever came first
}

void TestSession::bedIsKeptWarmAndSwitchedOff()
{
    m_session->connectPrinter();
    QTRY_COMPARE(m_session->state(), PrinterState::Idle);
    QTRY_VERIFY(m_session->recorder().isRecording());
    print(20);
    QTRY_VERIFY(m_session->job().has_value());
    m_driver->setHost(HostState::Disconnected);
    QTRY_COMPARE(m_session->state(), PrinterState::Interrupted);
    m_driver->setHost(HostState::Ready);
    auto cold = FakeDriver::printing(file, m_now + 60, 0, 0);
    cold.printState = "standby";
    cold.heaters["heater_bed"] = {40.0, 0.0}; // what it says now is no target
    m_driver->emitSample(cold);
    m_session->keepBedWarm(0.005);
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 1);
    QCOMPARE(m_driver->calls.back().arguments, QStringList(u"M140 S60.0"_s));
    QTRY_VERIFY(m_session->isKeepingBedWarm());
    QTRY_VERIFY(!m_session->isKeepingBedWarm());
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 2);
    QCOMPARE(m_driver->calls.back().arguments, QStringList(u"M140 S0"_s));
}

void TestSession::bedIsLeftToThePrint()
{
    m_session->connectPrinter();
    QTRY_COMPARE(m_session->state(), PrinterState::Idle);
    QTRY_VERIFY(m_session->recorder().isRecording());
    print(20);
    QTRY_VERIFY(m_session->job().has_value());
    m_session->keepBedWarm(0.005);
    QTRY_COMPARE(m_driver->count(u"runScript"_s), 1);
    QTRY_VERIFY(m_session->isKeepingBedWarm());
    m_session->releaseBed();
    QVERIFY(!m_session->isKeepingBedWarm());
    QSignalSpy any(m_session.get(), &Session::stateChanged);
    any.wait(600); // past the bound
    QCOMPARE(m_driver->count(u"runScript"_s), 1);
}

void TestSession::warmBedIsToldAfterACrash()
{
    m_session->connectPrinter();
    QTRY_VERIFY(m_session->recorder().isRecording());
    print(20);
    QTRY_VERIFY(m_session->job().has_value());
    m_session->keepBedWarm(30);
    QTRY_VERIFY(m_session->isKeepingBedWarm());
    { // another program does not take it for an orphan
        const auto other = Store::open(storeUrl());
        const auto unfinished = (*other)->unfinishedEntries(u"p"_s);
        QCOMPARE(unfinished->size(), std::size_t{1});
        QVERIFY((*other)->isUnderWay(unfinished->front()));
    }
    m_session.reset(); // the program ends: nobody is left to switch the bed off
    openArchive();
    makeSession();
    QSignalSpy alarm(m_session.get(), &Session::alarm);
    QVERIFY(alarm.wait());
    QVERIFY(alarm.front().front().toString().contains(u"M140 S60.0"_s));
    m_driver->goOnline();
    m_driver->emitSample(m_driver->status);
    QVERIFY(alarm.back().front().toString().contains(u"heater_bed"_s));
    // A bound that was kept leaves nothing to tell.
    m_session->connectPrinter();
    QTRY_VERIFY(m_session->job().has_value());
    m_session->keepBedWarm(30);
    QTRY_VERIFY(m_session->isKeepingBedWarm());
    m_session->releaseBed();
    QTRY_VERIFY(journal().front().finished.has_value() && journal().back().finished.has_value());
}

void TestSession::restoreDoesNotEndAPrint()
{
    m_session->connectPrinter();
    QTRY_VERIFY(m_session->recorder().isRecording());
    print(4);
    QTRY_COMPARE(m_session->state(), PrinterState::Printing);
    std::optional<Result<>> answer;
    m_session->restoreVariables({.text = "[Variables]\n", .good = true}, this, [&](const Result<>& result) { answer = result; });
    QTRY_VERIFY(answer.has_value());
    QCOMPARE(answer->error().code, ErrorCode::Busy);
    QCOMPARE(m_driver->count(u"upload"_s) + m_driver->count(u"restartHost"_s), 0);
}

/// What arrives when the session is gone finds nobody.
void TestSession::diesWithAnswersUnderWay()
{
    m_session->connectPrinter();
    QTRY_VERIFY(m_session->recorder().isRecording());
    print(4);
    QTRY_VERIFY(m_session->job().has_value());
    int answers = 0;
    m_driver->hold();
    m_session->plrCommand(Session::PlrCommand::Enable, this, [&](const Result<>&) { ++answers; });
    m_session->send(u"console"_s, u"M117 hi"_s, this, [&](const Result<link::ScriptResult>&) { ++answers; });
    m_session->keepBedWarm(30);
    m_session->fetchFile();
    QTRY_VERIFY(m_driver->count(u"runScript"_s) >= 1);
    m_session->emergencyStop();
    m_session.reset();
    bool flushed = false;
    m_archive->flush(this, [&](const Result<>&) { flushed = true; });
    QTRY_VERIFY(flushed);
    QCOMPARE(answers, 0);
}

void TestSession::pluginCommands_data()
{
    using Command = Session::PlrCommand;
    QTest::addColumn<int>("command");
    QTest::addColumn<QString>("script");
    QTest::addColumn<QString>("said");
    QTest::addColumn<QString>("variables"); ///< after the command, JSON
    QTest::addColumn<bool>("happened");
    const auto row = [](const char* name, Command command, const char* script, const char* said, const char* variables, bool happened) {
        QTest::newRow(name) << static_cast<int>(command) << QString::fromLatin1(script) << QString::fromLatin1(said)
                            << QString::fromLatin1(variables) << happened;
    };
    const char* same = R"({"resume_meta_info":{"save_time":10.5}})";
    row("enable", Command::Enable, "PLR_ENABLE", "// Power loss recovery enabled", same, true);
    row("enable, silence", Command::Enable, "PLR_ENABLE", "", same, false);
    row("disable", Command::Disable, "PLR_DISABLE", "// Power loss recovery disabled", same, true);
    row("save", Command::Save, "PLR_SAVE_PRINT_STATE", "// Printer state saved", R"({"resume_meta_info":{"save_time":11.5}})", true);
    row("save, a lie", Command::Save, "PLR_SAVE_PRINT_STATE", "// Printer state saved", same, false);
    row("reset", Command::Reset, "PLR_RESET_PRINT_DATA", "", R"({"resume_meta_info":{}})", true);
    row("reset, not done", Command::Reset, "PLR_RESET_PRINT_DATA", "// cleared", same, false);
    row("save mesh", Command::SaveMesh, "PLR_SAVE_MESH", "", R"({"saved_mesh_profile":"default"})", true);
    row("save mesh, none", Command::SaveMesh, "PLR_SAVE_MESH", "!! Error saving bed mesh profile", same, false);
}

void TestSession::pluginCommands()
{
    QFETCH(int, command);
    QFETCH(QString, script);
    QFETCH(QString, said);
    QFETCH(QString, variables);
    QFETCH(bool, happened);
    m_driver->goOnline();
    m_driver->variables = QJsonObject{{u"resume_meta_info"_s, QJsonObject{{u"save_time"_s, 10.5}}}};
    m_driver->onScript = [&](const QString& sent) {
        if (sent == script) {
            if (!said.isEmpty())
                m_driver->say(said, m_now);
            m_driver->variables = QJsonDocument::fromJson(variables.toUtf8()).object();
        }
        return link::ScriptResult{true, HostState::Ready, {}};
    };
    std::optional<Result<>> answer;
    m_session->plrCommand(static_cast<Session::PlrCommand>(command), this, [&](const Result<>& result) { answer = result; });
    QTRY_VERIFY(answer.has_value());
    QCOMPARE(answer->has_value(), happened);
    if (!happened)
        QCOMPARE(answer->error().code, ErrorCode::BadReply);
    QCOMPARE(m_driver->count(u"runScript"_s), 1);
}

void TestSession::variablesAreRestored()
{
    m_driver->info.state = HostState::Error;
    m_driver->goOnline();
    const QByteArray torn = dataFile(u"config/variables_truncated.cfg"_s);
    m_driver->files[u"config/variables.cfg"_s] = torn;
    m_driver->onCommand = [this](const QString& name, const QStringList&) -> Result<> {
        if (name == u"restartHost"_s) {
            QMetaObject::invokeMethod(m_driver, [this] {
                m_driver->setHost(HostState::Startup);
                m_driver->setHost(HostState::Ready);
            }, Qt::QueuedConnection);
        }
        return {};
    };
    VariablesCopy copy;
    copy.text = dataFile(u"config/variables_after_power_loss.cfg"_s);
    std::optional<Result<>> answer;
    m_session->restoreVariables(copy, this, [&](const Result<>& result) { answer = result; });
    QTRY_VERIFY(answer.has_value());
    QVERIFY(*answer);
    QCOMPARE(m_driver->files[u"config/variables.cfg"_s], copy.text);
    QByteArray kept;
    for (const auto& [path, bytes] : m_driver->files) {
        if (path.startsWith(u"config/variables.cfg.torn-"_s))
            kept = bytes;
    }
    QCOMPARE(kept, torn);
    QCOMPARE(m_driver->calls.back().name, u"restartHost"_s);
    QCOMPARE(journal().size(), std::size_t{3}); // two uploads, one restart
}

void TestSession::restoreStopsAtTheFirstFailure()
{
    m_driver->goOnline();
    m_driver->files[u"config/variables.cfg"_s] = "torn";
    m_driver->failing[u"upload"_s] = Error{.code = ErrorCode::DiskFull};
    std::optional<Result<>> answer;
    m_session->restoreVariables({.text = "good"}, this, [&](const Result<>& result) { answer = result; });
    QTRY_VERIFY(answer.has_value());
    QCOMPARE(answer->error().code, ErrorCode::DiskFull);
    QCOMPARE(m_driver->files[u"config/variables.cfg"_s], QByteArray("torn")); // the torn file was not kept, so it was not replaced
    QCOMPARE(m_driver->count(u"restartHost"_s), 0);
}

void TestSession::unfinishedIsTold()
{
    m_session.reset();
    {
        const auto store = Store::open(storeUrl());
        JournalEntry entry;
        entry.printer = u"p"_s;
        entry.action = u"script"_s;
        entry.text = u"M109 S215"_s;
        entry.time = m_now - 100;
        QVERIFY((*store)->beginEntry(entry));
    }
    makeSession();
    QSignalSpy alarm(m_session.get(), &Session::alarm);
    QVERIFY(alarm.wait());
    QVERIFY(alarm.front().front().toString().contains(u"M109 S215"_s));
    QTRY_VERIFY(journal().front().finished.has_value());
    m_driver->goOnline();
    m_driver->emitSample(m_driver->status); // its targets are 210 and 60
    QCOMPARE(alarm.size(), 2);
    QVERIFY(alarm.back().front().toString().contains(u"extruder"_s));
    QCOMPARE(m_driver->count(u"runScript"_s), 0);
}

void TestSession::fileFollowsTheJob()
{
    QSignalSpy changed(m_session.get(), &Session::fileChanged);
    m_session->connectPrinter();
    QTRY_COMPARE(m_session->state(), PrinterState::Idle);
    QVERIFY(!m_session->file());
    print(4);
    QTRY_VERIFY(m_session->file() != nullptr);
    QCOMPARE(m_session->file()->remote, file);
    QVERIFY(m_session->file()->index->layers.size() > 5);
}

void TestSession::goneFileIsReadFromTheCopy()
{
    m_session->connectPrinter();
    QTRY_COMPARE(m_session->state(), PrinterState::Idle);
    m_driver->files.erase(u"gcodes/"_s + file);
    print(4);
    QTRY_VERIFY(m_session->fileError().has_value());
    QCOMPARE(m_session->fileError()->code, ErrorCode::FileMissing);
    QVERIFY(!m_session->file());
    m_driver->files[u"gcodes/"_s + file] = dataFile(u"gcode/tower_plr.gcode"_s);
    m_session->fetchFile();
    QTRY_VERIFY(m_session->file() != nullptr);
    QVERIFY(!m_session->fileError());
}

void TestSession::printerList()
{
    PrinterListModel model;
    model.add(m_session.get());
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged), reset(&model, &QAbstractItemModel::modelReset);
    QCOMPARE(model.index(0).data().toString(), u"Printer <1>"_s);
    QCOMPARE(model.index(0).data(PrinterListModel::ShapeRole).toString(), u"offline"_s);
    m_driver->goOnline();
    print(1);
    QCOMPARE(model.index(0).data(PrinterListModel::ShapeRole).toString(), u"printing"_s);
    QVERIFY(model.index(0).data(PrinterListModel::StateTextRole).toString().contains(file));
    QVERIFY(!changed.isEmpty());
    QCOMPARE(reset.size(), 0);
    QCOMPARE(model.at(0), m_session.get());
    model.remove(m_session.get());
    QCOMPARE(model.rowCount(), 0);
}

QTEST_GUILESS_MAIN(TestSession)
#include "tst_session.moc"
