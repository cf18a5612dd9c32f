// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kintsugi::recovery {

/// A Klipper configuration: section and option names in lower case, as `configfile.settings` has them; values as text
/// (numbers in the C locale, lists joined by ", ", booleans "True" and "False").
struct KlipperConfig {
    using Section = std::map<std::string, std::string>;
    std::map<std::string, Section> sections;

    [[nodiscard]] const Section* section(const std::string& name) const;
    [[nodiscard]] bool has(const std::string& name) const { return section(name) != nullptr; }
    [[nodiscard]] std::optional<std::string> text(const std::string& section, const std::string& option) const;
    [[nodiscard]] std::optional<double> number(const std::string& section, const std::string& option) const;
    /// Names of all sections of one kind: "fan_generic" -> {"aux", "chamber"}.
    [[nodiscard]] std::vector<std::string> named(std::string_view kind) const;
    /// A macro's section by the name it is called by, in any case; empty when there is none.
    [[nodiscard]] std::string macro(std::string_view called) const;
};

/// The text of a printer.cfg: comments dropped, continuation lines joined by line ends; the block of SAVE_CONFIG and
/// [include] are not followed. Never fails: what is no section and no option is left out. At most 4 MiB are read.
[[nodiscard]] KlipperConfig readKlipperConfig(std::string_view text);

/// Heater limits of a tool or of the bed ("extruder", "heater_bed"), °C.
struct HeatRange {
    std::optional<double> minimum, maximum; ///< what the sensor and a target may be
    std::optional<double> extrudeFrom;      ///< below it nothing is extruded
};
[[nodiscard]] HeatRange heatRange(const KlipperConfig& config, const std::string& heater);

} // namespace kintsugi::recovery
