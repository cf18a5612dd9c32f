// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/startmacro.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "gcode/text.h"

namespace kintsugi::gcode {

namespace {

constexpr std::string_view blanksAndQuotes = " \t\"";

std::optional<double> number(std::string_view text)
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<double> within(std::optional<double> value, double low, double high)
{
    return value && *value >= low && *value <= high ? value : std::nullopt;
}

// A number outside is an index, a switch or a slip, but no temperature to print at.
std::optional<double> asHotend(std::string_view text) { return within(number(text), 100, 500); }
std::optional<double> asBed(std::string_view text) { return within(number(text), 20, 200); }
std::optional<double> asChamber(std::string_view text) { return within(number(text), 20, 150); }

/// "215,220" or "PLA;PETG", blanks and quotes around each removed.
std::vector<std::string_view> parts(std::string_view text)
{
    std::vector<std::string_view> result;
    for (;;) {
        const auto at = text.find_first_of(",;|");
        result.push_back(trimmed(text.substr(0, at), blanksAndQuotes));
        if (at == text.npos)
            return result;
        text.remove_prefix(at + 1);
    }
}

// --- parameters of macros ----------------------------------------------------------------------------------------------

struct Meaning {
    enum class Of { Nothing, Hotend, Bed, Chamber, Tool, Material };
    Of of = Of::Nothing;
    std::optional<int> tool;
};

bool cutFront(std::string& text, std::string_view part)
{
    if (!text.starts_with(part))
        return false;
    text.erase(0, part.size());
    return true;
}

bool cutBack(std::string& text, std::string_view part)
{
    if (!text.ends_with(part))
        return false;
    text.resize(text.size() - part.size());
    return true;
}

template <std::size_t Size>
bool isOneOf(std::string_view text, const std::array<std::string_view, Size>& names)
{
    return std::ranges::find(names, text) != names.end();
}

/// FIRST_LAYER_BED_TEMP, T1_TEMP, EXTRUDER1 … without the parts that every macro orders and spells its own way.
Meaning meaningOf(std::string key)
{
    using Of = Meaning::Of;
    std::erase(key, '_');
    if (key.find("OTHER") != key.npos || key.find("STANDBY") != key.npos || key.find("IDLE") != key.npos || key.find("PREHEAT") != key.npos)
        return {};
    if (isOneOf(key, std::array<std::string_view, 5>{"INITIALTOOL", "INITIALEXTRUDER", "CURRENTEXTRUDER", "TOOLNUMBER", "TOOLINDEX"}))
        return {.of = Of::Tool, .tool = {}};
    const auto cutOrder = [&key] {
        return cutFront(key, "FIRSTLAYER") || cutFront(key, "INITIALLAYER") || cutFront(key, "INITIAL") || cutFront(key, "TARGET")
            || cutBack(key, "FIRSTLAYER") || cutBack(key, "INITIALLAYER") || cutBack(key, "INITIAL") || cutBack(key, "LAYER0");
    };
    const auto cutTemperature = [&key] {
        return cutBack(key, "TEMPERATURES") || cutBack(key, "TEMPERATURE") || cutBack(key, "TEMPS") || cutBack(key, "TEMP");
    };
    cutOrder();
    const bool temperature = cutTemperature();
    cutOrder();
    std::optional<int> tool;
    if (const auto digits = key.find_last_not_of("0123456789") + 1; digits < key.size() && key.size() - digits <= 2) {
        tool = static_cast<int>(*number(std::string_view(key).substr(digits)));
        key.resize(digits);
    }
    if ((key.empty() && temperature) || isOneOf(key, std::array<std::string_view, 5>{"EXTRUDER", "HOTEND", "NOZZLE", "TOOL", "TOOLHEAD"}))
        return {.of = Of::Hotend, .tool = tool};
    if ((key == "T" || key == "E") && (temperature || tool))
        return {.of = Of::Hotend, .tool = tool};
    if (!tool && isOneOf(key, std::array<std::string_view, 5>{"BED", "HEATBED", "HEATERBED", "PLATE", "BUILDPLATE"}))
        return {.of = Of::Bed, .tool = {}};
    if (!tool && isOneOf(key, std::array<std::string_view, 2>{"CHAMBER", "ENCLOSURE"}))
        return {.of = Of::Chamber, .tool = {}};
    if (!tool && isOneOf(key, std::array<std::string_view, 4>{"MATERIAL", "FILAMENT", "FILAMENTTYPE", "MATERIALTYPE"}))
        return {.of = Of::Material, .tool = {}};
    return {};
}

/// Gathers; the first word for each thing counts.
class Gathering
{
public:
    void macro(const MacroCall& call)
    {
        std::optional<int> initial;
        std::optional<Inferred<double>> plain;
        for (const auto& [key, value] : parseParameters(call.rest)) {
            const Meaning meaning = meaningOf(key);
            const std::string basis = call.name + ' ' + key + '=' + value;
            switch (meaning.of) {
            case Meaning::Of::Hotend: hotend(meaning.tool, value, basis, plain, initial); break;
            case Meaning::Of::Tool: initial = toolOf(value); break;
            case Meaning::Of::Bed: put(found.bed, asBed(parts(value).front()), basis); break;
            case Meaning::Of::Chamber: put(found.chamber, asChamber(value), basis); break;
            case Meaning::Of::Material: material(value, basis); break;
            case Meaning::Of::Nothing: break;
            }
        }
        if (plain && initial)
            found.hotend.try_emplace(*initial, *plain);
        else if (plain && !found.anyHotend)
            found.anyHotend = plain;
    }
    void hotendOf(int tool, const std::optional<double>& value, const std::string& basis)
    {
        if (value)
            found.hotend.try_emplace(tool, Inferred<double>{*value, basis});
    }
    void bed(std::string_view value, const std::string& basis) { put(found.bed, asBed(value), basis); }
    void material(std::string_view value, const std::string& basis)
    {
        const std::string_view first = parts(value).front();
        if (!found.material && !first.empty())
            found.material = Inferred<std::string>{std::string(first), basis};
    }
    InferredTemperatures found;

private:
    static std::optional<int> toolOf(std::string_view text)
    {
        const auto value = within(number(text), 0, 99);
        return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
    }
    static void put(std::optional<Inferred<double>>& kept, const std::optional<double>& value, const std::string& basis)
    {
        if (!kept && value)
            kept = Inferred<double>{*value, basis};
    }
    void hotend(const std::optional<int>& tool, std::string_view text, const std::string& basis, std::optional<Inferred<double>>& plain,
                std::optional<int>& initial)
    {
        const auto values = parts(text);
        if (tool || values.size() > 1) {
            for (std::size_t at = 0; at < values.size(); ++at)
                hotendOf(tool.value_or(0) + static_cast<int>(at), asHotend(values[at]), basis);
        } else if (const auto value = asHotend(text)) {
            put(plain, value, basis);
        } else if (!initial) {
            initial = toolOf(text); // EXTRUDER=1 beside HOTEND=210
        }
    }
};

// --- settings of slicers -----------------------------------------------------------------------------------------------

class Settings
{
public:
    explicit Settings(const std::vector<SlicerSetting>& settings) : m_settings(settings) {}

    /// The values of a key: of its one list, or one each time it comes.
    [[nodiscard]] std::vector<std::string_view> list(std::string_view key) const
    {
        std::vector<std::string_view> values;
        for (const auto& setting : m_settings)
            if (setting.key == key)
                for (const auto& part : parts(setting.value))
                    values.push_back(part);
        return values;
    }
    [[nodiscard]] std::string_view one(std::string_view key) const
    {
        const auto found = std::ranges::find(m_settings, key, &SlicerSetting::key);
        return found == m_settings.end() ? std::string_view{} : std::string_view(found->value);
    }
    [[nodiscard]] const std::vector<SlicerSetting>& all() const { return m_settings; }

private:
    const std::vector<SlicerSetting>& m_settings;
};

std::string basisOf(std::string_view key, std::string_view value)
{
    return std::string(key) + " = " + std::string(value);
}

/// OrcaSlicer and BambuStudio keep a temperature for each kind of plate.
std::string_view plateKey(std::string_view plate)
{
    if (plate.starts_with("Cool"))
        return "cool_plate_temp";
    if (plate.starts_with("Engineering"))
        return "eng_plate_temp";
    if (plate.starts_with("Textured PEI"))
        return "textured_plate_temp";
    return plate.starts_with("Supertack") ? "supertack_plate_temp" : "hot_plate_temp";
}

void gatherLists(Gathering& gathering, const Settings& settings, bool firstLayer)
{
    constexpr std::array<std::array<std::string_view, 2>, 4> hotends{{{"temperature", "first_layer_temperature"},
        {"nozzle_temperature", "nozzle_temperature_initial_layer"}, {"temperature_C", "first_layer_C"},
        {"material_print_temperature", "material_print_temperature_layer_0"}}};
    const std::string plate(plateKey(settings.one("curr_bed_type"))), plateFirst = plate + "_initial_layer";
    const std::array<std::array<std::string_view, 2>, 4> beds{{{"bed_temperature", "first_layer_bed_temperature"}, {plate, plateFirst},
        {"bed_C", "bed_C"}, {"material_bed_temperature", "material_bed_temperature_layer_0"}}};
    for (const std::size_t which : {firstLayer ? 1U : 0U, firstLayer ? 0U : 1U}) {
        for (const auto& keys : hotends) {
            const auto values = settings.list(keys[which]);
            for (std::size_t tool = 0; tool < values.size(); ++tool)
                gathering.hotendOf(static_cast<int>(tool), asHotend(values[tool]), basisOf(keys[which], values[tool]));
        }
        for (const auto& keys : beds)
            if (const auto values = settings.list(keys[which]); !values.empty())
                gathering.bed(values.front(), basisOf(keys[which], values.front()));
    }
}

/// Simplify3D lists its heaters; a flag says which of them is the bed, a number which tool it serves.
void gatherSimplify3D(Gathering& gathering, const Settings& settings)
{
    const auto values = settings.list("temperatureSetpointTemperatures");
    const auto numbers = settings.list("temperatureNumber");
    const auto beds = settings.list("temperatureHeatedBed");
    const auto counts = settings.list("temperatureSetpointCount");
    std::size_t at = 0;
    for (std::size_t heater = 0; heater < beds.size() && at < values.size(); ++heater) {
        const std::string basis = basisOf("temperatureSetpointTemperatures", values[at]);
        if (beds[heater] == "1")
            gathering.bed(values[at], basis);
        else if (const auto tool = heater < numbers.size() ? within(number(numbers[heater]), 0, 99) : std::nullopt)
            gathering.hotendOf(static_cast<int>(*tool), asHotend(values[at]), basis);
        at += heater < counts.size() ? static_cast<std::size_t>(within(number(counts[heater]), 1, 99).value_or(1)) : 1;
    }
    std::string type; // version 5: one block for each heater
    int tool = 0;
    for (const auto& [key, value] : settings.all()) {
        if (key == "temperatureType")
            type = value;
        if (key != "temperatureSetpoints")
            continue;
        const auto setpoints = parts(value);
        const std::string_view first = setpoints.size() > 1 ? setpoints[1] : std::string_view{};
        if (type == "platform")
            gathering.bed(first, basisOf(key, value));
        else if (type == "extruder")
            gathering.hotendOf(tool++, asHotend(first), basisOf(key, value));
    }
}

/// The header of Ultimaker's Griffin flavour: EXTRUDER_TRAIN.0.INITIAL_TEMPERATURE.
void gatherGriffin(Gathering& gathering, const Settings& settings)
{
    constexpr std::string_view train = "EXTRUDER_TRAIN.";
    for (const auto& [key, value] : settings.all()) {
        const std::string basis = basisOf(key, value);
        if (key == "BUILD_PLATE.INITIAL_TEMPERATURE")
            gathering.bed(value, basis);
        if (!key.starts_with(train))
            continue;
        const std::string_view index = std::string_view(key).substr(train.size());
        if (const auto tool = within(number(index.substr(0, index.find('.'))), 0, 99))
            gathering.hotendOf(static_cast<int>(*tool), asHotend(value), basis);
    }
}

void gatherMaterial(Gathering& gathering, const Settings& settings)
{
    for (const std::string_view key : {"filament_type", "material_name", "printMaterial", "Filament Type #1"})
        if (const auto value = settings.one(key); !value.empty())
            gathering.material(value, basisOf(key, value));
}

bool isStart(const MacroCall& call)
{
    return upper(call.name).find("START") != std::string::npos;
}

} // namespace

const MacroCall* startMacro(const FileIndex& index)
{
    const auto found = std::ranges::find_if(index.startMacros, isStart);
    return found == index.startMacros.end() ? nullptr : &*found;
}

const Inferred<double>* InferredTemperatures::hotendOf(int tool) const
{
    if (const auto own = hotend.find(tool); own != hotend.end())
        return &own->second;
    if (anyHotend)
        return &*anyHotend;
    const auto noted = notedHotend.find(tool);
    return noted == notedHotend.end() ? nullptr : &noted->second;
}

InferredTemperatures inferTemperatures(const FileIndex& index, ByteOffset byte)
{
    Gathering gathering;
    for (const bool start : {true, false})
        for (const MacroCall& call : index.startMacros)
            if (isStart(call) == start && call.byte < byte)
                gathering.macro(call);
    const bool firstLayer = index.layers.size() > 1 && byte < index.layers[1].begin;
    const Settings settings(index.settings);
    Gathering noted;
    gatherLists(noted, settings, firstLayer);
    gatherSimplify3D(noted, settings);
    gatherGriffin(noted, settings);
    gatherMaterial(noted, settings);
    auto& found = gathering.found;
    found.notedHotend = std::move(noted.found.hotend);
    if (!found.bed)
        found.bed = noted.found.bed;
    if (!found.material)
        found.material = noted.found.material;
    return found;
}

} // namespace kintsugi::gcode
