// SPDX-License-Identifier: GPL-3.0-or-later
#include "journalmodel.h"

#include <QLocale>

#include "snapshotmodel.h"

namespace kintsugi::app {

JournalModel::JournalModel(QObject* parent) : TableModel(parent) {}

void JournalModel::follow(Session* session)
{
    if (m_session)
        m_session->disconnect(this);
    m_session = session;
    setEntries({});
    if (!session)
        return;
    connect(session, &Session::journalChanged, this, &JournalModel::reload);
    reload();
}

void JournalModel::reload()
{
    if (!m_session)
        return;
    m_again = m_loading;
    if (m_loading)
        return;
    m_loading = true;
    const QString printer = m_session->profile().id;
    m_session->archive().ask<std::vector<JournalEntry>>(
        this, [printer](Store& store) { return store.journal(printer); },
        [this, printer](const Result<std::vector<JournalEntry>>& result) {
            m_loading = false;
            const bool current = m_session && m_session->profile().id == printer;
            if (!result)
                emit failed(result.error());
            else if (current)
                setEntries(*result);
            if (m_again || !current)
                reload();
        });
}

void JournalModel::setEntries(std::vector<JournalEntry> newestFirst)
{
    sync(m_entries, std::move(newestFirst), [](const JournalEntry& entry) { return entry.id; });
}

int JournalModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

int JournalModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant JournalModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const JournalEntry& entry = m_entries[static_cast<std::size_t>(index.row())];
    const double seconds = entry.finished.value_or(entry.time) - entry.time;
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Time: return timeText(entry.time);
        case Action: return entry.action;
        case Text: return entry.text;
        case Step: return entry.planStep > 0 ? QVariant(entry.planStep) : QVariant();
        case Outcome: return entry.finished ? entry.result : tr("sent, nothing known yet");
        default: return entry.finished ? tr("%1 s").arg(QLocale().toString(seconds, 'f', 1)) : QString();
        }
    case Qt::ToolTipRole:
        return index.column() == Text ? QVariant(entry.text) : QVariant();
    case RawRole:
        switch (index.column()) {
        case Time: return entry.time;
        case Action: return entry.action;
        case Text: return entry.text;
        case Step: return entry.planStep;
        case Outcome: return entry.result;
        default: return entry.finished ? QVariant(seconds) : QVariant();
        }
    case IdRole:
        return entry.id;
    case UnfinishedRole:
        return !entry.finished.has_value();
    default:
        return {};
    }
}

QVariant JournalModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Time: return tr("Time");
    case Action: return tr("Action");
    case Text: return tr("Sent");
    case Step: return tr("Step");
    case Outcome: return tr("Outcome");
    case Duration: return tr("Took");
    default: return {};
    }
}

} // namespace kintsugi::app
