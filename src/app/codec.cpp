// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec.h"

#include <algorithm>

#include "jsonfields.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

QString text(std::string_view view)
{
    return QString::fromUtf8(view.data(), static_cast<qsizetype>(view.size()));
}

template <class Io, class S>
void sampleFields(Io& io, S& sample)
{
    io("time"_L1, sample.time);
    io("event_time"_L1, sample.eventTime);
    io("live_position"_L1, sample.livePosition);
    io("live_velocity"_L1, sample.liveVelocity);
    io("live_extruder_velocity"_L1, sample.liveExtruderVelocity);
    io("gcode_position"_L1, sample.gcodePosition);
    io("toolhead_position"_L1, sample.toolheadPosition);
    io("homing_origin"_L1, sample.homingOrigin);
    io("file_position"_L1, sample.filePosition);
    io("file_size"_L1, sample.fileSize);
    io("acknowledged"_L1, sample.acknowledged);
    io("sent"_L1, sample.sent);
    io("planner_free"_L1, sample.plannerFree);
    io("file"_L1, sample.file);
    io("print_state"_L1, sample.printState);
    io("host_state"_L1, sample.hostState);
    io("layer"_L1, sample.layer);
    io("total_layers"_L1, sample.totalLayers);
    io("print_duration"_L1, sample.printDuration);
    io("filament_used"_L1, sample.filamentUsed);
    io("fans"_L1, sample.fans);
    io("speed"_L1, sample.speed);
    io("speed_factor"_L1, sample.speedFactor);
    io("extrude_factor"_L1, sample.extrudeFactor);
    io("absolute_coordinates"_L1, sample.absoluteCoordinates);
    io("absolute_extrude"_L1, sample.absoluteExtrude);
    io("max_velocity"_L1, sample.maxVelocity);
    io("max_accel"_L1, sample.maxAccel);
    io("minimum_cruise_ratio"_L1, sample.minimumCruiseRatio);
    io("square_corner_velocity"_L1, sample.squareCornerVelocity);
    io("max_z_velocity"_L1, sample.maxZVelocity);
    io("max_z_accel"_L1, sample.maxZAccel);
    io("max_extrude_velocity"_L1, sample.maxExtrudeVelocity);
    io("max_extrude_accel"_L1, sample.maxExtrudeAccel);
    io("extruder_corner_velocity"_L1, sample.extruderCornerVelocity);
    io("kinematics"_L1, sample.kinematics);
    io("shared_controller"_L1, sample.sharedController);
    io("pressure_advance"_L1, sample.pressureAdvance);
    io("active_extruder"_L1, sample.activeExtruder);
    io("homed_axes"_L1, sample.homedAxes);
    io("mesh_profile"_L1, sample.meshProfile);
    io("current_object"_L1, sample.currentObject);
    io("excluded_objects"_L1, sample.excludedObjects);
    io("print_time"_L1, sample.printTime);
    io("estimated_print_time"_L1, sample.estimatedPrintTime);
    io("stalls"_L1, sample.stalls);
    io("leveled"_L1, sample.leveled);
}

template <class Io, class S>
void heaterFields(Io& io, S& heater)
{
    io("temperature"_L1, heater.temperature);
    io("target"_L1, heater.target);
}

template <class Io, class S>
void machineFields(Io& io, S& state)
{
    io("position_nm"_L1, state.position);
    io("e_nm"_L1, state.e);
    io("e_total_nm"_L1, state.eTotal);
    io("e_highest_nm"_L1, state.eHighest);
    io("absolute_xyz"_L1, state.absoluteXyz);
    io("absolute_e_flag"_L1, state.absoluteEFlag);
    io("e_follows_xyz"_L1, state.eFollowsXyz);
    io("inch"_L1, state.inch);
    io("plane"_L1, state.plane);
    io("feed_millionths"_L1, state.feed);
    io("tool"_L1, state.tool);
    io("speed_percent"_L1, state.speedPercent);
    io("flow_percent"_L1, state.flowPercent);
    io("hotend"_L1, state.hotend);
    io("bed"_L1, state.bed);
    io("chamber"_L1, state.chamber);
    io("fans"_L1, state.fans);
    io("heaters"_L1, state.heaters);
    io("motion"_L1, state.motion);
    io("pressure_advance"_L1, state.pressureAdvance);
    io("firmware_retracted"_L1, state.firmwareRetracted);
    io("gcode_offset"_L1, state.gcodeOffset);
    io("workspace"_L1, state.workspace);
    io("excluded"_L1, state.excluded);
    io("object"_L1, state.object);
    io("defined_objects"_L1, state.definedObjects);
    io("unknown_motion"_L1, state.unknownMotion);
    io("doubtful_axes"_L1, state.doubtfulAxes);
    io("shifted_axes"_L1, state.shiftedAxes);
    io("shift_nm"_L1, state.shift);
    io("native_unknown"_L1, state.nativeUnknown);
    io("ever_shifted"_L1, state.everShifted);
    io("babystep_nm"_L1, state.babystep);
    io("volumetric"_L1, state.volumetric);
    io("tool_setup"_L1, state.toolSetup);
    io("advance_code"_L1, state.advanceCode);
    io("last_move"_L1, state.lastMove);
    io("block"_L1, state.block);
    io("unknown_fields"_L1, state.unknownFields);
    io("unknown_commands"_L1, state.unknownCommands);
    io("maybe_changed"_L1, state.maybeChanged);
    io("latest_macro"_L1, state.latestMacro);
    io("speed_backup"_L1, state.speedBackup);
}

template <class Io, class S>
void meshFields(Io& io, S& mesh)
{
    io("profile"_L1, mesh.profile);
    io("m420_enabled"_L1, mesh.m420Enabled);
    io("m420_slot"_L1, mesh.m420Slot);
    io("m420_fade"_L1, mesh.m420Fade);
}

template <class Io, class S>
void meshMatrixFields(Io& io, S& mesh)
{
    io("profile"_L1, mesh.profile);
    io("minimum"_L1, mesh.minimum);
    io("maximum"_L1, mesh.maximum);
    io("probed"_L1, mesh.probed);
    io("parameters"_L1, mesh.parameters);
}

template <class Io, class S>
void fieldInfoFields(Io& io, S& info)
{
    io("observed"_L1, info.observed);
    io("replayed"_L1, info.replayed);
    io("note"_L1, info.note);
}

template <class Io, class S>
void snapshotFields(Io& io, S& snapshot)
{
    io("id"_L1, snapshot.id);
    io("printer"_L1, snapshot.printer);
    io("job"_L1, snapshot.job);
    io("time"_L1, snapshot.time);
    io("saved_time"_L1, snapshot.savedTime);
    io("byte"_L1, snapshot.byte);
    io("earliest"_L1, snapshot.earliest);
    io("latest"_L1, snapshot.latest);
    io("layer"_L1, snapshot.layer);
    io("note"_L1, snapshot.note);
    io("pinned"_L1, snapshot.pinned);
}

constexpr std::array setByNames{"nothing", "move", "homing", "g92", "declared"};
constexpr std::array origins{recovery::Origin::Unknown, recovery::Origin::Observed, recovery::Origin::Replayed,
                             recovery::Origin::Inferred, recovery::Origin::Edited};
constexpr std::array sources{recovery::SnapshotSource::Recorder, recovery::SnapshotSource::Plugin,
                             recovery::SnapshotSource::Firmware, recovery::SnapshotSource::File};

Error wrong(const QString& path)
{
    return {.code = ErrorCode::BadValue, .field = path.toStdString()};
}

template <class Enum, std::size_t N>
std::optional<Enum> byName(const std::array<Enum, N>& all, const QString& wanted)
{
    const auto it = std::find_if(all.begin(), all.end(), [&](Enum e) { return text(recovery::name(e)) == wanted; });
    return it == all.end() ? std::nullopt : std::optional(*it);
}

void writeMesh(json::Writer& writer, const recovery::SharedMesh& mesh)
{
    if (mesh)
        writer("mesh_matrix"_L1, toJson(*mesh));
}

std::optional<Error> readMesh(json::Reader& reader, recovery::SharedMesh& mesh)
{
    std::optional<QJsonObject> matrix;
    reader("mesh_matrix"_L1, matrix);
    if (!matrix)
        return reader.error;
    auto read = meshFromJson(*matrix);
    if (!read)
        return read.error();
    mesh = recovery::SharedMesh(std::move(*read));
    return std::nullopt;
}

QJsonObject machineToJson(const gcode::MachineState& state)
{
    json::Writer writer;
    machineFields(writer, state);
    QJsonArray setBy;
    for (const auto by : state.setBy)
        setBy.append(QLatin1String(setByNames[static_cast<std::size_t>(by)]));
    writer("set_by"_L1, QJsonValue(setBy));
    if (state.mesh) {
        json::Writer mesh;
        meshFields(mesh, *state.mesh);
        writer("mesh"_L1, mesh.object);
    }
    return writer.object;
}

Result<gcode::MachineState> machineFromJson(const QJsonObject& json, const QString& path)
{
    gcode::MachineState state;
    json::Reader reader(json, path);
    machineFields(reader, state);
    std::array<QString, 3> setBy;
    std::optional<QJsonObject> mesh;
    reader("set_by"_L1, setBy);
    reader("mesh"_L1, mesh);
    if (reader.error)
        return fail(*reader.error);
    for (std::size_t i = 0; i < setBy.size(); ++i) {
        const auto it = std::find(setByNames.begin(), setByNames.end(), setBy[i].toStdString());
        if (it == setByNames.end() && !setBy[i].isEmpty())
            return fail(wrong(path + u".set_by[%1]"_s.arg(i)));
        if (it != setByNames.end())
            state.setBy[i] = static_cast<gcode::SetBy>(it - setByNames.begin());
    }
    if (mesh) {
        json::Reader meshReader(*mesh, path + u".mesh"_s);
        meshFields(meshReader, state.mesh.emplace());
        if (meshReader.error)
            return fail(*meshReader.error);
    }
    return state;
}

QJsonObject fieldsToJson(const std::map<std::string, recovery::FieldInfo>& fields)
{
    QJsonObject object;
    for (const auto& [key, info] : fields) {
        json::Writer writer;
        fieldInfoFields(writer, info);
        writer("origin"_L1, text(recovery::name(info.origin)));
        object.insert(QString::fromStdString(key), writer.object);
    }
    return object;
}

Result<std::map<std::string, recovery::FieldInfo>> fieldsFromJson(const QJsonObject& json)
{
    std::map<std::string, recovery::FieldInfo> fields;
    for (auto it = json.begin(); it != json.end(); ++it) {
        const QString path = u"fields."_s + it.key();
        if (!it.value().isObject())
            return fail(wrong(path));
        json::Reader reader(it.value().toObject(), path);
        recovery::FieldInfo info;
        QString originName;
        fieldInfoFields(reader, info);
        reader("origin"_L1, originName);
        const auto origin = byName(origins, originName);
        if (reader.error || !origin)
            return fail(reader.error ? *reader.error : wrong(path + u".origin"_s));
        info.origin = *origin;
        fields.emplace(it.key().toStdString(), std::move(info));
    }
    return fields;
}

// --- the state as the oracle prints it

QJsonValue orNull(std::optional<double> value)
{
    return value ? QJsonValue(*value) : QJsonValue(QJsonValue::Null);
}

QJsonValue positionJson(const gcode::MachineState& state, gcode::Dialect dialect)
{
    static const std::array axes{"X"_L1, "Y"_L1, "Z"_L1};
    QJsonObject position;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto value = state.position[i];
        position.insert(axes[i], value ? QJsonValue(gcode::toMillimetres(*value)) : QJsonValue(QJsonValue::Null));
    }
    if (state.eIsAbsolute(dialect))
        position.insert("E"_L1, gcode::toMillimetres(state.e));
    return position;
}

QJsonValue fansJson(const gcode::MachineState& state)
{
    QJsonObject fans;
    for (const auto& [fan, speed] : state.fans) {
        if (speed != 0.0)
            fans.insert(QString::fromStdString(fan), speed);
    }
    for (const auto& [heater, target] : state.heaters) {
        if (target != 0.0)
            fans.insert(u"heater "_s + QString::fromStdString(heater), target);
    }
    return fans;
}

QJsonValue meshJson(const std::optional<gcode::MeshState>& mesh)
{
    if (!mesh)
        return QJsonValue(QJsonValue::Null);
    if (mesh->m420Enabled || mesh->m420Slot)
        return QJsonArray{u"M420"_s, orNull(mesh->m420Enabled), orNull(mesh->m420Slot)};
    return QJsonArray{u"profile"_s, QString::fromStdString(mesh->profile)};
}

int weakness(recovery::Origin origin)
{
    switch (origin) {
    case recovery::Origin::Unknown: return 0;
    case recovery::Origin::Inferred: return 1;
    case recovery::Origin::Replayed: return 2;
    case recovery::Origin::Observed: return 3;
    case recovery::Origin::Edited: return 4;
    }
    return 0;
}

/// The weakest origin among the fields `key` and `key.…`; a value nobody recorded an origin for is from the file.
recovery::Origin originOf(const recovery::Snapshot& snapshot, const std::string& key, const QJsonValue& value)
{
    const std::string below = key + '.';
    std::optional<recovery::Origin> weakest;
    for (auto it = snapshot.fields.lower_bound(key); it != snapshot.fields.end(); ++it) {
        if (it->first != key && it->first.compare(0, below.size(), below) != 0) {
            if (it->first.compare(0, key.size(), key) != 0)
                break;
            continue;
        }
        if (!weakest || weakness(it->second.origin) < weakness(*weakest))
            weakest = it->second.origin;
    }
    if (value.isNull())
        return recovery::Origin::Unknown;
    return weakest.value_or(recovery::Origin::Replayed);
}

} // namespace

QJsonObject toJson(const recovery::MeshMatrix& mesh)
{
    json::Writer writer;
    meshMatrixFields(writer, mesh);
    return writer.object;
}

Result<recovery::MeshMatrix> meshFromJson(const QJsonObject& json)
{
    recovery::MeshMatrix mesh;
    json::Reader reader(json, u"mesh_matrix"_s);
    meshMatrixFields(reader, mesh);
    if (reader.error)
        return fail(*reader.error);
    return mesh;
}

namespace {

/// Klipper's extruders have names; what M900 and M572 set is kept by number.
std::map<std::string, double> advanceByName(const gcode::MachineState& state, gcode::Dialect dialect)
{
    if (dialect != gcode::Dialect::Klipper)
        return state.pressureAdvance;
    std::map<std::string, double> named;
    for (const auto& [key, seconds] : state.pressureAdvance) {
        const bool number = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
        named[number ? "extruder" + (key == "0" ? std::string() : key) : key] = seconds;
    }
    return named;
}

} // namespace

QJsonObject stateToJson(const gcode::MachineState& state, gcode::Dialect dialect)
{
    const std::optional<double> feed = state.feed ? std::optional(static_cast<double>(*state.feed) / 1e6) : std::nullopt;
    return {{u"position"_s, positionJson(state, dialect)},
            {u"absolute_xyz"_s, state.absoluteXyz},
            {u"absolute_e"_s, state.eIsAbsolute(dialect)},
            {u"inch"_s, state.inch},
            {u"plane"_s, state.plane},
            {u"feed"_s, orNull(feed)},
            {u"tool"_s, state.tool},
            {u"speed_percent"_s, state.speedPercent},
            {u"flow_percent"_s, json::encode(state.flowPercent)},
            {u"hotend"_s, json::encode(state.hotend)},
            {u"bed"_s, orNull(state.bed)},
            {u"chamber"_s, orNull(state.chamber)},
            {u"fans"_s, fansJson(state)},
            {u"motion"_s, json::encode(state.motion)},
            {u"pressure_advance"_s, json::encode(advanceByName(state, dialect))},
            {u"retracted"_s, state.firmwareRetracted},
            {u"mesh"_s, meshJson(state.mesh)},
            {u"gcode_offset"_s, json::encode(state.gcodeOffset)},
            {u"workspace"_s, state.workspace},
            {u"excluded"_s, json::encode(state.excluded)},
            {u"object"_s, state.object ? QJsonValue(QString::fromStdString(*state.object)) : QJsonValue(QJsonValue::Null)}};
}

QJsonObject stateWithOrigins(const recovery::Snapshot& snapshot)
{
    QJsonObject out;
    const QJsonObject plain = stateToJson(snapshot.state, snapshot.dialect);
    for (auto it = plain.begin(); it != plain.end(); ++it) {
        const auto origin = originOf(snapshot, it.key().toStdString(), it.value());
        out.insert(it.key(), QJsonObject{{u"value"_s, it.value()}, {u"origin"_s, text(recovery::name(origin))}});
    }
    return out;
}

QJsonObject toJson(const recovery::Sample& sample)
{
    json::Writer writer;
    sampleFields(writer, sample);
    QJsonObject heaters;
    for (const auto& [heater, values] : sample.heaters) {
        json::Writer one;
        heaterFields(one, values);
        heaters.insert(QString::fromStdString(heater), one.object);
    }
    writer("heaters"_L1, heaters);
    writeMesh(writer, sample.mesh);
    return writer.object;
}

Result<recovery::Sample> sampleFromJson(const QJsonObject& json)
{
    recovery::Sample sample;
    json::Reader reader(json, {});
    sampleFields(reader, sample);
    std::map<std::string, QJsonObject> heaters;
    reader("heaters"_L1, heaters);
    const auto badMesh = readMesh(reader, sample.mesh);
    if (reader.error || badMesh)
        return fail(reader.error ? *reader.error : *badMesh);
    for (const auto& [heater, values] : heaters) {
        json::Reader one(values, u"heaters."_s + QString::fromStdString(heater));
        heaterFields(one, sample.heaters[heater]);
        if (one.error)
            return fail(*one.error);
    }
    return sample;
}

QJsonObject toJson(const recovery::Snapshot& snapshot)
{
    json::Writer writer;
    snapshotFields(writer, snapshot);
    writer("source"_L1, text(recovery::name(snapshot.source)));
    writer("dialect"_L1, text(gcode::name(snapshot.dialect)));
    json::Writer file;
    file("name"_L1, snapshot.file.name);
    file("size"_L1, snapshot.file.size);
    if (snapshot.file.xxh3)
        file("xxh3"_L1, QString::number(*snapshot.file.xxh3, 16));
    writer("file"_L1, file.object);
    writer("state"_L1, machineToJson(snapshot.state));
    writer("fields"_L1, fieldsToJson(snapshot.fields));
    writeMesh(writer, snapshot.mesh);
    return writer.object;
}

Result<recovery::Snapshot> snapshotFromJson(const QJsonObject& json)
{
    recovery::Snapshot snapshot;
    json::Reader reader(json, {});
    snapshotFields(reader, snapshot);
    QString source, dialect, hash;
    QJsonObject file, state, fieldsJson;
    reader("source"_L1, source);
    reader("dialect"_L1, dialect);
    reader("file"_L1, file);
    reader("state"_L1, state);
    reader("fields"_L1, fieldsJson);
    if (const auto badMesh = readMesh(reader, snapshot.mesh))
        return fail(*badMesh);
    json::Reader fileReader(file, u"file"_s);
    fileReader("name"_L1, snapshot.file.name);
    fileReader("size"_L1, snapshot.file.size);
    fileReader("xxh3"_L1, hash);
    if (reader.error || fileReader.error)
        return fail(reader.error ? *reader.error : *fileReader.error);

    const auto knownSource = byName(sources, source);
    const auto knownDialect = gcode::dialectFromName(dialect.toStdString());
    bool hashOk = true;
    if (!hash.isEmpty())
        snapshot.file.xxh3 = hash.toULongLong(&hashOk, 16);
    if (!knownSource || !knownDialect || !hashOk)
        return fail(wrong(!knownSource ? u"source"_s : !knownDialect ? u"dialect"_s : u"file.xxh3"_s));
    snapshot.source = *knownSource;
    snapshot.dialect = *knownDialect;

    auto machine = machineFromJson(state, u"state"_s);
    auto fields = fieldsFromJson(fieldsJson);
    if (!machine || !fields)
        return fail(machine ? fields.error() : machine.error());
    snapshot.state = std::move(*machine);
    snapshot.fields = std::move(*fields);
    return snapshot;
}

} // namespace kintsugi::app
