// SPDX-License-Identifier: GPL-3.0-or-later
#include "fieldmodel.h"

#include "errortext.h"
#include "snapshotmodel.h"

namespace kintsugi::app {

FieldModel::FieldModel(QObject* parent) : TableModel(parent) {}

void FieldModel::setRows(std::vector<recovery::FieldRow> rows, std::vector<std::string> missing)
{
    m_missing = std::move(missing);
    sync(m_rows, std::move(rows), [](const recovery::FieldRow& row) { return row.key; });
}

void FieldModel::setSnapshot(const std::optional<recovery::Snapshot>& snapshot)
{
    if (snapshot)
        setRows(recovery::fieldRows(*snapshot), snapshot->missing());
    else
        setRows({}, {});
}

void FieldModel::follow(ResumeFlow* flow)
{
    if (m_flow)
        m_flow->disconnect(this);
    m_flow = flow;
    if (!flow)
        return;
    const auto show = [this] { setSnapshot(m_flow->snapshot()); };
    connect(flow, &ResumeFlow::chosenChanged, this, show);
    connect(flow, &ResumeFlow::planned, this, show);
    show();
}

int FieldModel::rowOfKey(const QString& key) const
{
    const auto it = std::find_if(m_rows.begin(), m_rows.end(),
                                 [wanted = key.toStdString()](const recovery::FieldRow& row) { return row.key == wanted; });
    return it == m_rows.end() ? -1 : static_cast<int>(it - m_rows.begin());
}

int FieldModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int FieldModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

bool FieldModel::isMissing(const recovery::FieldRow& row) const
{
    return std::find(m_missing.begin(), m_missing.end(), row.key) != m_missing.end();
}

QString FieldModel::remark(const recovery::FieldRow& row) const
{
    QStringList parts;
    if (isMissing(row))
        parts << tr("must be known before a resume");
    if (row.info.conflicts())
        parts << tr("printer said %1, file says %2")
                     .arg(QString::fromStdString(row.info.observed), QString::fromStdString(row.info.replayed));
    if (!row.info.note.empty())
        parts << QString::fromStdString(row.info.note);
    return parts.join(QLatin1String("; "));
}

QVariant FieldModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const recovery::FieldRow& row = m_rows[static_cast<std::size_t>(index.row())];
    const bool unknown = row.info.origin == recovery::Origin::Unknown;
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
    case RawRole:
        switch (index.column()) {
        case Field: return text(row.label);
        case Value:
            if (unknown)
                return role == Qt::DisplayRole ? tr("unknown") : QString();
            return QString::fromStdString(row.value);
        case OriginColumn: return originText(row.info.origin);
        default: return remark(row);
        }
    case KeyRole:
        return QString::fromStdString(row.key);
    case OriginRole:
        return static_cast<int>(row.info.origin);
    case ConflictRole:
        return row.info.conflicts();
    case MissingRole:
        return isMissing(row);
    default:
        return {};
    }
}

QVariant FieldModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Field: return tr("Field");
    case Value: return tr("Value");
    case OriginColumn: return tr("Origin");
    case Remark: return tr("Remark");
    default: return {};
    }
}

Qt::ItemFlags FieldModel::flags(const QModelIndex& index) const
{
    Qt::ItemFlags flags = TableModel::flags(index);
    if (index.isValid() && index.column() == Value && m_flow)
        flags |= Qt::ItemIsEditable;
    return flags;
}

bool FieldModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable))
        return false;
    if (m_reason.trimmed().isEmpty()) {
        emit editRefused(Error{.code = ErrorCode::BadValue, .field = "reason"});
        return false;
    }
    const QString key = index.data(KeyRole).toString();
    if (const Result<> done = m_flow->editField(key, value.toString(), m_reason); !done) {
        emit editRefused(done.error());
        return false;
    }
    setSnapshot(m_flow->snapshot());
    return true;
}

} // namespace kintsugi::app
