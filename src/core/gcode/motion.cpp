// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/motion.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>

namespace kintsugi::gcode {

namespace {

using Quantity = std::array<double, MotionBatch::capacity + 1>;

/// Nearest whole number for |value| < 2^51, in a form that vectorises.
inline std::int64_t nearest(double value)
{
    constexpr double magic = 6755399441055744.0; // 1.5 * 2^52
    return std::bit_cast<std::int64_t>(value + magic) - std::bit_cast<std::int64_t>(magic);
}

inline double smaller(double a, double b) { return a < b ? a : b; }
inline double larger(double a, double b) { return a > b ? a : b; }
inline double size(double a) { return __builtin_fabs(a); }

constexpr double longestNs = 1e13; ///< of one move: a few hours

} // namespace

struct MotionClock::Work {
    Quantity length, feed, ux, uy, uz, cruise, inverse, ramp, entry, root; ///< mm, mm/s, 1 / mm/s², 2 a L, v² at the start, v
    std::array<std::int64_t, MotionBatch::capacity + 1> naive, model;      ///< ns
};

namespace {

using Work = MotionClock::Work;
using Moves = MotionBatch::Moves;

// Each step is one loop without branches over arrays, so that the compiler can take several moves at a time.

[[gnu::always_inline]] inline void measure(const Moves& moves, std::size_t count, Work& w)
{
    for (std::size_t at = 0; at < count; ++at) {
        const double x = moves.dx[at] * 1e-6, y = moves.dy[at] * 1e-6, z = moves.dz[at] * 1e-6;
        const double distance = __builtin_sqrt(x * x + y * y + z * z);
        w.length[at] = distance > 0 ? distance : size(moves.de[at] * 1e-6);
        w.feed[at] = moves.feed[at] * (1e-6 / 60);
    }
}

[[gnu::always_inline]] inline void direct(const Moves& moves, std::size_t count, Work& w)
{
    for (std::size_t at = 0; at < count; ++at) {
        const double x = moves.dx[at] * 1e-6, y = moves.dy[at] * 1e-6, z = moves.dz[at] * 1e-6;
        const double inverse = size(x) + size(y) + size(z) > 0 ? 1 / w.length[at] : 0;
        w.ux[at] = x * inverse;
        w.uy[at] = y * inverse;
        w.uz[at] = z * inverse;
    }
}

[[gnu::always_inline]] inline void naiveTimes(std::size_t count, Work& w)
{
    for (std::size_t at = 0; at < count; ++at) {
        const double ns = w.length[at] / w.feed[at] * 1e9;
        w.naive[at] = nearest(w.feed[at] > 0 ? smaller(ns, longestNs) : 0);
    }
}

/// `limited`: some axis has limits of its own. The same result without it, when there are none.
template <bool limited>
[[gnu::always_inline]] inline void limitMoves(const Moves& moves, std::size_t begin, std::size_t end, const MotionLimits& limits, Work& w)
{
    const auto &iv = limits.inverseFeed, &ia = limits.inverseAcceleration;
    const double print = 1 / limits.print, travel = 1 / limits.travel, retract = 1 / limits.retract;
    for (std::size_t at = begin; at < end; ++at) {
        const double x = size(w.ux[at]), y = size(w.uy[at]), z = size(w.uz[at]);
        const bool isMove = x + y + z > 0;
        const bool prints = moves.de[at] > 0;
        const double usual = isMove ? (prints ? limits.print : limits.travel) : limits.retract;
        const double inverse = isMove ? (prints ? print : travel) : retract;
        const double cruise = larger(w.feed[at], 0) * limits.speed;
        if constexpr (limited) {
            const double slowest = larger(larger(x * iv[0], y * iv[1]), larger(z * iv[2], isMove ? 0 : iv[3]));
            const double weakest = larger(larger(x * ia[0], y * ia[1]), larger(z * ia[2], isMove ? 0 : ia[3]));
            w.cruise[at] = smaller(cruise, 1 / slowest);
            w.inverse[at] = larger(inverse, weakest);
            w.ramp[at] = 2 * smaller(usual, 1 / weakest) * w.length[at];
        } else {
            w.cruise[at] = cruise;
            w.inverse[at] = inverse;
            w.ramp[at] = 2 * usual * w.length[at];
        }
    }
}

/// v² at the corner from direction (px, py, pz) to (x, y, z), not yet limited by the two moves' own speeds. Standing
/// filament moves have no direction: they begin and end at rest.
template <bool jerk>
[[gnu::always_inline]] inline double cornerSpeed(const MotionLimits& limits, double px, double py, double pz, double x, double y, double z, double inverse)
{
    const bool both = px * px + py * py + pz * pz > 0.5 && x * x + y * y + z * z > 0.5;
    if constexpr (jerk) {
        const double worst = larger(larger(size(x - px) * limits.inverseJerk[0], size(y - py) * limits.inverseJerk[1]), size(z - pz) * limits.inverseJerk[2]);
        return both ? 1 / larger(worst * worst, 1e-12) : 0;
    } else {
        const double half = __builtin_sqrt(larger(0.5 * (1 + px * x + py * y + pz * z), 0));
        const double rounded = larger(limits.corner * inverse, limits.deviation) * half / (larger(1 - half, 1e-12) * inverse);
        return both ? rounded : 0;
    }
}

template <bool jerk>
[[gnu::always_inline]] inline void corners(std::size_t begin, std::size_t end, const MotionLimits& limits, Work& w)
{
    for (std::size_t at = std::max<std::size_t>(begin, 1); at < end; ++at) {
        const double corner = cornerSpeed<jerk>(limits, w.ux[at - 1], w.uy[at - 1], w.uz[at - 1], w.ux[at], w.uy[at], w.uz[at], w.inverse[at]);
        const double slower = smaller(w.cruise[at - 1], w.cruise[at]);
        w.entry[at] = smaller(corner, slower * slower);
    }
}

// What can be braked from going backwards, what can be reached going forwards. One such chain waits for itself at each step: so four
// are followed at a time, all but the first from a guess that is too high, and mended until they meet what was found.

constexpr double unbounded = 1e300;

[[gnu::always_inline]] inline void brake(std::size_t count, Work& w)
{
    const std::size_t part = count / 4;
    double last = 0;
    for (std::size_t at = count; at-- > part * 4;)
        w.entry[at] = last = smaller(w.entry[at], last + w.ramp[at]);
    double speed[4] = {unbounded, unbounded, unbounded, last};
    for (std::size_t at = part; at-- > 0;)
        for (std::size_t chain = 0; chain < 4; ++chain) {
            const std::size_t move = chain * part + at;
            w.entry[move] = speed[chain] = smaller(w.entry[move], speed[chain] + w.ramp[move]);
        }
    for (std::size_t chain = 3; chain-- > 0;) {
        double known = w.entry[(chain + 1) * part];
        for (std::size_t at = (chain + 1) * part; at-- > chain * part;) {
            known = smaller(w.entry[at], known + w.ramp[at]);
            if (known == w.entry[at])
                break;
            w.entry[at] = known;
        }
    }
}

[[gnu::always_inline]] inline void reach(std::size_t count, Work& w)
{
    const std::size_t part = count / 4;
    double speed[4] = {0, unbounded, unbounded, unbounded};
    for (std::size_t at = 0; at < part; ++at)
        for (std::size_t chain = 0; chain < 4; ++chain) {
            const std::size_t move = chain * part + at;
            w.entry[move + 1] = speed[chain] = smaller(w.entry[move + 1], speed[chain] + w.ramp[move]);
        }
    for (std::size_t chain = 1; chain < 4; ++chain) {
        double known = w.entry[chain * part];
        for (std::size_t at = chain * part; at < (chain + 1) * part; ++at) {
            known = smaller(w.entry[at + 1], known + w.ramp[at]);
            if (known == w.entry[at + 1])
                break;
            w.entry[at + 1] = known;
        }
    }
    double last = w.entry[part * 4];
    for (std::size_t at = part * 4; at < count; ++at)
        w.entry[at + 1] = last = smaller(w.entry[at + 1], last + w.ramp[at]);
}

[[gnu::always_inline]] inline void lookAhead(std::size_t count, Work& w)
{
    w.entry[0] = 0;
    w.entry[count] = 0;
    brake(count, w);
    reach(count, w);
}

[[gnu::always_inline]] inline void modelTimes(std::size_t count, Work& w)
{
    for (std::size_t at = 0; at <= count; ++at)
        w.root[at] = __builtin_sqrt(w.entry[at]);
    for (std::size_t at = 0; at < count; ++at) {
        const double in = w.entry[at], out = w.entry[at + 1], inverse = w.inverse[at];
        const double peak = smaller(w.cruise[at] * w.cruise[at], 0.5 * (w.ramp[at] + in + out));
        const double top = __builtin_sqrt(peak);
        const double ramps = (2 * top - w.root[at] - w.root[at + 1]) * inverse;
        const double cruise = (w.length[at] - (peak - 0.5 * (in + out)) * inverse) / top;
        const double ns = (ramps + larger(cruise, 0)) * 1e9;
        w.model[at] = nearest(peak > 0 ? smaller(ns, longestNs) : 0);
    }
}

[[gnu::always_inline]] inline void limitAll(const Moves& moves, std::size_t begin, std::size_t end, const MotionLimits& limits, Work& w)
{
    bool limited = false;
    for (std::size_t axis = 0; axis < 4; ++axis)
        limited = limited || limits.inverseFeed[axis] != 0 || limits.inverseAcceleration[axis] != 0;
    limited ? limitMoves<true>(moves, begin, end, limits, w) : limitMoves<false>(moves, begin, end, limits, w);
    limits.inverseJerk[0] > 0 ? corners<true>(begin, end, limits, w) : corners<false>(begin, end, limits, w);
}

/// The same code for the plain processor and for one with wide vectors.
struct Path {
    void (*measure)(const Moves&, std::size_t, Work&);
    void (*direct)(const Moves&, std::size_t, Work&);
    void (*naive)(std::size_t, Work&);
    void (*limit)(const Moves&, std::size_t, std::size_t, const MotionLimits&, Work&);
    void (*model)(std::size_t, Work&);
};

constexpr Path plainPath{
    [](const Moves& moves, std::size_t count, Work& w) { measure(moves, count, w); },
    [](const Moves& moves, std::size_t count, Work& w) { direct(moves, count, w); },
    [](std::size_t count, Work& w) { naiveTimes(count, w); },
    [](const Moves& moves, std::size_t begin, std::size_t end, const MotionLimits& limits, Work& w) { limitAll(moves, begin, end, limits, w); },
    [](std::size_t count, Work& w) {
        lookAhead(count, w);
        modelTimes(count, w);
    },
};

#if defined(__x86_64__)
[[gnu::target("avx2")]] void wideMeasure(const Moves& moves, std::size_t count, Work& w) { measure(moves, count, w); }
[[gnu::target("avx2")]] void wideDirect(const Moves& moves, std::size_t count, Work& w) { direct(moves, count, w); }
[[gnu::target("avx2")]] void wideNaive(std::size_t count, Work& w) { naiveTimes(count, w); }
[[gnu::target("avx2")]] void wideLimit(const Moves& moves, std::size_t begin, std::size_t end, const MotionLimits& limits, Work& w)
{
    limitAll(moves, begin, end, limits, w);
}
[[gnu::target("avx2")]] void wideModel(std::size_t count, Work& w)
{
    lookAhead(count, w);
    modelTimes(count, w);
}
constexpr Path widePath{wideMeasure, wideDirect, wideNaive, wideLimit, wideModel};
#endif

const Path& pathFor(bool vectors)
{
#if defined(__x86_64__)
    static const bool wide = __builtin_cpu_supports("avx2") != 0;
    if (vectors && wide)
        return widePath;
#else
    static_cast<void>(vectors);
#endif
    return plainPath;
}

// --- limits of the file ------------------------------------------------------------------------------------------------

class Values
{
public:
    Values(const MachineState& state, const std::string& name)
    {
        if (const auto found = state.motion.find(name); found != state.motion.end())
            m_values = &found->second;
    }
    /// A positive number the file gave, else what stands for it.
    [[nodiscard]] double of(const std::string& key, double otherwise) const
    {
        if (!m_values)
            return otherwise;
        const auto found = m_values->find(key);
        return found != m_values->end() && found->second > 0 && found->second < 1e9 ? found->second : otherwise;
    }

private:
    const std::map<std::string, double>* m_values = nullptr;
};

constexpr std::array<const char*, 4> axes{"X", "Y", "Z", "E"};

MotionLimits klipperLimits(const MachineState& state)
{
    constexpr double maxAcceleration = 3000, squareCorner = 5;
    static const std::string command = "SET_VELOCITY_LIMIT", cornerVelocity = "SQUARE_CORNER_VELOCITY";
    const Values set(state, command);
    MotionLimits limits;
    limits.print = limits.travel = set.of("ACCEL", maxAcceleration);
    limits.retract = 0.27 * maxAcceleration;
    const double corner = set.of(cornerVelocity, squareCorner);
    limits.corner = corner * corner * (std::sqrt(2.0) - 1);
    const double fastest = set.of("VELOCITY", 0);
    for (std::size_t axis = 0; axis < 3; ++axis)
        limits.inverseFeed[axis] = fastest > 0 ? 1 / fastest : 0;
    return limits;
}

MotionLimits marlinLimits(const MachineState& state, Dialect dialect)
{
    constexpr std::array<double, 4> feed{300, 300, 5, 25}, acceleration{3000, 3000, 100, 10000};
    constexpr std::array<double, 3> jerk{10, 10, 0.3};
    const bool rrf = dialect == Dialect::RepRapFirmware; // mm/min where others have mm/s
    const Values feeds(state, "M203"), accelerations(state, "M201"), usual(state, "M204"), corners(state, rrf ? "M566" : "M205");
    const double unit = rrf ? 60 : 1;
    MotionLimits limits;
    limits.print = usual.of("P", 3000);
    limits.travel = usual.of("T", limits.print);
    limits.retract = usual.of("R", 3000);
    for (std::size_t axis = 0; axis < 4; ++axis) {
        limits.inverseFeed[axis] = 1 / (feeds.of(axes[axis], feed[axis] * unit) / unit);
        limits.inverseAcceleration[axis] = 1 / accelerations.of(axes[axis], acceleration[axis]);
    }
    limits.deviation = rrf ? 0 : corners.of("J", 0);
    if (limits.deviation == 0)
        for (std::size_t axis = 0; axis < 3; ++axis)
            limits.inverseJerk[axis] = 1 / (corners.of(axes[axis], jerk[axis] * unit) / unit);
    return limits;
}

} // namespace

MotionLimits limitsOf(const MachineState& state, Dialect dialect)
{
    MotionLimits limits = dialect == Dialect::Klipper ? klipperLimits(state) : marlinLimits(state, dialect);
    limits.speed = state.speedPercent > 0 && state.speedPercent < 1e6 ? state.speedPercent / 100 : 1;
    return limits;
}

void MotionBatch::clear()
{
    count = 0;
    bends.clear();
    runs.clear();
    changes.clear();
}

void MotionBatch::begin(std::uint32_t slot)
{
    if (!runs.empty() && runs.back().first == count)
        runs.back().slot = slot;
    else
        runs.push_back({.first = count, .slot = slot});
}

MotionClock::MotionClock(bool model, bool vectors)
    : m_model(model)
    , m_vectors(vectors)
    , m_work(std::make_unique<Work>())
{
}

MotionClock::~MotionClock() = default;

void MotionClock::run(const MotionBatch& batch)
{
    if (batch.count == 0)
        return;
    const Path& path = pathFor(m_vectors);
    Work& w = *m_work;
    path.measure(*batch.moves, batch.count, w);
    if (m_model)
        path.direct(*batch.moves, batch.count, w);
    follow(batch);
    path.naive(batch.count, w);
    if (m_model) {
        for (std::size_t at = 0; at < batch.changes.size(); ++at) {
            const std::size_t end = at + 1 < batch.changes.size() ? batch.changes[at + 1].first : batch.count;
            if (batch.changes[at].first < end)
                path.limit(*batch.moves, batch.changes[at].first, end, batch.changes[at].limits, w);
        }
        bend(batch);
        path.model(batch.count, w);
    }
    add(batch);
}

void MotionClock::follow(const MotionBatch& batch)
{
    Work& w = *m_work;
    for (const auto& [at, path] : batch.bends) {
        w.length[at] = path.length;
        w.ux[at] = path.start[0];
        w.uy[at] = path.start[1];
        w.uz[at] = path.start[2];
    }
}

/// An arc leaves in another direction than it began: the corner after it again.
void MotionClock::bend(const MotionBatch& batch)
{
    Work& w = *m_work;
    auto change = batch.changes.begin();
    for (const auto& [before, path] : batch.bends) {
        const std::size_t at = before + 1;
        if (at == batch.count)
            return;
        while (std::next(change) != batch.changes.end() && std::next(change)->first <= at)
            ++change;
        const auto& end = path.end;
        const MotionLimits& limits = change->limits;
        const auto speed = limits.inverseJerk[0] > 0 ? cornerSpeed<true> : cornerSpeed<false>;
        const double corner = speed(limits, end[0], end[1], end[2], w.ux[at], w.uy[at], w.uz[at], w.inverse[at]);
        const double slower = smaller(w.cruise[before], w.cruise[at]);
        w.entry[at] = smaller(corner, slower * slower);
    }
}

void MotionClock::add(const MotionBatch& batch)
{
    const Work& w = *m_work;
    for (std::size_t run = 0; run < batch.runs.size(); ++run) {
        const auto [first, slot] = batch.runs[run];
        const std::size_t end = run + 1 < batch.runs.size() ? batch.runs[run + 1].first : batch.count;
        if (first == end)
            continue;
        SlotTime time;
        for (std::size_t at = first; at < end; ++at)
            time.naiveNs += w.naive[at];
        for (std::size_t at = first; m_model && at < end; ++at)
            time.modelNs += w.model[at];
        if (slot >= m_times.size())
            m_times.resize(slot + std::size_t{1});
        m_times[slot].naiveNs = addTimes(m_times[slot].naiveNs, time.naiveNs);
        m_times[slot].modelNs = addTimes(m_times[slot].modelNs, time.modelNs);
    }
}

} // namespace kintsugi::gcode
