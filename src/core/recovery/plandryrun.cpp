// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planbuilder.h"

#include <algorithm>

#include "recovery/planparts.h"

/// A plan's ways without the print: what a person watches before it is done in earnest.
namespace kintsugi::recovery {

namespace {

constexpr double stage = 2.0; // mm above the lowest place at which Z slows down

} // namespace

/// Behind the lift: from here on nothing hangs on the part, so the nozzle may cool to where it does not ooze.
void PlanBuilder::writeDryRun()
{
    standby();
    registerZ();
    const double raise = m_printer.clearance, low = gcode::toMillimetres(native(2)) + raise;
    const std::string above = decimal(raise);
    add(StepKind::Prime, {upTo(m_travelZ, m_printer.zSpeed), across(m_plan.primeAt)}, {KINTSUGI_TEXT("Where it will prime"), {}},
        {KINTSUGI_TEXT("to X %1 Y %2 beside the print at travel height and %3 mm more; nothing is extruded"),
         {decimal(m_plan.primeAt[0]), decimal(m_plan.primeAt[1]), above}}, {}, "printer profile");
    const auto exactly = [this](std::size_t axis) { return write::exact(native(axis) + m_inForce[axis]); };
    Lines lines{"G1 X" + exactly(0) + " Y" + exactly(1) + " F" + decimal(m_printer.travelSpeed * 60)};
    if (m_travelZ - low > stage)
        lines.push_back(upTo(low + stage, m_printer.zSpeed));
    lines.push_back(upTo(low, m_printer.zSpeed / 2));
    add(StepKind::Approach, std::move(lines), {KINTSUGI_TEXT("Approach, and stay above"), {}},
        {KINTSUGI_TEXT("over the resume point, then down to Z %1 mm: %2 mm above where the print goes on"), {decimal(low), above}},
        {parts::positionKeys.begin(), parts::positionKeys.end()});
    add(StepKind::Lift, {upTo(m_travelZ, m_printer.zSpeed)}, {KINTSUGI_TEXT("Up again"), {}},
        {KINTSUGI_TEXT("straight up to Z %1 mm"), {decimal(m_travelZ)}}, {"position.z"});
    add(StepKind::Note, {across(m_plan.primeAt)}, {KINTSUGI_TEXT("Back beside the print"), {}},
        {KINTSUGI_TEXT("motors and bed stay on: what was registered holds for the real start"), {}}, {}, "printer profile");
}

void PlanBuilder::standby()
{
    add(StepKind::HeatNozzle, m_writer->heatTo(m_state.tool, softening()), {KINTSUGI_TEXT("Nozzle to standby"), {}},
        {KINTSUGI_TEXT("%1 °C: too cold to ooze; nothing waits for it"), {decimal(softening())}}, {"hotend." + std::to_string(m_state.tool)});
}

} // namespace kintsugi::recovery
