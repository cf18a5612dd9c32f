// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QAbstractButton>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include "demoprinter.h"
#include "eventwatch.h"
#include "fakesecrets.h"
#include "mainwindow.h"
#include "messagebar.h"
#include "partview.h"
#include "printerpage.h"
#include "resumepage.h"
#include "snapshotmodel.h"
#include "stallingproxy.h"
#include "timelinepage.h"
#include "timelineview.h"
#include "workshop.h"

using namespace kintsugi;
using namespace Qt::StringLiterals;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr double slowness = 8; // of a build with sanitizers
#else
constexpr double slowness = 1;
#endif
constexpr double cpuLimit = 50 * slowness;      // ms of one event handler
constexpr double blockedLimit = 250 * slowness; // ms; a handler that waits for a disk or a server
constexpr int longest = 60'000;                 // ms for downloads and analyses, not for handlers

constexpr std::size_t sampleCount = 100'000;
constexpr std::size_t snapshotCount = 1000;     // all the table asks for
constexpr double interval = 0.25;               // s between samples
const QString printer = u"bench"_s;

test::EventWatch& watch()
{
    return *static_cast<test::EventWatch*>(QCoreApplication::instance());
}

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Runs it as an event of its own, as a person's press would, and lets everything that follows at once happen.
void act(const QString& doing, const std::function<void()>& action)
{
    watch().begin(doing);
    bool done = false;
    QMetaObject::invokeMethod(qApp, [&] { action(); done = true; }, Qt::QueuedConnection);
    while (!done)
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    QCoreApplication::processEvents();
}

void wheel(QWidget& on, const QPointF& at, int turns)
{
    QWheelEvent event(at, on.mapToGlobal(at), {}, QPoint(0, turns * 120), Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&on, &event);
    QCoreApplication::processEvents();
}

void drag(QWidget& on, const QPoint& from, const QPoint& to)
{
    QTest::mousePress(&on, Qt::LeftButton, {}, from);
    for (int i = 1; i <= 10; ++i) {
        const QPoint at = from + (to - from) * i / 10;
        QMouseEvent move(QEvent::MouseMove, at, on.mapToGlobal(at), Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(&on, &move);
        QCoreApplication::processEvents();
    }
    QTest::mouseRelease(&on, Qt::LeftButton, {}, to);
}

template <class W>
W* named(const QWidget& in, const QString& accessibleName)
{
    for (W* widget : in.findChildren<W*>()) {
        if (widget->accessibleName() == accessibleName)
            return widget;
    }
    return nullptr;
}

bool press(const QWidget& in, const QString& text)
{
    for (QAbstractButton* button : in.findChildren<QAbstractButton*>()) {
        if (button->text().remove(u'&') == text && button->isVisible() && button->isEnabled()) {
            QTest::mouseClick(button, Qt::LeftButton, {}, QPoint(8, button->height() / 2));
            return true;
        }
    }
    return false;
}

QString said(const QWidget& window)
{
    QString all;
    for (const auto* bar : window.findChildren<ui::MessageBar*>())
        all += bar->isVisible() ? bar->text() : QString();
    return all;
}

/// The program on its own folder, with the printers of printers.json.
struct House {
    app::Archive archive;
    app::FileCache files;
    test::FakeSecrets secrets;
    app::ProfileList profiles;
    link::DriverFactory drivers;
    std::unique_ptr<ui::Workshop> workshop;
    std::unique_ptr<ui::MainWindow> window;

    House(const QString& folder, quint16 port)
        : files(folder + u"/cache"_s)
        , profiles(folder + u"/printers.json"_s)
    {
        app::Profile profile;
        profile.id = printer;
        profile.name = u"Bench"_s;
        profile.url = u"moonraker://127.0.0.1:%1"_s.arg(port);
        (void)profiles.save({profile});
        QSignalSpy opened(&archive, &app::Archive::opened);
        archive.open(QUrl::fromLocalFile(folder + u"/history.sqlite"_s));
        (void)opened.wait();
        workshop = std::make_unique<ui::Workshop>(
            ui::Tools{archive, files, secrets, profiles, drivers, now, [](const app::Profile&) { return nullptr; }});
        window = std::make_unique<ui::MainWindow>(*workshop);
        window->resize(1600, 1000);
        window->show();
        QCoreApplication::processEvents();
    }
    ~House() { act(u"quit"_s, [this] { window.reset(); workshop.reset(); }); }
};

} // namespace

/// No handler of the GUI thread may keep a person waiting, whatever lies in the file or is silent on the network.
class TestGuiThread : public QObject
{
    Q_OBJECT
private slots:
    void initTestCase();
    void init();
    void cleanup();
    void watchSeesSlowHandlers();
    void bigFile();
    void stalledServer_data();
    void stalledServer();

private:
    void generate(const QString& name, const QStringList& options);
    void store(const QString& folder, std::size_t samples, std::size_t snapshots);
    std::vector<recovery::Sample> samples(std::size_t count) const;
    void useTimeline(ui::PrinterPage& page);
    void usePart(ui::PrinterPage& page);
    void useTable(ui::PrinterPage& page);
    void scrubLayers(ui::PrinterPage& page);
    void useResume(ui::PrinterPage& page);
    void resizeWindow(ui::MainWindow& window);

    QTemporaryDir m_folder;
    std::unique_ptr<sim::DemoPrinter> m_printer;
    std::shared_ptr<const app::OpenFile> m_file; ///< what the big file holds
    double m_start = now() - static_cast<double>(sampleCount) * interval - 600;
    ByteOffset m_stopped = 0;
    bool m_measured = true;
};

void TestGuiThread::generate(const QString& name, const QStringList& options)
{
    const QString path = m_folder.filePath(u"demo/gcodes/"_s + name);
    QProcess generator;
    generator.start(QStringLiteral(KINTSUGI_GCGEN), QStringList{u"--dialect"_s, u"prusa"_s} + options + QStringList{path});
    QVERIFY(generator.waitForFinished());
    QCOMPARE(generator.exitCode(), 0);
}

void TestGuiThread::initTestCase()
{
    QVERIFY(QDir().mkpath(m_folder.filePath(u"demo/gcodes"_s)));
    generate(u"big.gcode"_s, {u"--size"_s, u"200M"_s, u"--layers"_s, u"2000"_s});
    generate(u"wide.gcode"_s, {u"--size"_s, u"24M"_s, u"--layers"_s, u"3"_s});
    app::FileCache files(m_folder.filePath(u"cache"_s));
    files.openLocal(m_folder.filePath(u"demo/gcodes/big.gcode"_s), gcode::Dialect::Klipper, this, [this](const auto& opened) {
        if (opened)
            m_file = *opened;
    });
    QTRY_VERIFY_WITH_TIMEOUT(m_file, longest);
    QVERIFY(m_file->index->size > 199'000'000);
    m_stopped = m_file->index->size * 3 / 5;
    sim::DemoOptions options;
    options.machine.folder = m_folder.filePath(u"demo"_s);
    m_printer = std::make_unique<sim::DemoPrinter>(options);
    QVERIFY(m_printer->start());
}

void TestGuiThread::init()
{
    watch().reset();
    m_measured = true;
}

void TestGuiThread::cleanup()
{
    if (!m_measured)
        return;
    const test::EventWatch::Cost worst = watch().worst();
    qInfo().noquote() << watch().report();
    QVERIFY(worst.times > 0);
    QVERIFY2(worst.cpu <= cpuLimit, qPrintable(watch().report(3)));
    QVERIFY2(worst.blocked <= blockedLimit, qPrintable(watch().report(3)));
}

void TestGuiThread::watchSeesSlowHandlers()
{
    m_measured = false;
    act(u"count"_s, [] {
        const std::clock_t start = std::clock();
        while (std::clock() - start < CLOCKS_PER_SEC / 10) { }
    });
    QVERIFY(watch().worst().cpu > 60);
    watch().reset();
    act(u"wait"_s, [] { QThread::msleep(120); });
    QVERIFY(watch().worst().cpu < 60);
    QVERIFY(watch().worst().blocked > 60);
}

/// A print up to m_stopped; its end follows the lines of the file closely enough to be matched.
std::vector<recovery::Sample> TestGuiThread::samples(std::size_t count) const
{
    constexpr std::size_t precise = 1500;
    constexpr double bytesPerSample = 60;
    std::vector<recovery::Sample> all(count);
    const double tail = static_cast<double>(m_stopped) - precise * bytesPerSample;
    for (std::size_t i = 0; i < count; ++i) {
        recovery::Sample& s = all[i];
        const std::size_t left = count - 1 - i;
        const double byte = left < precise ? static_cast<double>(m_stopped) - static_cast<double>(left) * bytesPerSample
                                           : tail * static_cast<double>(i) / static_cast<double>(count - precise);
        const double wave = std::sin(static_cast<double>(i) * 0.05);
        s.time = m_start + static_cast<double>(sampleCount - count + i) * interval;
        s.eventTime = s.time - m_start;
        s.printState = "printing";
        s.hostState = "ready";
        s.file = "big.gcode";
        s.filePosition = static_cast<ByteOffset>(byte);
        s.fileSize = m_file->index->size;
        s.heaters = {{"extruder", {210 + wave, 210}}, {"heater_bed", {60 + wave / 3, 60}}};
        s.fans = {{"fan", 0.5 + wave / 2}};
        s.speedFactor = s.extrudeFactor = 1;
        s.activeExtruder = "extruder";
        s.printTime = *s.eventTime + 1.5 + wave;
        s.estimatedPrintTime = *s.eventTime;
        const auto* layer = m_file->index->layerAt(*s.filePosition);
        s.livePosition = {{100 + 50 * wave, 100, layer ? layer->z.value_or(0) : 0, 0}};
        if (left >= precise)
            continue;
        const auto at = gcode::locate(*m_file->source, *m_file->index, *s.filePosition);
        if (at && at->state.position[0] && at->state.position[1] && at->state.position[2])
            s.livePosition = {{static_cast<double>(*at->state.position[0]) / 1e6, static_cast<double>(*at->state.position[1]) / 1e6,
                               static_cast<double>(*at->state.position[2]) / 1e6, 0}};
    }
    return all;
}

void TestGuiThread::store(const QString& folder, std::size_t sampled, std::size_t snapshots)
{
    QVERIFY(QDir().mkpath(folder));
    auto opened = app::Store::open(QUrl::fromLocalFile(folder + u"/history.sqlite"_s));
    QVERIFY(opened);
    app::Store& history = **opened;
    const auto& layers = m_file->index->layers;
    app::PrintJob wide;
    wide.id = u"wide"_s;
    wide.printer = printer;
    wide.file = u"wide.gcode"_s;
    wide.fileSize = static_cast<quint64>(QFileInfo(m_folder.filePath(u"demo/gcodes/wide.gcode"_s)).size());
    wide.state = app::JobState::Cancelled;
    wide.startTime = m_start - 7200;
    wide.endTime = m_start - 3600;
    QVERIFY(history.beginJob(wide));
    app::PrintJob big = wide;
    big.id = u"big"_s;
    big.file = u"big.gcode"_s;
    big.fileSize = m_file->index->size;
    big.state = app::JobState::Interrupted;
    big.startTime = m_start;
    big.endTime = m_start + static_cast<double>(sampleCount) * interval;
    big.cause = recovery::StopCause::PrinterPowerLost;
    QVERIFY(history.beginJob(big));
    const auto all = samples(sampled);
    for (std::size_t i = 0; i < all.size(); i += 5000)
        QVERIFY(history.appendSamples(printer, big.id, {all.begin() + static_cast<std::ptrdiff_t>(i),
                                                        all.begin() + static_cast<std::ptrdiff_t>(std::min(i + 5000, all.size()))}));
    for (std::size_t i = 0; i < snapshots; ++i) {
        auto snapshot = recovery::snapshotFromSample(*m_file->source, *m_file->index, layers[i + 1].begin, all[i * all.size() / snapshots]);
        QVERIFY(snapshot);
        snapshot->printer = printer.toStdString();
        snapshot->job = big.id.toStdString();
        snapshot->source = i % 4 == 0 ? recovery::SnapshotSource::Plugin : recovery::SnapshotSource::Recorder;
        snapshot->time = big.startTime + static_cast<double>(i) * 20;
        snapshot->savedTime = *snapshot->time + 3;
        QVERIFY(history.addSnapshot(*snapshot));
    }
}

void TestGuiThread::useTimeline(ui::PrinterPage& page)
{
    ui::TimelineView& view = page.timeline().timeline();
    for (const QString& axis : {u"Progress"_s, u"Layer"_s, u"Time"_s}) {
        act(u"axis "_s + axis, [&] { QVERIFY(press(page, axis)); });
        const QRect area = view.laneArea();
        act(u"timeline zoom"_s, [&] {});
        for (int i = 0; i < 60; ++i)
            wheel(view, area.center() + QPoint(i * 3, 0), i < 45 ? 1 : -1);
        act(u"timeline pan"_s, [&] {});
        drag(view, area.center(), area.center() + QPoint(200, 5));
        drag(view, view.strip().center(), view.strip().center() + QPoint(-150, 0));
        for (int i = 0; i < 10; ++i)
            QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);
        act(u"timeline whole"_s, [&] { QTest::keyClick(&view, Qt::Key_0); });
        act(u"timeline cursor"_s, [&] { QTest::mouseClick(&view, Qt::LeftButton, {}, area.center()); });
        act(u"timeline second cursor"_s, [&] { QTest::mouseClick(&view, Qt::LeftButton, Qt::ShiftModifier, area.center() + QPoint(50, 0)); });
        for (int i = 0; i < 40; ++i)
            act(u"snapshot step"_s, [&] { QTest::keyClick(&view, i < 30 ? Qt::Key_PageUp : Qt::Key_PageDown); });
    }
}

void TestGuiThread::usePart(ui::PrinterPage& page)
{
    ui::PartView& part = page.timeline().part();
    QTRY_VERIFY_WITH_TIMEOUT(part.isReady(), longest);
    const QPoint middle = part.rect().center();
    act(u"part zoom"_s, [&] {});
    for (int i = 0; i < 24; ++i)
        wheel(part, middle + QPoint(i, i), i < 14 ? 1 : -1);
    act(u"part pan"_s, [&] {});
    drag(part, middle, middle + QPoint(60, 40));
    act(u"part whole"_s, [&] { QTest::keyClick(&part, Qt::Key_0); });
    for (int i = 0; i < 5; ++i)
        act(u"part pick"_s, [&] { QTest::mouseClick(&part, Qt::LeftButton, {}, middle + QPoint(7 * i, -5 * i)); });
    for (int i = 0; i < 10; ++i)
        act(u"part line by line"_s, [&] { QTest::keyClick(&part, Qt::Key_Right); });
}

void TestGuiThread::useTable(ui::PrinterPage& page)
{
    auto* table = named<QTableView>(page.timeline(), u"Snapshots"_s);
    QVERIFY(table);
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), static_cast<int>(snapshotCount), longest);
    act(u"table end"_s, [&] { table->scrollToBottom(); });
    act(u"table select"_s, [&] { table->selectRow(table->model()->rowCount() - 1); });
    for (int i = 0; i < 40; ++i)
        act(u"table up"_s, [&] { QTest::keyClick(table, i % 10 == 9 ? Qt::Key_PageUp : Qt::Key_Up); });
    act(u"pin"_s, [&] { QVERIFY(press(page.timeline(), u"Pin"_s)); });
    act(u"reload"_s, [&] { emit page.session().snapshotsChanged(); });
    QSignalSpy changed(table->model(), &QAbstractItemModel::dataChanged);
    QVERIFY(!changed.isEmpty() || changed.wait());
}

void TestGuiThread::scrubLayers(ui::PrinterPage& page)
{
    auto* slider = named<QSlider>(page.timeline(), u"Layer shown"_s);
    QVERIFY(slider);
    QCOMPARE(slider->maximum(), static_cast<int>(page.session().file()->index->layers.size()) - 1);
    for (int layer = 0; layer <= slider->maximum(); ++layer)
        act(u"layer scrub"_s, [&] { slider->setValue(layer); });
    QTRY_VERIFY_WITH_TIMEOUT(page.timeline().part().isReady(), longest);
    QCOMPARE(page.timeline().part().layer(), std::optional(static_cast<std::size_t>(slider->maximum())));
}

void TestGuiThread::useResume(ui::PrinterPage& page)
{
    app::ResumeFlow& flow = page.flow();
    const auto settled = [&] { return QTest::qWaitFor([&] { return !flow.isBusy(); }, longest); };
    act(u"begin the resume"_s, [&] { flow.begin(*page.session().job()); });
    QVERIFY(settled());
    QVERIFY(flow.stop());
    QVERIFY(!flow.candidates().empty());
    act(u"resume page"_s, [&] { page.showTab(ui::PrinterPage::Resume); });
    for (const auto& candidate : std::vector(flow.candidates())) {
        act(u"choose a candidate"_s, [&] { flow.choose(candidate.byte); });
        QVERIFY(settled());
    }
    act(u"choose another byte"_s, [&] { flow.choose(m_file->index->size / 3); });
    QVERIFY(settled());
    act(u"statements"_s, [&] {
        app::Statements statements = flow.statements();
        statements.partStuck = statements.nothingMoved = true;
        statements.declaredZ = flow.chosen()->z;
        flow.setStatements(statements);
    });
    QVERIFY(settled());
    act(u"plan"_s, [&] { flow.setZMethod(recovery::ZMethod::Touch); });
    QVERIFY(settled());
    QVERIFY(flow.plan());
    for (int step = ui::ResumePage::Happened; step <= ui::ResumePage::Run; ++step) {
        act(u"page %1 of the assistant"_s.arg(step), [&] { page.resume().showStep(static_cast<ui::ResumePage::Step>(step)); });
        QVERIFY(settled());
    }
    QSignalSpy saved(&flow, &app::ResumeFlow::saved);
    act(u"save the plan"_s, [&] { flow.savePlan(m_folder.filePath(u"plan.gcode"_s)); });
    QVERIFY(!saved.isEmpty() || saved.wait(longest));
    for (const auto tab : {ui::PrinterPage::Console, ui::PrinterPage::Journal, ui::PrinterPage::Timeline})
        act(u"tabs"_s, [&] { page.showTab(tab); });
}

void TestGuiThread::resizeWindow(ui::MainWindow& window)
{
    for (const QSize& size : {QSize(2560, 1400), QSize(1300, 800), QSize(1920, 1080)})
        act(u"resize"_s, [&] { window.resize(size); });
}

void TestGuiThread::bigFile()
{
    const QString folder = m_folder.filePath(u"big"_s);
    store(folder, sampleCount, snapshotCount);
    if (QTest::currentTestFailed())
        return;
    House house(folder, static_cast<quint16>(m_printer->address().port()));
    watch().reset(); // from here on the program runs
    act(u"start"_s, [&] { house.workshop->load(); });
    QTRY_VERIFY(house.window->page());
    ui::PrinterPage& page = *house.window->page();
    watch().begin(u"connect, fetch, index, analyse"_s);
    QTRY_COMPARE_WITH_TIMEOUT(page.session().state(), app::PrinterState::Interrupted, longest);
    QTRY_VERIFY_WITH_TIMEOUT(page.session().file(), longest);
    QCOMPARE(page.session().file()->index->size, m_file->index->size);
    QTRY_VERIFY_WITH_TIMEOUT(page.flow().stop().has_value(), longest);
    QTRY_VERIFY_WITH_TIMEOUT(page.timeline().selectedByte().has_value(), longest);
    ui::TimelineView& view = page.timeline().timeline();
    const auto samplesShown = [&] {
        view.select(std::nullopt);
        view.select(m_stopped - 1);
        return view.selectionText().contains(u"at "_s);
    };
    QTRY_VERIFY_WITH_TIMEOUT(samplesShown(), longest);
    using Use = void (TestGuiThread::*)(ui::PrinterPage&);
    for (const Use use : {&TestGuiThread::useTimeline, &TestGuiThread::useTable, &TestGuiThread::usePart, &TestGuiThread::scrubLayers,
                          &TestGuiThread::useResume}) {
        (this->*use)(page);
        if (QTest::currentTestFailed())
            return;
        resizeWindow(*house.window);
    }

    const std::size_t layers = page.session().file()->index->layers.size();
    auto* jobs = named<QComboBox>(page.timeline(), u"Print shown"_s);
    QVERIFY(jobs);
    QTRY_COMPARE(jobs->count(), 2);
    act(u"another print"_s, [&] { emit jobs->activated(1); });
    QTRY_VERIFY_WITH_TIMEOUT(page.session().file() && page.session().file()->index->layers.size() != layers, longest);
    watch().begin(u"a layer of 300,000 lines"_s);
    QVERIFY(page.session().file()->index->layers[1].end - page.session().file()->index->layers[1].begin > 7'000'000);
    scrubLayers(page);
    act(u"a big layer"_s, [&] { page.timeline().select(page.session().file()->index->size / 2); });
    usePart(page);
    resizeWindow(*house.window);
}

void TestGuiThread::stalledServer_data()
{
    QTest::addColumn<qint64>("websocket");
    QTest::addColumn<qint64>("http");
    QTest::addColumn<QString>("words");
    const qint64 all = test::StallingProxy::all;
    QTest::newRow("accepts and never answers") << qint64(0) << qint64(0) << u"not answer"_s;
    QTest::newRow("half a websocket frame") << qint64(40) << all << u"was lost"_s;
    QTest::newRow("half a file") << all << qint64(5'000'000) << u"not answer"_s;
}

void TestGuiThread::stalledServer()
{
    QFETCH(qint64, websocket);
    QFETCH(qint64, http);
    QFETCH(QString, words);
    const QString folder = m_folder.filePath(QString::fromLatin1(QTest::currentDataTag()));
    store(folder, 2000, 50);
    if (QTest::currentTestFailed())
        return;
    const test::StallingProxy proxy(static_cast<quint16>(m_printer->address().port()), {websocket, http});
    House house(folder, proxy.port());
    watch().reset();
    act(u"start"_s, [&] { house.workshop->load(); });
    QTRY_VERIFY(house.window->page());
    ui::PrinterPage& page = *house.window->page();
    ui::TimelineView& view = page.timeline().timeline();
    const auto use = [&] {
        act(u"use the window"_s, [&] { wheel(view, view.laneArea().center(), 1); });
        act(u"use the window"_s, [&] { QTest::keyClick(&view, Qt::Key_PageUp); });
        act(u"tabs"_s, [&] { page.showTab(ui::PrinterPage::Resume); });
        act(u"tabs"_s, [&] { page.showTab(ui::PrinterPage::Timeline); });
        return said(*house.window).contains(words);
    };
    const bool told = QTest::qWaitFor(use, 40'000);
    QVERIFY2(told, qPrintable(said(*house.window)));
    resizeWindow(*house.window);
    act(u"try again"_s, [&] { (void)(press(*house.window, u"Connect again"_s) || press(*house.window, u"Read the file again"_s)); });
    use();
}

int main(int argc, char** argv)
{
    test::EventWatch application(argc, argv);
    TestGuiThread tests;
    return QTest::qExec(&tests, argc, argv);
}

#include "tst_guithread.moc"
