// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <vector>

#include <QJsonObject>
#include <QStringList>

#include "driver.h"
#include "recovery/plan.h"
#include "recovery/resumemachine.h"
#include "store.h"

/// The truth after a crash of this program in the middle of a resume: what the journal and the printer tell, in words.
/// Nothing in here sends anything.
namespace kintsugi::app {

/// What a run writes into the journal before its first command, as plain lines that a person reads too.
struct RunRecord {
    struct Step {
        int n = 0;                            ///< as in the plan
        recovery::StepKind kind{};
        QString title;
        std::optional<ByteOffset> begin;      ///< byte of the resume file, when it stands in one
    };
    recovery::run::Way way = recovery::run::Way::NewFile;
    QString file;                             ///< that is started, or would be
    ByteOffset byte = 0;                      ///< of the original
    std::optional<double> idleTimeout;        ///< s, as it was before
    std::optional<ByteOffset> tail;           ///< byte of the resume file at which the original's bytes begin
    std::vector<Step> steps;                  ///< without the print itself
};
[[nodiscard]] QString recordText(const RunRecord& record);
[[nodiscard]] std::optional<RunRecord> readRecord(const QString& text);
/// Journal actions of such a line.
inline constexpr QLatin1StringView resumeAction("resume"), dryRunAction("dry-run");
/// Begins a line of an entry that says how to undo it; such an entry stays unfinished while it is in force.
inline constexpr QLatin1StringView restoreMark("; restore: ");
/// Result of an entry whose end nobody saw.
[[nodiscard]] QString endNotSeen();

/// A run that never came to its end, by the journal alone.
struct CrashTruth {
    enum class Phase {
        NotBegun,   ///< nothing was sent
        Sending,    ///< `step` was written down to be sent; whether the printer did it, nobody saw
        Between,    ///< `step` was answered, the next one was not begun
        Starting,   ///< the file was being started
        Started,    ///< the printer works through the file by itself
    };
    qint64 entry = 0;                         ///< of the journal
    RunRecord record;
    Phase phase = Phase::NotBegun;
    int step = 0;                             ///< from 1
    double began = 0, last = 0;               ///< s since epoch UTC: of the run, of its last command
    QString lastCommand;                      ///< its text
    bool lifted = false;                      ///< a lift was answered: the nozzle is off the part
    bool zDeclared = false;                   ///< a declaration or registration of Z was answered
    bool zPerhaps = false;                    ///< or it was sent, and nobody saw its end
    std::map<QString, double> told;           ///< heater -> target in °C as last told, also when its end was not seen
    QStringList inForce;                      ///< lines that would undo what the run changed for a while
};
/// Of the newest run without an end; `journal` in any order. nullopt: none.
[[nodiscard]] std::optional<CrashTruth> crashTruth(std::vector<JournalEntry> journal);
/// Of a run whose process is dead.
[[nodiscard]] Result<std::optional<CrashTruth>> readCrash(Store& store, const QString& printer);

/// The same and the printer of now, in sentences.
struct CrashReport {
    QString step, heaters, head;
    QStringList changed;                      ///< what is still in force and how it is undone
    QStringList can;                          ///< what the person can do
    bool goesOn = false;                      ///< the printer prints
};
/// `now`: nullopt while the printer does not answer.
[[nodiscard]] CrashReport describe(const CrashTruth& truth, const std::optional<recovery::Sample>& now, const link::HostInfo& host);

[[nodiscard]] QJsonObject toJson(const CrashTruth& truth, const CrashReport& report);

} // namespace kintsugi::app
