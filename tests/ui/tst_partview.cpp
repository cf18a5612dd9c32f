// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QSignalSpy>
#include <QTest>

#include "gcode/source.h"
#include "partview.h"
#include "theme.h"

using namespace kintsugi;
using ui::PartView;

namespace {

const std::string text = "G90\nM83\nG28\n"
                         ";LAYER_CHANGE\n;Z:0.2\nG1 Z0.2 F600\n"
                         ";TYPE:External perimeter\n"
                         "G1 X10 Y10 F6000\nG1 X90 Y10 E4\nG1 X90 Y90 E4\nG1 X10 Y90 E4\nG1 X10 Y10 E4\n"
                         ";LAYER_CHANGE\n;Z:0.4\nG1 Z0.4 F600\n"
                         ";TYPE:Solid infill\n"
                         "G1 X20 Y20 F6000\nG1 X80 Y20 E4\nG1 X80 Y80 E4\n";

std::shared_ptr<const app::OpenFile> open(const std::string& gcode)
{
    auto file = std::make_shared<app::OpenFile>();
    file->source = std::make_shared<gcode::MemorySource>(gcode);
    auto index = gcode::buildIndex(*file->source, gcode::Dialect::Klipper);
    if (!index)
        return nullptr;
    file->index = std::make_shared<gcode::FileIndex>(*index);
    return file;
}

} // namespace

class TestPartView : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void clickPicksTheNearestLine();
    void farFromEverythingPicksNothing();
    void keysGoFromLineToLine();
    void paintsPrintedAndOpenDifferently();
    void anotherLayerReplacesThePath();
    void says();
    void scrubsAlongTheLayer();
    void showsThePlan();
    void zoomsAndPansByKey();

private:
    std::shared_ptr<const app::OpenFile> m_file;
};

void TestPartView::init()
{
    m_file = open(text);
    QVERIFY(m_file);
    QCOMPARE(m_file->index->layers.size(), std::size_t{2});
}

void TestPartView::clickPicksTheNearestLine()
{
    PartView view;
    view.resize(400, 400);
    view.setFile(m_file);
    QSignalSpy ready(&view, &PartView::ready);
    view.showLayer(0);
    QVERIFY(ready.wait());
    view.show();
    QSignalSpy picked(&view, &PartView::picked);
    QTest::mouseClick(&view, Qt::LeftButton, {}, (view.toPixel(50, 10) + QPointF(0, 3)).toPoint());
    QCOMPARE(picked.size(), 1);
    QCOMPARE(picked[0][0].value<ByteOffset>(), ByteOffset{text.find("G1 X90 Y10 E4")});
    QCOMPARE(view.lineAt(view.toPixel(90, 50)), std::optional<ByteOffset>(text.find("G1 X90 Y90 E4")));
    QCOMPARE(view.lineAt(view.toPixel(10, 50)), std::optional<ByteOffset>(text.find("G1 X10 Y10 E4")));
}

void TestPartView::farFromEverythingPicksNothing()
{
    PartView view;
    view.resize(400, 400);
    view.setFile(m_file);
    QVERIFY(!view.lineAt({10, 10}));
    QSignalSpy ready(&view, &PartView::ready);
    view.showLayer(0);
    QVERIFY(ready.wait());
    QVERIFY(!view.lineAt(view.toPixel(50, 50)));
}

void TestPartView::keysGoFromLineToLine()
{
    PartView view;
    view.resize(400, 400);
    view.setFile(m_file);
    QSignalSpy ready(&view, &PartView::ready);
    view.showLayer(0);
    QVERIFY(ready.wait());
    connect(&view, &PartView::picked, &view, [&](ByteOffset byte) { view.setResumeByte(byte); });
    QSignalSpy picked(&view, &PartView::picked);
    QTest::keyClick(&view, Qt::Key_Right);
    QTest::keyClick(&view, Qt::Key_Right);
    QTest::keyClick(&view, Qt::Key_Left);
    QCOMPARE(picked.size(), 3);
    QCOMPARE(picked[1][0].value<ByteOffset>(), ByteOffset{text.find("G1 X90 Y90 E4")});
    QCOMPARE(picked[2][0].value<ByteOffset>(), ByteOffset{text.find("G1 X90 Y10 E4")});
    QSignalSpy layer(&view, &PartView::layerWanted);
    QTest::keyClick(&view, Qt::Key_PageDown);
    QCOMPARE(layer.size(), 0); // there is none below
    QTest::keyClick(&view, Qt::Key_PageUp);
    QCOMPARE(layer.size(), 1);
    QCOMPARE(layer[0][0].value<std::size_t>(), std::size_t{1});
}

void TestPartView::paintsPrintedAndOpenDifferently()
{
    PartView view;
    view.resize(400, 400);
    view.setFile(m_file);
    QSignalSpy ready(&view, &PartView::ready);
    view.showLayer(0);
    QVERIFY(ready.wait());
    view.setResumeByte(text.find("G1 X90 Y90 E4"));
    recovery::StopInterval stop;
    stop.earliest = text.find("G1 X10 Y90 E4");
    stop.latest = text.find("G1 X10 Y10 E4");
    stop.likely = stop.earliest;
    stop.likelyFraction = 0.5;
    view.setStop(stop);
    QTRY_VERIFY((view.grab(), view.isDrawn())); // drawn aside, asked for by painting
    const QImage image = view.grab().toImage();
    const auto darkness = [&](double x, double y) {
        const QPoint at = view.toPixel(x, y).toPoint();
        int darkest = 255;
        for (int dx = -2; dx <= 2; ++dx) {
            for (int dy = -2; dy <= 2; ++dy)
                darkest = qMin(darkest, qGray(image.pixel(at + QPoint(dx, dy))));
        }
        return 255 - darkest;
    };
    QVERIFY(darkness(50, 10) > 200);                    // printed
    QVERIFY(darkness(10, 50) < darkness(50, 10) - 40);  // still open
    QVERIFY(darkness(10, 50) > 20);                     // but there
    QVERIFY(image.pixelColor(view.toPixel(30, 92).toPoint()) != image.pixelColor(view.toPixel(50, 50).toPoint())); // interval shaded
}

void TestPartView::anotherLayerReplacesThePath()
{
    PartView view;
    view.resize(400, 400);
    view.setFile(m_file);
    QSignalSpy ready(&view, &PartView::ready);
    view.showLayer(0);
    view.showLayer(1);
    QTRY_VERIFY(view.isReady());
    QCOMPARE(view.layer(), std::optional<std::size_t>(1));
    QCOMPARE(view.lineAt(view.toPixel(50, 20)), std::optional<ByteOffset>(text.find("G1 X80 Y20 E4")));
    view.showLayer(99); // out of the file: nothing changes
    QCOMPARE(view.layer(), std::optional<std::size_t>(1));
    view.setFile(nullptr);
    QVERIFY(!view.layer());
    view.grab();
}

void TestPartView::says()
{
    PartView view;
    QVERIFY(!view.accessibleName().isEmpty());
    view.setFile(m_file);
    view.showLayer(1);
    view.setResumeByte(ByteOffset{150});
    QVERIFY2(view.accessibleDescription().contains(QLatin1String("0.40")), qPrintable(view.accessibleDescription()));
    QVERIFY(view.accessibleDescription().contains(QLatin1String("150")));
    QSignalSpy ready(&view, &PartView::ready);
    QVERIFY(ready.wait());
    QVERIFY2(view.accessibleDescription().contains(QLatin1String("solid infill")), qPrintable(view.accessibleDescription()));
}

void TestPartView::scrubsAlongTheLayer()
{
    PartView view;
    view.resize(400, 400);
    view.setFile(m_file);
    QSignalSpy ready(&view, &PartView::ready);
    view.showLayer(0);
    view.scrub(0.5);
    QVERIFY(!view.scrubbed()); // nothing to scrub through yet
    QVERIFY(ready.wait());
    QSignalSpy changed(&view, &PartView::scrubChanged);
    view.scrub(1.0);
    QCOMPARE(view.scrubByte(), std::optional<ByteOffset>(text.find("G1 X10 Y10 E4")));
    QVERIFY2(view.scrubText().contains(QLatin1String("outer wall")), qPrintable(view.scrubText()));
    QVERIFY(view.accessibleDescription().contains(view.scrubText()));
    QSignalSpy picked(&view, &PartView::picked);
    QTest::keyClick(&view, Qt::Key_Return);
    QCOMPARE(picked[0][0].value<ByteOffset>(), ByteOffset{text.find("G1 X10 Y10 E4")});
    for (int i = 0; i < 60; ++i)
        QTest::keyClick(&view, Qt::Key_Down);
    QVERIFY(*view.scrubByte() < text.find("G1 X10 Y10 E4"));
    QTest::keyClick(&view, Qt::Key_Escape);
    QVERIFY(!view.scrubbed());
    view.scrub(0.2);
    view.showLayer(1); // another layer begins anew
    QVERIFY(!view.scrubbed());
    QVERIFY(changed.size() > 60);
}

void TestPartView::showsThePlan()
{
    PartView view;
    view.resize(400, 400);
    view.setFile(m_file);
    QSignalSpy ready(&view, &PartView::ready);
    view.showLayer(1);
    QVERIFY(ready.wait());
    view.setResumeByte(text.find("G1 X80 Y80 E4"));
    QCOMPARE(view.marks(), int(ui::PartLegend::Open | ui::PartLegend::Below | ui::PartLegend::Resume));
    QCOMPARE(view.classes(), std::vector<ui::FeatureClass>{ui::FeatureClass::Surface});
    QTRY_VERIFY((view.grab(), view.isDrawn()));
    const double before = view.toPixel(80, 0).x() - view.toPixel(20, 0).x();
    auto plan = std::make_shared<recovery::PlanPicture>();
    plan->envelope = recovery::defaultEnvelope(recovery::PrinterKind::Unknown);
    plan->maximum = {200, 200, 200};
    plan->resumeAt = {80, 20, 0.4};
    recovery::Motion prime, across;
    prime.kind = recovery::Motion::Kind::Prime;
    prime.from = prime.to = {190, 190, 5};
    across.from = {190, 190, 10};
    across.to = {80, 20, 10};
    plan->report.plan.motions = {prime, across};
    recovery::ClearanceHit hit;
    hit.clearance = -2;
    hit.at = {50, 50, 5};
    hit.from = across.from;
    hit.to = across.to;
    plan->report.verdict = recovery::ClearanceReport::Verdict::Collision;
    plan->report.hit = hit;
    view.setPicture(plan);
    QVERIFY(view.marks() & ui::PartLegend::Collision);
    QVERIFY(view.marks() & ui::PartLegend::Way);
    QVERIFY(view.toPixel(80, 0).x() - view.toPixel(20, 0).x() < before); // the way belongs to what is seen
    QVERIFY(view.rect().contains(view.toPixel(190, 190).toPoint()));
    QTRY_VERIFY((view.grab(), view.isDrawn()));
    const QImage image = view.grab().toImage();
    const QColor danger = ui::colours(view.palette()).danger;
    const auto near = [&](double x, double y) {
        for (int dx = -3; dx <= 3; ++dx)
            for (int dy = -3; dy <= 3; ++dy)
                if (const QColor seen = image.pixelColor(view.toPixel(x, y).toPoint() + QPoint(dx, dy));
                    std::abs(seen.red() - danger.red()) + std::abs(seen.green() - danger.green()) + std::abs(seen.blue() - danger.blue()) < 40)
                    return true;
        return false;
    };
    QVERIFY(near(50, 50));   // where it collides
    QVERIFY(near(135, 105)); // the motion that does
    QTest::keyClick(&view, Qt::Key_B);
    QVERIFY(view.rect().contains(view.toPixel(0, 0).toPoint()) && view.rect().contains(view.toPixel(200, 200).toPoint()));
    view.setPicture(nullptr);
    QVERIFY(!(view.marks() & ui::PartLegend::Way));
}

void TestPartView::zoomsAndPansByKey()
{
    PartView view;
    view.resize(400, 400);
    view.setFile(m_file);
    view.showLayer(0);
    const QPointF before = view.toPixel(50, 50);
    QTest::keyClick(&view, Qt::Key_Right, Qt::ShiftModifier);
    QCOMPARE(view.toPixel(50, 50), before - QPointF(40, 0));
    QTest::keyClick(&view, Qt::Key_Up, Qt::ShiftModifier);
    QCOMPARE(view.toPixel(50, 50).toPoint(), (before + QPointF(-40, 40)).toPoint());
    const double wide = view.toPixel(90, 50).x() - view.toPixel(10, 50).x();
    QTest::keyClick(&view, Qt::Key_Plus);
    QCOMPARE(qRound(view.toPixel(90, 50).x() - view.toPixel(10, 50).x()), qRound(wide * 1.25));
    QTest::keyClick(&view, Qt::Key_0);
    QCOMPARE(view.toPixel(50, 50), before);
}

QTEST_MAIN(TestPartView)
#include "tst_partview.moc"
