// SPDX-License-Identifier: GPL-3.0-or-later
#include "stoppanel.h"

#include <variant>

#include <QCheckBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "theme.h"

namespace kintsugi::ui {

namespace run = recovery::run;

StopPanel::StopPanel(app::ResumeFlow& flow, QWidget* parent)
    : QWidget(parent)
    , m_flow(flow)
    , m_pause(new QPushButton(this))
    , m_lift(new QPushButton(tr("Stop and &lift"), this))
    , m_emergency(new QPushButton(tr("Emergency stop"), this))
    , m_keepBed(new QCheckBox(tr("keep the &bed at its target"), this))
    , m_keepNozzle(new QCheckBox(tr("keep the nozzle at standb&y"), this))
    , m_pauseMeans(new QLabel(this))
    , m_liftMeans(new QLabel(this))
{
    m_keepBed->setChecked(true);
    m_emergency->setIcon(icon(QStringLiteral("stop")));
    m_emergency->setAccessibleDescription(tr("Everything off at once, heaters too"));
    auto* emergencyMeans = new QLabel(tr("M112: motors and heaters off at once. Z must be registered anew and the host restarted."), this);
    for (QLabel* label : {m_pauseMeans, m_liftMeans, emergencyMeans}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        setTone(label, Tone::Dim);
    }
    auto* keeps = new QHBoxLayout;
    keeps->addWidget(m_keepBed);
    keeps->addWidget(m_keepNozzle);
    keeps->addStretch(1);
    auto* lift = new QVBoxLayout;
    lift->setSpacing(spacing::tight);
    lift->addLayout(keeps);
    lift->addWidget(m_liftMeans);
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins({});
    grid->addWidget(m_pause, 0, 0);
    grid->addWidget(m_pauseMeans, 0, 1);
    grid->addWidget(m_lift, 1, 0, Qt::AlignTop);
    grid->addLayout(lift, 1, 1);
    grid->addWidget(m_emergency, 2, 0);
    grid->addWidget(emergencyMeans, 2, 1);
    grid->setColumnStretch(1, 1);
    connect(m_pause, &QPushButton::clicked, this, &StopPanel::pause);
    connect(m_lift, &QPushButton::clicked, this, [this] { m_flow.stopAndLift({m_keepBed->isChecked(), m_keepNozzle->isChecked()}); });
    connect(m_emergency, &QPushButton::clicked, &flow, &app::ResumeFlow::emergencyStop);
    for (QCheckBox* box : {m_keepBed, m_keepNozzle})
        connect(box, &QCheckBox::toggled, this, &StopPanel::showFlow);
    connect(&flow, &app::ResumeFlow::runStateChanged, this, &StopPanel::showFlow);
    showFlow();
}

void StopPanel::pause()
{
    if (std::holds_alternative<run::Running>(m_flow.runState()))
        m_flow.stopAfterStep();
    else if (m_flow.isPaused())
        m_flow.goOnPrinting();
    else
        m_flow.pausePrint();
}

void StopPanel::showFlow()
{
    const run::State& state = m_flow.runState();
    const bool running = std::holds_alternative<run::Running>(state), printing = std::holds_alternative<run::Printing>(state);
    const bool moving = running || printing || std::holds_alternative<run::Starting>(state);
    m_pause->setText(running ? tr("Stop &after this step") : m_flow.isPaused() ? tr("&Go on printing") : tr("P&ause"));
    m_pauseMeans->setText(running             ? tr("The step is done to its end. Heaters and motors stay as they are.")
                          : m_flow.isPaused() ? tr("Paused: heaters and motors are on, the print goes on where it stopped.")
                                              : tr("The printer's own PAUSE parks the head. Heaters and motors stay on, and the print can go on."));
    m_liftMeans->setText(QStringList{tr("Straight up by 10 mm, and this resume is over; a print that runs stays paused at the printer."),
                                     m_keepBed->isChecked() ? tr("The part holds on the warm bed.") : tr("The part may come loose when the bed cools: then nothing can be resumed."),
                                     m_keepNozzle->isChecked() ? tr("The nozzle may ooze.") : tr("The nozzle cools.")}
                             .join(QLatin1Char(' ')));
    m_pause->setEnabled(running || printing);
    for (QWidget* widget : {static_cast<QWidget*>(m_lift), static_cast<QWidget*>(m_emergency), static_cast<QWidget*>(m_keepBed), static_cast<QWidget*>(m_keepNozzle)})
        widget->setEnabled(moving);
}

} // namespace kintsugi::ui
