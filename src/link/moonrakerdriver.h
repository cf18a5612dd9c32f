// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <QElapsedTimer>
#include <QPointer>
#include <QTimer>

#include <qcoro/qcorotask.h>

#include "driver.h"
#include "jsonrpc.h"

class QWebSocket;

namespace kintsugi::link {

class MoonrakerHttp;

/// Times of a MoonrakerDriver. Tests shorten them; nobody else needs to.
struct MoonrakerTimes {
    std::chrono::milliseconds request{10'000};   ///< for an answer; scripts have none
    std::chrono::milliseconds firstRetry{1'000}; ///< doubles with every failed attempt
    std::chrono::milliseconds longestRetry{30'000};
    std::chrono::milliseconds poll{1'000};       ///< between looks at a host that is not ready
    std::chrono::milliseconds sample{245};       ///< shortest time between two `sampled`
    std::chrono::milliseconds ping{10'000};      ///< a link that is silent for two of these is dropped
};

/// Klipper behind Moonraker, over its websocket and HTTP. Wrong credentials end the attempts (a server may lock out who keeps
/// trying): open() starts anew.
class MoonrakerDriver final : public Driver
{
    Q_OBJECT
public:
    using Clock = std::function<double()>; ///< s since epoch UTC

    explicit MoonrakerDriver(Address address, QObject* parent = nullptr, Clock clock = {}, MoonrakerTimes times = {});
    ~MoonrakerDriver() override;

    void open() override;
    void close() override;
    [[nodiscard]] LinkState linkState() const override { return m_linkState; }
    [[nodiscard]] HostInfo host() const override { return m_host; }

    void readStatus(QObject* context, Reply<recovery::Sample> reply) override;
    void readVariables(QObject* context, Reply<QJsonObject> reply) override;
    void readSettings(QObject* context, Reply<QJsonObject> reply) override;
    void readReadiness(QObject* context, Reply<Readiness> reply) override;
    void readProbe(QObject* context, Reply<ProbeResult> reply) override;
    void readMeshes(QObject* context, Reply<MeshProfiles> reply) override;

    void runScript(const QString& script, QObject* context, Reply<ScriptResult> reply) override;
    void startPrint(const QString& file, QObject* context, Reply<> reply) override;
    void startPrintAt(const QString& file, ByteOffset byte, QObject* context, Reply<> reply) override;
    void pausePrint(QObject* context, Reply<> reply) override;
    void cancelPrint(QObject* context, Reply<> reply) override;
    void emergencyStop(QObject* context, Reply<> reply) override;
    void restartHost(bool firmware, QObject* context, Reply<> reply) override;

    void listFiles(const QString& root, QObject* context, Reply<std::vector<RemoteFile>> reply) override;
    void listFolder(const QString& path, QObject* context, Reply<std::vector<RemoteFile>> reply) override;
    void metadata(const QString& file, QObject* context, Reply<FileMetadata> reply) override;
    void download(const QString& root, const QString& path, const QString& localPath, quint64 from, Percent progress,
                  QObject* context, Reply<RemoteFile> reply) override;
    void upload(const QString& localPath, const QString& root, const QString& path, bool overwrite, Percent progress,
                QObject* context, Reply<RemoteFile> reply) override;
    void readBlocks(const QString& root, const QString& path, const std::vector<Block>& blocks, QObject* context,
                    Reply<std::vector<QByteArray>> reply) override;
    void moveFile(const QString& from, const QString& to, QObject* context, Reply<> reply) override;

    void history(int limit, QObject* context, Reply<std::vector<RemoteJob>> reply) override;
    void consoleStore(int count, QObject* context, Reply<std::vector<ConsoleLine>> reply) override;

private:
    using Value = Result<QJsonValue>;
    using Guard = QPointer<QObject>;
    template <class T>
    using Convert = std::function<Result<T>(const QJsonValue&)>;
    struct Script {
        int id;
        QStringList unknownCommands;
    };

    // the link
    QCoro::Task<> bringUp(Guard attempt);
    QCoro::Task<Result<>> connectSocket(Guard attempt);
    QCoro::Task<Result<>> identify(Guard attempt);
    void drop(const Error& error);
    void tearDown(const Error& error, LinkState next);
    void setLinkState(LinkState state);
    void beat();

    // the host
    QCoro::Task<> followHost(Guard watch);
    QCoro::Task<Result<HostState>> readHost(Guard watch);
    QCoro::Task<Result<>> subscribe(Guard watch);
    void startFollowingHost();
    void setHost(HostInfo host);
    void setHostState(HostState state, const QString& message = {});
    void endScripts(const Error& error);

    // what the server says by itself
    void onNotification(const QString& method, const QJsonArray& params);
    void onStatus(const QJsonObject& status, const std::string& path, std::optional<double> eventTime);
    [[nodiscard]] QJsonObject withWholeMesh(QJsonObject status);
    void onConsole(const QString& text);
    void emitSample();
    void emitSampleNow();

    // requests
    QCoro::Task<Value> ask(Guard guard, QString method, QJsonObject params = {});
    template <class T>
    void request(const QString& method, const QJsonObject& params, QObject* context, Reply<T> reply, Convert<T> convert);
    template <class T>
    QCoro::Task<> deliver(QCoro::Task<Result<T>> task, Guard context, Reply<T> reply);
    QCoro::Task<Result<Readiness>> readiness();
    QCoro::Task<Result<ScriptResult>> run(QString method, QJsonObject params);
    QCoro::Task<Result<>> believed(QCoro::Task<Result<ScriptResult>> script);
    QCoro::Task<Result<>> startAt(QString file, ByteOffset byte);

    // files
    QCoro::Task<Result<RemoteFile>> findFile(QString root, QString path);
    QCoro::Task<Result<RemoteFile>> fetch(QString root, QString path, QString localPath, quint64 from, Percent progress);
    QCoro::Task<Result<std::vector<QByteArray>>> pieces(QString root, QString path, std::vector<Block> blocks);
    QCoro::Task<Result<RemoteFile>> send(QString localPath, QString root, QString path, bool overwrite, Percent progress);

    Address m_address;
    Clock m_clock;
    MoonrakerTimes m_times;

    LinkState m_linkState = LinkState::Offline;
    int m_failures = 0;
    QTimer m_retry, m_ping, m_sampleGap;
    QElapsedTimer m_heard;
    std::unique_ptr<MoonrakerHttp> m_http;
    std::unique_ptr<QObject> m_attempt;   ///< dies with the connection, and every coroutine that waits for it
    std::unique_ptr<QObject> m_hostWatch; ///< the same for the look at the host
    QPointer<QWebSocket> m_socket;
    QPointer<JsonRpc> m_rpc;
    bool m_subscribed = false;

    HostInfo m_host;
    QStringList m_components, m_folders;
    QJsonObject m_wanted; ///< objects and fields of the subscription
    QJsonObject m_wantedForReadiness; ///< objects and fields of the look before a launch
    recovery::Sample m_sample;
    QJsonObject m_mesh; ///< bed_mesh as it is now, whole
    bool m_sampleWaits = false;
    std::vector<Script> m_scripts; ///< under way, oldest first
};

} // namespace kintsugi::link
