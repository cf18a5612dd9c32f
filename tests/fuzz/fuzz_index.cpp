// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes: no crash, layers that tile the file, and a located state that equals a replay from the start.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gcode/toolpath.h"

using namespace kintsugi;
using namespace kintsugi::gcode;

namespace {

void require(bool condition)
{
    if (!condition)
        std::abort();
}

void checkLayers(const FileIndex& index)
{
    for (std::size_t at = 0; at < index.layers.size(); ++at) {
        const ByteOffset end = at + 1 < index.layers.size() ? index.layers[at + 1].begin : index.size;
        require(index.layers[at].end == end && index.layers[at].begin < end);
    }
}

void checkLocate(const Source& source, const FileIndex& index, ByteOffset byte)
{
    const auto located = locate(source, index, byte);
    require(located.has_value());
    require(located->end > byte || byte == index.size);
    if (located->byte < index.size)
        require(locateLine(source, index, located->line)->state == located->state);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    const auto dialect = static_cast<Dialect>(data[0] % 5);
    const MemorySource source(std::string(reinterpret_cast<const char*>(data) + 2, size - 2));
    const auto index = buildIndex(source, dialect);
    if (!index)
        return 0;
    checkLayers(*index);
    checkLocate(source, *index, index->size * data[1] / 255);
    require(readToolpath(source, *index, 0, index->size, 10'000).has_value());
    return 0;
}
