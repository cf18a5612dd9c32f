// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <QObject>
#include <QUrl>

#include "base/result.h"
#include "klippy.h"

namespace kintsugi::sim {

struct DemoOptions {
    MachineOptions machine;
    quint16 port = 0;          ///< 0 = any free port, loopback only
    QString apiKey;            ///< when set, clients must authenticate
    double speed = 1.0;        ///< virtual seconds per real second
    bool withDemoFile = true;  ///< puts a small real sliced file with klipper-plr's marks into gcodes/
};

/// A whole demo printer in this process: Klippy and the simulated Moonraker in front of it, on a thread of their own,
/// reachable at address(). The functions may be called from the thread that made it; they are carried over.
class DemoPrinter final : public QObject
{
    Q_OBJECT
public:
    explicit DemoPrinter(DemoOptions options, QObject* parent = nullptr);
    ~DemoPrinter() override;

    [[nodiscard]] Result<> start();       ///< WriteFailed (folder), Unreachable (port)
    [[nodiscard]] QUrl address() const;   ///< moonraker://127.0.0.1:<port>
    [[nodiscard]] QString demoFile() const; ///< name under gcodes/

    void setSpeed(double factor);
    void cutPower();
    void restorePower();
    void crashHost();
    void startHost();
    void dropLink(int milliseconds);      ///< closes every client and refuses new ones for that (real) time
    void clearBed();
    void call(std::function<void(Klippy&)> action);          ///< runs on the demo's thread, returns at once
    void query(QObject* context, std::function<void(const Deposit&, double crushed)> reply); ///< a copy of the truth

signals:
    void powerChanged(bool on);
    void hostChanged(bool running);
    void printStateChanged(const QString& state);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::sim
