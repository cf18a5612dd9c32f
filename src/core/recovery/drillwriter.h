// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "recovery/drill.h"

namespace kintsugi::recovery::drill {

inline constexpr std::string_view headMark = "; KINTSUGI DRILL ";
inline constexpr std::string_view stopMark = "; KINTSUGI DRILL STOP";

/// The G-code of a part that was checked.
[[nodiscard]] std::string write(const Part& part);

} // namespace kintsugi::recovery::drill
