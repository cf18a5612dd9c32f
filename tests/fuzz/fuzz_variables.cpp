// SPDX-License-Identifier: GPL-3.0-or-later
// Any text as variables.cfg: no crash, errors that point into the text, and a value that reads the same twice.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "klipper/plrstate.h"

using namespace kintsugi;
using namespace kintsugi::klipper;

namespace {

void require(bool condition)
{
    if (!condition)
        std::abort();
}

void checkLiteral(std::string_view text)
{
    const auto value = parsePythonLiteral(text);
    if (!value) {
        require(!value.error().byte || *value.error().byte <= text.size());
        return;
    }
    if (const auto state = readPlrState(*value); state && *state)
        require((*state)->filePosition <= UINT64_MAX / 2);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    checkLiteral(text);
    const auto variables = parseVariables(text);
    const bool accepted = klipperAccepts(text);
    if (!variables)
        return 0;
    for (const auto& [name, raw] : variables->raw) {
        const auto again = parsePythonLiteral(raw);
        require(!accepted || again.has_value());
    }
    for (const auto& [name, value] : variables->values) {
        if (const auto state = readPlrState(value); !state)
            require(state.error().code == ErrorCode::BadValue);
    }
    static_cast<void>(readPlrCalibration(variables->values));
    return 0;
}
