// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/plan.h"

#include <algorithm>
#include <cmath>

#include "recovery/ownlines.h"
#include "recovery/plangcode.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

using write::Lines;

constexpr double approachStage = 2.0;  // mm above the resume point at which Z slows down, at most half the way
constexpr double primeMargin = 5.0;    // mm between the prime place and what is printed

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

double distanceToFootprint(const gcode::Extents& printed, const std::array<double, 2>& at)
{
    const double dx = std::max({printed.minX - at[0], 0.0, at[0] - printed.maxX});
    const double dy = std::max({printed.minY - at[1], 0.0, at[1] - printed.maxY});
    return std::hypot(dx, dy);
}

Result<std::array<double, 2>> choosePrimePlace(const PrinterFacts& printer, const gcode::Extents& printed)
{
    const auto isFree = [&printed](const std::array<double, 2>& at) {
        return !printed.valid || distanceToFootprint(printed, at) >= primeMargin;
    };
    if (printer.primePlace) {
        for (std::size_t i = 0; i < 2; ++i) {
            if (!((*printer.primePlace)[i] >= printer.minimum[i] && (*printer.primePlace)[i] <= printer.maximum[i]))
                return fail(outside("prime", (*printer.primePlace)[i], printer.maximum[i]));
        }
        if (!isFree(*printer.primePlace))
            return fail(problem(ErrorCode::Unsafe, "prime", "the prime place lies over the print"));
        return *printer.primePlace;
    }
    const double inset = 5.0;
    const std::array<double, 3> xs{printer.minimum[0] + inset, (printer.minimum[0] + printer.maximum[0]) / 2, printer.maximum[0] - inset};
    const std::array<double, 3> ys{printer.minimum[1] + inset, (printer.minimum[1] + printer.maximum[1]) / 2, printer.maximum[1] - inset};
    std::optional<std::array<double, 2>> best;
    double bestDistance = -1;
    for (const double y : ys) {
        for (const double x : xs) {
            const std::array<double, 2> at{x, y};
            const double distance = printed.valid ? distanceToFootprint(printed, at) : 1.0;
            if (isFree(at) && distance > bestDistance + 1e-9) {
                best = at;
                bestDistance = distance;
            }
        }
    }
    if (!best)
        return fail(problem(ErrorCode::Unsafe, "prime", "no place beside the print is free for priming"));
    return *best;
}

/// Highest Z the nozzle may be at when it stopped: a climb counted from there never runs into the top.
Result<double> highestNozzle(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot)
{
    double highest = gcode::toMillimetres(snapshot.state.position[2].value_or(0));
    const ByteOffset begin = std::min(snapshot.earliest.value_or(snapshot.byte), snapshot.byte);
    const ByteOffset end = std::max(snapshot.latest.value_or(snapshot.byte), snapshot.byte);
    const auto done = walk(source, index, begin, end, [&highest](const Walked& walked) {
        for (const auto& z : {walked.effect.from[2], walked.after.position[2]}) {
            if (walked.effect.moved && z)
                highest = std::max(highest, gcode::toMillimetres(*z));
        }
        return true;
    });
    if (!done)
        return fail(done.error());
    return highest;
}

/// The file's own definitions of the objects it named up to the byte, so that exclusion works without its head.
Result<Lines> objectDefinitions(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot)
{
    Lines lines;
    std::set<std::string> open = snapshot.state.definedObjects;
    if (open.empty())
        return lines;
    constexpr ByteOffset headLimit = std::size_t{16} << 20;
    const ByteOffset end = std::min({snapshot.byte, index.firstExtrusion.value_or(headLimit), headLimit});
    const auto done = walk(source, index, 0, end, [&](const Walked& walked) {
        if (walked.command.kind != gcode::Command::Kind::Extended || walked.line.truncated)
            return true;
        std::string name(walked.command.name);
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        if (name != "EXCLUDE_OBJECT_DEFINE")
            return true;
        lines.push_back(name + ' ' + std::string(walked.command.rest));
        for (const auto& [key, value] : gcode::parseParameters(walked.command.rest)) {
            if (key == "NAME")
                open.erase(value);
        }
        return true;
    });
    if (!done)
        return fail(done.error());
    for (const std::string& name : open) {
        if (const auto text = write::parameter(name))
            lines.push_back("EXCLUDE_OBJECT_DEFINE NAME=" + *text);
    }
    return lines;
}

class Builder
{
public:
    Builder(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot, const PrinterFacts& printer,
            const PlanOptions& options)
        : m_source(source), m_index(index), m_state(snapshot.state), m_printer(printer), m_options(options)
    {
        m_plan.snapshot = snapshot;
        m_plan.dialect = snapshot.dialect;
        m_plan.zMethod = options.zMethod;
        m_plan.minimum = printer.minimum;
        m_plan.maximum = printer.maximum;
    }

    Result<Plan> build()
    {
        for (auto part : {&Builder::checkSnapshot, &Builder::checkNumbers, &Builder::checkOwnLines, &Builder::measure,
                          &Builder::placeAndLimits, &Builder::checkOwnMoves, &Builder::writeTexts}) {
            if (auto done = (this->*part)(); !done)
                return fail(done.error());
        }
        startModes();
        own(place::beforeHeat);
        freeTheNozzle();
        registerZ();
        own(place::afterRegistration);
        prepare();
        primeAndApproach();
        finish();
        for (std::size_t i = 0; i < m_plan.steps.size(); ++i)
            m_plan.steps[i].n = static_cast<int>(i + 1);
        return std::move(m_plan);
    }

private:
    // --- checks ---

    Result<> checkSnapshot()
    {
        const Snapshot& snapshot = m_plan.snapshot;
        if (snapshot.dialect != gcode::Dialect::Klipper)
            return fail(problem(ErrorCode::NotSupported, "dialect", std::string(gcode::name(snapshot.dialect))));
        if (m_state.inch)
            return fail(problem(ErrorCode::NotSupported, "inch"));
        if (m_state.shiftedAxes != 0)
            return fail(at(problem(ErrorCode::NotSupported, "position", "G92 shifted the coordinates of the file")));
        if (!m_index.firstExtrusion || snapshot.byte <= *m_index.firstExtrusion)
            return fail(at(problem(ErrorCode::BeforeFirstExtrusion, "byte")));
        if (m_index.lastExtrusionEnd && snapshot.byte >= *m_index.lastExtrusionEnd)
            return fail(at(problem(ErrorCode::AfterLastExtrusion, "byte")));
        if (const auto missing = snapshot.missing(); !missing.empty())
            return fail(at(problem(ErrorCode::UnknownState, missing.front(), "unknown")));
        if (const auto unconfirmed = snapshot.unconfirmed(); !unconfirmed.empty())
            return fail(at(problem(ErrorCode::UnknownState, unconfirmed.front(), "only inferred, not confirmed")));
        return checkMethod();
    }

    Result<> checkMethod()
    {
        const ZMethod method = m_options.zMethod;
        if (method != ZMethod::Keep && method != ZMethod::Touch && method != ZMethod::PlrZHome)
            return fail(problem(ErrorCode::NotSupported, "zMethod", std::string(name(method))));
        if (method == ZMethod::Touch && !m_options.declaredZ)
            return fail(problem(ErrorCode::UnknownState, "declaredZ", "where the nozzle touches is not known"));
        m_declares = method != ZMethod::Keep || m_options.declaredZ;
        if (m_declares && !m_printer.homeXyIsPlain)
            return fail(problem(ErrorCode::Unsafe, "homeXY", "homing X and Y also moves Z on this printer"));
        return {};
    }

    /// A number that is none passes every comparison with a limit.
    Result<> checkNumbers()
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

    Result<> checkOwnLines()
    {
        for (const auto& [where, lines] : m_options.ownLines) {
            if (std::find(ownLinePlaces.begin(), ownLinePlaces.end(), where) == ownLinePlaces.end())
                return fail(problem(ErrorCode::BadValue, where, "no such place"));
            const bool mustStand = where == place::beforeHeat || where == place::afterLift;
            for (const std::string& line : lines) {
                if (write::isForbidden(line) || write::setsOffset(line) || (mustStand && write::mayMove(line)))
                    return fail(problem(ErrorCode::Unsafe, where, line));
            }
        }
        return {};
    }

    /// Own moves stay at travel height and inside the limits. What a macro does is the person's.
    Result<> checkOwnMoves()
    {
        for (const std::string_view where : {place::afterRegistration, place::beforeFirstPlastic}) {
            const auto lines = m_options.ownLines.find(std::string(where));
            if (lines == m_options.ownLines.end())
                continue;
            gcode::MachineState state;
            const std::array<double, 3> start{m_plan.primeAt[0], m_plan.primeAt[1], m_travelZ};
            std::transform(start.begin(), start.end(), state.position.begin(), gcode::toNanometres);
            for (const std::string& line : lines->second) {
                gcode::apply(state, gcode::parseCommand(line), m_plan.dialect);
                for (std::size_t i = 0; i < start.size(); ++i) {
                    const double low = i == 2 ? m_travelZ : m_printer.minimum[i], value = gcode::toMillimetres(*state.position[i]);
                    if (value < low - 1e-6 || value > m_printer.maximum[i] + 1e-6)
                        return fail(problem(ErrorCode::Unsafe, std::string(where), line));
                }
            }
        }
        return {};
    }

    // --- numbers ---

    Result<> measure()
    {
        const ByteOffset upper = std::max(m_plan.snapshot.latest.value_or(0), m_plan.snapshot.byte);
        const gcode::Layer* layer = m_index.layerAt(upper);
        m_plan.printed = m_index.printed;
        double highest = layer ? layer->highestZ : m_index.printed.maxZ;
        // A resume file knows only its own part of the print; its head tells the rest.
        const auto resumed = readResumePoint(m_source);
        if (!resumed)
            return fail(resumed.error());
        if (*resumed && (*resumed)->printed.valid)
            highest = std::max(highest, merge((*resumed)->printed));
        m_plan.highestPrinted = highest;
        m_plan.printed.maxZ = highest;
        const auto retracted = retractedBefore(m_source, m_index, m_plan.snapshot.byte);
        if (!retracted)
            return fail(retracted.error());
        m_retracted = *retracted;
        if (!m_declares)
            return {};
        if (m_options.declaredZ) {
            m_declaredZ = *m_options.declaredZ;
            return {};
        }
        const auto nozzle = highestNozzle(m_source, m_index, m_plan.snapshot);
        if (!nozzle)
            return fail(nozzle.error());
        m_declaredZ = *nozzle + offsetZ();
        return {};
    }

    double merge(const gcode::Extents& before)
    {
        gcode::Extents& printed = m_plan.printed;
        if (!printed.valid)
            printed = before;
        printed.minX = std::min(printed.minX, before.minX);
        printed.minY = std::min(printed.minY, before.minY);
        printed.minZ = std::min(printed.minZ, before.minZ);
        printed.maxX = std::max(printed.maxX, before.maxX);
        printed.maxY = std::max(printed.maxY, before.maxY);
        return before.maxZ;
    }

    Result<> placeAndLimits()
    {
        const double z = gcode::toMillimetres(*m_state.position[2]);
        m_travelZ = std::max(m_plan.highestPrinted + m_printer.clearance, z);
        m_liftZ = m_travelZ + std::max(offsetZ(), 0.0);
        if (m_declares)
            m_liftZ = std::max(m_liftZ, m_declaredZ + 1.0);
        m_plan.liftToZ = m_liftZ;
        m_plan.clearance = m_travelZ - m_plan.highestPrinted;
        if (m_liftZ > m_printer.maximum[2])
            return fail(outside("travel", m_liftZ, m_printer.maximum[2]));
        if (m_declares && (m_declaredZ < m_printer.minimum[2] || m_declaredZ > m_printer.maximum[2]))
            return fail(outside("declaredZ", m_declaredZ, m_printer.maximum[2]));
        constexpr std::array<const char*, 3> names{"position.x", "position.y", "position.z"};
        for (std::size_t i = 0; i < names.size(); ++i) {
            const double value = gcode::toMillimetres(*m_state.position[i]);
            if (value < m_printer.minimum[i] - 1e-6)
                return fail(outside(names[i], value, m_printer.minimum[i]));
            if (value > m_printer.maximum[i] + 1e-6)
                return fail(outside(names[i], value, m_printer.maximum[i]));
        }
        auto prime = choosePrimePlace(m_printer, m_plan.printed);
        if (!prime)
            return fail(prime.error());
        m_plan.primeAt = *prime;
        return {};
    }

    Result<> writeTexts()
    {
        const auto fans = write::fans(m_state);
        const auto mesh = write::mesh(m_state);
        const auto excluded = write::excluded(m_state);
        const auto heaters = write::heaters(m_state);
        const auto limits = write::limits(m_state);
        const char* bad = !fans ? "fans" : !mesh ? "mesh" : !excluded ? "excluded" : !heaters ? "heaters" : !limits ? "pressure_advance" : nullptr;
        if (bad)
            return fail(problem(ErrorCode::Unsafe, bad, "a name that no quoting makes safe"));
        auto objects = objectDefinitions(m_source, m_index, m_plan.snapshot);
        if (!objects)
            return fail(objects.error());
        m_fans = *fans;
        m_mesh = *mesh;
        m_heaters = *heaters;
        m_limits = *limits;
        m_objects = std::move(*objects);
        m_objects.insert(m_objects.end(), excluded->begin(), excluded->end());
        if (m_state.object && m_state.definedObjects.count(*m_state.object)) {
            if (const auto object = write::parameter(*m_state.object))
                m_objects.push_back("EXCLUDE_OBJECT_START NAME=" + *object);
        }
        return {};
    }

    // --- steps ---

    void startModes()
    {
        add(StepKind::Note, {"G21", "G90", "M83", "M220 S100", "M221 S100", "SET_GCODE_OFFSET X=0 Y=0 Z=0 MOVE=0"},
            {KINTSUGI_TEXT("Known modes"), {}},
            {KINTSUGI_TEXT("start from known modes, so that every number below means what it says"), {}});
    }

    /// Rule 5 of safety: a soft nozzle is lifted at once; a cold one is freed from the part before it moves.
    void freeTheNozzle()
    {
        const double target = m_state.hotend.at(m_state.tool);
        const double gentle = std::min(target - m_printer.softenBelow, std::max(150.0, target - 60.0));
        const double soften = std::min(m_options.materialSoftening.value_or(gentle), target);
        const bool soft = m_options.nozzleNow && *m_options.nozzleNow >= soften;
        const bool atOnce = m_options.contact == NozzleContact::Lifted || soft;
        if (!atOnce) {
            heatBed();
            add(StepKind::Soften, {heat("M104", m_state.tool, soften),
                                   "TEMPERATURE_WAIT SENSOR=" + write::heaterName(m_state.tool) + " MINIMUM=" + decimal(soften - 3)},
                {KINTSUGI_TEXT("Soften the contact"), {}},
                {KINTSUGI_TEXT("the nozzle may stick to the part: soften the contact at %1 °C, do not melt it"), {decimal(soften)}},
                {"hotend." + std::to_string(m_state.tool)});
        }
        if (m_declares)
            declareZ();
        lift(soft);
        own(place::afterLift);
        if (atOnce)
            heatBed();
    }

    void heatBed()
    {
        Lines lines;
        if (m_state.chamber)
            lines.push_back("M141 S" + decimal(*m_state.chamber, 6));
        if (m_state.bed)
            lines.push_back("M140 S" + decimal(*m_state.bed, 6));
        if (m_state.bed && *m_state.bed > 0)
            lines.push_back("M190 S" + decimal(*m_state.bed, 6));
        add(StepKind::HeatBed, std::move(lines), {KINTSUGI_TEXT("Heat the bed"), {}},
            {KINTSUGI_TEXT("bed to %1 °C first and held: the part must not come loose"), {decimal(m_state.bed.value_or(0))}}, {"bed"});
    }

    void declareZ()
    {
        const std::string z = decimal(m_declaredZ);
        const std::string line = "SET_KINEMATIC_POSITION Z=" + z + (m_printer.setHomedKnown ? " SET_HOMED=Z" : "");
        const bool told = m_options.declaredZ.has_value();
        Message reason = m_options.zMethod == ZMethod::PlrZHome && !told
            ? Message{KINTSUGI_TEXT("declare the highest Z at which the nozzle can be (%1 mm), so that the climb is counted from there"), {z}}
            : Message{KINTSUGI_TEXT("the nozzle stands at Z %1 mm: declared by the person"), {z}};
        add(StepKind::DeclareZ, {line}, {KINTSUGI_TEXT("Declare Z"), {}}, std::move(reason),
            told ? std::vector<std::string>{} : std::vector<std::string>{"position.z"}, told ? "declared" : "");
        if (told)
            m_plan.steps.back().origin = Origin::Edited;
    }

    void lift(bool soft)
    {
        const std::string z = decimal(m_liftZ);
        Message reason = soft
            ? Message{KINTSUGI_TEXT("the nozzle is soft enough: straight up at once to Z %1 mm, %2 mm above everything printed"), {z, decimal(*m_plan.clearance)}}
            : Message{KINTSUGI_TEXT("straight up to Z %1 mm, %2 mm above everything printed"), {z, decimal(*m_plan.clearance)}};
        add(StepKind::Lift, {"G1 Z" + z + " F" + decimal(m_printer.zSpeed * 60)}, {KINTSUGI_TEXT("Lift"), {}}, std::move(reason),
            {"position.z"});
    }

    void registerZ()
    {
        if (m_options.zMethod == ZMethod::PlrZHome) {
            add(StepKind::RegisterZ, {"PLR_Z_HOME MODE=RESUME"}, {KINTSUGI_TEXT("Register Z at the upper switches"), {}},
                {KINTSUGI_TEXT("climb to the upper switches and take Z from the stored heights; nothing comes near the part"), {}});
        }
        if (m_declares) {
            add(StepKind::HomeXY, {"G28 X Y"}, {KINTSUGI_TEXT("Home X and Y"), {}},
                {KINTSUGI_TEXT("X and Y are homed above everything printed; Z is never homed towards the part"), {}});
        }
    }

    void prepare()
    {
        Lines loads = m_mesh;
        add(StepKind::LoadMesh, std::move(loads), {KINTSUGI_TEXT("Load the bed mesh"), {}},
            {KINTSUGI_TEXT("the mesh the print was made with; nothing is probed"), {}}, {"mesh"});
        // A host that stayed alive may still hold another tool than the first.
        const bool several = std::any_of(m_state.hotend.begin(), m_state.hotend.end(), [](const auto& tool) { return tool.first != 0; });
        if (m_state.tool != 0 || several) {
            add(StepKind::SelectTool, {"T" + std::to_string(m_state.tool)}, {KINTSUGI_TEXT("Select the tool"), {}},
                {KINTSUGI_TEXT("tool %1 was in use"), {std::to_string(m_state.tool)}}, {"tool"});
        }
        add(StepKind::Limits, m_limits, {KINTSUGI_TEXT("Speed limits and pressure advance"), {}},
            {KINTSUGI_TEXT("limits and pressure advance as they stood at the resume point"), {}}, keysBelow({"motion.", "pressure_advance."}));
        // The plugin's registration sets fan and offset by itself: both are set again from here on.
        Lines factors{write::gcodeOffset(m_state)};
        if (m_options.zMethod == ZMethod::PlrZHome)
            factors.insert(factors.begin(), {"G90", "M83", "M107", "M220 S100"});
        append(factors, write::flow(m_state));
        add(StepKind::Factors, std::move(factors), {KINTSUGI_TEXT("Flow factor and offset"), {}},
            {KINTSUGI_TEXT("flow factor and G-code offset as they stood at the resume point"), {}},
            keysBelow({"gcode_offset.", "flow_percent."}));
        heatNozzle();
    }

    void heatNozzle()
    {
        Lines lines{"G1 X" + decimal(m_plan.primeAt[0]) + " Y" + decimal(m_plan.primeAt[1]) + " F" + decimal(m_printer.travelSpeed * 60),
                    toTravelHeight()};
        append(lines, m_heaters);
        for (const auto& [tool, target] : m_state.hotend) {
            if (tool != m_state.tool)
                lines.push_back(heat("M104", tool, target));
        }
        const double target = m_state.hotend.at(m_state.tool);
        lines.push_back(heat("M109", m_state.tool, target));
        add(StepKind::HeatNozzle, std::move(lines), {KINTSUGI_TEXT("Heat the nozzle beside the print"), {}},
            {KINTSUGI_TEXT("to X %1 Y %2 beside the print, then up to %3 °C there"),
             {decimal(m_plan.primeAt[0]), decimal(m_plan.primeAt[1]), decimal(target)}},
            {"hotend." + std::to_string(m_state.tool)});
    }

    void primeAndApproach()
    {
        Lines prime{"M83"};
        if (own(place::beforeFirstPlastic))
            append(prime, toPrimePlace());
        const auto unlock = static_cast<std::ptrdiff_t>(prime.size());
        append(prime, write::extrude(gcode::toNanometres(m_printer.primeMm), m_printer.primeSpeed));
        const gcode::Nanometres travelRetraction = m_retracted > 0 ? m_retracted : gcode::toNanometres(m_printer.retractMm);
        if (m_state.firmwareRetracted) {
            prime.insert(prime.begin() + unlock, "G11");
            prime.emplace_back("G10");
            append(prime, write::extrude(-m_retracted, m_printer.retractSpeed));
        } else {
            append(prime, write::extrude(-travelRetraction, m_printer.retractSpeed));
        }
        add(StepKind::Prime, std::move(prime), {KINTSUGI_TEXT("Prime"), {}},
            {KINTSUGI_TEXT("push %1 mm of filament, then hold it back for the way"), {decimal(m_printer.primeMm)}}, {}, "printer profile");
        approach(m_state.firmwareRetracted ? 0 : travelRetraction - m_retracted);
    }

    [[nodiscard]] std::string toTravelHeight() const { return "G1 Z" + decimal(m_travelZ) + " F" + decimal(m_printer.zSpeed * 60); }

    /// After lines of the person the head may stand anywhere.
    [[nodiscard]] Lines toPrimePlace() const
    {
        return {toTravelHeight(),
                "G1 X" + decimal(m_plan.primeAt[0]) + " Y" + decimal(m_plan.primeAt[1]) + " F" + decimal(m_printer.travelSpeed * 60)};
    }

    void approach(gcode::Nanometres unretract)
    {
        const gcode::Nanometres z = *m_state.position[2];
        const double way = m_travelZ - gcode::toMillimetres(z);
        const double stage = gcode::toMillimetres(z) + std::min(approachStage, way / 2);
        Lines lines;
        lines.push_back("G1 X" + write::exact(*m_state.position[0]) + " Y" + write::exact(*m_state.position[1]) + " F"
                        + decimal(m_printer.travelSpeed * 60));
        if (way > 0.2)
            lines.push_back("G1 Z" + decimal(stage) + " F" + decimal(m_printer.zSpeed * 60));
        lines.push_back("G1 Z" + write::exact(z) + " F" + decimal(m_printer.zSpeed * 30));
        append(lines, write::extrude(unretract, m_printer.retractSpeed));
        add(StepKind::Approach, std::move(lines), {KINTSUGI_TEXT("Approach"), {}},
            {KINTSUGI_TEXT("over the resume point at travel height, then down in two stages to Z %1 mm"), {write::exact(z)}},
            {"position.x", "position.y", "position.z"});
    }

    void finish()
    {
        Lines lines = m_fans;
        lines.push_back("M220 S" + decimal(m_state.speedPercent, 6));
        add(StepKind::Factors, std::move(lines), {KINTSUGI_TEXT("Fans and speed factor"), {}},
            {KINTSUGI_TEXT("fans and speed factor as they stood at the resume point"), {}}, keysBelow({"fans.", "speed_percent"}));
        add(StepKind::RestoreModes, write::modes(m_state), {KINTSUGI_TEXT("Restore the modes"), {}},
            {KINTSUGI_TEXT("extruder position, feed rate and modes as the file expects them at byte %1"), {std::to_string(m_plan.snapshot.byte)}},
            {"absolute_xyz", "absolute_e", "feed", "e"});
        add(StepKind::Objects, m_objects, {KINTSUGI_TEXT("Objects"), {}},
            {KINTSUGI_TEXT("the objects the file defined, and those that were excluded"), {}}, {"excluded"});
        m_plan.steps.push_back({0, StepKind::Continue, {}, {KINTSUGI_TEXT("Continue"), {}},
                                {KINTSUGI_TEXT("from here on the original bytes, unchanged, from byte %1"), {std::to_string(m_plan.snapshot.byte)}},
                                m_plan.snapshot.source == SnapshotSource::File ? Origin::Replayed : Origin::Observed, fromByte()});
    }

    bool own(std::string_view where)
    {
        const auto lines = m_options.ownLines.find(std::string(where));
        if (lines == m_options.ownLines.end() || lines->second.empty())
            return false;
        Lines text = lines->second;
        text.insert(text.end(), {"G90", "M83"});
        add(StepKind::Note, std::move(text), {KINTSUGI_TEXT("Own lines"), {}}, {KINTSUGI_TEXT("your own lines (%1)"), {std::string(where)}}, {}, "own lines");
        m_plan.steps.back().origin = Origin::Edited;
        return true;
    }

    // --- helpers ---

    static void append(Lines& lines, const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); }

    void add(StepKind kind, Lines lines, Message title, Message reason, const std::vector<std::string>& keys = {}, std::string from = {})
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

    [[nodiscard]] std::vector<std::string> keysBelow(const std::vector<std::string>& prefixes) const
    {
        std::vector<std::string> keys;
        for (const auto& [key, info] : m_plan.snapshot.fields) {
            if (std::any_of(prefixes.begin(), prefixes.end(), [&key = key](const std::string& prefix) { return key.starts_with(prefix); }))
                keys.push_back(key);
        }
        return keys;
    }

    [[nodiscard]] std::string heat(const char* code, int tool, double target) const
    {
        return std::string(code) + (tool == 0 && m_state.tool == 0 ? "" : " T" + std::to_string(tool)) + " S" + decimal(target, 6);
    }

    [[nodiscard]] double offsetZ() const
    {
        const auto offset = m_state.gcodeOffset.find("Z");
        return offset == m_state.gcodeOffset.end() ? 0.0 : offset->second;
    }

    [[nodiscard]] std::string fromByte() const { return "file byte " + std::to_string(m_plan.snapshot.byte); }

    Error at(Error error) const
    {
        error.byte = m_plan.snapshot.byte;
        return error;
    }

    const gcode::Source& m_source;
    const gcode::FileIndex& m_index;
    const gcode::MachineState m_state;
    const PrinterFacts& m_printer;
    const PlanOptions& m_options;
    Plan m_plan;
    Lines m_fans, m_mesh, m_heaters, m_limits, m_objects;
    gcode::Nanometres m_retracted = 0;
    bool m_declares = false;
    double m_declaredZ = 0, m_travelZ = 0, m_liftZ = 0;
};

} // namespace

std::string_view name(ZMethod method)
{
    switch (method) {
    case ZMethod::StockZplus: return "stock-zplus";
    case ZMethod::PlrZHome: return "plr-z-home";
    case ZMethod::Keep: return "keep";
    case ZMethod::FirmwareLift: return "firmware-lift";
    case ZMethod::Touch: return "touch";
    case ZMethod::FreeSpot: return "free-spot";
    case ZMethod::TopEndstop: return "top-endstop";
    }
    return "keep";
}

std::optional<ZMethod> zMethodFromName(std::string_view text)
{
    for (const ZMethod method : {ZMethod::StockZplus, ZMethod::PlrZHome, ZMethod::Keep, ZMethod::FirmwareLift, ZMethod::Touch,
                                 ZMethod::FreeSpot, ZMethod::TopEndstop}) {
        if (name(method) == text)
            return method;
    }
    return std::nullopt;
}

Result<Plan> planResume(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot,
                        const PrinterFacts& printer, const PlanOptions& options)
{
    return Builder(source, index, snapshot, printer, options).build();
}

} // namespace kintsugi::recovery
