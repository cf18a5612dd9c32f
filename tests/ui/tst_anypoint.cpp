// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>

#include "caliperentry.h"
#include "fakedriver.h"
#include "filewindow.h"
#include "gcode/indexcache.h"
#include "gcode/sidecar.h"
#include "gcode/toolpath.h"
#include "markersdialog.h"
#include "ownlinespanel.h"
#include "partview.h"
#include "planpage.h"
#include "pointtabs.h"
#include "statepage.h"
#include "stopwidth.h"
#include "timelinepage.h"
#include "timelineview.h"
#include "wherepage.h"

using namespace kintsugi;
using namespace Qt::StringLiterals;

/// What a person does to go on from any point of any file: with a printer, and without one.
class TestAnyPoint : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void aFileWithoutAPrinterGivesAResumeFile();
    void heightsAreToldApart();
    void changedFileIsReadAgainBeforeThePlan();
    void layersAppearWhileTheFileIsRead();
    void aPointOutsideThePrintIsRefusedInWords();
    void theStopIntervalIsMeasured();
    void caliperReadingsNameTheLayer();
    void guessedTemperaturesTakeOnePress();
    void whatThePrinterReportsStandsBeside();
    void aRefusedOwnLineIsShownAtTheLine();
    void theFileIsReportedAndAskedForItsMarkers();
    void aPreparedCopyIsANewFile();

private:
    [[nodiscard]] app::PrintJob job() const;
    void choosePoint();

    QString m_path;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<app::Archive> m_archive;
    std::unique_ptr<app::FileCache> m_files;
    std::unique_ptr<app::Session> m_session;
    std::unique_ptr<app::ResumeFlow> m_flow;
    test::FakeDriver* m_driver = nullptr;
};

namespace {

QPushButton* button(const QWidget& in, const QString& part)
{
    for (QPushButton* candidate : in.findChildren<QPushButton*>()) {
        if (candidate->text().remove(u'&').contains(part))
            return candidate;
    }
    return nullptr;
}

QString allText(const QWidget& in)
{
    QStringList words;
    for (const QLabel* label : in.findChildren<QLabel*>()) {
        if (label->isVisibleTo(&in))
            words << label->text();
    }
    return words.join(u'\n');
}

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Pictures for people, when somebody wants them: KINTSUGI_SHOTS names the folder.
void picture(QWidget& window, const QString& name)
{
    const QString folder = qEnvironmentVariable("KINTSUGI_SHOTS");
    if (folder.isEmpty())
        return;
    const QPalette palette = QApplication::palette();
    window.grab().save(folder + u'/' + name + u"_light.png"_s);
    QPalette dark(QColor(0x2a, 0x2d, 0x33), QColor(0x24, 0x27, 0x2c));
    dark.setColor(QPalette::Base, QColor(0x1b, 0x1d, 0x21));
    dark.setColor(QPalette::Highlight, QColor(0x2b, 0x4a, 0x78));
    QApplication::setPalette(dark);
    QCoreApplication::sendPostedEvents();
    (void)QTest::qWaitFor([&] {
        const auto parts = window.findChildren<ui::PartView*>();
        return std::all_of(parts.begin(), parts.end(), [](const ui::PartView* part) { return part->isDrawn(); });
    }, 1000);
    window.grab().save(folder + u'/' + name + u"_dark.png"_s);
    QApplication::setPalette(palette);
}

std::shared_ptr<const app::OpenFile> openFile(const QString& path)
{
    auto file = std::make_shared<app::OpenFile>();
    file->path = path;
    file->source = std::move(*gcode::FileSource::open(path.toStdString()));
    file->index = std::make_shared<gcode::FileIndex>(*gcode::buildIndex(*file->source, gcode::Dialect::Klipper));
    return file;
}

} // namespace

void TestAnyPoint::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_path = m_folder->filePath(u"gear.gcode"_s);
    QVERIFY(QFile::copy(QStringLiteral(KINTSUGI_TEST_DATA "/gcode/ps_gear_relE_klipper.gcode"), m_path));
    m_archive = std::make_unique<app::Archive>();
    QSignalSpy opened(m_archive.get(), &app::Archive::opened);
    m_archive->open(QUrl::fromLocalFile(m_folder->filePath(u"history.sqlite"_s)));
    QVERIFY(opened.wait());
    m_files = std::make_unique<app::FileCache>(m_folder->filePath(u"cache"_s));
    app::Profile profile;
    profile.id = u"p"_s;
    profile.url = QUrl(u"moonraker://127.0.0.1:1"_s);
    auto driver = std::make_unique<test::FakeDriver>();
    m_driver = driver.get();
    m_driver->info.capabilities |= link::Capability::PlrPlugin;
    m_session = std::make_unique<app::Session>(profile, std::move(driver), *m_archive, *m_files, [] { return 1'700'000'000.0; });
    m_driver->goOnline();
    m_flow = std::make_unique<app::ResumeFlow>(*m_session);
}

void TestAnyPoint::cleanup()
{
    m_flow.reset();
    m_session.reset();
    m_files.reset();
    m_archive.reset();
}

app::PrintJob TestAnyPoint::job() const
{
    app::PrintJob job;
    job.id = u"j"_s;
    job.printer = u"p"_s;
    job.file = u"gear.gcode"_s;
    job.fileSize = static_cast<quint64>(QFileInfo(m_path).size());
    job.localCopy = m_path;
    job.state = app::JobState::Interrupted;
    return job;
}

void TestAnyPoint::choosePoint()
{
    QSignalSpy analysed(m_flow.get(), &app::ResumeFlow::analysed);
    m_flow->begin(job());
    QVERIFY(analysed.wait());
    m_flow->choose(m_flow->file()->index->layers.at(5).begin);
    QTRY_VERIFY(m_flow->snapshot().has_value());
}

void TestAnyPoint::aFileWithoutAPrinterGivesAResumeFile()
{
    ui::FileWindow window(*m_files, {});
    window.show();
    QSignalSpy opened(&window, &ui::FileWindow::opened);
    window.open(m_path);
    QVERIFY(opened.wait());
    QVERIFY(allText(window).contains(u"PrusaSlicer"_s));
    QVERIFY(!button(window, u"resume file"_s)->isEnabled());
    QSignalSpy planned(&window, &ui::FileWindow::planned);
    const ByteOffset byte = window.file()->index->layers.at(5).begin;
    window.select(byte);
    QVERIFY(planned.wait());
    auto* guessed = window.findChild<QCheckBox*>();
    if (guessed->isVisible()) {
        QVERIFY(!button(window, u"resume file"_s)->isEnabled());
        guessed->click();
        QVERIFY(planned.wait());
    }
    QTRY_VERIFY(window.isPlanned());
    QVERIFY(button(window, u"resume file"_s)->isEnabled());
    picture(window, u"file"_s);
    QSignalSpy saved(&window, &ui::FileWindow::saved);
    const QString target = m_folder->filePath(u"resume.gcode"_s);
    window.save(target);
    QVERIFY(saved.wait());
    const QByteArray original = contents(m_path);
    QVERIFY(contents(target).endsWith(original.mid(static_cast<qsizetype>(byte))));
    QCOMPARE(original.size(), QFileInfo(m_path).size());
    saved.clear();
    window.save(target); // never replaces
    QTRY_VERIFY(allText(window).contains(u"exists already"_s));
    QCOMPARE(saved.count(), 0);
}

void TestAnyPoint::heightsAreToldApart()
{
    ui::FileWindow window(*m_files, {});
    window.show();
    auto* height = window.findChild<QDoubleSpinBox*>(u"nozzleHeight"_s);
    auto* method = window.findChild<QComboBox*>(u"zMethod"_s);
    QVERIFY(height && method);
    QSignalSpy opened(&window, &ui::FileWindow::opened);
    window.open(QStringLiteral(KINTSUGI_TEST_DATA) + u"/gcode/ps_sequential3_absE.gcode"_s);
    QVERIFY(opened.wait());
    QVERIFY(!height->isEnabled() && !method->isEnabled()); // nothing is chosen yet
    const auto& layers = window.file()->index->layers;
    const auto second = std::find_if(std::next(layers.begin()), layers.end(), [&](const gcode::Layer& layer) { return layer.z < layers[layer.index - 1].z; });
    QVERIFY(second != layers.end()); // the next object begins
    QSignalSpy planned(&window, &ui::FileWindow::planned);
    window.select(second->begin);
    QVERIFY(planned.wait());
    const QString said = allText(window);
    QVERIFY2(said.contains(u"Z %1 mm"_s.arg(QLocale().toString(*second->z, 'f', 2))), qPrintable(said));
    QVERIFY2(said.contains(QRegularExpression(u"Layer at [\\d.,]+ mm; nozzle travelling at [\\d.,]+ mm"_s)), qPrintable(said));
    QVERIFY(method->isEnabled() && !height->isVisible());
    QVERIFY(std::abs(height->value() - *second->z) < 1e-9); // not the height of the travel
    method->setCurrentIndex(1);
    emit method->activated(1);
    QVERIFY(height->isVisible() && height->isEnabled());
    window.select(layers.at(second->index + 1).begin);
    QTRY_VERIFY2(allText(window).contains(u"nozzle still at"_s), qPrintable(allText(window)));
    window.select(*layers.at(second->index + 1).firstExtrusion); // while it prints the two are one
    QTRY_VERIFY2(!allText(window).contains(u"Layer at"_s), qPrintable(allText(window)));
    window.select(0);
    QTRY_VERIFY(allText(window).contains(u"refused"_s));
    QVERIFY(!height->isEnabled());
}

/// An index of another content lies where the file's belongs: the plan is not made from it.
void TestAnyPoint::changedFileIsReadAgainBeforeThePlan()
{
    const QString path = m_folder->filePath(u"large.gcode"_s);
    QByteArray text = contents(m_path);
    text += QByteArray("; padding padding padding padding padding\n").repeated(60'000); // worth a side-car
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
    file.close();
    const auto first = openFile(path);
    gcode::FileIndex lie = *first->index;
    lie.xxh3 ^= 1;
    lie.fileXxh3 ^= 1;
    const auto key = gcode::sidecarKey(*first->source, lie.dialect);
    const QString index = app::FileCache::indexFolder(m_folder->filePath(u"cache"_s));
    QVERIFY(QDir().mkpath(index));
    QFile sidecar(QString::fromStdString(gcode::sidecarPath(index.toStdString(), path.toStdString(), lie.dialect).string()));
    QVERIFY(sidecar.open(QIODevice::WriteOnly));
    sidecar.write(QByteArray::fromStdString(gcode::writeSidecar(lie, *key)));
    sidecar.close();
    ui::FileWindow window(*m_files, {});
    window.show();
    QSignalSpy opened(&window, &ui::FileWindow::opened), planned(&window, &ui::FileWindow::planned);
    window.open(path);
    QVERIFY(opened.wait());
    QCOMPARE(window.file()->index->xxh3, lie.xxh3);
    window.select(window.file()->index->layers.at(5).begin);
    QVERIFY(opened.wait());
    QVERIFY(allText(window).contains(u"has changed since it was read"_s));
    QCOMPARE(planned.count(), 0);
    QCOMPARE(window.file()->index->xxh3, first->index->xxh3);
    window.select(window.file()->index->layers.at(5).begin);
    QVERIFY(planned.wait());
}

/// The strip of the timeline has the layers of a large file before all of it was read.
void TestAnyPoint::layersAppearWhileTheFileIsRead()
{
    constexpr int layers = 100;
    QByteArray text = "; generated by PrusaSlicer 2.5.0\nG90\nM83\n";
    const QByteArray moves = QByteArray("G1 X10.123 Y20.456 E.05\nG1 X11.123 Y25.456 E.05\n").repeated(2000);
    for (int layer = 1; layer <= layers; ++layer)
        text += ";LAYER_CHANGE\n;Z:" + QByteArray::number(layer) + "\n;HEIGHT:1\n" + moves;
    app::PrintJob big = job();
    big.id = u"big"_s;
    big.printer = u"other"_s;
    big.file = u"big.gcode"_s;
    big.fileSize = static_cast<quint64>(text.size());
    big.localCopy.clear();
    std::optional<bool> stored;
    m_archive->ask<QString>(this, [big](app::Store& store) { return store.beginJob(big); }, [&](const Result<QString>& id) { stored = id.has_value(); });
    QTRY_VERIFY(stored == std::optional(true));
    auto driver = std::make_unique<test::FakeDriver>();
    driver->files[u"gcodes/big.gcode"_s] = text;
    driver->modified[u"gcodes/big.gcode"_s] = 1'700'000'000;
    auto* const link = driver.get();
    app::Profile profile;
    profile.id = u"other"_s;
    profile.url = QUrl(u"moonraker://127.0.0.1:1"_s);
    app::Session session(profile, std::move(driver), *m_archive, *m_files, [] { return 1'700'000'000.0; });
    app::ResumeFlow flow(session);
    ui::TimelinePage page(session, flow);
    page.timeline().setAxis(ui::TimelineAxis::Layer);
    page.show();
    std::vector<double> shown; // layers on the axis while the file is not there yet
    connect(&session, &app::Session::previewChanged, &page, [&] {
        if (!session.file())
            shown.push_back(page.timeline().whole().to);
    });
    link->goOnline();
    QTRY_VERIFY_WITH_TIMEOUT(session.file(), 30'000);
    QVERIFY(!shown.empty());
    QVERIFY2(shown.back() > 2, qPrintable(QString::number(shown.back())));
    QVERIFY(std::is_sorted(shown.begin(), shown.end()));
    QTRY_VERIFY(page.timeline().whole().to >= layers);
}

void TestAnyPoint::aPointOutsideThePrintIsRefusedInWords()
{
    ui::FileWindow window(*m_files, {});
    window.show();
    QSignalSpy opened(&window, &ui::FileWindow::opened);
    window.open(m_path);
    QVERIFY(opened.wait());
    window.select(0);
    QTRY_VERIFY(allText(window).contains(u"refused"_s));
    QVERIFY(!button(window, u"resume file"_s)->isEnabled());

    ui::WherePage where(*m_flow);
    where.show();
    choosePoint();
    m_flow->choose(0);
    QTRY_VERIFY(allText(where).contains(u"refused"_s));
    m_flow->choose(m_flow->file()->index->layers.at(6).begin);
    QTRY_COMPARE(m_flow->chosen()->layer, std::size_t{6});
    QTRY_VERIFY(!allText(where).contains(u"refused"_s));
}

void TestAnyPoint::theStopIntervalIsMeasured()
{
    const auto file = openFile(m_path);
    recovery::StopInterval stop;
    stop.earliest = file->index->layers.at(3).begin;
    stop.latest = file->index->layers.at(4).begin;
    const auto width = ui::stopWidth(*file->source, *file->index, stop);
    QVERIFY(width.has_value());
    QCOMPARE(width->bytes, stop.latest - stop.earliest);
    QVERIFY(width->lines > 10);
    QVERIFY(width->millimetres > 100);
    QVERIFY(std::abs(width->seconds / file->index->layers.at(3).seconds - 1) < 0.05); // the whole layer
    const auto lineOf = [&](ByteOffset byte) { return gcode::locate(*file->source, *file->index, byte)->line; };
    QCOMPARE(width->certain.first, lineOf(stop.earliest));
    QCOMPARE(width->certain.last, lineOf(stop.latest - 1));
    QVERIFY(!width->half && !ui::linesText(*width).contains(u"ikely"_s));
    stop.halfFrom = gcode::locate(*file->source, *file->index, stop.earliest + 200)->byte;
    stop.halfTo = gcode::locate(*file->source, *file->index, stop.earliest + 400)->byte;
    const auto likely = ui::stopWidth(*file->source, *file->index, stop);
    QVERIFY(likely && likely->half);
    QCOMPARE(likely->half->first, lineOf(stop.halfFrom));
    QCOMPARE(likely->half->last, lineOf(stop.halfTo - 1));
    const QLocale locale;
    QCOMPARE(ui::linesText(*likely), u"Likely between line %1 and %2; certainly between %3 and %4."_s.arg(
        locale.toString(qulonglong(likely->half->first)), locale.toString(qulonglong(likely->half->last)),
        locale.toString(qulonglong(likely->certain.first)), locale.toString(qulonglong(likely->certain.last))));
    stop.latest = stop.earliest;
    QCOMPARE(ui::stopWidth(*file->source, *file->index, stop)->lines, std::uint64_t{0});
}

void TestAnyPoint::caliperReadingsNameTheLayer()
{
    const auto file = openFile(m_path);
    QWidget window;
    auto* row = new QHBoxLayout(&window);
    auto* part = new ui::PartView(&window);
    auto* tabs = new ui::PointTabs(*part, &window);
    row->addWidget(part);
    row->addWidget(tabs);
    window.show();
    part->setFile(file);
    part->showLayer(6);
    tabs->setFile(file);
    tabs->setCurrentIndex(1);
    auto* caliper = tabs->findChild<ui::CaliperEntry*>();
    const auto tables = caliper->findChildren<QTableWidget*>();
    QSignalSpy chosen(tabs, &ui::PointTabs::chosen);
    tables[0]->item(0, 1)->setText(u"100"_s); // X without Y
    tables[0]->item(0, 0)->setText(QString::number(*file->index->layers.at(6).z));
    button(*caliper, u"Find the layer"_s)->click();
    QVERIFY(allText(*caliper).contains(u"not complete"_s));
    QTRY_VERIFY(part->isReady());
    button(*caliper, u"Place by click"_s)->click();
    const auto path = gcode::readToolpath(*file->source, *file->index, file->index->layers.at(6).begin, file->index->layers.at(6).end);
    const auto printed = std::find_if(path->segments.begin(), path->segments.end(), [](const gcode::Segment& s) { return s.extrudes(); });
    QTest::mouseClick(part, Qt::LeftButton, {}, part->toPixel(double{printed->x1}, double{printed->y1}).toPoint());
    QVERIFY(chosen.isEmpty()); // the click named a place, not a line
    QVERIFY(!tables[0]->item(0, 2)->text().isEmpty());
    QCOMPARE(caliper->places().size(), std::size_t{1});
    button(*caliper, u"Find the layer"_s)->click();
    QTRY_VERIFY(tables[1]->rowCount() > 0);
    QVERIFY(tables[1]->item(0, 0)->text().contains(u"Layer 7"_s));
    picture(window, u"caliper"_s);
    button(*caliper, u"after this layer"_s)->click();
    QCOMPARE(chosen.count(), 1);
    QCOMPARE(chosen[0][0].value<ByteOffset>(), file->index->layers.at(7).begin);
}

void TestAnyPoint::guessedTemperaturesTakeOnePress()
{
    ui::StatePage page(*m_flow, *m_session);
    page.show();
    choosePoint();
    m_flow->choose(m_flow->file()->index->layers.at(0).firstExtrusion.value() + 4000);
    QTRY_COMPARE(m_flow->chosen()->layer, std::size_t{0});
    if (m_flow->snapshot()->unconfirmed().empty())
        QVERIFY(m_flow->editField(u"hotend.0"_s, u"200"_s, u"x"_s).has_value());
    const auto before = m_flow->snapshot()->unconfirmed();
    QCOMPARE(page.isComplete(), before.empty());
    for (std::size_t i = 0; i < before.size(); ++i) {
        QTRY_VERIFY(button(page, u"is right"_s) && button(page, u"is right"_s)->isVisible());
        button(page, u"is right"_s)->click();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }
    QVERIFY(m_flow->snapshot()->unconfirmed().empty());
    QVERIFY(page.isComplete());
}

void TestAnyPoint::whatThePrinterReportsStandsBeside()
{
    ui::StatePage page(*m_flow, *m_session);
    page.show();
    choosePoint();
    auto sample = test::FakeDriver::printing({}, 1'700'000'000, 0, 0);
    sample.heaters["heater_bed"] = {33.0, 0.0};
    m_driver->emitSample(sample);
    auto* table = page.findChild<QTableView*>();
    const auto nowOfBed = [&] {
        const auto* model = qobject_cast<const app::FieldModel*>(table->model());
        return model->index(model->rowOfKey(u"bed"_s), app::FieldModel::Now).data().toString();
    };
    QTRY_COMPARE(nowOfBed(), u"33 °C, target 0"_s);
    picture(page, u"state"_s);
}

void TestAnyPoint::aRefusedOwnLineIsShownAtTheLine()
{
    ui::OwnLinesPanel panel(*m_flow);
    panel.show();
    choosePoint();
    m_flow->setZMethod(recovery::ZMethod::Keep);
    for (const std::string& key : m_flow->snapshot()->unconfirmed())
        QVERIFY(m_flow->editField(QString::fromStdString(key), key == "bed" ? u"60"_s : u"215"_s, u"x"_s).has_value());
    QTRY_VERIFY(m_flow->plan().has_value());
    auto editors = panel.findChildren<QPlainTextEdit*>();
    QCOMPARE(editors.size(), 4);
    editors[2]->setPlainText(u"M117 back\nG28"_s);
    button(panel, u"Use these lines"_s)->click();
    QTRY_VERIFY(panel.isRefused());
    QCOMPARE(editors[2]->extraSelections().size(), 1);
    QCOMPARE(editors[2]->extraSelections().front().cursor.blockNumber(), 1);
    QVERIFY(allText(panel).contains(u"Line 2 is refused"_s));
    picture(panel, u"ownlines"_s);
    editors[2]->setPlainText(u"MY_MACRO"_s);
    button(panel, u"Use these lines"_s)->click();
    QTRY_VERIFY(!panel.isRefused() && allText(panel).contains(u"nobody knows what it does: MY_MACRO"_s));
}

void TestAnyPoint::theFileIsReportedAndAskedForItsMarkers()
{
    ui::MarkersDialog dialog(openFile(m_path));
    dialog.show();
    QVERIFY(dialog.findChild<QListWidget*>()->count() >= 2);
    QVERIFY(allText(dialog).contains(u"gear.gcode"_s));
    picture(dialog, u"markers"_s);
    button(dialog, u"Copy"_s)->click();
    const auto* shown = dialog.findChild<QPlainTextEdit*>();
    QCOMPARE(QApplication::clipboard()->text(), shown->toPlainText());
    QVERIFY(!shown->toPlainText().isEmpty());
}

void TestAnyPoint::aPreparedCopyIsANewFile()
{
    const QByteArray before = contents(m_path);
    ui::MarkersDialog dialog(openFile(m_path));
    dialog.show();
    QSignalSpy prepared(&dialog, &ui::MarkersDialog::prepared);
    const QString target = m_folder->filePath(u"prepared.gcode"_s);
    dialog.prepare(target);
    QVERIFY(prepared.wait());
    QVERIFY(contents(target).size() > before.size());
    QCOMPARE(contents(m_path), before);
    dialog.prepare(target);
    QTRY_VERIFY(allText(dialog).contains(u"exists already"_s));
    QCOMPARE(prepared.count(), 1);
}

QTEST_MAIN(TestAnyPoint)
#include "tst_anypoint.moc"
