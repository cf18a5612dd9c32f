// SPDX-License-Identifier: GPL-3.0-or-later
// P1, P6, P7 and P11: the layers without a full pass, opening again, memory.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

#include <malloc.h>
#include <unistd.h>

#include "bench.h"
#include "gcode/indexcache.h"
#include "gcode/quickscan.h"

namespace kintsugi::bench {

namespace {

using namespace gcode;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A line of /proc/self/status, in MiB.
double memory(const std::string& key)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(key))
            return std::stod(line.substr(key.size() + 1)) / 1024;
    return -1;
}

/// A folder of its own that goes with it.
struct Folder {
    fs::path path = fs::temp_directory_path() / ("kintsugi_bench_index_" + std::to_string(::getpid()));
    ~Folder()
    {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
};

void quickRows(const Bench& bench, const Source& source)
{
    const auto quick = quickScan(source, Dialect::Klipper);
    if (!quick)
        return missing("P1", "layers without a full pass", "not a G-code text");
    std::vector<Work> works{
        {.run = {}, .command = {"wc", "-l", bench.file.string()}},
        {.run = [&] { return buildIndex(source, Dialect::Klipper, {}, {.threads = 1, .model = false}).has_value(); }, .command = {}}};
    for (const LineScan scan : availableLineScans())
        works.push_back({.run = [&source, scan] { return quickScan(source, Dialect::Klipper, {.progress = {}, .partial = {}, .scan = scan}).has_value(); },
                         .command = {}});
    const auto costs = inTurn(bench, works);
    const Cost &words = costs[0], &full = costs[1], &best = costs.back();
    const auto speed = [&](const Cost& cost) { return number(bench.megabytesPerSecond(cost.cpu), 0) + " MB/s"; };
    const std::string note = quick->fallback == QuickIndex::Fallback::None ? "" : " (no layers here: the full pass must follow)";
    report("P1", "layers without a full pass" + note, speed(best), words.cpu / best.cpu, "x wc -l", 0.35, 0.7);
    report("P1", "the same against the full pass", speed(best), full.cpu / best.cpu, "x full pass", 1, 5);
    report("P1", "the same in portable code", speed(costs[2]), words.cpu / costs[2].cpu, "x wc -l", 0.1, 0.35);
}

void timelineRow(const Bench& bench, const Source& source)
{
    std::vector<double> whole, first;
    for (int round = 0; round < bench.rounds; ++round) {
        const auto start = Clock::now();
        double seen = -1;
        const auto quick = quickScan(source, Dialect::Klipper, {.progress = {}, .partial = [&](const FileIndex&) { seen = seen < 0 ? secondsSince(start) : seen; }, .scan = {}});
        if (!quick || quick->fallback != QuickIndex::Fallback::None)
            return missing("P11", "whole timeline", "no layer marks: the full pass gives the layers");
        whole.push_back(secondsSince(start));
        first.push_back(seen < 0 ? whole.back() : seen);
    }
    std::ranges::sort(whole);
    std::ranges::sort(first);
    const double all = whole[whole.size() / 2];
    report("P11", "whole timeline, first layers after " + number(first[first.size() / 2] * 1000, 1) + " ms", number(all * 1000, 1) + " ms",
        all * 1e9 / static_cast<double>(bench.size), "s a GB", 1, 0.3, Better::Less);
}

void reopenRow(const Bench& bench, const fs::path& folder)
{
    const OpenOptions options{.cacheFolder = folder, .progress = {}, .partial = {}, .smallest = 0};
    std::vector<double> seconds;
    for (int round = 0; round <= bench.rounds; ++round) {
        const auto start = Clock::now();
        const auto opened = openIndexed(bench.file, Dialect::Klipper, options);
        if (!opened || opened->remembered != (round > 0))
            return missing("P6", "open again", "no side-car can be kept here");
        if (round > 0)
            seconds.push_back(secondsSince(start));
    }
    std::ranges::sort(seconds);
    const double again = seconds[seconds.size() / 2] * 1000;
    report("P6", "open again with a valid side-car", number(again, 2) + " ms", again, "ms", 50, 10, Better::Less);
}

void memoryRow(const Bench& bench, const fs::path& folder)
{
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";
    const double idle = memory("VmRSS:");
    const OpenOptions options{.cacheFolder = folder / "memory", .progress = {}, .partial = [](const FileIndex&) {}, .smallest = 0};
    if (idle < 0 || !openIndexed(bench.file, Dialect::Klipper, options))
        return missing("P7", "peak memory", "not known here");
    const double peak = memory("VmHWM:") - idle;
    std::error_code error;
    const double index = static_cast<double>(fs::file_size(sidecarPath(folder / "memory", bench.file, Dialect::Klipper), error)) / 1048576;
    report("P7", "peak memory over idle, without " + number(index, 1) + " MiB of index", number(peak, 1) + " MiB", peak - index, "MiB", 64, 16, Better::Less);
    report("P7", "index on disk", number(index, 2) + " MiB", index * 1048576 * 100 / static_cast<double>(bench.size), "% of the file", 1, 0.5, Better::Less);
}

} // namespace

void rowsQuick(const Bench& bench)
{
    const auto source = FileSource::open(bench.file);
    if (!source)
        return missing("P1", "layers without a full pass", "the file cannot be read");
    const Folder folder;
    if (bench.wants({"P7"}))
        memoryRow(bench, folder.path);
    if (bench.wants({"P1"}))
        quickRows(bench, **source);
    if (bench.wants({"P11"}))
        timelineRow(bench, **source);
    if (bench.wants({"P6"}))
        reopenRow(bench, folder.path);
}

} // namespace kintsugi::bench
