// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/message.h"
#include "gcode/toolpath.h"
#include "recovery/sample.h"

namespace kintsugi::recovery {

/// Five scenarios of product.md 2.2; they decide how much of the queue still ran.
enum class StopCause { Unknown, PrinterPowerLost, LinkLost, HostLost, PrinterAndHostLost, MotorSupplyLost, EmergencyStop, FirmwareShutdown };

/// How far a machine runs behind what was read, and what it still does when nobody feeds it any more.
struct QueueModel {
    enum class Kind {
        Time,   ///< Klipper: seconds of planned motion
        Lines,  ///< Marlin and its kin: command lines and planner blocks
    };
    Kind kind = Kind::Time;
    /// Which planned motion a Klipper host has handed to its controllers.
    enum class Flush {
        Unknown,
        WithPlan, ///< all up to 0.05 s before print_time, as soon as it is planned (toolhead.py up to v0.13.0-261)
        Timed,    ///< by a timer, up to 0.40 .. 0.65 s after now (motion_queuing.py since v0.13.0-262)
    };
    Flush flush = Flush::Unknown;
    /// Seconds the controllers go on after their host died. At least: what begins earlier than that is sent even when it does
    /// not fill a message (MIN_REQTIME_DELTA of serialqueue.c, 0.25 s before v0.13.0-419). At most: print_time, 2 s ahead and
    /// a batch; 0.7 s when timed.
    double leastRunOut = 0.1, mostRunOut = 3.0;
    /// Timed: s of print time, 0 .. 0.25, at which its batches of steps end; see batchPhase(). nullopt = not known.
    std::optional<double> batchPhase;
    /// Fewest slots for step commands in a controller (it allots at most 1024, what its memory holds), and most commands that
    /// wait because they do not fill a message: 58 bytes of 6 to 8 (queue_step).
    std::size_t moveSlots = 500, unsentCommands = 8;
    /// Lines behind the last one accepted (serial-and-gcode.md 1.11): BUFSIZE and BLOCK_BUFFER_SIZE, less one each.
    std::size_t commands = 3, blocks = 15;
};
/// The model of a dialect. `softwareVersion`: Klipper's as it reports it, tells how it sends; may be empty.
[[nodiscard]] QueueModel queueModelOf(gcode::Dialect dialect, const std::string& softwareVersion = {});

/// s a host must always have planned so that its timer never reaches the end of the plan between two samples, and the time
/// after a standstill until it has.
inline constexpr double plannedEnough = 0.9, plannedAfter = 1.5;
/// When the batches of a host that hands motion over by a timer end, from how motion began: each is 0.25 s long and begins
/// where the last one ended, so it holds for as long as the host always had enough planned. `samples` (ascending) of the
/// first seconds after a standstill and, at any rate, of all the time since. nullopt when they show no such begin, or a gap
/// in the plan since.
[[nodiscard]] std::optional<double> batchPhase(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples);

/// [surelyExecuted, possiblyExecuted] of an interruption: all bytes before `earliest` have run, none from `latest` on.
struct StopInterval {
    ByteOffset earliest = 0, latest = 0; ///< line starts (latest: an end of line)
    ByteOffset likely = 0;               ///< start of the line the nozzle most likely was on
    double likelyFraction = 0;           ///< how far along that line, 0..1
    ByteOffset halfFrom = 0, halfTo = 0; ///< lines that hold half of all such stops, the likely one among them; equal = unknown
    double earliestFraction = 0;         ///< how far along the line at `earliest` it surely was
    double latestFraction = 1;           ///< how far along the line that ends at `latest` it can have been
    StopCause cause = StopCause::Unknown;
    std::optional<double> distanceMm;    ///< between the last live position and the matched path; nullopt = not matched
    Message reason;                      ///< how it was found
    std::vector<std::string> excluded;   ///< objects that were excluded at the printer: their lines print nothing
};

/// Matches the last live positions against the tool path: newest sample first, backwards from its file position, E as tie
/// breaker. Without live positions the file positions and the queue bound it. The samples may come at any rate; the stop
/// is taken to lie within one usual distance of the last one; that a host is "disconnected" tells when it died. After a
/// lost link that came back they go on: the last counts.
/// A host that died leaves more unknown than can be bounded sharply: there the interval is the shortest that holds 99 % of
/// such stops.
/// BadValue when no sample has a file position. The queue is that of the index' dialect unless given.
[[nodiscard]] Result<StopInterval> stopInterval(const gcode::Source& source, const gcode::FileIndex& index,
                                                const std::vector<Sample>& lastSamples, StopCause cause,
                                                const std::optional<QueueModel>& queue = {});

/// A line one can go on from.
struct ResumeCandidate {
    ByteOffset byte = 0;
    std::uint64_t line = 1;
    std::size_t layer = 0;
    double z = 0;
    enum class Kind { FirstSafeCut, LikelyLine, StartOfLayer, StartOfPreviousLayer, StartOfNextLayer, Chosen, StartOfFeature } kind = Kind::Chosen;
    std::array<std::optional<double>, 2> xy; ///< mm, where the file has the nozzle before the line
    std::string feature;                 ///< as the slicer calls it, e.g. "External perimeter"; empty when unknown
    std::string object;                  ///< the object the line belongs to; empty when the file names none
    bool objectExcluded = false;         ///< of an object that is excluded at this line: nothing is printed here
    int tool = 0;
    double retractedMm = 0;              ///< filament pulled back before the line
    std::optional<double> hotend, bed;   ///< °C, targets here
    std::optional<double> fan;           ///< 0..1, of the part
    std::vector<Message> risks;          ///< serial-and-gcode.md 3.9
    double printedTwiceMm = 0;           ///< path length that would be extruded again, for the likeliest place of the stop
    double leftOpenMm = 0;               ///< path length that stays unprinted, for the likeliest place
    double printedTwiceMostMm = 0;       ///< at most, when the stop lay at the upper end of the interval
    double leftOpenMostMm = 0;           ///< at most, when the stop lay at the lower end
    bool recommended = false;
};

/// A safe cut: a travel whose start is retracted, X, Y and Z absolute, E state known. First one at or after `byte`.
[[nodiscard]] Result<ByteOffset> firstSafeCut(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte);
/// Candidates around a stop, the first safe cut at or after the likeliest line recommended.
[[nodiscard]] Result<std::vector<ResumeCandidate>> candidates(const gcode::Source& source, const gcode::FileIndex& index,
                                                              const StopInterval& stop);
/// Risks and overlap of one chosen byte. BeforeFirstExtrusion, AfterLastExtrusion. stop may be nullptr.
[[nodiscard]] Result<ResumeCandidate> candidateAt(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte,
                                                  const StopInterval* stop);

} // namespace kintsugi::recovery
