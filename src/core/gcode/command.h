// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kintsugi::gcode {

/// Lengths are whole nanometres (1e-6 mm) so that sums over a file are exact.
using Nanometres = std::int64_t;
[[nodiscard]] constexpr double toMillimetres(Nanometres value) { return static_cast<double>(value) / 1e6; }
[[nodiscard]] Nanometres toNanometres(double millimetres);

/// A number as written, in millionths (enough for 6 decimals; further digits are rounded, overflow saturates).
using Millionths = std::int64_t;

/// The command of one line, comment, line number and checksum removed. Views point into the line's text.
struct Command {
    enum class Kind {
        None,     ///< blank or comment only
        Code,     ///< G, M or T with a number
        Text,     ///< a code whose rest is text (M117, M118, M23 …): `rest` holds it
        Extended, ///< Klipper extended command or anything else: `name` (as written) and `rest`
        Meta,     ///< RepRapFirmware alone: if, while, var …: `name` and `rest`
    };
    Kind kind = Kind::None;
    char letter = 0;          ///< upper case, Code and Text only
    std::uint32_t number = 0; ///< 92 of G92.1
    std::uint32_t subcode = 0;///< 1 of G92.1
    std::string_view name;    ///< Extended: the first word as written
    std::string_view rest;    ///< what follows the code or name, blanks trimmed
    std::string_view comment; ///< after the first ';', without it; empty when none
    bool hasComment = false;

    std::uint32_t present = 0; ///< bit per letter A..Z that occurs (Code only)
    std::uint32_t valued = 0;  ///< bit per letter that has a number
    std::uint32_t computed = 0;///< bit per letter whose value only the printer can work out: RepRapFirmware's {expressions}
    std::uint32_t indent = 0;  ///< RepRapFirmware: columns before the first command of the line
    bool continues = false;    ///< not the first command of its line
    bool modal = false;        ///< coordinates alone, which repeat the last move
    std::array<Millionths, 26> values{};

    [[nodiscard]] bool has(char wanted) const { return (present >> (wanted - 'A')) & 1U; }
    [[nodiscard]] std::optional<Millionths> value(char wanted) const
    {
        const auto index = static_cast<std::size_t>(wanted - 'A');
        return ((valued >> index) & 1U) ? std::optional(values[index]) : std::nullopt;
    }
    [[nodiscard]] bool is(char wantedLetter, std::uint32_t wantedNumber) const
    {
        return kind == Kind::Code && letter == wantedLetter && number == wantedNumber && subcode == 0;
    }
};

/// Reads one line. The first occurrence of a letter counts. Never fails: what is not understood is Extended.
[[nodiscard]] Command parseCommand(std::string_view line);
/// The same into a command that is used again and again; `values` of letters that are not `valued` keep what they held.
void parseCommand(std::string_view line, Command& command);

/// A line as RepRapFirmware takes it apart (its StringParser): a ';' between quotes is text, and a G or M outside quotes and
/// braces begins another command. Blanks and the number before the first command are not in `code`.
struct RepRapLine {
    explicit RepRapLine(std::string_view line);
    std::string_view code;    ///< what is still to be read
    std::string_view comment;
    bool hasComment = false;
    std::uint32_t indent = 0; ///< columns, a tab to the next multiple of 4
    bool continued = false;   ///< a command was taken
};

/// Takes the next command from `line.code`. `lastMove`: number of the last G0 to G3, which coordinates alone repeat; 0 when there was
/// none. False when there is no further command; a line without any gives one of Kind::None.
[[nodiscard]] bool takeCommand(RepRapLine& line, std::uint32_t lastMove, Command& command);

/// KEY=VALUE pairs of an extended command's rest; keys upper-cased, shell-like quotes removed.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parseParameters(std::string_view rest);

} // namespace kintsugi::gcode
