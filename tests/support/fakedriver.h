// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <vector>

#include <QSet>

#include "driver.h"

namespace kintsugi::test {

/// A printer that does what a test says. Replies come by the event loop, like a real one's; hold() keeps them back.
class FakeDriver : public link::Driver
{
    Q_OBJECT
public:
    using link::Driver::Driver;

    struct Call { QString name; QStringList arguments; };
    std::vector<Call> calls;                          ///< every request, oldest first
    [[nodiscard]] QStringList callNames() const;
    [[nodiscard]] int count(const QString& name) const;

    // the printer's side; a test sets these at any time
    link::HostInfo info = readyHost();
    recovery::Sample status;                          ///< answer of readStatus
    QJsonObject variables, settings;
    MeshProfiles meshes;                              ///< answer of readMeshes
    link::Readiness readiness;                        ///< answer of readReadiness
    link::ProbeResult probe;                          ///< answer of readProbe
    std::map<QString, QByteArray> files;              ///< "config/variables.cfg" -> bytes
    std::map<QString, double> modified;
    std::vector<link::RemoteJob> jobs;                ///< newest first, answer of history
    std::vector<link::ConsoleLine> console;
    std::function<Result<link::ScriptResult>(const QString&)> onScript; ///< empty = ok
    std::function<Result<>(const QString& name, const QStringList& arguments)> onCommand; ///< print control; empty = ok
    QHash<QString, Error> failing;                    ///< call name -> error answered

    [[nodiscard]] static link::HostInfo readyHost();
    /// A sample of a running print; times of one clock.
    [[nodiscard]] static recovery::Sample printing(const QString& file, double time, ByteOffset byte, double duration);

    void goOnline();                                  ///< Connected, then the host's state
    void dropLink(link::LinkState state = link::LinkState::Retrying);
    void setHost(link::HostState state, const QString& message = {});
    void emitSample(const recovery::Sample& sample);  ///< also the answer of readStatus from now on
    void say(const QString& text, double time = 0);   ///< a console response
    void setVariables(const QJsonObject& json);       ///< emits variablesChanged
    void writeFile(const QString& rootAndPath, const QByteArray& bytes, double time = 0); ///< emits fileChanged
    void changeJob(const link::RemoteJob& job);       ///< replaces or adds in jobs, emits jobChanged
    /// Keeps answers back, of these calls only when some are named.
    void hold(const QStringList& names = {}) { m_held = true, m_heldNames = names; }
    void release();                                   ///< answers what was held back, in order

    // link::Driver
    void open() override;
    void close() override;
    [[nodiscard]] link::LinkState linkState() const override { return m_link; }
    [[nodiscard]] link::HostInfo host() const override { return info; }
    void readStatus(QObject* context, Reply<recovery::Sample> reply) override;
    void readVariables(QObject* context, Reply<QJsonObject> reply) override;
    void readSettings(QObject* context, Reply<QJsonObject> reply) override;
    void readReadiness(QObject* context, Reply<link::Readiness> reply) override;
    void readProbe(QObject* context, Reply<link::ProbeResult> reply) override;
    void readMeshes(QObject* context, Reply<MeshProfiles> reply) override;
    void runScript(const QString& script, QObject* context, Reply<link::ScriptResult> reply) override;
    void startPrint(const QString& file, QObject* context, Reply<> reply) override;
    void startPrintAt(const QString& file, ByteOffset byte, QObject* context, Reply<> reply) override;
    void pausePrint(QObject* context, Reply<> reply) override;
    void cancelPrint(QObject* context, Reply<> reply) override;
    void emergencyStop(QObject* context, Reply<> reply) override;
    void restartHost(bool firmware, QObject* context, Reply<> reply) override;
    void listFiles(const QString& root, QObject* context, Reply<std::vector<link::RemoteFile>> reply) override;
    void listFolder(const QString& path, QObject* context, Reply<std::vector<link::RemoteFile>> reply) override;
    void metadata(const QString& file, QObject* context, Reply<link::FileMetadata> reply) override;
    void download(const QString& root, const QString& path, const QString& localPath, quint64 from, Percent progress, QObject* context,
                  Reply<link::RemoteFile> reply) override;
    void upload(const QString& localPath, const QString& root, const QString& path, bool overwrite, Percent progress, QObject* context,
                Reply<link::RemoteFile> reply) override;
    void readBlocks(const QString& root, const QString& path, const std::vector<Block>& blocks, QObject* context,
                    Reply<std::vector<QByteArray>> reply) override;
    void moveFile(const QString& from, const QString& to, QObject* context, Reply<> reply) override;
    void history(int limit, QObject* context, Reply<std::vector<link::RemoteJob>> reply) override;
    void consoleStore(int count, QObject* context, Reply<std::vector<link::ConsoleLine>> reply) override;

private:
    template <class T>
    void answer(const QString& name, const QStringList& arguments, QObject* context, Reply<T> reply, std::function<Result<T>()> make);
    void command(const QString& name, const QStringList& arguments, QObject* context, Reply<> reply);
    [[nodiscard]] link::RemoteFile remote(const QString& rootAndPath) const;
    [[nodiscard]] std::vector<link::RemoteFile> below(const QString& folder) const;

    link::LinkState m_link = link::LinkState::Offline;
    bool m_held = false;
    QStringList m_heldNames;
    std::vector<std::function<void()>> m_waiting;
};

} // namespace kintsugi::test
