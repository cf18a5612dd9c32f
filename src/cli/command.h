// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <QObject>

#include "demohost.h"
#include "driverfactory.h"
#include "output.h"
#include "profile.h"
#include "store.h"

namespace CLI {
class App;
}

namespace kintsugi::cli {

/// What every command may use; made once in main.
struct Environment {
    Output out;
    app::ProfileList profiles;
    link::DriverFactory drivers;
    DemoHost demo;
    std::function<double()> clock; ///< s since epoch UTC
};

/// One command as a flow on the event loop: start() once, finished() once.
class Command : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;
    virtual void start() = 0;
    /// SIGINT or SIGTERM; a command with nothing under way ends at once.
    virtual void interrupt() { emit finished(PrinterFailed); }
signals:
    void finished(int exitCode);
};

/// The command that the arguments chose.
using Chosen = std::function<std::unique_ptr<Command>(Environment&)>;

void addFileCommands(CLI::App& app, Chosen& chosen);    ///< inspect, state, plan
void addMarkerCommands(CLI::App& app, Chosen& chosen);  ///< prepare, markers
void addPrinterCommands(CLI::App& app, Chosen& chosen); ///< printers
void addStatusCommand(CLI::App& app, Chosen& chosen);
void addHistoryCommands(CLI::App& app, Chosen& chosen); ///< snapshots, history
void addRecordCommand(CLI::App& app, Chosen& chosen);
void addResumeCommand(CLI::App& app, Chosen& chosen);
void addDrillCommand(CLI::App& app, Chosen& chosen);
void addSimulateCommand(CLI::App& app, Chosen& chosen);

[[nodiscard]] QUrl storeUrl(const std::string& option); ///< a path is as good as a URL; empty = the default

} // namespace kintsugi::cli
