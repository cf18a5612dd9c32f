// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/plan.h"

namespace kintsugi::recovery {

/// Travel limits, mm, by the best there is: the printer's own, else the volume that the file's slicer believed in.
struct Travel {
    std::array<std::optional<double>, 3> minimum{}, maximum{};
    std::string fromFile; ///< the setting, where one of them is only the file's
    [[nodiscard]] bool knows(std::size_t axis) const { return minimum[axis] && maximum[axis]; }
    [[nodiscard]] bool knowsAll() const { return knows(0) && knows(1) && knows(2); }
};
[[nodiscard]] Travel travelOf(const PrinterFacts& printer, const gcode::FileIndex& index);

/// The same for a plan. What is printed before `byte` widens a volume that is only the file's: the printer went there. Errors of reading.
[[nodiscard]] Result<Travel> travelBefore(const gcode::Source& source, const gcode::FileIndex& index, const PrinterFacts& printer, ByteOffset byte);

} // namespace kintsugi::recovery
