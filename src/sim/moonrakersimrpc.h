// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QJsonObject>
#include <QJsonValue>
#include <QString>

namespace kintsugi::sim {

/// What a method answers: a result, or an error with an HTTP-like code (0 = none).
struct Answer {
    QJsonValue result;
    int error = 0;
    QString message{};
    QString detail{}; ///< shown in the traceback of an HTTP error only

    [[nodiscard]] static Answer done(const QJsonValue& result) { return {.result = result}; }
    [[nodiscard]] static Answer failed(int code, const QString& message, const QString& detail = {})
    {
        return {.error = code, .message = message, .detail = detail};
    }
    [[nodiscard]] bool ok() const { return error == 0; }
};
using Reply = std::function<void(const Answer&)>;

// Parameters arrive as JSON types or, from a query string, as text.
[[nodiscard]] inline QString textOf(const QJsonObject& params, QLatin1String name, const QString& fallback = {})
{
    const QJsonValue value = params.value(name);
    return value.isUndefined() || value.isNull() ? fallback : value.toVariant().toString();
}
[[nodiscard]] inline double numberOf(const QJsonObject& params, QLatin1String name, double fallback)
{
    bool ok = false;
    const double number = params.value(name).toVariant().toDouble(&ok);
    return ok ? number : fallback;
}
[[nodiscard]] inline bool flagOf(const QJsonObject& params, QLatin1String name, bool fallback)
{
    const QJsonValue value = params.value(name);
    if (value.isBool())
        return value.toBool();
    return value.isString() ? value.toString().toLower() == QLatin1String("true") : fallback;
}

} // namespace kintsugi::sim
