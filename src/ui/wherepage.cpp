// SPDX-License-Identifier: GPL-3.0-or-later
#include "wherepage.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTableView>

#include "errortext.h"
#include "partview.h"
#include "pointentry.h"
#include "tables.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

WherePage::WherePage(app::ResumeFlow& flow, QWidget* parent)
    : AssistantPage(flow, tr("Where"), tr("Where shall it go on?"), parent)
    , m_table(new QTableView(this))
{
    m_stop = addSentence();
    m_table->setModel(&m_model);
    makeTable(m_table, tr("Points to go on from"), app::CandidateModel::Risks);
    m_table->setItemDelegateForColumn(app::CandidateModel::Kind, new ShapeDelegate(
        [](const QModelIndex& index, const QPalette& palette) {
            const bool recommended = index.data(app::CandidateModel::RecommendedRole).toBool();
            return std::pair(recommended ? Shape::Tick : Shape::Ring, recommended ? colours(palette).good : colours(palette).dim);
        }, m_table));
    body()->addWidget(m_table, 2);
    m_chosen = addSubheading({});
    m_risks = addSentence();
    auto* row = new QHBoxLayout;
    m_part = new PartView(this);
    m_entry = new PointEntry(this);
    auto* side = new QVBoxLayout;
    auto* other = new QLabel(tr("Another point"), this);
    other->setFont(bold(font()));
    auto* hint = new QLabel(tr("In doubt go forward: a small gap is weaker than solid plastic pressed into solid plastic."), this);
    hint->setWordWrap(true);
    setTone(hint, Tone::Dim);
    side->addWidget(other);
    side->addWidget(m_entry);
    side->addWidget(hint);
    side->addStretch(1);
    row->addWidget(m_part, 1);
    row->addLayout(side, 1);
    body()->addLayout(row, 3);

    m_model.follow(&flow);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& row_) {
        const auto byte = static_cast<ByteOffset>(row_.data(app::CandidateModel::ByteRole).toULongLong());
        if (row_.isValid() && (!this->flow().chosen() || this->flow().chosen()->byte != byte))
            this->flow().choose(byte);
    });
    connect(m_entry, &PointEntry::chosen, this, [this](ByteOffset byte) { this->flow().choose(byte); });
    connect(m_part, &PartView::picked, this, [this](ByteOffset byte) { this->flow().choose(byte); });
    connect(m_part, &PartView::layerWanted, m_part, &PartView::showLayer);
    for (const auto signal : {&app::ResumeFlow::analysed, &app::ResumeFlow::candidatesChanged, &app::ResumeFlow::chosenChanged})
        connect(&flow, signal, this, &WherePage::showFlow);
    showFlow();
}

bool WherePage::isComplete() const
{
    return flow().chosen().has_value();
}

void WherePage::showFlow()
{
    m_part->setFile(flow().file());
    m_entry->setFile(flow().file());
    m_part->setStop(flow().stop());
    if (const auto& stop = flow().stop())
        m_stop->setText(tr("It stopped between byte %1 and byte %2. %3").arg(bytesText(static_cast<double>(stop->earliest)),
                            bytesText(static_cast<double>(stop->latest)), app::text(stop->reason)));
    else
        m_stop->setText(tr("Where it stopped is not known yet."));
    const auto& chosen = flow().chosen();
    emit completeChanged();
    if (!chosen) {
        m_chosen->setText(tr("Nothing chosen"));
        m_risks->clear();
        return;
    }
    m_part->setResumeByte(chosen->byte);
    m_part->showLayer(chosen->layer);
    const int row = m_model.rowOfByte(chosen->byte);
    if (row >= 0 && m_table->currentIndex().row() != row)
        m_table->selectRow(row);
    else if (row < 0)
        m_table->clearSelection();
    m_chosen->setText(tr("%1, byte %2: %3 printed twice, %4 left open").arg(layerText(chosen->layer, {}, chosen->z),
                          bytesText(static_cast<double>(chosen->byte)), lengthText(chosen->printedTwiceMm), lengthText(chosen->leftOpenMm)));
    QStringList risks;
    for (const Message& risk : chosen->risks)
        risks << app::text(risk);
    m_risks->setText(risks.isEmpty() ? tr("No risk is known at this line.") : risks.join(QLatin1Char('\n')));
}

} // namespace kintsugi::ui
