// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/macroaudittemplate.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "gcode/command.h"
#include "gcode/text.h"
#include "recovery/plangcode.h"

namespace kintsugi::recovery::audit {

namespace {

using gcode::trimmed;

constexpr std::size_t deepest = 60;   ///< nested parentheses and tags

enum class Tri { No, Yes, Maybe };

Tri operator!(Tri a)
{
    return a == Tri::Maybe ? a : a == Tri::Yes ? Tri::No : Tri::Yes;
}

Tri both(Tri a, Tri b)
{
    if (a == Tri::No || b == Tri::No)
        return Tri::No;
    return a == Tri::Yes && b == Tri::Yes ? Tri::Yes : Tri::Maybe;
}

Tri either(Tri a, Tri b)
{
    return !both(!a, !b);
}

/// A value of an expression as far as the call alone decides it.
struct Known {
    enum class Kind { Unknown, Undefined, Flag, Text, Number } kind = Kind::Unknown;
    bool flag = false;
    std::string text;
    double number = 0;

    [[nodiscard]] Tri truth() const
    {
        switch (kind) {
        case Kind::Unknown: return Tri::Maybe;
        case Kind::Undefined: return Tri::No;
        case Kind::Flag: return flag ? Tri::Yes : Tri::No;
        case Kind::Text: return text.empty() ? Tri::No : Tri::Yes;
        case Kind::Number: return number != 0 ? Tri::Yes : Tri::No;
        }
        return Tri::Maybe;
    }
};

Known flag(Tri value)
{
    return value == Tri::Maybe ? Known{} : Known{.kind = Known::Kind::Flag, .flag = value == Tri::Yes};
}

using Names = std::map<std::string, Known>;

/// The part of Jinja's expressions that conditions on parameters are made of; everything else is Unknown.
class Expression
{
public:
    Expression(std::string_view text, const Call& call, const Names& names) : m_text(text), m_call(call), m_names(names) {}

    Known value()
    {
        Known result = choice();
        blanks();
        return m_broken || m_at < m_text.size() ? Known{} : result;
    }

private:
    void blanks()
    {
        while (m_at < m_text.size() && std::isspace(static_cast<unsigned char>(m_text[m_at])))
            ++m_at;
    }
    bool sign(std::string_view wanted)
    {
        blanks();
        if (!m_text.substr(m_at).starts_with(wanted))
            return false;
        m_at += wanted.size();
        return true;
    }
    static bool isName(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
    std::string_view peekWord()
    {
        blanks();
        std::size_t end = m_at;
        while (end < m_text.size() && isName(m_text[end]))
            ++end;
        return m_text.substr(m_at, end - m_at);
    }
    bool word(std::string_view wanted)
    {
        if (peekWord() != wanted)
            return false;
        m_at += wanted.size();
        return true;
    }

    Known choice()
    {
        if (++m_depth > deepest) {
            m_broken = true;
            return {};
        }
        Known first = alternatives();
        if (word("if")) {
            const Tri condition = alternatives().truth();
            const Known second = word("else") ? choice() : Known{.kind = Known::Kind::Undefined};
            first = condition == Tri::Yes ? first : condition == Tri::No ? second : Known{};
        }
        --m_depth;
        return first;
    }
    Known alternatives()
    {
        Known left = conjunction();
        while (word("or")) {
            const Known right = conjunction();
            left = flag(either(left.truth(), right.truth()));
        }
        return left;
    }
    Known conjunction()
    {
        Known left = negation();
        while (word("and")) {
            const Known right = negation();
            left = flag(both(left.truth(), right.truth()));
        }
        return left;
    }
    Known negation()
    {
        bool negative = false;
        while (word("not"))
            negative = !negative;
        Known value = comparison();
        return negative ? flag(!value.truth()) : value;
    }
    Known comparison()
    {
        Known left = filtered();
        for (;;) {
            if (word("is"))
                left = tested(left);
            else if (word("in"))
                left = membership(left, false);
            else if (peekWord() == "not")
                return word("not") && word("in") ? membership(left, true) : unknown();
            else if (sign("=="))
                left = flag(same(left, filtered()));
            else if (sign("!="))
                left = flag(!same(left, filtered()));
            else if (sign("<=") || sign(">=") || sign("<") || sign(">") || sign("+") || sign("-") || sign("*") || sign("/") || sign("%") || sign("~"))
                filtered(), left = Known{};
            else
                return left;
        }
    }
    Known unknown()
    {
        m_broken = true;
        return {};
    }
    Known tested(const Known& value)
    {
        const bool negative = word("not");
        const bool asksUndefined = peekWord() == "undefined";
        if (!asksUndefined && peekWord() != "defined")
            return unknown();
        m_at += peekWord().size();
        const Tri defined = value.kind == Known::Kind::Unknown ? Tri::Maybe : value.kind == Known::Kind::Undefined ? Tri::No : Tri::Yes;
        return flag(negative != asksUndefined ? !defined : defined);
    }
    /// "'X' in params" and "'X' in rawparams"; a list of constants is not looked into.
    Known membership(const Known& value, bool negative)
    {
        Tri found = Tri::Maybe;
        const std::string_view container = peekWord();
        const bool text = value.kind == Known::Kind::Text && m_call.known;
        if (container == "params" && !continues(container)) {
            m_at += container.size();
            if (text)
                found = m_call.parameters.contains(value.text) ? Tri::Yes : Tri::No;
        } else {
            const Known in = filtered();
            if (text && in.kind == Known::Kind::Text)
                found = in.text.find(value.text) != std::string::npos ? Tri::Yes : Tri::No;
        }
        return flag(negative ? !found : found);
    }
    [[nodiscard]] bool continues(std::string_view name) const
    {
        const std::size_t after = m_at + name.size();
        return after < m_text.size() && (m_text[after] == '.' || m_text[after] == '[' || m_text[after] == '|' || m_text[after] == '(');
    }
    static Tri same(const Known& a, const Known& b)
    {
        if (a.kind == Known::Kind::Unknown || b.kind == Known::Kind::Unknown)
            return Tri::Maybe;
        if (a.kind != b.kind)
            return a.kind == Known::Kind::Undefined || b.kind == Known::Kind::Undefined ? Tri::No : Tri::Maybe;
        const bool equal = a.kind == Known::Kind::Text ? a.text == b.text : a.kind == Known::Kind::Number ? a.number == b.number
                           : a.kind == Known::Kind::Flag ? a.flag == b.flag : true;
        return equal ? Tri::Yes : Tri::No;
    }
    Known filtered()
    {
        Known value = primary();
        while (sign("|"))
            value = filter(std::move(value));
        return value;
    }
    Known filter(Known value)
    {
        const std::string name(peekWord());
        m_at += name.size();
        std::optional<Known> argument;
        if (sign("(")) {
            argument = choice();
            while (sign(","))
                choice(), argument.reset();
            if (!sign(")"))
                return unknown();
        }
        if (name == "default" && argument && value.kind != Known::Kind::Unknown)
            return value.kind == Known::Kind::Undefined ? *argument : value;
        const bool text = value.kind == Known::Kind::Text;
        if (name == "upper" && text)
            value.text = write::upper(value.text);
        if ((name == "upper" && text) || ((name == "string" || name == "trim") && text))
            return value;
        if ((name == "int" || name == "float") && (text || value.kind == Known::Kind::Number || value.kind == Known::Kind::Undefined))
            return asNumber(value);
        return {};
    }
    static Known asNumber(const Known& value)
    {
        if (value.kind == Known::Kind::Number)
            return value;
        const std::string_view digits = trimmed(value.text);
        double number = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        const bool whole = error == std::errc() && end == digits.data() + digits.size();
        return {.kind = Known::Kind::Number, .flag = false, .text = {}, .number = whole ? number : 0};
    }
    Known primary()
    {
        blanks();
        if (m_at >= m_text.size())
            return unknown();
        const char c = m_text[m_at];
        if (sign("(")) {
            Known value = choice();
            if (sign(","))
                return unknown();
            return sign(")") ? value : unknown();
        }
        if (c == '\'' || c == '"')
            return quoted(c);
        if (std::isdigit(static_cast<unsigned char>(c)))
            return digits();
        const std::string name(peekWord());
        if (name.empty())
            return unknown();
        m_at += name.size();
        return named(name);
    }
    Known quoted(char quote)
    {
        const std::size_t end = m_text.find(quote, m_at + 1);
        if (end == std::string_view::npos)
            return unknown();
        Known value{.kind = Known::Kind::Text, .flag = false, .text = std::string(m_text.substr(m_at + 1, end - m_at - 1))};
        m_at = end + 1;
        return value;
    }
    Known digits()
    {
        double number = 0;
        const auto [end, error] = std::from_chars(m_text.data() + m_at, m_text.data() + m_text.size(), number);
        m_at = static_cast<std::size_t>(end - m_text.data());
        return error == std::errc() ? Known{.kind = Known::Kind::Number, .flag = false, .text = {}, .number = number} : unknown();
    }
    Known named(const std::string& name)
    {
        if (name == "params")
            return parameter();
        Known value;
        if (name == "rawparams" && m_call.known)
            value = {.kind = Known::Kind::Text, .flag = false, .text = m_call.raw};
        else if (name == "true" || name == "True" || name == "false" || name == "False")
            value = {.kind = Known::Kind::Flag, .flag = name == "true" || name == "True"};
        else if (const auto found = m_names.find(name); found != m_names.end())
            value = found->second;
        return skipAccess() ? Known{} : value;
    }
    Known parameter()
    {
        std::string key;
        if (sign(".")) {
            key = peekWord();
            m_at += key.size();
        } else if (sign("[")) {
            const Known index = choice();
            key = index.kind == Known::Kind::Text ? index.text : std::string();
            if (!sign("]"))
                return unknown();
        }
        if (skipAccess() || key.empty() || !m_call.known)
            return {};
        const auto found = m_call.parameters.find(key);
        if (found == m_call.parameters.end())
            return {.kind = Known::Kind::Undefined};
        return {.kind = Known::Kind::Text, .flag = false, .text = found->second};
    }
    /// ".name", "[…]" and "(…)" behind a name: their value is the printer's.
    bool skipAccess()
    {
        bool any = false;
        while (m_at < m_text.size() && (m_text[m_at] == '.' || m_text[m_at] == '[' || m_text[m_at] == '(')) {
            any = true;
            const char open = m_text[m_at++];
            if (open == '.') {
                m_at += peekWord().size();
                continue;
            }
            const char close = open == '[' ? ']' : ')';
            std::size_t depth = 1;
            for (; m_at < m_text.size() && depth > 0; ++m_at)
                depth += m_text[m_at] == open ? 1U : 0U, depth -= m_text[m_at] == close ? 1U : 0U;
        }
        return any;
    }

    std::string_view m_text;
    const Call& m_call;
    const Names& m_names;
    std::size_t m_at = 0, m_depth = 0;
    bool m_broken = false;
};

class Rendering
{
public:
    Rendering(std::string_view text, const Call& call) : m_text(text), m_call(call) {}

    Rendered run()
    {
        while (m_at < m_text.size()) {
            const std::size_t open = m_text.find('{', m_at);
            literal(m_text.substr(m_at, open - m_at));
            if (open == std::string_view::npos)
                break;
            m_at = open;
            const char kind = open + 1 < m_text.size() ? m_text[open + 1] : ' ';
            if (kind == '%')
                statement(inside("%}", 2));
            else if (kind == '#')
                inside("#}", 2);
            else
                expression(inside("}", 1));
        }
        endLine();
        return std::move(m_result);
    }

private:
    struct Frame { Tri runs = Tri::Maybe, before = Tri::No; };

    /// What stands between the opening at m_at and `close`; m_at goes behind it.
    std::string_view inside(std::string_view close, std::size_t opening)
    {
        const std::size_t begin = m_at + opening;
        std::size_t end = begin;
        char quote = 0;
        for (; end < m_text.size(); ++end) {
            const char c = m_text[end];
            if (quote != 0)
                quote = c == quote ? '\0' : quote;
            else if ((c == '\'' || c == '"') && close != "#}")
                quote = c;
            else if (m_text.substr(end).starts_with(close))
                break;
        }
        if (end >= m_text.size())
            unreadable();
        const std::string_view found = m_text.substr(begin, std::min(end, m_text.size()) - begin);
        m_line += static_cast<std::size_t>(std::count(found.begin(), found.end(), '\n'));
        m_at = std::min(end + close.size(), m_text.size());
        return found;
    }
    void unreadable()
    {
        if (!m_result.unreadable)
            m_result.unreadable = m_line;
    }
    [[nodiscard]] Tri runs() const
    {
        Tri all = Tri::Yes;
        for (const Frame& frame : m_frames)
            all = both(all, frame.runs);
        return all;
    }

    void literal(std::string_view text)
    {
        for (std::size_t begin = 0; begin <= text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            piece(text.substr(begin, end - begin));
            if (end < text.size()) {
                endLine();
                ++m_line;
            }
            begin = end + 1;
        }
    }
    void piece(std::string_view text)
    {
        const Tri here = runs();
        if (trimmed(text).empty() || here == Tri::No) {
            if (!m_current.text.empty() && !text.empty())
                m_current.text += ' ';
            return;
        }
        if (!m_current.text.empty() && m_openLevel != m_frames.size())
            m_current.optionalParts = m_current.optionalParts || here == Tri::Maybe || m_openRuns == Tri::Maybe;
        if (m_current.text.empty()) {
            m_current.number = m_line;
            m_openLevel = m_frames.size();
            m_openRuns = here;
        }
        m_current.text += text;
    }
    void endLine()
    {
        m_current.text = std::string(trimmed(m_current.text));
        if (!m_current.text.empty())
            m_result.lines.push_back(std::move(m_current));
        m_current = {};
    }

    void expression(std::string_view text)
    {
        const std::string_view what = trimmed(text);
        constexpr std::array<std::string_view, 4> silent{"action_respond_info", "action_raise_error", "action_call_remote_method",
                                                        "action_emergency_stop"};
        if (std::any_of(silent.begin(), silent.end(), [what](std::string_view name) { return what.starts_with(name); }))
            return;
        if (what == "rawparams" && m_call.known)
            return piece(m_call.raw);
        piece(std::string_view(&unknownValue, 1));
    }

    void statement(std::string_view text)
    {
        while (!text.empty() && (text.front() == '-' || text.front() == '+'))
            text.remove_prefix(1);
        while (!text.empty() && (text.back() == '-' || text.back() == '+'))
            text.remove_suffix(1);
        text = trimmed(text);
        const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
        const std::string_view word = text.substr(0, end), rest = trimmed(text.substr(end));
        if (word == "if")
            m_frames.push_back({truth(rest), truth(rest)});
        else if (word == "elif" || word == "else")
            otherwise(word == "else" ? Tri::Yes : truth(rest));
        else if (word == "for" || word == "macro" || word == "call" || word == "filter" || word == "with" || word == "block")
            m_frames.push_back({Tri::Maybe, Tri::Maybe});
        else if (word == "set")
            assign(rest);
        else if (word.starts_with("end") && m_frames.empty())
            unreadable();
        else if (word.starts_with("end")) {
            endBranch();
            m_frames.pop_back();
        }
        else if (word != "do" && word != "break" && word != "continue")
            unreadable(); // raw, include, import: what stands there is not what is sent
        if (m_frames.size() > deepest)
            unreadable(), m_frames.pop_back();
    }
    Tri truth(std::string_view text) { return Expression(text, m_call, m_names).value().truth(); }
    /// Two branches of one line are two lines, unless a common beginning stands before them.
    void endBranch()
    {
        if (m_openLevel >= m_frames.size())
            endLine();
    }
    void otherwise(Tri condition)
    {
        if (m_frames.empty())
            return unreadable();
        endBranch();
        Frame& frame = m_frames.back();
        frame.runs = both(!frame.before, condition);
        frame.before = either(frame.before, condition);
    }
    void assign(std::string_view text)
    {
        const std::size_t sign = text.find('=');
        const std::string name(trimmed(text.substr(0, std::min(sign, text.size()))));
        if (sign == std::string_view::npos) { // a block; its text counts as if it were sent
            m_frames.push_back({Tri::Maybe, Tri::Maybe});
            return;
        }
        const bool surely = runs() == Tri::Yes;
        m_names[name] = surely ? Expression(text.substr(sign + 1), m_call, m_names).value() : Known{};
        if (name.find(',') != std::string::npos)
            m_names.clear();
    }

    std::string_view m_text;
    const Call& m_call;
    Names m_names;
    std::vector<Frame> m_frames;
    std::size_t m_at = 0, m_line = 1, m_openLevel = 0;
    Tri m_openRuns = Tri::Yes;
    TemplateLine m_current;
    Rendered m_result;
};

} // namespace

Call callOf(std::string_view line)
{
    Call call;
    const gcode::Command command = gcode::parseCommand(line);
    call.raw = command.rest;
    call.known = command.rest.find(unknownValue) == std::string_view::npos;
    if (command.kind == gcode::Command::Kind::Extended) {
        for (auto& [key, value] : gcode::parseParameters(command.rest))
            call.parameters[key] = value;
        return call;
    }
    for (char letter = 'A'; letter <= 'Z'; ++letter) {
        if (!command.has(letter))
            continue;
        const auto value = command.value(letter);
        call.parameters[std::string(1, letter)] = value ? write::exact(*value) : std::string();
    }
    return call;
}

Rendered render(std::string_view text, const Call& call)
{
    return Rendering(text, call).run();
}

} // namespace kintsugi::recovery::audit
