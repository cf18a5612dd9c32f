// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <vector>

#include "gcode/arc.h"
#include "gcode/filefacts.h"
#include "gcode/fileindex.h"
#include "gcode/layercluster.h"
#include "gcode/sharedstates.h"

namespace kintsugi::gcode {

/// Both ends of a move. An axis known at one end only, or at none, covers no distance.
struct Span {
    Span(const std::array<std::optional<Nanometres>, 3>& before, const std::array<std::optional<Nanometres>, 3>& after);
    [[nodiscard]] double length() const; ///< mm
    std::array<Nanometres, 3> from{}, to{};
};

struct Box {
    std::array<Nanometres, 3> low{maximum, maximum, maximum}, high{-maximum, -maximum, -maximum};
    void add(const std::array<Nanometres, 3>& point);
    [[nodiscard]] Extents extents() const;

private:
    static constexpr Nanometres maximum = std::numeric_limits<Nanometres>::max();
};

/// Gathers everything of a FileIndex that comes from lines; buildIndex feeds it.
class IndexBuilder
{
public:
    explicit IndexBuilder(Dialect dialect);
    void add(const Line& line);
    [[nodiscard]] bool sawCommand() const { return m_sawCommand; }
    [[nodiscard]] FileIndex finish(std::uint64_t size);

private:
    void addCheckpoint(const Line& line);
    void openSegment();
    void addMove(const Line& line, const Command& command, const Effect& effect);
    void addExtrusion(const Line& line, const Span& span, const std::optional<Arc>& arc);
    void account(Layer& layer, double seconds, Nanometres extruded);

    FileIndex m_index;
    MachineState m_state;
    Command m_command; ///< of the current line
    ByteOffset m_nextCheckpoint = 0;
    ByteOffset m_checkpointStep;
    SharedStates m_rests;
    bool m_sawCommand = false;

    FileFacts m_facts;
    std::vector<Layer> m_segments{Layer{}}; ///< one before the first layer mark and one from each
    LayerCluster m_cluster;
    Nanometres m_highestZ = 0;
    Box m_printed;
};

} // namespace kintsugi::gcode
