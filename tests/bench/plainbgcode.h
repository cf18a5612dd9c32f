// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Heatshrink and MeatPack as plainly as their descriptions read: a bit, a byte at a time. The measure for the real ones.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kintsugi::plain {

class Bits
{
public:
    explicit Bits(std::string_view bytes) : m_bytes(bytes) {}
    [[nodiscard]] std::optional<unsigned> take(unsigned count)
    {
        if (m_at + count > m_bytes.size() * 8)
            return std::nullopt;
        unsigned value = 0;
        for (; count > 0; --count, ++m_at)
            value = value << 1 | (static_cast<unsigned char>(m_bytes[m_at / 8]) >> (7 - m_at % 8) & 1U);
        return value;
    }

private:
    std::string_view m_bytes;
    std::size_t m_at = 0;
};

/// nullopt when the bits end before `size` bytes are there, or a copy goes beyond them.
inline std::optional<std::string> unpackHeatshrink(std::string_view packed, unsigned windowBits, std::size_t size)
{
    Bits bits(packed);
    std::string out;
    while (out.size() < size) {
        const auto tag = bits.take(1);
        if (!tag)
            return std::nullopt;
        if (*tag == 1) {
            const auto literal = bits.take(8);
            if (!literal)
                return std::nullopt;
            out.push_back(static_cast<char>(*literal));
            continue;
        }
        const auto distance = bits.take(windowBits);
        const auto length = bits.take(4);
        if (!distance || !length || out.size() + *length + 1 > size)
            return std::nullopt;
        for (unsigned count = 0; count <= *length; ++count)
            out.push_back(*distance < out.size() ? out[out.size() - *distance - 1] : '\0');
    }
    return out;
}

/// The receiving side of MeatPack as a printer has it: one byte in, up to two characters out.
class MeatPackReceiver
{
public:
    void take(unsigned char byte, std::string& out)
    {
        if (byte == 0xFF) {
            m_commandNext = m_commandNext || m_signals == 1;
            m_signals = m_signals == 1 ? 0 : 1;
            return;
        }
        if (m_commandNext) {
            m_commandNext = false;
            command(byte);
            return;
        }
        if (m_signals == 1) {
            m_signals = 0;
            character(0xFF, out);
        }
        character(byte, out);
    }

private:
    void command(unsigned char byte)
    {
        if (byte == 251)
            m_packing = true;
        else if (byte == 250 || byte == 249)
            m_packing = false;
        else if (byte == 247)
            m_blank = 'E';
        else if (byte == 246)
            m_blank = ' ';
    }
    [[nodiscard]] char decoded(unsigned code) const { return code == 11 ? m_blank : "0123456789. \nGX"[code]; }
    void character(unsigned char byte, std::string& out)
    {
        if (!m_packing) {
            out.push_back(static_cast<char>(byte));
            return;
        }
        if (m_whole > 0) {
            out.push_back(static_cast<char>(byte));
            if (m_held != '\0')
                out.push_back(m_held);
            m_held = '\0';
            --m_whole;
            return;
        }
        const unsigned low = byte & 15;
        const unsigned high = byte >> 4;
        if (low == 15) {
            m_whole = high == 15 ? 2 : 1;
            m_held = high == 15 ? '\0' : decoded(high);
            return;
        }
        out.push_back(decoded(low));
        if (decoded(low) == '\n')
            return;
        if (high == 15)
            m_whole = 1;
        else
            out.push_back(decoded(high));
    }

    bool m_packing = false, m_commandNext = false;
    char m_blank = ' ', m_held = '\0';
    int m_signals = 0, m_whole = 0;
};

inline std::string unpackMeat(std::string_view packed)
{
    MeatPackReceiver receiver;
    std::string out;
    for (const char byte : packed)
        receiver.take(static_cast<unsigned char>(byte), out);
    return out;
}

} // namespace kintsugi::plain
