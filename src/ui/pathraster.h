// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

#include <QImage>
#include <QPointF>

namespace kintsugi::ui {

/// How a line of the raster looks. Lengths in device pixels.
struct LineLook {
    QColor colour;
    double width = 1;                  ///< at least 1
    std::array<float, 4> dash{};       ///< on, off, on, off; all 0 = solid
    [[nodiscard]] bool isDashed() const { return dash[0] > 0 && dash[1] > 0; }
};

/// Smoothed lines of any width, many of them: some ten nanoseconds a pixel column where a path stroker takes microseconds a
/// line. Ends reach half a width further, so that corners close. Draws into an ARGB32_Premultiplied image of its owner.
class PathRaster
{
public:
    explicit PathRaster(QImage& image);
    void begin(const LineLook& look);  ///< a new polyline
    void line(QPointF from, QPointF to); ///< device pixels; a dash goes on where the last line ended

private:
    void solid(QPointF from, QPointF to, double extension);
    void dashed(QPointF from, QPointF to, double length);
    template <bool xMajor> void run(double a0, double b0, double a1, double b1, double half, double extension);
    void blend(quint32& pixel, double coverage) const;

    quint32* m_bits;
    qsizetype m_stride;  ///< pixels a row
    int m_width, m_height;
    LineLook m_look;
    quint32 m_colour = 0;
    bool m_opaque = true;
    double m_phase = 0, m_period = 0;
};

} // namespace kintsugi::ui
