// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>
#include <random>

#include "recovery/clearancefield.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

namespace {

/// Left of or on every edge; one and two points by distance.
bool inside(const Hull& hull, const Place& p)
{
    for (std::size_t i = 0; i < hull.size(); ++i) {
        const Place &a = hull[i], &b = hull[(i + 1) % hull.size()];
        if ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) < -1e-9)
            return false;
    }
    return true;
}

} // namespace

class TestEnvelope : public QObject
{
    Q_OBJECT

private slots:
    void defaultsAreSound_data();
    void defaultsAreSound();
    void badOnesAreRefused_data();
    void badOnesAreRefused();
    void outlinesCoverTheSolids();
    void hullHoldsItsPoints();
    void fieldFindsTheHighestCell();
    void fieldIsRaisedAndLowered();
};

void TestEnvelope::defaultsAreSound_data()
{
    QTest::addColumn<int>("kind");
    for (const PrinterKind kind : {PrinterKind::Unknown, PrinterKind::BedSlinger, PrinterKind::PrusaMk3, PrinterKind::CoreXY, PrinterKind::CrossedRods, PrinterKind::Delta})
        QTest::newRow(std::string(name(kind)).c_str()) << int(kind);
}

void TestEnvelope::defaultsAreSound()
{
    QFETCH(int, kind);
    const auto printer = static_cast<PrinterKind>(kind);
    const HeadEnvelope envelope = defaultEnvelope(printer);
    QVERIFY(checkEnvelope(envelope).has_value());
    QVERIFY(!envelope.source.empty());
    QCOMPARE(printerKindFromName(name(printer)), std::optional(printer));
    std::set<SolidKind> kinds;
    for (const HeadSolid& solid : envelope.solids) {
        kinds.insert(solid.kind);
        QCOMPARE(solidKindFromName(name(solid.kind)), std::optional(solid.kind));
    }
    for (const SolidKind needed : {SolidKind::Nozzle, SolidKind::HeaterBlock, SolidKind::FanDuct, SolidKind::Gantry})
        QVERIFY(kinds.count(needed) == 1);
}

void TestEnvelope::badOnesAreRefused_data()
{
    QTest::addColumn<int>("change");
    QTest::addColumn<QByteArray>("field");
    QTest::newRow("no nozzle") << 0 << QByteArray("solids");
    QTest::newRow("nozzle off the tip") << 1 << QByteArray("solids");
    QTest::newRow("not a number") << 2 << QByteArray("solids.1.maxX");
    QTest::newRow("turned round") << 3 << QByteArray("solids.1.maxY");
    QTest::newRow("below the tip") << 4 << QByteArray("solids.1.bottom");
    QTest::newRow("no radius") << 5 << QByteArray("solids.3.radius");
    QTest::newRow("tip wider than the nozzle") << 6 << QByteArray("solids.0.tipRadius");
    QTest::newRow("too many") << 7 << QByteArray("solids");
    QTest::newRow("endless") << 8 << QByteArray("solids.1.minX");
}

void TestEnvelope::badOnesAreRefused()
{
    QFETCH(int, change);
    QFETCH(QByteArray, field);
    HeadEnvelope envelope = defaultEnvelope(PrinterKind::BedSlinger);
    auto& solids = envelope.solids;
    switch (change) {
    case 0: solids.erase(solids.begin()); break;
    case 1: solids[0].bottom = 0.5; break;
    case 2: solids[1].maxX = std::nan(""); break;
    case 3: std::swap(solids[1].minY, solids[1].maxY); break;
    case 4: solids[1].bottom = -1; break;
    case 5: solids[3].radius = 0; break;
    case 6: solids[0].tipRadius = 4; break;
    case 7: solids.resize(100, solids[1]); break;
    case 8: solids[1].minX = -1e9; break;
    }
    const auto checked = checkEnvelope(envelope);
    QVERIFY(!checked.has_value());
    QCOMPARE(checked.error().code, ErrorCode::BadValue);
    QCOMPARE(QByteArray::fromStdString(checked.error().field), field);
}

/// Any point of a solid lies over an outline that begins no higher.
void TestEnvelope::outlinesCoverTheSolids()
{
    std::mt19937 random(11);
    const HeadEnvelope envelope = defaultEnvelope(PrinterKind::Unknown);
    const auto outlines = outlinesOf(envelope, 0.5);
    for (std::size_t index = 0; index < envelope.solids.size(); ++index) {
        const HeadSolid& solid = envelope.solids[index];
        for (int i = 0; i < 500; ++i) {
            std::uniform_real_distribution<double> unit(0, 1);
            const double angle = 6.283 * unit(random), part = unit(random);
            Place p{};
            double bottom = solid.bottom;
            if (solid.shape == HeadSolid::Shape::Box) {
                p = {solid.minX + (solid.maxX - solid.minX) * part, solid.minY + (solid.maxY - solid.minY) * unit(random)};
            } else {
                const double r = solid.radius * part;
                p = {solid.x + r * std::cos(angle), solid.y + r * std::sin(angle)};
                if (solid.shape == HeadSolid::Shape::Cone)
                    bottom += std::max(0.0, (r - solid.tipRadius) / (solid.radius - solid.tipRadius)) * solid.height;
            }
            const bool covered = std::any_of(outlines.begin(), outlines.end(), [&](const SolidOutline& outline) {
                return outline.solid == index && outline.bottom <= bottom + 1e-9 && inside(outline.outline, p);
            });
            QVERIFY2(covered, qPrintable(QString::number(index)));
        }
    }
}

void TestEnvelope::hullHoldsItsPoints()
{
    std::mt19937 random(5);
    std::uniform_real_distribution<double> place(-20, 20);
    for (int round = 0; round < 200; ++round) {
        std::vector<Place> points(static_cast<std::size_t>(3 + round % 20));
        for (Place& p : points)
            p = {place(random), place(random)};
        const Hull hull = hullOf(points);
        for (const Place& p : points)
            QVERIFY(inside(hull, p));
        QVERIFY(hull.size() <= points.size());
    }
    QCOMPARE(hullOf({{1, 1}, {1, 1}}), Hull({{1, 1}}));
    QCOMPARE(hullOf({{1, 1}, {3, 3}, {2, 2}}), Hull({{1, 1}, {3, 3}}));
}

/// Against a look at every cell.
void TestEnvelope::fieldFindsTheHighestCell()
{
    std::mt19937 random(3);
    std::uniform_real_distribution<double> place(-10, 70), high(0, 50), size(0, 25);
    constexpr double cell = 0.5;
    const HeightField field({0, 0, 60, 50}, cell, [&](double, double) { return random() % 50 == 0 ? high(random) : 0.0; });
    for (int round = 0; round < 400; ++round) {
        std::vector<Place> points;
        const Place centre{place(random), place(random)};
        for (int i = 0; i <= round % 5; ++i)
            points.push_back({centre[0] + size(random), centre[1] + size(random)});
        const Hull outline = hullOf(points);
        double expected = 0, atMost = 0;
        for (int y = 0; y < 100; ++y)
            for (int x = 0; x < 120; ++x) {
                const double x0 = x * cell, y0 = y * cell;
                const double height = field.at({x0 + cell / 2, y0 + cell / 2});
                bool touched = false;
                for (int part = 0; part < 36 && !touched; ++part) // dense points of the cell
                    touched = outline.size() > 2 && inside(outline, {x0 + part % 6 * cell / 5, y0 + part / 6 * cell / 5});
                expected = std::max(expected, touched ? height : 0.0);
                const Rectangle box = rectangleOf(outline);
                const bool near = x0 + cell >= box.minX - 1e-9 && x0 <= box.maxX + 1e-9 && y0 + cell >= box.minY - 1e-9 && y0 <= box.maxY + 1e-9;
                atMost = std::max(atMost, near ? height : 0.0);
            }
        const auto peak = field.highestUnder(outline);
        QVERIFY(peak.z >= expected);
        QVERIFY(peak.z <= atMost);
        QVERIFY(field.highestIn(rectangleOf(outline)) >= peak.z);
        if (peak.z > 0)
            QCOMPARE(field.at(peak.at), peak.z);
    }
}

void TestEnvelope::fieldIsRaisedAndLowered()
{
    HeightField field({0, 0, 20, 20}, 0.5, [](double, double) { return 0.0; });
    field.raise(around({10, 10}, 2), 5);
    QVERIFY(field.at({10, 10}) >= 5 && field.at({10, 10}) < 5.001);
    QVERIFY(field.at({11.9, 10}) >= 5);
    QCOMPARE(field.at({13, 10}), 0.0);
    QVERIFY(field.highest() >= 5);
    field.lower(Rectangle{0, 0, 10, 20}, 3);
    QVERIFY(field.at({9, 10}) >= 3 && field.at({9, 10}) < 3.001);
    QVERIFY(field.at({10.2, 10}) >= 5);
    field.lower(std::nullopt, 1);
    QVERIFY(field.highest() < 1.001);
    // A grid too large for memory is still never lower than the truth.
    const HeightField wide({0, 0, 4000, 4000}, 0.5, [](double x, double y) { return std::abs(x - 1000.25) < 0.1 && std::abs(y - 7.25) < 0.1 ? 9.0 : 0.0; });
    QVERIFY(wide.at({1000.25, 7.25}) >= 9);
    QVERIFY(wide.cell() > 0.5);
}

QTEST_GUILESS_MAIN(TestEnvelope)
#include "tst_envelope.moc"
