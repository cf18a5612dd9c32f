// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>

#include "gcode/fileindex.h"
#include "recovery/envelope.h"

namespace kintsugi::recovery {

/// A rectangle of the bed, mm.
struct Rectangle { double minX = 0, minY = 0, maxX = 0, maxY = 0; };
[[nodiscard]] Rectangle rectangleOf(const Hull& hull);

/// Heights on a grid that can be asked for the highest cell under any convex outline. Every cell the outline touches counts
/// whole. Outside the grid everything is 0. Heights mm.
class HeightField
{
public:
    struct Peak { double z = 0; Place at{}; }; ///< `at`: middle of the cell

    HeightField() = default;
    /// Samples the middle of each cell; a grid too large for memory gets wider cells that hold the highest of theirs.
    HeightField(const Rectangle& area, double cell, const std::function<double(double x, double y)>& heightAt);

    [[nodiscard]] double cell() const { return m_cell; }
    [[nodiscard]] Peak highestUnder(const Hull& outline) const;
    [[nodiscard]] double highestIn(const Rectangle& area) const; ///< over whole blocks of cells: never less than the truth
    [[nodiscard]] double at(const Place& place) const;
    [[nodiscard]] double highest() const { return m_highest; }

    void raise(const Hull& outline, double z);
    /// Nothing is higher than z any more, in the rectangle or everywhere.
    void lower(const std::optional<Rectangle>& area, double z);
    /// Changes every cell.
    void change(const std::function<double(double height, const Place& middle)>& change);

private:
    struct Span { long first = 0, last = -1; }; ///< inclusive, may be empty
    struct Row { long y = 0; Span x; };
    [[nodiscard]] Span cellsOf(double low, double high, double origin, long count) const;
    template <class Visit> void visitRows(const Hull& outline, long step, Visit&& visit) const;
    [[nodiscard]] Place middle(long x, long y) const;
    void rebuild();

    static constexpr long side = 16; ///< cells of a block
    double m_cell = 1, m_x = 0, m_y = 0, m_highest = 0;
    long m_columns = 0, m_rows = 0, m_blockColumns = 0, m_blockRows = 0;
    std::vector<float> m_cells, m_blocks;
};

} // namespace kintsugi::recovery
