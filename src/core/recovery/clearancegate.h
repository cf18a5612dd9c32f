// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/clearance.h"
#include "recovery/gate.h"

namespace kintsugi::recovery {

/// The simulation as a line of the gate, id "simulation". A collision, a travel that is too low, plastic that is pressed into
/// by more than a layer (by less it warns), a way outside the travel and code that homes or probes block. What cannot be
/// told in advance blocks at a printer, and is not checked `offline`, where nobody told how the printer homes.
/// `surelyPressed`: mm pressed into what was printed for certain; the rest may not be there.
[[nodiscard]] GateCheck clearanceCheck(const ClearanceReport& report, bool offline, double surelyPressed);
inline constexpr double pressedSeam = 0.4; ///< mm: going back prints into a layer that is there; more is a collision

} // namespace kintsugi::recovery
