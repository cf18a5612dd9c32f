// SPDX-License-Identifier: GPL-3.0-or-later
#include <QEventLoop>
#include <QFile>
#include <QJsonDocument>
#include <QLoggingCategory>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include "fakemoonraker.h"
#include "moonrakerdriver.h"

using namespace kintsugi;
using namespace kintsugi::link;
using namespace kintsugi::test;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

const QString rightKey = u"0123456789abcdef0123456789abcdef"_s;

MoonrakerTimes quick()
{
    return {.request = 5s, .firstRetry = 5ms, .longestRetry = 20ms, .poll = 5ms, .sample = 0ms, .ping = 5s};
}

/// A driver with everything it says.
struct Link {
    explicit Link(const FakeMoonraker& server, Credentials credentials = {}, MoonrakerTimes times = quick())
        : driver(Address{server.url(), std::move(credentials)}, nullptr, [] { return 1000.0; }, times)
    {
        QObject::connect(&driver, &Driver::linkFailed, &driver, [this](const Error& error) { failures.push_back(error); });
        QObject::connect(&driver, &Driver::badMessage, &driver, [this](const Error& error) { bad.push_back(error); });
        QObject::connect(&driver, &Driver::linkChanged, &driver, [this](LinkState state) { states.push_back(state); });
        QObject::connect(&driver, &Driver::sampled, &driver, [this](const recovery::Sample& sample) { samples.push_back(sample); });
    }
    bool connect()
    {
        driver.open();
        return waitFor(LinkState::Connected);
    }
    bool waitFor(LinkState state)
    {
        QSignalSpy changed(&driver, &Driver::linkChanged);
        while (driver.linkState() != state) {
            if (!changed.wait())
                return false;
        }
        return true;
    }
    std::vector<Error> failures, bad;
    std::vector<LinkState> states;
    std::vector<recovery::Sample> samples;
    MoonrakerDriver driver;
};

/// Waits for the one answer of a request and keeps it.
template <class T = void>
struct Answer {
    std::optional<Result<T>> value;
    int count = 0;
    Driver::Reply<T> take()
    {
        return [this](const Result<T>& result) {
            value = result;
            ++count;
            loop.quit();
        };
    }
    bool wait()
    {
        QTimer::singleShot(5000, &loop, &QEventLoop::quit);
        if (count == 0)
            loop.exec();
        return count > 0;
    }
    QEventLoop loop;
};

/// The answers of recording 12 (a server that wants a login) by method and path, the first for each.
std::map<QByteArray, HttpReply> recordedLogins()
{
    std::map<QByteArray, HttpReply> replies;
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/12_auth_http_ws.jsonl"));
    if (!file.open(QIODevice::ReadOnly))
        return replies;
    QByteArray asked;
    while (!file.atEnd()) {
        const QJsonObject line = QJsonDocument::fromJson(file.readLine()).object();
        if (line.value("dir"_L1) == "c2s_http"_L1) {
            const QByteArray right = line.value("body"_L1).toString().contains("correct horse"_L1) ? " right" : "";
            asked = line.value("path"_L1).toString().toUtf8() + right;
        } else if (line.value("dir"_L1) == "s2c_http"_L1 && !replies.contains(asked)) {
            const QJsonValue body = line.value("body"_L1);
            replies[asked] = HttpReply{.status = line.value("status"_L1).toInt(), .body = QJsonDocument(body.toObject()).toJson()};
        }
    }
    return replies;
}

/// Makes the server behave as the one of recording 12.
void wantLogin(FakeMoonraker& server)
{
    const auto recorded = recordedLogins();
    server.onHttp("/access/info", [=](const HttpRequest&) { return recorded.at("/access/info"); });
    server.onHttp("/access/login", [=](const HttpRequest& request) {
        const bool right = request.body.contains("correct horse");
        return recorded.at(right ? "/access/login right" : "/access/login");
    });
    server.onHttp("/access/refresh_jwt", [=](const HttpRequest&) { return recorded.at("/access/refresh_jwt"); });
    server.onHttp("/access/oneshot_token", [=](const HttpRequest& request) {
        const bool known = request.headers.contains("authorization") && request.headers.at("authorization").startsWith("Bearer <jwt-token-");
        return known ? recorded.at("/access/oneshot_token") : recorded.at("/server/info");
    });
    server.onRpc(u"server.connection.identify"_s, [&server](const QJsonObject&) {
        const HttpRequest& shake = server.handshakes.back();
        const bool key = shake.headers.contains("x-api-key") && shake.headers.at("x-api-key") == rightKey.toLatin1();
        const bool token = QByteArray::fromPercentEncoding(shake.path) == "/websocket?token=<oneshot-token>";
        return key || token ? FakeMoonraker::result(QJsonObject{{u"connection_id"_s, 1}})
                            : FakeMoonraker::error(-32602, u"Unauthorized"_s);
    });
}

} // namespace

class TestMoonrakerDriver : public QObject
{
    Q_OBJECT
private slots:
    void connects();
    void answersNeverInsideTheCall();
    void answersNotAfterTheContextDied();
    void logsIn_data();
    void logsIn();
    void renewsItsLogin();
    void credentialsAreNeverLogged();
    void waitsForTheHost();
    void triesAgain();
    void pendingEndsWithTheLink();
    void closesForGood();
    void silentLinkIsDropped();
    void stalled_data();
    void stalled();
    void hostileHandshake_data();
    void hostileHandshake();
    void hostileMessages_data();
    void hostileMessages();
    void hostileFrames_data();
    void hostileFrames();
    void unreadableAnswers_data();
    void unreadableAnswers();
    void scriptEndsWithTheHost();
    void okIsNotBelievedAfterAStop();
    void scriptHasNoTimeout();
    void unknownCommands();
    void startsAtByte_data();
    void startsAtByte();
    void namesAreNotCode_data();
    void namesAreNotCode();
    void samplesAreThrottled();
    void readStatusAsksNow();
    void restart();
};

void TestMoonrakerDriver::connects()
{
    FakeMoonraker server;
    server.status = {{u"toolhead"_s, QJsonObject{{u"homed_axes"_s, u"xy"_s}, {u"axis_maximum"_s, 7}}},
                     {u"save_variables"_s, QJsonObject{{u"variables"_s, QJsonObject{{u"a"_s, 1}}}}},
                     {u"virtual_sdcard"_s, QJsonObject{{u"file_position"_s, 6144}}}};
    server.settings = {{u"power_loss_recovery"_s, QJsonObject{{u"pin_stepper_z"_s, u"PG1"_s}}}};
    Link link(server);
    QSignalSpy variables(&link.driver, &Driver::variablesChanged);
    QVERIFY(link.connect());
    QCOMPARE(link.states, (std::vector{LinkState::Connecting, LinkState::Connected}));
    const HostInfo host = link.driver.host();
    QCOMPARE(host.state, HostState::Ready);
    QCOMPARE(host.stateMessage, u"Printer is ready"_s);
    QCOMPARE(host.hostname, u"voron"_s);
    QCOMPARE(host.softwareVersion, u"v0.13.0"_s);
    QCOMPARE(host.serverVersion, u"v0.9"_s);
    QVERIFY(host.capabilities.testFlag(Capability::PlrPlugin));
    QVERIFY(host.capabilities.testFlag(Capability::ZPlusEndstops));
    QVERIFY(host.capabilities.testFlag(Capability::StartAtOffset));
    QVERIFY(!host.capabilities.testFlag(Capability::LivePosition));
    QCOMPARE(link.samples.size(), 1u);
    QCOMPARE(link.samples.front().time, 1000.0);
    QCOMPARE(link.samples.front().eventTime, std::optional(100.0));
    QCOMPARE(link.samples.front().homedAxes, std::string("xy"));
    QCOMPARE(link.samples.front().filePosition, std::optional(ByteOffset(6144)));
    QCOMPARE(variables.size(), 1);
    QCOMPARE(variables.first().first().toJsonObject(), (QJsonObject{{u"a"_s, 1}}));
    const QStringList order{u"server.connection.identify"_s, u"server.info"_s, u"printer.info"_s, u"printer.objects.list"_s,
                            u"printer.objects.query"_s, u"printer.objects.subscribe"_s};
    QStringList called;
    for (const auto& [method, params] : server.calls)
        called.append(method);
    QCOMPARE(called, order);
    const QJsonObject wanted = server.calls.back().second.value("objects"_L1).toObject();
    QVERIFY(!wanted.value("toolhead"_L1).toArray().contains(u"axis_maximum"_s));
}

void TestMoonrakerDriver::answersNeverInsideTheCall()
{
    FakeMoonraker server;
    Link link(server);
    Answer<ScriptResult> script;
    Answer<QJsonObject> variables;
    Answer<RemoteFile> file;
    Answer<> start;
    link.driver.runScript(u"M115"_s, &link.driver, script.take());
    link.driver.readVariables(&link.driver, variables.take());
    link.driver.download(u"gcodes"_s, u"a"_s, u"/nonexistent"_s, 0, {}, &link.driver, file.take());
    link.driver.startPrintAt(u"a\nb"_s, 0, &link.driver, start.take());
    QCOMPARE(script.count + variables.count + file.count + start.count, 0);
    QVERIFY(script.wait() && variables.wait() && file.wait() && start.wait());
    QCOMPARE(script.value->error().code, ErrorCode::Disconnected);
    QCOMPARE(variables.value->error().code, ErrorCode::Disconnected);
    QCOMPARE(file.value->error().code, ErrorCode::Disconnected);
    QVERIFY(server.calls.empty());
}

void TestMoonrakerDriver::answersNotAfterTheContextDied()
{
    FakeMoonraker server;
    Link link(server);
    QVERIFY(link.connect());
    int answers = 0;
    auto context = std::make_unique<QObject>();
    link.driver.runScript(u"M115"_s, context.get(), [&](const Result<ScriptResult>&) { ++answers; });
    link.driver.readVariables(context.get(), [&](const Result<QJsonObject>&) { ++answers; });
    context.reset();
    Answer<QJsonObject> later;
    link.driver.readSettings(&link.driver, later.take());
    QVERIFY(later.wait());
    QTRY_COMPARE(server.count(u"printer.objects.query"_s), 4); // the look after "ok" has been answered, too
    QCOMPARE(answers, 0);
}

void TestMoonrakerDriver::logsIn_data()
{
    QTest::addColumn<QString>("apiKey");
    QTest::addColumn<QString>("user");
    QTest::addColumn<QString>("password");
    QTest::addColumn<QString>("failure"); // empty: connected
    QTest::newRow("without credentials") << QString() << QString() << QString() << u"login required"_s;
    QTest::newRow("API key") << rightKey << QString() << QString() << QString();
    QTest::newRow("wrong API key") << QString(32, u'f') << QString() << QString() << u"Unauthorized"_s;
    QTest::newRow("user and password") << QString() << u"plr"_s << u"correct horse"_s << QString();
    QTest::newRow("wrong password") << QString() << u"plr"_s << u"wrong"_s << u"Invalid Password"_s;
}

void TestMoonrakerDriver::logsIn()
{
    QFETCH(QString, apiKey);
    QFETCH(QString, user);
    QFETCH(QString, password);
    QFETCH(QString, failure);
    FakeMoonraker server;
    wantLogin(server);
    Link link(server, {apiKey, user, password});
    link.driver.open();
    QVERIFY(link.waitFor(failure.isEmpty() ? LinkState::Connected : LinkState::Offline));
    QCOMPARE(server.httpCalls.front().path, QByteArray("/access/info"));
    if (!failure.isEmpty()) {
        QCOMPARE(link.failures.size(), 1u);
        QCOMPARE(link.failures.front().code, ErrorCode::Unauthorized);
        QCOMPARE(QString::fromStdString(link.failures.front().detail), failure);
        return; // Offline, not Retrying: nobody is locked out
    }
    const HttpRequest& shake = server.handshakes.back();
    QCOMPARE(shake.headers.contains("x-api-key"), !apiKey.isEmpty());
    QCOMPARE(shake.path.contains("token="), !user.isEmpty());
    const QJsonObject who = server.calls.front().second;
    QCOMPARE(who.value("access_token"_L1).toString(), user.isEmpty() ? QString() : u"<jwt-token-1>"_s);
}

void TestMoonrakerDriver::renewsItsLogin()
{
    FakeMoonraker server;
    wantLogin(server);
    server.files[u"gcodes/a.gcode"_s] = "G28\n";
    server.onHttp("/server/files/gcodes/a.gcode", [](const HttpRequest& request) {
        const bool fresh = request.headers.at("authorization") == "Bearer <jwt-token-3>"; // the one of refresh_jwt
        return fresh ? HttpReply{.body = "G28\n"} : HttpReply{.status = 401, .body = R"({"error":{"code":401,"message":"Unauthorized"}})"};
    });
    Link link(server, {{}, u"plr"_s, u"correct horse"_s});
    QVERIFY(link.connect());
    QTemporaryDir folder;
    Answer<RemoteFile> file;
    link.driver.download(u"gcodes"_s, u"a.gcode"_s, folder.filePath(u"a"_s), 0, {}, &link.driver, file.take());
    QVERIFY(file.wait());
    QVERIFY2(*file.value, file.value->has_value() ? "" : file.value->error().detail.c_str());
    QFile local(folder.filePath(u"a"_s));
    QVERIFY(local.open(QIODevice::ReadOnly));
    QCOMPARE(local.readAll(), QByteArray("G28\n"));
    server.dropClients();
    QTRY_COMPARE(server.handshakes.size(), 2u);
    QVERIFY(link.waitFor(LinkState::Connected));
    const auto logins = std::ranges::count(server.httpCalls, QByteArray("/access/login"), &HttpRequest::path);
    QCOMPARE(logins, 1); // the refresh token served all the rest
}

namespace {
QStringList* logged = nullptr;
void keepLog(QtMsgType, const QMessageLogContext&, const QString& text)
{
    logged->append(text);
}
} // namespace

void TestMoonrakerDriver::credentialsAreNeverLogged()
{
    QStringList lines;
    logged = &lines;
    QLoggingCategory::setFilterRules(u"kintsugi.*=true"_s);
    const auto before = qInstallMessageHandler(keepLog);
    for (const Credentials& credentials : {Credentials{rightKey, {}, {}}, Credentials{{}, u"plr"_s, u"correct horse"_s},
                                           Credentials{{}, u"plr"_s, u"wrong horse"_s}}) {
        FakeMoonraker server;
        wantLogin(server);
        Link link(server, credentials);
        link.driver.open();
        const bool wrong = credentials.password.startsWith("wrong"_L1);
        QVERIFY(link.waitFor(wrong ? LinkState::Offline : LinkState::Connected));
        server.dropClients();
        if (!wrong)
            QTRY_VERIFY(link.states.size() > 2);
    }
    qInstallMessageHandler(before);
    QLoggingCategory::setFilterRules({});
    const QString all = lines.join(u'\n');
    QVERIFY(all.contains("server.connection.identify"_L1));
    for (const char* secret : {"0123456789abcdef", "horse", "jwt-token", "oneshot-token", "jwt-refresh"})
        QVERIFY2(!all.contains(QLatin1String(secret)), secret);
}

void TestMoonrakerDriver::waitsForTheHost()
{
    FakeMoonraker server;
    server.klippyConnected = false;
    server.klippyState = u"disconnected"_s;
    Link link(server);
    QVERIFY(link.connect());
    QCOMPARE(link.driver.host().state, HostState::Disconnected);
    server.klippyConnected = true;
    server.klippyState = u"startup"_s;
    QTRY_COMPARE(link.driver.host().state, HostState::Startup);
    QCOMPARE(server.count(u"printer.objects.subscribe"_s), 0);
    server.klippyState = u"ready"_s;
    QTRY_COMPARE(link.driver.host().state, HostState::Ready);
    QCOMPARE(server.count(u"printer.objects.subscribe"_s), 1);
    server.notify(u"notify_klippy_ready"_s); // restarted unseen: a new subscription
    QTRY_COMPARE(server.count(u"printer.objects.subscribe"_s), 2);
    QVERIFY(link.failures.empty());
}

void TestMoonrakerDriver::triesAgain()
{
    FakeMoonraker server;
    server.stopListening();
    Link link(server);
    link.driver.open();
    QTRY_VERIFY(link.failures.size() >= 3);
    QCOMPARE(link.failures.front().code, ErrorCode::Unreachable);
    QCOMPARE(link.driver.linkState() == LinkState::Connected, false);
    server.listenAgain();
    QVERIFY(link.waitFor(LinkState::Connected));
    server.dropClients();
    QTRY_COMPARE(server.handshakes.size(), 2u);
    QVERIFY(link.waitFor(LinkState::Connected));
    QCOMPARE(link.failures.back().code, ErrorCode::Disconnected);
    QCOMPARE(server.count(u"printer.objects.subscribe"_s), 2);
}

void TestMoonrakerDriver::pendingEndsWithTheLink()
{
    FakeMoonraker server;
    server.onRpc(u"printer.gcode.script"_s, [](const QJsonObject&) { return std::nullopt; });
    server.onRpc(u"server.history.list"_s, [](const QJsonObject&) { return std::nullopt; });
    Link link(server);
    QVERIFY(link.connect());
    Answer<ScriptResult> script;
    Answer<std::vector<RemoteJob>> jobs;
    Answer<ScriptResult> late;
    link.driver.runScript(u"G28"_s, &link.driver, script.take());
    link.driver.history(3, &link.driver, jobs.take());
    QTRY_COMPARE(server.count(u"server.history.list"_s), 1);
    connect(&link.driver, &Driver::linkChanged, this, [&](LinkState state) {
        if (state == LinkState::Retrying)
            link.driver.runScript(u"G28"_s, &link.driver, late.take());
    });
    server.dropClients();
    QVERIFY(script.wait() && jobs.wait() && late.wait());
    QCOMPARE(script.value->error().code, ErrorCode::Disconnected);
    QCOMPARE(jobs.value->error().code, ErrorCode::Disconnected);
    QCOMPARE(late.value->error().code, ErrorCode::Disconnected);
    QVERIFY(link.waitFor(LinkState::Connected));
    QCOMPARE(server.count(u"printer.gcode.script"_s), 1); // nothing is sent again by itself
}

void TestMoonrakerDriver::closesForGood()
{
    FakeMoonraker server;
    Link link(server);
    QVERIFY(link.connect());
    Answer<ScriptResult> script;
    server.onRpc(u"printer.gcode.script"_s, [](const QJsonObject&) { return std::nullopt; });
    link.driver.runScript(u"G28"_s, &link.driver, script.take());
    link.driver.close();
    QCOMPARE(link.driver.linkState(), LinkState::Offline);
    QCOMPARE(link.driver.host().state, HostState::Unknown);
    QVERIFY(script.wait());
    QCOMPARE(script.value->error().code, ErrorCode::Disconnected);
    link.driver.open();
    link.driver.close(); // while it is still logging in
    QCOMPARE(link.driver.linkState(), LinkState::Offline);
    QVERIFY(link.connect());
    QVERIFY(link.failures.empty());
}

void TestMoonrakerDriver::silentLinkIsDropped()
{
    FakeMoonraker server;
    auto times = quick();
    times.ping = 20ms;
    Link link(server, {}, times);
    QVERIFY(link.connect());
    server.sendRaw(QByteArray::fromHex("817e4000")); // a frame that never ends: the pongs behind it never come
    QTRY_VERIFY(!link.failures.empty());
    QCOMPARE(link.failures.front().code, ErrorCode::Timeout);
    QVERIFY(link.waitFor(LinkState::Connected));
}

void TestMoonrakerDriver::stalled_data()
{
    QTest::addColumn<QString>("where");
    for (const char* where : {"/access/info", "server.connection.identify", "server.info", "printer.objects.subscribe"})
        QTest::newRow(where) << QString::fromLatin1(where);
}

void TestMoonrakerDriver::stalled()
{
    QFETCH(QString, where);
    FakeMoonraker server;
    if (where.startsWith(u'/'))
        server.onHttp(where.toLatin1(), [](const HttpRequest&) { return HttpReply{.stall = true}; });
    else
        server.onRpc(where, [](const QJsonObject&) { return std::nullopt; });
    auto times = quick();
    times.request = 200ms;
    Link link(server, {}, times);
    link.driver.open();
    QTRY_VERIFY(!link.failures.empty());
    QCOMPARE(link.failures.front().code, ErrorCode::Timeout);
    if (!where.startsWith(u'/'))
        QCOMPARE(QString::fromStdString(link.failures.front().detail), where);
}

void TestMoonrakerDriver::hostileHandshake_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("code");
    const auto row = [](const char* name, int status, const QByteArray& body, ErrorCode code) {
        QTest::newRow(name) << status << body << static_cast<int>(code);
    };
    row("redirect", 302, "", ErrorCode::BadReply);
    row("web page", 200, "<html>login</html>", ErrorCode::BadReply);
    row("wrong type", 200, R"({"result":{"login_required":"no","trusted":true}})", ErrorCode::BadValue);
    row("unauthorized", 401, R"({"error":{"code":401,"message":"Unauthorized"}})", ErrorCode::Unauthorized);
    row("server error", 500, R"({"error":{"code":500,"message":"Internal Server Error"}})", ErrorCode::Refused);
}

void TestMoonrakerDriver::hostileHandshake()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(int, code);
    FakeMoonraker server, elsewhere;
    server.onHttp("/access/info", [&](const HttpRequest&) {
        return HttpReply{.status = status, .body = body, .headers = {{"Location", "http://127.0.0.1:" + QByteArray::number(elsewhere.url().port()) + "/"}}};
    });
    Link link(server, {u"key"_s, {}, {}});
    link.driver.open();
    QTRY_VERIFY(!link.failures.empty());
    QCOMPARE(static_cast<int>(link.failures.front().code), code);
    QVERIFY(elsewhere.httpCalls.empty());
    QVERIFY(server.handshakes.empty());
}

void TestMoonrakerDriver::hostileMessages_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("field");
    QTest::newRow("wrong type in a status") << uR"({"method":"notify_status_update","params":[{"extruder":{"target":"210"}},5]})"_s << u"params[0].extruder.target"_s;
    QTest::newRow("status is a list") << uR"({"method":"notify_status_update","params":[[1],5]})"_s << u"params[0]"_s;
    QTest::newRow("variables are a text") << uR"({"method":"notify_status_update","params":[{"save_variables":{"variables":"{}"}},5]})"_s << u"params[0].save_variables.variables"_s;
    QTest::newRow("console is a number") << uR"({"method":"notify_gcode_response","params":[7]})"_s << u"params[0]"_s;
    QTest::newRow("console without text") << uR"({"method":"notify_gcode_response"})"_s << u"params[0]"_s;
    QTest::newRow("file change without item") << uR"({"method":"notify_filelist_changed","params":[{"action":"create_file"}]})"_s << u"params[0].item.path"_s;
    QTest::newRow("file of size -1") << uR"({"method":"notify_filelist_changed","params":[{"action":"a","item":{"path":"p","size":-1}}]})"_s << u"params[0].item.size"_s;
    QTest::newRow("job without status") << uR"({"method":"notify_history_changed","params":[{"job":{"job_id":"1","filename":"f"}}]})"_s << u"params[0].job.status"_s;
    QTest::newRow("torn text") << uR"({"method":"notify_gcode_re)"_s << QString();
    QTest::newRow("NUL bytes") << QString(u"{\"method\":\"notify_gcode_response\",\"params\":[\"a"_s + QChar(0) + u"b\"]}\0"_s + QChar(0)) << QString();
    QTest::newRow("NaN") << uR"({"method":"notify_status_update","params":[{"extruder":{"temperature":NaN}},5]})"_s << QString();
    QTest::newRow("a megabyte of brackets") << QString(1024 * 1024, u'[') << QString();
}

void TestMoonrakerDriver::hostileMessages()
{
    QFETCH(QString, text);
    QFETCH(QString, field);
    FakeMoonraker server;
    Link link(server);
    QVERIFY(link.connect());
    server.sendText(text);
    QTRY_COMPARE(link.bad.size(), 1u);
    QCOMPARE(QString::fromStdString(link.bad.front().field), field);
    QSignalSpy console(&link.driver, &Driver::consoleReceived);
    server.notify(u"notify_gcode_response"_s, {u"still here"_s});
    QTRY_COMPARE(console.size(), 1);
    QCOMPARE(link.driver.linkState(), LinkState::Connected);
    QCOMPARE(link.bad.size(), 1u);
}

void TestMoonrakerDriver::hostileFrames_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("closes");
    QTest::newRow("torn frame, then closed") << QByteArray::fromHex("810a7b22") << true;
    QTest::newRow("torn length, then closed") << QByteArray::fromHex("817e01") << true;
    QTest::newRow("reserved bits") << QByteArray::fromHex("f10161") << false;
    QTest::newRow("unknown opcode") << QByteArray::fromHex("830161") << false;
    QTest::newRow("half a terabyte announced") << QByteArray::fromHex("817f0000007fffffffff") << false;
    QTest::newRow("invalid UTF-8") << QByteArray::fromHex("8102fffe") << false;
    QTest::newRow("HTTP in the middle") << QByteArray("HTTP/1.1 200 OK\r\n\r\n") << false;
}

void TestMoonrakerDriver::hostileFrames()
{
    QFETCH(QByteArray, bytes);
    QFETCH(bool, closes);
    FakeMoonraker server;
    Link link(server);
    QVERIFY(link.connect());
    server.sendRaw(bytes);
    if (closes)
        server.dropClients();
    QTRY_COMPARE(server.handshakes.size(), 2u); // dropped, and up again
    QVERIFY(link.waitFor(LinkState::Connected));
    QCOMPARE(link.failures.size(), 1u);
    QVERIFY(link.bad.empty());
}

void TestMoonrakerDriver::unreadableAnswers_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QByteArray>("result");
    QTest::addColumn<QString>("field");
    QTest::newRow("jobs no list") << u"server.history.list"_s << QByteArray(R"({"jobs":{}})") << u"result.jobs"_s;
    QTest::newRow("job of a wrong type") << u"server.history.list"_s << QByteArray(R"({"jobs":[{"job_id":"1","filename":"f","status":"s","end_time":"now"}]})") << u"result.jobs[0].end_time"_s;
    QTest::newRow("files no list") << u"server.files.get_directory"_s << QByteArray(R"({"files":"none"})") << u"result.files"_s;
    QTest::newRow("size as text") << u"server.files.get_directory"_s << QByteArray(R"({"files":[{"filename":"a","size":"12"}]})") << u"result.files[0].size"_s;
    QTest::newRow("metadata without size") << u"server.files.metadata"_s << QByteArray(R"({"filename":"a"})") << u"result.size"_s;
    QTest::newRow("console without message") << u"server.gcode_store"_s << QByteArray(R"({"gcode_store":[{"time":1}]})") << u"result.gcode_store[0].message"_s;
}

void TestMoonrakerDriver::unreadableAnswers()
{
    QFETCH(QString, method);
    QFETCH(QByteArray, result);
    QFETCH(QString, field);
    FakeMoonraker server;
    server.answer(method, QJsonDocument::fromJson(result).object());
    Link link(server);
    QVERIFY(link.connect());
    std::optional<Error> error;
    const auto note = [&error](const auto& answer) { error = answer.error(); };
    link.driver.history(1, &link.driver, [&](const Result<std::vector<RemoteJob>>& r) { if (method.contains("history"_L1)) note(r); });
    link.driver.listFolder(u"gcodes"_s, &link.driver, [&](const Result<std::vector<RemoteFile>>& r) { if (method.contains("directory"_L1)) note(r); });
    link.driver.metadata(u"a"_s, &link.driver, [&](const Result<FileMetadata>& r) { if (method.contains("metadata"_L1)) note(r); });
    link.driver.consoleStore(1, &link.driver, [&](const Result<std::vector<ConsoleLine>>& r) { if (method.contains("store"_L1)) note(r); });
    QTRY_VERIFY(error);
    QCOMPARE(error->code, ErrorCode::BadValue);
    QCOMPARE(QString::fromStdString(error->field), field);
    QCOMPARE(link.driver.linkState(), LinkState::Connected);
}

void TestMoonrakerDriver::scriptEndsWithTheHost()
{
    FakeMoonraker server;
    server.onRpc(u"printer.gcode.script"_s, [](const QJsonObject&) { return std::nullopt; });
    Link link(server);
    QVERIFY(link.connect());
    Answer<ScriptResult> first, second;
    link.driver.runScript(u"M109 S250"_s, &link.driver, first.take());
    QTRY_COMPARE(server.count(u"printer.gcode.script"_s), 1);
    server.klippyState = u"shutdown"_s;
    server.notify(u"notify_klippy_shutdown"_s);
    QVERIFY(first.wait());
    QVERIFY(*first.value);
    QCOMPARE((*first.value)->hostReadyAfter, false);
    QCOMPARE((*first.value)->hostState, HostState::Shutdown);
    link.driver.runScript(u"M115"_s, &link.driver, second.take());
    QTRY_COMPARE(server.count(u"printer.gcode.script"_s), 2);
    server.klippyConnected = false;
    server.notify(u"notify_klippy_disconnected"_s);
    QVERIFY(second.wait());
    QCOMPARE(second.value->error().code, ErrorCode::Disconnected);
    QCOMPARE(first.count + second.count, 2);
    QCOMPARE(link.samples.back().hostState, std::string("disconnected"));
}

void TestMoonrakerDriver::okIsNotBelievedAfterAStop()
{
    FakeMoonraker server;
    server.onRpc(u"printer.gcode.script"_s, [&server](const QJsonObject&) {
        server.klippyState = u"shutdown"_s; // an emergency stop of somebody else: no notification yet
        server.klippyMessage = u"Shutdown due to webhooks request"_s;
        return FakeMoonraker::result(u"ok"_s);
    });
    Link link(server);
    QVERIFY(link.connect());
    Answer<ScriptResult> script;
    link.driver.runScript(u"G28"_s, &link.driver, script.take());
    QVERIFY(script.wait());
    QCOMPARE((*script.value)->hostReadyAfter, false);
    QCOMPARE((*script.value)->hostState, HostState::Shutdown);
    QCOMPARE(link.driver.host().state, HostState::Shutdown);
    QCOMPARE(link.driver.host().stateMessage, u"Shutdown due to webhooks request"_s);
    Answer<> start;
    link.driver.startPrintAt(u"a.gcode"_s, 10, &link.driver, start.take());
    QVERIFY(start.wait());
    QCOMPARE(start.value->error().code, ErrorCode::KlippyNotReady);
}

void TestMoonrakerDriver::scriptHasNoTimeout()
{
    FakeMoonraker server;
    int heldId = 0;
    server.onRpc(u"printer.gcode.script"_s, [](const QJsonObject&) { return std::nullopt; });
    server.onRpc(u"server.history.list"_s, [](const QJsonObject&) { return std::nullopt; });
    connect(&server, &FakeMoonraker::called, this, [&](const QString& method, const QJsonObject&, int id) {
        if (method == "printer.gcode.script"_L1)
            heldId = id;
    });
    auto times = quick();
    times.request = 300ms;
    Link link(server, {}, times);
    QVERIFY(link.connect());
    Answer<ScriptResult> script;
    Answer<std::vector<RemoteJob>> first, second;
    link.driver.runScript(u"M109 S250"_s, &link.driver, script.take());
    link.driver.history(1, &link.driver, first.take());
    QVERIFY(first.wait());
    QCOMPARE(first.value->error().code, ErrorCode::Timeout);
    link.driver.history(1, &link.driver, second.take());
    QVERIFY(second.wait());
    QCOMPARE(script.count, 0);
    server.send({{u"id"_s, heldId}, {u"result"_s, u"ok"_s}});
    QVERIFY(script.wait());
    QVERIFY(*script.value && (*script.value)->hostReadyAfter);
}

void TestMoonrakerDriver::unknownCommands()
{
    FakeMoonraker server;
    server.onRpc(u"printer.gcode.script"_s, [&server](const QJsonObject&) {
        server.notify(u"notify_gcode_response"_s, {u"// Unknown command:\"FOO\""_s});
        server.notify(u"notify_gcode_response"_s, {u"// fine"_s});
        server.notify(u"notify_gcode_response"_s, {u"// Unknown command:\"BAR\""_s});
        return FakeMoonraker::result(u"ok"_s);
    });
    Link link(server);
    QVERIFY(link.connect());
    Answer<ScriptResult> script, next;
    link.driver.runScript(u"FOO\nBAR"_s, &link.driver, script.take());
    QVERIFY(script.wait());
    QCOMPARE((*script.value)->unknownCommands, (QStringList{u"FOO"_s, u"BAR"_s}));
    server.answer(u"printer.gcode.script"_s, u"ok"_s);
    link.driver.runScript(u"M115"_s, &link.driver, next.take());
    QVERIFY(next.wait());
    QCOMPARE((*next.value)->unknownCommands, QStringList());
}

void TestMoonrakerDriver::startsAtByte_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("script");
    QTest::newRow("in the root") << u"tower plr.gcode"_s << u"M23 tower plr.gcode\nM26 S6144\nM24"_s;
    QTest::newRow("in a folder") << u"parts/tower sub.gcode"_s << u"SDCARD_PRINT_FILE FILENAME=\"parts/tower sub.gcode\"\nM25\nM26 S6144\nM24"_s;
    QTest::newRow("not English") << u"Gehäuse äöü.gcode"_s << u"M23 Gehäuse äöü.gcode\nM26 S6144\nM24"_s;
}

void TestMoonrakerDriver::startsAtByte()
{
    QFETCH(QString, file);
    QFETCH(QString, script);
    FakeMoonraker server;
    Link link(server);
    QVERIFY(link.connect());
    Answer<> start;
    link.driver.startPrintAt(file, 6144, &link.driver, start.take());
    QVERIFY(start.wait());
    QVERIFY(*start.value);
    const auto sent = std::ranges::find(server.calls, u"printer.gcode.script"_s, &std::pair<QString, QJsonObject>::first);
    QCOMPARE(sent->second.value("script"_L1).toString(), script);
    server.onRpc(u"printer.gcode.script"_s, [](const QJsonObject&) { return FakeMoonraker::error(400, u"SD busy"_s); });
    Answer<> busy;
    link.driver.startPrintAt(file, 6144, &link.driver, busy.take());
    QVERIFY(busy.wait());
    QCOMPARE(busy.value->error().code, ErrorCode::Busy);
}

void TestMoonrakerDriver::namesAreNotCode_data()
{
    QTest::addColumn<QString>("file");
    QTest::newRow("line feed") << u"a.gcode\nM112"_s;
    QTest::newRow("carriage return") << u"a\r.gcode"_s;
    QTest::newRow("quote") << u"dir/a\" X=\".gcode"_s;
    QTest::newRow("backslash") << u"a\\.gcode"_s;
    QTest::newRow("NUL") << QString(u"a"_s + QChar(0));
    QTest::newRow("blank in front") << u" a.gcode"_s;
    QTest::newRow("empty") << QString();
}

void TestMoonrakerDriver::namesAreNotCode()
{
    QFETCH(QString, file);
    FakeMoonraker server;
    Link link(server);
    QVERIFY(link.connect());
    Answer<> start;
    link.driver.startPrintAt(file, 1, &link.driver, start.take());
    QVERIFY(start.wait());
    QCOMPARE(start.value->error().code, ErrorCode::BadValue);
    QCOMPARE(server.count(u"printer.gcode.script"_s), 0);
}

void TestMoonrakerDriver::samplesAreThrottled()
{
    FakeMoonraker server;
    server.status = {{u"virtual_sdcard"_s, QJsonObject{{u"file_position"_s, 0}}}};
    auto times = quick();
    times.sample = 100ms;
    Link link(server, {}, times);
    QVERIFY(link.connect());
    QCOMPARE(link.samples.size(), 1u);
    for (int i = 1; i <= 50; ++i)
        server.notify(u"notify_status_update"_s, {QJsonObject{{u"virtual_sdcard"_s, QJsonObject{{u"file_position"_s, i}}}}, 100.0 + i});
    QTRY_VERIFY(link.samples.back().filePosition == ByteOffset(50)); // the newest is never lost
    QVERIFY2(link.samples.size() <= 3, qPrintable(QString::number(link.samples.size())));
    QCOMPARE(link.samples.back().eventTime, std::optional(150.0));
}

void TestMoonrakerDriver::readStatusAsksNow()
{
    FakeMoonraker server;
    server.status = {{u"toolhead"_s, QJsonObject{{u"homed_axes"_s, u""_s}}}};
    Link link(server);
    QVERIFY(link.connect());
    server.status = {{u"toolhead"_s, QJsonObject{{u"homed_axes"_s, u"xyz"_s}}}};
    Answer<recovery::Sample> status;
    link.driver.readStatus(&link.driver, status.take());
    QVERIFY(status.wait());
    QCOMPARE((*status.value)->homedAxes, std::string("xyz"));
    QCOMPARE((*status.value)->hostState, std::string("ready"));
    QCOMPARE((*status.value)->time, 1000.0);
}

void TestMoonrakerDriver::restart()
{
    FakeMoonraker server;
    Link link(server);
    QVERIFY(link.connect());
    server.onRpc(u"printer.firmware_restart"_s, [](const QJsonObject&) { return FakeMoonraker::error(503, u"Klippy Disconnected"_s); });
    Answer<> first, second;
    link.driver.restartHost(true, &link.driver, first.take());
    link.driver.restartHost(false, &link.driver, second.take());
    QVERIFY(first.wait() && second.wait());
    QVERIFY(*first.value && *second.value);
    QCOMPARE(server.count(u"printer.restart"_s), 1);
}

QTEST_GUILESS_MAIN(TestMoonrakerDriver)
#include "tst_moonrakerdriver.moc"
