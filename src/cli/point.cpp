// SPDX-License-Identifier: GPL-3.0-or-later
#include "point.h"

#include <cmath>

#include <CLI/CLI.hpp>

#include "number.h"
#include "recovery/caliper.h"

namespace kintsugi::cli {

namespace {

Result<ByteOffset> byteOfLayer(std::size_t layer, const gcode::FileIndex& index)
{
    if (layer >= index.layers.size()) {
        return fail(Error{.code = ErrorCode::BadByte, .field = "layer", .measured = static_cast<double>(layer),
                          .limit = static_cast<double>(index.layers.size()) - 1});
    }
    return index.layers[layer].begin;
}

/// The layer whose height is nearest, within half a usual layer.
Result<ByteOffset> byteOfHeight(double z, const gcode::FileIndex& index)
{
    constexpr double tolerance = 0.2;
    const gcode::Layer* nearest = nullptr;
    for (const gcode::Layer& layer : index.layers) {
        if (layer.z && (!nearest || std::abs(*layer.z - z) < std::abs(*nearest->z - z)))
            nearest = &layer;
    }
    if (!nearest || std::abs(*nearest->z - z) > tolerance) {
        return fail(Error{.code = ErrorCode::BadByte, .field = "z", .measured = z,
                          .limit = nearest ? nearest->z : std::nullopt});
    }
    return nearest->begin;
}

/// MM or MM@X,Y
std::optional<recovery::CaliperReading> readingOf(const std::string& text)
{
    const std::string_view all = text;
    const std::size_t sign = all.find('@');
    const auto mm = numberOf(all.substr(0, sign));
    if (!mm)
        return std::nullopt;
    if (sign == std::string_view::npos)
        return recovery::CaliperReading{*mm, {}};
    const std::string_view place = all.substr(sign + 1);
    const std::size_t comma = place.find(',');
    if (comma == std::string_view::npos)
        return std::nullopt;
    const auto x = numberOf(place.substr(0, comma)), y = numberOf(place.substr(comma + 1));
    if (!x || !y)
        return std::nullopt;
    return recovery::CaliperReading{*mm, std::array{*x, *y}};
}

/// What is measured is printed: on goes the layer above.
Result<ByteOffset> byteOfCaliper(const std::vector<std::string>& texts, const gcode::Source& source, const gcode::FileIndex& index)
{
    std::vector<recovery::CaliperReading> readings;
    for (const std::string& text : texts) {
        const auto reading = readingOf(text);
        if (!reading)
            return fail(Error{.code = ErrorCode::BadUsage, .detail = text, .field = "--caliper"});
        readings.push_back(*reading);
    }
    const auto layers = recovery::layersByCaliper(source, index, readings, 1);
    if (!layers)
        return fail(layers.error());
    constexpr double tolerance = 0.3; // mm; calipers on plastic
    const recovery::LayerByHeight& best = layers->front();
    if (best.worst > tolerance)
        return fail(Error{.code = ErrorCode::BadValue, .detail = "no layer fits all readings", .field = "caliper", .measured = best.worst,
                          .limit = tolerance});
    const std::size_t next = best.layer + 1;
    if (next >= index.layers.size())
        return fail(Error{.code = ErrorCode::AfterLastExtrusion, .byte = index.layers.back().begin});
    return index.layers[next].begin;
}

} // namespace

void PointOptions::add(CLI::App& command, bool required, Recorded recorded)
{
    auto* group = command.add_option_group("point", "A place in the file");
    addCount(*group, "--byte", byte, "Byte offset; rounded down to the start of its line");
    addCount(*group, "--layer", layer, "Layer, from 0");
    addNumber(*group, "--z", z, "Height of a layer in mm");
    addCount(*group, "--line", line, "Line number, from 1", {.least = 1});
    group->add_option("--caliper", caliper, "Height measured on the part in mm, MM or MM@X,Y; several for several places. Goes on with the layer above")
        ->allow_extra_args(false)
        ->check([](const std::string& text) { return readingOf(text) ? std::string() : '"' + text + "\" is neither MM nor MM@X,Y"; });
    if (recorded == Recorded::Yes)
        group->add_flag("--likely", likely, "The line it most likely stopped on");
    group->require_option(required ? 1 : 0, 1);
}

Result<gcode::Located> locate(const PointOptions& point, const gcode::Source& source, const gcode::FileIndex& index)
{
    if (point.likely)
        return fail(Error{.code = ErrorCode::BadUsage, .field = "--likely"});
    if (point.line)
        return gcode::locateLine(source, index, *point.line);
    Result<ByteOffset> byte = point.byte.value_or(0);
    if (point.layer)
        byte = byteOfLayer(*point.layer, index);
    else if (point.z)
        byte = byteOfHeight(*point.z, index);
    else if (!point.caliper.empty())
        byte = byteOfCaliper(point.caliper, source, index);
    if (!byte)
        return fail(byte.error());
    return gcode::locate(source, index, *byte);
}

} // namespace kintsugi::cli
