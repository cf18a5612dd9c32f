// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/plan.h"

namespace kintsugi::recovery {

/// What of the file's state `plan` cannot bring back. `declares`: the firmware's memory is taken to be lost. Reads the rest
/// of the file where it may ask for a G-code state that was saved before.
[[nodiscard]] Result<std::vector<NotRestored>> notRestored(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan,
                                                           bool declares);

} // namespace kintsugi::recovery
