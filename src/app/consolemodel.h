// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>

#include <QAbstractListModel>
#include <QPointer>

#include "session.h"

namespace kintsugi::app {

/// Console lines, newest last, bounded: the oldest go when the limit is reached.
class ConsoleModel final : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role {
        TimeRole = Qt::UserRole + 1, ///< double, s since epoch UTC
        CommandRole,                 ///< bool, sent by a client
        ErrorRole,                   ///< bool
    };
    static constexpr int defaultLimit = 5000;
    explicit ConsoleModel(QObject* parent = nullptr, int limit = defaultLimit);
    void follow(Session* session); ///< its console so far and what comes; nullptr = empty
    void add(const link::ConsoleLine& line);
    void clear();

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;

private:
    std::deque<link::ConsoleLine> m_lines;
    QPointer<Session> m_session;
    int m_limit;
};

} // namespace kintsugi::app
