// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakedriver.h"

#include <QFile>
#include <QPointer>

namespace kintsugi::test {

using namespace Qt::StringLiterals;

QStringList FakeDriver::callNames() const
{
    QStringList names;
    for (const Call& call : calls)
        names << call.name;
    return names;
}

int FakeDriver::count(const QString& name) const
{
    return static_cast<int>(callNames().count(name));
}

link::HostInfo FakeDriver::readyHost()
{
    using enum link::Capability;
    link::HostInfo info;
    info.state = link::HostState::Ready;
    info.stateMessage = u"Printer is ready"_s;
    info.hostname = u"fake"_s;
    info.softwareVersion = u"v0.13.0"_s;
    info.capabilities = link::Capabilities(StartAtOffset) | Upload | Download | LivePosition | PlrPlugin | History | Console | ConfigFiles;
    return info;
}

recovery::Sample FakeDriver::printing(const QString& file, double time, ByteOffset byte, double duration)
{
    recovery::Sample sample;
    sample.time = time;
    sample.eventTime = time - 1'000'000;
    sample.printState = "printing";
    sample.hostState = "ready";
    sample.file = file.toStdString();
    sample.filePosition = byte;
    sample.fileSize = 100'000;
    sample.printDuration = duration;
    sample.livePosition = {{100 + duration, 50, 0.2, duration * 2}};
    sample.heaters["extruder"] = {210.1, 210};
    sample.heaters["heater_bed"] = {59.9, 60};
    sample.speedFactor = 1;
    return sample;
}

template <class T>
void FakeDriver::answer(const QString& name, const QStringList& arguments, QObject* context, Reply<T> reply, std::function<Result<T>()> make)
{
    calls.push_back({name, arguments});
    auto deliver = [this, name, guard = QPointer<QObject>(context), reply = std::move(reply), make = std::move(make)] {
        if (!guard)
            return;
        if (m_link != link::LinkState::Connected)
            reply(fail(ErrorCode::Disconnected));
        else if (const auto it = failing.constFind(name); it != failing.constEnd())
            reply(fail(*it));
        else
            reply(make());
    };
    if (m_held && (m_heldNames.isEmpty() || m_heldNames.contains(name)))
        m_waiting.emplace_back(std::move(deliver));
    else
        QMetaObject::invokeMethod(this, std::move(deliver), Qt::QueuedConnection);
}

void FakeDriver::command(const QString& name, const QStringList& arguments, QObject* context, Reply<> reply)
{
    answer<void>(name, arguments, context, std::move(reply),
                 [this, name, arguments] { return onCommand ? onCommand(name, arguments) : Result<>(); });
}

void FakeDriver::release()
{
    m_held = false;
    for (const auto& deliver : std::exchange(m_waiting, {}))
        deliver();
}

void FakeDriver::goOnline()
{
    m_link = link::LinkState::Connected;
    emit linkChanged(m_link);
    emit hostChanged(info);
}

void FakeDriver::dropLink(link::LinkState state)
{
    m_link = state;
    release();
    emit linkFailed({.code = ErrorCode::Disconnected});
    emit linkChanged(m_link);
}

void FakeDriver::setHost(link::HostState state, const QString& message)
{
    info.state = state;
    info.stateMessage = message;
    emit hostChanged(info);
}

void FakeDriver::emitSample(const recovery::Sample& sample)
{
    status = sample;
    emit sampled(sample);
}

void FakeDriver::say(const QString& text, double time)
{
    const link::ConsoleLine line{time, false, text};
    console.push_back(line);
    emit consoleReceived(line);
}

void FakeDriver::setVariables(const QJsonObject& json)
{
    variables = json;
    emit variablesChanged(json);
}

void FakeDriver::writeFile(const QString& rootAndPath, const QByteArray& bytes, double time)
{
    const bool existed = files.contains(rootAndPath);
    files[rootAndPath] = bytes;
    modified[rootAndPath] = time;
    const QString root = rootAndPath.section(u'/', 0, 0);
    emit fileChanged({existed ? u"modify_file"_s : u"create_file"_s, root, rootAndPath.mid(root.size() + 1), {}, time,
                      static_cast<quint64>(bytes.size())});
}

void FakeDriver::changeJob(const link::RemoteJob& job)
{
    const auto it = std::find_if(jobs.begin(), jobs.end(), [&](const link::RemoteJob& known) { return known.id == job.id; });
    if (it == jobs.end())
        jobs.insert(jobs.begin(), job);
    else
        *it = job;
    emit jobChanged(job);
}

void FakeDriver::open()
{
    calls.push_back({u"open"_s, {}});
    QMetaObject::invokeMethod(this, [this] { goOnline(); }, Qt::QueuedConnection);
}

void FakeDriver::close()
{
    calls.push_back({u"close"_s, {}});
    m_link = link::LinkState::Offline;
    release();
    emit linkChanged(m_link);
}

void FakeDriver::readStatus(QObject* context, Reply<recovery::Sample> reply)
{
    answer<recovery::Sample>(u"readStatus"_s, {}, context, std::move(reply), [this] { return status; });
}

void FakeDriver::readVariables(QObject* context, Reply<QJsonObject> reply)
{
    answer<QJsonObject>(u"readVariables"_s, {}, context, std::move(reply), [this] { return variables; });
}

void FakeDriver::readSettings(QObject* context, Reply<QJsonObject> reply)
{
    answer<QJsonObject>(u"readSettings"_s, {}, context, std::move(reply), [this] { return settings; });
}

void FakeDriver::readReadiness(QObject* context, Reply<link::Readiness> reply)
{
    answer<link::Readiness>(u"readReadiness"_s, {}, context, std::move(reply), [this] { return readiness; });
}

void FakeDriver::readProbe(QObject* context, Reply<link::ProbeResult> reply)
{
    answer<link::ProbeResult>(u"readProbe"_s, {}, context, std::move(reply), [this] { return probe; });
}

void FakeDriver::readMeshes(QObject* context, Reply<MeshProfiles> reply)
{
    answer<MeshProfiles>(u"readMeshes"_s, {}, context, std::move(reply), [this] { return meshes; });
}

void FakeDriver::readBlocks(const QString& root, const QString& path, const std::vector<Block>& blocks, QObject* context,
                            Reply<std::vector<QByteArray>> reply)
{
    auto make = [this, key = QString(root + u'/' + path), blocks]() -> Result<std::vector<QByteArray>> {
        if (!files.contains(key))
            return fail(ErrorCode::FileMissing, {}, key.toStdString());
        std::vector<QByteArray> pieces;
        for (const Block& block : blocks) {
            pieces.push_back(files[key].mid(static_cast<qsizetype>(block.begin), static_cast<qsizetype>(block.size)));
            if (pieces.back().size() != static_cast<qsizetype>(block.size))
                return fail(ErrorCode::FileChanged, {}, key.toStdString());
        }
        return pieces;
    };
    answer<std::vector<QByteArray>>(u"readBlocks"_s, {root, path, QString::number(blocks.size())}, context, std::move(reply), std::move(make));
}

void FakeDriver::runScript(const QString& script, QObject* context, Reply<link::ScriptResult> reply)
{
    answer<link::ScriptResult>(u"runScript"_s, {script}, context, std::move(reply), [this, script]() -> Result<link::ScriptResult> {
        if (onScript)
            return onScript(script);
        return link::ScriptResult{info.state == link::HostState::Ready, info.state, {}};
    });
}

void FakeDriver::startPrint(const QString& file, QObject* context, Reply<> reply)
{
    command(u"startPrint"_s, {file}, context, std::move(reply));
}

void FakeDriver::startPrintAt(const QString& file, ByteOffset byte, QObject* context, Reply<> reply)
{
    command(u"startPrintAt"_s, {file, QString::number(byte)}, context, std::move(reply));
}

void FakeDriver::pausePrint(QObject* context, Reply<> reply) { command(u"pausePrint"_s, {}, context, std::move(reply)); }
void FakeDriver::cancelPrint(QObject* context, Reply<> reply) { command(u"cancelPrint"_s, {}, context, std::move(reply)); }
void FakeDriver::emergencyStop(QObject* context, Reply<> reply) { command(u"emergencyStop"_s, {}, context, std::move(reply)); }

void FakeDriver::restartHost(bool firmware, QObject* context, Reply<> reply)
{
    command(u"restartHost"_s, {firmware ? u"firmware"_s : u"host"_s}, context, std::move(reply));
}

link::RemoteFile FakeDriver::remote(const QString& rootAndPath) const
{
    const auto time = modified.find(rootAndPath);
    return {rootAndPath.section(u'/', 1), static_cast<quint64>(files.at(rootAndPath).size()), time == modified.end() ? 0 : time->second};
}

std::vector<link::RemoteFile> FakeDriver::below(const QString& folder) const
{
    std::vector<link::RemoteFile> found;
    for (const auto& [path, bytes] : files) {
        if (path.startsWith(folder + u'/'))
            found.push_back(remote(path));
    }
    return found;
}

void FakeDriver::listFiles(const QString& root, QObject* context, Reply<std::vector<link::RemoteFile>> reply)
{
    answer<std::vector<link::RemoteFile>>(u"listFiles"_s, {root}, context, std::move(reply), [this, root] { return below(root); });
}

void FakeDriver::listFolder(const QString& path, QObject* context, Reply<std::vector<link::RemoteFile>> reply)
{
    answer<std::vector<link::RemoteFile>>(u"listFolder"_s, {path}, context, std::move(reply), [this, path] { return below(path); });
}

void FakeDriver::metadata(const QString& file, QObject* context, Reply<link::FileMetadata> reply)
{
    answer<link::FileMetadata>(u"metadata"_s, {file}, context, std::move(reply), [this, file]() -> Result<link::FileMetadata> {
        const QString path = u"gcodes/"_s + file;
        if (!files.contains(path))
            return fail(ErrorCode::FileMissing, {}, file.toStdString());
        const link::RemoteFile found = remote(path);
        link::FileMetadata metadata;
        metadata.path = file;
        metadata.size = found.size;
        metadata.modified = found.modified;
        return metadata;
    });
}

void FakeDriver::download(const QString& root, const QString& path, const QString& localPath, quint64 from, Percent progress, QObject* context,
                          Reply<link::RemoteFile> reply)
{
    auto make = [this, key = QString(root + u'/' + path), localPath, from, progress]() -> Result<link::RemoteFile> {
        if (!files.contains(key))
            return fail(ErrorCode::FileMissing, {}, key.toStdString());
        const QByteArray rest = files[key].mid(static_cast<qsizetype>(from));
        QFile file(localPath);
        if (!file.open(from == 0 ? QIODevice::WriteOnly : QIODevice::Append) || file.write(rest) != rest.size())
            return fail(ErrorCode::WriteFailed, {}, localPath.toStdString());
        if (progress)
            progress(files[key].size(), files[key].size());
        return remote(key);
    };
    answer<link::RemoteFile>(u"download"_s, {root, path, QString::number(from)}, context, std::move(reply), std::move(make));
}

void FakeDriver::upload(const QString& localPath, const QString& root, const QString& path, bool overwrite, Percent progress,
                        QObject* context, Reply<link::RemoteFile> reply)
{
    auto make = [this, key = QString(root + u'/' + path), localPath, overwrite, progress]() -> Result<link::RemoteFile> {
        QFile file(localPath);
        if (!file.open(QIODevice::ReadOnly))
            return fail(ErrorCode::FileMissing, {}, localPath.toStdString());
        if (files.contains(key) && !overwrite)
            return fail(ErrorCode::FileExists, {}, key.toStdString());
        if (progress)
            progress(file.size(), file.size());
        writeFile(key, file.readAll());
        return remote(key);
    };
    answer<link::RemoteFile>(u"upload"_s, {root, path}, context, std::move(reply), std::move(make));
}

void FakeDriver::moveFile(const QString& from, const QString& to, QObject* context, Reply<> reply)
{
    answer<void>(u"moveFile"_s, {from, to}, context, std::move(reply), [this, from, to]() -> Result<> {
        if (!files.contains(from))
            return fail(ErrorCode::FileMissing, {}, from.toStdString());
        files[to] = files[from];
        files.erase(from);
        return {};
    });
}

void FakeDriver::history(int limit, QObject* context, Reply<std::vector<link::RemoteJob>> reply)
{
    answer<std::vector<link::RemoteJob>>(u"history"_s, {QString::number(limit)}, context, std::move(reply), [this, limit] {
        auto newest = jobs;
        newest.resize(std::min(newest.size(), static_cast<std::size_t>(limit)));
        return newest;
    });
}

void FakeDriver::consoleStore(int count, QObject* context, Reply<std::vector<link::ConsoleLine>> reply)
{
    answer<std::vector<link::ConsoleLine>>(u"consoleStore"_s, {QString::number(count)}, context, std::move(reply), [this] { return console; });
}

} // namespace kintsugi::test
