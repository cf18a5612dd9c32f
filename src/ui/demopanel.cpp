// SPDX-License-Identifier: GPL-3.0-or-later
#include "demopanel.h"

#include <array>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>

#include "democontrols.h"
#include "theme.h"

namespace kintsugi::ui {

using namespace Qt::StringLiterals;

namespace {

constexpr std::array speeds{1.0, 2.0, 5.0, 20.0, 60.0};

} // namespace

DemoPanel::DemoPanel(app::Session& session, DemoControls& controls, QWidget* parent)
    : QFrame(parent)
    , m_session(session)
    , m_controls(controls)
    , m_print(new QPushButton(tr("&Start demo print"), this))
    , m_power(new QPushButton(this))
    , m_host(new QPushButton(this))
    , m_link(new QPushButton(tr("Drop &link"), this))
    , m_speed(new QComboBox(this))
{
    setFrameShape(QFrame::StyledPanel);
    setAccessibleName(tr("Demo printer"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(spacing::normal, spacing::tight, spacing::normal, spacing::tight);
    auto* title = new QLabel(tr("Demo printer"), this);
    title->setFont(bold(font()));
    row->addWidget(title);
    m_power->setIcon(icon(QStringLiteral("power")));
    m_link->setAccessibleDescription(tr("Cuts the connection for a few seconds"));
    m_link->setToolTip(m_link->accessibleDescription());
    for (QPushButton* button : {m_print, m_power, m_host, m_link})
        row->addWidget(button);
    row->addStretch(1);
    auto* speedLabel = new QLabel(tr("S&peed"), this);
    speedLabel->setBuddy(m_speed);
    m_speed->setAccessibleName(tr("Speed of the simulated time"));
    for (const double speed : speeds)
        m_speed->addItem(tr("%1×").arg(QLocale().toString(speed, 'f', 0)), speed);
    row->addWidget(speedLabel);
    row->addWidget(m_speed);

    connect(m_print, &QPushButton::clicked, this, &DemoPanel::startPrint);
    connect(m_power, &QPushButton::clicked, this, [this] { m_controls.powered() ? m_controls.cutPower() : m_controls.restorePower(); });
    connect(m_host, &QPushButton::clicked, this, [this] { m_controls.hostRunning() ? m_controls.crashHost() : m_controls.startHost(); });
    connect(m_link, &QPushButton::clicked, &m_controls, &DemoControls::dropLink);
    connect(m_speed, &QComboBox::activated, this, [this] { m_controls.setSpeed(m_speed->currentData().toDouble()); });
    connect(&m_controls, &DemoControls::changed, this, &DemoPanel::showState);
    connect(&m_session, &app::Session::stateChanged, this, &DemoPanel::showState);
    showState();
}

void DemoPanel::showState()
{
    const bool on = m_controls.powered();
    m_power->setText(on ? tr("&Cut the power") : tr("&Restore power"));
    m_host->setText(m_controls.hostRunning() ? tr("Crash &host") : tr("Start &host"));
    m_host->setEnabled(on);
    m_link->setEnabled(on);
    const auto state = m_session.state();
    m_print->setEnabled(on && (state == app::PrinterState::Idle || state == app::PrinterState::Interrupted));
    if (const int row = m_speed->findData(m_controls.speed()); row >= 0)
        m_speed->setCurrentIndex(row);
}

void DemoPanel::startPrint()
{
    m_controls.clearBed();
    const QString file = m_controls.demoFile();
    m_session.journalled(u"start"_s, file, 0, this, [this, file](const Result<app::Session::Outcome>& written) {
        if (!written) {
            emit failed(written.error());
            return;
        }
        m_session.driver().startPrint(file, this, [this, done = *written](const Result<>& result) {
            done(app::Session::outcomeText(result));
            if (!result)
                emit failed(result.error());
        });
    });
}

} // namespace kintsugi::ui
