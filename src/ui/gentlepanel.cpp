// SPDX-License-Identifier: GPL-3.0-or-later
#include "gentlepanel.h"

#include <algorithm>
#include <variant>

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include "errortext.h"
#include "theme.h"

namespace kintsugi::ui {

namespace run = recovery::run;
namespace xy = recovery::xy;

namespace {

QDoubleSpinBox* makeNumber(QWidget* parent, double low, double high, double value, const QString& suffix, const QString& name)
{
    auto* box = new QDoubleSpinBox(parent);
    box->setRange(low, high);
    box->setDecimals(0);
    box->setValue(value);
    box->setSuffix(suffix);
    box->setAccessibleName(name);
    box->setKeyboardTracking(false);
    return box;
}

} // namespace

GentlePanel::GentlePanel(app::ResumeFlow& flow, QWidget* parent)
    : QWidget(parent)
    , m_flow(flow)
    , m_before(new QWidget(this))
    , m_nudge(new QWidget(this))
    , m_layer(new QLabel(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins({});
    column->setSpacing(spacing::tight);
    makeBefore();
    makeNudge();
    m_layer->setWordWrap(true);
    m_layer->setTextFormat(Qt::PlainText);
    setTone(m_layer, Tone::Dim);
    for (QWidget* widget : {m_before, m_nudge, static_cast<QWidget*>(m_layer)})
        column->addWidget(widget);
    for (const auto signal : {&app::ResumeFlow::runStateChanged, &app::ResumeFlow::planned, &app::ResumeFlow::analysed})
        connect(&flow, signal, this, &GentlePanel::showFlow);
    showFlow();
}

void GentlePanel::makeBefore()
{
    auto* column = new QVBoxLayout(m_before);
    column->setContentsMargins({});
    column->setSpacing(spacing::tight);
    auto* row = new QHBoxLayout;
    m_gentle = new QCheckBox(tr("&First resumed layer gentler:"), m_before);
    m_gentle->setAccessibleDescription(tr("Told to the printer while it prints that layer, and put back at its end; no file is changed"));
    m_gentle->setToolTip(m_gentle->accessibleDescription());
    m_speed = makeNumber(m_before, 10, 100, 60, tr(" % speed"), tr("Speed of the first resumed layer, percent"));
    m_fan = makeNumber(m_before, 0, 100, 50, tr(" % fan"), tr("Fan of the first resumed layer, percent of what the file asks for"));
    m_acceleration = makeNumber(m_before, 50, 100'000, 1000, tr(" mm/s²"), tr("Highest acceleration of the first resumed layer"));
    row->addWidget(m_gentle);
    for (QDoubleSpinBox* box : {m_speed, m_fan, m_acceleration}) {
        row->addWidget(box);
        connect(box, &QDoubleSpinBox::valueChanged, this, &GentlePanel::say);
    }
    row->addStretch(1);
    m_thrice = new QCheckBox(tr("Home X and Y &three times and show how far apart they end"), m_before);
    column->addLayout(row);
    column->addWidget(m_thrice);
    for (QCheckBox* box : {m_gentle, m_thrice})
        connect(box, &QCheckBox::clicked, this, &GentlePanel::say);
}

void GentlePanel::makeNudge()
{
    auto* row = new QHBoxLayout(m_nudge);
    row->setContentsMargins({});
    auto* label = new QLabel(tr("&Nudge the print by"), m_nudge);
    m_step = makeNumber(m_nudge, xy::smallestNudge, xy::largestNudge, 0.05, tr(" mm"), tr("Size of a nudge, mm"));
    m_step->setDecimals(2);
    m_step->setSingleStep(xy::smallestNudge);
    m_step->setValue(0.05);
    label->setBuddy(m_step);
    row->addWidget(label);
    row->addWidget(m_step);
    const auto arrow = [&](const QString& text, const QString& name, char axis, int sign) {
        auto* button = new QPushButton(text, m_nudge);
        button->setAccessibleName(name);
        row->addWidget(button);
        m_arrows.push_back(button);
        connect(button, &QPushButton::clicked, &m_flow, [this, axis, sign] { m_flow.nudge(axis, sign * m_step->value()); });
    };
    arrow(tr("X −"), tr("To the left, X less"), 'X', -1);
    arrow(tr("X +"), tr("To the right, X more"), 'X', 1);
    arrow(tr("Y −"), tr("To the front, Y less"), 'Y', -1);
    arrow(tr("Y +"), tr("To the back, Y more"), 'Y', 1);
    m_nudged = new QLabel(m_nudge);
    setTone(m_nudged, Tone::Dim);
    row->addWidget(m_nudged);
    row->addStretch(1);
}

void GentlePanel::say()
{
    app::Statements statements = m_flow.statements();
    statements.homeThrice = m_thrice->isChecked();
    statements.firstLayer = {};
    if (m_gentle->isChecked())
        statements.firstLayer = {m_speed->value(), m_fan->value(), m_acceleration->value()};
    m_flow.setStatements(statements);
}

void GentlePanel::showFlow()
{
    const run::State& state = m_flow.runState();
    const bool printing = std::holds_alternative<run::Printing>(state);
    const bool moving = printing || std::holds_alternative<run::Running>(state) || std::holds_alternative<run::Starting>(state);
    const auto& statements = m_flow.statements();
    m_gentle->setChecked(statements.firstLayer.any());
    m_thrice->setChecked(statements.homeThrice);
    const bool homes = m_flow.plan() && std::any_of(m_flow.plan()->steps.begin(), m_flow.plan()->steps.end(),
                                                    [](const recovery::PlanStep& step) { return step.kind == recovery::StepKind::HomeXY; });
    m_thrice->setVisible(homes || statements.homeThrice);
    for (QDoubleSpinBox* box : {m_speed, m_fan, m_acceleration})
        box->setEnabled(m_gentle->isChecked());
    m_before->setVisible(!moving);
    m_nudge->setVisible(printing);
    for (QPushButton* button : m_arrows)
        button->setEnabled(m_flow.canNudge());
    const auto nudged = m_flow.nudged();
    const QLocale locale;
    m_nudged->setText(tr("so far X %1, Y %2 mm (at most 1)").arg(locale.toString(nudged[0], 'f', 2), locale.toString(nudged[1], 'f', 2)));
    QStringList layer;
    if (m_flow.isFirstLayerGentle())
        layer << tr("The first layer is printed gently now; it is put back at its end.");
    for (const Message& note : m_flow.firstLayerNotes())
        layer << app::text(note);
    m_layer->setVisible(!layer.isEmpty() && (moving || statements.firstLayer.any()));
    m_layer->setText(layer.join(QLatin1Char('\n')));
}

} // namespace kintsugi::ui
