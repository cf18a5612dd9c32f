// SPDX-License-Identifier: GPL-3.0-or-later
#include "job.h"

#include <algorithm>

namespace kintsugi::app {

JobControl::JobControl(QPromise<void>* promise, std::atomic<bool>* cancelled) : m_promise(promise), m_cancelled(cancelled) {}

void JobControl::progress(double fraction) const
{
    m_promise->setProgressValue(static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 1000));
}

bool JobControl::cancelled() const
{
    return *m_cancelled;
}

QThreadPool& jobPool()
{
    static QThreadPool pool;
    return pool;
}

} // namespace kintsugi::app
