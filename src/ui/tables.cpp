// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables.h"

#include <QHeaderView>
#include <QPainter>
#include <QTableView>

#include "theme.h"

namespace kintsugi::ui {

void makeTable(QTableView* table, const QString& accessibleName, int stretched)
{
    table->setAccessibleName(accessibleName);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setTabKeyNavigation(false);
    table->setShowGrid(false);
    table->setWordWrap(true);
    table->setFrameShape(QFrame::StyledPanel);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + spacing::normal);
    QHeaderView* header = table->horizontalHeader();
    header->setHighlightSections(false);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setResizeContentsPrecision(50);
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(stretched, QHeaderView::Stretch);
    header->setMinimumSectionSize(table->fontMetrics().averageCharWidth() * 6);
}

ShapeDelegate::ShapeDelegate(Sign sign, QObject* parent)
    : QStyledItemDelegate(parent)
    , m_sign(std::move(sign))
{
}

void ShapeDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const
{
    QStyledItemDelegate::initStyleOption(option, index);
    const auto [shape, colour] = m_sign(index, option->palette);
    const bool chosen = option->state.testFlag(QStyle::State_Selected) && option->state.testFlag(QStyle::State_Active);
    const int side = option->fontMetrics.height();
    option->icon = shapeIcon(shape, chosen ? option->palette.color(QPalette::HighlightedText) : colour, side);
    option->decorationSize = QSize(side, side);
    option->features |= QStyleOptionViewItem::HasDecoration;
}

ElidedLabel::ElidedLabel(QWidget* parent)
    : QLabel(parent)
{
    setTextFormat(Qt::PlainText);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
}

void ElidedLabel::setText(const QString& text)
{
    if (text == QLabel::text())
        return;
    QLabel::setText(text);
    setToolTip(text.toHtmlEscaped());
    updateGeometry();
}

QSize ElidedLabel::minimumSizeHint() const
{
    return {fontMetrics().averageCharWidth() * 4, QLabel::minimumSizeHint().height()};
}

void ElidedLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::WindowText));
    const QString fitting = fontMetrics().elidedText(text(), Qt::ElideMiddle, contentsRect().width());
    painter.drawText(QRectF(contentsRect()), fitting, QTextOption(alignment()));
}

} // namespace kintsugi::ui
