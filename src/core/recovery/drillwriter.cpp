// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/drillwriter.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kintsugi::recovery::drill {

namespace {

using Point = std::array<double, 2>;
constexpr double solidThickness = 0.6;  // bottom, deck and top: three layers of 0.2 mm close the rows of sparse infill
constexpr double sparsePitch = 3.0;
constexpr double overlap = 0.15;        // of rows with the walls, in lines
constexpr double liftAtEnd = 10;
constexpr std::size_t withoutFan = 1;   // layers

struct Box { double x0, y0, x1, y1; };

Box inset(const Box& box, double by)
{
    return {box.x0 + by, box.y0 + by, box.x1 - by, box.y1 - by};
}

class Writer
{
public:
    explicit Writer(const Part& part)
        : m_part(part), m_width(1.125 * part.nozzle), m_spacing(m_width - part.layerHeight * (1 - std::numbers::pi / 4)),
          m_area(part.layerHeight * (m_width - part.layerHeight) + std::numbers::pi / 4 * part.layerHeight * part.layerHeight),
          m_solidLayers(static_cast<std::size_t>(std::ceil(solidThickness / part.layerHeight - 1e-9)))
    {
    }

    std::string all()
    {
        head();
        begin();
        for (std::size_t layer = 0; layer < m_part.layers; ++layer)
            oneLayer(layer);
        end();
        return std::move(m_text);
    }

private:
    void line(const std::string& text) { m_text += text + '\n'; }
    void feed(double mmPerSecond) { line("G1 F" + decimal(mmPerSecond * 60, 0)); }

    void head()
    {
        line("; test part of Kintsugi's drill: printed, stopped in the layer of the seam, resumed, read");
        line(std::string(headMark) + "nozzle=" + decimal(m_part.nozzle) + " layer_height=" + decimal(m_part.layerHeight) + " below=" + std::to_string(m_part.below) + " layers=" + std::to_string(m_part.layers));
        for (const auto& [key, value] : {std::pair{"filament_type", m_part.material}, std::pair{"filament_diameter", decimal(m_part.filament)},
                                         std::pair{"nozzle_diameter", decimal(m_part.nozzle)}, std::pair{"layer_height", decimal(m_part.layerHeight)},
                                         std::pair{"temperature", decimal(m_part.nozzleTemperature)}, std::pair{"bed_temperature", decimal(m_part.bedTemperature)}})
            line(std::string("; ") + key + " = " + value);
    }
    void begin()
    {
        if (m_part.dialect == gcode::Dialect::RepRapFirmware)
            line("T0");
        if (m_part.start.empty()) {
            line("M140 S" + decimal(m_part.bedTemperature, 1));
            line("G28");
        }
        for (const std::string& own : m_part.start)
            line(own);
        line("M190 S" + decimal(m_part.bedTemperature, 1));
        line("M109 S" + decimal(m_part.nozzleTemperature, 1));
        for (const char* mode : {"G21", "G90", "M83", "G92 E0", "M107"})
            line(mode);
    }
    void oneLayer(std::size_t layer)
    {
        m_z = m_part.layerHeight * static_cast<double>(layer + 1);
        m_speed = layer == 0 ? m_part.firstSpeed : m_part.speed;
        line(";LAYER_CHANGE");
        line(";Z:" + decimal(m_z));
        line(";HEIGHT:" + decimal(m_part.layerHeight));
        if (layer == withoutFan)
            line("M106 S255");
        if (layer == 0) {
            line("G1 Z5 F600"); // from wherever homing left it
            skirt();
        }
        const bool seam = layer == m_part.below, lower = layer < m_part.below;
        const Box block = box(lower ? depth : towerDepth);
        perimeters(block, seam ? 0 : lower ? lowerPitch : upperPitch);
        rows(block, layer);
    }
    void skirt()
    {
        line(";TYPE:Skirt/Brim");
        noteWidth();
        for (const double distance : {skirtDistance, skirtDistance - m_spacing}) {
            const Box around = inset(box(depth), -distance);
            loop({{around.x0, around.y0}, {around.x1, around.y0}, {around.x1, around.y1}, {around.x0, around.y1}});
        }
    }
    [[nodiscard]] Box box(double along) const
    {
        const double x0 = m_part.place[0] - width / 2, y0 = m_part.place[1] - depth / 2;
        return {x0, y0, x0 + width, y0 + along};
    }
    void noteWidth() { line(";WIDTH:" + decimal(m_width)); }

    void perimeters(const Box& block, double pitch)
    {
        line(";TYPE:Perimeter");
        noteWidth();
        const Box inner = inset(block, m_width / 2 + m_spacing);
        loop({{inner.x0, inner.y0}, {inner.x1, inner.y0}, {inner.x1, inner.y1}, {inner.x0, inner.y1}});
        line(";TYPE:External perimeter");
        noteWidth();
        const Box outer = inset(block, m_width / 2);
        std::vector<Point> path{{outer.x0, outer.y0}};
        for (const auto& [along, out] : comb(pitch))
            path.push_back({m_part.place[0] + along, outer.y0 - out});
        path.push_back({outer.x1, outer.y0});
        const double middle = m_part.place[1] - depth / 2 + towerDepth / 2; // of the part of the wall that both combs share
        for (const auto& [along, out] : comb(pitch))
            path.push_back({outer.x1 + out, middle + along});
        path.push_back({outer.x1, outer.y1});
        path.push_back({outer.x0, outer.y1});
        loop(path);
    }
    /// Corners of the teeth: along the wall from its middle, and how far out.
    [[nodiscard]] static std::vector<Point> comb(double pitch)
    {
        std::vector<Point> corners;
        for (int k = -teeth; pitch > 0 && k <= teeth; ++k) {
            const double at = pitch * k;
            corners.push_back({at - toothHalfWidth, 0});
            corners.push_back({at, k == 0 ? longToothDepth : toothDepth});
            corners.push_back({at + toothHalfWidth, 0});
        }
        return corners;
    }

    void rows(const Box& block, std::size_t layer)
    {
        const bool seam = layer == m_part.below;
        const bool bottom = layer < m_solidLayers, deck = layer < m_part.below && layer + m_solidLayers >= m_part.below;
        const bool solid = bottom || deck || seam || layer + m_solidLayers >= m_part.layers;
        line(solid ? ";TYPE:Solid infill" : ";TYPE:Internal infill");
        noteWidth();
        const Box area = inset(block, m_width + m_spacing + m_spacing / 2 - overlap * m_width);
        const bool alongX = seam || layer % 2 == 0; // those of the seam go from the front to the back
        const double from = alongX ? area.y0 : area.x0, to = alongX ? area.y1 : area.x1;
        const double a = alongX ? area.x0 : area.y0, b = alongX ? area.x1 : area.y1;
        const auto steps = static_cast<std::size_t>(std::ceil((to - from) / (solid ? m_spacing : sparsePitch)));
        const auto point = [&](double along, double across) { return alongX ? Point{along, across} : Point{across, along}; };
        travel(point(a, from));
        for (std::size_t i = 0; i <= steps; ++i) {
            if (seam && i == (steps + 1) / 2)
                line(std::string(stopMark));
            const double across = from + (to - from) * static_cast<double>(i) / static_cast<double>(steps);
            if (i > 0)
                print(point(i % 2 == 0 ? a : b, across));
            print(point(i % 2 == 0 ? b : a, across));
        }
    }

    void loop(const std::vector<Point>& path)
    {
        travel(path.front());
        for (std::size_t i = 1; i <= path.size(); ++i)
            print(path[i % path.size()]);
    }
    void travel(const Point& to)
    {
        if (m_primed)
            line("G1 E-" + decimal(m_part.retractMm, 5) + " F" + decimal(m_part.retractSpeed * 60, 0));
        const bool first = m_printedZ < 0;
        if (!first && m_z > m_printedZ) // up before the nozzle crosses what it has just printed
            line("G1 Z" + decimal(m_z) + " F600");
        line("G1 X" + decimal(to[0]) + " Y" + decimal(to[1]) + " F" + decimal(m_part.travelSpeed * 60, 0));
        if (first)
            line("G1 Z" + decimal(m_z) + " F600");
        m_printedZ = m_z;
        if (m_primed)
            line("G1 E" + decimal(m_part.retractMm, 5) + " F" + decimal(m_part.retractSpeed * 60, 0));
        m_primed = true;
        m_at = to;
        feed(m_speed);
    }
    void print(const Point& to)
    {
        const double length = std::hypot(to[0] - m_at[0], to[1] - m_at[1]);
        const double section = std::numbers::pi / 4 * m_part.filament * m_part.filament;
        line("G1 X" + decimal(to[0]) + " Y" + decimal(to[1]) + " E" + decimal(length * m_area / section, 5));
        m_at = to;
    }
    void end()
    {
        line("; end of the part");
        line("G1 E-" + decimal(m_part.retractMm, 5) + " F" + decimal(m_part.retractSpeed * 60, 0));
        line("G1 Z" + decimal(std::min(m_part.height() + liftAtEnd, m_part.maximum[2])) + " F600");
        line("M104 S0");
        line("M140 S0");
        line("M107");
        line("M84");
    }

    const Part& m_part;
    double m_width, m_spacing, m_area; // mm, mm, mm2
    std::size_t m_solidLayers;
    std::string m_text;
    Point m_at{};
    double m_z = 0, m_printedZ = -1, m_speed = 0;
    bool m_primed = false;
};

} // namespace

std::string write(const Part& part)
{
    return Writer(part).all();
}

} // namespace kintsugi::recovery::drill
