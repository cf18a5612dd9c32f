// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippysettings.h"

#include <QJsonArray>

namespace kintsugi::sim {

using namespace Qt::StringLiterals;

namespace {

QJsonObject stepper(double microsteps, double rotation)
{
    return {{u"step_pin"_s, u"PB0"_s}, {u"dir_pin"_s, u"PB1"_s}, {u"enable_pin"_s, u"!PB2"_s},
            {u"rotation_distance"_s, rotation}, {u"microsteps"_s, microsteps},
            {u"full_steps_per_rotation"_s, 200}, {u"gear_ratio"_s, QJsonArray()}};
}

QJsonObject rail(double rotation, double minimum, double maximum, double speed, double retract)
{
    QJsonObject result = stepper(16, rotation);
    const QJsonObject more{{u"endstop_pin"_s, u"^PC0"_s}, {u"position_endstop"_s, 0.0},
                           {u"position_min"_s, minimum}, {u"position_max"_s, maximum},
                           {u"homing_speed"_s, speed}, {u"second_homing_speed"_s, speed / 2},
                           {u"homing_retract_speed"_s, speed}, {u"homing_retract_dist"_s, retract},
                           {u"homing_positive_dir"_s, false}};
    for (auto it = more.begin(); it != more.end(); ++it)
        result.insert(it.key(), it.value());
    return result;
}

QJsonObject heater(double maximum)
{
    return {{u"sensor_type"_s, u"Generic 3950"_s}, {u"sensor_pin"_s, u"PF3"_s}, {u"min_temp"_s, 0.0},
            {u"max_temp"_s, maximum}, {u"min_extrude_temp"_s, minimumExtrudeTemperature}, {u"max_power"_s, 1.0},
            {u"smooth_time"_s, 1.0}, {u"control"_s, u"watermark"_s}, {u"max_delta"_s, 1.0},
            {u"heater_pin"_s, u"PA2"_s}, {u"pwm_cycle_time"_s, 0.1}, {u"pullup_resistor"_s, 4700.0}};
}

QJsonObject plugin(const MachineOptions& options)
{
    const PluginOptions p = pluginOptions(options);
    QJsonObject result{
        {u"save_interval"_s, p.saveInterval}, {u"save_on_layer"_s, true},
        {u"variables_file"_s, u"~/printer_state_vars.cfg"_s}, {u"debug_mode"_s, p.debug},
        {u"part_cooling_fans"_s, u"fan"_s}, {u"history_size"_s, p.historySize}, {u"save_delay"_s, p.saveDelay},
        {u"probe_iteration_count"_s, 1}, {u"restart_gcode"_s, u"_PLR_RESUME_PRINT_START"_s},
        {u"apply_offset_gcode"_s, QString()}, {u"before_resume_gcode"_s, u"_PLR_BEFORE_RESUME_GCODE"_s},
        {u"after_resume_gcode"_s, QString()}, {u"before_calibrate_gcode"_s, u"G28"_s},
        {u"after_calibrate_gcode"_s, QString()}, {u"z_position"_s, p.zPosition},
        {u"fast_move_speed"_s, p.fastMoveSpeed}, {u"slow_homing_speed"_s, p.slowSpeed},
        {u"retract_dist"_s, p.retract}, {u"max_adjustment"_s, 5.0},
        {u"fast_travel_upto_z_height"_s, p.fastTravelHeight}, {u"fast_travel_speed"_s, p.fastTravelSpeed},
        {u"z_height_offset"_s, p.zHeightOffset}, {u"sample_size"_s, p.sampleSize},
        {u"sample_retract_dist"_s, p.sampleRetract}, {u"samples_tolerance"_s, 0.05},
        {u"samples_retry_count"_s, p.retries}, {u"samples_tolerance_retries"_s, 3},
        {u"probe_samples_range"_s, p.sampleRange}, {u"halt_after_initial_probe"_s, false}};
    int pin = 10;
    for (const QString& name : zStepperNames()) {
        result.insert(name + u"_adjust_offset"_s, 0.0);
        result.insert(u"pin_"_s + name, u"^PG%1"_s.arg(pin++));
    }
    return result;
}

QJsonObject macro(const QString& gcode)
{
    return {{u"gcode"_s, QString(u"\n"_s + gcode)}, {u"description"_s, u"G-Code macro"_s}};
}

void addMacros(QJsonObject& settings)
{
    const QString centre = u"{% set bed_center_x = printer.configfile.config.stepper_x.position_max|float / 2 %}\n"
                           "{% set bed_center_y = printer.configfile.config.stepper_y.position_max|float / 2 %}\n"_s;
    const QString saved = u"{% set resume_info = printer.save_variables.variables.resume_meta_info %}\n"_s;
    settings.insert(u"gcode_macro _plr_resume_print_start"_s,
                    macro(saved + u"_PLR_RESUME_READY\nPLR_Z_HOME MODE=RESUME\nPLR_ENABLE\nG90\nM107\nG92 E0\n"
                                  "G1 E5.0 F1800\nG1 X{resume_info.position.x} Y{resume_info.position.y} "
                                  "Z{resume_info.position.z} F3000\nG92 E0\nG90\nG21\nM83"_s));
    settings.insert(u"gcode_macro _plr_resume_ready"_s,
                    macro(saved + centre + u"M140 S{resume_info.bed_temp}\nM109 S{resume_info.hotend_temp}\n"
                                           "SET_KINEMATIC_POSITION X={bed_center_x} Y={bed_center_y} Z=0\n"
                                           "G91\nG1 Z5 F1200\nG90"_s));
    settings.insert(u"gcode_macro _plr_before_resume_gcode"_s,
                    macro(centre + u"G28 X Y\nG1 X{bed_center_x} Y{bed_center_y} F2000\nSET_KINEMATIC_POSITION Z=0"_s));
    settings.insert(u"gcode_macro start_print"_s,
                    macro(u"RESPOND TYPE=echo MSG=\"START_PRINT EXTRUDER={params.EXTRUDER} BED={params.BED}\""_s));
    settings.insert(u"gcode_macro end_print"_s, macro(u"TURN_OFF_HEATERS\nM107\nG91\nG1 Z5 F600\nG90"_s));
}

void addMachine(QJsonObject& settings, const MachineOptions& o)
{
    settings.insert(u"printer"_s,
                    QJsonObject{{u"kinematics"_s, u"cartesian"_s}, {u"max_velocity"_s, 300.0},
                                {u"max_accel"_s, 3000.0}, {u"minimum_cruise_ratio"_s, 0.5},
                                {u"square_corner_velocity"_s, 5.0}, {u"max_z_velocity"_s, 15.0},
                                {u"max_z_accel"_s, 350.0}});
    settings.insert(u"stepper_x"_s, rail(40, 0, o.bedX, 40, 3));
    settings.insert(u"stepper_y"_s, rail(40, 0, o.bedY, 40, 3));
    QJsonObject z = rail(8, axisMinimumZ, o.maxZ, 10, 2);
    if (o.topEndstop) {
        z.insert(u"position_endstop"_s, o.maxZ);
        z.insert(u"homing_positive_dir"_s, true);
    }
    settings.insert(u"stepper_z"_s, z);
    if (o.probe) {
        settings.insert(u"probe"_s, QJsonObject{{u"pin"_s, u"^PB7"_s}, {u"x_offset"_s, o.probe->x}, {u"y_offset"_s, o.probe->y},
                                                {u"z_offset"_s, o.probe->z}, {u"speed"_s, 5.0}, {u"samples"_s, 1},
                                                {u"sample_retract_dist"_s, 2.0}, {u"samples_result"_s, u"average"_s},
                                                {u"activate_gcode"_s, QString()}, {u"deactivate_gcode"_s, QString()}});
    }
    for (const QString& name : {u"stepper_z1"_s, u"stepper_z2"_s, u"stepper_z3"_s}) {
        if (!o.coupledZ)
            settings.insert(name, stepper(16, 8));
    }
    QJsonObject extruder = heater(300);
    const QJsonObject drive = stepper(16, 33.5);
    for (auto it = drive.begin(); it != drive.end(); ++it)
        extruder.insert(it.key(), it.value());
    const QJsonObject filament{{u"nozzle_diameter"_s, 0.4}, {u"filament_diameter"_s, 1.75},
                               {u"max_extrude_cross_section"_s, 0.64}, {u"max_extrude_only_velocity"_s, 60.0},
                               {u"max_extrude_only_accel"_s, 1500.0}, {u"max_extrude_only_distance"_s, longestExtrude},
                               {u"instantaneous_corner_velocity"_s, 1.0}, {u"pressure_advance"_s, 0.0},
                               {u"pressure_advance_smooth_time"_s, 0.04}};
    for (auto it = filament.begin(); it != filament.end(); ++it)
        extruder.insert(it.key(), it.value());
    settings.insert(u"extruder"_s, extruder);
    settings.insert(u"heater_bed"_s, heater(130));
    settings.insert(u"fan"_s, QJsonObject{{u"max_power"_s, 1.0}, {u"kick_start_time"_s, 0.1}, {u"off_below"_s, 0.0},
                                          {u"cycle_time"_s, 0.01}, {u"hardware_pwm"_s, false},
                                          {u"shutdown_speed"_s, 0.0}, {u"pin"_s, u"PA8"_s}});
}

} // namespace

PluginOptions pluginOptions(const MachineOptions& options)
{
    PluginOptions p;
    p.debug = options.pluginDebug;
    p.saveInterval = options.saveInterval;
    p.historySize = options.historySize;
    p.saveDelay = options.saveDelay;
    p.zPosition = options.maxZ - 10;
    p.fastTravelHeight = options.maxZ - 25;
    return p;
}

const QStringList& macroNames()
{
    static const QStringList names{u"_PLR_RESUME_PRINT_START"_s, u"_PLR_RESUME_READY"_s,
                                   u"_PLR_BEFORE_RESUME_GCODE"_s, u"START_PRINT"_s, u"END_PRINT"_s};
    return names;
}

const QStringList& buttonNames()
{
    static const QStringList names{u"z_top"_s, u"z1_top"_s, u"z2_top"_s, u"z3_top"_s};
    return names;
}

const QStringList& zStepperNames()
{
    static const QStringList names{u"stepper_z"_s, u"stepper_z1"_s, u"stepper_z2"_s, u"stepper_z3"_s};
    return names;
}

const QStringList& stepperNames()
{
    static const QStringList names = QStringList{u"stepper_x"_s, u"stepper_y"_s} + zStepperNames()
                                     + QStringList{u"extruder"_s};
    return names;
}

QJsonObject machineSettings(const MachineOptions& o)
{
    QJsonObject s;
    addMachine(s, o);
    addMacros(s);
    s.insert(u"mcu"_s, QJsonObject{{u"serial"_s, u"/dev/serial/by-id/demo"_s}, {u"baud"_s, 250000},
                                   {u"max_stepper_error"_s, 2.5e-05}});
    const QString off = u"\n{% if 'heaters' in printer %}\n   TURN_OFF_HEATERS\n{% endif %}\n"_s;
    s.insert(u"idle_timeout"_s, QJsonObject{{u"timeout"_s, 3600.0}, {u"gcode"_s, QString(off + u"M84\n"_s)}});
    s.insert(u"virtual_sdcard"_s, QJsonObject{{u"path"_s, QString(o.folder + u"/gcodes"_s)},
                                              {u"on_error_gcode"_s, off}});
    s.insert(u"pause_resume"_s, QJsonObject{{u"recover_velocity"_s, 50.0}});
    s.insert(u"respond"_s, QJsonObject{{u"default_type"_s, u"echo"_s}, {u"default_prefix"_s, u"echo:"_s}});
    s.insert(u"force_move"_s, QJsonObject{{u"enable_force_move"_s, true}});
    s.insert(u"exclude_object"_s, QJsonObject());
    s.insert(u"display_status"_s, QJsonObject());
    s.insert(u"quad_gantry_level"_s, QJsonObject{{u"horizontal_move_z"_s, 5.0}, {u"retries"_s, 3},
                                                 {u"retry_tolerance"_s, 0.01}});
    s.insert(u"bed_mesh"_s,
             QJsonObject{{u"probe_count"_s, QJsonArray{3, 3}}, {u"mesh_min"_s, QJsonArray{10.0, 10.0}},
                         {u"mesh_max"_s, QJsonArray{o.bedX - 10, o.bedY - 10}}, {u"mesh_pps"_s, QJsonArray{2, 2}},
                         {u"algorithm"_s, u"lagrange"_s}, {u"bicubic_tension"_s, 0.2},
                         {u"horizontal_move_z"_s, 5.0}, {u"speed"_s, 100.0}, {u"fade_start"_s, 1.0},
                         {u"fade_end"_s, 0.0}, {u"split_delta_z"_s, 0.025}, {u"move_check_distance"_s, 5.0},
                         {u"adaptive_margin"_s, 0.0}, {u"scan_overshoot"_s, 0}});
    s.insert(u"save_variables"_s, QJsonObject{{u"filename"_s, QString(o.folder + u"/config/variables.cfg"_s)}});
    for (const QString& name : buttonNames())
        s.insert(u"gcode_button "_s + name, QJsonObject{{u"pin"_s, u"^PG10"_s}, {u"press_gcode"_s, QString()}});
    if (o.pluginInstalled)
        s.insert(u"power_loss_recovery"_s, plugin(o));
    return s;
}

QJsonObject configText(const QJsonObject& settings)
{
    QJsonObject result;
    for (auto section = settings.begin(); section != settings.end(); ++section) {
        QJsonObject options;
        const QJsonObject values = section.value().toObject();
        for (auto it = values.begin(); it != values.end(); ++it) {
            QString text;
            if (it.value().isBool())
                text = it.value().toBool() ? u"True"_s : u"False"_s;
            else if (it.value().isArray()) {
                QStringList parts;
                const QJsonArray items = it.value().toArray();
                for (const QJsonValue item : items)
                    parts.append(item.toVariant().toString());
                text = parts.join(u", "_s);
            } else
                text = it.value().toVariant().toString();
            options.insert(it.key(), text);
        }
        QString name = section.key();
        if (name.startsWith(u"gcode_macro "_s))
            name = u"gcode_macro "_s + name.mid(12).toUpper();
        result.insert(name, options);
    }
    return result;
}

} // namespace kintsugi::sim
