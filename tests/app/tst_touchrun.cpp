// SPDX-License-Identifier: GPL-3.0-or-later
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "fakedriver.h"
#include "touchrun.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
namespace touch = kintsugi::recovery::touch;
using test::FakeDriver;

/// A touch registration over a printer that does as told.
class TestTouchRun : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void nothingIsSentWithoutAPress();
    void everyPressIsOneJournalledMove();
    void everyPlaceIsTouchedAndLeft();
    void endsWhenTheMachineCannotBeTrusted_data();
    void endsWhenTheMachineCannotBeTrusted();
    void badSettingsBeginNothing();

private:
    void settle();
    void pressAndSettle();
    [[nodiscard]] QStringList scripts() const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Archive> m_archive;
    std::unique_ptr<FileCache> m_files;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<TouchRun> m_run;
    FakeDriver* m_driver = nullptr;
    TouchRun::Setup m_setup;
    std::vector<Error> m_errors;
    double m_lie = 0; ///< mm added to every reported Z
};

void TestTouchRun::init()
{
    m_errors.clear();
    m_lie = 0;
    m_folder = std::make_unique<QTemporaryDir>();
    m_archive = std::make_unique<Archive>();
    QSignalSpy opened(m_archive.get(), &Archive::opened);
    m_archive->open(QUrl::fromLocalFile(m_folder->filePath(u"history.sqlite"_s)));
    QVERIFY(opened.wait());
    m_files = std::make_unique<FileCache>(m_folder->filePath(u"cache"_s));
    Profile profile;
    profile.id = u"p"_s;
    auto driver = std::make_unique<FakeDriver>();
    m_driver = driver.get();
    m_driver->status.homedAxes = "xyz";
    m_driver->status.gcodePosition = {{5, 5, 30, 0}};
    m_driver->onScript = [this](const QString& script) -> Result<link::ScriptResult> {
        static const QRegularExpression word(u"([XYZ])(-?[0-9.]+)"_s);
        for (auto words = word.globalMatch(script); words.hasNext();) {
            const auto match = words.next();
            const auto axis = static_cast<std::size_t>(match.captured(1)[0].unicode() - u'X');
            (*m_driver->status.gcodePosition)[axis] = match.captured(2).toDouble() + (axis == 2 ? m_lie : 0);
        }
        return link::ScriptResult{true, link::HostState::Ready, {}};
    };
    m_session = std::make_unique<Session>(profile, std::move(driver), *m_archive, *m_files, [] { return 1e9; });
    m_driver->goOnline();
    m_setup = {};
    m_setup.touch.spots = {{10, 10, 5}, {90, 10, 5}, {10, 90, 5}};
    m_setup.touch.travelZ = 30;
    m_setup.planStep = 6;
    m_run = std::make_unique<TouchRun>(*m_session, m_setup);
    connect(m_run.get(), &TouchRun::failed, this, [this](const Error& error) { m_errors.push_back(error); });
}

void TestTouchRun::cleanup()
{
    m_run.reset();
    m_session.reset();
    m_files.reset();
    m_archive.reset();
}

QStringList TestTouchRun::scripts() const
{
    QStringList result;
    for (const FakeDriver::Call& call : m_driver->calls) {
        if (call.name == u"runScript"_s)
            result << call.arguments.value(0);
    }
    return result;
}

void TestTouchRun::settle()
{
    QTRY_VERIFY(!m_run->isMoving());
}

void TestTouchRun::pressAndSettle()
{
    m_run->press();
    settle();
}

void TestTouchRun::nothingIsSentWithoutAPress()
{
    QVERIFY(m_run->begin());
    m_run->seenGap(3);
    m_run->touches(); // nothing stands over a place yet
    m_run->again();
    m_driver->emitSample(m_driver->status);
    QVERIFY(scripts().isEmpty());
    QVERIFY(m_errors.empty());
}

void TestTouchRun::everyPressIsOneJournalledMove()
{
    QVERIFY(m_run->begin());
    pressAndSettle();
    m_run->seenGap(10);
    QCOMPARE(m_run->nextStep(), 5.0);
    m_run->press();
    m_run->press(); // while it moves: nothing
    settle();
    QCOMPARE(scripts(), QStringList({u"G90\nG1 X10 Y10 F6000\nM400"_s, u"G90\nG1 Z25 F300\nM400"_s}));
    std::optional<std::vector<JournalEntry>> journal;
    m_archive->ask<std::vector<JournalEntry>>(
        this, [](Store& store) { return store.journal(u"p"_s); },
        [&](const Result<std::vector<JournalEntry>>& entries) { journal = entries.value_or(std::vector<JournalEntry>()); });
    QTRY_VERIFY(journal);
    QCOMPARE(journal->size(), std::size_t{2});
    for (const JournalEntry& entry : *journal) {
        QCOMPARE(entry.action, u"touch"_s);
        QCOMPARE(entry.planStep, 6);
    }
}

void TestTouchRun::everyPlaceIsTouchedAndLeft()
{
    QSignalSpy finished(m_run.get(), &TouchRun::finished);
    QVERIFY(m_run->begin());
    for (int place = 0; place < 3; ++place) {
        pressAndSettle();
        m_run->seenGap(40);
        pressAndSettle();
        m_run->touches();
        settle();
        QCOMPARE((*m_driver->status.gcodePosition)[2], 30.0); // up again before it goes across
    }
    QCOMPARE(finished.size(), 1);
    QCOMPARE(m_run->state().contacts.size(), std::size_t{3});
    QCOMPARE(m_run->state().contacts[2].z, 10.0);
    QCOMPARE(m_run->state().contacts[2].spot.y, 90.0);
    const auto sent = scripts().size();
    m_run->press();
    QCOMPARE(scripts().size(), sent);
}

void TestTouchRun::endsWhenTheMachineCannotBeTrusted_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("motors off") << u"motors"_s << ErrorCode::Unsafe;
    QTest::newRow("link lost") << u"link"_s << ErrorCode::Disconnected;
    QTest::newRow("host shut down") << u"host"_s << ErrorCode::KlippyNotReady;
    QTest::newRow("the move is refused") << u"refused"_s << ErrorCode::Refused;
    QTest::newRow("the printer stands elsewhere") << u"lie"_s << ErrorCode::BadReply;
    QTest::newRow("no position is told") << u"silent"_s << ErrorCode::BadReply;
}

void TestTouchRun::endsWhenTheMachineCannotBeTrusted()
{
    QFETCH(QString, what);
    QFETCH(ErrorCode, code);
    QVERIFY(m_run->begin());
    pressAndSettle();
    if (what == u"motors"_s) {
        m_driver->status.homedAxes = "";
        m_driver->emitSample(m_driver->status);
    } else if (what == u"link"_s) {
        m_driver->dropLink();
    } else if (what == u"host"_s) {
        m_driver->setHost(link::HostState::Shutdown, u"stepper"_s);
    } else {
        if (what == u"refused"_s)
            m_driver->onScript = [](const QString&) { return Result<link::ScriptResult>(fail(ErrorCode::Refused, "Move out of range")); };
        if (what == u"lie"_s)
            m_lie = 0.3;
        if (what == u"silent"_s)
            m_driver->status.gcodePosition.reset(), m_driver->onScript = nullptr;
        m_run->press();
    }
    QTRY_COMPARE(m_errors.size(), std::size_t{1});
    QCOMPARE(m_errors[0].code, code);
    const auto sent = scripts().size();
    m_run->press();
    m_run->again();
    m_run->touches();
    QCOMPARE(scripts().size(), sent);
    QVERIFY(std::holds_alternative<touch::Stopped>(m_run->state().phase));
}

void TestTouchRun::badSettingsBeginNothing()
{
    m_setup.touch.spots.clear();
    TouchRun run(*m_session, m_setup);
    QVERIFY(!run.begin());
    run.press();
    QVERIFY(scripts().isEmpty());
}

QTEST_GUILESS_MAIN(TestTouchRun)
#include "tst_touchrun.moc"
