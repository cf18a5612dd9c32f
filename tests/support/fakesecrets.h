// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QPointer>

#include "secrets.h"

namespace kintsugi::test {

/// A keychain in memory. Answers by the event loop.
class FakeSecrets final : public app::Secrets
{
public:
    using app::Secrets::Secrets;
    QHash<QString, link::Credentials> stored;
    std::optional<Error> failing;

    void read(const QString& printer, QObject* context, Reply reply) override
    {
        later(context, [this, printer, reply] { reply(failing ? Result<link::Credentials>(fail(*failing)) : stored.value(printer)); });
    }
    void write(const QString& printer, const link::Credentials& credentials, QObject* context,
               std::function<void(const Result<>&)> reply) override
    {
        later(context, [this, printer, credentials, reply] {
            if (!failing)
                stored.insert(printer, credentials);
            reply(failing ? Result<>(fail(*failing)) : Result<>());
        });
    }

private:
    void later(QObject* context, std::function<void()> work)
    {
        QMetaObject::invokeMethod(
            this,
            [guard = QPointer<QObject>(context), work = std::move(work)] {
                if (guard)
                    work();
            },
            Qt::QueuedConnection);
    }
};

} // namespace kintsugi::test
