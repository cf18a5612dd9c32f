// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"
#include "gcode/fileindex.h"

namespace kintsugi::recovery {

/// How much higher than its moves say plastic of a material may stand: blobs and edges that curl up. Unmeasured: judged by
/// how far the material shrinks and strings; what is not known counts as the worst.
struct HeightMargin {
    double mm = 0;
    Message reason;
};
[[nodiscard]] HeightMargin heightMarginOf(std::string_view material); ///< "PLA", "PETG", "abs", …; empty = unknown
/// The widest of the materials that the file's settings name.
[[nodiscard]] HeightMargin heightMarginOf(const gcode::FileIndex& index);

struct HeightMapOptions {
    double cell = 0.5;                     ///< mm, taken as 0.2 to 2
    std::optional<double> lineWidth;       ///< mm, of every line; else what the file says line by line
    double margin = heightMarginOf(std::string_view()).mm; ///< mm, on top of what is printed
    /// X Y Z where G28 leaves the head; without it a line that begins where homing ended is of unknown position.
    std::optional<std::array<double, 3>> home;
    /// For a map of what surely stands: the lines of these objects, and of those the file itself excludes, print nothing.
    std::optional<std::set<std::string>> excluded;
};

/// What was extruded at a place the file does not tell: nothing is said of the cells it fell on.
struct UnknownPlaces {
    bool any = false;
    double minX = 0, minY = 0, maxX = 0, maxY = 0; ///< mm; ±infinity where an axis was not known
    double highest = 0;                            ///< mm; +infinity where Z was not known
    std::uint64_t moves = 0;
    ByteOffset first = 0;                          ///< begin of the first such line
};

/// The highest printed point of each cell of the bed, in the machine's own coordinates (mm): where G92 shifted the file's
/// coordinates, the shift is taken off; a G-code offset counts both ways. Never lower than what the moves printed: a cell
/// counts as touched when the line, with round ends, may touch it. A value; memory is bounded (tiles of 64 x 64 cells, 64 MiB at
/// most, ±2 m): what does not fit counts with a box around it. Everything that extrudes counts, primes and purges included; a
/// stationary extrusion leaves a ball of its volume. What macros of the printer print nobody knows: see `macros`.
class HeightMap
{
public:
    explicit HeightMap(double cell = 0.5, double margin = 0);

    [[nodiscard]] double cell() const { return m_cell; }
    [[nodiscard]] double margin() const { return m_margin; }
    /// With the margin; 0 where nothing is printed.
    [[nodiscard]] double heightAt(double x, double y) const;
    /// Without it.
    [[nodiscard]] double printedAt(double x, double y) const;
    /// Highest over all cells that the rectangle touches, with the margin; 0 when there is none.
    [[nodiscard]] double highestIn(double x0, double y0, double x1, double y1) const;
    /// Lowest over all cells that the rectangle touches, without the margin; 0 when one is not printed.
    [[nodiscard]] double lowestIn(double x0, double y0, double x1, double y1) const;
    [[nodiscard]] bool printedIn(double x0, double y0, double x1, double y1) const;
    /// Something of unknown position may lie there.
    [[nodiscard]] bool unknownIn(double x0, double y0, double x1, double y1) const;

    /// Around all cells that are printed, on whole cells; maxZ == highest() without the margin. Invalid when nothing is printed.
    [[nodiscard]] gcode::Extents extents() const;
    [[nodiscard]] double highest() const; ///< with the margin; 0 when nothing is printed
    [[nodiscard]] const UnknownPlaces& unknown() const { return m_unknown; }
    /// Macros and probing commands that ran; the file does not tell what they did.
    [[nodiscard]] const std::vector<std::string>& macros() const { return m_macros; }
    [[nodiscard]] std::uint64_t hash() const;      ///< of cells, box and unknown; equal maps have equal hashes
    [[nodiscard]] std::size_t bytes() const;       ///< memory of the cells

private:
    friend class HeightMapPainter;
    friend class HeightMapBrush;
    static constexpr int tileSide = 64;
    struct Tile { std::array<float, std::size_t{tileSide} * tileSide + 8> cells{}; }; ///< padded: cells are raised by eights
    struct Cells { int x0, y0, x1, y1; }; ///< inclusive, from 0
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    [[nodiscard]] std::optional<Cells> cellsOf(double x0, double y0, double x1, double y1) const;
    [[nodiscard]] float at(int x, int y) const;
    template <class Visit> void visitTiles(const Cells& cells, Visit&& visit) const;
    [[nodiscard]] bool boxTouches(double x0, double y0, double x1, double y1) const;

    double m_cell, m_margin;
    int m_side;                           ///< tiles along each axis; the middle is X = Y = 0
    std::vector<std::uint32_t> m_directory;
    std::vector<Tile> m_tiles;
    std::vector<float> m_highest;         ///< of each tile
    float m_top = 0;
    gcode::Extents m_beyond;              ///< around what the cells cannot hold
    UnknownPlaces m_unknown;
    std::vector<std::string> m_macros;
};

/// The map of the lines that begin before `upTo`. A resume file's head tells of what was printed before it: the whole
/// rectangle counts up to its height. Errors of reading; FileChanged; Cancelled.
[[nodiscard]] Result<HeightMap> buildHeightMap(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset upTo,
                                               const HeightMapOptions& options = {}, const gcode::Progress& progress = {});

/// The same step by step: to scrub through a file, or to have the map at both ends of the stop interval.
class HeightMapSeries
{
public:
    /// Keeps references to source and index. Reads what the file says of line widths.
    [[nodiscard]] static Result<HeightMapSeries> make(const gcode::Source& source, const gcode::FileIndex& index, const HeightMapOptions& options = {});
    HeightMapSeries(HeightMapSeries&&) noexcept;
    HeightMapSeries& operator=(HeightMapSeries&&) noexcept;
    ~HeightMapSeries();

    [[nodiscard]] const HeightMap& map() const;
    [[nodiscard]] const gcode::MachineState& state() const; ///< before the line at position()
    [[nodiscard]] ByteOffset position() const; ///< the lines that begin before it are in the map
    /// Executes on to `upTo`; nothing when the map is there or beyond.
    [[nodiscard]] Result<> extend(ByteOffset upTo, const gcode::Progress& progress = {});

private:
    friend Result<HeightMap> buildHeightMap(const gcode::Source&, const gcode::FileIndex&, ByteOffset, const HeightMapOptions&, const gcode::Progress&);
    struct State;
    explicit HeightMapSeries(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace kintsugi::recovery
