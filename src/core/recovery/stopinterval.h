// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "base/message.h"
#include "gcode/toolpath.h"
#include "recovery/sample.h"

namespace kintsugi::recovery {

/// Five scenarios of product.md 2.2; they decide how much of the queue still ran.
enum class StopCause { Unknown, PrinterPowerLost, LinkLost, HostLost, PrinterAndHostLost, MotorSupplyLost, EmergencyStop, FirmwareShutdown };

/// [surelyExecuted, possiblyExecuted] of an interruption: all bytes before `earliest` have run, none from `latest` on.
struct StopInterval {
    ByteOffset earliest = 0, latest = 0; ///< line starts (latest: an end of line)
    ByteOffset likely = 0;               ///< start of the line the nozzle most likely was on
    double likelyFraction = 0;           ///< how far along that line, 0..1
    StopCause cause = StopCause::Unknown;
    std::optional<double> distanceMm;    ///< between the last live position and the matched path; nullopt = not matched
    Message reason;                      ///< how it was found
};

/// Matches the last live positions against the tool path: newest sample first, backwards from its file position, E as tie
/// breaker. Without live positions the file positions alone bound it. BadValue when no sample has a file position.
[[nodiscard]] Result<StopInterval> stopInterval(const gcode::Source& source, const gcode::FileIndex& index,
                                                const std::vector<Sample>& lastSamples, StopCause cause);

/// A line one can go on from.
struct ResumeCandidate {
    ByteOffset byte = 0;
    std::uint64_t line = 1;
    std::size_t layer = 0;
    double z = 0;
    enum class Kind { FirstSafeCut, LikelyLine, StartOfLayer, StartOfPreviousLayer, StartOfNextLayer, Chosen } kind = Kind::Chosen;
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
