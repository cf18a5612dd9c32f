// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/linescan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "gcode/quietnote.h"
#include "gcode/text.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kintsugi::gcode {

namespace {

bool isOrdinary(const char* line)
{
    return line[0] == 'G' && (line[1] & 0xFC) == '0' && line[2] == ' ' && (line[3] & 0xE0) == '@';
}

/// A move in other clothes. What parseCommand() could take for a name (G1_PURGE) or a pair (G1X=5) is none.
bool isDisguisedMove(const char* line)
{
    constexpr int longestNumber = 12, longestWord = 16;
    const char* at = line;
    if ((*at | 0x20) == 'n') {
        const char* const digits = ++at;
        while (isDigit(*at) && at < digits + longestNumber)
            ++at;
        if (at == digits)
            return false;
        while (*at == ' ' && at < digits + longestNumber)
            ++at;
    }
    if ((*at | 0x20) != 'g' || (at[1] & 0xFC) != '0')
        return false;
    at += 2;
    if (*at == ' ')
        return isLetter(at[1]);
    if (!isLetter(*at))
        return false;
    const char* const word = at;
    while ((isDigit(*at) || isLetter(*at)) && at < word + longestWord)
        ++at;
    return *at == '.' || *at == '-' || *at == '\n' || (*at == '\r' && at[1] == '\n') || (*at == ' ' && isLetter(at[1]));
}

enum class Look { Special, Quiet, Move };

/// At a line that does not plainly begin with a move.
inline Look lookAt(const char* line)
{
    switch (*line) {
    case ';': case '\n':
        return isQuietLine(line) ? Look::Quiet : Look::Special;
    case 'G': case 'g': case 'N': case 'n':
        return isDisguisedMove(line) ? Look::Move : Look::Special;
    default:
        return Look::Special;
    }
}

LineScanResult scanPortable(const char* text, std::size_t size, std::vector<LineStart>& special)
{
    LineScanResult result;
    std::uint32_t crLf = 0;
    for (std::size_t at = 0; at < size; ++result.lines) {
        const auto* const lf = static_cast<const char*>(std::memchr(text + at, '\n', size - at));
        const Look look = isOrdinary(text + at) ? Look::Move : lookAt(text + at);
        if (look == Look::Special)
            special.push_back({static_cast<std::uint32_t>(at), result.lines, result.quiet});
        result.quiet += look == Look::Quiet ? 1 : 0;
        crLf += lf != text + at && lf[-1] == '\r' ? 1 : 0;
        at = static_cast<std::size_t>(lf - text) + 1;
    }
    result.loneCr = static_cast<std::size_t>(std::count(text, text + size, '\r')) != crLf;
    return result;
}

#if defined(__x86_64__)

constexpr std::size_t blockSize = 64;

/// One bit a byte of a block, the first byte lowest.
struct Masks {
    std::uint64_t newline = 0;
    std::uint64_t ordinary = 0; ///< an ordinary move begins here if a line does
    std::uint64_t loneCr = 0;
};

/// Turns masks into line starts; every block but the last is whole.
class Collector
{
public:
    Collector(const char* text, std::vector<LineStart>& special)
        : m_text(text)
        , m_special(special)
        , m_room(special.size())
    {
    }
    [[gnu::always_inline]] void add(std::size_t at, const Masks& masks, std::uint64_t valid)
    {
        const std::uint64_t newline = masks.newline & valid;
        const std::uint64_t starts = ((newline << 1) | m_startsNext) & valid;
        m_startsNext = newline >> 63;
        m_loneCr |= masks.loneCr & valid;
        if (const std::uint64_t odd = starts & ~masks.ordinary; odd != 0)
            keep(at, newline, odd);
        m_lines += static_cast<std::uint32_t>(std::popcount(newline));
    }
    LineScanResult finish()
    {
        m_special.resize(m_count);
        return {m_lines, m_quiet, m_loneCr != 0};
    }

private:
    [[gnu::always_inline]] void keep(std::size_t at, std::uint64_t newline, std::uint64_t odd)
    {
        if (m_count + blockSize > m_room)
            grow();
        LineStart* out = m_special.data() + m_count;
        for (; odd != 0; odd &= odd - 1) {
            const auto bit = static_cast<unsigned>(std::countr_zero(odd));
            const Look look = lookAt(m_text + at + bit);
            const std::uint64_t before = newline & ((std::uint64_t{1} << bit) - 1);
            *out = {static_cast<std::uint32_t>(at + bit), m_lines + static_cast<std::uint32_t>(std::popcount(before)), m_quiet};
            out += look == Look::Special ? 1 : 0;
            m_quiet += look == Look::Quiet ? 1 : 0;
        }
        m_count = static_cast<std::size_t>(out - m_special.data());
    }
    [[gnu::noinline]] void grow()
    {
        m_room = std::max<std::size_t>(m_room * 2, 1024);
        m_special.resize(m_room);
    }

    const char* m_text;
    std::vector<LineStart>& m_special;
    std::size_t m_room, m_count = 0;
    std::uint64_t m_startsNext = 1;
    std::uint64_t m_loneCr = 0;
    std::uint32_t m_lines = 0, m_quiet = 0;
};

std::uint64_t validBits(std::size_t left)
{
    return left >= blockSize ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
}

__m128i load128(const char* at)
{
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

Masks masksSse2(const char* at)
{
    Masks masks;
    for (unsigned part = 0; part < 4; ++part, at += 16) {
        const __m128i first = load128(at);
        const __m128i second = load128(at + 1);
        const __m128i g = _mm_cmpeq_epi8(first, _mm_set1_epi8('G'));
        const __m128i number = _mm_cmpeq_epi8(_mm_and_si128(second, _mm_set1_epi8(static_cast<char>(0xFC))), _mm_set1_epi8('0'));
        const __m128i blank = _mm_cmpeq_epi8(load128(at + 2), _mm_set1_epi8(' '));
        const __m128i letter = _mm_cmpeq_epi8(_mm_and_si128(load128(at + 3), _mm_set1_epi8(static_cast<char>(0xE0))), _mm_set1_epi8('@'));
        const __m128i move = _mm_and_si128(_mm_and_si128(g, number), _mm_and_si128(blank, letter));
        const __m128i cr = _mm_cmpeq_epi8(first, _mm_set1_epi8('\r'));
        const __m128i lone = _mm_andnot_si128(_mm_cmpeq_epi8(second, _mm_set1_epi8('\n')), cr);
        const auto newline = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(first, _mm_set1_epi8('\n'))));
        masks.newline |= std::uint64_t{newline} << (16 * part);
        masks.ordinary |= std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(move))} << (16 * part);
        masks.loneCr |= std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(lone))} << (16 * part);
    }
    return masks;
}

LineScanResult scanSse2(const char* text, std::size_t size, std::vector<LineStart>& special)
{
    Collector collector(text, special);
    for (std::size_t at = 0; at < size; at += blockSize)
        collector.add(at, masksSse2(text + at), validBits(size - at));
    return collector.finish();
}

[[gnu::target("avx2,popcnt,bmi")]] __m256i load256(const char* at)
{
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

[[gnu::target("avx2,popcnt,bmi")]] Masks masksAvx2(const char* at)
{
    Masks masks;
    for (unsigned part = 0; part < 2; ++part, at += 32) {
        const __m256i first = load256(at);
        const __m256i second = load256(at + 1);
        const __m256i g = _mm256_cmpeq_epi8(first, _mm256_set1_epi8('G'));
        const __m256i number = _mm256_cmpeq_epi8(_mm256_and_si256(second, _mm256_set1_epi8(static_cast<char>(0xFC))), _mm256_set1_epi8('0'));
        const __m256i blank = _mm256_cmpeq_epi8(load256(at + 2), _mm256_set1_epi8(' '));
        const __m256i letter = _mm256_cmpeq_epi8(_mm256_and_si256(load256(at + 3), _mm256_set1_epi8(static_cast<char>(0xE0))), _mm256_set1_epi8('@'));
        const __m256i move = _mm256_and_si256(_mm256_and_si256(g, number), _mm256_and_si256(blank, letter));
        const __m256i cr = _mm256_cmpeq_epi8(first, _mm256_set1_epi8('\r'));
        const __m256i lone = _mm256_andnot_si256(_mm256_cmpeq_epi8(second, _mm256_set1_epi8('\n')), cr);
        const auto newline = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(first, _mm256_set1_epi8('\n'))));
        masks.newline |= std::uint64_t{newline} << (32 * part);
        masks.ordinary |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(move))} << (32 * part);
        masks.loneCr |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(lone))} << (32 * part);
    }
    return masks;
}

[[gnu::target("avx2,popcnt,bmi")]] LineScanResult scanAvx2(const char* text, std::size_t size, std::vector<LineStart>& special)
{
    Collector collector(text, special);
    for (std::size_t at = 0; at < size; at += blockSize)
        collector.add(at, masksAvx2(text + at), validBits(size - at));
    return collector.finish();
}

bool hasAvx2()
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi");
}

#endif

} // namespace

bool isQuietLine(const char* line)
{
    return *line == '\n' || isQuietNote(line, false);
}

std::vector<LineScan> availableLineScans()
{
    std::vector<LineScan> scans{LineScan::Portable};
#if defined(__x86_64__)
    scans.push_back(LineScan::Sse2);
    if (hasAvx2())
        scans.push_back(LineScan::Avx2);
#endif
    return scans;
}

LineScanResult scanLines(LineScan how, const char* text, std::size_t size, std::vector<LineStart>& special)
{
#if defined(__x86_64__)
    if (how == LineScan::Sse2)
        return scanSse2(text, size, special);
    if (how == LineScan::Avx2)
        return scanAvx2(text, size, special);
#endif
    static_cast<void>(how);
    special.clear();
    return scanPortable(text, size, special);
}

} // namespace kintsugi::gcode
