// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/macroaudit.h"

#include <algorithm>

namespace kintsugi::recovery {

namespace {

using Weight = AuditRoot::Weight;

std::size_t firstOf(const Plan& plan, StepKind kind)
{
    const auto found = std::find_if(plan.steps.begin(), plan.steps.end(), [kind](const PlanStep& step) { return step.kind == kind; });
    return static_cast<std::size_t>(found - plan.steps.begin());
}

/// The plan's own lines, with what holds at each of them.
void stepRoots(const Plan& plan, std::vector<AuditRoot>& roots)
{
    const std::size_t lift = firstOf(plan, StepKind::Lift), modes = firstOf(plan, StepKind::RestoreModes);
    const std::size_t z = plan.zMethod == ZMethod::Keep ? 0 : std::min(firstOf(plan, StepKind::DeclareZ), firstOf(plan, StepKind::RegisterZ));
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const PlanStep& step = plan.steps[i];
        std::vector<std::string> lines = step.gcode;
        const bool measures = step.kind == StepKind::RegisterZ && (plan.zMethod == ZMethod::TopEndstop || plan.zMethod == ZMethod::FreeSpot);
        if (measures) // proved when the method was planned: no macro, no override
            std::erase_if(lines, [](const std::string& line) { return line == "G28 Z" || line.starts_with("PROBE "); });
        roots.push_back({.label = "step " + std::to_string(step.n), .lines = std::move(lines), .beforeLift = i < lift, .modesFollow = i < modes,
                         .zIsKnown = i >= z});
    }
}

std::vector<std::string> linesOf(const std::string& text)
{
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

void pluginRoots(const Plan& plan, const KlipperConfig& config, std::vector<AuditRoot>& roots)
{
    if (plan.zMethod != ZMethod::PlrZHome)
        return; // else the person's own lines hold what of them is wanted
    for (const char* option : {"before_resume_gcode", "after_resume_gcode"}) {
        const std::string text = config.text("power_loss_recovery", option).value_or(std::string());
        roots.push_back({.label = option, .lines = linesOf(text), .modesFollow = true, .zIsKnown = true, .ofPlugin = true});
    }
}

/// Texts that Klipper runs by itself.
void ownRoots(const KlipperConfig& config, std::vector<AuditRoot>& roots)
{
    const auto add = [&](const std::string& section, const char* option, Weight weight) {
        if (config.text(section, option))
            roots.push_back({.label = option == std::string_view("gcode") ? section : section + ' ' + option, .lines = {}, .section = section,
                             .option = option, .weight = weight, .zIsKnown = true});
    };
    for (const char* kind : {"filament_switch_sensor", "filament_motion_sensor"}) {
        for (const std::string& name : config.named(kind)) {
            add(std::string(kind) + ' ' + name, "runout_gcode", Weight::Crash);
            add(std::string(kind) + ' ' + name, "insert_gcode", Weight::Crash);
        }
    }
    add("idle_timeout", "gcode", Weight::Crash);
    add("virtual_sdcard", "on_error_gcode", Weight::Crash);
    for (const std::string& name : config.named("delayed_gcode"))
        add("delayed_gcode " + name, "gcode", Weight::Tell);
}

} // namespace

std::vector<AuditRoot> resumeRoots(const Plan& plan, const KlipperConfig& config, const std::vector<TailFinding>& tail, bool zeroCopy)
{
    std::vector<AuditRoot> roots;
    const std::vector<std::string> select = zeroCopy ? std::vector<std::string>{"M23 x.gcode", "SDCARD_PRINT_FILE FILENAME=x.gcode", "M25", "M26 S0", "M24"}
                                                     : std::vector<std::string>{"SDCARD_PRINT_FILE FILENAME=x.gcode", "M23 x.gcode", "M24"};
    roots.push_back({.label = "start of the print", .lines = select, .beforeLift = !zeroCopy, .modesFollow = !zeroCopy, .zIsKnown = true});
    stepRoots(plan, roots);
    for (const TailFinding& found : tail)
        roots.push_back({.label = "line " + std::to_string(found.line) + " of the file", .lines = {found.text}, .zIsKnown = true});
    pluginRoots(plan, config, roots);
    for (const char* name : {"PAUSE", "RESUME"})
        roots.push_back({.label = name, .lines = {name}, .weight = Weight::Crash, .zIsKnown = true});
    roots.push_back({.label = "CANCEL_PRINT", .lines = {"CANCEL_PRINT"}, .weight = Weight::Tell, .zIsKnown = true});
    ownRoots(config, roots);
    return roots;
}

} // namespace kintsugi::recovery
