// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakersimfiles.h"

#include <algorithm>

#include <QDateTime>
#include <QDir>
#include <QDirIterator>
#include <QFileInfo>
#include <QJsonArray>
#include <QStorageInfo>
#include <QUuid>

#include "moonrakersimmetadata.h"

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

const QStringList rootNames{u"config"_s, u"logs"_s, u"gcodes"_s};

double modifiedOf(const QFileInfo& info)
{
    return static_cast<double>(info.lastModified().toMSecsSinceEpoch()) / 1000.0;
}

Answer missing(const QString& name)
{
    return Answer::failed(400, u"No data for argument: %1"_s.arg(name));
}

} // namespace

SimFiles::SimFiles(const QString& folder, World world)
    : m_folder(QDir(folder).absolutePath())
    , m_world(std::move(world))
{
    for (const QString& root : rootNames)
        QDir().mkpath(m_folder + u'/' + root);
}

bool SimFiles::isGcode(const QString& name)
{
    const QString suffix = name.section(u'.', -1).toLower();
    return name.contains(u'.') && QStringList{u"gcode"_s, u"g"_s, u"gco"_s, u"nc"_s, u"ufp"_s}.contains(suffix);
}

QJsonObject SimFiles::item(const QString& path, bool writable)
{
    const QFileInfo info(path);
    return {{u"modified"_s, info.exists() ? modifiedOf(info) : 0.0},
            {u"size"_s, info.exists() ? info.size() : 0},
            {u"permissions"_s, writable ? u"rw"_s : u"r"_s}};
}

std::optional<SimFiles::Place> SimFiles::resolve(const QString& request) const
{
    const QString clean = QDir::cleanPath(u'/' + request).sliced(1);
    const QString root = clean.section(u'/', 0, 0);
    if (!rootNames.contains(root) || request.contains(QChar(0)))
        return std::nullopt;
    const QString relative = clean.section(u'/', 1);
    return Place{root, relative, QDir::cleanPath(m_folder + u'/' + root + u'/' + relative)};
}

std::optional<SimFiles::Place> SimFiles::placeOf(const QString& absolutePath) const
{
    const QString relative = QDir(m_folder).relativeFilePath(absolutePath);
    return relative.startsWith(".."_L1) ? std::nullopt : resolve(relative);
}

QJsonObject SimFiles::change(const QString& action, const Place& place) const
{
    QJsonObject what = item(place.path, writable(place.root));
    what.insert(u"path"_s, place.relative);
    what.insert(u"root"_s, place.root);
    return {{u"action"_s, action}, {u"item"_s, what}};
}

QJsonObject SimFiles::announce(const QString& action, const Place& place, const Place* source)
{
    QJsonObject news = change(action, place);
    if (source)
        news.insert(u"source_item"_s, QJsonObject{{u"path"_s, source->relative}, {u"root"_s, source->root}});
    m_world.changed(news);
    return news;
}

Answer SimFiles::roots() const
{
    QJsonArray roots;
    for (const QString& name : rootNames) {
        roots.append(QJsonObject{{u"name"_s, name},
                                 {u"path"_s, QString(m_folder + u'/' + name)},
                                 {u"permissions"_s, writable(name) ? u"rw"_s : u"r"_s}});
    }
    return Answer::done(roots);
}

Answer SimFiles::list(const QJsonObject& params) const
{
    const QString root = textOf(params, "root"_L1, u"gcodes"_s);
    if (!rootNames.contains(root))
        return Answer::failed(400, u"Failed to build file list, invalid path: %1"_s.arg(root));
    const QDir folder(m_folder + u'/' + root);
    QStringList names;
    for (QDirIterator it(folder.path(), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories); it.hasNext();)
        names.append(folder.relativeFilePath(it.next()));
    names.sort(Qt::CaseInsensitive);
    QJsonArray files;
    for (const QString& name : std::as_const(names)) {
        if (root == "gcodes"_L1 && !isGcode(name))
            continue;
        QJsonObject entry = item(folder.filePath(name), writable(root));
        entry.insert(u"path"_s, name);
        files.append(entry);
    }
    return Answer::done(files);
}

Answer SimFiles::directory(const QJsonObject& params)
{
    const QString request = textOf(params, "path"_L1, u"gcodes"_s);
    const auto place = resolve(request);
    if (!place)
        return Answer::failed(400, u"Invalid root path (%1)"_s.arg(request.section(u'/', 0, 0)));
    const QDir folder(place->path);
    if (!folder.exists())
        return Answer::failed(400, u"Directory does not exist (%1)"_s.arg(place->path));
    const bool extended = flagOf(params, "extended"_L1, false);
    QJsonArray dirs, files;
    const auto entries = folder.entryInfoList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot, QDir::Name);
    for (const QFileInfo& info : entries) {
        QJsonObject entry = item(info.filePath(), writable(place->root));
        entry.insert(info.isDir() ? u"dirname"_s : u"filename"_s, info.fileName());
        const QString name = QDir(m_folder + u"/gcodes"_s).relativeFilePath(info.filePath());
        if (extended && info.isFile() && place->root == "gcodes"_L1 && isGcode(name)) {
            const QJsonObject data = fullMetadata(name);
            for (auto it = data.begin(); it != data.end(); ++it)
                entry.insert(it.key(), it.key() == "filename"_L1 ? QJsonValue(info.fileName()) : it.value());
        }
        (info.isDir() ? dirs : files).append(entry);
    }
    const QStorageInfo disk(place->path);
    const QJsonObject usage{{u"total"_s, disk.bytesTotal()},
                            {u"used"_s, disk.bytesTotal() - disk.bytesFree()},
                            {u"free"_s, disk.bytesAvailable()}};
    return Answer::done(
        QJsonObject{{u"dirs"_s, dirs},
                    {u"files"_s, files},
                    {u"disk_usage"_s, usage},
                    {u"root_info"_s, QJsonObject{{u"name"_s, place->root},
                                                 {u"permissions"_s, writable(place->root) ? u"rw"_s : u"r"_s}}}});
}

QJsonObject SimFiles::jobMetadata(const QString& file)
{
    const auto place = resolve(u"gcodes/"_s + file);
    const QFileInfo info(place ? place->path : QString());
    if (file.isEmpty() || !info.isFile() || !isGcode(file))
        return {};
    Scan& scan = m_scans[file];
    const double modified = modifiedOf(info);
    if (scan.data.isEmpty() || scan.size != info.size() || scan.modified != modified) {
        scan = {info.size(), modified, scanMetadata(info.filePath())};
        // One identity for one content: it changes with the size or the time of the file.
        const QString content =
            u"%1|%2|%3"_s.arg(file, QString::number(info.size()), QString::number(modified, 'f', 3));
        scan.data.insert(u"size"_s, info.size());
        scan.data.insert(u"modified"_s, modified);
        scan.data.insert(u"uuid"_s, QUuid::createUuidV5(QUuid(), content).toString(QUuid::WithoutBraces));
    }
    return scan.data;
}

QJsonObject SimFiles::fullMetadata(const QString& file)
{
    QJsonObject data = jobMetadata(file);
    if (data.isEmpty())
        return data;
    const QJsonObject last = m_world.lastPrint(file, data.value("uuid"_L1).toString());
    for (auto it = last.begin(); it != last.end(); ++it)
        data.insert(it.key(), it.value());
    data.insert(u"filename"_s, file);
    return data;
}

Answer SimFiles::metadata(const QJsonObject& params, bool rescan)
{
    const QString name = textOf(params, "filename"_L1);
    if (name.isEmpty())
        return missing(u"filename"_s);
    if (rescan)
        m_scans.remove(name);
    const QJsonObject data = fullMetadata(name);
    if (!data.isEmpty())
        return Answer::done(data);
    return Answer::failed(404, rescan ? u"File '%1' does not exist"_s.arg(name)
                                      : u"Metadata not available for <%1>"_s.arg(name));
}

Answer SimFiles::thumbnails(const QJsonObject& params)
{
    return Answer::done(jobMetadata(textOf(params, "filename"_L1)).value("thumbnails"_L1).toArray());
}

std::optional<Answer> SimFiles::refusal(const std::optional<Place>& place, const QString& request) const
{
    if (!place)
        return Answer::failed(400, u"Invalid root path (%1)"_s.arg(request.section(u'/', 0, 0)));
    if (!writable(place->root) || place->relative.isEmpty())
        return Answer::failed(405, u"Path is read-only: %1"_s.arg(request));
    if (m_world.inUse(place->path))
        return Answer::failed(403, u"File currently in use"_s);
    return std::nullopt;
}

Answer SimFiles::move(const QJsonObject& params)
{
    const QString from = textOf(params, "source"_L1), to = textOf(params, "dest"_L1);
    const auto source = resolve(from);
    auto target = resolve(to);
    if (const auto refused = refusal(source, from))
        return *refused;
    if (const auto refused = refusal(target, to))
        return *refused;
    const QFileInfo info(source->path);
    if (!info.exists())
        return Answer::failed(400, u"File %1 does not exist"_s.arg(source->path));
    if (QFileInfo(target->path).isDir())
        target = resolve(to + u'/' + info.fileName());
    const bool folder = info.isDir();
    if (!folder)
        QFile::remove(target->path);
    if (!QDir().rename(source->path, target->path))
        return Answer::failed(400, u"Unable to move %1"_s.arg(source->path));
    return Answer::done(announce(folder ? u"move_dir"_s : u"move_file"_s, *target, &*source));
}

Answer SimFiles::copy(const QJsonObject& params)
{
    const QString from = textOf(params, "source"_L1), to = textOf(params, "dest"_L1);
    const auto source = resolve(from);
    auto target = resolve(to);
    if (const auto refused = refusal(target, to))
        return *refused;
    const QFileInfo info(source ? source->path : QString());
    if (!info.isFile())
        return Answer::failed(400, u"File %1 does not exist"_s.arg(from));
    if (QFileInfo(target->path).isDir())
        target = resolve(to + u'/' + info.fileName());
    const bool there = QFile::exists(target->path);
    QFile::remove(target->path);
    if (!QFile::copy(source->path, target->path))
        return Answer::failed(400, u"Unable to copy %1"_s.arg(source->path));
    return Answer::done(announce(there ? u"modify_file"_s : u"create_file"_s, *target));
}

Answer SimFiles::removeFile(const QJsonObject& params)
{
    const QString name = textOf(params, "path"_L1);
    const auto place = resolve(name);
    if (const auto refused = refusal(place, name))
        return *refused;
    if (!QFileInfo(place->path).isFile())
        return Answer::failed(400, u"Invalid file path: %1"_s.arg(name));
    const QJsonObject before = change(u"delete_file"_s, *place);
    QFile::remove(place->path);
    m_world.changed(before);
    return Answer::done(before);
}

Answer SimFiles::makeDirectory(const QJsonObject& params)
{
    const QString name = textOf(params, "path"_L1);
    const auto place = resolve(name);
    if (const auto refused = refusal(place, name))
        return *refused;
    if (QFileInfo::exists(place->path) || !QDir().mkdir(place->path))
        return Answer::failed(400, u"[Errno 17] File exists: '%1'"_s.arg(place->path));
    return Answer::done(announce(u"create_dir"_s, *place));
}

Answer SimFiles::removeDirectory(const QJsonObject& params)
{
    const QString name = textOf(params, "path"_L1);
    const auto place = resolve(name);
    if (const auto refused = refusal(place, name))
        return *refused;
    QDir folder(place->path);
    if (!folder.exists())
        return Answer::failed(400, u"Directory does not exist (%1)"_s.arg(place->path));
    const QJsonObject before = change(u"delete_dir"_s, *place);
    const bool removed = flagOf(params, "force"_L1, false) ? folder.removeRecursively() : QDir().rmdir(place->path);
    if (!removed)
        return Answer::failed(400, u"Directory not empty: '%1'"_s.arg(place->path));
    m_world.changed(before);
    return Answer::done(before);
}

} // namespace kintsugi::sim
