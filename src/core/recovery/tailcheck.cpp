// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/tailcheck.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "gcode/text.h"
#include "recovery/plan.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

using gcode::Command;
using gcode::Dialect;
using gcode::MachineState;
using gcode::upper;
using Kind = TailFinding::Kind;

constexpr std::size_t mostFindings = 200;
constexpr std::size_t mostText = 200;               // bytes
constexpr ByteOffset unlayered = ByteOffset{2} << 20; // read of a file without layers

struct Name { std::string_view part; bool whole; };  ///< of a macro: anywhere in it, or the whole name

constexpr Name anywhere(std::string_view part) { return {part, false}; }
constexpr Name exactly(std::string_view name) { return {name, true}; }

constexpr std::array homing{anywhere("HOME"), anywhere("HOMING"), anywhere("G28"), anywhere("START_PRINT"), anywhere("PRINT_START"),
                            anywhere("START_GCODE"), exactly("PREPARE_PRINT")};
constexpr std::array probing{anywhere("PROBE"), anywhere("CALIBRAT"), anywhere("GANTRY_LEVEL"), anywhere("QGL"), anywhere("Z_TILT"),
                             anywhere("SCREWS_TILT"), anywhere("BED_TILT"), anywhere("BED_LEVEL"), anywhere("AUTO_LEVEL"), anywhere("MESHING"),
                             anywhere("BED_MESH_SCAN"), anywhere("ADAPTIVE_MESH"), anywhere("G29"), anywhere("G32"), anywhere("G34"),
                             exactly("TRAMMING")};
constexpr std::array purging{anywhere("PURGE"), anywhere("PRIME"), anywhere("BRUSH"), anywhere("CLEAN"), anywhere("WIPE_NOZZLE"),
                             anywhere("NOZZLE_WIPE"), anywhere("SCRUB"), anywhere("POOP"), anywhere("FLUSH"), anywhere("KAMP"),
                             anywhere("SMART_PARK"), anywhere("INTRO_LINE")};
/// Hooks and reports that move nothing, or pause on purpose.
constexpr std::array harmless{anywhere("TIMELAPSE"), anywhere("PLR_SAVE"), exactly("PLR_ENABLE"), exactly("PLR_DISABLE"), exactly("PAUSE"),
                              exactly("STATUS_PRINTING"), anywhere("_LED"), exactly("SKEW_PROFILE"), exactly("RESTORE_GCODE_STATE"),
                              exactly("LOG_Z"), exactly("SAVE_PLR_RESUME_DATA"), exactly("UPDATE_Z"), exactly("CLEAR_PAUSE"),
                              exactly("BED_MESH_OFFSET"), exactly("M486")};

template <std::size_t N>
bool isOne(const std::array<Name, N>& names, std::string_view name)
{
    return std::any_of(names.begin(), names.end(), [name](const Name& one) {
        return one.whole ? one.part == name : name.find(one.part) != std::string_view::npos;
    });
}

/// Codes that say by themselves what they do.
struct Meaning {
    char letter;
    std::uint32_t first, last;
    Kind kind;
    const char* text;
};

constexpr const char* parks = KINTSUGI_TEXT("Parks the nozzle and may pull filament back: the way there and back is not checked.");
constexpr const char* homeOffset = KINTSUGI_TEXT("Changes the home offsets: every place after it moves.");

constexpr std::array meanings{
    Meaning{'G', 12, 12, Kind::Purge, KINTSUGI_TEXT("Wipes the nozzle at its brush: the way there is not checked.")},
    Meaning{'G', 27, 27, Kind::Park, parks},
    Meaning{'G', 61, 61, Kind::Park, KINTSUGI_TEXT("Goes back to a stored position, which a restart forgets: where it goes is not known here.")},
    Meaning{'M', 125, 125, Kind::Park, parks},
    Meaning{'M', 701, 701, Kind::Purge, KINTSUGI_TEXT("Loads filament: it is pushed out where the nozzle stands.")},
    Meaning{'M', 702, 702, Kind::Purge, KINTSUGI_TEXT("Unloads filament: what comes after would print nothing.")},
    Meaning{'M', 810, 819, Kind::Macro, KINTSUGI_TEXT("Stores or runs commands of the printer; a restart forgets those stored before.")},
    Meaning{'M', 92, 92, Kind::Setting, KINTSUGI_TEXT("Changes the steps per millimetre: every distance after it is another one.")},
    Meaning{'M', 206, 206, Kind::Setting, homeOffset},
    Meaning{'M', 428, 428, Kind::Setting, homeOffset},
    Meaning{'M', 851, 851, Kind::Setting, KINTSUGI_TEXT("Changes the offset of the probe: Z means another height once it is homed.")},
    Meaning{'M', 218, 218, Kind::Setting, KINTSUGI_TEXT("Changes the offset of a tool.")},
};

/// What is shown to a person: no control characters, no half of a character at the end.
std::string shown(std::string_view text)
{
    std::string out(text.substr(0, mostText));
    const auto part = [&out](unsigned mask, unsigned value) { return !out.empty() && (static_cast<unsigned char>(out.back()) & mask) == value; };
    while (text.size() > mostText && part(0xC0U, 0x80U))
        out.pop_back();
    if (text.size() > mostText && part(0xC0U, 0xC0U))
        out.pop_back();
    std::replace_if(out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    return out;
}

class Check
{
public:
    Check(const gcode::FileIndex& index, const TravelLimits* limits) : m_index(index), m_limits(limits) {}

    bool look(const Walked& walked)
    {
        const Command& command = walked.command;
        if (command.kind == Command::Kind::Code)
            code(walked);
        else if (command.kind == Command::Kind::Meta)
            once(walked, std::string(command.name), Kind::Condition, {KINTSUGI_TEXT("A command of the printer's own language: whether and how often the lines below it run, only the printer decides."), {}});
        else if (command.kind == Command::Kind::Extended && m_index.dialect == Dialect::Klipper)
            macro(walked);
        else if (command.kind == Command::Kind::Text && command.letter == 'M' && command.number == 98)
            add(walked, Kind::Macro, false, {KINTSUGI_TEXT("Runs a file of the printer; nobody knows from here what it does over the part."), {}});
        else if (command.kind == Command::Kind::Text && command.letter == 'M' && command.number == 32 && m_index.dialect == Dialect::RepRapFirmware)
            add(walked, Kind::Macro, true, {KINTSUGI_TEXT("Starts to print another file, from its beginning: it homes over the part."), {}});
        if (command.modal)
            once(walked, "X", Kind::Condition, {KINTSUGI_TEXT("Coordinates without a command: only a machine that is set to milling or laser moves there."), {}});
        if (command.computed != 0)
            once(walked, "{}", Kind::Condition, {KINTSUGI_TEXT("Has a value that only the printer works out: where it goes or what it sets is not known here."), {}});
        limits(walked);
        return m_findings.size() < mostFindings;
    }
    std::vector<TailFinding> take() { return std::move(m_findings); }

private:
    void add(const Walked& walked, Kind kind, bool blocks, Message meaning)
    {
        m_findings.push_back({kind, walked.line.number, walked.line.begin, shown(walked.line.text), std::move(meaning), blocks});
    }

    /// The same on every layer is said once.
    void once(const Walked& walked, std::string name, Kind kind, Message meaning)
    {
        if (m_named.insert(std::move(name)).second)
            add(walked, kind, false, std::move(meaning));
    }

    void code(const Walked& walked)
    {
        const Command& command = walked.command;
        const auto meaning = std::find_if(meanings.begin(), meanings.end(), [&command](const Meaning& one) {
            return one.letter == command.letter && command.number >= one.first && command.number <= one.last && command.subcode == 0;
        });
        if (meaning != meanings.end())
            return add(walked, meaning->kind, false, {meaning->text, {}});
        if (command.letter == 'G')
            return gCode(walked);
        if (command.is('M', 48))
            add(walked, Kind::Probing, true, {KINTSUGI_TEXT("Probes: the nozzle is driven into the part."), {}});
    }

    void gCode(const Walked& walked)
    {
        const Command& command = walked.command;
        constexpr std::array<std::uint32_t, 10> probes{29, 30, 32, 33, 34, 35, 38, 76, 161, 425};
        if (command.number == 28)
            return homes(walked);
        if (command.number == 29 && !probesBy29(command))
            return;
        if (std::find(probes.begin(), probes.end(), command.number) != probes.end())
            return add(walked, Kind::Probing, true, {KINTSUGI_TEXT("Probes or levels: the nozzle is driven into the part."), {}});
        if (command.number == 10)
            return offsets(walked);
        if (command.number == 26)
            add(walked, Kind::Purge, true, {KINTSUGI_TEXT("Prints a test pattern over the whole bed."), {}});
    }

    /// G10 with L2 or L20: a workspace; RepRapFirmware's G10 P: a tool.
    void offsets(const Walked& walked)
    {
        const Command& command = walked.command;
        constexpr gcode::Millionths one = 1'000'000;
        const auto what = command.value('L').value_or(0);
        const bool places = command.has('X') || command.has('Y') || command.has('Z');
        if (what == 2 * one || what == 20 * one)
            add(walked, Kind::Setting, false, {KINTSUGI_TEXT("Changes the origin of a workspace: every place after it moves."), {}});
        else if (places && command.has('P'))
            add(walked, Kind::Setting, false, {KINTSUGI_TEXT("Changes the offset of a tool."), {}});
    }

    /// Loading and switching a stored map is no probing: RepRapFirmware's S1 to S3, Marlin's L and A without P or J.
    [[nodiscard]] bool probesBy29(const Command& command) const
    {
        if (m_index.dialect == Dialect::RepRapFirmware)
            return command.value('S').value_or(0) == 0;
        const bool stored = command.has('L') || command.has('A') || command.has('D');
        return !stored || command.has('P') || command.has('J');
    }

    void homes(const Walked& walked)
    {
        const Command& command = walked.command;
        const bool z = command.has('Z') || (!command.has('X') && !command.has('Y'));
        if (z)
            return add(walked, Kind::Homing, true, {KINTSUGI_TEXT("Homes Z: the nozzle is driven into the part."), {}});
        const auto height = walked.after.placed(2);
        const gcode::Layer* layer = m_index.layerAt(walked.line.begin);
        const std::string at = height ? decimal(gcode::toMillimetres(*height)) : std::string("?");
        const std::string top = layer ? decimal(layer->highestZ) : std::string("?");
        add(walked, Kind::Homing, false,
            {KINTSUGI_TEXT("Homes X or Y at %1 mm; the part is %2 mm high there."), {at, top}});
    }

    void macro(const Walked& walked)
    {
        const std::string name = upper(walked.command.name.substr(0, MachineState::maxNameLength));
        MachineState fresh;
        gcode::apply(fresh, walked.command, m_index.dialect);
        if (fresh.unknownCommands.empty() || isOne(harmless, name))
            return;
        if (isOne(homing, name))
            return add(walked, Kind::Homing, true, {KINTSUGI_TEXT("By its name homes or starts a print: the nozzle is driven into the part."), {}});
        if (isOne(probing, name))
            return add(walked, Kind::Probing, true, {KINTSUGI_TEXT("By its name probes, levels or calibrates: the nozzle is driven into the part."), {}});
        if (!m_named.insert(name).second)
            return; // the same hook on every layer is said once
        if (isOne(purging, name))
            add(walked, Kind::Purge, false, {KINTSUGI_TEXT("By its name purges or cleans the nozzle: its ways are not checked."), {}});
        else
            add(walked, Kind::Macro, false, {KINTSUGI_TEXT("A macro: what it does over the part is not known here."), {}});
    }

    void limits(const Walked& walked)
    {
        if (!m_limits || !walked.effect.moved || m_outside)
            return;
        constexpr double tolerance = 1e-3;
        for (std::size_t i = 0; i < 3; ++i) {
            const auto position = walked.after.placed(i);
            if (!position || ((walked.after.shiftedAxes >> i) & 1U) != 0)
                continue;
            const std::string axis(1, static_cast<char>('X' + i));
            const auto offset = walked.after.gcodeOffset.find(axis);
            const double at = gcode::toMillimetres(*position) + (offset == walked.after.gcodeOffset.end() ? 0 : offset->second);
            const bool low = at < m_limits->minimum[i] - tolerance, high = at > m_limits->maximum[i] + tolerance;
            if (!low && !high)
                continue;
            m_outside = true; // the first says it
            return add(walked, Kind::OutsideLimits, true, {KINTSUGI_TEXT("Leaves the travel of axis %1: %2 mm, limit %3 mm."),
                                                           {axis, decimal(at), decimal(low ? m_limits->minimum[i] : m_limits->maximum[i])}});
        }
    }

    const gcode::FileIndex& m_index;
    const TravelLimits* m_limits;
    std::vector<TailFinding> m_findings;
    std::set<std::string> m_named;
    bool m_outside = false;
};

/// The end of the second layer after the one that holds the byte, at most the last extrusion: what follows is the file's own end.
ByteOffset tailEnd(const gcode::FileIndex& index, ByteOffset byte)
{
    const gcode::Layer* layer = index.layerAt(byte);
    ByteOffset end = std::min<ByteOffset>(index.size, byte + unlayered);
    if (layer)
        end = index.layers[std::min(layer->index + 2, index.layers.size() - 1)].end;
    return std::min(end, index.lastExtrusionEnd.value_or(index.size));
}

} // namespace

TravelLimits limitsOf(const Plan& plan)
{
    TravelLimits limits{plan.minimum, plan.maximum};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (plan.limited[axis])
            continue;
        limits.minimum[axis] = -std::numeric_limits<double>::infinity();
        limits.maximum[axis] = std::numeric_limits<double>::infinity();
    }
    return limits;
}

Result<std::vector<TailFinding>> checkTail(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte,
                                           const TravelLimits* limits)
{
    if (byte > index.size)
        return fail(Error{.code = ErrorCode::BadByte, .byte = byte, .limit = static_cast<double>(index.size)});
    Check check(index, limits);
    const auto walked = walk(source, index, byte, tailEnd(index, byte), [&check](const Walked& line) { return check.look(line); });
    if (!walked)
        return fail(walked.error());
    return check.take();
}

} // namespace kintsugi::recovery
