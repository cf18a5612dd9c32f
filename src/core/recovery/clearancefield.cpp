// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/clearancefield.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kintsugi::recovery {

namespace {

constexpr long mostCells = 16'000'000;

/// Where a convex outline lies between two horizontal lines; empty (first > second) when it does not.
std::pair<double, double> between(const Hull& outline, double low, double high)
{
    double left = std::numeric_limits<double>::infinity(), right = -left;
    const auto take = [&](double x) {
        left = std::min(left, x);
        right = std::max(right, x);
    };
    for (std::size_t i = 0; i < outline.size(); ++i) {
        const Place& a = outline[i];
        const Place& b = outline[(i + 1) % outline.size()];
        if (a[1] >= low && a[1] <= high)
            take(a[0]);
        for (const double y : {low, high}) {
            if ((a[1] < y) != (b[1] < y))
                take(a[0] + (b[0] - a[0]) * std::clamp((y - a[1]) / (b[1] - a[1]), 0.0, 1.0));
        }
    }
    return {left, right};
}

/// The float that is not below.
float upward(double value)
{
    const auto nearest = static_cast<float>(value);
    return static_cast<double>(nearest) < value ? std::nextafter(nearest, std::numeric_limits<float>::infinity()) : nearest;
}

} // namespace

Rectangle rectangleOf(const Hull& hull)
{
    Rectangle area;
    for (std::size_t i = 0; i < hull.size(); ++i) {
        const Place& p = hull[i];
        if (i == 0)
            area = {p[0], p[1], p[0], p[1]};
        area = {std::min(area.minX, p[0]), std::min(area.minY, p[1]), std::max(area.maxX, p[0]), std::max(area.maxY, p[1])};
    }
    return area;
}

HeightField::HeightField(const Rectangle& area, double cell, const std::function<double(double, double)>& heightAt) : m_cell(cell)
{
    const double width = std::max(area.maxX - area.minX, 0.0), depth = std::max(area.maxY - area.minY, 0.0);
    long fold = 1;
    while ((std::ceil(width / m_cell) + 1) * (std::ceil(depth / m_cell) + 1) > static_cast<double>(mostCells)) {
        m_cell *= 2;
        fold *= 2;
    }
    m_x = area.minX;
    m_y = area.minY;
    m_columns = std::max(std::lround(std::ceil(width / m_cell - 1e-6)), 1L);
    m_rows = std::max(std::lround(std::ceil(depth / m_cell - 1e-6)), 1L);
    m_cells.resize(static_cast<std::size_t>(m_columns * m_rows));
    for (long y = 0; y < m_rows; ++y) {
        for (long x = 0; x < m_columns; ++x) {
            double highest = 0;
            for (long part = 0; part < fold * fold; ++part)
                highest = std::max(highest, heightAt(m_x + (static_cast<double>(x * fold + part % fold) + 0.5) * cell,
                                                     m_y + (static_cast<double>(y * fold + part / fold) + 0.5) * cell));
            m_cells[static_cast<std::size_t>(y * m_columns + x)] = upward(highest);
        }
    }
    rebuild();
}

void HeightField::rebuild()
{
    m_blockColumns = (m_columns + side - 1) / side;
    m_blockRows = (m_rows + side - 1) / side;
    m_blocks.assign(static_cast<std::size_t>(m_blockColumns * m_blockRows), 0.0F);
    m_highest = 0;
    for (long y = 0; y < m_rows; ++y) {
        for (long x = 0; x < m_columns; ++x) {
            float& block = m_blocks[static_cast<std::size_t>(y / side * m_blockColumns + x / side)];
            block = std::max(block, m_cells[static_cast<std::size_t>(y * m_columns + x)]);
            m_highest = std::max(m_highest, static_cast<double>(block));
        }
    }
}

HeightField::Span HeightField::cellsOf(double low, double high, double origin, long count) const
{
    const double first = std::floor((low - origin) / m_cell), last = std::floor((high - origin) / m_cell);
    if (!(last >= 0 && first < static_cast<double>(count)))
        return {};
    return {static_cast<long>(std::max(first, 0.0)), static_cast<long>(std::min(last, static_cast<double>(count - 1)))};
}

Place HeightField::middle(long x, long y) const
{
    return {m_x + (static_cast<double>(x) + 0.5) * m_cell, m_y + (static_cast<double>(y) + 0.5) * m_cell};
}

/// The cells that the outline touches, in bands of `step` rows.
template <class Visit>
void HeightField::visitRows(const Hull& outline, long step, Visit&& visit) const
{
    if (outline.empty() || m_cells.empty())
        return;
    const Rectangle area = rectangleOf(outline);
    const Span rows = cellsOf(area.minY, area.maxY, m_y, m_rows);
    for (long y = rows.first / step * step; y <= rows.last; y += step) {
        const double low = m_y + static_cast<double>(y) * m_cell;
        const auto [left, right] = between(outline, std::max(low, area.minY), std::min(low + static_cast<double>(step) * m_cell, area.maxY));
        const Span columns = left <= right ? cellsOf(left, right, m_x, m_columns) : Span{};
        if (columns.first <= columns.last)
            visit(Row{y, columns});
    }
}

HeightField::Peak HeightField::highestUnder(const Hull& outline) const
{
    Peak peak;
    if (!outline.empty())
        peak.at = outline.front();
    float best = 0;
    std::vector<std::pair<float, Row>> blocks;
    visitRows(outline, side, [&](const Row& row) {
        for (long x = row.x.first / side; x <= row.x.last / side; ++x) {
            const float top = m_blocks[static_cast<std::size_t>(row.y / side * m_blockColumns + x)];
            if (top > 0)
                blocks.emplace_back(top, Row{row.y, {x * side, std::min(x * side + side, m_columns) - 1}});
        }
    });
    std::sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (const auto& [top, block] : blocks) {
        if (top <= best)
            break;
        const Rectangle area = rectangleOf(outline);
        for (long y = block.y; y < std::min(block.y + side, m_rows); ++y) {
            const double low = m_y + static_cast<double>(y) * m_cell;
            if (low > area.maxY || low + m_cell < area.minY)
                continue;
            const auto [left, right] = between(outline, std::max(low, area.minY), std::min(low + m_cell, area.maxY));
            const Span columns = left <= right ? cellsOf(left, right, m_x, m_columns) : Span{};
            for (long x = std::max(columns.first, block.x.first); x <= std::min(columns.last, block.x.last); ++x) {
                const float height = m_cells[static_cast<std::size_t>(y * m_columns + x)];
                if (height > best) {
                    best = height;
                    peak = {static_cast<double>(height), middle(x, y)};
                }
            }
        }
    }
    return peak;
}

double HeightField::highestIn(const Rectangle& area) const
{
    const Span columns = cellsOf(area.minX, area.maxX, m_x, m_columns), rows = cellsOf(area.minY, area.maxY, m_y, m_rows);
    float best = 0;
    if (columns.first > columns.last || rows.first > rows.last)
        return 0;
    for (long y = rows.first / side; y <= rows.last / side; ++y)
        for (long x = columns.first / side; x <= columns.last / side; ++x)
            best = std::max(best, m_blocks[static_cast<std::size_t>(y * m_blockColumns + x)]);
    return static_cast<double>(best);
}

double HeightField::at(const Place& place) const
{
    const Span x = cellsOf(place[0], place[0], m_x, m_columns), y = cellsOf(place[1], place[1], m_y, m_rows);
    return x.first <= x.last && y.first <= y.last ? static_cast<double>(m_cells[static_cast<std::size_t>(y.first * m_columns + x.first)]) : 0.0;
}

void HeightField::raise(const Hull& outline, double z)
{
    const float height = upward(z);
    visitRows(outline, 1, [&](const Row& row) {
        for (long x = row.x.first; x <= row.x.last; ++x) {
            float& cell = m_cells[static_cast<std::size_t>(row.y * m_columns + x)];
            cell = std::max(cell, height);
            float& block = m_blocks[static_cast<std::size_t>(row.y / side * m_blockColumns + x / side)];
            block = std::max(block, height);
            m_highest = std::max(m_highest, static_cast<double>(height));
        }
    });
}

void HeightField::lower(const std::optional<Rectangle>& area, double z)
{
    change([&](double height, const Place& at) {
        const double half = m_cell / 2 - 1e-6; // a cell that is only partly cleared counts as it was
        const bool in = !area || (at[0] - half >= area->minX && at[0] + half <= area->maxX && at[1] - half >= area->minY && at[1] + half <= area->maxY);
        return in ? std::min(height, z) : height;
    });
}

void HeightField::change(const std::function<double(double, const Place&)>& change)
{
    for (long y = 0; y < m_rows; ++y)
        for (long x = 0; x < m_columns; ++x) {
            float& cell = m_cells[static_cast<std::size_t>(y * m_columns + x)];
            cell = upward(change(static_cast<double>(cell), middle(x, y)));
        }
    rebuild();
}

} // namespace kintsugi::recovery
