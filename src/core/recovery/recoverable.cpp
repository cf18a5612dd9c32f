// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/recoverable.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "recovery/snapshot.h"
#include "recovery/travel.h"

namespace kintsugi::recovery {

namespace {

using Spot = std::array<double, 2>;

constexpr std::size_t mostChecks = 1000;
constexpr int gridSide = 9;           ///< candidates along each axis
constexpr double fromEdge = 5;        ///< mm, of the travel
constexpr double primeHeight = 0.3;   ///< mm, of the nozzle over the bed while it primes
constexpr double primeReach = 5;      ///< mm around the nozzle that a prime may cover
constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

/// What the head covers around the nozzle, from which height on.
struct Cover {
    double minX, minY, maxX, maxY, bottom;
};

std::vector<Cover> coversOf(const HeadEnvelope& envelope)
{
    constexpr double step = 2; // mm, between the rings of a cone
    std::vector<Cover> covers;
    for (const SolidOutline& solid : outlinesOf(envelope, step)) {
        constexpr double far = std::numeric_limits<double>::infinity();
        Cover cover{far, far, -far, -far, solid.bottom};
        for (const Place& corner : solid.outline) {
            cover.minX = std::min(cover.minX, corner[0]);
            cover.maxX = std::max(cover.maxX, corner[0]);
            cover.minY = std::min(cover.minY, corner[1]);
            cover.maxY = std::max(cover.maxY, corner[1]);
        }
        covers.push_back(cover);
    }
    return covers;
}

/// A place at which the head may come down, until something is in its way.
struct Candidate {
    Spot at{};
    std::size_t lostAt = never; ///< number of the layer
    bool staysFree = false;     ///< nothing is printed there later
};

class Survey
{
public:
    Survey(const PrinterFacts& printer, const Travel& travel, const RecoverableOptions& options) : m_covers(coversOf(options.envelope))
    {
        if (printer.primePlace)
            m_candidates.push_back({.at = *printer.primePlace});
        for (int y = 0; y < gridSide; ++y) {
            for (int x = 0; x < gridSide; ++x)
                m_candidates.push_back({.at = {place(travel, 0, x), place(travel, 1, y)}});
        }
        m_given = printer.primePlace.has_value();
    }

    /// After a layer: the places lost count as lost since the last time nothing was in their way.
    void check(const HeightMap& map, std::size_t since)
    {
        for (Candidate& candidate : m_candidates) {
            if (candidate.lostAt == never && isHit(map, candidate.at))
                candidate.lostAt = since;
        }
    }
    void finish(const HeightMap& map)
    {
        for (Candidate& candidate : m_candidates) {
            const auto [x, y] = candidate.at;
            candidate.staysFree = !map.printedIn(x - primeReach, y - primeReach, x + primeReach, y + primeReach)
                && !map.unknownIn(x - primeReach, y - primeReach, x + primeReach, y + primeReach);
        }
    }
    [[nodiscard]] std::optional<Spot> primePlace(std::size_t layer) const
    {
        if (m_given)
            return m_candidates.front().staysFree && m_candidates.front().lostAt > layer ? std::optional(m_candidates.front().at) : std::nullopt;
        return find([&](const Candidate& candidate) { return candidate.staysFree && candidate.lostAt > layer; });
    }
    [[nodiscard]] std::optional<Spot> freeSpot(std::size_t layer) const
    {
        return find([&](const Candidate& candidate) { return candidate.lostAt > layer; });
    }

private:
    static double place(const Travel& travel, std::size_t axis, int step)
    {
        const double low = *travel.minimum[axis] + fromEdge, high = *travel.maximum[axis] - fromEdge;
        return low + (high - low) * step / (gridSide - 1);
    }
    [[nodiscard]] bool isHit(const HeightMap& map, const Spot& at) const
    {
        return std::ranges::any_of(m_covers, [&](const Cover& cover) {
            const double x0 = at[0] + cover.minX, y0 = at[1] + cover.minY, x1 = at[0] + cover.maxX, y1 = at[1] + cover.maxY;
            return map.highestIn(x0, y0, x1, y1) > cover.bottom + primeHeight || map.unknownIn(x0, y0, x1, y1);
        });
    }
    template <class Accepts>
    [[nodiscard]] std::optional<Spot> find(Accepts&& accepts) const
    {
        const auto found = std::ranges::find_if(m_candidates, accepts);
        return found == m_candidates.end() ? std::nullopt : std::optional(found->at);
    }

    std::vector<Cover> m_covers;
    std::vector<Candidate> m_candidates;
    bool m_given = false;
};

std::vector<ZMethod> methodsOf(const PrinterFacts& printer, gcode::Dialect dialect, bool freeSpot)
{
    std::vector<ZMethod> methods;
    if (!printer.homeXyIsPlain)
        return methods;
    if (dialect == gcode::Dialect::Klipper && printer.plrPresent)
        methods.push_back(ZMethod::PlrZHome);
    if (dialect == gcode::Dialect::Klipper && printer.fourZ)
        methods.push_back(ZMethod::StockZplus);
    if (dialect != gcode::Dialect::Klipper && dialect != gcode::Dialect::Marlin1)
        methods.push_back(ZMethod::FirmwareLift);
    methods.push_back(ZMethod::Touch);
    if (printer.topEndstop && dialect == gcode::Dialect::Klipper)
        methods.push_back(ZMethod::TopEndstop);
    if (freeSpot)
        methods.push_back(ZMethod::FreeSpot);
    return methods;
}

/// What a resume must know; nothing when it is all there. Temperatures that a start macro is told count: a person confirms them.
std::optional<Message> missingState(const gcode::MachineState& state, const gcode::MachineState& started)
{
    if (!state.position[0] || !state.position[1] || !state.position[2] || state.unknownMotion)
        return Message{KINTSUGI_TEXT("where the head is comes from a macro of the printer"), {}};
    if (state.nativeUnknown != 0)
        return Message{KINTSUGI_TEXT("G92 renamed a place that only the printer knew"), {}};
    if (!state.hotend.contains(state.tool) && !started.hotend.contains(state.tool))
        return Message{KINTSUGI_TEXT("the file does not say how hot the nozzle is"), {}};
    return std::nullopt;
}

Result<> checkLimits(const Travel& travel)
{
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (!travel.knows(axis)) {
            Error error{.code = ErrorCode::UnknownState, .detail = "nobody said how far this printer goes: choose one whose volume is known (--profile)"};
            error.field = "travel";
            return fail(std::move(error));
        }
        const double low = *travel.minimum[axis], high = *travel.maximum[axis];
        if (!(std::isfinite(low) && std::isfinite(high) && high - low > (axis < 2 ? 2 * fromEdge : 0))) {
            Error error{.code = ErrorCode::BadValue, .detail = "no travel limits"};
            error.field = "travel";
            return fail(std::move(error));
        }
    }
    return {};
}

class Judge
{
public:
    Judge(const gcode::Source& source, const gcode::FileIndex& index, const PrinterFacts& printer, const Travel& travel, const RecoverableOptions& options)
        : m_source(source)
        , m_index(index)
        , m_printer(printer)
        , m_top(*travel.maximum[2])
        , m_survey(printer, travel, options)
    {
    }
    Result<std::vector<RecoverableLayer>> run(HeightMapSeries series, const gcode::Progress& progress);

private:
    Result<> add(const gcode::Layer& layer, HeightMapSeries& series, const gcode::MachineState& started);
    void complete(RecoverableLayer& layer, std::size_t number) const;

    const gcode::Source& m_source;
    const gcode::FileIndex& m_index;
    const PrinterFacts& m_printer;
    double m_top;
    Survey m_survey;
    std::vector<RecoverableLayer> m_layers;
};

Result<std::vector<RecoverableLayer>> Judge::run(HeightMapSeries series, const gcode::Progress& progress)
{
    const auto started = snapshotFromFile(m_source, m_index, m_index.firstExtrusion.value_or(0));
    if (!started)
        return fail(started.error());
    const std::size_t count = m_index.layers.size(), step = std::max<std::size_t>((count + mostChecks - 1) / mostChecks, 1);
    std::size_t checked = 0;
    for (std::size_t number = 0; number < count; ++number) {
        const gcode::Layer& layer = m_index.layers[number];
        if (progress && !progress(static_cast<double>(layer.begin) / static_cast<double>(std::max<std::uint64_t>(m_index.size, 1))))
            return fail(ErrorCode::Cancelled);
        if (const auto done = add(layer, series, started->state); !done)
            return fail(done.error());
        if (number % step == step - 1 || number + 1 == count) {
            m_survey.check(series.map(), checked);
            checked = number + 1;
        }
    }
    if (const auto done = series.extend(m_index.size); !done)
        return fail(done.error());
    m_survey.finish(series.map());
    for (std::size_t number = 0; number < m_layers.size(); ++number)
        complete(m_layers[number], number);
    return std::move(m_layers);
}

/// The state that counts is the one in which the layer begins to print, the map that of its end.
Result<> Judge::add(const gcode::Layer& layer, HeightMapSeries& series, const gcode::MachineState& started)
{
    RecoverableLayer& out = m_layers.emplace_back();
    out.index = layer.index;
    if (const auto done = series.extend(layer.firstExtrusion.value_or(layer.begin)); !done)
        return done;
    if (auto why = layer.firstExtrusion ? missingState(series.state(), started) : std::nullopt)
        out.reasons.push_back({Lack::State, std::move(*why)});
    if (const auto done = series.extend(layer.end); !done)
        return done;
    out.highest = series.map().highest();
    out.liftRoom = m_top - out.highest - m_printer.clearance;
    if (!(out.liftRoom >= 0)) {
        out.reasons.push_back({Lack::LiftRoom, {KINTSUGI_TEXT("the head cannot rise above what is printed: it takes Z %1 mm, and %2 mm is the highest"),
                                                {decimal(out.highest + m_printer.clearance), decimal(m_top)}}});
    }
    if (series.map().unknown().any)
        out.reasons.push_back({Lack::Unknown, {KINTSUGI_TEXT("something was printed at places that the file does not tell"), {}}});
    return {};
}

void Judge::complete(RecoverableLayer& layer, std::size_t number) const
{
    layer.primePlace = m_survey.primePlace(number);
    layer.freeSpot = m_survey.freeSpot(number);
    layer.methods = methodsOf(m_printer, m_index.dialect, layer.freeSpot.has_value());
    if (layer.methods.empty())
        layer.reasons.push_back({Lack::ZMethod, {KINTSUGI_TEXT("homing X and Y also moves Z on this printer: nothing but an unbroken motor supply keeps Z"), {}}});
    if (!layer.primePlace)
        layer.reasons.push_back({Lack::PrimePlace, {KINTSUGI_TEXT("nowhere beside the print can the head come down to prime"), {}}});
}

} // namespace

std::string_view name(Lack lack)
{
    switch (lack) {
    case Lack::LiftRoom: return "lift-room";
    case Lack::ZMethod: return "z-method";
    case Lack::PrimePlace: return "prime-place";
    case Lack::State: return "state";
    case Lack::Unknown: return "unknown-places";
    }
    return "";
}

Result<std::vector<RecoverableLayer>> recoverableLayers(const gcode::Source& source, const gcode::FileIndex& index, const PrinterFacts& printer,
                                                        const RecoverableOptions& options, const gcode::Progress& progress)
{
    const Travel travel = travelOf(printer, index);
    if (const auto good = checkLimits(travel); !good)
        return fail(good.error());
    if (const auto good = checkEnvelope(options.envelope); !good)
        return fail(good.error());
    auto series = HeightMapSeries::make(source, index, options.map);
    if (!series)
        return fail(series.error());
    return Judge(source, index, printer, travel, options).run(std::move(*series), progress);
}

} // namespace kintsugi::recovery
