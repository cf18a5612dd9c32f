// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planbuilder.h"

#include <algorithm>
#include <cmath>

#include "recovery/planparts.h"
#include "recovery/travel.h"
#include "recovery/zhardware.h"
#include "recovery/zuncertainty.h"

/// Heights of a plan: what is measured, how Z is declared, lifted and registered.
namespace kintsugi::recovery {

using parts::positionKeys;
using parts::problem;

namespace {

constexpr double probeRoom = 10, leastProbeRoom = 2; // mm a bed may have sunk while it was unpowered
constexpr double probeClear = 3;                     // mm over where the probe triggers: a bed that rises, a gantry that sagged

Error outside(std::string field, double measured, double limit, const std::string& fromFile)
{
    const std::string whose = fromFile.empty() ? std::string() : ", which are those of the file's slicer (" + fromFile + ")";
    Error error = problem(ErrorCode::Unsafe, std::move(field), "outside the travel limits" + whose);
    error.measured = measured;
    error.limit = limit;
    return error;
}

} // namespace

Result<> PlanBuilder::measure()
{
    auto measured = measurePrint(m_source, m_index, m_plan.snapshot, !m_declares);
    if (!measured)
        return fail(measured.error());
    m_measured = std::move(*measured);
    believeDeclaration();
    if (m_declares && m_state.nativeUnknown != 0)
        return fail(at(problem(ErrorCode::NotSupported, "position", "G92 renamed a place that only the printer knew (right after homing)")));
    m_plan.highestPrinted = m_measured.highest;
    m_plan.printed = m_measured.printed;
    m_plan.whole = m_measured.whole;
    m_declaredZ = m_options.declaredZ.value_or(m_measured.highestNozzle + zOffsetOf(m_state));
    if (m_declares)
        m_plan.declares = m_declaredZ;
    return checkShift();
}

/// In a resume file of this program G92 Z gave the machine's own coordinate: what came later is counted from there.
void PlanBuilder::believeDeclaration()
{
    constexpr unsigned z = 4;
    if (!m_measured.zDeclared || !(m_state.nativeUnknown & z))
        return;
    m_state.nativeUnknown = static_cast<std::uint8_t>(m_state.nativeUnknown & ~z);
    if (m_state.shift[2] == 0)
        m_state.shiftedAxes = static_cast<std::uint8_t>(m_state.shiftedAxes & ~z);
}

/// Coordinates that G92 shifted live in the firmware's memory. Where that is gone, the plan travels in the machine's own
/// coordinates and shifts them at the end; where it stayed alive, the shift is still in force.
Result<> PlanBuilder::checkShift()
{
    if (m_declares && m_measured.resumedShifted)
        return fail(at(problem(ErrorCode::NotSupported, "position",
                               "this resume file went on in coordinates that only the printer of then knew: resume from the original file")));
    if (m_declares)
        return {};
    if (m_measured.shiftedOnTheWay)
        return fail(at(problem(ErrorCode::NotSupported, "position",
                               "G92 shifts the coordinates inside the stop interval: which hold now is only known when Z is declared and X and Y are homed")));
    m_inForce = m_state.shift;
    m_plan.shifted = m_state.shiftedAxes != 0 || m_measured.resumedShifted;
    return {};
}

/// A shift of G92 at a place that only the printer knew moves the limits away from the file's coordinates, too.
Result<> PlanBuilder::travelLimits()
{
    const Snapshot& snapshot = m_plan.snapshot;
    const auto travel = travelBefore(m_source, m_index, m_printer, std::min(snapshot.earliest.value_or(snapshot.byte), snapshot.byte));
    if (!travel)
        return fail(travel.error());
    for (std::size_t axis = 0; axis < 3; ++axis) {
        m_plan.limited[axis] = travel->knows(axis) && ((m_state.nativeUnknown >> axis) & 1U) == 0;
        if (!m_plan.limited[axis]) {
            assumeLimits(axis);
            continue;
        }
        m_plan.minimum[axis] = *travel->minimum[axis];
        m_plan.maximum[axis] = *travel->maximum[axis];
    }
    m_plan.limitsFrom = travel->fromFile;
    return {};
}

/// Where the print itself shows that the printer can go: from its corner, or all around its middle.
void PlanBuilder::assumeLimits(std::size_t axis)
{
    const gcode::Extents& print = m_plan.printed;
    const std::array<double, 3> low{print.minX, print.minY, 0}, high{print.maxX, print.maxY, print.maxZ};
    const double at = gcode::toMillimetres(native(axis));
    const double least = print.valid ? std::min(low[axis], at) : at, most = print.valid ? std::max(high[axis], at) : at;
    const double reach = std::max(std::abs(least), std::abs(most));
    m_plan.minimum[axis] = axis == 2 ? std::min(0.0, at) : least < 0 ? -reach : 0;
    m_plan.maximum[axis] = least < 0 ? reach : most;
    if (axis < 2 && m_printer.primePlace) {
        m_plan.minimum[axis] = std::min(m_plan.minimum[axis], (*m_printer.primePlace)[axis]);
        m_plan.maximum[axis] = std::max(m_plan.maximum[axis], (*m_printer.primePlace)[axis]);
    }
}

/// Where the limits are not known, first where the print shows that the printer can go, then a little beside it.
Result<std::array<double, 2>> PlanBuilder::primePlace()
{
    constexpr double beside = 20; // mm
    auto prime = choosePrimePlace(m_printer.primePlace, m_plan.minimum, m_plan.maximum, m_plan.printed);
    if (prime || m_printer.primePlace || (m_plan.limited[0] && m_plan.limited[1]))
        return prime;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        if (m_plan.limited[axis])
            continue;
        m_plan.maximum[axis] += beside;
        m_plan.minimum[axis] -= m_plan.minimum[axis] < 0 ? beside : 0;
    }
    return choosePrimePlace(m_printer.primePlace, m_plan.minimum, m_plan.maximum, m_plan.printed);
}

Result<> PlanBuilder::placeAndLimits()
{
    const double z = gcode::toMillimetres(native(2));
    m_travelZ = std::max(m_plan.highestPrinted + m_printer.clearance, z);
    m_liftZ = m_travelZ + std::max(zOffsetOf(m_state), 0.0);
    if (m_declares)
        m_liftZ = std::max(m_liftZ, m_declaredZ + 1.0);
    for (const ProbePlace& place : m_options.probePlaces) // not triggered on the way
        m_liftZ = std::max(m_liftZ, place.trigger + probeClear);
    if (m_options.way) {
        m_travelZ = std::max(m_travelZ, m_options.way->liftZ - zOffsetOf(m_state));
        m_liftZ = std::max(m_liftZ, m_options.way->liftZ);
    }
    if (m_options.dryRun) {
        m_travelZ += m_printer.clearance;
        m_liftZ += m_printer.clearance;
    }
    m_plan.liftToZ = m_liftZ;
    if (m_options.zMethod == ZMethod::FreeSpot && !m_options.heldZ) {
        m_room = m_plan.limited[2] ? std::min(probeRoom, m_plan.maximum[2] - m_liftZ) : probeRoom;
        if (m_room < leastProbeRoom)
            return fail(outside("travel", m_liftZ + leastProbeRoom, m_plan.maximum[2], m_plan.limitsFrom));
        m_liftZ += m_room;
        m_declaredZ += m_room;
        m_plan.declares = m_declaredZ;
    }
    m_plan.zOffset = zOffsetOf(m_state);
    m_plan.resumeZ = z + zOffsetOf(m_state);
    measureLayer();
    if (auto done = checkMethodsHeight(); !done)
        return done;
    m_plan.clearance = m_travelZ - m_plan.highestPrinted;
    if (!m_plan.limited[2])
        m_plan.maximum[2] = std::max({m_plan.maximum[2], m_liftZ, m_declaredZ});
    if (m_liftZ > m_plan.maximum[2])
        return fail(outside("travel", m_liftZ, m_plan.maximum[2], m_plan.limitsFrom));
    if (m_declares && (m_declaredZ < m_plan.minimum[2] || m_declaredZ > m_plan.maximum[2]))
        return fail(outside("declaredZ", m_declaredZ, m_plan.maximum[2], m_plan.limitsFrom));
    for (std::size_t i = 0; i < positionKeys.size(); ++i) {
        const double value = gcode::toMillimetres(native(i));
        if (value < m_plan.minimum[i] - 1e-6)
            return fail(outside(positionKeys[i], value, m_plan.minimum[i], m_plan.limitsFrom));
        if (value > m_plan.maximum[i] + 1e-6)
            return fail(outside(positionKeys[i], value, m_plan.maximum[i], m_plan.limitsFrom));
    }
    if (m_options.way) {
        m_plan.primeAt = m_options.way->primeAt;
        return {};
    }
    auto prime = primePlace();
    if (!prime)
        return fail(prime.error());
    m_plan.primeAt = *prime;
    return {};
}

/// A lift that was measured and is none; a switch too near above the part to back off from it.
Result<> PlanBuilder::checkMethodsHeight() const
{
    if (m_options.zMethod == ZMethod::FirmwareLift && m_declaredZ < m_plan.layerZ + leastLift) {
        Error error = at(problem(ErrorCode::Unsafe, "declaredZ", "the measured lift is " + decimal(m_declaredZ - m_plan.layerZ) + " mm: there was none"));
        error.measured = m_declaredZ;
        error.limit = m_plan.layerZ + leastLift;
        return fail(std::move(error));
    }
    if (m_options.zMethod == ZMethod::TopEndstop && m_travelZ + mostRetract > *m_printer.topEndstop)
        return fail(outside("travel", m_travelZ + mostRetract, *m_printer.topEndstop, m_plan.limitsFrom));
    return {};
}

void PlanBuilder::measureLayer()
{
    m_plan.layerZ = m_plan.resumeZ;
    const gcode::Layer* const layer = m_index.layerAt(m_plan.snapshot.byte);
    if (!layer || !layer->z)
        return;
    m_plan.layerZ = std::min(m_plan.resumeZ, *layer->z - gcode::toMillimetres(m_state.shift[2]) + zOffsetOf(m_state));
    m_plan.layerHeight = layer->height;
    if (m_plan.layerHeight || layer->index == 0)
        return;
    const auto& below = m_index.layers[layer->index - 1].z;
    if (below && *below < *layer->z)
        m_plan.layerHeight = *layer->z - *below;
}

void PlanBuilder::declareZ()
{
    const std::string z = decimal(m_declaredZ);
    const bool told = m_options.declaredZ.has_value();
    Message reason = m_options.heldZ
        ? Message{KINTSUGI_TEXT("the printer holds Z since it was registered, and reports %1 mm: said once more, nothing changes"), {z}}
        : m_room > 0
        ? Message{KINTSUGI_TEXT("declare Z %1 mm: %2 mm more than the highest at which the nozzle can be, so that the probe may go down as far as a bed sinks"), {z, decimal(m_room)}}
        : !told ? Message{KINTSUGI_TEXT("declare the highest Z at which the nozzle can be (%1 mm), so that the climb is counted from there"), {z}}
        : m_options.zMethod == ZMethod::FirmwareLift
        ? Message{KINTSUGI_TEXT("the firmware lifted the nozzle to Z %1 mm: as measured"), {z}}
        : Message{KINTSUGI_TEXT("the nozzle stands at Z %1 mm: declared by the person"), {z}};
    add(StepKind::DeclareZ, m_writer->declareZ(m_declaredZ), {KINTSUGI_TEXT("Declare Z"), {}}, std::move(reason),
        told ? std::vector<std::string>{} : std::vector<std::string>{"position.z"}, told ? "declared" : "");
    if (told)
        m_plan.steps.back().origin = Origin::Edited;
}

void PlanBuilder::lift(bool soft)
{
    const std::string z = decimal(m_liftZ);
    Message reason = soft
        ? Message{KINTSUGI_TEXT("the nozzle is soft enough: straight up at once to Z %1 mm, %2 mm above everything printed"), {z, decimal(*m_plan.clearance)}}
        : Message{KINTSUGI_TEXT("straight up to Z %1 mm, %2 mm above everything printed"), {z, decimal(*m_plan.clearance)}};
    add(StepKind::Lift, {upTo(m_liftZ, m_printer.zSpeed)}, {KINTSUGI_TEXT("Lift"), {}}, std::move(reason), {"position.z"});
}

void PlanBuilder::registerZ()
{
    if (m_options.zMethod == ZMethod::PlrZHome) {
        add(StepKind::RegisterZ, {"PLR_Z_HOME MODE=RESUME"}, {KINTSUGI_TEXT("Register Z at the upper switches"), {}},
            {KINTSUGI_TEXT("climb to the upper switches and take Z from the stored heights; nothing comes near the part"), {}});
    }
    if (m_options.zMethod == ZMethod::TopEndstop && !m_options.heldZ)
        homeZAtTheTop();
    if (m_declares)
        homeXy();
    if (m_options.touchByHand)
        touchByHand();
    if (m_options.zMethod == ZMethod::FreeSpot && !m_options.heldZ)
        probeTheBed();
}

/// Away from the part: the switch is above everything.
void PlanBuilder::homeZAtTheTop()
{
    const double top = *m_printer.topEndstop;
    add(StepKind::RegisterZ, {"G28 Z"}, {KINTSUGI_TEXT("Home Z at the top"), {}},
        {KINTSUGI_TEXT("straight up to the end switch at the top, which the configuration places at %1 mm; read back, nothing comes near the part"), {decimal(top)}},
        {}, "printer configuration");
    m_plan.steps.back().hand = Hand::ReadBack;
    m_plan.steps.back().readBack = top;
}

/// Never G28 Z: that would go where it always goes, part or not.
void PlanBuilder::probeTheBed()
{
    const double standby = softening();
    const auto& places = m_options.probePlaces;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const ProbePlace& place = places[i];
        Lines lines;
        if (i == 0) {
            lines = {"SET_GCODE_OFFSET X=0 Y=0 Z=0", "BED_MESH_CLEAR"};
            parts::append(lines, m_writer->soften(standby));
        } else {
            lines.push_back(upTo(m_liftZ, m_printer.zSpeed));
        }
        parts::append(lines, {across({place.x, place.y}), "PROBE SAMPLES=3"});
        add(StepKind::RegisterZ, std::move(lines), {KINTSUGI_TEXT("Probe the free bed"), {}},
            {KINTSUGI_TEXT("at X %1 Y %2, where nothing is printed under the head: the mesh of the print says %3 mm there; the result is read back"),
             {decimal(place.probeX), decimal(place.probeY), decimal(place.bed)}},
            {"mesh"}, "probe and mesh");
        PlanStep& step = m_plan.steps.back();
        step.hand = Hand::Probe;
        step.probe = place;
        step.lastProbe = i + 1 == places.size();
    }
    m_liftZ -= m_room;
    add(StepKind::Lift, {upTo(m_liftZ, m_printer.zSpeed)}, {KINTSUGI_TEXT("Lift"), {}},
        {KINTSUGI_TEXT("the height is true now: to Z %1 mm, %2 mm above everything printed"), {decimal(m_liftZ), decimal(*m_plan.clearance)}}, {"position.z"});
}

/// Once, or three times: how far apart the switches ended the ways is what a seam in X and Y can be off by.
void PlanBuilder::homeXy()
{
    add(StepKind::Limits, m_writer->carriages(), {KINTSUGI_TEXT("Carriages"), {}},
        {KINTSUGI_TEXT("the mode of the carriages as the file set it: homing comes after it"), {}}, keysBelow({"setup.M605"}));
    if (!m_options.homeThrice)
        return add(StepKind::HomeXY, {m_writer->homeXy()}, {KINTSUGI_TEXT("Home X and Y"), {}},
                   {KINTSUGI_TEXT("X and Y are homed above everything printed; Z is never homed towards the part"), {}});
    for (const char* const which : {"1", "2", "3"})
        add(StepKind::HomeXY, {m_writer->homeXy(), across(m_plan.primeAt)}, {KINTSUGI_TEXT("Home X and Y, %1 of 3"), {which}},
            {KINTSUGI_TEXT("above everything printed, then to one place beside it, where the motors' steps are read: how far apart the three are is shown before anything goes on"), {}});
    m_plan.steps.back().hand = Hand::LookAtHoming;
}

/// At standby: hot plastic at the tip would count as height, a cold tip would stick.
void PlanBuilder::touchByHand()
{
    const double standby = softening();
    Lines lines = m_writer->beforeTouch();
    parts::append(lines, m_writer->soften(standby));
    add(StepKind::RegisterZ, std::move(lines), {KINTSUGI_TEXT("Touch the part"), {}},
        {KINTSUGI_TEXT("nozzle at %1 °C, wiped: a person leads it down to the top of the part, one press a step"), {decimal(standby)}}, {}, "touch");
    m_plan.steps.back().hand = Hand::Touch;
    add(StepKind::Lift, {upTo(m_liftZ, m_printer.zSpeed)}, {KINTSUGI_TEXT("Lift"), {}},
        {KINTSUGI_TEXT("the height is true now: to Z %1 mm, %2 mm above everything printed"), {decimal(m_liftZ), decimal(*m_plan.clearance)}}, {"position.z"});
}

} // namespace kintsugi::recovery
