// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QPointer>

#include "session.h"
#include "tablemodel.h"

namespace kintsugi::app {

/// What was sent to the printer, newest first, with what became of it.
class JournalModel final : public TableModel
{
    Q_OBJECT
public:
    enum Column { Time, Action, Text, Step, Outcome, Duration, ColumnCount };
    enum Role {
        RawRole = Qt::UserRole + 1,
        IdRole,         ///< qint64
        UnfinishedRole, ///< bool: sent, and nothing is known of its end
    };
    explicit JournalModel(QObject* parent = nullptr);
    void follow(Session* session); ///< shows its printer's journal and keeps up; nullptr = empty
    void setEntries(std::vector<JournalEntry> newestFirst); ///< equal ids keep their rows
    [[nodiscard]] const std::vector<JournalEntry>& entries() const { return m_entries; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

signals:
    void failed(const kintsugi::Error& error);

private:
    void reload();

    std::vector<JournalEntry> m_entries;
    QPointer<Session> m_session;
    bool m_loading = false, m_again = false;
};

} // namespace kintsugi::app
