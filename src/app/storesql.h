// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QLockFile>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QString>
#include <QVariantList>

#include "base/result.h"

/// The one place that knows the engine: connection, errors, transactions and schema of a Store.
namespace kintsugi::app {

class StoreConnection
{
public:
    /// SQLite: checks the file first and sets a damaged one aside (notice()). StoreUnavailable, StoreTooNew, DiskFull.
    [[nodiscard]] static Result<std::unique_ptr<StoreConnection>> open(const QUrl& url);
    ~StoreConnection();
    StoreConnection(const StoreConnection&) = delete;
    StoreConnection& operator=(const StoreConnection&) = delete;

    [[nodiscard]] bool isSqlite() const { return m_sqlite; }
    [[nodiscard]] const QString& path() const { return m_path; } ///< of the SQLite file
    [[nodiscard]] const std::optional<Error>& notice() const { return m_notice; }

    /// Runs one statement with `?` placeholders.
    [[nodiscard]] Result<QSqlQuery> run(const QString& sql, const QVariantList& values = {}) const;
    [[nodiscard]] Result<QSqlQuery> prepare(const QString& sql) const;
    [[nodiscard]] Result<> execute(QSqlQuery& query) const;
    [[nodiscard]] Error error(const QSqlQuery& query) const;

    [[nodiscard]] Result<> begin() const;
    [[nodiscard]] Result<> commit() const;
    void rollback() const;

private:
    StoreConnection(bool sqlite, QString path);
    [[nodiscard]] Result<> connectTo(const QUrl& url);
    [[nodiscard]] Result<> migrate() const;
    [[nodiscard]] Result<int> schemaVersion() const;

    bool m_sqlite;
    QString m_path, m_name;
    QSqlDatabase m_database;
    std::optional<Error> m_notice;
};

} // namespace kintsugi::app
