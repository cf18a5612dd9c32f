// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakersimaccess.h"

#include <QCryptographicHash>
#include <QJsonArray>
#include <QJsonDocument>
#include <QMessageAuthenticationCode>
#include <QStringList>
#include <QUuid>

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

constexpr auto urlSafe = QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals;

QByteArray randomKey()
{
    return QUuid::createUuid().toRfc4122().toHex();
}

QByteArray signature(const QByteArray& text, const QByteArray& secret)
{
    return QMessageAuthenticationCode::hash(text, secret, QCryptographicHash::Sha256).toBase64(urlSafe);
}

} // namespace

SimAccess::SimAccess(Rules rules, std::function<double()> now)
    : m_rules(std::move(rules))
    , m_now(std::move(now))
    , m_secret(randomKey())
    , m_spareKey(QString::fromLatin1(randomKey()))
    , m_created(m_now())
{
}

QString SimAccess::token(Kind kind) const
{
    const QJsonObject claims{{u"username"_s, m_rules.user},
                             {u"source"_s, u"moonraker"_s},
                             {u"token_type"_s, kind == Kind::Access ? u"access"_s : u"refresh"_s},
                             {u"iat"_s, m_now()},
                             {u"exp"_s, m_now() + (kind == Kind::Access ? tokenLife : refreshLife)},
                             {u"jti"_s, QString::fromLatin1(randomKey())}};
    const QByteArray head = QByteArray(R"({"alg":"HS256","typ":"JWT"})").toBase64(urlSafe);
    const QByteArray body = QJsonDocument(claims).toJson(QJsonDocument::Compact).toBase64(urlSafe);
    const QByteArray text = head + '.' + body;
    return QString::fromLatin1(text + '.' + signature(text, m_secret));
}

bool SimAccess::verify(const QString& token, Kind kind) const
{
    const QByteArray text = token.toLatin1();
    const auto dot = text.lastIndexOf('.');
    if (dot < 0 || text.sliced(dot + 1) != signature(text.first(dot), m_secret))
        return false;
    const QList<QByteArray> parts = text.split('.');
    const QJsonObject claims = QJsonDocument::fromJson(QByteArray::fromBase64(parts.value(1), urlSafe)).object();
    return claims.value("token_type"_L1) == (kind == Kind::Access ? u"access"_s : u"refresh"_s) &&
           claims.value("exp"_L1).toDouble() > m_now();
}

bool SimAccess::tokenFits(const QString& token) const
{
    return verify(token, Kind::Access);
}

bool SimAccess::useOneShot(const QString& token)
{
    const auto found = m_oneShots.constFind(token);
    if (found == m_oneShots.cend())
        return false;
    const bool alive = *found >= m_now();
    m_oneShots.erase(found);
    return alive;
}

bool SimAccess::admits(const QByteArray& keyHeader, const QByteArray& bearer, const QString& oneShot)
{
    if (open())
        return true;
    if (bearer.startsWith("Bearer ") && tokenFits(QString::fromLatin1(bearer.sliced(7).trimmed())))
        return true;
    return (!oneShot.isEmpty() && useOneShot(oneShot)) || keyFits(QString::fromLatin1(keyHeader));
}

Answer SimAccess::info(bool trusted) const
{
    return Answer::done(QJsonObject{{u"default_source"_s, u"moonraker"_s},
                                    {u"available_sources"_s, QJsonArray{u"moonraker"_s}},
                                    {u"login_required"_s, !open()},
                                    {u"trusted"_s, trusted}});
}

Answer SimAccess::login(const QJsonObject& params)
{
    const QString user = textOf(params, "username"_L1);
    if (m_rules.user.isEmpty() || user != m_rules.user)
        return Answer::failed(404, u"Unregistered User: %1"_s.arg(user));
    if (textOf(params, "password"_L1) != m_rules.password)
        return Answer::failed(400, u"Invalid Password"_s);
    return Answer::done(QJsonObject{{u"username"_s, user},
                                    {u"token"_s, token(Kind::Access)},
                                    {u"source"_s, u"moonraker"_s},
                                    {u"refresh_token"_s, token(Kind::Refresh)},
                                    {u"action"_s, u"user_logged_in"_s}});
}

Answer SimAccess::refresh(const QJsonObject& params)
{
    if (!verify(textOf(params, "refresh_token"_L1), Kind::Refresh))
        return Answer::failed(401, u"Invalid Refresh Token"_s);
    return Answer::done(QJsonObject{{u"username"_s, m_rules.user},
                                    {u"token"_s, token(Kind::Access)},
                                    {u"source"_s, u"moonraker"_s},
                                    {u"action"_s, u"user_jwt_refresh"_s}});
}

Answer SimAccess::logout()
{
    m_secret = randomKey(); // every token of the user was signed with the old one
    return Answer::done(QJsonObject{{u"username"_s, m_rules.user}, {u"action"_s, u"user_logged_out"_s}});
}

Answer SimAccess::oneShot()
{
    const QString token = QString::fromLatin1(randomKey());
    m_oneShots.insert(token, m_now() + oneShotLife);
    return Answer::done(token);
}

Answer SimAccess::user() const
{
    return Answer::done(QJsonObject{{u"username"_s, open() ? u"_TRUSTED_USER_"_s : m_rules.user},
                                    {u"source"_s, u"moonraker"_s},
                                    {u"created_on"_s, m_created}});
}

Answer SimAccess::apiKey() const
{
    return Answer::done(open() ? m_spareKey : m_rules.apiKey);
}

void SimAccess::forget()
{
    m_oneShots.clear();
}

} // namespace kintsugi::sim
