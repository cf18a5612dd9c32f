// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"

namespace kintsugi::recovery::checks {

namespace {

void macros(const View& v, List& list)
{
    if (!v.has(StepKind::HomeXY))
        return;
    if (!v.facts.macrosHomingZ)
        return list.notChecked(Id::MacroHoming);
    const bool plain = v.facts.macrosHomingZ->empty();
    list.add(Id::MacroHoming, Severity::Block, plain, plain ? std::string() : v.facts.macrosHomingZ->front(), {},
        plain ? Message{KINTSUGI_TEXT("G28 X Y moves X and Y alone on this printer."), {}}
              : Message{KINTSUGI_TEXT("On this printer G28 X Y also homes, probes or moves Z (%1). Choose a method that does not home, or change the configuration."),
                        {v.facts.macrosHomingZ->front()}});
}

} // namespace

void ofConfig(const View& v, List& list)
{
    macros(v, list);
}

} // namespace kintsugi::recovery::checks
