// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"

#include <cmath>

namespace kintsugi::recovery::checks {

namespace {

constexpr double readBackTolerance = 0.01; // mm: what a printer rounds its report to
constexpr double moved = 0.05;             // mm: more than the rounding of positions and a step

/// What shows that the motors were off since the stop; in words, with measured value and limit.
struct Disproof { std::string measured, limit; Message text; };

std::optional<Disproof> motorsWereOff(const View& v)
{
    const auto seconds = v.facts.minutesSinceStop ? std::optional(*v.facts.minutesSinceStop * 60) : std::nullopt;
    if (v.facts.idleTimeout && seconds && *seconds >= *v.facts.idleTimeout)
        return Disproof{decimal(*seconds, 0) + " s", decimal(*v.facts.idleTimeout, 0) + " s",
                        {KINTSUGI_TEXT("The idle time-out has passed: the motors were off, so Z is not kept. Choose another way to register Z."), {}}};
    if (v.facts.hostUptime && seconds && *v.facts.hostUptime < *seconds)
        return Disproof{decimal(*v.facts.hostUptime, 0) + " s", decimal(*seconds, 0) + " s",
                        {KINTSUGI_TEXT("The printer's computer started after the stop: Klipper's motors go off with it, so Z is not kept. Choose another way to register Z."), {}}};
    for (const auto& [stepper, energised] : v.facts.motors.value_or(std::map<std::string, bool>())) {
        if (!energised && stepper.starts_with("stepper_"))
            return Disproof{stepper, {}, {KINTSUGI_TEXT("Motor %1 is off, so its axis is not kept. Choose another way to register Z."), {stepper}}};
    }
    const std::string& homed = v.facts.now->homedAxes;
    for (const char axis : {'x', 'y', 'z'}) {
        if (homed.find(axis) == std::string::npos)
            return Disproof{homed, "xyz", {KINTSUGI_TEXT("Not all axes are homed: the motors were off, so Z is not kept. Choose another way to register Z."), {}}};
    }
    return std::nullopt;
}

void keepProof(const View& v, List& list)
{
    if (v.plan.zMethod != ZMethod::Keep)
        return;
    if (!v.facts.now)
        return list.notChecked(Id::KeepProof);
    if (auto off = motorsWereOff(v))
        list.add(Id::KeepProof, Severity::Block, false, std::move(off->measured), std::move(off->limit), std::move(off->text));
    else
        list.add(Id::KeepProof, Severity::Block, true, v.facts.now->homedAxes, "xyz", {KINTSUGI_TEXT("All axes are still homed: the motors were never off."), {}});
    const bool untouched = v.facts.headUntouchedConfirmed || v.has(StepKind::DeclareZ);
    list.add(Id::HeadUntouched, Severity::Warn, untouched, {}, {},
             untouched ? Message{KINTSUGI_TEXT("Nobody moved head or bed."), {}}
                       : Message{KINTSUGI_TEXT("Z is only kept if nobody moved head or bed since."), {}});
}

/// The printer's own Z since the stop: a jog keeps it true, a new declaration does not, and from here they look alike.
void zMoved(const View& v, List& list)
{
    const bool keeps = v.plan.zMethod == ZMethod::Keep && !v.has(StepKind::DeclareZ);
    if (!keeps)
        return;
    if (!v.facts.zAtStop || !v.facts.now || !v.facts.now->toolheadPosition)
        return list.notChecked(Id::ZMoved);
    const double now = (*v.facts.now->toolheadPosition)[2], then = *v.facts.zAtStop;
    const bool same = std::abs(now - then) <= moved + 1e-9;
    list.add(Id::ZMoved, Severity::Warn, same, decimal(now), decimal(then),
             same ? Message{KINTSUGI_TEXT("The printer's Z is the one of the stop."), {}}
                  : Message{KINTSUGI_TEXT("The printer's Z is %1 mm, at the stop it was %2 mm. A move of the printer itself keeps Z true; if a macro or a person declared or homed Z anew, choose another way to register it."),
                            {decimal(now), decimal(then)}});
}

/// What a method demands is demanded here: what is not proved blocks as what is disproved.
void proof(const View& v, List& list)
{
    const ZMethod method = v.plan.zMethod;
    const bool declared = method == ZMethod::Keep && v.has(StepKind::DeclareZ);
    const bool demands = method == ZMethod::Keep || method == ZMethod::FirmwareLift || method == ZMethod::FreeSpot || method == ZMethod::TopEndstop;
    if (!demands || declared)
        return;
    if (!v.facts.zEvidence)
        return list.notChecked(Id::ZProof);
    const std::vector<Message> missing = missingProof(method, v.facts.zMechanics, *v.facts.zEvidence);
    const std::string wanted(recovery::name(method));
    for (const Message& one : missing)
        list.add(Id::ZProof, Severity::Block, false, {}, wanted, one);
    if (missing.empty())
        list.add(Id::ZProof, Severity::Block, true, {}, wanted, {KINTSUGI_TEXT("What \"%1\" demands is proved."), {wanted}});
}

void readBack(const View& v, List& list)
{
    if (v.facts.zReadBack)
        list.append({zReadBackCheck(*v.facts.zReadBack)});
}

} // namespace

void ofZ(const View& v, List& list)
{
    keepProof(v, list);
    proof(v, list);
    zMoved(v, list);
    readBack(v, list);
}

} // namespace kintsugi::recovery::checks

namespace kintsugi::recovery {

GateCheck zReadBackCheck(const ZReadBack& z)
{
    const bool same = z.reported && std::abs(*z.reported - z.declared) <= checks::readBackTolerance + 1e-9;
    const std::string reported = z.reported ? decimal(*z.reported) : "?", declared = decimal(z.declared);
    return {std::string(checks::name(checks::Id::ZReadBack)), Severity::Block, same, reported, declared,
            same ? Message{KINTSUGI_TEXT("The printer reports the registered height of %1 mm."), {declared}}
                 : Message{KINTSUGI_TEXT("Z was registered as %1 mm, but the printer reports %2 mm: something moved or declared it since. Register it again."), {declared, reported}}, {}};
}

} // namespace kintsugi::recovery
