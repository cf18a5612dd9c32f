// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QLocale>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "drillproof.h"
#include "drillrun.h"
#include "fakedriver.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
using test::FakeDriver;
namespace drill = kintsugi::recovery::drill;

namespace {

constexpr double day = 86400, when = 1794441600 + day / 2; // noon of 12 Nov 2026, UTC

recovery::ZProof proof(double z, double at = when)
{
    return {recovery::ZMethod::Touch, at, {0.1, -0.05, z}, 0.0163};
}

} // namespace

/// What a drill proves is kept and told; a drill begins only where it may.
class TestDrillProof : public QObject
{
    Q_OBJECT
private slots:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void init();
    void cleanup();
    void isKeptInTheProfile();
    void twoCopiesLoseNothing();
    void damagedDrillsAreRefused_data();
    void damagedDrillsAreRefused();
    void isToldInWords_data();
    void isToldInWords();
    void seamInWords();
    void beginsOnlyWhereItMay_data();
    void beginsOnlyWhereItMay();
    void printsWhereThePrinterSaysItsBedIs();
    void stopsInTheLayerOfTheSeam_data();
    void stopsInTheLayerOfTheSeam();

private:
    void begin(const DrillRun::Setup& setup);
    [[nodiscard]] drill::Stop stopOfUploaded() const;
    void report(ByteOffset byte, double time);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Archive> m_archive;
    std::unique_ptr<FileCache> m_files;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<DrillRun> m_run;
    FakeDriver* m_driver = nullptr;
    double m_now = when;
};

void TestDrillProof::init()
{
    m_now = when;
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
    m_driver->status.printState = "standby";
    m_session = std::make_unique<Session>(profile, std::move(driver), *m_archive, *m_files, [this] { return m_now; });
    m_session->connectPrinter();
    m_driver->goOnline();
    m_driver->emitSample(m_driver->status);
    QTRY_COMPARE(m_session->state(), PrinterState::Idle);
    m_driver->calls.clear();
}

void TestDrillProof::cleanup()
{
    m_run.reset();
    m_session.reset();
    m_files.reset();
    m_archive.reset();
}

void TestDrillProof::isKeptInTheProfile()
{
    const ProfileList list(m_folder->filePath(u"printers.json"_s));
    auto profile = *ProfileList::make(u"Voron"_s, u"moonraker://voron"_s, {});
    QVERIFY(list.save({profile}));
    const auto first = storeDrill(list, profile.id, proof(0.03));
    QVERIFY2(first, first ? "" : first.error().field.c_str());
    QVERIFY(storeDrill(list, profile.id, proof(-0.07, when - day))); // read later, of an earlier day
    QVERIFY(storePartsChanged(list, profile.id, when + day));
    auto loaded = list.load();
    QVERIFY2(loaded, loaded ? "" : loaded.error().field.c_str());
    QVERIFY((loaded->front().drills == std::vector{proof(-0.07, when - day), proof(0.03)}));
    QCOMPARE(loaded->front().partsChanged, std::optional(when + day));
    QVERIFY(!storeDrill(list, u"nobody"_s, proof(0)));

    for (int i = 0; i < 60; ++i)
        addDrill(profile, proof(0.01, when + i * day));
    QCOMPARE(profile.drills.size(), drillsKept);
    QCOMPARE(profile.drills.back().when, when + 59 * day);
}

/// A window is open while the command line stores a drill.
void TestDrillProof::twoCopiesLoseNothing()
{
    Profile window, stored;
    addDrill(window, proof(0.01, when));
    addDrill(stored, proof(0.01, when));
    addDrill(stored, proof(0.02, when - day));
    window.partsChanged = when;
    stored.partsChanged = when + day;
    mergeDrills(window, stored);
    QVERIFY((window.drills == std::vector{proof(0.02, when - day), proof(0.01, when)}));
    QCOMPARE(window.partsChanged, std::optional(when + day));
    mergeDrills(window, Profile());
    QCOMPARE(window.drills.size(), std::size_t{2});
    QCOMPARE(window.partsChanged, std::optional(when + day));
}

void TestDrillProof::damagedDrillsAreRefused_data()
{
    QTest::addColumn<QByteArray>("drills");
    QTest::addColumn<QString>("field");
    QTest::newRow("unknown method") << QByteArray(R"([{"z_method":"hope","when":1,"seam":[0,0,0],"sigma":0.1}])") << u"printers[0].drills[0].z_method"_s;
    QTest::newRow("no list") << QByteArray("5") << u"printers[0].drills"_s;
    QTest::newRow("two numbers") << QByteArray(R"([{"z_method":"keep","when":1,"seam":[0,0],"sigma":0.1}])") << u"printers[0].drills[0].seam"_s;
    QTest::newRow("words") << QByteArray(R"([{"z_method":"keep","when":"today","seam":[0,0,0],"sigma":0.1}])") << u"printers[0].drills[0].when"_s;
}

void TestDrillProof::damagedDrillsAreRefused()
{
    QFETCH(QByteArray, drills);
    QFETCH(QString, field);
    QFile file(m_folder->filePath(u"printers.json"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(R"({"printers":[{"id":"a","name":"b","address":"demo:","z_method":"keep","facts":{},"drills":)" + drills + "}]}");
    file.close();
    const auto loaded = ProfileList(file.fileName()).load();
    QVERIFY(!loaded);
    QCOMPARE(QString::fromStdString(loaded.error().field), field);
}

void TestDrillProof::isToldInWords_data()
{
    QTest::addColumn<double>("days");
    QTest::addColumn<bool>("changed");
    QTest::addColumn<QString>("words");
    QTest::newRow("fresh") << 3.0 << false << u"last proven 12 Nov 2026, touch: 0.03 mm"_s;
    QTest::newRow("old") << 200.0 << false << u"last proven 12 Nov 2026, touch: 0.03 mm; that is 200 days ago"_s;
    QTest::newRow("another nozzle") << 3.0 << true << u"last proven 12 Nov 2026, touch: 0.03 mm; nozzle or plate were changed since"_s;
}

void TestDrillProof::isToldInWords()
{
    QFETCH(double, days);
    QFETCH(bool, changed);
    QFETCH(QString, words);
    Profile profile;
    QCOMPARE(lastProvenText(profile, when), QString());
    addDrill(profile, proof(-0.03));
    addDrill(profile, {recovery::ZMethod::Keep, when - 5 * day, {}, 0.01}); // older: not the last
    if (changed)
        profile.partsChanged = when + day;
    QCOMPARE(lastProvenText(profile, when + days * day), words);
}

void TestDrillProof::seamInWords()
{
    drill::Seam seam;
    seam.x = 0.1;
    seam.y = -0.05;
    seam.z = 0.03;
    seam.zSigma = 0.0163;
    QCOMPARE(seamText(seam), u"X 0.10 mm to the right, Y 0.05 mm to the front (each to 0.05 mm); Z 0.03 mm too high: a gap (to 0.03 mm)."_s);
    seam = {};
    seam.z = -0.1;
    QVERIFY(seamText(seam).startsWith(u"X in line, Y in line"_s) && seamText(seam).contains(u"0.10 mm too low: pressed in"_s));
}

void TestDrillProof::beginsOnlyWhereItMay_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<int>("code");
    const auto row = [](const char* what, ErrorCode code) { QTest::newRow(what) << QString::fromLatin1(what) << int(code); };
    row("bed not looked at", ErrorCode::Unsafe);
    row("prints", ErrorCode::Busy);
    row("prints since a moment", ErrorCode::Busy);
    row("paused", ErrorCode::Busy);
    row("offline", ErrorCode::Disconnected);
    row("shut down", ErrorCode::KlippyNotReady);
    row("queue", ErrorCode::Busy);
    row("no filament", ErrorCode::Unsafe);
    row("small bed", ErrorCode::BadValue);
    row("upload refused", ErrorCode::Refused);
}

void TestDrillProof::beginsOnlyWhereItMay()
{
    QFETCH(QString, what);
    QFETCH(int, code);
    DrillRun::Setup setup{.bedEmpty = what != u"bed not looked at"};
    recovery::Sample sample = m_driver->status;
    if (what == u"prints" || what == u"paused") {
        sample.printState = what == u"prints" ? "printing" : "paused";
        sample.file = "other.gcode";
        m_driver->emitSample(sample);
    } else if (what == u"prints since a moment") {
        m_driver->status.printState = "printing";
    } else if (what == u"offline") {
        m_driver->dropLink();
    } else if (what == u"shut down") {
        m_driver->setHost(link::HostState::Shutdown, u"MCU shutdown"_s);
    } else if (what == u"queue") {
        m_driver->readiness.queuedJobs = 1;
    } else if (what == u"no filament") {
        m_driver->readiness.filament = std::vector<link::FilamentSensor>{{u"runout"_s, false, true, false}};
    } else if (what == u"small bed") {
        m_driver->settings = {{u"stepper_x"_s, QJsonObject{{u"position_min"_s, 0.0}, {u"position_max"_s, 38.0}}}};
    } else if (what == u"upload refused") {
        m_driver->failing[u"upload"_s] = {.code = ErrorCode::Refused};
    }
    m_driver->calls.clear();
    begin(setup);
    QTRY_COMPARE(m_run->phase(), DrillRun::Phase::Failed);
    QCOMPARE(int(m_run->error()->code), code);
    QCOMPARE(m_driver->count(u"startPrint"_s), 0);
    QCOMPARE(m_driver->count(u"runScript"_s), 0);
    QCOMPARE(m_driver->count(u"upload"_s), what == u"upload refused" ? 1 : 0);
}

void TestDrillProof::begin(const DrillRun::Setup& setup)
{
    m_run = std::make_unique<DrillRun>(*m_session, setup);
    m_run->start();
}

drill::Stop TestDrillProof::stopOfUploaded() const
{
    const QByteArray text = m_driver->files.at(u"gcodes/"_s + m_run->remoteFile());
    return drill::stopOf(text.toStdString()).value_or(drill::Stop{});
}

void TestDrillProof::printsWhereThePrinterSaysItsBedIs()
{
    m_driver->settings = {{u"stepper_x"_s, QJsonObject{{u"position_min"_s, -150.0}, {u"position_max"_s, 150.0}}},
                          {u"stepper_y"_s, QJsonObject{{u"position_min"_s, 0.0}, {u"position_max"_s, 120.0}}},
                          {u"extruder"_s, QJsonObject{{u"nozzle_diameter"_s, 0.5}, {u"filament_diameter"_s, 2.85}}}};
    begin({.bedEmpty = true});
    QTRY_COMPARE(m_run->phase(), DrillRun::Phase::Printing);
    const drill::Part& part = m_run->setup().part;
    QVERIFY((part.place == std::array<double, 2>{0, 60}));
    QCOMPARE(part.nozzle, 0.5);
    QCOMPARE(part.filament, 2.85);
    QCOMPARE(m_driver->count(u"startPrint"_s), 1);
    QVERIFY(stopOfUploaded().at > 1000);
}

void TestDrillProof::stopsInTheLayerOfTheSeam_data()
{
    QTest::addColumn<bool>("person");
    QTest::addColumn<QString>("course");
    QTest::addColumn<int>("stops");
    QTest::addColumn<bool>("good");
    QTest::newRow("by the program") << false << u"normal"_s << 1 << true;
    QTest::newRow("by a person") << true << u"normal"_s << 0 << true;
    QTest::newRow("a person is early, in the layer") << true << u"early"_s << 0 << true;
    QTest::newRow("stopped below the seam") << false << u"below"_s << 0 << false;
    QTest::newRow("the layer went by between two reports") << false << u"gap"_s << 0 << false;
    QTest::newRow("the emergency stop does nothing") << false << u"deaf"_s << 1 << false;
    QTest::newRow("cancelled at the printer") << false << u"cancelled"_s << 0 << false;
    QTest::newRow("abandoned") << false << u"abandoned"_s << 0 << false;
}

void TestDrillProof::report(ByteOffset byte, double time)
{
    m_now = when + time;
    m_driver->emitSample(FakeDriver::printing(m_run->remoteFile(), m_now, byte, time));
}

void TestDrillProof::stopsInTheLayerOfTheSeam()
{
    QFETCH(bool, person);
    QFETCH(QString, course);
    QFETCH(int, stops);
    QFETCH(bool, good);
    begin({.stopBy = person ? DrillRun::StopBy::Person : DrillRun::StopBy::Program, .bedEmpty = true});
    QTRY_COMPARE(m_run->phase(), DrillRun::Phase::Printing);
    QSignalSpy now(m_run.get(), &DrillRun::stopNow), stopped(m_run.get(), &DrillRun::stopped);
    const drill::Stop stop = stopOfUploaded();
    report(100, 10);
    QTRY_VERIFY(m_session->recorder().currentJob());
    report(stop.from - 1, 300);
    QCOMPARE(m_run->phase(), DrillRun::Phase::Printing);
    if (course == u"gap") {
        report(stop.to, 301);
    } else if (course != u"below" && course != u"cancelled" && course != u"abandoned") {
        report(stop.from, 301);
        QCOMPARE(m_run->phase(), DrillRun::Phase::Near);
        if (course != u"early") {
            report(stop.at, 310);
            QCOMPARE(m_run->phase(), DrillRun::Phase::Stop);
            report(stop.at + 10, 311); // said and sent once
        }
    }
    if (course == u"deaf") {
        report(stop.to + 5, 340);
    } else if (course == u"cancelled") {
        auto sample = FakeDriver::printing(m_run->remoteFile(), m_now + 1, stop.from - 1, 302);
        sample.printState = "cancelled";
        m_driver->emitSample(sample);
    } else if (course == u"abandoned") {
        m_run->abandon();
        report(stop.at, 310);
    } else if (course != u"gap") {
        m_driver->setHost(link::HostState::Shutdown, u"Shutdown due to webhooks request"_s);
    }
    QTRY_COMPARE(m_run->phase(), good ? DrillRun::Phase::Stopped : DrillRun::Phase::Failed);
    QCOMPARE(stopped.size(), good ? 1 : 0);
    QTRY_COMPARE(m_driver->count(u"emergencyStop"_s), stops);
    QCOMPARE(now.size(), person && course == u"normal" ? 1 : 0);
}

QTEST_GUILESS_MAIN(TestDrillProof)
#include "tst_drillproof.moc"
