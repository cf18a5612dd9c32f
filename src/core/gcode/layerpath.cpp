// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/layerpath.h"

#include <algorithm>
#include <cmath>

#include "gcode/scanner.h"

namespace kintsugi::gcode {

namespace {

constexpr std::size_t chunk = 256 * 1024;

struct Announcement { ByteOffset byte; Feature feature; };

/// What the lines in [begin, end) announce, and what was announced before them.
Result<std::vector<Announcement>> announcements(const Source& source, const FileIndex& index, ByteOffset begin, ByteOffset end, const Progress& progress)
{
    std::vector<Announcement> found;
    const auto before = featureBefore(source, index, begin);
    if (!before)
        return fail(before.error());
    if (*before)
        found.push_back({(*before)->byte, (*before)->feature});
    const Scanner::Sink sink = [&](const Line& line) {
        if (line.begin >= end || !line.text.starts_with(';'))
            return;
        if (const auto note = featureNote(line.text.substr(1), index.slicer))
            found.push_back({line.begin, note->feature});
    };
    Scanner scanner(begin);
    std::vector<std::byte> buffer(chunk);
    for (ByteOffset at = begin; at < end;) {
        if (progress && !progress(0.5 + 0.5 * static_cast<double>(at - begin) / static_cast<double>(end - begin)))
            return fail(ErrorCode::Cancelled);
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
        const auto got = source.read(at, std::span(buffer).first(wanted));
        if (!got)
            return fail(got.error());
        if (*got < wanted)
            return fail(ErrorCode::FileChanged, "the file became shorter while it was read", source.name());
        at += *got;
        scanner.feed(std::span<const std::byte>(buffer).first(*got), sink);
    }
    scanner.finish(sink);
    return found;
}

/// A stroke that grows line by line; points nearer than the tolerance to the last kept one wait for the next.
class StrokeBuilder
{
public:
    StrokeBuilder(Strokes& out, double tolerance) : m_out(out), m_square(tolerance * tolerance) {}

    void add(const Segment& s, Feature feature, bool printed)
    {
        const bool goesOn = m_open && m_last.x == s.x0 && m_last.y == s.y0 && m_stroke.feature == feature && m_stroke.printed == printed;
        if (!goesOn) {
            close();
            m_stroke = {feature, printed, static_cast<std::uint32_t>(m_out.points.size()), 0};
            m_open = true;
            keep({s.x0, s.y0});
        }
        m_last = {s.x1, s.y1};
        const float dx = m_last.x - m_kept.x, dy = m_last.y - m_kept.y;
        m_waits = double{dx * dx + dy * dy} < m_square;
        if (!m_waits)
            keep(m_last);
    }
    void close()
    {
        if (!m_open)
            return;
        if (m_waits || m_stroke.count < 2)
            keep(m_last);
        m_out.strokes.push_back(m_stroke);
        m_open = m_waits = false;
    }

private:
    void keep(PathPoint point)
    {
        m_out.points.push_back(point);
        ++m_stroke.count;
        m_kept = point;
    }
    Strokes& m_out;
    double m_square;
    Stroke m_stroke;
    PathPoint m_kept{}, m_last{};
    bool m_open = false, m_waits = false;
};

bool isSeen(const Segment& s, const PathView& view)
{
    return double{std::max(s.x0, s.x1)} >= view.minX && double{std::min(s.x0, s.x1)} <= view.maxX && double{std::max(s.y0, s.y1)} >= view.minY
        && double{std::min(s.y0, s.y1)} <= view.maxY;
}

double squareTo(const Segment& s, double x, double y)
{
    const double dx = double{s.x1} - double{s.x0}, dy = double{s.y1} - double{s.y0};
    const double square = dx * dx + dy * dy;
    const double t = square > 0 ? std::clamp(((x - double{s.x0}) * dx + (y - double{s.y0}) * dy) / square, 0.0, 1.0) : 0.0;
    const double ex = x - double{s.x0} - t * dx, ey = y - double{s.y0} - t * dy;
    return ex * ex + ey * ey;
}

} // namespace

bool LayerPath::has(Feature feature) const
{
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (features[i] == feature && segments[i].extrudes())
            return true;
    }
    return false;
}

std::size_t LayerPath::from(ByteOffset byte) const
{
    const auto it = std::ranges::lower_bound(segments, byte, {}, &Segment::begin);
    return static_cast<std::size_t>(it - segments.begin());
}

Result<LayerPath> readLayerPath(const Source& source, const FileIndex& index, ByteOffset begin, ByteOffset end, std::size_t limit, const Progress& progress)
{
    const Progress half = [&progress](double fraction) { return !progress || progress(fraction / 2); };
    auto path = readToolpath(source, index, begin, end, limit, half);
    if (!path)
        return fail(path.error());
    LayerPath result{.segments = std::move(path->segments), .features = {}, .announced = false, .complete = path->complete};
    result.features.reserve(result.segments.size());
    if (result.segments.empty())
        return result;
    const auto said = announcements(source, index, begin, result.segments.back().begin, progress);
    if (!said)
        return fail(said.error());
    result.announced = !said->empty();
    auto next = said->begin();
    Feature now = Feature::Other;
    for (const Segment& segment : result.segments) {
        for (; next != said->end() && next->byte <= segment.begin; ++next)
            now = next->feature;
        result.features.push_back(now);
    }
    return result;
}

Strokes strokesOf(const LayerPath& path, const PathView& view)
{
    Strokes result;
    result.points.reserve(std::min<std::size_t>(path.segments.size() + 1, 1 << 16));
    StrokeBuilder builder(result, view.tolerance);
    for (std::size_t i = 0; i < path.segments.size(); ++i) {
        const Segment& segment = path.segments[i];
        if (!segment.extrudes() || !isSeen(segment, view)) {
            builder.close();
            continue;
        }
        builder.add(segment, path.features[i], segment.begin < view.border);
    }
    builder.close();
    return result;
}

const Segment* nearestSegment(const LayerPath& path, double x, double y, double reach)
{
    double best = reach * reach;
    const Segment* nearest = nullptr;
    for (const Segment& segment : path.segments) {
        if (!segment.extrudes())
            continue;
        const double square = squareTo(segment, x, y);
        if (square < best) {
            best = square;
            nearest = &segment;
        }
    }
    return nearest;
}

} // namespace kintsugi::gcode
