// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recovery/gate.h"

/// The checks of the gate by topic; gate.cpp puts them together.
namespace kintsugi::recovery::checks {

/// Every check that exists; nothing can be added under another id.
enum class Id {
    FileIdentity, FileOnPrinter, FileContent, FileTime, PlrLeftover, FileName,
    Printing, HostReady, Heaters, HeaterFault, HeatLimits, BedTarget, BedGap, MinutesSinceStop, PartStuck, HomedAxes, Tool,
    Exclusions, Filament, Queue, DiskSpace, IdleTimer, HostPower,
    MustHaveField, Conflicts, UnknownMotion, AfterMacro, ToolAfterMacro, Mesh,
    Unsimulated, Tail, TravelLimits, Clearance, DeclaredHeight, PlanHomes, PlanState, NotRestored,
    MacroHoming, MacroAudit, HomedAtStart,
    KeepProof, ZProof, HeadUntouched, ZMoved, ZReadBack,
    KlipperVersion, ControllerVersion, PlrVersion, PlrReference, PlrOvershoot, PlrTools, PlrTimers,
    Count
};
[[nodiscard]] std::string_view name(Id id);

/// What a check looks at.
struct View {
    const Plan& plan;
    const Snapshot& snapshot; ///< of the plan
    const gcode::FileIndex& index;
    const FileIdentity& local;
    const GateFacts& facts;

    [[nodiscard]] bool has(StepKind kind) const
    {
        return std::any_of(plan.steps.begin(), plan.steps.end(), [kind](const PlanStep& step) { return step.kind == kind; });
    }
    [[nodiscard]] bool edited(const std::string& key) const
    {
        const auto field = snapshot.fields.find(key);
        return field != snapshot.fields.end() && field->second.origin == Origin::Edited;
    }
};

class List
{
public:
    void add(Id id, Severity severity, bool passed, std::string measured, std::string limit, Message text)
    {
        m_checks.push_back({std::string(name(id)), severity, passed, std::move(measured), std::move(limit), std::move(text), {}, true});
    }
    /// Text to paste into the printer's configuration, for the check that was added last.
    void remedy(std::string text) { m_checks.back().remedy = std::move(text); }
    void notChecked(Id id) { notChecked(id, {KINTSUGI_TEXT("Not checked offline."), {}}); }
    void notChecked(Id id, Message text)
    {
        add(id, Severity::Info, false, {}, {}, std::move(text));
        m_checks.back().checked = false;
    }
    void append(std::vector<GateCheck> more) { std::move(more.begin(), more.end(), std::back_inserter(m_checks)); }
    [[nodiscard]] std::vector<GateCheck> take() { return std::move(m_checks); }

private:
    std::vector<GateCheck> m_checks;
};

void ofFile(const View& v, List& list);
void ofPrinter(const View& v, List& list);
void ofState(const View& v, List& list);
void ofPlan(const View& v, List& list);
void ofZ(const View& v, List& list);
void ofVersions(const View& v, List& list);
void ofConfig(const View& v, List& list);

} // namespace kintsugi::recovery::checks
