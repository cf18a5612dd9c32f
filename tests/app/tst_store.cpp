// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QFile>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>
#include <QUrlQuery>

#include "samples.h"
#include "store.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;

class TstStore final : public QObject
{
    Q_OBJECT
private:
    QTemporaryDir m_folder;
    int m_count = 0;

    QString newPath() { return m_folder.filePath(u"h%1.sqlite"_s.arg(++m_count)); }
    static std::unique_ptr<Store> open(const QString& path)
    {
        auto store = Store::open(QUrl::fromLocalFile(path));
        return store ? std::move(*store) : nullptr;
    }
    static void writeBytes(const QString& path, qint64 at, const QByteArray& bytes)
    {
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadWrite));
        file.seek(at);
        file.write(bytes);
    }

private slots:
    void samplesReadBackEqual();
    void samplesByTimeAndCount();
    void equalRestsAreStoredOnce();
    void meshesAreStoredOnce();
    void jobs();
    void snapshots();
    void journal();
    void variablesAreStoredOnChange();
    void events();
    void reopens();
    void damagedFileIsSetAside_data();
    void damagedFileIsSetAside();
    void foreignDatabaseIsLeftAlone();
    void newerSchemaIsRefused();
    void fullDiskLosesNothing();
    void claims();
    void writesAheadLog();
    void badUrl();
};

void TstStore::samplesReadBackEqual()
{
    const auto store = open(newPath());
    QVERIFY(store);
    recovery::Sample bare;
    bare.time = 5;
    const std::vector<recovery::Sample> samples{test::fullSample(1000.25), bare};
    QVERIFY(store->appendSamples(u"p"_s, u"j"_s, samples));
    const auto read = store->lastSamples(u"j"_s, 10);
    QVERIFY(read);
    QCOMPARE(read->size(), 2U);
    QVERIFY(read->at(0) == bare);
    QVERIFY(read->at(1) == samples[0]);
}

void TstStore::samplesByTimeAndCount()
{
    const auto store = open(newPath());
    std::vector<recovery::Sample> samples;
    for (int i = 0; i < 100; ++i)
        samples.push_back(test::fullSample(i));
    QVERIFY(store->appendSamples(u"p"_s, u"j"_s, samples));
    QVERIFY(store->appendSamples(u"p"_s, u"other"_s, samples));
    const auto some = store->samples(u"j"_s, 10, 19.5, 1000);
    QVERIFY(some);
    QCOMPARE(some->size(), 10U);
    QCOMPARE(some->front().time, 10.0);
    QCOMPARE(store->samples(u"j"_s, 0, 100, 7)->size(), 7U);
    const auto last = store->lastSamples(u"j"_s, 3);
    QCOMPARE(last->front().time, 97.0);
    QCOMPARE(last->back().time, 99.0);
    QVERIFY(store->lastSamples(u"none"_s, 3)->empty());
}

void TstStore::equalRestsAreStoredOnce()
{
    const QString path = newPath();
    auto store = open(path);
    std::vector<recovery::Sample> samples;
    for (int i = 0; i < 50; ++i) {
        samples.push_back(test::fullSample(i));
        samples.back().heaters["extruder"].temperature = 200 + i * 0.1;
        samples.back().filePosition = static_cast<ByteOffset>(i) * 100;
    }
    samples[30].heaters["extruder"].target = 230;
    QVERIFY(store->appendSamples(u"p"_s, u"j"_s, samples));
    QVERIFY(*store->lastSamples(u"j"_s, 50) == samples);
    store.reset();
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"look"_s);
        database.setDatabaseName(path);
        QVERIFY(database.open());
        QSqlQuery query(u"SELECT count(*) FROM sample_rest"_s, database);
        QVERIFY(query.next());
        QCOMPARE(query.value(0).toInt(), 3);
    }
    QSqlDatabase::removeDatabase(u"look"_s);
}

/// 4 samples a second and a snapshot per layer name a mesh of thousands of points; it is written when it changes.
void TstStore::meshesAreStoredOnce()
{
    const QString path = newPath();
    auto store = open(path);
    std::vector<recovery::Sample> samples;
    for (int i = 0; i < 40; ++i) {
        samples.push_back(test::fullSample(i));
        samples.back().speedFactor = 1 + i % 3; // the rest changes all the time
        recovery::MeshMatrix mesh = test::fullMesh();
        mesh.probed[0][0] += i < 20 ? 0 : 0.1;
        samples.back().mesh = mesh;
    }
    samples[30].mesh = {};
    QVERIFY(store->appendSamples(u"p"_s, u"j"_s, samples));
    recovery::Snapshot snapshot = test::fullSnapshot();
    for (int i = 0; i < 5; ++i)
        QVERIFY(store->addSnapshot(snapshot));
    const auto check = [&] {
        const auto read = store->lastSamples(u"j"_s, 100);
        QVERIFY(read);
        QVERIFY(*read == samples);
        QVERIFY(read->at(3).mesh.matrix == read->at(4).mesh.matrix); // in memory once, too
        const auto snapshots = store->snapshots(u"p"_s, u"j"_s);
        QCOMPARE(snapshots->size(), 5U);
        QVERIFY(snapshots->back().mesh == snapshot.mesh);
    };
    check();
    store.reset();
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"count"_s);
        database.setDatabaseName(path);
        QVERIFY(database.open());
        QSqlQuery query(u"SELECT count(*) FROM meshes"_s, database);
        QVERIFY(query.next());
        QCOMPARE(query.value(0).toInt(), 2);
        query.exec(u"SELECT count(*) FROM snapshots WHERE json LIKE '%mesh_matrix%'"_s);
        QVERIFY(query.next());
        QCOMPARE(query.value(0).toInt(), 0);
    }
    QSqlDatabase::removeDatabase(u"count"_s);
    store = open(path);
    check();
    samples.clear(); // a new process knows the rows
    samples.push_back(test::fullSample(100));
    QVERIFY(store->appendSamples(u"p"_s, u"k"_s, samples));
    QVERIFY(*store->lastSamples(u"k"_s, 1) == samples);
}

void TstStore::jobs()
{
    const auto store = open(newPath());
    PrintJob job;
    job.printer = u"p"_s;
    job.file = u"späte Datei.gcode"_s;
    job.fileSize = 5'000'000'000;
    job.startTime = 100;
    const auto id = store->beginJob(job);
    QVERIFY(id && !id->isEmpty());
    job.id = *id;
    QCOMPARE(*store->beginJob(job), *id);
    job.state = JobState::Interrupted;
    job.cause = recovery::StopCause::PrinterAndHostLost;
    job.endTime = 250.5;
    job.remoteId = u"0001A2"_s;
    job.resumedFrom = u"earlier"_s;
    job.resumedAt = 77;
    QVERIFY(store->updateJob(job));
    PrintJob forgetful = job;
    forgetful.resumedFrom.clear();
    forgetful.resumedAt = 0;
    QVERIFY(store->updateJob(forgetful));
    PrintJob later;
    later.printer = u"p"_s;
    later.startTime = 300;
    QVERIFY(store->beginJob(later));
    const auto jobs = store->jobs(u"p"_s);
    QVERIFY(jobs);
    QCOMPARE(jobs->size(), 2U);
    QCOMPARE(jobs->at(0).startTime, 300.0);
    const PrintJob& read = jobs->at(1);
    QCOMPARE(read.file, job.file);
    QCOMPARE(read.fileSize, job.fileSize);
    QVERIFY(read.state == JobState::Interrupted);
    QVERIFY(read.cause == recovery::StopCause::PrinterAndHostLost);
    QCOMPARE(*read.endTime, 250.5);
    QCOMPARE(read.remoteId, job.remoteId);
    QCOMPARE(read.resumedFrom, u"earlier"_s);
    QCOMPARE(read.resumedAt, ByteOffset{77});
    QVERIFY(store->jobs(u"q"_s)->empty());
}

void TstStore::snapshots()
{
    const auto store = open(newPath());
    auto snapshot = test::fullSnapshot();
    snapshot.byte = 500;
    const auto id = store->addSnapshot(snapshot);
    QVERIFY(id);
    auto earlier = snapshot;
    earlier.byte = 20;
    earlier.job = "another";
    QVERIFY(store->addSnapshot(earlier));
    const auto all = store->snapshots(u"p"_s, {});
    QVERIFY(all);
    QCOMPARE(all->size(), 2U);
    QCOMPARE(all->front().byte, ByteOffset{20});
    QVERIFY(store->setSnapshotNote(*id, u"gut"_s, true));
    const auto one = store->snapshots(u"p"_s, QString::fromStdString(snapshot.job));
    QCOMPARE(one->size(), 1U);
    QCOMPARE(one->front().id, *id);
    QCOMPARE(one->front().note, std::string("gut"));
    QVERIFY(one->front().pinned);
    QVERIFY(one->front().state == snapshot.state);
}

void TstStore::journal()
{
    const auto store = open(newPath());
    JournalEntry entry;
    entry.printer = u"p"_s;
    entry.job = u"j"_s;
    entry.time = 10;
    entry.action = u"script"_s;
    entry.text = u"M140 S60\nG28 X Y"_s;
    entry.planStep = 3;
    const auto first = store->beginEntry(entry);
    const auto second = store->beginEntry(entry);
    QVERIFY(first && second && *first != *second);
    QCOMPARE(store->unfinishedEntries(u"p"_s)->size(), 2U);
    QVERIFY(store->finishEntry(*first, u"ok"_s, 12));
    const auto open = store->unfinishedEntries(u"p"_s);
    QCOMPARE(open->size(), 1U);
    QCOMPARE(open->front().id, *second);
    const auto journal = store->journal(u"p"_s);
    QCOMPARE(journal->size(), 2U);
    QCOMPARE(journal->front().id, *second);
    QCOMPARE(journal->back().result, u"ok"_s);
    QCOMPARE(*journal->back().finished, 12.0);
    QCOMPARE(journal->back().text, entry.text);
    QCOMPARE(journal->back().planStep, 3);
}

void TstStore::variablesAreStoredOnChange()
{
    const auto store = open(newPath());
    const QByteArray text("[Variables]\nx = 1\n\0odd", 23);
    const auto a = store->addVariables(u"p"_s, {.time = 1, .text = text, .good = true});
    const auto again = store->addVariables(u"p"_s, {.time = 2, .text = text, .good = true});
    const auto empty = store->addVariables(u"p"_s, {.time = 3, .text = {}, .good = false});
    QVERIFY(a && again && empty);
    QCOMPARE(*a, *again);
    const auto copies = store->variables(u"p"_s);
    QCOMPARE(copies->size(), 2U);
    QVERIFY(!copies->front().good && copies->front().text.isEmpty());
    QCOMPARE(copies->back().text, text);
}

void TstStore::events()
{
    const auto store = open(newPath());
    QVERIFY(store->addEvent(u"p"_s, u"j"_s, {2, u"alarm"_s, u"b"_s}));
    QVERIFY(store->addEvent(u"p"_s, u"j"_s, {1, u"link"_s, {}}));
    const auto events = store->events(u"j"_s);
    QCOMPARE(events->size(), 2U);
    QCOMPARE(events->front().kind, u"link"_s);
    QCOMPARE(events->back().text, u"b"_s);
}

void TstStore::reopens()
{
    const QString path = newPath();
    auto store = open(path);
    QVERIFY(store->appendSamples(u"p"_s, u"j"_s, {test::fullSample(1)}));
    store.reset();
    store = open(path);
    QVERIFY(store && !store->openingNotice());
    QCOMPARE(store->lastSamples(u"j"_s, 5)->size(), 1U);
}

void TstStore::damagedFileIsSetAside_data()
{
    QTest::addColumn<qint64>("at");
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("header") << qint64{0} << QByteArray(100, 'x');
    QTest::newRow("schema page") << qint64{100} << QByteArray(3000, '\xee');
    QTest::newRow("data page") << qint64{4096 * 3} << QByteArray(4096 * 4, '\xee');
}

void TstStore::damagedFileIsSetAside()
{
    QFETCH(qint64, at);
    QFETCH(QByteArray, bytes);
    const QString path = newPath();
    auto store = open(path);
    for (int i = 0; i < 200; ++i)
        QVERIFY(store->addEvent(u"p"_s, u"j"_s, {1.0 * i, u"note"_s, QString(500, u'x')}));
    store.reset();
    writeBytes(path, at, bytes);
    QFile damaged(path);
    QVERIFY(damaged.open(QIODevice::ReadOnly));
    const QByteArray before = damaged.readAll();
    damaged.close();

    store = open(path);
    QVERIFY(store);
    const auto notice = store->openingNotice();
    QVERIFY(notice.has_value());
    QVERIFY(notice->code == ErrorCode::StoreDamaged);
    QFile aside(QString::fromStdString(notice->file));
    QVERIFY(aside.fileName().startsWith(path + u".damaged-"_s));
    QVERIFY(aside.open(QIODevice::ReadOnly));
    QVERIFY(aside.readAll() == before);
    QVERIFY(store->events(u"j"_s)->empty());
    QVERIFY(store->addEvent(u"p"_s, u"j"_s, {1, u"note"_s, {}}));
    store.reset();
    store = open(path);
    QVERIFY(!store->openingNotice());
    QCOMPARE(store->events(u"j"_s)->size(), 1U);
}

void TstStore::foreignDatabaseIsLeftAlone()
{
    const QString path = newPath();
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"foreign"_s);
        database.setDatabaseName(path);
        QVERIFY(database.open());
        QSqlQuery(database).exec(u"CREATE TABLE recipes (x)"_s);
    }
    QSqlDatabase::removeDatabase(u"foreign"_s);
    const auto store = Store::open(QUrl::fromLocalFile(path));
    QVERIFY(!store);
    QVERIFY(store.error().code == ErrorCode::StoreUnavailable);
}

void TstStore::newerSchemaIsRefused()
{
    const QString path = newPath();
    open(path).reset();
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"newer"_s);
        database.setDatabaseName(path);
        QVERIFY(database.open());
        QVERIFY(QSqlQuery(database).exec(u"UPDATE kintsugi_meta SET value = '9999' WHERE key = 'schema'"_s));
    }
    QSqlDatabase::removeDatabase(u"newer"_s);
    const auto store = Store::open(QUrl::fromLocalFile(path));
    QVERIFY(!store);
    QVERIFY(store.error().code == ErrorCode::StoreTooNew);
    QVERIFY(QFile::exists(path));
}

void TstStore::fullDiskLosesNothing()
{
    const QString path = newPath();
    QUrl url = QUrl::fromLocalFile(path);
    url.setQuery(u"max_page_count=60"_s);
    auto store = std::move(*Store::open(url));
    std::size_t acknowledged = 0;
    Error full;
    for (int i = 0; i < 100'000 && full.detail.empty(); ++i) {
        std::vector<recovery::Sample> batch{test::fullSample(i), test::fullSample(i + 0.5)};
        batch[1].speedFactor = i; // a rest of its own
        const auto done = store->appendSamples(u"p"_s, u"j"_s, batch);
        if (done)
            acknowledged += batch.size();
        else
            full = done.error();
    }
    QVERIFY(full.code == ErrorCode::DiskFull);
    QVERIFY(acknowledged > 10);
    store.reset();
    store = open(path); // space again
    QVERIFY(!store->openingNotice());
    QCOMPARE(store->lastSamples(u"j"_s, -1)->size(), acknowledged);
    QVERIFY(store->appendSamples(u"p"_s, u"j"_s, {test::fullSample(1e6)}));
}

void TstStore::claims()
{
    const QString path = newPath();
    auto first = open(path);
    const auto second = open(path);
    QVERIFY(first->claimPrinter(u"a/b"_s));
    QVERIFY(first->claimPrinter(u"a/b"_s));
    const auto busy = second->claimPrinter(u"a/b"_s);
    QVERIFY(!busy && busy.error().code == ErrorCode::Busy);
    QVERIFY(second->claimPrinter(u"c"_s));
    first.reset();
    QVERIFY(second->claimPrinter(u"a/b"_s));
}

void TstStore::writesAheadLog()
{
    const QString path = newPath();
    const auto store = open(path);
    QVERIFY(store->addEvent(u"p"_s, {}, {1, u"note"_s, {}}));
    QVERIFY(QFile::exists(path + u"-wal"_s));
}

void TstStore::badUrl()
{
    QVERIFY(Store::open(QUrl(u"http://x/y"_s)).error().code == ErrorCode::StoreUnavailable);
    QVERIFY(Store::open(QUrl(u"file:///proc/nowhere/h.sqlite"_s)).error().code == ErrorCode::StoreUnavailable);
}

QTEST_GUILESS_MAIN(TstStore)
#include "tst_store.moc"
