// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "filecache.h"
#include "recovery/clearance.h"
#include "recovery/plan.h"
#include "touchrun.h"

namespace kintsugi::app {

/// What stands on the bed at both ends of the stop interval. Building it reads the file up to there.
struct PartMaps {
    std::shared_ptr<const OpenFile> file;
    ByteOffset earliest = 0, latest = 0;
    recovery::HeightMap surely, possibly;
};
/// `known` when it is of the same file and interval, else new ones.
[[nodiscard]] Result<std::shared_ptr<const PartMaps>> partMaps(const std::shared_ptr<const OpenFile>& file, const recovery::Snapshot& snapshot,
                                                              const std::shared_ptr<const PartMaps>& known, const gcode::Progress& progress);

/// The head's outline by what the configuration tells of the printer.
[[nodiscard]] recovery::HeadEnvelope envelopeOf(const std::optional<recovery::KlipperConfig>& config);
/// How near the head may come to the part, with the printer's own homing and head where its configuration tells.
[[nodiscard]] recovery::ClearanceOptions clearanceOptions(const recovery::HeightMap& map, const recovery::PrinterFacts& printer,
                                                          const std::optional<recovery::KlipperConfig>& config, std::optional<double> removedTo,
                                                          double zUncertainty);
/// Every motion of the plan and of the file's next two layers against what stands on the bed. `removedTo`: a person took
/// plastic away down to this height, mm.
[[nodiscard]] Result<recovery::ClearanceReport> simulate(const PartMaps& maps, const recovery::HeightMap& map, const recovery::Plan& plan, const recovery::PlanOptions& planned,
                                                         const recovery::PrinterFacts& printer, const std::optional<recovery::KlipperConfig>& config,
                                                         std::optional<double> removedTo, double zUncertainty);

/// Where to touch the part and how far to trust the coordinates until then. Unsafe: no place on it can be touched.
[[nodiscard]] Result<TouchPlan> planTouch(const PartMaps& maps, const recovery::Plan& plan, const recovery::ZMechanics& mechanics, const recovery::ZEvidence& evidence);

/// Where the bed can be probed beside the part. NotSupported or Unsafe with the reason: no probe, no mesh, no room.
[[nodiscard]] Result<ProbePlan> planProbe(const PartMaps& maps, const recovery::Snapshot& snapshot, const recovery::PrinterFacts& printer,
                                          const std::optional<recovery::KlipperConfig>& config, const recovery::MeshMatrix* mesh,
                                          const recovery::ZMechanics& mechanics, const recovery::ZEvidence& evidence);

} // namespace kintsugi::app
