// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/message.h"
#include "recovery/snapshot.h"

namespace kintsugi::recovery {

enum class ZMethod { StockZplus, PlrZHome, Keep, FirmwareLift, Touch, FreeSpot, TopEndstop };
[[nodiscard]] std::string_view name(ZMethod method); ///< "stock-zplus", "plr-z-home", "keep", …
[[nodiscard]] std::optional<ZMethod> zMethodFromName(std::string_view name);

/// How the stop left the nozzle, which decides the first steps.
enum class NozzleContact { Unknown, Touching, Lifted };

/// The probe that hangs beside the nozzle. offset: X Y of its tip from the nozzle; Z: height of the nozzle when it triggers. mm
struct ProbeFacts { std::array<double, 3> offset{}; };

/// A place where the bed is probed. mm
struct ProbePlace {
    double x = 0, y = 0;                 ///< of the nozzle
    double probeX = 0, probeY = 0;       ///< of the probe's tip
    double bed = 0;                      ///< the machine's own Z of the bed there, as the print had it: its mesh
    double trigger = 0;                  ///< height of the nozzle when the probe finds it
};

/// What is known of the printer. Lengths mm, speeds mm/s. Defaults are for an unknown printer of product.md 1.
struct PrinterFacts {
    std::string name;
    std::array<std::optional<double>, 3> minimum{}, maximum{}; ///< where the nozzle can go; nullopt = not known
    bool fourZ = false;
    double travelSpeed = 150, zSpeed = 5;
    double clearance = 2.0;              ///< above the highest printed point
    double softenBelow = 20;             ///< °C under the target at which contact is softened, see plan rule 5
    std::optional<std::array<double, 2>> primePlace; ///< X Y; else a corner outside the footprint
    double primeMm = 12, primeSpeed = 2.0;///< filament mm, mm/s
    double retractMm = 0.8, retractSpeed = 30;
    bool setHomedKnown = true;           ///< SET_KINEMATIC_POSITION knows SET_HOMED (Klipper since 2025-01)
    bool homeXyIsPlain = true;           ///< G28 X Y moves X and Y alone (no homing_override / safe_z_home hop)
    bool plrPresent = false;             ///< Klipper with klipper-plr: the plan ends by arming it
    std::optional<ProbeFacts> probe;
    std::optional<double> topEndstop;    ///< what Z counts itself at when G28 Z went straight up to its switch at the top
    std::string whyNoTopEndstop;         ///< in words; empty = the configuration was not read
};

/// A person's own lines by place, see recovery/ownlines.h.
using OwnLines = std::map<std::string, std::vector<std::string>>;

/// A line of the person whose effect no simulation knows: a macro.
struct Unsimulated {
    std::string place, line;
};

enum class StepKind { Note, HeatBed, Soften, DeclareZ, Lift, HomeXY, RegisterZ, LoadMesh, HeatNozzle, Prime, Limits, Factors, Objects, SelectTool, Approach, RestoreModes, Continue };

/// What happens in a step after its lines and before the next step: a person's part, or what the program reads back. Press:
/// before its lines, in a dry run.
enum class Hand { None, Touch, LookAtPrime, LookAtHoming, Press, Probe, ReadBack };

struct PlanStep {
    int n = 0;                           ///< from 1
    StepKind kind = StepKind::Note;
    std::vector<std::string> gcode;      ///< lines without line end; empty when the program itself does the step
    Message title, reason;
    Origin origin = Origin::Unknown;     ///< weakest origin among the numbers used
    std::string numbersFrom;             ///< e.g. "file byte 1204", "observed"
    Hand hand = Hand::None;
    std::optional<ProbePlace> probe;     ///< of Hand::Probe
    bool lastProbe = false;              ///< then Z is declared as all places together tell
    std::optional<double> readBack;      ///< of Hand::ReadBack: what the machine's own Z must be, mm
};

/// Something of the state that the plan cannot bring back.
struct NotRestored {
    std::string what;                    ///< the command's word, e.g. "SET_SKEW"
    Message why;                         ///< what that means and what to do
    bool blocks = false;                 ///< going on without it would damage the part
};

/// The tail of the file is sent unchanged from snapshot.byte on.
struct Plan {
    Snapshot snapshot;
    gcode::Dialect dialect = gcode::Dialect::Klipper;
    ZMethod zMethod = ZMethod::Keep;
    std::vector<PlanStep> steps;
    double liftToZ = 0;                  ///< mm, travel height
    double highestPrinted = 0;           ///< mm, up to the upper end of the stop interval
    std::optional<double> clearance;     ///< mm, lowest clearance of the planned travels above what is printed
    std::array<double, 2> primeAt{};
    gcode::Extents printed;              ///< mm, footprint of the whole print; maxZ == highestPrinted
    gcode::Extents whole;                ///< mm, of all that the whole file extrudes, in the machine's own coordinates
    bool shifted = false;                ///< the plan goes on in coordinates of G92 that only the running firmware knows
    /// mm, travel limits the plan was made for. Of an axis that is not `limited` they are only as far as print and plan themselves go.
    std::array<double, 3> minimum{}, maximum{};
    std::array<bool, 3> limited{true, true, true};
    std::string limitsFrom;              ///< setting of the file, where a limit is only its slicer's; empty: the printer's own
    std::vector<Unsimulated> unsimulated; ///< own lines that run unchecked
    NozzleContact contact = NozzleContact::Unknown;
    std::optional<double> declaredZ;     ///< mm, as in PlanOptions
    double zOffset = 0;                  ///< mm, G-code offset and babysteps of Z in force at the resume point
    std::optional<double> declares;      ///< mm, what the plan itself tells the firmware Z is; not when Z is kept
    double resumeZ = 0;                  ///< mm, true height of the tip where the print goes on: the file's plus zOffset
    double layerZ = 0;                   ///< mm, the same of the layer it goes on in: lower than resumeZ within a Z hop
    std::optional<double> layerHeight;   ///< mm, thickness of that layer
    std::vector<NotRestored> notRestored;
    bool dryRun = false;                 ///< nothing is printed: no step extrudes, and there is no tail
};

/// What a search found to be clear (searchClearWay): the machine's own coordinates, mm.
struct FoundWay {
    double liftZ = 0;                                ///< never lower than what the plan would choose by itself
    std::array<double, 2> primeAt{};
    std::optional<std::array<double, 2>> via;        ///< a point to go round what is too high on the straight way
    Message reason;
};

struct PlanOptions {
    ZMethod zMethod = ZMethod::Keep;
    NozzleContact contact = NozzleContact::Unknown;
    /// Height of the nozzle's tip above the bed now, in mm, as a person measures it; the machine's own coordinate, before any
    /// G-code offset or babystep. After a plan that declares it the tip stands at the file's height plus the offset that was
    /// in force. Touching the part, it is the height of the file's layer plus that offset (Plan::zOffset).
    std::optional<double> declaredZ;
    OwnLines ownLines;                   ///< by place; executed in thought first, modes are restored behind them
    std::optional<double> materialSoftening; ///< °C
    std::optional<double> nozzleNow;     ///< °C measured now; a nozzle that is soft already is lifted at once
    bool touchByHand = false;            ///< Touch without a declared height: a person leads the nozzle down, press by press
    std::optional<FoundWay> way;         ///< instead of the plan's own choice of height, prime place and straight way
    bool lookAtPrime = false;            ///< a person says whether plastic came out before the print goes on
    bool homeThrice = false;             ///< X and Y are homed three times, and a person sees how far apart they ended
    /// declaredZ is what the printer itself reports after a run of this program that registered Z and let nothing go since.
    bool heldZ = false;
    /// The same ways, higher by PrinterFacts::clearance: softened lift, homing, registration, beside the print, over the
    /// resume point and back. The bed at its target, the nozzle at standby; nothing is extruded, loaded or set.
    bool dryRun = false;
    std::vector<ProbePlace> probePlaces; ///< FreeSpot: where the bed is probed, see recovery/freespot.h
};

/// The preamble that makes the machine equal to the file's state at snapshot.byte. UnknownState (field names it),
/// BeforeFirstExtrusion, AfterLastExtrusion, Unsafe (own lines that home or probe, travel outside the limits), NotSupported:
/// what the dialect or the Z method cannot do; `detail` says why.
[[nodiscard]] Result<Plan> planResume(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot,
                                      const PrinterFacts& printer, const PlanOptions& options);

/// Offset and babysteps of Z that are in force, in mm: how far the machine stands above its coordinates.
[[nodiscard]] double zOffsetOf(const gcode::MachineState& state);
/// Height of the tip above the bed, in mm, where the file's Z is `z`: what a person declares when it stands there.
[[nodiscard]] double trueHeight(const gcode::MachineState& state, double z);

/// All G-code of the plan, one `; step n: reason` before each step, without the tail.
[[nodiscard]] std::string preambleText(const Plan& plan);
/// Steps that the program sends itself, one by one, also when a new file is started: all up to the last one in which a
/// person does something.
[[nodiscard]] std::size_t stepsByHand(const Plan& plan);
/// The plan without those, for the file that is started behind them; the same plan when there are none.
[[nodiscard]] Plan filePart(const Plan& plan);
/// The lines that make Z what it was found to be: the nozzle stands at `z` (mm, the machine's own).
[[nodiscard]] Result<std::vector<std::string>> declareLines(const Plan& plan, const PrinterFacts& printer, double z);
/// Why the firmware cannot start inside the original file, in words; nullopt when it can.
[[nodiscard]] std::optional<std::string> whyNoZeroCopy(const Plan& plan);
/// Lines that continue the original file in place, for ONE script after all steps but Objects: selecting a file makes
/// Klipper forget its objects, so those lines come in between. `name` is the path below the gcodes root, or on the card.
/// Unsafe when no quoting makes the name safe; NotSupported, with the reason, where a firmware cannot start inside a file.
[[nodiscard]] Result<std::vector<std::string>> zeroCopyStart(const Plan& plan, const std::string& name);
/// `; KINTSUGI RESUME POINT byte=<N>`
[[nodiscard]] std::string resumePointLine(ByteOffset byte);
/// <stem>.resume-L<layer>-B<byte>.gcode; of binary G-code .bgcode.
[[nodiscard]] std::string resumeFileName(const std::string& originalName, std::size_t layer, ByteOffset byte);

struct ResumePoint {
    ByteOffset original = 0;   ///< byte of the original file
    ByteOffset tailBegin = 0;  ///< byte of the resume file at which the original bytes start
    gcode::Extents printed;    ///< mm, what is printed outside this file: x and y of the original, z up to the stop
    bool shifted = false;      ///< it went on in coordinates of G92 that only the firmware of then knew
    std::optional<double> declaredZ; ///< mm, the machine's own coordinate that its first steps gave Z
};
/// Reads a resume file's head; nullopt when it is none. A byte B >= tailBegin of it is original byte B - tailBegin + original.
[[nodiscard]] Result<std::optional<ResumePoint>> readResumePoint(const gcode::Source& source);

} // namespace kintsugi::recovery
