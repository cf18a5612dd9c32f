// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonDocument>
#include <QSignalSpy>
#include <QTest>

#include "jsonread.h"
#include "jsonrpc.h"
#include "klipperstatus.h"

using namespace kintsugi;
using namespace kintsugi::link;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QJsonObject object(const char* text)
{
    return QJsonDocument::fromJson(text).object();
}

} // namespace

class TestJsonRpc : public QObject
{
    Q_OBJECT
private slots:
    void answersAreMatchedByNumber();
    void serverErrors_data();
    void serverErrors();
    void timesOut();
    void endsAll();
    void diesWithCallsUnderWay();
    void unreadable_data();
    void unreadable();
    void notANumber();
    void statusErrors_data();
    void statusErrors();
    void statusMerges();
    void nullIsUnknown();
    void subscribesToKnownFieldsOnly();
    void capabilities_data();
    void capabilities();
};

void TestJsonRpc::answersAreMatchedByNumber()
{
    QList<QByteArray> sent;
    JsonRpc rpc([&sent](const QByteArray& message) { sent.append(message); });
    QStringList answers;
    const auto note = [&answers](const char* name) {
        return [&answers, name](const Result<QJsonValue>& value) { answers.append(QLatin1String(name) + value->toString()); };
    };
    const int a = rpc.call(u"a"_s, {}, 1s, note("a:"));
    const int b = rpc.call(u"b"_s, {{u"x"_s, 1}}, JsonRpc::noTimeout, note("b:"));
    QCOMPARE(object(sent.at(1)), (QJsonObject{{u"jsonrpc"_s, u"2.0"_s}, {u"method"_s, u"b"_s}, {u"id"_s, b}, {u"params"_s, QJsonObject{{u"x"_s, 1}}}}));
    const auto reply = [&rpc](int id, const char* text) {
        rpc.receive("{\"jsonrpc\":\"2.0\",\"result\":\"" + QByteArray(text) + "\",\"extra\":1,\"id\":" + QByteArray::number(id) + "}");
    };
    reply(b, "second");
    reply(a, "first");
    reply(a, "again");
    QCOMPARE(answers, (QStringList{u"b:second"_s, u"a:first"_s}));
    QCOMPARE(rpc.pending(), 0);
}

void TestJsonRpc::serverErrors_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("words");
    QTest::addColumn<int>("expected");
    const auto row = [](const char* name, int code, const char* words, ErrorCode expected) {
        QTest::newRow(name) << code << QString::fromLatin1(words) << static_cast<int>(expected);
    };
    row("Klipper refuses", 400, "Must home axis first", ErrorCode::Refused);
    row("card busy", 400, "SD busy", ErrorCode::Busy);
    row("file loaded", 403, "File is loaded, upload not permitted", ErrorCode::Busy);
    row("not logged in", -32602, "Unauthorized", ErrorCode::Unauthorized);
    row("wrong key", -32602, "Invalid API Key", ErrorCode::Unauthorized);
    row("bad parameters", -32602, "No data for argument: filename", ErrorCode::Refused);
    row("no method", -32601, "Method not found", ErrorCode::NotSupported);
    row("no item", -32601, "Metadata not available for <a.gcode>", ErrorCode::FileMissing);
    row("no folder", 400, "Directory does not exist (gcodes/x)", ErrorCode::FileMissing);
    row("host gone", 503, "Klippy Host not connected", ErrorCode::KlippyNotReady);
    row("host died", 503, "Klippy Disconnected", ErrorCode::Disconnected);
    row("server's disk", 500, "[Errno 28] No space left on device", ErrorCode::DiskFull);
}

void TestJsonRpc::serverErrors()
{
    QFETCH(int, code);
    QFETCH(QString, words);
    QFETCH(int, expected);
    JsonRpc rpc([](const QByteArray&) {});
    std::optional<Error> error;
    const int id = rpc.call(u"m"_s, {}, 1s, [&error](const Result<QJsonValue>& value) { error = value.error(); });
    rpc.receive(QJsonDocument(QJsonObject{{u"id"_s, id}, {u"error"_s, QJsonObject{{u"code"_s, code}, {u"message"_s, words}}}}).toJson());
    QVERIFY(error);
    QCOMPARE(static_cast<int>(error->code), expected);
    QCOMPARE(QString::fromStdString(error->detail), words);
}

void TestJsonRpc::timesOut()
{
    JsonRpc rpc([](const QByteArray&) {});
    QSignalSpy bad(&rpc, &JsonRpc::bad);
    std::optional<Error> error;
    int answers = 0;
    const int id = rpc.call(u"server.info"_s, {}, 1ms, [&](const Result<QJsonValue>& value) {
        error = value.error();
        ++answers;
    });
    QTRY_VERIFY(error);
    QCOMPARE(error->code, ErrorCode::Timeout);
    QCOMPARE(error->detail, std::string("server.info"));
    rpc.receive("{\"id\":" + QByteArray::number(id) + ",\"result\":1}");
    QCOMPARE(answers, 1);
    QCOMPARE(bad.size(), 0); // late is not false
}

void TestJsonRpc::endsAll()
{
    JsonRpc rpc([](const QByteArray&) {});
    QList<ErrorCode> codes;
    for (int i = 0; i < 3; ++i)
        rpc.call(u"m"_s, {}, JsonRpc::noTimeout, [&codes](const Result<QJsonValue>& value) { codes.append(value.error().code); });
    rpc.endAll(Error{.code = ErrorCode::Disconnected});
    QCOMPARE(codes, QList<ErrorCode>(3, ErrorCode::Disconnected));
}

void TestJsonRpc::diesWithCallsUnderWay()
{
    auto rpc = std::make_unique<JsonRpc>([](const QByteArray&) {});
    bool answered = false;
    rpc->call(u"m"_s, {}, 1s, [&answered](const Result<QJsonValue>&) { answered = true; });
    rpc.reset();
    QVERIFY(!answered);
}

void TestJsonRpc::unreadable_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("field");
    const auto row = [](const char* name, const QByteArray& message, ErrorCode code, const char* field) {
        QTest::newRow(name) << message << static_cast<int>(code) << QString::fromLatin1(field);
    };
    row("torn", R"({"jsonrpc":"2.0","meth)", ErrorCode::BadReply, "");
    row("empty", "", ErrorCode::BadReply, "");
    row("a list", "[1,2]", ErrorCode::BadReply, "");
    row("a NUL byte", QByteArray("{\"a\":\"x\0y\"}", 11).append('\0'), ErrorCode::BadReply, "");
    row("not UTF-8", "{\"a\":\"\xff\xfe\"", ErrorCode::BadReply, "");
    row("deep", QByteArray(5000, '['), ErrorCode::BadReply, "");
    row("answer to nobody", R"({"id":99,"result":1})", ErrorCode::BadValue, "id");
    row("number as text", R"({"id":"1","result":1})", ErrorCode::BadValue, "id");
    row("parameters no list", R"({"method":"notify_x","params":{"a":1}})", ErrorCode::BadValue, "params");
}

void TestJsonRpc::unreadable()
{
    QFETCH(QByteArray, message);
    QFETCH(int, code);
    QFETCH(QString, field);
    JsonRpc rpc([](const QByteArray&) {});
    QList<Error> errors;
    connect(&rpc, &JsonRpc::bad, this, [&errors](const Error& error) { errors.append(error); });
    QSignalSpy notified(&rpc, &JsonRpc::notified);
    rpc.receive(message);
    QCOMPARE(errors.size(), 1);
    QCOMPARE(static_cast<int>(errors.first().code), code);
    QCOMPARE(QString::fromStdString(errors.first().field), field);
    rpc.receive(R"({"method":"notify_klippy_ready"})");
    QCOMPARE(notified.size(), 1);
}

void TestJsonRpc::notANumber()
{
    JsonRpc rpc([](const QByteArray&) {});
    QSignalSpy bad(&rpc, &JsonRpc::bad);
    QSignalSpy notified(&rpc, &JsonRpc::notified);
    rpc.receive(R"({"method":"notify_status_update","params":[{"a":NaN,"b":[-Infinity,Infinity,1],"c":"NaN \" Infinity"},5]})");
    QCOMPARE(bad.size(), 1);
    QCOMPARE(notified.size(), 1);
    const QJsonObject status = notified.first().at(1).toJsonArray().at(0).toObject();
    QCOMPARE(status, object(R"({"a":null,"b":[null,null,1],"c":"NaN \" Infinity"})"));
}

void TestJsonRpc::statusErrors_data()
{
    QTest::addColumn<QByteArray>("status");
    QTest::addColumn<QString>("field");
    QTest::newRow("text for a number") << QByteArray(R"({"extruder":{"target":"hot","temperature":201.5}})") << u"s.extruder.target"_s;
    QTest::newRow("number for an object") << QByteArray(R"({"extruder":7})") << u"s.extruder"_s;
    QTest::newRow("short position") << QByteArray(R"({"motion_report":{"live_position":[1,2,3]}})") << u"s.motion_report.live_position"_s;
    QTest::newRow("text in a position") << QByteArray(R"({"motion_report":{"live_position":[1,2,"3",4]}})") << u"s.motion_report.live_position[2]"_s;
    QTest::newRow("negative offset") << QByteArray(R"({"virtual_sdcard":{"file_position":-1}})") << u"s.virtual_sdcard.file_position"_s;
    QTest::newRow("fractional offset") << QByteArray(R"({"virtual_sdcard":{"file_position":1.5}})") << u"s.virtual_sdcard.file_position"_s;
    QTest::newRow("huge offset") << QByteArray(R"({"virtual_sdcard":{"file_position":1e300}})") << u"s.virtual_sdcard.file_position"_s;
    QTest::newRow("text for a flag") << QByteArray(R"({"gcode_move":{"absolute_extrude":"yes"}})") << u"s.gcode_move.absolute_extrude"_s;
    QTest::newRow("list for a text") << QByteArray(R"({"print_stats":{"filename":["a"]}})") << u"s.print_stats.filename"_s;
    QTest::newRow("number in a list of names") << QByteArray(R"({"exclude_object":{"excluded_objects":["a",1]}})") << u"s.exclude_object.excluded_objects[1]"_s;
    QTest::newRow("fractional layer") << QByteArray(R"({"print_stats":{"info":{"current_layer":1.5}}})") << u"s.print_stats.info.current_layer"_s;
    QTest::newRow("fan") << QByteArray(R"({"fan":{"speed":{}}})") << u"s.fan.speed"_s;
}

void TestJsonRpc::statusErrors()
{
    QFETCH(QByteArray, status);
    QFETCH(QString, field);
    recovery::Sample sample;
    sample.heaters["extruder"] = {200.0, 210.0};
    sample.filePosition = 5;
    sample.fans["fan"] = 1;
    sample.file = "old.gcode";
    const auto errors = mergeStatus(object(status), "s", sample);
    QCOMPARE(errors.size(), 1u);
    QCOMPARE(errors.front().code, ErrorCode::BadValue);
    QCOMPARE(QString::fromStdString(errors.front().field), field);
    // Unknown, not what it was before and not 0.
    if (field.endsWith("target"_L1)) {
        QVERIFY(!sample.heaters["extruder"].target);
        QCOMPARE(sample.heaters["extruder"].temperature, std::optional(201.5));
    }
    if (field.endsWith("file_position"_L1))
        QVERIFY(!sample.filePosition);
    if (field.endsWith("speed"_L1))
        QVERIFY(sample.fans.empty());
    if (field.endsWith("filename"_L1))
        QVERIFY(sample.file.empty());
}

void TestJsonRpc::statusMerges()
{
    recovery::Sample sample;
    QVERIFY(mergeStatus(object(R"({"heater_generic chamber":{"temperature":40,"target":45},"extruder1":{"pressure_advance":0.05},
        "toolhead":{"homed_axes":"xyz","extruder":"extruder1","print_time":12.5},"z_tilt":{"applied":true},
        "fan_generic aux":{"speed":0.25},"bed_mesh":{"profile_name":"default"},"unknown_thing":{"x":"y"},
        "print_stats":{"info":{"current_layer":7,"total_layer":20}}})"), "s", sample).empty());
    QVERIFY(mergeStatus(object(R"({"toolhead":{"print_time":13},"heater_generic chamber":{"temperature":41}})"), "s", sample).empty());
    QCOMPARE(sample.heaters["heater_generic chamber"], (recovery::Heater{41.0, 45.0}));
    QCOMPARE(sample.pressureAdvance["extruder1"], 0.05);
    QCOMPARE(sample.homedAxes, std::string("xyz"));
    QCOMPARE(sample.activeExtruder, std::string("extruder1"));
    QCOMPARE(sample.printTime, std::optional(13.0));
    QCOMPARE(sample.leveled, std::optional(true));
    QCOMPARE(sample.fans["fan_generic aux"], 0.25);
    QCOMPARE(sample.meshProfile, std::string("default"));
    QCOMPARE(sample.layer, std::optional(7));
    QCOMPARE(sample.totalLayers, std::optional(20));
    QVERIFY(!sample.filePosition);
    QVERIFY(!sample.livePosition);
}

void TestJsonRpc::nullIsUnknown()
{
    recovery::Sample sample;
    sample.layer = 3;
    QVERIFY(mergeStatus(object(R"({"print_stats":{"info":{"current_layer":null}},"heater_bed":{"temperature":null}})"), "s", sample).empty());
    QVERIFY(!sample.layer);
    QVERIFY(!sample.heaters["heater_bed"].temperature);
}

void TestJsonRpc::subscribesToKnownFieldsOnly()
{
    const QJsonObject wanted = subscription({u"toolhead"_s, u"extruder2"_s, u"mcu"_s, u"extruder_stepper x"_s, u"heater_bed"_s});
    QCOMPARE(wanted.keys(), (QStringList{u"extruder2"_s, u"heater_bed"_s, u"toolhead"_s}));
    QVERIFY(wanted.value("toolhead"_L1).toArray().contains(u"position"_s));
    QVERIFY(!wanted.value("toolhead"_L1).toArray().contains(u"axis_maximum"_s));
}

void TestJsonRpc::capabilities_data()
{
    QTest::addColumn<QStringList>("objects");
    QTest::addColumn<QByteArray>("settings");
    QTest::addColumn<bool>("zPlus");
    QTest::addColumn<bool>("plugin");
    const QStringList plain{u"virtual_sdcard"_s, u"motion_report"_s};
    QTest::newRow("plain") << plain << QByteArray("{}") << false << false;
    QTest::newRow("plugin") << plain << QByteArray(R"({"power_loss_recovery":{"pin_stepper_z":"PG1"}})") << true << true;
    QTest::newRow("plugin without pins") << plain << QByteArray(R"({"power_loss_recovery":{"debug_mode":true}})") << false << true;
    QTest::newRow("buttons and force move") << plain + QStringList{u"gcode_button z_top"_s} << QByteArray(R"({"force_move":{"enable_force_move":true}})") << true << false;
    QTest::newRow("buttons alone") << plain + QStringList{u"gcode_button z_top"_s} << QByteArray("{}") << false << false;
}

void TestJsonRpc::capabilities()
{
    QFETCH(QStringList, objects);
    QFETCH(QByteArray, settings);
    QFETCH(bool, zPlus);
    QFETCH(bool, plugin);
    const Capabilities can = capabilitiesFrom(objects, {}, object(settings), {u"history"_s}, {u"gcodes"_s});
    QCOMPARE(can.testFlag(Capability::ZPlusEndstops), zPlus);
    QCOMPARE(can.testFlag(Capability::PlrPlugin), plugin);
    QVERIFY(can.testFlag(Capability::StartAtOffset));
    QVERIFY(can.testFlag(Capability::LivePosition));
    QVERIFY(can.testFlag(Capability::History));
    QVERIFY(can.testFlag(Capability::Upload));
    QVERIFY(!can.testFlag(Capability::ConfigFiles));
}

QTEST_GUILESS_MAIN(TestJsonRpc)
#include "tst_jsonrpc.moc"
