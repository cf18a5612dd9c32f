// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "gcode/arc.h"
#include "gcode/filefacts.h"
#include "gcode/fileindex.h"
#include "gcode/layercluster.h"
#include "gcode/linecommands.h"
#include "gcode/motion.h"
#include "gcode/moverun.h"
#include "gcode/sharedstates.h"

namespace kintsugi::gcode {

/// Both ends of a move. An axis known at one end only, or at none, covers no distance.
struct Span {
    Span(const std::array<std::optional<Nanometres>, 3>& before, const std::array<std::optional<Nanometres>, 3>& after);
    [[nodiscard]] double length() const; ///< mm
    std::array<Nanometres, 3> from{}, to{};
};

/// Gathers everything of a FileIndex that comes from lines; buildIndex feeds it. The times are added up elsewhere: batches of
/// moves are handed over, and what they took comes back in finish(), by slot.
class IndexBuilder
{
public:
    /// Takes a full batch and returns an empty one.
    using Exchange = std::function<MotionBatch*(MotionBatch*)>;

    IndexBuilder(std::uint64_t size, Dialect dialect, const IndexOptions& options, MotionBatch* first, Exchange exchange);
    void add(const Line& line);
    /// The ordinary moves at the beginning of `rest`, see Scanner::Taker. It takes nothing when the fast paths are off.
    [[nodiscard]] Scanner::Taken take(std::string_view rest, std::size_t before, ByteOffset begin, std::uint64_t number);
    [[nodiscard]] bool sawCommand() const { return m_sawCommand; }
    void flush(); ///< hands over the moves so far; call before finish(), which must wait for their times
    [[nodiscard]] FileIndex finish(std::uint64_t size, const std::vector<SlotTime>& times);

private:
    /// Moves that belong to the same layers: a segment of the marks, and a place of the clustering.
    struct Slot {
        std::size_t segment = 0;
        std::optional<std::size_t> place;
        Nanometres extruded = 0, highestZ = 0;
        std::int64_t dwellNs = 0;
    };
    struct Totals {
        std::int64_t naiveNs = 0, modelNs = 0;
        Nanometres extruded = 0;
    };

    void execute(const Line& line); ///< the current command
    void beginBlock(ByteOffset begin, std::uint64_t number);
    void addCheckpoint(ByteOffset begin, std::uint64_t number);
    void addCode(const Command& command);
    void addMove(const Line& line, const Command& command, const Effect& effect);
    void addExtrusion(const Line& line, const Span& span, const std::optional<Arc>& arc, Nanometres highestBefore);
    void addMotion(const Effect& effect, const Span& span, const std::optional<Arc>& arc);
    void beginExtruding();
    void openSegment(ByteOffset begin);
    void chooseSlot(Nanometres highestBefore);
    void beginSlot();
    void prepareAccount();
    void readLimits();
    void dwell(const Command& command);
    void spread(const std::vector<SlotTime>& times, std::vector<Layer>& clustered);

    FileIndex m_index;
    std::uint64_t m_size;
    bool m_model, m_fast;
    MachineState m_state;
    Command m_command; ///< the current one
    ByteOffset m_nextBlock = 0;
    ByteOffset m_checkpointStep;
    SharedStates m_rests;
    bool m_sawCommand = false;

    FileFacts m_facts;
    std::vector<Layer> m_segments{Layer{}}; ///< one before the first layer mark and one from each
    LayerCluster m_cluster;

    MoveRun m_run;
    MoveAccount m_account;
    std::vector<Slot> m_slots{Slot{}};
    MotionLimits m_limits;
    Exchange m_exchange;
};

} // namespace kintsugi::gcode
