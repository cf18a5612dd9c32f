// SPDX-License-Identifier: GPL-3.0-or-later
#include "happenedpage.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QRadioButton>

#include "candidatemodel.h"
#include "errortext.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

HappenedPage::HappenedPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent)
    : AssistantPage(flow, tr("What happened"), tr("What happened?"), parent)
    , m_session(session)
    , m_choice(new QButtonGroup(this))
{
    m_job = addSentence();
    m_heat = addSentence();
    addSubheading(tr("Likely causes, by what was recorded"));
    m_causes = new QWidget(this);
    new QVBoxLayout(m_causes);
    m_causes->layout()->setContentsMargins({});
    body()->addWidget(m_causes);
    addSubheading(tr("What only you can know"));
    auto* row = new QHBoxLayout;
    auto* label = new QLabel(tr("The &nozzle"), this);
    m_contact = new QComboBox(this);
    m_contact->setAccessibleName(tr("Where the nozzle is"));
    m_contact->addItem(tr("I do not know"), static_cast<int>(recovery::NozzleContact::Unknown));
    m_contact->addItem(tr("still touches the part"), static_cast<int>(recovery::NozzleContact::Touching));
    m_contact->addItem(tr("is lifted off the part"), static_cast<int>(recovery::NozzleContact::Lifted));
    label->setBuddy(m_contact);
    row->addWidget(label);
    row->addWidget(m_contact);
    row->addStretch(1);
    body()->addLayout(row);
    m_nothingMoved = new QCheckBox(tr("Nobody has &moved the head, the bed or the part since"), this);
    body()->addWidget(m_nothingMoved);
    body()->addStretch(1);

    connect(m_choice, &QButtonGroup::idClicked, this, &HappenedPage::state);
    connect(m_contact, &QComboBox::activated, this, &HappenedPage::state);
    connect(m_nothingMoved, &QCheckBox::clicked, this, &HappenedPage::state);
    connect(&flow, &app::ResumeFlow::analysed, this, &HappenedPage::showFlow);
    connect(&session, &app::Session::sampled, this, &HappenedPage::showJob);
    showFlow();
}

bool HappenedPage::isComplete() const
{
    return flow().stop().has_value();
}

void HappenedPage::showJob()
{
    const auto& job = flow().job();
    if (!job) {
        m_job->setText(tr("No interrupted print is open. Choose one in the timeline, then press Resume from here."));
        m_heat->setText({});
        return;
    }
    const QString file = shortened(job->file, 80);
    m_job->setText(job->endTime ? tr("%1 stopped %2, on %3.").arg(file, agoText(m_session.now() - *job->endTime), dayAndTime(*job->endTime))
                                : tr("%1 stopped.").arg(file));
    m_heat->setText(m_session.sample() ? tr("Now: %1.").arg(heatText(*m_session.sample())) : tr("The temperatures are not known yet."));
}

void HappenedPage::showCauses()
{
    for (QAbstractButton* button : m_choice->buttons())
        m_choice->removeButton(button);
    while (QLayoutItem* item = m_causes->layout()->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (const app::CauseEvidence& cause : flow().causes()) {
        auto* button = new QRadioButton(app::causeText(cause.cause), m_causes);
        QStringList sentences;
        for (const Message& message : cause.evidence)
            sentences << app::text(message);
        button->setAccessibleDescription(sentences.join(QLatin1Char(' ')));
        button->setChecked(cause.cause == flow().statements().cause);
        m_choice->addButton(button, static_cast<int>(cause.cause));
        m_causes->layout()->addWidget(button);
        if (sentences.isEmpty())
            continue;
        auto* evidence = new QLabel(sentences.join(QLatin1Char('\n')), m_causes);
        evidence->setTextFormat(Qt::PlainText);
        evidence->setWordWrap(true);
        evidence->setIndent(fontMetrics().height() * 3 / 2);
        evidence->setFont(smaller(font()));
        setTone(evidence, Tone::Dim);
        m_causes->layout()->addWidget(evidence);
    }
    if (flow().causes().empty()) {
        auto* none = new QLabel(flow().isBusy() ? tr("Reading what was recorded…") : tr("Nothing was recorded about the stop."), m_causes);
        setTone(none, Tone::Dim);
        m_causes->layout()->addWidget(none);
    }
}

void HappenedPage::showFlow()
{
    m_showing = true;
    showJob();
    showCauses();
    m_contact->setCurrentIndex(m_contact->findData(static_cast<int>(flow().statements().contact)));
    m_nothingMoved->setChecked(flow().statements().nothingMoved);
    m_showing = false;
    emit completeChanged();
}

void HappenedPage::state()
{
    if (m_showing)
        return;
    app::Statements said = flow().statements();
    if (m_choice->checkedId() >= 0)
        said.cause = static_cast<recovery::StopCause>(m_choice->checkedId());
    said.contact = static_cast<recovery::NozzleContact>(m_contact->currentData().toInt());
    said.nothingMoved = m_nothingMoved->isChecked();
    flow().setStatements(said);
}

} // namespace kintsugi::ui
