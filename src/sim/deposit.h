// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kintsugi::sim {

/// A stretch of plastic where it truly lies on the bed (mm), with the file line that laid it.
struct Bead {
    double x0, y0, z0, x1, y1, z1;
    double filament;        ///< mm of filament
    double nozzle;          ///< °C while it was laid
    std::uint64_t begin;    ///< byte of its line in the printed file; UINT64_MAX when no file line laid it (prime, purge)
    int file = -1;          ///< index into Deposit::files
};

struct Deposit {
    std::vector<std::string> files; ///< names of the files printed, in order of first use
    std::vector<Bead> beads;        ///< in order of time
};

} // namespace kintsugi::sim
