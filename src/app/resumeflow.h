// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <QObject>

#include "recovery/firstlayer.h"
#include "recovery/gate.h"
#include "recovery/meshrestore.h"
#include "recovery/plan.h"
#include "recovery/planpicture.h"
#include "recovery/resumemachine.h"
#include "recovery/stopinterval.h"
#include "recovery/xycheck.h"
#include "session.h"
#include "touchrun.h"

namespace kintsugi::app {

/// What the person said on "What happened" and "Printer and part".
struct Statements {
    recovery::StopCause cause = recovery::StopCause::Unknown;
    bool partStuck = false;        ///< push test done
    bool nothingMoved = false;     ///< nobody moved head, bed or part
    recovery::NozzleContact contact = recovery::NozzleContact::Unknown;
    std::optional<double> declaredZ; ///< mm, for touch and keep; touch without it is led by hand while the plan runs
    std::optional<double> removedTo; ///< mm, plastic was taken away down to this height
    bool lookAtPrime = false;      ///< the run waits at the prime until somebody says that plastic came out
    bool supplyStayed = false;     ///< the supply of the motors was on all the time
    bool heaterRepaired = false;   ///< the cause of a heater's fault was found and repaired
    bool homeThrice = false;       ///< X and Y are homed three times and the spread is looked at
    recovery::FirstLayerWishes firstLayer;
};

/// A cause with the evidence for and against it, likeliest first.
struct CauseEvidence {
    recovery::StopCause cause;
    double likelihood = 0;          ///< 0..1, to sort by
    std::vector<Message> evidence;
};

/// What stays on behind "stop and lift".
struct StopChoice {
    bool keepBed = true;           ///< at its target, so that the part holds
    bool keepNozzle = false;       ///< at standby: it does not freeze to what it touches, and may ooze
};

/// What was printed twice or left open, as it was said before the start.
struct ResumeReport {
    QString originalFile, resumeFile;
    ByteOffset byte = 0;
    double startedAt = 0, finishedAt = 0;
    double printedTwiceMm = 0, leftOpenMm = 0;
    bool completed = false;
    bool dryRun = false;            ///< nothing was printed
    QString endState;
    std::vector<QString> done;      ///< step by step, with times
};

/// How far the restoring of the bed mesh has come. Each step but the waiting ones is one explicit press.
struct MeshRestore {
    enum class Stage { Idle, Reading, Proposed, Writing, Restarting, Restored, Undoing };
    Stage stage = Stage::Idle;
    QString profile;               ///< the program's own profile that holds the recorded points
    QString difference;            ///< unified, of printer.cfg; from Proposed on
    QString keptAs;                ///< where the old printer.cfg lies beside the new one; from Writing on
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
    /// What a method would be worth now: its uncertainty, what speaks against it, and the layer it is measured by.
    struct ZJudgement {
        recovery::ZUncertainty uncertainty;  ///< empty for a touch, which knows it when it is done
        bool engine = true;                  ///< false: this program cannot run it yet
        std::vector<Message> missing;
        double layerHeight = 0;              ///< mm; 0 = not known
        std::optional<recovery::ZProven> proven; ///< by a drill with this method on this printer
    };
    [[nodiscard]] ZJudgement judge(recovery::ZMethod method) const;
    void setOwnLines(const std::map<std::string, std::vector<std::string>>& lines);
    void setWay(recovery::run::Way way);
    [[nodiscard]] recovery::run::Way way() const;
    /// Of the next arm() and launch(): the plan's ways without the print, every step waiting for pressStep(). plan() and gate()
    /// are the dry run's meanwhile; when it has ended they are the real ones again, and what it registered is held.
    void setDryRun(bool on);
    [[nodiscard]] bool isDryRun() const;
    /// Z as a run registered it, in the machine's own mm; the next plan begins from it. Gone as soon as a motor was let go, the
    /// host was down, the link dropped or another method was chosen.
    [[nodiscard]] std::optional<double> heldZ() const;
    void registerAgain();                                ///< the next plan registers Z anew

    /// Lines the printer's configuration would run around its own recovery, by place, for setOwnLines(); empty when none.
    [[nodiscard]] std::map<std::string, std::vector<std::string>> suggestedOwnLines() const;

    /// The mesh: what to do about it as of the last planned(). Order: proposeMesh() -> difference -> restoreMesh() (writes
    /// printer.cfg, keeps the old one beside it, restarts the host; refused once Z is registered or something runs) -> the
    /// plan loads the own profile -> after the print undoMesh(). Progress by meshChanged, errors by failed.
    [[nodiscard]] const recovery::MeshAdvice& meshAdvice() const;
    [[nodiscard]] const MeshRestore& meshRestore() const;
    void proposeMesh();                                  ///< sends only queries
    void restoreMesh();                                  ///< writes exactly what was proposed
    [[nodiscard]] bool canUndoMesh() const;
    void undoMesh();                                     ///< puts the old text back unless somebody else changed it; restarts the host

    /// klipper-plr's own data. Progress by pluginDataChanged, errors by failed.
    [[nodiscard]] bool canResetPluginData() const;       ///< the resume ended well and the plugin still holds a state
    void resetPluginData();                              ///< PLR_RESET_PRINT_DATA, read back
    [[nodiscard]] bool canWritePluginState() const;      ///< the plugin is there and a snapshot is chosen
    void writePluginState();                             ///< resume_meta_info = the chosen snapshot, for the person's own macros
    [[nodiscard]] bool isPluginStateWritten() const;
    void restorePluginState();                           ///< the text that stood there before

    void replan();                                       ///< plan and gate again, with fresh facts of the printer
    [[nodiscard]] const std::optional<recovery::Plan>& plan() const;
    [[nodiscard]] const std::optional<Error>& planError() const;
    [[nodiscard]] std::shared_ptr<const recovery::PlanPicture> picture() const; ///< of the plan; nullptr without one
    [[nodiscard]] const std::vector<recovery::GateCheck>& gate() const;
    /// What the printer reported while it printed against what the file says there, by cause, most serious first.
    [[nodiscard]] const std::vector<Message>& conflicts() const;
    [[nodiscard]] bool gateIsOpen() const;
    [[nodiscard]] QString planText() const;              ///< the full text that is sent before the original's bytes
    void savePlan(const QString& path);                  ///< writes the resume file locally; answered by saved or failed

    void arm();                                          ///< first press: writes and uploads the file (new file), checks the gate again
    void letGo(QObject* context, std::function<void()> then); ///< nobody waits any more: the idle timer as it was; answered once
    void launch();                                       ///< second press: checks the gate once more, then sends the steps
    void disarm();
    void stopAfterStep();
    void stopAndLift(const StopChoice& choice = {});
    void pausePrint();                                   ///< while it prints: the printer's own PAUSE, and its RESUME
    void goOnPrinting();
    [[nodiscard]] bool isPaused() const;
    /// Shifts all that follows by `step` mm (0.01 to 0.1), at most 1 mm in total, until the print ends. Errors by failed.
    void nudge(char axis, double step);
    [[nodiscard]] std::array<double, 2> nudged() const;  ///< mm, X and Y so far
    [[nodiscard]] bool canNudge() const;
    /// Of the homings of this run, once they are done; nullopt when the printer does not tell its motors' steps.
    [[nodiscard]] std::optional<recovery::xy::Spread> homingSpread() const;
    void homingSeen(bool good);                          ///< false: homes once more
    [[nodiscard]] const std::vector<Message>& firstLayerNotes() const; ///< of the run: what of the wishes cannot be held
    [[nodiscard]] bool isFirstLayerGentle() const;       ///< in force now
    void emergencyStop();
    [[nodiscard]] const recovery::run::State& runState() const;
    /// 0-based index into the plan's steps that runs now, also while they run inside the resume file; -1 = none yet,
    /// the number of steps = the original's bytes are being printed.
    [[nodiscard]] int currentStep() const;
    /// What the run waits for a person to do, changes with runStateChanged. A touch is led through touch(); when all its
    /// places are done registration() is there, to be accepted or done again.
    [[nodiscard]] recovery::Hand hand() const;
    [[nodiscard]] const std::optional<TouchPlan>& touchPlan() const; ///< of the plan; none when it has no touch in it
    [[nodiscard]] TouchRun* touch() const;
    [[nodiscard]] std::optional<recovery::touch::Registration> registration() const;
    void acceptRegistration();
    void touchAgain();
    void primeSeen(bool cameOut);
    void pressStep();                                    ///< of a dry run: the step that waits is sent
    [[nodiscard]] const std::optional<ResumeReport>& report() const;

signals:
    void busyChanged(bool busy, double fraction);
    void analysed();
    void candidatesChanged();
    void chosenChanged();
    void planned();
    void runStateChanged();
    void meshChanged();
    void pluginDataChanged();
    void saved(const QString& path);
    void finished();                                     ///< report() is there
    void failed(const kintsugi::Error& error);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::app
