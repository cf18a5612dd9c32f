// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobend.h"

#include <limits>

namespace kintsugi::app {

using namespace Qt::StringLiterals;
using recovery::StopCause;

bool isDown(link::HostState state)
{
    return state == link::HostState::Shutdown || state == link::HostState::Error || state == link::HostState::Disconnected;
}

StopCause causeOf(const link::HostInfo& host)
{
    const QString& message = host.stateMessage;
    if (host.state == link::HostState::Disconnected)
        return StopCause::HostLost;
    if (message.contains("M112"_L1) || message.contains("emergency"_L1, Qt::CaseInsensitive)
        || message.contains("Shutdown due to webhooks request"_L1))
        return StopCause::EmergencyStop;
    if (message.contains("Lost communication with MCU"_L1))
        return StopCause::PrinterPowerLost;
    return StopCause::FirmwareShutdown;
}

std::optional<JobEnd> endOf(const QString& status, bool hostRebooted)
{
    if (status.isEmpty() || status == "in_progress"_L1)
        return std::nullopt;
    if (status == "completed"_L1)
        return JobEnd{JobState::Completed};
    if (status == "cancelled"_L1)
        return JobEnd{JobState::Cancelled};
    if (status == "klippy_shutdown"_L1)
        return JobEnd{JobState::Interrupted, StopCause::FirmwareShutdown};
    if (status == "error"_L1)
        return JobEnd{JobState::Interrupted, StopCause::Unknown};
    return JobEnd{JobState::Interrupted, hostRebooted ? StopCause::PrinterAndHostLost : StopCause::HostLost};
}

const link::RemoteJob* matching(const std::vector<link::RemoteJob>& jobs, const PrintJob& job)
{
    constexpr double slack = 5; ///< s between the two observers of one start
    const link::RemoteJob* newest = nullptr;
    for (const link::RemoteJob& remote : jobs) {
        if (!job.remoteId.isEmpty()) {
            if (remote.id == job.remoteId)
                return &remote;
            continue;
        }
        const bool holdsStart = remote.startTime <= job.startTime + slack
                                && remote.endTime.value_or(std::numeric_limits<double>::infinity()) >= job.startTime - slack;
        if (remote.file == job.file && holdsStart && (!newest || remote.startTime > newest->startTime))
            newest = &remote;
    }
    return newest;
}

} // namespace kintsugi::app
