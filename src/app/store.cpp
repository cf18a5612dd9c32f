// SPDX-License-Identifier: GPL-3.0-or-later
#include "store.h"

#include <array>
#include <cmath>

#include <QHash>
#include <QJsonDocument>
#include <QSqlError>
#include <QStandardPaths>
#include <QUuid>
#include <QVariant>

#include "codec.h"
#include "storesql.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

QVariant orNull(const std::optional<double>& value)
{
    return value ? QVariant(*value) : QVariant(QMetaType::fromType<double>());
}

std::optional<double> number(const QVariant& value)
{
    return value.isNull() ? std::nullopt : std::optional(value.toDouble());
}

/// A null QString would become NULL.
QString notNull(const QString& text)
{
    return text.isNull() ? u""_s : text;
}

QByteArray notNull(const QByteArray& text)
{
    return text.isNull() ? QByteArray("") : text;
}

QByteArray compact(const QJsonObject& object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

Error badRow(const char* table, const QSqlQuery& query, const Error& cause)
{
    Error error = cause;
    error.code = ErrorCode::StoreDamaged;
    error.detail = std::string(table) + " row " + query.value(0).toString().toStdString();
    return error;
}

// --- meshes: stored once per change, named by what uses them

constexpr QLatin1String meshRef("mesh_ref");

QJsonObject withMeshRef(QJsonObject json, qint64 mesh)
{
    if (mesh != 0)
        json.insert(meshRef, mesh);
    return json;
}

// --- samples: what changes with every sample has a column, the rest is a JSON text shared by all rows with the same rest

using Four = std::optional<std::array<double, 4>>;

const QString sampleColumns =
    u"time, file_position, event_time, live_x, live_y, live_z, live_e, live_velocity, live_extruder_velocity, gcode_x, gcode_y, gcode_z,"
    " gcode_e, toolhead_x, toolhead_y, toolhead_z, toolhead_e, print_time, estimated_print_time, print_duration, filament_used,"
    " hotend, bed"_s;

/// Visits the members in the order of sampleColumns, after time.
template <class S, class Number, class Byte, class Position>
void sampleMembers(S& sample, Byte byte, Number one, Position four)
{
    byte(sample.filePosition);
    one(sample.eventTime);
    four(sample.livePosition);
    one(sample.liveVelocity);
    one(sample.liveExtruderVelocity);
    four(sample.gcodePosition);
    four(sample.toolheadPosition);
    one(sample.printTime);
    one(sample.estimatedPrintTime);
    one(sample.printDuration);
    one(sample.filamentUsed);
}

constexpr std::array heatersWithColumn{"extruder", "heater_bed"};

void bindSample(QSqlQuery& query, const recovery::Sample& sample)
{
    query.addBindValue(sample.time);
    const auto one = [&](const std::optional<double>& value) { query.addBindValue(orNull(value)); };
    const auto byte = [&](const std::optional<ByteOffset>& value) {
        query.addBindValue(value ? QVariant(static_cast<qint64>(*value)) : QVariant(QMetaType::fromType<qint64>()));
    };
    const auto four = [&](const Four& values) {
        for (std::size_t i = 0; i < 4; ++i)
            one(values ? std::optional((*values)[i]) : std::nullopt);
    };
    sampleMembers(sample, byte, one, four);
    for (const char* heater : heatersWithColumn) {
        const auto it = sample.heaters.find(heater);
        one(it == sample.heaters.end() ? std::nullopt : it->second.temperature);
    }
}

/// `mesh`: the row of the sample's mesh, 0 = none.
QByteArray restOf(recovery::Sample sample, qint64 mesh)
{
    sample.mesh = {};
    const auto clear = [](auto& member) { member.reset(); };
    sampleMembers(sample, clear, clear, clear);
    sample.time = 0;
    for (const char* heater : heatersWithColumn) {
        if (const auto it = sample.heaters.find(heater); it != sample.heaters.end())
            it->second.temperature.reset();
    }
    return compact(withMeshRef(toJson(sample), mesh));
}

/// Columns of `query` from 2 on are sampleColumns.
recovery::Sample sampleFromRow(const QSqlQuery& query, recovery::Sample rest)
{
    int column = 2;
    rest.time = query.value(column++).toDouble();
    const auto one = [&](std::optional<double>& value) { value = number(query.value(column++)); };
    const auto byte = [&](std::optional<ByteOffset>& value) {
        const QVariant stored = query.value(column++);
        value = stored.isNull() ? std::nullopt : std::optional(static_cast<ByteOffset>(stored.toLongLong()));
    };
    const auto four = [&](Four& values) {
        values = std::array<double, 4>{};
        for (std::size_t i = 0; i < 4; ++i) {
            const auto value = number(query.value(column++));
            if (!value)
                values.reset();
            else if (values)
                (*values)[i] = *value;
        }
    };
    sampleMembers(rest, byte, one, four);
    for (const char* heater : heatersWithColumn) {
        if (const auto temperature = number(query.value(column++)))
            rest.heaters[heater].temperature = temperature;
    }
    return rest;
}

const QString jobColumns = u"job, printer, file, remote_id, file_size, state, start_time, end_time, cause, local_copy, resumed_from, resumed_at"_s;

QVariantList jobValues(const PrintJob& job)
{
    return {notNull(job.id), notNull(job.printer), notNull(job.file), notNull(job.remoteId), static_cast<qint64>(job.fileSize),
            static_cast<int>(job.state), job.startTime, orNull(job.endTime), static_cast<int>(job.cause), notNull(job.localCopy),
            notNull(job.resumedFrom), static_cast<qint64>(job.resumedAt)};
}

PrintJob jobFromRow(const QSqlQuery& query)
{
    PrintJob job;
    job.id = query.value(0).toString();
    job.printer = query.value(1).toString();
    job.file = query.value(2).toString();
    job.remoteId = query.value(3).toString();
    job.fileSize = query.value(4).toULongLong();
    job.state = static_cast<JobState>(qBound(0, query.value(5).toInt(), static_cast<int>(JobState::Interrupted)));
    job.startTime = query.value(6).toDouble();
    job.endTime = number(query.value(7));
    job.cause = static_cast<recovery::StopCause>(
        qBound(0, query.value(8).toInt(), static_cast<int>(recovery::StopCause::FirmwareShutdown)));
    job.localCopy = query.value(9).toString();
    job.resumedFrom = query.value(10).toString();
    job.resumedAt = query.value(11).toULongLong();
    return job;
}

const QString journalColumns = u"id, printer, job, time, action, text, plan_step, result, finished, owner"_s;

JournalEntry entryFromRow(const QSqlQuery& query)
{
    JournalEntry entry;
    entry.id = query.value(0).toLongLong();
    entry.printer = query.value(1).toString();
    entry.job = query.value(2).toString();
    entry.time = query.value(3).toDouble();
    entry.action = query.value(4).toString();
    entry.text = query.value(5).toString();
    entry.planStep = query.value(6).toInt();
    entry.result = query.value(7).toString();
    entry.finished = number(query.value(8));
    entry.owner = query.value(9).toString();
    return entry;
}

template <class Row, class Make>
Result<std::vector<Row>> collect(const StoreConnection& connection, const QString& sql, const QVariantList& values, Make make)
{
    auto query = connection.run(sql, values);
    if (!query)
        return fail(query.error());
    std::vector<Row> rows;
    while (query->next())
        rows.push_back(make(*query));
    // a broken page ends next() like the last row does
    if (query->lastError().isValid())
        return fail(connection.error(*query));
    return rows;
}

int sqlLimit(int limit)
{
    return limit > 0 ? limit : std::numeric_limits<int>::max();
}

} // namespace

struct Store::Private {
    std::unique_ptr<StoreConnection> connection;
    struct Rest { QByteArray json; qint64 id = 0; };
    QHash<QString, Rest> lastRest; ///< by printer and job
    struct Mesh { recovery::SharedMesh mesh; qint64 id = 0; };
    QHash<QString, Mesh> lastMesh; ///< by printer
    mutable QHash<qint64, recovery::SharedMesh> meshes; ///< read so far
    std::map<QString, std::unique_ptr<QLockFile>> claims;
    QString owner; ///< of this store's lines of the journal; claimed with the first one

    Result<> claim(const QString& name);
    void release(const QString& name);

    Result<qint64> insert(const QString& sql, const QVariantList& values) const
    {
        auto query = connection->run(sql + u" RETURNING id"_s, values);
        if (!query)
            return fail(query.error());
        if (!query->next())
            return fail(connection->error(*query));
        return query->value(0).toLongLong();
    }
    Result<> change(const QString& sql, const QVariantList& values) const
    {
        const auto query = connection->run(sql, values);
        return query ? Result<>() : fail(query.error());
    }
    Result<> writeSamples(const QString& printer, const QString& job, const std::vector<recovery::Sample>& samples);
    Result<qint64> restId(const QString& printer, const QString& job, const recovery::Sample& sample);
    Result<qint64> meshId(const QString& printer, const recovery::SharedMesh& mesh);
    Result<recovery::SharedMesh> meshOf(const QJsonObject& json) const;
    void forgetRows();
    Result<std::vector<recovery::Sample>> readSamples(const QString& where, const QVariantList& values) const;
};

/// The row of a mesh; 0 for none.
Result<qint64> Store::Private::meshId(const QString& printer, const recovery::SharedMesh& mesh)
{
    if (!mesh)
        return 0;
    Mesh& last = lastMesh[printer];
    if (last.id != 0 && last.mesh == mesh)
        return last.id;
    const QString json = QString::fromUtf8(compact(toJson(*mesh)));
    auto known = connection->run(u"SELECT id FROM meshes WHERE printer = ? AND json = ? ORDER BY id DESC LIMIT 1"_s, {notNull(printer), json});
    if (!known)
        return fail(known.error());
    const auto id = known->next() ? Result<qint64>(known->value(0).toLongLong())
                                  : insert(u"INSERT INTO meshes (printer, json) VALUES (?, ?)"_s, {notNull(printer), json});
    if (id)
        last = {mesh, *id};
    return id;
}

Result<recovery::SharedMesh> Store::Private::meshOf(const QJsonObject& json) const
{
    const qint64 id = json.value(meshRef).toInteger();
    if (id == 0)
        return recovery::SharedMesh();
    if (const auto it = meshes.constFind(id); it != meshes.constEnd())
        return *it;
    auto query = connection->run(u"SELECT id, json FROM meshes WHERE id = ?"_s, {id});
    if (!query)
        return fail(query.error());
    if (!query->next())
        return recovery::SharedMesh();
    auto mesh = meshFromJson(QJsonDocument::fromJson(query->value(1).toString().toUtf8()).object());
    if (!mesh)
        return fail(badRow("meshes", *query, mesh.error()));
    return meshes[id] = recovery::SharedMesh(std::move(*mesh));
}

/// What was written last was rolled back.
void Store::Private::forgetRows()
{
    lastRest.clear();
    lastMesh.clear();
}

Result<qint64> Store::Private::restId(const QString& printer, const QString& job, const recovery::Sample& sample)
{
    const auto mesh = meshId(printer, sample.mesh);
    if (!mesh)
        return mesh;
    QByteArray json = restOf(sample, *mesh);
    Rest& last = lastRest[printer + u'\n' + job];
    if (last.id != 0 && last.json == json)
        return last.id;
    const auto id = insert(u"INSERT INTO sample_rest (json) VALUES (?)"_s, {QString::fromUtf8(json)});
    if (id)
        last = {std::move(json), *id};
    return id;
}

Result<> Store::Private::writeSamples(const QString& printer, const QString& job, const std::vector<recovery::Sample>& samples)
{
    static const QString sql = u"INSERT INTO samples (printer, job, rest, "_s + sampleColumns + u") VALUES (?, ?, ?"_s
                               + u", ?"_s.repeated(sampleColumns.count(u',') + 1) + u")"_s;
    auto query = connection->prepare(sql);
    if (!query)
        return fail(query.error());
    for (const recovery::Sample& sample : samples) {
        const auto rest = restId(printer, job, sample);
        if (!rest)
            return fail(rest.error());
        query->addBindValue(notNull(printer));
        query->addBindValue(notNull(job));
        query->addBindValue(*rest);
        bindSample(*query, sample);
        if (const auto done = connection->execute(*query); !done)
            return done;
    }
    return {};
}

Result<std::vector<recovery::Sample>> Store::Private::readSamples(const QString& where, const QVariantList& values) const
{
    auto query = connection->run(u"SELECT s.id, s.rest, "_s + sampleColumns + u", r.json FROM samples s JOIN sample_rest r ON r.id = s.rest "_s + where, values);
    if (!query)
        return fail(query.error());
    const int jsonColumn = 2 + static_cast<int>(sampleColumns.count(u',')) + 1;
    std::vector<recovery::Sample> samples;
    qint64 restId = -1;
    recovery::Sample rest;
    while (query->next()) {
        if (const qint64 id = query->value(1).toLongLong(); id != restId) {
            const QJsonDocument document = QJsonDocument::fromJson(query->value(jsonColumn).toString().toUtf8());
            auto parsed = sampleFromJson(document.object());
            if (!parsed || !document.isObject())
                return fail(badRow("samples", *query, parsed ? Error{.field = "json"} : parsed.error()));
            auto mesh = meshOf(document.object());
            if (!mesh)
                return fail(mesh.error());
            rest = std::move(*parsed);
            rest.mesh = std::move(*mesh);
            restId = id;
        }
        samples.push_back(sampleFromRow(*query, rest));
    }
    if (query->lastError().isValid())
        return fail(connection->error(*query));
    return samples;
}

Store::Store() : d(std::make_unique<Private>()) {}
Store::~Store() = default;

QUrl Store::defaultUrl()
{
    return QUrl::fromLocalFile(QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + u"/kintsugi/history.sqlite"_s);
}

Result<std::unique_ptr<Store>> Store::open(const QUrl& url)
{
    auto connection = StoreConnection::open(url.isEmpty() ? defaultUrl() : url);
    if (!connection)
        return fail(connection.error());
    std::unique_ptr<Store> store(new Store);
    store->d->connection = std::move(*connection);
    return store;
}

std::optional<Error> Store::openingNotice() const
{
    return d->connection->notice();
}

Result<> Store::appendSamples(const QString& printer, const QString& job, const std::vector<recovery::Sample>& samples)
{
    if (samples.empty())
        return {};
    if (const auto begun = d->connection->begin(); !begun)
        return begun;
    auto done = d->writeSamples(printer, job, samples);
    if (done)
        done = d->connection->commit();
    else
        d->connection->rollback();
    if (!done)
        d->forgetRows();
    return done;
}

Result<qint64> Store::addSnapshot(const recovery::Snapshot& snapshot)
{
    const auto mesh = d->meshId(QString::fromStdString(snapshot.printer), snapshot.mesh);
    if (!mesh)
        return mesh;
    recovery::Snapshot rest = snapshot;
    rest.mesh = {};
    const QJsonObject json = withMeshRef(toJson(rest), *mesh);
    return d->insert(u"INSERT INTO snapshots (printer, job, byte, time, json, note, pinned) VALUES (?, ?, ?, ?, ?, ?, ?)"_s,
                     {QString::fromStdString(snapshot.printer), QString::fromStdString(snapshot.job), static_cast<qint64>(snapshot.byte),
                      orNull(snapshot.time), QString::fromUtf8(compact(json)), QString::fromStdString(snapshot.note),
                      snapshot.pinned ? 1 : 0});
}

Result<> Store::setSnapshotNote(qint64 id, const QString& note, bool pinned)
{
    return d->change(u"UPDATE snapshots SET note = ?, pinned = ? WHERE id = ?"_s, {notNull(note), pinned ? 1 : 0, id});
}

Result<QString> Store::beginJob(const PrintJob& job)
{
    PrintJob stored = job;
    if (stored.id.isEmpty())
        stored.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
    const auto done = d->change(u"INSERT INTO jobs ("_s + jobColumns + u") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job) DO NOTHING"_s,
                                jobValues(stored));
    return done ? Result<QString>(stored.id) : fail(done.error());
}

Result<> Store::updateJob(const PrintJob& job)
{
    QVariantList values = jobValues(job).mid(1);
    values << job.id;
    return d->change(u"UPDATE jobs SET printer = ?, file = ?, remote_id = ?, file_size = ?, state = ?, start_time = ?, end_time = ?,"
                     " cause = ?, local_copy = COALESCE(NULLIF(?, ''), local_copy), resumed_from = COALESCE(NULLIF(?, ''), resumed_from),"
                     " resumed_at = COALESCE(NULLIF(?, 0), resumed_at) WHERE job = ?"_s,
                     values);
}

Result<> Store::setResumed(const QString& job, const QString& from, ByteOffset at)
{
    return d->change(u"UPDATE jobs SET resumed_from = ?, resumed_at = ? WHERE job = ?"_s, {from, static_cast<qint64>(at), job});
}

Result<qint64> Store::beginEntry(const JournalEntry& entry)
{
    if (d->owner.isEmpty()) {
        const QString owner = QUuid::createUuid().toString(QUuid::WithoutBraces);
        if (d->claim(owner)) // else nobody can tell that we live: others take the entry for an orphan
            d->owner = owner;
    }
    return d->insert(u"INSERT INTO journal (printer, job, time, action, text, plan_step, result, finished, owner)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"_s,
                     {notNull(entry.printer), notNull(entry.job), entry.time, notNull(entry.action), notNull(entry.text), entry.planStep,
                      notNull(entry.result), orNull(entry.finished), notNull(d->owner)});
}

Result<> Store::finishEntry(qint64 id, const QString& result, double time)
{
    return d->change(u"UPDATE journal SET result = ?, finished = ? WHERE id = ?"_s, {notNull(result), time, id});
}

Result<qint64> Store::addVariables(const QString& printer, const VariablesCopy& copy)
{
    const auto newest = variables(printer, 1);
    if (!newest)
        return fail(newest.error());
    if (!newest->empty() && newest->front().text == copy.text && newest->front().good == copy.good)
        return newest->front().id;
    return d->insert(u"INSERT INTO variables (printer, time, text, good) VALUES (?, ?, ?, ?)"_s,
                     {printer, copy.time, notNull(copy.text), copy.good ? 1 : 0});
}

Result<qint64> Store::addRepair(const QString& printer, const ConfigRepair& repair)
{
    return d->insert(u"INSERT INTO repairs (printer, time, before_text, after_text, kept_as, ended) VALUES (?, ?, ?, ?, ?, 0)"_s,
                     {printer, repair.time, notNull(repair.before), notNull(repair.after), notNull(repair.keptAs)});
}

Result<> Store::endRepairs(const QString& printer)
{
    return d->change(u"UPDATE repairs SET ended = 1 WHERE printer = ?"_s, {printer});
}

Result<std::optional<ConfigRepair>> Store::openRepair(const QString& printer) const
{
    auto found = collect<ConfigRepair>(*d->connection, u"SELECT id, time, before_text, after_text, kept_as FROM repairs"
                                                       " WHERE printer = ? AND ended = 0 ORDER BY id DESC LIMIT 1"_s, {printer},
                                       [](const QSqlQuery& query) {
                                           return ConfigRepair{query.value(0).toLongLong(), query.value(1).toDouble(), query.value(2).toByteArray(),
                                                               query.value(3).toByteArray(), query.value(4).toString()};
                                       });
    if (!found)
        return fail(found.error());
    return found->empty() ? std::nullopt : std::optional(std::move(found->front()));
}

Result<> Store::addEvent(const QString& printer, const QString& job, const Event& event)
{
    return d->change(u"INSERT INTO events (printer, job, time, kind, text) VALUES (?, ?, ?, ?, ?)"_s,
                     {notNull(printer), notNull(job), event.time, notNull(event.kind), notNull(event.text)});
}

Result<std::vector<PrintJob>> Store::jobs(const QString& printer, int limit) const
{
    return collect<PrintJob>(*d->connection, u"SELECT "_s + jobColumns + u" FROM jobs WHERE printer = ? ORDER BY seq DESC LIMIT ?"_s,
                             {printer, sqlLimit(limit)}, jobFromRow);
}

Result<std::vector<PrintJob>> Store::openJobs() const
{
    auto jobs = collect<PrintJob>(*d->connection, u"SELECT "_s + jobColumns
                                      + u" FROM jobs WHERE seq IN (SELECT MAX(seq) FROM jobs GROUP BY printer) AND state IN (?, ?)"_s,
                                  {static_cast<int>(JobState::Printing), static_cast<int>(JobState::Interrupted)}, jobFromRow);
    if (!jobs)
        return jobs;
    for (std::size_t at = 0; at < jobs->size(); ++at) {
        const QString from = (*jobs)[at].resumedFrom;
        const auto known = std::any_of(jobs->begin(), jobs->end(), [&](const PrintJob& job) { return job.id == from; });
        if (from.isEmpty() || known)
            continue;
        auto earlier = collect<PrintJob>(*d->connection, u"SELECT "_s + jobColumns + u" FROM jobs WHERE job = ?"_s, {from}, jobFromRow);
        if (!earlier)
            return earlier;
        jobs->insert(jobs->end(), earlier->begin(), earlier->end());
    }
    return jobs;
}

Result<std::vector<recovery::Sample>> Store::samples(const QString& job, double from, double to, int limit) const
{
    return d->readSamples(u"WHERE s.job = ? AND s.time >= ? AND s.time <= ? ORDER BY s.time, s.id LIMIT ?"_s, {notNull(job), from, to, sqlLimit(limit)});
}

Result<std::vector<recovery::Sample>> Store::lastSamples(const QString& job, int count) const
{
    auto samples = d->readSamples(u"WHERE s.job = ? ORDER BY s.time DESC, s.id DESC LIMIT ?"_s, {notNull(job), sqlLimit(count)});
    if (samples)
        std::reverse(samples->begin(), samples->end());
    return samples;
}

Result<std::vector<recovery::Sample>> Store::samplesFromStandstill(const QString& job, double seconds) const
{
    using Samples = std::vector<recovery::Sample>;
    auto still = d->connection->run(u"SELECT MAX(time) FROM samples WHERE job = ? AND print_time <= estimated_print_time"_s, {notNull(job)});
    if (!still)
        return fail(still.error());
    if (!still->next() || still->value(0).isNull())
        return Samples();
    const double since = still->value(0).toDouble();
    auto little = d->connection->run(u"SELECT COUNT(*) FROM samples WHERE job = ? AND time > ? AND print_time - estimated_print_time < ?"_s,
                                     {notNull(job), since + recovery::plannedAfter, recovery::plannedEnough});
    if (!little)
        return fail(little.error());
    if (!little->next() || little->value(0).toInt() > 0)
        return Samples();
    return samples(job, since, since + seconds, 200);
}

Result<std::vector<recovery::Snapshot>> Store::snapshots(const QString& printer, const QString& job, int limit) const
{
    const bool all = job.isEmpty();
    auto query = d->connection->run(u"SELECT id, json, note, pinned FROM snapshots WHERE printer = ?"_s + (all ? u""_s : u" AND job = ?"_s)
                                        + u" ORDER BY byte, id LIMIT ?"_s,
                                    all ? QVariantList{printer, sqlLimit(limit)} : QVariantList{printer, job, sqlLimit(limit)});
    if (!query)
        return fail(query.error());
    std::vector<recovery::Snapshot> snapshots;
    while (query->next()) {
        const QJsonDocument document = QJsonDocument::fromJson(query->value(1).toString().toUtf8());
        auto snapshot = snapshotFromJson(document.object());
        if (!snapshot)
            return fail(badRow("snapshots", *query, snapshot.error()));
        auto mesh = d->meshOf(document.object());
        if (!mesh)
            return fail(mesh.error());
        snapshot->mesh = std::move(*mesh);
        snapshot->id = query->value(0).toLongLong();
        snapshot->note = query->value(2).toString().toStdString();
        snapshot->pinned = query->value(3).toInt() != 0;
        snapshots.push_back(std::move(*snapshot));
    }
    if (query->lastError().isValid())
        return fail(d->connection->error(*query));
    return snapshots;
}

Result<std::vector<JournalEntry>> Store::journal(const QString& printer, int limit) const
{
    return collect<JournalEntry>(*d->connection, u"SELECT "_s + journalColumns + u" FROM journal WHERE printer = ? ORDER BY id DESC LIMIT ?"_s,
                                 {printer, sqlLimit(limit)}, entryFromRow);
}

Result<std::vector<JournalEntry>> Store::unfinishedEntries(const QString& printer) const
{
    return collect<JournalEntry>(*d->connection, u"SELECT "_s + journalColumns + u" FROM journal WHERE printer = ? AND finished IS NULL ORDER BY id"_s,
                                 {printer}, entryFromRow);
}

Result<std::vector<VariablesCopy>> Store::variables(const QString& printer, int limit) const
{
    return collect<VariablesCopy>(*d->connection, u"SELECT id, time, text, good FROM variables WHERE printer = ? ORDER BY id DESC LIMIT ?"_s,
                                  {printer, sqlLimit(limit)}, [](const QSqlQuery& query) {
                                      return VariablesCopy{query.value(0).toLongLong(), query.value(1).toDouble(), query.value(2).toByteArray(),
                                                           query.value(3).toInt() != 0};
                                  });
}

Result<std::vector<Event>> Store::events(const QString& job) const
{
    return collect<Event>(*d->connection, u"SELECT time, kind, text FROM events WHERE job = ? ORDER BY time, id"_s, {notNull(job)},
                          [](const QSqlQuery& query) {
                              return Event{query.value(0).toDouble(), query.value(1).toString(), query.value(2).toString()};
                          });
}

Result<> Store::claimPrinter(const QString& printer)
{
    return d->claim(printer);
}

bool Store::isUnderWay(const JournalEntry& entry)
{
    if (entry.finished || entry.owner.isEmpty())
        return false;
    if (entry.owner == d->owner)
        return true;
    const auto taken = d->claim(entry.owner);
    if (taken)
        d->release(entry.owner);
    return !taken && taken.error().code == ErrorCode::Busy;
}

namespace {

QVariantList advisoryKey(const QString& name)
{
    return {QVariant(QString(u"kintsugi-recorder "_s + name))};
}

} // namespace

void Store::Private::release(const QString& name)
{
    if (!connection->isSqlite())
        static_cast<void>(connection->run(u"SELECT pg_advisory_unlock(hashtext(?))"_s, advisoryKey(name)));
    claims.erase(name);
}

Result<> Store::Private::claim(const QString& name)
{
    if (!connection->isSqlite()) {
        auto query = connection->run(u"SELECT pg_try_advisory_lock(hashtext(?))"_s, advisoryKey(name));
        if (!query)
            return fail(query.error());
        return query->next() && query->value(0).toBool() ? Result<>() : fail(ErrorCode::Busy);
    }
    if (claims.contains(name))
        return {};
    const QString path = connection->path() + u'.' + QString::fromLatin1(name.toUtf8().toPercentEncoding()) + u".lock"_s;
    auto lock = std::make_unique<QLockFile>(path);
    lock->setStaleLockTime(std::chrono::milliseconds(0)); // only the death of its process frees it
    if (!lock->tryLock()) {
        if (lock->error() == QLockFile::LockFailedError)
            return fail(ErrorCode::Busy, {}, path.toStdString());
        return fail(ErrorCode::StoreUnavailable, {}, path.toStdString());
    }
    claims.emplace(name, std::move(lock));
    return {};
}

} // namespace kintsugi::app
