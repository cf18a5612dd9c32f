// SPDX-License-Identifier: GPL-3.0-or-later
#include "point.h"

#include <cmath>

#include <CLI/CLI.hpp>

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

} // namespace

void PointOptions::add(CLI::App& command, bool required)
{
    auto* group = command.add_option_group("point", "A place in the file");
    group->add_option("--byte", byte, "Byte offset; rounded down to the start of its line")->check(CLI::NonNegativeNumber);
    group->add_option("--layer", layer, "Layer, from 0")->check(CLI::NonNegativeNumber);
    group->add_option("--z", z, "Height of a layer in mm");
    group->add_option("--line", line, "Line number, from 1")->check(CLI::PositiveNumber);
    group->require_option(required ? 1 : 0, 1);
}

Result<gcode::Located> locate(const PointOptions& point, const gcode::Source& source, const gcode::FileIndex& index)
{
    if (point.line)
        return gcode::locateLine(source, index, *point.line);
    Result<ByteOffset> byte = point.byte.value_or(0);
    if (point.layer)
        byte = byteOfLayer(*point.layer, index);
    else if (point.z)
        byte = byteOfHeight(*point.z, index);
    if (!byte)
        return fail(byte.error());
    return gcode::locate(source, index, *byte);
}

} // namespace kintsugi::cli
