// SPDX-License-Identifier: GPL-3.0-or-later

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "jobfixture.h"
#include "printedpart.h"
#include "recovery/resumewriter.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
namespace run = kintsugi::recovery::run;

namespace {

constexpr double fast = 40, realFast = 15; // virtual seconds per second
constexpr double slow = 0.5;
constexpr int longest = 90'000;         // ms

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

/// The main job, end to end: a recorded print is stopped, and goes on so that the part is whole.
class TestMainJob : public test::JobFixture
{
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void resume_data();
    void resume();
    void resumeOverRealMoonraker_data();
    void resumeOverRealMoonraker();

private:
    void columns();
    void resumeOn(std::unique_ptr<Stand> stand);
    void connectPrinter();
    void printUntil(int layer);
    void fault(const QString& kind);
    void beginFlow();
    void choosePlan(double declaredZ);
    void launchAndFinish();
    void compareWithTruth(double tolerance);
    void checkJournal();
    [[nodiscard]] std::size_t beadsNow();
    [[nodiscard]] double trueZ();
    [[nodiscard]] double virtualNow();

    std::size_t m_firstRun = 0;
};

void TestMainJob::init()
{
    newFolder();
}

void TestMainJob::cleanup()
{
    closeHouse();
}

void TestMainJob::columns()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<bool>("zeroCopy");
    QTest::addColumn<bool>("back"); // to the start of the layer, over what is printed
    QTest::addColumn<double>("tolerance"); // mm
}

void TestMainJob::resume_data()
{
    columns();
    QTest::newRow("power cut, new file") << u"power"_s << false << false << 1.5;
    QTest::newRow("power cut, zero copy") << u"power"_s << true << false << 1.5;
    QTest::newRow("power cut, back to the layer") << u"power"_s << false << true << 1.5;
    // How much of its queue the controller still got is known as a range: the truth must lie in what was said "at most".
    QTest::newRow("host crash, new file") << u"host"_s << false << false << 1.5;
    QTest::newRow("host crash, zero copy") << u"host"_s << true << false << 1.5;
}

void TestMainJob::resumeOverRealMoonraker_data()
{
    columns();
    QTest::newRow("power cut, new file") << u"power"_s << false << false << 1.5;
    QTest::newRow("power cut, zero copy") << u"power"_s << true << false << 1.5;
    QTest::newRow("host crash, zero copy") << u"host"_s << true << false << 1.5;
}

void TestMainJob::resumeOverRealMoonraker()
{
    resumeOn(std::make_unique<RealStand>(m_folder->filePath(u"printer_data"_s), realFast));
}

void TestMainJob::resume()
{
    resumeOn(std::make_unique<DemoStand>(m_folder->filePath(u"printer_data"_s), fast));
}

void TestMainJob::resumeOn(std::unique_ptr<Stand> stand)
{
    openHouse(std::move(stand));
    if (QTest::currentTestFailed())
        return;
    QFETCH(QString, kind);
    QFETCH(bool, zeroCopy);
    QFETCH(double, tolerance);
    const QString original = m_folder->filePath(u"printer_data/gcodes/"_s + m_stand->file());
    const QByteArray content = contentOf(original);
    QVERIFY(!content.isEmpty());

    connectPrinter();
    if (QTest::currentTestFailed())
        return;
    printUntil(6);
    if (QTest::currentTestFailed())
        return;
    fault(kind);
    if (QTest::currentTestFailed())
        return;
    m_firstRun = beadsNow();
    const double z = trueZ();
    beginFlow();
    if (QTest::currentTestFailed())
        return;
    m_flow->setWay(zeroCopy ? run::Way::ZeroCopy : run::Way::NewFile);
    choosePlan(z);
    if (QTest::currentTestFailed())
        return;
    launchAndFinish();
    if (QTest::currentTestFailed())
        return;
    compareWithTruth(tolerance);
    if (QTest::currentTestFailed())
        return;
    checkJournal();
    QCOMPARE(contentOf(original), content); // never altered
}

void TestMainJob::connectPrinter()
{
    m_session->connectPrinter();
    QTRY_COMPARE_WITH_TIMEOUT(m_session->state(), PrinterState::Idle, longest);
    std::optional<Result<>> armed;
    m_session->plrCommand(Session::PlrCommand::Enable, this, [&](const Result<>& result) { armed = result; });
    QTRY_VERIFY(armed);
    QVERIFY2(*armed, armed->has_value() ? "" : qPrintable(errorText(armed->error()).full()));
    QTRY_COMPARE(m_session->recorder().pluginArmed(), std::optional(true));
}

/// Runs fast to the layer, then slowly, so that the recorder's four samples a second are close to the truth.
void TestMainJob::printUntil(int layer)
{
    QSignalSpy started(&m_session->recorder(), &Recorder::jobStarted);
    m_stand->call([layer](sim::Klippy& klippy) { klippy.atLayer(layer, 0.2, [&klippy] { klippy.setSpeed(slow); }); });
    std::optional<Result<>> begun;
    m_session->driver().startPrint(m_stand->file(), this, [&](const Result<>& result) { begun = result; });
    QTRY_VERIFY(begun);
    QVERIFY(*begun);
    QVERIFY(!started.isEmpty() || started.wait(longest));
    QTRY_VERIFY_WITH_TIMEOUT(m_session->file() != nullptr, longest);
    QTRY_VERIFY_WITH_TIMEOUT(m_stand->ask([](sim::Klippy& klippy) { return klippy.speed(); }) < 1, longest);
    // Some samples of the slow time, so that the last ones agree with each other.
    QSignalSpy sampled(m_session.get(), &Session::sampled);
    QTRY_VERIFY_WITH_TIMEOUT(sampled.size() >= 8, longest);
}

void TestMainJob::fault(const QString& kind)
{
    QSignalSpy interrupted(&m_session->recorder(), &Recorder::jobInterrupted);
    QSignalSpy sampled(m_session.get(), &Session::sampled);
    QVERIFY(sampled.wait()); // the very moment after a sample
    if (kind == u"power"_s) {
        m_stand->cutPower();
        QTRY_VERIFY_WITH_TIMEOUT(m_session->state() == PrinterState::Offline, longest);
        m_stand->goFast();
        m_stand->restorePower();
    } else {
        m_stand->call([](sim::Klippy& klippy) { klippy.crashHost(); });
        const double crashed = virtualNow();
        m_stand->goFast();
        QTRY_COMPARE_WITH_TIMEOUT(m_session->state(), PrinterState::Interrupted, longest);
        QTRY_VERIFY_WITH_TIMEOUT(virtualNow() > crashed + 10, longest); // the controller has run out its queue
        m_stand->call([](sim::Klippy& klippy) { klippy.startHost(); });
    }
    QVERIFY(!interrupted.isEmpty() || interrupted.wait(longest));
    QTRY_COMPARE_WITH_TIMEOUT(m_session->state(), PrinterState::Interrupted, longest);
    QTRY_COMPARE_WITH_TIMEOUT(m_session->host().state, link::HostState::Ready, longest);
}

void TestMainJob::beginFlow()
{
    m_flow = std::make_unique<ResumeFlow>(*m_session);
    connect(m_flow.get(), &ResumeFlow::failed, this, [this](const Error& error) { m_errors << u"flow: "_s + errorText(error).full(); });
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned), analysed(m_flow.get(), &ResumeFlow::analysed);
    QVERIFY(m_session->recorder().interruptedJob());
    m_flow->begin(*m_session->recorder().interruptedJob());
    QVERIFY(analysed.wait(longest));
    QVERIFY(!m_flow->causes().empty());
    QVERIFY(m_flow->stop());
    QVERIFY(!m_flow->candidates().empty());
    QVERIFY(m_flow->candidates().front().recommended);
    QVERIFY(!planned.isEmpty() || planned.wait(longest));
    QVERIFY(m_flow->chosen());
    QCOMPARE(m_flow->chosen()->byte, m_flow->candidates().front().byte);
    QVERIFY(m_flow->snapshot());
}

void TestMainJob::choosePlan(double declaredZ)
{
    QFETCH(QString, kind);
    QFETCH(bool, back);
    if (back) {
        const auto& all = m_flow->candidates();
        const auto start = std::find_if(all.begin(), all.end(), [](const recovery::ResumeCandidate& candidate) {
            return candidate.kind == recovery::ResumeCandidate::Kind::StartOfLayer;
        });
        QVERIFY(start != all.end());
        QSignalSpy chosen(m_flow.get(), &ResumeFlow::chosenChanged);
        m_flow->choose(start->byte);
        QVERIFY(chosen.wait(longest));
        QCOMPARE(m_flow->chosen()->byte, start->byte);
        QVERIFY(m_flow->chosen()->printedTwiceMm > 5);
    }
    using recovery::StopCause;
    QCOMPARE(m_flow->statements().cause, kind == u"power"_s ? StopCause::PrinterAndHostLost : StopCause::HostLost);
    Statements statements = m_flow->statements();
    statements.partStuck = true;
    statements.nothingMoved = true;
    statements.contact = recovery::NozzleContact::Touching;
    statements.declaredZ = declaredZ;
    m_flow->setZMethod(recovery::ZMethod::Touch);
    m_flow->setStatements(statements);
    const auto settled = [this] { return !m_flow->isBusy() && (m_flow->plan() || m_flow->planError()); };
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned);
    QVERIFY(planned.wait(longest));
    QTRY_VERIFY_WITH_TIMEOUT(settled(), longest);
    QVERIFY2(m_flow->plan(), m_flow->planError() ? qPrintable(errorText(*m_flow->planError()).full()) : "");
    QStringList blocks;
    for (const recovery::GateCheck& check : m_flow->gate()) {
        if (!check.passed && check.severity == recovery::Severity::Block)
            blocks << QString::fromStdString(check.id) + u": "_s + text(check.text);
    }
    QVERIFY2(m_flow->gateIsOpen(), qPrintable(blocks.join(u"; "_s)));
}

void TestMainJob::launchAndFinish()
{
    QSignalSpy failed(m_flow.get(), &ResumeFlow::failed), finished(m_flow.get(), &ResumeFlow::finished);
    m_flow->arm();
    QTRY_VERIFY_WITH_TIMEOUT(std::holds_alternative<run::Armed>(m_flow->runState()) || !failed.isEmpty(), longest);
    QVERIFY2(failed.isEmpty(), qPrintable(m_errors.join(u"; "_s)));
    QCOMPARE(m_flow->currentStep(), -1); // armed: nothing has moved
    m_flow->launch();
    QVERIFY2(!finished.isEmpty() || finished.wait(longest), qPrintable(m_errors.join(u"; "_s)));
    QVERIFY(m_flow->report());
    QVERIFY2(m_flow->report()->completed, qPrintable(m_flow->report()->endState + u"; "_s + m_errors.join(u"; "_s)));
    QVERIFY(std::holds_alternative<run::Done>(m_flow->runState()));
    QCOMPARE(m_flow->currentStep(), static_cast<int>(m_flow->plan()->steps.size()));
    QTRY_VERIFY2_WITH_TIMEOUT(m_session->state() == PrinterState::Idle, qPrintable(QString::number(static_cast<int>(m_session->state()))), 30'000);
    QVERIFY(!m_session->recorder().interruptedJob());
}

void TestMainJob::compareWithTruth(double tolerance)
{
    const double complete = virtualNow(); // the last lines are still on their way to the nozzle
    QTRY_VERIFY_WITH_TIMEOUT(virtualNow() > complete + 10, longest);
    sim::Deposit deposit;
    double crushed = 0;
    m_stand->call([&](sim::Klippy& klippy) {
        deposit = klippy.deposit();
        crushed = klippy.crushed();
    });
    std::optional<recovery::ResumePoint> resumed;
    if (const QString resumeFile = m_flow->report()->resumeFile; !resumeFile.isEmpty()) {
        const auto source = gcode::FileSource::open(m_folder->filePath(u"printer_data/gcodes/"_s + resumeFile).toStdString());
        QVERIFY(source);
        const auto point = recovery::readResumePoint(**source);
        QVERIFY(point && *point);
        QCOMPARE((*point)->original, m_flow->report()->byte);
        resumed = **point;
    }
    const test::PrintedPart comparison(*m_flow->file()->source, *m_flow->file()->index, m_flow->file()->remote, resumed, deposit, m_firstRun);
    const test::Outcome truth = comparison.outcome();
    const ResumeReport& said = *m_flow->report();
    qInfo() << "from byte" << said.byte << "likely" << m_flow->stop()->likely << m_flow->stop()->likelyFraction << "in ["
            << m_flow->stop()->earliest << m_flow->stop()->latest << "]; wanted" << truth.wanted << "mm; twice" << truth.twice << "said" << said.printedTwiceMm << "; open" << truth.open << "said"
            << said.leftOpenMm << "at most" << m_flow->chosen()->printedTwiceMostMm << m_flow->chosen()->leftOpenMostMm << "; height off by" << truth.worstHeight << "; crushed" << crushed;
    QVERIFY(truth.wanted > 100);
    QVERIFY(m_firstRun > 0 && m_firstRun < deposit.beads.size());
    QFETCH(QString, kind);
    const bool range = kind == u"host"_s;
    const recovery::ResumeCandidate& chosen = *m_flow->chosen();
    const double twiceMost = range ? chosen.printedTwiceMostMm : said.printedTwiceMm, twiceLeast = range ? 0.0 : said.printedTwiceMm;
    const double openMost = range ? chosen.leftOpenMostMm : said.leftOpenMm, openLeast = range ? 0.0 : said.leftOpenMm;
    QVERIFY(twiceLeast - tolerance <= truth.twice && truth.twice <= twiceMost + tolerance);
    QVERIFY2(openLeast - tolerance <= truth.open && truth.open <= openMost + tolerance, qPrintable(comparison.differences()));
    QVERIFY(truth.worstHeight <= 0.05);
    QVERIFY(crushed <= 0.1);
}

void TestMainJob::checkJournal()
{
    std::optional<std::vector<JournalEntry>> journal;
    m_archive->ask<std::vector<JournalEntry>>(
        this, [](Store& store) { return store.journal(u"demo"_s); },
        [&](const Result<std::vector<JournalEntry>>& entries) { journal = entries.value_or(std::vector<JournalEntry>()); });
    QTRY_VERIFY(journal.has_value());
    QStringList actions;
    for (const JournalEntry& entry : *journal) {
        QVERIFY2(entry.finished, qPrintable(entry.action));
        QCOMPARE(entry.result, u"ok"_s);
        actions.prepend(entry.action);
    }
    QFETCH(bool, zeroCopy);
    if (zeroCopy) {
        const auto steps = static_cast<qsizetype>(m_flow->plan()->steps.size()) - 1; // the last one is the file itself
        QCOMPARE(actions.count(u"script"_s), steps + 1);                            // and PLR_ENABLE
        QCOMPARE(actions.last(), u"start-at"_s);
        QVERIFY(!actions.contains(u"upload"_s));
    } else {
        QCOMPARE(actions, QStringList({u"script"_s, u"upload"_s, u"start"_s}));
    }
}

std::size_t TestMainJob::beadsNow()
{
    return static_cast<std::size_t>(m_stand->ask([](sim::Klippy& klippy) { return static_cast<double>(klippy.deposit().beads.size()); }));
}

double TestMainJob::trueZ()
{
    return m_stand->ask([](sim::Klippy& klippy) { return klippy.truePosition()[2]; });
}

double TestMainJob::virtualNow()
{
    return m_stand->ask([](sim::Klippy& klippy) { return klippy.now(); });
}

QTEST_GUILESS_MAIN(TestMainJob)
#include "tst_mainjob.moc"
