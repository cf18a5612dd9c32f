// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QString>
#include <QUrl>

#include "driver.h"

namespace kintsugi::link {

/// Without user, password and one-shot token.
[[nodiscard]] QString redacted(const QUrl& url);
/// Values of keys that carry credentials (password, api_key, token, access_token, refresh_token) replaced, at any depth.
[[nodiscard]] QJsonObject redacted(const QJsonObject& message);
/// Every occurrence of one of the credentials in the text replaced.
[[nodiscard]] QString redacted(QString text, const Credentials& credentials);

} // namespace kintsugi::link
