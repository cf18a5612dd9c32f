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
/// A name or text from outside on one line: control and invisible direction characters become \xNN or \uNNNN.
[[nodiscard]] QString printable(const QString& outside);

} // namespace kintsugi::app
