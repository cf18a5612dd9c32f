// SPDX-License-Identifier: GPL-3.0-or-later
#include "snapshotmodel.h"

#include <QDateTime>
#include <QLocale>

namespace kintsugi::app {

using namespace Qt::StringLiterals;
using recovery::Snapshot;

namespace {

int conflicts(const Snapshot& snapshot)
{
    return static_cast<int>(std::count_if(snapshot.fields.begin(), snapshot.fields.end(),
                                          [](const auto& field) { return field.second.conflicts(); }));
}

std::optional<double> height(const Snapshot& snapshot)
{
    const auto& z = snapshot.state.position[2];
    return z ? std::optional(static_cast<double>(*z) / 1e6) : std::nullopt;
}

std::optional<double> age(const Snapshot& snapshot)
{
    if (!snapshot.time || !snapshot.savedTime)
        return std::nullopt;
    return *snapshot.savedTime - *snapshot.time;
}

QVariant orNothing(std::optional<double> value)
{
    return value ? QVariant(*value) : QVariant();
}

// Stored rows are told apart by their id; those that are not stored yet by where they are.
std::pair<std::int64_t, ByteOffset> keyOf(const Snapshot& snapshot)
{
    return {snapshot.id, snapshot.id != 0 ? 0 : snapshot.byte};
}

bool before(const Snapshot& a, const Snapshot& b)
{
    return std::pair(a.byte, a.id) < std::pair(b.byte, b.id);
}

} // namespace

SnapshotModel::SnapshotModel(QObject* parent) : TableModel(parent) {}

void SnapshotModel::follow(Session* session)
{
    if (m_session)
        m_session->disconnect(this);
    m_session = session;
    m_job.clear();
    setSnapshots({});
    if (!session)
        return;
    connect(session, &Session::snapshotsChanged, this, &SnapshotModel::reload);
    connect(session, &Session::jobChanged, this, &SnapshotModel::reload);
    reload();
}

void SnapshotModel::reload()
{
    if (!m_session)
        return;
    const auto& job = m_session->job();
    const QString id = job ? job->id : QString();
    if (id != m_job)
        setSnapshots({});
    m_job = id;
    if (id.isEmpty())
        return;
    m_again = m_loading;
    if (m_loading)
        return;
    m_loading = true;
    const QString printer = m_session->profile().id;
    m_session->archive().ask<std::vector<Snapshot>>(
        this, [printer, id](Store& store) { return store.snapshots(printer, id); },
        [this, id](const Result<std::vector<Snapshot>>& result) {
            m_loading = false;
            if (!result)
                emit failed(result.error());
            else if (id == m_job)
                setSnapshots(*result);
            if (m_again || id != m_job)
                reload();
        });
}

void SnapshotModel::setSnapshots(std::vector<Snapshot> snapshots)
{
    std::stable_sort(snapshots.begin(), snapshots.end(), before);
    const auto same = [](const Snapshot& a, const Snapshot& b) { return keyOf(a) == keyOf(b); };
    snapshots.erase(std::unique(snapshots.begin(), snapshots.end(), same), snapshots.end());
    sync(m_snapshots, std::move(snapshots), keyOf);
}

void SnapshotModel::add(const Snapshot& snapshot)
{
    const auto known = std::find_if(m_snapshots.begin(), m_snapshots.end(),
                                    [&](const Snapshot& other) { return keyOf(other) == keyOf(snapshot); });
    if (known != m_snapshots.end()) {
        std::vector<Snapshot> next = m_snapshots;
        next[static_cast<std::size_t>(known - m_snapshots.begin())] = snapshot;
        setSnapshots(std::move(next));
        return;
    }
    const auto place = std::lower_bound(m_snapshots.begin(), m_snapshots.end(), snapshot, before);
    const int row = static_cast<int>(place - m_snapshots.begin());
    beginInsertRows({}, row, row);
    m_snapshots.insert(place, snapshot);
    endInsertRows();
}

const Snapshot* SnapshotModel::at(int row) const
{
    return row >= 0 && row < rowCount() ? &m_snapshots[static_cast<std::size_t>(row)] : nullptr;
}

int SnapshotModel::rowOfId(qint64 id) const
{
    const auto it = std::find_if(m_snapshots.begin(), m_snapshots.end(), [id](const Snapshot& s) { return s.id == id; });
    return it == m_snapshots.end() ? -1 : static_cast<int>(it - m_snapshots.begin());
}

int SnapshotModel::rowNearByte(ByteOffset byte) const
{
    if (m_snapshots.empty())
        return -1;
    const auto it = std::upper_bound(m_snapshots.begin(), m_snapshots.end(), byte,
                                     [](ByteOffset wanted, const Snapshot& s) { return wanted < s.byte; });
    return std::max(0, static_cast<int>(it - m_snapshots.begin()) - 1);
}

int SnapshotModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_snapshots.size());
}

int SnapshotModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant SnapshotModel::display(const Snapshot& snapshot, int column) const
{
    const QLocale locale;
    switch (column) {
    case Time:
        return timeText(snapshot.time ? snapshot.time : snapshot.savedTime);
    case Layer:
        return snapshot.layer ? locale.toString(static_cast<qulonglong>(*snapshot.layer) + 1) : tr("unknown");
    case Z: {
        const auto z = height(snapshot);
        return z ? tr("%1 mm").arg(locale.toString(*z, 'f', 2)) : tr("unknown");
    }
    case Byte:
        return locale.toString(static_cast<qulonglong>(snapshot.byte));
    case Source:
        return sourceText(snapshot.source);
    case Completeness:
        return tr("%1 of %2").arg(snapshot.knownFields()).arg(snapshot.fields.size());
    case Agreement: {
        const int count = conflicts(snapshot);
        return count == 0 ? tr("agrees with the file") : tr("%n field(s) differ from the file", nullptr, count);
    }
    case Age: {
        const auto seconds = age(snapshot);
        return seconds ? tr("%1 s").arg(locale.toString(*seconds, 'f', 1)) : QString();
    }
    case Note:
        return QString::fromStdString(snapshot.note);
    default:
        return {};
    }
}

QVariant SnapshotModel::raw(const Snapshot& snapshot, int column) const
{
    switch (column) {
    case Time:
        return orNothing(snapshot.time ? snapshot.time : snapshot.savedTime);
    case Layer:
        return snapshot.layer ? QVariant(static_cast<qulonglong>(*snapshot.layer)) : QVariant();
    case Z:
        return orNothing(height(snapshot));
    case Byte:
        return QVariant(static_cast<qulonglong>(snapshot.byte));
    case Source:
        return static_cast<int>(snapshot.source);
    case Completeness:
        return static_cast<double>(snapshot.knownFields()) / std::max<double>(1, static_cast<double>(snapshot.fields.size()));
    case Agreement:
        return conflicts(snapshot);
    case Age:
        return orNothing(age(snapshot));
    case Note:
        return QString::fromStdString(snapshot.note);
    default:
        return snapshot.pinned;
    }
}

QVariant SnapshotModel::data(const QModelIndex& index, int role) const
{
    const Snapshot* snapshot = at(index.row());
    if (!index.isValid() || !snapshot)
        return {};
    switch (role) {
    case Qt::DisplayRole:
        return display(*snapshot, index.column());
    case Qt::EditRole:
        return index.column() == Note ? raw(*snapshot, Note) : display(*snapshot, index.column());
    case Qt::CheckStateRole:
        return index.column() == Pinned ? QVariant(snapshot->pinned ? Qt::Checked : Qt::Unchecked) : QVariant();
    case Qt::TextAlignmentRole:
        return index.column() <= Byte && index.column() != Time ? int(Qt::AlignRight | Qt::AlignVCenter)
                                                                : int(Qt::AlignLeft | Qt::AlignVCenter);
    case Qt::AccessibleTextRole:
        return index.column() == Pinned ? QVariant(snapshot->pinned ? tr("pinned") : tr("not pinned")) : QVariant();
    case RawRole:
        return raw(*snapshot, index.column());
    case SnapshotRole:
        return QVariant::fromValue(*snapshot);
    case IdRole:
        return static_cast<qlonglong>(snapshot->id);
    case ByteRole:
        return static_cast<qulonglong>(snapshot->byte);
    case SourceRole:
        return static_cast<int>(snapshot->source);
    case ConflictRole:
        return conflicts(*snapshot);
    default:
        return {};
    }
}

QVariant SnapshotModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Time: return tr("Time");
    case Layer: return tr("Layer");
    case Z: return tr("Z");
    case Byte: return tr("Byte");
    case Source: return tr("Source");
    case Completeness: return tr("Known");
    case Agreement: return tr("File");
    case Age: return tr("Age when saved");
    case Note: return tr("Note");
    case Pinned: return tr("Pin");
    default: return {};
    }
}

Qt::ItemFlags SnapshotModel::flags(const QModelIndex& index) const
{
    Qt::ItemFlags flags = TableModel::flags(index);
    const Snapshot* snapshot = at(index.row());
    if (!index.isValid() || !snapshot || snapshot->id == 0)
        return flags; // what is not stored has no note
    if (index.column() == Note)
        flags |= Qt::ItemIsEditable;
    if (index.column() == Pinned)
        flags |= Qt::ItemIsUserCheckable;
    return flags;
}

bool SnapshotModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (!index.isValid() || !(flags(index) & (Qt::ItemIsEditable | Qt::ItemIsUserCheckable)))
        return false;
    Snapshot& snapshot = m_snapshots[static_cast<std::size_t>(index.row())];
    if (index.column() == Note && role == Qt::EditRole)
        snapshot.note = value.toString().toStdString();
    else if (index.column() == Pinned && role == Qt::CheckStateRole)
        snapshot.pinned = value.toInt() == Qt::Checked;
    else
        return false;
    emit dataChanged(index, index);
    const qint64 id = snapshot.id;
    const QString note = QString::fromStdString(snapshot.note);
    const bool pinned = snapshot.pinned;
    emit noteEdited(id, note, pinned);
    if (m_session) {
        m_session->archive().ask<void>(
            this, [id, note, pinned](Store& store) { return store.setSnapshotNote(id, note, pinned); },
            [this](const Result<>& result) {
                if (!result)
                    emit failed(result.error());
            });
    }
    return true;
}

QHash<int, QByteArray> SnapshotModel::roleNames() const
{
    QHash<int, QByteArray> names = TableModel::roleNames();
    names.insert({{RawRole, "raw"}, {IdRole, "id"}, {ByteRole, "byte"}, {SourceRole, "source"}, {ConflictRole, "conflicts"}});
    return names;
}

QString sourceText(recovery::SnapshotSource source)
{
    switch (source) {
    case recovery::SnapshotSource::Recorder: return SnapshotModel::tr("recorder");
    case recovery::SnapshotSource::Plugin: return SnapshotModel::tr("plugin");
    case recovery::SnapshotSource::Firmware: return SnapshotModel::tr("firmware");
    case recovery::SnapshotSource::File: return SnapshotModel::tr("file");
    }
    return {};
}

QString originText(recovery::Origin origin)
{
    switch (origin) {
    case recovery::Origin::Unknown: return SnapshotModel::tr("unknown");
    case recovery::Origin::Observed: return SnapshotModel::tr("observed");
    case recovery::Origin::Replayed: return SnapshotModel::tr("replayed");
    case recovery::Origin::Inferred: return SnapshotModel::tr("inferred");
    case recovery::Origin::Edited: return SnapshotModel::tr("edited");
    }
    return {};
}

QString timeText(std::optional<double> secondsSinceEpoch)
{
    if (!secondsSinceEpoch)
        return {};
    const auto time = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(*secondsSinceEpoch * 1000));
    return QLocale().toString(time.date(), QLocale::ShortFormat) + u' ' + time.toString(u"HH:mm:ss"_s);
}

} // namespace kintsugi::app
