// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <QString>

#include "timelinedata.h"

namespace kintsugi::ui {

enum class TimelineAxis { Time, Progress, Layer };

/// Where samples, bytes and moments lie on the chosen horizontal axis. x is s since epoch (Time), bytes (Progress) or
/// layers from 0 with their fraction (Layer). Keeps columns of its own beside the samples and takes them in by slices.
class AxisMap
{
public:
    void setKind(TimelineAxis kind);
    [[nodiscard]] TimelineAxis kind() const { return m_kind; }
    void clear();
    /// Takes in at most `budget` further samples; false while some are left.
    bool extend(const app::TimelineData& data, std::size_t budget);
    [[nodiscard]] std::size_t size() const { return m_bytes.size(); }

    [[nodiscard]] std::pair<double, double> whole(const app::TimelineData& data) const; ///< never empty
    [[nodiscard]] double xOfSample(const app::TimelineData& data, std::size_t sample) const;
    [[nodiscard]] std::optional<double> xOfByte(const app::TimelineData& data, double byte) const;
    [[nodiscard]] std::optional<double> xOfTime(const app::TimelineData& data, double time) const;
    /// The furthest file position up to a sample.
    [[nodiscard]] double reachedByte(std::size_t sample) const { return m_bytes[sample]; }
    /// First sample at or after x.
    [[nodiscard]] std::size_t firstSampleFrom(const app::TimelineData& data, double x) const;
    /// The last sample at or before x; nullopt when x lies before all.
    [[nodiscard]] std::optional<std::size_t> sampleAt(const app::TimelineData& data, double x) const;
    [[nodiscard]] std::optional<double> byteAt(const app::TimelineData& data, double x) const;

    struct Tick { double x; QString text; };
    [[nodiscard]] std::vector<Tick> ticks(const app::TimelineData& data, double from, double to, int wanted) const;

private:
    std::vector<double> m_bytes;  ///< running maximum of the file position, so that it ascends
    std::vector<double> m_layers; ///< x on the layer axis
    TimelineAxis m_kind = TimelineAxis::Time;
};

/// Layer from 0 with its fraction; nullopt without layers.
[[nodiscard]] std::optional<double> layerPosition(const gcode::FileIndex& index, double byte);

} // namespace kintsugi::ui
