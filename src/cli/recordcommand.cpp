// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <QJsonArray>

#include "archive.h"
#include "codec.h"
#include "command.h"
#include "errortext.h"
#include "printerchoice.h"
#include "session.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

namespace {

struct RecordOptions {
    std::vector<std::string> printers;
    std::string store, keyFile;
};

/// Records until it is interrupted; the same sessions and recorders as in the window.
class Record final : public Command
{
    Q_OBJECT
public:
    Record(Environment& environment, RecordOptions options)
        : m_environment(environment), m_options(std::move(options)), m_files(app::FileCache::defaultFolder())
    {
        connect(&m_archive, &app::Archive::opened, this, &Record::begin);
        connect(&m_archive, &app::Archive::notice, this, [this](const Error& error) { m_environment.out.warning(app::errorText(error).full()); });
        connect(&m_archive, &app::Archive::lagging, this, [this](int thinned) {
            m_environment.out.warning(u"the history cannot follow: %1 samples of the past were thinned out"_s.arg(thinned));
        });
        connect(&m_archive, &app::Archive::failed, this, [this](const Error& error) {
            if (!m_begun) {
                emit finished(m_environment.out.error(error));
                return;
            }
            m_environment.out.warning(app::errorText(error).full());
        });
    }
    void start() override
    {
        for (const std::string& name : m_options.printers) {
            auto profile = choosePrinter(m_environment, name);
            if (!profile) {
                emit finished(m_environment.out.error(profile.error()));
                return;
            }
            m_profiles.push_back(std::move(*profile));
        }
        m_archive.open(storeUrl(m_options.store));
    }
    void interrupt() override
    {
        QJsonArray printers;
        for (const auto& session : m_sessions) {
            printers.append(QJsonObject{{u"printer"_s, session->profile().id},
                                        {u"samples"_s, static_cast<qint64>(session->recorder().acknowledgedSamples())}});
        }
        m_sessions.clear();
        m_archive.flush(this, [this, printers](const Result<>& flushed) {
            if (!flushed) {
                emit finished(m_environment.out.error(flushed.error()));
                return;
            }
            m_environment.out.document({{u"printers"_s, printers}});
            emit finished(Done);
        });
    }

private:
    void begin()
    {
        if (std::exchange(m_begun, true))
            return;
        for (const app::Profile& profile : m_profiles) {
            makeDriver(m_environment, profile, m_options.keyFile, this, [this, profile](Result<std::unique_ptr<link::Driver>> driver) {
                if (driver)
                    add(profile, std::move(*driver));
                else
                    emit finished(m_environment.out.error(driver.error()));
            });
        }
    }
    void add(const app::Profile& profile, std::unique_ptr<link::Driver> driver)
    {
        auto session = std::make_unique<app::Session>(profile, std::move(driver), m_archive, m_files, m_environment.clock);
        const Output& out = m_environment.out;
        const QString name = profile.name;
        app::Recorder* recorder = &session->recorder();
        link::Driver* its = &session->driver();
        connect(its, &link::Driver::linkChanged, this, [&out, name](link::LinkState state) {
            if (state == link::LinkState::Connected)
                out.note(name + u": connected"_s);
            else if (state == link::LinkState::Retrying)
                out.warning(name + u": not connected, trying again"_s);
        });
        connect(its, &link::Driver::linkFailed, this, [&out, name](const Error& error) { out.warning(name + u": "_s + app::errorText(error).what); });
        connect(recorder, &app::Recorder::jobStarted, this, [&out, name](const app::PrintJob& job) { out.note(name + u": prints "_s + job.file); });
        connect(recorder, &app::Recorder::jobEnded, this, [&out, name](const app::PrintJob& job) { out.note(name + u": ended "_s + job.file); });
        connect(recorder, &app::Recorder::jobInterrupted, this, [&out, name](const app::PrintJob& job) {
            out.warning(name + u": interrupted %1 (%2)"_s.arg(job.file, app::causeName(job.cause)));
        });
        connect(recorder, &app::Recorder::notArmedAlarm, this, [&out, name] {
            out.warning(name + u": prints, and its plugin does not save; send PLR_ENABLE"_s);
        });
        connect(recorder, &app::Recorder::variablesTorn, this, [&out, name] {
            out.warning(name + u": variables.cfg was torn and Klipper refuses to start; a good copy is in the history"_s);
        });
        session->connectPrinter();
        m_sessions.push_back(std::move(session));
    }

    Environment& m_environment;
    RecordOptions m_options;
    app::Archive m_archive;
    app::FileCache m_files;
    std::vector<app::Profile> m_profiles;
    std::vector<std::unique_ptr<app::Session>> m_sessions;
    bool m_begun = false;
};

} // namespace

void addRecordCommand(CLI::App& app, Chosen& chosen)
{
    const auto options = std::make_shared<RecordOptions>();
    auto* record = app.add_subcommand("record", "Record what printers do, until interrupted");
    record->add_option("--printer", options->printers, "Id, name or address; several may be given")->required();
    record->add_option("--store", options->store, "History: path, file:///… or postgresql://…");
    record->add_option("--api-key-file", options->keyFile, "File with the API key");
    record->callback([options, &chosen] {
        chosen = [options](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<Record>(environment, *options); };
    });
}

} // namespace kintsugi::cli

#include "recordcommand.moc"
