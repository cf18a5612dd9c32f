// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planmotion.h"

#include <algorithm>

#include "gcode/arc.h"
#include "recovery/planmotionrunner.h"
#include "recovery/tailcheck.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

using gcode::MachineState;

constexpr double sagitta = 0.01;                      // mm
constexpr ByteOffset unlayered = ByteOffset{2} << 20; // read of a file without layers
constexpr std::size_t mostPlaces = 400;

/// A place of the file in the machine's own coordinates. An offset up to which nobody knows whether the map counted it lifts.
std::optional<gcode::Point> machineOf(const std::array<std::optional<gcode::Nanometres>, 3>& position, const MachineState& state)
{
    auto point = gcode::pointOf(position);
    for (std::size_t axis = 0; point && axis < 3; ++axis) {
        const auto offset = state.gcodeOffset.find(std::string(1, static_cast<char>('X' + axis)));
        (*point)[axis] += (offset == state.gcodeOffset.end() ? 0 : offset->second) + gcode::toMillimetres(state.babystep[axis] - state.shift[axis]);
    }
    return point;
}

Hull boxOf(const std::array<double, 3>& minimum, const std::array<double, 3>& maximum)
{
    return {{minimum[0], minimum[1]}, {maximum[0], minimum[1]}, {maximum[0], maximum[1]}, {minimum[0], maximum[1]}};
}

/// Straight pieces of one executed line.
template <class Visit>
bool pieces(const Walked& walked, Visit&& visit)
{
    const bool motion = walked.effect.kind == gcode::Effect::Kind::Move || walked.effect.kind == gcode::Effect::Kind::Arc;
    if (!motion || (!walked.effect.moved && walked.effect.de == 0))
        return true;
    const auto from = machineOf(walked.effect.from, walked.after), to = machineOf(walked.after.position, walked.after);
    if (!from || !to)
        return true;
    const auto arc = gcode::arcOf(walked.command, walked.effect, walked.after);
    const std::size_t count = arc ? arc->chords(sagitta) : 1;
    gcode::Point start = *from;
    for (std::size_t piece = 1; piece <= count; ++piece) {
        gcode::Point stop = *to;
        if (piece < count) {
            const gcode::Point logical = arc->at(static_cast<double>(piece) / static_cast<double>(count));
            const auto end = gcode::pointOf(walked.after.position);
            for (std::size_t axis = 0; axis < 3; ++axis)
                stop[axis] = logical[axis] + (*to)[axis] - (*end)[axis];
        }
        if (!visit(start, stop))
            return false;
        start = stop;
    }
    return true;
}

void include(StopPlaces& out, const gcode::Point& from, const gcode::Point& to, bool& first)
{
    const double low = std::min(from[2], to[2]), high = std::max(from[2], to[2]);
    out.lowest = first ? low : std::min(out.lowest, low);
    out.highest = first ? high : std::max(out.highest, high);
    first = false;
    Hull place{{from[0], from[1]}};
    if (from[0] != to[0] || from[1] != to[1])
        place.push_back({to[0], to[1]});
    out.places.push_back(std::move(place));
}

/// Fewer places that hold them all.
void merge(std::vector<Hull>& places)
{
    while (places.size() > mostPlaces) {
        std::vector<Hull> fewer;
        for (std::size_t i = 0; i < places.size(); i += 2) {
            std::vector<Place> points = places[i];
            if (i + 1 < places.size())
                points.insert(points.end(), places[i + 1].begin(), places[i + 1].end());
            fewer.push_back(hullOf(std::move(points)));
        }
        places = std::move(fewer);
    }
}

/// The plan's own steps are told by the runner; a person's macros were named when the plan was made.
void addTailFindings(const std::vector<TailFinding>& findings, std::vector<MotionProblem>& problems)
{
    for (const TailFinding& finding : findings) {
        const bool followed = finding.kind == TailFinding::Kind::Homing && !finding.blocks;
        if (followed || finding.kind == TailFinding::Kind::OutsideLimits)
            continue;
        problems.push_back({finding.blocks, 0, finding.line, finding.byte, finding.text, finding.meaning});
    }
}

} // namespace

Message motionText(Motion::Kind kind)
{
    switch (kind) {
    case Motion::Kind::Lift: return {KINTSUGI_TEXT("straight up"), {}};
    case Motion::Kind::Descent: return {KINTSUGI_TEXT("straight down"), {}};
    case Motion::Kind::Homing: return {KINTSUGI_TEXT("homing"), {}};
    case Motion::Kind::HiddenLift: return {KINTSUGI_TEXT("the firmware's own lift"), {}};
    case Motion::Kind::Travel: return {KINTSUGI_TEXT("travel"), {}};
    case Motion::Kind::Prime: return {KINTSUGI_TEXT("priming"), {}};
    case Motion::Kind::Approach: return {KINTSUGI_TEXT("down on the resume point"), {}};
    case Motion::Kind::Probing: return {KINTSUGI_TEXT("down on the free bed"), {}};
    }
    return {KINTSUGI_TEXT("travel"), {}};
}

Result<StopPlaces> stopPlaces(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan, const PlanOptions& planned)
{
    const Snapshot& snapshot = plan.snapshot;
    const ByteOffset begin = std::min(snapshot.earliest.value_or(snapshot.byte), snapshot.byte);
    const ByteOffset end = std::max(snapshot.latest.value_or(snapshot.byte), snapshot.byte);
    StopPlaces out;
    bool first = true;
    if (const auto at = machineOf(snapshot.state.position, snapshot.state))
        include(out, *at, *at, first);
    const auto done = walk(source, index, begin, end, [&](const Walked& walked) {
        pieces(walked, [&](const gcode::Point& from, const gcode::Point& to) {
            include(out, from, to, first);
            return true;
        });
        if (out.places.size() > 4 * mostPlaces)
            merge(out.places);
        return true;
    });
    if (!done)
        return fail(done.error());
    merge(out.places);
    out.reason = {KINTSUGI_TEXT("the ways between the last line that surely ran and the first that surely did not"), {}};
    const bool moved = planned.zMethod == ZMethod::FirmwareLift || planned.zMethod == ZMethod::Touch;
    if (moved) {
        out.places = {boxOf(plan.minimum, plan.maximum)};
        out.reason = {KINTSUGI_TEXT("the head was moved since the stop: anywhere over the bed"), {}};
    } else if (!snapshot.earliest && !snapshot.latest) {
        out.guessed = true;
        const gcode::Extents& printed = plan.printed;
        std::vector<Place> points{{printed.minX, printed.minY}, {printed.maxX, printed.minY}, {printed.maxX, printed.maxY}, {printed.minX, printed.maxY}};
        for (const Hull& place : out.places)
            points.insert(points.end(), place.begin(), place.end());
        out.places = {hullOf(std::move(points))};
        out.reason = {KINTSUGI_TEXT("where the print stopped is not known: anywhere over it"), {}};
    }
    if (planned.declaredZ)
        out.lowest = out.highest = *planned.declaredZ;
    return out;
}

PlanMotions planMotions(const Plan& plan, const PlanOptions& planned, const StopPlaces& start, const MotionOptions& options)
{
    PlanMotions out;
    out.start = start;
    const double top = options.zUp > 0 ? options.zUp : plan.maximum[2];
    MotionRunner runner({plan.dialect, plan.minimum, plan.maximum, &options.homing, top, options.zUncertainty}, out);
    StopPlaces from = start;
    from.lowest -= options.zUncertainty;
    from.highest += options.zUncertainty;
    const bool kept = planned.zMethod == ZMethod::Keep && !planned.declaredZ;
    runner.begin(from, kept, plan.snapshot.state);
    for (const PlanStep& step : plan.steps) {
        runner.beginStep(step);
        for (const std::string& line : step.gcode)
            runner.run(line);
    }
    out.end = runner.position();
    return out;
}

PlanMotions homingMotions(const std::string& line, gcode::Dialect dialect, const StopPlaces& start, bool zHomed,
                          const std::array<double, 3>& minimum, const std::array<double, 3>& maximum, const HomingFacts& homing)
{
    PlanMotions out;
    out.start = start;
    MotionRunner runner({dialect, minimum, maximum, &homing, maximum[2], 0}, out);
    runner.begin(start, false, {});
    runner.know(2, start.highest);
    if (zHomed)
        runner.setHomed(2);
    runner.run(line);
    out.end = runner.position();
    return out;
}

ByteOffset tailEnd(const gcode::FileIndex& index, ByteOffset byte)
{
    const gcode::Layer* layer = index.layerAt(byte);
    ByteOffset end = std::min<ByteOffset>(index.size, byte + unlayered);
    if (layer)
        end = index.layers[std::min(layer->index + 2, index.layers.size() - 1)].end;
    return std::min(end, index.lastExtrusionEnd.value_or(index.size));
}

Result<> tailMotions(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan, const MotionOptions& options,
                     const std::function<bool(const TailMove&)>& visit, std::vector<MotionProblem>& problems)
{
    const ByteOffset begin = plan.snapshot.byte, end = tailEnd(index, begin);
    const auto findings = checkTail(source, index, begin, nullptr);
    if (!findings)
        return fail(findings.error());
    addTailFindings(*findings, problems);
    std::optional<gcode::Point> last;
    return walk(source, index, begin, end, [&](const Walked& walked) {
        const auto send = [&](const gcode::Point& from, const gcode::Point& to, bool extrudes) {
            last = to;
            return visit(TailMove{from, to, extrudes, !walked.after.unknownMotion, walked.line.begin, walked.line.number});
        };
        if (walked.command.is('G', 28)) {
            StopPlaces start;
            if (last)
                start = {{{{(*last)[0], (*last)[1]}}}, (*last)[2], (*last)[2], false, {}};
            const std::string text(walked.line.text.substr(0, 200));
            const PlanMotions homing = homingMotions(text, index.dialect, start, true, plan.minimum, plan.maximum, options.homing);
            for (MotionProblem problem : homing.problems) {
                problem.line = walked.line.number;
                problem.byte = walked.line.begin;
                if (!problem.unsafe) // homing Z is named already
                    problems.push_back(std::move(problem));
            }
            for (const Motion& motion : homing.motions)
                for (const Place& corner : motion.hull)
                    if (!send({motion.hull.front()[0], motion.hull.front()[1], motion.low}, {corner[0], corner[1], motion.low}, false))
                        return false;
            return true;
        }
        return pieces(walked, [&](const gcode::Point& from, const gcode::Point& to) { return send(from, to, walked.prints()); });
    });
}

} // namespace kintsugi::recovery
