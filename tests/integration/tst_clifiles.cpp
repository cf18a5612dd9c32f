// SPDX-License-Identifier: GPL-3.0-or-later
// Large files on the command line: progress, cancelling, and an index that is kept.
#include <QDirIterator>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace Qt::StringLiterals;

class TestCliFiles final : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void progressIsTold();
    void interruptLeavesNothingTorn();
    void changedFileIsReadAgain();

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

QTEST_GUILESS_MAIN(TestCliFiles)
#include "tst_clifiles.moc"
