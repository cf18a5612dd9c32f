// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>

#include <QHash>
#include <QObject>
#include <QTimer>

#include "klippy.h"
#include "moonrakersimrpc.h"

namespace kintsugi::sim {

/// The server's side of Klipper's API socket: connects, waits for the end of the start-up, keeps one subscription for
/// everybody and hands each subscriber its part.
class SimKlippyLink final : public QObject
{
    Q_OBJECT
public:
    using Connector = std::function<std::unique_ptr<KlippyConnection>()>;

    SimKlippyLink(Connector connector, int pollMilliseconds, QObject* parent);
    ~SimKlippyLink() override;

    void start();
    void stop(); ///< as the end of the process: nothing is announced, nothing pending is answered

    [[nodiscard]] bool connected() const { return m_connection != nullptr; }
    [[nodiscard]] QString state() const { return m_state; } ///< disconnected, startup, ready, error, shutdown
    [[nodiscard]] const QJsonObject& cached() const { return m_cache; }

    /// 503 while klippy is away, 400 with Klipper's words when it refuses. Answered in any order.
    void request(const QString& method, const QJsonObject& params, Reply reply);
    void subscribe(quint64 who, const QJsonObject& objects, Reply reply); ///< replaces the subscriber's last one
    void unsubscribe(quint64 who) { m_subscriptions.erase(who); }

signals:
    void begun(const QJsonObject& printStats); ///< start-up is over, whatever came of it
    void ready();
    void shutdown();
    void disconnected();
    void gcodeResponse(const QString& text);
    void printStats(const QJsonObject& changed);
    void status(quint64 who, const QJsonObject& status, double eventtime);

private:
    void tryConnect();
    void askInfo();
    void begin(const QString& state);
    void receive(const QJsonObject& message);
    void update(const QJsonObject& status, double eventtime);
    void lost();
    [[nodiscard]] QJsonObject allSubscriptions() const;
    [[nodiscard]] QJsonObject fold(const QJsonObject& all);

    Connector m_connector;
    QTimer m_poll;
    std::unique_ptr<KlippyConnection> m_connection;
    QString m_state;
    bool m_begun = false, m_identified = false;
    qint64 m_nextId = 1;
    QHash<qint64, Reply> m_pending;
    std::map<quint64, QJsonObject> m_subscriptions;
    QJsonObject m_cache; ///< object -> fields, of everything subscribed
};

} // namespace kintsugi::sim
