// SPDX-License-Identifier: GPL-3.0-or-later
#include "printerlistmodel.h"

#include <algorithm>

#include "errortext.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

QString longText(const Session& session)
{
    const QString state = stateText(session.state());
    const auto& sample = session.sample();
    const bool busy = session.state() == PrinterState::Printing || session.state() == PrinterState::Paused;
    if (busy && sample && sample->filePosition && sample->fileSize.value_or(0) > 0) {
        const auto percent = static_cast<int>(*sample->filePosition * 100 / *sample->fileSize);
        return PrinterListModel::tr("%1 %2 %, %3").arg(state, QString::number(percent), QString::fromStdString(sample->file));
    }
    if (session.state() == PrinterState::Interrupted && session.job())
        return PrinterListModel::tr("%1: %2").arg(state, session.job()->file);
    if (session.state() == PrinterState::Offline && session.lastError())
        return PrinterListModel::tr("%1: %2").arg(state, errorText(*session.lastError()).what);
    return state;
}

} // namespace

PrinterListModel::PrinterListModel(QObject* parent) : QAbstractListModel(parent) {}

void PrinterListModel::add(Session* session)
{
    if (rowOf(session) >= 0)
        return;
    beginInsertRows({}, rowCount(), rowCount());
    m_sessions.push_back(session);
    endInsertRows();
    for (const auto signal : {&Session::stateChanged, &Session::jobChanged})
        connect(session, signal, this, [this, session] { changed(session); });
    connect(session, &Session::sampled, this, [this, session] { changed(session); });
}

void PrinterListModel::remove(Session* session)
{
    const int row = rowOf(session);
    if (row < 0)
        return;
    session->disconnect(this);
    beginRemoveRows({}, row, row);
    m_sessions.erase(m_sessions.begin() + row);
    endRemoveRows();
}

Session* PrinterListModel::at(int row) const
{
    return row >= 0 && row < rowCount() ? m_sessions[static_cast<std::size_t>(row)] : nullptr;
}

int PrinterListModel::rowOf(const Session* session) const
{
    const auto it = std::find(m_sessions.begin(), m_sessions.end(), session);
    return it == m_sessions.end() ? -1 : static_cast<int>(it - m_sessions.begin());
}

void PrinterListModel::changed(const Session* session)
{
    if (const int row = rowOf(session); row >= 0)
        emit dataChanged(index(row), index(row));
}

int PrinterListModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_sessions.size());
}

QVariant PrinterListModel::data(const QModelIndex& index, int role) const
{
    Session* session = index.isValid() ? at(index.row()) : nullptr;
    if (!session)
        return {};
    switch (role) {
    case Qt::DisplayRole: return session->profile().name;
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole: return tr("%1, %2").arg(session->profile().name, longText(*session));
    case SessionRole: return QVariant::fromValue(session);
    case StateRole: return static_cast<int>(session->state());
    case StateTextRole: return longText(*session);
    case ShapeRole: return shapeKey(session->state());
    case IdRole: return session->profile().id;
    default: return {};
    }
}

QString stateText(PrinterState state)
{
    switch (state) {
    case PrinterState::Offline: return PrinterListModel::tr("offline");
    case PrinterState::Connecting: return PrinterListModel::tr("connecting");
    case PrinterState::Error: return PrinterListModel::tr("error");
    case PrinterState::Starting: return PrinterListModel::tr("starting");
    case PrinterState::Shutdown: return PrinterListModel::tr("shut down");
    case PrinterState::Idle: return PrinterListModel::tr("idle");
    case PrinterState::Printing: return PrinterListModel::tr("printing");
    case PrinterState::Paused: return PrinterListModel::tr("paused");
    case PrinterState::Interrupted: return PrinterListModel::tr("interrupted");
    }
    return {};
}

QString shapeKey(PrinterState state)
{
    switch (state) {
    case PrinterState::Offline: return u"offline"_s;
    case PrinterState::Connecting: return u"connecting"_s;
    case PrinterState::Error: return u"error"_s;
    case PrinterState::Starting: return u"starting"_s;
    case PrinterState::Shutdown: return u"shutdown"_s;
    case PrinterState::Idle: return u"idle"_s;
    case PrinterState::Printing: return u"printing"_s;
    case PrinterState::Paused: return u"paused"_s;
    case PrinterState::Interrupted: return u"interrupted"_s;
    }
    return {};
}

} // namespace kintsugi::app
