// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/comments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "gcode/text.h"

namespace kintsugi::gcode {

namespace {

bool isWordChar(char c) { return isDigit(c) || c == '_' || isLetter(c); }

bool skip(std::string_view& text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// A whole text of at most fifteen digits and a point between them: a quotient of two exact numbers is rounded once, as it must be.
std::optional<double> shortNumber(std::string_view text)
{
    constexpr std::size_t exact = 15;
    constexpr std::array<double, exact + 1> scales{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    if (text.size() > exact)
        return std::nullopt;
    std::int64_t digits = 0;
    std::size_t decimals = 0;
    bool point = false;
    for (const char c : text) {
        if (isDigit(c)) {
            digits = digits * 10 + (c - '0');
            decimals += point ? 1 : 0;
        } else if (c == '.' && !point) {
            point = true;
        } else {
            return std::nullopt;
        }
    }
    return text.size() == 1 && point ? std::nullopt : std::optional(static_cast<double>(digits) / scales[decimals]);
}

/// Digits and points at the front, as a number.
std::optional<double> height(std::string_view text)
{
    if (text.empty() || !(isDigit(text.front()) || text.front() == '.'))
        return std::nullopt;
    if (const auto value = shortNumber(text))
        return value;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<double> after(std::string_view text, std::string_view key)
{
    const auto at = text.find(key);
    return at == text.npos ? std::nullopt : height(text.substr(at + key.size()));
}

std::optional<double> note(std::string_view comment, std::string_view key, std::string_view longKey)
{
    std::string_view text = trimmedLeft(comment);
    if (!skip(text, key) && !skip(text, longKey))
        return std::nullopt;
    return height(trimmedLeft(text));
}

std::optional<std::string_view> setting(std::string_view text, std::string_view key)
{
    if (!skip(text, key))
        return std::nullopt;
    text = trimmedLeft(text);
    if (!skip(text, "="))
        return std::nullopt;
    return trimmed(text);
}

std::optional<Dialect> flavour(std::string_view value)
{
    constexpr std::array<std::pair<std::string_view, Dialect>, 17> flavours{{
        {"klipper", Dialect::Klipper},
        {"marlin2", Dialect::Marlin},
        {"marlin", Dialect::Marlin1},
        {"reprapfirmware", Dialect::RepRapFirmware},
        {"reprap", Dialect::Marlin1},
        {"reprapsprinter", Dialect::Marlin1},
        {"repetier", Dialect::Marlin1},
        {"teacup", Dialect::Marlin1},
        {"smoothie", Dialect::Marlin},
        {"Marlin", Dialect::Marlin},
        {"Marlin(Volumetric)", Dialect::Marlin},
        {"Griffin", Dialect::Marlin},
        {"UltiGCode", Dialect::Marlin1},
        {"Repetier", Dialect::Marlin1},
        {"RepRap", Dialect::RepRapFirmware},
        {"RepRapFirmware", Dialect::RepRapFirmware},
        {"Klipper", Dialect::Klipper},
    }};
    const auto* const found = std::ranges::find(flavours, value, &std::pair<std::string_view, Dialect>::first);
    return found == flavours.end() ? std::nullopt : std::optional(found->second);
}

constexpr std::array<std::string_view, 45> settingKeys{"temperature", "first_layer_temperature", "bed_temperature",
    "first_layer_bed_temperature", "filament_type", "nozzle_temperature", "nozzle_temperature_initial_layer", "curr_bed_type",
    "hot_plate_temp", "hot_plate_temp_initial_layer", "cool_plate_temp", "cool_plate_temp_initial_layer", "eng_plate_temp",
    "eng_plate_temp_initial_layer", "textured_plate_temp", "textured_plate_temp_initial_layer", "supertack_plate_temp",
    "supertack_plate_temp_initial_layer", "temperature_C", "first_layer_C", "bed_C", "material_name", "temperatureNumber",
    "temperatureHeatedBed", "temperatureSetpointCount", "temperatureSetpointTemperatures", "temperatureType",
    "temperatureSetpoints", "printMaterial", "BUILD_PLATE.INITIAL_TEMPERATURE", "Filament Type #1", "Filament Type #2",
    "bed_shape", "max_print_height", "printable_area", "printable_height", "machine_width", "machine_depth", "machine_height",
    "machine_center_is_zero", "strokeXoverride", "strokeYoverride", "strokeZoverride", "originOffsetXoverride", "originOffsetYoverride"};
constexpr std::string_view trainKey = "EXTRUDER_TRAIN.";

/// Few of the hundreds of keys in a config block begin like one that is kept: told by their first letters.
constexpr std::size_t beginLength = 4;
constexpr unsigned beginOf(std::string_view key)
{
    unsigned value = 0;
    for (std::size_t at = 0; at < beginLength; ++at)
        value = value * 7 + static_cast<unsigned char>(key[at]);
    return value % 256;
}
constexpr std::array<bool, 256> makeSettingBegins()
{
    std::array<bool, 256> table{};
    for (const std::string_view key : settingKeys)
        table[beginOf(key)] = true;
    table[beginOf(trainKey)] = true;
    return table;
}
constexpr auto settingBegins = makeSettingBegins();

} // namespace

std::string_view name(Slicer slicer)
{
    switch (slicer) {
    case Slicer::Unknown: return "unknown";
    case Slicer::PrusaSlicer: return "PrusaSlicer";
    case Slicer::SuperSlicer: return "SuperSlicer";
    case Slicer::OrcaSlicer: return "OrcaSlicer";
    case Slicer::BambuStudio: return "BambuStudio";
    case Slicer::Cura: return "Cura";
    case Slicer::IdeaMaker: return "ideaMaker";
    case Slicer::Simplify3D: return "Simplify3D";
    case Slicer::KissSlicer: return "KISSlicer";
    case Slicer::Slic3r: return "Slic3r";
    }
    return {};
}

std::optional<MarkFamily> markFamily(Slicer slicer)
{
    switch (slicer) {
    case Slicer::PrusaSlicer:
    case Slicer::SuperSlicer:
    case Slicer::OrcaSlicer:
    case Slicer::BambuStudio:
        return MarkFamily::LayerChange;
    case Slicer::Cura:
    case Slicer::IdeaMaker:
        return MarkFamily::LayerNumber;
    case Slicer::Simplify3D:
        return MarkFamily::Simplify3D;
    case Slicer::KissSlicer:
        return MarkFamily::KissSlicer;
    case Slicer::Unknown:
    case Slicer::Slic3r:
        return std::nullopt;
    }
    return std::nullopt;
}

std::optional<LayerMark> layerMark(std::string_view comment)
{
    std::string_view text = trimmed(comment);
    if (skip(text, "LAYER:")) {
        text = trimmedLeft(text);
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && end == text.data() + text.size())
            return LayerMark{.family = MarkFamily::LayerNumber, .z = {}, .height = {}, .number = number};
        return std::nullopt;
    }
    if (skip(text, "LAYER_CHANGE") || skip(text, "CHANGE_LAYER")) {
        const bool ends = text.empty() || !isWordChar(text.front());
        return ends ? std::optional(LayerMark{.family = MarkFamily::LayerChange}) : std::nullopt;
    }
    if (skip(text, "layer ") && !text.empty() && isDigit(text.front())) {
        auto z = after(text, ", Z = ");
        if (!z)
            z = after(text, ", z = ");
        return z ? std::optional(LayerMark{.family = MarkFamily::Simplify3D, .z = z}) : std::nullopt;
    }
    if (skip(text, "BEGIN_LAYER_")) {
        const auto z = after(text, " z=");
        return z ? std::optional(LayerMark{.family = MarkFamily::KissSlicer, .z = z, .height = after(text, " z_thickness=")}) : std::nullopt;
    }
    if (skip(text, "Layer #") && !text.empty() && isDigit(text.front()))
        return LayerMark{.family = MarkFamily::CraftWare};
    return std::nullopt;
}

Slicer slicerOf(std::string_view comment)
{
    constexpr std::array<std::pair<std::string_view, Slicer>, 12> signatures{{
        {"generated by PrusaSlicer", Slicer::PrusaSlicer},
        {"generated by SuperSlicer", Slicer::SuperSlicer},
        {"generated by OrcaSlicer", Slicer::OrcaSlicer},
        {"generated by BambuStudio", Slicer::BambuStudio},
        {"BambuStudio ", Slicer::BambuStudio},
        {"Generated with Cura", Slicer::Cura},
        {"GENERATOR.NAME:Cura", Slicer::Cura},
        {"Sliced by ideaMaker", Slicer::IdeaMaker},
        {"G-Code generated by Simplify3D", Slicer::Simplify3D},
        {"KISSlicer", Slicer::KissSlicer},
        {"generated by KISSlicer", Slicer::KissSlicer},
        {"generated by Slic3r", Slicer::Slic3r},
    }};
    const std::string_view text = trimmedLeft(comment);
    for (const auto& [signature, slicer] : signatures)
        if (text.starts_with(signature))
            return slicer;
    return Slicer::Unknown;
}

std::optional<double> zNote(std::string_view comment)
{
    return note(comment, "Z:", "Z_HEIGHT:");
}

std::optional<double> heightNote(std::string_view comment)
{
    return note(comment, "HEIGHT:", "LAYER_HEIGHT:");
}

std::optional<std::string_view> objectNote(std::string_view comment)
{
    std::string_view text = trimmed(comment);
    if (skip(text, "MESH:") || skip(text, "PRINTING:")) {
        text = trimmed(text);
        return text.empty() || text == "NONMESH" || text == "NON-OBJECT" ? std::nullopt : std::optional(text);
    }
    if (!skip(text, "printing object ") && !skip(text, "start printing object, unique label id: "))
        return std::nullopt;
    return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<Dialect> dialectNote(std::string_view comment)
{
    std::string_view text = trimmedLeft(comment);
    if (skip(text, "FLAVOR:") || skip(text, "Firmware:"))
        return flavour(trimmed(text));
    if (const auto value = setting(text, "gcode_flavor"))
        return flavour(*value);
    // The 8-bit Prusa machines: E has a flag of its own, whatever flavour the profile names.
    const auto model = setting(text, "printer_model");
    const bool buddy = model && (model->starts_with("MK3.5") || model->starts_with("MK3.9"));
    if (model && !buddy && (model->starts_with("MK3") || model->starts_with("MK2")))
        return Dialect::Prusa;
    return std::nullopt;
}

std::optional<bool> thumbnailNote(std::string_view comment)
{
    std::string_view text = trimmed(comment);
    if (skip(text, "THUMBNAIL_BLOCK_"))
        return text == "START" ? std::optional(true) : text == "END" ? std::optional(false) : std::nullopt;
    if (skip(text, "thumbnail")) {
        if (skip(text, "_"))
            while (!text.empty() && isWordChar(text.front()))
                text.remove_prefix(1);
    } else if (!skip(text, "png") && !skip(text, "jpg") && !skip(text, "bmp")) {
        return std::nullopt;
    }
    if (text == " end")
        return false;
    return text.starts_with(" begin ") ? std::optional(true) : std::nullopt;
}

bool isLayerCount(std::string_view comment)
{
    return comment.starts_with("LAYER_COUNT:");
}

std::optional<SettingNote> settingNote(std::string_view comment)
{
    const std::string_view text = trimmedLeft(comment);
    if (text.size() < beginLength || !settingBegins[beginOf(text)])
        return std::nullopt;
    const auto at = text.find_first_of("=,:");
    if (at == text.npos)
        return std::nullopt;
    const std::string_view key = trimmed(text.substr(0, at));
    const bool known = std::ranges::find(settingKeys, key) != settingKeys.end() || (key.starts_with(trainKey) && key.ends_with(".INITIAL_TEMPERATURE"));
    return known ? std::optional(SettingNote{.key = key, .value = trimmed(text.substr(at + 1))}) : std::nullopt;
}

std::optional<std::string_view> curaSettings(std::string_view comment)
{
    std::string_view text = comment;
    return skip(text, "SETTING_3 ") ? std::optional(text) : std::nullopt;
}

} // namespace kintsugi::gcode
