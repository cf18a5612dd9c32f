// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QObject>

#include "driver.h"

namespace kintsugi::app {

/// Where keys and passwords live. Tests use a fake.
class Secrets : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;
    using Reply = std::function<void(const Result<link::Credentials>&)>;
    virtual void read(const QString& printer, QObject* context, Reply reply) = 0; ///< empty credentials when none are stored
    virtual void write(const QString& printer, const link::Credentials& credentials, QObject* context, std::function<void(const Result<>&)> reply) = 0;
};

/// The desktop's keychain through QtKeychain.
class KeychainSecrets final : public Secrets
{
    Q_OBJECT
public:
    using Secrets::Secrets;
    void read(const QString& printer, QObject* context, Reply reply) override;
    void write(const QString& printer, const link::Credentials& credentials, QObject* context, std::function<void(const Result<>&)> reply) override;
};

} // namespace kintsugi::app
