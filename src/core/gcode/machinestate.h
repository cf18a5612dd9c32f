// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gcode/command.h"
#include "gcode/dialect.h"
#include "gcode/scanner.h"

namespace kintsugi::gcode {

enum class Axis { X, Y, Z };

/// What last gave an axis its value. A position is only trustworthy after an absolute move.
enum class SetBy : std::uint8_t { Nothing, Move, Homing, G92, Declared };

/// A mesh as the file asked for it: a Klipper profile, RepRapFirmware's height map file, or Marlin's M420 S/L/Z.
struct MeshState {
    std::string profile;                  ///< BED_MESH_PROFILE LOAD=, G29 P"…"
    std::optional<double> m420Enabled, m420Slot;
    std::optional<double> m420Fade;       ///< mm
    friend bool operator==(const MeshState&, const MeshState&) = default;
};

/// The state vector of reference part 3.2: what the file has said up to a byte. Unknown is nullopt, never 0.
/// Positions are logical (G92 applied), in nm; feed in millionths of mm/min; temperatures °C; factors in percent.
struct MachineState {
    std::array<std::optional<Nanometres>, 3> position{}; ///< X, Y, Z; see placed()
    std::array<SetBy, 3> setBy{};
    Nanometres e = 0;             ///< logical E register; meaningful when E is absolute
    Nanometres eTotal = 0;        ///< sum of all commanded E motion, G92 jumps excluded
    Nanometres eHighest = 0;      ///< highest eTotal so far: eHighest - eTotal is what is retracted by the slicer
    bool absoluteXyz = true;
    bool absoluteEFlag = true;    ///< M82/M83
    bool eFollowsXyz = true;      ///< Marlin 2: no M82/M83 since the last G90/G91
    bool inch = false;
    int plane = 17;
    std::optional<std::int64_t> feed; ///< millionths of mm/min
    int tool = 0;
    double speedPercent = 100.0;
    std::map<int, double> flowPercent;             ///< tool -> %
    std::map<int, double> hotend;                  ///< tool -> target °C
    std::optional<double> bed, chamber;            ///< target °C
    std::map<std::string, double> fans;            ///< "0".. -> 0..255 (M106), or SET_FAN_SPEED name -> 0..1
    std::map<std::string, double> heaters;         ///< SET_HEATER_TEMPERATURE of other heaters, name -> °C
    std::map<std::string, std::map<std::string, double>> motion; ///< "M201" -> {"X": …}; "SET_VELOCITY_LIMIT" -> {"ACCEL": …}
    /// Klipper: extruder name; else tool number. A number in Klipper is M900 or M572, which only a macro understands there.
    std::map<std::string, double> pressureAdvance;
    bool firmwareRetracted = false;                ///< G10 without parameters
    std::optional<MeshState> mesh;
    std::map<std::string, double> gcodeOffset;     ///< "X","Y","Z" -> mm
    std::array<Nanometres, 3> babystep{};          ///< M290: moves the machine, not its coordinates
    std::map<int, double> volumetric;              ///< M200: tool -> filament diameter in mm; 0 = E counts lengths
    /// Settings by the head of the line that sets them again: "M218 T1" -> {"X": …}, "SET_SKEW XY=100,100,71" -> {}; also
    /// M206, M428, "G10 L2 P1", "SAVE_GCODE_STATE NAME=a", "ACTIVATE_EXTRUDER EXTRUDER=a" (the tool in use was selected so) and what
    /// gcode/toolsetup.h tells. A head that ends with '?' cannot be said again.
    std::map<std::string, std::map<std::string, double>> toolSetup;
    int advanceCode = 0;                           ///< 900 or 572 when such a code set pressureAdvance last, else 0
    double workspace = 54;                         ///< G54..G59.3 as written
    std::set<std::string> excluded;                ///< excluded objects
    std::optional<std::string> object;             ///< object being printed
    std::set<std::string> definedObjects;          ///< EXCLUDE_OBJECT_DEFINE names seen
    bool unknownMotion = false;                    ///< a macro or probing command ran since X, Y and Z were last all set by moves
    std::uint8_t doubtfulAxes = 0;                 ///< bit 0..2 = X..Z not set by an absolute move since that command
    std::uint8_t shiftedAxes = 0;                  ///< bit 0..2 = G92 made X..Z differ from the machine's own coordinate
    std::array<Nanometres, 3> shift{};             ///< by how much: logical minus the machine's own
    std::uint8_t nativeUnknown = 0;                ///< bit 0..2 = G92 came where only the printer knew its place: `shift` is not known
    std::uint8_t everShifted = 0;                  ///< bit 0..2 = shifted once, whatever came later
    std::uint8_t lastMove = 0;                     ///< RepRapFirmware: 1 after G0 or G1, 2 and 3 after an arc; coordinates alone repeat it
    std::optional<std::uint32_t> block;            ///< RepRapFirmware: indent of the if or while whose body this is
    std::set<std::string> unknownFields;           ///< keys of what a condition or an expression made unknown, as Snapshot's; "printed": something at an unknown place
    std::vector<std::string> unknownCommands;      ///< names of macros run so far, first occurrence each, at most 64
    /// Of "hotend" (the tool in use), "bed", "chamber", "fans": what a macro behind the first extrusion may have changed since the file set it.
    std::set<std::string> maybeChanged;
    std::string latestMacro;                       ///< the last macro of which maybeChanged tells
    std::optional<double> speedBackup;             ///< %, of M220 B
    static constexpr std::size_t maxNames = 1024;  ///< objects, fans, heaters …: a hostile file cannot grow the state further
    static constexpr std::size_t maxNameLength = 256; ///< bytes; longer names are cut

    [[nodiscard]] bool eIsAbsolute(Dialect dialect) const;
    /// The position, unless it is only counted from home: where that is, every firmware takes from its configuration (position_endstop, home
    /// position, probe), so no file knows it.
    [[nodiscard]] std::optional<Nanometres> placed(std::size_t axis) const { return setBy[axis] == SetBy::Homing ? std::nullopt : position[axis]; }
    [[nodiscard]] Nanometres retracted() const { return eHighest - eTotal; }

    friend bool operator==(const MachineState&, const MachineState&) = default;
};

/// The part of a MachineState that changes with nearly every line, small and without allocations.
struct HotState {
    std::array<Nanometres, 3> position{}; ///< 0 where it is not known
    Nanometres e = 0, eTotal = 0, eHighest = 0;
    std::int64_t feed = 0;                ///< 0 when not known
    std::array<SetBy, 3> setBy{};
    std::uint8_t known = 0;               ///< bit 0..2 = X..Z, bit 3 = feed
    std::uint8_t doubtfulAxes = 0, shiftedAxes = 0, lastMove = 0;
    bool absoluteXyz = true, absoluteEFlag = true, eFollowsXyz = true, inch = false, firmwareRetracted = false, unknownMotion = false;
    static constexpr std::uint8_t knownFeed = 8;

    friend bool operator==(const HotState&, const HotState&) = default;
};
[[nodiscard]] HotState hotPart(const MachineState& state);
void setHotPart(MachineState& state, const HotState& hot);

/// What one line did, for the layer index and the tool path.
struct Effect {
    enum class Kind { None, Move, Arc, Code, Extended, Text, Tool };
    Kind kind = Kind::None;
    std::array<std::optional<Nanometres>, 3> from{}; ///< Move and Arc: position before
    Nanometres de = 0;                               ///< extruded by this line
    bool moved = false;                              ///< X, Y or Z changed
};

/// Executes one command (of a line, see LineCommands). Pure apart from `state`.
Effect apply(MachineState& state, const Command& command, Dialect dialect);

} // namespace kintsugi::gcode
