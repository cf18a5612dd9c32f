// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "driver.h"
#include "resumeflow.h"

namespace kintsugi::app {

/// What is known about a stop, from before and after it.
struct StopEvidence {
    PrintJob job;
    std::vector<recovery::Sample> samples;  ///< the job's last ones, ascending
    std::vector<Event> events;              ///< of the job
    std::optional<recovery::Sample> now;    ///< after the stop; nullopt while the printer is not there
    std::optional<link::RemoteJob> remote;  ///< the server's record of the job
    link::HostInfo host;
};

/// Every cause with its evidence, likeliest first.
[[nodiscard]] std::vector<CauseEvidence> weighCauses(const StopEvidence& evidence);
/// The likeliest one, Unknown when nothing speaks clearly.
[[nodiscard]] recovery::StopCause likeliestCause(const std::vector<CauseEvidence>& causes);

} // namespace kintsugi::app
