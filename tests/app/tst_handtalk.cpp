// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <fcntl.h>
#include <unistd.h>

#include <QTest>

#include "fakejob.h"
#include "handtalk.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
using test::FakeJob;

/// Answers on standard input.
class TestHandTalk : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void answersLeadTheNozzle();
    void severalAnswersAtOnceAreTakenOneByOne();
    void whatIsNoAnswerMovesNothing();
    void theEndOfTheInputStopsAndLifts_data();
    void theEndOfTheInputStopsAndLifts();

private:
    void say(const QByteArray& text) { QCOMPARE(::write(m_write, text.constData(), static_cast<std::size_t>(text.size())), static_cast<ssize_t>(text.size())); }
    void closeInput()
    {
        if (m_write >= 0)
            ::close(std::exchange(m_write, -1));
    }
    [[nodiscard]] double z() const { return (*m_job->driver->status.gcodePosition)[2]; }
    [[nodiscard]] bool isOver() const { return m_job->flow->touch() && std::holds_alternative<recovery::touch::Over>(m_job->flow->touch()->state().phase); }
    [[nodiscard]] bool isReady() const { return m_job->flow->touch() && std::holds_alternative<recovery::touch::Ready>(m_job->flow->touch()->state().phase); }
    void toTheTouch();

    int m_stdin = -1, m_write = -1;
    std::unique_ptr<FakeJob> m_job;
    std::unique_ptr<cli::Output> m_out;
    std::unique_ptr<cli::HandTalk> m_talk;
};

void TestHandTalk::init()
{
    int ends[2];
    QCOMPARE(::pipe(ends), 0);
    m_stdin = ::dup(STDIN_FILENO);
    QVERIFY(::dup2(ends[0], STDIN_FILENO) >= 0);
    ::close(ends[0]);
    m_write = ends[1];
    m_job = std::make_unique<FakeJob>();
    m_job->driver->onScript = [this](const QString& script) -> Result<link::ScriptResult> {
        m_job->follow(script);
        return link::ScriptResult{true, link::HostState::Ready, {}};
    };
    QVERIFY2(m_job->plan(recovery::ZMethod::Touch, [](Statements& said) { said.lookAtPrime = true; }), qPrintable(m_job->why()));
    m_out = std::make_unique<cli::Output>();
    m_talk = std::make_unique<cli::HandTalk>(*m_job->flow, *m_out);
}

void TestHandTalk::cleanup()
{
    m_talk.reset();
    m_out.reset();
    m_job.reset();
    closeInput();
    ::dup2(m_stdin, STDIN_FILENO);
    ::close(m_stdin);
}

void TestHandTalk::toTheTouch()
{
    QVERIFY2(m_job->launch(), qPrintable(m_job->why()));
    QTRY_VERIFY2(m_job->flow->hand() == recovery::Hand::Touch && isReady(), qPrintable(m_job->why()));
}

void TestHandTalk::answersLeadTheNozzle()
{
    toTheTouch();
    say("d\n");
    QTRY_VERIFY(isOver());
    const double high = z();
    say("g 3\n");
    QTRY_COMPARE(m_job->flow->touch()->nextStep(), 1.5);
    say("d\n");
    QTRY_VERIFY(std::abs(z() - (high - 1.5)) < 1e-9);
    QTRY_VERIFY(isOver());
    say("u\n");
    QTRY_VERIFY(std::abs(z() - high) < 1e-9);
    QTRY_VERIFY(isOver());
    say("t\n");
    QTRY_VERIFY(m_job->flow->registration());
    QVERIFY(m_job->scripts().filter(u"SET_KINEMATIC_POSITION"_s).size() == 1);
    say("r\n"); // all places again
    QTRY_VERIFY(isReady() && !m_job->flow->registration());
    say("d\n");
    QTRY_VERIFY(isOver());
    say("t\n");
    QTRY_VERIFY(m_job->flow->registration());
    say("a\n");
    QTRY_VERIFY2(m_job->flow->hand() == recovery::Hand::LookAtPrime, qPrintable(m_job->why()));
    QCOMPARE(m_job->scripts().filter(u"SET_KINEMATIC_POSITION"_s).size(), 2);
    const auto primes = m_job->scripts().size();
    say("n\n"); // once more
    QTRY_COMPARE(m_job->scripts().size(), primes + 1);
    QCOMPARE(m_job->scripts().last(), m_job->scripts().at(primes - 1));
    QTRY_VERIFY(m_job->flow->hand() == recovery::Hand::LookAtPrime);
    QCOMPARE(m_job->driver->count(u"startPrint"_s), 0);
    say("y\n");
    QTRY_COMPARE(m_job->driver->count(u"startPrint"_s), 1);
}

void TestHandTalk::severalAnswersAtOnceAreTakenOneByOne()
{
    toTheTouch();
    say("d\ng 4\nd\nt\na\ny\n");
    QTRY_COMPARE(m_job->driver->count(u"startPrint"_s), 1);
    QVERIFY2(m_job->errors.isEmpty(), qPrintable(m_job->why()));
}

void TestHandTalk::whatIsNoAnswerMovesNothing()
{
    toTheTouch();
    const auto sent = m_job->scripts().size();
    say("down\ng\ng x\nt\nu\na\ny\nn\n\n  \nD\n");
    say("d\n");
    QTRY_VERIFY(isOver()); // the answer behind them was taken, and nothing of them
    QCOMPARE(m_job->scripts().size(), sent + 1);
    QVERIFY(!m_job->flow->registration());
    const double high = z();
    say("g -5\ng nan\ng 1e400\nd\n");
    QTRY_VERIFY(z() < high);
    QVERIFY(high - z() <= 1.0 + 1e-9); // as without a look
}

void TestHandTalk::theEndOfTheInputStopsAndLifts_data()
{
    QTest::addColumn<QByteArray>("last");
    QTest::addColumn<bool>("closes");
    QTest::newRow("closed") << QByteArray() << true;
    QTest::newRow("closed behind half a line") << QByteArray("d") << true;
    QTest::newRow("quit") << QByteArray("q\n") << false;
    QTest::newRow("a line without end") << QByteArray(300, 'x') << false;
}

void TestHandTalk::theEndOfTheInputStopsAndLifts()
{
    QFETCH(QByteArray, last);
    QFETCH(bool, closes);
    toTheTouch();
    const auto sent = m_job->scripts().size();
    if (!last.isEmpty())
        say(last);
    if (closes)
        closeInput();
    QTRY_VERIFY(m_job->scripts().size() > sent);
    const QStringList all = m_job->scripts();
    const QString lift = all.mid(sent).join(u'\n');
    QVERIFY2(lift.contains(u"G91\nG1 Z10"_s) && lift.contains(u"M104 S0"_s) && lift.contains(u"M140 S60"_s), qPrintable(lift));
    QVERIFY(m_job->flow->hand() == recovery::Hand::None);
    QCOMPARE(m_job->driver->count(u"startPrint"_s), 0);
}

QTEST_GUILESS_MAIN(TestHandTalk)
#include "tst_handtalk.moc"
