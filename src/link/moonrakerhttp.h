// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>

#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QObject>

#include <qcoro/qcorotask.h>

#include "driver.h"
#include "jsonread.h"

namespace kintsugi::link {

struct HttpAnswer {
    int status = 0;
    QByteArray body;
};

/// Moonraker over HTTP with its ways to log in. Never follows redirects: credentials stay with the address they are for.
class MoonrakerHttp final : public QObject
{
    Q_OBJECT
public:
    MoonrakerHttp(const Address& address, std::chrono::milliseconds timeout, QObject* parent);

    [[nodiscard]] QUrl url(const QString& path) const; ///< http(s)://host:port/path, path percent-encoded here
    [[nodiscard]] QUrl websocketUrl() const;

    /// Asks the server what it wants and gets it: nothing, the API key, or a token by refresh or login. Unauthorized when that
    /// is not enough; Unreachable, Timeout, BadReply.
    QCoro::Task<Result<>> authorize();
    /// For the websocket's address; empty when no token is in use.
    QCoro::Task<Result<QString>> oneShotToken();
    [[nodiscard]] QByteArray apiKey() const;      ///< empty when it is not needed
    [[nodiscard]] QString accessToken() const { return m_accessToken; }

    using Start = std::function<QNetworkReply*(QNetworkRequest)>;
    /// Sends what `start` starts for `path`; after a 401 the token is refreshed once and it is sent again. Any HTTP status is
    /// an answer; errors are those of the network.
    QCoro::Task<Result<HttpAnswer>> exchange(QString path, Start start);
    /// The `result` of a JSON answer, or the server's error.
    QCoro::Task<Result<QJsonObject>> get(QString path);
    QCoro::Task<Result<QJsonObject>> post(QString path, QJsonObject body);

    [[nodiscard]] QNetworkRequest request(const QString& path) const;
    [[nodiscard]] QNetworkAccessManager& network() { return m_network; }
    QCoro::Task<Result<>> refresh(); ///< new token by the refresh token, else by logging in again
    [[nodiscard]] bool canRefresh() const { return m_needsCredentials && !m_address.credentials.user.isEmpty(); }
    /// Ends everything under way with Disconnected.
    void abort();
    [[nodiscard]] bool isAborting() const { return m_aborting; }

private:
    QCoro::Task<Result<HttpAnswer>> finished(QNetworkReply* reply);
    QCoro::Task<Result<>> logIn();

    Address m_address;
    std::chrono::milliseconds m_timeout;
    QNetworkAccessManager m_network;
    bool m_needsCredentials = false, m_aborting = false;
    QString m_accessToken, m_refreshToken;
};

/// The answer's JSON object, or the error it stands for: its status and the words of the body, the last line of the traceback
/// when the message only repeats the status.
[[nodiscard]] Result<QJsonObject> readAnswer(const HttpAnswer& answer, const QString& path);
/// Why a reply failed below HTTP.
[[nodiscard]] Error networkError(const QNetworkReply& reply);

} // namespace kintsugi::link
