// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/planpicture.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kintsugi::recovery {

namespace {

constexpr double sameHeight = 0.05; ///< mm
constexpr double leastWay = 0.5;    ///< mm: shorter ones say nothing of a direction

std::vector<HeightMark> heightsOf(const Plan& plan, const PlanMotions& motions, double partTop)
{
    using Kind = HeightMark::Kind;
    // What matters most comes first: a mark at the height of an earlier one is left out.
    std::vector<HeightMark> marks{{Kind::ResumeLayer, plan.layerZ}};
    const auto add = [&marks](Kind kind, double z) {
        const bool taken = std::ranges::any_of(marks, [z](const HeightMark& mark) { return std::abs(mark.z - z) < sameHeight; });
        if (!taken)
            marks.push_back({kind, z});
    };
    add(Kind::Lift, plan.liftToZ);
    if (partTop > 0)
        add(Kind::PartTop, partTop);
    if (plan.limited[2])
        add(Kind::Ceiling, plan.maximum[2]);
    for (const Motion& motion : motions.motions) {
        if (motion.kind != Motion::Kind::Approach)
            continue;
        add(Kind::ApproachStage, motion.from[2]);
        add(Kind::ApproachStage, motion.to[2]);
    }
    marks.push_back({Kind::Bed, 0});
    std::ranges::stable_sort(marks, {}, &HeightMark::z);
    return marks;
}

/// The last way across before the head comes down on the resume point.
Side sideOf(const PlanMotions& motions)
{
    const auto down = std::ranges::find_if(motions.motions, [](const Motion& m) { return m.kind == Motion::Kind::Approach; });
    for (auto it = down; it != motions.motions.begin();) {
        --it;
        const double dx = it->from[0] - it->to[0], dy = it->from[1] - it->to[1];
        if (std::hypot(dx, dy) < leastWay)
            continue;
        constexpr std::array around{Side::Right, Side::BackRight, Side::Back, Side::BackLeft, Side::Left, Side::FrontLeft, Side::Front, Side::FrontRight};
        const long eighth = std::lround(std::atan2(dy, dx) / (std::numbers::pi / 4));
        return around[static_cast<std::size_t>((eighth + 8) % 8)];
    }
    return Side::Above;
}

} // namespace

std::vector<SilhouettePiece> silhouetteOf(const HeightMap& map, int axis, std::size_t pieces)
{
    std::vector<SilhouettePiece> result;
    const gcode::Extents box = map.extents();
    if (!box.valid || pieces == 0)
        return result;
    const double low = axis == 0 ? box.minX : box.minY, high = axis == 0 ? box.maxX : box.maxY;
    const double cells = std::max(1.0, std::round((high - low) / map.cell()));
    const double each = std::ceil(cells / static_cast<double>(pieces)) * map.cell();
    const double inset = map.cell() * 0.01; // a strip's own cells only
    for (double from = low; from < high - inset; from += each) {
        const double to = std::min(from + each, high);
        const double top = axis == 0 ? map.highestIn(from + inset, box.minY, to - inset, box.maxY) : map.highestIn(box.minX, from + inset, box.maxX, to - inset);
        if (top > 0)
            result.push_back({from, to, std::max(0.0, top - map.margin())});
    }
    return result;
}

Message heightText(HeightMark::Kind kind)
{
    switch (kind) {
    case HeightMark::Kind::Bed: return {KINTSUGI_TEXT("bed"), {}};
    case HeightMark::Kind::PartTop: return {KINTSUGI_TEXT("top of the part so far"), {}};
    case HeightMark::Kind::ResumeLayer: return {KINTSUGI_TEXT("resume layer"), {}};
    case HeightMark::Kind::ApproachStage: return {KINTSUGI_TEXT("stage of the approach"), {}};
    case HeightMark::Kind::Lift: return {KINTSUGI_TEXT("travel height"), {}};
    case HeightMark::Kind::Ceiling: return {KINTSUGI_TEXT("highest Z of the printer"), {}};
    }
    return {};
}

Message sideText(Side side)
{
    switch (side) {
    case Side::Above: return {KINTSUGI_TEXT("above"), {}};
    case Side::Left: return {KINTSUGI_TEXT("the left"), {}};
    case Side::Right: return {KINTSUGI_TEXT("the right"), {}};
    case Side::Front: return {KINTSUGI_TEXT("the front"), {}};
    case Side::Back: return {KINTSUGI_TEXT("the back"), {}};
    case Side::FrontLeft: return {KINTSUGI_TEXT("the front left"), {}};
    case Side::FrontRight: return {KINTSUGI_TEXT("the front right"), {}};
    case Side::BackLeft: return {KINTSUGI_TEXT("the back left"), {}};
    case Side::BackRight: return {KINTSUGI_TEXT("the back right"), {}};
    }
    return {};
}

PlanPicture pictureOf(const Plan& plan, ClearanceReport report, HeadEnvelope envelope, const HeightMap& map)
{
    PlanPicture picture{.report = std::move(report), .envelope = std::move(envelope), .minimum = plan.minimum, .maximum = plan.maximum,
                        .resumeAt = {}, .shift = {}, .liftToZ = plan.liftToZ, .partTop = 0, .comesFrom = {}, .heights = {}, .silhouette = {}};
    const PlanMotions& motions = picture.report.plan;
    picture.resumeAt = motions.end;
    for (std::size_t axis = 0; axis < 2; ++axis)
        picture.shift[axis] = gcode::toMillimetres(plan.snapshot.state.shift[axis]);
    picture.partTop = map.highest() > 0 ? std::max(0.0, map.highest() - map.margin()) : 0.0;
    picture.comesFrom = sideOf(motions);
    picture.heights = heightsOf(plan, motions, picture.partTop);
    picture.silhouette = {silhouetteOf(map, 0), silhouetteOf(map, 1)};
    return picture;
}

} // namespace kintsugi::recovery
