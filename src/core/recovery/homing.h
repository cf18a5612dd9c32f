// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "recovery/configread.h"

namespace kintsugi::recovery {

enum class Kinematics { Unknown, Cartesian, CoreXY, CoreXZ, Delta };
[[nodiscard]] std::string_view name(Kinematics kinematics); ///< "unknown", "cartesian", "corexy", …
[[nodiscard]] std::optional<Kinematics> kinematicsFromName(std::string_view name);

enum class HomeEnd { Unknown, Minimum, Maximum };
[[nodiscard]] std::string_view name(HomeEnd end); ///< "unknown", "minimum", "maximum"
[[nodiscard]] std::optional<HomeEnd> homeEndFromName(std::string_view name);

struct AxisHoming {
    HomeEnd end = HomeEnd::Unknown;
    std::optional<double> position; ///< mm, where the axis counts itself to be once homed; else its limit
    bool sensorless = false;        ///< runs against the frame
    friend bool operator==(const AxisHoming&, const AxisHoming&) = default;
};

/// Klipper's [safe_z_home].
struct SafeZHome {
    double zHop = 0; ///< mm
    friend bool operator==(const SafeZHome&, const SafeZHome&) = default;
};

/// Klipper's [homing_override].
struct HomingOverride {
    std::string axes = "xyz";
    std::array<std::optional<double>, 3> setPosition{}; ///< mm, set_position_x …
    std::string gcode;
    friend bool operator==(const HomingOverride&, const HomingOverride&) = default;
};

/// What is known of how a printer homes. Plain values: a profile stores and edits it. What is not known is nullopt and counts
/// as anything it may be.
struct HomingFacts {
    Kinematics kinematics = Kinematics::Unknown;
    std::array<AxisHoming, 3> axes{};
    bool yFirst = false;    ///< Marlin's HOME_Y_BEFORE_X; Klipper and others home X first
    bool together = false;  ///< Marlin's QUICK_HOME: X and Y at the same time
    /// Marlin's Z_HOMING_HEIGHT / Z_CLEARANCE_FOR_HOMING and, when it hangs below the nozzle, the probe's Z offset, mm.
    std::optional<double> marlinLift;
    double probeOffsetZ = 0;
    std::optional<SafeZHome> safeZHome;
    std::optional<HomingOverride> override;
    /// RepRapFirmware's homex.g, homey.g and homeall.g.
    std::optional<std::string> homeX, homeY, homeAll;
    friend bool operator==(const HomingFacts&, const HomingFacts&) = default;
};

/// From a Klipper configuration. What is not there stays unknown.
[[nodiscard]] HomingFacts homingFromKlipper(const KlipperConfig& config);

/// BadValue with the field.
[[nodiscard]] Result<> checkHoming(const HomingFacts& facts);

} // namespace kintsugi::recovery
