// SPDX-License-Identifier: GPL-3.0-or-later
#include "meshpanel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>

#include "errortext.h"
#include "theme.h"

namespace kintsugi::ui {

using Kind = recovery::MeshAdvice::Kind;
using Stage = app::MeshRestore::Stage;

MeshPanel::MeshPanel(app::ResumeFlow& flow, QWidget* parent)
    : QWidget(parent)
    , m_flow(flow)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins({});
    auto* heading = new QLabel(tr("Bed mesh"), this);
    heading->setFont(bold(font()));
    m_advice = new QLabel(this);
    m_stage = new QLabel(this);
    for (QLabel* label : {m_advice, m_stage}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
    }
    m_difference = new QPlainTextEdit(this);
    m_difference->setReadOnly(true);
    m_difference->setTabChangesFocus(true);
    m_difference->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_difference->setFont(fixedFont(font()));
    m_difference->setAccessibleName(tr("What would change in printer.cfg"));
    m_difference->setMinimumHeight(fontMetrics().height() * 8);
    m_propose = new QPushButton(tr("Restore &the mesh…"), this);
    m_propose->setAccessibleDescription(tr("Shows first what would change; nothing is written yet"));
    m_restore = new QPushButton(tr("&Write this and restart the host"), this);
    m_restore->setAccessibleDescription(tr("Writes printer.cfg, keeps the old one beside it, and restarts Klipper: before anything is hot"));
    m_undo = new QPushButton(tr("U&ndo: put the old printer.cfg back"), this);
    auto* row = new QHBoxLayout;
    for (QPushButton* button : {m_propose, m_restore, m_undo}) {
        button->setToolTip(button->accessibleDescription());
        row->addWidget(button);
    }
    row->addStretch(1);
    column->addWidget(heading);
    column->addWidget(m_advice);
    column->addWidget(m_stage);
    column->addWidget(m_difference);
    column->addLayout(row);
    connect(m_propose, &QPushButton::clicked, &flow, &app::ResumeFlow::proposeMesh);
    connect(m_restore, &QPushButton::clicked, &flow, &app::ResumeFlow::restoreMesh);
    connect(m_undo, &QPushButton::clicked, &flow, &app::ResumeFlow::undoMesh);
    connect(&flow, &app::ResumeFlow::meshChanged, this, &MeshPanel::showFlow);
    connect(&flow, &app::ResumeFlow::planned, this, &MeshPanel::showFlow);
    showFlow();
}

QString MeshPanel::stageText() const
{
    const app::MeshRestore& restore = m_flow.meshRestore();
    switch (restore.stage) {
    case Stage::Idle: return {};
    case Stage::Reading: return tr("Reading printer.cfg…");
    case Stage::Proposed: return tr("These lines would be added to printer.cfg. Nothing is written yet.");
    case Stage::Writing: return tr("Writing printer.cfg…");
    case Stage::Restarting: return tr("The host restarts…");
    case Stage::Restored: return tr("The mesh is there again as the profile %1. The old printer.cfg is kept as %2.").arg(restore.profile, restore.keptAs);
    case Stage::Undoing: return tr("Putting the old printer.cfg back…");
    }
    return {};
}

void MeshPanel::showFlow()
{
    const recovery::MeshAdvice& advice = m_flow.meshAdvice();
    const Stage stage = m_flow.meshRestore().stage;
    const bool idle = stage == Stage::Idle;
    setVisible(advice.kind != Kind::Nothing || !idle || m_flow.canUndoMesh());
    m_advice->setText(app::text(advice.text));
    setTone(m_advice, advice.kind == Kind::Lost ? Tone::Warning : advice.kind == Kind::RestoreByMatrix && stage != Stage::Restored ? Tone::Warning : Tone::Dim);
    m_stage->setText(stageText());
    m_stage->setVisible(!idle);
    m_difference->setPlainText(m_flow.meshRestore().difference);
    m_difference->setVisible(stage == Stage::Proposed || stage == Stage::Writing);
    m_propose->setVisible(advice.kind == Kind::RestoreByMatrix && idle);
    m_restore->setVisible(stage == Stage::Proposed);
    m_undo->setVisible(m_flow.canUndoMesh());
}

} // namespace kintsugi::ui
