// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/heightmapbrush.h"

#include <algorithm>
#include <cmath>
#include <limits>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace kintsugi::recovery {

namespace {

constexpr int side = 64;      ///< of a tile, in cells
constexpr int inTile = side - 1;
/// Cells; up to here a box around a round end is within a cell of it. Where cells are as wide as lines, the ends count less.
constexpr double broad = 1.05, broadWhereCoarse = 2, coarse = 0.4; // coarse: mm
constexpr std::size_t mostTiles = 4096; ///< 64 MiB

/// Raises `count` cells. At most 8 is the usual case and takes no loop; the tile is padded for it.
#if defined(__x86_64__)
struct Raise {
    explicit Raise(float height) : level(_mm_set1_ps(height)) {}
    void operator()(float* cells, int count) const
    {
        for (; count > 8; count -= 8, cells += 8) {
            raise(cells, level);
            raise(cells + 4, level);
        }
        raise(cells, _mm_and_ps(level, mask(count)));
        raise(cells + 4, _mm_and_ps(level, mask(count - 4)));
    }

private:
    static __m128 mask(int count)
    {
        return _mm_castsi128_ps(_mm_cmpgt_epi32(_mm_set1_epi32(count), _mm_setr_epi32(0, 1, 2, 3)));
    }
    static void raise(float* cells, __m128 to) { _mm_storeu_ps(cells, _mm_max_ps(_mm_loadu_ps(cells), to)); }
    __m128 level;
};
#else
struct Raise {
    explicit Raise(float height) : level(height) {}
    void operator()(float* cells, int count) const
    {
        for (int at = 0; at < count; ++at)
            cells[at] = std::max(cells[at], level);
    }
    float level;
};
#endif

/// How far to the right a line with round ends reaches between two heights; only heights that it reaches are asked for.
class RightEdge
{
public:
    RightEdge(double x0, double y0, double x1, double y1, double radius)
        : m_x0(x0)
        , m_y0(y0)
        , m_x1(x1)
        , m_y1(y1)
        , m_radius(radius)
    {
        // The side that looks to the right, shifted by the radius.
        const double dx = x1 - x0, dy = y1 - y0, length = std::hypot(dx, dy);
        if (length > 0 && dy != 0) {
            m_sideX = radius * std::abs(dy) / length;
            m_sideY = radius * (dy > 0 ? -dx : dx) / length;
        }
    }
    [[nodiscard]] double between(double low, double high) const
    {
        const double outermost = m_x0 > m_x1 ? m_y0 : m_y1;
        const double y = std::clamp(outermost, low, high);
        double x = std::max(endAt(m_x0, m_y0, y), endAt(m_x1, m_y1, y));
        if (m_sideX > 0) {
            const double along = (y - m_y0 - m_sideY) / (m_y1 - m_y0);
            if (along >= 0 && along <= 1)
                x = std::max(x, m_x0 + m_sideX + along * (m_x1 - m_x0));
        }
        return x;
    }

private:
    [[nodiscard]] double endAt(double x, double y, double height) const
    {
        const double off = height - y, rest = m_radius * m_radius - off * off;
        return rest >= 0 ? x + std::sqrt(rest) : std::numeric_limits<double>::lowest();
    }
    double m_x0, m_y0, m_x1, m_y1, m_radius;
    double m_sideX = 0, m_sideY = 0;
};

} // namespace

HeightMapBrush::HeightMapBrush(HeightMap& map)
    : m_map(map)
    , m_perMm(1 / map.m_cell)
    , m_origin(map.m_side / 2 * side)
    , m_end(map.m_side * side)
    , m_broad(map.m_cell < coarse ? broad : broadWhereCoarse)
{
}

float HeightMapBrush::heightOf(double mm)
{
    constexpr float least = 1e-3F;
    if (!(mm < static_cast<double>(std::numeric_limits<float>::max())))
        return std::numeric_limits<float>::max();
    const auto near = static_cast<float>(mm);
    return std::max(static_cast<double>(near) < mm ? std::nextafter(near, std::numeric_limits<float>::max()) : near, least);
}

void HeightMapBrush::line(double x0, double y0, double x1, double y1, double radius, float height)
{
    const double left = std::min(x0, x1) - radius, right = std::max(x0, x1) + radius;
    const double low = std::min(y0, y1) - radius, high = std::max(y0, y1) + radius;
    if (!inside(left, low, right, high))
        return beyond(left, low, right, high, height);
    if (radius > m_broad)
        return exact(x0, y0, x1, y1, radius, height);
    if (std::abs(x1 - x0) <= 1 || std::abs(y1 - y0) <= 1)
        block(static_cast<int>(left), static_cast<int>(low), static_cast<int>(right), static_cast<int>(high), height);
    else
        slanted(x0, y0, x1, y1, radius, height);
}

void HeightMapBrush::rectangle(double x0, double y0, double x1, double y1, float height)
{
    if (!inside(x0, y0, x1, y1))
        return beyond(x0, y0, x1, y1, height);
    block(static_cast<int>(x0), static_cast<int>(y0), static_cast<int>(x1), static_cast<int>(y1), height);
}

float HeightMapBrush::highest(double x0, double y0, double x1, double y1) const
{
    const auto mm = [this](double cells) { return (cells - m_origin) / m_perMm; };
    return static_cast<float>(m_map.highestIn(mm(x0), mm(y0), mm(x1), mm(y1)) - m_map.m_margin);
}

void HeightMapBrush::block(int x0, int y0, int x1, int y1, float height)
{
    const Raise raise(height);
    for (int tileY = y0 / side; tileY <= y1 / side; ++tileY) {
        const int begin = std::max(y0, tileY * side), end = std::min(y1, tileY * side + inTile);
        for (int tileX = x0 / side; tileX <= x1 / side; ++tileX) {
            float* const cells = tile(tileX, tileY, height);
            const int from = std::max(x0, tileX * side), to = std::min(x1, tileX * side + inTile);
            if (!cells) {
                beyond(from, begin, to, end, height);
                continue;
            }
            float* at = cells + (begin & inTile) * side + (from & inTile);
            for (int y = begin; y <= end; ++y, at += side)
                raise(at, to - from + 1);
        }
    }
}

/// Row by row: the piece of the line that is within the radius of the row, and the radius at both of its ends.
void HeightMapBrush::slanted(double x0, double y0, double x1, double y1, double radius, float height)
{
    if (y1 < y0) {
        std::swap(x0, x1);
        std::swap(y0, y1);
    }
    const double slope = (x1 - x0) / (y1 - y0);
    const double left = std::min(x0, x1) - radius, right = std::max(x0, x1) + radius;
    const int begin = static_cast<int>(y0 - radius), end = static_cast<int>(y1 + radius);
    // Where the line enters and leaves the reach of the first row.
    const double enters = x0 + (begin - radius - y0) * slope, leaves = x0 + (begin + 1 + radius - y0) * slope;
    double from = std::min(enters, leaves) - radius, to = std::max(enters, leaves) + radius;
    const int first = static_cast<int>(left), last = static_cast<int>(right);
    if (first / side != last / side || begin / side != end / side) {
        for (int y = begin; y <= end; ++y, from += slope, to += slope)
            row(static_cast<int>(std::max(from, left)), static_cast<int>(std::min(to, right)), y, height);
        return;
    }
    float* const cells = tile(first / side, begin / side, height);
    if (!cells)
        return beyond(left, begin, right, end, height);
    const Raise raise(height);
    float* at = cells + (begin & inTile) * side - first / side * side;
    for (int y = begin; y <= end; ++y, from += slope, to += slope, at += side) {
        const int a = static_cast<int>(std::max(from, left)), b = static_cast<int>(std::min(to, right));
        raise(at + a, b - a + 1);
    }
}

/// Row by row, as wide as the line is there.
void HeightMapBrush::exact(double x0, double y0, double x1, double y1, double radius, float height)
{
    const RightEdge right(x0, y0, x1, y1, radius), left(-x0, y0, -x1, y1, radius);
    const double low = std::min(y0, y1) - radius, high = std::max(y0, y1) + radius;
    for (int y = static_cast<int>(low); y <= static_cast<int>(high); ++y) {
        const double begin = std::max<double>(y, low), end = std::min<double>(y + 1, high);
        const double from = -left.between(begin, end), to = right.between(begin, end);
        if (from <= to)
            row(static_cast<int>(from), static_cast<int>(to), y, height);
    }
}

void HeightMapBrush::row(int x0, int x1, int y, float height)
{
    const Raise raise(height);
    for (int tileX = x0 / side; tileX <= x1 / side; ++tileX) {
        const int from = std::max(x0, tileX * side), to = std::min(x1, tileX * side + inTile);
        if (float* const cells = tile(tileX, y / side, height))
            raise(cells + (y & inTile) * side + (from & inTile), to - from + 1);
        else
            beyond(from, y, to, y, height);
    }
}

void HeightMapBrush::beyond(double x0, double y0, double x1, double y1, float height)
{
    const auto mm = [this](double cells) { return (cells - m_origin) / m_perMm; };
    gcode::Extents& box = m_map.m_beyond;
    const double top = static_cast<double>(height);
    if (!box.valid)
        box = {mm(x0), mm(y0), top, mm(x1), mm(y1), top, true};
    box.minX = std::min(box.minX, mm(x0));
    box.minY = std::min(box.minY, mm(y0));
    box.maxX = std::max(box.maxX, mm(x1 + 1));
    box.maxY = std::max(box.maxY, mm(y1 + 1));
    box.maxZ = std::max(box.maxZ, top);
    m_map.m_top = std::max(m_map.m_top, height);
}

float* HeightMapBrush::tile(int tileX, int tileY, float height)
{
    std::uint32_t& entry = m_map.m_directory[static_cast<std::size_t>(tileY * m_map.m_side + tileX)];
    if (entry == HeightMap::none && !add(entry))
        return nullptr;
    float& top = m_map.m_highest[entry];
    if (height > top) {
        top = height;
        m_map.m_top = std::max(m_map.m_top, height);
    }
    return m_map.m_tiles[entry].cells.data();
}

bool HeightMapBrush::add(std::uint32_t& entry)
{
    if (m_map.m_tiles.size() >= mostTiles)
        return false;
    entry = static_cast<std::uint32_t>(m_map.m_tiles.size());
    m_map.m_tiles.emplace_back();
    m_map.m_highest.push_back(0);
    return true;
}

} // namespace kintsugi::recovery
