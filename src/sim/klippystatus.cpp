// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "klippyhost.h"
#include "klippysettings.h"

namespace kintsugi::sim {

using namespace Qt::StringLiterals;

namespace {

QJsonArray axes(const Axes& values)
{
    return {values[0], values[1], values[2], values[3]};
}

double rounded(double value, double step)
{
    return std::round(value / step) * step;
}

QJsonValue orNull(const std::optional<int>& value)
{
    return value ? QJsonValue(*value) : QJsonValue();
}

} // namespace

QStringList Host::objectNames() const
{
    if (!ready() && m_state != "shutdown")
        return {u"gcode"_s, u"webhooks"_s, u"configfile"_s};
    QStringList names{u"gcode"_s, u"webhooks"_s, u"configfile"_s, u"mcu"_s, u"heaters"_s, u"heater_bed"_s, u"fan"_s,
                      u"idle_timeout"_s, u"gcode_move"_s, u"print_stats"_s, u"virtual_sdcard"_s,
                      u"display_status"_s, u"pause_resume"_s, u"exclude_object"_s, u"bed_mesh"_s,
                      u"quad_gantry_level"_s, u"save_variables"_s};
    for (const QString& name : macroNames())
        names.append(u"gcode_macro "_s + name);
    for (const QString& name : buttonNames())
        names.append(u"gcode_button "_s + name);
    if (m_world.options.probe)
        names.append(u"probe"_s);
    names += {u"stepper_enable"_s, u"motion_report"_s, u"query_endstops"_s, u"system_stats"_s, u"manual_probe"_s,
              u"toolhead"_s, u"extruder"_s};
    return names;
}

QJsonObject Host::status(const QString& object) const
{
    if (object == u"webhooks"_s) {
        return {{u"state"_s, QString::fromStdString(m_state)},
                {u"state_message"_s, QString::fromStdString(stateMessage())}};
    }
    if (object == u"configfile"_s) {
        return {{u"config"_s, configText(settings())}, {u"settings"_s, settings()}, {u"warnings"_s, QJsonArray()},
                {u"save_config_pending"_s, false}, {u"save_config_pending_items"_s, QJsonObject()}};
    }
    if (object == u"gcode"_s)
        return {{u"commands"_s, commandHelp(true)}};
    if (!ready() && m_state != "shutdown")
        return {};
    const QJsonObject job = jobStatus(object);
    return job.isEmpty() ? machineStatus(object) : job;
}

QJsonObject Host::jobStatus(const QString& object) const
{
    if (object == u"print_stats"_s)
        return printStatus();
    if (object == u"virtual_sdcard"_s) {
        const double progress = m_fileSize > 0 ? static_cast<double>(m_filePosition) / static_cast<double>(m_fileSize)
                                               : 0.0;
        return {{u"file_path"_s, m_file ? QJsonValue(m_file->fileName()) : QJsonValue()}, {u"progress"_s, progress},
                {u"is_active"_s, m_working}, {u"file_position"_s, m_filePosition}, {u"file_size"_s, m_fileSize}};
    }
    if (object == u"save_variables"_s) {
        QJsonObject all;
        for (const auto& [name, value] : m_variables)
            all.insert(QString::fromStdString(name), value.json());
        return {{u"variables"_s, all}};
    }
    if (object == u"idle_timeout"_s) {
        const QString state = idleState();
        return {{u"state"_s, state},
                {u"printing_time"_s, state == u"Printing"_s ? m_now - m_busySince : 0.0}};
    }
    if (object == u"pause_resume"_s)
        return {{u"is_paused"_s, m_paused}};
    if (object == u"exclude_object"_s) {
        return {{u"objects"_s, m_objects}, {u"excluded_objects"_s, QJsonArray::fromStringList(m_excluded)},
                {u"current_object"_s, m_currentObject.isEmpty() ? QJsonValue() : QJsonValue(m_currentObject)}};
    }
    if (object == u"display_status"_s) {
        const double file = m_fileSize > 0 ? static_cast<double>(m_filePosition) / static_cast<double>(m_fileSize) : 0;
        return {{u"progress"_s, m_displayProgress.value_or(m_working ? file : 0.0)},
                {u"message"_s, m_hasDisplayMessage ? QJsonValue(m_displayMessage) : QJsonValue()}};
    }
    return {};
}

QJsonObject Host::machineStatus(const QString& object) const
{
    if (object == u"gcode_move"_s)
        return gcodeMoveStatus();
    if (object == u"toolhead"_s)
        return toolheadStatus();
    if (object == u"motion_report"_s)
        return motionStatus();
    if (object == u"extruder"_s)
        return extruderStatus();
    if (object == u"heater_bed"_s)
        return heaterStatus(m_world.machine.bed);
    if (object == u"fan"_s)
        return {{u"speed"_s, m_world.machine.fan}, {u"rpm"_s, QJsonValue()}};
    if (object == u"bed_mesh"_s)
        return meshStatus();
    if (object == u"quad_gantry_level"_s)
        return {{u"applied"_s, m_levelled}};
    if (object == u"heaters"_s) {
        const QJsonArray names{u"heater_bed"_s, u"extruder"_s};
        return {{u"available_heaters"_s, names}, {u"available_sensors"_s, names},
                {u"available_monitors"_s, QJsonArray()}};
    }
    if (object == u"mcu"_s) {
        return {{u"mcu_version"_s, m_world.options.softwareVersion}, {u"mcu_build_versions"_s, u"demo"_s},
                {u"mcu_constants"_s, QJsonObject()}, {u"last_stats"_s, QJsonObject()}};
    }
    if (object == u"stepper_enable"_s) {
        QJsonObject steppers;
        for (const QString& name : stepperNames())
            steppers.insert(name, m_world.machine.motorsEnergized());
        return {{u"steppers"_s, steppers}};
    }
    if (object == u"probe"_s && m_world.options.probe)
        return {{u"name"_s, u"probe"_s}, {u"last_query"_s, false}, {u"last_z_result"_s, m_lastProbe}};
    if (object == u"system_stats"_s)
        return {{u"sysload"_s, 0.1}, {u"cputime"_s, rounded(eventTime() * 0.05, 0.01)}, {u"memavail"_s, 2000000}};
    if (object == u"manual_probe"_s) {
        return {{u"is_active"_s, false}, {u"z_position"_s, QJsonValue()}, {u"z_position_lower"_s, QJsonValue()},
                {u"z_position_upper"_s, QJsonValue()}};
    }
    if (object == u"query_endstops"_s)
        return {{u"last_query"_s, QJsonObject()}};
    if (object.startsWith(u"gcode_button "_s)) {
        const auto index = buttonNames().indexOf(object.mid(13));
        if (index >= 0) {
            const bool pressed = m_world.machine.pressed(static_cast<int>(index));
            return {{u"state"_s, pressed ? u"PRESSED"_s : u"RELEASED"_s}};
        }
    }
    return {};
}

QJsonObject Host::gcodeMoveStatus() const
{
    const GcodeState& g = m_gcode;
    Axes position;
    for (std::size_t i = 0; i < position.size(); ++i)
        position[i] = g.last[i] - g.base[i];
    position[3] /= g.extrudeFactor;
    return {{u"speed_factor"_s, g.speedFactor * 60},
            {u"speed"_s, g.speed / g.speedFactor},
            {u"extrude_factor"_s, g.extrudeFactor},
            {u"absolute_coordinates"_s, g.absolute},
            {u"absolute_extrude"_s, g.absoluteE},
            {u"homing_origin"_s, axes(g.homing)},
            {u"position"_s, axes(g.last)},
            {u"gcode_position"_s, axes(position)}};
}

QJsonObject Host::toolheadStatus() const
{
    QString homedAxes;
    for (const char axis : {'x', 'y', 'z'}) {
        if (m_homed.contains(axis))
            homedAxes += QLatin1Char(axis);
    }
    const MachineOptions& o = m_world.options;
    return {{u"homed_axes"_s, homedAxes},
            {u"axis_minimum"_s, QJsonArray{0.0, 0.0, axisMinimumZ, 0.0}},
            {u"axis_maximum"_s, QJsonArray{o.bedX, o.bedY, o.maxZ, 0.0}},
            {u"print_time"_s, printTime(std::max(m_printEnd, m_mcuZero + 0.25))},
            {u"stalls"_s, m_stalls},
            {u"estimated_print_time"_s, printTime(m_now)},
            {u"extruder"_s, u"extruder"_s},
            {u"position"_s, axes(m_position)},
            {u"max_velocity"_s, m_planner.limits.velocity},
            {u"max_accel"_s, m_planner.limits.accel},
            {u"minimum_cruise_ratio"_s, m_planner.limits.minimumCruiseRatio},
            {u"square_corner_velocity"_s, m_planner.limits.cornerVelocity}};
}

QJsonObject Host::motionStatus() const
{
    const Machine& m = m_world.machine;
    double velocity = 0;
    double extruder = 0;
    if (const Segment* segment = m.running(); segment && segment->distance > 0) {
        const double speed = segment->velocity(m_now);
        const double e = (segment->to[3] - segment->from[3]) / segment->distance * speed;
        const bool travels = segment->to[0] != segment->from[0] || segment->to[1] != segment->from[1]
                             || segment->to[2] != segment->from[2];
        velocity = travels ? speed : 0;
        extruder = e;
    }
    return {{u"live_position"_s, axes(m.believed())}, {u"live_velocity"_s, velocity},
            {u"live_extruder_velocity"_s, extruder},
            {u"steppers"_s, QJsonArray::fromStringList(stepperNames())},
            {u"trapq"_s, QJsonArray{u"extruder"_s, u"toolhead"_s}}};
}

QJsonObject Host::printStatus() const
{
    const PrintStats& s = m_stats;
    double total = s.total;
    double pausedTime = s.paused;
    double filament = s.filament;
    double before = s.prePrint;
    if (s.started) {
        total = eventTime() - *s.started;
        if (s.pausedAt)
            pausedTime += eventTime() - *s.pausedAt;
        else
            filament += (m_gcode.last[3] - s.lastE) / m_gcode.extrudeFactor;
        if (filament < 1e-7 && !s.pausedAt)
            before = total - pausedTime;
    }
    return {{u"filename"_s, s.filename},
            {u"total_duration"_s, total},
            {u"print_duration"_s, total - before - pausedTime},
            {u"filament_used"_s, filament},
            {u"state"_s, QString::fromStdString(s.state)},
            {u"message"_s, QString::fromStdString(s.message)},
            {u"info"_s, QJsonObject{{u"total_layer"_s, orNull(s.totalLayer)},
                                    {u"current_layer"_s, orNull(s.currentLayer)}}}};
}

QJsonObject Host::heaterStatus(const Heater& heater) const
{
    return {{u"temperature"_s, rounded(heater.sensed(), 0.01)}, {u"target"_s, heater.target},
            {u"power"_s, rounded(heater.power(), 0.01)}};
}

QJsonObject Host::extruderStatus() const
{
    const Heater& nozzle = m_world.machine.nozzle;
    QJsonObject result = heaterStatus(nozzle);
    result.insert(u"can_extrude"_s, nozzle.sensed() >= minimumExtrudeTemperature);
    result.insert(u"pressure_advance"_s, m_pressureAdvance);
    result.insert(u"smooth_time"_s, m_smoothTime);
    result.insert(u"motion_queue"_s, QJsonValue());
    return result;
}

QJsonObject Host::commandHelp(bool all) const
{
    QJsonObject result;
    for (const std::string& name : m_commandOrder) {
        const QString help = QString::fromStdString(m_commands.at(name).help);
        if (all)
            result.insert(QString::fromStdString(name), help.isEmpty() ? QJsonObject() : QJsonObject{{u"help"_s, help}});
        else if (!help.isEmpty())
            result.insert(QString::fromStdString(name), help);
    }
    return result;
}

bool Host::noteBusy() const
{
    if (m_printEnd <= m_now && m_planner.empty() && !m_mutex.held())
        return false;
    if (m_busySince < 0)
        m_busySince = m_now;
    m_lastBusy = std::max(m_now, m_printEnd);
    return true;
}

QString Host::idleState() const
{
    if (noteBusy() || (m_lastBusy >= 0 && m_now - m_lastBusy < 0.5))
        return u"Printing"_s;
    m_busySince = -1;
    return m_lastBusy >= 0 && m_now - m_lastBusy < m_idleTimeout ? u"Ready"_s : u"Idle"_s;
}

const QJsonObject& Host::settings() const
{
    if (m_settings.isEmpty())
        m_settings = machineSettings(m_world.options);
    return m_settings;
}

} // namespace kintsugi::sim
