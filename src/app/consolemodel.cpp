// SPDX-License-Identifier: GPL-3.0-or-later
#include "consolemodel.h"

namespace kintsugi::app {

ConsoleModel::ConsoleModel(QObject* parent, int limit) : QAbstractListModel(parent), m_limit(limit) {}

void ConsoleModel::follow(Session* session)
{
    if (m_session)
        m_session->disconnect(this);
    m_session = session;
    clear();
    if (!session)
        return;
    for (const link::ConsoleLine& line : session->console())
        add(line);
    connect(session, &Session::consoleReceived, this, &ConsoleModel::add);
}

void ConsoleModel::add(const link::ConsoleLine& line)
{
    if (rowCount() >= m_limit) {
        // A tenth at a time: a view moves all its rows for every removal.
        const int count = std::max(1, m_limit / 10);
        beginRemoveRows({}, 0, count - 1);
        m_lines.erase(m_lines.begin(), m_lines.begin() + count);
        endRemoveRows();
    }
    beginInsertRows({}, rowCount(), rowCount());
    m_lines.push_back(line);
    endInsertRows();
}

void ConsoleModel::clear()
{
    if (m_lines.empty())
        return;
    beginRemoveRows({}, 0, rowCount() - 1);
    m_lines.clear();
    endRemoveRows();
}

int ConsoleModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

QVariant ConsoleModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const link::ConsoleLine& line = m_lines[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole: return line.text;
    case TimeRole: return line.time;
    case CommandRole: return line.command;
    case ErrorRole: return line.isError();
    default: return {};
    }
}

} // namespace kintsugi::app
