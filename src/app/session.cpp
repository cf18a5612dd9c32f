// SPDX-License-Identifier: GPL-3.0-or-later
#include "session.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QPointer>
#include <QTemporaryDir>
#include <QTimer>

#include "errortext.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

constexpr std::size_t consoleLimit = 5000;
constexpr int consoleBacklog = 500;
constexpr int lastSampleCount = 400;      // 100 s at 4 Hz
constexpr int emergencyPatience = 200;    // ms an emergency stop waits for the journal
constexpr int restartPatience = 60'000;   // ms a host may take to come back

Error badReply(const QString& field, const QString& detail = {})
{
    return Error{.code = ErrorCode::BadReply, .detail = detail.toStdString(), .field = field.toStdString()};
}

std::optional<double> bedTarget(const recovery::Sample& sample)
{
    const auto it = sample.heaters.find("heater_bed");
    return it == sample.heaters.end() ? std::nullopt : it->second.target;
}

} // namespace

struct Session::Private {
    Session* q;
    Profile profile;
    std::unique_ptr<link::Driver> driver;
    Archive& archive;
    FileCache& files;
    Recorder::Clock clock;
    std::unique_ptr<Recorder> recorder;

    PrinterState state = PrinterState::Offline;
    std::optional<Error> lastError;
    link::HostInfo host;
    std::optional<recovery::Sample> sample;
    std::optional<PrintJob> job;
    bool selected = false;                  ///< the job was chosen by the person
    std::shared_ptr<const OpenFile> file, preview;
    std::optional<Error> fileError;
    quint64 fileRequest = 0;                ///< the newest; answers of older ones are dropped
    QString opening; ///< local file that is read
    bool fetching = false;
    std::vector<link::ConsoleLine> console;

    QTimer warm;
    Job<double> replaying;                  ///< the bed's target out of the file
    bool keepingWarm = false;
    Outcome warmEnd;                        ///< ends its line of the journal: after a crash the next start tells that it heats
    bool toldUnfinished = false;
    QStringList unfinished;
    std::optional<CrashTruth> crash;

    Private(Session* session, Profile p, std::unique_ptr<link::Driver> link, Archive& a, FileCache& f, Recorder::Clock c)
        : q(session), profile(std::move(p)), driver(std::move(link)), archive(a), files(f), clock(std::move(c))
    {
        warm.setSingleShot(true);
    }

    void wireDriver();
    void wireRecorder();
    void updateState();
    [[nodiscard]] PrinterState derive() const;
    void loadStored();
    void tellUnfinished(const std::vector<JournalEntry>& entries);
    void tellHeaters();
    void tellCrash(const CrashTruth& truth);
    void adoptNewest(const std::vector<PrintJob>& jobs);
    void setJob(const std::optional<PrintJob>& next);
    void jobMoved(const PrintJob& moved);
    void fetch();
    void haveFile(quint64 request, const Result<std::shared_ptr<const OpenFile>>& result);
    void pruneCopies();
    void showPreview(const std::shared_ptr<const OpenFile>& layers);
    void addConsole(const link::ConsoleLine& line);
    void loadConsole();
    void note(const QString& kind, const QString& text);
    void findBedTarget(const QString& id, double minutes);
    void replayBedTarget(std::optional<ByteOffset> byte, double minutes);
    void warmTo(double target, double minutes);
    void stopKeepingWarm();
    void endWarm();
    void endEmergency(std::shared_ptr<bool> sent, const Result<Outcome>& outcome);
};

Session::Session(Profile profile, std::unique_ptr<link::Driver> driver, Archive& archive, FileCache& files, Recorder::Clock clock,
                 QObject* parent)
    : QObject(parent), d(std::make_unique<Private>(this, std::move(profile), std::move(driver), archive, files, std::move(clock)))
{
    d->recorder = std::make_unique<Recorder>(d->profile.id, *d->driver, archive, d->clock);
    d->wireDriver();
    d->wireRecorder();
    connect(&d->warm, &QTimer::timeout, this, [this] { d->endWarm(); });
    connect(&archive, &Archive::opened, this, [this] { d->loadStored(); });
    connect(&files, &FileCache::progressed, this, [this](const QString&, double fraction) {
        if (d->fetching)
            emit fileProgress(fraction);
    });
    connect(&files, &FileCache::layersRead, this, [this](const std::shared_ptr<const OpenFile>& layers) { d->showPreview(layers); });
    if (archive.isOpen())
        d->loadStored();
}

Session::~Session()
{
    d->driver->disconnect(this); // what they say while they die finds nobody
    d->recorder->disconnect(this);
    d->recorder.reset();
    d->driver.reset();
}

// ---- what the printer tells --------------------------------------------------------------------------------------

void Session::Private::wireDriver()
{
    using link::Driver;
    link::Driver* from = driver.get();
    QObject::connect(from, &Driver::linkChanged, q, [this](link::LinkState link) {
        if (link == link::LinkState::Connected) {
            lastError.reset();
            loadConsole();
            if (!file && job && !fetching)
                fetch();
        }
        updateState();
    });
    QObject::connect(from, &Driver::linkFailed, q, [this](const Error& error) {
        lastError = error;
        updateState();
        emit q->stateChanged();
    });
    QObject::connect(from, &Driver::hostChanged, q, [this](const link::HostInfo& info) {
        host = info;
        updateState();
        emit q->stateChanged();
    });
    QObject::connect(from, &Driver::sampled, q, [this](const recovery::Sample& next) {
        sample = next;
        updateState();
        tellHeaters();
        if (keepingWarm && state == PrinterState::Printing)
            q->releaseBed();
        emit q->sampled(next);
    });
    QObject::connect(from, &Driver::consoleReceived, q, [this](const link::ConsoleLine& line) { addConsole(line); });
    QObject::connect(from, &Driver::badMessage, q, &Session::failed);
}

void Session::Private::wireRecorder()
{
    Recorder* from = recorder.get();
    const auto moved = [this](const PrintJob& next) { jobMoved(next); };
    QObject::connect(from, &Recorder::jobStarted, q, [this](const PrintJob& next) {
        selected = false; // the timeline follows the print
        jobMoved(next);
    });
    QObject::connect(from, &Recorder::jobEnded, q, moved);
    QObject::connect(from, &Recorder::jobInterrupted, q, moved);
    // Queued: the recorder may ask the store for the write after it has spoken.
    QObject::connect(from, &Recorder::pluginSaved, q, [this] { emit q->snapshotsChanged(); }, Qt::QueuedConnection);
    QObject::connect(from, &Recorder::notArmedAlarm, q, [this] {
        emit q->alarm(Session::tr("%1 is printing, but klipper-plr is not saving. Enable it to keep the plugin's own states.")
                          .arg(profile.name));
    });
    QObject::connect(from, &Recorder::variablesTorn, q, &Session::variablesTorn);
    QObject::connect(from, &Recorder::failed, q, &Session::failed);
}

PrinterState Session::Private::derive() const
{
    switch (driver->linkState()) {
    case link::LinkState::Offline:
    case link::LinkState::Retrying: return PrinterState::Offline;
    case link::LinkState::Connecting: return PrinterState::Connecting;
    case link::LinkState::Connected: break;
    }
    const bool interrupted = recorder->interruptedJob().has_value();
    switch (host.state) {
    case link::HostState::Error: return PrinterState::Error;
    case link::HostState::Shutdown: return PrinterState::Shutdown;
    case link::HostState::Startup:
    case link::HostState::Unknown: return PrinterState::Starting;
    case link::HostState::Disconnected: return interrupted ? PrinterState::Interrupted : PrinterState::Error;
    case link::HostState::Ready: break;
    }
    if (sample && sample->printState == "printing")
        return PrinterState::Printing;
    if (sample && sample->printState == "paused")
        return PrinterState::Paused;
    return interrupted ? PrinterState::Interrupted : PrinterState::Idle;
}

void Session::Private::updateState()
{
    const PrinterState next = derive();
    if (next == state)
        return;
    state = next;
    emit q->stateChanged();
}

void Session::Private::addConsole(const link::ConsoleLine& line)
{
    if (console.size() >= consoleLimit)
        console.erase(console.begin(), console.begin() + consoleLimit / 10);
    console.push_back(line);
    emit q->consoleReceived(line);
}

void Session::Private::loadConsole()
{
    driver->consoleStore(consoleBacklog, q, [this](const Result<std::vector<link::ConsoleLine>>& result) {
        if (!result)
            return;
        const double newest = console.empty() ? 0.0 : console.back().time;
        for (const link::ConsoleLine& line : *result) {
            if (line.time > newest)
                addConsole(line);
        }
    });
}

// ---- what the store tells ----------------------------------------------------------------------------------------

void Session::Private::loadStored()
{
    const QString printer = profile.id;
    archive.ask<std::vector<PrintJob>>(
        q, [printer](Store& store) { return store.jobs(printer, 1); },
        [this](const Result<std::vector<PrintJob>>& result) {
            if (result)
                adoptNewest(*result);
            else
                emit q->failed(result.error());
        });
    if (std::exchange(toldUnfinished, true))
        return;
    struct Left { std::vector<JournalEntry> entries; std::optional<CrashTruth> crash; };
    archive.ask<Left>(
        q,
        [printer](Store& store) -> Result<Left> {
            auto entries = store.unfinishedEntries(printer);
            if (!entries)
                return fail(entries.error());
            auto broken = readCrash(store, printer);
            if (!broken)
                return fail(broken.error());
            // Another program's are no secret: it will finish them itself.
            std::erase_if(*entries, [&store](const JournalEntry& entry) { return store.isUnderWay(entry); });
            if (*broken) // stays open until somebody has read it
                std::erase_if(*entries, [id = (*broken)->entry](const JournalEntry& entry) { return entry.id == id; });
            return Left{std::move(*entries), std::move(*broken)};
        },
        [this](const Result<Left>& left) {
            if (!left)
                return;
            tellUnfinished(left->entries);
            if (left->crash)
                tellCrash(*left->crash);
        });
}

void Session::Private::adoptNewest(const std::vector<PrintJob>& jobs)
{
    if (job || jobs.empty())
        return;
    setJob(recorder->currentJob() ? *recorder->currentJob() : jobs.front());
}

void Session::Private::tellUnfinished(const std::vector<JournalEntry>& entries)
{
    for (const JournalEntry& entry : entries) {
        const QString what = Session::tr("When the program last ended this was under way and its end was not seen: %1 (%2, %3).")
                                 .arg(entry.text.left(200), entry.action,
                                      QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(entry.time * 1000)).toString(Qt::ISODate));
        unfinished << what;
        const double now = clock();
        archive.ask<void>(
            q,
            [printer = profile.id, entry, what, now](Store& store) -> Result<> {
                if (const Result<> told = store.addEvent(printer, entry.job, Event{now, u"note"_s, what}); !told)
                    return told;
                return store.finishEntry(entry.id, endNotSeen(), now);
            },
            [this](const Result<>&) { emit q->journalChanged(); });
        emit q->alarm(what);
    }
}

void Session::Private::tellCrash(const CrashTruth& truth)
{
    crash = truth;
    const QString what = describe(truth, std::nullopt, host).step;
    unfinished << what;
    note(u"note"_s, what);
    emit q->alarm(what);
    emit q->crashChanged();
}

void Session::Private::tellHeaters()
{
    if (unfinished.isEmpty() || !sample)
        return;
    QStringList hot;
    for (const auto& [name, heater] : sample->heaters) {
        if (heater.target.value_or(0) > 0)
            hot << Session::tr("%1 to %2 °C").arg(QString::fromStdString(name), QString::number(*heater.target, 'f', 0));
    }
    unfinished.clear();
    if (hot.isEmpty())
        emit q->alarm(Session::tr("No heater of %1 is on now.").arg(profile.name));
    else
        emit q->alarm(Session::tr("%1 is heating now: %2. Switch it off in the console or go on with the resume.")
                          .arg(profile.name, hot.join(QLatin1String(", "))));
}

void Session::Private::note(const QString& kind, const QString& what)
{
    const Event event{clock(), kind, what};
    archive.ask<void>(
        q, [printer = profile.id, id = job ? job->id : QString(), event](Store& store) { return store.addEvent(printer, id, event); },
        [this](const Result<>& result) {
            if (!result)
                emit q->failed(result.error());
        });
}

// ---- job and file ------------------------------------------------------------------------------------------------

void Session::Private::jobMoved(const PrintJob& moved)
{
    if (!selected || (job && job->id == moved.id))
        setJob(moved);
    updateState();
    QMetaObject::invokeMethod(q, [this] { emit q->snapshotsChanged(); }, Qt::QueuedConnection);
}

void Session::Private::setJob(const std::optional<PrintJob>& next)
{
    const bool sameFile = job && next && job->file == next->file && job->fileSize == next->fileSize;
    job = next;
    emit q->jobChanged();
    if (sameFile && (file || fetching))
        return;
    file.reset();
    preview.reset();
    fileError.reset();
    emit q->fileChanged();
    if (job)
        fetch();
}

void Session::Private::fetch()
{
    const quint64 request = ++fileRequest;
    const auto reply = [this, request](const Result<std::shared_ptr<const OpenFile>>& result) { haveFile(request, result); };
    fileError.reset();
    QString local = job->localCopy;
    if (local.isEmpty() || !QFile::exists(local))
        local = files.localCopy(profile.id, job->file, job->fileSize);
    if (driver->linkState() == link::LinkState::Connected) {
        fetching = true;
        files.fetch(profile.id, *driver, job->file, q->dialect(), q, reply);
    } else if (!local.isEmpty()) {
        fetching = true;
        opening = local;
        files.openLocal(local, q->dialect(), q, reply);
    } // else: again when the link is up
}

void Session::Private::haveFile(quint64 request, const Result<std::shared_ptr<const OpenFile>>& result)
{
    if (request != fileRequest)
        return;
    fetching = false;
    preview.reset();
    const QString local = job ? files.localCopy(profile.id, job->file, job->fileSize) : QString();
    if (result) {
        auto named = std::make_shared<OpenFile>(**result);
        if (named->remote.isEmpty() && job)
            named->remote = job->file;
        file = std::move(named);
        recorder->setFile(file);
        pruneCopies();
    } else if (!local.isEmpty() && result.error().code != ErrorCode::Cancelled) {
        // Gone or changed on the printer: the copy that was printed is still here.
        fetching = true;
        opening = local;
        files.openLocal(local, q->dialect(), q, [this, request, error = result.error()](const auto& opened) {
            if (request == fileRequest && !opened) {
                fetching = false;
                fileError = error;
                emit q->fileChanged();
            } else {
                haveFile(request, opened);
            }
        });
        return;
    } else {
        fileError = result.error();
    }
    emit q->fileChanged();
}

/// Old copies go when a new one came; those that an interrupted print of any printer needs stay.
void Session::Private::pruneCopies()
{
    archive.ask<std::vector<PrintJob>>(
        q, [](Store& store) { return store.openJobs(); },
        [this](const Result<std::vector<PrintJob>>& jobs) {
            if (!jobs)
                return; // unknown what is needed: all of it
            std::vector<FileCache::Needed> needed;
            for (const PrintJob& one : *jobs)
                needed.push_back({one.printer, one.file, one.fileSize, one.localCopy});
            if (file)
                needed.push_back({profile.id, file->remote, file->index->fileSize, file->path});
            const QStringList gone = files.prune(needed);
            if (gone.isEmpty())
                return;
            archive.ask<void>(
                q,
                [printer = profile.id, event = Event{clock(), u"note"_s, u"removed copies: "_s + gone.join(u", "_s)}](Store& store) {
                    return store.addEvent(printer, {}, event);
                },
                [](const Result<>&) {});
        });
}

/// Every session hears of every file that is read.
void Session::Private::showPreview(const std::shared_ptr<const OpenFile>& layers)
{
    const bool ours = fetching && job && (layers->remote == job->file || (layers->remote.isEmpty() && layers->path == opening));
    if (!ours || file || layers->index->size != job->fileSize)
        return;
    preview = layers;
    emit q->previewChanged();
}

// ---- getters -----------------------------------------------------------------------------------------------------

void Session::connectPrinter()
{
    d->recorder->start();
    d->driver->open();
    d->updateState();
}

void Session::disconnectPrinter()
{
    d->driver->close();
    d->updateState();
}

const Profile& Session::profile() const
{
    return d->profile;
}

void Session::setProfile(const Profile& profile)
{
    d->profile = profile;
    emit profileChanged();
    emit stateChanged();
}

PrinterState Session::state() const
{
    return d->state;
}

const std::optional<Error>& Session::lastError() const
{
    return d->lastError;
}

const link::HostInfo& Session::host() const
{
    return d->host;
}

const std::optional<recovery::Sample>& Session::sample() const
{
    return d->sample;
}

link::Driver& Session::driver()
{
    return *d->driver;
}

Recorder& Session::recorder()
{
    return *d->recorder;
}

Archive& Session::archive()
{
    return d->archive;
}

FileCache& Session::files()
{
    return d->files;
}

gcode::Dialect Session::dialect() const
{
    return d->profile.url.scheme() == u"marlin"_s ? gcode::Dialect::Marlin : gcode::Dialect::Klipper;
}

double Session::now() const
{
    return d->clock();
}

const std::optional<PrintJob>& Session::job() const
{
    return d->job;
}

void Session::selectJob(const PrintJob& job)
{
    d->selected = true;
    d->setJob(job);
    emit snapshotsChanged();
}

std::shared_ptr<const OpenFile> Session::preview() const
{
    return d->preview;
}

std::shared_ptr<const OpenFile> Session::file() const
{
    return d->file;
}

const std::optional<Error>& Session::fileError() const
{
    return d->fileError;
}

void Session::fetchFile()
{
    if (d->job && !d->fetching)
        d->fetch();
}

const std::vector<link::ConsoleLine>& Session::console() const
{
    return d->console;
}

// ---- explicit presses --------------------------------------------------------------------------------------------

QString Session::outcomeText(const Result<>& result)
{
    return result ? u"ok"_s : errorText(result.error()).what;
}

QString Session::outcomeText(const Result<link::ScriptResult>& result)
{
    if (!result)
        return errorText(result.error()).what;
    if (!result->hostReadyAfter)
        return tr("answered ok, but the host is not ready any more");
    if (!result->unknownCommands.isEmpty())
        return tr("ok; the printer does not know: %1").arg(result->unknownCommands.join(QLatin1String(", ")));
    return u"ok"_s;
}

void Session::journalled(const QString& action, const QString& what, int planStep, QObject* context,
                         std::function<void(const Result<Outcome>&)> act)
{
    JournalEntry entry;
    entry.printer = d->profile.id;
    entry.job = d->job ? d->job->id : QString();
    entry.time = now();
    entry.action = action;
    entry.text = what;
    entry.planStep = planStep;
    d->archive.ask<qint64>(
        this, [entry](Store& store) { return store.beginEntry(entry); },
        [this, act = std::move(act), context = QPointer<QObject>(context)](const Result<qint64>& id) {
            emit journalChanged();
            if (!id)
                emit failed(id.error());
            if (!context)
                return; // nobody wants it any more: it stays unsent and says so
            if (!id)
                return act(fail(id.error()));
            act(Outcome([self = QPointer<Session>(this), entryId = *id](const QString& outcome) {
                if (!self)
                    return;
                self->d->archive.ask<void>(
                    self, [entryId, outcome, time = self->now()](Store& store) { return store.finishEntry(entryId, outcome, time); },
                    [self](const Result<>& result) {
                        if (!result)
                            emit self->failed(result.error());
                        emit self->journalChanged();
                    });
            }));
        });
}

void Session::send(const QString& action, const QString& script, QObject* context, Reply reply, int planStep)
{
    journalled(action, script, planStep, this,
               [this, script, reply = std::move(reply), context = QPointer<QObject>(context)](const Result<Outcome>& written) {
                   if (!written) {
                       if (context)
                           reply(fail(written.error()));
                       return;
                   }
                   d->driver->runScript(script, this,
                                        [reply, context, done = *written](const Result<link::ScriptResult>& result) {
                                            done(outcomeText(result));
                                            if (context)
                                                reply(result);
                                        });
               });
}

const std::optional<CrashTruth>& Session::crash() const
{
    return d->crash;
}

CrashReport Session::crashReport() const
{
    const bool there = d->driver->linkState() == link::LinkState::Connected && d->host.state == link::HostState::Ready;
    return d->crash ? describe(*d->crash, there ? d->sample : std::nullopt, d->host) : CrashReport();
}

void Session::acknowledgeCrash()
{
    const auto crash = std::exchange(d->crash, std::nullopt);
    if (!crash)
        return;
    d->archive.ask<void>(
        this, [id = crash->entry, time = now()](Store& store) { return store.finishEntry(id, endNotSeen(), time); },
        [this](const Result<>& result) {
            if (!result)
                emit failed(result.error());
            emit journalChanged();
        });
    emit crashChanged();
}

void Session::Private::endEmergency(std::shared_ptr<bool> sent, const Result<Outcome>& outcome)
{
    if (std::exchange(*sent, true))
        return;
    driver->emergencyStop(q, [this, outcome](const Result<>& result) {
        if (outcome)
            (*outcome)(outcomeText(result));
        if (!result)
            emit q->failed(result.error());
    });
}

void Session::emergencyStop()
{
    // The journal comes first, but a stalled disk must not hold back an emergency stop.
    auto sent = std::make_shared<bool>(false);
    journalled(u"emergency-stop"_s, u"M112"_s, 0, this,
               [this, sent](const Result<Outcome>& written) { d->endEmergency(sent, written); });
    QTimer::singleShot(emergencyPatience, this, [this, sent] { d->endEmergency(sent, fail(ErrorCode::Timeout)); });
}

void Session::keepBedWarm(double minutes)
{
    if (!d->job) {
        emit failed(Error{.code = ErrorCode::UnknownState, .field = "bed"});
        return;
    }
    // What is still on its way to the disk counts too.
    d->archive.flush(this, [this, minutes, id = d->job->id](const Result<>&) { d->findBedTarget(id, minutes); });
}

void Session::Private::findBedTarget(const QString& id, double minutes)
{
    using Samples = std::vector<recovery::Sample>;
    archive.ask<Samples>(
        q, [id](Store& store) { return store.lastSamples(id, lastSampleCount); },
        [this, minutes](const Result<Samples>& samples) {
            std::optional<double> target;
            std::optional<ByteOffset> byte;
            for (const recovery::Sample& one : samples ? *samples : Samples()) {
                if (bedTarget(one).value_or(0) > 0)
                    target = bedTarget(one);
                if (one.filePosition)
                    byte = one.filePosition;
            }
            if (target)
                warmTo(*target, minutes);
            else
                replayBedTarget(byte, minutes);
        });
}

/// Nobody saw a target: what the file had asked for up to there.
void Session::Private::replayBedTarget(std::optional<ByteOffset> byte, double minutes)
{
    if (!file || !byte) {
        emit q->failed(Error{.code = ErrorCode::UnknownState, .field = "bed"});
        return;
    }
    replaying.disconnect();
    QObject::connect(&replaying, &JobBase::finished, q, [this, minutes] {
        const auto& target = *replaying.outcome();
        if (target)
            warmTo(*target, minutes);
        else
            emit q->failed(target.error());
    });
    replaying.start([from = file, at = *byte](JobControl&) -> Result<double> {
        const auto located = gcode::locate(*from->source, *from->index, at);
        if (!located)
            return fail(located.error());
        if (located->state.bed.value_or(0) <= 0)
            return fail(Error{.code = ErrorCode::UnknownState, .field = "bed"});
        return *located->state.bed;
    });
}

void Session::Private::warmTo(double target, double minutes)
{
    const QString script = u"M140 S"_s + QString::number(target, 'f', 1);
    q->journalled(u"keep-bed-warm"_s, script, 0, q, [this, script, minutes](const Result<Outcome>& written) {
        if (!written) {
            emit q->failed(written.error());
            return;
        }
        driver->runScript(script, q, [this, minutes, done = *written](const Result<link::ScriptResult>& result) {
            if (!result || !result->hostReadyAfter) {
                done(outcomeText(result));
                emit q->failed(result ? Error{.code = ErrorCode::KlippyNotReady, .detail = host.stateMessage.toStdString()} : result.error());
                return;
            }
            stopKeepingWarm(); // of an earlier press
            warmEnd = done;
            keepingWarm = true;
            warm.start(static_cast<int>(minutes * 60'000));
            emit q->stateChanged();
        });
    });
}

void Session::Private::stopKeepingWarm()
{
    keepingWarm = false;
    warm.stop();
    if (const auto done = std::exchange(warmEnd, nullptr))
        done(u"ok"_s);
}

void Session::Private::endWarm()
{
    keepingWarm = false;
    emit q->stateChanged();
    if (state == PrinterState::Printing)
        return stopKeepingWarm();
    q->send(u"keep-bed-warm"_s, u"M140 S0"_s, q, [this](const Result<link::ScriptResult>& result) {
        stopKeepingWarm();
        if (!result)
            emit q->alarm(Session::tr("The bed of %1 should be off by now, but that could not be sent: %2")
                              .arg(profile.name, errorText(result.error()).full()));
    });
}

bool Session::isKeepingBedWarm() const
{
    return d->keepingWarm;
}

void Session::releaseBed()
{
    if (!d->keepingWarm)
        return;
    d->stopKeepingWarm();
    emit stateChanged();
}

// ---- klipper-plr's commands --------------------------------------------------------------------------------------

namespace {

QString commandOf(Session::PlrCommand command)
{
    switch (command) {
    case Session::PlrCommand::Enable: return u"PLR_ENABLE"_s;
    case Session::PlrCommand::Disable: return u"PLR_DISABLE"_s;
    case Session::PlrCommand::Save: return u"PLR_SAVE_PRINT_STATE"_s;
    case Session::PlrCommand::Reset: return u"PLR_RESET_PRINT_DATA"_s;
    case Session::PlrCommand::SaveMesh: return u"PLR_SAVE_MESH"_s;
    case Session::PlrCommand::LoadMesh: return u"PLR_LOAD_MESH"_s;
    }
    return {};
}

/// One command of the plugin and the proof that it had its effect: its "ok" and most of its texts are no proof.
class PlrRun final : public QObject
{
public:
    using Done = std::function<void(const Result<>&)>;
    PlrRun(Session& session, Session::PlrCommand command, Done done)
        : QObject(&session), m_session(session), m_command(command), m_done(std::move(done))
    {
        connect(&session, &Session::consoleReceived, this, [this](const link::ConsoleLine& line) { m_said << line.text; });
        session.driver().readVariables(this, [this](const Result<QJsonObject>& before) {
            if (!before)
                return end(fail(before.error()));
            m_before = *before;
            send();
        });
    }

private:
    using Command = Session::PlrCommand;

    void send()
    {
        m_said.clear();
        m_session.send(u"script"_s, commandOf(m_command), this, [this](const Result<link::ScriptResult>& result) {
            if (!result)
                return end(fail(result.error()));
            if (!result->unknownCommands.isEmpty())
                return end(fail(ErrorCode::NotSupported, commandOf(m_command).toStdString()));
            if (!result->hostReadyAfter)
                return end(fail(ErrorCode::KlippyNotReady));
            verify();
        });
    }
    [[nodiscard]] bool said(QLatin1String words) const
    {
        return std::any_of(m_said.begin(), m_said.end(), [words](const QString& line) { return line.contains(words); });
    }
    void verify()
    {
        switch (m_command) {
        case Command::Enable:
            return settle(said("loss recovery enabled"_L1) || m_session.recorder().pluginArmed().value_or(false), "armed"_L1);
        case Command::Disable:
            return settle(said("loss recovery disabled"_L1) || !m_session.recorder().pluginArmed().value_or(true), "armed"_L1);
        case Command::LoadMesh:
            return m_session.driver().readStatus(this, [this](const Result<recovery::Sample>& now) {
                if (!now)
                    return end(fail(now.error()));
                const QString wanted = m_before.value("saved_mesh_profile"_L1).toString();
                settle(!wanted.isEmpty() && QString::fromStdString(now->meshProfile) == wanted, "bed_mesh.profile_name"_L1);
            });
        case Command::Save:
        case Command::Reset:
        case Command::SaveMesh:
            break;
        }
        m_session.driver().readVariables(this, [this](const Result<QJsonObject>& now) {
            if (!now)
                return end(fail(now.error()));
            verifyVariables(*now);
        });
    }
    void verifyVariables(const QJsonObject& now)
    {
        const QJsonObject state = now.value("resume_meta_info"_L1).toObject();
        if (m_command == Command::SaveMesh)
            return settle(!now.value("saved_mesh_profile"_L1).toString().isEmpty(), "saved_mesh_profile"_L1);
        if (m_command == Command::Reset)
            return settle(state.isEmpty(), "resume_meta_info"_L1);
        const QJsonObject old = m_before.value("resume_meta_info"_L1).toObject();
        settle(!state.isEmpty() && state.value("save_time"_L1) != old.value("save_time"_L1), "resume_meta_info.save_time"_L1);
    }
    void settle(bool happened, QLatin1String field)
    {
        if (happened)
            end({});
        else
            end(fail(badReply(field, m_said.join(u'\n'))));
    }
    void end(const Result<>& result)
    {
        deleteLater();
        m_done(result);
    }

    Session& m_session;
    Command m_command;
    Done m_done;
    QJsonObject m_before;
    QStringList m_said;
};

/// Puts a copy of variables.cfg back: the torn file is fetched and stored beside it, then it is overwritten and the host
/// restarted. No step runs before the one in front of it was acknowledged.
class VariablesRestore final : public QObject
{
public:
    using Done = std::function<void(const Result<>&)>;
    VariablesRestore(Session& session, VariablesCopy copy, Done done)
        : QObject(&session), m_session(session), m_copy(std::move(copy)), m_done(std::move(done))
    {
        m_patience.setSingleShot(true);
        connect(&m_patience, &QTimer::timeout, this, [this] { end(fail(ErrorCode::Timeout)); });
    }
    void start()
    {
        QFile file(m_folder.filePath(u"good"_s));
        if (!file.open(QIODevice::WriteOnly) || file.write(m_copy.text) != m_copy.text.size() || !file.flush())
            return end(fail(ErrorCode::WriteFailed, file.errorString().toStdString(), file.fileName().toStdString()));
        m_session.driver().listFiles(u"config"_s, this, [this](const Result<std::vector<link::RemoteFile>>& files) {
            if (!files)
                return end(fail(files.error()));
            bool there = false;
            for (const link::RemoteFile& one : *files) {
                if (one.path == u"variables.cfg"_s || (!there && one.path.endsWith(u"/variables.cfg"_s)))
                    m_path = one.path, there = true;
            }
            if (there)
                keepTorn();
            else
                putBack();
        });
    }

private:
    [[nodiscard]] QString local(const QString& name) const { return m_folder.filePath(name); }

    void keepTorn()
    {
        m_session.driver().download(u"config"_s, m_path, local(u"torn"_s), 0, {}, this, [this](const Result<link::RemoteFile>& got) {
            if (!got)
                return end(fail(got.error()));
            const auto time = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(m_session.now() * 1000), Qt::UTC);
            const QString kept = m_path + u".torn-"_s + time.toString(u"yyyyMMdd-HHmmss"_s);
            upload(local(u"torn"_s), kept, false, [this] { putBack(); });
        });
    }
    void putBack()
    {
        upload(local(u"good"_s), m_path, true, [this] { restart(); });
    }
    void upload(const QString& from, const QString& to, bool overwrite, const std::function<void()>& next)
    {
        m_session.journalled(u"upload"_s, u"config/"_s + to, 0, this, [=, this](const Result<Session::Outcome>& written) {
            if (!written)
                return end(fail(written.error()));
            m_session.driver().upload(from, u"config"_s, to, overwrite, {}, this,
                                      [this, next, done = *written](const Result<link::RemoteFile>& result) {
                                          done(result ? u"ok"_s : errorText(result.error()).what);
                                          if (!result)
                                              return end(fail(result.error()));
                                          next();
                                      });
        });
    }
    void restart()
    {
        m_session.journalled(u"restart"_s, u"RESTART"_s, 0, this, [this](const Result<Session::Outcome>& written) {
            if (!written)
                return end(fail(written.error()));
            connect(&m_session.driver(), &link::Driver::hostChanged, this, [this](const link::HostInfo& host) { watch(host); });
            m_patience.start(restartPatience);
            m_session.driver().restartHost(false, this, [this, done = *written](const Result<>& result) {
                done(Session::outcomeText(result));
                if (!result)
                    end(fail(result.error()));
            });
        });
    }
    void watch(const link::HostInfo& host)
    {
        if (host.state == link::HostState::Ready)
            return end({});
        if (host.state != link::HostState::Error)
            m_leftError = true;
        else if (m_leftError)
            end(fail(ErrorCode::Refused, host.stateMessage.toStdString()));
    }
    void end(const Result<>& result)
    {
        if (std::exchange(m_ended, true))
            return;
        deleteLater();
        m_done(result);
    }

    Session& m_session;
    VariablesCopy m_copy;
    Done m_done;
    QTemporaryDir m_folder;
    QString m_path = u"variables.cfg"_s;
    QTimer m_patience;
    bool m_leftError = false, m_ended = false;
};

} // namespace

void Session::plrCommand(PlrCommand command, QObject* context, std::function<void(const Result<>&)> reply)
{
    new PlrRun(*this, command, [reply = std::move(reply), context = QPointer<QObject>(context)](const Result<>& result) {
        if (context)
            reply(result);
    });
}

void Session::restoreVariables(const VariablesCopy& copy, QObject* context, std::function<void(const Result<>&)> reply)
{
    if (d->state == PrinterState::Printing || d->state == PrinterState::Paused) // the restart would end the print
        return QMetaObject::invokeMethod(context, [reply = std::move(reply)] { reply(fail(ErrorCode::Busy)); }, Qt::QueuedConnection), void();
    auto* restore = new VariablesRestore(*this, copy, [reply = std::move(reply), context = QPointer<QObject>(context)](const Result<>& result) {
        if (context)
            reply(result);
    });
    restore->start();
}

} // namespace kintsugi::app
