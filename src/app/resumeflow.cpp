// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumeflow.h"

#include <QFileInfo>
#include <QPointer>
#include <QTemporaryDir>

#include "drillproof.h"
#include "recovery/heatcheck.h"
#include "recovery/ownlines.h"
#include "resumeflowevidence.h"
#include "resumeflowfacts.h"
#include "resumeflowmesh.h"
#include "resumeflowplugin.h"
#include "resumeflowrun.h"
#include "resumeflowwork.h"
#include "zmechanics.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;
namespace run = recovery::run;
using recovery::ResumeCandidate;
using recovery::Sample;
using recovery::Snapshot;
using recovery::StopInterval;

namespace {

constexpr int historyCount = 20;
constexpr int mostCopies = 20;        // resume files of one byte on the printer

struct Edit { std::string value, reason; };

std::optional<double> zOf(const std::optional<Sample>& sample)
{
    return sample && sample->toolheadPosition ? std::optional((*sample->toolheadPosition)[2]) : std::nullopt;
}

bool isHeatKey(const std::string& key)
{
    return key == "bed" || key == "chamber" || key.starts_with("hotend.") || key.starts_with("heaters.");
}

QString withSuffix(const QString& path, int copy)
{
    if (copy < 2)
        return path;
    const qsizetype dot = path.lastIndexOf(u'.');
    return path.left(dot) + u'-' + QString::number(copy) + path.mid(dot);
}

} // namespace

struct ResumeFlow::Private {
    ResumeFlow* q;
    Session& session;
    /// Context of everything under way; a new begin() makes a new one, and answers to the old one are dropped.
    std::unique_ptr<QObject> attempt = std::make_unique<QObject>();

    std::optional<PrintJob> job;
    FilePtr file;
    FilePtr printed; ///< the file of the job: a resume file, or `file` itself
    StopEvidence evidence;
    std::vector<CauseEvidence> causes;
    Samples samples = std::make_shared<std::vector<Sample>>();
    Samples begun = std::make_shared<std::vector<Sample>>(); ///< of the seconds in which motion last began
    std::optional<StopInterval> stop;
    std::vector<ResumeCandidate> candidates;
    Statements statements;
    bool personChose = false;

    std::optional<ResumeCandidate> chosen;
    std::optional<Snapshot> snapshot;
    std::map<std::string, Edit> edits;
    recovery::ZMethod zMethod;
    std::map<std::string, std::vector<std::string>> ownLines;
    run::Way way = run::Way::NewFile;

    quint64 planRequest = 0;
    std::optional<recovery::Plan> plan;
    std::optional<Error> planError;
    std::vector<recovery::GateCheck> gate;
    std::vector<Message> conflicts;
    recovery::MeshAdvice meshAdvice;
    std::shared_ptr<const PartMaps> maps;
    std::optional<TouchPlan> touch;
    std::optional<ProbePlan> probe;
    std::shared_ptr<const recovery::PlanPicture> picture;
    recovery::PrinterFacts printer;         ///< of the last plan
    std::optional<recovery::KlipperConfig> config;
    std::optional<double> armedNozzle;      ///< °C it was made with
    std::optional<double> idleTimeout;      ///< s
    std::vector<Message> firstLayerNotes;
    bool dryRun = false;
    struct Held { double z = 0; bool declared = false; }; ///< mm; declared: by a run, else kept since the stop
    std::optional<Held> held;
    std::optional<double> timerBefore;      ///< s, while a run of this flow has put the idle timer off
    recovery::ZMechanics mechanics;
    recovery::ZEvidence evidenceOfZ;
    MeshRepair mesh;                        ///< of the printer, not of the job: what it wrote outlives a new begin()
    PluginWriter plugin;
    bool pluginIsReset = false;
    std::string beforeResume, afterResume;  ///< of the printer's configuration
    bool arming = false, launching = false; ///< a press waits for the plan with fresh facts
    std::optional<double> fileSeen;         ///< when the printer's file had been written, as first seen for this job
    std::optional<Error> unread;            ///< what the printer did not answer when the gate was last asked

    struct Sending { recovery::Plan plan; QString remote; };
    std::shared_ptr<const Sending> sending; ///< written or uploaded now; none: what still arrives is not wanted any more
    struct Uploaded { QString remote; std::string preamble; std::vector<ByteOffset> begins; };
    std::optional<Uploaded> uploaded;
    std::string armedText;                  ///< preamble of the plan that is armed
    std::unique_ptr<ResumeRun> run;
    run::State idle;
    std::optional<ResumeReport> report;
    int busy = 0;
    /// Work on the pool. A new begin() makes new ones: what the old ones find concerns nobody any more.
    struct Jobs {
        Job<std::optional<recovery::ResumePoint>> reading;
        Job<Analysis> analysing;
        Job<Choice> choosing;
        Job<Planned> planning;
        Job<Written> writing;
        Job<QString> saving;
    };
    std::unique_ptr<Jobs> jobs;
    quint64 plannedRequest = 0; ///< the one `planning` works on
    bool planPending = false;
    std::function<void(const Result<std::optional<recovery::ResumePoint>>&)> pointRead;

    Private(ResumeFlow* flow, Session& s) : q(flow), session(s), zMethod(s.profile().zMethod), mesh(s), plugin(s) {}

    void makeJobs();
    void wireHelpers();
    [[nodiscard]] bool isUnderWay() const { return arming || launching || sending || isArmed() || (run && run->isUnderWay()); }
    void setBusy(int change);
    void broken(const Error& error);
    void readFile(const PrintJob& of, std::function<void(const Result<FilePtr>&)> reply);
    void haveStored(Stored stored);
    void haveFile(const Stored& stored, const FilePtr& opened);
    void mapToOriginal(const Stored& stored, const recovery::ResumePoint& point);
    void askPrinter();
    void askHistory();
    void weigh();
    void startAnalysis();
    void haveAnalysis();
    void startChoice(ByteOffset byte, const std::optional<Snapshot>& given);
    void haveChoice();
    void startPlan();
    void makePlan(const PlanFacts& facts);
    void havePlan();
    [[nodiscard]] std::optional<Error> obstacle() const;
    void armed();
    void write();
    void haveFileToSend();
    void upload(const QString& local, std::uint64_t size, const Uploaded& as, int copy);
    void haveUpload(std::uint64_t size, const Uploaded& as, const Result<link::RemoteFile>& result);
    void makeRun();
    void launchNow();
    void forgetPress();
    void changedPlan();
    void runEnded();
    void hold();
    void letGo(std::function<void()> then = {});
    void looseHold();
    [[nodiscard]] std::optional<double> idleBefore() const { return timerBefore ? timerBefore : idleTimeout; }
    [[nodiscard]] run::Way effectiveWay() const { return dryRun ? run::Way::DryRun : way; }
    [[nodiscard]] bool isArmed() const;
    [[nodiscard]] QString resumeName() const;
};

// ---- begin -------------------------------------------------------------------------------------------------------

ResumeFlow::ResumeFlow(Session& session, QObject* parent) : QObject(parent), d(std::make_unique<Private>(this, session))
{
    d->makeJobs();
    d->wireHelpers();
    connect(&session.driver(), &link::Driver::sampled, this, [this](const Sample& sample) {
        if (sample.homedAxes.find('z') == std::string::npos)
            d->looseHold();
    });
    connect(&session.driver(), &link::Driver::linkChanged, this, [this](link::LinkState state) {
        if (state != link::LinkState::Connected)
            d->looseHold();
    });
    connect(&session.driver(), &link::Driver::hostChanged, this, [this](const link::HostInfo& host) {
        if (host.state == link::HostState::Ready)
            return;
        d->timerBefore.reset(); // a host that restarts has forgotten it
        d->looseHold();
    });
    connect(&session.files(), &FileCache::progressed, this, [this](const QString&, double fraction) {
        if (d->busy > 0)
            emit busyChanged(true, fraction);
    });
}

void ResumeFlow::Private::makeJobs()
{
    jobs = std::make_unique<Jobs>();
    const auto finished = [this](JobBase& work, auto then) { QObject::connect(&work, &JobBase::finished, q, then); };
    finished(jobs->reading, [this] { pointRead(*jobs->reading.outcome()); });
    finished(jobs->analysing, [this] { haveAnalysis(); });
    finished(jobs->choosing, [this] { haveChoice(); });
    finished(jobs->planning, [this] { havePlan(); });
    finished(jobs->writing, [this] { haveFileToSend(); });
    finished(jobs->saving, [this] {
        setBusy(-1);
        if (const auto& path = *jobs->saving.outcome(); path)
            emit q->saved(*path);
        else
            emit q->failed(path.error());
    });
    for (JobBase* work : {static_cast<JobBase*>(&jobs->writing), static_cast<JobBase*>(&jobs->saving)})
        QObject::connect(work, &JobBase::progressed, q, [this](double fraction) { emit q->busyChanged(busy > 0, fraction); });
}

void ResumeFlow::Private::wireHelpers()
{
    QObject::connect(&mesh, &MeshRepair::changed, q, &ResumeFlow::meshChanged);
    QObject::connect(&mesh, &MeshRepair::failed, q, &ResumeFlow::failed);
    // After a restart nothing is homed and nothing is warm: back to the facts.
    QObject::connect(&mesh, &MeshRepair::settled, q, [this] { q->replan(); });
    QObject::connect(&plugin, &PluginWriter::changed, q, &ResumeFlow::pluginDataChanged);
    QObject::connect(&plugin, &PluginWriter::failed, q, &ResumeFlow::failed);
}

void ResumeFlow::Private::haveFileToSend()
{
    setBusy(-1);
    const auto& written = *jobs->writing.outcome();
    if (!sending)
        return;
    if (!written)
        return broken(written.error());
    const recovery::ResumeFile& made = written->file;
    upload(QString::fromStdString(made.path.string()), made.bytes,
           {sending->remote, recovery::preambleText(sending->plan), stepBegins(recovery::filePart(sending->plan), made.preambleBytes)}, 1);
}

ResumeFlow::~ResumeFlow()
{
    d->letGo();
}

void ResumeFlow::Private::setBusy(int change)
{
    const bool before = busy > 0;
    busy = std::max(0, busy + change);
    if (before != (busy > 0))
        emit q->busyChanged(busy > 0, 0);
}

void ResumeFlow::Private::broken(const Error& error)
{
    arming = launching = planPending = false;
    sending.reset();
    busy = 0;
    emit q->busyChanged(false, 0);
    emit q->failed(error);
}

void ResumeFlow::begin(const PrintJob& job)
{
    d->letGo();
    d->attempt = std::make_unique<QObject>();
    d->makeJobs();
    d->planPending = false;
    d->dryRun = false;
    d->held.reset();
    d->job = job;
    d->file.reset();
    d->evidence = {};
    d->causes.clear();
    d->samples = d->begun = std::make_shared<std::vector<Sample>>();
    d->stop.reset();
    d->candidates.clear();
    d->statements = {};
    d->personChose = false;
    d->chosen.reset();
    d->snapshot.reset();
    d->edits.clear();
    d->plan.reset();
    d->maps.reset();
    d->touch.reset();
    d->probe.reset();
    d->picture.reset();
    d->planError.reset();
    d->gate.clear();
    d->conflicts.clear();
    d->meshAdvice = {};
    d->pluginIsReset = false;
    d->run.reset();
    d->report.reset();
    d->uploaded.reset();
    d->fileSeen.reset();
    d->arming = d->launching = false;
    d->sending.reset();
    d->busy = 0;
    d->setBusy(+1);
    d->mesh.recall();
    d->session.archive().ask<Stored>(
        d->attempt.get(), [job](Store& store) { return readStored(store, job); },
        [this](const Result<Stored>& stored) {
            if (stored)
                d->haveStored(*stored);
            else
                d->broken(stored.error());
        });
}

/// The bytes that were printed: our own copy of the right size first, then the printer's.
void ResumeFlow::Private::readFile(const PrintJob& of, std::function<void(const Result<FilePtr>&)> reply)
{
    const auto check = [of, reply = std::move(reply)](const Result<FilePtr>& opened) {
        if (!opened)
            return reply(opened);
        if (of.fileSize != 0 && (*opened)->index->size != of.fileSize)
            return reply(fail(Error{.code = ErrorCode::FileChanged, .file = of.file.toStdString(),
                                    .measured = static_cast<double>((*opened)->index->size), .limit = static_cast<double>(of.fileSize)}));
        auto named = std::make_shared<OpenFile>(**opened);
        named->remote = of.file;
        reply(FilePtr(std::move(named)));
    };
    const auto& present = session.job();
    if (session.file() && present && present->file == of.file && session.file()->index->size == of.fileSize)
        return check(session.file());
    QString local = of.localCopy;
    if (local.isEmpty() || !QFileInfo::exists(local))
        local = session.files().localCopy(session.profile().id, of.file, of.fileSize);
    if (!local.isEmpty())
        session.files().openLocal(local, session.dialect(), attempt.get(), check);
    else if (session.driver().linkState() == link::LinkState::Connected)
        session.files().fetch(session.profile().id, session.driver(), of.file, session.dialect(), attempt.get(), check);
    else
        check(fail(ErrorCode::FileMissing, {}, of.file.toStdString()));
}

void ResumeFlow::Private::haveStored(Stored stored)
{
    evidence.job = *job;
    evidence.samples = stored.samples;
    evidence.events = stored.events;
    readFile(*job, [this, stored = std::move(stored)](const Result<FilePtr>& opened) {
        if (!opened)
            return broken(opened.error());
        if (stored.xxh3 && stored.xxh3 != (*opened)->index->xxh3) // as long as before, and yet another one
            return broken(Error{.code = ErrorCode::FileChanged, .file = job->file.toStdString()});
        haveFile(stored, *opened);
    });
}

void ResumeFlow::Private::haveFile(const Stored& stored, const FilePtr& opened)
{
    file = printed = opened;
    job->localCopy = opened->path;
    samples = std::make_shared<std::vector<Sample>>(stored.samples);
    begun = std::make_shared<std::vector<Sample>>(stored.begun);
    pointRead = [this, stored](const Result<std::optional<recovery::ResumePoint>>& point) {
        if (!point)
            return broken(point.error());
        if (*point && stored.root.id != job->id && stored.root.file != job->file)
            mapToOriginal(stored, **point);
        else
            askPrinter(); // the file that was printed is an original, or all that is left of one
    };
    jobs->reading.start([opened](JobControl&) { return recovery::readResumePoint(*opened->source); });
}

void ResumeFlow::Private::mapToOriginal(const Stored& stored, const recovery::ResumePoint& point)
{
    readFile(stored.root, [this, point, printed = stored.samples](const Result<FilePtr>& original) {
        if (!original)
            return broken(original.error());
        file = *original;
        samples = std::make_shared<std::vector<Sample>>(onOriginal(printed, point, *file));
        begun = std::make_shared<std::vector<Sample>>(); // began in the preamble
        askPrinter();
    });
}

void ResumeFlow::Private::askPrinter()
{
    evidence.host = session.host();
    if (session.driver().linkState() != link::LinkState::Connected)
        return weigh();
    session.driver().readStatus(attempt.get(), [this](const Result<Sample>& now) {
        if (now)
            evidence.now = *now;
        askHistory();
    });
}

void ResumeFlow::Private::askHistory()
{
    session.driver().history(historyCount, attempt.get(), [this](const Result<std::vector<link::RemoteJob>>& records) {
        for (const link::RemoteJob& one : records ? *records : std::vector<link::RemoteJob>()) {
            const bool same = job->remoteId.isEmpty() ? one.file == job->file : one.id == job->remoteId;
            if (same && !evidence.remote) // newest first
                evidence.remote = one;
        }
        weigh();
    });
}

void ResumeFlow::Private::weigh()
{
    causes = weighCauses(evidence);
    statements.cause = likeliestCause(causes);
    startAnalysis();
}

void ResumeFlow::Private::startAnalysis()
{
    jobs->analysing.start([from = file, seen = samples, begun = begun, cause = statements.cause, version = evidence.host.softwareVersion.toStdString()](JobControl&) {
        return analyse(*from, *seen, cause, version, *begun);
    });
}

void ResumeFlow::Private::haveAnalysis()
{
    const auto& outcome = *jobs->analysing.outcome();
    if (!outcome && outcome.error().code != ErrorCode::BadValue)
        return broken(outcome.error());
    // Without any position of the recorder there is no stop interval; every line can still be chosen.
    stop = outcome ? outcome->stop : std::nullopt;
    candidates = outcome ? outcome->candidates : std::vector<ResumeCandidate>();
    setBusy(-1);
    emit q->analysed();
    emit q->candidatesChanged();
    if (chosen && personChose)
        startChoice(chosen->byte, std::nullopt);
    else if (!candidates.empty())
        startChoice(candidates.front().byte, std::nullopt);
}

bool ResumeFlow::isBusy() const
{
    return d->busy > 0;
}

const std::optional<PrintJob>& ResumeFlow::job() const
{
    return d->job;
}

std::shared_ptr<const OpenFile> ResumeFlow::file() const
{
    return d->file;
}

const std::vector<CauseEvidence>& ResumeFlow::causes() const
{
    return d->causes;
}

const std::optional<StopInterval>& ResumeFlow::stop() const
{
    return d->stop;
}

const std::vector<ResumeCandidate>& ResumeFlow::candidates() const
{
    return d->candidates;
}

// ---- choosing ----------------------------------------------------------------------------------------------------

void ResumeFlow::setStatements(const Statements& statements)
{
    const bool newCause = statements.cause != d->statements.cause;
    d->statements = statements;
    d->changedPlan();
    if (!d->file)
        return;
    if (newCause) {
        d->setBusy(+1);
        d->startAnalysis();
    } else {
        replan();
    }
}

const Statements& ResumeFlow::statements() const
{
    return d->statements;
}

void ResumeFlow::choose(ByteOffset byte)
{
    if (!d->file) {
        emit failed(Error{.code = ErrorCode::FileMissing});
        return;
    }
    d->personChose = true;
    d->startChoice(byte, std::nullopt);
}

void ResumeFlow::chooseSnapshot(const Snapshot& snapshot)
{
    if (!d->file) {
        emit failed(Error{.code = ErrorCode::FileMissing});
        return;
    }
    d->personChose = true;
    d->startChoice(snapshot.byte, snapshot);
}

void ResumeFlow::Private::startChoice(ByteOffset byte, const std::optional<Snapshot>& given)
{
    changedPlan();
    if (!jobs->choosing.isRunning())
        setBusy(+1);
    jobs->choosing.start([from = file, last = printed, seen = samples, around = stop, byte, given](JobControl&) {
        return makeChoice(*from, *seen, around, byte, given, last.get());
    });
}

void ResumeFlow::Private::haveChoice()
{
    setBusy(-1);
    const auto& outcome = *jobs->choosing.outcome();
    if (!outcome) {
        emit q->failed(outcome.error());
        return;
    }
    chosen = outcome->candidate;
    snapshot = outcome->snapshot;
    for (const auto& [key, edit] : edits) // a confirmed temperature holds for every line of the file
        (void)recovery::edit(*snapshot, key, edit.value, edit.reason);
    emit q->chosenChanged();
    q->replan();
}

const std::optional<ResumeCandidate>& ResumeFlow::chosen() const
{
    return d->chosen;
}

const std::optional<Snapshot>& ResumeFlow::snapshot() const
{
    return d->snapshot;
}

Result<> ResumeFlow::editField(const QString& key, const QString& value, const QString& reason)
{
    if (!d->snapshot)
        return fail(Error{.code = ErrorCode::UnknownState, .field = key.toStdString()});
    const Edit edit{value.toStdString(), reason.toStdString()};
    if (const Result<> done = recovery::edit(*d->snapshot, key.toStdString(), edit.value, edit.reason); !done)
        return done;
    if (isHeatKey(key.toStdString()))
        d->edits[key.toStdString()] = edit;
    emit chosenChanged();
    replan();
    return {};
}

void ResumeFlow::setZMethod(recovery::ZMethod method)
{
    if (std::exchange(d->zMethod, method) != method)
        d->held.reset();
    replan();
}

recovery::ZMethod ResumeFlow::zMethod() const
{
    return d->zMethod;
}

ResumeFlow::ZJudgement ResumeFlow::judge(recovery::ZMethod method) const
{
    ZJudgement result;
    result.missing = recovery::missingProof(method, d->mechanics, d->evidenceOfZ);
    result.engine = method != recovery::ZMethod::StockZplus;
    std::array<double, 2> at{};
    for (std::size_t axis = 0; d->snapshot && axis < 2; ++axis)
        at[axis] = gcode::toMillimetres(d->snapshot->state.position[axis].value_or(0) - d->snapshot->state.shift[axis]);
    if (method == recovery::ZMethod::FreeSpot && d->probe)
        result.uncertainty = recovery::freespot::budget(d->probe->places, d->probe->resumeAt, d->probe->mechanics, d->probe->evidence);
    else if (method != recovery::ZMethod::Touch)
        result.uncertainty = recovery::budget(method, d->mechanics, d->evidenceOfZ, recovery::leverOf(method, d->mechanics, at));
    recovery::ZEvidence drills;
    applyDrills(drills, d->session.profile(), d->session.now());
    result.proven = recovery::proven(method, drills);
    if (d->file && d->snapshot)
        result.layerHeight = layerHeight(*d->file->index, d->snapshot->byte);
    return result;
}

void ResumeFlow::setOwnLines(const std::map<std::string, std::vector<std::string>>& lines)
{
    d->ownLines = lines;
    replan();
}

void ResumeFlow::setWay(run::Way way)
{
    if (d->way == way)
        return;
    d->way = way;
    d->changedPlan();
    emit runStateChanged();
}

run::Way ResumeFlow::way() const
{
    return d->way;
}

void ResumeFlow::setDryRun(bool on)
{
    if (d->dryRun == on || (d->run && d->run->isUnderWay()))
        return;
    d->dryRun = on;
    emit runStateChanged();
    replan();
}

bool ResumeFlow::isDryRun() const
{
    return d->dryRun;
}

std::optional<double> ResumeFlow::heldZ() const
{
    return d->held && d->held->declared ? std::optional(d->held->z) : std::nullopt;
}

void ResumeFlow::registerAgain()
{
    d->held.reset();
    replan();
}

// ---- plan and gate -----------------------------------------------------------------------------------------------

bool ResumeFlow::Private::isArmed() const
{
    return run && run->isArmed();
}

/// What was prepared or armed is not what would be sent any more.
void ResumeFlow::Private::changedPlan()
{
    forgetPress();
    if (isArmed())
        q->disarm();
}

void ResumeFlow::Private::forgetPress()
{
    arming = launching = false;
    if (std::exchange(sending, nullptr))
        jobs->writing.cancel();
}

void ResumeFlow::replan()
{
    d->changedPlan();
    d->startPlan();
}

void ResumeFlow::Private::startPlan()
{
    if (!snapshot || !file)
        return;
    const quint64 request = ++planRequest;
    if (!std::exchange(planPending, true))
        setBusy(+1);
    PlanQuestion question;
    question.file = file;
    question.minutesSinceStop = job->endTime ? std::optional((session.now() - *job->endTime) / 60) : std::nullopt;
    question.partStuck = statements.partStuck;
    question.nothingMoved = statements.nothingMoved;
    question.prove = effectiveWay() == run::Way::ZeroCopy && (arming || launching);
    question.zeroCopy = effectiveWay() != run::Way::NewFile;
    question.byte = snapshot->byte;
    question.printBegan = job->startTime;
    question.heaterRepaired = statements.heaterRepaired;
    question.printEnded = job->endTime;
    question.fileModified = fileSeen;
    if (!evidence.samples.empty() && evidence.samples.back().toolheadPosition)
        question.zAtStop = (*evidence.samples.back().toolheadPosition)[2];
    if (held && !held->declared)
        question.zAtStop = held->z;
    gatherFacts(session, question, attempt.get(), [this, request](const PlanFacts& facts) {
        if (request == planRequest)
            makePlan(facts);
    });
}

void ResumeFlow::Private::makePlan(const PlanFacts& facts)
{
    recovery::PlanOptions options;
    options.zMethod = zMethod;
    options.contact = statements.contact;
    options.declaredZ = statements.declaredZ;
    options.ownLines = ownLines;
    // Between the two presses the nozzle cools: the armed plan waits for it where it must, and stays the same.
    options.nozzleNow = launching ? armedNozzle : facts.nozzleNow;
    armedNozzle = options.nozzleNow;
    options.touchByHand = zMethod == recovery::ZMethod::Touch && !statements.declaredZ;
    options.lookAtPrime = statements.lookAtPrime;
    options.homeThrice = statements.homeThrice;
    options.dryRun = dryRun;
    PlanFacts known = facts;
    known.samples = samples;
    mechanics = facts.mechanics;
    evidenceOfZ = known.evidence = zEvidence(statements.cause, *samples, facts.gate.now, facts.gate.idleTimeout);
    if (zMethod == recovery::ZMethod::FirmwareLift && statements.declaredZ && chosen)
        evidenceOfZ.measuredLift = *statements.declaredZ - chosen->z;
    if (facts.gate.plrCalibration)
        evidenceOfZ.baseline = !facts.gate.plrCalibration->offsets.empty();
    if (!facts.letGo.empty())
        evidenceOfZ.motorsEnabled = false;
    addHardwareProof(evidenceOfZ, facts.printer, facts.gate.config, printedMesh(*snapshot, facts), statements.supplyStayed);
    applyDrills(evidenceOfZ, session.profile(), session.now());
    known.evidence = evidenceOfZ;
    if (held)
        options.contact = recovery::NozzleContact::Lifted;
    if (held && held->declared) {
        options.zMethod = recovery::ZMethod::Touch;
        options.declaredZ = held->z;
        options.heldZ = true;
        options.touchByHand = false;
        known.gate.zReadBack = recovery::ZReadBack{held->z, zOf(facts.gate.now)};
    }
    printer = facts.printer;
    config = facts.gate.config;
    idleTimeout = facts.gate.idleTimeout;
    unread = facts.unread;
    if (!fileSeen)
        fileSeen = facts.gate.fileModified;
    beforeResume = facts.beforeResume;
    afterResume = facts.afterResume;
    plannedRequest = planRequest;
    jobs->planning.start([from = file, point = *snapshot, facts = std::move(known), options, removed = statements.removedTo, maps = maps,
                          gentle = statements.firstLayer](JobControl& control) -> Result<Planned> {
        auto planned = planWith(from, point, facts, options, removed, maps, control);
        if (!planned || !planned->plan || !gentle.any() || options.dryRun)
            return planned;
        auto layer = recovery::firstLayer(*from->source, *from->index, planned->plan->snapshot, gentle);
        if (layer) {
            planned->firstLayer = std::move(*layer);
        } else {
            planned->error = layer.error();
            planned->plan.reset();
        }
        return planned;
    });
}

void ResumeFlow::Private::havePlan()
{
    if (plannedRequest != planRequest)
        return; // something changed since: the plan for that is on its way
    planPending = false;
    setBusy(-1);
    const auto& outcome = *jobs->planning.outcome();
    plan = outcome ? outcome->plan : std::nullopt;
    planError = outcome ? outcome->error : std::optional(outcome.error());
    gate = outcome ? outcome->gate : std::vector<recovery::GateCheck>();
    conflicts = outcome ? outcome->conflicts : std::vector<Message>();
    meshAdvice = outcome ? outcome->mesh : recovery::MeshAdvice();
    touch = outcome ? outcome->touch : std::nullopt;
    probe = outcome ? outcome->probe : std::nullopt;
    picture = outcome ? outcome->picture : nullptr;
    if (outcome && outcome->maps)
        maps = outcome->maps;
    emit q->planned();
    if (std::exchange(arming, false))
        armed();
    else if (std::exchange(launching, false))
        launchNow();
}

const std::optional<recovery::Plan>& ResumeFlow::plan() const
{
    return d->plan;
}

const std::optional<Error>& ResumeFlow::planError() const
{
    return d->planError;
}

std::shared_ptr<const recovery::PlanPicture> ResumeFlow::picture() const
{
    return d->picture;
}

const std::vector<recovery::GateCheck>& ResumeFlow::gate() const
{
    return d->gate;
}

const std::vector<Message>& ResumeFlow::conflicts() const
{
    return d->conflicts;
}

bool ResumeFlow::gateIsOpen() const
{
    return d->plan && recovery::isOpen(d->gate);
}

QString ResumeFlow::planText() const
{
    return d->plan ? QString::fromStdString(recovery::preambleText(*d->plan)) : QString();
}

void ResumeFlow::savePlan(const QString& path)
{
    if (!d->plan) {
        emit failed(d->planError.value_or(Error{.code = ErrorCode::UnknownState}));
        return;
    }
    if (d->dryRun) {
        emit failed(Error{.code = ErrorCode::NotSupported, .detail = "a dry run is watched step by step: no file can do that", .field = "dryRun"});
        return;
    }
    if (d->touch || d->probe) {
        emit failed(Error{.code = ErrorCode::NotSupported, .detail = "the height is taken while the program runs: no file can do that", .field = "touch"});
        return;
    }
    if (!d->jobs->saving.isRunning())
        d->setBusy(+1);
    d->jobs->saving.start([from = d->file, what = *d->plan, path](JobControl& control) -> Result<QString> {
        const auto written = writeTo(*from, what, path, control);
        if (!written)
            return fail(written.error());
        return path;
    });
}

std::map<std::string, std::vector<std::string>> ResumeFlow::suggestedOwnLines() const
{
    return recovery::ownLinesFromKlipper(d->beforeResume, d->afterResume, d->zMethod).lines;
}

// ---- the mesh ----------------------------------------------------------------------------------------------------

const recovery::MeshAdvice& ResumeFlow::meshAdvice() const
{
    return d->meshAdvice;
}

const MeshRestore& ResumeFlow::meshRestore() const
{
    return d->mesh.state();
}

void ResumeFlow::proposeMesh()
{
    d->mesh.propose(d->snapshot ? d->snapshot->mesh : recovery::SharedMesh());
}

void ResumeFlow::restoreMesh()
{
    if (d->isUnderWay())
        emit failed(Error{.code = ErrorCode::Busy});
    else
        d->mesh.restore();
}

bool ResumeFlow::canUndoMesh() const
{
    return d->mesh.canUndo() && !d->isUnderWay();
}

void ResumeFlow::undoMesh()
{
    if (d->isUnderWay())
        emit failed(Error{.code = ErrorCode::Busy});
    else
        d->mesh.undo();
}

// ---- klipper-plr's data ------------------------------------------------------------------------------------------

bool ResumeFlow::canResetPluginData() const
{
    const bool present = d->session.driver().host().capabilities.testFlag(link::Capability::PlrPlugin);
    return present && d->report && d->report->completed && !d->report->dryRun && !d->pluginIsReset && !d->plugin.isBusy();
}

void ResumeFlow::resetPluginData()
{
    if (!canResetPluginData()) {
        emit failed(Error{.code = ErrorCode::Busy});
        return;
    }
    d->session.plrCommand(Session::PlrCommand::Reset, this, [this](const Result<>& result) {
        if (!result) {
            emit failed(result.error());
            return;
        }
        d->pluginIsReset = true;
        d->plugin.forget();
    });
}

bool ResumeFlow::canWritePluginState() const
{
    const bool present = d->session.driver().host().capabilities.testFlag(link::Capability::PlrPlugin);
    return present && d->snapshot && d->file && !d->isUnderWay() && !d->plugin.isWritten() && !d->plugin.isBusy();
}

void ResumeFlow::writePluginState()
{
    if (canWritePluginState())
        d->plugin.write(*d->snapshot, *d->file->index);
    else
        emit failed(Error{.code = ErrorCode::Busy});
}

bool ResumeFlow::isPluginStateWritten() const
{
    return d->plugin.isWritten();
}

void ResumeFlow::restorePluginState()
{
    d->plugin.putBack();
}

// ---- arm and run -------------------------------------------------------------------------------------------------

void ResumeFlow::arm()
{
    const bool waits = d->arming || d->sending || d->isArmed();
    if (!d->snapshot || waits || (d->run && d->run->isUnderWay()))
        return;
    d->arming = true;
    d->startPlan(); // fresh facts: minutes may have gone by since the gate was shown
}

/// Why what is planned now must not be sent.
std::optional<Error> ResumeFlow::Private::obstacle() const
{
    if (!plan)
        return planError.value_or(Error{.code = ErrorCode::UnknownState});
    if (unread) // a gate that could not ask the printer proves nothing
        return unread;
    if (q->gateIsOpen())
        return std::nullopt;
    std::string ids;
    for (const recovery::GateCheck& check : gate) {
        if (check.severity == recovery::Severity::Block && !check.passed)
            ids += (ids.empty() ? "" : ", ") + check.id;
    }
    return Error{.code = ErrorCode::GateBlocked, .detail = ids};
}

void ResumeFlow::Private::armed()
{
    if (const auto why = obstacle())
        return broken(*why);
    const bool there = uploaded && uploaded->preamble == recovery::preambleText(*plan);
    if (effectiveWay() != run::Way::NewFile || there)
        makeRun();
    else
        write();
}

QString ResumeFlow::Private::resumeName() const
{
    const QString folder = file->remote.contains(u'/') ? file->remote.section(u'/', 0, -2) + u'/' : QString();
    const std::string base = file->remote.section(u'/', -1).toStdString();
    const std::size_t layer = chosen ? chosen->layer : snapshot->layer.value_or(0);
    return folder + QString::fromStdString(recovery::resumeFileName(base, layer, plan->snapshot.byte));
}

void ResumeFlow::Private::write()
{
    sending = std::make_shared<const Sending>(Sending{*plan, resumeName()});
    if (!jobs->writing.isRunning())
        setBusy(+1);
    jobs->writing.start([from = file, what = sending](JobControl& control) { return writeTemporary(*from, recovery::filePart(what->plan), control); });
}

void ResumeFlow::Private::upload(const QString& local, std::uint64_t size, const Uploaded& as, int copy)
{
    Uploaded named = as;
    named.remote = withSuffix(as.remote, copy);
    setBusy(+1);
    const auto act = [=, this, mine = sending](const Result<Session::Outcome>& written) {
        if (!written)
            return broken(written.error());
        if (sending != mine) {
            setBusy(-1);
            return (*written)(ResumeRun::tr("not sent"));
        }
        const auto percent = [this](qint64 sent, qint64 total) {
            emit q->busyChanged(true, total > 0 ? static_cast<double>(sent) / static_cast<double>(total) : 0.0);
        };
        const auto answered = [=, this, done = *written](const Result<link::RemoteFile>& result) {
            done(Session::outcomeText(result.map([](const link::RemoteFile&) {})));
            setBusy(-1);
            if (sending != mine) // another plan meanwhile: the file stays, unused
                return;
            const bool taken = !result && result.error().code == ErrorCode::FileExists;
            if (taken && copy < mostCopies) // never replaced: the next free name
                return upload(local, size, as, std::max(2, copy + 1));
            haveUpload(size, named, result);
        };
        session.driver().upload(local, u"gcodes"_s, named.remote, false, percent, attempt.get(), answered);
    };
    session.journalled(u"upload"_s, u"gcodes/"_s + named.remote, 0, attempt.get(), act);
}

void ResumeFlow::Private::haveUpload(std::uint64_t size, const Uploaded& as, const Result<link::RemoteFile>& result)
{
    if (!result)
        return broken(result.error());
    if (result->size != 0 && result->size != size)
        return broken(Error{.code = ErrorCode::FileChanged, .file = as.remote.toStdString(),
                            .measured = static_cast<double>(result->size), .limit = static_cast<double>(size)});
    sending.reset();
    uploaded = as;
    makeRun();
}

void ResumeFlow::Private::makeRun()
{
    ResumeRun::Setup setup;
    setup.plan = *plan;
    setup.printer = printer;
    setup.touch = touch;
    setup.config = config;
    const int tool = plan->snapshot.state.tool;
    if (plan->snapshot.state.hotend.contains(tool))
        setup.standby = recovery::softeningOf(recovery::materialOf(*file->index, tool), plan->snapshot.state.hotend.at(tool), printer.softenBelow);
    setup.probe = probe;
    if (plan->dialect == gcode::Dialect::Klipper)
        setup.idleTimeout = idleBefore();
    setup.timerHeld = timerBefore.has_value();
    setup.way = effectiveWay();
    setup.startFile = setup.way == run::Way::NewFile ? uploaded->remote : file->remote;
    if (setup.way == run::Way::NewFile)
        setup.stepBegins = uploaded->begins;
    setup.said.originalFile = file->remote;
    setup.said.resumeFile = setup.way == run::Way::NewFile ? uploaded->remote : QString();
    setup.said.byte = plan->snapshot.byte;
    if (chosen) {
        setup.said.printedTwiceMm = chosen->printedTwiceMm;
        setup.said.leftOpenMm = chosen->leftOpenMm;
    }
    setup.said.startedAt = session.now();
    setup.firstLayer = jobs->planning.outcome() && *jobs->planning.outcome() ? (*jobs->planning.outcome())->firstLayer : std::nullopt;
    firstLayerNotes = setup.firstLayer ? setup.firstLayer->notes : std::vector<Message>();
    report.reset();
    run = std::make_unique<ResumeRun>(session, std::move(setup), nullptr);
    QObject::connect(run.get(), &ResumeRun::changed, q, &ResumeFlow::runStateChanged);
    QObject::connect(run.get(), &ResumeRun::failed, q, &ResumeFlow::failed);
    QObject::connect(run.get(), &ResumeRun::ended, q, [this] { runEnded(); });
    QObject::connect(run.get(), &ResumeRun::settled, q, [this] {
        if (dryRun)
            hold();
    });
    armedText = recovery::preambleText(*plan);
    run->feed(run::Arm{effectiveWay()});
}

// ---- what a run leaves behind ------------------------------------------------------------------------------------

void ResumeFlow::Private::runEnded()
{
    report = run->report();
    timerBefore = run->holdsTimer() ? idleBefore() : std::nullopt;
    emit q->finished();
    if (dryRun)
        hold();
}

/// The height as the printer holds it now. Where it stood when it was registered is no longer true: the head has moved.
void ResumeFlow::Private::hold()
{
    const bool declared = run->isRegistered();
    const bool free = run->isLifted() && (declared || run->keepsZ());
    held.reset();
    session.driver().readStatus(attempt.get(), [this, declared, free](const Result<Sample>& now) {
        const auto z = now && now->homedAxes.find('z') != std::string::npos ? zOf(*now) : std::nullopt;
        if (z && free)
            held = Held{*z, declared};
        if (report && report->completed) { // its lights are not those of the real plan
            dryRun = false;
            run.reset();
        }
        emit q->runStateChanged();
        q->replan();
    });
}

void ResumeFlow::Private::looseHold()
{
    if (!held)
        return;
    held.reset();
    emit q->failed(Error{.code = ErrorCode::Unsafe, .detail = "the motors were switched off or the printer was out of sight: the height no longer holds", .field = "homed_axes"});
    q->replan();
}

/// The idle timer is as it was when nobody waits for a person any more.
void ResumeFlow::Private::letGo(std::function<void()> then)
{
    const auto before = std::exchange(timerBefore, std::nullopt);
    if (before && session.driver().linkState() == link::LinkState::Connected && session.host().state == link::HostState::Ready)
        session.send(u"idle-timer"_s, u"SET_IDLE_TIMEOUT TIMEOUT=%1"_s.arg(*before, 0, 'f', 0), &session, [then](const Result<link::ScriptResult>&) {
            if (then)
                then();
        });
    else if (then)
        then();
}

void ResumeFlow::letGo(QObject* context, std::function<void()> then)
{
    d->letGo([then = std::move(then), context = QPointer<QObject>(context)] {
        if (context)
            then();
    });
}

void ResumeFlow::launch()
{
    if (!d->isArmed() || std::exchange(d->launching, true))
        return;
    d->startPlan(); // somebody may have used the printer since it was armed
}

void ResumeFlow::Private::launchNow()
{
    auto why = obstacle();
    if (!why && !isArmed())
        why = session.lastError().value_or(Error{.code = ErrorCode::Disconnected});
    if (!why && recovery::preambleText(*plan) != armedText)
        why = Error{.code = ErrorCode::GateBlocked, .detail = "the plan is not the one that was armed"};
    if (why) {
        q->disarm();
        return broken(*why);
    }
    session.releaseBed();
    if (!dryRun)
        session.recorder().expectResume(*job, plan->snapshot.byte);
    held.reset(); // from here on the run says what holds
    run->launch();
}

void ResumeFlow::disarm()
{
    d->forgetPress();
    if (d->run)
        d->run->feed(run::Disarm{});
}

void ResumeFlow::stopAfterStep()
{
    if (d->run)
        d->run->feed(run::StopAfterStep{});
}

void ResumeFlow::stopAndLift(const StopChoice& choice)
{
    if (!d->run)
        return;
    d->run->chooseStop(choice);
    d->run->feed(run::StopAndLift{});
}

void ResumeFlow::pausePrint()
{
    if (d->run)
        d->run->pause();
}

void ResumeFlow::goOnPrinting()
{
    if (d->run)
        d->run->goOn();
}

bool ResumeFlow::isPaused() const
{
    return d->run && d->run->isPaused();
}

void ResumeFlow::nudge(char axis, double step)
{
    if (d->run)
        d->run->nudge(axis, step);
}

std::array<double, 2> ResumeFlow::nudged() const
{
    return d->run ? d->run->nudged() : std::array<double, 2>{};
}

bool ResumeFlow::canNudge() const
{
    return d->run && d->run->canNudge();
}

std::optional<recovery::xy::Spread> ResumeFlow::homingSpread() const
{
    return d->run ? d->run->homingSpread() : std::nullopt;
}

void ResumeFlow::homingSeen(bool good)
{
    if (d->run)
        d->run->homingSeen(good);
}

const std::vector<Message>& ResumeFlow::firstLayerNotes() const
{
    return d->firstLayerNotes;
}

bool ResumeFlow::isFirstLayerGentle() const
{
    return d->run && d->run->changes().inForce(u"first-layer"_s);
}

void ResumeFlow::emergencyStop()
{
    if (d->run && d->run->isUnderWay())
        d->run->feed(run::EmergencyStop{});
    else
        d->session.emergencyStop();
}

const run::State& ResumeFlow::runState() const
{
    return d->run ? d->run->state() : d->idle;
}

int ResumeFlow::currentStep() const
{
    return d->run ? d->run->currentStep() : -1;
}

recovery::Hand ResumeFlow::hand() const
{
    return d->run ? d->run->hand() : recovery::Hand::None;
}

TouchRun* ResumeFlow::touch() const
{
    return d->run ? d->run->touch() : nullptr;
}

const std::optional<TouchPlan>& ResumeFlow::touchPlan() const
{
    return d->touch;
}

std::optional<recovery::touch::Registration> ResumeFlow::registration() const
{
    return d->run ? d->run->registration() : std::nullopt;
}

void ResumeFlow::acceptRegistration()
{
    if (d->run)
        d->run->acceptRegistration();
}

void ResumeFlow::touchAgain()
{
    if (d->run)
        d->run->touchAgain();
}

void ResumeFlow::primeSeen(bool cameOut)
{
    if (d->run)
        d->run->primeSeen(cameOut);
}

void ResumeFlow::pressStep()
{
    if (d->run)
        d->run->pressStep();
}

const std::optional<ResumeReport>& ResumeFlow::report() const
{
    return d->report;
}

} // namespace kintsugi::app
