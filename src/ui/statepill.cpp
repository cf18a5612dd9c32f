// SPDX-License-Identifier: GPL-3.0-or-later
#include "statepill.h"

#include <QPainter>

#include "shapes.h"
#include "theme.h"

namespace kintsugi::ui {

StatePill::StatePill(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void StatePill::setState(const QString& shapeKey, const QString& words)
{
    if (shapeKey == m_shape && words == m_words)
        return;
    m_shape = shapeKey;
    m_words = words;
    setAccessibleName(tr("State: %1").arg(words));
    updateGeometry();
    update();
}

QSize StatePill::sizeHint() const
{
    const QFontMetrics metrics(bold(font()));
    return {metrics.horizontalAdvance(m_words) + metrics.height() + 3 * spacing::normal, metrics.height() + spacing::normal};
}

void StatePill::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor colour = colourOfState(m_shape, palette());
    painter.setPen(QPen(colour, 1.2));
    painter.setBrush(mixed(colours(palette()).panel, colour, 0.07));
    const QRectF frame = QRectF(rect()).adjusted(1, 1, -1, -1);
    painter.drawRoundedRect(frame, frame.height() / 2, frame.height() / 2);
    const double side = fontMetrics().height() * 0.62;
    paintShape(painter, shapeOfState(m_shape), QRectF(spacing::normal + 2, (height() - side) / 2, side, side), colour);
    painter.setFont(bold(font()));
    painter.setPen(colour);
    painter.drawText(QRectF(spacing::normal * 2 + side, 0, width(), height()), m_words, QTextOption(Qt::AlignLeft | Qt::AlignVCenter));
}

} // namespace kintsugi::ui
