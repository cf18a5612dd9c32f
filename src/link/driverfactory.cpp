// SPDX-License-Identifier: GPL-3.0-or-later
#include "driverfactory.h"

#include <array>

#include "moonrakerdriver.h"
#include "threadeddriver.h"

namespace kintsugi::link {

using namespace Qt::StringLiterals;

namespace {

constexpr int moonrakerPort = 7125;

/// Languages that the address syntax reserves and this build does not speak.
constexpr std::array reservedSchemes{"klippy", "octoprint", "octoprints", "marlin"};

bool isMoonraker(const QString& scheme)
{
    return scheme == "moonraker"_L1 || scheme == "moonrakers"_L1;
}

auto badAddress(const QString& why, const QUrl& url)
{
    return fail(ErrorCode::BadAddress, why.toStdString(), url.adjusted(QUrl::RemoveUserInfo).toString().toStdString());
}

} // namespace

DriverFactory::DriverFactory()
{
    const Maker moonraker = [](const Address& address) { return std::make_unique<MoonrakerDriver>(address); };
    add(u"moonraker"_s, moonraker);
    add(u"moonrakers"_s, moonraker);
}

void DriverFactory::add(const QString& scheme, Maker maker)
{
    m_makers[scheme] = std::move(maker);
}

QStringList DriverFactory::schemes() const
{
    QStringList names;
    for (const auto& [scheme, maker] : m_makers)
        names.append(scheme);
    return names;
}

Result<Address> DriverFactory::parse(const QString& text) const
{
    QUrl url(text.trimmed(), QUrl::StrictMode);
    if (!url.isValid())
        return fail(ErrorCode::BadAddress, url.errorString().toStdString());
    const QString scheme = url.scheme();
    for (const char* reserved : reservedSchemes) {
        if (scheme == QLatin1String(reserved) && !m_makers.contains(scheme))
            return fail(ErrorCode::NotSupported, scheme.toStdString());
    }
    if (!m_makers.contains(scheme))
        return badAddress(u"scheme"_s, url);
    Address address;
    address.credentials.user = url.userName(QUrl::FullyDecoded);
    address.credentials.password = url.password(QUrl::FullyDecoded);
    url.setUserInfo({});
    if (isMoonraker(scheme)) {
        if (url.host().isEmpty())
            return badAddress(u"host"_s, url);
        if (url.hasQuery() || url.hasFragment())
            return badAddress(u"query"_s, url);
        if (url.port() == 0)
            return badAddress(u"port"_s, url);
        if (url.port() < 0)
            url.setPort(moonrakerPort);
        if (url.path() == "/"_L1)
            url.setPath({});
    }
    address.url = url;
    return address;
}

Result<std::unique_ptr<Driver>> DriverFactory::make(const Address& address) const
{
    const auto maker = m_makers.find(address.url.scheme());
    if (maker != m_makers.end())
        return maker->second(address);
    if (auto parsed = parse(address.url.toString()); !parsed)
        return fail(parsed.error());
    return badAddress(u"scheme"_s, address.url);
}

Result<std::unique_ptr<Driver>> DriverFactory::makeThreaded(const Address& address) const
{
    auto driver = make(address);
    if (!driver)
        return driver;
    return std::make_unique<ThreadedDriver>(std::move(*driver));
}

} // namespace kintsugi::link
