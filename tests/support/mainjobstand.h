// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QSemaphore>
#include <QTest>
#include <QTimer>

#include "demoprinter.h"
#include "realmoonraker.h"
#include "recorder.h"

/// A printer with a server in front of it, as the main job meets it.
class Stand
{
public:
    virtual ~Stand() = default;
    [[nodiscard]] virtual bool isUp() const = 0;
    [[nodiscard]] virtual QUrl address() const = 0;
    [[nodiscard]] virtual kintsugi::app::Recorder::Clock clock() = 0; ///< the wall clock of server and program
    /// Runs on the printer's thread and returns when it is done.
    virtual void call(const std::function<void(kintsugi::sim::Klippy&)>& action) = 0;
    virtual void cutPower() = 0; ///< of printer, host and server
    virtual void restorePower() = 0;

    [[nodiscard]] QString file() const { return QStringLiteral("tower_plr.gcode"); }
    [[nodiscard]] double ask(const std::function<double(kintsugi::sim::Klippy&)>& question)
    {
        double answer = 0;
        call([&](kintsugi::sim::Klippy& klippy) { answer = question(klippy); });
        return answer;
    }
    void goFast()
    {
        call([this](kintsugi::sim::Klippy& klippy) { klippy.setSpeed(m_fast); });
    }

protected:
    explicit Stand(double fast) : m_fast(fast) {}
    double m_fast;
};

/// The demo printer with its own server. Time runs faster in its world, and everybody reads the clock of that world.
class DemoStand final : public Stand
{
public:
    DemoStand(const QString& folder, double fast) : Stand(fast), m_printer(options(folder, fast)) { m_up = m_printer.start().has_value(); }
    [[nodiscard]] bool isUp() const override { return m_up; }
    [[nodiscard]] QUrl address() const override { return m_printer.address(); }
    [[nodiscard]] kintsugi::app::Recorder::Clock clock() override
    {
        auto now = std::make_shared<std::atomic<double>>(0);
        call([now](kintsugi::sim::Klippy& klippy) {
            auto* timer = new QTimer(&klippy);
            QObject::connect(timer, &QTimer::timeout, &klippy, [now, &klippy] { *now = klippy.wallTime(); });
            *now = klippy.wallTime();
            timer->start(2);
        });
        return [now] { return now->load(); };
    }
    void call(const std::function<void(kintsugi::sim::Klippy&)>& action) override
    {
        QSemaphore done;
        m_printer.call([&](kintsugi::sim::Klippy& klippy) {
            action(klippy);
            done.release();
        });
        done.acquire();
    }
    void cutPower() override { m_printer.cutPower(); }
    void restorePower() override { m_printer.restorePower(); }

private:
    static kintsugi::sim::DemoOptions options(const QString& folder, double fast)
    {
        kintsugi::sim::DemoOptions options;
        options.machine.folder = folder;
        options.machine.heaterRate = 20;
        options.speed = fast;
        return options;
    }
    kintsugi::sim::DemoPrinter m_printer;
    bool m_up = false;
};

/// The same machine behind the real Moonraker, which lives by the clock of this computer.
class RealStand final : public Stand
{
public:
    RealStand(const QString& folder, double fast)
        : Stand(fast), m_printer(options(folder), fast), m_server(folder, m_printer.socketPath(), RealMoonraker::Access::Trusted)
    {
        const bool copied = QDir().mkpath(folder + QStringLiteral("/gcodes"))
            && QFile::copy(QStringLiteral(KINTSUGI_TEST_DATA) + QStringLiteral("/moonraker/gcode/tower_plr.gcode"),
                           folder + QStringLiteral("/gcodes/") + file());
        m_up = copied && m_printer.listening() && m_server.start() && m_server.waitForKlippy(QStringLiteral("ready"));
    }
    [[nodiscard]] bool isUp() const override { return m_up; }
    [[nodiscard]] QUrl address() const override { return m_server.address(); }
    [[nodiscard]] kintsugi::app::Recorder::Clock clock() override
    {
        return [] { return static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000; };
    }
    void call(const std::function<void(kintsugi::sim::Klippy&)>& action) override { m_printer.call(action); }
    void cutPower() override
    {
        call([](kintsugi::sim::Klippy& klippy) { klippy.cutPower(); });
        m_server.kill();
    }
    void restorePower() override
    {
        call([](kintsugi::sim::Klippy& klippy) { klippy.restorePower(); });
        m_up = m_server.start();
    }

private:
    static kintsugi::sim::MachineOptions options(const QString& folder)
    {
        kintsugi::sim::MachineOptions machine;
        machine.folder = folder;
        machine.heaterRate = 20;
        return machine;
    }
    SocketPrinter m_printer;
    RealMoonraker m_server;
    bool m_up = false;
};
