// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace kintsugi::sim {

/// Empty = done; otherwise Klipper's own error text.
using Failure = std::optional<std::string>;

/// A piece of work of the simulated host that may wait for virtual time. It starts when awaited or spawned.
class [[nodiscard]] Task
{
public:
    struct promise_type {
        std::coroutine_handle<> next;
        Failure result;

        Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept
        {
            struct Finish {
                bool await_ready() noexcept { return false; }
                // The frame may be gone when resume() returns, so nothing of it is touched afterwards.
                void await_suspend(std::coroutine_handle<promise_type> self) noexcept
                {
                    if (const auto waiting = self.promise().next)
                        waiting.resume();
                }
                void await_resume() noexcept {}
            };
            return Finish{};
        }
        void return_value(Failure failure) { result = std::move(failure); }
        void unhandled_exception() noexcept { std::terminate(); }
    };

    Task(Task&& other) noexcept : m_handle(std::exchange(other.m_handle, {})) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    Task& operator=(Task&&) = delete;
    ~Task()
    {
        if (m_handle)
            m_handle.destroy();
    }

    void start() { m_handle.resume(); }
    [[nodiscard]] bool done() const { return m_handle.done(); }

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> caller)
    {
        // Run inline: a child that never waits costs no stack however long the caller's loop is.
        m_handle.resume();
        if (m_handle.done())
            return false;
        m_handle.promise().next = caller;
        return true;
    }
    Failure await_resume() { return std::move(m_handle.promise().result); }

private:
    explicit Task(std::coroutine_handle<promise_type> handle) : m_handle(handle) {}
    std::coroutine_handle<promise_type> m_handle;
};

/// Timers of the simulated host, in order of time and then of request.
class Reactor
{
public:
    struct Sleep {
        Reactor& reactor;
        double until;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) { reactor.wake(until, handle); }
        void await_resume() const noexcept {}
    };

    ~Reactor() { clear(); }
    [[nodiscard]] Sleep sleepUntil(double time) { return {*this, time}; }
    void wake(double time, std::coroutine_handle<> handle);
    void spawn(Task task);
    void wakeAll(double now); ///< everything that sleeps looks again at once (shutdown)
    void clear();             ///< forgets every task; never from inside one

    [[nodiscard]] std::optional<double> next() const;
    void run(double now); ///< resumes what is due

private:
    std::map<std::pair<double, std::uint64_t>, std::coroutine_handle<>> m_timers;
    std::list<Task> m_tasks;
    std::uint64_t m_sequence = 0;
    int m_depth = 0;
};

/// First come, first served. Locking is `co_await mutex.lock()`.
class Mutex
{
public:
    explicit Mutex(Reactor& reactor) : m_reactor(reactor) {}
    struct Lock {
        Mutex& mutex;
        bool await_ready() const noexcept
        {
            if (mutex.m_held)
                return false;
            mutex.m_held = true;
            return true;
        }
        void await_suspend(std::coroutine_handle<> handle) { mutex.m_waiting.push_back(handle); }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] Lock lock() { return {*this}; }
    void unlock(double now)
    {
        if (m_waiting.empty()) {
            m_held = false;
            return;
        }
        m_reactor.wake(now, m_waiting.front());
        m_waiting.pop_front();
    }
    [[nodiscard]] bool held() const { return m_held; }

private:
    Reactor& m_reactor;
    std::deque<std::coroutine_handle<>> m_waiting;
    bool m_held = false;
};

} // namespace kintsugi::sim
