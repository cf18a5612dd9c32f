// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QString>

#include "recovery/sample.h"
#include "session.h"

/// Numbers and moments in the person's language.
namespace kintsugi::ui {

[[nodiscard]] QString agoText(double seconds);            ///< "14 min ago"
[[nodiscard]] QString durationText(double seconds);       ///< "2 h 10 min"
[[nodiscard]] QString bytesText(double bytes);            ///< "18 701 344"
[[nodiscard]] QString lengthText(double millimetres);     ///< "12.4 mm"
[[nodiscard]] QString dayAndTime(double secondsSinceEpoch);
/// "Layer 12 of 50, Z 2.40 mm"; as much of it as is known.
[[nodiscard]] QString layerText(std::size_t layer, std::optional<std::size_t> count, std::optional<double> z);
/// "Nozzle 31 of 240 °C, bed 58 of 110 °C"; empty when nothing is known.
[[nodiscard]] QString heatText(const recovery::Sample& sample);
/// Names from outside in one line: control characters out, the middle left out when it is long.
[[nodiscard]] QString shortened(const QString& name, int most = 48);

} // namespace kintsugi::ui
