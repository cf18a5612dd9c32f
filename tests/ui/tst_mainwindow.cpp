// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalSpy>
#include <QToolBar>
#include <QTemporaryDir>
#include <QTest>

#include "addprinterdialog.h"
#include "fakedriver.h"
#include "fakesecrets.h"
#include "filewindow.h"
#include "mainwindow.h"
#include "markersdialog.h"
#include "messagebar.h"
#include "partview.h"
#include "printerpage.h"
#include "resumepage.h"
#include "timelinepage.h"
#include "timelineview.h"
#include "variablesdialog.h"
#include "workshop.h"

using namespace kintsugi;
using namespace Qt::StringLiterals;

namespace {

/// Everything a window needs, on a temporary folder, with printers that a test drives.
struct House {
    QTemporaryDir folder;
    app::Archive archive;
    app::FileCache files{folder.filePath(u"cache"_s)};
    test::FakeSecrets secrets;
    app::ProfileList profiles{folder.filePath(u"printers.json"_s)};
    link::DriverFactory drivers;
    QPointer<test::FakeDriver> driver; ///< the newest; lives on its link thread
    std::unique_ptr<ui::Workshop> workshop;
    std::unique_ptr<ui::MainWindow> window;

    House()
    {
        drivers.add(u"moonraker"_s, [this](const link::Address&) {
            auto made = std::make_unique<test::FakeDriver>();
            made->info.capabilities |= link::Capability::PlrPlugin;
            driver = made.get();
            return made;
        });
        QSignalSpy opened(&archive, &app::Archive::opened);
        archive.open(QUrl::fromLocalFile(folder.filePath(u"history.sqlite"_s)));
        (void)opened.wait();
        workshop = std::make_unique<ui::Workshop>(ui::Tools{archive, files, secrets, profiles, drivers, [] { return 1'700'000'000.0; },
                                                            [](const app::Profile&) { return nullptr; }});
        window = std::make_unique<ui::MainWindow>(*workshop);
        window->show();
    }
    app::Session* add(const QString& name)
    {
        const auto session = workshop->add(name, u"voron.local"_s, {});
        return session ? *session : nullptr;
    }
    template <class F>
    void onDriver(F action)
    {
        QMetaObject::invokeMethod(driver, [d = driver, action] { action(*d); }, Qt::BlockingQueuedConnection);
    }
};

bool isInteractive(const QWidget* widget)
{
    if (widget->focusPolicy() == Qt::NoFocus || widget->inherits("QScrollArea") || widget->objectName().startsWith(u"qt_"_s))
        return false;
    return qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QLineEdit*>(widget) || qobject_cast<const QComboBox*>(widget)
        || qobject_cast<const QAbstractItemView*>(widget) || qobject_cast<const QAbstractSlider*>(widget)
        || qobject_cast<const QAbstractSpinBox*>(widget) || qobject_cast<const QPlainTextEdit*>(widget)
        || qobject_cast<const ui::TimelineView*>(widget) || qobject_cast<const ui::PartView*>(widget);
}

/// A child that Qt made for a composite control, such as the line edit of a spin box.
bool isInner(const QWidget* widget)
{
    const QWidget* parent = widget->parentWidget();
    return parent && (qobject_cast<const QAbstractSpinBox*>(parent) || parent->inherits("QComboBox") || parent->inherits("QComboBoxPrivateContainer")
                      || parent->inherits("QHeaderView") || parent->inherits("QTabBar") || parent->inherits("QTableView")
                      || widget->inherits("QHeaderView") || widget->inherits("QTableCornerButton") || widget->inherits("QScrollBar"));
}

QStringList nameless(const QWidget& root)
{
    QStringList result;
    for (const QWidget* widget : root.findChildren<QWidget*>()) {
        if (!isInteractive(widget) || isInner(widget))
            continue;
        QAccessibleInterface* face = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
        if (!face || face->text(QAccessible::Name).trimmed().isEmpty())
            result << QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName() + u" in "_s
                    + QString::fromLatin1(widget->parentWidget()->metaObject()->className());
    }
    return result;
}

/// Follows Tab through the visible controls; true when every enabled one is reached.
QStringList unreachable(QWidget& window)
{
    QSet<const QWidget*> reached;
    const QWidget* at = &window;
    for (int i = 0; i < 2000; ++i) {
        at = at->nextInFocusChain();
        reached.insert(at);
        if (at == &window)
            break;
    }
    QStringList missing;
    for (const QWidget* widget : window.findChildren<QWidget*>()) {
        if (isInteractive(widget) && !isInner(widget) && widget->isVisible() && widget->isEnabled() && !reached.contains(widget))
            missing << QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName();
    }
    return missing;
}

QPushButton* button(const QWidget& in, const QString& text)
{
    for (QPushButton* candidate : in.findChildren<QPushButton*>()) {
        if (candidate->text().remove(u'&') == text)
            return candidate;
    }
    return nullptr;
}

} // namespace

class TestMainWindow : public QObject
{
    Q_OBJECT
private slots:
    void firstStartOffersTwoWays();
    void everyControlHasANameAndIsReachable();
    void emergencyStopWorksInATextField();
    void emergencyStopStaysInView_data();
    void emergencyStopStaysInView();
    void longAndHostileNamesStayPlain();
    void offlineSaysWhatToDo();
    void addingRefusesABadAddress();
    void removedPrinterLeavesNothing();
    void tornVariablesShowTheDifference();
    void openingSendsNothingThatMoves();
    void readingAFileCanBeCancelled();
    void aDroppedFileOpensInItsOwnWindow();
};

void TestMainWindow::firstStartOffersTwoWays()
{
    House house;
    QVERIFY(!house.window->page());
    QVERIFY(button(*house.window, u"Try the demo printer"_s));
    QVERIFY(button(*house.window, u"Try the demo printer"_s)->isVisible());
    QVERIFY(!button(*house.window, u"Emergency stop"_s)->isEnabled());
    house.window->tryDemo(); // no demo is wired here: said in place, nothing crashes
    QVERIFY(!house.window->page());
    bool said = false;
    for (const auto* bar : house.window->findChildren<ui::MessageBar*>())
        said = said || !bar->text().isEmpty();
    QVERIFY(said);
}

void TestMainWindow::everyControlHasANameAndIsReachable()
{
    House house;
    QVERIFY(house.add(u"Voron"_s));
    QTRY_VERIFY(house.driver && house.window->page());
    ui::PrinterPage& page = *house.window->page();
    QVERIFY2(nameless(*house.window).isEmpty(), qPrintable(nameless(*house.window).join(u'\n')));
    for (int tab = ui::PrinterPage::Timeline; tab <= ui::PrinterPage::Journal; ++tab) {
        page.showTab(static_cast<ui::PrinterPage::Tab>(tab));
        QCOMPARE(unreachable(*house.window), QStringList());
    }
    page.showTab(ui::PrinterPage::Resume);
    for (int step = 0; step < ui::ResumePage::StepCount; ++step) {
        page.resume().showStep(static_cast<ui::ResumePage::Step>(step));
        QCOMPARE(page.resume().step(), static_cast<ui::ResumePage::Step>(step));
        QCOMPARE(nameless(*house.window), QStringList());
        QCOMPARE(unreachable(*house.window), QStringList());
    }
    ui::AddPrinterDialog add(*house.workshop);
    add.show();
    QCOMPARE(nameless(add), QStringList());
    QCOMPARE(unreachable(add), QStringList());
    ui::VariablesDialog variables(page.session(), {}, "[Variables]\na = 1");
    variables.show();
    QCOMPARE(nameless(variables), QStringList());
    QCOMPARE(unreachable(variables), QStringList());
}

void TestMainWindow::emergencyStopWorksInATextField()
{
    House house;
    QVERIFY(house.add(u"Voron"_s));
    QTRY_VERIFY(house.driver && house.window->page());
    house.onDriver([](test::FakeDriver& driver) { driver.goOnline(); });
    ui::PrinterPage& page = *house.window->page();
    page.showTab(ui::PrinterPage::Console);
    QLineEdit* line = nullptr;
    for (QLineEdit* candidate : page.findChildren<QLineEdit*>()) {
        if (candidate->isVisible() && candidate->accessibleName() == u"Command to send"_s)
            line = candidate;
    }
    QVERIFY(line);
    house.window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(house.window.get()));
    line->setFocus();
    QTest::keyClicks(line, u"G1 X1"_s);
    QTest::keyClick(line, Qt::Key_E, Qt::ControlModifier | Qt::ShiftModifier);
    const auto stops = [&] {
        int count = 0;
        house.onDriver([&count](test::FakeDriver& driver) { count = driver.count(u"emergencyStop"_s); });
        return count;
    };
    QTRY_COMPARE(stops(), 1);
    QCOMPARE(line->text(), u"G1 X1"_s);
}

void TestMainWindow::emergencyStopStaysInView_data()
{
    QTest::addColumn<double>("scale");
    QTest::addColumn<bool>("dark");
    QTest::newRow("light, 100 %") << 1.0 << false;
    QTest::newRow("dark, 100 %") << 1.0 << true;
    QTest::newRow("light, 200 %") << 2.0 << false;
    QTest::newRow("dark, 200 %") << 2.0 << true;
}

void TestMainWindow::emergencyStopStaysInView()
{
    QFETCH(double, scale);
    QFETCH(bool, dark);
    const QFont font = QApplication::font();
    const QPalette palette = QApplication::palette();
    QFont large = font;
    large.setPointSizeF(font.pointSizeF() * scale);
    QApplication::setFont(large);
    if (dark)
        QApplication::setPalette(QPalette(QColor(0x2a, 0x2d, 0x33), QColor(0x1e, 0x20, 0x24)));
    {
        House house;
        QVERIFY(house.add(u"A printer with a very long name that nobody would ever read to its end"_s));
        QTRY_VERIFY(house.window->page());
        house.window->resize(1600, 1000);
        QCoreApplication::sendPostedEvents();
        const auto* bar = house.window->findChild<QToolBar*>();
        const QPushButton* stop = bar ? button(*bar, u"Emergency stop"_s) : nullptr;
        QVERIFY(stop && stop->isVisible());
        QVERIFY(house.window->minimumSizeHint().width() < 1280);
        QVERIFY(house.window->width() <= 1600);
        const QRect where(stop->mapTo(house.window.get(), QPoint()), stop->size());
        QVERIFY(house.window->rect().contains(where));
        const QColor face = stop->palette().color(QPalette::Active, QPalette::Button);
        const QColor words = stop->palette().color(QPalette::Active, QPalette::ButtonText);
        QVERIFY(std::abs(qGray(face.rgb()) - qGray(words.rgb())) > 80);
        QVERIFY(!house.window->grab().isNull());
    }
    QApplication::setFont(font);
    QApplication::setPalette(palette);
}

void TestMainWindow::longAndHostileNamesStayPlain()
{
    House house;
    const QString name = u"<b>bold</b><img src=x> "_s + QString(300, u'x');
    app::Session* session = house.add(name);
    QVERIFY(session);
    QTRY_VERIFY(house.window->page());
    for (const QLabel* label : house.window->findChildren<QLabel*>()) {
        if (label->text().contains(u"<b>"_s))
            QCOMPARE(label->textFormat(), Qt::PlainText);
    }
    QVERIFY(house.window->windowTitle().size() < 120);
    const int width = house.window->minimumSizeHint().width();
    QVERIFY2(width < 1400, qPrintable(QString::number(width)));
}

void TestMainWindow::offlineSaysWhatToDo()
{
    House house;
    QVERIFY(house.add(u"Voron"_s));
    QTRY_VERIFY(house.driver && house.window->page());
    QTRY_COMPARE(house.window->page()->session().state(), app::PrinterState::Idle);
    house.onDriver([](test::FakeDriver& driver) {
        driver.dropLink(link::LinkState::Offline);
        emit driver.linkFailed({ErrorCode::Unreachable, "Connection refused"});
    });
    const auto said = [&] {
        QString all;
        for (const auto* bar : house.window->findChildren<ui::MessageBar*>())
            all += bar->text();
        return all;
    };
    QTRY_VERIFY2(said().contains(u"cannot be reached"_s), qPrintable(said()));
    QVERIFY(said().contains(u"Check"_s));
}

void TestMainWindow::addingRefusesABadAddress()
{
    House house;
    ui::AddPrinterDialog dialog(*house.workshop);
    auto* address = dialog.findChild<QLineEdit*>(u"address"_s);
    QPushButton* add = button(dialog, u"Add the printer"_s);
    QVERIFY(address && add);
    QVERIFY(!add->isEnabled());
    address->setText(u"gopher://old"_s);
    add->click();
    QVERIFY(!dialog.findChild<QLabel*>(u"testResult"_s)->text().isEmpty());
    QVERIFY(!dialog.session());
    address->setText(u"voron.local"_s);
    dialog.findChild<QLineEdit*>(u"apiKey"_s)->setText(u"secret"_s);
    add->click();
    QVERIFY(dialog.session());
    QTRY_COMPARE(house.secrets.stored.size(), 1);
    QFile stored(house.folder.filePath(u"printers.json"_s));
    QVERIFY(stored.open(QIODevice::ReadOnly));
    QVERIFY(!stored.readAll().contains("secret"));
}

void TestMainWindow::removedPrinterLeavesNothing()
{
    House house;
    app::Session* first = house.add(u"One"_s);
    app::Session* second = house.add(u"Two"_s);
    QVERIFY(first && second);
    house.window->choose(second);
    house.workshop->remove(second);
    QCOMPARE(house.workshop->printers().rowCount(), 1);
    house.workshop->remove(first);
    QTRY_VERIFY(!house.window->page());
    QVERIFY(button(*house.window, u"Try the demo printer"_s)->isVisible());
    QCOMPARE(house.profiles.load()->size(), std::size_t{0});
}

void TestMainWindow::tornVariablesShowTheDifference()
{
    QCOMPARE(ui::lineDifference(u"a\nb\nc"_s, u"a\nx\nc"_s), u"  a\n− b\n+ x\n  c"_s);
    QCOMPARE(ui::lineDifference({}, u"a"_s), u"− \n+ a"_s);
    House house;
    app::Session* session = house.add(u"Voron"_s);
    QTRY_VERIFY(house.window->page());
    app::VariablesCopy good;
    good.time = 1'700'000'000;
    good.text = "[Variables]\nz = 1\nresume = {'a': 1}\n";
    emit session->variablesTorn(good, "[Variables]\nz = 1\nresume = {'a'");
    QPushButton* look = button(*house.window, u"Look and restore…"_s);
    QVERIFY(look && look->isVisible());
    look->click();
    auto* dialog = house.window->findChild<ui::VariablesDialog*>();
    QVERIFY(dialog);
    const QString shown = dialog->findChild<QPlainTextEdit*>()->toPlainText();
    QVERIFY(shown.contains(u"− resume = {'a'"_s));
    QVERIFY(shown.contains(u"+ resume = {'a': 1}"_s));
    QVERIFY(shown.contains(u"  z = 1"_s));
    dialog->close();
}

void TestMainWindow::openingSendsNothingThatMoves()
{
    House house;
    QVERIFY(house.add(u"Voron"_s));
    QTRY_VERIFY(house.driver && house.window->page());
    house.onDriver([](test::FakeDriver& driver) { driver.goOnline(); });
    ui::PrinterPage& page = *house.window->page();
    QTRY_COMPARE(page.session().state(), app::PrinterState::Idle);
    for (int tab = ui::PrinterPage::Timeline; tab <= ui::PrinterPage::Journal; ++tab)
        page.showTab(static_cast<ui::PrinterPage::Tab>(tab));
    for (int step = 0; step < ui::ResumePage::StepCount; ++step)
        page.resume().showStep(static_cast<ui::ResumePage::Step>(step));
    QStringList names;
    house.onDriver([&names](test::FakeDriver& driver) { names = driver.callNames(); });
    for (const QString& forbidden : {u"runScript"_s, u"startPrint"_s, u"startPrintAt"_s, u"upload"_s, u"moveFile"_s, u"restartHost"_s, u"cancelPrint"_s})
        QVERIFY2(!names.contains(forbidden), qPrintable(names.join(u' ')));
}

void TestMainWindow::readingAFileCanBeCancelled()
{
    House house;
    QVERIFY(house.add(u"Voron"_s));
    QTRY_VERIFY(house.driver && house.window->page());
    house.onDriver([](test::FakeDriver& driver) {
        driver.hold({u"metadata"_s});
        driver.goOnline();
    });
    ui::PrinterPage& page = *house.window->page();
    QTRY_COMPARE(page.session().state(), app::PrinterState::Idle);
    app::PrintJob job;
    job.id = u"j"_s;
    job.printer = page.session().profile().id;
    job.file = u"big.gcode"_s;
    job.fileSize = 1000;
    page.session().selectJob(job);
    emit house.files.progressed(u"Reading"_s, 0.4, u"a.gcode"_s);
    QPushButton* cancel = button(page.timeline(), u"Cancel"_s);
    QVERIFY(cancel->isVisible());
    QTest::mouseClick(cancel, Qt::LeftButton);
    QTRY_VERIFY(page.session().fileError().has_value());
    QVERIFY(!cancel->isVisible());
    QVERIFY(button(page, u"Read the file again"_s)->isVisible());
}

void TestMainWindow::aDroppedFileOpensInItsOwnWindow()
{
    House house;
    const QString path = house.folder.filePath(u"part.gcode"_s);
    QVERIFY(QFile::copy(QStringLiteral(KINTSUGI_TEST_DATA "/gcode/ps_gear_relE_klipper.gcode"), path));
    QMimeData dropped;
    dropped.setUrls({QUrl::fromLocalFile(path)});
    QDragEnterEvent enter(QPoint(10, 10), Qt::CopyAction, &dropped, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(house.window.get(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop(QPointF(10, 10), Qt::CopyAction, &dropped, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(house.window.get(), &drop);
    auto* opened = house.window->findChild<ui::FileWindow*>();
    QVERIFY(opened && opened->isWindow());
    QTRY_VERIFY(opened->file());
    QCOMPARE(nameless(*opened), QStringList());
    QCOMPARE(unreachable(*opened), QStringList());
    ui::MarkersDialog markers(opened->file());
    markers.show();
    QCOMPARE(nameless(markers), QStringList());
    QCOMPARE(unreachable(markers), QStringList());
}

QTEST_MAIN(TestMainWindow)
#include "tst_mainwindow.moc"
