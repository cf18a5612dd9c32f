// SPDX-License-Identifier: GPL-3.0-or-later
#include "pathraster.h"

#include <algorithm>
#include <cmath>

#include <QColor>

namespace kintsugi::ui {

namespace {

constexpr double shortest = 1e-3; // px

/// All four channels times a/255, rounded.
quint32 times(quint32 pixel, quint32 a)
{
    quint32 even = (pixel & 0xff00ff) * a;
    even = (even + ((even >> 8) & 0xff00ff) + 0x800080) >> 8;
    quint32 odd = ((pixel >> 8) & 0xff00ff) * a;
    odd = odd + ((odd >> 8) & 0xff00ff) + 0x800080;
    return (even & 0xff00ff) | (odd & 0xff00ff00);
}

} // namespace

PathRaster::PathRaster(QImage& image)
    : m_bits(reinterpret_cast<quint32*>(image.bits()))
    , m_stride(image.bytesPerLine() / 4)
    , m_width(image.width())
    , m_height(image.height())
{
}

void PathRaster::begin(const LineLook& look)
{
    m_look = look;
    m_look.width = std::max(1.0, look.width);
    m_colour = qPremultiply(look.colour.rgba());
    m_opaque = look.colour.alpha() == 255;
    m_phase = 0;
    m_period = look.isDashed() ? double{look.dash[0]} + double{look.dash[1]} + double{look.dash[2]} + double{look.dash[3]} : 0;
}

void PathRaster::line(QPointF from, QPointF to)
{
    if (m_period <= 0)
        return solid(from, to, m_look.width / 2);
    dashed(from, to, std::hypot(to.x() - from.x(), to.y() - from.y()));
}

void PathRaster::dashed(QPointF from, QPointF to, double length)
{
    // Far outside the picture the dashes are not counted out: a line may be many screens long.
    constexpr double most = 20'000;
    if (length < shortest || length > most)
        return solid(from, to, 0);
    const QPointF unit = (to - from) / length;
    double at = 0;
    while (at < length) {
        double left = std::fmod(m_phase, m_period);
        std::size_t piece = 0;
        while (piece < 3 && left >= double{m_look.dash[piece]})
            left -= double{m_look.dash[piece++]};
        const double step = std::min(length - at, std::max(0.05, double{m_look.dash[piece]} - left));
        if (piece % 2 == 0)
            solid(from + unit * at, from + unit * (at + step), 0);
        at += step;
        m_phase += step;
    }
}

void PathRaster::solid(QPointF from, QPointF to, double extension)
{
    const double dx = to.x() - from.x(), dy = to.y() - from.y();
    const double length = std::hypot(dx, dy);
    const double half = m_look.width / 2;
    if (length < shortest) {
        run<true>(from.x() - half, from.y(), from.x() + half, from.y(), half, 0);
        return;
    }
    if (std::abs(dx) >= std::abs(dy)) {
        const double reach = extension * std::abs(dx) / length;
        const bool turned = dx < 0;
        run<true>(turned ? to.x() : from.x(), turned ? to.y() : from.y(), turned ? from.x() : to.x(), turned ? from.y() : to.y(),
                  half * length / std::abs(dx), reach);
    } else {
        const double reach = extension * std::abs(dy) / length;
        const bool turned = dy < 0;
        run<false>(turned ? to.y() : from.y(), turned ? to.x() : from.x(), turned ? from.y() : to.y(), turned ? from.x() : to.x(),
                   half * length / std::abs(dy), reach);
    }
}

/// Along the longer axis a, column by column; b is the other axis.
template <bool xMajor>
void PathRaster::run(double a0, double b0, double a1, double b1, double half, double extension)
{
    const double slope = a1 > a0 ? (b1 - b0) / (a1 - a0) : 0;
    const double low = a0 - extension, high = a1 + extension;
    const int countA = xMajor ? m_width : m_height, countB = xMajor ? m_height : m_width;
    const qsizetype strideA = xMajor ? 1 : m_stride, strideB = xMajor ? m_stride : 1;
    if (high <= 0 || low >= countA)
        return;
    const int first = static_cast<int>(std::max(low, 0.0));
    const int last = static_cast<int>(std::min<double>(countA - 1, std::floor(high)));
    for (int a = first; a <= last; ++a) {
        const double share = std::min(a + 1.0, high) - std::max<double>(a, low);
        if (share <= 0)
            continue;
        const double middle = b0 + slope * (std::clamp(a + 0.5, low, high) - a0);
        const double top = middle - half, bottom = middle + half;
        if (bottom <= 0 || top >= countB)
            continue;
        const int from = static_cast<int>(std::max(top, 0.0));
        const int to = static_cast<int>(std::min<double>(countB - 1, std::floor(bottom)));
        quint32* pixel = m_bits + a * strideA + from * strideB;
        for (int b = from; b <= to; ++b, pixel += strideB)
            blend(*pixel, share * (std::min(b + 1.0, bottom) - std::max<double>(b, top)));
    }
}

void PathRaster::blend(quint32& pixel, double coverage) const
{
    const auto a = static_cast<quint32>(coverage * 255 + 0.5);
    if (a == 0)
        return;
    if (a >= 255 && m_opaque) {
        pixel = m_colour;
        return;
    }
    const quint32 source = times(m_colour, std::min<quint32>(a, 255));
    pixel = source + times(pixel, 255 - (source >> 24));
}

} // namespace kintsugi::ui
