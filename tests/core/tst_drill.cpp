// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>
#include <map>
#include <sstream>

#include "recovery/drill.h"
#include "recovery/touchspots.h"
#include "recovery/zuncertainty.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

namespace {

struct Line {
    std::string type;
    double x0, y0, x1, y1, z, e;
    std::size_t at; // byte
};

/// Reads the file with nothing of ours: relative E, absolute X Y Z, one command a line.
std::vector<Line> linesOf(const std::string& text)
{
    std::vector<Line> lines;
    std::istringstream stream(text);
    std::string row, type;
    double x = 0, y = 0, z = 0;
    for (std::size_t at = 0; std::getline(stream, row); at += row.size() + 1) {
        if (row.rfind(";TYPE:", 0) == 0)
            type = row.substr(6);
        if (row.rfind("G1 ", 0) != 0)
            continue;
        double nx = x, ny = y, e = 0;
        std::istringstream words(row.substr(3));
        for (std::string word; words >> word;) {
            const double value = std::stod(word.substr(1));
            (word[0] == 'X' ? nx : word[0] == 'Y' ? ny : word[0] == 'Z' ? z : word[0] == 'E' ? e : x) = word[0] == 'F' ? x : value;
        }
        if (e > 0 && (nx != x || ny != y))
            lines.push_back({type, x, y, nx, ny, z, e, at});
        x = nx;
        y = ny;
    }
    return lines;
}

/// Tips of the teeth of a wall at a height, by their place along it: how far they stand out of it.
std::map<double, double> tips(const std::vector<Line>& lines, double z, bool front)
{
    std::map<double, double> points;
    for (const Line& line : lines) {
        if (line.type != "External perimeter" || std::abs(line.z - z) > 0.001)
            continue;
        const double along = front ? line.x1 : line.y1, out = front ? line.y1 : line.x1;
        if (front ? out > 117.5 - 19 : out < 117.5 + 14)
            continue;
        points[along] = out;
    }
    std::map<double, double> found;
    const double surface = front ? 117.5 - 20 + 0.225 : 117.5 + 15 - 0.225; // the middle of the outermost line of 0.45 mm
    for (const auto& [along, out] : points) {
        const double height = front ? surface - out : out - surface;
        if (height > 0.1)
            found[along] = height;
    }
    return found;
}

} // namespace

class TestDrill : public QObject
{
    Q_OBJECT
private slots:
    void isPrintable_data();
    void isPrintable();
    void isFilledAsItsVolumeAsks();
    void combsTellTheShift_data();
    void combsTellTheShift();
    void stopsWithinTheSmoothLayer();
    void theDeckCanBeTouchedAtThreePlaces();
    void badPartsAreRefused_data();
    void badPartsAreRefused();
    void ownStartLines_data();
    void ownStartLines();
    void tellsItsMeasuresInItsHead();
    void readings_data();
    void readings();
    void aWholeLayerIsSaid();
};

void TestDrill::isPrintable_data()
{
    QTest::addColumn<int>("dialect");
    QTest::addColumn<double>("nozzle");
    QTest::addColumn<double>("layer");
    using gcode::Dialect;
    const auto row = [](Dialect dialect, double nozzle, double layer) {
        QTest::addRow("%s, nozzle %g, layer %g", std::string(gcode::name(dialect)).c_str(), nozzle, layer) << int(dialect) << nozzle << layer;
    };
    for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware, Dialect::Marlin1})
        row(dialect, 0.4, 0.2);
    row(Dialect::Klipper, 0.2, 0.1);
    row(Dialect::Klipper, 0.6, 0.3);
    row(Dialect::Klipper, 0.6, 0.45);
    row(Dialect::Klipper, 0.25, 0.05);
}

void TestDrill::isPrintable()
{
    QFETCH(int, dialect);
    QFETCH(double, nozzle);
    QFETCH(double, layer);
    drill::Part part = drill::partFor({}, static_cast<gcode::Dialect>(dialect), layer);
    part.nozzle = nozzle;
    const auto file = drill::make(part);
    QVERIFY2(file, file ? "" : english(file.error().reason).c_str());
    QCOMPARE(file->index.layers.size(), part.layers);
    QVERIFY(std::abs(part.ledge() - 4) <= layer / 2 + 1e-9);
    for (const Line& line : linesOf(file->text)) {
        const bool inside = line.x1 > 95 && line.x1 < 140 && line.y1 > 90 && line.y1 < 145 && line.z > 0 && line.z < part.height() + 1e-6;
        QVERIFY2(inside, qPrintable(QString::number(line.at)));
    }
    QVERIFY(file->index.seconds > 120 && file->index.seconds < 3 * 3600);
}

void TestDrill::isFilledAsItsVolumeAsks()
{
    const drill::Part part;
    const auto file = drill::make(part);
    QVERIFY(file);
    double deck = 0, seam = 0;
    for (const Line& line : linesOf(file->text)) {
        const double volume = line.e * 3.14159265 / 4 * part.filament * part.filament;
        if (std::abs(line.z - part.ledge()) < 0.001)
            deck += volume;
        else if (std::abs(line.z - part.ledge() - part.layerHeight) < 0.001)
            seam += volume;
    }
    const double deckWanted = 30 * 40 * part.layerHeight, seamWanted = 30 * 30 * part.layerHeight;
    QVERIFY2(std::abs(deck / deckWanted - 1) < 0.06, qPrintable(QString::number(deck / deckWanted)));
    QVERIFY2(std::abs(seam / seamWanted - 1) < 0.06, qPrintable(QString::number(seam / seamWanted)));
}

void TestDrill::combsTellTheShift_data()
{
    QTest::addColumn<double>("shift");
    for (const double shift : {0.0, 0.04, 0.1, 0.15, -0.15, 0.33, -0.42, 0.6, -0.6})
        QTest::addRow("%g mm", shift) << shift;
}

/// Moves what is above the seam, and looks which teeth are in line.
void TestDrill::combsTellTheShift()
{
    QFETCH(double, shift);
    const drill::Part part;
    const auto file = drill::make(part);
    QVERIFY(file);
    const auto lines = linesOf(file->text);
    for (const bool front : {true, false}) {
        const auto below = tips(lines, part.ledge(), front), above = tips(lines, part.ledge() + 2 * part.layerHeight, front);
        QCOMPARE(below.size(), std::size_t{2 * drill::teeth + 1});
        QCOMPARE(above.size(), below.size());
        QVERIFY(tips(lines, part.ledge() + part.layerHeight, front).empty());
        double best = 1e9, second = 1e9;
        int tooth = 0, next = 0, k = -drill::teeth, longest = 0;
        double reach = 0;
        for (auto a = below.begin(), b = above.begin(); a != below.end(); ++a, ++b, ++k) {
            if (a->second > reach) {
                reach = a->second;
                longest = k;
            }
            const double apart = std::abs(b->first + shift - a->first);
            if (apart < best) {
                second = best;
                next = tooth;
                best = apart;
                tooth = k;
            } else if (apart < second) {
                second = apart;
                next = k;
            }
        }
        QCOMPARE(longest, 0); // the long one stands in the middle
        drill::Reading reading{0, 0, part.ledge(), part.height()};
        (front ? reading.xTooth : reading.yTooth) = second - best < 0.05 ? (tooth + next) / 2.0 : tooth;
        const auto seam = drill::read(reading, part);
        QVERIFY(seam);
        const double told = front ? seam->x : seam->y;
        QVERIFY2(std::abs(told - shift) <= drill::toothResolution + 1e-6, qPrintable(QString::number(told)));
    }
}

void TestDrill::stopsWithinTheSmoothLayer()
{
    const drill::Part part;
    const auto file = drill::make(part);
    QVERIFY(file);
    QVERIFY(file->stopFrom < file->stopAt && file->stopAt < file->stopTo);
    const gcode::MemorySource source(file->text);
    const auto located = gcode::locate(source, file->index, file->stopAt);
    QVERIFY(located);
    QCOMPARE(located->state.hotend.at(0), 210.0);
    QCOMPARE(located->state.bed, std::optional(60.0));
    QCOMPARE(located->state.fans.at("0"), 255.0);
    QCOMPARE(*located->state.position[2], gcode::Nanometres{4'200'000});
    const double y = static_cast<double>(*located->state.position[1]) / 1e6;
    QVERIFY2(std::abs(y - (117.5 - 20 + 15)) < 0.6, qPrintable(QString::number(y)));
    double before = 0, after = 0; // s at 40 mm/s: a person must have time to pull a plug
    for (const Line& line : linesOf(file->text)) {
        if (line.at >= file->stopFrom && line.at < file->stopTo)
            (line.at < file->stopAt ? before : after) += std::hypot(line.x1 - line.x0, line.y1 - line.y0) / 40;
    }
    QVERIFY2(before > 12 && after > 12, qPrintable(QString::number(before) + u' ' + QString::number(after)));
    const auto stop = drill::stopOf(file->text);
    QVERIFY(stop);
    QCOMPARE(stop->at, file->stopAt);
    QCOMPARE(stop->from, file->stopFrom);
    QCOMPARE(stop->to, file->stopTo);
    QVERIFY(!drill::stopOf("G28\nG1 X1\n"));
}

void TestDrill::theDeckCanBeTouchedAtThreePlaces()
{
    const drill::Part part;
    const auto file = drill::make(part);
    QVERIFY(file);
    const gcode::MemorySource source(file->text);
    const auto surely = buildHeightMap(source, file->index, file->stopAt - 400), possibly = buildHeightMap(source, file->index, file->stopAt + 400);
    QVERIFY(surely && possibly);
    const std::array<double, 2> at{117.5, 117.5 - 5};
    const std::vector<touch::Box> stops{{103, at[1] - 2, 132, at[1] + 2}};
    const auto spots = touch::findSpots(*surely, *possibly, stops, at, 3);
    QVERIFY2(spots, spots ? "" : spots.error().detail.c_str());
    QCOMPARE(spots->size(), std::size_t{3});
    for (const touch::Spot& spot : *spots)
        // on the deck, or on the rows of the seam that were surely printed in front of the stop
        QVERIFY2(std::abs(spot.top - part.ledge() - (spot.y < at[1] ? part.layerHeight : 0)) < 0.02, qPrintable(QString::number(spot.top)));
}

void TestDrill::badPartsAreRefused_data()
{
    QTest::addColumn<QString>("field");
    QTest::addColumn<double>("value");
    QTest::addColumn<bool>("good");
    const auto row = [](const char* field, double value, bool good) { QTest::addRow("%s %g", field, value) << QString::fromLatin1(field) << value << good; };
    row("nozzle", 0.19, false);
    row("nozzle", 0.61, false);
    row("layer_height", 0.3, true);
    row("layer_height", 0.301, false);
    row("layer_height", 0.04, false);
    row("layer_height", std::nan(""), false);
    row("temperature.nozzle", 149, false);
    row("temperature.nozzle", 351, false);
    row("place.X", 19.5, true);
    row("place.X", 19.3, false);
    row("place.X", 235 - 19.3, false);
    row("place.Y", 24.5, true);
    row("place.Y", 24.3, false);
    row("place.Y", std::nan(""), false);
    row("place.Z", 8, true);
    row("place.Z", 7.9, false);
    row("below", 7, false);
    row("layers", 401, false);
}

void TestDrill::badPartsAreRefused()
{
    QFETCH(QString, field);
    QFETCH(double, value);
    QFETCH(bool, good);
    drill::Part part;
    if (field == u"nozzle")
        part.nozzle = value;
    else if (field == u"layer_height")
        part.layerHeight = value;
    else if (field == u"temperature.nozzle")
        part.nozzleTemperature = value;
    else if (field == u"place.X")
        part.place[0] = value;
    else if (field == u"place.Y")
        part.place[1] = value;
    else if (field == u"place.Z")
        part.maximum[2] = value;
    else if (field == u"below")
        part.below = static_cast<std::size_t>(value);
    else
        part.layers = part.below + static_cast<std::size_t>(value);
    const auto checked = drill::check(part);
    QCOMPARE(checked.has_value(), good);
    if (!good) {
        QCOMPARE(QString::fromStdString(checked.error().field), field);
        QVERIFY(!drill::make(part));
    }
}

void TestDrill::ownStartLines_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<bool>("good");
    QTest::newRow("a macro") << "PRINT_START EXTRUDER=210 BED=60" << true;
    QTest::newRow("shifted coordinates") << "G92 X10" << false;
    QTest::newRow("a layer mark of its own") << ";LAYER_CHANGE" << false;
    QTest::newRow("two lines") << "G28\nM112" << false;
}

void TestDrill::ownStartLines()
{
    QFETCH(QString, line);
    QFETCH(bool, good);
    drill::Part part;
    part.start = {"G28", line.toStdString()};
    const auto file = drill::make(part);
    QCOMPARE(file.has_value(), good);
    if (good)
        QVERIFY(file->text.find("\nPRINT_START EXTRUDER=210 BED=60\nM190 S60\nM109 S210\n") != std::string::npos);
}

void TestDrill::tellsItsMeasuresInItsHead()
{
    drill::Part part = drill::partFor({}, gcode::Dialect::Marlin, 0.3);
    part.nozzle = 0.6;
    const auto file = drill::make(part);
    QVERIFY(file);
    const auto told = drill::partOf(file->text);
    QVERIFY(told);
    QCOMPARE(told->ledge(), part.ledge());
    QCOMPARE(told->height(), part.height());
    QVERIFY(!drill::partOf("; KINTSUGI DRILL nozzle=0.4 layer_height=0.2 below=99999999999 layers=3"));
    QVERIFY(!drill::partOf("; generated by a slicer"));
}

void TestDrill::readings_data()
{
    QTest::addColumn<double>("xTooth");
    QTest::addColumn<double>("yTooth");
    QTest::addColumn<double>("ledge");
    QTest::addColumn<double>("height");
    QTest::addColumn<QString>("refused");
    QTest::addColumn<double>("z");
    const auto row = [](const char* what, double x, double y, double ledge, double height, const char* refused, double z) {
        QTest::newRow(what) << x << y << ledge << height << QString::fromLatin1(refused) << z;
    };
    row("perfect", 0, 0, 4, 8, "", 0);
    row("squashed by a low first layer", 0, 0, 3.9, 7.9, "", 0);
    row("a gap", 1.5, -2, 3.95, 8.02, "", 0.07);
    row("pressed in", 0, 0, 4.05, 7.93, "", -0.12);
    row("the last tooth", 6, -6, 4, 8, "", 0);
    row("beyond the last tooth", 6.5, 0, 4, 8, "x-tooth", 0);
    row("beyond the first tooth", 0, -6.5, 4, 8, "y-tooth", 0);
    row("no number", std::nan(""), 0, 4, 8, "x-tooth", 0);
    row("ledge and height swapped", 0, 0, 8, 4, "ledge", 0);
    row("the ledge of another part", 0, 0, 4.61, 8.6, "ledge", 0);
    row("as squashed as can be", 0, 0, 3.41, 7.41, "", 0);
    row("height in inches", 0, 0, 4, 0.31, "height", 0);
    row("a seam beyond any", 0, 0, 4, 9.01, "height", 0);
    row("the widest seam", 0, 0, 4, 8.99, "", 0.99);
    row("height no number", 0, 0, 4, std::nan(""), "height", 0);
}

void TestDrill::readings()
{
    QFETCH(double, xTooth);
    QFETCH(double, yTooth);
    QFETCH(double, ledge);
    QFETCH(double, height);
    QFETCH(QString, refused);
    QFETCH(double, z);
    const auto seam = drill::read({xTooth, yTooth, ledge, height}, {});
    QCOMPARE(seam.has_value(), refused.isEmpty());
    if (!seam) {
        QCOMPARE(QString::fromStdString(seam.error().field), refused);
        QVERIFY(!seam.error().reason.pattern.empty());
        return;
    }
    QVERIFY(std::abs(seam->x - 0.1 * xTooth) < 1e-9 && std::abs(seam->y - 0.1 * yTooth) < 1e-9);
    QVERIFY2(std::abs(seam->z - z) < 1e-9, qPrintable(QString::number(seam->z)));
    QVERIFY(seam->zSigma > 0.015 && seam->zSigma < 0.02); // two readings, each to 0.02
}

void TestDrill::aWholeLayerIsSaid()
{
    QVERIFY(drill::read({0, 0, 4, 8.05}, {})->notes.empty());
    QVERIFY(drill::read({0, 0, 4, 8.1}, {})->notes.empty());
    QCOMPARE(drill::read({0, 0, 4, 7.81}, {})->notes.size(), std::size_t{1});
    QCOMPARE(drill::read({0, 0, 4, 8.2}, {})->notes.size(), std::size_t{1});
}

QTEST_APPLESS_MAIN(TestDrill)
#include "tst_drill.moc"
