// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/coolingadvice.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace kintsugi::recovery {

namespace {

/// Longer names first: "PETG" holds "PET", "PCTG" holds no "PC" of its own.
constexpr std::array<MaterialCooling, 13> materials{{{"PETG", 50, false},
                                                     {"PCTG", 55, false},
                                                     {"PLA", 40, false},
                                                     {"ABS", 75, true},
                                                     {"ASA", 75, true},
                                                     {"HIPS", 70, true},
                                                     {"NYLON", 50, true},
                                                     {"TPU", 30, false},
                                                     {"TPE", 30, false},
                                                     {"PET", 55, false},
                                                     {"PC", 85, true},
                                                     {"PA", 50, true},
                                                     {"PP", 50, true}}};

bool isWordAt(std::string_view text, std::size_t at, std::size_t length)
{
    const auto letter = [&text](std::size_t i) { return i < text.size() && std::isalpha(static_cast<unsigned char>(text[i])); };
    return (at == 0 || !letter(at - 1)) && !letter(at + length);
}

} // namespace

const MaterialCooling* coolingOf(std::string_view material)
{
    std::string upper(material.substr(0, 200));
    std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    for (const MaterialCooling& one : materials) {
        for (std::size_t at = upper.find(one.material); at != std::string::npos; at = upper.find(one.material, at + 1)) {
            if (isWordAt(upper, at, one.material.size()))
                return &one;
        }
    }
    return nullptr;
}

CoolingAdvice coolingAdvice(std::string_view material, double target, double now, std::optional<double> minutes)
{
    using Hold = CoolingAdvice::Hold;
    const double gap = target - now;
    if (gap <= bedHolds)
        return {Hold::Holds, {KINTSUGI_TEXT("The bed is still near its target of %1 °C."), {decimal(target)}}};
    const std::string below = decimal(gap, 0) + " °C";
    const MaterialCooling* known = coolingOf(material);
    if (!known)
        return {Hold::Doubtful, {KINTSUGI_TEXT("The bed cooled to %1 below its target: the part may have come loose. Warm the bed, then push the part gently."), {below}}};
    const std::string name(known->material), limit = decimal(known->letsGoBelow, 0);
    if (now >= known->letsGoBelow)
        return {Hold::Doubtful,
                {known->warps ? KINTSUGI_TEXT("The bed cooled to %1 below its target, not yet to the %2 °C under which %3 often lets go (unmeasured). Warm it now; look whether the corners have risen, and push the part gently.")
                              : KINTSUGI_TEXT("The bed cooled to %1 below its target, not yet to the %2 °C under which %3 often lets go (unmeasured). Warm it now, and push the part gently before you go on."),
                 {below, limit, name}}};
    const std::string since = minutes ? decimal(*minutes, 0) : std::string("?");
    return {Hold::LetGo,
            {known->warps ? KINTSUGI_TEXT("The bed cooled to %1 below its target in %4 minutes: under %2 °C %3 often lets go by itself and its corners rise (unmeasured). Warm the bed, look at the corners from the side, then push the part gently: when it moves, this print cannot go on.")
                          : KINTSUGI_TEXT("The bed cooled to %1 below its target in %4 minutes: under %2 °C %3 often lets go by itself (unmeasured). Warm the bed, then push the part gently: when it moves, this print cannot go on."),
             {below, limit, name, since}}};
}

} // namespace kintsugi::recovery
