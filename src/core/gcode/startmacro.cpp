// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/startmacro.h"

#include <algorithm>

namespace kintsugi::gcode {

namespace {

std::string upper(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return result;
}

} // namespace

const MacroCall* startMacro(const FileIndex& index)
{
    const auto found = std::ranges::find_if(index.startMacros, [](const MacroCall& call) {
        return upper(call.name).find("START") != std::string::npos;
    });
    return found == index.startMacros.end() ? nullptr : &*found;
}

} // namespace kintsugi::gcode
