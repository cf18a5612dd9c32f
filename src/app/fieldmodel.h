// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QPointer>

#include "recovery/snapshot.h"
#include "resumeflow.h"
#include "tablemodel.h"

namespace kintsugi::app {

/// The inspector: every field of a snapshot with value, origin and conflicts in words.
class FieldModel final : public TableModel
{
    Q_OBJECT
public:
    enum Column { Field, Value, Now, OriginColumn, Remark, ColumnCount }; ///< Now: what the printer reports at this moment
    enum Role {
        RawRole = Qt::UserRole + 1,
        KeyRole,      ///< QString, the field's key
        OriginRole,   ///< int, recovery::Origin
        ConflictRole, ///< bool, observed and replayed differ
        MissingRole,  ///< bool, a must-have field that is unknown
    };
    explicit FieldModel(QObject* parent = nullptr);

    /// Shows a snapshot, read-only. Equal keys keep their rows.
    void setSnapshot(const std::optional<recovery::Snapshot>& snapshot);
    /// Shows the flow's snapshot and makes values editable through it; nullptr = read-only again.
    void follow(ResumeFlow* flow);
    /// What the printer reports, for the column Now; nullopt = nothing is known of it.
    void setNow(const std::optional<recovery::Sample>& sample);
    /// Kept with the next edits. Without one an edit is refused with BadValue, field "reason".
    void setReason(const QString& reason) { m_reason = reason; }
    [[nodiscard]] int rowOfKey(const QString& key) const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;

signals:
    void editRefused(const kintsugi::Error& error);

private:
    void setRows(std::vector<recovery::FieldRow> rows, std::vector<std::string> missing);
    [[nodiscard]] QString remark(const recovery::FieldRow& row) const;
    [[nodiscard]] bool isMissing(const recovery::FieldRow& row) const;

    std::vector<recovery::FieldRow> m_rows;
    std::vector<std::string> m_missing;
    QPointer<ResumeFlow> m_flow;
    QString m_reason;
    std::optional<recovery::Sample> m_now;
};

/// What a sample says of the field `key` of a snapshot; empty when it says nothing. Positions count only on homed axes.
[[nodiscard]] QString nowText(const recovery::Sample& sample, const std::string& key);

} // namespace kintsugi::app
