// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "gcode/machinestate.h"

namespace kintsugi::gcode {

/// How the usual lines are read: Portable runs anywhere, Best uses the widest vectors of this processor, None takes each line through
/// parseCommand and apply. The result is the same.
enum class FastPath { None, Portable, Sse2, Best };

/// An arc or a very long move.
struct MotionPath {
    double length = 0;                     ///< mm; filament when nothing else moves
    std::array<double, 3> start{}, end{};  ///< unit vectors; all 0 when only filament moves
};

/// How a machine may accelerate. An inverse of 0 means no limit.
struct MotionLimits {
    double print = 0, travel = 0, retract = 0;  ///< mm/s²
    std::array<double, 4> inverseFeed{};        ///< s/mm for X, Y, Z, E
    std::array<double, 4> inverseAcceleration{};///< s²/mm
    std::array<double, 3> inverseJerk{};        ///< s/mm for X, Y, Z; all 0 = corners are rounded instead:
    double corner = 0;                          ///< mm²/s²: v² = corner * s / (1 - s), s = sine of half the angle
    double deviation = 0;                       ///< mm, when not 0: corner = deviation * acceleration
    double speed = 1;                           ///< factor on the feed
    friend bool operator==(const MotionLimits&, const MotionLimits&) = default;
};

/// The limits the file has set so far, over the defaults of the firmware: Marlin's Configuration.h (300/300/5/25 mm/s,
/// 3000/3000/100/10000 mm/s², 3000 for print, travel and retraction, jerk 10/10/0.3) and Klipper's square corner velocity of 5 mm/s with
/// max_accel 3000, for which it retracts at 0.27 times that.
[[nodiscard]] MotionLimits limitsOf(const MachineState& state, Dialect dialect);

/// Moves that are planned together; the machine stands still before and after them. A straight move of less than two metres
/// fits in the arrays; others have a path beside them.
struct MotionBatch {
    struct Change { std::size_t first = 0; MotionLimits limits; };
    struct SlotBegin { std::size_t first = 0; std::uint32_t slot = 0; };
    struct Bend { std::size_t at = 0; MotionPath path; };
    static constexpr std::size_t capacity = 8192;
    struct Moves {
        std::array<std::int32_t, capacity> dx, dy, dz; ///< nm
        std::array<std::int32_t, capacity> de;         ///< nm of filament; with a path: its sign alone
        std::array<double, capacity> feed;             ///< millionths of mm/min; 0 = unknown
    };

    void clear();
    /// Moves from here on add to the time of this slot.
    void begin(std::uint32_t slot);

    std::unique_ptr<Moves> moves = std::make_unique<Moves>(); ///< the first `count` count
    std::size_t count = 0;
    std::vector<Bend> bends;       ///< ascending
    std::vector<SlotBegin> runs;   ///< ascending; the first at 0 when there are moves
    std::vector<Change> changes;   ///< ascending; the first at 0
};

/// Of what is never negative: however it is added up, the sum is the same.
[[nodiscard]] constexpr std::int64_t addTimes(std::int64_t a, std::int64_t b)
{
    std::int64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

struct SlotTime { std::int64_t naiveNs = 0, modelNs = 0; };

/// Adds up the time of batches by slot, in whole nanoseconds a move: the sums depend on nothing but the moves.
/// Naive time is length / feed. Modelled time: each move ramps up and down linearly between the speeds of its corners,
/// which follow from the limits and from what the moves before and after allow.
class MotionClock
{
public:
    explicit MotionClock(bool model, bool vectors = true); ///< vectors: wide ones where the processor has them; same result
    ~MotionClock();
    void run(const MotionBatch& batch);
    [[nodiscard]] const std::vector<SlotTime>& times() const { return m_times; } ///< may be shorter than the slots

    struct Work;

private:
    void follow(const MotionBatch& batch);
    void bend(const MotionBatch& batch);
    void add(const MotionBatch& batch);

    bool m_model, m_vectors;
    std::unique_ptr<Work> m_work;
    std::vector<SlotTime> m_times;
};

} // namespace kintsugi::gcode
