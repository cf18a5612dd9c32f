// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakerhttp.h"

#include <map>

#include <QJsonDocument>
#include <QLoggingCategory>

#include "guarded.h"
#include "jsonrpc.h"
#include "redact.h"

Q_LOGGING_CATEGORY(lcHttp, "kintsugi.link.http", QtInfoMsg)

namespace kintsugi::link {

using namespace Qt::StringLiterals;

namespace {

constexpr qint64 largestBody = 64 * 1024 * 1024;

/// Moonraker repeats the HTTP reason as its message for some errors; the cause is then the last line of the traceback,
/// behind the name of the exception.
QString usefulWords(const QJsonObject& error, const QString& reason)
{
    const QString message = error.value("message"_L1).toString();
    const QStringList lines = error.value("traceback"_L1).toString().split(u'\n', Qt::SkipEmptyParts);
    if (lines.isEmpty() || (!message.isEmpty() && message != reason))
        return message;
    const QString last = lines.last().trimmed();
    const qsizetype open = last.indexOf(u'(');
    if (open >= 0 && last.endsWith(u')')) // "…HTTPError: HTTP 422: Unprocessable Entity (the cause)"
        return last.mid(open + 1, last.size() - open - 2);
    const qsizetype colon = last.indexOf(": "_L1);
    return colon < 0 ? last : last.mid(colon + 2);
}

QString reasonOf(int status)
{
    switch (status) {
    case 400: return u"Bad Request"_s;
    case 401: return u"Unauthorized"_s;
    case 403: return u"Forbidden"_s;
    case 404: return u"Not Found"_s;
    case 422: return u"Unprocessable Entity"_s;
    case 500: return u"Internal Server Error"_s;
    case 503: return u"Service Unavailable"_s;
    default: return {};
    }
}

} // namespace

Error networkError(const QNetworkReply& reply)
{
    static const std::map<QNetworkReply::NetworkError, ErrorCode> meanings{
        {QNetworkReply::OperationCanceledError, ErrorCode::Timeout}, // what Qt reports when the transfer timeout ran out
        {QNetworkReply::TimeoutError, ErrorCode::Timeout},
        {QNetworkReply::RemoteHostClosedError, ErrorCode::Disconnected},
        {QNetworkReply::ProtocolFailure, ErrorCode::BadReply},
        {QNetworkReply::UnknownContentError, ErrorCode::BadReply},
        {QNetworkReply::ProtocolUnknownError, ErrorCode::BadReply},
    };
    const auto meaning = meanings.find(reply.error());
    return Error{.code = meaning == meanings.end() ? ErrorCode::Unreachable : meaning->second,
                 .detail = reply.errorString().toStdString()};
}

Result<QJsonObject> readAnswer(const HttpAnswer& answer, const QString& path)
{
    const QJsonObject body = QJsonDocument::fromJson(answer.body).object();
    if (answer.status >= 300 && answer.status < 400)
        return fail(ErrorCode::BadReply, "redirect", path.toStdString());
    if (answer.status >= 400) {
        const QString words = usefulWords(body.value("error"_L1).toObject(), reasonOf(answer.status));
        Error error = serverError(answer.status, words.isEmpty() ? QString::number(answer.status) : words);
        if (answer.status == 413)
            error.code = ErrorCode::Refused;
        if (error.code == ErrorCode::FileMissing)
            error.file = path.toStdString();
        return fail(std::move(error));
    }
    if (body.isEmpty())
        return fail(ErrorCode::BadReply, "no JSON object", path.toStdString());
    return body;
}

MoonrakerHttp::MoonrakerHttp(const Address& address, std::chrono::milliseconds timeout, QObject* parent)
    : QObject(parent)
    , m_address(address)
    , m_timeout(timeout)
{
    m_network.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
}

QUrl MoonrakerHttp::url(const QString& path) const
{
    QUrl url = m_address.url;
    url.setScheme(url.scheme() == "moonrakers"_L1 ? u"https"_s : u"http"_s);
    const qsizetype query = path.indexOf(u'?');
    url.setPath(m_address.url.path() + path.left(query), QUrl::DecodedMode);
    if (query >= 0)
        url.setQuery(path.mid(query + 1));
    return url;
}

QUrl MoonrakerHttp::websocketUrl() const
{
    QUrl socket = url(u"/websocket"_s);
    socket.setScheme(socket.scheme() == "https"_L1 ? u"wss"_s : u"ws"_s);
    return socket;
}

QByteArray MoonrakerHttp::apiKey() const
{
    return m_needsCredentials ? m_address.credentials.apiKey.toUtf8() : QByteArray();
}

QNetworkRequest MoonrakerHttp::request(const QString& path) const
{
    QNetworkRequest request(url(path));
    request.setTransferTimeout(static_cast<int>(m_timeout.count()));
    if (!apiKey().isEmpty())
        request.setRawHeader("X-Api-Key", apiKey());
    else if (!m_accessToken.isEmpty())
        request.setRawHeader("Authorization", "Bearer " + m_accessToken.toUtf8());
    return request;
}

void MoonrakerHttp::abort()
{
    m_aborting = true;
    const auto replies = m_network.findChildren<QNetworkReply*>();
    for (QNetworkReply* reply : replies)
        reply->abort();
    m_aborting = false;
}

QCoro::Task<Result<HttpAnswer>> MoonrakerHttp::finished(QNetworkReply* reply)
{
    using Answer = Result<HttpAnswer>;
    const std::function<void(Done<Answer>)> start = [this, reply](const Done<Answer>& done) {
        connect(reply, &QNetworkReply::downloadProgress, this, [reply](qint64 received, qint64) {
            if (received > largestBody)
                reply->abort();
        });
        connect(reply, &QNetworkReply::finished, this, [this, reply, done] {
            reply->deleteLater();
            const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
            qCDebug(lcHttp) << redacted(reply->url()) << status;
            const bool torn = reply->error() == QNetworkReply::RemoteHostClosedError
                || reply->error() == QNetworkReply::OperationCanceledError;
            if (m_aborting)
                return done(fail(ErrorCode::Disconnected));
            if (status == 0 || torn)
                return done(fail(networkError(*reply)));
            done(HttpAnswer{status, reply->readAll()});
        });
    };
    co_return co_await guarded<Answer>(this, start);
}

QCoro::Task<Result<HttpAnswer>> MoonrakerHttp::exchange(QString path, Start start)
{
    auto answer = co_await finished(start(request(path)));
    if (!answer || answer->status != 401 || !canRefresh())
        co_return answer;
    if (const auto renewed = co_await refresh(); !renewed)
        co_return fail(renewed.error());
    co_return co_await finished(start(request(path)));
}

QCoro::Task<Result<QJsonObject>> MoonrakerHttp::get(QString path)
{
    const Start start = [this](const QNetworkRequest& request) { return m_network.get(request); };
    const auto answer = co_await exchange(path, start);
    if (!answer)
        co_return fail(answer.error());
    co_return readAnswer(*answer, path);
}

QCoro::Task<Result<QJsonObject>> MoonrakerHttp::post(QString path, QJsonObject body)
{
    QNetworkRequest bare(url(path));
    bare.setTransferTimeout(static_cast<int>(m_timeout.count()));
    bare.setHeader(QNetworkRequest::ContentTypeHeader, u"application/json"_s);
    const auto answer = co_await finished(m_network.post(bare, QJsonDocument(body).toJson(QJsonDocument::Compact)));
    if (!answer)
        co_return fail(answer.error());
    co_return readAnswer(*answer, path);
}

QCoro::Task<Result<>> MoonrakerHttp::authorize()
{
    m_needsCredentials = false;
    const QString path = u"/access/info"_s;
    const auto answer = co_await finished(m_network.get(request(path)));
    if (!answer)
        co_return fail(answer.error());
    if (answer->status == 404) // a server without its authorization component lets everybody in
        co_return Result<>{};
    const auto body = readAnswer(*answer, path);
    if (!body)
        co_return fail(body.error());
    std::vector<Error> errors;
    const JsonReader reader(*body, {}, errors);
    const JsonReader info = reader.object("result");
    bool loginRequired = false, trusted = false;
    info.read("login_required", loginRequired);
    info.read("trusted", trusted);
    if (!errors.empty())
        co_return fail(errors.front());
    if (trusted && !loginRequired)
        co_return Result<>{};
    m_needsCredentials = true;
    if (!m_address.credentials.apiKey.isEmpty())
        co_return Result<>{};
    if (m_address.credentials.user.isEmpty())
        co_return fail(ErrorCode::Unauthorized, "login required");
    co_return co_await refresh();
}

QCoro::Task<Result<>> MoonrakerHttp::refresh()
{
    m_accessToken.clear();
    if (!m_refreshToken.isEmpty()) {
        const QJsonObject proof{{u"refresh_token"_s, m_refreshToken}};
        const auto body = co_await post(u"/access/refresh_jwt"_s, proof);
        if (body)
            m_accessToken = body->value("result"_L1).toObject().value("token"_L1).toString();
        if (!m_accessToken.isEmpty())
            co_return Result<>{};
        m_refreshToken.clear();
    }
    co_return co_await logIn();
}

QCoro::Task<Result<>> MoonrakerHttp::logIn()
{
    const QJsonObject proof{{u"username"_s, m_address.credentials.user},
                            {u"password"_s, m_address.credentials.password},
                            {u"source"_s, u"moonraker"_s}};
    const auto body = co_await post(u"/access/login"_s, proof);
    if (!body) {
        Error error = body.error();
        if (error.code == ErrorCode::Refused) // "Unregistered User", "Invalid Password"
            error.code = ErrorCode::Unauthorized;
        co_return fail(std::move(error));
    }
    std::vector<Error> errors;
    const JsonReader reader(*body, {}, errors);
    const JsonReader result = reader.object("result");
    result.need("token");
    result.read("token", m_accessToken);
    result.read("refresh_token", m_refreshToken);
    if (!errors.empty())
        co_return fail(errors.front());
    co_return Result<>{};
}

QCoro::Task<Result<QString>> MoonrakerHttp::oneShotToken()
{
    if (m_accessToken.isEmpty())
        co_return QString();
    const auto body = co_await get(u"/access/oneshot_token"_s);
    if (!body)
        co_return fail(body.error());
    const QJsonValue token = body->value("result"_L1);
    if (!token.isString())
        co_return fail(badValue("result", token));
    co_return token.toString();
}

} // namespace kintsugi::link
