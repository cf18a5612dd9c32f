// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QStringList>

namespace kintsugi::sim {

/// Where `actual` differs in shape from `recorded`: missing or additional keys, other types. Values do not matter.
/// null matches anything (both mean "may be absent"); arrays compare their first elements.
inline void compareShape(const QJsonValue& recorded, const QJsonValue& actual, const QString& path, QStringList& out)
{
    using namespace Qt::StringLiterals;
    if (recorded.isNull() || actual.isNull())
        return;
    if (recorded.type() != actual.type()) {
        out.append(u"%1: type %2 instead of %3"_s.arg(path).arg(actual.type()).arg(recorded.type()));
        return;
    }
    if (recorded.isObject()) {
        const QJsonObject a = recorded.toObject();
        const QJsonObject b = actual.toObject();
        for (auto it = a.begin(); it != a.end(); ++it) {
            if (!b.contains(it.key()))
                out.append(u"%1.%2 is missing"_s.arg(path, it.key()));
            else
                compareShape(it.value(), b.value(it.key()), path + u'.' + it.key(), out);
        }
        for (auto it = b.begin(); it != b.end(); ++it) {
            if (!a.contains(it.key()))
                out.append(u"%1.%2 is additional"_s.arg(path, it.key()));
        }
    } else if (recorded.isArray() && !recorded.toArray().isEmpty() && !actual.toArray().isEmpty()) {
        compareShape(recorded.toArray().first(), actual.toArray().first(), path + u"[0]"_s, out);
    }
}

} // namespace kintsugi::sim
