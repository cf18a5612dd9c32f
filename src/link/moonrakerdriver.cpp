// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakerdriver.h"

#include <algorithm>

#include <QDateTime>
#include <QLoggingCategory>
#include <QUrlQuery>
#include <QWebSocket>

#include "guarded.h"
#include "jsonread.h"
#include "klipperstatus.h"
#include "meshstatus.h"
#include "moonrakerhttp.h"
#include "readiness.h"
#include "redact.h"

Q_LOGGING_CATEGORY(lcMoonraker, "kintsugi.link.moonraker", QtInfoMsg)

namespace kintsugi::link {

using namespace Qt::StringLiterals;

namespace {

constexpr quint64 largestMessage = 64 * 1024 * 1024;
constexpr int longestBackOff = 16; ///< doublings; keeps the shift defined

double systemClock()
{
    return static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000.0;
}

QJsonObject objectsParameter(const QJsonObject& objects)
{
    return {{u"objects"_s, objects}};
}

QStringList textList(const QJsonArray& list)
{
    QStringList texts;
    for (const QJsonValue& text : list) {
        if (text.isString())
            texts.append(text.toString());
    }
    return texts;
}

/// Anything that could end the quoted name or the line, or that Klipper's parser would change.
bool isSafeName(const QString& name)
{
    const bool odd = std::any_of(name.begin(), name.end(), [](QChar c) {
        return c.unicode() < 0x20 || c.unicode() == 0x7f || c == u'"' || c == u'\\' || c == u'\u2028' || c == u'\u2029';
    });
    return !odd && !name.isEmpty() && name == name.trimmed();
}

Error unsafeName(const QString& name)
{
    return Error{.code = ErrorCode::BadValue, .detail = "file name", .file = name.toStdString(), .field = "file"};
}

} // namespace

MoonrakerDriver::MoonrakerDriver(Address address, QObject* parent, Clock clock, MoonrakerTimes times)
    : Driver(parent)
    , m_address(std::move(address))
    , m_clock(clock ? std::move(clock) : Clock(systemClock))
    , m_times(times)
    , m_retry(this)
    , m_ping(this)
    , m_sampleGap(this)
{
    m_retry.setSingleShot(true);
    m_sampleGap.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, [this] {
        setLinkState(LinkState::Connecting);
        m_attempt = std::make_unique<QObject>();
        bringUp(m_attempt.get());
    });
    connect(&m_ping, &QTimer::timeout, this, &MoonrakerDriver::beat);
    connect(&m_sampleGap, &QTimer::timeout, this, [this] {
        if (m_sampleWaits)
            emitSampleNow();
    });
}

MoonrakerDriver::~MoonrakerDriver()
{
    // Coroutines that wait for the connection go first, while everything they hold still exists.
    m_hostWatch.reset();
    m_attempt.reset();
    delete m_rpc;
    if (m_socket)
        m_socket->disconnect(); // it says goodbye when it dies, and nobody is to hear it
    delete m_socket;
}

// ---- link ------------------------------------------------------------------------------------------------------------

void MoonrakerDriver::open()
{
    if (m_linkState != LinkState::Offline)
        return;
    m_failures = 0;
    if (!m_http)
        m_http = std::make_unique<MoonrakerHttp>(m_address, m_times.request, nullptr);
    setLinkState(LinkState::Connecting);
    m_attempt = std::make_unique<QObject>();
    bringUp(m_attempt.get());
}

void MoonrakerDriver::close()
{
    if (m_linkState != LinkState::Offline)
        tearDown(Error{.code = ErrorCode::Disconnected, .detail = "closed"}, LinkState::Offline);
}

void MoonrakerDriver::setLinkState(LinkState state)
{
    if (std::exchange(m_linkState, state) != state)
        emit linkChanged(state);
}

void MoonrakerDriver::tearDown(const Error& error, LinkState next)
{
    const auto socket = std::exchange(m_socket, nullptr);
    const auto rpc = std::exchange(m_rpc, nullptr);
    m_hostWatch.reset();
    m_attempt.reset();
    m_retry.stop();
    m_ping.stop();
    m_sampleGap.stop();
    m_scripts.clear();
    m_subscribed = false;
    m_sampleWaits = false;
    m_sample = {};
    m_mesh = {};
    if (socket) {
        socket->disconnect();
        socket->abort();
        socket->deleteLater(); // one of its signals may have led here
    }
    setLinkState(next);
    setHost(HostInfo{});
    if (rpc) {
        rpc->endAll(error);
        rpc->deleteLater();
    }
    if (m_http)
        m_http->abort();
}

void MoonrakerDriver::drop(const Error& error)
{
    // A server may lock out who keeps trying a wrong password.
    const bool final = error.code == ErrorCode::Unauthorized;
    qCInfo(lcMoonraker) << redacted(m_address.url) << "link lost:" << error.detail.c_str();
    Error pending = error;
    pending.code = ErrorCode::Disconnected;
    const int failures = m_failures++;
    tearDown(pending, final ? LinkState::Offline : LinkState::Retrying);
    if (!final && m_linkState == LinkState::Retrying)
        m_retry.start(std::min(m_times.longestRetry, m_times.firstRetry * (1 << std::min(failures, longestBackOff))));
    emit linkFailed(error);
}

QCoro::Task<> MoonrakerDriver::bringUp(Guard attempt)
{
    auto done = co_await m_http->authorize();
    if (!attempt) // closed meanwhile: HTTP has its own life
        co_return;
    if (done)
        done = co_await connectSocket(attempt);
    if (done && attempt)
        done = co_await identify(attempt);
    if (!attempt)
        co_return;
    if (!done) {
        drop(done.error());
        co_return;
    }
    startFollowingHost();
}

QCoro::Task<Result<>> MoonrakerDriver::connectSocket(Guard attempt)
{
    const auto token = co_await m_http->oneShotToken();
    if (!attempt)
        co_return fail(ErrorCode::Cancelled);
    if (!token)
        co_return fail(token.error());
    QUrl url = m_http->websocketUrl();
    if (!token->isEmpty()) {
        QUrlQuery query;
        query.addQueryItem(u"token"_s, QString::fromLatin1(QUrl::toPercentEncoding(*token)));
        url.setQuery(query);
    }
    QNetworkRequest request(url);
    if (!m_http->apiKey().isEmpty())
        request.setRawHeader("X-Api-Key", m_http->apiKey());
    m_socket = new QWebSocket(QString(), QWebSocketProtocol::VersionLatest, this);
    m_socket->setMaxAllowedIncomingMessageSize(largestMessage);
    m_socket->setMaxAllowedIncomingFrameSize(largestMessage);
    const std::function<void(Done<Result<>>)> start = [this, request](const Done<Result<>>& done) {
        connect(m_socket, &QWebSocket::connected, this, [done] { done({}); });
        const auto failed = [socket = m_socket.data(), done] {
            done(fail(ErrorCode::Unreachable, socket->errorString().toStdString()));
        };
        connect(m_socket, &QWebSocket::disconnected, this, failed);
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
        connect(m_socket, &QWebSocket::errorOccurred, this, failed);
#else
        connect(m_socket, qOverload<QAbstractSocket::SocketError>(&QWebSocket::error), this, failed);
#endif
        QTimer::singleShot(m_times.request, m_socket, [done] { done(fail(ErrorCode::Timeout, "websocket")); });
        m_socket->open(request);
    };
    const auto connected = co_await guarded<Result<>>(attempt, start);
    if (!connected || !m_socket)
        co_return connected;
    m_socket->disconnect(this);
    m_rpc = new JsonRpc([socket = m_socket](const QByteArray& message) {
        if (socket)
            socket->sendTextMessage(QString::fromUtf8(message));
    }, this);
    connect(m_rpc, &JsonRpc::notified, this, &MoonrakerDriver::onNotification);
    connect(m_rpc, &JsonRpc::bad, this, &Driver::badMessage);
    connect(m_socket, &QWebSocket::textMessageReceived, m_rpc, [rpc = m_rpc.data()](const QString& text) {
        rpc->receive(text.toUtf8());
    });
    connect(m_socket, &QWebSocket::binaryMessageReceived, this, [this](const QByteArray& bytes) {
        emit badMessage(Error{.code = ErrorCode::BadReply, .detail = "binary message", .measured = double(bytes.size())});
    });
    connect(m_socket, &QWebSocket::disconnected, this, [this] {
        const bool tooLarge = m_socket->closeCode() == QWebSocketProtocol::CloseCodeTooMuchData;
        drop(Error{.code = tooLarge ? ErrorCode::BadReply : ErrorCode::Disconnected,
                   .detail = tooLarge ? "message too large" : m_socket->errorString().toStdString()});
    });
    const auto heard = [this] { m_heard.restart(); };
    connect(m_socket, &QWebSocket::pong, this, heard);
    connect(m_socket, &QWebSocket::textFrameReceived, this, heard);
    m_heard.start();
    m_ping.start(m_times.ping);
    co_return Result<>{};
}

QCoro::Task<Result<>> MoonrakerDriver::identify(Guard attempt)
{
    QJsonObject who{{u"client_name"_s, u"kintsugi"_s},
                    {u"version"_s, QStringLiteral(KINTSUGI_VERSION)},
                    {u"type"_s, u"desktop"_s},
                    {u"url"_s, u"https://kintsugi.invalid"_s}};
    if (!m_http->accessToken().isEmpty())
        who.insert(u"access_token"_s, m_http->accessToken());
    const auto answer = co_await ask(attempt, u"server.connection.identify"_s, who);
    if (!answer)
        co_return fail(answer.error());
    co_return Result<>{};
}

void MoonrakerDriver::beat()
{
    if (m_heard.elapsed() > 2 * m_times.ping.count()) {
        drop(Error{.code = ErrorCode::Timeout, .detail = "no sign of life"});
        return;
    }
    m_socket->ping();
}

// ---- host ------------------------------------------------------------------------------------------------------------

void MoonrakerDriver::startFollowingHost()
{
    m_hostWatch = std::make_unique<QObject>();
    followHost(m_hostWatch.get());
}

QCoro::Task<> MoonrakerDriver::followHost(Guard watch)
{
    while (watch) {
        const auto state = co_await readHost(watch);
        if (!watch)
            co_return;
        if (!state) {
            drop(state.error());
            co_return;
        }
        m_failures = 0;
        setLinkState(LinkState::Connected);
        if (*state == HostState::Ready || !watch)
            co_return;
        const std::function<void(Done<bool>)> wait = [this, watch](const Done<bool>& done) {
            QTimer::singleShot(m_times.poll, watch.data(), [done] { done(true); });
        };
        co_await guarded<bool>(watch, wait);
    }
}

QCoro::Task<Result<HostState>> MoonrakerDriver::readHost(Guard watch)
{
    const auto server = co_await ask(watch, u"server.info"_s);
    if (!server)
        co_return fail(server.error());
    std::vector<Error> errors;
    const JsonReader info(server->toObject(), "result", errors);
    bool connected = false;
    QString klippy;
    HostInfo host = m_host;
    info.need("klippy_state");
    info.read("klippy_connected", connected);
    info.read("klippy_state", klippy);
    info.read("moonraker_version", host.serverVersion);
    m_components = textList(info.array("components"));
    m_folders = textList(info.array("registered_directories"));
    if (!errors.empty())
        co_return fail(errors.front());
    host.state = connected ? hostStateFrom(klippy) : HostState::Disconnected;
    if (host.state == HostState::Disconnected || host.state == HostState::Unknown) {
        host.stateMessage.clear();
        setHost(host);
        co_return host.state;
    }
    const auto printer = co_await ask(watch, u"printer.info"_s);
    if (!printer && printer.error().code == ErrorCode::NotSupported && host.state == HostState::Startup) {
        setHost(host); // the server has met the host, but does not know its methods yet
        co_return host.state;
    }
    if (!printer && (printer.error().code == ErrorCode::KlippyNotReady || printer.error().code == ErrorCode::Disconnected)
        && m_rpc) { // the host went between the two questions
        setHostState(HostState::Disconnected);
        co_return HostState::Disconnected;
    }
    if (!printer)
        co_return fail(printer.error());
    const JsonReader details(printer->toObject(), "result", errors);
    details.read("state_message", host.stateMessage);
    details.read("hostname", host.hostname);
    details.read("software_version", host.softwareVersion);
    if (!errors.empty())
        co_return fail(errors.front());
    if (!m_subscribed && host.state != HostState::Startup) {
        const auto subscribed = co_await subscribe(watch);
        // Known only to the printer's own object list, which a halted host may not answer.
        if (!subscribed && host.state == HostState::Ready)
            co_return fail(subscribed.error());
        host.capabilities = m_host.capabilities;
    }
    if (watch)
        setHost(host);
    co_return host.state;
}

QCoro::Task<Result<>> MoonrakerDriver::subscribe(Guard watch)
{
    const auto list = co_await ask(watch, u"printer.objects.list"_s);
    if (!list)
        co_return fail(list.error());
    std::vector<Error> errors;
    const QStringList objects = textList(JsonReader(list->toObject(), "result", errors).array("objects"));
    const QJsonObject questions{{u"configfile"_s, QJsonArray{u"settings"_s}}, {u"gcode"_s, QJsonArray{u"commands"_s}}};
    const auto facts = co_await ask(watch, u"printer.objects.query"_s, objectsParameter(questions));
    if (!facts)
        co_return fail(facts.error());
    const JsonReader status = JsonReader(facts->toObject(), "result", errors).object("status");
    m_host.capabilities = capabilitiesFrom(objects, status.object("gcode").object("commands").raw(),
                                           status.object("configfile").object("settings").raw(), m_components, m_folders);
    m_wanted = subscription(objects);
    m_wantedForReadiness = readinessObjects(objects);
    const auto answer = co_await ask(watch, u"printer.objects.subscribe"_s, objectsParameter(m_wanted));
    if (!answer)
        co_return fail(answer.error());
    const JsonReader first(answer->toObject(), "result", errors);
    std::optional<double> eventTime;
    first.read("eventtime", eventTime);
    const QJsonObject values = first.object("status").raw();
    for (const Error& error : errors)
        emit badMessage(error);
    m_subscribed = true;
    m_sample = {};
    m_mesh = {};
    onStatus(values, "result.status", eventTime);
    co_return Result<>{};
}

void MoonrakerDriver::setHost(HostInfo host)
{
    const auto facts = [](const HostInfo& h) {
        return std::tie(h.state, h.stateMessage, h.hostname, h.softwareVersion, h.serverVersion, h.capabilities);
    };
    if (facts(host) == facts(m_host))
        return;
    const HostState before = std::exchange(m_host, std::move(host)).state;
    if (m_host.state != before && m_host.state == HostState::Disconnected)
        endScripts(Error{.code = ErrorCode::Disconnected, .detail = "Klippy Disconnected"});
    else if (m_host.state != before && (m_host.state == HostState::Shutdown || m_host.state == HostState::Error))
        endScripts(Error{.code = ErrorCode::KlippyNotReady, .detail = m_host.stateMessage.toStdString()});
    emit hostChanged(m_host);
}

void MoonrakerDriver::setHostState(HostState state, const QString& message)
{
    HostInfo host = m_host;
    if (host.state != state || !message.isEmpty())
        host.stateMessage = message;
    host.state = state;
    setHost(host);
}

void MoonrakerDriver::endScripts(const Error& error)
{
    if (!m_rpc)
        return;
    const auto scripts = m_scripts;
    for (const Script& script : scripts)
        m_rpc->end(script.id, error);
}

// ---- what the server says by itself ------------------------------------------------------------------------------------

void MoonrakerDriver::onNotification(const QString& method, const QJsonArray& params)
{
    const auto report = [this](const auto& result, auto&& tell) {
        if (result)
            tell(*result);
        else
            emit badMessage(result.error());
    };
    const QJsonObject first = params.at(0).toObject();
    if (method == "notify_status_update"_L1) {
        if (!params.at(0).isObject())
            emit badMessage(badValue("params[0]", params.at(0)));
        else
            onStatus(first, "params[0]", params.at(1).isDouble() ? std::optional(params.at(1).toDouble()) : std::nullopt);
    } else if (method == "notify_gcode_response"_L1) {
        if (params.at(0).isString())
            onConsole(params.at(0).toString());
        else
            emit badMessage(badValue("params[0]", params.at(0)));
    } else if (method == "notify_klippy_ready"_L1) {
        m_subscribed = false;
        startFollowingHost();
    } else if (method == "notify_klippy_shutdown"_L1) {
        setHostState(HostState::Shutdown, m_host.state == HostState::Shutdown ? m_host.stateMessage : QString());
        startFollowingHost();
    } else if (method == "notify_klippy_disconnected"_L1) {
        m_subscribed = false;
        m_sample = {};
        m_mesh = {};
        m_sample.time = m_clock();
        m_sample.hostState = "disconnected";
        emitSample();
        setHostState(HostState::Disconnected);
        startFollowingHost();
    } else if (method == "notify_filelist_changed"_L1) {
        report(readFileChange(first, "params[0]"), [this](const FileChange& change) { emit fileChanged(change); });
    } else if (method == "notify_history_changed"_L1) {
        report(readJob(first.value("job"_L1).toObject(), "params[0].job"), [this](const RemoteJob& job) { emit jobChanged(job); });
    }
}

/// Changed fields of a mesh mean nothing without the others.
QJsonObject MoonrakerDriver::withWholeMesh(QJsonObject status)
{
    if (!status.value("bed_mesh"_L1).isObject())
        return status;
    const QJsonObject changed = status.value("bed_mesh"_L1).toObject();
    for (auto it = changed.begin(); it != changed.end(); ++it)
        m_mesh.insert(it.key(), it.value());
    status.insert("bed_mesh"_L1, m_mesh);
    return status;
}

void MoonrakerDriver::onStatus(const QJsonObject& status, const std::string& path, std::optional<double> eventTime)
{
    for (const Error& error : mergeStatus(withWholeMesh(status), path, m_sample))
        emit badMessage(error);
    m_sample.time = m_clock();
    m_sample.eventTime = eventTime;
    const QJsonObject hooks = status.value("webhooks"_L1).toObject();
    const HostState state = hostStateFrom(hooks.value("state"_L1).toString());
    emitSample();
    // A state of "ready" is only said after everything has been read again.
    if (state != HostState::Unknown && (state != HostState::Ready || m_host.state == HostState::Ready))
        setHostState(state, hooks.value("state_message"_L1).toString());
    if (!status.contains("save_variables"_L1))
        return;
    const QJsonValue variables = status.value("save_variables"_L1).toObject().value("variables"_L1);
    if (variables.isObject())
        emit variablesChanged(variables.toObject());
    else
        emit badMessage(badValue(path + ".save_variables.variables", variables));
}

void MoonrakerDriver::onConsole(const QString& text)
{
    static const QLatin1String unknown("// Unknown command:");
    if (text.startsWith(unknown) && !m_scripts.empty()) // scripts run one after the other
        m_scripts.front().unknownCommands.append(text.mid(unknown.size()).remove(u'"').trimmed());
    emit consoleReceived(ConsoleLine{.time = m_clock(), .text = text});
}

void MoonrakerDriver::emitSample()
{
    if (m_sampleGap.isActive())
        m_sampleWaits = true;
    else
        emitSampleNow();
}

void MoonrakerDriver::emitSampleNow()
{
    m_sampleWaits = false;
    if (m_times.sample.count() > 0)
        m_sampleGap.start(m_times.sample);
    emit sampled(m_sample);
}

// ---- requests ----------------------------------------------------------------------------------------------------------

QCoro::Task<MoonrakerDriver::Value> MoonrakerDriver::ask(Guard guard, QString method, QJsonObject params)
{
    if (!guard || !m_rpc)
        co_return fail(ErrorCode::Disconnected);
    const std::function<void(Done<Value>)> start = [this, method, params](const Done<Value>& done) {
        m_rpc->call(method, params, m_times.request, done);
    };
    co_return co_await guarded<Value>(guard, start);
}

template <class T>
void MoonrakerDriver::request(const QString& method, const QJsonObject& params, QObject* context, Reply<T> reply,
                              Convert<T> convert)
{
    const auto answer = [context = Guard(context), reply = std::move(reply), convert = std::move(convert)](const Value& value) {
        if (!context)
            return;
        if (!value)
            reply(fail(value.error()));
        else
            reply(convert(*value));
    };
    if (m_linkState == LinkState::Connected)
        m_rpc->call(method, params, m_times.request, answer);
    else
        QMetaObject::invokeMethod(this, [answer] { answer(fail(ErrorCode::Disconnected)); }, Qt::QueuedConnection);
}

template <class T>
QCoro::Task<> MoonrakerDriver::deliver(QCoro::Task<Result<T>> task, Guard context, Reply<T> reply)
{
    if (task.isReady()) { // never answer inside the call that asked
        const std::function<void(Done<bool>)> turn = [this](const Done<bool>& done) {
            QMetaObject::invokeMethod(this, [done] { done(true); }, Qt::QueuedConnection);
        };
        co_await guarded<bool>(this, turn);
    }
    const Result<T> result = co_await task;
    if (context)
        reply(result);
}

void MoonrakerDriver::readStatus(QObject* context, Reply<recovery::Sample> reply)
{
    request<recovery::Sample>(u"printer.objects.query"_s, objectsParameter(m_wanted), context, std::move(reply),
                              [this](const QJsonValue& value) -> Result<recovery::Sample> {
        std::vector<Error> errors;
        const JsonReader reader(value.toObject(), "result", errors);
        recovery::Sample sample;
        sample.time = m_clock();
        reader.read("eventtime", sample.eventTime);
        reader.need("status");
        const QJsonObject status = reader.object("status").raw();
        if (!errors.empty())
            return fail(errors.front());
        for (const Error& error : mergeStatus(status, "result.status", sample))
            emit badMessage(error);
        return sample;
    });
}

void MoonrakerDriver::readVariables(QObject* context, Reply<QJsonObject> reply)
{
    const QJsonObject question{{u"save_variables"_s, QJsonArray{u"variables"_s}}};
    request<QJsonObject>(u"printer.objects.query"_s, objectsParameter(question), context, std::move(reply),
                         [this](const QJsonValue& value) -> Result<QJsonObject> {
        const QJsonValue variables = value["status"_L1]["save_variables"_L1]["variables"_L1];
        if (variables.isObject())
            return variables.toObject();
        if (variables.isUndefined())
            return fail(m_host.state == HostState::Ready ? ErrorCode::NotSupported : ErrorCode::KlippyNotReady,
                        m_host.stateMessage.toStdString());
        return fail(badValue("result.status.save_variables.variables", variables));
    });
}

void MoonrakerDriver::readSettings(QObject* context, Reply<QJsonObject> reply)
{
    const QJsonObject question{{u"configfile"_s, QJsonArray{u"settings"_s}}};
    request<QJsonObject>(u"printer.objects.query"_s, objectsParameter(question), context, std::move(reply),
                         [](const QJsonValue& value) -> Result<QJsonObject> {
        const QJsonValue settings = value["status"_L1]["configfile"_L1]["settings"_L1];
        if (!settings.isObject())
            return fail(badValue("result.status.configfile.settings", settings));
        return settings.toObject();
    });
}

void MoonrakerDriver::readReadiness(QObject* context, Reply<Readiness> reply)
{
    deliver<Readiness>(readiness(), context, std::move(reply));
}

/// Four questions of which a server may know any; a lost link ends them.
QCoro::Task<Result<Readiness>> MoonrakerDriver::readiness()
{
    Readiness found;
    std::vector<Error> errors;
    const std::array<ReadinessQuestion, 4> questions = readinessQuestions(m_wantedForReadiness);
    for (const ReadinessQuestion& question : questions) {
        if (!question.component.isEmpty() && !m_components.contains(question.component))
            continue;
        const Value answer = co_await ask(this, question.method, question.params);
        if (answer)
            question.read(answer->toObject(), found, errors);
        else if (answer.error().code == ErrorCode::Disconnected || answer.error().code == ErrorCode::Timeout)
            co_return fail(answer.error());
    }
    for (const Error& error : errors)
        emit badMessage(error);
    co_return found;
}

/// Since 2026 Klipper tells the bed's own Z; the other value stays what it was.
void MoonrakerDriver::readProbe(QObject* context, Reply<ProbeResult> reply)
{
    request<ProbeResult>(u"printer.objects.query"_s, objectsParameter({{u"probe"_s, QJsonValue()}}), context, std::move(reply),
                         [](const QJsonValue& value) -> Result<ProbeResult> {
        const QJsonValue probe = value["status"_L1]["probe"_L1];
        const QJsonValue trigger = probe["last_z_result"_L1], place = probe["last_probe_position"_L1];
        const QJsonValue bed = place.isArray() ? place.toArray().at(2) : place["z"_L1];
        ProbeResult found;
        if (trigger.isDouble())
            found.trigger = trigger.toDouble();
        if (bed.isDouble())
            found.bed = bed.toDouble();
        return found;
    });
}

void MoonrakerDriver::readMeshes(QObject* context, Reply<MeshProfiles> reply)
{
    const QJsonObject question{{u"bed_mesh"_s, QJsonArray{u"profiles"_s}}};
    request<MeshProfiles>(u"printer.objects.query"_s, objectsParameter(question), context, std::move(reply),
                          [this](const QJsonValue& value) -> Result<MeshProfiles> {
        const QJsonValue mesh = value["status"_L1]["bed_mesh"_L1];
        std::vector<Error> errors;
        const auto profiles = meshProfiles(mesh.toObject(), "result.status.bed_mesh", errors);
        for (const Error& error : errors)
            emit badMessage(error);
        return profiles;
    });
}

QCoro::Task<Result<ScriptResult>> MoonrakerDriver::run(QString method, QJsonObject params)
{
    if (m_linkState != LinkState::Connected)
        co_return fail(ErrorCode::Disconnected);
    const std::function<void(Done<Value>)> start = [this, method, params](const Done<Value>& done) {
        const int id = m_rpc->call(method, params, JsonRpc::noTimeout, done);
        m_scripts.push_back({id, {}});
    };
    const int id = m_rpc->lastId() + 1;
    const Value answer = co_await guarded<Value>(this, start);
    ScriptResult result;
    const auto mine = std::ranges::find(m_scripts, id, &Script::id);
    if (mine != m_scripts.end()) {
        result.unknownCommands = mine->unknownCommands;
        m_scripts.erase(mine);
    }
    result.hostState = m_host.state;
    if (!answer) {
        Error error = answer.error();
        if (error.code == ErrorCode::KlippyNotReady && m_host.state == HostState::Shutdown)
            co_return result; // it ended with the host: no more is known about it
        const bool halted = m_host.state == HostState::Shutdown || m_host.state == HostState::Error;
        if (error.code == ErrorCode::Refused && halted)
            error.code = ErrorCode::KlippyNotReady;
        co_return fail(std::move(error));
    }
    // Klipper answers "ok" to a script that an emergency stop ended.
    const QJsonObject question{{u"webhooks"_s, QJsonArray{u"state"_s, u"state_message"_s}}};
    const auto look = co_await ask(this, u"printer.objects.query"_s, objectsParameter(question));
    if (!look && (look.error().code == ErrorCode::Disconnected || look.error().code == ErrorCode::Timeout))
        co_return fail(look.error());
    const QJsonValue hooks = look ? (*look)["status"_L1]["webhooks"_L1] : QJsonValue();
    const HostState state = hostStateFrom(hooks["state"_L1].toString());
    if (state != HostState::Unknown && m_host.state == HostState::Ready)
        setHostState(state, hooks["state_message"_L1].toString());
    result.hostState = state == HostState::Unknown ? m_host.state : state;
    result.hostReadyAfter = state == HostState::Ready;
    co_return result;
}

QCoro::Task<Result<>> MoonrakerDriver::believed(QCoro::Task<Result<ScriptResult>> script)
{
    const auto result = co_await script;
    if (!result)
        co_return fail(result.error());
    if (!result->hostReadyAfter)
        co_return fail(ErrorCode::KlippyNotReady, m_host.stateMessage.toStdString());
    if (!result->unknownCommands.isEmpty())
        co_return fail(ErrorCode::Refused, "Unknown command: " + result->unknownCommands.join(u", "_s).toStdString());
    co_return Result<>{};
}

void MoonrakerDriver::runScript(const QString& script, QObject* context, Reply<ScriptResult> reply)
{
    const QJsonObject params{{u"script"_s, script}};
    deliver<ScriptResult>(run(u"printer.gcode.script"_s, params), context, std::move(reply));
}

void MoonrakerDriver::startPrint(const QString& file, QObject* context, Reply<> reply)
{
    const QJsonObject params{{u"filename"_s, file}};
    deliver<void>(believed(run(u"printer.print.start"_s, params)), context, std::move(reply));
}

void MoonrakerDriver::pausePrint(QObject* context, Reply<> reply)
{
    deliver<void>(believed(run(u"printer.print.pause"_s, {})), context, std::move(reply));
}

void MoonrakerDriver::cancelPrint(QObject* context, Reply<> reply)
{
    deliver<void>(believed(run(u"printer.print.cancel"_s, {})), context, std::move(reply));
}

void MoonrakerDriver::startPrintAt(const QString& file, ByteOffset byte, QObject* context, Reply<> reply)
{
    deliver<void>(startAt(file, byte), context, std::move(reply));
}

QCoro::Task<Result<>> MoonrakerDriver::startAt(QString file, ByteOffset byte)
{
    if (!isSafeName(file))
        co_return fail(unsafeName(file));
    // M23 finds files of the root folder only; SDCARD_PRINT_FILE finds all but starts at once, so it is paused in the same
    // script: no line before the offset runs.
    const bool inFolder = file.contains(u'/');
    const QString select = inFolder ? u"SDCARD_PRINT_FILE FILENAME=\"%1\"\nM25"_s.arg(file) : u"M23 %1"_s.arg(file);
    const QJsonObject params{{u"script"_s, QString(select + u"\nM26 S%1\nM24"_s.arg(byte))}};
    co_return co_await believed(run(u"printer.gcode.script"_s, params));
}

void MoonrakerDriver::emergencyStop(QObject* context, Reply<> reply)
{
    request<void>(u"printer.emergency_stop"_s, {}, context, std::move(reply), [](const QJsonValue&) { return Result<>{}; });
}

void MoonrakerDriver::restartHost(bool firmware, QObject* context, Reply<> reply)
{
    const auto done = [reply = std::move(reply), this](const Result<>& result) {
        // The host may be gone before it has answered: that is what was asked for.
        const bool gone = !result && result.error().code == ErrorCode::Disconnected && m_linkState == LinkState::Connected;
        reply(gone ? Result<>{} : result);
    };
    request<void>(firmware ? u"printer.firmware_restart"_s : u"printer.restart"_s, {}, context, done,
                  [](const QJsonValue&) { return Result<>{}; });
}

namespace {

template <class T>
Result<std::vector<T>> readList(const QJsonValue& list, const std::string& path,
                                const std::function<Result<T>(const QJsonObject&, const std::string&)>& read)
{
    if (!list.isArray())
        return fail(badValue(path, list));
    std::vector<T> items;
    const QJsonArray array = list.toArray();
    for (const QJsonValue& item : array) {
        auto one = read(item.toObject(), path + "[" + std::to_string(items.size()) + "]");
        if (!one)
            return fail(one.error());
        items.push_back(std::move(*one));
    }
    return items;
}

} // namespace

void MoonrakerDriver::listFiles(const QString& root, QObject* context, Reply<std::vector<RemoteFile>> reply)
{
    request<std::vector<RemoteFile>>(u"server.files.list"_s, {{u"root"_s, root}}, context, std::move(reply), [](const QJsonValue& list) {
        return readList<RemoteFile>(list, "result", [](const QJsonObject& file, const std::string& path) {
            return readFile(file, "path", path);
        });
    });
}

void MoonrakerDriver::listFolder(const QString& path, QObject* context, Reply<std::vector<RemoteFile>> reply)
{
    const QString below = path.section(u'/', 1);
    const QString prefix = below.isEmpty() ? QString() : QString(below + u'/');
    const QJsonObject params{{u"path"_s, path}, {u"extended"_s, false}};
    request<std::vector<RemoteFile>>(u"server.files.get_directory"_s, params, context, std::move(reply), [prefix](const QJsonValue& folder) {
        return readList<RemoteFile>(folder["files"_L1], "result.files",
                                    [prefix](const QJsonObject& item, const std::string& where) {
            auto file = readFile(item, "filename", where);
            if (file)
                file->path.prepend(prefix);
            return file;
        });
    });
}

void MoonrakerDriver::metadata(const QString& file, QObject* context, Reply<FileMetadata> reply)
{
    request<FileMetadata>(u"server.files.metadata"_s, {{u"filename"_s, file}}, context, std::move(reply),
                          [](const QJsonValue& value) { return readMetadata(value.toObject(), "result"); });
}

void MoonrakerDriver::moveFile(const QString& from, const QString& to, QObject* context, Reply<> reply)
{
    request<void>(u"server.files.move"_s, {{u"source"_s, from}, {u"dest"_s, to}}, context, std::move(reply),
                  [](const QJsonValue&) { return Result<>{}; });
}

void MoonrakerDriver::history(int limit, QObject* context, Reply<std::vector<RemoteJob>> reply)
{
    const QJsonObject params{{u"limit"_s, limit}, {u"order"_s, u"desc"_s}};
    request<std::vector<RemoteJob>>(u"server.history.list"_s, params, context, std::move(reply), [](const QJsonValue& value) {
        return readList<RemoteJob>(value["jobs"_L1], "result.jobs", readJob);
    });
}

void MoonrakerDriver::consoleStore(int count, QObject* context, Reply<std::vector<ConsoleLine>> reply)
{
    request<std::vector<ConsoleLine>>(u"server.gcode_store"_s, {{u"count"_s, count}}, context, std::move(reply), [](const QJsonValue& value) {
        return readList<ConsoleLine>(value["gcode_store"_L1], "result.gcode_store", readConsoleLine);
    });
}

void MoonrakerDriver::download(const QString& root, const QString& path, const QString& localPath, quint64 from,
                               Percent progress, QObject* context, Reply<RemoteFile> reply)
{
    const Percent heard = [context = Guard(context), progress = std::move(progress)](qint64 done, qint64 total) {
        if (context && progress)
            progress(done, total);
    };
    deliver<RemoteFile>(fetch(root, path, localPath, from, heard), context, std::move(reply));
}

void MoonrakerDriver::readBlocks(const QString& root, const QString& path, const std::vector<Block>& blocks, QObject* context,
                                 Reply<std::vector<QByteArray>> reply)
{
    deliver<std::vector<QByteArray>>(pieces(root, path, blocks), context, std::move(reply));
}

void MoonrakerDriver::upload(const QString& localPath, const QString& root, const QString& path, bool overwrite,
                             Percent progress, QObject* context, Reply<RemoteFile> reply)
{
    const Percent heard = [context = Guard(context), progress = std::move(progress)](qint64 done, qint64 total) {
        if (context && progress)
            progress(done, total);
    };
    deliver<RemoteFile>(send(localPath, root, path, overwrite, heard), context, std::move(reply));
}

} // namespace kintsugi::link
