// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/macroauditmend.h"

#include <algorithm>
#include <map>
#include <utility>

#include "recovery/macroauditcommands.h"
#include "recovery/plangcode.h"

namespace kintsugi::recovery::audit {

namespace {

using Lines = std::vector<std::string>;

Lines linesOf(const std::string& text)
{
    Lines lines;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

std::string indentOf(const std::string& line)
{
    return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

/// A section as it is pasted: the code indented, other options before it.
std::string sectionText(const std::string& name, const KlipperConfig::Section& section, const std::string& option, const Lines& code)
{
    std::string out = '[' + name + "]\n";
    for (const auto& [key, value] : section) {
        const bool usual = key == "description" && value == "G-Code macro";
        if (key != option && !usual)
            out += key + ": " + value + '\n';
    }
    out += option + ":\n";
    for (const std::string& line : code) {
        if (line.find_first_not_of(" \t\r") != std::string::npos)
            out += (line.front() == ' ' || line.front() == '\t' ? line : "    " + line) + '\n';
    }
    return out;
}

/// A line that must not run: dropped to a comment, which Klipper cuts off when it reads the file.
std::string without(const std::string& line)
{
    return indentOf(line) + "# " + line.substr(indentOf(line).size());
}

std::string mendedLine(const std::string& line, const MacroFinding& finding, const KlipperConfig& config)
{
    if (finding.hazard == MacroHazard::HomesAll && finding.text.find_first_of("{") == std::string::npos)
        return indentOf(line) + "G28 X Y";
    if (finding.hazard == MacroHazard::UnknownFan) {
        const std::size_t at = line.find("fan_generic ");
        std::string named = line;
        if (at != std::string::npos)
            named.erase(at, std::string_view("fan_generic ").size());
        for (const std::string& fan : config.named("fan_generic")) {
            if (at != std::string::npos && write::upper(named).find("FAN=" + write::upper(fan)) != std::string::npos)
                return named;
            if (at != std::string::npos && write::upper(named).find("FAN=\"" + write::upper(fan)) != std::string::npos)
                return named;
        }
    }
    return without(line);
}

/// The same macro, its dangerous lines replaced.
std::string byLines(const std::string& name, const KlipperConfig::Section& section, const std::vector<const MacroFinding*>& found, const KlipperConfig& config)
{
    const auto gcode = section.find("gcode");
    if (gcode == section.end())
        return {};
    Lines code = linesOf(gcode->second);
    bool changed = false;
    for (const MacroFinding* finding : found) {
        if (finding->hazard == MacroHazard::Unknown || finding->hazard == MacroHazard::Unreadable)
            continue;
        const std::size_t at = finding->line - 1;
        if (at >= code.size() || code[at].find("# ") == indentOf(code[at]).size())
            continue;
        // A line that shares its place with tags is not taken apart.
        if (code[at].find("{%") != std::string::npos)
            return {};
        const std::string before = std::exchange(code[at], mendedLine(code[at], *finding, config));
        changed = changed || before != code[at];
    }
    return changed ? sectionText(name, section, "gcode", code) : std::string();
}

/// G28 with X or Y alone goes to the command that the macro replaced; everything else stays.
std::string wrapped(const std::string& name, const KlipperConfig::Section& section)
{
    const auto gcode = section.find("gcode");
    const auto renamed = section.find("rename_existing");
    if (gcode == section.end() || renamed == section.end())
        return {};
    Lines code{"    {% if ('X' in params or 'Y' in params) and 'Z' not in params %}", "        " + renamed->second + " {rawparams}", "    {% else %}"};
    for (const std::string& line : linesOf(gcode->second))
        code.push_back(line.empty() ? line : "    " + line);
    code.emplace_back("    {% endif %}");
    return sectionText(name, section, "gcode", code);
}

std::string overriding(const KlipperConfig::Section& section)
{
    const auto gcode = section.find("gcode");
    if (gcode == section.end())
        return {};
    KlipperConfig::Section mended = section;
    mended["axes"] = "z"; // then G28 X Y is Klipper's own, and G28 alone runs this text as before
    return sectionText("homing_override", mended, "gcode", linesOf(gcode->second));
}

} // namespace

void mend(const KlipperConfig& config, std::vector<MacroFinding>& findings)
{
    std::map<std::string, std::vector<const MacroFinding*>> bySection;
    for (const MacroFinding& finding : findings)
        bySection[finding.section].push_back(&finding);
    std::map<std::string, std::string> texts;
    for (const auto& [name, found] : bySection) {
        const KlipperConfig::Section* section = config.section(name);
        if (!section)
            continue;
        if (name == "homing_override")
            texts[name] = overriding(*section);
        else if (name == config.macro("G28"))
            texts[name] = wrapped(name, *section);
        else if (name == "safe_z_home") {
            KlipperConfig::Section mended = *section;
            mended.erase("z_hop");
            texts[name] = '[' + name + "]\n";
            for (const auto& [key, value] : mended)
                texts[name] += key + ": " + value + '\n';
        } else {
            texts[name] = byLines(name, *section, found, config);
        }
    }
    for (MacroFinding& finding : findings) {
        const bool helps = finding.hazard != MacroHazard::Unknown && finding.hazard != MacroHazard::Unreadable;
        if (helps || finding.section == "homing_override" || finding.section == config.macro("G28"))
            finding.mended = texts[finding.section];
    }
}

} // namespace kintsugi::recovery::audit
