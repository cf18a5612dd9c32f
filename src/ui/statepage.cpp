// SPDX-License-Identifier: GPL-3.0-or-later
#include "statepage.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QTableView>

#include "errortext.h"
#include "tables.h"
#include "theme.h"

namespace kintsugi::ui {

StatePage::StatePage(app::ResumeFlow& flow, QWidget* parent)
    : AssistantPage(flow, tr("State"), tr("The state at this point"), parent)
    , m_table(new QTableView(this))
    , m_reason(new QLineEdit(this))
{
    m_summary = addSentence();
    m_table->setModel(&m_model);
    makeTable(m_table, tr("Fields, double click a value to change it"), app::FieldModel::Remark);
    m_table->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed | QAbstractItemView::AnyKeyPressed);
    body()->addWidget(m_table, 1);
    auto* row = new QHBoxLayout;
    auto* label = new QLabel(tr("&Reason for the next change"), this);
    label->setBuddy(m_reason);
    m_reason->setAccessibleName(tr("Reason for the next change"));
    m_reason->setPlaceholderText(tr("for example: turned the bed up by hand"));
    row->addWidget(label);
    row->addWidget(m_reason, 1);
    body()->addLayout(row);
    m_refused = addSentence();
    setTone(m_refused, Tone::Danger);
    m_refused->hide();
    m_model.follow(&flow);
    connect(m_reason, &QLineEdit::textChanged, this, [this](const QString& text) { m_model.setReason(text); });
    connect(&m_model, &app::FieldModel::editRefused, this, [this](const Error& error) {
        const bool reasonMissing = error.field == "reason";
        m_refused->setText(reasonMissing ? tr("Say why first: a changed value is kept with its reason.") : app::errorText(error).full());
        m_refused->show();
        if (reasonMissing)
            m_reason->setFocus();
    });
    connect(&flow, &app::ResumeFlow::chosenChanged, this, &StatePage::showFlow);
    connect(&flow, &app::ResumeFlow::planned, this, &StatePage::showFlow);
    showFlow();
}

void StatePage::showFlow()
{
    m_refused->hide();
    const auto& snapshot = flow().snapshot();
    if (!snapshot) {
        m_summary->setText(tr("Choose a point first."));
        return;
    }
    const QLocale locale;
    const auto missing = snapshot->missing();
    const QString known = tr("%1 of %2 fields are known.").arg(locale.toString(static_cast<qulonglong>(snapshot->knownFields())),
                                                             locale.toString(static_cast<qulonglong>(snapshot->fields.size())));
    m_summary->setText(missing.empty()
                           ? tr("%1 Unknown stays unknown: it is never taken for 0.").arg(known)
                           : tr("%1 Without the fields marked as missing the print cannot go on: fill them in here.").arg(known));
    setTone(m_summary, missing.empty() ? Tone::Dim : Tone::Danger);
}

} // namespace kintsugi::ui
