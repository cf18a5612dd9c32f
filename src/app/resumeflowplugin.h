// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTemporaryDir>

#include "gcode/fileindex.h"
#include "session.h"

namespace kintsugi::app {

/// klipper-plr's resume_meta_info for a snapshot, as the plugin itself would have written it (klipper.md 3): one Python
/// literal on one line, ready for SAVE_VARIABLE. Temperatures are the targets. BadValue when the file's name has characters
/// that Klipper's parser or its file cannot take; UnknownState when the position is not known.
[[nodiscard]] Result<QString> pluginLiteral(const recovery::Snapshot& snapshot, const gcode::FileIndex& index);
/// `SAVE_VARIABLE VARIABLE=resume_meta_info VALUE=…`; nullopt when no quoting makes the literal safe.
[[nodiscard]] std::optional<QString> saveStateCommand(const QString& literal);

/// Sets the plugin's saved state to a snapshot and puts the former text back. PLR_RESUME_PRINT is never sent by this program:
/// this is for macros of the person that read the state.
class PluginWriter final : public QObject
{
    Q_OBJECT
public:
    explicit PluginWriter(Session& session) : m_session(session) {}

    [[nodiscard]] bool isWritten() const { return m_former.has_value(); }
    [[nodiscard]] bool isBusy() const { return m_busy; }
    void write(const recovery::Snapshot& snapshot, const gcode::FileIndex& index);
    void putBack();
    void forget(); ///< the plugin's data was reset: there is nothing to put back

signals:
    void changed();
    void failed(const kintsugi::Error& error);

private:
    using Read = std::function<void(const QString& literal)>;
    void give(const Error& error);
    void findFile(const Read& next);
    void readLiteral(const QString& path, const Read& next);
    void save(const QString& literal, const std::function<void()>& next);

    Session& m_session;
    QTemporaryDir m_folder;
    std::optional<QString> m_former; ///< text that stood there before ours
    QString m_ours;
    bool m_busy = false;
};

} // namespace kintsugi::app
