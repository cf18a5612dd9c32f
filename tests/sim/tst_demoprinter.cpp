// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "demoprinter.h"
#include "recording.h"
#include "testclient.h"

using namespace Qt::StringLiterals;
using namespace kintsugi::sim;

namespace {

QJsonObject identity()
{
    return {{u"client_name"_s, u"test"_s}, {u"version"_s, u"1"_s}, {u"type"_s, u"desktop"_s}, {u"url"_s, u"x"_s}};
}

QString klippyState(TestClient& client)
{
    return client.result(u"server.info"_s).toObject().value("klippy_state"_L1).toString();
}

} // namespace

class TestDemoPrinter : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void demoFilesAreServed();
    void demoFilesPrintToTheEnd_data();
    void demoFilesPrintToTheEnd();
    void startIsRefused();
    void printsAndSurvivesAPowerCut();
    void crashOfTheHostIsNotAPowerCut();
    void cutAtALayerLeavesAnInterruptedJob();
    void shutdownAndRestartAsRecorded();
    void keyIsAsked();
    void linkDropIsShort();

private:
    void start(double speed, const QString& key = {});
    void connectReady(TestClient& client);
    void startPrint(TestClient& client);
    /// The newest job once it has ended, whatever connections that takes.
    [[nodiscard]] QJsonObject newestJob();
    [[nodiscard]] quint16 port() const { return static_cast<quint16>(m_printer->address().port()); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<DemoPrinter> m_printer;
};

void TestDemoPrinter::init()
{
    m_printer.reset();
    m_folder = std::make_unique<QTemporaryDir>();
}

void TestDemoPrinter::start(double speed, const QString& key)
{
    DemoOptions options;
    options.machine.folder = m_folder->path();
    options.machine.heaterRate = 4;
    options.speed = speed;
    options.apiKey = key;
    m_printer = std::make_unique<DemoPrinter>(options);
    QVERIFY(m_printer->start());
    QCOMPARE(m_printer->address().scheme(), u"moonraker"_s);
    QCOMPARE(m_printer->address().host(), u"127.0.0.1"_s);
}

void TestDemoPrinter::connectReady(TestClient& client)
{
    QTRY_VERIFY(client.open(port()));
    QVERIFY(client.call(u"server.connection.identify"_s, identity()).contains("result"_L1));
    QTRY_COMPARE(klippyState(client), u"ready"_s);
}

void TestDemoPrinter::startPrint(TestClient& client)
{
    QCOMPARE(client.result(u"printer.print.start"_s, {{u"filename"_s, m_printer->demoFile()}}).toString(), u"ok"_s);
    QVERIFY(!client.notification(u"notify_history_changed"_s).isEmpty());
}

QJsonObject TestDemoPrinter::newestJob()
{
    const HttpAnswer answer = TestHttp(port()).request("GET", u"/server/history/list?limit=1"_s);
    return answer.json().value("result"_L1).toObject().value("jobs"_L1).toArray().first().toObject();
}

void TestDemoPrinter::demoFilesAreServed()
{
    start(20);
    TestHttp http(port());
    const QJsonArray files = http.request("GET", u"/server/files/list"_s).json().value("result"_L1).toArray();
    QCOMPARE(files.size(), 2);
    const HttpAnswer file = http.request("GET", u"/server/files/gcodes/"_s + m_printer->demoFile());
    QCOMPARE(file.status, 200);
    QVERIFY(file.body.contains(";;;;; PLR_RESUME - PRINT GCODE STARTS ;;;;;"));
    for (const QJsonValue& entry : files) {
        const QString name = entry.toObject().value("path"_L1).toString();
        const HttpAnswer data = http.request("GET", u"/server/files/metadata?filename="_s + name);
        QCOMPARE(data.json().value("result"_L1).toObject().value("slicer"_L1).toString(), u"PrusaSlicer"_s);
        QVERIFY(http.request("GET", u"/server/files/gcodes/"_s + name).body.size() < 400 * 1024);
    }
}

void TestDemoPrinter::demoFilesPrintToTheEnd_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("tower") << u"tower_plr.gcode"_s;
    QTest::newRow("gear") << u"gear_plr.gcode"_s;
}

void TestDemoPrinter::demoFilesPrintToTheEnd()
{
    QFETCH(QString, name);
    start(100);
    TestClient client;
    connectReady(client);
    QCOMPARE(client.result(u"printer.print.start"_s, {{u"filename"_s, name}}).toString(), u"ok"_s);
    const QJsonObject end = client.waitFor(
        [](const QJsonObject& frame) { return recording::milestone(frame).startsWith("finished"_L1); }, 90000);
    QCOMPARE(recording::milestone(end), u"finished completed"_s);
    double deepest = -1;
    m_printer->query(this, [&](const Deposit& deposit, double crushed) {
        QVERIFY(deposit.beads.size() > 200);
        deepest = crushed;
    });
    QTRY_VERIFY(deepest >= 0);
    QVERIFY(deepest < 0.05);
}

void TestDemoPrinter::startIsRefused()
{
    DemoOptions options;
    DemoPrinter nowhere(options);
    QCOMPARE(nowhere.start().error().code, kintsugi::ErrorCode::WriteFailed);
    start(1);
    options.machine.folder = m_folder->path();
    options.port = port();
    DemoPrinter second(options);
    QCOMPARE(second.start().error().code, kintsugi::ErrorCode::Unreachable);
}

void TestDemoPrinter::printsAndSurvivesAPowerCut()
{
    start(30);
    TestClient client;
    connectReady(client);
    startPrint(client);
    QVERIFY(client
                .result(u"printer.objects.subscribe"_s,
                        {{u"objects"_s, QJsonObject{{u"virtual_sdcard"_s, QJsonArray{u"file_position"_s}}}}})
                .isObject());
    const QJsonObject far = client.waitFor(
        [](const QJsonObject& frame) {
            const QJsonObject status = frame.value("params"_L1).toArray().first().toObject();
            return status.value("virtual_sdcard"_L1).toObject().value("file_position"_L1).toInt() > 2000;
        },
        60000);
    QVERIFY(!far.isEmpty());
    QSignalSpy power(m_printer.get(), &DemoPrinter::powerChanged), closed(&client, &TestClient::closed);
    m_printer->cutPower();
    QVERIFY(closed.wait(5000));
    QTRY_COMPARE(power.size(), 1);
    QCOMPARE(power.front().front().toBool(), false);
    TestClient dead;
    QVERIFY(!dead.open(port()));
    m_printer->restorePower();
    TestClient again;
    connectReady(again);
    const QJsonObject job = newestJob();
    QCOMPARE(job.value("status"_L1).toString(), u"interrupted"_s);
    QCOMPARE(job.value("exists"_L1).toBool(), true);
    QVERIFY(job.value("end_time"_L1).isNull());
    // The plugin's state outlived the cut, and plastic lies on the bed.
    const QJsonObject status =
        again.result(u"printer.objects.query"_s, {{u"objects"_s, QJsonObject{{u"save_variables"_s, {}}}}}).toObject();
    const QJsonObject saved =
        status.value("status"_L1).toObject().value("save_variables"_L1).toObject().value("variables"_L1).toObject();
    QVERIFY(saved.contains("resume_meta_info"_L1));
    std::size_t beads = 0;
    m_printer->query(this, [&](const Deposit& deposit, double) { beads = deposit.beads.size(); });
    QTRY_VERIFY(beads > 0);
}

void TestDemoPrinter::crashOfTheHostIsNotAPowerCut()
{
    start(30);
    TestClient client;
    connectReady(client);
    startPrint(client);
    QSignalSpy host(m_printer.get(), &DemoPrinter::hostChanged);
    m_printer->crashHost();
    QVERIFY(!client.notification(u"notify_klippy_disconnected"_s).isEmpty());
    QTRY_COMPARE(host.size(), 1);
    QCOMPARE(klippyState(client), u"disconnected"_s);
    QCOMPARE(newestJob().value("status"_L1).toString(), u"klippy_disconnect"_s);
    client.frames.clear();
    m_printer->startHost();
    QVERIFY(!client.notification(u"notify_klippy_ready"_s).isEmpty());
}

void TestDemoPrinter::cutAtALayerLeavesAnInterruptedJob()
{
    start(30);
    TestClient client;
    connectReady(client);
    m_printer->call([](Klippy& klippy) { klippy.atLayer(0, 0.5, [&klippy] { klippy.cutPower(); }); });
    startPrint(client);
    QSignalSpy closed(&client, &TestClient::closed);
    QVERIFY(closed.wait(60000));
    m_printer->restorePower();
    TestClient again;
    connectReady(again);
    QCOMPARE(newestJob().value("status"_L1).toString(), u"interrupted"_s);
}

void TestDemoPrinter::shutdownAndRestartAsRecorded()
{
    QStringList expected;
    for (const QJsonObject& line : recording::load(u"02_upload_print_state_saves_m112.jsonl"_s)) {
        if (const QString word = recording::milestone(line.value("frame"_L1).toObject()); !word.isEmpty())
            expected.append(word);
    }
    QVERIFY(expected.size() >= 7);
    start(10);
    TestClient client;
    connectReady(client);
    QVERIFY(
        client.result(u"printer.objects.subscribe"_s, {{u"objects"_s, QJsonObject{{u"webhooks"_s, {}}}}}).isObject());
    client.frames.clear(); // the start-up of klippy was not recorded
    startPrint(client);
    QCOMPARE(client.result(u"printer.emergency_stop"_s).toString(), u"ok"_s);
    QVERIFY(!client.notification(u"notify_klippy_shutdown"_s).isEmpty());
    QVERIFY(client.result(u"printer.info"_s)
                .toObject()
                .value("state_message"_L1)
                .toString()
                .startsWith("Shutdown due to webhooks request"_L1));
    QCOMPARE(client.result(u"printer.firmware_restart"_s).toString(), u"ok"_s);
    QVERIFY(!client.notification(u"notify_klippy_ready"_s).isEmpty());
    QStringList actual;
    for (const QJsonObject& frame : client.frames) {
        if (const QString word = recording::milestone(frame); !word.isEmpty())
            actual.append(word);
    }
    QCOMPARE(actual, expected);
}

void TestDemoPrinter::keyIsAsked()
{
    start(20, u"0123456789abcdef0123456789abcdef"_s);
    TestClient client;
    QVERIFY(client.open(port()));
    QCOMPARE(client.call(u"server.info"_s).value("error"_L1).toObject().value("code"_L1).toInt(), -32602);
    QJsonObject who = identity();
    who.insert(u"api_key"_s, u"0123456789abcdef0123456789abcdef"_s);
    QVERIFY(client.call(u"server.connection.identify"_s, who).contains("result"_L1));
    QVERIFY(client.result(u"server.info"_s).isObject());
}

void TestDemoPrinter::linkDropIsShort()
{
    start(20);
    TestClient client;
    connectReady(client);
    QSignalSpy closed(&client, &TestClient::closed);
    m_printer->dropLink(30);
    QVERIFY(closed.wait(5000));
    TestClient again;
    connectReady(again);
}

QTEST_GUILESS_MAIN(TestDemoPrinter)
#include "tst_demoprinter.moc"
