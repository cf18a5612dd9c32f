// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "gcode/feature.h"
#include "recovery/planpicture.h"
#include "recovery/stopinterval.h"

namespace kintsugi::app {

/// "outer wall", in words whatever the slicer calls it; its own name when it is not known, empty when it names none.
[[nodiscard]] QString featureName(const std::string& asTheSlicerSays);

/// A resume in a few sentences for the eye, the ear and a terminal: where it goes on, what is printed twice or left open, how
/// the head comes there and how near it passes. Plain text in one paragraph.
[[nodiscard]] QString summaryText(const gcode::FileIndex& index, const recovery::ResumeCandidate& candidate,
                                  const recovery::Plan* plan = nullptr, const recovery::PlanPicture* picture = nullptr);


} // namespace kintsugi::app
