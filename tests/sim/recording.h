// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QString>
#include <QStringList>

namespace recording {

/// The lines of a recording of real Moonraker traffic (tests/data/moonraker).
inline std::vector<QJsonObject> load(const QString& name)
{
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/") + name);
    std::vector<QJsonObject> lines;
    if (!file.open(QIODevice::ReadOnly))
        return lines;
    while (!file.atEnd())
        lines.push_back(QJsonDocument::fromJson(file.readLine()).object());
    return lines;
}

/// The recorded answer to the request with this id; websocket recordings number their requests from 1.
inline QJsonObject answerTo(const std::vector<QJsonObject>& lines, std::size_t request)
{
    const QJsonValue id = lines[request].value(QLatin1String("frame")).toObject().value(QLatin1String("id"));
    for (std::size_t i = request + 1; i < lines.size(); ++i) {
        const QJsonObject frame = lines[i].value(QLatin1String("frame")).toObject();
        if (lines[i].value(QLatin1String("dir")) == QStringLiteral("s2c") && frame.value(QLatin1String("id")) == id)
            return frame;
    }
    return {};
}

/// Where `actual` lacks a key of `expected` or has another type there; array elements are compared by their first.
/// What was recorded as null may be anything.
inline void compareShape(const QJsonValue& expected, const QJsonValue& actual, const QString& path, QStringList& wrong)
{
    if (expected.isNull())
        return;
    if (expected.type() != actual.type()) {
        wrong.append(path + QStringLiteral(": other type"));
        return;
    }
    if (expected.isArray()) {
        const QJsonArray left = expected.toArray(), right = actual.toArray();
        if (!left.isEmpty() && !right.isEmpty())
            compareShape(left.first(), right.first(), path + QStringLiteral("[0]"), wrong);
    }
    const QJsonObject left = expected.toObject(), right = actual.toObject();
    for (auto it = left.begin(); it != left.end(); ++it) {
        const QString inner = path + QLatin1Char('.') + it.key();
        if (!right.contains(it.key()))
            wrong.append(inner + QStringLiteral(": missing"));
        else
            compareShape(it.value(), right.value(it.key()), inner, wrong);
    }
}

/// One word for what a frame tells about the life of klippy and of a job; empty for everything else.
inline QString milestone(const QJsonObject& frame)
{
    const QString method = frame.value(QLatin1String("method")).toString();
    const QJsonArray params = frame.value(QLatin1String("params")).toArray();
    if (method == QLatin1String("notify_gcode_response")) {
        const QString text = params.first().toString();
        return text.startsWith(QLatin1String("// Klipper state")) ? text : QString();
    }
    if (method == QLatin1String("notify_status_update")) {
        const QJsonObject hooks = params.first().toObject().value(QLatin1String("webhooks")).toObject();
        const QString state = hooks.value(QLatin1String("state")).toString();
        return state.isEmpty() ? QString() : QString(QStringLiteral("webhooks ") + state);
    }
    if (method == QLatin1String("notify_history_changed")) {
        const QJsonObject change = params.first().toObject();
        return change.value(QLatin1String("action")).toString() + QLatin1Char(' ') +
               change.value(QLatin1String("job")).toObject().value(QLatin1String("status")).toString();
    }
    return method.startsWith(QLatin1String("notify_klippy")) ? method : QString();
}

} // namespace recording
