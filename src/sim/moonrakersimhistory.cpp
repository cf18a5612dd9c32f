// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakersimhistory.h"

#include <algorithm>

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSaveFile>

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

const QString nobody = u"No User"_s;

bool isIdle(const QString& state)
{
    return state == "standby"_L1 || state == "complete"_L1 || state == "cancelled"_L1 || state == "error"_L1;
}

QString idText(qint64 id)
{
    return QString::number(id, 16).rightJustified(6, u'0').toUpper();
}

} // namespace

SimHistory::SimHistory(const QString& file, World world)
    : m_file(file)
    , m_world(std::move(world))
    , m_user(nobody)
{
    for (const auto* name :
         {"total_jobs", "total_time", "total_print_time", "total_filament_used", "longest_job", "longest_print"})
        m_totals.insert(QLatin1String(name), 0.0);
}

void SimHistory::load()
{
    m_current.reset();
    m_stats = {};
    m_user = nobody;
    QFile file(m_file);
    if (!file.open(QIODevice::ReadOnly))
        return;
    const QJsonObject root = QJsonDocument::fromJson(file.readAll()).object();
    m_lastId = root.value("last_id"_L1).toInteger();
    m_totals = root.value("totals"_L1).toObject(m_totals);
    m_jobs.clear();
    for (const QJsonValue& value : root.value("jobs"_L1).toArray()) {
        QJsonObject job = value.toObject();
        if (job.value("status"_L1) == u"in_progress"_s)
            job.insert(u"status"_s, u"interrupted"_s);
        m_jobs.push_back(job);
    }
    save();
}

void SimHistory::save() const
{
    QJsonArray jobs;
    for (const QJsonObject& job : m_jobs)
        jobs.append(job);
    QDir().mkpath(QFileInfo(m_file).absolutePath());
    QSaveFile file(m_file);
    if (!file.open(QIODevice::WriteOnly))
        return;
    file.write(QJsonDocument({{u"last_id"_s, m_lastId}, {u"totals"_s, m_totals}, {u"jobs"_s, jobs}}).toJson());
    file.commit();
}

void SimHistory::initialise(const QJsonObject& printStats)
{
    m_stats = printStats;
}

void SimHistory::note(const QJsonObject& changed)
{
    const QJsonObject before = m_stats;
    for (auto it = changed.begin(); it != changed.end(); ++it)
        m_stats.insert(it.key(), it.value());
    const QString was = before.value("state"_L1).toString(), is = m_stats.value("state"_L1).toString();
    if (was == is)
        return;
    const bool resumed = was == "paused"_L1 && is == "printing"_L1 &&
                         before.value("filename"_L1) == m_stats.value("filename"_L1) &&
                         before.value("total_duration"_L1).toDouble() < m_stats.value("total_duration"_L1).toDouble();
    if (is == "paused"_L1 || resumed)
        return;
    if (is == "printing"_L1) {
        if (m_current)
            end(u"cancelled"_s, before);
        return begin();
    }
    // A print shorter than the report interval is seen by its end alone.
    if (isIdle(was) && is != "standby"_L1)
        begin();
    if (is == "complete"_L1)
        end(u"completed"_s, m_stats);
    else if (is == "error"_L1)
        end(u"error"_s, m_stats);
    else
        end(u"cancelled"_s, is == "cancelled"_L1 ? m_stats : before);
}

void SimHistory::finish(const QString& status)
{
    end(status, m_stats);
    const QString state = m_stats.value("state"_L1).toString();
    if (state == "printing"_L1 || state == "paused"_L1)
        m_stats.insert(u"state"_s, u"error"_s);
}

void SimHistory::begin()
{
    const QString name = m_stats.value("filename"_L1).toString();
    const QJsonObject job{{u"job_id"_s, idText(++m_lastId)},
                          {u"user"_s, m_user},
                          {u"filename"_s, name},
                          {u"status"_s, u"in_progress"_s},
                          {u"start_time"_s, m_world.now()},
                          {u"end_time"_s, QJsonValue::Null},
                          {u"print_duration"_s, m_stats.value("print_duration"_L1).toDouble()},
                          {u"total_duration"_s, m_stats.value("total_duration"_L1).toDouble()},
                          {u"filament_used"_s, m_stats.value("filament_used"_L1).toDouble()},
                          {u"metadata"_s, m_world.metadata(name)},
                          {u"auxiliary_data"_s, QJsonArray()}};
    m_jobs.push_back(job);
    m_current = m_jobs.size() - 1;
    save();
    m_world.changed(u"added"_s, shown(job));
}

void SimHistory::end(const QString& status, const QJsonObject& stats)
{
    if (!m_current)
        return;
    QJsonObject& job = m_jobs[*m_current];
    m_current.reset();
    job.insert(u"status"_s, status);
    job.insert(u"end_time"_s, m_world.now());
    const double total = stats.value("total_duration"_L1).toDouble();
    // Figures that were reset meanwhile do not belong to this job any more.
    if (stats.value("filename"_L1) == job.value("filename"_L1) && total >= job.value("total_duration"_L1).toDouble()) {
        for (const QString& field : {u"print_duration"_s, u"total_duration"_s, u"filament_used"_s})
            job.insert(field, stats.value(field).toDouble());
    }
    addTotals(job);
    m_user = nobody;
    save();
    m_world.changed(u"finished"_s, shown(job));
}

void SimHistory::addTotals(const QJsonObject& job)
{
    const double total = job.value("total_duration"_L1).toDouble(), print = job.value("print_duration"_L1).toDouble();
    const auto value = [&](QLatin1String name) { return m_totals.value(name).toDouble(); };
    m_totals = {{u"total_jobs"_s, value("total_jobs"_L1) + 1.0},
                {u"total_time"_s, value("total_time"_L1) + total},
                {u"total_print_time"_s, value("total_print_time"_L1) + print},
                {u"total_filament_used"_s, value("total_filament_used"_L1) + job.value("filament_used"_L1).toDouble()},
                {u"longest_job"_s, std::max(value("longest_job"_L1), total)},
                {u"longest_print"_s, std::max(value("longest_print"_L1), print)}};
}

QJsonObject SimHistory::shown(const QJsonObject& job) const
{
    const QJsonObject then = job.value("metadata"_L1).toObject();
    const QJsonObject present = m_world.metadata(job.value("filename"_L1).toString());
    QJsonObject result = job;
    result.insert(u"exists"_s, !present.isEmpty() && present.value("uuid"_L1) == then.value("uuid"_L1));
    return result;
}

Answer SimHistory::list(const QJsonObject& params) const
{
    const QString order = textOf(params, "order"_L1, u"desc"_s).toLower();
    if (order != "asc"_L1 && order != "desc"_L1)
        return Answer::failed(400, u"Invalid `order` value: %1"_s.arg(order.toUpper()));
    const double before = numberOf(params, "before"_L1, -1), since = numberOf(params, "since"_L1, -1);
    std::vector<QJsonObject> found;
    for (const QJsonObject& job : m_jobs) {
        const QJsonValue ended = job.value("end_time"_L1);
        if (before >= 0 && (ended.isNull() || ended.toDouble() >= before))
            continue;
        if (since < 0 || job.value("start_time"_L1).toDouble() > since)
            found.push_back(job);
    }
    if (order == "desc"_L1)
        std::ranges::reverse(found);
    const auto limit = static_cast<std::size_t>(std::max(0.0, numberOf(params, "limit"_L1, 50)));
    const auto start = limit > 0 ? static_cast<std::size_t>(std::max(0.0, numberOf(params, "start"_L1, 0))) : 0;
    QJsonArray jobs;
    for (std::size_t i = start; i < found.size() && (limit == 0 || i < start + limit); ++i)
        jobs.append(shown(found[i]));
    return Answer::done(QJsonObject{{u"count"_s, jobs.size()}, {u"jobs"_s, jobs}});
}

Answer SimHistory::job(const QJsonObject& params) const
{
    const QString id = textOf(params, "uid"_L1).toUpper();
    const auto found = std::ranges::find_if(m_jobs, [&](const auto& job) { return job.value("job_id"_L1) == id; });
    if (found == m_jobs.end())
        return Answer::failed(404, u"Invalid job uid: %1"_s.arg(id));
    return Answer::done(QJsonObject{{u"job"_s, shown(*found)}});
}

Answer SimHistory::totals() const
{
    return Answer::done(QJsonObject{{u"job_totals"_s, m_totals}, {u"auxiliary_totals"_s, QJsonArray()}});
}

Answer SimHistory::remove(const QJsonObject& params)
{
    const QString id = textOf(params, "uid"_L1).toUpper();
    const bool all = flagOf(params, "all"_L1, false);
    const QString running = m_current ? m_jobs[*m_current].value("job_id"_L1).toString() : QString();
    QJsonArray gone;
    std::erase_if(m_jobs, [&](const QJsonObject& job) {
        const bool hit = all || job.value("job_id"_L1) == id;
        if (hit)
            gone.append(job.value("job_id"_L1));
        return hit;
    });
    if (gone.isEmpty() && !all)
        return Answer::failed(404, u"Invalid job uid: %1"_s.arg(id));
    m_current.reset();
    for (std::size_t i = 0; i < m_jobs.size(); ++i) {
        if (!running.isEmpty() && m_jobs[i].value("job_id"_L1) == running)
            m_current = i;
    }
    save();
    return Answer::done(QJsonObject{{u"deleted_jobs"_s, gone}});
}

QJsonObject SimHistory::lastPrintOf(const QString& file, const QString& uuid) const
{
    QJsonObject last{{u"print_start_time"_s, QJsonValue::Null}, {u"job_id"_s, QJsonValue::Null}};
    for (const QJsonObject& job : m_jobs) {
        if (job.value("filename"_L1) != file || job.value("metadata"_L1).toObject().value("uuid"_L1) != uuid)
            continue;
        last.insert(u"print_start_time"_s, job.value("start_time"_L1));
        last.insert(u"job_id"_s, job.value("job_id"_L1));
    }
    return last;
}

} // namespace kintsugi::sim
