// SPDX-License-Identifier: GPL-3.0-or-later
#include "heater.h"

#include <algorithm>

namespace kintsugi::sim {

namespace {

constexpr double proportionalBand = 8; // K below the target where full power ends

} // namespace

Heater::Heater(double ambient, double heating, double timeConstant, double lag, double rate)
    : m_ambient(ambient), m_heating(heating * rate), m_timeConstant(timeConstant), m_lag(lag / rate),
      m_maxStep(std::min(0.1, m_lag / 4)), m_true(ambient), m_sensed(ambient)
{
}

void Heater::setTemperature(double celsius)
{
    m_true = m_sensed = celsius;
}

void Heater::advance(double seconds)
{
    m_rest += seconds;
    while (m_rest >= m_maxStep) {
        step(m_maxStep);
        m_rest -= m_maxStep;
    }
}

void Heater::step(double seconds)
{
    m_power = 0;
    if (target > 0) {
        const double hold = (target - m_ambient) / m_timeConstant / m_heating;
        m_power = std::clamp((target - m_sensed) / proportionalBand + hold, 0.0, 1.0);
    }
    m_true += seconds * (m_power * m_heating - (m_true - m_ambient) / m_timeConstant);
    m_sensed += seconds * (m_true - m_sensed) / m_lag;
}

} // namespace kintsugi::sim
