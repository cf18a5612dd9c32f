// SPDX-License-Identifier: GPL-3.0-or-later
#include "redact.h"

#include <QJsonArray>
#include <QUrlQuery>

namespace kintsugi::link {

using namespace Qt::StringLiterals;

namespace {

const QString hidden = u"***"_s;

bool isSecret(const QString& key)
{
    return key == "password"_L1 || key == "api_key"_L1 || key == "token"_L1 || key == "access_token"_L1
        || key == "refresh_token"_L1;
}

QJsonValue withoutSecrets(const QJsonValue& value)
{
    if (value.isObject())
        return redacted(value.toObject());
    if (!value.isArray())
        return value;
    QJsonArray list;
    const QJsonArray all = value.toArray();
    for (const QJsonValue& item : all)
        list.append(withoutSecrets(item));
    return list;
}

} // namespace

QString redacted(const QUrl& url)
{
    QUrl shown = url.adjusted(QUrl::RemoveUserInfo);
    QUrlQuery query(shown);
    if (query.hasQueryItem(u"token"_s)) {
        query.removeAllQueryItems(u"token"_s);
        query.addQueryItem(u"token"_s, hidden);
        shown.setQuery(query);
    }
    return shown.toString();
}

QJsonObject redacted(const QJsonObject& message)
{
    QJsonObject shown;
    for (auto it = message.begin(); it != message.end(); ++it)
        shown.insert(it.key(), isSecret(it.key()) ? QJsonValue(hidden) : withoutSecrets(it.value()));
    return shown;
}

QString redacted(QString text, const Credentials& credentials)
{
    for (const QString& secret : {credentials.apiKey, credentials.password}) {
        if (!secret.isEmpty())
            text.replace(secret, hidden);
    }
    return text;
}

} // namespace kintsugi::link
