// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/statedvolume.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "gcode/text.h"

namespace kintsugi::gcode {

namespace {

constexpr double most = 10'000; // mm; more is no printer

std::optional<double> number(std::string_view text)
{
    text = trimmed(text);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && value >= -most && value <= most ? std::optional(value) : std::nullopt;
}

class Reading
{
public:
    explicit Reading(const FileIndex& index) : m_index(index) {}

    StatedVolume read()
    {
        for (const char* const key : {"bed_shape", "printable_area"})
            area(key);
        for (const char* const key : {"max_print_height", "printable_height", "machine_height", "strokeZoverride"})
            size(2, key, false);
        const bool centred = text("machine_center_is_zero").value_or("") == "True" || text("machine_center_is_zero").value_or("") == "true";
        size(0, "machine_width", centred);
        size(1, "machine_depth", centred);
        constexpr std::array<const char*, 2> offsets{"originOffsetXoverride", "originOffsetYoverride"};
        const bool shifted = std::ranges::any_of(offsets, [this](const char* key) { return number(text(key).value_or("0")).value_or(1) != 0; });
        if (!shifted) {
            size(0, "strokeXoverride", false);
            size(1, "strokeYoverride", false);
        }
        return std::move(m_volume);
    }

private:
    [[nodiscard]] std::optional<std::string_view> text(std::string_view key) const
    {
        const auto found = std::ranges::find(m_index.settings, key, &SlicerSetting::key);
        return found == m_index.settings.end() ? std::nullopt : std::optional<std::string_view>(found->value);
    }
    void note(std::string_view key, std::string_view value)
    {
        constexpr std::size_t shown = 80;
        if (m_volume.basis.empty())
            m_volume.basis = std::string(key) + " = " + std::string(value.substr(0, shown));
    }
    /// "0x0,220x0,220x210,0x210", or the many corners of a round bed: its box.
    void area(const char* key)
    {
        const auto written = text(key);
        if (!written || m_volume.minimum[0])
            return;
        std::array<double, 4> box{most, most, -most, -most};
        std::size_t points = 0;
        for (std::string_view rest = *written; !rest.empty(); ++points) {
            const std::string_view point = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(point.size() + 1, rest.size()));
            const auto cross = point.find('x');
            const auto x = number(point.substr(0, cross));
            const auto y = cross == point.npos ? std::nullopt : number(point.substr(cross + 1));
            if (!x || !y)
                return;
            box = {std::min(box[0], *x), std::min(box[1], *y), std::max(box[2], *x), std::max(box[3], *y)};
        }
        constexpr std::size_t corners = 3;
        if (points < corners || box[2] <= box[0] || box[3] <= box[1])
            return;
        for (std::size_t axis = 0; axis < 2; ++axis) {
            m_volume.minimum[axis] = box[axis];
            m_volume.maximum[axis] = box[axis + 2];
        }
        note(key, *written);
    }
    void size(std::size_t axis, const char* key, bool centred)
    {
        const auto written = text(key);
        const auto value = written ? number(*written) : std::nullopt;
        if (!value || *value <= 0 || m_volume.minimum[axis])
            return;
        m_volume.minimum[axis] = centred ? -*value / 2 : 0;
        m_volume.maximum[axis] = centred ? *value / 2 : *value;
        note(key, *written);
    }

    const FileIndex& m_index;
    StatedVolume m_volume;
};

} // namespace

StatedVolume statedVolume(const FileIndex& index)
{
    return Reading(index).read();
}

} // namespace kintsugi::gcode
