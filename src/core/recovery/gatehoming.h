// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "recovery/gate.h"

namespace kintsugi::recovery {

/// Why no plan may send `G28 X Y` to a printer with this configuration, each with the text to paste: for a plan that was
/// refused because of it. Empty when it is plain.
[[nodiscard]] std::vector<GateCheck> homingChecks(const KlipperConfig& config);

} // namespace kintsugi::recovery
