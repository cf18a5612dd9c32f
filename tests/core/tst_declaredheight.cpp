// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "recovery/declaredheight.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

namespace {

const std::string head = "M104 S210\nG90\nM83\nG28\n;LAYER:0\nG1 X50 Y50 Z0.2 F3000\nG1 X60 E1\n;LAYER:1\nG1 Z0.4\nG1 X50 E1\n"
                         ";LAYER:2\nG1 Z0.6\nG1 X60 E1\n";
const std::string rest = "G1 Y60 E1\nG1 X50 E1\nG1 Y50 E1\n";

/// A plan made in the third layer, 0.6 mm high.
Result<Plan> planned(const std::string& before, const PlanOptions& options)
{
    const std::string text = head + before;
    const gcode::MemorySource source(text + rest, "test.gcode");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
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

class TestDeclaredHeight : public QObject
{
    Q_OBJECT

private slots:
    void isComparedWithThePart_data();
    void isComparedWithThePart();
    void offsetIsNamed();
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

QTEST_APPLESS_MAIN(TestDeclaredHeight)
#include "tst_declaredheight.moc"
