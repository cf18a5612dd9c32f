// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QPointer>

#include "recovery/snapshot.h"
#include "session.h"
#include "tablemodel.h"

namespace kintsugi::app {

/// The snapshot table: ascending byte, every cell in words. Rows are inserted and changed, never reset for one snapshot.
class SnapshotModel final : public TableModel
{
    Q_OBJECT
public:
    /// Layer is 1-based on screen; Z stands beside it. Completeness "n of m" fields known. Age: how old the state already was
    /// when it was written.
    enum Column { Time, Layer, Z, Byte, Source, Completeness, Agreement, Age, Note, Pinned, ColumnCount };
    enum Role {
        RawRole = Qt::UserRole + 1, ///< number or text to sort by; layer and completeness as numbers
        SnapshotRole,               ///< recovery::Snapshot, any column
        IdRole,                     ///< qint64 of the store, 0 = not stored
        ByteRole,                   ///< qulonglong
        SourceRole,                 ///< int, recovery::SnapshotSource: the marker's shape
        ConflictRole,               ///< int, fields in which observed and replayed differ
    };
    explicit SnapshotModel(QObject* parent = nullptr);

    /// Shows the stored snapshots of the session's job and keeps up with them; nullptr = empty. Edits of note and pin are
    /// stored through the session's archive.
    void follow(Session* session);
    /// Replaces what is shown by the smallest change: known ids stay in their rows.
    void setSnapshots(std::vector<recovery::Snapshot> snapshots);
    void add(const recovery::Snapshot& snapshot);
    [[nodiscard]] const std::vector<recovery::Snapshot>& snapshots() const { return m_snapshots; }
    [[nodiscard]] const recovery::Snapshot* at(int row) const; ///< nullptr outside
    [[nodiscard]] int rowOfId(qint64 id) const;                ///< -1 when absent
    [[nodiscard]] int rowNearByte(ByteOffset byte) const;      ///< the last one at or before it, else the first; -1 when empty

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override; ///< Note, Pinned (CheckStateRole)
    [[nodiscard]] QHash<int, QByteArray> roleNames() const override;

signals:
    void noteEdited(qint64 id, const QString& note, bool pinned);
    void failed(const kintsugi::Error& error);

private:
    void reload();
    [[nodiscard]] QVariant display(const recovery::Snapshot& snapshot, int column) const;
    [[nodiscard]] QVariant raw(const recovery::Snapshot& snapshot, int column) const;

    std::vector<recovery::Snapshot> m_snapshots;
    QPointer<Session> m_session;
    QString m_job;
    bool m_loading = false, m_again = false;
};

/// "recorder", "plugin", … in the person's language.
[[nodiscard]] QString sourceText(recovery::SnapshotSource source);
[[nodiscard]] QString originText(recovery::Origin origin);
/// Local date and time, empty when unknown.
[[nodiscard]] QString timeText(std::optional<double> secondsSinceEpoch);

} // namespace kintsugi::app
