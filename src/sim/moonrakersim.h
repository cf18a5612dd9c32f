// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <QJsonObject>
#include <QObject>
#include <QString>

#include "base/result.h"
#include "klippy.h"

namespace kintsugi::sim {

struct MoonrakerSimOptions {
    QString folder;             ///< printer_data: gcodes/, config/, logs/ are served; database/ holds history and items
    quint16 port = 0;           ///< 0 = any free port of the loopback address
    QString apiKey;             ///< empty: every client is trusted
    QString user, password;     ///< a login besides the key
    int pollMilliseconds = 250; ///< real time between attempts to reach klippy
    std::function<bool()> powered;      ///< false at the loss of klippy: the server dies with it; empty: it never does
    std::function<double()> wallTime;   ///< s since epoch for history, console and file times; empty: the real clock
    std::function<double()> tokenClock; ///< s since epoch for the life of tokens; empty: the real clock
};

/// The part of Moonraker that the program uses, in front of a KlippyConnection: websocket JSON-RPC at /websocket and
/// HTTP on one loopback port. Lives on one thread.
class MoonrakerSim final : public QObject
{
    Q_OBJECT
public:
    /// Called again and again until it returns a connection.
    using Connector = std::function<std::unique_ptr<KlippyConnection>()>;

    MoonrakerSim(MoonrakerSimOptions options, Connector connector, QObject* parent = nullptr);
    ~MoonrakerSim() override;

    [[nodiscard]] Result<> start(); ///< Unreachable when the port cannot be had
    void kill();                    ///< as SIGKILL or a power cut: clients are dropped, what was in memory is lost
    [[nodiscard]] bool running() const;
    [[nodiscard]] quint16 port() const; ///< keeps its value over kill() and start()

    void dropLink(int milliseconds); ///< closes every client and takes no new ones for that (real) time

    void noteWritten(const QString& path); ///< a file that klippy wrote
    void noteMoved(const QString& from, const QString& to);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::sim
