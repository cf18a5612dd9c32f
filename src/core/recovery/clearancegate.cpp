// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/clearancegate.h"

namespace kintsugi::recovery {

using Verdict = ClearanceReport::Verdict;

GateCheck clearanceCheck(const ClearanceReport& report, bool offline, double surelyPressed)
{
    GateCheck check{.id = "simulation", .severity = Severity::Block, .passed = report.ok(), .measured = {}, .limit = {}, .text = report.text, .remedy = {}};
    if (report.hit) {
        check.measured = decimal(report.hit->clearance) + " mm";
        check.limit = decimal(report.hit->required) + " mm";
    } else if (report.lowest) {
        check.measured = decimal(report.lowest->clearance) + " mm";
        check.limit = decimal(report.lowest->required) + " mm";
    }
    if (report.verdict == Verdict::Presses) {
        check.measured = decimal(report.pressedMm) + " mm";
        check.limit = decimal(pressedSeam) + " mm";
        if (surelyPressed <= pressedSeam)
            check.severity = Severity::Warn;
    }
    if (report.verdict == Verdict::Unknown && offline) {
        check.severity = Severity::Info;
        check.text = {KINTSUGI_TEXT("Not checked offline: %1"), {english(report.text)}};
    }
    return check;
}

} // namespace kintsugi::recovery
