// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/message.h"

namespace kintsugi::recovery {

/// °C below its target up to which a bed counts as unchanged: Prusa's firmware goes on by itself within it (market.md 1.1).
inline constexpr double bedHolds = 10;

/// How a part of this material behaves when its bed cools. `letsGoBelow`: °C of the bed under which parts often come off a
/// smooth plate by themselves. Unmeasured: usual advice of workshops, some 20 °C under the glass transition of the data
/// sheets (PLA 60, PETG 80, ABS 105, ASA 100), and less far for what shrinks little.
struct MaterialCooling {
    std::string_view material;
    double letsGoBelow;
    bool warps;               ///< its corners rise before it comes off
};
/// By the name a slicer gives: "PLA", "pla+", "PETG-CF", "Generic ABS". nullptr = not known.
[[nodiscard]] const MaterialCooling* coolingOf(std::string_view material);

struct CoolingAdvice {
    enum class Hold { Holds, Doubtful, LetGo } hold = Hold::Doubtful;
    Message text;
};
/// `now` and `target` of the bed in °C; `minutes` since the stop.
[[nodiscard]] CoolingAdvice coolingAdvice(std::string_view material, double target, double now, std::optional<double> minutes);

} // namespace kintsugi::recovery
