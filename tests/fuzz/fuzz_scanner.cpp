// SPDX-License-Identifier: GPL-3.0-or-later
// Cut the input anywhere: the same lines, the same offsets, and every byte belongs to exactly one line.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "gcode/scanner.h"

using namespace kintsugi;
using namespace kintsugi::gcode;

namespace {

struct Seen {
    ByteOffset begin, end;
    std::uint64_t number;
    std::string text;
    bool operator==(const Seen&) const = default;
};

/// Feeds pieces whose lengths the first bytes of the input give; without pieces all at once.
std::vector<Seen> scan(std::span<const std::byte> bytes, std::span<const std::byte> pieces)
{
    std::vector<Seen> lines;
    const Scanner::Sink sink = [&lines](const Line& line) {
        lines.push_back({line.begin, line.end, line.number, std::string(line.text)});
    };
    Scanner scanner;
    std::size_t at = 0;
    for (std::size_t piece = 0; !pieces.empty() && at < bytes.size(); ++piece) {
        const auto wanted = std::to_integer<std::size_t>(pieces[piece % pieces.size()]) % 64;
        const std::size_t length = std::min(std::max<std::size_t>(wanted, piece % 2), bytes.size() - at);
        scanner.feed(bytes.subspan(at, length), sink);
        at += length;
    }
    scanner.feed(bytes.subspan(at), sink);
    scanner.finish(sink);
    return lines;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto bytes = std::as_bytes(std::span(data, size));
    const std::size_t head = std::min<std::size_t>(size, 8);
    const auto whole = scan(bytes.subspan(head), {});
    if (scan(bytes.subspan(head), bytes.first(head)) != whole)
        std::abort();
    ByteOffset at = whole.empty() ? 0 : whole.front().begin;
    for (const Seen& line : whole) {
        if (line.begin != at || line.end <= line.begin || line.text.find_first_of("\r\n") != std::string::npos)
            std::abort();
        at = line.end;
    }
    if (!whole.empty() && at != size - head)
        std::abort();
    return 0;
}
