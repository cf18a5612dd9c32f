// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "klipper/plrstate.h"
#include "recovery/configread.h"
#include "recovery/meshrestore.h"
#include "recovery/plan.h"
#include "recovery/stopinterval.h"
#include "recovery/tailcheck.h"
#include "recovery/zuncertainty.h"

namespace kintsugi::recovery {

enum class Severity { Block, Warn, Info };
[[nodiscard]] std::string_view name(Severity severity); ///< "block", "warn", "info"

/// One check before launch. Blocks have no override.
struct GateCheck {
    std::string id;            ///< stable: "file-identity", "printing", "must-have-field", "travel-limits", "plr-leftover", …
    Severity severity = Severity::Info;
    bool passed = false;       ///< an Info line may simply tell
    std::string measured, limit;
    Message text;              ///< what it means and what to do
    std::string remedy;        ///< text to paste into the printer's configuration; empty when none helps
    bool checked = true;       ///< false: nothing was known to check it with
};
/// How a check ended: "ok", "failed", "not-checked", or "told" for an Info line that only tells.
[[nodiscard]] std::string_view stateOf(const GateCheck& check);

/// Pieces of the printer's file that were read anew and compared with the local copy, whose whole hash is known.
struct BlockProof {
    std::size_t compared = 0, different = 0;
    double modified = 0;                         ///< s since epoch UTC, of the printer's file; 0 = unknown
    bool whole = false;                          ///< they are all of the file
};

struct FilamentSensor {
    std::string name;
    bool motion = false;                         ///< sees filament move: while nothing is extruded it proves nothing
    bool enabled = true;
    std::optional<bool> detected;
};

/// Z as it was declared, homed or measured for this resume, and as the printer reports it since. mm
struct ZReadBack {
    double declared = 0;
    std::optional<double> reported;
};

/// Facts about printer and file at the moment of the gate; nullopt = not asked (offline).
struct GateFacts {
    std::optional<Sample> now;
    std::optional<FileIdentity> fileOnPrinter;   ///< as the printer reports it now
    std::optional<bool> plrLeftover;             ///< <file>.plr exists beside the file
    std::optional<std::uint64_t> plrLeftoverSize;
    std::optional<double> minutesSinceStop;
    std::optional<std::string> softwareVersion;
    std::optional<klipper::PlrCalibration> plrCalibration; ///< what PLR_Z_HOME would restore Z from
    std::optional<std::vector<std::string>> macrosHomingZ; ///< configuration texts that home or probe when G28 X Y runs
    std::optional<double> idleTimeout;           ///< s
    std::optional<bool> queueBusy;               ///< Moonraker's job queue could load the next job
    std::optional<std::uint64_t> freeDisk, neededDisk; ///< bytes, where the resume file goes
    std::optional<MeshAdvice> mesh;              ///< what to do about the bed mesh
    std::optional<std::vector<Message>> conflicts; ///< of explainConflicts(): what the printer reported against the file, by cause
    std::optional<std::vector<TailFinding>> tail;///< of checkTail() from the resume point on
    std::optional<BlockProof> blocks;            ///< printer's file against the local copy, piece by piece
    bool partStuckConfirmed = false, headUntouchedConfirmed = false;

    std::optional<KlipperConfig> config;         ///< Klipper's configuration as it runs
    bool zeroCopy = false;                       ///< the printer's own file is continued in place
    std::optional<double> fileModified;          ///< s since epoch UTC, of the printer's file now
    std::optional<double> fileModifiedBefore;    ///< the same when our copy was made or last compared
    std::optional<std::string> hostMessage;      ///< what the host says of its own state
    std::optional<std::string> heaterFault;      ///< the words by which it was reported since the print began; "" = none
    bool heaterRepairStated = false;             ///< a person says that the cause is gone
    std::optional<std::size_t> queuedJobs;
    std::optional<std::vector<FilamentSensor>> filament;
    std::optional<std::map<std::string, std::string>> controllers; ///< "mcu", "mcu toolhead" -> version
    std::optional<std::map<std::string, bool>> motors; ///< stepper -> energised
    std::optional<double> hostUptime;            ///< s since the printer's computer booted
    std::optional<std::string> hostPower;        ///< what its computer complains of (under-voltage …); "" = nothing
    std::optional<double> zAtStop;               ///< mm, machine Z as last seen before the stop
    ZMechanics zMechanics;                       ///< the drive, beside the evidence:
    std::optional<ZEvidence> zEvidence;          ///< what is proved of the stop, for the method's demands
    std::optional<ZReadBack> zReadBack;          ///< of a registration that is done already
};

/// All checks, blocks first. Offline facts give `info` lines "not checked offline".
[[nodiscard]] std::vector<GateCheck> runGate(const Plan& plan, const gcode::FileIndex& index, const FileIdentity& local,
                                             const GateFacts& facts);
[[nodiscard]] bool isOpen(const std::vector<GateCheck>& checks); ///< no failed Block
/// Must agree, or whatever goes on stops.
[[nodiscard]] GateCheck zReadBackCheck(const ZReadBack& z);
/// Every id a check can have.
[[nodiscard]] std::vector<std::string_view> gateCheckIds();

} // namespace kintsugi::recovery
