// SPDX-License-Identifier: GPL-3.0-or-later
// The pass that leaves ordinary moves alone must say what the full pass says.
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <random>

#include "gcode/quickscan.h"
#include "gcodecomposer.h"

using namespace kintsugi;
using namespace kintsugi::gcode;
using namespace Qt::StringLiterals;

Q_DECLARE_METATYPE(kintsugi::gcode::QuickIndex::Fallback)

namespace {

constexpr std::array dialects{Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware, Dialect::Marlin1};
using Fallback = QuickIndex::Fallback;

bool isLong() { return qEnvironmentVariableIsSet("KINTSUGI_LONG"); }

std::string contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

std::vector<QString> smallFiles()
{
    std::vector<QString> paths;
    const QDir folder(QStringLiteral(KINTSUGI_TEST_DATA "/gcode"));
    for (const QFileInfo& info : folder.entryInfoList({u"*.gcode"_s}, QDir::Files, QDir::Name))
        paths.push_back(info.filePath());
    return paths;
}

QString layerText(const Layer& layer)
{
    const auto shown = [](const std::optional<double>& value) { return value ? QString::number(*value, 'g', 17) : u"-"_s; };
    return u"%1: %2..%3 z %4 height %5"_s.arg(layer.index).arg(layer.begin).arg(layer.end).arg(shown(layer.z), shown(layer.height));
}

/// Empty when both passes say the same; else the first difference.
QString difference(const FileIndex& full, const QuickIndex& quick)
{
    const bool counts = quick.fallback == Fallback::None || quick.fallback == Fallback::NoMarks;
    if (counts && (quick.index.lines != full.lines || quick.index.moves != full.moves))
        return u"lines %1, moves %2; truly %3, %4"_s.arg(quick.index.lines).arg(quick.index.moves).arg(full.lines).arg(full.moves);
    if (counts && (quick.index.size != full.size || quick.index.slicer != full.slicer || quick.index.slicerLine != full.slicerLine
                   || quick.index.suggested != full.suggested || quick.index.objects != full.objects || quick.index.stamp != full.stamp))
        return u"size, slicer, dialect or objects"_s;
    if (quick.fallback != Fallback::None)
        return quick.index.layers.empty() ? QString() : u"layers in spite of the fallback"_s;
    if (quick.index.layersMarked != full.layersMarked || quick.index.layers.size() != full.layers.size())
        return u"%1 layers, truly %2"_s.arg(quick.index.layers.size()).arg(full.layers.size());
    for (std::size_t at = 0; at < full.layers.size(); ++at)
        if (layerText(quick.index.layers[at]) != layerText(full.layers[at]))
            return layerText(quick.index.layers[at]) + u"; truly "_s + layerText(full.layers[at]);
    return {};
}

QString difference(const Source& source, Dialect dialect, const FileIndex& full)
{
    for (const LineScan scan : availableLineScans()) {
        const auto quick = quickScan(source, dialect, {.progress = {}, .partial = {}, .scan = scan});
        if (!quick)
            return u"failed: "_s + QString::fromStdString(quick.error().detail);
        if (const QString text = difference(full, *quick); !text.isEmpty())
            return u"scan %1: %2"_s.arg(static_cast<int>(scan)).arg(text);
    }
    return {};
}

QString difference(const std::string& text, Dialect dialect)
{
    const MemorySource source(text);
    const auto full = buildIndex(source, dialect);
    return full ? difference(source, dialect, *full) : u"no index"_s;
}

enum class Look { Special, Quiet, Move };

/// The rule of scanLines(), with a regular expression.
Look lookAt(const std::string& line)
{
    static const QRegularExpression note(u"^(;WIDTH:|;TYPE:|; FEATUR|; LINE_W)"_s);
    static const QRegularExpression move(
        u"^(G[0-3] [@-_]|([Nn][0-9]{1,12} *)?[Gg][0-3]( [A-Za-z]|(?=[A-Za-z])[A-Za-z0-9]{1,16}(\\.|-|$|\\r$| [A-Za-z])))"_s,
        QRegularExpression::DontCaptureOption);
    const QString text = QString::fromLatin1(line.data(), static_cast<qsizetype>(line.size()));
    if (line.empty() || note.match(text).hasMatch())
        return Look::Quiet;
    return move.match(text).hasMatch() ? Look::Move : Look::Special;
}

/// The same file in other clothes.
std::string lowerCase(std::string text)
{
    bool comment = false;
    for (char& c : text) {
        comment = c != '\n' && (comment || c == ';');
        if (!comment && c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

std::string numbered(const std::string& text)
{
    std::string out;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (text[at] != ';')
            out += 'N' + std::to_string(++number) + ' ';
        out.append(text, at, end - at);
        out += text[at] == ';' ? "\n" : "*71\n";
        at = end + 1;
    }
    return out;
}

std::string withLineEnds(const std::string& text, const char* end)
{
    std::string out;
    for (const char c : text)
        c == '\n' ? out += end : out += c;
    return out;
}

std::string withoutBlanks(std::string text)
{
    bool comment = false;
    std::erase_if(text, [&](char c) {
        comment = c != '\n' && (comment || c == ';');
        return c == ' ' && !comment;
    });
    return text;
}

/// Layer marks of every family and their notes, some at odd places, and what a slow eye overlooks.
std::string oddLine(std::mt19937_64& random, std::size_t family)
{
    const auto dice = [&](std::size_t sides) { return static_cast<std::size_t>(random() % sides); };
    const std::string z = std::to_string(0.2 * static_cast<double>(dice(200)));
    const std::array<std::string, 5> marks{";LAYER_CHANGE", ";LAYER:" + std::to_string(dice(99)), "; layer 7, Z = " + z,
        "; BEGIN_LAYER_OBJECT z=" + z + " z_thickness=0.2", "; Layer #4"};
    switch (dice(16)) {
    case 0: case 1: case 2: case 3: return marks[family];
    case 4: return marks[dice(marks.size())];
    case 5: case 6: return ";Z:" + z;
    case 7: return ";HEIGHT:0.2";
    case 8: return "G1 X5 Y5 ; Z9 E9 in a comment";
    case 9: return "G1  X4.400 Y0.039   F7200";
    case 10: return "G1 Z" + z + " ;Z1";
    case 11: return "G1_PURGE Z=5 E=1";
    case 12: return "G1 =5 Z3 E4";
    case 13: return dice(3) == 0 ? "G28 Z" : "G28 X0";
    case 14: return dice(4) == 0 ? "; generated by PrusaSlicer 2.5.0 on 2023" : "G1 (Z7) X1.2 E.4";
    default: return dice(2) == 0 ? "G92 Z" + z : "G92 E0";
    }
}

std::string composed(std::uint64_t seed, Dialect dialect, std::size_t lines)
{
    composer::Composer composer(seed, dialect);
    std::mt19937_64 random(seed);
    const std::size_t family = random() % 5;
    const std::size_t every = 2 + random() % 40;
    const bool settled = random() % 3 != 0; // else the composer's wild changes of mode stay in
    std::string text = random() % 4 == 0 ? "; generated by Cura_SteamEngine\n" : "";
    const std::array<std::string, 3> ends{"\n", "\r\n", "\n"};
    const std::string end = ends[random() % ends.size()];
    for (std::size_t line = 0; line < lines; ++line) {
        if (random() % every == 0)
            text += oddLine(random, family) + end;
        const composer::Op op = composer.next();
        using composer::Kind;
        const bool wild = op.kind == Kind::Relative || op.kind == Kind::EAbsolute || op.kind == Kind::ERelative || op.kind == Kind::Inch;
        if (!(settled && wild && random() % 20 != 0))
            text += composer.write(op);
    }
    return text;
}

} // namespace

class TestQuickScan : public QObject
{
    Q_OBJECT
private slots:
    void scansAgree();
    void passedByIsHarmless();
    void intricateLines_data();
    void intricateLines();
    void smallFilesInAllDialects();
    void otherClothes_data();
    void otherClothes();
    void generated_data();
    void generated();
    void composedFiles();
    void traps_data();
    void traps();
    void saysWhenItCannot_data();
    void saysWhenItCannot();
    void changesAreThoseOfTheStates();
    void layersComeWhileItReads();
    void cancelAndShortFile();
};

void TestQuickScan::scansAgree()
{
    std::mt19937 random(3);
    constexpr std::string_view pieces[] = {"G1 X", "G0 ", "G3 I", "G4 P", "G1X", "g1 x", "\n", "\n", "\r\n", "\r", ";Z", "G2 Z1", " ", "G1 =", "GG1 X", "abcdefghijkl", "N12 ", "g1x", "5.5",
        ";WIDTH:0.4", ";TYPE:a", "; FEATURE: b", "\n\n", "_", "1"};
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        const std::size_t length = random() % 300;
        while (text.size() < length)
            text += pieces[random() % std::size(pieces)];
        text += '\n';
        std::vector<LineStart> expected;
        LineScanResult result;
        for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1, ++result.lines) {
            const std::string line = text.substr(at, text.find('\n', at) - at);
            const Look look = lookAt(line);
            if (look == Look::Special)
                expected.push_back({static_cast<std::uint32_t>(at), result.lines, result.quiet});
            result.quiet += look == Look::Quiet ? 1 : 0;
        }
        for (std::size_t at = 0; at < text.size(); ++at)
            result.loneCr = result.loneCr || (text[at] == '\r' && text[at + 1] != '\n');
        const std::size_t size = text.size();
        text += std::string("\r\rG1 X\n\r") + std::string(lineScanPadding, '\0'); // must not count
        for (const LineScan scan : availableLineScans()) {
            std::vector<LineStart> special{{1, 2, 3}, {3, 4, 5}};
            QCOMPARE(scanLines(scan, text.data(), size, special), result);
            QVERIFY2(special == expected, text.c_str());
        }
    }
}

/// What is passed by must be what the parser takes for a move, or for nothing.
void TestQuickScan::passedByIsHarmless()
{
    std::mt19937 random(4);
    constexpr std::string_view pieces[] = {"G", "g", "N", "n7", "1", "0", "3", " ", "X", "y", "E", "_", "=", "(", ".", "-", "*", ";", "\t", "\r", "w", "0123456789",
        ";WIDTH:", ";TYPE:", "; FEATURE", "; LINE_W", ";HEIGHT:", ";W"};
    std::size_t moves = 0;
    for (int round = 0; round < 60'000; ++round) {
        constexpr std::string_view begins[] = {"", "", "G1", "g0", "G2 ", "N12 g3"};
        std::string line(begins[random() % std::size(begins)]);
        const std::size_t length = 1 + random() % 7;
        for (std::size_t at = 0; at < length; ++at)
            line += pieces[random() % std::size(pieces)];
        const Look look = lookAt(line);
        const Command command = parseCommand(line);
        const bool move = command.kind == Command::Kind::Code && command.letter == 'G' && command.number <= 3 && command.subcode == 0;
        QVERIFY2(look != Look::Move || move, line.c_str());
        QVERIFY2(look != Look::Quiet || (line.starts_with(';') && command.kind == Command::Kind::None), line.c_str());
        moves += look == Look::Move ? 1 : 0;
    }
    QVERIFY2(moves > 500, qPrintable(QString::number(moves)));
    for (const char* line : {"g1 x5", "g1x5.5y2", "G1X5", "g0f9000", "N3 G1 X1*7", "n14g3x-1", "G1X5 Y2", "G2 X1"})
        QVERIFY2(lookAt(line) == Look::Move, line);
    for (const char* line : {"", ";WIDTH:0.4", ";TYPE:x", "; FEATURE: y", "; LINE_WIDTH: 1"})
        QVERIFY2(lookAt(line) == Look::Quiet, line);
}

void TestQuickScan::intricateLines_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<bool>("intricate");
    const auto row = [](const char* line, bool intricate) { QTest::newRow(line) << QByteArray(line) << intricate; };
    row("G1 X5 G1 Y7", true);
    row("G1 X5 Y5 E.1 m106 s255", true);
    row("G1X5G1Y7", true);
    row("M106 S3 M104 S200", true);
    row("X7 Y8", true);
    row("G1 X{var.x}", true);
    row("M104 S{var.t}", true);
    row("T{var.t}", true);
    row("if var.a", true);
    row("  while true", true);
    row("echo \"x\"", true);
    row("G1 X5 ; then G1 Y7", false);
    row("; G1 X5 G1 Y7 {", false);
    row("M117 G1 X5 G1", false);
    row("M486 S1 A\"G1 {x}\"", false);
    row("N12 G1 X5*33", false);
    row("G1_PURGE", false);
}

/// Wherever in the file the line stands, blocks of the search end in it too.
void TestQuickScan::intricateLines()
{
    QFETCH(QByteArray, line);
    QFETCH(bool, intricate);
    std::string head = "G28\nG90\nM83\n";
    for (int layer = 0; layer < 6; ++layer) {
        head += ";LAYER_CHANGE\n;Z:" + std::to_string(layer + 1) + "\nG1 Z" + std::to_string(layer + 1) + "\n";
        for (int i = 0; i < 20; ++i)
            head += "G1 X" + std::to_string(10 + i % 10) + " Y20 E.1\n";
    }
    for (std::size_t gap = 0; gap < 24; ++gap) {
        const std::string before = head + ';' + std::string(8192 - 12 + gap - head.size(), '-') + '\n';
        const MemorySource source(before + line.toStdString() + "\nG1 X1 Y1 E.1\n");
        QCOMPARE(quickScan(source, Dialect::RepRapFirmware)->fallback, intricate ? Fallback::Intricate : Fallback::None);
        QCOMPARE(quickScan(source, Dialect::Marlin)->fallback, Fallback::None);
    }
}

void TestQuickScan::smallFilesInAllDialects()
{
    QCOMPARE(smallFiles().size(), std::size_t{13});
    for (const QString& path : smallFiles()) {
        const auto source = FileSource::open(path.toStdString());
        QVERIFY(source);
        for (const Dialect dialect : dialects) {
            const auto full = buildIndex(**source, dialect);
            QVERIFY(full);
            const QString text = difference(**source, dialect, *full);
            QVERIFY2(text.isEmpty(), qPrintable(path + u": "_s + text));
            const auto quick = quickScan(**source, dialect);
            const bool placeholder = dialect == Dialect::RepRapFirmware && path.endsWith(u"cura_block_marlin.gcode"); // G1 X0 Y{machine_depth}
            QCOMPARE(quick->fallback == Fallback::None, full->layersMarked && !placeholder);
        }
    }
}

void TestQuickScan::otherClothes_data()
{
    QTest::addColumn<int>("clothes");
    QTest::newRow("lower case") << 0;
    QTest::newRow("numbers and checksums") << 1;
    QTest::newRow("CR LF") << 2;
    QTest::newRow("lone CR") << 3;
    QTest::newRow("no blanks") << 4;
    QTest::newRow("some lone CR") << 5;
    QTest::newRow("byte-order mark, no end of the last line") << 6;
}

void TestQuickScan::otherClothes()
{
    QFETCH(int, clothes);
    for (const QString& path : smallFiles()) {
        std::string text = contents(path);
        switch (clothes) {
        case 0: text = lowerCase(text); break;
        case 1: text = numbered(text); break;
        case 2: text = withLineEnds(text, "\r\n"); break;
        case 3: text = withLineEnds(text, "\r"); break;
        case 4: text = withoutBlanks(text); break;
        case 5: text.replace(text.find('\n', text.size() / 2), 1, "\r"); break;
        default: text = "\xEF\xBB\xBF" + text.substr(0, text.find_last_not_of("\r\n") + 1);
        }
        const QString different = difference(text, Dialect::Marlin);
        QVERIFY2(different.isEmpty(), qPrintable(path + u": "_s + different));
    }
}

void TestQuickScan::generated_data()
{
    QTest::addColumn<QString>("options");
    QTest::newRow("prusa") << u"--dialect prusa --layers 200"_s;
    QTest::newRow("cura") << u"--dialect cura --layers 150 --layer-um 120 --seed 2"_s;
    QTest::newRow("orca") << u"--dialect orca --rel-e --zhop --layers 250 --seed 3"_s;
    QTest::newRow("arcs") << u"--dialect orca --rel-e --arcs --layers 300 --seed 4"_s;
    QTest::newRow("multi") << u"--dialect prusa --rel-e --tools 5 --layers 120 --seed 5"_s;
    QTest::newRow("seq") << u"--dialect prusa --seq 8 --layers 160 --seed 6"_s;
    QTest::newRow("thin") << u"--dialect prusa --layers 5000 --layer-um 10 --seed 7"_s;
    QTest::newRow("comments") << u"--dialect prusa --comments --crlf --layers 150 --seed 8"_s;
}

void TestQuickScan::generated()
{
    QFETCH(QString, options);
    QTemporaryDir folder;
    const QString path = folder.filePath(u"big.gcode"_s);
    const QStringList arguments = options.split(u' ') << u"--size"_s << (isLong() ? u"200M"_s : u"4M"_s) << path;
    QCOMPARE(QProcess::execute(QStringLiteral(KINTSUGI_BINARY_DIR "/tests/gcgen"), arguments), 0);
    const auto source = FileSource::open(path.toStdString());
    QVERIFY(source);
    const auto full = buildIndex(**source, Dialect::Klipper);
    QVERIFY(full);
    QCOMPARE(difference(**source, Dialect::Klipper, *full), QString());
    QCOMPARE(quickScan(**source, Dialect::Klipper)->fallback, Fallback::None);
}

void TestQuickScan::composedFiles()
{
    std::array<int, 5> fallbacks{};
    const std::uint64_t files = isLong() ? 5'000 : 400;
    for (std::uint64_t seed = 1; seed <= files; ++seed) {
        const Dialect dialect = dialects[seed % dialects.size()];
        const std::string text = composed(seed, dialect, 300 + seed % 1500);
        const QString different = difference(text, dialect);
        QVERIFY2(different.isEmpty(), qPrintable(u"seed %1: %2"_s.arg(seed).arg(different)));
        ++fallbacks[static_cast<std::size_t>(quickScan(MemorySource(text), dialect)->fallback)];
    }
    QVERIFY2(fallbacks[0] > static_cast<int>(files / 3), qPrintable(QString::number(fallbacks[0]))); // it was compared, not passed by
}

void TestQuickScan::traps_data()
{
    QTest::addColumn<QByteArray>("text");
    const QByteArray move = "G1 X1 Y1 E1\nG1 X9 Y9 E2\n";
    QTest::newRow("G28 X0 after the last X") << QByteArray("G90\nM82\nG1 X5 Y5 Z1 F9\nG28 X0\n;LAYER:0\nG1 X0 E1\nG1 X1 E2\n;LAYER:1\n" + move);
    QTest::newRow("Z by G92 behind the last Z") << QByteArray("G1 X5 Y5 Z1\nG92 Z4\n;LAYER:0\n" + move + ";LAYER:1\n" + move);
    QTest::newRow("relative Z, another in the comment") << QByteArray("G1 X5 Y5 Z1\nG91\nG1 Z2 ; Z5\nG90\n;LAYER:0\n" + move + ";LAYER:1\n" + move);
    QTest::newRow("relative Z far behind") << QByteArray("G1 X0 Y0 Z3\n" + QByteArray("G1 X1 Y2 F9\n").repeated(40'000) + "G91\nG1 Z1\nG90\n;LAYER:0\n" + move + ";LAYER:1\n" + move);
    QTest::newRow("Z far behind") << QByteArray("G1 X0 Y0 Z3.25\n" + QByteArray("G1 X1 Y2 E1\n").repeated(90'000) + ";LAYER:0\nG1 X1 E1\nG1 X2 E2\n;LAYER:1\n" + move);
    QTest::newRow("inches before, millimetres now") << QByteArray("G20\nG1 X1 Y1 Z1\nG21\n;LAYER:0\n" + move + ";LAYER:1\n" + move);
    QTest::newRow("unretraction first") << QByteArray("M83\nG1 X1 Y1 Z1\n;LAYER:0\nG1 E.8\nG1 Z2\nG1 X2 E1\n;LAYER:1\nG1 E.8\n;Z:7\nG1 X4 E1\n;Z:9\n");
    QTest::newRow("note after the first extrusion") << QByteArray("M83\nG1 X1 Y1 Z1\n;LAYER:0\nG1 X2 E1\n;Z:7\n;LAYER:1\nG1 X3 E1\n;Z:8\n");
    QTest::newRow("Z known late") << QByteArray("M83\n;LAYER:0\nG1 X1 Y1 E1\nG1 X2 Y2 E1\n;LAYER:1\nG1 X3 E1\nG1 Z5\nG1 X4 E1\n");
    QTest::newRow("relative E, absolute again after G92") << QByteArray("M83\nG1 X1 Y1 Z1 E5\nM82\nG92 E0\n;LAYER:0\n" + move + ";LAYER:1\n" + move);
    QTest::newRow("macro between") << QByteArray("M82\nG1 X1 Y1 Z1 E5\nPURGE_LINE\n;LAYER:0\nG1 X2 E5\nG1 Z2\nG1 X3 E6\n;LAYER:1\n" + move);
    QTest::newRow("full circle is an extrusion") << QByteArray("M83\nG1 X1 Y1 Z1\n;LAYER:0\nG2 I5 E1\n;Z:4\n;LAYER:1\n" + move);
    QTest::newRow("empty layers") << QByteArray("G1 Z1\n;LAYER:0\n;LAYER:1\n;LAYER:2\n" + move);
    QTest::newRow("other marks between") << QByteArray("; generated by PrusaSlicer\nG1 Z1\n;LAYER_CHANGE\n;LAYER:4\n;Z:2\n" + move + ";LAYER_CHANGE\nG1 Z9\n" + move + ";LAYER:3\n;HEIGHT:1\n");
    QTest::newRow("only line ends") << QByteArray("\n\r\n\n");
    QTest::newRow("empty") << QByteArray();
}

void TestQuickScan::traps()
{
    QFETCH(QByteArray, text);
    for (const Dialect dialect : dialects)
        QCOMPARE(difference(text.toStdString(), dialect), QString());
}

void TestQuickScan::saysWhenItCannot_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<Fallback>("reason");
    const QByteArray marks = ";LAYER:0\nG1 X1 E1\nG1 X2 E2\n;LAYER:1\nG1 X3 E3\n;LAYER:2\nG1 X4 E4\n;LAYER:3\nG1 X5 E5\n";
    QTest::newRow("marks") << QByteArray("G1 X0 Y0 Z1\n" + marks) << Fallback::None;
    QTest::newRow("no marks") << QByteArray("G1 X0 Y0 Z1\nG1 X1 E1\n") << Fallback::NoMarks;
    QTest::newRow("few marks of nobody") << QByteArray("G1 X0 Y0 Z1\n" + marks.left(marks.indexOf(";LAYER:2"))) << Fallback::NoMarks;
    QTest::newRow("a number twice") << QByteArray("G1 X0 Y0 Z1\n;LAYER:0\n" + marks) << Fallback::NoMarks;
    QTest::newRow("one mark") << QByteArray(";LAYER:0\nG1 X0 Y0 Z1\nG1 X1 E1\n") << Fallback::NoMarks;
    QTest::newRow("absolute after relative E") << QByteArray("M83\nG1 X0 Y0 Z1 E1\nM82\n" + marks) << Fallback::ExtruderUnknown;
    const QByteArray longest(static_cast<int>(Scanner::maxText), 'x');
    QTest::newRow("a line at the limit") << QByteArray(";" + longest.mid(1) + "\nG1 Z1\n" + marks) << Fallback::None;
    QTest::newRow("a line beyond it") << QByteArray("G1 Z1\n;" + longest + "\n" + marks) << Fallback::LongLine;
    QTest::newRow("nothing but rubbish") << QByteArray("\0abc;\0", 6).repeated(1000) << Fallback::NotGcode;
}

void TestQuickScan::saysWhenItCannot()
{
    QFETCH(QByteArray, text);
    QFETCH(Fallback, reason);
    const auto quick = quickScan(MemorySource(text.toStdString()), Dialect::Marlin);
    QVERIFY(quick);
    QCOMPARE(quick->fallback, reason);
    QCOMPARE(quick->index.layers.empty(), reason != Fallback::None);
    if (reason != Fallback::NotGcode)
        QCOMPARE(difference(text.toStdString(), Dialect::Marlin), QString());
}

namespace {

/// What a change log should hold, read from the states before and after every line.
std::vector<std::pair<ByteOffset, StateChange::Kind>> expectedChanges(const std::string& text, Dialect dialect)
{
    using Kind = StateChange::Kind;
    std::vector<std::pair<ByteOffset, Kind>> changes;
    MachineState state;
    Scanner scanner;
    const Scanner::Sink sink = [&](const Line& line) {
        const MachineState before = state;
        apply(state, parseCommand(line.text), dialect);
        const auto add = [&](bool isOther, Kind kind) {
            if (isOther)
                changes.emplace_back(line.begin, kind);
        };
        const auto addAll = [&](const auto& old, const auto& now, Kind kind) {
            for (const auto& [key, value] : now)
                add(!old.contains(key) || old.at(key) != value, kind);
        };
        add(state.tool != before.tool, Kind::Tool);
        add(state.bed != before.bed, Kind::Bed);
        add(state.chamber != before.chamber, Kind::Chamber);
        add(state.speedPercent != before.speedPercent, Kind::Speed);
        add(state.absoluteXyz != before.absoluteXyz, Kind::Positioning);
        add(state.eIsAbsolute(dialect) != before.eIsAbsolute(dialect), Kind::ExtruderMode);
        add(state.inch != before.inch, Kind::Units);
        addAll(before.hotend, state.hotend, Kind::Hotend);
        addAll(before.flowPercent, state.flowPercent, Kind::Flow);
        addAll(before.fans, state.fans, Kind::Fan);
        addAll(before.heaters, state.heaters, Kind::Heater);
        addAll(before.pressureAdvance, state.pressureAdvance, Kind::PressureAdvance);
        addAll(before.gcodeOffset, state.gcodeOffset, Kind::Offset);
        add(state.object != before.object, Kind::Object);
        add(state.mesh != before.mesh, Kind::Mesh);
    };
    scanner.feed(std::as_bytes(std::span(text)), sink);
    scanner.finish(sink);
    return changes;
}

} // namespace

void TestQuickScan::changesAreThoseOfTheStates()
{
    std::vector<std::string> texts;
    for (const QString& path : smallFiles())
        texts.push_back(contents(path));
    for (std::uint64_t seed = 1; seed <= 60; ++seed)
        texts.push_back(composed(seed, dialects[seed % dialects.size()], 800));
    std::size_t seen = 0;
    for (std::size_t at = 0; at < texts.size(); ++at) {
        const Dialect dialect = dialects[at % dialects.size()];
        const auto quick = quickScan(MemorySource(texts[at]), dialect);
        QVERIFY(quick);
        if (quick->fallback != Fallback::None && quick->fallback != Fallback::NoMarks)
            continue;
        std::vector<std::pair<ByteOffset, StateChange::Kind>> changes;
        for (const StateChange& change : quick->changes)
            changes.emplace_back(change.byte, change.kind);
        QVERIFY(!quick->changesCut);
        QVERIFY2(changes == expectedChanges(texts[at], dialect), qPrintable(QString::number(at)));
        seen += changes.size();
    }
    QVERIFY(seen > 1000);
    const auto quick = quickScan(MemorySource("T1\nM104 S210\nG1 X1\nM106 S128\nM104 S210\nSET_PRESSURE_ADVANCE ADVANCE=0.05\n"), Dialect::Klipper);
    QVERIFY(quick);
    QCOMPARE(quick->changes.size(), std::size_t{4});
    const StateChange& hotend = quick->changes[1];
    QCOMPARE(hotend.kind, StateChange::Kind::Hotend);
    QCOMPARE(quick->names[hotend.name], std::string("1"));
    QCOMPARE(hotend.value, 210.0);
    QCOMPARE(hotend.line, std::uint64_t{2});
    QCOMPARE(quick->names[quick->changes[3].name], std::string("extruder1"));
}

void TestQuickScan::layersComeWhileItReads()
{
    std::string text = "; generated by PrusaSlicer 2.5.0\nM83\n";
    for (int layer = 0; layer < 400; ++layer) {
        text += ";LAYER_CHANGE\n;Z:" + std::to_string(layer + 1) + "\n;HEIGHT:1\n";
        for (int move = 0; move < 200; ++move)
            text += "G1 X" + std::to_string(move) + " Y1 E.1\n";
    }
    std::vector<FileIndex> seen;
    std::vector<double> fractions;
    const auto quick = quickScan(MemorySource(text), Dialect::Marlin, {
        .progress = [&](double fraction) { fractions.push_back(fraction); return true; },
        .partial = [&](const FileIndex& index) { seen.push_back(index); },
        .scan = {}});
    QVERIFY(quick);
    QVERIFY(!seen.empty());
    QVERIFY(seen.front().size < text.size() / 2); // the first picture comes early
    for (const FileIndex& part : seen) {
        QVERIFY(part.layers.size() >= 2 && part.layers.size() <= quick->index.layers.size());
        QCOMPARE(part.layers.back().end, part.size);
        for (std::size_t at = 0; at + 1 < part.layers.size(); ++at)
            QCOMPARE(layerText(part.layers[at]), layerText(quick->index.layers[at]));
    }
    QVERIFY(std::ranges::is_sorted(fractions) && fractions.back() <= 1.0 && fractions.size() > 2);
}

void TestQuickScan::cancelAndShortFile()
{
    const std::string text = "G1 X1 Y1\n" + std::string(700'000, ' ') + "\n";
    const auto cancelled = quickScan(MemorySource(text), Dialect::Marlin, {.progress = [](double) { return false; }, .partial = {}, .scan = {}});
    QCOMPARE(cancelled.error().code, ErrorCode::Cancelled);

    /// Says it is longer than it is.
    class Shrinking final : public Source
    {
    public:
        explicit Shrinking(std::string text) : m_inner(std::move(text)) {}
        Result<std::uint64_t> size() const override { return std::uint64_t{2'000'000}; }
        Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const override { return m_inner.read(offset, bytes); }
        Result<FileStamp> stamp() const override { return FileStamp{.size = 2'000'000}; }
        std::string name() const override { return "shrinking"; }

    private:
        MemorySource m_inner;
    };
    const auto shrunk = quickScan(Shrinking(text), Dialect::Marlin);
    QCOMPARE(shrunk.error().code, ErrorCode::FileChanged);
    QVERIFY(shrunk.error().byte.has_value());
}

QTEST_GUILESS_MAIN(TestQuickScan)
#include "tst_quickscan.moc"
