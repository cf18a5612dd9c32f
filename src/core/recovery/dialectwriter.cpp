// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/dialectwriter.h"

#include <algorithm>
#include <array>
#include <numbers>

#include "recovery/dialectwriters.h"

namespace kintsugi::recovery::write {

using gcode::Nanometres;

DialectWriter::DialectWriter(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch)
    : m_state(state), m_printer(printer), m_declares(declares), m_inch(std::move(inch))
{
}

Lines DialectWriter::knownModes() const
{
    return {"G21", "G90", "M83", "M220 S100", "M221 S100"};
}

std::string DialectWriter::heat(const char* code, int tool, double target) const
{
    return std::string(code) + (tool == 0 && m_state.tool == 0 ? "" : " T" + std::to_string(tool)) + " S" + decimal(target, 6);
}

Lines DialectWriter::heatTo(int tool, double target) const
{
    return {heat("M104", tool, target)};
}

Lines DialectWriter::heatAndWait(int tool, double target) const
{
    return {heat("M109", tool, target)};
}

Lines DialectWriter::heatBed() const
{
    Lines lines;
    if (m_state.chamber)
        lines.push_back("M141 S" + decimal(*m_state.chamber, 6));
    if (m_state.bed)
        lines.push_back("M140 S" + decimal(*m_state.bed, 6));
    if (m_state.bed && *m_state.bed > 0)
        lines.push_back("M190 S" + decimal(*m_state.bed, 6));
    return lines;
}

Lines DialectWriter::heatNozzle() const
{
    Lines lines;
    for (const auto& [tool, target] : m_state.hotend) {
        if (tool != m_state.tool)
            lines.push_back(heat("M104", tool, target));
    }
    lines.push_back(heat("M109", m_state.tool, m_state.hotend.at(m_state.tool)));
    return lines;
}

bool DialectWriter::severalTools() const
{
    return std::any_of(m_state.hotend.begin(), m_state.hotend.end(), [](const auto& tool) { return tool.first != 0; });
}

/// A host that stayed alive may still hold another tool than the first.
Lines DialectWriter::selectTool() const
{
    return m_state.tool != 0 || severalTools() ? Lines{"T" + std::to_string(m_state.tool)} : Lines{};
}

/// Not every firmware reads T here: the tool in use has the last word.
Lines DialectWriter::flow() const
{
    Lines lines;
    for (const auto& [tool, percent] : m_state.flowPercent) {
        if (tool != m_state.tool)
            lines.push_back("M221 T" + std::to_string(tool) + " S" + decimal(percent, 6));
    }
    if (const auto own = m_state.flowPercent.find(m_state.tool); own != m_state.flowPercent.end())
        lines.push_back("M221 S" + decimal(own->second, 6));
    return lines;
}

/// Not every firmware reads P: the part fan has the last word.
std::optional<Lines> DialectWriter::fans() const
{
    Lines lines;
    for (const auto& [name, speed] : m_state.fans) {
        if (name != "0")
            lines.push_back(fan(name, speed));
    }
    if (const auto part = m_state.fans.find("0"); part != m_state.fans.end())
        lines.push_back(fan("0", part->second));
    const bool safe = std::none_of(lines.begin(), lines.end(), [](const std::string& line) { return line.empty(); });
    return safe ? std::optional(std::move(lines)) : std::nullopt;
}

/// "M201 X500 Y500 …", as many lines as it takes. Only what was (or was not) given in inches.
Lines DialectWriter::named(const std::map<std::string, std::map<std::string, double>>& values, bool inInch) const
{
    Lines lines;
    for (const auto& [command, parameters] : values) {
        const char* const equals = command.find('_') != std::string::npos ? "=" : "";
        std::string line = command;
        for (const auto& [name, value] : parameters) {
            if (m_inch.count({command, name}) != (inInch ? 1U : 0U))
                continue;
            const std::string word = ' ' + name + equals + decimal(value, 6);
            if (line.size() + word.size() > longestLine()) {
                lines.push_back(line);
                line = command;
            }
            line += word;
        }
        if (line != command)
            lines.push_back(std::move(line));
    }
    return lines;
}

Lines DialectWriter::setup(bool inInch) const
{
    constexpr std::array<std::string_view, 5> apart{"M92", "M605", "M163 ", "M164 ", "M166"};
    Lines lines;
    for (const auto& [head, values] : m_state.toolSetup) {
        const bool own = std::any_of(apart.begin(), apart.end(), [&head = head](std::string_view begin) { return head.starts_with(begin); });
        if (own || !canBeSaidAgain(head))
            continue;
        if (values.empty() && !inInch)
            lines.push_back(head);
        const Lines more = named({{head, values}}, inInch);
        lines.insert(lines.end(), more.begin(), more.end());
    }
    return lines;
}

Lines DialectWriter::saidAgain(std::string_view begin) const
{
    Lines lines;
    for (const auto& [head, values] : m_state.toolSetup) {
        if (!head.starts_with(begin) || !canBeSaidAgain(head))
            continue;
        std::string line = head;
        for (const auto& [letter, value] : values)
            line += ' ' + letter + decimal(value, 6);
        lines.push_back(std::move(line));
    }
    return lines;
}

Lines DialectWriter::stepsPerMm() const
{
    return saidAgain("M92");
}

/// A firmware that stayed alive holds them, and changing the mode would want homing.
Lines DialectWriter::carriages() const
{
    return m_declares ? saidAgain("M605") : Lines{};
}

/// The mix of each tool from parts that are set for it, then the parts as they stand, then what fades one mix into another.
Lines DialectWriter::mixing() const
{
    constexpr std::string_view commit = "M164 ";
    Lines lines;
    for (const auto& [head, mix] : m_state.toolSetup) {
        if (!head.starts_with(commit) || !canBeSaidAgain(head))
            continue;
        for (const auto& [channel, part] : mix)
            lines.push_back("M163 S" + channel + " P" + decimal(part, 6));
        lines.push_back(head);
    }
    for (const char* const rest : {"M163 ", "M166"}) {
        const Lines more = saidAgain(rest);
        lines.insert(lines.end(), more.begin(), more.end());
    }
    return lines;
}

Lines DialectWriter::speedFactor() const
{
    Lines lines;
    if (m_state.speedBackup)
        lines = {"M220 S" + decimal(*m_state.speedBackup, 6), "M220 B"};
    lines.push_back("M220 S" + decimal(m_state.speedPercent, 6));
    return lines;
}

Lines DialectWriter::pressureAdvance() const
{
    const bool m572 = m_state.advanceCode == 572 || (m_state.advanceCode == 0 && m_dialect == gcode::Dialect::RepRapFirmware);
    const std::string own = std::to_string(m_state.tool);
    Lines lines;
    const auto write = [&](const std::string& tool, double value) {
        const std::string ofTool = m572 ? " D" + tool : tool == own ? std::string() : " T" + tool;
        lines.push_back((m572 ? "M572" : "M900") + ofTool + (m572 ? " S" : " K") + decimal(value, 6));
    };
    for (const auto& [tool, value] : m_state.pressureAdvance) {
        if (tool != own && isNumber(tool))
            write(tool, value);
    }
    if (const auto at = m_state.pressureAdvance.find(own); at != m_state.pressureAdvance.end())
        write(own, at->second);
    return lines;
}

std::optional<Lines> DialectWriter::limits() const
{
    Lines lines = named(m_state.motion, false);
    const auto append = [&lines](const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); };
    append(setup(false));
    append(mixing());
    append(pressureAdvance());
    for (const auto& [tool, diameter] : m_state.volumetric)
        lines.push_back("M200" + (tool == m_state.tool ? std::string() : " T" + std::to_string(tool)) + " D" + decimal(diameter, 6));
    return lines;
}

Nanometres DialectWriter::inFileUnits(double filamentMm) const
{
    const auto diameter = m_state.volumetric.find(m_state.tool);
    const double d = diameter == m_state.volumetric.end() ? 0 : diameter->second;
    return gcode::toNanometres(d > 0 ? filamentMm * std::numbers::pi / 4 * d * d : filamentMm);
}

Lines DialectWriter::extrude(Nanometres length, double speed) const
{
    constexpr double pieceMm = 40; // firmwares refuse longer moves of E alone
    const Nanometres piece = inFileUnits(pieceMm);
    Lines lines;
    while (length != 0) {
        const Nanometres now = std::clamp(length, -piece, piece);
        lines.push_back("G1 E" + exact(now) + " F" + decimal(speed * 60));
        length -= now;
    }
    return lines;
}

/// M82/M83 decide alone in Marlin 2 until the next G90/G91; elsewhere they are a flag of their own.
bool DialectWriter::effectiveE() const
{
    return m_dialect == gcode::Dialect::Marlin ? m_state.eIsAbsolute(m_dialect) : m_state.absoluteEFlag;
}

Lines DialectWriter::restoreModes() const
{
    Lines lines{"G90"};
    if (m_state.plane != 17)
        lines.push_back("G" + std::to_string(m_state.plane));
    if (m_state.workspace != 54)
        lines.push_back("G" + decimal(m_state.workspace, 1));
    std::string counted, stay;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (m_declares && (m_state.shiftedAxes & (1U << axis)))
            counted += std::string(" ") + static_cast<char>('X' + axis) + exact(*m_state.position[axis]);
    }
    if (!counted.empty()) { // then a move to where it stands, so that every axis was last set by a move
        lines.push_back("G92" + counted);
        lines.push_back("G1" + counted);
    }
    lines.push_back("G92 E" + exact(m_state.e));
    if (m_state.feed)
        lines.push_back("G1 F" + exact(*m_state.feed));
    if (m_state.inch) {
        lines.emplace_back("G20");
        for (const Lines& inInch : {named(m_state.motion, true), setup(true)})
            lines.insert(lines.end(), inInch.begin(), inInch.end());
    }
    if (!m_state.absoluteXyz)
        lines.emplace_back("G91");
    lines.emplace_back(effectiveE() ? "M82" : "M83");
    return lines;
}

std::unique_ptr<DialectWriter> writerFor(gcode::Dialect dialect, const gcode::MachineState& state, const PrinterFacts& printer, bool declares,
                                         InchValues inch)
{
    switch (dialect) {
    case gcode::Dialect::Klipper: return std::make_unique<KlipperWriter>(state, printer, declares, std::move(inch));
    case gcode::Dialect::Marlin: return std::make_unique<MarlinWriter>(state, printer, declares, std::move(inch));
    case gcode::Dialect::Prusa: return std::make_unique<PrusaWriter>(state, printer, declares, std::move(inch));
    case gcode::Dialect::RepRapFirmware: return std::make_unique<RepRapWriter>(state, printer, declares, std::move(inch));
    case gcode::Dialect::Marlin1: return std::make_unique<Marlin1Writer>(state, printer, declares, std::move(inch));
    }
    return std::make_unique<KlipperWriter>(state, printer, declares, std::move(inch));
}

} // namespace kintsugi::recovery::write
