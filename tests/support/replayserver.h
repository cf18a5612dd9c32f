// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>

#include "fakemoonraker.h"

namespace kintsugi::test {

/// Plays a recording of Moonraker traffic to a driver. What the driver asks to get going (identify, info, objects, subscribe) is
/// answered from the recorded state of that moment; recorded notifications follow in their order; where the recording's client
/// did something (a script, a restart, a history list) operatorTurn() asks the test to do it, and the recorded answer goes to
/// that request. After everything that changes the host the driver is let catch up, by ping and pong, never by the clock.
class ReplayServer final : public FakeMoonraker
{
    Q_OBJECT
public:
    explicit ReplayServer(const QString& recording, QObject* parent = nullptr);

    [[nodiscard]] bool isFinished() const { return m_finished; }
    [[nodiscard]] const QString& problem() const { return m_problem; }
    [[nodiscard]] QString where() const; ///< for messages of a test that hangs

signals:
    void operatorTurn(const QString& method, const QJsonObject& params);
    void finished();

protected:
    std::optional<QJsonObject> respond(const QString& method, const QJsonObject& params, int id) override;

private:
    struct Event {
        QString dir, text;
        QJsonObject frame;
    };
    enum class Wait { Nothing, Client, Operator, HostRead, Pong };

    void load(const QString& recording);
    void step();
    bool play(const Event& event);
    bool playNotification(const QJsonObject& frame);
    bool playAnswer(const QJsonObject& frame);
    bool playRequest(const QJsonObject& frame);
    void takeInfo(const QJsonObject& info);
    void merge(const QJsonObject& status);
    void lookAhead();
    void barrier();

    std::deque<Event> m_events;
    Wait m_wait = Wait::Client;
    QString m_expected;              ///< method the operator was asked for
    int m_recordedId = 0;
    std::map<int, int> m_ids;        ///< recorded -> live, of operator requests
    std::map<int, QString> m_unbound; ///< recorded requests that nobody plays
    qsizetype m_callsAtPing = 0;
    bool m_caughtUp = false, m_finished = false;
    QJsonObject m_afterStart;        ///< status of a printer that has just started
    QString m_problem, m_shutdownMessage;
};

} // namespace kintsugi::test
