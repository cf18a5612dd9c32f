// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatepage.h"

#include <algorithm>

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableView>

#include "errortext.h"
#include "meshpanel.h"
#include "tables.h"
#include "theme.h"

namespace kintsugi::ui {

GatePage::GatePage(app::ResumeFlow& flow, QWidget* parent)
    : AssistantPage(flow, tr("Printer and part"), tr("Printer and part"), parent)
    , m_table(new QTableView(this))
{
    addSentence(tr("Look at the part and tick what is true. A hot bed holds a part that a cold one lets go: push after it is warm."));
    m_stuck = new QCheckBox(tr("The part sits &firmly: I pushed it with the bed warm"), this);
    m_untouched = new QCheckBox(tr("Nobody has &moved the head, the bed or the part since the stop"), this);
    body()->addWidget(m_stuck);
    m_repaired = new QCheckBox(tr("The heater that failed is &repaired: I found the cause"), this);
    body()->addWidget(m_untouched);
    body()->addWidget(m_repaired);
    makeRemoved();
    body()->addWidget(new MeshPanel(flow, this));
    addSubheading(tr("Checks"));
    m_verdict = addSentence();
    m_table->setModel(&m_model);
    makeTable(m_table, tr("Checks before the start"), app::GateModel::Check);
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->setItemDelegateForColumn(app::GateModel::Result, new ShapeDelegate(
        [](const QModelIndex& index, const QPalette& palette) {
            const QString key = index.data(app::GateModel::ShapeRole).toString();
            return std::pair(shapeOfCheck(key), colourOfCheck(key, palette));
        }, m_table));
    m_table->setMinimumHeight(fontMetrics().height() * 10);
    body()->addWidget(m_table, 1);
    m_again = new QPushButton(tr("&Check again"), this);
    m_again->setIcon(icon(QStringLiteral("refresh")));
    auto* row = new QHBoxLayout;
    row->addWidget(m_again);
    row->addStretch(1);
    body()->addLayout(row);
    connect(m_again, &QPushButton::clicked, &flow, &app::ResumeFlow::replan);
    connect(m_stuck, &QCheckBox::clicked, this, &GatePage::state);
    connect(m_untouched, &QCheckBox::clicked, this, &GatePage::state);
    connect(m_repaired, &QCheckBox::clicked, this, &GatePage::state);
    connect(&flow, &app::ResumeFlow::planned, this, &GatePage::showFlow);
    connect(&flow, &app::ResumeFlow::analysed, this, &GatePage::showFlow);
    showFlow();
}

/// What the simulation finds in the way can be cut off.
void GatePage::makeRemoved()
{
    m_removed = new QCheckBox(tr("Plastic was &taken away, down to"), this);
    m_removed->setAccessibleDescription(tr("The nozzle would press into what is printed: cut or grind it off, then say how much is left"));
    m_removed->setToolTip(m_removed->accessibleDescription());
    m_removedTo = new QDoubleSpinBox(this);
    m_removedTo->setAccessibleName(tr("Height that is left of the part, mm"));
    m_removedTo->setRange(0, 10000);
    m_removedTo->setDecimals(2);
    m_removedTo->setSingleStep(0.1);
    m_removedTo->setSuffix(tr(" mm"));
    auto* row = new QHBoxLayout;
    row->addWidget(m_removed);
    row->addWidget(m_removedTo);
    row->addStretch(1);
    body()->addLayout(row);
    connect(m_removed, &QCheckBox::clicked, this, &GatePage::state);
    connect(m_removedTo, &QDoubleSpinBox::editingFinished, this, [this] {
        if (m_removed->isChecked() && flow().statements().removedTo != m_removedTo->value())
            state();
    });
}

void GatePage::showRemoved()
{
    const auto& removedTo = flow().statements().removedTo;
    const auto& checks = flow().gate();
    const bool inTheWay = std::any_of(checks.begin(), checks.end(), [](const auto& check) { return check.id == "simulation" && !check.passed; });
    m_removed->setVisible(inTheWay || removedTo);
    m_removedTo->setVisible(inTheWay || removedTo);
    m_removed->setChecked(removedTo.has_value());
    m_removedTo->setEnabled(removedTo.has_value());
    if (removedTo)
        m_removedTo->setValue(*removedTo);
    else if (const auto& plan = flow().plan())
        m_removedTo->setValue(std::max(0.0, plan->layerZ - plan->layerHeight.value_or(0)));
}

void GatePage::entered()
{
    flow().replan();
    showFlow();
}

void GatePage::showFlow()
{
    m_stuck->setChecked(flow().statements().partStuck);
    m_untouched->setChecked(flow().statements().nothingMoved);
    m_model.setChecks(flow().gate());
    showRemoved();
    const auto& checks = flow().gate();
    m_repaired->setChecked(flow().statements().heaterRepaired);
    m_repaired->setVisible(std::any_of(checks.begin(), checks.end(), [](const auto& c) { return c.id == "heater-fault" && !c.measured.empty(); }));
    const auto count = [&](recovery::Severity severity) {
        return static_cast<int>(std::count_if(checks.begin(), checks.end(), [&](const auto& c) { return c.severity == severity && !c.passed; }));
    };
    const int blocks = count(recovery::Severity::Block);
    const auto& error = flow().planError();
    if (error && error->field == "declaredZ") {
        m_verdict->setText(tr("The checks run as soon as the height of the nozzle is declared, on the next page."));
        setTone(m_verdict, Tone::Dim);
    } else if (error) {
        m_verdict->setText(app::errorText(*error).full());
        setTone(m_verdict, Tone::Danger);
    } else if (checks.empty()) {
        m_verdict->setText(tr("Not checked yet."));
        setTone(m_verdict, Tone::Dim);
    } else if (blocks > 0) {
        m_verdict->setText(tr("%n check(s) forbid the start. Each says what to do.", nullptr, blocks));
        setTone(m_verdict, Tone::Danger);
    } else {
        const int warnings = count(recovery::Severity::Warn);
        m_verdict->setText(warnings > 0 ? tr("Nothing forbids the start. %n warning(s): read them.", nullptr, warnings) : tr("Nothing forbids the start."));
        setTone(m_verdict, warnings > 0 ? Tone::Warning : Tone::Good);
    }
    emit completeChanged();
}

void GatePage::state()
{
    app::Statements said = flow().statements();
    said.partStuck = m_stuck->isChecked();
    said.nothingMoved = m_untouched->isChecked();
    said.heaterRepaired = m_repaired->isChecked();
    said.removedTo = m_removed->isChecked() ? std::optional(m_removedTo->value()) : std::nullopt;
    flow().setStatements(said);
    flow().replan();
}

} // namespace kintsugi::ui
