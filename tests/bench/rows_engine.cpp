// SPDX-License-Identifier: GPL-3.0-or-later
// P2 to P5: the full pass and the state at a byte.
#include <algorithm>
#include <ctime>
#include <random>

#include "bench.h"
#include "gcode/fileindex.h"
#include "plaintracker.h"

namespace kintsugi::bench {

namespace {

using namespace gcode;

/// CPU time: a busy machine would otherwise be what p99 measures.
double threadMicros()
{
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

void lookups(const Source& source, const FileIndex& index)
{
    constexpr int count = 4000;
    std::mt19937_64 random(2);
    std::vector<double> micros;
    for (int at = 0; at < count; ++at) {
        const ByteOffset byte = random() % (index.size + 1);
        const double start = threadMicros();
        if (!locate(source, index, byte))
            return missing("P5", "state at a random offset", "the file cannot be read");
        micros.push_back(threadMicros() - start);
    }
    std::ranges::sort(micros);
    const double p50 = micros[count / 2], p99 = micros[count * 99 / 100];
    report("P5", "state at a random offset, p50", number(p50, 1) + " us", p50, "us", 50, 18, Better::Less);
    report("P5", "state at a random offset, p99", number(p99, 1) + " us", p99, "us", 300, 40, Better::Less);
}

} // namespace

void rowsEngine(const Bench& bench)
{
    if (!bench.wants({"P2", "P3", "P4", "P5"}))
        return;
    const auto source = FileSource::open(bench.file);
    const auto index = source ? buildIndex(**source, Dialect::Klipper) : fail(source.error());
    if (!index)
        return missing("P2", "full pass", "not a G-code text");
    const auto index1 = [&](const IndexOptions& options) {
        return Work{.run = [&source, options] { return buildIndex(**source, Dialect::Klipper, {}, options).has_value(); }, .command = {}};
    };
    if (!bench.wants({"P2", "P3", "P4"}))
        return lookups(**source, *index);
    const auto costs = inTurn(bench, {
        {.run = {}, .command = {"wc", "-l", bench.file.string()}},
        {.run = [&] { return trackPlainly(bench.file).lines > 0; }, .command = {}},
        index1({.threads = 1, .model = false}),
        index1({.threads = 1, .model = true}),
        index1({.threads = 2, .model = true}),
    });
    const Cost &words = costs[0], &plain = costs[1], &naive = costs[2], &model = costs[3], &two = costs[4];
    const auto speed = [&](double seconds) { return number(bench.megabytesPerSecond(seconds), 0) + " MB/s"; };
    report("P2", "full state, naive time, 1 thread", speed(naive.cpu), plain.cpu / naive.cpu, "x plain tracker", 6, 10);
    report("P2", "full state, naive time, 1 thread", speed(naive.cpu), words.cpu / naive.cpu, "x wc -l", 0.10, 0.18);
    report("P3", "the same with modelled time", speed(model.cpu), bench.megabytesPerSecond(model.cpu) / 1000, "GB/s", 0.4, 0.7);
    report("P4", "the same on two threads, by the clock", speed(two.wall), model.wall / two.wall, "x one thread", 1.4, 1.85);
    report("P4", "the same on two threads, CPU", speed(two.cpu), two.cpu / model.cpu, "x one thread", 1.05, 1.03, Better::Less);
    lookups(**source, *index);
}

} // namespace kintsugi::bench
