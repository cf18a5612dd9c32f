// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/message.h"
#include "recovery/configread.h"
#include "recovery/plan.h"
#include "recovery/tailcheck.h"

namespace kintsugi::recovery {

/// What a text of the printer's configuration would do during a resume.
enum class MacroHazard {
    HomesAll, HomesZ, HiddenLift, Probes, Levels, DeclaresPosition, MotorsOff, Restarts, // the nozzle, or what Z is
    HeatsBeforeLift, MovesBeforeLift,                                                 // while the nozzle may stick to the part
    ExtruderMode, UnknownFan,                                                         // the print goes on wrong, or stops
    Unknown, Unreadable,                                                              // nobody knows from here
};

struct MacroFinding {
    MacroHazard hazard = MacroHazard::Unknown;
    bool blocks = false;
    std::string section;              ///< "gcode_macro park"; for a line outside the configuration what is called from
    std::size_t line = 1;             ///< of the section's text, from 1; the line behind "gcode:" is 1 when that one is empty
    std::string text;                 ///< the line, expressions shown as {…}, at most 200 bytes
    std::vector<std::string> path;    ///< how a resume gets there, first the place of the plan or file
    Message why;
    std::string mended;               ///< the whole section as it could stand instead; empty when no change of it helps
};

struct MacroAudit {
    std::vector<MacroFinding> findings; ///< blocking ones first; at most 200
    std::vector<std::string> reached;   ///< sections that were read, in the order of the call
    bool complete = true;               ///< false: too deep or too many calls; the rest was not read
};

/// A place from which texts are called.
struct AuditRoot {
    /// Which hazards count: all; those that drive the nozzle or lose Z; the same, but only as a warning.
    enum class Weight { All, Crash, Tell };
    std::string label;                ///< "step 5", "line 812 of the file"
    std::vector<std::string> lines;
    std::string section, option;      ///< or a text of the configuration itself
    Weight weight = Weight::All;
    bool beforeLift = false;          ///< the nozzle may still touch the part
    bool modesFollow = false;         ///< G90/G91 and M82/M83 are set behind it
    bool zIsKnown = false;            ///< Klipper counts Z as homed there
    bool ofPlugin = false;            ///< run by klipper-plr, which declares Z by itself afterwards
};

/// Follows every call from the roots: macros in any spelling, renamed commands, homing_override, safe_z_home and
/// [delayed_gcode] that a text starts. `absoluteE`: the extruder mode that the file needs.
[[nodiscard]] MacroAudit auditMacros(const KlipperConfig& config, const std::vector<AuditRoot>& roots, std::optional<bool> absoluteE);

/// Everything a resume can run by itself: the plan's lines, the lines of `tail`, the start of the print, what the plugin
/// runs, pause, resume and cancel, runout, idle time-out and delayed texts.
[[nodiscard]] std::vector<AuditRoot> resumeRoots(const Plan& plan, const KlipperConfig& config, const std::vector<TailFinding>& tail, bool zeroCopy);

/// What a `G28 X Y` would do beyond moving X and Y; empty when it is plain.
[[nodiscard]] std::vector<MacroFinding> auditHomingXy(const KlipperConfig& config, bool zIsKnown);

/// Sections that home or declare a position by themselves some seconds after the printer starts: being homed proves nothing.
[[nodiscard]] std::vector<std::string> homedAtStart(const KlipperConfig& config);

[[nodiscard]] std::string_view name(MacroHazard hazard); ///< "homes-all" …

} // namespace kintsugi::recovery
