// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QStringList>

#include "klippy.h"

namespace kintsugi::sim {

inline constexpr double axisMinimumZ = -2;              ///< mm
inline constexpr double minimumExtrudeTemperature = 170; ///< °C
inline constexpr double longestExtrude = 100;           ///< mm in one move without travel

/// The options of the [power_loss_recovery] section as the demo machine has them.
struct PluginOptions {
    bool debug = true;
    double saveInterval = 5;
    int historySize = 3, saveDelay = 2;
    double zPosition = 240, fastMoveSpeed = 5, slowSpeed = 1, retract = 3, sampleRetract = 1;
    double fastTravelHeight = 225, fastTravelSpeed = 15;
    int sampleSize = 3, retries = 3;
    double sampleRange = 0.07;
    double zHeightOffset = 0;
};
[[nodiscard]] PluginOptions pluginOptions(const MachineOptions& options);

[[nodiscard]] QJsonObject machineSettings(const MachineOptions& options); ///< configfile.settings
[[nodiscard]] QJsonObject configText(const QJsonObject& settings);        ///< configfile.config: every value as text
[[nodiscard]] const QStringList& macroNames();
[[nodiscard]] const QStringList& buttonNames(); ///< one gcode_button per upper Z switch
[[nodiscard]] const QStringList& stepperNames();
[[nodiscard]] const QStringList& zStepperNames();

} // namespace kintsugi::sim
