// SPDX-License-Identifier: GPL-3.0-or-later
#include "crashpanel.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "theme.h"

namespace kintsugi::ui {

CrashPanel::CrashPanel(app::Session& session, QWidget* parent)
    : QFrame(parent)
    , m_session(session)
    , m_step(new QLabel(this))
    , m_now(new QLabel(this))
    , m_can(new QLabel(this))
{
    setFrameShape(QFrame::StyledPanel);
    setAccessibleName(tr("A resume was broken off"));
    auto* column = new QVBoxLayout(this);
    auto* heading = new QLabel(tr("A resume was broken off"), this);
    makeHeading(heading, 1.1);
    setTone(heading, Tone::Warning);
    column->addWidget(heading);
    for (QLabel* label : {m_step, m_now, m_can}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        column->addWidget(label);
    }
    setTone(m_can, Tone::Dim);
    makePresses();
    connect(&session, &app::Session::crashChanged, this, &CrashPanel::showTruth);
    connect(&session, &app::Session::stateChanged, this, &CrashPanel::showTruth);
    connect(&session, &app::Session::sampled, this, &CrashPanel::showTruth);
    showTruth();
}

void CrashPanel::makePresses()
{
    auto* row = new QHBoxLayout;
    m_heatersOff = new QPushButton(tr("Switch the heaters &off"), this);
    m_putBack = new QPushButton(tr("&Put back what was changed"), this);
    m_assistant = new QPushButton(tr("Open the resume &assistant"), this);
    m_read = new QPushButton(tr("I have &read this"), this);
    m_read->setAccessibleDescription(tr("Closes this panel; the journal keeps every line"));
    m_read->setToolTip(m_read->accessibleDescription());
    for (QPushButton* button : {m_assistant, m_putBack, m_heatersOff})
        row->addWidget(button);
    row->addStretch(1);
    row->addWidget(m_read);
    static_cast<QVBoxLayout*>(layout())->addLayout(row);
    connect(m_heatersOff, &QPushButton::clicked, this, [this] { send(QStringLiteral("M104 S0\nM140 S0")); });
    connect(m_putBack, &QPushButton::clicked, this, [this] {
        if (const auto& crash = m_session.crash())
            send(crash->inForce.join(QLatin1Char('\n')));
    });
    connect(m_assistant, &QPushButton::clicked, this, &CrashPanel::assistantWanted);
    connect(m_read, &QPushButton::clicked, &m_session, &app::Session::acknowledgeCrash);
}

void CrashPanel::send(const QString& script)
{
    m_session.send(QStringLiteral("script"), script, this, [this](const Result<link::ScriptResult>& result) {
        if (!result)
            emit failed(result.error());
    });
}

void CrashPanel::showTruth()
{
    const auto& crash = m_session.crash();
    setVisible(crash.has_value());
    if (!crash)
        return;
    const app::CrashReport report = m_session.crashReport();
    m_step->setText(report.step);
    m_now->setText((QStringList{report.heaters, report.head} + report.changed).join(QLatin1Char('\n')));
    QStringList can;
    for (const QString& line : report.can)
        can << tr("• %1").arg(line);
    m_can->setText(can.join(QLatin1Char('\n')));
    const auto& sample = m_session.sample();
    const bool ready = m_session.host().state == link::HostState::Ready && m_session.driver().linkState() == link::LinkState::Connected;
    const bool hot = sample && std::any_of(sample->heaters.begin(), sample->heaters.end(), [](const auto& heater) { return heater.second.target.value_or(0) > 0; });
    m_heatersOff->setVisible(ready && hot && !report.goesOn);
    m_putBack->setVisible(ready && !crash->inForce.isEmpty());
    m_assistant->setVisible(!report.goesOn);
}

} // namespace kintsugi::ui
