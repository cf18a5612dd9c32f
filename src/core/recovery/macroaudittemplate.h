// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Klipper's templates read without running them: a branch is left out only when the call alone decides that it does not run.
namespace kintsugi::recovery::audit {

/// Parameters of a call as a macro sees them; `known` is false when they are made of expressions themselves.
struct Call {
    bool known = true;
    std::map<std::string, std::string> parameters; ///< names in upper case
    std::string raw;
};
[[nodiscard]] Call callOf(std::string_view line);

/// Stands in a line where a value is only known when the printer runs it.
inline constexpr char unknownValue = '\x01';

struct TemplateLine {
    std::size_t number = 1;   ///< in the template's text
    std::string text;         ///< trimmed, tags removed, expressions replaced by unknownValue
    bool optionalParts = false; ///< a part of the line depends on a condition
};
struct Rendered {
    std::vector<TemplateLine> lines;
    std::optional<std::size_t> unreadable; ///< line of the first tag that is not understood; all text counts from there on
};
[[nodiscard]] Rendered render(std::string_view text, const Call& call);

} // namespace kintsugi::recovery::audit
