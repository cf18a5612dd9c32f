// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/macroauditcommands.h"

#include <algorithm>
#include <array>

#include "gcode/command.h"
#include "recovery/macroaudittemplate.h"
#include "recovery/plangcode.h"

namespace kintsugi::recovery::audit {

namespace {

using gcode::Command;
using Names = std::string_view;

constexpr std::array<Names, 24> probing{"PROBE", "PROBE_ACCURACY", "PROBE_CALIBRATE", "BED_MESH_CALIBRATE", "BED_MESH_SCAN", "SCREWS_TILT_CALCULATE",
                                        "Z_ENDSTOP_CALIBRATE", "MANUAL_PROBE", "TESTZ", "DELTA_CALIBRATE", "PROBE_EDDY_CURRENT_CALIBRATE",
                                        "PROBE_EDDY_CURRENT_TAP_CALIBRATE", "LOAD_CELL_TEST_TAP", "AXIS_TWIST_COMPENSATION_CALIBRATE",
                                        "LDC_CALIBRATE_DRIVE_CURRENT", "BEACON_AUTO_CALIBRATE", "BEACON_CALIBRATE", "CARTOGRAPHER_TOUCH",
                                        "PLR_Z_HOME", "PLR_RESUME_PRINT", "PLR_TEST_APPLY_OFFSETS", "G29", "G30", "G38"};
constexpr std::array<Names, 9> levelling{"QUAD_GANTRY_LEVEL", "Z_TILT_ADJUST", "BED_TILT_CALIBRATE", "BED_SCREWS_ADJUST", "Z_TILT_CALIBRATE",
                                         "G32", "G33", "G34", "G35"};
/// Parts of names by which plugins and forks call the same.
constexpr std::array<Names, 12> probingParts{"PROBE", "CALIBRAT", "Z_TILT", "QGL", "GANTRY_LEVEL", "SCREWS_TILT", "BED_LEVEL", "AUTO_LEVEL",
                                             "BED_MESH_CAL", "ADAPTIVE_MESH", "TOUCH_HOME", "HOME_Z"};
constexpr std::array<Names, 5> restarting{"RESTART", "FIRMWARE_RESTART", "SAVE_CONFIG", "SDCARD_RESET_FILE", "M112"};
constexpr std::array<Names, 70> harmless{
    "ACTIVATE_EXTRUDER", "BED_MESH_CLEAR", "BED_MESH_MAP", "BED_MESH_OFFSET", "BED_MESH_OUTPUT", "BED_MESH_PROFILE", "CANCEL_PRINT",
    "CLEAR_PAUSE", "DISABLE_FILAMENT_WIDTH_SENSOR", "DUMP_TMC", "ECHO", "ENABLE_FILAMENT_WIDTH_SENSOR", "EXCLUDE_OBJECT", "EXCLUDE_OBJECT_DEFINE",
    "EXCLUDE_OBJECT_END", "EXCLUDE_OBJECT_START", "GET_CURRENT_SKEW", "GET_POSITION", "GET_RETRACTION", "HELP", "INIT_TMC", "PAUSE",
    "PLR_DISABLE", "PLR_ENABLE", "PLR_LOAD_MESH", "PLR_QUERY_SAVED_STATE", "PLR_RESET_PRINT_DATA", "PLR_SAVE_MESH",
    "PLR_SAVE_PRINT_STATE", "PLR_SAVE_PRINT_STATE_WITH_LAYER", "QUERY_ADC", "QUERY_BUTTON", "QUERY_ENDSTOPS", "QUERY_FILAMENT_SENSOR",
    "QUERY_PROBE", "RESET_SMART_EFFECTOR", "RESPOND", "RESTORE_GCODE_STATE", "RESUME", "SAVE_GCODE_STATE", "SAVE_VARIABLE",
    "SDCARD_PRINT_FILE", "SET_DIGIPOT", "SET_DISPLAY_GROUP", "SET_DISPLAY_TEXT", "SET_DUAL_CARRIAGE", "SET_EXTRUDER_ROTATION_DISTANCE",
    "SET_FILAMENT_SENSOR", "SET_GCODE_OFFSET", "SET_GCODE_VARIABLE", "SET_IDLE_TIMEOUT", "SET_INPUT_SHAPER", "SET_LED", "SET_LED_TEMPLATE",
    "SET_PIN", "SET_PRESSURE_ADVANCE", "SET_PRINT_STATS_INFO", "SET_RETRACTION", "SET_SERVO", "SET_SKEW", "SET_TEMPERATURE_FAN_TARGET",
    "SET_TMC_CURRENT", "SET_TMC_FIELD", "SET_VELOCITY_LIMIT", "SET_Z_THERMAL_ADJUST", "SKEW_PROFILE", "STATUS", "SYNC_EXTRUDER_MOTION",
    "TURN_OFF_HEATERS", "TIMELAPSE_TAKE_FRAME"};

template <std::size_t N>
bool isOne(const std::array<Names, N>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// G and M codes; what Klipper does not know it only reports.
Builtin traditional(const std::string& name)
{
    if (name == "G0" || name == "G1" || name == "G2" || name == "G3")
        return Builtin::Moves;
    if (name == "M104" || name == "M109")
        return Builtin::Heats;
    if (name == "M82" || name == "M83")
        return Builtin::ExtruderMode;
    if (name == "M84" || name == "M18")
        return Builtin::MotorsOff;
    return Builtin::Harmless;
}

} // namespace

std::string commandName(std::string_view line)
{
    const Command command = gcode::parseCommand(line);
    if (command.kind == Command::Kind::None)
        return {};
    if (command.kind == Command::Kind::Extended)
        return write::upper(command.name);
    const std::string number = command.letter + std::to_string(command.number);
    return command.subcode == 0 ? number : number + '.' + std::to_string(command.subcode);
}

Builtin builtinOf(const std::string& name)
{
    if (name == "G28")
        return Builtin::Homing;
    if (isOne(probing, name))
        return Builtin::Probes;
    if (isOne(levelling, name))
        return Builtin::Levels;
    if (isOne(restarting, name))
        return Builtin::Restarts;
    if (name == "SET_KINEMATIC_POSITION" || name == "FORCE_MOVE" || name == "MANUAL_STEPPER" || name == "STEPPER_BUZZ")
        return Builtin::Declares;
    if (name == "SET_STEPPER_ENABLE")
        return Builtin::MotorsOff;
    if (name == "SET_HEATER_TEMPERATURE" || name == "TEMPERATURE_WAIT")
        return Builtin::Heats;
    if (name == "SET_FAN_SPEED")
        return Builtin::Fan;
    if (name == "UPDATE_DELAYED_GCODE")
        return Builtin::Delayed;
    if (isOne(harmless, name))
        return Builtin::Harmless;
    const bool code = name.size() > 1 && (name[0] == 'G' || name[0] == 'M' || name[0] == 'T' || name[0] == 'N') && name[1] >= '0' && name[1] <= '9';
    if (code)
        return traditional(name);
    const bool probes = std::any_of(probingParts.begin(), probingParts.end(), [&name](Names part) { return name.find(part) != std::string::npos; });
    return probes ? Builtin::Probes : Builtin::Unknown;
}

} // namespace kintsugi::recovery::audit
