// SPDX-License-Identifier: GPL-3.0-or-later
#include "wherepage.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTableView>

#include "errortext.h"
#include "partpanel.h"
#include "pointtabs.h"
#include "tables.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

/// "0.4 mm (at most 3.1 mm)": the second only where the stop is not known to the line.
QString overlapText(double likely, double most)
{
    return most < likely + 0.05 ? lengthText(likely) : WherePage::tr("%1 (at most %2)").arg(lengthText(likely), lengthText(most));
}

/// What the line prints and of which object, as the file names them.
QString whatText(const recovery::ResumeCandidate& candidate)
{
    const QString feature = shortened(QString::fromStdString(candidate.feature));
    const QString object = shortened(QString::fromStdString(candidate.object));
    if (object.isEmpty())
        return feature;
    if (candidate.objectExcluded)
        return WherePage::tr("excluded object %1").arg(object);
    return feature.isEmpty() ? WherePage::tr("object %1").arg(object) : WherePage::tr("%1 of %2").arg(feature, object);
}

bool sameStop(const std::optional<recovery::StopInterval>& a, const std::optional<recovery::StopInterval>& b)
{
    return a.has_value() == b.has_value() && (!a || (a->earliest == b->earliest && a->latest == b->latest && a->likely == b->likely));
}

} // namespace

WherePage::WherePage(app::ResumeFlow& flow, QWidget* parent)
    : AssistantPage(flow, tr("Where"), tr("Where shall it go on?"), parent)
    , m_table(new QTableView(this))
{
    m_stop = addSentence();
    m_width = addSentence();
    makeTable();
    m_chosen = addSubheading({});
    m_risks = addSentence();
    m_refused = addSentence();
    setTone(m_refused, Tone::Danger);
    m_refused->hide();
    m_panel = new PartPanel(PartPanel::Arrangement::OneView, this);
    auto* row = new QHBoxLayout;
    row->addWidget(m_panel, 3);
    m_points = new PointTabs(m_panel->part(), this);
    row->addWidget(m_points, 2);
    body()->addLayout(row, 5);
    m_model.follow(&flow);
    follow();
    showFlow();
}

void WherePage::makeTable()
{
    m_table->setModel(&m_model);
    ui::makeTable(m_table, tr("Points to go on from"), app::CandidateModel::Risks);
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    for (const int column : {app::CandidateModel::Feature, app::CandidateModel::Byte})
        m_table->setColumnHidden(column, true); // said below for the chosen one: the risks need the room
    m_table->setItemDelegateForColumn(app::CandidateModel::Kind, new ShapeDelegate(
        [](const QModelIndex& index, const QPalette& palette) {
            const bool recommended = index.data(app::CandidateModel::RecommendedRole).toBool();
            return std::pair(recommended ? Shape::Tick : Shape::Ring, recommended ? colours(palette).good : colours(palette).dim);
        }, m_table));
    body()->addWidget(m_table, 2);
    m_table->setMinimumHeight(fontMetrics().height() * 11);
}

void WherePage::follow()
{
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& row_) {
        const auto byte = static_cast<ByteOffset>(row_.data(app::CandidateModel::ByteRole).toULongLong());
        if (row_.isValid() && (!flow().chosen() || flow().chosen()->byte != byte))
            flow().choose(byte);
    });
    const auto choose = [this](ByteOffset byte) {
        m_refused->hide();
        flow().choose(byte);
    };
    connect(m_points, &PointTabs::chosen, this, choose);
    connect(&flow(), &app::ResumeFlow::planned, this, [this] { m_panel->showPlanOf(flow()); });
    connect(&m_measuring, &app::JobBase::finished, this, [this] {
        const auto& outcome = m_measuring.outcome();
        if (outcome && *outcome && m_measured)
            m_width->setText(QString(linesText(**outcome) + QLatin1Char(' ') + widthText(**outcome) + QLatin1Char(' ') + causeWidthText(m_measured->cause)));
    });
    for (const auto signal : {&app::ResumeFlow::analysed, &app::ResumeFlow::candidatesChanged, &app::ResumeFlow::chosenChanged})
        connect(&flow(), signal, this, &WherePage::showFlow);
    connect(&flow(), &app::ResumeFlow::failed, this, &WherePage::showRefusal);
}

bool WherePage::isComplete() const
{
    return flow().chosen().has_value();
}

void WherePage::showRefusal(const Error& error)
{
    if (error.code != ErrorCode::BeforeFirstExtrusion && error.code != ErrorCode::AfterLastExtrusion && error.code != ErrorCode::BadByte)
        return;
    m_refused->setText(tr("That point is refused. %1").arg(app::errorText(error).full()));
    m_refused->show();
}

void WherePage::showStop()
{
    const auto& stop = flow().stop();
    m_panel->setStop(stop);
    if (!stop) {
        m_stop->setText(tr("Where it stopped is not known yet."));
        m_width->setText({});
    } else {
        m_stop->setText(tr("It stopped between byte %1 and byte %2. %3").arg(bytesText(static_cast<double>(stop->earliest)),
                            bytesText(static_cast<double>(stop->latest)), app::text(stop->reason)));
    }
    m_width->setVisible(stop.has_value());
    if (sameStop(stop, m_measured))
        return;
    m_measured = stop;
    m_measuring.cancel();
    m_width->setText({});
    if (stop && flow().file())
        m_measuring.start([file = flow().file(), stop = *stop](app::JobControl&) { return stopWidth(*file->source, *file->index, stop); });
}

void WherePage::showFlow()
{
    m_panel->setFile(flow().file());
    m_points->setFile(flow().file());
    showStop();
    const auto& chosen = flow().chosen();
    m_refused->hide();
    m_panel->showPlanOf(flow());
    emit completeChanged();
    if (!chosen) {
        m_chosen->setText(tr("Nothing chosen"));
        m_risks->clear();
        return;
    }
    m_panel->setResumeByte(chosen->byte);
    m_panel->showLayer(chosen->layer);
    const int row = m_model.rowOfByte(chosen->byte);
    if (row >= 0 && m_table->currentIndex().row() != row)
        m_table->selectRow(row);
    else if (row < 0)
        m_table->clearSelection();
    const QString what = whatText(*chosen);
    m_chosen->setText(QString(tr("%1, byte %2: %3 printed twice, %4 left open")
                          .arg(layerText(chosen->layer, {}, chosen->z), bytesText(static_cast<double>(chosen->byte)),
                               overlapText(chosen->printedTwiceMm, chosen->printedTwiceMostMm),
                               overlapText(chosen->leftOpenMm, chosen->leftOpenMostMm))
                              + (what.isEmpty() ? QString() : QString(QStringLiteral(" (") + what + QLatin1Char(')')))));
    QStringList risks;
    for (const Message& risk : chosen->risks)
        risks << app::text(risk);
    m_risks->setText(risks.isEmpty() ? tr("No risk is known at this line.") : risks.join(QLatin1Char('\n')));
}

} // namespace kintsugi::ui
