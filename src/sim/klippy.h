// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <QJsonObject>
#include <QObject>
#include <QString>

#include "deposit.h"

namespace kintsugi::sim {

/// One client of the API socket: JSON objects in, JSON objects out, exactly as on Klipper's Unix socket (without the
/// 0x03). Replies may come out of order. closed() is the end: klippy restarted, crashed or lost power.
class KlippyConnection : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;
    virtual void send(const QJsonObject& request) = 0;
signals:
    void received(const QJsonObject& message);
    void closed();
};

/// [probe]: offsets from the nozzle and the standard deviation of a sample, mm.
struct ProbeOptions {
    double x = -30, y = 15, z = 1.8, noise = 0.005;
};

/// What the demo machine is. Lengths mm, speeds mm/s.
struct MachineOptions {
    QString folder;                 ///< printer_data: holds gcodes/, config/variables.cfg, logs/; created when missing
    double bedX = 235, bedY = 235, maxZ = 250;
    std::vector<double> switchHeights{}; ///< true heights of the upper Z switches; drawn from the seed when empty
    double switchNoise = 0.004;     ///< standard deviation, drawn once per approach
    bool bedDropsUnpowered = false;
    double dropMm = 0.6;
    bool driversRephase = true;     ///< at power-up each motor jumps to the nearest full step of its driver
    int rephaseSteps = 1;           ///< full steps between two such places: 4 is a driver's electrical period
    bool coupledZ = false;          ///< one Z motor carries all of it
    double powerLossLift = 0;       ///< mm the firmware raises Z by while the power goes
    bool topEndstop = false;        ///< Z homes upward, to a switch at maxZ
    double endstopNoise = 0;        ///< standard deviation of its trigger
    std::array<double, 2> bedTilt{};///< mm a mm; the bed as a probe finds it
    double bedBow = 0;              ///< how much higher its middle is than its edges
    std::optional<ProbeOptions> probe;
    bool pluginInstalled = true;    ///< klipper-plr
    bool pluginDebug = true;
    bool pluginCalibrates = false;  ///< with the one-line fix that lets CALIBRATE reach its end on this Klipper
    double saveInterval = 5.0;
    int historySize = 3, saveDelay = 2;
    QString softwareVersion = QStringLiteral("v0.13.0");
    double ambient = 22.0;          ///< °C
    double heaterRate = 1.0;        ///< 1 = a real heater; larger heats faster
    unsigned seed = 1;
};

/// A simulated Klipper host, its micro-controllers, klipper-plr and the machine they move, on a virtual clock.
/// Time passes only by advance(), or by a timer when a speed is set. Everything runs on the thread it lives on.
class Klippy final : public QObject
{
    Q_OBJECT
public:
    explicit Klippy(MachineOptions options, QObject* parent = nullptr);
    ~Klippy() override;

    [[nodiscard]] std::unique_ptr<KlippyConnection> openConnection(); ///< nullptr while the host is down

    [[nodiscard]] double now() const;     ///< s, the host's monotonic clock; starts again at a cut of its power
    [[nodiscard]] double wallTime() const;///< s since epoch UTC of the simulated world
    void advance(double seconds);         ///< does nothing when called from a handler of its own signals
    void setSpeed(double factor);         ///< virtual seconds per real second; 0 = only advance() moves the clock
    [[nodiscard]] double speed() const;

    [[nodiscard]] bool powered() const;   ///< printer (motors, heaters, MCU) has power
    [[nodiscard]] bool hostRunning() const;
    [[nodiscard]] const MachineOptions& options() const;

    // faults and cures; each takes effect at the present virtual moment
    void cutPower();                      ///< printer and host at once; nothing moves any more
    void restorePower();                  ///< host boots and starts klippy (ready after about 2 virtual s)
    void crashHost();                     ///< klippy dies; the MCU runs out its queue, then switches motors and heaters off
    void startHost();
    void cutMotorSupply();                ///< motors lose position hold, logic stays alive
    void tearVariablesAtNextCut(int keepBytes); ///< variables.cfg is cut to this length by the next power cut
    void setEndstopStuck(int stepper, bool stuck); ///< upper switch of Z motor 0..3 reads as pressed
    void setBedTemperature(double celsius);
    void expandFrame(double mm);          ///< heat makes the frame longer, over its whole height
    /// Runs `fault` when the nozzle truly prints on this layer (from 0) and at least `fraction` of it is deposited.
    void atLayer(int layer, double fraction, std::function<void()> fault);

    // the truth, which no client can see
    [[nodiscard]] const Deposit& deposit() const;      ///< all plastic that truly left the nozzle since the bed was emptied
    void clearBed();                                   ///< the person takes the part off
    [[nodiscard]] std::vector<double> trueZ() const;   ///< true heights of the Z motors, mm
    [[nodiscard]] double trueHeightAt(double x, double y) const; ///< the nozzle would have there, mm over the nominal bed
    [[nodiscard]] std::vector<double> truePosition() const; ///< X Y Z (nozzle over the true bed) E
    [[nodiscard]] std::optional<quint64> executedByte() const; ///< start of the file line the nozzle is on, or was last
    /// s the controllers would still move if the host died now and had asked for their clock that long ago (0 .. clockPeriod).
    [[nodiscard]] double motionLeft(double clockAsked) const;
    static constexpr double clockPeriod = 0.9839; ///< s between two such questions (clocksync.py)
    [[nodiscard]] double crushed() const;              ///< deepest the nozzle ever went into plastic or the bed, mm
    [[nodiscard]] QString variablesPath() const;
    [[nodiscard]] QString gcodesPath() const;

signals:
    void hostStarted();                  ///< openConnection() works from now on
    void hostStopped();
    void printStateChanged(const QString& state); ///< print_stats.state
    void powerChanged(bool on);
    /// A file the host itself wrote (variables.cfg, a plugin's resume file), for file-change notices.
    void fileWritten(const QString& path);
    void fileMoved(const QString& from, const QString& to);

private:
    friend class SimConnection;
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::sim
