// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "driver.h"
#include "store.h"

/// How a print ended, from what host and server say. Pure.
namespace kintsugi::app {

[[nodiscard]] bool isDown(link::HostState state); ///< shut down, failed or gone: nothing prints there
/// The host went down while it printed.
[[nodiscard]] recovery::StopCause causeOf(const link::HostInfo& host);

struct JobEnd {
    JobState state = JobState::Interrupted;
    recovery::StopCause cause = recovery::StopCause::Unknown;
};
/// The server's history; nullopt while in progress. `hostRebooted`: its monotonic clock began anew since.
[[nodiscard]] std::optional<JobEnd> endOf(const QString& remoteStatus, bool hostRebooted);
/// The server's record of our job: by id, else the newest of the file whose time holds our start.
[[nodiscard]] const link::RemoteJob* matching(const std::vector<link::RemoteJob>& jobs, const PrintJob& job);

} // namespace kintsugi::app
