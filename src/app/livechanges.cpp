// SPDX-License-Identifier: GPL-3.0-or-later
#include "livechanges.h"

#include <algorithm>

namespace kintsugi::app {

LiveChanges::LiveChanges(Session& session, QObject* parent) : QObject(parent), m_session(session) {}

bool LiveChanges::inForce(const QString& action) const
{
    return std::any_of(m_changes.begin(), m_changes.end(), [&action](const Change& change) { return change.action == action; });
}

void LiveChanges::apply(const QString& action, const QStringList& lines, const QStringList& restore, Done then)
{
    const QString script = lines.join(u'\n');
    QStringList told = lines;
    for (const QString& line : restore)
        told << restoreMark + line;
    m_session.journalled(action, told.join(u'\n'), 0, this, [this, action, script, restore, then = std::move(then)](const Result<Session::Outcome>& written) {
        if (!written)
            return then(fail(written.error()));
        m_changes.push_back({action, restore, *written}); // from here on it may be in force
        m_session.driver().runScript(script, this, [this, action, end = *written, then](const Result<link::ScriptResult>& result) {
            const bool refused = !result && result.error().code == ErrorCode::Refused;
            if (refused && !m_changes.empty() && m_changes.back().action == action) {
                m_changes.pop_back();
                end(Session::outcomeText(result));
            }
            then(result.map([](const link::ScriptResult&) {}));
        });
    });
}

void LiveChanges::putBack(const QString& action, Done then)
{
    auto kept = std::stable_partition(m_changes.begin(), m_changes.end(), [&action](const Change& change) { return !action.isEmpty() && change.action != action; });
    std::vector<Change> ours(std::make_move_iterator(kept), std::make_move_iterator(m_changes.end()));
    m_changes.erase(kept, m_changes.end());
    std::reverse(ours.begin(), ours.end());
    QStringList lines;
    for (const Change& change : ours)
        lines << change.restore;
    if (lines.isEmpty())
        return then({});
    m_session.send(QStringLiteral("put-back"), lines.join(u'\n'), this, [this, ours, then = std::move(then)](const Result<link::ScriptResult>& result) {
        if (result) {
            for (const Change& change : ours)
                change.end(tr("put back"));
        } else {
            m_changes.insert(m_changes.end(), ours.rbegin(), ours.rend());
        }
        then(result.map([](const link::ScriptResult&) {}));
    });
}

void LiveChanges::forget()
{
    for (const Change& change : std::exchange(m_changes, {}))
        change.end(tr("gone with the restart of the printer's host"));
}

} // namespace kintsugi::app
