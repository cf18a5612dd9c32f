// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planbuilder.h"

#include <algorithm>

#include "recovery/planparts.h"

/// The end of a plan: priming, the way down to the resume point, and the last words before the file's own bytes.
namespace kintsugi::recovery {

using parts::append;

namespace {

constexpr double approachStage = 2.0; // mm above the resume point at which Z slows down, at most half the way

} // namespace

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
    if (m_options.lookAtPrime)
        m_plan.steps.back().hand = Hand::LookAtPrime;
    approach(m_state.firmwareRetracted ? 0 : back - m_measured.retracted);
}

void PlanBuilder::approach(gcode::Nanometres unretract)
{
    const double z = gcode::toMillimetres(native(2));
    const double way = m_travelZ - z;
    const auto exactly = [this](std::size_t axis) { return write::exact(native(axis) + m_inForce[axis]); };
    Lines lines;
    if (m_options.way && m_options.way->via)
        lines.push_back(across(*m_options.way->via));
    lines.push_back("G1 X" + exactly(0) + " Y" + exactly(1) + " F" + decimal(m_printer.travelSpeed * 60));
    if (way > 0.2)
        lines.push_back(upTo(z + std::min(approachStage, way / 2), m_printer.zSpeed));
    lines.push_back("G1 Z" + exactly(2) + " F" + decimal(m_printer.zSpeed * 30));
    append(lines, m_writer->extrude(unretract, m_printer.retractSpeed));
    Message reason{KINTSUGI_TEXT("over the resume point at travel height, then down in two stages to Z %1 mm"), {exactly(2)}};
    if (m_state.unknownMotion && !m_state.unknownCommands.empty())
        reason = {KINTSUGI_TEXT("over the resume point at travel height, then down in two stages to Z %1 mm; a macro ran since the place was last given "
                                "(%2), and is taken to have come back"),
                  {exactly(2), m_state.unknownCommands.back()}};
    add(StepKind::Approach, std::move(lines), {KINTSUGI_TEXT("Approach"), {}}, std::move(reason), {parts::positionKeys.begin(), parts::positionKeys.end()});
}

void PlanBuilder::finish()
{
    Lines lines = m_fans;
    append(lines, m_writer->speedFactor());
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

} // namespace kintsugi::recovery
