// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <QObject>

#include "store.h"

namespace kintsugi::app {

/// A Store on a thread of its own. ask() runs `work` there and answers on this object's thread, where `context` must live
/// too, in order, exactly once, never after `context` died. The queue is bounded for samples: when the disk cannot follow, the oldest unsaved samples of
/// the same second are thinned and `lagging` is emitted; nothing else is ever dropped.
class Archive final : public QObject
{
    Q_OBJECT
public:
    explicit Archive(QObject* parent = nullptr);
    ~Archive() override; ///< writes what is queued

    void open(const QUrl& url); ///< answered by opened or failed
    [[nodiscard]] bool isOpen() const;

    template <class T>
    void ask(QObject* context, std::function<Result<T>(Store&)> work, std::function<void(const Result<T>&)> reply)
    {
        post(context, [work = std::move(work), reply = std::move(reply)](Store* store) -> std::function<void()> {
            Result<T> result = store ? work(*store) : Result<T>(fail(ErrorCode::StoreUnavailable));
            return [reply, result = std::move(result)] { reply(result); };
        });
    }
    void append(const QString& printer, const QString& job, const recovery::Sample& sample); ///< batched, at most 1 s in flight
    void flush(QObject* context, std::function<void(const Result<>&)> reply);

signals:
    void opened();
    void notice(const kintsugi::Error& error);   ///< a damaged store was set aside
    void failed(const kintsugi::Error& error);   ///< opening or a batch of samples failed; samples are kept and tried again
    void stored(const QString& printer, int samples); ///< acknowledged by the database
    void lagging(int thinned);

private:
    /// Runs on the store thread; the function it returns is called on the context's thread.
    void post(QObject* context, std::function<std::function<void()>(Store*)> work);
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::app
