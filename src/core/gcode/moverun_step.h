// SPDX-License-Identifier: GPL-3.0-or-later
// The fast path over `Isa`: moverun.cpp includes it once for each kind of processor, in a namespace of its own and under that
// processor's options. So it calls nothing of the standard library: such a function would be compiled for that processor and the
// linker might take it for the others too.

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

/// What readWord needs to know of the line.
struct WordMasks {
    u64 minus, noDigit, noNumber;
};

/// Reads the first word of `left` and takes it away; where there is none it does the same work for nothing.
inline void readWord(const char* code, const WordMasks& where, u64& left, Words& words, unsigned& sizes)
{
    constexpr u64 beyond = u64{1} << 61;
    constexpr unsigned nowhere = 3;
    const unsigned there = left != 0 ? 1U : 0U;
    const unsigned letter = trailingZeros(left | beyond);
    const unsigned index = there != 0 ? static_cast<unsigned char>(code[letter]) & 7U : nowhere;
    const unsigned negative = static_cast<unsigned>(where.minus >> (letter + 1)) & 1U;
    const unsigned start = letter + 1 + negative;
    const unsigned whole = trailingZeros(where.noDigit >> start);
    const unsigned fraction = trailingZeros(where.noNumber >> start) - whole; // the dot counts
    sizes |= whole | fraction;
    words.seen |= there << index;
    const Nanometres magnitude = Isa::number(code + start, whole & 7U, fraction & 7U);
    words.values[index] = (magnitude ^ -static_cast<Nanometres>(negative)) + negative;
    left &= left - there;
}

/// Reads the words; what is left of the line begins at the returned address. Nothing: not an ordinary move. The form of the whole
/// line is checked at once, on bits: each letter has a number, each number a letter, a digit, and at most one dot.
inline const char* readWords(const char* code, Words& words)
{
    const Masks masks = Isa::classify(code);
    const u64 others = masks.other & ~u64{1};
    if (others == 0 || (code[1] & '\xFE') != '0')
        return nullptr;
    const unsigned length = trailingZeros(others);
    const u64 low = ((u64{1} << length) - 1) & ~u64{3};
    const u64 letters = masks.letter & low, minus = masks.minus & low, digits = masks.digit & low, dots = masks.dot & low;
    const u64 numbers = digits | dots, first = letters << 1, afterDot = dots << 1;
    u64 bad = (minus & ~first) | (numbers & ~(numbers << 1) & ~(first | minus << 1)) | (first & ~(numbers | minus)) | ((minus << 1) & ~numbers)
        | (numbers & 4);
    bad |= dots & ~(digits << 1) & ~(digits >> 1);
    bad |= dots & (((digits + (afterDot & digits)) & ~digits) | afterDot);
    if (bad != 0)
        return nullptr;
    const WordMasks where{.minus = minus, .noDigit = ~digits, .noNumber = ~numbers};
    u64 left = letters;
    unsigned sizes = 0;
    // Three words are usual: to read them without asking costs less than to guess wrongly how many there are.
    readWord(code, where, left, words, sizes);
    readWord(code, where, left, words, sizes);
    readWord(code, where, left, words, sizes);
    while (left != 0)
        readWord(code, where, left, words, sizes);
    return sizes <= 7 && __builtin_popcountll(letters) == __builtin_popcount(words.seen) ? code + length : nullptr;
}

inline bool isOutside(const Box& box, Nanometres x, Nanometres y, Nanometres z)
{
    return (x < box.low[0]) | (x > box.high[0]) | (y < box.low[1]) | (y > box.high[1]) | (z < box.low[2]) | (z > box.high[2]);
}

inline void widen(Box& box, Nanometres x, Nanometres y, Nanometres z)
{
    const Nanometres point[3] = {x, y, z};
    for (int axis = 0; axis < 3; ++axis) {
        box.low[axis] = box.low[axis] < point[axis] ? box.low[axis] : point[axis];
        box.high[axis] = box.high[axis] > point[axis] ? box.high[axis] : point[axis];
    }
}

inline bool fit(Nanometres dx, Nanometres dy, Nanometres dz, Nanometres de)
{
    constexpr u64 half = u64{1} << 31;
    const u64 bits = (static_cast<u64>(dx) + half) | (static_cast<u64>(dy) + half) | (static_cast<u64>(dz) + half) | (static_cast<u64>(de) + half);
    return bits >> 32 == 0;
}

/// Enters a move into the account before it is made. False: it is one of those that are left to the caller.
inline bool enter(MoveRun::Registers& r, const char* next, Nanometres x, Nanometres y, Nanometres z, Nanometres de, std::int64_t feed)
{
    const Nanometres dx = x - r.x, dy = y - r.y, dz = z - r.z;
    if (!fit(dx, dy, dz, de))
        return false;
    const bool across = (dx | dy) != 0;
    if (de > 0) {
        if (r.fresh || (across && r.layered && (dz != 0 || z != r.level)))
            return false;
        const Nanometres top = z > r.z ? z : r.z;
        if (top > r.highestZ && (across || dz != 0))
            r.highestZ = top;
        if (across) {
            if (!r.printing && isOutside(r.box, r.x, r.y, r.z))
                widen(r.box, r.x, r.y, r.z);
            if (isOutside(r.box, x, y, z))
                widen(r.box, x, y, z);
            r.lastEnd = next;
        }
    }
    r.printing = de > 0 && across;
    r.extruded += de;
    Motion& motion = *r.out;
    motion.dx = static_cast<std::int32_t>(dx);
    motion.dy = static_cast<std::int32_t>(dy);
    motion.dz = static_cast<std::int32_t>(dz);
    motion.de = static_cast<std::int32_t>(de);
    motion.feed = feed;
    motion.slot = r.slot;
    motion.path = 0;
    r.out += (dx | dy | dz | de) != 0 ? 1 : 0; // what takes no time is overwritten by the next
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
