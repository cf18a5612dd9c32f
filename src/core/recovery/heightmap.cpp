// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/heightmap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "gcode/hasher.h"

namespace kintsugi::recovery {

namespace {

constexpr double reach = 2048; ///< mm from the origin; more than any machine this is for
constexpr double smallestCell = 0.2, largestCell = 2;

int tilesAcross(double cell, int side)
{
    return 2 * static_cast<int>(std::ceil(reach / (cell * side)));
}

bool touches(double minX, double minY, double maxX, double maxY, double x0, double y0, double x1, double y1)
{
    return x1 >= minX && x0 <= maxX && y1 >= minY && y0 <= maxY;
}

template <class Value>
void addTo(gcode::Hasher& hasher, const Value& value)
{
    hasher.add(std::as_bytes(std::span(&value, 1)));
}

} // namespace

HeightMargin heightMarginOf(std::string_view material)
{
    std::string name;
    for (const char c : material) {
        if (c >= 'a' && c <= 'z')
            name += static_cast<char>(c - 'a' + 'A');
        else if ((c >= 'A' && c <= 'Z'))
            name += c;
        else
            break; // "PLA+", "PETG-CF", "ABS HF": the rest is a blend of the first
    }
    const auto isOneOf = [&name](std::initializer_list<std::string_view> names) { return std::ranges::find(names, name) != names.end(); };
    if (isOneOf({"PLA", "PVB", "HTPLA"}))
        return {0.5, {KINTSUGI_TEXT("shrinks little: overhanging edges curl by a few layers"), {}}};
    if (isOneOf({"PETG", "PET", "CPE", "TPU", "TPE", "FLEX", "BVOH", "PVA", "HIPS"}))
        return {1.0, {KINTSUGI_TEXT("strings and leaves blobs that stand above the layer"), {}}};
    if (isOneOf({"ABS", "ASA", "PC", "PA", "NYLON", "PP", "POM", "PEEK", "PEI", "PPS"}))
        return {1.5, {KINTSUGI_TEXT("shrinks: edges curl and corners lift off"), {}}};
    return {1.5, {KINTSUGI_TEXT("the material is not known: the margin of the worst one"), {}}};
}

HeightMargin heightMarginOf(const gcode::FileIndex& index)
{
    std::optional<HeightMargin> widest;
    for (const auto& [key, value] : index.settings) {
        if (key != "filament_type" && key != "material_name" && key != "printMaterial" && !key.starts_with("Filament Type"))
            continue;
        for (std::string_view rest = value; !rest.empty();) {
            const auto end = std::min(rest.find_first_of(";,"), rest.size());
            std::string_view material = rest.substr(0, end);
            material.remove_prefix(std::min(material.find_first_not_of(" \""), material.size()));
            HeightMargin margin = heightMarginOf(material);
            if (!widest || margin.mm > widest->mm)
                widest = std::move(margin);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return widest ? *widest : heightMarginOf(std::string_view());
}

HeightMap::HeightMap(double cell, double margin)
    : m_cell(cell >= smallestCell ? std::min(cell, largestCell) : smallestCell)
    , m_margin(margin >= 0 && margin < reach ? margin : heightMarginOf(std::string_view()).mm)
    , m_side(tilesAcross(m_cell, tileSide))
    , m_directory(static_cast<std::size_t>(m_side) * static_cast<std::size_t>(m_side), none)
{
}

// --- queries -----------------------------------------------------------------------------------------------------------

double HeightMap::printedAt(double x, double y) const
{
    const auto cells = cellsOf(x, y, x, y);
    const double box = boxTouches(x, y, x, y) ? m_beyond.maxZ : 0;
    return std::max(cells ? static_cast<double>(at(cells->x0, cells->y0)) : 0.0, box);
}

double HeightMap::heightAt(double x, double y) const
{
    const double printed = printedAt(x, y);
    return printed > 0 ? printed + m_margin : 0;
}

double HeightMap::highestIn(double x0, double y0, double x1, double y1) const
{
    float found = 0;
    if (const auto cells = cellsOf(x0, y0, x1, y1)) {
        visitTiles(*cells, [&](const Tile* tile, float top, const Cells& part) {
            if (!tile || top <= found)
                return true;
            const bool whole = part.x0 == 0 && part.y0 == 0 && part.x1 == tileSide - 1 && part.y1 == tileSide - 1;
            if (whole)
                found = top;
            for (int y = part.y0; y <= part.y1 && !whole; ++y) {
                const float* const row = tile->cells.data() + y * tileSide;
                found = std::max(found, *std::max_element(row + part.x0, row + part.x1 + 1));
            }
            return true;
        });
    }
    double highest = static_cast<double>(found);
    if (boxTouches(x0, y0, x1, y1))
        highest = std::max(highest, m_beyond.maxZ);
    return highest > 0 ? highest + m_margin : 0;
}

double HeightMap::lowestIn(double x0, double y0, double x1, double y1) const
{
    float found = std::numeric_limits<float>::max();
    const auto cells = cellsOf(x0, y0, x1, y1);
    const double far = m_side / 2 * (tileSide * m_cell);
    if (!cells || !(std::min(x0, x1) >= -far && std::max(x0, x1) < far && std::min(y0, y1) >= -far && std::max(y0, y1) < far))
        return 0;
    visitTiles(*cells, [&](const Tile* tile, float, const Cells& part) {
        if (!tile)
            found = 0;
        for (int y = part.y0; y <= part.y1 && tile; ++y) {
            const float* const row = tile->cells.data() + y * tileSide;
            found = std::min(found, *std::min_element(row + part.x0, row + part.x1 + 1));
        }
        return found > 0;
    });
    return static_cast<double>(found);
}

bool HeightMap::printedIn(double x0, double y0, double x1, double y1) const
{
    return highestIn(x0, y0, x1, y1) > 0;
}

bool HeightMap::unknownIn(double x0, double y0, double x1, double y1) const
{
    if (x0 > x1)
        std::swap(x0, x1);
    if (y0 > y1)
        std::swap(y0, y1);
    return m_unknown.any && touches(m_unknown.minX, m_unknown.minY, m_unknown.maxX, m_unknown.maxY, x0, y0, x1, y1);
}

gcode::Extents HeightMap::extents() const
{
    gcode::Extents all = m_beyond;
    const double origin = m_side / 2 * tileSide;
    const auto include = [&](int x, int y) {
        const double x0 = (x - origin) * m_cell, y0 = (y - origin) * m_cell;
        if (!all.valid)
            all = {x0, y0, 0, x0 + m_cell, y0 + m_cell, 0, true};
        all.minX = std::min(all.minX, x0);
        all.minY = std::min(all.minY, y0);
        all.maxX = std::max(all.maxX, x0 + m_cell);
        all.maxY = std::max(all.maxY, y0 + m_cell);
    };
    for (int tileY = 0; tileY < m_side; ++tileY) {
        for (int tileX = 0; tileX < m_side; ++tileX) {
            const std::uint32_t entry = m_directory[static_cast<std::size_t>(tileY * m_side + tileX)];
            for (int at = 0; entry != none && at < tileSide * tileSide; ++at) {
                if (m_tiles[entry].cells[static_cast<std::size_t>(at)] > 0)
                    include(tileX * tileSide + at % tileSide, tileY * tileSide + at / tileSide);
            }
        }
    }
    all.minZ = 0;
    all.maxZ = static_cast<double>(m_top);
    return all;
}

double HeightMap::highest() const
{
    return m_top > 0 ? static_cast<double>(m_top) + m_margin : 0;
}

std::uint64_t HeightMap::hash() const
{
    gcode::Hasher hasher;
    for (std::uint32_t place = 0; place < m_directory.size(); ++place) {
        if (m_directory[place] == none)
            continue;
        addTo(hasher, place);
        hasher.add(std::as_bytes(std::span(m_tiles[m_directory[place]].cells)));
    }
    for (const double value : {m_cell, m_margin, m_beyond.minX, m_beyond.minY, m_beyond.maxX, m_beyond.maxY, m_beyond.maxZ, m_unknown.minX,
             m_unknown.minY, m_unknown.maxX, m_unknown.maxY, m_unknown.highest})
        addTo(hasher, value);
    addTo(hasher, m_unknown.moves);
    return hasher.value();
}

std::size_t HeightMap::bytes() const
{
    return m_tiles.size() * sizeof(Tile) + m_directory.size() * sizeof(std::uint32_t);
}

// --- cells -------------------------------------------------------------------------------------------------------------

std::optional<HeightMap::Cells> HeightMap::cellsOf(double x0, double y0, double x1, double y1) const
{
    const int end = m_side * tileSide;
    const double origin = end / 2;
    const auto cell = [&](double value) { return std::floor(value / m_cell + origin); };
    const double left = cell(std::min(x0, x1)), right = cell(std::max(x0, x1)), low = cell(std::min(y0, y1)), high = cell(std::max(y0, y1));
    if (left >= end || low >= end || right < 0 || high < 0)
        return std::nullopt;
    // What is no number asks for everything.
    const auto clamped = [&](double value, int otherwise) { return value >= 0 && value < end ? static_cast<int>(value) : otherwise; };
    return Cells{clamped(left, 0), clamped(low, 0), clamped(right, end - 1), clamped(high, end - 1)};
}

float HeightMap::at(int x, int y) const
{
    const std::uint32_t entry = m_directory[static_cast<std::size_t>(y / tileSide * m_side + x / tileSide)];
    return entry == none ? 0 : m_tiles[entry].cells[static_cast<std::size_t>(y % tileSide * tileSide + x % tileSide)];
}

/// visit(tile or null, its highest, the cells of it that count) returns false to stop.
template <class Visit>
void HeightMap::visitTiles(const Cells& cells, Visit&& visit) const
{
    for (int tileY = cells.y0 / tileSide; tileY <= cells.y1 / tileSide; ++tileY) {
        for (int tileX = cells.x0 / tileSide; tileX <= cells.x1 / tileSide; ++tileX) {
            const std::uint32_t entry = m_directory[static_cast<std::size_t>(tileY * m_side + tileX)];
            const Cells part{std::max(cells.x0 - tileX * tileSide, 0), std::max(cells.y0 - tileY * tileSide, 0),
                std::min(cells.x1 - tileX * tileSide, tileSide - 1), std::min(cells.y1 - tileY * tileSide, tileSide - 1)};
            const bool going = entry == none ? visit(nullptr, 0.0F, part) : visit(&m_tiles[entry], m_highest[entry], part);
            if (!going)
                return;
        }
    }
}

bool HeightMap::boxTouches(double x0, double y0, double x1, double y1) const
{
    if (x0 > x1)
        std::swap(x0, x1);
    if (y0 > y1)
        std::swap(y0, y1);
    return m_beyond.valid && touches(m_beyond.minX, m_beyond.minY, m_beyond.maxX, m_beyond.maxY, x0, y0, x1, y1);
}

} // namespace kintsugi::recovery
