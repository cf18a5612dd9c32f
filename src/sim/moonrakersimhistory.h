// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QJsonObject>

#include "moonrakersimrpc.h"

namespace kintsugi::sim {

/// The job history as Moonraker keeps it: one record per print, written at its start and at its end, so that a job
/// whose server died is found `in_progress` at the next start and becomes `interrupted`.
class SimHistory
{
public:
    struct World {
        std::function<double()> now;                              ///< s since epoch
        std::function<QJsonObject(const QString& file)> metadata; ///< empty when there is none
        std::function<void(const QString& action, const QJsonObject& job)> changed;
    };

    SimHistory(const QString& file, World world);

    void load();                                    ///< what was in progress is interrupted
    void initialise(const QJsonObject& printStats); ///< klippy is ready: the state from which changes count
    void note(const QJsonObject& printStats);       ///< changed fields of print_stats
    void finish(const QString& status);             ///< klippy_shutdown, klippy_disconnect
    void requestedBy(const QString& user) { m_user = user; }

    [[nodiscard]] Answer list(const QJsonObject& params) const;
    [[nodiscard]] Answer job(const QJsonObject& params) const;
    [[nodiscard]] Answer totals() const;
    [[nodiscard]] Answer remove(const QJsonObject& params);
    /// print_start_time and job_id of the newest print of this content; nulls when never printed.
    [[nodiscard]] QJsonObject lastPrintOf(const QString& file, const QString& uuid) const;
    [[nodiscard]] const QJsonObject& printStats() const { return m_stats; }

private:
    void begin();
    void end(const QString& status, const QJsonObject& stats);
    void save() const;
    void addTotals(const QJsonObject& job);
    [[nodiscard]] QJsonObject shown(const QJsonObject& job) const;

    QString m_file;
    World m_world;
    std::vector<QJsonObject> m_jobs; ///< oldest first
    QJsonObject m_totals, m_stats;
    std::optional<std::size_t> m_current;
    qint64 m_lastId = 0;
    QString m_user;
};

} // namespace kintsugi::sim
