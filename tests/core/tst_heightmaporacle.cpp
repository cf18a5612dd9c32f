// SPDX-License-Identifier: GPL-3.0-or-later
// The height map against a plain rasteriser that shares no code with it: never lower, and not higher than what that finds within
// one cell more.
#include <QtTest>

#include <cmath>
#include <map>
#include <random>

#include "recovery/heightmap.h"

using namespace kintsugi;
using namespace kintsugi::gcode;
using namespace kintsugi::recovery;

namespace {

struct Judged {
    std::map<std::pair<int, int>, double> cells;
    std::uint64_t unknown = 0;
    bool good = false;
};

Judged judge(const QStringList& arguments)
{
    Judged judged;
    QProcess python;
    python.start(QStringLiteral(KINTSUGI_PYTHON), QStringList{QStringLiteral(KINTSUGI_TEST_TOOLS "/heightmap_oracle.py")} + arguments);
    if (!python.waitForFinished(120'000) || python.exitCode() != 0) {
        qWarning("%s", python.readAllStandardError().constData());
        return judged;
    }
    for (const QByteArray& line : python.readAllStandardOutput().split('\n')) {
        const QList<QByteArray> words = line.split(' ');
        if (words.size() == 3)
            judged.cells[{words[0].toInt(), words[1].toInt()}] = words[2].toDouble();
        else if (words.size() == 2)
            judged.unknown = words[1].toULongLong();
        judged.good = words.size() == 2 || judged.good;
    }
    return judged;
}

/// The first cell that is wrong, in words; empty when none is.
QString firstWrong(const HeightMap& map, const Judged& judged, int around)
{
    constexpr double rising = 0.02 + 1e-4; // mm: a rising line is painted in pieces as high as their higher ends
    const auto place = [&](int cell) { return (cell + 0.5) * map.cell(); };
    const auto words = [&](const std::pair<int, int>& cell, double ours, double theirs) {
        return QStringLiteral("cell %1 %2: %3, judged %4").arg(cell.first).arg(cell.second).arg(ours).arg(theirs);
    };
    for (const auto& [cell, height] : judged.cells) {
        const double ours = map.printedAt(place(cell.first), place(cell.second));
        if (ours < height - 1e-6)
            return QStringLiteral("lower: ") + words(cell, ours, height);
    }
    const Extents extents = map.extents();
    const auto first = [&](double value) { return static_cast<int>(std::lround(value / map.cell())); };
    for (int y = first(extents.minY); extents.valid && y < first(extents.maxY); ++y) {
        for (int x = first(extents.minX); x < first(extents.maxX); ++x) {
            const double ours = map.printedAt(place(x), place(y));
            double theirs = 0;
            for (int dy = -around; dy <= around; ++dy)
                for (int dx = -around; dx <= around; ++dx)
                    if (const auto found = judged.cells.find({x + dx, y + dy}); found != judged.cells.end())
                        theirs = std::max(theirs, found->second);
            if (ours > theirs + rising && !(ours <= 0.001001 && theirs == 0))
                return QStringLiteral("higher: ") + words({x, y}, ours, theirs);
        }
    }
    return {};
}

QByteArray line(const char* code, double x, double y, const char* rest = "")
{
    return QByteArray(code) + " X" + QByteArray::number(x, 'f', 3) + " Y" + QByteArray::number(y, 'f', 3) + rest + '\n';
}

QByteArray box(double x, double y, double size, const QByteArray& perSide)
{
    const QByteArray e = " E" + perSide;
    return line("G0", x, y) + line("G1", x + size, y, e) + line("G1", x + size, y + size, e) + line("G1", x, y + size, e) + line("G1", x, y, e);
}

const QByteArray head = "G28\nG90\nM83\nG0 X5 Y5 Z5\n";

QByteArray sequential()
{
    QByteArray text = head;
    for (int object = 0; object < 3; ++object) {
        for (int layer = 1; layer <= 20 - 6 * object; ++layer)
            text += "G1 Z" + QByteArray::number(layer * 0.2) + '\n' + box(20 + 30 * object, 20, 12, "0.45");
        text += "G0 Z10\n";
    }
    return text;
}

QByteArray randomMoves(unsigned seed)
{
    std::mt19937 random(seed);
    const auto any = [&](double low, double high) { return std::uniform_real_distribution(low, high)(random); };
    QByteArray text = head + ";HEIGHT:0.2\n;WIDTH:0.45\nG1 Z0.2\n";
    double z = 0.2, x = 0, y = 0;
    for (int move = 0; move < 400; ++move) {
        if (move % 40 == 39)
            text += "G1 Z" + QByteArray::number(z += any(0.05, 0.4), 'f', 4) + '\n';
        const double reach = move % 7 == 0 ? 80 : 3;
        x = std::clamp(x + any(-reach, reach), -60.0, 60.0);
        y = std::clamp(y + any(-reach, reach), -60.0, 60.0);
        if (move % 11 == 10)
            text += line("G1", x, y, (" Z" + QByteArray::number(z += any(0, 1.5), 'f', 4) + " E0.02").constData());
        else
            text += line(move % 5 == 0 ? "G0" : "G1", x, y, move % 5 == 0 ? "" : " E0.01");
    }
    return text;
}

QByteArray arcs()
{
    QByteArray text = head + ";HEIGHT:0.2\n;WIDTH:0.5\nG0 X30 Y30\nG1 Z0.2\n";
    text += "G2 X50 Y30 I10 J0 E1\nG3 X70 Y30 R10 E1\nG2 X90 Y30 R-15 E3\n"
            "G3 I0 J12 E4\n"              // a full circle
            "G2 X40 Y80 Z6 I-20 J20 E5\n" // a rising one
            "G1 X10 Y80 Z1\nG18\nG3 X20 Y80 Z1 I5 K0 E1\nG17\n";
    return text;
}

} // namespace

class TestHeightMapOracle : public QObject
{
    Q_OBJECT
private slots:
    void neverLowerAndAtMostOneCellMore_data();
    void neverLowerAndAtMostOneCellMore();
};

void TestHeightMapOracle::neverLowerAndAtMostOneCellMore_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("dialect");
    QTest::addColumn<double>("cell");
    QTest::addColumn<double>("part"); // of the file
    QTest::addColumn<double>("filament");
    const auto add = [](const QByteArray& name, const QByteArray& text, double cell = 0.5, double part = 1) {
        QTest::newRow(name.constData()) << text << QByteArray("klipper") << cell << part << 1.75;
    };
    add("sequential: Z falls", sequential());
    add("sequential, in the middle", sequential(), 0.5, 0.6);
    for (const unsigned seed : {1U, 2U, 3U, 4U})
        add("random " + QByteArray::number(seed), randomMoves(seed), seed == 4 ? 0.25 : seed == 3 ? 1.0 : 0.5);
    add("arcs", arcs());
    add("arcs, fine cells", arcs(), 0.2);
    add("a rising line", head + ";HEIGHT:0.2\n;WIDTH:0.4\nG0 X0 Y0 Z0\nG1 X60 Y40 Z30 E3\nG1 X10 Y-20 Z2 E3\n");
    add("G92 shifts the file's coordinates", head + "G1 X50 Y50 Z0.2\nG92 X0 Y0\n" + box(0, 0, 10, "0.4") + "G92 Z0\nG1 Z0.4\n" + box(3, 3, 4, "0.2"));
    add("relative, in inches", head + "G0 X40 Y40 Z0.2\nG20\nG91\nG1 X1 E.05\nG1 Y.5 E.02\nG1 X-.25 Y-.25 Z.1 E.02\n");
    add("absolute E", "G28\nG90\nM82\nG0 X5 Y5 Z5\nG92 E0\nG1 Z0.3\n" + line("G1", 60, 5, " E2.5") + line("G1", 60, 9, " E2.7") + "G92 E0\n" + line("G1", 5, 9, " E2.4"));
    add("a prime line and a blob", head + "G0 X3 Y3 Z0.3\nG1 X3 Y120 E30\nG1 E-2\nG0 X80 Y80\nG1 E2\nG1 X90 E.3\nG1 E6\nG0 Z20\nG0 X10 Y60\nG1 E12\n");
    add("a pillar", head + "G0 X50 Y50 Z1\nG1 Z8 E2\n");
    add("brim and raft", head + "G1 Z0.3\n" + box(20, 20, 30, "1.2") + box(20.5, 20.5, 29, "1.2") + box(21, 21, 28, "1.2") + "G1 Z0.7\n" + box(24, 24, 22, "2"));
    add("unknown: from where homing ended", "G28\nG90\nM83\nG1 X60 Y5 Z0.2 E5\nG1 X100 E3\n");
    add("unknown: behind a macro", head + "G1 Z0.2\n" + box(20, 20, 9, "0.4") + "START_PURGE\nG91\nG1 X5 E1\nG90\nG1 X50 Y50 Z0.2\nG1 X60 E.4\n");
    const bool all = qEnvironmentVariableIsSet("KINTSUGI_LONG");
    const QStringList quick{"cura_block_marlin.gcode", "derived_dome_raft_arcs_relE.gcode", "ps_mmu2_wipetower_relE.gcode", "ps_sequential3_absE.gcode",
                            "ps_vase_spiral.gcode", "slic3r_knot_absE.gcode"};
    const QDir folder(QStringLiteral(KINTSUGI_TEST_DATA "/gcode"));
    for (const QString& name : all ? folder.entryList({QStringLiteral("*.gcode")}) : quick) {
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const bool thick = name.contains(u"knot"); // 3 mm filament
        for (const double part : all ? std::vector<double>{0.3, 0.7, 1.0} : std::vector<double>{name.contains(u"sequential") ? 0.7 : 1.0})
            QTest::addRow("%s %g", qPrintable(name), part) << file.readAll() << QByteArray(name.contains(u"klipper") ? "klipper" : "marlin") << 0.5 << part
                                                           << (thick ? 3.0 : 1.75), file.seek(0);
    }
}

void TestHeightMapOracle::neverLowerAndAtMostOneCellMore()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, dialect);
    QFETCH(double, cell);
    QFETCH(double, part);
    QFETCH(double, filament);
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("a.gcode"));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) == text.size());
    file.close();
    const auto upTo = static_cast<ByteOffset>(part * static_cast<double>(text.size()));
    const MemorySource source(text.toStdString());
    const auto index = buildIndex(source, *dialectFromName(dialect.toStdString()));
    QVERIFY(index);
    const auto map = buildHeightMap(source, *index, upTo, {.cell = cell, .margin = 0});
    QVERIFY(map);
    const Judged judged = judge({path, QStringLiteral("--upto"), QString::number(upTo), QStringLiteral("--cell"), QString::number(cell),
                                 QStringLiteral("--flavor"), QString::fromLatin1(dialect), QStringLiteral("--filament"), QString::number(filament)});
    QVERIFY(judged.good);
    QVERIFY(!judged.cells.empty() || judged.unknown != 0);
    const int around = text.contains("\nT1") ? 2 : 1; // the offsets between tools are not known well
    QCOMPARE(firstWrong(*map, judged, around), QString());
    QCOMPARE(map->unknown().moves, judged.unknown);
}

QTEST_GUILESS_MAIN(TestHeightMapOracle)
#include "tst_heightmaporacle.moc"
