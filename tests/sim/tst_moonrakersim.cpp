// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCryptographicHash>
#include <QDir>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>

#include "fakeklippy.h"
#include "httpmultipart.h"
#include "moonrakersim.h"
#include "recording.h"
#include "testclient.h"

using namespace Qt::StringLiterals;
using namespace kintsugi::sim;

namespace {

const QString demo = QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.gcode");

QJsonObject identity()
{
    return {{u"client_name"_s, u"test"_s}, {u"version"_s, u"1"_s}, {u"type"_s, u"desktop"_s}, {u"url"_s, u"x"_s}};
}

QByteArray read(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class TestMoonrakerSim : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();

    void recordedRequestsAreAnsweredInTheRecordedShape();
    void recordedAuthorisationIsAnsweredAlike();
    void oneShotTokenEndsAfterFiveSeconds();
    void metadataEqualsTheRecordedScan();
    void uploadIsCheckedAndAnnounced();
    void uploadIsRefused_data();
    void uploadIsRefused();
    void multipartIsReadInAnyPieces();
    void downloadHonoursRange_data();
    void downloadHonoursRange();
    void fileOperations();
    void loadedFileIsProtected();
    void notificationsComeInTheRecordedOrder();
    void pendingScriptFailsWhenKlippyDies();
    void klippyAwayIsSaid();
    void subscriptionsAreMergedAndPruned();
    void subscriptionsDieWithKlippy();
    void killedServerFindsTheJobInterrupted();
    void finishedJobsAreKept_data();
    void finishedJobsAreKept();
    void linkDropClosesAndReturns();
    void databaseKeepsItems();
    void badFramesAreAnswered_data();
    void badFramesAreAnswered();
    void hostileHttpIsRefused_data();
    void hostileHttpIsRefused();
    void writtenFilesAreAnnounced();

private:
    void start(MoonrakerSimOptions options = {});
    void makeReady(TestClient& client);
    void startPrint(TestClient& client);
    void addFile(const QString& name) { QVERIFY(QFile::copy(demo, m_folder->filePath(u"gcodes/"_s + name))); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FakeKlippy> m_klippy;
    std::unique_ptr<MoonrakerSim> m_server;
    double m_time = 1795164000.0;
};

void TestMoonrakerSim::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_klippy = std::make_unique<FakeKlippy>();
    m_time = 1795164000.0;
}

void TestMoonrakerSim::cleanup()
{
    m_server.reset();
    m_klippy.reset();
}

void TestMoonrakerSim::start(MoonrakerSimOptions options)
{
    options.folder = m_folder->path();
    options.pollMilliseconds = 10;
    options.wallTime = [this] { return m_time; };
    options.tokenClock = [this] { return m_time; };
    m_server = std::make_unique<MoonrakerSim>(options, [this] { return m_klippy->open(); });
    QVERIFY(m_server->start());
}

void TestMoonrakerSim::makeReady(TestClient& client)
{
    QVERIFY(client.open(m_server->port()));
    QVERIFY(client.call(u"server.connection.identify"_s, identity()).contains("result"_L1));
    QTRY_COMPARE(client.result(u"server.info"_s).toObject().value("klippy_state"_L1).toString(), u"ready"_s);
}

void TestMoonrakerSim::startPrint(TestClient& client)
{
    QCOMPARE(client.result(u"printer.print.start"_s, {{u"filename"_s, u"tower_plr.gcode"_s}}).toString(), u"ok"_s);
    QVERIFY(!client.notification(u"notify_history_changed"_s).isEmpty());
}

void TestMoonrakerSim::recordedRequestsAreAnsweredInTheRecordedShape()
{
    start();
    addFile(u"box_plr.gcode"_s);
    TestClient client;
    QVERIFY(client.open(m_server->port()));
    QTRY_VERIFY(!m_klippy->lastSubscription.isEmpty());
    const auto lines = recording::load(u"01_connect_identify_subscribe.jsonl"_s);
    QVERIFY(!lines.empty());
    int compared = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const QJsonObject frame = lines[i].value("frame"_L1).toObject();
        const QString method = frame.value("method"_L1).toString();
        // The program asks neither for the computer's hardware nor for every section of the configuration.
        if (lines[i].value("dir"_L1) != u"c2s"_s || method == "machine.system_info"_L1 || method == "server.config"_L1)
            continue;
        client.sendRaw(frame);
        const QJsonObject actual = client.answer(frame.value("id"_L1)), expected = recording::answerTo(lines, i);
        QVERIFY2(!actual.isEmpty(), qPrintable(method));
        QStringList wrong;
        if (expected.contains("error"_L1))
            QCOMPARE(actual.value("error"_L1), expected.value("error"_L1));
        else
            recording::compareShape(expected.value("result"_L1), actual.value("result"_L1), method, wrong);
        QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join(u'\n')));
        ++compared;
    }
    QCOMPARE(compared, 36);
}

void TestMoonrakerSim::recordedAuthorisationIsAnsweredAlike()
{
    start({.apiKey = u"0123456789abcdef0123456789abcdef"_s, .user = u"plr"_s, .password = u"correct horse"_s});
    QTRY_VERIFY(!m_klippy->lastSubscription.isEmpty());
    QHash<QString, QString> tokens;
    const auto filled = [&](QString text) {
        for (auto it = tokens.cbegin(); it != tokens.cend(); ++it)
            text.replace(it.key(), it.value());
        return text;
    };
    TestHttp http(m_server->port());
    std::unique_ptr<TestClient> client;
    QByteArray handshakeKey;
    int answers = 0;
    const auto lines = recording::load(u"12_auth_http_ws.jsonl"_s);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const QJsonObject& line = lines[i];
        const QString dir = line.value("dir"_L1).toString(), note = line.value("text"_L1).toString();
        const QJsonObject frame = line.value("frame"_L1).toObject();
        if (note.startsWith("websocket, "_L1))
            handshakeKey = note.contains("X-Api-Key"_L1) ? "0123456789abcdef0123456789abcdef" : "";
        if (note.startsWith("open ws:"_L1)) {
            client = std::make_unique<TestClient>();
            const QString query = note.contains(u'?') ? filled(u'?' + note.section(u'?', 1)) : QString();
            QVERIFY(client->open(m_server->port(), query, handshakeKey));
        }
        if (dir == "c2s"_L1) {
            client->sendText(filled(QString::fromUtf8(QJsonDocument(frame).toJson())));
            const QJsonObject actual = client->answer(frame.value("id"_L1)), expected = recording::answerTo(lines, i);
            QVERIFY2(actual.value("error"_L1) == expected.value("error"_L1), qPrintable(u"line %1"_s.arg(i)));
            ++answers;
        }
        if (dir != "c2s_http"_L1 || line.value("method"_L1) == u"DELETE"_s)
            continue;
        QList<QPair<QByteArray, QByteArray>> headers;
        const QJsonObject sent = line.value("headers"_L1).toObject();
        for (auto it = sent.begin(); it != sent.end(); ++it)
            headers.append({it.key().toLatin1(), filled(it.value().toString()).toLatin1()});
        const HttpAnswer answer =
            http.request(line.value("method"_L1).toString().toLatin1(), filled(line.value("path"_L1).toString()),
                         filled(line.value("body"_L1).toString()).toUtf8(), headers);
        const QJsonObject expected = lines[i + 1];
        QVERIFY2(answer.status == expected.value("status"_L1).toInt(),
                 qPrintable(u"line %1: %2"_s.arg(i).arg(answer.status)));
        QCOMPARE(answer.reason, expected.value("reason"_L1).toString().toLatin1());
        QStringList wrong;
        const QJsonObject body = expected.value("body"_L1).toObject();
        recording::compareShape(body.value("error"_L1), answer.json().value("error"_L1), u"error"_s, wrong);
        if (!line.value("path"_L1).toString().contains("save_variables"_L1)) // other variables than those saved here
            recording::compareShape(body.value("result"_L1), answer.json().value("result"_L1), u"result"_s, wrong);
        QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join(u'\n')));
        const QJsonValue result = body.value("result"_L1), given = answer.json().value("result"_L1);
        for (const auto key : {"token"_L1, "refresh_token"_L1}) {
            if (result.toObject().contains(key))
                tokens.insert(result.toObject().value(key).toString(), given.toObject().value(key).toString());
        }
        if (result.toString() == "<oneshot-token>"_L1)
            tokens.insert(u"<oneshot-token>"_s, given.toString());
        ++answers;
    }
    QCOMPARE(answers, 37);
}

void TestMoonrakerSim::oneShotTokenEndsAfterFiveSeconds()
{
    start({.apiKey = u"0123456789abcdef0123456789abcdef"_s});
    TestHttp http(m_server->port());
    const auto fresh = [&] {
        return http.request("GET", u"/access/oneshot_token"_s, {}, {{"X-Api-Key", "0123456789abcdef0123456789abcdef"}})
            .json()
            .value("result"_L1)
            .toString();
    };
    const QString late = fresh(), early = fresh();
    m_time += 4.9;
    QCOMPARE(http.request("GET", u"/server/info?token="_s + early).status, 200);
    QCOMPARE(http.request("GET", u"/server/info?token="_s + early).status, 401);
    m_time += 0.2;
    QCOMPARE(http.request("GET", u"/server/info?token="_s + late).status, 401);
}

void TestMoonrakerSim::metadataEqualsTheRecordedScan()
{
    start();
    addFile(u"tower_plr.gcode"_s);
    const QJsonObject actual =
        TestHttp(m_server->port()).request("GET", u"/server/files/metadata?filename=tower_plr.gcode"_s).json();
    const auto lines = recording::load(u"02_upload_print_state_saves_m112.jsonl"_s);
    QJsonObject expected;
    for (std::size_t i = 0; i < lines.size() && expected.isEmpty(); ++i) {
        if (lines[i].value("frame"_L1).toObject().value("method"_L1) == u"server.files.metadata"_s)
            expected = recording::answerTo(lines, i).value("result"_L1).toObject();
    }
    QVERIFY(!expected.isEmpty());
    for (const QString& own : {u"modified"_s, u"uuid"_s})
        expected.remove(own);
    for (auto it = expected.begin(); it != expected.end(); ++it)
        QCOMPARE(actual.value("result"_L1).toObject().value(it.key()), it.value());
}

void TestMoonrakerSim::uploadIsCheckedAndAnnounced()
{
    start();
    TestClient client;
    makeReady(client);
    const QByteArray content = read(demo);
    const QByteArray sum = QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex();
    TestHttp http(m_server->port());
    const HttpAnswer answer = http.upload(
        u"tower plr.gcode"_s, content, {{"root", "gcodes"}, {"path", "parts"}, {"print", "false"}, {"checksum", sum}});
    QCOMPARE(answer.status, 201);
    QCOMPARE(answer.header("Location"), "http://127.0.0.1:" + QByteArray::number(m_server->port()) +
                                            "/server/files/gcodes/parts/tower%20plr.gcode");
    const QJsonObject item = answer.json().value("item"_L1).toObject();
    QCOMPARE(item.value("path"_L1).toString(), u"parts/tower plr.gcode"_s);
    QCOMPARE(item.value("modified"_L1).toDouble(), m_time);
    QCOMPARE(item.value("size"_L1).toInteger(), content.size());
    QCOMPARE(answer.json().value("print_started"_L1).toBool(true), false);
    QCOMPARE(read(m_folder->filePath(u"gcodes/parts/tower plr.gcode"_s)), content);
    const QJsonObject news = client.notification(u"notify_filelist_changed"_s);
    QCOMPARE(news.value("params"_L1).toArray().first().toObject().value("action"_L1).toString(), u"create_file"_s);

    const HttpAnswer printing = http.upload(u"b.gcode"_s, content, {{"print", "true"}});
    QCOMPARE(printing.json().value("print_started"_L1).toBool(), true);
    QCOMPARE(m_klippy->scripts.last(), u"SDCARD_PRINT_FILE FILENAME=\"b.gcode\""_s);
}

void TestMoonrakerSim::uploadIsRefused_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("root");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("checksum");
    QTest::addColumn<int>("status");
    QTest::newRow("other checksum") << u"a.gcode"_s << QByteArray("gcodes") << QByteArray() << QByteArray(64, '0')
                                    << 422;
    QTest::newRow("outside the root") << u"../../a.gcode"_s << QByteArray("gcodes") << QByteArray() << QByteArray()
                                      << 400;
    QTest::newRow("into another root") << u"a.gcode"_s << QByteArray("gcodes") << QByteArray("../config")
                                       << QByteArray() << 400;
    QTest::newRow("read-only root") << u"a.log"_s << QByteArray("logs") << QByteArray() << QByteArray() << 400;
    QTest::newRow("unknown root") << u"a.gcode"_s << QByteArray("etc") << QByteArray() << QByteArray() << 400;
    QTest::newRow("no name") << QString() << QByteArray("gcodes") << QByteArray() << QByteArray() << 400;
}

void TestMoonrakerSim::uploadIsRefused()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, root);
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, checksum);
    QFETCH(int, status);
    start();
    QList<QPair<QByteArray, QByteArray>> fields{{"root", root}, {"path", path}};
    if (!checksum.isEmpty())
        fields.append({"checksum", checksum});
    const HttpAnswer answer = TestHttp(m_server->port()).upload(name, "G28\n", fields);
    QCOMPARE(answer.status, status);
    const QString trace = answer.json().value("error"_L1).toObject().value("traceback"_L1).toString();
    if (status == 422)
        QVERIFY(trace.contains("File checksum mismatch: expected 0000"_L1));
    // Nothing is left behind, neither the file nor its temporary.
    for (const QString& folder : {u"gcodes"_s, u"config"_s, u"uploads"_s, u"logs"_s})
        QCOMPARE(QDir(m_folder->filePath(folder)).entryList(QDir::Files).size(), 0);
}

void TestMoonrakerSim::multipartIsReadInAnyPieces()
{
    const QByteArray content = "G1 X1\r\n--b\r\n--boundar\r\nG1 X2\r\n\r\n";
    const QByteArray body =
        "--boundary\r\nContent-Disposition: form-data; name=\"root\"\r\n\r\ngcodes\r\n"
        "--boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".gcode\"\r\n\r\n" +
        content +
        "\r\n--boundary\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
        "--boundary--\r\n";
    for (qsizetype piece = 1; piece <= body.size(); ++piece) {
        MultipartReader reader("multipart/form-data; boundary=boundary", m_folder->path());
        for (qsizetype at = 0; at < body.size(); at += piece)
            reader.feed(QByteArrayView(body).sliced(at, std::min(piece, body.size() - at)));
        QVERIFY(reader.complete());
        QCOMPARE(reader.field(u"root"_s), u"gcodes"_s);
        QCOMPARE(reader.fileName(), u"a \"b\".gcode"_s);
        QCOMPARE(reader.sha256(), QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex());
        QCOMPARE(read(reader.takeFile()->fileName()), content);
    }
    MultipartReader torn("multipart/form-data; boundary=boundary", m_folder->path());
    torn.feed(QByteArrayView(body).first(body.size() - 8));
    QVERIFY(!torn.complete());
}

void TestMoonrakerSim::downloadHonoursRange_data()
{
    QTest::addColumn<QByteArray>("range");
    QTest::addColumn<int>("status");
    QTest::addColumn<qint64>("first");
    QTest::addColumn<qint64>("length");
    QTest::newRow("whole") << QByteArray() << 200 << 0LL << 26776LL;
    QTest::newRow("as recorded") << QByteArray("bytes=100-199") << 206 << 100LL << 100LL;
    QTest::newRow("to the end") << QByteArray("bytes=26000-") << 206 << 26000LL << 776LL;
    QTest::newRow("last bytes") << QByteArray("bytes=-10") << 206 << 26766LL << 10LL;
    QTest::newRow("beyond the end is cut") << QByteArray("bytes=26770-99999") << 206 << 26770LL << 6LL;
    QTest::newRow("outside") << QByteArray("bytes=26776-") << 416 << 0LL << 0LL;
    QTest::newRow("not understood") << QByteArray("lines=1-2") << 200 << 0LL << 26776LL;
}

void TestMoonrakerSim::downloadHonoursRange()
{
    QFETCH(QByteArray, range);
    QFETCH(int, status);
    QFETCH(qint64, first);
    QFETCH(qint64, length);
    start();
    addFile(u"tower_plr.gcode"_s);
    TestHttp http(m_server->port());
    QList<QPair<QByteArray, QByteArray>> headers;
    if (!range.isEmpty())
        headers.append({"Range", range});
    for (int turn = 0; turn < 2; ++turn) { // the second on the same connection
        const HttpAnswer answer = http.request("GET", u"/server/files/gcodes/tower_plr.gcode"_s, {}, headers);
        QCOMPARE(answer.status, status);
        if (status == 416)
            continue;
        QCOMPARE(answer.body, read(demo).sliced(first, length));
        if (status == 206)
            QCOMPARE(answer.header("Content-Range"),
                     "bytes " + QByteArray::number(first) + '-' + QByteArray::number(first + length - 1) + "/26776");
    }
    QCOMPARE(http.request("GET", u"/server/files/gcodes/nothing.gcode"_s).status, 404);
    QCOMPARE(http.request("GET", u"/server/files/gcodes/%2e%2e/%2e%2e/etc/passwd"_s).status, 404);
}

void TestMoonrakerSim::fileOperations()
{
    start();
    addFile(u"a.gcode"_s);
    TestClient client;
    makeReady(client);
    const auto action = [&](const QString& method, const QJsonObject& params) {
        return client.result(method, params).toObject().value("action"_L1).toString();
    };
    QCOMPARE(action(u"server.files.post_directory"_s, {{u"path"_s, u"gcodes/sub"_s}}), u"create_dir"_s);
    QCOMPARE(action(u"server.files.move"_s, {{u"source"_s, u"gcodes/a.gcode"_s}, {u"dest"_s, u"gcodes/sub/b.gcode"_s}}),
             u"move_file"_s);
    QCOMPARE(
        action(u"server.files.copy"_s, {{u"source"_s, u"gcodes/sub/b.gcode"_s}, {u"dest"_s, u"gcodes/c.gcode.plr"_s}}),
        u"create_file"_s);
    const QJsonArray list = client.result(u"server.files.list"_s, {{u"root"_s, u"gcodes"_s}}).toArray();
    QCOMPARE(list.size(), 1); // a .plr file is hidden here …
    QCOMPARE(list.first().toObject().value("path"_L1).toString(), u"sub/b.gcode"_s);
    const QJsonObject folder = client.result(u"server.files.get_directory"_s, {{u"path"_s, u"gcodes"_s}}).toObject();
    QCOMPARE(folder.value("files"_L1).toArray().first().toObject().value("filename"_L1).toString(),
             u"c.gcode.plr"_s); // … not here
    QCOMPARE(action(u"server.files.delete_file"_s, {{u"path"_s, u"gcodes/sub/b.gcode"_s}}), u"delete_file"_s);
    QCOMPARE(TestHttp(m_server->port()).request("DELETE", u"/server/files/gcodes/c.gcode.plr"_s).status, 200);
    QVERIFY(!QFile::exists(m_folder->filePath(u"gcodes/c.gcode.plr"_s)));
    const QJsonObject error =
        client.call(u"server.files.metadata"_s, {{u"filename"_s, u"a.gcode"_s}}).value("error"_L1).toObject();
    QCOMPARE(error.value("code"_L1).toInt(), -32601);
    QCOMPARE(error.value("message"_L1).toString(), u"Metadata not available for <a.gcode>"_s);
}

void TestMoonrakerSim::loadedFileIsProtected()
{
    start();
    addFile(u"tower_plr.gcode"_s);
    TestClient client;
    makeReady(client);
    startPrint(client);
    const HttpAnswer answer = TestHttp(m_server->port()).upload(u"tower_plr.gcode"_s, "G28\n", {});
    QCOMPARE(answer.status, 403);
    QCOMPARE(answer.json().value("error"_L1).toObject().value("message"_L1).toString(),
             u"File is loaded, upload not permitted"_s);
    const QJsonObject error = client.call(u"server.files.delete_file"_s, {{u"path"_s, u"gcodes/tower_plr.gcode"_s}})
                                  .value("error"_L1)
                                  .toObject();
    QCOMPARE(error.value("code"_L1).toInt(), 403);
    QCOMPARE(error.value("message"_L1).toString(), u"File currently in use"_s);
    QCOMPARE(read(m_folder->filePath(u"gcodes/tower_plr.gcode"_s)), read(demo));
}

void TestMoonrakerSim::notificationsComeInTheRecordedOrder()
{
    QStringList expected;
    const auto lines = recording::load(u"02_upload_print_state_saves_m112.jsonl"_s);
    for (const QJsonObject& line : lines) {
        const QJsonObject frame = line.value("frame"_L1).toObject();
        if (const QString word = recording::milestone(frame); line.value("dir"_L1) == u"s2c"_s && !word.isEmpty())
            expected.append(word);
        else if (line.value("dir"_L1) == u"s2c"_s && (frame.value("id"_L1) == 9 || frame.value("id"_L1) == 13))
            expected.append(frame.value("id"_L1) == 9 ? u"stopped"_s : u"restarting"_s);
    }
    QCOMPARE(expected.size(), 10);

    start();
    addFile(u"tower_plr.gcode"_s);
    TestClient client;
    makeReady(client);
    QVERIFY(
        client.result(u"printer.objects.subscribe"_s, {{u"objects"_s, QJsonObject{{u"webhooks"_s, {}}}}}).isObject());
    startPrint(client);
    const int stop = client.send(u"printer.emergency_stop"_s);
    QVERIFY(!client.notification(u"notify_klippy_shutdown"_s).isEmpty());
    QCOMPARE(client.result(u"printer.info"_s).toObject().value("state"_L1).toString(), u"shutdown"_s);
    const int restart = client.send(u"printer.firmware_restart"_s);
    QVERIFY(!client.notification(u"notify_klippy_ready"_s).isEmpty());
    QStringList actual;
    for (const QJsonObject& frame : client.frames) {
        if (const QString word = recording::milestone(frame); !word.isEmpty())
            actual.append(word);
        else if (frame.value("id"_L1) == stop || frame.value("id"_L1) == restart)
            actual.append(frame.value("id"_L1) == stop ? u"stopped"_s : u"restarting"_s);
    }
    QCOMPARE(actual, expected);
}

void TestMoonrakerSim::pendingScriptFailsWhenKlippyDies()
{
    start();
    TestClient client;
    makeReady(client);
    const int waiting = client.send(u"printer.gcode.script"_s, {{u"script"_s, u"M109 S250"_s}});
    QTRY_COMPARE(m_klippy->scripts.size(), 1);
    m_klippy->die();
    const QJsonObject error = client.answer(waiting).value("error"_L1).toObject();
    QCOMPARE(error.value("code"_L1).toInt(), 503);
    QCOMPARE(error.value("message"_L1).toString(), u"Klippy Disconnected"_s);
    const auto place = [&](auto fits) { return std::ranges::find_if(client.frames, fits); };
    QVERIFY(place([](const QJsonObject& f) { return f.value("method"_L1) == u"notify_klippy_disconnected"_s; }) <
            place([&](const QJsonObject& f) { return f.value("id"_L1) == waiting; }));
    // The console keeps what was sent, for clients that come back.
    const QJsonArray store =
        client.result(u"server.gcode_store"_s, {{u"count"_s, 1}}).toObject().value("gcode_store"_L1).toArray();
    QCOMPARE(store.first().toObject().value("message"_L1).toString(), u"M109 S250"_s);
    QCOMPARE(store.first().toObject().value("type"_L1).toString(), u"command"_s);
}

void TestMoonrakerSim::klippyAwayIsSaid()
{
    m_klippy->up = false;
    start();
    TestClient client;
    QVERIFY(client.open(m_server->port()));
    for (const QString& method : {u"printer.info"_s, u"printer.objects.list"_s}) {
        const QJsonObject error = client.call(method).value("error"_L1).toObject();
        QCOMPARE(error.value("code"_L1).toInt(), 503);
        QCOMPARE(error.value("message"_L1).toString(), u"Klippy Host not connected"_s);
    }
    const QJsonObject info = client.result(u"server.info"_s).toObject();
    QCOMPARE(info.value("klippy_connected"_L1).toBool(true), false);
    QCOMPARE(info.value("klippy_state"_L1).toString(), u"disconnected"_s);
    QCOMPARE(TestHttp(m_server->port()).request("GET", u"/printer/info"_s).status, 503);
    m_klippy->setState(u"error"_s);
    QTRY_COMPARE(client.result(u"server.info"_s).toObject().value("klippy_state"_L1).toString(), u"error"_s);
}

void TestMoonrakerSim::subscriptionsAreMergedAndPruned()
{
    start();
    TestClient one, two;
    makeReady(one);
    makeReady(two);
    const auto subscribe = [](TestClient& client, const QJsonObject& objects) {
        return client.result(u"printer.objects.subscribe"_s, {{u"objects"_s, objects}})
            .toObject()
            .value("status"_L1)
            .toObject();
    };
    QCOMPARE(subscribe(one, {{u"toolhead"_s, QJsonArray{u"position"_s}}}).value("toolhead"_L1).toObject().keys(),
             QStringList{u"position"_s});
    // What changed in between is told to the first client when the second one's subscription finds it.
    QJsonObject toolhead = m_klippy->objects.value("toolhead"_L1).toObject();
    toolhead.insert(u"position"_s, QJsonArray{1, 2, 3, 4});
    m_klippy->objects.insert(u"toolhead"_s, toolhead);
    QVERIFY(subscribe(two, {{u"toolhead"_s, QJsonArray{u"homed_axes"_s}}, {u"fan"_s, {}}}).contains("fan"_L1));
    QCOMPARE(m_klippy->lastSubscription.value("toolhead"_L1).toArray().size(), 2);
    const QJsonObject told = one.notification(u"notify_status_update"_s);
    QCOMPARE(told.value("params"_L1)
                 .toArray()
                 .first()
                 .toObject()
                 .value("toolhead"_L1)
                 .toObject()
                 .value("position"_L1)
                 .toArray(),
             (QJsonArray{1, 2, 3, 4}));
    const auto before = one.frames.size();
    m_klippy->update({{u"fan"_s, QJsonObject{{u"speed"_s, 0.5}}}});
    const QJsonObject news =
        two.waitFor([](const QJsonObject& f) { return f.value("method"_L1) == u"notify_status_update"_s; });
    QCOMPARE(news.value("params"_L1).toArray().first().toObject().keys(), QStringList{u"fan"_s});
    QCOMPARE(news.value("params"_L1).toArray().at(1).toDouble(), 100.5);
    QVERIFY(one.result(u"server.info"_s).isObject());
    QCOMPARE(one.frames.size(), before + 1);
}

void TestMoonrakerSim::subscriptionsDieWithKlippy()
{
    start();
    TestClient client;
    makeReady(client);
    QVERIFY(client.result(u"printer.objects.subscribe"_s, {{u"objects"_s, QJsonObject{{u"fan"_s, {}}}}}).isObject());
    m_klippy->die();
    m_klippy->lastSubscription = {};
    m_klippy->setState(u"ready"_s);
    QVERIFY(!client.notification(u"notify_klippy_ready"_s).isEmpty());
    QVERIFY(!m_klippy->lastSubscription.contains("fan"_L1));
}

void TestMoonrakerSim::killedServerFindsTheJobInterrupted()
{
    start();
    addFile(u"tower_plr.gcode"_s);
    TestClient client;
    makeReady(client);
    startPrint(client);
    QSignalSpy closed(&client, &TestClient::closed);
    const quint16 port = m_server->port();
    m_server->kill();
    QVERIFY(closed.wait(5000));
    QVERIFY(!m_server->running());
    TestClient refused;
    QVERIFY(!refused.open(port));
    m_klippy->die();
    m_klippy->setState(u"ready"_s);
    QVERIFY(m_server->start());
    QCOMPARE(m_server->port(), port);
    TestClient again;
    makeReady(again);
    const QJsonObject jobs =
        again.result(u"server.history.list"_s, {{u"limit"_s, 3}, {u"order"_s, u"desc"_s}}).toObject();
    QCOMPARE(jobs.value("count"_L1).toInt(), 1);
    const QJsonObject job = jobs.value("jobs"_L1).toArray().first().toObject();
    QCOMPARE(job.value("status"_L1).toString(), u"interrupted"_s);
    QVERIFY(job.value("end_time"_L1).isNull());
    QCOMPARE(job.value("exists"_L1).toBool(), true);
    QCOMPARE(job.value("start_time"_L1).toDouble(), m_time);
    const auto lines = recording::load(u"04_full_power_loss_interrupted_job.jsonl"_s);
    QStringList wrong;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].value("frame"_L1).toObject().value("method"_L1) == u"server.history.list"_s)
            recording::compareShape(recording::answerTo(lines, i).value("result"_L1), jobs, u"history"_s, wrong);
    }
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join(u'\n')));
    // Another content under the same name is not the printed file any more.
    QFile file(m_folder->filePath(u"gcodes/tower_plr.gcode"_s));
    QVERIFY(file.open(QIODevice::Append) && file.write(";\n") == 2);
    file.close();
    const QJsonObject now = again.result(u"server.history.get_job"_s, {{u"uid"_s, u"000001"_s}}).toObject();
    QCOMPARE(now.value("job"_L1).toObject().value("exists"_L1).toBool(true), false);
}

void TestMoonrakerSim::finishedJobsAreKept_data()
{
    QTest::addColumn<QString>("state");
    QTest::addColumn<QString>("status");
    QTest::newRow("printed to its end") << u"complete"_s << u"completed"_s;
    QTest::newRow("cancelled") << u"cancelled"_s << u"cancelled"_s;
    QTest::newRow("failed") << u"error"_s << u"error"_s;
    QTest::newRow("klippy died") << QString() << u"klippy_disconnect"_s;
}

void TestMoonrakerSim::finishedJobsAreKept()
{
    QFETCH(QString, state);
    QFETCH(QString, status);
    start();
    addFile(u"tower_plr.gcode"_s);
    TestClient client;
    makeReady(client);
    startPrint(client);
    m_time += 100;
    m_klippy->update({{u"print_stats"_s, QJsonObject{{u"total_duration"_s, 99.5}, {u"filament_used"_s, 12.5}}}});
    client.frames.clear();
    if (state.isEmpty())
        m_klippy->die();
    else
        m_klippy->update({{u"print_stats"_s, QJsonObject{{u"state"_s, state}}}});
    const QJsonObject change =
        client.notification(u"notify_history_changed"_s).value("params"_L1).toArray().first().toObject();
    QCOMPARE(change.value("action"_L1).toString(), u"finished"_s);
    const QJsonObject job = change.value("job"_L1).toObject();
    QCOMPARE(job.value("status"_L1).toString(), status);
    QCOMPARE(job.value("end_time"_L1).toDouble(), m_time);
    QCOMPARE(job.value("total_duration"_L1).toDouble(), 99.5);
    QCOMPARE(job.value("filament_used"_L1).toDouble(), 12.5);
    m_server->kill();
    QVERIFY(m_server->start());
    const QJsonObject totals = TestHttp(m_server->port()).request("GET", u"/server/history/totals"_s).json();
    QCOMPARE(totals.value("result"_L1).toObject().value("job_totals"_L1).toObject().value("total_time"_L1).toDouble(),
             99.5);
}

void TestMoonrakerSim::linkDropClosesAndReturns()
{
    start();
    TestClient client;
    makeReady(client);
    QSignalSpy closed(&client, &TestClient::closed);
    m_server->dropLink(50);
    QVERIFY(closed.wait(5000));
    QVERIFY(m_server->running());
    TestClient again;
    QTRY_VERIFY(again.open(m_server->port()));
    QCOMPARE(again.result(u"server.info"_s).toObject().value("klippy_state"_L1).toString(), u"ready"_s);
}

void TestMoonrakerSim::databaseKeepsItems()
{
    start();
    TestClient client;
    makeReady(client);
    const QJsonObject item{{u"namespace"_s, u"plr"_s}, {u"key"_s, QJsonArray{u"a.b"_s, u"c"_s}}, {u"value"_s, 5}};
    QCOMPARE(client.result(u"server.database.post_item"_s, item).toObject().value("value"_L1).toInt(), 5);
    m_server->kill();
    QVERIFY(m_server->start());
    TestClient again;
    makeReady(again);
    const QJsonValue all =
        again.result(u"server.database.get_item"_s, {{u"namespace"_s, u"plr"_s}}).toObject().value("value"_L1);
    QCOMPARE(all.toObject(), (QJsonObject{{u"a.b"_s, QJsonObject{{u"c"_s, 5}}}}));
    QVERIFY(again.call(u"server.database.delete_item"_s, item).contains("result"_L1));
    QVERIFY(!again.result(u"server.database.list"_s).toObject().value("namespaces"_L1).toArray().contains(u"plr"_s));
}

void TestMoonrakerSim::badFramesAreAnswered_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("code");
    QTest::newRow("not JSON") << u"{not json"_s << -32700;
    QTest::newRow("an array") << u"[]"_s << -32600;
    QTest::newRow("no version") << uR"({"method":"server.info","id":99})"_s << -32600;
    QTest::newRow("method is a number") << uR"({"jsonrpc":"2.0","method":5,"id":99})"_s << -32600;
    QTest::newRow("params are a text") << uR"({"jsonrpc":"2.0","method":"server.info","params":"x","id":99})"_s
                                       << -32602;
    QTest::newRow("no such method") << uR"({"jsonrpc":"2.0","method":"x","id":99})"_s << -32601;
    QTest::newRow("script is missing") << uR"({"jsonrpc":"2.0","method":"printer.gcode.script","id":99})"_s << 400;
    QTest::newRow("identify without a name")
        << uR"({"jsonrpc":"2.0","method":"server.connection.identify","id":99})"_s << 400;
}

void TestMoonrakerSim::badFramesAreAnswered()
{
    QFETCH(QString, text);
    QFETCH(int, code);
    start();
    TestClient client;
    QVERIFY(client.open(m_server->port()));
    client.sendText(text);
    const QJsonObject answer = client.waitFor([](const QJsonObject& frame) { return frame.contains("error"_L1); });
    QCOMPARE(answer.value("error"_L1).toObject().value("code"_L1).toInt(), code);
    QVERIFY(client.result(u"server.info"_s).isObject());
}

void TestMoonrakerSim::hostileHttpIsRefused_data()
{
    QTest::addColumn<QByteArray>("request");
    QTest::addColumn<QByteArray>("status");
    QTest::newRow("not HTTP") << QByteArray("HELLO\r\n\r\n") << QByteArray("400");
    QTest::newRow("endless head") << "GET / HTTP/1.1\r\nX: " + QByteArray(80000, 'a') << QByteArray("431");
    QTest::newRow("endless body") << QByteArray("POST /server/jsonrpc HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n")
                                  << QByteArray("413");
    QTest::newRow("negative body") << QByteArray("POST /server/jsonrpc HTTP/1.1\r\nContent-Length: -5\r\n\r\n")
                                   << QByteArray("400");
    QTest::newRow("chunked body") << QByteArray("POST /server/jsonrpc HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
                                  << QByteArray("411");
    QTest::newRow("unknown path") << QByteArray("GET /nowhere HTTP/1.1\r\n\r\n") << QByteArray("404");
    QTest::newRow("upload without boundary")
        << QByteArray("POST /server/files/upload HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc")
        << QByteArray("400");
}

void TestMoonrakerSim::hostileHttpIsRefused()
{
    QFETCH(QByteArray, request);
    QFETCH(QByteArray, status);
    start();
    QTcpSocket socket;
    QSignalSpy connected(&socket, &QTcpSocket::connected);
    socket.connectToHost(QHostAddress::LocalHost, m_server->port());
    QVERIFY(connected.wait(5000));
    socket.write(request);
    QTRY_VERIFY(socket.bytesAvailable() > 12);
    QCOMPARE(socket.peek(12).sliced(9), status);
    QCOMPARE(TestHttp(m_server->port()).request("GET", u"/server/info"_s).status, 200);
}

void TestMoonrakerSim::writtenFilesAreAnnounced()
{
    start();
    TestClient client;
    makeReady(client);
    const auto write = [&](const QString& name) {
        QFile file(m_folder->filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("[Variables]\n") > 0);
        file.close();
        m_server->noteWritten(file.fileName());
    };
    const auto actions = [&] {
        QStringList found;
        for (const QJsonObject& frame : client.frames) {
            const QJsonObject change = frame.value("params"_L1).toArray().first().toObject();
            if (frame.value("method"_L1) == u"notify_filelist_changed"_s)
                found.append(change.value("action"_L1).toString() + u' ' +
                             change.value("item"_L1).toObject().value("path"_L1).toString());
        }
        return found;
    };
    write(u"config/variables.cfg"_s);
    m_time += 5;
    write(u"config/variables.cfg"_s);
    write(u"gcodes/a.gcode"_s);
    QVERIFY(QFile::rename(m_folder->filePath(u"gcodes/a.gcode"_s), m_folder->filePath(u"gcodes/a.gcode.plr"_s)));
    m_server->noteMoved(m_folder->filePath(u"gcodes/a.gcode"_s), m_folder->filePath(u"gcodes/a.gcode.plr"_s));
    write(u"gcodes/a.gcode"_s);
    m_server->noteWritten(u"/etc/passwd"_s);
    QVERIFY(client.result(u"server.info"_s).isObject());
    QTRY_COMPARE(actions(),
                 (QStringList{u"create_file variables.cfg"_s, u"modify_file variables.cfg"_s, u"create_file a.gcode"_s,
                              u"move_file a.gcode.plr"_s, u"create_file a.gcode"_s}));
    const QJsonArray files = client.result(u"server.files.list"_s, {{u"root"_s, u"config"_s}}).toArray();
    QCOMPARE(files.first().toObject().value("modified"_L1).toDouble(), m_time);
}

QTEST_GUILESS_MAIN(TestMoonrakerSim)
#include "tst_moonrakersim.moc"
