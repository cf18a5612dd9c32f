// SPDX-License-Identifier: GPL-3.0-or-later
#include "driver.h"

#include <QPointer>

namespace kintsugi::link {

void Driver::readReadiness(QObject* context, Reply<Readiness> reply)
{
    const auto answer = [context = QPointer<QObject>(context), reply = std::move(reply)] {
        if (context)
            reply(Readiness{});
    };
    QMetaObject::invokeMethod(this, answer, Qt::QueuedConnection);
}

void Driver::readProbe(QObject* context, Reply<ProbeResult> reply)
{
    const auto answer = [context = QPointer<QObject>(context), reply = std::move(reply)] {
        if (context)
            reply(fail(ErrorCode::NotSupported, "what a probe finds cannot be read from this printer"));
    };
    QMetaObject::invokeMethod(this, answer, Qt::QueuedConnection);
}

} // namespace kintsugi::link

#include "moc_driver.cpp"
