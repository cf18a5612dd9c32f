// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <functional>

#include <QPointF>
#include <QRectF>

#include "recovery/planpicture.h"
#include "theme.h"

class QPainter;

/// What a plan adds to a drawing of the part, from above or from the side.
namespace kintsugi::ui {

/// Where a place of the machine (mm) lies in the picture.
using Projection = std::function<QPointF(const std::array<double, 3>& place)>;

/// The simulated way of the nozzle: travels solid with arrows, homing dotted, primes thick; a motion that collides in red.
void paintWay(QPainter& painter, const recovery::PlanPicture& picture, const Projection& project, const Colours& colours);
/// The lowest clearance, or the first collision, with its number.
void paintHit(QPainter& painter, const recovery::PlanPicture& picture, const Projection& project, const Colours& colours, const QRectF& within);
/// Words on a ground of their own, kept inside `within`.
void paintTag(QPainter& painter, QPointF at, const QString& text, const QColor& colour, const Colours& colours, const QRectF& within);
/// The nozzle seen from the side, its tip at a place.
void paintNozzle(QPainter& painter, QPointF tip, double size, const QColor& colour, const QColor& ground);

} // namespace kintsugi::ui
