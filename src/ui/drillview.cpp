// SPDX-License-Identifier: GPL-3.0-or-later
#include "drillview.h"

#include <algorithm>
#include <cmath>

#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

#include "recovery/drill.h"
#include "theme.h"

namespace kintsugi::ui {

namespace drill = recovery::drill;

namespace {

constexpr double shownWall = drill::width + 1; // mm
constexpr double perTooth = drill::lowerPitch - drill::upperPitch;

void arrow(QPainter& painter, const QPointF& from, const QPointF& to)
{
    painter.drawLine(from, to);
    const double head = painter.fontMetrics().height() / 3.0;
    for (const auto& [tip, way] : {std::pair{from, to.y() > from.y() ? 1.0 : -1.0}, std::pair{to, to.y() > from.y() ? -1.0 : 1.0}}) {
        painter.drawLine(tip, tip + QPointF(-head / 2, way * head));
        painter.drawLine(tip, tip + QPointF(head / 2, way * head));
    }
}

} // namespace

VernierView::VernierView(const QString& right, QWidget* parent) : QWidget(parent), m_right(right)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setToolTip(tr("Click the pair of teeth that is in line on your part"));
    setTooth(0);
}

void VernierView::setTooth(double tooth)
{
    m_tooth = std::clamp(tooth, -double{drill::teeth}, double{drill::teeth});
    setAccessibleName(tr("Both combs of the wall, shifted by %1 mm").arg(QLocale().toString(perTooth * m_tooth, 'f', 2)));
    update();
}

QSize VernierView::sizeHint() const
{
    return {fontMetrics().averageCharWidth() * 60, fontMetrics().height() * 8};
}

QSize VernierView::minimumSizeHint() const
{
    return {fontMetrics().averageCharWidth() * 36, fontMetrics().height() * 8};
}

double VernierView::scale() const
{
    return width() / shownWall;
}

void VernierView::paintComb(QPainter& painter, bool above) const
{
    const Colours c = colours(palette());
    const double line = fontMetrics().height(), seam = height() / 2.0, pitch = above ? drill::upperPitch : drill::lowerPitch;
    const double tall = 1.7 * line, edge = above ? seam - tall : seam + tall, shift = above ? perTooth * m_tooth : 0;
    for (int k = -drill::teeth; k <= drill::teeth; ++k) {
        const double x = width() / 2.0 + (pitch * k + shift) * scale(), half = drill::toothHalfWidth * scale();
        const bool inLine = std::abs(k - m_tooth) < 0.75;
        QPainterPath tooth; // a tooth from the front: lit on its left, its tip a line in the middle
        tooth.addRect(QRectF(QPointF(x - half, seam), QPointF(x + half, k == 0 ? (above ? edge - line / 2 : edge + line / 2) : edge)).normalized());
        painter.fillPath(tooth, inLine ? mixed(c.accent, c.page, 0.55) : mixed(c.text, c.page, 0.75));
        painter.setPen(QPen(inLine ? c.accent : c.dim, inLine ? 2 : 1));
        painter.drawLine(QPointF(x, seam), QPointF(x, k == 0 ? (above ? edge - line / 2 : edge + line / 2) : edge));
        painter.setPen(inLine ? c.accent : c.dim);
        if (!above) {
            const QRectF place(x - scale(), height() - line, 2 * scale(), line);
            painter.drawText(place, Qt::AlignCenter, k > 0 ? QStringLiteral("+%1").arg(k) : QString::number(k).replace(QLatin1Char('-'), QChar(0x2212)));
        }
    }
}

void VernierView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Colours c = colours(palette());
    painter.fillRect(rect(), c.page);
    const double seam = height() / 2.0, line = fontMetrics().height();
    const double from = width() / 2.0 - drill::towerDepth / 2 * scale(), to = width() / 2.0 + drill::towerDepth / 2 * scale();
    painter.fillRect(QRectF(from, seam - 2.4 * line, to - from, 4.8 * line), mixed(c.text, c.page, 0.9));
    painter.setFont(smaller(font()));
    paintComb(painter, false);
    paintComb(painter, true);
    painter.setPen(QPen(c.text, 1.5));
    painter.drawLine(QPointF(from, seam), QPointF(to, seam));
    painter.setPen(c.dim);
    painter.drawText(QRectF(from, 0, to - from, line), Qt::AlignLeft | Qt::AlignVCenter, tr("after the stop"));
    painter.drawText(QRectF(from, 0, to - from, line), Qt::AlignRight | Qt::AlignVCenter, m_right + QStringLiteral(" \u2192"));
}

void VernierView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    const int tooth = static_cast<int>(std::lround((event->position().x() - width() / 2.0) / scale() / drill::lowerPitch));
    emit toothPicked(std::clamp(tooth, -drill::teeth, drill::teeth));
}

LedgeView::LedgeView(double ledge, double height, QWidget* parent) : QWidget(parent), m_ledge(ledge), m_height(height)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setPart(ledge, height);
}

void LedgeView::setPart(double ledge, double height)
{
    m_ledge = ledge;
    m_height = height;
    const QLocale locale;
    setAccessibleName(tr("The part from its right side: A over the ledge at the back, %1 mm; B over the whole height, %2 mm")
                          .arg(locale.toString(ledge, 'f', 2), locale.toString(height, 'f', 2)));
    update();
}

QSize LedgeView::sizeHint() const
{
    return {fontMetrics().averageCharWidth() * 34, fontMetrics().height() * 8};
}

QSize LedgeView::minimumSizeHint() const
{
    return {fontMetrics().averageCharWidth() * 28, fontMetrics().height() * 8};
}

void LedgeView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Colours c = colours(palette());
    painter.fillRect(rect(), c.page);
    painter.setFont(smaller(font()));
    const double line = fontMetrics().height(), margin = 4.5 * line;
    const double scaleX = (width() - 2 * margin) / drill::depth, bed = height() - 1.4 * line, scaleZ = (bed - 1.6 * line) / std::max(m_height, 0.1);
    const double x0 = margin, seam = bed - m_ledge * scaleZ, top = bed - m_height * scaleZ;
    const double tower = x0 + drill::towerDepth * scaleX, back = x0 + drill::depth * scaleX;
    painter.fillRect(QRectF(x0, seam, back - x0, bed - seam), mixed(c.text, c.page, 0.75));
    painter.fillRect(QRectF(x0, top, tower - x0, seam - top), mixed(c.accent, c.page, 0.6));
    painter.setPen(QPen(c.text, 1.5));
    painter.drawLine(QPointF(x0 - line, bed), QPointF(back + line, bed));
    painter.setPen(QPen(c.danger, 1.5, Qt::DashLine));
    painter.drawLine(QPointF(x0, seam), QPointF(tower, seam));
    painter.setPen(QPen(c.text, 1));
    arrow(painter, {back + line, seam}, {back + line, bed});
    arrow(painter, {x0 - line, top}, {x0 - line, bed});
    painter.drawLine(QPointF(back, seam), QPointF(back + 1.5 * line, seam));
    painter.drawLine(QPointF(x0 - 1.5 * line, top), QPointF(x0, top));
    painter.setFont(bold(painter.font()));
    painter.drawText(QRectF(back + 1.3 * line, seam, 2 * line, bed - seam), Qt::AlignVCenter | Qt::AlignLeft, QStringLiteral("A"));
    painter.drawText(QRectF(x0 - 3.3 * line, top, 2 * line, bed - top), Qt::AlignVCenter | Qt::AlignRight, QStringLiteral("B"));
    painter.setFont(smaller(font()));
    painter.setPen(c.dim);
    painter.drawText(QRectF(x0, seam - 1.1 * line, tower - x0, line), Qt::AlignCenter, tr("seam"));
    painter.drawText(QRectF(x0 - line, bed, back - x0 + 2 * line, 1.3 * line), Qt::AlignLeft | Qt::AlignVCenter, tr("front"));
    painter.drawText(QRectF(x0 - line, bed, back - x0 + 2 * line, 1.3 * line), Qt::AlignRight | Qt::AlignVCenter, tr("back"));
}

} // namespace kintsugi::ui
