// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
class Option;
}

/// The one way this program reads a number that was typed. Neither nan nor inf, no hexadecimal, no octal ("010" is ten), no
/// blanks, nothing behind the number.
namespace kintsugi::cli {

[[nodiscard]] std::optional<double> numberOf(std::string_view text);           ///< "-1.5", "+2", "1e-3"
[[nodiscard]] std::optional<std::uint64_t> countOf(std::string_view text);     ///< digits

/// What an option may be, both ends included.
struct NumberRange {
    double least = std::numeric_limits<double>::lowest(), most = std::numeric_limits<double>::max();
};
struct CountRange {
    std::uint64_t least = 0, most = std::numeric_limits<std::int64_t>::max();
};

/// Options with one value; anything else than a number in the range is wrong usage and names the option.
CLI::Option* addNumber(CLI::App& app, const std::string& name, std::optional<double>& value, const std::string& description,
                       NumberRange range = {});
CLI::Option* addCount(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& value, const std::string& description,
                      CountRange range = {});

} // namespace kintsugi::cli
