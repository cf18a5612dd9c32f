// SPDX-License-Identifier: GPL-3.0-or-later
#include "featurestyle.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QEvent>
#include <QPainter>

#include "shapes.h"
#include "theme.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

struct Style {
    const char* light;             ///< empty = the text's own colour
    const char* dark;
    double weight;                 ///< of the widest line
    std::array<float, 4> dash;     ///< in widths of a hair line
};

const Style& styleOf(FeatureClass kind)
{
    static constexpr std::array<Style, featureClasses> styles{{
        {"", "", 1.0, {}},                                  // outer wall
        {"#2563a8", "#7db4f0", 0.75, {}},                   // inner wall
        {"#0f7a6c", "#5fd0bd", 0.5, {}},                    // surface
        {"#a8570c", "#e0a565", 0.6, {7, 4, 7, 4}},          // infill
        {"#b3256b", "#f08fbd", 0.9, {9, 3, 2, 3}},          // bridge
        {"#5b7a12", "#b5d067", 0.7, {3, 3, 3, 3}},          // support
        {"#6b7280", "#a6adb8", 0.8, {1.5F, 3, 1.5F, 3}},    // beside
        {"", "", 0.8, {}},                                  // other
    }};
    return styles[static_cast<std::size_t>(kind)];
}

constexpr int markKind = 1000;

} // namespace

FeatureClass classOf(gcode::Feature feature)
{
    using gcode::Feature;
    switch (feature) {
    case Feature::OuterWall: return FeatureClass::OuterWall;
    case Feature::InnerWall:
    case Feature::GapFill: return FeatureClass::InnerWall;
    case Feature::SolidInfill:
    case Feature::TopSurface:
    case Feature::BottomSurface:
    case Feature::Ironing: return FeatureClass::Surface;
    case Feature::SparseInfill: return FeatureClass::Infill;
    case Feature::Bridge:
    case Feature::OverhangWall: return FeatureClass::Bridge;
    case Feature::Support:
    case Feature::SupportInterface:
    case Feature::Raft: return FeatureClass::Support;
    case Feature::Skirt:
    case Feature::PrimeTower: return FeatureClass::Beside;
    case Feature::Other:
    case Feature::Custom: break;
    }
    return FeatureClass::Other;
}

QString nameOf(FeatureClass kind, bool announced)
{
    switch (kind) {
    case FeatureClass::OuterWall: return PartLegend::tr("outer wall");
    case FeatureClass::InnerWall: return PartLegend::tr("inner wall");
    case FeatureClass::Surface: return PartLegend::tr("solid infill, top, bottom");
    case FeatureClass::Infill: return PartLegend::tr("infill");
    case FeatureClass::Bridge: return PartLegend::tr("bridge, overhang");
    case FeatureClass::Support: return PartLegend::tr("support, raft");
    case FeatureClass::Beside: return PartLegend::tr("skirt, brim, tower");
    case FeatureClass::Other: break;
    }
    return announced ? PartLegend::tr("other") : PartLegend::tr("printed path");
}

LineLook lookOf(FeatureClass kind, bool printed, double scale, double ratio, const Colours& colours)
{
    const Style& style = styleOf(kind);
    const bool own = style.light[0] != '\0';
    const bool dark = colours.panel.lightness() < 128;
    const QColor full = own ? QColor(QLatin1String(dark ? style.dark : style.light)) : colours.text;
    LineLook look;
    look.colour = printed ? full : mixed(colours.panel, full, 0.36);
    // Thinner than the plastic, so that lines stay apart.
    const double widest = std::clamp(scale * 0.3, 1.0 * ratio, 7.0 * ratio);
    look.width = std::max(ratio, widest * style.weight * (printed ? 1.0 : 0.7));
    const double unit = std::max(ratio, look.width * 0.7);
    for (std::size_t i = 0; i < 4; ++i)
        look.dash[i] = style.dash[i] * static_cast<float>(unit);
    return look;
}

std::vector<FeatureClass> classesOf(const gcode::LayerPath& path)
{
    std::array<bool, featureClasses> seen{};
    for (std::size_t i = 0; i < path.segments.size(); ++i) {
        if (path.segments[i].extrudes())
            seen[static_cast<std::size_t>(classOf(path.features[i]))] = true;
    }
    std::vector<FeatureClass> classes;
    for (std::size_t i = 0; i < featureClasses; ++i) {
        if (seen[i])
            classes.push_back(static_cast<FeatureClass>(i));
    }
    return classes;
}

PartLegend::PartLegend(QWidget* parent)
    : QWidget(parent)
{
    setFont(smaller(font()));
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void PartLegend::setEntries(const std::vector<FeatureClass>& classes, bool announced, int marks)
{
    m_entries.clear();
    for (const FeatureClass kind : classes)
        m_entries.push_back({static_cast<int>(kind), nameOf(kind, announced)});
    const std::array<std::pair<Mark, QString>, 9> all{{{Open, tr("pale: still open")},
                                                       {Below, tr("layer below")},
                                                       {Resume, tr("goes on here")},
                                                       {Stop, tr("stopped here")},
                                                       {Interval, tr("stop interval")},
                                                       {Way, tr("way of the nozzle")},
                                                       {Head, tr("head")},
                                                       {Lowest, tr("lowest clearance")},
                                                       {Collision, tr("collision")}}};
    for (const auto& [mark, name] : all) {
        if (marks & mark)
            m_entries.push_back({markKind + mark, name});
    }
    setAccessibleName(tr("Legend: %1").arg(text()));
    updateGeometry();
    update();
}

QString PartLegend::text() const
{
    QStringList names;
    for (const Entry& entry : m_entries)
        names << entry.name;
    return names.join(u", "_s);
}

int PartLegend::layOut(int width, const std::function<void(const Entry&, const QRect&)>& place) const
{
    const QFontMetrics metrics(font());
    const int line = metrics.height() + 2, sign = metrics.height() * 2;
    int x = 0, y = 0;
    for (const Entry& entry : m_entries) {
        const int wide = sign + spacing::tight + metrics.horizontalAdvance(entry.name) + spacing::normal + spacing::tight;
        if (x > 0 && x + wide > width) {
            x = 0;
            y += line;
        }
        if (place)
            place(entry, QRect(x, y, wide, line));
        x += wide;
    }
    return m_entries.empty() ? 0 : y + line;
}

QSize PartLegend::sizeHint() const
{
    const int width = QFontMetrics(font()).averageCharWidth() * 40;
    return {width, heightForWidth(width)};
}

int PartLegend::heightForWidth(int width) const { return layOut(width, {}); }

void PartLegend::paintSign(QPainter& painter, const Entry& entry, const QRectF& box) const
{
    const Colours c = colours(palette());
    const double middle = box.center().y();
    const auto stroke = [&](const QColor& colour, double width, Qt::PenStyle style) {
        painter.setPen(QPen(colour, width, style, Qt::FlatCap));
        painter.drawLine(QPointF(box.left(), middle), QPointF(box.right(), middle));
    };
    const QRectF sign(box.center().x() - box.height() * 0.3, middle - box.height() * 0.3, box.height() * 0.6, box.height() * 0.6);
    if (entry.kind < markKind) {
        const LineLook look = lookOf(static_cast<FeatureClass>(entry.kind), true, 14, 1, c);
        QPen pen(look.colour, std::max(1.2, look.width * 0.8), Qt::SolidLine, Qt::FlatCap);
        if (look.isDashed()) {
            QList<qreal> dashes;
            for (const float length : look.dash)
                dashes << double{length} / pen.widthF();
            pen.setDashPattern(dashes);
        }
        painter.setPen(pen);
        painter.drawLine(QPointF(box.left(), middle), QPointF(box.right(), middle));
        return;
    }
    painter.setBrush(Qt::NoBrush);
    switch (entry.kind - markKind) {
    case Open: stroke(mixed(c.panel, c.text, 0.36), 2, Qt::SolidLine); break;
    case Below: stroke(c.ghost, 1, Qt::SolidLine); break;
    case Interval: painter.fillRect(QRectF(box.left(), middle - 4, box.width(), 8), c.interval); break;
    case Stop: paintShape(painter, Shape::Cross, sign, c.danger); break;
    case Resume:
        painter.setPen(QPen(c.warning, 1.8));
        painter.drawEllipse(sign);
        painter.drawEllipse(sign.center(), sign.width() * 0.2, sign.width() * 0.2);
        break;
    case Way: stroke(c.good, 2, Qt::SolidLine); break;
    case Head: stroke(c.dim, 1.2, Qt::DashLine); break;
    case Lowest: paintShape(painter, Shape::Diamond, sign, c.good); break;
    case Collision: paintShape(painter, Shape::Hexagon, sign, c.danger); break;
    default: break;
    }
}

void PartLegend::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QFontMetrics metrics(font());
    const Colours c = colours(palette());
    (void)layOut(width(), [&](const Entry& entry, const QRect& box) {
        paintSign(painter, entry, QRectF(box.left(), box.top(), metrics.height() * 2, box.height()));
        painter.setPen(c.dim);
        painter.drawText(box.left() + metrics.height() * 2 + spacing::tight, box.top() + 1 + metrics.ascent(), entry.name);
    });
}

void PartLegend::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange) {
        updateGeometry();
        update();
    }
    QWidget::changeEvent(event);
}

} // namespace kintsugi::ui
