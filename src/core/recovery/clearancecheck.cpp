// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/clearancecheck.h"

#include <algorithm>
#include <cmath>

namespace kintsugi::recovery {

namespace {

constexpr double arcSlack = 0.02; ///< mm, arcs are chords

Hull grownHull(const Hull& hull, double by)
{
    return swept(hull, {{-by, -by}, {by, -by}, {by, by}, {-by, by}});
}

} // namespace

Rectangle grown(const Rectangle& area, const Rectangle& by)
{
    return {area.minX + by.minX, area.minY + by.minY, area.maxX + by.maxX, area.maxY + by.maxY};
}

std::vector<HeadPart> partsOf(const HeadEnvelope& envelope, double cell)
{
    std::vector<HeadPart> parts;
    for (const SolidOutline& outline : outlinesOf(envelope, cell)) {
        HeadPart part{grownHull(outline.outline, arcSlack), {}, outline.bottom, envelope.solids[outline.solid].kind};
        part.box = rectangleOf(part.outline);
        parts.push_back(std::move(part));
    }
    return parts;
}

Result<HeightField> fieldOf(const HeightMap& map, const std::array<double, 3>& minimum, const std::array<double, 3>& maximum)
{
    const gcode::Extents printed = map.extents();
    Rectangle area = printed.valid ? Rectangle{printed.minX, printed.minY, printed.maxX, printed.maxY} : Rectangle{};
    const UnknownPlaces& unknown = map.unknown();
    Rectangle doubt;
    if (unknown.any) {
        constexpr double around = 50; // mm: plastic lies on the bed, wherever that is
        doubt = {std::max(unknown.minX, minimum[0] - around), std::max(unknown.minY, minimum[1] - around),
                 std::min(unknown.maxX, maximum[0] + around), std::min(unknown.maxY, maximum[1] + around)};
        if (!(unknown.highest <= maximum[2] + around)) {
            Error error{.code = ErrorCode::Unsafe, .detail = "something was printed at a height that is not known", .byte = unknown.first};
            error.field = "map";
            return fail(std::move(error));
        }
        const auto down = [&map](double value) { return std::floor(value / map.cell()) * map.cell(); };
        area = printed.valid ? Rectangle{std::min(area.minX, down(doubt.minX)), std::min(area.minY, down(doubt.minY)), std::max(area.maxX, doubt.maxX),
                                         std::max(area.maxY, doubt.maxY)}
                             : Rectangle{down(doubt.minX), down(doubt.minY), doubt.maxX, doubt.maxY};
    }
    HeightField field(area, map.cell(), [&map](double x, double y) { return map.printedAt(x, y); });
    if (unknown.any && doubt.minX <= doubt.maxX && doubt.minY <= doubt.maxY)
        field.raise({{doubt.minX, doubt.minY}, {doubt.maxX, doubt.minY}, {doubt.maxX, doubt.maxY}, {doubt.minX, doubt.maxY}}, unknown.highest);
    return field;
}

ClearanceCheck::ClearanceCheck(ClearanceReport& report, const std::vector<HeadPart>& parts, const Plan& plan, const ClearanceOptions& options, double margin)
    : m_report(report), m_parts(parts), m_plan(plan), m_options(options), m_margin(margin)
{
    const gcode::MachineState& state = plan.snapshot.state;
    const auto offset = state.gcodeOffset.find("Z");
    m_mapAbove = std::max(0.0, -((offset == state.gcodeOffset.end() ? 0.0 : offset->second) + gcode::toMillimetres(state.babystep[2])));
}

ClearanceCheck::Sweep ClearanceCheck::sweepOf(const Motion& motion)
{
    return {motion.hull, rectangleOf(motion.hull), motion.low, motion.from, motion.to, motion.step, 0, 0, &motion.line};
}

ClearanceHit ClearanceCheck::hitOf(const Sweep& sweep, const HeadPart& part, double clearance, double required, const HeightField::Peak& peak) const
{
    return {part.kind, clearance, required, {peak.at[0], peak.at[1], peak.z}, sweep.from, sweep.to, sweep.step, sweep.line, sweep.byte,
            sweep.text ? *sweep.text : std::string()};
}

void ClearanceCheck::plan(const HeightField& field, const std::vector<Motion>& motions)
{
    for (const Motion& motion : motions) {
        const Sweep sweep = sweepOf(motion);
        limits(sweep, motion.high, motion.checkLimits);
        switch (motion.kind) {
        case Motion::Kind::Lift:
        case Motion::Kind::HiddenLift:
            break;
        case Motion::Kind::Approach:
            others(field, sweep, nullptr);
            break;
        case Motion::Kind::Probing:
            travel(field, sweep, true);
            break;
        case Motion::Kind::Descent:
        case Motion::Kind::Homing:
        case Motion::Kind::Travel:
        case Motion::Kind::Prime:
            travel(field, sweep);
            break;
        }
    }
}

void ClearanceCheck::press(const HeightField& field, const HeightField& raw, const std::vector<Motion>& motions)
{
    for (const Motion& motion : motions)
        if (motion.kind == Motion::Kind::Approach)
            nozzle(field, raw, sweepOf(motion));
}

/// `towardsTheBed`: only what is printed counts, the bed is what is looked for.
void ClearanceCheck::travel(const HeightField& field, const Sweep& sweep, bool towardsTheBed)
{
    const double required = m_options.clearance;
    for (const HeadPart& part : m_parts) {
        const double under = sweep.low + part.bottom;
        const double bound = under - field.highestIn(grown(sweep.box, part.box)) - m_margin;
        if (bound >= required && m_report.lowest && bound >= m_report.lowest->clearance)
            continue;
        const HeightField::Peak peak = field.highestUnder(swept(sweep.hull, part.outline));
        if (towardsTheBed && peak.z <= 0)
            continue;
        const double margin = peak.z > 0 ? m_margin : 0; // the bed does not curl
        const double clearance = under - peak.z - margin;
        const ClearanceHit hit = hitOf(sweep, part, clearance, required, peak);
        if (!m_report.lowest || clearance < m_report.lowest->clearance)
            m_report.lowest = hit;
        if (!m_collision && clearance + margin < -heightNoise)
            m_collision = hit;
        if (!m_tooLow && clearance < required - heightNoise)
            m_tooLow = hit;
    }
}

/// May come near, but not touch.
void ClearanceCheck::others(const HeightField& field, const Sweep& sweep, std::optional<ClearanceHit>* lowest)
{
    for (const HeadPart& part : m_parts) {
        if (part.isNozzle())
            continue;
        const double under = sweep.low + part.bottom + m_mapAbove;
        const double bound = under - field.highestIn(grown(sweep.box, part.box));
        if (bound >= 0 && (!lowest || (*lowest && bound >= (*lowest)->clearance)))
            continue;
        const HeightField::Peak peak = field.highestUnder(swept(sweep.hull, part.outline));
        const double clearance = under - peak.z;
        if (lowest && (!*lowest || clearance < (*lowest)->clearance))
            *lowest = hitOf(sweep, part, clearance, 0, peak);
        if (!m_collision && clearance < -heightNoise)
            m_collision = hitOf(sweep, part, clearance, 0, peak);
    }
}

void ClearanceCheck::nozzle(const HeightField& field, const HeightField& raw, const Sweep& sweep)
{
    for (const HeadPart& part : m_parts) {
        if (!part.isNozzle())
            continue;
        const double under = sweep.low + part.bottom + m_mapAbove;
        if (under >= field.highestIn(grown(sweep.box, part.box)))
            continue;
        const HeightField::Peak peak = field.highestUnder(swept(sweep.hull, part.outline));
        if (peak.z - under <= pressNoise)
            continue;
        const double depth = raw.at(peak.at) - under;
        const ClearanceHit hit = hitOf(sweep, part, -depth, 0, {raw.at(peak.at), peak.at});
        if (!m_pressed)
            m_pressed = hit;
        if (depth > m_report.pressedMm) {
            m_report.pressedMm = depth;
            m_report.deepest = hit;
        }
    }
}

void ClearanceCheck::limits(const Sweep& sweep, double high, bool across)
{
    constexpr double slack = 1e-3; // mm
    if (m_outside)
        return;
    double beyond = m_plan.limited[2] ? high - m_plan.maximum[2] : 0; // where nobody knows the travel, nothing leaves it
    for (std::size_t axis = 0; across && axis < 2; ++axis) { // a switch may stand a little outside: only where a move goes to counts
        if (m_plan.limited[axis])
            beyond = std::max({beyond, m_plan.minimum[axis] - sweep.to[axis], sweep.to[axis] - m_plan.maximum[axis]});
    }
    if (beyond > slack)
        m_outside = ClearanceHit{SolidKind::Nozzle, -beyond, 0, sweep.to, sweep.from, sweep.to, sweep.step, sweep.line, sweep.byte,
                                 sweep.text ? *sweep.text : std::string()};
}

// --- tail ---

void TailClearance::begin(Pass pass, const HeightField* field, const HeightField* raw)
{
    m_pass = pass;
    m_field = field;
    m_raw = raw;
    m_grown = *raw;
    m_group.clear();
    m_lowestOther = 1e9;
    for (const HeadPart& part : m_parts)
        if (!part.isNozzle())
            m_lowestOther = std::min(m_lowestOther, part.bottom);
}

void TailClearance::add(const TailMove& move)
{
    constexpr std::size_t together = 128;
    m_group.push_back(move);
    if (m_group.size() >= together)
        flush();
}

void TailClearance::finish()
{
    flush();
}

void TailClearance::flush()
{
    if (m_group.empty())
        return;
    const auto corner = [](const TailMove& move, std::size_t axis, bool low) {
        return low ? std::min(move.from[axis], move.to[axis]) : std::max(move.from[axis], move.to[axis]);
    };
    Rectangle box{corner(m_group[0], 0, true), corner(m_group[0], 1, true), corner(m_group[0], 0, false), corner(m_group[0], 1, false)};
    double low = corner(m_group[0], 2, true), top = m_depositTop;
    for (const TailMove& move : m_group) {
        box = {std::min(box.minX, corner(move, 0, true)), std::min(box.minY, corner(move, 1, true)), std::max(box.maxX, corner(move, 0, false)),
               std::max(box.maxY, corner(move, 1, false))};
        low = std::min(low, corner(move, 2, true));
        top = std::max(top, move.extrudes ? corner(move, 2, false) : top);
    }
    const bool inside = box.minX >= m_plan.minimum[0] && box.minY >= m_plan.minimum[1] && box.maxX <= m_plan.maximum[0] && box.maxY <= m_plan.maximum[1];
    bool clear = inside && low + m_lowestOther >= top; // what the group itself prints is out of reach
    for (const HeadPart& part : m_parts) {
        const HeightField& field = part.isNozzle() ? *m_field : m_grown;
        const double bound = low + part.bottom + m_mapAbove - field.highestIn(grown(box, part.box));
        const bool lower = !part.isNozzle() && (!m_report.lowestTail || bound < m_report.lowestTail->clearance);
        clear = clear && bound >= 0 && (m_pass == Pass::Press || !lower);
    }
    for (const TailMove& move : m_group) {
        if (!clear)
            one(move);
        if (m_pass == Pass::First && move.extrudes) {
            if (!m_firstLine)
                m_firstLine = move;
            const auto single = [](double value) { return static_cast<float>(value); };
            m_deposits.push_back({single(move.from[0]), single(move.from[1]), single(move.to[0]), single(move.to[1]),
                                  single(corner(move, 2, false)), move.byte});
            m_depositTop = std::max(m_depositTop, corner(move, 2, false));
        }
    }
    m_group.clear();
}

void TailClearance::one(const TailMove& move)
{
    constexpr double stair = 0.2; // mm
    const double up = move.to[2] - move.from[2];
    const bool across = move.from[0] != move.to[0] || move.from[1] != move.to[1];
    if (!across && up >= 0)
        return;
    const auto pieces = across ? static_cast<std::size_t>(std::clamp(std::ceil(std::abs(up) / stair), 1.0, 100.0)) : std::size_t{1};
    for (std::size_t piece = 0; piece < pieces; ++piece)
        part(move, static_cast<double>(piece) / static_cast<double>(pieces), static_cast<double>(piece + 1) / static_cast<double>(pieces));
}

void TailClearance::part(const TailMove& move, double t0, double t1)
{
    const auto at = [&move](double t) {
        std::array<double, 3> p{};
        for (std::size_t axis = 0; axis < 3; ++axis)
            p[axis] = move.from[axis] + (move.to[axis] - move.from[axis]) * t;
        return p;
    };
    Sweep sweep;
    sweep.from = at(t0);
    sweep.to = at(t1);
    sweep.hull = hullOf({{sweep.from[0], sweep.from[1]}, {sweep.to[0], sweep.to[1]}});
    sweep.box = rectangleOf(sweep.hull);
    sweep.low = std::min(sweep.from[2], sweep.to[2]);
    sweep.line = move.line;
    sweep.byte = move.byte;
    limits(sweep, std::max(sweep.from[2], sweep.to[2]), true);
    if (m_pass == Pass::Press)
        return nozzle(*m_field, *m_raw, sweep);
    for (const HeadPart& head : m_parts) // only whether a second look is needed
        m_touches = m_touches || (head.isNozzle() && sweep.low + head.bottom + m_mapAbove < m_field->highestIn(grown(sweep.box, head.box)));
    if (sweep.low + m_lowestOther < m_depositTop)
        for (; m_applied < m_deposits.size(); ++m_applied)
            deposit(m_grown, m_deposits[m_applied], m_options.lineWidth);
    others(m_grown, sweep, &m_report.lowestTail);
}

void TailClearance::deposit(HeightField& field, const Deposit& line, double width) const
{
    const auto wide = [](float value) { return static_cast<double>(value); };
    const Hull path = hullOf({{wide(line.x0), wide(line.y0)}, {wide(line.x1), wide(line.y1)}});
    field.raise(grownHull(path, width / 2), wide(line.z));
}

HeightField TailClearance::printedBefore(ByteOffset byte, const HeightField& like) const
{
    HeightField field = like;
    field.change([](double, const Place&) { return 0.0; });
    for (const Deposit& line : m_deposits)
        if (line.byte < byte)
            deposit(field, line, m_options.lineWidth + 2 * field.cell());
    return field;
}

} // namespace kintsugi::recovery
