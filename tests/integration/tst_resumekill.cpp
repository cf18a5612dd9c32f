// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QProcess>
#include <QSignalSpy>
#include <QTest>

#include "jobfixture.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;

namespace {

constexpr double fast = 40;      // virtual seconds per second
constexpr int longest = 60'000;  // ms

} // namespace

/// A program that resumes a print on the simulated printer is killed in the middle of each step: the next start tells the
/// truth, and sends nothing by itself.
class TestResumeKill : public test::JobFixture
{
    Q_OBJECT
private slots:
    void initTestCase();
    void cleanupTestCase();
    void killedAt_data();
    void killedAt();

private:
    void openSession(const QString& history);
    void closeSession();
    void cyclePower();
    void runChild(const QString& history, const QString& way, int step, int delay);
    [[nodiscard]] recovery::Sample status();

    std::vector<std::pair<int, QString>> m_steps; ///< as the child planned them
    std::unique_ptr<QTemporaryDir> m_lives;
};

void TestResumeKill::initTestCase()
{
    newFolder();
    m_lives = std::make_unique<QTemporaryDir>();
    openHouse(std::make_unique<DemoStand>(m_folder->filePath(u"printer_data"_s), fast));
    QVERIFY(!QTest::currentTestFailed());
    m_session->connectPrinter();
    QTRY_COMPARE_WITH_TIMEOUT(m_session->state(), PrinterState::Idle, longest);
    QSignalSpy started(&m_session->recorder(), &Recorder::jobStarted), interrupted(&m_session->recorder(), &Recorder::jobInterrupted);
    m_stand->call([](sim::Klippy& klippy) { klippy.atLayer(4, 0.2, [&klippy] { klippy.setSpeed(0.5); }); });
    m_session->driver().startPrint(m_stand->file(), this, [](const Result<>&) {});
    QVERIFY(!started.isEmpty() || started.wait(longest));
    QTRY_VERIFY_WITH_TIMEOUT(m_session->file() != nullptr, longest);
    QTRY_VERIFY_WITH_TIMEOUT(m_stand->ask([](sim::Klippy& klippy) { return klippy.speed(); }) < 1, longest);
    QSignalSpy sampled(m_session.get(), &Session::sampled);
    QTRY_VERIFY_WITH_TIMEOUT(sampled.size() >= 4, longest);
    m_stand->cutPower();
    QTRY_VERIFY_WITH_TIMEOUT(m_session->state() == PrinterState::Offline, longest);
    m_stand->goFast();
    m_stand->restorePower();
    QVERIFY(!interrupted.isEmpty() || interrupted.wait(longest));
    QTRY_COMPARE_WITH_TIMEOUT(m_session->state(), PrinterState::Interrupted, longest);
    closeSession();
}

void TestResumeKill::cleanupTestCase()
{
    closeHouse();
}

void TestResumeKill::closeSession()
{
    m_flow.reset();
    m_session.reset();
    m_files.reset();
    m_archive.reset();
}

void TestResumeKill::openSession(const QString& history)
{
    m_archive = std::make_unique<Archive>();
    QSignalSpy opened(m_archive.get(), &Archive::opened);
    m_archive->open(QUrl::fromLocalFile(history));
    QVERIFY(opened.wait());
    m_files = std::make_unique<FileCache>(m_folder->filePath(u"cache"_s));
    Profile profile;
    profile.id = u"demo"_s;
    profile.name = u"Demo"_s;
    profile.url = m_stand->address();
    link::MoonrakerTimes times;
    times.firstRetry = std::chrono::milliseconds(50);
    times.longestRetry = std::chrono::milliseconds(200);
    times.poll = std::chrono::milliseconds(50);
    const auto clock = m_stand->clock();
    m_session = std::make_unique<Session>(profile, std::make_unique<link::MoonrakerDriver>(link::Address{m_stand->address(), {}}, nullptr, clock, times),
                                          *m_archive, *m_files, clock);
}

void TestResumeKill::cyclePower()
{
    m_stand->call([](sim::Klippy& klippy) { klippy.setSpeed(fast); });
    m_stand->cutPower();
    m_stand->restorePower();
    QTRY_VERIFY_WITH_TIMEOUT(m_stand->ask([](sim::Klippy& klippy) { return klippy.now(); }) > 10, longest); // the host is up
    m_stand->call([](sim::Klippy& klippy) { klippy.setBedTemperature(30); });
}

void TestResumeKill::runChild(const QString& history, const QString& way, int step, int delay)
{
    const double offset = m_stand->clock()() - static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000;
    const double z = m_stand->ask([](sim::Klippy& klippy) { return klippy.truePosition()[2]; });
    QProcess child;
    child.setProcessChannelMode(QProcess::MergedChannels);
    QSignalSpy ended(&child, &QProcess::finished);
    child.start(QStringLiteral(KINTSUGI_RESUME_CHILD),
                {m_stand->address().toString(), history, m_folder->filePath(u"cache"_s), QString::number(offset, 'f', 3), QString::number(z, 'f', 4), way,
                 QString::number(step), QString::number(delay)});
    QVERIFY(child.waitForStarted());
    QVERIFY(ended.wait(longest + 10'000));
    const QByteArray said = child.readAll();
    QVERIFY2(child.exitStatus() == QProcess::CrashExit, said.constData());
    m_steps.clear();
    for (const QByteArray& line : said.split('\n')) {
        if (line.startsWith("step "))
            m_steps.emplace_back(line.split(' ')[1].toInt(), QString::fromUtf8(line.mid(line.indexOf(' ', 5) + 1)));
    }
    QVERIFY2(m_steps.size() > 8, said.constData());
}

recovery::Sample TestResumeKill::status()
{
    std::optional<Result<recovery::Sample>> now;
    m_session->driver().readStatus(this, [&](const Result<recovery::Sample>& sample) { now = sample; });
    (void)QTest::qWaitFor([&] { return now.has_value(); }, longest);
    return now && *now ? **now : recovery::Sample();
}

void TestResumeKill::killedAt_data()
{
    QTest::addColumn<QString>("way");
    QTest::addColumn<int>("step");
    QTest::addColumn<int>("delay");
    for (const int step : {0, 1, 2, 3, 4, 8}) // each life is one more lift of the head: after the last one it no longer counts as touching
        QTest::newRow(qPrintable(u"before step %1 is sent"_s.arg(step + 1))) << u"zero-copy"_s << step << 0;
}

void TestResumeKill::killedAt()
{
    QFETCH(QString, way);
    QFETCH(int, step);
    QFETCH(int, delay);
    const bool newFile = way == u"new-file"_s;
    cyclePower();
    QVERIFY(!QTest::currentTestFailed());
    const QString history = m_lives->filePath(u"%1-%2-%3.sqlite"_s.arg(way).arg(step).arg(delay));
    for (const QString& part : {QString(), u"-wal"_s, u"-shm"_s})
        QFile::copy(m_folder->filePath(u"history.sqlite"_s + part), history + part);
    QVERIFY(QFile::exists(history));
    if (delay > 0) // so that it is in the middle of it
        m_stand->call([](sim::Klippy& klippy) { klippy.setSpeed(0.2); });
    runChild(history, way, step, delay);
    QVERIFY(!QTest::currentTestFailed());
    m_stand->call([](sim::Klippy& klippy) { klippy.setSpeed(5); });

    openSession(history);
    QVERIFY(!QTest::currentTestFailed());
    QTRY_VERIFY_WITH_TIMEOUT(m_session->crash(), longest);
    const CrashTruth truth = *m_session->crash();
    m_session->connectPrinter();
    QTRY_COMPARE_WITH_TIMEOUT(m_session->host().state, link::HostState::Ready, longest);
    QTRY_VERIFY_WITH_TIMEOUT(m_session->sample().has_value(), longest);
    const recovery::Sample before = status();
    const CrashReport report = describe(truth, before, m_session->host());
    const auto count = static_cast<int>(m_steps.size()) - 1;
    QCOMPARE(static_cast<int>(truth.record.steps.size()), count);
    if (newFile) {
        QCOMPARE(truth.phase, CrashTruth::Phase::Started);
        QVERIFY(report.goesOn);
        QVERIFY2(report.step.contains(u"works through it by itself"_s), qPrintable(report.step));
        // The step by the byte of now: not before the one at which it was killed.
        const auto at = std::find_if(m_steps.begin(), m_steps.end(), [&](const auto& one) { return report.step.contains(u"step %1 of"_s.arg(one.first)); });
        QVERIFY2((at != m_steps.end() && at - m_steps.begin() >= step) || report.step.contains(u"original's lines"_s), qPrintable(report.step));
        return closeSession();
    }
    const int n = m_steps[static_cast<std::size_t>(step)].first;
    QCOMPARE(truth.phase, CrashTruth::Phase::Sending);
    QCOMPARE(truth.step, n);
    QVERIFY2(report.step.contains(u"step %1 of %2 ("_s.arg(n).arg(count)), qPrintable(report.step));
    int hot = 0;
    for (const auto& [name, heater] : before.heaters) {
        const bool on = heater.target.value_or(0) > 0;
        hot += on ? 1 : 0;
        QCOMPARE(report.heaters.contains(QString::fromStdString(name) + u" to "_s), on);
    }
    QCOMPARE(report.heaters.contains(u"No heater"_s), hot == 0);
    QVERIFY(step > 1 || delay > 0 || hot == 0); // the bed is the second step
    QVERIFY(step < 2 || hot > 0);
    const bool zKnown = before.homedAxes.find('z') != std::string::npos;
    QCOMPARE(report.head.contains(u"Z not known"_s), !zKnown);
    if (zKnown)
        QVERIFY2(report.head.contains(u"Z %1 mm"_s.arg((*before.toolheadPosition)[2], 0, 'f', 2)), qPrintable(report.head));
    QVERIFY(!report.goesOn && report.can.size() >= 3);

    // Nothing is sent by itself: the printer stands as it stood, and the journal has no new line.
    QSignalSpy sampled(m_session.get(), &Session::sampled);
    QTRY_VERIFY_WITH_TIMEOUT(sampled.size() >= 3, longest);
    const recovery::Sample after = status();
    QVERIFY(after.toolheadPosition == before.toolheadPosition && after.homedAxes == before.homedAxes);
    for (const auto& [name, heater] : before.heaters)
        QCOMPARE(after.heaters.at(name).target, heater.target);
    std::optional<std::vector<JournalEntry>> journal;
    m_archive->ask<std::vector<JournalEntry>>(this, [](Store& store) { return store.journal(u"demo"_s, 3); }, [&](const auto& entries) { journal = *entries; });
    QTRY_VERIFY(journal);
    QCOMPARE(journal->front().planStep, n);
    closeSession();
}

QTEST_GUILESS_MAIN(TestResumeKill)
#include "tst_resumekill.moc"
