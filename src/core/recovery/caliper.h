// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "gcode/fileindex.h"

namespace kintsugi::recovery {

/// A height measured on the part. Tall features differ, so the place matters.
struct CaliperReading {
    double mm = 0;                             ///< height above the bed
    std::optional<std::array<double, 2>> at;   ///< X Y in mm; nullopt = the highest printed point
};

/// A layer the part may have been printed up to.
struct LayerByHeight {
    std::size_t layer = 0;
    double z = 0;                              ///< mm, of the layer
    std::vector<double> expected;              ///< mm, what each reading should show after this layer; one per reading
    double worst = 0;                          ///< mm, largest difference between reading and expectation
};

/// Layers that fit the readings, best first, at most `count`. BadValue: no reading, or one that no layer explains.
[[nodiscard]] Result<std::vector<LayerByHeight>> layersByCaliper(const gcode::Source& source, const gcode::FileIndex& index,
                                                                const std::vector<CaliperReading>& readings,
                                                                std::size_t count = 5, const gcode::Progress& progress = {});

} // namespace kintsugi::recovery
