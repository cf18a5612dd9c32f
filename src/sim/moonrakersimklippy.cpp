// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakersimklippy.h"

#include <algorithm>

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

constexpr quint64 serverItself = 0;

QJsonObject ownObjects()
{
    const QJsonArray heater{u"temperature"_s, u"target"_s, u"power"_s};
    return {{u"webhooks"_s, {}}, {u"print_stats"_s, {}}, {u"extruder"_s, heater}, {u"heater_bed"_s, heater}};
}

enum class Empty { Keep, Drop };

QJsonObject partOf(const QJsonObject& status, const QJsonObject& wanted, Empty empty)
{
    QJsonObject part;
    for (auto it = wanted.begin(); it != wanted.end(); ++it) {
        if (!status.contains(it.key()))
            continue;
        QJsonObject fields = status.value(it.key()).toObject();
        if (it.value().isArray()) {
            const QJsonArray names = it.value().toArray();
            for (const QString& field : fields.keys()) {
                if (!names.contains(field))
                    fields.remove(field);
            }
        }
        if (empty == Empty::Keep || !fields.isEmpty())
            part.insert(it.key(), fields);
    }
    return part;
}

} // namespace

SimKlippyLink::SimKlippyLink(Connector connector, int pollMilliseconds, QObject* parent)
    : QObject(parent)
    , m_connector(std::move(connector))
    , m_state(u"disconnected"_s)
{
    m_poll.setInterval(pollMilliseconds);
    connect(&m_poll, &QTimer::timeout, this, [this] { m_connection ? askInfo() : tryConnect(); });
}

SimKlippyLink::~SimKlippyLink()
{
    stop();
}

void SimKlippyLink::start()
{
    m_poll.start();
    tryConnect();
}

void SimKlippyLink::stop()
{
    m_poll.stop();
    m_pending.clear();
    m_subscriptions.clear();
    m_cache = {};
    m_state = u"disconnected"_s;
    if (m_connection)
        m_connection->disconnect(this);
    m_connection.reset();
}

void SimKlippyLink::tryConnect()
{
    m_connection = m_connector();
    if (!m_connection)
        return;
    connect(m_connection.get(), &KlippyConnection::received, this, &SimKlippyLink::receive);
    connect(m_connection.get(), &KlippyConnection::closed, this, &SimKlippyLink::lost);
    m_state = u"startup"_s;
    m_begun = m_identified = false;
    askInfo();
}

void SimKlippyLink::askInfo()
{
    QJsonObject params;
    if (!m_identified)
        params.insert(u"client_info"_s, QJsonObject{{u"program"_s, u"Moonraker"_s}, {u"version"_s, u"v0.11.0"_s}});
    m_identified = true;
    request(u"info"_s, params, [this](const Answer& answer) {
        const QString state = answer.result.toObject().value("state"_L1).toString();
        if (answer.ok() && !m_begun && state != "startup"_L1)
            begin(state);
    });
}

void SimKlippyLink::begin(const QString& state)
{
    m_begun = true;
    m_poll.stop();
    m_state = state;
    request(u"gcode/subscribe_output"_s,
            {{u"response_template"_s, QJsonObject{{u"method"_s, u"process_gcode_response"_s}}}}, [](const Answer&) {});
    subscribe(serverItself, ownObjects(), [this](const Answer& answer) {
        emit begun(answer.result.toObject().value("status"_L1).toObject().value("print_stats"_L1).toObject());
        if (m_state == "ready"_L1)
            emit ready();
        else if (m_state == "shutdown"_L1)
            emit shutdown();
    });
}

void SimKlippyLink::request(const QString& method, const QJsonObject& params, Reply reply)
{
    if (!m_connection)
        return reply(Answer::failed(503, u"Klippy Host not connected"_s));
    const qint64 id = m_nextId++;
    m_pending.insert(id, std::move(reply));
    m_connection->send({{u"id"_s, id}, {u"method"_s, method}, {u"params"_s, params}});
}

QJsonObject SimKlippyLink::allSubscriptions() const
{
    QJsonObject all;
    for (const auto& [who, objects] : m_subscriptions) {
        for (auto it = objects.begin(); it != objects.end(); ++it) {
            const QJsonValue known = all.value(it.key());
            if (known.isUndefined() || it.value().isNull() || known.isNull()) {
                all.insert(it.key(), known.isUndefined() ? it.value() : QJsonValue());
                continue;
            }
            QJsonArray fields = known.toArray();
            for (const QJsonValue& field : it.value().toArray()) {
                if (!fields.contains(field))
                    fields.append(field);
            }
            all.insert(it.key(), fields);
        }
    }
    return all;
}

void SimKlippyLink::subscribe(quint64 who, const QJsonObject& objects, Reply reply)
{
    if (objects.isEmpty())
        m_subscriptions.erase(who);
    else
        m_subscriptions[who] = objects;
    const QJsonObject params{{u"objects"_s, allSubscriptions()},
                             {u"response_template"_s, QJsonObject{{u"method"_s, u"process_status_update"_s}}}};
    request(u"objects/subscribe"_s, params, [this, who, objects, reply = std::move(reply)](const Answer& answer) {
        if (!answer.ok()) {
            m_subscriptions.erase(who);
            return reply(answer);
        }
        QJsonObject result = answer.result.toObject();
        const QJsonObject all = result.value("status"_L1).toObject();
        const QJsonObject changed = fold(all);
        result.insert(u"status"_s, partOf(all, objects, Empty::Keep));
        reply(Answer::done(result));
        update(changed, result.value("eventtime"_L1).toDouble());
    });
}

// Klipper reports a change once. A new subscription starts from the present, so what changed since the last report
// must be told to the others from here.
QJsonObject SimKlippyLink::fold(const QJsonObject& all)
{
    QJsonObject changed;
    for (auto object = all.begin(); object != all.end(); ++object) {
        const QJsonObject before = m_cache.value(object.key()).toObject();
        const QJsonObject fields = object.value().toObject();
        QJsonObject different;
        for (auto field = fields.begin(); field != fields.end(); ++field) {
            if (before.contains(field.key()) && before.value(field.key()) != field.value())
                different.insert(field.key(), field.value());
        }
        if (!different.isEmpty())
            changed.insert(object.key(), different);
    }
    m_cache = all;
    return changed;
}

void SimKlippyLink::receive(const QJsonObject& message)
{
    const QString method = message.value("method"_L1).toString();
    const QJsonObject params = message.value("params"_L1).toObject();
    if (method == "process_gcode_response"_L1)
        return emit gcodeResponse(params.value("response"_L1).toString());
    if (method == "process_status_update"_L1)
        return update(params.value("status"_L1).toObject(), params.value("eventtime"_L1).toDouble());
    const Reply reply = m_pending.take(message.value("id"_L1).toInteger(-1));
    if (!reply)
        return;
    if (message.contains("error"_L1))
        return reply(Answer::failed(400, message.value("error"_L1).toObject().value("message"_L1).toString()));
    const QJsonValue result = message.value("result"_L1);
    const bool empty = result.isObject() && result.toObject().isEmpty();
    reply(Answer::done(empty ? QJsonValue(u"ok"_s) : result));
}

void SimKlippyLink::update(const QJsonObject& changed, double eventtime)
{
    if (changed.isEmpty())
        return;
    for (auto object = changed.begin(); object != changed.end(); ++object) {
        QJsonObject fields = m_cache.value(object.key()).toObject();
        const QJsonObject news = object.value().toObject();
        for (auto field = news.begin(); field != news.end(); ++field)
            fields.insert(field.key(), field.value());
        m_cache.insert(object.key(), fields);
    }
    const auto subscribers = m_subscriptions; // a receiver may subscribe anew
    for (const auto& [who, objects] : subscribers) {
        const QJsonObject part = partOf(changed, objects, Empty::Drop);
        if (who != serverItself && !part.isEmpty())
            emit status(who, part, eventtime);
    }
    const QString state = changed.value("webhooks"_L1).toObject().value("state"_L1).toString();
    const bool stopped = state == "shutdown"_L1 && m_state != state;
    if (!state.isEmpty())
        m_state = state;
    const QJsonObject stats = changed.value("print_stats"_L1).toObject();
    // The job ends because of the shutdown, not because of the error state that comes along with it.
    if (stopped && stats.contains("state"_L1))
        emit shutdown();
    if (!stats.isEmpty())
        emit printStats(stats);
    if (stopped && !stats.contains("state"_L1))
        emit shutdown();
}

void SimKlippyLink::lost()
{
    if (!m_connection)
        return;
    m_connection->disconnect(this);
    m_connection.release()->deleteLater();
    m_state = u"disconnected"_s;
    const auto pending = std::exchange(m_pending, {});
    m_subscriptions.clear();
    m_cache = {};
    emit disconnected();
    for (const Reply& reply : pending)
        reply(Answer::failed(503, u"Klippy Disconnected"_s));
    m_poll.start();
}

} // namespace kintsugi::sim
