// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

#include "klippy.h"
#include "klippybench.h"

using namespace Qt::StringLiterals;
using namespace kintsugi::sim;

namespace {

/// What the file asks for: the end of every move that lays plastic, worked out without the simulation's own parser.
struct Wanted {
    std::uint64_t begin;
    double x, y, z, filament;
};

std::vector<Wanted> wantedBeads(const QByteArray& text)
{
    std::vector<Wanted> result;
    double x = 0, y = 0, z = 0, retracted = 0;
    static const QRegularExpression words(u"([XYZEF])(-?[0-9.]+)"_s);
    for (qsizetype at = 0; at < text.size();) {
        const qsizetype end = text.indexOf('\n', at);
        const QString line = QString::fromUtf8(text.mid(at, end - at)).section(u';', 0, 0);
        if (line.startsWith(u"G1 "_s)) {
            double e = 0;
            bool moved = false;
            auto it = words.globalMatch(line);
            while (it.hasNext()) {
                const auto match = it.next();
                const double value = match.captured(2).toDouble();
                const QChar letter = match.captured(1).at(0);
                moved = moved || letter == u'X' || letter == u'Y';
                if (letter != u'F')
                    (letter == u'X' ? x : letter == u'Y' ? y : letter == u'Z' ? z : e) = value;
            }
            retracted -= e;
            const double laid = -retracted;
            retracted = std::max(0.0, retracted);
            if (laid > 1e-9 && moved)
                result.push_back({static_cast<std::uint64_t>(at), x, y, z, laid});
        }
        at = end + 1;
    }
    return result;
}

double sum(const Deposit& deposit)
{
    double total = 0;
    for (const Bead& bead : deposit.beads)
        total += bead.filament;
    return total;
}

QJsonObject subscribe(const QStringList& names)
{
    QJsonObject objects;
    for (const QString& name : names)
        objects.insert(name, QJsonValue());
    return {{u"objects"_s, objects}, {u"response_template"_s, QJsonObject{{u"method"_s, u"status"_s}}}};
}

} // namespace

class TestKlippy : public QObject
{
    Q_OBJECT
private slots:
    void startsUp();
    void printsAFile();
    void powerCutStopsEverything();
    void hostRunsAheadOfTheNozzle();
    void hostCrashLetsTheQueueRunOut();
    void continuesWithoutACopy();
    void sdcardAnswers();
    void lastLineWithoutEndIsNotExecuted();
    void pauseAndCancel();
    void heatingTakesTime();
    void scriptsQueueAndQueriesDoNot();
    void emergencyStopAnswersThePendingScript();
    void restartClosesConnections();
    void gcodeErrors_data();
    void gcodeErrors();
    void updatesHoldOnlyChanges();
    void bedDrops();
    void excludedObjectIsLeftOut();
    void stockSwitchesMeasureZ();
    void faultsFromInsideAHandler_data();
    void faultsFromInsideAHandler();
    void aTimerMovesTheClock();
};

void TestKlippy::startsUp()
{
    Bench bench;
    QCOMPARE(bench.result(u"info"_s).value(u"state"_s), u"startup"_s);
    QVERIFY(bench.run(u"G28"_s).startsWith(u"Printer is not ready"_s));
    bench.klippy->advance(2);
    QCOMPARE(bench.result(u"info"_s).value(u"state"_s), u"ready"_s);
    QVERIFY(bench.console.contains(u"// Klipper state: Ready"_s));
    QCOMPARE(bench.status(u"toolhead"_s).value(u"homed_axes"_s), QString());
}

void TestKlippy::printsAFile()
{
    Bench bench;
    bench.addTower();
    bench.ready();
    QStringList states;
    connect(bench.klippy.get(), &Klippy::printStateChanged, this, [&](const QString& s) { states.append(s); });
    QElapsedTimer clock;
    clock.start();
    QCOMPARE(bench.run(u"SDCARD_PRINT_FILE FILENAME=tower_plr.gcode"_s), QString());
    QVERIFY(bench.advanceUntil([&] { return bench.printState() == u"complete"_s; }, 900));
    QVERIFY2(clock.elapsed() < 5000, "a small print must not take seconds of real time");
    QCOMPARE(states, QStringList({u"printing"_s, u"complete"_s}));
    bench.klippy->advance(5);

    const auto wanted = wantedBeads(Bench::tower());
    const Deposit& deposit = bench.klippy->deposit();
    QCOMPARE(deposit.beads.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const Bead& bead = deposit.beads[i];
        QCOMPARE(bead.begin, wanted[i].begin);
        QVERIFY(std::abs(bead.x1 - wanted[i].x) < 1e-6 && std::abs(bead.y1 - wanted[i].y) < 1e-6);
        QVERIFY(std::abs(bead.z1 - wanted[i].z) < 1e-6 && std::abs(bead.filament - wanted[i].filament) < 1e-6);
        QVERIFY(bead.nozzle > 200);
    }
    QVERIFY(bench.klippy->crushed() < 1e-4);
    const QJsonObject stats = bench.status(u"print_stats"_s);
    QVERIFY(stats.value(u"print_duration"_s).toDouble() > 30);
    QVERIFY(stats.value(u"total_duration"_s).toDouble() > stats.value(u"print_duration"_s).toDouble());
    QVERIFY(bench.console.contains(u"Done printing file"_s));
}

void TestKlippy::powerCutStopsEverything()
{
    Bench bench;
    bench.addTower();
    bench.ready();
    bench.klippy->atLayer(6, 0.5, [&] { bench.klippy->cutPower(); });
    bench.run(u"SDCARD_PRINT_FILE FILENAME=tower_plr.gcode"_s);
    QVERIFY(bench.advanceUntil([&] { return !bench.klippy->powered(); }, 600));
    QVERIFY(bench.closed);
    QCOMPARE(bench.klippy->openConnection(), nullptr);

    const Deposit before = bench.klippy->deposit();
    const Bead last = before.beads.back();
    const auto truth = bench.klippy->truePosition();
    QVERIFY(std::abs(last.x1 - truth[0]) < 1e-9 && std::abs(last.y1 - truth[1]) < 1e-9);
    QVERIFY(std::abs(last.z1 - 1.4) < 1e-9);
    // Half of the layer, to the end of the fault's own resolution.
    double layer = 0, wantedLayer = 0;
    for (const Bead& bead : before.beads)
        layer += std::abs(bead.z1 - 1.4) < 1e-6 ? bead.filament : 0;
    for (const Wanted& w : wantedBeads(Bench::tower()))
        wantedLayer += std::abs(w.z - 1.4) < 1e-6 ? w.filament : 0;
    QVERIFY2(std::abs(layer - wantedLayer / 2) < 1e-3, qPrintable(u"%1 of %2"_s.arg(layer).arg(wantedLayer)));

    const double clock = bench.klippy->now();
    bench.klippy->advance(30);
    QCOMPARE(sum(bench.klippy->deposit()), sum(before));
    QVERIFY(bench.restart());
    QVERIFY(bench.klippy->now() < clock);
    QCOMPARE(bench.status(u"toolhead"_s).value(u"homed_axes"_s), QString());
    QCOMPARE(bench.printState(), u"standby"_s);
    QVERIFY(bench.status(u"save_variables"_s).value(u"variables"_s).toObject().contains(u"resume_meta_info"_s));
}

void TestKlippy::hostRunsAheadOfTheNozzle()
{
    MachineOptions options = Bench::fast();
    Bench bench(options);
    bench.addTower();
    bench.ready();
    bench.run(u"SDCARD_PRINT_FILE FILENAME=tower_plr.gcode"_s);
    int leads = 0;
    double oldest = 0;
    const auto lines = wantedBeads(Bench::tower());
    bench.advanceUntil([&] {
        const QJsonObject card = bench.status(u"virtual_sdcard"_s);
        const auto& beads = bench.klippy->deposit().beads;
        if (beads.size() < 40 || !card.value(u"is_active"_s).toBool())
            return beads.size() > 200;
        const auto position = card.value(u"file_position"_s).toInteger();
        leads += position > static_cast<qint64>(beads.back().begin);
        const QJsonObject head = bench.status(u"toolhead"_s);
        const double ahead = head.value(u"print_time"_s).toDouble() - head.value(u"estimated_print_time"_s).toDouble();
        if (ahead < 0.2 || ahead > 4)
            return false;
        const QJsonObject saved = bench.status(u"save_variables"_s).value(u"variables"_s).toObject()
                                      .value(u"resume_meta_info"_s).toObject();
        if (!saved.isEmpty()) {
            oldest = std::max(oldest, bench.klippy->now() - saved.value(u"save_time"_s).toDouble());
            // `position` is the END of the line that starts at file_progress.position.
            const qint64 begin = saved.value(u"file_progress"_s).toObject().value(u"position"_s).toInteger();
            for (const Wanted& w : lines) {
                if (w.begin == static_cast<std::uint64_t>(begin)) {
                    const QJsonObject place = saved.value(u"position"_s).toObject();
                    if (std::abs(place.value(u"x"_s).toDouble() - w.x) > 1e-3
                        || std::abs(place.value(u"y"_s).toDouble() - w.y) > 1e-3)
                        leads = -100000;
                }
            }
        }
        return beads.size() > 200;
    }, 600);
    QVERIFY2(leads > 50, qPrintable(QString::number(leads)));
    QVERIFY2(oldest > 4.4 && oldest < 40, qPrintable(QString::number(oldest)));
}

void TestKlippy::hostCrashLetsTheQueueRunOut()
{
    Bench bench;
    bench.addTower();
    bench.ready();
    bench.klippy->atLayer(3, 0.3, [&] { bench.klippy->crashHost(); });
    QSignalSpy stopped(bench.klippy.get(), &Klippy::hostStopped);
    bench.run(u"SDCARD_PRINT_FILE FILENAME=tower_plr.gcode"_s);
    QVERIFY(bench.advanceUntil([&] { return !bench.klippy->hostRunning(); }, 600));
    QCOMPARE(stopped.size(), 1);
    QVERIFY(bench.closed);
    const double atCrash = sum(bench.klippy->deposit());
    const double clock = bench.klippy->now();
    bench.klippy->advance(8);
    const double after = sum(bench.klippy->deposit());
    QVERIFY(after > atCrash);
    bench.klippy->advance(60);
    QCOMPARE(sum(bench.klippy->deposit()), after);
    QVERIFY(bench.restart());
    QVERIFY(bench.klippy->now() > clock);
    QVERIFY(bench.status(u"extruder"_s).value(u"temperature"_s).toDouble() < 190);
    QCOMPARE(bench.status(u"extruder"_s).value(u"target"_s).toDouble(), 0.0);
}

void TestKlippy::continuesWithoutACopy()
{
    const QByteArray file = Bench::tower();
    const auto wanted = wantedBeads(file);
    const Wanted& first = wanted[120];
    const Wanted& before = wanted[119];
    Bench bench;
    bench.addTower();
    bench.ready();
    // The first part of the print, up to the line before.
    QByteArray head = file.left(static_cast<qsizetype>(first.begin));
    bench.add(u"head.gcode"_s, head);
    bench.run(u"SDCARD_PRINT_FILE FILENAME=head.gcode"_s);
    QVERIFY(bench.advanceUntil([&] { return bench.printState() == u"complete"_s; }, 600));
    bench.klippy->advance(5);
    QCOMPARE(bench.klippy->deposit().beads.size(), std::size_t{120});

    QCOMPARE(bench.run(u"G28 X Y\nM109 S210\nG90\nM83\nG1 X%1 Y%2 Z%3 F7200"_s.arg(before.x).arg(before.y).arg(before.z)),
             QString());
    QCOMPARE(bench.run(u"M23 tower_plr.gcode\nM26 S%1\nM27\nM24"_s.arg(first.begin)), QString());
    QVERIFY(bench.console.contains(u"SD printing byte %1/%2"_s.arg(first.begin).arg(file.size())));
    QVERIFY(bench.advanceUntil([&] { return bench.printState() == u"complete"_s; }, 900));
    bench.klippy->advance(5);
    const auto& beads = bench.klippy->deposit().beads;
    QCOMPARE(beads.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        QCOMPARE(beads[i].begin, wanted[i].begin);
        QVERIFY(std::abs(beads[i].x1 - wanted[i].x) < 1e-6 && std::abs(beads[i].filament - wanted[i].filament) < 1e-6);
    }
    QVERIFY(bench.klippy->crushed() < 1e-4);
}

void TestKlippy::sdcardAnswers()
{
    Bench bench;
    bench.addTower();
    QDir(bench.klippy->gcodesPath()).mkdir(u"parts"_s);
    bench.add(u"parts/tower sub.gcode"_s, Bench::tower());
    bench.ready();
    bench.console.clear();
    QCOMPARE(bench.run(u"M27"_s), QString());
    QCOMPARE(bench.run(u"M26 S100"_s), QString());
    QCOMPARE(bench.run(u"M23 TOWER_plr.gcode"_s), QString());
    QCOMPARE(bench.run(u"M26 S6144\nM27"_s), QString());
    QCOMPARE(bench.console, QStringList({u"Not SD printing."_s, u"File opened:tower_plr.gcode Size:26776"_s,
                                         u"File selected"_s, u"SD printing byte 6144/26776"_s}));
    const QJsonObject card = bench.status(u"virtual_sdcard"_s);
    QCOMPARE(card.value(u"file_position"_s).toInt(), 6144);
    QCOMPARE(card.value(u"is_active"_s).toBool(), false);
    QCOMPARE(bench.run(u"M23 parts/tower sub.gcode"_s), u"Unable to open file"_s);
    // A subfolder: no line before the offset may run.
    bench.console.clear();
    QCOMPARE(bench.run(u"G28\nM109 S210\nG90\nM83"_s), QString());
    QCOMPARE(bench.run(u"SDCARD_PRINT_FILE FILENAME=\"parts/tower sub.gcode\"\nM25\nM26 S6144\nM27\nM24"_s), QString());
    QVERIFY(bench.console.contains(u"SD printing byte 6144/26776"_s));
    QCOMPARE(bench.printState(), u"printing"_s);
    QCOMPARE(bench.run(u"M26 S100"_s), u"SD busy"_s);
    QCOMPARE(bench.run(u"M23 tower_plr.gcode"_s), u"SD busy"_s);
    bench.klippy->advance(5);
    QVERIFY(!bench.console.join(u'\n').contains(u"START_PRINT"_s));
    for (const Bead& bead : bench.klippy->deposit().beads)
        QVERIFY(bead.begin >= 6144);
    QCOMPARE(bench.klippy->deposit().files.back(), std::string("parts/tower sub.gcode"));
}

void TestKlippy::lastLineWithoutEndIsNotExecuted()
{
    Bench bench;
    bench.add(u"short.gcode"_s, "M117 one\nM117 two");
    bench.ready();
    bench.run(u"SDCARD_PRINT_FILE FILENAME=short.gcode"_s);
    bench.klippy->advance(1);
    QCOMPARE(bench.printState(), u"complete"_s);
    QCOMPARE(bench.status(u"display_status"_s).value(u"message"_s), u"one"_s);
}

void TestKlippy::pauseAndCancel()
{
    Bench bench;
    bench.addTower();
    bench.ready();
    bench.run(u"SDCARD_PRINT_FILE FILENAME=tower_plr.gcode"_s);
    bench.advanceUntil([&] { return bench.klippy->deposit().beads.size() > 20; }, 300);
    QCOMPARE(bench.run(u"PAUSE"_s), QString());
    QCOMPARE(bench.printState(), u"paused"_s);
    QVERIFY(bench.status(u"pause_resume"_s).value(u"is_paused"_s).toBool());
    bench.klippy->advance(10);
    const auto beads = bench.klippy->deposit().beads.size();
    const double used = bench.status(u"print_stats"_s).value(u"print_duration"_s).toDouble();
    bench.klippy->advance(30);
    QCOMPARE(bench.klippy->deposit().beads.size(), beads);
    QVERIFY(std::abs(bench.status(u"print_stats"_s).value(u"print_duration"_s).toDouble() - used) < 1e-6);
    QCOMPARE(bench.run(u"RESUME"_s), QString());
    bench.klippy->advance(5);
    QCOMPARE(bench.printState(), u"printing"_s);
    QVERIFY(bench.klippy->deposit().beads.size() > beads);
    const int id = bench.send(u"pause_resume/cancel"_s);
    QVERIFY(bench.advanceUntil([&] { return !bench.reply(id).isEmpty(); }, 30));
    QCOMPARE(bench.printState(), u"cancelled"_s);
    QVERIFY(bench.status(u"virtual_sdcard"_s).value(u"file_path"_s).isNull());
}

void TestKlippy::heatingTakesTime()
{
    MachineOptions options;
    Bench bench(options);
    bench.ready();
    const double begin = bench.klippy->now();
    bench.console.clear();
    QCOMPARE(bench.run(u"M109 S210"_s), QString());
    const double took = bench.klippy->now() - begin;
    QVERIFY2(took > 40 && took < 150, qPrintable(QString::number(took)));
    QVERIFY(bench.console.size() > 30);
    static const QRegularExpression report(u"^B:[0-9.]+ /0\\.0 T0:[0-9.]+ /210\\.0$"_s);
    QVERIFY2(report.match(bench.console.first()).hasMatch(), qPrintable(bench.console.first()));
    QVERIFY(bench.status(u"extruder"_s).value(u"can_extrude"_s).toBool());
    bench.klippy->advance(60);
    const QJsonObject extruder = bench.status(u"extruder"_s);
    QVERIFY(std::abs(extruder.value(u"temperature"_s).toDouble() - 210) < 1);
    QVERIFY(extruder.value(u"power"_s).toDouble() > 0.05);
    bench.run(u"TURN_OFF_HEATERS"_s);
    bench.klippy->advance(300);
    QVERIFY(bench.status(u"extruder"_s).value(u"temperature"_s).toDouble() < 60);
}

void TestKlippy::scriptsQueueAndQueriesDoNot()
{
    Bench bench;
    bench.ready();
    const int first = bench.start(u"G28\nG4 P3000\nM400"_s);
    bench.klippy->advance(1);
    const int second = bench.start(u"M115"_s);
    QCOMPARE(bench.status(u"idle_timeout"_s).value(u"state"_s), u"Printing"_s);
    bench.klippy->advance(1);
    QVERIFY(bench.reply(first).isEmpty() && bench.reply(second).isEmpty());
    QVERIFY(bench.advanceUntil([&] { return !bench.reply(second).isEmpty(); }, 60));
    QVERIFY(!bench.reply(first).isEmpty());
    QCOMPARE(bench.status(u"toolhead"_s).value(u"homed_axes"_s), u"xyz"_s);
    QVERIFY(std::abs(bench.klippy->truePosition()[2]) < 1e-9);
}

void TestKlippy::emergencyStopAnswersThePendingScript()
{
    Bench bench;
    bench.ready();
    const int script = bench.start(u"G28\nG1 Z60 F300\nM400"_s);
    QVERIFY(bench.advanceUntil([&] { return bench.klippy->truePosition()[2] > 20; }, 60));
    QVERIFY(bench.reply(script).isEmpty());
    const int stop = bench.send(u"emergency_stop"_s);
    bench.klippy->advance(0.01);
    QVERIFY(bench.console.contains(u"// Klipper state: Shutdown"_s));
    QVERIFY(bench.reply(stop).contains(u"result"_s));
    QVERIFY(bench.reply(script).contains(u"result"_s));
    const auto before = bench.klippy->truePosition();
    bench.klippy->advance(5);
    QCOMPARE(bench.klippy->truePosition(), before);
    QCOMPARE(bench.status(u"webhooks"_s).value(u"state"_s), u"shutdown"_s);
    const QString text = bench.run(u"G28"_s);
    QVERIFY(text.startsWith(u"Shutdown due to webhooks request\nOnce the underlying"_s));
    QCOMPARE(bench.console.last(), u"!! Shutdown due to webhooks request"_s);
}

void TestKlippy::restartClosesConnections()
{
    Bench bench;
    bench.ready();
    bench.run(u"PLR_ENABLE\nG28"_s);
    QSignalSpy started(bench.klippy.get(), &Klippy::hostStarted);
    const double clock = bench.klippy->now();
    const int id = bench.send(u"gcode/firmware_restart"_s);
    bench.klippy->advance(0);
    QVERIFY(bench.reply(id).contains(u"result"_s));
    QCOMPARE(bench.console.last(), u"// Klipper state: Disconnect"_s);
    QVERIFY(bench.closed);
    QVERIFY(!bench.klippy->hostRunning());
    QVERIFY(bench.advanceUntil([&] { return bench.klippy->hostRunning(); }, 3));
    QCOMPARE(started.size(), 1);
    bench.open();
    QCOMPARE(bench.result(u"info"_s).value(u"state"_s), u"startup"_s);
    QVERIFY(bench.ready());
    QVERIFY(bench.klippy->now() - clock < 3);
    QCOMPARE(bench.status(u"toolhead"_s).value(u"homed_axes"_s), QString());
}

void TestKlippy::gcodeErrors_data()
{
    QTest::addColumn<QString>("script");
    QTest::addColumn<QString>("error");
    QTest::addColumn<QString>("console");
    QTest::newRow("not homed") << u"G1 X10"_s << u"Must home axis first: 10.000 0.000 0.000 [0.000]"_s
                               << u"!! Must home axis first: 10.000 0.000 0.000 [0.000]"_s;
    QTest::newRow("out of range") << u"G28\nG1 X500"_s << u"Move out of range: 500.000 0.000 0.000 [0.000]"_s
                                  << u"!! Move out of range: 500.000 0.000 0.000 [0.000]"_s;
    QTest::newRow("cold") << u"G28\nG1 X10 E1"_s
                          << u"Extrude below minimum temp\nSee the 'min_extrude_temp' config option for details"_s
                          << u"!! Extrude below minimum temp"_s;
    QTest::newRow("unknown") << u"NO_SUCH_COMMAND"_s << QString() << u"// Unknown command:\"NO_SUCH_COMMAND\""_s;
    QTest::newRow("arc") << u"G2 X10 Y10 I5 J5"_s << QString() << u"// Unknown command:\"G2\""_s;
    QTest::newRow("firmware") << u"M115"_s << QString() << u"// FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.13.0"_s;
    QTest::newRow("upper case") << u"SAVE_VARIABLE VARIABLE=Abc VALUE=1"_s
                                << u"VARIABLE must not contain upper case"_s
                                << u"!! VARIABLE must not contain upper case"_s;
    QTest::newRow("literal") << u"SAVE_VARIABLE VARIABLE=abc VALUE=word"_s
                             << u"Unable to parse 'word' as a literal"_s
                             << u"!! Unable to parse 'word' as a literal"_s;
    QTest::newRow("line number") << u"N10 M105*36"_s << QString() << u"B:22.0 /0.0 T0:22.0 /0.0"_s;
    QTest::newRow("reserved mesh") << u"BED_MESH_PROFILE SAVE=default"_s << QString()
                                   << u"// Profile 'default' is reserved, please choose another profile name."_s;
    QTest::newRow("position") << u"G28\nG1 X10.5 Y2 Z3 F6000\nG92 E7\nM114"_s << QString()
                              << u"X:10.500 Y:2.000 Z:3.000 E:7.000"_s;
}

void TestKlippy::gcodeErrors()
{
    QFETCH(QString, script);
    QFETCH(QString, error);
    QFETCH(QString, console);
    Bench bench;
    bench.ready();
    bench.console.clear();
    QCOMPARE(bench.run(script), error);
    QVERIFY(!bench.console.isEmpty());
    QCOMPARE(bench.console.last(), console);
}

void TestKlippy::updatesHoldOnlyChanges()
{
    Bench bench;
    bench.ready();
    bench.result(u"objects/subscribe"_s, subscribe({u"toolhead"_s, u"print_stats"_s, u"save_variables"_s}));
    bench.updates.clear();
    bench.klippy->advance(1.01);
    QCOMPARE(bench.updates.size(), 4);
    for (const QJsonObject& update : bench.updates) {
        QCOMPARE(update.value(u"method"_s), u"status"_s);
        const QJsonObject status = update.value(u"params"_s).toObject().value(u"status"_s).toObject();
        QCOMPARE(status.keys(), QStringList({u"toolhead"_s}));
        QCOMPARE(status.value(u"toolhead"_s).toObject().keys(), QStringList({u"estimated_print_time"_s}));
    }
    bench.updates.clear();
    bench.run(u"SAVE_VARIABLE VARIABLE=plr_test VALUE=\"{'a': 1, 'b': [1.5, 'x']}\""_s);
    bench.klippy->advance(0.3);
    const QJsonObject status = bench.updates.first().value(u"params"_s).toObject().value(u"status"_s).toObject();
    const QJsonObject test = status.value(u"save_variables"_s).toObject().value(u"variables"_s).toObject()
                                 .value(u"plr_test"_s).toObject();
    QCOMPARE(test.value(u"b"_s).toArray().at(1), u"x"_s);
}

void TestKlippy::bedDrops()
{
    MachineOptions options = Bench::fast();
    options.bedDropsUnpowered = true;
    Bench bench(options);
    bench.ready();
    bench.run(u"G28\nG1 Z30.01 F600\nM400"_s);
    QVERIFY(std::abs(bench.klippy->truePosition()[2] - 30.01) < 1e-9);
    bench.klippy->cutPower();
    for (const double z : bench.klippy->trueZ())
        QVERIFY(z < 29.6 && z > 29.2);
    QVERIFY(bench.restart());
    for (const double z : bench.klippy->trueZ())
        QVERIFY(std::abs(z / 0.04 - std::round(z / 0.04)) < 1e-6);
}

void TestKlippy::excludedObjectIsLeftOut()
{
    Bench bench;
    bench.add(u"two.gcode"_s,
              "G28\nM109 S200\nM82\nG90\nEXCLUDE_OBJECT_DEFINE NAME=a CENTER=10,10\nEXCLUDE_OBJECT_DEFINE NAME=b\n"
              "G92 E0\nG1 Z0.2 F600\nEXCLUDE_OBJECT_START NAME=a\nG1 X10 Y10 F3000\nG1 X20 E1\nEXCLUDE_OBJECT_END\n"
              "EXCLUDE_OBJECT_START NAME=b\nG1 X30 Y10\nG1 X40 E2\nEXCLUDE_OBJECT_END\n"
              "EXCLUDE_OBJECT_START NAME=a\nG1 X10 Y20\nG1 X20 E3\nEXCLUDE_OBJECT_END\n"
              "EXCLUDE_OBJECT_START NAME=b\nG1 X30 Y20\nG1 X40 E4\nEXCLUDE_OBJECT_END\nM400\n");
    bench.ready();
    bench.run(u"SDCARD_PRINT_FILE FILENAME=two.gcode"_s);
    bench.klippy->advance(0.2);
    QCOMPARE(bench.run(u"EXCLUDE_OBJECT NAME=a"_s), QString());
    // The exclusion was queued behind the first lines; every move of "a" comes later.
    QVERIFY(bench.advanceUntil([&] { return bench.printState() == u"complete"_s; }, 100));
    double total = 0;
    for (const Bead& bead : bench.klippy->deposit().beads) {
        QVERIFY(bead.x1 > 29);
        total += bead.filament;
    }
    QVERIFY(std::abs(total - 2) < 1e-6);
    const QJsonObject status = bench.status(u"exclude_object"_s);
    QCOMPARE(status.value(u"excluded_objects"_s).toArray(), QJsonArray({u"A"_s}));
    QCOMPARE(status.value(u"objects"_s).toArray().size(), 2);
}

void TestKlippy::stockSwitchesMeasureZ()
{
    MachineOptions options = Bench::fast();
    options.maxZ = 80;
    options.switchHeights = {62.0, 62.35, 61.8, 62.1};
    Bench bench(options);
    bench.ready();
    bench.run(u"G28\nG1 Z61.4 F600\nM400"_s);
    const double from = bench.klippy->trueZ()[1];
    int pushes = 0;
    while (bench.status(u"gcode_button z1_top"_s).value(u"state"_s) == u"RELEASED"_s && pushes < 100) {
        QCOMPARE(bench.run(u"FORCE_MOVE STEPPER=stepper_z1 DISTANCE=0.02 VELOCITY=5\nM400"_s), QString());
        ++pushes;
    }
    const auto z = bench.klippy->trueZ();
    QVERIFY(std::abs(z[1] - 62.35) < 0.035);
    QVERIFY(std::abs(z[1] - from - pushes * 0.02) < 1e-9);
    QVERIFY(std::abs(z[0] - 61.4) < 1e-9 && std::abs(z[2] - 61.4) < 1e-9);
    QCOMPARE(bench.status(u"gcode_button z_top"_s).value(u"state"_s), u"RELEASED"_s);
    bench.klippy->setEndstopStuck(0, true);
    QCOMPARE(bench.status(u"gcode_button z_top"_s).value(u"state"_s), u"PRESSED"_s);
}

void TestKlippy::faultsFromInsideAHandler_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QString>("trigger");
    QTest::addColumn<bool>("crash");
    QTest::newRow("cut in a reply") << u"info"_s << u"result"_s << false;
    QTest::newRow("crash in a reply") << u"info"_s << u"result"_s << true;
    QTest::newRow("cut in a console line") << u"M109 S210"_s << u"B:"_s << false;
    QTest::newRow("crash in a console line") << u"M109 S210"_s << u"B:"_s << true;
}

void TestKlippy::faultsFromInsideAHandler()
{
    QFETCH(QString, method);
    QFETCH(QString, trigger);
    QFETCH(bool, crash);
    Bench bench;
    bench.ready();
    connect(bench.connection.get(), &KlippyConnection::received, this, [&](const QJsonObject& message) {
        if (!QString::fromUtf8(QJsonDocument(message).toJson()).contains(trigger))
            return;
        if (crash)
            bench.klippy->crashHost();
        else
            bench.klippy->cutPower();
    });
    if (method == u"info"_s)
        bench.send(method);
    else
        bench.send(u"gcode/script"_s, {{u"script"_s, method}});
    bench.klippy->advance(3);
    QVERIFY(bench.closed);
    QVERIFY(!bench.klippy->hostRunning());
    QVERIFY(bench.restart());
}

void TestKlippy::aTimerMovesTheClock()
{
    Bench bench;
    const double begin = bench.klippy->now();
    bench.klippy->setSpeed(100);
    QTRY_VERIFY_WITH_TIMEOUT(bench.klippy->now() - begin > 5, 5000);
    bench.klippy->setSpeed(0);
    const double stopped = bench.klippy->now();
    QSignalSpy answered(bench.connection.get(), &KlippyConnection::received);
    bench.send(u"info"_s);
    QVERIFY(answered.wait(2000)); // answered without any time passing
    QCOMPARE(bench.klippy->now(), stopped);
}

QTEST_GUILESS_MAIN(TestKlippy)
#include "tst_klippy.moc"
