// SPDX-License-Identifier: GPL-3.0-or-later
#include "partscene.h"

#include <algorithm>
#include <array>

#include "featurestyle.h"
#include "pathraster.h"

namespace kintsugi::ui {

namespace {

constexpr std::size_t someStrokes = 512; ///< between two looks whether the picture is still wanted
constexpr double fineness = 0.6;         ///< px: points nearer than this fall together

class Drawing
{
public:
    Drawing(const PartScene& scene, QImage& image, const std::function<bool()>& wanted)
        : m_scene(scene), m_wanted(wanted), m_raster(image), m_perMm(scene.scale * scene.ratio),
          m_middle(scene.size.width() * scene.ratio / 2, scene.size.height() * scene.ratio / 2)
    {
    }

    [[nodiscard]] gcode::PathView view() const
    {
        const double margin = 12 * m_scene.ratio; // px: the widest line may reach in
        const double x = (m_middle.x() + margin) / m_perMm, y = (m_middle.y() + margin) / m_perMm;
        return {.minX = m_scene.centre.x() - x, .minY = m_scene.centre.y() - y, .maxX = m_scene.centre.x() + x, .maxY = m_scene.centre.y() + y,
                .tolerance = fineness * m_scene.ratio / m_perMm, .border = m_scene.border};
    }

    bool draw(const gcode::Strokes& strokes, const std::function<std::optional<LineLook>(const gcode::Stroke&)>& lookFor)
    {
        for (std::size_t i = 0; i < strokes.strokes.size(); ++i) {
            if (i % someStrokes == 0 && m_wanted && !m_wanted())
                return false;
            const gcode::Stroke& stroke = strokes.strokes[i];
            const auto look = lookFor(stroke);
            if (!look)
                continue;
            m_raster.begin(*look);
            QPointF last = place(strokes.points[stroke.first]);
            for (std::uint32_t p = stroke.first + 1; p < stroke.first + stroke.count; ++p) {
                const QPointF next = place(strokes.points[p]);
                m_raster.line(last, next);
                last = next;
            }
        }
        return true;
    }

    /// Behind the lines, wider than they are; what holds half of all such stops twice.
    void shadeInterval(double width)
    {
        LineLook look;
        look.colour = m_scene.colours.interval;
        look.width = width + 7 * m_scene.ratio;
        shade(look, m_scene.stop->earliest, m_scene.stop->latest);
        shade(look, m_scene.stop->halfFrom, m_scene.stop->halfTo);
    }

private:
    void shade(const LineLook& look, ByteOffset from, ByteOffset to)
    {
        const auto& segments = m_scene.path->segments;
        for (std::size_t i = m_scene.path->from(from); i < segments.size() && segments[i].end <= to; ++i) {
            const gcode::Segment& s = segments[i];
            if (!s.extrudes())
                continue;
            m_raster.begin(look);
            m_raster.line(place({s.x0, s.y0}), place({s.x1, s.y1}));
        }
    }
    [[nodiscard]] QPointF place(gcode::PathPoint p) const
    {
        return {m_middle.x() + (double{p.x} - m_scene.centre.x()) * m_perMm, m_middle.y() - (double{p.y} - m_scene.centre.y()) * m_perMm}; // Y points away from the person
    }
    const PartScene& m_scene;
    const std::function<bool()>& m_wanted;
    PathRaster m_raster;
    double m_perMm;
    QPointF m_middle;
};

} // namespace

QImage drawPaths(const PartScene& scene, const std::function<bool()>& wanted)
{
    QImage image(scene.size * scene.ratio, QImage::Format_ARGB32_Premultiplied);
    if (image.isNull() || !scene.path)
        return {};
    image.fill(Qt::transparent);
    Drawing drawing(scene, image, wanted);
    const Colours& c = scene.colours;
    const double scale = scene.scale * scene.ratio;
    const gcode::PathView view = drawing.view();
    if (scene.below) {
        LineLook under;
        under.colour = mixed(c.panel, c.text, 0.11);
        under.width = std::clamp(scale * 0.3, scene.ratio, 6 * scene.ratio);
        if (!drawing.draw(gcode::strokesOf(*scene.below, view), [&](const gcode::Stroke&) { return std::optional(under); }))
            return {};
    }
    std::array<std::array<LineLook, featureClasses>, 2> looks;
    for (std::size_t i = 0; i < featureClasses; ++i) {
        for (const bool printed : {false, true})
            looks[printed][i] = lookOf(static_cast<FeatureClass>(i), printed, scale, scene.ratio, c);
    }
    if (scene.stop)
        drawing.shadeInterval(looks[1][0].width);
    const gcode::Strokes strokes = gcode::strokesOf(*scene.path, view);
    for (const bool printed : {false, true}) { // what is printed lies on top
        const auto look = [&](const gcode::Stroke& stroke) {
            return stroke.printed == printed ? std::optional(looks[printed][static_cast<std::size_t>(classOf(stroke.feature))]) : std::nullopt;
        };
        if (!drawing.draw(strokes, look))
            return {};
    }
    image.setDevicePixelRatio(scene.ratio);
    return image;
}

} // namespace kintsugi::ui
