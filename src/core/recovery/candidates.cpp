// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "recovery/positionmatch.h"
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

/// What stands between the last printing line and the byte, and the line at it.
struct Surroundings {
    bool toolChange = false, pause = false, retracted = false;
    bool extrudes = false; ///< the line at the byte prints
};

bool isPause(const gcode::Command& command)
{
    return command.is('M', 0) || command.is('M', 1) || command.is('M', 25) || command.is('M', 226) || command.is('M', 600)
        || command.is('M', 601) || (command.kind == gcode::Command::Kind::Extended && command.name == "PAUSE");
}

Result<Surroundings> surroundingsOf(const gcode::Source& source, const gcode::FileIndex& index, const gcode::Located& at)
{
    Surroundings found;
    constexpr ByteOffset window = ByteOffset{64} << 10;
    const auto done = walk(source, index, at.byte > window ? at.byte - window : 0, at.end, [&](const Walked& walked) {
        if (walked.line.begin >= at.byte) {
            found.extrudes = walked.prints();
            return false;
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
    found.retracted = *pulled > 0 || at.state.firmwareRetracted;
    return found;
}

std::vector<Message> risksOf(const gcode::MachineState& state, const Surroundings& around)
{
    std::vector<Message> risks;
    const auto add = [&risks](bool holds, const char* text) {
        if (holds)
            risks.push_back({text, {}});
    };
    add(around.extrudes && !around.retracted, KINTSUGI_TEXT("Begins in the middle of a printed line: a visible joint."));
    add(around.toolChange, KINTSUGI_TEXT("Lies inside a tool change: the filament in the nozzle may not be what the file expects."));
    add(around.pause, KINTSUGI_TEXT("Lies right after a pause or a colour change."));
    add(state.unknownMotion, KINTSUGI_TEXT("A macro moved since the position was last known."));
    add(!state.absoluteXyz, KINTSUGI_TEXT("The coordinates are relative here."));
    add(!state.position[0] || !state.position[1] || !state.position[2], KINTSUGI_TEXT("The position is unknown here."));
    add(!state.hotend.count(state.tool), KINTSUGI_TEXT("The file never set the nozzle temperature up to here."));
    return risks;
}

double printedLength(const std::vector<gcode::Segment>& path)
{
    double sum = 0;
    for (const gcode::Segment& segment : path)
        sum += segment.extrudes() ? lengthOf(segment) : 0.0;
    return sum;
}

Result<double> printedBetween(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset begin, ByteOffset end)
{
    if (begin >= end)
        return 0.0;
    const auto path = gcode::readToolpath(source, index, begin, end);
    if (!path)
        return fail(path.error());
    return printedLength(path->segments);
}

/// Overlap and gap against the likeliest place of the nozzle, which lies inside a line.
Result<> measureAgainst(const gcode::Source& source, const gcode::FileIndex& index, const StopInterval& stop, ResumeCandidate& candidate)
{
    const auto likely = gcode::locate(source, index, stop.likely);
    if (!likely)
        return fail(likely.error());
    const auto line = printedBetween(source, index, likely->byte, likely->end);
    if (!line)
        return fail(line.error());
    const double done = *line * stop.likelyFraction;
    const bool back = candidate.byte <= likely->byte;
    const auto between = back ? printedBetween(source, index, candidate.byte, likely->byte)
                              : printedBetween(source, index, likely->end, candidate.byte);
    if (!between)
        return fail(between.error());
    candidate.printedTwiceMm = back ? *between + done : 0.0;
    candidate.leftOpenMm = back ? 0.0 : *between + *line - done;
    if (candidate.printedTwiceMm > 0.05)
        candidate.risks.push_back({KINTSUGI_TEXT("%1 mm would be pressed into plastic that is printed already."), {decimal(candidate.printedTwiceMm, 1)}});
    if (candidate.leftOpenMm > 2.0)
        candidate.risks.push_back({KINTSUGI_TEXT("%1 mm stay unprinted."), {decimal(candidate.leftOpenMm, 1)}});
    return {};
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
    gcode::Nanometres retracted = *pulled;
    std::optional<ByteOffset> safe, travel, move;
    const auto done = walk(source, index, byte, end, [&](const Walked& walked) {
        const gcode::MachineState& state = walked.after;
        const bool known = walked.effect.from[0] && walked.effect.from[1] && walked.effect.from[2] && state.absoluteXyz && !state.unknownMotion;
        const bool isTravel = walked.effect.moved && walked.effect.de == 0;
        if (known && isTravel && (retracted > 0 || state.firmwareRetracted))
            safe = walked.line.begin;
        if (known && isTravel && !travel)
            travel = walked.line.begin;
        if (known && walked.effect.moved && !move)
            move = walked.line.begin;
        retracted = walked.prints() ? 0 : retracted - walked.effect.de;
        return !safe;
    });
    if (!done)
        return fail(done.error());
    if (safe || travel || move)
        return safe ? *safe : travel ? *travel : *move;
    return fail(atByte(ErrorCode::AfterLastExtrusion, byte));
}

Result<ResumeCandidate> candidateAt(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte, const StopInterval* stop)
{
    const auto at = gcode::locate(source, index, byte);
    if (!at)
        return fail(at.error());
    if (auto inside = checkInsidePrint(index, at->byte); !inside)
        return fail(inside.error());
    ResumeCandidate candidate;
    candidate.byte = at->byte;
    candidate.line = at->line;
    if (const gcode::Layer* layer = index.layerAt(at->byte))
        candidate.layer = layer->index;
    candidate.z = gcode::toMillimetres(at->state.position[2].value_or(0));
    const auto around = surroundingsOf(source, index, *at);
    if (!around)
        return fail(around.error());
    candidate.risks = risksOf(at->state, *around);
    if (stop) {
        if (auto measured = measureAgainst(source, index, *stop, candidate); !measured)
            return fail(measured.error());
    }
    return candidate;
}

Result<std::vector<ResumeCandidate>> candidates(const gcode::Source& source, const gcode::FileIndex& index, const StopInterval& stop)
{
    std::vector<std::pair<Kind, ByteOffset>> places;
    if (const auto cut = firstSafeCut(source, index, stop.likely); cut)
        places.emplace_back(Kind::FirstSafeCut, *cut);
    places.emplace_back(Kind::LikelyLine, stop.likely);
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
