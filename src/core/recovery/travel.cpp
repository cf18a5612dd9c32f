// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/travel.h"

#include <algorithm>

#include "gcode/statedvolume.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

Travel travelOf(const PrinterFacts& printer, const gcode::FileIndex& index)
{
    const gcode::StatedVolume stated = gcode::statedVolume(index);
    Travel travel{.minimum = printer.minimum, .maximum = printer.maximum, .fromFile = {}};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (travel.knows(axis) || !stated.minimum[axis] || !stated.maximum[axis])
            continue;
        travel.minimum[axis] = travel.minimum[axis] ? travel.minimum[axis] : stated.minimum[axis];
        travel.maximum[axis] = travel.maximum[axis] ? travel.maximum[axis] : stated.maximum[axis];
        travel.fromFile = stated.basis;
    }
    return travel;
}

Result<Travel> travelBefore(const gcode::Source& source, const gcode::FileIndex& index, const PrinterFacts& printer, ByteOffset byte)
{
    Travel travel = travelOf(printer, index);
    const gcode::Extents& all = index.printed;
    const std::array<double, 3> low{all.minX, all.minY, all.minZ}, high{all.maxX, all.maxY, all.maxZ};
    std::array<bool, 3> widens{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const bool own = printer.minimum[axis] && printer.maximum[axis];
        widens[axis] = !own && travel.knows(axis) && all.valid && (low[axis] < *travel.minimum[axis] || high[axis] > *travel.maximum[axis]);
    }
    if (!widens[0] && !widens[1] && !widens[2])
        return travel;
    const auto done = walk(source, index, 0, byte, [&](const Walked& walked) {
        if (!walked.prints())
            return true;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const auto& at = walked.after.position[axis];
            if (!widens[axis] || !at || ((walked.after.nativeUnknown >> axis) & 1U) != 0)
                continue;
            const double place = gcode::toMillimetres(*at - walked.after.shift[axis]);
            travel.minimum[axis] = std::min(*travel.minimum[axis], printer.minimum[axis].value_or(place));
            travel.maximum[axis] = std::max(*travel.maximum[axis], printer.maximum[axis].value_or(place));
        }
        return true;
    });
    return done ? Result<Travel>(std::move(travel)) : Result<Travel>(fail(done.error()));
}

} // namespace kintsugi::recovery
