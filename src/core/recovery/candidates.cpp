// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>

#include "gcode/arc.h"
#include "gcode/feature.h"
#include "recovery/stopinterval.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

using Kind = ResumeCandidate::Kind;

Error atByte(ErrorCode code, ByteOffset byte)
{
    Error error{.code = code};
    error.byte = byte;
    return error;
}

Result<> checkInsidePrint(const gcode::FileIndex& index, ByteOffset byte)
{
    if (!index.firstExtrusion || byte <= *index.firstExtrusion)
        return fail(atByte(ErrorCode::BeforeFirstExtrusion, byte));
    if (index.lastExtrusionEnd && byte >= *index.lastExtrusionEnd)
        return fail(atByte(ErrorCode::AfterLastExtrusion, byte));
    return {};
}

bool isPause(const gcode::Command& command)
{
    return command.is('M', 0) || command.is('M', 1) || command.is('M', 25) || command.is('M', 226) || command.is('M', 600)
        || command.is('M', 601) || (command.kind == gcode::Command::Kind::Extended && command.name == "PAUSE");
}

/// Further than any slicer retracts: the filament is being unloaded.
constexpr gcode::Nanometres longPull = 20'000'000;

/// What stands between the last printing line and the byte, and the line at it.
struct Surroundings {
    bool toolChange = false, pause = false;
    bool extrudes = false; ///< the line at the byte prints
    bool arc = false;      ///< … along an arc
    gcode::Nanometres pulled = 0;
    gcode::Feature feature = gcode::Feature::Other;
};

Result<Surroundings> surroundingsOf(const gcode::Source& source, const gcode::FileIndex& index, const gcode::Located& at)
{
    Surroundings found;
    constexpr ByteOffset window = ByteOffset{64} << 10;
    const auto done = walk(source, index, at.byte > window ? at.byte - window : 0, at.end, [&](const Walked& walked) {
        if (walked.line.begin >= at.byte) {
            found.extrudes |= walked.prints();
            found.arc |= walked.effect.kind == gcode::Effect::Kind::Arc;
            return true;
        }
        if (walked.prints()) {
            found = {};
            return true;
        }
        found.toolChange |= walked.effect.kind == gcode::Effect::Kind::Tool;
        found.pause |= isPause(walked.command);
        return true;
    });
    if (!done)
        return fail(done.error());
    const auto pulled = retractedBefore(source, index, at.byte);
    if (!pulled)
        return fail(pulled.error());
    found.pulled = *pulled;
    return found;
}

bool isExcluded(const gcode::MachineState& state, const StopInterval* stop)
{
    if (!state.object)
        return false;
    return state.excluded.count(*state.object) != 0 || (stop && std::find(stop->excluded.begin(), stop->excluded.end(), *state.object) != stop->excluded.end());
}

/// A finished object that stands higher than where the nozzle goes on.
bool isBelowOthers(const gcode::FileIndex& index, const ResumeCandidate& candidate)
{
    constexpr double hop = 1.0; // mm; higher than a wipe tower or the object itself can be ahead
    return candidate.layer < index.layers.size() && index.layers[candidate.layer].highestZ > candidate.z + hop;
}

bool isBetween(const Surroundings& around)
{
    return around.toolChange || around.pause || around.pulled > longPull;
}

std::vector<Message> risksOf(const gcode::FileIndex& index, const gcode::MachineState& state, const Surroundings& around,
                             const ResumeCandidate& candidate)
{
    using gcode::Feature;
    std::vector<Message> risks;
    const auto add = [&risks](bool holds, const char* text) {
        if (holds)
            risks.push_back({text, {}});
    };
    const bool retracted = around.pulled > 0 || state.firmwareRetracted;
    add(candidate.objectExcluded, KINTSUGI_TEXT("Lies in an object that was excluded: nothing is printed until the next object."));
    add(around.extrudes && !retracted, KINTSUGI_TEXT("Begins in the middle of a printed line: a visible joint."));
    add(around.arc && around.extrudes, KINTSUGI_TEXT("Begins with an arc: it can only be printed as a whole."));
    add(around.toolChange, KINTSUGI_TEXT("Lies inside a tool change: the filament in the nozzle may not be what the file expects."));
    add(around.pause, KINTSUGI_TEXT("Lies right after a pause or a colour change."));
    add(around.feature == Feature::PrimeTower, KINTSUGI_TEXT("Lies inside the wipe tower."));
    add(around.feature == Feature::Bridge && around.extrudes, KINTSUGI_TEXT("Begins on a bridge: there may be nothing below."));
    add(around.feature == Feature::Ironing, KINTSUGI_TEXT("Lies inside ironing: the nozzle goes over what is printed."));
    add(state.unknownMotion, KINTSUGI_TEXT("A macro moved since the position was last known."));
    add(!state.absoluteXyz, KINTSUGI_TEXT("The coordinates are relative here."));
    add(!state.position[0] || !state.position[1] || !state.position[2], KINTSUGI_TEXT("The position is unknown here."));
    add(!state.feed, KINTSUGI_TEXT("The file never set a feed rate up to here."));
    add(!state.hotend.count(state.tool), KINTSUGI_TEXT("The file never set the nozzle temperature up to here."));
    add(state.firmwareRetracted, KINTSUGI_TEXT("The firmware had retracted (G10) here."));
    add(isBelowOthers(index, candidate), KINTSUGI_TEXT("Something that is finished stands higher than this place."));
    return risks;
}

double lengthOf(const Walked& walked)
{
    std::array<double, 3> way{};
    for (std::size_t i = 0; i < way.size(); ++i) {
        if (!walked.effect.from[i] || !walked.after.position[i])
            return 0;
        way[i] = gcode::toMillimetres(*walked.after.position[i] - *walked.effect.from[i]);
    }
    if (const auto arc = gcode::arcOf(walked.command, walked.effect, walked.after))
        return arc->length();
    return std::hypot(way[0], way[1], way[2]);
}

/// A place inside a line.
struct Place { ByteOffset byte = 0; double fraction = 0; };

/// After a link that was lost for good the rest of the file may be printed: more than this needs no number.
constexpr ByteOffset mostBeyond = ByteOffset{4} << 20;

/// Printed path between two places; excluded objects print nothing.
Result<double> printedBetween(const gcode::Source& source, const gcode::FileIndex& index, const StopInterval& stop, const Place& from, const Place& to)
{
    double sum = 0;
    if (from.byte > to.byte || (from.byte == to.byte && from.fraction >= to.fraction))
        return sum;
    const auto done = walk(source, index, from.byte, to.byte + 1, [&](const Walked& walked) {
        if (!walked.prints() || isExcluded(walked.after, &stop))
            return true;
        const double begin = walked.line.begin == from.byte ? from.fraction : 0.0;
        const double stopped = walked.line.begin == to.byte ? to.fraction : 1.0;
        sum += lengthOf(walked) * std::max(0.0, stopped - begin);
        return true;
    });
    if (!done)
        return fail(done.error());
    return sum;
}

/// The line that ends at `latest`.
Result<Place> latestPlace(const gcode::Source& source, const gcode::FileIndex& index, const StopInterval& stop)
{
    if (stop.latest == 0)
        return Place{stop.likely, stop.likelyFraction};
    const auto last = gcode::locate(source, index, stop.latest - 1);
    if (!last)
        return fail(last.error());
    return Place{last->byte, stop.latestFraction};
}

/// Overlap and gap against the likeliest place of the nozzle, which lies inside a line, and against the ends of the interval.
Result<> measureAgainst(const gcode::Source& source, const gcode::FileIndex& index, const StopInterval& stop, ResumeCandidate& candidate)
{
    const auto likely = gcode::locate(source, index, stop.likely);
    if (!likely)
        return fail(likely.error());
    const auto last = latestPlace(source, index, stop);
    if (!last)
        return fail(last.error());
    const Place begin{candidate.byte, 0}, stopped{likely->byte, stop.likelyFraction};
    Place end = stop.latest > stop.earliest ? *last : stopped;
    end.byte = std::min(end.byte, std::max(begin.byte, stopped.byte) + mostBeyond);
    const auto measure = [&](const Place& from, const Place& to, double& into) -> Result<> {
        const auto length = printedBetween(source, index, stop, from, to);
        if (!length)
            return fail(length.error());
        into = *length;
        return {};
    };
    const bool known = stop.latest > stop.earliest;
    const Place first{known ? stop.earliest : likely->byte, known ? stop.earliestFraction : stop.likelyFraction};
    for (const auto& done : {measure(begin, stopped, candidate.printedTwiceMm), measure(stopped, begin, candidate.leftOpenMm),
                             measure(begin, end, candidate.printedTwiceMostMm), measure(first, begin, candidate.leftOpenMostMm)}) {
        if (!done)
            return fail(done.error());
    }
    candidate.printedTwiceMostMm = std::max(candidate.printedTwiceMostMm, candidate.printedTwiceMm);
    candidate.leftOpenMostMm = std::max(candidate.leftOpenMostMm, candidate.leftOpenMm);
    return {};
}

void addOverlapRisks(gcode::Feature feature, ResumeCandidate& candidate)
{
    using gcode::Feature;
    const bool shows = feature == Feature::OuterWall || feature == Feature::OverhangWall || feature == Feature::TopSurface;
    if (candidate.printedTwiceMm > 0.05)
        candidate.risks.push_back({KINTSUGI_TEXT("%1 mm would be pressed into plastic that is printed already."), {decimal(candidate.printedTwiceMm, 1)}});
    if (candidate.printedTwiceMm > 0.05 && shows)
        candidate.risks.push_back({KINTSUGI_TEXT("This is seen from outside: a gap of up to 2 mm shows less than a bump."), {}});
    if (candidate.leftOpenMm > 2.0)
        candidate.risks.push_back({KINTSUGI_TEXT("%1 mm stay unprinted."), {decimal(candidate.leftOpenMm, 1)}});
    constexpr double notable = 5.0; // mm more than at the likeliest place
    if (candidate.printedTwiceMostMm > candidate.printedTwiceMm + notable)
        candidate.risks.push_back({KINTSUGI_TEXT("If it stopped as late as it can have, %1 mm would be printed twice."), {decimal(candidate.printedTwiceMostMm, 1)}});
    if (candidate.leftOpenMostMm > candidate.leftOpenMm + notable)
        candidate.risks.push_back({KINTSUGI_TEXT("If it stopped as early as it can have, %1 mm would stay unprinted."), {decimal(candidate.leftOpenMostMm, 1)}});
}

ResumeCandidate describe(const gcode::FileIndex& index, const gcode::Located& at, const StopInterval* stop)
{
    ResumeCandidate candidate;
    const gcode::MachineState& state = at.state;
    candidate.byte = at.byte;
    candidate.line = at.line;
    if (const gcode::Layer* layer = index.layerAt(at.byte))
        candidate.layer = layer->index;
    candidate.z = gcode::toMillimetres(state.position[2].value_or(0));
    for (std::size_t i = 0; i < candidate.xy.size(); ++i) {
        if (state.position[i])
            candidate.xy[i] = gcode::toMillimetres(*state.position[i]);
    }
    candidate.object = state.object.value_or(std::string());
    candidate.objectExcluded = isExcluded(state, stop);
    candidate.tool = state.tool;
    candidate.bed = state.bed;
    if (const auto target = state.hotend.find(state.tool); target != state.hotend.end())
        candidate.hotend = target->second;
    if (const auto fan = state.fans.find("0"); fan != state.fans.end())
        candidate.fan = fan->second / 255;
    return candidate;
}

} // namespace

Result<ByteOffset> firstSafeCut(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte)
{
    if (auto inside = checkInsidePrint(index, byte); !inside)
        return fail(inside.error());
    const auto pulled = retractedBefore(source, index, byte);
    if (!pulled)
        return fail(pulled.error());
    // A cut far ahead leaves too much open: look to the end of the next layer, then take a plainer one.
    const gcode::Layer* layer = index.layerAt(byte);
    const bool hasNext = layer && layer->index + 1 < index.layers.size();
    const ByteOffset end = std::min(hasNext ? index.layers[layer->index + 1].end : index.size, index.lastExtrusionEnd.value_or(index.size));
    const auto at = gcode::locate(source, index, byte);
    if (!at)
        return fail(at.error());
    const auto around = surroundingsOf(source, index, *at);
    if (!around)
        return fail(around.error());
    gcode::Nanometres retracted = *pulled;
    bool changing = isBetween(*around); // between a tool change or a pause and the next printed line
    std::optional<ByteOffset> safe, travel, move, last;
    const auto done = walk(source, index, byte, end, [&](const Walked& walked) {
        const gcode::MachineState& state = walked.after;
        const bool known = walked.effect.from[0] && walked.effect.from[1] && walked.effect.from[2] && state.absoluteXyz && !state.unknownMotion
            && state.placed(0) && state.placed(1) && state.placed(2) && !state.block && !walked.command.continues && !walked.command.modal;
        const bool isTravel = walked.effect.moved && walked.effect.de == 0;
        changing = !walked.prints()
            && (changing || retracted > longPull || walked.effect.kind == gcode::Effect::Kind::Tool || isPause(walked.command));
        if (known && isTravel && !changing && (retracted > 0 || state.firmwareRetracted))
            safe = walked.line.begin;
        if (known && isTravel && !changing && !travel)
            travel = walked.line.begin;
        if (known && walked.effect.moved && !changing && !move)
            move = walked.line.begin;
        if (known && walked.effect.moved && !last)
            last = walked.line.begin;
        retracted = walked.prints() ? 0 : retracted - walked.effect.de;
        return !safe;
    });
    if (!done)
        return fail(done.error());
    for (const auto& found : {safe, travel, move, last}) {
        if (found)
            return *found;
    }
    return fail(atByte(ErrorCode::AfterLastExtrusion, byte));
}

Result<ResumeCandidate> candidateAt(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte, const StopInterval* stop)
{
    const auto at = gcode::locate(source, index, byte);
    if (!at)
        return fail(at.error());
    if (auto inside = checkInsidePrint(index, at->byte); !inside)
        return fail(inside.error());
    ResumeCandidate candidate = describe(index, *at, stop);
    auto around = surroundingsOf(source, index, *at);
    if (!around)
        return fail(around.error());
    const auto feature = gcode::featureBefore(source, index, at->byte);
    if (!feature)
        return fail(feature.error());
    if (*feature) {
        around->feature = (*feature)->feature;
        candidate.feature = (*feature)->text;
    }
    candidate.retractedMm = gcode::toMillimetres(around->pulled);
    candidate.risks = risksOf(index, at->state, *around, candidate);
    if (around->pulled > longPull) {
        const auto safe = firstSafeCut(source, index, at->byte);
        candidate.risks.push_back({KINTSUGI_TEXT("The filament is pulled %1 mm out here, as in the middle of a tool change: the nozzle is empty. Go on from byte %2 instead."),
                                   {decimal(candidate.retractedMm, 1), std::to_string(safe ? *safe : at->byte)}});
    }
    if (stop) {
        if (auto measured = measureAgainst(source, index, *stop, candidate); !measured)
            return fail(measured.error());
        addOverlapRisks(around->feature, candidate);
    }
    return candidate;
}

Result<std::vector<ResumeCandidate>> candidates(const gcode::Source& source, const gcode::FileIndex& index, const StopInterval& stop)
{
    std::vector<std::pair<Kind, ByteOffset>> places;
    if (const auto cut = firstSafeCut(source, index, stop.likely); cut)
        places.emplace_back(Kind::FirstSafeCut, *cut);
    places.emplace_back(Kind::LikelyLine, stop.likely);
    const auto feature = gcode::featureBefore(source, index, stop.likely);
    if (!feature)
        return fail(feature.error());
    if (*feature)
        places.emplace_back(Kind::StartOfFeature, (*feature)->byte);
    if (const gcode::Layer* layer = index.layerAt(stop.likely)) {
        places.emplace_back(Kind::StartOfLayer, layer->begin);
        if (layer->index > 0)
            places.emplace_back(Kind::StartOfPreviousLayer, index.layers[layer->index - 1].begin);
        if (layer->index + 1 < index.layers.size())
            places.emplace_back(Kind::StartOfNextLayer, index.layers[layer->index + 1].begin);
    }
    std::vector<ResumeCandidate> found;
    std::optional<Error> lastError;
    for (const auto& [kind, byte] : places) {
        auto candidate = candidateAt(source, index, byte, &stop);
        if (!candidate) {
            lastError = candidate.error();
            continue;
        }
        candidate->kind = kind;
        const bool known = std::any_of(found.begin(), found.end(), [&](const ResumeCandidate& other) { return other.byte == candidate->byte; });
        if (!known)
            found.push_back(std::move(*candidate));
    }
    if (found.empty())
        return fail(*lastError);
    const auto best = std::find_if(found.begin(), found.end(), [](const ResumeCandidate& c) { return c.kind == Kind::FirstSafeCut; });
    (best == found.end() ? found.begin() : best)->recommended = true;
    return found;
}

} // namespace kintsugi::recovery
