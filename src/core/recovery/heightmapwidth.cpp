// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/heightmapwidth.h"

#include <algorithm>
#include <charconv>
#include <numbers>

namespace kintsugi::recovery {

namespace {

constexpr std::size_t endSize = 128 * 1024; ///< bytes at each end of a file in which slicers write their settings
constexpr double widestLine = 5, thickestFilament = 4;

std::string_view trimmedLeft(std::string_view text)
{
    const auto begin = text.find_first_not_of(" \t");
    return begin == text.npos ? std::string_view{} : text.substr(begin);
}

std::optional<double> number(std::string_view& text)
{
    text = trimmedLeft(text);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc())
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

void raise(std::optional<double>& value, double to, double limit)
{
    if (to > 0 && to <= limit)
        value = std::max(value.value_or(0), to);
}

/// All numbers of a list "0.4,0.6"; a percentage is of something else and says nothing here.
void raiseByList(std::optional<double>& value, std::string_view list, double limit)
{
    while (const auto next = number(list)) {
        if (list.starts_with('%'))
            return;
        raise(value, *next, limit);
        const auto separator = list.find_first_of(",;");
        if (separator == list.npos)
            return;
        list.remove_prefix(separator + 1);
    }
}

bool isWidth(std::string_view key)
{
    return key.ends_with("extrusion_width") || key.ends_with("extrusion width") || key.ends_with("line_width");
}

void noteSetting(LineSettings& settings, std::string_view key, std::string_view value)
{
    while (key.ends_with(' '))
        key.remove_suffix(1);
    if (isWidth(key))
        raiseByList(settings.width, value, widestLine);
    else if (key == "nozzle_diameter")
        raiseByList(settings.nozzle, value, widestLine);
    else if (key == "filament_diameter")
        raiseByList(settings.filament, value, thickestFilament);
}

Result<> readEnd(const gcode::Source& source, ByteOffset begin, std::uint64_t size, LineSettings& settings)
{
    std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(size - begin, endSize)), '\0');
    const auto got = source.read(begin, std::as_writable_bytes(std::span(text)));
    if (!got)
        return fail(got.error());
    std::string_view rest = std::string_view(text).substr(0, *got);
    while (!rest.empty()) {
        const auto end = rest.find_first_of("\r\n");
        const std::string_view line = trimmedLeft(rest.substr(0, end));
        if (line.starts_with(';'))
            noteLineSetting(settings, line.substr(1));
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    return {};
}

} // namespace

double LineSettings::widest() const
{
    constexpr double usual = 0.6;
    const double byNozzle = nozzle ? 1.2 * *nozzle : 0;
    return std::max(width ? *width : usual, byNozzle);
}

double LineSettings::filamentArea() const
{
    const double diameter = filament.value_or(1.75);
    return std::numbers::pi / 4 * diameter * diameter;
}

Result<LineSettings> readLineSettings(const gcode::Source& source, const gcode::FileIndex& index)
{
    LineSettings settings;
    if (const auto* metadata = source.metadata()) {
        for (const auto* pairs : {&metadata->print, &metadata->slicer})
            for (const auto& [key, value] : *pairs)
                noteSetting(settings, key, value);
    }
    if (const auto done = readEnd(source, 0, index.size, settings); !done)
        return fail(done.error());
    if (index.size > endSize) {
        if (const auto done = readEnd(source, std::max<std::uint64_t>(index.size - endSize, endSize), index.size, settings); !done)
            return fail(done.error());
    }
    return settings;
}

void noteLineSetting(LineSettings& settings, std::string_view comment)
{
    if (const auto equals = comment.find('='); equals != comment.npos)
        noteSetting(settings, trimmedLeft(comment.substr(0, equals)), comment.substr(equals + 1));
}

std::optional<double> widthNote(std::string_view comment)
{
    std::string_view text = trimmedLeft(comment);
    for (const std::string_view key : {"WIDTH:", "LINE_WIDTH:"}) {
        if (!text.starts_with(key))
            continue;
        text.remove_prefix(key.size());
        const auto value = number(text);
        return value && *value > 0 && *value <= widestLine ? value : std::nullopt;
    }
    if (!text.starts_with("tool H"))
        return std::nullopt;
    const auto at = text.find(" W");
    if (at == text.npos)
        return std::nullopt;
    text.remove_prefix(at + 2);
    const auto value = number(text);
    return value && *value > 0 && *value <= widestLine ? value : std::nullopt;
}

} // namespace kintsugi::recovery
