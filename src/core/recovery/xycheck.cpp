// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/xycheck.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace kintsugi::recovery::xy {

namespace {

constexpr double hair = 1e-9;

/// "80:20, 3:1" as the turns of the motor a turn of the pulley; nullopt when it is no ratio.
std::optional<double> gearRatio(std::string_view text)
{
    double ratio = 1;
    while (!text.empty()) {
        const std::string part(text.substr(0, text.find(',')));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        const std::size_t colon = part.find(':');
        const auto number = [](const std::string& digits) -> std::optional<double> {
            double value = 0;
            const std::size_t first = digits.find_first_not_of(' ');
            if (first == std::string::npos)
                return std::nullopt;
            const auto read = std::from_chars(digits.data() + first, digits.data() + digits.size(), value);
            return read.ec == std::errc() && std::isfinite(value) && value > 0 ? std::optional(value) : std::nullopt;
        };
        if (colon == std::string::npos)
            return std::nullopt;
        const auto driven = number(part.substr(0, colon)), driving = number(part.substr(colon + 1));
        if (!driven || !driving)
            return std::nullopt;
        ratio *= *driven / *driving;
    }
    return ratio;
}

std::optional<double> fullStep(const KlipperConfig& config, const std::string& stepper)
{
    const auto step = stepLength(config, stepper), micro = config.number(stepper, "microsteps");
    return step && micro ? std::optional(*step * *micro) : std::nullopt;
}

} // namespace

std::map<std::string, long> motorSteps(std::string_view line)
{
    std::map<std::string, long> steps;
    const std::size_t head = line.find("mcu:");
    if (head == std::string_view::npos)
        return steps;
    line.remove_prefix(head + 4);
    line = line.substr(0, line.find('\n'));
    while (true) {
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == std::string_view::npos)
            return steps;
        line.remove_prefix(begin);
        const std::string_view word = line.substr(0, line.find(' '));
        line.remove_prefix(word.size());
        const std::size_t colon = word.find(':');
        long count = 0;
        if (colon == std::string_view::npos || colon == 0)
            continue;
        const auto read = std::from_chars(word.data() + colon + 1, word.data() + word.size(), count);
        if (read.ec == std::errc() && read.ptr == word.data() + word.size())
            steps[std::string(word.substr(0, colon))] = count;
    }
}

std::optional<double> stepLength(const KlipperConfig& config, const std::string& stepper)
{
    const auto rotation = config.number(stepper, "rotation_distance"), micro = config.number(stepper, "microsteps");
    const double full = config.number(stepper, "full_steps_per_rotation").value_or(200);
    const auto ratio = gearRatio(config.text(stepper, "gear_ratio").value_or(std::string()));
    if (!rotation || !micro || !ratio || !(*rotation > 0) || !(*micro >= 1) || !(full >= 1))
        return std::nullopt;
    return *rotation / (full * *micro * *ratio);
}

std::optional<Spread> spread(const std::vector<std::map<std::string, long>>& readings, const KlipperConfig& config)
{
    const auto a = stepLength(config, "stepper_x"), b = stepLength(config, "stepper_y");
    const std::string kinematics = config.text("printer", "kinematics").value_or(std::string());
    const bool crossed = kinematics == "corexy";
    if (readings.size() < 2 || !a || !b || !(crossed || kinematics == "cartesian"))
        return std::nullopt;
    std::array<double, 2> low{1e9, 1e9}, high{-1e9, -1e9};
    for (const auto& reading : readings) {
        const auto first = reading.find("stepper_x"), second = reading.find("stepper_y");
        if (first == reading.end() || second == reading.end())
            return std::nullopt;
        const double p = static_cast<double>(first->second) * *a, q = static_cast<double>(second->second) * *b;
        const std::array<double, 2> at{crossed ? (p + q) / 2 : p, crossed ? (p - q) / 2 : q};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            low[axis] = std::min(low[axis], at[axis]);
            high[axis] = std::max(high[axis], at[axis]);
        }
    }
    const double limit = std::max(*fullStep(config, "stepper_x"), *fullStep(config, "stepper_y"));
    return Spread{readings.size(), high[0] - low[0], high[1] - low[1], limit};
}

Result<std::array<double, 2>> nudged(const std::array<double, 2>& sofar, char axis, double step)
{
    if (axis != 'X' && axis != 'Y')
        return fail(Error{.code = ErrorCode::BadValue, .detail = "only X and Y", .field = "nudge"});
    if (!(std::abs(step) >= smallestNudge - hair && std::abs(step) <= largestNudge + hair)) {
        Error error{.code = ErrorCode::BadValue, .detail = "a step of 0.01 to 0.1 mm", .field = "nudge"};
        error.measured = std::abs(step);
        error.limit = largestNudge;
        return fail(std::move(error));
    }
    std::array<double, 2> next = sofar;
    double& value = next[axis == 'X' ? 0 : 1];
    value += step;
    if (std::abs(value) > mostNudged + hair) {
        Error error{.code = ErrorCode::Unsafe, .detail = "more than 1 mm is no correction: home X and Y again", .field = "nudge"};
        error.measured = std::abs(value);
        error.limit = mostNudged;
        return fail(std::move(error));
    }
    return next;
}

Result<std::string> nudgeLine(gcode::Dialect dialect, char axis, double step)
{
    const std::string value = decimal(step, 3);
    switch (dialect) {
    case gcode::Dialect::Klipper:
        return std::string("SET_GCODE_OFFSET ") + axis + "_ADJUST=" + value;
    case gcode::Dialect::RepRapFirmware:
        return std::string("M290 R1 ") + axis + value;
    case gcode::Dialect::Marlin:
    case gcode::Dialect::Marlin1:
    case gcode::Dialect::Prusa:
        break;
    }
    return fail(Error{.code = ErrorCode::NotSupported, .detail = "this firmware shifts X and Y only by naming its place anew", .field = "nudge"});
}

} // namespace kintsugi::recovery::xy
