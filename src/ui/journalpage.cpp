// SPDX-License-Identifier: GPL-3.0-or-later
#include "journalpage.h"

#include <QLabel>
#include <QTableView>
#include <QVBoxLayout>

#include "tables.h"
#include "theme.h"

namespace kintsugi::ui {

JournalPage::JournalPage(app::Session& session, QWidget* parent)
    : QWidget(parent)
    , m_table(new QTableView(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(spacing::normal, spacing::normal, spacing::normal, spacing::normal);
    auto* hint = new QLabel(tr("Every command is written here before it is sent. A line without an outcome was under way when the link or this program ended."), this);
    hint->setWordWrap(true);
    setTone(hint, Tone::Dim);
    m_table->setModel(&m_model);
    makeTable(m_table, tr("Journal, newest first"), app::JournalModel::Text);
    m_table->setItemDelegateForColumn(app::JournalModel::Time, new ShapeDelegate(
        [](const QModelIndex& index, const QPalette& palette) {
            const bool open = index.data(app::JournalModel::UnfinishedRole).toBool();
            return std::pair(open ? Shape::Dots : Shape::Tick, open ? colours(palette).warning : colours(palette).dim);
        }, m_table));
    column->addWidget(hint);
    column->addWidget(m_table, 1);
    connect(&m_model, &app::JournalModel::failed, this, &JournalPage::failed);
    m_model.follow(&session);
}

} // namespace kintsugi::ui
