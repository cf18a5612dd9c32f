// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace kintsugi::gcode {

/// What G-code means on a printer: above all how E follows G90/G91 and M82/M83.
enum class Dialect {
    Klipper,        ///< E is relative if M83 or G91; the M82/M83 flag is kept through G90/G91
    Marlin,         ///< 2.x and Prusa Buddy: G90/G91 set E too and cancel M82/M83
    Prusa,          ///< MK3 8-bit: E has a flag of its own
    RepRapFirmware, ///< E has a flag of its own
    Marlin1,        ///< Marlin 1.1 and Repetier: as Klipper
};

[[nodiscard]] std::string_view name(Dialect dialect); ///< "klipper", "marlin", "prusa", "reprapfirmware", "marlin1"
[[nodiscard]] std::optional<Dialect> dialectFromName(std::string_view name);

} // namespace kintsugi::gcode
