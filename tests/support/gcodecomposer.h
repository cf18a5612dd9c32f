// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gcode/dialect.h"

/// Random G-code as values first and as text second. PlainMachine executes the values and never sees the text, so a
/// misread line and a misunderstood command both show.
namespace kintsugi::composer {

using Micro = std::int64_t; ///< millionths of what is written: mm, inch, mm/min, °C …

enum class Kind {
    Move, Arc, Home, G92, Absolute, Relative, EAbsolute, ERelative, Inch, Metric, Plane, Tool, Hotend, Bed, Fan, FanOff,
    Speed, Flow, PressureAdvance, Offset, OffsetAdjust, Retract, Unretract, Noise
};

struct Op {
    Kind kind = Kind::Noise;
    std::array<std::optional<Micro>, 3> axes{}; ///< X Y Z; Home: present letters
    std::optional<Micro> e, f, i, j, value;
    int number = 0;                             ///< tool, fan, plane
    bool named = false;                         ///< the number is written (M104 T…, M106 P…)
    std::string text;                           ///< Noise
};

/// How a file is written: one style a file, as slicers do.
struct Style {
    bool lower = false, numbered = false, leadingZero = true, trailingComment = false;
    int blanks = 1;           ///< between words
    std::string lineEnd = "\n";
};

inline std::string number(Micro value, bool leadingZero)
{
    const std::string sign = value < 0 ? "-" : "";
    const auto size = static_cast<std::uint64_t>(std::llabs(value));
    std::string digits = std::to_string(size % 1'000'000);
    digits = std::string(6 - digits.size(), '0') + digits;
    digits.erase(digits.find_last_not_of('0') + 1);
    std::string whole = std::to_string(size / 1'000'000);
    if (whole == "0" && !leadingZero && !digits.empty())
        whole.clear();
    return sign + whole + (digits.empty() ? "" : "." + digits);
}

class Composer
{
public:
    Composer(std::uint64_t seed, gcode::Dialect dialect) : m_random(seed), m_dialect(dialect)
    {
        m_style.lower = dice(5) == 0;
        m_style.numbered = dice(6) == 0;
        m_style.leadingZero = dice(3) != 0;
        m_style.trailingComment = dice(5) == 0;
        m_style.blanks = dice(8) == 0 ? 0 : 1 + (dice(6) == 0 ? 2 : 0);
        constexpr std::array<const char*, 3> ends{"\n", "\r\n", "\r"};
        m_style.lineEnd = ends[dice(8) < 6 ? 0 : dice(2) + 1];
    }

    Op next()
    {
        Op op;
        const std::size_t roll = dice(100);
        if (roll < 55)
            return move(Kind::Move);
        if (roll < 58)
            return move(Kind::Arc);
        constexpr std::array<Kind, 20> rare{Kind::G92, Kind::Absolute, Kind::Relative, Kind::EAbsolute, Kind::ERelative, Kind::Tool,
            Kind::Hotend, Kind::Bed, Kind::Fan, Kind::FanOff, Kind::Speed, Kind::Flow, Kind::PressureAdvance, Kind::Offset,
            Kind::OffsetAdjust, Kind::Retract, Kind::Unretract, Kind::Plane, Kind::Noise, Kind::Absolute};
        op.kind = rare[dice(rare.size())];
        if (roll > 97)
            op.kind = std::array{Kind::Inch, Kind::Metric, Kind::Metric, Kind::Home}[dice(4)];
        if ((op.kind == Kind::Offset || op.kind == Kind::OffsetAdjust) && m_dialect != gcode::Dialect::Klipper)
            op.kind = Kind::Noise; // others do not know the command
        if (op.kind == Kind::Inch || op.kind == Kind::Metric)
            m_inch = op.kind == Kind::Inch;
        fill(op);
        return op;
    }

    /// One line with its end. Calls must follow the order of the file: the line number counts.
    std::string write(const Op& op)
    {
        std::string line = words(op);
        if (m_style.lower && op.kind != Kind::Noise)
            for (char& c : line)
                c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (m_style.numbered && op.kind != Kind::Noise) {
            line = "N" + std::to_string(++m_lineNumber) + " " + line;
            unsigned check = 0;
            for (const char c : line)
                check ^= static_cast<unsigned char>(c);
            line += "*" + std::to_string(check);
        } else if (m_style.trailingComment && op.kind != Kind::Noise) {
            line += " ; G1 X1 Y2 Z3 E4 (M104 S1)";
        }
        return line + m_style.lineEnd;
    }

    std::size_t dice(std::size_t sides) { return m_random() % sides; }

private:
    Micro between(Micro low, Micro high, Micro step)
    {
        return low + static_cast<Micro>(dice(static_cast<std::size_t>((high - low) / step) + 1)) * step;
    }

    Op move(Kind kind)
    {
        Op op;
        op.kind = kind;
        // Five decimals of an inch are whole nanometres; six are not, and every reader rounds them in its own way.
        const Micro step = std::array<Micro, 4>{1'000, m_inch ? 10 : 1, 1'000'000, 10}[dice(4)];
        for (std::size_t axis = 0; axis < 2; ++axis)
            if (dice(4) != 0)
                op.axes[axis] = between(-20'000'000, 220'000'000, step);
        if (dice(12) == 0)
            op.axes[2] = between(0, 40'000'000, 1'000);
        if (dice(3) != 0)
            op.e = dice(30) == 0 ? between(0, 271'000'000'000, 10) : between(-3'000'000, 9'000'000, 10);
        if (dice(9) == 0)
            op.f = between(60'000'000, 18'000'000'000, 1'000'000);
        if (kind == Kind::Arc) {
            op.i = between(-9'000'000, 9'000'000, 1'000);
            op.j = between(1'000, 9'000'000, 1'000);
            op.number = 2 + static_cast<int>(dice(2));
        }
        return op;
    }

    void fill(Op& op)
    {
        switch (op.kind) {
        case Kind::G92:
            for (std::size_t axis = 0; axis < 3; ++axis)
                if (dice(6) == 0)
                    op.axes[axis] = between(-5'000'000, 5'000'000, 1'000);
            if (dice(4) != 0)
                op.e = dice(2) == 0 ? 0 : between(-1'000'000, 90'000'000, 10);
            break;
        case Kind::Home:
            for (auto& axis : op.axes)
                if (dice(2) == 0)
                    axis = 0;
            break;
        case Kind::Tool:
            op.number = static_cast<int>(dice(4));
            break;
        case Kind::Hotend:
            op.value = between(0, 260'000'000, 500'000);
            op.named = dice(3) == 0;
            op.number = static_cast<int>(dice(4));
            break;
        case Kind::Bed:
            op.value = between(0, 110'000'000, 1'000'000);
            break;
        case Kind::Fan:
        case Kind::FanOff:
            op.value = between(0, 255'000'000, 250'000);
            op.named = dice(3) == 0;
            op.number = static_cast<int>(dice(3));
            break;
        case Kind::Speed:
        case Kind::Flow:
            op.value = between(10'000'000, 300'000'000, 1'000'000);
            break;
        case Kind::PressureAdvance:
            op.value = between(0, 900'000, 1);
            break;
        case Kind::Offset:
        case Kind::OffsetAdjust:
            op.number = static_cast<int>(dice(3));
            op.value = between(-500'000, 500'000, 1'000);
            break;
        case Kind::Plane:
            op.number = 17 + static_cast<int>(dice(3));
            break;
        case Kind::Noise: {
            const std::array<std::string, 7> noise{"; G92 E0 and G1 X0", "", "M117 G1 X5 Y5 E9", "M73 P10 R3", ";LAYER_CHANGE", "   ", "M105"};
            op.text = noise[dice(noise.size())];
            break;
        }
        case Kind::Move:
        case Kind::Arc:
        case Kind::Absolute:
        case Kind::Relative:
        case Kind::EAbsolute:
        case Kind::ERelative:
        case Kind::Inch:
        case Kind::Metric:
        case Kind::Retract:
        case Kind::Unretract:
            break;
        }
    }

    [[nodiscard]] std::string word(char letter, std::optional<Micro> value) const
    {
        if (!value)
            return {};
        return std::string(static_cast<std::size_t>(m_style.blanks), ' ') + letter + number(*value, m_style.leadingZero);
    }

    [[nodiscard]] std::string words(const Op& op) const
    {
        std::string line;
        const auto axes = [&] { return word('X', op.axes[0]) + word('Y', op.axes[1]) + word('Z', op.axes[2]); };
        const auto code = [](const char* name) { return std::string(name); };
        const bool klipper = m_dialect == gcode::Dialect::Klipper;
        const std::string mm = op.value ? number(*op.value, true) : std::string();
        switch (op.kind) {
        case Kind::Move: return code("G1") + axes() + word('E', op.e) + word('F', op.f);
        case Kind::Arc: return code(op.number == 2 ? "G2" : "G3") + axes() + word('I', op.i) + word('J', op.j) + word('E', op.e) + word('F', op.f);
        case Kind::Home:
            line = "G28";
            for (std::size_t axis = 0; axis < 3; ++axis)
                if (op.axes[axis])
                    line += std::string(" ") + static_cast<char>('X' + axis);
            return line;
        case Kind::G92: return code("G92") + axes() + word('E', op.e);
        case Kind::Absolute: return "G90";
        case Kind::Relative: return "G91";
        case Kind::EAbsolute: return "M82";
        case Kind::ERelative: return "M83";
        case Kind::Inch: return "G20";
        case Kind::Metric: return "G21";
        case Kind::Plane: return "G" + std::to_string(op.number);
        case Kind::Tool: return "T" + std::to_string(op.number);
        case Kind::Hotend: return code("M104") + (op.named ? " T" + std::to_string(op.number) : "") + word('S', op.value);
        case Kind::Bed: return code("M140") + word('S', op.value);
        case Kind::Fan: return code("M106") + (op.named ? " P" + std::to_string(op.number) : "") + word('S', op.value);
        case Kind::FanOff: return code("M107") + (op.named ? " P" + std::to_string(op.number) : "");
        case Kind::Speed: return code("M220") + word('S', op.value);
        case Kind::Flow: return code("M221") + word('S', op.value);
        case Kind::PressureAdvance: return klipper ? "SET_PRESSURE_ADVANCE ADVANCE=" + mm : code("M900") + word('K', op.value);
        case Kind::Offset: return std::string("SET_GCODE_OFFSET ") + static_cast<char>('X' + op.number) + "=" + mm;
        case Kind::OffsetAdjust: return std::string("SET_GCODE_OFFSET ") + static_cast<char>('X' + op.number) + "_ADJUST=" + mm;
        case Kind::Retract: return "G10";
        case Kind::Unretract: return "G11";
        case Kind::Noise: return op.text;
        }
        return {};
    }

    std::mt19937_64 m_random;
    gcode::Dialect m_dialect;
    Style m_style;
    std::uint64_t m_lineNumber = 0;
    bool m_inch = false;
};

/// Executes values, slowly and plainly. Lengths in nm.
struct PlainMachine {
    gcode::Dialect dialect = gcode::Dialect::Klipper;
    std::array<std::optional<Micro>, 3> position{};
    Micro e = 0, eTotal = 0, eHighest = 0;
    bool absolute = true, eFlagAbsolute = true, eFollows = true, inch = false, retracted = false;
    std::optional<Micro> feed;
    int tool = 0, plane = 17;
    double speed = 100;
    std::optional<double> bed;
    std::map<int, double> hotend, flow;
    std::map<std::string, double> fans, advance, offset;

    [[nodiscard]] bool eAbsolute() const
    {
        switch (dialect) {
        case gcode::Dialect::Marlin: return eFollows ? absolute : eFlagAbsolute;
        case gcode::Dialect::Klipper:
        case gcode::Dialect::Marlin1: return eFlagAbsolute && absolute;
        case gcode::Dialect::Prusa:
        case gcode::Dialect::RepRapFirmware: return eFlagAbsolute;
        }
        return true;
    }

    /// 25.4 mm, rounded half away from zero to a whole nanometre.
    [[nodiscard]] Micro metric(Micro value) const
    {
        if (!inch)
            return value;
        const Micro tenfold = value * 254;
        const Micro whole = tenfold / 10, rest = tenfold % 10;
        return whole + (rest >= 5 ? 1 : rest <= -5 ? -1 : 0);
    }

    void execute(const Op& op)
    {
        const double plain = static_cast<double>(op.value.value_or(0)) / 1e6;
        const bool klipper = dialect == gcode::Dialect::Klipper;
        switch (op.kind) {
        case Kind::Move:
        case Kind::Arc: return move(op);
        case Kind::Home: return home(op);
        case Kind::G92: return declare(op);
        case Kind::Absolute:
        case Kind::Relative:
            absolute = op.kind == Kind::Absolute;
            eFollows = eFollows || dialect == gcode::Dialect::Marlin;
            return;
        case Kind::EAbsolute:
        case Kind::ERelative:
            eFlagAbsolute = op.kind == Kind::EAbsolute;
            eFollows = false;
            return;
        case Kind::Inch: inch = true; return;
        case Kind::Metric: inch = false; return;
        case Kind::Plane: plane = op.number; return;
        case Kind::Tool: tool = op.number; return;
        case Kind::Hotend: hotend[op.named ? op.number : tool] = plain; return;
        case Kind::Bed: bed = plain; return;
        case Kind::Fan: {
            const bool fraction = dialect == gcode::Dialect::RepRapFirmware && plain > 0 && plain <= 1;
            fans[std::to_string(op.named ? op.number : 0)] = fraction ? plain * 255 : plain;
            return;
        }
        case Kind::FanOff: fans[std::to_string(op.named ? op.number : 0)] = 0; return;
        case Kind::Speed: speed = plain; return;
        case Kind::Flow: flow[tool] = plain; return;
        case Kind::PressureAdvance:
            advance[!klipper ? std::to_string(tool) : tool == 0 ? "extruder" : "extruder" + std::to_string(tool)] = plain;
            return;
        case Kind::Offset:
        case Kind::OffsetAdjust: {
            const std::string axis(1, static_cast<char>('X' + op.number));
            offset[axis] = (op.kind == Kind::Offset ? 0.0 : offset.count(axis) ? offset[axis] : 0.0) + plain;
            return;
        }
        case Kind::Retract: retracted = true; return;
        case Kind::Unretract: retracted = false; return;
        case Kind::Noise: return;
        }
    }

private:
    void move(const Op& op)
    {
        for (std::size_t axis = 0; axis < 3; ++axis) {
            if (!op.axes[axis])
                continue;
            const Micro value = metric(*op.axes[axis]);
            if (absolute)
                position[axis] = value;
            else if (position[axis])
                *position[axis] += value;
        }
        if (op.e) {
            const Micro value = metric(*op.e);
            const Micro step = eAbsolute() ? value - e : value;
            e += step;
            eTotal += step;
            eHighest = eTotal > eHighest ? eTotal : eHighest;
        }
        if (op.f)
            feed = metric(*op.f);
    }

    void home(const Op& op)
    {
        const bool all = !op.axes[0] && !op.axes[1] && !op.axes[2];
        for (std::size_t axis = 0; axis < 3; ++axis)
            if (all || op.axes[axis])
                position[axis] = 0;
    }

    void declare(const Op& op)
    {
        const bool all = !op.axes[0] && !op.axes[1] && !op.axes[2] && !op.e;
        for (std::size_t axis = 0; axis < 3; ++axis)
            if (all || op.axes[axis])
                position[axis] = metric(op.axes[axis].value_or(0));
        if (all || op.e)
            e = metric(op.e.value_or(0));
    }
};

} // namespace kintsugi::composer
