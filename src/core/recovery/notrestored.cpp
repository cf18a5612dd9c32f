// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/notrestored.h"

#include <algorithm>
#include <array>

#include "recovery/plangcode.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

constexpr std::string_view savedState = "SAVE_GCODE_STATE NAME=";

std::string wordOf(const std::string& head)
{
    return head.substr(0, head.find(' '));
}

bool movesOrigin(const std::string& head, const std::map<std::string, double>& values)
{
    const bool origin = head.starts_with("M206") || head.starts_with("G10 L");
    const bool shifts = std::any_of(values.begin(), values.end(), [](const auto& value) { return value.second != 0; });
    return head == "M428" || (origin && shifts) || (head.starts_with("G10 L20") && !values.empty());
}

/// A firmware that stayed alive still knows these.
bool livesOn(const std::string& head)
{
    constexpr std::array<std::string_view, 18> words{"M92", "M163", "M164", "M165", "M166", "M404", "M556", "M579", "M605", "SET_EXTRUDER_ROTATION_DISTANCE",
                                                     "SYNC_EXTRUDER_MOTION", "SET_DUAL_CARRIAGE", "SET_TMC_CURRENT", "SET_TMC_FIELD", "SET_PRESSURE_ADVANCE",
                                                     "T?", "Tx", "Tc"};
    return std::find(words.begin(), words.end(), wordOf(head)) != words.end();
}

/// Names that the rest of the file restores before it saves them anew.
Result<std::set<std::string>> restoredLater(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset from)
{
    std::set<std::string> wanted, saved;
    const auto done = walk(source, index, from, index.size, [&](const Walked& walked) {
        if (walked.command.kind != gcode::Command::Kind::Extended)
            return true;
        const std::string word = write::upper(walked.command.name);
        if (word != "SAVE_GCODE_STATE" && word != "RESTORE_GCODE_STATE")
            return true;
        std::string name = "default";
        for (const auto& [key, value] : gcode::parseParameters(walked.command.rest))
            name = write::upper(key) == "NAME" ? value : name;
        if (word == "SAVE_GCODE_STATE")
            saved.insert(name);
        else if (!saved.count(name))
            wanted.insert(name);
        return true;
    });
    return done ? Result<std::set<std::string>>(std::move(wanted)) : Result<std::set<std::string>>(fail(done.error()));
}

} // namespace

bool klipperPassesOver(std::string_view command)
{
    constexpr std::array<std::string_view, 11> words{"M201", "M203", "M205", "M207", "M208", "M376", "M420", "M486", "M566", "M572", "M900"};
    return std::find(words.begin(), words.end(), command.substr(0, command.find(' '))) != words.end();
}

Result<std::vector<NotRestored>> notRestored(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan, bool declares)
{
    const gcode::MachineState& state = plan.snapshot.state;
    std::vector<NotRestored> losses;
    bool saves = false;
    for (const auto& [head, values] : state.toolSetup) {
        saves |= head.starts_with(savedState);
        if (declares && movesOrigin(head, values))
            losses.push_back({wordOf(head), {KINTSUGI_TEXT("%1 moved the zero of the coordinates, and a printer that was restarted has forgotten by how much. Keep Z if the printer was never off, or choose another way."), {wordOf(head)}}, true});
        else if (head.ends_with('?') && !head.starts_with("SAVE_GCODE_STATE") && (declares || !livesOn(head)))
            losses.push_back({wordOf(head), {KINTSUGI_TEXT("%1 was given a value that cannot be said again safely. Set it by hand before you start."), {wordOf(head)}}, false});
    }
    if (declares && saves) {
        const auto wanted = restoredLater(source, index, plan.snapshot.byte);
        if (!wanted)
            return fail(wanted.error());
        for (const std::string& name : *wanted)
            losses.push_back({"RESTORE_GCODE_STATE", {KINTSUGI_TEXT("The rest of the file goes back to the G-code state \"%1\", which was saved before the stop and is lost. Go on from a point behind it."), {name}}, true});
    }
    const bool klipper = plan.dialect == gcode::Dialect::Klipper;
    const bool foreign = std::any_of(state.pressureAdvance.begin(), state.pressureAdvance.end(), [](const auto& item) { return write::isNumber(item.first); });
    if (klipper && foreign) {
        const std::string word = state.advanceCode == 572 ? "M572" : "M900";
        losses.push_back({word, {KINTSUGI_TEXT("The file says %1, which Klipper ignores unless a macro of that name exists. It is said again as it stands; pressure advance stays as configured."), {word}}, false});
    }
    if (state.workspace != 54) {
        const std::string word = "G" + decimal(state.workspace, 1);
        losses.push_back({word, {KINTSUGI_TEXT("The file counts in workspace %1, whose zero only the printer knows: the travel limits were not checked against it."), {word}}, false});
    }
    return losses;
}

} // namespace kintsugi::recovery
