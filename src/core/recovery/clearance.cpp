// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/clearance.h"

#include <algorithm>
#include <cmath>

#include "recovery/clearancecheck.h"

namespace kintsugi::recovery {

namespace {

using Verdict = ClearanceReport::Verdict;

Message solidText(SolidKind kind)
{
    switch (kind) {
    case SolidKind::Nozzle: return {KINTSUGI_TEXT("nozzle"), {}};
    case SolidKind::HeaterBlock: return {KINTSUGI_TEXT("heater block"), {}};
    case SolidKind::FanDuct: return {KINTSUGI_TEXT("fan duct"), {}};
    case SolidKind::Probe: return {KINTSUGI_TEXT("probe"), {}};
    case SolidKind::Carriage: return {KINTSUGI_TEXT("carriage"), {}};
    case SolidKind::Gantry: return {KINTSUGI_TEXT("gantry"), {}};
    case SolidKind::Other: break;
    }
    return {KINTSUGI_TEXT("head"), {}};
}

std::string placeText(const ClearanceHit& hit)
{
    return "X " + decimal(hit.at[0], 1) + " Y " + decimal(hit.at[1], 1) + " Z " + decimal(hit.at[2], 2);
}

std::string number(const ClearanceHit& hit)
{
    return std::to_string(hit.step > 0 ? static_cast<std::uint64_t>(hit.step) : hit.line);
}

Message hitText(Verdict verdict, const ClearanceHit& hit)
{
    const std::string solid = english(solidText(hit.solid)), by = decimal(std::abs(hit.clearance), 2), place = placeText(hit), where = number(hit);
    const bool plan = hit.step > 0;
    switch (verdict) {
    case Verdict::Collision:
        return plan ? Message{KINTSUGI_TEXT("Step %1: the %2 runs %3 mm deep into what is printed at %4."), {where, solid, by, place}}
                    : Message{KINTSUGI_TEXT("Line %1 of the file: the %2 runs %3 mm deep into what is printed at %4."), {where, solid, by, place}};
    case Verdict::TooLow:
        return {KINTSUGI_TEXT("Step %1: the %2 passes %3 mm from what is printed at %4; %5 mm are asked for."),
                {where, solid, (hit.clearance < 0 ? "-" : "") + by, place, decimal(hit.required, 2)}};
    case Verdict::Presses:
        return plan ? Message{KINTSUGI_TEXT("Step %1: the nozzle presses %2 mm into plastic at %3. Remove it, and say down to which height."), {where, by, place}}
                    : Message{KINTSUGI_TEXT("Line %1 of the file: the nozzle presses %2 mm into plastic at %3. Remove it, and say down to which height."),
                              {where, by, place}};
    case Verdict::Outside:
        return plan ? Message{KINTSUGI_TEXT("Step %1 leaves the travel of the printer by %2 mm."), {where, by}}
                    : Message{KINTSUGI_TEXT("Line %1 of the file leaves the travel of the printer by %2 mm."), {where, by}};
    case Verdict::Clear:
    case Verdict::Unknown:
    case Verdict::Unsafe:
        break;
    }
    return {};
}

Message problemText(const MotionProblem& problem)
{
    const bool plan = problem.step > 0;
    const std::string where = std::to_string(plan ? static_cast<std::uint64_t>(problem.step) : problem.line);
    const std::string reason = english(problem.reason);
    return plan ? Message{KINTSUGI_TEXT("Step %1 (%2): %3."), {where, problem.text, reason}}
                : Message{KINTSUGI_TEXT("Line %1 of the file (%2): %3"), {where, problem.text, reason}};
}

Message clearText(const ClearanceReport& report)
{
    if (!report.lowest)
        return {KINTSUGI_TEXT("Nothing of the head comes near what is printed."), {}};
    const ClearanceHit& low = *report.lowest;
    return {KINTSUGI_TEXT("Lowest clearance %1 mm: the %2 in step %3, over %4."),
            {decimal(low.clearance, 2), english(solidText(low.solid)), number(low), placeText(low)}};
}

double layerHeight(const gcode::FileIndex& index, ByteOffset byte, double otherwise)
{
    const gcode::Layer* layer = index.layerAt(byte);
    if (!layer)
        return otherwise;
    if (layer->height && *layer->height > 0)
        return *layer->height;
    if (layer->index == 0)
        return layer->z.value_or(otherwise) > 0 ? layer->z.value_or(otherwise) : otherwise;
    const auto below = index.layers[layer->index - 1].z;
    const double height = layer->z && below ? *layer->z - *below : 0;
    return height > 0.01 && height < 2 ? height : otherwise; // mm; a new object begins at the bed again
}

/// One run: map, plan, tail, verdict.
class Simulation
{
public:
    Simulation(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan, const PlanOptions& planned, const HeightMap& map,
               const ClearanceOptions& options)
        : m_source(source), m_index(index), m_plan(plan), m_planned(planned), m_map(map), m_options(options)
    {
    }

    Result<ClearanceReport> run()
    {
        if (const auto sound = checkOptions(); !sound)
            return fail(sound.error());
        auto field = fieldOf(m_map, m_plan.minimum, m_plan.maximum);
        if (!field) {
            m_report.verdict = Verdict::Unknown;
            m_report.problem = MotionProblem{false, 0, 0, field.error().byte.value_or(0), {}, {KINTSUGI_TEXT("something was printed at a height that is not known"), {}}};
            m_report.text = {KINTSUGI_TEXT("Something was printed at a height that is not known."), {}};
            return std::move(m_report);
        }
        m_raw = std::move(*field);
        if (m_options.removed)
            m_raw.lower(m_options.removed->where, m_options.removed->z);
        m_parts = partsOf(m_options.envelope, m_raw.cell());
        const auto start = stopPlaces(m_source, m_index, m_plan, m_planned);
        if (!start)
            return fail(start.error());
        m_report.plan = planMotions(m_plan, m_planned, *start, m_options.motion);
        ClearanceCheck check(m_report, m_parts, m_plan, m_options, m_map.margin());
        check.plan(m_raw, m_report.plan.motions);
        TailClearance tail(m_report, m_parts, m_plan, m_options, m_map.margin());
        if (const auto done = runTail(tail, TailClearance::Pass::First, m_raw); !done)
            return fail(done.error());
        const HeightField firm = firmFor(tail);
        check.press(firm, m_raw, m_report.plan.motions);
        if (tail.touches())
            if (const auto done = runTail(tail, TailClearance::Pass::Press, firm); !done)
                return fail(done.error());
        measureGap(tail);
        addNotes();
        decide(check, tail);
        return std::move(m_report);
    }

private:
    Result<> checkOptions() const
    {
        if (auto sound = checkEnvelope(m_options.envelope); !sound)
            return sound;
        if (auto sound = checkHoming(m_options.motion.homing); !sound)
            return sound;
        const auto bad = [](const char* field, double measured) {
            Error error{.code = ErrorCode::BadValue, .detail = "not a length"};
            error.field = field;
            error.measured = measured;
            return fail(std::move(error));
        };
        const std::array<std::pair<const char*, double>, 5> lengths{{{"clearance", m_options.clearance}, {"layerHeight", m_options.layerHeight},
                                                                     {"lineWidth", m_options.lineWidth}, {"zUncertainty", m_options.motion.zUncertainty},
                                                                     {"zUp", m_options.motion.zUp}}};
        for (const auto& [field, value] : lengths)
            if (!(std::isfinite(value) && value >= 0 && value <= 1e4))
                return bad(field, value);
        if (m_options.removed && !std::isfinite(m_options.removed->z))
            return bad("removed", m_options.removed->z);
        return {};
    }

    Result<> runTail(TailClearance& tail, TailClearance::Pass pass, const HeightField& field)
    {
        const bool first = pass == TailClearance::Pass::First;
        tail.begin(pass, &field, &m_raw);
        std::size_t moves = 0;
        const auto done = tailMotions(m_source, m_index, m_plan, m_options.motion,
                                      [&](const TailMove& move) {
                                          tail.add(move);
                                          return ++moves < m_options.mostTailMoves;
                                      },
                                      first ? m_tailProblems : m_seen);
        tail.finish();
        m_report.tailMoves = moves;
        m_report.tailComplete = moves < m_options.mostTailMoves;
        return done;
    }

    /// What the nozzle must not press into: what was printed at or after the resume point. The rest counts a layer lower.
    HeightField firmFor(const TailClearance& tail) const
    {
        const ByteOffset byte = m_plan.snapshot.byte, latest = m_plan.snapshot.latest.value_or(byte);
        HeightField firm = m_raw;
        if (latest > tailEnd(m_index, byte))
            return firm;
        const double own = layerHeight(m_index, byte, m_options.layerHeight);
        const HeightField again = tail.printedBefore(latest, m_raw);
        firm.change([&](double height, const Place& at) { return again.at(at) >= height - pressNoise && height > 0 ? height : std::max(0.0, height - own); });
        return firm;
    }

    void measureGap(const TailClearance& tail)
    {
        const auto& line = tail.firstLine();
        if (!line)
            return;
        // In the middle: at its ends it meets lines of its own layer.
        const Place middle{(line->from[0] + line->to[0]) / 2, (line->from[1] + line->to[1]) / 2};
        const double below = m_raw.highestUnder(around(middle, m_options.lineWidth / 2)).z;
        m_report.gapMm = std::min(line->from[2], line->to[2]) - layerHeight(m_index, m_plan.snapshot.byte, m_options.layerHeight) - below;
    }

    void addNotes()
    {
        auto& notes = m_report.notes;
        if (m_report.plan.start.guessed)
            notes.push_back(m_report.plan.start.reason);
        if (!m_map.macros().empty())
            notes.push_back({KINTSUGI_TEXT("what macros of the printer print is not known (%1)"), {m_map.macros().front()}});
        for (const MotionProblem& macro : m_report.plan.unchecked)
            notes.push_back({KINTSUGI_TEXT("step %1: %2 is not simulated"), {std::to_string(macro.step), macro.text}});
        for (const MotionProblem& problem : m_tailProblems)
            if (!problem.unsafe)
                notes.push_back(problemText(problem));
        const bool guessed = std::any_of(m_options.envelope.solids.begin(), m_options.envelope.solids.end(), [](const HeadSolid& solid) { return !solid.measured; });
        if (guessed)
            notes.push_back({KINTSUGI_TEXT("parts of the head envelope are unmeasured (%1)"), {m_options.envelope.name}});
        if (!m_report.tailComplete)
            notes.push_back({KINTSUGI_TEXT("only the first %1 moves of the tail were simulated"), {std::to_string(m_report.tailMoves)}});
    }

    void block(Verdict verdict, const std::optional<ClearanceHit>& hit)
    {
        if (m_report.verdict != Verdict::Clear || !hit)
            return;
        m_report.verdict = verdict;
        m_report.hit = hit;
        m_report.text = hitText(verdict, *hit);
    }

    void block(Verdict verdict, const std::vector<MotionProblem>& problems)
    {
        const auto found = std::find_if(problems.begin(), problems.end(), [&](const MotionProblem& problem) { return problem.unsafe == (verdict == Verdict::Unsafe); });
        if (m_report.verdict != Verdict::Clear || found == problems.end())
            return;
        m_report.verdict = verdict;
        m_report.problem = *found;
        m_report.text = problemText(*found);
    }

    void decide(const ClearanceCheck& check, const TailClearance& tail)
    {
        block(Verdict::Unsafe, m_report.plan.problems);
        block(Verdict::Unsafe, m_tailProblems);
        block(Verdict::Collision, check.collision());
        block(Verdict::Collision, tail.collision());
        block(Verdict::Unknown, m_report.plan.problems);
        block(Verdict::Outside, check.outside());
        block(Verdict::Outside, tail.outside());
        block(Verdict::TooLow, check.tooLow());
        block(Verdict::Presses, check.pressed());
        block(Verdict::Presses, tail.pressed());
        if (m_report.ok())
            m_report.text = clearText(m_report);
    }

    const gcode::Source& m_source;
    const gcode::FileIndex& m_index;
    const Plan& m_plan;
    const PlanOptions& m_planned;
    const HeightMap& m_map;
    const ClearanceOptions& m_options;
    ClearanceReport m_report;
    HeightField m_raw;
    std::vector<HeadPart> m_parts;
    std::vector<MotionProblem> m_tailProblems, m_seen;
};

} // namespace

std::string_view name(ClearanceReport::Verdict verdict)
{
    switch (verdict) {
    case Verdict::Clear: return "clear";
    case Verdict::Unknown: return "unknown";
    case Verdict::Unsafe: return "unsafe";
    case Verdict::Collision: return "collision";
    case Verdict::TooLow: return "too-low";
    case Verdict::Presses: return "presses";
    case Verdict::Outside: return "outside";
    }
    return "unknown";
}

Result<ClearanceReport> simulatePlan(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan, const PlanOptions& planned,
                                     const HeightMap& map, const ClearanceOptions& options)
{
    return Simulation(source, index, plan, planned, map, options).run();
}

} // namespace kintsugi::recovery
