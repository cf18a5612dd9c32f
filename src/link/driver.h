// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <QByteArray>
#include <QFlags>
#include <QJsonObject>
#include <QObject>
#include <QString>
#include <QUrl>

#include "base/result.h"
#include "recovery/sample.h"

namespace kintsugi::link {

/// What a printer behind a driver can do. Nothing above this layer asks which type it is.
enum class Capability {
    StartAtOffset = 1 << 0,  ///< can go on in the original file at a byte (zero-copy)
    Upload = 1 << 1,
    Download = 1 << 2,
    LivePosition = 1 << 3,
    ZPlusEndstops = 1 << 4,
    PlrPlugin = 1 << 5,      ///< klipper-plr is installed
    History = 1 << 6,
    Console = 1 << 7,
    ConfigFiles = 1 << 8,    ///< configuration files can be read and written
};
Q_DECLARE_FLAGS(Capabilities, Capability)

enum class LinkState { Offline, Connecting, Connected, Retrying };

/// State of the printer's host as the driver last saw it.
enum class HostState { Unknown, Disconnected, Startup, Ready, Shutdown, Error };

struct HostInfo {
    HostState state = HostState::Unknown;
    QString stateMessage, hostname, softwareVersion, serverVersion;
    Capabilities capabilities;
};

struct RemoteFile {
    QString path;             ///< below the root
    quint64 size = 0;
    double modified = 0;      ///< s since epoch UTC
};
struct FileMetadata {
    QString path, slicer, slicerVersion, uuid;
    quint64 size = 0;
    double modified = 0;
    std::optional<double> estimatedTime, objectHeight, layerHeight;
    std::optional<int> layerCount;
};
struct RemoteJob {
    QString id, file, status; ///< in_progress, completed, cancelled, error, klippy_shutdown, klippy_disconnect, interrupted, server_exit
    double startTime = 0;     ///< s since epoch UTC
    std::optional<double> endTime;
    double printDuration = 0, filamentUsed = 0;
    bool exists = true;
    quint64 size = 0;         ///< of the file when it was started, 0 = unknown
};
struct ConsoleLine {
    double time = 0;          ///< s since epoch UTC
    bool command = false;     ///< sent by a client, else a response
    QString text;
    [[nodiscard]] bool isError() const { return text.startsWith(QLatin1String("!!")); }
};
struct FileChange {
    QString action;           ///< create_file, modify_file, delete_file, move_file, …
    QString root, path, sourcePath;
    double modified = 0;
    quint64 size = 0;
};
/// How a script ended. "ok" is only believed after the host was seen ready (klipper.md 12.3).
struct ScriptResult {
    bool hostReadyAfter = false;
    HostState hostState = HostState::Unknown;
    QStringList unknownCommands; ///< console said Unknown command while it ran
};

/// What only the look before a launch needs; nullopt = this printer or its server does not tell.
struct FilamentSensor {
    QString name;
    bool motion = false;      ///< sees filament move
    bool enabled = true;
    std::optional<bool> detected;
};
struct Readiness {
    std::optional<quint64> queuedJobs;
    QString queueState;       ///< ready, loading, starting, paused; empty = unknown
    std::optional<quint64> freeDisk; ///< bytes, where G-code files lie
    std::optional<double> idleTimeout; ///< s, as it is in force now
    std::optional<std::vector<FilamentSensor>> filament;
    std::map<QString, QString> controllers; ///< "mcu", "mcu toolhead" -> version
    std::map<QString, bool> motors;         ///< stepper -> energised
    std::optional<double> uptime;    ///< s since the printer's computer booted
    std::optional<QStringList> powerFlags; ///< what it complains of (under-voltage, throttling)
};

/// Credentials for one connection; never logged.
struct Credentials {
    QString apiKey, user, password;
};

/// What the last PROBE found. mm
struct ProbeResult {
    std::optional<double> trigger; ///< Z of the toolhead when the probe triggered
    std::optional<double> bed;     ///< Z at which the nozzle would touch the bed there; hosts since 2026
};

/// One printer in one language. Every reply is called exactly once with a result, on the driver's thread, and never after
/// `context` died. Signals are emitted on the driver's thread. After a drop nothing is sent until open() or the driver's
/// own reconnect has read the state again; every pending reply then gets Disconnected.
class Driver : public QObject
{
    Q_OBJECT
public:
    template <class T = void>
    using Reply = std::function<void(const Result<T>&)>;
    using Percent = std::function<void(qint64 done, qint64 total)>;

    using QObject::QObject;

    virtual void open() = 0;   ///< answered by linkChanged; reconnects by itself with back-off until close()
    virtual void close() = 0;
    [[nodiscard]] virtual LinkState linkState() const = 0;
    [[nodiscard]] virtual HostInfo host() const = 0;

    virtual void readStatus(QObject* context, Reply<recovery::Sample> reply) = 0; ///< asks now, does not use what is cached
    virtual void readVariables(QObject* context, Reply<QJsonObject> reply) = 0;   ///< save_variables.variables
    virtual void readSettings(QObject* context, Reply<QJsonObject> reply) = 0;    ///< configfile.settings
    /// A driver that has nothing of it to tell answers an empty one.
    virtual void readReadiness(QObject* context, Reply<Readiness> reply);
    /// NotSupported by a driver that knows no probe; a printer without one answers an empty result.
    virtual void readProbe(QObject* context, Reply<ProbeResult> reply);
    /// Bed mesh profiles by name, with their points where they can be read; empty when there are none.
    using MeshProfiles = std::map<std::string, std::optional<recovery::MeshMatrix>>;
    virtual void readMeshes(QObject* context, Reply<MeshProfiles> reply) = 0;

    /// All lines of `script`; answered when the last is done. Refused (printer's words), Disconnected, KlippyNotReady.
    virtual void runScript(const QString& script, QObject* context, Reply<ScriptResult> reply) = 0;
    virtual void startPrint(const QString& file, QObject* context, Reply<> reply) = 0;
    virtual void startPrintAt(const QString& file, ByteOffset byte, QObject* context, Reply<> reply) = 0; ///< M23/M26/M24
    virtual void pausePrint(QObject* context, Reply<> reply) = 0;
    virtual void cancelPrint(QObject* context, Reply<> reply) = 0;
    virtual void emergencyStop(QObject* context, Reply<> reply) = 0;
    virtual void restartHost(bool firmware, QObject* context, Reply<> reply) = 0;

    virtual void listFiles(const QString& root, QObject* context, Reply<std::vector<RemoteFile>> reply) = 0;
    virtual void listFolder(const QString& path, QObject* context, Reply<std::vector<RemoteFile>> reply) = 0; ///< "gcodes/sub": all files, hidden kinds too
    virtual void metadata(const QString& file, QObject* context, Reply<FileMetadata> reply) = 0;
    /// Bytes [from, end of file) of root/path appended to localPath (created when from == 0). FileChanged when size or time
    /// change on the way; a short body is Disconnected and keeps what came.
    virtual void download(const QString& root, const QString& path, const QString& localPath, quint64 from, Percent progress, QObject* context,
                          Reply<RemoteFile> reply) = 0;
    /// Sends SHA-256 along; never replaces a file unless `overwrite`. FileExists, Refused, DiskFull.
    virtual void upload(const QString& localPath, const QString& root, const QString& path, bool overwrite, Percent progress,
                        QObject* context, Reply<RemoteFile> reply) = 0;
    /// Pieces of root/path as they lie on the printer now, in order. FileMissing, FileChanged when it ends before a piece does.
    struct Block { quint64 begin = 0, size = 0; };
    virtual void readBlocks(const QString& root, const QString& path, const std::vector<Block>& blocks, QObject* context,
                            Reply<std::vector<QByteArray>> reply) = 0;
    virtual void moveFile(const QString& from, const QString& to, QObject* context, Reply<> reply) = 0; ///< with root: "gcodes/a" -> "gcodes/b"

    virtual void history(int limit, QObject* context, Reply<std::vector<RemoteJob>> reply) = 0;
    virtual void consoleStore(int count, QObject* context, Reply<std::vector<ConsoleLine>> reply) = 0;

signals:
    void linkChanged(kintsugi::link::LinkState state);
    void linkFailed(const kintsugi::Error& error);          ///< why the link is not up; once per attempt
    void hostChanged(const kintsugi::link::HostInfo& host);
    void sampled(const kintsugi::recovery::Sample& sample); ///< merged status, at most 4 Hz
    void consoleReceived(const kintsugi::link::ConsoleLine& line);
    void fileChanged(const kintsugi::link::FileChange& change);
    void jobChanged(const kintsugi::link::RemoteJob& job);
    void variablesChanged(const QJsonObject& variables);
    void badMessage(const kintsugi::Error& error);          ///< something that could not be read; the link stays up
};

/// Everything a driver needs to be made.
struct Address {
    QUrl url;             ///< moonraker://host:7125 …
    Credentials credentials;
};

} // namespace kintsugi::link

Q_DECLARE_OPERATORS_FOR_FLAGS(kintsugi::link::Capabilities)
