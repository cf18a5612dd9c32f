// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a container, and as the body of a block without a checksum: an error, or a text that reads the same
// from anywhere.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "../support/bgcodesample.h"
#include "gcode/meatpack.h"
#include "gcode/opengcode.h"

using namespace kintsugi;
using namespace kintsugi::gcode;

namespace {

void require(bool condition)
{
    if (!condition)
        std::abort();
}

std::string readAt(const Source& source, ByteOffset offset, std::size_t length)
{
    std::string text(length, '\0');
    const auto count = source.read(offset, std::as_writable_bytes(std::span(text)));
    require(count.has_value());
    text.resize(*count);
    return text;
}

void checkSource(std::string bytes)
{
    const auto source = openGcode(std::make_unique<MemorySource>(std::move(bytes)));
    if (!source)
        return;
    constexpr std::uint64_t enough = 1 << 20;
    const std::uint64_t size = *(*source)->size();
    const std::string text = readAt(**source, 0, std::min(size, enough));
    require(text.size() == std::min(size, enough));
    const ByteOffset middle = text.size() / 2;
    require(readAt(**source, middle, 100) == text.substr(middle, 100) || size > enough);
    const auto place = (*source)->placeOf(middle);
    require(place.has_value() && *(*source)->byteAt(*place) == middle);
    require(!(*source)->placeOf(size + 1).has_value());
}

/// The fuzzer cannot guess checksums, so these bytes come without one.
std::string asBlock(std::string_view data, unsigned kind)
{
    const auto compression = static_cast<test::Compression>(kind % 4);
    std::string parameters;
    test::putU16(parameters, kind / 4 % 3);
    const std::size_t promised = kind >= 128 ? data.size() * 2 + kind : data.size();
    return test::makeBgcode("", {.crc32 = false}).bytes
        + test::rawBlock(test::BlockType::Gcode, compression, parameters, data, promised, false);
}

void checkOwnPacking(std::string_view text)
{
    HeatshrinkDecoder decoder;
    for (const unsigned window : {11U, 12U}) {
        const auto back = decoder.decode(packHeatshrink(text, window), window, text.size());
        require(back.has_value() && std::string_view(back->data(), back->size()) == text);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    checkSource(bytes);
    checkSource(asBlock(std::string_view(bytes).substr(1), data[0]));
    checkSource("\x1F\x8B" + bytes);
    checkOwnPacking(bytes);
    return 0;
}
