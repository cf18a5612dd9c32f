// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonArray>
#include <QJsonDocument>
#include <QSignalSpy>
#include <QTest>

#include "../support/fakemoonraker.h"
#include "moonrakerdriver.h"
#include "readiness.h"

using namespace kintsugi;
using namespace kintsugi::link;
using namespace kintsugi::test;
using namespace Qt::StringLiterals;

class TestReadiness : public QObject
{
    Q_OBJECT

private slots:
    void asksForWhatIsThere();
    void readsRecordedAnswers();
    void wrongTypesStayUnknown();
    void driverAsks();
    void driverLeavesOutWhatFails();
    void driverReportsALostLink();

private:
    [[nodiscard]] static Readiness read(int question, const QByteArray& result, std::vector<Error>* errors = nullptr);
};

Readiness TestReadiness::read(int question, const QByteArray& result, std::vector<Error>* errors)
{
    Readiness readiness;
    std::vector<Error> found;
    readinessQuestions({})[static_cast<std::size_t>(question)].read(QJsonDocument::fromJson(result).object(), readiness, errors ? *errors : found);
    return readiness;
}

void TestReadiness::asksForWhatIsThere()
{
    const auto wanted = readinessObjects({u"mcu"_s, u"mcu toolhead"_s, u"filament_switch_sensor spool"_s, u"filament_motion_sensor wheel"_s, u"toolhead"_s,
                                          u"stepper_enable"_s, u"idle_timeout"_s, u"mcu_something"_s});
    QCOMPARE(wanted.keys(), (QStringList{u"filament_motion_sensor wheel"_s, u"filament_switch_sensor spool"_s, u"idle_timeout"_s, u"mcu"_s,
                                         u"mcu toolhead"_s, u"stepper_enable"_s}));
}

/// Answers as a real server gave them.
void TestReadiness::readsRecordedAnswers()
{
    const auto objects = read(0, R"({"status":{"mcu":{"mcu_version":"v0.13.0"},"filament_switch_sensor spool":{"enabled":true,"filament_detected":false},
        "filament_motion_sensor wheel":{"enabled":false,"filament_detected":true},"idle_timeout":{"idle_timeout":600.0},
        "stepper_enable":{"steppers":{"stepper_x":true,"stepper_z":false}}},"eventtime":5})");
    QCOMPARE(objects.controllers.at(u"mcu"_s), u"v0.13.0"_s);
    QCOMPARE(objects.filament->size(), std::size_t(2));
    const FilamentSensor& wheel = objects.filament->front();
    QVERIFY(wheel.name == u"wheel"_s && wheel.motion && !wheel.enabled && wheel.detected == true);
    const FilamentSensor& spool = objects.filament->back();
    QVERIFY(spool.name == u"spool"_s && !spool.motion && spool.enabled && spool.detected == false);
    QCOMPARE(objects.idleTimeout, std::optional(600.0));
    QVERIFY(objects.motors.at(u"stepper_x"_s) && !objects.motors.at(u"stepper_z"_s));
    const auto queue = read(1, R"({"queued_jobs":[{"filename":"a.gcode"}],"queue_state":"paused"})");
    QCOMPARE(queue.queuedJobs, std::optional(quint64(1)));
    QCOMPARE(queue.queueState, u"paused"_s);
    const auto disk = read(2, R"({"dirs":[],"files":[],"disk_usage":{"total":270553174016,"used":28003954688,"free":74741325824}})");
    QCOMPARE(disk.freeDisk, std::optional(quint64(74741325824)));
    const auto computer = read(3, R"({"system_uptime":1234.5,"throttled_state":{"bits":327680,"flags":["Under-Voltage Detected","Previously Throttled"]}})");
    QCOMPARE(computer.uptime, std::optional(1234.5));
    QCOMPARE(*computer.powerFlags, QStringList{u"Under-Voltage Detected"_s});
    QVERIFY(read(3, R"({"throttled_state":null})").powerFlags.value_or(QStringList()).isEmpty());
    QVERIFY(!read(3, "{}").powerFlags && !read(1, "{}").queuedJobs && !read(2, "{}").freeDisk);
}

void TestReadiness::wrongTypesStayUnknown()
{
    std::vector<Error> errors;
    const auto objects = read(0, R"({"status":{"idle_timeout":{"idle_timeout":"soon"},"stepper_enable":{"steppers":{"stepper_x":1}},"mcu":{"mcu_version":7},
        "filament_switch_sensor a":{"enabled":3,"filament_detected":[]}}})", &errors);
    QVERIFY(!objects.idleTimeout && objects.motors.empty() && objects.controllers.empty() && !objects.filament->front().detected);
    QVERIFY(errors.size() >= 4);
    QVERIFY(!read(2, R"({"disk_usage":{"free":-1}})").freeDisk);
    QVERIFY(!read(2, R"({"disk_usage":[]})", &errors).freeDisk);
}

void TestReadiness::driverAsks()
{
    FakeMoonraker server;
    server.status = {{u"mcu"_s, QJsonObject{{u"mcu_version"_s, u"v0.13.0"_s}}}, {u"idle_timeout"_s, QJsonObject{{u"idle_timeout"_s, 600}}}};
    server.answer(u"server.info"_s, QJsonObject{{u"klippy_connected"_s, true}, {u"klippy_state"_s, u"ready"_s}, {u"moonraker_version"_s, u"v0.9"_s},
                                                {u"components"_s, QJsonArray{u"job_queue"_s, u"proc_stats"_s}}, {u"registered_directories"_s, QJsonArray{u"gcodes"_s}}});
    server.answer(u"server.job_queue.status"_s, QJsonObject{{u"queued_jobs"_s, QJsonArray{QJsonObject()}}, {u"queue_state"_s, u"ready"_s}});
    server.answer(u"server.files.get_directory"_s, QJsonObject{{u"files"_s, QJsonArray()}, {u"disk_usage"_s, QJsonObject{{u"free"_s, 5000}}}});
    server.answer(u"machine.proc_stats"_s, QJsonObject{{u"system_uptime"_s, 77}});
    MoonrakerDriver driver(Address{server.url(), {}});
    QSignalSpy changed(&driver, &Driver::linkChanged);
    driver.open();
    while (driver.linkState() != LinkState::Connected)
        QVERIFY(changed.wait());
    std::optional<Result<Readiness>> answer;
    driver.readReadiness(this, [&answer](const Result<Readiness>& result) { answer = result; });
    QTRY_VERIFY(answer.has_value());
    QVERIFY(answer->has_value());
    const Readiness& found = **answer;
    QCOMPARE(found.controllers.size(), std::size_t(1));
    QCOMPARE(found.idleTimeout, std::optional(600.0));
    QCOMPARE(found.queuedJobs, std::optional(quint64(1)));
    QCOMPARE(found.freeDisk, std::optional(quint64(5000)));
    QCOMPARE(found.uptime, std::optional(77.0));
}

/// A server without a job queue, and one that refuses a question, still answer the rest.
void TestReadiness::driverLeavesOutWhatFails()
{
    FakeMoonraker server;
    server.status = {{u"mcu"_s, QJsonObject{{u"mcu_version"_s, u"v0.13.0"_s}}}};
    server.onRpc(u"server.files.get_directory"_s, [](const QJsonObject&) { return FakeMoonraker::error(404, u"no"_s); });
    MoonrakerDriver driver(Address{server.url(), {}});
    QSignalSpy changed(&driver, &Driver::linkChanged);
    driver.open();
    while (driver.linkState() != LinkState::Connected)
        QVERIFY(changed.wait());
    std::optional<Result<Readiness>> answer;
    driver.readReadiness(this, [&answer](const Result<Readiness>& result) { answer = result; });
    QTRY_VERIFY(answer.has_value());
    QVERIFY(answer->has_value());
    QVERIFY(!(*answer)->freeDisk && !(*answer)->queuedJobs && !(*answer)->uptime);
    QCOMPARE((*answer)->controllers.size(), std::size_t(1));
    QCOMPARE(server.count(u"server.job_queue.status"_s), 0);
}

void TestReadiness::driverReportsALostLink()
{
    FakeMoonraker server;
    MoonrakerDriver driver(Address{server.url(), {}});
    std::optional<Result<Readiness>> answer;
    driver.readReadiness(this, [&answer](const Result<Readiness>& result) { answer = result; });
    QVERIFY(!answer);
    QTRY_VERIFY(answer.has_value());
    QCOMPARE(answer->error().code, ErrorCode::Disconnected);
}

QTEST_GUILESS_MAIN(TestReadiness)
#include "tst_readiness.moc"
