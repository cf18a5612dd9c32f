// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gcode/machinestate.h"
#include "gcode/motion.h"
#include "gcode/source.h"

namespace kintsugi::gcode {

enum class Slicer { Unknown, PrusaSlicer, SuperSlicer, OrcaSlicer, BambuStudio, Cura, IdeaMaker, Simplify3D, KissSlicer, Slic3r };
[[nodiscard]] std::string_view name(Slicer slicer);

/// One layer. With marks it begins at the first byte of its mark and ends where the next begins (the last at the end of
/// the file); without marks by the clustering rule of reference 3.4.
struct Layer {
    std::size_t index = 0;           ///< from 0
    std::optional<double> z;         ///< mm: the mark's height, else the height of the first extruding move
    std::optional<double> height;    ///< mm, as the mark says
    ByteOffset begin = 0, end = 0;
    std::optional<ByteOffset> firstExtrusion; ///< begin of the first line that extrudes while moving
    double seconds = 0.0;            ///< naive time of its moves (distance / feed)
    double modelSeconds = 0.0;       ///< time of its moves with accelerations, see motion.h
    double extrudedMm = 0.0;
    double highestZ = 0.0;           ///< mm, highest Z at which anything extruded up to the end of this layer
};

/// State before the line that starts at `byte`.
struct Checkpoint {
    ByteOffset byte = 0;
    std::uint64_t line = 1;
    HotState hot;
    /// All the rest (its hot part is HotState{}); checkpoints between which it is the same share it. Never null.
    std::shared_ptr<const MachineState> rest = std::make_shared<const MachineState>();

    [[nodiscard]] MachineState state() const;
};

/// What klipper-plr looks for in a file: a line that contains the one, a line that contains the other, a command.
inline constexpr std::string_view plrSetupMarker = ";;;;; PLR_RESUME - INITIAL PRINTER SETUP STARTS ;;;;;";
inline constexpr std::string_view plrPrintMarker = ";;;;; PLR_RESUME - PRINT GCODE STARTS ;;;;;";
inline constexpr std::string_view plrLayerHook = "PLR_SAVE_PRINT_STATE_WITH_LAYER";

/// The two markers and the layer hook that klipper-plr wants.
struct PlrMarkers {
    std::optional<ByteOffset> setup, print;
    bool inOrder = false;   ///< setup before print, both outside a comment block that swallows them
    bool swallowed = false; ///< the setup marker lies in a comment block that begins with a single ';'
    bool printSwallowed = false; ///< the same of the print marker
    std::size_t layerHooks = 0; ///< lines PLR_SAVE_PRINT_STATE_WITH_LAYER
    std::optional<std::uint64_t> setupLine, printLine, hookLine; ///< 1-based; hookLine: the first
    bool enabled = false;   ///< a line PLR_ENABLE
};

/// An extended command before the first extrusion that may be a start macro.
struct MacroCall {
    std::string name, rest; ///< as written, cut at 1 KiB
    std::uint64_t line = 1;
    ByteOffset byte = 0;
};

/// A setting of the slicer that tells of temperatures, material or the machine's size, as the file says it.
struct SlicerSetting { std::string key, value; };

struct Extents { double minX = 0, minY = 0, minZ = 0, maxX = 0, maxY = 0, maxZ = 0; bool valid = false; };

struct FileIndex {
    std::uint64_t size = 0;        ///< bytes of text: what offsets count
    std::uint64_t xxh3 = 0;        ///< XXH3-64 of the text
    std::uint64_t fileSize = 0, fileXxh3 = 0; ///< the same of the file itself, where the text comes out of a container
    FileStamp stamp;
    Slicer slicer = Slicer::Unknown;
    std::string slicerLine;        ///< signature line without ';'
    Dialect dialect = Dialect::Klipper; ///< the dialect this index was built for
    Dialect suggested = Dialect::Marlin; ///< what the file's own config block or macros suggest
    std::uint64_t lines = 0, moves = 0;
    double seconds = 0.0;          ///< naive: distance / feed
    double modelSeconds = 0.0;     ///< with accelerations; 0 when IndexOptions::model is off
    double filamentMm = 0.0;
    bool layersMarked = false;
    std::vector<Layer> layers;
    std::vector<Checkpoint> checkpoints; ///< at most one each 64 KiB, ascending; the first at byte 0
    std::vector<std::string> objects;    ///< names by EXCLUDE_OBJECT_DEFINE, M486 or "printing object"
    PlrMarkers plr;
    std::vector<MacroCall> startMacros;
    std::vector<SlicerSetting> settings; ///< in the order of the file; a key may come more than once
    Extents printed;               ///< of extruding moves
    std::optional<ByteOffset> firstExtrusion, lastExtrusionEnd; ///< first/last line that extrudes while moving in XY
    std::uint64_t truncatedLines = 0; ///< lines longer than Scanner::maxText
    std::uint64_t nulBytes = 0;

    /// The layer that holds the byte; the first layer for what lies before it; nullptr when there are none.
    [[nodiscard]] const Layer* layerAt(ByteOffset byte) const;
};

struct IndexOptions {
    unsigned threads = 1;  ///< 2: reading and times on a second thread. The result is the same, bit by bit
    bool model = true;     ///< modelSeconds
    FastPath path = FastPath::Best; ///< for tests and measurements
};

/// One streamed pass. FileUnreadable, FileChanged (cut while reading), FileNotGcode (no command in the first 1 MiB and
/// NUL bytes, or the magic of a binary container), Cancelled. Memory: the index alone, whatever the file size.
[[nodiscard]] Result<FileIndex> buildIndex(const Source& source, Dialect dialect, const Progress& progress = {},
                                           const IndexOptions& options = {});

struct Located {
    ByteOffset byte = 0;      ///< start of the line
    ByteOffset end = 0;       ///< after the line; == byte at the end of the file
    std::uint64_t line = 1;
    MachineState state;       ///< after every line that ends at or before the asked byte == before this line
    std::string text;         ///< the line, at most 4 KiB
};

/// State at any byte: nearest checkpoint + replay. The byte is rounded down to the start of its line. BadByte.
[[nodiscard]] Result<Located> locate(const Source& source, const FileIndex& index, ByteOffset byte);
/// The start of a 1-based line. BadByte when the file has fewer lines.
[[nodiscard]] Result<Located> locateLine(const Source& source, const FileIndex& index, std::uint64_t line);

} // namespace kintsugi::gcode
