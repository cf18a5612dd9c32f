// SPDX-License-Identifier: GPL-3.0-or-later
#include "reportpage.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

#include "proofexport.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

ReportPage::ReportPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent)
    : AssistantPage(flow, tr("Report"), tr("Report"), parent)
    , m_done(new QListWidget(this))
    , m_export(new ProofExport(flow, session, this))
{
    m_summary = addSentence();
    m_numbers = addSentence();
    setTone(m_numbers, Tone::Normal);
    addSubheading(tr("What was done"));
    m_done->setAccessibleName(tr("What was done, step by step"));
    m_done->setWordWrap(true);
    body()->addWidget(m_done, 1);
    addSubheading(tr("Look at the seam"));
    addSentence(tr("A ridge: too low or printed twice. A gap: too high or left open. A step to one side: the head or the bed was moved, "
                   "or X and Y were not homed alike."));
    m_clearHint = addSentence();
    m_savedAs = addSentence();
    m_savedAs->hide();
    makeButtons();
    connect(m_clear, &QPushButton::clicked, this, [this] {
        m_cleared = true;
        this->flow().resetPluginData();
    });
    connect(m_restore, &QPushButton::clicked, &flow, &app::ResumeFlow::restorePluginState);
    connect(&flow, &app::ResumeFlow::pluginDataChanged, this, &ReportPage::showPlugin);
    connect(&flow, &app::ResumeFlow::failed, this, [this] { m_cleared = false; });
    connect(&flow, &app::ResumeFlow::finished, this, [this] {
        m_cleared = false;
        showFlow();
    });
    showFlow();
}

void ReportPage::makeButtons()
{
    m_clear = new QPushButton(tr("&Clear the plugin's saved data"), this);
    m_clear->setAccessibleDescription(tr("Sends PLR_RESET_PRINT_DATA and reads back that it worked"));
    m_clear->setToolTip(m_clear->accessibleDescription());
    m_restore = new QPushButton(tr("Put the plugin's own state &back"), this);
    m_save = new QPushButton(tr("&Save the report…"), this);
    m_save->setIcon(icon(QStringLiteral("save")));
    m_save->setAccessibleDescription(tr("Plan, checks, numbers, pictures and journal as PDF or HTML"));
    m_save->setToolTip(m_save->accessibleDescription());
    auto* row = new QHBoxLayout;
    row->addWidget(m_clear);
    row->addWidget(m_restore);
    row->addStretch(1);
    row->addWidget(m_save);
    body()->addLayout(row);
    connect(m_save, &QPushButton::clicked, m_export, &ProofExport::ask);
    connect(m_export, &ProofExport::saved, this, &ReportPage::showSaved);
    connect(m_export, &ProofExport::failed, this, &AssistantPage::failed);
}

void ReportPage::showSaved(const QString& path)
{
    m_savedAs->setText(tr("The report is saved as %1.").arg(shortened(path, 100)));
    setTone(m_savedAs, Tone::Good);
    m_savedAs->show();
}

void ReportPage::showPlugin()
{
    const bool offered = flow().canResetPluginData();
    m_clear->setVisible(offered);
    m_restore->setVisible(flow().isPluginStateWritten());
    m_clearHint->setVisible(offered || (m_cleared && flow().report()));
    if (offered) {
        m_clearHint->setText(tr("The print ended well, and the plugin still holds a state of it: clear it, so that nobody resumes a finished print."));
        setTone(m_clearHint, Tone::Dim);
    } else {
        m_clearHint->setText(tr("The plugin's saved data is cleared, read back from the printer."));
        setTone(m_clearHint, Tone::Good);
    }
}

void ReportPage::showFlow()
{
    const auto& report = flow().report();
    showPlugin();
    m_save->setEnabled(m_export->isPossible());
    m_done->clear();
    if (!report) {
        m_summary->setText(tr("Nothing has been resumed yet."));
        m_numbers->clear();
        return;
    }
    m_summary->setText(report->completed ? tr("%1 was finished.").arg(shortened(report->originalFile, 80))
                                         : tr("%1 went on and ended as: %2.").arg(shortened(report->originalFile, 80), report->endState));
    QStringList lines{tr("Went on from byte %1.").arg(bytesText(static_cast<double>(report->byte))),
                      tr("Printed twice: %1. Left open: %2.").arg(lengthText(report->printedTwiceMm), lengthText(report->leftOpenMm)),
                      tr("From %1, for %2.").arg(dayAndTime(report->startedAt), durationText(report->finishedAt - report->startedAt))};
    if (!report->resumeFile.isEmpty())
        lines << tr("Resume file: %1. The original was not touched.").arg(shortened(report->resumeFile, 100));
    m_numbers->setText(lines.join(QLatin1Char('\n')));
    for (const QString& line : report->done)
        m_done->addItem(line);
}

} // namespace kintsugi::ui
