// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "recovery/macroaudit.h"

/// Klipper's own commands by what they would do to a part.
namespace kintsugi::recovery::audit {

enum class Builtin { Harmless, Homing, Probes, Levels, Declares, MotorsOff, Restarts, Heats, Moves, ExtruderMode, Fan, Delayed, Unknown };

/// The name under which Klipper looks a line's command up: "G28", "G28.1", "SET_FAN_SPEED".
[[nodiscard]] std::string commandName(std::string_view line);
/// `name` as commandName() gives it.
[[nodiscard]] Builtin builtinOf(const std::string& name);

} // namespace kintsugi::recovery::audit
