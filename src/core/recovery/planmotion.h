// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include "recovery/envelope.h"
#include "recovery/homing.h"
#include "recovery/plan.h"

namespace kintsugi::recovery {

/// Where the head may stand before the plan begins.
struct StopPlaces {
    std::vector<Hull> places;           ///< X, Y of the nozzle: somewhere in one of them
    double lowest = 0, highest = 0;     ///< mm, height of the nozzle, the machine's own
    bool guessed = false;               ///< no stop interval was known: anywhere over the print
    Message reason;
};

/// One straight piece of the plan. The nozzle is somewhere in `hull` while its tip is nowhere below `low` and nowhere above
/// `high`; from and to draw it. The machine's own coordinates, mm.
struct Motion {
    enum class Kind {
        Lift,       ///< straight up
        Descent,    ///< straight down
        Homing,
        HiddenLift, ///< what the firmware does before it homes
        Travel,     ///< anything else that does not print
        Prime,      ///< plastic comes out and X or Y moves
        Approach,   ///< straight down on the resume point
        Probing,    ///< straight down on the free bed, until the probe finds it
    };
    Kind kind = Kind::Travel;
    int step = 0;                       ///< of the plan
    std::string line;                   ///< the command that causes it
    std::array<double, 3> from{}, to{};
    Hull hull;
    double low = 0, high = 0;
    bool checkLimits = true;            ///< false where a switch, not a coordinate, ends it
};
[[nodiscard]] Message motionText(Motion::Kind kind);

/// What keeps a plan from being told in advance.
struct MotionProblem {
    bool unsafe = false;                ///< known to be harmful (homes Z, probes); else only not known
    int step = 0;                       ///< of the plan; 0 = in the file's own lines
    std::uint64_t line = 0;             ///< 1-based, of the file
    ByteOffset byte = 0;
    std::string text;                   ///< the command, at most 200 bytes
    Message reason;
};

struct PlanMotions {
    StopPlaces start;
    std::vector<Motion> motions;
    std::vector<MotionProblem> problems;
    std::vector<MotionProblem> unchecked; ///< the person's own macros, taken to come back to where they began
    std::array<double, 3> end{};          ///< where the tail begins
};

struct MotionOptions {
    HomingFacts homing;
    double zUncertainty = 0;  ///< mm, U of the Z registration: the nozzle may be lower or higher by as much
    double zUp = 0;           ///< mm, height of the upper switches; 0 = the upper limit of the plan
};

/// Where the head stopped: the ways inside the stop interval. Errors of reading.
[[nodiscard]] Result<StopPlaces> stopPlaces(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan,
                                            const PlanOptions& planned);

/// Every motion of the plan's steps. `planned`: the options the plan was made with.
[[nodiscard]] PlanMotions planMotions(const Plan& plan, const PlanOptions& planned, const StopPlaces& start, const MotionOptions& options);

/// The motions of homing alone, from a known or unknown place.
[[nodiscard]] PlanMotions homingMotions(const std::string& line, gcode::Dialect dialect, const StopPlaces& start, bool zHomed,
                                        const std::array<double, 3>& minimum, const std::array<double, 3>& maximum,
                                        const HomingFacts& homing);

/// One straight piece of the file's own lines. The machine's own coordinates, mm.
struct TailMove {
    std::array<double, 3> from{}, to{};
    bool extrudes = false;
    bool sure = true;         ///< false: a macro ran since, taken to have come back
    ByteOffset byte = 0;
    std::uint64_t line = 1;
};
/// The end of the second layer after the one that holds the byte, at most the last extrusion.
[[nodiscard]] ByteOffset tailEnd(const gcode::FileIndex& index, ByteOffset byte);
/// The moves of the lines from the resume point to tailEnd(); the visitor returns false to stop. Start-like code is named in
/// `problems` (its moves are not known); homing X and Y inside the tail is followed.
[[nodiscard]] Result<> tailMotions(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan, const MotionOptions& options,
                                   const std::function<bool(const TailMove&)>& visit, std::vector<MotionProblem>& problems);

} // namespace kintsugi::recovery
