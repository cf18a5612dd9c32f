// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planfindings.h"

#include "recovery/heatcheck.h"

namespace kintsugi::recovery {

std::vector<GateCheck> planFindings(const Plan& plan)
{
    std::vector<GateCheck> checks;
    for (const HeatFinding& finding : checkHeat(plan.snapshot.state))
        checks.push_back({"heat-limits", Severity::Block, !finding.breaks, finding.field + ' ' + decimal(finding.measured), decimal(finding.limit), finding.text, {}});
    for (const NotRestored& loss : plan.notRestored)
        checks.push_back({"not-restored", loss.blocks ? Severity::Block : Severity::Warn, false, loss.what, {}, loss.why, {}});
    if (plan.notRestored.empty())
        checks.push_back({"not-restored", Severity::Block, true, {}, {}, {KINTSUGI_TEXT("Every setting of the file can be brought back."), {}}, {}});
    return checks;
}

} // namespace kintsugi::recovery
