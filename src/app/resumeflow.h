// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <QObject>

#include "recovery/gate.h"
#include "recovery/plan.h"
#include "recovery/resumemachine.h"
#include "recovery/stopinterval.h"
#include "session.h"

namespace kintsugi::app {

/// What the person said on "What happened" and "Printer and part".
struct Statements {
    recovery::StopCause cause = recovery::StopCause::Unknown;
    bool partStuck = false;        ///< push test done
    bool nothingMoved = false;     ///< nobody moved head, bed or part
    recovery::NozzleContact contact = recovery::NozzleContact::Unknown;
    std::optional<double> declaredZ; ///< mm, for touch and keep
};

/// A cause with the evidence for and against it, likeliest first.
struct CauseEvidence {
    recovery::StopCause cause;
    double likelihood = 0;          ///< 0..1, to sort by
    std::vector<Message> evidence;
};

/// What was printed twice or left open, as it was said before the start.
struct ResumeReport {
    QString originalFile, resumeFile;
    ByteOffset byte = 0;
    double startedAt = 0, finishedAt = 0;
    double printedTwiceMm = 0, leftOpenMm = 0;
    bool completed = false;
    QString endState;
    std::vector<QString> done;      ///< step by step, with times
};

/// The main job: from an interrupted job to a running print. Holds no widgets; a page (or the CLI) shows it.
/// Order: begin() -> analysed -> choose() -> planned -> arm() -> launch() -> finished. Every getter is valid after its signal.
class ResumeFlow final : public QObject
{
    Q_OBJECT
public:
    explicit ResumeFlow(Session& session, QObject* parent = nullptr);
    ~ResumeFlow() override;

    /// Reads samples, file and printer of the interrupted job; sends only queries.
    void begin(const PrintJob& job);
    [[nodiscard]] bool isBusy() const;
    [[nodiscard]] const std::optional<PrintJob>& job() const;
    [[nodiscard]] std::shared_ptr<const OpenFile> file() const;
    [[nodiscard]] const std::vector<CauseEvidence>& causes() const;
    [[nodiscard]] const std::optional<recovery::StopInterval>& stop() const;
    [[nodiscard]] const std::vector<recovery::ResumeCandidate>& candidates() const; ///< the recommended one first

    void setStatements(const Statements& statements);   ///< a changed cause gives a new stop interval and candidates
    [[nodiscard]] const Statements& statements() const;
    void choose(ByteOffset byte);                        ///< any byte of the original
    void chooseSnapshot(const recovery::Snapshot& snapshot);
    [[nodiscard]] const std::optional<recovery::ResumeCandidate>& chosen() const;
    [[nodiscard]] const std::optional<recovery::Snapshot>& snapshot() const;
    [[nodiscard]] Result<> editField(const QString& key, const QString& value, const QString& reason);
    void setZMethod(recovery::ZMethod method);
    [[nodiscard]] recovery::ZMethod zMethod() const;
    void setOwnLines(const std::map<std::string, std::vector<std::string>>& lines);
    void setWay(recovery::run::Way way);
    [[nodiscard]] recovery::run::Way way() const;

    void replan();                                       ///< plan and gate again, with fresh facts of the printer
    [[nodiscard]] const std::optional<recovery::Plan>& plan() const;
    [[nodiscard]] const std::optional<Error>& planError() const;
    [[nodiscard]] const std::vector<recovery::GateCheck>& gate() const;
    [[nodiscard]] bool gateIsOpen() const;
    [[nodiscard]] QString planText() const;              ///< the full text that is sent before the original's bytes
    void savePlan(const QString& path);                  ///< writes the resume file locally; answered by saved or failed

    void arm();                                          ///< first press: writes and uploads the file (new file), checks the gate again
    void launch();                                       ///< second press: checks the gate once more, then sends the steps
    void disarm();
    void stopAfterStep();
    void stopAndLift();
    void emergencyStop();
    [[nodiscard]] const recovery::run::State& runState() const;
    /// 0-based index into the plan's steps that runs now, also while they run inside the resume file; -1 = none yet,
    /// the number of steps = the original's bytes are being printed.
    [[nodiscard]] int currentStep() const;
    [[nodiscard]] const std::optional<ResumeReport>& report() const;

signals:
    void busyChanged(bool busy, double fraction);
    void analysed();
    void candidatesChanged();
    void chosenChanged();
    void planned();
    void runStateChanged();
    void saved(const QString& path);
    void finished();                                     ///< report() is there
    void failed(const kintsugi::Error& error);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::app
