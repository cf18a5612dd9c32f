// SPDX-License-Identifier: GPL-3.0-or-later
#include "drillproof.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

struct Words { Q_DECLARE_TR_FUNCTIONS(kintsugi::app::DrillProof) };

QString nameOf(recovery::ZMethod method)
{
    const auto name = recovery::name(method);
    return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
}

QString mm(double value)
{
    return QLocale().toString(std::abs(value), 'f', 2);
}

Result<Profile> change(const ProfileList& list, const QString& id, const std::function<void(Profile&)>& edit)
{
    auto profiles = list.load();
    if (!profiles)
        return fail(profiles.error());
    const auto it = std::find_if(profiles->begin(), profiles->end(), [&](const Profile& profile) { return profile.id == id; });
    if (it == profiles->end())
        return fail(Error{.code = ErrorCode::BadUsage, .detail = "no printer of this name in the list", .field = id.toStdString()});
    edit(*it);
    const Profile changed = *it;
    if (const auto saved = list.save(*profiles); !saved)
        return fail(saved.error());
    return changed;
}

} // namespace

recovery::ZProof proofOf(recovery::ZMethod method, const recovery::drill::Seam& seam, double when)
{
    return {method, when, {seam.x, seam.y, seam.z}, seam.zSigma};
}

void addDrill(Profile& profile, const recovery::ZProof& proof)
{
    auto& drills = profile.drills;
    drills.insert(std::upper_bound(drills.begin(), drills.end(), proof, [](const auto& a, const auto& b) { return a.when < b.when; }), proof);
    if (drills.size() > drillsKept)
        drills.erase(drills.begin(), drills.end() - static_cast<std::ptrdiff_t>(drillsKept));
}

void mergeDrills(Profile& profile, const Profile& other)
{
    for (const recovery::ZProof& proof : other.drills) {
        if (std::find(profile.drills.begin(), profile.drills.end(), proof) == profile.drills.end())
            addDrill(profile, proof);
    }
    if (other.partsChanged)
        profile.partsChanged = std::max(*other.partsChanged, profile.partsChanged.value_or(*other.partsChanged));
}

void applyDrills(recovery::ZEvidence& evidence, const Profile& profile, double now)
{
    evidence.proofs = profile.drills;
    evidence.partsChanged = profile.partsChanged;
    evidence.now = now;
}

QString provenText(const recovery::ZProven& proof)
{
    const auto when = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(std::clamp(proof.last.when, 0.0, 1e11) * 1000));
    QString text = Words::tr("last proven %1, %2: %3 mm").arg(QLocale().toString(when.date(), u"d MMM yyyy"_s), nameOf(proof.last.method), mm(proof.last.seam[2]));
    if (proof.partsChanged)
        text += Words::tr("; nozzle or plate were changed since");
    else if (proof.old)
        text += Words::tr("; that is %n days ago", nullptr, static_cast<int>(std::min(proof.days.value_or(0), 1e6)));
    return text;
}

QString lastProvenText(const Profile& profile, double now)
{
    if (profile.drills.empty())
        return {};
    const auto newest = std::max_element(profile.drills.begin(), profile.drills.end(), [](const auto& a, const auto& b) { return a.when < b.when; });
    recovery::ZEvidence evidence;
    applyDrills(evidence, profile, now);
    return provenText(*recovery::proven(newest->method, evidence));
}

QString seamText(const recovery::drill::Seam& seam)
{
    const auto across = [](double shift, const QString& more, const QString& less) {
        return std::abs(shift) < 0.005 ? Words::tr("in line") : (shift > 0 ? more : less).arg(mm(shift));
    };
    const QString height = std::abs(seam.z) < 0.005 ? Words::tr("at its height") : (seam.z > 0 ? Words::tr("%1 mm too high: a gap") : Words::tr("%1 mm too low: pressed in")).arg(mm(seam.z));
    return Words::tr("X %1, Y %2 (each to %3 mm); Z %4 (to %5 mm).")
        .arg(across(seam.x, Words::tr("%1 mm to the right"), Words::tr("%1 mm to the left")),
             across(seam.y, Words::tr("%1 mm to the back"), Words::tr("%1 mm to the front")), mm(recovery::drill::toothResolution), height, mm(2 * seam.zSigma));
}

Result<Profile> storeDrill(const ProfileList& list, const QString& id, const recovery::ZProof& proof)
{
    return change(list, id, [&](Profile& profile) { addDrill(profile, proof); });
}

Result<Profile> storePartsChanged(const ProfileList& list, const QString& id, double when)
{
    return change(list, id, [&](Profile& profile) { profile.partsChanged = when; });
}

} // namespace kintsugi::app
