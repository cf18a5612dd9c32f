// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTimer>

#include "command.h"
#include "demoprinter.h"
#include "klippysocket.h"
#include "number.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

namespace {

struct Fault {
    QString kind;         ///< power-cut, host-crash, link-drop, motor-supply
    int layer = 0;        ///< from 0
    double fraction = 0;  ///< of the layer that is deposited
};

struct SimulateOptions {
    std::string speak, socket, scenario, folder;
    std::vector<std::string> faults;
    std::optional<std::uint64_t> port;
    std::optional<double> speed, restoreAfter;
};

struct Scenario {
    sim::DemoOptions demo;
    std::vector<Fault> faults;
    std::optional<double> restoreAfter; ///< real s from a power cut or host crash to the cure
};

Result<Fault> parseFault(const QString& text)
{
    static const QRegularExpression grammar(u"^(power-cut|host-crash|link-drop|motor-supply)@layer:(\\d{1,6})(?::(0?\\.\\d+|0|1))?$"_s);
    const auto match = grammar.match(text);
    if (!match.hasMatch())
        return fail(Error{.code = ErrorCode::BadUsage, .detail = text.toStdString(), .field = "--fault"});
    return Fault{match.captured(1), match.captured(2).toInt(), match.captured(3).toDouble()};
}

/// {"speed":…, "restore_after":…, "faults":[…], "machine":{"bed":[x,y],"max_z":…,"switch_noise":…,…}}
Result<> readScenario(const std::string& path, Scenario& scenario)
{
    QFile file(QString::fromStdString(path));
    if (!file.open(QIODevice::ReadOnly))
        return fail(file.exists() ? ErrorCode::FileUnreadable : ErrorCode::FileMissing, {}, path);
    QJsonParseError problem;
    const QJsonDocument document = QJsonDocument::fromJson(file.readAll(), &problem);
    if (!document.isObject())
        return fail(Error{.code = ErrorCode::BadValue, .detail = problem.errorString().toStdString(), .file = path});
    const QJsonObject json = document.object(), machine = json["machine"_L1].toObject();
    std::optional<Error> wrong;
    const auto number = [&](const QJsonObject& from, QLatin1String key, double& value) {
        const QJsonValue given = from[key];
        if (!given.isUndefined() && !given.isDouble())
            wrong = Error{.code = ErrorCode::BadValue, .file = path, .field = QString(key).toStdString()};
        value = given.toDouble(value);
    };
    sim::MachineOptions& options = scenario.demo.machine;
    number(json, "speed"_L1, scenario.demo.speed);
    number(machine, "bed_x"_L1, options.bedX);
    number(machine, "bed_y"_L1, options.bedY);
    number(machine, "max_z"_L1, options.maxZ);
    number(machine, "switch_noise"_L1, options.switchNoise);
    number(machine, "drop_mm"_L1, options.dropMm);
    number(machine, "save_interval"_L1, options.saveInterval);
    number(machine, "ambient"_L1, options.ambient);
    number(machine, "heater_rate"_L1, options.heaterRate);
    double seed = options.seed;
    number(machine, "seed"_L1, seed);
    options.seed = static_cast<unsigned>(std::clamp(seed, 0.0, 4e9));
    options.bedDropsUnpowered = machine["bed_drops_unpowered"_L1].toBool(options.bedDropsUnpowered);
    options.pluginInstalled = machine["plugin"_L1].toBool(options.pluginInstalled);
    if (json["restore_after"_L1].isDouble())
        scenario.restoreAfter = json["restore_after"_L1].toDouble();
    for (const QJsonValue& text : json["faults"_L1].toArray()) {
        const auto fault = parseFault(text.toString());
        if (!fault)
            wrong = Error{.code = ErrorCode::BadValue, .detail = text.toString().toStdString(), .file = path, .field = "faults"};
        else
            scenario.faults.push_back(*fault);
    }
    return wrong ? Result<>(fail(*wrong)) : Result<>();
}

Result<Scenario> scenarioOf(const SimulateOptions& options)
{
    Scenario scenario;
    if (!options.scenario.empty()) {
        if (const auto read = readScenario(options.scenario, scenario); !read)
            return fail(read.error());
    }
    for (const std::string& text : options.faults) {
        const auto fault = parseFault(QString::fromStdString(text));
        if (!fault)
            return fail(fault.error());
        scenario.faults.push_back(*fault);
    }
    if (options.speed)
        scenario.demo.speed = *options.speed;
    if (options.restoreAfter)
        scenario.restoreAfter = options.restoreAfter;
    scenario.demo.port = static_cast<quint16>(options.port.value_or(0));
    return scenario;
}

/// Serves the demo printer to other programs until it is interrupted.
class Simulate final : public Command
{
    Q_OBJECT
public:
    Simulate(Environment& environment, SimulateOptions options) : m_environment(environment), m_options(std::move(options))
    {
        m_cure.setSingleShot(true);
        connect(&m_cure, &QTimer::timeout, this, &Simulate::cure);
    }
    void start() override
    {
        const auto started = begin();
        if (!started)
            emit finished(m_environment.out.error(started.error()));
    }
    void interrupt() override { emit finished(Done); }

private:
    Result<> begin()
    {
        auto scenario = scenarioOf(m_options);
        if (!scenario)
            return fail(scenario.error());
        m_scenario = std::move(*scenario);
        m_scenario.demo.machine.folder = m_options.folder.empty() ? m_folder.filePath(u"printer_data"_s) : QString::fromStdString(m_options.folder);
        return m_options.speak == "klippy" ? serveKlippy() : serveMoonraker();
    }
    Result<> serveMoonraker()
    {
        m_demo = std::make_unique<sim::DemoPrinter>(m_scenario.demo);
        if (const auto started = m_demo->start(); !started)
            return started;
        connect(m_demo.get(), &sim::DemoPrinter::powerChanged, this, [this](bool on) { noteStop(u"power"_s, on); });
        connect(m_demo.get(), &sim::DemoPrinter::hostChanged, this, [this](bool on) { noteStop(u"host"_s, on); });
        for (const Fault& fault : m_scenario.faults)
            m_demo->call([this, fault](sim::Klippy& klippy) { plant(klippy, fault); });
        tell(m_demo->address().toString(), m_demo->demoFile());
        return {};
    }
    Result<> serveKlippy()
    {
        m_klippy = std::make_unique<sim::Klippy>(m_scenario.demo.machine);
        m_socket = std::make_unique<sim::KlippySocket>([this] { return m_klippy->openConnection(); });
        const QString path = m_options.socket.empty() ? m_folder.filePath(u"klippy.sock"_s) : QString::fromStdString(m_options.socket);
        if (const auto listening = m_socket->follow(*m_klippy, path); !listening)
            return listening;
        connect(m_klippy.get(), &sim::Klippy::powerChanged, this, [this](bool on) { noteStop(u"power"_s, on); });
        connect(m_klippy.get(), &sim::Klippy::hostStopped, this, [this] { noteStop(u"host"_s, false); });
        for (const Fault& fault : m_scenario.faults)
            plant(*m_klippy, fault);
        m_klippy->setSpeed(m_scenario.demo.speed);
        tell(u"klippy://"_s + path, {});
        return {};
    }
    void tell(const QString& address, const QString& demoFile)
    {
        m_environment.out.document({{u"address"_s, address}, {u"folder"_s, m_scenario.demo.machine.folder}, {u"demo_file"_s, demoFile}});
        m_environment.out.line(address);
    }

    /// Runs on the thread of the machine.
    void plant(sim::Klippy& klippy, const Fault& fault)
    {
        sim::Klippy* machine = &klippy;
        klippy.atLayer(fault.layer, fault.fraction, [this, machine, kind = fault.kind] {
            if (kind == "power-cut"_L1)
                machine->cutPower();
            else if (kind == "host-crash"_L1)
                machine->crashHost();
            else if (kind == "motor-supply"_L1)
                machine->cutMotorSupply();
            else
                QMetaObject::invokeMethod(this, [this] { dropLink(); }, Qt::QueuedConnection);
        });
    }
    void dropLink()
    {
        m_environment.out.note(u"fault: link dropped"_s);
        const double seconds = m_scenario.restoreAfter.value_or(3);
        if (m_demo)
            m_demo->dropLink(static_cast<int>(seconds * 1000));
        else
            m_socket->close();
        if (m_klippy)
            QTimer::singleShot(static_cast<int>(seconds * 1000), this, [this] { static_cast<void>(m_socket->listen(socketPath())); });
    }
    [[nodiscard]] QString socketPath() const
    {
        return m_options.socket.empty() ? m_folder.filePath(u"klippy.sock"_s) : QString::fromStdString(m_options.socket);
    }
    void noteStop(const QString& what, bool on)
    {
        m_environment.out.note(what + (on ? u" on"_s : u" off"_s));
        if (!on && m_scenario.restoreAfter && !m_cure.isActive())
            m_cure.start(static_cast<int>(*m_scenario.restoreAfter * 1000));
    }
    void cure()
    {
        const auto restore = [](sim::Klippy& klippy) {
            if (!klippy.powered())
                klippy.restorePower();
            else if (!klippy.hostRunning())
                klippy.startHost();
        };
        if (m_klippy)
            restore(*m_klippy);
        else
            m_demo->call(restore);
    }

    Environment& m_environment;
    SimulateOptions m_options;
    Scenario m_scenario;
    QTemporaryDir m_folder;
    QTimer m_cure;
    std::unique_ptr<sim::Klippy> m_klippy;
    std::unique_ptr<sim::KlippySocket> m_socket;
    std::unique_ptr<sim::DemoPrinter> m_demo;
};

} // namespace

void addSimulateCommand(CLI::App& app, Chosen& chosen)
{
    const auto options = std::make_shared<SimulateOptions>();
    auto* simulate = app.add_subcommand("simulate", "Serve the demo printer to other programs, until interrupted");
    simulate->add_option("--speak", options->speak, "klippy or moonraker")->required()->check(CLI::IsMember({"klippy", "moonraker"}));
    simulate->add_option("--socket", options->socket, "klippy: path of the Unix socket");
    addCount(*simulate, "--port", options->port, "moonraker: port on the loopback address; 0 = any free one", {.most = 65535});
    simulate->add_option("--folder", options->folder, "printer_data folder to use; else a temporary one");
    simulate->add_option("--scenario", options->scenario, "JSON file with machine, speed and faults");
    simulate->add_option("--fault", options->faults,
                         "kind@layer:N[:fraction]; kinds: power-cut, host-crash, link-drop, motor-supply; several may be given");
    addNumber(*simulate, "--restore-after", options->restoreAfter, "Seconds from a power cut or host crash to its cure; never when left out",
              {.least = 0});
    addNumber(*simulate, "--speed", options->speed, "Virtual seconds per real second", {.least = 0.01, .most = 1000});
    simulate->callback([options, &chosen] {
        chosen = [options](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<Simulate>(environment, *options); };
    });
}

} // namespace kintsugi::cli

#include "simulatecommand.moc"
