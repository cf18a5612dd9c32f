// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <QDateTime>
#include <QFileInfo>
#include <QJsonArray>

#include "codec.h"
#include "command.h"
#include "number.h"
#include "printerchoice.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

QUrl storeUrl(const std::string& option)
{
    const QString text = QString::fromStdString(option);
    if (text.isEmpty())
        return app::Store::defaultUrl();
    return text.contains(u"://"_s) ? QUrl(text) : QUrl::fromLocalFile(QFileInfo(text).absoluteFilePath());
}

namespace {

struct HistoryOptions {
    std::string printer, store, job;
    std::optional<std::uint64_t> most = 50;
    bool journal = false;
    [[nodiscard]] int limit() const { return static_cast<int>(most.value_or(50)); }
};

QString timeText(const QJsonValue& time)
{
    return time.isDouble() ? QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(time.toDouble() * 1000)).toString(Qt::ISODate) : u"?"_s;
}

QJsonObject snapshotJson(const recovery::Snapshot& snapshot)
{
    QJsonObject json = app::toJson(snapshot);
    json.insert(u"machine"_s, json["state"_L1]); // with "fields" the whole of it, for plan --snapshot
    json.insert(u"state"_s, app::stateWithOrigins(snapshot));
    const bool aged = snapshot.time && snapshot.savedTime;
    json.insert(u"age_s"_s, aged ? QJsonValue(*snapshot.savedTime - *snapshot.time) : QJsonValue());
    QJsonArray missing;
    for (const std::string& field : snapshot.missing())
        missing.append(QString::fromStdString(field));
    json.insert(u"missing"_s, missing);
    return json;
}

/// Reads the store only.
class ReadHistory final : public Command
{
    Q_OBJECT
public:
    using Read = Result<QJsonObject> (*)(const app::Store&, const QString& printer, const HistoryOptions&);
    ReadHistory(Environment& environment, HistoryOptions options, Read reader)
        : m_environment(environment), m_options(std::move(options)), m_read(reader)
    {
    }
    void start() override
    {
        const auto done = read();
        emit finished(done ? int{Done} : m_environment.out.error(done.error()));
    }

private:
    Result<> read()
    {
        const auto profile = choosePrinter(m_environment, m_options.printer);
        if (!profile)
            return fail(profile.error());
        const auto store = app::Store::open(storeUrl(m_options.store));
        if (!store)
            return fail(store.error());
        if (const auto notice = (*store)->openingNotice())
            return fail(*notice);
        const auto json = m_read(**store, profile->id, m_options);
        if (!json)
            return fail(json.error());
        m_environment.out.document(*json);
        for (const auto& row : (*json)["jobs"_L1].toArray()) {
            m_environment.out.line(u"%1  %2  %3  %4  %5"_s.arg(row["id"_L1].toString(), timeText(row["start_time"_L1]), row["state"_L1].toString(),
                                                             row["file"_L1].toString(), row["cause"_L1].toString()));
        }
        for (const auto& row : (*json)["snapshots"_L1].toArray()) {
            m_environment.out.line(u"%1  %2  %3  byte %4  layer %5  %6"_s.arg(QString::number(row["id"_L1].toInteger()), timeText(row["time"_L1]),
                row["source"_L1].toString(), QString::number(row["byte"_L1].toInteger()), row["layer"_L1].toVariant().toString(),
                row["file"_L1]["name"_L1].toString()));
        }
        for (const auto& row : (*json)["journal"_L1].toArray()) {
            m_environment.out.line(u"%1  %2  %3  -> %4"_s.arg(timeText(row["time"_L1]), row["action"_L1].toString(), row["text"_L1].toString(),
                                                            row["result"_L1].toString()));
        }
        return {};
    }

    Environment& m_environment;
    HistoryOptions m_options;
    Read m_read;
};

template <class T, class ToJson>
Result<QJsonArray> arrayOf(const Result<std::vector<T>>& rows, ToJson toJson)
{
    if (!rows)
        return fail(rows.error());
    QJsonArray array;
    for (const T& row : *rows)
        array.append(toJson(row));
    return array;
}

Result<QJsonObject> readSnapshots(const app::Store& store, const QString& printer, const HistoryOptions& options)
{
    const auto array = arrayOf(store.snapshots(printer, QString::fromStdString(options.job), options.limit()), snapshotJson);
    if (!array)
        return fail(array.error());
    return QJsonObject{{u"printer"_s, printer}, {u"snapshots"_s, *array}};
}

Result<QJsonObject> readJobs(const app::Store& store, const QString& printer, const HistoryOptions& options)
{
    const auto jobs = arrayOf(store.jobs(printer, options.limit()), [](const app::PrintJob& job) { return app::toJson(job); });
    if (!jobs)
        return fail(jobs.error());
    QJsonObject json{{u"printer"_s, printer}, {u"jobs"_s, *jobs}};
    if (options.journal) {
        const auto journal = arrayOf(store.journal(printer, options.limit()), [](const app::JournalEntry& entry) { return app::toJson(entry); });
        if (!journal)
            return fail(journal.error());
        json.insert(u"journal"_s, *journal);
    }
    return json;
}

CLI::App* addReader(CLI::App& app, Chosen& chosen, const char* name, const char* help, ReadHistory::Read read,
                    const std::shared_ptr<HistoryOptions>& options)
{
    auto* command = app.add_subcommand(name, help);
    command->add_option("--printer", options->printer, "Id, name or address")->required();
    command->add_option("--store", options->store, "History: path, file:///… or postgresql://…");
    addCount(*command, "--limit", options->most, "At most so many", {.least = 1, .most = 1'000'000})->default_str(std::to_string(*options->most));
    command->callback([options, read, &chosen] {
        chosen = [options, read](Environment& environment) -> std::unique_ptr<Command> {
            return std::make_unique<ReadHistory>(environment, *options, read);
        };
    });
    return command;
}

} // namespace

void addHistoryCommands(CLI::App& app, Chosen& chosen)
{
    const auto snapshots = std::make_shared<HistoryOptions>();
    snapshots->most = 1000;
    addReader(app, chosen, "snapshots", "Show the recorded states a print can be resumed from", &readSnapshots, snapshots)
        ->add_option("--job", snapshots->job, "Of this job only");
    const auto jobs = std::make_shared<HistoryOptions>();
    addReader(app, chosen, "history", "Show the recorded prints and how they ended", &readJobs, jobs)
        ->add_flag("--journal", jobs->journal, "Also what this program sent");
}

} // namespace kintsugi::cli

#include "historycommands.moc"
