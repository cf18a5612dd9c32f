// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <QJsonObject>
#include <QLocalSocket>
#include <QObject>
#include <QProcess>
#include <QThread>
#include <QTimer>
#include <QUrl>

#include "klippy.h"
#include "klippysocket.h"

/// The simulated Klipper with its API socket, on a thread of its own, for a real Moonraker in another process.
class SocketPrinter final : public QObject
{
    Q_OBJECT
public:
    SocketPrinter(const kintsugi::sim::MachineOptions& machine, double speed);
    ~SocketPrinter() override;

    [[nodiscard]] bool listening() const { return m_listening; }
    [[nodiscard]] QString socketPath() const { return m_path; }
    /// Runs on the printer's thread and returns when it is done.
    void call(const std::function<void(kintsugi::sim::Klippy&)>& action);

signals:
    void printStateChanged(const QString& state);

private:
    QThread m_thread;
    QString m_path;
    std::unique_ptr<QObject> m_home; ///< lives on the thread
    std::unique_ptr<kintsugi::sim::Klippy> m_klippy;
    std::unique_ptr<kintsugi::sim::KlippySocket> m_socket;
    bool m_listening = false;
};

/// The real Moonraker from the virtual environment KINTSUGI_MOONRAKER_VENV (environment variable, else what CMake was
/// told), as a child process on a free loopback port.
class RealMoonraker final : public QObject
{
    Q_OBJECT
public:
    enum class Access {
        Trusted, ///< 127.0.0.1 needs nothing
        Key,     ///< every client needs the key, a token or a login
    };

    /// `folder` is printer_data, the one the simulated Klipper works in.
    RealMoonraker(const QString& folder, const QString& klippySocket, Access access);
    ~RealMoonraker() override;

    /// Starts the process and waits until it answers. The port stays the same over restarts.
    [[nodiscard]] bool start();
    /// Waits until /server/info reports this state of klippy.
    [[nodiscard]] bool waitForKlippy(const QString& state, int milliseconds = 30000);
    void kill(); ///< SIGKILL, as a power cut does

    /// A JSON-RPC call over Moonraker's own Unix socket, which asks nobody who he is. Empty when it fails.
    [[nodiscard]] QJsonValue call(const QString& method, const QJsonObject& params = {});
    [[nodiscard]] QString apiKey() { return call(QStringLiteral("access.get_api_key")).toString(); }
    [[nodiscard]] bool addUser(const QString& name, const QString& password);

    [[nodiscard]] quint16 port() const { return m_port; }
    [[nodiscard]] QUrl address() const; ///< moonraker://127.0.0.1:port
    [[nodiscard]] QString log() const;

private:
    [[nodiscard]] bool writeConfig() const;

    QString m_folder, m_klippySocket;
    Access m_access;
    quint16 m_port = 0;
    QProcess m_process;
};
