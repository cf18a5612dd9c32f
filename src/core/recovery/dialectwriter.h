// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "recovery/plan.h"
#include "recovery/plangcode.h"

/// What a firmware wants to be told to stand where the file's state stands, and in which words: one class per dialect.
/// Sources: serial-and-gcode.md 3.2, 3.3 and 3.7.
namespace kintsugi::recovery::write {

/// Why a state cannot be restored in a dialect; in words.
struct Refusal {
    std::string field, why;
};

/// (command, letter) of limits whose values were given in inches.
using InchValues = std::set<std::pair<std::string, std::string>>;

class DialectWriter
{
public:
    /// `declares`: Z is declared and X and Y are homed anew, so nothing of the firmware's coordinates is still in force.
    DialectWriter(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch);
    virtual ~DialectWriter() = default;
    DialectWriter(const DialectWriter&) = delete;
    DialectWriter& operator=(const DialectWriter&) = delete;

    [[nodiscard]] virtual std::optional<Refusal> refusal() const = 0;
    [[nodiscard]] virtual Lines knownModes() const;                  ///< mm, absolute, relative E, factors at 100 %
    [[nodiscard]] virtual Lines declareZ(double z) const = 0;        ///< mm, the machine's own coordinate
    [[nodiscard]] Lines stepsPerMm() const;                          ///< before anything moves
    [[nodiscard]] Lines carriages() const;                           ///< before X and Y are homed
    [[nodiscard]] virtual std::string homeXy() const { return "G28 X Y"; }
    [[nodiscard]] virtual Lines beforeTouch() const { return {}; } ///< nothing between the coordinates and the motors
    [[nodiscard]] virtual Lines afterRegistration() const { return {}; } ///< undoes what a registration sets by itself
    [[nodiscard]] virtual Lines heatBed() const;                     ///< and chamber, waited for
    /// °C; of the tool in use, waited for from below alone: a nozzle that is hotter is not held on the part until it has cooled.
    [[nodiscard]] virtual Lines soften(double target) const = 0;
    /// Waits that long only when the nozzle cooled since it was last seen soft; empty where a wait would also wait for cooling.
    [[nodiscard]] virtual Lines keepSoft(double target) const { return soften(target); }
    [[nodiscard]] virtual Lines selectTool() const;
    [[nodiscard]] virtual Lines heatNozzle() const;                  ///< every tool; the one in use is waited for
    [[nodiscard]] virtual Lines heatTo(int tool, double target) const; ///< without waiting
    [[nodiscard]] virtual Lines heatAndWait(int tool, double target) const;
    [[nodiscard]] virtual std::string fan(const std::string& name, double speed) const = 0; ///< speed as MachineState has it
    [[nodiscard]] virtual Lines flow() const;
    [[nodiscard]] Lines speedFactor() const;                         ///< and the one that M220 R goes back to
    [[nodiscard]] virtual Lines offsets() const = 0;                 ///< G-code offset, babysteps
    [[nodiscard]] virtual std::optional<Lines> limits() const;       ///< motion, tool offsets, pressure advance, volumetric E
    // nullopt: a name that no quoting makes safe.
    [[nodiscard]] virtual std::optional<Lines> heaters() const { return Lines{}; } ///< all but hotends, bed and chamber
    [[nodiscard]] virtual std::optional<Lines> fans() const;
    [[nodiscard]] virtual std::optional<Lines> mesh() const = 0;     ///< only loaded, never probed
    [[nodiscard]] virtual std::optional<Lines> objects(const Lines& definitions) const = 0;
    /// Does this line of the file's head define objects?
    [[nodiscard]] virtual bool definesObjects(const gcode::Command& command) const = 0;
    [[nodiscard]] virtual Lines lastly() const { return {}; }

    /// E by a length of filament (mm) or, `inFile`, by what the file's E means; in pieces a firmware lets through.
    [[nodiscard]] Lines extrude(gcode::Nanometres inFile, double speed) const;
    [[nodiscard]] gcode::Nanometres inFileUnits(double filamentMm) const;
    /// E register, feed, shifted coordinates, units; E mode last.
    [[nodiscard]] Lines restoreModes() const;
    /// Longest line in bytes: room for a line number and a checksum before the firmware cuts.
    [[nodiscard]] virtual std::size_t longestLine() const { return 76; }

protected:
    [[nodiscard]] std::string heat(const char* code, int tool, double target) const;
    [[nodiscard]] virtual Lines pressureAdvance() const;
    /// Heads that can be said again and change nothing but a setting; all but those that have a place or a form of their own.
    [[nodiscard]] Lines setup(bool inInch) const;
    [[nodiscard]] Lines saidAgain(std::string_view begin) const; ///< heads that begin so, each with all its values
    [[nodiscard]] Lines mixing() const;
    [[nodiscard]] Lines named(const std::map<std::string, std::map<std::string, double>>& values, bool inInch) const;
    [[nodiscard]] bool severalTools() const;
    [[nodiscard]] bool effectiveE() const;

    const gcode::MachineState& m_state;
    const PrinterFacts& m_printer;
    const bool m_declares;
    const InchValues m_inch;
    gcode::Dialect m_dialect = gcode::Dialect::Klipper;
};

[[nodiscard]] std::unique_ptr<DialectWriter> writerFor(gcode::Dialect dialect, const gcode::MachineState& state, const PrinterFacts& printer,
                                                       bool declares, InchValues inch);

} // namespace kintsugi::recovery::write
