// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/clearance.h"
#include "recovery/gate.h"
#include "resumeflowtouch.h"

namespace kintsugi::app {

/// A plan and what its simulation says of it.
struct ProvenPlan {
    recovery::Plan plan;
    recovery::ClearanceReport report;
    recovery::GateCheck check;          ///< "simulation"; where nothing clears its text says why
};

/// What is known besides the plan.
struct ProofFacts {
    recovery::PrinterFacts printer;
    std::optional<recovery::KlipperConfig> config;
    std::optional<double> removedTo;    ///< mm, plastic was taken away down to this height
    bool offline = false;               ///< no printer was asked
};

/// Runs the plan against the part. Where it would collide, pass too low or leave the travel, a way that clears is searched
/// and the plan is made anew with it. Errors of reading.
[[nodiscard]] Result<ProvenPlan> provePlan(const PartMaps& maps, recovery::Plan plan, const recovery::PlanOptions& options, const ProofFacts& facts);

} // namespace kintsugi::app
