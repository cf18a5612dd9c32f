// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"

#include <algorithm>
#include <array>

#include "gcode/text.h"

namespace kintsugi::recovery::checks {

namespace {

void mustHave(const View& v, List& list)
{
    bool sound = true;
    const auto block = [&](const std::string& key, Message text) {
        sound = false;
        list.add(Id::MustHaveField, Severity::Block, false, key, {}, std::move(text));
    };
    for (const std::string& key : v.snapshot.missing())
        block(key, v.snapshot.isOff(key) ? Message{KINTSUGI_TEXT("The heater of the nozzle is off at this point (%1). Choose another point or enter a target with a reason."), {key}}
                                         : Message{KINTSUGI_TEXT("%1 is unknown. Choose another point or enter it with a reason."), {key}});
    for (const std::string& key : v.snapshot.unconfirmed())
        block(key, {KINTSUGI_TEXT("%1 is only inferred (%2). Confirm it."), {key, v.snapshot.fields.at(key).note}});
    if (sound)
        list.add(Id::MustHaveField, Severity::Block, true, {}, {}, {KINTSUGI_TEXT("Everything that must be known is known."), {}});
}

void extruderMode(const View& v, List& list)
{
    const auto field = v.snapshot.fields.find("absolute_e");
    const bool doubt = field != v.snapshot.fields.end() && field->second.conflicts() && field->second.origin != Origin::Edited;
    if (doubt)
        list.add(Id::MustHaveField, Severity::Block, false, field->second.observed, field->second.replayed,
            {KINTSUGI_TEXT("The printer and the file disagree whether the extruder counts absolutely. Decide it: the wrong mode floods the part."), {}});
}

void conflicts(const View& v, List& list)
{
    std::string names;
    bool compared = false;
    for (const auto& [key, info] : v.snapshot.fields) {
        compared = compared || !info.observed.empty();
        if (info.conflicts() && info.origin != Origin::Edited)
            names += (names.empty() ? "" : ", ") + key;
    }
    if (v.facts.conflicts && !v.facts.conflicts->empty()) {
        for (const Message& meaning : *v.facts.conflicts)
            list.add(Id::Conflicts, Severity::Warn, false, names, {}, meaning);
        return;
    }
    if (!compared)
        return list.notChecked(Id::Conflicts);
    list.add(Id::Conflicts, Severity::Warn, names.empty(), names, {},
        names.empty() ? Message{KINTSUGI_TEXT("The printer and the file agree."), {}}
                      : Message{KINTSUGI_TEXT("The printer and the file disagree on: %1. Look at them in the inspector."), {names}});
}

void unknownMotion(const View& v, List& list)
{
    const bool unknown = v.snapshot.state.unknownMotion;
    std::string names;
    for (const std::string& name : v.snapshot.state.unknownCommands)
        names += (names.empty() ? "" : ", ") + name;
    list.add(Id::UnknownMotion, Severity::Warn, !unknown, unknown ? names : std::string(), {},
        unknown ? Message{KINTSUGI_TEXT("A macro ran since X, Y and Z were last all given (%1). If it moves without going back, the position is wrong."), {names}}
                : Message{KINTSUGI_TEXT("Nothing unknown moved since the position was last given."), {}});
}

/// Behind a macro a wrong Z crushes the part and a wrong absolute E floods it; X and Y begin a line in a wrong place.
void afterMacro(const View& v, List& list)
{
    const gcode::MachineState& state = v.snapshot.state;
    const auto doubtful = [&](std::size_t axis, const char* key) { return ((state.doubtfulAxes >> axis) & 1U) != 0 && !v.edited(key); };
    std::string crushing, shifting;
    if (doubtful(2, "position.z"))
        crushing = "Z";
    if (state.doubtfulAxes != 0 && state.eIsAbsolute(v.plan.dialect) && !v.edited("e"))
        crushing += crushing.empty() ? "E" : " E";
    if (doubtful(0, "position.x"))
        shifting = "X";
    if (doubtful(1, "position.y"))
        shifting += shifting.empty() ? "Y" : " Y";
    if (!crushing.empty())
        return list.add(Id::AfterMacro, Severity::Block, false, crushing, {},
                   {KINTSUGI_TEXT("A macro ran just before this point and nothing has set %1 since: nobody knows its value. Go on from a later line, or enter it."), {crushing}});
    list.add(Id::AfterMacro, Severity::Warn, shifting.empty(), shifting, {},
        shifting.empty() ? Message{KINTSUGI_TEXT("Z and E were set after the last macro."), {}}
                         : Message{KINTSUGI_TEXT("A macro ran just before this point and nothing has set %1 since: the first line may begin in a wrong place."), {shifting}});
}

/// Heat that a macro may have changed must be confirmed, fans must not: a wrong one spoils lines, not the part.
void fansAfterMacro(const View& v, List& list)
{
    const gcode::MachineState& state = v.snapshot.state;
    const auto known = std::find_if(state.fans.begin(), state.fans.end(), [&v](const auto& fan) { return v.edited("fans." + fan.first); });
    if (state.maybeChanged.count("fans") == 0 || known != state.fans.end())
        return;
    std::string speeds;
    for (const auto& [fan, speed] : state.fans)
        speeds += (speeds.empty() ? "" : ", ") + fan + ": " + decimal(speed);
    list.add(Id::AfterMacro, Severity::Warn, false, state.latestMacro, speeds.empty() ? "?" : speeds,
        speeds.empty() ? Message{KINTSUGI_TEXT("%1 ran since the print began and nothing has set a fan: if it turned one on, enter it."), {state.latestMacro}}
                       : Message{KINTSUGI_TEXT("%1 ran since the fans were set (%2), and nobody saw them later. Look whether they are right."), {state.latestMacro, speeds}});
}

void toolAfterMacro(const View& v, List& list)
{
    constexpr std::array<std::string_view, 6> words{"TOOL", "MMU", "ERCF", "CHANGE_FILAMENT", "SELECT_T", "PARKEXTRUDER"};
    std::string found;
    for (std::string name : v.snapshot.state.unknownCommands) {
        name = gcode::upper(name);
        if (std::any_of(words.begin(), words.end(), [&name](std::string_view word) { return name.find(word) != std::string::npos; }))
            found = name;
    }
    const auto field = v.snapshot.fields.find("tool");
    const bool seen = field != v.snapshot.fields.end() && !field->second.observed.empty() && !field->second.conflicts();
    if (found.empty() || seen || v.edited("tool"))
        return;
    list.add(Id::ToolAfterMacro, Severity::Warn, false, found, {},
        {KINTSUGI_TEXT("The macro %1 may have changed the tool, and nobody saw which one was in use. Look which one it is."), {found}});
}

/// A part that stands higher than the nozzle believes is hit: by less than a layer the line is squeezed, by more the
/// nozzle is driven through plastic. So up to one layer it is the person's choice, beyond it is not.
void mesh(const View& v, List& list)
{
    if (!v.facts.mesh)
        return v.snapshot.state.mesh ? list.notChecked(Id::Mesh) : void();
    const MeshAdvice& advice = *v.facts.mesh;
    const bool sound = advice.kind == MeshAdvice::Kind::Nothing || advice.kind == MeshAdvice::Kind::LoadProfile;
    const bool bearable = advice.rangeKnown && advice.layerHeight > 0 && advice.range <= advice.layerHeight;
    list.add(Id::Mesh, sound || bearable ? Severity::Warn : Severity::Block, sound, advice.rangeKnown ? decimal(advice.range) : sound ? "" : "?",
        advice.layerHeight > 0 ? decimal(advice.layerHeight) : std::string(), advice.text);
}

} // namespace

void ofState(const View& v, List& list)
{
    mustHave(v, list);
    extruderMode(v, list);
    conflicts(v, list);
    unknownMotion(v, list);
    afterMacro(v, list);
    fansAfterMacro(v, list);
    toolAfterMacro(v, list);
    mesh(v, list);
}

} // namespace kintsugi::recovery::checks
