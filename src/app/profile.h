// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QString>
#include <QUrl>

#include "base/result.h"
#include "recovery/plan.h"
#include "recovery/zuncertainty.h"

namespace kintsugi::app {

/// A printer the person added. Secrets are kept in the keychain, never here.
struct Profile {
    QString id;       ///< stable, file-name safe
    QString name;     ///< shown
    QUrl url;         ///< moonraker://host:7125, demo:, …
    recovery::PrinterFacts facts;
    recovery::ZMethod zMethod = recovery::ZMethod::Touch;
    std::vector<recovery::ZProof> drills;    ///< oldest first
    std::optional<double> partsChanged;      ///< s since epoch UTC: when a person last changed nozzle or plate
    bool isDemo() const { return url.scheme() == QLatin1String("demo"); }
};

/// printers.json in the XDG configuration folder; written by temporary file and rename.
class ProfileList
{
public:
    explicit ProfileList(QString path);
    [[nodiscard]] static QString defaultPath();
    [[nodiscard]] Result<std::vector<Profile>> load() const; ///< a damaged file is set aside as .damaged and told (BadValue)
    [[nodiscard]] Result<> save(const std::vector<Profile>& profiles) const;
    /// A new profile with a free id. BadAddress.
    [[nodiscard]] static Result<Profile> make(const QString& name, const QString& address, const std::vector<Profile>& existing);

private:
    QString m_path;
};

} // namespace kintsugi::app
