// SPDX-License-Identifier: GPL-3.0-or-later
#include "zmechanics.h"

#include <cmath>

#include <QJsonArray>

#include "recovery/zhardware.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;
using recovery::StopCause;

namespace {

constexpr double stepsATurn = 200;
constexpr double leastBed = 150; // mm

double positive(const QJsonObject& section, QLatin1String key, double otherwise)
{
    const double value = section.value(key).toDouble(0);
    return std::isfinite(value) && value > 0 ? value : otherwise;
}

/// [[80, 16]] -> 5; 1 when there is none.
double gearing(const QJsonObject& section)
{
    double ratio = 1;
    for (const QJsonValue& stage : section.value("gear_ratio"_L1).toArray()) {
        const QJsonArray pair = stage.toArray();
        if (pair.size() == 2 && pair[0].toDouble() > 0 && pair[1].toDouble() > 0)
            ratio *= pair[0].toDouble() / pair[1].toDouble();
    }
    return ratio;
}

std::vector<std::array<double, 2>> places(const QJsonValue& value)
{
    std::vector<std::array<double, 2>> result;
    for (const QJsonValue& place : value.toArray()) {
        const QJsonArray pair = place.toArray();
        if (pair.size() >= 2)
            result.push_back({pair[0].toDouble(), pair[1].toDouble()});
    }
    return result;
}

std::size_t motorCount(const QJsonObject& settings)
{
    std::size_t count = settings.contains("stepper_z"_L1) ? 1 : 0;
    while (count > 0 && settings.contains(u"stepper_z%1"_s.arg(count)))
        ++count;
    return count;
}

/// The clock of the controllers begins anew with each restart of the firmware; the host's own goes on.
bool firmwareRestarted(const recovery::Sample& last, const recovery::Sample& now)
{
    constexpr double slack = 5; // s: the estimate is made at another moment than the sample
    if (!last.estimatedPrintTime || !now.estimatedPrintTime || !last.eventTime || !now.eventTime)
        return false;
    const double controller = *now.estimatedPrintTime - *last.estimatedPrintTime, host = *now.eventTime - *last.eventTime;
    return controller < 0 || std::abs(controller - host) > slack + 0.01 * std::abs(host);
}

} // namespace

void addHardwareProof(recovery::ZEvidence& evidence, const recovery::PrinterFacts& printer, const std::optional<recovery::KlipperConfig>& config,
                      const recovery::MeshMatrix* mesh, bool supplyStayed)
{
    if (!config)
        return;
    evidence.topEndstop = printer.topEndstop.has_value();
    evidence.probe = printer.probe.has_value();
    evidence.mesh = mesh != nullptr && recovery::meshIsAbsolute(*config).has_value();
    // Klipper asks these drivers all the time and shuts down when one lost its supply.
    const bool watched = recovery::watchesMotorSupply(*config) && evidence.noShutdown.value_or(false) && evidence.motorsEnabled.value_or(false);
    if (!evidence.supplyIntact && (supplyStayed || watched))
        evidence.supplyIntact = true;
}

recovery::ZMechanics zMechanics(const QJsonObject& settings, const recovery::PrinterFacts& printer)
{
    recovery::ZMechanics mechanics;
    const QJsonObject z = settings.value("stepper_z"_L1).toObject();
    const double distance = positive(z, "rotation_distance"_L1, 0);
    if (distance > 0) {
        mechanics.fullStep = distance / gearing(z) / positive(z, "full_steps_per_rotation"_L1, stepsATurn);
        mechanics.microstep = mechanics.fullStep / positive(z, "microsteps"_L1, 16);
    }
    const std::size_t motors = std::max<std::size_t>(motorCount(settings), printer.fourZ ? 4 : 1);
    if (motors < 2)
        return mechanics;
    mechanics.screws = places(settings.value("z_tilt"_L1).toObject().value("z_positions"_L1));
    const auto corners = places(settings.value("quad_gantry_level"_L1).toObject().value("gantry_corners"_L1));
    if (mechanics.screws.size() < 2 && corners.size() == 2)
        mechanics.screws = {corners[0], {corners[1][0], corners[0][1]}, corners[1], {corners[0][0], corners[1][1]}};
    if (mechanics.screws.size() < 2) { // where nobody tells, near to each other: motors that settle unevenly tilt the more
        const auto from = [&printer](std::size_t axis) { return printer.minimum[axis].value_or(0); };
        const auto to = [&printer, from](std::size_t axis) { return printer.maximum[axis].value_or(from(axis) + leastBed); };
        mechanics.screws = {{from(0), from(1)}, {to(0), to(1)}};
    }
    return mechanics;
}

recovery::ZEvidence zEvidence(StopCause cause, const std::vector<recovery::Sample>& samples, const std::optional<recovery::Sample>& now,
                              std::optional<double> idleTimeout)
{
    recovery::ZEvidence evidence;
    evidence.idleTimeout = idleTimeout;
    switch (cause) {
    case StopCause::PrinterPowerLost:
    case StopCause::PrinterAndHostLost:
        evidence.hostAlive = cause == StopCause::PrinterPowerLost ? std::optional<bool>() : false;
        evidence.motorsEnabled = evidence.supplyIntact = false;
        break;
    case StopCause::HostLost:
        evidence.hostAlive = evidence.motorsEnabled = false;
        break;
    case StopCause::MotorSupplyLost:
        evidence.supplyIntact = evidence.motorsEnabled = false;
        break;
    case StopCause::EmergencyStop:
    case StopCause::FirmwareShutdown:
        evidence.noShutdown = evidence.motorsEnabled = false;
        break;
    case StopCause::LinkLost:
    case StopCause::Unknown:
        break;
    }
    if (samples.empty() || !now)
        return evidence;
    // The same clock going on, and Z homed all the time: nobody restarted and nothing released the motors.
    const recovery::Sample& last = samples.back();
    const bool sameHost = last.eventTime && now->eventTime && *now->eventTime >= *last.eventTime;
    const bool restarted = firmwareRestarted(last, *now);
    const bool sameRun = sameHost && !restarted;
    const bool homed = now->homedAxes.find('z') != std::string::npos;
    if (last.eventTime && now->eventTime && !sameHost)
        evidence.hostAlive = false;
    else if (sameRun && !evidence.hostAlive)
        evidence.hostAlive = true;
    if (restarted)
        evidence.noShutdown = evidence.motorsEnabled = false;
    if (sameRun && now->hostState == "ready" && !evidence.noShutdown)
        evidence.noShutdown = homed ? std::optional(true) : std::nullopt;
    if (!homed || (!sameHost && last.eventTime && now->eventTime))
        evidence.motorsEnabled = false;
    else if (sameRun && !evidence.motorsEnabled)
        evidence.motorsEnabled = true;
    if (sameRun)
        evidence.idleSeconds = *now->eventTime - *last.eventTime;
    return evidence;
}

} // namespace kintsugi::app
