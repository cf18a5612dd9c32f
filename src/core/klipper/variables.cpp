// SPDX-License-Identifier: GPL-3.0-or-later
#include "klipper/plrstate.h"

#include <algorithm>
#include <set>

#include "gcode/text.h"

namespace kintsugi::klipper {

namespace {

using gcode::blanks;
using gcode::lower;
using gcode::trimmed;

struct Entry {
    std::string key, value;
    std::uint64_t line = 0;
};

struct Ini {
    bool hasVariables = false;
    std::vector<Entry> entries; ///< of [Variables]
    std::vector<std::string> problems; ///< what only a strict reader minds
};

Error at(ErrorCode code, std::string detail, std::uint64_t line, std::string field = {})
{
    Error error{.code = code, .detail = std::move(detail)};
    error.line = line;
    error.field = std::move(field);
    return error;
}

/// Reads as Python's configparser does: sections, '=' or ':', comment lines, indented continuation lines.
class IniReader
{
public:
    Result<Ini> read(std::string_view text)
    {
        m_text = text;
        std::size_t begin = 0;
        for (std::uint64_t number = 1; begin < text.size(); ++number) {
            std::size_t end = text.find_first_of("\r\n", begin);
            const bool last = end == std::string_view::npos;
            if (last)
                end = text.size();
            if (auto done = readLine(text.substr(begin, end - begin), number, last); !done)
                return fail(done.error());
            begin = end + ((end + 1 < text.size() && text[end] == '\r' && text[end + 1] == '\n') ? 2 : 1);
        }
        for (Entry& entry : m_ini.entries)
            entry.value = std::string(trimmed(entry.value));
        return std::move(m_ini);
    }

private:
    Result<> readLine(std::string_view line, std::uint64_t number, bool unfinished)
    {
        const std::string_view body = trimmed(line);
        if (body.empty()) {
            if (m_open)
                m_ini.entries.back().value += '\n';
            return {};
        }
        if (body.front() == '#' || body.front() == ';')
            return {};
        const std::size_t indent = line.find_first_not_of(blanks);
        if (m_inOption && indent > m_indent) {
            if (m_open)
                m_ini.entries.back().value += '\n' + std::string(body);
            return {};
        }
        m_indent = indent;
        m_inOption = m_open = false;
        if (body.front() == '[')
            return readSection(body, number, unfinished);
        if (!m_inSection)
            return fail(at(ErrorCode::TornText, "the section header is missing", number));
        return readOption(body, number, unfinished);
    }

    Result<> readSection(std::string_view body, std::uint64_t number, bool unfinished)
    {
        const std::size_t close = body.find(']');
        if (close == std::string_view::npos || close == 1)
            return fail(at(unfinished ? ErrorCode::TornText : ErrorCode::BadValue, "broken section header", number));
        const std::string name(body.substr(1, close - 1));
        if (!m_sections.insert(name).second)
            m_ini.problems.push_back("section " + name + " occurs twice");
        m_inSection = true;
        m_variables = name == "Variables";
        m_ini.hasVariables |= m_variables;
        return {};
    }

    Result<> readOption(std::string_view body, std::uint64_t number, bool unfinished)
    {
        const std::size_t mark = body.find_first_of("=:");
        if (mark == std::string_view::npos || mark == 0)
            return fail(at(unfinished && mark != 0 ? ErrorCode::TornText : ErrorCode::BadValue,
                           "neither a variable nor a comment", number, std::string(body.substr(0, 40))));
        m_inOption = true;
        if (!m_variables)
            return {};
        Entry entry{lower(trimmed(body.substr(0, mark))), std::string(trimmed(body.substr(mark + 1))), number};
        const bool twice = std::any_of(m_ini.entries.begin(), m_ini.entries.end(),
                                       [&entry](const Entry& other) { return other.key == entry.key; });
        if (twice)
            m_ini.problems.push_back("variable " + entry.key + " occurs twice");
        m_ini.entries.push_back(std::move(entry));
        m_open = true;
        return {};
    }

    std::string_view m_text;
    Ini m_ini;
    std::set<std::string> m_sections;
    std::size_t m_indent = 0;
    bool m_inSection = false, m_variables = false;
    bool m_inOption = false, m_open = false; ///< m_open: the option belongs to [Variables]
};

/// configparser's "%%"; a single '%' stays here and makes Klipper refuse the file.
std::string interpolated(const std::string& text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        out += text[i];
        if (text[i] == '%' && i + 1 < text.size() && text[i + 1] == '%')
            ++i;
    }
    return out;
}

bool hasLonePercent(const std::string& text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%')
            continue;
        if (i + 1 >= text.size() || text[i + 1] != '%')
            return true;
        ++i;
    }
    return false;
}

bool isUtf8(std::string_view text)
{
    std::size_t following = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (following > 0) {
            if ((byte & 0xC0) != 0x80)
                return false;
            --following;
        } else if (byte >= 0x80) {
            if (byte < 0xC2 || byte > 0xF4)
                return false;
            following = byte < 0xE0 ? 1U : byte < 0xF0 ? 2U : 3U;
        }
    }
    return following == 0;
}

Result<Value> valueOf(const Entry& entry)
{
    auto value = parsePythonLiteral(interpolated(entry.value));
    if (!value) {
        Error error = value.error();
        error.line = entry.line;
        error.field = entry.key;
        return fail(std::move(error));
    }
    return value;
}

} // namespace

Result<Variables> parseVariables(std::string_view text)
{
    Variables variables;
    if (trimmed(text).empty())
        return variables;
    auto ini = IniReader().read(text);
    if (!ini)
        return fail(ini.error());
    if (!ini->hasVariables)
        return fail(ErrorCode::TornText, "the section [Variables] is missing");
    for (const Entry& entry : ini->entries) {
        auto value = valueOf(entry);
        if (!value)
            return fail(value.error());
        variables.values[entry.key] = std::move(*value);
        variables.raw[entry.key] = entry.value;
    }
    variables.endsWithLineEnd = text.back() == '\n' || text.back() == '\r';
    return variables;
}

bool klipperAccepts(std::string_view variablesText)
{
    if (!isUtf8(variablesText) || variablesText.find('\0') != std::string_view::npos)
        return false;
    const auto ini = IniReader().read(variablesText);
    if (!ini || !ini->problems.empty())
        return false;
    return std::all_of(ini->entries.begin(), ini->entries.end(),
                       [](const Entry& entry) { return !hasLonePercent(entry.value) && valueOf(entry).has_value(); });
}

} // namespace kintsugi::klipper
