// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <QJsonArray>
#include <QTimer>

#include "codec.h"
#include "command.h"
#include "crashtruth.h"
#include "drillproof.h"
#include "errortext.h"
#include "printerchoice.h"
#include "printerquery.h"
#include "secrets.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

namespace {

QJsonObject profileJson(const app::Profile& profile)
{
    const auto method = recovery::name(profile.zMethod);
    return {{u"id"_s, profile.id},
            {u"name"_s, profile.name},
            {u"address"_s, profile.url.toString()},
            {u"z_method"_s, QString::fromUtf8(method.data(), static_cast<qsizetype>(method.size()))}};
}

class ListPrinters final : public Command
{
    Q_OBJECT
public:
    explicit ListPrinters(Environment& environment) : m_environment(environment) {}
    void start() override
    {
        const auto profiles = m_environment.profiles.load();
        if (!profiles) {
            emit finished(m_environment.out.error(profiles.error()));
            return;
        }
        QJsonArray array;
        for (const app::Profile& profile : *profiles) {
            array.append(profileJson(profile));
            m_environment.out.line(u"%1\t%2\t%3"_s.arg(profile.id, profile.name, profile.url.toString()));
        }
        m_environment.out.document({{u"printers"_s, array}});
        emit finished(Done);
    }

private:
    Environment& m_environment;
};

struct AddOptions { std::string name, address, keyFile; };

class AddPrinter final : public Command
{
    Q_OBJECT
public:
    AddPrinter(Environment& environment, AddOptions options) : m_environment(environment), m_options(std::move(options)), m_secrets(this) {}
    void start() override
    {
        const auto done = add();
        if (!done)
            emit finished(m_environment.out.error(done.error()));
    }

private:
    Result<> add()
    {
        auto profiles = m_environment.profiles.load();
        if (!profiles)
            return fail(profiles.error());
        auto profile = app::ProfileList::make(QString::fromStdString(m_options.name), QString::fromStdString(m_options.address), *profiles);
        if (!profile)
            return fail(profile.error());
        if (const auto address = m_environment.drivers.parse(profile->url.toString(QUrl::FullyEncoded)); !address)
            return fail(address.error());
        Result<QString> key = QString();
        if (!m_options.keyFile.empty())
            key = readKey(m_options.keyFile);
        if (!key)
            return fail(key.error());
        profiles->push_back(*profile);
        if (const auto saved = m_environment.profiles.save(*profiles); !saved)
            return saved;
        m_environment.out.document(profileJson(*profile));
        m_environment.out.line(u"added %1"_s.arg(profile->id));
        if (key->isEmpty())
            emit finished(Done);
        else
            keepKey(profile->id, *key);
        return {};
    }
    void keepKey(const QString& printer, const QString& key)
    {
        m_secrets.write(printer, {.apiKey = key, .user = {}, .password = {}}, this, [this](const Result<>& written) {
            if (!written)
                m_environment.out.warning(u"the key could not be kept in the keychain; give --api-key-file with each command"_s);
            emit finished(Done);
        });
    }

    Environment& m_environment;
    AddOptions m_options;
    app::KeychainSecrets m_secrets;
};

class RemovePrinter final : public Command
{
    Q_OBJECT
public:
    RemovePrinter(Environment& environment, std::string name) : m_environment(environment), m_name(QString::fromStdString(name)) {}
    void start() override
    {
        const auto done = remove();
        emit finished(done ? int{Done} : m_environment.out.error(done.error()));
    }

private:
    Result<> remove()
    {
        auto profiles = m_environment.profiles.load();
        if (!profiles)
            return fail(profiles.error());
        const auto it = std::find_if(profiles->begin(), profiles->end(),
                                     [&](const app::Profile& p) { return p.id == m_name || p.name == m_name; });
        if (it == profiles->end())
            return fail(Error{.code = ErrorCode::BadUsage, .detail = "no printer of this name", .field = m_name.toStdString()});
        const QJsonObject removed = profileJson(*it);
        profiles->erase(it);
        if (const auto saved = m_environment.profiles.save(*profiles); !saved)
            return saved;
        m_environment.out.document(removed);
        m_environment.out.line(u"removed %1; its history is kept"_s.arg(m_name));
        return {};
    }

    Environment& m_environment;
    QString m_name;
};

QLatin1String nameOf(link::HostState state)
{
    switch (state) {
    case link::HostState::Unknown: return "unknown"_L1;
    case link::HostState::Disconnected: return "disconnected"_L1;
    case link::HostState::Startup: return "startup"_L1;
    case link::HostState::Ready: return "ready"_L1;
    case link::HostState::Shutdown: return "shutdown"_L1;
    case link::HostState::Error: return "error"_L1;
    }
    return {};
}

QJsonObject hostJson(const link::HostInfo& host)
{
    return {{u"state"_s, nameOf(host.state)},
            {u"message"_s, host.stateMessage},
            {u"hostname"_s, host.hostname},
            {u"software_version"_s, host.softwareVersion},
            {u"server_version"_s, host.serverVersion},
            {u"plr_plugin"_s, host.capabilities.testFlag(link::Capability::PlrPlugin)}};
}

struct QueryOptions { std::string printer, keyFile, store; };

/// printers test: is somebody there, and who? status: and what does it do?
class AskPrinter final : public Command
{
    Q_OBJECT
public:
    AskPrinter(Environment& environment, QueryOptions options, bool full)
        : m_environment(environment), m_options(std::move(options)), m_full(full), m_query(environment)
    {
        connect(&m_query, &PrinterQuery::connected, this, &AskPrinter::tell);
        connect(&m_query, &PrinterQuery::failed, this, [this](const Error& error) { emit finished(m_environment.out.error(error)); });
    }
    void start() override { m_query.open(m_options.printer, m_options.keyFile); }

private:
    void tell()
    {
        m_json = {{u"printer"_s, profileJson(m_query.profile())}, {u"host"_s, hostJson(m_query.driver().host())}};
        if (!m_full || m_query.driver().host().state != link::HostState::Ready)
            return addJob();
        m_query.driver().readStatus(this, [this](const Result<recovery::Sample>& sample) {
            if (!sample) {
                emit finished(m_environment.out.error(sample.error()));
                return;
            }
            m_now = *sample;
            m_json.insert(u"status"_s, app::toJson(*sample));
            addJob();
        });
    }
    void addJob()
    {
        if (m_full) {
            auto store = app::Store::open(storeUrl(m_options.store));
            const auto jobs = store ? (*store)->jobs(m_query.profile().id, 1) : fail(store.error());
            if (!jobs) {
                emit finished(m_environment.out.error(jobs.error()));
                return;
            }
            const auto crash = app::readCrash(**store, m_query.profile().id);
            if (!crash) {
                emit finished(m_environment.out.error(crash.error()));
                return;
            }
            m_crash = *crash;
            m_json.insert(u"job"_s, jobs->empty() ? QJsonValue() : QJsonValue(app::toJson(jobs->front())));
        }
        const QStringList crash = addCrash();
        const QString proven = m_full ? app::lastProvenText(m_query.profile(), m_environment.clock()) : QString();
        if (!proven.isEmpty())
            m_json.insert(u"last_proven"_s, proven);
        m_environment.out.document(m_json);
        const QJsonObject host = m_json["host"_L1].toObject(), status = m_json["status"_L1].toObject(), job = m_json["job"_L1].toObject();
        m_environment.out.line(u"%1: %2 (%3)"_s.arg(m_query.profile().name, host["state"_L1].toString(), host["software_version"_L1].toString()));
        if (!status.isEmpty())
            m_environment.out.line(u"print: %1 %2"_s.arg(status["print_state"_L1].toString(), status["file"_L1].toString()));
        if (!job.isEmpty())
            m_environment.out.line(u"last job: %1, %2"_s.arg(job["file"_L1].toString(), job["state"_L1].toString()));
        for (const QString& line : crash)
            m_environment.out.line(app::printable(line));
        if (!proven.isEmpty())
            m_environment.out.line(u"drill: %1"_s.arg(proven));
        emit finished(Done);
    }

    /// A resume in whose middle this program died: what the window shows of it.
    QStringList addCrash()
    {
        if (!m_crash)
            return {};
        const app::CrashReport report = app::describe(*m_crash, m_now, m_query.driver().host());
        m_json.insert(u"broken_resume"_s, app::toJson(*m_crash, report));
        return QStringList{report.step, report.heaters, report.head} + report.changed + report.can;
    }

    Environment& m_environment;
    QueryOptions m_options;
    bool m_full;
    std::optional<app::CrashTruth> m_crash;
    std::optional<recovery::Sample> m_now;
    PrinterQuery m_query;
    QJsonObject m_json;
};

} // namespace

void addPrinterCommands(CLI::App& app, Chosen& chosen)
{
    auto* printers = app.add_subcommand("printers", "The list of printers");
    printers->require_subcommand(1);
    printers->add_subcommand("list", "Show the printers")->callback([&chosen] {
        chosen = [](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<ListPrinters>(environment); };
    });

    const auto addOptions = std::make_shared<AddOptions>();
    auto* add = printers->add_subcommand("add", "Add a printer");
    add->add_option("name", addOptions->name, "Name to show")->required();
    add->add_option("address", addOptions->address, "moonraker://host[:7125], demo: …")->required();
    add->add_option("--api-key-file", addOptions->keyFile, "File with the API key; it is kept in the keychain");
    add->callback([addOptions, &chosen] {
        chosen = [addOptions](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<AddPrinter>(environment, *addOptions); };
    });

    const auto name = std::make_shared<std::string>();
    auto* remove = printers->add_subcommand("remove", "Remove a printer from the list");
    remove->add_option("printer", *name, "Id or name")->required();
    remove->callback([name, &chosen] {
        chosen = [name](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<RemovePrinter>(environment, *name); };
    });

    const auto testOptions = std::make_shared<QueryOptions>();
    auto* test = printers->add_subcommand("test", "Connect to a printer and tell who answers");
    test->add_option("printer", testOptions->printer, "Id, name or address")->required();
    test->add_option("--api-key-file", testOptions->keyFile, "File with the API key");
    test->callback([testOptions, &chosen] {
        chosen = [testOptions](Environment& environment) -> std::unique_ptr<Command> {
            return std::make_unique<AskPrinter>(environment, *testOptions, false);
        };
    });
}

void addStatusCommand(CLI::App& app, Chosen& chosen)
{
    const auto options = std::make_shared<QueryOptions>();
    auto* status = app.add_subcommand("status", "Show what a printer is doing");
    status->add_option("--printer", options->printer, "Id, name or address")->required();
    status->add_option("--api-key-file", options->keyFile, "File with the API key");
    status->add_option("--store", options->store, "History: path, file:///… or postgresql://…");
    status->callback([options, &chosen] {
        chosen = [options](Environment& environment) -> std::unique_ptr<Command> {
            return std::make_unique<AskPrinter>(environment, *options, true);
        };
    });
}

} // namespace kintsugi::cli

#include "printercommands.moc"
