// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QByteArray>
#include <QString>

#include "base/result.h"
#include "gcode/fileindex.h"
#include "recovery/plan.h"
#include "recovery/stopinterval.h"

namespace kintsugi::app {

/// Line drawings of a plan for the report: SVG, black on white, told apart by weight and dash as well as by colour.
struct ProofPicture {
    QString title, caption; ///< the caption says in words what is to be seen
    QByteArray svg;
    int width = 0, height = 0; ///< px at 96 a inch
};

/// The layer in which the print goes on, from above: what is printed, what is to come, the resume point and where it
/// stopped. Errors of reading.
[[nodiscard]] Result<ProofPicture> layerPicture(const gcode::Source& source, const gcode::FileIndex& index, const recovery::Plan& plan,
                                                const std::optional<recovery::StopInterval>& stop);
/// The heights the plan goes through, from the side: bed, part, travel height, and the printer's highest Z.
[[nodiscard]] ProofPicture heightPicture(const recovery::Plan& plan);

} // namespace kintsugi::app
