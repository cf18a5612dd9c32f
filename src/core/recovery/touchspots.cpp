// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/touchspots.h"

#include <algorithm>
#include <cmath>

namespace kintsugi::recovery::touch {

namespace {

constexpr std::size_t mostTried = 20'000;  // places looked at, whatever the size of the part
constexpr std::size_t mostCombined = 60;   // of which three are chosen

Error none(const char* why)
{
    return Error{.code = ErrorCode::Unsafe, .detail = why, .field = "touch.spots"};
}

double distance(const Box& box, double x, double y)
{
    return std::hypot(std::max({box.x0 - x, 0.0, x - box.x1}), std::max({box.y0 - y, 0.0, y - box.y1}));
}

struct Found {
    std::vector<Spot> spots;
    bool solid = false;       // somewhere, but too near to an edge, the stop or something higher
};

class Search
{
public:
    Search(const HeightMap& surely, const HeightMap& possibly, const std::vector<Box>& stops, const SpotRules& rules)
        : m_surely(surely), m_possibly(possibly), m_stops(stops), m_rules(rules)
    {
    }

    [[nodiscard]] Found all() const
    {
        Found found;
        const gcode::Extents part = m_surely.extents();
        if (!part.valid)
            return found;
        const double area = (part.maxX - part.minX) * (part.maxY - part.minY);
        const double pitch = std::max(1.0, std::sqrt(area / double{mostTried}));
        for (double y = part.minY + m_rules.radius; y <= part.maxY - m_rules.radius; y += pitch) {
            for (double x = part.minX + m_rules.radius; x <= part.maxX - m_rules.radius; x += pitch)
                look(x, y, found);
        }
        return found;
    }

private:
    void look(double x, double y, Found& found) const
    {
        const auto top = flat(x, y, m_rules.radius);
        if (!top)
            return;
        found.solid = true;
        const double reach = m_rules.blockReach;
        const auto& within = m_rules.reach;
        const bool allowed = !within || (x >= (*within)[0] && y >= (*within)[1] && x <= (*within)[2] && y <= (*within)[3]);
        const bool clear = std::none_of(m_stops.begin(), m_stops.end(), [&](const Box& stop) { return distance(stop, x, y) < m_rules.fromStop; });
        if (allowed && clear && flat(x, y, m_rules.radius + m_rules.edge)
            && m_possibly.highestIn(x - reach, y - reach, x + reach, y + reach) - m_possibly.margin() <= *top + m_rules.blockAbove
            && !m_possibly.unknownIn(x - reach, y - reach, x + reach, y + reach))
            found.spots.push_back({x, y, *top});
    }

    /// The height of a flat place, as surely printed and with nothing possibly printed on it.
    [[nodiscard]] std::optional<double> flat(double x, double y, double radius) const
    {
        const double lowest = m_surely.lowestIn(x - radius, y - radius, x + radius, y + radius);
        if (!(lowest > 0))
            return std::nullopt;
        const double highest = m_possibly.highestIn(x - radius, y - radius, x + radius, y + radius) - m_possibly.margin();
        return highest - lowest <= m_rules.flatness ? std::optional(highest) : std::nullopt;
    }

    const HeightMap& m_surely;
    const HeightMap& m_possibly;
    const std::vector<Box>& m_stops;
    const SpotRules& m_rules;
};

/// Few of many, far from each other.
std::vector<Spot> spread(const std::vector<Spot>& spots, std::size_t count)
{
    if (spots.size() <= count)
        return spots;
    std::vector<Spot> chosen{spots.front()};
    std::vector<double> nearest(spots.size(), 1e300);
    while (chosen.size() < count) {
        std::size_t farthest = 0;
        for (std::size_t i = 0; i < spots.size(); ++i) {
            nearest[i] = std::min(nearest[i], std::hypot(spots[i].x - chosen.back().x, spots[i].y - chosen.back().y));
            if (nearest[i] > nearest[farthest])
                farthest = i;
        }
        chosen.push_back(spots[farthest]);
    }
    return chosen;
}

/// Square sum of the weights of three places in the height over a point: how much of their noise arrives there.
double noiseAt(const Spot& a, const Spot& b, const Spot& c, double x, double y)
{
    const double area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
    if (std::abs(area) < 1.0)
        return 1e300;
    const double wb = ((x - a.x) * (c.y - a.y) - (c.x - a.x) * (y - a.y)) / area;
    const double wc = ((b.x - a.x) * (y - a.y) - (x - a.x) * (b.y - a.y)) / area;
    return (1 - wb - wc) * (1 - wb - wc) + wb * wb + wc * wc;
}

Result<std::vector<Spot>> bestThree(const std::vector<Spot>& spots, const gcode::Extents& part, const std::array<double, 2>& resumeAt)
{
    const std::vector<Spot> few = spread(spots, mostCombined);
    const std::array<std::array<double, 2>, 5> places{{{part.minX, part.minY}, {part.maxX, part.minY}, {part.minX, part.maxY}, {part.maxX, part.maxY}, resumeAt}};
    double best = 1e300;
    std::vector<Spot> chosen;
    for (std::size_t i = 0; i < few.size(); ++i) {
        for (std::size_t j = i + 1; j < few.size(); ++j) {
            for (std::size_t k = j + 1; k < few.size(); ++k) {
                double worst = 0;
                for (const auto& place : places)
                    worst = std::max(worst, noiseAt(few[i], few[j], few[k], place[0], place[1]));
                if (worst < best) {
                    best = worst;
                    chosen = {few[i], few[j], few[k]};
                }
            }
        }
    }
    const bool tells = !chosen.empty() && noiseAt(chosen[0], chosen[1], chosen[2], resumeAt[0], resumeAt[1]) <= mostExtrapolated;
    if (!tells)
        return fail(none("the solid places of this part lie in a line or are fewer than three: they cannot tell the tilt"));
    return chosen;
}

} // namespace

Result<std::vector<Spot>> findSpots(const HeightMap& surely, const HeightMap& possibly, const std::vector<Box>& stops,
                                    const std::array<double, 2>& resumeAt, std::size_t count, const SpotRules& rules)
{
    const Found found = Search(surely, possibly, stops, rules).all();
    if (found.spots.empty())
        return fail(none(found.solid ? "every solid place is too near to an edge, to where the print stopped, or to something higher"
                                     : "nothing on this part is solid and flat enough to touch"));
    if (count >= 3)
        return bestThree(found.spots, surely.extents(), resumeAt);
    const auto far = [&](const Spot& spot) { return std::hypot(spot.x - resumeAt[0], spot.y - resumeAt[1]); };
    return std::vector<Spot>{*std::min_element(found.spots.begin(), found.spots.end(), [&](const Spot& a, const Spot& b) { return far(a) < far(b); })};
}

} // namespace kintsugi::recovery::touch
