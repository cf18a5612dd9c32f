// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/opengcode.h"

#include <array>

#include "gcode/bgcodesource.h"
#include "gcode/gzsource.h"

namespace kintsugi::gcode {

Container containerOf(std::string_view head)
{
    if (head.starts_with("GCDE"))
        return Container::BinaryGcode;
    return head.starts_with("\x1F\x8B") ? Container::Gzip : Container::None;
}

Result<std::unique_ptr<Source>> openGcode(std::unique_ptr<Source> file, const Progress& progress, std::string_view map)
{
    std::array<std::byte, 4> head{};
    const auto count = file->read(0, head);
    if (!count)
        return fail(count.error());
    const Container container = containerOf({reinterpret_cast<const char*>(head.data()), *count});
    switch (container) {
    case Container::None: break;
    case Container::Gzip: return GzSource::open(std::move(file), progress, map);
    case Container::BinaryGcode: return BgcodeSource::open(std::move(file), progress, map);
    }
    return file;
}

Result<std::unique_ptr<Source>> openGcode(const std::filesystem::path& path, const Progress& progress)
{
    auto file = FileSource::open(path);
    if (!file)
        return fail(file.error());
    return openGcode(std::unique_ptr<Source>(std::move(*file)), progress);
}

std::string containerMap(const Source& source)
{
    if (const auto* bgcode = dynamic_cast<const BgcodeSource*>(&source))
        return bgcode->map();
    const auto* gz = dynamic_cast<const GzSource*>(&source);
    return gz ? gz->map() : std::string();
}

const Source& fileOf(const Source& source)
{
    if (const auto* bgcode = dynamic_cast<const BgcodeSource*>(&source))
        return bgcode->file();
    const auto* gz = dynamic_cast<const GzSource*>(&source);
    return gz ? gz->file() : source;
}

} // namespace kintsugi::gcode
