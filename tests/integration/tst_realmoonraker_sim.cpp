// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCryptographicHash>
#include <QTemporaryDir>
#include <QTest>

#include "realmoonraker.h"
#include "recording.h"
#include "testclient.h"

using namespace Qt::StringLiterals;

namespace {

QJsonObject identity()
{
    return {{u"client_name"_s, u"test"_s}, {u"version"_s, u"1"_s}, {u"type"_s, u"desktop"_s}, {u"url"_s, u"x"_s}};
}

} // namespace

/// The real Moonraker must find nothing strange in the simulated Klipper behind its API socket.
class TestRealMoonrakerSim : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void acceptsTheSimulatedKlipper();
    void answersInTheRecordedShape();
    void jobIsInterruptedByAPowerCut();
    void shutdownAndRestartAsRecorded();
    void keyAndLogin();

private:
    void start(RealMoonraker::Access access);
    void connectReady(TestClient& client);
    void uploadAndPrint(TestClient& client);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<SocketPrinter> m_printer;
    std::unique_ptr<RealMoonraker> m_server;
};

void TestRealMoonrakerSim::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    kintsugi::sim::MachineOptions machine;
    machine.folder = m_folder->path();
    machine.heaterRate = 4;
    m_printer = std::make_unique<SocketPrinter>(machine, 15.0);
    QVERIFY(m_printer->listening());
}

void TestRealMoonrakerSim::cleanup()
{
    if (QTest::currentTestFailed() && m_server)
        qWarning().noquote() << m_server->log().right(6000);
    m_server.reset();
    m_printer.reset();
}

void TestRealMoonrakerSim::start(RealMoonraker::Access access)
{
    m_server = std::make_unique<RealMoonraker>(m_folder->path(), m_printer->socketPath(), access);
    QVERIFY(m_server->start());
    QVERIFY(m_server->waitForKlippy(u"ready"_s));
}

void TestRealMoonrakerSim::connectReady(TestClient& client)
{
    QTRY_VERIFY_WITH_TIMEOUT(client.open(m_server->port()), 10000);
    QVERIFY(client.call(u"server.connection.identify"_s, identity()).contains("result"_L1));
}

void TestRealMoonrakerSim::uploadAndPrint(TestClient& client)
{
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.gcode"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray content = file.readAll();
    const HttpAnswer answer =
        TestHttp(m_server->port())
            .upload(u"tower_plr.gcode"_s, content,
                    {{"root", "gcodes"},
                     {"checksum", QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex()}});
    QCOMPARE(answer.status, 201);
    QCOMPARE(client.result(u"printer.print.start"_s, {{u"filename"_s, u"tower_plr.gcode"_s}}).toString(), u"ok"_s);
    QVERIFY(!client.notification(u"notify_history_changed"_s).isEmpty());
}

void TestRealMoonrakerSim::acceptsTheSimulatedKlipper()
{
    start(RealMoonraker::Access::Trusted);
    TestClient client;
    connectReady(client);
    const QJsonObject info = client.result(u"server.info"_s).toObject();
    QCOMPARE(info.value("klippy_connected"_L1).toBool(), true);
    QCOMPARE(info.value("missing_klippy_requirements"_L1).toArray(), QJsonArray());
    QCOMPARE(info.value("failed_components"_L1).toArray(), QJsonArray());
    const QJsonArray objects = client.result(u"printer.objects.list"_s).toObject().value("objects"_L1).toArray();
    for (const QString& name :
         {u"toolhead"_s, u"virtual_sdcard"_s, u"print_stats"_s, u"save_variables"_s, u"extruder"_s})
        QVERIFY2(objects.contains(name), qPrintable(name));
    // Moonraker takes the folder of the files from Klipper's configuration.
    const QJsonArray roots = client.result(u"server.files.roots"_s).toArray();
    QVERIFY(std::ranges::any_of(roots, [&](const QJsonValue& root) {
        return root.toObject().value("path"_L1).toString() == m_folder->filePath(u"gcodes"_s);
    }));
    const QString log = m_server->log();
    QVERIFY2(!log.contains("Traceback"_L1), qPrintable(log.right(4000)));
}

void TestRealMoonrakerSim::answersInTheRecordedShape()
{
    start(RealMoonraker::Access::Trusted);
    QVERIFY(QFile::copy(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.gcode"),
                        m_folder->filePath(u"gcodes/box_plr.gcode"_s)));
    TestClient client;
    QTRY_VERIFY_WITH_TIMEOUT(client.open(m_server->port()), 10000);
    int compared = 0;
    const auto lines = recording::load(u"01_connect_identify_subscribe.jsonl"_s);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const QJsonObject frame = lines[i].value("frame"_L1).toObject();
        const QString method = frame.value("method"_L1).toString();
        const bool ours = method.startsWith("printer."_L1);
        if (lines[i].value("dir"_L1) != u"c2s"_s || (!ours && method != "server.connection.identify"_L1))
            continue;
        client.sendRaw(frame);
        const QJsonObject actual = client.answer(frame.value("id"_L1)), expected = recording::answerTo(lines, i);
        QStringList wrong;
        if (expected.contains("error"_L1))
            QCOMPARE(actual.value("error"_L1).toObject().value("code"_L1),
                     expected.value("error"_L1).toObject().value("code"_L1));
        else if (method.startsWith("printer.objects"_L1) || method == "printer.info"_L1)
            recording::compareShape(expected.value("result"_L1), actual.value("result"_L1), method, wrong);
        // Which commands and macros exist, and the sections of the settings, belong to the recorded machine alone.
        wrong.removeIf([](const QString& where) {
            return where.contains(".commands."_L1) || where.contains(".settings."_L1) || where.contains(".profiles"_L1);
        });
        QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join(u'\n')));
        ++compared;
    }
    QVERIFY(compared >= 13);
}

void TestRealMoonrakerSim::jobIsInterruptedByAPowerCut()
{
    start(RealMoonraker::Access::Trusted);
    TestClient client;
    connectReady(client);
    uploadAndPrint(client);
    const QJsonObject wanted{{u"virtual_sdcard"_s, QJsonArray{u"file_position"_s}}, {u"print_stats"_s, {}}};
    QVERIFY(client.result(u"printer.objects.subscribe"_s, {{u"objects"_s, wanted}}).isObject());
    const QJsonObject far = client.waitFor(
        [](const QJsonObject& frame) {
            const QJsonObject status = frame.value("params"_L1).toArray().first().toObject();
            return status.value("virtual_sdcard"_L1).toObject().value("file_position"_L1).toInt() > 3000;
        },
        60000);
    QVERIFY(!far.isEmpty());
    m_server->kill();
    m_printer->call([](kintsugi::sim::Klippy& klippy) { klippy.cutPower(); });
    m_printer->call([](kintsugi::sim::Klippy& klippy) { klippy.restorePower(); });
    QVERIFY(m_server->start());
    QVERIFY(m_server->waitForKlippy(u"ready"_s));
    TestClient again;
    connectReady(again);
    const QJsonObject jobs =
        again.result(u"server.history.list"_s, {{u"limit"_s, 1}, {u"order"_s, u"desc"_s}}).toObject();
    const QJsonObject job = jobs.value("jobs"_L1).toArray().first().toObject();
    QCOMPARE(job.value("status"_L1).toString(), u"interrupted"_s);
    QCOMPARE(job.value("exists"_L1).toBool(), true);
    const QJsonObject status =
        again
            .result(u"printer.objects.query"_s,
                    {{u"objects"_s, QJsonObject{{u"save_variables"_s, {}}, {u"print_stats"_s, {}}}}})
            .toObject()
            .value("status"_L1)
            .toObject();
    const QJsonObject saved = status.value("save_variables"_L1)
                                  .toObject()
                                  .value("variables"_L1)
                                  .toObject()
                                  .value("resume_meta_info"_L1)
                                  .toObject();
    QCOMPARE(saved.value("current_file"_L1).toString(), u"tower_plr.gcode"_s);
    QCOMPARE(status.value("print_stats"_L1).toObject().value("state"_L1).toString(), u"standby"_s);
    QVERIFY2(!m_server->log().contains("Traceback"_L1), qPrintable(m_server->log().right(4000)));
}

void TestRealMoonrakerSim::shutdownAndRestartAsRecorded()
{
    QStringList expected;
    for (const QJsonObject& line : recording::load(u"02_upload_print_state_saves_m112.jsonl"_s)) {
        if (const QString word = recording::milestone(line.value("frame"_L1).toObject()); !word.isEmpty())
            expected.append(word);
    }
    start(RealMoonraker::Access::Trusted);
    TestClient client;
    connectReady(client);
    QVERIFY(
        client.result(u"printer.objects.subscribe"_s, {{u"objects"_s, QJsonObject{{u"webhooks"_s, {}}}}}).isObject());
    uploadAndPrint(client);
    QCOMPARE(client.result(u"printer.emergency_stop"_s).toString(), u"ok"_s);
    QVERIFY(!client
                 .waitFor([](const QJsonObject& frame) {
                     return recording::milestone(frame) == "finished klippy_shutdown"_L1;
                 })
                 .isEmpty());
    QCOMPARE(client.result(u"printer.firmware_restart"_s).toString(), u"ok"_s);
    bool gone = false;
    QVERIFY(!client
                 .waitFor([&](const QJsonObject& frame) {
                     gone = gone || frame.value("method"_L1) == u"notify_klippy_disconnected"_s;
                     return gone && frame.value("method"_L1) == u"notify_klippy_ready"_s;
                 })
                 .isEmpty());
    QStringList actual;
    for (const QJsonObject& frame : client.frames) {
        if (const QString word = recording::milestone(frame); !word.isEmpty())
            actual.append(word);
    }
    actual.remove(0, actual.indexOf(expected.front())); // the start-up of klippy was not recorded
    // The console's line and the status take different ways through Moonraker: either may be first.
    const QString line = u"// Klipper state: Shutdown"_s;
    QCOMPARE(actual.removeAll(line), 1);
    QCOMPARE(expected.removeAll(line), 1);
    QCOMPARE(actual, expected);
}

void TestRealMoonrakerSim::keyAndLogin()
{
    start(RealMoonraker::Access::Key);
    QVERIFY(m_server->addUser(u"plr"_s, u"correct horse"_s));
    const QByteArray key = m_server->apiKey().toLatin1();
    QCOMPARE(key.size(), 32);
    TestHttp http(m_server->port());
    QTRY_COMPARE_WITH_TIMEOUT(http.request("GET", u"/access/info"_s).status, 200, 10000);
    QCOMPARE(http.request("GET", u"/server/info"_s).status, 401);
    QCOMPARE(http.request("GET", u"/server/info"_s, {}, {{"X-Api-Key", key}}).status, 200);
    const HttpAnswer login =
        http.request("POST", u"/access/login"_s, R"({"username":"plr","password":"correct horse"})");
    const QByteArray token = login.json().value("result"_L1).toObject().value("token"_L1).toString().toLatin1();
    QCOMPARE(http.request("GET", u"/server/info"_s, {}, {{"Authorization", "Bearer " + token}}).status, 200);
}

QTEST_GUILESS_MAIN(TestRealMoonrakerSim)
#include "tst_realmoonraker_sim.moc"
