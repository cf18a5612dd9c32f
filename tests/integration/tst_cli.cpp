// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QProcess>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>

#include "crashtruth.h"
#include "samples.h"
#include "store.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;

namespace {

struct Ran {
    int code = -1;
    QByteArray out, err;
    [[nodiscard]] QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
};

QString dataFile(const QString& name)
{
    return QStringLiteral(KINTSUGI_TEST_DATA) + u"/gcode/"_s + name;
}

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Numbers as numbers: 54 and 54.0 are the same.
bool same(const QJsonValue& a, const QJsonValue& b)
{
    if (a.isDouble() && b.isDouble())
        return std::abs(a.toDouble() - b.toDouble()) < 1e-6;
    if (a.isArray() && b.isArray()) {
        const QJsonArray x = a.toArray(), y = b.toArray();
        for (qsizetype i = 0; i < x.size(); ++i) {
            if (i >= y.size() || !same(x[i], y[i]))
                return false;
        }
        return x.size() == y.size();
    }
    if (a.isObject() && b.isObject()) {
        const QJsonObject x = a.toObject(), y = b.toObject();
        for (auto it = x.begin(); it != x.end(); ++it) {
            if (!y.contains(it.key()) || !same(it.value(), y[it.key()]))
                return false;
        }
        return x.size() == y.size();
    }
    return a == b;
}

} // namespace

/// The command line as scripts see it: the real program, its exit codes and its one document.
class TstCli final : public QObject
{
    Q_OBJECT
private:
    QTemporaryDir m_folder;

    [[nodiscard]] QProcessEnvironment environment() const
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"XDG_CONFIG_HOME"_s, m_folder.filePath(u"config"_s));
        environment.insert(u"XDG_DATA_HOME"_s, m_folder.filePath(u"data"_s));
        environment.insert(u"XDG_CACHE_HOME"_s, m_folder.filePath(u"cache"_s));
        return environment;
    }
    Ran run(const QStringList& arguments, const QString& program = QStringLiteral(KINTSUGI_CLI))
    {
        QProcess process;
        process.setProcessEnvironment(environment());
        process.start(program, arguments);
        if (!process.waitForFinished(60'000)) {
            process.kill();
            process.waitForFinished();
            return {};
        }
        return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
    }
    Ran oracle(QStringList arguments)
    {
        arguments.prepend(QStringLiteral(KINTSUGI_TEST_TOOLS) + u"/resume_oracle.py"_s);
        return run(arguments, u"python3"_s);
    }
    /// The simulator as a process of its own; ends with the object.
    struct Simulator {
        explicit Simulator(TstCli& test, QStringList more)
        {
            process.setProcessEnvironment(test.environment());
            process.start(QStringLiteral(KINTSUGI_CLI), QStringList{u"simulate"_s, u"--json"_s} + more);
            QTRY_VERIFY_WITH_TIMEOUT(collect().contains("}"), 20'000);
            address = QJsonDocument::fromJson(said).object()["address"_L1].toString();
        }
        ~Simulator()
        {
            process.terminate();
            process.waitForFinished(10'000);
        }
        QByteArray collect() { return said += process.readAllStandardOutput(); }
        QProcess process;
        QByteArray said;
        QString address;
    };

private slots:
    void usage_data();
    void usage();
    void badInput_data();
    void badInput();
    void inspect();
    void binaryGcode();
    void inspectJudgesMarkers();
    void preparedCopy();
    void markerTexts();
    void stateEqualsTheOracle_data();
    void stateEqualsTheOracle();
    void statePoints();
    void planContinuesTheFile_data();
    void planContinuesTheFile();
    void planStoppedByTheGate();
    void planNeverReplaces();
    void planFromSnapshot();
    void printers();
    void unreachable();
    void interruptedGivesADocument_data();
    void interruptedGivesADocument();
    void storeErrors();
    void storedHistory();
    void namesAreEscaped();
    void simulatedPrinter();
    void statusTellsABrokenResume();
    void klippySocket();
    void recordUntilTerminated();
    void resumeEndToEnd_data();
    void resumeEndToEnd();
};

void TstCli::usage_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::newRow("nothing") << QStringList{} << 2;
    QTest::newRow("unknown command") << QStringList{u"frobnicate"_s} << 2;
    QTest::newRow("missing file") << QStringList{u"inspect"_s} << 2;
    QTest::newRow("no point") << QStringList{u"state"_s, dataFile(u"tower.gcode"_s)} << 2;
    QTest::newRow("two points") << QStringList{u"state"_s, u"x"_s, u"--byte"_s, u"1"_s, u"--layer"_s, u"1"_s} << 2;
    QTest::newRow("not a number") << QStringList{u"state"_s, u"x"_s, u"--byte"_s, u"ten"_s} << 2;
    struct Wrong { const char* option; const char* text; };
    for (const auto& [option, text] : {Wrong{"--z", "nan"}, {"--z", "inf"}, {"--z", "-inf"}, {"--z", "0x10"}, {"--z", "1.5mm"}, {"--z", ""}, {"--z", " 1"},
                                       {"--z", "1e999"}, {"--byte", "0x10"}, {"--byte", "12abc"}, {"--byte", "1.5"}, {"--byte", "18446744073709551616"},
                                       {"--layer", "nan"}, {"--layer", "+-3"}, {"--line", "0"}, {"--line", "0x1"}, {"--caliper", "nan"},
                                       {"--caliper", "3@inf,1"}})
        QTest::addRow("%s %s", option, text) << QStringList{u"state"_s, dataFile(u"tower.gcode"_s), QString::fromLatin1(option), QString::fromLatin1(text)} << 2;
    for (const auto& [option, text] : {Wrong{"--nozzle-z", "nan"}, {"--nozzle-z", "0x2"}, {"--nozzle-temperature", "inf"}, {"--softening", "90C"}})
        QTest::addRow("plan %s %s", option, text)
            << QStringList{u"plan"_s, u"x"_s, u"--byte"_s, u"1"_s, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"keep"_s, QString::fromLatin1(option), QString::fromLatin1(text)}
            << 2;
    QTest::newRow("limit") << QStringList{u"history"_s, u"--printer"_s, u"demo:"_s, u"--limit"_s, u"0x10"_s} << 2;
    QTest::newRow("speed") << QStringList{u"simulate"_s, u"--speak"_s, u"moonraker"_s, u"--speed"_s, u"nan"_s} << 2;
    QTest::newRow("port") << QStringList{u"simulate"_s, u"--speak"_s, u"moonraker"_s, u"--port"_s, u"65536"_s} << 2;
    QTest::newRow("negative") << QStringList{u"state"_s, u"x"_s, u"--byte"_s, u"-5"_s} << 2;
    QTest::newRow("dialect") << QStringList{u"state"_s, u"x"_s, u"--byte"_s, u"1"_s, u"--dialect"_s, u"klingon"_s} << 2;
    QTest::newRow("z method") << QStringList{u"plan"_s, u"x"_s, u"--byte"_s, u"1"_s, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"hope"_s} << 2;
    QTest::newRow("address") << QStringList{u"printers"_s, u"add"_s, u"n"_s, u"http://x"_s} << 2;
    QTest::newRow("no such printer") << QStringList{u"status"_s, u"--printer"_s, u"nobody"_s} << 2;
    QTest::newRow("fault") << QStringList{u"simulate"_s, u"--speak"_s, u"moonraker"_s, u"--fault"_s, u"meteor@layer:1"_s} << 2;
    QTest::newRow("later commands") << QStringList{u"doctor"_s, u"--printer"_s, u"demo:"_s} << 2;
    QTest::newRow("help") << QStringList{u"--help"_s} << 0;
    QTest::newRow("version") << QStringList{u"--version"_s} << 0;
}

void TstCli::usage()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    const Ran ran = run(arguments);
    QCOMPARE(ran.code, code);
    QCOMPARE(ran.err.startsWith("error: "), code != 0);
    QCOMPARE(ran.out.isEmpty(), code != 0);
    if (code != 0) {
        const Ran json = run(QStringList{u"--json"_s} + arguments);
        QCOMPARE(json.code, code);
        QVERIFY(json.json().contains(u"error"_s));
    }
}

void TstCli::badInput_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nul bytes") << QByteArray(4096, '\0');
    QTest::newRow("binary container") << QByteArray("GCDE\1\0\0\0\1\0\0\0") + QByteArray(512, '\x80');
    QTest::newRow("missing") << QByteArray();
}

void TstCli::badInput()
{
    QFETCH(QByteArray, bytes);
    const QString path = m_folder.filePath(u"bad.gcode"_s);
    QFile::remove(path);
    if (!bytes.isEmpty()) {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(bytes);
    }
    const Ran ran = run({u"--json"_s, u"inspect"_s, path});
    QCOMPARE(ran.code, 3);
    QVERIFY(ran.err.startsWith("error: "));
    QVERIFY(ran.json()["error"_L1].toObject()["what"_L1].isString());
    QCOMPARE(run({u"state"_s, dataFile(u"ps_cube_absE_marlin2_thumbnails.gcode"_s), u"--byte"_s, u"99999999999"_s}).code, 3);
}

void TstCli::inspect()
{
    const QString path = dataFile(u"ps_cube_absE_marlin2_thumbnails.gcode"_s);
    const Ran ran = run({u"inspect"_s, path, u"--layers"_s, u"--json"_s});
    QCOMPARE(ran.code, 0);
    const QJsonObject json = ran.json();
    QCOMPARE(json["size"_L1].toInteger(), QFile(path).size());
    const QJsonArray layers = json["layers"_L1].toArray();
    const QJsonArray expected = QJsonDocument::fromJson(oracle({u"layers"_s, path}).out).array();
    QVERIFY(!expected.isEmpty());
    QCOMPARE(layers.size(), expected.size());
    for (qsizetype i = 0; i < layers.size(); ++i) {
        for (const QLatin1String key : {"z"_L1, "byte_begin"_L1, "byte_end"_L1})
            QVERIFY(same(layers[i][key], expected[i][key]));
    }
    QVERIFY(!run({u"inspect"_s, path, u"--json"_s}).json().contains(u"layers"_s));
    QVERIFY(run({u"inspect"_s, path}).out.contains("layers_marked: true"));
    const QJsonArray judged = run({u"inspect"_s, path, u"--recoverable"_s, u"--json"_s}).json()["recoverable"_L1].toArray();
    QCOMPARE(judged.size(), expected.size());
    QVERIFY(judged.last()["ok"_L1].toBool() && judged.last()["lift_room"_L1].toDouble() > 150);
    QVERIFY(run({u"inspect"_s, path, u"--recoverable"_s}).out.contains("layers 0..66  recoverable"));
}

void TstCli::binaryGcode()
{
    const QString path = dataFile(u"bgcode_gear_heatshrink12_meatpack.bgcode"_s);
    const QJsonObject shown = run({u"inspect"_s, path, u"--json"_s}).json();
    QCOMPARE(shown["slicer"_L1].toString(), u"PrusaSlicer"_s);
    QCOMPARE(shown["layer_count"_L1].toInteger(), 10);
    QCOMPARE(shown["file_size"_L1].toInteger(), QFile(path).size());
    QVERIFY(shown["size"_L1].toInteger() > 2 * shown["file_size"_L1].toInteger());
    // The resume file is binary again, begins where the original was left, and has the same layers from there on.
    const QString out = m_folder.filePath(u"gear.resume.bgcode"_s);
    const Ran planned = run({u"plan"_s, path, u"--layer"_s, u"5"_s, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"keep"_s, u"--out"_s, out});
    QVERIFY2(planned.code == 0, planned.err);
    QFile written(out);
    QVERIFY(written.open(QIODevice::ReadOnly));
    QVERIFY(written.read(4) == "GCDE");
    const Ran again = run({u"inspect"_s, out, u"--json"_s});
    QCOMPARE(again.code, 0);
    QCOMPARE(again.json()["slicer"_L1].toString(), u"PrusaSlicer"_s);
    QVERIFY(again.json()["moves"_L1].toInteger() < shown["moves"_L1].toInteger());
    // One wrong byte: the block is named.
    QByteArray damaged = written.seek(0) ? written.readAll() : QByteArray();
    damaged[damaged.size() / 2] = char(damaged[damaged.size() / 2] ^ 1);
    QFile broken(m_folder.filePath(u"broken.bgcode"_s));
    QVERIFY(broken.open(QIODevice::WriteOnly) && broken.write(damaged) == damaged.size());
    broken.close();
    const Ran refused = run({u"inspect"_s, broken.fileName()});
    QCOMPARE(refused.code, 3);
    QVERIFY2(refused.err.contains("damaged") && refused.err.contains("block "), refused.err);
}

void TstCli::inspectJudgesMarkers()
{
    const QString prepared = QStringLiteral(KINTSUGI_TEST_DATA) + u"/moonraker/gcode/tower_plr.gcode"_s;
    const QJsonObject good = run({u"inspect"_s, prepared, u"--json"_s}).json()["plr_markers"_L1].toObject();
    QVERIFY(good["usable"_L1].toBool() && good["in_order"_L1].toBool() && good["enabled"_L1].toBool());
    QVERIFY(good["setup_byte"_L1].toInteger() < good["print_byte"_L1].toInteger());
    for (const QJsonValue& finding : good["findings"_L1].toArray())
        QVERIFY2(finding["good"_L1].toBool(), qPrintable(finding["text"_L1].toString()));
    const QJsonObject bare = run({u"inspect"_s, dataFile(u"ps_gear_relE_klipper.gcode"_s), u"--json"_s}).json()["plr_markers"_L1].toObject();
    QVERIFY(!bare["usable"_L1].toBool() && bare["setup_byte"_L1].isNull());
    const QJsonArray findings = bare["findings"_L1].toArray();
    QVERIFY(findings.size() >= 3);
    QCOMPARE(findings[0]["id"_L1].toString(), u"setup-marker"_s);
    QVERIFY(findings[0]["line"_L1].isNull() && !findings[0]["text"_L1].toString().isEmpty());
}

void TstCli::preparedCopy()
{
    const QString source = dataFile(u"ps_gear_relE_klipper.gcode"_s), target = m_folder.filePath(u"prepared.gcode"_s);
    QCOMPARE(run({u"prepare"_s, source}).code, 2); // --out is not guessed
    const Ran ran = run({u"prepare"_s, source, u"--out"_s, target, u"--json"_s});
    QCOMPARE(ran.code, 0);
    const QJsonObject json = ran.json();
    QVERIFY(json["usable"_L1].toBool() && json["layer_hooks"_L1].toInteger() > 0);
    QCOMPARE(json["bytes"_L1].toInteger(), QFileInfo(target).size());
    QCOMPARE(json["added_bytes"_L1].toInteger(), QFileInfo(target).size() - QFileInfo(source).size());
    QVERIFY(run({u"inspect"_s, target, u"--json"_s}).json()["plr_markers"_L1]["usable"_L1].toBool());
    QCOMPARE(run({u"prepare"_s, source, u"--out"_s, target}).code, 3);
    QCOMPARE(run({u"prepare"_s, target, u"--out"_s, m_folder.filePath(u"again.gcode"_s)}).code, 3);
    QVERIFY(!QFile::exists(m_folder.filePath(u"again.gcode"_s)));
    QCOMPARE(run({u"prepare"_s, source, u"--out"_s, m_folder.filePath(u"no/folder/x.gcode"_s)}).code, 6);
}

void TstCli::markerTexts()
{
    const QJsonArray texts = run({u"markers"_s, u"--json"_s}).json()["texts"_L1].toArray();
    QCOMPARE(texts.size(), 8);
    const Ran orca = run({u"markers"_s, u"--slicer"_s, u"orcaslicer"_s});
    QCOMPARE(orca.code, 0);
    QVERIFY(orca.out.contains("LAYER={layer_num} LAYER_HEIGHT={layer_z}") && orca.out.contains(";;;;; PLR_RESUME - PRINT GCODE STARTS ;;;;;"));
    QVERIFY(!orca.out.contains("[layer_num]"));
    QCOMPARE(run({u"markers"_s, u"--slicer"_s, u"Paint"_s}).code, 2);
}

void TstCli::stateEqualsTheOracle_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("dialect");
    QTest::newRow("klipper, relative E") << u"ps_gear_relE_klipper.gcode"_s << u"klipper"_s;
    QTest::newRow("absolute E") << u"ps_cube_absE_marlin2_thumbnails.gcode"_s << u"klipper"_s;
    QTest::newRow("retracted by the firmware") << u"ps_bracket_support_fwretract.gcode"_s << u"klipper"_s;
}

void TstCli::stateEqualsTheOracle()
{
    QFETCH(QString, file);
    QFETCH(QString, dialect);
    const QString path = dataFile(file);
    const qint64 size = QFile(path).size();
    QVERIFY2(size > 0, qPrintable(path));
    for (int i = 1; i < 6; ++i) {
        const QString byte = QString::number(size * i / 6 + i);
        const Ran ran = run({u"state"_s, path, u"--byte"_s, byte, u"--dialect"_s, dialect, u"--json"_s});
        QCOMPARE(ran.code, 0);
        const QJsonObject expected = QJsonDocument::fromJson(oracle({u"state"_s, path, byte, u"-d"_s, dialect}).out).object();
        QVERIFY(!expected.isEmpty());
        const QJsonObject state = ran.json()["state"_L1].toObject();
        QCOMPARE(state.keys(), expected.keys());
        for (const QString& key : expected.keys()) {
            const QJsonValue value = state[key].toObject()["value"_L1];
            QVERIFY2(same(value, expected[key]), qPrintable(byte + u' ' + key));
            QVERIFY(state[key].toObject()["origin"_L1].isString());
        }
    }
}

void TstCli::statePoints()
{
    const QString path = dataFile(u"ps_cube_absE_marlin2_thumbnails.gcode"_s);
    const QJsonArray layers = run({u"inspect"_s, path, u"--layers"_s, u"--json"_s}).json()["layers"_L1].toArray();
    QVERIFY(layers.size() > 3);
    const qint64 begin = layers[2]["byte_begin"_L1].toInteger();
    const auto at = [&](const QString& option, const QString& value) {
        return run({u"state"_s, path, option, value, u"--json"_s}).json();
    };
    const QJsonObject byLayer = at(u"--layer"_s, u"2"_s);
    QCOMPARE(byLayer["byte"_L1].toInteger(), begin);
    QCOMPARE(byLayer["layer"_L1].toInt(), 2);
    QCOMPARE(at(u"--z"_s, QString::number(layers[2]["z"_L1].toDouble()))["byte"_L1].toInteger(), begin);
    QCOMPARE(at(u"--line"_s, QString::number(byLayer["line"_L1].toInteger()))["byte"_L1].toInteger(), begin);
    QCOMPARE(at(u"--byte"_s, QString::number(begin + 3))["byte"_L1].toInteger(), begin);
    QVERIFY(at(u"--byte"_s, u"0"_s)["layer"_L1].isNull());
    QCOMPARE(run({u"state"_s, path, u"--layer"_s, u"100000"_s}).code, 3);
    QCOMPARE(run({u"state"_s, path, u"--z"_s, u"9999"_s}).code, 3);
    QCOMPARE(run({u"state"_s, path, u"--line"_s, u"999999999"_s}).code, 3);
}

void TstCli::planContinuesTheFile_data()
{
    stateEqualsTheOracle_data();
}

void TstCli::planContinuesTheFile()
{
    QFETCH(QString, file);
    QFETCH(QString, dialect);
    const QString path = dataFile(file);
    const QByteArray before = contentOf(path);
    const Ran points = oracle({u"points"_s, path, u"-n"_s, u"4"_s});
    QStringList compare{u"compare"_s, path};
    int n = 0;
    for (const QByteArray& byte : points.out.split('\n')) {
        if (byte.isEmpty())
            continue;
        const QString out = m_folder.filePath(u"%1-%2.gcode"_s.arg(file).arg(++n));
        const Ran ran = run({u"plan"_s, path, u"--byte"_s, QString::fromLatin1(byte), u"--dialect"_s, dialect, u"--z-method"_s, u"keep"_s,
                             u"--out"_s, out, u"--json"_s});
        QVERIFY2(ran.code == 0, ran.err.constData());
        const QJsonObject json = ran.json();
        QVERIFY(!json["steps"_L1].toArray().isEmpty());
        QVERIFY(json["gate"_L1].isArray());
        QCOMPARE(json["point"_L1].toObject()["byte"_L1].toInteger(), byte.toLongLong());
        compare << QString::fromLatin1(byte) << out;
    }
    QVERIFY(n > 0);
    const Ran judged = oracle(compare << u"-d"_s << dialect);
    QVERIFY2(judged.code == 0, QByteArray(judged.out + judged.err).constData());
    QVERIFY(contentOf(path) == before);
}

void TstCli::planStoppedByTheGate()
{
    // the file never sets a hotend temperature: a must-have field is unknown
    const QString path = m_folder.filePath(u"cold.gcode"_s);
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("G90\nM83\nG1 X10 Y10 Z0.2 F3000\n");
    for (int i = 0; i < 200; ++i)
        file.write(QByteArray("G1 X") + QByteArray::number(20 + i % 2 * 50) + " Y" + QByteArray::number(10 + i) + " E1\n");
    file.close();
    const QString out = m_folder.filePath(u"cold-out.gcode"_s);
    const Ran ran = run({u"--json"_s, u"plan"_s, path, u"--line"_s, u"100"_s, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"keep"_s, u"--out"_s, out});
    QCOMPARE(ran.code, 5);
    QVERIFY(ran.err.contains("error: "));
    QVERIFY(!ran.json().isEmpty());
    QVERIFY(!QFile::exists(out));
}

void TstCli::planNeverReplaces()
{
    const QString path = dataFile(u"ps_gear_relE_klipper.gcode"_s);
    const QString out = m_folder.filePath(u"mine.gcode"_s);
    QFile file(out);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("mine");
    file.close();
    const QStringList plan{u"plan"_s, path, u"--layer"_s, u"3"_s, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"keep"_s, u"--out"_s};
    QCOMPARE(run(plan + QStringList{out}).code, 3);
    QCOMPARE(contentOf(out), QByteArray("mine"));
    QCOMPARE(run(plan + QStringList{u"/proc/nowhere/x.gcode"_s}).code, 6);
}

void TstCli::planFromSnapshot()
{
    const QString path = dataFile(u"ps_gear_relE_klipper.gcode"_s);
    const QString snapshot = m_folder.filePath(u"snapshot.json"_s);
    const auto plan = [&](const QByteArray& json) {
        QFile file(snapshot);
        file.open(QIODevice::WriteOnly);
        file.write(json);
        file.close();
        return run({u"plan"_s, path, u"--snapshot"_s, snapshot, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"keep"_s});
    };
    QCOMPARE(plan("{ torn").code, 3);
    const Ran wrong = plan(R"({"source":"file","dialect":"klipper","byte":"x"})");
    QCOMPARE(wrong.code, 3);
    QVERIFY(wrong.err.contains("byte"));
    QCOMPARE(plan(R"({"source":"file","dialect":"klipper","byte":10,"file":{"name":"x","size":1}})").code, 3);
    QCOMPARE(run({u"plan"_s, path, u"--snapshot"_s, snapshot, u"--byte"_s, u"5"_s, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"keep"_s}).code, 2);
}

void TstCli::printers()
{
    QVERIFY(run({u"printers"_s, u"list"_s, u"--json"_s}).json()["printers"_L1].toArray().isEmpty());
    const Ran added = run({u"printers"_s, u"add"_s, u"My \"4Z\""_s, u"moonraker://127.0.0.1:7125"_s, u"--json"_s});
    QCOMPARE(added.code, 0);
    QCOMPARE(added.json()["id"_L1].toString(), u"my-4z"_s);
    const QJsonArray list = run({u"printers"_s, u"list"_s, u"--json"_s}).json()["printers"_L1].toArray();
    QCOMPARE(list.size(), 1);
    QCOMPARE(list[0]["name"_L1].toString(), u"My \"4Z\""_s);
    QCOMPARE(run({u"printers"_s, u"remove"_s, u"nobody"_s}).code, 2);
    QCOMPARE(run({u"printers"_s, u"remove"_s, u"my-4z"_s}).code, 0);
    QVERIFY(run({u"printers"_s, u"list"_s, u"--json"_s}).json()["printers"_L1].toArray().isEmpty());
}

void TstCli::unreachable()
{
    QTcpServer server; // a port that is free as soon as it is closed
    QVERIFY(server.listen(QHostAddress::LocalHost));
    const QString address = u"moonraker://127.0.0.1:%1"_s.arg(server.serverPort());
    server.close();
    for (const QStringList& command : {QStringList{u"printers"_s, u"test"_s, address}, QStringList{u"status"_s, u"--printer"_s, address},
                                       QStringList{u"resume"_s, u"--printer"_s, address, u"--z-method"_s, u"keep"_s}}) {
        const Ran ran = run(command + QStringList{u"--json"_s});
        QCOMPARE(ran.code, 4);
        QVERIFY(ran.err.startsWith("error: "));
        QVERIFY(ran.json().contains(u"error"_s));
    }
}

void TstCli::interruptedGivesADocument_data()
{
    QTest::addColumn<QStringList>("command");
    QTest::addColumn<int>("code");
    QTest::newRow("status") << QStringList{u"status"_s} << 4;
    QTest::newRow("resume") << QStringList{u"resume"_s, u"--z-method"_s, u"keep"_s, u"--yes"_s} << 4;
    QTest::newRow("record") << QStringList{u"record"_s} << 0;
}

/// A signal while the printer keeps the command waiting.
void TstCli::interruptedGivesADocument()
{
    QFETCH(QStringList, command);
    QFETCH(int, code);
    QTcpServer silent;
    QVERIFY(silent.listen(QHostAddress::LocalHost));
    QProcess process;
    process.setProcessEnvironment(environment());
    QStringList arguments = command + QStringList{u"--json"_s, u"--printer"_s, u"moonraker://127.0.0.1:%1"_s.arg(silent.serverPort())};
    if (command.front() != u"status"_s)
        arguments << u"--store"_s << m_folder.filePath(u"signal.sqlite"_s);
    process.start(QStringLiteral(KINTSUGI_CLI), arguments);
    QTRY_VERIFY_WITH_TIMEOUT(silent.hasPendingConnections(), 20'000);
    process.terminate();
    QVERIFY(process.waitForFinished(10'000));
    QCOMPARE(process.exitCode(), code);
    QJsonParseError error;
    const QJsonObject json = QJsonDocument::fromJson(process.readAllStandardOutput(), &error).object();
    QCOMPARE(error.error, QJsonParseError::NoError);
    QCOMPARE(json.contains(u"error"_s), code != 0);
}

void TstCli::storeErrors()
{
    for (const QStringList& command : {QStringList{u"history"_s}, QStringList{u"snapshots"_s}, QStringList{u"record"_s}}) {
        const Ran ran = run(command + QStringList{u"--printer"_s, u"moonraker://127.0.0.1:1"_s, u"--store"_s, u"/proc/nowhere/h.sqlite"_s, u"--json"_s});
        QCOMPARE(ran.code, 6);
        QVERIFY(ran.json().contains(u"error"_s));
    }
    const QString damaged = m_folder.filePath(u"damaged.sqlite"_s);
    QFile file(damaged);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(8192, 'q'));
    file.close();
    const Ran ran = run({u"history"_s, u"--printer"_s, u"demo:"_s, u"--store"_s, damaged});
    QCOMPARE(ran.code, 6);
    QVERIFY(ran.err.contains(".damaged-"));
    QCOMPARE(run({u"history"_s, u"--printer"_s, u"demo:"_s, u"--store"_s, damaged}).code, 0);
}

void TstCli::storedHistory()
{
    const QString path = m_folder.filePath(u"history.sqlite"_s);
    {
        const auto store = app::Store::open(QUrl::fromLocalFile(path));
        app::PrintJob job;
        job.printer = u"demo"_s;
        job.file = u"a.gcode"_s;
        job.state = app::JobState::Interrupted;
        job.startTime = 1'795'000'000;
        QVERIFY((*store)->beginJob(job));
        auto snapshot = test::fullSnapshot();
        snapshot.printer = "demo";
        QVERIFY((*store)->addSnapshot(snapshot));
        QVERIFY((*store)->beginEntry({.printer = u"demo"_s, .time = 5, .action = u"script"_s, .text = u"M105"_s}));
    }
    const QStringList where{u"--printer"_s, u"demo:"_s, u"--store"_s, path, u"--json"_s};
    const QJsonObject history = run(QStringList{u"history"_s, u"--journal"_s} + where).json();
    QCOMPARE(history["jobs"_L1].toArray()[0]["state"_L1].toString(), u"interrupted"_s);
    QCOMPARE(history["journal"_L1].toArray()[0]["text"_L1].toString(), u"M105"_s);
    const QJsonArray snapshots = run(QStringList{u"snapshots"_s} + where).json()["snapshots"_L1].toArray();
    QCOMPARE(snapshots.size(), 1);
    QCOMPARE(snapshots[0]["byte"_L1].toInt(), 6144);
    QCOMPARE(snapshots[0]["age_s"_L1].toDouble(), 5.25);
    QCOMPARE(snapshots[0]["state"_L1]["bed"_L1]["origin"_L1].toString(), u"inferred"_s);
}

void TstCli::namesAreEscaped()
{
    const QString name = u"evil\x1b[2J\nerror: gone.gcode"_s;
    const QString path = m_folder.filePath(name);
    QVERIFY(QFile::copy(dataFile(u"ps_gear_relE_klipper.gcode"_s), path));
    const Ran ran = run({u"inspect"_s, path});
    QCOMPARE(ran.code, 0);
    QVERIFY(!ran.out.contains('\x1b'));
    QVERIFY(ran.out.contains("evil\\x1b[2J\\x0aerror"));
    const Ran missing = run({u"inspect"_s, path + u'x'});
    QCOMPARE(missing.err.count('\n'), 1);
}

void TstCli::simulatedPrinter()
{
    Simulator simulator(*this, {u"--speak"_s, u"moonraker"_s, u"--speed"_s, u"10"_s});
    QVERIFY(simulator.address.startsWith(u"moonraker://127.0.0.1:"_s));
    const Ran tested = run({u"printers"_s, u"test"_s, simulator.address, u"--json"_s});
    QVERIFY2(tested.code == 0, tested.err.constData());
    QCOMPARE(tested.json()["host"_L1]["state"_L1].toString(), u"ready"_s);
    QVERIFY(tested.json()["host"_L1]["plr_plugin"_L1].toBool());
    const Ran status = run({u"status"_s, u"--printer"_s, simulator.address, u"--store"_s, m_folder.filePath(u"s.sqlite"_s), u"--json"_s});
    QVERIFY2(status.code == 0, status.err.constData());
    QCOMPARE(status.json()["status"_L1]["print_state"_L1].toString(), u"standby"_s);
    QVERIFY(status.json()["status"_L1]["heaters"_L1].toObject().contains(u"extruder"_s));
    QVERIFY(status.json()["job"_L1].isNull());
}

/// Another life of the program died in the middle of a step: what it left is told, and nothing is sent.
void TstCli::statusTellsABrokenResume()
{
    Simulator simulator(*this, {u"--speak"_s, u"moonraker"_s, u"--speed"_s, u"10"_s});
    const QString path = m_folder.filePath(u"broken.sqlite"_s);
    const QStringList command{u"status"_s, u"--printer"_s, simulator.address, u"--store"_s, path, u"--json"_s};
    const Ran before = run(command);
    QVERIFY2(before.code == 0, before.err.constData());
    QVERIFY(!before.json().contains("broken_resume"_L1));
    {
        auto store = app::Store::open(QUrl::fromLocalFile(path));
        QVERIFY(store);
        app::RunRecord record{.way = recovery::run::Way::ZeroCopy, .file = u"tower.gcode"_s, .byte = 5000, .idleTimeout = {}, .tail = {}, .steps = {}};
        record.steps = {{1, recovery::StepKind::HeatBed, u"Heat the bed"_s, {}}, {2, recovery::StepKind::Lift, u"Lift"_s, {}}, {3, recovery::StepKind::HomeXY, u"Home"_s, {}}};
        const auto write = [&](const QString& action, const QString& text, int step, const QString& result) {
            app::JournalEntry entry;
            entry.printer = before.json()["printer"_L1]["id"_L1].toString();
            entry.time = 1'795'000'000;
            entry.action = action;
            entry.text = text;
            entry.planStep = step;
            const auto id = (*store)->beginEntry(entry);
            QVERIFY(id);
            if (!result.isEmpty())
                QVERIFY((*store)->finishEntry(*id, result, entry.time + 1));
        };
        write(u"resume"_s, app::recordText(record), 0, {});
        write(u"script"_s, u"M140 S65\nM190 S65"_s, 1, u"ok"_s);
        write(u"script"_s, u"G1 Z12"_s, 2, {});
        const Ran alive = run(command); // its writer lives: no crash
        QVERIFY(!alive.json().contains("broken_resume"_L1));
    }
    const Ran after = run(command);
    QVERIFY2(after.code == 0, after.err.constData());
    const QJsonObject broken = after.json()["broken_resume"_L1].toObject();
    QCOMPARE(broken["phase"_L1].toString(), u"sending"_s);
    QCOMPARE(broken["step"_L1].toInt(), 2);
    QCOMPARE(broken["title"_L1].toString(), u"Lift"_s);
    QCOMPARE(broken["heaters_told"_L1]["heater_bed"_L1].toDouble(), 65.0);
    QVERIFY(!broken["lifted"_L1].toBool());
    const QString step = broken["text"_L1]["step"_L1].toString();
    QVERIFY2(step.contains(u"step 2 of 3 (Lift)"_s), qPrintable(step));
    QCOMPARE(broken["text"_L1]["heaters"_L1].toString(), u"No heater is on now."_s); // the printer's word, not the journal's
    const Ran words = run(command.mid(0, 5));
    QVERIFY2(words.out.contains("step 2 of 3 (Lift)") && words.out.contains("may still touch the part"), words.out.constData());
    QVERIFY(run(command).json().contains("broken_resume"_L1)); // asking forgets nothing
}

void TstCli::klippySocket()
{
    const QString path = m_folder.filePath(u"klippy.sock"_s);
    Simulator simulator(*this, {u"--speak"_s, u"klippy"_s, u"--socket"_s, path});
    QCOMPARE(simulator.address, u"klippy://"_s + path);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), 10'000);
}

void TstCli::recordUntilTerminated()
{
    Simulator simulator(*this, {u"--speak"_s, u"moonraker"_s, u"--speed"_s, u"5"_s});
    const QString store = m_folder.filePath(u"record.sqlite"_s);
    QProcess recorder;
    recorder.setProcessEnvironment(environment());
    recorder.start(QStringLiteral(KINTSUGI_CLI), {u"record"_s, u"--printer"_s, simulator.address, u"--store"_s, store, u"--json"_s});
    QByteArray err;
    QTRY_VERIFY_WITH_TIMEOUT((err += recorder.readAllStandardError()).contains("connected"), 20'000);
    const auto samples = [&] {
        const auto opened = app::Store::open(QUrl::fromLocalFile(store));
        return opened ? (*opened)->lastSamples({}, -1).value_or(std::vector<recovery::Sample>()).size() : 0U;
    };
    QTRY_VERIFY_WITH_TIMEOUT(samples() > 2, 20'000);
    recorder.terminate();
    QVERIFY(recorder.waitForFinished(10'000));
    QCOMPARE(recorder.exitCode(), 0);
    const QJsonObject json = QJsonDocument::fromJson(recorder.readAllStandardOutput()).object();
    QVERIFY(json["printers"_L1].toArray()[0]["samples"_L1].toInteger() > 2);
}

void TstCli::resumeEndToEnd_data()
{
    QTest::addColumn<QString>("way");
    QTest::addColumn<QString>("fault");
    QTest::newRow("new file after a power cut") << u"new-file"_s << u"power-cut"_s;
    QTest::newRow("zero copy after a power cut") << u"zero-copy"_s << u"power-cut"_s;
    QTest::newRow("zero copy after a host crash") << u"zero-copy"_s << u"host-crash"_s;
}

/// A recorder in one process, the printer in a second, the resume in a third.
void TstCli::resumeEndToEnd()
{
    QFETCH(QString, way);
    QFETCH(QString, fault);
    const QString scenario = m_folder.filePath(u"scenario.json"_s);
    QFile file(scenario);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(R"({"machine":{"heater_rate":20},"speed":50,"restore_after":1})");
    file.close();
    Simulator simulator(*this, {u"--speak"_s, u"moonraker"_s, u"--scenario"_s, scenario, u"--fault"_s, fault + u"@layer:6:0.4"_s});
    const QString demoFile = QJsonDocument::fromJson(simulator.said).object()["demo_file"_L1].toString();
    const QStringList where{u"--printer"_s, simulator.address, u"--store"_s, m_folder.filePath(way + fault + u".sqlite"_s)};

    QProcess recorder;
    recorder.setProcessEnvironment(environment());
    recorder.start(QStringLiteral(KINTSUGI_CLI), QStringList{u"record"_s} + where);
    QByteArray err;
    QTRY_VERIFY_WITH_TIMEOUT((err += recorder.readAllStandardError()).contains("connected"), 20'000);
    QNetworkAccessManager network;
    QUrl start(QString(simulator.address).replace(u"moonraker:"_s, u"http:"_s) + u"/printer/print/start"_s);
    start.setQuery(u"filename="_s + demoFile);
    QNetworkRequest post(start);
    post.setHeader(QNetworkRequest::ContentTypeHeader, u"application/json"_s);
    const std::unique_ptr<QNetworkReply> started(network.post(post, QByteArray()));
    QTRY_VERIFY_WITH_TIMEOUT((err += recorder.readAllStandardError()).contains("interrupted"), 60'000);

    const QStringList resume = QStringList{u"resume"_s, u"--z-method"_s, u"touch"_s, u"--nozzle-z"_s, u"1.5"_s, u"--contact"_s,
                                           u"touching"_s, u"--part-stuck"_s, u"--nothing-moved"_s, u"--way"_s, way, u"--json"_s,
                                           // Time runs so fast here that four samples a second leave layers in doubt.
                                           u"--removed-to"_s, u"1.0"_s} + where;
    const Ran dry = run(resume + QStringList{u"--dry-run"_s, u"--yes"_s});
    QByteArray blocks;
    for (const QJsonValue& check : dry.json()["gate"_L1].toArray()) {
        if (check["severity"_L1] == u"block"_s && !check["passed"_L1].toBool())
            blocks += check["id"_L1].toString().toUtf8() + ": " + check["text"_L1].toString().toUtf8() + '\n';
    }
    QVERIFY2(dry.code == 0, (blocks + dry.err).constData());
    QVERIFY(!dry.json()["steps"_L1].toArray().isEmpty());
    QVERIFY(!dry.json()["started"_L1].toBool());
    const QJsonObject stop = dry.json()["stop"_L1].toObject();
    const auto byteOf = [&stop](const char* key) { return stop[QLatin1String(key)]["byte"_L1].toInteger(-1); };
    QVERIFY2(0 < byteOf("earliest") && byteOf("earliest") <= byteOf("likely") && byteOf("likely") < byteOf("latest"), dry.out.constData());
    QVERIFY(byteOf("earliest") <= byteOf("half_from") && byteOf("half_from") < byteOf("half_to") && byteOf("half_to") <= byteOf("latest"));
    QVERIFY(stop["likely"_L1]["line"_L1].toInteger() > 1);
    const Ran asked = run(resume);
    QCOMPARE(asked.code, 5);
    QVERIFY(!asked.json()["started"_L1].toBool());
    QVERIFY(run(QStringList{u"history"_s, u"--journal"_s, u"--json"_s} + where).json()["journal"_L1].toArray().isEmpty()); // nothing was sent

    const Ran done = run(resume + QStringList{u"--yes"_s, u"--wait"_s});
    QVERIFY2(done.code == 0, done.err.constData());
    QVERIFY(done.json()["report"_L1]["completed"_L1].toBool());
    const auto newestJob = [&] {
        return run(QStringList{u"history"_s, u"--json"_s} + where).json()["jobs"_L1].toArray()[0].toObject();
    };
    QTRY_COMPARE_WITH_TIMEOUT(newestJob()["state"_L1].toString(), u"completed"_s, 20'000);
    QCOMPARE(newestJob()["resumed_from"_L1].toString(), dry.json()["job"_L1]["id"_L1].toString());
    QCOMPARE(newestJob()["resumed_at"_L1].toInteger(), done.json()["point"_L1]["byte"_L1].toInteger());
    recorder.terminate();
    QVERIFY(recorder.waitForFinished(10'000));
}

QTEST_GUILESS_MAIN(TstCli)
#include "tst_cli.moc"
