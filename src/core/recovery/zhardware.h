// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "recovery/configread.h"
#include "recovery/plan.h"

/// What a Klipper configuration proves about the ways Z can be taken from the machine itself. Every refusal is NotSupported
/// (field "zMethod") with the reason in `detail`.
namespace kintsugi::recovery {

/// How far an axis may back off from its switch before it goes there once more, mm; Klipper's default is 5.
inline constexpr double mostRetract = 10;

/// A probe that hangs on the head all the time. One that is fetched, or whose commands are macros, moves where nobody knows.
[[nodiscard]] Result<ProbeFacts> probeOf(const KlipperConfig& config);

/// Does the mesh tell how high the bed is in the coordinates of the print? Not when it was shifted to a reference point.
[[nodiscard]] Result<> meshIsAbsolute(const KlipperConfig& config);

/// Where Z counts itself to be after G28 Z, when that goes straight up from wherever the head is to a switch at the top.
[[nodiscard]] Result<double> topEndstopOf(const KlipperConfig& config);

/// Z drivers that Klipper asks for their state as long as they are enabled: losing the motors' supply is a shutdown then.
[[nodiscard]] bool watchesMotorSupply(const KlipperConfig& config);

} // namespace kintsugi::recovery
