// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <QString>
#include <QUrl>

#include "base/result.h"
#include "recovery/sample.h"
#include "recovery/snapshot.h"
#include "recovery/stopinterval.h"

namespace kintsugi::app {

enum class JobState { Printing, Completed, Cancelled, Interrupted };

/// One print of one file, from start to its end or interruption.
struct PrintJob {
    QString id;                       ///< of the store
    QString printer, file, remoteId;  ///< remoteId: the server's job id, empty when it has none
    quint64 fileSize = 0;
    JobState state = JobState::Printing;
    double startTime = 0;             ///< s since epoch UTC
    std::optional<double> endTime;
    recovery::StopCause cause = recovery::StopCause::Unknown;
    QString localCopy;                ///< path of our copy of the file, empty when not fetched
    QString resumedFrom;              ///< job id this one continues; points to the original's bytes
    ByteOffset resumedAt = 0;         ///< byte of the original
};

/// One line of the journal: written before the command is sent, completed after.
struct JournalEntry {
    qint64 id = 0;
    QString printer, job;
    double time = 0;
    QString action;                   ///< "script", "upload", "start-at", "emergency-stop", …
    QString text;                     ///< the commands, or what was done
    int planStep = 0;                 ///< from 1, 0 = none
    QString result;                   ///< empty = sent, nothing known yet
    std::optional<double> finished;
    QString owner;                   ///< set by the store: the process that wrote it
};

/// A copy of variables.cfg.
struct VariablesCopy {
    qint64 id = 0;
    double time = 0;                  ///< s since epoch UTC
    QByteArray text;
    bool good = true;                 ///< Klipper would start with it
};

/// printer.cfg as this program changed it, until it is put back.
struct ConfigRepair {
    qint64 id = 0;
    double time = 0;                  ///< s since epoch UTC
    QByteArray before, after;         ///< whole texts
    QString keptAs;                   ///< where the old text lies beside the new one
};

struct Event { double time = 0; QString kind, text; }; ///< kind: "interrupted", "alarm", "console-error", "host", "link", "note"

/// History on disk, append-only. One schema, SQLite (WAL, synchronous=FULL) or PostgreSQL by URL. Synchronous: lives on
/// one thread; the GUI uses Archive. Everything returned was acknowledged by the database.
/// Errors: StoreUnavailable, StoreDamaged (the file was set aside under the name in `file` and a new one begun), StoreTooNew, DiskFull.
class Store
{
public:
    /// file:///…/history.sqlite, postgresql://user@host/db; empty = defaultUrl(). ?max_page_count=N bounds a SQLite file.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const QUrl& url);
    [[nodiscard]] static QUrl defaultUrl();
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Set when a damaged file was set aside on opening.
    [[nodiscard]] std::optional<Error> openingNotice() const;

    [[nodiscard]] Result<> appendSamples(const QString& printer, const QString& job, const std::vector<recovery::Sample>& samples);
    [[nodiscard]] Result<qint64> addSnapshot(const recovery::Snapshot& snapshot);
    [[nodiscard]] Result<> setSnapshotNote(qint64 id, const QString& note, bool pinned);
    [[nodiscard]] Result<QString> beginJob(const PrintJob& job);   ///< returns the id: the job's own, a new one when empty; twice the same id is once
    /// An empty localCopy, resumedFrom or resumedAt leaves what is stored: another process may have said it.
    [[nodiscard]] Result<> updateJob(const PrintJob& job);
    [[nodiscard]] Result<> setResumed(const QString& job, const QString& from, ByteOffset at); ///< what it continues, nothing else
    [[nodiscard]] Result<qint64> beginEntry(const JournalEntry& entry);
    [[nodiscard]] Result<> finishEntry(qint64 id, const QString& result, double time);
    [[nodiscard]] Result<qint64> addVariables(const QString& printer, const VariablesCopy& copy); ///< an equal newest copy is not stored twice
    [[nodiscard]] Result<qint64> addRepair(const QString& printer, const ConfigRepair& repair);
    [[nodiscard]] Result<> endRepairs(const QString& printer);     ///< the old text stands there again
    [[nodiscard]] Result<> addEvent(const QString& printer, const QString& job, const Event& event);

    [[nodiscard]] Result<std::vector<PrintJob>> jobs(const QString& printer, int limit = 50) const;      ///< newest first
    /// The newest job of every printer unless it ended well, and what it continues: their files are still needed.
    [[nodiscard]] Result<std::vector<PrintJob>> openJobs() const;
    [[nodiscard]] Result<std::vector<recovery::Sample>> samples(const QString& job, double from, double to, int limit) const; ///< ascending
    [[nodiscard]] Result<std::vector<recovery::Sample>> lastSamples(const QString& job, int count) const;  ///< ascending
    /// The last sample in which the host had nothing planned, and those of the seconds after it, ascending; none when it had
    /// little planned since (recovery::plannedEnough).
    [[nodiscard]] Result<std::vector<recovery::Sample>> samplesFromStandstill(const QString& job, double seconds) const;
    [[nodiscard]] Result<std::vector<recovery::Snapshot>> snapshots(const QString& printer, const QString& job, int limit = 1000) const; ///< ascending; job empty = all
    [[nodiscard]] Result<std::vector<JournalEntry>> journal(const QString& printer, int limit = 500) const; ///< newest first
    [[nodiscard]] Result<std::vector<JournalEntry>> unfinishedEntries(const QString& printer) const;
    [[nodiscard]] Result<std::vector<VariablesCopy>> variables(const QString& printer, int limit = 50) const; ///< newest first
    [[nodiscard]] Result<std::optional<ConfigRepair>> openRepair(const QString& printer) const; ///< the newest that was not put back
    [[nodiscard]] Result<std::vector<Event>> events(const QString& job) const;
    /// Lets one recorder own a printer until this store closes or its process dies (advisory lock on PostgreSQL, a lock file
    /// beside the SQLite file). Busy when taken.
    [[nodiscard]] Result<> claimPrinter(const QString& printer);
    /// Whether the process that began the unfinished entry still lives and will finish it.
    [[nodiscard]] bool isUnderWay(const JournalEntry& entry);

private:
    Store();
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::app
