// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include "recovery/gate.h"
#include "recovery/zuncertainty.h"
#include "session.h"

namespace kintsugi::app {

/// What the plan and the gate want to know of the printer, as it answers now.
struct PlanFacts {
    recovery::GateFacts gate;
    recovery::PrinterFacts printer;   ///< the profile, corrected by the printer's own configuration
    std::optional<double> nozzleNow;  ///< °C
    recovery::ZMechanics mechanics;
    recovery::ZEvidence evidence;
    std::optional<link::Driver::MeshProfiles> meshes;
    std::string letGo;                ///< a line since the stop that let go of the motors or told Z anew; "" = none was seen
    std::string beforeResume, afterResume; ///< the plugin's own scripts around its climb
    std::shared_ptr<const std::vector<recovery::Sample>> samples; ///< of the print, to be compared with its file; may be nullptr
    std::optional<Error> unread;      ///< why status, folder or configuration is missing
};
struct PlanQuestion {
    std::shared_ptr<const OpenFile> file; ///< the original
    std::optional<double> minutesSinceStop;
    bool partStuck = false, nothingMoved = false;
    bool prove = false;               ///< read pieces of the printer's file and compare them with ours
    bool zeroCopy = false;            ///< the printer's own file is to be continued
    ByteOffset byte = 0;              ///< where it is to go on
    double printBegan = 0;            ///< s since epoch UTC: what failed before does not count
    std::optional<double> printEnded; ///< s since epoch UTC
    bool heaterRepaired = false;
    std::optional<double> zAtStop;    ///< mm
    std::optional<double> fileModified; ///< s since epoch UTC, of the printer's file when it was last looked at
};

/// Asks the printer (queries only) and answers once; what it does not answer stays unknown.
void gatherFacts(Session& session, const PlanQuestion& question, QObject* context, std::function<void(const PlanFacts&)> reply);

/// Limits, Z motors, macros and the whole configuration from Klipper's configfile.settings.
void applySettings(PlanFacts& facts, const QJsonObject& settings);
/// configfile.settings as core reads it.
[[nodiscard]] recovery::KlipperConfig toConfig(const QJsonObject& settings);
/// The words by which a heater's fault was reported since then, by the console or in the host's message; "" = none.
[[nodiscard]] std::string heaterFaultIn(const std::vector<link::ConsoleLine>& console, double since, const QString& hostMessage);
/// The newest command since then after which Z is not what it was: motors off, homing, a declaration, a levelling; "" = none.
[[nodiscard]] std::string letGoIn(const std::vector<link::ConsoleLine>& console, double since);
/// Where to look at a file of that size: up to 64 pieces of 4 KiB, spread over all of it, and one around the byte to go on at.
[[nodiscard]] std::vector<link::Driver::Block> proofBlocks(std::uint64_t size, std::optional<std::uint64_t> byte = {});
[[nodiscard]] recovery::BlockProof compareBlocks(const gcode::Source& local, const std::vector<link::Driver::Block>& blocks,
                                                 const std::vector<QByteArray>& remote);
/// As applySettings, for what only the look before a launch needs.
void applyReadiness(PlanFacts& facts, const link::Readiness& readiness);
/// As applySettings, for the host's saved variables: the plugin's stored heights.
void applyVariables(PlanFacts& facts, const QJsonObject& variables);

} // namespace kintsugi::app
