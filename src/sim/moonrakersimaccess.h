// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QByteArray>
#include <QHash>
#include <QString>

#include "moonrakersimrpc.h"

namespace kintsugi::sim {

/// Who may talk to the server: everybody when no key is set, else the key, a login's tokens or a one-shot token.
class SimAccess
{
public:
    struct Rules {
        QString apiKey;         ///< empty: everybody is trusted
        QString user, password; ///< a login besides the key; none when empty
    };
    static constexpr double oneShotLife = 5.0, tokenLife = 3600.0, refreshLife = 90 * 86400.0; ///< s

    SimAccess(Rules rules, std::function<double()> now);

    [[nodiscard]] bool open() const { return m_rules.apiKey.isEmpty(); }
    [[nodiscard]] bool keyFits(const QString& key) const { return !open() && key == m_rules.apiKey; }
    [[nodiscard]] bool tokenFits(const QString& token) const;
    [[nodiscard]] bool useOneShot(const QString& token); ///< true once, within its life
    /// The headers and query of a request, in the order in which Moonraker looks at them.
    [[nodiscard]] bool admits(const QByteArray& keyHeader, const QByteArray& bearer, const QString& oneShot);

    [[nodiscard]] Answer info(bool trusted) const;
    [[nodiscard]] Answer login(const QJsonObject& params);
    [[nodiscard]] Answer refresh(const QJsonObject& params);
    [[nodiscard]] Answer logout();
    [[nodiscard]] Answer oneShot();
    [[nodiscard]] Answer user() const;
    [[nodiscard]] Answer apiKey() const;
    void forget(); ///< the server died: one-shot tokens die with it

private:
    enum class Kind { Access, Refresh };
    [[nodiscard]] QString token(Kind kind) const;
    [[nodiscard]] bool verify(const QString& token, Kind kind) const;

    Rules m_rules;
    std::function<double()> m_now;
    QByteArray m_secret;
    QString m_spareKey; ///< told to trusted clients when no key is set
    double m_created;
    QHash<QString, double> m_oneShots; ///< token -> time of its end
};

} // namespace kintsugi::sim
