// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace kintsugi::sim {

/// A layer of a G-code file: the bytes of its lines and the filament (mm) they lay.
struct PrintedLayer {
    std::uint64_t begin = 0, end = 0;
    double filament = 0;
};

/// Layers by the slicer's marks where the file has them, else by the height at which plastic is laid.
/// Layers in which nothing is laid do not count.
[[nodiscard]] std::vector<PrintedLayer> printedLayers(std::string_view text);

} // namespace kintsugi::sim
