// SPDX-License-Identifier: GPL-3.0-or-later
// Large files on the command line: progress, cancelling, and an index that is kept.
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <tuple>

#include <sys/resource.h>

#include "gcode/indexcache.h"
#include "gcode/sidecar.h"

using namespace Qt::StringLiterals;

class TestCliFiles final : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void progressIsTold();
    void interruptLeavesNothingTorn();
    void changedFileIsReadAgain();
    void falseIndexIsFoundOutBeforeAPlan_data();
    void falseIndexIsFoundOutBeforeAPlan();
    void limitOfTheFileSizeLeavesNothing();
    void namesSayWhatIsWritten();
    void arrayIsNoSnapshot();

private:
    void start(QProcess& process, const QStringList& arguments) const;
    [[nodiscard]] QStringList kept() const;
    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_path;
};

void TestCliFiles::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_path = m_folder->filePath(u"large.gcode"_s);
    QFile file(m_path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    const QByteArray moves = QByteArray("G1 X10.123 Y20.456 E.05\nG1 X11.123 Y25.456 E.05\n").repeated(2000);
    for (int layer = 1; layer <= 400; ++layer)
        file.write(";LAYER_CHANGE\n;Z:" + QByteArray::number(layer) + "\n;HEIGHT:1\n" + moves);
}

void TestCliFiles::start(QProcess& process, const QStringList& arguments) const
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"XDG_CACHE_HOME"_s, m_folder->filePath(u"cache"_s));
    environment.insert(u"XDG_CONFIG_HOME"_s, m_folder->filePath(u"config"_s));
    environment.insert(u"XDG_DATA_HOME"_s, m_folder->filePath(u"data"_s));
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(KINTSUGI_CLI), arguments);
}

QStringList TestCliFiles::kept() const
{
    QStringList names;
    for (QDirIterator files(m_folder->filePath(u"cache"_s), QDir::Files, QDirIterator::Subdirectories); files.hasNext();)
        names << files.next();
    return names;
}

void TestCliFiles::progressIsTold()
{
    QProcess quiet, told;
    start(told, {u"inspect"_s, m_path, u"--progress"_s, u"--json"_s});
    QVERIFY(told.waitForFinished(60'000));
    QCOMPARE(told.exitCode(), 0);
    const QByteArray said = told.readAllStandardError();
    QVERIFY(said.contains("reading 0 %\n") && said.contains("reading 50 %\n"));
    QVERIFY(said.count('\n') <= 11);
    QVERIFY(QJsonDocument::fromJson(told.readAllStandardOutput()).object().contains(u"lines"_s));
    start(quiet, {u"inspect"_s, m_path, u"--json"_s}); // no terminal, not wanted
    QVERIFY(quiet.waitForFinished(60'000));
    QCOMPARE(quiet.readAllStandardError(), QByteArray());
}

void TestCliFiles::interruptLeavesNothingTorn()
{
    QProcess process;
    process.setReadChannel(QProcess::StandardError);
    start(process, {u"inspect"_s, m_path, u"--progress"_s, u"--json"_s});
    QVERIFY(process.waitForReadyRead(20'000));
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(20'000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 4);
    QVERIFY(QJsonDocument::fromJson(process.readAllStandardOutput()).object().contains(u"error"_s));
    QCOMPARE(kept(), QStringList());
}

void TestCliFiles::changedFileIsReadAgain()
{
    const auto lines = [this] {
        QProcess process;
        start(process, {u"inspect"_s, m_path, u"--json"_s});
        process.waitForFinished(60'000);
        return QJsonDocument::fromJson(process.readAllStandardOutput()).object()[u"lines"_s].toInteger();
    };
    const qint64 first = lines();
    QCOMPARE(first, qint64{400 * 4003});
    QCOMPARE(kept().size(), 1);
    QCOMPARE(lines(), first);
    QFile file(m_path);
    QVERIFY(file.open(QIODevice::Append));
    file.write("M84\n");
    file.close();
    QCOMPARE(lines(), first + 1);
    QCOMPARE(kept().size(), 1);
}

void TestCliFiles::falseIndexIsFoundOutBeforeAPlan_data()
{
    QTest::addColumn<bool>("writes");
    QTest::newRow("shown") << false;
    QTest::newRow("written") << true;
}

/// An index of another content lies where the file's belongs, its key right in everything.
void TestCliFiles::falseIndexIsFoundOutBeforeAPlan()
{
    using namespace kintsugi::gcode;
    QFETCH(bool, writes);
    QFile::remove(m_path);
    QVERIFY(QFile::copy(QStringLiteral(KINTSUGI_TEST_DATA "/gcode/ps_gear_relE_klipper.gcode"), m_path));
    QFile file(m_path);
    QVERIFY(file.open(QIODevice::Append));
    file.write(QByteArray("; padding padding padding padding padding\n").repeated(30'000));
    file.close();
    const QString out = m_folder->filePath(u"out.gcode"_s);
    QStringList arguments{u"plan"_s, m_path, u"--layer"_s, u"3"_s, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"keep"_s, u"--json"_s};
    if (writes)
        arguments << u"--out"_s << out;
    const auto planned = [&] {
        QFile::remove(out);
        QProcess process;
        start(process, arguments);
        process.waitForFinished(60'000);
        return std::tuple(process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError());
    };
    const auto [code, document, said] = planned();
    QVERIFY2(code == 0, said.constData());
    QVERIFY(!said.contains("has changed"));
    QCOMPARE(kept().size(), 1);
    const auto source = FileSource::open(m_path.toStdString());
    const auto key = sidecarKey(**source, Dialect::Klipper);
    FileIndex lie = *buildIndex(**source, Dialect::Klipper);
    lie.xxh3 ^= 1;
    lie.fileXxh3 ^= 1;
    lie.layers.resize(5);
    lie.layers.back().end = lie.size;
    QFile sidecar(kept().front());
    QVERIFY(sidecar.open(QIODevice::WriteOnly));
    sidecar.write(QByteArray::fromStdString(writeSidecar(lie, *key)));
    sidecar.close();
    const auto [again, documentAgain, saidAgain] = planned();
    QVERIFY2(again == 0, saidAgain.constData());
    QVERIFY2(saidAgain.contains("has changed since it was read last"), saidAgain.constData());
    QVERIFY(documentAgain == document);
    QCOMPARE(QFile::exists(out), writes);
    const auto [third, documentThird, saidThird] = planned(); // the false one is gone
    QCOMPARE(third, 0);
    QVERIFY(!saidThird.contains("has changed") && documentThird == document);
}

void TestCliFiles::limitOfTheFileSizeLeavesNothing()
{
    const QString source = QStringLiteral(KINTSUGI_TEST_DATA "/gcode/ps_vase_spiral.gcode"), out = m_folder->filePath(u"out/r.gcode"_s);
    QVERIFY(QDir().mkpath(m_folder->filePath(u"out"_s)));
    QProcess process;
    process.setChildProcessModifier([] {
        const rlimit small{100'000, 100'000};
        ::setrlimit(RLIMIT_FSIZE, &small);
    });
    start(process, {u"plan"_s, source, u"--byte"_s, u"150000"_s, u"--dialect"_s, u"marlin"_s, u"--z-method"_s, u"keep"_s, u"--out"_s, out});
    QVERIFY(process.waitForFinished(60'000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 6);
    const QByteArray said = process.readAllStandardError();
    QVERIFY2(said.contains("r.gcode") && said.contains(" bytes"), said.constData()); // which file, and how much it needs
    QVERIFY(QDir(QFileInfo(out).path()).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
}

void TestCliFiles::namesSayWhatIsWritten()
{
    const QString binary = QStringLiteral(KINTSUGI_TEST_DATA "/gcode/bgcode_gear_heatshrink12_meatpack.bgcode");
    const QString text = QStringLiteral(KINTSUGI_TEST_DATA "/gcode/ps_gear_relE_klipper.gcode");
    const auto refused = [&](const QStringList& arguments, const char* ending) {
        QProcess process;
        start(process, arguments);
        process.waitForFinished(60'000);
        const QByteArray said = process.readAllStandardError();
        return process.exitCode() == 2 && said.contains(ending) && !QFile::exists(arguments.back());
    };
    const auto plan = [](const QString& file, const QString& out) {
        return QStringList{u"plan"_s, file, u"--layer"_s, u"3"_s, u"--dialect"_s, u"klipper"_s, u"--z-method"_s, u"keep"_s, u"--out"_s, out};
    };
    QVERIFY(refused({u"prepare"_s, binary, u"--out"_s, m_folder->filePath(u"x.bgcode"_s)}, "ends in .gcode"));
    QVERIFY(refused(plan(text, m_folder->filePath(u"x.BGCODE"_s)), "ends in .gcode"));
    QVERIFY(refused(plan(text, m_folder->filePath(u"x.gcode.gz"_s)), "ends in .gcode"));
    QVERIFY(refused(plan(binary, m_folder->filePath(u"x.gcode"_s)), "ends in .bgcode"));
    QVERIFY(!refused(plan(binary, m_folder->filePath(u"x.bgcode"_s)), ".bgcode"));
    QVERIFY(QFile::exists(m_folder->filePath(u"x.bgcode"_s)));
}

void TestCliFiles::arrayIsNoSnapshot()
{
    const QString path = m_folder->filePath(u"s.json"_s);
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("[]");
    file.close();
    QProcess process;
    start(process, {u"plan"_s, QStringLiteral(KINTSUGI_TEST_DATA "/gcode/ps_gear_relE_klipper.gcode"), u"--snapshot"_s, path, u"--dialect"_s, u"klipper"_s,
                    u"--z-method"_s, u"keep"_s});
    QVERIFY(process.waitForFinished(60'000));
    QCOMPARE(process.exitCode(), 3);
    const QByteArray said = process.readAllStandardError();
    QVERIFY2(said.contains("one object is expected") && !said.contains("no error"), said.constData());
}

QTEST_GUILESS_MAIN(TestCliFiles)
#include "tst_clifiles.moc"
