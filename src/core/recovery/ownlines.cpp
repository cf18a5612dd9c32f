// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/ownlines.h"

#include "recovery/plangcode.h"

namespace kintsugi::recovery {

namespace {

/// Splits at line ends; blank lines and comments are dropped.
void offer(OwnLinesOffer& to, std::string_view place, std::string_view text)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t first = line.find_first_not_of(" \t");
        if (first == std::string_view::npos || line[first] == ';' || line[first] == '#')
            continue;
        line = line.substr(first, line.find_last_not_of(" \t") - first + 1);
        const bool templated = line.find('{') != std::string_view::npos;
        if (templated || write::isForbidden(std::string(line)))
            to.leftOut.emplace_back(line);
        else
            to.lines[std::string(place)].emplace_back(line);
    }
}

} // namespace

OwnLinesOffer ownLinesFromKlipper(const std::string& beforeResume, const std::string& afterResume, ZMethod method)
{
    OwnLinesOffer lines;
    if (method == ZMethod::PlrZHome)
        return lines;
    offer(lines, place::afterLift, beforeResume);
    offer(lines, place::afterRegistration, afterResume);
    return lines;
}

OwnLinesOffer ownLinesFromScript(const std::string& script)
{
    OwnLinesOffer lines;
    offer(lines, place::beforeFirstPlastic, script);
    return lines;
}

} // namespace kintsugi::recovery
