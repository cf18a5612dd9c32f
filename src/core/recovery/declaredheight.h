// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "recovery/gate.h"

namespace kintsugi::recovery {

/// The height a person declared against the part: empty when none was. Block "declared-height": a touching nozzle stands
/// neither far above what is printed nor below the layer the print goes on in; the climb would be counted from a wrong place.
[[nodiscard]] std::vector<GateCheck> declaredHeight(const Plan& plan);

} // namespace kintsugi::recovery
