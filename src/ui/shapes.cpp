// SPDX-License-Identifier: GPL-3.0-or-later
#include "shapes.h"

#include <QIcon>
#include <QPainter>
#include <QPixmap>
#include <QPolygonF>

#include "theme.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

Shape shapeOf(recovery::SnapshotSource source)
{
    switch (source) {
    case recovery::SnapshotSource::Recorder: return Shape::Circle;
    case recovery::SnapshotSource::Plugin: return Shape::Triangle;
    case recovery::SnapshotSource::Firmware: return Shape::Diamond;
    case recovery::SnapshotSource::File: return Shape::Square;
    }
    return Shape::Circle;
}

Shape shapeOfState(const QString& key)
{
    if (key == "printing"_L1)
        return Shape::Play;
    if (key == "interrupted"_L1)
        return Shape::Diamond;
    if (key == "idle"_L1)
        return Shape::Ring;
    if (key == "paused"_L1)
        return Shape::Pause;
    if (key == "starting"_L1 || key == "connecting"_L1)
        return Shape::Dots;
    if (key == "error"_L1 || key == "shutdown"_L1)
        return Shape::Hexagon;
    return Shape::Cross;
}

Shape shapeOfCheck(const QString& key)
{
    if (key == "passed"_L1)
        return Shape::Tick;
    if (key == "warn"_L1)
        return Shape::Diamond;
    if (key == "block"_L1)
        return Shape::Hexagon;
    return Shape::Letter;
}

QColor colourOfState(const QString& key, const QPalette& palette)
{
    const Colours c = colours(palette);
    if (key == "printing"_L1)
        return c.good;
    if (key == "interrupted"_L1 || key == "paused"_L1)
        return c.warning;
    if (key == "error"_L1 || key == "shutdown"_L1)
        return c.danger;
    if (key == "idle"_L1)
        return c.text;
    return c.dim;
}

QColor colourOfCheck(const QString& key, const QPalette& palette)
{
    const Colours c = colours(palette);
    if (key == "passed"_L1)
        return c.good;
    if (key == "warn"_L1)
        return c.warning;
    return key == "block"_L1 ? c.danger : c.accent;
}

namespace {

void paintLines(QPainter& painter, Shape shape, const QRectF& r, const QColor& colour)
{
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(colour, qMax(1.4, r.width() * 0.14), Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    if (shape == Shape::Ring) {
        painter.drawEllipse(r.adjusted(1, 1, -1, -1));
    } else if (shape == Shape::Cross) {
        painter.drawLine(r.topLeft(), r.bottomRight());
        painter.drawLine(r.topRight(), r.bottomLeft());
    } else if (shape == Shape::Tick) {
        painter.drawPolyline(QPolygonF({{r.left(), r.center().y()}, {r.center().x() - r.width() * 0.12, r.bottom() - 1}, {r.right(), r.top() + 1}}));
    } else { // an "i"
        painter.drawLine(QPointF(r.center().x(), r.top() + r.height() * 0.42), QPointF(r.center().x(), r.bottom()));
        painter.drawPoint(QPointF(r.center().x(), r.top() + r.height() * 0.1));
    }
}

QPolygonF polygon(Shape shape, const QRectF& r)
{
    const QPointF c = r.center();
    if (shape == Shape::Triangle)
        return QPolygonF({{c.x(), r.top()}, r.bottomRight(), r.bottomLeft()});
    if (shape == Shape::Play)
        return QPolygonF({r.topLeft(), {r.right(), c.y()}, r.bottomLeft()});
    if (shape == Shape::Diamond)
        return QPolygonF({{c.x(), r.top()}, {r.right(), c.y()}, {c.x(), r.bottom()}, {r.left(), c.y()}});
    const double q = r.width() / 4;
    return QPolygonF({{r.left() + q, r.top()}, {r.right() - q, r.top()}, {r.right(), c.y()},
                      {r.right() - q, r.bottom()}, {r.left() + q, r.bottom()}, {r.left(), c.y()}});
}

} // namespace

void paintShape(QPainter& painter, Shape shape, const QRectF& r, const QColor& colour)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    switch (shape) {
    case Shape::Circle: painter.drawEllipse(r); break;
    case Shape::Square: painter.drawRect(r.adjusted(0.5, 0.5, -0.5, -0.5)); break;
    case Shape::Pause:
        painter.drawRect(QRectF(r.left() + 1, r.top(), r.width() * 0.3, r.height()));
        painter.drawRect(QRectF(r.right() - 1 - r.width() * 0.3, r.top(), r.width() * 0.3, r.height()));
        break;
    case Shape::Dots:
        for (int i = 0; i < 3; ++i)
            painter.drawEllipse(QPointF(r.left() + r.width() * (0.15 + 0.35 * i), r.center().y()), r.width() * 0.13, r.width() * 0.13);
        break;
    case Shape::Triangle:
    case Shape::Diamond:
    case Shape::Play:
    case Shape::Hexagon: painter.drawPolygon(polygon(shape, r)); break;
    case Shape::Ring:
    case Shape::Cross:
    case Shape::Tick:
    case Shape::Letter: paintLines(painter, shape, r, colour); break;
    }
    painter.restore();
}

QIcon shapeIcon(Shape shape, const QColor& colour, int size)
{
    constexpr int scale = 3; // sharp on high-resolution screens
    QPixmap pixmap(size * scale, size * scale);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.scale(scale, scale);
    paintShape(painter, shape, QRectF(0, 0, size, size).adjusted(size * 0.18, size * 0.18, -size * 0.18, -size * 0.18), colour);
    return QIcon(pixmap);
}

} // namespace kintsugi::ui
