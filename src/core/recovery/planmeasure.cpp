// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planmeasure.h"

#include <algorithm>
#include <cmath>

#include "gcode/arc.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

constexpr double primeMargin = 5.0; // mm between the prime place and what is printed
constexpr ByteOffset headLimit = std::size_t{16} << 20;

Error problem(ErrorCode code, std::string field, std::string detail)
{
    Error error{.code = code, .detail = std::move(detail)};
    error.field = std::move(field);
    return error;
}

double distanceToFootprint(const gcode::Extents& printed, const std::array<double, 2>& at)
{
    const double dx = std::max({printed.minX - at[0], 0.0, at[0] - printed.maxX});
    const double dy = std::max({printed.minY - at[1], 0.0, at[1] - printed.maxY});
    return std::hypot(dx, dy);
}

bool isFree(const gcode::Extents& printed, const std::array<double, 2>& at)
{
    return !printed.valid || distanceToFootprint(printed, at) >= primeMargin;
}

void include(gcode::Extents& extents, const std::array<double, 3>& at)
{
    if (!extents.valid)
        extents = {at[0], at[1], at[2], at[0], at[1], at[2], true};
    extents.minX = std::min(extents.minX, at[0]);
    extents.minY = std::min(extents.minY, at[1]);
    extents.minZ = std::min(extents.minZ, at[2]);
    extents.maxX = std::max(extents.maxX, at[0]);
    extents.maxY = std::max(extents.maxY, at[1]);
    extents.maxZ = std::max(extents.maxZ, at[2]);
}

double merge(gcode::Extents& printed, const gcode::Extents& before)
{
    if (!printed.valid)
        printed = before;
    include(printed, {before.minX, before.minY, before.minZ});
    include(printed, {before.maxX, before.maxY, before.minZ});
    return before.maxZ;
}

/// The stop interval: which line was the last is not known.
std::pair<ByteOffset, ByteOffset> interval(const Snapshot& snapshot)
{
    return {std::min(snapshot.earliest.value_or(snapshot.byte), snapshot.byte), std::max(snapshot.latest.value_or(snapshot.byte), snapshot.byte)};
}

/// Highest Z the nozzle may be at when it stopped: a climb counted from there never runs into the top.
Result<> measureStop(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot, Measured& out)
{
    const gcode::MachineState& state = snapshot.state;
    out.highestNozzle = gcode::toMillimetres(state.position[2].value_or(0) - state.shift[2]);
    const auto [begin, end] = interval(snapshot);
    const auto first = gcode::locate(source, index, begin);
    if (!first)
        return fail(first.error());
    out.shiftedOnTheWay = first->state.shift != state.shift || first->state.nativeUnknown != state.nativeUnknown;
    return walk(source, index, begin, end, [&](const Walked& walked) {
        out.shiftedOnTheWay |= walked.after.shift != state.shift || walked.after.nativeUnknown != state.nativeUnknown;
        for (const auto& z : {walked.effect.from[2], walked.after.position[2]}) {
            if (walked.effect.moved && z)
                out.highestNozzle = std::max(out.highestNozzle, gcode::toMillimetres(*z - walked.after.shift[2]));
        }
        return true;
    });
}

/// All extruding moves in the machine's own coordinates, one by one.
class NativeExtents
{
public:
    NativeExtents(Measured& out, const Snapshot& snapshot, const std::optional<ResumePoint>& resumed, bool kept)
        : m_out(out), m_state(snapshot.state), m_kept(kept), m_upper(interval(snapshot).second), m_byte(snapshot.byte), m_zDeclared(resumed && resumed->declaredZ)
    {
        m_tailBegin = resumed ? resumed->tailBegin : 0;
        noteZ();
    }

    bool take(const Walked& walked)
    {
        if (walked.command.is('G', 28) && walked.line.begin >= m_tailBegin) { // from here on Z is what the printer homed to
            const bool all = !walked.command.has('X') && !walked.command.has('Y') && !walked.command.has('Z');
            m_zDeclared &= !all && !walked.command.has('Z');
        }
        if (walked.line.begin < m_byte)
            noteZ();
        if (!walked.prints())
            return true;
        if (((walked.after.nativeUnknown | m_state.nativeUnknown) & ~explained()) != 0 && !sameFrame(walked.after)) {
            m_known = false;
            return false;
        }
        m_shift = walked.after.shift;
        point(walked, walked.effect.from);
        point(walked, walked.after.position);
        if (const auto arc = walked.effect.kind == gcode::Effect::Kind::Arc ? gcode::arcOf(walked.command, walked.effect, walked.after) : std::nullopt) {
            for (int i = 1; i < 16; ++i)
                at(walked, arc->at(i / 16.0));
        }
        return true;
    }
    [[nodiscard]] bool known() const { return m_known; }

private:
    /// A resume file of this program declared Z in the machine's own coordinate: where that was is known.
    [[nodiscard]] unsigned explained() const { return m_zDeclared ? 4U : 0U; }
    /// Counted as at the resume point, from a place that the living firmware knows.
    [[nodiscard]] bool sameFrame(const gcode::MachineState& state) const
    {
        if (!m_kept || state.nativeUnknown != m_state.nativeUnknown)
            return false;
        for (std::size_t axis = 0; axis < 3; ++axis)
            if (((state.nativeUnknown >> axis) & 1U) != 0 && state.shift[axis] != m_state.shift[axis])
                return false;
        return true;
    }
    void noteZ() { m_out.zDeclared = m_zDeclared; }

    void point(const Walked& walked, const std::array<std::optional<gcode::Nanometres>, 3>& position)
    {
        if (const auto known = gcode::pointOf(position))
            at(walked, *known);
    }

    void at(const Walked& walked, std::array<double, 3> place)
    {
        for (std::size_t axis = 0; axis < 3; ++axis)
            place[axis] -= gcode::toMillimetres(m_shift[axis]);
        include(m_out.whole, place);
        if (walked.line.begin < m_upper)
            m_out.highest = std::max(m_out.highest, place[2]);
    }

    Measured& m_out;
    const gcode::MachineState& m_state;
    bool m_kept;
    ByteOffset m_upper, m_byte, m_tailBegin = 0;
    bool m_zDeclared;
    std::array<gcode::Nanometres, 3> m_shift{};
    bool m_known = true;
};

bool mayBeShifted(const gcode::FileIndex& index, const Snapshot& snapshot)
{
    return snapshot.state.everShifted != 0 || (!index.checkpoints.empty() && index.checkpoints.back().state().everShifted != 0);
}

Result<> measureExtents(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot,
                        const std::optional<ResumePoint>& resumed, bool kept, Measured& out)
{
    const ByteOffset upper = interval(snapshot).second;
    if (mayBeShifted(index, snapshot)) {
        NativeExtents extents(out, snapshot, resumed, kept);
        if (const auto done = walk(source, index, 0, index.size, [&extents](const Walked& walked) { return extents.take(walked); }); !done)
            return done;
        if (!extents.known())
            return fail(problem(ErrorCode::NotSupported, "position", "G92 renamed a place that only the printer knew (right after homing)"));
        return {};
    }
    const gcode::Layer* layer = index.layerAt(upper);
    out.whole = index.printed;
    out.highest = layer ? layer->highestZ : index.printed.maxZ;
    return {};
}

} // namespace

Result<Measured> measurePrint(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot, bool kept)
{
    Measured out;
    // A resume file knows only its own part of the print; its head tells the rest.
    const auto resumed = readResumePoint(source);
    if (!resumed)
        return fail(resumed.error());
    if (const auto done = measureExtents(source, index, snapshot, *resumed, kept, out); !done)
        return fail(done.error());
    out.printed = out.whole;
    if (*resumed && (*resumed)->printed.valid)
        out.highest = std::max(out.highest, merge(out.printed, (*resumed)->printed));
    out.resumedShifted = *resumed && (*resumed)->shifted;
    out.printed.maxZ = out.highest;
    if (const auto done = measureStop(source, index, snapshot, out); !done)
        return fail(done.error());
    const auto retracted = retractedBefore(source, index, snapshot.byte);
    if (!retracted)
        return fail(retracted.error());
    out.retracted = *retracted;
    return out;
}

Result<std::array<double, 2>> choosePrimePlace(const std::optional<std::array<double, 2>>& given, const std::array<double, 3>& minimum,
                                               const std::array<double, 3>& maximum, const gcode::Extents& printed)
{
    if (given) {
        for (std::size_t i = 0; i < 2; ++i) {
            if (!((*given)[i] >= minimum[i] && (*given)[i] <= maximum[i])) {
                Error error = problem(ErrorCode::Unsafe, "prime", "outside the travel limits");
                error.measured = (*given)[i];
                error.limit = maximum[i];
                return fail(std::move(error));
            }
        }
        if (!isFree(printed, *given))
            return fail(problem(ErrorCode::Unsafe, "prime", "the prime place lies over the print"));
        return *given;
    }
    const double inset = 5.0;
    const std::array<double, 3> xs{minimum[0] + inset, (minimum[0] + maximum[0]) / 2, maximum[0] - inset};
    const std::array<double, 3> ys{minimum[1] + inset, (minimum[1] + maximum[1]) / 2, maximum[1] - inset};
    std::optional<std::array<double, 2>> best;
    double bestDistance = -1;
    for (const double y : ys) {
        for (const double x : xs) {
            const std::array<double, 2> at{x, y};
            const double distance = printed.valid ? distanceToFootprint(printed, at) : 1.0;
            if (isFree(printed, at) && distance > bestDistance + 1e-9) {
                best = at;
                bestDistance = distance;
            }
        }
    }
    if (!best)
        return fail(problem(ErrorCode::Unsafe, "prime", "no place beside the print is free for priming"));
    return *best;
}

Result<write::Lines> objectDefinitions(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot,
                                       const std::function<bool(const gcode::Command&)>& defines)
{
    constexpr std::size_t most = 2 * gcode::MachineState::maxNames;
    write::Lines lines;
    const ByteOffset end = std::min({snapshot.byte, index.firstExtrusion.value_or(headLimit), headLimit});
    const auto done = walk(source, index, 0, end, [&](const Walked& walked) {
        if (!walked.line.truncated && defines(walked.command)) {
            const gcode::Command& command = walked.command;
            const bool extended = command.kind == gcode::Command::Kind::Extended;
            lines.push_back((extended ? std::string(command.name) : command.letter + std::to_string(command.number)) + ' ' + std::string(command.rest));
        }
        return lines.size() < most;
    });
    if (!done)
        return fail(done.error());
    return lines;
}

Result<write::InchValues> limitsInInches(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot)
{
    write::InchValues inInches;
    if (!snapshot.state.inch || (snapshot.state.motion.empty() && snapshot.state.toolSetup.empty()))
        return inInches;
    using Named = std::map<std::string, std::map<std::string, double>>;
    const auto note = [&inInches](const Named& values, const std::string& command, const gcode::MachineState& now) {
        const auto found = values.find(command);
        if (found == values.end())
            return;
        for (const auto& [letter, value] : found->second) {
            if (now.inch)
                inInches.insert({command, letter});
            else
                inInches.erase({command, letter});
        }
    };
    const auto done = walk(source, index, 0, snapshot.byte, [&](const Walked& walked) {
        if (walked.effect.kind != gcode::Effect::Kind::Code)
            return true;
        // What this one line alone sets.
        gcode::MachineState alone;
        alone.tool = walked.after.tool;
        gcode::apply(alone, walked.command, index.dialect);
        for (const auto& [command, values] : alone.motion)
            note(alone.motion, command, walked.after);
        for (const auto& [command, values] : alone.toolSetup)
            note(alone.toolSetup, command, walked.after);
        return true;
    });
    if (!done)
        return fail(done.error());
    return inInches;
}

} // namespace kintsugi::recovery
