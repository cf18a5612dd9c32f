// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippyreactor.h"

namespace kintsugi::sim {

void Reactor::wake(double time, std::coroutine_handle<> handle)
{
    m_timers.emplace(std::pair(time, m_sequence++), handle);
}

void Reactor::spawn(Task task)
{
    m_tasks.push_back(std::move(task));
    Task& placed = m_tasks.back();
    ++m_depth;
    placed.start();
    --m_depth;
}

void Reactor::wakeAll(double now)
{
    auto sleeping = std::exchange(m_timers, {});
    for (const auto& [key, handle] : sleeping)
        wake(now, handle);
}

void Reactor::clear()
{
    m_timers.clear();
    m_tasks.clear();
}

std::optional<double> Reactor::next() const
{
    return m_timers.empty() ? std::nullopt : std::optional(m_timers.begin()->first.first);
}

void Reactor::run(double now)
{
    ++m_depth;
    // Only what is due at the start: work that wakes itself "now" takes its turn behind the others.
    const std::uint64_t limit = m_sequence;
    for (auto it = m_timers.begin(); it != m_timers.end() && it->first.first <= now;) {
        if (it->first.second >= limit) {
            ++it;
            continue;
        }
        const auto handle = it->second;
        m_timers.erase(it);
        handle.resume();
        it = m_timers.begin();
    }
    --m_depth;
    if (m_depth == 0)
        m_tasks.remove_if([](const Task& task) { return task.done(); });
}

} // namespace kintsugi::sim
