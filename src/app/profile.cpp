// SPDX-License-Identifier: GPL-3.0-or-later
#include "profile.h"

#include <algorithm>

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QSaveFile>
#include <QStandardPaths>

#include "jsonfields.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

template <class Io, class Facts>
void fields(Io& io, Facts& facts)
{
    io("name"_L1, facts.name);
    io("minimum"_L1, facts.minimum);
    io("maximum"_L1, facts.maximum);
    io("four_z"_L1, facts.fourZ);
    io("travel_speed"_L1, facts.travelSpeed);
    io("z_speed"_L1, facts.zSpeed);
    io("clearance"_L1, facts.clearance);
    io("soften_below"_L1, facts.softenBelow);
    io("prime_place"_L1, facts.primePlace);
    io("prime_mm"_L1, facts.primeMm);
    io("prime_speed"_L1, facts.primeSpeed);
    io("retract_mm"_L1, facts.retractMm);
    io("retract_speed"_L1, facts.retractSpeed);
    io("set_homed_known"_L1, facts.setHomedKnown);
    io("home_xy_is_plain"_L1, facts.homeXyIsPlain);
    io("plr_present"_L1, facts.plrPresent);
}

QString nameOf(recovery::ZMethod method)
{
    const auto name = recovery::name(method);
    return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
}

template <class Io, class Proof>
void proofFields(Io& io, Proof& proof)
{
    io("when"_L1, proof.when);
    io("seam"_L1, proof.seam);
    io("sigma"_L1, proof.sigma);
}

std::vector<QJsonObject> drillsToJson(const std::vector<recovery::ZProof>& proofs)
{
    std::vector<QJsonObject> list;
    for (const recovery::ZProof& proof : proofs) {
        json::Writer drill;
        drill("z_method"_L1, nameOf(proof.method));
        proofFields(drill, proof);
        list.push_back(drill.object);
    }
    return list;
}

Result<std::vector<recovery::ZProof>> drillsFromJson(const std::vector<QJsonObject>& list, const QString& path)
{
    std::vector<recovery::ZProof> proofs;
    for (const QJsonObject& object : list) {
        json::Reader reader(object, json::item(path, static_cast<qsizetype>(proofs.size())));
        recovery::ZProof proof;
        QString method;
        reader("z_method"_L1, method);
        proofFields(reader, proof);
        if (reader.error)
            return fail(*reader.error);
        const auto known = recovery::zMethodFromName(method.toStdString());
        if (!known)
            return fail(Error{.code = ErrorCode::BadValue, .field = QString(reader.path + u".z_method"_s).toStdString()});
        proof.method = *known;
        proofs.push_back(proof);
    }
    return proofs;
}

QJsonObject toJson(const Profile& profile)
{
    json::Writer facts;
    fields(facts, profile.facts);
    json::Writer writer;
    writer("id"_L1, profile.id);
    writer("name"_L1, profile.name);
    writer("address"_L1, profile.url.toString(QUrl::FullyEncoded));
    writer("z_method"_L1, nameOf(profile.zMethod));
    writer("facts"_L1, facts.object);
    if (!profile.drills.empty())
        writer("drills"_L1, drillsToJson(profile.drills));
    writer("parts_changed"_L1, profile.partsChanged);
    return writer.object;
}

Result<Profile> fromJson(const QJsonObject& object, const QString& path)
{
    json::Reader reader(object, path);
    Profile profile;
    QString address, method;
    QJsonObject facts;
    reader("id"_L1, profile.id);
    reader("name"_L1, profile.name);
    reader("address"_L1, address);
    reader("z_method"_L1, method);
    reader("facts"_L1, facts);
    std::vector<QJsonObject> drills;
    reader("drills"_L1, drills);
    reader("parts_changed"_L1, profile.partsChanged);
    json::Reader factsReader(facts, path + u".facts"_s);
    fields(factsReader, profile.facts);
    if (reader.error || factsReader.error)
        return fail(reader.error ? *reader.error : *factsReader.error);
    profile.url = QUrl(address, QUrl::StrictMode);
    const auto known = recovery::zMethodFromName(method.toStdString());
    if (profile.id.isEmpty() || !profile.url.isValid() || profile.url.scheme().isEmpty() || !known) {
        const QString field = path + (!known ? u".z_method"_s : profile.id.isEmpty() ? u".id"_s : u".address"_s);
        return fail(Error{.code = ErrorCode::BadValue, .field = field.toStdString()});
    }
    profile.zMethod = *known;
    auto proofs = drillsFromJson(drills, path + u".drills"_s);
    if (!proofs)
        return fail(proofs.error());
    profile.drills = std::move(*proofs);
    return profile;
}

Result<std::vector<Profile>> parse(const QByteArray& text)
{
    QJsonParseError problem;
    const QJsonDocument document = QJsonDocument::fromJson(text, &problem);
    if (!document.isObject() || !document[u"printers"_s].isArray())
        return fail(Error{.code = ErrorCode::BadValue, .detail = problem.errorString().toStdString(), .field = "printers"});
    std::vector<Profile> profiles;
    const QJsonArray array = document[u"printers"_s].toArray();
    for (qsizetype i = 0; i < array.size(); ++i) {
        auto profile = fromJson(array[i].toObject(), u"printers[%1]"_s.arg(i));
        if (!profile)
            return fail(profile.error());
        profiles.push_back(std::move(*profile));
    }
    return profiles;
}

QString freeId(const QString& name, const std::vector<Profile>& existing)
{
    static const QRegularExpression notSafe(u"[^a-z0-9]+"_s);
    QString base = name.toLower().normalized(QString::NormalizationForm_KD).replace(notSafe, u"-"_s).left(40);
    while (base.startsWith(u'-'))
        base.remove(0, 1);
    while (base.endsWith(u'-'))
        base.chop(1);
    if (base.isEmpty())
        base = u"printer"_s;
    const auto taken = [&](const QString& id) {
        return std::any_of(existing.begin(), existing.end(), [&](const Profile& profile) { return profile.id == id; });
    };
    QString id = base;
    for (int n = 2; taken(id); ++n)
        id = base + u'-' + QString::number(n);
    return id;
}

bool isAddress(const QUrl& url)
{
    const QString scheme = url.scheme();
    if (!url.isValid() || !url.userInfo().isEmpty()) // passwords belong into the keychain
        return false;
    if (scheme == "demo"_L1)
        return true;
    if (scheme == "klippy"_L1 || scheme == "marlin"_L1)
        return url.host().isEmpty() && url.path().startsWith(u'/') && url.path().size() > 1;
    static const QStringList network{u"moonraker"_s, u"moonrakers"_s, u"octoprint"_s, u"octoprints"_s};
    return network.contains(scheme) && !url.host().isEmpty();
}

} // namespace

ProfileList::ProfileList(QString path) : m_path(std::move(path)) {}

QString ProfileList::defaultPath()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) + u"/kintsugi/printers.json"_s;
}

Result<std::vector<Profile>> ProfileList::load() const
{
    QFile file(m_path);
    if (!file.exists())
        return std::vector<Profile>();
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::FileUnreadable, file.errorString().toStdString(), m_path.toStdString());
    auto profiles = parse(file.readAll());
    if (profiles)
        return profiles;
    file.close();
    const QString aside = m_path + u".damaged-"_s + QDateTime::currentDateTimeUtc().toString(u"yyyyMMdd-HHmmss-zzz"_s);
    Error error = profiles.error();
    error.file = (QFile::rename(m_path, aside) ? aside : m_path).toStdString();
    return fail(std::move(error));
}

Result<> ProfileList::save(const std::vector<Profile>& profiles) const
{
    QJsonArray array;
    for (const Profile& profile : profiles)
        array.append(toJson(profile));
    QDir().mkpath(QFileInfo(m_path).absolutePath());
    QSaveFile file(m_path);
    const QByteArray text = QJsonDocument(QJsonObject{{u"printers"_s, array}}).toJson();
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit())
        return fail(ErrorCode::WriteFailed, file.errorString().toStdString(), m_path.toStdString());
    return {};
}

Result<Profile> ProfileList::make(const QString& name, const QString& address, const std::vector<Profile>& existing)
{
    QString full = address.trimmed();
    if (!full.contains(u"://"_s) && !full.startsWith("demo:"_L1))
        full.prepend(u"moonraker://"_s);
    const QUrl url(full, QUrl::StrictMode);
    if (!isAddress(url))
        return fail(ErrorCode::BadAddress, url.userInfo().isEmpty() ? address.toStdString() : std::string());
    Profile profile;
    profile.name = name.trimmed().isEmpty() ? (url.host().isEmpty() ? url.scheme() : url.host()) : name.trimmed();
    profile.id = freeId(profile.name, existing);
    profile.url = url;
    profile.facts.name = profile.name.toStdString();
    return profile;
}

} // namespace kintsugi::app
