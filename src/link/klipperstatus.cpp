// SPDX-License-Identifier: GPL-3.0-or-later
#include "klipperstatus.h"

#include <initializer_list>

#include "jsonread.h"
#include "meshstatus.h"

namespace kintsugi::link {

using namespace Qt::StringLiterals;

namespace {

QJsonArray fieldList(std::initializer_list<const char*> names)
{
    QJsonArray list;
    for (const char* name : names)
        list.append(QLatin1String(name));
    return list;
}

bool isExtruder(const QString& object)
{
    if (!object.startsWith("extruder"_L1))
        return false;
    return std::all_of(object.begin() + 8, object.end(), [](QChar c) { return c.isDigit(); });
}

bool isHeater(const QString& object)
{
    return object == "heater_bed"_L1 || object.startsWith("heater_generic "_L1) || isExtruder(object);
}

bool isFan(const QString& object)
{
    return object == "fan"_L1 || object.startsWith("fan_generic "_L1) || object.startsWith("heater_fan "_L1)
        || object.startsWith("controller_fan "_L1) || object.startsWith("temperature_fan "_L1);
}

QJsonArray fieldsOf(const QString& object)
{
    if (isExtruder(object))
        return fieldList({"temperature", "target", "pressure_advance"});
    if (isHeater(object))
        return fieldList({"temperature", "target"});
    if (isFan(object))
        return fieldList({"speed"});
    static const std::map<QString, QJsonArray> known{
        {u"webhooks"_s, fieldList({"state", "state_message"})},
        {u"print_stats"_s, fieldList({"filename", "print_duration", "filament_used", "state", "message", "info"})},
        {u"virtual_sdcard"_s, fieldList({"is_active", "file_position", "file_size"})},
        {u"save_variables"_s, fieldList({"variables"})},
        {u"gcode_move"_s, fieldList({"speed_factor", "speed", "extrude_factor", "absolute_coordinates", "absolute_extrude",
                                     "homing_origin", "gcode_position"})},
        {u"toolhead"_s, fieldList({"homed_axes", "print_time", "estimated_print_time", "stalls", "extruder", "position",
                                   "max_velocity", "max_accel", "minimum_cruise_ratio", "square_corner_velocity"})},
        {u"motion_report"_s, fieldList({"live_position", "live_velocity", "live_extruder_velocity"})},
        {u"idle_timeout"_s, fieldList({"state"})},
        {u"configfile"_s, fieldList({"settings"})},
        {u"pause_resume"_s, fieldList({"is_paused"})},
        {u"bed_mesh"_s, fieldList({"profile_name", "mesh_min", "mesh_max", "probed_matrix", "profiles"})},
        {u"exclude_object"_s, fieldList({"excluded_objects", "current_object"})},
        {u"quad_gantry_level"_s, fieldList({"applied"})},
        {u"z_tilt"_s, fieldList({"applied"})},
    };
    const auto found = known.find(object);
    return found == known.end() ? QJsonArray() : found->second;
}

void mergePrint(const JsonReader& stats, recovery::Sample& sample)
{
    stats.read("filename", sample.file);
    stats.read("state", sample.printState);
    stats.read("print_duration", sample.printDuration);
    stats.read("filament_used", sample.filamentUsed);
    const JsonReader info = stats.object("info");
    info.read("current_layer", sample.layer);
    info.read("total_layer", sample.totalLayers);
}

void mergeMotion(const JsonReader& status, recovery::Sample& sample)
{
    const JsonReader move = status.object("gcode_move");
    move.read("speed_factor", sample.speedFactor);
    move.read("speed", sample.speed);
    move.read("extrude_factor", sample.extrudeFactor);
    move.read("absolute_coordinates", sample.absoluteCoordinates);
    move.read("absolute_extrude", sample.absoluteExtrude);
    move.read("homing_origin", sample.homingOrigin);
    move.read("gcode_position", sample.gcodePosition);
    const JsonReader report = status.object("motion_report");
    report.read("live_position", sample.livePosition);
    report.read("live_velocity", sample.liveVelocity);
    report.read("live_extruder_velocity", sample.liveExtruderVelocity);
    const JsonReader head = status.object("toolhead");
    head.read("homed_axes", sample.homedAxes);
    head.read("print_time", sample.printTime);
    head.read("estimated_print_time", sample.estimatedPrintTime);
    head.read("stalls", sample.stalls);
    head.read("extruder", sample.activeExtruder);
    head.read("position", sample.toolheadPosition);
    head.read("max_velocity", sample.maxVelocity);
    head.read("max_accel", sample.maxAccel);
    head.read("minimum_cruise_ratio", sample.minimumCruiseRatio);
    head.read("square_corner_velocity", sample.squareCornerVelocity);
}

/// "toolboard: PB3" -> "toolboard"; the first controller has no name before its pins.
QString controllerOf(const JsonReader& stepper)
{
    const QString pin = stepper.raw().value("step_pin"_L1).toString();
    return pin.contains(u':') ? pin.section(u':', 0, 0).remove(u'!').trimmed() : u"mcu"_s;
}

/// What no other object tells.
void mergeSettings(const JsonReader& settings, recovery::Sample& sample)
{
    const JsonReader printer = settings.object("printer");
    printer.read("max_z_velocity", sample.maxZVelocity);
    printer.read("max_z_accel", sample.maxZAccel);
    const JsonReader extruder = settings.object(sample.activeExtruder.empty() ? "extruder" : sample.activeExtruder.c_str());
    extruder.read("max_extrude_only_velocity", sample.maxExtrudeVelocity);
    extruder.read("max_extrude_only_accel", sample.maxExtrudeAccel);
    extruder.read("instantaneous_corner_velocity", sample.extruderCornerVelocity);
    printer.read("kinematics", sample.kinematics);
    const JsonReader x = settings.object("stepper_x"), y = settings.object("stepper_y");
    if (x.has("step_pin") && y.has("step_pin") && extruder.has("step_pin"))
        sample.sharedController = controllerOf(x) == controllerOf(y) && controllerOf(x) == controllerOf(extruder);
}

template <class Map>
void mergeNumber(const JsonReader& reader, const char* key, Map& map, const std::string& name)
{
    if (!reader.raw().contains(QLatin1String(key)))
        return;
    std::optional<double> value;
    reader.read(key, value);
    if (value)
        map[name] = *value;
    else
        map.erase(name);
}

void mergeHeatersAndFans(const JsonReader& status, recovery::Sample& sample)
{
    const QStringList names = status.raw().keys();
    for (const QString& object : names) {
        const std::string name = object.toStdString();
        if (isHeater(object)) {
            const JsonReader heater = status.object(name.c_str());
            auto& entry = sample.heaters[name];
            heater.read("temperature", entry.temperature);
            heater.read("target", entry.target);
            if (isExtruder(object))
                mergeNumber(heater, "pressure_advance", sample.pressureAdvance, name);
        } else if (isFan(object)) {
            mergeNumber(status.object(name.c_str()), "speed", sample.fans, name);
        }
    }
}

template <class T>
Result<T> valueOr(std::vector<Error>& errors, T value)
{
    if (!errors.empty())
        return fail(std::move(errors.front()));
    return value;
}

} // namespace

QJsonObject subscription(const QStringList& objects)
{
    QJsonObject wanted;
    for (const QString& object : objects) {
        const QJsonArray fields = fieldsOf(object);
        if (!fields.isEmpty())
            wanted.insert(object, fields);
    }
    return wanted;
}

std::vector<Error> mergeStatus(const QJsonObject& status, const std::string& path, recovery::Sample& sample)
{
    std::vector<Error> errors;
    const JsonReader reader(status, path, errors);
    reader.object("webhooks").read("state", sample.hostState);
    mergePrint(reader.object("print_stats"), sample);
    const JsonReader card = reader.object("virtual_sdcard");
    card.read("file_position", sample.filePosition);
    card.read("file_size", sample.fileSize);
    mergeMotion(reader, sample);
    mergeSettings(reader.object("configfile").object("settings"), sample);
    mergeHeatersAndFans(reader, sample);
    if (const JsonReader mesh = reader.object("bed_mesh"); !mesh.raw().isEmpty()) {
        mesh.read("profile_name", sample.meshProfile);
        if (mesh.has("probed_matrix"))
            sample.mesh = activeMesh(mesh.raw(), path + ".bed_mesh", errors);
    }
    const JsonReader objects = reader.object("exclude_object");
    objects.read("current_object", sample.currentObject);
    objects.read("excluded_objects", sample.excludedObjects);
    reader.object("quad_gantry_level").read("applied", sample.leveled);
    reader.object("z_tilt").read("applied", sample.leveled);
    return errors;
}

HostState hostStateFrom(const QString& klippyState)
{
    if (klippyState == "ready"_L1)
        return HostState::Ready;
    if (klippyState == "startup"_L1)
        return HostState::Startup;
    if (klippyState == "shutdown"_L1)
        return HostState::Shutdown;
    if (klippyState == "error"_L1)
        return HostState::Error;
    if (klippyState == "disconnected"_L1)
        return HostState::Disconnected;
    return HostState::Unknown;
}

Capabilities capabilitiesFrom(const QStringList& objects, const QJsonObject& commands, const QJsonObject& settings,
                              const QStringList& components, const QStringList& folders)
{
    Capabilities can = Capability::Console;
    const auto set = [&can](Capability capability, bool on) { can.setFlag(capability, on); };
    const bool files = folders.contains("gcodes"_L1);
    set(Capability::Upload, files);
    set(Capability::Download, files);
    set(Capability::ConfigFiles, folders.contains("config"_L1));
    set(Capability::History, components.contains("history"_L1));
    set(Capability::StartAtOffset, objects.contains("virtual_sdcard"_L1));
    set(Capability::LivePosition, objects.contains("motion_report"_L1));
    const QJsonObject plugin = settings.value("power_loss_recovery"_L1).toObject();
    const bool hasPlugin = !plugin.isEmpty() || commands.contains("PLR_Z_HOME"_L1);
    set(Capability::PlrPlugin, hasPlugin);
    const bool buttons = std::any_of(objects.begin(), objects.end(), [](const QString& object) {
        return object.startsWith("gcode_button "_L1);
    });
    const bool forceMove = settings.value("force_move"_L1).toObject().value("enable_force_move"_L1).toBool();
    set(Capability::ZPlusEndstops, plugin.contains("pin_stepper_z"_L1) || (buttons && forceMove));
    return can;
}

Result<RemoteJob> readJob(const QJsonObject& job, const std::string& path)
{
    std::vector<Error> errors;
    const JsonReader reader(job, path, errors);
    RemoteJob result;
    for (const char* key : {"job_id", "filename", "status"})
        reader.need(key);
    reader.read("job_id", result.id);
    reader.read("filename", result.file);
    reader.read("status", result.status);
    reader.read("start_time", result.startTime);
    reader.read("end_time", result.endTime);
    reader.read("print_duration", result.printDuration);
    reader.read("filament_used", result.filamentUsed);
    reader.read("exists", result.exists);
    reader.object("metadata").read("size", result.size);
    return valueOr(errors, result);
}

Result<RemoteFile> readFile(const QJsonObject& file, const char* nameKey, const std::string& path)
{
    std::vector<Error> errors;
    const JsonReader reader(file, path, errors);
    RemoteFile result;
    reader.need(nameKey);
    reader.need("size");
    reader.read(nameKey, result.path);
    reader.read("size", result.size);
    reader.read("modified", result.modified);
    return valueOr(errors, result);
}

Result<FileMetadata> readMetadata(const QJsonObject& metadata, const std::string& path)
{
    std::vector<Error> errors;
    const JsonReader reader(metadata, path, errors);
    FileMetadata result;
    reader.need("filename");
    reader.need("size");
    reader.read("filename", result.path);
    reader.read("size", result.size);
    reader.read("modified", result.modified);
    reader.read("slicer", result.slicer);
    reader.read("slicer_version", result.slicerVersion);
    reader.read("uuid", result.uuid);
    reader.read("estimated_time", result.estimatedTime);
    reader.read("object_height", result.objectHeight);
    reader.read("layer_height", result.layerHeight);
    reader.read("layer_count", result.layerCount);
    return valueOr(errors, result);
}

Result<FileChange> readFileChange(const QJsonObject& change, const std::string& path)
{
    std::vector<Error> errors;
    const JsonReader reader(change, path, errors);
    FileChange result;
    reader.need("action");
    reader.read("action", result.action);
    const JsonReader item = reader.object("item");
    item.need("path");
    item.read("root", result.root);
    item.read("path", result.path);
    item.read("modified", result.modified);
    item.read("size", result.size);
    reader.object("source_item").read("path", result.sourcePath);
    return valueOr(errors, result);
}

Result<ConsoleLine> readConsoleLine(const QJsonObject& line, const std::string& path)
{
    std::vector<Error> errors;
    const JsonReader reader(line, path, errors);
    ConsoleLine result;
    QString type;
    reader.need("message");
    reader.read("message", result.text);
    reader.read("time", result.time);
    reader.read("type", type);
    result.command = type == "command"_L1;
    return valueOr(errors, result);
}

} // namespace kintsugi::link
