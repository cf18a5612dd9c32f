// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/plan.h"

#include "recovery/planbuilder.h"

namespace kintsugi::recovery {

std::string_view name(ZMethod method)
{
    switch (method) {
    case ZMethod::StockZplus: return "stock-zplus";
    case ZMethod::PlrZHome: return "plr-z-home";
    case ZMethod::Keep: return "keep";
    case ZMethod::FirmwareLift: return "firmware-lift";
    case ZMethod::Touch: return "touch";
    case ZMethod::FreeSpot: return "free-spot";
    case ZMethod::TopEndstop: return "top-endstop";
    }
    return "keep";
}

std::optional<ZMethod> zMethodFromName(std::string_view text)
{
    for (const ZMethod method : {ZMethod::StockZplus, ZMethod::PlrZHome, ZMethod::Keep, ZMethod::FirmwareLift, ZMethod::Touch,
                                 ZMethod::FreeSpot, ZMethod::TopEndstop}) {
        if (name(method) == text)
            return method;
    }
    return std::nullopt;
}

double zOffsetOf(const gcode::MachineState& state)
{
    const auto offset = state.gcodeOffset.find("Z");
    return (offset == state.gcodeOffset.end() ? 0.0 : offset->second) + gcode::toMillimetres(state.babystep[2]);
}

double trueHeight(const gcode::MachineState& state, double z)
{
    return z - gcode::toMillimetres(state.shift[2]) + zOffsetOf(state);
}

Result<Plan> planResume(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot,
                        const PrinterFacts& printer, const PlanOptions& options)
{
    return PlanBuilder(source, index, snapshot, printer, options).build();
}

} // namespace kintsugi::recovery
