// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace kintsugi::gcode {

/// XXH3_64bits_update of an XXH3_state_t by the widest vectors; the hash is the same. False, and nothing done: this processor has none.
bool updateHashWide(void* state, const void* data, std::size_t size);

} // namespace kintsugi::gcode
