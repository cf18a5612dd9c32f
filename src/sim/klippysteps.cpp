// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippysteps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace kintsugi::sim {

namespace {

constexpr double heldBack = 0.05;     // s: STEPCOMPRESS_FLUSH_TIME
constexpr double stepFilter = 0.001;  // s: SDS_CHECK_TIME
constexpr double timedLow = 0.45, timedBatch = 0.25; // s: BGFLUSH_SG_LOW_TIME, and BGFLUSH_SG_HIGH_TIME less it
constexpr int payload = 59;           // bytes: MESSAGE_PAYLOAD_MAX
constexpr int stepBytes = 7, directionBytes = 3; // queue_step, set_next_step_dir

struct StepCommand {
    double begin = 0, end = 0; ///< s
    double speed = 0;          ///< mm/s of the motor at its begin
    bool steady = false;       ///< neither accelerates nor brakes
    int bytes = stepBytes;
};

/// The commands of one motor, in order of time.
class Motor
{
public:
    void drive(double begin, double end, double speed, bool steady)
    {
        if (end - begin < 1e-9)
            return;
        if (!m_commands.empty()) {
            StepCommand& last = m_commands.back();
            // One command goes on while the steps keep their rate.
            const bool follows = begin - last.end < 1e-6 && std::abs(speed - last.speed) <= 0.1 * std::abs(last.speed);
            if (steady && last.steady && follows) {
                last.end = end;
                return;
            }
        }
        const bool turns = !m_commands.empty() && (m_commands.back().speed < 0) != (speed < 0);
        m_commands.push_back({begin, end, speed, steady, stepBytes + (turns ? directionBytes : 0)});
    }
    [[nodiscard]] const std::vector<StepCommand>& commands() const { return m_commands; }

private:
    std::vector<StepCommand> m_commands;
};

void driveMove(std::array<Motor, 4>& motors, const Segment& move)
{
    for (std::size_t axis = 0; axis < motors.size(); ++axis) {
        const double share = move.distance > 0 ? (move.to[axis] - move.from[axis]) / move.distance : 0;
        if (share == 0)
            continue;
        const double cruise = move.start + move.accelT, brake = cruise + move.cruiseT;
        const double faster = (move.startV + move.cruiseV) / 2, slower = (move.cruiseV + move.endV) / 2;
        motors[axis].drive(move.start, cruise, faster * share, false);
        motors[axis].drive(cruise, brake, move.cruiseV * share, true);
        motors[axis].drive(brake, move.end(), slower * share, false);
    }
}

/// Steps are generated up to `end` at once; each time begins new commands.
struct Batch {
    double handed = 0, end = 0; ///< s
};

std::vector<Batch> batchesOf(const std::deque<Segment>& moves, double now, const StepSending& sending)
{
    std::vector<Batch> batches; // ascending
    if (sending.timed) {
        const double first = now + timedLow - sending.sinceBatch - 4 * timedBatch;
        const double plan = moves.back().end() - 2 * stepFilter;
        for (double end = first; end <= now + timedLow + timedBatch + 1e-9; end += timedBatch)
            batches.push_back({end - timedLow - timedBatch, std::min(end, plan)});
        return batches;
    }
    for (const Segment& move : moves) {
        if (batches.empty() || move.planned > batches.back().handed)
            batches.push_back({move.planned, 0});
        batches.back().end = move.end() - stepFilter;
    }
    return batches;
}

/// All commands that still wait or run.
std::vector<StepCommand> commandsOf(const std::deque<Segment>& moves, double now, const std::vector<Batch>& batches)
{
    std::array<Motor, 4> motors;
    for (const Segment& move : moves)
        driveMove(motors, move);
    std::vector<StepCommand> commands;
    for (const Motor& motor : motors) {
        for (StepCommand command : motor.commands()) {
            for (const Batch& batch : batches) {
                if (batch.end <= command.begin || batch.end >= command.end - 1e-9)
                    continue;
                StepCommand part = command;
                part.end = command.begin = batch.end;
                if (part.end > std::max(now, part.begin + 1e-9))
                    commands.push_back(part);
            }
            if (command.end > now)
                commands.push_back(command);
        }
    }
    const auto earlier = [](const StepCommand& a, const StepCommand& b) { return a.begin < b.begin; };
    std::stable_sort(commands.begin(), commands.end(), earlier);
    return commands;
}

using Place = std::vector<StepCommand>::const_iterator;

/// Up to where commands are handed over when steps are generated up to `end`.
Place handedUpTo(const std::vector<StepCommand>& commands, double end)
{
    return std::find_if(commands.begin(), commands.end(), [end](const StepCommand& one) { return one.begin > end - heldBack; });
}

} // namespace

double endOfSentMotion(const std::deque<Segment>& moves, double now, const StepSending& sending)
{
    if (moves.empty())
        return now;
    const std::vector<Batch> batches = batchesOf(moves, now, sending);
    const double stepped = batches.back().end;
    const std::vector<StepCommand> commands = commandsOf(moves, now, batches);
    const Place flushed = handedUpTo(commands, stepped);
    const auto slots = static_cast<std::ptrdiff_t>(sending.moveSlots);
    const Place fits = std::min(flushed, commands.begin() + std::min(slots, static_cast<std::ptrdiff_t>(commands.size())));
    // The question for the clock takes along what waits at that time.
    Place sent = commands.begin();
    for (const Batch& batch : batches)
        sent = sending.clockAsked && batch.handed <= *sending.clockAsked ? handedUpTo(commands, batch.end) : sent;
    sent = std::min(sent, fits);
    Place message = sent;
    int bytes = 0;
    for (; sent != fits; ++sent) {
        if (bytes + sent->bytes > payload) {
            bytes = 0;
            message = sent;
        }
        bytes += sent->bytes;
    }
    // The last message is not full: it waits for its time.
    const bool due = message != sent && message->begin <= now + sending.dueBefore;
    if (bytes < payload && !due)
        sent = message;
    const double last = sent == commands.end() ? stepped : std::min(sent->begin, stepped);
    return std::max(now, last);
}

} // namespace kintsugi::sim
