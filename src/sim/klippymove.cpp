// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "klippyhost.h"
#include "klippysettings.h"

namespace kintsugi::sim {

namespace {

constexpr double bufferStart = 0.25; // s between the first command and the first motion

std::string format(const char* pattern, double a, double b, double c, double d)
{
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), pattern, a, b, c, d);
    return text.data();
}

} // namespace

Failure Host::checkMove(const Axes& target) const
{
    const MachineOptions& o = m_world.options;
    const std::array<double, 3> low{0, 0, axisMinimumZ};
    const std::array<double, 3> high{o.bedX, o.bedY, o.maxZ};
    constexpr std::array names{'x', 'y', 'z'};
    for (std::size_t i = 0; i < 3; ++i) {
        if (target[i] == m_position[i])
            continue;
        const bool known = m_homed.contains(names[i]);
        if (known && target[i] >= low[i] - 1e-9 && target[i] <= high[i] + 1e-9)
            continue;
        return (known ? "Move out of range" : "Must home axis first")
               + format(": %.3f %.3f %.3f [%.3f]", target[0], target[1], target[2], target[3]);
    }
    const double e = target[3] - m_position[3];
    if (e == 0)
        return {};
    if (m_world.machine.nozzle.sensed() < minimumExtrudeTemperature)
        return "Extrude below minimum temp\nSee the 'min_extrude_temp' config option for details";
    const bool travels = target[0] != m_position[0] || target[1] != m_position[1];
    if ((!travels || e < 0) && std::abs(e) > longestExtrude) {
        return format("Extrude only move too long (%.3fmm vs %.3fmm)", e, longestExtrude, 0, 0)
               + "\nSee the 'max_extrude_only_distance' config option for details";
    }
    return {};
}

Failure Host::moveTo(const Axes& target, double speed)
{
    if (target == m_position)
        return {};
    if (auto failure = checkMove(target))
        return failure;
    m_planner.add(m_position, target, speed, m_origin);
    m_position = target;
    if (m_planner.full())
        flushMoves(false);
    if (!m_planner.empty() && !std::exchange(m_flushing, true))
        m_reactor.spawn(keepFlushing());
    return {};
}

void Host::flushMoves(bool all)
{
    for (Segment& segment : m_planner.take(all)) {
        if (m_printEnd < m_now) {
            if (m_printEnd > 0 && m_working)
                ++m_stalls;
            m_printEnd = m_now + bufferStart;
        }
        segment.start = m_printEnd;
        segment.planned = m_now;
        m_printEnd = segment.end();
        machine().queue(segment);
    }
    m_stepTimer.plan(m_now, m_printEnd);
    noteBusy();
}

Task Host::keepFlushing()
{
    while (!m_planner.empty()) {
        co_await m_reactor.sleepUntil(std::max(m_now + 0.1, m_printEnd - m_timing.bufferLow));
        if (m_printEnd - m_now <= m_timing.bufferLow + 1e-6)
            endMotion();
    }
    m_flushing = false;
    co_return {};
}

Task Host::checkPause()
{
    while (m_printEnd - m_now > m_timing.bufferHigh && !halted())
        co_await m_reactor.sleepUntil(std::min(m_now + 1, m_printEnd - m_timing.bufferHigh + 1e-6));
    co_return {};
}

Host::Timing Host::timingOf(const std::string& softwareVersion)
{
    // Commits after v0.13.0: the timer came with 262, less look-ahead with 340, less buffer with 341.
    int minor = 0, commits = 0;
    if (std::sscanf(softwareVersion.c_str(), "v0.%d.%*d-%d", &minor, &commits) < 1 || minor < 13)
        return {};
    const auto since = [&](int commit) { return minor > 13 || commits >= commit; };
    Timing timing;
    timing.timed = since(262);
    timing.bufferLow = timing.timed ? 0.70 : timing.bufferLow; // when the timer reaches the end of the plan
    timing.lookAhead = since(340) ? 0.15 : timing.lookAhead;
    timing.bufferHigh = since(341) ? 1.0 : timing.bufferHigh;
    return timing;
}

std::optional<std::vector<StepBatch>> Host::stepBatches(double now)
{
    return m_timing.timed ? std::optional(m_stepTimer.batches(now)) : std::nullopt;
}

double Host::lastMoveTime()
{
    flushMoves(true);
    if (m_printEnd < m_now) {
        m_printEnd = m_now + bufferStart;
        m_planner.begin(m_timing.bufferHigh);
    }
    noteBusy();
    return m_printEnd;
}

/// Everything is planned to a stop, and what comes next begins anew.
void Host::endMotion()
{
    flushMoves(true);
    m_planner.begin(m_timing.bufferHigh);
}

Task Host::waitMoves()
{
    endMotion();
    while (m_printEnd > m_now && !halted())
        co_await m_reactor.sleepUntil(std::min(m_now + 1, m_printEnd + 1e-6));
    co_return {};
}

void Host::setPosition(const Axes& position)
{
    m_position = position;
    machine().setBelieved(position);
    resetLastPosition();
}

void Host::setFan(double speed)
{
    m_reactor.spawn(fanLater(std::clamp(speed, 0.0, 1.0), std::max(m_now, m_printEnd + m_planner.heldTime())));
}

Task Host::fanLater(double speed, double when)
{
    co_await m_reactor.sleepUntil(when);
    if (!halted())
        machine().fan = speed;
    co_return {};
}

Task Host::driveZ(std::array<bool, 4> motors, double distance, double speed, double accel)
{
    co_await waitMoves();
    if (distance == 0)
        co_return {};
    Segment s;
    s.from = s.to = m_position;
    s.to[2] += distance;
    s.distance = std::abs(distance);
    s.accel = accel > 0 ? accel : 1e6;
    s.cruiseV = speed;
    s.zMotors = motors;
    shape(s);
    s.start = std::max(m_now, m_printEnd) + 0.1;
    m_printEnd = s.end();
    m_stepTimer.plan(m_now, m_printEnd);
    machine().queue(s);
    co_await waitMoves();
    co_return {};
}

/// Up to the switch, back, and slowly once more.
Task Host::homeUpward()
{
    co_await waitMoves();
    const MachineOptions& o = m_world.options;
    constexpr double speed = 10, back = 2;
    m_homed.insert('z');
    machine().energize();
    for (const double pace : {speed, speed / 2}) {
        const double press = std::normal_distribution<double>(0, std::max(o.endstopNoise, 1e-9))(m_probeNoise);
        const double gap = std::max(0.0, machine().topGap() + press);
        if (!machine().canMove() || gap > 1.5 * o.maxZ) {
            m_homed.erase('z');
            co_return std::string("No trigger on z after full movement");
        }
        Axes position = m_position;
        position[2] = o.maxZ - gap;
        setPosition(position);
        position[2] = o.maxZ;
        m_planner.add(m_position, position, pace, {});
        m_position = position;
        co_await waitMoves();
        if (pace == speed) {
            position[2] -= back;
            m_planner.add(m_position, position, speed, {});
            m_position = position;
            co_await waitMoves();
        }
        if (halted())
            co_return {};
    }
    setPosition(m_position);
    co_return {};
}

/// Down until the probe meets what is below it: the bed, or plastic.
Task Host::cmdProbe(const GcodeLine& line)
{
    if (m_homed.size() < 3)
        co_return std::string("Must home before probe");
    const ProbeOptions probe = *m_world.options.probe;
    constexpr double speed = 5, retract = 2;
    const int count = std::clamp(static_cast<int>(line.number("SAMPLES").value_or(1)), 1, 50);
    std::vector<double> found;
    for (int sample = 0; sample < count && !halted(); ++sample) {
        co_await waitMoves();
        Axes target = m_position;
        const double x = target[0] + probe.x, y = target[1] + probe.y;
        const Machine& m = machine();
        const double noise = std::normal_distribution<double>(0, probe.noise)(m_probeNoise);
        const double down = m.planeAt(m.trueX() + probe.x, m.trueY() + probe.y) - probe.z - m.surfaceAt(m.trueX() + probe.x, m.trueY() + probe.y) + noise;
        if (down <= 0)
            co_return std::string("Probe triggered prior to movement");
        target[2] = std::max(m_position[2] - down, axisMinimumZ);
        const bool missed = target[2] > m_position[2] - down + 1e-9;
        if (auto failure = moveTo(target, speed))
            co_return failure;
        co_await waitMoves();
        if (missed)
            co_return std::string("No trigger on probe after full movement");
        found.push_back(target[2]);
        info("probe at " + format("%.3f,%.3f is z=%.6f", x, y, target[2], 0));
        if (sample + 1 < count) {
            target[2] += retract;
            if (auto failure = moveTo(target, speed))
                co_return failure;
        }
    }
    if (found.empty())
        co_return {};
    m_lastProbe = std::accumulate(found.begin(), found.end(), 0.0) / static_cast<double>(found.size());
    info("Result is z=" + format("%.6f", m_lastProbe, 0, 0, 0));
    resetLastPosition();
    co_return {};
}

Task Host::homeAxis(std::size_t axis)
{
    if (axis == 2 && m_world.options.topEndstop)
        co_return co_await homeUpward();
    constexpr std::array names{'x', 'y', 'z'};
    co_await waitMoves();
    const MachineOptions& o = m_world.options;
    const double range = axis == 0 ? o.bedX : axis == 1 ? o.bedY : o.maxZ - axisMinimumZ;
    const double speed = axis == 2 ? 10 : 40;
    const double back = axis == 2 ? 2 : 3;
    m_homed.insert(names[axis]);
    for (const double pace : {speed, speed / 2}) {
        Axes position = m_position;
        position[axis] = pace == speed ? 1.5 * range : 2 * back;
        setPosition(position);
        const Machine& m = machine();
        const double gap = std::max(0.0, axis == 0 ? m.trueX() : axis == 1 ? m.trueY() : m.bottomGap());
        if (!m.canMove() || gap > 1.5 * range) {
            m_homed.erase(names[axis]);
            co_return std::string("No trigger on ") + names[axis] + " after full movement";
        }
        position[axis] -= gap;
        m_planner.add(m_position, position, pace, {});
        m_position = position;
        co_await waitMoves();
        position[axis] = 0;
        setPosition(position);
        if (pace == speed) {
            position[axis] = back;
            m_planner.add(m_position, position, speed, {});
            m_position = position;
            co_await waitMoves();
        }
        if (halted())
            co_return {};
    }
    resetLastPosition();
    co_return {};
}

Task Host::home(std::string axes)
{
    if (axes.empty())
        axes = "xyz";
    m_homing = true;
    Failure failure;
    for (std::size_t axis = 0; axis < 3 && !failure && !halted(); ++axis) {
        if (axes.find("xyz"[axis]) != std::string::npos)
            failure = co_await homeAxis(axis);
    }
    m_homing = false;
    co_return failure;
}

Task Host::cmdHome(const GcodeLine& line)
{
    std::string axes;
    const std::string_view rest = std::string_view(line.rest).substr(0, line.rest.find(';'));
    for (const char c : rest) {
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (lower >= 'x' && lower <= 'z')
            axes += lower;
    }
    co_return co_await home(axes);
}

Failure Host::moveGcode(double speed)
{
    // Inside an excluded object the file is followed, but nothing moves.
    if (!m_currentObject.isEmpty() && m_excluded.contains(m_currentObject)) {
        m_skipping = true;
        return {};
    }
    if (std::exchange(m_skipping, false))
        m_skippedE = m_gcode.last[3] - m_position[3];
    Axes target = m_gcode.last;
    target[3] -= m_skippedE;
    return moveTo(target, speed);
}

Failure Host::linearMove(const GcodeLine& line)
{
    constexpr std::array names{'X', 'Y', 'Z'};
    GcodeState& g = m_gcode;
    for (std::size_t i = 0; i < 3; ++i) {
        if (const auto value = line.value(names[i]))
            g.last[i] = g.absolute ? *value + g.base[i] : g.last[i] + *value;
    }
    if (const auto value = line.value('E')) {
        const double e = *value * g.extrudeFactor;
        g.last[3] = g.absolute && g.absoluteE ? e + g.base[3] : g.last[3] + e;
    }
    if (const auto value = line.value('F')) {
        if (*value <= 0)
            return "Invalid speed in '" + line.text + "'";
        g.speed = *value * g.speedFactor;
    }
    return moveGcode(g.speed);
}

Task Host::cmdMove(const GcodeLine& line)
{
    if (auto failure = linearMove(line))
        co_return failure;
    if (m_printEnd - m_now > m_timing.bufferHigh)
        co_await checkPause();
    co_return {};
}

Task Host::cmdDwell(const GcodeLine& line)
{
    const double delay = line.value('P').value_or(0) / 1000 + line.value('S').value_or(0);
    m_printEnd = lastMoveTime() + std::max(0.0, delay);
    co_await checkPause();
    co_return {};
}

Task Host::cmdFinish(const GcodeLine& /*line*/)
{
    co_return co_await waitMoves();
}

Task Host::cmdMotorsOff(const GcodeLine& /*line*/)
{
    co_await waitMoves();
    m_homed.clear();
    machine().release();
    co_return {};
}

Task Host::cmdForceMove(const GcodeLine& line)
{
    const std::string name = line.word("STEPPER");
    const auto motor = zStepperNames().indexOf(QString::fromStdString(name));
    if (name.empty())
        co_return "Error on '" + line.text + "': missing STEPPER";
    if (!stepperNames().contains(QString::fromStdString(name)))
        co_return "The value '" + name + "' is not valid for STEPPER";
    const auto distance = line.number("DISTANCE");
    const auto velocity = line.number("VELOCITY");
    if (!distance || !velocity || *velocity <= 0)
        co_return "Error on '" + line.text + "': missing " + (distance ? "VELOCITY" : "DISTANCE");
    if (motor < 0)
        co_return std::string("Only the Z motors of this machine can be moved by force");
    std::array<bool, 4> motors{};
    motors[static_cast<std::size_t>(motor)] = true;
    const Axes before = m_position;
    // Whole microsteps only, as the driver does.
    const double exact = std::round(*distance / Machine::microstepZ) * Machine::microstepZ;
    co_await driveZ(motors, exact, *velocity, line.number("ACCEL").value_or(0));
    setPosition(before);
    co_await sleep(0.3);
    co_return {};
}

Task Host::cmdKinematicPosition(const GcodeLine& line)
{
    co_await waitMoves();
    Axes position = m_position;
    constexpr std::array names{"X", "Y", "Z"};
    for (std::size_t i = 0; i < 3; ++i) {
        if (const auto value = line.number(names[i]))
            position[i] = *value;
    }
    setPosition(position);
    const auto lower = [](std::string text) {
        std::transform(text.begin(), text.end(), text.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        return text;
    };
    machine().energize();
    for (const char axis : lower(line.word("SET_HOMED", "XYZ"))) {
        if (axis >= 'x' && axis <= 'z')
            m_homed.insert(axis);
    }
    for (const char axis : lower(line.word("CLEAR_HOMED", line.word("CLEAR"))))
        m_homed.erase(axis);
    co_return {};
}

Task Host::cmdLevelGantry(const GcodeLine& /*line*/)
{
    if (m_homed.size() < 3)
        co_return std::string("Must home axis first: ") + format("%.3f %.3f %.3f [%.3f]", 0, 0, 0, 0);
    co_await waitMoves();
    co_await sleep(20);
    const auto before = machine().motorZ();
    for (int motor = 1; motor < 4 && !halted(); ++motor)
        machine().moveMotor(motor, before[0] - before[static_cast<std::size_t>(motor)]);
    m_levelled = !halted();
    info("Gantry-relative probe points:\n0: 0.000000 1: 0.000000 2: 0.000000 3: 0.000000");
    co_return {};
}

Failure Host::cmdUnits(const GcodeLine& line)
{
    return line.name == "G20" ? Failure("Machine does not support G20 (inches) command") : std::nullopt;
}

Failure Host::cmdMode(const GcodeLine& line)
{
    if (line.name == "G90" || line.name == "G91")
        m_gcode.absolute = line.name == "G90";
    else
        m_gcode.absoluteE = line.name == "M82";
    return {};
}

Failure Host::cmdSetPosition(const GcodeLine& line)
{
    constexpr std::array names{'X', 'Y', 'Z', 'E'};
    bool any = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (const auto value = line.value(names[i])) {
            m_gcode.base[i] = m_gcode.last[i] - *value * (i == 3 ? m_gcode.extrudeFactor : 1);
            any = true;
        }
    }
    if (!any)
        m_gcode.base = m_gcode.last;
    return {};
}

Failure Host::cmdSpeedFactor(const GcodeLine& line)
{
    const double value = line.value('S').value_or(100) / (60 * 100);
    if (value <= 0)
        return "Error on '" + line.text + "': S must be above 0.0";
    m_gcode.speed = m_gcode.speed / m_gcode.speedFactor * value;
    m_gcode.speedFactor = value;
    return {};
}

Failure Host::cmdExtrudeFactor(const GcodeLine& line)
{
    const double value = line.value('S').value_or(100) / 100;
    if (value <= 0)
        return "Error on '" + line.text + "': S must be above 0.0";
    const double e = (m_gcode.last[3] - m_gcode.base[3]) / m_gcode.extrudeFactor;
    m_gcode.base[3] = m_gcode.last[3] - e * value;
    m_gcode.extrudeFactor = value;
    return {};
}

Failure Host::cmdAcceleration(const GcodeLine& line)
{
    std::optional<double> accel = line.value('S');
    if (!accel && line.value('P') && line.value('T'))
        accel = std::min(*line.value('P'), *line.value('T'));
    if (!accel) {
        info("Invalid M204 command \"" + line.text + "\"");
        return {};
    }
    if (*accel > 0)
        m_planner.limits.accel = *accel;
    return {};
}

Failure Host::cmdVelocityLimit(const GcodeLine& line)
{
    MotionLimits& limits = m_planner.limits;
    limits.velocity = line.number("VELOCITY").value_or(limits.velocity);
    limits.accel = line.number("ACCEL").value_or(limits.accel);
    limits.cornerVelocity = line.number("SQUARE_CORNER_VELOCITY").value_or(limits.cornerVelocity);
    limits.minimumCruiseRatio = line.number("MINIMUM_CRUISE_RATIO").value_or(limits.minimumCruiseRatio);
    if (line.parameters.empty()) {
        info(format("max_velocity: %.6f\nmax_accel: %.6f\nminimum_cruise_ratio: %.6f\nsquare_corner_velocity: %.6f",
                    limits.velocity, limits.accel, limits.minimumCruiseRatio, limits.cornerVelocity));
    }
    return {};
}

Failure Host::cmdPressureAdvance(const GcodeLine& line)
{
    m_pressureAdvance = line.number("ADVANCE").value_or(m_pressureAdvance);
    m_smoothTime = line.number("SMOOTH_TIME").value_or(m_smoothTime);
    lastMoveTime();
    info(format("pressure_advance: %.6f\npressure_advance_smooth_time: %.6f", m_pressureAdvance, m_smoothTime, 0, 0));
    return {};
}

Failure Host::cmdOffset(const GcodeLine& line)
{
    constexpr std::array names{"X", "Y", "Z", "E"};
    Axes delta{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto offset = line.number(names[i]);
        if (!offset) {
            offset = line.number(std::string(names[i]) + "_ADJUST");
            if (!offset)
                continue;
            *offset += m_gcode.homing[i];
        }
        delta[i] = *offset - m_gcode.homing[i];
        m_gcode.base[i] += delta[i];
        m_gcode.homing[i] = *offset;
    }
    if (line.number("MOVE").value_or(0) == 0)
        return {};
    for (std::size_t i = 0; i < delta.size(); ++i)
        m_gcode.last[i] += delta[i];
    return moveGcode(line.number("MOVE_SPEED").value_or(m_gcode.speed));
}

Failure Host::cmdSaveState(const GcodeLine& line)
{
    m_savedStates[line.word("NAME", "default")] = m_gcode;
    return {};
}

Failure Host::cmdRestoreState(const GcodeLine& line)
{
    const std::string name = line.word("NAME", "default");
    const auto it = m_savedStates.find(name);
    if (it == m_savedStates.end())
        return "Unknown g-code state: " + name;
    const double e = m_gcode.last[3];
    const Axes now = m_gcode.last;
    m_gcode = it->second;
    m_gcode.base[3] += e - it->second.last[3];
    m_gcode.last = now;
    if (line.number("MOVE").value_or(0) == 0)
        return {};
    for (std::size_t i = 0; i < 3; ++i)
        m_gcode.last[i] = it->second.last[i];
    return moveGcode(line.number("MOVE_SPEED").value_or(m_gcode.speed));
}

Failure Host::cmdReportPosition(const GcodeLine& /*line*/)
{
    const GcodeState& g = m_gcode;
    say(format("X:%.3f Y:%.3f Z:%.3f E:%.3f", g.last[0] - g.base[0], g.last[1] - g.base[1], g.last[2] - g.base[2],
               (g.last[3] - g.base[3]) / g.extrudeFactor));
    return {};
}

Failure Host::cmdGetPosition(const GcodeLine& /*line*/)
{
    const auto line = [](const char* name, const Axes& p) {
        return name + format(": X:%.6f Y:%.6f Z:%.6f E:%.6f", p[0], p[1], p[2], p[3]) + "\n";
    };
    const GcodeState& g = m_gcode;
    Axes gcode;
    for (std::size_t i = 0; i < gcode.size(); ++i)
        gcode[i] = g.last[i] - g.base[i];
    info(line("toolhead", m_position) + line("gcode", gcode) + line("gcode base", g.base)
         + "gcode homing: " + format("X:%.6f Y:%.6f Z:%.6f", g.homing[0], g.homing[1], g.homing[2], 0));
    return {};
}

} // namespace kintsugi::sim
