// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <vector>

#include <QRect>
#include <QString>

#include "seriespyramid.h"
#include "timelineaxis.h"

class QPainter;
class QPalette;

namespace kintsugi::ui {

/// The curves of the timeline: which column belongs to which lane, their pyramids, and how they are painted. One lane is a
/// solid curve and, where there is one, a dashed companion (target, speed factor).
class Lanes
{
public:
    enum Lane { Z, Nozzle, Bed, Fan, File, Lead, LaneCount };

    void clear();
    bool extend(const app::TimelineData& data, std::size_t budget); ///< false while samples are left
    [[nodiscard]] static QString title(Lane lane);
    [[nodiscard]] static QString unit(Lane lane);
    [[nodiscard]] static int weight(Lane lane);    ///< relative height
    /// The lane's values at a sample in words; empty when nothing was observed.
    [[nodiscard]] static QString valueAt(const app::TimelineData& data, Lane lane, std::size_t sample);

    struct View { double from, to; const AxisMap& axis; const app::TimelineData& data; };
    void paint(QPainter& painter, Lane lane, const QRect& plot, const View& view, const QPalette& palette) const;

private:
    using Columns = std::vector<std::size_t>; ///< first sample of each pixel column, one more at the end
    [[nodiscard]] static Columns pixelColumns(const QRect& plot, const View& view);

    std::array<SeriesPyramid<float>, 8> m_floats;  ///< z hotend hotendTarget bed bedTarget fan speedFactor queueLead
    SeriesPyramid<double> m_bytes;
};

} // namespace kintsugi::ui
