// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <QSignalSpy>
#include <QTest>
#include <QWebSocket>

/// A plain JSON-RPC client over a websocket that keeps every frame it gets.
class TestClient final : public QObject
{
    Q_OBJECT
public:
    TestClient()
    {
        connect(&m_socket, &QWebSocket::textMessageReceived, this, [this](const QString& text) {
            frames.push_back(QJsonDocument::fromJson(text.toUtf8()).object());
            emit received();
        });
        connect(&m_socket, &QWebSocket::disconnected, this, &TestClient::closed);
    }

    /// True when connected, also when it was before.
    [[nodiscard]] bool open(quint16 port, const QString& query = {}, const QByteArray& apiKey = {})
    {
        if (m_socket.state() == QAbstractSocket::ConnectedState)
            return true;
        QNetworkRequest request(
            QUrl(QStringLiteral("ws://127.0.0.1:%1/websocket%2").arg(QString::number(port), query)));
        if (!apiKey.isEmpty())
            request.setRawHeader("X-Api-Key", apiKey);
        QSignalSpy changed(&m_socket, &QWebSocket::stateChanged);
        m_socket.open(request);
        while (m_socket.state() == QAbstractSocket::HostLookupState ||
               m_socket.state() == QAbstractSocket::ConnectingState) {
            if (!changed.wait(5000))
                return false;
        }
        return m_socket.state() == QAbstractSocket::ConnectedState;
    }
    void close() { m_socket.close(); }
    [[nodiscard]] bool isOpen() const { return m_socket.isValid(); }

    int send(const QString& method, const QJsonObject& params = {})
    {
        const int id = ++m_lastId;
        sendRaw({{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
                 {QStringLiteral("method"), method},
                 {QStringLiteral("params"), params},
                 {QStringLiteral("id"), id}});
        return id;
    }
    void sendRaw(const QJsonObject& frame)
    {
        m_socket.sendTextMessage(QString::fromUtf8(QJsonDocument(frame).toJson(QJsonDocument::Compact)));
    }
    void sendText(const QString& text) { m_socket.sendTextMessage(text); }

    /// The frame that answers `id`; empty when none comes in time.
    [[nodiscard]] QJsonObject answer(const QJsonValue& id)
    {
        return waitFor([&](const QJsonObject& frame) {
            return !frame.contains(QLatin1String("method")) && frame.value(QLatin1String("id")) == id;
        });
    }
    [[nodiscard]] QJsonObject call(const QString& method, const QJsonObject& params = {})
    {
        return answer(send(method, params));
    }
    [[nodiscard]] QJsonValue result(const QString& method, const QJsonObject& params = {})
    {
        return call(method, params).value(QLatin1String("result"));
    }

    template <class Predicate>
    [[nodiscard]] QJsonObject waitFor(Predicate fits, int milliseconds = 20000)
    {
        QElapsedTimer timer;
        timer.start();
        QSignalSpy spy(this, &TestClient::received);
        for (std::size_t i = 0;; ++i) {
            while (i >= frames.size()) {
                const auto left = milliseconds - timer.elapsed();
                if (left <= 0 || (!spy.wait(static_cast<int>(left)) && i >= frames.size()))
                    return {};
            }
            if (fits(frames[i]))
                return frames[i];
        }
    }
    [[nodiscard]] QJsonObject notification(const QString& method)
    {
        return waitFor([&](const QJsonObject& frame) { return frame.value(QLatin1String("method")) == method; });
    }

    std::vector<QJsonObject> frames;

signals:
    void received();
    void closed();

private:
    QWebSocket m_socket;
    int m_lastId = 0;
};

struct HttpAnswer {
    int status = 0;
    QByteArray reason, body;
    QList<QNetworkReply::RawHeaderPair> headers;

    [[nodiscard]] QJsonObject json() const { return QJsonDocument::fromJson(body).object(); }
    [[nodiscard]] QByteArray header(const QByteArray& name) const
    {
        for (const auto& [key, value] : headers) {
            if (key.compare(name, Qt::CaseInsensitive) == 0)
                return value;
        }
        return {};
    }
};

/// One HTTP request on an own connection manager.
class TestHttp
{
public:
    explicit TestHttp(quint16 port)
        : m_port(port)
    {
        m_manager.setTransferTimeout(20000);
    }

    [[nodiscard]] HttpAnswer request(const QByteArray& verb, const QString& path, const QByteArray& body = {},
                                     const QList<QPair<QByteArray, QByteArray>>& headers = {})
    {
        QNetworkRequest request(QUrl(QStringLiteral("http://127.0.0.1:%1%2").arg(QString::number(m_port), path)));
        for (const auto& [name, value] : headers)
            request.setRawHeader(name, value);
        if (!body.isEmpty() && !request.hasRawHeader("Content-Type"))
            request.setRawHeader("Content-Type", "application/json");
        QNetworkReply* reply = m_manager.sendCustomRequest(request, verb, body);
        QSignalSpy finished(reply, &QNetworkReply::finished);
        if (!reply->isFinished())
            finished.wait(20000);
        HttpAnswer answer{reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt(),
                          reply->attribute(QNetworkRequest::HttpReasonPhraseAttribute).toByteArray(), reply->readAll(),
                          reply->rawHeaderPairs()};
        reply->deleteLater();
        return answer;
    }

    /// multipart/form-data with the given fields and one file.
    [[nodiscard]] HttpAnswer upload(const QString& name, const QByteArray& content,
                                    const QList<QPair<QByteArray, QByteArray>>& fields,
                                    const QList<QPair<QByteArray, QByteArray>>& headers = {})
    {
        const QByteArray boundary = "----kintsugi7d1";
        QByteArray body;
        for (const auto& [field, value] : fields)
            body +=
                "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + field + "\"\r\n\r\n" + value + "\r\n";
        body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name.toUtf8() +
                "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + content + "\r\n--" + boundary + "--\r\n";
        auto all = headers;
        all.append({"Content-Type", "multipart/form-data; boundary=" + boundary});
        return request("POST", QStringLiteral("/server/files/upload"), body, all);
    }

private:
    QNetworkAccessManager m_manager;
    quint16 m_port;
};
