// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QString>

#include "filecache.h"
#include "job.h"
#include "recovery/recoverable.h"

namespace kintsugi::app {

using Recoverability = std::shared_ptr<const std::vector<recovery::RecoverableLayer>>;

/// For a Job: reads the whole file. As recovery::recoverableLayers(), with the margin of the file's material; Cancelled.
[[nodiscard]] Result<Recoverability> judgeLayers(const OpenFile& file, const recovery::PrinterFacts& printer, const recovery::HeadEnvelope& envelope,
                                                 const JobControl& control);

/// Layers one after the other that lack the same.
struct RecoverableRun {
    std::size_t first = 0, last = 0;  ///< indices, from 0
    bool ok = true;
    QString text;                     ///< of one layer; see recoverableText()
};
[[nodiscard]] std::vector<RecoverableRun> recoverableRuns(const std::vector<recovery::RecoverableLayer>& layers);
/// "Recoverable: 12.0 mm of lift room, Z by touch, free-spot" or "Not recoverable: …", with every reason.
[[nodiscard]] QString recoverableText(const recovery::RecoverableLayer& layer);
/// The whole file in a sentence.
[[nodiscard]] QString recoverableText(const std::vector<recovery::RecoverableLayer>& layers);

} // namespace kintsugi::app
