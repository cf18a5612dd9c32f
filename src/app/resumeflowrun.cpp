// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumeflowrun.h"

#include <cmath>
#include <map>

#include <QDateTime>

#include "base/overloaded.h"
#include "errortext.h"
#include "recovery/notrestored.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;
namespace run = recovery::run;

namespace {

constexpr double liftMm = 10; // of stop-and-lift
constexpr double longestHold = 7200; // s the idle timer is put off at most, while a person acts

Error hostDown(const link::HostInfo& host)
{
    return Error{.code = ErrorCode::KlippyNotReady, .detail = host.stateMessage.toStdString()};
}

Error motorsOff()
{
    return Error{.code = ErrorCode::Unsafe, .detail = "the motors were switched off: the height no longer holds", .field = "homed_axes"};
}

bool isDown(link::HostState state)
{
    return state == link::HostState::Shutdown || state == link::HostState::Error || state == link::HostState::Disconnected;
}

QString scriptOf(const recovery::PlanStep& step)
{
    QStringList lines;
    for (const std::string& line : step.gcode)
        lines << QString::fromStdString(line);
    return lines.join(u'\n');
}

} // namespace

ResumeRun::ResumeRun(Session& session, Setup setup, QObject* parent) : QObject(parent), m_session(session), m_setup(std::move(setup)), m_changes(session, this)
{
    m_report = m_setup.said;
    m_report.dryRun = isDryRun();
    m_held = m_setup.timerHeld;
    link::Driver* driver = &session.driver();
    connect(driver, &link::Driver::linkChanged, this, [this](link::LinkState state) {
        if (state == link::LinkState::Connected) {
            if (m_wantsState)
                readState();
        } else if (isUnderWay() || isArmed()) {
            feed(run::LinkDropped{m_session.lastError().value_or(Error{.code = ErrorCode::Disconnected})});
        }
    });
    connect(driver, &link::Driver::hostChanged, this, [this](const link::HostInfo& host) {
        if (m_session.driver().linkState() != link::LinkState::Connected)
            return;
        if ((isUnderWay() || isArmed()) && isDown(host.state))
            feed(run::HostDown{hostDown(host)});
        else if (m_wantsState && host.state == link::HostState::Ready)
            readState();
    });
    connect(driver, &link::Driver::sampled, this, &ResumeRun::look);
}

ResumeRun::~ResumeRun()
{
    if (m_end && m_changes.isEmpty() && std::holds_alternative<run::Printing>(m_state)) // else the next start tells what is still changed
        m_end(tr("the print was left running"));
}

RunRecord ResumeRun::record() const
{
    RunRecord record{.way = m_setup.way, .file = isDryRun() ? m_setup.said.originalFile : m_setup.startFile, .byte = m_setup.plan.snapshot.byte,
                     .idleTimeout = m_setup.idleTimeout, .tail = {}, .steps = {}};
    std::map<int, ByteOffset> begins;
    const auto part = recovery::filePart(m_setup.plan).steps;
    const std::size_t own = sentSteps() > 0 ? 1 : 0; // modes once more, under the number of the step before
    for (std::size_t i = own; i < part.size() && i + 1 < m_setup.stepBegins.size(); ++i)
        begins[part[i].n] = m_setup.stepBegins[i];
    if (!m_setup.stepBegins.empty())
        record.tail = m_setup.stepBegins.back();
    for (const recovery::PlanStep& step : m_setup.plan.steps) {
        if (step.kind == recovery::StepKind::Continue)
            continue;
        const auto begin = begins.find(step.n);
        record.steps.push_back({step.n, step.kind, text(step.title), begin == begins.end() ? std::nullopt : std::optional(begin->second)});
    }
    return record;
}

void ResumeRun::launch()
{
    m_session.acknowledgeCrash();
    const QString action = isDryRun() ? QString(dryRunAction) : QString(resumeAction);
    m_session.journalled(action, recordText(record()), 0, this, [this](const Result<Session::Outcome>& written) {
        if (!written)
            return feed(run::Disarm{}); // the session has told why
        if (!isArmed())
            return (*written)(tr("not begun"));
        m_end = *written;
        feed(run::Launch{});
    });
}

bool ResumeRun::isUnderWay() const
{
    return std::holds_alternative<run::Running>(m_state) || std::holds_alternative<run::Starting>(m_state)
        || std::holds_alternative<run::Printing>(m_state);
}

bool ResumeRun::isArmed() const
{
    return std::holds_alternative<run::Armed>(m_state);
}

std::size_t ResumeRun::sentSteps() const
{
    if (m_setup.way == run::Way::NewFile)
        return recovery::stepsByHand(m_setup.plan); // the others are in the file
    const auto& steps = m_setup.plan.steps;
    const auto tail = std::find_if(steps.begin(), steps.end(),
                                   [](const recovery::PlanStep& step) { return step.kind == recovery::StepKind::Continue; });
    return static_cast<std::size_t>(tail - steps.begin());
}

void ResumeRun::feed(const run::Event& event)
{
    m_events.push_back(event);
    if (std::exchange(m_taking, true))
        return; // an action answered at once: after the present event
    while (!m_events.empty()) {
        const run::Event next = std::move(m_events.front());
        m_events.pop_front();
        take(next);
    }
    m_taking = false;
    emit changed();
}

void ResumeRun::take(const run::Event& event)
{
    if (const auto* end = std::get_if<run::PrintEnded>(&event)) {
        m_report.completed = end->completed;
        m_report.endState = QString::fromStdString(end->state);
    }
    const bool doneBefore = std::holds_alternative<run::Done>(m_state);
    const bool failedBefore = std::holds_alternative<run::Failed>(m_state);
    run::Step next = run::step(m_state, event, sentSteps());
    m_state = std::move(next.state);
    if (const auto* broken = std::get_if<run::Failed>(&m_state); broken && !failedBefore) {
        m_report.endState = errorText(broken->error).what;
        note(tr("Failed: %1").arg(errorText(broken->error).full()));
        emit failed(broken->error);
    }
    if (isDryRun() && !doneBefore && std::holds_alternative<run::Done>(m_state)) {
        m_report.completed = true;
        m_report.endState = tr("the dry run is done");
    }
    if (!std::holds_alternative<run::Running>(m_state))
        endHand();
    for (const run::Action& action : next.actions)
        act(action);
}

void ResumeRun::endHand()
{
    m_hand = recovery::Hand::None;
    m_accepted = false;
    m_registration.reset();
    if (m_touch)
        m_touch.release()->deleteLater(); // it may be what called
}

void ResumeRun::act(const run::Action& action)
{
    std::visit(Overloaded{
                   [this](const run::SendStep& send) { sendStep(send.step); },
                   [this](const run::StartTail&) { startTail(); },
                   [this](const run::LiftAndHold&) { liftAndHold(); },
                   [this](const run::SendEmergencyStop&) {
                       note(tr("Emergency stop"));
                       m_changes.forget(); // they live in the host's memory alone
                       m_session.emergencyStop();
                   },
                   [this](const run::ReadState&) { readState(); },
                   [this](const run::WriteReport&) { writeReport(); },
               },
               action);
}

run::Event ResumeRun::problem(std::size_t step, const Error& error) const
{
    if (error.code == ErrorCode::Disconnected || error.code == ErrorCode::Timeout)
        return run::LinkDropped{error};
    if (error.code == ErrorCode::KlippyNotReady)
        return run::HostDown{error};
    return run::StepFailed{step, error};
}

// ---- steps -------------------------------------------------------------------------------------------------------

void ResumeRun::sendStep(std::size_t step)
{
    if (!m_held && m_setup.idleTimeout && (isDryRun() || recovery::stepsByHand(m_setup.plan) > 0))
        return hold(true, [this, step](const Result<>& held) {
            const auto* running = std::get_if<run::Running>(&m_state);
            if (!running || running->step != step)
                return;
            if (held)
                sendStep(step);
            else
                feed(problem(step, held.error()));
        });
    const recovery::PlanStep& planned = m_setup.plan.steps[step];
    setCurrentStep(static_cast<int>(step));
    if (isDryRun() && !std::exchange(m_pressed, false)) {
        m_hand = recovery::Hand::Press;
        emit changed();
        return;
    }
    if (planned.gcode.empty())
        return askHand(step);
    const QString script = scriptOf(planned);
    m_session.journalled(u"script"_s, script, planned.n, this, [this, step, script](const Result<Session::Outcome>& written) {
        if (!written)
            return feed(run::StepFailed{step, written.error()});
        const auto* running = std::get_if<run::Running>(&m_state);
        if (!running || running->step != step) // stopped while the journal was written
            return (*written)(tr("not sent"));
        m_session.driver().runScript(script, this, [this, step, done = *written](const Result<link::ScriptResult>& result) {
            done(Session::outcomeText(result));
            stepAnswered(step, result);
        });
    });
}

void ResumeRun::stepAnswered(std::size_t step, const Result<link::ScriptResult>& result)
{
    if (!result)
        return feed(problem(step, result.error()));
    if (!result->hostReadyAfter) // "ok" alone proves nothing: an emergency stop ends a script with it
        return feed(run::HostDown{hostDown(m_session.host())});
    QStringList unknown = result->unknownCommands;
    unknown.removeIf([](const QString& command) { return recovery::klipperPassesOver(command.toStdString()); });
    if (!unknown.isEmpty())
        return feed(run::StepFailed{step, Error{.code = ErrorCode::Refused, .detail = "Unknown command: " + unknown.join(u", "_s).toStdString()}});
    const recovery::StepKind kind = m_setup.plan.steps[step].kind;
    const bool told = kind == recovery::StepKind::DeclareZ && m_setup.plan.declaredZ && m_setup.plan.zMethod != recovery::ZMethod::PlrZHome;
    m_lifted = m_lifted || kind == recovery::StepKind::Lift;
    m_registered = m_registered || told || (kind == recovery::StepKind::RegisterZ && m_setup.plan.steps[step].hand == recovery::Hand::None);
    m_zDeclared = m_zDeclared || kind == recovery::StepKind::DeclareZ || kind == recovery::StepKind::RegisterZ;
    if (kind == recovery::StepKind::HomeXY && m_setup.config && m_setup.plan.steps[step].gcode.size() > 1)
        return readMotors(step);
    askHand(step);
}

/// Where the switches ended the ways: counted by the motors, at one and the same place.
void ResumeRun::readMotors(std::size_t step)
{
    auto heard = std::make_shared<std::map<std::string, long>>();
    const auto listening = connect(&m_session.driver(), &link::Driver::consoleReceived, this, [heard](const link::ConsoleLine& line) {
        if (auto steps = recovery::xy::motorSteps(line.text.toStdString()); !steps.empty())
            *heard = std::move(steps);
    });
    m_session.send(u"read-motors"_s, u"M400\nGET_POSITION"_s, this, [this, step, heard, listening](const Result<link::ScriptResult>& result) {
        disconnect(listening);
        const auto* running = std::get_if<run::Running>(&m_state);
        if (!running || running->step != step)
            return;
        if (!result && result.error().code != ErrorCode::Refused)
            return feed(problem(step, result.error()));
        if (!heard->empty())
            m_motors.push_back(*heard);
        askHand(step);
    }, m_setup.plan.steps[step].n);
}

// ---- a person's part ---------------------------------------------------------------------------------------------

void ResumeRun::askHand(std::size_t step)
{
    const auto* running = std::get_if<run::Running>(&m_state);
    if (!running || running->step != step)
        return;
    m_hand = m_setup.plan.steps[step].hand;
    if (m_hand == recovery::Hand::None)
        return feed(run::StepDone{step});
    switch (m_hand) {
    case recovery::Hand::Touch:
        return beginTouch();
    case recovery::Hand::Probe:
        return readProbe(step);
    case recovery::Hand::ReadBack:
        return checkReadBack(m_setup.plan.steps[step].readBack.value_or(0), &ResumeRun::handDone);
    case recovery::Hand::None:
    case recovery::Hand::LookAtPrime:
    case recovery::Hand::LookAtHoming:
    case recovery::Hand::Press:
        break;
    }
    emit changed();
}

/// What the printer itself says after the step must be what was to come of it.
void ResumeRun::checkReadBack(double z, void (ResumeRun::*then)())
{
    m_session.driver().readStatus(this, [this, z, then](const Result<recovery::Sample>& now) {
        const auto* running = std::get_if<run::Running>(&m_state);
        if (!running)
            return;
        if (!now)
            return feed(problem(running->step, now.error()));
        if (now->homedAxes.find('z') == std::string::npos)
            return feed(run::StepFailed{running->step, motorsOff()});
        const auto reported = now->toolheadPosition ? std::optional((*now->toolheadPosition)[2]) : std::nullopt;
        const recovery::GateCheck check = recovery::zReadBackCheck({z, reported});
        if (!check.passed)
            return feed(run::StepFailed{running->step, Error{.code = ErrorCode::BadReply, .detail = "the printer does not stand at the height that was registered",
                                                             .field = check.id, .measured = reported, .limit = z}});
        m_registered = true;
        (this->*then)();
    });
}

// ---- the free bed ------------------------------------------------------------------------------------------------

void ResumeRun::readProbe(std::size_t step)
{
    if (!m_setup.probe || !m_setup.plan.steps[step].probe)
        return feed(run::StepFailed{step, Error{.code = ErrorCode::UnknownState, .field = "freespot"}});
    m_session.driver().readStatus(this, [this, step](const Result<recovery::Sample>& now) {
        const auto* running = std::get_if<run::Running>(&m_state);
        if (!running || running->step != step)
            return;
        if (!now)
            return feed(problem(step, now.error()));
        if (now->homedAxes.find('z') == std::string::npos)
            return feed(run::StepFailed{step, motorsOff()});
        if (!now->toolheadPosition)
            return feed(run::StepFailed{step, Error{.code = ErrorCode::BadReply, .field = "toolhead"}});
        m_session.driver().readProbe(this, [this, step, z = (*now->toolheadPosition)[2]](const Result<link::ProbeResult>& result) {
            const auto* still = std::get_if<run::Running>(&m_state);
            if (!still || still->step != step)
                return;
            if (result)
                haveReading(step, *result, z);
            else
                feed(problem(step, result.error()));
        });
    });
}

void ResumeRun::haveReading(std::size_t step, const link::ProbeResult& result, double toolhead)
{
    constexpr double stale = 0.5; // mm between where the head stands and what the probe is said to have found
    const recovery::PlanStep& planned = m_setup.plan.steps[step];
    const double height = m_setup.probe->probe.offset[2];
    const auto bed = result.bed ? result.bed : result.trigger ? std::optional(*result.trigger - height) : std::nullopt;
    if (!bed || !(std::abs(toolhead - height - *bed) <= stale))
        return feed(run::StepFailed{step, Error{.code = ErrorCode::BadReply, .detail = "what the probe is said to have found is not of this probing",
                                                .field = "probe", .measured = bed, .limit = toolhead - height}});
    m_readings.push_back({*planned.probe, *bed});
    note(tr("The probe found the bed at %1 mm; the mesh says %2 mm")
             .arg(QString::number(*bed, 'f', 3), QString::number(planned.probe->bed, 'f', 3)));
    if (planned.lastProbe)
        registerFromProbe();
    else
        handDone();
}

void ResumeRun::registerFromProbe()
{
    const std::size_t step = std::get<run::Running>(m_state).step;
    const ProbePlan& plan = *m_setup.probe;
    const auto found = recovery::freespot::registration(m_readings, plan.resumeAt, plan.mechanics, plan.evidence);
    if (!found)
        return feed(run::StepFailed{step, found.error()});
    note(tr("Z found by probing the free bed: off by %1 mm, U %2 mm")
             .arg(QString::number(found->delta, 'f', 3), QString::number(found->uncertainty.u(), 'f', 3)));
    m_session.driver().readStatus(this, [this, step, delta = found->delta](const Result<recovery::Sample>& now) {
        const auto* running = std::get_if<run::Running>(&m_state);
        if (!running || running->step != step)
            return;
        if (!now)
            return feed(problem(step, now.error()));
        if (!now->toolheadPosition || now->homedAxes.find('z') == std::string::npos)
            return feed(run::StepFailed{step, motorsOff()});
        declare((*now->toolheadPosition)[2] + delta);
    });
}

void ResumeRun::handDone()
{
    endHand();
    if (const auto* running = std::get_if<run::Running>(&m_state))
        feed(run::StepDone{running->step});
}

void ResumeRun::beginTouch()
{
    endHand();
    const std::size_t step = std::get<run::Running>(m_state).step;
    if (!m_setup.touch)
        return feed(run::StepFailed{step, Error{.code = ErrorCode::UnknownState, .field = "touch.spots"}});
    m_hand = recovery::Hand::Touch;
    m_touch = std::make_unique<TouchRun>(m_session, TouchRun::Setup{m_setup.touch->setup, m_setup.printer.travelSpeed, m_setup.printer.zSpeed,
                                                                    m_setup.plan.steps[step].n});
    connect(m_touch.get(), &TouchRun::changed, this, &ResumeRun::changed);
    connect(m_touch.get(), &TouchRun::finished, this, &ResumeRun::haveTouched);
    connect(m_touch.get(), &TouchRun::failed, this, [this, step](const Error& error) { feed(problem(step, error)); });
    if (const auto begun = m_touch->begin(); !begun)
        return feed(run::StepFailed{step, begun.error()});
    emit changed();
}

void ResumeRun::haveTouched()
{
    const TouchPlan& plan = *m_setup.touch;
    const auto found = recovery::touch::registration(plan.setup, m_touch->state().contacts, plan.resumeAt, plan.mechanics, plan.evidence);
    if (!found) {
        if (const auto* running = std::get_if<run::Running>(&m_state))
            feed(run::StepFailed{running->step, found.error()});
        return;
    }
    m_registration = *found;
    emit changed();
}

void ResumeRun::touchAgain()
{
    if (m_hand == recovery::Hand::Touch && m_registration && !m_accepted)
        beginTouch();
}

void ResumeRun::acceptRegistration()
{
    if (m_hand != recovery::Hand::Touch || !m_registration || std::exchange(m_accepted, true))
        return; // taken twice it would be added twice
    const double delta = m_registration->delta;
    note(tr("Z found by touching: off by %1 mm, U %2 mm")
             .arg(QString::number(delta, 'f', 3), QString::number(m_registration->uncertainty.u(), 'f', 3)));
    m_session.driver().readStatus(this, [this, delta](const Result<recovery::Sample>& now) {
        const auto* running = std::get_if<run::Running>(&m_state);
        if (!running || m_hand != recovery::Hand::Touch)
            return;
        if (!now)
            return feed(problem(running->step, now.error()));
        if (!now->gcodePosition)
            return feed(run::StepFailed{running->step, Error{.code = ErrorCode::BadReply, .field = "gcode_position"}});
        if (now->homedAxes.find('z') == std::string::npos) // let go while the result was looked at
            return feed(run::StepFailed{running->step, motorsOff()});
        declare((*now->gcodePosition)[2] + delta);
    });
}

void ResumeRun::declare(double z)
{
    const std::size_t step = std::get<run::Running>(m_state).step;
    const auto lines = recovery::declareLines(m_setup.plan, m_setup.printer, z);
    if (!lines)
        return feed(run::StepFailed{step, lines.error()});
    QStringList script;
    for (const std::string& line : *lines)
        script << QString::fromStdString(line);
    m_session.send(u"declare-z"_s, script.join(u'\n'), this, [this, step, z](const Result<link::ScriptResult>& result) {
        const auto* running = std::get_if<run::Running>(&m_state);
        if (!running || running->step != step)
            return;
        if (!result)
            return feed(problem(step, result.error()));
        if (!result->hostReadyAfter)
            return feed(run::HostDown{hostDown(m_session.host())});
        checkDeclared(z);
    }, m_setup.plan.steps[step].n);
}

void ResumeRun::checkDeclared(double z)
{
    constexpr double tolerance = 0.005; // mm: a position report's last digit and a microstep
    m_session.driver().readStatus(this, [this, z](const Result<recovery::Sample>& now) {
        const auto* running = std::get_if<run::Running>(&m_state);
        if (!running)
            return;
        if (!now)
            return feed(problem(running->step, now.error()));
        const double there = now->gcodePosition ? (*now->gcodePosition)[2] : z + 2 * tolerance;
        if (!(std::abs(there - z) <= tolerance))
            return feed(run::StepFailed{running->step, Error{.code = ErrorCode::BadReply, .detail = "the printer did not take the height it was told",
                                                             .field = "z", .measured = there, .limit = z}});
        m_registered = true;
        handDone();
    });
}

std::optional<recovery::xy::Spread> ResumeRun::homingSpread() const
{
    constexpr std::size_t last = 3;
    if (!m_setup.config || m_motors.size() < last)
        return std::nullopt;
    return recovery::xy::spread({m_motors.end() - last, m_motors.end()}, *m_setup.config);
}

void ResumeRun::homingSeen(bool good)
{
    if (m_hand != recovery::Hand::LookAtHoming)
        return;
    const auto found = homingSpread();
    note(!good   ? tr("X and Y homed once more")
         : found ? tr("X and Y homed three times: within %1 and %2 mm").arg(QString::number(found->x, 'f', 3), QString::number(found->y, 'f', 3))
                 : tr("X and Y homed three times; how far apart is not known"));
    if (good)
        return handDone();
    m_hand = recovery::Hand::None;
    m_pressed = true; // the answer was the press
    sendStep(std::get<run::Running>(m_state).step);
    emit changed();
}

void ResumeRun::pressStep()
{
    const auto* running = std::get_if<run::Running>(&m_state);
    if (!running || m_hand != recovery::Hand::Press)
        return;
    m_hand = recovery::Hand::None;
    m_pressed = true;
    sendStep(running->step);
    emit changed();
}

void ResumeRun::primeSeen(bool cameOut)
{
    if (m_hand != recovery::Hand::LookAtPrime)
        return;
    note(cameOut ? tr("Plastic came out at the prime") : tr("No plastic at the prime: once more"));
    if (cameOut)
        return handDone();
    m_hand = recovery::Hand::None;
    sendStep(std::get<run::Running>(m_state).step);
    emit changed();
}

/// Motors that lost their current stand where they like: a height that was declared or taken holds no more.
void ResumeRun::checkMotors(const recovery::Sample& sample)
{
    const auto* running = std::get_if<run::Running>(&m_state);
    if (!running || !m_zDeclared)
        return;
    if (sample.homedAxes.find('z') != std::string::npos) {
        m_zSeen = true; // what is told before may be of the time before the declaration
        return;
    }
    const bool probes = m_setup.plan.zMethod == recovery::ZMethod::FreeSpot;
    if (!m_zSeen || (m_setup.plan.steps[running->step].kind == recovery::StepKind::RegisterZ && !probes))
        return; // a climb to the upper switches forgets and declares Z by itself
    m_registered = false;
    feed(run::StepFailed{running->step, motorsOff()});
}

/// A person may need longer than the idle timer allows, which would let go of the motors and the height with them.
void ResumeRun::hold(bool longer, std::function<void(const Result<>&)> then)
{
    m_held = longer;
    const double seconds = longer ? std::max(*m_setup.idleTimeout, longestHold) : *m_setup.idleTimeout;
    m_session.send(u"idle-timer"_s, u"SET_IDLE_TIMEOUT TIMEOUT=%1"_s.arg(seconds, 0, 'f', 0), this, [then = std::move(then)](const Result<link::ScriptResult>& result) {
        then(result.map([](const link::ScriptResult&) {}));
    });
}

void ResumeRun::startTail()
{
    if (m_held)
        return hold(false, [this](const Result<>& released) {
            if (!std::holds_alternative<run::Starting>(m_state))
                return;
            if (released)
                startTail();
            else
                feed(problem(sentSteps(), released.error()));
        });
    const ByteOffset byte = m_setup.plan.snapshot.byte;
    const bool newFile = m_setup.way == run::Way::NewFile;
    const QString what = newFile ? m_setup.startFile : tr("%1 from byte %2").arg(m_setup.startFile, QString::number(byte));
    note(tr("Start %1").arg(what));
    if (!newFile)
        setCurrentStep(static_cast<int>(sentSteps()));
    m_session.journalled(newFile ? u"start"_s : u"start-at"_s, what, newFile ? 0 : static_cast<int>(sentSteps()) + 1, this,
                         [this, newFile, byte](const Result<Session::Outcome>& written) {
                             if (!written)
                                 return feed(run::StepFailed{sentSteps(), written.error()});
                             if (!std::holds_alternative<run::Starting>(m_state))
                                 return (*written)(tr("not sent"));
                             m_tailSent = true;
                             const auto reply = [this, done = *written](const Result<>& result) {
                                 done(Session::outcomeText(result));
                                 tailAnswered(result);
                             };
                             if (newFile)
                                 m_session.driver().startPrint(m_setup.startFile, this, reply);
                             else
                                 m_session.driver().startPrintAt(m_setup.startFile, byte, this, reply);
                         });
}

void ResumeRun::tailAnswered(const Result<>& result)
{
    if (!result)
        return feed(problem(sentSteps(), result.error()));
    m_tailAcknowledged = true;
    if (m_setup.way == run::Way::ZeroCopy)
        setCurrentStep(static_cast<int>(m_setup.plan.steps.size()));
    confirmEnd(); // the next merged sample may still be of the time before
}

// ---- the print ---------------------------------------------------------------------------------------------------

void ResumeRun::look(const recovery::Sample& sample)
{
    checkMotors(sample);
    if (!m_tailAcknowledged || !isUnderWay() || QString::fromStdString(sample.file) != m_setup.startFile)
        return;
    follow(sample);
    if (std::exchange(m_paused, sample.printState == "paused") != (sample.printState == "paused"))
        emit changed();
    if (sample.printState == "printing") {
        followLayer(sample);
        if (std::holds_alternative<run::Starting>(m_state))
            feed(run::PrintSeen{});
    } else if (sample.printState != "paused" && !sample.printState.empty()) {
        confirmEnd(); // asked for anew: what is merged may be older than the start
    }
}

void ResumeRun::confirmEnd()
{
    if (std::exchange(m_confirming, true))
        return;
    m_session.driver().readStatus(this, [this](const Result<recovery::Sample>& now) {
        m_confirming = false;
        if (now && isUnderWay())
            judge(*now, false);
    });
}

void ResumeRun::judge(const recovery::Sample& sample, bool afterDrop)
{
    const bool ours = QString::fromStdString(sample.file) == m_setup.startFile;
    const bool seen = std::holds_alternative<run::Printing>(m_state);
    if (!ours && !seen && !afterDrop)
        return; // not started yet
    if (ours)
        follow(sample);
    const std::string& state = sample.printState;
    if (state == "printing" || state == "paused") {
        if (ours)
            feed(run::PrintSeen{});
    } else if (state == "complete" && ours) {
        if (!seen)
            feed(run::PrintSeen{});
        feed(run::PrintEnded{true, state});
    } else if (state == "cancelled" || state == "error") {
        feed(run::PrintEnded{false, state});
    } else if (state == "standby" && (seen || afterDrop)) {
        feed(run::PrintEnded{false, state}); // the file was put away: nobody can tell how it ended
    }
}

void ResumeRun::follow(const recovery::Sample& sample)
{
    if (m_setup.way != run::Way::NewFile || !sample.filePosition || m_setup.stepBegins.empty())
        return;
    const auto& begins = m_setup.stepBegins;
    const auto after = std::upper_bound(begins.begin(), begins.end(), *sample.filePosition);
    const std::size_t sent = sentSteps();
    const std::size_t before = sent == 0 ? 1 : 2; // behind sent steps the file begins with one of its own
    const auto inFile = static_cast<std::size_t>(after - begins.begin());
    setCurrentStep(std::max(m_currentStep, static_cast<int>(sent + inFile) - static_cast<int>(before)));
}

void ResumeRun::setCurrentStep(int step)
{
    const auto& steps = m_setup.plan.steps;
    for (int i = m_currentStep + 1; i <= step && i < static_cast<int>(steps.size()); ++i) {
        const recovery::PlanStep& one = steps[static_cast<std::size_t>(i)];
        note(tr("Step %1: %2").arg(QString::number(one.n), text(one.title)));
    }
    if (std::exchange(m_currentStep, step) != step)
        emit changed();
}

// ---- for a while -------------------------------------------------------------------------------------------------

std::optional<ByteOffset> ResumeRun::originalAt(const recovery::Sample& sample) const
{
    if (!sample.filePosition || m_setup.way != run::Way::NewFile)
        return sample.filePosition;
    if (m_setup.stepBegins.empty() || *sample.filePosition < m_setup.stepBegins.back())
        return std::nullopt; // heating, priming
    return *sample.filePosition - m_setup.stepBegins.back() + m_setup.plan.snapshot.byte;
}

/// The first resumed layer: gentler from its first line to its last one.
void ResumeRun::followLayer(const recovery::Sample& sample)
{
    const auto at = originalAt(sample);
    if (!m_setup.firstLayer || !at || m_layerEnded)
        return;
    if (*at >= m_setup.firstLayer->end)
        return endLayer(sample);
    if (std::exchange(m_layerBegun, true))
        return;
    recovery::FirstLayer layer = *m_setup.firstLayer;
    recovery::limitAcceleration(layer, m_setup.plan.dialect, sample.maxAccel); // what the plan and the file made of it by now
    if (layer.set.empty())
        return;
    QStringList lines, restore;
    for (const std::string& line : layer.set)
        lines << QString::fromStdString(line);
    for (const std::string& line : layer.restore)
        restore << QString::fromStdString(line);
    note(tr("First layer: %1").arg(lines.join(u", "_s)));
    m_changes.apply(u"first-layer"_s, lines, restore, [this](const Result<>& result) {
        if (!result)
            emit failed(result.error());
        emit changed();
    });
}

void ResumeRun::endLayer(const recovery::Sample& sample)
{
    m_layerEnded = true;
    if (!m_layerBegun)
        return;
    constexpr double same = 0.002;
    const auto& said = m_setup.firstLayer->speedFactor;
    const bool otherwise = said && sample.speedFactor && std::abs(*sample.speedFactor - *said) > same;
    note(otherwise ? tr("First layer done: put back, the speed too, which somebody had changed meanwhile") : tr("First layer done: put back"));
    m_changes.putBack(u"first-layer"_s, [this](const Result<>& result) {
        if (!result)
            emit failed(result.error());
        emit changed();
    });
}

void ResumeRun::putAllBack()
{
    m_layerEnded = true;
    m_nudged = {};
    if (m_changes.isEmpty())
        return;
    if (m_session.host().state != link::HostState::Ready)
        return m_changes.forget(); // they live in its memory alone
    if (m_session.driver().linkState() == link::LinkState::Connected)
        m_changes.putBack({}, [this](const Result<>& result) {
            if (!result)
                emit failed(result.error());
        });
}

bool ResumeRun::canNudge() const
{
    const auto* printing = std::get_if<run::Printing>(&m_state);
    return printing && !printing->blind && !m_paused; // going on from a pause would take it back
}

void ResumeRun::nudge(char axis, double step)
{
    if (!canNudge()) {
        emit failed(Error{.code = ErrorCode::Busy, .detail = "a nudge is for a print that runs", .field = "nudge"});
        return;
    }
    const auto next = recovery::xy::nudged(m_nudged, axis, step);
    const auto line = recovery::xy::nudgeLine(m_setup.plan.dialect, axis, step), back = recovery::xy::nudgeLine(m_setup.plan.dialect, axis, -step);
    if (!next || !line || !back) {
        emit failed(!next ? next.error() : line.error());
        return;
    }
    const auto before = std::exchange(m_nudged, *next);
    m_changes.apply(u"nudge"_s, {QString::fromStdString(*line)}, {QString::fromStdString(*back)}, [this, before, axis, step](const Result<>& result) {
        if (result) {
            note(tr("%1 shifted by %2 mm").arg(QChar::fromLatin1(axis), QString::number(step, 'f', 2)));
        } else {
            m_nudged = before;
            emit failed(result.error());
        }
        emit changed();
    });
    emit changed();
}

void ResumeRun::pause()
{
    const auto* printing = std::get_if<run::Printing>(&m_state);
    if (!printing || printing->blind || m_paused)
        return;
    note(tr("Pause"));
    m_session.journalled(u"pause"_s, u"PAUSE"_s, 0, this, [this](const Result<Session::Outcome>& written) {
        if (!written)
            return;
        m_session.driver().pausePrint(this, [this, done = *written](const Result<>& result) {
            done(Session::outcomeText(result));
            if (!result)
                emit failed(result.error());
        });
    });
}

void ResumeRun::goOn()
{
    if (!m_paused || !std::holds_alternative<run::Printing>(m_state))
        return;
    note(tr("On again"));
    m_session.send(u"go-on"_s, u"RESUME"_s, this, [this](const Result<link::ScriptResult>& result) {
        if (!result)
            emit failed(result.error());
    });
}

// ---- stopping ----------------------------------------------------------------------------------------------------

void ResumeRun::liftAndHold()
{
    note(m_stop.keepBed ? tr("Stop, lift, keep the bed") : tr("Stop, lift, heaters off"));
    putAllBack(); // before a pause, which would keep it for going on
    if (!m_tailSent)
        return lift();
    m_session.journalled(u"pause"_s, u"PAUSE"_s, 0, this, [this](const Result<Session::Outcome>& written) {
        if (!written) {
            emit failed(written.error());
            return;
        }
        m_session.driver().pausePrint(this, [this, done = *written](const Result<>& result) {
            done(Session::outcomeText(result));
            if (result)
                lift();
            else
                emit failed(result.error());
        });
    });
}

void ResumeRun::lift()
{
    m_session.driver().readStatus(this, [this](const Result<recovery::Sample>& now) {
        if (!now) {
            emit failed(now.error());
            return;
        }
        QStringList lines;
        const double top = m_setup.plan.limited[2] ? m_setup.plan.maximum[2] : m_setup.plan.maximum[2] + liftMm; // the firmware knows its own
        const double z = now->toolheadPosition ? (*now->toolheadPosition)[2] : top;
        const double up = std::clamp(top - z, 0.0, liftMm);
        if (now->homedAxes.find('z') != std::string::npos && up > 0)
            lines << u"SAVE_GCODE_STATE NAME=KINTSUGI_LIFT"_s << u"G91"_s << u"G1 Z%1 F600"_s.arg(up, 0, 'f', 2)
                  << u"RESTORE_GCODE_STATE NAME=KINTSUGI_LIFT"_s;
        else
            note(tr("Not lifted: the printer does not know where Z is, or there is no room"));
        lines << u"M104 S%1"_s.arg(m_stop.keepNozzle ? m_setup.standby.value_or(0) : 0.0, 0, 'f', 0);
        const auto& bed = m_setup.plan.snapshot.state.bed;
        if (bed || !m_stop.keepBed)
            lines << u"M140 S%1"_s.arg(m_stop.keepBed ? *bed : 0.0, 0, 'f', 1);
        m_session.send(u"lift"_s, lines.join(u'\n'), this, [this](const Result<link::ScriptResult>& result) {
            if (!result)
                emit failed(result.error());
            emit settled();
        });
    });
}

void ResumeRun::readState()
{
    m_wantsState = true;
    if (m_session.driver().linkState() != link::LinkState::Connected)
        return; // again when it is
    m_session.driver().readStatus(this, [this](const Result<recovery::Sample>& now) {
        if (!now)
            return;
        m_wantsState = false;
        judge(*now, true);
    });
}

// ---- the report --------------------------------------------------------------------------------------------------

void ResumeRun::note(const QString& what)
{
    const auto time = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(m_session.now() * 1000));
    m_report.done.push_back(time.toString(u"HH:mm:ss"_s) + u"  "_s + what);
}

void ResumeRun::writeReport()
{
    const bool waitsForTheStart = isDryRun() && (m_registered || keepsZ()); // the motors would go off, and the height with them
    if (m_held && !waitsForTheStart && m_session.host().state == link::HostState::Ready && m_session.driver().linkState() == link::LinkState::Connected)
        hold(false, [](const Result<>&) {}); // a host that restarts has forgotten it anyway
    putAllBack();
    m_report.finishedAt = m_session.now();
    const QString what = isDryRun()             ? tr("Dry run ended: %1").arg(m_report.endState)
                         : m_report.completed ? tr("Resume finished: the print is complete.")
                                              : tr("Resume ended: %1").arg(m_report.endState);
    note(what);
    if (const auto end = std::exchange(m_end, nullptr))
        end(m_report.completed ? u"ok"_s : m_report.endState.isEmpty() ? what : m_report.endState);
    const Event event{m_report.finishedAt, u"note"_s, what};
    const auto job = m_session.job();
    m_session.archive().ask<void>(
        this,
        [printer = m_session.profile().id, id = job ? job->id : QString(), event](Store& store) { return store.addEvent(printer, id, event); },
        [this](const Result<>& stored) {
            if (!stored)
                emit failed(stored.error());
        });
    emit ended();
}

} // namespace kintsugi::app
