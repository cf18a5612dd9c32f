// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QThread>

#include "driver.h"

namespace kintsugi::link {

/// Runs another driver on a link thread of its own behind the same interface: replies and signals come on the thread that
/// made this object, linkState() and host() tell what the last signals said. Destroying it stops the thread; replies that
/// are still under way are then dropped.
class ThreadedDriver final : public Driver
{
    Q_OBJECT
public:
    explicit ThreadedDriver(std::unique_ptr<Driver> driver, QObject* parent = nullptr);
    ~ThreadedDriver() override;

    void open() override;
    void close() override;
    [[nodiscard]] LinkState linkState() const override { return m_linkState; }
    [[nodiscard]] HostInfo host() const override { return m_host; }

    void readStatus(QObject* context, Reply<recovery::Sample> reply) override;
    void readVariables(QObject* context, Reply<QJsonObject> reply) override;
    void readSettings(QObject* context, Reply<QJsonObject> reply) override;
    void readReadiness(QObject* context, Reply<Readiness> reply) override;
    void readProbe(QObject* context, Reply<ProbeResult> reply) override;
    void readMeshes(QObject* context, Reply<MeshProfiles> reply) override;

    void runScript(const QString& script, QObject* context, Reply<ScriptResult> reply) override;
    void startPrint(const QString& file, QObject* context, Reply<> reply) override;
    void startPrintAt(const QString& file, ByteOffset byte, QObject* context, Reply<> reply) override;
    void pausePrint(QObject* context, Reply<> reply) override;
    void cancelPrint(QObject* context, Reply<> reply) override;
    void emergencyStop(QObject* context, Reply<> reply) override;
    void restartHost(bool firmware, QObject* context, Reply<> reply) override;

    void listFiles(const QString& root, QObject* context, Reply<std::vector<RemoteFile>> reply) override;
    void listFolder(const QString& path, QObject* context, Reply<std::vector<RemoteFile>> reply) override;
    void metadata(const QString& file, QObject* context, Reply<FileMetadata> reply) override;
    void download(const QString& root, const QString& path, const QString& localPath, quint64 from, Percent progress,
                  QObject* context, Reply<RemoteFile> reply) override;
    void upload(const QString& localPath, const QString& root, const QString& path, bool overwrite, Percent progress,
                QObject* context, Reply<RemoteFile> reply) override;
    void readBlocks(const QString& root, const QString& path, const std::vector<Block>& blocks, QObject* context,
                    Reply<std::vector<QByteArray>> reply) override;
    void moveFile(const QString& from, const QString& to, QObject* context, Reply<> reply) override;

    void history(int limit, QObject* context, Reply<std::vector<RemoteJob>> reply) override;
    void consoleStore(int count, QObject* context, Reply<std::vector<ConsoleLine>> reply) override;

private:
    template <class T>
    Reply<T> carryBack(QObject* context, Reply<T> reply);
    Percent carryBack(QObject* context, Percent progress);
    template <class Call>
    void carryOver(Call call);
    void forwardSignals();

    QThread m_thread;
    Driver* m_driver; ///< lives and dies on m_thread
    LinkState m_linkState;
    HostInfo m_host;
};

} // namespace kintsugi::link
