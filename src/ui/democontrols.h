// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

namespace kintsugi::ui {

/// What a person can do to the demo printer from outside, as with a plug and a cable. The main program puts the simulator
/// behind it; this layer does not know it.
class DemoControls : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;
    [[nodiscard]] virtual QString demoFile() const = 0; ///< name on the printer
    [[nodiscard]] virtual bool powered() const = 0;
    [[nodiscard]] virtual bool hostRunning() const = 0;
    [[nodiscard]] virtual double speed() const = 0;     ///< simulated seconds per second
    virtual void setSpeed(double factor) = 0;
    virtual void cutPower() = 0;
    virtual void restorePower() = 0;
    virtual void crashHost() = 0;
    virtual void startHost() = 0;
    virtual void dropLink() = 0;                        ///< for some seconds
    virtual void clearBed() = 0;                        ///< the person takes the part off

signals:
    void changed(); ///< power, host or speed
};

} // namespace kintsugi::ui
