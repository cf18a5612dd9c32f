// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"
#include "recovery/gatehoming.h"
#include "recovery/macroaudit.h"

namespace kintsugi::recovery::checks {

namespace {

std::size_t firstOf(const Plan& plan, StepKind kind)
{
    const auto found = std::find_if(plan.steps.begin(), plan.steps.end(), [kind](const PlanStep& step) { return step.kind == kind; });
    return static_cast<std::size_t>(found - plan.steps.begin());
}

/// Does Klipper count Z as homed when the plan homes X and Y?
bool zKnownAtHoming(const Plan& plan)
{
    const std::size_t known = std::min(firstOf(plan, StepKind::DeclareZ), firstOf(plan, StepKind::RegisterZ));
    return plan.zMethod == ZMethod::Keep || known < firstOf(plan, StepKind::HomeXY);
}

void homing(const View& v, List& list)
{
    if (!v.has(StepKind::HomeXY))
        return;
    std::vector<MacroFinding> findings;
    if (v.facts.config)
        findings = auditHomingXy(*v.facts.config, zKnownAtHoming(v.plan));
    const auto& named = v.facts.macrosHomingZ;
    if (!v.facts.config && !named)
        return list.notChecked(Id::MacroHoming);
    const bool plain = findings.empty() && (!named || named->empty());
    const std::string found = plain ? std::string() : !findings.empty() ? findings.front().text : named->front();
    list.add(Id::MacroHoming, Severity::Block, plain, found, {},
             plain ? Message{KINTSUGI_TEXT("G28 X Y moves X and Y alone on this printer."), {}}
                   : Message{KINTSUGI_TEXT("On this printer G28 X Y also homes, probes or moves Z (%1). Choose a method that does not home, or change the configuration."), {found}});
    if (!findings.empty())
        list.remedy(findings.front().mended);
}

std::string pathOf(const MacroFinding& finding)
{
    std::string text;
    for (const std::string& place : finding.path)
        text += (text.empty() ? "" : " > ") + place;
    return text + ": " + std::to_string(finding.line);
}

void audit(const View& v, List& list)
{
    if (v.plan.dialect != gcode::Dialect::Klipper)
        return;
    if (!v.facts.config)
        return list.notChecked(Id::MacroAudit);
    const auto roots = resumeRoots(v.plan, *v.facts.config, v.facts.tail.value_or(std::vector<TailFinding>()), v.facts.zeroCopy);
    MacroAudit found = auditMacros(*v.facts.config, roots, v.snapshot.state.eIsAbsolute(v.plan.dialect));
    for (MacroFinding& finding : found.findings) {
        list.add(Id::MacroAudit, finding.blocks ? Severity::Block : Severity::Warn, false, finding.text, pathOf(finding), std::move(finding.why));
        list.remedy(std::move(finding.mended));
    }
    if (!found.complete)
        list.add(Id::MacroAudit, Severity::Block, false, {}, {},
                 {KINTSUGI_TEXT("The printer's macros call each other too often to be read to their end: what they do is not proved."), {}});
    else if (found.findings.empty())
        list.add(Id::MacroAudit, Severity::Block, true, std::to_string(found.reached.size()), {},
                 {KINTSUGI_TEXT("%1 texts of the printer's configuration can run during the resume; none homes Z, probes or changes what the print needs."),
                  {std::to_string(found.reached.size())}});
}

/// Some add-ons declare all axes homed at 0 whenever the printer starts (klipper.md 10).
void startHoming(const View& v, List& list)
{
    if (!v.facts.config)
        return v.plan.dialect == gcode::Dialect::Klipper ? list.notChecked(Id::HomedAtStart) : void();
    const auto sections = homedAtStart(*v.facts.config);
    const bool trusts = v.plan.zMethod == ZMethod::Keep;
    if (sections.empty())
        return list.add(Id::HomedAtStart, Severity::Warn, true, {}, {}, {KINTSUGI_TEXT("Nothing homes or declares a position by itself when the printer starts."), {}});
    list.add(Id::HomedAtStart, trusts ? Severity::Block : Severity::Warn, false, sections.front(), {},
             {KINTSUGI_TEXT("[%1] homes or declares a position by itself when the printer starts: that its axes are homed proves nothing. Take that section out, or choose a way to register Z that does not rest on it."),
              {sections.front()}});
}

} // namespace

void ofConfig(const View& v, List& list)
{
    homing(v, list);
    audit(v, list);
    startHoming(v, list);
}

} // namespace kintsugi::recovery::checks

namespace kintsugi::recovery {

std::vector<GateCheck> homingChecks(const KlipperConfig& config)
{
    checks::List list;
    for (MacroFinding& found : auditHomingXy(config, true)) {
        list.add(checks::Id::MacroHoming, Severity::Block, false, found.text, checks::pathOf(found), std::move(found.why));
        list.remedy(std::move(found.mended));
    }
    return list.take();
}

} // namespace kintsugi::recovery
