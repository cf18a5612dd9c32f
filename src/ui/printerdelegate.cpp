// SPDX-License-Identifier: GPL-3.0-or-later
#include "printerdelegate.h"

#include <QApplication>
#include <QPainter>

#include "printerlistmodel.h"
#include "shapes.h"
#include "theme.h"

namespace kintsugi::ui {

QSize PrinterDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const
{
    return {option.fontMetrics.averageCharWidth() * 24, option.fontMetrics.height() * 2 + 2 * spacing::normal};
}

void PrinterDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const
{
    QStyleOptionViewItem option = given;
    initStyleOption(&option, index);
    option.text.clear();
    option.icon = {};
    const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);

    const bool chosen = option.state.testFlag(QStyle::State_Selected);
    const auto group = option.state.testFlag(QStyle::State_Active) ? QPalette::Active : QPalette::Inactive;
    const QColor onSelection = option.palette.color(group, QPalette::HighlightedText);
    const QString key = index.data(app::PrinterListModel::ShapeRole).toString();
    const int line = option.fontMetrics.height();
    const double side = line * 0.62;
    const QRect box = option.rect.adjusted(spacing::normal, spacing::normal, -spacing::normal, -spacing::normal);
    paintShape(*painter, shapeOfState(key), QRectF(box.left(), box.top() + (line - side) / 2, side, side),
               chosen ? onSelection : colourOfState(key, option.palette));
    const QRect text = box.adjusted(line, 0, 0, 0);
    painter->save();
    painter->setFont(bold(option.font));
    painter->setPen(chosen ? onSelection : option.palette.color(group, QPalette::Text));
    const QFontMetrics strong(painter->font());
    painter->drawText(QRectF(text.left(), text.top(), text.width(), line),
                      strong.elidedText(index.data(Qt::DisplayRole).toString().simplified(), Qt::ElideMiddle, text.width()));
    painter->setFont(smaller(option.font));
    painter->setPen(chosen ? onSelection : colours(option.palette).dim);
    const QFontMetrics small(painter->font());
    painter->drawText(QRectF(text.left(), text.top() + line, text.width(), line),
                      small.elidedText(index.data(app::PrinterListModel::StateTextRole).toString().simplified(), Qt::ElideMiddle, text.width()));
    painter->restore();
}

} // namespace kintsugi::ui
