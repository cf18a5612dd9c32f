// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QSignalSpy>
#include <QTest>

#include "drillproof.h"
#include "drillrun.h"
#include "jobfixture.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
namespace drill = kintsugi::recovery::drill;
namespace run = kintsugi::recovery::run;

namespace {

constexpr double fast = 60;    // virtual seconds per second
constexpr int longest = 90'000; // ms

/// A part as the drill makes it, as thin as allowed and drawn quickly.
drill::Part quickPart()
{
    drill::Part part;
    part.below = 10;
    part.layers = 20;
    part.speed = 150;
    part.firstSpeed = 100;
    return part;
}

/// What lies on the bed, looked at as a person looks at a part: highest places, and corners that stand out of the walls.
class Reader
{
public:
    Reader(const sim::Deposit& deposit, const drill::Part& part) : m_part(part)
    {
        for (const sim::Bead& bead : deposit.beads) {
            if (bead.begin != UINT64_MAX && std::hypot(bead.x1 - bead.x0, bead.y1 - bead.y0) > 0.01 && inPart(bead))
                m_beads.push_back(bead);
        }
    }
    [[nodiscard]] double height() const { return highest([](const sim::Bead&) { return true; }); }
    [[nodiscard]] double ledge() const
    {
        const double back = m_part.place[1] - drill::depth / 2 + drill::towerDepth + 1;
        return highest([back](const sim::Bead& bead) { return std::min(bead.y0, bead.y1) > back; });
    }
    /// Places of the long teeth's and all other tips along a wall, by the side of the seam.
    [[nodiscard]] std::vector<double> tips(bool above, bool front) const
    {
        const double seam = ledge() + 1.5 * m_part.layerHeight;
        const double surface = front ? m_part.place[1] - drill::depth / 2 : m_part.place[0] + drill::width / 2;
        std::vector<double> found;
        for (const sim::Bead& bead : m_beads) {
            const double out = front ? surface - bead.y1 : bead.x1 - surface, along = front ? bead.x1 : bead.y1;
            const bool here = above ? bead.z1 > seam : bead.z1 < ledge() + 0.5 * m_part.layerHeight;
            if (here && out > 0.3 && std::none_of(found.begin(), found.end(), [&](double known) { return std::abs(known - along) < 0.5; }))
                found.push_back(along);
        }
        std::sort(found.begin(), found.end());
        return found;
    }
    [[nodiscard]] double tooth(bool front) const
    {
        const auto below = tips(false, front), over = tips(true, front);
        if (below.size() != std::size_t{2 * drill::teeth + 1} || over.size() != below.size())
            return std::nan("");
        std::size_t best = 0;
        for (std::size_t i = 0; i < below.size(); ++i) {
            if (std::abs(over[i] - below[i]) < std::abs(over[best] - below[best]))
                best = i;
        }
        return static_cast<double>(best) - drill::teeth;
    }

private:
    [[nodiscard]] bool inPart(const sim::Bead& bead) const
    {
        return std::abs(bead.x1 - m_part.place[0]) < drill::width / 2 + 2 && std::abs(bead.y1 - m_part.place[1]) < drill::depth / 2 + 2;
    }
    template <class Where>
    [[nodiscard]] double highest(Where&& where) const
    {
        double top = 0;
        for (const sim::Bead& bead : m_beads)
            top = where(bead) ? std::max(top, std::max(bead.z0, bead.z1)) : top;
        return top;
    }

    drill::Part m_part;
    std::vector<sim::Bead> m_beads;
};

} // namespace

/// A drill from the press to the proof, on the simulated printer.
class TestDrillRun : public test::JobFixture
{
    Q_OBJECT
private slots:
    void init() { newFolder(); }
    void cleanup();
    void wholeDrill_data();
    void wholeDrill();

private:
    void printAndStop(DrillRun::StopBy stopBy);
    void resume(double error);
    [[nodiscard]] double trueZ() { return m_stand->ask([](sim::Klippy& klippy) { return klippy.truePosition()[2]; }); }
    [[nodiscard]] double virtualNow() { return m_stand->ask([](sim::Klippy& klippy) { return klippy.now(); }); }

    std::unique_ptr<DrillRun> m_run;
};

void TestDrillRun::cleanup()
{
    m_run.reset();
    closeHouse();
}

void TestDrillRun::wholeDrill_data()
{
    QTest::addColumn<bool>("person");
    QTest::addColumn<double>("error"); // mm by which the registered height is wrong
    QTest::newRow("emergency stop, true height") << false << 0.0;
    QTest::newRow("power cut, declared 0.08 mm too low") << true << 0.08;
}

void TestDrillRun::wholeDrill()
{
    QFETCH(bool, person);
    QFETCH(double, error);
    openHouse(std::make_unique<DemoStand>(m_folder->filePath(u"printer_data"_s), fast));
    if (QTest::currentTestFailed())
        return;
    m_session->connectPrinter();
    QTRY_COMPARE_WITH_TIMEOUT(m_session->state(), PrinterState::Idle, longest);
    printAndStop(person ? DrillRun::StopBy::Person : DrillRun::StopBy::Program);
    if (QTest::currentTestFailed())
        return;
    resume(error);
    if (QTest::currentTestFailed())
        return;

    sim::Deposit deposit;
    m_stand->call([&](sim::Klippy& klippy) { deposit = klippy.deposit(); });
    const drill::Part part = m_run->setup().part;
    const Reader reader(deposit, part);
    const drill::Reading reading{reader.tooth(true), reader.tooth(false), reader.ledge(), reader.height()};
    const auto seam = drill::read(reading, part);
    qInfo() << "teeth" << reading.xTooth << reading.yTooth << "ledge" << reading.ledge << "height" << reading.height;
    QVERIFY2(seam, seam ? "" : qPrintable(errorText(seam.error()).full()));
    qInfo() << "seam" << seam->x << seam->y << seam->z;
    QVERIFY(std::abs(seam->x) <= drill::toothResolution && std::abs(seam->y) <= drill::toothResolution);
    QVERIFY2(std::abs(seam->z - error) <= 2 * seam->zSigma, qPrintable(QString::number(seam->z)));
}

void TestDrillRun::printAndStop(DrillRun::StopBy stopBy)
{
    m_run = std::make_unique<DrillRun>(*m_session, DrillRun::Setup{.part = quickPart(), .stopBy = stopBy, .bedEmpty = true});
    connect(m_run.get(), &DrillRun::failed, this, [this](const Error& error) { m_errors << u"drill: "_s + errorText(error).full(); });
    QSignalSpy stopped(m_run.get(), &DrillRun::stopped), failed(m_run.get(), &DrillRun::failed), now(m_run.get(), &DrillRun::stopNow);
    if (stopBy == DrillRun::StopBy::Person)
        connect(m_run.get(), &DrillRun::stopNow, this, [this] { m_stand->cutPower(); }, Qt::QueuedConnection);
    m_stand->call([](sim::Klippy& klippy) { klippy.atLayer(10, 0.02, [&klippy] { klippy.setSpeed(1); }); });
    m_run->start();
    m_run->start(); // a second press does nothing
    const auto reached = [this](DrillRun::Phase phase) { return m_run->phase() == phase; };
    QTRY_VERIFY_WITH_TIMEOUT(reached(DrillRun::Phase::Stop) || reached(DrillRun::Phase::Stopped) || !failed.isEmpty(), longest); // an emergency stop is over at once
    QVERIFY2(failed.isEmpty(), qPrintable(m_errors.join(u"; "_s)));
    QCOMPARE(now.size(), stopBy == DrillRun::StopBy::Person ? 1 : 0);
    if (stopBy == DrillRun::StopBy::Person) {
        QTRY_VERIFY_WITH_TIMEOUT(m_session->state() == PrinterState::Offline, longest);
        m_stand->goFast();
        m_stand->restorePower();
    } else {
        QTRY_VERIFY_WITH_TIMEOUT(m_session->host().state == link::HostState::Shutdown, longest);
        m_stand->goFast();
    }
    QTRY_VERIFY_WITH_TIMEOUT(m_run->phase() == DrillRun::Phase::Stopped, longest);
    QCOMPARE(stopped.size(), 1);
    QVERIFY2(failed.isEmpty(), qPrintable(m_errors.join(u"; "_s)));
    m_run->restartFirmware();
    QTRY_COMPARE_WITH_TIMEOUT(m_session->state(), PrinterState::Interrupted, longest);
    QTRY_COMPARE_WITH_TIMEOUT(m_session->host().state, link::HostState::Ready, longest);
    QCOMPARE(m_session->recorder().interruptedJob()->file, m_run->remoteFile());
}

/// The usual resume; the person declares where the nozzle stands, wrong by `error`.
void TestDrillRun::resume(double error)
{
    const drill::Part& part = m_run->setup().part;
    const double z = trueZ();
    QVERIFY2(std::abs(z - part.ledge() - part.layerHeight) < 0.15, qPrintable(QString::number(z))); // it stands in the layer of the seam
    m_flow = std::make_unique<ResumeFlow>(*m_session);
    connect(m_flow.get(), &ResumeFlow::failed, this, [this](const Error& failure) { m_errors << u"flow: "_s + errorText(failure).full(); });
    QSignalSpy planned(m_flow.get(), &ResumeFlow::planned), analysed(m_flow.get(), &ResumeFlow::analysed), finished(m_flow.get(), &ResumeFlow::finished);
    m_flow->begin(*m_session->recorder().interruptedJob());
    QVERIFY(analysed.wait(longest));
    QVERIFY(!planned.isEmpty() || planned.wait(longest));
    Statements statements = m_flow->statements();
    statements.partStuck = statements.nothingMoved = true;
    statements.contact = recovery::NozzleContact::Touching;
    statements.declaredZ = z - error;
    m_flow->setZMethod(recovery::ZMethod::Touch);
    m_flow->setStatements(statements);
    planned.clear();
    QVERIFY(planned.wait(longest));
    QTRY_VERIFY_WITH_TIMEOUT(!m_flow->isBusy() && (m_flow->plan() || m_flow->planError()), longest);
    QVERIFY2(m_flow->plan(), m_flow->planError() ? qPrintable(errorText(*m_flow->planError()).full()) : "");
    QStringList blocks;
    for (const recovery::GateCheck& check : m_flow->gate()) {
        if (!check.passed && check.severity == recovery::Severity::Block)
            blocks << QString::fromStdString(check.id) + u": "_s + text(check.text);
    }
    QVERIFY2(m_flow->gateIsOpen(), qPrintable(blocks.join(u"; "_s)));
    m_flow->arm();
    QTRY_VERIFY_WITH_TIMEOUT(std::holds_alternative<run::Armed>(m_flow->runState()) || !m_errors.isEmpty(), longest);
    QVERIFY2(m_errors.isEmpty(), qPrintable(m_errors.join(u"; "_s)));
    m_flow->launch();
    QVERIFY2(!finished.isEmpty() || finished.wait(longest), qPrintable(m_errors.join(u"; "_s)));
    QVERIFY2(m_flow->report() && m_flow->report()->completed, qPrintable(m_errors.join(u"; "_s)));
    const double complete = virtualNow(); // the last lines are still on their way to the nozzle
    QTRY_VERIFY_WITH_TIMEOUT(virtualNow() > complete + 10, longest);
}

QTEST_GUILESS_MAIN(TestDrillRun)
#include "tst_drillrun.moc"
