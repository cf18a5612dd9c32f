// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kintsugi::bench {

namespace {

double seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; }
double cpu(const rusage& usage) { return seconds(usage.ru_utime) + seconds(usage.ru_stime); }

double now()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpuOfThisProcess()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return cpu(usage);
}

/// The child's CPU time; negative when it failed.
double runCommand(const std::vector<std::string>& command)
{
    std::vector<char*> arguments;
    for (const auto& word : command)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const int sink = ::open("/dev/null", O_WRONLY);
        ::dup2(sink, STDOUT_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    int status = 0;
    rusage usage{};
    const bool ended = child > 0 && ::wait4(child, &status, 0, &usage) == child;
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? cpu(usage) : -1.0;
}

Cost once(const Work& work)
{
    const double wall = now();
    if (!work.command.empty()) {
        const double used = runCommand(work.command);
        return {.cpu = used, .wall = now() - wall};
    }
    const double before = cpuOfThisProcess();
    const bool good = work.run();
    return {.cpu = good ? cpuOfThisProcess() - before : -1.0, .wall = now() - wall};
}

double median(std::vector<double> values)
{
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

std::string bound(double value, Better better)
{
    return (better == Better::More ? ">= " : "<= ") + number(value, value < 0.995 ? 2 : 1);
}

} // namespace

std::string number(double value, int decimals)
{
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::vector<Cost> inTurn(const Bench& bench, const std::vector<Work>& works)
{
    std::vector<std::vector<double>> cpus(works.size()), walls(works.size());
    for (int round = -1; round < bench.rounds; ++round)
        for (std::size_t at = 0; at < works.size(); ++at) {
            const Cost cost = once(works[at]);
            if (round < 0)
                continue;
            cpus[at].push_back(cost.cpu);
            walls[at].push_back(cost.wall);
        }
    std::vector<Cost> medians;
    for (std::size_t at = 0; at < works.size(); ++at)
        medians.push_back({.cpu = std::ranges::min(cpus[at]) < 0 ? -1.0 : std::max(median(cpus[at]), 1e-6), .wall = std::max(median(walls[at]), 1e-6)});
    return medians;
}

void report(const std::string& id, const std::string& measure, const std::string& value, double figure, const std::string& unit, double must,
            double moonshot, Better better)
{
    const bool more = better == Better::More;
    const auto meets = [&](double limit) { return more ? figure >= limit : figure <= limit; };
    const auto lacks = [&](double limit) { return "missing " + number(more ? limit / figure : figure / limit, 2) + "x"; };
    const std::string verdict = meets(moonshot) ? "moonshot met" : (meets(must) ? "must met, moonshot " : "must ") + lacks(meets(must) ? moonshot : must);
    std::printf("%-4s %-46s %14s %9s %-16s must %-8s moonshot %-8s %s\n", id.c_str(), measure.c_str(), value.c_str(),
        number(figure, figure < 100 ? 3 : 0).c_str(), unit.c_str(), bound(must, better).c_str(), bound(moonshot, better).c_str(), verdict.c_str());
    std::fflush(stdout);
}

void missing(const std::string& id, const std::string& measure, const std::string& why)
{
    std::printf("%-4s %-46s not measured: %s\n", id.c_str(), measure.c_str(), why.c_str());
    std::fflush(stdout);
}

} // namespace kintsugi::bench
