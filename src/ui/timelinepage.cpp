// SPDX-License-Identifier: GPL-3.0-or-later
#include "timelinepage.h"

#include <algorithm>
#include <array>

#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLocale>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>
#include <QToolButton>

#include "partpanel.h"
#include "partview.h"
#include "pointentry.h"
#include "resumeflowfacts.h"
#include "resumeflowtouch.h"
#include "tables.h"
#include "theme.h"
#include "uitext.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

constexpr std::array legendSources{recovery::SnapshotSource::Recorder, recovery::SnapshotSource::Plugin, recovery::SnapshotSource::File};

/// The signs of the head: shape and word of every source.
class Legend final : public QWidget
{
public:
    explicit Legend(QWidget* parent)
        : QWidget(parent)
    {
        setFont(smaller(font()));
        for (const auto source : legendSources)
            m_words << app::sourceText(source);
        m_words << TimelinePage::tr("stop interval");
        setAccessibleName(TimelinePage::tr("Signs: %1").arg(m_words.join(u", "_s)));
    }
    [[nodiscard]] QSize sizeHint() const override
    {
        int width = 0;
        for (const QString& word : m_words)
            width += fontMetrics().horizontalAdvance(word) + fontMetrics().height() + spacing::normal;
        return {width, fontMetrics().height() + spacing::tight};
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        const Colours c = colours(palette());
        const double side = fontMetrics().height() * 0.55;
        double x = std::max(0, width() - sizeHint().width());
        for (qsizetype i = 0; i < m_words.size(); ++i) {
            const QRectF sign(x, (height() - side) / 2, side, side);
            if (i < static_cast<qsizetype>(legendSources.size()))
                paintShape(painter, shapeOf(legendSources[static_cast<std::size_t>(i)]), sign, c.dim);
            else
                painter.fillRect(sign, c.interval);
            painter.setPen(c.dim);
            painter.drawText(QPointF(x + side + spacing::tight, height() / 2.0 + fontMetrics().ascent() / 2.0 - 1), m_words[i]);
            x += fontMetrics().horizontalAdvance(m_words[i]) + fontMetrics().height() + spacing::normal;
        }
    }

private:
    QStringList m_words;
};

QString jobText(const app::PrintJob& job)
{
    const QString state = [&] {
        switch (job.state) {
        case app::JobState::Printing: return TimelinePage::tr("printing");
        case app::JobState::Completed: return TimelinePage::tr("completed");
        case app::JobState::Cancelled: return TimelinePage::tr("cancelled");
        case app::JobState::Interrupted: return TimelinePage::tr("interrupted");
        }
        return QString();
    }();
    //: a job in the list: file, start, state
    return TimelinePage::tr("%1 · %2 · %3").arg(shortened(job.file, 36), dayAndTime(job.startTime), state);
}

} // namespace

TimelinePage::TimelinePage(app::Session& session, app::ResumeFlow& flow, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_flow(flow)
    , m_source(session)
{
    auto* split = new QSplitter(this);
    split->setChildrenCollapsible(false);
    split->addWidget(makeCentre());
    split->addWidget(makeInspector());
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 1);
    split->setSizes({fontMetrics().averageCharWidth() * 116, fontMetrics().averageCharWidth() * 44});
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(spacing::normal, spacing::normal, spacing::normal, spacing::normal);
    row->addWidget(split);
    follow();
    m_snapshots.follow(&session);
    m_timeline->setData(&m_source.data());
    showFile();
    showJobs();
    showSelection();
}

TimelinePage::~TimelinePage()
{
    m_timeline->setData(nullptr); // the data goes before the view does
}

QWidget* TimelinePage::makeHead()
{
    auto* head = new QWidget(this);
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins({});
    m_axes = new QButtonGroup(this);
    auto* segments = new QHBoxLayout;
    segments->setSpacing(0);
    const std::array names{tr("&Time"), tr("P&rogress"), tr("&Layer")};
    const std::array descriptions{tr("Timeline over the time of day"), tr("Timeline over the progress in the file"), tr("Timeline over the layers")};
    for (int i = 0; i < 3; ++i) {
        auto* button = new QToolButton(head);
        button->setText(names[static_cast<std::size_t>(i)]);
        button->setToolTip(descriptions[static_cast<std::size_t>(i)]);
        button->setAccessibleName(descriptions[static_cast<std::size_t>(i)]);
        button->setCheckable(true);
        button->setChecked(i == 0);
        m_axes->addButton(button, i);
        segments->addWidget(button);
    }
    m_job = new QComboBox(head);
    m_job->setAccessibleName(tr("Print shown"));
    m_job->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_job->setMinimumContentsLength(20);
    m_job->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_measure = new ElidedLabel(head);
    m_measure->setAccessibleName(tr("Between the two cursors"));
    row->addLayout(segments);
    row->addSpacing(spacing::normal);
    row->addWidget(m_job, 1);
    row->addWidget(m_measure);
    row->addWidget(new Legend(head));
    return head;
}

QWidget* TimelinePage::makeReading()
{
    m_fileReading = new QWidget(this);
    auto* row = new QHBoxLayout(m_fileReading);
    row->setContentsMargins({});
    m_fileProgress = new QProgressBar(m_fileReading);
    m_fileProgress->setAccessibleName(tr("Reading the file of the print"));
    //: in a progress bar
    m_fileProgress->setFormat(tr("Reading the file of the print: %p %"));
    auto* cancel = new QPushButton(tr("Cancel"), m_fileReading);
    cancel->setAccessibleDescription(tr("Stops the reading; it can be begun again"));
    row->addWidget(m_fileProgress, 1);
    row->addWidget(cancel);
    m_fileReading->hide();
    connect(cancel, &QPushButton::clicked, this, [this] { m_session.files().cancel(&m_session); });
    return m_fileReading;
}

void TimelinePage::showReading(double fraction)
{
    m_panel->part().setProgress(fraction);
    m_fileProgress->setValue(static_cast<int>(fraction * 100));
    m_fileReading->setVisible(!m_session.file() && !m_session.fileError());
}

QWidget* TimelinePage::makeCentre()
{
    auto* centre = new QWidget(this);
    auto* column = new QVBoxLayout(centre);
    column->setContentsMargins({});
    column->addWidget(makeHead());
    column->addWidget(makeReading());
    auto* split = new QSplitter(Qt::Vertical, centre);
    split->setChildrenCollapsible(false);
    m_timeline = new TimelineView(split);
    m_table = new QTableView(split);
    m_table->setModel(&m_snapshots);
    makeTable(m_table, tr("Snapshots"), app::SnapshotModel::Note);
    m_table->setItemDelegateForColumn(app::SnapshotModel::Time, new ShapeDelegate(
        [](const QModelIndex& index, const QPalette& palette) {
            const auto source = static_cast<recovery::SnapshotSource>(index.data(app::SnapshotModel::SourceRole).toInt());
            return std::pair(shapeOf(source), colours(palette).text);
        }, m_table));
    split->addWidget(m_timeline);
    split->addWidget(m_table);
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 2);
    column->addWidget(split, 1);
    return centre;
}

QWidget* TimelinePage::makeInspector()
{
    auto* side = new QWidget(this);
    side->setMinimumWidth(fontMetrics().averageCharWidth() * 32);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(spacing::tight, 0, 0, 0);
    m_title = new ElidedLabel(side);
    makeHeading(m_title, 1.1);
    m_panel = new PartPanel(PartPanel::Arrangement::OneView, side);
    m_entry = new PointEntry(side);
    m_fieldTable = new QTableView(side);
    m_fieldTable->setModel(&m_fields);
    m_fieldTable->setFont(smaller(font()));
    makeTable(m_fieldTable, tr("State at this point"), app::FieldModel::Remark);
    m_fieldTable->setColumnHidden(app::FieldModel::Now, true); // a stored point has nothing to do with the moment
    m_fieldTable->setSizeAdjustPolicy(QAbstractScrollArea::AdjustIgnored);
    m_pin = new QPushButton(tr("P&in"), side);
    m_pin->setIcon(icon(u"pin"_s));
    m_pin->setCheckable(true);
    m_resume = new QPushButton(tr("Res&ume from here…"), side);
    m_resume->setIcon(icon(u"resume"_s));
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_pin);
    buttons->addStretch(1);
    buttons->addWidget(m_resume);
    column->addWidget(m_title);
    column->addWidget(m_panel, 4);
    column->addWidget(m_entry);
    column->addWidget(m_fieldTable, 2);
    column->addLayout(buttons);
    return side;
}

void TimelinePage::follow()
{
    connect(m_axes, &QButtonGroup::idClicked, this, [this](int id) { m_timeline->setAxis(static_cast<TimelineAxis>(id)); });
    connect(m_timeline, &TimelineView::selected, this, &TimelinePage::select);
    connect(m_timeline, &TimelineView::activated, this, &TimelinePage::resume);
    connect(m_timeline, &TimelineView::measured, this, &TimelinePage::showMeasure);
    connect(m_panel, &PartPanel::picked, this, &TimelinePage::select);
    connect(m_panel, &PartPanel::failed, this, &TimelinePage::failed);
    for (const auto signal : {&app::ResumeFlow::planned, &app::ResumeFlow::chosenChanged})
        connect(&m_flow, signal, this, &TimelinePage::showPlan);
    connect(&m_judging, &app::JobBase::finished, this, [this] {
        const auto& outcome = m_judging.outcome();
        const auto layers = outcome && *outcome ? **outcome : nullptr; // a file that cannot be read says so where it is read
        m_panel->setRecoverability(layers);
        m_source.setRecoverability(layers);
    });
    connect(m_entry, &PointEntry::chosen, this, &TimelinePage::select);
    connect(m_pin, &QPushButton::clicked, this, &TimelinePage::togglePin);
    connect(m_resume, &QPushButton::clicked, this, &TimelinePage::resume);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& row) {
        if (const auto* snapshot = m_snapshots.at(row.row()); snapshot && m_selected != snapshot->byte)
            select(snapshot->byte);
    });
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex& index) {
        if (index.column() != app::SnapshotModel::Note)
            resume();
    });
    const auto snapshotsChanged = [this] {
        m_source.setSnapshots(m_snapshots.snapshots());
        selectRow();
    };
    connect(&m_snapshots, &QAbstractItemModel::rowsInserted, this, snapshotsChanged);
    connect(&m_snapshots, &QAbstractItemModel::rowsRemoved, this, snapshotsChanged);
    connect(&m_snapshots, &QAbstractItemModel::modelReset, this, snapshotsChanged);
    connect(&m_snapshots, &QAbstractItemModel::dataChanged, this, snapshotsChanged);
    connect(&m_snapshots, &app::SnapshotModel::failed, this, &TimelinePage::failed);
    connect(&m_source, &TimelineSource::replaced, this, [this] {
        m_selected.reset();
        m_timeline->setData(&m_source.data());
        m_source.setSnapshots(m_snapshots.snapshots());
        showFile();
        showSelection();
    });
    connect(&m_source, &TimelineSource::grown, m_timeline, &TimelineView::refresh);
    connect(&m_source, &TimelineSource::failed, this, &TimelinePage::failed);
    connect(&m_session, &app::Session::fileChanged, this, &TimelinePage::showFile);
    connect(&m_session, &app::Session::fileProgress, this, &TimelinePage::showReading);
    connect(&m_session, &app::Session::jobChanged, this, &TimelinePage::showJobs);
    connect(&m_session, &app::Session::stateChanged, this, &TimelinePage::showJobs);
    connect(m_job, &QComboBox::activated, this, [this](int row) {
        if (row >= 0 && row < static_cast<int>(m_jobs.size()))
            m_session.selectJob(m_jobs[static_cast<std::size_t>(row)]);
    });
    const auto showStop = [this] {
        const bool ours = m_flow.job() && m_session.job() && m_flow.job()->id == m_session.job()->id;
        const auto stop = ours ? m_flow.stop() : std::nullopt;
        m_source.setStop(stop);
        m_panel->setStop(stop);
        showPlan();
        if (stop && !m_selected && !m_flow.candidates().empty())
            select(m_flow.candidates().front().byte);
    };
    connect(&m_flow, &app::ResumeFlow::analysed, this, showStop);
    connect(&m_flow, &app::ResumeFlow::candidatesChanged, this, showStop);
    connect(&m_reading, &app::JobBase::finished, this, [this] {
        const auto& outcome = m_reading.outcome();
        if (outcome && *outcome)
            m_fields.setSnapshot(**outcome);
        else if (outcome && outcome->error().code != ErrorCode::Cancelled)
            m_fields.setSnapshot(std::nullopt);
    });
}

void TimelinePage::showJobs()
{
    m_session.archive().ask<std::vector<app::PrintJob>>(
        this, [printer = m_session.profile().id](app::Store& store) { return store.jobs(printer); },
        [this](const Result<std::vector<app::PrintJob>>& jobs) {
            m_jobs = jobs.value_or(std::vector<app::PrintJob>{});
            const auto shown = std::find_if(m_jobs.begin(), m_jobs.end(), [this](const app::PrintJob& job) {
                return m_session.job() && job.id == m_session.job()->id;
            });
            if (shown != m_jobs.end())
                *shown = *m_session.job(); // how it ended may be known here before it is in the store
            m_job->clear();
            for (const app::PrintJob& job : m_jobs)
                m_job->addItem(jobText(job));
            m_job->setCurrentIndex(shown == m_jobs.end() ? -1 : static_cast<int>(shown - m_jobs.begin()));
            m_job->setEnabled(!m_jobs.empty());
            m_job->setPlaceholderText(tr("No print recorded yet"));
        });
}

void TimelinePage::showFile()
{
    const auto file = m_session.file();
    if (file || m_session.fileError())
        m_fileReading->hide();
    m_panel->setFile(file);
    m_entry->setFile(file);
    judgeLayers();
    showSelection();
}

PartView& TimelinePage::part() { return m_panel->part(); }

/// What is planned belongs to the point that is shown, or is not shown.
void TimelinePage::showPlan()
{
    const auto& chosen = m_flow.chosen();
    const bool ours = m_flow.job() && m_session.job() && m_flow.job()->id == m_session.job()->id;
    if (ours && m_session.file() && chosen && m_selected == chosen->byte) {
        m_panel->showPlanOf(m_flow);
        return;
    }
    m_panel->setPicture(nullptr);
    m_panel->setSummary({});
}

/// With the limits and the head that the printer itself tells of, when it answers.
void TimelinePage::judgeLayers()
{
    const auto file = m_session.file();
    if (file == m_judged)
        return;
    m_judged = file;
    m_judging.cancel();
    m_panel->setRecoverability(nullptr);
    m_source.setRecoverability(nullptr);
    if (!file)
        return;
    app::PlanQuestion question;
    question.file = file;
    app::gatherFacts(m_session, question, this, [this, file](const app::PlanFacts& facts) {
        if (file != m_judged)
            return;
        m_judging.start([file, printer = facts.printer, head = app::envelopeOf(facts.gate.config)](app::JobControl& control) {
            return app::judgeLayers(*file, printer, head, control);
        });
    });
}

const recovery::Snapshot* TimelinePage::storedAt(ByteOffset byte) const
{
    const auto& all = m_snapshots.snapshots();
    const auto it = std::find_if(all.begin(), all.end(), [&](const auto& snapshot) { return snapshot.byte == byte; });
    return it == all.end() ? nullptr : &*it;
}

void TimelinePage::select(ByteOffset byte)
{
    m_selected = byte;
    showSelection();
}

void TimelinePage::selectRow()
{
    const auto& all = m_snapshots.snapshots();
    const auto* stored = m_selected ? storedAt(*m_selected) : nullptr;
    if (!stored) {
        m_table->clearSelection();
        return;
    }
    const int row = static_cast<int>(stored - all.data());
    if (m_table->currentIndex().row() != row || !m_table->selectionModel()->isRowSelected(row))
        m_table->selectRow(row);
}

void TimelinePage::showSelection()
{
    m_timeline->select(m_selected);
    m_panel->setResumeByte(m_selected);
    showPlan();
    selectRow();
    const auto file = m_session.file();
    m_resume->setEnabled(m_selected.has_value() && file != nullptr);
    m_pin->setEnabled(false);
    m_pin->setChecked(false);
    if (!m_selected) {
        m_title->setText(tr("Nothing selected"));
        m_fields.setSnapshot(std::nullopt);
        return;
    }
    const gcode::Layer* layer = file ? file->index->layerAt(*m_selected) : nullptr;
    if (layer)
        m_panel->showLayer(layer->index);
    const QString where = layer ? layerText(layer->index, {}, layer->z) : tr("Byte %1").arg(bytesText(static_cast<double>(*m_selected)));
    if (const auto* stored = storedAt(*m_selected)) {
        //: where, then which kind of snapshot
        m_title->setText(tr("%1, saved by: %2").arg(where, app::sourceText(stored->source)));
        m_pin->setEnabled(stored->id != 0);
        m_pin->setChecked(stored->pinned);
        m_fields.setSnapshot(*stored);
        m_reading.cancel();
        return;
    }
    m_title->setText(tr("%1, byte %2").arg(where, bytesText(static_cast<double>(*m_selected))));
    if (file) {
        m_reading.start([file, byte = *m_selected](app::JobControl&) { return recovery::snapshotFromFile(*file->source, *file->index, byte); });
    }
}

void TimelinePage::showMeasure()
{
    const auto measure = m_timeline->measure();
    if (!measure) {
        m_measure->setText({});
        return;
    }
    const QLocale locale;
    QStringList parts;
    if (measure->seconds)
        parts << tr("Δt %1 s").arg(locale.toString(*measure->seconds, 'f', 1));
    if (measure->millimetres)
        parts << tr("Δz %1 mm").arg(locale.toString(*measure->millimetres, 'f', 2));
    if (measure->bytes)
        parts << tr("%1 bytes").arg(bytesText(*measure->bytes));
    m_measure->setText(parts.join(u" · "_s));
}

void TimelinePage::togglePin()
{
    const auto* stored = m_selected ? storedAt(*m_selected) : nullptr;
    if (!stored)
        return;
    const QModelIndex cell = m_snapshots.index(static_cast<int>(stored - m_snapshots.snapshots().data()), app::SnapshotModel::Pinned);
    m_snapshots.setData(cell, m_pin->isChecked() ? Qt::Checked : Qt::Unchecked, Qt::CheckStateRole);
}

void TimelinePage::resume()
{
    if (!m_selected || !m_resume->isEnabled())
        return;
    const auto* stored = storedAt(*m_selected);
    emit resumeWanted(*m_selected, stored ? std::optional(*stored) : std::nullopt);
}

} // namespace kintsugi::ui
