// SPDX-License-Identifier: GPL-3.0-or-later
#include "planpage.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QTableView>

#include "errortext.h"
#include "ownlinespanel.h"
#include "partpanel.h"
#include "proofexport.h"
#include "recovery/plan.h"
#include "tables.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

QPlainTextEdit* makeText(const QString& accessibleName, bool readOnly, QWidget* parent)
{
    auto* text = new QPlainTextEdit(parent);
    text->setReadOnly(readOnly);
    text->setTabChangesFocus(true);
    text->setLineWrapMode(QPlainTextEdit::NoWrap);
    text->setFont(fixedFont(parent->font()));
    text->setAccessibleName(accessibleName);
    return text;
}

} // namespace

PlanPage::PlanPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent)
    : AssistantPage(flow, tr("Plan"), tr("The plan"), parent)
    , m_session(session)
    , m_tabs(new QTabWidget(this))
    , m_export(new ProofExport(flow, session, this))
{
    m_summary = addSentence();
    m_unchecked = addSentence();
    setTone(m_unchecked, Tone::Warning);
    makeTabs();
    makeWay();
    m_model.follow(&flow);
    connect(&flow, &app::ResumeFlow::planned, this, &PlanPage::showFlow);
    connect(&flow, &app::ResumeFlow::chosenChanged, this, &PlanPage::showFlow);
    connect(&flow, &app::ResumeFlow::pluginDataChanged, this, &PlanPage::showPlugin);
    connect(&flow, &app::ResumeFlow::failed, this, &PlanPage::showPlugin); // a tick that did not come true goes
    connect(&session, &app::Session::stateChanged, this, &PlanPage::showFlow);
    showFlow();
}

void PlanPage::makeTabs()
{
    m_tabs->setAccessibleName(tr("Views of the plan"));
    m_steps = new QTableView(m_tabs);
    m_steps->setModel(&m_model);
    makeTable(m_steps, tr("Steps of the plan"), app::PlanModel::Reason);
    m_steps->setAlternatingRowColors(true);
    m_steps->horizontalHeader()->setSectionResizeMode(app::PlanModel::Gcode, QHeaderView::Stretch);
    m_steps->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_text = makeText(tr("G-code that is sent before the original continues"), true, this);
    m_difference = makeText(tr("Difference to the original file"), true, this);
    m_own = new OwnLinesPanel(flow(), m_tabs);
    m_part = new PartPanel(PartPanel::Arrangement::SideBySide, m_tabs);
    m_part->setChoosing(false);
    m_tabs->addTab(m_steps, tr("St&eps"));
    m_tabs->addTab(m_part, tr("&Part and way"));
    m_tabs->addTab(m_text, tr("&G-code"));
    m_tabs->addTab(m_difference, tr("&Difference to the file"));
    m_tabs->addTab(m_own, tr("&Own lines"));
    body()->addWidget(m_tabs, 1);
}

void PlanPage::makeWay()
{
    m_plugin = new QCheckBox(tr("Set the plugin's &resume_meta_info to this point, for macros of your own; undone afterwards"), this);
    m_plugin->setAccessibleDescription(tr("PLR_RESUME_PRINT is never sent"));
    m_plugin->setToolTip(m_plugin->accessibleDescription());
    body()->addWidget(m_plugin);
    auto* row = new QHBoxLayout;
    auto* label = new QLabel(tr("&Way"), this);
    m_way = new QComboBox(this);
    label->setBuddy(m_way);
    m_way->setAccessibleName(tr("How the plan reaches the printer"));
    m_way->addItem(tr("as a new file beside the original"), static_cast<int>(recovery::run::Way::NewFile));
    m_way->addItem(tr("in place: the original goes on at its byte"), static_cast<int>(recovery::run::Way::ZeroCopy));
    m_save = new QPushButton(tr("&Save the plan…"), this);
    m_save->setIcon(icon(QStringLiteral("save")));
    row->addWidget(label);
    row->addWidget(m_way);
    row->addStretch(1);
    m_saveProof = new QPushButton(tr("Save the &proof…"), this);
    m_saveProof->setIcon(icon(QStringLiteral("save")));
    m_saveProof->setAccessibleDescription(tr("Plan, checks, numbers, pictures and journal as PDF or HTML, to look at without a printer"));
    m_saveProof->setToolTip(m_saveProof->accessibleDescription());
    m_dry = new QPushButton(this);
    m_dry->setAccessibleDescription(tr("The head goes the plan's ways, higher by the clearance, one press a step. Nothing is printed, and Z stays registered for the real start"));
    m_dry->setToolTip(m_dry->accessibleDescription());
    row->addWidget(m_dry);
    row->addWidget(m_save);
    row->addWidget(m_saveProof);
    body()->addLayout(row);
    m_savedAs = addSentence();
    m_savedAs->hide();
    connect(m_way, &QComboBox::activated, this, [this] {
        flow().setWay(static_cast<recovery::run::Way>(m_way->currentData().toInt()));
        showFlow();
    });
    connect(m_plugin, &QCheckBox::clicked, this, [this](bool wanted) { wanted ? flow().writePluginState() : flow().restorePluginState(); });
    connect(m_save, &QPushButton::clicked, this, &PlanPage::save);
    connect(m_saveProof, &QPushButton::clicked, m_export, &ProofExport::ask);
    connect(m_export, &ProofExport::failed, this, &AssistantPage::failed);
    connect(m_export, &ProofExport::saved, this, [this](const QString& path) {
        m_savedAs->setText(tr("The proof is saved as %1.").arg(shortened(path, 100)));
        setTone(m_savedAs, Tone::Good);
        m_savedAs->show();
    });
    connect(m_dry, &QPushButton::clicked, this, [this] {
        flow().setDryRun(!flow().isDryRun());
        if (flow().isDryRun())
            emit dryRunWanted();
    });
    connect(&flow(), &app::ResumeFlow::runStateChanged, this, &PlanPage::showFlow);
}

void PlanPage::showPlugin()
{
    const bool written = flow().isPluginStateWritten();
    m_plugin->setVisible(m_session.host().capabilities.testFlag(link::Capability::PlrPlugin));
    m_plugin->setEnabled(written || flow().canWritePluginState());
    m_plugin->setChecked(written);
}

/// What nobody checked, said above the plan and not only where it stands.
void PlanPage::showLeftOut()
{
    const auto& plan = flow().plan();
    const int count = plan ? static_cast<int>(plan->unsimulated.size()) : 0;
    m_unchecked->setVisible(count > 0);
    m_unchecked->setText(count > 0 ? tr("%n line(s) of yours run unchecked: nobody knows what they do.", nullptr, count) : QString());
    m_tabs->setTabText(m_tabs->indexOf(m_own), m_own->isRefused() ? tr("&Own lines: refused") : tr("&Own lines"));
}

void PlanPage::entered()
{
    flow().replan();
    showFlow();
}

bool PlanPage::isComplete() const
{
    return flow().plan().has_value() && flow().gateIsOpen() && m_session.state() != app::PrinterState::Printing;
}

QString PlanPage::differenceText() const
{
    const auto& plan = flow().plan();
    const auto file = flow().file();
    if (!plan || !file)
        return {};
    QStringList lines;
    lines << tr("Not sent again: byte 0 to %1 of the original, it is printed already.").arg(bytesText(static_cast<double>(plan->snapshot.byte)));
    lines << QString();
    for (const QString& line : flow().planText().split(QLatin1Char('\n')))
        lines << QString(QStringLiteral("+ ") + line);
    lines << tr("Unchanged: byte %1 to %2 of the original, every byte as it is.").arg(bytesText(static_cast<double>(plan->snapshot.byte)),
                 bytesText(static_cast<double>(file->index->size)));
    return lines.join(QLatin1Char('\n'));
}

void PlanPage::showFlow()
{
    const auto& plan = flow().plan();
    const bool zeroCopy = m_session.host().capabilities.testFlag(link::Capability::StartAtOffset);
    m_way->setEnabled(zeroCopy && !flow().isDryRun());
    m_dry->setText(flow().isDryRun() ? tr("&Leave the dry run") : tr("&Dry run first…"));
    m_dry->setEnabled(flow().isDryRun() || isComplete());
    m_way->setCurrentIndex(m_way->findData(static_cast<int>(flow().way())));
    m_save->setEnabled(plan.has_value() && !flow().isDryRun());
    m_saveProof->setEnabled(m_export->isPossible() && !flow().isDryRun());
    m_text->setPlainText(flow().planText());
    m_difference->setPlainText(differenceText());
    showPlugin();
    showLeftOut();
    m_part->showAllOf(flow());
    emit completeChanged();
    if (const auto& error = flow().planError()) {
        setHeading(tr("There is no plan yet"));
        m_summary->setText(app::errorText(*error).full());
        setTone(m_summary, Tone::Danger);
        return;
    }
    if (!plan) {
        setHeading(tr("The plan"));
        m_summary->setText(flow().isBusy() ? tr("Planning…") : tr("Choose a point first."));
        setTone(m_summary, Tone::Dim);
        return;
    }
    const int count = static_cast<int>(plan->steps.size());
    setHeading(plan->dryRun ? tr("Dry run: %n step(s), nothing is printed", nullptr, count) : tr("The plan: %n step(s)", nullptr, count));
    const QString clearance = plan->clearance ? tr("Lowest clearance over the part: %1.").arg(lengthText(*plan->clearance))
                                              : tr("The clearance over the part is not known.");
    const QString gate = flow().gateIsOpen() ? tr("The checks allow the start.") : tr("The checks forbid the start: see Printer and part.");
    const auto held = flow().heldZ();
    const QString registered = held ? QLatin1Char(' ') + tr("Z is held as registered, at %1 mm.").arg(QLocale().toString(*held, 'f', 2)) : QString();
    m_summary->setText(tr("Travels at Z %1. %2 %3").arg(lengthText(plan->liftToZ), clearance, gate) + registered);
    setTone(m_summary, flow().gateIsOpen() ? Tone::Dim : Tone::Danger);
}

void PlanPage::save()
{
    const auto& plan = flow().plan();
    if (!plan)
        return;
    const QString name = QString::fromStdString(recovery::resumeFileName(plan->snapshot.file.name, plan->snapshot.layer.value_or(0), plan->snapshot.byte));
    auto* dialog = new QFileDialog(this, tr("Save the plan"), QString(), tr("G-code (*.gcode *.bgcode)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(name);
    connect(dialog, &QFileDialog::fileSelected, &flow(), &app::ResumeFlow::savePlan);
    dialog->open();
}

} // namespace kintsugi::ui
