// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/touch.h"

#include <algorithm>
#include <cmath>

namespace kintsugi::recovery::touch {

namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

constexpr double readBackTolerance = 0.01; // mm: what a position report may differ from what was asked
constexpr double stepWithoutLook = 1.0;    // mm, the most that coordinates alone allow
constexpr double contactSigma = 0.02;      // mm: when a sheet of paper begins to drag, between two persons
constexpr double surfaceSigma = 0.03;      // mm: a printed top is not flat

Error bad(const char* field, const char* why)
{
    return Error{.code = ErrorCode::BadValue, .detail = why, .field = field};
}

const Spot& current(const Setup& setup, const State& state)
{
    return setup.spots[state.contacts.size()];
}

/// Lower bound of the gap that follows from the coordinates.
std::optional<double> known(const Setup& setup, const State& state, double z)
{
    if (!setup.below)
        return std::nullopt;
    return z - current(setup, state).top - *setup.below;
}

/// The lowest coordinate at which a contact could still come.
double lowest(const Setup& setup, const State& state)
{
    if (!setup.above)
        return setup.minimumZ;
    return std::max(setup.minimumZ, current(setup, state).top - *setup.above - setup.contactDepth);
}

Step stop(State state, Error error)
{
    state.phase = Stopped{std::move(error)};
    return {std::move(state), {}};
}

Step moveTo(const State& state, Moving where, Action action)
{
    return {State{where, state.contacts}, {action}};
}

Step away(const Setup& setup, State state)
{
    const Spot& spot = state.contacts.empty() ? setup.spots.front() : state.contacts.back().spot;
    state.phase = Moving{spot.x, spot.y, setup.travelZ, std::nullopt, true};
    return {std::move(state), {MoveZ{setup.travelZ}}};
}

Step over(const Setup& setup, const State& state, const Over& at, const Event& event)
{
    const Spot& spot = current(setup, state);
    return std::visit(Overloaded{
        [&](const Press&) {
            const double down = nextStep(setup, state);
            if (!(down > 0))
                return stop(state, Error{.code = ErrorCode::Unsafe, .detail = "no contact where there must be one: look at part, nozzle and coordinates", .field = "touch", .measured = at.z});
            const auto left = at.seen ? std::optional(std::max(0.0, *at.seen - down)) : std::nullopt;
            return moveTo(state, Moving{spot.x, spot.y, at.z - down, left, false}, MoveZ{at.z - down});
        },
        [&](const SeenGap& gap) {
            State next = state;
            if (std::isfinite(gap.atLeast) && gap.atLeast >= 0)
                next.phase = Over{at.z, gap.atLeast};
            return Step{std::move(next), {}};
        },
        [&](const Touches&) {
            State next = state;
            next.contacts.push_back({spot, at.z});
            return away(setup, std::move(next));
        },
        [&](const Again&) { return moveTo(state, Moving{spot.x, spot.y, setup.travelZ, std::nullopt, false}, MoveZ{setup.travelZ}); },
        [&](const Lost& lost) { return stop(state, lost.error); },
        [&](const Arrived&) { return Step{state, {}}; },
    }, event);
}

Step moving(const Setup& setup, const State& state, const Moving& move, const Event& event)
{
    if (const auto* lost = std::get_if<Lost>(&event))
        return stop(state, lost->error);
    const auto* arrived = std::get_if<Arrived>(&event);
    if (!arrived)
        return {state, {}};
    const double off = std::abs(arrived->x - move.x) + std::abs(arrived->y - move.y) + std::abs(arrived->z - move.z); // keeps what is no number
    if (!(off <= readBackTolerance))
        return stop(state, Error{.code = ErrorCode::BadReply, .detail = "the printer is not where it was sent", .field = "touch", .measured = off, .limit = readBackTolerance});
    State next = state;
    if (!move.away)
        next.phase = Over{arrived->z, move.seen};
    else if (next.contacts.size() == setup.spots.size())
        next.phase = Finished{};
    else
        next.phase = Ready{};
    return {std::move(next), {}};
}

Step ready(const Setup& setup, const State& state, const Event& event)
{
    if (const auto* lost = std::get_if<Lost>(&event))
        return stop(state, lost->error);
    if (!std::holds_alternative<Press>(event))
        return {state, {}};
    const Spot& spot = current(setup, state);
    return moveTo(state, Moving{spot.x, spot.y, setup.travelZ, std::nullopt, false}, MoveAcross{spot.x, spot.y});
}

/// Weights of the contacts in the height over a place: 1 of one contact, the plane through three.
Result<std::vector<double>> weights(const std::vector<Contact>& contacts, const std::array<double, 2>& at)
{
    if (contacts.size() == 1)
        return std::vector<double>{1.0};
    const Spot& a = contacts[0].spot;
    const Spot& b = contacts[1].spot;
    const Spot& c = contacts[2].spot;
    const double area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
    if (std::abs(area) < 1.0)
        return fail(Error{.code = ErrorCode::Unsafe, .detail = "the three places lie in a line: they do not tell the tilt", .field = "touch"});
    const double wb = ((at[0] - a.x) * (c.y - a.y) - (c.x - a.x) * (at[1] - a.y)) / area;
    const double wc = ((b.x - a.x) * (at[1] - a.y) - (at[0] - a.x) * (b.y - a.y)) / area;
    return std::vector<double>{1 - wb - wc, wb, wc};
}

} // namespace

Result<> check(const Setup& setup)
{
    if (setup.spots.empty())
        return fail(bad("touch.spots", "no place to touch"));
    for (const double value : {setup.travelZ, setup.contactDepth, setup.fineStep, setup.feeler, setup.minimumZ, setup.below.value_or(0), setup.above.value_or(0)}) {
        if (!std::isfinite(value))
            return fail(bad("touch", "not a number"));
    }
    if (!(setup.fineStep > 0 && setup.fineStep <= setup.contactDepth / 2))
        return fail(bad("touch.fineStep", "must be above 0 and at most half of the contact depth"));
    if (!(setup.feeler >= 0 && setup.feeler <= 1))
        return fail(bad("touch.feeler", "must lie between 0 and 1 mm"));
    for (const Spot& spot : setup.spots) {
        if (!(std::isfinite(spot.x) && std::isfinite(spot.y) && std::isfinite(spot.top) && spot.top < setup.travelZ))
            return fail(bad("touch.spots", "a place at or above the travel height"));
    }
    return {};
}

double nextStep(const Setup& setup, const State& state)
{
    const auto* at = std::get_if<Over>(&state.phase);
    if (!at || state.contacts.size() >= setup.spots.size())
        return 0;
    const double fromLook = at->seen.value_or(0) / 2;
    const double fromCoordinates = std::min(known(setup, state, at->z).value_or(0) / 2, stepWithoutLook);
    const double wanted = std::max({fromLook, fromCoordinates, setup.fineStep});
    const double room = at->z - lowest(setup, state);
    return room > 1e-9 ? std::min(wanted, room) : 0.0;
}

Step step(const Setup& setup, const State& state, const Event& event)
{
    return std::visit(Overloaded{
        [&](const Ready&) { return ready(setup, state, event); },
        [&](const Over& at) { return over(setup, state, at, event); },
        [&](const Moving& move) { return moving(setup, state, move, event); },
        [&](const auto&) { return Step{state, {}}; },
    }, state.phase);
}

std::size_t contactsNeeded(const ZMechanics& mechanics, const ZEvidence& evidence)
{
    const bool held = evidence.motorsEnabled.value_or(false) && evidence.supplyIntact.value_or(false);
    return mechanics.canTilt() && !held ? 3 : 1;
}

double Registration::tiltAcross(double width, double depth) const
{
    return std::abs(slope[0]) * width + std::abs(slope[1]) * depth;
}

Result<Registration> registration(const Setup& setup, const std::vector<Contact>& contacts, const std::array<double, 2>& resumeAt,
                                  const ZMechanics& mechanics, const ZEvidence& evidence)
{
    const std::size_t needed = contactsNeeded(mechanics, evidence);
    if (contacts.size() < needed || (contacts.size() != 1 && contacts.size() != 3))
        return fail(Error{.code = ErrorCode::Unsafe, .detail = "the tilt may be lost: three places must be touched", .field = "touch",
                          .measured = static_cast<double>(contacts.size()), .limit = static_cast<double>(needed)});
    const auto w = weights(contacts, resumeAt);
    if (!w)
        return fail(w.error());
    std::vector<double> deltas;
    for (const Contact& contact : contacts)
        deltas.push_back(contact.spot.top + setup.feeler - contact.z);

    Registration result;
    double squares = 0;
    for (std::size_t i = 0; i < contacts.size(); ++i) {
        result.delta += (*w)[i] * deltas[i];
        squares += (*w)[i] * (*w)[i];
    }
    if (squares > mostExtrapolated)
        return fail(Error{.code = ErrorCode::Unsafe, .detail = "the resume point lies too far outside the three places", .field = "touch",
                          .measured = squares, .limit = mostExtrapolated});
    if (contacts.size() == 3) {
        for (std::size_t axis = 0; axis < 2; ++axis) { // one mm further along the axis
            auto beside = resumeAt;
            beside[axis] += 1;
            const auto moved = weights(contacts, beside);
            for (std::size_t i = 0; moved && i < 3; ++i)
                result.slope[axis] += ((*moved)[i] - (*w)[i]) * deltas[i];
        }
    }
    const double spread = std::sqrt(squares);
    auto& parts = result.uncertainty.parts;
    parts.push_back({ZTerm::Contact, std::hypot(contactSigma, sigmaOfBound(setup.fineStep / 2)) * spread, {KINTSUGI_TEXT("when the feeler begins to drag"), {}}});
    parts.push_back({ZTerm::Surface, surfaceSigma * spread, {KINTSUGI_TEXT("a printed top is not flat"), {}}});
    parts.push_back({ZTerm::Step, mechanics.microstep / std::sqrt(12.0), {KINTSUGI_TEXT("a microstep is %1 mm"), {decimal(mechanics.microstep, 4)}}});
    if (contacts.size() == 1 && mechanics.canTilt()) {
        const double lever = std::hypot(resumeAt[0] - contacts[0].spot.x, resumeAt[1] - contacts[0].spot.y);
        parts.push_back({ZTerm::Tilt, 0.0001 * lever, {KINTSUGI_TEXT("%1 mm from the touched place"), {decimal(lever, 0)}}});
    }
    addProven(result.uncertainty, ZMethod::Touch, evidence);
    return result;
}

} // namespace kintsugi::recovery::touch
