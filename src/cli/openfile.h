// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gcode/indexcache.h"
#include "output.h"

namespace kintsugi::cli {

/// gcode::openIndexed() with the program's cache. Shows how far it is; Cancelled after SIGINT or SIGTERM.
[[nodiscard]] Result<gcode::Indexed> openFile(const Output& out, const std::string& path, gcode::Dialect dialect);

/// The same, where an index of an earlier time turned out to be of another content: says so and reads the file anew.
[[nodiscard]] Result<gcode::Indexed> openAnew(const Output& out, const std::string& path, gcode::Dialect dialect);

/// Printers and programs tell G-code by its name: what is written must be what its name says. BadUsage (--out).
[[nodiscard]] Result<> checkOutName(const std::string& out, gcode::Container written);

} // namespace kintsugi::cli
