// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "recovery/meshrestore.h"

namespace kintsugi::recovery {

struct Heater { std::optional<double> temperature, target; friend bool operator==(const Heater&, const Heater&) = default; };

/// One observation of a running printer. Everything a driver did not see is nullopt or absent, never 0.
/// Lengths mm, speeds mm/s unless said otherwise, temperatures °C, factors 1 = 100 %, times s.
struct Sample {
    double time = 0;                     ///< s since epoch UTC, of this machine
    std::optional<double> eventTime;     ///< the host's monotonic clock
    std::optional<std::array<double, 4>> livePosition; ///< X Y Z E where the nozzle is (machine coordinates, E never reset)
    std::optional<double> liveVelocity, liveExtruderVelocity;
    std::optional<std::array<double, 4>> gcodePosition;///< logical, end of the last line executed by the host
    std::optional<std::array<double, 4>> toolheadPosition;
    std::optional<std::array<double, 4>> homingOrigin; ///< SET_GCODE_OFFSET
    std::optional<ByteOffset> filePosition, fileSize; ///< position: Klipper start of the line in execution; M27 byte
    std::optional<ByteOffset> acknowledged; ///< end of the last line a line-oriented firmware said ok to; of a file we stream
    std::optional<ByteOffset> sent;         ///< end of the last line handed to it
    std::optional<int> plannerFree;         ///< P of ADVANCED_OK at `acknowledged`
    std::string file;                    ///< path below the gcodes root, empty when none
    std::string printState;              ///< standby, printing, paused, complete, cancelled, error; empty = unknown
    std::string hostState;               ///< ready, startup, shutdown, error, disconnected; empty = unknown
    std::optional<int> layer, totalLayers; ///< layer as the file announces it
    std::optional<double> printDuration, filamentUsed;
    std::map<std::string, Heater> heaters; ///< "extruder", "extruder1", "heater_bed", "heater_generic chamber"
    std::map<std::string, double> fans;    ///< object name -> 0..1
    std::optional<double> speed;           ///< mm/min, what F said last (gcode_move.speed)
    std::optional<double> speedFactor, extrudeFactor;
    std::optional<bool> absoluteCoordinates, absoluteExtrude;
    std::optional<double> maxVelocity, maxAccel, minimumCruiseRatio, squareCornerVelocity;
    std::optional<double> maxZVelocity, maxZAccel; ///< of the host's configuration
    std::optional<double> maxExtrudeVelocity, maxExtrudeAccel, extruderCornerVelocity; ///< likewise; mm of filament
    std::string kinematics;                ///< likewise: cartesian, corexy …; empty = unknown
    std::optional<bool> sharedController;  ///< likewise: the motors of X, Y and the extruder hang on one controller
    std::map<std::string, double> pressureAdvance; ///< extruder name -> s
    std::string activeExtruder, homedAxes, meshProfile, currentObject;
    SharedMesh mesh;                       ///< the active one's points
    std::optional<std::vector<std::string>> excludedObjects;
    std::optional<double> printTime, estimatedPrintTime; ///< queue lead = difference
    std::optional<double> stalls;
    std::optional<bool> leveled;           ///< quad_gantry_level / z_tilt applied

    friend bool operator==(const Sample&, const Sample&) = default;
};

} // namespace kintsugi::recovery
