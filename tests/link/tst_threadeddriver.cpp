// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include "fakemoonraker.h"
#include "moonrakerdriver.h"
#include "threadeddriver.h"

using namespace kintsugi;
using namespace kintsugi::link;
using namespace kintsugi::test;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

class TestThreadedDriver : public QObject
{
    Q_OBJECT
private slots:
    void worksOnItsOwnThread();
    void answersHere();
    void deadContextIsNotAnswered();
    void diesWithRequestsUnderWay();
};

namespace {

std::unique_ptr<ThreadedDriver> make(const FakeMoonraker& server, QThread** worker = nullptr)
{
    const MoonrakerTimes times{.request = 5s, .firstRetry = 5ms, .longestRetry = 20ms, .poll = 5ms, .sample = 0ms, .ping = 5s};
    auto clock = [worker] {
        if (worker)
            *worker = QThread::currentThread();
        return 1.0;
    };
    return std::make_unique<ThreadedDriver>(
        std::make_unique<MoonrakerDriver>(Address{server.url(), {}}, nullptr, clock, times));
}

} // namespace

void TestThreadedDriver::worksOnItsOwnThread()
{
    FakeMoonraker server;
    server.status = {{u"save_variables"_s, QJsonObject{{u"variables"_s, QJsonObject{{u"a"_s, 1}}}}}};
    QThread* worker = nullptr;
    QThread* heardOn = nullptr;
    QStringList heard;
    const auto driver = make(server, &worker);
    const auto note = [&](const char* what) {
        heardOn = QThread::currentThread();
        if (!heard.contains(QLatin1String(what)))
            heard.append(QLatin1String(what));
    };
    connect(driver.get(), &Driver::linkChanged, this, [&] { note("link"); });
    connect(driver.get(), &Driver::hostChanged, this, [&] { note("host"); });
    connect(driver.get(), &Driver::sampled, this, [&] { note("sample"); });
    connect(driver.get(), &Driver::variablesChanged, this, [&] { note("variables"); });
    connect(driver.get(), &Driver::consoleReceived, this, [&] { note("console"); });
    connect(driver.get(), &Driver::fileChanged, this, [&] { note("file"); });
    connect(driver.get(), &Driver::jobChanged, this, [&] { note("job"); });
    connect(driver.get(), &Driver::badMessage, this, [&] { note("bad"); });
    connect(driver.get(), &Driver::linkFailed, this, [&] { note("failed"); });
    driver->open();
    QTRY_COMPARE(driver->linkState(), LinkState::Connected);
    QTRY_COMPARE(driver->host().state, HostState::Ready);
    server.notify(u"notify_gcode_response"_s, {u"hello"_s});
    server.notify(u"notify_filelist_changed"_s, {QJsonObject{{u"action"_s, u"create_file"_s}, {u"item"_s, QJsonObject{{u"path"_s, u"a"_s}}}}});
    server.notify(u"notify_history_changed"_s, {QJsonObject{{u"job"_s, QJsonObject{{u"job_id"_s, u"1"_s}, {u"filename"_s, u"a"_s}, {u"status"_s, u"completed"_s}}}}});
    server.sendBinary("x");
    QTRY_VERIFY(heard.contains("bad"_L1));
    server.dropClients();
    QTRY_VERIFY(heard.contains("failed"_L1));
    heard.sort();
    QCOMPARE(heard, (QStringList{u"bad"_s, u"console"_s, u"failed"_s, u"file"_s, u"host"_s, u"job"_s, u"link"_s, u"sample"_s, u"variables"_s}));
    QCOMPARE(heardOn, QThread::currentThread());
    QVERIFY(worker && worker != QThread::currentThread());
}

void TestThreadedDriver::answersHere()
{
    FakeMoonraker server;
    server.answer(u"server.history.list"_s, QJsonObject{{u"jobs"_s, QJsonArray()}});
    server.answer(u"server.gcode_store"_s, QJsonObject{{u"gcode_store"_s, QJsonArray()}});
    server.answer(u"server.files.list"_s, QJsonArray());
    server.answer(u"server.files.metadata"_s, QJsonObject{{u"filename"_s, u"a"_s}, {u"size"_s, 1}});
    server.answer(u"server.files.move"_s, QJsonObject());
    server.status = {{u"save_variables"_s, QJsonObject{{u"variables"_s, QJsonObject()}}}};
    server.files[u"gcodes/a.gcode"_s] = "G28\n";
    const auto driver = make(server);
    driver->open();
    QTRY_COMPARE(driver->linkState(), LinkState::Connected);
    QTemporaryDir folder;
    const QString local = folder.filePath(u"a"_s);
    int answers = 0, wrong = 0, progress = 0;
    const auto count = [&](const auto& result) {
        ++answers;
        wrong += !result || QThread::currentThread() != thread() ? 1 : 0;
    };
    const auto percent = [&](qint64, qint64) { progress += QThread::currentThread() == thread() ? 1 : 0; };
    Driver* d = driver.get();
    d->readStatus(this, count);
    d->readVariables(this, count);
    d->readSettings(this, count);
    d->runScript(u"M115"_s, this, count);
    d->startPrint(u"a.gcode"_s, this, count);
    d->startPrintAt(u"a.gcode"_s, 1, this, count);
    d->pausePrint(this, count);
    d->cancelPrint(this, count);
    d->restartHost(true, this, count);
    d->listFiles(u"gcodes"_s, this, count);
    d->listFolder(u"gcodes"_s, this, count);
    d->metadata(u"a"_s, this, count);
    d->moveFile(u"gcodes/a"_s, u"gcodes/b"_s, this, count);
    d->history(1, this, count);
    d->consoleStore(1, this, count);
    d->emergencyStop(this, count);
    d->download(u"gcodes"_s, u"a.gcode"_s, local, 0, percent, this, count);
    QCOMPARE(answers, 0);
    QTRY_COMPARE(answers, 17);
    d->upload(local, u"gcodes"_s, u"b.gcode"_s, false, percent, this, count);
    QTRY_COMPARE(answers, 18);
    QCOMPARE(wrong, 0);
    QTRY_VERIFY(progress >= 2);
}

void TestThreadedDriver::deadContextIsNotAnswered()
{
    FakeMoonraker server;
    const auto driver = make(server);
    driver->open();
    QTRY_COMPARE(driver->linkState(), LinkState::Connected);
    int answers = 0;
    auto context = std::make_unique<QObject>();
    driver->readSettings(context.get(), [&](const Result<QJsonObject>&) { answers += 100; });
    context.reset();
    driver->readSettings(this, [&](const Result<QJsonObject>&) { ++answers; });
    QTRY_COMPARE(answers, 1);
}

void TestThreadedDriver::diesWithRequestsUnderWay()
{
    FakeMoonraker server;
    server.onRpc(u"printer.gcode.script"_s, [](const QJsonObject&) { return std::nullopt; });
    int answers = 0;
    for (int i = 0; i < 20; ++i) {
        auto driver = make(server);
        driver->open();
        if (i % 2 == 1)
            QTRY_COMPARE(driver->linkState(), LinkState::Connected);
        driver->runScript(u"G28"_s, this, [&](const Result<ScriptResult>&) { ++answers; });
        driver->readSettings(this, [&](const Result<QJsonObject>&) { ++answers; });
    }
    QCOMPARE(answers, 0);
}

QTEST_GUILESS_MAIN(TestThreadedDriver)
#include "tst_threadeddriver.moc"
