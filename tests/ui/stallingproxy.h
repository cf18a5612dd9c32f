// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QPointer>
#include <QTcpServer>
#include <QTcpSocket>
#include <QThread>

namespace kintsugi::test {

/// A server that dies the quiet way: it takes every connection, hands on what the server behind it says until a connection
/// has had its share, then is silent and keeps the connection open. Works on a thread of its own.
class StallingProxy final
{
public:
    static constexpr qint64 all = -1;
    struct Shares { qint64 websocket = all, http = all; }; ///< bytes after the head of the answer; 0 = not even the head

    StallingProxy(quint16 behind, Shares shares)
        : m_worker(new QObject)
    {
        m_worker->moveToThread(&m_thread);
        m_thread.start();
        QMetaObject::invokeMethod(m_worker, [this, behind, shares] {
            auto* server = new QTcpServer(m_worker);
            server->listen(QHostAddress::LocalHost);
            m_port = server->serverPort();
            QObject::connect(server, &QTcpServer::newConnection, server, [server, behind, shares] {
                while (QTcpSocket* client = server->nextPendingConnection())
                    join(client, behind, shares);
            });
        }, Qt::BlockingQueuedConnection);
    }
    ~StallingProxy()
    {
        m_worker->deleteLater();
        m_thread.quit();
        m_thread.wait();
    }
    [[nodiscard]] quint16 port() const { return m_port; }

private:
    struct Talk { bool asked = false, websocket = false; qint64 had = 0, headEnd = -1; QByteArray head; };

    static void join(QTcpSocket* client, quint16 behind, Shares shares)
    {
        auto* server = new QTcpSocket(client);
        auto talk = std::make_shared<Talk>();
        server->connectToHost(QHostAddress::LocalHost, behind);
        QObject::connect(client, &QTcpSocket::readyRead, server, [client, server, talk] {
            const QByteArray bytes = client->readAll();
            if (!std::exchange(talk->asked, true))
                talk->websocket = bytes.toLower().contains("upgrade: websocket");
            server->write(bytes);
        });
        QObject::connect(server, &QTcpSocket::readyRead, client, [client, server, talk, shares] {
            QByteArray bytes = server->readAll();
            const qint64 share = talk->websocket ? shares.websocket : shares.http;
            client->write(share == all ? bytes : bytes.left(allowed(*talk, bytes, share)));
        });
        QObject::connect(client, &QTcpSocket::disconnected, client, &QObject::deleteLater);
    }
    /// How many of these bytes still belong to the share.
    static qsizetype allowed(Talk& talk, const QByteArray& bytes, qint64 share)
    {
        if (share == 0)
            return 0;
        const qint64 before = talk.had;
        talk.had += bytes.size();
        if (talk.headEnd < 0) {
            talk.head += bytes;
            const qsizetype end = talk.head.indexOf("\r\n\r\n");
            if (end < 0)
                return bytes.size();
            talk.headEnd = end + 4;
        }
        return static_cast<qsizetype>(std::clamp<qint64>(talk.headEnd + share - before, 0, bytes.size()));
    }

    QThread m_thread;
    QObject* m_worker;
    quint16 m_port = 0;
};

} // namespace kintsugi::test
