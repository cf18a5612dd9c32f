// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <vector>

#include <QJsonObject>
#include <QStringList>

#include "driver.h"

namespace kintsugi::link {

/// One request of the look before a launch and how its result is read. `component`: what the server must have loaded; may be
/// empty. What has a wrong type stays unknown and is reported with its path.
struct ReadinessQuestion {
    QString component, method;
    QJsonObject params;
    void (*read)(const QJsonObject& result, Readiness& readiness, std::vector<Error>& errors) = nullptr;
};

/// Sensors, controllers, motors and idle timer of a printer with these objects: fields to query.
[[nodiscard]] QJsonObject readinessObjects(const QStringList& objects);
/// Objects, job queue, free disk, the printer's computer.
[[nodiscard]] std::array<ReadinessQuestion, 4> readinessQuestions(const QJsonObject& objects);

} // namespace kintsugi::link
