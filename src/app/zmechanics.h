// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>

#include "recovery/configread.h"
#include "recovery/meshrestore.h"
#include "recovery/stopinterval.h"
#include "recovery/zuncertainty.h"

namespace kintsugi::app {

/// The Z drive from Klipper's configfile.settings. What is not told stays at the default; motors without places count as
/// standing at the ends of the bed.
[[nodiscard]] recovery::ZMechanics zMechanics(const QJsonObject& settings, const recovery::PrinterFacts& printer);

/// What the cause of the stop says of the motors. `samples` of the print, oldest first; `now` as the printer answers.
[[nodiscard]] recovery::ZEvidence zEvidence(recovery::StopCause cause, const std::vector<recovery::Sample>& samples,
                                            const std::optional<recovery::Sample>& now, std::optional<double> idleTimeout);

/// Adds what the printer's configuration proves. `mesh`: the print's own, or nullptr. `supplyStayed`: a person says so.
void addHardwareProof(recovery::ZEvidence& evidence, const recovery::PrinterFacts& printer, const std::optional<recovery::KlipperConfig>& config,
                      const recovery::MeshMatrix* mesh, bool supplyStayed);

} // namespace kintsugi::app
