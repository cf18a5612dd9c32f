// SPDX-License-Identifier: GPL-3.0-or-later
#include "secrets.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QPointer>

#include <qt6keychain/keychain.h>

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

const QString service = u"kintsugi"_s;

QString pack(const link::Credentials& credentials)
{
    const QJsonObject object{
        {u"api_key"_s, credentials.apiKey}, {u"user"_s, credentials.user}, {u"password"_s, credentials.password}};
    return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

Result<link::Credentials> unpack(const QString& text)
{
    const QJsonDocument document = QJsonDocument::fromJson(text.toUtf8());
    if (!document.isObject())
        return fail(Error{.code = ErrorCode::BadValue, .field = "keychain"});
    return link::Credentials{document[u"api_key"_s].toString(), document[u"user"_s].toString(), document[u"password"_s].toString()};
}

Error keychainError(const QKeychain::Job* job)
{
    return {.code = ErrorCode::NotSupported, .detail = job->errorString().toStdString(), .field = "keychain"};
}

} // namespace

void KeychainSecrets::read(const QString& printer, QObject* context, Reply reply)
{
    auto* job = new QKeychain::ReadPasswordJob(service); // deletes itself when done
    job->setKey(printer);
    connect(job, &QKeychain::Job::finished, context, [job, reply = std::move(reply)] {
        if (job->error() == QKeychain::EntryNotFound)
            reply(link::Credentials{});
        else if (job->error() != QKeychain::NoError)
            reply(fail(keychainError(job)));
        else
            reply(unpack(job->textData()));
    });
    job->start();
}

void KeychainSecrets::write(const QString& printer, const link::Credentials& credentials, QObject* context,
                            std::function<void(const Result<>&)> reply)
{
    const bool nothing = credentials.apiKey.isEmpty() && credentials.user.isEmpty() && credentials.password.isEmpty();
    QKeychain::Job* job = nullptr;
    if (nothing) {
        job = new QKeychain::DeletePasswordJob(service);
    } else {
        auto* writing = new QKeychain::WritePasswordJob(service);
        writing->setTextData(pack(credentials));
        job = writing;
    }
    job->setKey(printer);
    connect(job, &QKeychain::Job::finished, context, [job, reply = std::move(reply)] {
        const bool done = job->error() == QKeychain::NoError || job->error() == QKeychain::EntryNotFound;
        reply(done ? Result<>() : Result<>(fail(keychainError(job))));
    });
    job->start();
}

} // namespace kintsugi::app
