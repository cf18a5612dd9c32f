// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "democontrols.h"
#include "demoprinter.h"
#include "driver.h"

namespace kintsugi::gui {

/// The one demo printer of this program: made when its driver is first wanted, kept until the end.
class DemoBench final : public ui::DemoControls
{
    Q_OBJECT
public:
    explicit DemoBench(QString folder, QObject* parent = nullptr);
    ~DemoBench() override;

    /// A driver for the demo printer. When the simulator cannot start, the driver reports that nobody answers.
    [[nodiscard]] std::unique_ptr<link::Driver> makeDriver();

    [[nodiscard]] QString demoFile() const override { return m_demoFile; }
    void setDemoFile(const QString& name) { m_demoFile = name; } ///< below the demo's gcodes folder
    [[nodiscard]] bool powered() const override { return m_powered; }
    [[nodiscard]] bool hostRunning() const override { return m_hostRunning; }
    [[nodiscard]] double speed() const override { return m_speed; }
    void setSpeed(double factor) override;
    void cutPower() override;
    void restorePower() override;
    void crashHost() override;
    void startHost() override;
    void dropLink() override;
    void clearBed() override;

private:
    void start();

    QString m_folder;
    std::unique_ptr<sim::DemoPrinter> m_printer;
    bool m_powered = true, m_hostRunning = true;
    double m_speed = 2.0;
    QString m_demoFile = QStringLiteral("gear_plr.gcode");
};

} // namespace kintsugi::gui
