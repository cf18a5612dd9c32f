// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QTest>

#include <algorithm>

#include "dialectjudge.h"
#include "recovery/gate.h"
#include "recovery/ownlines.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using namespace Qt::StringLiterals;
using gcode::Dialect;

namespace {

const QString gcodeFolder = QStringLiteral(KINTSUGI_TEST_DATA "/gcode");

const std::string head = "M140 S60\nM104 S210\nG90\nM83\nG28\nG1 X50 Y50 Z0.2 F3000\n";
const std::string body = "G1 X60 E1\nG1 Y60 E1\n";
const std::string rest = "M83\nG1 X50 E1\nG1 Y50 E1\n";

struct Print {
    std::unique_ptr<gcode::MemorySource> source;
    gcode::FileIndex index;
    [[nodiscard]] Result<Plan> plan(ByteOffset byte, const PlanOptions& options = {}, const PrinterFacts& printer = {}) const
    {
        const auto snapshot = snapshotFromFile(*source, index, byte);
        return snapshot ? planResume(*source, index, *snapshot, printer, options) : Result<Plan>(fail(snapshot.error()));
    }
};

Print printOf(const std::string& text, Dialect dialect)
{
    auto source = std::make_unique<gcode::MemorySource>(text, "test.gcode");
    auto index = gcode::buildIndex(*source, dialect);
    return {std::move(source), std::move(*index)};
}

PlanOptions touch(double z = 0.2)
{
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = z;
    return options;
}

std::vector<std::string> linesOf(const Plan& plan)
{
    std::vector<std::string> lines;
    for (const PlanStep& step : plan.steps)
        lines.insert(lines.end(), step.gcode.begin(), step.gcode.end());
    return lines;
}

std::ptrdiff_t at(const std::vector<std::string>& lines, const std::string& line)
{
    const auto it = std::find(lines.begin(), lines.end(), line);
    return it == lines.end() ? -1 : it - lines.begin();
}

/// The lines of a plan made right before `rest`.
std::vector<std::string> planned(Dialect dialect, const std::string& before, const PlanOptions& options = {})
{
    const std::string text = head + body + before;
    const auto plan = printOf(text + rest, dialect).plan(text.size(), options);
    if (!plan)
        return {"refused: " + plan.error().field + ' ' + plan.error().detail};
    return linesOf(*plan);
}

} // namespace

Q_DECLARE_METATYPE(kintsugi::gcode::Dialect)

class TestPlanDialects : public QObject
{
    Q_OBJECT

private slots:
    void slipsAreRefused_data();
    void slipsAreRefused();
    void namesStayNames_data();
    void namesStayNames();
    void repRapConditions_data();
    void repRapConditions();
    void oracleSaysSame_data();
    void oracleSaysSame();
    void nastyStatesAreRestored_data();
    void nastyStatesAreRestored();
    void wordsOfTheDialect_data();
    void wordsOfTheDialect();
    void preambleIsOrdered_data();
    void preambleIsOrdered();
    void nothingIsInvented_data();
    void nothingIsInvented();
    void refusedInWords_data();
    void refusedInWords();
    void linesAreShortAndPlain_data();
    void linesAreShortAndPlain();
    void shiftIsRestoredInTheMachinesOwnCoordinates();
    void keptShiftStaysInForce();
    void shiftedTowerSetsTheTravelHeight();
    void resumeOfAShiftedResumeIsCareful();
    void inchLimitsKeepTheirUnit();
    void volumetricPrimeIsAVolume();
    void gateAgrees_data();
    void gateAgrees();
};

void TestPlanDialects::slipsAreRefused_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<double>("declared");
    QTest::addColumn<QByteArray>("field");
    QTest::newRow("sound") << QByteArray() << 0.2 << QByteArray();
    QTest::newRow("coldest that flows") << QByteArray("M104 S100\n") << 0.2 << QByteArray();
    QTest::newRow("too cold") << QByteArray("M104 S99\n") << 0.2 << QByteArray("hotend.0");
    QTest::newRow("hottest nozzle") << QByteArray("M104 S500\n") << 0.2 << QByteArray();
    QTest::newRow("too hot") << QByteArray("M104 S501\n") << 0.2 << QByteArray("hotend.0");
    QTest::newRow("another tool too hot") << QByteArray("M104 T1 S2000\n") << 0.2 << QByteArray("hotend.1");
    QTest::newRow("hottest bed") << QByteArray("M140 S200\n") << 0.2 << QByteArray();
    QTest::newRow("bed too hot") << QByteArray("M140 S201\n") << 0.2 << QByteArray("bed");
    QTest::newRow("slowest") << QByteArray("M220 S1\n") << 0.2 << QByteArray();
    QTest::newRow("standing still") << QByteArray("M220 S0\n") << 0.2 << QByteArray("speed_percent");
    QTest::newRow("fastest") << QByteArray("M220 S1000\n") << 0.2 << QByteArray();
    QTest::newRow("too fast") << QByteArray("M220 S1001\n") << 0.2 << QByteArray("speed_percent");
    QTest::newRow("no flow") << QByteArray("M221 S0\n") << 0.2 << QByteArray("flow_percent.0");
    QTest::newRow("no flow backwards") << QByteArray("M221 S-50\n") << 0.2 << QByteArray("flow_percent.0");
    QTest::newRow("fan beyond all") << QByteArray("M106 S9999\n") << 0.2 << QByteArray();
    QTest::newRow("no height") << QByteArray() << 0.0 << QByteArray("declaredZ");
    QTest::newRow("below the bed") << QByteArray() << -1.0 << QByteArray("declaredZ");
}

void TestPlanDialects::slipsAreRefused()
{
    QFETCH(QByteArray, before);
    QFETCH(double, declared);
    QFETCH(QByteArray, field);
    const std::string text = head + body + before.toStdString();
    for (const Dialect dialect : judge::allDialects) {
        const auto plan = printOf(text + rest, dialect).plan(text.size(), touch(declared));
        QCOMPARE(plan.has_value(), field.isEmpty());
        if (!plan) {
            QCOMPARE(plan.error().code, ErrorCode::Unsafe);
            QCOMPARE(QByteArray::fromStdString(plan.error().field), field);
        }
    }
}

/// Names come from outside: none may end its line or begin another command.
void TestPlanDialects::namesStayNames_data()
{
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QByteArray>("define"); // before the print
    QTest::addColumn<QByteArray>("expected"); // in the plan; empty: refused
    using D = Dialect;
    const auto row = [](D dialect, const char* define, const char* expected) {
        QTest::addRow("%s %s", std::string(gcode::name(dialect)).c_str(), define) << int(dialect) << QByteArray(define) << QByteArray(expected);
    };
    for (const D dialect : {D::Marlin, D::RepRapFirmware}) {
        row(dialect, "M486 S1 A\"part-2 (a).stl\"\nM486 P1\n", "M486 S1 A\"part-2 _a_.stl\"");
        row(dialect, "M486 S1 A\"a*33 #G28\"\nM486 P1\n", "M486 S1 A\"a_33 _G28\"");
    }
    row(D::RepRapFirmware, "M486 S1 A\"a;G28\"\nM486 P1\n", "M486 S1 A\"a_G28\"");
    row(D::Klipper, "EXCLUDE_OBJECT_DEFINE NAME=\"a b\"\nEXCLUDE_OBJECT NAME=\"a b\"\n", "EXCLUDE_OBJECT NAME=\"a b\"");
    row(D::Klipper, "EXCLUDE_OBJECT_DEFINE NAME=\"a#b\"\nEXCLUDE_OBJECT NAME=\"a#b\"\n", "EXCLUDE_OBJECT NAME=\"a#b\"");
    row(D::Klipper, "EXCLUDE_OBJECT_DEFINE NAME=\"a;b\"\n", "EXCLUDE_OBJECT_DEFINE NAME=\"a;b\"");
    row(D::Klipper, "EXCLUDE_OBJECT NAME=a';'b\n", "EXCLUDE_OBJECT NAME=\"a;b\"");
    row(D::Klipper, "EXCLUDE_OBJECT NAME=a\\\n", "");
    row(D::Klipper, "SET_FAN_SPEED FAN=\"a;b\" SPEED=1\n", "SET_FAN_SPEED FAN=\"a;b\" SPEED=1");
}

void TestPlanDialects::namesStayNames()
{
    QFETCH(int, dialect);
    QFETCH(QByteArray, define);
    QFETCH(QByteArray, expected);
    const std::string text = define.toStdString() + head + body;
    const auto plan = printOf(text + rest, static_cast<Dialect>(dialect)).plan(text.size(), touch(0.2));
    QCOMPARE(plan.has_value(), !expected.isEmpty());
    bool found = expected.isEmpty();
    for (std::size_t step = 0; plan && step < plan->steps.size(); ++step)
        for (const std::string& line : plan->steps[step].gcode)
            found = found || line == expected.toStdString();
    QVERIFY(found);
}

/// What only the printer decides is not guessed: no plan, until a person says what it is or the file sets it again.
void TestPlanDialects::repRapConditions_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("field");
    const auto row = [](const char* before, const char* field) { QTest::newRow(before) << QByteArray(before) << QByteArray(field); };
    row("M104 S{var.t}\n", "hotend.0");
    row("M106 S{var.s}\n", "fans.0");
    row("M106 S{var.s}\nM107\n", "");
    row("if var.a\n  M106 S255\n", "fans.0");
    row("if var.a\n  M106 S255\nM106 S3\n", "");
    row("while iterations < 3\n  G1 E1\n", "e");
    row("G1 X{var.x}\n", "position.x");
    row("G1 X{var.x}\nG1 X50\n", "");
    row("if var.a\n  M117 x\n", "");
}

void TestPlanDialects::repRapConditions()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, field);
    const std::string text = head + body + before.toStdString();
    const auto plan = printOf(text + rest, Dialect::RepRapFirmware).plan(text.size(), touch(0.2));
    QCOMPARE(plan.has_value(), field.isEmpty());
    if (!plan) {
        QCOMPARE(plan.error().code, ErrorCode::UnknownState);
        QCOMPARE(QByteArray::fromStdString(plan.error().field), field);
    }
    // Below the condition nothing begins, whatever is known.
    const std::string open = head + body + "if var.a\n  M117 x\n";
    const auto within = printOf(open + "  M117 y\n" + rest, Dialect::RepRapFirmware).plan(open.size(), touch(0.2));
    QVERIFY(!within && within.error().field == "condition");
    QVERIFY(printOf(open + "M117 y\n" + rest, Dialect::RepRapFirmware).plan(open.size(), touch(0.2)).has_value());
    // Nor at coordinates that repeat a command above them.
    const std::string plain = head + body;
    const auto modal = printOf(plain + "X55 Y55\n" + rest, Dialect::RepRapFirmware).plan(plain.size(), touch(0.2));
    QVERIFY(!modal);
    QCOMPARE(modal.error().field, std::string("last_move"));
}

void TestPlanDialects::oracleSaysSame_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<bool>("klipperAlone");
    const QStringList names = QDir(gcodeFolder).entryList({u"*.gcode"_s}, QDir::Files);
    QVERIFY(names.size() >= 13);
    for (const QString& name : names)
        QTest::newRow(qPrintable(name)) << gcodeFolder + u'/' + name << (name == "ps_gear_relE_klipper.gcode"_L1);
}

void TestPlanDialects::oracleSaysSame()
{
    QFETCH(QString, path);
    QFETCH(bool, klipperAlone);
    const auto all = klipperAlone ? std::vector{Dialect::Klipper} : std::vector(judge::allDialects.begin(), judge::allDialects.end());
    judge::compareFile(path, all, judge::pointCount());
}

void TestPlanDialects::nastyStatesAreRestored_data()
{
    QTest::addColumn<QByteArray>("between");
    QTest::addColumn<QByteArray>("notIn"); // dialects that refuse it
    const auto row = [](const char* name, const char* between, const char* notIn = "") { QTest::newRow(name) << QByteArray(between) << QByteArray(notIn); };
    row("inch", "G20\nG1 X2.1 Y2.2 F120 E.05\nG1 X2.123456 Y2.2 E.033333\nG21\nG1 X60 Y60 E1\nG20\nG1 X2.0001 E.01\n", "klipper prusa");
    row("inch, absolute E", "M82\nG92 E0\nG20\nG1 X2.1 Y2.2 F120 E.05\nG92 E.001\nG1 X2.2 E.033333\n", "klipper prusa");
    row("inch, relative", "G20\nG91\nM83\nG1 X.1 Y-.05 E.01\nG1 Z.01\nG1 X-.1 E.02\nG90\nM83\n", "klipper prusa");
    row("relative moves", "G91\nG1 X1 E.5\nG1 Z.2\nG1 Y-2 E.5\nG90\nG1 X61 Y60 E1\n");
    row("M83 before G90", "M83\nG90\nG1 X61 E2.5\nG91\nG1 X-1\nM82\nG1 E.1\nG90\nM83\nG1 X60 E1\n");
    row("M82 in G91", "G91\nM82\nG1 X1 E3.5\nG1 X-1 E3.6\nM83\nG90\n");
    row("X and Y shifted", "G1 X55 Y56\nG92 X5 Y6\nG1 X7 E.5\nG92 Y0\nG1 Y3 E.5\n");
    row("shifted to and fro", "G92 X10\nG1 X20 E1\nG92 X70\nG1 X60 E1\n");
    row("Z shifted", "G92 Z0\nG1 X55 E1\nG1 Z0.3\nG1 X60 E1\n");
    row("all shifted at once", "G92\nG1 X1 Y1 Z0.1 E1\n");
    row("shifted in relative mode", "G91\nG1 X5\nG92 X0 Y0 Z0\nG1 X3 E1\nG90\nM83\n");
    row("two tools", "M104 T1 S205\nT1\nM109 T1 S208\nM221 T1 S93\nM900 K0.03\nG1 X61 E1\nT0\nM900 K0.05\nM106 S77\nG1 X60 E1\nT1\nG1 E-2\n");
    row("offsets of tools", "M104 T1 S205\nM218 T1 X20.5 Y-0.125\nT1\nG1 X61 E1\n");
    row("volumetric", "M200 D1.75\nG1 X61 E2.4\nG1 E-1.9\nG1 X60 Y60\nG1 E1.9\nG1 X62 E2\nM200 D0\nG1 X60 E1\n");
    row("firmware retraction", "M207 S1.5 F2400 Z0.2\nM208 S0.1\nG10\nG1 X70 Y70\nG11\nG1 X61 E1\nG10\nG1 X60\n");
    row("excluded objects", "M486 T3\nM486 S0 A\"Purple cube P3\"\nG1 X61 E1\nM486 S1 AUpper_part\nM486 P0\nG1 X60 E1\nM486 S-1\nM486 P2\nM486 U2\n");
    row("limits", "M201 X500 Y600 Z70.5 E8000\nM203 X200 Y200 Z12 E120\nM204 P800 R900 T1200\nM205 X8.5 Y8 Z.4 E4.5\nM566 X500 P1\nG1 X61 E1\nM204 S500\n");
    row("mesh", "M420 S1 L2 Z10\nG1 X61 E1\nM420 S0\n");
    row("fans", "M106 P2 S13.5\nM106 S1\nM106 S0.25\nM107 P2\nM106\n");
    row("factors", "M220 S87\nM221 S104.5\nG1 X61 E1\n");
    row("chamber", "M141 S45\nM191 S50\n");
    row("pressure advance", "M900 K0.1\nM572 D0 S0.07\nG1 X61 E1\nM900 T2 K0.2\n");
    row("plane", "G18\nG17\nG19\n");
    row("workspace", "G55\nG1 X61 E1\nG54\nG1 X60 E1\nG59.2\n");
    row("tool temperatures", "G10 P0 S205 R150\nG10 P1 S200 R140\nM568 P1 S199\nT1\nG1 X61 E1\n");
    row("height map", "G29 S1 P\"left.csv\"\nM376 H10\nG1 X61 Y60 Z0.2 E1\n", "klipper marlin prusa marlin1 map");
    row("babysteps", "M290 Z0.05\nG1 X61 E1\nM290 Z-.15\n");
}

/// Every line of the middle is a point, in every dialect, with Z kept and with Z declared.
void TestPlanDialects::nastyStatesAreRestored()
{
    QFETCH(QByteArray, between);
    QFETCH(QByteArray, notIn);
    QTemporaryDir folder;
    const QString path = folder.filePath(u"nasty.gcode"_s);
    const std::string before = head + body, text = before + between.toStdString() + rest;
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text.data(), qint64(text.size())) == qint64(text.size()));
    file.close();
    const bool map = notIn.endsWith("map");
    judge::Judge judge(path);
    for (const Dialect dialect : judge::allDialects) {
        const auto name = gcode::name(dialect);
        const bool refuses = notIn.contains(QByteArray(name.data(), qsizetype(name.size())));
        if (map && refuses)
            continue;
        const auto opened = judge::open(path, dialect);
        for (std::size_t byte = before.size(); byte < text.size(); byte = text.find('\n', byte) + 1) {
            const auto snapshot = snapshotFromFile(*opened->source, opened->index, byte);
            QVERIFY(snapshot.has_value());
            for (const bool declared : {false, true}) {
                if (declared && snapshot->state.workspace != 54 && (dialect == Dialect::Marlin || dialect == Dialect::RepRapFirmware))
                    continue;
                const auto plan = planResume(*opened->source, opened->index, *snapshot, {}, declared ? touch(3) : PlanOptions{});
                if (refuses && snapshot->state.inch) {
                    QVERIFY(!plan.has_value());
                    QCOMPARE(plan.error().code, ErrorCode::NotSupported);
                    continue;
                }
                if (byte + 12 >= text.size() && !plan) // after the last extrusion
                    continue;
                QVERIFY2(plan.has_value(), qPrintable(QString::number(byte) + u' ' + judge::describe(plan ? Error{} : plan.error())));
                QVERIFY(judge.add(*opened, *plan));
            }
        }
    }
    QVERIFY(judge.count() > 0);
    const QByteArray different = judge.differences();
    QVERIFY2(different.isEmpty(), different);
}

void TestPlanDialects::wordsOfTheDialect_data()
{
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<bool>("declared");
    QTest::addColumn<QByteArray>("lines"); // all of them, in this order
    using D = Dialect;
    const auto row = [](const char* name, D dialect, const char* before, bool declared, const char* lines) {
        QTest::newRow(name) << dialect << QByteArray(before) << declared << QByteArray(lines);
    };
    row("Marlin declares", D::Marlin, "", true, "G92.9 Z0.2|G92 Z0.2|G1 Z2.2 F300|G28 R0 X Y");
    row("Marlin levels again after", D::Marlin, "M420 S1 L1 Z10\n", true, "M420 S0|G92.9 Z0.2|G92 Z0.2|G28 R0 X Y|M420 S1 L1 Z10");
    row("Marlin 1 declares", D::Marlin1, "", true, "G92 Z0.2|G1 Z2.2 F300|G28 X Y");
    row("MK3 declares", D::Prusa, "", true, "G92 Z0.2|G1 Z2.2 F300|G28 X Y");
    row("RepRapFirmware declares", D::RepRapFirmware, "", true, "G92 Z0.2|G1 Z2.2 F300|G28 X Y");
    row("Marlin softens", D::Marlin, "", false, "M140 S60|M190 S60|M109 S150|G1 Z2.2 F300|M109 S210");
    row("RepRapFirmware softens", D::RepRapFirmware, "", false, "M140 S60|M190 S60|T0 P0|M109 S150|G1 Z2.2 F300|G10 P0 S210|M116 P0");
    row("Marlin's second tool", D::Marlin, "M104 T1 S200\nT1\n", false, "T1 S1|M104 T0 S210|M109 T1 S200");
    row("MK3's second tool", D::Prusa, "M104 T1 S200\nT1\n", false, "T1|M104 T0 S210|M109 T1 S200");
    row("RepRapFirmware's second tool", D::RepRapFirmware, "G10 P1 S200 R120\nT1\n", false, "T1 P0|G10 P1 R120|G10 P0 S210|G10 P1 S200|M116 P1");
    row("Marlin advances", D::Marlin, "M900 K0.04\n", false, "M900 K0.04");
    row("Buddy advances", D::Marlin, "M572 S0.036\n", false, "M572 D0 S0.036");
    row("RepRapFirmware advances", D::RepRapFirmware, "M572 D0 S0.036\n", false, "M572 D0 S0.036");
    row("fan of 255", D::Marlin, "M106 P1 S127\n", false, "M106 P1 S127");
    row("fan of 1", D::RepRapFirmware, "M106 P1 S0.5\nM106 S0.003\n", false, "M106 P1 S127.5|M106 P0 S0.003");
    row("flow of a drive", D::RepRapFirmware, "M221 D1 S90\nM221 S80\n", false, "M221 D1 S90|M221 S80");
    row("height map", D::RepRapFirmware, "G29 S1 P\"left.csv\"\n", false, "G29 S1 P\"left.csv\"");
    row("probed height map is only loaded", D::RepRapFirmware, "G29\nG1 X60 Y60 Z0.2\n", false, "G29 S1");
    row("babystep of a dead Marlin", D::Marlin, "M290 Z0.1\n", true, "M290 Z0.1");
    row("babystep is set", D::RepRapFirmware, "M290 S0.1\nM290 S-.3\n", false, "M290 R0 Z-0.2");
    row("chamber", D::Marlin, "M141 S45\n", false, "M141 S45|M140 S60|M190 S60|M191 S45");
    row("chamber of Klipper", D::Klipper, "M141 S45\n", false, "M141 S45|M140 S60|M190 S60");
    row("workspace first", D::Marlin, "G55\n", false, "G21|G90|G55|M83|G1 Z2.2 F300|G55|G92 E3|M83");
    row("inch last", D::Marlin, "G20\n", false, "G21|G92 E3|G1 F3000|G20|M83");
    row("relative before E's mode", D::Marlin, "G91\n", false, "G90|G92 E3|G1 F3000|G91|M83");
    row("M83 before G90 is lost on Marlin 2", D::Marlin, "M83\nG90\n", false, "G92 E3|G1 F3000|M82");
    row("M83 before G90 is kept on Marlin 1", D::Marlin1, "M83\nG90\n", false, "G92 E3|G1 F3000|M83");
    row("objects", D::Marlin, "M486 P1\nM486 S2\n", false, "M83|M486 P1|M486 S2");
}

void TestPlanDialects::wordsOfTheDialect()
{
    QFETCH(Dialect, dialect);
    QFETCH(QByteArray, before);
    QFETCH(bool, declared);
    QFETCH(QByteArray, lines);
    const auto plan = planned(dialect, "G1 X60 E1\n" + before.toStdString(), declared ? touch() : PlanOptions{});
    auto from = plan.begin();
    for (const QByteArray& line : lines.split('|')) {
        const auto found = std::find(from, plan.end(), line.toStdString());
        QByteArray all;
        for (const std::string& one : plan)
            all += QByteArray::fromStdString(one) + '|';
        QVERIFY2(found != plan.end(), line + " in " + all);
        from = found + 1;
    }
}

void TestPlanDialects::preambleIsOrdered_data()
{
    QTest::addColumn<Dialect>("dialect");
    for (const Dialect dialect : judge::allDialects)
        QTest::newRow(std::string(gcode::name(dialect)).c_str()) << dialect;
}

/// Z first straight up, then home X and Y, never Z; nothing across below what is printed; E's mode is the last word.
void TestPlanDialects::preambleIsOrdered()
{
    QFETCH(Dialect, dialect);
    const auto opened = judge::open(gcodeFolder + u"/ps_sequential3_absE.gcode"_s, dialect);
    for (const ByteOffset byte : {ByteOffset(60'000), ByteOffset(160'000), ByteOffset(250'000)}) {
        const auto snapshot = snapshotFromFile(*opened->source, opened->index, byte);
        const auto plan = planResume(*opened->source, opened->index, *snapshot, {}, touch(1));
        QVERIFY2(plan.has_value(), qPrintable(judge::describe(plan ? Error{} : plan.error())));
        const auto lines = linesOf(*plan);
        std::optional<double> z;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const gcode::Command command = gcode::parseCommand(lines[i]);
            QVERIFY2(!command.is('G', 91), lines[i].c_str());
            if (command.is('G', 28))
                QVERIFY(command.has('X') && command.has('Y') && !command.has('Z'));
            if ((command.is('G', 1) || command.is('G', 28)) && (command.has('X') || command.has('Y')))
                QVERIFY2(z && *z >= plan->highestPrinted + 1.999, lines[i].c_str());
            if (command.is('G', 1) && command.value('Z'))
                z = double(*command.value('Z')) / 1e6;
            const bool modeOfE = command.is('M', 82) || command.is('M', 83);
            if (command.is('G', 90) && i + 1 < lines.size())
                QVERIFY(std::any_of(lines.begin() + std::ptrdiff_t(i) + 1, lines.end(), [](const std::string& l) { return l == "M82" || l == "M83"; }));
            if (i + 1 == lines.size())
                QVERIFY2(modeOfE, lines[i].c_str());
        }
    }
}

void TestPlanDialects::nothingIsInvented_data() { preambleIsOrdered_data(); }

/// A file that says nothing of fans, limits, mesh, chamber or offsets gets none.
void TestPlanDialects::nothingIsInvented()
{
    QFETCH(Dialect, dialect);
    for (const PlanOptions& options : {PlanOptions{}, touch()}) {
        for (const std::string& line : planned(dialect, "", options)) {
            for (const char* code : {"M106", "M107", "M20", "M420", "G29", "BED_MESH", "M900", "M572", "M141", "M191", "M218", "M290", "M486", "M566", "G5",
                                     "G20", "M568", "SET_VELOCITY", "SET_PRESSURE", "PLR_", "EXCLUDE"})
                QVERIFY2(!line.starts_with(code), line.c_str());
        }
    }
}

void TestPlanDialects::refusedInWords_data()
{
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<int>("method");
    QTest::addColumn<QByteArray>("field");
    QTest::addColumn<int>("code");
    const int no = int(ErrorCode::NotSupported);
    const int keep = int(ZMethod::Keep), plr = int(ZMethod::PlrZHome), stock = int(ZMethod::StockZplus), lift = int(ZMethod::FirmwareLift),
              declared = int(ZMethod::Touch);
    QTest::newRow("inches in Klipper") << Dialect::Klipper << QByteArray("G20\n") << keep << QByteArray("inch") << no;
    QTest::newRow("inches on an MK3") << Dialect::Prusa << QByteArray("G20\n") << keep << QByteArray("inch") << no;
    QTest::newRow("cubic inches") << Dialect::Marlin << QByteArray("M200 D1.75\nG20\n") << keep << QByteArray("inch") << no;
    QTest::newRow("a file of Klipper's") << Dialect::Marlin << QByteArray("SET_FAN_SPEED FAN=aux SPEED=1\n") << keep << QByteArray("dialect") << no;
    QTest::newRow("limits of Klipper's") << Dialect::RepRapFirmware << QByteArray("SET_VELOCITY_LIMIT ACCEL=1\n") << keep << QByteArray("dialect") << no;
    QTest::newRow("plr-z-home elsewhere") << Dialect::Marlin << QByteArray() << plr << QByteArray("zMethod") << no;
    QTest::newRow("stock-zplus") << Dialect::RepRapFirmware << QByteArray() << stock << QByteArray("zMethod") << no;
    QTest::newRow("Klipper lifts nothing") << Dialect::Klipper << QByteArray() << lift << QByteArray("zMethod") << no;
    QTest::newRow("Marlin 1 lifts nothing") << Dialect::Marlin1 << QByteArray() << lift << QByteArray("zMethod") << no;
    QTest::newRow("the lift must be measured") << Dialect::Marlin << QByteArray() << lift << QByteArray("declaredZ") << int(ErrorCode::UnknownState);
    QTest::newRow("shift from home") << Dialect::Marlin << QByteArray("G28 X\nG92 X5\nG1 X20\n") << keep << QByteArray("position") << no;
    QTest::newRow("workspace of a dead printer") << Dialect::Marlin << QByteArray("G55\n") << declared << QByteArray("workspace") << no;
}

void TestPlanDialects::refusedInWords()
{
    QFETCH(Dialect, dialect);
    QFETCH(QByteArray, before);
    QFETCH(int, method);
    QFETCH(QByteArray, field);
    QFETCH(int, code);
    PlanOptions options;
    options.zMethod = static_cast<ZMethod>(method);
    if (options.zMethod == ZMethod::Touch)
        options.declaredZ = 1;
    const std::string text = head + body + before.toStdString();
    const auto plan = printOf(text + rest, dialect).plan(text.size(), options);
    QVERIFY(!plan.has_value());
    QCOMPARE(QByteArray::fromStdString(plan.error().field), field);
    QCOMPARE(int(plan.error().code), code);
    QVERIFY(plan.error().detail.size() > 15);
}

void TestPlanDialects::linesAreShortAndPlain_data() { preambleIsOrdered_data(); }

/// Firmware cuts at 96 bytes, line number and checksum included, and executes what is left.
void TestPlanDialects::linesAreShortAndPlain()
{
    QFETCH(Dialect, dialect);
    const std::string wide = "M205 X8.123456 Y8.123456 Z0.123456 E4.123456 S0.123456 T0.123456 B20000.123456 J0.123456\nM486 S3 A\"" + std::string(100, 'n')
        + "\"\nM486 S-1\nM486 P3\n";
    const std::string text = head + body + wide;
    const auto plan = printOf(text + rest, dialect).plan(text.size(), touch());
    QVERIFY2(plan.has_value(), qPrintable(judge::describe(plan ? Error{} : plan.error())));
    gcode::MachineState state;
    for (const std::string& line : linesOf(*plan)) {
        gcode::apply(state, gcode::parseCommand(line), dialect);
        if (dialect == Dialect::Klipper)
            continue;
        QVERIFY2(line.size() <= 76, line.c_str());
        QVERIFY2(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7F && !(c >= 'a' && c <= 'z') && c != ';'; }), line.c_str());
    }
    QCOMPARE(state.motion.at("M205").size(), std::size_t(8));
    if (dialect == Dialect::Klipper)
        return;
    for (const QByteArray& line : QByteArray::fromStdString(preambleText(*plan)).split('\n')) {
        QVERIFY2(line.size() <= 90, line);
        QVERIFY2(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7F; }), line);
    }
}

void TestPlanDialects::shiftIsRestoredInTheMachinesOwnCoordinates()
{
    const std::string between = "G1 X55 Y60\nG92 X5 Z0\nG1 X7 E1\n"; // X 57, Z 0.2 of the machine
    for (const Dialect dialect : judge::allDialects) {
        const auto lines = planned(dialect, between, touch(3));
        QVERIFY2(at(lines, "G1 X57 Y60 F9000") > 0, gcode::name(dialect).data());
        QVERIFY(at(lines, "G1 Z0.2 F150") > at(lines, "G1 X57 Y60 F9000"));
        QVERIFY(at(lines, "G92 X7 Z0") > at(lines, "G1 Z0.2 F150"));
        QCOMPARE(at(lines, "G1 X7 Z0"), at(lines, "G92 X7 Z0") + 1);
    }
    const std::string text = head + body + between;
    const auto plan = printOf(text + rest, Dialect::Klipper).plan(text.size(), touch(3));
    QVERIFY(at(linesOf(*plan), "G92 Z3") > 0); // a living Klipper still counts from the old place
    QCOMPARE(plan->highestPrinted, 0.2);
    QCOMPARE(plan->whole.maxX, 100.0); // the rest goes to logical X 50
}

/// Where firmware stayed alive its shift did too: the plan counts like the file and declares nothing.
void TestPlanDialects::keptShiftStaysInForce()
{
    const auto lines = planned(Dialect::Marlin, "G1 X55 Y60\nG92 X5 Z0\nG1 X7 E1\n");
    QVERIFY(at(lines, "G1 X7 Y60 F9000") > 0);
    QVERIFY(at(lines, "G1 Z2 F300") > 0); // 2.2 of the machine
    QVERIFY(std::none_of(lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("G92 X") || line.starts_with("G92 Z"); }));
    // Not when it is uncertain whether the shift was already there.
    const std::string before = head + body, shift = "G92 X5\nG1 X7 E1\n";
    const Print print = printOf(before + shift + rest, Dialect::Marlin);
    auto snapshot = snapshotFromFile(*print.source, print.index, before.size() + shift.size());
    snapshot->earliest = before.size();
    const auto plan = planResume(*print.source, print.index, *snapshot, {}, {});
    QVERIFY(!plan.has_value());
    QCOMPARE(plan.error().field, std::string("position"));
    QVERIFY(planResume(*print.source, print.index, *snapshot, {}, touch()).has_value());
}

void TestPlanDialects::shiftedTowerSetsTheTravelHeight()
{
    // Printed from 20 to 25 of the machine, counted from 0.
    const std::string text = head + "G1 Z20\nG92 Z0\nG1 Z5\nG1 X55 E1\nG92 Z25\nG1 Z0.2\n" + body;
    const auto plan = printOf(text + rest, Dialect::Marlin).plan(text.size(), touch());
    QVERIFY2(plan.has_value(), qPrintable(judge::describe(plan ? Error{} : plan.error())));
    QCOMPARE(plan->highestPrinted, 25.0);
    QCOMPARE(plan->liftToZ, 27.0);
}

void TestPlanDialects::resumeOfAShiftedResumeIsCareful()
{
    const std::string text = head + body + "G92 X5\nG1 X7 E1\n";
    const Print print = printOf(text + rest, Dialect::Marlin);
    const auto kept = print.plan(text.size());
    QVERIFY(kept.has_value() && kept->shifted);
    const std::string file = *resumeHeader(*print.source, print.index, *kept) + preambleText(*kept) + resumePointLine(kept->snapshot.byte) + '\n';
    const Print again = printOf(file + rest, Dialect::Marlin);
    const auto second = again.plan(file.size() + rest.find("G1 Y50"), touch());
    QVERIFY(!second.has_value());
    QCOMPARE(second.error().field, std::string("position"));
    QVERIFY(again.plan(file.size() + rest.find("G1 Y50")).has_value());
}

void TestPlanDialects::inchLimitsKeepTheirUnit()
{
    const auto lines = planned(Dialect::Marlin, "M201 X500 Y500\nG20\nM201 Y20\nM204 P30\n");
    QVERIFY(at(lines, "M201 X500") >= 0 && at(lines, "M201 X500") < at(lines, "G20"));
    QVERIFY(at(lines, "M201 Y20") > at(lines, "G20"));
    QVERIFY(at(lines, "M204 P30") > at(lines, "G20"));
}

void TestPlanDialects::volumetricPrimeIsAVolume()
{
    PrinterFacts printer;
    printer.primeMm = 10;
    const std::string text = head + body + "M200 D2\nG1 E-1.5\n";
    const auto plan = printOf(text + rest, Dialect::Marlin).plan(text.size(), {}, printer);
    QVERIFY(plan.has_value());
    const auto lines = linesOf(*plan);
    QVERIFY(at(lines, "M200 D2") >= 0);
    QVERIFY(at(lines, "G1 E31.415927 F120") > at(lines, "M200 D2")); // 10 mm of a 2 mm filament
    QVERIFY(at(lines, "G1 E-1.5 F1800") > at(lines, "G1 E31.415927 F120")); // the file's own, as it counts
}

void TestPlanDialects::gateAgrees_data() { preambleIsOrdered_data(); }

/// The gate executes the plan by itself and must come to the same end.
void TestPlanDialects::gateAgrees()
{
    QFETCH(Dialect, dialect);
    const std::string between = "M201 X500\nM900 K0.1\nM420 S1\nM106 S100\nM221 S95\nG92 X5\nG1 X7 E1\nM83\nG90\nM486 P1\n";
    for (const PlanOptions& options : {PlanOptions{}, touch()}) {
        const std::string text = head + body + between;
        const Print print = printOf(text + rest, dialect);
        const auto plan = print.plan(text.size(), options);
        QVERIFY2(plan.has_value(), qPrintable(judge::describe(plan ? Error{} : plan.error())));
        for (const GateCheck& check : runGate(*plan, print.index, plan->snapshot.file, {})) {
            if (check.severity == Severity::Block)
                QVERIFY2(check.passed, (check.id + ' ' + check.measured).c_str());
        }
    }
}

QTEST_GUILESS_MAIN(TestPlanDialects)
#include "tst_plandialects.moc"
