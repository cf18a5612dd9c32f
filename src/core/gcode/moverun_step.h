// SPDX-License-Identifier: GPL-3.0-or-later
// The fast path over `Isa`: moverun.cpp includes it once for each kind of processor, in a namespace of its own and under that
// processor's options. So it calls nothing of the standard library: such a function would be compiled for that processor and the
// linker might take it for the others too.

/// The number at `at`: `size` characters, of which `whole` digits (at most 7) and, after a dot, at most 6. Bytes that do not belong to it
/// are masked away.
inline Nanometres numberAt(const char* at, unsigned size, unsigned whole)
{
    const unsigned decimals = size > whole ? size - whole - 1 : 0;
    u64 before = 0, after = 0;
    __builtin_memcpy(&before, at + whole - 8, 8);
    __builtin_memcpy(&after, at + whole + 1, 8);
    return Isa::combine(before & nibbles & ~lowBytes[8 - whole], (after & nibbles & lowBytes[decimals]) << 16);
}

/// What follows the words of a move: the end of the line, perhaps after a checksum or a comment. Nothing: not an ordinary move.
inline const char* behindLine(const char* at, const char* readable)
{
    if (*at == '\n')
        return at + 1;
    if (*at == '*') {
        const char* digit = at + 1;
        while (isDigit(*digit) && digit < at + 8)
            ++digit;
        if (digit == at + 1)
            return nullptr;
        at = digit;
    }
    if (*at == ';') {
        at = Isa::endOfComment(at + 1, readable);
        if (at == nullptr)
            return nullptr;
    }
    if (*at == '\r')
        ++at;
    return *at == '\n' ? at + 1 : nullptr;
}

/// The words of one line, as they were found.
struct Words {
    Nanometres values[8];
    unsigned seen = 0; ///< bit per letter & 7: X Y Z are 0 1 2, E F are 5 6
};

/// Reads the words; what is left of the line begins at the returned address. Nothing: not an ordinary move.
inline const char* readWords(const char* code, Words& words)
{
    const Masks masks = Isa::classify(code);
    const u64 others = masks.other & ~u64{1};
    if (others == 0 || (code[1] & '\xFE') != '0')
        return nullptr;
    const unsigned length = trailingZeros(others);
    const u64 low = (u64{1} << length) - 1;
    const u64 letters = masks.letter & low, minus = masks.minus & low, numbers = masks.number & low & ~u64{3}, first = letters << 1;
    u64 bad = (minus & ~first) | (numbers & ~(numbers << 1) & ~(first | minus << 1)) | (first & ~(numbers | minus)) | ((minus << 1) & ~numbers)
        | (numbers & 4);
    for (u64 left = letters; left != 0 && bad == 0; left &= left - 1) {
        const unsigned letter = trailingZeros(left);
        const unsigned index = static_cast<unsigned char>(code[letter]) & 7U;
        const unsigned negative = static_cast<unsigned>(minus >> (letter + 1)) & 1U;
        const unsigned start = letter + 1 + negative;
        const unsigned size = trailingZeros(~(numbers >> start));
        const u64 dots = (masks.dot >> start) & ((u64{1} << size) - 1);
        const unsigned whole = trailingZeros(dots | u64{1} << size);
        const unsigned digits = size - (dots != 0 ? 1U : 0U);
        bad = (dots & (dots - 1)) | ((words.seen >> index) & 1U) | (digits - 1U > 12U ? 1U : 0U) | (whole > 7 ? 1U : 0U) | (digits - whole > 6 ? 1U : 0U);
        words.seen |= 1U << index;
        if (bad != 0)
            break;
        const Nanometres magnitude = numberAt(code + start, size, whole);
        words.values[index] = negative != 0 ? -magnitude : magnitude;
    }
    return bad == 0 ? code + length : nullptr;
}

inline void widen(Box& box, Nanometres x, Nanometres y, Nanometres z)
{
    const Nanometres point[3] = {x, y, z};
    for (int axis = 0; axis < 3; ++axis) {
        box.low[axis] = box.low[axis] < point[axis] ? box.low[axis] : point[axis];
        box.high[axis] = box.high[axis] > point[axis] ? box.high[axis] : point[axis];
    }
}

inline bool fits(Nanometres value) { return value == static_cast<std::int32_t>(value); }

/// Enters a move into the account before it is made. False: it is one of those that are left to the caller.
inline bool enter(MoveRun::Registers& r, const char* next, Nanometres x, Nanometres y, Nanometres z, Nanometres de, std::int64_t feed)
{
    const Nanometres dx = x - r.x, dy = y - r.y, dz = z - r.z;
    if (!fits(dx) || !fits(dy) || !fits(dz) || !fits(de))
        return false;
    const bool across = (dx | dy) != 0, moves = (dx | dy | dz) != 0;
    if (de > 0) {
        if (r.fresh || (across && r.layered && (dz != 0 || z != r.level)))
            return false;
        if (moves) {
            const Nanometres top = z > r.z ? z : r.z;
            r.highestZ = top > r.highestZ ? top : r.highestZ;
        }
        if (across) {
            if (!r.printing)
                widen(r.box, r.x, r.y, r.z);
            widen(r.box, x, y, z);
            r.lastEnd = next;
        }
    }
    r.printing = de > 0 && across;
    r.extruded += de;
    if (moves || de != 0) {
        Motion& motion = *r.out++;
        motion.dx = static_cast<std::int32_t>(dx);
        motion.dy = static_cast<std::int32_t>(dy);
        motion.dz = static_cast<std::int32_t>(dz);
        motion.de = static_cast<std::int32_t>(de);
        motion.feed = feed;
        motion.slot = r.slot;
        motion.path = 0;
    }
    return true;
}

template <bool accounting>
inline const char* stepOver(const char* at, const char* const stop, const char* const readable, MoveRun::Registers& registers)
{
    MoveRun::Registers r = registers;
    while (at <= readable && r.lines != r.maxLines) {
        const char* code = at;
        if ((*code | 0x20) == 'n')
            code = behindLineNumber(code);
        if ((*code | 0x20) != 'g' || code > readable)
            break;
        Words words;
        const char* const rest = readWords(code, words);
        const char* const next = rest != nullptr ? behindLine(rest, readable) : nullptr;
        if (next == nullptr || next > stop)
            break;
        const Nanometres x = words.seen & 1U ? words.values[0] : r.x;
        const Nanometres y = words.seen & 2U ? words.values[1] : r.y;
        const Nanometres z = words.seen & 4U ? words.values[2] : r.z;
        const Nanometres de = words.seen & 32U ? words.values[5] - (r.e & r.eMask) : 0;
        const std::int64_t feed = words.seen & 64U ? words.values[6] : r.feed;
        if constexpr (accounting)
            if (!enter(r, next, x, y, z, de, feed))
                break;
        r.x = x;
        r.y = y;
        r.z = z;
        r.e += de;
        r.eTotal += de;
        r.eHighest = r.eTotal > r.eHighest ? r.eTotal : r.eHighest;
        r.feed = feed;
        r.seen |= words.seen;
        ++r.lines;
        at = next;
    }
    registers = r;
    return at;
}
