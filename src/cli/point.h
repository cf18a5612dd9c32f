// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "gcode/fileindex.h"

namespace CLI {
class App;
}

namespace kintsugi::cli {

/// --byte, --layer, --z or --line: at most one of them.
struct PointOptions {
    std::optional<std::uint64_t> byte, line;
    std::optional<std::size_t> layer; ///< from 0
    std::optional<double> z;          ///< mm

    void add(CLI::App& command, bool required);
    [[nodiscard]] bool given() const { return byte || line || layer || z; }
};

/// The start of the line that is meant. BadByte.
[[nodiscard]] Result<gcode::Located> locate(const PointOptions& point, const gcode::Source& source, const gcode::FileIndex& index);

} // namespace kintsugi::cli
