// SPDX-License-Identifier: GPL-3.0-or-later
// The drill on the command line.
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;

namespace {

struct Ran {
    int code = -1;
    QByteArray out, err;
    [[nodiscard]] QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
};

} // namespace

class TestCliDrill final : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void makesAFileAndNeverReplacesOne();
    void refusesWhatCannotBePrinted_data();
    void refusesWhatCannotBePrinted();
    void aReadingIsKeptAndTold();
    void refusesReadings_data();
    void refusesReadings();

private:
    [[nodiscard]] Ran run(QStringList arguments) const;
    [[nodiscard]] QString path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)); }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestCliDrill::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QCOMPARE(run({u"printers"_s, u"add"_s, u"Voron"_s, u"moonraker://127.0.0.1:1"_s}).code, 0);
}

Ran TestCliDrill::run(QStringList arguments) const
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* folder : {"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"})
        environment.insert(QString::fromLatin1(folder), path(folder));
    environment.insert(u"LC_ALL"_s, u"C"_s);
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(KINTSUGI_CLI), arguments << u"--json"_s);
    if (!process.waitForFinished(60'000))
        return {};
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

void TestCliDrill::makesAFileAndNeverReplacesOne()
{
    const Ran made = run({u"drill"_s, u"make"_s, path("part.gcode"), u"--material"_s, u"PETG"_s, u"--nozzle-temperature"_s, u"240"_s});
    QVERIFY2(made.code == 0, made.err.constData());
    QCOMPARE(made.json()["layers"_L1].toInt(), 40);
    QCOMPARE(made.json()["ledge_mm"_L1].toDouble(), 4.0);
    QFile file(path("part.gcode"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    QVERIFY(text.contains("; filament_type = PETG\n") && text.contains("M109 S240\n"));
    QCOMPARE(text.size(), made.json()["bytes"_L1].toInteger());
    const Ran inspected = run({u"inspect"_s, path("part.gcode")});
    QCOMPARE(inspected.code, 0);
    const Ran again = run({u"drill"_s, u"make"_s, path("part.gcode")});
    QVERIFY(again.code != 0);
    QVERIFY(file.seek(0) && file.readAll() == text);
}

void TestCliDrill::refusesWhatCannotBePrinted_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<int>("code");
    QTest::newRow("nozzle too wide for teeth") << QStringList{u"--nozzle"_s, u"0.8"_s} << 3;
    QTest::newRow("layer too thick") << QStringList{u"--layer-height"_s, u"0.4"_s} << 3;
    QTest::newRow("beside the bed") << QStringList{u"--x"_s, u"5"_s} << 3;
    QTest::newRow("start lines that shift") << QStringList{u"--start-line"_s, u"G92 X20"_s} << 5;
    QTest::newRow("unknown dialect") << QStringList{u"--dialect"_s, u"fanuc"_s} << 2;
    QTest::newRow("no number") << QStringList{u"--speed"_s, u"fast"_s} << 2;
}

void TestCliDrill::refusesWhatCannotBePrinted()
{
    QFETCH(QStringList, options);
    QFETCH(int, code);
    const Ran made = run(QStringList{u"drill"_s, u"make"_s, path("part.gcode")} + options);
    QCOMPARE(made.code, code);
    QVERIFY(!QFile::exists(path("part.gcode")));
}

void TestCliDrill::aReadingIsKeptAndTold()
{
    const Ran read = run({u"drill"_s, u"read"_s, u"--printer"_s, u"voron"_s, u"--z-method"_s, u"touch"_s, u"--x-tooth"_s, u"-1.5"_s, u"--y-tooth"_s, u"0"_s,
                          u"--ledge"_s, u"3.95"_s, u"--height"_s, u"7.98"_s});
    QVERIFY2(read.code == 0, read.err.constData());
    const QJsonArray seam = read.json()["seam"_L1].toArray();
    QVERIFY(std::abs(seam[0].toDouble() + 0.15) < 1e-9 && std::abs(seam[2].toDouble() - 0.03) < 1e-9);
    QVERIFY(read.json()["last_proven"_L1].toString().startsWith(u"last proven "_s) && read.json()["last_proven"_L1].toString().endsWith(u"touch: 0.03 mm"_s));
    const Ran changed = run({u"drill"_s, u"changed"_s, u"--printer"_s, u"Voron"_s});
    QCOMPARE(changed.code, 0);
    QFile list(path("XDG_CONFIG_HOME") + u"/kintsugi/printers.json"_s);
    QVERIFY(list.open(QIODevice::ReadOnly));
    const QJsonObject voron = QJsonDocument::fromJson(list.readAll()).object()["printers"_L1].toArray()[0].toObject();
    QCOMPARE(voron["drills"_L1].toArray().size(), 1);
    QCOMPARE(voron["drills"_L1].toArray()[0].toObject()["z_method"_L1].toString(), u"touch"_s);
    QVERIFY(voron["parts_changed"_L1].toDouble() > 1e9);
}

void TestCliDrill::refusesReadings_data()
{
    QTest::addColumn<QStringList>("changes");
    QTest::addColumn<int>("code");
    QTest::newRow("a tooth that is not there") << QStringList{u"--x-tooth"_s, u"7"_s} << 3;
    QTest::newRow("the heights swapped") << QStringList{u"--ledge"_s, u"8"_s} << 3;
    QTest::newRow("a method that does not exist") << QStringList{u"--z-method"_s, u"hope"_s} << 2;
    QTest::newRow("a printer that is not in the list") << QStringList{u"--printer"_s, u"moonraker://elsewhere"_s} << 2;
    QTest::newRow("a file that is no drill") << QStringList{u"--file"_s, u"*"_s} << 3;
}

void TestCliDrill::refusesReadings()
{
    QFETCH(QStringList, changes);
    QFETCH(int, code);
    QFile other(path("other.gcode"));
    QVERIFY(other.open(QIODevice::WriteOnly) && other.write("G28\nG1 X1\n") > 0);
    other.close();
    QMap<QString, QString> options{{u"--printer"_s, u"voron"_s}, {u"--x-tooth"_s, u"0"_s}, {u"--y-tooth"_s, u"0"_s}, {u"--ledge"_s, u"4"_s}, {u"--height"_s, u"8"_s}};
    options[changes[0]] = changes[1] == u"*"_s ? other.fileName() : changes[1];
    QStringList arguments{u"drill"_s, u"read"_s};
    for (auto it = options.constBegin(); it != options.constEnd(); ++it)
        arguments << it.key() << it.value();
    const Ran read = run(arguments);
    QCOMPARE(read.code, code);
    QVERIFY(read.json().contains(u"error"_s));
}

QTEST_GUILESS_MAIN(TestCliDrill)
#include "tst_clidrill.moc"
