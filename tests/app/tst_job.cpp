// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSemaphore>
#include <QSignalSpy>
#include <QTest>
#include <QThreadPool>

#include "job.h"

using namespace kintsugi;
using namespace kintsugi::app;

class TstJob final : public QObject
{
    Q_OBJECT
private slots:
    void givesItsResult();
    void reportsProgress();
    void cancelIsAnswered();
    void startAgainDropsTheOldOutcome();
    void canBeDestroyedWhileItRuns();
    void foreignExceptionsAreErrors();
    void errorsPass();
};

void TstJob::givesItsResult()
{
    Job<int> job;
    QSignalSpy finished(&job, &JobBase::finished);
    job.start([](JobControl&) -> Result<int> { return 42; });
    QVERIFY(job.isRunning());
    QVERIFY(finished.wait());
    QVERIFY(!job.isRunning());
    QCOMPARE(**job.outcome(), 42);
}

void TstJob::reportsProgress()
{
    Job<int> job;
    QSignalSpy progressed(&job, &JobBase::progressed), finished(&job, &JobBase::finished);
    auto go = std::make_shared<QSemaphore>();
    job.start([go](JobControl& control) -> Result<int> {
        for (double fraction = 0.25; !go->tryAcquire(1, 5); fraction = std::min(fraction + 0.01, 0.9))
            control.progress(fraction); // Qt drops reports that follow too fast
        control.progress(7);
        return 1;
    });
    const auto last = [&] { return progressed.isEmpty() ? 0.0 : progressed.last()[0].toDouble(); };
    QTRY_VERIFY(last() >= 0.25);
    go->release();
    QVERIFY(finished.wait());
    for (const auto& call : progressed)
        QVERIFY(call[0].toDouble() <= 1.0);
}

void TstJob::cancelIsAnswered()
{
    Job<int> job;
    QSignalSpy finished(&job, &JobBase::finished);
    auto started = std::make_shared<QSemaphore>();
    job.start([started](JobControl& control) -> Result<int> {
        started->release();
        while (!control.cancelled())
            QThread::yieldCurrentThread();
        return 1;
    });
    started->acquire();
    job.cancel();
    QVERIFY(finished.wait());
    QVERIFY(job.outcome()->error().code == ErrorCode::Cancelled);
}

void TstJob::startAgainDropsTheOldOutcome()
{
    Job<int> job;
    QSignalSpy finished(&job, &JobBase::finished);
    auto go = std::make_shared<QSemaphore>();
    job.start([go](JobControl&) -> Result<int> {
        go->acquire();
        return 1;
    });
    job.start([](JobControl&) -> Result<int> { return 2; });
    go->release();
    QVERIFY(finished.wait());
    QCOMPARE(**job.outcome(), 2);
    QThreadPool::globalInstance()->waitForDone();
    QCoreApplication::sendPostedEvents();
    QCOMPARE(finished.size(), 1);
}

void TstJob::canBeDestroyedWhileItRuns()
{
    auto go = std::make_shared<QSemaphore>();
    auto over = std::make_shared<QSemaphore>();
    {
        Job<std::string> job;
        job.start([go, over](JobControl& control) -> Result<std::string> {
            go->acquire();
            control.progress(0.9); // the job is gone, what it touches is not
            over->release();
            return std::string(1000, 'x');
        });
    }
    go->release();
    QVERIFY(over->tryAcquire(1, 5000));
    QThreadPool::globalInstance()->waitForDone();
    QCoreApplication::sendPostedEvents();
}

void TstJob::foreignExceptionsAreErrors()
{
    Job<int> job;
    QSignalSpy finished(&job, &JobBase::finished);
    job.start([](JobControl&) -> Result<int> { throw std::runtime_error("from elsewhere"); });
    QVERIFY(finished.wait());
    QCOMPARE(job.outcome()->error().detail, std::string("from elsewhere"));
}

void TstJob::errorsPass()
{
    Job<int> job;
    QSignalSpy finished(&job, &JobBase::finished);
    job.start([](JobControl&) -> Result<int> { return fail(ErrorCode::FileMissing, "why", "name"); });
    QVERIFY(finished.wait());
    QVERIFY(job.outcome()->error() == (Error{.code = ErrorCode::FileMissing, .detail = "why", .file = "name"}));
}

QTEST_GUILESS_MAIN(TstJob)
#include "tst_job.moc"
