// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractListModel>

#include "session.h"

namespace kintsugi::app {

/// The printers, each with its state in words and as the name of a shape. Does not own the sessions.
class PrinterListModel final : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role {
        SessionRole = Qt::UserRole + 1, ///< Session*
        StateRole,                      ///< int, PrinterState
        StateTextRole,                  ///< QString, in words, with the file and progress while printing
        ShapeRole,                      ///< QString: shapeKey()
        IdRole,                         ///< QString, of the profile
    };
    explicit PrinterListModel(QObject* parent = nullptr);
    void add(Session* session);
    void remove(Session* session);   ///< before it is deleted
    [[nodiscard]] Session* at(int row) const; ///< nullptr outside
    [[nodiscard]] int rowOf(const Session* session) const; ///< -1 when absent

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;

private:
    void changed(const Session* session);
    std::vector<Session*> m_sessions;
};

[[nodiscard]] QString stateText(PrinterState state);
/// "offline", "connecting", "error", "starting", "shutdown", "idle", "printing", "paused", "interrupted"
[[nodiscard]] QString shapeKey(PrinterState state);

} // namespace kintsugi::app
