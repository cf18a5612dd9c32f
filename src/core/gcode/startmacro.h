// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// The call that starts the print, as "START_PRINT EXTRUDER=210 BED=60"; nullptr when the file has none.
[[nodiscard]] const MacroCall* startMacro(const FileIndex& index);

} // namespace kintsugi::gcode
