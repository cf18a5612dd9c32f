// SPDX-License-Identifier: GPL-3.0-or-later
#include "httpmessage.h"

#include <algorithm>

#include <QDateTime>
#include <QJsonDocument>
#include <QLocale>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

bool HttpRequest::wantsWebSocket() const
{
    return header("upgrade"_ba).toLower() == "websocket";
}

QString HttpRequest::argument(const QString& name) const
{
    return query.queryItemValue(name, QUrl::FullyDecoded);
}

std::optional<HttpRequest> parseHead(const QByteArray& head)
{
    const QList<QByteArray> lines = head.split('\n');
    const QList<QByteArray> start = lines.front().trimmed().split(' ');
    if (start.size() != 3 || !start[2].startsWith("HTTP/1.") || !start[1].startsWith('/'))
        return std::nullopt;
    HttpRequest request;
    request.method = start[0].toUpper();
    const QUrl target = QUrl::fromEncoded(start[1]);
    request.path = target.path(QUrl::FullyDecoded);
    request.query = QUrlQuery(target);
    for (const QByteArray& line : lines.sliced(1)) {
        const auto colon = line.indexOf(':');
        if (colon > 0)
            request.headers.insert(line.first(colon).trimmed().toLower(), line.sliced(colon + 1).trimmed());
    }
    const QByteArray connection = request.header("connection"_ba).toLower();
    request.keepAlive = start[2] == "HTTP/1.1" ? connection != "close" : connection == "keep-alive";
    return request;
}

QByteArray reasonOf(int status)
{
    switch (status) {
    case 200:
        return "OK"_ba;
    case 201:
        return "Created"_ba;
    case 206:
        return "Partial Content"_ba;
    case 400:
        return "Bad Request"_ba;
    case 401:
        return "Unauthorized"_ba;
    case 403:
        return "Forbidden"_ba;
    case 404:
        return "Not Found"_ba;
    case 405:
        return "Method Not Allowed"_ba;
    case 411:
        return "Length Required"_ba;
    case 413:
        return "Request Entity Too Large"_ba;
    case 416:
        return "Requested Range Not Satisfiable"_ba;
    case 422:
        return "Unprocessable Entity"_ba;
    case 431:
        return "Request Header Fields Too Large"_ba;
    case 500:
        return "Internal Server Error"_ba;
    case 503:
        return "Service Unavailable"_ba;
    default:
        return "Unknown"_ba;
    }
}

QByteArray httpDate(double secondsSinceEpoch)
{
    const auto time = QDateTime::fromSecsSinceEpoch(static_cast<qint64>(secondsSinceEpoch), Qt::UTC);
    return QLocale::c().toString(time, u"ddd, dd MMM yyyy HH:mm:ss 'GMT'"_s).toLatin1();
}

HttpResponse HttpResponse::json(const QJsonObject& object, int status)
{
    HttpResponse response;
    response.status = status;
    response.headers.append({"Content-Type"_ba, "application/json; charset=UTF-8"_ba});
    response.body = QJsonDocument(object).toJson(QJsonDocument::Compact);
    return response;
}

HttpResponse HttpResponse::error(int status, const QString& message, const QString& detail)
{
    // A status line has no room for several lines; the body carries the whole message.
    const QString words = message.isEmpty() ? QString::fromLatin1(reasonOf(status)) : message;
    const QString trace = u"Traceback (most recent call last):\n\ntornado.web.HTTPError: HTTP %1: %2%3\n"_s.arg(
        QString::number(status), words, detail.isEmpty() ? QString() : u" (%1)"_s.arg(detail));
    HttpResponse response =
        json({{u"error"_s, QJsonObject{{u"code"_s, status}, {u"message"_s, words}, {u"traceback"_s, trace}}}}, status);
    if (!words.contains(u'\n'))
        response.reason = words.toLatin1();
    return response;
}

QByteArray HttpResponse::head(bool keepAlive) const
{
    const qint64 length = file ? file->length : body.size();
    QByteArray text = "HTTP/1.1 " + QByteArray::number(status) + ' ' + (reason.isEmpty() ? reasonOf(status) : reason) +
                      "\r\nServer: TornadoServer/6.2\r\n";
    for (const auto& [name, value] : headers)
        text += name + ": " + value + "\r\n";
    text += "Content-Length: " + QByteArray::number(length) + "\r\n";
    text += keepAlive ? "Connection: keep-alive\r\n\r\n"_ba : "Connection: close\r\n\r\n"_ba;
    return text;
}

std::optional<QPair<qint64, qint64>> parseRange(const QByteArray& header, qint64 size)
{
    if (!header.startsWith("bytes=") || header.contains(','))
        return std::nullopt;
    const QList<QByteArray> ends = header.sliced(6).split('-');
    if (ends.size() != 2)
        return std::nullopt;
    bool firstOk = false, lastOk = false;
    qint64 first = ends[0].trimmed().toLongLong(&firstOk);
    qint64 last = ends[1].trimmed().toLongLong(&lastOk);
    if (!firstOk && !lastOk)
        return std::nullopt;
    if (!firstOk) {
        first = std::max<qint64>(0, size - last);
        last = size - 1;
    } else if (!lastOk) {
        last = size - 1;
    }
    last = std::min(last, size - 1);
    if (first < 0 || first >= size || last < first)
        return QPair<qint64, qint64>{0, 0};
    return QPair<qint64, qint64>{first, last - first + 1};
}

} // namespace kintsugi::sim
