// SPDX-License-Identifier: GPL-3.0-or-later
#include "planproof.h"

#include <algorithm>
#include <limits>

#include "recovery/clearancegate.h"

namespace kintsugi::app {

namespace {

using Verdict = recovery::ClearanceReport::Verdict;

/// A higher lift, another prime place or a way round can cure these, and nothing else.
bool isCurable(Verdict verdict)
{
    return verdict == Verdict::Collision || verdict == Verdict::TooLow || verdict == Verdict::Outside;
}

class Proof
{
public:
    Proof(const PartMaps& maps, const recovery::PlanOptions& options, const ProofFacts& facts) : m_maps(maps), m_options(options), m_facts(facts) {}

    Result<ProvenPlan> run(recovery::Plan plan)
    {
        ProvenPlan proven{.plan = std::move(plan), .report = {}, .check = {}};
        if (auto done = look(proven); !done)
            return fail(done.error());
        if (isCurable(proven.report.verdict)) {
            if (auto done = goRound(proven); !done)
                return fail(done.error());
        }
        if (auto done = judge(proven); !done)
            return fail(done.error());
        return proven;
    }

private:
    Result<recovery::ClearanceReport> over(const recovery::HeightMap& map, const recovery::Plan& plan) const
    {
        return simulate(m_maps, map, plan, m_options, m_facts.printer, m_facts.config, m_facts.removedTo, 0);
    }

    Result<> look(ProvenPlan& proven) const
    {
        auto report = over(m_maps.possibly, proven.plan);
        if (!report)
            return fail(report.error());
        proven.report = std::move(*report);
        return {};
    }

    /// The plan with a way that clears, when there is one and it holds; else the old plan and why.
    Result<> goRound(ProvenPlan& proven)
    {
        const auto way = search(proven);
        if (!way) {
            m_noWay = way.error().detail;
            return {};
        }
        recovery::PlanOptions options = m_options;
        options.way = recovery::FoundWay{way->liftZ, way->primeAt, way->via, way->reason};
        auto plan = recovery::planResume(*m_maps.file->source, *m_maps.file->index, proven.plan.snapshot, m_facts.printer, options);
        if (!plan) {
            m_noWay = plan.error().detail;
            return {};
        }
        m_options = std::move(options);
        auto report = over(m_maps.possibly, *plan);
        if (!report)
            return fail(report.error());
        proven.plan = std::move(*plan);
        proven.report = std::move(*report);
        return {};
    }

    [[nodiscard]] Result<recovery::ClearWay> search(const ProvenPlan& proven) const
    {
        const recovery::Plan& plan = proven.plan;
        recovery::WayQuestion question;
        question.minimum = plan.minimum;
        question.maximum = plan.maximum;
        if (!plan.limited[2]) // nobody knows how far up it goes
            question.maximum[2] = std::numeric_limits<double>::infinity();
        question.start = proven.report.plan.start;
        question.dialect = plan.dialect;
        question.homes = std::any_of(plan.steps.begin(), plan.steps.end(), [](const recovery::PlanStep& step) { return step.kind == recovery::StepKind::HomeXY; });
        question.resume = proven.report.plan.end;
        question.primePlace = m_facts.printer.primePlace;
        question.footprint = plan.whole;
        return recovery::searchClearWay(question, m_maps.possibly, clearanceOptions(m_maps.possibly, m_facts.printer, m_facts.config, m_facts.removedTo, 0));
    }

    /// Pressed into what may not be there?
    Result<> judge(ProvenPlan& proven) const
    {
        double surely = proven.report.pressedMm;
        if (surely > recovery::pressedSeam) {
            const auto sure = over(m_maps.surely, proven.plan);
            if (!sure)
                return fail(sure.error());
            surely = sure->pressedMm;
        }
        proven.check = recovery::clearanceCheck(proven.report, m_facts.offline, surely);
        if (!m_noWay.empty())
            proven.check.text = {KINTSUGI_TEXT("%1 No other way clears: %2"), {english(proven.report.text), m_noWay}};
        if (proven.report.lowest)
            proven.plan.clearance = proven.report.lowest->clearance;
        return {};
    }

    const PartMaps& m_maps;
    recovery::PlanOptions m_options;
    const ProofFacts& m_facts;
    std::string m_noWay;
};

} // namespace

Result<ProvenPlan> provePlan(const PartMaps& maps, recovery::Plan plan, const recovery::PlanOptions& options, const ProofFacts& facts)
{
    return Proof(maps, options, facts).run(std::move(plan));
}

} // namespace kintsugi::app
