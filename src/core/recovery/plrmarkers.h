// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/message.h"
#include "gcode/fileindex.h"

namespace kintsugi::recovery {

/// One thing klipper-plr needs in a file (klipper.md 6 and 7), and whether this file has it.
struct PlrFinding {
    enum class Kind { SetupMarker, PrintMarker, Order, SetupSwallowed, PrintSwallowed, LayerHook, OnlyInMacro };
    Kind kind = Kind::SetupMarker;
    bool good = false;
    std::optional<std::uint64_t> line;   ///< 1-based, where it was found
    Message text;                        ///< what it means and what to do
};

struct PlrReport {
    bool usable = false;                 ///< both markers, in order, neither swallowed
    bool savesOnLayers = false;          ///< the layer hook is there
    std::vector<PlrFinding> findings;
};

[[nodiscard]] PlrReport plrReport(const gcode::FileIndex& index);

/// What to paste where in a slicer's profile so that every new file has markers and hook.
struct SlicerText {
    gcode::Slicer slicer;
    Message place;                       ///< e.g. where to find "Start G-code" in this slicer
    std::string text;
};
/// PrusaSlicer, SuperSlicer, OrcaSlicer and Cura, two places each: start G-code and layer change.
[[nodiscard]] std::vector<SlicerText> plrSlicerTexts();

/// Writes a NEW file: the same bytes with markers and layer hooks added where they belong. The source is only read.
/// FileExists, FileChanged, DiskFull, WriteFailed, Cancelled; nothing is left behind on failure.
[[nodiscard]] Result<> writePreparedCopy(const gcode::Source& source, const gcode::FileIndex& index,
                                         const std::filesystem::path& target, const gcode::Progress& progress = {});

} // namespace kintsugi::recovery
