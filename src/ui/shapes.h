// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "recovery/snapshot.h"

class QColor;
class QIcon;
class QPainter;
class QPalette;
class QRectF;

/// Small signs that say the same as the words and colours beside them.
namespace kintsugi::ui {

enum class Shape { Circle, Ring, Triangle, Square, Diamond, Play, Pause, Cross, Dots, Hexagon, Tick, Letter };

[[nodiscard]] Shape shapeOf(recovery::SnapshotSource source);
[[nodiscard]] Shape shapeOfState(const QString& shapeKey); ///< app::shapeKey()
[[nodiscard]] Shape shapeOfCheck(const QString& shapeKey); ///< app::GateModel::ShapeRole
[[nodiscard]] QColor colourOfState(const QString& shapeKey, const QPalette& palette);
[[nodiscard]] QColor colourOfCheck(const QString& shapeKey, const QPalette& palette);

void paintShape(QPainter& painter, Shape shape, const QRectF& rect, const QColor& colour);
[[nodiscard]] QIcon shapeIcon(Shape shape, const QColor& colour, int size = 16);

} // namespace kintsugi::ui
