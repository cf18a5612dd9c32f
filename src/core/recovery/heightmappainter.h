// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>

#include "gcode/arc.h"
#include "gcode/moverun.h"
#include "recovery/heightmap.h"
#include "recovery/heightmapbrush.h"
#include "recovery/heightmapwidth.h"

namespace kintsugi::recovery {

/// Executes lines and paints what they print. Ordinary moves are taken in runs, straight from the read buffer.
class HeightMapPainter
{
public:
    HeightMapPainter(HeightMap& map, gcode::Dialect dialect, const HeightMapOptions& options, const LineSettings& settings);

    void add(const gcode::Line& line);
    /// The ordinary moves at the beginning of `rest` that end at or before `stop`, see Scanner::Taker.
    [[nodiscard]] gcode::Scanner::Taken take(std::string_view rest, std::size_t before, std::size_t stop, ByteOffset begin);
    /// What was printed before this file, as its head tells it.
    void addEarlier(const gcode::Extents& printed);
    [[nodiscard]] const gcode::MachineState& state() const { return m_state; }
    void finish(); ///< what the map says beside its cells

private:
    void execute(const gcode::Line& line); ///< the current command
    using Axes = std::array<bool, 3>;
    struct Place {
        gcode::Point at{}; ///< mm, the machine's own
        Axes known{};
        [[nodiscard]] bool sure() const { return known[0] && known[1] && known[2]; }
    };

    void comment(std::string_view text);
    void command(const gcode::Command& command, const gcode::Effect& effect, const Place& from);
    void move(const gcode::Line& line, const gcode::Effect& effect, const Place& from);
    void paintRun(const std::array<std::optional<gcode::Nanometres>, 3>& position);
    void paintArc(const gcode::Arc& arc, double radius);
    void paintLine(const gcode::Point& from, const gcode::Point& to, double radius);
    void paintPiece(const gcode::Point& from, const gcode::Point& to, double radius);
    void push(gcode::Nanometres de, const gcode::Point& from, const gcode::Point& to);
    void leaveBall(double volume, const gcode::Point& at);
    void noteUnknown(ByteOffset begin, const Place& from, const Place& to);
    void readOffsets(const gcode::Command& command, const Place& from);
    void settle();
    void chooseWidth();
    void setLevel(gcode::Nanometres z);
    [[nodiscard]] double radiusFor(double filament, double length) const;
    [[nodiscard]] Place place(const std::array<std::optional<gcode::Nanometres>, 3>& position) const;
    [[nodiscard]] gcode::Point native(const std::array<gcode::Nanometres, 3>& position) const;
    [[nodiscard]] double perFilament() const; ///< mm² of a length of E
    [[nodiscard]] double inCells(double mm) const { return mm * m_brush.cellsPerMm() + m_brush.origin(); }
    [[nodiscard]] float heightOf(double z) const { return HeightMapBrush::heightOf(z + std::max(m_offset[2], 0.0)); }

    HeightMap& m_map;
    HeightMapBrush m_brush;
    const HeightMapOptions& m_options;
    gcode::Dialect m_dialect;
    gcode::MachineState m_state;
    gcode::Command m_command;
    gcode::MoveRun m_run;
    gcode::MotionBatch m_batch;
    gcode::MoveAccount m_account;

    double m_filamentArea, m_widest;
    std::optional<double> m_width, m_layerHeight; ///< mm, as the last comments say
    double m_height = 0;                 ///< mm, of the layer: the file's word, else from Z to Z
    gcode::Nanometres m_level = 0;       ///< of the last level extrusion, as the file counts
    double m_radius = 0;                 ///< mm
    double m_perLength = 0;              ///< filament per length beyond which a line is wider, squared

    std::array<double, 3> m_shift{};     ///< mm, to take off
    std::array<double, 3> m_offset{};    ///< mm, G-code offset and babysteps
    Axes m_shiftDoubt{};
    bool m_ordinary = false;             ///< positions are sure and count once: runs of moves may be taken
    bool m_silent = false;               ///< an excluded object
    std::optional<int> m_tool;           ///< the first that printed
    gcode::Nanometres m_retracted = 0;   ///< pulled back since anything was printed
};

} // namespace kintsugi::recovery
