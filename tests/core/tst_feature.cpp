// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "gcode/feature.h"

using namespace kintsugi;
using namespace kintsugi::gcode;
using namespace Qt::StringLiterals;

namespace {

QString words(Feature feature)
{
    return QString::fromStdString(english(featureText(feature)));
}

/// "inner wall" for what the slicer calls so, "-" for no announcement.
QString announced(const QByteArray& comment, Slicer slicer)
{
    const auto note = featureNote(std::string_view(comment.constData(), static_cast<std::size_t>(comment.size())), slicer);
    return note ? words(note->feature) : u"-"_s;
}

} // namespace

class TestFeature : public QObject
{
    Q_OBJECT
private slots:
    void namesOfSlicers_data();
    void namesOfSlicers();
    void lastBeforeByte();
    void farBefore();
    void nothingAnnounced();
};

void TestFeature::namesOfSlicers_data()
{
    QTest::addColumn<int>("slicer");
    QTest::addColumn<QByteArray>("comment");
    QTest::addColumn<QString>("feature");
    const auto row = [](Slicer slicer, const char* comment, const char* feature) {
        QTest::addRow("%s %s", std::string(name(slicer)).c_str(), comment) << static_cast<int>(slicer) << QByteArray(comment) << QString::fromLatin1(feature);
    };
    row(Slicer::PrusaSlicer, "TYPE:External perimeter", "outer wall");
    row(Slicer::PrusaSlicer, "TYPE:Perimeter", "inner wall");
    row(Slicer::PrusaSlicer, "TYPE:Overhang perimeter", "overhanging wall");
    row(Slicer::PrusaSlicer, "TYPE:Internal infill", "infill");
    row(Slicer::PrusaSlicer, "TYPE:Solid infill", "solid infill");
    row(Slicer::PrusaSlicer, "TYPE:Top solid infill", "top surface");
    row(Slicer::PrusaSlicer, "TYPE:Bridge infill", "bridge");
    row(Slicer::PrusaSlicer, "TYPE:Gap fill", "gap fill");
    row(Slicer::PrusaSlicer, "TYPE:Skirt/Brim", "skirt or brim");
    row(Slicer::PrusaSlicer, "TYPE:Support material", "support");
    row(Slicer::PrusaSlicer, "TYPE:Support material interface", "support interface");
    row(Slicer::PrusaSlicer, "TYPE:Wipe tower", "prime tower");
    row(Slicer::PrusaSlicer, "TYPE:Custom", "the profile's own G-code");
    row(Slicer::PrusaSlicer, "TYPE:", "-");
    row(Slicer::PrusaSlicer, "WIDTH:0.45", "-");
    row(Slicer::SuperSlicer, "TYPE:Internal perimeter", "inner wall");
    row(Slicer::SuperSlicer, "TYPE:Thin wall", "gap fill");
    row(Slicer::SuperSlicer, "TYPE:Internal bridge infill", "bridge");
    row(Slicer::OrcaSlicer, "TYPE:Outer wall", "outer wall");
    row(Slicer::OrcaSlicer, "TYPE:Sparse infill", "infill");
    row(Slicer::OrcaSlicer, "TYPE:Internal solid infill", "solid infill");
    row(Slicer::BambuStudio, " FEATURE: Inner wall", "inner wall");
    row(Slicer::BambuStudio, " FEATURE: Top surface", "top surface");
    row(Slicer::BambuStudio, " FEATURE: Support transition", "support interface");
    row(Slicer::BambuStudio, " FEATURE: Floating vertical shell", "solid infill");
    row(Slicer::BambuStudio, " FEATURE: Prime tower", "prime tower");
    row(Slicer::Cura, "TYPE:WALL-OUTER", "outer wall");
    row(Slicer::Cura, "TYPE:WALL-INNER", "inner wall");
    row(Slicer::Cura, "TYPE:SKIN", "solid infill");
    row(Slicer::Cura, "TYPE:FILL", "infill");
    row(Slicer::Cura, "TYPE:SUPPORT-INTERFACE", "support interface");
    row(Slicer::Cura, "TYPE:PRIME-TOWER", "prime tower");
    row(Slicer::IdeaMaker, "TYPE:SOLID-FILL", "solid infill");
    row(Slicer::IdeaMaker, "TYPE:RAFT", "raft");
    row(Slicer::Simplify3D, " feature outer perimeter", "outer wall");
    row(Slicer::Simplify3D, " inner perimeter", "inner wall");
    row(Slicer::Simplify3D, " solid layer", "solid infill");
    row(Slicer::Simplify3D, " dense support", "support interface");
    row(Slicer::Simplify3D, " process Process1", "-");
    row(Slicer::PrusaSlicer, " inner perimeter", "-"); // a remark, not an announcement
    row(Slicer::KissSlicer, " 'Perimeter Path', 1.0 [feed mm/s], 30.0 [head mm/s]", "outer wall");
    row(Slicer::KissSlicer, " 'Loop Path', 1.0 [feed mm/s], 30.0 [head mm/s]", "inner wall");
    row(Slicer::KissSlicer, " 'Stacked Sparse Infill Path', 1.0 [feed mm/s], 30.0 [head mm/s]", "infill");
    row(Slicer::KissSlicer, " 'Destring/Wipe/Jump Path', 0.0 [feed mm/s], 300.0 [head mm/s]", "-");
    row(Slicer::KissSlicer, " 'cube.gcode'", "-");
    row(Slicer::Unknown, "segType:Perimeter", "outer wall");
    row(Slicer::Unknown, "segType:HShell", "solid infill");
    row(Slicer::Unknown, "TYPE:Fuzzy thing", "other");
}

void TestFeature::namesOfSlicers()
{
    QFETCH(int, slicer);
    QFETCH(QByteArray, comment);
    QFETCH(QString, feature);
    QCOMPARE(announced(comment, static_cast<Slicer>(slicer)), feature);
}

void TestFeature::lastBeforeByte()
{
    const std::string text = ";TYPE:Skirt/Brim\nG1 X1 E1\n;TYPE:Perimeter\r\nG1 X2 E1\n;TYPE:Gap fill\nG1 X3 E1\n";
    const MemorySource source(text);
    FileIndex index;
    index.size = text.size();
    const auto at = [&](std::string_view line) { return text.find(line); };
    const auto feature = [&](ByteOffset byte) { return featureBefore(source, index, byte).value(); };
    QVERIFY(!feature(0));
    QCOMPARE(words(feature(at("G1 X2"))->feature), u"inner wall"_s);
    QCOMPARE(feature(at("G1 X2"))->text, "Perimeter");
    QCOMPARE(feature(at("G1 X2"))->byte, at(";TYPE:Per"));
    // A line that begins at the byte has not been read; one in whose middle it lies has.
    QCOMPARE(words(feature(at(";TYPE:Gap"))->feature), u"inner wall"_s);
    QCOMPARE(feature(at(";TYPE:Gap") + 8)->text, "Gap fill");
    QCOMPARE(words(feature(text.size() + 100)->feature), u"gap fill"_s);
}

void TestFeature::farBefore()
{
    std::string text = ";TYPE:Support material\n";
    while (text.size() < 1'500'000)
        text += "G1 X12.345 Y67.891 E0.01234 ; ;TYPE:no announcement\n";
    const MemorySource source(text);
    FileIndex index;
    index.size = text.size();
    for (const ByteOffset byte : {16'500UL, 131'090UL, 1'048'600UL, 1'499'999UL}) {
        const auto found = featureBefore(source, index, byte).value();
        QVERIFY(found);
        QCOMPARE(words(found->feature), u"support"_s);
        QCOMPARE(found->byte, ByteOffset{0});
    }
}

void TestFeature::nothingAnnounced()
{
    const std::string text = "G28\nG1 X1 E1 ; TYPE:later\nM117 ;TYPE:Perimeter\n";
    FileIndex index;
    index.size = text.size();
    QVERIFY(!featureBefore(MemorySource(text), index, text.size()).value());
    index.size = 0;
    QVERIFY(!featureBefore(MemorySource(std::string()), index, 17).value());
}

QTEST_APPLESS_MAIN(TestFeature)
#include "tst_feature.moc"
