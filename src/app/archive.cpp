// SPDX-License-Identifier: GPL-3.0-or-later
#include "archive.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include <QPointer>
#include <QThread>
#include <QTimer>

namespace kintsugi::app {

namespace {

using namespace std::chrono_literals;

constexpr auto batchInterval = 250ms;
constexpr auto retryInterval = 1000ms, slowestRetry = 15000ms;
constexpr std::size_t queueLimit = 20'000; ///< samples: more than an hour at 4 Hz

struct Queued {
    QString printer, job;
    recovery::Sample sample;
};
using Batch = std::deque<Queued>;

/// Writes a batch in runs of one printer and job each; what could not be written is left in it.
Result<> write(Store& store, Batch& batch, std::vector<std::pair<QString, int>>& stored)
{
    while (!batch.empty()) {
        const QString printer = batch.front().printer, job = batch.front().job;
        std::vector<recovery::Sample> run;
        for (const Queued& queued : batch) {
            if (queued.printer != printer || queued.job != job)
                break;
            run.push_back(queued.sample);
        }
        if (const auto done = store.appendSamples(printer, job, run); !done)
            return done;
        batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(run.size()));
        stored.emplace_back(printer, static_cast<int>(run.size()));
    }
    return {};
}

} // namespace

struct Archive::Private {
    explicit Private(Archive* archive) : q(archive) {}

    Archive* q;
    QThread thread;
    QObject* worker = nullptr; ///< lives on the thread; the store is touched there only
    std::unique_ptr<Store> store;
    QUrl url;
    bool open = false;

    Batch queue;               ///< not handed over yet, or come back after a failure
    QTimer batchTimer, retryTimer;
    std::chrono::milliseconds retry = retryInterval;
    Error lastFailure;
    double thinTo = 1.0;       ///< s between the samples kept when the queue is full

    void onStoreThread(std::function<void()> work) { QMetaObject::invokeMethod(worker, std::move(work), Qt::QueuedConnection); }
    void onOwnThread(std::function<void()> work) { QMetaObject::invokeMethod(q, std::move(work), Qt::QueuedConnection); }

    std::optional<Error> openStore();
    void handOver();
    void batchDone(Batch rest, const Result<>& result, const std::vector<std::pair<QString, int>>& stored);
    void thin();
};

/// On the store thread. Returns why it failed.
std::optional<Error> Archive::Private::openStore()
{
    store.reset();
    auto opened = Store::open(url);
    if (!opened)
        return opened.error();
    store = std::move(*opened);
    onOwnThread([this, notice = store->openingNotice()] {
        open = true;
        if (notice)
            emit q->notice(*notice);
        emit q->opened();
    });
    return {};
}

void Archive::Private::handOver()
{
    batchTimer.stop();
    if (queue.empty())
        return;
    auto batch = std::make_shared<Batch>(std::move(queue));
    queue.clear();
    onStoreThread([this, batch] {
        Result<> result;
        if (!store) {
            if (const auto problem = openStore())
                result = fail(*problem);
        }
        std::vector<std::pair<QString, int>> stored;
        if (store)
            result = write(*store, *batch, stored);
        if (!result && result.error().code == ErrorCode::StoreDamaged)
            store.reset(); // the next try sets the file aside and begins a new one
        onOwnThread([this, batch, result, stored] { batchDone(std::move(*batch), result, stored); });
    });
}

void Archive::Private::batchDone(Batch rest, const Result<>& result, const std::vector<std::pair<QString, int>>& stored)
{
    rest.insert(rest.end(), std::make_move_iterator(queue.begin()), std::make_move_iterator(queue.end()));
    queue = std::move(rest);
    if (result) {
        retry = retryInterval;
        thinTo = 1.0;
    } else {
        lastFailure = result.error();
        retryTimer.start(retry);
        retry = std::min(retry * 2, std::chrono::milliseconds(slowestRetry));
        thin();
    }
    for (const auto& [printer, count] : stored)
        emit q->stored(printer, count);
    if (!result)
        emit q->failed(result.error());
}

/// Keeps one sample in `thinTo` seconds of the older half of the queue, for each printer and job.
void Archive::Private::thin()
{
    if (queue.size() <= queueLimit)
        return;
    const std::size_t before = queue.size(), half = before / 2;
    Batch kept;
    std::map<std::pair<QString, QString>, double> lastSecond;
    for (std::size_t i = 0; i < before; ++i) {
        const double second = std::floor(queue[i].sample.time / thinTo);
        const auto [it, first] = lastSecond.try_emplace({queue[i].printer, queue[i].job}, second);
        if (i < half && !first && it->second == second)
            continue;
        it->second = second;
        kept.push_back(std::move(queue[i]));
    }
    queue = std::move(kept);
    thinTo *= 2;
    emit q->lagging(static_cast<int>(before - queue.size()));
}

Archive::Archive(QObject* parent) : QObject(parent), d(std::make_unique<Private>(this))
{
    d->worker = new QObject;
    d->worker->moveToThread(&d->thread);
    d->batchTimer.setSingleShot(true);
    d->batchTimer.setInterval(batchInterval);
    d->retryTimer.setSingleShot(true);
    connect(&d->batchTimer, &QTimer::timeout, this, [this] { d->handOver(); });
    connect(&d->retryTimer, &QTimer::timeout, this, [this] { d->handOver(); });
    d->thread.setObjectName("store");
    d->thread.start();
}

Archive::~Archive()
{
    auto batch = std::make_shared<Batch>(std::move(d->queue));
    d->onStoreThread([this, batch] {
        std::vector<std::pair<QString, int>> stored;
        if (d->store)
            static_cast<void>(write(*d->store, *batch, stored)); // nobody is left to tell
        d->store.reset();
        d->worker->deleteLater();
        d->thread.quit();
    });
    d->thread.wait();
}

void Archive::open(const QUrl& url)
{
    d->url = url;
    d->onStoreThread([this] {
        if (const auto problem = d->openStore())
            d->onOwnThread([this, problem] { emit failed(*problem); });
    });
}

bool Archive::isOpen() const
{
    return d->open;
}

void Archive::append(const QString& printer, const QString& job, const recovery::Sample& sample)
{
    d->queue.push_back({printer, job, sample});
    d->thin();
    if (!d->batchTimer.isActive() && !d->retryTimer.isActive())
        d->batchTimer.start();
}

void Archive::flush(QObject* context, std::function<void(const Result<>&)> reply)
{
    d->handOver();
    const QPointer<QObject> guard(context);
    d->onStoreThread([this, guard, reply = std::move(reply)] {
        d->onOwnThread([this, guard, reply] { // the answers of all batches came before
            if (guard)
                reply(d->retryTimer.isActive() ? Result<>(fail(d->lastFailure)) : Result<>());
        });
    });
}

void Archive::post(QObject* context, std::function<std::function<void()>(Store*)> work)
{
    if (!d->retryTimer.isActive())
        d->handOver(); // what was appended before is visible to what is asked now
    const QPointer<QObject> guard(context);
    d->onStoreThread([this, guard, work = std::move(work)] {
        auto reply = work(d->store.get());
        d->onOwnThread([guard, reply = std::move(reply)] {
            if (guard)
                reply();
        });
    });
}

} // namespace kintsugi::app
