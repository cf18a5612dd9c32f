// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <map>
#include <optional>

#include <QHash>
#include <QJsonArray>
#include <QPointer>
#include <QSet>
#include <QTcpServer>
#include <QTimer>
#include <QWebSocket>
#include <QWebSocketServer>

#include "httpconnection.h"
#include "moonrakersim.h"
#include "moonrakersimaccess.h"
#include "moonrakersimdatabase.h"
#include "moonrakersimfiles.h"
#include "moonrakersimhistory.h"
#include "moonrakersimklippy.h"

namespace kintsugi::sim {

/// Who asks: a websocket (with an id) or an HTTP request (id 0).
struct Caller {
    quint64 id = 0;
    bool allowed = false; ///< authenticated or trusted
};

struct MoonrakerSim::Private final : public QObject {
    Private(MoonrakerSimOptions given, Connector connector);

    // sockets
    [[nodiscard]] Result<> listen();
    void kill();
    void dropClients();
    void acceptTcp();
    void acceptWebSocket();
    void adopt(QWebSocket* socket, bool allowed);
    void receive(quint64 id, const QString& text);
    void send(quint64 id, const QJsonObject& message);
    void notify(const QString& method, const QJsonArray& params = {});

    // HTTP
    void answerHttp(HttpConnection* http, const HttpRequest& request);
    void answerRpc(HttpConnection* http, const HttpRequest& request, const Caller& caller);
    void answerUpload(HttpConnection* http);
    void answerDownload(HttpConnection* http, const HttpRequest& request, const QString& name);
    [[nodiscard]] std::unique_ptr<MultipartReader> uploadSink(const HttpRequest& request);
    [[nodiscard]] Answer store(MultipartReader& upload, QString* location, QString* toPrint);
    [[nodiscard]] bool admits(const HttpRequest& request);

    // methods
    void registerMethods();
    void registerKlippy();
    void registerFiles();
    void registerAccess();
    void call(const QString& method, const QJsonObject& params, const Caller& caller, Reply reply);
    void runScript(const QJsonObject& params, Reply reply);
    [[nodiscard]] Answer identify(const QJsonObject& params, const Caller& caller);
    [[nodiscard]] Answer serverInfo() const;
    [[nodiscard]] Answer serverConfig() const;
    [[nodiscard]] Answer consoleLines(const QJsonObject& params) const;
    [[nodiscard]] Answer temperatures() const;

    // events
    void remember(const QString& message, const QString& type);
    void sampleTemperatures();
    void filesChanged(const QJsonObject& change);
    void noteWritten(const QString& path);
    void noteMoved(const QString& from, const QString& to);
    void stamp(const QString& path) const; ///< gives a file the time of the simulated world
    void historyChanged(const QString& action, const QJsonObject& job);
    [[nodiscard]] bool inUse(const QString& path) const;
    [[nodiscard]] double now() const { return options.wallTime(); }

    struct Client {
        QWebSocket* socket = nullptr;
        bool allowed = false, identified = false;
    };
    using Method = std::function<void(const QJsonObject&, const Caller&, const Reply&)>;
    struct Sensor {
        std::deque<double> temperatures, targets, powers;
    };

    MoonrakerSimOptions options;
    QTcpServer tcp;
    QWebSocketServer upgrader;
    QTimer refusing, sampling;
    SimAccess access;
    SimHistory history;
    SimFiles files;
    SimDatabase database;
    SimKlippyLink klippy;
    std::map<quint64, Client> clients;
    QHash<quint16, bool> upgrading; ///< port of the peer -> admitted by its handshake
    quint64 nextClient = 140000000000001;
    QHash<QString, Method> methods;
    QHash<QString, QString> routes; ///< "GET /server/info" -> method
    QSet<QString> openMethods;      ///< callable without authentication
    std::deque<QJsonObject> console;
    QHash<QString, Sensor> sensors;
    QSet<QString> knownFiles; ///< so that a write can be told from a creation
    bool isRunning = false;
};

} // namespace kintsugi::sim
