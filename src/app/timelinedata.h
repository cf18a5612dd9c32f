// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "filecache.h"
#include "recoverability.h"
#include "recovery/stopinterval.h"
#include "store.h"

namespace kintsugi::app {

/// Columns of a job's samples, one entry per sample, ascending time. NaN = not observed. Append-only.
struct SampleColumns {
    std::vector<double> time;      ///< s since epoch UTC
    std::vector<double> byte;      ///< file position
    std::vector<double> layer;     ///< from 0; by the file's byte map, else as announced
    std::vector<float> z, hotend, hotendTarget, bed, bedTarget, fan, speedFactor, queueLead; ///< mm, °C, 0..1, s

    void append(const recovery::Sample& sample, const gcode::FileIndex* index);
    void clear();
    [[nodiscard]] std::size_t size() const { return time.size(); }
};

/// Everything the timeline shows of one job.
struct TimelineData {
    SampleColumns samples;
    std::vector<recovery::Snapshot> snapshots; ///< ascending byte
    std::vector<Event> events;
    std::optional<PrintJob> job;
    std::optional<recovery::StopInterval> stop;
    std::shared_ptr<const OpenFile> file;      ///< layers
    Recoverability recoverable;                ///< of the file's layers; nullptr = not judged
};

} // namespace kintsugi::app
