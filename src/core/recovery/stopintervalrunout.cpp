// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/stopintervalrunout.h"

#include <algorithm>
#include <cmath>

#include "recovery/positionmatch.h"

namespace kintsugi::recovery {

namespace {

using gcode::Segment;

constexpr double aheadMost = 2.0;     // s: BUFFER_TIME_HIGH, up to which a host that plans at once reads on
constexpr double lookAhead = 0.25;    // s: LOOKAHEAD_FLUSH_TIME
constexpr double heldBack = 0.05;     // s: STEPCOMPRESS_FLUSH_TIME
constexpr double scanned = 0.001;     // s: SDS_CHECK_TIME, of a machine without input shaping and pressure advance
constexpr double clockPeriod = 0.99;  // s: a question for the clock takes along every command that waits (clocksync.py)
constexpr double timedFrom = 0.45, timedTo = 0.70, timedBatch = timedTo - timedFrom; // s after now: motion_queuing.py
constexpr double lateTimer = 0.02;    // s

/// The turn from the segment before into this one, in radians; a half turn when one of them is no travel.
double turnInto(const std::vector<Segment>& path, std::size_t i)
{
    constexpr double half = 3.14159265358979;
    const double a = i > 0 ? lengthOf(path[i - 1]) : 0.0, b = lengthOf(path[i]);
    if (a <= 0 || b <= 0)
        return a > 0 || b > 0 ? half : 0.0;
    const Segment &p = path[i - 1], &q = path[i];
    const double dot = static_cast<double>(p.x1 - p.x0) * static_cast<double>(q.x1 - q.x0) + static_cast<double>(p.y1 - p.y0) * static_cast<double>(q.y1 - q.y0)
        + static_cast<double>(p.z1 - p.z0) * static_cast<double>(q.z1 - q.z0);
    return std::acos(std::clamp(dot / (a * b), -1.0, 1.0));
}

/// Step commands a motor needs from a segment's begin on: within 25 us (stepcompress.c) a parabola follows a smooth curve for
/// some 15 degrees, so a corner begins a new one, a part of a circle the same part of one.
double commandsAt(const std::vector<Segment>& path, std::size_t i)
{
    constexpr double followed = 0.26; // radians
    return std::min(1.0, turnInto(path, i) / followed);
}

/// Step commands a motor needs for a ramp. The times of its steps follow a square root; a parabola that may be 25 us wide
/// follows that for 0.093 v^(5/3) a^(-2/3) mm, whatever the size of a step.
double commandsIn(const PathClock::Ramp& ramp)
{
    constexpr double perRoot = 32.3; // 3 / 0.093
    return perRoot * (std::cbrt(ramp.fast) - std::cbrt(ramp.slow)) / std::cbrt(ramp.accel);
}

/// Motors that surely turn in a segment and hang on one controller. With a belt for each axis one rests along the axes, with
/// crossed ones (CoreXY) on a diagonal.
double beltsIn(const Segment& segment, const Sample& last)
{
    constexpr double aside = 0.15; // radians
    constexpr double eighth = 0.785398163397448;
    if (segment.x0 == segment.x1 && segment.y0 == segment.y1)
        return 0;
    const double angle = std::atan2(segment.y1 - segment.y0, segment.x1 - segment.x0);
    const double shift = last.kinematics == "corexy" ? eighth : 0.0;
    const double step = last.kinematics == "cartesian" || last.kinematics == "corexy" ? 2 * eighth : eighth;
    return std::abs(std::remainder(angle - shift, step)) > aside ? 2.0 : 1.0;
}

double motorsIn(const Segment& segment, const Sample& last)
{
    return beltsIn(segment, last) + (segment.e != 0 && last.sharedController.value_or(false) ? 1.0 : 0.0);
}

/// Up to where motion was handed over, and since when.
struct Handed {
    double end = 0;  ///< s of the clock
    double since = 0;///< real s after the newest sample
};

class Weighing
{
public:
    explicit Weighing(const RunOutEvidence& evidence) : m_e(evidence) {}

    [[nodiscard]] RunOut planned();
    [[nodiscard]] RunOut timed();

private:
    struct Outcome { double end, weight; };
    struct Command { double begin, count; };

    [[nodiscard]] std::vector<Handed> handedLater() const;
    [[nodiscard]] std::optional<std::vector<Handed>> replayed() const;
    [[nodiscard]] double slotsEnd() const;
    [[nodiscard]] std::vector<Command> commandsBefore(double end, const std::vector<double>& borders) const;
    void addTail(double handed, double died, double asked, const std::vector<double>& borders, double weight);
    [[nodiscard]] RunOut weighed();
    [[nodiscard]] std::vector<double> batchEnds(double died) const;
    [[nodiscard]] double clockAt(double real) const { return m_e.seen + real * m_e.pace; }

    const RunOutEvidence& m_e;
    std::vector<Outcome> m_outcomes;
};

/// What the look-ahead handed over after the newest sample, replayed on the file's own lines. nullopt when the samples do
/// not fit that: the host reads slowly, waits, or its limits are not known well enough.
std::optional<std::vector<Handed>> Weighing::replayed() const
{
    constexpr double fits = 0.03;            // s, and a share of the lead
    constexpr std::size_t mostHeld = 400;    // moves
    const auto after = std::upper_bound(m_e.path.begin(), m_e.path.end(), *m_e.last.filePosition,
                                        [](ByteOffset byte, const Segment& segment) { return byte < segment.begin; });
    if (after == m_e.path.begin() || m_e.lead < aheadMost - 0.01)
        return std::nullopt;
    auto last = static_cast<std::size_t>(after - m_e.path.begin()) - 1;
    auto first = m_e.clock.settledUpTo(last > mostHeld ? last - mostHeld : 0, last);
    const double end = clockAt(m_e.lead);
    if (!first || std::abs(m_e.clock.timeAt({*first, 0.0}) - end) > fits + 0.01 * m_e.lead)
        return std::nullopt;
    const double shift = end - m_e.clock.timeAt({*first, 0.0});
    std::vector<Handed> handed{{end, -1e9}};
    double left = lookAhead, lead = m_e.lead;
    while (lead - aheadMost < m_e.diedTo && ++last < m_e.path.size()) {
        left -= m_e.clock.leastSeconds(last);
        if (left > 0)
            continue;
        left = lookAhead;
        const auto next = m_e.clock.settledUpTo(*first, last);
        if (!next)
            continue;
        first = next;
        handed.push_back({m_e.clock.timeAt({*first, 0.0}) + shift, lead - aheadMost});
        lead = (handed.back().end - m_e.seen) / m_e.pace;
    }
    return handed;
}

/// Klipper's controllers take no more than their slots hold from where the nozzle was.
double Weighing::slotsEnd() const
{
    constexpr double motors = 3, belts = 2; // X, Y and E; E makes few steps in a ramp
    double slots = static_cast<double>(m_e.queue.moveSlots);
    const PathPlace nozzle = m_e.clock.placeAt(m_e.seen);
    for (std::size_t i = nozzle.segment; i < m_e.path.size(); ++i) {
        slots -= std::max(1.0, 2 * motors * commandsAt(m_e.path, i));
        for (const PathClock::Ramp& ramp : m_e.clock.ramps(i))
            slots -= belts * commandsIn(ramp);
        if (slots <= 0)
            return m_e.clock.timeAt({i, 0.0});
    }
    return 1e9;
}

/// Step commands that surely begin before `end`, the last first. At each border all motors begin new ones.
std::vector<Weighing::Command> Weighing::commandsBefore(double end, const std::vector<double>& borders) const
{
    constexpr double surelyPerRamp = 0.9, clearly = 0.8;
    std::vector<Command> commands;
    double count = 0;
    const auto most = static_cast<double>(m_e.queue.unsentCommands);
    const double farthest = end - clockPeriod * m_e.pace - 0.7;
    std::size_t i = m_e.clock.placeAt(end).segment;
    for (;; --i) {
        const double motors = motorsIn(m_e.path[i], m_e.last), begin = m_e.clock.timeAt({i, 0.0});
        const double finish = i + 1 < m_e.path.size() ? m_e.clock.timeAt({i + 1, 0.0}) : end;
        const auto add = [&](double time, double number) {
            if (time < end && number > 0) {
                commands.push_back({time, number});
                count += number;
            }
        };
        for (const PathClock::Ramp& ramp : m_e.clock.ramps(i)) {
            const double each = beltsIn(m_e.path[i], m_e.last);
            const auto parts = static_cast<int>(surelyPerRamp * commandsIn(ramp));
            for (int part = 0; part < parts; ++part)
                add(ramp.begin + (ramp.end - ramp.begin) * (part + 0.5) / parts, each);
            if (ramp.slow < clearly * ramp.fast) // and another when it turns into cruising, or out of it
                add(ramp.begin > begin ? ramp.begin : ramp.end, each);
        }
        for (const double border : borders) {
            if (border > begin && border <= finish)
                add(border, motors);
        }
        add(begin, beltsIn(m_e.path[i], m_e.last) * commandsAt(m_e.path, i));
        if (i == 0 || count > 2 * most || begin < farthest)
            break;
    }
    std::stable_sort(commands.begin(), commands.end(), [](const Command& a, const Command& b) { return a.begin > b.begin; });
    return commands;
}

/// The last commands fill no message and wait: any number of bytes is as good, up to what a message takes.
void Weighing::addTail(double handed, double died, double asked, const std::vector<double>& borders, double weight)
{
    const double end = handed - (heldBack + scanned) * m_e.pace;
    const double due = clockAt(died + m_e.queue.leastRunOut);
    const double least = std::max({clockAt(died), asked, std::min(due, end)});
    const auto commands = commandsBefore(end, borders);
    constexpr double payload = 59, stepBytes = 7; // bytes: MESSAGE_PAYLOAD_MAX; queue_step as it mostly is
    const auto most = static_cast<int>(m_e.queue.unsentCommands);
    const auto share = [&](int waiting) { return weight * std::clamp(payload - stepBytes * waiting, 1.0, stepBytes) / payload; };
    // None waits: motion ends before the next command, which the host had not made yet.
    m_outcomes.push_back({std::max(end, least), share(0) / 2});
    m_outcomes.push_back({std::max(handed, least), share(0) / 2});
    auto command = commands.begin();
    double count = 0;
    for (int waiting = 1; waiting <= most; ++waiting) {
        while (command != commands.end() && count + command->count < waiting)
            count += (command++)->count;
        const double begin = command == commands.end() ? least : command->begin;
        m_outcomes.push_back({std::max(begin, least), share(waiting)});
    }
}

/// A host that hands over what it plans: at once, as soon as less than 2 s are planned ahead.
std::vector<Handed> Weighing::handedLater() const
{
    if (auto later = replayed())
        return *later;
    std::vector<Handed> handed{{clockAt(m_e.lead), -1e9}};
    constexpr int parts = 8;
    const double most = std::max(m_e.mostLead, aheadMost + lookAhead);
    for (double since = std::max(0.0, m_e.lead - aheadMost); since < m_e.diedTo; since += 0.02) {
        for (int part = 0; part <= parts; ++part)
            handed.push_back({clockAt(since + aheadMost + (most - aheadMost) * part / parts), since});
    }
    return handed;
}

RunOut Weighing::planned()
{
    constexpr int moments = 48;
    const std::vector<Handed> handed = handedLater();
    std::vector<double> borders = m_e.plannedEnds;
    for (const Handed& one : handed)
        borders.push_back(one.end);
    for (double& border : borders)
        border -= scanned * m_e.pace;
    for (int i = 0; i < moments; ++i) {
        const double died = m_e.diedFrom + (m_e.diedTo - m_e.diedFrom) * (i + 0.5) / moments;
        // What was planned when the clock was last asked for surely went out.
        double asked = clockAt(died - clockPeriod + aheadMost) - (heldBack + scanned) * m_e.pace;
        asked = m_e.lead >= aheadMost ? std::min(asked, handed.front().end - heldBack * m_e.pace) : -1e9;
        for (const double late : {0.0, lateTimer}) {
            double since = -1e9;
            for (const Handed& one : handed)
                since = one.since <= died - late ? std::max(since, one.since) : since;
            const auto equal = std::count_if(handed.begin(), handed.end(), [since](const Handed& one) { return one.since == since; });
            for (const Handed& one : handed) {
                if (one.since == since)
                    addTail(one.end, died, asked, borders, (late > 0 ? 0.1 : 0.9) / static_cast<double>(equal));
            }
        }
    }
    return weighed();
}

/// A host that hands over by a timer: where its last batch ended at the death. Without a known phase any is as good.
std::vector<double> Weighing::batchEnds(double died) const
{
    constexpr int phases = 12;
    std::vector<double> ends; // real s after the newest sample
    if (!m_e.queue.batchPhase) {
        for (int phase = 0; phase < phases; ++phase)
            ends.push_back(died + timedFrom - lateTimer + (timedBatch + lateTimer) * (phase + 0.5) / phases);
        return ends;
    }
    for (const double unsure : {-0.01, 0.0, 0.01}) {
        for (const double late : {0.0, 0.25 * lateTimer, lateTimer}) {
            const double first = *m_e.queue.batchPhase + unsure - *m_e.last.estimatedPrintTime;
            ends.push_back(first + timedBatch * std::floor((died - late + timedTo - first) / timedBatch));
        }
    }
    return ends;
}

RunOut Weighing::timed()
{
    constexpr int moments = 48;
    const double plan = clockAt(std::max(m_e.lead, 0.0));
    for (int i = 0; i < moments; ++i) {
        const double died = m_e.diedFrom + (m_e.diedTo - m_e.diedFrom) * (i + 0.5) / moments;
        for (const double ended : batchEnds(died)) {
            const double end = clockAt(ended);
            std::vector<double> borders;
            for (int batch = 1; batch < 6; ++batch)
                borders.push_back(end - batch * timedBatch * m_e.pace);
            addTail(m_e.lead > 0 && m_e.lead < ended ? std::min(end, plan) : end, died, -1e9, borders, 1);
        }
    }
    return weighed();
}

RunOut Weighing::weighed()
{
    constexpr double inside = 0.994;
    std::sort(m_outcomes.begin(), m_outcomes.end(), [](const Outcome& a, const Outcome& b) { return a.end < b.end; });
    double all = 0;
    for (const Outcome& outcome : m_outcomes)
        all += outcome.weight;
    const auto at = [&](double share) {
        double sum = 0;
        for (const Outcome& outcome : m_outcomes) {
            sum += outcome.weight;
            if (sum >= share * all)
                return outcome.end;
        }
        return m_outcomes.back().end;
    };
    RunOut found{m_outcomes.front().end, at(0.25), at(0.5), at(0.75), m_outcomes.back().end};
    double held = 0; // of the outcomes [first, last]
    for (std::size_t first = 0, last = 0; last < m_outcomes.size(); ++last) {
        held += m_outcomes[last].weight;
        while (held - m_outcomes[first].weight >= inside * all)
            held -= m_outcomes[first++].weight;
        if (held >= inside * all && m_outcomes[last].end - m_outcomes[first].end < found.most - found.least) {
            found.least = m_outcomes[first].end;
            found.most = m_outcomes[last].end;
        }
    }
    found.least = std::min(found.least, slotsEnd());
    return found;
}

} // namespace

std::optional<RunOut> runOut(const RunOutEvidence& evidence)
{
    if (evidence.path.empty())
        return std::nullopt;
    Weighing weighing(evidence);
    switch (evidence.queue.flush) {
    case QueueModel::Flush::WithPlan: return weighing.planned();
    case QueueModel::Flush::Timed: return weighing.timed();
    case QueueModel::Flush::Unknown: break;
    }
    return std::nullopt;
}

} // namespace kintsugi::recovery
