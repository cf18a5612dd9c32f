// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/message.h"

#include <array>
#include <charconv>
#include <cmath>

namespace kintsugi {

std::string english(const Message& message)
{
    std::string text;
    const std::string& pattern = message.pattern;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool placeholder = pattern[i] == '%' && i + 1 < pattern.size() && pattern[i + 1] >= '1' && pattern[i + 1] <= '9';
        if (!placeholder) {
            text += pattern[i];
            continue;
        }
        const auto index = static_cast<std::size_t>(pattern[++i] - '1');
        if (index < message.arguments.size())
            text += message.arguments[index];
    }
    return text;
}

std::string decimal(double value, int decimals)
{
    if (!std::isfinite(value))
        return "?";
    std::array<char, 400> buffer{};
    const auto [end, ec] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, decimals);
    if (ec != std::errc())
        return "?";
    std::string text(buffer.data(), end);
    if (text.find('.') != std::string::npos) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.')
            text.pop_back();
    }
    return text == "-0" ? "0" : text;
}

} // namespace kintsugi
