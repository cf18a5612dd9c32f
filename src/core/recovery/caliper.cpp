// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/caliper.h"

#include <algorithm>
#include <cmath>

#include "gcode/arc.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

constexpr double reach = 1.0;      // mm around a place that the jaws cover
constexpr double sagitta = 0.1;    // mm, of the chords of an arc
constexpr double tolerance = 1.0;  // mm; a reading farther from every layer explains nothing
constexpr ByteOffset step = ByteOffset{4} << 20; // bytes between two looks at the progress

/// Distance of a point from a straight piece, in the plane.
double distanceTo(const std::array<double, 2>& point, const std::array<double, 2>& a, const std::array<double, 2>& b)
{
    const double dx = b[0] - a[0], dy = b[1] - a[1];
    const double square = dx * dx + dy * dy;
    const double f = square > 0 ? std::clamp(((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / square, 0.0, 1.0) : 0.0;
    return std::hypot(a[0] + f * dx - point[0], a[1] + f * dy - point[1]);
}

/// Highest point printed near each reading, after each layer.
class Heights
{
public:
    Heights(const gcode::FileIndex& index, const std::vector<CaliperReading>& readings)
        : m_index(index), m_readings(readings), m_now(readings.size(), 0.0), m_after(index.layers.size())
    {
    }
    void add(const Walked& walked)
    {
        while (m_layer + 1 < m_index.layers.size() && walked.line.begin >= m_index.layers[m_layer + 1].begin)
            m_after[m_layer++] = m_now;
        const auto from = gcode::pointOf(walked.effect.from), to = gcode::pointOf(walked.after.position);
        const auto& object = walked.after.object;
        if (!walked.prints() || !from || !to || (object && walked.after.excluded.count(*object)))
            return;
        const auto arc = gcode::arcOf(walked.command, walked.effect, walked.after);
        const std::size_t pieces = arc ? arc->chords(sagitta) : 1;
        gcode::Point a = *from;
        for (std::size_t piece = 1; piece <= pieces; ++piece) {
            const gcode::Point b = piece == pieces ? *to : arc->at(static_cast<double>(piece) / static_cast<double>(pieces));
            addPiece(a, b);
            a = b;
        }
    }
    [[nodiscard]] const std::vector<std::vector<double>>& finish()
    {
        for (; m_layer < m_after.size(); ++m_layer)
            m_after[m_layer] = m_now;
        return m_after;
    }

private:
    void addPiece(const gcode::Point& a, const gcode::Point& b)
    {
        const double z = std::max(a[2], b[2]);
        for (std::size_t i = 0; i < m_readings.size(); ++i) {
            const auto& at = m_readings[i].at;
            if (z > m_now[i] && (!at || distanceTo(*at, {a[0], a[1]}, {b[0], b[1]}) <= reach))
                m_now[i] = z;
        }
    }

    const gcode::FileIndex& m_index;
    const std::vector<CaliperReading>& m_readings;
    std::vector<double> m_now;
    std::vector<std::vector<double>> m_after;
    std::size_t m_layer = 0;
};

Error badReading(const char* field, double value, std::string detail)
{
    Error error{.code = ErrorCode::BadValue, .detail = std::move(detail)};
    error.field = field;
    error.measured = value;
    return error;
}

Result<> check(const gcode::FileIndex& index, const std::vector<CaliperReading>& readings)
{
    if (readings.empty())
        return fail(badReading("caliper", 0, "no reading"));
    if (index.layers.empty())
        return fail(ErrorCode::NotSupported, "the file has no layers");
    for (const CaliperReading& reading : readings) {
        if (!std::isfinite(reading.mm) || reading.mm <= 0)
            return fail(badReading("caliper", reading.mm, "a height above the bed is more than 0"));
        if (reading.at && (!std::isfinite((*reading.at)[0]) || !std::isfinite((*reading.at)[1])))
            return fail(badReading("caliper", reading.mm, "the place is no number"));
    }
    return {};
}

/// Layers that print nothing new near any reading look like the one before; the later one is as likely, and is kept.
std::vector<LayerByHeight> rated(const gcode::FileIndex& index, const std::vector<CaliperReading>& readings,
                                 const std::vector<std::vector<double>>& after)
{
    std::vector<LayerByHeight> found;
    for (std::size_t layer = 0; layer < after.size(); ++layer) {
        LayerByHeight one{layer, index.layers[layer].z.value_or(index.layers[layer].highestZ), after[layer], 0};
        for (std::size_t i = 0; i < readings.size(); ++i)
            one.worst = std::max(one.worst, std::abs(readings[i].mm - after[layer][i]));
        found.push_back(std::move(one));
    }
    return found;
}

} // namespace

Result<std::vector<LayerByHeight>> layersByCaliper(const gcode::Source& source, const gcode::FileIndex& index,
                                                   const std::vector<CaliperReading>& readings, std::size_t count, const gcode::Progress& progress)
{
    if (const auto good = check(index, readings); !good)
        return fail(good.error());
    Heights heights(index, readings);
    bool cancelled = false;
    ByteOffset next = 0;
    const auto done = walk(source, index, 0, index.size, [&](const Walked& walked) {
        if (progress && walked.line.begin >= next) {
            next = walked.line.begin + step;
            cancelled = !progress(static_cast<double>(walked.line.begin) / static_cast<double>(std::max<std::uint64_t>(1, index.size)));
        }
        if (!cancelled)
            heights.add(walked);
        return !cancelled;
    });
    if (!done)
        return fail(done.error());
    if (cancelled)
        return fail(ErrorCode::Cancelled);
    const auto& after = heights.finish();
    for (std::size_t i = 0; i < readings.size(); ++i) {
        double nearest = 1e9;
        bool any = false;
        for (const auto& layer : after) {
            any = any || layer[i] > 0;
            nearest = std::min(nearest, std::abs(readings[i].mm - layer[i]));
        }
        if (!any)
            return fail(badReading("caliper", readings[i].mm, "nothing is printed within 1 mm of this place"));
        if (nearest > tolerance)
            return fail(badReading("caliper", readings[i].mm, "no layer has this height here"));
    }
    std::vector<LayerByHeight> found = rated(index, readings, after);
    std::stable_sort(found.begin(), found.end(), [](const LayerByHeight& a, const LayerByHeight& b) { return a.worst < b.worst; });
    if (found.front().worst > tolerance)
        return fail(badReading("caliper", found.front().worst, "no layer fits all readings together"));
    found.resize(std::min(found.size(), std::max<std::size_t>(1, count)));
    return found;
}

} // namespace kintsugi::recovery
