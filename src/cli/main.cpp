// SPDX-License-Identifier: GPL-3.0-or-later
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <CLI/CLI.hpp>
#include <QCoreApplication>
#include <QLoggingCategory>
#include <QTimer>

#include "command.h"
#include "unixsignals.h"

using namespace kintsugi;
using namespace Qt::StringLiterals;

namespace {

void addCommands(CLI::App& parser, cli::Chosen& chosen)
{
    parser.require_subcommand(1);
    parser.fallthrough();
    parser.set_version_flag("--version", std::string("kintsugi-cli ") + KINTSUGI_VERSION);
    cli::addFileCommands(parser, chosen);
    cli::addMarkerCommands(parser, chosen);
    cli::addPrinterCommands(parser, chosen);
    cli::addStatusCommand(parser, chosen);
    cli::addHistoryCommands(parser, chosen);
    cli::addRecordCommand(parser, chosen);
    cli::addResumeCommand(parser, chosen);
    cli::addDrillCommand(parser, chosen);
    cli::addSimulateCommand(parser, chosen);
}

/// What CLI11 throws ends here: help and version are answers, the rest is wrong usage.
int parsingEnded(const CLI::App& parser, const CLI::ParseError& reason, cli::Output& out)
{
    if (reason.get_exit_code() == 0)
        return parser.exit(reason);
    return out.error({.code = ErrorCode::BadUsage, .detail = reason.what()});
}

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

int runCommand(const cli::Chosen& chosen, cli::Environment& environment)
{
    const auto command = chosen(environment);
    cli::UnixSignals stops;
    QObject::connect(&stops, &cli::UnixSignals::interrupted, command.get(), &cli::Command::interrupt);
    QObject::connect(command.get(), &cli::Command::finished, qApp, [](int code) { QCoreApplication::exit(code); }, Qt::QueuedConnection);
    QTimer::singleShot(0, command.get(), &cli::Command::start);
    const int code = QCoreApplication::exec();
    environment.out.finish();
    return code;
}

} // namespace

int main(int argc, char** argv)
{
    std::signal(SIGXFSZ, SIG_IGN); // a write beyond the limit is an error then, and what was begun is removed
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(u"kintsugi"_s);
    QCoreApplication::setApplicationVersion(QStringLiteral(KINTSUGI_VERSION));

    QLoggingCategory::setFilterRules(u"kintsugi.*=false"_s); // the commands say it in words; QT_LOGGING_RULES shows it again

    cli::Environment environment{.out = {},
                                 .profiles = app::ProfileList(app::ProfileList::defaultPath()),
                                 .drivers = {},
                                 .demo = {},
                                 .clock = now};
    environment.drivers.add(u"demo"_s, [&environment](const link::Address&) { return environment.demo.makeDriver(); });

    bool json = false;
    for (int i = 1; i < argc; ++i) // wanted before anything can go wrong
        json = json || std::strcmp(argv[i], "--json") == 0;
    environment.out.setJson(json);

    cli::Chosen chosen;
    CLI::App parser("Resumes interrupted 3D prints.", "kintsugi-cli");
    parser.add_flag("--json", json, "Print exactly one JSON document on stdout");
    parser.add_flag_callback("--progress", [&environment] { environment.out.setProgress(true); }, "Tell how far long work is");
    try {
        addCommands(parser, chosen);
        parser.parse(argc, argv);
    } catch (const CLI::ParseError& reason) {
        return parsingEnded(parser, reason, environment.out);
    }
    return runCommand(chosen, environment);
}
