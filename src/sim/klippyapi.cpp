// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <QHash>

#include "klippyhost.h"

namespace kintsugi::sim {

using namespace Qt::StringLiterals;

namespace {

QJsonObject withParameters(QJsonObject message, const QJsonObject& parameters)
{
    message.insert(u"params"_s, parameters);
    return message;
}

/// Only the fields of `now` that differ from `before`, per object.
QJsonObject changes(const QJsonObject& before, const QJsonObject& now)
{
    QJsonObject result;
    for (auto object = now.begin(); object != now.end(); ++object) {
        const QJsonObject old = before.value(object.key()).toObject();
        const QJsonObject fields = object.value().toObject();
        QJsonObject changed;
        for (auto field = fields.begin(); field != fields.end(); ++field) {
            const auto it = old.constFind(field.key());
            if (it == old.constEnd() || it.value() != field.value())
                changed.insert(field.key(), field.value());
        }
        if (!changed.isEmpty())
            result.insert(object.key(), changed);
    }
    return result;
}

QString missing(const QString& key)
{
    return u"Missing Argument [%1]"_s.arg(key);
}

bool validWish(const QJsonObject& wanted)
{
    for (const QJsonValue fields : wanted) {
        if (!fields.isNull() && !fields.isArray())
            return false;
        const QJsonArray names = fields.toArray();
        for (const QJsonValue name : names) {
            if (!name.isString())
                return false;
        }
    }
    return true;
}

} // namespace

HostClient* Host::client(std::uint64_t serial) const
{
    const auto it = std::find_if(m_clients.begin(), m_clients.end(),
                                 [serial](const HostClient* client) { return client->serial == serial; });
    return it == m_clients.end() ? nullptr : *it;
}

void Host::request(HostClient* client, const QJsonObject& message, double worldNow)
{
    m_now = worldNow;
    const QJsonValue method = message.value(u"method"_s);
    const QJsonValue parameters = message.value(u"params"_s);
    // Like the real server: what is not a request at all is only logged.
    if (!method.isString() || !(parameters.isObject() || parameters.isUndefined() || parameters.isNull()))
        return;
    serve(client, message.value(u"id"_s), method.toString(), parameters.toObject());
}

void Host::reply(HostClient* client, const QJsonValue& id, const QJsonObject& result)
{
    if (client == nullptr || id.isUndefined() || id.isNull())
        return;
    client->deliver({{u"id"_s, id}, {u"result"_s, result}});
}

void Host::refuse(HostClient* client, const QJsonValue& id, const QString& message)
{
    if (client == nullptr || id.isUndefined() || id.isNull())
        return;
    const QJsonObject error{{u"error"_s, u"WebRequestError"_s}, {u"message"_s, message}};
    client->deliver({{u"id"_s, id}, {u"error"_s, error}});
}

void Host::serve(HostClient* client, const QJsonValue& id, const QString& method, const QJsonObject& parameters)
{
    static const QStringList endpoints{
        u"list_endpoints"_s, u"info"_s, u"emergency_stop"_s, u"register_remote_method"_s, u"gcode/help"_s,
        u"gcode/script"_s, u"gcode/restart"_s, u"gcode/firmware_restart"_s, u"gcode/subscribe_output"_s,
        u"objects/list"_s, u"objects/query"_s, u"objects/subscribe"_s, u"pause_resume/cancel"_s,
        u"pause_resume/pause"_s, u"pause_resume/resume"_s, u"bed_mesh/dump_mesh"_s, u"query_endstops/status"_s};
    const auto responseTemplate = parameters.value(u"response_template"_s);
    if (method == u"list_endpoints"_s) {
        reply(client, id, {{u"endpoints"_s, QJsonArray::fromStringList(endpoints)}});
    } else if (method == u"info"_s) {
        reply(client, id, hostInfo());
    } else if (method == u"emergency_stop"_s) {
        shutDown("Shutdown due to webhooks request");
        reply(client, id, {});
    } else if (method == u"register_remote_method"_s) {
        const QString name = parameters.value(u"remote_method"_s).toString();
        if (name.isEmpty() || !responseTemplate.isObject())
            return refuse(client, id, missing(name.isEmpty() ? u"remote_method"_s : u"response_template"_s));
        m_remoteMethods.insert(name);
        reply(client, id, {});
    } else if (method == u"gcode/help"_s) {
        reply(client, id, commandHelp(false));
    } else if (method == u"gcode/script"_s) {
        if (!parameters.value(u"script"_s).isString())
            return refuse(client, id, missing(u"script"_s));
        startScript(client, id, parameters.value(u"script"_s).toString().toStdString());
    } else if (method == u"gcode/restart"_s || method == u"gcode/firmware_restart"_s) {
        reply(client, id, {});
        m_world.restart();
    } else if (method == u"gcode/subscribe_output"_s) {
        client->outputTemplate = responseTemplate.toObject();
        reply(client, id, {});
    } else if (method == u"objects/list"_s) {
        reply(client, id, {{u"objects"_s, QJsonArray::fromStringList(objectNames())}});
    } else if (method == u"objects/query"_s || method == u"objects/subscribe"_s) {
        query(client, id, parameters, method.endsWith(u"subscribe"_s));
    } else if (method.startsWith(u"pause_resume/"_s) && endpoints.contains(method)) {
        static const QHash<QString, std::string> commands{{u"pause_resume/cancel"_s, "CANCEL_PRINT"},
                                                          {u"pause_resume/pause"_s, "PAUSE"},
                                                          {u"pause_resume/resume"_s, "RESUME"}};
        startScript(client, id, commands.value(method));
    } else if (method == u"query_endstops/status"_s) {
        m_reactor.spawn(answerEndstops(client->serial, id));
    } else if (method == u"bed_mesh/dump_mesh"_s) {
        reply(client, id, {{u"current_mesh"_s, meshStatus()}});
    } else {
        refuse(client, id, u"webhooks: No registered callback for path '%1'"_s.arg(method));
    }
}

void Host::startScript(HostClient* client, const QJsonValue& id, const std::string& text)
{
    m_reactor.spawn(answerScript(client->serial, id, text));
}

Task Host::answerScript(std::uint64_t serial, QJsonValue id, std::string text)
{
    const Failure failure = co_await scriptAlone(std::move(text));
    if (failure)
        refuse(client(serial), id, QString::fromStdString(*failure));
    else
        reply(client(serial), id, {});
    co_return {};
}

Task Host::answerEndstops(std::uint64_t serial, QJsonValue id)
{
    if (!ready()) {
        refuse(client(serial), id, QString::fromStdString(stateMessage()));
        co_return {};
    }
    lastMoveTime();
    co_await sleep(0.1);
    const auto text = [](bool triggered) { return triggered ? u"TRIGGERED"_s : u"open"_s; };
    const Machine& m = m_world.machine;
    reply(client(serial), id, {{u"x"_s, text(m.trueX() <= 1e-6)}, {u"y"_s, text(m.trueY() <= 1e-6)},
                       {u"z"_s, text(m.bottomGap() <= 1e-6)}});
    co_return {};
}

void Host::query(HostClient* client, const QJsonValue& id, const QJsonObject& parameters, bool subscribe)
{
    const QJsonValue objects = parameters.value(u"objects"_s);
    if (!objects.isObject())
        return refuse(client, id, objects.isUndefined() ? missing(u"objects"_s)
                                                        : u"Invalid Argument Type [objects]"_s);
    if (!validWish(objects.toObject()))
        return refuse(client, id, u"Invalid argument"_s);
    const QJsonObject now = gather(objects.toObject());
    if (subscribe) {
        client->subscribed = objects.toObject();
        client->statusTemplate = parameters.value(u"response_template"_s).toObject();
        client->lastStatus = now;
    }
    reply(client, id, {{u"eventtime"_s, eventTime()}, {u"status"_s, now}});
}

QJsonObject Host::gather(const QJsonObject& wanted) const
{
    QJsonObject result;
    for (auto it = wanted.begin(); it != wanted.end(); ++it) {
        const QJsonObject full = status(it.key());
        if (it.value().isNull()) {
            result.insert(it.key(), full);
            continue;
        }
        QJsonObject some;
        const QJsonArray fields = it.value().toArray();
        for (const QJsonValue field : fields) {
            const auto found = full.constFind(field.toString());
            some.insert(field.toString(), found == full.constEnd() ? QJsonValue() : QJsonValue(found.value()));
        }
        result.insert(it.key(), full.isEmpty() ? QJsonObject() : some);
    }
    return result;
}

void Host::publish()
{
    refreshStats();
    const auto clients = m_clients;
    for (HostClient* client : clients) {
        if (client->subscribed.isEmpty())
            continue;
        const QJsonObject now = gather(client->subscribed);
        const QJsonObject changed = changes(client->lastStatus, now);
        if (changed.isEmpty())
            continue;
        client->lastStatus = now;
        client->deliver(withParameters(client->statusTemplate,
                                       {{u"eventtime"_s, eventTime()}, {u"status"_s, changed}}));
    }
}

QJsonObject Host::hostInfo() const
{
    const QString folder = m_world.options.folder;
    return {{u"state"_s, QString::fromStdString(m_state)},
            {u"state_message"_s, QString::fromStdString(stateMessage())},
            {u"hostname"_s, u"demo"_s},
            {u"klipper_path"_s, QString(folder + u"/klipper"_s)},
            {u"python_path"_s, u"/usr/bin/python3"_s},
            {u"process_id"_s, 4000 + static_cast<int>(m_mcuZero) % 20000},
            {u"user_id"_s, 1000},
            {u"group_id"_s, 1000},
            {u"log_file"_s, QString(folder + u"/logs/klippy.log"_s)},
            {u"config_file"_s, QString(folder + u"/config/printer.cfg"_s)},
            {u"software_version"_s, m_world.options.softwareVersion},
            {u"cpu_info"_s, u"4 core ?"_s}};
}

} // namespace kintsugi::sim
