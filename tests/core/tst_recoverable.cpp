// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <algorithm>

#include "printervolume.h"
#include "recovery/recoverable.h"

using namespace kintsugi;
using namespace kintsugi::gcode;
using namespace kintsugi::recovery;

namespace {

/// A square tower of one wall in layers of 1 mm.
QByteArray tower(double x, double y, double size, int layers, const QByteArray& start = "G28\nM104 S200\nG90\nM83\nG0 X5 Y5 Z5\n")
{
    const auto at = [](double px, double py) { return " X" + QByteArray::number(px) + " Y" + QByteArray::number(py); };
    QByteArray text = start + ";HEIGHT:0.2\n;WIDTH:0.4\n";
    for (int layer = 1; layer <= layers; ++layer) {
        text += ";LAYER_CHANGE\n;Z:" + QByteArray::number(layer) + "\nG0" + at(x, y) + " Z" + QByteArray::number(layer) + '\n';
        text += "G1" + at(x + size, y) + " E.5\nG1" + at(x + size, y + size) + " E.5\nG1" + at(x, y + size) + " E.5\nG1" + at(x, y) + " E.5\n";
    }
    return text;
}

Result<std::vector<RecoverableLayer>> judge(const QByteArray& text, const PrinterFacts& printer, Dialect dialect = Dialect::Klipper)
{
    const MemorySource source(text.toStdString());
    const auto index = buildIndex(source, dialect);
    return index ? recoverableLayers(source, *index, printer, {.map = {.margin = 1}, .envelope = defaultEnvelope(PrinterKind::Unknown)}) : fail(index.error());
}

bool lacks(const RecoverableLayer& layer, Lack lack)
{
    return std::ranges::any_of(layer.reasons, [lack](const auto& reason) { return reason.lack == lack; });
}

} // namespace

class TestRecoverable : public QObject
{
    Q_OBJECT
private slots:
    void whyNot_data();
    void whyNot();
    void liftRoomShrinksWithTheHeight();
    void placesAreLostAsThePrintGrows();
    void methods_data();
    void methods();
    void manyLayersAreCheckedOnSome();
    void wrongNumbers();
};

void TestRecoverable::whyNot_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("lack"); // of the last layer; empty: it is recoverable
    QTest::newRow("a small tower") << tower(100, 100, 20, 4) << QByteArray();
    QTest::newRow("too tall") << tower(100, 100, 20, 98) << QByteArray("lift-room");
    QTest::newRow("all over the bed") << tower(2, 2, 230, 4) + tower(30, 30, 175, 4, {}) + tower(60, 60, 115, 4, {}) + tower(90, 90, 55, 4, {}) << QByteArray("prime-place");
    QTest::newRow("behind a macro") << tower(100, 100, 20, 4) + ";LAYER_CHANGE\nPURGE\nG91\nG1 X5 E1\n" << QByteArray("unknown-places");
    QTest::newRow("no temperature") << tower(100, 100, 20, 4, "G28\nG90\nM83\nG0 X5 Y5 Z5\n") << QByteArray("state");
    QTest::newRow("a start macro's temperature") << tower(100, 100, 20, 4, "START_PRINT EXTRUDER_TEMP=210 BED_TEMP=60\nG90\nM83\nG0 X5 Y5 Z5\n") << QByteArray();
}

void TestRecoverable::whyNot()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, lack);
    PrinterFacts printer = printerOf();
    printer.minimum = {0, 0, 0};
    printer.maximum = {235, 235, 100};
    const auto layers = judge(text, printer);
    QVERIFY(layers && !layers->empty());
    const RecoverableLayer& last = layers->back();
    QStringList names;
    for (const auto& reason : last.reasons) {
        const auto word = name(reason.lack);
        names << QString::fromUtf8(word.data(), static_cast<qsizetype>(word.size()));
        QVERIFY(!english(reason.text).empty());
    }
    if (lack.isEmpty())
        QVERIFY2(last.ok(), qPrintable(names.join(u' ')));
    else
        QVERIFY2(names.contains(QString::fromLatin1(lack)), qPrintable(names.join(u' ')));
}

void TestRecoverable::liftRoomShrinksWithTheHeight()
{
    PrinterFacts printer = printerOf();
    printer.minimum = {0, 0, 0};
    printer.maximum = {235, 235, 13};
    printer.clearance = 2;
    const auto layers = judge(tower(100, 100, 20, 12), printer);
    QVERIFY(layers);
    QCOMPARE(layers->size(), std::size_t{12});
    for (const RecoverableLayer& layer : *layers) {
        const double height = static_cast<double>(layer.index) + 1;
        QVERIFY(std::abs(layer.highest - (height + 1)) < 1e-5);
        QVERIFY(std::abs(layer.liftRoom - (13 - height - 3)) < 1e-5);
        QCOMPARE(lacks(layer, Lack::LiftRoom), height > 10);
    }
}

/// The only place to prime lies beside a tower: the head can come down there until the tower is as high as the solid above it.
void TestRecoverable::placesAreLostAsThePrintGrows()
{
    PrinterFacts printer = printerOf();
    printer.primePlace = std::array<double, 2>{60, 110};
    const auto layers = judge(tower(100, 100, 20, 80), printer);
    QVERIFY(layers);
    const auto lost = std::ranges::find_if(*layers, [](const RecoverableLayer& layer) { return !layer.primePlace; });
    QVERIFY(lost != layers->begin() && lost != layers->end());
    QVERIFY(std::all_of(lost, layers->end(), [](const RecoverableLayer& layer) { return !layer.primePlace && lacks(layer, Lack::PrimePlace); }));
    double lowest = 1e9; // solid of the head that is over the tower then
    for (const HeadSolid& solid : defaultEnvelope(PrinterKind::Unknown).solids) {
        const double right = solid.shape == HeadSolid::Shape::Box ? solid.maxX : solid.x + solid.radius;
        if (right > 40)
            lowest = std::min(lowest, solid.bottom);
    }
    // z = 1, 2, …, with a margin of 1 mm and the nozzle 0.3 mm above the bed
    QVERIFY2(std::abs(static_cast<double>(lost->index) + 2 - lowest - 0.3) <= 1.01, qPrintable(QString::number(lost->index)));
    printer.primePlace = std::array<double, 2>{110, 100}; // the tower itself
    const auto over = judge(tower(100, 100, 20, 8), printer);
    QVERIFY(over && std::ranges::none_of(*over, [](const RecoverableLayer& layer) { return layer.primePlace.has_value(); }));
}

void TestRecoverable::methods_data()
{
    QTest::addColumn<int>("dialect");
    QTest::addColumn<bool>("plain");
    QTest::addColumn<bool>("fourZ");
    QTest::addColumn<bool>("plr");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, Dialect dialect, bool plain, bool fourZ, bool plr, const char* expected) {
        QTest::newRow(name) << static_cast<int>(dialect) << plain << fourZ << plr << QByteArray(expected);
    };
    row("Klipper", Dialect::Klipper, true, false, false, "touch free-spot");
    row("Klipper with four Z and klipper-plr", Dialect::Klipper, true, true, true, "plr-z-home stock-zplus touch free-spot");
    row("Marlin", Dialect::Marlin, true, true, true, "firmware-lift touch free-spot");
    row("Marlin 1", Dialect::Marlin1, true, false, false, "touch free-spot");
    row("homing X and Y moves Z", Dialect::Klipper, false, true, true, "");
}

void TestRecoverable::methods()
{
    QFETCH(int, dialect);
    QFETCH(bool, plain);
    QFETCH(bool, fourZ);
    QFETCH(bool, plr);
    QFETCH(QByteArray, expected);
    PrinterFacts printer = printerOf();
    printer.homeXyIsPlain = plain;
    printer.fourZ = fourZ;
    printer.plrPresent = plr;
    const auto layers = judge(tower(100, 100, 20, 3), printer, static_cast<Dialect>(dialect));
    QVERIFY(layers && !layers->empty());
    QByteArray names;
    for (const ZMethod method : layers->front().methods)
        names += (names.isEmpty() ? "" : " ") + QByteArray::fromStdString(std::string(name(method)));
    QCOMPARE(names, expected);
    QCOMPARE(lacks(layers->front(), Lack::ZMethod), expected.isEmpty());
}

void TestRecoverable::manyLayersAreCheckedOnSome()
{
    QByteArray text = tower(100, 100, 20, 1);
    for (int layer = 2; layer <= 3000; ++layer)
        text += ";LAYER_CHANGE\nG1 X100 Y100 Z" + QByteArray::number(1 + layer * 0.02) + "\nG1 X120 E.3\n";
    PrinterFacts printer = printerOf();
    printer.primePlace = std::array<double, 2>{60, 110};
    const auto layers = judge(text, printer);
    QVERIFY(layers);
    QCOMPARE(layers->size(), std::size_t{3000});
    const auto lost = std::ranges::find_if(*layers, [](const RecoverableLayer& layer) { return !layer.primePlace; });
    QVERIFY(lost != layers->begin() && lost != layers->end());
    QCOMPARE(lost->index % 3, std::size_t{0}); // every third is looked at
}

void TestRecoverable::wrongNumbers()
{
    PrinterFacts printer = printerOf();
    printer.maximum[0] = std::nan("");
    const auto none = judge(tower(100, 100, 20, 2), printer);
    QVERIFY(!none);
    QCOMPARE(none.error().code, ErrorCode::BadValue);
    const MemorySource source(tower(100, 100, 20, 2).toStdString());
    const auto index = buildIndex(source, Dialect::Klipper);
    QVERIFY(index);
    const auto cancelled = recoverableLayers(source, *index, printerOf(), {}, [](double) { return false; });
    QVERIFY(!cancelled);
    QCOMPARE(cancelled.error().code, ErrorCode::Cancelled);
    QVERIFY(!recoverableLayers(source, *index, {}, {.map = {}, .envelope = {}}));
}

QTEST_GUILESS_MAIN(TestRecoverable)
#include "tst_recoverable.moc"
