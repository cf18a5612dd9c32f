// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/drill.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "recovery/drillwriter.h"
#include "recovery/zuncertainty.h"

namespace kintsugi::recovery::drill {

namespace {

constexpr double closeness = 0.002; // mm: numbers of the file have three decimals

struct Bound { const char* field; double value, least, most; };

Error badNumber(const Bound& bound)
{
    const bool low = !(bound.value >= bound.least);
    return Error{.code = ErrorCode::BadValue, .field = bound.field, .measured = bound.value, .limit = low ? bound.least : bound.most};
}

Error outside(const char* axis, double reaches, double limit)
{
    return Error{.code = ErrorCode::BadValue, .field = std::string("place.") + axis, .measured = reaches, .limit = limit,
                 .reason = {KINTSUGI_TEXT("the test part and its skirt would leave the travel of %1: put it elsewhere"), {axis}}};
}

std::array<double, 4> footprint(const Part& part)
{
    const double around = skirtDistance + part.nozzle;
    return {part.place[0] - width / 2 - around, part.place[1] - depth / 2 - around,
            part.place[0] + width / 2 + around, part.place[1] + depth / 2 + around};
}

Result<> checkPlace(const Part& part)
{
    const auto box = footprint(part);
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const char* name = axis == 0 ? "X" : "Y";
        if (!(box[axis] >= part.minimum[axis]))
            return fail(outside(name, box[axis], part.minimum[axis]));
        if (!(box[axis + 2] <= part.maximum[axis]))
            return fail(outside(name, box[axis + 2], part.maximum[axis]));
    }
    if (!(part.height() <= part.maximum[2]))
        return fail(outside("Z", part.height(), part.maximum[2]));
    return {};
}

Error notMeant(const char* field, double measured, double limit)
{
    return Error{.code = ErrorCode::Unsafe, .field = field, .measured = measured, .limit = limit,
                 .reason = {KINTSUGI_TEXT("the start lines make another print of it than was meant"), {}}};
}

Result<> judgeIndex(const Part& part, const gcode::FileIndex& index)
{
    if (!index.layersMarked || index.layers.size() != part.layers)
        return fail(notMeant("layers", static_cast<double>(index.layers.size()), static_cast<double>(part.layers)));
    for (const gcode::Layer& layer : index.layers) {
        const double z = part.layerHeight * static_cast<double>(layer.index + 1);
        if (std::abs(layer.highestZ - z) > closeness)
            return fail(notMeant("layers.z", layer.highestZ, z));
    }
    const auto box = footprint(part);
    const gcode::Extents& printed = index.printed;
    if (!printed.valid || printed.minX < box[0] || printed.minY < box[1] || printed.maxX > box[2] || printed.maxY > box[3])
        return fail(notMeant("extents", printed.maxX, box[2]));
    return {};
}

Result<> judgeState(const Part& part, const gcode::MachineState& state)
{
    const auto hotend = state.hotend.find(state.tool);
    if (hotend == state.hotend.end() || std::abs(hotend->second - part.nozzleTemperature) > 0.1)
        return fail(notMeant("temperature.nozzle", hotend == state.hotend.end() ? 0 : hotend->second, part.nozzleTemperature));
    if (std::abs(state.bed.value_or(0) - part.bedTemperature) > 0.1)
        return fail(notMeant("temperature.bed", state.bed.value_or(0), part.bedTemperature));
    if (state.shiftedAxes != 0 || state.nativeUnknown != 0 || state.inch)
        return fail(notMeant("coordinates", 1, 0));
    return {};
}

template <class Number>
std::optional<Number> numberAfter(std::string_view line, std::string_view key)
{
    const auto at = line.find(key);
    if (at == line.npos)
        return std::nullopt;
    Number value{};
    const char* end = line.data() + line.size();
    const auto [next, error] = std::from_chars(line.data() + at + key.size(), end, value);
    return error == std::errc() && (next == end || *next == ' ' || *next == '\r') ? std::optional(value) : std::nullopt;
}

std::string_view lineAt(std::string_view text, std::size_t at)
{
    return text.substr(at, text.find('\n', at) - at);
}

Result<> checkReading(const Reading& r, const Part& part)
{
    for (const auto& [field, tooth] : {std::pair{"x-tooth", r.xTooth}, std::pair{"y-tooth", r.yTooth}}) {
        if (!(std::abs(tooth) <= teeth))
            return fail(Error{.code = ErrorCode::BadValue, .field = field, .measured = tooth, .limit = double{teeth},
                              .reason = {KINTSUGI_TEXT("there are %1 teeth to each side of the long one; beyond them measure the step of the wall instead"), {decimal(teeth, 0)}}});
    }
    if (!(std::abs(r.ledge - part.ledge()) <= mostSquash))
        return fail(Error{.code = ErrorCode::BadValue, .field = "ledge", .measured = r.ledge, .limit = part.ledge(),
                          .reason = {KINTSUGI_TEXT("the ledge of this part is %1 mm high; measure it from the bed's side, over the low step at the back"), {decimal(part.ledge())}}});
    const double seam = (r.height - r.ledge) - (part.height() - part.ledge());
    if (!(std::abs(seam) <= mostSeam))
        return fail(Error{.code = ErrorCode::BadValue, .field = "height", .measured = r.height, .limit = r.ledge + part.height() - part.ledge(),
                          .reason = {KINTSUGI_TEXT("that would be a seam of %1 mm: such a part does not hold together; measure both heights again"), {decimal(seam)}}});
    return {};
}

} // namespace

Part partFor(const PrinterFacts& printer, gcode::Dialect dialect, double layerHeight)
{
    Part part;
    part.dialect = dialect;
    part.minimum = printer.minimum;
    part.maximum = printer.maximum;
    for (std::size_t axis = 0; axis < 2; ++axis)
        part.place[axis] = (printer.minimum[axis] + printer.maximum[axis]) / 2;
    part.layerHeight = layerHeight;
    part.travelSpeed = printer.travelSpeed;
    part.retractMm = printer.retractMm;
    part.retractSpeed = printer.retractSpeed;
    if (layerHeight > 0.01)
        part.below = static_cast<std::size_t>(std::lround(sectionHeight / layerHeight));
    part.layers = 2 * part.below;
    return part;
}

Result<> check(const Part& part)
{
    constexpr double rounding = 1e-9;
    const double nozzle = part.nozzle;
    const std::array<Bound, 10> bounds{{
        {"nozzle", nozzle, 0.2, 0.6},
        {"layer_height", part.layerHeight, 0.05, 0.75 * nozzle + rounding},
        {"filament", part.filament, 1.0, 3.2},
        {"temperature.nozzle", part.nozzleTemperature, 150, 350},
        {"temperature.bed", part.bedTemperature, 0, 150},
        {"speed", part.speed, 5, 200},
        {"first_speed", part.firstSpeed, 5, 200},
        {"travel_speed", part.travelSpeed, 5, 1000},
        {"retract", part.retractMm, 0, 20},
        {"retract_speed", part.retractSpeed, 1, 200},
    }};
    for (const Bound& bound : bounds) {
        if (!(bound.value >= bound.least && bound.value <= bound.most))
            return fail(badNumber(bound));
    }
    constexpr double fewest = 8, most = 400; // a deck over something, and something over the seam; a drill is no print of a day
    const auto below = static_cast<double>(part.below), above = static_cast<double>(part.layers) - below;
    for (const Bound& bound : {Bound{"below", below, fewest, most}, Bound{"layers", above, fewest, most}}) {
        if (!(bound.value >= bound.least && bound.value <= bound.most))
            return fail(badNumber(bound));
    }
    const auto foreign = [](const std::string& text) { return text.find_first_of("\r\n") != text.npos || text.find('\0') != text.npos; };
    if (foreign(part.material) || std::any_of(part.start.begin(), part.start.end(), foreign))
        return fail(Error{.code = ErrorCode::BadValue, .field = "start"});
    return checkPlace(part);
}

Result<File> make(const Part& part)
{
    if (auto good = check(part); !good)
        return fail(good.error());
    File file;
    file.text = write(part);
    const gcode::MemorySource source(file.text, "drill");
    auto index = gcode::buildIndex(source, part.dialect);
    if (!index)
        return fail(index.error());
    if (auto good = judgeIndex(part, *index); !good)
        return fail(good.error());
    const auto stop = stopOf(file.text);
    if (!stop)
        return fail(stop.error());
    file.stopFrom = index->layers[part.below].begin;
    file.stopAt = stop->at;
    file.stopTo = index->layers[part.below].end;
    const auto located = gcode::locate(source, *index, file.stopAt);
    if (!located)
        return fail(located.error());
    if (auto good = judgeState(part, located->state); !good)
        return fail(good.error());
    file.index = std::move(*index);
    return file;
}

Result<Stop> stopOf(std::string_view text)
{
    const auto at = text.find(stopMark);
    const auto from = at == text.npos ? at : text.rfind(";LAYER_CHANGE", at);
    if (!partOf(text) || from == text.npos)
        return fail(Error{.code = ErrorCode::BadValue, .field = "drill", .reason = {KINTSUGI_TEXT("this is not the file of a drill"), {}}});
    return Stop{from, at, std::min(text.find(";LAYER_CHANGE", at), text.size())};
}

std::optional<Part> partOf(std::string_view text)
{
    constexpr std::size_t headBytes = 4096;
    const auto at = text.substr(0, headBytes).find(headMark);
    if (at == text.npos)
        return std::nullopt;
    const std::string_view line = lineAt(text, at);
    const auto nozzle = numberAfter<double>(line, "nozzle="), height = numberAfter<double>(line, "layer_height=");
    const auto below = numberAfter<std::size_t>(line, "below="), layers = numberAfter<std::size_t>(line, "layers=");
    if (!nozzle || !height || !below || !layers)
        return std::nullopt;
    Part part;
    part.nozzle = *nozzle;
    part.layerHeight = *height;
    part.below = *below;
    part.layers = *layers;
    return check(part) ? std::optional(part) : std::nullopt;
}

Result<Seam> read(const Reading& reading, const Part& part)
{
    if (auto good = checkReading(reading, part); !good)
        return fail(good.error());
    constexpr double perTooth = lowerPitch - upperPitch;
    Seam seam;
    seam.x = perTooth * reading.xTooth;
    seam.y = perTooth * reading.yTooth;
    seam.z = (reading.height - reading.ledge) - (part.height() - part.ledge());
    seam.xySigma = sigmaOfBound(toothResolution);
    seam.zSigma = std::sqrt(2.0) * sigmaOfBound(caliperResolution);
    const double layers = seam.z / part.layerHeight;
    if (std::abs(layers) > 0.5 && std::abs(layers - std::round(layers)) * part.layerHeight <= 2 * seam.zSigma)
        seam.notes.push_back({KINTSUGI_TEXT("the seam is a whole number of layers: see whether a layer is missing or was printed twice"), {}});
    return seam;
}

Reading readingOf(const std::array<double, 3>& seam, const Part& part)
{
    constexpr double perTooth = lowerPitch - upperPitch;
    const auto halves = [](double shift) { return std::round(2 * shift / perTooth) / 2; };
    return {halves(seam[0]), halves(seam[1]), part.ledge(), part.height() + seam[2]};
}

} // namespace kintsugi::recovery::drill
