// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>

#include "recovery/snapshot.h"
#include "recovery/statefields.h"

namespace kintsugi::recovery {

namespace {

constexpr double samePlace = 0.02;  // mm; positions are reported with 3 decimals or more
constexpr std::size_t mostSamples = 40;

/// What a person or another program changed while it printed, by the head of its key.
struct Cause { std::string_view head; const char* pattern; };
constexpr std::array<Cause, 11> causes{{
    {"speed_percent", KINTSUGI_TEXT("The speed factor was changed at the printer: %2 % instead of %1 %.")},
    {"flow_percent", KINTSUGI_TEXT("The flow factor was changed at the printer: %2 % instead of %1 %.")},
    {"gcode_offset", KINTSUGI_TEXT("The offset %3 was changed at the printer (babystep): %2 mm instead of %1 mm.")},
    {"hotend", KINTSUGI_TEXT("The nozzle's target was changed at the printer: %2 °C instead of %1 °C.")},
    {"bed", KINTSUGI_TEXT("The bed's target was changed at the printer: %2 °C instead of %1 °C.")},
    {"chamber", KINTSUGI_TEXT("The chamber's target was changed at the printer: %2 °C instead of %1 °C.")},
    {"heaters", KINTSUGI_TEXT("The target of %3 was changed at the printer: %2 °C instead of %1 °C.")},
    {"fans", KINTSUGI_TEXT("Fan %3 was changed at the printer: %2 instead of %1.")},
    {"pressure_advance", KINTSUGI_TEXT("The pressure advance of %3 was changed at the printer: %2 instead of %1.")},
    {"motion", KINTSUGI_TEXT("The limit %3 was changed at the printer: %2 instead of %1.")},
    {"mesh", KINTSUGI_TEXT("Another bed mesh was in use: %2 instead of %1.")},
}};

std::pair<std::string, std::string> split(const std::string& key)
{
    const std::size_t dot = key.find('.');
    return dot == std::string::npos ? std::pair(key, std::string()) : std::pair(key.substr(0, dot), key.substr(dot + 1));
}

std::optional<double> numberOf(const std::string& text)
{
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    return end != text.c_str() && *end == '\0' ? std::optional(value) : std::nullopt;
}

/// How far what was seen lies from what the file says, per axis; nullopt = not compared.
using Shift = std::array<std::optional<double>, 3>;

Shift shiftOf(const Snapshot& snapshot)
{
    constexpr std::array<const char*, 3> keys{"position.x", "position.y", "position.z"};
    Shift shift;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto field = snapshot.fields.find(keys[i]);
        if (field == snapshot.fields.end() || field->second.origin == Origin::Edited || field->second.observed.empty() || field->second.replayed.empty())
            continue;
        const auto seen = numberOf(field->second.observed), said = numberOf(field->second.replayed);
        if (seen && said)
            shift[i] = *seen - *said;
    }
    return shift;
}

std::string shiftText(const Shift& shift)
{
    std::string text;
    for (std::size_t i = 0; i < shift.size(); ++i) {
        if (shift[i] && std::abs(*shift[i]) > samePlace)
            text += (text.empty() ? "" : ", ") + std::string(1, static_cast<char>('X' + i)) + (*shift[i] > 0 ? " +" : " ") + decimal(*shift[i]);
    }
    return text;
}

bool isShifted(const Shift& shift)
{
    return !shiftText(shift).empty();
}

/// A person's word ends it.
bool isOpen(const FieldInfo& info)
{
    return info.conflicts() && info.origin != Origin::Edited;
}

void addOperator(const Snapshot& snapshot, std::vector<Message>& found)
{
    for (const auto& [key, info] : snapshot.fields) {
        if (!isOpen(info))
            continue;
        const auto [head, rest] = split(key);
        const auto cause = std::find_if(causes.begin(), causes.end(), [&h = head](const Cause& c) { return c.head == h; });
        if (cause != causes.end())
            found.push_back({cause->pattern, {info.replayed, info.observed, rest}});
    }
    const auto excluded = snapshot.fields.find("excluded");
    if (excluded != snapshot.fields.end() && excluded->second.origin != Origin::Edited && !excluded->second.observed.empty() && excluded->second.observed != excluded->second.replayed)
        found.push_back({KINTSUGI_TEXT("Objects were excluded while it printed: %1."), {excluded->second.observed}});
}

std::size_t addModes(const Snapshot& snapshot, std::vector<Message>& found)
{
    std::size_t count = 0;
    constexpr std::array<std::string_view, 4> keys{"absolute_e", "absolute_xyz", "tool", "object"};
    for (const auto key : keys) {
        const auto field = snapshot.fields.find(std::string(key));
        if (field == snapshot.fields.end() || !isOpen(field->second))
            continue;
        ++count;
        found.push_back({KINTSUGI_TEXT("The printer and the file do not agree on %1: %2 was seen, the file says %3."),
                         {std::string(key), field->second.observed, field->second.replayed}});
    }
    return count;
}

/// Of one sample against the file at the line the printer was on: that line may be counted already or not.
Result<std::optional<Shift>> shiftAt(const gcode::Source& source, const gcode::FileIndex& index, const Sample& sample)
{
    const auto before = gcode::locate(source, index, *sample.filePosition);
    if (!before)
        return fail(before.error());
    const auto after = gcode::locate(source, index, before->end);
    if (!after)
        return fail(after.error());
    std::optional<Shift> best;
    double least = 0;
    for (const gcode::MachineState* state : {&before->state, &after->state}) {
        Shift shift;
        double size = 0;
        for (std::size_t i = 0; i < shift.size(); ++i) {
            if (!state->position[i] || state->unknownMotion)
                continue;
            shift[i] = (*sample.gcodePosition)[i] - gcode::toMillimetres(*state->position[i]);
            size += std::abs(*shift[i]);
        }
        const bool compared = shift[0] || shift[1] || shift[2];
        if (compared && (!best || size < least)) {
            best = shift;
            least = size;
        }
    }
    return best;
}

struct Shifts {
    std::vector<Shift> all;
    [[nodiscard]] std::size_t away() const { return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), isShifted)); }
    /// The shift all share; nullopt when they differ.
    [[nodiscard]] std::optional<Shift> common() const
    {
        Shift middle;
        for (std::size_t axis = 0; axis < middle.size(); ++axis) {
            std::vector<double> values;
            for (const Shift& shift : all) {
                if (shift[axis])
                    values.push_back(*shift[axis]);
            }
            if (values.empty())
                continue;
            std::sort(values.begin(), values.end());
            middle[axis] = values[values.size() / 2];
            const auto near = std::count_if(values.begin(), values.end(), [&](double v) { return std::abs(v - *middle[axis]) <= samePlace; });
            if (static_cast<std::size_t>(near) * 10 < values.size() * 9)
                return std::nullopt;
        }
        return middle;
    }
};

Result<Shifts> shiftsOf(const gcode::Source& source, const gcode::FileIndex& index, const std::vector<Sample>& samples)
{
    Shifts shifts;
    const std::size_t step = std::max<std::size_t>(1, samples.size() / mostSamples);
    for (std::size_t i = samples.size(); i > 0; i = i > step ? i - step : 0) {
        const Sample& sample = samples[i - 1];
        const bool printing = sample.printState.empty() || sample.printState == "printing";
        if (!printing || !sample.filePosition || !sample.gcodePosition || *sample.filePosition == 0 || *sample.filePosition >= index.size)
            continue;
        const auto shift = shiftAt(source, index, sample);
        if (!shift)
            return fail(shift.error());
        if (*shift)
            shifts.all.push_back(**shift);
    }
    return shifts;
}

std::optional<Message> sizeDiffers(const gcode::FileIndex& index, const std::vector<Sample>& samples)
{
    for (auto sample = samples.rbegin(); sample != samples.rend(); ++sample) {
        if (!sample->fileSize || *sample->fileSize == 0)
            continue;
        if (*sample->fileSize == index.size)
            return std::nullopt;
        return Message{KINTSUGI_TEXT("The printer printed a file of %1 bytes, this one has %2: it is another file or was changed since."),
                       {std::to_string(*sample->fileSize), std::to_string(index.size)}};
    }
    return std::nullopt;
}

} // namespace

std::vector<Message> explainConflicts(const Snapshot& snapshot)
{
    std::vector<Message> found;
    const Shift shift = shiftOf(snapshot);
    std::vector<Message> modes;
    const std::size_t differing = addModes(snapshot, modes);
    if (isShifted(shift) && differing >= 2)
        found.push_back({KINTSUGI_TEXT("Position and modes differ from the file: this is probably another file than the one printed."), {}});
    else if (isShifted(shift))
        found.push_back({KINTSUGI_TEXT("The position differs from the file by %1 mm: an offset was edited, or it is another file."), {shiftText(shift)}});
    found.insert(found.end(), modes.begin(), modes.end());
    addOperator(snapshot, found);
    return found;
}

Result<std::vector<Message>> explainConflicts(const Snapshot& snapshot, const gcode::Source& source, const gcode::FileIndex& index,
                                              const std::vector<Sample>& samples)
{
    std::vector<Message> found;
    if (const auto size = sizeDiffers(index, samples))
        found.push_back(*size);
    const auto shifts = shiftsOf(source, index, samples);
    if (!shifts)
        return fail(shifts.error());
    const auto common = shifts->common();
    constexpr std::size_t enough = 3; // one stray report proves nothing
    if (common && isShifted(*common))
        found.push_back({KINTSUGI_TEXT("Every position differs from the file by %1 mm: an offset was edited (G92, or the file was shifted)."),
                         {shiftText(*common)}});
    else if (!common && shifts->away() >= enough && shifts->away() * 2 > shifts->all.size())
        found.push_back({KINTSUGI_TEXT("%1 of %2 reported positions do not lie where this file has them: it is another file or was changed since."),
                         {std::to_string(shifts->away()), std::to_string(shifts->all.size())}});
    const std::vector<Message> fields = explainConflicts(snapshot);
    found.insert(found.end(), fields.begin(), fields.end());
    return found;
}

} // namespace kintsugi::recovery
