// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "recovery/gate.h"

namespace kintsugi::recovery {

/// What the planner knows of its own plan: "heat-limits" for every target, "not-restored" for what is lost.
[[nodiscard]] std::vector<GateCheck> planFindings(const Plan& plan);

} // namespace kintsugi::recovery
