// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/command.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gcode/text.h"

namespace kintsugi::gcode {

namespace {

/// Far above any length or temperature, low enough that inches and sums of a few stay inside 64 bits.
constexpr std::uint64_t largestWhole = 9'000'000'000;

unsigned digit(char c) { return static_cast<unsigned>(static_cast<unsigned char>(c)) - '0'; } ///< above 9: no digit
unsigned letter(char c) { return (static_cast<unsigned>(static_cast<unsigned char>(c)) | 0x20U) - 'a'; } ///< above 25: no letter

/// A pair of pointers that walks over one line.
struct Cursor {
    const char* at;
    const char* end;
    bool noMoreRemarks = false; ///< a megabyte of '(' must not be searched once for each

    explicit Cursor(std::string_view text)
        : at(text.data())
        , end(text.data() + text.size())
    {
    }

    [[nodiscard]] bool done() const { return at == end; }
    [[nodiscard]] bool sees(char c) const { return at != end && *at == c; }
    [[nodiscard]] std::string_view rest() const { return {at, static_cast<std::size_t>(end - at)}; }

    /// Steps over "(remark)"; an open parenthesis without its partner is no remark.
    bool skipRemark()
    {
        const auto close = noMoreRemarks ? std::string_view::npos : rest().find(')');
        noMoreRemarks = close == std::string_view::npos;
        if (noMoreRemarks)
            return false;
        at += close + 1;
        return true;
    }
    void skipBlanks()
    {
        while (at != end) {
            if (isBlank(*at))
                ++at;
            else if (*at != '(' || !skipRemark())
                return;
        }
    }
    std::optional<std::uint32_t> whole()
    {
        if (done() || !isDigit(*at))
            return std::nullopt;
        std::uint64_t value = 0;
        for (; at != end && isDigit(*at); ++at)
            value = std::min<std::uint64_t>(value * 10 + digit(*at), std::numeric_limits<std::uint32_t>::max());
        return static_cast<std::uint32_t>(value);
    }
};

/// [-+] digits [. digits] or . digits; moves the cursor only when there is a number.
bool readNumber(Cursor& cursor, Millionths& result)
{
    constexpr std::array<std::uint64_t, 7> scales{1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
    const char* at = cursor.at;
    const char* const end = cursor.end;
    const bool negative = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+'))
        ++at;
    const char* const digits = at;
    std::uint64_t whole = 0;
    for (; at != end && isDigit(*at); ++at)
        if (whole < largestWhole)
            whole = whole * 10 + digit(*at);
    bool any = at != digits;
    std::uint64_t fraction = 0;
    if (at != end && *at == '.' && (any || (end - at > 1 && isDigit(at[1])))) {
        const char* const decimals = ++at;
        const char* const exact = end - at > 6 ? at + 6 : end;
        for (; at != exact && isDigit(*at); ++at)
            fraction = fraction * 10 + digit(*at);
        fraction *= scales[static_cast<std::size_t>(at - decimals)];
        if (at == exact && at != end && isDigit(*at)) {
            fraction += *at >= '5' ? 1 : 0;
            while (at != end && isDigit(*at))
                ++at;
        }
        any = true;
    }
    if (!any)
        return false;
    const auto magnitude = whole >= largestWhole ? static_cast<Millionths>(largestWhole * 1'000'000)
                                                 : static_cast<Millionths>(whole * 1'000'000 + fraction);
    result = negative ? -magnitude : magnitude;
    cursor.at = at;
    return true;
}

/// Behind the text or expression of RepRapFirmware that begins here.
void skipEnclosed(Cursor& cursor)
{
    if (*cursor.at == '\'') { // the letter after it names another axis
        cursor.at += cursor.end - cursor.at > 1 ? 2 : 1;
        return;
    }
    const bool text = *cursor.at == '"';
    unsigned depth = 0;
    while (!cursor.done()) {
        const char c = *cursor.at++;
        if (text && c == '"' && depth++ > 0)
            return;
        if (!text && c == '{')
            ++depth;
        if (!text && c == '}' && --depth == 0)
            return;
    }
}

void readWords(Cursor cursor, Command& command, bool repRap = false)
{
    while (!cursor.done()) {
        const char c = *cursor.at;
        if (!isLetter(c)) {
            if (repRap && (c == '{' || c == '"' || c == '\''))
                skipEnclosed(cursor);
            else if (c != '(' || !cursor.skipRemark())
                ++cursor.at;
            continue;
        }
        ++cursor.at;
        const std::size_t index = letter(c);
        const std::uint32_t bit = 1U << index;
        if (!cursor.done() && (isBlank(*cursor.at) || *cursor.at == '('))
            cursor.skipBlanks();
        Millionths value = 0;
        const bool valued = readNumber(cursor, value);
        if (command.present & bit)
            continue;
        command.present |= bit;
        if (repRap && cursor.sees('{'))
            command.computed |= bit;
        if (valued) {
            command.valued |= bit;
            command.values[index] = value;
        }
    }
}

bool takesText(const Command& command)
{
    if (command.letter != 'M')
        return false;
    switch (command.number) {
    case 16: case 20: case 23: case 28: case 30: case 32: case 36: case 98: case 117: case 118: case 550: case 587: case 928:
        return command.subcode == 0;
    case 862:
        return command.subcode == 3;
    default:
        return false;
    }
}

/// G1_PURGE and M1=2 begin like a code but are the name of a macro and a parameter.
bool isNameOrPair(Cursor cursor)
{
    bool underscore = false;
    for (; !cursor.done() && (isLetter(*cursor.at) || *cursor.at == '_' || isDigit(*cursor.at)); ++cursor.at)
        underscore = underscore || *cursor.at == '_';
    cursor.skipBlanks();
    return underscore || cursor.sees('=');
}

bool readCode(Cursor& cursor, Command& command)
{
    const char letter = upper(*cursor.at);
    if (letter != 'G' && letter != 'M' && letter != 'T')
        return false;
    Cursor ahead = cursor;
    ++ahead.at;
    ahead.skipBlanks();
    const auto number = ahead.whole();
    if (!number)
        return false;
    std::uint32_t subcode = 0;
    if (ahead.sees('.') && ahead.end - ahead.at > 1 && isDigit(ahead.at[1])) {
        ++ahead.at;
        subcode = ahead.whole().value_or(0);
    }
    if (!ahead.done() && isNameOrPair(ahead))
        return false;
    command.letter = letter;
    command.number = *number;
    command.subcode = subcode;
    cursor = ahead;
    return true;
}

std::string_view withoutChecksum(std::string_view text)
{
    if (text.find('*') == text.npos)
        return text;
    const auto star = text.rfind('*');
    if (star + 1 == text.size() || !std::ranges::all_of(text.substr(star + 1), isDigit))
        return text;
    return trimmed(text.substr(0, star));
}

/// An extended command up to its comment: a ';' between quotes is text. A quote without its partner is an ordinary character.
std::string_view untilComment(std::string_view text, Command& command)
{
    std::size_t at = 0;
    for (; at < text.size() && text[at] != ';'; ++at) {
        const bool quote = text[at] == '"' || text[at] == '\'';
        const auto close = quote ? text.find(text[at], at + 1) : text.npos;
        at = close == text.npos ? at : close;
    }
    command.hasComment = at < text.size();
    command.comment = command.hasComment ? text.substr(at + 1) : std::string_view();
    return text.substr(0, at);
}

void skipLineNumber(Cursor& cursor)
{
    if (!cursor.sees('N') && !cursor.sees('n'))
        return;
    Cursor ahead = cursor;
    ++ahead.at;
    if (!ahead.whole())
        return;
    ahead.skipBlanks();
    cursor = ahead;
}

} // namespace

Nanometres toNanometres(double millimetres)
{
    constexpr double limit = 9e15;
    return std::llround(std::clamp(millimetres * 1e6, -limit, limit));
}

Command parseCommand(std::string_view line)
{
    Command command;
    parseCommand(line, command);
    return command;
}

namespace {

/// All but `values`.
void clear(Command& command)
{
    command.kind = Command::Kind::None;
    command.letter = 0;
    command.number = command.subcode = 0;
    command.name = {};
    command.rest = {};
    command.comment = {};
    command.hasComment = false;
    command.present = command.valued = command.computed = command.indent = 0;
    command.continues = command.modal = false;
}

/// A name and what follows it.
void setExtended(std::string_view body, Command& command)
{
    command.kind = Command::Kind::Extended;
    const auto nameEnd = static_cast<std::size_t>(std::ranges::find_if(body, isBlank) - body.begin());
    command.name = body.substr(0, nameEnd);
    command.rest = trimmed(body.substr(nameEnd));
}

} // namespace

void parseCommand(std::string_view line, Command& command)
{
    clear(command);
    const char* const wholeEnd = line.data() + line.size();
    const auto semicolon = line.find(';');
    command.hasComment = semicolon != line.npos;
    if (command.hasComment) {
        command.comment = line.substr(semicolon + 1);
        line = line.substr(0, semicolon);
    }
    Cursor cursor(line);
    cursor.skipBlanks();
    skipLineNumber(cursor);
    // Only NUL: padding that a cut of power leaves at the end of a file.
    if (cursor.done() || (*cursor.at == '\0' && cursor.rest().find_first_not_of('\0') == line.npos))
        return;
    if (readCode(cursor, command)) {
        command.kind = takesText(command) ? Command::Kind::Text : Command::Kind::Code;
        command.rest = withoutChecksum(trimmed(cursor.rest()));
        if (command.kind == Command::Kind::Code)
            readWords(cursor, command);
        return;
    }
    std::string_view body = cursor.rest();
    if (command.hasComment && body.find_first_of("\"'") != body.npos)
        body = untilComment({body.data(), static_cast<std::size_t>(wholeEnd - body.data())}, command);
    body = withoutChecksum(trimmed(body));
    if (!body.empty())
        setExtended(body, command);
}

namespace {

bool isKeyChar(char c) { return isLetter(c) || isDigit(c) || c == '_'; }

/// Up to the next blank outside quotes. A quote without its partner is an ordinary character.
std::string readValue(Cursor& cursor)
{
    std::string value;
    while (!cursor.done() && !isBlank(*cursor.at)) {
        const char c = *cursor.at++;
        const auto close = c == '"' || c == '\'' ? cursor.rest().find(c) : std::string_view::npos;
        if (close == std::string_view::npos) {
            value += c;
            continue;
        }
        value.append(cursor.at, close);
        cursor.at += close + 1;
    }
    return value;
}

} // namespace

// --- RepRapFirmware ------------------------------------------------------------------------------------------------------

namespace {

/// To the G or M of the next command. The letters of a name without quotes (M486 A) are none.
void skipToCommand(Cursor& cursor, const Command& command)
{
    const bool names = command.letter == 'M' && command.number == 486;
    while (!cursor.done()) {
        const char c = upper(*cursor.at);
        if (c == 'G' || c == 'M')
            return;
        if (c == '{' || c == '"' || c == '\'') {
            skipEnclosed(cursor);
            continue;
        }
        ++cursor.at;
        if (names && c == 'A' && !cursor.sees('"'))
            cursor.at = cursor.end;
    }
}

bool isMetaWord(std::string_view word)
{
    constexpr std::array<std::string_view, 12> words{"if", "elif", "else", "while", "break", "continue", "abort", "var", "global", "set", "echo", "skip"};
    return std::ranges::find(words, word) != words.end();
}

std::string_view leadingWord(std::string_view code)
{
    const auto end = std::ranges::find_if(code, [](char c) { return c < 'a' || c > 'z'; });
    const std::string_view word = code.substr(0, static_cast<std::size_t>(end - code.begin()));
    const bool ends = end == code.end() || isBlank(*end) || *end == '{' || *end == '"' || *end == '(';
    return ends ? word : std::string_view();
}

/// Is what follows the code a text to the end of the line? One in quotes ends with them.
bool takesRest(const Command& command, Cursor cursor)
{
    if (!takesText(command))
        return false;
    cursor.skipBlanks();
    if (!cursor.done() && isLetter(*cursor.at))
        ++cursor.at;
    return !cursor.sees('"');
}

/// The letter of a coordinate, with a number or an expression behind it.
bool beginsModal(std::string_view code)
{
    constexpr std::string_view letters = "XYZUVWABCDEF";
    return letters.find(upper(code.front())) != letters.npos && (code.size() == 1 || !isLetter(code[1]));
}

/// Coordinates alone. Firmware that repeats a move wants an axis first; what becomes of a feed or filament alone is not known.
void setModal(std::uint32_t number, std::string_view code, Command& command)
{
    command.kind = Command::Kind::Code;
    command.letter = 'G';
    command.number = number;
    command.modal = true;
    command.rest = code;
    readWords(Cursor(code), command, true);
    const char first = upper(code.front());
    if (first == 'E' || first == 'F') {
        command.computed |= command.present;
        command.valued = 0;
    }
}

/// T{expression}
void setComputedTool(std::string_view code, Command& command)
{
    command.kind = Command::Kind::Code;
    command.letter = 'T';
    command.rest = code.substr(1);
    command.present = command.computed = 1U << letter('T');
}

} // namespace

RepRapLine::RepRapLine(std::string_view line)
{
    while (!line.empty() && isBlank(line.front())) {
        indent = line.front() == '\t' ? (indent + 4) & ~3U : indent + 1;
        line.remove_prefix(1);
    }
    Cursor cursor(line);
    skipLineNumber(cursor);
    const bool numbered = cursor.at != line.data();
    const std::string_view body = cursor.rest();
    bool quoted = false; // braces do not keep a ';'
    while (!cursor.done() && (quoted || *cursor.at != ';'))
        quoted = (*cursor.at++ == '"') != quoted;
    hasComment = !cursor.done();
    if (hasComment)
        comment = std::string_view(cursor.at + 1, static_cast<std::size_t>(cursor.end - cursor.at - 1));
    code = trimmed(body.substr(0, static_cast<std::size_t>(cursor.at - body.data())));
    if (numbered)
        code = withoutChecksum(code);
    if (code.find_first_not_of('\0') == code.npos)
        code = {};
}

bool takeCommand(RepRapLine& line, std::uint32_t lastMove, Command& command)
{
    if (line.continued && line.code.empty())
        return false;
    clear(command);
    command.indent = line.indent;
    command.continues = line.continued;
    command.hasComment = line.hasComment && !line.continued;
    command.comment = command.hasComment ? line.comment : std::string_view();
    line.continued = true;
    const std::string_view code = std::exchange(line.code, {});
    Cursor cursor(code);
    cursor.skipBlanks();
    if (cursor.done())
        return true;
    if (const std::string_view word = leadingWord(cursor.rest()); !command.continues && isMetaWord(word)) {
        command.kind = Command::Kind::Meta;
        command.name = word;
        command.rest = trimmed(cursor.rest().substr(word.size()));
        return true;
    }
    const char* const begin = cursor.at;
    const std::string_view whole = trimmed(cursor.rest());
    const bool computedTool = upper(whole.front()) == 'T' && whole.size() > 1 && whole[1] == '{';
    const bool isCode = !computedTool && readCode(cursor, command);
    if (!isCode && !computedTool && (lastMove == 0 || !beginsModal(whole))) {
        setExtended(whole, command);
        return true;
    }
    const char* const words = cursor.at;
    if (isCode && takesRest(command, cursor))
        cursor.at = cursor.end;
    else
        skipToCommand(cursor, command);
    line.code = cursor.rest();
    const auto upToHere = [&cursor](const char* from) { return trimmed({from, static_cast<std::size_t>(cursor.at - from)}); };
    if (!isCode) {
        computedTool ? setComputedTool(upToHere(begin), command) : setModal(lastMove, upToHere(begin), command);
        return true;
    }
    command.kind = takesText(command) ? Command::Kind::Text : Command::Kind::Code;
    command.rest = upToHere(words);
    if (command.kind == Command::Kind::Code)
        readWords(Cursor(command.rest), command, true);
    return true;
}

std::vector<std::pair<std::string, std::string>> parseParameters(std::string_view rest)
{
    std::vector<std::pair<std::string, std::string>> pairs;
    Cursor cursor(rest);
    while (!cursor.done()) {
        const char* const begin = cursor.at;
        while (!cursor.done() && isKeyChar(*cursor.at))
            ++cursor.at;
        std::string key(begin, cursor.at);
        if (key.empty()) {
            if (*cursor.at == '#' && (begin == rest.data() || isBlank(begin[-1])))
                break;
            ++cursor.at;
            continue;
        }
        Cursor ahead = cursor;
        while (!ahead.done() && isBlank(*ahead.at))
            ++ahead.at;
        if (!ahead.sees('='))
            continue;
        ++ahead.at;
        while (!ahead.done() && isBlank(*ahead.at))
            ++ahead.at;
        std::ranges::transform(key, key.begin(), [](char c) { return upper(c); });
        pairs.emplace_back(std::move(key), readValue(ahead));
        cursor = ahead;
    }
    return pairs;
}

} // namespace kintsugi::gcode
