// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <algorithm>

#include "dialectjudge.h"
#include "recovery/notrestored.h"
#include "recovery/planfindings.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using namespace Qt::StringLiterals;
using gcode::Dialect;

namespace {

const std::string head = "M140 S60\nM104 S210\nG90\nM83\nG28\nG1 X50 Y50 Z0.2 F3000\nG1 X60 E1\nG1 Y60 E1\n";
const std::string rest = "M83\nG1 X50 E1\nG1 Y50 E1\n";

PlanOptions touch(double z = 0.2)
{
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = z;
    return options;
}

struct Print {
    std::unique_ptr<gcode::MemorySource> source;
    gcode::FileIndex index;
    Print(const std::string& text, Dialect dialect)
        : source(std::make_unique<gcode::MemorySource>(text, "test.gcode")), index(*gcode::buildIndex(*source, dialect))
    {
    }
    [[nodiscard]] Result<Plan> plan(ByteOffset byte, const PlanOptions& options = {}) const
    {
        return planResume(*source, index, *snapshotFromFile(*source, index, byte), {}, options);
    }
};

Result<Plan> planned(Dialect dialect, const std::string& before, const PlanOptions& options = {}, const std::string& after = rest)
{
    return Print(head + before + after, dialect).plan(head.size() + before.size(), options);
}

QByteArray linesOf(const Result<Plan>& plan)
{
    if (!plan)
        return "refused: " + QByteArray::fromStdString(plan.error().field + ' ' + plan.error().detail);
    QByteArray lines("|");
    for (const PlanStep& step : plan->steps) {
        for (const std::string& line : step.gcode)
            lines += QByteArray::fromStdString(line) + '|';
    }
    return lines;
}

/// "M206 block", "M900 warn" …, "" when nothing is lost.
QByteArray losses(const Plan& plan)
{
    QByteArray words;
    for (const GateCheck& check : planFindings(plan)) {
        if (check.id == "not-restored" && !check.passed)
            words += QByteArray::fromStdString((words.isEmpty() ? "" : ", ") + check.measured + ' ' + std::string(name(check.severity)));
    }
    return words;
}

} // namespace

Q_DECLARE_METATYPE(kintsugi::gcode::Dialect)

class TestPlanLosses : public QObject
{
    Q_OBJECT

private slots:
    void settingsAreSaidAgain_data();
    void settingsAreSaidAgain();
    void whatIsLostIsNamed_data();
    void whatIsLostIsNamed();
    void pressureAdvanceIsNotInvented();
    void resumeOfAResume_data();
    void resumeOfAResume();
    void foreignDeclarationsStayUnknown();
};

void TestPlanLosses::settingsAreSaidAgain_data()
{
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("lines"); // all of them, in this order
    const auto row = [](const char* name, Dialect dialect, const char* before, const char* lines) {
        QTest::newRow(name) << dialect << QByteArray(before) << QByteArray(lines);
    };
    row("retraction", Dialect::Klipper, "SET_RETRACTION RETRACT_LENGTH=0.5 RETRACT_SPEED=40\nSET_RETRACTION RETRACT_LENGTH=0.6\n",
        "SET_RETRACTION RETRACT_LENGTH=0.6 RETRACT_SPEED=40");
    row("input shaper", Dialect::Klipper, "SET_INPUT_SHAPER SHAPER_FREQ_X=50.5 SHAPER_TYPE=mzv\nSET_INPUT_SHAPER SHAPER_TYPE_Y=ei SHAPER_FREQ_Y=40\n",
        "SET_INPUT_SHAPER SHAPER_FREQ_X=50.5 SHAPER_FREQ_Y=40|SET_INPUT_SHAPER SHAPER_TYPE=mzv|SET_INPUT_SHAPER SHAPER_TYPE_Y=ei");
    row("a later shape for both", Dialect::Klipper, "SET_INPUT_SHAPER SHAPER_TYPE_X=ei\nSET_INPUT_SHAPER SHAPER_TYPE=zv\n", "SET_INPUT_SHAPER SHAPER_TYPE=zv|G1 X-");
    row("skew", Dialect::Klipper, "SET_SKEW XY=100.1,100.2,70.5\nSET_SKEW XZ=1,2,3\n", "SET_SKEW XY=100.1,100.2,70.5|SET_SKEW XZ=1,2,3");
    row("skew cleared", Dialect::Klipper, "SET_SKEW XY=100.1,100.2,70.5\nSET_SKEW CLEAR=1\n", "SET_SKEW CLEAR=1");
    row("skew on a profile", Dialect::Klipper, "SET_SKEW XZ=1,2,3\nSKEW_PROFILE LOAD=mine\nSET_SKEW XY=1,2,3\n", "SKEW_PROFILE LOAD=mine|SET_SKEW XY=1,2,3");
    row("Marlin's shaper", Dialect::Marlin, "M593 X F40 D0.1\nM593 Y F35\n", "M593 X D0.1 F40|M593 Y F35");
    row("Marlin's shaper of both", Dialect::Marlin, "M593 F30\n", "M593 X F30|M593 Y F30");
    row("steps a mm", Dialect::Marlin, "M92 E415\nM92 X80.5\n", "M92 E415 X80.5|G92.9 Z0.2");
    row("steps a mm of a tool", Dialect::Marlin1, "M92 T1 E400\n", "M92 T1 E400|G92 Z0.2");
    row("steps a mm, RepRapFirmware", Dialect::RepRapFirmware, "M92 E14 Z400\n", "M92 E14 Z400|G92 Z0.2");
    row("mixed tools", Dialect::Marlin, "M163 S0 P0.6\nM163 S1 P0.4\nM164 S1\nM163 S0 P0.2\nM166 S1 A0 Z20 I0 J1\n",
        "M163 S0 P0.6|M163 S1 P0.4|M164 S1|M163 S0 P0.2|M163 S1 P0.4|M166 A0 I0 J1 S1 Z20");
    row("mixed at once", Dialect::Marlin, "M165 A0.3 B0.7\nM165 B1\n", "M163 S0 P0|M163 S1 P1|M164 S0|M163 S0 P0|M163 S1 P1");
    row("filament width", Dialect::RepRapFirmware, "M404 N1.75 D0.4\n", "M404 D0.4 N1.75");
    row("filament width, Marlin", Dialect::Marlin, "M404 W1.72\n", "M404 W1.72");
    row("skewed axes", Dialect::RepRapFirmware, "M556 S100 X0.2 Y0.1\nM556 S50 Y0.3\n", "M556 S100 X0.2|M556 S50 Y0.3");
    row("scaled axes", Dialect::RepRapFirmware, "M579 X1.01 Y0.99 Z1\n", "M579 X1.01 Y0.99");
    row("duplication", Dialect::Marlin, "M605 S2 X100 R2\n", "M605 S2 R2 X100|G28 R0 X Y");
    row("duplication over", Dialect::Marlin, "M605 S2 X100 R2\nM605 S1\n", "M605 S1|G28 R0 X Y");
    row("filament a turn", Dialect::Klipper, "SET_EXTRUDER_ROTATION_DISTANCE EXTRUDER=extruder DISTANCE=22.5\n",
        "SET_EXTRUDER_ROTATION_DISTANCE EXTRUDER=extruder DISTANCE=22.5");
    row("extruders in step", Dialect::Klipper,
        "SYNC_EXTRUDER_MOTION EXTRUDER=extruder1 MOTION_QUEUE=extruder\nSYNC_EXTRUDER_MOTION EXTRUDER=belted MOTION_QUEUE=\n",
        "SYNC_EXTRUDER_MOTION EXTRUDER=belted MOTION_QUEUE=\"\"|SYNC_EXTRUDER_MOTION EXTRUDER=extruder1 MOTION_QUEUE=extruder");
    row("extruders out of step", Dialect::Klipper,
        "SYNC_EXTRUDER_MOTION EXTRUDER=a MOTION_QUEUE=extruder\nSYNC_EXTRUDER_MOTION EXTRUDER=a MOTION_QUEUE=extruder1\n",
        "SYNC_EXTRUDER_MOTION EXTRUDER=a MOTION_QUEUE=extruder1");
    row("carriages", Dialect::Klipper, "SET_DUAL_CARRIAGE CARRIAGE=0\nSET_DUAL_CARRIAGE CARRIAGE=1 MODE=COPY\n",
        "G28 X Y|SET_DUAL_CARRIAGE CARRIAGE=1 MODE=COPY");
    row("currents", Dialect::Klipper, "SET_TMC_CURRENT STEPPER=stepper_x CURRENT=0.8 HOLDCURRENT=0.5\nSET_TMC_CURRENT STEPPER=stepper_x CURRENT=0.7\n",
        "SET_TMC_CURRENT STEPPER=stepper_x CURRENT=0.7 HOLDCURRENT=0.5");
    row("driver's field", Dialect::Klipper, "SET_TMC_FIELD STEPPER=stepper_x FIELD=tpwmthrs VALUE=7\nSET_TMC_FIELD STEPPER=stepper_x FIELD=tpwmthrs VELOCITY=50\n",
        "SET_TMC_FIELD STEPPER=stepper_x FIELD=tpwmthrs VELOCITY=50");
    row("smooth time", Dialect::Klipper, "SET_PRESSURE_ADVANCE ADVANCE=0.05 SMOOTH_TIME=0.02\n",
        "SET_PRESSURE_ADVANCE EXTRUDER=extruder SMOOTH_TIME=0.02|SET_PRESSURE_ADVANCE EXTRUDER=extruder ADVANCE=0.05");
    row("extruder by name", Dialect::Klipper, "M104 T1 S220\nACTIVATE_EXTRUDER EXTRUDER=extruder1\n", "ACTIVATE_EXTRUDER EXTRUDER=extruder1|M109 T1 S220");
    row("extruder by macro", Dialect::Klipper, "M104 T1 S220\nACTIVATE_EXTRUDER EXTRUDER=extruder1\nT0\nT1\n", "T1|M109 T1 S220");
    row("first extruder by name", Dialect::Klipper, "T1\nACTIVATE_EXTRUDER EXTRUDER=extruder\n", "ACTIVATE_EXTRUDER EXTRUDER=extruder|M109 S210");
    row("speed factor kept", Dialect::Marlin, "M220 S80\nM220 B\nM220 S50\n", "M220 S80|M220 B|M220 S50");
    row("RepRapFirmware's shaper", Dialect::RepRapFirmware, "M593 P\"zvd\" F30\nM593 P\"mzv\" F42.5\n", "M593 P\"mzv\" F42.5");
}

void TestPlanLosses::settingsAreSaidAgain()
{
    QFETCH(Dialect, dialect);
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, lines);
    const auto plan = planned(dialect, before.toStdString(), touch());
    const QByteArray all = linesOf(plan);
    qsizetype from = 0;
    for (const QByteArray& line : lines.split('|')) {
        if (line == "G1 X-") { // only what was said last
            QCOMPARE(all.count("SHAPER_TYPE"), 1);
            continue;
        }
        const qsizetype at = all.indexOf('|' + line + '|', from);
        QVERIFY2(at >= 0, line + " in " + all);
        from = at + line.size();
    }
    QCOMPARE(losses(*plan), QByteArray());
}

void TestPlanLosses::whatIsLostIsNamed_data()
{
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QByteArray>("declared"); // what is lost when Z is declared
    QTest::addColumn<QByteArray>("kept");
    const auto row = [](const char* name, Dialect dialect, const char* before, const char* declared, const char* kept = "", const char* after = "") {
        QTest::newRow(name) << dialect << QByteArray(before) << QByteArray(after) << QByteArray(declared) << QByteArray(kept);
    };
    row("nothing", Dialect::Marlin, "", "");
    row("home offset", Dialect::Marlin, "M206 Z-0.2\nG1 X60 Y60 Z0.2\n", "M206 block");
    row("home offset of 0", Dialect::Marlin, "M206 X0 Z0\n", "");
    row("home offset from here", Dialect::Prusa, "M428\nG1 X60 Y60 Z0.2\n", "M428 block");
    row("origin of a workspace", Dialect::RepRapFirmware, "G10 L2 P1 Z0.3\nG1 X60 Y60 Z0.2\n", "G10 block");
    row("origin here", Dialect::RepRapFirmware, "G10 L20 P1 Z0\nG1 X60 Y60 Z0.2\n", "G10 block");
    row("a skew that cannot be said", Dialect::Klipper, "SKEW_PROFILE LOAD=\"a;b\"\n", "SKEW_PROFILE warn", "SKEW_PROFILE warn");
    row("saved, never asked for", Dialect::Klipper, "SAVE_GCODE_STATE NAME=a\n", "");
    row("saved and asked for later", Dialect::Klipper, "SAVE_GCODE_STATE NAME=a\n", "RESTORE_GCODE_STATE block", "", "RESTORE_GCODE_STATE NAME=a\n");
    row("another slot", Dialect::Klipper, "SAVE_GCODE_STATE NAME=a\n", "", "", "SAVE_GCODE_STATE NAME=b\nRESTORE_GCODE_STATE NAME=b\n");
    row("Klipper ignores M900", Dialect::Klipper, "M900 K0.05\n", "M900 warn", "M900 warn");
    row("few steps a mm change limits", Dialect::Marlin, "M92 E14\n", "M92 warn");
    row("steps of several", Dialect::RepRapFirmware, "M92 E420:410\n", "M92 warn");
    row("mirrored carriages", Dialect::Marlin, "M605 S2 X100\nM605 S3\n", "M605 warn");
    row("mixing of old", Dialect::Marlin1, "M163 S0 P0.5\nM164 S0\n", "M163 warn, M164 warn");
    row("Marlin knows no M556", Dialect::Marlin, "M556 S100 X0.2\n", "M556 warn");
    row("a scaled Z", Dialect::RepRapFirmware, "M579 X1.01 Z1.01\n", "M579 warn");
    row("Klipper knows no M92", Dialect::Klipper, "M92 E415\n", "");
    row("a stepper that cannot be said", Dialect::Klipper, "SET_TMC_CURRENT STEPPER=\"a;b\" CURRENT=1\n", "SET_TMC_CURRENT warn");
    row("carriage by name", Dialect::Klipper, "SET_DUAL_CARRIAGE CARRIAGE=u\n", "SET_DUAL_CARRIAGE warn");
    row("a tool that only a person knows", Dialect::Prusa, "Tx\nTc\n", "Tc warn, Tx warn");
    row("no tools", Dialect::Prusa, "T255\nT1000\n", "");
    row("a pin is not the print", Dialect::Klipper, "SET_PIN PIN=light VALUE=1\n", "");
    row("workspace", Dialect::Klipper, "G55\n", "G55 warn", "G55 warn");
}

void TestPlanLosses::whatIsLostIsNamed()
{
    QFETCH(Dialect, dialect);
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    QFETCH(QByteArray, declared);
    QFETCH(QByteArray, kept);
    for (const bool declares : {true, false}) {
        const auto plan = planned(dialect, before.toStdString(), declares ? touch() : PlanOptions{}, rest + after.toStdString() + rest);
        QVERIFY2(plan.has_value(), linesOf(plan));
        QCOMPARE(losses(*plan), declares ? declared : kept);
        for (const char* never : {"|M206", "|M428", "|G10 L", "|SAVE_GCODE_STATE"})
            QVERIFY(!linesOf(plan).contains(never));
    }
}

void TestPlanLosses::pressureAdvanceIsNotInvented()
{
    const auto plan = planned(Dialect::Klipper, "M900 K0.05\n");
    QVERIFY(!linesOf(plan).contains("SET_PRESSURE_ADVANCE"));
    QVERIFY(linesOf(plan).contains("|M900 K0.05|")); // a macro of that name may stand on this printer
    const auto both = linesOf(planned(Dialect::Klipper, "M572 D0 S0.01\nSET_PRESSURE_ADVANCE ADVANCE=0.03\nM900 K0.05\n"));
    QVERIFY(both.indexOf("|SET_PRESSURE_ADVANCE EXTRUDER=extruder ADVANCE=0.03|") < both.indexOf("|M900 K0.05|"));
    QVERIFY(klipperPassesOver("M900") && klipperPassesOver("M900 K0.05")); // the run does not stop at its answer
    QVERIFY(!klipperPassesOver("M109") && !klipperPassesOver("SET_KINEMATIC_POSITION") && !klipperPassesOver("M83"));
    const auto overruled = linesOf(planned(Dialect::Klipper, "M900 K0.05\nSET_PRESSURE_ADVANCE ADVANCE=0.03\n"));
    QVERIFY(overruled.contains("ADVANCE=0.03|") && !overruled.contains("M900"));
}

void TestPlanLosses::resumeOfAResume_data()
{
    QTest::addColumn<Dialect>("dialect");
    for (const Dialect dialect : judge::allDialects)
        QTest::newRow(std::string(gcode::name(dialect)).c_str()) << dialect;
}

/// Five deep, with Z declared and kept in turn: each is planned, and the oracle finds the deepest equal to what they continue.
void TestPlanLosses::resumeOfAResume()
{
    QFETCH(Dialect, dialect);
    std::string all;
    for (int i = 0; i < 30; ++i)
        all += "G1 X" + std::to_string(50 + i % 7) + " Y" + std::to_string(60 + i % 5) + " E1\n";
    for (const std::string& shift : {std::string(), std::string("G92 Z0\nG1 Z0.05\n")}) {
        std::string body = all, file = head + shift + body + rest;
        QTemporaryDir folder;
        for (int depth = 0; depth < 5; ++depth) {
            const QString path = folder.filePath(QString::number(depth));
            QFile written(path);
            QVERIFY(written.open(QIODevice::WriteOnly) && written.write(file.data(), qint64(file.size())) == qint64(file.size()));
            written.close();
            judge::Judge judge(path);
            const auto opened = judge::open(path, dialect);
            QVERIFY(opened.has_value());
            std::size_t byte = file.size() - rest.size() - body.size();
            for (int line = 0; line < 4; ++line)
                byte = file.find('\n', byte) + 1;
            const auto snapshot = snapshotFromFile(*opened->source, opened->index, byte);
            QVERIFY(snapshot.has_value());
            const bool declares = depth % 3 != 2;
            const auto plan = planResume(*opened->source, opened->index, *snapshot, {}, declares ? touch(0.3 + depth) : PlanOptions{});
            if (!plan && !shift.empty() && depth > 2) {
                QCOMPARE(plan.error().field, std::string("position")); // a kept shift is only the firmware's
                break;
            }
            QVERIFY2(plan.has_value(), QByteArray::number(depth) + ' ' + linesOf(plan));
            QVERIFY(std::abs(plan->resumeZ - 0.2 - (shift.empty() ? 0 : 0.05)) < 1e-9);
            QVERIFY(judge.add(*opened, *plan));
            const QByteArray different = depth < 3 ? QByteArray() : judge.differences();
            QVERIFY2(different.isEmpty(), different);
            body = file.substr(byte, file.size() - rest.size() - byte);
            file = *resumeHeader(*opened->source, opened->index, *plan) + preambleText(*plan) + resumePointLine(byte) + '\n' + body + rest;
        }
    }
}

/// Only a head of this program explains a G92 before any move; a homing later on takes it back.
void TestPlanLosses::foreignDeclarationsStayUnknown()
{
    const auto first = planned(Dialect::Prusa, "", touch());
    QVERIFY(first.has_value());
    const Print original(head + rest, Dialect::Prusa);
    const std::string top = *resumeHeader(*original.source, original.index, *first), steps = preambleText(*first);
    const std::string point = resumePointLine(first->snapshot.byte) + '\n', moves = "G1 X55 E1\nG1 X60 E1\n";
    const auto again = [&](const std::string& before) {
        const std::string text = before + moves;
        return Print(text + rest, Dialect::Prusa).plan(text.size(), touch());
    };
    QVERIFY(again(top + steps + point).has_value());
    const std::string noHead = "; a file\n" + steps + point;
    QVERIFY(!again(noHead).has_value());
    QCOMPARE(again(noHead).error().field, std::string("position"));
    QVERIFY(!again(top + steps + point + "G28 Z\nG92 Z5\nG1 Z6\n").has_value());
    QVERIFY(again(top + steps + point + "G28 Z\nG1 Z6\n").has_value());
}

QTEST_APPLESS_MAIN(TestPlanLosses)
#include "tst_planlosses.moc"
