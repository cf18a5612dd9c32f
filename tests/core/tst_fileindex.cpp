// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <cmath>
#include <random>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "gcode/fileindex.h"

using namespace kintsugi;
using namespace kintsugi::gcode;

namespace {

const QString folder = QStringLiteral(KINTSUGI_TEST_DATA "/gcode/");

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QStringList fixtures()
{
    return QDir(folder).entryList({QStringLiteral("*.gcode")}, QDir::Files, QDir::Name);
}

FileIndex indexOf(const QByteArray& text, Dialect dialect = Dialect::Klipper)
{
    const auto index = buildIndex(MemorySource(text.toStdString()), dialect);
    return index ? *index : FileIndex();
}

ErrorCode errorOf(const Source& source)
{
    const auto index = buildIndex(source, Dialect::Klipper);
    return index ? ErrorCode{} : index.error().code;
}

/// A file without its comments: what a slicer without marks would have written.
QByteArray withoutComments(const QByteArray& text)
{
    QByteArray result;
    for (QByteArray line : text.split('\n')) {
        if (const qsizetype semicolon = line.indexOf(';'); semicolon >= 0)
            line.truncate(semicolon);
        if (!line.trimmed().isEmpty())
            result += line + '\n';
    }
    return result;
}

QJsonArray oracleLayers(const QString& path)
{
    QProcess python;
    python.start(QStringLiteral(KINTSUGI_PYTHON), {QStringLiteral("-B"), QStringLiteral(KINTSUGI_TEST_TOOLS "/resume_oracle.py"), QStringLiteral("layers"), path});
    if (!python.waitForFinished(60'000) || python.exitCode() != 0)
        qWarning("%s", python.readAllStandardError().constData());
    return QJsonDocument::fromJson(python.readAllStandardOutput()).array();
}

/// Repeats one byte between a head and a tail, without holding them.
class SyntheticSource final : public Source
{
public:
    SyntheticSource(std::string head, char filler, std::uint64_t count, std::string tail)
        : m_head(std::move(head)), m_tail(std::move(tail)), m_filler(filler), m_count(count) {}
    Result<std::uint64_t> size() const override { return m_head.size() + m_count + m_tail.size(); }
    Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const override
    {
        const std::uint64_t end = *size();
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), offset < end ? end - offset : 0));
        std::memset(bytes.data(), m_filler, wanted);
        for (std::size_t at = 0; at < wanted; ++at) {
            const std::uint64_t byte = offset + at;
            if (byte < m_head.size())
                bytes[at] = std::byte(m_head[byte]);
            else if (byte >= m_head.size() + m_count)
                bytes[at] = std::byte(m_tail[byte - m_head.size() - m_count]);
            else if (byte + 1 < m_head.size() + m_count)
                at = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, m_head.size() + m_count - offset)) - 1;
        }
        return wanted;
    }
    Result<FileStamp> stamp() const override { return FileStamp{.size = *size()}; }
    std::string name() const override { return "synthetic"; }

private:
    std::string m_head, m_tail;
    char m_filler;
    std::uint64_t m_count;
};

/// Loses its end while it is read, or fails, or is touched.
class FickleSource final : public Source
{
public:
    enum class Mood { Shrinks, Fails, IsTouched };
    FickleSource(std::string bytes, Mood mood) : m_inner(std::move(bytes)), m_mood(mood) {}
    Result<std::uint64_t> size() const override { return m_inner.size(); }
    Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const override
    {
        const auto half = *m_inner.size() / 2;
        m_touched = m_touched || m_mood == Mood::IsTouched;
        if (m_mood == Mood::Fails && offset + bytes.size() > half)
            return fail(ErrorCode::FileUnreadable, "Input/output error");
        if (m_mood == Mood::Shrinks)
            return offset < half ? m_inner.read(offset, bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), half - offset)))) : 0;
        return m_inner.read(offset, bytes);
    }
    Result<FileStamp> stamp() const override { return FileStamp{.size = *m_inner.size(), .modifiedNs = m_touched ? 2 : 1}; }
    std::string name() const override { return "fickle"; }

private:
    MemorySource m_inner;
    Mood m_mood;
    mutable bool m_touched = false;
};

long peakKiB()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

QByteArray square(double x, double y, double e)
{
    return QStringLiteral("G1 X%1 Y%2 E%5\nG1 X%3 Y%2 E%5\nG1 X%3 Y%4 E%5\nG1 X%1 Y%4 E%5\n").arg(x).arg(y).arg(x + 10).arg(y + 10).arg(e).toLatin1();
}

} // namespace

class TestFileIndex : public QObject
{
    Q_OBJECT
private slots:
    void markedLayersEqualTheOracle_data();
    void markedLayersEqualTheOracle();
    void marksOfEverySlicer_data();
    void marksOfEverySlicer();
    void marksOfAnotherFamilyAreNotLayers();
    void unmarkedLayersOfRealFiles_data();
    void unmarkedLayersOfRealFiles();
    void clusteringByHand_data();
    void clusteringByHand();
    void layerContents();
    void layerAt();
    void slicers_data();
    void slicers();
    void suggestedDialect_data();
    void suggestedDialect();
    void objects_data();
    void objects();
    void plrMarkers_data();
    void plrMarkers();
    void totals();
    void naiveTime();
    void extentsIncludeTheBellyOfArcs();
    void hashIsXxh3();
    void checkpointsAreSpacedAndTrue();
    void locateEveryByteOfASmallFile();
    void locateLineEqualsLocate();
    void locateRefuses();
    void oddFiles_data();
    void oddFiles();
    void hugeLine();
    void hugeFileOfNul();
    void fickleFiles();
    void cancel();
    void notGcode_data();
    void notGcode();
    void openErrors();
    void fileSourceReadsAndStamps();
    void manyNamesStayBounded();
};

void TestFileIndex::markedLayersEqualTheOracle_data()
{
    QTest::addColumn<QString>("file");
    for (const QString& file : fixtures())
        if (!file.contains(QLatin1String("knot")))
            QTest::newRow(qPrintable(file)) << file;
}

void TestFileIndex::markedLayersEqualTheOracle()
{
    QFETCH(QString, file);
    const auto source = FileSource::open((folder + file).toStdString());
    QVERIFY(source);
    const auto index = buildIndex(**source, Dialect::Klipper);
    QVERIFY(index);
    QVERIFY(index->layersMarked);
    const QJsonArray want = oracleLayers(folder + file);
    QVERIFY(want.size() >= 10);
    QCOMPARE(static_cast<qsizetype>(index->layers.size()), want.size());
    for (std::size_t at = 0; at < index->layers.size(); ++at) {
        const QJsonObject layer = want.at(static_cast<qsizetype>(at)).toObject();
        const Layer& got = index->layers[at];
        QCOMPARE(got.index, at);
        QCOMPARE(static_cast<double>(got.begin), layer.value(QStringLiteral("byte_begin")).toDouble());
        QCOMPARE(static_cast<double>(got.end), layer.value(QStringLiteral("byte_end")).toDouble());
        QVERIFY(got.z);
        QVERIFY(std::abs(*got.z - layer.value(QStringLiteral("z")).toDouble()) < 1e-9);
        QVERIFY(got.firstExtrusion);
        QVERIFY(*got.firstExtrusion > got.begin && *got.firstExtrusion < got.end);
    }
}

void TestFileIndex::marksOfEverySlicer_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QList<double>>("z");
    QTest::addColumn<QList<double>>("height");
    const QByteArray move = "G1 X1 Y1 Z9\nG1 X9 Y1 E1\n";
    const QByteArray other = "G1 X1 Y1\nG1 X9 Y1 E2\n";
    QTest::newRow("PrusaSlicer") << QByteArray("; generated by PrusaSlicer 2.7\n;LAYER_CHANGE\n;Z:0.2\n;HEIGHT:0.25\n" + move + ";HEIGHT:9\n;LAYER_CHANGE\n;Z:0.4\n;HEIGHT:0.2\n" + other)
                                 << QList<double>{0.2, 0.4} << QList<double>{0.25, 0.2};
    QTest::newRow("BambuStudio") << QByteArray("; BambuStudio 02.03.00.70\n; CHANGE_LAYER\n; Z_HEIGHT: 0.2\n; LAYER_HEIGHT: 0.2\n" + move + "; CHANGE_LAYER\n; Z_HEIGHT: 0.28\n; LAYER_HEIGHT: 0.08\n" + other)
                                 << QList<double>{0.2, 0.28} << QList<double>{0.2, 0.08};
    QTest::newRow("Cura") << QByteArray(";Generated with Cura_SteamEngine 5.2\n;LAYER_COUNT:2\n;LAYER:-2\n" + move + ";LAYER:0\n" + other)
                          << QList<double>{9, 9} << QList<double>{-1, -1};
    QTest::newRow("ideaMaker") << QByteArray(";Sliced by ideaMaker 4.3\n;LAYER:0\n;Z:0.200\n;HEIGHT:0.200\n" + move + ";LAYER:1\n;Z:0.400\n;HEIGHT:0.200\n" + other)
                               << QList<double>{0.2, 0.4} << QList<double>{0.2, 0.2};
    QTest::newRow("Simplify3D") << QByteArray("; G-Code generated by Simplify3D(R) Version 4.1.2\n; layer 1, Z = 0.200\n" + move + "; layer end\n; layer 2, Z = 0.400\n" + other)
                                << QList<double>{0.2, 0.4} << QList<double>{-1, -1};
    QTest::newRow("KISSlicer") << QByteArray("; KISSlicer - PRO\n; BEGIN_LAYER_RAFT z=0.300 z_thickness=0.300\n" + move + "; END_LAYER_OBJECT z=0.250\n; BEGIN_LAYER_OBJECT z=0.550 z_thickness=0.250\n" + other)
                               << QList<double>{0.3, 0.55} << QList<double>{0.3, 0.25};
    QTest::newRow("no signature") << QByteArray("; Layer #0\n" + move + "; Layer #1\n" + other) << QList<double>{9, 9} << QList<double>{-1, -1};
}

void TestFileIndex::marksOfEverySlicer()
{
    QFETCH(QByteArray, text);
    QFETCH(QList<double>, z);
    QFETCH(QList<double>, height);
    const FileIndex index = indexOf(text);
    QVERIFY(index.layersMarked);
    QCOMPARE(static_cast<qsizetype>(index.layers.size()), z.size());
    for (qsizetype at = 0; at < z.size(); ++at) {
        const Layer& layer = index.layers[static_cast<std::size_t>(at)];
        QCOMPARE(layer.z.value_or(-1), z[at]);
        QCOMPARE(layer.height.value_or(-1), height[at]);
        QVERIFY(text.mid(static_cast<qsizetype>(layer.begin)).startsWith(';'));
    }
}

void TestFileIndex::marksOfAnotherFamilyAreNotLayers()
{
    const QByteArray text = ";LAYER:0\n; generated by PrusaSlicer 2.7\n;LAYER:1\n;LAYER_CHANGE\n;Z:0.2\nG1 X1 Y1 Z.2\nG1 X9 E1\n;LAYER:2\n;LAYER_CHANGE\n;Z:0.4\nG1 X1 Z.4 E1\n"
                            "; LAYER_CHANGED\nM117 ;LAYER_CHANGE\n";
    const FileIndex index = indexOf(text);
    QCOMPARE(index.layers.size(), std::size_t{2});
    QCOMPARE(index.layers[0].begin, static_cast<ByteOffset>(text.indexOf(";LAYER_CHANGE")));
}

void TestFileIndex::unmarkedLayersOfRealFiles_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("slack");
    // The marks of the original say how many layers there are; start code that primes on the way may be one more.
    QTest::newRow("cube") << QStringLiteral("ps_cube_absE_marlin2_thumbnails") << 67 << 1;
    QTest::newRow("gear, relative E") << QStringLiteral("ps_gear_relE_klipper") << 10 << 0;
    QTest::newRow("Z-hop, CRLF, no blanks") << QStringLiteral("derived_plate_crlf_lowercase_nospace") << 15 << 1;
    QTest::newRow("supports of their own height") << QStringLiteral("ps_bracket_support_fwretract") << 94 << 1;
    QTest::newRow("raft and arcs") << QStringLiteral("derived_dome_raft_arcs_relE") << 36 << 1;
    QTest::newRow("0.05 mm layers") << QStringLiteral("ps_tower_thin_0.05") << 255 << 1;
    QTest::newRow("sequential, Z falls") << QStringLiteral("ps_sequential3_absE") << 12 << 1;
    QTest::newRow("wipe tower") << QStringLiteral("ps_mmu2_wipetower_relE") << 11 << 1;
    QTest::newRow("cura") << QStringLiteral("cura_block_marlin") << 18 << 1;
    QTest::newRow("vase") << QStringLiteral("ps_vase_spiral") << 90 << 3;
    QTest::newRow("Slic3r") << QStringLiteral("slic3r_knot_absE") << 0 << 0;
    QTest::newRow("Slic3r as sent by a host") << QStringLiteral("derived_knot_linenum_checksum") << 0 << 0;
}

/// Heights at which the knot extrudes in XY, in order of appearance: a reading by regular expressions, not by our code.
static QList<double> heightsOfKnot(const QByteArray& text)
{
    static const QRegularExpression zMove(QStringLiteral(R"(^(?:N\d+ )?G1 Z([\d.]+))"));
    static const QRegularExpression extrusion(QStringLiteral(R"(^(?:N\d+ )?G1 X[\d.]+ Y[\d.]+ E)"));
    QList<double> heights;
    double z = 0;
    for (const QString& line : QString::fromLatin1(text).split(u'\n')) {
        if (const auto match = zMove.match(line); match.hasMatch())
            z = match.captured(1).toDouble();
        else if (extrusion.match(line).hasMatch() && (heights.isEmpty() || heights.back() != z))
            heights.append(z);
    }
    return heights;
}

void TestFileIndex::unmarkedLayersOfRealFiles()
{
    QFETCH(QString, file);
    QFETCH(int, layers);
    QFETCH(int, slack);
    const QByteArray text = withoutComments(contents(folder + file + QStringLiteral(".gcode")));
    const FileIndex index = indexOf(text, Dialect::Marlin);
    QVERIFY(!index.layersMarked);
    if (layers == 0) {
        const QList<double> heights = heightsOfKnot(text);
        QCOMPARE(heights.size(), 27);
        QCOMPARE(static_cast<qsizetype>(index.layers.size()), heights.size());
        for (qsizetype at = 0; at < heights.size(); ++at)
            QVERIFY(std::abs(index.layers[static_cast<std::size_t>(at)].z.value_or(-1) - heights[at]) < 1e-9);
        return;
    }
    const int found = static_cast<int>(index.layers.size());
    QVERIFY2(found >= layers - (slack > 1 ? slack : 0) && found <= layers + slack, qPrintable(QString::number(found)));
    for (std::size_t at = 0; at + 1 < index.layers.size(); ++at)
        QCOMPARE(index.layers[at].end, index.layers[at + 1].begin);
    QCOMPARE(index.layers.back().end, static_cast<ByteOffset>(text.size()));
}

void TestFileIndex::clusteringByHand_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QList<double>>("z");
    const QByteArray a = square(5, 5, 1), b = square(20, 0, 1);
    const QByteArray head = "M83\nG28\n";
    QTest::newRow("two layers") << QByteArray(head + "G1 Z.2\n" + a + "G1 Z.4\n" + a) << QList<double>{0.2, 0.4};
    QTest::newRow("hop and back") << QByteArray(head + "G1 Z.2\n" + a + "G1 Z.6\nG1 X30 Y30\nG1 Z.2\n" + b) << QList<double>{0.2};
    QTest::newRow("hop into the next layer") << QByteArray(head + "G1 Z.2\n" + a + "G1 Z.8\nG1 X30 Y30\nG1 Z.4\n" + b) << QList<double>{0.2, 0.4};
    QTest::newRow("hop with a prime on top") << QByteArray(head + "G1 Z.2\n" + a + "G1 Z.8\nG1 E2\nG1 Z.2\n" + b) << QList<double>{0.2};
    QTest::newRow("speck in the air") << QByteArray(head + "G1 Z.2\n" + a + "G1 Z.8\nG1 X20.1 Y0 F100\nG1 X20.2 E.01\nG1 Z.2\n" + b) << QList<double>{0.2};
    QTest::newRow("objects one after another") << QByteArray(head + "G1 Z.2\n" + a + "G1 Z.4\n" + a + "G1 Z5\nG1 X50\nG1 Z.2\n" + b + "G1 Z.4\n" + b)
                                               << QList<double>{0.2, 0.4, 0.2, 0.4};
    QTest::newRow("relative moves") << QByteArray(head + "G1 Z.2\n" + a + "G91\nG1 Z.2\nG90\n" + a) << QList<double>{0.2, 0.4};
    QTest::newRow("no extrusion at all") << QByteArray(head + "G1 Z.2\nG1 X5 Y5\nG1 Z3\n") << QList<double>{};
    QTest::newRow("seam that ramps up") << QByteArray(head + "G1 Z.2\n" + a + "G1 X0 Y0 Z.22\nG1 X5 Z.3 E.2\nG1 X10 Z.4 E.2\n" + a) << QList<double>{0.2, 0.4};
    QByteArray vase = head + "G1 Z.2\n" + a + "G1 X0 Y0\n";
    for (int turn = 0; turn < 5; ++turn)
        for (int side = 0; side < 4; ++side)
            vase += QStringLiteral("G1 X%1 Y%2 Z%3 E1\n").arg(side == 0 || side == 1 ? 10 : 0).arg(side == 1 || side == 2 ? 10 : 0)
                        .arg(0.2 + turn * 0.2 + (side + 1) * 0.05).toLatin1();
    QTest::newRow("spiral of five turns") << vase << QList<double>{0.2, 0.25, 0.45, 0.65, 0.85, 1.05};
    QByteArray arcs = head + "G1 Z.2\n" + a + "G1 X10 Y0\n";
    for (int turn = 1; turn <= 4; ++turn)
        arcs += QStringLiteral("G2 X10 Y0 I-5 J0 Z%1 E3\n").arg(0.2 + 0.2 * turn).toLatin1();
    QTest::newRow("spiral of four arcs") << arcs << QList<double>{0.2, 0.4, 0.6, 0.8, 1.0};
}

void TestFileIndex::clusteringByHand()
{
    QFETCH(QByteArray, text);
    QFETCH(QList<double>, z);
    const FileIndex index = indexOf(text);
    QList<double> got;
    for (const Layer& layer : index.layers)
        got.append(std::round(layer.z.value_or(-1) * 1000) / 1000);
    QCOMPARE(got, z);
    for (const Layer& layer : index.layers) {
        QCOMPARE(layer.firstExtrusion.value_or(0), layer.begin);
        const QByteArray line = text.mid(static_cast<qsizetype>(layer.begin)).split('\n').first();
        QVERIFY2(line.contains('E') && line.contains('X'), line.constData());
    }
    double extruded = 0;
    for (const Layer& layer : index.layers)
        extruded += layer.extrudedMm;
    if (!z.isEmpty())
        QVERIFY2(std::abs(extruded - index.filamentMm) < 1e-6, qPrintable(QString::number(extruded)));
}

void TestFileIndex::layerContents()
{
    const FileIndex index = indexOf("G28\nM83\n;LAYER_CHANGE\n;Z:0.2\nG1 Z.2 F600\nG1 X0 Y0 F6000\nG1 X100 E5 F3000\nG1 E-1 F600\n"
                                    ";LAYER_CHANGE\n;Z:0.4\nG1 Z.7\nG1 Z.4\nG1 E1\nG1 X0 E5 F6000\n");
    QCOMPARE(index.layers.size(), std::size_t{2});
    const Layer& first = index.layers[0];
    const Layer& second = index.layers[1];
    QVERIFY(std::abs(first.extrudedMm - 4.0) < 1e-9);
    QVERIFY(std::abs(first.seconds - (0.2 / 10 + 100.0 / 50 + 1.0 / 10)) < 1e-9);
    QVERIFY(std::abs(first.highestZ - 0.2) < 1e-9);
    QVERIFY(std::abs(second.extrudedMm - 6.0) < 1e-9);
    QVERIFY(std::abs(second.seconds - (0.5 / 10 + 0.3 / 10 + 1.0 / 10 + 100.0 / 100)) < 1e-9);
    QVERIFY(std::abs(second.highestZ - 0.4) < 1e-9);
    QCOMPARE(second.end, index.size);
}

void TestFileIndex::layerAt()
{
    FileIndex index;
    QVERIFY(index.layerAt(0) == nullptr);
    index = indexOf("G28\n;LAYER_CHANGE\nG1 Z1\n;LAYER_CHANGE\nG1 Z2\n");
    QCOMPARE(index.layers.size(), std::size_t{2});
    QCOMPARE(index.layerAt(0)->index, std::size_t{0});
    QCOMPARE(index.layerAt(index.layers[1].begin - 1)->index, std::size_t{0});
    QCOMPARE(index.layerAt(index.layers[1].begin)->index, std::size_t{1});
    QCOMPARE(index.layerAt(1'000'000)->index, std::size_t{1});
}

void TestFileIndex::slicers_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("slicer");
    QTest::newRow("PrusaSlicer") << QByteArray("; generated by PrusaSlicer 2.5.0+dfsg-4 on 2026-11-20 at 08:24:36 UTC") << QByteArray("PrusaSlicer");
    QTest::newRow("SuperSlicer") << QByteArray("; generated by SuperSlicer 2.5.59 on 2024-01-01") << QByteArray("SuperSlicer");
    QTest::newRow("OrcaSlicer") << QByteArray("; generated by OrcaSlicer 2.1.1 on 2024-08-01 at 10:00:00") << QByteArray("OrcaSlicer");
    QTest::newRow("BambuStudio") << QByteArray("; BambuStudio 02.03.00.70") << QByteArray("BambuStudio");
    QTest::newRow("Cura") << QByteArray(";Generated with Cura_SteamEngine 5.2.1") << QByteArray("Cura");
    QTest::newRow("Cura, Griffin") << QByteArray(";GENERATOR.NAME:Cura_SteamEngine") << QByteArray("Cura");
    QTest::newRow("ideaMaker") << QByteArray(";Sliced by ideaMaker 4.3.1.6452") << QByteArray("ideaMaker");
    QTest::newRow("Simplify3D") << QByteArray("; G-Code generated by Simplify3D(R) Version 4.1.2") << QByteArray("Simplify3D");
    QTest::newRow("KISSlicer") << QByteArray("; KISSlicer - FREE") << QByteArray("KISSlicer");
    QTest::newRow("Slic3r") << QByteArray("; generated by Slic3r 1.3.0 on 2026-11-20") << QByteArray("Slic3r");
    QTest::newRow("hand") << QByteArray("; made with love, not by PrusaSlicer") << QByteArray("unknown");
}

void TestFileIndex::slicers()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, slicer);
    const FileIndex index = indexOf("; thumbnail begin\nG28\n" + line + "\r\nG1 X1\n; generated by Slic3r 9\n");
    const bool known = slicer != "unknown";
    QCOMPARE(QByteArray::fromStdString(std::string(name(index.slicer))), known ? slicer : QByteArray("Slic3r"));
    QCOMPARE(QByteArray::fromStdString(index.slicerLine), known ? line.mid(1).trimmed() : QByteArray("generated by Slic3r 9"));
}

void TestFileIndex::suggestedDialect_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("dialect");
    for (const auto& [file, dialect] : std::initializer_list<std::pair<const char*, const char*>>{
             {"ps_gear_relE_klipper", "klipper"}, {"derived_dome_raft_arcs_relE", "reprapfirmware"}, {"ps_cube_absE_marlin2_thumbnails", "marlin"},
             {"cura_block_marlin", "marlin"}, {"slic3r_knot_absE", "marlin1"}, {"ps_cube_verbose_comments_smoothie", "marlin"}})
        QTest::newRow(file) << contents(folder + QLatin1String(file) + QLatin1String(".gcode")) << QByteArray(dialect);
    QTest::newRow("nothing said") << QByteArray("G28\nG1 X1\n") << QByteArray("marlin");
    QTest::newRow("Klipper flavour") << QByteArray("G28\n; gcode_flavor = klipper\n") << QByteArray("klipper");
    QTest::newRow("Klipper commands win") << QByteArray("START_PRINT BED=60\n; gcode_flavor = marlin2\n") << QByteArray("klipper");
    QTest::newRow("Prusa MK3") << QByteArray("G28\n; gcode_flavor = marlin\n; printer_model = MK3S\n") << QByteArray("prusa");
    QTest::newRow("Prusa MK3.9 is a Buddy") << QByteArray("G28\n; gcode_flavor = marlin2\n; printer_model = MK3.9\n") << QByteArray("marlin");
    QTest::newRow("Repetier") << QByteArray("; gcode_flavor = repetier\nG28\n") << QByteArray("marlin1");
    QTest::newRow("Cura for RepRap") << QByteArray(";FLAVOR:RepRap\nG28\n") << QByteArray("reprapfirmware");
}

void TestFileIndex::suggestedDialect()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, dialect);
    QVERIFY(!text.isEmpty());
    const FileIndex index = indexOf(text, Dialect::Prusa);
    QCOMPARE(QByteArray::fromStdString(std::string(name(index.suggested))), dialect);
    QVERIFY(index.dialect == Dialect::Prusa);
}

void TestFileIndex::objects_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("names");
    QTest::newRow("none") << QByteArray("G28\n") << QByteArray("");
    QTest::newRow("Klipper") << QByteArray("EXCLUDE_OBJECT_DEFINE NAME=b CENTER=1,1\nexclude_object_define name='a a'\n; printing object x\nEXCLUDE_OBJECT_DEFINE NAME=b\n")
                             << QByteArray("b|a a|");
    QTest::newRow("M486") << QByteArray("M486 T3\nM486 S0\nM486 A\"cube one\"\nM486 S1\nM486 S-1\nM486 S2 Ablock\n") << QByteArray("cube one|1|block|");
    QTest::newRow("comments") << QByteArray("; printing object gear.stl id:0 copy 0\nG1 X1\n; stop printing object gear.stl id:0 copy 0\n; printing object gear.stl id:0 copy 1\n")
                              << QByteArray("gear.stl id:0 copy 0|gear.stl id:0 copy 1|");
}

void TestFileIndex::objects()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, names);
    QByteArray got;
    for (const std::string& object : indexOf(text).objects)
        got += QByteArray::fromStdString(object) + '|';
    QCOMPARE(got, names);
}

void TestFileIndex::plrMarkers_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("setup");
    QTest::addColumn<int>("print");
    QTest::addColumn<bool>("inOrder");
    QTest::addColumn<bool>("swallowed");
    const QByteArray setup = ";;;;; PLR_RESUME - INITIAL PRINTER SETUP STARTS ;;;;;\n";
    const QByteArray print = ";;;;; PLR_RESUME - PRINT GCODE STARTS ;;;;;\n";
    QTest::newRow("none") << QByteArray("G28\n") << -1 << -1 << false << false;
    QTest::newRow("as the manual has it") << QByteArray("START_PRINT\n" + setup + print) << 12 << 12 + static_cast<int>(setup.size()) << true << false;
    QTest::newRow("with code between") << QByteArray("M83\n" + setup + "G28\n" + print) << 4 << 8 + static_cast<int>(setup.size()) << true << false;
    QTest::newRow("wrong order") << QByteArray(print + setup) << static_cast<int>(print.size()) << 0 << false << false;
    QTest::newRow("only one") << QByteArray("G28\n" + setup) << 4 << -1 << false << false;
    QTest::newRow("swallowed") << QByteArray(";TYPE:Custom\n" + setup + print) << 13 << 13 + static_cast<int>(setup.size()) << false << true;
    QTest::newRow("after two semicolons") << QByteArray(";;TYPE:Custom\n" + setup + print) << 14 << 14 + static_cast<int>(setup.size()) << true << false;
    QTest::newRow("print marker swallowed") << QByteArray("G28\n" + setup + ";x\n" + print) << 4 << 7 + static_cast<int>(setup.size()) << false << false;
    QTest::newRow("one swallowed, one good") << QByteArray(";x\n" + setup + "G28\n" + setup + print) << 7 + static_cast<int>(setup.size())
                                             << 7 + 2 * static_cast<int>(setup.size()) << true << false;
    QTest::newRow("misspelt") << QByteArray("G28\n;;;; PLR_RESUME - INITIAL PRINTER SETUP STARTS ;;;;;\n") << -1 << -1 << false << false;
    QTest::newRow("after code on the line") << QByteArray("G28 " + setup + print) << 0 << 4 + static_cast<int>(setup.size()) << true << false;
}

void TestFileIndex::plrMarkers()
{
    QFETCH(QByteArray, text);
    QFETCH(int, setup);
    QFETCH(int, print);
    QFETCH(bool, inOrder);
    QFETCH(bool, swallowed);
    const PlrMarkers plr = indexOf(text + "PLR_SAVE_PRINT_STATE_WITH_LAYER LAYER=1\nplr_save_print_state_with_layer LAYER=2\n; PLR_SAVE_PRINT_STATE_WITH_LAYER\n").plr;
    QCOMPARE(plr.setup ? static_cast<int>(*plr.setup) : -1, setup);
    QCOMPARE(plr.print ? static_cast<int>(*plr.print) : -1, print);
    QCOMPARE(plr.inOrder, inOrder);
    QCOMPARE(plr.swallowed, swallowed);
    QCOMPARE(plr.layerHooks, std::size_t{2});
}

void TestFileIndex::totals()
{
    const QByteArray text = contents(folder + QStringLiteral("ps_gear_relE_klipper.gcode"));
    const FileIndex index = indexOf(text);
    QCOMPARE(index.size, static_cast<std::uint64_t>(text.size()));
    QCOMPARE(index.lines, static_cast<std::uint64_t>(text.count('\n')));
    QCOMPARE(index.moves, std::uint64_t{12072});
    QVERIFY(std::abs(index.filamentMm - 212.26) < 0.01);
    QVERIFY(index.seconds > 60 && index.seconds < 3600);
    QVERIFY(index.printed.valid);
    QVERIFY(index.printed.minZ > 0 && index.printed.minX > 80 && index.printed.maxX < 140);
    QVERIFY(text.mid(static_cast<qsizetype>(*index.firstExtrusion)).startsWith("G1 X98.999 Y93.151 E.01466"));
    const QByteArray rest = text.mid(static_cast<qsizetype>(*index.lastExtrusionEnd));
    QVERIFY(!rest.contains(QByteArray(" E.")));
}

void TestFileIndex::naiveTime()
{
    QVERIFY(std::abs(indexOf("G28\nG1 X60 F60\nG1 X0 F120\nG1 E6 F60\nG1 Y5\n").seconds - (60 + 30 + 6 + 5)) < 1e-9);
    QCOMPARE(indexOf("G28\nG1 X60\n").seconds, 0.0);
    // A half circle of radius 10 at 10 mm/s, by offsets and by radius.
    for (const char* arc : {"G3 X0 Y20 I0 J10", "G2 X0 Y20 I0 J10", "G3 X0 Y20 R10"})
        QVERIFY(std::abs(indexOf(QByteArray("G28\nG1 F600\n") + arc + "\n").seconds - 3.14159265) < 1e-6);
    QVERIFY(std::abs(indexOf("G28\nG1 F600\nG2 I10\n").seconds - 2 * 3.14159265) < 1e-6);
    QVERIFY(std::abs(indexOf("G28\nG1 F600\nG2 X10 Y10 R-10\n").seconds - 1.5 * 3.14159265) < 1e-6);
}

void TestFileIndex::extentsIncludeTheBellyOfArcs()
{
    const Extents box = indexOf("G28\nM83\nG1 X0 Y0 Z1\nG3 X0 Y20 I0 J10 E5\nG1 X-50 Y-50\n").printed;
    QVERIFY(box.valid);
    QVERIFY(std::abs(box.maxX - 10) < 0.02 && std::abs(box.minX) < 1e-9 && std::abs(box.maxY - 20) < 1e-9 && box.minZ == 1 && box.maxZ == 1);
}

void TestFileIndex::hashIsXxh3()
{
    // The published value for the empty input; else the pieces must give what one call gives.
    QCOMPARE(indexOf("").xxh3, std::uint64_t{0x2D06800538D394C2});
    const QByteArray text = contents(folder + QStringLiteral("ps_vase_spiral.gcode")).repeated(3);
    QCOMPARE(indexOf(text).xxh3, std::uint64_t{XXH3_64bits(text.constData(), static_cast<std::size_t>(text.size()))});
}

void TestFileIndex::checkpointsAreSpacedAndTrue()
{
    const QByteArray text = contents(folder + QStringLiteral("ps_vase_spiral.gcode"));
    const FileIndex index = indexOf(text, Dialect::Marlin);
    QVERIFY(index.checkpoints.size() >= 5);
    QCOMPARE(index.checkpoints[0].byte, ByteOffset{0});
    QCOMPARE(index.checkpoints[0].line, std::uint64_t{1});
    for (std::size_t at = 1; at < index.checkpoints.size(); ++at) {
        const Checkpoint& checkpoint = index.checkpoints[at];
        QVERIFY(checkpoint.byte - index.checkpoints[at - 1].byte >= 65'536);
        QVERIFY(checkpoint.byte - index.checkpoints[at - 1].byte < 65'536 + 500);
        QCOMPARE(static_cast<std::uint64_t>(text.left(static_cast<qsizetype>(checkpoint.byte)).count('\n')) + 1, checkpoint.line);
        MachineState state;
        for (const QByteArray& line : text.left(static_cast<qsizetype>(checkpoint.byte)).split('\n'))
            apply(state, parseCommand({line.constData(), static_cast<std::size_t>(line.size())}), Dialect::Marlin);
        QVERIFY(state == checkpoint.state());
    }
}

void TestFileIndex::locateEveryByteOfASmallFile()
{
    const QByteArray text("\xEF\xBB\xBFG28\r\nM83\rG1 X1 E1\n\nG1 X2 E1");
    const MemorySource source(text.toStdString());
    const auto index = buildIndex(source, Dialect::Klipper);
    QVERIFY(index);
    const std::vector<std::tuple<ByteOffset, ByteOffset, std::string>> lines{{3, 8, "G28"}, {8, 12, "M83"}, {12, 21, "G1 X1 E1"}, {21, 22, ""}, {22, 30, "G1 X2 E1"}};
    for (ByteOffset byte = 0; byte < index->size; ++byte) {
        const auto located = locate(source, *index, byte);
        QVERIFY(located);
        std::size_t at = 0;
        while (std::get<1>(lines[at]) <= byte)
            ++at;
        QCOMPARE(located->byte, std::get<0>(lines[at]));
        QCOMPARE(located->end, std::get<1>(lines[at]));
        QCOMPARE(located->line, std::uint64_t{at + 1});
        QCOMPARE(located->text, std::get<2>(lines[at]));
        QCOMPARE(toMillimetres(located->state.eTotal), at > 2 ? 1.0 : 0.0);
    }
    const auto end = locate(source, *index, index->size);
    QVERIFY(end);
    QCOMPARE(end->byte, index->size);
    QCOMPARE(end->end, index->size);
    QCOMPARE(end->line, std::uint64_t{6});
    QCOMPARE(toMillimetres(end->state.eTotal), 2.0);
    QVERIFY(end->text.empty());
}

void TestFileIndex::locateLineEqualsLocate()
{
    const MemorySource source(contents(folder + QStringLiteral("derived_plate_crlf_lowercase_nospace.gcode")).toStdString());
    const auto index = buildIndex(source, Dialect::Marlin);
    QVERIFY(index);
    std::mt19937 random(3);
    for (int count = 0; count < 60; ++count) {
        const std::uint64_t line = 1 + random() % index->lines;
        const auto byLine = locateLine(source, *index, line);
        QVERIFY(byLine);
        QCOMPARE(byLine->line, line);
        const auto byByte = locate(source, *index, byLine->end - 1);
        QVERIFY(byByte);
        QCOMPARE(byByte->line, line);
        QCOMPARE(byByte->byte, byLine->byte);
        QVERIFY(byByte->state == byLine->state);
    }
}

void TestFileIndex::locateRefuses()
{
    const MemorySource source("G28\nG1 X1\n");
    const auto index = buildIndex(source, Dialect::Klipper);
    QVERIFY(index);
    QVERIFY(locate(source, *index, 11).error().code == ErrorCode::BadByte);
    QCOMPARE(locate(source, *index, 11).error().byte.value_or(0), ByteOffset{11});
    QVERIFY(locateLine(source, *index, 0).error().code == ErrorCode::BadByte);
    QVERIFY(locateLine(source, *index, 3).error().code == ErrorCode::BadByte);
    QVERIFY(locateLine(source, *index, 2));
    QVERIFY(locate(MemorySource("G28\n"), *index, 0).error().code == ErrorCode::FileChanged);
    QVERIFY(locate(FickleSource("G28\nG1 X1\n", FickleSource::Mood::Fails), *index, 9).error().code == ErrorCode::FileUnreadable);
}

void TestFileIndex::oddFiles_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("lines");
    QTest::addColumn<int>("nul");
    QTest::newRow("empty") << QByteArray() << 0 << 0;
    QTest::newRow("only a byte-order mark") << QByteArray("\xEF\xBB\xBF") << 0 << 0;
    QTest::newRow("one line end") << QByteArray("\n") << 1 << 0;
    QTest::newRow("text without commands") << QByteArray("hello, world; not G-code\n") << 1 << 0;
    QTest::newRow("nul padding at the end") << QByteArray("G28\n") + QByteArray(5000, '\0') << 2 << 5000;
    QTest::newRow("nul within a line") << QByteArray("G1 X5\0\0 Y6\n", 11) << 1 << 2;
    QTest::newRow("lone cr") << QByteArray("G28\rG1 X1\r") << 2 << 0;
    QTest::newRow("latin-1 and broken utf-8") << QByteArray("; 200 \xB0""C \xC3\nG28\n") << 2 << 0;
    QTest::newRow("words without sense") << QByteArray("%\nG\nM\nT\nN\n*\n;\n(\n)\n=\n\"\n'\nN1\n*12\nSET_FAN_SPEED\nM204\nG92\n") << 17 << 0;
}

void TestFileIndex::oddFiles()
{
    QFETCH(QByteArray, text);
    QFETCH(int, lines);
    QFETCH(int, nul);
    const MemorySource source(text.toStdString());
    const auto index = buildIndex(source, Dialect::Klipper);
    QVERIFY(index);
    QCOMPARE(static_cast<int>(index->lines), lines);
    QCOMPARE(static_cast<int>(index->nulBytes), nul);
    QCOMPARE(index->size, static_cast<std::uint64_t>(text.size()));
    QCOMPARE(index->checkpoints.size(), std::size_t{1});
    for (ByteOffset byte = 0; byte <= index->size; byte += 1 + index->size / 50)
        QVERIFY(locate(source, *index, byte));
}

void TestFileIndex::hugeLine()
{
    constexpr std::uint64_t length = 1'000'000'000;
    const SyntheticSource source("G28\nG1 X1 E1\n; ", 'x', length, "\nG1 X2 E2\n");
    const long before = peakKiB();
    const auto index = buildIndex(source, Dialect::Klipper);
    QVERIFY(index);
    QCOMPARE(index->lines, std::uint64_t{4});
    QCOMPARE(index->truncatedLines, std::uint64_t{1});
    const auto last = locateLine(source, *index, 4);
    QVERIFY(last);
    QCOMPARE(last->byte, ByteOffset{15 + length + 1});
    QCOMPARE(last->text, std::string("G1 X2 E2"));
    const auto inside = locate(source, *index, 15 + length / 2);
    QVERIFY(inside);
    QCOMPARE(inside->byte, ByteOffset{13});
    QCOMPARE(inside->end, ByteOffset{15 + length + 1});
    QCOMPARE(inside->text.size(), std::size_t{4096});
    QVERIFY2(peakKiB() - before < 32 * 1024, qPrintable(QString::number(peakKiB() - before)));
}

void TestFileIndex::hugeFileOfNul()
{
    const auto none = buildIndex(SyntheticSource("", '\0', 3'000'000'000, ""), Dialect::Klipper);
    QVERIFY(!none);
    QVERIFY(none.error().code == ErrorCode::FileNotGcode);
    const auto padded = buildIndex(SyntheticSource("G28\n", '\0', 50'000'000, ""), Dialect::Klipper);
    QVERIFY(padded);
    QCOMPARE(padded->nulBytes, std::uint64_t{50'000'000});
}

void TestFileIndex::fickleFiles()
{
    const std::string text = contents(folder + QStringLiteral("ps_vase_spiral.gcode")).toStdString();
    QVERIFY(errorOf(FickleSource(text, FickleSource::Mood::Shrinks)) == ErrorCode::FileChanged);
    QVERIFY(errorOf(FickleSource(text, FickleSource::Mood::IsTouched)) == ErrorCode::FileChanged);
    QVERIFY(errorOf(FickleSource(text, FickleSource::Mood::Fails)) == ErrorCode::FileUnreadable);
    QCOMPARE(buildIndex(FickleSource(text, FickleSource::Mood::Shrinks), Dialect::Klipper).error().file, std::string("fickle"));
}

void TestFileIndex::cancel()
{
    const MemorySource source(contents(folder + QStringLiteral("ps_vase_spiral.gcode")).toStdString());
    std::vector<double> seen;
    const auto cancelled = buildIndex(source, Dialect::Klipper, [&](double done) {
        seen.push_back(done);
        return false;
    });
    QVERIFY(cancelled.error().code == ErrorCode::Cancelled);
    QCOMPARE(seen.size(), std::size_t{1});
    seen.clear();
    QVERIFY(buildIndex(source, Dialect::Klipper, [&](double done) {
        seen.push_back(done);
        return true;
    }));
    QVERIFY(seen.size() >= 2 && std::is_sorted(seen.begin(), seen.end()));
    QCOMPARE(seen.back(), 1.0);
}

void TestFileIndex::notGcode_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("binary G-code") << QByteArray("GCDE\1\0\0\0\1\0", 10) + QByteArray(100, 'x');
    QTest::newRow("zip, 3mf, ufp") << QByteArray("PK\3\4\24\0", 6);
    QTest::newRow("gzip") << QByteArray("\x1F\x8B\x08\0", 4);
    QTest::newRow("nul only") << QByteArray(100, '\0');
    std::mt19937 random(4);
    QByteArray noise;
    for (int count = 0; count < 100'000; ++count) {
        const char byte = static_cast<char>(random() & 0xFF);
        noise += byte == '\n' || byte == '\r' || byte == ';' ? '\0' : byte;
    }
    QTest::newRow("one line of noise") << noise;
}

void TestFileIndex::notGcode()
{
    QFETCH(QByteArray, bytes);
    QVERIFY(errorOf(MemorySource(bytes.toStdString())) == ErrorCode::FileNotGcode);
}

void TestFileIndex::openErrors()
{
    QTemporaryDir dir;
    const auto code = [&](const char* name) {
        const auto source = FileSource::open(dir.filePath(QLatin1String(name)).toStdString());
        return source ? ErrorCode{} : source.error().code;
    };
    QVERIFY(code("missing") == ErrorCode::FileMissing);
    QVERIFY(code("") == ErrorCode::FileUnreadable);
    QCOMPARE(::mkfifo(dir.filePath(QStringLiteral("fifo")).toLocal8Bit().constData(), 0600), 0);
    QVERIFY(code("fifo") == ErrorCode::FileUnreadable);
    QVERIFY(FileSource::open("/dev/null").error().code == ErrorCode::FileUnreadable);
    const auto missing = FileSource::open("/nowhere/at all.gcode");
    QVERIFY(missing.error().code == ErrorCode::FileMissing);
    QCOMPARE(missing.error().file, std::string("/nowhere/at all.gcode"));
    QVERIFY(!missing.error().detail.empty());
}

void TestFileIndex::fileSourceReadsAndStamps()
{
    QTemporaryDir dir;
    const QString path = dir.filePath(QStringLiteral("a.gcode"));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("G28\nG1 X1\n");
    file.close();
    const auto source = FileSource::open(path.toStdString());
    QVERIFY(source);
    QCOMPARE(*(*source)->size(), std::uint64_t{10});
    std::array<std::byte, 8> bytes{};
    QCOMPARE(*(*source)->read(4, bytes), std::size_t{6});
    QCOMPARE(std::memcmp(bytes.data(), "G1 X1\n", 6), 0);
    QCOMPARE(*(*source)->read(10, bytes), std::size_t{0});
    QCOMPARE(*(*source)->read(5'000'000'000, bytes), std::size_t{0});
    const auto before = (*source)->stamp();
    QVERIFY(before->inode != 0 && before->modifiedNs > 0);
    QVERIFY(file.open(QIODevice::Append));
    file.write("M84\n");
    file.close();
    QVERIFY(*(*source)->stamp() != *before);
    QCOMPARE((*source)->stamp()->inode, before->inode);
    // Cut while open: a short read, no signal.
    QVERIFY(QFile::resize(path, 2));
    QCOMPARE(*(*source)->read(0, bytes), std::size_t{2});
}

void TestFileIndex::manyNamesStayBounded()
{
    // 1,000 names known at each of some 300 checkpoints would be far more than the file itself.
    std::string text;
    for (int number = 0; number < 1000; ++number)
        text += "EXCLUDE_OBJECT_DEFINE NAME=" + std::string(200, 'n') + std::to_string(number) + "\n";
    for (int number = 0; text.size() < 120'000'000; ++number) {
        if (number % 400 == 0)
            text += "SET_FAN_SPEED FAN=x SPEED=" + std::to_string(number) + "\n";
        text += "G1 X1 Y2 E.0312345 ; a move like any other, with a remark that is long\n";
    }
    const MemorySource source(std::move(text));
    const auto index = buildIndex(source, Dialect::Klipper);
    QVERIFY(index);
    std::size_t names = 0;
    std::set<const MachineState*> rests;
    for (const Checkpoint& checkpoint : index->checkpoints)
        if (rests.insert(checkpoint.rest.get()).second)
            names += checkpoint.rest->definedObjects.size();
    QVERIFY2(names * 256 < (std::size_t{256} << 20), qPrintable(QString::number(names)));
    QVERIFY(index->checkpoints.size() > 100);
    const auto located = locate(source, *index, index->size - 5);
    QVERIFY(located);
    QCOMPARE(located->state.definedObjects.size(), std::size_t{1000});
    QCOMPARE(located->line, index->lines);
}

QTEST_GUILESS_MAIN(TestFileIndex)
#include "tst_fileindex.moc"
