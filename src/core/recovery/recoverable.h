// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "recovery/envelope.h"
#include "recovery/heightmap.h"
#include "recovery/plan.h"

namespace kintsugi::recovery {

enum class Lack {
    LiftRoom,   ///< the head cannot rise above everything printed
    ZMethod,    ///< nothing registers Z but `keep`, which a power cut rules out
    PrimePlace, ///< nowhere beside the print can the head come down to the bed
    State,      ///< the file does not tell where the machine is, or how hot
    Unknown,    ///< something was printed at places the file does not tell
};
[[nodiscard]] std::string_view name(Lack lack); ///< "lift-room", "z-method", "prime-place", "state", "unknown-places"

/// What a stop within a layer would leave to go on with.
struct RecoverableLayer {
    std::size_t index = 0;             ///< as in FileIndex::layers
    double highest = 0;                ///< mm, printed up to the end of the layer, with the margin
    double liftRoom = 0;               ///< mm between what the travels need and the highest Z; below 0 there is none
    std::vector<ZMethod> methods;      ///< that could register Z, `keep` left out
    std::optional<std::array<double, 2>> primePlace;
    std::optional<std::array<double, 2>> freeSpot; ///< where the head reaches the bare bed, to probe
    struct Reason { Lack lack; Message text; };
    std::vector<Reason> reasons;       ///< why not; empty = recoverable
    [[nodiscard]] bool ok() const { return reasons.empty(); }
};

struct RecoverableOptions {
    HeightMapOptions map;
    HeadEnvelope envelope = defaultEnvelope(PrinterKind::Unknown);
};

/// For each layer of a file on this printer, in one pass. Places are looked for on a grid, and heights on at most 1000 layers: in
/// between, the places that the next of them loses count as lost. BadValue of the envelope or the limits; errors of reading.
[[nodiscard]] Result<std::vector<RecoverableLayer>> recoverableLayers(const gcode::Source& source, const gcode::FileIndex& index,
                                                                      const PrinterFacts& printer, const RecoverableOptions& options = {},
                                                                      const gcode::Progress& progress = {});

} // namespace kintsugi::recovery
