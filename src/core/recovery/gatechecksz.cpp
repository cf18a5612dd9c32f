// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"

namespace kintsugi::recovery::checks {

namespace {

void keepProof(const View& v, List& list)
{
    if (v.plan.zMethod != ZMethod::Keep)
        return;
    if (!v.facts.now)
        return list.notChecked(Id::KeepProof);
    const std::string& homed = v.facts.now->homedAxes;
    const bool declared = v.has(StepKind::DeclareZ);
    const auto homedAxis = [&homed](char axis) { return homed.find(axis) != std::string::npos; };
    const bool allHomed = homedAxis('x') && homedAxis('y') && homedAxis('z');
    const bool timedOut = v.facts.idleTimeout && v.facts.minutesSinceStop && *v.facts.minutesSinceStop * 60 >= *v.facts.idleTimeout;
    if (timedOut) {
        list.add(Id::KeepProof, Severity::Block, false, decimal(*v.facts.minutesSinceStop * 60, 0) + " s", decimal(*v.facts.idleTimeout, 0) + " s",
            {KINTSUGI_TEXT("The idle time-out has passed: the motors were off, so Z is not kept. Choose another way to register Z."), {}});
    } else {
        list.add(Id::KeepProof, Severity::Block, allHomed, homed, "xyz",
            allHomed ? Message{KINTSUGI_TEXT("All axes are still homed: the motors were never off."), {}}
                     : Message{KINTSUGI_TEXT("Not all axes are homed: the motors were off, so Z is not kept. Choose another way to register Z."), {}});
    }
    const bool untouched = v.facts.headUntouchedConfirmed || declared;
    list.add(Id::HeadUntouched, Severity::Warn, untouched, {}, {},
        untouched ? Message{KINTSUGI_TEXT("Nobody moved head or bed."), {}}
                  : Message{KINTSUGI_TEXT("Z is only kept if nobody moved head or bed since."), {}});
}

} // namespace

void ofZ(const View& v, List& list)
{
    keepProof(v, list);
}

} // namespace kintsugi::recovery::checks
