// SPDX-License-Identifier: GPL-3.0-or-later
#include "recorder.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>

#include <QTimer>
#include <QUuid>

#include "codec.h"
#include "filecache.h"
#include "jobend.h"
#include "patientwriter.h"
#include "pluginarming.h"
#include "pluginstate.h"
#include "variableskeeper.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;
using link::HostState;
using link::LinkState;
using recovery::Sample;
using recovery::StopCause;

namespace {

constexpr double idleInterval = 1.0;       ///< s between samples while nothing prints
constexpr double historyInterval = 2.0;    ///< s between two questions for the history
constexpr double alarmAfter = 5.0;         ///< s of extruding before "not armed" is certain: a start macro may still arm it
constexpr double noSaveFactor = 4.0, noSaveExtra = 30.0; ///< a working plugin has saved within 4 intervals and 30 s

bool isPrinting(const Sample& sample)
{
    return sample.printState == "printing" || sample.printState == "paused";
}

/// What the store knew of this printer when recording began.
struct Stored {
    bool claimed = false;
    std::vector<PrintJob> jobs;               ///< newest first
    std::optional<Sample> lastSample;         ///< of the newest job
    std::vector<recovery::Snapshot> snapshots;///< of the newest job
    std::optional<VariablesCopy> lastGood;
};

Result<Stored> readStored(Store& store, const QString& printer)
{
    Stored stored;
    const auto claim = store.claimPrinter(printer);
    if (!claim && claim.error().code != ErrorCode::Busy)
        return fail(claim.error());
    stored.claimed = claim.has_value();
    auto jobs = store.jobs(printer, 5);
    if (!jobs)
        return fail(jobs.error());
    stored.jobs = std::move(*jobs);
    if (!stored.jobs.empty()) {
        if (const auto samples = store.lastSamples(stored.jobs.front().id, 1); samples && !samples->empty())
            stored.lastSample = samples->back();
        if (auto snapshots = store.snapshots(printer, stored.jobs.front().id))
            stored.snapshots = std::move(*snapshots);
    }
    if (const auto copies = store.variables(printer)) {
        for (auto it = copies->begin(); it != copies->end() && !stored.lastGood; ++it) {
            if (it->good)
                stored.lastGood = *it;
        }
    }
    return stored;
}

} // namespace

struct Recorder::Private {
    Private(Recorder* recorder, QString id, link::Driver& itsDriver, Archive& itsArchive, Clock itsClock)
        : q(recorder), printer(std::move(id)), driver(itsDriver), archive(itsArchive), clock(std::move(itsClock)),
          writer(archive), variables(printer, driver, writer, clock)
    {
    }

    Recorder* q;
    QString printer;
    link::Driver& driver;
    Archive& archive;
    Clock clock;
    PatientWriter writer;
    VariablesKeeper variables;
    PluginArming arming;
    QTimer claimAgain;

    bool started = false, loaded = false, recording = false;
    quint64 acknowledged = 0;
    std::optional<PrintJob> current, interrupted;
    std::optional<Sample> last, lastOfJob; ///< lastOfJob: while it printed
    std::optional<Sample> lastBeforeEnd;   ///< the newest when the job was found interrupted
    double lastStored = -std::numeric_limits<double>::infinity();
    bool unsure = false;       ///< the link was down since: only history or the printer's words tell how the job is
    bool rebooted = false;     ///< the host's clock began anew since lastOfJob
    bool mustIdle = false;     ///< a job has just ended: a late "printing" is not a new one
    bool asking = false;
    double lastAsked = -std::numeric_limits<double>::infinity();
    std::optional<link::RemoteJob> newestRemote;
    std::set<QString> others;  ///< the server's jobs that had ended when ours ran
    std::optional<std::pair<QString, ByteOffset>> pendingResume;
    std::shared_ptr<const OpenFile> file;
    const gcode::Layer* layer = nullptr;
    HostState hostState = HostState::Unknown;

    std::optional<bool> toldArmed;
    bool alarmed = false;
    double saveInterval = 30;
    std::optional<double> lastSaveSeen;
    PluginStates plugin;

    // starting
    void load();
    void adopt(const Stored& stored);
    void follow(const std::vector<PrintJob>& jobs);

    // what the driver says
    void onLink(LinkState state);
    void onHost(const link::HostInfo& host);
    void onSample(const Sample& sample);
    void onConsole(const link::ConsoleLine& line);
    void onJob(const link::RemoteJob& remote);
    void onVariables(const QJsonObject& json);
    void onReady();

    // jobs
    void track(const Sample& sample);
    void startJob(const Sample& sample);
    void endJob(JobEnd how, std::optional<double> endTime = {});
    void refineCause();
    void askHistory();
    void settle(const std::vector<link::RemoteJob>& jobs);
    [[nodiscard]] bool goesOn(const Sample& sample) const;
    void associate(const link::RemoteJob& remote);

    void storeSample(const Sample& sample);
    void noteLayer(const Sample& sample);
    void storeSnapshot(recovery::Snapshot snapshot);
    void event(const QString& kind, const QString& text);
    void armedMayHaveChanged();
    void checkArmed(const Sample& sample);
    void write(std::function<Result<>(Store&)> work, std::function<void()> done = {})
    {
        if (recording)
            writer.write(std::move(work), std::move(done));
    }
};

// --- starting

void Recorder::Private::load()
{
    archive.ask<Stored>(
        q, [printer = printer](Store& store) { return readStored(store, printer); },
        [this](const Result<Stored>& stored) {
            if (!stored) {
                emit q->failed(stored.error());
                recording = true; // into memory until the store comes back
            }
            adopt(stored ? *stored : Stored{.claimed = true});
        });
}

void Recorder::Private::adopt(const Stored& stored)
{
    const bool first = !loaded;
    loaded = true;
    recording = stored.claimed;
    if (!recording) {
        follow(stored.jobs);
        claimAgain.start(pendingResume ? std::chrono::milliseconds(500) : std::chrono::milliseconds(3000));
        return;
    }
    if (stored.lastGood)
        variables.setLastGood(*stored.lastGood);
    plugin.remember(stored.snapshots);
    if (!stored.jobs.empty() && !current) {
        const PrintJob& newest = stored.jobs.front();
        if (newest.state == JobState::Printing) {
            current = newest;
            lastOfJob = stored.lastSample;
            unsure = true;
        } else if (newest.state == JobState::Interrupted && (first || !interrupted)) {
            interrupted = newest;
            emit q->jobInterrupted(newest);
        }
    }
    if (driver.linkState() == LinkState::Connected)
        onLink(LinkState::Connected);
    if (last)
        track(*last);
}

/// Another recorder writes: the newest job of the store is the truth.
void Recorder::Private::follow(const std::vector<PrintJob>& jobs)
{
    if (jobs.empty())
        return;
    PrintJob newest = jobs.front();
    const bool wasCurrent = current && current->id == newest.id;
    const bool resumed = pendingResume && newest.id != pendingResume->first;
    if (resumed) { // the other recorder cannot know it
        newest.resumedFrom = pendingResume->first;
        newest.resumedAt = pendingResume->second;
        pendingResume.reset();
        archive.ask<void>(
            q, [newest](Store& store) { return store.setResumed(newest.id, newest.resumedFrom, newest.resumedAt); }, [](const Result<>&) {});
    }
    if (newest.state == JobState::Printing || resumed) {
        interrupted.reset();
        current = newest;
        if (!wasCurrent)
            emit q->jobStarted(newest);
        if (newest.state == JobState::Printing)
            return;
    }
    current.reset();
    if (newest.state == JobState::Interrupted && (!interrupted || interrupted->id != newest.id)) {
        interrupted = newest;
        emit q->jobInterrupted(newest);
    } else if (wasCurrent || resumed) {
        emit q->jobEnded(newest);
    }
}

// --- what the driver says

void Recorder::Private::onLink(LinkState state)
{
    if (state == LinkState::Connected) {
        event(u"link"_s, u"connected"_s);
        if (current)
            unsure = true;
        onHost(driver.host());
    } else if (state != LinkState::Connecting) {
        if (hostState != HostState::Unknown)
            event(u"link"_s, u"lost"_s);
        hostState = HostState::Unknown;
        arming.forget(); // whether it restarted meanwhile, the console tells
        plugin.linkLost();
        unsure = current.has_value();
        armedMayHaveChanged();
    }
}

void Recorder::Private::onHost(const link::HostInfo& host)
{
    variables.hostChanged(host);
    if (host.state == hostState)
        return;
    const HostState before = std::exchange(hostState, host.state);
    event(u"host"_s, host.stateMessage.section(u'\n', 0, 0));
    if (host.state == HostState::Ready) {
        if (before != HostState::Unknown && host.capabilities.testFlag(link::Capability::PlrPlugin))
            arming.hostRestarted();
        onReady();
    }
    if (loaded && recording && current && isDown(host.state)) {
        if (unsure)
            askHistory();
        else
            endJob({JobState::Interrupted, causeOf(host)});
    }
    armedMayHaveChanged();
}

/// Klipper is up: read what no notice tells.
void Recorder::Private::onReady()
{
    const auto capabilities = driver.host().capabilities;
    driver.readSettings(q, [this](const Result<QJsonObject>& settings) {
        if (settings) {
            variables.setPath((*settings)["save_variables"_L1].toObject()["filename"_L1].toString());
            saveInterval = (*settings)["power_loss_recovery"_L1].toObject()["save_interval"_L1].toDouble(saveInterval);
        }
        variables.refresh();
    });
    if (capabilities.testFlag(link::Capability::PlrPlugin) && capabilities.testFlag(link::Capability::Console) && !arming.armed()) {
        driver.consoleStore(1000, q, [this](const Result<std::vector<link::ConsoleLine>>& lines) {
            if (lines && !arming.armed())
                arming.history(*lines);
            armedMayHaveChanged();
        });
    }
    if (unsure)
        askHistory();
}

void Recorder::Private::onSample(const Sample& sample)
{
    const Sample* reference = last && last->eventTime ? &*last : lastOfJob ? &*lastOfJob : nullptr;
    if (reference && reference->eventTime && sample.eventTime && *sample.eventTime < *reference->eventTime - 1) {
        rebooted = true;
        plugin.hostRebooted(*reference);
        refineCause();
    }
    last = sample;
    if (!loaded || !recording)
        return;
    track(sample);
    storeSample(sample);
    noteLayer(sample);
    checkArmed(sample);
}

void Recorder::Private::onConsole(const link::ConsoleLine& line)
{
    if (line.isError())
        event(u"console-error"_s, line.text);
    if (!line.command)
        arming.console(line.text);
    armedMayHaveChanged();
}

void Recorder::Private::onJob(const link::RemoteJob& remote)
{
    const auto end = endOf(remote.status, rebooted);
    if (!end) {
        const bool isNew = !newestRemote || newestRemote->id != remote.id;
        newestRemote = remote;
        mustIdle = mustIdle && !isNew;
        if (!recording || !current || current->remoteId == remote.id)
            return;
        if (current->remoteId.isEmpty() && current->file == remote.file && !unsure) {
            associate(remote);
        } else {
            unsure = true; // ours ended unseen
            askHistory();
        }
    } else if (recording && current && matching({remote}, *current)) {
        endJob(*end, remote.endTime);
    }
}

void Recorder::Private::onVariables(const QJsonObject& json)
{
    const auto saved = plugin.read(json, last, clock());
    if (!saved)
        return;
    if (!*saved) {
        emit q->failed(saved->error());
        return;
    }
    const PluginSave& save = **saved;
    if (save.live) {
        arming.saved();
        lastSaveSeen = clock();
        armedMayHaveChanged();
    }
    if (save.isNew) {
        const auto& job = current ? current : interrupted;
        const bool belongs = job && job->file == QString::fromStdString(save.state.file);
        storeSnapshot(plugin.snapshot(save, belongs ? file.get() : nullptr));
    }
    emit q->pluginSaved(save.state, save.wallTime, save.wallTime && save.writtenAt ? *save.writtenAt - *save.wallTime
                                                                                    : std::numeric_limits<double>::quiet_NaN());
}

// --- jobs

void Recorder::Private::track(const Sample& sample)
{
    const bool ready = driver.host().state == HostState::Ready && (sample.hostState.empty() || sample.hostState == "ready");
    if (mustIdle) {
        const bool anew = lastOfJob && sample.printDuration && lastOfJob->printDuration && *sample.printDuration < *lastOfJob->printDuration - 1;
        mustIdle = isPrinting(sample) && !anew;
    }
    if (current && unsure) {
        askHistory();
        return;
    }
    if (current && isPrinting(sample) && !goesOn(sample)) {
        unsure = true;
        askHistory();
    } else if (current && sample.printState == "complete") {
        endJob({JobState::Completed}, sample.time);
    } else if (current && sample.printState == "cancelled") {
        endJob({JobState::Cancelled}, sample.time);
    } else if (current && sample.printState == "error") {
        endJob({JobState::Interrupted, StopCause::Unknown}, sample.time);
    } else if (current && ready && sample.printState == "standby") {
        unsure = true; // forgotten by a restart, or unloaded by the person: the history knows
        askHistory();
    } else if (!current && ready && isPrinting(sample) && !mustIdle) {
        startJob(sample);
    }
}

void Recorder::Private::startJob(const Sample& sample)
{
    PrintJob job;
    job.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
    job.printer = printer;
    job.file = QString::fromStdString(sample.file);
    job.fileSize = sample.fileSize.value_or(0);
    job.startTime = sample.time;
    if (pendingResume) {
        job.resumedFrom = pendingResume->first;
        job.resumedAt = pendingResume->second;
        pendingResume.reset();
    }
    current = job;
    lastOfJob = sample;
    interrupted.reset();
    rebooted = unsure = alarmed = false;
    layer = nullptr;
    lastSaveSeen.reset();
    plugin.jobStarted(job);
    const auto begin = [job](Store& store) -> Result<> {
        const auto begun = store.beginJob(job);
        return begun ? Result<>() : fail(begun.error());
    };
    archive.ask<void>(q, begin, [](const Result<>&) {}); // now: the job is stored before its first sample is
    write(begin);                                        // and patiently, should that fail
    if (newestRemote && matching({*newestRemote}, job))
        associate(*newestRemote);
    else
        askHistory();
    emit q->jobStarted(*current);
}

void Recorder::Private::associate(const link::RemoteJob& remote)
{
    current->remoteId = remote.id;
    if (remote.startTime > 0 && remote.startTime < current->startTime) // it printed before we looked
        current->startTime = remote.startTime;
    if (remote.size > 0 && current->fileSize == 0)
        current->fileSize = remote.size;
    write([job = *current](Store& store) { return store.updateJob(job); });
}

void Recorder::Private::endJob(JobEnd how, std::optional<double> endTime)
{
    PrintJob job = *current;
    job.state = how.state;
    job.cause = how.cause;
    const bool credible = endTime && *endTime >= job.startTime && *endTime <= clock() + 5; // clocks differ
    job.endTime = credible ? endTime : lastOfJob ? std::optional(lastOfJob->time) : std::optional(clock());
    current.reset();
    unsure = rebooted = false;
    mustIdle = true;
    const bool stopped = job.state == JobState::Interrupted;
    write([job](Store& store) { return store.updateJob(job); });
    if (stopped) {
        write([job](Store& store) {
            return store.addEvent(job.printer, job.id, {*job.endTime, u"interrupted"_s, causeName(job.cause)});
        });
        interrupted = job;
        lastBeforeEnd = last;
        emit q->jobInterrupted(job);
    } else {
        emit q->jobEnded(job);
    }
}

/// The history said that the host was lost; its clock says that it lost its power.
void Recorder::Private::refineCause()
{
    if (!recording || !interrupted || interrupted->cause != StopCause::HostLost || last != lastBeforeEnd)
        return;
    interrupted->cause = StopCause::PrinterAndHostLost;
    write([job = *interrupted](Store& store) { return store.updateJob(job); });
    emit q->jobInterrupted(*interrupted);
}

bool Recorder::Private::goesOn(const Sample& sample) const
{
    if (!sample.file.empty() && QString::fromStdString(sample.file) != current->file)
        return false;
    return !lastOfJob || !sample.printDuration || !lastOfJob->printDuration
           || *sample.printDuration >= *lastOfJob->printDuration - 1;
}

void Recorder::Private::askHistory()
{
    if (asking || !recording || clock() - lastAsked < historyInterval)
        return;
    if (!driver.host().capabilities.testFlag(link::Capability::History)) {
        settle({});
        return;
    }
    asking = true;
    lastAsked = clock();
    driver.history(20, q, [this](const Result<std::vector<link::RemoteJob>>& jobs) {
        asking = false;
        if (jobs)
            settle(*jobs);
    });
}

void Recorder::Private::settle(const std::vector<link::RemoteJob>& jobs)
{
    if (!current)
        return;
    if (!unsure) { // it prints: what has an end is somebody else
        for (const link::RemoteJob& job : jobs) {
            if (endOf(job.status, false) && job.id != current->remoteId)
                others.insert(job.id);
        }
    }
    std::vector<link::RemoteJob> candidates;
    std::copy_if(jobs.begin(), jobs.end(), std::back_inserter(candidates), [this](const link::RemoteJob& job) { return !others.contains(job.id); });
    const link::RemoteJob* remote = matching(candidates, *current);
    const auto end = remote ? endOf(remote->status, rebooted) : std::nullopt;
    const bool ready = driver.host().state == HostState::Ready;
    if (end) {
        endJob(*end, remote->endTime);
    } else if (ready && last && isPrinting(*last) && goesOn(*last)) {
        unsure = rebooted = false;
        if (remote && current->remoteId.isEmpty())
            associate(*remote);
    } else if (!unsure) {
        return;
    } else if (isDown(driver.host().state)) {
        endJob({JobState::Interrupted, causeOf(driver.host())});
    } else if (!remote && ready && last) {
        const bool complete = last->printState == "complete", cancelled = last->printState == "cancelled";
        endJob({complete ? JobState::Completed : cancelled ? JobState::Cancelled : JobState::Interrupted,
                rebooted ? StopCause::PrinterAndHostLost : StopCause::Unknown});
    }
    if (!current && last)
        track(*last);
}

// --- storing

void Recorder::Private::storeSample(const Sample& sample)
{
    const bool printing = current && isPrinting(sample) && !unsure;
    if (printing)
        lastOfJob = sample;
    if (!printing && sample.time - lastStored < idleInterval && sample.time >= lastStored)
        return;
    lastStored = sample.time;
    archive.append(printer, printing ? current->id : QString(), sample);
}

void Recorder::Private::noteLayer(const Sample& sample)
{
    if (!file || !current || unsure || !sample.filePosition || file->remote != current->file
        || (sample.fileSize && *sample.fileSize != file->index->size))
        return;
    const gcode::Layer* now = file->index->layerAt(*sample.filePosition);
    if (now == layer || !now || *sample.filePosition < now->begin)
        return;
    layer = now;
    auto snapshot = recovery::snapshotFromSample(*file->source, *file->index, now->begin, sample);
    if (!snapshot)
        return;
    snapshot->source = recovery::SnapshotSource::Recorder;
    snapshot->time = sample.time;
    snapshot->savedTime = sample.time;
    storeSnapshot(std::move(*snapshot));
}

void Recorder::Private::storeSnapshot(recovery::Snapshot snapshot)
{
    const auto& job = current ? current : interrupted;
    snapshot.printer = printer.toStdString();
    if (job && (snapshot.file.name == job->file.toStdString() || snapshot.source == recovery::SnapshotSource::Recorder))
        snapshot.job = job->id.toStdString();
    write(
        [snapshot = std::move(snapshot)](Store& store) -> Result<> {
            const auto added = store.addSnapshot(snapshot);
            return added ? Result<>() : fail(added.error());
        },
        [this] { emit q->recorded(); });
}

void Recorder::Private::event(const QString& kind, const QString& text)
{
    write([printer = printer, job = current ? current->id : QString(), event = Event{clock(), kind, text}](Store& store) {
        return store.addEvent(printer, job, event);
    });
}

void Recorder::Private::armedMayHaveChanged()
{
    if (arming.armed() == toldArmed)
        return;
    toldArmed = arming.armed();
    emit q->pluginArmedChanged(toldArmed);
}

void Recorder::Private::checkArmed(const Sample& sample)
{
    if (alarmed || !current || unsure || sample.printState != "printing" || arming.armed() == true
        || !driver.host().capabilities.testFlag(link::Capability::PlrPlugin))
        return;
    const double extruding = sample.printDuration.value_or(sample.time - current->startTime);
    const double patience = arming.armed() == false ? alarmAfter : noSaveFactor * saveInterval + noSaveExtra;
    if (extruding < patience || (!arming.armed() && lastSaveSeen))
        return;
    alarmed = true;
    event(u"alarm"_s, u"plugin-not-armed"_s);
    emit q->notArmedAlarm();
}

// --- the class

Recorder::Recorder(QString printer, link::Driver& driver, Archive& archive, Clock clock, QObject* parent)
    : QObject(parent), d(std::make_unique<Private>(this, std::move(printer), driver, archive, std::move(clock)))
{
    d->claimAgain.setSingleShot(true);
    connect(&d->claimAgain, &QTimer::timeout, this, [this] { d->load(); });
    connect(&d->writer, &PatientWriter::failed, this, &Recorder::failed);
    connect(&d->variables, &VariablesKeeper::stored, this, &Recorder::variablesStored);
    connect(&d->variables, &VariablesKeeper::torn, this, &Recorder::variablesTorn);
    connect(&archive, &Archive::stored, this, [this](const QString& which, int samples) {
        if (which != d->printer)
            return;
        d->acknowledged += static_cast<quint64>(samples);
        emit recorded();
    });
}

Recorder::~Recorder() = default;

void Recorder::start()
{
    if (std::exchange(d->started, true))
        return;
    link::Driver* driver = &d->driver;
    connect(driver, &link::Driver::linkChanged, this, [this](LinkState state) { d->onLink(state); });
    connect(driver, &link::Driver::hostChanged, this, [this](const link::HostInfo& host) { d->onHost(host); });
    connect(driver, &link::Driver::sampled, this, [this](const Sample& sample) { d->onSample(sample); });
    connect(driver, &link::Driver::consoleReceived, this, [this](const link::ConsoleLine& line) { d->onConsole(line); });
    connect(driver, &link::Driver::fileChanged, this, [this](const link::FileChange& change) { d->variables.fileChanged(change); });
    connect(driver, &link::Driver::jobChanged, this, [this](const link::RemoteJob& job) { d->onJob(job); });
    connect(driver, &link::Driver::variablesChanged, this, [this](const QJsonObject& json) { d->onVariables(json); });
    d->load();
}

bool Recorder::isRecording() const { return d->recording; }
std::optional<PrintJob> Recorder::currentJob() const { return d->current; }
std::optional<PrintJob> Recorder::interruptedJob() const { return d->interrupted; }
quint64 Recorder::acknowledgedSamples() const { return d->acknowledged; }
std::optional<bool> Recorder::pluginArmed() const { return d->arming.armed(); }

void Recorder::setFile(std::shared_ptr<const OpenFile> file)
{
    d->file = std::move(file);
    d->layer = nullptr;
}

void Recorder::expectResume(const PrintJob& interrupted, ByteOffset originalByte)
{
    d->pendingResume = std::pair(interrupted.id, originalByte);
    if (d->loaded && !d->recording)
        d->claimAgain.start(std::chrono::milliseconds(500));
}

} // namespace kintsugi::app
