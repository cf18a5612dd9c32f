// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "gcode/statedvolume.h"
#include "printervolume.h"
#include "recovery/gate.h"
#include "recovery/recoverable.h"
#include "recovery/tailcheck.h"
#include "recovery/travel.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using gcode::Dialect;

namespace {

const std::string head = "M140 S60\nM104 S210\nG90\nM83\nG28\nM106 S128\nG1 X100 Y100 Z0.2 F3000\nG1 X120 E1\nG1 Y120 E1\n";
const std::string rest = "G1 X100 E1\nG1 Y100 E1\nG1 X110 E1\n";

struct Print {
    std::string text;
    std::unique_ptr<gcode::MemorySource> source;
    gcode::FileIndex index;
    explicit Print(std::string all, Dialect dialect = Dialect::Klipper)
        : text(std::move(all)), source(std::make_unique<gcode::MemorySource>(text, "test.gcode")), index(*gcode::buildIndex(*source, dialect))
    {
    }
    [[nodiscard]] Snapshot at(ByteOffset byte) const { return *snapshotFromFile(*source, index, byte); }
    [[nodiscard]] Result<Plan> plan(const Snapshot& snapshot, const PrinterFacts& printer = {}, const PlanOptions& options = {}) const
    {
        return planResume(*source, index, snapshot, printer, options);
    }
    [[nodiscard]] std::vector<GateCheck> gate(const Plan& plan) const { return runGate(plan, index, {"test.gcode", index.size, index.xxh3}, {}); }
};

const GateCheck* checkOf(const std::vector<GateCheck>& checks, const std::string& id)
{
    const auto found = std::find_if(checks.begin(), checks.end(), [&id](const GateCheck& check) { return check.id == id; });
    return found == checks.end() ? nullptr : &*found;
}

QByteArray boxOf(const gcode::StatedVolume& volume)
{
    QByteArray box;
    for (std::size_t axis = 0; axis < 3; ++axis)
        box += (volume.maximum[axis] ? QByteArray::number(*volume.minimum[axis]) + ".." + QByteArray::number(*volume.maximum[axis]) : QByteArray("?"))
            + (axis < 2 ? " " : "");
    return box;
}

PlanOptions touch(double z = 0.2)
{
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = z;
    return options;
}

bool has(const Plan& plan, const std::string& line)
{
    return std::any_of(plan.steps.begin(), plan.steps.end(), [&line](const PlanStep& step) {
        return std::find(step.gcode.begin(), step.gcode.end(), line) != step.gcode.end();
    });
}

} // namespace

class TestKnownFacts : public QObject
{
    Q_OBJECT

private slots:
    void filesStateTheirVolume_data();
    void filesStateTheirVolume();
    void limitsOfTheFileAreUsed();
    void thePrintersOwnLimitsWin();
    void whatWasPrintedWidensTheFilesVolume();
    void nothingIsInvented();
    void primesWhereThePrintHasBeen_data();
    void primesWhereThePrintHasBeen();
    void layersAreNotJudgedBlindly();
    void macrosMayChangeHeat_data();
    void macrosMayChangeHeat();
    void aLaterSampleSettlesIt_data();
    void aLaterSampleSettlesIt();
    void heatersThatAreOffAreNotUnknown();
    void unknownPlacesAreNotTheEnd();
    void keptCoordinatesMayBeTheFirmwaresAlone();
    void speedFactorIsKept_data();
    void speedFactorIsKept();
    void checksSayHowTheyEnded();
};

void TestKnownFacts::filesStateTheirVolume_data()
{
    QTest::addColumn<QByteArray>("comments");
    QTest::addColumn<QByteArray>("box");
    const auto row = [](const char* name, const char* comments, const char* box) { QTest::newRow(name) << QByteArray(comments) << QByteArray(box); };
    row("nothing", "; layer_height = 0.2\n", "? ? ?");
    row("PrusaSlicer", "; bed_shape = 0x0,250x0,250x210,0x210\n; max_print_height = 200\n", "0..250 0..210 0..200");
    row("OrcaSlicer", "; printable_area = 0x0,256x0,256x256,0x256\n; printable_height = 250\n", "0..256 0..256 0..250");
    row("round, around the middle", "; bed_shape = 85x0,60.1x60.1,0x85,-60.1x60.1,-85x0,0x-85\n", "-85..85 -85..85 ?");
    row("Cura", ";SETTING_3 {\"global_quality\": \"[values]\\\\nmachine_width = 220\\\\nmachine_depth = 215.5\\\\nmachine_height = 240\\\\n\"}\n", "0..220 0..215.5 0..240");
    row("Cura, around the middle", "; machine_width = 200\n; machine_depth = 200\n; machine_center_is_zero = True\n", "-100..100 -100..100 ?");
    row("Simplify3D", ";   strokeXoverride,406\n;   strokeYoverride,355\n;   strokeZoverride,457\n;   originOffsetXoverride,0\n", "0..406 0..355 0..457");
    row("Simplify3D, moved", ";   strokeXoverride,406\n;   strokeZoverride,457\n;   originOffsetXoverride,203\n", "? ? 0..457");
    row("two corners", "; bed_shape = 0x0,250x0\n; max_print_height = 0\n", "? ? ?");
    row("no number", "; bed_shape = 0x0,250x,250x210\n; max_print_height = 1e400\n", "? ? ?");
    row("no size", "; bed_shape = 0x0,0x0,0x0\n; printable_height = -5\n", "? ? ?");
}

void TestKnownFacts::filesStateTheirVolume()
{
    QFETCH(QByteArray, comments);
    QFETCH(QByteArray, box);
    for (const bool before : {true, false}) {
        const std::string note = comments.toStdString();
        const Print print(before ? note + head + rest : head + rest + note);
        QCOMPARE(boxOf(gcode::statedVolume(print.index)), box);
    }
}

void TestKnownFacts::limitsOfTheFileAreUsed()
{
    const Print print(head + rest + "; bed_shape = 0x0,150x0,150x130,0x130\n; max_print_height = 50\n");
    const auto plan = print.plan(print.at(head.size()));
    QVERIFY(plan.has_value());
    QCOMPARE(plan->maximum, (std::array<double, 3>{150, 130, 50}));
    QVERIFY(plan->primeAt[0] <= 150 && plan->primeAt[1] <= 130);
    const auto checks = print.gate(*plan);
    QVERIFY(checkOf(checks, "travel-limits")->passed);
    QVERIFY(english(checkOf(checks, "travel-limits")->text).find("bed_shape = 0x0,150x0") != std::string::npos);

    const Print beyond(head + "G1 X160 E1\n" + rest + "; bed_shape = 0x0,150x0,150x130,0x130\n");
    const auto out = beyond.plan(beyond.at(head.size()));
    QVERIFY(out.has_value());
    QCOMPARE(stateOf(*checkOf(beyond.gate(*out), "travel-limits")), std::string_view("failed"));
    QVERIFY(!isOpen(beyond.gate(*out)));
}

void TestKnownFacts::thePrintersOwnLimitsWin()
{
    const Print print(head + rest + "; bed_shape = 0x0,150x0,150x130,0x130\n; max_print_height = 50\n");
    const auto plan = print.plan(print.at(head.size()), printerOf(300, 310, 320));
    QCOMPARE(plan->maximum, (std::array<double, 3>{300, 310, 320}));
    QVERIFY(plan->limitsFrom.empty());
    PrinterFacts half;
    half.minimum[2] = 0;
    half.maximum[2] = 99;
    const auto mixed = print.plan(print.at(head.size()), half);
    QCOMPARE(mixed->maximum, (std::array<double, 3>{150, 130, 99}));
}

/// A purge line in front of the bed: the printer did it already.
void TestKnownFacts::whatWasPrintedWidensTheFilesVolume()
{
    const std::string purge = "M140 S60\nM104 S210\nG90\nM83\nG28\nG1 X10 Y-3 Z0.2 F3000\nG1 X60 E5\n";
    const std::string note = "; bed_shape = 0x0,150x0,150x130,0x130\n; max_print_height = 50\n";
    const Print print(purge + head + rest + note);
    const auto plan = print.plan(print.at(purge.size() + head.size()));
    QVERIFY(plan.has_value());
    QCOMPARE(plan->minimum[1], -3.0);
    QVERIFY(checkOf(print.gate(*plan), "travel-limits")->passed);
    const Print later(head + rest + "G1 Y-3\nG1 X60 E5\nG1 X50 E1\n" + note);
    QVERIFY(!isOpen(later.gate(*later.plan(later.at(head.size())))));
}

void TestKnownFacts::nothingIsInvented()
{
    const Print print(head + rest);
    for (const PlanOptions& options : {PlanOptions{}, touch()}) {
        const auto plan = print.plan(print.at(head.size()), {}, options);
        QVERIFY(plan.has_value());
        QCOMPARE(plan->limited, (std::array<bool, 3>{}));
        const auto checks = print.gate(*plan);
        const GateCheck* const travel = checkOf(checks, "travel-limits");
        QCOMPARE(stateOf(*travel), std::string_view("not-checked"));
        QVERIFY(!travel->passed && travel->severity == Severity::Info);
        QVERIFY(english(travel->text).find("--profile") != std::string::npos);
        QVERIFY(isOpen(checks));
    }
    const Print large(head + "G1 X700 Y650 E1\n" + rest); // no bed of 235 mm refuses it
    QVERIFY(large.plan(large.at(head.size())).has_value());
    QVERIFY(limitsOf(*large.plan(large.at(head.size()))).maximum[0] > 1e9);
}

void TestKnownFacts::primesWhereThePrintHasBeen_data()
{
    QTest::addColumn<int>("shift");
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    QTest::newRow("room before it") << 0 << 0.0 << 120.0;
    QTest::newRow("around the middle") << -150 << -50.0 << 50.0;
    QTest::newRow("in the corner") << -100 << 0.0 << 40.0;
}

void TestKnownFacts::primesWhereThePrintHasBeen()
{
    QFETCH(int, shift);
    QFETCH(double, low);
    QFETCH(double, high);
    std::string all = head + rest;
    for (const int place : {100, 110, 120})
        for (const char axis : {'X', 'Y'}) {
            const std::string from = axis + std::to_string(place), to = axis + std::string("@") + std::to_string(place + shift);
            for (std::size_t at = all.find(from); at != std::string::npos; at = all.find(from, at))
                all.replace(at, from.size(), to);
        }
    all.erase(std::remove(all.begin(), all.end(), '@'), all.end());
    const Print print(all);
    const auto plan = print.plan(print.at(all.rfind("\nG1 Y") + 1));
    QVERIFY2(plan.has_value(), plan ? "" : plan.error().detail.c_str());
    for (const double at : plan->primeAt)
        QVERIFY2(at >= low && at <= high, QByteArray::number(at));
    const auto& p = plan->printed;
    QVERIFY(plan->primeAt[0] < p.minX || plan->primeAt[0] > p.maxX || plan->primeAt[1] < p.minY || plan->primeAt[1] > p.maxY);
}

void TestKnownFacts::layersAreNotJudgedBlindly()
{
    const Print blind(head + rest), stated(head + rest + "; bed_shape = 0x0,150x0,150x130,0x130\n; max_print_height = 50\n");
    const auto none = recoverableLayers(*blind.source, blind.index, {});
    QVERIFY(!none);
    QCOMPARE(none.error().code, ErrorCode::UnknownState);
    const auto judged = recoverableLayers(*stated.source, stated.index, {});
    QVERIFY(judged && !judged->empty());
    QVERIFY(judged->front().liftRoom < 50 && judged->front().liftRoom > 40);
}

void TestKnownFacts::macrosMayChangeHeat_data()
{
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<QByteArray>("unconfirmed");
    QTest::addColumn<bool>("fans");
    const auto row = [](const char* name, const char* lines, const char* unconfirmed, bool fans) {
        QTest::newRow(name) << QByteArray(lines) << QByteArray(unconfirmed) << fans;
    };
    row("none", "", "", false);
    row("a macro", "CHANGE_TEMP T=230\nG1 X100 Y100 Z0.2\n", "bed hotend.0", true);
    row("told what follows", "CHANGE_TEMP T=230\nG1 X100 Y100 Z0.2\nM104 S220\nM140 S60\nM106 S10\n", "", false);
    row("a picture", "TIMELAPSE_TAKE_FRAME\nG1 X100 Y100 Z0.2\n", "", false);
    row("Klipper's own", "SET_PIN PIN=a VALUE=1\nSET_FAN_SPEED FAN=aux SPEED=1\n", "", false);
    row("a code that is a macro there", "M600\nG1 X100 Y100 Z0.2\nM104 S215\n", "bed", true);
    row("a tool that is none", "T1000\nG1 X100 Y100 Z0.2\n", "bed hotend.0", true);
}

void TestKnownFacts::macrosMayChangeHeat()
{
    QFETCH(QByteArray, lines);
    QFETCH(QByteArray, unconfirmed);
    QFETCH(bool, fans);
    const std::string before = "START_PRINT BED=60\n" + head + lines.toStdString();
    const Print print(before + rest);
    Snapshot snapshot = print.at(before.size());
    QByteArray keys;
    for (const std::string& key : snapshot.unconfirmed()) {
        keys += (keys.isEmpty() ? "" : " ") + QByteArray::fromStdString(key);
        QVERIFY(!snapshot.fields.at(key).note.empty());
    }
    QCOMPARE(keys, unconfirmed);
    if (!keys.isEmpty())
        QCOMPARE(print.plan(snapshot).error().code, ErrorCode::UnknownState);
    for (const std::string& key : snapshot.unconfirmed())
        QVERIFY(edit(snapshot, key, snapshot.fields.at(key).replayed, "seen").has_value());
    const auto plan = print.plan(snapshot, printerOf());
    QVERIFY2(plan.has_value(), plan ? "" : plan.error().detail.c_str());
    const auto checks = print.gate(*plan);
    const bool said = std::any_of(checks.begin(), checks.end(), [](const GateCheck& check) { return check.id == "after-macro" && !check.passed; });
    QCOMPARE(said, fans);
    // Marlin knows no such macro of temperatures.
    const Print marlin(head + "M600\nG1 X100 Y100 Z0.2\n" + rest, Dialect::Marlin);
    QVERIFY(marlin.at(marlin.text.size() - rest.size()).unconfirmed().empty());
}

void TestKnownFacts::aLaterSampleSettlesIt_data()
{
    QTest::addColumn<int>("read"); // bytes from the macro's begin that the printer had read
    QTest::addColumn<bool>("settled");
    QTest::newRow("before the macro") << -5 << false;
    QTest::newRow("at it") << 0 << false;
    QTest::newRow("behind it") << 18 << true;
    QTest::newRow("far behind") << 40 << true;
}

void TestKnownFacts::aLaterSampleSettlesIt()
{
    QFETCH(int, read);
    QFETCH(bool, settled);
    const std::string before = head + "CHANGE_TEMP T=230\nG1 X100 Y100 Z0.2\n";
    const Print print(before + rest);
    Sample sample;
    sample.filePosition = static_cast<ByteOffset>(static_cast<int>(head.size()) + read);
    sample.heaters["extruder"] = {229.0, 230.0};
    sample.heaters["heater_bed"] = {60.0, 60.0};
    sample.fans["fan"] = 0.25;
    const auto snapshot = snapshotFromSample(*print.source, print.index, before.size(), sample);
    QVERIFY(snapshot.has_value());
    QCOMPARE(snapshot->unconfirmed().empty(), settled);
    QCOMPARE(snapshot->state.maybeChanged.empty(), settled);
    QCOMPARE(snapshot->state.hotend.at(0), settled ? 230.0 : 210.0);
    QCOMPARE(snapshot->state.fans.at("0"), settled ? 64.0 : 128.0);
    sample.filePosition.reset();
    QVERIFY(!snapshotFromSample(*print.source, print.index, before.size(), sample)->unconfirmed().empty());
}

void TestKnownFacts::heatersThatAreOffAreNotUnknown()
{
    const std::string before = head + "M104 S0\n";
    const Print print(before + rest), klipper(head + "TURN_OFF_HEATERS\n" + rest);
    const auto off = print.plan(print.at(before.size()));
    QCOMPARE(off.error().code, ErrorCode::Unsafe);
    QCOMPARE(off.error().field, std::string("hotend.0"));
    QCOMPARE(klipper.plan(klipper.at(klipper.text.size() - rest.size())).error().code, ErrorCode::Unsafe);
    Snapshot never = print.at(before.size());
    never.state.hotend.clear();
    QCOMPARE(print.plan(never).error().code, ErrorCode::UnknownState);
}

/// Where RepRapFirmware alone knows what a line does, the program must not say that nothing is left.
void TestKnownFacts::unknownPlacesAreNotTheEnd()
{
    const std::string before = head + "G1 X{var.x} Y{var.y}\n";
    const std::string after = "G1 Z{var.z} E{var.e}\nG1 X{var.x} E{var.e}\n";
    const Print print(before + after, Dialect::RepRapFirmware);
    const auto plan = print.plan(print.at(before.size()));
    QVERIFY(!plan);
    QCOMPARE(plan.error().code, ErrorCode::UnknownState);
    const Print plain(head + "M104 S0\n", Dialect::RepRapFirmware);
    QCOMPARE(plain.plan(plain.at(plain.text.size())).error().code, ErrorCode::AfterLastExtrusion);
    QCOMPARE(plain.plan(plain.at(10)).error().code, ErrorCode::BeforeFirstExtrusion);
}

void TestKnownFacts::keptCoordinatesMayBeTheFirmwaresAlone()
{
    const std::string begin = "M140 S60\nM104 S210\nG90\nM83\nG28\nG92 Z0.5\nM106 S128\nG1 X100 Y100 Z0.2 F3000\nG1 X120 E1\nG1 Y120 E1\n";
    const Print print(begin + rest);
    const auto kept = print.plan(print.at(begin.size()), printerOf());
    QVERIFY2(kept.has_value(), kept ? "" : kept.error().detail.c_str());
    QCOMPARE(kept->limited, (std::array<bool, 3>{true, true, false}));
    QVERIFY(has(*kept, "G1 Z0.2 F150"));
    QVERIFY(!has(*kept, "G92 Z0.2"));
    QCOMPARE(stateOf(*checkOf(print.gate(*kept), "travel-limits")), std::string_view("not-checked"));
    QVERIFY(!print.plan(print.at(begin.size()), printerOf(), touch()).has_value()); // a restart forgot it
    // Printed in two frames: nobody knows where the one lies in the other.
    const Print mixed(begin + "G28 X Y Z\nG1 Z0.4\n" + rest);
    QVERIFY(!mixed.plan(mixed.at(mixed.text.size() - rest.size() + 11), printerOf()).has_value());
}

void TestKnownFacts::speedFactorIsKept_data()
{
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<double>("percent");
    const auto row = [](const char* name, Dialect dialect, const char* lines, double percent) { QTest::newRow(name) << dialect << QByteArray(lines) << percent; };
    row("back", Dialect::Marlin, "M220 S80\nM220 B\nM220 S50\nM220 R\n", 80);
    row("back to the start", Dialect::Marlin, "M220 S50\nM220 R\n", 100);
    row("kept and set at once", Dialect::Marlin, "M220 S80\nM220 S200 B\nM220 R\n", 80);
    row("back, but set", Dialect::Marlin, "M220 S80\nM220 B\nM220 R S60\n", 60);
    row("kept and back at once", Dialect::Marlin, "M220 S80\nM220 B R\n", 100);
    row("MK3", Dialect::Prusa, "M220 S80\nM220 B\nM220 S50\nM220 R\n", 80);
    row("MK3 goes back last", Dialect::Prusa, "M220 S80\nM220 B\nM220 R S60\n", 80);
    row("RepRapFirmware knows none", Dialect::RepRapFirmware, "M220 S80\nM220 B\nM220 S50\nM220 R\n", 50);
    row("Klipper means 100 %", Dialect::Klipper, "M220 S80\nM220 B\n", 100);
    row("a report", Dialect::Marlin, "M220 S80\nM220\n", 80);
}

void TestKnownFacts::speedFactorIsKept()
{
    QFETCH(Dialect, dialect);
    QFETCH(QByteArray, lines);
    QFETCH(double, percent);
    const std::string before = head + lines.toStdString();
    const Print print(before + rest, dialect);
    QCOMPARE(print.at(before.size()).state.speedPercent, percent);
}

void TestKnownFacts::checksSayHowTheyEnded()
{
    const auto ended = [](Severity severity, bool passed, bool checked) {
        GateCheck check;
        check.severity = severity;
        check.passed = passed;
        check.checked = checked;
        return stateOf(check);
    };
    QCOMPARE(ended(Severity::Block, true, true), std::string_view("ok"));
    QCOMPARE(ended(Severity::Warn, false, true), std::string_view("failed"));
    QCOMPARE(ended(Severity::Info, false, true), std::string_view("told"));
    QCOMPARE(ended(Severity::Info, false, false), std::string_view("not-checked"));
}

QTEST_APPLESS_MAIN(TestKnownFacts)
#include "tst_knownfacts.moc"
