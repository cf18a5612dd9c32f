// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planbuilder.h"

#include <algorithm>
#include <cmath>

#include "recovery/ownlinescheck.h"

namespace kintsugi::recovery {

namespace {

constexpr double approachStage = 2.0;  // mm above the resume point at which Z slows down, at most half the way
constexpr std::array<const char*, 3> positionKeys{"position.x", "position.y", "position.z"};

int strength(Origin origin)
{
    switch (origin) {
    case Origin::Unknown: return 0;
    case Origin::Inferred: return 1;
    case Origin::Replayed: return 2;
    case Origin::Edited: return 3;
    case Origin::Observed: return 4;
    }
    return 0;
}

Error problem(ErrorCode code, std::string field, std::string detail = {})
{
    Error error{.code = code, .detail = std::move(detail)};
    error.field = std::move(field);
    return error;
}

Error outside(std::string field, double measured, double limit)
{
    Error error = problem(ErrorCode::Unsafe, std::move(field), "outside the travel limits");
    error.measured = measured;
    error.limit = limit;
    return error;
}

void append(write::Lines& lines, const write::Lines& more)
{
    lines.insert(lines.end(), more.begin(), more.end());
}

} // namespace

PlanBuilder::PlanBuilder(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot, const PrinterFacts& printer,
                         const PlanOptions& options)
    : m_source(source), m_index(index), m_state(snapshot.state), m_printer(printer), m_options(options)
{
    m_plan.snapshot = snapshot;
    m_plan.dialect = snapshot.dialect;
    m_plan.zMethod = options.zMethod;
    m_plan.minimum = printer.minimum;
    m_plan.maximum = printer.maximum;
    m_plan.contact = options.contact;
    m_plan.declaredZ = options.declaredZ;
}

Result<Plan> PlanBuilder::build()
{
    for (auto part : {&PlanBuilder::checkSnapshot, &PlanBuilder::checkNumbers, &PlanBuilder::makeWriter, &PlanBuilder::measure,
                      &PlanBuilder::placeAndLimits, &PlanBuilder::writeTexts, &PlanBuilder::writeSteps, &PlanBuilder::checkLines}) {
        if (auto done = (this->*part)(); !done)
            return fail(done.error());
    }
    for (std::size_t i = 0; i < m_plan.steps.size(); ++i)
        m_plan.steps[i].n = static_cast<int>(i + 1);
    return std::move(m_plan);
}

// --- checks and numbers ---

Result<> PlanBuilder::checkSnapshot()
{
    const Snapshot& snapshot = m_plan.snapshot;
    if (!m_index.firstExtrusion || snapshot.byte <= *m_index.firstExtrusion)
        return fail(at(problem(ErrorCode::BeforeFirstExtrusion, "byte")));
    if (m_index.lastExtrusionEnd && snapshot.byte >= *m_index.lastExtrusionEnd)
        return fail(at(problem(ErrorCode::AfterLastExtrusion, "byte")));
    if (const auto missing = snapshot.missing(); !missing.empty())
        return fail(at(problem(ErrorCode::UnknownState, missing.front(), "unknown")));
    if (const auto unconfirmed = snapshot.unconfirmed(); !unconfirmed.empty())
        return fail(at(problem(ErrorCode::UnknownState, unconfirmed.front(), "only inferred, not confirmed")));
    for (const auto& [where, lines] : m_options.ownLines) {
        if (std::find(ownLinePlaces.begin(), ownLinePlaces.end(), where) == ownLinePlaces.end())
            return fail(problem(ErrorCode::BadValue, where, "no such place"));
    }
    if (auto heat = checkHeat(); !heat)
        return heat;
    return checkMethod();
}

/// No plastic flows below, no printer is made for more: such a target is a slip, and a wait for it may never end.
Result<> PlanBuilder::checkHeat() const
{
    constexpr double coldest = 100, hottest = 500, hottestBed = 200; // °C
    const auto refuse = [this](std::string field, const char* why, double measured, double limit) {
        Error error = at(problem(ErrorCode::Unsafe, std::move(field), why));
        error.measured = measured;
        error.limit = limit;
        return fail(std::move(error));
    };
    const std::string nozzle = "hotend." + std::to_string(m_state.tool);
    const double target = m_state.hotend.at(m_state.tool);
    if (!(target >= coldest))
        return refuse(nozzle, "too cold to extrude", target, coldest);
    for (const auto& [tool, heat] : m_state.hotend)
        if (!(heat <= hottest))
            return refuse("hotend." + std::to_string(tool), "hotter than any nozzle is made for", heat, hottest);
    if (m_state.bed && !(*m_state.bed <= hottestBed))
        return refuse("bed", "hotter than any bed is made for", *m_state.bed, hottestBed);
    return {};
}

Result<> PlanBuilder::checkMethod()
{
    const ZMethod method = m_options.zMethod;
    const auto notHere = [&](const char* why) { return fail(problem(ErrorCode::NotSupported, "zMethod", std::string(name(method)) + ": " + why)); };
    const gcode::Dialect dialect = m_plan.dialect;
    switch (method) {
    case ZMethod::Keep:
    case ZMethod::Touch:
        break;
    case ZMethod::PlrZHome:
        if (dialect != gcode::Dialect::Klipper)
            return notHere("klipper-plr is a part of Klipper");
        break;
    case ZMethod::FirmwareLift:
        if (dialect == gcode::Dialect::Klipper || dialect == gcode::Dialect::Marlin1)
            return notHere("this firmware does not lift when the power fails");
        break;
    case ZMethod::StockZplus:
    case ZMethod::FreeSpot:
    case ZMethod::TopEndstop:
        return notHere("this way of registering Z needs the guided run at the printer");
    }
    const bool needsHeight = method == ZMethod::Touch || method == ZMethod::FirmwareLift;
    if (needsHeight && !m_options.declaredZ)
        return fail(problem(ErrorCode::UnknownState, "declaredZ",
                            method == ZMethod::Touch ? "where the nozzle touches is not known" : "the lift must be measured, not taken from the configuration"));
    // Z = 0 under a part would take away the upper limit (the firmware believes the whole height is free above it).
    if (m_options.declaredZ && *m_options.declaredZ <= 0)
        return fail(problem(ErrorCode::Unsafe, "declaredZ", "the nozzle stands on or above a part: its height is above 0"));
    m_declares = method != ZMethod::Keep || m_options.declaredZ;
    if (m_declares && !m_printer.homeXyIsPlain)
        return fail(problem(ErrorCode::Unsafe, "homeXY", "homing X and Y also moves Z on this printer"));
    return {};
}

/// A number that is none passes every comparison with a limit.
Result<> PlanBuilder::checkNumbers()
{
    const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
    for (std::size_t i = 0; i < 3; ++i) {
        if (!(std::isfinite(m_printer.minimum[i]) && std::isfinite(m_printer.maximum[i]) && m_printer.minimum[i] < m_printer.maximum[i]))
            return fail(problem(ErrorCode::BadValue, "travel", "no travel limits"));
    }
    for (const double value : {m_printer.travelSpeed, m_printer.zSpeed, m_printer.clearance, m_printer.primeSpeed, m_printer.retractSpeed}) {
        if (!positive(value))
            return fail(problem(ErrorCode::BadValue, "printer", "a speed or the clearance is not above 0"));
    }
    if (!(m_printer.primeMm >= 0 && m_printer.primeMm <= 200 && m_printer.retractMm >= 0 && m_printer.retractMm <= 200))
        return fail(problem(ErrorCode::BadValue, "printer", "prime or retraction out of all reason"));
    if (m_options.declaredZ && !std::isfinite(*m_options.declaredZ))
        return fail(problem(ErrorCode::BadValue, "declaredZ", "not a number"));
    if (m_options.materialSoftening && !positive(*m_options.materialSoftening))
        return fail(problem(ErrorCode::BadValue, "materialSoftening", "not a temperature"));
    return {};
}

Result<> PlanBuilder::makeWriter()
{
    auto inch = limitsInInches(m_source, m_index, m_plan.snapshot);
    if (!inch)
        return fail(inch.error());
    m_writer = write::writerFor(m_plan.dialect, m_state, m_printer, m_declares, std::move(*inch));
    if (const auto refusal = m_writer->refusal())
        return fail(at(problem(ErrorCode::NotSupported, refusal->field, refusal->why)));
    return {};
}

Result<> PlanBuilder::measure()
{
    if (m_state.nativeUnknown != 0)
        return fail(at(problem(ErrorCode::NotSupported, "position", "G92 renamed a place that only the printer knew (right after homing)")));
    auto measured = measurePrint(m_source, m_index, m_plan.snapshot);
    if (!measured)
        return fail(measured.error());
    m_measured = std::move(*measured);
    m_plan.highestPrinted = m_measured.highest;
    m_plan.printed = m_measured.printed;
    m_plan.whole = m_measured.whole;
    m_declaredZ = m_options.declaredZ.value_or(m_measured.highestNozzle + offsetZ());
    return checkShift();
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

Result<> PlanBuilder::placeAndLimits()
{
    const double z = gcode::toMillimetres(native(2));
    m_travelZ = std::max(m_plan.highestPrinted + m_printer.clearance, z);
    m_liftZ = m_travelZ + std::max(offsetZ(), 0.0);
    if (m_declares)
        m_liftZ = std::max(m_liftZ, m_declaredZ + 1.0);
    m_plan.liftToZ = m_liftZ;
    m_plan.zOffset = offsetZ();
    m_plan.resumeZ = z + offsetZ();
    measureLayer();
    m_plan.clearance = m_travelZ - m_plan.highestPrinted;
    if (m_liftZ > m_printer.maximum[2])
        return fail(outside("travel", m_liftZ, m_printer.maximum[2]));
    if (m_declares && (m_declaredZ < m_printer.minimum[2] || m_declaredZ > m_printer.maximum[2]))
        return fail(outside("declaredZ", m_declaredZ, m_printer.maximum[2]));
    for (std::size_t i = 0; i < positionKeys.size(); ++i) {
        const double value = gcode::toMillimetres(native(i));
        if (value < m_printer.minimum[i] - 1e-6)
            return fail(outside(positionKeys[i], value, m_printer.minimum[i]));
        if (value > m_printer.maximum[i] + 1e-6)
            return fail(outside(positionKeys[i], value, m_printer.maximum[i]));
    }
    auto prime = choosePrimePlace(m_printer, m_plan.printed);
    if (!prime)
        return fail(prime.error());
    m_plan.primeAt = *prime;
    return {};
}

void PlanBuilder::measureLayer()
{
    m_plan.layerZ = m_plan.resumeZ;
    const gcode::Layer* const layer = m_index.layerAt(m_plan.snapshot.byte);
    if (!layer || !layer->z)
        return;
    m_plan.layerZ = std::min(m_plan.resumeZ, *layer->z - gcode::toMillimetres(m_state.shift[2]) + offsetZ());
    m_plan.layerHeight = layer->height;
    if (m_plan.layerHeight || layer->index == 0)
        return;
    const auto& below = m_index.layers[layer->index - 1].z;
    if (below && *below < *layer->z)
        m_plan.layerHeight = *layer->z - *below;
}

Result<> PlanBuilder::writeTexts()
{
    const auto definitions = objectDefinitions(m_source, m_index, m_plan.snapshot,
                                               [this](const gcode::Command& command) { return m_writer->definesObjects(command); });
    if (!definitions)
        return fail(definitions.error());
    const auto fans = m_writer->fans();
    const auto mesh = m_writer->mesh();
    const auto heaters = m_writer->heaters();
    const auto limits = m_writer->limits();
    const auto objects = m_writer->objects(*definitions);
    const char* bad = !fans ? "fans" : !mesh ? "mesh" : !objects ? "excluded" : !heaters ? "heaters" : !limits ? "pressure_advance" : nullptr;
    if (bad)
        return fail(problem(ErrorCode::Unsafe, bad, "a name that no quoting makes safe"));
    m_fans = *fans;
    m_mesh = *mesh;
    m_heaters = *heaters;
    m_limits = *limits;
    m_objects = *objects;
    return {};
}

/// A firmware that cuts a line executes what is left of it.
Result<> PlanBuilder::checkLines()
{
    for (const PlanStep& step : m_plan.steps) {
        for (const std::string& line : step.gcode) {
            if (line.size() <= m_writer->longestLine())
                continue;
            Error error = problem(ErrorCode::Unsafe, "line", "too long for this firmware: " + line.substr(0, 60));
            error.measured = static_cast<double>(line.size());
            error.limit = static_cast<double>(m_writer->longestLine());
            return fail(std::move(error));
        }
    }
    return {};
}

// --- steps ---

Result<> PlanBuilder::writeSteps()
{
    startModes();
    if (const auto done = own(place::beforeHeat); !done)
        return fail(done.error());
    if (const auto done = freeTheNozzle(); !done)
        return fail(done.error());
    registerZ();
    if (const auto done = own(place::afterRegistration); !done)
        return fail(done.error());
    prepare();
    const auto ownLinesBefore = own(place::beforeFirstPlastic);
    if (!ownLinesBefore)
        return fail(ownLinesBefore.error());
    primeAndApproach(*ownLinesBefore);
    finish();
    return {};
}

void PlanBuilder::startModes()
{
    add(StepKind::Note, m_writer->knownModes(), {KINTSUGI_TEXT("Known modes"), {}},
        {KINTSUGI_TEXT("start from known modes, so that every number below means what it says"), {}});
}

/// Rule 5 of safety: a soft nozzle is lifted at once; a cold one is freed from the part before it moves.
Result<> PlanBuilder::freeTheNozzle()
{
    const double target = m_state.hotend.at(m_state.tool);
    const double gentle = std::min(target - m_printer.softenBelow, std::max(150.0, target - 60.0));
    const double soften = std::min(m_options.materialSoftening.value_or(gentle), target);
    const bool soft = m_options.nozzleNow && *m_options.nozzleNow >= soften;
    const bool lifted = m_options.contact == NozzleContact::Lifted || m_options.zMethod == ZMethod::FirmwareLift;
    if (!lifted && !soft) {
        heatBed();
        add(StepKind::Soften, m_writer->soften(soften), {KINTSUGI_TEXT("Soften the contact"), {}},
            {KINTSUGI_TEXT("the nozzle may stick to the part: soften the contact at %1 °C, do not melt it"), {decimal(soften)}},
            {"hotend." + std::to_string(m_state.tool)});
    }
    if (m_declares)
        declareZ();
    lift(soft);
    if (const auto done = own(place::afterLift); !done)
        return fail(done.error());
    if (lifted || soft)
        heatBed();
    return {};
}

void PlanBuilder::heatBed()
{
    add(StepKind::HeatBed, m_writer->heatBed(), {KINTSUGI_TEXT("Heat the bed"), {}},
        {KINTSUGI_TEXT("bed to %1 °C first and held: the part must not come loose"), {decimal(m_state.bed.value_or(0))}}, {"bed"});
}

void PlanBuilder::declareZ()
{
    const std::string z = decimal(m_declaredZ);
    const bool told = m_options.declaredZ.has_value();
    Message reason = !told ? Message{KINTSUGI_TEXT("declare the highest Z at which the nozzle can be (%1 mm), so that the climb is counted from there"), {z}}
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
    if (m_declares) {
        add(StepKind::HomeXY, {m_writer->homeXy()}, {KINTSUGI_TEXT("Home X and Y"), {}},
            {KINTSUGI_TEXT("X and Y are homed above everything printed; Z is never homed towards the part"), {}});
    }
}

void PlanBuilder::prepare()
{
    add(StepKind::LoadMesh, m_mesh, {KINTSUGI_TEXT("Load the bed mesh"), {}},
        {KINTSUGI_TEXT("the mesh the print was made with; nothing is probed"), {}}, {"mesh"});
    selectTool();
    add(StepKind::Limits, m_limits, {KINTSUGI_TEXT("Speed limits and pressure advance"), {}},
        {KINTSUGI_TEXT("limits and pressure advance as they stood at the resume point"), {}}, keysBelow({"motion.", "pressure_advance."}));
    Lines factors = m_options.zMethod == ZMethod::PlrZHome ? m_writer->afterRegistration() : Lines{};
    append(factors, m_writer->offsets());
    append(factors, m_writer->flow());
    add(StepKind::Factors, std::move(factors), {KINTSUGI_TEXT("Flow factor and offset"), {}},
        {KINTSUGI_TEXT("flow factor and G-code offset as they stood at the resume point"), {}}, keysBelow({"gcode_offset.", "flow_percent."}));
    heatNozzle();
}

void PlanBuilder::selectTool()
{
    add(StepKind::SelectTool, m_writer->selectTool(), {KINTSUGI_TEXT("Select the tool"), {}},
        {KINTSUGI_TEXT("tool %1 was in use"), {std::to_string(m_state.tool)}}, {"tool"});
}

void PlanBuilder::heatNozzle()
{
    Lines lines{across(m_plan.primeAt), upTo(m_travelZ, m_printer.zSpeed)};
    append(lines, m_heaters);
    append(lines, m_writer->heatNozzle());
    add(StepKind::HeatNozzle, std::move(lines), {KINTSUGI_TEXT("Heat the nozzle beside the print"), {}},
        {KINTSUGI_TEXT("to X %1 Y %2 beside the print, then up to %3 °C there"),
         {decimal(m_plan.primeAt[0]), decimal(m_plan.primeAt[1]), decimal(m_state.hotend.at(m_state.tool))}},
        {"hotend." + std::to_string(m_state.tool)});
}

void PlanBuilder::primeAndApproach(bool ownLinesBefore)
{
    Lines prime{"M83"};
    if (ownLinesBefore) // the head may stand anywhere
        append(prime, {upTo(m_travelZ, m_printer.zSpeed), across(m_plan.primeAt)});
    const gcode::Nanometres back = m_measured.retracted > 0 ? m_measured.retracted : m_writer->inFileUnits(m_printer.retractMm);
    if (m_state.firmwareRetracted)
        prime.emplace_back("G11");
    append(prime, m_writer->extrude(m_writer->inFileUnits(m_printer.primeMm), m_printer.primeSpeed));
    if (m_state.firmwareRetracted)
        prime.emplace_back("G10");
    append(prime, m_writer->extrude(m_state.firmwareRetracted ? -m_measured.retracted : -back, m_printer.retractSpeed));
    add(StepKind::Prime, std::move(prime), {KINTSUGI_TEXT("Prime"), {}},
        {KINTSUGI_TEXT("push %1 mm of filament, then hold it back for the way"), {decimal(m_printer.primeMm)}}, {}, "printer profile");
    approach(m_state.firmwareRetracted ? 0 : back - m_measured.retracted);
}

void PlanBuilder::approach(gcode::Nanometres unretract)
{
    const double z = gcode::toMillimetres(native(2));
    const double way = m_travelZ - z;
    const auto exactly = [this](std::size_t axis) { return write::exact(native(axis) + m_inForce[axis]); };
    Lines lines{"G1 X" + exactly(0) + " Y" + exactly(1) + " F" + decimal(m_printer.travelSpeed * 60)};
    if (way > 0.2)
        lines.push_back(upTo(z + std::min(approachStage, way / 2), m_printer.zSpeed));
    lines.push_back("G1 Z" + exactly(2) + " F" + decimal(m_printer.zSpeed * 30));
    append(lines, m_writer->extrude(unretract, m_printer.retractSpeed));
    Message reason{KINTSUGI_TEXT("over the resume point at travel height, then down in two stages to Z %1 mm"), {exactly(2)}};
    if (m_state.unknownMotion && !m_state.unknownCommands.empty())
        reason = {KINTSUGI_TEXT("over the resume point at travel height, then down in two stages to Z %1 mm; a macro ran since the place was last given "
                                "(%2), and is taken to have come back"),
                  {exactly(2), m_state.unknownCommands.back()}};
    add(StepKind::Approach, std::move(lines), {KINTSUGI_TEXT("Approach"), {}}, std::move(reason), {positionKeys.begin(), positionKeys.end()});
}

void PlanBuilder::finish()
{
    Lines lines = m_fans;
    lines.push_back("M220 S" + decimal(m_state.speedPercent, 6));
    add(StepKind::Factors, std::move(lines), {KINTSUGI_TEXT("Fans and speed factor"), {}},
        {KINTSUGI_TEXT("fans and speed factor as they stood at the resume point"), {}}, keysBelow({"fans.", "speed_percent"}));
    add(StepKind::RestoreModes, m_writer->restoreModes(), {KINTSUGI_TEXT("Restore the modes"), {}},
        {KINTSUGI_TEXT("extruder position, feed rate and modes as the file expects them at byte %1"), {std::to_string(m_plan.snapshot.byte)}},
        {"absolute_xyz", "absolute_e", "feed", "e"});
    add(StepKind::Objects, m_objects, {KINTSUGI_TEXT("Objects"), {}},
        {KINTSUGI_TEXT("the objects the file defined, and those that were excluded"), {}}, {"excluded"});
    add(StepKind::Note, m_writer->lastly(), {KINTSUGI_TEXT("Arm klipper-plr"), {}},
        {KINTSUGI_TEXT("klipper-plr saves the state of this print from here on, too"), {}});
    m_plan.steps.push_back({0, StepKind::Continue, {}, {KINTSUGI_TEXT("Continue"), {}},
                            {KINTSUGI_TEXT("from here on the original bytes, unchanged, from byte %1"), {std::to_string(m_plan.snapshot.byte)}},
                            m_plan.snapshot.source == SnapshotSource::File ? Origin::Replayed : Origin::Observed, fromByte()});
}

/// True when there were lines after which the head may stand elsewhere.
Result<bool> PlanBuilder::own(std::string_view where)
{
    const auto lines = m_options.ownLines.find(std::string(where));
    if (lines == m_options.ownLines.end() || lines->second.empty())
        return false;
    gcode::MachineState before;
    for (const PlanStep& step : m_plan.steps) {
        for (const std::string& line : step.gcode)
            gcode::apply(before, gcode::parseCommand(line), m_plan.dialect);
        if (step.kind == StepKind::RegisterZ) // at the upper switches
            before.position[2].reset();
    }
    const bool hot = where == place::beforeFirstPlastic;
    OwnLinesRoom room{.place = std::string(where), .mayRise = where != place::beforeHeat, .mayTravel = hot || where == place::afterRegistration,
                      .mayExtrude = hot, .lowestZ = hot ? m_travelZ : m_liftZ, .minimum = m_printer.minimum, .maximum = m_printer.maximum};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const double shift = gcode::toMillimetres(m_inForce[axis]);
        room.minimum[axis] += shift;
        room.maximum[axis] += shift;
        room.lowestZ += axis == 2 ? shift : 0;
    }
    auto run = runOwnLines(lines->second, std::move(before), m_plan.dialect, room, *m_writer);
    if (!run)
        return fail(run.error());
    if (run->moved && !hot && where != place::beforeHeat)
        run->lines.push_back(upTo(m_liftZ, m_printer.zSpeed));
    m_plan.unsimulated.insert(m_plan.unsimulated.end(), run->unsimulated.begin(), run->unsimulated.end());
    add(StepKind::Note, std::move(run->lines), {KINTSUGI_TEXT("Own lines"), {}}, {KINTSUGI_TEXT("your own lines (%1)"), {std::string(where)}}, {}, "own lines");
    m_plan.steps.back().origin = Origin::Edited;
    return true;
}

// --- helpers ---

std::string PlanBuilder::across(const std::array<double, 2>& native) const
{
    return "G1 X" + decimal(native[0] + gcode::toMillimetres(m_inForce[0])) + " Y" + decimal(native[1] + gcode::toMillimetres(m_inForce[1])) + " F"
        + decimal(m_printer.travelSpeed * 60);
}

std::string PlanBuilder::upTo(double native, double speed) const
{
    return "G1 Z" + decimal(native + gcode::toMillimetres(m_inForce[2])) + " F" + decimal(speed * 60);
}

gcode::Nanometres PlanBuilder::native(std::size_t axis) const
{
    return *m_state.position[axis] - m_state.shift[axis];
}

/// How far the machine stands above its coordinates.
double PlanBuilder::offsetZ() const
{
    const auto offset = m_state.gcodeOffset.find("Z");
    return (offset == m_state.gcodeOffset.end() ? 0.0 : offset->second) + gcode::toMillimetres(m_state.babystep[2]);
}

void PlanBuilder::add(StepKind kind, Lines lines, Message title, Message reason, const std::vector<std::string>& keys, std::string from)
{
    if (lines.empty())
        return;
    PlanStep step{0, kind, std::move(lines), std::move(title), std::move(reason), Origin::Replayed, std::move(from)};
    std::optional<Origin> weakest;
    for (const std::string& key : keys) {
        const auto field = m_plan.snapshot.fields.find(key);
        if (field != m_plan.snapshot.fields.end() && (!weakest || strength(field->second.origin) < strength(*weakest)))
            weakest = field->second.origin;
    }
    step.origin = weakest.value_or(Origin::Replayed);
    if (step.numbersFrom.empty())
        step.numbersFrom = keys.empty() ? "printer profile" : step.origin == Origin::Replayed ? fromByte() : std::string(name(step.origin));
    m_plan.steps.push_back(std::move(step));
}

std::vector<std::string> PlanBuilder::keysBelow(const std::vector<std::string>& prefixes) const
{
    std::vector<std::string> keys;
    for (const auto& [key, info] : m_plan.snapshot.fields) {
        if (std::any_of(prefixes.begin(), prefixes.end(), [&key = key](const std::string& prefix) { return key.starts_with(prefix); }))
            keys.push_back(key);
    }
    return keys;
}

std::string PlanBuilder::fromByte() const
{
    return "file byte " + std::to_string(m_plan.snapshot.byte);
}

Error PlanBuilder::at(Error error) const
{
    error.byte = m_plan.snapshot.byte;
    return error;
}

} // namespace kintsugi::recovery
