// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <QHash>
#include <QLocalServer>
#include <QLocalSocket>
#include <QObject>

#include "base/result.h"
#include "klippy.h"

namespace kintsugi::sim {

/// Klipper's API socket: a Unix stream socket, every message a JSON object and one byte 0x03, in both directions. Each
/// client gets a KlippyConnection of its own; when that closes, so does the socket, as at a restart of klippy.
class KlippySocket final : public QObject
{
    Q_OBJECT
public:
    using Connector = std::function<std::unique_ptr<KlippyConnection>()>;
    static constexpr qsizetype maxMessage = 16 * 1024 * 1024;

    explicit KlippySocket(Connector connector, QObject* parent = nullptr);
    ~KlippySocket() override;

    /// The socket file appears; one left behind by a dead process is replaced. Unreachable.
    [[nodiscard]] Result<> listen(const QString& path);
    /// Listens at `path` whenever the host of this klippy runs, and not while it is down.
    [[nodiscard]] Result<> follow(Klippy& klippy, const QString& path);
    void close(); ///< drops the clients and removes the file, as when klippy's process ends
    [[nodiscard]] bool listening() const { return m_server.isListening(); }

private:
    struct Client {
        std::unique_ptr<KlippyConnection> connection;
        QByteArray pending;
    };

    void accept();
    void read(QLocalSocket* socket);
    void drop(QLocalSocket* socket);

    Connector m_connector;
    QLocalServer m_server;
    QHash<QLocalSocket*, std::shared_ptr<Client>> m_clients;
};

} // namespace kintsugi::sim
