// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "recovery/plan.h"

namespace kintsugi::recovery {

/// The four places of a plan at which a person's own lines run: keys of PlanOptions::ownLines, in the order of the plan.
namespace place {
inline constexpr std::string_view beforeHeat = "before-heat";                 ///< first of all; the nozzle may stick to the part: nothing moves
inline constexpr std::string_view afterLift = "after-lift";                   ///< above everything printed, X and Y may be unhomed: Z alone, upwards
inline constexpr std::string_view afterRegistration = "after-registration";   ///< Z and XY are true again, the nozzle is cold: no extrusion
inline constexpr std::string_view beforeFirstPlastic = "before-first-plastic"; ///< hot, beside the print, before the prime
} // namespace place
inline constexpr std::array<std::string_view, 4> ownLinePlaces{place::beforeHeat, place::afterLift, place::afterRegistration,
                                                               place::beforeFirstPlastic};

/// Lines to pre-fill. Everything in `leftOut` (a template, a line a plan refuses) is for the person to read, never sent.
struct OwnLinesOffer {
    OwnLines lines;
    std::vector<std::string> leftOut;
};
/// From klipper-plr's before_resume_gcode and after_resume_gcode, which the plugin runs around its climb to the switches
/// (klipper.md 5): after-lift and after-registration. Empty for ZMethod::PlrZHome: there the plugin runs them itself.
[[nodiscard]] OwnLinesOffer ownLinesFromKlipper(const std::string& beforeResume, const std::string& afterResume, ZMethod method);
/// From a plugin's script that is sent before a resume (PrintRecoveryPoc, PowerFailure): before the first plastic.
[[nodiscard]] OwnLinesOffer ownLinesFromScript(const std::string& script);

} // namespace kintsugi::recovery
