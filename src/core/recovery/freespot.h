// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/envelope.h"
#include "recovery/heightmap.h"
#include "recovery/meshrestore.h"
#include "recovery/touch.h"

/// Z registration by probing the bed where nothing is printed. The mesh of the print tells at which Z the bed was there; where
/// the probe finds it now tells how far the coordinates are off. Lengths mm.
namespace kintsugi::recovery::freespot {

struct Question {
    const HeightMap* map = nullptr;          ///< at the upper end of the stop interval
    HeadEnvelope envelope;
    ProbeFacts probe;
    const MeshMatrix* mesh = nullptr;        ///< of the print
    std::array<double, 3> minimum{}, maximum{}; ///< travel
    std::array<double, 2> resumeAt{};
    double clearance = 1;                    ///< between head and part while the probe goes down
    std::size_t count = 1;                   ///< placesNeeded()
};

/// Height of the bed by the mesh; nullopt outside its points.
[[nodiscard]] std::optional<double> meshAt(const MeshMatrix& mesh, double x, double y);

/// Where the motors may have settled unevenly 3, of four motors, which also twist, 4; else 1, and a second one to compare it
/// with where there is one.
[[nodiscard]] std::size_t placesNeeded(const ZMechanics& mechanics, const ZEvidence& evidence);

/// The nearest places to the resume point, or those that tell the tilt. Unsafe, with the reason in `detail` and "freespot" as
/// field: the head does not fit beside the part, no mesh there, all places in a line.
[[nodiscard]] Result<std::vector<ProbePlace>> findPlaces(const Question& question);

/// What a probe found: the machine's own Z at which it says that the nozzle would touch the bed.
struct Reading { ProbePlace place; double bed = 0; };

/// How far the coordinates are off over the resume point. Unsafe: too few readings, readings that contradict each other, a bed
/// where it cannot be.
[[nodiscard]] Result<touch::Registration> registration(const std::vector<Reading>& readings, const std::array<double, 2>& resumeAt,
                                                       const ZMechanics& mechanics, const ZEvidence& evidence);

/// U as it will be when these places are read.
[[nodiscard]] ZUncertainty budget(const std::vector<ProbePlace>& places, const std::array<double, 2>& resumeAt, const ZMechanics& mechanics,
                                  const ZEvidence& evidence);

} // namespace kintsugi::recovery::freespot
