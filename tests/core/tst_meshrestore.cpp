// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "recovery/meshrestore.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

namespace {

const std::string header = "#*# <---------------------- SAVE_CONFIG ---------------------->\n"
                           "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n"
                           "#*#\n";

MeshMatrix mesh(const std::string& profile = "default")
{
    MeshMatrix made;
    made.profile = profile;
    made.minimum = {10, 10};
    made.maximum = {190, 190.5};
    made.probed = {{0.01, -0.04, 0}, {0.1, 0.2, -0.0225}, {0, 0.045, 0.26}};
    made.parameters = {{"algo", "lagrange"}, {"tension", "0.2"}, {"mesh_x_pps", "2"}, {"mesh_y_pps", "3"}};
    return made;
}

MeshMatrix grid(std::size_t columns, std::size_t rows, const std::string& algorithm)
{
    MeshMatrix made = mesh();
    made.probed.assign(rows, std::vector<double>(columns, 0.5));
    made.parameters["algo"] = algorithm;
    return made;
}

MeshMatrix raised(double by)
{
    MeshMatrix made = mesh();
    made.probed[1][1] += by;
    return made;
}

/// As Klipper writes it; only the order of the keys is ours.
const std::string ownSection = "#*# [bed_mesh kintsugi_resume]\n"
                               "#*# version = 1\n"
                               "#*# points =\n"
                               "#*# \t  0.010000, -0.040000, 0.000000\n"
                               "#*# \t  0.100000, 0.200000, -0.022500\n"
                               "#*# \t  0.000000, 0.045000, 0.260000\n"
                               "#*# x_count = 3\n"
                               "#*# y_count = 3\n"
                               "#*# mesh_x_pps = 2\n"
                               "#*# mesh_y_pps = 3\n"
                               "#*# algo = lagrange\n"
                               "#*# tension = 0.2\n"
                               "#*# min_x = 10\n"
                               "#*# max_x = 190\n"
                               "#*# min_y = 10\n"
                               "#*# max_y = 190.5\n";
const std::string other = "#*# [probe]\n#*# z_offset = 1.250\n";
const std::string own(ownMeshProfile);

using Present = std::map<std::string, std::optional<MeshMatrix>>;

} // namespace

Q_DECLARE_METATYPE(MeshMatrix)
Q_DECLARE_METATYPE(Present)

class TestMeshRestore : public QObject
{
    Q_OBJECT
private slots:
    void range();
    void advice_data();
    void advice();
    void written_data();
    void written();
    void refused_data();
    void refused();
    void algorithm_data();
    void algorithm();
    void hostileParametersStayOut();
    void writingTwiceChangesNothing();
    void differences_data();
    void differences();
    void differenceOfHugeTexts();
};

void TestMeshRestore::range()
{
    QCOMPARE(mesh().range(), 0.3);
    QCOMPARE(MeshMatrix().range(), 0.0);
    MeshMatrix high = mesh();
    for (auto& row : high.probed) {
        for (double& height : row)
            height += 5;
    }
    QVERIFY(std::abs(high.range() - 0.3) < 1e-12); // no zero of its own
}

void TestMeshRestore::advice_data()
{
    QTest::addColumn<std::optional<MeshMatrix>>("used");
    QTest::addColumn<QByteArray>("profile");
    QTest::addColumn<Present>("present");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("load");
    QTest::addColumn<double>("range"); ///< < 0: not known
    using Kind = MeshAdvice::Kind;
    const auto row = [](const char* name, std::optional<MeshMatrix> used, const char* profile, Present present, Kind kind, const char* load, double range) {
        QTest::newRow(name) << std::move(used) << QByteArray(profile) << std::move(present) << int(kind) << QByteArray(load) << range;
    };
    row("no mesh", {}, "", {{"default", mesh()}}, Kind::Nothing, "", -1);
    row("still there", mesh(), "default", {{"default", mesh()}}, Kind::LoadProfile, "default", -1);
    row("rounded in the file", mesh(), "default", {{"default", raised(1e-6)}}, Kind::LoadProfile, "default", -1);
    row("probed anew", mesh(), "default", {{"default", raised(0.1)}}, Kind::RestoreByMatrix, "kintsugi_resume", 0.1);
    row("another grid", mesh(), "default", {{"default", grid(5, 5, "bicubic")}}, Kind::RestoreByMatrix, "kintsugi_resume", 0.3);
    row("gone", mesh(), "default", {{"cold", raised(0.1)}}, Kind::RestoreByMatrix, "kintsugi_resume", 0.3);
    row("gone, kept under another name", mesh(), "default", {{"cold", raised(0.1)}, {own, mesh(own)}}, Kind::LoadProfile, "kintsugi_resume", -1);
    row("never saved, adaptive", mesh("adaptive-7f"), "adaptive-7f", {}, Kind::RestoreByMatrix, "kintsugi_resume", 0.3);
    row("name alone, there", {}, "cold", {{"cold", mesh()}}, Kind::LoadProfile, "cold", -1);
    row("name alone, gone", {}, "cold", {{"default", mesh()}}, Kind::Lost, "", -1);
    row("points of the printer's unknown", mesh(), "default", {{"default", std::nullopt}}, Kind::LoadProfile, "default", -1);
    MeshMatrix flat = mesh();
    flat.minimum = flat.maximum;
    row("no area", flat, "default", {}, Kind::Lost, "", 0.3);
}

void TestMeshRestore::advice()
{
    QFETCH(std::optional<MeshMatrix>, used);
    QFETCH(QByteArray, profile);
    QFETCH(Present, present);
    QFETCH(int, kind);
    QFETCH(QByteArray, load);
    QFETCH(double, range);
    const MeshAdvice advice = meshAdvice(used, profile.toStdString(), present, 0.2);
    QCOMPARE(int(advice.kind), kind);
    QCOMPARE(QByteArray::fromStdString(advice.profile), load);
    QCOMPARE(advice.rangeKnown, range >= 0);
    if (range >= 0) {
        QVERIFY(std::abs(advice.range - range) < 1e-9);
        QVERIFY(english(advice.text).find(decimal(range) + " mm, a layer is 0.2 mm") != std::string::npos);
    }
    QVERIFY(!english(advice.text).empty());
}

void TestMeshRestore::written_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    const auto row = [](const char* name, const std::string& before, const std::string& after) {
        QTest::newRow(name) << QByteArray::fromStdString(before) << QByteArray::fromStdString(after);
    };
    const std::string head = "[printer]\nkinematics: corexy ; a comment\n";
    row("no block yet", head, head + "\n" + header + ownSection);
    row("no line end", "[printer]\nkinematics: corexy ; a comment", head + "\n" + header + ownSection);
    row("empty block", head + "\n" + header, head + "\n" + header + ownSection);
    row("beside others", head + "\n" + header + other, head + "\n" + header + other + "#*#\n" + ownSection);
    row("replaces its own", head + "\n" + header + "#*# [bed_mesh kintsugi_resume]\n#*# version = 1\n#*# points =\n#*# \t  9, 9\n#*#\n" + other,
        head + "\n" + header + other + "#*#\n" + ownSection);
    row("leaves profiles of like names", head + "\n" + header + "#*# [bed_mesh kintsugi_resume2]\n#*# version = 1\n",
        head + "\n" + header + "#*# [bed_mesh kintsugi_resume2]\n#*# version = 1\n#*#\n" + ownSection);
    std::string dos = head + "\n" + header + ownSection;
    for (std::size_t at = 0; (at = dos.find('\n', at)) != std::string::npos; at += 2)
        dos.replace(at, 1, "\r\n");
    row("lines of Windows", "[printer]\r\nkinematics: corexy ; a comment\r\n", dos);
}

void TestMeshRestore::written()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    const auto text = withMeshProfile(before.toStdString(), mesh(), own);
    QVERIFY(text.has_value());
    QCOMPARE(QByteArray::fromStdString(*text), after);
}

void TestMeshRestore::refused_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<MeshMatrix>("points");
    QTest::addColumn<QByteArray>("profile");
    const auto row = [](const char* name, const std::string& text, const MeshMatrix& points, const char* profile = "kintsugi_resume") {
        QTest::newRow(name) << QByteArray::fromStdString(text) << points << QByteArray(profile);
    };
    row("block edited by hand", "[a]\n\n" + header + other + "[b]\n", mesh());
    row("marked line without a header", "[a]\n#*# [probe]\n#*# z_offset = 1\n", mesh());
    row("torn header", "[a]\n\n" + header.substr(0, 70), mesh());
    row("marked line before the header", "[a]\n#*# x = 1\n\n" + header, mesh());
    row("a mark grown together", "[a]\n\n" + header + "#*#x = 1\n", mesh());
    row("profile outside the block", "[bed_mesh kintsugi_resume]\nversion: 1\n", mesh());
    row("no text", std::string("[a]\0\n", 5), mesh());
    row("empty mesh", "[a]\n", {});
    row("one row", "[a]\n", grid(3, 1, "direct"));
    MeshMatrix ragged = mesh();
    ragged.probed[1].pop_back();
    row("ragged rows", "[a]\n", ragged);
    MeshMatrix wild = mesh();
    wild.probed[0][0] = std::numeric_limits<double>::quiet_NaN();
    row("no number", "[a]\n", wild);
    wild.probed[0][0] = 1e6;
    row("no height", "[a]\n", wild);
    row("too many points", "[a]\n", grid(101, 100, "bicubic"));
    MeshMatrix turned = mesh();
    std::swap(turned.minimum, turned.maximum);
    row("turned around", "[a]\n", turned);
    row("name breaks out", "[a]\n", mesh(), "x]\n[printer");
    row("no name", "[a]\n", mesh(), "");
}

void TestMeshRestore::refused()
{
    QFETCH(QByteArray, text);
    QFETCH(MeshMatrix, points);
    QFETCH(QByteArray, profile);
    const auto result = withMeshProfile(text.toStdString(), points, profile.toStdString());
    QVERIFY(!result.has_value());
    QCOMPARE(result.error().code, ErrorCode::BadValue);
}

void TestMeshRestore::algorithm_data()
{
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("rows");
    QTest::addColumn<QByteArray>("asked");
    QTest::addColumn<QByteArray>("written");
    const auto row = [](int columns, int rows, const char* asked, const char* written) {
        QTest::addRow("%dx%d %s", columns, rows, asked) << columns << rows << QByteArray(asked) << QByteArray(written);
    };
    row(3, 3, "lagrange", "lagrange");
    row(6, 6, "lagrange", "lagrange");
    row(7, 7, "lagrange", "bicubic");
    row(5, 5, "bicubic", "bicubic");
    row(3, 6, "bicubic", "lagrange");
    row(3, 7, "bicubic", "direct");
    row(2, 2, "lagrange", "direct");
    row(4, 4, "direct", "direct");
    row(5, 5, "", "lagrange");
    row(9, 9, "", "bicubic");
}

/// Klipper stops at its start when the number of points does not fit the algorithm.
void TestMeshRestore::algorithm()
{
    QFETCH(int, columns);
    QFETCH(int, rows);
    QFETCH(QByteArray, asked);
    QFETCH(QByteArray, written);
    const auto text = withMeshProfile("[a]\n", grid(std::size_t(columns), std::size_t(rows), asked.toStdString()), own);
    QVERIFY(text.has_value());
    QVERIFY(text->find("#*# algo = " + written.toStdString() + "\n") != std::string::npos);
    QCOMPARE(text->find("#*# mesh_x_pps = 0\n") != std::string::npos, written == "direct");
}

void TestMeshRestore::hostileParametersStayOut()
{
    MeshMatrix hostile = mesh("evil\n[gcode_macro G28]");
    hostile.parameters = {{"algo", "lagrange\n#*# [gcode_macro G28]"}, {"tension", "nan"}, {"mesh_x_pps", "1e9"}, {"mesh_y_pps", "2; G28"}, {"x", "y"}};
    const auto text = withMeshProfile("[a]\n", hostile, own);
    QVERIFY(text.has_value());
    QVERIFY(text->find("gcode_macro") == std::string::npos);
    for (const char* line : {"algo = lagrange\n", "tension = 0.2\n", "mesh_x_pps = 2\n", "mesh_y_pps = 2\n"})
        QVERIFY2(text->find("#*# " + std::string(line)) != std::string::npos, line);
}

void TestMeshRestore::writingTwiceChangesNothing()
{
    const auto once = withMeshProfile("[a]\n\n" + header + other, mesh(), own);
    const auto twice = withMeshProfile(*once, mesh(), own);
    QCOMPARE(*twice, *once);
}

void TestMeshRestore::differences_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* before, const char* after, const char* expected) {
        QTest::newRow(name) << QByteArray(before) << QByteArray(after) << QByteArray(expected);
    };
    row("equal", "a\nb\n", "a\nb\n", "");
    row("added at the end", "1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n6\n", "@@ -3,3 +3,4 @@\n 3\n 4\n 5\n+6\n");
    row("removed at the start", "1\n2\n", "2\n", "@@ -1,2 +1,1 @@\n-1\n 2\n");
    row("changed", "a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
    row("two far places", "a\n1\n2\n3\n4\n5\n6\n7\n8\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\n8\nB\n",
        "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -7,4 +7,4 @@\n 6\n 7\n 8\n-b\n+B\n");
    row("from nothing", "", "a\n", "@@ -1,0 +1,1 @@\n+a\n");
}

void TestMeshRestore::differences()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    QFETCH(QByteArray, expected);
    QCOMPARE(QByteArray::fromStdString(difference(before.toStdString(), after.toStdString())), expected);
}

void TestMeshRestore::differenceOfHugeTexts()
{
    std::string a, b;
    for (int i = 0; i < 20'000; ++i) {
        a += "a" + std::to_string(i) + '\n';
        b += "b" + std::to_string(i) + '\n';
    }
    const std::string shown = difference(a, b);
    QCOMPARE(std::count(shown.begin(), shown.end(), '\n'), 40'001);
}

QTEST_GUILESS_MAIN(TestMeshRestore)
#include "tst_meshrestore.moc"
