// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "base/message.h"
#include "base/result.h"

namespace kintsugi::app {

/// Words for an error, for the GUI and the CLI alike: what happened and what to do. Plain text, never markup.
struct ErrorText {
    QString what, whatToDo;
    [[nodiscard]] QString full() const { return whatToDo.isEmpty() ? what : what + QLatin1Char(' ') + whatToDo; }
};
[[nodiscard]] ErrorText errorText(const Error& error);
/// A sentence of core in the person's language.
[[nodiscard]] QString text(const Message& message);

} // namespace kintsugi::app
