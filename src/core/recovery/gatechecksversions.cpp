// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"

#include <algorithm>
#include <cstdio>

namespace kintsugi::recovery::checks {

namespace {

/// Commits after v0.13.0 in "v0.13.0-730-g84104bbb"; 0 for that release and all before; nullopt when not understood.
std::optional<int> commitsAfter13(const std::string& version)
{
    int major = 0, minor = 0, patch = 0, commits = 0;
    const int read = std::sscanf(version.c_str(), "v%d.%d.%d-%d", &major, &minor, &patch, &commits);
    if (read < 3 || major != 0)
        return std::nullopt;
    if (minor < 13)
        return 0;
    return minor > 13 ? 100000 : commits;
}

void plrVersion(const View& v, List& list)
{
    if (v.plan.zMethod != ZMethod::PlrZHome)
        return;
    if (!v.facts.softwareVersion)
        return list.notChecked(Id::PlrVersion);
    // The call that PLR_Z_HOME needs went on 2025-08-05, some 200 commits after v0.13.0 of 2025-04-11.
    constexpr int surelyBefore = 100, surelyAfter = 300;
    const auto commits = commitsAfter13(*v.facts.softwareVersion);
    const bool works = commits && *commits <= surelyBefore;
    const bool broken = commits && *commits >= surelyAfter;
    list.add(Id::PlrVersion, broken ? Severity::Block : Severity::Warn, works, *v.facts.softwareVersion, "2025-08-05",
        works    ? Message{KINTSUGI_TEXT("PLR_Z_HOME works with this version of Klipper."), {}}
        : broken ? Message{KINTSUGI_TEXT("PLR_Z_HOME always fails with this version of Klipper. Choose another way to register Z."), {}}
                 : Message{KINTSUGI_TEXT("PLR_Z_HOME fails with Klipper newer than 2025-08-05; this version cannot be told apart."), {}});
}

/// The plugin sets Z only behind a motor it moves: with one Z motor, or offsets of 0, Z stays what it was declared.
void plrReference(const View& v, List& list)
{
    if (v.plan.zMethod != ZMethod::PlrZHome)
        return;
    if (!v.facts.plrCalibration)
        return list.notChecked(Id::PlrReference);
    const klipper::PlrCalibration& stored = *v.facts.plrCalibration;
    const bool moves = std::any_of(stored.offsets.begin(), stored.offsets.end(), [](const auto& offset) {
        return offset.first != "stepper_z" && offset.second != 0;
    });
    const double top = stored.endstopPosition ? (*stored.endstopPosition)[2] : 0;
    const std::string measured = stored.endstopPosition ? decimal(top) : "?";
    const std::string limit = decimal(v.plan.liftToZ);
    if (!stored.endstopPosition || !moves)
        return list.add(Id::PlrReference, Severity::Block, false, measured, limit,
                   {KINTSUGI_TEXT("PLR_Z_HOME would not set Z: no calibration is stored, or all its offsets are 0. Calibrate, or choose another way to register Z."), {}});
    const bool above = top >= v.plan.liftToZ;
    list.add(Id::PlrReference, Severity::Block, above, measured, limit,
        above ? Message{KINTSUGI_TEXT("PLR_Z_HOME restores Z from the stored height of %1 mm."), {measured}}
              : Message{KINTSUGI_TEXT("The stored height of the upper switches (%1 mm) lies below the travel height of %2 mm. Calibrate again, or choose another way to register Z."),
                        {measured, limit}});
}

} // namespace

void ofVersions(const View& v, List& list)
{
    plrVersion(v, list);
    plrReference(v, list);
}

} // namespace kintsugi::recovery::checks
