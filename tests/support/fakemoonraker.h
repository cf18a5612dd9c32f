// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include <QJsonArray>
#include <QJsonObject>
#include <QObject>
#include <QTcpServer>
#include <QUrl>
#include <QWebSocketServer>

class QTcpSocket;
class QWebSocket;

namespace kintsugi::test {

struct HttpRequest {
    QByteArray method, path, body;
    std::map<QByteArray, QByteArray> headers; ///< names in lower case
};
struct HttpReply {
    int status = 200;
    QByteArray body;
    std::vector<std::pair<QByteArray, QByteArray>> headers;
    qint64 cutAfter = -1; ///< closes the connection after so many bytes of the body
    bool stall = false;   ///< never answers
};

/// Moonraker's websocket and HTTP on one loopback port, answering from a few values that a test sets. Whatever a test wants
/// different it overrides by method or path; hostile bytes can be sent straight to the socket.
class FakeMoonraker : public QObject
{
    Q_OBJECT
public:
    using Rpc = std::function<std::optional<QJsonObject>(const QJsonObject& params)>; ///< nullopt: no answer
    using Http = std::function<HttpReply(const HttpRequest&)>;

    explicit FakeMoonraker(QObject* parent = nullptr);
    ~FakeMoonraker() override;

    [[nodiscard]] QUrl url() const; ///< moonraker://127.0.0.1:port
    void onRpc(const QString& method, Rpc handler) { m_rpc[method] = std::move(handler); }
    void answer(const QString& method, const QJsonValue& result);
    void onHttp(const QByteArray& path, Http handler) { m_http[path] = std::move(handler); }

    void notify(const QString& method, const QJsonArray& params = {});
    void send(const QJsonObject& message);
    void sendText(const QString& text);
    void sendBinary(const QByteArray& bytes);
    void sendRaw(const QByteArray& bytes); ///< below the websocket: torn and false frames
    void dropClients();
    void stopListening();
    void listenAgain();

    [[nodiscard]] static QJsonObject result(const QJsonValue& value) { return {{QStringLiteral("result"), value}}; }
    [[nodiscard]] static QJsonObject error(int code, const QString& message);

    [[nodiscard]] qsizetype count(const QString& method) const;

    QString klippyState = QStringLiteral("ready"), klippyMessage = QStringLiteral("Printer is ready");
    bool klippyConnected = true;
    QJsonObject status;   ///< what the printer's objects say
    QJsonObject settings; ///< configfile.settings
    QJsonObject commands; ///< gcode.commands
    std::map<QString, QByteArray> files; ///< "gcodes/a.gcode" -> bytes
    double modified = 1000;

    std::vector<std::pair<QString, QJsonObject>> calls; ///< every request, in order
    std::vector<HttpRequest> httpCalls;
    std::vector<HttpRequest> handshakes;

signals:
    void called(const QString& method, const QJsonObject& params, int id);
    void connectedClient();
    void pong();

protected:
    /// Last word on a request; nullopt leaves it unanswered.
    virtual std::optional<QJsonObject> respond(const QString& method, const QJsonObject& params, int id);
    [[nodiscard]] QJsonObject queried(const QJsonObject& objects) const;
    void ping();

private:
    void takeSocket(QTcpSocket* socket);
    void readSocket(QTcpSocket* socket);
    void serve(QTcpSocket* socket, const HttpRequest& request);
    void write(QTcpSocket* socket, const HttpReply& reply);
    HttpReply respondHttp(const HttpRequest& request);
    HttpReply serveFile(const HttpRequest& request, const QString& name) const;
    HttpReply storeUpload(const HttpRequest& request);
    void onText(const QString& text);
    std::optional<QJsonObject> standard(const QString& method, const QJsonObject& params);
    QJsonObject folder(const QString& path) const;
    QJsonObject fileItem(const QString& key, const QString& name, const QByteArray& bytes) const;

    QTcpServer m_tcp;
    QWebSocketServer m_upgrader;
    std::vector<QWebSocket*> m_clients;
    std::vector<QTcpSocket*> m_sockets; ///< below m_clients
    std::map<QString, Rpc> m_rpc;
    std::map<QByteArray, Http> m_http;
    quint16 m_port = 0;
};

} // namespace kintsugi::test
