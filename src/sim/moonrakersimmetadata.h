// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QString>

namespace kintsugi::sim {

/// What Moonraker's scan would report about a sliced file, read from its head and tail (256 KiB each), without `size`,
/// `modified` and `uuid`. Empty when the file cannot be read.
[[nodiscard]] QJsonObject scanMetadata(const QString& path);

} // namespace kintsugi::sim
