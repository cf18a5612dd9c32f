// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/dialect.h"

#include <array>
#include <utility>

namespace kintsugi::gcode {

namespace {
constexpr std::array<std::pair<Dialect, std::string_view>, 5> names{{
    {Dialect::Klipper, "klipper"},
    {Dialect::Marlin, "marlin"},
    {Dialect::Prusa, "prusa"},
    {Dialect::RepRapFirmware, "reprapfirmware"},
    {Dialect::Marlin1, "marlin1"},
}};
} // namespace

std::string_view name(Dialect dialect)
{
    for (const auto& [value, text] : names)
        if (value == dialect)
            return text;
    return {};
}

std::optional<Dialect> dialectFromName(std::string_view name)
{
    for (const auto& [value, text] : names)
        if (text == name)
            return value;
    return std::nullopt;
}

} // namespace kintsugi::gcode
