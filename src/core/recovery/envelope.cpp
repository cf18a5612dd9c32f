// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/envelope.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace kintsugi::recovery {

namespace {

template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<SolidKind, 7> solidNames{{{SolidKind::Nozzle, "nozzle"}, {SolidKind::HeaterBlock, "heater-block"},
                                          {SolidKind::FanDuct, "fan-duct"}, {SolidKind::Probe, "probe"},
                                          {SolidKind::Carriage, "carriage"}, {SolidKind::Gantry, "gantry"}, {SolidKind::Other, "other"}}};
constexpr Names<PrinterKind, 6> printerNames{{{PrinterKind::Unknown, "unknown"}, {PrinterKind::BedSlinger, "bed-slinger"},
                                              {PrinterKind::PrusaMk3, "prusa-mk3"}, {PrinterKind::CoreXY, "corexy"},
                                              {PrinterKind::CrossedRods, "crossed-rods"}, {PrinterKind::Delta, "delta"}}};

template <class Enum, std::size_t N>
std::string_view nameIn(const Names<Enum, N>& names, Enum value)
{
    const auto found = std::find_if(names.begin(), names.end(), [value](const auto& pair) { return pair.first == value; });
    return found == names.end() ? names.front().second : found->second;
}

template <class Enum, std::size_t N>
std::optional<Enum> valueIn(const Names<Enum, N>& names, std::string_view name)
{
    const auto found = std::find_if(names.begin(), names.end(), [name](const auto& pair) { return pair.second == name; });
    return found == names.end() ? std::nullopt : std::optional(found->first);
}

constexpr double everywhere = 2000; ///< mm: a beam that spans any bed

HeadSolid box(SolidKind kind, double minX, double minY, double maxX, double maxY, double bottom, bool measured)
{
    HeadSolid solid;
    solid.kind = kind;
    solid.shape = HeadSolid::Shape::Box;
    solid.minX = minX;
    solid.minY = minY;
    solid.maxX = maxX;
    solid.maxY = maxY;
    solid.bottom = bottom;
    solid.measured = measured;
    return solid;
}

HeadSolid disc(SolidKind kind, double x, double y, double radius, double bottom)
{
    HeadSolid solid;
    solid.kind = kind;
    solid.shape = HeadSolid::Shape::Disc;
    solid.x = x;
    solid.y = y;
    solid.radius = radius;
    solid.bottom = bottom;
    return solid;
}

/// Cura's fdmprinter definition: 1 mm outer tip diameter, a cone of 45°, 3 mm from the tip to the lowest part of the head.
HeadSolid usualNozzle()
{
    HeadSolid solid;
    solid.kind = SolidKind::Nozzle;
    solid.shape = HeadSolid::Shape::Cone;
    solid.tipRadius = 0.5;
    solid.radius = 3.5;
    solid.height = 3;
    solid.measured = true;
    return solid;
}

constexpr double headBottom = 3;  ///< mm, Cura's machine_nozzle_head_distance where a printer gives none
constexpr double blockBottom = 3; ///< mm, the same: a block begins no lower than the head it belongs to

HeadSolid usualBlock()
{
    return box(SolidKind::HeaterBlock, -12, -10, 12, 16, blockBottom, false); // 23 x 16 mm blocks, turned either way: unmeasured
}

HeadSolid beamAlongX(double fromY, double toY, double bottom)
{
    return box(SolidKind::Gantry, -everywhere, fromY, everywhere, toY, bottom, false); // the height has a source, its depth has none
}

HeadSolid beamAlongY(double fromX, double toX, double bottom)
{
    return box(SolidKind::Gantry, fromX, -everywhere, toX, everywhere, bottom, false);
}

HeadEnvelope bedSlinger()
{
    return {"bed slinger (Ender-3)",
            "Cura creality_ender3: head polygon, gantry height; Klipper BLTouch document: pin 2 mm above the nozzle",
            {usualNozzle(), usualBlock(),
             box(SolidKind::FanDuct, -30, -32, 30, 34, headBottom, true), // creality_ender3.def.json machine_head_polygon
             disc(SolidKind::Probe, -44, -16, 8, 2),                      // BLTouch bracket of the Ender-3; pin height Klipper BLTouch.md
             beamAlongX(-45, 60, 30)}};                                   // creality_ender3.def.json gantry_height
}

HeadEnvelope prusaMk3()
{
    return {"Prusa i3 MK3",
            "Cura prusa_i3_mk3: head polygon, gantry height; Prusa-Firmware MK3: probe offset",
            {usualNozzle(), usualBlock(),
             box(SolidKind::FanDuct, -31, -40, 34, 31, headBottom, true), // prusa_i3_mk3.def.json machine_head_with_fans_polygon
             disc(SolidKind::Probe, 23, 5, 5, 1),                         // [XY]_PROBE_OFFSET_FROM_EXTRUDER; height by a cable tie: unmeasured
             beamAlongX(-45, 60, 28)}};                                   // prusa_i3_mk3.def.json gantry_height
}

HeadEnvelope coreXy()
{
    return {"CoreXY (Voron 2)",
            "Cura voron2_base: head polygon, gantry height",
            {usualNozzle(), usualBlock(),
             box(SolidKind::FanDuct, -35, -50, 35, 65, headBottom, true), // voron2_base.def.json machine_head_with_fans_polygon
             beamAlongX(-50, 80, 30)}};                                   // voron2_base.def.json gantry_height
}

HeadEnvelope crossedRods()
{
    return {"crossed rods (Ultimaker 2+)",
            "Cura ultimaker2_plus: head polygon, gantry height, nozzle to head distance",
            {usualNozzle(), usualBlock(),
             box(SolidKind::FanDuct, -44, -34, 64, 14, 5, true), // ultimaker2_plus.def.json head polygon, machine_nozzle_head_distance
             beamAlongX(-40, 40, 52), beamAlongY(-50, 70, 52)}}; // ultimaker2_plus.def.json gantry_height
}

HeadEnvelope delta()
{
    return {"delta", "unmeasured: an effector of 60 mm radius, arms that leave it at 45°",
            {usualNozzle(), usualBlock(), disc(SolidKind::FanDuct, 0, 0, 40, headBottom), disc(SolidKind::Carriage, 0, 0, 60, 15),
             disc(SolidKind::Gantry, 0, 0, 120, 60), disc(SolidKind::Gantry, 0, 0, 250, 120)}};
}

/// The largest of each.
HeadEnvelope unknownHead()
{
    return {"unknown printer", "the largest outline and lowest beam of the printers that are known",
            {usualNozzle(), usualBlock(), box(SolidKind::FanDuct, -44, -50, 64, 65, headBottom, false),
             disc(SolidKind::Probe, -44, -16, 8, 1), disc(SolidKind::Probe, 23, 5, 8, 1),
             beamAlongX(-50, 80, 28), beamAlongY(-50, 70, 52)}};
}

double cross(const Place& o, const Place& a, const Place& b)
{
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
}

Error bad(std::size_t solid, const char* field, const char* why, double measured)
{
    Error error{.code = ErrorCode::BadValue, .detail = why};
    error.field = "solids." + std::to_string(solid) + '.' + field;
    error.measured = measured;
    return error;
}

Result<> checkSolid(const HeadSolid& solid, std::size_t index)
{
    constexpr double largest = 1e4; // mm
    const std::array<std::pair<const char*, double>, 10> numbers{{{"minX", solid.minX}, {"minY", solid.minY}, {"maxX", solid.maxX},
                                                                  {"maxY", solid.maxY}, {"x", solid.x}, {"y", solid.y},
                                                                  {"radius", solid.radius}, {"tipRadius", solid.tipRadius},
                                                                  {"height", solid.height}, {"bottom", solid.bottom}}};
    for (const auto& [field, value] : numbers)
        if (!(std::isfinite(value) && std::abs(value) <= largest))
            return fail(bad(index, field, "not a length", value));
    if (solid.bottom < 0)
        return fail(bad(index, "bottom", "nothing hangs below the tip", solid.bottom));
    if (solid.shape == HeadSolid::Shape::Box && !(solid.minX < solid.maxX))
        return fail(bad(index, "maxX", "not above minX", solid.maxX));
    if (solid.shape == HeadSolid::Shape::Box && !(solid.minY < solid.maxY))
        return fail(bad(index, "maxY", "not above minY", solid.maxY));
    if (solid.shape != HeadSolid::Shape::Box && !(solid.radius > 0))
        return fail(bad(index, "radius", "not above 0", solid.radius));
    if (solid.shape == HeadSolid::Shape::Cone && !(solid.tipRadius > 0 && solid.tipRadius <= solid.radius))
        return fail(bad(index, "tipRadius", "not between 0 and the radius", solid.tipRadius));
    if (solid.shape == HeadSolid::Shape::Cone && !(solid.height >= 0))
        return fail(bad(index, "height", "not a height", solid.height));
    return {};
}

void addCone(std::vector<SolidOutline>& outlines, const HeadSolid& solid, std::size_t index, double step)
{
    constexpr double mostRings = 64;
    const double wide = solid.radius - solid.tipRadius;
    const auto rings = static_cast<std::size_t>(std::clamp(std::ceil(wide / step), 1.0, mostRings));
    outlines.push_back({around({solid.x, solid.y}, solid.tipRadius), solid.bottom, index});
    for (std::size_t ring = 1; wide > 0 && ring <= rings; ++ring) {
        const double inner = static_cast<double>(ring - 1) / static_cast<double>(rings);
        const double outer = static_cast<double>(ring) / static_cast<double>(rings);
        outlines.push_back({around({solid.x, solid.y}, solid.tipRadius + outer * wide), solid.bottom + inner * solid.height, index});
    }
}

} // namespace

std::string_view name(SolidKind kind) { return nameIn(solidNames, kind); }
std::optional<SolidKind> solidKindFromName(std::string_view text) { return valueIn(solidNames, text); }
std::string_view name(PrinterKind kind) { return nameIn(printerNames, kind); }
std::optional<PrinterKind> printerKindFromName(std::string_view text) { return valueIn(printerNames, text); }

HeadEnvelope defaultEnvelope(PrinterKind kind)
{
    switch (kind) {
    case PrinterKind::BedSlinger: return bedSlinger();
    case PrinterKind::PrusaMk3: return prusaMk3();
    case PrinterKind::CoreXY: return coreXy();
    case PrinterKind::CrossedRods: return crossedRods();
    case PrinterKind::Delta: return delta();
    case PrinterKind::Unknown: break;
    }
    return unknownHead();
}

Result<> checkEnvelope(const HeadEnvelope& envelope)
{
    constexpr std::size_t mostSolids = 64;
    Error error{.code = ErrorCode::BadValue};
    error.field = "solids";
    if (envelope.solids.size() > mostSolids) {
        error.detail = "too many";
        return fail(std::move(error));
    }
    for (std::size_t i = 0; i < envelope.solids.size(); ++i)
        if (auto sound = checkSolid(envelope.solids[i], i); !sound)
            return sound;
    const bool nozzle = std::any_of(envelope.solids.begin(), envelope.solids.end(),
                                    [](const HeadSolid& solid) { return solid.kind == SolidKind::Nozzle && solid.bottom == 0; });
    if (!nozzle) {
        error.detail = "no nozzle that begins at the tip";
        return fail(std::move(error));
    }
    return {};
}

std::vector<SolidOutline> outlinesOf(const HeadEnvelope& envelope, double step)
{
    std::vector<SolidOutline> outlines;
    for (std::size_t i = 0; i < envelope.solids.size(); ++i) {
        const HeadSolid& solid = envelope.solids[i];
        switch (solid.shape) {
        case HeadSolid::Shape::Box:
            outlines.push_back({{{solid.minX, solid.minY}, {solid.maxX, solid.minY}, {solid.maxX, solid.maxY}, {solid.minX, solid.maxY}}, solid.bottom, i});
            break;
        case HeadSolid::Shape::Disc:
            outlines.push_back({around({solid.x, solid.y}, solid.radius), solid.bottom, i});
            break;
        case HeadSolid::Shape::Cone:
            addCone(outlines, solid, i, step);
            break;
        }
    }
    return outlines;
}

Hull hullOf(std::vector<Place> points)
{
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    if (points.size() < 3)
        return points;
    Hull hull;
    const auto chain = [&hull](auto begin, auto end) {
        const std::size_t base = hull.size();
        for (auto at = begin; at != end; ++at) {
            while (hull.size() >= base + 2 && cross(hull[hull.size() - 2], hull.back(), *at) <= 0)
                hull.pop_back();
            hull.push_back(*at);
        }
        hull.pop_back(); // the first of the other chain
    };
    chain(points.begin(), points.end());
    chain(points.rbegin(), points.rend());
    return hull;
}

Hull swept(const Hull& tip, const Hull& outline)
{
    std::vector<Place> points;
    points.reserve(tip.size() * outline.size());
    for (const Place& at : tip)
        for (const Place& corner : outline)
            points.push_back({at[0] + corner[0], at[1] + corner[1]});
    return hullOf(std::move(points));
}

Hull around(const Place& centre, double radius)
{
    constexpr std::size_t corners = 24;
    const double outer = radius / std::cos(std::numbers::pi / corners);
    Hull hull;
    for (std::size_t i = 0; i < corners; ++i) {
        const double angle = 2 * std::numbers::pi * static_cast<double>(i) / corners;
        hull.push_back({centre[0] + outer * std::cos(angle), centre[1] + outer * std::sin(angle)});
    }
    return hull;
}

} // namespace kintsugi::recovery
