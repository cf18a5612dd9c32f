// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

#include "recovery/macroaudit.h"
#include "resumeflowfacts.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;

/// What the printer answers, as the gate reads it.
class TestResumeFacts : public QObject
{
    Q_OBJECT

private slots:
    void configurationIsText();
    void plainHomingStaysPlain_data();
    void plainHomingStaysPlain();
    void liveTimeOutWins();
    void readinessBecomesFacts();
    void queue_data();
    void queue();
    void heaterFaults_data();
    void heaterFaults();
    void proofLooksWhereThePrintGoesOn();
    void copiesKnowTheirTime();
};

void TestResumeFacts::configurationIsText()
{
    const auto config = toConfig({{u"gcode_macro GO"_s, QJsonObject{{u"gcode"_s, u"\nG28"_s}}},
                                  {u"bed_mesh"_s, QJsonObject{{u"probe_count"_s, QJsonArray{3, 3.5}}, {u"speed"_s, 100.0}}},
                                  {u"force_move"_s, QJsonObject{{u"enable_force_move"_s, true}}},
                                  {u"odd"_s, 5}});
    QCOMPARE(*config.text("gcode_macro go", "gcode"), std::string("\nG28"));
    QCOMPARE(*config.text("bed_mesh", "probe_count"), std::string("3, 3.5"));
    QCOMPARE(*config.number("bed_mesh", "speed"), 100.0);
    QCOMPARE(*config.text("force_move", "enable_force_move"), std::string("True"));
    QVERIFY(config.has("odd"));
}

void TestResumeFacts::plainHomingStaysPlain_data()
{
    QTest::addColumn<QJsonObject>("settings");
    QTest::addColumn<bool>("plain");
    QTest::newRow("nothing") << QJsonObject() << true;
    QTest::newRow("override of Z alone") << QJsonObject{{u"homing_override"_s, QJsonObject{{u"axes"_s, u"z"_s}, {u"gcode"_s, u"G28 Z"_s}}}} << true;
    QTest::newRow("override homes Z") << QJsonObject{{u"homing_override"_s, QJsonObject{{u"gcode"_s, u"G28 Z"_s}}}} << false;
    QTest::newRow("hop, Z declared by then") << QJsonObject{{u"safe_z_home"_s, QJsonObject{{u"z_hop"_s, 10.0}}}} << true;
    QTest::newRow("wrapped, plain") << QJsonObject{{u"gcode_macro g28"_s, QJsonObject{{u"rename_existing"_s, u"G28.1"_s}, {u"gcode"_s, u"G28.1 {rawparams}"_s}}}} << true;
    QTest::newRow("wrapped, tilts") << QJsonObject{{u"gcode_macro g28"_s, QJsonObject{{u"rename_existing"_s, u"G28.1"_s}, {u"gcode"_s, u"G28.1 {rawparams}\nZ_TILT_ADJUST"_s}}}} << false;
    QTest::newRow("delta") << QJsonObject{{u"printer"_s, QJsonObject{{u"kinematics"_s, u"delta"_s}}}} << false;
}

void TestResumeFacts::plainHomingStaysPlain()
{
    QFETCH(QJsonObject, settings);
    QFETCH(bool, plain);
    PlanFacts facts;
    applySettings(facts, settings);
    QCOMPARE(facts.printer.homeXyIsPlain, plain);
    QCOMPARE(facts.gate.macrosHomingZ->empty(), plain);
}

void TestResumeFacts::liveTimeOutWins()
{
    PlanFacts facts;
    applySettings(facts, {{u"idle_timeout"_s, QJsonObject{{u"timeout"_s, 600.0}}}});
    link::Readiness readiness;
    applyReadiness(facts, readiness);
    QCOMPARE(facts.gate.idleTimeout, std::optional(600.0));
    readiness.idleTimeout = 7200;
    applyReadiness(facts, readiness);
    QCOMPARE(facts.gate.idleTimeout, std::optional(7200.0));
}

void TestResumeFacts::readinessBecomesFacts()
{
    PlanFacts facts;
    link::Readiness readiness;
    applyReadiness(facts, readiness);
    const recovery::GateFacts& gate = facts.gate;
    QVERIFY(!gate.freeDisk && !gate.queueBusy && !gate.filament && !gate.controllers && !gate.motors && !gate.hostUptime && !gate.hostPower);
    readiness.freeDisk = 5;
    readiness.filament = std::vector<link::FilamentSensor>{{u"a"_s, true, false, true}};
    readiness.controllers[u"mcu"_s] = u"v1"_s;
    readiness.motors[u"stepper_z"_s] = false;
    readiness.uptime = 7;
    readiness.powerFlags = QStringList{u"x"_s, u"y"_s};
    applyReadiness(facts, readiness);
    QCOMPARE(gate.freeDisk, std::optional(std::uint64_t(5)));
    QVERIFY(gate.filament->front().name == "a" && gate.filament->front().motion && !gate.filament->front().enabled && gate.filament->front().detected == true);
    QCOMPARE(gate.controllers->at("mcu"), std::string("v1"));
    QCOMPARE(gate.motors->at("stepper_z"), false);
    QCOMPARE(gate.hostUptime, std::optional(7.0));
    QCOMPARE(*gate.hostPower, std::string("x, y"));
}

void TestResumeFacts::queue_data()
{
    QTest::addColumn<int>("jobs");
    QTest::addColumn<QString>("state");
    QTest::addColumn<bool>("busy");
    QTest::newRow("empty, ready") << 0 << u"ready"_s << false;
    QTest::newRow("empty, paused") << 0 << u"paused"_s << false;
    QTest::newRow("one, paused") << 1 << u"paused"_s << false;
    QTest::newRow("one, ready") << 1 << u"ready"_s << true;
    QTest::newRow("loading the last") << 0 << u"loading"_s << true;
    QTest::newRow("starting") << 0 << u"starting"_s << true;
    QTest::newRow("state unknown") << 1 << QString() << true;
}

void TestResumeFacts::queue()
{
    QFETCH(int, jobs);
    QFETCH(QString, state);
    QFETCH(bool, busy);
    PlanFacts facts;
    link::Readiness readiness;
    readiness.queuedJobs = static_cast<quint64>(jobs);
    readiness.queueState = state;
    applyReadiness(facts, readiness);
    QCOMPARE(facts.gate.queueBusy, std::optional(busy));
    QCOMPARE(facts.gate.queuedJobs, std::optional(static_cast<std::size_t>(jobs)));
}

void TestResumeFacts::heaterFaults_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<double>("time");
    QTest::addColumn<bool>("command");
    QTest::addColumn<QString>("hostMessage");
    QTest::addColumn<bool>("fault");
    const QString words = u"!! Heater extruder not heating at expected rate\nSee the 'verify_heater' section"_s;
    QTest::newRow("during the print") << words << 100.0 << false << QString() << true;
    QTest::newRow("at its first second") << words << 50.0 << false << QString() << true;
    QTest::newRow("before it") << words << 49.9 << false << QString() << false;
    QTest::newRow("typed by somebody") << words << 100.0 << true << QString() << false;
    QTest::newRow("another error") << u"!! Must home axis first"_s << 100.0 << false << QString() << false;
    QTest::newRow("the host still says so") << QString() << 100.0 << false << u"MCU 'mcu' shutdown: ADC out of range"_s << true;
    QTest::newRow("Marlin") << u"Error:Thermal Runaway, system stopped! Heater_ID: 0"_s << 100.0 << false << QString() << true;
}

void TestResumeFacts::heaterFaults()
{
    QFETCH(QString, line);
    QFETCH(double, time);
    QFETCH(bool, command);
    QFETCH(QString, hostMessage);
    QFETCH(bool, fault);
    const std::vector<link::ConsoleLine> console{{10, false, u"// ok"_s}, {time, command, line}, {200, false, u"// Klipper state: Ready"_s}};
    const std::string found = heaterFaultIn(console, 50, hostMessage);
    QCOMPARE(!found.empty(), fault);
    QVERIFY(found.find('\n') == std::string::npos);
}

void TestResumeFacts::proofLooksWhereThePrintGoesOn()
{
    constexpr std::uint64_t size = 300'000'000;
    for (const std::uint64_t byte : {std::uint64_t(0), std::uint64_t(1), std::uint64_t(2048), std::uint64_t(123'456'789), size - 1}) {
        const auto blocks = proofBlocks(size, byte);
        QCOMPARE(blocks.size(), std::size_t(65));
        QVERIFY(blocks.back().begin <= byte && byte < blocks.back().begin + blocks.back().size);
        QVERIFY(blocks.back().begin + blocks.back().size <= size);
    }
    QCOMPARE(proofBlocks(1000, 500).size(), std::size_t(1)); // all of it anyway
    gcode::MemorySource source(std::string(1000, 'a'), "a");
    QVERIFY(compareBlocks(source, proofBlocks(1000), {QByteArray(1000, 'a')}).whole);
    gcode::MemorySource large(std::string(400'000, 'a'), "a");
    const auto blocks = proofBlocks(400'000);
    QVERIFY(!compareBlocks(large, blocks, std::vector<QByteArray>(blocks.size(), QByteArray(4096, 'a'))).whole);
}

void TestResumeFacts::copiesKnowTheirTime()
{
    const QTemporaryDir folder;
    const FileCache files(folder.filePath(u"cache"_s));
    const auto time = files.modifiedOf(folder.filePath(u"cache/p/part.gcode-1000-1795163673302.gcode"_s));
    QVERIFY(time && std::abs(*time - 1795163673.302) < 1e-6);
    QVERIFY(!files.modifiedOf(folder.filePath(u"other/part-1000-1795163673302.gcode"_s)));
    QVERIFY(!files.modifiedOf(folder.filePath(u"cache/p/part.gcode"_s)));
}

QTEST_GUILESS_MAIN(TestResumeFacts)
#include "tst_resumefacts.moc"
