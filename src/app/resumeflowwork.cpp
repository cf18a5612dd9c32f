// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumeflowwork.h"

#include <algorithm>

#include "planproof.h"
#include "recovery/gatehoming.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;
using recovery::ResumeCandidate;
using recovery::Sample;
using recovery::Snapshot;
using recovery::StopInterval;

namespace {

constexpr int lastSampleCount = 1200; // 5 min at 4 Hz

/// The operator's settings stand in the newest sample that was taken while it printed.
const Sample* settingsSample(const std::vector<Sample>& samples)
{
    for (auto it = samples.rbegin(); it != samples.rend(); ++it) {
        if (it->printState == "printing" && it->filePosition)
            return &*it;
    }
    return samples.empty() ? nullptr : &samples.back();
}

/// That its server saw the host end tells when: no sample says so.
void addEndOfHost(const PrintJob& job, const std::vector<Event>& events, std::vector<Sample>& samples)
{
    if (job.cause != recovery::StopCause::HostLost || samples.empty())
        return;
    const auto seen = std::find_if(events.begin(), events.end(), [last = samples.back().time](const Event& event) {
        return event.kind == "host"_L1 && event.time >= last;
    });
    if (seen == events.end())
        return;
    Sample end;
    end.time = seen->time;
    end.file = samples.back().file;
    end.hostState = "disconnected";
    samples.push_back(std::move(end));
}

} // namespace

Result<Stored> readStored(Store& store, const PrintJob& job)
{
    Stored stored;
    auto samples = store.lastSamples(job.id, lastSampleCount);
    if (!samples)
        return fail(samples.error());
    constexpr double motionBegins = 4.0; // s
    auto begun = store.samplesFromStandstill(job.id, motionBegins);
    if (!begun)
        return fail(begun.error());
    stored.begun = std::move(*begun);
    auto events = store.events(job.id);
    if (!events)
        return fail(events.error());
    const auto jobs = store.jobs(job.printer, 500);
    if (!jobs)
        return fail(jobs.error());
    const auto snapshots = store.snapshots(job.printer, job.id);
    if (!snapshots)
        return fail(snapshots.error());
    for (const Snapshot& one : *snapshots) {
        if (one.file.xxh3 && one.file.name == job.file.toStdString() && one.file.size == job.fileSize)
            stored.xxh3 = one.file.xxh3;
    }
    addEndOfHost(job, *events, *samples);
    stored.samples = std::move(*samples);
    stored.events = std::move(*events);
    stored.root = job;
    for (std::size_t turns = 0; turns < jobs->size() && !stored.root.resumedFrom.isEmpty(); ++turns) {
        const auto parent = std::find_if(jobs->begin(), jobs->end(),
                                         [&](const PrintJob& other) { return other.id == stored.root.resumedFrom; });
        if (parent == jobs->end())
            break;
        stored.root = *parent;
    }
    return stored;
}

std::vector<Sample> onOriginal(std::vector<Sample> samples, const recovery::ResumePoint& point, const OpenFile& original)
{
    for (Sample& sample : samples) {
        sample.file = original.remote.toStdString();
        sample.fileSize = original.index->size;
        if (!sample.filePosition)
            continue;
        const recovery::OriginalByte there = recovery::originalByte(point, *sample.filePosition);
        if (there.inPreamble) { // heating, homing, priming: no place on the original's path
            sample.livePosition.reset();
            sample.gcodePosition.reset();
        }
        sample.filePosition = there.byte;
    }
    return samples;
}

Result<Analysis> analyse(const OpenFile& file, const std::vector<Sample>& samples, recovery::StopCause cause, const std::string& softwareVersion,
                         const std::vector<Sample>& begun)
{
    Analysis analysis;
    auto queue = recovery::queueModelOf(file.index->dialect, softwareVersion);
    if (queue.flush == recovery::QueueModel::Flush::Timed)
        queue.batchPhase = recovery::batchPhase(*file.source, *file.index, begun);
    auto stop = recovery::stopInterval(*file.source, *file.index, samples, cause, queue);
    if (!stop)
        return fail(stop.error());
    auto found = recovery::candidates(*file.source, *file.index, *stop);
    if (!found)
        return fail(found.error());
    std::stable_sort(found->begin(), found->end(),
                     [](const ResumeCandidate& a, const ResumeCandidate& b) { return a.recommended > b.recommended; });
    analysis.stop = std::move(*stop);
    analysis.candidates = std::move(*found);
    return analysis;
}

Result<Choice> makeChoice(const OpenFile& file, const std::vector<Sample>& samples, const std::optional<StopInterval>& stop, ByteOffset byte,
                          const std::optional<Snapshot>& stored, const OpenFile* printed)
{
    std::optional<Snapshot> given = stored;
    const bool ofResumeFile = given && printed && given->file.size == printed->index->size && given->file.size != file.index->size;
    if (ofResumeFile) {
        auto mapped = recovery::mapToOriginal(*given, *printed->source, *file.source, *file.index);
        if (!mapped)
            return fail(mapped.error());
        byte = mapped->byte;
        mapped->file.name = file.remote.toStdString();
        given = std::move(*mapped);
    }
    auto candidate = recovery::candidateAt(*file.source, *file.index, byte, stop ? &*stop : nullptr);
    if (!candidate)
        return fail(candidate.error());
    const Sample* sample = settingsSample(samples);
    auto snapshot = given  ? Result<Snapshot>(*given)
        : sample ? recovery::snapshotFromSample(*file.source, *file.index, candidate->byte, *sample)
                 : recovery::snapshotFromFile(*file.source, *file.index, candidate->byte);
    if (!snapshot)
        return fail(snapshot.error());
    const recovery::FileIdentity opened{file.remote.toStdString(), file.index->size, file.index->xxh3};
    if (!given || given->file.name != opened.name || given->file.size == 0) // else the gate compares the two
        snapshot->file = opened;
    if (!snapshot->mesh && sample) // a snapshot of the plugin knows a name at most
        snapshot->mesh = sample->mesh;
    if (stop) {
        snapshot->earliest = stop->earliest;
        snapshot->latest = stop->latest;
    }
    return Choice{std::move(*candidate), std::move(*snapshot)};
}

const recovery::MeshMatrix* printedMesh(const Snapshot& snapshot, const PlanFacts& facts)
{
    if (!snapshot.state.mesh)
        return nullptr;
    const std::string& profile = snapshot.state.mesh->profile;
    if (snapshot.mesh && (profile.empty() || snapshot.mesh->profile == profile))
        return &*snapshot.mesh;
    if (!facts.meshes)
        return nullptr;
    const auto found = facts.meshes->find(profile);
    return found != facts.meshes->end() && found->second ? &*found->second : nullptr;
}

double layerHeight(const gcode::FileIndex& index, ByteOffset byte)
{
    const gcode::Layer* layer = index.layerAt(byte);
    if (!layer || layer->height)
        return layer ? *layer->height : 0;
    const double below = layer->index > 0 ? index.layers[layer->index - 1].z.value_or(0) : 0;
    return std::max(0.0, layer->z.value_or(0) - below);
}

namespace {

/// nullopt: nobody asked the printer for its profiles, or the print's dialect knows none.
std::optional<recovery::MeshAdvice> adviceFor(const OpenFile& file, const Snapshot& point, const PlanFacts& facts)
{
    if (!facts.meshes || point.dialect != gcode::Dialect::Klipper)
        return std::nullopt;
    const std::string profile = point.state.mesh ? point.state.mesh->profile : std::string();
    const auto field = point.fields.find("mesh");
    const bool without = !point.state.mesh && field != point.fields.end() && field->second.origin == recovery::Origin::Edited;
    const bool known = point.mesh && !without && (profile.empty() || point.mesh->profile == profile);
    return recovery::meshAdvice(known ? std::optional(*point.mesh) : std::nullopt, profile, *facts.meshes, layerHeight(*file.index, point.byte));
}

/// What the plan is to load: a profile that is not there would stop it in the middle.
void followAdvice(Snapshot& point, const recovery::MeshAdvice& advice)
{
    using Kind = recovery::MeshAdvice::Kind;
    if (advice.kind == Kind::LoadProfile)
        point.state.mesh = gcode::MeshState{.profile = advice.profile, .m420Enabled = {}, .m420Slot = {}};
    else if (advice.kind != Kind::Nothing)
        point.state.mesh.reset();
}

/// Where it belongs: blocks that do not pass first.
void insertCheck(std::vector<recovery::GateCheck>& gate, recovery::GateCheck check)
{
    const bool blocks = !check.passed && check.severity == recovery::Severity::Block;
    gate.insert(blocks ? gate.begin() : gate.end(), std::move(check));
}

} // namespace

constexpr std::uint64_t diskReserve = 64U << 20U; // bytes

Result<Planned> planWith(const FilePtr& file, const Snapshot& snapshot, const PlanFacts& facts, const recovery::PlanOptions& options,
                         std::optional<double> removedTo, const std::shared_ptr<const PartMaps>& maps, const JobControl& control)
{
    Planned planned;
    recovery::GateFacts gate = facts.gate;
    Snapshot point = snapshot;
    gate.mesh = adviceFor(*file, point, facts);
    if (gate.mesh) {
        planned.mesh = *gate.mesh;
        followAdvice(point, *gate.mesh);
    }
    const gcode::Progress progress = [&control](double fraction) {
        control.progress(fraction);
        return !control.cancelled();
    };
    recovery::PlanOptions chosen = options;
    if (options.zMethod == recovery::ZMethod::FreeSpot) {
        const auto built = partMaps(file, point, maps, progress);
        if (!built)
            return fail(built.error());
        planned.maps = *built;
        auto probe = planProbe(**built, point, facts.printer, gate.config, printedMesh(snapshot, facts), facts.mechanics, facts.evidence);
        if (!probe) {
            planned.error = probe.error();
            return planned;
        }
        chosen.probePlaces = probe->places;
        planned.probe = std::move(*probe);
    }
    gate.zMechanics = facts.mechanics;
    if (gate.now)
        gate.zEvidence = facts.evidence;
    static const std::vector<Sample> none;
    auto conflicts = recovery::explainConflicts(snapshot, *file->source, *file->index, facts.samples ? *facts.samples : none);
    planned.conflicts = conflicts ? std::move(*conflicts) : recovery::explainConflicts(snapshot);
    gate.conflicts = planned.conflicts;
    auto plan = recovery::planResume(*file->source, *file->index, point, facts.printer, chosen);
    if (!plan) {
        planned.error = plan.error();
        if (plan.error().field == "homeXY" && gate.config)
            planned.gate = recovery::homingChecks(*gate.config);
        return planned;
    }
    const recovery::TravelLimits limits = recovery::limitsOf(*plan);
    auto tail = recovery::checkTail(*file->source, *file->index, plan->snapshot.byte, &limits);
    if (!tail)
        return fail(tail.error());
    gate.tail = std::move(*tail);
    if (!gate.zeroCopy) // the resume file, and room for the printer's own logs and thumbnails
        gate.neededDisk = file->index->size - plan->snapshot.byte + diskReserve;
    else
        gate.neededDisk = diskReserve;
    const auto built = partMaps(file, point, planned.maps ? planned.maps : maps, progress);
    if (!built)
        return fail(built.error());
    planned.maps = *built;
    auto proven = provePlan(**built, std::move(*plan), chosen, {facts.printer, facts.gate.config, removedTo, !facts.gate.now});
    if (!proven)
        return fail(proven.error());
    plan = std::move(proven->plan);
    if (options.touchByHand) {
        auto touch = planTouch(**built, *plan, facts.mechanics, facts.evidence);
        if (!touch) {
            planned.error = touch.error();
            return planned;
        }
        planned.touch = std::move(*touch);
    }
    planned.gate = recovery::runGate(*plan, *file->index, snapshot.file, gate);
    insertCheck(planned.gate, std::move(proven->check));
    planned.picture = std::make_shared<const recovery::PlanPicture>(
        recovery::pictureOf(*plan, std::move(proven->report), envelopeOf(facts.gate.config), (*built)->possibly));
    planned.plan = std::move(*plan);
    return planned;
}

Result<recovery::ResumeFile> writeTo(const OpenFile& file, const recovery::Plan& plan, const QString& path, const JobControl& control)
{
    return recovery::writeResume(*file.source, *file.index, plan, path.toStdString(), [&control](double fraction) {
        control.progress(fraction);
        return !control.cancelled();
    });
}

Result<Written> writeTemporary(const OpenFile& file, const recovery::Plan& plan, const JobControl& control)
{
    auto folder = std::make_shared<QTemporaryDir>();
    if (!folder->isValid())
        return fail(ErrorCode::WriteFailed, folder->errorString().toStdString(), folder->path().toStdString());
    auto written = writeTo(file, plan, folder->filePath(u"resume.gcode"_s), control);
    if (!written)
        return fail(written.error());
    return Written{std::move(*written), std::move(folder)};
}

std::vector<ByteOffset> stepBegins(const recovery::Plan& plan, std::uint64_t preambleBytes)
{
    const std::string preamble = recovery::preambleText(plan);
    const std::string mark = recovery::resumePointLine(plan.snapshot.byte) + '\n';
    const std::uint64_t head = preambleBytes - preamble.size() - mark.size();
    std::vector<ByteOffset> begins;
    std::size_t at = 0;
    for (const recovery::PlanStep& step : plan.steps) {
        at = preamble.find("; step " + std::to_string(step.n) + ":", at);
        if (at == std::string::npos)
            return {};
        begins.push_back(head + at);
    }
    begins.push_back(preambleBytes);
    return begins;
}

} // namespace kintsugi::app
