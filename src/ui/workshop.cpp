// SPDX-License-Identifier: GPL-3.0-or-later
#include "workshop.h"

#include <algorithm>

#include "drillproof.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

Workshop::Workshop(Tools tools, QObject* parent)
    : QObject(parent)
    , m_tools(std::move(tools))
{
}

Workshop::~Workshop()
{
    for (const auto& session : m_sessions)
        m_model.remove(session.get());
}

void Workshop::load()
{
    auto stored = m_tools.profiles.load();
    if (!stored) {
        emit failed(stored.error());
        return;
    }
    m_profiles = *stored;
    for (const app::Profile& profile : *stored) {
        const auto begin = [this, profile](const link::Credentials& credentials) {
            if (const auto session = open(profile, credentials); !session)
                emit failed(session.error());
        };
        if (profile.isDemo()) {
            begin({});
            continue;
        }
        m_tools.secrets.read(profile.id, this, [this, begin](const Result<link::Credentials>& credentials) {
            if (!credentials)
                emit failed(credentials.error()); // the printer is still shown; it will ask for its key
            begin(credentials.value_or(link::Credentials{}));
        });
    }
}

Result<app::Session*> Workshop::open(const app::Profile& profile, const link::Credentials& credentials)
{
    auto driver = m_tools.drivers.makeThreaded({.url = profile.url, .credentials = credentials});
    if (!driver)
        return fail(driver.error());
    auto session = std::make_unique<app::Session>(profile, std::move(*driver), m_tools.archive, m_tools.files, m_tools.clock);
    app::Session* opened = session.get();
    m_sessions.push_back(std::move(session));
    m_model.add(opened);
    connect(opened, &app::Session::profileChanged, this, [this, opened] { keepProfile(opened->profile()); });
    emit added(opened);
    opened->connectPrinter();
    return opened;
}

DemoControls* Workshop::demoControls(const app::Session& session) const
{
    return session.profile().isDemo() && m_tools.demo ? m_tools.demo(session.profile()) : nullptr;
}

Result<link::Address> Workshop::parse(const QString& text, const link::Credentials& credentials) const
{
    const QString full = text.contains("://"_L1) || text.startsWith("demo:"_L1) ? text : QString(u"moonraker://"_s + text.trimmed());
    auto address = m_tools.drivers.parse(full);
    if (!address)
        return address;
    if (!credentials.apiKey.isEmpty())
        address->credentials.apiKey = credentials.apiKey;
    if (!credentials.user.isEmpty()) {
        address->credentials.user = credentials.user;
        address->credentials.password = credentials.password;
    }
    return address;
}

Result<std::unique_ptr<link::Driver>> Workshop::makeDriver(const QString& text, const link::Credentials& credentials) const
{
    const auto address = parse(text, credentials);
    if (!address)
        return fail(address.error());
    return m_tools.drivers.makeThreaded(*address);
}

Result<app::Session*> Workshop::add(const QString& name, const QString& text, const link::Credentials& credentials)
{
    const auto address = parse(text, credentials);
    if (!address)
        return fail(address.error());
    const link::Credentials& all = address->credentials;
    auto profile = app::ProfileList::make(name, address->url.toString(), m_profiles);
    if (!profile)
        return fail(profile.error());
    m_profiles.push_back(*profile);
    if (const auto saved = save(); !saved) {
        m_profiles.pop_back();
        return fail(saved.error());
    }
    if (!profile->isDemo() && !(all.apiKey.isEmpty() && all.user.isEmpty())) {
        m_tools.secrets.write(profile->id, all, this, [this](const Result<>& written) {
            if (!written)
                emit failed(written.error());
        });
    }
    return open(*profile, all);
}

Result<app::Session*> Workshop::addDemo()
{
    for (const auto& session : m_sessions) {
        if (session->profile().isDemo())
            return session.get();
    }
    return add(tr("Demo printer"), u"demo:"_s, {});
}

void Workshop::remove(app::Session* session)
{
    const auto it = std::find_if(m_sessions.begin(), m_sessions.end(), [&](const auto& s) { return s.get() == session; });
    if (it == m_sessions.end())
        return;
    emit aboutToRemove(session);
    m_model.remove(session);
    std::erase_if(m_profiles, [&](const app::Profile& p) { return p.id == session->profile().id; });
    m_sessions.erase(it);
    if (const auto saved = save(); !saved)
        emit failed(saved.error());
}

void Workshop::keepProfile(const app::Profile& profile)
{
    for (app::Profile& known : m_profiles) {
        if (known.id == profile.id)
            known = profile;
    }
    if (const auto saved = save(); !saved)
        emit failed(saved.error());
}

/// Drills that the command line has stored since the list was read stay.
Result<> Workshop::save()
{
    const auto stored = m_tools.profiles.load();
    for (const app::Profile& other : stored.value_or(std::vector<app::Profile>())) {
        for (app::Profile& profile : m_profiles) {
            if (profile.id == other.id)
                app::mergeDrills(profile, other);
        }
    }
    return m_tools.profiles.save(m_profiles);
}

} // namespace kintsugi::ui
