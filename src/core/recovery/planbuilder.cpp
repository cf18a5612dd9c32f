// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planbuilder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "recovery/notrestored.h"
#include "recovery/ownlinescheck.h"
#include "recovery/planparts.h"

namespace kintsugi::recovery {

using parts::append;
using parts::problem;

namespace {

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

} // namespace

PlanBuilder::PlanBuilder(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot, const PrinterFacts& printer,
                         const PlanOptions& options)
    : m_source(source), m_index(index), m_state(snapshot.state), m_printer(printer), m_options(options)
{
    m_plan.snapshot = snapshot;
    m_plan.dialect = snapshot.dialect;
    m_plan.zMethod = options.zMethod;
    m_plan.contact = options.contact;
    m_plan.declaredZ = options.declaredZ;
    m_plan.dryRun = options.dryRun;
}

Result<Plan> PlanBuilder::build()
{
    for (auto part : {&PlanBuilder::checkSnapshot, &PlanBuilder::checkNumbers, &PlanBuilder::makeWriter, &PlanBuilder::measure,
                      &PlanBuilder::travelLimits, &PlanBuilder::placeAndLimits, &PlanBuilder::writeTexts, &PlanBuilder::writeSteps, &PlanBuilder::checkLines, &PlanBuilder::nameLosses}) {
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
    const auto missing = snapshot.missing();
    const auto refuse = [&](const std::string& key) {
        return fail(snapshot.isOff(key) ? at(problem(ErrorCode::Unsafe, key, "the heater of the nozzle is off at this place"))
                                        : at(problem(ErrorCode::UnknownState, key, "unknown")));
    };
    const bool before = !m_index.firstExtrusion || snapshot.byte <= *m_index.firstExtrusion;
    const bool behind = m_index.lastExtrusionEnd && snapshot.byte >= *m_index.lastExtrusionEnd;
    // Where a place or the filament is not known, lines that print are not told from others.
    const auto blind = std::find_if(missing.begin(), missing.end(), [](const std::string& key) { return key.starts_with("position.") || key == "e" || key == "printed"; });
    const bool started = snapshot.state.eHighest > 0 || !snapshot.state.unknownFields.empty();
    if ((behind || (before && started)) && blind != missing.end())
        return refuse(*blind);
    if (before)
        return fail(at(problem(ErrorCode::BeforeFirstExtrusion, "byte")));
    if (behind)
        return fail(at(problem(ErrorCode::AfterLastExtrusion, "byte")));
    if (!missing.empty())
        return refuse(missing.front());
    if (const auto unconfirmed = snapshot.unconfirmed(); !unconfirmed.empty())
        return fail(at(problem(ErrorCode::UnknownState, unconfirmed.front(), "only inferred, not confirmed")));
    for (const auto& [where, lines] : m_options.ownLines) {
        if (std::find(ownLinePlaces.begin(), ownLinePlaces.end(), where) == ownLinePlaces.end())
            return fail(problem(ErrorCode::BadValue, where, "no such place"));
    }
    if (auto heat = refuseHeat(); !heat)
        return heat;
    if (auto factors = checkFactors(); !factors)
        return factors;
    return checkMethod();
}

/// Klipper and RepRapFirmware refuse a factor of 0, Marlin stands still or prints air: nobody means it for the rest of a part.
Result<> PlanBuilder::checkFactors() const
{
    constexpr double least = 1, most = 1000; // %
    const auto check = [&](std::string field, double percent) -> Result<> {
        if (percent >= least && percent <= most)
            return {};
        Error error = at(problem(ErrorCode::Unsafe, std::move(field)));
        error.measured = percent;
        error.limit = percent < least ? least : most;
        error.reason = {KINTSUGI_TEXT("no machine prints at such a factor"), {}};
        return fail(std::move(error));
    };
    if (auto speed = check("speed_percent", m_state.speedPercent); !speed)
        return speed;
    for (const auto& [tool, percent] : m_state.flowPercent) {
        if (auto flow = check("flow_percent." + std::to_string(tool), percent); !flow)
            return flow;
    }
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
        if (m_options.contact == NozzleContact::Touching)
            return fail(problem(ErrorCode::Unsafe, "zMethod", "the nozzle touches the part: the firmware did not lift it"));
        break;
    case ZMethod::StockZplus:
        return notHere("there are no heights of the upper switches that this program calibrated");
    case ZMethod::FreeSpot:
        if (dialect != gcode::Dialect::Klipper)
            return notHere("what a probe found is read back from Klipper alone");
        if (m_options.probePlaces.empty())
            return notHere("where the bed is free, and how high it is there, is found at the printer with its probe and the mesh of the print");
        break;
    case ZMethod::TopEndstop:
        if (!m_printer.topEndstop)
            return notHere(m_printer.whyNoTopEndstop.empty() ? "the configuration of the printer must tell that Z homes at the top" : m_printer.whyNoTopEndstop.c_str());
        break;
    }
    const bool needsHeight = (method == ZMethod::Touch && !m_options.touchByHand) || method == ZMethod::FirmwareLift;
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
        const auto& low = m_printer.minimum[i];
        const auto& high = m_printer.maximum[i];
        const bool sound = (!low || std::isfinite(*low)) && (!high || std::isfinite(*high)) && (!low || !high || *low < *high);
        if (!sound)
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

Result<> PlanBuilder::nameLosses()
{
    auto losses = notRestored(m_source, m_index, m_plan, m_declares);
    if (!losses)
        return fail(losses.error());
    m_plan.notRestored = std::move(*losses);
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
    if (m_options.dryRun) {
        writeDryRun();
        return {};
    }
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
    add(StepKind::Limits, m_writer->stepsPerMm(), {KINTSUGI_TEXT("Steps per millimetre"), {}},
        {KINTSUGI_TEXT("steps per millimetre as the file set them, before anything moves"), {}}, keysBelow({"setup.M92"}));
}

void PlanBuilder::prepare()
{
    add(StepKind::LoadMesh, m_mesh, {KINTSUGI_TEXT("Load the bed mesh"), {}},
        {KINTSUGI_TEXT("the mesh the print was made with; nothing is probed"), {}}, {"mesh"});
    selectTool();
    add(StepKind::Limits, m_limits, {KINTSUGI_TEXT("Speed limits and pressure advance"), {}},
        {KINTSUGI_TEXT("limits and pressure advance as they stood at the resume point"), {}}, keysBelow({"motion.", "pressure_advance.", "setup."}));
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

/// True when there were lines after which the head may stand elsewhere.
Result<bool> PlanBuilder::own(std::string_view where)
{
    const auto lines = m_options.ownLines.find(std::string(where));
    if (lines == m_options.ownLines.end() || lines->second.empty() || m_options.dryRun)
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
                      .mayExtrude = hot, .lowestZ = hot ? m_travelZ : m_liftZ, .minimum = m_plan.minimum, .maximum = m_plan.maximum};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (!m_plan.limited[axis]) {
            room.minimum[axis] = -std::numeric_limits<double>::infinity();
            room.maximum[axis] = std::numeric_limits<double>::infinity();
        }
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
