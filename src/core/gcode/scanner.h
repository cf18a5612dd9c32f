// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kintsugi::gcode {

/// One line of a file. `text` dies with the call it was handed to.
struct Line {
    ByteOffset begin = 0;     ///< first byte (after a byte-order mark)
    ByteOffset end = 0;       ///< byte after the line end (LF, CR LF or lone CR; the last line may have none)
    std::uint64_t number = 1; ///< 1-based
    std::string_view text;    ///< without the line end; at most Scanner::maxText bytes
    bool truncated = false;   ///< the line is longer than `text`; begin and end are exact all the same
};

/// Push parser: any split of the bytes gives the same lines and offsets (property test and fuzzer). Memory is bounded:
/// a line longer than maxText is handed over cut, marked `truncated`. A UTF-8 byte-order mark at offset 0 is skipped.
class Scanner
{
public:
    using Sink = std::function<void(const Line&)>;
    static constexpr std::size_t maxText = std::size_t{1} << 20;

    /// start: file offset of the first byte that will be fed, and the number of its line (to start at a checkpoint).
    explicit Scanner(ByteOffset start = 0, std::uint64_t lineNumber = 1);

    /// May take whole lines from the beginning of `rest` (which begins a line, at `begin`) before they are handed over one by one;
    /// `before` readable bytes precede it. Returns how much it took.
    struct Taken {
        std::size_t bytes = 0;
        std::uint64_t lines = 0;
    };
    using Taker = std::function<Taken(std::string_view rest, std::size_t before, ByteOffset begin, std::uint64_t number)>;

    void feed(std::span<const std::byte> bytes, const Sink& sink, const Taker& taker = {});
    void finish(const Sink& sink); ///< hands over a last line without line end; call once

private:
    std::string_view skipByteOrderMark(std::string_view data);
    void carry(std::string_view text);
    void emitCarry(const Sink& sink);
    void emitLine(std::string_view text, ByteOffset end, const Sink& sink);

    std::string m_carry;
    ByteOffset m_lineBegin;
    ByteOffset m_position;
    std::uint64_t m_number;
    std::size_t m_bomMatched;
    bool m_pendingCr = false;
    bool m_truncated = false;
};

} // namespace kintsugi::gcode
