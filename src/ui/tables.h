// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <utility>

#include <QLabel>
#include <QStyledItemDelegate>

#include "shapes.h"

class QTableView;

/// Small common parts of pages: tables as this program shows them, shapes in cells, labels that give way.
namespace kintsugi::ui {

/// Rows as a whole, no grid noise, Tab leaves the table, columns by content with `stretched` taking the rest.
void makeTable(QTableView* table, const QString& accessibleName, int stretched);

/// Puts a shape before the text of a cell.
class ShapeDelegate final : public QStyledItemDelegate
{
    Q_OBJECT
public:
    using Sign = std::function<std::pair<Shape, QColor>(const QModelIndex&, const QPalette&)>;
    ShapeDelegate(Sign sign, QObject* parent);

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;

private:
    Sign m_sign;
};

/// One line of plain text that is shortened to what fits; the whole text is in the tool tip.
class ElidedLabel final : public QLabel
{
    Q_OBJECT
public:
    explicit ElidedLabel(QWidget* parent = nullptr);
    void setText(const QString& text);
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace kintsugi::ui
