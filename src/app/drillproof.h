// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QString>

#include "profile.h"
#include "recovery/drill.h"
#include "recovery/zuncertainty.h"

/// What drills proved on a printer: kept in its profile, told wherever a Z method is chosen.
namespace kintsugi::app {

inline constexpr std::size_t drillsKept = 50; ///< of a printer, the newest

/// The read drill as a proof of the method.
[[nodiscard]] recovery::ZProof proofOf(recovery::ZMethod method, const recovery::drill::Seam& seam, double when);
void addDrill(Profile& profile, const recovery::ZProof& proof);
/// Adds what another copy of the same profile knows.
void mergeDrills(Profile& profile, const Profile& other);
/// Puts what the profile knows of drills into the evidence. `now`: s since epoch UTC.
void applyDrills(recovery::ZEvidence& evidence, const Profile& profile, double now);

/// "last proven 12 Nov 2026, touch: 0.03 mm", and what speaks against it today.
[[nodiscard]] QString provenText(const recovery::ZProven& proof);
/// The same of the newest drill of any method; empty when there was none.
[[nodiscard]] QString lastProvenText(const Profile& profile, double now);
/// The seam in words: what stands where against what was printed before.
[[nodiscard]] QString seamText(const recovery::drill::Seam& seam);

/// Reads the list, adds a drill or the day on which nozzle or plate were changed to one printer, writes it. BadUsage: no such printer.
[[nodiscard]] Result<Profile> storeDrill(const ProfileList& list, const QString& id, const recovery::ZProof& proof);
[[nodiscard]] Result<Profile> storePartsChanged(const ProfileList& list, const QString& id, double when);

} // namespace kintsugi::app
