// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakersim.h"

#include <QDateTime>
#include <QDir>
#include <QDirIterator>
#include <QJsonDocument>

#include "moonrakersimserver.h"

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

constexpr std::size_t consoleSize = 1000, sensorSize = 1200;
constexpr qint64 maxMessage = 16 * 1024 * 1024;

double realTime()
{
    return static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000.0;
}

MoonrakerSimOptions completed(MoonrakerSimOptions options)
{
    if (!options.wallTime)
        options.wallTime = realTime;
    if (!options.tokenClock)
        options.tokenClock = realTime;
    return options;
}

/// JSON-RPC has codes of its own for what HTTP calls 404 and 401.
int rpcCode(int error)
{
    return error == 404 ? -32601 : error == 401 ? -32602 : error;
}

} // namespace

MoonrakerSim::Private::Private(MoonrakerSimOptions given, Connector connector)
    : options(completed(std::move(given)))
    , upgrader(u"moonraker"_s, QWebSocketServer::NonSecureMode)
    , access({options.apiKey, options.user, options.password}, options.tokenClock)
    , history(options.folder + u"/database/history.json"_s,
              {[this] { return now(); }, [this](const QString& file) { return files.jobMetadata(file); },
               [this](const QString& action, const QJsonObject& job) { historyChanged(action, job); }})
    , files(options.folder,
            {[this](const QString& path) { return inUse(path); },
             [this](const QString& file, const QString& uuid) { return history.lastPrintOf(file, uuid); },
             [this](const QJsonObject& change) { filesChanged(change); }})
    , database(options.folder + u"/database/items.json"_s)
    , klippy(std::move(connector), options.pollMilliseconds, this)
{
    refusing.setSingleShot(true);
    sampling.setInterval(1000);
    connect(&tcp, &QTcpServer::newConnection, this, &Private::acceptTcp);
    connect(&upgrader, &QWebSocketServer::newConnection, this, &Private::acceptWebSocket);
    connect(&refusing, &QTimer::timeout, this, [this] { tcp.listen(QHostAddress::LocalHost, options.port); });
    connect(&sampling, &QTimer::timeout, this, &Private::sampleTemperatures);
    connect(&klippy, &SimKlippyLink::begun, this, [this](const QJsonObject& stats) {
        history.initialise(stats);
        sampleTemperatures();
    });
    connect(&klippy, &SimKlippyLink::printStats, this, [this](const QJsonObject& stats) { history.note(stats); });
    connect(&klippy, &SimKlippyLink::ready, this, [this] { notify(u"notify_klippy_ready"_s); });
    connect(&klippy, &SimKlippyLink::shutdown, this, [this] {
        notify(u"notify_klippy_shutdown"_s);
        history.finish(u"klippy_shutdown"_s);
    });
    connect(&klippy, &SimKlippyLink::disconnected, this, [this] {
        if (options.powered && !options.powered())
            return kill();
        notify(u"notify_klippy_disconnected"_s);
        history.finish(u"klippy_disconnect"_s);
    });
    connect(&klippy, &SimKlippyLink::gcodeResponse, this, [this](const QString& text) {
        remember(text, u"response"_s);
        notify(u"notify_gcode_response"_s, {text});
    });
    connect(&klippy, &SimKlippyLink::status, this, [this](quint64 who, const QJsonObject& status, double time) {
        send(who, {{u"jsonrpc"_s, u"2.0"_s},
                   {u"method"_s, u"notify_status_update"_s},
                   {u"params"_s, QJsonArray{status, time}}});
    });
    registerMethods();
}

Result<> MoonrakerSim::Private::listen()
{
    if (!tcp.listen(QHostAddress::LocalHost, options.port))
        return fail(ErrorCode::Unreachable, tcp.errorString().toStdString());
    options.port = tcp.serverPort();
    history.load();
    database.load();
    for (QDirIterator it(options.folder, QDir::Files, QDirIterator::Subdirectories); it.hasNext();)
        knownFiles.insert(QDir::cleanPath(it.next()));
    isRunning = true;
    sampling.start();
    klippy.start();
    return {};
}

void MoonrakerSim::Private::kill()
{
    isRunning = false;
    refusing.stop();
    sampling.stop();
    tcp.close();
    klippy.stop();
    dropClients();
    access.forget();
    console.clear();
    sensors.clear();
    knownFiles.clear();
}

void MoonrakerSim::Private::dropClients()
{
    const auto gone = std::exchange(clients, {});
    for (const auto& [id, client] : gone) {
        klippy.unsubscribe(id);
        client.socket->disconnect(this);
        client.socket->abort();
        client.socket->deleteLater();
    }
    for (HttpConnection* http : findChildren<HttpConnection*>())
        http->abort();
}

void MoonrakerSim::Private::acceptTcp()
{
    while (QTcpSocket* socket = tcp.nextPendingConnection()) {
        auto* http = new HttpConnection(
            socket, [this](const HttpRequest& request) { return uploadSink(request); }, this);
        connect(http, &HttpConnection::requested, this,
                [this, http](const HttpRequest& request) { answerHttp(http, request); });
        connect(http, &HttpConnection::upgradeRequested, this, [this](QTcpSocket* raw, const HttpRequest& request) {
            if (request.path != "/websocket"_L1) {
                raw->abort();
                return;
            }
            upgrading.insert(raw->peerPort(), admits(request));
            raw->setParent(&upgrader);
            upgrader.handleConnection(raw);
        });
    }
}

void MoonrakerSim::Private::acceptWebSocket()
{
    while (QWebSocket* socket = upgrader.nextPendingConnection())
        adopt(socket, upgrading.take(socket->peerPort()));
}

void MoonrakerSim::Private::adopt(QWebSocket* socket, bool allowed)
{
    const quint64 id = nextClient++;
    socket->setMaxAllowedIncomingMessageSize(maxMessage);
    clients.emplace(id, Client{socket, allowed, false});
    connect(socket, &QWebSocket::textMessageReceived, this, [this, id](const QString& text) { receive(id, text); });
    connect(socket, &QWebSocket::disconnected, this, [this, id, socket] {
        klippy.unsubscribe(id);
        clients.erase(id);
        socket->deleteLater();
    });
}

void MoonrakerSim::Private::send(quint64 id, const QJsonObject& message)
{
    const auto found = clients.find(id);
    if (found != clients.end())
        found->second.socket->sendTextMessage(QString::fromUtf8(QJsonDocument(message).toJson(QJsonDocument::Compact)));
}

void MoonrakerSim::Private::notify(const QString& method, const QJsonArray& params)
{
    QJsonObject message{{u"jsonrpc"_s, u"2.0"_s}, {u"method"_s, method}};
    if (!params.isEmpty())
        message.insert(u"params"_s, params);
    for (const auto& [id, client] : clients) {
        if (client.allowed)
            send(id, message);
    }
}

/// The JSON-RPC reply to a request with this id.
static QJsonObject rpcReply(const QJsonValue& id, const Answer& answer)
{
    QJsonObject message{{u"jsonrpc"_s, u"2.0"_s}, {u"id"_s, id}};
    if (answer.ok())
        message.insert(u"result"_s, answer.result);
    else
        message.insert(u"error"_s, QJsonObject{{u"code"_s, rpcCode(answer.error)}, {u"message"_s, answer.message}});
    return message;
}

void MoonrakerSim::Private::receive(quint64 id, const QString& text)
{
    QJsonParseError error{};
    const QJsonDocument document = QJsonDocument::fromJson(text.toUtf8(), &error);
    const QJsonObject request = document.object();
    const QJsonValue method = request.value("method"_L1), requestId = request.value("id"_L1);
    const QJsonValue shownId = requestId.isUndefined() ? QJsonValue() : requestId;
    if (error.error != QJsonParseError::NoError)
        return send(id, rpcReply({}, Answer::failed(-32700, u"Parse error"_s)));
    if (request.value("jsonrpc"_L1) != u"2.0"_s || !method.isString())
        return send(id, rpcReply(shownId, Answer::failed(-32600, u"Invalid Request"_s)));
    const QJsonValue params = request.value("params"_L1);
    if (!params.isUndefined() && !params.isObject())
        return send(id, rpcReply(shownId, Answer::failed(-32602, u"Invalid params:"_s)));
    const Caller caller{id, clients.at(id).allowed};
    const QPointer<Private> alive(this);
    call(method.toString(), params.toObject(), caller, [alive, id, requestId](const Answer& answer) {
        if (alive && !requestId.isUndefined())
            alive->send(id, rpcReply(requestId, answer));
    });
}

void MoonrakerSim::Private::answerRpc(HttpConnection* http, const HttpRequest& request, const Caller& caller)
{
    const QJsonObject rpc = QJsonDocument::fromJson(request.body).object();
    const QJsonValue id = rpc.value("id"_L1);
    if (!rpc.value("method"_L1).isString())
        return http->respond(HttpResponse::json(rpcReply({}, Answer::failed(-32600, u"Invalid Request"_s))));
    const QPointer<HttpConnection> alive(http);
    call(rpc.value("method"_L1).toString(), rpc.value("params"_L1).toObject(), caller,
         [alive, id](const Answer& answer) {
             if (alive)
                 alive->respond(HttpResponse::json(rpcReply(id, answer)));
         });
}

void MoonrakerSim::Private::remember(const QString& message, const QString& type)
{
    console.push_back({{u"message"_s, message}, {u"time"_s, now()}, {u"type"_s, type}});
    if (console.size() > consoleSize)
        console.pop_front();
}

void MoonrakerSim::Private::sampleTemperatures()
{
    for (const QString& name : {u"heater_bed"_s, u"extruder"_s}) {
        const QJsonObject heater = klippy.cached().value(name).toObject();
        if (heater.isEmpty())
            continue;
        Sensor& sensor = sensors[name];
        sensor.temperatures.push_back(heater.value("temperature"_L1).toDouble());
        sensor.targets.push_back(heater.value("target"_L1).toDouble());
        sensor.powers.push_back(heater.value("power"_L1).toDouble());
        for (auto* row : {&sensor.temperatures, &sensor.targets, &sensor.powers}) {
            if (row->size() > sensorSize)
                row->pop_front();
        }
    }
}

void MoonrakerSim::Private::historyChanged(const QString& action, const QJsonObject& job)
{
    notify(u"notify_history_changed"_s, {QJsonObject{{u"action"_s, action}, {u"job"_s, job}}});
}

void MoonrakerSim::Private::filesChanged(const QJsonObject& change)
{
    const auto pathOf = [&](QLatin1String key) {
        const QJsonObject item = change.value(key).toObject();
        const auto place = files.resolve(item.value("root"_L1).toString() + u'/' + item.value("path"_L1).toString());
        return place ? place->path : QString();
    };
    knownFiles.remove(pathOf("source_item"_L1));
    if (change.value("action"_L1).toString().startsWith("delete"_L1))
        knownFiles.remove(pathOf("item"_L1));
    else
        knownFiles.insert(pathOf("item"_L1));
    // The caller of a request has its answer before everybody hears of the change.
    QMetaObject::invokeMethod(
        this, [this, change] { notify(u"notify_filelist_changed"_s, {change}); }, Qt::QueuedConnection);
}

void MoonrakerSim::Private::stamp(const QString& path) const
{
    QFile file(path);
    if (file.open(QIODevice::ReadOnly))
        file.setFileTime(QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(now() * 1000.0)),
                         QFileDevice::FileModificationTime);
}

void MoonrakerSim::Private::noteWritten(const QString& path)
{
    const auto place = files.placeOf(path);
    if (!place || !isRunning)
        return;
    stamp(place->path);
    filesChanged(files.change(knownFiles.contains(place->path) ? u"modify_file"_s : u"create_file"_s, *place));
}

void MoonrakerSim::Private::noteMoved(const QString& from, const QString& to)
{
    const auto source = files.placeOf(from), target = files.placeOf(to);
    if (!source || !target || !isRunning)
        return;
    QJsonObject change = files.change(u"move_file"_s, *target);
    change.insert(u"source_item"_s, QJsonObject{{u"path"_s, source->relative}, {u"root"_s, source->root}});
    filesChanged(change);
}

bool MoonrakerSim::Private::inUse(const QString& path) const
{
    const QJsonObject& stats = history.printStats();
    const QString state = stats.value("state"_L1).toString(), name = stats.value("filename"_L1).toString();
    if (klippy.state() != "ready"_L1 || name.isEmpty() || (state != "printing"_L1 && state != "paused"_L1))
        return false;
    const auto loaded = files.resolve(u"gcodes/"_s + name);
    return loaded && (loaded->path == path || loaded->path.startsWith(path + u'/'));
}

MoonrakerSim::MoonrakerSim(MoonrakerSimOptions options, Connector connector, QObject* parent)
    : QObject(parent)
    , d(std::make_unique<Private>(std::move(options), std::move(connector)))
{
}

MoonrakerSim::~MoonrakerSim()
{
    d->kill();
}

Result<> MoonrakerSim::start()
{
    return d->listen();
}

void MoonrakerSim::kill()
{
    d->kill();
}

bool MoonrakerSim::running() const
{
    return d->isRunning;
}

quint16 MoonrakerSim::port() const
{
    return d->options.port;
}

void MoonrakerSim::dropLink(int milliseconds)
{
    if (!d->isRunning)
        return;
    d->tcp.close();
    d->dropClients();
    d->refusing.start(milliseconds);
}

void MoonrakerSim::noteWritten(const QString& path)
{
    d->noteWritten(path);
}

void MoonrakerSim::noteMoved(const QString& from, const QString& to)
{
    d->noteMoved(from, to);
}

} // namespace kintsugi::sim
