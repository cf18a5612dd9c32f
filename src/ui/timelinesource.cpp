// SPDX-License-Identifier: GPL-3.0-or-later
#include "timelinesource.h"

#include <limits>

namespace kintsugi::ui {

namespace {

constexpr int pieceSize = 4000; // samples: some 10 ms of database work

/// A sample from before or after the print proper: its temperatures tell something, its position does not belong to it.
void appendSample(app::SampleColumns& columns, const recovery::Sample& sample, const gcode::FileIndex* index)
{
    columns.append(sample, index);
    if (sample.printState == "printing" || sample.printState == "paused" || sample.printState.empty())
        return;
    columns.byte.back() = columns.layer.back() = std::numeric_limits<double>::quiet_NaN();
    for (auto* column : {&columns.z, &columns.fan, &columns.speedFactor, &columns.queueLead})
        column->back() = std::numeric_limits<float>::quiet_NaN();
}

template <class T>
void addAll(std::vector<T>& to, const std::vector<T>& from, std::size_t first)
{
    to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(first), from.end());
}

} // namespace

TimelineSource::TimelineSource(app::Session& session, QObject* parent)
    : QObject(parent)
    , m_session(session)
{
    connect(&session, &app::Session::jobChanged, this, &TimelineSource::showJob);
    connect(&session, &app::Session::fileChanged, this, [this] {
        m_data.file = m_session.file();
        emit grown();
    });
    connect(&session, &app::Session::previewChanged, this, [this] {
        m_data.file = m_session.preview();
        emit grown();
    });
    connect(&session, &app::Session::sampled, this, &TimelineSource::addLive);
    showJob();
}

void TimelineSource::showJob()
{
    const auto& job = m_session.job();
    const bool same = job && m_data.job && job->id == m_data.job->id;
    m_data.job = job;
    m_data.file = m_session.file();
    if (same) {
        loadEvents();
        emit grown();
        return;
    }
    ++m_generation;
    m_data.samples.clear();
    m_data.snapshots.clear();
    m_data.events.clear();
    m_data.stop.reset();
    m_waiting.clear();
    m_loading = job.has_value();
    emit replaced();
    if (job) {
        loadEvents();
        loadMore();
    }
}

void TimelineSource::loadMore()
{
    const double from = m_data.samples.size() > 0 ? m_data.samples.time.back() : 0;
    const auto work = [job = m_data.job->id, from, file = m_data.file](app::Store& store) -> Result<app::SampleColumns> {
        const auto samples = store.samples(job, from, std::numeric_limits<double>::max(), pieceSize);
        if (!samples)
            return fail(samples.error());
        app::SampleColumns columns;
        for (const auto& sample : *samples)
            appendSample(columns, sample, file ? file->index.get() : nullptr);
        return columns;
    };
    m_session.archive().ask<app::SampleColumns>(this, work, [this, asked = m_generation](const Result<app::SampleColumns>& columns) {
        if (asked != m_generation)
            return;
        const std::size_t before = m_data.samples.size();
        if (columns)
            take(*columns);
        else
            emit failed(columns.error());
        if (columns && columns->size() == pieceSize && m_data.samples.size() > before) {
            loadMore();
            emit grown();
            return;
        }
        m_loading = false;
        for (const auto& sample : std::exchange(m_waiting, {}))
            addLive(sample);
        emit grown();
    });
}

void TimelineSource::loadEvents()
{
    m_session.archive().ask<std::vector<app::Event>>(
        this, [job = m_data.job->id](app::Store& store) { return store.events(job); },
        [this, asked = m_generation](const Result<std::vector<app::Event>>& events) {
            if (asked != m_generation || !events)
                return;
            m_data.events = *events;
            emit grown();
        });
}

void TimelineSource::take(const app::SampleColumns& more)
{
    app::SampleColumns& all = m_data.samples;
    std::size_t first = 0;
    while (all.size() > 0 && first < more.size() && more.time[first] <= all.time.back())
        ++first; // pieces overlap at their ends
    addAll(all.time, more.time, first);
    addAll(all.byte, more.byte, first);
    addAll(all.layer, more.layer, first);
    addAll(all.z, more.z, first);
    addAll(all.hotend, more.hotend, first);
    addAll(all.hotendTarget, more.hotendTarget, first);
    addAll(all.bed, more.bed, first);
    addAll(all.bedTarget, more.bedTarget, first);
    addAll(all.fan, more.fan, first);
    addAll(all.speedFactor, more.speedFactor, first);
    addAll(all.queueLead, more.queueLead, first);
}

void TimelineSource::addLive(const recovery::Sample& sample)
{
    if (!m_data.job || m_data.job->state != app::JobState::Printing)
        return;
    if (m_loading) {
        m_waiting.push_back(sample);
        return;
    }
    if (m_data.samples.size() > 0 && sample.time <= m_data.samples.time.back())
        return;
    appendSample(m_data.samples, sample, m_data.file ? m_data.file->index.get() : nullptr);
    emit grown();
}

void TimelineSource::setSnapshots(const std::vector<recovery::Snapshot>& snapshots)
{
    m_data.snapshots = snapshots;
    emit grown();
}

void TimelineSource::setStop(const std::optional<recovery::StopInterval>& stop)
{
    m_data.stop = stop;
    emit grown();
}

void TimelineSource::setRecoverability(const app::Recoverability& layers)
{
    m_data.recoverable = layers;
    emit grown();
}

} // namespace kintsugi::ui
