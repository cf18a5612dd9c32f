// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kintsugi::sim {

/// A heater with its sensor and the controller that the firmware runs on it. Temperatures °C, rates K/s.
class Heater
{
public:
    /// heating: K/s at full power; timeConstant: s of cooling to ambient; lag: s the sensor is behind.
    Heater(double ambient, double heating, double timeConstant, double lag, double rate);

    double target = 0;
    [[nodiscard]] double sensed() const { return m_sensed; }
    [[nodiscard]] double temperature() const { return m_true; }
    [[nodiscard]] double power() const { return m_power; } ///< 0..1
    void setTemperature(double celsius);
    void advance(double seconds);

private:
    void step(double seconds);

    double m_ambient, m_heating, m_timeConstant, m_lag, m_maxStep;
    double m_true, m_sensed;
    double m_power = 0;
    double m_rest = 0;
};

} // namespace kintsugi::sim
