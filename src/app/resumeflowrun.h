// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include <QObject>

#include "livechanges.h"
#include "resumeflow.h"
#include "touchrun.h"

namespace kintsugi::app {

/// One run of an armed plan: executes what recovery::run::step() asks for and feeds it what happens.
class ResumeRun final : public QObject
{
    Q_OBJECT
public:
    struct Setup {
        recovery::Plan plan;
        recovery::PrinterFacts printer;
        std::optional<TouchPlan> touch;          ///< of a step with a touch in it
        std::optional<ProbePlan> probe;          ///< of steps that probe the free bed
        std::optional<double> idleTimeout;       ///< s, of a printer whose timer can be put off
        bool timerHeld = false;                  ///< a run before this one has put it off already
        recovery::run::Way way = recovery::run::Way::NewFile;
        QString startFile;                       ///< what is started: the resume file, or the original
        std::optional<recovery::FirstLayer> firstLayer; ///< what the printer is told while it prints it
        std::optional<recovery::KlipperConfig> config;  ///< for the steps of its motors
        std::optional<double> standby;           ///< °C, of a nozzle that is kept
        std::vector<ByteOffset> stepBegins;      ///< new file: where each step begins in it, ascending; then the tail
        ResumeReport said;                       ///< what was said before the start
    };
    ResumeRun(Session& session, Setup setup, QObject* parent);
    ~ResumeRun() override;

    void launch();                               ///< the second press: what is begun is written down first

    void feed(const recovery::run::Event& event);
    [[nodiscard]] const recovery::run::State& state() const { return m_state; }
    [[nodiscard]] int currentStep() const { return m_currentStep; } ///< 0-based; -1 = none yet, size of the plan = tail reached
    [[nodiscard]] const ResumeReport& report() const { return m_report; }
    [[nodiscard]] bool isUnderWay() const;
    [[nodiscard]] bool isArmed() const;

    /// What the run waits for a person to do; None while it goes on by itself.
    [[nodiscard]] recovery::Hand hand() const { return m_hand; }
    [[nodiscard]] TouchRun* touch() const { return m_touch.get(); }
    [[nodiscard]] const std::optional<recovery::touch::Registration>& registration() const { return m_registration; }
    void acceptRegistration();                   ///< declares Z as it was found, reads it back and goes on
    void touchAgain();                           ///< all places once more
    void primeSeen(bool cameOut);                ///< false: primes once more
    void chooseStop(const StopChoice& choice) { m_stop = choice; }
    void pause();
    void goOn();
    [[nodiscard]] bool isPaused() const { return m_paused; }
    void nudge(char axis, double step);
    [[nodiscard]] bool canNudge() const;
    [[nodiscard]] const std::array<double, 2>& nudged() const { return m_nudged; }
    [[nodiscard]] std::optional<recovery::xy::Spread> homingSpread() const;
    void homingSeen(bool good);
    [[nodiscard]] const LiveChanges& changes() const { return m_changes; }
    void pressStep();                            ///< of a dry run: sends the step that waits
    [[nodiscard]] bool isRegistered() const { return m_registered; } ///< Z was declared as it is, and nobody let go since
    [[nodiscard]] bool keepsZ() const { return !m_setup.plan.declares; } ///< Z is as it was at the stop
    [[nodiscard]] bool isLifted() const { return m_lifted; }
    [[nodiscard]] bool holdsTimer() const { return m_held; }         ///< also behind a dry run, for the real start

signals:
    void changed();
    void ended();
    void settled();                              ///< the head has been lifted behind the end
    void failed(const kintsugi::Error& error);

private:
    void take(const recovery::run::Event& event);
    void act(const recovery::run::Action& action);
    void sendStep(std::size_t step);
    void stepAnswered(std::size_t step, const Result<link::ScriptResult>& result);
    void askHand(std::size_t step);
    void beginTouch();
    void haveTouched();
    void declare(double z);
    void checkDeclared(double z);
    void checkReadBack(double z, void (ResumeRun::*then)());
    void readProbe(std::size_t step);
    void haveReading(std::size_t step, const link::ProbeResult& result, double toolhead);
    void registerFromProbe();
    void handDone();
    void endHand();
    void checkMotors(const recovery::Sample& sample);
    void hold(bool longer, std::function<void(const Result<>&)> then);
    void startTail();
    void tailAnswered(const Result<>& result);
    void liftAndHold();
    void lift();
    void readState();
    void readMotors(std::size_t step);
    void followLayer(const recovery::Sample& sample);
    void endLayer(const recovery::Sample& sample);
    void putAllBack();
    [[nodiscard]] std::optional<ByteOffset> originalAt(const recovery::Sample& sample) const;
    void look(const recovery::Sample& sample);
    void confirmEnd();
    void judge(const recovery::Sample& sample, bool afterDrop);
    void follow(const recovery::Sample& sample);
    [[nodiscard]] RunRecord record() const;
    void setCurrentStep(int step);
    [[nodiscard]] bool isDryRun() const { return m_setup.way == recovery::run::Way::DryRun; }
    void note(const QString& what);
    void writeReport();
    [[nodiscard]] std::size_t sentSteps() const;
    [[nodiscard]] recovery::run::Event problem(std::size_t step, const Error& error) const;

    Session& m_session;
    Setup m_setup;
    recovery::run::State m_state;
    ResumeReport m_report;
    std::deque<recovery::run::Event> m_events;
    Session::Outcome m_end;                      ///< of the run's own line of the journal: without it the next start tells of a crash
    int m_currentStep = -1;
    recovery::Hand m_hand = recovery::Hand::None;
    std::unique_ptr<TouchRun> m_touch;
    std::optional<recovery::touch::Registration> m_registration;
    StopChoice m_stop;
    LiveChanges m_changes;
    std::vector<std::map<std::string, long>> m_motors; ///< their steps after each homing
    std::array<double, 2> m_nudged{};            ///< mm
    bool m_paused = false, m_layerBegun = false, m_layerEnded = false;
    std::vector<recovery::freespot::Reading> m_readings;
    bool m_held = false;                         ///< the idle timer is put off
    bool m_accepted = false;                     ///< of the registration
    bool m_pressed = false;                      ///< for the step of a dry run
    bool m_registered = false, m_lifted = false;
    bool m_zDeclared = false, m_zSeen = false;   ///< a step declared Z; the printer was seen to hold it
    bool m_taking = false, m_tailAcknowledged = false, m_tailSent = false, m_wantsState = false, m_confirming = false;
};

} // namespace kintsugi::app
