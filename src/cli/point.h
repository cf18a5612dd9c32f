// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gcode/fileindex.h"

namespace CLI {
class App;
}

namespace kintsugi::cli {

/// --byte, --layer, --z, --line, --caliper or --likely: at most one of them.
struct PointOptions {
    std::optional<std::uint64_t> byte, line;
    std::optional<std::uint64_t> layer; ///< from 0
    std::optional<double> z;          ///< mm
    std::vector<std::string> caliper; ///< MM or MM@X,Y each: heights measured on the part
    bool likely = false;              ///< the line it most likely stopped on; only where something was recorded

    enum class Recorded { No, Yes };
    void add(CLI::App& command, bool required, Recorded recorded = Recorded::No);
    [[nodiscard]] bool given() const { return byte || line || layer || z || likely || !caliper.empty(); }
};

/// The start of the line that is meant; for caliper readings the layer above the one they fit. BadByte, BadValue,
/// AfterLastExtrusion, BadUsage (`likely` needs a record: the caller answers it).
[[nodiscard]] Result<gcode::Located> locate(const PointOptions& point, const gcode::Source& source, const gcode::FileIndex& index);

} // namespace kintsugi::cli
