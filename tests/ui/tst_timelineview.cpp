// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include "gcode/source.h"
#include "timelineview.h"

using namespace kintsugi;
using ui::TimelineAxis;
using ui::TimelineView;

namespace {

constexpr double start = 1'700'000'000;
constexpr std::size_t layerCount = 40;
constexpr double bytesPerLayer = 1000;

std::shared_ptr<const app::OpenFile> makeFile()
{
    auto index = std::make_shared<gcode::FileIndex>();
    index->size = static_cast<std::uint64_t>(layerCount * bytesPerLayer);
    for (std::size_t i = 0; i < layerCount; ++i) {
        gcode::Layer layer;
        layer.index = i;
        layer.z = 0.2 * static_cast<double>(i + 1);
        layer.begin = static_cast<ByteOffset>(static_cast<double>(i) * bytesPerLayer);
        layer.end = static_cast<ByteOffset>(static_cast<double>(i + 1) * bytesPerLayer);
        layer.extrudedMm = 10;
        layer.highestZ = *layer.z;
        index->layers.push_back(layer);
    }
    auto file = std::make_shared<app::OpenFile>();
    file->index = index;
    file->source = std::make_shared<gcode::MemorySource>(std::string("G28\n"));
    return file;
}

/// A print of one hour, cut at three quarters of the file.
app::TimelineData makeData(std::size_t samples)
{
    app::TimelineData data;
    data.file = makeFile();
    app::SampleColumns& s = data.samples;
    for (std::size_t i = 0; i < samples; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(samples - 1);
        s.time.push_back(start + share * 3600);
        s.byte.push_back(share * 0.75 * static_cast<double>(layerCount) * bytesPerLayer);
        s.layer.push_back(std::floor(share * 30));
        s.z.push_back(static_cast<float>(0.2 * (std::floor(share * 30) + 1)));
        s.hotend.push_back(static_cast<float>(210 + std::sin(share * 900)));
        s.hotendTarget.push_back(210);
        s.bed.push_back(60);
        s.bedTarget.push_back(60);
        s.fan.push_back(share < 0.1 ? 0.0F : 0.5F);
        s.speedFactor.push_back(1);
        s.queueLead.push_back(1.5F);
    }
    app::PrintJob job;
    job.id = QStringLiteral("1");
    job.fileSize = 40000;
    job.startTime = start;
    job.endTime = start + 3600;
    job.state = app::JobState::Interrupted;
    job.cause = recovery::StopCause::PrinterPowerLost;
    data.job = job;
    recovery::StopInterval stop;
    stop.earliest = 29000;
    stop.latest = 30000;
    stop.likely = 29500;
    stop.cause = recovery::StopCause::PrinterPowerLost;
    data.stop = stop;
    for (const ByteOffset byte : {ByteOffset{5000}, ByteOffset{15000}, ByteOffset{25000}}) {
        recovery::Snapshot snapshot;
        snapshot.source = byte == 15000 ? recovery::SnapshotSource::Recorder : recovery::SnapshotSource::Plugin;
        snapshot.byte = byte;
        snapshot.time = start + static_cast<double>(byte) / 30000 * 3600;
        data.snapshots.push_back(snapshot);
    }
    return data;
}

} // namespace

class TestTimelineView : public QObject
{
    Q_OBJECT
private slots:
    void axesAgree_data();
    void axesAgree();
    void wheelZoomsAtThePointer();
    void dragPansAndStaysInside();
    void clickSelects();
    void clickOnAMarkerTakesTheSnapshot();
    void keyboard();
    void twoCursorsMeasure();
    void saysItsSelectionAloud();
    void followsGrowingData();
    void paintsAMillionSamplesFluidly();
    void paintsNothingGracefully();
    void recoverableLane();
    void likelyHalfStandsOut();
};

void TestTimelineView::axesAgree_data()
{
    QTest::addColumn<int>("axis");
    QTest::newRow("time") << static_cast<int>(TimelineAxis::Time);
    QTest::newRow("progress") << static_cast<int>(TimelineAxis::Progress);
    QTest::newRow("layer") << static_cast<int>(TimelineAxis::Layer);
}

void TestTimelineView::axesAgree()
{
    QFETCH(int, axis);
    const auto data = makeData(5000);
    ui::AxisMap map;
    map.setKind(static_cast<TimelineAxis>(axis));
    QVERIFY(map.extend(data, 1'000'000));
    for (const double byte : {100.0, 999.0, 1000.0, 12345.0, 29990.0}) {
        const auto x = map.xOfByte(data, byte);
        QVERIFY(x);
        const auto back = map.byteAt(data, *x);
        QVERIFY(back);
        QVERIFY2(std::abs(*back - byte) <= 10, qPrintable(QString::number(*back))); // one sample is 6 bytes
    }
    QVERIFY(!map.ticks(data, map.whole(data).first, map.whole(data).second, 8).empty());
    const auto ticks = map.ticks(data, map.whole(data).first, map.whole(data).second, 8);
    QVERIFY(ticks.size() <= 12);
}

void TestTimelineView::wheelZoomsAtThePointer()
{
    const auto data = makeData(5000);
    TimelineView view;
    view.resize(1000, 500);
    view.setData(&data);
    view.show();
    const QPointF at(view.laneArea().left() + 300, view.laneArea().center().y());
    const double before = view.pixelToX(at.x());
    const double length = view.visibleSpan().length();
    QWheelEvent wheel(at, view.mapToGlobal(at), {}, {0, 240}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&view, &wheel);
    QVERIFY(view.visibleSpan().length() < length * 0.7);
    QVERIFY(std::abs(view.pixelToX(at.x()) - before) < 1e-3 * length);
    for (int i = 0; i < 100; ++i)
        view.zoom(2, before);
    QVERIFY(view.visibleSpan().length() >= 0.5); // never to nothing
    view.showAll();
    QCOMPARE(view.visibleSpan().from, view.whole().from);
}

void TestTimelineView::dragPansAndStaysInside()
{
    const auto data = makeData(5000);
    TimelineView view;
    view.resize(1000, 500);
    view.setData(&data);
    view.show();
    view.zoom(4, start + 1800);
    const double from = view.visibleSpan().from;
    const QPoint middle = view.laneArea().center();
    QTest::mousePress(&view, Qt::LeftButton, {}, middle);
    QTest::mouseMove(&view, middle + QPoint(50, 0));
    QTest::mouseMove(&view, middle + QPoint(100, 0));
    QTest::mouseRelease(&view, Qt::LeftButton, {}, middle + QPoint(100, 0));
    QVERIFY(view.visibleSpan().from < from);
    QVERIFY(!view.selectedByte()); // a drag selects nothing
    view.showSpan({start - 1e9, start - 1e9 + 100});
    QVERIFY(view.visibleSpan().from >= view.whole().from - 1e-6);
}

void TestTimelineView::clickSelects()
{
    const auto data = makeData(5000);
    TimelineView view;
    view.resize(1000, 500);
    view.setData(&data);
    view.setAxis(TimelineAxis::Layer);
    view.show();
    QSignalSpy selected(&view, &TimelineView::selected);
    const int x = static_cast<int>(view.xToPixel(12.5));
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(x, view.laneArea().top() + 20));
    QCOMPARE(selected.size(), 1);
    QVERIFY(view.selectedByte());
    QVERIFY(*view.selectedByte() > 12400 && *view.selectedByte() < 12600);
}

void TestTimelineView::clickOnAMarkerTakesTheSnapshot()
{
    const auto data = makeData(5000);
    TimelineView view;
    view.resize(1000, 500);
    view.setData(&data);
    view.show();
    const int x = static_cast<int>(view.xToPixel(*data.snapshots[1].time)) + 3;
    const QRect lane = view.snapshotLane();
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(x, lane.top() + lane.height() * 72 / 100));
    QCOMPARE(view.selectedByte(), std::optional<ByteOffset>(15000));
}

void TestTimelineView::keyboard()
{
    const auto data = makeData(5000);
    TimelineView view;
    view.resize(1000, 500);
    view.setData(&data);
    view.show();
    QSignalSpy activated(&view, &TimelineView::activated);
    QTest::keyClick(&view, Qt::Key_PageDown);
    QCOMPARE(view.selectedByte(), std::optional<ByteOffset>(5000));
    QTest::keyClick(&view, Qt::Key_PageDown);
    QCOMPARE(view.selectedByte(), std::optional<ByteOffset>(15000));
    QTest::keyClick(&view, Qt::Key_PageUp);
    QCOMPARE(view.selectedByte(), std::optional<ByteOffset>(5000));
    QTest::keyClick(&view, Qt::Key_Right);
    QVERIFY(*view.selectedByte() > 5000);
    QTest::keyClick(&view, Qt::Key_Left);
    QTest::keyClick(&view, Qt::Key_Left);
    QVERIFY(*view.selectedByte() < 5000);
    const double length = view.visibleSpan().length();
    QTest::keyClick(&view, Qt::Key_Plus);
    QVERIFY(view.visibleSpan().length() < length);
    QTest::keyClick(&view, Qt::Key_Minus);
    QTest::keyClick(&view, Qt::Key_0);
    QVERIFY(std::abs(view.visibleSpan().length() - length) < 1e-6);
    QTest::keyClick(&view, Qt::Key_End);
    QVERIFY(*view.selectedByte() > 29900);
    QTest::keyClick(&view, Qt::Key_Home);
    QTest::keyClick(&view, Qt::Key_Return);
    QCOMPARE(activated.size(), 1);
}

void TestTimelineView::twoCursorsMeasure()
{
    const auto data = makeData(3601); // one sample a second
    TimelineView view;
    view.resize(1200, 500);
    view.setData(&data);
    view.show();
    QVERIFY(!view.measure());
    const int y = view.laneArea().top() + 30;
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(static_cast<int>(view.xToPixel(start + 600)), y));
    QTest::mouseClick(&view, Qt::LeftButton, Qt::ShiftModifier, QPoint(static_cast<int>(view.xToPixel(start + 1800)), y));
    const auto measure = view.measure();
    QVERIFY(measure && measure->seconds && measure->millimetres && measure->bytes);
    QVERIFY(std::abs(*measure->seconds - 1200) < 10);
    QVERIFY(std::abs(*measure->millimetres - 2.0) < 0.21);
    QVERIFY(std::abs(*measure->bytes - 10000) < 100);
    QTest::keyClick(&view, Qt::Key_Escape);
    QVERIFY(!view.measure());
}

void TestTimelineView::saysItsSelectionAloud()
{
    const auto data = makeData(500);
    TimelineView view;
    view.setData(&data);
    QVERIFY(!view.accessibleName().isEmpty());
    view.select(ByteOffset{12500});
    QVERIFY2(view.accessibleDescription().contains(QLatin1String("13")), qPrintable(view.accessibleDescription())); // from 1
    QVERIFY(view.accessibleDescription().contains(QLatin1String("2.60")));
}

void TestTimelineView::followsGrowingData()
{
    auto data = makeData(1000);
    TimelineView view;
    view.resize(900, 500);
    view.setData(&data);
    const double end = view.visibleSpan().to;
    data.job->endTime.reset();
    data.job->state = app::JobState::Printing;
    data.samples.time.push_back(start + 7200);
    data.samples.byte.push_back(31000);
    data.samples.layer.push_back(31);
    for (auto* column : {&data.samples.z, &data.samples.hotend, &data.samples.hotendTarget, &data.samples.bed, &data.samples.bedTarget,
                         &data.samples.fan, &data.samples.speedFactor, &data.samples.queueLead})
        column->push_back(1);
    view.refresh();
    QVERIFY(view.visibleSpan().to > end);
    QVERIFY(view.isCaughtUp());
    view.zoom(10, start + 100);
    const double from = view.visibleSpan().from;
    view.refresh();
    QCOMPARE(view.visibleSpan().from, from); // who looks at a place keeps it
    data = makeData(10);
    view.refresh();
    QVERIFY(view.isCaughtUp());
    view.grab();
}

void TestTimelineView::paintsAMillionSamplesFluidly()
{
    const std::size_t count = qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 10'000'000 : 1'000'000;
    const auto data = makeData(count);
    TimelineView view;
    view.resize(1400, 700);
    view.setData(&data);
    QTRY_VERIFY_WITH_TIMEOUT(view.isCaughtUp(), 20000);
    view.grab();
    QElapsedTimer timer;
    timer.start();
    constexpr int paints = 20;
    for (int i = 0; i < paints; ++i) {
        view.zoom(i < paints / 2 ? 1.5 : 1 / 1.5, start + 1000);
        view.grab();
    }
    const double each = static_cast<double>(timer.nsecsElapsed()) / 1e6 / paints;
    QVERIFY2(each < 100, qPrintable(QStringLiteral("%1 ms for a picture").arg(each)));
    const QImage picture = view.grab().toImage();
    QVERIFY(picture.pixelColor(view.laneArea().center()).isValid());
}

/// The lines that hold half of all such stops are painted denser than the rest of the interval.
void TestTimelineView::likelyHalfStandsOut()
{
    auto data = makeData(5000);
    TimelineView view;
    view.resize(1000, 500);
    view.setData(&data);
    view.setAxis(TimelineAxis::Progress);
    view.show();
    const auto plain = view.grab().toImage();
    data.stop->halfFrom = 29300;
    data.stop->halfTo = 29600;
    view.setData(&data);
    view.setAxis(TimelineAxis::Progress);
    const auto banded = view.grab().toImage();
    const double scale = view.devicePixelRatioF();
    const int y = static_cast<int>(view.laneArea().center().y() * scale);
    const auto column = [&](double byte) { return static_cast<int>(view.xToPixel(byte) * scale); };
    const auto differs = [&](int x) {
        for (int row = y - 60; row < y + 60; ++row) {
            if (plain.pixel(x, row) != banded.pixel(x, row))
                return true;
        }
        return false;
    };
    QVERIFY(differs(column(29400)));
    QVERIFY(!differs(column(29100)));
    QVERIFY(!differs(column(29900)));
}

void TestTimelineView::paintsNothingGracefully()
{
    TimelineView view;
    view.resize(600, 400);
    view.grab();
    app::TimelineData empty;
    view.setData(&empty);
    view.grab();
    QTest::keyClick(&view, Qt::Key_End);
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(300, 100));
    app::TimelineData onlyFile;
    onlyFile.file = makeFile();
    view.setData(&onlyFile);
    for (const auto axis : {TimelineAxis::Layer, TimelineAxis::Progress, TimelineAxis::Time}) {
        view.setAxis(axis);
        view.grab();
    }
    view.setData(nullptr);
    QVERIFY(!view.selectedByte());
}

void TestTimelineView::recoverableLane()
{
    app::TimelineData data = makeData(200);
    TimelineView view;
    view.resize(800, 600);
    view.setData(&data);
    view.setAxis(TimelineAxis::Layer);
    view.grab(); // laid out
    const int before = view.laneArea().bottom();
    QVERIFY(view.recoverableLane().isEmpty());
    auto layers = std::make_shared<std::vector<recovery::RecoverableLayer>>(layerCount);
    for (std::size_t i = 0; i < layerCount; ++i) {
        (*layers)[i].index = i;
        if (i >= 30)
            (*layers)[i].reasons.push_back({recovery::Lack::LiftRoom, {"no room above", {}}});
    }
    data.recoverable = layers;
    view.refresh();
    view.grab();
    const QRect lane = view.recoverableLane();
    QVERIFY(!lane.isEmpty());
    QVERIFY(std::abs(view.laneArea().bottom() - before) <= 12); // the others made room
    const QImage image = view.grab().toImage();
    const auto reddish = [&](double layer, double share) {
        const QColor seen = image.pixelColor(static_cast<int>(view.xToPixel(layer)), lane.top() + static_cast<int>(lane.height() * share));
        return seen.red() - seen.green() > 20;
    };
    QVERIFY(!reddish(10.5, 0.3));
    QVERIFY(reddish(35.5, 0.3)); // also what is not printed yet
    view.select(ByteOffset{10'500});
    QVERIFY2(view.accessibleDescription().contains(QStringLiteral("Recoverable")), qPrintable(view.accessibleDescription()));
    view.select(ByteOffset{35'500});
    QVERIFY2(view.accessibleDescription().contains(QStringLiteral("Not recoverable: no room above")), qPrintable(view.accessibleDescription()));
    data.recoverable.reset();
    view.refresh();
    QVERIFY(view.recoverableLane().isEmpty());
}

QTEST_MAIN(TestTimelineView)
#include "tst_timelineview.moc"
