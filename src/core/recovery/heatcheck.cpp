// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/heatcheck.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "recovery/plangcode.h"

namespace kintsugi::recovery {

namespace {

struct Softening {
    std::string_view material; ///< begin of the name
    double celsius;
};

/// Glass transitions near 60, 80, 100, 105 and 147 °C in turn; PA, PP and POM are crystalline and hold longer.
constexpr std::array<Softening, 13> softenings{{
    {"PLA", 150}, {"PVA", 150}, {"TPU", 150}, {"TPE", 150}, {"FLEX", 150}, {"PETG", 160}, {"PET", 160},
    {"HIPS", 170}, {"ABS", 175}, {"ASA", 175}, {"PC", 180}, {"PA", 180}, {"PP", 170},
}};

/// "a;b;c" by tool; one value stands for all.
std::string valueFor(const std::string& values, int tool)
{
    std::size_t begin = 0;
    const char separator = values.find(';') != std::string::npos ? ';' : ',';
    std::string last;
    for (int i = 0; begin <= values.size(); ++i) {
        const std::size_t end = std::min(values.find(separator, begin), values.size());
        last = values.substr(begin, end - begin);
        if (i == tool)
            break;
        begin = end + 1;
    }
    std::erase_if(last, [](char c) { return c == ' ' || c == '"' || c == '[' || c == ']'; });
    return last;
}

} // namespace

std::vector<HeatFinding> checkHeat(const gcode::MachineState& state, const HeatLimits& limits)
{
    std::vector<HeatFinding> findings;
    const auto add = [&findings](std::string field, double target, double low, double high, const char* cold, const char* hot) {
        HeatFinding finding{.field = std::move(field), .measured = target, .limit = high};
        finding.text = {KINTSUGI_TEXT("A target of %1 °C is within reason."), {decimal(target)}};
        if (!(target >= low)) {
            finding.breaks = true;
            finding.limit = low;
            finding.why = cold;
            finding.text = {KINTSUGI_TEXT("A target of %1 °C is too low: no plastic flows below %2 °C. Correct it."), {decimal(target), decimal(low)}};
        } else if (!(target <= high)) {
            finding.breaks = true;
            finding.why = hot;
            finding.text = {KINTSUGI_TEXT("A target of %1 °C is too high: no printer is made for more than %2 °C. Correct it."), {decimal(target), decimal(high)}};
        }
        findings.push_back(std::move(finding));
    };
    const std::string nozzle = "hotend." + std::to_string(state.tool);
    if (!state.hotend.count(state.tool))
        findings.push_back({nozzle, true, "the temperature of the nozzle in use is not known", 0, limits.coldestNozzle,
                            {KINTSUGI_TEXT("The temperature of the nozzle in use is not known. Enter it."), {}}});
    for (const auto& [tool, target] : state.hotend)
        add("hotend." + std::to_string(tool), target, tool == state.tool ? limits.coldestNozzle : 0, limits.hottestNozzle, "too cold to extrude",
            "hotter than any nozzle is made for");
    if (state.bed)
        add("bed", *state.bed, 0, limits.hottestBed, "below 0", "hotter than any bed is made for");
    if (state.chamber)
        add("chamber", *state.chamber, 0, limits.hottestChamber, "below 0", "hotter than any chamber is made for");
    return findings;
}

std::optional<std::string> materialOf(const gcode::FileIndex& index, int tool)
{
    constexpr std::array<std::string_view, 2> keys{"filament_type", "printMaterial"}; // PrusaSlicer and its kin; Simplify3D
    for (const gcode::SlicerSetting& setting : index.settings) {
        if (std::find(keys.begin(), keys.end(), setting.key) == keys.end())
            continue;
        std::string name = write::upper(valueFor(setting.value, tool));
        if (!name.empty())
            return name;
    }
    return std::nullopt;
}

double softeningOf(const std::optional<std::string>& material, double printing, double below)
{
    constexpr double lowest = 150, highest = 180, drop = 60;
    double celsius = std::clamp(printing - drop, lowest, highest);
    if (material) {
        const auto known = std::find_if(softenings.begin(), softenings.end(), [&](const Softening& s) { return material->starts_with(s.material); });
        if (known != softenings.end())
            celsius = known->celsius;
    }
    return std::min(celsius, printing - below);
}

} // namespace kintsugi::recovery
