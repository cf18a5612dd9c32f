// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/zhardware.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "recovery/homing.h"
#include "recovery/planparts.h"

namespace kintsugi::recovery {

namespace {

constexpr double sameplace = 1.0;      // mm between the reference of the mesh and where Z was homed
constexpr double mostOffset = 100;     // mm
constexpr double clearOfTheTop = 0.01; // mm, rounding of a configuration

auto refuse(std::string why)
{
    return fail(parts::problem(ErrorCode::NotSupported, "zMethod", std::move(why)));
}

bool saysSomething(const KlipperConfig& config, const std::string& section, const char* option)
{
    const std::string text = config.text(section, option).value_or("");
    return text.find_first_not_of(" \t\r\n") != std::string::npos;
}

std::string probeSection(const KlipperConfig& config)
{
    for (const char* name : {"probe", "bltouch", "smart_effector"}) {
        if (config.has(name))
            return name;
    }
    return {};
}

/// "120, 120"
std::optional<std::array<double, 2>> place(const KlipperConfig& config, const std::string& section, const char* option)
{
    const std::string text = config.text(section, option).value_or("");
    const std::size_t comma = text.find(',');
    if (comma == std::string::npos)
        return std::nullopt;
    KlipperConfig pieces;
    pieces.sections["p"] = {{"x", text.substr(0, comma)}, {"y", text.substr(comma + 1)}};
    const auto x = pieces.number("p", "x"), y = pieces.number("p", "y");
    return x && y ? std::optional(std::array<double, 2>{*x, *y}) : std::nullopt;
}

} // namespace

Result<ProbeFacts> probeOf(const KlipperConfig& config)
{
    const std::string section = probeSection(config);
    if (section.empty()) {
        const bool other = std::any_of(config.sections.begin(), config.sections.end(), [](const auto& one) {
            return one.first.starts_with("probe_") || one.first == "beacon" || one.first == "cartographer" || one.first == "scanner" || one.first == "load_cell_probe";
        });
        return refuse(other ? "what this kind of probe reports is not known to this program" : "the configuration names no probe");
    }
    for (const char* option : {"activate_gcode", "deactivate_gcode"}) {
        if (saysSomething(config, section, option))
            return refuse("the probe is fetched or moved by lines of the configuration: what they move beside the part is not known");
    }
    if (!config.macro("PROBE").empty())
        return refuse("PROBE is a macro on this printer: what it moves is not known");
    ProbeFacts facts{{config.number(section, "x_offset").value_or(0), config.number(section, "y_offset").value_or(0), 0}};
    const auto z = config.number(section, "z_offset");
    if (!z)
        return refuse("the configuration does not tell the Z offset of the probe");
    facts.offset[2] = *z;
    for (const double value : facts.offset) {
        if (!(std::abs(value) <= mostOffset))
            return refuse("an offset of the probe is out of all reason");
    }
    return facts;
}

Result<> meshIsAbsolute(const KlipperConfig& config)
{
    const auto reference = place(config, "bed_mesh", "zero_reference_position");
    if (!reference)
        return {};
    const auto probe = probeOf(config);
    const bool homesByProbe = config.text("stepper_z", "endstop_pin").value_or("").find("z_virtual_endstop") != std::string::npos;
    const auto home = place(config, "safe_z_home", "home_xy_position");
    if (probe && homesByProbe && home
        && std::hypot((*home)[0] + probe->offset[0] - (*reference)[0], (*home)[1] + probe->offset[1] - (*reference)[1]) <= sameplace)
        return {};
    return refuse("the mesh was shifted to a reference point where Z is not homed: by how much is not kept anywhere");
}

Result<double> topEndstopOf(const KlipperConfig& config)
{
    const HomingFacts homing = homingFromKlipper(config);
    if (!config.has("stepper_z") || homing.kinematics == Kinematics::Delta || homing.kinematics == Kinematics::Unknown)
        return refuse("only a printer whose Z moves by itself can home Z alone");
    const AxisHoming& z = homing.axes[2];
    if (z.end != HomeEnd::Maximum)
        return refuse("Z homes at the bottom of this printer, towards the part");
    if (config.text("stepper_z", "endstop_pin").value_or("").find("virtual_endstop") != std::string::npos)
        return refuse("Z homes by a probe or without a switch");
    if (homing.override || homing.safeZHome || !config.macro("G28").empty())
        return refuse("homing Z runs through homing_override, safe_z_home or a macro: it may move before it goes up");
    const auto most = config.number("stepper_z", "position_max");
    if (!z.position || !most || *z.position > *most + clearOfTheTop)
        return refuse("the configuration does not tell where the upper end switch of Z is");
    if (!(config.number("stepper_z", "homing_retract_dist").value_or(5) <= mostRetract))
        return refuse("Z backs off far from its switch before it goes there once more: too near to the part");
    return *z.position;
}

bool watchesMotorSupply(const KlipperConfig& config)
{
    constexpr std::array asked{"tmc2130", "tmc2208", "tmc2209", "tmc2240", "tmc2660", "tmc5160"};
    const auto watched = [&](const std::string& stepper) {
        return std::any_of(asked.begin(), asked.end(), [&](const char* driver) { return config.has(std::string(driver) + ' ' + stepper); });
    };
    if (!config.has("stepper_z") || !watched("stepper_z"))
        return false;
    for (int i = 1; config.has("stepper_z" + std::to_string(i)); ++i) {
        if (!watched("stepper_z" + std::to_string(i)))
            return false;
    }
    return true;
}

} // namespace kintsugi::recovery
