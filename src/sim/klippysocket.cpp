// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippysocket.h"

#include <QJsonDocument>
#include <QLoggingCategory>

Q_LOGGING_CATEGORY(lcKlippySocket, "kintsugi.sim.klippysocket", QtInfoMsg)

namespace kintsugi::sim {

namespace {
constexpr char frameEnd = 0x03;
}

KlippySocket::KlippySocket(Connector connector, QObject* parent)
    : QObject(parent)
    , m_connector(std::move(connector))
{
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    connect(&m_server, &QLocalServer::newConnection, this, &KlippySocket::accept);
}

KlippySocket::~KlippySocket()
{
    close();
}

Result<> KlippySocket::listen(const QString& path)
{
    QLocalServer::removeServer(path);
    if (!m_server.listen(path))
        return fail(ErrorCode::Unreachable, m_server.errorString().toStdString(), path.toStdString());
    return {};
}

Result<> KlippySocket::follow(Klippy& klippy, const QString& path)
{
    connect(&klippy, &Klippy::hostStopped, this, &KlippySocket::close);
    connect(&klippy, &Klippy::hostStarted, this, [this, path] {
        if (!listening())
            (void)listen(path);
    });
    return klippy.hostRunning() ? listen(path) : Result<>{};
}

void KlippySocket::close()
{
    m_server.close();
    const auto sockets = m_clients.keys();
    for (QLocalSocket* socket : sockets)
        drop(socket);
}

void KlippySocket::accept()
{
    while (QLocalSocket* socket = m_server.nextPendingConnection()) {
        auto client = std::make_shared<Client>();
        client->connection = m_connector();
        if (!client->connection) {
            socket->abort();
            socket->deleteLater();
            continue;
        }
        connect(client->connection.get(), &KlippyConnection::received, socket, [socket](const QJsonObject& message) {
            socket->write(QJsonDocument(message).toJson(QJsonDocument::Compact) + frameEnd);
        });
        connect(client->connection.get(), &KlippyConnection::closed, this, [this, socket] { drop(socket); });
        connect(socket, &QLocalSocket::readyRead, this, [this, socket] { read(socket); });
        connect(socket, &QLocalSocket::disconnected, this, [this, socket] { drop(socket); });
        m_clients.insert(socket, client);
        read(socket);
    }
}

void KlippySocket::read(QLocalSocket* socket)
{
    const auto client = m_clients.value(socket);
    if (!client)
        return;
    client->pending += socket->readAll();
    for (auto end = client->pending.indexOf(frameEnd); end >= 0; end = client->pending.indexOf(frameEnd)) {
        const QByteArray frame = client->pending.first(end);
        client->pending.remove(0, end + 1);
        const QJsonDocument document = QJsonDocument::fromJson(frame);
        if (document.isObject())
            client->connection->send(document.object());
        else // as Klipper: no reply, a line in the log
            qCInfo(lcKlippySocket) << "not JSON:" << frame.left(200);
        if (!m_clients.contains(socket)) // the request closed the connection
            return;
    }
    if (client->pending.size() > maxMessage)
        drop(socket);
}

void KlippySocket::drop(QLocalSocket* socket)
{
    const auto client = m_clients.take(socket);
    if (!client)
        return;
    socket->disconnect(this);
    client->connection->disconnect();
    client->connection.release()->deleteLater(); // it may be the sender of the signal that led here
    connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
    socket->disconnectFromServer(); // what was written before the end still arrives
    if (socket->state() == QLocalSocket::UnconnectedState)
        socket->deleteLater();
}

} // namespace kintsugi::sim
