// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/meatpack.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace kintsugi::gcode {

namespace {

constexpr unsigned char signal = 0xFF;
constexpr unsigned whole = 15; ///< the code that says: the next byte is the character
constexpr std::string_view characters = "0123456789. \nGX";

/// What one packed byte other than 255 stands for.
struct Unpacked {
    std::array<char, 2> text{};
    std::uint8_t count = 2;     ///< characters
    std::uint8_t whole = 0;     ///< 1: one of them is the next byte
    std::uint8_t wholeAt = 2;   ///< which; 2 is beyond both
};

using Table = std::array<Unpacked, 256>;

constexpr char characterOf(unsigned code, char blank)
{
    return characters[code] == ' ' ? blank : characters[code];
}

constexpr Table makeTable(char blank)
{
    Table table{};
    for (unsigned byte = 0; byte < signal; ++byte) {
        const unsigned low = byte & 15;
        const unsigned high = byte >> 4;
        Unpacked& entry = table[byte];
        if (low == whole) {
            entry = {{'\0', characterOf(high, blank)}, 2, 1, 0};
        } else if (characters[low] == '\n') {
            entry = {{'\n', '\0'}, 1, 0, 2}; // nothing follows a line end in the same byte
        } else if (high == whole) {
            entry = {{characterOf(low, blank), '\0'}, 2, 1, 1};
        } else {
            entry = {{characterOf(low, blank), characterOf(high, blank)}, 2, 0, 2};
        }
    }
    return table;
}

constexpr Table withBlanks = makeTable(' ');
constexpr Table withE = makeTable('E');

class Unpacker
{
public:
    Unpacker(std::span<const char> packed, char* out) : m_in(packed.data()), m_end(packed.data() + packed.size()), m_out(out) {}
    Result<> run()
    {
        while (m_in != m_end) {
            if (m_packing)
                runPacked();
            else
                runPlain();
            if (m_in != m_end && !takeOne())
                return fail(ErrorCode::FileDamaged, m_problem);
        }
        return {};
    }
    [[nodiscard]] const char* end() const { return m_out; }

private:
    [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(m_end - m_in); }
    [[nodiscard]] unsigned char byte(std::size_t at) const { return static_cast<unsigned char>(m_in[at]); }
    bool problem(const char* what)
    {
        m_problem = what;
        return false;
    }

    /// As far as nothing is special; the output may be written one byte beyond what counts.
    void runPacked()
    {
        const char* in = m_in;
        char* out = m_out;
        for (const char* const last = m_end - 1; in < last;) {
            const auto code = static_cast<unsigned char>(*in);
            const Unpacked& entry = (*m_table)[code];
            const char next = in[1];
            if (code == signal || (entry.whole != 0 && static_cast<unsigned char>(next) == signal))
                break;
            std::memcpy(out, entry.text.data(), 2);
            out[entry.wholeAt] = next;
            out += entry.count;
            in += 1 + entry.whole;
        }
        m_in = in;
        m_out = out;
    }

    void runPlain()
    {
        const void* const found = std::memchr(m_in, signal, left());
        const std::size_t count = found ? static_cast<std::size_t>(static_cast<const char*>(found) - m_in) : left();
        std::memcpy(m_out, m_in, count);
        m_in += count;
        m_out += count;
    }

    bool takeOne()
    {
        if (byte(0) == signal) {
            if (left() < 2)
                return problem("the packed text ends in the middle");
            if (byte(1) == signal)
                return takeCommand();
        }
        if (!m_packing) {
            *m_out++ = *m_in++;
            return true;
        }
        const bool both = byte(0) == signal;
        const Unpacked entry = both ? Unpacked{} : (*m_table)[byte(0)];
        const std::size_t wholes = both ? 2 : entry.whole;
        if (left() < 1 + wholes)
            return problem("the packed text ends in the middle");
        // The firmware waits after a byte 255: a second one would make a command even here.
        if (wholes > 0 && byte(wholes) == signal && (left() == 1 + wholes || byte(1 + wholes) == signal))
            return problem("a command inside a packed character");
        m_out[0] = both ? m_in[1] : entry.text[0];
        m_out[1] = both ? m_in[2] : entry.text[1];
        if (entry.whole != 0)
            m_out[entry.wholeAt] = m_in[1];
        m_out += entry.count;
        m_in += 1 + wholes;
        return true;
    }

    bool takeCommand()
    {
        if (left() < 3)
            return problem("the packed text ends in a command");
        switch (static_cast<MeatPackCommand>(byte(2))) {
        case MeatPackCommand::EnablePacking: m_packing = true; break;
        case MeatPackCommand::DisablePacking:
        case MeatPackCommand::Reset: m_packing = false; break;
        case MeatPackCommand::EnableNoSpaces: m_table = &withE; break;
        case MeatPackCommand::DisableNoSpaces: m_table = &withBlanks; break;
        case MeatPackCommand::Query: break;
        default: return problem("an unknown command in the packed text");
        }
        m_in += 3;
        return true;
    }

    const char* m_in;
    const char* m_end;
    char* m_out;
    const Table* m_table = &withBlanks;
    bool m_packing = false;
    const char* m_problem = nullptr;
};

} // namespace

Result<> unpackMeat(std::span<const char> packed, std::string& text)
{
    text.resize(2 * packed.size() + 4);
    Unpacker unpacker(packed, text.data());
    if (auto done = unpacker.run(); !done)
        return done;
    text.resize(static_cast<std::size_t>(unpacker.end() - text.data()));
    return {};
}

} // namespace kintsugi::gcode
