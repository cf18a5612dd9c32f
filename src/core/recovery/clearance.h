// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/clearancefield.h"
#include "recovery/heightmap.h"
#include "recovery/planmotion.h"

namespace kintsugi::recovery {

/// "Plastic was removed down to this height", said by the person who did it.
struct RemovedPlastic {
    double z = 0;                   ///< mm
    std::optional<Rectangle> where; ///< everywhere when not given
};

struct ClearanceOptions {
    HeadEnvelope envelope = defaultEnvelope(PrinterKind::Unknown);
    MotionOptions motion;
    double clearance = 2.0;         ///< mm above the highest printed point (with its margin) for every travel of the plan
    double layerHeight = 0.2;       ///< mm, for the gap under the first line; taken from the file's layers where they tell
    double lineWidth = 0.45;        ///< mm, of what the tail prints
    std::optional<RemovedPlastic> removed;
    std::size_t mostTailMoves = 2'000'000;
};

/// A place where the head comes near to what is printed.
struct ClearanceHit {
    SolidKind solid = SolidKind::Nozzle;
    double clearance = 0;           ///< mm between the solid's underside and what lies below; below 0 it runs into it
    double required = 0;            ///< mm
    std::array<double, 3> at{};     ///< mm, the printed point
    std::array<double, 3> from{}, to{}; ///< mm, the motion, to draw it
    int step = 0;                   ///< of the plan; 0 = the file's own lines:
    std::uint64_t line = 0;         ///< 1-based
    ByteOffset byte = 0;
    std::string text;               ///< the command, where the plan makes the motion
};

struct ClearanceReport {
    enum class Verdict {
        Clear,
        Unknown,   ///< something moves that nobody knows: `problem`
        Unsafe,    ///< something homes Z or probes: `problem`
        Collision, ///< `hit` runs into what is printed
        TooLow,    ///< `hit` passes with less than the clearance asked for
        Presses,   ///< the nozzle presses into plastic: `hit`, `pressedMm`; removing plastic releases it
        Outside,   ///< leaves the travel: `hit`
    };
    Verdict verdict = Verdict::Clear;
    [[nodiscard]] bool ok() const { return verdict == Verdict::Clear; }
    Message text;                              ///< the verdict in a sentence
    std::optional<ClearanceHit> hit;           ///< what blocks: the first collision, else the first of the rest
    std::optional<ClearanceHit> lowest;        ///< of the plan's travels
    std::optional<ClearanceHit> lowestTail;    ///< of all solids but the nozzle in the tail's first two layers
    std::optional<MotionProblem> problem;
    double pressedMm = 0;                      ///< deepest of the nozzle below existing plastic, tail and approach
    std::optional<ClearanceHit> deepest;       ///< where
    std::optional<double> gapMm;               ///< left open under the middle of the first line; below 0 it overlaps
    bool tailComplete = true;                  ///< false: mostTailMoves were reached
    std::uint64_t tailMoves = 0;
    std::vector<Message> notes;                ///< what was assumed
    PlanMotions plan;                          ///< to draw
};
[[nodiscard]] std::string_view name(ClearanceReport::Verdict verdict); ///< "clear", "unknown", "unsafe", "collision", …

/// Runs every motion of the plan and of the tail's first two layers against map and envelope. `map`: at the upper end of the
/// stop interval. Straight up is free; travels keep the clearance; the way down on the resume point may come near but not
/// touch; the file's own moves may not touch, and the nozzle may not press into what was printed at or after the resume
/// point. What the file put down before it and touches with its own nozzle (less than a layer) is how the file prints.
/// BadValue of the envelope or the homing facts; errors of reading.
[[nodiscard]] Result<ClearanceReport> simulatePlan(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan,
                                                   const PlanOptions& planned, const HeightMap& map, const ClearanceOptions& options);

/// What a plan needs to clear: the planner asks before it writes its steps.
struct WayQuestion {
    std::array<double, 3> minimum{}, maximum{}; ///< mm, travel
    StopPlaces start;
    gcode::Dialect dialect = gcode::Dialect::Klipper;
    bool homes = true;                          ///< the plan homes X and Y after its lift
    std::array<double, 3> resume{};             ///< mm, the machine's own
    std::optional<Place> primePlace;            ///< asked for by the person
    const HeightMap* whole = nullptr;           ///< map of the whole file, when there is one: where nothing will be printed
    gcode::Extents footprint;                   ///< of the whole print; used without `whole`
};

struct ClearWay {
    double liftZ = 0;                           ///< mm: lowest height at which every travel clears, the lift included
    Place primeAt{};
    std::optional<Place> via;                   ///< a point to go round what is too high on the straight way to the resume point
    Message reason;                             ///< what decides the height
};

/// Lift, prime place and approach that clear. Unsafe with the field "lift" (beyond the highest Z; measured, limit), "prime"
/// (no place, or the one asked for is not free) or "approach" (something taller stands where the head must go down), and the
/// reason in words.
[[nodiscard]] Result<ClearWay> searchClearWay(const WayQuestion& question, const HeightMap& map, const ClearanceOptions& options);

} // namespace kintsugi::recovery
