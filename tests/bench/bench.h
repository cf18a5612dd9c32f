// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace kintsugi::bench {

/// The file that is measured. Everything is warm: each work runs once before it counts.
struct Bench {
    std::filesystem::path file;
    std::uint64_t size = 0;
    int rounds = 5;         ///< medians over these
    std::vector<std::string> rows = {}; ///< ids of the rows to measure; empty: all
    [[nodiscard]] bool wants(std::initializer_list<std::string_view> ids) const
    {
        return rows.empty() || std::ranges::any_of(ids, [&](std::string_view id) { return std::ranges::find(rows, id) != rows.end(); });
    }
    [[nodiscard]] double megabytesPerSecond(double seconds) const { return static_cast<double>(size) / 1e6 / seconds; }
};

/// Seconds: user + system time of all threads, and by the clock.
struct Cost { double cpu = 0, wall = 0; };

/// Something to measure: a function of this process (false = it failed), or a command whose output is dropped.
struct Work {
    std::function<bool()> run;
    std::vector<std::string> command;
};

/// One warm-up, then `rounds` rounds in which each work runs once, in turn. The medians; cpu < 0 for a work that failed.
[[nodiscard]] std::vector<Cost> inTurn(const Bench& bench, const std::vector<Work>& works);

enum class Better { More, Less };

/// Prints one row: id, measure, value, the figure that is judged with its unit ("x wc -l"), what it must be and the
/// moonshot, and which of the two it meets. Never fails.
void report(const std::string& id, const std::string& measure, const std::string& value, double figure, const std::string& unit, double must,
            double moonshot, Better better = Better::More);
/// A row that cannot be measured here, with the reason.
void missing(const std::string& id, const std::string& measure, const std::string& why);
[[nodiscard]] std::string number(double value, int decimals);

void rowsEngine(const Bench& bench); ///< P2 to P5
void rowsMap(const Bench& bench);    ///< height map, recoverable layers
void rowsFiles(const Bench& bench);  ///< P8, P9, P14
void rowsQuick(const Bench& bench);  ///< P1, P6, P7, P11

} // namespace kintsugi::bench
