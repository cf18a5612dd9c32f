// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/hasher.h"

#include "gcode/hasherwide.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace kintsugi::gcode {

struct Hasher::State {
    XXH3_state_t xxh3;
};

Hasher::Hasher()
    : m_state(std::make_unique<State>())
{
    XXH3_64bits_reset(&m_state->xxh3);
}

Hasher::~Hasher() = default;

void Hasher::add(std::span<const std::byte> bytes)
{
    if (!updateHashWide(&m_state->xxh3, bytes.data(), bytes.size()))
        XXH3_64bits_update(&m_state->xxh3, bytes.data(), bytes.size());
}

std::uint64_t Hasher::value() const
{
    return XXH3_64bits_digest(&m_state->xxh3);
}

} // namespace kintsugi::gcode
