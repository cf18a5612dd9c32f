// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakersimserver.h"

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

const QStringList components{
    u"secrets"_s,    u"template"_s,   u"klippy_connection"_s, u"jsonrpc"_s,       u"application"_s,
    u"websockets"_s, u"database"_s,   u"file_manager"_s,      u"authorization"_s, u"klippy_apis"_s,
    u"machine"_s,    u"data_store"_s, u"job_state"_s,         u"job_queue"_s,     u"history"_s};

Answer missing(QLatin1String name)
{
    return Answer::failed(400, u"No data for argument: "_s + name);
}

QJsonArray arrayOf(const std::deque<double>& values)
{
    QJsonArray array;
    for (const double value : values)
        array.append(value);
    return array;
}

} // namespace

void MoonrakerSim::Private::call(const QString& method, const QJsonObject& params, const Caller& caller, Reply reply)
{
    if (!caller.allowed && !openMethods.contains(method) && method != "server.connection.identify"_L1)
        return reply(Answer::failed(401, u"Unauthorized"_s));
    const auto found = methods.constFind(method);
    if (found == methods.cend())
        return reply(Answer::failed(404, u"Method not found"_s));
    const Method run = *found; // the table may change while it runs, when the server is killed from there
    run(params, caller, reply);
}

void MoonrakerSim::Private::registerMethods()
{
    const auto simple = [this](const QString& verbAndPath, const QString& name, auto function) {
        methods.insert(name, [function](const QJsonObject& params, const Caller&, const Reply& reply) {
            reply(function(params));
        });
        routes.insert(verbAndPath, name);
    };
    simple(u"GET /server/info"_s, u"server.info"_s, [this](const QJsonObject&) { return serverInfo(); });
    simple(u"GET /server/config"_s, u"server.config"_s, [this](const QJsonObject&) { return serverConfig(); });
    simple(u"GET /server/gcode_store"_s, u"server.gcode_store"_s,
           [this](const QJsonObject& params) { return consoleLines(params); });
    simple(u"GET /server/temperature_store"_s, u"server.temperature_store"_s,
           [this](const QJsonObject&) { return temperatures(); });
    simple(u"GET /server/job_queue/status"_s, u"server.job_queue.status"_s, [](const QJsonObject&) {
        return Answer::done(QJsonObject{{u"queued_jobs"_s, QJsonArray()}, {u"queue_state"_s, u"paused"_s}});
    });
    simple(u"GET /server/history/list"_s, u"server.history.list"_s,
           [this](const QJsonObject& params) { return history.list(params); });
    simple(u"GET /server/history/job"_s, u"server.history.get_job"_s,
           [this](const QJsonObject& params) { return history.job(params); });
    simple(u"GET /server/history/totals"_s, u"server.history.totals"_s,
           [this](const QJsonObject&) { return history.totals(); });
    simple(u"DELETE /server/history/job"_s, u"server.history.delete_job"_s,
           [this](const QJsonObject& params) { return history.remove(params); });
    simple(u"GET /server/database/list"_s, u"server.database.list"_s,
           [this](const QJsonObject&) { return database.list(); });
    simple(u"GET /server/database/item"_s, u"server.database.get_item"_s,
           [this](const QJsonObject& params) { return database.get(params); });
    simple(u"POST /server/database/item"_s, u"server.database.post_item"_s,
           [this](const QJsonObject& params) { return database.post(params); });
    simple(u"DELETE /server/database/item"_s, u"server.database.delete_item"_s,
           [this](const QJsonObject& params) { return database.remove(params); });
    methods.insert(u"server.connection.identify"_s, [this](const QJsonObject& params, const Caller& caller,
                                                           const Reply& reply) { reply(identify(params, caller)); });
    methods.insert(u"server.websocket.id"_s, [](const QJsonObject&, const Caller& caller, const Reply& reply) {
        reply(Answer::done(QJsonObject{{u"websocket_id"_s, static_cast<qint64>(caller.id)}}));
    });
    registerFiles();
    registerAccess();
    registerKlippy();
}

void MoonrakerSim::Private::registerFiles()
{
    const auto add = [this](const QString& verbAndPath, const QString& name, auto function) {
        methods.insert(name, [this, function](const QJsonObject& params, const Caller&, const Reply& reply) {
            reply(function(files, params));
        });
        routes.insert(verbAndPath, name);
    };
    add(u"GET /server/files/roots"_s, u"server.files.roots"_s,
        [](SimFiles& all, const QJsonObject&) { return all.roots(); });
    add(u"GET /server/files/list"_s, u"server.files.list"_s,
        [](SimFiles& all, const QJsonObject& params) { return all.list(params); });
    add(u"GET /server/files/directory"_s, u"server.files.get_directory"_s,
        [](SimFiles& all, const QJsonObject& params) { return all.directory(params); });
    add(u"GET /server/files/metadata"_s, u"server.files.metadata"_s,
        [](SimFiles& all, const QJsonObject& params) { return all.metadata(params, false); });
    add(u"POST /server/files/metascan"_s, u"server.files.metascan"_s,
        [](SimFiles& all, const QJsonObject& params) { return all.metadata(params, true); });
    add(u"GET /server/files/thumbnails"_s, u"server.files.thumbnails"_s,
        [](SimFiles& all, const QJsonObject& params) { return all.thumbnails(params); });
    add(u"POST /server/files/move"_s, u"server.files.move"_s,
        [](SimFiles& all, const QJsonObject& params) { return all.move(params); });
    add(u"POST /server/files/copy"_s, u"server.files.copy"_s,
        [](SimFiles& all, const QJsonObject& params) { return all.copy(params); });
    add(u"POST /server/files/directory"_s, u"server.files.post_directory"_s,
        [](SimFiles& all, const QJsonObject& params) { return all.makeDirectory(params); });
    add(u"DELETE /server/files/directory"_s, u"server.files.delete_directory"_s,
        [](SimFiles& all, const QJsonObject& params) { return all.removeDirectory(params); });
    methods.insert(u"server.files.delete_file"_s, [this](const QJsonObject& params, const Caller&, const Reply& reply) {
        reply(files.removeFile(params));
    });
}

void MoonrakerSim::Private::registerAccess()
{
    const auto add = [this](const QString& verbAndPath, const QString& name, auto function) {
        methods.insert(name, [this, function](const QJsonObject& params, const Caller&, const Reply& reply) {
            reply(function(access, params));
        });
        routes.insert(verbAndPath, name);
    };
    methods.insert(u"access.info"_s, [this](const QJsonObject&, const Caller& caller, const Reply& reply) {
        reply(access.info(access.open() || caller.allowed));
    });
    routes.insert(u"GET /access/info"_s, u"access.info"_s);
    add(u"POST /access/login"_s, u"access.login"_s,
        [](SimAccess& rules, const QJsonObject& params) { return rules.login(params); });
    add(u"POST /access/refresh_jwt"_s, u"access.refresh_jwt"_s,
        [](SimAccess& rules, const QJsonObject& params) { return rules.refresh(params); });
    add(u"POST /access/logout"_s, u"access.logout"_s,
        [](SimAccess& rules, const QJsonObject&) { return rules.logout(); });
    add(u"GET /access/oneshot_token"_s, u"access.oneshot_token"_s,
        [](SimAccess& rules, const QJsonObject&) { return rules.oneShot(); });
    add(u"GET /access/user"_s, u"access.get_user"_s, [](SimAccess& rules, const QJsonObject&) { return rules.user(); });
    add(u"GET /access/api_key"_s, u"access.get_api_key"_s,
        [](SimAccess& rules, const QJsonObject&) { return rules.apiKey(); });
    openMethods = {u"access.info"_s, u"access.login"_s, u"access.refresh_jwt"_s};
}

void MoonrakerSim::Private::registerKlippy()
{
    const auto pass = [this](const QString& verbAndPath, const QString& name, const QString& endpoint) {
        methods.insert(name, [this, endpoint](const QJsonObject& params, const Caller&, const Reply& reply) {
            klippy.request(endpoint, params, reply);
        });
        routes.insert(verbAndPath, name);
    };
    pass(u"GET /printer/info"_s, u"printer.info"_s, u"info"_s);
    pass(u"GET /printer/objects/list"_s, u"printer.objects.list"_s, u"objects/list"_s);
    pass(u"GET /printer/objects/query"_s, u"printer.objects.query"_s, u"objects/query"_s);
    routes.insert(u"POST /printer/objects/query"_s, u"printer.objects.query"_s);
    pass(u"GET /printer/gcode/help"_s, u"printer.gcode.help"_s, u"gcode/help"_s);
    pass(u"POST /printer/print/pause"_s, u"printer.print.pause"_s, u"pause_resume/pause"_s);
    pass(u"POST /printer/print/resume"_s, u"printer.print.resume"_s, u"pause_resume/resume"_s);
    pass(u"POST /printer/print/cancel"_s, u"printer.print.cancel"_s, u"pause_resume/cancel"_s);
    pass(u"POST /printer/emergency_stop"_s, u"printer.emergency_stop"_s, u"emergency_stop"_s);
    pass(u"POST /printer/restart"_s, u"printer.restart"_s, u"gcode/restart"_s);
    pass(u"POST /printer/firmware_restart"_s, u"printer.firmware_restart"_s, u"gcode/firmware_restart"_s);
    pass(u"GET /printer/query_endstops/status"_s, u"printer.query_endstops.status"_s, u"query_endstops/status"_s);
    methods.insert(u"printer.gcode.script"_s,
                   [this](const QJsonObject& params, const Caller&, const Reply& reply) { runScript(params, reply); });
    routes.insert(u"POST /printer/gcode/script"_s, u"printer.gcode.script"_s);
    methods.insert(u"printer.print.start"_s, [this](const QJsonObject& params, const Caller&, const Reply& reply) {
        QString name = textOf(params, "filename"_L1);
        if (name.isEmpty())
            return reply(missing("filename"_L1));
        name.replace(u"\""_s, u"\\\""_s);
        history.requestedBy(access.open() ? u"_TRUSTED_USER_"_s : u"_API_KEY_USER_"_s);
        klippy.request(u"gcode/script"_s, {{u"script"_s, QString(u"SDCARD_PRINT_FILE FILENAME=\""_s + name + u'"')}},
                       reply);
    });
    routes.insert(u"POST /printer/print/start"_s, u"printer.print.start"_s);
    methods.insert(u"printer.objects.subscribe"_s,
                   [this](const QJsonObject& params, const Caller& caller, const Reply& reply) {
                       if (caller.id == 0)
                           return reply(Answer::failed(400, u"No connection associated with subscription request"_s));
                       klippy.subscribe(caller.id, params.value("objects"_L1).toObject(), reply);
                   });
}

void MoonrakerSim::Private::runScript(const QJsonObject& params, Reply reply)
{
    const QString script = textOf(params, "script"_L1);
    if (script.isEmpty())
        return reply(missing("script"_L1));
    if (klippy.connected())
        remember(script, u"command"_s);
    klippy.request(u"gcode/script"_s, {{u"script"_s, script}}, std::move(reply));
}

Answer MoonrakerSim::Private::identify(const QJsonObject& params, const Caller& caller)
{
    const auto found = clients.find(caller.id);
    if (found == clients.end())
        return Answer::failed(400, u"No connection detected"_s);
    Client& client = found->second;
    const QString key = textOf(params, "api_key"_L1), token = textOf(params, "access_token"_L1);
    if (client.identified)
        return Answer::failed(400, u"Connection already identified"_s);
    if (!client.allowed && !key.isEmpty() && !access.keyFits(key))
        return Answer::failed(401, u"Invalid API Key"_s);
    if (!client.allowed && key.isEmpty() && !access.tokenFits(token))
        return Answer::failed(401, u"Unauthorized"_s);
    for (const auto name : {"client_name"_L1, "version"_L1, "type"_L1, "url"_L1}) {
        if (textOf(params, name).isEmpty())
            return missing(name);
    }
    static const QStringList types{u"web"_s, u"mobile"_s, u"desktop"_s, u"display"_s, u"bot"_s, u"agent"_s, u"other"_s};
    if (const QString type = textOf(params, "type"_L1).toLower(); !types.contains(type))
        return Answer::failed(400, u"Invalid Client Type: %1"_s.arg(type));
    client.identified = client.allowed = true;
    return Answer::done(QJsonObject{{u"connection_id"_s, static_cast<qint64>(caller.id)}});
}

Answer MoonrakerSim::Private::serverInfo() const
{
    return Answer::done(QJsonObject{{u"klippy_connected"_s, klippy.connected()},
                                    {u"klippy_state"_s, klippy.state()},
                                    {u"components"_s, QJsonArray::fromStringList(components)},
                                    {u"failed_components"_s, QJsonArray()},
                                    {u"registered_directories"_s, QJsonArray{u"config"_s, u"logs"_s, u"gcodes"_s}},
                                    {u"warnings"_s, QJsonArray()},
                                    {u"websocket_count"_s, static_cast<qint64>(clients.size())},
                                    {u"moonraker_version"_s, u"v0.11.0-sim"_s},
                                    {u"missing_klippy_requirements"_s, QJsonArray()},
                                    {u"api_version"_s, QJsonArray{1, 5, 0}},
                                    {u"api_version_string"_s, u"1.5.0"_s}});
}

Answer MoonrakerSim::Private::serverConfig() const
{
    const QJsonObject server{{u"host"_s, u"127.0.0.1"_s}, {u"port"_s, options.port}, {u"max_upload_size"_s, 1024}};
    const QJsonObject orig{
        {u"server"_s, QJsonObject{{u"host"_s, u"127.0.0.1"_s}, {u"port"_s, QString::number(options.port)}}}};
    const QJsonObject file{{u"filename"_s, u"moonraker.conf"_s}, {u"sections"_s, QJsonArray{u"server"_s}}};
    return Answer::done(
        QJsonObject{{u"config"_s, QJsonObject{{u"server"_s, server},
                                              {u"authorization"_s, QJsonObject{{u"force_logins"_s, !access.open()}}},
                                              {u"history"_s, QJsonObject()}}},
                    {u"orig"_s, orig},
                    {u"files"_s, QJsonArray{file}}});
}

Answer MoonrakerSim::Private::consoleLines(const QJsonObject& params) const
{
    const auto count = static_cast<std::size_t>(std::max(0.0, numberOf(params, "count"_L1, 1000)));
    QJsonArray lines;
    for (std::size_t i = console.size() - std::min(count, console.size()); i < console.size(); ++i)
        lines.append(console[i]);
    return Answer::done(QJsonObject{{u"gcode_store"_s, lines}});
}

Answer MoonrakerSim::Private::temperatures() const
{
    QJsonObject all;
    for (auto it = sensors.cbegin(); it != sensors.cend(); ++it) {
        all.insert(it.key(), QJsonObject{{u"temperatures"_s, arrayOf(it->temperatures)},
                                         {u"targets"_s, arrayOf(it->targets)},
                                         {u"powers"_s, arrayOf(it->powers)}});
    }
    return Answer::done(all);
}

} // namespace kintsugi::sim
