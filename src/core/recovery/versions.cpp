// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/versions.h"

#include <charconv>

namespace kintsugi::recovery {

namespace {

/// Takes a whole number off the front; nullopt when there is none.
std::optional<int> takeNumber(std::string_view& text)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < 0)
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

bool take(std::string_view& text, char c)
{
    if (!text.starts_with(c))
        return false;
    text.remove_prefix(1);
    return true;
}

} // namespace

std::optional<KlipperVersion> readKlipperVersion(std::string_view text)
{
    KlipperVersion version;
    if (!take(text, 'v'))
        return std::nullopt;
    const auto major = takeNumber(text);
    const auto minor = take(text, '.') ? takeNumber(text) : std::nullopt;
    const auto patch = take(text, '.') ? takeNumber(text) : std::nullopt;
    if (!major || !minor || !patch || *major != 0) // forks count years
        return std::nullopt;
    version = {*major, *minor, *patch, 0};
    if (take(text, '-') && !text.empty() && text.front() >= '0' && text.front() <= '9')
        version.commits = takeNumber(text).value_or(0);
    return version;
}

std::optional<bool> isSince(std::string_view version, const KlipperVersion& place)
{
    const auto read = readKlipperVersion(version);
    return read ? std::optional(*read >= place) : std::nullopt;
}

} // namespace kintsugi::recovery
