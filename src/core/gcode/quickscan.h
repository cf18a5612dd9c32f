// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gcode/fileindex.h"
#include "gcode/linescan.h"

namespace kintsugi::gcode {

/// One change of what stays in force: a command that only says again what holds already is none.
struct StateChange {
    enum class Kind {
        Tool,            ///< value: number
        Hotend,          ///< name: tool number; value: °C
        Bed, Chamber,    ///< °C
        Fan, Heater,     ///< name; value as in MachineState
        Speed,           ///< %
        Flow,            ///< name: tool number; %
        Positioning,     ///< 1 absolute, 0 relative
        ExtruderMode,    ///< 1 absolute, 0 relative
        Units,           ///< 1 inches, 0 millimetres
        PressureAdvance, ///< name: extruder or tool
        Offset,          ///< name: X, Y or Z; mm
        Mesh,            ///< name: profile; value: the slot of M420, if any
        Object,          ///< name: empty when none begins
    };
    ByteOffset byte = 0;    ///< of the line that made it
    std::uint64_t line = 1;
    Kind kind{};
    std::uint32_t name = 0; ///< index into QuickIndex::names
    double value = 0;       ///< NaN where there is none
};

/// What one pass over a file finds out without reading its ordinary moves.
struct QuickIndex {
    /// Set as buildIndex() sets them: size, stamp, dialect, slicer, slicerLine, suggested, lines, moves, layersMarked,
    /// objects, and of each layer index, z, height, begin and end. All else is as in an empty index.
    FileIndex index;
    std::vector<StateChange> changes; ///< ascending
    std::vector<std::string> names;   ///< the first is empty
    bool changesCut = false;          ///< there were more than are kept

    /// Why the layers can only come from buildIndex(); index.layers is then empty.
    enum class Fallback {
        None,
        NoMarks,         ///< no layer marks, a single one, or some of which the moves decide whether they are any
        LongLine,        ///< longer than Scanner::maxText
        ExtruderUnknown, ///< absolute E after relative E that was not read, where it decides a layer's height
        Intricate,       ///< RepRapFirmware: several commands a line, coordinates alone, expressions, conditions
        NotGcode,        ///< nothing looked like a command yet
    };
    Fallback fallback = Fallback::None;
};

struct QuickOptions {
    Progress progress;
    /// The layers so far (index.size: bytes so far), about 25 times a second and only while there are at least two.
    std::function<void(const FileIndex&)> partial;
    std::optional<LineScan> scan; ///< nothing: the fastest of this machine
};

/// One streamed pass that parses only what is not plainly an ordinary move; positions are looked up backwards where a layer
/// needs them. Equal to buildIndex() in what it gives. FileUnreadable, FileChanged, Cancelled. Memory: 1 MiB and the result.
[[nodiscard]] Result<QuickIndex> quickScan(const Source& source, Dialect dialect, const QuickOptions& options = {});

} // namespace kintsugi::gcode
