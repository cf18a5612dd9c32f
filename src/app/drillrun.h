// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QObject>
#include <QTemporaryDir>

#include "recovery/drill.h"
#include "session.h"

namespace kintsugi::app {

/// The first half of a drill: prints the test part and has it stopped in the middle of the layer of the seam. Then the usual
/// resume takes over. Everything that is sent is journalled first; nothing is sent before start().
class DrillRun final : public QObject
{
    Q_OBJECT
public:
    enum class StopBy { Program, Person }; ///< emergency stop (M112), or a person pulls the plug
    enum class Phase {
        Idle,
        Checking,   ///< asks the printer
        Uploading,
        Starting,
        Printing,   ///< below the seam
        Near,       ///< in the layer of the seam: be ready
        Stop,       ///< now: M112 was sent, or the plug is to be pulled
        Stopped,    ///< the job is interrupted, where it was meant to be
        Failed
    };
    struct Setup {
        recovery::drill::Part part{};
        bool inTheMiddle = true; ///< of the bed that the printer's configuration tells, else where the part says
        StopBy stopBy = StopBy::Program;
        bool bedEmpty = false; ///< a person looked
    };
    DrillRun(Session& session, Setup setup, QObject* parent = nullptr);
    ~DrillRun() override;

    /// The explicit press. Refused (failed): the bed not declared empty, something prints or is queued, a job is interrupted
    /// and not resumed, the printer is not ready, a part that does not fit.
    void start();
    /// Watches no longer: the program will stop nothing. What prints goes on.
    void abandon();
    /// A press of its own after an emergency stop: the firmware is down until it is restarted.
    void restartFirmware();

    [[nodiscard]] Phase phase() const { return m_phase; }
    [[nodiscard]] const Setup& setup() const { return m_setup; } ///< its part is the one printed, once it is uploaded
    [[nodiscard]] bool isUnderWay() const;
    [[nodiscard]] QString remoteFile() const { return m_remote; }
    /// Of the bytes up to the stop, 0..1.
    [[nodiscard]] double progress() const { return m_progress; }
    [[nodiscard]] const std::optional<Error>& error() const { return m_error; }
    /// What is under way or to do, in one sentence.
    [[nodiscard]] QString words() const;

signals:
    void changed();
    void stopNow();                 ///< a person pulls the plug
    void stopped();                 ///< begin a ResumeFlow
    void failed(const kintsugi::Error& error);

private:
    void look();
    void haveReadiness(const Result<link::Readiness>& readiness);
    void haveSettings(const Result<QJsonObject>& settings);
    [[nodiscard]] Result<> write();
    void upload();
    void print();
    void sampled(const recovery::Sample& sample);
    void interrupted(const PrintJob& job);
    void ended(const PrintJob& job);
    void enter(Phase phase);
    void fails(Error error);

    Session& m_session;
    Setup m_setup;
    Phase m_phase = Phase::Idle;
    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_local, m_remote;
    ByteOffset m_from = 0, m_at = 0, m_to = 0;
    double m_progress = 0;
    std::optional<Error> m_error;
};

} // namespace kintsugi::app
