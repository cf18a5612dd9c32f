// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gcode/indexcache.h"
#include "output.h"

namespace kintsugi::cli {

/// gcode::openIndexed() with the program's cache. Shows how far it is; Cancelled after SIGINT or SIGTERM.
[[nodiscard]] Result<gcode::Indexed> openFile(const Output& out, const std::string& path, gcode::Dialect dialect);

} // namespace kintsugi::cli
