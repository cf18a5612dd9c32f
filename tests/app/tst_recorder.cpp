// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "fakedriver.h"
#include "pluginarming.h"
#include "recorder.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;
using link::HostState;
using recovery::StopCause;
using test::FakeDriver;

namespace {

constexpr double start = 1'795'000'000; ///< virtual wall clock
const QString file = u"tower.gcode"_s;

QByteArray dataFile(const QString& name)
{
    QFile source(QStringLiteral(KINTSUGI_TEST_DATA) + u"/moonraker/config/"_s + name);
    return source.open(QIODevice::ReadOnly) ? source.readAll() : QByteArray();
}

/// save_variables.variables with a plugin state collected at host time `collected`.
QJsonObject pluginVariables(double collected, qint64 byte)
{
    return {{u"resume_meta_info"_s,
             QJsonObject{{u"position"_s, QJsonObject{{u"x"_s, 103.799}, {u"y"_s, 94.937}, {u"z"_s, 1.4}}},
                         {u"xyz_offsets"_s, QJsonObject{{u"x"_s, 0.0}, {u"y"_s, 0.0}, {u"z"_s, -0.05}}},
                         {u"fan_speeds"_s, QJsonObject{{u"fan"_s, 0.6}}},
                         {u"layer"_s, 6},
                         {u"layer_height"_s, 1.4},
                         {u"file_progress"_s, QJsonObject{{u"position"_s, byte}, {u"total_size"_s, 100000}, {u"progress_pct"_s, 22.9}}},
                         {u"active_extruder"_s, u"extruder"_s},
                         {u"hotend_temp"_s, 214.4},
                         {u"bed_temp"_s, 59.3},
                         {u"save_time"_s, collected},
                         {u"current_file"_s, file},
                         {u"collection_time"_s, collected},
                         {u"mcu_status"_s, QJsonObject()}}}};
}

} // namespace

class TstRecorder final : public QObject
{
    Q_OBJECT
private:
    /// One program run: archive, driver and recorder on a shared store and clock.
    struct World {
        explicit World(const QString& path, double* clock) : now(clock), recorder(u"p"_s, driver, archive, [clock] { return *clock; })
        {
            archive.open(QUrl::fromLocalFile(path));
        }
        void begin()
        {
            recorder.start();
            QTRY_VERIFY(archive.isOpen());
            flush();
            driver.goOnline();
            QCoreApplication::processEvents();
        }
        void flush()
        {
            bool flushed = false;
            archive.flush(&recorder, [&](const Result<>&) { flushed = true; });
            QTRY_VERIFY(flushed);
        }
        /// Prints for some seconds at 4 Hz.
        void print(double seconds)
        {
            for (int i = 0; i < seconds * 4; ++i) {
                *now += 0.25;
                duration += 0.25;
                byte += 25;
                driver.emitSample(FakeDriver::printing(file, *now, byte, duration));
            }
        }
        void idle(const std::string& state)
        {
            *now += 3;
            auto sample = FakeDriver::printing(file, *now, 0, 0);
            sample.printState = state;
            driver.emitSample(sample);
        }
        link::RemoteJob remote(const QString& id, const QString& status, double startedAt)
        {
            return {.id = id, .file = file, .status = status, .startTime = startedAt,
                    .endTime = status == "in_progress"_L1 ? std::nullopt : std::optional(*now)};
        }
        std::vector<PrintJob> stored()
        {
            for (int i = 0; i < 4; ++i)
                flush(); // writes follow one another
            std::vector<PrintJob> jobs;
            bool answered = false;
            archive.ask<std::vector<PrintJob>>(
                &recorder, [](Store& store) { return store.jobs(u"p"_s); },
                [&](const Result<std::vector<PrintJob>>& read) {
                    jobs = read.value_or(std::vector<PrintJob>());
                    answered = true;
                });
            [&] { QTRY_VERIFY(answered); }();
            return jobs;
        }

        double* now;
        double duration = 0;
        ByteOffset byte = 0;
        FakeDriver driver;
        Archive archive;
        Recorder recorder;
    };

    QTemporaryDir m_folder;
    int m_count = 0;
    double m_now = start;
    QString m_path;

private slots:
    void init();
    void recordsAPrintToItsEnd();
    void cancelled();
    void interruptedByTheHost_data();
    void interruptedByTheHost();
    void powerCutIsFoundAfterReconnect();
    void causeIsRefinedByTheClock();
    void linkLossAloneEndsNothing();
    void programRestartGoesOn();
    void programRestartFindsTheInterruption();
    void samePrintAgainIsANewJob();
    void earlierPrintOfTheFileIsNotThisOne();
    void lateSampleStartsNothing();
    void resumeIsLinked();
    void idleIsSlow();
    void pluginSaveIsDated();
    void pluginSaveUnseenBeforeTheCut();
    void oldPluginStateHasNoTime();
    void armed();
    void notArmedAlarm();
    void variablesAreCopied();
    void tornVariables();
    void halfWrittenVariablesAreNotTorn();
    void secondRecorderOnlyFollows();
    void sendsNothing();
};

void TstRecorder::init()
{
    m_path = m_folder.filePath(u"r%1.sqlite"_s.arg(++m_count));
    m_now = start;
}

void TstRecorder::recordsAPrintToItsEnd()
{
    World world(m_path, &m_now);
    world.begin();
    QSignalSpy started(&world.recorder, &Recorder::jobStarted), ended(&world.recorder, &Recorder::jobEnded);
    world.print(10);
    QCOMPARE(started.size(), 1);
    QVERIFY(world.recorder.currentJob()->file == file);
    world.idle("complete");
    QCOMPARE(ended.size(), 1);
    const auto jobs = world.stored();
    QCOMPARE(jobs.size(), 1U);
    QVERIFY(jobs[0].state == JobState::Completed);
    QCOMPARE(jobs[0].fileSize, 100'000ULL);
    auto store = Store::open(QUrl::fromLocalFile(m_path));
    QCOMPARE((*store)->lastSamples(jobs[0].id, -1)->size(), 40U);
    QTRY_VERIFY(world.recorder.acknowledgedSamples() >= 40);
}

void TstRecorder::cancelled()
{
    World world(m_path, &m_now);
    world.begin();
    world.driver.changeJob(world.remote(u"0A"_s, u"in_progress"_s, m_now));
    world.print(5);
    QTRY_COMPARE(world.recorder.currentJob()->remoteId, u"0A"_s);
    world.driver.changeJob(world.remote(u"0A"_s, u"cancelled"_s, start));
    const auto jobs = world.stored();
    QCOMPARE(jobs.size(), 1U);
    QVERIFY(jobs[0].state == JobState::Cancelled);
    QVERIFY(!world.recorder.interruptedJob());
}

void TstRecorder::interruptedByTheHost_data()
{
    QTest::addColumn<int>("state");
    QTest::addColumn<QString>("message");
    QTest::addColumn<int>("cause");
    const auto row = [](const char* name, HostState state, const QString& message, StopCause cause) {
        QTest::newRow(name) << static_cast<int>(state) << message << static_cast<int>(cause);
    };
    row("M112", HostState::Shutdown, u"Shutdown due to webhooks request\nOnce the underlying issue is corrected"_s, StopCause::EmergencyStop);
    row("mcu lost", HostState::Shutdown, u"Lost communication with MCU 'mcu'"_s, StopCause::PrinterPowerLost);
    row("heater", HostState::Shutdown, u"Heater extruder not heating at expected rate"_s, StopCause::FirmwareShutdown);
    row("klippy died", HostState::Disconnected, QString(), StopCause::HostLost);
}

void TstRecorder::interruptedByTheHost()
{
    QFETCH(int, state);
    QFETCH(QString, message);
    QFETCH(int, cause);
    World world(m_path, &m_now);
    world.begin();
    world.print(5);
    const double lastPrinted = m_now;
    QSignalSpy interrupted(&world.recorder, &Recorder::jobInterrupted);
    m_now += 4;
    world.driver.setHost(static_cast<HostState>(state), message);
    QCOMPARE(interrupted.size(), 1);
    world.print(1); // what is still cached
    const auto jobs = world.stored();
    QCOMPARE(jobs.size(), 1U);
    QVERIFY(jobs[0].state == JobState::Interrupted);
    QCOMPARE(static_cast<int>(jobs[0].cause), cause);
    QCOMPARE(*jobs[0].endTime, lastPrinted);
    QCOMPARE(world.recorder.interruptedJob()->id, jobs[0].id);
}

void TstRecorder::powerCutIsFoundAfterReconnect()
{
    World world(m_path, &m_now);
    world.begin();
    world.driver.changeJob(world.remote(u"0A"_s, u"in_progress"_s, m_now));
    world.print(5);
    QTRY_COMPARE(world.recorder.currentJob()->remoteId, u"0A"_s);
    world.driver.dropLink();
    QVERIFY(world.recorder.currentJob());
    QVERIFY(!world.recorder.interruptedJob());
    m_now += 120;
    world.driver.jobs[0] = world.remote(u"0A"_s, u"interrupted"_s, start);
    world.driver.jobs[0].endTime.reset();
    world.driver.info.state = HostState::Startup;
    world.driver.goOnline();
    world.driver.setHost(HostState::Ready);
    auto sample = FakeDriver::printing({}, m_now, 0, 0);
    sample.printState = "standby";
    sample.eventTime = 12; // the host booted
    world.driver.emitSample(sample);
    QTRY_VERIFY(world.recorder.interruptedJob());
    const auto jobs = world.stored();
    QCOMPARE(jobs.size(), 1U);
    QVERIFY(jobs[0].state == JobState::Interrupted);
    QVERIFY(jobs[0].cause == StopCause::PrinterAndHostLost);
    QCOMPARE(*jobs[0].endTime, start + 5);
}

void TstRecorder::causeIsRefinedByTheClock()
{
    World world(m_path, &m_now);
    world.begin();
    world.driver.changeJob(world.remote(u"0A"_s, u"in_progress"_s, m_now));
    world.print(5);
    QTRY_COMPARE(world.recorder.currentJob()->remoteId, u"0A"_s);
    world.driver.dropLink();
    m_now += 120;
    world.driver.jobs[0] = world.remote(u"0A"_s, u"interrupted"_s, start);
    QSignalSpy interrupted(&world.recorder, &Recorder::jobInterrupted);
    world.driver.goOnline();
    QTRY_COMPARE(interrupted.size(), 1);
    QVERIFY(world.recorder.interruptedJob()->cause == StopCause::HostLost);
    auto sample = FakeDriver::printing({}, m_now, 0, 0);
    sample.printState = "standby";
    sample.eventTime = 12;
    world.driver.emitSample(sample);
    QCOMPARE(interrupted.size(), 2);
    QVERIFY(world.stored()[0].cause == StopCause::PrinterAndHostLost);
    world.driver.dropLink();
    world.driver.goOnline();
    sample.eventTime = 3; // a later reboot of an idle host tells nothing
    world.driver.emitSample(sample);
    QCOMPARE(interrupted.size(), 2);
}

void TstRecorder::linkLossAloneEndsNothing()
{
    World world(m_path, &m_now);
    world.begin();
    world.driver.changeJob(world.remote(u"0A"_s, u"in_progress"_s, m_now));
    world.print(5);
    QSignalSpy interrupted(&world.recorder, &Recorder::jobInterrupted);
    for (int i = 0; i < 3; ++i) {
        world.driver.dropLink();
        m_now += 10;
        world.duration += 10;
        world.driver.goOnline();
        world.print(5);
        QCoreApplication::processEvents();
        world.print(5);
    }
    QVERIFY(interrupted.isEmpty());
    QCOMPARE(world.stored().size(), 1U);
    QVERIFY(world.recorder.currentJob());
}

void TstRecorder::programRestartGoesOn()
{
    QString id;
    {
        World world(m_path, &m_now);
        world.begin();
        world.print(5);
        id = world.recorder.currentJob()->id;
    }
    m_now += 60;
    World world(m_path, &m_now);
    world.duration = 70;
    world.byte = 5000;
    world.begin();
    world.print(4);
    QCoreApplication::processEvents();
    world.print(4);
    QTRY_VERIFY(world.recorder.currentJob());
    QCOMPARE(world.recorder.currentJob()->id, id);
    QCOMPARE(world.stored().size(), 1U);
}

void TstRecorder::programRestartFindsTheInterruption()
{
    {
        World world(m_path, &m_now);
        world.begin();
        world.driver.changeJob(world.remote(u"0A"_s, u"in_progress"_s, m_now));
        world.print(5);
        world.flush();
    }
    m_now += 3600;
    {
        World world(m_path, &m_now);
        world.driver.jobs = {world.remote(u"0A"_s, u"klippy_shutdown"_s, start)};
        world.begin();
        world.idle("standby");
        QTRY_VERIFY(world.recorder.interruptedJob());
        QVERIFY(world.stored()[0].cause == StopCause::FirmwareShutdown);
    }
    World third(m_path, &m_now);
    third.begin();
    QTRY_VERIFY(third.recorder.interruptedJob());
}

void TstRecorder::samePrintAgainIsANewJob()
{
    World world(m_path, &m_now);
    world.begin();
    world.print(20);
    world.driver.changeJob(world.remote(u"0A"_s, u"completed"_s, start));
    world.duration = 0; // the end was seen in the history only, the file starts again
    world.print(5);
    QCOMPARE(world.stored().size(), 2U);
    world.idle("complete");
    for (const PrintJob& job : world.stored())
        QVERIFY(job.state == JobState::Completed);
}

/// A server whose clock runs ahead says that the last print of the file ended after this one began.
void TstRecorder::earlierPrintOfTheFileIsNotThisOne()
{
    World world(m_path, &m_now);
    auto earlier = world.remote(u"09"_s, u"completed"_s, start - 500);
    earlier.endTime = start + 5000;
    world.driver.jobs = {earlier};
    world.begin();
    world.print(5);
    QCoreApplication::processEvents();
    world.print(5);
    QVERIFY(world.recorder.currentJob());
    QVERIFY(world.recorder.currentJob()->remoteId.isEmpty());
    world.driver.dropLink();
    world.driver.goOnline();
    m_now += 5;
    world.duration += 5;
    world.print(1);
    QTRY_VERIFY(world.driver.count(u"history"_s) >= 2);
    QCoreApplication::processEvents();
    QVERIFY(world.recorder.currentJob());
    QCOMPARE(world.stored().size(), 1U);
}

void TstRecorder::lateSampleStartsNothing()
{
    World world(m_path, &m_now);
    world.begin();
    world.driver.changeJob(world.remote(u"0A"_s, u"in_progress"_s, m_now));
    world.print(5);
    world.driver.changeJob(world.remote(u"0A"_s, u"completed"_s, start));
    world.print(1);
    QCOMPARE(world.stored().size(), 1U);
    QVERIFY(!world.recorder.currentJob());
}

void TstRecorder::resumeIsLinked()
{
    World world(m_path, &m_now);
    world.begin();
    world.print(5);
    world.driver.setHost(HostState::Shutdown, u"x"_s);
    const PrintJob broken = *world.recorder.interruptedJob();
    world.driver.setHost(HostState::Ready);
    world.idle("standby");
    world.recorder.expectResume(broken, 4242);
    world.duration = 0;
    world.print(5);
    QVERIFY(!world.recorder.interruptedJob());
    const auto jobs = world.stored();
    QCOMPARE(jobs.size(), 2U);
    QCOMPARE(jobs[0].resumedFrom, broken.id);
    QCOMPARE(jobs[0].resumedAt, ByteOffset{4242});
}

void TstRecorder::idleIsSlow()
{
    World world(m_path, &m_now);
    world.begin();
    for (int i = 0; i < 40; ++i) {
        m_now += 0.25;
        auto sample = FakeDriver::printing({}, m_now, 0, 0);
        sample.printState = "standby";
        world.driver.emitSample(sample);
    }
    world.flush();
    auto store = Store::open(QUrl::fromLocalFile(m_path));
    QCOMPARE((*store)->lastSamples({}, -1)->size(), 10U);
    QVERIFY(world.stored().empty());
}

void TstRecorder::pluginSaveIsDated()
{
    World world(m_path, &m_now);
    world.begin();
    world.driver.setVariables({});
    world.print(30);
    QSignalSpy saved(&world.recorder, &Recorder::pluginSaved);
    const double collected = m_now - 1'000'000 - 7.5; // host clock, 7.5 s ago
    world.driver.setVariables(pluginVariables(collected, 6144));
    QCOMPARE(saved.size(), 1);
    QCOMPARE(*saved[0][1].value<std::optional<double>>(), m_now - 7.5);
    QCOMPARE(saved[0][2].toDouble(), 7.5);
    world.driver.setVariables(pluginVariables(collected, 6144)); // any variable changed: all are sent again
    QCOMPARE(saved.size(), 1);
    QVERIFY(world.recorder.pluginArmed() == true);
    world.flush();
    auto store = Store::open(QUrl::fromLocalFile(m_path));
    QTRY_COMPARE((*store)->snapshots(u"p"_s, world.recorder.currentJob()->id)->size(), 1U);
    const auto snapshot = (*store)->snapshots(u"p"_s, {})->front();
    QVERIFY(snapshot.source == recovery::SnapshotSource::Plugin);
    QCOMPARE(snapshot.byte, ByteOffset{6144});
    QCOMPARE(*snapshot.time, m_now - 7.5);
    QCOMPARE(*snapshot.savedTime, m_now);
    QCOMPARE(snapshot.fields.at("position.z").observed, std::string("1.4"));
}

void TstRecorder::pluginSaveUnseenBeforeTheCut()
{
    World world(m_path, &m_now);
    world.begin();
    world.driver.setVariables({});
    world.print(30);
    const double collected = m_now - 1'000'000 - 2, wall = m_now - 2;
    world.driver.dropLink();
    m_now += 300;
    world.driver.goOnline();
    auto sample = FakeDriver::printing({}, m_now, 0, 0);
    sample.printState = "standby";
    sample.eventTime = 30;
    world.driver.emitSample(sample);
    QSignalSpy saved(&world.recorder, &Recorder::pluginSaved);
    world.driver.setVariables(pluginVariables(collected, 6200));
    QCOMPARE(saved.size(), 1);
    const auto time = saved[0][1].value<std::optional<double>>();
    QVERIFY(time && std::abs(*time - wall) < 0.5);
    QVERIFY(std::isnan(saved[0][2].toDouble()));
}

void TstRecorder::oldPluginStateHasNoTime()
{
    World world(m_path, &m_now);
    world.begin();
    world.idle("standby");
    QSignalSpy saved(&world.recorder, &Recorder::pluginSaved);
    world.driver.setVariables(pluginVariables(55, 6144)); // of some earlier boot
    QCOMPARE(saved.size(), 1);
    QVERIFY(!saved[0][1].value<std::optional<double>>());
    QVERIFY(!world.recorder.pluginArmed());
}

void TstRecorder::armed()
{
    World world(m_path, &m_now);
    world.driver.console = {{1, false, u"// Power loss recovery enabled"_s}, {2, true, u"M105"_s}};
    world.begin();
    QTRY_VERIFY(world.recorder.pluginArmed() == true);
    world.driver.say(u"// Power loss recovery disabled"_s);
    QVERIFY(world.recorder.pluginArmed() == false);
    world.driver.say(u"// Power loss recovery enabled"_s);
    QVERIFY(world.recorder.pluginArmed() == true);
    world.driver.setHost(HostState::Disconnected);
    world.driver.setHost(HostState::Ready);
    QVERIFY(world.recorder.pluginArmed() == false);

    PluginArming arming;
    arming.history({{1, false, u"// Power loss recovery enabled"_s}, {2, false, u"// Klipper state: Disconnect"_s}});
    QVERIFY(arming.armed() == false);
    arming.forget();
    arming.history({{1, true, u"Power loss recovery enabled"_s}}); // somebody's command, not the plugin's answer
    QVERIFY(!arming.armed());
}

void TstRecorder::notArmedAlarm()
{
    World world(m_path, &m_now);
    world.begin();
    QSignalSpy alarm(&world.recorder, &Recorder::notArmedAlarm);
    world.driver.say(u"// Power loss recovery disabled"_s);
    world.print(4);
    QVERIFY(alarm.isEmpty());
    world.print(4);
    QCOMPARE(alarm.size(), 1);
    world.print(60);
    QCOMPARE(alarm.size(), 1);
    world.idle("complete");
    world.duration = 0;
    world.print(10);
    QCOMPARE(alarm.size(), 2);
    world.idle("complete");
    world.duration = 0;
    world.driver.say(u"// Power loss recovery enabled"_s);
    world.print(300);
    QCOMPARE(alarm.size(), 2);
}

void TstRecorder::variablesAreCopied()
{
    World world(m_path, &m_now);
    world.driver.settings = {{u"save_variables"_s, QJsonObject{{u"filename"_s, u"/home/pi/printer_data/config/vars.cfg"_s}}}};
    world.driver.files[u"config/vars.cfg"_s] = dataFile(u"variables_after_calibrate.cfg"_s);
    QSignalSpy stored(&world.recorder, &Recorder::variablesStored);
    world.begin();
    QTRY_COMPARE(stored.size(), 1);
    world.driver.writeFile(u"config/vars.cfg"_s, dataFile(u"variables_after_power_loss.cfg"_s));
    QTRY_COMPARE(stored.size(), 2);
    world.driver.writeFile(u"config/other.cfg"_s, "x");
    world.driver.writeFile(u"config/vars.cfg"_s, dataFile(u"variables_after_power_loss.cfg"_s)); // the same again
    QCoreApplication::processEvents();
    world.flush();
    auto store = Store::open(QUrl::fromLocalFile(m_path));
    const auto copies = (*store)->variables(u"p"_s);
    QCOMPARE(copies->size(), 2U);
    QCOMPARE(copies->front().text, dataFile(u"variables_after_power_loss.cfg"_s));
    QVERIFY(copies->front().good);
}

void TstRecorder::tornVariables()
{
    const QByteArray good = dataFile(u"variables_after_power_loss.cfg"_s), torn = dataFile(u"variables_truncated.cfg"_s);
    QVERIFY(!good.isEmpty() && !torn.isEmpty());
    World world(m_path, &m_now);
    world.driver.files[u"config/variables.cfg"_s] = good;
    QSignalSpy stored(&world.recorder, &Recorder::variablesStored), told(&world.recorder, &Recorder::variablesTorn);
    world.begin();
    QTRY_COMPARE(stored.size(), 1);
    world.driver.dropLink();
    world.driver.files[u"config/variables.cfg"_s] = torn;
    world.driver.info.state = HostState::Error;
    world.driver.info.stateMessage = u"Unable to parse existing variable file: unexpected EOF while parsing"_s;
    world.driver.goOnline();
    QTRY_COMPARE(told.size(), 1);
    QCOMPARE(told[0][0].value<VariablesCopy>().text, good);
    QVERIFY(told[0][0].value<VariablesCopy>().id > 0);
    QCOMPARE(told[0][1].toByteArray(), torn);
}

void TstRecorder::halfWrittenVariablesAreNotTorn()
{
    World world(m_path, &m_now);
    world.driver.files[u"config/variables.cfg"_s] = dataFile(u"variables_after_calibrate.cfg"_s);
    QSignalSpy stored(&world.recorder, &Recorder::variablesStored), told(&world.recorder, &Recorder::variablesTorn);
    world.begin();
    QTRY_COMPARE(stored.size(), 1);
    world.driver.writeFile(u"config/variables.cfg"_s, dataFile(u"variables_truncated.cfg"_s));
    QTRY_COMPARE(world.driver.count(u"download"_s), 2);
    QCoreApplication::processEvents();
    world.driver.files[u"config/variables.cfg"_s] = dataFile(u"variables_after_power_loss.cfg"_s); // the write goes on
    QTRY_COMPARE(stored.size(), 2);
    QVERIFY(told.isEmpty());
}

void TstRecorder::secondRecorderOnlyFollows()
{
    World first(m_path, &m_now);
    first.begin();
    QVERIFY(first.recorder.isRecording());
    World second(m_path, &m_now);
    second.begin();
    QVERIFY(!second.recorder.isRecording());
    first.print(5);
    second.print(5);
    QCOMPARE(first.stored().size(), 1U);
    QTRY_VERIFY_WITH_TIMEOUT(second.recorder.currentJob(), 8000);
    first.driver.setHost(HostState::Shutdown, u"x"_s);
    QTRY_VERIFY_WITH_TIMEOUT(second.recorder.interruptedJob(), 8000);
}

void TstRecorder::sendsNothing()
{
    World world(m_path, &m_now);
    world.begin();
    world.print(20);
    world.driver.setHost(HostState::Shutdown, u"x"_s);
    world.driver.setHost(HostState::Ready);
    QCoreApplication::processEvents();
    const QStringList allowed{u"readSettings"_s, u"readVariables"_s, u"readStatus"_s, u"download"_s, u"history"_s, u"consoleStore"_s};
    for (const QString& name : world.driver.callNames())
        QVERIFY2(allowed.contains(name), qPrintable(name));
}

QTEST_GUILESS_MAIN(TstRecorder)
#include "tst_recorder.moc"
