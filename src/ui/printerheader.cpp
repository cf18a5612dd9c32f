// SPDX-License-Identifier: GPL-3.0-or-later
#include "printerheader.h"

#include <QHBoxLayout>
#include <QPushButton>

#include "printerlistmodel.h"
#include "statepill.h"
#include "tables.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

constexpr double warmMinutes = 60;

} // namespace

PrinterHeader::PrinterHeader(QWidget* parent)
    : QWidget(parent)
    , m_name(new ElidedLabel(this))
    , m_pill(new StatePill(this))
    , m_job(new ElidedLabel(this))
    , m_heat(new ElidedLabel(this))
    , m_warm(new QPushButton(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(spacing::normal, spacing::tight, spacing::normal, spacing::tight);
    makeHeading(m_name, 1.15);
    setTone(m_job, Tone::Dim);
    setTone(m_heat, Tone::Dim);
    m_warm->setIcon(icon(QStringLiteral("bed")));
    m_warm->setAccessibleDescription(tr("Heats the bed to the target of the stopped print, for one hour at most"));
    m_warm->setToolTip(m_warm->accessibleDescription());
    row->addWidget(m_name);
    row->addWidget(m_pill);
    row->addWidget(m_job);
    row->addWidget(m_heat);
    row->addWidget(m_warm);
    row->addStretch(1);
    connect(m_warm, &QPushButton::clicked, this, [this] {
        if (m_session)
            m_session->keepBedWarm(warmMinutes);
        showState();
    });
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    showState();
}

void PrinterHeader::follow(app::Session* session)
{
    if (m_session)
        m_session->disconnect(this);
    m_session = session;
    if (session) {
        connect(session, &app::Session::stateChanged, this, &PrinterHeader::showState);
        connect(session, &app::Session::jobChanged, this, &PrinterHeader::showState);
        connect(session, &app::Session::fileChanged, this, &PrinterHeader::showState);
        connect(session, &app::Session::sampled, this, &PrinterHeader::showSample);
    }
    showState();
}

void PrinterHeader::showState()
{
    for (QWidget* widget : {static_cast<QWidget*>(m_pill), static_cast<QWidget*>(m_job), static_cast<QWidget*>(m_heat)})
        widget->setVisible(m_session != nullptr);
    const bool interrupted = m_session && m_session->state() == app::PrinterState::Interrupted;
    m_warm->setVisible(interrupted);
    if (!m_session) {
        m_name->setText(tr("No printer chosen"));
        return;
    }
    m_name->setText(shortened(m_session->profile().name, 80));
    const bool warm = m_session->isKeepingBedWarm();
    m_warm->setText(warm ? tr("The bed is kept warm") : tr("&Keep the bed warm"));
    m_warm->setEnabled(!warm && m_session->host().state == link::HostState::Ready);
    showSample();
}

void PrinterHeader::showPill()
{
    QString words = app::stateText(m_session->state());
    const auto& job = m_session->job();
    if (m_session->state() == app::PrinterState::Interrupted && job && job->endTime)
        words = tr("%1, %2").arg(words, agoText(m_session->now() - *job->endTime));
    if (!words.isEmpty())
        words[0] = words[0].toUpper();
    m_pill->setState(app::shapeKey(m_session->state()), words);
}

void PrinterHeader::showSample()
{
    if (!m_session)
        return;
    showPill(); // how long ago it stopped goes on counting
    const auto& sample = m_session->sample();
    m_heat->setText(sample ? heatText(*sample) : QString());
    const auto& job = m_session->job();
    if (!job) {
        m_job->setText({});
        return;
    }
    QString text = shortened(job->file);
    const auto file = m_session->file();
    const bool printing = m_session->state() == app::PrinterState::Printing || m_session->state() == app::PrinterState::Paused;
    if (printing && file && sample && sample->filePosition) {
        if (const auto* layer = file->index->layerAt(*sample->filePosition))
            text = tr("%1, %2").arg(text, layerText(layer->index, file->index->layers.size(), layer->z));
    }
    m_job->setText(text);
}

} // namespace kintsugi::ui
