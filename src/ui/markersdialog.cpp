// SPDX-License-Identifier: GPL-3.0-or-later
#include "markersdialog.h"

#include <map>

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QTabWidget>

#include "errortext.h"
#include "recovery/plrmarkers.h"
#include "shapes.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

QString slicerName(gcode::Slicer slicer)
{
    const auto name = gcode::name(slicer);
    return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
}

} // namespace

MarkersDialog::MarkersDialog(std::shared_ptr<const app::OpenFile> file, QWidget* parent)
    : QDialog(parent)
    , m_file(std::move(file))
{
    setWindowTitle(tr("Recovery markers"));
    auto* column = new QVBoxLayout(this);
    auto* heading = new QLabel(tr("Markers for klipper-plr"), this);
    makeHeading(heading, 1.2);
    auto* hint = new QLabel(tr("The plugin saves the state of a print only in files that have its markers. This program needs none: it records by itself."), this);
    hint->setWordWrap(true);
    setTone(hint, Tone::Dim);
    column->addWidget(heading);
    column->addWidget(hint);
    if (m_file)
        column->addWidget(makeReport(), 2);
    column->addWidget(makeTexts(), 3);
    m_answer = new QLabel(this);
    m_answer->setWordWrap(true);
    m_answer->setTextFormat(Qt::PlainText);
    m_answer->hide();
    column->addWidget(m_answer);
    column->addLayout(makeFooter());
    connect(&m_job, &app::JobBase::finished, this, &MarkersDialog::haveCopy);
    connect(&m_job, &app::JobBase::progressed, this, [this](double fraction) { m_progress->setValue(static_cast<int>(fraction * 100)); });
    setWorking(false);
    resize(fontMetrics().averageCharWidth() * 92, fontMetrics().height() * 36);
}

QWidget* MarkersDialog::makeReport()
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins({});
    const recovery::PlrReport report = recovery::plrReport(*m_file->index);
    const QString name = shortened(m_file->remote.isEmpty() ? QFileInfo(m_file->path).fileName() : m_file->remote, 80);
    //: %1 is a file name
    auto* verdict = new QLabel(!report.usable ? tr("%1 cannot be saved by the plugin as it is.").arg(name)
                               : report.savesOnLayers ? tr("%1 has all that the plugin needs.").arg(name)
                                                      : tr("%1 has the markers; the plugin saves by time, not at layers.").arg(name), part);
    verdict->setWordWrap(true);
    verdict->setTextFormat(Qt::PlainText);
    verdict->setFont(bold(font()));
    setTone(verdict, report.usable ? Tone::Good : Tone::Warning);
    m_findings = new QListWidget(part);
    m_findings->setAccessibleName(tr("What was found in this file"));
    m_findings->setWordWrap(true);
    const Colours c = colours(palette());
    for (const recovery::PlrFinding& finding : report.findings) {
        auto* item = new QListWidgetItem(shapeIcon(finding.good ? Shape::Tick : Shape::Diamond, finding.good ? c.good : c.warning, fontMetrics().height()),
                                         app::text(finding.text), m_findings);
        item->setData(Qt::AccessibleDescriptionRole, finding.good ? tr("good") : tr("missing or wrong"));
    }
    column->addWidget(verdict);
    column->addWidget(m_findings, 1);
    return part;
}

QWidget* MarkersDialog::makeTexts()
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins({});
    auto* label = new QLabel(tr("Put this into the slicer's profile and every new file has them:"), part);
    label->setWordWrap(true);
    m_slicers = new QTabWidget(part);
    m_slicers->setAccessibleName(tr("Slicers"));
    std::map<gcode::Slicer, QVBoxLayout*> columns;
    for (const recovery::SlicerText& text : recovery::plrSlicerTexts()) {
        if (!columns.contains(text.slicer)) {
            auto* page = new QWidget(m_slicers);
            columns[text.slicer] = new QVBoxLayout(page);
            m_slicers->addTab(page, slicerName(text.slicer));
            if (m_file && m_file->index->slicer == text.slicer)
                m_slicers->setCurrentWidget(page);
        }
        columns[text.slicer]->addWidget(makeText(app::text(text.place), QString::fromStdString(text.text)));
    }
    column->addWidget(label);
    column->addWidget(m_slicers, 1);
    return part;
}

QWidget* MarkersDialog::makeText(const QString& place, const QString& text)
{
    auto* part = new QWidget(m_slicers);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins({});
    auto* row = new QHBoxLayout;
    auto* label = new QLabel(place, part);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    auto* copy = new QPushButton(tr("Copy"), part);
    copy->setAutoDefault(false);
    copy->setAccessibleName(tr("Copy the text for: %1").arg(place));
    auto* view = new QPlainTextEdit(text, part);
    view->setReadOnly(true);
    view->setTabChangesFocus(true);
    view->setFont(fixedFont(font()));
    view->setAccessibleName(place);
    view->setMinimumHeight(fontMetrics().height() * 3);
    row->addWidget(label, 1);
    row->addWidget(copy, 0, Qt::AlignBottom);
    column->addLayout(row);
    column->addWidget(view, 1);
    connect(copy, &QPushButton::clicked, this, [this, text] {
        QApplication::clipboard()->setText(text);
        say(tr("Copied."), false);
    });
    return part;
}

QLayout* MarkersDialog::makeFooter()
{
    auto* row = new QHBoxLayout;
    m_prepare = new QPushButton(tr("&Make a prepared copy…"), this);
    m_prepare->setAccessibleDescription(tr("Writes a new file with markers and layer hooks; the file itself is only read"));
    m_prepare->setToolTip(m_prepare->accessibleDescription());
    m_prepare->setVisible(m_file != nullptr);
    m_prepare->setAutoDefault(false);
    m_progress = new QProgressBar(this);
    m_progress->setAccessibleName(tr("Progress of the copy"));
    m_cancel = new QPushButton(tr("Cancel"), this);
    m_cancel->setAutoDefault(false);
    auto* close = new QPushButton(tr("Close"), this);
    row->addWidget(m_prepare);
    row->addWidget(m_progress, 1);
    row->addWidget(m_cancel);
    row->addStretch(1);
    row->addWidget(close);
    connect(m_prepare, &QPushButton::clicked, this, &MarkersDialog::askTarget);
    connect(m_cancel, &QPushButton::clicked, this, [this] { m_job.cancel(); });
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    return row;
}

void MarkersDialog::askTarget()
{
    const QFileInfo from(m_file->remote.isEmpty() ? m_file->path : m_file->remote);
    auto* dialog = new QFileDialog(this, tr("Prepared copy"), QString(), tr("G-code (*.gcode)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("gcode"));
    //: added to a file's name
    dialog->selectFile(tr("%1-prepared").arg(from.completeBaseName()) + QStringLiteral(".gcode"));
    connect(dialog, &QFileDialog::fileSelected, this, &MarkersDialog::prepare);
    dialog->open();
}

void MarkersDialog::prepare(const QString& target)
{
    m_answer->hide();
    setWorking(true);
    m_job.start([file = m_file, target](app::JobControl& control) -> Result<QString> {
        const auto written = recovery::writePreparedCopy(*file->source, *file->index, target.toStdString(), [&control](double fraction) {
            control.progress(fraction);
            return !control.cancelled();
        });
        if (!written)
            return fail(written.error());
        return target;
    });
}

void MarkersDialog::haveCopy()
{
    setWorking(false);
    const auto& outcome = m_job.outcome();
    if (outcome && *outcome) {
        say(tr("Written: %1. Print this one; the original is as it was.").arg(**outcome), false);
        emit prepared(**outcome);
    } else if (outcome && outcome->error().code == ErrorCode::Cancelled) {
        say(tr("Cancelled: nothing was written."), false);
    } else if (outcome) {
        say(app::errorText(outcome->error()).full(), true);
    }
}

void MarkersDialog::say(const QString& words, bool refused)
{
    setTone(m_answer, refused ? Tone::Danger : Tone::Good);
    m_answer->setText(words);
    m_answer->show();
}

void MarkersDialog::setWorking(bool working)
{
    m_progress->setValue(0);
    m_progress->setVisible(working);
    m_cancel->setVisible(working);
    m_prepare->setEnabled(!working);
}

} // namespace kintsugi::ui
