// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>

#include <QObject>

#include "recovery/freespot.h"
#include "recovery/touch.h"
#include "session.h"

namespace kintsugi::app {

/// A touch as it was planned: where, and what its result is judged by.
struct TouchPlan {
    recovery::touch::Setup setup;
    recovery::ZMechanics mechanics;
    recovery::ZEvidence evidence;
    std::array<double, 2> resumeAt{};
};

/// The same of a bed that is probed beside the part.
struct ProbePlan {
    recovery::ProbeFacts probe;
    std::vector<recovery::ProbePlace> places;
    recovery::ZMechanics mechanics;
    recovery::ZEvidence evidence;
    std::array<double, 2> resumeAt{};
};

/// Executes a touch registration on the printer: each press is journalled, sent as one move and read back. Motors that went
/// off, a lost link and a host that is down end it; then nothing more is sent.
class TouchRun final : public QObject
{
    Q_OBJECT
public:
    struct Setup {
        recovery::touch::Setup touch;
        double travelSpeed = 100, zSpeed = 5; ///< mm/s
        int planStep = 0;                     ///< for the journal
    };
    TouchRun(Session& session, Setup setup, QObject* parent = nullptr);

    [[nodiscard]] Result<> begin();            ///< sends nothing
    void press();                              ///< over the next place, or one step down
    void seenGap(double atLeast);              ///< mm
    void touches();
    void again();
    [[nodiscard]] const recovery::touch::Setup& setup() const { return m_setup.touch; }
    [[nodiscard]] const recovery::touch::State& state() const { return m_state; }
    [[nodiscard]] double nextStep() const;     ///< mm the next press goes down; 0 when it goes across
    [[nodiscard]] bool isMoving() const;

signals:
    void changed();
    void finished();                           ///< every place was touched and the nozzle is up again
    void failed(const kintsugi::Error& error);

private:
    void feed(const recovery::touch::Event& event);
    void send(const recovery::touch::Action& action);
    void readBack();
    void look(const recovery::Sample& sample);
    [[nodiscard]] QString script(const recovery::touch::Action& action) const;
    [[nodiscard]] bool isUnderWay() const;

    Session& m_session;
    Setup m_setup;
    recovery::touch::State m_state;
    bool m_begun = false;
};

} // namespace kintsugi::app
