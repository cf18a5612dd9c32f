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

} // namespace kintsugi::link

#include "moc_driver.cpp"
