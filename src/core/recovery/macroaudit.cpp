// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/macroaudit.h"

#include <algorithm>
#include <array>
#include <set>

#include "gcode/command.h"
#include "recovery/macroauditcommands.h"
#include "recovery/macroauditmend.h"
#include "recovery/macroaudittemplate.h"
#include "recovery/plangcode.h"

namespace kintsugi::recovery {

namespace {

using audit::Builtin;
using audit::Call;
using audit::TemplateLine;
using audit::unknownValue;
using Weight = AuditRoot::Weight;

constexpr std::size_t mostFindings = 200, mostCalls = 5000, deepestCall = 40, mostText = 200;

std::string shown(std::string_view line)
{
    std::string out;
    for (const char c : line.substr(0, mostText))
        out += c == unknownValue ? std::string("{…}") : std::string(1, static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c);
    return out;
}

/// What holds at one place of a text.
struct Where {
    const AuditRoot* root = nullptr;
    std::string section;                ///< empty: a line of the root itself
    std::vector<std::string> path;
    bool restored = false;              ///< RESTORE_GCODE_STATE follows
    bool inOverride = false;            ///< homing_override is not entered twice
};

class Auditor
{
public:
    Auditor(const KlipperConfig& config, std::optional<bool> absoluteE) : m_config(config), m_absoluteE(absoluteE)
    {
        for (const std::string& macro : config.named("gcode_macro")) {
            if (const auto renamed = config.text("gcode_macro " + macro, "rename_existing"))
                m_renamed[write::upper(*renamed)] = write::upper(macro);
        }
        for (const std::string& fan : config.named("fan_generic"))
            m_fans.insert(write::upper(fan));
        const auto kinematics = config.text("printer", "kinematics").value_or(std::string());
        if (kinematics.find("delta") != std::string::npos || kinematics == "polar" || kinematics == "winch")
            m_homesTogether = kinematics;
    }

    void root(const AuditRoot& root)
    {
        const Where where{.root = &root, .section = {}, .path = {root.label}};
        for (const std::string& line : root.lines)
            look({.number = 1, .text = line}, where);
        if (!root.section.empty())
            enter(root.section, root.option, {}, where, false);
    }
    MacroAudit take()
    {
        std::stable_sort(m_audit.findings.begin(), m_audit.findings.end(), [](const MacroFinding& a, const MacroFinding& b) { return a.blocks > b.blocks; });
        audit::mend(m_config, m_audit.findings);
        return std::move(m_audit);
    }

private:
    // --- calls

    void look(const TemplateLine& line, const Where& where)
    {
        const std::string name = audit::commandName(line.text);
        if (name.empty())
            return;
        if (++m_calls > mostCalls) {
            m_audit.complete = false;
            return;
        }
        if (name.find(unknownValue) != std::string::npos)
            return add(MacroHazard::Unreadable, line, where,
                       {KINTSUGI_TEXT("Which command this line runs is only known when the printer runs it."), {}});
        const std::string section = m_config.macro(name);
        if (!section.empty() && !calledFrom(where, section))
            return enter(section, "gcode", callOf(line), where, false);
        command(name, line, where);
    }
    [[nodiscard]] static bool calledFrom(const Where& where, const std::string& section)
    {
        return std::find(where.path.begin(), where.path.end(), section) != where.path.end();
    }
    [[nodiscard]] static Call callOf(const TemplateLine& line)
    {
        Call call = audit::callOf(line.text);
        call.known = call.known && !line.optionalParts;
        return call;
    }
    void command(const std::string& name, const TemplateLine& line, const Where& where)
    {
        // "G28.1" of a macro G28: the command that the macro replaced.
        const auto original = m_renamed.find(name);
        builtin(original == m_renamed.end() ? name : original->second, line, where);
    }
    void enter(const std::string& section, const std::string& option, const Call& call, const Where& from, bool asOverride)
    {
        if (from.path.size() > deepestCall) {
            m_audit.complete = false;
            return;
        }
        if (std::find(m_audit.reached.begin(), m_audit.reached.end(), section) == m_audit.reached.end())
            m_audit.reached.push_back(section);
        const auto rendered = audit::render(m_config.text(section, option).value_or(std::string()), call);
        Where where = from;
        where.section = section;
        where.path.push_back(section);
        where.inOverride = from.inOverride || asOverride;
        if (rendered.unreadable)
            add(MacroHazard::Unreadable, {.number = *rendered.unreadable, .text = section}, where,
                {KINTSUGI_TEXT("This text has a tag that is not understood here."), {}});
        const auto [saved, restored] = keptModes(rendered.lines);
        for (std::size_t i = 0; i < rendered.lines.size(); ++i) {
            Where here = where;
            here.restored = from.restored || (i > saved && i < restored);
            look(rendered.lines[i], here);
        }
    }
    /// The first SAVE_GCODE_STATE and the last RESTORE_GCODE_STATE behind it: lines in between leave no mode behind.
    [[nodiscard]] static std::pair<std::size_t, std::size_t> keptModes(const std::vector<TemplateLine>& lines)
    {
        std::size_t first = lines.size(), last = 0;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::string name = audit::commandName(lines[i].text);
            if (name == "SAVE_GCODE_STATE")
                first = std::min(first, i);
            if (name == "RESTORE_GCODE_STATE")
                last = i;
        }
        return {first, last};
    }

    // --- what a command does

    void builtin(const std::string& name, const TemplateLine& line, const Where& where)
    {
        switch (audit::builtinOf(name)) {
        case Builtin::Homing: return home(line, where);
        case Builtin::Probes:
            return add(MacroHazard::Probes, line, where, {KINTSUGI_TEXT("Probes or calibrates: the nozzle is driven into the part."), {}});
        case Builtin::Levels:
            return add(MacroHazard::Levels, line, where, {KINTSUGI_TEXT("Levels the gantry or bed by probing: the nozzle is driven into the part, and Z changes."), {}});
        case Builtin::Declares:
            return add(MacroHazard::DeclaresPosition, line, where, {KINTSUGI_TEXT("Says where the head is, or moves a motor past Klipper: what was registered is no longer true."), {}});
        case Builtin::MotorsOff: return motorsOff(line, where);
        case Builtin::Restarts:
            return add(MacroHazard::Restarts, line, where, {KINTSUGI_TEXT("Stops or restarts the host: motors and heaters go off in the middle of the resume."), {}});
        case Builtin::Heats: return heats(name, line, where);
        case Builtin::Moves:
            if (where.root->beforeLift)
                add(MacroHazard::MovesBeforeLift, line, where, {KINTSUGI_TEXT("Moves before the nozzle was lifted: it may stick to the part."), {}});
            return;
        case Builtin::ExtruderMode: return extruderMode(name, line, where);
        case Builtin::Fan: return fan(line, where);
        case Builtin::Delayed: return delayed(line, where);
        case Builtin::Unknown:
            return add(MacroHazard::Unknown, line, where, {KINTSUGI_TEXT("%1 is neither a macro nor a command of Klipper's own: what it does is not known here."), {name}});
        case Builtin::Harmless: return;
        }
    }

    void home(const TemplateLine& line, const Where& where)
    {
        const Call call = callOf(line);
        const auto has = [&call](const char* axis) { return call.parameters.contains(axis); };
        const bool none = !has("X") && !has("Y") && !has("Z");
        if (!where.inOverride && overrides(call, none)) {
            declares(where);
            return enter("homing_override", "gcode", call, where, true);
        }
        if (!call.known)
            return add(MacroHazard::HomesAll, line, where, {KINTSUGI_TEXT("Which axes this homes is only known when the printer runs it: perhaps Z, into the part."), {}});
        if (none)
            return add(MacroHazard::HomesAll, line, where, {KINTSUGI_TEXT("Homes all axes, Z too: the nozzle is driven into the part."), {}});
        if (!m_homesTogether.empty())
            return add(MacroHazard::HomesAll, {.number = 1, .text = "kinematics: " + m_homesTogether}, inside(where, "printer"),
                       {KINTSUGI_TEXT("With these kinematics all axes home together, Z too."), {}});
        if (has("Z"))
            return add(MacroHazard::HomesZ, line, where, {KINTSUGI_TEXT("Homes Z: the nozzle is driven into the part."), {}});
        const double hop = m_config.number("safe_z_home", "z_hop").value_or(0);
        if (hop != 0 && !where.root->zIsKnown)
            hiddenLift(hop, where);
    }
    [[nodiscard]] bool overrides(const Call& call, bool none) const
    {
        if (!m_config.has("homing_override"))
            return false;
        const std::string axes = write::upper(m_config.text("homing_override", "axes").value_or("xyz"));
        const auto homed = [&](char axis) { return axes.find(axis) != std::string::npos && call.parameters.contains(std::string(1, axis)); };
        return none || !call.known || homed('X') || homed('Y') || homed('Z');
    }
    void declares(const Where& where)
    {
        for (const char* option : {"set_position_x", "set_position_y", "set_position_z"}) {
            if (const auto value = m_config.text("homing_override", option))
                add(MacroHazard::DeclaresPosition, {.number = 1, .text = std::string(option) + ": " + *value}, inside(where, "homing_override"),
                    {KINTSUGI_TEXT("Before it homes, it declares a position nobody measured (%1)."), {std::string(option) + " = " + *value}});
        }
    }
    void hiddenLift(double hop, const Where& where)
    {
        add(MacroHazard::HiddenLift, {.number = 1, .text = "z_hop: " + decimal(hop)}, inside(where, "safe_z_home"),
            {KINTSUGI_TEXT("While Z is not homed, G28 X Y first declares Z = 0 and climbs %1 mm: a part close to the top is pressed against the frame, and Z is lost."), {decimal(hop)}});
    }
    [[nodiscard]] static Where inside(Where where, const char* section)
    {
        where.section = section;
        where.path.emplace_back(section);
        return where;
    }

    void motorsOff(const TemplateLine& line, const Where& where)
    {
        const bool on = line.text.find("ENABLE=1") != std::string::npos;
        if (!on && where.section != "idle_timeout")
            add(MacroHazard::MotorsOff, line, where, {KINTSUGI_TEXT("Lets go of the motors: Z is lost."), {}});
    }
    void heats(const std::string& name, const TemplateLine& line, const Where& where)
    {
        if (!where.root->beforeLift)
            return;
        const Call call = callOf(line);
        const auto value = [&call](const char* key) {
            const auto found = call.parameters.find(key);
            return found == call.parameters.end() ? std::string() : found->second;
        };
        const bool nozzle = name[0] == 'M' || write::upper(value("HEATER")).starts_with("EXTRUDER") || write::upper(value("SENSOR")).starts_with("EXTRUDER")
                            || value("HEATER").find(unknownValue) != std::string::npos;
        const std::string target = value(name[0] == 'M' ? "S" : "TARGET");
        const bool off = name != "TEMPERATURE_WAIT" && (target.empty() || target == "0");
        if (nozzle && !(off && call.known))
            add(MacroHazard::HeatsBeforeLift, line, where, {KINTSUGI_TEXT("Heats the nozzle while it may still stand in the part: it melts a hole. The plan lifts first and heats by itself."), {}});
    }
    void extruderMode(const std::string& name, const TemplateLine& line, const Where& where)
    {
        const bool absolute = name == "M82";
        if (where.restored || m_absoluteE == absolute)
            return;
        add(MacroHazard::ExtruderMode, line, where,
            {absolute ? KINTSUGI_TEXT("Leaves the extruder counting absolutely, but the file counts relatively: next to nothing would be extruded.")
                      : KINTSUGI_TEXT("Leaves the extruder counting relatively, but the file counts absolutely: the part would be flooded."), {}});
    }
    void fan(const TemplateLine& line, const Where& where)
    {
        const Call call = callOf(line);
        const auto found = call.parameters.find("FAN");
        if (found == call.parameters.end() || found->second.find(unknownValue) != std::string::npos || m_fans.contains(write::upper(found->second)))
            return;
        add(MacroHazard::UnknownFan, line, where,
            {KINTSUGI_TEXT("There is no [fan_generic %1]: the line is an error, and an error ends the print. The part fan is set by M106."), {shown(found->second)}});
    }
    void delayed(const TemplateLine& line, const Where& where)
    {
        const Call call = callOf(line);
        const auto id = call.parameters.find("ID"), duration = call.parameters.find("DURATION");
        const bool stops = duration != call.parameters.end() && duration->second == "0";
        if (id == call.parameters.end() || stops)
            return;
        const std::string name = lowered(id->second);
        const std::string section = "delayed_gcode " + name;
        if (name.find(unknownValue) != std::string::npos)
            return add(MacroHazard::Unreadable, line, where, {KINTSUGI_TEXT("Which delayed text this starts is only known when the printer runs it."), {}});
        if (m_config.has(section) && !calledFrom(where, section))
            enter(section, "gcode", {}, where, false);
    }
    [[nodiscard]] static std::string lowered(std::string text)
    {
        std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        return text;
    }

    // --- findings

    [[nodiscard]] static bool endsInTheEngine(MacroHazard hazard)
    {
        return hazard <= MacroHazard::Restarts;
    }
    void add(MacroHazard hazard, const TemplateLine& line, const Where& where, Message why)
    {
        const bool ownLine = where.section.empty() && hazard != MacroHazard::UnknownFan; // plan and tail have checks of their own
        const bool heavy = where.root->weight == Weight::All || (endsInTheEngine(hazard) && hazard != MacroHazard::MotorsOff);
        if (ownLine || !heavy || !m_seen.insert({hazard, where.section, line.number, line.text}).second)
            return;
        if (m_audit.findings.size() >= mostFindings) {
            m_audit.complete = false;
            return;
        }
        m_audit.findings.push_back({hazard, blocks(hazard, where), where.section, line.number, shown(line.text), where.path, std::move(why), {}});
    }
    [[nodiscard]] bool blocks(MacroHazard hazard, const Where& where) const
    {
        if (where.root->weight == Weight::Tell)
            return false;
        const bool homing = calledFrom(where, "homing_override") || calledFrom(where, m_config.macro("G28"));
        switch (hazard) {
        case MacroHazard::DeclaresPosition: return !where.root->ofPlugin;
        case MacroHazard::ExtruderMode: return !where.root->modesFollow;
        case MacroHazard::Unknown:
        case MacroHazard::Unreadable: return homing;
        case MacroHazard::HomesAll:
        case MacroHazard::HomesZ:
        case MacroHazard::HiddenLift:
        case MacroHazard::Probes:
        case MacroHazard::Levels:
        case MacroHazard::MotorsOff:
        case MacroHazard::Restarts:
        case MacroHazard::HeatsBeforeLift:
        case MacroHazard::MovesBeforeLift:
        case MacroHazard::UnknownFan: return true;
        }
        return true;
    }

    struct Key {
        MacroHazard hazard;
        std::string section;
        std::size_t line;
        std::string text;
        friend auto operator<=>(const Key&, const Key&) = default;
    };

    const KlipperConfig& m_config;
    std::optional<bool> m_absoluteE;
    std::map<std::string, std::string> m_renamed; ///< "G28.1" -> "G28"
    std::set<std::string> m_fans;
    std::set<Key> m_seen;
    std::string m_homesTogether;                  ///< kinematics without an axis of its own for Z
    std::size_t m_calls = 0;
    MacroAudit m_audit;
};

} // namespace

MacroAudit auditMacros(const KlipperConfig& config, const std::vector<AuditRoot>& roots, std::optional<bool> absoluteE)
{
    Auditor auditor(config, absoluteE);
    for (const AuditRoot& root : roots)
        auditor.root(root);
    return auditor.take();
}

std::vector<MacroFinding> auditHomingXy(const KlipperConfig& config, bool zIsKnown)
{
    const AuditRoot root{.label = "G28 X Y", .lines = {"G28 X Y"}, .zIsKnown = zIsKnown};
    auto found = auditMacros(config, {root}, {}).findings;
    // Modes and fans are no matter of homing.
    std::erase_if(found, [](const MacroFinding& finding) { return !finding.blocks || finding.hazard == MacroHazard::ExtruderMode || finding.hazard == MacroHazard::UnknownFan; });
    return found;
}

std::vector<std::string> homedAtStart(const KlipperConfig& config)
{
    std::vector<std::string> found;
    for (const std::string& name : config.named("delayed_gcode")) {
        const std::string section = "delayed_gcode " + name;
        if (config.number(section, "initial_duration").value_or(0) <= 0)
            continue;
        const AuditRoot root{.label = "start of the printer", .lines = {}, .section = section, .option = "gcode"};
        const auto findings = auditMacros(config, {root}, {}).findings;
        if (std::any_of(findings.begin(), findings.end(), [](const MacroFinding& finding) {
                return finding.hazard == MacroHazard::DeclaresPosition || finding.hazard == MacroHazard::HomesAll || finding.hazard == MacroHazard::HomesZ;
            }))
            found.push_back(section);
    }
    return found;
}

std::string_view name(MacroHazard hazard)
{
    constexpr std::array<std::string_view, 14> names{"homes-all", "homes-z", "hidden-lift", "probes", "levels", "declares-position", "motors-off",
                                                     "restarts", "heats-before-lift", "moves-before-lift", "extruder-mode", "unknown-fan",
                                                     "unknown", "unreadable"};
    return names[static_cast<std::size_t>(hazard)];
}

} // namespace kintsugi::recovery
