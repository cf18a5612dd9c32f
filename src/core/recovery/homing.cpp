// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/homing.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "recovery/planmotionrunner.h"

namespace kintsugi::recovery {

namespace {

template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<Kinematics, 5> kinematicsNames{{{Kinematics::Unknown, "unknown"}, {Kinematics::Cartesian, "cartesian"},
                                                {Kinematics::CoreXY, "corexy"}, {Kinematics::CoreXZ, "corexz"}, {Kinematics::Delta, "delta"}}};
constexpr Names<HomeEnd, 3> endNames{{{HomeEnd::Unknown, "unknown"}, {HomeEnd::Minimum, "minimum"}, {HomeEnd::Maximum, "maximum"}}};

template <class Enum, std::size_t N>
std::string_view nameIn(const Names<Enum, N>& names, Enum value)
{
    const auto found = std::find_if(names.begin(), names.end(), [value](const auto& pair) { return pair.first == value; });
    return found == names.end() ? names.front().second : found->second;
}

template <class Enum, std::size_t N>
std::optional<Enum> valueIn(const Names<Enum, N>& names, std::string_view name)
{
    const auto found = std::find_if(names.begin(), names.end(), [name](const auto& pair) { return pair.second == name; });
    return found == names.end() ? std::nullopt : std::optional(found->first);
}

/// Printers whose firmware was not asked: Z_HOMING_HEIGHT of the Ender forks, the largest seen.
constexpr double mostLiftUnknown = 10;
/// Before it runs against the frame, a sensorless axis backs off: SENSORLESS_BACKOFF_MM, min_home_dist.
constexpr double sensorlessBackOff = 10;

} // namespace

std::string_view name(Kinematics kinematics) { return nameIn(kinematicsNames, kinematics); }
std::optional<Kinematics> kinematicsFromName(std::string_view text) { return valueIn(kinematicsNames, text); }
std::string_view name(HomeEnd end) { return nameIn(endNames, end); }
std::optional<HomeEnd> homeEndFromName(std::string_view text) { return valueIn(endNames, text); }

HomingFacts homingFromKlipper(const KlipperConfig& config)
{
    HomingFacts facts;
    const std::string kinematics = config.text("printer", "kinematics").value_or("");
    if (kinematics == "cartesian" || kinematics == "hybrid_corexy" || kinematics == "hybrid_corexz")
        facts.kinematics = Kinematics::Cartesian;
    else if (kinematics == "delta")
        facts.kinematics = Kinematics::Delta;
    else
        facts.kinematics = kinematicsFromName(kinematics).value_or(Kinematics::Unknown);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const std::string stepper = std::string("stepper_") + static_cast<char>('x' + axis);
        AxisHoming& homing = facts.axes[axis];
        homing.position = config.number(stepper, "position_endstop");
        homing.sensorless = config.text(stepper, "endstop_pin").value_or("").find("virtual_endstop") != std::string::npos && axis < 2;
        const auto direction = config.text(stepper, "homing_positive_dir");
        const auto maximum = config.number(stepper, "position_max");
        const double minimum = config.number(stepper, "position_min").value_or(0);
        if (direction)
            homing.end = *direction == "True" || *direction == "true" || *direction == "1" ? HomeEnd::Maximum : HomeEnd::Minimum;
        else if (homing.position && maximum) // stepper.py: the nearer end, within a quarter of the travel
            homing.end = *homing.position <= minimum + (*maximum - minimum) / 4   ? HomeEnd::Minimum
                : *homing.position >= *maximum - (*maximum - minimum) / 4 ? HomeEnd::Maximum
                                                                          : HomeEnd::Unknown;
    }
    if (config.has("safe_z_home"))
        facts.safeZHome = SafeZHome{config.number("safe_z_home", "z_hop").value_or(0)};
    if (config.has("homing_override")) {
        HomingOverride override{config.text("homing_override", "axes").value_or("xyz"), {}, config.text("homing_override", "gcode").value_or("")};
        for (std::size_t axis = 0; axis < 3; ++axis)
            override.setPosition[axis] = config.number("homing_override", std::string("set_position_") + static_cast<char>('x' + axis));
        facts.override = std::move(override);
    }
    return facts;
}

Result<> checkHoming(const HomingFacts& facts)
{
    constexpr double largest = 1e4; // mm
    constexpr std::size_t longest = std::size_t{64} << 10;
    const auto bad = [](std::string field, double measured) {
        Error error{.code = ErrorCode::BadValue, .detail = "not a length"};
        error.field = std::move(field);
        error.measured = measured;
        return fail(std::move(error));
    };
    const auto sound = [](double value) { return std::isfinite(value) && std::abs(value) <= largest; };
    for (std::size_t axis = 0; axis < 3; ++axis)
        if (!sound(facts.axes[axis].position.value_or(0)))
            return bad("axes." + std::to_string(axis) + ".position", *facts.axes[axis].position);
    if (const double lift = facts.marlinLift.value_or(0); !sound(lift) || lift < 0)
        return bad("marlinLift", lift);
    if (!sound(facts.probeOffsetZ))
        return bad("probeOffsetZ", facts.probeOffsetZ);
    if (facts.safeZHome && !(sound(facts.safeZHome->zHop) && facts.safeZHome->zHop >= 0))
        return bad("safeZHome.zHop", facts.safeZHome->zHop);
    for (std::size_t axis = 0; facts.override && axis < 3; ++axis)
        if (!sound(facts.override->setPosition[axis].value_or(0)))
            return bad("override.setPosition", *facts.override->setPosition[axis]);
    for (const auto* text : {&facts.homeX, &facts.homeY, &facts.homeAll})
        if (*text && (*text)->size() > longest)
            return bad("home", static_cast<double>((*text)->size()));
    if (facts.override && facts.override->gcode.size() > longest)
        return bad("override.gcode", static_cast<double>(facts.override->gcode.size()));
    return {};
}

// --- how each firmware homes ---

void MotionRunner::home(const gcode::Command& command)
{
    std::array<bool, 3> axes{command.has('X'), command.has('Y'), command.has('Z')};
    if (!axes[0] && !axes[1] && !axes[2])
        axes = {true, true, true};
    if (m_setup.homing->kinematics == Kinematics::Delta)
        return homeDelta();
    switch (m_setup.dialect) {
    case gcode::Dialect::Klipper:
        return homeKlipper(command, axes);
    case gcode::Dialect::RepRapFirmware:
        return homeRepRap(axes);
    case gcode::Dialect::Marlin:
    case gcode::Dialect::Marlin1:
    case gcode::Dialect::Prusa:
        return homeMarlin(command, axes);
    }
}

/// homing_override.py and safe_z_home.py: an override runs whole when one of its axes is asked for.
void MotionRunner::homeKlipper(const gcode::Command&, std::array<bool, 3> axes)
{
    const HomingFacts& facts = *m_setup.homing;
    if (facts.override && m_depth == 0) {
        const auto asked = [&](char letter, bool wanted) {
            return wanted && (facts.override->axes.find(letter) != std::string::npos
                              || facts.override->axes.find(static_cast<char>(letter - 'a' + 'A')) != std::string::npos);
        };
        const bool all = axes[0] && axes[1] && axes[2];
        if (all || asked('x', axes[0]) || asked('y', axes[1]) || asked('z', axes[2])) {
            m_hidden = true;
            for (std::size_t axis = 0; axis < 3; ++axis)
                if (const auto& value = facts.override->setPosition[axis])
                    declare(axis, *value, true);
            return body(facts.override->gcode, "homing_override");
        }
    }
    if (facts.safeZHome && facts.safeZHome->zHop > 0 && m_depth == 0) {
        const double hop = facts.safeZHome->zHop;
        if (!m_homed[2]) {
            hiddenLift(hop, hop);
            m_zKnown = false; // newer versions forget Z after this hop
        } else if (const double believed = m_machine[2].value_or(0); believed < hop) {
            hiddenLift(hop - believed, hop); // to the height, or by it, by version
        }
    }
    homeAxes(axes, false, false);
}

/// G28.cpp: the lift is a height where Z is trusted, else it is counted from where Z is believed to be; version 1 counts it as
/// a height always. The probe hangs below the nozzle, so its offset is added.
void MotionRunner::homeMarlin(const gcode::Command& command, std::array<bool, 3> axes)
{
    const HomingFacts& facts = *m_setup.homing;
    const auto raised = command.value('R');
    double lift = facts.marlinLift.value_or(mostLiftUnknown) + std::max(0.0, -facts.probeOffsetZ);
    if (raised)
        lift = gcode::toMillimetres(*raised);
    const bool lifts = m_setup.dialect != gcode::Dialect::Prusa && lift > 0 && (axes[0] || axes[1]);
    if (lifts) {
        const double asHeight = std::max(0.0, lift - m_machine[2].value_or(lift));
        const bool relative = m_setup.dialect == gcode::Dialect::Marlin && (!m_homed[2] || raised);
        const bool sure = facts.marlinLift || raised;
        hiddenLift(sure ? asHeight : 0.0, relative ? std::max(lift, asHeight) : asHeight);
    }
    homeAxes(axes, facts.yFirst, facts.together);
}

void MotionRunner::homeRepRap(std::array<bool, 3> axes)
{
    const HomingFacts& facts = *m_setup.homing;
    if (m_depth > 0)
        return problem(false, {KINTSUGI_TEXT("a homing file calls G28 again"), {}});
    const auto run = [this](const std::optional<std::string>& text, const char* file) {
        if (!text)
            return problem(false, {KINTSUGI_TEXT("what %1 of the printer does is not known"), {file}});
        body(*text, file);
    };
    if (axes[0] && axes[1] && axes[2])
        return run(facts.homeAll, "homeall.g");
    if (axes[0])
        run(facts.homeX, "homex.g");
    if (axes[1])
        run(facts.homeY, "homey.g");
    if (axes[2])
        homeZ(facts.axes[2].end);
}

/// All towers go up until they touch, then the head stands over the middle.
void MotionRunner::homeDelta()
{
    const double top = m_setup.zUp;
    hiddenLift(std::max(0.0, top - m_high), std::max(0.0, top - m_low));
    m_low = m_high = top;
    go({0.0, 0.0}, {}, top, top, Kind::Homing);
    m_true = {true, true};
    m_origin = {};
    m_machine = {0.0, 0.0, top};
    m_homed = {true, true, true};
    m_zKnown = true;
    m_zError = {-m_setup.zUncertainty, m_setup.zUncertainty};
}

void MotionRunner::homeAxes(std::array<bool, 3> axes, bool yFirst, bool together)
{
    if (axes[0] && axes[1] && together) { // anywhere between here and the corner
        std::vector<Hull> after;
        for (const Hull& place : m_places) {
            Hull box = place;
            for (std::size_t axis = 0; axis < 2; ++axis) {
                const HomeEnd end = m_setup.homing->axes[axis].end;
                Hull more;
                for (const Place& p : box)
                    for (const double value : {endOf(axis, end == HomeEnd::Unknown ? HomeEnd::Minimum : end),
                                               endOf(axis, end == HomeEnd::Unknown ? HomeEnd::Maximum : end)})
                        more.push_back(axis == 0 ? Place{value, p[1]} : Place{p[0], value});
                box.insert(box.end(), more.begin(), more.end());
            }
            after.push_back(hullOf(std::move(box)));
        }
        spread(after, m_low, m_high, Kind::Homing);
    }
    for (const std::size_t axis : yFirst ? std::array<std::size_t, 2>{1, 0} : std::array<std::size_t, 2>{0, 1})
        if (axes[axis])
            homeAxis(axis, m_setup.homing->axes[axis].end);
    if (axes[2])
        homeZ(m_setup.homing->axes[2].end);
}

double MotionRunner::endOf(std::size_t axis, HomeEnd end) const
{
    const AxisHoming& homing = m_setup.homing->axes[axis];
    if (homing.position && end == homing.end)
        return *homing.position;
    return end == HomeEnd::Maximum ? m_setup.maximum[axis] : m_setup.minimum[axis];
}

/// The head moves along the one axis alone, whatever motors that takes.
void MotionRunner::homeAxis(std::size_t axis, HomeEnd end)
{
    const bool known = end != HomeEnd::Unknown;
    const auto set = [axis](Place p, double value) {
        p[axis] = value;
        return p;
    };
    if (m_setup.homing->axes[axis].sensorless) {
        std::vector<Hull> away;
        for (const Hull& place : m_places) {
            Hull hull;
            for (const Place& p : place)
                for (const double by : {end == HomeEnd::Minimum ? 0.0 : -sensorlessBackOff, end == HomeEnd::Maximum ? 0.0 : sensorlessBackOff})
                    hull.push_back(set(p, p[axis] + by));
            away.push_back(hullOf(std::move(hull)));
        }
        spread(away, m_low, m_high, Kind::Homing);
    }
    std::vector<Hull> after;
    for (const Hull& place : m_places) {
        Hull hull;
        for (const Place& p : place) {
            hull.push_back(set(p, endOf(axis, known ? end : HomeEnd::Minimum)));
            if (!known)
                hull.push_back(set(p, endOf(axis, HomeEnd::Maximum)));
        }
        after.push_back(hullOf(std::move(hull)));
    }
    spread(after, m_low, m_high, Kind::Homing);
    m_true[axis] = true;
    m_homed[axis] = true;
    m_origin[axis] = 0;
    m_machine[axis] = known ? std::optional(endOf(axis, end)) : std::nullopt;
}

void MotionRunner::homeZ(HomeEnd end)
{
    if (end != HomeEnd::Maximum)
        return problem(true, {KINTSUGI_TEXT("homes Z: the nozzle is driven into the part"), {}});
    const double top = std::max(endOf(2, end), m_low);
    hiddenLift(std::max(0.0, top - m_high), std::max(0.0, top - m_low));
    m_low = m_high = top;
    m_machine[2] = top;
    m_origin[2] = 0;
    m_homed[2] = m_zKnown = true;
    m_zError = {-m_setup.zUncertainty, m_setup.zUncertainty};
}

void MotionRunner::hiddenLift(double least, double most)
{
    if (most <= 0)
        return;
    const double fromZ = m_low;
    for (const Hull& place : m_places)
        emit(place, place.front(), place.front(), fromZ, m_low + least, m_low, m_high + most, Kind::HiddenLift);
    m_low += least;
    m_high += most;
    if (m_machine[2])
        *m_machine[2] += most;
}

void MotionRunner::body(const std::string& text, const char* what)
{
    constexpr int deepest = 1;
    if (m_depth >= deepest)
        return problem(false, {KINTSUGI_TEXT("%1 calls itself"), {what}});
    const gcode::MachineState modes = m_modes;
    const std::string line = m_line;
    ++m_depth;
    m_hidden = true;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        run(text.substr(at, end - at));
        at = end + 1;
    }
    --m_depth;
    m_hidden = false;
    m_line = line;
    if (m_setup.dialect == gcode::Dialect::RepRapFirmware) { // macros push and pop the modes
        m_modes.absoluteXyz = modes.absoluteXyz;
        m_modes.absoluteEFlag = modes.absoluteEFlag;
        m_modes.feed = modes.feed;
    }
}

} // namespace kintsugi::recovery
