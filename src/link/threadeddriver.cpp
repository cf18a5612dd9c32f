// SPDX-License-Identifier: GPL-3.0-or-later
#include "threadeddriver.h"

#include <QPointer>

namespace kintsugi::link {

ThreadedDriver::ThreadedDriver(std::unique_ptr<Driver> driver, QObject* parent)
    : Driver(parent)
    , m_driver(driver.release())
    , m_linkState(m_driver->linkState())
    , m_host(m_driver->host())
{
    m_driver->setParent(nullptr);
    m_driver->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_driver, &QObject::deleteLater);
    forwardSignals();
    m_thread.setObjectName(QLatin1String("link"));
    m_thread.start();
}

ThreadedDriver::~ThreadedDriver()
{
    m_thread.quit();
    m_thread.wait();
}

void ThreadedDriver::forwardSignals()
{
    connect(m_driver, &Driver::linkChanged, this, [this](LinkState state) {
        m_linkState = state;
        emit linkChanged(state);
    });
    connect(m_driver, &Driver::hostChanged, this, [this](const HostInfo& host) {
        m_host = host;
        emit hostChanged(host);
    });
    connect(m_driver, &Driver::linkFailed, this, &Driver::linkFailed);
    connect(m_driver, &Driver::sampled, this, &Driver::sampled);
    connect(m_driver, &Driver::consoleReceived, this, &Driver::consoleReceived);
    connect(m_driver, &Driver::fileChanged, this, &Driver::fileChanged);
    connect(m_driver, &Driver::jobChanged, this, &Driver::jobChanged);
    connect(m_driver, &Driver::variablesChanged, this, &Driver::variablesChanged);
    connect(m_driver, &Driver::badMessage, this, &Driver::badMessage);
}

template <class T>
Driver::Reply<T> ThreadedDriver::carryBack(QObject* context, Reply<T> reply)
{
    // The context is only looked at on its own thread, where nobody can delete it meanwhile.
    return [this, context = QPointer<QObject>(context), reply = std::move(reply)](const Result<T>& result) {
        QMetaObject::invokeMethod(this, [context, reply, result] {
            if (context)
                reply(result);
        });
    };
}

Driver::Percent ThreadedDriver::carryBack(QObject* context, Percent progress)
{
    if (!progress)
        return {};
    return [this, context = QPointer<QObject>(context), progress = std::move(progress)](qint64 done, qint64 total) {
        QMetaObject::invokeMethod(this, [context, progress, done, total] {
            if (context)
                progress(done, total);
        });
    };
}

template <class Call>
void ThreadedDriver::carryOver(Call call)
{
    QMetaObject::invokeMethod(m_driver, [driver = m_driver, call = std::move(call)] { call(driver); });
}

void ThreadedDriver::open()
{
    carryOver([](Driver* driver) { driver->open(); });
}

void ThreadedDriver::close()
{
    carryOver([](Driver* driver) { driver->close(); });
}

void ThreadedDriver::readStatus(QObject* context, Reply<recovery::Sample> reply)
{
    carryOver([back = carryBack(context, std::move(reply))](Driver* d) { d->readStatus(d, back); });
}

void ThreadedDriver::readVariables(QObject* context, Reply<QJsonObject> reply)
{
    carryOver([back = carryBack(context, std::move(reply))](Driver* d) { d->readVariables(d, back); });
}

void ThreadedDriver::readSettings(QObject* context, Reply<QJsonObject> reply)
{
    carryOver([back = carryBack(context, std::move(reply))](Driver* d) { d->readSettings(d, back); });
}

void ThreadedDriver::readReadiness(QObject* context, Reply<Readiness> reply)
{
    carryOver([back = carryBack(context, std::move(reply))](Driver* d) { d->readReadiness(d, back); });
}

void ThreadedDriver::readProbe(QObject* context, Reply<ProbeResult> reply)
{
    carryOver([back = carryBack(context, std::move(reply))](Driver* d) { d->readProbe(d, back); });
}

void ThreadedDriver::readMeshes(QObject* context, Reply<MeshProfiles> reply)
{
    carryOver([back = carryBack(context, std::move(reply))](Driver* d) { d->readMeshes(d, back); });
}

void ThreadedDriver::runScript(const QString& script, QObject* context, Reply<ScriptResult> reply)
{
    carryOver([script, back = carryBack(context, std::move(reply))](Driver* d) { d->runScript(script, d, back); });
}

void ThreadedDriver::startPrint(const QString& file, QObject* context, Reply<> reply)
{
    carryOver([file, back = carryBack(context, std::move(reply))](Driver* d) { d->startPrint(file, d, back); });
}

void ThreadedDriver::startPrintAt(const QString& file, ByteOffset byte, QObject* context, Reply<> reply)
{
    carryOver([file, byte, back = carryBack(context, std::move(reply))](Driver* d) { d->startPrintAt(file, byte, d, back); });
}

void ThreadedDriver::pausePrint(QObject* context, Reply<> reply)
{
    carryOver([back = carryBack(context, std::move(reply))](Driver* d) { d->pausePrint(d, back); });
}

void ThreadedDriver::cancelPrint(QObject* context, Reply<> reply)
{
    carryOver([back = carryBack(context, std::move(reply))](Driver* d) { d->cancelPrint(d, back); });
}

void ThreadedDriver::emergencyStop(QObject* context, Reply<> reply)
{
    carryOver([back = carryBack(context, std::move(reply))](Driver* d) { d->emergencyStop(d, back); });
}

void ThreadedDriver::restartHost(bool firmware, QObject* context, Reply<> reply)
{
    carryOver([firmware, back = carryBack(context, std::move(reply))](Driver* d) { d->restartHost(firmware, d, back); });
}

void ThreadedDriver::listFiles(const QString& root, QObject* context, Reply<std::vector<RemoteFile>> reply)
{
    carryOver([root, back = carryBack(context, std::move(reply))](Driver* d) { d->listFiles(root, d, back); });
}

void ThreadedDriver::listFolder(const QString& path, QObject* context, Reply<std::vector<RemoteFile>> reply)
{
    carryOver([path, back = carryBack(context, std::move(reply))](Driver* d) { d->listFolder(path, d, back); });
}

void ThreadedDriver::metadata(const QString& file, QObject* context, Reply<FileMetadata> reply)
{
    carryOver([file, back = carryBack(context, std::move(reply))](Driver* d) { d->metadata(file, d, back); });
}

void ThreadedDriver::download(const QString& root, const QString& path, const QString& localPath, quint64 from,
                              Percent progress, QObject* context, Reply<RemoteFile> reply)
{
    carryOver([=, percent = carryBack(context, std::move(progress)), back = carryBack(context, std::move(reply))](Driver* d) {
        d->download(root, path, localPath, from, percent, d, back);
    });
}

void ThreadedDriver::upload(const QString& localPath, const QString& root, const QString& path, bool overwrite,
                            Percent progress, QObject* context, Reply<RemoteFile> reply)
{
    carryOver([=, percent = carryBack(context, std::move(progress)), back = carryBack(context, std::move(reply))](Driver* d) {
        d->upload(localPath, root, path, overwrite, percent, d, back);
    });
}

void ThreadedDriver::readBlocks(const QString& root, const QString& path, const std::vector<Block>& blocks, QObject* context,
                                Reply<std::vector<QByteArray>> reply)
{
    carryOver([=, back = carryBack(context, std::move(reply))](Driver* d) { d->readBlocks(root, path, blocks, d, back); });
}

void ThreadedDriver::moveFile(const QString& from, const QString& to, QObject* context, Reply<> reply)
{
    carryOver([from, to, back = carryBack(context, std::move(reply))](Driver* d) { d->moveFile(from, to, d, back); });
}

void ThreadedDriver::history(int limit, QObject* context, Reply<std::vector<RemoteJob>> reply)
{
    carryOver([limit, back = carryBack(context, std::move(reply))](Driver* d) { d->history(limit, d, back); });
}

void ThreadedDriver::consoleStore(int count, QObject* context, Reply<std::vector<ConsoleLine>> reply)
{
    carryOver([count, back = carryBack(context, std::move(reply))](Driver* d) { d->consoleStore(count, d, back); });
}

} // namespace kintsugi::link
