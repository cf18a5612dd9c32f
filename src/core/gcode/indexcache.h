// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// Reads every byte of the source again and compares it with the index: before anything is written or launched, because
/// an index that was kept on disk was believed on samples. FileChanged (another length or content), FileUnreadable,
/// Cancelled.
[[nodiscard]] Result<> verifyWhole(const Source& source, const FileIndex& index, const Progress& progress = {});

} // namespace kintsugi::gcode
