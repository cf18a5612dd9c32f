// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>

namespace kintsugi::bench {

/// What a straightforward program knows after reading a file.
struct PlainState {
    double x = 0, y = 0, z = 0, e = 0, f = 0, filament = 0, seconds = 0;
    bool absolute = true, absoluteE = true;
    int tool = 0;
    double bed = 0, fan = 0, flow = 100, acceleration = 0, pressureAdvance = 0;
    std::map<int, double> temperatures;
    std::uint64_t lines = 0, moves = 0, layers = 0;
};

/// std::getline + strtod, one word after another: the yardstick A of the benchmark. It is kept plain on purpose and is
/// right only for files as the common slicers write them.
[[nodiscard]] PlainState trackPlainly(const std::filesystem::path& path);

} // namespace kintsugi::bench
