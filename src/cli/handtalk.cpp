// SPDX-License-Identifier: GPL-3.0-or-later
#include "handtalk.h"

#include <unistd.h>

#include <utility>

#include "errortext.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;
namespace touch = recovery::touch;
using recovery::Hand;

namespace {

constexpr qsizetype longestAnswer = 256;

QString mm(double value, int decimals = 2)
{
    return QString::number(value, 'f', decimals);
}

} // namespace

HandTalk::HandTalk(app::ResumeFlow& flow, const Output& out, QObject* parent)
    : QObject(parent)
    , m_flow(flow)
    , m_out(out)
    , m_input(STDIN_FILENO, QSocketNotifier::Read)
{
    m_input.setEnabled(false); // an answer is read when something is asked
    connect(&m_input, &QSocketNotifier::activated, this, &HandTalk::read);
    connect(&flow, &app::ResumeFlow::runStateChanged, this, &HandTalk::ask, Qt::QueuedConnection);
}

void HandTalk::offer(const QString& question)
{
    m_offer = question;
    ask();
}

QString HandTalk::question() const
{
    if (!m_offer.isEmpty())
        return m_offer;
    if (m_flow.hand() == Hand::LookAtHoming) {
        const auto spread = m_flow.homingSpread();
        const QString apart = spread ? u"within X %1, Y %2 mm (a full step is %3 mm)"_s.arg(mm(spread->x, 3), mm(spread->y, 3), mm(spread->limit, 3)) : u"how far apart is not known"_s;
        return u"X and Y were homed three times, %1: y (go on), n (home once more), q (stop and lift)"_s.arg(apart);
    }
    if (m_flow.hand() == Hand::Press) {
        const auto& plan = m_flow.plan();
        const auto step = static_cast<std::size_t>(std::max(0, m_flow.currentStep()));
        if (!plan || step >= plan->steps.size())
            return {};
        const recovery::PlanStep& next = plan->steps[step];
        return u"step %1 of %2, %3: %4: y (do it), q (stop and lift)"_s.arg(next.n).arg(plan->steps.size()).arg(app::text(next.title), app::text(next.reason));
    }
    if (m_flow.hand() == Hand::LookAtPrime)
        return u"did plastic come out? y, n (once more), q (stop and lift)"_s;
    if (m_flow.hand() != Hand::Touch)
        return {};
    if (const auto found = m_flow.registration(); found && !m_accepted)
        return u"height off by %1 mm, U %2 mm: a (take it), r (touch all places again), q (stop and lift)"_s.arg(mm(found->delta, 3), mm(found->uncertainty.u(), 3));
    const app::TouchRun* run = m_flow.touch();
    if (!run || run->isMoving() || m_accepted)
        return {};
    const auto& state = run->state();
    const touch::Spot& spot = run->setup().spots[std::min(state.contacts.size(), run->setup().spots.size() - 1)];
    const QString place = u"place %1 of %2 (X %3 Y %4, top at %5 mm)"_s.arg(state.contacts.size() + 1).arg(run->setup().spots.size())
                              .arg(mm(spot.x, 1), mm(spot.y, 1), mm(spot.top));
    if (std::holds_alternative<touch::Ready>(state.phase))
        return place + u": d (go over it), q (stop and lift)"_s;
    return place + u": d (down by %1 mm), g MM (gap of at least), t (the paper drags), u (up, once more), q (stop and lift)"_s.arg(mm(run->nextStep(), 3));
}

/// One answer is taken for each question, also when several came at once.
void HandTalk::ask()
{
    m_accepted = m_accepted && m_flow.registration(); // taken, until the run goes on: the next answer is for the next question
    const QString now = question();
    if (!now.isEmpty() && now != m_asked)
        m_out.note(now);
    m_asked = now;
    const bool waiting = !now.isEmpty();
    m_input.setEnabled(waiting && !m_pending.contains('\n') && !m_atEnd);
    if (waiting)
        take();
}

void HandTalk::read()
{
    char buffer[longestAnswer];
    const auto count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    m_atEnd = count <= 0;
    if (!m_atEnd)
        m_pending.append(buffer, count);
    ask();
}

void HandTalk::take()
{
    const qsizetype end = m_pending.indexOf('\n');
    if (end >= 0) {
        const QByteArray line = m_pending.left(end).trimmed();
        m_pending.remove(0, end + 1);
        answer(line);
    } else if (m_atEnd || m_pending.size() > longestAnswer) {
        m_input.setEnabled(false);
        m_out.warning(u"no more answers: stopping and lifting"_s);
        if (!std::exchange(m_offer, {}).isEmpty())
            emit refused();
        else
            m_flow.stopAndLift();
    }
}

void HandTalk::accept()
{
    m_accepted = true;
    m_flow.acceptRegistration();
}

void HandTalk::answer(const QByteArray& line)
{
    if (!m_offer.isEmpty() && (line == "y" || line == "q")) {
        m_offer.clear();
        m_asked.clear();
        if (line == "y")
            emit taken();
        else
            emit refused();
        return;
    }
    app::TouchRun* run = m_flow.touch();
    const bool touching = m_flow.hand() == Hand::Touch && run && !m_flow.registration();
    const bool found = m_flow.registration().has_value(), prime = m_flow.hand() == Hand::LookAtPrime;
    bool number = false;
    const double gap = line.startsWith("g ") ? line.mid(2).trimmed().toDouble(&number) : 0;
    m_asked.clear();
    if (line == "q")
        m_flow.stopAndLift();
    else if (touching && line == "d")
        run->press();
    else if (touching && number)
        run->seenGap(gap);
    else if (touching && line == "t")
        run->touches();
    else if (touching && line == "u")
        run->again();
    else if (found && line == "a")
        accept();
    else if (found && line == "r")
        m_flow.touchAgain();
    else if (m_flow.hand() == Hand::Press && line == "y")
        m_flow.pressStep();
    else if (m_flow.hand() == Hand::LookAtHoming && (line == "y" || line == "n"))
        m_flow.homingSeen(line == "y");
    else if (prime && (line == "y" || line == "n"))
        m_flow.primeSeen(line == "y");
    else
        m_out.warning(u"not an answer: %1"_s.arg(QString::fromUtf8(line.left(40))));
    QMetaObject::invokeMethod(this, &HandTalk::ask, Qt::QueuedConnection);
}

} // namespace kintsugi::cli
