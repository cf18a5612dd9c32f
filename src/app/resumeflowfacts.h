// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include "recovery/gate.h"
#include "session.h"

namespace kintsugi::app {

/// What the plan and the gate want to know of the printer, as it answers now.
struct PlanFacts {
    recovery::GateFacts gate;
    recovery::PrinterFacts printer;   ///< the profile, corrected by the printer's own configuration
    std::optional<double> nozzleNow;  ///< °C
    std::optional<Error> unread;      ///< why status, folder or configuration is missing
};
struct PlanQuestion {
    std::shared_ptr<const OpenFile> file; ///< the original
    std::optional<double> minutesSinceStop;
    bool partStuck = false, nothingMoved = false;
};

/// Asks the printer (queries only) and answers once; what it does not answer stays unknown.
void gatherFacts(Session& session, const PlanQuestion& question, QObject* context, std::function<void(const PlanFacts&)> reply);

/// Limits, Z motors and macros from Klipper's configfile.settings.
void applySettings(PlanFacts& facts, const QJsonObject& settings);
/// The same for the host's saved variables: the plugin's stored heights.
void applyVariables(PlanFacts& facts, const QJsonObject& variables);

} // namespace kintsugi::app
