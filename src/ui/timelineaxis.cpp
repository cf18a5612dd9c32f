// SPDX-License-Identifier: GPL-3.0-or-later
#include "timelineaxis.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

std::size_t firstFrom(const std::vector<double>& column, std::size_t size, double x)
{
    const auto end = column.begin() + static_cast<std::ptrdiff_t>(size);
    return static_cast<std::size_t>(std::lower_bound(column.begin(), end, x) - column.begin());
}

const gcode::FileIndex* indexOf(const app::TimelineData& data)
{
    return data.file ? data.file->index.get() : nullptr;
}

double fileSize(const app::TimelineData& data)
{
    if (const auto* index = indexOf(data))
        return static_cast<double>(index->size);
    return data.job ? static_cast<double>(data.job->fileSize) : 0.0;
}

double niceStep(double span, int wanted)
{
    const double rough = span / std::max(1, wanted);
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough)
            return factor * power;
    }
    return 10.0 * power;
}

double niceSeconds(double span, int wanted)
{
    static constexpr std::array steps{1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, 43200.0, 86400.0};
    for (const double step : steps) {
        if (span / step <= wanted)
            return step;
    }
    return std::ceil(span / wanted / 86400.0) * 86400.0;
}

} // namespace

std::optional<double> layerPosition(const gcode::FileIndex& index, double byte)
{
    if (index.layers.empty())
        return std::nullopt;
    const gcode::Layer* layer = index.layerAt(static_cast<ByteOffset>(std::max(0.0, byte)));
    if (!layer)
        return std::nullopt;
    const auto begin = static_cast<double>(layer->begin);
    const auto length = static_cast<double>(layer->end - layer->begin);
    const double fraction = length > 0 ? std::clamp((byte - begin) / length, 0.0, 1.0) : 0.0;
    return static_cast<double>(layer->index) + fraction;
}

void AxisMap::setKind(TimelineAxis kind)
{
    m_kind = kind;
}

void AxisMap::clear()
{
    m_bytes.clear();
    m_layers.clear();
}

bool AxisMap::extend(const app::TimelineData& data, std::size_t budget)
{
    const auto* index = indexOf(data);
    const std::size_t end = std::min(data.samples.size(), m_bytes.size() + budget);
    std::size_t cursor = 0; // into layers: bytes ascend, so one walk is enough
    for (std::size_t i = m_bytes.size(); i < end; ++i) {
        const double last = m_bytes.empty() ? 0.0 : m_bytes.back();
        const double byte = data.samples.byte[i];
        m_bytes.push_back(byte > last ? byte : last); // false for NaN
        if (index && !index->layers.empty()) {
            if (cursor == 0) {
                if (const auto* layer = index->layerAt(static_cast<ByteOffset>(m_bytes.back())))
                    cursor = layer->index;
            }
            while (cursor + 1 < index->layers.size() && m_bytes.back() >= static_cast<double>(index->layers[cursor + 1].begin))
                ++cursor;
            const auto& layer = index->layers[cursor];
            const auto length = static_cast<double>(layer.end - layer.begin);
            const double done = m_bytes.back() - static_cast<double>(layer.begin);
            m_layers.push_back(static_cast<double>(cursor) + (length > 0 ? std::clamp(done / length, 0.0, 1.0) : 0.0));
        } else {
            const double before = m_layers.empty() ? 0.0 : m_layers.back();
            const double layer = data.samples.layer[i];
            m_layers.push_back(layer > before ? layer : before);
        }
    }
    return m_bytes.size() >= data.samples.size();
}

std::pair<double, double> AxisMap::whole(const app::TimelineData& data) const
{
    double from = 0;
    double to = 1;
    if (m_kind == TimelineAxis::Progress) {
        to = std::max({1.0, fileSize(data), m_bytes.empty() ? 0.0 : m_bytes.back()});
    } else if (m_kind == TimelineAxis::Layer) {
        const auto* index = indexOf(data);
        to = std::max({1.0, index ? static_cast<double>(index->layers.size()) : 0.0, m_layers.empty() ? 0.0 : m_layers.back()});
    } else {
        const bool sampled = data.samples.size() > 0;
        from = sampled ? data.samples.time.front() : data.job ? data.job->startTime : 0;
        to = sampled ? data.samples.time.back() : from;
        if (data.job && data.job->endTime)
            to = std::max(to, *data.job->endTime);
        for (const auto& snapshot : data.snapshots)
            to = std::max(to, snapshot.time.value_or(to));
        to = std::max(to, from + 10);
    }
    const double margin = (to - from) * 0.015;
    return {m_kind == TimelineAxis::Time ? from - margin : from, to + margin};
}

double AxisMap::xOfSample(const app::TimelineData& data, std::size_t sample) const
{
    switch (m_kind) {
    case TimelineAxis::Time: return data.samples.time[sample];
    case TimelineAxis::Progress: return m_bytes[sample];
    case TimelineAxis::Layer: return m_layers[sample];
    }
    return 0;
}

std::optional<double> AxisMap::xOfByte(const app::TimelineData& data, double byte) const
{
    if (m_kind == TimelineAxis::Progress)
        return byte;
    if (m_kind == TimelineAxis::Layer) {
        if (const auto* index = indexOf(data)) {
            if (const auto x = layerPosition(*index, byte))
                return x;
        }
    }
    const std::size_t at = firstFrom(m_bytes, m_bytes.size(), byte);
    if (at == m_bytes.size())
        return std::nullopt;
    const double here = xOfSample(data, at);
    if (at == 0 || m_bytes[at] <= m_bytes[at - 1])
        return here;
    const double before = xOfSample(data, at - 1);
    return before + (here - before) * (byte - m_bytes[at - 1]) / (m_bytes[at] - m_bytes[at - 1]);
}

std::optional<double> AxisMap::xOfTime(const app::TimelineData& data, double time) const
{
    if (m_kind == TimelineAxis::Time)
        return time;
    if (m_bytes.empty() || time < data.samples.time.front())
        return std::nullopt;
    const std::size_t at = firstFrom(data.samples.time, m_bytes.size(), time);
    return xOfSample(data, std::min(at, m_bytes.size() - 1));
}

std::size_t AxisMap::firstSampleFrom(const app::TimelineData& data, double x) const
{
    switch (m_kind) {
    case TimelineAxis::Time: return firstFrom(data.samples.time, m_bytes.size(), x);
    case TimelineAxis::Progress: return firstFrom(m_bytes, m_bytes.size(), x);
    case TimelineAxis::Layer: return firstFrom(m_layers, m_layers.size(), x);
    }
    return 0;
}

std::optional<std::size_t> AxisMap::sampleAt(const app::TimelineData& data, double x) const
{
    const std::size_t next = firstSampleFrom(data, x);
    if (next < m_bytes.size() && xOfSample(data, next) <= x)
        return next;
    return next == 0 ? std::nullopt : std::optional(next - 1);
}

std::optional<double> AxisMap::byteAt(const app::TimelineData& data, double x) const
{
    if (m_kind == TimelineAxis::Progress)
        return std::clamp(x, 0.0, std::max(fileSize(data), m_bytes.empty() ? 0.0 : m_bytes.back()));
    const auto* index = indexOf(data);
    if (m_kind == TimelineAxis::Layer && index && !index->layers.empty()) {
        const double clamped = std::clamp(x, 0.0, static_cast<double>(index->layers.size()) - 1e-9);
        const auto& layer = index->layers[static_cast<std::size_t>(clamped)];
        return static_cast<double>(layer.begin) + (clamped - std::floor(clamped)) * static_cast<double>(layer.end - layer.begin);
    }
    const auto at = sampleAt(data, x);
    if (!at)
        return std::nullopt;
    return m_bytes[*at];
}

std::vector<AxisMap::Tick> AxisMap::ticks(const app::TimelineData& data, double from, double to, int wanted) const
{
    std::vector<Tick> result;
    const QLocale locale;
    const auto each = [&](double first, double step, const auto& text) {
        for (double x = first; x <= to && result.size() < 200; x += step)
            result.push_back({x, text(x)});
    };
    if (m_kind == TimelineAxis::Time) {
        const double step = niceSeconds(to - from, wanted);
        const QString format = step < 60 ? u"HH:mm:ss"_s : step < 86400 ? u"HH:mm"_s : u"dd.MM."_s;
        const double offset = QDateTime::fromSecsSinceEpoch(static_cast<qint64>(from)).offsetFromUtc();
        each(std::ceil((from + offset) / step) * step - offset, step, [&](double x) {
            return QDateTime::fromMSecsSinceEpoch(std::llround(x * 1000)).toString(format);
        });
    } else if (m_kind == TimelineAxis::Progress) {
        const double size = std::max(1.0, fileSize(data));
        const double step = niceStep((to - from) / size * 100, wanted);
        const int decimals = step < 1 ? static_cast<int>(std::ceil(-std::log10(step))) : 0;
        each(std::ceil(from / size * 100 / step) * step * size / 100, step * size / 100, [&](double x) {
            return QCoreApplication::translate("TimelineView", "%1 %").arg(locale.toString(x / size * 100, 'f', decimals));
        });
    } else {
        // "Layer 1" stands where layer 1 begins, at 0
        const double step = std::max(1.0, niceStep(to - from, wanted));
        each(std::max(0.0, std::ceil((from + 1) / step) * step - 1), step, [&](double x) {
            return QCoreApplication::translate("TimelineView", "Layer %1").arg(locale.toString(static_cast<int>(std::lround(x)) + 1));
        });
    }
    return result;
}

} // namespace kintsugi::ui
