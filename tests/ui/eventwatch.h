// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ctime>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <utility>
#include <vector>

#include <QApplication>
#include <QEvent>
#include <QMetaEnum>
#include <QThread>

namespace kintsugi::test {

/// An application that measures every event of the GUI thread: CPU time of the thread, and time spent neither running nor
/// waiting for a processor, that is blocked. Events delivered inside another event count for the outer one too.
class EventWatch final : public QApplication
{
    Q_OBJECT
public:
    struct Cost { double cpu = 0, blocked = 0; int times = 0; QString doing, blockedIn; }; ///< ms; the worst of `times`

    EventWatch(int& argc, char** argv)
        : QApplication(argc, argv)
        , m_delays(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC))
    {
    }
    ~EventWatch() override
    {
        if (m_delays >= 0)
            ::close(m_delays);
    }

    void begin(const QString& doing) { m_doing = doing; }
    void reset()
    {
        m_outer.clear();
        m_inner.clear();
    }
    bool notify(QObject* receiver, QEvent* event) override
    {
        if (QThread::currentThread() != thread())
            return QApplication::notify(receiver, event);
        const std::pair key(receiver->metaObject(), event->type()); // the receiver may not outlive the event
        const bool inner = m_depth++ > 0;
        const Clocks before = read(inner);
        const bool taken = QApplication::notify(receiver, event);
        const Clocks after = read(inner);
        --m_depth;
        Cost& worst = (inner ? m_inner : m_outer)[key];
        ++worst.times;
        const double cpu = after.cpu - before.cpu;
        if (cpu > worst.cpu) {
            worst.cpu = cpu;
            worst.doing = m_doing;
        }
        const double blocked = (after.wall - before.wall) - cpu - (after.delay - before.delay);
        if (blocked > worst.blocked) {
            worst.blocked = blocked;
            worst.blockedIn = m_doing;
        }
        return taken;
    }
    [[nodiscard]] Cost worst() const
    {
        Cost all;
        for (const auto& [key, cost] : m_outer) {
            all.cpu = std::max(all.cpu, cost.cpu);
            all.blocked = std::max(all.blocked, cost.blocked);
            all.times += cost.times;
        }
        return all;
    }
    /// The handlers that cost most, one a line: receiver, event, CPU, blocked, count, what was being done.
    [[nodiscard]] QString report(std::size_t rows = 12) const
    {
        return QStringLiteral("\nwhole events\n") + table(m_outer, rows) + QStringLiteral("events inside of events (blocked: or waiting for a processor)\n") + table(m_inner, rows);
    }

private:
    using Key = std::pair<const QMetaObject*, QEvent::Type>;
    struct Clocks { double cpu = 0, wall = 0, delay = 0; }; ///< ms

    static double clock(clockid_t id)
    {
        timespec time{};
        clock_gettime(id, &time);
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
    }
    Clocks read(bool inner) const { return {clock(CLOCK_THREAD_CPUTIME_ID), clock(CLOCK_MONOTONIC), inner ? 0 : delay()}; }
    /// How long this thread was ready to run and another one had the processor.
    double delay() const
    {
        std::array<char, 96> text{};
        if (m_delays < 0 || ::pread(m_delays, text.data(), text.size() - 1, 0) <= 0)
            return 0;
        char* rest = nullptr;
        std::strtoull(text.data(), &rest, 10);
        return static_cast<double>(std::strtoull(rest, nullptr, 10)) * 1e-6;
    }
    static QString table(const std::map<Key, Cost>& costs, std::size_t rows)
    {
        std::vector<std::pair<Key, Cost>> sorted(costs.begin(), costs.end());
        std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second.cpu > b.second.cpu; });
        sorted.resize(std::min(rows, sorted.size()));
        QString text;
        for (const auto& [key, cost] : sorted) {
            const char* type = QMetaEnum::fromType<QEvent::Type>().valueToKey(key.second);
            text += QString::asprintf("  %7.1f ms CPU %7.1f ms blocked %6d times  %s %s, worst in: %s; %s\n", cost.cpu, cost.blocked, cost.times,
                                      key.first->className(), type ? type : "event of its own", qPrintable(cost.doing), qPrintable(cost.blockedIn));
        }
        return text;
    }

    int m_delays;
    int m_depth = 0;
    QString m_doing;
    std::map<Key, Cost> m_outer, m_inner;
};

} // namespace kintsugi::test
