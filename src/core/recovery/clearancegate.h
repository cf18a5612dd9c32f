// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/clearance.h"
#include "recovery/gate.h"

namespace kintsugi::recovery {

/// The simulation as a line of the gate, id "simulation". A collision, a travel that is too low, plastic that is pressed into
/// by more than a layer (by less it warns), a way outside the travel and code that homes or probes block. What cannot be
/// told in advance blocks at a printer, and is not checked `offline`, where nobody told how the printer homes.
[[nodiscard]] GateCheck clearanceCheck(const ClearanceReport& report, bool offline);

} // namespace kintsugi::recovery
