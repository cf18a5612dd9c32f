// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/moverun.h"

#include <algorithm>
#include <bit>

#include "gcode/quietnote.h"
#include "gcode/reprapstate.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kintsugi::gcode {

using u64 = std::uint64_t;

/// What changes with each move, in the processor's registers as far as they go.
struct MoveRun::Registers {
    Nanometres x, y, z, e, eTotal, eHighest;
    std::int64_t feed;
    Nanometres eMask; ///< all bits when E is absolute
    std::uint64_t lines = 0, moves = 0, maxLines;
    unsigned seen = 0;
    bool declares = false; ///< G92 of an absolute E is as plain as a move
    bool notes = true;     ///< quiet ones may be stepped over
    bool heights = true;   ///< those of a height too

    bool fresh = false, layered = false, seeking = false, sawFirst = false;
    Nanometres firstZ = 0;
    const char* firstAcross = nullptr;
    Nanometres level = 0, highestZ = 0, extruded = 0;
    MotionBatch::Moves* out = nullptr;
    std::size_t count = 0;
    const char* lastEnd = nullptr;
    Box box;
};

namespace {

/// One bit a character, the first in bit 0; of the characters that stand in ordinary moves.
struct Masks {
    u64 digit = 0, dot = 0, minus = 0;
    u64 letter = 0; ///< X Y Z E F
    u64 other = 0;  ///< none of these, and no blank
};

constexpr std::size_t lookAhead = 96; ///< bytes a step may read from the begin of a line
constexpr std::size_t lookBehind = 8;
constexpr u64 nibbles = 0x0F0F0F0F0F0F0F0F;
constexpr u64 lowBytes[9] = {0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF, ~u64{0}};

inline unsigned trailingZeros(u64 bits) { return static_cast<unsigned>(__builtin_ctzll(bits)); }
inline bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// After `N`, digits and blanks; `at` itself when there is no number.
inline const char* behindLineNumber(const char* at)
{
    constexpr int longest = 16;
    const char* digit = at + 1;
    while (isDigit(*digit) && digit < at + longest)
        ++digit;
    if (digit == at + 1)
        return at;
    while (*digit == ' ' && digit < at + longest)
        ++digit;
    return digit;
}

/// [whole][fraction]: from where each byte of "00000012.345600" comes: eight digits before the dot, then two zeros and six digits
/// after it. A fraction counts its dot.
struct Shuffles {
    alignas(16) unsigned char from[8][8][16];
};
constexpr Shuffles makeShuffles()
{
    constexpr unsigned char zero = 0x80;
    Shuffles table{};
    for (unsigned whole = 0; whole < 8; ++whole)
        for (unsigned fraction = 0; fraction < 8; ++fraction)
            for (unsigned at = 0; at < 16; ++at) {
                const bool before = at < 8 && at + whole >= 8;
                const bool after = at >= 10 && at - 10 + 1 < fraction;
                table.from[whole][fraction][at] = static_cast<unsigned char>(before ? at + whole - 8 : after ? whole + 1 + at - 10 : zero);
            }
    return table;
}
constexpr Shuffles shuffles = makeShuffles();

inline bool mayBeginRun(const char* line, bool notes, bool heights)
{
    const char letter = static_cast<char>(*line | 0x20);
    return letter == 'n' || (letter == 'g' && (line[1] == '0' || line[1] == '1' || line[1] == '9')) || *line == '\n' || *line == '\r'
        || (notes && isQuietNote(line, heights));
}

/// Eight digits, one a byte, the first in the lowest.
inline u64 eightDigits(u64 digits)
{
    digits = digits * 10 + (digits >> 8);
    return (((digits & 0x000000FF000000FF) * 0x000F424000000064) + (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >> 32;
}

/// The number at `at`: so many digits and then a fraction of so many characters with its dot. Without vectors.
inline Nanometres numberAt(const char* at, unsigned whole, unsigned fraction)
{
    u64 before = 0, after = 0;
    __builtin_memcpy(&before, at + whole - 8, 8);
    __builtin_memcpy(&after, at + whole + 1, 8);
    const u64 digits = eightDigits(before & nibbles & ~lowBytes[8 - whole]);
    return static_cast<Nanometres>(digits * 1'000'000 + eightDigits((after & nibbles & lowBytes[fraction - (fraction != 0 ? 1U : 0U)]) << 16));
}

namespace plain {

struct Isa {
    static Masks classify(const char* code)
    {
        Masks masks;
        for (unsigned at = 1; at < 64; ++at) {
            const char c = code[at], lower = static_cast<char>(c | 0x20);
            const u64 bit = u64{1} << at;
            if (isDigit(c))
                masks.digit |= bit;
            else if ((lower >= 'x' && lower <= 'z') || lower == 'e' || lower == 'f')
                masks.letter |= bit;
            else if (c == '.')
                masks.dot |= bit;
            else if (c == '-')
                masks.minus |= bit;
            else if (c != ' ') {
                masks.other = bit;
                break;
            }
        }
        return masks;
    }
    static Nanometres number(const char* at, unsigned whole, unsigned fraction) { return numberAt(at, whole, fraction); }
    template <class Number>
    static void pair(const Number& a, const Number& b, Nanometres* outA, Nanometres* outB)
    {
        *outA = numberAt(a.at, a.whole, a.fraction);
        *outB = numberAt(b.at, b.whole, b.fraction);
    }
    static const char* endOfComment(const char* at, const char* readable)
    {
        for (; at <= readable; ++at)
            if (*at == '\n' || *at == '\r' || *at == ';')
                return at;
        return nullptr;
    }
};
#include "gcode/moverun_step.h"

} // namespace plain

#if defined(__x86_64__)

namespace sse2 {

struct Isa {
    static u64 bits(__m128i a, __m128i b, __m128i c, __m128i d)
    {
        const auto mask = [](__m128i v) { return static_cast<u64>(static_cast<unsigned>(_mm_movemask_epi8(v))); };
        return mask(a) | mask(b) << 16 | mask(c) << 32 | mask(d) << 48;
    }
    static Masks classify(const char* code)
    {
        Masks masks;
        for (unsigned part = 0; part < 4; ++part) {
            const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(code + 16 * part));
            const auto is = [&](char c) { return _mm_cmpeq_epi8(text, _mm_set1_epi8(c)); };
            const auto within = [](__m128i value, char begin, char count) {
                const __m128i from = _mm_sub_epi8(value, _mm_set1_epi8(begin));
                return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8(static_cast<char>(count - 1))), from);
            };
            const auto bits = [&](__m128i v) { return static_cast<u64>(static_cast<unsigned>(_mm_movemask_epi8(v))) << (16 * part); };
            const __m128i lower = _mm_or_si128(text, _mm_set1_epi8(0x20));
            const __m128i letter = _mm_or_si128(within(lower, 'x', 3), within(lower, 'e', 2));
            const __m128i dot = is('.'), minus = is('-');
            const __m128i digit = within(text, '0', 10);
            const __m128i known = _mm_or_si128(_mm_or_si128(letter, digit), _mm_or_si128(_mm_or_si128(dot, minus), is(' ')));
            masks.letter |= bits(letter);
            masks.dot |= bits(dot);
            masks.minus |= bits(minus);
            masks.digit |= bits(digit);
            masks.other |= bits(known);
        }
        masks.other = ~masks.other;
        return masks;
    }
    static Nanometres number(const char* at, unsigned whole, unsigned fraction) { return numberAt(at, whole, fraction); }
    template <class Number>
    static void pair(const Number& a, const Number& b, Nanometres* outA, Nanometres* outB)
    {
        *outA = numberAt(a.at, a.whole, a.fraction);
        *outB = numberAt(b.at, b.whole, b.fraction);
    }
    static const char* endOfComment(const char* at, const char* readable)
    {
        for (; at <= readable; at += 16) {
            const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
            const auto is = [&](char c) { return _mm_cmpeq_epi8(text, _mm_set1_epi8(c)); };
            const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(is('\n'), is('\r')), is(';'))));
            if (found != 0)
                return at + trailingZeros(found);
        }
        return nullptr;
    }
};
#include "gcode/moverun_step.h"

} // namespace sse2

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2")
#endif

namespace avx2 {

struct Isa {
    /// Two table look-ups by half bytes leave one bit a class; each mask then is one bit of every byte. Most lines fit in
    /// the first half.
    static Masks classify(const char* code)
    {
        const __m256i a = classes(code);
        const __m256i none = _mm256_setzero_si256();
        const __m256i others = _mm256_set1_epi8(exact);
        Masks masks;
        masks.other = bits(_mm256_cmpeq_epi8(_mm256_and_si256(a, others), none));
        masks.letter = bits(a);
        masks.digit = bits(_mm256_slli_epi16(a, 1));
        masks.dot = bits(_mm256_slli_epi16(a, 2));
        masks.minus = bits(_mm256_slli_epi16(a, 3));
        if ((masks.other & ~u64{1}) != 0)
            return masks;
        const __m256i b = classes(code + 32);
        masks.other |= bits(_mm256_cmpeq_epi8(_mm256_and_si256(b, others), none)) << 32;
        masks.letter |= bits(b) << 32;
        masks.digit |= bits(_mm256_slli_epi16(b, 1)) << 32;
        masks.dot |= bits(_mm256_slli_epi16(b, 2)) << 32;
        masks.minus |= bits(_mm256_slli_epi16(b, 3)) << 32;
        return masks;
    }
    static Nanometres number(const char* at, unsigned whole, unsigned fraction)
    {
        const __m128i text = _mm_and_si128(load(at), _mm_set1_epi8(0x0F));
        const __m128i digits = _mm_shuffle_epi8(text, load(shuffles.from[whole][fraction]));
        const __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
        const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001'0064));
        const __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x0001'2710));
        const u64 both = static_cast<u64>(_mm_cvtsi128_si64(eights));
        return static_cast<Nanometres>((both & 0xFFFFFFFF) * 1'000'000 + (both >> 32));
    }
    /// Two numbers at once.
    template <class Number>
    static void pair(const Number& a, const Number& b, Nanometres* outA, Nanometres* outB)
    {
        const __m256i text = _mm256_and_si256(_mm256_set_m128i(load(b.at), load(a.at)), _mm256_set1_epi8(0x0F));
        const __m256i from = _mm256_set_m128i(load(shuffles.from[b.whole][b.fraction]), load(shuffles.from[a.whole][a.fraction]));
        const __m256i pairs = _mm256_maddubs_epi16(_mm256_shuffle_epi8(text, from), _mm256_set1_epi16(0x010A));
        const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001'0064));
        const __m256i eights = _mm256_madd_epi16(_mm256_packus_epi32(fours, fours), _mm256_set1_epi32(0x0001'2710));
        const __m256i values = _mm256_add_epi64(_mm256_mul_epu32(eights, _mm256_set1_epi64x(1'000'000)), _mm256_srli_epi64(eights, 32));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(outA), _mm256_castsi256_si128(values));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(outB), _mm256_extracti128_si256(values, 1));
    }
    static const char* endOfComment(const char* at, const char* readable)
    {
        for (; at <= readable; at += 32) {
            const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
            const __m256i ends = _mm256_or_si256(_mm256_cmpeq_epi8(text, _mm256_set1_epi8('\n')), _mm256_cmpeq_epi8(text, _mm256_set1_epi8('\r')));
            const __m256i found = _mm256_or_si256(ends, _mm256_cmpeq_epi8(text, _mm256_set1_epi8(';')));
            const auto bits = static_cast<unsigned>(_mm256_movemask_epi8(found));
            if (bits != 0)
                return at + trailingZeros(bits);
        }
        return nullptr;
    }

private:
    // One bit a class. `letter` alone also takes letters that are in neither group.
    static constexpr char letter = '\x80', digit = 64, dot = 32, minus = 16, blank = 8, outer = 4, inner = 2; // X Y Z; E F
    static constexpr char exact = 127;

    static __m256i classes(const char* code)
    {
        constexpr char d = digit, xyz = letter | outer, ef = letter | inner;
        const __m256i low = _mm256_setr_epi8(
            d | blank, d, d, d, d, d | ef, d | ef, d, d | xyz, d | xyz, xyz, 0, 0, minus, dot, 0,
            d | blank, d, d, d, d, d | ef, d | ef, d, d | xyz, d | xyz, xyz, 0, 0, minus, dot, 0);
        const __m256i high = _mm256_setr_epi8(
            0, 0, dot | minus | blank, d, ef, xyz, ef, xyz, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, dot | minus | blank, d, ef, xyz, ef, xyz, 0, 0, 0, 0, 0, 0, 0, 0);
        const __m256i nibble = _mm256_set1_epi8(0x0F);
        const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(code));
        return _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(text, nibble)),
                                _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(text, 4), nibble)));
    }
    static __m128i load(const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); }
    static u64 bits(__m256i bytes) { return static_cast<u64>(static_cast<unsigned>(_mm256_movemask_epi8(bytes))); }
};
#include "gcode/moverun_step.h"

const char* plainly(const char* at, const char* stop, const char* readable, MoveRun::Registers& registers)
{
    return stepOver<false>(at, stop, readable, registers);
}
const char* accounting(const char* at, const char* stop, const char* readable, MoveRun::Registers& registers)
{
    return stepOver<true>(at, stop, readable, registers);
}

} // namespace avx2

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif

constexpr bool isLittle = std::endian::native == std::endian::little;

} // namespace

MoveRun::MoveRun(Dialect dialect, FastPath path)
    : m_dialect(dialect)
    , m_plain(plain::stepOver<false>)
    , m_accounting(plain::stepOver<true>)
{
    static_assert(isLittle, "numberAt reads the first digit from the lowest byte");
#if defined(__x86_64__)
    if (path != FastPath::Portable) {
        m_plain = sse2::stepOver<false>;
        m_accounting = sse2::stepOver<true>;
    }
    static const bool wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    if (path == FastPath::Best && wide) {
        m_plain = avx2::plainly;
        m_accounting = avx2::accounting;
    }
#else
    static_cast<void>(path);
#endif
}

MoveRun::Stepped MoveRun::step(MachineState& state, std::string_view data, std::size_t before, std::size_t stop, std::uint64_t maxLines,
                               ByteOffset offset, MoveAccount* account)
{
    constexpr Nanometres far = Nanometres{1} << 61; // sums of moves from here on cannot overflow within one step
    const char* const begin = data.data();
    const bool notes = !account || account->stepsOverNotes, heights = !account || account->heightNoted;
    if (data.size() < lookAhead || before < lookBehind || !mayBeginRun(begin, notes, heights))
        return {};
    const bool ordinary = state.absoluteXyz && !state.inch && state.position[0] && state.position[1] && state.position[2] && knowsHowToMove(state);
    if (!ordinary || state.e > far || state.e < -far || state.eTotal > far || state.eTotal < -far)
        return {};
    Registers r{.x = *state.position[0], .y = *state.position[1], .z = *state.position[2], .e = state.e, .eTotal = state.eTotal,
        .eHighest = state.eHighest, .feed = state.feed.value_or(0), .eMask = state.eIsAbsolute(m_dialect) ? -1 : 0,
        .maxLines = std::min<std::uint64_t>(maxLines, MotionBatch::capacity), .notes = notes, .heights = heights};
    r.declares = r.eMask != 0 && m_dialect != Dialect::RepRapFirmware; // there it may settle what an expression left open
    if (account) {
        r.maxLines = std::min<std::uint64_t>(r.maxLines, MotionBatch::capacity - account->batch->count);
        r.seeking = account->seeking;
        r.fresh = account->fresh;
        r.layered = account->layered;
        r.level = account->level;
        r.highestZ = account->highestZ;
        r.out = account->batch->moves.get();
        r.count = account->batch->count;
        r.box = account->printed;
    }
    const char* const readable = begin + (data.size() - lookAhead);
    const char* const end = (account ? m_accounting : m_plain)(begin, begin + std::min(stop, data.size()), readable, r);
    if (r.lines == 0)
        return {};
    settle(state, r);
    if (account) {
        account->batch->count = r.count;
        account->highestZ = r.highestZ;
        account->extruded = wrapped(account->extruded, r.extruded);
        account->printed = r.box;
        if (r.sawFirst)
            account->firstZ = r.firstZ;
        if (r.firstAcross)
            account->firstAcross = offset + static_cast<ByteOffset>(r.firstAcross - begin);
        if (r.lastEnd)
            account->lastExtrusionEnd = offset + static_cast<ByteOffset>(r.lastEnd - begin);
    }
    return {.bytes = static_cast<std::size_t>(end - begin), .lines = r.lines, .moves = r.moves};
}

void MoveRun::settle(MachineState& state, const Registers& r) const
{
    if (m_dialect == Dialect::RepRapFirmware)
        state.lastMove = 1;
    if (!state.unknownFields.empty())
        learnFromMove(state, (r.seen & 32U) != 0, (r.seen & 64U) != 0);
    state.position = {r.x, r.y, r.z};
    state.e = r.e;
    state.eTotal = r.eTotal;
    state.eHighest = r.eHighest;
    if (r.seen & 64U)
        state.feed = r.feed;
    for (std::size_t axis = 0; axis < 3; ++axis)
        if ((r.seen >> axis) & 1U)
            state.setBy[axis] = SetBy::Move;
    if (state.doubtfulAxes != 0 && (r.seen & 7U) != 0) {
        state.doubtfulAxes = static_cast<std::uint8_t>(state.doubtfulAxes & ~(r.seen & 7U));
        state.unknownMotion = state.doubtfulAxes != 0;
    }
}

} // namespace kintsugi::gcode
