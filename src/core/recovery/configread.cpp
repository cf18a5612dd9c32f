// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/configread.h"

#include <algorithm>
#include <charconv>

#include "gcode/text.h"

namespace kintsugi::recovery {

namespace {

constexpr std::size_t mostText = std::size_t{4} << 20;

using gcode::lower;
using gcode::trimmed;

/// Klipper drops everything from '#' on, and comments of whole lines.
std::string_view withoutComment(std::string_view line)
{
    line = line.substr(0, line.find('#'));
    return trimmed(line).starts_with(';') ? std::string_view() : line;
}

class Reading
{
public:
    void line(std::string_view whole)
    {
        const bool continues = !whole.empty() && (whole.front() == ' ' || whole.front() == '\t');
        const std::string_view line = withoutComment(whole);
        if (trimmed(line).empty())
            return;
        if (continues && m_value) {
            *m_value += '\n';
            *m_value += line.substr(0, line.find_last_not_of(" \t\r") + 1);
        } else if (trimmed(line).front() == '[') {
            header(trimmed(line));
        } else {
            option(line);
        }
    }
    KlipperConfig config;

private:
    void header(std::string_view line)
    {
        const std::size_t end = line.find(']');
        m_value = nullptr;
        m_section = end == std::string_view::npos ? nullptr : &config.sections[lower(trimmed(line.substr(1, end - 1)))];
    }
    void option(std::string_view line)
    {
        const std::size_t sign = line.find_first_of(":=");
        m_value = nullptr;
        if (!m_section || sign == std::string_view::npos)
            return;
        m_value = &(*m_section)[lower(trimmed(line.substr(0, sign)))];
        *m_value = trimmed(line.substr(sign + 1));
    }

    KlipperConfig::Section* m_section = nullptr;
    std::string* m_value = nullptr;
};

} // namespace

const KlipperConfig::Section* KlipperConfig::section(const std::string& name) const
{
    const auto found = sections.find(name);
    return found == sections.end() ? nullptr : &found->second;
}

std::optional<std::string> KlipperConfig::text(const std::string& section, const std::string& option) const
{
    const Section* of = this->section(section);
    if (!of)
        return std::nullopt;
    const auto found = of->find(option);
    return found == of->end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> KlipperConfig::number(const std::string& section, const std::string& option) const
{
    const auto written = text(section, option);
    if (!written)
        return std::nullopt;
    const std::string_view digits = trimmed(*written);
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
}

std::vector<std::string> KlipperConfig::named(std::string_view kind) const
{
    const std::string prefix = std::string(kind) + ' ';
    std::vector<std::string> names;
    for (auto it = sections.lower_bound(prefix); it != sections.end() && it->first.starts_with(prefix); ++it)
        names.emplace_back(trimmed(std::string_view(it->first).substr(prefix.size())));
    return names;
}

std::string KlipperConfig::macro(std::string_view called) const
{
    std::string name = "gcode_macro " + lower(called);
    if (has(name))
        return name;
    // A server that keeps the case the section was written in.
    const auto found = std::find_if(sections.begin(), sections.end(), [&name](const auto& section) { return lower(section.first) == name; });
    return found == sections.end() ? std::string() : found->first;
}

KlipperConfig readKlipperConfig(std::string_view text)
{
    text = text.substr(0, mostText);
    Reading reading;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        reading.line(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return std::move(reading.config);
}

HeatRange heatRange(const KlipperConfig& config, const std::string& heater)
{
    return {config.number(heater, "min_temp"), config.number(heater, "max_temp"), config.number(heater, "min_extrude_temp")};
}

} // namespace kintsugi::recovery
