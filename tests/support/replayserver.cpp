// SPDX-License-Identifier: GPL-3.0-or-later
#include "replayserver.h"

#include <QFile>
#include <QJsonDocument>

namespace kintsugi::test {

using namespace Qt::StringLiterals;

namespace {

bool isDeed(const QString& method, const QJsonObject& params)
{
    static const QStringList deeds{
        u"printer.gcode.script"_s, u"printer.print.start"_s, u"printer.print.pause"_s, u"printer.print.cancel"_s,
        u"printer.emergency_stop"_s, u"printer.firmware_restart"_s, u"printer.restart"_s, u"server.history.list"_s,
        u"server.files.metadata"_s, u"server.files.list"_s, u"server.files.get_directory"_s, u"server.gcode_store"_s,
    };
    const bool variables = method == "printer.objects.query"_L1
        && params.value("objects"_L1).toObject().contains("save_variables"_L1);
    return variables || deeds.contains(method);
}

bool isSame(const QString& method, const QJsonObject& recorded, const QJsonObject& live)
{
    if (method == "printer.gcode.script"_L1 || method == "printer.print.start"_L1 || method == "server.files.metadata"_L1)
        return recorded == live;
    if (method == "printer.objects.query"_L1)
        return live.value("objects"_L1).toObject().contains("save_variables"_L1);
    return true;
}

} // namespace

ReplayServer::ReplayServer(const QString& recording, QObject* parent)
    : FakeMoonraker(parent)
{
    load(recording);
    connect(this, &FakeMoonraker::called, this, [this](const QString& method, const QJsonObject&, int) {
        const bool subscribed = method == "printer.objects.subscribe"_L1;
        if (m_wait == Wait::Client && (subscribed || (method == "printer.info"_L1 && klippyState != "ready"_L1)))
            barrier();
        else if (m_wait == Wait::HostRead && (subscribed || (method == "server.info"_L1 && klippyState == "disconnected"_L1)
                                              || (method == "printer.info"_L1 && klippyState != "ready"_L1)))
            barrier();
    });
    connect(this, &FakeMoonraker::pong, this, [this] {
        if (m_wait != Wait::Pong)
            return;
        if (m_callsAtPing != static_cast<qsizetype>(calls.size()))
            return barrier();
        m_wait = Wait::Nothing;
        step();
    });
    lookAhead();
}

void ReplayServer::load(const QString& recording)
{
    QFile file(recording);
    if (!file.open(QIODevice::ReadOnly))
        m_problem = recording + u": "_s + file.errorString();
    while (!file.atEnd()) {
        const QJsonObject line = QJsonDocument::fromJson(file.readLine()).object();
        m_events.push_back({line.value("dir"_L1).toString(), line.value("text"_L1).toString(), line.value("frame"_L1).toObject()});
    }
}

QString ReplayServer::where() const
{
    const QString next = m_events.empty() ? u"end"_s : QString::fromUtf8(QJsonDocument(m_events.front().frame).toJson(QJsonDocument::Compact)).left(200);
    return u"wait %1, expected %2, %3 left, next %4 %5"_s.arg(static_cast<int>(m_wait)).arg(m_expected).arg(m_events.size()).arg(m_problem, next);
}

void ReplayServer::barrier()
{
    m_wait = Wait::Pong;
    m_callsAtPing = static_cast<qsizetype>(calls.size());
    ping();
}

void ReplayServer::merge(const QJsonObject& changed)
{
    for (auto object = changed.begin(); object != changed.end(); ++object) {
        QJsonObject fields = status.value(object.key()).toObject();
        const QJsonObject news = object.value().toObject();
        for (auto field = news.begin(); field != news.end(); ++field)
            fields.insert(field.key(), field.value());
        status.insert(object.key(), fields);
    }
    const QJsonObject hooks = changed.value("webhooks"_L1).toObject();
    if (hooks.contains("state"_L1)) {
        klippyState = hooks.value("state"_L1).toString();
        klippyMessage = hooks.value("state_message"_L1).toString();
        if (klippyState == "shutdown"_L1)
            m_shutdownMessage = klippyMessage;
    }
}

void ReplayServer::lookAhead()
{
    // The driver subscribes as soon as it can, the recording's client did so later: it gets what that one was told.
    std::map<int, QString> asked;
    bool stateKnown = false;
    for (std::size_t i = 1; i < m_events.size(); ++i) {
        const QJsonObject& frame = m_events[i].frame;
        const int id = frame.value("id"_L1).toInt();
        if (m_events[i].text.startsWith("websocket closed"_L1))
            break;
        if (m_events[i].dir == "c2s"_L1)
            asked[id] = frame.value("method"_L1).toString();
        if (m_events[i].dir != "s2c"_L1 || !frame.contains("result"_L1))
            continue;
        const QJsonObject result = frame.value("result"_L1).toObject();
        if (asked[id] == "server.info"_L1 && !stateKnown) {
            stateKnown = true;
            klippyState = result.value("klippy_state"_L1).toString();
        } else if (asked[id] == "printer.objects.subscribe"_L1) {
            const QString state = klippyState;
            status = {};
            m_afterStart = result.value("status"_L1).toObject();
            merge(m_afterStart);
            if (stateKnown)
                klippyState = state;
            return;
        }
    }
    // The recording's client never asked again: a restarted printer is as it was at first, but for what it has saved.
    const QJsonValue saved = status.value("save_variables"_L1);
    status = {};
    merge(m_afterStart);
    status.remove(u"save_variables"_s);
    if (saved.isObject())
        status.insert(u"save_variables"_s, saved);
}

void ReplayServer::takeInfo(const QJsonObject& info)
{
    const QString state = info.value(info.contains("klippy_state"_L1) ? "klippy_state"_L1 : "state"_L1).toString();
    if (state.isEmpty())
        return;
    const bool changed = state != klippyState;
    klippyState = state;
    klippyConnected = state != "disconnected"_L1;
    if (info.contains("state_message"_L1))
        klippyMessage = info.value("state_message"_L1).toString();
    if (state == "error"_L1)
        status = {};
    if (changed)
        m_wait = Wait::HostRead;
}

void ReplayServer::step()
{
    while (m_wait == Wait::Nothing) {
        if (m_events.empty()) {
            m_finished = true;
            emit finished();
            return;
        }
        const Event event = m_events.front();
        if (play(event))
            m_events.pop_front();
    }
}

/// True when the event is done and the next may come.
bool ReplayServer::play(const Event& event)
{
    if (event.dir == "note"_L1 && event.text.startsWith("websocket closed"_L1) && m_events.size() > 1) {
        dropClients();
        m_ids.clear();
        m_wait = Wait::Client;
        lookAhead();
        return true;
    }
    if (event.dir == "c2s"_L1)
        return playRequest(event.frame);
    if (event.dir == "s2c"_L1)
        return event.frame.contains("method"_L1) ? playNotification(event.frame) : playAnswer(event.frame);
    return true;
}

bool ReplayServer::playRequest(const QJsonObject& frame)
{
    const QString method = frame.value("method"_L1).toString();
    const int id = frame.value("id"_L1).toInt();
    if (!isDeed(method, frame.value("params"_L1).toObject())) {
        m_unbound[id] = method;
        return true;
    }
    if (!m_caughtUp) { // the operator acts on what it has seen
        m_caughtUp = true;
        barrier();
        return false;
    }
    m_caughtUp = false;
    m_expected = method;
    m_recordedId = id;
    m_wait = Wait::Operator;
    emit operatorTurn(method, frame.value("params"_L1).toObject());
    return false;
}

bool ReplayServer::playNotification(const QJsonObject& frame)
{
    const QString method = frame.value("method"_L1).toString();
    const QJsonArray params = frame.value("params"_L1).toArray();
    if (method == "notify_status_update"_L1)
        merge(params.at(0).toObject());
    const QString console = method == "notify_gcode_response"_L1 ? params.at(0).toString() : QString();
    if (console == "// Klipper state: Shutdown"_L1 || method == "notify_klippy_shutdown"_L1) {
        if (klippyState == "ready"_L1)
            klippyMessage = m_shutdownMessage;
        klippyState = u"shutdown"_s;
    }
    if (method == "notify_klippy_disconnected"_L1) {
        klippyState = u"disconnected"_s;
        klippyConnected = false;
    }
    if (method == "notify_klippy_ready"_L1) {
        klippyState = u"ready"_s;
        klippyMessage = u"Printer is ready"_s;
        klippyConnected = true;
        lookAhead();
        klippyState = u"ready"_s;
    }
    send(frame);
    if (method.startsWith("notify_klippy_"_L1))
        m_wait = Wait::HostRead;
    return true;
}

bool ReplayServer::playAnswer(const QJsonObject& frame)
{
    const int id = frame.value("id"_L1).toInt();
    const auto live = m_ids.find(id);
    if (live != m_ids.end()) {
        QJsonObject answer = frame;
        answer.insert(u"id"_s, live->second);
        send(answer);
        barrier(); // a client looks at the host before it believes an "ok"
        return true;
    }
    const QJsonObject result = frame.value("result"_L1).toObject();
    const QString method = m_unbound[id];
    if (method == "printer.info"_L1 || method == "server.info"_L1)
        takeInfo(result);
    return true;
}

std::optional<QJsonObject> ReplayServer::respond(const QString& method, const QJsonObject& params, int id)
{
    if (m_wait == Wait::Operator && method == m_expected) {
        const QJsonObject recorded = m_events.front().frame.value("params"_L1).toObject();
        if (!isSame(method, recorded, params)) {
            // The driver's own look at the host (webhooks) is no operator's query.
            return FakeMoonraker::respond(method, params, id);
        }
        m_ids[m_recordedId] = id;
        m_events.pop_front();
        m_wait = Wait::Nothing;
        QMetaObject::invokeMethod(this, &ReplayServer::step, Qt::QueuedConnection);
        return std::nullopt;
    }
    return FakeMoonraker::respond(method, params, id);
}

} // namespace kintsugi::test
