// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "gcode/filefacts.h"
#include "recovery/plrmarkers.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using namespace Qt::StringLiterals;
using Kind = PlrFinding::Kind;

namespace {

const std::string setup(gcode::plrSetupMarker);
const std::string print(gcode::plrPrintMarker);
const std::string hook = std::string(gcode::plrLayerHook);

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

gcode::FileIndex indexOf(const std::string& text)
{
    const auto index = gcode::buildIndex(gcode::MemorySource(text), gcode::Dialect::Klipper);
    return index ? *index : gcode::FileIndex();
}

const PlrFinding* findingOf(const PlrReport& report, Kind kind)
{
    const auto found = std::ranges::find(report.findings, kind, &PlrFinding::kind);
    return found == report.findings.end() ? nullptr : &*found;
}

/// klipper-plr's own reading of a file (klipper.md 6): would it find its setup marker, and in which line?
std::optional<std::size_t> pluginFinds(const std::string& text)
{
    bool inBlock = false, executable = false;
    const auto lines = QString::fromLatin1(text).split(QRegularExpression(u"\r\n|\r|\n"_s));
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const QString line = lines[i].trimmed();
        if (line.contains(u"; EXECUTABLE_BLOCK_START"_s) || line.contains(u"; EXECUTABLE_BLOCK_END"_s)) {
            executable = line.contains(u"_START"_s);
            continue;
        }
        if (!executable) {
            const bool comment = line.startsWith(u';');
            if (inBlock ? comment : comment && !line.startsWith(u";;"_s)) {
                inBlock = true;
                continue;
            }
            inBlock = false;
        }
        if (line.contains(QString::fromStdString(setup)))
            return static_cast<std::size_t>(i) + 1;
    }
    return std::nullopt;
}

std::string onOneLine(const Message& message)
{
    return english(message);
}

/// The copy without the lines that were added to it.
std::string withoutAdded(const std::string& copy, const std::string& lineEnd, bool hadEnable)
{
    std::string result;
    for (std::size_t at = 0; at < copy.size();) {
        const auto end = copy.find(lineEnd, at);
        const auto next = end == copy.npos ? copy.size() : end + lineEnd.size();
        const std::string line = copy.substr(at, (end == copy.npos ? copy.size() : end) - at);
        if (line != setup && line != print && !line.starts_with(hook) && (hadEnable || line != "PLR_ENABLE"))
            result += copy.substr(at, next - at);
        at = next;
    }
    return result;
}

std::string box(const std::string& start, int layers = 3, const std::string& eol = "\n")
{
    std::string text = start;
    for (int layer = 0; layer < layers; ++layer) {
        const std::string z = decimal(0.2 * (layer + 1));
        text += ";LAYER_CHANGE" + eol + ";Z:" + z + eol + ";HEIGHT:0.2" + eol + "G1 Z" + z + " F600" + eol + "G1 X10 Y10 F6000" + eol
            + ";TYPE:Perimeter" + eol + "G1 X30 Y10 E1" + eol + "G1 X30 Y30 E1" + eol + "G1 X10 Y10 E1.4" + eol;
    }
    return text;
}

} // namespace

class TestPlrMarkers : public QObject
{
    Q_OBJECT
private slots:
    void reports_data();
    void reports();
    void findingsNameTheLine();
    void markersOfRecordedFile();
    void sameInTwoParts();
    void textsOfSlicers();
    void preparedCopies_data();
    void preparedCopies();
    void copyOfFixtures_data();
    void copyOfFixtures();
    void hooksBelongToLayers();
    void halfPrepared();
    void refusals();
    void cancelLeavesNothing();

private:
    QTemporaryDir m_folder;
    Result<std::string> prepare(const std::string& text, const char* name);
};

Result<std::string> TestPlrMarkers::prepare(const std::string& text, const char* name)
{
    const QString path = m_folder.filePath(QString::fromLatin1(name) + u".gcode"_s);
    QFile::remove(path);
    const gcode::MemorySource source(text);
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    if (!index)
        return fail(index.error());
    if (auto done = writePreparedCopy(source, *index, path.toStdString()); !done)
        return fail(done.error());
    return contents(path).toStdString();
}

void TestPlrMarkers::reports_data()
{
    QTest::addColumn<QByteArray>("start");
    QTest::addColumn<bool>("usable");
    QTest::addColumn<QByteArray>("bad"); ///< letters of the findings that are not good, in the order of the report
    const auto row = [](const char* name, const std::string& start, bool usable, const char* bad) {
        QTest::newRow(name) << QByteArray::fromStdString(start) << usable << QByteArray(bad);
    };
    const std::string both = setup + '\n' + print + '\n';
    row("nothing", "G28\n", false, "setup print hook ");
    row("both after a command", "G28\n" + both, true, "hook ");
    row("with hook", "G28\n" + both + hook + " LAYER=0\n", true, "");
    row("setup alone", "G28\n" + setup + "\n", false, "print hook ");
    row("print alone", "G28\n" + print + "\n", false, "setup hook ");
    row("wrong order", "G28\n" + print + "\nG90\n" + setup + "\n", false, "order hook ");
    row("a second print marker mends the order", "G28\n" + print + "\nG90\n" + both, true, "hook ");
    row("after ;TYPE:Custom", ";TYPE:Custom\n" + both, false, "setup-swallowed print-swallowed hook ");
    row("blank line between", ";TYPE:Custom\n\n" + both, true, "hook ");
    row("the block goes on through ;;", ";TYPE:Custom\n;; a line\n" + both, false, "setup-swallowed print-swallowed hook ");
    row("after ;; alone", "G28\n;; a line\n" + both, true, "hook ");
    row("print alone swallowed", "G28\n" + setup + "\n; remark\n" + print + "\n", false, "print-swallowed hook ");
    row("found again further down", ";TYPE:Custom\n" + setup + "\nG28\n" + both, true, "hook ");
    row("indented comment swallows too", "G28\n  ; remark\n" + both, false, "setup-swallowed print-swallowed hook ");
    row("behind a command", "; remark\nG28 " + setup + "\nG90 " + print + "\n", true, "hook ");
    row("executable block", "; EXECUTABLE_BLOCK_START\n; remark\n" + both, true, "hook ");
    row("executable block over", "; EXECUTABLE_BLOCK_START\nG28\n; EXECUTABLE_BLOCK_END\n" + both, false, "setup-swallowed print-swallowed hook ");
    row("in a config block", "; start_gcode = G28\\n" + setup + "\\n" + print + "\nG28\n", false, "print setup-swallowed hook ");
    row("only in the macro", "START_PRINT EXTRUDER=210 BED=60\n", false, "setup print hook macro ");
    row("lower case macro", "print_start extruder=210 bed=60\n", false, "setup print hook macro ");
}

void TestPlrMarkers::reports()
{
    QFETCH(QByteArray, start);
    QFETCH(bool, usable);
    QFETCH(QByteArray, bad);
    const std::string text = box(start.toStdString());
    const PlrReport report = plrReport(indexOf(text));
    const QMap<Kind, QByteArray> names{{Kind::SetupMarker, "setup "}, {Kind::PrintMarker, "print "}, {Kind::Order, "order "},
        {Kind::SetupSwallowed, "setup-swallowed "}, {Kind::PrintSwallowed, "print-swallowed "}, {Kind::LayerHook, "hook "}, {Kind::OnlyInMacro, "macro "}};
    QByteArray found;
    for (const PlrFinding& finding : report.findings) {
        if (!finding.good)
            found += names[finding.kind];
        QVERIFY(!onOneLine(finding.text).empty());
    }
    QCOMPARE(found, bad);
    QCOMPARE(report.usable, usable);
    QCOMPARE(report.savesOnLayers, !bad.contains("hook"));
    if (usable)
        QCOMPARE(pluginFinds(text), findingOf(report, Kind::SetupMarker)->line);
}

void TestPlrMarkers::findingsNameTheLine()
{
    const PlrReport report = plrReport(indexOf(box("G28\n" + setup + "\nG90\nM140 S60\n" + print + "\nG92 E0\n" + hook + " LAYER=0\n")));
    QVERIFY(report.usable);
    QCOMPARE(findingOf(report, Kind::SetupMarker)->line, std::optional<std::uint64_t>(2));
    QCOMPARE(findingOf(report, Kind::PrintMarker)->line, std::optional<std::uint64_t>(5));
    QCOMPARE(findingOf(report, Kind::LayerHook)->line, std::optional<std::uint64_t>(7));
    QVERIFY(onOneLine(findingOf(report, Kind::LayerHook)->text).find("1 times in 3 layers") != std::string::npos);
    const PlrReport macro = plrReport(indexOf(box("G21\nSTART_PRINT EXTRUDER=210\n")));
    QCOMPARE(findingOf(macro, Kind::OnlyInMacro)->line, std::optional<std::uint64_t>(2));
    QVERIFY(onOneLine(findingOf(macro, Kind::OnlyInMacro)->text).find("START_PRINT") != std::string::npos);
}

void TestPlrMarkers::markersOfRecordedFile()
{
    const std::string text = contents(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.gcode")).toStdString();
    const auto index = indexOf(text);
    const PlrReport report = plrReport(index);
    QVERIFY(report.usable && report.savesOnLayers);
    QVERIFY(std::ranges::all_of(report.findings, &PlrFinding::good));
    QCOMPARE(*index.plr.setup, text.find(setup));
    QCOMPARE(*index.plr.print, text.find(print));
    QCOMPARE(index.plr.layerHooks, index.layers.size());
    QVERIFY(index.plr.enabled);
    QCOMPARE(pluginFinds(text), findingOf(report, Kind::SetupMarker)->line);
}

void TestPlrMarkers::sameInTwoParts()
{
    // Wherever a file is cut between two lines, the two halves joined say what the whole says.
    const std::string text = box(";TYPE:Custom\n" + setup + "\n;; more\n" + print + "\nG28\n; EXECUTABLE_BLOCK_START\n; x\n" + setup + "\n" + print
        + "\nSTART_PRINT BED=60\n" + hook + " LAYER=1\n");
    std::vector<gcode::Line> lines;
    gcode::Scanner scanner;
    const gcode::Scanner::Sink keep = [&](const gcode::Line& line) {
        lines.push_back(line);
        lines.back().text = std::string_view(text).substr(line.begin, line.text.size());
    };
    scanner.feed(std::as_bytes(std::span(text)), keep);
    scanner.finish(keep);
    const auto gather = [&lines](gcode::FileFacts& facts, std::size_t from, std::size_t to) {
        for (std::size_t at = from; at < to; ++at) {
            gcode::Line line = lines[at];
            line.number -= from;
            const gcode::Command command = gcode::parseCommand(line.text);
            if (command.hasComment)
                facts.comment(line, command.comment);
            if (command.kind == gcode::Command::Kind::Extended)
                facts.extended(line, command);
        }
    };
    const auto resolved = [&text](gcode::FileFacts& facts) {
        gcode::FileIndex index;
        index.size = text.size();
        facts.resolve(index, {}, {});
        return index;
    };
    gcode::FileFacts whole;
    gather(whole, 0, lines.size());
    const auto expected = resolved(whole);
    QVERIFY(expected.plr.inOrder);
    QCOMPARE(expected.plr.setupLine, std::optional<std::uint64_t>(8));
    for (std::size_t cut = 0; cut <= lines.size(); ++cut) {
        gcode::FileFacts first, second;
        gather(first, 0, cut);
        gather(second, cut, lines.size());
        first.append(std::move(second), cut);
        const auto index = resolved(first);
        QCOMPARE(index.plr.setup, expected.plr.setup);
        QCOMPARE(index.plr.print, expected.plr.print);
        QCOMPARE(index.plr.setupLine, expected.plr.setupLine);
        QCOMPARE(index.plr.printLine, expected.plr.printLine);
        QCOMPARE(index.plr.hookLine, expected.plr.hookLine);
        QCOMPARE(index.plr.inOrder, expected.plr.inOrder);
        QCOMPARE(index.layers.size(), expected.layers.size());
        QCOMPARE(index.layers.back().z, expected.layers.back().z);
        QCOMPARE(index.startMacros.back().line, expected.startMacros.back().line);
    }
}

void TestPlrMarkers::textsOfSlicers()
{
    const auto texts = plrSlicerTexts();
    for (const auto slicer : {gcode::Slicer::PrusaSlicer, gcode::Slicer::SuperSlicer, gcode::Slicer::OrcaSlicer, gcode::Slicer::Cura}) {
        std::vector<const SlicerText*> own;
        for (const SlicerText& text : texts)
            if (text.slicer == slicer)
                own.push_back(&text);
        QCOMPARE(own.size(), std::size_t{2});
        QVERIFY(!onOneLine(own[0]->place).empty() && onOneLine(own[0]->place) != onOneLine(own[1]->place));
        // Pasted behind any start G-code, even one that ends with a comment, the markers are found.
        QVERIFY(plrReport(indexOf(box("G28\n;TYPE:Custom\n; remark\n" + own[0]->text))).usable);
        QVERIFY(own[1]->text.find(hook) != std::string::npos);
    }
}

void TestPlrMarkers::preparedCopies_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("lineEnd");
    QTest::addColumn<int>("setupLine");
    const auto row = [](const char* name, const std::string& text, int line, const char* eol = "\n") {
        QTest::newRow(name) << QByteArray::fromStdString(text) << QByteArray(eol) << line;
    };
    row("start G-code", box("; generated by PrusaSlicer 2.8\n\nM107\n;TYPE:Custom\nG28\nM109 S210\n; Filament gcode\n"), 8);
    row("start macro", box(";TYPE:Custom\nSTART_PRINT EXTRUDER=210 BED=60\n"), 4);
    row("only comments before", box("; a\n;TYPE:Custom\n"), 4);
    row("nothing before", box(""), 2);
    row("swallowed", box(";TYPE:Custom\n" + setup + "\n" + print + "\nG28\n"), 6);
    row("enabled already", box("G28\nPLR_ENABLE\n"), 3);
    row("CR LF", box(";TYPE:Custom\r\nG28\r\n", 3, "\r\n"), 4, "\r\n");
    row("lone CR", box(";TYPE:Custom\rG28\r", 3, "\r"), 4, "\r");
    row("no last line end", box("G28\n") + "M84", 3);
    row("byte-order mark", "\xEF\xBB\xBF" + box("; a\nG28\n"), 4);
    row("no marks", "G28\nG1 Z.2 F600\nG1 X1 Y1\nG1 X30 E1\nG1 Y30 E1\nG1 Z.4\nG1 X1 E1\nG1 Y1 E1\nG1 Z.6\nG1 X30 E1\nG1 Y30 E1\n", 5);
}

void TestPlrMarkers::preparedCopies()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, lineEnd);
    QFETCH(int, setupLine);
    const std::string original = text.toStdString();
    const auto copy = prepare(original, "copy");
    QVERIFY(copy);
    const PlrReport report = plrReport(indexOf(*copy));
    QVERIFY(report.usable && report.savesOnLayers);
    QCOMPARE(findingOf(report, Kind::SetupMarker)->line, std::optional(static_cast<std::uint64_t>(setupLine)));
    QCOMPARE(pluginFinds(*copy), std::optional(static_cast<std::size_t>(setupLine)));
    const auto before = indexOf(original), after = indexOf(*copy);
    QVERIFY(after.plr.enabled);
    QCOMPARE(after.plr.layerHooks, before.layers.size());
    QCOMPARE(after.layers.size(), before.layers.size());
    QCOMPARE(after.filamentMm, before.filamentMm);
    if (QByteArray(QTest::currentDataTag()) != "swallowed") // there some of the lines were the original's own
        QCOMPARE(withoutAdded(*copy, lineEnd.toStdString(), before.plr.enabled), original);
    // Prepared once, it stays as it is.
    QCOMPARE(prepare(*copy, "again").error().code, ErrorCode::NotSupported);
}

void TestPlrMarkers::copyOfFixtures_data()
{
    QTest::addColumn<QString>("file");
    for (const char* name : {"ps_gear_relE_klipper", "ps_sequential3_absE", "ps_vase_spiral", "ps_cube_absE_marlin2_thumbnails",
             "cura_block_marlin", "slic3r_knot_absE", "derived_plate_crlf_lowercase_nospace", "derived_knot_linenum_checksum"})
        QTest::newRow(name) << QStringLiteral(KINTSUGI_TEST_DATA "/gcode/") + QString::fromLatin1(name) + u".gcode"_s;
}

void TestPlrMarkers::copyOfFixtures()
{
    QFETCH(QString, file);
    const std::string original = contents(file).toStdString();
    const auto copy = prepare(original, "fixture");
    QVERIFY(copy);
    const auto before = indexOf(original), after = indexOf(*copy);
    QVERIFY(plrReport(after).usable);
    QCOMPARE(pluginFinds(*copy), std::optional<std::size_t>(*after.plr.setupLine));
    QCOMPARE(after.plr.layerHooks, before.layers.size());
    QVERIFY(*after.plr.print < after.layers.front().begin);
    QCOMPARE(withoutAdded(*copy, original.find("\r\n") == original.npos ? "\n" : "\r\n", false), original);
}

void TestPlrMarkers::hooksBelongToLayers()
{
    const auto copy = prepare(box("G28\n"), "hooks");
    QVERIFY(copy);
    // After the mark and its notes, which klipper-plr reads together, and before anything moves.
    QVERIFY(copy->find(";LAYER_CHANGE\n;Z:0.4\n;HEIGHT:0.2\n" + hook + " LAYER=1 LAYER_HEIGHT=0.4\nG1 Z0.4") != std::string::npos);
    QVERIFY(copy->find("G28\nPLR_ENABLE\n" + setup + '\n' + print + "\n;LAYER_CHANGE\n;Z:0.2\n;HEIGHT:0.2\n" + hook + " LAYER=0 LAYER_HEIGHT=0.2\n") != std::string::npos);
}

void TestPlrMarkers::halfPrepared()
{
    // A marker that counts already is completed, never doubled: klipper-plr would insert its G-code twice.
    const auto withSetup = prepare(box("G28\n" + setup + "\nM109 S200\n"), "half");
    QVERIFY(withSetup);
    QVERIFY(withSetup->find("G28\n" + setup + '\n' + print + "\nM109") != std::string::npos);
    QCOMPARE(QByteArray::fromStdString(*withSetup).count(setup.c_str()), 1);
    const auto withPrint = prepare(box("G28\n" + print + "\nM109 S200\n"), "half");
    QVERIFY(withPrint);
    QVERIFY(withPrint->find("G28\n" + setup + '\n' + print + "\nM109") != std::string::npos);
    const auto exchanged = prepare(box("G28\n" + print + "\nM140 S60\n" + setup + "\nM109 S200\n"), "half");
    QVERIFY(exchanged && plrReport(indexOf(*exchanged)).usable);
    QCOMPARE(QByteArray::fromStdString(*exchanged).count(setup.c_str()), 1);
    // Markers are there, the hook is not.
    const auto hooked = prepare(box("G28\n" + setup + '\n' + print + '\n'), "half");
    QVERIFY(hooked && indexOf(*hooked).plr.layerHooks == 3);
    QCOMPARE(QByteArray::fromStdString(*hooked).count(";;;;; PLR_RESUME"), 2);
}

void TestPlrMarkers::refusals()
{
    const std::string text = box("G28\n");
    const gcode::MemorySource source(text);
    const auto index = indexOf(text);
    const QString taken = m_folder.filePath(u"taken.gcode"_s);
    {
        QFile file(taken);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("mine");
    }
    QCOMPARE(writePreparedCopy(source, index, taken.toStdString()).error().code, ErrorCode::FileExists);
    QCOMPARE(contents(taken), QByteArray("mine"));
    QCOMPARE(writePreparedCopy(source, index, m_folder.filePath(u"no/such/folder.gcode"_s).toStdString()).error().code, ErrorCode::WriteFailed);

    std::string other = text;
    other.replace(other.find("X30"), 3, "X31");
    const QString target = m_folder.filePath(u"changed.gcode"_s);
    QCOMPARE(writePreparedCopy(gcode::MemorySource(other), index, target.toStdString()).error().code, ErrorCode::FileChanged);
    QVERIFY(!QFile::exists(target));
    QCOMPARE(prepare("G28\nM84\n", "empty").error().code, ErrorCode::NotSupported);
}

void TestPlrMarkers::cancelLeavesNothing()
{
    const std::string text = box("G28\n", 20'000); // several pieces of the reader
    const gcode::MemorySource source(text);
    const auto index = indexOf(text);
    QTemporaryDir folder;
    for (const int allowed : {0, 5, 12}) {
        int calls = 0;
        const auto done = writePreparedCopy(source, index, folder.filePath(u"copy.gcode"_s).toStdString(), [&](double part) {
            return part >= 0 && part <= 1 && calls++ < allowed;
        });
        QCOMPARE(done.error().code, ErrorCode::Cancelled);
        QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList());
    }
}

QTEST_APPLESS_MAIN(TestPlrMarkers)
#include "tst_plrmarkers.moc"
