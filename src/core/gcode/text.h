// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// Letters and blanks of ASCII, whatever the locale says.
namespace kintsugi::gcode {

constexpr std::string_view blanks = " \t\r\n\v\f";

[[nodiscard]] constexpr bool isBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
[[nodiscard]] constexpr bool isDigit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
[[nodiscard]] constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
[[nodiscard]] constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The place of the first LF or CR from `at` on, or the size. Most lines are short: a word at a time, without a call.
[[nodiscard]] inline std::size_t findLineEnd(std::string_view text, std::size_t at)
{
    constexpr std::uint64_t ones = 0x0101010101010101, tops = ones << 7;
    for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, sizeof word);
        const std::uint64_t lf = word ^ ones * '\n', cr = word ^ ones * '\r';
        if (const std::uint64_t found = (((lf - ones) & ~lf) | ((cr - ones) & ~cr)) & tops; found != 0) {
            if constexpr (std::endian::native == std::endian::little)
                return at + static_cast<std::size_t>(std::countr_zero(found)) / 8; // a borrow makes false ones only behind the first
            break;
        }
    }
    while (at < text.size() && text[at] != '\n' && text[at] != '\r')
        ++at;
    return at;
}

[[nodiscard]] inline std::string upper(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) { return upper(c); });
    return result;
}

[[nodiscard]] inline std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
    return result;
}

[[nodiscard]] constexpr std::string_view trimmedLeft(std::string_view text)
{
    while (!text.empty() && isBlank(text.front()))
        text.remove_prefix(1);
    return text;
}

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text)
{
    text = trimmedLeft(text);
    while (!text.empty() && isBlank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Without the leading and trailing characters that are in `drop`.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text, std::string_view drop)
{
    const auto first = text.find_first_not_of(drop);
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(drop) + 1 - first);
}

} // namespace kintsugi::gcode
