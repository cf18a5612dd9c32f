// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "archive.h"
#include "samples.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;

class TstArchive final : public QObject
{
    Q_OBJECT
private:
    QTemporaryDir m_folder;
    int m_count = 0;
    QString newPath() { return m_folder.filePath(u"a%1.sqlite"_s.arg(++m_count)); }
    static std::size_t storedSamples(const QString& path, const QString& job)
    {
        auto store = Store::open(QUrl::fromLocalFile(path));
        return store ? (*store)->lastSamples(job, -1)->size() : 0;
    }

private slots:
    void storesInBatches();
    void answersInOrder();
    void noAnswerAfterDeath();
    void writesWhenDestroyed();
    void withoutStore();
    void keepsSamplesOverAFullDisk();
    void tellsOfDamage();
    void thinsWhenTheDiskCannotFollow();
};

void TstArchive::storesInBatches()
{
    Archive archive;
    QSignalSpy opened(&archive, &Archive::opened), stored(&archive, &Archive::stored);
    archive.open(QUrl::fromLocalFile(newPath()));
    QVERIFY(opened.wait());
    QVERIFY(archive.isOpen());
    for (int i = 0; i < 40; ++i)
        archive.append(i % 2 == 0 ? u"p"_s : u"q"_s, u"j"_s, test::fullSample(i));
    QElapsedTimer timer;
    timer.start();
    int total = 0;
    while (total < 40 && timer.elapsed() < 5000 && stored.wait(1000)) {
        total = 0;
        for (const auto& call : stored)
            total += call[1].toInt();
    }
    QCOMPARE(total, 40);
    QVERIFY(timer.elapsed() < 1000); // at most one second in flight
}

void TstArchive::answersInOrder()
{
    Archive archive;
    archive.open(QUrl::fromLocalFile(newPath()));
    archive.append(u"p"_s, u"j"_s, test::fullSample(1));
    std::vector<int> order;
    std::size_t seen = 0;
    for (int i = 0; i < 5; ++i) {
        archive.ask<std::size_t>(
            this, [](Store& store) -> Result<std::size_t> { return store.lastSamples(u"j"_s, 10)->size(); },
            [&order, &seen, i](const Result<std::size_t>& n) {
                order.push_back(i);
                seen = n.value_or(0);
            });
    }
    QTRY_COMPARE(order.size(), 5U);
    QVERIFY(order == (std::vector{0, 1, 2, 3, 4}));
    QCOMPARE(seen, 1U); // what was appended before is visible
}

void TstArchive::noAnswerAfterDeath()
{
    Archive archive;
    archive.open(QUrl::fromLocalFile(newPath()));
    auto context = std::make_unique<QObject>();
    bool answered = false, last = false;
    archive.ask<int>(context.get(), [](Store&) -> Result<int> { return 1; }, [&](const Result<int>&) { answered = true; });
    context.reset();
    archive.ask<int>(this, [](Store&) -> Result<int> { return 1; }, [&](const Result<int>&) { last = true; });
    QTRY_VERIFY(last);
    QVERIFY(!answered);
}

void TstArchive::writesWhenDestroyed()
{
    const QString path = newPath();
    {
        Archive archive;
        archive.open(QUrl::fromLocalFile(path));
        for (int i = 0; i < 10; ++i)
            archive.append(u"p"_s, u"j"_s, test::fullSample(i));
    }
    QCOMPARE(storedSamples(path, u"j"_s), 10U);
}

void TstArchive::withoutStore()
{
    Archive archive;
    QSignalSpy failed(&archive, &Archive::failed);
    archive.open(QUrl(u"file:///proc/nowhere/x.sqlite"_s));
    Result<int> answer = 0;
    bool answered = false;
    archive.ask<int>(this, [](Store&) -> Result<int> { return 1; }, [&](const Result<int>& result) {
        answer = result;
        answered = true;
    });
    QTRY_VERIFY(answered);
    QVERIFY(!answer && answer.error().code == ErrorCode::StoreUnavailable);
    QVERIFY(!failed.isEmpty());
    QVERIFY(!archive.isOpen());
}

void TstArchive::keepsSamplesOverAFullDisk()
{
    const QString path = newPath();
    QUrl small = QUrl::fromLocalFile(path);
    small.setQuery(u"max_page_count=45"_s);
    Archive archive;
    QSignalSpy failed(&archive, &Archive::failed);
    archive.open(small);
    constexpr int count = 500;
    for (int i = 0; i < count; ++i) {
        auto sample = test::fullSample(i);
        sample.speedFactor = i;
        archive.append(u"p"_s, u"j"_s, sample);
    }
    QVERIFY(failed.wait());
    QVERIFY(failed[0][0].value<Error>().code == ErrorCode::DiskFull);
    archive.open(QUrl::fromLocalFile(path)); // there is space again
    QSignalSpy stored(&archive, &Archive::stored);
    QVERIFY(stored.wait(10'000));
    QTRY_COMPARE(storedSamples(path, u"j"_s), static_cast<std::size_t>(count));
}

void TstArchive::tellsOfDamage()
{
    const QString path = newPath();
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(8192, 'z'));
    file.close();
    Archive archive;
    QSignalSpy notice(&archive, &Archive::notice), opened(&archive, &Archive::opened);
    archive.open(QUrl::fromLocalFile(path));
    QVERIFY(opened.wait());
    QCOMPARE(notice.size(), 1);
    const auto error = notice[0][0].value<Error>();
    QVERIFY(error.code == ErrorCode::StoreDamaged);
    QVERIFY(QFile::exists(QString::fromStdString(error.file)));
}

void TstArchive::thinsWhenTheDiskCannotFollow()
{
    const QString path = newPath();
    Archive archive;
    QSignalSpy lagging(&archive, &Archive::lagging), failed(&archive, &Archive::failed);
    archive.open(QUrl(u"file:///proc/nowhere/x.sqlite"_s));
    recovery::Sample sample;
    constexpr int count = 30'000;
    for (int i = 0; i < count; ++i) {
        sample.time = i * 0.25;
        archive.append(u"p"_s, u"j"_s, sample);
    }
    QVERIFY(!lagging.isEmpty());
    int thinned = 0;
    for (const auto& call : lagging)
        thinned += call[0].toInt();
    archive.open(QUrl::fromLocalFile(path));
    Result<> flushed = fail(ErrorCode::Timeout);
    archive.flush(this, [&](const Result<>& result) { flushed = result; });
    QTRY_VERIFY_WITH_TIMEOUT(flushed.has_value(), 20'000);
    auto store = Store::open(QUrl::fromLocalFile(path));
    const auto kept = (*store)->lastSamples(u"j"_s, -1);
    QCOMPARE(static_cast<int>(kept->size()), count - thinned);
    QCOMPARE(kept->back().time, (count - 1) * 0.25);
    double widest = 0;
    for (std::size_t i = 1; i < kept->size(); ++i)
        widest = std::max(widest, (*kept)[i].time - (*kept)[i - 1].time);
    QVERIFY2(widest <= 4.25, qPrintable(QString::number(widest))); // no hole: only thinner
}

QTEST_GUILESS_MAIN(TstArchive)
#include "tst_archive.moc"
