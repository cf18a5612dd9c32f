// SPDX-License-Identifier: GPL-3.0-or-later
// Two speeds, one meaning: whatever path reads a file, the index and every state are the same, bit by bit.
#include <QtTest>

#include <numbers>
#include <random>

#include "gcode/fileindex.h"
#include "gcode/linecommands.h"
#include "gcode/sidecar.h"
#include "gcodecomposer.h"

using namespace kintsugi;
using namespace kintsugi::gcode;

namespace {

const QString folder = QStringLiteral(KINTSUGI_TEST_DATA "/gcode/");

std::string describe(const Layer& layer)
{
    return QStringLiteral("%1 z %2 height %3 begin %4 end %5 first %6 seconds %7 model %8 extruded %9")
               .arg(layer.index).arg(layer.z.value_or(-1), 0, 'g', 17).arg(layer.height.value_or(-1), 0, 'g', 17).arg(layer.begin).arg(layer.end)
               .arg(layer.firstExtrusion.value_or(0)).arg(layer.seconds, 0, 'g', 17).arg(layer.modelSeconds, 0, 'g', 17)
               .arg(layer.extrudedMm, 0, 'g', 17).toStdString()
        + " highest " + std::to_string(layer.highestZ);
}

std::string totals(const FileIndex& index)
{
    const Extents& box = index.printed;
    return QStringLiteral("lines %1 moves %2 seconds %3 model %4 filament %5 first %6 last %7 hash %8 nul %9 ")
               .arg(index.lines).arg(index.moves).arg(index.seconds, 0, 'g', 17).arg(index.modelSeconds, 0, 'g', 17).arg(index.filamentMm, 0, 'g', 17)
               .arg(index.firstExtrusion.value_or(0)).arg(index.lastExtrusionEnd.value_or(0)).arg(index.xxh3).arg(index.nulBytes).toStdString()
        + QStringLiteral("box %1 %2 %3 %4 %5 %6 truncated %7 marked %8 slicer %9")
              .arg(box.minX).arg(box.minY).arg(box.minZ).arg(box.maxX).arg(box.maxY).arg(box.maxZ).arg(index.truncatedLines).arg(index.layersMarked)
              .arg(static_cast<int>(index.slicer)).toStdString();
}

/// What differs, in words; empty when nothing does.
std::string difference(const FileIndex& a, const FileIndex& b)
{
    if (totals(a) != totals(b))
        return totals(a) + "\n" + totals(b);
    if (a.layers.size() != b.layers.size() || a.checkpoints.size() != b.checkpoints.size())
        return "layers or checkpoints: " + std::to_string(a.layers.size()) + " " + std::to_string(b.layers.size());
    for (std::size_t at = 0; at < a.layers.size(); ++at)
        if (describe(a.layers[at]) != describe(b.layers[at]))
            return describe(a.layers[at]) + "\n" + describe(b.layers[at]);
    for (std::size_t at = 0; at < a.checkpoints.size(); ++at) {
        const Checkpoint &one = a.checkpoints[at], &other = b.checkpoints[at];
        if (one.byte != other.byte || one.line != other.line || one.hot != other.hot || *one.rest != *other.rest)
            return "checkpoint " + std::to_string(at) + " at " + std::to_string(one.byte) + " " + std::to_string(other.byte);
    }
    if (a.objects != b.objects || a.plr.setup != b.plr.setup || a.plr.print != b.plr.print || a.plr.swallowed != b.plr.swallowed)
        return "objects or markers";
    return writeSidecar(a, {}) == writeSidecar(b, {}) ? "" : "something that only the side-car shows";
}

FileIndex indexWith(const Source& source, Dialect dialect, FastPath path, unsigned threads = 1)
{
    auto index = buildIndex(source, dialect, {}, {.threads = threads, .model = true, .path = path});
    return index ? std::move(*index) : FileIndex();
}

/// By every path and on two threads; against the slow path.
std::string differenceOfPaths(const Source& source, Dialect dialect)
{
    const FileIndex slow = indexWith(source, dialect, FastPath::None);
    if (slow.lines == 0)
        return "not read";
    for (const FastPath path : {FastPath::Portable, FastPath::Sse2, FastPath::Best})
        if (const auto found = difference(slow, indexWith(source, dialect, path)); !found.empty())
            return "path " + std::to_string(static_cast<int>(path)) + ":\n" + found;
    const auto found = difference(slow, indexWith(source, dialect, FastPath::Best, 2));
    return found.empty() ? found : "two threads:\n" + found;
}

/// Lines that a fast path could take for something else.
constexpr std::array<std::string_view, 173> traps{
    "G3 X5 Y9 I-1.5 J.25 E.1 F1200", "G2 X5 Y5 I3 J0 X6", "G2 X5. Y5 I3", "G3 X5  Y9 I4", "G2 X5 Y5 I3 J0 E0.1234567", "G3 X12345678 Y5 I3", "G2 X5 Y5 I3 J0*33",
    "G2 X5 Y5 I- J0", "G3 X5 Y5 I3 J0 P2", "G2 X12345678901234567890123 Y1 I3", "G3 X7 Y7 I2 J2 Z.4 E.2",
    "G1  X4.400 Y0.039   F7200", "G1 X.8 E-.8", "G1 E63.0000", "G1X10Y20E.5", "g1 x5.5 y6.25 e.02", "G1 X5 Y6 E.02\r", "N12 G1 X7 Y8 E.03*45", "n13 g0 x1*7",
    "N14G1X9Y9", "N15 G1 X2 Y2 * 33", "N16 G1 X2 Y3 *33 ", "N G1 X3", "N17 N18 G1 X4", "G1 X1.2.3", "G1 X..5", "G1 X.", "G1 X-", "G1 X-.", "G1 X--5", "G1 X+5 Y+.5",
    "G1 X5. Y-5.", "G1 X 5 Y 6", "G1 X5Y", "G1 X Y6", "G1 Z.2 Z.4", "G1 X1 x2", "G1 X1e3", "G1 X1E3", "G1 X1e-3", "G1 E1E2", "G01 X3 Y3 E.1", "G1.0 X3", "G1.1 X3", "G10", "G11",
    "G1_PURGE", "G1=5", "G1 X5=3", "G1 (up) X5", "G1 X(5) Y3", "G1 X5 (Y9) E.1", "G1 X5 ;Y9 E4", "G1 X5;", "G1;", "G1", "G0 ; only a remark", "G1 F1800", "G1 F0", "G1 F-5 X3",
    "G1 X1234567.5", "G1 X12345678.5", "G1 X9000000000", "G1 X-9999999999 Y5", "G1 X0", "G1 Y0", "G1 X1.1234567", "G1 X1.123456", "G1 X0.0000005", "G1 E271000.00001", "G1 E1000000", "G92 E0", "G92 X5",
    "G92", "G1 I5 X3", "G1 X3 S100", "G1 X3 H1", "G1 J3", "G1 U3 V4", "G2 X5 Y5 I3 J0 E.1", "G3 X5 Y9 R4 E.1", "G28 X0", "G28", "M82", "M83", "G90", "G91", "G20", "G21", "M117 G1 X99", "M118 G1 Z99",
    "; G1 X77 Y77 E9", ";LAYER_CHANGE", ";Z:3.4", ";LAYER:5", "G1 X5 ; \";\" twice ; in it", "G1 Y4 ; tab\tand \xC3\xA9", "\tG1 X6", " G1 X6", "G1\tX6", "G1 X6\t", "G1 X6   ", "M204 S1500", "M204 P900 T2500",
    "SET_VELOCITY_LIMIT ACCEL=2000 SQUARE_CORNER_VELOCITY=8", "M205 X7 Y7", "M220 S90", "G4 P250", "M203 X100 Y100 Z9", "G1 X5 G1 Y7", "G91 G1 Z5 G90", "X7 Y8 E.2",
    ";WIDTH:0.45", ";TYPE:Perimeter", ";HEIGHT:0.2", "; FEATURE: Bridge", "; LINE_WIDTH: 0.4", ";WIDTH:0.4 ; twice", ";TYPE:Custom\n;WIDTH:1\n\n;HEIGHT:3", "\n\n",
    ";WIDTH:1\nM107\n;TYPE:x", ";;;;; PLR_RESUME - INITIAL PRINTER SETUP STARTS ;;;;;\n;WIDTH:1", ";WIDTH:1\n;;;;; PLR_RESUME - PRINT GCODE STARTS ;;;;;",
    "; a\n;WIDTH:1\n;;;;; PLR_RESUME - PRINT GCODE STARTS ;;;;;", ";TYPE:;;;;; PLR_RESUME - INITIAL PRINTER SETUP STARTS ;;;;;", ";WIDTH", ";TYPE", "; FEATURE", ";W",
    ";LAYER_CHANGE\n;HEIGHT:0.3\nG1 E1\n;HEIGHT:0.4\nG1 X1 E1", ";LAYER_CHANGE\n;Z:0.4\n;HEIGHT:0.2\n;HEIGHT:0.3\nG1 X1 E1", ";WIDTH:1\r", ";WIDTH:1\rG1 X9", "\r",
    "G92 E1.5", "G92 E0.123456\nG1 E1", "G92 E1.1234567", "G92 E", "G92 E.", "G92 E.5", "G92 E-1", "G92 E12345678", "G92 E0 ; reset", "G92 E0 X1", "G92 E0=5", "G92 E0_A",
    "G92.1 E0", "N7 G92 E3*12", "g92 e2", "G92  E2", "G92 E2 *5", "M82\nG1 E5\nG92 E1\nG1 E2\nG92 E0\nG92 E9\nG1 E9.5\nG1 X3 E10", "M83\nG92 E4\nG1 E1\nM82\nG1 E6",
    "M82\nG92 E0\n;WIDTH:1\n", "G92 E271000.5\nG1 E271001 X5", "G90\nM82\nG1 X5 E9000000\nG92 E0\nG1 X6 E9000000\nG92 E0\nG1 X7 E.1", "G91\nG92 E5\nG1 E1 X1\nG90", "G20\nG92 E1\nG1 E2 X3\nG21",
    "G93 E0", "G9 E0", "G92E5", "F900", "E1", "if var.a", "  G1 X9 E.5", "\tM106 S3", "else", "while iterations < 2", "  G91", "G1 X{var.x} Y5 E.1", "G1 Y5 E{var.e}", "M104 S{var.t}", "T{var.t}"};

std::string trapFile(std::mt19937_64& random, std::size_t lines)
{
    const auto dice = [&random](std::size_t sides) { return random() % sides; };
    const auto number = [&](std::int64_t low, std::int64_t high, int decimals) {
        std::string text = QByteArray::number(static_cast<double>(low + static_cast<std::int64_t>(dice(static_cast<std::size_t>(high - low)))) / 1000.0, 'f', decimals).toStdString();
        if (dice(3) == 0 && text.starts_with("0."))
            text.erase(0, 1);
        return text;
    };
    constexpr std::array<std::string_view, 4> ends{"\n", "\n", "\r\n", "\r"};
    const std::string_view usual = ends[dice(ends.size())];
    const bool manyComments = dice(3) == 0, vase = dice(4) == 0, marks = dice(2) == 0;
    std::string text = dice(5) == 0 ? "\xEF\xBB\xBF" : "";
    const std::size_t notes = dice(3) * 60;
    text += "G28\nG90\n" + std::string(dice(2) == 0 ? "M83\n" : "M82\n") + "G1 Z.2 F6000\n";
    double e = 0;
    for (std::size_t line = 0; line < lines; ++line) {
        const auto roll = dice(1000);
        if (roll >= 700 && roll < 700 + notes) {
            constexpr std::array<std::string_view, 6> between{";WIDTH:0.449999", ";TYPE:Solid infill", ";HEIGHT:0.3", "", "G92 E0", "; FEATURE: Inner wall"};
            text += between[dice(between.size())];
        } else if (roll < 60) {
            text += traps[dice(traps.size())];
        } else if (roll < 64) {
            text += "G90\nG21\nM83";
        } else if (roll < 66) {
            text += std::string(1 + dice(200), '\0');
        } else if (roll == 67 && dice(20) == 0) {
            text += ";" + std::string(70'000 + dice(3'000), 'x');
        } else if (roll < 70 && marks) {
            text += ";LAYER_CHANGE\n;Z:" + number(0, 90'000, 2);
        } else if (roll < 75) {
            text += "G1 Z" + number(0, 90'000, 2) + " F9000";
        } else {
            e += 0.01;
            text += "G1 X" + number(-5'000, 220'000, 3) + " Y" + number(0, 220'000, 3);
            if (vase)
                text += " Z" + QByteArray::number(0.2 + static_cast<double>(line) * 1e-4, 'f', 4).toStdString();
            if (dice(5) != 0)
                text += " E" + (dice(50) == 0 ? number(0, 271'000'000, 5) : number(-20, 900, 5));
            if (dice(20) == 0)
                text += " F" + number(600'000, 12'000'000, 0);
            if (manyComments && dice(3) != 0)
                text += " ; perimeter " + std::string(dice(90), 'w');
        }
        text += dice(40) == 0 ? ends[dice(ends.size())] : usual;
    }
    return dice(2) == 0 ? text : text + "G1 X5 Y5 E.1";
}

std::string composedFile(std::uint64_t seed, Dialect dialect, std::size_t lines)
{
    composer::Composer composer(seed, dialect);
    std::string text = "G28\n";
    for (std::size_t line = 0; line < lines; ++line)
        text += composer.write(composer.next());
    return text;
}

constexpr std::array dialects{Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware, Dialect::Marlin1};

} // namespace

class TestMoveRun : public QObject
{
    Q_OBJECT
private slots:
    void realFiles_data();
    void realFiles();
    void trapsAreRead();
    void composedFiles();
    void everyTrapAlone();
    void statesAtAnyByte();
    void longestLine();
    void arcsBulge();
    void modelledTime_data();
    void modelledTime();
    void truthOfTheGenerator_data();
    void truthOfTheGenerator();
    void sparseFileBeyondFourGigabytes();
};

void TestMoveRun::realFiles_data()
{
    QTest::addColumn<QString>("file");
    for (const QString& file : QDir(folder).entryList({QStringLiteral("*.gcode")}, QDir::Files, QDir::Name))
        QTest::newRow(qPrintable(file)) << file;
}

void TestMoveRun::realFiles()
{
    QFETCH(QString, file);
    const auto source = FileSource::open((folder + file).toStdString());
    QVERIFY(source);
    for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin}) {
        const auto found = differenceOfPaths(**source, dialect);
        QVERIFY2(found.empty(), found.c_str());
    }
}

void TestMoveRun::trapsAreRead()
{
    const int rounds = qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 300 : 12;
    for (int round = 0; round < rounds; ++round) {
        std::mt19937_64 random(static_cast<std::uint64_t>(round));
        const MemorySource source(trapFile(random, 12'000));
        const auto found = differenceOfPaths(source, dialects[static_cast<std::size_t>(round) % dialects.size()]);
        QVERIFY2(found.empty(), (std::to_string(round) + ": " + found).c_str());
    }
}

void TestMoveRun::composedFiles()
{
    const std::uint64_t rounds = qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 500 : 15;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        const Dialect dialect = dialects[round % dialects.size()];
        const MemorySource source(composedFile(round, dialect, 6'000));
        const auto found = differenceOfPaths(source, dialect);
        QVERIFY2(found.empty(), (std::to_string(round) + ": " + found).c_str());
    }
}

/// Each trap between two ordinary moves, far from the ends of the buffer.
void TestMoveRun::everyTrapAlone()
{
    const std::string usual = "G1 X1.5 Y2.5 E.25\nG1 X3.25 Y4 E.5 F1200\n";
    for (const std::string_view trap : traps) {
        const std::string text = "G28\nG90\nM83\nG1 Z.2 F600\n" + usual + usual + std::string(trap) + "\n" + usual + usual + usual + usual + usual;
        const MemorySource source(text);
        for (const Dialect dialect : dialects) {
            const auto found = differenceOfPaths(source, dialect);
            QVERIFY2(found.empty(), (std::string(trap) + ": " + found).c_str());
            const FileIndex index = indexWith(source, dialect, FastPath::Best);
            const auto located = locate(source, index, index.size);
            MachineState plain;
            Command command;
            for (const QByteArray& line : QByteArray::fromStdString(text).replace("\r\n", "\n").replace('\r', '\n').split('\n')) {
                LineCommands commands({line.constData(), static_cast<std::size_t>(line.size())}, dialect);
                while (commands.next(command, plain))
                    apply(plain, command, dialect);
            }
            QVERIFY2(located && located->state == plain, std::string(trap).c_str());
        }
    }
}

void TestMoveRun::statesAtAnyByte()
{
    std::mt19937_64 random(7);
    const std::string text = trapFile(random, 20'000);
    const MemorySource source(text);
    const FileIndex index = indexWith(source, Dialect::Klipper, FastPath::Best);
    std::vector<ByteOffset> asked;
    for (int count = 0; count < 400; ++count)
        asked.push_back(random() % (text.size() + 1));
    std::ranges::sort(asked);
    MachineState plain;
    std::size_t next = 0;
    const Scanner::Sink sink = [&](const Line& line) {
        for (; next < asked.size() && line.end > asked[next]; ++next) {
            const auto located = locate(source, index, asked[next]);
            QVERIFY(located);
            QCOMPARE(located->byte, line.begin);
            QCOMPARE(located->line, line.number);
            QVERIFY2(located->state == plain, std::to_string(asked[next]).c_str());
            const auto byLine = locateLine(source, index, line.number);
            QVERIFY(byLine && byLine->byte == line.begin && byLine->state == plain);
        }
        apply(plain, parseCommand(line.text), Dialect::Klipper);
    };
    Scanner scanner;
    scanner.feed(std::as_bytes(std::span(text)), sink);
    scanner.finish(sink);
    QVERIFY(next > 390);
}

void TestMoveRun::longestLine()
{
    const std::string usual = "G1 X1.5 Y2.5 E.25\nG1 X3.25 Y4 E.5 F1200\n";
    std::string text = "G28\nM83\nG1 Z.2\n" + usual;
    for (const std::size_t size : {65'000U, 65'536U, 262'144U, 300'000U, 1'048'575U, 1'048'577U, 1'300'000U})
        text += "G1 X9 ;" + std::string(size, 'y') + "\n" + usual + ";" + std::string(size, '\0') + "\r\n" + usual;
    const auto found = differenceOfPaths(MemorySource(text), Dialect::Klipper);
    QVERIFY2(found.empty(), found.c_str());
}

/// The box holds what an arc passes beyond its ends, exactly, and nothing of the rest of its circle.
void TestMoveRun::arcsBulge()
{
    const auto boxOf = [](const std::string& arc) {
        return indexWith(MemorySource("G28\nG90\nM83\nG1 Z.2 F600\nG1 X100 Y50\n" + arc + "\n"), Dialect::Klipper, FastPath::Best).printed;
    };
    const Extents upper = boxOf("G2 X120 Y50 I10 J0 E1"); // clockwise over the top
    QCOMPARE(upper.maxY, 60.0);
    QCOMPARE(upper.minY, 50.0);
    const Extents lower = boxOf("G3 X120 Y50 I10 J0 E1");
    QCOMPARE(lower.maxY, 50.0);
    QCOMPARE(lower.minY, 40.0);
    const Extents whole = boxOf("G2 X100 Y50 I10 J0 E1");
    QCOMPARE(std::tuple(whole.minX, whole.maxX, whole.minY, whole.maxY), std::tuple(100.0, 120.0, 40.0, 60.0));
    const Extents most = boxOf("G2 X110 Y40 I10 J0 E1"); // three quarters, not past the left
    QCOMPARE(std::tuple(most.minX, most.maxX, most.minY, most.maxY), std::tuple(100.0, 120.0, 40.0, 60.0));
    const Extents quarter = boxOf("G2 X110 Y60 I10 J0 E1");
    QCOMPARE(std::tuple(quarter.minX, quarter.maxX, quarter.minY, quarter.maxY), std::tuple(100.0, 110.0, 50.0, 60.0));
}

void TestMoveRun::modelledTime_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<double>("seconds");
    // Klipper defaults: 3000 mm/s², square corner 5 mm/s.
    const QByteArray head = "G28\nG90\nM83\n";
    QTest::newRow("one move reaches its speed") << QByteArray(head + "G1 X100 F6000\n") << 1.0 + 100.0 / 3000;
    QTest::newRow("one move too short for it") << QByteArray(head + "G1 X1 F60000\n") << 2 * std::sqrt(1.0 / 3000);
    QTest::newRow("straight on does not stop") << QByteArray(head + "G1 X50 F6000\nG1 X100\n") << 1.0 + 100.0 / 3000;
    QTest::newRow("back again stops") << QByteArray(head + "G1 X50 F6000\nG1 X0\n") << 1.0 + 200.0 / 3000;
    QTest::newRow("a square corner is passed at 5 mm/s") << QByteArray(head + "G1 X50 F6000\nG1 Y50\n")
                                                         << 2 * ((100.0 + 95.0) / 3000 + (50.0 - (100 * 100 + 100 * 100 - 25.0) / 6000) / 100);
    QTest::newRow("a retraction stops") << QByteArray(head + "G1 X50 F6000\nG1 E-1 F600\nG1 X100 F6000\n") << 1.0 + 200.0 / 3000 + 0.1 + 10.0 / 810;
    QTest::newRow("limits of the file") << QByteArray(head + "SET_VELOCITY_LIMIT ACCEL=1000 VELOCITY=50\nG1 X100 F6000\n") << 2.0 + 50.0 / 1000;
    QTest::newRow("M220 and a wait") << QByteArray(head + "M220 S50\nG4 P500\nG1 X100 F6000\n") << 0.5 + 2.0 + 50.0 / 3000;
    QTest::newRow("half a circle") << QByteArray(head + "G1 X100 F6000\nG2 X120 Y0 I10 J0\n")
                                   << (100 + std::numbers::pi * 10 - (100 * 100 - 0) / 3000.0) / 100 + 200.0 / 3000;
}

void TestMoveRun::modelledTime()
{
    QFETCH(QByteArray, text);
    QFETCH(double, seconds);
    const FileIndex index = indexWith(MemorySource(text.toStdString()), Dialect::Klipper, FastPath::Best);
    if (QByteArrayView(QTest::currentDataTag()) == "half a circle")
        QVERIFY(index.modelSeconds > index.seconds && index.modelSeconds < index.seconds + 0.2);
    else
        QVERIFY2(std::abs(index.modelSeconds - seconds) < 2e-6, qPrintable(QStringLiteral("%1 instead of %2").arg(index.modelSeconds).arg(seconds)));
}

void TestMoveRun::truthOfTheGenerator_data()
{
    QTest::addColumn<QString>("options");
    QTest::newRow("prusa") << QStringLiteral("--dialect prusa --layers 40");
    QTest::newRow("cura") << QStringLiteral("--dialect cura --layers 30 --layer-um 120 --seed 2");
    QTest::newRow("orca") << QStringLiteral("--dialect orca --rel-e --zhop --layers 50 --seed 3");
    QTest::newRow("arcs") << QStringLiteral("--dialect orca --rel-e --arcs --layers 60 --seed 4");
    QTest::newRow("multi") << QStringLiteral("--dialect prusa --rel-e --tools 5 --layers 24 --seed 5");
    QTest::newRow("seq") << QStringLiteral("--dialect prusa --seq 8 --layers 32 --seed 6");
    QTest::newRow("thin") << QStringLiteral("--dialect prusa --layers 1000 --layer-um 10 --seed 7");
    QTest::newRow("comments") << QStringLiteral("--dialect prusa --comments --crlf --layers 30 --seed 8");
}

/// Each row of the truth file: what the generator's own counters were before the line at that byte.
static QByteArray truthRow(const MachineState& state, bool relativeE)
{
    const auto um = [](const std::optional<Nanometres>& value) { return QByteArray::number(static_cast<qlonglong>(value.value_or(0) / 1000)); };
    const auto fan = state.fans.find("0");
    const auto flow = state.flowPercent.find(0);
    return um(state.position[0]) + ' ' + um(state.position[1]) + ' ' + um(state.position[2]) + ' ' + QByteArray::number(static_cast<qlonglong>(state.e / 10)) + ' '
        + QByteArray::number(static_cast<qlonglong>(state.eTotal / 10)) + ' ' + QByteArray::number(static_cast<qlonglong>(state.feed.value_or(0) / 1'000'000)) + ' '
        + QByteArray::number(state.tool) + ' ' + QByteArray::number(fan == state.fans.end() ? 0.0 : fan->second) + ' ' + QByteArray::number(state.bed.value_or(0)) + ' '
        + QByteArray::number(flow == state.flowPercent.end() ? 100.0 : flow->second) + ' ' + (relativeE ? '1' : '0') + ' ' + (state.absoluteXyz ? '0' : '1');
}

void TestMoveRun::truthOfTheGenerator()
{
    QFETCH(QString, options);
    const bool longRun = qEnvironmentVariableIsSet("KINTSUGI_LONG");
    QTemporaryDir folderOfTest;
    const QString file = folderOfTest.filePath(QStringLiteral("made.gcode")), truth = folderOfTest.filePath(QStringLiteral("truth.tsv"));
    QProcess generator;
    generator.start(QStringLiteral(KINTSUGI_GCGEN), options.split(u' ') << QStringLiteral("--size") << (longRun ? QStringLiteral("200M") : QStringLiteral("2M"))
                        << QStringLiteral("--truth") << truth << file);
    QVERIFY(generator.waitForFinished(60'000) && generator.exitCode() == 0);
    const auto source = FileSource::open(file.toStdString());
    QVERIFY(source);
    const FileIndex index = indexWith(**source, Dialect::Klipper, FastPath::Best);
    QFile rows(truth);
    QVERIFY(rows.open(QIODevice::ReadOnly));
    int checked = 0;
    QVector<std::uint64_t> begins;
    for (QByteArray row = rows.readLine(); !row.isEmpty(); row = rows.readLine()) {
        const QList<QByteArray> fields = row.trimmed().split('\t');
        if (fields[0] == "kind")
            continue;
        const auto located = locate(**source, index, fields[1].toULongLong());
        QVERIFY(located);
        QCOMPARE(located->byte, fields[1].toULongLong());
        const QByteArray want = fields[3] + ' ' + fields[4] + ' ' + fields[5] + ' ' + fields[6] + ' ' + fields[7] + ' ' + fields[8] + ' ' + fields[9] + ' '
            + fields[10] + ' ' + fields[11] + ' ' + fields[12] + ' ' + fields[16] + ' ' + fields[17];
        QCOMPARE(truthRow(located->state, !located->state.eIsAbsolute(Dialect::Klipper)), want);
        if (fields[0] == "L")
            begins.append(fields[1].toULongLong());
        ++checked;
        if (fields[0] == "E")
            break; // the generator does not follow its own end code
    }
    QVERIFY2(checked > 30, qPrintable(QString::number(checked)));
    QCOMPARE(static_cast<qsizetype>(index.layers.size()), begins.size());
    if (!longRun) {
        const auto found = differenceOfPaths(**source, Dialect::Klipper);
        QVERIFY2(found.empty(), found.c_str());
    }
}

void TestMoveRun::sparseFileBeyondFourGigabytes()
{
    if (!qEnvironmentVariableIsSet("KINTSUGI_LONG"))
        return;
    QTemporaryDir folderOfTest;
    const QString path = folderOfTest.filePath(QStringLiteral("sparse.gcode"));
    constexpr qint64 far = qint64{5} << 30;
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("G28\nM83\nG1 X1 Y2 Z.2 F600\n;");
    QVERIFY(file.seek(far));
    file.write("\nG1 X3 Y4 E.5\nG1 X5 Y6 E.5\nM104 S0\n");
    file.close();
    const auto source = FileSource::open(path.toStdString());
    QVERIFY(source);
    const FileIndex index = indexWith(**source, Dialect::Klipper, FastPath::Best, 2);
    QCOMPARE(index.lines, std::uint64_t{7});
    QCOMPARE(index.firstExtrusion.value_or(0), ByteOffset{far + 1});
    const auto located = locateLine(**source, index, 6);
    QVERIFY(located);
    QCOMPARE(located->byte, ByteOffset{far + 14});
    QCOMPARE(located->state.position[0].value_or(0), Nanometres{3'000'000});
}

QTEST_GUILESS_MAIN(TestMoveRun)
#include "tst_moverun.moc"
