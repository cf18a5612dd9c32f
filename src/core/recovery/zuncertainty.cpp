// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/zuncertainty.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>

namespace kintsugi::recovery {

namespace {

constexpr double rephaseSteps = 2;       // full steps a driver may settle away at power-up: half its electrical period
constexpr double liftReading = 0.1;      // mm, half-width of a height read with a rule or caliper beside a hot part
constexpr double defaultGap = 20;        // °C of frame, when nobody knows: a cooled chamber
constexpr double defaultSwitch = 0.005;  // mm: Klipper's own limit for a usable switch is 25 um range of ten, 8 um sigma
constexpr double defaultProbe = 0.008;
constexpr double defaultMesh = 0.02;

ZPart thermal(const ZMechanics& mechanics, const ZEvidence& evidence)
{
    const double gap = std::abs(evidence.temperatureGap.value_or(defaultGap));
    return {ZTerm::Thermal, sigmaOfBound(mechanics.perDegree * gap),
            {KINTSUGI_TEXT("the frame is up to %1 °C away from when the reference was taken"), {decimal(gap, 1)}}};
}

ZPart step(const ZMechanics& mechanics)
{
    return {ZTerm::Step, mechanics.microstep / std::sqrt(12.0), {KINTSUGI_TEXT("a microstep is %1 mm"), {decimal(mechanics.microstep, 4)}}};
}

ZPart rephase(const ZMechanics& mechanics)
{
    const double bound = rephaseSteps * mechanics.fullStep;
    const double motors = static_cast<double>(std::max<std::size_t>(mechanics.screws.size(), 1));
    return {ZTerm::Rephase, sigmaOfBound(bound) / std::sqrt(motors),
            {KINTSUGI_TEXT("a driver that lost its supply may settle up to %1 mm away"), {decimal(bound)}}};
}

void addTilt(ZUncertainty& result, const ZMechanics& mechanics, double lever)
{
    const double sigma = rephaseSlope(mechanics) * std::abs(lever);
    if (sigma > 0)
        result.parts.push_back({ZTerm::Tilt, sigma, {KINTSUGI_TEXT("%1 mm from where Z was taken, and the motors may have settled unevenly"), {decimal(std::abs(lever), 0)}}});
}

void addSwitch(ZUncertainty& result, const ZEvidence& evidence)
{
    result.parts.push_back({ZTerm::Switch, evidence.switchSigma.value_or(defaultSwitch),
                            evidence.switchSigma ? Message{KINTSUGI_TEXT("noise of the switch, as calibrated"), {}}
                                                 : Message{KINTSUGI_TEXT("noise of the switch: not measured yet, a fair one assumed"), {}}});
    result.parts.push_back({ZTerm::Offset, evidence.offsetSigma.value_or(defaultSwitch), {KINTSUGI_TEXT("noise of the stored height"), {}}});
    if (evidence.betweenSigma)
        result.parts.push_back({ZTerm::BetweenRuns, *evidence.betweenSigma, {KINTSUGI_TEXT("difference between calibration runs"), {}}});
}

/// Says what is disproved and what is not proved, apart.
void demand(std::vector<Message>& missing, const std::optional<bool>& fact, Message unknown, Message untrue)
{
    if (!fact)
        missing.push_back(std::move(unknown));
    else if (!*fact)
        missing.push_back(std::move(untrue));
}

/// As people write days on paper: 2026-11-12.
std::string isoDay(double seconds)
{
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e11)))));
    const std::chrono::year_month_day date(day);
    const auto two = [](unsigned value) { return (value < 10 ? "0" : "") + std::to_string(value); };
    return std::to_string(int(date.year())) + '-' + two(unsigned(date.month())) + '-' + two(unsigned(date.day()));
}

Message provenWords(const ZProven& proof)
{
    std::vector<std::string> arguments{isoDay(proof.last.when), decimal(std::abs(proof.last.seam[2])), decimal(2 * proof.last.sigma)};
    if (proof.partsChanged)
        return {KINTSUGI_TEXT("drill of %1: a seam of %2 mm, read to %3 mm; nozzle or plate were changed since"), std::move(arguments)};
    if (proof.old) {
        arguments.push_back(decimal(proof.days.value_or(0), 0));
        return {KINTSUGI_TEXT("drill of %1: a seam of %2 mm, read to %3 mm; %4 days old"), std::move(arguments)};
    }
    return {KINTSUGI_TEXT("drill of %1: a seam of %2 mm, read to %3 mm"), std::move(arguments)};
}

std::vector<Message> missingForKeep(const ZEvidence& e)
{
    std::vector<Message> missing;
    demand(missing, e.hostAlive, {KINTSUGI_TEXT("it is not known whether the host ran without interruption"), {}},
           {KINTSUGI_TEXT("the host died: the motors were released"), {}});
    demand(missing, e.noShutdown, {KINTSUGI_TEXT("it is not known whether the firmware shut down"), {}},
           {KINTSUGI_TEXT("the firmware shut down or restarted: the motors were released"), {}});
    demand(missing, e.motorsEnabled, {KINTSUGI_TEXT("it is not known whether the Z motors stayed enabled"), {}},
           {KINTSUGI_TEXT("the Z motors were switched off in between"), {}});
    demand(missing, e.supplyIntact, {KINTSUGI_TEXT("it is not known whether the motors' supply stayed on"), {}},
           {KINTSUGI_TEXT("the motors' supply was lost"), {}});
    if (!e.idleSeconds || !e.idleTimeout)
        missing.push_back({KINTSUGI_TEXT("it is not known whether the idle time-out released the motors"), {}});
    else if (*e.idleSeconds >= *e.idleTimeout)
        missing.push_back({KINTSUGI_TEXT("idle for %1 s; the motors are released after %2 s"), {decimal(*e.idleSeconds, 0), decimal(*e.idleTimeout, 0)}});
    return missing;
}

} // namespace

std::string_view name(ZTerm term)
{
    switch (term) {
    case ZTerm::Switch: return "switch";
    case ZTerm::Offset: return "offset";
    case ZTerm::BetweenRuns: return "between-runs";
    case ZTerm::Thermal: return "thermal";
    case ZTerm::Step: return "step";
    case ZTerm::Rephase: return "rephase";
    case ZTerm::Tilt: return "tilt";
    case ZTerm::Contact: return "contact";
    case ZTerm::Surface: return "surface";
    case ZTerm::Probe: return "probe";
    case ZTerm::Mesh: return "mesh";
    case ZTerm::Lift: return "lift";
    case ZTerm::Proven: return "proven";
    }
    return "";
}

double sigmaOfBound(double halfWidth)
{
    return halfWidth / std::sqrt(3.0);
}

double ZUncertainty::u() const
{
    double squares = 0;
    for (const ZPart& part : parts)
        squares += part.sigma * part.sigma;
    return 2 * std::sqrt(squares);
}

ZVerdict ZUncertainty::verdict(double layerHeight) const
{
    const double share = layerHeight > 0 ? u() / layerHeight : 1.0;
    return share < 0.10 ? ZVerdict::Good : share <= 0.25 ? ZVerdict::Fair : ZVerdict::Poor;
}

std::optional<ZProven> proven(ZMethod method, const ZEvidence& e)
{
    constexpr double day = 86400;
    std::vector<ZProof> proofs;
    std::copy_if(e.proofs.begin(), e.proofs.end(), std::back_inserter(proofs), [&](const ZProof& proof) { return proof.method == method; });
    if (proofs.empty())
        return std::nullopt;
    std::stable_sort(proofs.begin(), proofs.end(), [](const ZProof& a, const ZProof& b) { return a.when > b.when; });
    ZProven result{.last = proofs.front()};
    result.partsChanged = e.partsChanged && result.last.when < *e.partsChanged;
    if (e.now)
        result.days = std::max(0.0, (*e.now - result.last.when) / day);
    result.old = result.days.value_or(proofKeepsDays + 1) > proofKeepsDays;

    double squares = 0, noise = 0, count = 0;
    for (const ZProof& proof : proofs) {
        const bool same = !e.partsChanged || proof.when >= *e.partsChanged;
        if (count >= double{proofsCounted} || (count > 0 && !same))
            break;
        squares += proof.seam[2] * proof.seam[2];
        noise += proof.sigma * proof.sigma;
        count += 1;
    }
    result.rms = std::sqrt(squares / count);
    result.sigma = std::sqrt((squares + noise) / count);
    return result;
}

void addProven(ZUncertainty& uncertainty, ZMethod method, const ZEvidence& evidence)
{
    const auto proof = proven(method, evidence);
    if (!proof)
        return;
    const double explained = uncertainty.u() / 2;
    const double rest = proof->sigma * proof->sigma - explained * explained;
    uncertainty.parts.push_back({ZTerm::Proven, std::sqrt(std::max(rest, 0.0)), provenWords(*proof)});
}

double rephaseSlope(const ZMechanics& mechanics)
{
    double longest = 0;
    for (const auto& a : mechanics.screws) {
        for (const auto& b : mechanics.screws)
            longest = std::max(longest, std::hypot(a[0] - b[0], a[1] - b[1]));
    }
    return longest > 0 ? std::sqrt(2.0) * sigmaOfBound(rephaseSteps * mechanics.fullStep) / longest : 0.0;
}

ZMethodFacts facts(ZMethod method)
{
    switch (method) {
    case ZMethod::StockZplus:
        return {{KINTSUGI_TEXT("the upper switches were calibrated with this nozzle and plate; nothing on the frame was moved since"), {}},
                {KINTSUGI_TEXT("a nozzle or plate changed since; heat that bends the frame differently"), {}}};
    case ZMethod::PlrZHome:
        return {{KINTSUGI_TEXT("the plugin's stored heights belong to this nozzle and plate, and its speeds are those of the calibration"), {}},
                {KINTSUGI_TEXT("the overshoot of motors whose switch was found by another one"), {}}};
    case ZMethod::Keep:
        return {{KINTSUGI_TEXT("the Z motors were held without interruption from the last printed line until now"), {}},
                {KINTSUGI_TEXT("steps lost when somebody pushed the head or the bed"), {}}};
    case ZMethod::FirmwareLift:
        return {{KINTSUGI_TEXT("the firmware lifted by the height that was measured, and nothing sank since"), {}},
                {KINTSUGI_TEXT("a driver that settles elsewhere when its supply returns"), {}}};
    case ZMethod::Touch:
        return {{KINTSUGI_TEXT("the touched place is solid, flat, and as high as the file says"), {}},
                {KINTSUGI_TEXT("one touch gives height, not tilt; a blob under the nozzle counts as height"), {}}};
    case ZMethod::FreeSpot:
        return {{KINTSUGI_TEXT("probe, probe offset and mesh are those of the print; the spot is free of plastic"), {}},
                {KINTSUGI_TEXT("tilt beyond the spot; a mesh that no longer fits the bed"), {}}};
    case ZMethod::TopEndstop:
        return {{KINTSUGI_TEXT("the upper end switch and its position in the configuration are those of the print"), {}},
                {KINTSUGI_TEXT("belts or screws that slipped since the position was set"), {}}};
    }
    return {};
}

std::vector<Message> missingProof(ZMethod method, const ZEvidence& e)
{
    std::vector<Message> missing;
    switch (method) {
    case ZMethod::Keep:
        return missingForKeep(e);
    case ZMethod::FirmwareLift:
        if (!e.measuredLift)
            missing.push_back({KINTSUGI_TEXT("the lift was not measured: what is configured may not have happened"), {}});
        else if (!(*e.measuredLift > 0))
            missing.push_back({KINTSUGI_TEXT("the measured lift is %1 mm: there was none"), {decimal(*e.measuredLift)}});
        break;
    case ZMethod::StockZplus:
    case ZMethod::PlrZHome:
    case ZMethod::TopEndstop:
        demand(missing, e.baseline, {KINTSUGI_TEXT("it is not known whether the switch was calibrated"), {}},
               {KINTSUGI_TEXT("there is no calibration of the switch with this nozzle and plate"), {}});
        break;
    case ZMethod::FreeSpot:
        if (!e.probeSigma)
            missing.push_back({KINTSUGI_TEXT("no probe is known on this printer"), {}});
        break;
    case ZMethod::Touch:
        break;
    }
    return missing;
}

ZUncertainty budget(ZMethod method, const ZMechanics& mechanics, const ZEvidence& evidence, double lever)
{
    ZUncertainty result{{thermal(mechanics, evidence), step(mechanics)}};
    switch (method) {
    case ZMethod::Keep:
        break;
    case ZMethod::FirmwareLift:
        result.parts.push_back({ZTerm::Lift, sigmaOfBound(liftReading), {KINTSUGI_TEXT("a gap read to %1 mm"), {decimal(liftReading)}}});
        result.parts.push_back(rephase(mechanics));
        addTilt(result, mechanics, lever);
        break;
    case ZMethod::StockZplus:
        addSwitch(result, evidence);
        break;
    case ZMethod::PlrZHome:
    case ZMethod::TopEndstop:
        addSwitch(result, evidence);
        if (method == ZMethod::TopEndstop)
            addTilt(result, mechanics, lever);
        break;
    case ZMethod::FreeSpot:
        result.parts.push_back({ZTerm::Probe, evidence.probeSigma.value_or(defaultProbe), {KINTSUGI_TEXT("noise of the probe"), {}}});
        result.parts.push_back({ZTerm::Mesh, evidence.meshSigma.value_or(defaultMesh), {KINTSUGI_TEXT("the mesh value at the spot"), {}}});
        addTilt(result, mechanics, lever);
        break;
    case ZMethod::Touch:
        break;
    }
    addProven(result, method, evidence);
    return result;
}

} // namespace kintsugi::recovery
