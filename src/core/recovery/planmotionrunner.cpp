// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planmotionrunner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gcode/arc.h"
#include "gcode/linecommands.h"
#include "gcode/text.h"

namespace kintsugi::recovery {

namespace {

using gcode::Command;
using gcode::Dialect;

constexpr double flat = 1e-6; // mm

std::string shortened(const std::string& line)
{
    constexpr std::size_t most = 200;
    std::string text = line.substr(0, most);
    std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    return text;
}

/// What the state machine cannot follow: macros, probing.
bool movesUnseen(const Command& command, Dialect dialect)
{
    if (command.kind == Command::Kind::Meta || command.computed != 0) // the printer decides
        return true;
    gcode::MachineState fresh;
    gcode::apply(fresh, command, dialect);
    return !fresh.unknownCommands.empty();
}

bool isNamed(const Command& command, std::string_view name)
{
    return command.kind == Command::Kind::Extended && std::equal(command.name.begin(), command.name.end(), name.begin(), name.end(), [](char a, char b) {
        return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
    });
}

std::optional<double> parameter(const Command& command, std::string_view key)
{
    for (const auto& [name, text] : gcode::parseParameters(command.rest)) {
        const auto value = gcode::parseCommand("G1 X" + text).value('X');
        if (name == key && value)
            return gcode::toMillimetres(*value);
    }
    return std::nullopt;
}

Place middleOf(const Hull& hull)
{
    Place sum{};
    for (const Place& p : hull)
        sum = {sum[0] + p[0] / static_cast<double>(hull.size()), sum[1] + p[1] / static_cast<double>(hull.size())};
    return sum;
}

bool same(const Hull& a, const Hull& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Place& p, const Place& q) {
        return std::abs(p[0] - q[0]) <= flat && std::abs(p[1] - q[1]) <= flat;
    });
}

Place between(const Place& a, const Place& b, double t)
{
    return {a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t};
}

} // namespace

void MotionRunner::begin(const StopPlaces& start, bool kept, const gcode::MachineState& state)
{
    m_places = start.places;
    if (m_places.empty())
        m_places = {{{m_setup.minimum[0], m_setup.minimum[1]}, {m_setup.maximum[0], m_setup.minimum[1]},
                     {m_setup.maximum[0], m_setup.maximum[1]}, {m_setup.minimum[0], m_setup.maximum[1]}}};
    m_low = start.lowest;
    m_high = start.highest;
    if (!kept)
        return;
    m_true = {true, true};
    m_homed = {true, true, true};
    m_zKnown = true;
    m_zError = {-m_setup.zUncertainty, m_setup.zUncertainty};
    m_modes.gcodeOffset = state.gcodeOffset;
    m_modes.babystep = state.babystep;
    for (std::size_t axis = 0; axis < 3; ++axis)
        m_origin[axis] = gcode::toMillimetres(state.shift[axis]);
}

void MotionRunner::beginStep(const PlanStep& step)
{
    m_step = step.n;
    m_kind = step.kind;
    m_foreign = step.numbersFrom == "own lines";
    m_probe = step.probe;
    m_lastProbe = step.lastProbe;
}

void MotionRunner::know(std::size_t axis, double value)
{
    m_machine[axis] = value;
    if (axis < 2) {
        m_true[axis] = true;
        return;
    }
    m_zKnown = true;
    m_zError = {m_low - value, m_high - value};
}

std::array<double, 3> MotionRunner::position() const
{
    const Place at = m_places.empty() ? Place{} : middleOf(m_places.front());
    return {at[0], at[1], m_low};
}

double MotionRunner::offset(std::size_t axis) const
{
    const auto offset = m_modes.gcodeOffset.find(std::string(1, static_cast<char>('X' + axis)));
    return (offset == m_modes.gcodeOffset.end() ? 0.0 : offset->second) + gcode::toMillimetres(m_modes.babystep[axis]);
}

void MotionRunner::problem(bool unsafe, Message reason)
{
    constexpr std::size_t most = 100;
    if (m_out.problems.size() < most)
        m_out.problems.push_back({unsafe, m_step, 0, 0, shortened(m_line), std::move(reason)});
}

// --- lines ---

void MotionRunner::run(const std::string& line)
{
    const std::string text(gcode::trimmed(line));
    if (text.empty() || text[0] == ';' || text[0] == '#')
        return;
    m_line = text;
    if (m_depth > 0 && text.find('{') != std::string::npos)
        return problem(false, {KINTSUGI_TEXT("what a template makes of itself is not known"), {}});
    gcode::LineCommands commands(text, m_setup.dialect);
    for (Command command; commands.next(command, m_modes);)
        execute(command);
}

void MotionRunner::execute(const Command& command)
{
    const bool followed = isNamed(command, "PLR_Z_HOME") || (m_probe && isNamed(command, "PROBE"));
    if (!followed && movesUnseen(command, m_setup.dialect))
        return unseen(command);
    if (command.kind == Command::Kind::Code && command.letter == 'G') {
        if (command.number <= 3 && command.subcode == 0)
            return move(command);
        if (command.number == 28 && command.subcode == 0)
            return home(command);
        if (command.number == 92)
            return declareLine(command);
    }
    if (isNamed(command, "SET_KINEMATIC_POSITION"))
        return declareLine(command);
    if (isNamed(command, "PLR_Z_HOME")) { // klipper-plr: up to the switches, all Z steppers
        m_line = "PLR_Z_HOME";
        hiddenLift(std::max(0.0, m_setup.zUp - m_high), std::max(0.0, m_setup.zUp - m_low));
        m_low = m_setup.zUp - m_setup.zUncertainty;
        m_high = m_setup.zUp + m_setup.zUncertainty;
        m_machine[2] = m_setup.zUp;
        m_homed[2] = m_zKnown = true;
        m_zError = {-m_setup.zUncertainty, m_setup.zUncertainty};
        return;
    }
    if (m_probe && isNamed(command, "PROBE"))
        return probe();
    other(command);
}

/// Down until the bed is found, wherever the firmware believes it; after the last one the program declares the truth.
void MotionRunner::probe()
{
    if (!m_true[0] || !m_true[1])
        problem(false, {KINTSUGI_TEXT("the bed is probed where X and Y are not known"), {}});
    const double found = m_probe->trigger;
    spread(m_places, found, found, Kind::Probing);
    if (m_lastProbe) {
        m_machine[2] = found;
        m_zError = {-m_setup.zUncertainty, m_setup.zUncertainty};
    }
}

void MotionRunner::unseen(const Command& command)
{
    if (m_foreign && m_depth == 0)
        m_out.unchecked.push_back({false, m_step, 0, 0, shortened(m_line), {KINTSUGI_TEXT("a macro of your own lines: taken to come back to where it began"), {}}});
    else
        problem(command.kind == Command::Kind::Code && command.letter == 'G', {KINTSUGI_TEXT("what this command moves is not known"), {}});
}

void MotionRunner::other(const Command& command)
{
    const auto before = m_modes.babystep;
    const std::array<double, 3> offsets{offset(0), offset(1), offset(2)};
    gcode::apply(m_modes, command, m_setup.dialect);
    const bool now = m_modes.babystep != before || (isNamed(command, "SET_GCODE_OFFSET") && parameter(command, "MOVE").value_or(0) != 0);
    if (now) {
        const double up = offset(2) - offsets[2];
        go({}, {offset(0) - offsets[0], offset(1) - offsets[1]}, m_low + up, m_high + up, Kind::Travel);
    }
}

void MotionRunner::move(const Command& command)
{
    if (m_setup.dialect == Dialect::RepRapFirmware)
        m_modes.lastMove = static_cast<std::uint8_t>(std::max<std::uint32_t>(command.number, 1));
    const auto h = command.value('H') ? command.value('H') : command.value('S');
    if (m_setup.dialect == Dialect::RepRapFirmware && h && *h != 0)
        return machineMove(command, static_cast<int>(*h / 1'000'000));
    const double unit = m_modes.inch ? 25.4 : 1.0;
    if (command.number >= 2) {
        gcode::MachineState state = m_modes;
        for (std::size_t axis = 0; axis < 2; ++axis)
            state.position[axis] = gcode::toNanometres(middleOf(m_places.front())[axis] + m_origin[axis]);
        state.position[2] = gcode::toNanometres(m_low + m_origin[2]);
        const gcode::Effect effect = gcode::apply(state, command, m_setup.dialect);
        return arc(command, effect);
    }
    std::array<std::optional<double>, 2> target{};
    std::array<double, 2> delta{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const auto value = command.value(static_cast<char>('X' + axis));
        if (!value)
            continue;
        const double length = gcode::toMillimetres(*value) * unit;
        if (!m_modes.absoluteXyz) {
            delta[axis] = length;
            if (m_machine[axis])
                *m_machine[axis] += length;
            continue;
        }
        target[axis] = length - m_origin[axis] + offset(axis);
        m_machine[axis] = target[axis];
        if (!m_true[axis]) {
            problem(false, {KINTSUGI_TEXT("%1 is moved before it was homed: where to is not known"), {std::string(1, static_cast<char>('X' + axis))}});
            m_true[axis] = true;
        }
    }
    double low = m_low, high = m_high;
    if (const auto value = command.value('Z')) {
        const double length = gcode::toMillimetres(*value) * unit;
        if (!m_modes.absoluteXyz) {
            low += length;
            high += length;
            if (m_machine[2])
                *m_machine[2] += length;
        } else {
            if (!m_zKnown)
                problem(false, {KINTSUGI_TEXT("Z is moved where the firmware does not know it"), {}});
            const double z = length - m_origin[2] + offset(2);
            m_machine[2] = z;
            low = z + m_zError[0];
            high = z + m_zError[1];
        }
    }
    const bool extrudes = command.value('E').value_or(0) > 0;
    go(target, delta, low, high, extrudes ? Kind::Prime : Kind::Travel);
}

/// A G2 or G3 of a person's own lines, as chords.
void MotionRunner::arc(const Command& command, const gcode::Effect& effect)
{
    constexpr double sagitta = 0.01;
    gcode::MachineState state = m_modes;
    state.position = effect.from;
    gcode::apply(state, command, m_setup.dialect);
    const auto circle = gcode::arcOf(command, effect, state);
    const auto to = gcode::pointOf(state.position);
    if (!m_true[0] || !m_true[1] || !to)
        return problem(false, {KINTSUGI_TEXT("an arc from a place that is not known"), {}});
    const std::size_t pieces = circle ? std::min<std::size_t>(circle->chords(sagitta), 1000) : 1;
    for (std::size_t piece = 1; piece <= pieces; ++piece) {
        const gcode::Point at = piece == pieces ? *to : circle->at(static_cast<double>(piece) / static_cast<double>(pieces));
        const double up = at[2] - m_origin[2] - m_low;
        go({at[0] - m_origin[0], at[1] - m_origin[1]}, {}, m_low + up, m_high + up, command.value('E').value_or(0) > 0 ? Kind::Prime : Kind::Travel);
    }
}

/// RepRapFirmware's G1 H1 (ends at a switch), H2 (motors alone); S in version 2.
void MotionRunner::machineMove(const Command& command, int how)
{
    const double unit = m_modes.inch ? 25.4 : 1.0;
    const bool towers = m_setup.homing->kinematics == Kinematics::CoreXY || m_setup.homing->kinematics == Kinematics::CoreXZ;
    std::array<std::optional<double>, 3> values{};
    for (std::size_t axis = 0; axis < 3; ++axis)
        if (const auto value = command.value(static_cast<char>('X' + axis)))
            values[axis] = gcode::toMillimetres(*value) * unit;
    if (how != 1 && how != 2)
        return problem(false, {KINTSUGI_TEXT("what this command moves is not known"), {}});
    if (m_modes.absoluteXyz || (how == 2 && towers && (values[0] || values[1])))
        return problem(false, {KINTSUGI_TEXT("what this command moves is not known"), {}});
    if (how == 2)
        return go({}, {values[0].value_or(0), values[1].value_or(0)}, m_low + values[2].value_or(0), m_high + values[2].value_or(0), Kind::Travel);
    if (values[0] && values[1]) {
        HomingFacts facts = *m_setup.homing;
        for (std::size_t axis = 0; axis < 2; ++axis)
            facts.axes[axis].end = *values[axis] < 0 ? HomeEnd::Minimum : HomeEnd::Maximum;
        const HomingFacts* const before = std::exchange(m_setup.homing, &facts);
        homeAxes({true, true, false}, false, true);
        m_setup.homing = before;
    } else {
        for (std::size_t axis = 0; axis < 2; ++axis)
            if (values[axis])
                homeAxis(axis, *values[axis] < 0 ? HomeEnd::Minimum : HomeEnd::Maximum);
    }
    if (values[2])
        homeZ(*values[2] < 0 ? HomeEnd::Minimum : HomeEnd::Maximum);
}

void MotionRunner::declareLine(const Command& command)
{
    if (command.kind == Command::Kind::Extended) {
        for (std::size_t axis = 0; axis < 3; ++axis)
            if (const auto value = parameter(command, std::string(1, static_cast<char>('X' + axis))))
                declare(axis, *value, true);
        return;
    }
    const bool native = (command.subcode == 9 && m_setup.dialect == Dialect::Marlin)
        || (command.subcode == 0 && (m_kind == StepKind::DeclareZ || m_setup.dialect == Dialect::RepRapFirmware) && !m_zKnown);
    if (!native)
        return command.subcode == 0 ? shiftLine(command) : void();
    for (std::size_t axis = 0; axis < 3; ++axis)
        if (const auto value = command.value(static_cast<char>('X' + axis)))
            declare(axis, gcode::toMillimetres(*value) * (m_modes.inch ? 25.4 : 1.0), m_setup.dialect == Dialect::RepRapFirmware);
}

void MotionRunner::declare(std::size_t axis, double value, bool homed)
{
    m_machine[axis] = value;
    m_origin[axis] = 0;
    m_homed[axis] = m_homed[axis] || homed;
    if (axis < 2) {
        m_true[axis] = false;
        return;
    }
    if (m_hidden)
        problem(true, {KINTSUGI_TEXT("homing says that Z is %1 mm: the registered height is lost"), {decimal(value)}});
    m_zKnown = true;
    m_zError = {m_low - value, m_high - value};
}

/// G92 where the place is known: only the file's coordinates change.
void MotionRunner::shiftLine(const Command& command)
{
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto value = command.value(static_cast<char>('X' + axis));
        if (!value)
            continue;
        if (!m_machine[axis])
            problem(false, {KINTSUGI_TEXT("G92 renames a place that is not known"), {}});
        m_origin[axis] = gcode::toMillimetres(*value) * (m_modes.inch ? 25.4 : 1.0) + offset(axis) - m_machine[axis].value_or(0);
    }
}

// --- places ---

/// To the target on each axis that has one, by delta on the others; every possible place goes its own straight way.
void MotionRunner::go(const std::array<std::optional<double>, 2>& target, const std::array<double, 2>& delta, double low, double high, Kind kind)
{
    std::vector<Hull> after;
    after.reserve(m_places.size());
    for (const Hull& place : m_places) {
        Hull hull = place;
        for (Place& p : hull)
            for (std::size_t axis = 0; axis < 2; ++axis)
                p[axis] = target[axis].value_or(p[axis] + delta[axis]);
        after.push_back(std::move(hull));
    }
    spread(after, low, high, kind);
}

/// Each hull of `after` has the corners of its place, moved, or is another shape that the place grows into.
void MotionRunner::spread(const std::vector<Hull>& after, double low, double high, Kind kind)
{
    const bool up = low > m_low + flat, down = low < m_low - flat;
    for (std::size_t i = 0; i < m_places.size(); ++i) {
        const Hull& a = m_places[i];
        const Hull& b = after[i];
        const Place from = middleOf(a), to = middleOf(b);
        const bool across = !same(a, b);
        if (!across) {
            if (up || down || high > m_high + flat) {
                const Kind straight = up || !down ? (m_hidden ? Kind::HiddenLift : Kind::Lift) : m_kind == StepKind::Approach ? Kind::Approach : kind == Kind::Probing ? kind : Kind::Descent;
                emit(a, from, to, m_low, low, std::min(m_low, low), std::max(m_high, high), straight);
            }
            continue;
        }
        // A slope in pieces: each counts with its lowest point.
        constexpr double stair = 0.2;
        const bool slopes = (up || down) && a.size() == b.size();
        const auto pieces = slopes ? static_cast<std::size_t>(std::clamp(std::ceil(std::abs(low - m_low) / stair), 1.0, 100.0)) : std::size_t{1};
        for (std::size_t piece = 0; piece < pieces; ++piece) {
            const double t0 = static_cast<double>(piece) / static_cast<double>(pieces), t1 = static_cast<double>(piece + 1) / static_cast<double>(pieces);
            std::vector<Place> points;
            if (slopes) {
                for (std::size_t corner = 0; corner < a.size(); ++corner) {
                    points.push_back(between(a[corner], b[corner], t0));
                    points.push_back(between(a[corner], b[corner], t1));
                }
            } else {
                points = a;
                points.insert(points.end(), b.begin(), b.end());
            }
            const auto zAt = [](double z0, double z1, double t) { return z0 + (z1 - z0) * t; };
            const double z0 = zAt(m_low, low, t0), z1 = zAt(m_low, low, t1);
            emit(hullOf(std::move(points)), between(from, to, t0), between(from, to, t1), z0, z1, std::min(z0, z1),
                 std::max(zAt(m_high, high, t0), zAt(m_high, high, t1)), kind);
        }
    }
    m_places = after;
    for (Hull& place : m_places)
        place = hullOf(std::move(place));
    std::sort(m_places.begin(), m_places.end());
    m_places.erase(std::unique(m_places.begin(), m_places.end()), m_places.end());
    m_low = low;
    m_high = high;
}

void MotionRunner::emit(Hull hull, const Place& from, const Place& to, double fromZ, double toZ, double low, double high, Kind kind)
{
    Motion motion;
    motion.kind = kind;
    motion.step = m_step;
    motion.line = shortened(m_line);
    motion.from = {from[0], from[1], fromZ};
    motion.to = {to[0], to[1], toZ};
    motion.hull = std::move(hull);
    motion.low = low;
    motion.high = high;
    motion.checkLimits = kind != Kind::Homing;
    m_out.motions.push_back(std::move(motion));
}

} // namespace kintsugi::recovery
