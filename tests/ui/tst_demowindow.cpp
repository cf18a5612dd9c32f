// SPDX-License-Identifier: GPL-3.0-or-later
#include <variant>

#include <QApplication>
#include <QCheckBox>
#include <QElapsedTimer>
#include <QListView>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>

#include "demobench.h"
#include "fakesecrets.h"
#include "mainwindow.h"
#include "partview.h"
#include "printerpage.h"
#include "resumepage.h"
#include "timelinepage.h"
#include "timelineview.h"
#include "workshop.h"

using namespace kintsugi;
using namespace Qt::StringLiterals;

/// The main job as a person does it: only buttons are pressed.
class TestDemoWindow : public QObject
{
    Q_OBJECT
private slots:
    void powerCutAndResume();
};

namespace {

QPushButton* button(const QWidget& in, const QString& text)
{
    for (QPushButton* candidate : in.findChildren<QPushButton*>()) {
        if (candidate->text().remove(u'&') == text && candidate->isVisible())
            return candidate;
    }
    return nullptr;
}

bool pressWhenReady(const QWidget& in, const QString& text)
{
    const auto ready = [&] {
        const QPushButton* found = button(in, text);
        return found && found->isEnabled();
    };
    if (!QTest::qWaitFor(ready, 20000))
        return false;
    QTest::mouseClick(button(in, text), Qt::LeftButton);
    return true;
}

bool press(const QWidget& in, const QString& text)
{
    QPushButton* found = button(in, text);
    if (!found || !found->isEnabled())
        return false;
    QTest::mouseClick(found, Qt::LeftButton);
    return true;
}

/// Pictures for people, when somebody wants them: KINTSUGI_SHOTS names the folder.
void picture(ui::MainWindow& window, const QString& name)
{
    const QString folder = qEnvironmentVariable("KINTSUGI_SHOTS");
    if (folder.isEmpty())
        return;
    const QPalette palette = QApplication::palette();
    window.resize(1600, 1000);
    const auto save = [&](const QString& kind) {
        QCoreApplication::sendPostedEvents();
        (void)QTest::qWaitFor([&] { return window.page()->timeline().part().isReady(); }, 2000);
        window.grab().save(folder + u'/' + name + u'_' + kind + u".png"_s);
    };
    save(u"light"_s);
    QPalette dark(QColor(0x2a, 0x2d, 0x33), QColor(0x24, 0x27, 0x2c));
    dark.setColor(QPalette::Base, QColor(0x1b, 0x1d, 0x21));
    dark.setColor(QPalette::Highlight, QColor(0x2b, 0x4a, 0x78));
    QApplication::setPalette(dark);
    save(u"dark"_s);
    QApplication::setPalette(palette);
}

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

} // namespace

void TestDemoWindow::powerCutAndResume()
{
    QTemporaryDir folder;
    app::Archive archive;
    app::FileCache files(folder.filePath(u"cache"_s));
    test::FakeSecrets secrets;
    app::ProfileList profiles(folder.filePath(u"printers.json"_s));
    gui::DemoBench bench(folder.filePath(u"demo"_s));
    bench.setSpeed(20);
    bench.setDemoFile(u"tower_plr.gcode"_s); // the small one: the whole job in seconds
    link::DriverFactory drivers;
    drivers.add(u"demo"_s, [&bench](const link::Address&) { return bench.makeDriver(); });
    QSignalSpy opened(&archive, &app::Archive::opened);
    archive.open(QUrl::fromLocalFile(folder.filePath(u"history.sqlite"_s)));
    QVERIFY(opened.wait());
    ui::Workshop workshop({archive, files, secrets, profiles, drivers, now, [&bench](const app::Profile&) { return &bench; }});
    ui::MainWindow window(workshop);
    window.show();

    QVERIFY(press(window, u"Try the demo printer"_s));
    QTRY_VERIFY(window.page());
    ui::PrinterPage& page = *window.page();
    app::Session& session = page.session();
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), app::PrinterState::Idle, 20000);
    QVERIFY(pressWhenReady(window, u"Start demo print"_s));
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), app::PrinterState::Printing, 20000);
    const auto layer = [&]() -> std::size_t {
        const auto file = session.file();
        const auto& sample = session.sample();
        const auto* at = file && sample && sample->filePosition ? file->index->layerAt(*sample->filePosition) : nullptr;
        return at ? at->index : 0;
    };
    QTRY_VERIFY_WITH_TIMEOUT(layer() >= 6, 60000);
    QVERIFY(press(window, u"Cut the power"_s));
    QTRY_VERIFY_WITH_TIMEOUT(button(window, u"Restore power"_s), 20000);
    QVERIFY(press(window, u"Restore power"_s));

    QTRY_COMPARE_WITH_TIMEOUT(session.state(), app::PrinterState::Interrupted, 60000);
    QTRY_VERIFY_WITH_TIMEOUT(button(window, u"Keep the bed warm"_s), 10000);
    QTRY_VERIFY_WITH_TIMEOUT(page.flow().stop().has_value(), 30000);
    QTRY_VERIFY_WITH_TIMEOUT(page.timeline().selectedByte().has_value(), 10000);
    QCOMPARE(page.timeline().timeline().selectedByte(), page.timeline().selectedByte());
    picture(window, u"timeline"_s);
    // The plan of a soft nozzle differs from that of a cold one, and one that turned is not launched: let it grow cold.
    QTRY_VERIFY_WITH_TIMEOUT(session.sample() && session.sample()->heaters.contains("extruder")
                                 && session.sample()->heaters.at("extruder").temperature.value_or(300) < 60,
                             60000);
    QVERIFY(press(page, u"Resume from here…"_s));

    ui::ResumePage& assistant = page.resume();
    const auto next = [&](ui::ResumePage::Step step) {
        return pressWhenReady(assistant, u"Next"_s) && assistant.step() == step;
    };
    QCOMPARE(assistant.step(), ui::ResumePage::Happened);
    QVERIFY(next(ui::ResumePage::Where));
    picture(window, u"where"_s);
    QVERIFY(next(ui::ResumePage::State));
    QVERIFY(next(ui::ResumePage::Gate));
    for (QCheckBox* tick : assistant.findChildren<QCheckBox*>()) {
        if (tick->isVisible() && !tick->isChecked())
            QTest::mouseClick(tick, Qt::LeftButton, {}, QPoint(8, tick->height() / 2));
    }
    QTRY_VERIFY(page.flow().planError() || !page.flow().gate().empty());
    picture(window, u"gate"_s);
    QVERIFY(next(ui::ResumePage::Z));
    for (QRadioButton* method : assistant.findChildren<QRadioButton*>()) {
        if (method->isVisible() && method->text().contains(u"ouch"_s))
            QTest::mouseClick(method, Qt::LeftButton, {}, QPoint(8, method->height() / 2));
    }
    for (QCheckBox* tick : assistant.findChildren<QCheckBox*>()) {
        if (tick->isVisible() && !tick->isChecked())
            QTest::mouseClick(tick, Qt::LeftButton, {}, QPoint(8, tick->height() / 2));
    }
    QVERIFY(page.flow().statements().declaredZ);
    picture(window, u"z"_s);
    QVERIFY(next(ui::ResumePage::Plan));
    QTRY_VERIFY_WITH_TIMEOUT(page.flow().plan().has_value(), 20000);
    QVERIFY(page.flow().picture()); // the way is simulated
    picture(window, u"plan"_s);
    for (QTabWidget* views : assistant.findChildren<QTabWidget*>()) {
        if (views->isVisible() && views->accessibleName() == u"Views of the plan"_s)
            views->setCurrentIndex(1);
    }
    picture(window, u"way"_s);
    QVERIFY(next(ui::ResumePage::Run));
    QVERIFY(pressWhenReady(assistant, u"Prepare, nothing moves yet"_s));
    QTRY_VERIFY_WITH_TIMEOUT(std::holds_alternative<recovery::run::Armed>(page.flow().runState()), 20000);
    QVERIFY(pressWhenReady(assistant, u"Start now: heats and moves"_s));
    QTRY_VERIFY_WITH_TIMEOUT(page.flow().report().has_value(), 120000);
    QVERIFY(page.flow().report()->completed);
    QCOMPARE(assistant.step(), ui::ResumePage::Report);
}

QTEST_MAIN(TestDemoWindow)
#include "tst_demowindow.moc"
