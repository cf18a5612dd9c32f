// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <QImage>

#include "gcode/layerpath.h"
#include "recovery/stopinterval.h"
#include "theme.h"

namespace kintsugi::ui {

using PathPtr = std::shared_ptr<const gcode::LayerPath>;

/// All that the picture of a layer's paths depends on. A layer can hold hundreds of thousands of lines: they are drawn on the pool.
struct PartScene {
    PathPtr path, below;          ///< below: of the layer under it, may be nullptr
    QSize size;                   ///< of the view, px
    double ratio = 1, scale = 1;  ///< device pixels a pixel; px a mm
    QPointF centre;               ///< mm
    ByteOffset border = 0;        ///< what begins before it counts as printed
    std::optional<recovery::StopInterval> stop;
    Colours colours;
};

/// The paths on transparent ground; a null image once `wanted` says no.
[[nodiscard]] QImage drawPaths(const PartScene& scene, const std::function<bool()>& wanted = {});

} // namespace kintsugi::ui
