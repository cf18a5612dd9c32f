// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippysteps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace kintsugi::sim {

namespace {

using Ticks = std::int64_t;

constexpr double heldBack = 0.05;      // s: STEPCOMPRESS_FLUSH_TIME
constexpr double stepFilter = 0.001;   // s: SDS_CHECK_TIME
constexpr double moveBatch = 0.5;      // s: MOVE_BATCH_TIME
constexpr double timedLow = 0.45, timedHigh = 0.70, timedBatch = timedHigh - timedLow; // s: BGFLUSH_SG_LOW_TIME, BGFLUSH_SG_HIGH_TIME
constexpr int payload = 59;            // bytes: MESSAGE_PAYLOAD_MAX
constexpr double frequency = 180e6;    // ticks/s of the controller
constexpr Ticks stepError = 4500;      // 25 us: max_stepper_error
constexpr int longestRun = 65535;      // steps of one command

/// Motors of the demo machine and mm of one microstep: X, Y, four of Z, the extruder (see klippysettings.cpp).
struct Drive { std::size_t axis; double step; };
constexpr std::array<Drive, 7> drives{{{0, 40.0 / 3200}, {1, 40.0 / 3200}, {2, 8.0 / 3200}, {2, 8.0 / 3200}, {2, 8.0 / 3200}, {2, 8.0 / 3200},
                                       {3, 33.5 / 3200}}};

struct StepCommand {
    double request = 0;           ///< s: its place in the queue, the step before its first one
    double first = 0, last = 0;   ///< s, of its steps
    int bytes = 0;
};

/// Bytes of a number in a message.
int bytesOf(Ticks value)
{
    int bytes = 1;
    for (Ticks limit = 32; value < -limit || value >= 3 * limit; limit *= 128)
        ++bytes;
    return bytes;
}

/// "count" steps, the first "interval" after the step before, each interval longer by "add".
struct Run {
    Ticks interval = 0;
    int count = 0, add = 0;
    bool wantsMore = false; ///< a greater "add" would have followed the next step
};

/// The steps a motor has yet to make, and how they become commands (stepcompress.c).
class Motor
{
public:
    Motor(const Drive& drive, double from, double begin)
        : m_drive(drive), m_at(stepOf(from)), m_last(ticksOf(begin))
    {
    }

    void drive(const Segment& move)
    {
        const double from = move.from[m_drive.axis], to = move.to[m_drive.axis];
        if (from == to || move.distance <= 0)
            return;
        const double perMm = move.distance / (to - from);
        for (const Ticks end = stepOf(to); m_at != end;) {
            const bool up = end > m_at;
            const double border = (static_cast<double>(m_at) + (up ? 0.5 : -0.5)) * m_drive.step;
            m_at += up ? 1 : -1;
            m_steps.push_back(ticksOf(move.timeAt(std::clamp((border - from) * perMm, 0.0, move.distance))));
            m_up.push_back(up);
        }
    }
    /// Commands that begin before the flush of steps generated up to `end`.
    void flush(double end, std::vector<StepCommand>& commands)
    {
        const Ticks generated = ticksOf(end), border = ticksOf(end - heldBack);
        while (m_next < m_steps.size() && m_steps[m_next] <= generated && m_last < border) {
            const Run run = longest(generated);
            const bool turns = m_up[m_next] != m_wasUp;
            StepCommand command;
            command.request = secondsOf(m_last);
            command.first = secondsOf(m_steps[m_next]);
            const Ticks ticks = run.interval * run.count + Ticks{run.add} * run.count * (run.count - 1) / 2;
            m_last += ticks;
            command.last = secondsOf(m_last);
            m_wasUp = m_up[m_next];
            m_next += static_cast<std::size_t>(run.count);
            command.bytes = 2 + bytesOf(run.interval) + bytesOf(run.count) + bytesOf(run.add) + (turns ? 3 : 0); // set_next_step_dir
            commands.push_back(command);
        }
    }
    /// The first step nobody made a command of.
    [[nodiscard]] double nextStep() const { return m_next < m_steps.size() ? secondsOf(m_steps[m_next]) : std::numeric_limits<double>::infinity(); }

private:
    [[nodiscard]] static Ticks ticksOf(double seconds) { return static_cast<Ticks>(seconds * frequency); }
    [[nodiscard]] static double secondsOf(Ticks ticks) { return static_cast<double>(ticks) / frequency; }
    [[nodiscard]] Ticks stepOf(double position) const { return static_cast<Ticks>(std::floor(position / m_drive.step + 0.5)); }

    /// As many steps as one value of "add" follows: each may come early by the allowed error or half its interval.
    [[nodiscard]] Run follow(int add, Ticks generated) const
    {
        Run run{.add = add};
        Ticks low = 0, high = std::numeric_limits<Ticks>::max();
        for (int n = 1; n <= longestRun; ++n) {
            const std::size_t at = m_next + static_cast<std::size_t>(n) - 1;
            if (at >= m_steps.size() || m_steps[at] > generated || m_up[at] != m_up[m_next])
                break;
            const Ticks point = m_steps[at] - m_last, before = n > 1 ? m_steps[at - 1] - m_last : 0;
            const Ticks bend = Ticks{add} * n * (n - 1) / 2;
            const Ticks latest = point - bend, earliest = latest - std::min(stepError, (point - before) / 2);
            const Ticks least = earliest <= 0 ? 0 : (earliest + n - 1) / n, most = latest < 0 ? -1 : latest / n;
            if (std::max(low, least) > std::min(high, most)) {
                run.wantsMore = least > high;
                break;
            }
            low = std::max(low, least);
            high = std::min(high, most);
            run.interval = high;
            run.count = n;
        }
        return run;
    }
    [[nodiscard]] Run longest(Ticks generated) const
    {
        Run best;
        int straight = 0;
        for (int least = -0x8000, most = 0x7fff, add = 0; least <= most; add = least + (most - least) / 2) {
            const Run run = follow(add, generated);
            if (add == 0) {
                straight = run.count;
                if (run.count > 0x200)
                    return run;
            }
            if (run.count > best.count && (add == 0 || run.count > straight + straight / 16))
                best = run;
            (run.wantsMore ? least : most) = run.wantsMore ? add + 1 : add - 1;
        }
        if (best.count > 0)
            return best;
        return {std::max<Ticks>(m_steps[m_next] - m_last, 1), 1, 0, false};
    }

    Drive m_drive;
    Ticks m_at;
    Ticks m_last;
    std::vector<Ticks> m_steps;
    std::vector<bool> m_up;
    std::size_t m_next = 0;
    bool m_wasUp = true;
};

/// A host that hands over what it plans does so as soon as it is planned.
std::vector<StepBatch> plannedBatches(const std::deque<Segment>& moves)
{
    std::vector<StepBatch> batches;
    for (const Segment& move : moves) {
        if (batches.empty() || move.planned > batches.back().handed)
            batches.push_back({move.planned, 0});
        batches.back().end = move.end() - stepFilter;
    }
    std::vector<StepBatch> parts;
    double at = moves.front().start;
    for (const StepBatch& batch : batches) {
        for (at = std::min(at + moveBatch, batch.end); at < batch.end; at += moveBatch)
            parts.push_back({batch.handed, at});
        parts.push_back(batch);
        at = batch.end;
    }
    return parts;
}

} // namespace

void StepTimer::plan(double now, double planned)
{
    runTo(now);
    if (m_stepped >= m_planned)
        m_kicked = now;
    m_planned = std::max(m_planned, planned - 2 * stepFilter);
}

void StepTimer::runTo(double now)
{
    while (m_stepped < m_planned) {
        const double wake = std::max(m_kicked, m_stepped - timedLow);
        if (wake > now)
            return;
        const double next = m_stepped + timedBatch > wake ? m_stepped + timedBatch : wake + timedHigh;
        m_stepped = std::min(next, m_planned);
        m_batches.push_back({wake, m_stepped});
        if (m_batches.size() > 16)
            m_batches.pop_front();
    }
}

std::vector<StepBatch> StepTimer::batches(double now)
{
    runTo(now);
    return {m_batches.begin(), m_batches.end()};
}

double endOfSentMotion(const std::deque<Segment>& moves, double now, const StepSending& sending)
{
    if (moves.empty())
        return now;
    const std::vector<StepBatch> batches = sending.timed ? *sending.timed : plannedBatches(moves);
    if (batches.empty())
        return now;
    std::vector<Motor> motors;
    for (const Drive& drive : drives) {
        motors.emplace_back(drive, moves.front().from[drive.axis], moves.front().start);
        for (const Segment& move : moves)
            motors.back().drive(move);
    }
    std::vector<StepCommand> commands;
    std::size_t asked = 0; // the question for the clock takes along what waits at that time
    for (const StepBatch& batch : batches) {
        const auto before = static_cast<std::ptrdiff_t>(commands.size());
        for (Motor& motor : motors)
            motor.flush(batch.end, commands);
        std::stable_sort(commands.begin() + before, commands.end(), [](const StepCommand& a, const StepCommand& b) { return a.request < b.request; });
        if (sending.clockAsked && batch.handed <= *sending.clockAsked)
            asked = commands.size();
    }
    double end = batches.back().end;
    for (const Motor& motor : motors)
        end = std::min(end, motor.nextStep());
    const auto done = std::count_if(commands.begin(), commands.end(), [now](const StepCommand& one) { return one.last < now; });
    const std::size_t fits = std::min(commands.size(), static_cast<std::size_t>(done) + sending.moveSlots);
    std::size_t sent = std::min(asked, fits), message = sent;
    for (int bytes = 0; sent < fits; bytes += commands[sent++].bytes) {
        if (bytes + commands[sent].bytes > payload) {
            bytes = 0;
            message = sent;
        }
    }
    // The last message is not full: it waits for its time.
    if (message != sent && commands[message].request > now + sending.dueBefore)
        sent = message;
    for (std::size_t i = sent; i < commands.size(); ++i)
        end = std::min(end, commands[i].first);
    return std::max(now, end);
}

} // namespace kintsugi::sim
