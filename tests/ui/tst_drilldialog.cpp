// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "drilldialog.h"
#include "drillproof.h"
#include "drillview.h"
#include "fakedriver.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
using namespace kintsugi::ui;
using test::FakeDriver;

namespace {

constexpr double when = 1794484800; // noon of 12 Nov 2026, UTC

QPushButton* button(const QWidget& in, const QString& text)
{
    for (QPushButton* one : in.findChildren<QPushButton*>()) {
        if (one->isVisibleTo(&in) && QString(one->text()).remove(u'&').startsWith(text))
            return one;
    }
    return nullptr;
}

QDoubleSpinBox* box(const QWidget& in, const QString& name)
{
    for (QDoubleSpinBox* one : in.findChildren<QDoubleSpinBox*>()) {
        if (one->accessibleName() == name)
            return one;
    }
    return nullptr;
}

bool says(const QWidget& in, const QString& text)
{
    for (const QLabel* one : in.findChildren<QLabel*>()) {
        if (one->isVisibleTo(&in) && one->text().contains(text))
            return true;
    }
    return false;
}

} // namespace

/// The drill by the buttons a person presses.
class TestDrillDialog : public QObject
{
    Q_OBJECT
private slots:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void init();
    void cleanup();
    void nothingBeginsBeforeTheBedWasLookedAt();
    void leadsFromThePrintToTheResume();
    void keepsAReading();
    void refusesAWrongReading();
    void aPairCanBeClicked();

private:
    void look(const QString& name);
    void press(const QString& text);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Archive> m_archive;
    std::unique_ptr<FileCache> m_files;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<DrillDialog> m_dialog;
    FakeDriver* m_driver = nullptr;
    double m_now = when;
};

void TestDrillDialog::init()
{
    m_now = when;
    m_folder = std::make_unique<QTemporaryDir>();
    m_archive = std::make_unique<Archive>();
    QSignalSpy opened(m_archive.get(), &Archive::opened);
    m_archive->open(QUrl::fromLocalFile(m_folder->filePath(u"history.sqlite"_s)));
    QVERIFY(opened.wait());
    m_files = std::make_unique<FileCache>(m_folder->filePath(u"cache"_s));
    Profile profile;
    profile.id = u"p"_s;
    profile.name = u"Voron"_s;
    auto driver = std::make_unique<FakeDriver>();
    m_driver = driver.get();
    m_driver->status.printState = "standby";
    m_session = std::make_unique<Session>(profile, std::move(driver), *m_archive, *m_files, [this] { return m_now; });
    m_session->connectPrinter();
    m_driver->goOnline();
    m_driver->emitSample(m_driver->status);
    QTRY_COMPARE(m_session->state(), PrinterState::Idle);
    m_dialog = std::make_unique<DrillDialog>(*m_session);
    m_dialog->show();
}

void TestDrillDialog::cleanup()
{
    m_dialog.reset();
    m_session.reset();
    m_files.reset();
    m_archive.reset();
}

/// Into the folder of the environment, to look at what a person sees.
void TestDrillDialog::look(const QString& name)
{
    const QString pictures = qEnvironmentVariable("KINTSUGI_PICTURES");
    if (pictures.isEmpty())
        return;
    const QPalette light = QApplication::palette();
    QPalette dark(QColor(45, 47, 50), QColor(38, 40, 43));
    dark.setColor(QPalette::Base, QColor(30, 31, 33));
    dark.setColor(QPalette::Text, Qt::white);
    dark.setColor(QPalette::WindowText, Qt::white);
    dark.setColor(QPalette::ButtonText, Qt::white);
    for (const bool night : {false, true}) {
        QApplication::setPalette(night ? dark : light);
        m_dialog->adjustSize();
        QApplication::processEvents();
        QVERIFY(m_dialog->grab().save(u"%1/drill-%2-%3.png"_s.arg(pictures, name, night ? u"dark"_s : u"light"_s)));
    }
    QApplication::setPalette(light);
}

void TestDrillDialog::press(const QString& text)
{
    QTRY_VERIFY2(button(*m_dialog, text) && button(*m_dialog, text)->isEnabled(), qPrintable(text));
    QTest::mouseClick(button(*m_dialog, text), Qt::LeftButton);
}

void TestDrillDialog::nothingBeginsBeforeTheBedWasLookedAt()
{
    QVERIFY(!button(*m_dialog, u"Heat and print"_s)->isEnabled());
    auto* bed = m_dialog->findChild<QCheckBox*>();
    bed->setChecked(true);
    QVERIFY(button(*m_dialog, u"Heat and print"_s)->isEnabled());
    m_driver->dropLink();
    QTRY_VERIFY(!button(*m_dialog, u"Heat and print"_s)->isEnabled());
    QCOMPARE(m_driver->count(u"startPrint"_s), 0);
}

void TestDrillDialog::leadsFromThePrintToTheResume()
{
    m_dialog->findChild<QCheckBox*>()->setChecked(true);
    look(u"print"_s);
    press(u"Heat and print"_s);
    QTRY_COMPARE(m_driver->count(u"startPrint"_s), 1);
    QTRY_VERIFY(says(*m_dialog, u"Printing up to the layer"_s));
    QString remote;
    std::string text;
    for (const auto& [name, bytes] : m_driver->files) {
        if (name.startsWith(u"gcodes/kintsugi-drill"_s)) {
            remote = name.mid(7);
            text = bytes.toStdString();
        }
    }
    const auto stop = recovery::drill::stopOf(text);
    QVERIFY(stop);
    const auto report = [&](ByteOffset byte, double time) {
        m_now = when + time;
        m_driver->emitSample(FakeDriver::printing(remote, m_now, byte, time));
    };
    report(100, 10);
    QTRY_VERIFY(m_session->recorder().currentJob());
    m_dialog->hide(); // hidden it watches on
    report(stop->from, 300);
    report(stop->at, 310);
    QTRY_COMPARE(m_driver->count(u"emergencyStop"_s), 1);
    m_dialog->show();
    m_driver->setHost(link::HostState::Shutdown, u"Shutdown due to webhooks request"_s);
    QTRY_VERIFY(says(*m_dialog, u"Step 2 of 3"_s));
    look(u"resume"_s);
    press(u"Restart the firmware"_s);
    QTRY_COMPARE(m_driver->count(u"restartHost"_s), 1);
    QSignalSpy wanted(m_dialog.get(), &DrillDialog::resumeWanted);
    press(u"Go to the resume"_s);
    QCOMPARE(wanted.size(), 1);
}

void TestDrillDialog::keepsAReading()
{
    m_dialog->showStep(DrillDialog::Read);
    QVERIFY(says(*m_dialog, u"not proven"_s));
    box(*m_dialog, u"Tooth in line on the front wall"_s)->setValue(1);
    box(*m_dialog, u"Tooth in line on the right wall"_s)->setValue(-0.5);
    box(*m_dialog, u"Height of the ledge"_s)->setValue(3.94);
    box(*m_dialog, u"Whole height"_s)->setValue(7.97);
    QVERIFY(says(*m_dialog, u"0.10 mm to the right"_s) && says(*m_dialog, u"0.03 mm too high"_s));
    look(u"read"_s);
    QSignalSpy changed(m_session.get(), &Session::profileChanged);
    press(u"Keep this result"_s);
    QCOMPARE(changed.size(), 1);
    QVERIFY(!button(*m_dialog, u"Keep this result"_s)->isEnabled());
    const auto& drills = m_session->profile().drills;
    QCOMPARE(drills.size(), std::size_t{1});
    QCOMPARE(drills[0].when, when);
    QVERIFY(std::abs(drills[0].seam[2] - 0.03) < 1e-9 && std::abs(drills[0].seam[0] - 0.1) < 1e-9);
    QVERIFY(says(*m_dialog, u"Last proven 12 Nov 2026, touch: 0.03 mm"_s));
    m_now += 10;
    press(u"Nozzle or plate"_s);
    QVERIFY(says(*m_dialog, u"changed since"_s));
    QCOMPARE(m_session->profile().partsChanged, std::optional(when + 10));
}

void TestDrillDialog::refusesAWrongReading()
{
    m_dialog->showStep(DrillDialog::Read);
    box(*m_dialog, u"Height of the ledge"_s)->setValue(8);
    QVERIFY(!button(*m_dialog, u"Keep this result"_s)->isEnabled());
    QVERIFY(says(*m_dialog, u"ledge of this part"_s));
}

void TestDrillDialog::aPairCanBeClicked()
{
    m_dialog->showStep(DrillDialog::Read);
    auto* view = m_dialog->findChild<VernierView*>();
    QVERIFY(view);
    const double scale = view->width() / 31.0; // px a mm of wall
    QTest::mouseClick(view, Qt::LeftButton, {}, QPoint(static_cast<int>(view->width() / 2 - 6 * scale), 10));
    QCOMPARE(box(*m_dialog, u"Tooth in line on the front wall"_s)->value(), -3.0);
    QTest::mouseClick(view, Qt::LeftButton, {}, QPoint(1, 10));
    QCOMPARE(box(*m_dialog, u"Tooth in line on the front wall"_s)->value(), -6.0);
}

QTEST_MAIN(TestDrillDialog)
#include "tst_drilldialog.moc"
