// SPDX-License-Identifier: GPL-3.0-or-later
#include "storesql.h"

#include <array>
#include <atomic>
#include <vector>

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSqlError>
#include <QUrl>
#include <QUrlQuery>

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

// SQLite's primary result codes
constexpr int sqliteCorrupt = 11, sqliteFull = 13, sqliteNotADatabase = 26;
constexpr qint64 fullCheckLimit = qint64{256} << 20; ///< bytes; a larger file is only checked where it is read

QString connectionName()
{
    static std::atomic<int> counter = 0;
    return u"kintsugi-store-%1"_s.arg(++counter);
}

Error sqlError(const QSqlError& error, bool sqlite, const QString& path)
{
    const int native = error.nativeErrorCode().toInt() & 0xff;
    Error out{.code = ErrorCode::StoreUnavailable, .detail = error.text().trimmed().toStdString(), .file = path.toStdString()};
    if (sqlite && native == sqliteFull)
        out.code = ErrorCode::DiskFull;
    else if (sqlite && (native == sqliteCorrupt || native == sqliteNotADatabase))
        out.code = ErrorCode::StoreDamaged;
    else if (!sqlite && error.nativeErrorCode() == "53100"_L1) // disk_full of PostgreSQL
        out.code = ErrorCode::DiskFull;
    return out;
}

bool isDamage(const QSqlError& error)
{
    const int native = error.nativeErrorCode().toInt() & 0xff;
    return native == sqliteCorrupt || native == sqliteNotADatabase;
}

/// What is wrong with an existing file; empty = nothing found. Read-only, so that a damaged file stays as it is.
QString damageOf(const QString& path)
{
    const QString name = connectionName();
    QString damage;
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, name);
        database.setDatabaseName(path);
        database.setConnectOptions(u"QSQLITE_OPEN_READONLY;QSQLITE_BUSY_TIMEOUT=5000"_s);
        if (database.open()) {
            QSqlQuery query(database);
            const bool small = QFileInfo(path).size() <= fullCheckLimit;
            const bool ran = query.exec(small ? u"PRAGMA quick_check(1)"_s : u"SELECT count(*) FROM sqlite_master"_s);
            if (!ran && isDamage(query.lastError()))
                damage = query.lastError().text();
            else if (ran && small && query.next() && query.value(0).toString() != "ok"_L1)
                damage = query.value(0).toString();
            else if (!ran && query.lastError().text().contains("malformed"_L1))
                damage = query.lastError().text();
        } else if (isDamage(database.lastError())) {
            damage = database.lastError().text();
        }
    }
    QSqlDatabase::removeDatabase(name);
    return damage;
}

Result<Error> setAside(const QString& path, const QString& damage)
{
    const QString aside = path + u".damaged-"_s + QDateTime::currentDateTimeUtc().toString(u"yyyyMMdd-HHmmss-zzz"_s);
    for (const QString& suffix : {QString(), u"-wal"_s, u"-shm"_s}) {
        if (QFile::exists(path + suffix) && !QFile::rename(path + suffix, aside + suffix))
            return fail(ErrorCode::StoreUnavailable, "a damaged history cannot be set aside", QString(path + suffix).toStdString());
    }
    return Error{.code = ErrorCode::StoreDamaged, .detail = damage.trimmed().toStdString(), .file = aside.toStdString()};
}

using Migration = std::vector<QString>;

const std::vector<Migration>& migrations()
{
    // {id}, {real}, {big} and {blob} stand for the engine's types. A migration is never edited once it was released.
    static const std::vector<Migration> all{
        {u"CREATE TABLE jobs (seq {id}, job TEXT NOT NULL UNIQUE, printer TEXT NOT NULL, file TEXT NOT NULL, remote_id TEXT NOT NULL,"
         " file_size {big} NOT NULL, state INTEGER NOT NULL, start_time {real} NOT NULL, end_time {real}, cause INTEGER NOT NULL,"
         " local_copy TEXT NOT NULL, resumed_from TEXT NOT NULL, resumed_at {big} NOT NULL)"_s,
         u"CREATE INDEX jobs_printer ON jobs (printer, start_time)"_s,
         u"CREATE TABLE sample_rest (id {id}, json TEXT NOT NULL)"_s,
         u"CREATE TABLE samples (id {id}, printer TEXT NOT NULL, job TEXT NOT NULL, rest {big} NOT NULL REFERENCES sample_rest (id),"
         " time {real} NOT NULL, file_position {big}, event_time {real},"
         " live_x {real}, live_y {real}, live_z {real}, live_e {real}, live_velocity {real}, live_extruder_velocity {real},"
         " gcode_x {real}, gcode_y {real}, gcode_z {real}, gcode_e {real},"
         " toolhead_x {real}, toolhead_y {real}, toolhead_z {real}, toolhead_e {real},"
         " print_time {real}, estimated_print_time {real}, print_duration {real}, filament_used {real},"
         " hotend {real}, bed {real})"_s,
         u"CREATE INDEX samples_job ON samples (job, time)"_s,
         u"CREATE TABLE snapshots (id {id}, printer TEXT NOT NULL, job TEXT NOT NULL, byte {big} NOT NULL, time {real}, json TEXT NOT NULL,"
         " note TEXT NOT NULL, pinned INTEGER NOT NULL)"_s,
         u"CREATE INDEX snapshots_job ON snapshots (printer, job, byte)"_s,
         u"CREATE TABLE journal (id {id}, printer TEXT NOT NULL, job TEXT NOT NULL, time {real} NOT NULL, action TEXT NOT NULL,"
         " text TEXT NOT NULL, plan_step INTEGER NOT NULL, result TEXT NOT NULL, finished {real})"_s,
         u"CREATE INDEX journal_printer ON journal (printer, time)"_s,
         u"CREATE TABLE variables (id {id}, printer TEXT NOT NULL, time {real} NOT NULL, text {blob} NOT NULL, good INTEGER NOT NULL)"_s,
         u"CREATE INDEX variables_printer ON variables (printer, time)"_s,
         u"CREATE TABLE events (id {id}, printer TEXT NOT NULL, job TEXT NOT NULL, time {real} NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL)"_s,
         u"CREATE INDEX events_job ON events (job, time)"_s},
        {u"ALTER TABLE journal ADD COLUMN owner TEXT NOT NULL DEFAULT ''"_s},
        // Samples and snapshots name a mesh by its row ("mesh_ref" in their JSON).
        {u"CREATE TABLE meshes (id {id}, printer TEXT NOT NULL, json TEXT NOT NULL)"_s,
         u"CREATE INDEX meshes_printer ON meshes (printer, id)"_s},
        {u"CREATE TABLE repairs (id {id}, printer TEXT NOT NULL, time {real} NOT NULL, before_text {blob} NOT NULL, after_text {blob} NOT NULL,"
         " kept_as TEXT NOT NULL, ended INTEGER NOT NULL)"_s},
    };
    return all;
}

QString forEngine(QString sql, bool sqlite)
{
    sql.replace("{id}"_L1, sqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT"_L1 : "BIGSERIAL PRIMARY KEY"_L1);
    sql.replace("{real}"_L1, sqlite ? "REAL"_L1 : "DOUBLE PRECISION"_L1);
    sql.replace("{big}"_L1, sqlite ? "INTEGER"_L1 : "BIGINT"_L1);
    sql.replace("{blob}"_L1, sqlite ? "BLOB"_L1 : "BYTEA"_L1);
    return sql;
}

} // namespace

StoreConnection::StoreConnection(bool sqlite, QString path) : m_sqlite(sqlite), m_path(std::move(path)), m_name(connectionName()) {}

StoreConnection::~StoreConnection()
{
    m_database.close();
    m_database = QSqlDatabase();
    QSqlDatabase::removeDatabase(m_name);
}

Result<std::unique_ptr<StoreConnection>> StoreConnection::open(const QUrl& url)
{
    const bool postgres = url.scheme() == "postgresql"_L1 || url.scheme() == "postgres"_L1;
    if (!postgres && url.scheme() != "file"_L1)
        return fail(ErrorCode::StoreUnavailable, "the store is named by file:///… or postgresql://…", url.toDisplayString().toStdString());
    const QString path = postgres ? url.toDisplayString(QUrl::RemoveUserInfo) : url.toLocalFile();
    std::unique_ptr<StoreConnection> connection(new StoreConnection(!postgres, path));
    if (!postgres) {
        QDir().mkpath(QFileInfo(path).absolutePath());
        const QString damage = QFileInfo(path).size() > 0 ? damageOf(path) : QString();
        if (!damage.isEmpty()) {
            auto notice = setAside(path, damage);
            if (!notice)
                return fail(notice.error());
            connection->m_notice = std::move(*notice);
        }
    }
    if (const auto connected = connection->connectTo(url); !connected)
        return fail(connected.error());
    if (const auto migrated = connection->migrate(); !migrated)
        return fail(migrated.error());
    return connection;
}

Result<> StoreConnection::connectTo(const QUrl& url)
{
    m_database = QSqlDatabase::addDatabase(m_sqlite ? u"QSQLITE"_s : u"QPSQL"_s, m_name);
    if (m_sqlite) {
        m_database.setDatabaseName(m_path);
        m_database.setConnectOptions(u"QSQLITE_BUSY_TIMEOUT=5000"_s);
    } else {
        m_database.setHostName(url.host());
        m_database.setPort(url.port(5432));
        m_database.setDatabaseName(url.path().mid(1));
        m_database.setUserName(url.userName());
        m_database.setPassword(url.password());
        m_database.setConnectOptions(u"connect_timeout=5"_s);
    }
    if (!m_database.open())
        return fail(sqlError(m_database.lastError(), m_sqlite, m_path));
    if (!m_sqlite)
        return {};
    QStringList pragmas{u"journal_mode=WAL"_s, u"synchronous=FULL"_s, u"foreign_keys=ON"_s};
    const QString pages = QUrlQuery(url).queryItemValue(u"max_page_count"_s);
    if (!pages.isEmpty())
        pragmas << u"max_page_count=%1"_s.arg(pages.toUInt());
    for (const QString& pragma : pragmas) {
        if (const auto done = run(u"PRAGMA "_s + pragma); !done)
            return fail(done.error());
    }
    return {};
}

Error StoreConnection::error(const QSqlQuery& query) const
{
    return sqlError(query.lastError(), m_sqlite, m_path);
}

Result<QSqlQuery> StoreConnection::prepare(const QString& sql) const
{
    QSqlQuery query(m_database);
    query.setForwardOnly(true);
    if (!query.prepare(sql))
        return fail(error(query));
    return query;
}

Result<> StoreConnection::execute(QSqlQuery& query) const
{
    if (!query.exec())
        return fail(error(query));
    return {};
}

Result<QSqlQuery> StoreConnection::run(const QString& sql, const QVariantList& values) const
{
    auto query = prepare(sql);
    if (!query)
        return query;
    for (const QVariant& value : values)
        query->addBindValue(value);
    if (const auto done = execute(*query); !done)
        return fail(done.error());
    return query;
}

Result<> StoreConnection::begin() const
{
    // IMMEDIATE: two writers wait for one another at the start instead of failing in the middle
    const auto done = run(m_sqlite ? u"BEGIN IMMEDIATE"_s : u"BEGIN"_s);
    return done ? Result<>() : fail(done.error());
}

Result<> StoreConnection::commit() const
{
    const auto done = run(u"COMMIT"_s);
    if (!done)
        rollback();
    return done ? Result<>() : fail(done.error());
}

void StoreConnection::rollback() const
{
    static_cast<void>(run(u"ROLLBACK"_s)); // a full disk may have rolled back already
}

Result<int> StoreConnection::schemaVersion() const
{
    const QStringList tables = m_database.tables();
    if (!tables.contains("kintsugi_meta"_L1)) {
        if (!m_sqlite || tables.isEmpty())
            return 0;
        return fail(ErrorCode::StoreUnavailable, "the file is a database of another program", m_path.toStdString());
    }
    auto query = run(u"SELECT value FROM kintsugi_meta WHERE key = 'schema'"_s);
    if (!query)
        return fail(query.error());
    return query->next() ? query->value(0).toInt() : 0;
}

Result<> StoreConnection::migrate() const
{
    if (const auto begun = begin(); !begun)
        return begun;
    const auto step = [this]() -> Result<> {
        const auto version = schemaVersion();
        if (!version)
            return fail(version.error());
        const int newest = static_cast<int>(migrations().size());
        if (*version > newest) {
            return fail(Error{.code = ErrorCode::StoreTooNew, .file = m_path.toStdString(), .measured = *version, .limit = newest});
        }
        if (*version == newest)
            return {};
        QStringList statements{u"CREATE TABLE IF NOT EXISTS kintsugi_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)"_s};
        for (int i = *version; i < newest; ++i) {
            for (const QString& sql : migrations()[static_cast<std::size_t>(i)])
                statements << forEngine(sql, m_sqlite);
        }
        statements << u"DELETE FROM kintsugi_meta WHERE key = 'schema'"_s;
        statements << u"INSERT INTO kintsugi_meta (key, value) VALUES ('schema', '%1')"_s.arg(newest);
        for (const QString& sql : statements) {
            if (const auto done = run(sql); !done)
                return fail(done.error());
        }
        return {};
    };
    if (const auto done = step(); !done) {
        rollback();
        return done;
    }
    return commit();
}

} // namespace kintsugi::app
