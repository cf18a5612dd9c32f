// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

#include "jsonshape.h"
#include "klippy.h"
#include "klippybench.h"

using namespace Qt::StringLiterals;
using namespace kintsugi::sim;

namespace {

QList<QJsonObject> recording(const QString& name)
{
    QList<QJsonObject> rows;
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/") + name);
    if (!file.open(QIODevice::ReadOnly))
        return rows;
    while (!file.atEnd())
        rows.append(QJsonDocument::fromJson(file.readLine()).object());
    return rows;
}

/// Moonraker's name of a request → Klipper's.
QString klipperMethod(const QString& method)
{
    static const QHash<QString, QString> names{{u"printer.info"_s, u"info"_s},
                                               {u"printer.objects.list"_s, u"objects/list"_s},
                                               {u"printer.objects.query"_s, u"objects/query"_s},
                                               {u"printer.objects.subscribe"_s, u"objects/subscribe"_s},
                                               {u"printer.gcode.help"_s, u"gcode/help"_s},
                                               {u"printer.query_endstops.status"_s, u"query_endstops/status"_s}};
    return names.value(method);
}

} // namespace

class TestKlippyShapes : public QObject
{
    Q_OBJECT
private slots:
    void socketSession();
    void queries_data();
    void queries();
    void settingsOfThePlugin();
    void helpCoversTheRecordedCommands();
    void updatesDuringAPrint();
};

/// The recorded session on Klipper's own socket, request by request.
void TestKlippyShapes::socketSession()
{
    Bench bench;
    bench.addTower();
    bench.ready();
    QHash<int, int> ids;
    QHash<int, QJsonObject> recorded;
    const auto rows = recording(u"13_klipper_unix_socket.jsonl"_s);
    QVERIFY(rows.size() > 50);
    for (const QJsonObject& row : rows) {
        const QJsonObject frame = row.value(u"frame"_s).toObject();
        if (row.value(u"dir"_s) == u"s2c"_s && frame.contains(u"id"_s))
            recorded.insert(frame.value(u"id"_s).toInt(), frame);
    }
    bench.console.clear();
    for (const QJsonObject& row : rows) {
        const QJsonObject frame = row.value(u"frame"_s).toObject();
        const QString method = frame.value(u"method"_s).toString();
        if (row.value(u"dir"_s) != u"c2s"_s || method == u"gcode/subscribe_output"_s || method.isEmpty())
            continue;
        const int id = bench.send(method, frame.value(u"params"_s).toObject());
        ids.insert(frame.value(u"id"_s).toInt(), id);
        bench.klippy->advance(0.3);
        bench.advanceUntil([&] { return !bench.reply(id).isEmpty(); }, 60);
    }
    for (auto it = recorded.begin(); it != recorded.end(); ++it) {
        if (!ids.contains(it.key()))
            continue;
        const QJsonObject mine = bench.reply(ids.value(it.key()));
        QVERIFY2(!mine.isEmpty(), qPrintable(u"no reply to %1"_s.arg(it.key())));
        if (it.value().contains(u"error"_s)) {
            QCOMPARE(mine.value(u"error"_s), it.value().value(u"error"_s));
            continue;
        }
        QStringList differences;
        compareShape(it.value().value(u"result"_s), mine.value(u"result"_s), u"result"_s, differences);
        // Help texts are compared below; two saved values differ because that printer was calibrated.
        differences.removeIf([](const QString& d) { return d.contains(u"result."_s) && d.endsWith(u"missing"_s)
                                                          && (d.contains(u"z_"_s) || d == d.toUpper()); });
        if (it.value().value(u"result"_s).toObject().contains(u"RESTART"_s))
            continue;
        QVERIFY2(differences.isEmpty(), qPrintable(u"reply %1: "_s.arg(it.key()) + differences.join(u"; "_s)));
    }
    QVERIFY(bench.console.contains(u"!! Must home axis first: 5.000 0.000 0.000 [0.000]"_s));
    QVERIFY(bench.console.contains(u"// FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.13.0"_s));
    QVERIFY(bench.console.contains(u"echo: START_PRINT EXTRUDER=210 BED=60"_s));
    QCOMPARE(bench.console.last(), u"// Klipper state: Disconnect"_s);
}

void TestKlippyShapes::queries_data()
{
    QTest::addColumn<QJsonObject>("request");
    QTest::addColumn<QJsonObject>("answer");
    for (const QString& file : {u"01_connect_identify_subscribe.jsonl"_s, u"02_upload_print_state_saves_m112.jsonl"_s,
                                u"08_m23_m26_m24_zero_copy_resume.jsonl"_s}) {
        QHash<int, QJsonObject> asked;
        for (const QJsonObject& row : recording(file)) {
            const QJsonObject frame = row.value(u"frame"_s).toObject();
            const int id = frame.value(u"id"_s).toInt();
            if (row.value(u"dir"_s) == u"c2s"_s && !klipperMethod(frame.value(u"method"_s).toString()).isEmpty())
                asked.insert(id, frame);
            else if (asked.contains(id) && frame.contains(u"result"_s))
                QTest::addRow("%s %d", qPrintable(file.left(2)), id) << asked.value(id) << frame;
        }
    }
}

void TestKlippyShapes::queries()
{
    QFETCH(QJsonObject, request);
    QFETCH(QJsonObject, answer);
    Bench bench;
    bench.ready();
    const int id = bench.send(klipperMethod(request.value(u"method"_s).toString()), request.value(u"params"_s).toObject());
    QVERIFY(bench.advanceUntil([&] { return !bench.reply(id).isEmpty(); }, 2));
    QStringList differences;
    compareShape(answer.value(u"result"_s), bench.reply(id).value(u"result"_s), u"result"_s, differences);
    // What depends on that printer's configuration or on what it had saved.
    differences.removeIf([](const QString& d) {
        return d.contains(u"settings."_s) || d.contains(u"config."_s) || d.contains(u"commands."_s)
               || d.contains(u"variables."_s) || d.startsWith(u"result.GET"_s) || d.mid(7, 1) != d.mid(7, 1).toLower()
               || d.contains(u"last_query"_s) || d.startsWith(u"result._PLR"_s);
    });
    QVERIFY2(differences.isEmpty(), qPrintable(differences.join(u"; "_s)));
}

void TestKlippyShapes::settingsOfThePlugin()
{
    QJsonObject recorded;
    for (const QJsonObject& row : recording(u"01_connect_identify_subscribe.jsonl"_s)) {
        const QJsonObject settings = row.value(u"frame"_s).toObject().value(u"result"_s).toObject()
                                         .value(u"status"_s).toObject().value(u"configfile"_s).toObject()
                                         .value(u"settings"_s).toObject();
        if (!settings.isEmpty())
            recorded = settings;
    }
    Bench bench;
    bench.ready();
    const QJsonObject mine = bench.status(u"configfile"_s).value(u"settings"_s).toObject();
    for (const QString& section : {u"power_loss_recovery"_s, u"save_variables"_s, u"virtual_sdcard"_s, u"printer"_s,
                                   u"stepper_x"_s, u"stepper_z"_s, u"stepper_z3"_s, u"force_move"_s, u"bed_mesh"_s,
                                   u"idle_timeout"_s, u"gcode_macro end_print"_s, u"fan"_s}) {
        QStringList differences;
        QVERIFY2(recorded.contains(section), qPrintable(section));
        compareShape(recorded.value(section), mine.value(section), section, differences);
        QVERIFY2(differences.isEmpty(), qPrintable(differences.join(u"; "_s)));
    }
}

void TestKlippyShapes::helpCoversTheRecordedCommands()
{
    QJsonObject recorded;
    for (const QJsonObject& row : recording(u"13_klipper_unix_socket.jsonl"_s)) {
        const QJsonObject result = row.value(u"frame"_s).toObject().value(u"result"_s).toObject();
        if (result.contains(u"RESTART"_s))
            recorded = result;
    }
    // Tools of the bench (buzzing, tuning, probing by hand) that this machine does without.
    const QStringList without{u"HELP"_s, u"SAVE_CONFIG"_s, u"QUERY_ADC"_s, u"PID_CALIBRATE"_s, u"STEPPER_BUZZ"_s,
                              u"BED_MESH_OUTPUT"_s, u"BED_MESH_MAP"_s, u"BED_MESH_OFFSET"_s, u"SET_GCODE_VARIABLE"_s,
                              u"SET_STEPPER_ENABLE"_s, u"MANUAL_PROBE"_s, u"Z_ENDSTOP_CALIBRATE"_s,
                              u"Z_OFFSET_APPLY_ENDSTOP"_s, u"TUNING_TOWER"_s, u"SET_EXTRUDER_ROTATION_DISTANCE"_s,
                              u"SYNC_EXTRUDER_MOTION"_s};
    Bench bench;
    bench.ready();
    const QJsonObject mine = bench.result(u"gcode/help"_s);
    QVERIFY(recorded.size() > 60);
    for (auto it = recorded.begin(); it != recorded.end(); ++it) {
        if (!without.contains(it.key()))
            QCOMPARE(u"%1: %2"_s.arg(it.key(), mine.value(it.key()).toString()),
                     u"%1: %2"_s.arg(it.key(), it.value().toString()));
    }
}

void TestKlippyShapes::updatesDuringAPrint()
{
    // Every field that the recorded print reported as changed has to change here too, with the same type.
    QJsonObject asked;
    QJsonObject recorded;
    const auto collect = [](QJsonObject& into, const QJsonObject& status) {
        for (auto it = status.begin(); it != status.end(); ++it) {
            QJsonObject fields = into.value(it.key()).toObject();
            const QJsonObject changed = it.value().toObject();
            for (auto field = changed.begin(); field != changed.end(); ++field)
                fields.insert(field.key(), field.value());
            into.insert(it.key(), fields);
        }
    };
    for (const QJsonObject& row : recording(u"02_upload_print_state_saves_m112.jsonl"_s)) {
        const QJsonObject frame = row.value(u"frame"_s).toObject();
        if (frame.value(u"method"_s) == u"printer.objects.subscribe"_s)
            asked = frame.value(u"params"_s).toObject();
        if (frame.value(u"method"_s) == u"notify_status_update"_s)
            collect(recorded, frame.value(u"params"_s).toArray().at(0).toObject());
    }
    QVERIFY(recorded.size() > 8);
    Bench bench;
    bench.addTower();
    bench.ready();
    bench.result(u"objects/subscribe"_s, asked);
    bench.run(u"PLR_ENABLE\nSDCARD_PRINT_FILE FILENAME=tower_plr.gcode"_s);
    bench.advanceUntil([&] { return bench.klippy->deposit().beads.size() > 100; }, 300);
    bench.send(u"emergency_stop"_s);
    bench.klippy->advance(1);
    QJsonObject mine;
    for (const QJsonObject& update : std::as_const(bench.updates))
        collect(mine, update.value(u"params"_s).toObject().value(u"status"_s).toObject());
    QStringList differences;
    compareShape(recorded, mine, u"status"_s, differences);
    differences.removeIf([](const QString& d) { return d.contains(u"z_"_s) || d.endsWith(u"additional"_s); });
    QVERIFY2(differences.isEmpty(), qPrintable(differences.join(u"; "_s)));
}

QTEST_GUILESS_MAIN(TestKlippyShapes)
#include "tst_klippyshapes.moc"
