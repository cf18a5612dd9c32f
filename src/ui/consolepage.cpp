// SPDX-License-Identifier: GPL-3.0-or-later
#include "consolepage.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QScrollBar>

#include "tables.h"
#include "theme.h"

namespace kintsugi::ui {

ConsolePage::ConsolePage(app::Session& session, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_view(new QListView(this))
    , m_line(new QLineEdit(this))
    , m_send(new QPushButton(tr("&Send"), this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(spacing::normal, spacing::normal, spacing::normal, spacing::normal);
    m_view->setModel(&m_model);
    m_view->setAccessibleName(tr("Console of the printer"));
    m_view->setFont(fixedFont(font()));
    m_view->setUniformItemSizes(true);
    m_view->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_view->setItemDelegate(new ShapeDelegate(
        [](const QModelIndex& index, const QPalette& palette) {
            const Colours c = colours(palette);
            if (index.data(app::ConsoleModel::ErrorRole).toBool())
                return std::pair(Shape::Hexagon, c.danger);
            return index.data(app::ConsoleModel::CommandRole).toBool() ? std::pair(Shape::Play, c.accent) : std::pair(Shape::Ring, c.line);
        }, m_view));
    auto* row = new QHBoxLayout;
    auto* label = new QLabel(tr("&Command"), this);
    label->setBuddy(m_line);
    m_line->setAccessibleName(tr("Command to send"));
    m_line->setPlaceholderText(tr("one line of G-code; it is written to the journal first"));
    m_send->setIcon(icon(QStringLiteral("send")));
    m_send->setEnabled(false);
    row->addWidget(label);
    row->addWidget(m_line, 1);
    row->addWidget(m_send);
    column->addWidget(m_view, 1);
    column->addLayout(row);
    connect(m_line, &QLineEdit::textChanged, this, [this](const QString& text) { m_send->setEnabled(!text.trimmed().isEmpty()); });
    connect(m_line, &QLineEdit::returnPressed, this, &ConsolePage::send);
    connect(m_send, &QPushButton::clicked, this, &ConsolePage::send);
    const auto toEnd = [this] {
        const QScrollBar* bar = m_view->verticalScrollBar();
        if (bar->value() >= bar->maximum() - 2)
            m_view->scrollToBottom();
    };
    connect(&m_model, &QAbstractItemModel::rowsInserted, m_view, toEnd, Qt::QueuedConnection);
    m_model.follow(&session);
}

void ConsolePage::send()
{
    const QString line = m_line->text().trimmed();
    if (line.isEmpty())
        return;
    m_line->clear();
    m_session.send(QStringLiteral("console"), line, this, [this](const Result<link::ScriptResult>& result) {
        if (!result)
            emit failed(result.error());
    });
}

} // namespace kintsugi::ui
