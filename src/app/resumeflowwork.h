// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QTemporaryDir>

#include "filecache.h"
#include "recovery/firstlayer.h"
#include "recovery/planpicture.h"
#include "recovery/resumewriter.h"
#include "recovery/stopinterval.h"
#include "resumeflowfacts.h"
#include "resumeflowtouch.h"
#include "store.h"

/// What ResumeFlow lets the pool and the store's thread do. Pure: everything comes in as values and goes out as a Result.
namespace kintsugi::app {

using FilePtr = std::shared_ptr<const OpenFile>;
using Samples = std::shared_ptr<const std::vector<recovery::Sample>>;

struct Stored {
    std::vector<recovery::Sample> samples;
    std::vector<recovery::Sample> begun;    ///< of the seconds in which motion last began; empty = the plan ran low since
    std::vector<Event> events;
    PrintJob root;              ///< the job of the original file
    std::optional<std::uint64_t> xxh3; ///< of the file while it was printed
};
struct Analysis {
    std::optional<recovery::StopInterval> stop;
    std::vector<recovery::ResumeCandidate> candidates;
};
struct Choice {
    recovery::ResumeCandidate candidate;
    recovery::Snapshot snapshot;
};
struct Planned {
    std::optional<recovery::Plan> plan;
    std::optional<Error> error;
    std::vector<recovery::GateCheck> gate;
    recovery::MeshAdvice mesh;
    std::vector<Message> conflicts;         ///< what the printer reported against the file, by cause
    std::shared_ptr<const PartMaps> maps;   ///< to be handed back with the next question
    std::optional<TouchPlan> touch;         ///< when the plan has a touch in it
    std::optional<recovery::FirstLayer> firstLayer; ///< when one was wished
    std::optional<ProbePlan> probe;         ///< when it probes the free bed
    std::shared_ptr<const recovery::PlanPicture> picture; ///< of the plan, with its simulation
};
struct Written {
    recovery::ResumeFile file;
    std::shared_ptr<QTemporaryDir> folder;
};
/// The job's samples and events, and the job at the root of its resumes.
[[nodiscard]] Result<Stored> readStored(Store& store, const PrintJob& job);
/// Samples of a resume file's print as if they were of the original.
[[nodiscard]] std::vector<recovery::Sample> onOriginal(std::vector<recovery::Sample> samples, const recovery::ResumePoint& point,
                                                       const OpenFile& original);
/// Stop interval and candidates, the recommended one first. BadValue: no sample has a position.
/// `softwareVersion` of the printer's host tells how far its controllers run on without it; may be empty. `begun`: see Stored.
[[nodiscard]] Result<Analysis> analyse(const OpenFile& file, const std::vector<recovery::Sample>& samples, recovery::StopCause cause,
                                       const std::string& softwareVersion, const std::vector<recovery::Sample>& begun);
/// The candidate and the snapshot of a byte; `given` is taken as it is, or mapped when it is of the resume file `printed`
/// (may be nullptr) that `file` was continued by.
[[nodiscard]] Result<Choice> makeChoice(const OpenFile& file, const std::vector<recovery::Sample>& samples,
                                        const std::optional<recovery::StopInterval>& stop, ByteOffset byte,
                                        const std::optional<recovery::Snapshot>& given, const OpenFile* printed = nullptr);
/// `removedTo`: plastic was taken away down to this height, mm. `maps` of an earlier plan, or nullptr; built when they are needed and of another interval.
[[nodiscard]] Result<Planned> planWith(const FilePtr& file, const recovery::Snapshot& snapshot, const PlanFacts& facts,
                                       const recovery::PlanOptions& options, std::optional<double> removedTo,
                                       const std::shared_ptr<const PartMaps>& maps, const JobControl& control);
[[nodiscard]] Result<recovery::ResumeFile> writeTo(const OpenFile& file, const recovery::Plan& plan, const QString& path,
                                                   const JobControl& control);
[[nodiscard]] Result<Written> writeTemporary(const OpenFile& file, const recovery::Plan& plan, const JobControl& control);
/// The bed mesh the print was made with, from the record or the printer's profiles; nullptr = none, or not known.
[[nodiscard]] const recovery::MeshMatrix* printedMesh(const recovery::Snapshot& snapshot, const PlanFacts& facts);
/// mm from the layer below; 0 = not known.
[[nodiscard]] double layerHeight(const gcode::FileIndex& index, ByteOffset byte);
/// Where each step begins in the resume file, and the tail behind them.
[[nodiscard]] std::vector<ByteOffset> stepBegins(const recovery::Plan& plan, std::uint64_t preambleBytes);

} // namespace kintsugi::app
