// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/heatshrink.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace kintsugi::gcode {

namespace {

constexpr unsigned lengthBits = 4;
constexpr std::size_t maxLength = std::size_t{1} << lengthBits;
constexpr std::size_t literalBits = 9;

/// The unread bits, left-aligned in a word.
class BitReader
{
public:
    explicit BitReader(std::span<const char> bytes) : m_at(bytes.data()), m_end(bytes.data() + bytes.size()) {}
    /// Afterwards at least 56 bits are there, or all that are left.
    void refill()
    {
        if (m_end - m_at >= 8) {
            m_bits |= bigEndian(m_at) >> m_count;
            m_at += (63 - m_count) / 8;
            m_count |= 56;
            return;
        }
        for (; m_at != m_end && m_count <= 56; m_count += 8)
            m_bits |= std::uint64_t{static_cast<unsigned char>(*m_at++)} << (56 - m_count);
    }
    [[nodiscard]] std::uint64_t bits() const { return m_bits; }
    [[nodiscard]] unsigned count() const { return m_count; }
    void drop(unsigned count)
    {
        m_bits <<= count;
        m_count -= count;
    }
    [[nodiscard]] bool atEnd() const { return m_at == m_end; }

private:
    static std::uint64_t bigEndian(const char* at)
    {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        if constexpr (std::endian::native == std::endian::little)
            word = __builtin_bswap64(word);
        return word;
    }

    const char* m_at;
    const char* m_end;
    std::uint64_t m_bits = 0;
    unsigned m_count = 0;
};

/// Copies `length` bytes from `distance` back; may write up to maxLength bytes.
void copyBack(char* out, std::size_t distance, std::size_t length)
{
    if (distance >= maxLength) {
        std::memcpy(out, out - distance, maxLength);
    } else if (distance >= 8) {
        std::memcpy(out, out - distance, 8);
        std::memcpy(out + 8, out + 8 - distance, 8);
    } else {
        for (std::size_t at = 0; at < length; ++at)
            out[at] = out[at - distance];
    }
}

auto damaged(const char* what)
{
    return fail(ErrorCode::FileDamaged, what);
}

class BitWriter
{
public:
    void put(std::uint32_t value, unsigned count)
    {
        m_bits = m_bits << count | value;
        for (m_count += count; m_count >= 8; m_count -= 8)
            m_out.push_back(static_cast<char>(m_bits >> (m_count - 8)));
    }
    std::string finish()
    {
        if (m_count > 0)
            put(0, 8 - m_count);
        return std::move(m_out);
    }

private:
    std::string m_out;
    std::uint64_t m_bits = 0;
    unsigned m_count = 0;
};

struct Match {
    std::size_t distance = 0, length = 0;
};

/// Finds earlier occurrences by the three bytes they begin with.
class Matcher
{
public:
    Matcher(std::string_view bytes, std::size_t window) : m_bytes(bytes), m_window(window), m_previous(bytes.size(), none) { m_head.fill(none); }
    void add(std::size_t at)
    {
        if (at + minimum > m_bytes.size())
            return;
        std::uint32_t& head = m_head[slot(at)];
        m_previous[at] = head;
        head = static_cast<std::uint32_t>(at);
    }
    [[nodiscard]] Match find(std::size_t at) const
    {
        Match best;
        if (at + minimum > m_bytes.size())
            return best;
        const std::size_t longest = std::min(maxLength, m_bytes.size() - at);
        std::uint32_t candidate = m_head[slot(at)];
        for (int tries = 0; candidate != none && at - candidate <= m_window && tries < 32; ++tries, candidate = m_previous[candidate]) {
            std::size_t length = 0;
            while (length < longest && m_bytes[candidate + length] == m_bytes[at + length])
                ++length;
            if (length > best.length)
                best = {at - candidate, length};
        }
        return best;
    }

    static constexpr std::size_t minimum = 3; ///< two literals are hardly longer than a reference

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    static constexpr unsigned slotBits = 12;
    [[nodiscard]] std::size_t slot(std::size_t at) const
    {
        const auto byte = [&](std::size_t offset) { return std::uint32_t{static_cast<unsigned char>(m_bytes[at + offset])}; };
        return ((byte(0) << 16 | byte(1) << 8 | byte(2)) * 2654435761U) >> (32 - slotBits);
    }

    std::string_view m_bytes;
    std::size_t m_window;
    std::vector<std::uint32_t> m_previous;
    std::array<std::uint32_t, std::size_t{1} << slotBits> m_head{};
};

} // namespace

Result<std::span<const char>> HeatshrinkDecoder::decode(std::span<const char> packed, unsigned windowBits, std::size_t size)
{
    const std::size_t window = std::size_t{1} << windowBits;
    const unsigned referenceBits = 1 + windowBits + lengthBits;
    m_buffer.assign(window + size + maxLength, '\0');
    char* const begin = m_buffer.data() + window;
    char* const end = begin + size;
    char* out = begin;
    BitReader in(packed);
    while (out < end) {
        in.refill();
        if (in.count() < literalBits)
            return damaged("the compressed data end too early");
        // One refill feeds three tokens of the longest kind.
        for (int token = 0; token < 3 && out < end; ++token) {
            const std::uint64_t bits = in.bits();
            if (bits >> 63 != 0) {
                if (in.count() < literalBits)
                    break;
                *out++ = static_cast<char>(bits >> 55);
                in.drop(literalBits);
                continue;
            }
            if (in.count() < referenceBits) {
                if (in.atEnd())
                    return damaged("the compressed data end too early");
                break;
            }
            const std::size_t distance = (bits >> (63 - windowBits) & (window - 1)) + 1;
            const std::size_t length = (bits >> (64 - referenceBits) & (maxLength - 1)) + 1;
            if (length > static_cast<std::size_t>(end - out))
                return damaged("the compressed data hold more than the header says");
            copyBack(out, distance, length);
            out += length;
            in.drop(referenceBits);
        }
    }
    in.refill();
    if (in.count() >= 8)
        return damaged("the compressed data hold more than the header says");
    return std::span<const char>(begin, size);
}

std::string packHeatshrink(std::string_view bytes, unsigned windowBits)
{
    BitWriter out;
    Matcher matcher(bytes, std::size_t{1} << windowBits);
    for (std::size_t at = 0; at < bytes.size();) {
        const Match match = matcher.find(at);
        const std::size_t length = match.length >= Matcher::minimum ? match.length : 1;
        if (length > 1) {
            out.put(static_cast<std::uint32_t>(match.distance - 1), 1 + windowBits);
            out.put(static_cast<std::uint32_t>(length - 1), lengthBits);
        } else {
            out.put(0x100U | static_cast<unsigned char>(bytes[at]), literalBits);
        }
        for (const std::size_t next = at + length; at < next; ++at)
            matcher.add(at);
    }
    return out.finish();
}

} // namespace kintsugi::gcode
