// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planbuilder.h"

#include <algorithm>

#include "recovery/heatcheck.h"
#include "recovery/ownlinescheck.h"
#include "recovery/planparts.h"

/// The part of a plan that heats.
namespace kintsugi::recovery {

Result<> PlanBuilder::refuseHeat() const
{
    for (HeatFinding& finding : checkHeat(m_state)) {
        if (!finding.breaks)
            continue;
        Error error = at(parts::problem(ErrorCode::Unsafe, std::move(finding.field), std::move(finding.why)));
        error.measured = finding.measured;
        error.limit = finding.limit;
        return fail(std::move(error));
    }
    return {};
}

double PlanBuilder::softening() const
{
    const double target = m_state.hotend.at(m_state.tool);
    const double gentle = softeningOf(materialOf(m_index, m_state.tool), target, m_printer.softenBelow);
    return std::min(m_options.materialSoftening.value_or(gentle), target);
}

/// Rule 5 of safety: a soft nozzle is lifted at once; a cold one is freed from the part before it moves.
Result<> PlanBuilder::freeTheNozzle()
{
    const double soften = softening();
    const bool soft = m_options.nozzleNow && *m_options.nozzleNow >= soften;
    const bool lifted = m_options.contact == NozzleContact::Lifted || m_options.zMethod == ZMethod::FirmwareLift;
    if (!lifted && !soft) {
        heatBed();
        add(StepKind::Soften, m_writer->soften(soften), {KINTSUGI_TEXT("Soften the contact"), {}},
            {KINTSUGI_TEXT("the nozzle may stick to the part: soften the contact at %1 °C, do not melt it"), {decimal(soften)}},
            {"hotend." + std::to_string(m_state.tool)});
    } else if (!lifted) { // it was soft when it was last looked at
        add(StepKind::Soften, m_writer->keepSoft(soften), {KINTSUGI_TEXT("Keep the contact soft"), {}},
            {KINTSUGI_TEXT("the nozzle was soft enough: wait for %1 °C only if it cooled since"), {decimal(soften)}},
            {"hotend." + std::to_string(m_state.tool)});
    }
    if (m_declares)
        declareZ();
    lift(soft);
    if (const auto done = own(place::afterLift); !done)
        return fail(done.error());
    if (lifted || soft)
        heatBed();
    return {};
}

void PlanBuilder::heatBed()
{
    add(StepKind::HeatBed, m_writer->heatBed(), {KINTSUGI_TEXT("Heat the bed"), {}},
        {KINTSUGI_TEXT("bed to %1 °C first and held: the part must not come loose"), {decimal(m_state.bed.value_or(0))}}, {"bed"});
}

void PlanBuilder::heatNozzle()
{
    Lines lines{across(m_plan.primeAt), upTo(m_travelZ, m_printer.zSpeed)};
    parts::append(lines, m_heaters);
    parts::append(lines, m_writer->heatNozzle());
    add(StepKind::HeatNozzle, std::move(lines), {KINTSUGI_TEXT("Heat the nozzle beside the print"), {}},
        {KINTSUGI_TEXT("to X %1 Y %2 beside the print, then up to %3 °C there"),
         {decimal(m_plan.primeAt[0]), decimal(m_plan.primeAt[1]), decimal(m_state.hotend.at(m_state.tool))}},
        {"hotend." + std::to_string(m_state.tool)});
}

} // namespace kintsugi::recovery
