// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "recovery/declaredheight.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using gcode::Dialect;

namespace {

const std::string head = "M104 S210\nG90\nM83\nG28\n;LAYER:0\nG1 X50 Y50 Z0.2 F3000\nG1 X60 E1\n;LAYER:1\nG1 Z0.4\nG1 X50 E1\n"
                         ";LAYER:2\nG1 Z0.6\nG1 X60 E1\n";
const std::string rest = "G1 Y60 E1\nG1 X50 E1\nG1 Y50 E1\n";

/// The tip as a person sees it, moved by the words of a dialect. What a firmware believes and where the tip is are two things.
class Nozzle
{
public:
    /// `offset` is in force already: the firmware was never restarted.
    Nozzle(Dialect dialect, double tip, double offset) : m_dialect(dialect), m_tip(tip), m_offset(offset), m_base(dialect == Dialect::Klipper ? offset : 0), m_own(tip + 7) {}

    void run(const std::string& line)
    {
        const gcode::Command c = gcode::parseCommand(line);
        const auto z = c.value('Z');
        const double value = z ? double(*z) / 1e6 : 0;
        if (c.kind == gcode::Command::Kind::Extended)
            return extended(c, gcode::parseParameters(c.rest));
        if (c.letter == 'G' && c.number <= 1 && z)
            moveTo(value);
        if (c.is('G', 92) && z)
            declare(value, c.subcode == 9);
        if (c.is('M', 290) && z)
            babystep(value, c.value('R') == 0);
        if (c.has('X') && c.letter == 'G' && (c.number <= 1 || c.number == 28))
            m_lowestAcross = std::min(m_lowestAcross, m_tip);
    }
    [[nodiscard]] double tip() const { return m_tip; }
    [[nodiscard]] double lowest() const { return m_lowest; }
    [[nodiscard]] double lowestAcross() const { return m_lowestAcross; }

private:
    void up(double by)
    {
        m_tip += by;
        m_own += by;
        m_lowest = std::min(m_lowest, m_tip);
    }
    void moveTo(double z) { up(z + m_base - m_own); }
    /// Klipper: base; Marlin 2: workspace shift, or its own coordinate with G92.9; the others their own coordinate.
    void declare(double z, bool native)
    {
        if (m_dialect == Dialect::Klipper || (m_dialect == Dialect::Marlin && !native))
            m_base = m_own - z;
        else
            m_own = z;
    }
    void babystep(double z, bool sets)
    {
        const double by = sets ? z - m_offset : z;
        m_offset += by;
        m_tip += by;
        m_lowest = std::min(m_lowest, m_tip);
    }
    void extended(const gcode::Command& command, const std::vector<std::pair<std::string, std::string>>& parameters)
    {
        for (const auto& [key, text] : parameters) {
            if (key != "Z")
                continue;
            const double z = QByteArray::fromStdString(text).toDouble();
            if (command.name == "SET_KINEMATIC_POSITION")
                m_own = z;
            if (command.name == "SET_GCODE_OFFSET") {
                m_base += z - m_offset;
                m_offset = z;
            }
        }
    }

    Dialect m_dialect;
    double m_tip, m_offset, m_base, m_own, m_lowest = 1e9, m_lowestAcross = 1e9;
};

/// A plan made in the third layer, 0.6 mm high.
Result<Plan> planned(const std::string& before, const PlanOptions& options, Dialect dialect = Dialect::Klipper)
{
    const std::string text = head + before;
    const gcode::MemorySource source(text + rest, "test.gcode");
    const auto index = gcode::buildIndex(source, dialect);
    const auto snapshot = snapshotFromFile(source, *index, text.size());
    return planResume(source, *index, *snapshot, {}, options);
}

/// "block" when the gate's check failed, "passed", "absent".
QByteArray verdict(const std::vector<GateCheck>& checks)
{
    QByteArray result = "absent";
    for (const GateCheck& check : checks) {
        if (check.id != "declared-height")
            continue;
        if (!check.passed)
            return QByteArray::fromStdString(std::string(name(check.severity)));
        result = "passed";
    }
    return result;
}

} // namespace

Q_DECLARE_METATYPE(kintsugi::gcode::Dialect)

class TestDeclaredHeight : public QObject
{
    Q_OBJECT

private slots:
    void isComparedWithThePart_data();
    void isComparedWithThePart();
    void offsetIsNamed();
    void tipEndsAtTheFilesHeightPlusTheOffset_data();
    void tipEndsAtTheFilesHeightPlusTheOffset();
};

void TestDeclaredHeight::isComparedWithThePart_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<int>("method");
    QTest::addColumn<int>("contact");
    QTest::addColumn<double>("declared"); // 0 = none
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* before, ZMethod method, NozzleContact contact, double z, const char* expected) {
        QTest::newRow(name) << QByteArray(before) << int(method) << int(contact) << z << QByteArray(expected);
    };
    using Z = ZMethod;
    using C = NozzleContact;
    row("nothing declared", "", Z::Keep, C::Unknown, 0, "absent");
    row("on the part", "", Z::Touch, C::Touching, 0.6, "passed");
    row("far above a thin part", "", Z::Touch, C::Touching, 40, "block");
    row("far above, contact not said", "", Z::Touch, C::Unknown, 40, "block");
    row("far above, lifted", "", Z::Touch, C::Lifted, 40, "passed");
    row("far above, kept", "", Z::Keep, C::Unknown, 40, "passed");
    row("lifted by the firmware", "", Z::Keep, C::Lifted, 20, "passed");
    row("as far above as allowed", "", Z::Touch, C::Touching, 2.6, "passed");
    row("a little further", "", Z::Touch, C::Touching, 2.61, "block");
    row("a layer below", "", Z::Touch, C::Touching, 0.4, "passed");
    row("more than a layer below", "", Z::Touch, C::Touching, 0.39, "block");
    row("below, lifted", "", Z::Touch, C::Lifted, 0.3, "block");
    row("below, kept", "", Z::Keep, C::Unknown, 0.3, "block");
    row("within a hop the layer counts", "G1 Z1.6\n", Z::Touch, C::Touching, 0.4, "passed");
    row("the offset counts below", "SET_GCODE_OFFSET Z=0.3 MOVE=1\n", Z::Touch, C::Touching, 0.6, "block");
    row("the offset counts above", "SET_GCODE_OFFSET Z=0.3 MOVE=1\n", Z::Touch, C::Touching, 2.9, "passed");
    row("shifted coordinates", "G92 Z0\nG1 X55 E1\n", Z::Touch, C::Touching, 0.6, "passed");
    row("shifted coordinates, below", "G92 Z0\nG1 X55 E1\n", Z::Touch, C::Touching, 0.2, "block");
}

void TestDeclaredHeight::isComparedWithThePart()
{
    QFETCH(QByteArray, before);
    QFETCH(int, method);
    QFETCH(int, contact);
    QFETCH(double, declared);
    QFETCH(QByteArray, expected);
    PlanOptions options;
    options.zMethod = static_cast<ZMethod>(method);
    options.contact = static_cast<NozzleContact>(contact);
    if (declared > 0)
        options.declaredZ = declared;
    const auto plan = planned(before.toStdString(), options);
    QVERIFY2(plan.has_value(), plan ? "" : plan.error().detail.c_str());
    QCOMPARE(verdict(declaredHeight(*plan)), expected);
    const gcode::FileIndex index;
    QCOMPARE(verdict(runGate(*plan, index, {}, {})), expected); // the gate asks
}

void TestDeclaredHeight::offsetIsNamed()
{
    PlanOptions options;
    options.zMethod = ZMethod::Touch;
    options.declaredZ = 0.5;
    const auto plan = planned("SET_GCODE_OFFSET Z=-0.1 MOVE=1\n", options);
    QVERIFY(plan.has_value());
    QCOMPARE(plan->zOffset, -0.1);
    QVERIFY(std::abs(plan->resumeZ - 0.5) < 1e-9);
    const auto checks = declaredHeight(*plan);
    QCOMPARE(checks.size(), std::size_t(2));
    QCOMPARE(checks.back().limit, std::string("-0.1"));
}

void TestDeclaredHeight::tipEndsAtTheFilesHeightPlusTheOffset_data()
{
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<double>("offset");
    QTest::addColumn<double>("expected"); // true height of the tip where the print goes on
    const auto row = [](const std::string& what, Dialect dialect, const std::string& before, double offset, double expected) {
        QTest::newRow((std::string(gcode::name(dialect)) + ", " + what).c_str()) << dialect << QByteArray::fromStdString(before) << offset << expected;
    };
    for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware, Dialect::Marlin1}) {
        row("no offset", dialect, "", 0, 0.6);
        row("shifted", dialect, "G92 Z3\nG1 Z3.1\nG1 X55 E1\n", 0, 0.7);
        for (const double offset : {-0.15, 0.25}) {
            const std::string mm = QByteArray::number(offset).toStdString();
            if (dialect == Dialect::Klipper)
                row("offset " + mm, dialect, "SET_GCODE_OFFSET Z=" + mm + " MOVE=1\n", offset, 0.6 + offset);
            else if (dialect != Dialect::Prusa) // its babysteps are no part of a file
                row("babystep " + mm, dialect, "M290 Z" + mm + "\n", offset, 0.6 + offset);
        }
    }
}

/// The steps run on a machine that tells the tip from what the firmware believes, restarted and never restarted, from any
/// true height: over the resume point the tip is as high as it was in the first print, and it never went lower than that.
void TestDeclaredHeight::tipEndsAtTheFilesHeightPlusTheOffset()
{
    QFETCH(Dialect, dialect);
    QFETCH(QByteArray, before);
    QFETCH(double, offset);
    QFETCH(double, expected);
    for (const double declared : {expected, expected + 1.3, 40.0}) {
        for (const bool alive : {false, true}) {
            PlanOptions options;
            options.zMethod = ZMethod::Touch;
            options.declaredZ = declared;
            const auto plan = planned(before.toStdString(), options, dialect);
            QVERIFY2(plan.has_value(), plan ? "" : plan.error().detail.c_str());
            QVERIFY(std::abs(plan->resumeZ - expected) < 1e-9);
            Nozzle nozzle(dialect, declared, alive ? offset : 0);
            for (const PlanStep& step : plan->steps) {
                for (const std::string& line : step.gcode)
                    nozzle.run(line);
                if (step.kind == StepKind::Approach) {
                    const QByteArray where = QByteArray::number(nozzle.tip()) + (alive ? ", never restarted" : ", restarted");
                    QVERIFY2(std::abs(nozzle.tip() - expected) < 1e-6, where);
                }
            }
            QVERIFY(nozzle.lowest() > expected - 1e-6);
            QVERIFY(nozzle.lowestAcross() >= plan->highestPrinted + offset + 1);
        }
    }
}

QTEST_APPLESS_MAIN(TestDeclaredHeight)
#include "tst_declaredheight.moc"
