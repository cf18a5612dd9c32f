// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/message.h"
#include "gcode/machinestate.h"

/// MachineState by key: the keys of Snapshot::fields, as text and back.
namespace kintsugi::recovery::fields {

/// Keys of everything the state knows, and of the must-have fields it does not know, in reading order.
[[nodiscard]] std::vector<std::string> keys(const gcode::MachineState& state);
/// The value as text (C locale); nullopt when unknown.
[[nodiscard]] std::optional<std::string> text(const gcode::MachineState& state, const std::string& key);
/// Sets a value from text. False when the key or the text is not understood or the value is out of all reason.
[[nodiscard]] bool set(gcode::MachineState& state, const std::string& key, const std::string& value);
[[nodiscard]] Message label(const std::string& key);

} // namespace kintsugi::recovery::fields
