// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QByteArray>
#include <QHash>
#include <QJsonObject>
#include <QList>
#include <QPair>
#include <QString>
#include <QUrlQuery>

namespace kintsugi::sim {

/// The head of an HTTP/1.1 request and, when it is small, its body.
struct HttpRequest {
    QByteArray method; ///< upper case
    QString path;      ///< decoded, without the query
    QUrlQuery query;
    QHash<QByteArray, QByteArray> headers; ///< names in lower case
    QByteArray body;                       ///< empty when a sink took it
    bool keepAlive = true;

    [[nodiscard]] QByteArray header(const QByteArray& lowerCaseName) const { return headers.value(lowerCaseName); }
    [[nodiscard]] bool wantsWebSocket() const;
    [[nodiscard]] QString argument(const QString& name) const; ///< of the query, decoded
};

/// Reads a request head (everything before the empty line). Nothing when it is not HTTP/1.x.
[[nodiscard]] std::optional<HttpRequest> parseHead(const QByteArray& head);

/// Part of a file to send: `first` and `length` in bytes.
struct FileSlice {
    QString path;
    qint64 first = 0, length = 0;
};

struct HttpResponse {
    int status = 200;
    QByteArray reason; ///< empty: the usual words of the status
    QList<QPair<QByteArray, QByteArray>> headers;
    QByteArray body;
    std::optional<FileSlice> file; ///< sent instead of the body, in small pieces

    [[nodiscard]] static HttpResponse json(const QJsonObject& object, int status = 200);
    /// Moonraker's error body; what a client can learn beyond the reason stands in the traceback alone.
    [[nodiscard]] static HttpResponse error(int status, const QString& message = {}, const QString& detail = {});
    [[nodiscard]] QByteArray head(bool keepAlive) const;
};

[[nodiscard]] QByteArray reasonOf(int status);
[[nodiscard]] QByteArray httpDate(double secondsSinceEpoch);

/// `Range: bytes=…` over a file of `size` bytes: first and length. Nothing when absent or not understood; a length of 0
/// when it lies outside the file.
[[nodiscard]] std::optional<QPair<qint64, qint64>> parseRange(const QByteArray& header, qint64 size);

} // namespace kintsugi::sim
