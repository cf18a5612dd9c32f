// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "gcode/comments.h"
#include "gcode/feature.h"
#include "gcode/filefacts.h"
#include "gcode/startmacro.h"

using namespace kintsugi;
using namespace kintsugi::gcode;
using namespace Qt::StringLiterals;

namespace {

const QString folder = QStringLiteral(KINTSUGI_TEST_DATA "/slicers/");

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

FileIndex indexOf(const QByteArray& text)
{
    const auto index = buildIndex(MemorySource(text.toStdString()), Dialect::Klipper);
    return index ? *index : FileIndex();
}

QString text(std::string_view view)
{
    return QString::fromUtf8(view.data(), static_cast<qsizetype>(view.size()));
}

/// Where a line begins with the text, from there on.
qsizetype lineAt(const QByteArray& file, const QByteArray& begin, qsizetype from)
{
    return file.startsWith(begin) && from == 0 ? 0 : file.indexOf('\n' + begin, std::max<qsizetype>(0, from - 1)) + 1;
}

QString number(const std::optional<double>& value)
{
    return value ? QString::fromStdString(decimal(*value)) : u"-"_s;
}

/// What the index says, in the words of NAME.expected; layers by line of the file.
QStringList foundIn(const QByteArray& file, const FileIndex& index)
{
    QStringList found{u"slicer "_s + text(name(index.slicer))};
    if (!index.slicerLine.empty())
        found += u"signature "_s + text(index.slicerLine);
    found += u"dialect "_s + text(name(index.suggested));
    found += index.layersMarked ? u"marked true"_s : u"marked false"_s;
    for (const Layer& layer : index.layers)
        found += u"layer %1 %2 line %3"_s.arg(number(layer.z), number(layer.height)).arg(file.left(static_cast<qsizetype>(layer.begin)).count('\n') + 1);
    for (const std::string& object : index.objects)
        found += u"object "_s + text(object);
    return found;
}

QStringList inferredIn(const FileIndex& index)
{
    const auto inferred = inferTemperatures(index, index.size);
    QStringList found;
    for (int tool = 0; tool < 8; ++tool)
        if (const auto* const target = inferred.anyHotend && tool > 0 && !inferred.hotend.contains(tool) ? nullptr : inferred.hotendOf(tool))
            found += u"hotend %1 %2 %3"_s.arg(tool).arg(number(target->value), text(target->basis));
    if (inferred.bed)
        found += u"bed %1 %2"_s.arg(number(inferred.bed->value), text(inferred.bed->basis));
    if (inferred.chamber)
        found += u"chamber %1 %2"_s.arg(number(inferred.chamber->value), text(inferred.chamber->basis));
    if (inferred.material)
        found += u"material %1 %2"_s.arg(text(inferred.material->value), text(inferred.material->basis));
    return found;
}

/// z of the layers and the line each begins with, for the traps.
QStringList layersOf(const QByteArray& file)
{
    QStringList found;
    const FileIndex index = indexOf(file);
    for (const Layer& layer : index.layers) {
        const auto begin = static_cast<qsizetype>(layer.begin);
        found += number(layer.z) + u' ' + QString::fromLatin1(file.mid(begin, file.indexOf('\n', begin) - begin));
    }
    return found;
}

const QByteArray square = "G1 X20 Y10 E1\nG1 X20 Y20 E1\nG1 X10 Y20 E1\nG1 X10 Y10 E1\n";

QByteArray at(const char* z)
{
    return "G1 Z" + QByteArray(z) + " F600\n" + square;
}

} // namespace

class TestFileFacts : public QObject
{
    Q_OBJECT
private slots:
    void slicers_data();
    void slicers();
    void slicersInTwoParts_data() { slicers_data(); }
    void slicersInTwoParts();
    void traps_data();
    void traps();
    void thumbnailNames();
    void startMacros_data();
    void startMacros();
    void firstLayerHasItsOwn();
    void macrosAfterTheByteSayNothing();
    void hostileFilesStaySmall();
};

void TestFileFacts::slicers_data()
{
    QTest::addColumn<QString>("name");
    for (const QString& file : QDir(folder).entryList({u"*.gcode"_s}, QDir::Files, QDir::Name))
        QTest::newRow(qPrintable(file)) << file.chopped(6);
    QVERIFY(QFile::exists(folder + u"prusaslicer.expected"_s));
}

void TestFileFacts::slicers()
{
    QFETCH(QString, name);
    const QByteArray file = contents(folder + name + u".gcode"_s);
    const MemorySource source(file.toStdString());
    const FileIndex index = indexOf(file);
    QStringList facts, inferred;
    qsizetype from = 0;
    for (const QString& line : QString::fromUtf8(contents(folder + name + u".expected"_s)).split(u'\n', Qt::SkipEmptyParts)) {
        const QString kind = line.section(u' ', 0, 0);
        if (kind == "skip"_L1) {
            from = lineAt(file, line.section(u' ', 1).toUtf8(), from) + 1;
        } else if (kind == "layer"_L1) {
            const qsizetype begin = lineAt(file, line.section(u' ', 3).toUtf8(), from);
            QVERIFY2(begin > 0, qPrintable(line));
            from = begin + 1;
            facts += line.section(u' ', 0, 2) + u" line %1"_s.arg(file.left(begin).count('\n') + 1);
        } else if (kind == "feature"_L1) {
            const auto place = lineAt(file, line.section(u" @ "_s, 1).toUtf8(), 0);
            QVERIFY2(place > 0, qPrintable(line));
            const auto feature = featureBefore(source, index, static_cast<ByteOffset>(place));
            QVERIFY(feature && *feature);
            QCOMPARE(u"feature "_s + QString::fromStdString(english(featureText((*feature)->feature))), line.section(u" @ "_s, 0, 0));
        } else if (QStringList{u"hotend"_s, u"bed"_s, u"chamber"_s, u"material"_s}.contains(kind)) {
            inferred += line;
        } else {
            facts += line;
        }
    }
    QCOMPARE(foundIn(file, index).join(u'\n'), facts.join(u'\n'));
    QCOMPARE(inferredIn(index).join(u'\n'), inferred.join(u'\n'));
}

void TestFileFacts::slicersInTwoParts()
{
    // Gathered in two halves, wherever they are cut, the facts are the same.
    QFETCH(QString, name);
    const QByteArray file = contents(folder + name + u".gcode"_s);
    const std::string_view all(file.constData(), static_cast<std::size_t>(file.size()));
    std::vector<Line> lines;
    Scanner scanner;
    const Scanner::Sink keep = [&](const Line& line) {
        lines.push_back(line);
        lines.back().text = all.substr(line.begin, line.text.size());
    };
    scanner.feed(std::as_bytes(std::span(all)), keep);
    scanner.finish(keep);
    const auto gather = [&lines](std::size_t from, std::size_t to) {
        FileFacts facts;
        for (std::size_t i = from; i < to; ++i) {
            const Command command = parseCommand(lines[i].text);
            if (command.hasComment)
                facts.comment(lines[i], command.comment);
            if (command.kind == Command::Kind::Extended)
                facts.extended(lines[i], command);
            if (command.is('M', 486))
                facts.label(command);
        }
        return facts;
    };
    const auto resolved = [&](FileFacts& facts) {
        FileIndex index;
        index.size = all.size();
        facts.resolve(index, {}, {});
        return foundIn(file, index) + inferredIn(index);
    };
    FileFacts whole = gather(0, lines.size());
    const QStringList expected = resolved(whole);
    for (std::size_t cut = 0; cut <= lines.size(); cut += 3) {
        FileFacts first = gather(0, cut);
        first.append(gather(cut, lines.size()), 0);
        QCOMPARE(first.marks(), whole.marks());
        QCOMPARE(resolved(first), expected);
    }
}

void TestFileFacts::traps_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QStringList>("layers");
    const QByteArray head = "G90\nM83\nG1 X10 Y10 Z.2 F600\n";
    const QByteArray prusa = "; generated by PrusaSlicer 2.8\n" + head;
    const QByteArray cura = ";Generated with Cura_SteamEngine 5.6\n" + head;
    QTest::newRow("a picture that never ends hides nothing")
        << QByteArray(prusa + "; thumbnail begin 16x16 80\n; AAAA\n;LAYER_CHANGE\n;Z:0.2\n" + at(".2") + ";LAYER_CHANGE\n;Z:0.4\n" + at(".4"))
        << QStringList{u"0.2 ;LAYER_CHANGE"_s, u"0.4 ;LAYER_CHANGE"_s};
    QTest::newRow("a picture that prints is none")
        << QByteArray(prusa + "; thumbnail begin 16x16 80\n;LAYER_CHANGE\n;Z:0.2\n" + at(".2") + ";LAYER_CHANGE\n;Z:0.4\n" + at(".4") + "; thumbnail end\n;LAYER_CHANGE\n;Z:0.6\n" + at(".6"))
        << QStringList{u"0.2 ;LAYER_CHANGE"_s, u"0.4 ;LAYER_CHANGE"_s, u"0.6 ;LAYER_CHANGE"_s};
    QTest::newRow("a picture in the middle of the file")
        << QByteArray(prusa + ";LAYER_CHANGE\n;Z:0.2\n" + at(".2") + "; png begin 300*300 80\n; AAAA\n;LAYER_CHANGE\n; png end\n" + at(".2") + ";LAYER_CHANGE\n;Z:0.4\n" + at(".4"))
        << QStringList{u"0.2 ;LAYER_CHANGE"_s, u"0.4 ;LAYER_CHANGE"_s};
    QTest::newRow("the layer G-code of an old PrusaSlicer")
        << QByteArray("; generated by PrusaSlicer 2.0.0\n" + head + ";LAYER:0\n" + at(".2") + ";LAYER:1\n" + at(".4") + ";LAYER:2\n" + at(".6"))
        << QStringList{u"0.2 ;LAYER:0"_s, u"0.4 ;LAYER:1"_s, u"0.6 ;LAYER:2"_s};
    QTest::newRow("foreign marks that do not follow the height")
        << QByteArray("; generated by PrusaSlicer 2.0.0\n" + head + ";LAYER:0\n" + at(".2") + ";LAYER:1\n" + at(".2") + ";LAYER:2\n" + at(".2") + at(".4") + at(".6"))
        << QStringList{u"0.2 G1 X20 Y10 E1"_s, u"0.4 G1 X20 Y10 E1"_s, u"0.6 G1 X20 Y10 E1"_s};
    QTest::newRow("a remark by hand among real marks")
        << QByteArray(head + ";LAYER:7\n;LAYER_CHANGE\n;Z:0.2\n" + at(".2") + ";LAYER_CHANGE\n;Z:0.4\n" + at(".4"))
        << QStringList{u"0.2 ;LAYER_CHANGE"_s, u"0.4 ;LAYER_CHANGE"_s};
    QTest::newRow("two remarks in a file without marks")
        << QByteArray(head + ";LAYER:0 is the first\n;LAYER:1\n;LAYER:2\n" + at(".2") + at(".4") + at(".6") + at(".8") + at("1") + at("1.2") + at("1.4"))
        << QStringList{u"0.2 G1 X20 Y10 E1"_s, u"0.4 G1 X20 Y10 E1"_s, u"0.6 G1 X20 Y10 E1"_s, u"0.8 G1 X20 Y10 E1"_s, u"1 G1 X20 Y10 E1"_s,
               u"1.2 G1 X20 Y10 E1"_s, u"1.4 G1 X20 Y10 E1"_s};
    QTest::newRow("Cura's first number said twice")
        << QByteArray(cura + ";LAYER:0\nM140 S60\n;LAYER:0\n" + at(".2") + ";LAYER:1\n" + at(".4"))
        << QStringList{u"0.2 ;LAYER:0"_s, u"0.4 ;LAYER:1"_s};
    QTest::newRow("one after another in one layer each")
        << QByteArray(cura + ";LAYER_COUNT:1\n;LAYER:0\n" + at(".2") + "G1 Z5\nG1 X100\n;LAYER_COUNT:1\n;LAYER:0\nG1 Z.2\nG1 X110 E1\n")
        << QStringList{u"0.2 ;LAYER:0"_s, u"0.2 ;LAYER:0"_s};
    QTest::newRow("the count lies") << QByteArray(cura + ";LAYER_COUNT:99999\n;LAYER:0\n" + at(".2") + ";LAYER:1\n" + at(".4"))
                                    << QStringList{u"0.2 ;LAYER:0"_s, u"0.4 ;LAYER:1"_s};
    QTest::newRow("numbers are no order") << QByteArray(cura + ";LAYER_COUNT:2\n;LAYER:-3\n" + at(".3") + ";LAYER:17\n" + at(".5"))
                                          << QStringList{u"0.3 ;LAYER:-3"_s, u"0.5 ;LAYER:17"_s};
    QTest::newRow("end of a layer") << QByteArray("; G-Code generated by Simplify3D(R) Version 4.0.1\n" + head + "; layer 1, Z = 0.200\n" + at(".2") + "; layer end\n; layer 2, Z = 0.400\n" + at(".4") + "; layer end\n")
                                    << QStringList{u"0.2 ; layer 1, Z = 0.200"_s, u"0.4 ; layer 2, Z = 0.400"_s};
    QTest::newRow("support with layers of its own")
        << QByteArray(prusa + ";LAYER_CHANGE\n;Z:0.2\n" + at(".2") + ";LAYER_CHANGE\n;Z:0.3\n;TYPE:Support material\n" + at(".3") + ";LAYER_CHANGE\n;Z:0.4\n" + at(".4"))
        << QStringList{u"0.2 ;LAYER_CHANGE"_s, u"0.3 ;LAYER_CHANGE"_s, u"0.4 ;LAYER_CHANGE"_s};
    QTest::newRow("an offset of Z: the mark's word counts")
        << QByteArray(prusa + ";LAYER_CHANGE\n;Z:0.2\n" + at(".35") + ";LAYER_CHANGE\n;Z:0.4\n" + at(".55")) << QStringList{u"0.2 ;LAYER_CHANGE"_s, u"0.4 ;LAYER_CHANGE"_s};
    QTest::newRow("a height noted too late")
        << QByteArray(prusa + ";LAYER_CHANGE\n" + at(".2") + ";Z:9\n;LAYER_CHANGE\n" + at(".4")) << QStringList{u"0.2 ;LAYER_CHANGE"_s, u"0.4 ;LAYER_CHANGE"_s};
    QTest::newRow("nothing but a message") << QByteArray(head + "M117 ;LAYER_CHANGE\nM118 ; layer 1, Z = 3\n" + at(".2"))
                                           << QStringList{u"0.2 G1 X20 Y10 E1"_s};
    QTest::newRow("arcs only") << QByteArray(prusa + ";LAYER_CHANGE\n;Z:0.2\nG1 Z.2\nG3 X10 Y10 I5 J0 E2\n;LAYER_CHANGE\n;Z:0.4\nG1 Z.4\nG2 X10 Y10 I5 J0 E2\n")
                               << QStringList{u"0.2 ;LAYER_CHANGE"_s, u"0.4 ;LAYER_CHANGE"_s};
}

void TestFileFacts::traps()
{
    QFETCH(QByteArray, file);
    QFETCH(QStringList, layers);
    QCOMPARE(layersOf(file).join(u'\n'), layers.join(u'\n'));
    const FileIndex index = indexOf(file);
    for (std::size_t i = 0; i < index.layers.size(); ++i) {
        QCOMPARE(index.layers[i].index, i);
        QCOMPARE(index.layers[i].end, i + 1 < index.layers.size() ? index.layers[i + 1].begin : index.size);
        QVERIFY(index.layers[i].extrudedMm > 0);
    }
}

void TestFileFacts::thumbnailNames()
{
    for (const char* begin : {" thumbnail begin 160x120 8476", " thumbnail_JPG begin 640x480 1", " thumbnail_QOI begin 16x16 1", " thumbnail_PNG begin 1x1 1",
             " png begin 300*300 4 5 6", "jpg begin 1x1", " THUMBNAIL_BLOCK_START"})
        QCOMPARE(thumbnailNote(begin), std::optional(true));
    for (const char* end : {" thumbnail end", " thumbnail_JPG end", " thumbnail_QOI end ", " png end", " THUMBNAIL_BLOCK_END"})
        QCOMPARE(thumbnailNote(end), std::optional(false));
    for (const char* other : {" thumbnails = 16x16", " thumbnails_format = PNG", "", " png", " begin", " thumbnail", " thumbnail beginning"})
        QCOMPARE(thumbnailNote(other), std::optional<bool>());
}

void TestFileFacts::startMacros_data()
{
    QTest::addColumn<QByteArray>("start");
    QTest::addColumn<QStringList>("inferred");
    const auto row = [](const char* start, const QStringList& inferred) { QTest::newRow(start) << QByteArray(start) << inferred; };
    row("START_PRINT EXTRUDER=210 BED=60", {u"hotend 0 210 START_PRINT EXTRUDER=210"_s, u"bed 60 START_PRINT BED=60"_s});
    row("print_start extruder_temp=245.5 bed_temp=100 chamber_temp=50",
        {u"hotend 0 245.5 print_start EXTRUDER_TEMP=245.5"_s, u"bed 100 print_start BED_TEMP=100"_s, u"chamber 50 print_start CHAMBER_TEMP=50"_s});
    row("PRINT_START HOTEND=\"240\" BED='90' MATERIAL=\"PET G\"",
        {u"hotend 0 240 PRINT_START HOTEND=240"_s, u"bed 90 PRINT_START BED=90"_s, u"material PET G PRINT_START MATERIAL=PET G"_s});
    row("START_PRINT TOOL_TEMP=220 INITIAL_TOOL=2", {u"hotend 2 220 START_PRINT TOOL_TEMP=220"_s});
    row("START_PRINT T0_TEMP=210 T1_TEMP=225", {u"hotend 0 210 START_PRINT T0_TEMP=210"_s, u"hotend 1 225 START_PRINT T1_TEMP=225"_s});
    row("START_PRINT EXTRUDER=210 EXTRUDER1=225", {u"hotend 0 210 START_PRINT EXTRUDER=210"_s, u"hotend 1 225 START_PRINT EXTRUDER1=225"_s});
    row("START_PRINT EXTRUDER_TEMP=210,225 BED_TEMP=60,60",
        {u"hotend 0 210 START_PRINT EXTRUDER_TEMP=210,225"_s, u"hotend 1 225 START_PRINT EXTRUDER_TEMP=210,225"_s, u"bed 60 START_PRINT BED_TEMP=60,60"_s});
    row("START_PRINT FIRST_LAYER_NOZZLE_TEMPERATURE=230 BED_TEMPERATURE_INITIAL_LAYER=70",
        {u"hotend 0 230 START_PRINT FIRST_LAYER_NOZZLE_TEMPERATURE=230"_s, u"bed 70 START_PRINT BED_TEMPERATURE_INITIAL_LAYER=70"_s});
    row("START_PRINT EXTRUDER_TEMP=230 EXTRUDER_OTHER_LAYER_TEMP=220 EXTRUDER_STANDBY_TEMP=150", {u"hotend 0 230 START_PRINT EXTRUDER_TEMP=230"_s});
    row("START_PRINT TOTAL_LAYER=250 SIZE=0_0_120_120 NOZZLE_SIZE=0.4 CHAMBER=0 BED=0", {});
    row("START_PRINT EXTRUDER={first_layer_temperature} BED=hot", {});
    row("START_PRINT EXTRUDER=2100 BED=600", {});
    row("WARM BED=65 TEMP=205", {u"hotend 0 205 WARM TEMP=205"_s, u"bed 65 WARM BED=65"_s});
    row("WARM BED=65 TEMP=205\nSTART_PRINT BED=80", {u"hotend 0 205 WARM TEMP=205"_s, u"bed 80 START_PRINT BED=80"_s});
    row("SET_HEATER_TEMPERATURE HEATER=extruder TARGET=210\n_PURGE TEMP=250\nRESPOND MSG=\"BED=90\"\nM117 BED=70", {});
}

void TestFileFacts::startMacros()
{
    QFETCH(QByteArray, start);
    QFETCH(QStringList, inferred);
    const FileIndex index = indexOf(start + "\nG90\nM83\nG1 X10 Y10 Z.2 F600\n" + square);
    QCOMPARE(inferredIn(index).join(u'\n'), inferred.join(u'\n'));
}

void TestFileFacts::firstLayerHasItsOwn()
{
    const QByteArray file = "; generated by PrusaSlicer 2.8\nG90\nM83\nG1 X10 Y10 Z.2 F600\n;LAYER_CHANGE\n;Z:.2\n" + square + ";LAYER_CHANGE\n;Z:.4\n" + at(".4")
        + "; temperature = 210\n; first_layer_temperature = 220\n; bed_temperature = 0\n; first_layer_bed_temperature = 65\n";
    const FileIndex index = indexOf(file);
    const auto first = inferTemperatures(index, index.layers[0].begin + 20), later = inferTemperatures(index, index.layers[1].begin);
    QCOMPARE(first.hotendOf(0)->value, 220.0);
    QCOMPARE(first.bed->value, 65.0);
    QCOMPARE(later.hotendOf(0)->value, 210.0);
    QCOMPARE(later.hotendOf(0)->basis, "temperature = 210");
    QCOMPARE(later.bed->value, 65.0); // 0 is no target; the first layer's is the nearest that is one
    QVERIFY(!later.hotendOf(1));
}

void TestFileFacts::macrosAfterTheByteSayNothing()
{
    const QByteArray file = "G28\nSTART_PRINT EXTRUDER=210\nG90\nM83\nG1 X10 Y10 Z.2 F600\n" + square + "CHANGE_TEMP TEMP=250\n" + square;
    const FileIndex index = indexOf(file);
    QVERIFY(!inferTemperatures(index, 3).hotendOf(0));
    QCOMPARE(inferTemperatures(index, index.size).hotendOf(0)->value, 210.0);
    QCOMPARE(index.startMacros.size(), std::size_t{1}); // what comes after the first plastic starts nothing
}

void TestFileFacts::hostileFilesStaySmall()
{
    QByteArray file = "G90\nM83\nG1 X10 Y10 Z.2 F600\n" + square;
    for (int i = 0; i < 20'000; ++i)
        file += "; temperature = 1\n; thumbnail begin 1x1 1\nSTART_" + QByteArray::number(i) + " A=1\n;SETTING_3 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n;MESH:" + QByteArray::number(i) + "\n";
    const FileIndex index = indexOf(file);
    QVERIFY(index.settings.size() <= 1024);
    QVERIFY(index.startMacros.size() <= 64);
    QVERIFY(index.objects.size() <= 4096);
    QCOMPARE(index.layers.size(), std::size_t{1});
}

QTEST_APPLESS_MAIN(TestFileFacts)
#include "tst_filefacts.moc"
