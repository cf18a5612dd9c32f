// SPDX-License-Identifier: GPL-3.0-or-later
#include "filecache.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QDirIterator>
#include <QFileInfo>
#include <QLockFile>
#include <QPointer>
#include <QSet>
#include <QStandardPaths>
#include <QUuid>

#include "gcode/indexcache.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

using Opened = std::shared_ptr<const OpenFile>;

std::string utf8(const QString& text)
{
    return text.toStdString();
}

Error about(ErrorCode code, const QString& file, const QString& detail = {})
{
    return Error{.code = code, .detail = utf8(detail), .file = utf8(file)};
}

/// File-name safe, readable, and different for different names.
QString safeName(const QString& name)
{
    QString readable = QFileInfo(name).completeBaseName().left(60);
    for (QChar& c : readable) {
        if (!c.isLetterOrNumber() && c != u'-' && c != u'_')
            c = u'_';
    }
    const QByteArray hash = QCryptographicHash::hash(name.toUtf8(), QCryptographicHash::Sha1).toHex().left(12);
    return readable + u'-' + QString::fromLatin1(hash);
}

/// Carries layers from the worker to the thread that shows them.
class Preview final : public QObject
{
    Q_OBJECT
public:
    /// Whoever lets go of it last may be the worker.
    [[nodiscard]] static std::shared_ptr<Preview> make() { return {new Preview, [](Preview* preview) { preview->deleteLater(); }}; }
    void put(const Opened& file)
    {
        QMetaObject::invokeMethod(this, [this, file] { emit layersRead(file); }, Qt::QueuedConnection);
    }

signals:
    void layersRead(const std::shared_ptr<const kintsugi::app::OpenFile>& file);
};

struct Request {
    QString path, remote, indexFolder;
    gcode::Dialect dialect{};
    bool verify = false, believe = true;
};

/// Beside a copy: when it was used last. Its own times are part of what tells whether its index is still right.
const QString usedSuffix = u".used"_s;

void markUsed(const QString& copy)
{
    QFile mark(copy + usedSuffix);
    if (mark.open(QIODevice::WriteOnly))
        mark.setFileTime(QDateTime::currentDateTime(), QFileDevice::FileModificationTime);
}

struct Copy {
    QString path;
    quint64 size = 0;
    QDateTime used;
};

std::vector<Copy> copiesIn(const QString& folder)
{
    std::vector<Copy> copies;
    for (QDirIterator files(folder, {u"*.gcode"_s, u"*.gcode.part*"_s}, QDir::Files, QDirIterator::Subdirectories); files.hasNext();) {
        const QFileInfo info(files.next()), mark(info.filePath() + usedSuffix);
        const QDateTime fetched = info.lastModified();
        if (info.suffix() == u"lock"_s)
            continue;
        copies.push_back({info.filePath(), static_cast<quint64>(info.size()), mark.exists() ? std::max(mark.lastModified(), fetched) : fetched});
    }
    return copies;
}

Result<Opened> openAndIndex(const Request& request, Preview& preview, const JobControl& control)
{
    gcode::OpenOptions options{.cacheFolder = request.indexFolder.toStdString()};
    options.progress = [&control](double fraction) {
        control.progress(fraction);
        return !control.cancelled();
    };
    options.partial = [&](const gcode::FileIndex& layers) {
        preview.put(std::make_shared<const OpenFile>(
            OpenFile{.path = request.path, .remote = request.remote, .source = {}, .index = std::make_shared<const gcode::FileIndex>(layers)}));
    };
    options.believe = request.believe;
    const std::string path = request.path.toStdString();
    auto opened = request.verify ? gcode::openVerified(path, request.dialect, options) : gcode::openIndexed(path, request.dialect, options);
    if (!opened)
        return fail(opened.error());
    auto file = std::make_shared<OpenFile>();
    file->path = request.path;
    file->remote = request.remote;
    file->source = std::move(opened->source);
    file->index = std::make_shared<const gcode::FileIndex>(std::move(opened->index));
    file->remembered = opened->remembered && !request.verify;
    return Opened(std::move(file));
}

/// One request and everybody who waits for it.
class Transfer final : public QObject
{
    Q_OBJECT
public:
    struct Version { quint64 size = 0; double modified = 0; };

    Transfer(QString folder, QString indexFolder, QString remote, gcode::Dialect dialect, QObject* parent)
        : QObject(parent), m_folder(std::move(folder)), m_indexFolder(std::move(indexFolder)), m_remote(std::move(remote)), m_dialect(dialect)
    {
        connect(&m_job, &JobBase::progressed, this,
                [this](double fraction) { emit progressed(FileCache::tr("Reading %1").arg(shownName()), fraction, asked()); });
        connect(m_preview.get(), &Preview::layersRead, this, &Transfer::layersRead);
        connect(&m_job, &JobBase::finished, this, [this] { answer(*m_job.outcome()); });
    }

    void wait(QObject* context, FileCache::Reply reply) { m_waiting.push_back({context, std::move(reply)}); }
    void fetch(link::Driver& driver)
    {
        m_driver = &driver;
        // A driver that dies takes its replies with it.
        connect(&driver, &QObject::destroyed, this, [this] { answer(fail(about(ErrorCode::Disconnected, m_remote))); });
        askVersion();
    }
    /// A copy of the printer's file is compared whole: nobody looks at the folder of the copies.
    void open(const QString& path, bool isCopy, bool believe = true)
    {
        m_path = path;
        if (isCopy)
            markUsed(path);
        const Request request{.path = path, .remote = m_remote, .indexFolder = m_indexFolder, .dialect = m_dialect, .verify = isCopy, .believe = believe};
        m_job.start([request, preview = m_preview](JobControl& control) { return openAndIndex(request, *preview, control); });
    }
    void answer(const Result<Opened>& result)
    {
        m_job.cancel();
        const auto waiting = std::exchange(m_waiting, {});
        emit done();
        for (const Waiting& one : waiting) {
            if (one.context)
                one.reply(result);
        }
    }

    /// Cancelled for those who wait with this context.
    void leave(const QObject* context)
    {
        std::vector<Waiting> leaving;
        for (auto it = m_waiting.begin(); it != m_waiting.end();) {
            if (it->context.data() == context) {
                leaving.push_back(std::move(*it));
                it = m_waiting.erase(it);
            } else {
                ++it;
            }
        }
        const bool wanted = std::any_of(m_waiting.begin(), m_waiting.end(), [](const Waiting& one) { return !one.context.isNull(); });
        if (!leaving.empty() && !wanted) {
            m_waiting = std::exchange(leaving, {});
            return answer(fail(ErrorCode::Cancelled));
        }
        for (const Waiting& one : leaving)
            one.reply(fail(ErrorCode::Cancelled));
    }
    [[nodiscard]] const QString& path() const { return m_path; }

signals:
    void progressed(const QString& what, double fraction, const QString& file);
    void layersRead(const std::shared_ptr<const kintsugi::app::OpenFile>& file);
    void done();

private:
    struct Waiting { QPointer<QObject> context; FileCache::Reply reply; };

    const QString& asked() const { return m_remote.isEmpty() ? m_path : m_remote; }
    QString shownName() const { return m_remote.isEmpty() ? QFileInfo(m_path).fileName() : m_remote; }

    void askVersion()
    {
        m_driver->metadata(m_remote, this, [this](const Result<link::FileMetadata>& result) {
            if (result && result->size > 0)
                haveVersion({result->size, result->modified});
            else
                askListing(); // no metadata (yet): the listing knows size and time too
        });
    }
    void askListing()
    {
        m_driver->listFiles(u"gcodes"_s, this, [this](const Result<std::vector<link::RemoteFile>>& result) {
            if (!result)
                return answer(fail(result.error()));
            for (const link::RemoteFile& file : *result) {
                if (file.path == m_remote)
                    return haveVersion({file.size, file.modified});
            }
            answer(fail(about(ErrorCode::FileMissing, m_remote)));
        });
    }
    void haveVersion(Version version)
    {
        m_version = version;
        const QString stamp = QString::number(static_cast<qint64>(version.modified * 1000));
        m_path = m_folder + u'/' + safeName(m_remote) + u'-' + QString::number(version.size) + u'-' + stamp + u".gcode"_s;
        if (QFileInfo(m_path).isFile() && sizeOf(m_path) == version.size)
            return open(m_path, true);
        if (!QDir().mkpath(m_folder))
            return answer(fail(about(ErrorCode::WriteFailed, m_folder)));
        download();
    }
    void download()
    {
        QString part = m_path + u".part"_s;
        auto lock = std::make_shared<QLockFile>(part + u".lock"_s);
        lock->setStaleLockTime(std::chrono::milliseconds(0));
        if (!lock->tryLock()) // another program, or a cancelled request, still writes into it
            part += u'-' + QUuid::createUuid().toString(QUuid::WithoutBraces);
        quint64 from = QFileInfo::exists(part) ? sizeOf(part) : 0;
        if (from >= m_version.size) { // as long as the file and not renamed: nobody checked it
            QFile::remove(part);
            from = 0;
        }
        const QString what = FileCache::tr("Fetching %1").arg(m_remote);
        const auto percent = [this, what](qint64 have, qint64 total) {
            emit progressed(what, total > 0 ? static_cast<double>(have) / static_cast<double>(total) : 0.0, m_remote);
        };
        m_driver->download(u"gcodes"_s, m_remote, part, from, percent, this,
                           [this, part, lock](const Result<link::RemoteFile>& result) { downloaded(part, lock->isLocked(), result); });
    }
    void downloaded(const QString& part, bool isShared, const Result<link::RemoteFile>& result)
    {
        const bool changed = result ? sizeOf(part) != m_version.size : result.error().code == ErrorCode::FileChanged;
        if (changed) {
            QFile::remove(part);
            if (std::exchange(m_changedOnce, true))
                return answer(fail(about(ErrorCode::FileChanged, m_remote)));
            return askVersion();
        }
        if (!result) {
            if (!isShared)
                QFile::remove(part); // nobody would find it again
            return answer(fail(result.error()));
        }
        QFile::remove(m_path); // of a wrong size, or it would have been used
        if (!QFile::rename(part, m_path))
            return answer(fail(about(ErrorCode::WriteFailed, m_path)));
        open(m_path, true);
    }
    static quint64 sizeOf(const QString& path) { return static_cast<quint64>(QFileInfo(path).size()); }

    QString m_folder, m_indexFolder, m_remote, m_path;
    std::shared_ptr<Preview> m_preview = Preview::make();
    gcode::Dialect m_dialect;
    QPointer<link::Driver> m_driver;
    Version m_version;
    bool m_changedOnce = false;
    std::vector<Waiting> m_waiting;
    Job<Opened> m_job;
};

} // namespace

struct FileCache::Private {
    QString folder;
    std::map<QString, Transfer*> running;

    [[nodiscard]] bool isCopy(const QString& path) const
    {
        return QFileInfo(path).absoluteFilePath().startsWith(QFileInfo(folder).absoluteFilePath() + u'/');
    }
    [[nodiscard]] QString folderOf(const QString& printer) const { return folder + u'/' + safeName(printer); }

    /// The transfer of this key, and whether it is new.
    std::pair<Transfer*, bool> transfer(FileCache& cache, const QString& key, const QString& where, const QString& remote,
                                        gcode::Dialect dialect)
    {
        if (const auto it = running.find(key); it != running.end())
            return {it->second, false};
        auto* one = new Transfer(where, FileCache::indexFolder(folder), remote, dialect, &cache);
        running[key] = one;
        QObject::connect(one, &Transfer::progressed, &cache, &FileCache::progressed);
        QObject::connect(one, &Transfer::layersRead, &cache, &FileCache::layersRead);
        QObject::connect(one, &Transfer::done, &cache, [this, key, one] {
            running.erase(key);
            one->deleteLater();
        });
        return {one, true};
    }
};

FileCache::FileCache(QString folder, QObject* parent) : QObject(parent), d(std::make_unique<Private>())
{
    d->folder = std::move(folder);
}

FileCache::~FileCache()
{
    for (const auto& [key, transfer] : d->running) // before d: their last signals use it
        transfer->disconnect(this);
}

QString FileCache::defaultFolder()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation) + u"/kintsugi/files"_s;
}

QString FileCache::indexFolder(const QString& folder)
{
    return folder + u"/index"_s;
}

void FileCache::fetch(const QString& printer, link::Driver& driver, const QString& remote, gcode::Dialect dialect,
                      QObject* context, Reply reply)
{
    const QString key = u"remote/%1/%2/%3"_s.arg(printer, remote, QString::number(static_cast<int>(dialect)));
    const auto [transfer, isNew] = d->transfer(*this, key, d->folderOf(printer), remote, dialect);
    transfer->wait(context, std::move(reply));
    if (isNew)
        transfer->fetch(driver);
}

void FileCache::openLocal(const QString& path, gcode::Dialect dialect, QObject* context, Reply reply)
{
    const QString key = u"local/%1/%2"_s.arg(path, QString::number(static_cast<int>(dialect)));
    const auto [transfer, isNew] = d->transfer(*this, key, {}, {}, dialect);
    transfer->wait(context, std::move(reply));
    if (isNew)
        transfer->open(path, d->isCopy(path));
}

void FileCache::openAnew(const QString& path, gcode::Dialect dialect, QObject* context, Reply reply)
{
    const QString key = u"anew/%1/%2"_s.arg(path, QString::number(static_cast<int>(dialect)));
    const auto [transfer, isNew] = d->transfer(*this, key, {}, {}, dialect);
    transfer->wait(context, std::move(reply));
    if (isNew)
        transfer->open(path, d->isCopy(path), false);
}

void FileCache::cancel(const QObject* context)
{
    const auto running = d->running;
    for (const auto& [key, transfer] : running)
        transfer->leave(context);
}

QStringList FileCache::prune(const std::vector<Needed>& needed, quint64 bytes)
{
    QSet<QString> kept;
    for (const Needed& one : needed) {
        kept.insert(QFileInfo(one.path).absoluteFilePath());
        if (!one.remote.isEmpty())
            kept.insert(QFileInfo(localCopy(one.printer, one.remote, one.size)).absoluteFilePath());
    }
    for (const auto& [key, transfer] : d->running)
        kept.insert(QFileInfo(transfer->path()).absoluteFilePath());
    auto copies = copiesIn(d->folder);
    quint64 total = std::accumulate(copies.begin(), copies.end(), quint64{0}, [](quint64 sum, const Copy& copy) { return sum + copy.size; });
    std::ranges::sort(copies, {}, &Copy::used);
    QStringList gone;
    for (const Copy& copy : copies) {
        if (total <= bytes)
            break;
        const bool fresh = !copy.path.endsWith(u".gcode"_s) && copy.used.daysTo(QDateTime::currentDateTime()) < 1; // another program may write it
        if (fresh || kept.contains(QFileInfo(copy.path).absoluteFilePath()) || !QFile::remove(copy.path))
            continue;
        QFile::remove(copy.path + usedSuffix);
        total -= copy.size;
        gone << QFileInfo(copy.path).fileName();
    }
    return gone;
}

QString FileCache::localCopy(const QString& printer, const QString& remote, quint64 size) const
{
    const QDir folder(d->folderOf(printer));
    const QString pattern = safeName(remote) + u'-' + QString::number(size) + u"-*.gcode"_s;
    for (const QFileInfo& info : folder.entryInfoList({pattern}, QDir::Files, QDir::Time)) {
        if (static_cast<quint64>(info.size()) == size)
            return info.filePath();
    }
    return {};
}

std::optional<double> FileCache::modifiedOf(const QString& path) const
{
    const QFileInfo info(path);
    if (!info.absolutePath().startsWith(QDir(d->folder).absolutePath()))
        return std::nullopt;
    bool whole = false;
    const qint64 milliseconds = info.completeBaseName().section(u'-', -1).toLongLong(&whole);
    return whole && milliseconds > 0 ? std::optional(static_cast<double>(milliseconds) / 1000) : std::nullopt;
}

} // namespace kintsugi::app

#include "filecache.moc"
