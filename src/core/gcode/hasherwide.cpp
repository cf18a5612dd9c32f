// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/hasherwide.h"

#if defined(__x86_64__)

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
// All of it is static here: nothing that was compiled for that processor has a name the linker could give to others.
#define XXH_VECTOR 2 // XXH_AVX2
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace {

void update(void* state, const void* data, std::size_t size)
{
    XXH3_64bits_update(static_cast<XXH3_state_t*>(state), data, size);
}

} // namespace
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

bool kintsugi::gcode::updateHashWide(void* state, const void* data, std::size_t size)
{
    static const bool wide = __builtin_cpu_supports("avx2") != 0;
    if (wide)
        update(state, data, size);
    return wide;
}

#else

bool kintsugi::gcode::updateHashWide(void*, const void*, std::size_t) { return false; }

#endif
