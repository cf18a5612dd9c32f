// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

// lupdate collects the literal of every KINTSUGI_TEXT through this name; core itself knows no Qt.
#ifndef QT_TRANSLATE_NOOP
#define QT_TRANSLATE_NOOP(context, text) text
#endif
/// Marks an English pattern with %1 %2 … for translation in the context "core".
#define KINTSUGI_TEXT(text) QT_TRANSLATE_NOOP("core", text)

namespace kintsugi {

/// A sentence of core: a pattern marked with QT_TRANSLATE_NOOP("core", …) and its arguments, numbers already
/// formatted in the C locale. app/errortext translates it; english() is what goes into files.
struct Message {
    std::string pattern;
    std::vector<std::string> arguments;

    friend bool operator==(const Message&, const Message&) = default;
};

/// The English sentence, %n replaced by the arguments. Arguments are inserted as they are and never re-expanded.
[[nodiscard]] std::string english(const Message& message);

/// Shortest decimal text of value with at most `decimals` places, C locale, no exponent, no trailing zeros, no "-0".
[[nodiscard]] std::string decimal(double value, int decimals = 3);

} // namespace kintsugi
