// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "recovery/clearance.h"
#include "recovery/clearancecheck.h"

namespace kintsugi::recovery {

namespace {

Error unsafe(const char* field, std::string detail, double measured, double limit)
{
    Error error{.code = ErrorCode::Unsafe, .detail = std::move(detail)};
    error.field = field;
    error.measured = measured;
    error.limit = limit;
    return error;
}

class WaySearch
{
public:
    WaySearch(const WayQuestion& question, const HeightMap& map, const ClearanceOptions& options, HeightField field)
        : m_question(question), m_map(map), m_options(options), m_field(std::move(field)), m_parts(partsOf(options.envelope, m_field.cell()))
    {
        if (options.removed)
            m_field.lower(options.removed->where, options.removed->z);
    }

    Result<ClearWay> run()
    {
        if (const auto done = checkApproach(); !done)
            return fail(done.error());
        if (const auto done = homing(); !done)
            return fail(done.error());
        const auto prime = choosePrime();
        if (!prime)
            return fail(prime.error());
        m_way.primeAt = *prime;
        for (const Hull& from : m_homed)
            consider(need(joined(from, *prime)), {KINTSUGI_TEXT("the way to the prime place"), {}});
        if (const auto done = toResume(); !done)
            return fail(done.error());
        consider(m_question.resume[2], {KINTSUGI_TEXT("the resume point itself"), {}});
        // The climb is counted from the highest place at which the nozzle can be.
        m_way.liftZ += m_question.start.highest - m_question.start.lowest;
        consider(m_question.start.highest, {KINTSUGI_TEXT("where the nozzle is now"), {}});
        if (m_way.liftZ > m_question.maximum[2])
            return fail(tooHigh());
        return m_way;
    }

private:
    static Hull joined(const Hull& from, const Place& to)
    {
        Hull points = from;
        points.push_back(to);
        return hullOf(std::move(points));
    }

    /// The lowest tip height at which the head clears everything while the tip is anywhere in `tip`.
    [[nodiscard]] double need(const Hull& tip) const
    {
        double height = 0;
        const Rectangle box = rectangleOf(tip);
        for (const HeadPart& part : m_parts) {
            const double over = m_options.clearance - part.bottom;
            if (m_field.highestIn(grown(box, part.box)) + m_map.margin() + over <= height)
                continue;
            const double top = m_field.highestUnder(swept(tip, part.outline)).z;
            height = std::max(height, over + (top > 0 ? top + m_map.margin() : 0.0));
        }
        return height;
    }

    void consider(double height, Message reason)
    {
        if (height > m_way.liftZ) {
            m_way.liftZ = height;
            m_way.reason = std::move(reason);
        }
    }

    [[nodiscard]] Error tooHigh() const
    {
        return unsafe("lift", "no room above: " + english(m_way.reason) + " needs a height the printer does not reach", m_way.liftZ, m_question.maximum[2]);
    }

    /// At the resume point the head stands as low as it must.
    Result<> checkApproach() const
    {
        const Hull tip{{m_question.resume[0], m_question.resume[1]}};
        for (const HeadPart& part : m_parts) {
            if (part.isNozzle())
                continue;
            const HeightField::Peak peak = m_field.highestUnder(swept(tip, part.outline));
            const double clearance = m_question.resume[2] + part.bottom - peak.z;
            if (clearance < -heightNoise)
                return fail(unsafe("approach", "something taller stands beside the resume point at X " + decimal(peak.at[0], 1) + " Y " + decimal(peak.at[1], 1),
                                   peak.z, m_question.resume[2] + part.bottom));
        }
        return {};
    }

    Result<> homing()
    {
        m_homed = m_question.start.places;
        if (!m_question.homes)
            return {};
        const bool marlin = m_question.dialect == gcode::Dialect::Marlin;
        // From the top, to see how far homing comes down before it moves across.
        StopPlaces top = m_question.start;
        top.lowest = top.highest = m_question.maximum[2];
        const PlanMotions motions = homingMotions(marlin ? "G28 R0 X Y" : "G28 X Y", m_question.dialect, top, true, m_question.minimum,
                                                  m_question.maximum, m_options.motion.homing);
        if (!motions.problems.empty())
            return fail(unsafe("homing", english(motions.problems.front().reason), 0, 0));
        for (const Motion& motion : motions.motions) {
            const bool up = motion.kind == Motion::Kind::HiddenLift || motion.kind == Motion::Kind::Lift;
            if (!up)
                consider(need(motion.hull) + std::max(0.0, top.lowest - motion.low), {KINTSUGI_TEXT("homing X and Y"), {}});
        }
        m_homed = {{{motions.end[0], motions.end[1]}}};
        if (m_options.motion.homing.axes[0].end == HomeEnd::Unknown || m_options.motion.homing.axes[1].end == HomeEnd::Unknown)
            m_homed = {{{m_question.minimum[0], m_question.minimum[1]}, {m_question.maximum[0], m_question.minimum[1]},
                        {m_question.maximum[0], m_question.maximum[1]}, {m_question.minimum[0], m_question.maximum[1]}}};
        return {};
    }

    [[nodiscard]] bool isFree(const Place& at) const
    {
        constexpr double beside = 5; // mm between the prime place and what is or will be printed
        const Hull spot = around(at, beside);
        const Rectangle box = rectangleOf(spot);
        if (m_field.highestUnder(spot).z > 0 || m_map.unknownIn(box.minX, box.minY, box.maxX, box.maxY))
            return false;
        if (m_question.whole)
            return !m_question.whole->printedIn(box.minX, box.minY, box.maxX, box.maxY) && !m_question.whole->unknownIn(box.minX, box.minY, box.maxX, box.maxY);
        return distance(at) >= beside;
    }

    /// From the whole print's footprint.
    [[nodiscard]] double distance(const Place& at) const
    {
        const gcode::Extents& print = m_question.footprint;
        if (!print.valid)
            return 1e3;
        return std::hypot(std::max({print.minX - at[0], 0.0, at[0] - print.maxX}), std::max({print.minY - at[1], 0.0, at[1] - print.maxY}));
    }

    [[nodiscard]] double needFor(const Place& prime) const
    {
        double height = need(hullOf({prime, {m_question.resume[0], m_question.resume[1]}}));
        for (const Hull& from : m_homed)
            height = std::max(height, need(joined(from, prime)));
        return height;
    }

    [[nodiscard]] Result<Place> choosePrime() const
    {
        if (m_question.primePlace) {
            for (std::size_t axis = 0; axis < 2; ++axis)
                if (!((*m_question.primePlace)[axis] >= m_question.minimum[axis] && (*m_question.primePlace)[axis] <= m_question.maximum[axis]))
                    return fail(unsafe("prime", "outside the travel limits", (*m_question.primePlace)[axis], m_question.maximum[axis]));
            if (!isFree(*m_question.primePlace))
                return fail(unsafe("prime", "the prime place lies over the print", 0, 0));
            return *m_question.primePlace;
        }
        constexpr double inset = 5, step = 10; // mm
        std::optional<Place> best;
        double lowest = 0, farthest = 0;
        for (double y = m_question.minimum[1] + inset; y <= m_question.maximum[1] - inset + 1e-6; y += step)
            for (double x = m_question.minimum[0] + inset; x <= m_question.maximum[0] - inset + 1e-6; x += step) {
                const Place at{x, y};
                if (!isFree(at))
                    continue;
                const double height = std::ceil(needFor(at)), far = distance(at); // a millimetre more is worth a better place
                if (!best || height < lowest || (height == lowest && far > farthest)) {
                    best = at;
                    lowest = height;
                    farthest = far;
                }
            }
        if (!best)
            return fail(unsafe("prime", "no place beside the print is free for priming", 0, 0));
        return *best;
    }

    /// Straight, or round what is too high.
    Result<> toResume()
    {
        const Place resume{m_question.resume[0], m_question.resume[1]};
        const Message reason{KINTSUGI_TEXT("the way to the resume point"), {}};
        const double straight = need(hullOf({m_way.primeAt, resume}));
        const double room = m_question.maximum[2] - (m_question.start.highest - m_question.start.lowest);
        if (straight <= room) {
            consider(straight, reason);
            return {};
        }
        constexpr double step = 15; // mm
        double lowest = straight;
        for (double y = m_question.minimum[1]; y <= m_question.maximum[1]; y += step)
            for (double x = m_question.minimum[0]; x <= m_question.maximum[0]; x += step) {
                const double height = std::max(need(hullOf({m_way.primeAt, {x, y}})), need(hullOf({{x, y}, resume})));
                if (height < lowest) {
                    lowest = height;
                    m_way.via = Place{x, y};
                }
            }
        consider(lowest, reason);
        return lowest <= room ? Result<>() : fail(tooHigh());
    }

    const WayQuestion& m_question;
    const HeightMap& m_map;
    const ClearanceOptions& m_options;
    HeightField m_field;
    std::vector<HeadPart> m_parts;
    std::vector<Hull> m_homed; ///< where the head may be before it goes to prime
    ClearWay m_way;
};

} // namespace

Result<ClearWay> searchClearWay(const WayQuestion& question, const HeightMap& map, const ClearanceOptions& options)
{
    if (const auto sound = checkEnvelope(options.envelope); !sound)
        return fail(sound.error());
    if (const auto sound = checkHoming(options.motion.homing); !sound)
        return fail(sound.error());
    auto field = fieldOf(map, question.minimum, question.maximum);
    if (!field)
        return fail(field.error());
    return WaySearch(question, map, options, std::move(*field)).run();
}

} // namespace kintsugi::recovery
