// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QObject>

#include "session.h"

namespace kintsugi::app {

/// What a run changes at the running printer for a while. Each change stays open in the journal, with the lines that undo
/// it, until they were answered: after a crash the next start names them.
class LiveChanges final : public QObject
{
    Q_OBJECT
public:
    using Done = std::function<void(const Result<>&)>;
    LiveChanges(Session& session, QObject* parent);

    /// One change of this action; in force when `then` gets no error.
    void apply(const QString& action, const QStringList& lines, const QStringList& restore, Done then);
    /// All changes of this action (empty: all), newest first, in one script.
    void putBack(const QString& action, Done then);
    void forget();                            ///< the host restarted: nothing of it is in force any more
    [[nodiscard]] bool inForce(const QString& action) const;
    [[nodiscard]] bool isEmpty() const { return m_changes.empty(); }

private:
    struct Change { QString action; QStringList restore; Session::Outcome end; };
    Session& m_session;
    std::vector<Change> m_changes;
};

} // namespace kintsugi::app
