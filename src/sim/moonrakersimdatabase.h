// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QString>

#include "moonrakersimrpc.h"

namespace kintsugi::sim {

/// Moonraker's namespaced key-value store; a dot in a key is a step into the value, a list of strings is such a path
/// without dots having a meaning.
class SimDatabase
{
public:
    explicit SimDatabase(const QString& file);

    void load();
    [[nodiscard]] Answer list() const;
    [[nodiscard]] Answer get(const QJsonObject& params) const;
    [[nodiscard]] Answer post(const QJsonObject& params);
    [[nodiscard]] Answer remove(const QJsonObject& params);

private:
    void save() const;

    QString m_file;
    QJsonObject m_spaces;
};

} // namespace kintsugi::sim
