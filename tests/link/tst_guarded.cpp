// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <QSignalSpy>
#include <QTest>
#include <QThread>
#include <QTimer>

#include "guarded.h"

using kintsugi::link::Done;
using kintsugi::link::guarded;

namespace {

/// Counts its living copies: what a coroutine holds must be gone when the coroutine is.
struct Held {
    explicit Held(int& alive)
        : count(&alive)
    {
        ++*count;
    }
    Held(const Held& other)
        : count(other.count)
    {
        ++*count;
    }
    Held& operator=(const Held&) = delete;
    ~Held() { --*count; }
    int* count;
};

struct Log {
    QStringList lines;
    int held = 0;
    Done<int> answer;
};

class Worker : public QObject
{
public:
    explicit Worker(Log& log)
        : m_log(log)
    {
    }

    QCoro::Task<> work()
    {
        const Held held(m_log.held);
        const int first = co_await wait();
        m_log.lines.append(QString::number(first));
        m_value += first;
        const int second = co_await inner(held);
        m_log.lines.append(QString::number(second));
        m_value += second;
    }

    QCoro::Task<int> inner(Held)
    {
        co_return co_await wait() + 100;
    }

    QCoro::Task<> atOnce()
    {
        const std::function<void(Done<int>)> start = [](const Done<int>& done) {
            done(7);
            done(8);
        };
        m_log.lines.append(QString::number(co_await guarded<int>(this, start)));
    }

    kintsugi::link::Guarded<int> wait()
    {
        return guarded<int>(this, [this](Done<int> done) { m_log.answer = std::move(done); });
    }

private:
    Log& m_log;
    int m_value = 0; ///< touched after every wait: a late line would be a use after free
};

} // namespace

class TestGuarded : public QObject
{
    Q_OBJECT
private slots:
    void goesOnWithTheAnswer();
    void answerAtOnce();
    void secondAnswerIsIgnored();
    void endsWithItsOwner_data();
    void endsWithItsOwner();
    void ownerDiesInsideTheAnswer();
    void staysOnItsThread();
};

void TestGuarded::goesOnWithTheAnswer()
{
    Log log;
    Worker worker(log);
    worker.work();
    QCOMPARE(log.held, 1);
    log.answer(1);
    QCOMPARE(log.lines, QStringList{QStringLiteral("1")});
    QVERIFY(log.held > 1);
    log.answer(2);
    QCOMPARE(log.lines.last(), QStringLiteral("102"));
    QCOMPARE(log.held, 0);
}

void TestGuarded::answerAtOnce()
{
    Log log;
    Worker worker(log);
    worker.atOnce();
    QCOMPARE(log.lines, QStringList{QStringLiteral("7")});
}

void TestGuarded::secondAnswerIsIgnored()
{
    Log log;
    Worker worker(log);
    worker.work();
    const Done<int> first = log.answer;
    first(1);
    first(5);
    QCOMPARE(log.lines.size(), 1);
}

void TestGuarded::endsWithItsOwner_data()
{
    QTest::addColumn<int>("answers");
    QTest::newRow("at the first wait") << 0;
    QTest::newRow("in a nested coroutine") << 1;
    QTest::newRow("after the end") << 2;
}

void TestGuarded::endsWithItsOwner()
{
    QFETCH(int, answers);
    Log log;
    auto worker = std::make_unique<Worker>(log);
    QCoro::Task<> task = worker->work();
    for (int i = 0; i < answers; ++i)
        log.answer(i);
    const qsizetype lines = log.lines.size();
    worker.reset();
    QCOMPARE(log.held, 0);
    QVERIFY(task.isReady());
    log.answer(9); // late: nobody is there
    QCOMPARE(log.lines.size(), lines);
}

void TestGuarded::ownerDiesInsideTheAnswer()
{
    Log log;
    auto owner = std::make_unique<QObject>();
    const auto coroutine = [&]() -> QCoro::Task<> {
        const Held held(log.held);
        const std::function<void(Done<int>)> start = [&](const Done<int>& done) {
            owner.reset();
            done(1);
        };
        co_await guarded<int>(owner.get(), start);
        log.lines.append(QStringLiteral("reached"));
    };
    coroutine();
    QCOMPARE(log.held, 0);
    QVERIFY(log.lines.isEmpty());
}

void TestGuarded::staysOnItsThread()
{
    QThread thread;
    QThread* ranOn = nullptr;
    auto* object = new QObject;
    object->moveToThread(&thread);
    connect(&thread, &QThread::finished, object, &QObject::deleteLater);
    const auto coroutine = [&ranOn](QObject* owner) -> QCoro::Task<> {
        const std::function<void(Done<bool>)> start = [owner](const Done<bool>& done) {
            QTimer::singleShot(0, owner, [done] { done(true); });
        };
        co_await guarded<bool>(owner, start);
        ranOn = QThread::currentThread();
        QThread::currentThread()->quit();
    };
    QSignalSpy finished(&thread, &QThread::finished);
    thread.start();
    QMetaObject::invokeMethod(object, [&coroutine, object] { coroutine(object); });
    QVERIFY(finished.wait());
    thread.wait();
    QCOMPARE(ranOn, &thread);
}

QTEST_GUILESS_MAIN(TestGuarded)
#include "tst_guarded.moc"
