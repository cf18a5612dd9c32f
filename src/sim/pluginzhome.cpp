// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "plugin.h"

namespace kintsugi::sim {

namespace {

// A switch stops its own motor only; the others run on for the time of the planned look-ahead (measured 0.17 to 0.19 s).
constexpr double overshootTime = 0.175;
constexpr double stepsPerMm = 1 / Machine::microstepZ;
constexpr std::array<bool, 4> allMotors{true, true, true, true};

std::string fixed(double value, int digits = 3)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

std::string motorName(int motor)
{
    return zStepperNames().at(motor).toStdString();
}

std::array<bool, 4> only(int motor)
{
    std::array<bool, 4> motors{};
    motors[static_cast<std::size_t>(motor)] = true;
    return motors;
}

double wholeSteps(double distance)
{
    return std::ceil(distance * stepsPerMm - 1e-6) * Machine::microstepZ;
}

/// Klipper of August 2025 and later lost a function that the plugin calls.
bool lacksFlushMoves(const QString& version)
{
    const QStringList parts = version.split(u'-');
    return parts.size() > 1 && parts.at(1).toInt() >= 200;
}

} // namespace

double Plugin::steps(int motor) const
{
    return std::round(m_host.machine().motorZ()[static_cast<std::size_t>(motor)] * stepsPerMm);
}

Task Plugin::home(const GcodeLine& line)
{
    std::string mode = line.word("MODE", "CALIBRATE");
    std::transform(mode.begin(), mode.end(), mode.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (mode != "CALIBRATE" && mode != "RESUME")
        co_return std::string("MODE must be either CALIBRATE or RESUME");
    const bool resuming = mode == "RESUME";
    log(std::string("Executing before-") + (resuming ? "resume" : "calibrate") + " G-code commands...");
    if (auto failure = co_await m_host.script(resuming ? "_PLR_BEFORE_RESUME_GCODE" : "G28"))
        co_return "Error executing pre-operation G-code: " + *failure;
    co_await m_host.waitMoves();
    if (!m_host.homed('z'))
        co_return std::string("Must home Z first");
    std::vector<double> offsets;
    if (auto failure = co_await zHome(resuming, offsets)) {
        log("Error in Z calibration: " + *failure);
        co_return "Z calibration failed: " + *failure;
    }
    if (m_host.halted())
        co_return {};
    if (resuming)
        m_resuming = false;
    else
        m_memoryOffsets = offsets;
    std::string text = "\nPLR Z Home (" + mode + " mode) completed successfully:\nFinal Z offsets:";
    for (int motor = 0; motor < 4; ++motor)
        text += "\n" + motorName(motor) + ": " + fixed(offsets[static_cast<std::size_t>(motor)]) + "mm";
    text += "\n\nFinal stepper positions:";
    for (int motor = 0; motor < 4; ++motor)
        text += "\n" + motorName(motor) + ": " + fixed(m_host.toolPosition()[2]);
    log(text);
    co_return {};
}

Task Plugin::zHome(bool resuming, std::vector<double>& offsets)
{
    const Axes start = m_host.toolPosition();
    log("\nStarting PLR Z Home in " + std::string(resuming ? "RESUME" : "CALIBRATE") + " mode");
    log("Movement parameters:");
    log("Z endstop position: " + pythonFloat(m_options.zPosition));
    log("Initial speed: " + pythonFloat(m_options.slowSpeed) + " mm/s");
    log("Fast travel parameters:");
    log("Height: " + pythonFloat(m_options.fastTravelHeight) + " mm");
    log("Speed: " + pythonFloat(m_options.fastTravelSpeed) + " mm/s");
    log("\nPerforming initial probe with first endstop");
    log("Initial position: X" + fixed(start[0]) + " Y" + fixed(start[1]) + " Z" + fixed(start[2]));
    if (!resuming) {
        Axes up = start;
        up[2] = std::min(m_options.fastTravelHeight, m_options.zPosition);
        log("Fast travel to Z=" + fixed(up[2]) + " at " + fixed(m_options.fastTravelSpeed, 1) + " mm/s");
        if (auto failure = m_host.moveTo(up, m_options.fastTravelSpeed))
            co_return failure;
        co_await m_host.waitMoves();
    }
    double trigger = 0;
    if (auto failure = co_await probeAll(m_options.fastMoveSpeed, trigger))
        co_return failure;
    const Axes at = m_host.toolPosition();
    if (!resuming) {
        if (auto failure = m_host.saveVariable("z_endstop_position_stepper_z",
                                               PyValue(PyValue::List{at[0], at[1], at[2], at[3]})))
            co_return failure;
        log("Saved stepper_z position: " + fixed(at[0]) + ", " + fixed(at[1]) + ", " + fixed(at[2]));
    }
    log("Initial probe trigger at Z=" + fixed(trigger));
    co_await m_host.driveZ(allMotors, -m_options.retract, m_options.fastMoveSpeed, 0);
    const double reference = trigger - m_options.retract;
    Axes retracted = m_host.toolPosition();
    retracted[2] = reference;
    m_host.setPosition(retracted);
    log("\nStarting individual stepper probing...");
    if (auto failure = co_await probeEach(resuming, offsets))
        co_return failure;
    if (m_host.halted())
        co_return {};
    log("\nStarting final homing sequence...");
    co_await m_host.driveZ(allMotors, -m_options.retract, m_options.slowSpeed, 0);
    m_host.setPosition(retracted);
    if (auto failure = co_await probeAll(m_options.slowSpeed, trigger))
        co_return failure;
    co_return co_await applyOffsets(resuming, offsets);
}

Task Plugin::probeEach(bool resuming, std::vector<double>& offsets)
{
    std::vector<double> heights;
    for (int motor = 0; motor < 4; ++motor) {
        log("\nProbing " + motorName(motor) + " (stepper " + std::to_string(motor + 1) + " of 4)");
        double height = 0;
        if (auto failure = co_await probeMotor(motor, height))
            co_return "Error probing " + motorName(motor) + ": " + *failure;
        if (m_host.halted())
            co_return {};
        heights.push_back(height);
        offsets.push_back(heights[0] - height);
        log(motorName(motor) + " final offset: " + fixed(offsets.back()) + "mm");
        if (!resuming) {
            if (auto failure = m_host.saveVariable("z_offset_" + motorName(motor), PyValue(offsets.back())))
                co_return failure;
        }
    }
    co_return {};
}

Task Plugin::probeAll(double speed, double& trigger)
{
    Machine& machine = m_host.machine();
    if (machine.pressed(0))
        co_return std::string("Initial endstop triggered before movement. Check Z position.");
    Axes position = m_host.toolPosition();
    const double limit = m_options.zPosition - position[2];
    const double gap = wholeSteps(machine.pressHeight(0) - machine.motorZ()[0]);
    co_await m_host.driveZ(allMotors, std::min(gap, limit), speed, 0);
    position[2] += std::min(gap, limit);
    m_host.setPosition(position);
    if (gap > limit)
        co_return std::string("No trigger on probe after full movement");
    co_await m_host.driveZ({false, true, true, true}, wholeSteps(overshootTime * speed), speed, 0);
    m_host.setPosition(position);
    trigger = position[2];
    co_return {};
}

Task Plugin::probeMotor(int motor, double& height)
{
    const std::string name = motorName(motor);
    if (lacksFlushMoves(m_host.options().softwareVersion))
        co_return std::string("'MCU' object has no attribute 'flush_moves'");
    Machine& machine = m_host.machine();
    const Axes reference = m_host.toolPosition();
    const auto z = [&machine, motor] { return machine.motorZ()[static_cast<std::size_t>(motor)]; };
    co_await m_host.sleep(0.8);
    log("\nStarting probe sequence for " + name);
    log("Reference Z height: " + pythonFloat(reference[2]));
    log(name + " initial position: " + std::to_string(static_cast<long>(steps(motor))) + " steps");
    log("Steps per mm: " + pythonFloat(stepsPerMm));
    log(name + " averaged position before probe: " + pythonFloat(steps(motor)) + " steps");
    if (machine.pressed(motor)) {
        co_await m_host.sleep(2);
        co_return name + " endstop triggered before movement. Check Z position and endstop.";
    }
    const double limit = m_options.zPosition - reference[2];
    const double gap = wholeSteps(machine.pressHeight(motor) - z());
    co_await m_host.driveZ(only(motor), std::min(gap, limit), m_options.fastMoveSpeed, 0);
    m_host.setPosition(reference);
    if (gap > limit)
        co_return std::string("No trigger on probe after full movement");
    co_await m_host.sleep(0.8);
    log(name + " initial trigger position: " + pythonFloat(steps(motor)) + " steps");
    log("Initial travel distance: " + fixed(gap) + "mm");
    Samples samples;
    samples.initial = gap;
    samples.triggers.push_back(steps(motor));
    co_await m_host.driveZ(only(motor), -m_options.sampleRetract, m_options.fastMoveSpeed, 0);
    m_host.setPosition(reference);
    log(name + " base position for sampling: " + pythonFloat(steps(motor)) + " steps");
    if (auto failure = co_await takeSamples(motor, samples))
        co_return failure;
    if (m_host.halted())
        co_return {};
    co_await m_host.sleep(1);
    height = reportSamples(motor, samples);
    co_return {};
}

Task Plugin::takeSamples(int motor, Samples& samples)
{
    const std::string name = motorName(motor);
    const double base = m_host.machine().motorZ()[static_cast<std::size_t>(motor)];
    int retries = 0;
    for (int sample = 1; sample <= m_options.sampleSize;) {
        double travel = 0;
        double seconds = 0;
        if (auto failure = co_await sampleMotor(motor, sample, base, travel, seconds))
            co_return failure;
        if (m_host.halted())
            co_return {};
        const double total = samples.initial + travel;
        log("Total travel distance: " + fixed(total) + "mm");
        samples.triggers.push_back(steps(motor));
        samples.times.push_back(seconds);
        const auto [low, high] = std::minmax_element(samples.totals.begin(), samples.totals.end());
        const bool first = samples.totals.empty();
        if (first || (total - *low <= m_options.sampleRange && *high - total <= m_options.sampleRange)) {
            samples.totals.push_back(total);
            ++sample;
            continue;
        }
        log("Sample outside allowed range: " + fixed(total) + "mm (min: " + fixed(*low) + "mm, max: " + fixed(*high)
            + "mm)");
        if (++retries >= m_options.retries) {
            co_return "Unable to get consistent samples for " + name + " after " + std::to_string(m_options.retries)
                + " retries";
        }
    }
    co_return {};
}

double Plugin::reportSamples(int motor, Samples& samples)
{
    const std::string name = motorName(motor);
    const double count = static_cast<double>(samples.triggers.size());
    const double mean = std::accumulate(samples.triggers.begin(), samples.triggers.end(), 0.0) / count;
    double squares = 0;
    for (const double value : samples.triggers)
        squares += (value - mean) * (value - mean);
    const auto [shortest, longest] = std::minmax_element(samples.times.begin(), samples.times.end());
    log(name + " movement stats: {'mean': " + pythonFloat(mean) + ", 'variance': " + pythonFloat(squares / (count - 1))
        + ", 'min_time': " + pythonFloat(*shortest) + ", 'max_time': " + pythonFloat(*longest) + "}");
    std::sort(samples.totals.begin(), samples.totals.end());
    std::string all;
    for (const double total : samples.totals)
        all += (all.empty() ? "" : ", ") + fixed(total);
    const double height = samples.totals[samples.totals.size() / 2];
    log("\n" + name + " final results:");
    log("All samples (total travel): " + all + "mm");
    log("Initial travel distance: " + fixed(samples.initial) + "mm");
    log("Selected trigger height: " + fixed(height) + "mm");
    return height;
}

Task Plugin::sampleMotor(int motor, int sample, double base, double& travel, double& seconds)
{
    Machine& machine = m_host.machine();
    const auto z = [&machine, motor] { return machine.motorZ()[static_cast<std::size_t>(motor)]; };
    const Axes reference = m_host.toolPosition();
    co_await m_host.driveZ(only(motor), base - z(), m_options.fastMoveSpeed, 0);
    m_host.setPosition(reference);
    co_await m_host.sleep(0.8);
    log("\nSample " + std::to_string(sample) + ":");
    log("Starting position: " + pythonFloat(steps(motor)) + " steps");
    if (machine.pressed(motor))
        co_return motorName(motor) + " endstop triggered before movement. Check Z position and endstop.";
    const double begin = m_host.now();
    travel = wholeSteps(machine.pressHeight(motor) - z());
    co_await m_host.driveZ(only(motor), travel, m_options.slowSpeed, 0);
    m_host.setPosition(reference);
    co_await m_host.sleep(0.8);
    seconds = m_host.now() - begin;
    log("Sample trigger position: " + pythonFloat(steps(motor)) + " steps");
    log("Sample travel from base: " + fixed(travel) + "mm");
    co_return {};
}

void Plugin::logLoaded()
{
    for (int motor = 0; motor < 4; ++motor) {
        const auto it = m_host.variables().find("z_offset_" + motorName(motor));
        if (it == m_host.variables().end())
            log("No saved offset found for " + motorName(motor));
        else
            log("Loaded offset for " + motorName(motor) + ": " + fixed(it->second.number().value_or(0)) + "mm");
    }
    log("Successfully loaded offsets:");
    for (int motor = 0; motor < 4; ++motor) {
        const auto it = m_host.variables().find("z_offset_" + motorName(motor));
        if (it != m_host.variables().end())
            log(motorName(motor) + ": " + fixed(it->second.number().value_or(0)) + "mm");
    }
}

Task Plugin::applyOffsets(bool resuming, const std::vector<double>& measured)
{
    log("\nApplying Z offsets for all steppers");
    std::optional<double> stored;
    if (const auto it = m_host.variables().find("z_endstop_position_stepper_z"); it != m_host.variables().end()) {
        const PyValue::List* list = it->second.list();
        if (list != nullptr && list->size() > 2)
            stored = (*list)[2].number();
        if (resuming)
            log("Found reference position: " + it->second.repr());
    }
    int moved = 0;
    for (int motor = 0; motor < 4; ++motor) {
        const std::string name = motorName(motor);
        double offset = measured[static_cast<std::size_t>(motor)];
        if (resuming) {
            logLoaded();
            const auto it = m_host.variables().find("z_offset_" + name);
            offset = it == m_host.variables().end() ? 0 : it->second.number().value_or(0);
        }
        if (offset == 0) {
            log("No offset to apply for " + name);
            continue;
        }
        co_await m_host.sleep(0.4);
        const Axes before = m_host.toolPosition();
        log("Applying offset to " + name + ": Current Z: " + fixed(before[2]) + ", Offset: " + fixed(offset)
            + ", New Z: " + fixed(before[2] + offset));
        if (!resuming && moved > 0 && !m_host.options().pluginCalibrates) {
            // The second moved motor meets the planner's stale position.
            m_host.reactor().spawn([](Host& host) -> Task {
                co_await host.sleep(1.5);
                host.shutDown("Internal error in stepcompress");
                co_return {};
            }(m_host));
            co_return std::string("Error applying Z offsets: Internal error in stepcompress");
        }
        co_await m_host.driveZ(only(motor), std::round(offset * stepsPerMm) * Machine::microstepZ, m_options.slowSpeed, 0);
        if (m_host.halted())
            co_return {};
        ++moved;
        m_host.setPosition(before);
        if (resuming) {
            if (!stored)
                continue;
            const std::string target = pythonFloat(*stored + m_options.zHeightOffset);
            log("Resetting kinematic position with Z offset: SET_KINEMATIC_POSITION Z=" + target);
            if (auto failure = co_await m_host.script("SET_KINEMATIC_POSITION Z=" + target))
                co_return failure;
        } else if (auto failure = m_host.saveVariable("z_offset_" + name, PyValue(offset))) {
            co_return failure;
        }
    }
    if (resuming)
        co_return co_await restoreAfterResume();
    co_return {};
}

Task Plugin::restoreAfterResume()
{
    const auto it = m_host.variables().find("resume_meta_info");
    if (it == m_host.variables().end())
        co_return {};
    const PyValue state = it->second;
    const PyValue* fans = state.find("fan_speeds");
    if (const PyValue* fan = fans == nullptr ? nullptr : fans->find("fan"); fan != nullptr && fan->number()) {
        const double speed = *fan->number();
        log("Fan found - fan with speed " + pythonFloat(speed));
        const std::string command = "M106 S" + std::to_string(static_cast<int>(speed * 255));
        log("Setting parts cooling fan fan using M106: " + command);
        if (auto failure = co_await m_host.script(command))
            co_return failure;
    }
    const PyValue* offsets = state.find("xyz_offsets");
    if (offsets != nullptr && offsets->find("x") != nullptr && offsets->find("y") != nullptr
        && offsets->find("z") != nullptr) {
        const std::string command = "SET_GCODE_OFFSET X=" + offsets->find("x")->repr() + " Y="
                                    + offsets->find("y")->repr() + " Z=" + offsets->find("z")->repr();
        log("Restoring XYZ offsets: " + command);
        co_return co_await m_host.script(command);
    }
    co_return {};
}

Task Plugin::testOffsets(const GcodeLine& line)
{
    if (!m_host.homed('z'))
        co_return std::string("Must home Z first");
    const bool resuming = line.word("MODE", "CALIBRATE") == "RESUME";
    m_host.info("Stored offsets:");
    for (int motor = 0; motor < 4; ++motor) {
        const auto i = static_cast<std::size_t>(motor);
        double offset = i < m_memoryOffsets.size() ? m_memoryOffsets[i] : 0;
        const auto it = m_host.variables().find("z_offset_" + motorName(motor));
        if (it != m_host.variables().end() && resuming)
            offset = it->second.number().value_or(0);
        m_host.info(motorName(motor) + ": " + fixed(offset));
        const Axes before = m_host.toolPosition();
        co_await m_host.driveZ(only(motor), std::round(offset * stepsPerMm) * Machine::microstepZ, m_options.slowSpeed, 0);
        m_host.setPosition(before);
    }
    m_host.info(std::string("Applied Z offsets in ") + (resuming ? "RESUME" : "CALIBRATE") + " mode");
    co_return {};
}

} // namespace kintsugi::sim
