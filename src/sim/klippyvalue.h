// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <QJsonValue>

namespace kintsugi::sim {

/// A Python value as the host keeps it in variables.cfg: int and float stay apart, dicts keep their order.
class PyValue
{
public:
    using List = std::vector<PyValue>;
    using Dict = std::vector<std::pair<std::string, PyValue>>;

    PyValue() = default;
    PyValue(bool value) : m_value(value) {}
    PyValue(int value) : m_value(std::int64_t{value}) {}
    PyValue(std::int64_t value) : m_value(value) {}
    PyValue(double value) : m_value(value) {}
    PyValue(const char* value) : m_value(std::string(value)) {}
    PyValue(std::string value) : m_value(std::move(value)) {}
    PyValue(List value) : m_value(std::move(value)) {}
    PyValue(Dict value) : m_value(std::move(value)) {}

    [[nodiscard]] const Dict* dict() const { return std::get_if<Dict>(&m_value); }
    [[nodiscard]] const List* list() const { return std::get_if<List>(&m_value); }
    [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&m_value); }
    [[nodiscard]] std::optional<double> number() const;        ///< int or float
    [[nodiscard]] std::optional<std::int64_t> integer() const; ///< int only
    [[nodiscard]] const PyValue* find(std::string_view key) const;

    [[nodiscard]] std::string repr() const;
    [[nodiscard]] QJsonValue json() const;

private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Dict> m_value;
};

/// The shortest text that reads back as the same number, as Python writes floats.
[[nodiscard]] std::string pythonFloat(double value);

struct PyParse {
    enum class Error { None, Value, Syntax }; ///< as ValueError and SyntaxError of ast.literal_eval
    Error error = Error::None;
    PyValue value;
};
[[nodiscard]] PyParse parsePython(std::string_view text);

using PyVariables = std::map<std::string, PyValue>;
/// The text of variables.cfg; empty optional when the host could not read it either.
[[nodiscard]] std::optional<PyVariables> readVariables(std::string_view text);
[[nodiscard]] std::string writeVariables(const PyVariables& variables);

} // namespace kintsugi::sim
