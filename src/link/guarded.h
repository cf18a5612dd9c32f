// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <QObject>
#include <QThread>

#include <qcoro/qcorotask.h>

namespace kintsugi::link {

namespace detail {

/// Unwinds a coroutine whose owner died. Never leaves the coroutine: QCoro keeps it in the promise.
struct OwnerGone {};

template <class T>
struct GuardState {
    std::coroutine_handle<> waiting;
    std::optional<T> value;
    QMetaObject::Connection ownerDeath;
    bool cancelled = false;

    [[nodiscard]] bool isSettled() const { return cancelled || value.has_value(); }
    void wake()
    {
        QObject::disconnect(ownerDeath);
        if (const auto handle = std::exchange(waiting, {}))
            handle.resume();
    }
};

} // namespace detail

template <class T>
using Done = std::function<void(T)>;

/// What `co_await guarded<T>(owner, start)` waits on: see guarded().
template <class T>
class Guarded
{
public:
    Guarded(QObject* owner, std::function<void(Done<T>)> start)
        : m_state(std::make_shared<detail::GuardState<T>>())
        , m_start(std::move(start))
    {
        Q_ASSERT(owner && owner->thread() == QThread::currentThread());
        m_state->ownerDeath = QObject::connect(owner, &QObject::destroyed, owner, [state = m_state] {
            if (state->isSettled())
                return;
            state->cancelled = true;
            state->wake();
        }, Qt::DirectConnection);
    }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle)
    {
        // Kept on the stack: the start function may settle and even destroy what holds this awaiter.
        const auto state = m_state;
        const auto start = std::move(m_start);
        start([state](T value) {
            if (state->isSettled())
                return;
            state->value.emplace(std::move(value));
            state->wake();
        });
        if (state->isSettled())
            return false;
        state->waiting = handle;
        return true;
    }
    T await_resume()
    {
        if (m_state->cancelled)
            throw detail::OwnerGone{};
        return std::move(*m_state->value);
    }

private:
    std::shared_ptr<detail::GuardState<T>> m_state;
    std::function<void(Done<T>)> m_start;
};

/// The one way to wait in a coroutine of a QObject. `start` is called at once with a function that takes the answer; the
/// coroutine goes on with it. When `owner` dies first the coroutine is unwound there and then: its locals are destroyed, no
/// further line of it runs, and a late answer is ignored. Owner and answer live on the thread of the coroutine.
template <class T>
[[nodiscard]] Guarded<T> guarded(QObject* owner, std::function<void(Done<T>)> start)
{
    return Guarded<T>(owner, std::move(start));
}

} // namespace kintsugi::link
