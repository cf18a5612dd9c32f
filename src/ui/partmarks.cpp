// SPDX-License-Identifier: GPL-3.0-or-later
#include "partmarks.h"

#include <cmath>

#include <QCoreApplication>
#include <QLineF>
#include <QPainter>
#include <QPolygonF>

#include "shapes.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

using recovery::Motion;

struct Text { Q_DECLARE_TR_FUNCTIONS(PartMarks) };

void paintArrow(QPainter& painter, const QLineF& line)
{
    constexpr double least = 26, length = 7, spread = 0.42; // px, px, radians
    if (line.length() < least)
        return;
    const double angle = std::atan2(line.dy(), line.dx());
    const QPointF tip = line.pointAt(0.5);
    QPolygonF head{tip};
    for (const double turn : {spread, -spread})
        head << tip - QPointF(std::cos(angle + turn), std::sin(angle + turn)) * length;
    const QPen pen = painter.pen();
    painter.setPen(Qt::NoPen);
    painter.setBrush(pen.color());
    painter.drawPolygon(head);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(pen);
}

QPen penOf(const Motion& motion, const Colours& c)
{
    switch (motion.kind) {
    case Motion::Kind::Homing:
    case Motion::Kind::HiddenLift: return QPen(c.dim, 1.2, Qt::DotLine);
    case Motion::Kind::Prime: return QPen(c.good, 4, Qt::SolidLine, Qt::FlatCap);
    case Motion::Kind::Lift:
    case Motion::Kind::Descent:
    case Motion::Kind::Approach:
    case Motion::Kind::Probing:
    case Motion::Kind::Travel: break;
    }
    return QPen(c.good, 1.8);
}

} // namespace

void paintWay(QPainter& painter, const recovery::PlanPicture& picture, const Projection& project, const Colours& c)
{
    painter.setBrush(Qt::NoBrush);
    for (const Motion& motion : picture.report.plan.motions) {
        const QLineF line(project(motion.from), project(motion.to));
        painter.setPen(penOf(motion, c));
        painter.drawLine(line);
        paintArrow(painter, line);
    }
    if (const auto& hit = picture.report.hit) { // of the plan or of the file's own lines
        painter.setPen(QPen(c.danger, 3));
        painter.drawLine(project(hit->from), project(hit->to));
    }
}

void paintTag(QPainter& painter, QPointF at, const QString& text, const QColor& colour, const Colours& c, const QRectF& within)
{
    const QFontMetricsF metrics(painter.font());
    QRectF box(at.x() + 10, at.y() - metrics.height() - 4, metrics.horizontalAdvance(text) + 8, metrics.height() + 2);
    if (box.right() > within.right() - 2)
        box.moveRight(at.x() - 10);
    if (box.top() < within.top() + 2)
        box.moveTop(at.y() + 6);
    box.moveLeft(std::max(box.left(), within.left() + 2));
    QColor ground = c.panel;
    ground.setAlphaF(0.88F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(ground);
    painter.drawRoundedRect(box, 3, 3);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(colour);
    painter.drawText(box, Qt::AlignCenter, text);
}

void paintHit(QPainter& painter, const recovery::PlanPicture& picture, const Projection& project, const Colours& c, const QRectF& within)
{
    const auto mark = [&](const recovery::ClearanceHit& hit, Shape shape, const QColor& colour, const QString& text) {
        constexpr double r = 7;
        const QPointF at = project(hit.at);
        if (!within.contains(at))
            return;
        painter.setPen(Qt::NoPen);
        painter.setBrush(c.panel);
        painter.drawEllipse(at, r + 2, r + 2);
        paintShape(painter, shape, QRectF(at.x() - r, at.y() - r, 2 * r, 2 * r), colour);
        paintTag(painter, at, text, colour, c, within);
    };
    using Verdict = recovery::ClearanceReport::Verdict;
    if (const auto& hit = picture.report.hit) {
        const QString by = lengthText(std::abs(hit->clearance));
        const Verdict verdict = picture.report.verdict;
        const QString text = verdict == Verdict::Collision ? Text::tr("collision, %1 deep").arg(by)
            : verdict == Verdict::Presses                  ? Text::tr("presses %1 into plastic").arg(by)
            : verdict == Verdict::Outside                  ? Text::tr("leaves the travel by %1").arg(by)
                                                           : Text::tr("only %1 clear").arg(by);
        mark(*hit, Shape::Hexagon, c.danger, text);
    } else if (const auto& low = picture.report.lowest) {
        mark(*low, Shape::Diamond, c.good, Text::tr("lowest clearance %1").arg(lengthText(low->clearance)));
    }
}

void paintNozzle(QPainter& painter, QPointF tip, double size, const QColor& colour, const QColor& ground)
{
    const double half = size * 0.5;
    const QPolygonF body{tip, tip + QPointF(-half, -size), tip + QPointF(-half, -size * 1.7), tip + QPointF(half, -size * 1.7), tip + QPointF(half, -size)};
    painter.setPen(QPen(ground, 3));
    painter.setBrush(colour);
    painter.drawPolygon(body);
    painter.setPen(Qt::NoPen);
    painter.drawPolygon(body);
}

} // namespace kintsugi::ui
