// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QLockFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "errortext.h"
#include "fakedriver.h"
#include "filecache.h"
#include "gcode/indexcache.h"
#include "gcode/sidecar.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
using Opened = std::shared_ptr<const OpenFile>;

namespace {

QByteArray gcodeText(int lines)
{
    QByteArray text = "G90\nM83\nG1 Z0.2 F600\n";
    for (int i = 0; i < lines; ++i)
        text += "G1 X" + QByteArray::number(i % 200) + " Y10 E0.5\n";
    return text;
}

/// Breaks, or brings another version, in the middle of a download.
class WeakDriver final : public test::FakeDriver
{
public:
    int breaks = 0;         ///< so many downloads stop halfway
    int changes = 0;        ///< so many find a changed file
    std::vector<quint64> from;

    void download(const QString& root, const QString& path, const QString& localPath, quint64 begin, Percent progress, QObject* context,
                  Reply<link::RemoteFile> reply) override
    {
        from.push_back(begin);
        if (changes > 0) {
            --changes;
            files[root + u'/' + path] += "G1 X1\n";
            QMetaObject::invokeMethod(this, [reply] { reply(fail(ErrorCode::FileChanged)); }, Qt::QueuedConnection);
        } else if (breaks > 0) {
            --breaks;
            const QByteArray all = files[root + u'/' + path];
            QFile file(localPath);
            QVERIFY(file.open(QIODevice::Append));
            file.write(all.mid(static_cast<qsizetype>(begin), (all.size() - static_cast<qsizetype>(begin)) / 2));
            QMetaObject::invokeMethod(this, [reply] { reply(fail(ErrorCode::Disconnected)); }, Qt::QueuedConnection);
        } else {
            FakeDriver::download(root, path, localPath, begin, std::move(progress), context, std::move(reply));
        }
    }
};

} // namespace

class TestFileCache : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void fetchesOnceAndKeeps();
    void goesOnAfterABreak();
    void changedFileIsFetchedAnew();
    void sharesOneTransfer();
    void anotherProgramFetchesItToo();
    void fullDiskKeepsWhatCame();
    void errors();
    void cancelAnswersEverybody();
    void cancelStopsOnlyTheOneAsked();
    void pruning();
    void copiesAreComparedWhole();
    void deadContextHearsNothing();
    void openLocal();
    void layersComeFirstAndTheIndexIsKept();
    void cancelKeepsNoIndex();

private:
    Result<Opened> fetch(const QString& name = u"sub/tür 1.gcode"_s);
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FileCache> m_cache;
    std::unique_ptr<WeakDriver> m_driver;
    QByteArray m_text;
};

void TestFileCache::init()
{
    m_cache.reset();
    m_folder = std::make_unique<QTemporaryDir>();
    m_cache = std::make_unique<FileCache>(m_folder->filePath(u"cache"_s));
    m_driver = std::make_unique<WeakDriver>();
    m_driver->goOnline();
    m_text = gcodeText(2000);
    m_driver->files[u"gcodes/sub/tür 1.gcode"_s] = m_text;
    m_driver->modified[u"gcodes/sub/tür 1.gcode"_s] = 1'795'000'000.25;
}

Result<Opened> TestFileCache::fetch(const QString& name)
{
    std::optional<Result<Opened>> answer;
    m_cache->fetch(u"p/1"_s, *m_driver, name, gcode::Dialect::Klipper, this, [&](const Result<Opened>& result) { answer = result; });
    (void)QTest::qWaitFor([&] { return answer.has_value(); });
    return answer ? *answer : Result<Opened>(fail(ErrorCode::Timeout));
}

void TestFileCache::fetchesOnceAndKeeps()
{
    QSignalSpy progressed(m_cache.get(), &FileCache::progressed);
    const auto first = fetch();
    QVERIFY(first);
    QCOMPARE((*first)->remote, u"sub/tür 1.gcode"_s);
    QCOMPARE((*first)->index->size, static_cast<std::uint64_t>(m_text.size()));
    QCOMPARE((*first)->index->moves, 2001u);
    QVERIFY(!progressed.isEmpty());
    const auto second = fetch();
    QVERIFY(second);
    QCOMPARE((*second)->path, (*first)->path);
    QCOMPARE(m_driver->from.size(), std::size_t{1}); // not a second download
    QCOMPARE(m_cache->localCopy(u"p/1"_s, u"sub/tür 1.gcode"_s, static_cast<quint64>(m_text.size())), (*first)->path);
    QVERIFY(m_cache->localCopy(u"p/1"_s, u"sub/tür 1.gcode"_s, 5).isEmpty());
    QVERIFY(m_cache->localCopy(u"p/2"_s, u"sub/tür 1.gcode"_s, static_cast<quint64>(m_text.size())).isEmpty());
    // A copy somebody shortened is not believed.
    QVERIFY(QFile::resize((*first)->path, 100));
    const auto third = fetch();
    QVERIFY(third);
    QCOMPARE((*third)->index->size, static_cast<std::uint64_t>(m_text.size()));
    QCOMPARE(m_driver->from.size(), std::size_t{2});
}

void TestFileCache::goesOnAfterABreak()
{
    m_driver->breaks = 2;
    QCOMPARE(fetch().error().code, ErrorCode::Disconnected);
    QCOMPARE(fetch().error().code, ErrorCode::Disconnected);
    const auto whole = fetch();
    QVERIFY(whole);
    const auto half = static_cast<quint64>(m_text.size()) / 2;
    QCOMPARE(m_driver->from.at(0), quint64{0});
    QCOMPARE(m_driver->from.at(1), half);
    QVERIFY(m_driver->from.at(2) > half);
    QFile file((*whole)->path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), m_text);
}

void TestFileCache::changedFileIsFetchedAnew()
{
    m_driver->changes = 1;
    const auto opened = fetch();
    QVERIFY(opened);
    QCOMPARE((*opened)->index->size, static_cast<std::uint64_t>(m_driver->files[u"gcodes/sub/tür 1.gcode"_s].size()));
    m_driver->files[u"gcodes/sub/tür 1.gcode"_s] += "M84\n";
    m_driver->changes = 2;
    const auto never = fetch();
    QCOMPARE(never.error().code, ErrorCode::FileChanged);
    QCOMPARE(never.error().file, std::string("sub/tür 1.gcode"));
}

void TestFileCache::sharesOneTransfer()
{
    int answers = 0;
    for (int i = 0; i < 3; ++i) {
        m_cache->fetch(u"p"_s, *m_driver, u"sub/tür 1.gcode"_s, gcode::Dialect::Klipper, this,
                       [&](const Result<Opened>& result) { answers += result ? 1 : 0; });
    }
    QTRY_COMPARE(answers, 3);
    QCOMPARE(m_driver->from.size(), std::size_t{1});
}

/// Two programs that wrote one partial file would mix their bytes.
void TestFileCache::anotherProgramFetchesItToo()
{
    m_driver->breaks = 1;
    QVERIFY(!fetch());
    QDirIterator parts(m_folder->path(), {u"*.part"_s}, QDir::Files, QDirIterator::Subdirectories);
    const QString part = parts.next();
    const qint64 size = QFileInfo(part).size();
    {
        QLockFile other(part + u".lock"_s);
        QVERIFY(other.tryLock());
        m_driver->breaks = 1;
        QVERIFY(!fetch());
        QCOMPARE(QFileInfo(part).size(), size);
        const auto whole = fetch();
        QVERIFY(whole);
        QFile file((*whole)->path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), m_text);
        QCOMPARE(QFileInfo(part).size(), size);
    }
    QCOMPARE(m_driver->from, (std::vector<quint64>{0, 0, 0}));
    QCOMPARE(QDir(QFileInfo(part).path()).entryList({u"*.part-*"_s}, QDir::Files).size(), 0);
}

void TestFileCache::fullDiskKeepsWhatCame()
{
    m_driver->breaks = 1;
    QVERIFY(!fetch());
    m_driver->failing.insert(u"download"_s, Error{.code = ErrorCode::DiskFull, .file = "tür 1.gcode.part"});
    const auto full = fetch();
    QCOMPARE(full.error().code, ErrorCode::DiskFull);
    const ErrorText words = errorText(full.error());
    QVERIFY(words.what.contains(u"disk is full"_s) && words.what.contains(u"tür 1.gcode"_s) && words.whatToDo.contains(u"Free some space"_s));
    m_driver->failing.clear();
    QVERIFY(fetch());
    QCOMPARE(m_driver->from.back(), static_cast<quint64>(m_text.size()) / 2); // goes on where it stopped
    // No folder for the copies at all.
    QFile blocker(m_folder->filePath(u"blocked"_s));
    QVERIFY(blocker.open(QIODevice::WriteOnly));
    m_cache = std::make_unique<FileCache>(blocker.fileName());
    QCOMPARE(fetch().error().code, ErrorCode::WriteFailed);
}

void TestFileCache::errors()
{
    QCOMPARE(fetch(u"none.gcode"_s).error().code, ErrorCode::FileMissing);
    m_driver->files[u"gcodes/zero.gcode"_s] = QByteArray(5000, '\0');
    QCOMPARE(fetch(u"zero.gcode"_s).error().code, ErrorCode::FileNotGcode);
    m_driver->dropLink();
    QCOMPARE(fetch().error().code, ErrorCode::Disconnected);
}

void TestFileCache::cancelAnswersEverybody()
{
    m_driver->hold();
    std::optional<ErrorCode> code;
    m_cache->fetch(u"p"_s, *m_driver, u"sub/tür 1.gcode"_s, gcode::Dialect::Klipper, this,
                   [&](const Result<Opened>& result) { code = result ? ErrorCode::Busy : result.error().code; });
    m_cache->cancel(this);
    QCOMPARE(code, std::optional(ErrorCode::Cancelled));
    m_driver->release();
    QVERIFY(fetch()); // and the next one works
}

void TestFileCache::cancelStopsOnlyTheOneAsked()
{
    m_driver->hold();
    QObject other, third;
    std::optional<ErrorCode> mine, hers, its;
    const auto into = [](std::optional<ErrorCode>& code) {
        return [&code](const Result<Opened>& result) { code = result ? ErrorCode::Busy : result.error().code; };
    };
    m_driver->files[u"gcodes/b.gcode"_s] = m_text;
    m_cache->fetch(u"p"_s, *m_driver, u"sub/tür 1.gcode"_s, gcode::Dialect::Klipper, this, into(mine));
    m_cache->fetch(u"p"_s, *m_driver, u"sub/tür 1.gcode"_s, gcode::Dialect::Klipper, &other, into(hers)); // shares it
    m_cache->fetch(u"p"_s, *m_driver, u"b.gcode"_s, gcode::Dialect::Klipper, &third, into(its));
    m_cache->cancel(this);
    QCOMPARE(mine, std::optional(ErrorCode::Cancelled));
    QVERIFY(!hers && !its);
    m_driver->release();
    QTRY_VERIFY(hers && its);
    QCOMPARE(hers, std::optional(ErrorCode::Busy)); // it came
    QCOMPARE(its, std::optional(ErrorCode::Busy));
}

void TestFileCache::pruning()
{
    QStringList paths;
    for (const char* name : {"a.gcode", "b.gcode", "c.gcode", "d.gcode"}) {
        m_driver->files[u"gcodes/"_s + QLatin1String(name)] = m_text;
        const auto opened = fetch(QLatin1String(name));
        QVERIFY(opened);
        paths << (*opened)->path;
        QFile mark(paths.back() + u".used"_s);
        QVERIFY(mark.open(QIODevice::ReadWrite));
        const auto then = QDateTime::currentDateTime().addDays(-100 + 10 * paths.size());
        QVERIFY(mark.setFileTime(then, QFileDevice::FileModificationTime));
        QFile copy(paths.back());
        QVERIFY(copy.open(QIODevice::ReadWrite));
        QVERIFY(copy.setFileTime(then, QFileDevice::FileModificationTime));
    }
    const auto size = static_cast<quint64>(m_text.size());
    const auto left = [&] {
        QString letters;
        for (const QString& path : paths)
            letters += QFile::exists(path) ? u'x' : u'-';
        return letters;
    };
    QCOMPARE(m_cache->prune({}, 4 * size), QStringList());
    QCOMPARE(left(), u"xxxx"_s);
    QVERIFY(fetch(u"a.gcode"_s)); // used again: b is the oldest now
    QCOMPARE(m_cache->prune({{.printer = u"p/1"_s, .remote = u"c.gcode"_s, .size = size, .path = {}}}, 3 * size), QStringList{QFileInfo(paths[1]).fileName()});
    QCOMPARE(left(), u"x-xx"_s);
    // The interrupted print's copy stays though it is the oldest, and though the rest is too much without it.
    QCOMPARE(m_cache->prune({{.printer = u"p/1"_s, .remote = u"c.gcode"_s, .size = size, .path = {}}}, 2 * size).size(), 1);
    QCOMPARE(left(), u"x-x-"_s);
    QCOMPARE(m_cache->prune({{.printer = {}, .remote = {}, .size = 0, .path = paths[0]}, {.printer = {}, .remote = {}, .size = 0, .path = paths[2]}}, 0), QStringList());
    QCOMPARE(left(), u"x-x-"_s);
    QCOMPARE(m_cache->prune({}, 0).size(), 2);
    QCOMPARE(QDir(QFileInfo(paths[0]).path()).entryList(QDir::Files), QStringList()); // the marks too
}

void TestFileCache::deadContextHearsNothing()
{
    bool heard = false;
    auto context = std::make_unique<QObject>();
    m_cache->fetch(u"p"_s, *m_driver, u"sub/tür 1.gcode"_s, gcode::Dialect::Klipper, context.get(), [&](const auto&) { heard = true; });
    context.reset();
    QVERIFY(fetch());
    QVERIFY(!heard);
}

void TestFileCache::openLocal()
{
    const QString path = m_folder->filePath(u"a.gcode"_s);
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(m_text);
    file.close();
    std::vector<Result<Opened>> answers;
    const auto keep = [&](const Result<Opened>& result) { answers.push_back(result); };
    m_cache->openLocal(path, gcode::Dialect::Klipper, this, keep);
    QTRY_COMPARE(answers.size(), std::size_t{1});
    QVERIFY(answers[0]);
    QVERIFY((*answers[0])->remote.isEmpty());
    m_cache->openLocal(path + u"x"_s, gcode::Dialect::Klipper, this, keep);
    QTRY_COMPARE(answers.size(), std::size_t{2});
    QCOMPARE(answers[1].error().code, ErrorCode::FileMissing);
}

namespace {

/// Large enough that its layers are shown while it is read.
QByteArray layeredText()
{
    QByteArray text = "; generated by PrusaSlicer 2.5.0\nG90\nM83\n";
    const QByteArray moves = QByteArray("G1 X10.123 Y20.456 E.05\nG1 X11.123 Y25.456 E.05\n").repeated(2000);
    for (int layer = 1; layer <= 100; ++layer)
        text += ";LAYER_CHANGE\n;Z:" + QByteArray::number(layer) + "\n;HEIGHT:1\n" + moves;
    return text;
}

} // namespace

void TestFileCache::layersComeFirstAndTheIndexIsKept()
{
    const QString path = m_folder->filePath(u"large.gcode"_s);
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(layeredText());
    file.close();
    std::vector<Opened> previews;
    QStringList order;
    connect(m_cache.get(), &FileCache::layersRead, this, [&](const Opened& layers) {
        previews.push_back(layers);
        order << u"layers"_s;
    });
    std::optional<Result<Opened>> answer;
    const auto keep = [&](const Result<Opened>& result) {
        answer = result;
        order << u"file"_s;
    };
    m_cache->openLocal(path, gcode::Dialect::Klipper, this, keep);
    QTRY_VERIFY(answer);
    QVERIFY(*answer);
    QVERIFY(previews.size() >= 1);
    QCOMPARE(order.back(), u"file"_s);
    QCOMPARE(previews.back()->path, path);
    QVERIFY(!previews.back()->source); // nobody can plan with it
    QVERIFY(previews.back()->index->layers.size() > 1);
    QCOMPARE(previews.back()->index->size, (**answer)->index->size);
    QCOMPARE((**answer)->index->layers.size(), std::size_t{100});
    QVERIFY(!(**answer)->index->checkpoints.empty());

    const QDir kept(FileCache::indexFolder(m_folder->filePath(u"cache"_s)));
    QCOMPARE(kept.entryList(QDir::Files).size(), 1);
    previews.clear();
    answer.reset();
    m_cache->openLocal(path, gcode::Dialect::Klipper, this, keep);
    QTRY_VERIFY(answer);
    QVERIFY(*answer);
    QCOMPARE((**answer)->index->layers.size(), std::size_t{100});
    QVERIFY(previews.empty()); // it was not read again
}

/// What is in the folder of the copies was fetched, indexed, and then changed with its times put back as far as that goes.
void TestFileCache::copiesAreComparedWhole()
{
    m_driver->files[u"gcodes/large.gcode"_s] = layeredText();
    const auto first = fetch(u"large.gcode"_s);
    QVERIFY(first);
    const auto cacheFolder = FileCache::indexFolder(m_folder->filePath(u"cache"_s)).toStdString();
    const auto path = (*first)->path.toStdString();
    const auto key = gcode::sidecarKey(*(*first)->source, gcode::Dialect::Klipper);
    gcode::FileIndex lie = *(*first)->index;
    lie.xxh3 ^= 1;
    lie.fileXxh3 ^= 1;
    QFile sidecar(QString::fromStdString(gcode::sidecarPath(cacheFolder, path, gcode::Dialect::Klipper).string()));
    QVERIFY(sidecar.exists());
    QVERIFY(sidecar.open(QIODevice::WriteOnly));
    sidecar.write(QByteArray::fromStdString(gcode::writeSidecar(lie, *key)));
    sidecar.close();
    const auto second = fetch(u"large.gcode"_s);
    QVERIFY(second);
    QVERIFY(!(*second)->remembered);
    QCOMPARE((*second)->index->xxh3, (*first)->index->xxh3);
}

void TestFileCache::cancelKeepsNoIndex()
{
    const QString path = m_folder->filePath(u"large.gcode"_s);
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(layeredText());
    file.close();
    std::optional<ErrorCode> code;
    connect(m_cache.get(), &FileCache::progressed, this, [&] { m_cache->cancel(this); });
    m_cache->openLocal(path, gcode::Dialect::Klipper, this, [&](const Result<Opened>& result) { code = result ? ErrorCode::Busy : result.error().code; });
    QTRY_VERIFY(code);
    QCOMPARE(*code, ErrorCode::Cancelled);
}

QTEST_GUILESS_MAIN(TestFileCache)
#include "tst_filecache.moc"
