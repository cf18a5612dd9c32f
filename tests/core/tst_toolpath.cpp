// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <cmath>
#include <numbers>

#include "gcode/toolpath.h"

using namespace kintsugi;
using namespace kintsugi::gcode;

namespace {

struct Opened {
    MemorySource source;
    FileIndex index;
};

Opened open(const QByteArray& text, Dialect dialect = Dialect::Klipper)
{
    Opened opened{MemorySource(text.toStdString()), {}};
    if (const auto index = buildIndex(opened.source, dialect))
        opened.index = *index;
    return opened;
}

Toolpath wholePath(const QByteArray& text, std::size_t limit = 2'000'000)
{
    const Opened file = open(text);
    const auto path = readToolpath(file.source, file.index, 0, file.index.size, limit);
    return path ? *path : Toolpath{};
}

bool near(double a, double b, double tolerance = 1e-4) { return std::abs(a - b) <= tolerance; }

QByteArray fixture(const char* name)
{
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/gcode/") + QLatin1String(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class TestToolpath : public QObject
{
    Q_OBJECT
private slots:
    void straightMoves();
    void everyCommandOfALine();
    void unknownPositionsAreSkipped();
    void arcsStayWithinTheirSagitta_data();
    void arcsStayWithinTheirSagitta();
    void brokenArcIsAStraightLine();
    void onlyLinesOfTheRange();
    void limit();
    void layersOfARealFileAddUp();
    void shrunkFile();
};

void TestToolpath::straightMoves()
{
    const QByteArray text = "G28\nM83\nG1 X10 Y0 Z.2 F6000\nG1 X20 E1 F1200\nG1 E-.8 F2100\nG1 F1800\nG4 P1\nG1 X20\n";
    const Toolpath path = wholePath(text);
    QVERIFY(path.complete);
    QCOMPARE(path.segments.size(), std::size_t{3});
    const Segment& travel = path.segments[0];
    QVERIFY(travel.x0 == 0 && travel.x1 == 10 && near(travel.z1, 0.2) && travel.e == 0 && near(travel.feed, 100));
    QVERIFY(!travel.extrudes());
    const Segment& extrusion = path.segments[1];
    QVERIFY(extrusion.x0 == 10 && extrusion.x1 == 20 && extrusion.e == 1 && near(extrusion.feed, 20) && extrusion.extrudes());
    QCOMPARE(extrusion.begin, static_cast<ByteOffset>(text.indexOf("G1 X20 E1")));
    QCOMPARE(extrusion.end, static_cast<ByteOffset>(text.indexOf("G1 E-.8")));
    const Segment& retraction = path.segments[2];
    QVERIFY(near(retraction.e, -0.8) && retraction.x0 == retraction.x1 && !retraction.extrudes());
}

void TestToolpath::everyCommandOfALine()
{
    const std::string start = "G90\nM83\nG1 X0 Y0 Z1 F600\n", lines = "G1 X10 E1 G91 G1 Y10 E1\nG90 G1 X0 E1\nX0 Y0 M106 S0 G1 E-1\n";
    const MemorySource source(start + lines);
    const auto index = buildIndex(source, Dialect::RepRapFirmware);
    QVERIFY(index);
    const auto path = readToolpath(source, *index, 0, index->size, 100);
    QVERIFY(path);
    std::vector<std::pair<ByteOffset, double>> ends;
    for (const auto& segment : path->segments)
        ends.emplace_back(segment.begin, double(segment.x1) + 100 * double(segment.y1));
    const ByteOffset first = start.size(), second = first + lines.find('\n') + 1, third = first + lines.find("X0 Y0");
    const std::vector<std::pair<ByteOffset, double>> expected{{first, 10}, {first, 1010}, {second, 1000}, {third, 0}, {third, 0}};
    QVERIFY(ends == expected);
    QCOMPARE(index->moves, std::uint64_t{6});
    QVERIFY(std::abs(index->seconds - (10 + 10 + 10 + 10 + 1) / 10.0) < 1e-9);
    QVERIFY(std::abs(index->printed.maxY - 10) < 1e-9 && std::abs(index->filamentMm - 3) < 1e-9);
}

void TestToolpath::unknownPositionsAreSkipped()
{
    QCOMPARE(wholePath("G1 X1\nG1 Y1\nG1 Z1\nG1 X2\n").segments.size(), std::size_t{1});
    QCOMPARE(wholePath("G91\nG1 X1 Y1 Z1\nG1 X1 Y1 Z1\n").segments.size(), std::size_t{0});
    QCOMPARE(wholePath("G28\nG1 X5 F\n").segments.size(), std::size_t{1});
    QVERIFY(wholePath("G28\nG1 X5\n").segments[0].feed == 0);
}

void TestToolpath::arcsStayWithinTheirSagitta_data()
{
    QTest::addColumn<QByteArray>("arc");
    QTest::addColumn<double>("centreX");
    QTest::addColumn<double>("centreY");
    QTest::addColumn<double>("radius");
    QTest::addColumn<double>("length");
    constexpr double pi = std::numbers::pi;
    // All start at 10, 0.
    QTest::newRow("quarter, counter-clockwise") << QByteArray("G3 X0 Y10 I-10 J0 E5") << 0.0 << 0.0 << 10.0 << 10 * pi / 2;
    QTest::newRow("three quarters, clockwise") << QByteArray("G2 X0 Y10 I-10 J0 E5") << 0.0 << 0.0 << 10.0 << 10 * 3 * pi / 2;
    QTest::newRow("full circle") << QByteArray("G3 I-10 E5") << 0.0 << 0.0 << 10.0 << 20 * pi;
    QTest::newRow("radius, short way") << QByteArray("G3 X0 Y10 R10 E5") << 0.0 << 0.0 << 10.0 << 10 * pi / 2;
    QTest::newRow("radius, long way") << QByteArray("G2 X0 Y10 R-10 E5") << 0.0 << 0.0 << 10.0 << 10 * 3 * pi / 2;
    QTest::newRow("tiny") << QByteArray("G2 X10.02 Y0 I.01 J0 E5") << 10.01 << 0.0 << 0.01 << 0.01 * pi;
    QTest::newRow("huge") << QByteArray("G3 X10 Y100 I-5000 J50 E5") << -4990.0 << 50.0 << std::hypot(5000, 50) << 2 * std::hypot(5000, 50) * std::asin(50 / std::hypot(5000, 50));
}

void TestToolpath::arcsStayWithinTheirSagitta()
{
    QFETCH(QByteArray, arc);
    QFETCH(double, centreX);
    QFETCH(double, centreY);
    QFETCH(double, radius);
    QFETCH(double, length);
    const auto segments = wholePath("G28\nM83\nG1 X10 Y0 Z1\n" + arc + "\n").segments;
    QVERIFY(segments.size() >= 2);
    double path = 0, e = 0;
    for (std::size_t at = 1; at < segments.size(); ++at) {
        const Segment& s = segments[at];
        const double tolerance = 1e-3 + radius * 1e-6;
        QVERIFY(near(std::hypot(s.x1 - centreX, s.y1 - centreY), radius, tolerance));
        const double middle = std::hypot((s.x0 + s.x1) / 2 - centreX, (s.y0 + s.y1) / 2 - centreY);
        QVERIFY2(radius - middle <= 0.05 + tolerance, qPrintable(QString::number(radius - middle)));
        QVERIFY(s.x0 == segments[at - 1].x1 && s.y0 == segments[at - 1].y1);
        path += std::hypot(s.x1 - s.x0, s.y1 - s.y0);
        e += s.e;
    }
    QVERIFY2(near(path, length, 0.02 * length + 5e-3), qPrintable(QString::number(path)));
    QVERIFY(near(e, 5));
}

void TestToolpath::brokenArcIsAStraightLine()
{
    const auto segments = wholePath("G28\nG1 X10 Y0 Z1\nG2 X20 Y0\n").segments;
    QCOMPARE(segments.size(), std::size_t{2});
    QVERIFY(segments[1].x0 == 10 && segments[1].x1 == 20);
}

void TestToolpath::onlyLinesOfTheRange()
{
    const QByteArray text = "G28\nM83\nG1 X1 E1\nG1 X2 E1\nG1 X3 E1\nG1 X4 E1\n";
    const Opened file = open(text);
    const auto at = [&](const char* line) { return static_cast<ByteOffset>(text.indexOf(line)); };
    const auto path = readToolpath(file.source, file.index, at("G1 X2"), at("G1 X4"));
    QVERIFY(path);
    QCOMPARE(path->segments.size(), std::size_t{2});
    QVERIFY(path->segments[0].x0 == 1 && path->segments[1].x1 == 3);
    // A line belongs to the range in which it begins.
    QCOMPARE(readToolpath(file.source, file.index, at("G1 X2") + 1, at("G1 X4") + 1)->segments.size(), std::size_t{2});
    QCOMPARE(readToolpath(file.source, file.index, at("G1 X2"), at("G1 X2"))->segments.size(), std::size_t{0});
    QVERIFY(readToolpath(file.source, file.index, file.index.size + 1, file.index.size + 2).error().code == ErrorCode::BadByte);
}

void TestToolpath::limit()
{
    const QByteArray text = "G28\nG1 X1\nG1 X2\nG1 X3\n";
    QVERIFY(wholePath(text, 3).complete);
    const Toolpath cut = wholePath(text, 2);
    QVERIFY(!cut.complete);
    QCOMPARE(cut.segments.size(), std::size_t{2});
}

void TestToolpath::layersOfARealFileAddUp()
{
    for (const char* name : {"ps_gear_relE_klipper.gcode", "derived_dome_raft_arcs_relE.gcode", "ps_vase_spiral.gcode"}) {
        const Opened file = open(fixture(name), Dialect::Marlin);
        QVERIFY(file.index.layers.size() >= 10);
        const auto whole = readToolpath(file.source, file.index, 0, file.index.size);
        QVERIFY(whole);
        std::size_t segments = readToolpath(file.source, file.index, 0, file.index.layers[0].begin)->segments.size();
        for (const Layer& layer : file.index.layers) {
            const auto path = readToolpath(file.source, file.index, layer.begin, layer.end);
            QVERIFY(path);
            segments += path->segments.size();
            if (layer.index == 0)
                continue; // it begins before X and Y are known: those moves have no place in space
            double e = 0, seconds = 0;
            for (const Segment& s : path->segments) {
                e += s.e;
                const double length = std::hypot(s.x1 - s.x0, s.y1 - s.y0, s.z1 - s.z0);
                seconds += s.feed > 0 ? (length > 0 ? length : std::abs(static_cast<double>(s.e))) / static_cast<double>(s.feed) : 0;
                QVERIFY(s.begin >= layer.begin && s.begin < layer.end);
            }
            QVERIFY2(near(e, layer.extrudedMm, 2e-3), name);
            QVERIFY2(near(seconds, layer.seconds, 0.01 * layer.seconds + 0.02), qPrintable(QString::number(seconds - layer.seconds)));
        }
        QCOMPARE(segments, whole->segments.size());
    }
}

void TestToolpath::shrunkFile()
{
    const Opened file = open("G28\nG1 X1\nG1 X2\n");
    QVERIFY(readToolpath(MemorySource("G28\nG1"), file.index, 0, 99).error().code == ErrorCode::FileChanged);
}

QTEST_APPLESS_MAIN(TestToolpath)
#include "tst_toolpath.moc"
