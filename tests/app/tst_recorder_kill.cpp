// SPDX-License-Identifier: GPL-3.0-or-later
#include <QProcess>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include "store.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;

/// Kills the recorder at random moments: what was acknowledged is there, nothing half-written is shown.
class TstRecorderKill final : public QObject
{
    Q_OBJECT
private slots:
    void kill();

private:
    void runOnce(const QString& path, int round);
    void check(const QString& path);

    qint64 m_samples = 0;        ///< acknowledged so far, all rounds
    qint64 m_variables = 0;      ///< highest acknowledged id
    QRandomGenerator m_random{20261120};
};

void TstRecorderKill::kill()
{
    const int rounds = qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 1000 : 20;
    QTemporaryDir folder;
    QString path;
    for (int round = 0; round < rounds; ++round) {
        if (round % 25 == 0) { // a store grows over several lives of the recorder, but not for ever
            path = folder.filePath(u"h%1.sqlite"_s.arg(round));
            m_samples = m_variables = 0;
        }
        runOnce(path, round);
        if (QTest::currentTestFailed())
            return;
        check(path);
        if (QTest::currentTestFailed())
            return;
    }
}

void TstRecorderKill::runOnce(const QString& path, int round)
{
    QProcess child;
    QSignalSpy ended(&child, &QProcess::finished);
    child.start(QStringLiteral(KINTSUGI_RECORDER_CHILD), {path, QString::number(1'795'000'000 + round * 10'000)});
    QVERIFY(child.waitForStarted());
    QTimer::singleShot(static_cast<int>(m_random.bounded(20, 700)), &child, &QProcess::kill);
    QVERIFY(ended.wait(20'000));
    const QByteArray said = child.readAllStandardOutput();
    QVERIFY2(!said.contains("damaged"), said.constData());
    // the last line may have been cut by the kill
    for (const QByteArray& line : said.left(said.lastIndexOf('\n') + 1).split('\n')) {
        if (line.startsWith("samples "))
            m_samples += line.mid(8).toInt();
        else if (line.startsWith("variables "))
            m_variables = std::max(m_variables, line.mid(10).toLongLong());
    }
}

void TstRecorderKill::check(const QString& path)
{
    if (!QFile::exists(path))
        return; // killed before it began
    auto store = Store::open(QUrl::fromLocalFile(path));
    QVERIFY(store);
    QVERIFY(!(*store)->openingNotice());
    qint64 found = 0;
    const auto count = [&](const QString& job) {
        const auto samples = (*store)->lastSamples(job, -1);
        QVERIFY(samples);
        found += static_cast<qint64>(samples->size());
        for (std::size_t i = 1; i < samples->size(); ++i)
            QVERIFY((*samples)[i].time >= (*samples)[i - 1].time);
    };
    count({});
    const auto jobs = (*store)->jobs(u"p"_s, 5000);
    QVERIFY(jobs);
    for (const PrintJob& job : *jobs) {
        QCOMPARE(job.file, u"tower.gcode"_s);
        count(job.id);
        QVERIFY((*store)->events(job.id));
    }
    QVERIFY2(found >= m_samples, qPrintable(u"%1 found, %2 acknowledged"_s.arg(found).arg(m_samples)));
    m_samples = found; // what came without its acknowledgement stays, too
    const auto copies = (*store)->variables(u"p"_s, 100'000);
    QVERIFY(copies);
    QVERIFY(m_variables == 0 || (!copies->empty() && copies->front().id >= m_variables));
    for (const VariablesCopy& copy : *copies)
        QVERIFY(copy.text.startsWith("[Variables]\nx = ") && copy.text.endsWith("\n\n"));
    store->reset();
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"check"_s);
        database.setDatabaseName(path);
        QVERIFY(database.open());
        QSqlQuery query(u"PRAGMA integrity_check"_s, database);
        QVERIFY(query.next());
        QCOMPARE(query.value(0).toString(), u"ok"_s);
        QVERIFY(query.exec(u"SELECT count(*) FROM samples WHERE rest NOT IN (SELECT id FROM sample_rest)"_s) && query.next());
        QCOMPARE(query.value(0).toInt(), 0);
        QVERIFY(query.exec(u"SELECT count(*) FROM samples WHERE job <> '' AND job NOT IN (SELECT job FROM jobs)"_s) && query.next());
        QCOMPARE(query.value(0).toInt(), 0);
    }
    QSqlDatabase::removeDatabase(u"check"_s);
}

QTEST_GUILESS_MAIN(TstRecorderKill)
#include "tst_recorder_kill.moc"
