// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gate.h"

#include <algorithm>
#include <array>

#include "recovery/declaredheight.h"
#include "recovery/gatechecks.h"
#include "recovery/planfindings.h"

namespace kintsugi::recovery {

namespace checks {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Id::Count)> names{
    "file-identity", "file-on-printer", "file-content", "file-time", "plr-leftover", "file-name",
    "printing", "host-ready", "heaters", "heater-fault", "heat-limits", "bed-target", "bed-gap", "minutes-since-stop", "part-stuck",
    "homed-axes", "tool", "exclusions", "filament", "queue", "disk-space", "idle-timer", "host-power",
    "must-have-field", "conflicts", "unknown-motion", "after-macro", "tool-after-macro", "mesh",
    "unsimulated", "tail", "travel-limits", "clearance", "declared-height", "plan-homes", "plan-state", "not-restored",
    "macro-homing", "macro-audit", "homed-at-start",
    "keep-proof", "z-proof", "head-untouched", "z-moved", "z-read-back",
    "klipper-version", "controller-version", "plr-version", "plr-reference", "plr-overshoot", "plr-tools", "plr-timers"};

} // namespace

std::string_view name(Id id)
{
    return names[static_cast<std::size_t>(id)];
}

} // namespace checks

std::string_view name(Severity severity)
{
    switch (severity) {
    case Severity::Block: return "block";
    case Severity::Warn: return "warn";
    case Severity::Info: return "info";
    }
    return "info";
}

std::string_view stateOf(const GateCheck& check)
{
    if (!check.checked)
        return "not-checked";
    return check.passed ? "ok" : check.severity == Severity::Info ? "told" : "failed";
}

std::vector<std::string_view> gateCheckIds()
{
    return {checks::names.begin(), checks::names.end()};
}

std::vector<GateCheck> runGate(const Plan& plan, const gcode::FileIndex& index, const FileIdentity& local, const GateFacts& facts)
{
    const checks::View view{plan, plan.snapshot, index, local, facts};
    checks::List list;
    checks::ofFile(view, list);
    checks::ofPrinter(view, list);
    checks::ofState(view, list);
    checks::ofPlan(view, list);
    list.append(declaredHeight(plan));
    list.append(planFindings(plan));
    checks::ofConfig(view, list);
    checks::ofZ(view, list);
    checks::ofVersions(view, list);
    auto result = list.take();
    std::stable_sort(result.begin(), result.end(), [](const GateCheck& a, const GateCheck& b) {
        return std::pair(a.severity, a.passed) < std::pair(b.severity, b.passed);
    });
    return result;
}

bool isOpen(const std::vector<GateCheck>& checks)
{
    return std::none_of(checks.begin(), checks.end(), [](const GateCheck& check) {
        return check.severity == Severity::Block && !check.passed;
    });
}

} // namespace kintsugi::recovery
