// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/walk.h"

#include <algorithm>

namespace kintsugi::recovery {

namespace {

const gcode::Checkpoint* checkpointBefore(const gcode::FileIndex& index, ByteOffset byte)
{
    const auto after = std::upper_bound(index.checkpoints.begin(), index.checkpoints.end(), byte,
                                        [](ByteOffset at, const gcode::Checkpoint& point) { return at < point.byte; });
    return after == index.checkpoints.begin() ? nullptr : &*std::prev(after);
}

/// Filament by an {expression} or below a condition.
bool movesFilamentUnseen(const Walked& walked)
{
    const bool move = walked.effect.kind == gcode::Effect::Kind::Move || walked.effect.kind == gcode::Effect::Kind::Arc;
    const bool computed = (walked.command.computed >> ('E' - 'A')) & 1U;
    return move && (computed || (walked.after.block && walked.command.has('E')));
}

} // namespace

Result<> walk(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset begin, ByteOffset end,
              const std::function<bool(const Walked&)>& visit)
{
    const gcode::Checkpoint* start = checkpointBefore(index, begin);
    gcode::MachineState state = start ? start->state() : gcode::MachineState{};
    ByteOffset at = start ? start->byte : 0;
    gcode::Scanner scanner(at, start ? start->line : 1);
    bool going = true;
    gcode::Command command;
    const auto sink = [&](const gcode::Line& line) {
        if (!going || line.begin >= end) {
            going = false;
            return;
        }
        gcode::LineCommands commands(line.text, index.dialect);
        while (going && commands.next(command, state)) {
            const gcode::Effect effect = gcode::apply(state, command, index.dialect);
            if (line.begin >= begin)
                going = visit(Walked{line, command, effect, state});
        }
    };
    std::vector<std::byte> buffer(std::size_t{256} << 10);
    while (going) {
        const auto count = source.read(at, buffer);
        if (!count)
            return fail(count.error());
        if (*count == 0)
            break;
        at += *count;
        scanner.feed(std::span(buffer).first(*count), sink);
    }
    if (going)
        scanner.finish(sink);
    return {};
}

Result<gcode::Nanometres> retractedBefore(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte)
{
    for (ByteOffset window = std::size_t{128} << 10;; window *= 8) {
        const ByteOffset begin = byte > window ? byte - window : 0;
        bool found = begin == 0;
        gcode::Nanometres sum = 0;
        bool guessed = false; // an amount that only the printer works out
        const auto done = walk(source, index, begin, byte, [&](const Walked& walked) {
            if (walked.prints()) {
                found = true;
                guessed = false;
                sum = 0;
            } else {
                sum += walked.effect.de;
                guessed = guessed || movesFilamentUnseen(walked);
            }
            return true;
        });
        if (!done)
            return fail(done.error());
        if (found && guessed) {
            Error error{.code = ErrorCode::UnknownState, .byte = byte};
            error.field = "retracted";
            return fail(std::move(error));
        }
        if (found)
            return std::max<gcode::Nanometres>(-sum, 0);
    }
}

} // namespace kintsugi::recovery
