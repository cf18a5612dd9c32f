// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonDocument>
#include <QSignalSpy>
#include <QTest>

#include "moonrakerdriver.h"
#include "replayserver.h"

using namespace kintsugi;
using namespace kintsugi::link;
using namespace kintsugi::test;
using namespace Qt::StringLiterals;

namespace {

QString hostName(HostState state)
{
    switch (state) {
    case HostState::Unknown: return u"unknown"_s;
    case HostState::Disconnected: return u"disconnected"_s;
    case HostState::Startup: return u"startup"_s;
    case HostState::Ready: return u"ready"_s;
    case HostState::Shutdown: return u"shutdown"_s;
    case HostState::Error: return u"error"_s;
    }
    return {};
}

QString outcome(const Error& error)
{
    static const std::map<ErrorCode, QString> names{{ErrorCode::Refused, u"refused"_s},
                                                    {ErrorCode::Busy, u"refused"_s},
                                                    {ErrorCode::Disconnected, u"disconnected"_s},
                                                    {ErrorCode::KlippyNotReady, u"not ready"_s}};
    const auto name = names.find(error.code);
    return name == names.end() ? u"error %1"_s.arg(static_cast<int>(error.code)) : name->second;
}

template <class T>
QJsonValue number(const std::optional<T>& value)
{
    return value ? QJsonValue(static_cast<double>(*value)) : QJsonValue();
}

QJsonValue numbers(const std::optional<std::array<double, 4>>& values)
{
    if (!values)
        return QJsonValue();
    QJsonArray list;
    for (const double value : *values)
        list.append(value);
    return list;
}

QJsonObject described(const recovery::Sample& sample)
{
    const auto heater = [&sample](const char* name) {
        const auto found = sample.heaters.find(name);
        return found == sample.heaters.end() ? recovery::Heater{} : found->second;
    };
    const auto fan = sample.fans.find("fan");
    return {{u"file"_s, QString::fromStdString(sample.file)},
            {u"printState"_s, QString::fromStdString(sample.printState)},
            {u"filePosition"_s, number(sample.filePosition)},
            {u"fileSize"_s, number(sample.fileSize)},
            {u"livePosition"_s, numbers(sample.livePosition)},
            {u"toolheadPosition"_s, numbers(sample.toolheadPosition)},
            {u"homedAxes"_s, QString::fromStdString(sample.homedAxes)},
            {u"nozzleTarget"_s, number(heater("extruder").target)},
            {u"nozzle"_s, number(heater("extruder").temperature)},
            {u"bedTarget"_s, number(heater("heater_bed").target)},
            {u"fan"_s, fan == sample.fans.end() ? QJsonValue() : QJsonValue(fan->second)},
            {u"speedFactor"_s, number(sample.speedFactor)},
            {u"absoluteExtrude"_s, sample.absoluteExtrude ? QJsonValue(*sample.absoluteExtrude) : QJsonValue()}};
}

/// Notes everything a driver reports, in the words of the expectation.
class Witness : public QObject
{
public:
    explicit Witness(Driver& driver)
        : m_driver(driver)
    {
        connect(&driver, &Driver::hostChanged, this, [this](const HostInfo& host) {
            if (hosts.isEmpty() || hosts.last().toString() != hostName(host.state))
                hosts.append(hostName(host.state));
            if (host.state == HostState::Shutdown || host.state == HostState::Error)
                lastTrouble = host.stateMessage;
        });
        connect(&driver, &Driver::linkChanged, this, [this](LinkState state) {
            if (state == LinkState::Retrying)
                keepSample();
        });
        connect(&driver, &Driver::sampled, this, [this](const recovery::Sample& sample) {
            if (sample.hostState == "disconnected")
                keepSample();
            m_last = sample;
        });
        connect(&driver, &Driver::consoleReceived, this, [this](const ConsoleLine& line) {
            ++consoleLines;
            consoleErrors += line.isError() ? 1 : 0;
        });
        connect(&driver, &Driver::fileChanged, this, [this](const FileChange& c) {
            files.append(QJsonArray{c.action, c.root, c.path, double(c.size), c.sourcePath});
        });
        connect(&driver, &Driver::jobChanged, this, [this](const RemoteJob& job) {
            jobs.append(QJsonArray{job.id, job.file, job.status, job.exists});
        });
        connect(&driver, &Driver::variablesChanged, this, [this](const QJsonObject& variables) {
            ++variableUpdates;
            lastVariables = variables;
        });
        connect(&driver, &Driver::badMessage, this, [this](const Error& error) {
            bad.append(QString::fromStdString(error.field + ": " + error.detail));
        });
    }

    void keepSample()
    {
        if (m_last.hostState == "ready" || m_last.hostState == "shutdown")
            samples.append(described(m_last));
        m_last = {};
    }

    void act(const QString& method, const QJsonObject& params)
    {
        if (method == "printer.gcode.script"_L1)
            runScript(params.value("script"_L1).toString());
        else if (method == "printer.print.start"_L1)
            m_driver.startPrint(params.value("filename"_L1).toString(), this, deed(method));
        else if (method == "printer.print.pause"_L1)
            m_driver.pausePrint(this, deed(method));
        else if (method == "printer.print.cancel"_L1)
            m_driver.cancelPrint(this, deed(method));
        else if (method == "printer.emergency_stop"_L1)
            m_driver.emergencyStop(this, plain(method));
        else if (method == "printer.firmware_restart"_L1 || method == "printer.restart"_L1)
            m_driver.restartHost(method.contains("firmware"_L1), this, plain(method));
        else
            question(method, params);
    }

    void runScript(const QString& script)
    {
        const auto place = openScript(script);
        m_driver.runScript(script, this, [this, place](const Result<ScriptResult>& result) {
            if (!result)
                closeScript(place, outcome(result.error()), QString::fromStdString(result.error().detail));
            else
                closeScript(place, result->hostReadyAfter ? u"ok"_s : QString(u"ok, host "_s + hostName(result->hostState)));
            if (result)
                unknownCommands += result->unknownCommands;
        });
    }

    Driver::Reply<> deed(const QString& what)
    {
        return [this, place = openScript(what)](const Result<>& result) {
            closeScript(place, result ? u"ok"_s : outcome(result.error()),
                        result ? QString() : QString::fromStdString(result.error().detail));
        };
    }

    Driver::Reply<> plain(const QString& what)
    {
        return [this, what](const Result<>& result) {
            if (!result)
                bad.append(what + u": "_s + QString::fromStdString(result.error().detail));
        };
    }

    qsizetype openScript(const QString& what)
    {
        scripts.append(QJsonObject{{u"what"_s, what}, {u"outcome"_s, QJsonValue()}});
        return scripts.size() - 1;
    }

    void closeScript(qsizetype place, const QString& how, const QString& words = {})
    {
        QJsonObject entry = scripts.at(place).toObject();
        entry.insert(u"outcome"_s, entry.value("outcome"_L1).isNull() ? how : u"answered twice"_s);
        if (how == "refused"_L1 || how == "not ready"_L1)
            entry.insert(u"words"_s, words);
        scripts.replace(place, entry);
    }

    void question(const QString& method, const QJsonObject& params)
    {
        const auto tell = [this, method](const QJsonValue& told) { answers.append(QJsonArray{method, told}); };
        const auto fileList = [tell](const Result<std::vector<RemoteFile>>& found) {
            QJsonArray list;
            for (const RemoteFile& file : found.value_or(std::vector<RemoteFile>{}))
                list.append(QJsonArray{file.path, double(file.size)});
            tell(list);
        };
        if (method == "server.history.list"_L1)
            m_driver.history(params.value("limit"_L1).toInt(), this, [tell](const Result<std::vector<RemoteJob>>& found) {
                QJsonArray list;
                for (const RemoteJob& job : found.value_or(std::vector<RemoteJob>{}))
                    list.append(QJsonArray{job.id, job.status, job.exists});
                tell(list);
            });
        else if (method == "server.files.metadata"_L1)
            m_driver.metadata(params.value("filename"_L1).toString(), this, [tell](const Result<FileMetadata>& m) {
                tell(m ? QJsonArray{m->path, m->uuid, double(m->size), number(m->estimatedTime)} : QJsonArray());
            });
        else if (method == "server.files.list"_L1)
            m_driver.listFiles(u"gcodes"_s, this, fileList);
        else if (method == "server.files.get_directory"_L1)
            m_driver.listFolder(params.value("path"_L1).toString(), this, fileList);
        else if (method == "server.gcode_store"_L1)
            m_driver.consoleStore(params.value("count"_L1).toInt(), this, [tell](const Result<std::vector<ConsoleLine>>& found) {
                QJsonArray list;
                for (const ConsoleLine& line : found.value_or(std::vector<ConsoleLine>{}))
                    list.append(QJsonArray{line.command ? u"command"_s : u"response"_s, line.text});
                tell(list);
            });
        else if (method == "printer.objects.query"_L1)
            m_driver.readVariables(this, [tell](const Result<QJsonObject>& variables) {
                tell(variables ? QJsonValue(QJsonArray::fromStringList(variables->keys())) : outcome(variables.error()));
            });
    }

    QJsonArray hosts, scripts, files, jobs, samples, answers;
    QString lastTrouble;
    int consoleLines = 0, consoleErrors = 0, variableUpdates = 0;
    QJsonObject lastVariables;
    QStringList bad, unknownCommands;

private:
    Driver& m_driver;
    recovery::Sample m_last;
};

QByteArray lines(const QJsonValue& value)
{
    return QJsonDocument(QJsonObject{{u"v"_s, value}}).toJson();
}

} // namespace

class TestMoonrakerReplay : public QObject
{
    Q_OBJECT
private slots:
    void reports_data();
    void reports();
};

void TestMoonrakerReplay::reports_data()
{
    QTest::addColumn<QJsonObject>("expected");
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/link/moonraker-expected.json"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QJsonObject table = QJsonDocument::fromJson(file.readAll()).object();
    QCOMPARE(table.size(), 22);
    for (auto row = table.begin(); row != table.end(); ++row)
        QTest::newRow(qPrintable(row.key())) << row.value().toObject();
}

void TestMoonrakerReplay::reports()
{
    QFETCH(QJsonObject, expected);
    ReplayServer server(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/") + QString::fromLatin1(QTest::currentDataTag()));
    QVERIFY2(server.problem().isEmpty(), qPrintable(server.problem()));
    MoonrakerTimes times;
    times.firstRetry = times.poll = std::chrono::milliseconds(5);
    times.sample = std::chrono::milliseconds(0);
    MoonrakerDriver driver(Address{server.url(), {}}, nullptr, [] { return 42.0; }, times);
    Witness witness(driver);
    connect(&server, &ReplayServer::operatorTurn, &witness, &Witness::act);
    driver.open();
    QTRY_VERIFY2_WITH_TIMEOUT(server.isFinished(), qPrintable(server.where()), 30000);
    const auto complete = [&] {
        return witness.scripts.size() == expected.value("scripts"_L1).toArray().size()
            && witness.consoleLines == expected.value("consoleLines"_L1).toInt()
            && witness.answers.size() == expected.value("answers"_L1).toArray().size() && !lines(witness.scripts).contains("null");
    };
    QTRY_VERIFY2_WITH_TIMEOUT(complete(), lines(witness.scripts) + lines(witness.answers), 3000);
    witness.keepSample();

    QCOMPARE(lines(witness.hosts), lines(expected.value("hosts"_L1)));
    QCOMPARE(witness.lastTrouble, expected.value("lastTrouble"_L1).toString());
    QCOMPARE(witness.consoleErrors, expected.value("consoleErrors"_L1).toInt());
    QCOMPARE(lines(witness.scripts), lines(expected.value("scripts"_L1)));
    QCOMPARE(lines(witness.jobs), lines(expected.value("jobs"_L1)));
    QCOMPARE(lines(witness.files), lines(expected.value("files"_L1)));
    QCOMPARE(witness.variableUpdates, expected.value("variableUpdates"_L1).toInt());
    QCOMPARE(lines(witness.lastVariables), lines(expected.value("lastVariables"_L1).toObject()));
    QCOMPARE(lines(witness.samples), lines(expected.value("samples"_L1)));
    QCOMPARE(lines(witness.answers), lines(expected.value("answers"_L1)));
    QCOMPARE(witness.bad, QStringList());
    if (QByteArray(QTest::currentDataTag()).startsWith("01"))
        QCOMPARE(witness.unknownCommands, QStringList{u"NO_SUCH_COMMAND"_s});
}

QTEST_GUILESS_MAIN(TestMoonrakerReplay)
#include "tst_moonrakerreplay.moc"
