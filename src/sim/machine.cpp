// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kintsugi::sim {

namespace {

constexpr double cellSize = 0.4;   // mm, about one line width
constexpr double margin = 20;      // mm around the bed that the nozzle may reach
constexpr double numericNoise = 1e-5; // mm
constexpr double softEnough = 150; // °C below which no plastic leaves the nozzle

} // namespace

Machine::Machine(const MachineSetup& setup)
    : nozzle(setup.ambient, 4.2, 85, 0.5, setup.heaterRate), bed(setup.ambient, 0.45, 700, 1.5, setup.heaterRate),
      m_setup(setup), m_random(setup.seed),
      m_cellsX(static_cast<std::size_t>((setup.bedX + 2 * margin) / cellSize) + 1),
      m_cellsY(static_cast<std::size_t>((setup.bedY + 2 * margin) / cellSize) + 1)
{
    m_xy = {setup.bedX * 0.4, setup.bedY * 0.3};
    m_z.fill(12.0);
    m_held = m_z;
    m_topSwitch = setup.topSwitch;
    clearBed();
    for (auto& noise : m_noise)
        noise = std::normal_distribution<double>(0, m_setup.switchNoise)(m_random);
}

double Machine::advance(double time)
{
    while (m_now < time && m_fired.empty()) {
        double until = time;
        if (m_haltAt)
            until = std::min(until, std::max(m_now, *m_haltAt));
        if (m_motionEndsAt)
            until = std::min(until, std::max(m_now, *m_motionEndsAt));
        if (!m_queue.empty() && m_queue.front().start < until)
            until = std::min(until, m_queue.front().end());
        if (!m_watches.empty() && !m_queue.empty())
            until = std::min(until, std::max(m_now + 1e-9, watchTime(m_queue.front())));
        runTo(until);
        if (m_motionEndsAt && m_now >= *m_motionEndsAt)
            drop();
        if (m_haltAt && m_now >= *m_haltAt) {
            m_haltAt.reset();
            haltMcu();
        }
    }
    return m_now;
}

void Machine::runTo(double time)
{
    nozzle.advance(time - m_now);
    bed.advance(time - m_now);
    if (!m_queue.empty() && m_queue.front().start <= time) {
        const Segment segment = m_queue.front();
        execute(segment, m_now, time);
        m_believed = segment.position(time);
        if (segment.end() <= time) {
            m_queue.pop_front();
            m_growing = false;
        }
    }
    m_now = time;
    for (auto& watch : m_watches) {
        if (watch.laid >= watch.filament - 1e-9)
            m_fired.push_back(watch.id);
    }
    std::erase_if(m_watches, [](const Watch& watch) { return watch.laid >= watch.filament - 1e-9; });
}

void Machine::execute(const Segment& segment, double fromTime, double toTime)
{
    if (!m_motorSupply || !m_power)
        return;
    const double before = segment.travelled(fromTime);
    const double after = segment.travelled(toTime);
    const double part = segment.distance > 0 ? (after - before) / segment.distance : 0;
    if (part <= 0)
        return;
    m_executed = segment.origin;
    const auto start = position();
    m_xy[0] += (segment.to[0] - segment.from[0]) * part;
    m_xy[1] += (segment.to[1] - segment.from[1]) * part;
    for (std::size_t i = 0; i < m_z.size(); ++i) {
        if (segment.zMotors[i])
            m_z[i] += (segment.to[2] - segment.from[2]) * part;
        const bool now = pressed(static_cast<int>(i));
        if (m_wasPressed[i] && !now)
            m_noise[i] = std::normal_distribution<double>(0, m_setup.switchNoise)(m_random);
        m_wasPressed[i] = now;
    }
    extrude(segment, (segment.to[3] - segment.from[3]) * part, {start[0], start[1], start[2]});
}

void Machine::extrude(const Segment& segment, double amount, const std::array<double, 3>& from)
{
    m_e += amount;
    double laid = 0;
    if (amount < 0) {
        m_retracted -= amount;
    } else {
        laid = std::max(0.0, amount - m_retracted);
        m_retracted = std::max(0.0, m_retracted - amount);
        if (laid < 1e-9 || nozzle.temperature() < softEnough)
            laid = 0;
    }
    const auto to = position();
    touch(from, {to[0], to[1], to[2]}, laid > 0);
    if (laid <= 0)
        return;
    if (m_growing) {
        Bead& bead = m_deposit.beads.back();
        bead.x1 = to[0];
        bead.y1 = to[1];
        bead.z1 = to[2];
        bead.filament += laid;
    } else {
        m_deposit.beads.push_back({from[0], from[1], from[2], to[0], to[1], to[2], laid, nozzle.temperature(),
                                   segment.origin.begin, segment.origin.file});
        m_growing = true;
    }
    for (auto& watch : m_watches) {
        if (watch.file == segment.origin.file && segment.origin.begin >= watch.begin
            && segment.origin.begin < watch.end)
            watch.laid += laid;
    }
}

double Machine::watchTime(const Segment& s) const
{
    double time = s.end();
    const double amount = s.to[3] - s.from[3];
    if (amount <= 0)
        return time;
    for (const auto& watch : m_watches) {
        if (watch.file != s.origin.file || s.origin.begin < watch.begin || s.origin.begin >= watch.end)
            continue;
        const double rest = watch.filament - watch.laid + m_retracted;
        const double done = s.travelled(m_now) + rest / amount * s.distance;
        if (done < s.distance)
            time = std::min(time, s.timeAt(done));
    }
    return time;
}

std::size_t Machine::cell(double x, double y) const
{
    const double column = std::clamp((x + margin) / cellSize, 0.0, static_cast<double>(m_cellsX - 1));
    const double row = std::clamp((y + margin) / cellSize, 0.0, static_cast<double>(m_cellsY - 1));
    return static_cast<std::size_t>(row) * m_cellsX + static_cast<std::size_t>(column);
}

void Machine::touch(const std::array<double, 3>& from, const std::array<double, 3>& to, bool laying)
{
    const double length = std::hypot(to[0] - from[0], to[1] - from[1]);
    const int steps = std::max(1, static_cast<int>(std::ceil(length / cellSize)));
    for (int i = 0; i <= steps; ++i) {
        const double part = static_cast<double>(i) / steps;
        const double z = from[2] + (to[2] - from[2]) * part;
        float& top = m_top[cell(from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part)];
        if (const double depth = static_cast<double>(top) - z; depth > numericNoise)
            m_crushed = std::max(m_crushed, depth);
        if (laying)
            top = std::max(top, static_cast<float>(z));
    }
}

void Machine::queue(const Segment& segment)
{
    energize();
    m_queue.push_back(segment);
}

void Machine::drop()
{
    m_queue.clear();
    m_growing = false;
    m_motionEndsAt.reset();
}

void Machine::endMotionAt(double time)
{
    while (!m_queue.empty() && m_queue.back().start > time)
        m_queue.pop_back();
    m_motionEndsAt = time;
}

double Machine::queueEnd() const
{
    return m_queue.empty() ? m_now : std::max(m_now, m_queue.back().end());
}

const Segment* Machine::running() const
{
    return !m_queue.empty() && m_queue.front().start <= m_now ? &m_queue.front() : nullptr;
}

/// A driver that kept its phase pulls the motor to the nearest place of that phase.
void Machine::energize()
{
    if (!m_power || !m_motorSupply || std::exchange(m_energized, true))
        return;
    if (!m_setup.rephase || m_setup.rephaseSteps < 2)
        return;
    settle(m_held, fullStepZ * m_setup.rephaseSteps);
}

/// Each motor to the nearest place of its driver's phase.
void Machine::settle(const std::array<double, 4>& phase, double period)
{
    std::array<double, 4> by{};
    for (std::size_t i = 0; i < m_z.size(); ++i) {
        const std::size_t motor = m_setup.coupledZ ? 0 : i;
        const double away = m_z[motor] - phase[motor];
        by[i] = std::round(away / period) * period - away;
    }
    for (std::size_t i = 0; i < m_z.size(); ++i)
        m_z[i] += by[i];
}

void Machine::release()
{
    if (!std::exchange(m_energized, false))
        return;
    m_held = m_z;
    sink();
}

void Machine::sink()
{
    if (!m_setup.dropsUnpowered)
        return;
    double share = 1;
    for (std::size_t i = 0; i < m_z.size(); ++i) {
        if (i == 0 || !m_setup.coupledZ)
            share = std::uniform_real_distribution<double>(0.75, 1.25)(m_random);
        double& z = m_z[i];
        z = std::max(0.0, z - m_setup.drop * share);
    }
}

void Machine::cut()
{
    drop();
    if (m_energized) {
        for (double& z : m_z)
            z += m_setup.powerLossLift;
    }
    release();
    m_power = false;
    m_haltAt.reset();
    nozzle.target = bed.target = fan = 0;
}

void Machine::restore()
{
    if (!std::exchange(m_power, true) || !m_motorSupply) {
        if (m_setup.rephase) {
            settle({}, fullStepZ * m_setup.rephaseSteps);
            m_held = m_z;
        }
    }
    m_motorSupply = true;
}

void Machine::cutMotors()
{
    release();
    m_motorSupply = false;
}

void Machine::haltMcu()
{
    drop();
    release();
    nozzle.target = bed.target = fan = 0;
}

bool Machine::pressed(int motor) const
{
    const auto i = static_cast<std::size_t>(motor);
    return m_stuck[i] || m_z[i] >= pressHeight(motor) - 1e-9;
}

double Machine::pressHeight(int motor) const
{
    const auto i = static_cast<std::size_t>(motor);
    return m_setup.switchHeights[i] + m_noise[i];
}

void Machine::setStuck(int motor, bool stuck)
{
    if (motor >= 0 && static_cast<std::size_t>(motor) < m_stuck.size())
        m_stuck[static_cast<std::size_t>(motor)] = stuck;
}

std::array<double, 4> Machine::position() const
{
    return {m_xy[0], m_xy[1], planeAt(m_xy[0], m_xy[1]), m_e};
}

double Machine::planeAt(double x, double y) const
{
    // Motors stand at the corners: front left, back left, back right, front right.
    const double u = x / m_setup.bedX;
    const double v = y / m_setup.bedY;
    return (1 - u) * (1 - v) * m_z[0] + (1 - u) * v * m_z[1] + u * v * m_z[2] + u * (1 - v) * m_z[3];
}

double Machine::bedAt(double x, double y) const
{
    const double u = 2 * x / m_setup.bedX - 1, v = 2 * y / m_setup.bedY - 1;
    return m_setup.bedTilt[0] * x + m_setup.bedTilt[1] * y + m_setup.bedBow * (1 - (u * u + v * v) / 2);
}

double Machine::surfaceAt(double x, double y) const
{
    return std::max(bedAt(x, y), static_cast<double>(m_top[cell(x, y)]));
}

void Machine::expandFrame(double mm)
{
    m_topSwitch += mm;
    for (double& z : m_z)
        z += mm * z / m_setup.maxZ;
}

void Machine::clearBed()
{
    m_deposit.beads.clear();
    m_growing = false;
    m_crushed = 0;
    m_top.assign(m_cellsX * m_cellsY, 0.0F);
}

int Machine::fileIndex(const std::string& name)
{
    auto& files = m_deposit.files;
    const auto it = std::find(files.begin(), files.end(), name);
    if (it != files.end())
        return static_cast<int>(it - files.begin());
    files.push_back(name);
    return static_cast<int>(files.size() - 1);
}

void Machine::watch(Watch watch)
{
    watch.laid = 0;
    for (const Bead& bead : m_deposit.beads) {
        if (bead.file == watch.file && bead.begin >= watch.begin && bead.begin < watch.end)
            watch.laid += bead.filament;
    }
    if (watch.laid < watch.filament)
        m_watches.push_back(watch);
}

std::vector<int> Machine::takeFired()
{
    return std::exchange(m_fired, {});
}

} // namespace kintsugi::sim
