// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTemporaryDir>
#include <QTimer>

#include "resumeflow.h"

namespace kintsugi::app {

/// Puts the recorded mesh into printer.cfg as a profile of the program's own, and takes it out again, also after this
/// program was started anew: the store keeps both texts. Every write is journalled first, nothing is written over a text that was not read just before, and the old text stays beside the new.
class MeshRepair final : public QObject
{
    Q_OBJECT
public:
    explicit MeshRepair(Session& session);

    [[nodiscard]] const MeshRestore& state() const { return m_state; }
    [[nodiscard]] bool canUndo() const;
    void recall(); ///< what this program wrote in another life and nobody put back
    void propose(const recovery::SharedMesh& used);
    void restore();
    void undo();

signals:
    void changed();
    void settled();                            ///< the host is ready with another configuration: facts and plan are stale
    void failed(const kintsugi::Error& error);

private:
    using Next = std::function<void()>;
    using Read = std::function<void(const std::string& text)>;
    using Look = std::function<void(const Result<std::string>& text)>;
    void setStage(MeshRestore::Stage stage);
    void give(const Error& error);
    void whenIdle(const Next& next);
    void readConfiguration(const Read& next);
    void lookAtConfiguration(const Look& reply);
    void write(const std::string& text, const QString& to, bool overwrite, const Next& next);
    void replace(const std::string& expected, const std::string& text, const Next& next);
    void remember(const Next& next);
    void forget(const Next& next);
    void restart(const Next& next);
    void watch(const link::HostInfo& host);
    void verify();

    Session& m_session;
    MeshRestore m_state;
    MeshRestore::Stage m_fallback = MeshRestore::Stage::Idle; ///< where an error leads back to
    recovery::SharedMesh m_mesh;
    std::string m_before, m_after;
    bool m_written = false;                    ///< printer.cfg is ours
    QTemporaryDir m_folder;
    std::unique_ptr<QObject> m_watch;          ///< of a restart under way
    QTimer m_patience;
    bool m_left = false;
    Next m_whenReady;
};

} // namespace kintsugi::app
