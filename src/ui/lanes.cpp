// SPDX-License-Identifier: GPL-3.0-or-later
#include "lanes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <QCoreApplication>
#include <QLocale>
#include <QPainter>
#include <QPolygonF>

#include "theme.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

constexpr double gapSeconds = 30; // longer than any sampling interval: a curve is not drawn across it

using FloatColumn = std::span<const float>;

std::array<FloatColumn, 8> floatColumns(const app::SampleColumns& s)
{
    return {s.z, s.hotend, s.hotendTarget, s.bed, s.bedTarget, s.fan, s.speedFactor, s.queueLead};
}

struct LaneColumns { int solid, dashed; }; // into floatColumns; -1 = none

LaneColumns columnsOf(Lanes::Lane lane)
{
    switch (lane) {
    case Lanes::Z: return {0, -1};
    case Lanes::Nozzle: return {1, 2};
    case Lanes::Bed: return {3, 4};
    case Lanes::Fan: return {5, 6};
    case Lanes::Lead: return {7, -1};
    case Lanes::File:
    case Lanes::LaneCount: break;
    }
    return {-1, -1};
}

QColor colourOf(Lanes::Lane lane, const Colours& c)
{
    if (lane == Lanes::Nozzle)
        return c.warning;
    return lane == Lanes::Bed ? c.danger : c.accent;
}

struct Scale { double low, high; QRect plot;
    [[nodiscard]] double y(double value) const
    {
        const double share = (value - low) / (high - low);
        return plot.bottom() - 3 - share * (plot.height() - 7);
    }
};

/// Builds min/max polylines from a function that gives the range of a pixel column.
template <class RangeOf, class Sample>
std::vector<QPolygonF> trace(const std::vector<std::size_t>& columns, const Scale& scale, const Lanes::View& view,
                             const RangeOf& rangeOf, const Sample& sampleOf)
{
    std::vector<QPolygonF> pieces(1);
    const double perUnit = scale.plot.width() / (view.to - view.from);
    std::optional<std::size_t> last;
    const auto gapBefore = [&](std::size_t first) {
        return last && view.data.samples.time[first] - view.data.samples.time[*last] > gapSeconds;
    };
    const auto addSample = [&](std::size_t i) {
        const double value = sampleOf(i);
        if (std::isnan(value))
            return;
        if (gapBefore(i) && !pieces.back().isEmpty())
            pieces.emplace_back();
        pieces.back() << QPointF(scale.plot.left() + (view.axis.xOfSample(view.data, i) - view.from) * perUnit, scale.y(value));
        last = i;
    };
    const std::size_t size = view.axis.size();
    if (!columns.empty() && columns.front() > 0)
        addSample(columns.front() - 1); // the curve enters from outside
    for (std::size_t p = 0; p + 1 < columns.size(); ++p) {
        const std::size_t first = columns[p];
        const std::size_t end = columns[p + 1];
        if (end - first <= 3) {
            for (std::size_t i = first; i < end; ++i)
                addSample(i);
            continue;
        }
        const auto range = rangeOf(first, end);
        if (range.isEmpty())
            continue;
        if (gapBefore(first) && !pieces.back().isEmpty())
            pieces.emplace_back();
        const double x = scale.plot.left() + static_cast<double>(p) + 0.5;
        pieces.back() << QPointF(x, scale.y(range.min)) << QPointF(x, scale.y(range.max));
        last = end - 1;
    }
    if (!columns.empty() && columns.back() < size)
        addSample(columns.back());
    return pieces;
}

/// A pen wider than a device pixel makes an area of a curve, and the time to fill it grows with the square of its columns.
/// Only curves of few points get one.
QPen penFor(const QPolygonF& curve, const QColor& colour, Qt::PenStyle style)
{
    constexpr qsizetype few = 64;
    QPen pen(colour, style == Qt::SolidLine ? 1.5 : 1.0, style);
    if (curve.size() > few) {
        pen.setWidthF(1.0);
        pen.setCosmetic(true);
    }
    return pen;
}

/// Homing lifts far above the part; the lane shows the part.
double highestUseful(const Lanes::View& view, std::size_t last)
{
    const auto* index = view.data.file ? view.data.file->index.get() : nullptr;
    const auto* layer = index && last > 0 ? index->layerAt(static_cast<ByteOffset>(view.axis.reachedByte(last - 1))) : nullptr;
    return layer && layer->highestZ > 0 ? layer->highestZ * 1.1 + 0.5 : std::numeric_limits<double>::max();
}

Scale scaleFor(Lanes::Lane lane, double low, double high, const QRect& plot)
{
    if (lane == Lanes::Fan) {
        low = 0;
        high = std::max(1.0, high);
    } else if (lane == Lanes::Nozzle || lane == Lanes::Bed || lane == Lanes::Lead) {
        low = std::min(0.0, low);
        high = std::max(high, lane == Lanes::Lead ? 1.0 : 40.0);
    }
    if (high - low < 1e-6)
        high = low + 1;
    return {low, high, plot};
}

} // namespace

void Lanes::clear()
{
    for (auto& pyramid : m_floats)
        pyramid.clear();
    m_bytes.clear();
}

bool Lanes::extend(const app::TimelineData& data, std::size_t budget)
{
    const auto columns = floatColumns(data.samples);
    bool complete = m_bytes.extend(data.samples.byte, budget);
    for (std::size_t i = 0; i < columns.size(); ++i)
        complete = m_floats[i].extend(columns[i], budget) && complete;
    return complete;
}

QString Lanes::title(Lane lane)
{
    switch (lane) {
    case Z: return QCoreApplication::translate("TimelineView", "Z, layer");
    case Nozzle: return QCoreApplication::translate("TimelineView", "Nozzle");
    case Bed: return QCoreApplication::translate("TimelineView", "Bed");
    case Fan: return QCoreApplication::translate("TimelineView", "Fan, speed");
    case File: return QCoreApplication::translate("TimelineView", "File");
    case Lead: return QCoreApplication::translate("TimelineView", "Lead");
    case LaneCount: break;
    }
    return {};
}

QString Lanes::unit(Lane lane)
{
    switch (lane) {
    case Z: return QCoreApplication::translate("TimelineView", "mm");
    case Nozzle:
    case Bed: return u"°C"_s;
    case Fan: return u"%"_s;
    case File: return QCoreApplication::translate("TimelineView", "MB");
    case Lead: return QCoreApplication::translate("TimelineView", "s queued");
    case LaneCount: break;
    }
    return {};
}

int Lanes::weight(Lane lane)
{
    return lane == Z ? 5 : lane == Nozzle || lane == Bed ? 4 : 3;
}

QString Lanes::valueAt(const app::TimelineData& data, Lane lane, std::size_t sample)
{
    const app::SampleColumns& s = data.samples;
    const QLocale locale;
    const auto number = [&](double value, int decimals) { return std::isnan(value) ? u"–"_s : locale.toString(value, 'f', decimals); };
    const auto pair = [&](double now, double target) {
        if (std::isnan(now) && std::isnan(target))
            return QString();
        //: actual temperature, then its target, both °C
        return QCoreApplication::translate("TimelineView", "%1 of %2 °C").arg(number(now, 0), number(target, 0));
    };
    switch (lane) {
    case Z: return std::isnan(s.z[sample]) ? QString() : QCoreApplication::translate("TimelineView", "%1 mm").arg(number(double{s.z[sample]}, 2));
    case Nozzle: return pair(double{s.hotend[sample]}, double{s.hotendTarget[sample]});
    case Bed: return pair(double{s.bed[sample]}, double{s.bedTarget[sample]});
    case Fan: {
        const double fan = double{s.fan[sample]} * 100;
        const double speed = double{s.speedFactor[sample]} * 100;
        //: part fan, then speed factor
        return std::isnan(fan) && std::isnan(speed) ? QString()
                                                    : QCoreApplication::translate("TimelineView", "%1 %, %2 %").arg(number(fan, 0), number(speed, 0));
    }
    case File: return std::isnan(s.byte[sample]) ? QString() : QCoreApplication::translate("TimelineView", "%1 MB").arg(number(s.byte[sample] / 1e6, 2));
    case Lead: return std::isnan(s.queueLead[sample]) ? QString() : QCoreApplication::translate("TimelineView", "%1 s").arg(number(double{s.queueLead[sample]}, 2));
    case LaneCount: break;
    }
    return {};
}

Lanes::Columns Lanes::pixelColumns(const QRect& plot, const View& view)
{
    Columns columns(static_cast<std::size_t>(std::max(1, plot.width())) + 1);
    for (std::size_t p = 0; p < columns.size(); ++p) {
        const double x = view.from + (view.to - view.from) * static_cast<double>(p) / plot.width();
        columns[p] = view.axis.firstSampleFrom(view.data, x);
    }
    return columns;
}

void Lanes::paint(QPainter& painter, Lane lane, const QRect& plot, const View& view, const QPalette& palette) const
{
    if (view.axis.size() == 0 || plot.width() < 2)
        return;
    const Columns columns = pixelColumns(plot, view);
    const Colours c = colours(palette);
    const auto floats = floatColumns(view.data.samples);
    const std::size_t first = columns.front() > 0 ? columns.front() - 1 : 0;
    const std::size_t last = std::min(columns.back() + 1, view.axis.size());
    const auto draw = [&](const std::vector<QPolygonF>& pieces, Qt::PenStyle style, const QColor& colour) {
        for (const QPolygonF& piece : pieces) {
            painter.setPen(penFor(piece, colour, style));
            if (piece.size() == 1)
                painter.drawPoint(piece.front());
            else
                painter.drawPolyline(piece);
        }
    };
    painter.save();
    painter.setClipRect(plot.adjusted(1, 1, -1, -1));
    if (lane == File) {
        const auto all = m_bytes.range(view.data.samples.byte, first, last);
        if (!all.isEmpty()) {
            const Scale scale = scaleFor(lane, all.min, all.max, plot);
            draw(trace(columns, scale, view,
                       [&](std::size_t a, std::size_t b) { return m_bytes.range(view.data.samples.byte, a, b); },
                       [&](std::size_t i) { return view.data.samples.byte[i]; }),
                 Qt::SolidLine, colourOf(lane, c));
        }
        painter.restore();
        return;
    }
    const LaneColumns which = columnsOf(lane);
    auto all = m_floats[static_cast<std::size_t>(which.solid)].range(floats[static_cast<std::size_t>(which.solid)], first, last);
    if (which.dashed >= 0)
        all.add(m_floats[static_cast<std::size_t>(which.dashed)].range(floats[static_cast<std::size_t>(which.dashed)], first, last));
    if (!all.isEmpty()) {
        const Scale scale = scaleFor(lane, double{all.min}, lane == Z ? std::min(double{all.max}, highestUseful(view, last)) : double{all.max}, plot);
        for (const int column : {which.dashed, which.solid}) {
            if (column < 0)
                continue;
            const auto at = static_cast<std::size_t>(column);
            draw(trace(columns, scale, view, [&](std::size_t a, std::size_t b) { return m_floats[at].range(floats[at], a, b); },
                       [&](std::size_t i) { return double{floats[at][i]}; }),
                 column == which.dashed ? Qt::DashLine : Qt::SolidLine, column == which.dashed ? c.dim : colourOf(lane, c));
        }
    }
    painter.restore();
}

} // namespace kintsugi::ui
