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

/// Behind an empty line, or a comment that nothing is kept of. Nothing: it may matter.
inline const char* behindNote(const char* at, const char* readable, const MoveRun::Registers& r)
{
    if (*at == ';') {
        at = r.notes && isQuietNote(at, r.heights) ? Isa::endOfComment(at + 1, readable) : nullptr;
        if (at == nullptr)
            return nullptr;
    }
    if (*at == '\r')
        ++at;
    return *at == '\n' ? at + 1 : nullptr;
}

/// Reads `G92 E` and a number, alone on the line; what is left of it begins at the returned address. Nothing: it is not that.
inline const char* readDeclared(const char* code, Nanometres& value)
{
    if (code[1] != '9' || code[2] != '2' || code[3] != ' ' || (code[4] | 0x20) != 'e')
        return nullptr;
    const char* at = code + 5;
    const char* const whole = at;
    for (value = 0; isDigit(*at) && at < whole + 7; ++at)
        value = value * 10 + (*at - '0');
    if (at == whole)
        return nullptr;
    Nanometres unit = 1'000'000;
    value *= unit;
    if (*at == '.')
        for (++at; isDigit(*at) && unit > 1; ++at)
            value += (*at - '0') * (unit /= 10);
    while (*at == ' ' && at < whole + 16)
        ++at;
    return at;
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

/// Where a number stands: so many digits and then a fraction of so many characters with its dot.
struct Number {
    const char* at;
    unsigned whole, fraction;
};

inline Number numberBehind(const char* code, unsigned letter, const WordMasks& where)
{
    const unsigned start = letter + 1;
    const unsigned whole = trailingZeros(where.noDigit >> start);
    return {code + start, whole, trailingZeros(where.noNumber >> start) - whole};
}

/// Reads the first word of `left` and takes it away; where there is none it does the same work for nothing.
inline void readWord(const char* code, const WordMasks& where, u64& left, Words& words, unsigned& sizes)
{
    constexpr u64 beyond = u64{1} << 61;
    constexpr unsigned nowhere = 3;
    const unsigned there = left != 0 ? 1U : 0U;
    const unsigned letter = trailingZeros(left | beyond);
    const unsigned index = there != 0 ? static_cast<unsigned char>(code[letter]) & 7U : nowhere;
    const unsigned negative = static_cast<unsigned>(where.minus >> (letter + 1)) & 1U;
    const Number number = numberBehind(code, letter + negative, where);
    sizes |= number.whole | number.fraction;
    words.seen |= there << index;
    const Nanometres magnitude = Isa::number(number.at, number.whole & 7U, number.fraction & 7U);
    words.values[index] = (magnitude ^ -static_cast<Nanometres>(negative)) + negative;
    left &= left - there;
}

/// The lines that were read and not yet executed: what holds after each of them. Row 0 is what held before.
struct Rows {
    static constexpr unsigned capacity = 128, step = 4; ///< loops over rows take so many at a time; the last few are filled up
    Nanometres x[capacity + step], y[capacity + step], z[capacity + step];
    Nanometres e[capacity + step]; ///< relative E: of the line alone
    double feed[capacity + step];  ///< whole, and small enough to be exact
    Nanometres dx[capacity + step], dy[capacity + step], dz[capacity + step], de[capacity + step];
    const char* begin[capacity + step];
    const char* end[capacity + step];
    unsigned char seen[capacity + 8];
    Nanometres shift; ///< absolute E: what `e` counts more than the file, which G92 set back on the way
};

/// What was read: rows, and the lines that go with them, up to `end`.
struct Reading {
    unsigned rows = 0;
    u64 lines = 0;
    const char* end;
};

/// Any words in any order. False: a number is too long, or a letter comes twice.
inline bool readAny(const char* code, const WordMasks& where, u64 letters, Nanometres eMask, Rows& rows, unsigned row)
{
    Words words;
    u64 left = letters;
    unsigned sizes = 0;
    // Two words are usual: to read them without asking costs less than to guess wrongly how many there are.
    readWord(code, where, left, words, sizes);
    readWord(code, where, left, words, sizes);
    while (left != 0)
        readWord(code, where, left, words, sizes);
    rows.x[row] = words.seen & 1U ? words.values[0] : rows.x[row - 1];
    rows.y[row] = words.seen & 2U ? words.values[1] : rows.y[row - 1];
    rows.z[row] = words.seen & 4U ? words.values[2] : rows.z[row - 1];
    rows.e[row] = words.seen & 32U ? words.values[5] + rows.shift : rows.e[row - 1] & eMask;
    rows.feed[row] = words.seen & 64U ? static_cast<double>(words.values[6]) : rows.feed[row - 1];
    rows.seen[row] = static_cast<unsigned char>(words.seen);
    return sizes <= 7 && __builtin_popcountll(letters) == __builtin_popcount(words.seen);
}

/// Reads the words of a line into a row; what is left of it begins at the returned address. Nothing: not an ordinary move. The form
/// of the whole line is checked at once, on bits: each letter has a number, each number a letter, a digit, and at most one dot.
inline const char* readWords(const char* code, Nanometres eMask, Rows& rows, unsigned row)
{
    const Masks masks = Isa::classify(code);
    const u64 others = masks.other & ~u64{1};
    if (others == 0 || (code[1] & '\xFE') != '0')
        return nullptr;
    const unsigned length = trailingZeros(others);
    const u64 low = ((u64{1} << length) - 1) & ~u64{3};
    const u64 letters = masks.letter & low, minus = masks.minus & low, digits = masks.digit & low, dots = masks.dot & low;
    const u64 numbers = digits | dots, first = letters << 1, afterDot = dots << 1;
    const u64 begins = numbers & ~(numbers << 1);
    u64 bad = begins ^ first;
    if (minus != 0)
        bad = (minus & ~first) | (begins & ~(first | minus << 1)) | (first & ~(numbers | minus)) | ((minus << 1) & ~numbers) | (numbers & 4);
    bad |= dots & ~(digits << 1) & ~(digits >> 1);
    bad |= dots & (((digits + (afterDot & digits)) & ~digits) | afterDot);
    if (bad != 0)
        return nullptr;
    const WordMasks where{.minus = minus, .noDigit = ~digits, .noNumber = ~numbers};
    const u64 second = letters & (letters - 1), third = second & (second - 1);
    if (third != 0 && (third & (third - 1)) == 0 && minus == 0) {
        const unsigned atX = trailingZeros(letters), atY = trailingZeros(second), atE = trailingZeros(third);
        // Most lines: X, Y and E in this order, none below 0.
        if ((((code[atX] ^ 'X') | (code[atY] ^ 'Y') | (code[atE] ^ 'E')) & 0xDF) == 0) {
            const Number x = numberBehind(code, atX, where), y = numberBehind(code, atY, where), e = numberBehind(code, atE, where);
            if ((x.whole | x.fraction | y.whole | y.fraction | e.whole | e.fraction) > 7)
                return nullptr;
            Isa::pair(x, y, rows.x + row, rows.y + row);
            rows.e[row] = Isa::number(e.at, e.whole, e.fraction) + rows.shift;
            rows.z[row] = rows.z[row - 1];
            rows.feed[row] = rows.feed[row - 1];
            rows.seen[row] = 1U | 2U | 32U;
            return code + length;
        }
    }
    return readAny(code, where, letters, eMask, rows, row) ? code + length : nullptr;
}

/// Reads lines up to the first that is neither an ordinary move nor goes between such moves: comments that say nothing only count when
/// a move or G92 follows, for whoever looks at what follows a comment.
inline Reading readRows(const char* at, const char* const stop, const char* const readable, unsigned most, u64 mostLines, const MoveRun::Registers& r,
                        Rows& rows)
{
    Reading reading{.end = at};
    rows.shift = 0;
    for (u64 lines = 0; reading.rows < most && lines < mostLines && at <= readable;) {
        const char* code = at;
        if ((*code | 0x20) == 'n')
            code = behindLineNumber(code);
        const char* next = nullptr;
        bool counts = true;
        if ((*code | 0x20) == 'g' && code <= readable) {
            const char* rest = readWords(code, r.eMask, rows, reading.rows + 1);
            Nanometres declared = 0;
            const bool moves = rest != nullptr;
            if (!moves && r.declares)
                rest = readDeclared(code, declared);
            next = rest != nullptr ? behindLine(rest, readable) : nullptr;
            if (next == nullptr || next > stop)
                break;
            if (moves) {
                rows.begin[++reading.rows] = at;
                rows.end[reading.rows] = next;
            } else {
                rows.shift = rows.e[reading.rows] - declared;
            }
        } else {
            next = behindNote(at, readable, r);
            if (next == nullptr || next > stop)
                break;
            counts = false;
        }
        at = next;
        ++lines;
        if (counts) {
            reading.lines = lines;
            reading.end = at;
        }
    }
    return reading;
}

inline Nanometres smaller(Nanometres a, Nanometres b) { return a < b ? a : b; }
inline Nanometres larger(Nanometres a, Nanometres b) { return a > b ? a : b; }

/// Four at a time, whatever the processor makes of it.
using Four = long long __attribute__((vector_size(32)));
using FourInts = std::int32_t __attribute__((vector_size(16)));

inline void load(Four& value, const Nanometres* from) { __builtin_memcpy(&value, from, sizeof value); }
inline void store(Nanometres* to, const Four& value) { __builtin_memcpy(to, &value, sizeof value); }
inline Nanometres lowest(const Four& v) { return smaller(smaller(v[0], v[1]), smaller(v[2], v[3])); }
inline Nanometres highest(const Four& v) { return larger(larger(v[0], v[1]), larger(v[2], v[3])); }
inline Nanometres total(const Four& v) { return v[0] + v[1] + v[2] + v[3]; }

/// Of a few rows at once.
struct Range {
    Nanometres low[3], high[3];
    Nanometres unfit = 0;     ///< above 32 bits: a distance does not fit
    Nanometres extruded = 0;
    bool retracts = false;
    bool idles = false;       ///< some move takes no time
};

inline void fillUp(Rows& rows, unsigned count, Nanometres eMask)
{
    for (unsigned row = count + 1; row % Rows::step != 1; ++row) {
        rows.x[row] = rows.x[count];
        rows.y[row] = rows.y[count];
        rows.z[row] = rows.z[count];
        rows.e[row] = rows.e[count] & eMask;
    }
    __builtin_memset(rows.seen + count + 1, 0, 7);
}

struct Extent { Four low, high; };

/// The way along one axis.
inline void measureAxis(const Nanometres* to, Nanometres* way, Four& unfit, Four& moves, Extent& extent)
{
    constexpr Nanometres half = Nanometres{1} << 31;
    Four after, before;
    load(after, to);
    load(before, to - 1);
    const Four d = after - before;
    store(way, d);
    unfit |= d + half;
    moves |= d;
    extent.low = after < extent.low ? after : extent.low;
    extent.high = after > extent.high ? after : extent.high;
}

/// The way of each move, and what can be said of all together.
template <bool accounting>
inline void measure(Rows& rows, unsigned count, Nanometres eMask, Range& range)
{
    constexpr Nanometres half = Nanometres{1} << 31;
    fillUp(rows, count, eMask);
    Four unfit = {}, idle = {}, extruded = {}, retracts = {};
    Extent x{Four{} + rows.x[0], Four{} + rows.x[0]}, y{Four{} + rows.y[0], Four{} + rows.y[0]}, z{Four{} + rows.z[0], Four{} + rows.z[0]};
    for (unsigned row = 1; row <= count; row += Rows::step) {
        Four after, before;
        load(after, rows.e + row);
        load(before, rows.e + row - 1);
        const Four de = after - (before & eMask);
        store(rows.de + row, de);
        extruded += de;
        retracts |= de;
        if constexpr (accounting) {
            Four moves = de;
            unfit |= de + half;
            measureAxis(rows.x + row, rows.dx + row, unfit, moves, x);
            measureAxis(rows.y + row, rows.dy + row, unfit, moves, y);
            measureAxis(rows.z + row, rows.dz + row, unfit, moves, z);
            idle -= moves == 0;
        }
    }
    const unsigned filled = (count + Rows::step - 1) / Rows::step * Rows::step - count;
    range = {.low = {lowest(x.low), lowest(y.low), lowest(z.low)}, .high = {highest(x.high), highest(y.high), highest(z.high)},
        .unfit = unfit[0] | unfit[1] | unfit[2] | unfit[3], .extruded = total(extruded), .retracts = lowest(retracts) < 0,
        .idles = total(idle) != static_cast<Nanometres>(filled)};
}

inline bool isAcross(const Rows& rows, unsigned row) { return (rows.dx[row] | rows.dy[row]) != 0; }

/// How many of the moves come before the first that is left to the caller.
inline unsigned countOrdinary(const MoveRun::Registers& r, const Rows& rows, unsigned count, const Range& range)
{
    constexpr Nanometres half = Nanometres{1} << 31;
    if (!r.fresh && !r.layered && static_cast<u64>(range.unfit) >> 32 == 0)
        return count;
    for (unsigned row = 1; row <= count; ++row) {
        const Nanometres dx = rows.dx[row], dy = rows.dy[row], dz = rows.dz[row], de = rows.de[row];
        const bool fits = static_cast<u64>((dx + half) | (dy + half) | (dz + half) | (de + half)) >> 32 == 0;
        const bool special = de > 0 && (r.fresh || (r.layered && (dx | dy) != 0 && (dz != 0 || rows.z[row] != r.level)));
        if (!fits || special)
            return row - 1;
    }
    return count;
}

/// The box and the height of what is printed, `last` being the last row that prints. Most moves stay inside what is known, at one
/// height: that is asked of all at once.
inline void widen(MoveRun::Registers& r, const Rows& rows, unsigned last, const Range& range)
{
    if (last == 0)
        return;
    bool inside = range.low[2] == range.high[2] || (range.high[2] <= r.highestZ && range.low[2] >= r.box.low[2] && range.high[2] <= r.box.high[2]);
    for (int axis = 0; axis < 2; ++axis)
        inside = inside && range.low[axis] >= r.box.low[axis] && range.high[axis] <= r.box.high[axis];
    if (inside) {
        const Nanometres z = rows.z[last];
        r.highestZ = larger(r.highestZ, z);
        r.box.low[2] = smaller(r.box.low[2], z);
        r.box.high[2] = larger(r.box.high[2], z);
        return;
    }
    for (unsigned row = 1; row <= last; ++row) {
        const bool across = isAcross(rows, row);
        if (rows.de[row] <= 0 || !(across || rows.dz[row] != 0))
            continue;
        r.highestZ = larger(r.highestZ, larger(rows.z[row - 1], rows.z[row]));
        for (unsigned end = row - 1; across && end <= row; ++end) {
            const Nanometres point[3] = {rows.x[end], rows.y[end], rows.z[end]};
            for (int axis = 0; axis < 3; ++axis) {
                r.box.low[axis] = smaller(r.box.low[axis], point[axis]);
                r.box.high[axis] = larger(r.box.high[axis], point[axis]);
            }
        }
    }
}

/// What begins a layer.
inline void findFirst(MoveRun::Registers& r, const Rows& rows, unsigned count)
{
    for (unsigned row = 1; row <= count && r.seeking; ++row) {
        if (rows.de[row] <= 0)
            continue;
        if (!r.sawFirst)
            r.firstZ = rows.z[row];
        r.sawFirst = true;
        if (isAcross(rows, row)) {
            r.firstAcross = rows.begin[row];
            r.seeking = false;
        }
    }
}

inline void emitFour(std::int32_t* out, const Nanometres* from)
{
    Four wide;
    load(wide, from);
    const FourInts narrow = __builtin_convertvector(wide, FourInts);
    __builtin_memcpy(out, &narrow, sizeof narrow);
}

inline void emit(MoveRun::Registers& r, const Rows& rows, unsigned count, bool idles)
{
    MotionBatch::Moves& out = *r.out;
    std::size_t at = r.count;
    if (!idles && at + count + Rows::step <= MotionBatch::capacity) {
        for (unsigned row = 1; row <= count; row += Rows::step, at += Rows::step) {
            emitFour(&out.dx[at], rows.dx + row);
            emitFour(&out.dy[at], rows.dy + row);
            emitFour(&out.dz[at], rows.dz + row);
            emitFour(&out.de[at], rows.de + row);
            __builtin_memcpy(&out.feed[at], rows.feed + row, Rows::step * sizeof(double));
        }
        r.count += count;
        return;
    }
    for (unsigned row = 1; row <= count; ++row) {
        out.dx[at] = static_cast<std::int32_t>(rows.dx[row]);
        out.dy[at] = static_cast<std::int32_t>(rows.dy[row]);
        out.dz[at] = static_cast<std::int32_t>(rows.dz[row]);
        out.de[at] = static_cast<std::int32_t>(rows.de[row]);
        out.feed[at] = rows.feed[row];
        at += (rows.dx[row] | rows.dy[row] | rows.dz[row] | rows.de[row]) != 0 ? 1 : 0; // what takes no time is overwritten by the next
    }
    r.count = at;
}

/// Enters the moves into the account.
inline void enter(MoveRun::Registers& r, const Rows& rows, unsigned count, const Range& range)
{
    if (r.seeking)
        findFirst(r, rows, count);
    unsigned last = count, lastAcross = 0;
    while (last > 0 && !(rows.de[last] > 0 && (isAcross(rows, last) || rows.dz[last] != 0)))
        --last;
    for (lastAcross = last; lastAcross > 0 && !(rows.de[lastAcross] > 0 && isAcross(rows, lastAcross));)
        --lastAcross;
    widen(r, rows, last, range);
    emit(r, rows, count, range.idles);
    r.extruded += range.extruded;
    r.lastEnd = lastAcross > 0 ? rows.end[lastAcross] : r.lastEnd;
}

inline void execute(MoveRun::Registers& r, const Rows& rows, unsigned count, const Range& range)
{
    Nanometres eTotal = r.eTotal;
    for (unsigned row = 1; row <= count && range.retracts; ++row) {
        eTotal += rows.de[row];
        r.eHighest = larger(r.eHighest, eTotal);
    }
    r.eTotal += range.extruded;
    r.eHighest = larger(r.eHighest, r.eTotal);
    r.e += range.extruded;
    u64 seen = 0;
    for (unsigned row = 1; row <= count; row += 8) {
        u64 eight = 0;
        __builtin_memcpy(&eight, rows.seen + row, sizeof eight);
        seen |= eight;
    }
    seen |= seen >> 32;
    seen |= seen >> 16;
    r.seen |= static_cast<unsigned>(seen | seen >> 8) & 0xFFU;
    r.x = rows.x[count];
    r.y = rows.y[count];
    r.z = rows.z[count];
    r.feed = static_cast<std::int64_t>(rows.feed[count]);
}

template <bool accounting>
inline const char* stepOver(const char* at, const char* const stop, const char* const readable, MoveRun::Registers& r)
{
    constexpr unsigned fewRows = 4;
    Rows rows;
    for (bool full = true; full && r.lines != r.maxLines;) {
        rows.x[0] = r.x;
        rows.y[0] = r.y;
        rows.z[0] = r.z;
        rows.e[0] = r.e;
        rows.feed[0] = static_cast<double>(r.feed);
        // What is read behind a move that is left to the caller is read twice.
        const unsigned wanted = accounting && r.fresh ? fewRows : Rows::capacity;
        Reading reading = readRows(at, stop, readable, wanted, r.maxLines - r.lines, r, rows);
        full = reading.rows == wanted;
        if (reading.rows != 0) {
            Range range;
            measure<accounting>(rows, reading.rows, r.eMask, range);
            if constexpr (accounting) {
                if (const unsigned count = countOrdinary(r, rows, reading.rows, range); count != reading.rows) {
                    if (count == 0)
                        break;
                    full = false;
                    reading = readRows(at, stop, readable, count, r.maxLines - r.lines, r, rows);
                    measure<accounting>(rows, count, r.eMask, range);
                }
                enter(r, rows, reading.rows, range);
            }
            execute(r, rows, reading.rows, range);
        }
        r.e -= rows.shift;
        r.lines += reading.lines;
        r.moves += reading.rows;
        at = reading.end;
    }
    return at;
}
