// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/heightmap.h"

namespace kintsugi::recovery {

/// Raises the cells of a map. What the map cannot hold widens the box around what is beyond it.
class HeightMapBrush
{
public:
    explicit HeightMapBrush(HeightMap& map);

    /// Cells from the low corner of the map: place(x) = x / cell + origin().
    [[nodiscard]] double origin() const { return m_origin; }
    [[nodiscard]] double cellsPerMm() const { return m_perMm; }

    /// A line with round ends, all in cells; no cell it touches is left out, and none further than one cell is raised.
    void line(double x0, double y0, double x1, double y1, double radius, float height);
    /// All cells the rectangle touches, in cells.
    void rectangle(double x0, double y0, double x1, double y1, float height);
    /// Highest of all cells that the rectangle touches, in cells.
    [[nodiscard]] float highest(double x0, double y0, double x1, double y1) const;

    /// The smallest float that is not below, and above 0.
    [[nodiscard]] static float heightOf(double mm);

private:
    void block(int x0, int y0, int x1, int y1, float height);
    void slanted(double x0, double y0, double x1, double y1, double radius, float height);
    void exact(double x0, double y0, double x1, double y1, double radius, float height);
    void row(int x0, int x1, int y, float height);
    void beyond(double x0, double y0, double x1, double y1, float height);
    [[nodiscard]] bool inside(double x0, double y0, double x1, double y1) const
    {
        return x0 >= 0 && y0 >= 0 && x1 < m_end && y1 < m_end;
    }
    [[nodiscard]] float* tile(int tileX, int tileY, float height);
    [[nodiscard]] bool add(std::uint32_t& entry);

    HeightMap& m_map;
    double m_perMm, m_origin, m_end, m_broad;
};

} // namespace kintsugi::recovery
