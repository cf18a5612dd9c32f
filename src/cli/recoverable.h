// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonArray>

#include "gcode/indexcache.h"
#include "output.h"
#include "recovery/recoverable.h"

namespace kintsugi::cli {

/// Each layer of the file on this printer, see recovery::recoverableLayers(). Shows how far it is; Cancelled after SIGINT or SIGTERM.
[[nodiscard]] Result<std::vector<recovery::RecoverableLayer>> judgeLayers(const Output& out, const gcode::Indexed& opened,
                                                                          const recovery::PrinterFacts& printer);
/// [{index, ok, reasons: [{id, text}], highest, lift_room, z_methods, prime_place, free_spot}]
[[nodiscard]] QJsonArray recoverableJson(const std::vector<recovery::RecoverableLayer>& layers);
/// One line for each stretch of layers of which the same is true.
void showRecoverable(const Output& out, const std::vector<recovery::RecoverableLayer>& layers);

} // namespace kintsugi::cli
