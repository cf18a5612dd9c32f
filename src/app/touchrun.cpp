// SPDX-License-Identifier: GPL-3.0-or-later
#include "touchrun.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;
namespace touch = recovery::touch;

namespace {

Error motorsOff()
{
    return Error{.code = ErrorCode::Unsafe, .detail = "the motors were switched off: the height taken so far no longer holds", .field = "homed_axes"};
}

} // namespace

TouchRun::TouchRun(Session& session, Setup setup, QObject* parent) : QObject(parent), m_session(session), m_setup(std::move(setup))
{
    link::Driver* driver = &session.driver();
    connect(driver, &link::Driver::linkChanged, this, [this](link::LinkState state) {
        if (state != link::LinkState::Connected)
            feed(touch::Lost{m_session.lastError().value_or(Error{.code = ErrorCode::Disconnected})});
    });
    connect(driver, &link::Driver::hostChanged, this, [this](const link::HostInfo& host) {
        if (host.state != link::HostState::Ready)
            feed(touch::Lost{Error{.code = ErrorCode::KlippyNotReady, .detail = host.stateMessage.toStdString()}});
    });
    connect(driver, &link::Driver::sampled, this, &TouchRun::look);
}

Result<> TouchRun::begin()
{
    const auto checked = touch::check(m_setup.touch);
    m_begun = checked.has_value();
    return checked;
}

bool TouchRun::isUnderWay() const
{
    return m_begun && !std::holds_alternative<touch::Stopped>(m_state.phase) && !std::holds_alternative<touch::Finished>(m_state.phase);
}

bool TouchRun::isMoving() const
{
    return std::holds_alternative<touch::Moving>(m_state.phase);
}

double TouchRun::nextStep() const
{
    return touch::nextStep(m_setup.touch, m_state);
}

void TouchRun::press()
{
    feed(touch::Press{});
}

void TouchRun::seenGap(double atLeast)
{
    feed(touch::SeenGap{atLeast});
}

void TouchRun::touches()
{
    feed(touch::Touches{});
}

void TouchRun::again()
{
    feed(touch::Again{});
}

void TouchRun::feed(const touch::Event& event)
{
    if (!isUnderWay())
        return;
    touch::Step next = touch::step(m_setup.touch, m_state, event);
    m_state = std::move(next.state);
    for (const touch::Action& action : next.actions)
        send(action);
    emit changed();
    if (const auto* stopped = std::get_if<touch::Stopped>(&m_state.phase))
        emit failed(stopped->error);
    else if (std::holds_alternative<touch::Finished>(m_state.phase))
        emit finished();
}

QString TouchRun::script(const touch::Action& action) const
{
    const auto number = [](double value) { return QString::fromStdString(decimal(value, 4)); };
    QString move;
    if (const auto* across = std::get_if<touch::MoveAcross>(&action))
        move = u"G1 X%1 Y%2 F%3"_s.arg(number(across->x), number(across->y), number(m_setup.travelSpeed * 60));
    else
        move = u"G1 Z%1 F%2"_s.arg(number(std::get<touch::MoveZ>(action).z), number(m_setup.zSpeed * 60));
    return u"G90\n"_s + move + u"\nM400"_s;
}

void TouchRun::send(const touch::Action& action)
{
    const QString lines = script(action);
    m_session.journalled(u"touch"_s, lines, m_setup.planStep, this, [this, lines](const Result<Session::Outcome>& written) {
        if (!written)
            return feed(touch::Lost{written.error()});
        if (!isMoving()) // ended while the journal was written
            return (*written)(tr("not sent"));
        m_session.driver().runScript(lines, this, [this, done = *written](const Result<link::ScriptResult>& result) {
            done(Session::outcomeText(result));
            if (!result)
                return feed(touch::Lost{result.error()});
            if (!result->hostReadyAfter)
                return feed(touch::Lost{Error{.code = ErrorCode::KlippyNotReady, .detail = m_session.host().stateMessage.toStdString()}});
            readBack();
        });
    });
}

void TouchRun::readBack()
{
    m_session.driver().readStatus(this, [this](const Result<recovery::Sample>& now) {
        if (!now)
            return feed(touch::Lost{now.error()});
        look(*now);
        const auto& at = now->gcodePosition;
        if (!at)
            return feed(touch::Lost{Error{.code = ErrorCode::BadReply, .detail = "the printer does not tell its position", .field = "gcode_position"}});
        feed(touch::Arrived{(*at)[0], (*at)[1], (*at)[2]});
    });
}

void TouchRun::look(const recovery::Sample& sample)
{
    if (!isUnderWay())
        return;
    for (const char axis : {'x', 'y', 'z'}) {
        if (sample.homedAxes.find(axis) == std::string::npos)
            return feed(touch::Lost{motorsOff()});
    }
}

} // namespace kintsugi::app
