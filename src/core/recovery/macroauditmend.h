// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "recovery/macroaudit.h"

namespace kintsugi::recovery::audit {

/// Fills `mended` of findings that a change of their section helps.
void mend(const KlipperConfig& config, std::vector<MacroFinding>& findings);

} // namespace kintsugi::recovery::audit
