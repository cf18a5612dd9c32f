// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/quickscan.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "gcode/arc.h"
#include "gcode/changelog.h"
#include "gcode/filefacts.h"
#include "gcode/layercluster.h"
#include "gcode/text.h"

namespace kintsugi::gcode {

namespace {

constexpr std::size_t windowSize = 256 * 1024;
constexpr std::size_t firstLookBack = 2 * 1024;
constexpr ByteOffset proofReach = 1 << 20; ///< as buildIndex(): within these bytes a G-code file has a command
constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF";
constexpr std::array<char, 4> words{'X', 'Y', 'Z', 'E'};
constexpr std::size_t wordE = 3;

bool isAlnum(char c) { return isDigit(c) || isLetter(c); }

/// True only for what parseCommand() takes for G0 to G3: lower case, a line number, no blanks. In doubt false.
bool isPlainMove(std::string_view text)
{
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto skipBlanks = [&] {
        while (at != end && isBlank(*at))
            ++at;
    };
    skipBlanks();
    if (at != end && (*at == 'N' || *at == 'n')) {
        ++at;
        if (at == end || !isDigit(*at))
            return false;
        while (at != end && isDigit(*at))
            ++at;
        skipBlanks();
    }
    if (end - at < 2 || (*at != 'G' && *at != 'g') || at[1] < '0' || at[1] > '3')
        return false;
    at += 2;
    if (at != end && (isDigit(*at) || *at == '.'))
        return false;
    while (at != end && isAlnum(*at))
        ++at;
    if (at != end && *at == '_')
        return false;
    skipBlanks();
    return at == end || (*at != '=' && *at != '(');
}

bool isMove(const Command& command)
{
    return command.kind == Command::Kind::Code && command.letter == 'G' && command.number <= 3 && command.subcode == 0;
}

/// Commands that neither read nor set a position or a mode. Any other one finds the positions settled.
bool leavesPositionAlone(const Command& command)
{
    switch (command.kind) {
    case Command::Kind::None:
        return true;
    case Command::Kind::Text:
        return command.number == 117 || command.number == 118;
    case Command::Kind::Extended:
        return (command.name.starts_with("SET_") && !command.name.starts_with("SET_KINEMATIC") && !command.name.starts_with("SET_GCODE"))
            || command.name.starts_with("EXCLUDE_OBJECT");
    case Command::Kind::Meta:
        return false;
    case Command::Kind::Code:
        break;
    }
    if (command.letter == 'T')
        return true;
    if (command.letter == 'G')
        return command.number == 4 || command.number == 10 || command.number == 11;
    switch (command.number) {
    case 73: case 74: case 104: case 105: case 106: case 107: case 109: case 140: case 141: case 190: case 191: case 201: case 203: case 204:
    case 205: case 220: case 221: case 400: case 486: case 566: case 572: case 900:
        return true;
    default:
        return false;
    }
}

/// Could a line hold what is read only with all the lines before it: a G or M with a number after its beginning, or an expression? One loop
/// without branches, so that the compiler can take many bytes at a time.
bool mayHoldMore(const char* text, std::size_t size)
{
    unsigned char found = 0;
    for (std::size_t at = 1; at < size; ++at) {
        const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
        const auto letter = static_cast<unsigned char>(byte(at - 1) & 0xDFU);
        const bool code = (letter == 'G') | (letter == 'M');
        const bool number = static_cast<unsigned char>(byte(at) - '0') <= 9;
        const bool first = (at < 2) | (byte(at - (at < 2 ? 1 : 2)) == '\n');
        found = static_cast<unsigned char>(found | ((code & number & !first) | (byte(at) == '{')));
    }
    return found != 0;
}

/// A line of RepRapFirmware with several commands, coordinates alone, expressions or a condition.
bool isIntricate(std::string_view text)
{
    RepRapLine line(text);
    Command command;
    if (!takeCommand(line, 1, command) || command.kind == Command::Kind::None)
        return false;
    return command.modal || command.kind == Command::Kind::Meta || command.computed != 0 || !line.code.empty();
}

/// What a layer still needs to know: its heights are noted before its first extrusion, or else that extrusion tells.
struct Wanted {
    bool active = false, zNote = false, heightNote = false;
    bool noteIsLate = false; ///< the mark before has an extrusion at an unknown height, and this one may belong to it
};

/// Goes backwards over the lines that hold a letter, upper or lower case.
class LetterHits
{
public:
    LetterHits(std::string_view text, char letter)
        : m_text(text)
        , m_letters{letter, static_cast<char>(letter - 'A' + 'a')}
    {
    }
    std::optional<std::string_view> previousLine()
    {
        std::optional<std::size_t> hit;
        for (std::size_t at = 0; at < m_letters.size(); ++at) {
            if (!m_hits[at] || *m_hits[at] > m_text.size())
                m_hits[at] = endOfLast(m_letters[at]);
            hit = std::max(hit, m_hits[at]);
        }
        if (!hit || *hit == 0)
            return std::nullopt;
        const std::size_t begin = m_text.rfind('\n', *hit - 1) + 1; // npos + 1 == 0
        const std::size_t end = std::min(m_text.find('\n', *hit), m_text.size());
        const std::string_view line = m_text.substr(begin, end - begin);
        m_text = m_text.substr(0, begin);
        return line;
    }

private:
    /// 0: there is none.
    [[nodiscard]] std::size_t endOfLast(char letter) const
    {
        const void* const found = m_text.empty() ? nullptr : ::memrchr(m_text.data(), letter, m_text.size());
        return found ? static_cast<std::size_t>(static_cast<const char*>(found) - m_text.data()) + 1 : 0;
    }

    std::string_view m_text;
    std::array<char, 2> m_letters;
    std::array<std::optional<std::size_t>, 2> m_hits{};
};

class QuickScanner
{
public:
    QuickScanner(const Source& source, Dialect dialect, const QuickOptions& options)
        : m_source(source)
        , m_options(options)
        , m_scan(options.scan.value_or(availableLineScans().back()))
        , m_dialect(dialect)
        , m_log(m_quick)
    {
        m_quick.index.dialect = dialect;
        m_log.start(m_state, dialect);
    }
    Result<QuickIndex> run();

private:
    enum class Stop { No, Fallback, Error };

    Result<> pass();
    bool fill();
    bool windowDone();
    void scanWindow(std::size_t size);
    void skipTo(std::size_t offset, std::uint64_t line, std::uint64_t quiet);
    [[nodiscard]] bool isIntricateWindow(std::size_t size) const;
    void slowLines(std::string_view text);
    std::size_t oneLine(std::size_t at, std::size_t size);
    void line(const Line& line, bool plainIsEnough);
    void comment(const Line& line, std::string_view comment);
    void command(const Line& line);
    void resetE(const Line& line);
    void move(const Line& line);
    void other(const Line& line);
    void wantedMove(const Line& line, const Effect& effect);
    void settle(std::size_t word, ByteOffset before);
    void settleAll(ByteOffset before);
    std::optional<Millionths> lastWord(char letter, ByteOffset from, ByteOffset to);
    std::string_view textOf(ByteOffset from, ByteOffset to);
    [[nodiscard]] bool isCareful() const { return m_wanted.active || !m_state.absoluteXyz; }
    [[nodiscard]] FileIndex indexOf(ByteOffset size) const;
    static void forgetHalfKnown(FileIndex& index);
    void deliver(ByteOffset size);
    void makeRoom(ByteOffset byte);
    void fallBack(QuickIndex::Fallback reason);
    void stopFor(Error error);

    const Source& m_source;
    const QuickOptions& m_options;
    LineScan m_scan;
    Dialect m_dialect;
    QuickIndex m_quick;
    ChangeLog m_log;

    std::vector<char> m_buffer; ///< the window and lineScanPadding
    std::size_t m_have = 0;     ///< bytes of it
    ByteOffset m_base = 0;      ///< file offset of its first byte
    ByteOffset m_size = 0;
    std::vector<LineStart> m_special;
    std::vector<std::byte> m_back; ///< for looking back beyond the window
    Stop m_stop = Stop::No;
    Error m_error;

    std::uint64_t m_lines = 0; ///< before the current line
    std::uint64_t m_quietLines = 0; ///< of those that scanLines() counted
    std::uint64_t m_moves = 0;
    MachineState m_state;
    Command m_command;
    FileFacts m_facts;
    std::vector<Layer> m_segments{Layer{}};
    Wanted m_wanted;
    bool m_sawCommand = false, m_sawNul = false;

    ByteOffset m_skippedEnd = 0;               ///< end of the last line that was not applied
    std::array<ByteOffset, 4> m_settled{};     ///< the state holds X, Y, Z, E as they were here
    ByteOffset m_relativeFrom = 0;             ///< E is relative since
    bool m_eKnown = true;
    std::chrono::steady_clock::time_point m_nextDelivery{};
};

// --- reading -----------------------------------------------------------------------------------------------------------

Result<QuickIndex> QuickScanner::run()
{
    const auto stamp = m_source.stamp();
    const auto size = m_source.size();
    if (!stamp || !size)
        return fail(stamp ? size.error() : stamp.error());
    m_size = *size;
    if (const auto passed = pass(); !passed)
        return fail(passed.error());
    const auto stampAfter = m_source.stamp();
    if (!stampAfter)
        return fail(stampAfter.error());
    if (*stampAfter != *stamp)
        return fail(ErrorCode::FileChanged, "the file changed while it was read", m_source.name());
    const bool unsettled = m_facts.needsSegments();
    FileIndex index = indexOf(m_size);
    m_facts.resolve(index, std::move(m_segments), {});
    forgetHalfKnown(index);
    index.stamp = *stamp;
    if (m_quick.fallback == QuickIndex::Fallback::None && (index.layers.size() < 2 || unsettled))
        m_quick.fallback = QuickIndex::Fallback::NoMarks;
    if (m_quick.fallback != QuickIndex::Fallback::None) {
        index.layers.clear();
        index.layersMarked = false;
    }
    m_quick.index = std::move(index);
    return std::move(m_quick);
}

Result<> QuickScanner::pass()
{
    m_buffer.resize(windowSize + lineScanPadding);
    while (m_stop == Stop::No && fill()) {
        if (!windowDone())
            continue;
        deliver(m_base);
        if (m_options.progress && !m_options.progress(m_size == 0 ? 1.0 : static_cast<double>(m_base) / static_cast<double>(m_size)))
            return fail(ErrorCode::Cancelled, {}, m_source.name());
    }
    if (m_stop == Stop::No && m_have > 0) {
        slowLines({m_buffer.data(), m_have});
        m_base += m_have;
    }
    if (m_stop == Stop::Error)
        return fail(m_error);
    if (!m_sawCommand && m_sawNul)
        fallBack(QuickIndex::Fallback::NotGcode);
    return {};
}

/// Reads on behind what is left of the last window. False at the end of the file or on an error.
bool QuickScanner::fill()
{
    const ByteOffset at = m_base + m_have;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(windowSize, m_size - at));
    if (wanted == 0)
        return false;
    if (m_buffer.size() < m_have + wanted + lineScanPadding)
        m_buffer.resize(m_have + wanted + lineScanPadding);
    const auto got = m_source.read(at, std::as_writable_bytes(std::span(m_buffer).subspan(m_have, wanted)));
    if (!got) {
        stopFor(got.error());
        return false;
    }
    if (*got < wanted) {
        Error error{.code = ErrorCode::FileChanged, .detail = "the file became shorter while it was read", .file = m_source.name()};
        error.byte = at + *got;
        stopFor(std::move(error));
        return false;
    }
    if (!m_sawCommand && !m_sawNul)
        m_sawNul = std::memchr(m_buffer.data() + m_have, 0, wanted) != nullptr;
    m_have += wanted;
    if (at == 0 && std::string_view(m_buffer.data(), m_have).starts_with(byteOrderMark)) {
        m_have -= byteOrderMark.size();
        std::memmove(m_buffer.data(), m_buffer.data() + byteOrderMark.size(), m_have);
        m_base = byteOrderMark.size();
        m_settled.fill(m_base);
        m_skippedEnd = m_relativeFrom = m_base;
    }
    return true;
}

/// Deals with the whole lines of the window and keeps the rest. False: there is not one whole line yet.
bool QuickScanner::windowDone()
{
    const std::string_view text(m_buffer.data(), m_have);
    const auto lastLf = text.rfind('\n');
    if (m_have > Scanner::maxText && text.find('\n') > Scanner::maxText)
        fallBack(QuickIndex::Fallback::LongLine);
    if (lastLf == text.npos || m_stop != Stop::No)
        return false;
    const std::size_t whole = lastLf + 1;
    scanWindow(whole);
    std::memmove(m_buffer.data(), m_buffer.data() + whole, m_have - whole);
    m_have -= whole;
    m_base += whole;
    if (m_base >= proofReach && !m_sawCommand && m_sawNul)
        fallBack(QuickIndex::Fallback::NotGcode);
    return true;
}

void QuickScanner::scanWindow(std::size_t size)
{
    if (m_dialect == Dialect::RepRapFirmware && isIntricateWindow(size))
        return fallBack(QuickIndex::Fallback::Intricate);
    const LineScanResult found = scanLines(m_scan, m_buffer.data(), size, m_special);
    if (found.loneCr)
        return slowLines({m_buffer.data(), size});
    const std::uint64_t linesBefore = m_lines, quietBefore = m_quietLines;
    std::size_t at = 0;
    const auto careful = [&](std::size_t end) {
        while (at < end && isCareful() && m_stop == Stop::No)
            at = oneLine(at, size);
    };
    careful(size);
    for (const LineStart& start : m_special) {
        if (m_stop != Stop::No)
            return;
        if (start.offset < at)
            continue;
        if (start.offset > at)
            skipTo(start.offset, linesBefore + start.line, quietBefore + start.quiet);
        at = oneLine(start.offset, size);
        careful(size);
    }
    if (at < size)
        skipTo(size, linesBefore + found.lines, quietBefore + found.quiet);
}

/// Commands that the first glance at a move does not see.
bool QuickScanner::isIntricateWindow(std::size_t size) const
{
    constexpr std::size_t block = 4096;
    const std::string_view text(m_buffer.data(), size);
    for (std::size_t at = 0; at < size; at += block) {
        const std::size_t from = at < 2 ? 0 : at - 2; // a pair that lies across
        if (!mayHoldMore(text.data() + from, std::min(block + 2, size - from)))
            continue;
        for (std::size_t begin = text.rfind('\n', from) + 1; begin < std::min(at + block, size);) { // npos + 1 == 0
            const std::size_t end = std::min(text.find_first_of("\r\n", begin), size);
            if (text[begin] != ';' && isIntricate(text.substr(begin, end - begin)))
                return true;
            begin = end + 1;
        }
    }
    return false;
}

/// The lines up to `offset`, before which there are so many lines and quiet ones, are ordinary moves or quiet.
void QuickScanner::skipTo(std::size_t offset, std::uint64_t line, std::uint64_t quiet)
{
    const std::uint64_t moves = line - m_lines - (quiet - m_quietLines);
    m_lines = line;
    m_quietLines = quiet;
    if (moves == 0)
        return;
    m_moves += moves;
    m_skippedEnd = m_base + offset;
    m_sawCommand = true;
}

/// A window with lone CRs, or the end of the file: every line is parsed and applied.
void QuickScanner::slowLines(std::string_view text)
{
    settleAll(m_base);
    for (std::size_t at = 0; at < text.size() && m_stop == Stop::No;) {
        const std::size_t stop = std::min(text.find_first_of("\r\n", at), text.size());
        std::size_t next = std::min(stop + 1, text.size());
        if (next < text.size() && text[stop] == '\r' && text[next] == '\n')
            ++next;
        if (stop - at > Scanner::maxText)
            return fallBack(QuickIndex::Fallback::LongLine);
        ++m_lines;
        line({.begin = m_base + at, .end = m_base + next, .number = m_lines, .text = text.substr(at, stop - at)}, false);
        at = next;
    }
    m_settled.fill(m_base + text.size());
}

/// Returns where the next line begins.
std::size_t QuickScanner::oneLine(std::size_t at, std::size_t size)
{
    const char* const begin = m_buffer.data() + at;
    const std::size_t end = findLineEnd({m_buffer.data(), size}, at); // a CR here is one before LF
    const std::size_t next = end + (m_buffer[end] == '\r' ? 2 : 1);
    ++m_lines;
    m_quietLines += isQuietLine(begin) ? 1U : 0U;
    line({.begin = m_base + at, .end = m_base + next, .number = m_lines, .text = {begin, end - at}}, !isCareful());
    return next;
}

void QuickScanner::stopFor(Error error)
{
    m_stop = Stop::Error;
    m_error = std::move(error);
}

void QuickScanner::fallBack(QuickIndex::Fallback reason)
{
    if (m_quick.fallback == QuickIndex::Fallback::None)
        m_quick.fallback = reason;
    if (m_stop == Stop::No)
        m_stop = Stop::Fallback;
}

// --- lines -------------------------------------------------------------------------------------------------------------

void QuickScanner::line(const Line& line, bool plainIsEnough)
{
    if (line.text.empty())
        return;
    if (line.text.front() == ';')
        return comment(line, line.text.substr(1));
    if (plainIsEnough && isPlainMove(line.text)) {
        ++m_moves;
        m_skippedEnd = line.end;
        m_sawCommand = true;
        return;
    }
    if (line.text == "G92 E0" && m_dialect != Dialect::RepRapFirmware)
        return resetE(line);
    command(line);
}

/// As other() does, for what comes with each retraction.
void QuickScanner::resetE(const Line& line)
{
    m_state.e = 0;
    m_settled[wordE] = line.end;
    m_eKnown = m_sawCommand = true;
}

void QuickScanner::comment(const Line& line, std::string_view comment)
{
    if (m_facts.comment(line, comment)) {
        const bool late = m_wanted.active && (m_wanted.noteIsLate || m_segments.back().firstExtrusion);
        if (m_segments.size() == m_segments.capacity())
            makeRoom(line.begin);
        m_segments.emplace_back();
        m_wanted = {.active = true, .noteIsLate = late}; // heights on the mark's own line may turn out to be another family's
    } else if (m_wanted.active && !m_segments.back().firstExtrusion) {
        m_wanted.zNote = !m_wanted.noteIsLate && m_facts.notedZ();
        m_wanted.heightNote = m_facts.notedHeight();
    }
    if (m_wanted.zNote && m_wanted.heightNote)
        m_wanted.active = false;
}

/// For as many layers as the file will have if it goes on like this: to copy them at each doubling costs time and memory.
void QuickScanner::makeRoom(ByteOffset byte)
{
    const std::size_t room = roomForLayers(m_segments.size(), byte, m_size);
    m_segments.reserve(room);
    m_facts.reserveMarks(room);
}

void QuickScanner::command(const Line& line)
{
    if (m_dialect == Dialect::RepRapFirmware && isIntricate(line.text))
        return fallBack(QuickIndex::Fallback::Intricate);
    parseCommand(line.text, m_command);
    if (m_command.hasComment)
        m_facts.comment(line, m_command.comment); // no mark: those begin a line
    if (isMove(m_command))
        move(line);
    else if (m_command.kind != Command::Kind::None)
        other(line);
}

void QuickScanner::move(const Line& line)
{
    ++m_moves;
    m_sawCommand = true;
    const bool absoluteE = m_state.eIsAbsolute(m_dialect);
    const auto e = m_command.value('E');
    if (e && absoluteE && m_wanted.active) {
        settle(wordE, line.begin);
        if (!m_eKnown)
            return fallBack(QuickIndex::Fallback::ExtruderUnknown);
    }
    const bool mayExtrude = m_wanted.active && e && (absoluteE || *e > 0);
    if (mayExtrude)
        settleAll(line.begin);
    const Effect effect = apply(m_state, m_command, m_dialect);
    for (std::size_t word = 0; word < words.size(); ++word)
        if (m_command.value(words[word]) && (word != wordE || absoluteE))
            m_settled[word] = line.end;
    m_eKnown = m_eKnown || (e && absoluteE);
    if (mayExtrude && effect.de > 0)
        wantedMove(line, effect);
}

/// An extrusion in a layer that lacks something.
void QuickScanner::wantedMove(const Line& line, const Effect& effect)
{
    Layer& segment = m_segments.back();
    const auto isOther = [&](std::size_t axis) {
        return effect.from[axis] && m_state.position[axis] && effect.from[axis] != m_state.position[axis];
    };
    const bool arc = effect.kind == Effect::Kind::Arc && arcOf(m_command, effect, m_state);
    if (!segment.firstExtrusion && (arc || isOther(0) || isOther(1)))
        segment.firstExtrusion = line.begin;
    if (!segment.z && m_state.position[2])
        segment.z = toMillimetres(*m_state.position[2]);
    m_wanted.active = !segment.firstExtrusion || (!segment.z && !m_wanted.zNote);
}

void QuickScanner::other(const Line& line)
{
    const Command& command = m_command;
    const bool declares = command.is('G', 92);
    const bool declaresXyz = command.value('X') || command.value('Y') || command.value('Z');
    const bool declaresE = declares && command.value('E') && !declaresXyz;
    const bool absoluteE = m_state.eIsAbsolute(m_dialect);
    const bool settles = !declaresE && !leavesPositionAlone(command);
    if (settles)
        settleAll(line.begin);
    const Effect effect = apply(m_state, command, m_dialect);
    if (settles)
        m_settled.fill(line.end);
    if (declaresE)
        m_settled[wordE] = line.end;
    if (absoluteE != m_state.eIsAbsolute(m_dialect)) {
        m_eKnown = absoluteE ? m_eKnown : m_eKnown && m_skippedEnd <= m_relativeFrom;
        m_relativeFrom = line.end;
    }
    m_eKnown = m_eKnown || (declares && (command.value('E') || !declaresXyz));
    m_sawCommand = m_sawCommand || effect.kind != Effect::Kind::Extended;
    if (effect.kind == Effect::Kind::Extended && m_facts.extended(line, command))
        m_sawCommand = true;
    else if (command.is('M', 486))
        m_facts.label(command);
    m_log.look(line, command, m_state, m_dialect);
}

// --- positions, looked up when they are needed ---------------------------------------------------------------------------

void QuickScanner::settleAll(ByteOffset before)
{
    for (std::size_t word = 0; word < words.size(); ++word)
        settle(word, before);
}

/// The lines since m_settled[word] that were not applied are ordinary moves or quiet: the last one with the word set it.
void QuickScanner::settle(std::size_t word, ByteOffset before)
{
    const ByteOffset from = std::exchange(m_settled[word], before);
    const ByteOffset to = std::min(m_skippedEnd, before);
    if (to <= from || m_stop != Stop::No || (word == wordE && !m_state.eIsAbsolute(m_dialect)))
        return;
    const auto value = lastWord(words[word], from, to);
    if (!value)
        return;
    Command move;
    move.kind = Command::Kind::Code;
    move.letter = 'G';
    move.number = 1;
    const auto index = static_cast<std::size_t>(words[word] - 'A');
    move.present = move.valued = 1U << index;
    move.values[index] = *value;
    apply(m_state, move, m_dialect);
    m_eKnown = m_eKnown || word == wordE;
}

std::optional<Millionths> QuickScanner::lastWord(char letter, ByteOffset from, ByteOffset to)
{
    Command command;
    std::size_t reach = firstLookBack;
    while (to > from && m_stop == Stop::No) {
        const ByteOffset begin = to - std::min<ByteOffset>(reach, to - from);
        const std::string_view text = textOf(begin, to);
        const std::size_t firstWhole = begin == from ? 0 : text.substr(0, std::max<std::size_t>(text.size(), 1) - 1).find('\n') + 1;
        if (firstWhole == 0 && begin != from) {
            reach *= 4; // no line begins in it
            continue;
        }
        LetterHits hits(text.substr(firstWhole), letter);
        while (const auto line = hits.previousLine()) {
            parseCommand(*line, command);
            if (const auto value = isMove(command) ? command.value(letter) : std::nullopt)
                return value;
        }
        to = begin + firstWhole;
        reach = std::max(reach, std::min(reach * 4, windowSize));
    }
    return std::nullopt;
}

std::string_view QuickScanner::textOf(ByteOffset from, ByteOffset to)
{
    if (from >= m_base)
        return {m_buffer.data() + (from - m_base), static_cast<std::size_t>(to - from)};
    m_back.resize(static_cast<std::size_t>(to - from));
    const auto got = m_source.read(from, m_back);
    if (!got)
        stopFor(got.error());
    else if (*got < m_back.size())
        stopFor({.code = ErrorCode::FileChanged, .detail = "the file became shorter while it was read", .file = m_source.name()});
    return {reinterpret_cast<const char*>(m_back.data()), got ? *got : 0};
}

// --- what comes out ------------------------------------------------------------------------------------------------------

FileIndex QuickScanner::indexOf(ByteOffset size) const
{
    FileIndex index;
    index.dialect = m_dialect;
    index.size = size;
    index.lines = m_lines;
    index.moves = m_moves;
    return index;
}

void QuickScanner::forgetHalfKnown(FileIndex& index)
{
    index.plr = {}; // the markers of lines that were skipped are missing
    for (Layer& layer : index.layers)
        layer.firstExtrusion.reset(); // known of some only
}

void QuickScanner::deliver(ByteOffset size)
{
    constexpr auto frame = std::chrono::milliseconds(40);
    constexpr int timesItsCost = 20; // with layers by the hundred thousand
    if (!m_options.partial || !m_facts.marksSettled() || m_stop != Stop::No)
        return;
    const auto now = std::chrono::steady_clock::now();
    if (now < m_nextDelivery)
        return;
    FileIndex index = indexOf(size);
    m_facts.preview(index, m_segments);
    forgetHalfKnown(index);
    m_options.partial(index);
    const auto end = std::chrono::steady_clock::now();
    m_nextDelivery = end + std::max<std::chrono::steady_clock::duration>(frame, (end - now) * timesItsCost);
}

} // namespace

Result<QuickIndex> quickScan(const Source& source, Dialect dialect, const QuickOptions& options)
{
    return QuickScanner(source, dialect, options).run();
}

} // namespace kintsugi::gcode
