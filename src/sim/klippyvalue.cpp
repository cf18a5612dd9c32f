// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippyvalue.h"

#include <array>
#include <charconv>
#include <cmath>

#include <QJsonArray>
#include <QJsonObject>

namespace kintsugi::sim {

namespace {

std::string pythonString(const std::string& text)
{
    const char quote = text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
    std::string result(1, quote);
    for (const char c : text) {
        if (c == quote || c == '\\')
            result += std::string("\\") + c;
        else if (c == '\n')
            result += "\\n";
        else if (c == '\r')
            result += "\\r";
        else if (c == '\t')
            result += "\\t";
        else
            result += c;
    }
    return result + quote;
}

class Parser
{
public:
    explicit Parser(std::string_view text) : m_text(text) {}

    PyParse parse()
    {
        PyParse result;
        result.value = value();
        blanks();
        if (m_at != m_text.size() && m_error == PyParse::Error::None)
            m_error = PyParse::Error::Syntax;
        result.error = m_error;
        return result;
    }

private:
    PyValue fail(PyParse::Error error)
    {
        if (m_error == PyParse::Error::None)
            m_error = error;
        return {};
    }
    void blanks()
    {
        while (m_at < m_text.size() && (m_text[m_at] == ' ' || m_text[m_at] == '\t' || m_text[m_at] == '\n'))
            ++m_at;
    }
    bool take(char c)
    {
        blanks();
        if (m_at >= m_text.size() || m_text[m_at] != c)
            return false;
        ++m_at;
        return true;
    }
    PyValue value()
    {
        blanks();
        if (m_at >= m_text.size() || ++m_depth > 64)
            return fail(PyParse::Error::Syntax);
        const char c = m_text[m_at];
        PyValue result;
        if (c == '{')
            result = dict();
        else if (c == '[')
            result = list(']');
        else if (c == '(')
            result = list(')');
        else if (c == '\'' || c == '"')
            result = string();
        else
            result = word();
        --m_depth;
        return result;
    }
    PyValue dict()
    {
        PyValue::Dict items;
        ++m_at;
        while (!take('}')) {
            const PyValue key = value();
            if (m_error != PyParse::Error::None)
                return {};
            if (!take(':'))
                return fail(PyParse::Error::Syntax);
            items.emplace_back(key.text() ? *key.text() : key.repr(), value());
            if (m_error != PyParse::Error::None)
                return {};
            if (!take(',')) {
                if (take('}'))
                    break;
                return fail(PyParse::Error::Syntax);
            }
        }
        return items;
    }
    PyValue list(char close)
    {
        PyValue::List items;
        bool comma = false;
        ++m_at;
        while (!take(close)) {
            items.push_back(value());
            if (m_error != PyParse::Error::None)
                return {};
            if (take(',')) {
                comma = true;
                continue;
            }
            if (take(close))
                break;
            return fail(PyParse::Error::Syntax);
        }
        if (close == ')' && items.size() == 1 && !comma)
            return items.front();
        return items;
    }
    PyValue string()
    {
        const char quote = m_text[m_at++];
        std::string result;
        while (m_at < m_text.size() && m_text[m_at] != quote) {
            char c = m_text[m_at++];
            if (c == '\\' && m_at < m_text.size()) {
                c = m_text[m_at++];
                c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
            }
            result += c;
        }
        if (m_at >= m_text.size())
            return fail(PyParse::Error::Syntax);
        ++m_at;
        return result;
    }
    PyValue word()
    {
        const std::size_t begin = m_at;
        while (m_at < m_text.size() && std::string_view(" \t\n,:]})").find(m_text[m_at]) == std::string_view::npos)
            ++m_at;
        const std::string_view text = m_text.substr(begin, m_at - begin);
        if (text == "True" || text == "False")
            return text == "True";
        if (text == "None")
            return {};
        std::int64_t whole = 0;
        const char* const end = text.data() + text.size();
        if (const auto r = std::from_chars(text.data(), end, whole); r.ec == std::errc() && r.ptr == end)
            return whole;
        double real = 0;
        if (const auto r = std::from_chars(text.data(), end, real); r.ec == std::errc() && r.ptr == end)
            return real;
        for (const char c : text) {
            if (!(std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'))
                return fail(PyParse::Error::Syntax);
        }
        return fail(text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) ? PyParse::Error::Syntax
                                                                                          : PyParse::Error::Value);
    }

    std::string_view m_text;
    std::size_t m_at = 0;
    int m_depth = 0;
    PyParse::Error m_error = PyParse::Error::None;
};

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
        text.remove_prefix(1);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
        text.remove_suffix(1);
    return text;
}

} // namespace

std::string pythonFloat(double value)
{
    if (!std::isfinite(value))
        return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
    const double size = std::abs(value);
    const bool plain = value == 0 || (size >= 1e-4 && size < 1e16);
    std::array<char, 400> buffer{};
    const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr;
    std::string text(buffer.data(), end);
    if (plain && text.find('.') == std::string::npos)
        text += ".0";
    return text;
}

std::optional<double> PyValue::number() const
{
    if (const auto* value = std::get_if<double>(&m_value))
        return *value;
    if (const auto* value = std::get_if<std::int64_t>(&m_value))
        return static_cast<double>(*value);
    return std::nullopt;
}

std::optional<std::int64_t> PyValue::integer() const
{
    const auto* value = std::get_if<std::int64_t>(&m_value);
    return value ? std::optional(*value) : std::nullopt;
}

const PyValue* PyValue::find(std::string_view key) const
{
    if (const Dict* items = dict()) {
        for (const auto& [name, value] : *items) {
            if (name == key)
                return &value;
        }
    }
    return nullptr;
}

std::string PyValue::repr() const
{
    struct Writer {
        std::string operator()(std::monostate) const { return "None"; }
        std::string operator()(bool value) const { return value ? "True" : "False"; }
        std::string operator()(std::int64_t value) const { return std::to_string(value); }
        std::string operator()(double value) const { return pythonFloat(value); }
        std::string operator()(const std::string& value) const { return pythonString(value); }
        std::string operator()(const List& items) const
        {
            std::string result = "[";
            for (const PyValue& item : items)
                result += (result.size() > 1 ? ", " : "") + item.repr();
            return result + "]";
        }
        std::string operator()(const Dict& items) const
        {
            std::string result = "{";
            for (const auto& [key, item] : items)
                result += (result.size() > 1 ? ", " : "") + pythonString(key) + ": " + item.repr();
            return result + "}";
        }
    };
    return std::visit(Writer{}, m_value);
}

QJsonValue PyValue::json() const
{
    struct Writer {
        QJsonValue operator()(std::monostate) const { return QJsonValue::Null; }
        QJsonValue operator()(bool value) const { return value; }
        QJsonValue operator()(std::int64_t value) const { return qint64{value}; }
        QJsonValue operator()(double value) const { return value; }
        QJsonValue operator()(const std::string& value) const { return QString::fromStdString(value); }
        QJsonValue operator()(const List& items) const
        {
            QJsonArray result;
            for (const PyValue& item : items)
                result.append(item.json());
            return result;
        }
        QJsonValue operator()(const Dict& items) const
        {
            QJsonObject result;
            for (const auto& [key, item] : items)
                result.insert(QString::fromStdString(key), item.json());
            return result;
        }
    };
    return std::visit(Writer{}, m_value);
}

PyParse parsePython(std::string_view text)
{
    return Parser(text).parse();
}

std::optional<PyVariables> readVariables(std::string_view text)
{
    PyVariables result;
    bool inside = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#' || line.front() == ';')
            continue;
        if (line.front() == '[' && line.back() == ']') {
            inside = line == "[Variables]";
            continue;
        }
        const std::size_t split = line.find_first_of("=:");
        if (!inside || split == std::string_view::npos)
            return std::nullopt;
        const PyParse value = parsePython(trimmed(line.substr(split + 1)));
        if (value.error != PyParse::Error::None)
            return std::nullopt;
        std::string key(trimmed(line.substr(0, split)));
        for (char& c : key)
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        result[key] = value.value;
    }
    return result;
}

std::string writeVariables(const PyVariables& variables)
{
    std::string text = "[Variables]\n";
    for (const auto& [name, value] : variables)
        text += name + " = " + value.repr() + "\n";
    return text + "\n";
}

} // namespace kintsugi::sim
