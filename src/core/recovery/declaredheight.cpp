// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/declaredheight.h"

namespace kintsugi::recovery {

namespace {

constexpr double mostAbove = 2.0;    // mm above everything printed: what a person mismeasures, not more
constexpr double usualLayer = 0.3;   // mm, where the file does not tell
constexpr double tolerance = 0.005;  // mm

GateCheck check(Severity severity, bool passed, double measured, double limit, Message text)
{
    return {"declared-height", severity, passed, decimal(measured), decimal(limit), std::move(text)};
}

} // namespace

std::vector<GateCheck> declaredHeight(const Plan& plan)
{
    if (!plan.declaredZ)
        return {};
    const double z = *plan.declaredZ;
    const double top = plan.highestPrinted + plan.zOffset;
    const double lowest = plan.layerZ - plan.layerHeight.value_or(usualLayer);
    const bool mayHang = plan.zMethod != ZMethod::Touch || plan.contact == NozzleContact::Lifted;
    if (z < lowest - tolerance)
        return {check(Severity::Block, false, z, lowest,
                      {KINTSUGI_TEXT("The nozzle was said to stand at %1 mm, but the print goes on at %2 mm: it would stand inside the part. Measure again."),
                       {decimal(z), decimal(plan.layerZ)}})};
    if (!mayHang && z > top + mostAbove + tolerance)
        return {check(Severity::Block, false, z, top + mostAbove,
                      plan.contact == NozzleContact::Touching
                          ? Message{KINTSUGI_TEXT("The nozzle was said to touch at %1 mm, but only %2 mm are printed. Measure again, or say that it is lifted."),
                                    {decimal(z), decimal(top)}}
                          : Message{KINTSUGI_TEXT("The nozzle is taken to touch the part, at %1 mm, but only %2 mm are printed. Measure again, or say that it is lifted."),
                                    {decimal(z), decimal(top)}})};
    std::vector<GateCheck> checks{check(Severity::Block, true, z, top, {KINTSUGI_TEXT("The declared height of %1 mm fits the part."), {decimal(z)}})};
    if (plan.zOffset != 0)
        checks.push_back(check(Severity::Info, true, z, plan.zOffset,
                               {KINTSUGI_TEXT("A Z offset of %1 mm was in force and counts on top of the declared height: the nozzle goes on at %2 mm above the bed."),
                                {decimal(plan.zOffset), decimal(plan.resumeZ)}}));
    return checks;
}

} // namespace kintsugi::recovery
