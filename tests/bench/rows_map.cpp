// SPDX-License-Identifier: GPL-3.0-or-later
// The height map against the full pass, in turn.
#include "bench.h"
#include "recovery/heightmap.h"

namespace kintsugi::bench {

using namespace gcode;

void rowsMap(const Bench& bench)
{
    const auto source = FileSource::open(bench.file);
    const auto index = source ? buildIndex(**source, Dialect::Klipper) : fail(source.error());
    if (!index)
        return missing("HM", "height map", "not a G-code text");
    const auto scan = [&](const IndexOptions& options) {
        return Work{.run = [&source, options] { return buildIndex(**source, Dialect::Klipper, {}, options).has_value(); }, .command = {}};
    };
    std::size_t bytes = 0;
    const auto map = [&](double cell) {
        return Work{.run = [&, cell] {
            const auto built = recovery::buildHeightMap(**source, *index, index->size, {.cell = cell});
            bytes = built ? built->bytes() : 0;
            return built.has_value();
        }, .command = {}};
    };
    const auto costs = inTurn(bench, {scan({.model = false}), scan({}), map(0.25), map(0.5)});
    const Cost &naive = costs[0], &full = costs[1], &fine = costs[2], &usual = costs[3];
    const auto speed = [&](double seconds) { return number(bench.megabytesPerSecond(seconds), 0) + " MB/s"; };
    report("HM", "height map, cells of 0.5 mm", speed(usual.cpu), full.cpu / usual.cpu, "x full scan", 0.5, 1.0);
    report("HM", "height map, cells of 0.5 mm", speed(usual.cpu), naive.cpu / usual.cpu, "x naive scan", 0.5, 1.0);
    report("HM", "height map, cells of 0.25 mm", speed(fine.cpu), full.cpu / fine.cpu, "x full scan", 0.5, 1.0);
    report("HM", "its memory at 0.5 mm", number(static_cast<double>(bytes) / 1e6, 1) + " MB", static_cast<double>(bytes) / 1e6, "MB", 64, 16, Better::Less);
}

} // namespace kintsugi::bench
