// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumeflowtouch.h"

#include <cmath>

#include "gcode/toolpath.h"
#include "recovery/touchspots.h"
#include "recovery/zhardware.h"

namespace kintsugi::app {

namespace touch = recovery::touch;

namespace {

constexpr std::size_t pieces = 32;        // boxes around the stop interval's path
constexpr double credibleDrop = 10;       // mm: an unpowered bed or gantry sinks, it does not rise
constexpr double wallRadius = 0.5, wallEdge = 0.25; // mm: the tip of a nozzle on a wall of three lines
constexpr double leastClearance = 0.5;    // mm above blobs and curled edges
constexpr double roomAbove = 2;           // mm the nozzle may stand higher than declared: re-phased drivers, a tilted gantry

recovery::PrinterKind kindOf(recovery::Kinematics kinematics)
{
    switch (kinematics) {
    case recovery::Kinematics::CoreXY: return recovery::PrinterKind::CoreXY;
    case recovery::Kinematics::Cartesian: return recovery::PrinterKind::BedSlinger;
    case recovery::Kinematics::Delta: return recovery::PrinterKind::Delta;
    case recovery::Kinematics::CoreXZ:
    case recovery::Kinematics::Unknown: break;
    }
    return recovery::PrinterKind::Unknown;
}

/// Boxes around what was printed between the two ends of the stop interval: each of a run of lines.
Result<std::vector<touch::Box>> stopBoxes(const OpenFile& file, const recovery::Snapshot& snapshot)
{
    const ByteOffset begin = snapshot.earliest.value_or(snapshot.byte), end = std::max(snapshot.latest.value_or(snapshot.byte), begin + 1);
    const auto path = gcode::readToolpath(*file.source, *file.index, begin, end);
    if (!path)
        return fail(path.error());
    std::vector<touch::Box> boxes;
    const std::size_t each = std::max<std::size_t>(1, path->segments.size() / pieces);
    for (std::size_t i = 0; i < path->segments.size(); ++i) {
        const gcode::Segment& s = path->segments[i];
        const touch::Box box{double{std::min(s.x0, s.x1)}, double{std::min(s.y0, s.y1)}, double{std::max(s.x0, s.x1)}, double{std::max(s.y0, s.y1)}};
        if (i % each == 0) {
            boxes.push_back(box);
        } else {
            touch::Box& last = boxes.back();
            last = {std::min(last.x0, box.x0), std::min(last.y0, box.y0), std::max(last.x1, box.x1), std::max(last.y1, box.y1)};
        }
    }
    return boxes;
}

} // namespace

Result<std::shared_ptr<const PartMaps>> partMaps(const std::shared_ptr<const OpenFile>& file, const recovery::Snapshot& snapshot,
                                                 const std::shared_ptr<const PartMaps>& known, const gcode::Progress& progress)
{
    const ByteOffset earliest = snapshot.earliest.value_or(snapshot.byte), latest = snapshot.latest.value_or(snapshot.byte);
    if (known && known->file == file && known->earliest == earliest && known->latest == latest)
        return known;
    recovery::HeightMapOptions options;
    options.margin = recovery::heightMarginOf(*file->index).mm;
    auto series = recovery::HeightMapSeries::make(*file->source, *file->index, options);
    if (!series)
        return fail(series.error());
    if (auto done = series->extend(earliest, progress); !done)
        return fail(done.error());
    recovery::HeightMap surely = series->map();
    if (auto done = series->extend(latest, progress); !done)
        return fail(done.error());
    return std::make_shared<const PartMaps>(PartMaps{file, earliest, latest, std::move(surely), series->map()});
}

recovery::HeadEnvelope envelopeOf(const std::optional<recovery::KlipperConfig>& config)
{
    return recovery::defaultEnvelope(config ? kindOf(recovery::homingFromKlipper(*config).kinematics) : recovery::PrinterKind::Unknown);
}

recovery::ClearanceOptions clearanceOptions(const recovery::HeightMap& map, const recovery::PrinterFacts& printer,
                                            const std::optional<recovery::KlipperConfig>& config, std::optional<double> removedTo,
                                            double zUncertainty)
{
    recovery::ClearanceOptions options;
    // The plan travels by `clearance` above what is printed; the map's margin for blobs and curled edges is part of that.
    options.clearance = std::max(leastClearance, printer.clearance - map.margin());
    options.motion.zUncertainty = zUncertainty;
    if (config)
        options.motion.homing = recovery::homingFromKlipper(*config);
    options.envelope = envelopeOf(config);
    if (removedTo)
        options.removed = recovery::RemovedPlastic{*removedTo, std::nullopt};
    return options;
}

Result<recovery::ClearanceReport> simulate(const PartMaps& maps, const recovery::HeightMap& map, const recovery::Plan& plan, const recovery::PlanOptions& planned,
                                           const recovery::PrinterFacts& printer, const std::optional<recovery::KlipperConfig>& config,
                                           std::optional<double> removedTo, double zUncertainty)
{
    return recovery::simulatePlan(*maps.file->source, *maps.file->index, plan, planned, map,
                                  clearanceOptions(map, printer, config, removedTo, zUncertainty));
}

namespace {

Result<std::array<double, 2>> resumePlace(const recovery::Snapshot& snapshot)
{
    std::array<double, 2> place{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const auto& at = snapshot.state.position[axis];
        if (!at)
            return fail(Error{.code = ErrorCode::UnknownState, .field = axis == 0 ? "position.x" : "position.y"});
        place[axis] = gcode::toMillimetres(*at - snapshot.state.shift[axis]);
    }
    return place;
}

} // namespace

Result<ProbePlan> planProbe(const PartMaps& maps, const recovery::Snapshot& snapshot, const recovery::PrinterFacts& printer,
                            const std::optional<recovery::KlipperConfig>& config, const recovery::MeshMatrix* mesh,
                            const recovery::ZMechanics& mechanics, const recovery::ZEvidence& evidence)
{
    if (!config)
        return fail(Error{.code = ErrorCode::NotSupported, .detail = "free-spot: the configuration of the printer was not read", .field = "zMethod"});
    const auto probe = recovery::probeOf(*config);
    if (!probe)
        return fail(probe.error());
    if (const auto absolute = recovery::meshIsAbsolute(*config); !absolute)
        return fail(absolute.error());
    const auto at = resumePlace(snapshot);
    if (!at)
        return fail(at.error());
    recovery::freespot::Question question;
    question.map = &maps.possibly;
    question.envelope = recovery::defaultEnvelope(kindOf(recovery::homingFromKlipper(*config).kinematics));
    question.probe = *probe;
    question.mesh = mesh;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (!printer.minimum[axis] || !printer.maximum[axis])
            return fail(Error{.code = ErrorCode::NotSupported, .detail = "free-spot: how far the axes travel is not known", .field = "zMethod"});
        question.minimum[axis] = *printer.minimum[axis];
        question.maximum[axis] = *printer.maximum[axis];
    }
    question.resumeAt = *at;
    question.clearance = std::max(leastClearance, printer.clearance - maps.possibly.margin());
    question.count = recovery::freespot::placesNeeded(mechanics, evidence);
    auto places = recovery::freespot::findPlaces(question);
    if (!places)
        return fail(places.error());
    return ProbePlan{*probe, std::move(*places), mechanics, evidence, *at};
}

Result<TouchPlan> planTouch(const PartMaps& maps, const recovery::Plan& plan, const recovery::ZMechanics& mechanics, const recovery::ZEvidence& evidence)
{
    const recovery::Snapshot& snapshot = plan.snapshot;
    const auto stops = stopBoxes(*maps.file, snapshot);
    if (!stops)
        return fail(stops.error());
    const auto at = resumePlace(snapshot);
    if (!at)
        return fail(at.error());
    TouchPlan result{{}, mechanics, evidence, *at};
    touch::SpotRules rules;
    if (plan.limited[0] && plan.limited[1])
        rules.reach = {plan.minimum[0], plan.minimum[1], plan.maximum[0], plan.maximum[1]};
    const std::size_t count = touch::contactsNeeded(mechanics, evidence);
    auto spots = touch::findSpots(maps.surely, maps.possibly, *stops, result.resumeAt, count, rules);
    if (!spots) { // between sparse infill only walls are left
        rules.radius = wallRadius;
        rules.edge = wallEdge;
        spots = touch::findSpots(maps.surely, maps.possibly, *stops, result.resumeAt, count, rules);
    }
    if (!spots)
        return fail(spots.error());
    const auto inFile = gcode::locate(*maps.file->source, *maps.file->index, snapshot.byte);
    if (!inFile)
        return fail(inFile.error());
    // The map counts an offset of the file upwards only, and knows none that was set by hand.
    const double offset = recovery::zOffsetOf(snapshot.state) - std::max(recovery::zOffsetOf(inFile->state), 0.0);
    for (touch::Spot& spot : *spots)
        spot.top += offset;
    result.setup.spots = std::move(*spots);
    result.setup.travelZ = plan.liftToZ;
    result.setup.minimumZ = plan.minimum[2];
    result.setup.below = credibleDrop;
    result.setup.above = roomAbove;
    if (auto good = touch::check(result.setup); !good)
        return fail(good.error());
    return result;
}

} // namespace kintsugi::app
