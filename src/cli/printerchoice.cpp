// SPDX-License-Identifier: GPL-3.0-or-later
#include "printerchoice.h"

#include <QFile>
#include <QTimer>

#include "secrets.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

namespace {

constexpr auto keychainPatience = std::chrono::seconds(3);

void finish(Environment& environment, const app::Profile& profile, const link::Credentials& credentials, const DriverReply& reply)
{
    auto address = environment.drivers.parse(profile.url.toString(QUrl::FullyEncoded));
    if (!address)
        return reply(fail(address.error()));
    address->credentials = credentials;
    reply(environment.drivers.make(*address));
}

} // namespace

Result<app::Profile> choosePrinter(const Environment& environment, const std::string& name)
{
    const QString wanted = QString::fromStdString(name);
    const auto profiles = environment.profiles.load();
    if (!profiles)
        return fail(profiles.error());
    for (const app::Profile& profile : *profiles) {
        if (profile.id == wanted || profile.name == wanted)
            return profile;
    }
    if (!wanted.contains(u':'))
        return fail(Error{.code = ErrorCode::BadUsage, .detail = "no printer of this name; see printers list", .field = name});
    auto profile = app::ProfileList::make({}, wanted, {});
    if (!profile || profile->url.port() < 0)
        return profile;
    // several printers may stand behind one host
    return app::ProfileList::make(u"%1:%2"_s.arg(profile->url.host()).arg(profile->url.port()), wanted, {});
}

Result<QString> readKey(const std::string& path)
{
    QFile file(QString::fromStdString(path));
    if (!file.open(QIODevice::ReadOnly))
        return fail(file.exists() ? ErrorCode::FileUnreadable : ErrorCode::FileMissing, {}, path);
    return QString::fromUtf8(file.read(4096)).trimmed();
}

void makeDriver(Environment& environment, const app::Profile& profile, const std::string& keyFile, QObject* context, DriverReply reply)
{
    if (!keyFile.empty()) {
        const auto key = readKey(keyFile);
        if (!key)
            return reply(fail(key.error()));
        return finish(environment, profile, {.apiKey = *key, .user = {}, .password = {}}, reply);
    }
    const auto saved = environment.profiles.load();
    const bool isSaved = saved && std::any_of(saved->begin(), saved->end(), [&](const app::Profile& p) { return p.id == profile.id; });
    if (!isSaved || profile.isDemo())
        return finish(environment, profile, {}, reply);

    auto* asking = new QObject(context); // whichever comes first, the answer or the end of patience, deletes it
    auto* secrets = new app::KeychainSecrets(asking);
    const auto go = [&environment, profile, reply = std::move(reply), asking](const link::Credentials& credentials) {
        asking->deleteLater();
        asking->disconnect();
        finish(environment, profile, credentials, reply);
    };
    const auto answered = std::make_shared<bool>(false);
    secrets->read(profile.id, asking, [go, answered](const Result<link::Credentials>& credentials) {
        if (!std::exchange(*answered, true))
            go(credentials.value_or(link::Credentials{}));
    });
    QTimer::singleShot(keychainPatience, asking, [go, answered] {
        if (!std::exchange(*answered, true))
            go({});
    });
}

} // namespace kintsugi::cli
