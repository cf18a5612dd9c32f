// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <QFile>
#include <QJsonArray>
#include <QJsonObject>

#include "klippy.h"
#include "klippymesh.h"
#include "klippyreactor.h"
#include "klippysteps.h"
#include "klippyvalue.h"
#include "machine.h"
#include "motion.h"

namespace kintsugi::sim {

class Plugin;

/// One G-code line as Klipper understands it.
struct GcodeLine {
    std::string name;  ///< upper case: "G1", "SET_GCODE_OFFSET"; empty when the line does nothing
    std::string text;  ///< the whole line without blanks at its ends
    std::string rest;  ///< what follows the name, comment included
    std::array<std::optional<double>, 26> values{};      ///< traditional commands
    std::map<std::string, std::string> parameters;       ///< extended commands, upper-case keys
    std::string unparsable;                              ///< extended command whose parameters make no sense

    [[nodiscard]] std::optional<double> value(char letter) const
    {
        return values[static_cast<std::size_t>(letter - 'A')];
    }
    [[nodiscard]] std::optional<double> number(const std::string& key) const;
    [[nodiscard]] std::string word(const std::string& key, const std::string& otherwise = {}) const;
};
[[nodiscard]] GcodeLine parseGcodeLine(std::string_view text);

/// What the host may do to the world around it. Times are world times (s since the simulation began).
struct HostWorld {
    Machine& machine;
    const MachineOptions& options;
    double clockZero = 0; ///< world time at which the host's monotonic clock reads 0
    std::function<void(const QString&)> fileWritten;
    std::function<void(const QString&, const QString&)> fileMoved;
    std::function<void(const QString&)> printState;
    std::function<void(const QString& path, int index)> fileStarted;
    std::function<void()> restart; ///< asks for a new host process; carried out after the present step
};

/// The far end of one client's connection inside the host.
class HostClient
{
public:
    virtual ~HostClient() = default;
    virtual void deliver(const QJsonObject& message) = 0;

    std::uint64_t serial = 0;         ///< told apart from a later client at the same address
    QJsonObject subscribed;           ///< object → null or list of fields
    QJsonObject statusTemplate;
    QJsonObject lastStatus;
    std::optional<QJsonObject> outputTemplate;
};

/// The klippy process: G-code, motion planning, objects, files and the API. One life, from start to restart.
class Host
{
public:
    Host(HostWorld world, double worldNow);
    ~Host();

    // driven by Klippy
    void run(double worldNow);
    [[nodiscard]] std::optional<double> next() const { return m_reactor.next(); }
    void attach(HostClient* client)
    {
        client->serial = ++m_serial;
        m_clients.push_back(client);
    }
    void detach(HostClient* client) { std::erase(m_clients, client); }
    void request(HostClient* client, const QJsonObject& message, double worldNow);
    void disconnecting(); ///< says goodbye on every console

    // time and state
    [[nodiscard]] double now() const { return m_now; }                         ///< world
    [[nodiscard]] double eventTime() const { return m_now - m_world.clockZero; }
    [[nodiscard]] double printTime(double worldTime) const { return worldTime - m_mcuZero; }
    [[nodiscard]] bool ready() const { return m_state == "ready"; }
    [[nodiscard]] bool halted() const { return m_state == "shutdown" || m_state == "error"; }
    void shutDown(const std::string& reason);
    [[nodiscard]] Reactor& reactor() { return m_reactor; }
    [[nodiscard]] Reactor::Sleep sleep(double seconds) { return m_reactor.sleepUntil(m_now + seconds); }
    [[nodiscard]] Machine& machine() { return m_world.machine; }
    [[nodiscard]] const MachineOptions& options() const { return m_world.options; }
    [[nodiscard]] const HostWorld& world() const { return m_world; }

    // console and scripts
    void say(const std::string& raw);
    void info(const std::string& text);  ///< with "// " before every line
    void error(const std::string& text); ///< "!! " and the rest as info
    Task script(std::string text);       ///< lines, from inside a command; the first error ends it
    Task scriptAlone(std::string text);  ///< the same, waiting for its turn first
    [[nodiscard]] bool scripting() const { return m_mutex.held(); }

    // motion
    struct GcodeState {
        Axes last{}, base{}, homing{};
        bool absolute = true, absoluteE = true;
        double speed = 25, speedFactor = 1.0 / 60, extrudeFactor = 1;
    };
    [[nodiscard]] const Axes& toolPosition() const { return m_position; }
    [[nodiscard]] const GcodeState& gcodeState() const { return m_gcode; }
    [[nodiscard]] Failure moveTo(const Axes& target, double speed);
    void setPosition(const Axes& position);   ///< host coordinates only; nothing moves
    void markHomed(const std::string& axes) { m_homed.insert(axes.begin(), axes.end()); }
    [[nodiscard]] bool homed(char axis) const { return m_homed.contains(axis); }
    [[nodiscard]] bool homing() const { return m_homing; }
    /// What steps were made of the plan up to `now` (world time), by a host that makes them by a timer; nullopt = it makes them at once.
    [[nodiscard]] std::optional<std::vector<StepBatch>> stepBatches(double now);
    double lastMoveTime();                    ///< plans everything to a full stop; world time of its end
    Task waitMoves();
    /// Moves Z motors only, past all checks; waits for the end.
    Task driveZ(std::array<bool, 4> motors, double distance, double speed, double accel);
    void setFan(double speed);

    // objects the plugin reads
    [[nodiscard]] QString gcodes() const { return m_world.options.folder + QStringLiteral("/gcodes"); }
    [[nodiscard]] const QString& printFile() const { return m_stats.filename; }
    [[nodiscard]] bool printing() const { return m_stats.state == "printing"; }
    [[nodiscard]] qint64 filePosition() const { return m_filePosition; }
    [[nodiscard]] qint64 fileSize() const { return m_fileSize; }
    [[nodiscard]] const PyVariables& variables() const { return m_variables; }
    Failure saveVariable(const std::string& name, const std::string& literal);
    Failure saveVariable(const std::string& name, const PyValue& value);
    [[nodiscard]] const std::string& meshProfile() const { return m_meshProfile; }
    [[nodiscard]] bool hasMeshProfile(const std::string& name) const { return m_meshes.contains(name); }

    using Quick = Failure (Host::*)(const GcodeLine&);
    using Slow = Task (Host::*)(const GcodeLine&);
    struct Entry {
        Quick quick = nullptr;
        Slow slow = nullptr;
        std::function<Task(const GcodeLine&)> plugged;
        std::string help;
        bool always = false; ///< also while not ready
    };
    void registerCommand(const std::string& name, std::string help, std::function<Task(const GcodeLine&)> run);

private:
    struct PrintStats {
        QString filename;
        std::string state = "standby";
        std::string message;
        double filament = 0, total = 0, prePrint = 0, lastE = 0;
        std::optional<double> started, pausedAt;
        double paused = 0;
        std::optional<int> totalLayer, currentLayer;
    };

    // life
    void registerCommands();
    Task boot();
    Task statusTicks();
    Failure loadVariables();
    Failure loadMeshes();
    [[nodiscard]] QString variablesPath() const;
    Task runLine(std::string text);
    Task dispatch(const GcodeLine& line);
    void commandFailed(const std::string& message);
    [[nodiscard]] std::string stateMessage() const;

    // API (klippyapi.cpp)
    void serve(HostClient* client, const QJsonValue& id, const QString& method, const QJsonObject& parameters);
    void reply(HostClient* client, const QJsonValue& id, const QJsonObject& result);
    void refuse(HostClient* client, const QJsonValue& id, const QString& message);
    void startScript(HostClient* client, const QJsonValue& id, const std::string& text);
    Task answerScript(std::uint64_t serial, QJsonValue id, std::string text);
    Task answerEndstops(std::uint64_t serial, QJsonValue id);
    [[nodiscard]] HostClient* client(std::uint64_t serial) const; ///< nullptr when it has gone
    void query(HostClient* client, const QJsonValue& id, const QJsonObject& parameters, bool subscribe);
    [[nodiscard]] QJsonObject gather(const QJsonObject& wanted) const;
    void publish();
    [[nodiscard]] QJsonObject hostInfo() const;

    // status objects (klippystatus.cpp)
    [[nodiscard]] QJsonObject status(const QString& object) const;
    [[nodiscard]] QJsonObject jobStatus(const QString& object) const;
    [[nodiscard]] QJsonObject machineStatus(const QString& object) const;
    [[nodiscard]] QStringList objectNames() const;
    [[nodiscard]] QJsonObject gcodeMoveStatus() const;
    [[nodiscard]] QJsonObject toolheadStatus() const;
    [[nodiscard]] QJsonObject motionStatus() const;
    [[nodiscard]] QJsonObject printStatus() const;
    [[nodiscard]] QJsonObject heaterStatus(const Heater& heater) const;
    [[nodiscard]] QJsonObject extruderStatus() const;
    [[nodiscard]] QJsonObject meshStatus() const;
    [[nodiscard]] QJsonObject commandHelp(bool all) const;
    bool noteBusy() const;
    [[nodiscard]] QString idleState() const;
    [[nodiscard]] const QJsonObject& settings() const;

    // motion (klippymove.cpp)
    [[nodiscard]] Failure checkMove(const Axes& target) const;
    void flushMoves(bool all);
    void endMotion();
    Task keepFlushing();
    Task checkPause();
    Task home(std::string axes);
    Task homeAxis(std::size_t axis);
    Task homeUpward();
    Task cmdProbe(const GcodeLine& line);
    void resetLastPosition() { m_gcode.last = m_position; }
    Failure linearMove(const GcodeLine& line);
    Failure moveGcode(double speed);
    Task fanLater(double speed, double when);

    Task cmdMove(const GcodeLine& line);
    Task cmdHome(const GcodeLine& line);
    Task cmdDwell(const GcodeLine& line);
    Task cmdFinish(const GcodeLine& line);
    Task cmdMotorsOff(const GcodeLine& line);
    Task cmdForceMove(const GcodeLine& line);
    Task cmdKinematicPosition(const GcodeLine& line);
    Task cmdLevelGantry(const GcodeLine& line);
    Failure cmdUnits(const GcodeLine& line);
    Failure cmdMode(const GcodeLine& line);
    Failure cmdSetPosition(const GcodeLine& line);
    Failure cmdSpeedFactor(const GcodeLine& line);
    Failure cmdExtrudeFactor(const GcodeLine& line);
    Failure cmdAcceleration(const GcodeLine& line);
    Failure cmdVelocityLimit(const GcodeLine& line);
    Failure cmdPressureAdvance(const GcodeLine& line);
    Failure cmdOffset(const GcodeLine& line);
    Failure cmdSaveState(const GcodeLine& line);
    Failure cmdRestoreState(const GcodeLine& line);
    Failure cmdReportPosition(const GcodeLine& line);
    Failure cmdGetPosition(const GcodeLine& line);

    // other commands (klippycommands.cpp)
    Task waitHeater(Heater& heater);
    [[nodiscard]] std::string temperatures() const;
    Task cmdNozzleWait(const GcodeLine& line);
    Task cmdBedWait(const GcodeLine& line);
    Task cmdTemperatureWait(const GcodeLine& line);
    Failure cmdNozzle(const GcodeLine& line);
    Failure cmdBed(const GcodeLine& line);
    Failure cmdSetHeater(const GcodeLine& line);
    Failure cmdHeatersOff(const GcodeLine& line);
    Failure cmdTemperatures(const GcodeLine& line);
    Failure cmdFan(const GcodeLine& line);
    Failure cmdFanOff(const GcodeLine& line);
    Failure cmdFirmware(const GcodeLine& line);
    Failure cmdEmergency(const GcodeLine& line);
    Failure cmdRestart(const GcodeLine& line);
    Failure cmdNothing(const GcodeLine& line);
    Failure cmdStatus(const GcodeLine& line);
    Failure cmdRespond(const GcodeLine& line);
    Failure cmdEcho(const GcodeLine& line);
    Failure cmdDisplay(const GcodeLine& line);
    Failure cmdProgress(const GcodeLine& line);
    Failure cmdSaveVariable(const GcodeLine& line);
    Failure cmdMesh(const GcodeLine& line);
    Failure cmdMeshClear(const GcodeLine& line);
    Failure cmdDefineObject(const GcodeLine& line);
    Failure cmdObjectStart(const GcodeLine& line);
    Failure cmdObjectEnd(const GcodeLine& line);
    Failure cmdExclude(const GcodeLine& line);
    Failure cmdActivateExtruder(const GcodeLine& line);
    Failure cmdIdleTimeout(const GcodeLine& line);
    Task cmdMeshCalibrate(const GcodeLine& line);
    Task cmdQueryEndstops(const GcodeLine& line);
    Task cmdStartPrint(const GcodeLine& line);
    Task cmdEndPrint(const GcodeLine& line);

    // virtual_sdcard, print_stats, pause_resume (klippysdcard.cpp)
    [[nodiscard]] QStringList gcodeFiles(bool subfolders) const;
    Failure loadFile(QString name, bool subfolders);
    Task resetFile();
    Task pauseFile();
    Failure resumeFile();
    Task work();
    [[nodiscard]] std::optional<std::string> nextLine();
    [[nodiscard]] bool fileActive() const { return m_working; }
    void setPrintState(const std::string& state);
    void updateFilament();
    void refreshStats();
    void noteStart();
    void notePause();
    void noteFinish(const std::string& state, const std::string& message = {});
    void resetStats();
    Task cmdSelectFile(const GcodeLine& line);
    Task cmdPrintFile(const GcodeLine& line);
    Task cmdResetFile(const GcodeLine& line);
    Failure cmdListFiles(const GcodeLine& line);
    Failure cmdStartFile(const GcodeLine& line);
    Task cmdPauseFile(const GcodeLine& line);
    Failure cmdSetFilePosition(const GcodeLine& line);
    Failure cmdFileStatus(const GcodeLine& line);
    Failure cmdNoWrite(const GcodeLine& line);
    Failure cmdPrintInfo(const GcodeLine& line);
    Task cmdPause(const GcodeLine& line);
    Task cmdResume(const GcodeLine& line);
    Task cmdCancel(const GcodeLine& line);
    Failure cmdClearPause(const GcodeLine& line);

    HostWorld m_world;
    double m_now;
    double m_mcuZero;
    std::string m_state = "startup";
    std::string m_reason;
    Reactor m_reactor;
    Mutex m_mutex{m_reactor};
    std::vector<HostClient*> m_clients;
    std::uint64_t m_serial = 0;
    std::unordered_map<std::string, Entry> m_commands;
    std::vector<std::string> m_commandOrder;
    std::unique_ptr<Plugin> m_plugin;
    mutable QJsonObject m_settings;
    std::set<QString> m_remoteMethods;

    /// How far a host plans ahead, s (toolhead.py).
    struct Timing {
        bool timed = false;     ///< steps are made by a timer
        double lookAhead = 0.25;
        double bufferHigh = 2.0;///< planned ahead at which commands wait
        double bufferLow = 1.0; ///< left at which held moves are planned to a stop
    };
    [[nodiscard]] static Timing timingOf(const std::string& softwareVersion);
    Timing m_timing;
    Planner m_planner;
    StepTimer m_stepTimer;
    Axes m_position{};
    std::set<char> m_homed;
    bool m_homing = false;
    bool m_flushing = false;
    double m_printEnd = 0; ///< world time at which everything planned is over
    int m_stalls = 0;
    Origin m_origin;
    GcodeState m_gcode;
    std::map<std::string, GcodeState> m_savedStates;
    double m_pressureAdvance = 0, m_smoothTime = 0.04;
    bool m_levelled = false;
    double m_idleTimeout = 3600;
    mutable double m_lastBusy = -1;    ///< world time of the last motion or waiting
    mutable double m_busySince = -1;

    PyVariables m_variables;
    bool m_variablesLoaded = false;
    std::map<std::string, Mesh> m_meshes; ///< saved in printer.cfg, and those of this session
    std::string m_meshProfile;            ///< active; empty = none
    Mesh m_mesh;
    std::mt19937 m_probeNoise;
    double m_lastProbe = 0;
    QJsonArray m_objects;
    QStringList m_excluded;
    QString m_currentObject;
    bool m_skipping = false;
    double m_skippedE = 0;
    QString m_displayMessage;
    bool m_hasDisplayMessage = false;
    std::optional<double> m_displayProgress;

    PrintStats m_stats;
    std::unique_ptr<QFile> m_file;
    QString m_fileName;
    int m_fileIndex = -1;
    qint64 m_filePosition = 0, m_nextFilePosition = 0, m_fileSize = 0;
    bool m_working = false, m_mustPause = false, m_fromFile = false;
    std::string m_pending; ///< bytes read but not yet executed
    std::size_t m_pendingAt = 0;
    bool m_paused = false, m_filePaused = false;
};

} // namespace kintsugi::sim
