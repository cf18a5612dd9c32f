// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "gcode/machinestate.h"
#include "gcode/motion.h"

namespace kintsugi::gcode {

/// A box around points, in nm. Plain arrays: the fast path must not call inline functions of the library.
struct Box {
    static constexpr Nanometres maximum = std::numeric_limits<Nanometres>::max();
    Nanometres low[3] = {maximum, maximum, maximum}, high[3] = {-maximum, -maximum, -maximum};
};

/// A sum that goes round instead of overflowing: the order of a hostile file's lengths must not matter.
[[nodiscard]] constexpr Nanometres wrapped(Nanometres a, Nanometres b)
{
    return static_cast<Nanometres>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// What an index wants to know about the moves that a MoveRun steps over.
struct MoveAccount {
    MotionBatch* batch = nullptr; ///< gets the moves that take time
    Nanometres extruded = 0;      ///< sum, retractions negative
    Nanometres highestZ = 0;
    Box printed;                  ///< of moves that extrude in XY
    ByteOffset lastExtrusionEnd = 0; ///< 0 when none extruded in XY
    bool seeking = true;          ///< the next extrusions are to be told:
    std::optional<Nanometres> firstZ;      ///< Z after the first one of a step
    std::optional<ByteOffset> firstAcross; ///< begin of the first one in XY
    bool fresh = true;            ///< the next extrusion is special: it is left to the caller
    bool layered = false;         ///< so is one in XY that is not level at `level`
    bool stepsOverNotes = false;  ///< the caller keeps nothing of quiet notes (quietnote.h)
    bool heightNoted = false;     ///< nor of one of a height: there was one already
    Nanometres level = 0;
};

/// The fast path over ordinary move lines, straight from the read buffer: `[N…] G0|G1 words [*…] [;…]` with words out of X Y Z
/// E F, at most once each, absolute XYZ in mm. Between them it takes empty lines, `G92 E` of an absolute E and, if it may, quiet notes
/// (quietnote.h), which come by the hundred thousand. It is conservative: whatever is not plainly that is left to parseCommand and apply, with which
/// it agrees on the rest (differential test). Comments behind such moves are skipped, unless there is another ';' in them.
class MoveRun
{
public:
    explicit MoveRun(Dialect dialect, FastPath path = FastPath::Best);

    /// How far it came.
    struct Stepped {
        std::size_t bytes = 0;
        std::uint64_t lines = 0;
        std::uint64_t moves = 0; ///< of these lines
    };
    /// Executes the ordinary moves at the beginning of `data`: lines that end at or before `stop`, at most maxLines. data[0]
    /// must begin a line and lie at file offset `offset`; `before` readable bytes precede it.
    Stepped step(MachineState& state, std::string_view data, std::size_t before, std::size_t stop, std::uint64_t maxLines, ByteOffset offset,
                 MoveAccount* account);

    struct Registers;
    using Path = const char* (*)(const char* at, const char* stop, const char* readable, Registers& registers);

private:
    void settle(MachineState& state, const Registers& registers) const;

    Dialect m_dialect;
    Path m_plain, m_accounting;
};

} // namespace kintsugi::gcode
