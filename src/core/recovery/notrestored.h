// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/plan.h"

namespace kintsugi::recovery {

/// What of the file's state `plan` cannot bring back. `declares`: the firmware's memory is taken to be lost. Reads the rest
/// of the file where it may ask for a G-code state that was saved before.
[[nodiscard]] Result<std::vector<NotRestored>> notRestored(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan,
                                                           bool declares);

/// Words of other firmwares' files that Klipper answers with "Unknown command" and goes on: a plan says them again as the
/// file did, for a macro of that name, and without one nothing is lost that was ever there. `command`: "M900" or a whole line.
[[nodiscard]] bool klipperPassesOver(std::string_view command);

} // namespace kintsugi::recovery
