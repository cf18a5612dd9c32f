// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/arc.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kintsugi::gcode {

namespace {

constexpr double fullTurn = 2 * std::numbers::pi;
constexpr double smallest = 1e-6; ///< mm; nearer than this is the same point

double millimetres(const Command& command, char letter, const MachineState& state)
{
    return toMillimetres(command.value(letter).value_or(0)) * (state.inch ? 25.4 : 1.0);
}

/// A positive radius takes the shorter way round, a negative one the longer.
bool centreFromRadius(Arc& arc, double radius, bool clockwise)
{
    const double dx = arc.to[arc.first] - arc.from[arc.first];
    const double dy = arc.to[arc.second] - arc.from[arc.second];
    const double chord = std::hypot(dx, dy);
    if (chord < smallest || std::abs(radius) < smallest)
        return false;
    const double height = std::sqrt(std::max(0.0, radius * radius - chord * chord / 4));
    const double side = clockwise == (radius > 0) ? -1.0 : 1.0;
    arc.centreFirst = arc.from[arc.first] + dx / 2 - side * height * dy / chord;
    arc.centreSecond = arc.from[arc.second] + dy / 2 + side * height * dx / chord;
    return true;
}

void setPlane(Arc& arc, int plane)
{
    if (plane == 18) {
        arc.first = 2;
        arc.second = 0;
        arc.across = 1;
    } else if (plane == 19) {
        arc.first = 1;
        arc.second = 2;
        arc.across = 0;
    }
}

} // namespace

double Arc::startAngle() const
{
    return std::atan2(from[second] - centreSecond, from[first] - centreFirst);
}

bool Arc::passes(double alongFirst, double alongSecond) const
{
    if (std::abs(sweep) >= fullTurn)
        return true;
    const Point &start = sweep > 0 ? from : to, &end = sweep > 0 ? to : from; // counter-clockwise
    const double behind = (start[first] - centreFirst) * alongSecond - (start[second] - centreSecond) * alongFirst;
    const double before = alongFirst * (end[second] - centreSecond) - alongSecond * (end[first] - centreFirst);
    return std::abs(sweep) <= std::numbers::pi ? behind >= 0 && before >= 0 : behind >= 0 || before >= 0;
}

Point Arc::at(double fraction) const
{
    if (fraction >= 1)
        return to;
    Point point{};
    const double cosine = std::cos(sweep * fraction), sine = std::sin(sweep * fraction);
    const double x = from[first] - centreFirst, y = from[second] - centreSecond;
    point[first] = centreFirst + cosine * x - sine * y;
    point[second] = centreSecond + sine * x + cosine * y;
    point[across] = from[across] + (to[across] - from[across]) * fraction;
    return point;
}

double Arc::length() const
{
    const double along = radius * sweep, rise = to[across] - from[across];
    return std::sqrt(along * along + rise * rise);
}

std::size_t Arc::chords(double sagitta) const
{
    const double step = radius > sagitta ? 2 * std::acos(1 - sagitta / radius) : std::numbers::pi / 2;
    return static_cast<std::size_t>(std::clamp(std::ceil(std::abs(sweep) / step), 1.0, 1e5));
}

std::optional<Arc> arcOf(const Command& command, const Effect& effect, const MachineState& state)
{
    constexpr std::array<char, 3> offsetLetters{'I', 'J', 'K'};
    const auto from = pointOf(effect.from);
    const auto to = pointOf(state.position);
    if (effect.kind != Effect::Kind::Arc || !from || !to)
        return std::nullopt;
    Arc arc{.from = *from, .to = *to};
    setPlane(arc, state.plane);
    const bool clockwise = command.number == 2;
    if (command.value('R')) {
        if (!centreFromRadius(arc, millimetres(command, 'R', state), clockwise))
            return std::nullopt;
    } else {
        arc.centreFirst = arc.from[arc.first] + millimetres(command, offsetLetters[arc.first], state);
        arc.centreSecond = arc.from[arc.second] + millimetres(command, offsetLetters[arc.second], state);
    }
    const double x = arc.from[arc.first] - arc.centreFirst;
    const double y = arc.from[arc.second] - arc.centreSecond;
    arc.radius = std::sqrt(x * x + y * y);
    if (arc.radius < smallest)
        return std::nullopt;
    const double endX = arc.to[arc.first] - arc.centreFirst, endY = arc.to[arc.second] - arc.centreSecond;
    const double chordX = arc.to[arc.first] - arc.from[arc.first], chordY = arc.to[arc.second] - arc.from[arc.second];
    const bool closed = chordX * chordX + chordY * chordY < smallest * smallest;
    arc.sweep = closed ? 0.0 : std::atan2(x * endY - y * endX, x * endX + y * endY);
    if (clockwise && arc.sweep >= 0)
        arc.sweep -= fullTurn;
    else if (!clockwise && arc.sweep <= 0)
        arc.sweep += fullTurn;
    return arc;
}

std::optional<Point> pointOf(const std::array<std::optional<Nanometres>, 3>& position)
{
    if (!position[0] || !position[1] || !position[2])
        return std::nullopt;
    return Point{toMillimetres(*position[0]), toMillimetres(*position[1]), toMillimetres(*position[2])};
}

} // namespace kintsugi::gcode
