// SPDX-License-Identifier: GPL-3.0-or-later
#include "runpage.h"

#include <variant>

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTableView>

#include "base/overloaded.h"
#include "errortext.h"
#include "gentlepanel.h"
#include "handpanel.h"
#include "stoppanel.h"
#include "tables.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace run = recovery::run;

namespace {

std::pair<Shape, QColor> lightSign(const QModelIndex& index, const QPalette& palette)
{
    const Colours c = colours(palette);
    switch (static_cast<app::PlanModel::Light>(index.data(app::PlanModel::LightRole).toInt())) {
    case app::PlanModel::Waiting: return {Shape::Ring, c.dim};
    case app::PlanModel::Active: return {Shape::Play, c.accent};
    case app::PlanModel::Done: return {Shape::Tick, c.good};
    case app::PlanModel::Failed: return {Shape::Cross, c.danger};
    }
    return {Shape::Ring, c.dim};
}

} // namespace

RunPage::RunPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent)
    : AssistantPage(flow, tr("Run"), tr("Go on with the print"), parent)
    , m_session(session)
    , m_steps(new QTableView(this))
{
    m_dry = addSentence(tr("Dry run: the head goes the plan's ways, higher by the clearance. The nozzle is at standby, nothing is extruded, nothing starts by itself."));
    setTone(m_dry, Tone::Warning);
    m_state = addSentence();
    auto* presses = new QHBoxLayout;
    m_start = new QPushButton(this);
    m_start->setIcon(icon(QStringLiteral("resume")));
    m_back = new QPushButton(tr("&Not now"), this);
    presses->addWidget(m_start);
    presses->addWidget(m_back);
    presses->addStretch(1);
    body()->addLayout(presses);
    body()->addWidget(new GentlePanel(flow, this));
    body()->addWidget(new HandPanel(flow, this));
    m_steps->setModel(&m_model);
    makeTable(m_steps, tr("Steps and how far they are"), app::PlanModel::Reason);
    m_steps->setAlternatingRowColors(true);
    m_steps->setItemDelegateForColumn(app::PlanModel::Number, new ShapeDelegate(lightSign, m_steps));
    m_steps->horizontalHeader()->setSectionResizeMode(app::PlanModel::Gcode, QHeaderView::Stretch);
    m_steps->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    body()->addWidget(m_steps, 1);
    m_position = addSentence();
    body()->addWidget(new StopPanel(flow, this));

    m_model.follow(&flow);
    connect(m_start, &QPushButton::clicked, this, &RunPage::press);
    connect(m_back, &QPushButton::clicked, this, [this] {
        this->flow().disarm();
        this->flow().setDryRun(false);
    });
    for (const auto signal : {&app::ResumeFlow::runStateChanged, &app::ResumeFlow::planned, &app::ResumeFlow::finished})
        connect(&flow, signal, this, &RunPage::showFlow);
    connect(&flow, &app::ResumeFlow::busyChanged, this, &RunPage::showFlow);
    connect(&session, &app::Session::sampled, this, &RunPage::showPosition);
    showFlow();
}

bool RunPage::isComplete() const
{
    return flow().report().has_value() && !flow().report()->dryRun;
}

void RunPage::press()
{
    if (std::holds_alternative<run::Armed>(flow().runState()))
        flow().launch();
    else
        flow().arm();
}

QString RunPage::restingText() const
{
    if (flow().isBusy())
        return tr("Preparing…");
    if (const auto& error = flow().planError())
        return app::errorText(*error).full();
    if (flow().isDryRun())
        return tr("The dry run heats the bed and moves. The first press checks everything again, the second one begins; then every step waits for a press.");
    const auto& report = flow().report();
    if (report && report->dryRun && report->completed)
        return flow().heldZ() ? tr("The dry run is done. Motors and bed stay on and Z is held as registered: the real start goes on from here, in two presses.")
                              : tr("The dry run is done. The real start takes two presses.");
    return tr("Two presses. The first one prepares and checks everything again, the second one heats and moves.");
}

QString RunPage::stateText() const
{
    const run::State& state = flow().runState();
    const QLocale locale;
    const auto step = [&](std::size_t index) { return locale.toString(static_cast<qulonglong>(index + 1)); };
    return std::visit(Overloaded{
        [&](const run::Idle&) { return restingText(); },
        [&](const run::Armed&) {
            return flow().isDryRun() ? tr("Prepared and checked. The next press begins the dry run: is the way free?")
                                     : tr("Prepared and checked. The next press heats the bed and moves the head: is the way free?");
        },
        [&](const run::Running& r) {
            if (flow().hand() != recovery::Hand::None)
                return tr("Step %1 waits for you.").arg(step(r.step));
            return r.stopAfterStep ? tr("Step %1 is under way, then it stops.").arg(step(r.step)) : tr("Step %1 is under way.").arg(step(r.step));
        },
        [&](const run::Starting&) { return tr("The file has been started. Waiting until the print is seen to run."); },
        [&](const run::Printing&) { return tr("The printer works. Watch the prime and the first lines: does plastic come out and stick?"); },
        [&](const run::Stopped& s) { return tr("Stopped after step %1, as you wanted.").arg(step(s.step)); },
        [&](const run::Failed& f) { return tr("Step %1 failed. %2").arg(step(f.step), app::errorText(f.error).full()); },
        [&](const run::Done&) { return tr("Done. The report is on the next page."); },
    }, state);
}

void RunPage::showFlow()
{
    const run::State& state = flow().runState();
    const bool dry = flow().isDryRun();
    const bool armed = std::holds_alternative<run::Armed>(state);
    const bool running = std::holds_alternative<run::Running>(state);
    const bool moving = running || std::holds_alternative<run::Starting>(state) || std::holds_alternative<run::Printing>(state);
    setHeading(dry ? tr("Dry run: nothing is printed") : tr("Go on with the print"));
    m_dry->setVisible(dry);
    m_start->setText(armed ? (dry ? tr("&Begin the dry run: heats the bed and moves") : tr("&Start now: heats and moves"))
                           : (dry ? tr("&Prepare the dry run, nothing moves yet") : tr("&Prepare, nothing moves yet")));
    const bool planned = flow().plan().has_value() && flow().plan()->dryRun == dry;
    m_start->setEnabled(!moving && !flow().isBusy() && planned && flow().gateIsOpen());
    m_start->setVisible(!moving);
    m_back->setText(dry && !armed ? tr("&Leave the dry run") : tr("&Not now"));
    m_back->setVisible(armed || (dry && !moving));
    m_state->setText(stateText());
    setTone(m_state, std::holds_alternative<run::Failed>(state) ? Tone::Danger : armed ? Tone::Warning : Tone::Dim);
    if (const int current = flow().currentStep(); current >= 0 && current < m_model.rowCount())
        m_steps->scrollTo(m_model.index(current, 0));
    showPosition();
    emit completeChanged();
}

void RunPage::showPosition()
{
    const auto& sample = m_session.sample();
    if (!sample) {
        m_position->clear();
        return;
    }
    const QLocale locale;
    QString place;
    if (sample->livePosition) {
        const auto& p = *sample->livePosition;
        place = tr("Head at X %1 Y %2 Z %3.").arg(locale.toString(p[0], 'f', 2), locale.toString(p[1], 'f', 2), locale.toString(p[2], 'f', 2));
    }
    m_position->setText(QString(place + QLatin1Char(' ') + heatText(*sample)).trimmed());
}

} // namespace kintsugi::ui
