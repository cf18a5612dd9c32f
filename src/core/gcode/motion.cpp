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
    Quantity length, feed, ux, uy, uz, cruise, acceleration, ramp, entry; ///< mm, mm/s, mm/s², 2 a L, v² at the start
    std::array<std::int64_t, MotionBatch::capacity + 1> naive, model;     ///< ns
};

namespace {

using Work = MotionClock::Work;

// Each step is one loop without branches over arrays, so that the compiler can take several moves at a time.

[[gnu::always_inline]] inline void measure(const Motion* motions, std::size_t count, Work& w)
{
    for (std::size_t at = 0; at < count; ++at) {
        const Motion& motion = motions[at];
        const double x = motion.dx * 1e-6, y = motion.dy * 1e-6, z = motion.dz * 1e-6;
        const double distance = __builtin_sqrt(x * x + y * y + z * z);
        const double inverse = 1 / distance;
        const bool moves = distance > 0;
        w.length[at] = moves ? distance : size(motion.de * 1e-6);
        w.ux[at] = moves ? x * inverse : 0;
        w.uy[at] = moves ? y * inverse : 0;
        w.uz[at] = moves ? z * inverse : 0;
    }
    for (std::size_t at = 0; at < count; ++at)
        w.feed[at] = static_cast<double>(motions[at].feed) * (1e-6 / 60);
}

[[gnu::always_inline]] inline void naiveTimes(std::size_t count, Work& w)
{
    for (std::size_t at = 0; at < count; ++at) {
        const double ns = w.length[at] / w.feed[at] * 1e9;
        w.naive[at] = nearest(w.feed[at] > 0 ? smaller(ns, longestNs) : 0);
    }
}

[[gnu::always_inline]] inline void limitMoves(const Motion* motions, std::size_t begin, std::size_t end, const MotionLimits& limits, Work& w)
{
    const auto &iv = limits.inverseFeed, &ia = limits.inverseAcceleration;
    for (std::size_t at = begin; at < end; ++at) {
        const double x = size(w.ux[at]), y = size(w.uy[at]), z = size(w.uz[at]);
        const bool moves = x + y + z > 0;
        const double slowest = larger(larger(x * iv[0], y * iv[1]), larger(z * iv[2], moves ? 0 : iv[3]));
        const double weakest = larger(larger(x * ia[0], y * ia[1]), larger(z * ia[2], moves ? 0 : ia[3]));
        const double usual = moves ? (motions[at].de > 0 ? limits.print : limits.travel) : limits.retract;
        w.cruise[at] = smaller(larger(w.feed[at], 0) * limits.speed, 1 / slowest);
        w.acceleration[at] = smaller(usual, 1 / weakest);
        w.ramp[at] = 2 * w.acceleration[at] * w.length[at];
    }
}

/// v² at the corner from direction (px, py, pz) to (x, y, z), not yet limited by the two moves' own speeds. Standing
/// filament moves have no direction: they begin and end at rest.
[[gnu::always_inline]] inline double cornerSpeed(const MotionLimits& limits, bool jerk, double px, double py, double pz, double x, double y, double z,
                                                 double acceleration)
{
    const double dot = px * x + py * y + pz * z;
    const bool both = px * px + py * py + pz * pz > 0.5 && x * x + y * y + z * z > 0.5;
    const double half = __builtin_sqrt(larger(0.5 * (1 + dot), 0));
    const double rounded = larger(limits.corner, limits.deviation * acceleration) * half / larger(1 - half, 1e-12);
    const double worst = larger(larger(size(x - px) * limits.inverseJerk[0], size(y - py) * limits.inverseJerk[1]), size(z - pz) * limits.inverseJerk[2]);
    const double jerked = 1 / larger(worst * worst, 1e-12);
    return both ? (jerk ? jerked : rounded) : 0;
}

[[gnu::always_inline]] inline void corners(std::size_t begin, std::size_t end, const MotionLimits& limits, Work& w)
{
    const bool jerk = limits.inverseJerk[0] > 0;
    for (std::size_t at = std::max<std::size_t>(begin, 1); at < end; ++at) {
        const double corner = cornerSpeed(limits, jerk, w.ux[at - 1], w.uy[at - 1], w.uz[at - 1], w.ux[at], w.uy[at], w.uz[at], w.acceleration[at]);
        const double slower = smaller(w.cruise[at - 1], w.cruise[at]);
        w.entry[at] = smaller(corner, slower * slower);
    }
}

/// What can be braked from going backwards, what can be reached going forwards.
[[gnu::always_inline]] inline void lookAhead(std::size_t count, Work& w)
{
    w.entry[0] = 0;
    w.entry[count] = 0;
    double speed = 0;
    for (std::size_t at = count; at-- > 0;)
        w.entry[at] = speed = smaller(w.entry[at], speed + w.ramp[at]);
    for (std::size_t at = 0; at < count; ++at)
        w.entry[at + 1] = speed = smaller(w.entry[at + 1], speed + w.ramp[at]);
}

[[gnu::always_inline]] inline void modelTimes(std::size_t count, Work& w)
{
    for (std::size_t at = 0; at < count; ++at) {
        const double in = w.entry[at], out = w.entry[at + 1], a = w.acceleration[at], length = w.length[at];
        const double peak = smaller(w.cruise[at] * w.cruise[at], 0.5 * (w.ramp[at] + in + out));
        const double top = __builtin_sqrt(peak);
        const double ramps = (2 * top - __builtin_sqrt(in) - __builtin_sqrt(out)) / a;
        const double cruise = (length - (2 * peak - in - out) / (2 * a)) / top;
        const double ns = (ramps + larger(cruise, 0)) * 1e9;
        w.model[at] = nearest(peak > 0 ? smaller(ns, longestNs) : 0);
    }
}

using Measure = void (*)(const Motion*, std::size_t, Work&);
using Limit = void (*)(const Motion*, std::size_t, std::size_t, const MotionLimits&, Work&);
using Finish = void (*)(std::size_t, Work&);

/// The same code for the plain processor and for one with wide vectors.
struct Path { Measure measure; Finish naive; Limit limit; Finish model; };

constexpr Path plainPath{
    [](const Motion* motions, std::size_t count, Work& w) { measure(motions, count, w); },
    [](std::size_t count, Work& w) { naiveTimes(count, w); },
    [](const Motion* motions, std::size_t begin, std::size_t end, const MotionLimits& limits, Work& w) {
        limitMoves(motions, begin, end, limits, w);
        corners(begin, end, limits, w);
    },
    [](std::size_t count, Work& w) {
        lookAhead(count, w);
        modelTimes(count, w);
    },
};

#if defined(__x86_64__)
[[gnu::target("avx2")]] void wideMeasure(const Motion* motions, std::size_t count, Work& w) { measure(motions, count, w); }
[[gnu::target("avx2")]] void wideNaive(std::size_t count, Work& w) { naiveTimes(count, w); }
[[gnu::target("avx2")]] void wideLimit(const Motion* motions, std::size_t begin, std::size_t end, const MotionLimits& limits, Work& w)
{
    limitMoves(motions, begin, end, limits, w);
    corners(begin, end, limits, w);
}
[[gnu::target("avx2")]] void wideModel(std::size_t count, Work& w)
{
    lookAhead(count, w);
    modelTimes(count, w);
}
constexpr Path widePath{wideMeasure, wideNaive, wideLimit, wideModel};
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
    Values(const MachineState& state, const char* name)
    {
        if (const auto found = state.motion.find(name); found != state.motion.end())
            m_values = &found->second;
    }
    /// A positive number the file gave, else what stands for it.
    [[nodiscard]] double of(const char* key, double otherwise) const
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
    const Values set(state, "SET_VELOCITY_LIMIT");
    MotionLimits limits;
    limits.print = limits.travel = set.of("ACCEL", maxAcceleration);
    limits.retract = 0.27 * maxAcceleration;
    const double corner = set.of("SQUARE_CORNER_VELOCITY", squareCorner);
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
    paths.clear();
    changes.clear();
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
    const Motion* const motions = batch.motions.data();
    path.measure(motions, batch.count, w);
    for (std::size_t at = 0; !batch.paths.empty() && at < batch.count; ++at)
        if (motions[at].path != 0)
            follow(batch.paths[motions[at].path - 1], at);
    path.naive(batch.count, w);
    if (m_model) {
        for (std::size_t at = 0; at < batch.changes.size(); ++at) {
            const std::size_t end = at + 1 < batch.changes.size() ? batch.changes[at + 1].first : batch.count;
            if (batch.changes[at].first < end)
                path.limit(motions, batch.changes[at].first, end, batch.changes[at].limits, w);
        }
        bend(batch);
        path.model(batch.count, w);
    }
    add(batch);
}

void MotionClock::follow(const MotionPath& path, std::size_t at)
{
    Work& w = *m_work;
    w.length[at] = path.length;
    w.ux[at] = path.start[0];
    w.uy[at] = path.start[1];
    w.uz[at] = path.start[2];
}

/// An arc leaves in another direction than it began: the corner after it again.
void MotionClock::bend(const MotionBatch& batch)
{
    Work& w = *m_work;
    auto change = batch.changes.begin();
    for (std::size_t at = 1; !batch.paths.empty() && at < batch.count; ++at) {
        if (batch.motions[at - 1].path == 0)
            continue;
        while (std::next(change) != batch.changes.end() && std::next(change)->first <= at)
            ++change;
        const auto& end = batch.paths[batch.motions[at - 1].path - 1].end;
        const double corner = cornerSpeed(change->limits, change->limits.inverseJerk[0] > 0, end[0], end[1], end[2], w.ux[at], w.uy[at], w.uz[at], w.acceleration[at]);
        const double slower = smaller(w.cruise[at - 1], w.cruise[at]);
        w.entry[at] = smaller(corner, slower * slower);
    }
}

void MotionClock::add(const MotionBatch& batch)
{
    const Work& w = *m_work;
    const Motion* const motions = batch.motions.data();
    for (std::size_t at = 0; at < batch.count;) {
        const std::uint32_t slot = motions[at].slot;
        SlotTime time;
        for (; at < batch.count && motions[at].slot == slot; ++at) {
            time.naiveNs += w.naive[at];
            time.modelNs += m_model ? w.model[at] : 0;
        }
        if (slot >= m_times.size())
            m_times.resize(slot + std::size_t{1});
        m_times[slot].naiveNs = addTimes(m_times[slot].naiveNs, time.naiveNs);
        m_times[slot].modelNs = addTimes(m_times[slot].modelNs, time.modelNs);
    }
}

} // namespace kintsugi::gcode
