// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "klippyhost.h"
#include "klippysettings.h"

namespace kintsugi::sim {

using namespace Qt::StringLiterals;

namespace {

constexpr double maximumNozzle = 300; // °C
constexpr double maximumBed = 130;

Failure setTarget(Heater& heater, double target, double maximum)
{
    if (target != 0 && (target < 0 || target > maximum)) {
        std::array<char, 96> text{};
        std::snprintf(text.data(), text.size(), "Requested temperature (%.1f) out of range (0.0:%.1f)", target, maximum);
        return std::string(text.data());
    }
    heater.target = target;
    return {};
}

} // namespace

void Host::registerCommands()
{
    const auto quick = [this](const char* name, Quick handler, const char* help = "", bool always = false) {
        m_commandOrder.emplace_back(name);
        m_commands[name] = Entry{handler, nullptr, {}, help, always};
    };
    const auto slow = [this](const char* name, Slow handler, const char* help = "") {
        m_commandOrder.emplace_back(name);
        m_commands[name] = Entry{nullptr, handler, {}, help, false};
    };
    quick("M110", &Host::cmdNothing, "", true);
    quick("M112", &Host::cmdEmergency, "", true);
    quick("M115", &Host::cmdFirmware, "", true);
    quick("RESTART", &Host::cmdRestart, "Reload config file and restart host software", true);
    quick("FIRMWARE_RESTART", &Host::cmdRestart, "Restart firmware, host, and reload config", true);
    quick("ECHO", &Host::cmdEcho, "", true);
    quick("STATUS", &Host::cmdStatus, "Report the printer status", true);
    quick("TURN_OFF_HEATERS", &Host::cmdHeatersOff, "Turn off all heaters");
    quick("M105", &Host::cmdTemperatures, "", true);
    slow("TEMPERATURE_WAIT", &Host::cmdTemperatureWait, "Wait for a temperature on a sensor");
    quick("SET_HEATER_TEMPERATURE", &Host::cmdSetHeater, "Sets a heater temperature");
    quick("M104", &Host::cmdNozzle);
    slow("M109", &Host::cmdNozzleWait);
    quick("M140", &Host::cmdBed);
    slow("M190", &Host::cmdBedWait);
    quick("M106", &Host::cmdFan);
    quick("M107", &Host::cmdFanOff);
    quick("SET_IDLE_TIMEOUT", &Host::cmdIdleTimeout, "Set the idle timeout in seconds");
    slow("G0", &Host::cmdMove);
    slow("G1", &Host::cmdMove);
    slow("G4", &Host::cmdDwell);
    slow("G28", &Host::cmdHome);
    slow("M400", &Host::cmdFinish);
    slow("M18", &Host::cmdMotorsOff);
    slow("M84", &Host::cmdMotorsOff);
    for (const char* name : {"G20", "G21"})
        quick(name, &Host::cmdUnits);
    for (const char* name : {"G90", "G91", "M82", "M83"})
        quick(name, &Host::cmdMode);
    quick("G92", &Host::cmdSetPosition);
    quick("M220", &Host::cmdSpeedFactor);
    quick("M221", &Host::cmdExtrudeFactor);
    quick("M204", &Host::cmdAcceleration);
    quick("SET_VELOCITY_LIMIT", &Host::cmdVelocityLimit, "Set printer velocity limits");
    quick("SET_PRESSURE_ADVANCE", &Host::cmdPressureAdvance, "Set pressure advance parameters");
    quick("SET_GCODE_OFFSET", &Host::cmdOffset, "Set a virtual offset to g-code positions");
    quick("SAVE_GCODE_STATE", &Host::cmdSaveState, "Save G-Code coordinate state");
    quick("RESTORE_GCODE_STATE", &Host::cmdRestoreState, "Restore a previously saved G-Code state");
    quick("M114", &Host::cmdReportPosition);
    quick("GET_POSITION", &Host::cmdGetPosition, "Return information on the current location of the toolhead");
    quick("SET_PRINT_STATS_INFO", &Host::cmdPrintInfo, "Pass slicer info like layer act and total to klipper");
    quick("M20", &Host::cmdListFiles);
    quick("M21", &Host::cmdNothing);
    slow("M23", &Host::cmdSelectFile);
    quick("M24", &Host::cmdStartFile);
    slow("M25", &Host::cmdPauseFile);
    quick("M26", &Host::cmdSetFilePosition);
    quick("M27", &Host::cmdFileStatus);
    for (const char* name : {"M28", "M29", "M30"})
        quick(name, &Host::cmdNoWrite);
    slow("SDCARD_RESET_FILE", &Host::cmdResetFile, "Clears a loaded SD File. Stops the print if necessary");
    slow("SDCARD_PRINT_FILE", &Host::cmdPrintFile,
         "Loads a SD file and starts the print.  May include files in subdirectories.");
    quick("M73", &Host::cmdProgress);
    quick("M117", &Host::cmdDisplay);
    quick("SET_DISPLAY_TEXT", &Host::cmdDisplay, "Set or clear the display message");
    slow("PAUSE", &Host::cmdPause, "Pauses the current print");
    slow("RESUME", &Host::cmdResume, "Resumes the print from a pause");
    quick("CLEAR_PAUSE", &Host::cmdClearPause, "Clears the current paused state without resuming the print");
    slow("CANCEL_PRINT", &Host::cmdCancel, "Cancel the current print");
    quick("EXCLUDE_OBJECT_START", &Host::cmdObjectStart, "Marks the beginning the current object as labeled");
    quick("EXCLUDE_OBJECT_END", &Host::cmdObjectEnd, "Marks the end the current object");
    quick("EXCLUDE_OBJECT", &Host::cmdExclude, "Cancel moves inside a specified objects");
    quick("EXCLUDE_OBJECT_DEFINE", &Host::cmdDefineObject, "Provides a summary of an object");
    quick("M118", &Host::cmdRespond);
    quick("RESPOND", &Host::cmdRespond, "Echo the message prepended with a prefix");
    slow("FORCE_MOVE", &Host::cmdForceMove, "Manually move a stepper; invalidates kinematics");
    slow("SET_KINEMATIC_POSITION", &Host::cmdKinematicPosition, "Force a low-level kinematic position");
    slow("QUAD_GANTRY_LEVEL", &Host::cmdLevelGantry, "Conform a moving, twistable gantry to the shape of a stationary bed");
    if (m_world.options.probe)
        slow("PROBE", &Host::cmdProbe, "Probe Z-height at current XY position");
    slow("BED_MESH_CALIBRATE", &Host::cmdMeshCalibrate, "Perform Mesh Bed Leveling");
    quick("BED_MESH_PROFILE", &Host::cmdMesh, "Bed Mesh Persistent Storage management");
    quick("BED_MESH_CLEAR", &Host::cmdMeshClear, "Clear the Mesh so no z-adjustment is made");
    quick("SAVE_VARIABLE", &Host::cmdSaveVariable, "Save arbitrary variables to disk");
    slow("QUERY_ENDSTOPS", &Host::cmdQueryEndstops, "Report on the status of each endstop");
    quick("ACTIVATE_EXTRUDER", &Host::cmdActivateExtruder, "Change the active extruder");
    slow("START_PRINT", &Host::cmdStartPrint, "G-Code macro");
    slow("END_PRINT", &Host::cmdEndPrint, "G-Code macro");
}

std::string Host::temperatures() const
{
    const Machine& m = m_world.machine;
    std::array<char, 96> text{};
    std::snprintf(text.data(), text.size(), "B:%.1f /%.1f T0:%.1f /%.1f", m.bed.sensed(), m.bed.target,
                  m.nozzle.sensed(), m.nozzle.target);
    return text.data();
}

Task Host::waitHeater(Heater& heater)
{
    while (!halted() && heater.target > 0 && heater.sensed() < heater.target - 1.0) {
        say(temperatures());
        lastMoveTime();
        co_await sleep(1);
    }
    co_return {};
}

Failure Host::cmdNozzle(const GcodeLine& line)
{
    return setTarget(machine().nozzle, line.value('S').value_or(0), maximumNozzle);
}

Failure Host::cmdBed(const GcodeLine& line)
{
    return setTarget(machine().bed, line.value('S').value_or(0), maximumBed);
}

Task Host::cmdNozzleWait(const GcodeLine& line)
{
    if (auto failure = cmdNozzle(line))
        co_return failure;
    co_return co_await waitHeater(machine().nozzle);
}

Task Host::cmdBedWait(const GcodeLine& line)
{
    if (auto failure = cmdBed(line))
        co_return failure;
    co_return co_await waitHeater(machine().bed);
}

Task Host::cmdTemperatureWait(const GcodeLine& line)
{
    const std::string sensor = line.word("SENSOR");
    if (sensor != "extruder" && sensor != "heater_bed")
        co_return "Unknown sensor '" + sensor + "'";
    const auto low = line.number("MINIMUM");
    const auto high = line.number("MAXIMUM");
    if (!low && !high)
        co_return std::string("Error on 'TEMPERATURE_WAIT': missing MINIMUM or MAXIMUM.");
    const Heater& heater = sensor == "extruder" ? machine().nozzle : machine().bed;
    while (!halted() && ((low && heater.sensed() < *low) || (high && heater.sensed() > *high))) {
        say(temperatures());
        lastMoveTime();
        co_await sleep(1);
    }
    co_return {};
}

Failure Host::cmdSetHeater(const GcodeLine& line)
{
    const std::string name = line.word("HEATER");
    if (name == "extruder")
        return setTarget(machine().nozzle, line.number("TARGET").value_or(0), maximumNozzle);
    if (name == "heater_bed")
        return setTarget(machine().bed, line.number("TARGET").value_or(0), maximumBed);
    return "The value '" + name + "' is not valid for HEATER";
}

Failure Host::cmdHeatersOff(const GcodeLine& /*line*/)
{
    machine().nozzle.target = machine().bed.target = 0;
    return {};
}

Failure Host::cmdTemperatures(const GcodeLine& /*line*/)
{
    say(temperatures());
    return {};
}

Failure Host::cmdFan(const GcodeLine& line)
{
    setFan(line.value('S').value_or(255) / 255);
    return {};
}

Failure Host::cmdFanOff(const GcodeLine& /*line*/)
{
    setFan(0);
    return {};
}

Failure Host::cmdFirmware(const GcodeLine& /*line*/)
{
    info("FIRMWARE_NAME:Klipper FIRMWARE_VERSION:" + m_world.options.softwareVersion.toStdString());
    return {};
}

Failure Host::cmdEmergency(const GcodeLine& /*line*/)
{
    shutDown("Shutdown due to M112 command");
    return {};
}

Failure Host::cmdRestart(const GcodeLine& /*line*/)
{
    m_world.restart();
    return {};
}

Failure Host::cmdNothing(const GcodeLine& /*line*/)
{
    return {};
}

Failure Host::cmdStatus(const GcodeLine& /*line*/)
{
    if (ready()) {
        info("Klipper state: Ready");
        return {};
    }
    return stateMessage() + "Klipper state: Not ready";
}

Failure Host::cmdRespond(const GcodeLine& line)
{
    if (line.name == "M118") {
        say("echo: " + line.rest);
        return {};
    }
    const std::string type = line.word("TYPE", "echo");
    const std::string message = line.word("MSG");
    if (type == "error")
        say("!! " + message);
    else if (type == "command")
        say("// " + message);
    else if (type == "echo")
        say("echo: " + message);
    else
        return "RESPOND TYPE '" + type + "' is invalid. Must be one of 'echo', 'command', or 'error'";
    return {};
}

Failure Host::cmdEcho(const GcodeLine& line)
{
    info(line.text);
    return {};
}

Failure Host::cmdDisplay(const GcodeLine& line)
{
    const std::string text = line.name == "M117" ? line.rest : line.word("MSG");
    m_displayMessage = QString::fromStdString(text);
    m_hasDisplayMessage = !text.empty();
    return {};
}

Failure Host::cmdProgress(const GcodeLine& line)
{
    if (const auto percent = line.value('P'))
        m_displayProgress = std::clamp(*percent / 100, 0.0, 1.0);
    return {};
}

Failure Host::cmdSaveVariable(const GcodeLine& line)
{
    if (!line.parameters.contains("VARIABLE") || !line.parameters.contains("VALUE"))
        return "Error on '" + line.text + "': missing " + (line.parameters.contains("VARIABLE") ? "VALUE" : "VARIABLE");
    return saveVariable(line.word("VARIABLE"), line.word("VALUE"));
}

Failure Host::cmdDefineObject(const GcodeLine& line)
{
    if (line.number("RESET").value_or(0) != 0) {
        m_objects = {};
        m_excluded.clear();
        return {};
    }
    const std::string name = line.word("NAME");
    if (name.empty())
        return {};
    QJsonObject object;
    const auto numbers = [](const std::string& text) {
        const PyParse parsed = parsePython(text);
        return parsed.value.json();
    };
    if (const std::string centre = line.word("CENTER"); !centre.empty())
        object.insert(u"center"_s, numbers("[" + centre + "]"));
    if (const std::string polygon = line.word("POLYGON"); !polygon.empty())
        object.insert(u"polygon"_s, numbers(polygon));
    const QString shown = QString::fromStdString(name).toUpper();
    for (const QJsonValue known : std::as_const(m_objects)) {
        if (known.toObject().value(u"name"_s) == shown)
            return {};
    }
    object.insert(u"name"_s, shown);
    m_objects.append(object);
    return {};
}

Failure Host::cmdObjectStart(const GcodeLine& line)
{
    const QString name = QString::fromStdString(line.word("NAME")).toUpper();
    bool known = false;
    for (const QJsonValue object : std::as_const(m_objects))
        known = known || object.toObject().value(u"name"_s) == name;
    if (!known)
        m_objects.append(QJsonObject{{u"name"_s, name}});
    m_currentObject = name;
    return {};
}

Failure Host::cmdObjectEnd(const GcodeLine& /*line*/)
{
    if (m_currentObject.isEmpty()) {
        info("EXCLUDE_OBJECT_END called, but no object is currently active");
        return {};
    }
    m_currentObject.clear();
    return {};
}

Failure Host::cmdExclude(const GcodeLine& line)
{
    const QString name = QString::fromStdString(line.word("NAME")).toUpper();
    if (line.number("RESET").value_or(0) != 0) {
        if (name.isEmpty())
            m_excluded.clear();
        else
            m_excluded.removeAll(name);
        return {};
    }
    const bool current = line.number("CURRENT").value_or(0) != 0;
    if (current && m_currentObject.isEmpty())
        return "There is no current object to cancel";
    const QString chosen = current ? m_currentObject : name;
    if (chosen.isEmpty()) {
        info("Excluded objects: " + m_excluded.join(u' ').toStdString());
        return {};
    }
    if (!m_excluded.contains(chosen)) {
        m_excluded.append(chosen);
        m_excluded.sort();
        info("Excluding object " + chosen.toStdString());
    }
    return {};
}

Failure Host::cmdActivateExtruder(const GcodeLine& line)
{
    const std::string name = line.word("EXTRUDER");
    if (name != "extruder")
        return "The value '" + name + "' is not valid for EXTRUDER";
    info("Extruder extruder already active");
    return {};
}

Failure Host::cmdIdleTimeout(const GcodeLine& line)
{
    m_idleTimeout = line.number("TIMEOUT").value_or(m_idleTimeout);
    info("idle_timeout: Timeout set to " + pythonFloat(m_idleTimeout) + " s");
    return {};
}

Task Host::cmdQueryEndstops(const GcodeLine& /*line*/)
{
    lastMoveTime();
    co_await sleep(0.1);
    const auto text = [](bool triggered) { return std::string(triggered ? "TRIGGERED" : "open"); };
    const Machine& m = machine();
    say("x:" + text(m.trueX() <= 1e-6) + " y:" + text(m.trueY() <= 1e-6) + " z:" + text(m.bottomGap() <= 1e-6));
    co_return {};
}

Task Host::cmdStartPrint(const GcodeLine& line)
{
    co_return co_await script("RESPOND TYPE=echo MSG=\"START_PRINT EXTRUDER=" + line.word("EXTRUDER")
                              + " BED=" + line.word("BED") + "\"");
}

Task Host::cmdEndPrint(const GcodeLine& /*line*/)
{
    co_return co_await script("TURN_OFF_HEATERS\nM107\nG91\nG1 Z5 F600\nG90");
}

} // namespace kintsugi::sim
