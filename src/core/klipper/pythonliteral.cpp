// SPDX-License-Identifier: GPL-3.0-or-later
#include "klipper/plrstate.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "gcode/text.h"

namespace kintsugi::klipper {

namespace {

constexpr int maxDepth = 64;
constexpr std::size_t maxLiteral = std::size_t{8} << 20;

void appendUtf8(std::string& out, std::uint32_t point)
{
    // Half a surrogate pair is Python's sign for a byte that was no UTF-8.
    if (point >= 0xD800 && point < 0xE000)
        point = 0xFFFD;
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0 | (point >> 6));
        put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        put(0xE0 | (point >> 12));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    } else {
        put(0xF0 | (point >> 18));
        put(0x80 | ((point >> 12) & 0x3F));
        put(0x80 | ((point >> 6) & 0x3F));
        put(0x80 | (point & 0x3F));
    }
}

using gcode::isDigit;
bool isWord(char c) { return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Parser
{
public:
    explicit Parser(std::string_view text) : m_text(text) {}

    Result<Value> document()
    {
        auto value = element(0);
        if (!value)
            return value;
        skipBlanks();
        // A bare "1, 2" is a tuple in Python.
        if (!atEnd() && peek() == ',') {
            List items{*value};
            while (!atEnd() && peek() == ',') {
                ++m_at;
                skipBlanks();
                if (atEnd())
                    break;
                auto next = element(0);
                if (!next)
                    return next;
                items.push_back(std::move(*next));
                skipBlanks();
            }
            value = Value{std::make_shared<const List>(std::move(items))};
        }
        if (!atEnd())
            return bad("unexpected text after the value");
        return value;
    }

private:
    [[nodiscard]] bool atEnd() const { return m_at >= m_text.size(); }
    [[nodiscard]] char peek() const { return m_text[m_at]; }

    [[nodiscard]] tl::unexpected<Error> problem(ErrorCode code, const char* detail) const
    {
        Error error{.code = code, .detail = detail};
        error.byte = m_at;
        return fail(std::move(error));
    }
    [[nodiscard]] tl::unexpected<Error> bad(const char* detail) const { return problem(ErrorCode::BadValue, detail); }
    [[nodiscard]] tl::unexpected<Error> torn() const { return problem(ErrorCode::TornText, "the value ends in the middle"); }

    void skipBlanks()
    {
        while (!atEnd() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r' || peek() == '\f'))
            ++m_at;
    }

    Result<Value> element(int depth)
    {
        skipBlanks();
        if (atEnd())
            return torn();
        if (depth > maxDepth)
            return bad("nested too deeply");
        const char c = peek();
        if (c == '{')
            return dict(depth);
        if (c == '[')
            return sequence(depth, ']');
        if (c == '(')
            return sequence(depth, ')');
        if (c == '\'' || c == '"')
            return strings();
        if (c == '-' || c == '+' || c == '.' || isDigit(c))
            return number();
        return word();
    }

    Result<Value> word()
    {
        const std::size_t begin = m_at;
        while (!atEnd() && isWord(peek()))
            ++m_at;
        const std::string_view text = m_text.substr(begin, m_at - begin);
        if (text == "True" || text == "False")
            return Value{text == "True"};
        if (text == "None")
            return Value{};
        const bool prefix = !text.empty()
            && (std::string_view("True").starts_with(text) || std::string_view("False").starts_with(text)
                || std::string_view("None").starts_with(text));
        if (prefix && atEnd())
            return torn();
        m_at = begin;
        return bad("not a literal");
    }

    Result<Value> sequence(int depth, char close)
    {
        ++m_at;
        List items;
        bool comma = false;
        for (;;) {
            skipBlanks();
            if (atEnd())
                return torn();
            if (peek() == close) {
                ++m_at;
                break;
            }
            if (!items.empty() && !comma)
                return bad("a comma is missing");
            auto item = element(depth + 1);
            if (!item)
                return item;
            items.push_back(std::move(*item));
            comma = eatComma();
        }
        // "(1)" is a number in brackets, "(1,)" a tuple.
        if (close == ')' && items.size() == 1 && !comma)
            return items.front();
        return Value{std::make_shared<const List>(std::move(items))};
    }

    bool eatComma()
    {
        skipBlanks();
        if (atEnd() || peek() != ',')
            return false;
        ++m_at;
        return true;
    }

    Result<Value> dict(int depth)
    {
        ++m_at;
        Dict items;
        bool comma = true;
        for (;;) {
            skipBlanks();
            if (atEnd())
                return torn();
            if (peek() == '}') {
                ++m_at;
                return Value{std::make_shared<const Dict>(std::move(items))};
            }
            if (!comma)
                return bad("a comma is missing");
            auto key = element(depth + 1);
            if (!key)
                return key;
            skipBlanks();
            if (atEnd())
                return torn();
            if (peek() != ':')
                return bad("a colon is missing");
            ++m_at;
            auto value = element(depth + 1);
            if (!value)
                return value;
            put(items, *key, std::move(*value));
            comma = eatComma();
        }
    }

    static void put(Dict& items, const Value& key, Value value)
    {
        std::string name;
        if (const std::string* text = key.text())
            name = *text;
        else if (const auto* integer = std::get_if<std::int64_t>(&key.data))
            name = std::to_string(*integer);
        else if (const auto number = key.number())
            name = std::to_string(*number);
        items.push_back({std::move(name), std::move(value)});
    }

    Result<Value> strings()
    {
        std::string text;
        while (!atEnd() && (peek() == '\'' || peek() == '"')) {
            if (auto piece = string(text); !piece)
                return fail(piece.error());
            skipBlanks();
        }
        return Value{std::move(text)};
    }

    Result<> string(std::string& out)
    {
        const char quote = peek();
        const std::string triple(3, quote);
        const bool isTriple = m_text.substr(m_at, 3) == triple;
        m_at += isTriple ? 3 : 1;
        for (;;) {
            if (atEnd())
                return torn();
            if (isTriple ? m_text.substr(m_at, 3) == triple : peek() == quote) {
                m_at += isTriple ? 3 : 1;
                return {};
            }
            if (!isTriple && peek() == '\n')
                return bad("a string runs over the end of its line");
            if (peek() == '\\') {
                if (auto escaped = escape(out); !escaped)
                    return escaped;
                continue;
            }
            out += m_text[m_at++];
        }
    }

    Result<> escape(std::string& out)
    {
        ++m_at;
        if (atEnd())
            return torn();
        const char c = m_text[m_at++];
        switch (c) {
        case '\n': return {};
        case '\\': case '\'': case '"': out += c; return {};
        case 'a': out += '\a'; return {};
        case 'b': out += '\b'; return {};
        case 'f': out += '\f'; return {};
        case 'n': out += '\n'; return {};
        case 'r': out += '\r'; return {};
        case 't': out += '\t'; return {};
        case 'v': out += '\v'; return {};
        case 'x': return codePoint(out, 2);
        case 'u': return codePoint(out, 4);
        case 'U': return codePoint(out, 8);
        default: break;
        }
        if (c >= '0' && c <= '7') {
            std::uint32_t point = static_cast<std::uint32_t>(c - '0');
            for (int i = 0; i < 2 && !atEnd() && peek() >= '0' && peek() <= '7'; ++i)
                point = point * 8 + static_cast<std::uint32_t>(m_text[m_at++] - '0');
            appendUtf8(out, point);
            return {};
        }
        out += '\\';
        out += c;
        return {};
    }

    Result<> codePoint(std::string& out, std::size_t digits)
    {
        const std::string_view hex = m_text.substr(m_at, digits);
        std::uint32_t point = 0;
        const auto [end, ec] = std::from_chars(hex.data(), hex.data() + hex.size(), point, 16);
        if (end != hex.data() + hex.size() || ec != std::errc())
            return bad("a broken escape in a string");
        if (hex.size() < digits)
            return torn();
        if (point > 0x10FFFF)
            return bad("a broken escape in a string");
        m_at += digits;
        appendUtf8(out, point);
        return {};
    }

    Result<Value> number()
    {
        const std::size_t begin = m_at;
        bool negative = false;
        if (isSign(peek())) {
            negative = peek() == '-';
            ++m_at;
            skipBlanks();
        }
        std::string digits;
        bool isFloat = false;
        while (!atEnd() && (isWord(peek()) || peek() == '.' || (isSign(peek()) && !digits.empty() && isExponent(digits)))) {
            const bool inside = !digits.empty() && isDigit(m_text[m_at - 1]) && m_at + 1 < m_text.size() && isDigit(m_text[m_at + 1]);
            if (peek() == '_' && !inside)
                break;
            if (peek() != '_')
                digits += peek();
            isFloat |= peek() == '.' || peek() == 'e' || peek() == 'E';
            ++m_at;
        }
        return finishNumber(begin, digits, isFloat, negative);
    }

    static bool isSign(char c) { return c == '-' || c == '+'; }
    static bool isExponent(const std::string& digits)
    {
        const bool hex = digits.size() > 1 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
        return !hex && (digits.back() == 'e' || digits.back() == 'E');
    }

    Result<Value> finishNumber(std::size_t begin, const std::string& digits, bool isFloat, bool negative)
    {
        const bool open = digits.empty() || digits == "." || isExponent(digits) || isSign(digits.back());
        if (open && atEnd())
            return torn();
        if (!isFloat && digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
            std::int64_t value = 0;
            const auto [end, ec] = std::from_chars(digits.data() + 2, digits.data() + digits.size(), value, 16);
            if (ec == std::errc() && end == digits.data() + digits.size())
                return Value{negative ? -value : value};
        }
        if (!isFloat) {
            std::int64_t value = 0;
            const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
            const bool leadingZero = digits.size() > 1 && digits[0] == '0' && value != 0;
            if (leadingZero) {
                m_at = begin;
                return bad("a whole number that begins with 0");
            }
            if (ec == std::errc() && end == digits.data() + digits.size())
                return Value{negative ? -value : value};
        }
        double value = 0;
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        const bool begins = !digits.empty() && (isDigit(digits[0]) || digits[0] == '.'); // from_chars would read "nan"
        const bool whole = begins && end == digits.data() + digits.size();
        if (!whole || (ec != std::errc() && ec != std::errc::result_out_of_range)) {
            m_at = begin;
            return bad("not a number");
        }
        if (ec == std::errc::result_out_of_range)
            value = digits.find('-') == std::string::npos ? std::numeric_limits<double>::infinity() : 0.0;
        return Value{negative ? -value : value};
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

} // namespace

const Dict* Value::dict() const
{
    const auto* value = std::get_if<std::shared_ptr<const Dict>>(&data);
    return value ? value->get() : nullptr;
}

const List* Value::list() const
{
    const auto* value = std::get_if<std::shared_ptr<const List>>(&data);
    return value ? value->get() : nullptr;
}

const Value* Value::at(std::string_view key) const
{
    const Dict* items = dict();
    if (!items)
        return nullptr;
    const Value* found = nullptr;
    for (const auto& [name, value] : *items) {
        if (name == key)
            found = &value; // the last one counts, as in Python
    }
    return found;
}

std::optional<double> Value::number() const
{
    if (const auto* integer = std::get_if<std::int64_t>(&data))
        return static_cast<double>(*integer);
    if (const auto* real = std::get_if<double>(&data))
        return *real;
    return std::nullopt;
}

const std::string* Value::text() const
{
    return std::get_if<std::string>(&data);
}

Result<Value> parsePythonLiteral(std::string_view text)
{
    if (text.size() > maxLiteral)
        return fail(ErrorCode::BadValue, "the value is too large");
    return Parser(text).document();
}

} // namespace kintsugi::klipper
