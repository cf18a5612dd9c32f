// SPDX-License-Identifier: GPL-3.0-or-later
#include "number.h"

#include <charconv>
#include <cmath>

#include <CLI/CLI.hpp>

namespace kintsugi::cli {

namespace {

template <class T>
std::optional<T> wholeText(std::string_view text)
{
    T value{};
    const char* const end = text.data() + text.size();
    const auto [next, code] = std::from_chars(text.data(), end, value);
    return code == std::errc() && next == end ? std::optional(value) : std::nullopt;
}

/// An option whose text `parse` reads; `expected` is said when it cannot.
template <class T, class Parse>
CLI::Option* addParsed(CLI::App& app, const std::string& name, std::optional<T>& value, const std::string& description,
                       const std::string& expected, Parse parse)
{
    const auto read = [&value, name, expected, parse](const CLI::results_t& texts) {
        value = parse(texts.front());
        if (!value)
            throw CLI::ValidationError(name, "\"" + texts.front() + "\" is not " + expected);
        return true;
    };
    return app.add_option(name, CLI::callback_t(read), description);
}

} // namespace

std::optional<double> numberOf(std::string_view text)
{
    if (text.starts_with('+') && !text.starts_with("+-"))
        text.remove_prefix(1);
    const auto value = wholeText<double>(text);
    return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::uint64_t> countOf(std::string_view text)
{
    return wholeText<std::uint64_t>(text);
}

CLI::Option* addNumber(CLI::App& app, const std::string& name, std::optional<double>& value, const std::string& description, NumberRange range)
{
    const bool open = range.least == NumberRange{}.least && range.most == NumberRange{}.most;
    const std::string expected = open ? "a number like 12.5" : "a number from " + CLI::detail::to_string(range.least) + " to " + CLI::detail::to_string(range.most);
    return addParsed(app, name, value, description, expected, [range](const std::string& text) {
        const auto number = numberOf(text);
        return number && *number >= range.least && *number <= range.most ? number : std::nullopt;
    });
}

CLI::Option* addCount(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& value, const std::string& description, CountRange range)
{
    const std::string expected = "a whole number, at least " + std::to_string(range.least);
    return addParsed(app, name, value, description, expected, [range](const std::string& text) {
        const auto count = countOf(text);
        return count && *count >= range.least && *count <= range.most ? count : std::nullopt;
    });
}

} // namespace kintsugi::cli
