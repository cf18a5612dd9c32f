// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include <QFutureWatcher>
#include <QObject>
#include <QThreadPool>
#include <QtConcurrentRun>

#include "base/result.h"

namespace kintsugi::app {

/// Handed to the work: it reports progress and asks whether it was cancelled. Cheap enough to call every few thousand lines.
class JobControl
{
public:
    explicit JobControl(QPromise<void>* promise, std::atomic<bool>* cancelled);
    void progress(double fraction) const; ///< 0..1
    [[nodiscard]] bool cancelled() const;

private:
    QPromise<void>* m_promise;
    std::atomic<bool>* m_cancelled;
};

/// Where jobs work. Not Qt's global pool: painting a large area waits for a thread of that one.
[[nodiscard]] QThreadPool& jobPool();

class JobBase : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;
    [[nodiscard]] virtual bool isRunning() const = 0;
    virtual void cancel() = 0; ///< finished() still comes, with Cancelled
signals:
    void progressed(double fraction);
    void finished();
};

/// CPU or disk work on the pool. Takes values in, gives a Result out on the thread that owns the job. start() while it runs
/// cancels the old work and drops its outcome. Destroying the job cancels the work and does not wait for it.
template <class T>
class Job final : public JobBase
{
public:
    using Work = std::function<Result<T>(JobControl&)>;
    using JobBase::JobBase;
    ~Job() override { abandon(); }

    void start(Work work)
    {
        abandon();
        m_outcome.reset();
        m_shared = std::make_shared<Shared>();
        m_watcher = std::make_unique<QFutureWatcher<void>>();
        QObject::connect(m_watcher.get(), &QFutureWatcherBase::progressValueChanged, this,
                         [this](int permille) { emit progressed(permille / 1000.0); });
        QObject::connect(m_watcher.get(), &QFutureWatcherBase::finished, this, [this] { settle(); });
        m_watcher->setFuture(QtConcurrent::run(&jobPool(), [work = std::move(work), shared = m_shared](QPromise<void>& promise) {
            promise.setProgressRange(0, 1000);
            JobControl control(&promise, &shared->cancelled);
            try {
                shared->outcome = work(control);
            } catch (const std::exception& error) { // the one place where foreign exceptions end
                shared->outcome = Result<T>(fail(ErrorCode::NotSupported, error.what()));
            }
        }));
    }
    [[nodiscard]] bool isRunning() const override { return m_watcher != nullptr; }
    void cancel() override
    {
        if (m_shared)
            m_shared->cancelled = true;
    }
    /// Of the last finished run.
    [[nodiscard]] const std::optional<Result<T>>& outcome() const { return m_outcome; }

private:
    struct Shared { std::atomic<bool> cancelled = false; std::optional<Result<T>> outcome; };

    void abandon()
    {
        cancel();
        m_watcher.reset();
        m_shared.reset();
    }
    void settle()
    {
        m_outcome = std::move(m_shared->outcome);
        if (m_shared->cancelled || !m_outcome)
            m_outcome = Result<T>(fail(ErrorCode::Cancelled));
        m_watcher.release()->deleteLater();
        m_shared.reset();
        emit finished();
    }

    std::shared_ptr<Shared> m_shared;
    std::unique_ptr<QFutureWatcher<void>> m_watcher;
    std::optional<Result<T>> m_outcome;
};

} // namespace kintsugi::app
