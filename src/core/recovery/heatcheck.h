// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/message.h"
#include "gcode/fileindex.h"

/// What a plan heats to, as data: limits of reason, what breaks them, and at what the nozzle is freed from the part.
namespace kintsugi::recovery {

/// °C. No plastic flows below, no printer is made for more: such a target is a slip, and a wait for it may never end.
struct HeatLimits {
    double coldestNozzle = 100, hottestNozzle = 500, hottestBed = 200, hottestChamber = 200;
};

struct HeatFinding {
    std::string field;               ///< key of Snapshot::fields
    bool breaks = false;             ///< no plan is made with it
    std::string why;                 ///< for an error's detail
    double measured = 0, limit = 0;  ///< °C; the limit that is broken, or the upper one
    Message text;
};
/// One finding for every target of the state, in reading order. A missing target of the nozzle in use breaks, too.
[[nodiscard]] std::vector<HeatFinding> checkHeat(const gcode::MachineState& state, const HeatLimits& limits = {});

/// The filament of a tool as the slicer wrote it ("PLA", "PETG" …, upper case); nullopt when the file does not tell.
[[nodiscard]] std::optional<std::string> materialOf(const gcode::FileIndex& index, int tool);

/// At what frozen plastic lets the nozzle go without melting the part, °C: within the 150 to 180 °C of
/// serial-and-gcode.md 3.7, by the material's glass transition; never within `below` of the printing temperature.
[[nodiscard]] double softeningOf(const std::optional<std::string>& material, double printing, double below);

} // namespace kintsugi::recovery
