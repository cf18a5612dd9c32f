// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/freespot.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kintsugi::recovery::freespot {

namespace {

constexpr double pitch = 5;            // mm between the places that are looked at
constexpr double bare = 3;             // mm around the probe's tip with nothing on the bed
constexpr std::size_t mostCombined = 26; // places of which three or four are chosen
constexpr double ring = 2;             // mm, steps of a cone
constexpr double apart = 20;           // mm between two places that are compared
constexpr double mostApart = 0.06;     // mm by which they may differ: both probes' and both mesh points' noise, thrice
constexpr double mostOff = 25;         // mm: no bed sinks further, no nozzle was declared higher
constexpr double probeSigma = 0.008;   // mm: Klipper's own limit for a usable probe is 25 um of range in ten
constexpr double meshSigma = 0.1;      // mm, until somebody measured it: a bed that is warm again is not shaped as it was. Trials with one that bends were off by 0.09 (rms)
constexpr double probeDrift = 0.03;    // mm, half-width: a probe and its mount at another temperature than at the mesh

Error none(const char* why, std::optional<double> measured = {}, std::optional<double> limit = {})
{
    return Error{.code = ErrorCode::Unsafe, .detail = why, .field = "freespot", .measured = measured, .limit = limit};
}

/// Nothing printed under the head that reaches up to it while the nozzle stands at `trigger`.
class Fit
{
public:
    explicit Fit(const Question& q) : m_q(q), m_outlines(outlinesOf(q.envelope, ring)) {}

    [[nodiscard]] bool operator()(const ProbePlace& place) const
    {
        const HeightMap& map = *m_q.map;
        const auto printed = [&](double x0, double y0, double x1, double y1) { return map.printedIn(x0, y0, x1, y1) || map.unknownIn(x0, y0, x1, y1); };
        if (printed(place.probeX - bare, place.probeY - bare, place.probeX + bare, place.probeY + bare))
            return false;
        return std::all_of(m_outlines.begin(), m_outlines.end(), [&](const SolidOutline& solid) {
            double x0 = 1e300, y0 = 1e300, x1 = -1e300, y1 = -1e300;
            for (const Place& corner : solid.outline) {
                x0 = std::min(x0, place.x + corner[0]);
                x1 = std::max(x1, place.x + corner[0]);
                y0 = std::min(y0, place.y + corner[1]);
                y1 = std::max(y1, place.y + corner[1]);
            }
            if (map.unknownIn(x0, y0, x1, y1))
                return false;
            return !map.printedIn(x0, y0, x1, y1) || map.highestIn(x0, y0, x1, y1) + m_q.clearance <= place.trigger + solid.bottom;
        });
    }

private:
    const Question& m_q;
    std::vector<SolidOutline> m_outlines;
};

/// What each place counts for in the height over `at`: exact for a plane through three, for a plane with a twist through four.
/// Empty when the places do not tell.
std::vector<double> weights(const std::vector<ProbePlace>& places, const std::array<double, 2>& at)
{
    constexpr double unit = 100; // mm
    const std::size_t n = places.size();
    if (n < 3 || n > 4)
        return {};
    std::array<std::array<double, 5>, 4> rows{}; // a row for each of 1, x, y, xy around `at`; the height there is the first alone
    for (std::size_t i = 0; i < n; ++i) {
        const double x = (places[i].probeX - at[0]) / unit, y = (places[i].probeY - at[1]) / unit;
        const std::array<double, 4> terms{1, x, y, x * y};
        for (std::size_t j = 0; j < n; ++j)
            rows[j][i] = terms[j];
    }
    rows[0][n] = 1;
    for (std::size_t column = 0; column < n; ++column) {
        std::size_t pivot = column;
        for (std::size_t row = column + 1; row < n; ++row)
            pivot = std::abs(rows[row][column]) > std::abs(rows[pivot][column]) ? row : pivot;
        if (std::abs(rows[pivot][column]) < 1e-6)
            return {};
        std::swap(rows[pivot], rows[column]);
        for (std::size_t row = 0; row < n; ++row) {
            const double factor = row == column ? 0 : rows[row][column] / rows[column][column];
            for (std::size_t k = column; factor != 0 && k <= n; ++k)
                rows[row][k] -= factor * rows[column][k];
        }
    }
    std::vector<double> result;
    for (std::size_t i = 0; i < n; ++i)
        result.push_back(rows[i][n] / rows[i][i]);
    return result;
}

double squaresOf(const std::vector<double>& weights)
{
    double sum = 0;
    for (const double weight : weights)
        sum += weight * weight;
    return weights.empty() ? 1e300 : sum;
}

/// Few of many, far from each other.
std::vector<ProbePlace> spreadOut(const std::vector<ProbePlace>& places, std::size_t count)
{
    if (places.size() <= count)
        return places;
    std::vector<ProbePlace> chosen{places.front()};
    std::vector<double> nearest(places.size(), 1e300);
    while (chosen.size() < count) {
        std::size_t farthest = 0;
        for (std::size_t i = 0; i < places.size(); ++i) {
            nearest[i] = std::min(nearest[i], std::hypot(places[i].probeX - chosen.back().probeX, places[i].probeY - chosen.back().probeY));
            if (nearest[i] > nearest[farthest])
                farthest = i;
        }
        chosen.push_back(places[farthest]);
    }
    return chosen;
}

/// The combination with the least noise over the resume point.
void search(const std::vector<ProbePlace>& few, std::size_t from, std::size_t count, const std::array<double, 2>& at, std::vector<ProbePlace>& part,
            double& best, std::vector<ProbePlace>& chosen)
{
    if (part.size() == count) {
        const double noise = squaresOf(weights(part, at));
        if (noise < best) {
            best = noise;
            chosen = part;
        }
        return;
    }
    for (std::size_t i = from; i < few.size(); ++i) {
        part.push_back(few[i]);
        search(few, i + 1, count, at, part, best, chosen);
        part.pop_back();
    }
}

Result<std::vector<ProbePlace>> tellTheTilt(const std::vector<ProbePlace>& places, std::size_t count, const std::array<double, 2>& at)
{
    double best = 1e300;
    std::vector<ProbePlace> part, chosen;
    search(spreadOut(places, mostCombined), 0, count, at, part, best, chosen);
    if (best > touch::mostExtrapolated)
        return fail(none("the free places lie in a line, are too few, or all to one side of the resume point: they cannot tell the tilt"));
    return chosen;
}

/// Two places, the nearest one and another to compare it with; one when there is no other.
std::vector<ProbePlace> nearest(std::vector<ProbePlace> places, const std::array<double, 2>& at)
{
    const auto far = [&](const ProbePlace& place) { return std::hypot(place.probeX - at[0], place.probeY - at[1]); };
    std::sort(places.begin(), places.end(), [&](const ProbePlace& a, const ProbePlace& b) { return far(a) < far(b); });
    std::vector<ProbePlace> chosen{places.front()};
    const auto other = std::find_if(places.begin(), places.end(), [&](const ProbePlace& place) {
        return std::hypot(place.probeX - chosen[0].probeX, place.probeY - chosen[0].probeY) >= apart;
    });
    if (other != places.end())
        chosen.push_back(*other);
    return chosen;
}

ZUncertainty uncertaintyOf(double spread, const ZMechanics& mechanics, const ZEvidence& evidence, double lever)
{
    ZUncertainty result;
    const double probe = evidence.probeSigma.value_or(probeSigma), mesh = evidence.meshSigma.value_or(meshSigma);
    result.parts.push_back({ZTerm::Probe, probe * spread, {KINTSUGI_TEXT("noise of the probe"), {}}});
    result.parts.push_back({ZTerm::Mesh, mesh * spread, {KINTSUGI_TEXT("the mesh value at the spot"), {}}});
    result.parts.push_back({ZTerm::Thermal, sigmaOfBound(probeDrift), {KINTSUGI_TEXT("a probe drifts with its temperature, by %1 mm at most"), {decimal(probeDrift)}}});
    result.parts.push_back({ZTerm::Step, mechanics.microstep / std::sqrt(12.0), {KINTSUGI_TEXT("a microstep is %1 mm"), {decimal(mechanics.microstep, 4)}}});
    // The print itself relied on the mesh over the resume point, too.
    result.parts.push_back({ZTerm::Surface, mesh, {KINTSUGI_TEXT("the mesh value over the resume point"), {}}});
    if (lever > 0 && mechanics.canTilt())
        result.parts.push_back({ZTerm::Tilt, 0.0001 * lever, {KINTSUGI_TEXT("%1 mm from the probed place"), {decimal(lever, 0)}}});
    return result;
}

} // namespace

std::optional<double> meshAt(const MeshMatrix& mesh, double x, double y)
{
    const std::size_t rows = mesh.probed.size(), columns = rows > 0 ? mesh.probed.front().size() : 0;
    if (rows < 2 || columns < 2 || std::any_of(mesh.probed.begin(), mesh.probed.end(), [&](const auto& row) { return row.size() != columns; }))
        return std::nullopt;
    const double u = (x - mesh.minimum[0]) / (mesh.maximum[0] - mesh.minimum[0]), v = (y - mesh.minimum[1]) / (mesh.maximum[1] - mesh.minimum[1]);
    if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1))
        return std::nullopt;
    const double column = u * static_cast<double>(columns - 1), row = v * static_cast<double>(rows - 1);
    const std::size_t c = std::min(static_cast<std::size_t>(column), columns - 2), r = std::min(static_cast<std::size_t>(row), rows - 2);
    const double s = column - static_cast<double>(c), t = row - static_cast<double>(r);
    const double value = (1 - t) * ((1 - s) * mesh.probed[r][c] + s * mesh.probed[r][c + 1]) + t * ((1 - s) * mesh.probed[r + 1][c] + s * mesh.probed[r + 1][c + 1]);
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::size_t placesNeeded(const ZMechanics& mechanics, const ZEvidence& evidence)
{
    const bool mayBeLost = touch::contactsNeeded(mechanics, evidence) > 1;
    return !mayBeLost ? 1 : mechanics.screws.size() > 3 ? 4 : 3;
}

Result<std::vector<ProbePlace>> findPlaces(const Question& question)
{
    if (!question.mesh || !question.map)
        return fail(none("the mesh of the print is not known: it tells how high the bed is at the spot"));
    const Fit fits(question);
    std::vector<ProbePlace> places;
    bool meshed = false;
    for (double y = question.minimum[1]; y <= question.maximum[1]; y += pitch) {
        for (double x = question.minimum[0]; x <= question.maximum[0]; x += pitch) {
            ProbePlace place{x, y, x + question.probe.offset[0], y + question.probe.offset[1]};
            const auto bed = meshAt(*question.mesh, place.probeX, place.probeY);
            if (!bed)
                continue;
            meshed = true;
            place.bed = *bed;
            place.trigger = *bed + question.probe.offset[2];
            if (fits(place))
                places.push_back(place);
        }
    }
    if (places.empty())
        return fail(none(meshed ? "nowhere on the meshed bed do the head and its probe fit beside what is printed" : "the probe does not reach the mesh of the print"));
    if (question.count >= 3)
        return tellTheTilt(places, question.count, question.resumeAt);
    return nearest(std::move(places), question.resumeAt);
}

Result<touch::Registration> registration(const std::vector<Reading>& readings, const std::array<double, 2>& resumeAt, const ZMechanics& mechanics,
                                         const ZEvidence& evidence)
{
    std::vector<ProbePlace> places;
    std::vector<double> off;
    for (const Reading& reading : readings) {
        places.push_back(reading.place);
        off.push_back(reading.place.bed - reading.bed);
        if (!(std::abs(off.back()) <= mostOff))
            return fail(none("the bed was found where it cannot be", off.back(), mostOff));
    }
    const std::size_t needed = placesNeeded(mechanics, evidence);
    if (places.size() < needed)
        return fail(none("too few places were probed", static_cast<double>(places.size()), static_cast<double>(needed)));
    if (needed == 1) {
        const auto [least, most] = std::minmax_element(off.begin(), off.end());
        if (*most - *least > mostApart)
            return fail(none("two places of the free bed contradict each other: something lies under the probe, or the mesh is of another bed", *most - *least, mostApart));
    }
    std::vector<double> weight = needed == 1 ? std::vector<double>(places.size(), 1 / static_cast<double>(places.size())) : weights(places, resumeAt);
    const double squares = squaresOf(weight);
    if (squares > touch::mostExtrapolated)
        return fail(none("the resume point lies too far outside the probed places", squares, touch::mostExtrapolated));
    touch::Registration result;
    for (std::size_t i = 0; i < weight.size(); ++i)
        result.delta += weight[i] * off[i];
    result.spread = std::sqrt(squares);
    const double lever = needed == 1 ? std::hypot(places[0].probeX - resumeAt[0], places[0].probeY - resumeAt[1]) : 0;
    result.uncertainty = uncertaintyOf(result.spread, mechanics, evidence, lever);
    addProven(result.uncertainty, ZMethod::FreeSpot, evidence);
    return result;
}

ZUncertainty budget(const std::vector<ProbePlace>& places, const std::array<double, 2>& resumeAt, const ZMechanics& mechanics, const ZEvidence& evidence)
{
    std::vector<Reading> readings;
    for (const ProbePlace& place : places)
        readings.push_back({place, place.bed});
    const auto found = registration(readings, resumeAt, mechanics, evidence);
    return found ? found->uncertainty : ZUncertainty{};
}

} // namespace kintsugi::recovery::freespot
