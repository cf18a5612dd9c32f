// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/snapshot.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "gcode/reprapstate.h"
#include "gcode/startmacro.h"
#include "recovery/statefields.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

std::string toolKey(const char* head, int tool) { return std::string(head) + '.' + std::to_string(tool); }

bool isHeat(const std::string& key)
{
    return key.starts_with("hotend.") || key.starts_with("heaters.") || key == "bed" || key == "chamber";
}

void describe(Snapshot& snapshot)
{
    for (const std::string& key : fields::keys(snapshot.state)) {
        FieldInfo& info = snapshot.fields[key];
        const auto text = fields::text(snapshot.state, key);
        info.origin = text ? Origin::Replayed : Origin::Unknown;
        info.replayed = text.value_or(std::string());
    }
}

// --- temperatures that only a start macro or the slicer's notes name ---

void infer(Snapshot& snapshot, const std::string& key, double value, const std::string& basis)
{
    FieldInfo& info = snapshot.fields[key];
    if (info.origin != Origin::Unknown && info.origin != Origin::Inferred)
        return;
    const std::string text = decimal(value);
    if (!fields::set(snapshot.state, key, text))
        return;
    info.origin = Origin::Inferred;
    info.replayed.clear();
    info.note = basis;
}

void inferTemperatures(Snapshot& snapshot, const gcode::FileIndex& index)
{
    const auto inferred = gcode::inferTemperatures(index, snapshot.byte);
    for (const auto& [tool, target] : inferred.hotend)
        infer(snapshot, toolKey("hotend", tool), target.value, target.basis);
    if (const auto* const target = inferred.hotendOf(snapshot.state.tool))
        infer(snapshot, toolKey("hotend", snapshot.state.tool), target->value, target->basis);
    // Without a macro that may have heated it, a bed the file never sets is a cold one.
    if (inferred.bed && !snapshot.state.unknownCommands.empty())
        infer(snapshot, "bed", inferred.bed->value, inferred.bed->basis);
    if (inferred.chamber)
        infer(snapshot, "chamber", inferred.chamber->value, inferred.chamber->basis);
}

/// Behind a macro the file's own targets are only likely: a person, or what the printer said later, makes them known.
void doubtHeat(Snapshot& snapshot)
{
    const gcode::MachineState& state = snapshot.state;
    const std::string hotend = toolKey("hotend", state.tool);
    for (const std::string& group : state.maybeChanged) {
        const auto field = snapshot.fields.find(group == "hotend" ? hotend : group);
        if (field == snapshot.fields.end() || field->second.origin != Origin::Replayed)
            continue;
        field->second.origin = Origin::Inferred;
        field->second.note = "set before " + state.latestMacro + " ran";
    }
}

/// Whether the printer had executed every macro before the byte when it was looked at.
Result<bool> sawEveryMacro(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte, const Sample& sample)
{
    if (!sample.filePosition)
        return false;
    bool ran = false;
    const auto done = walk(source, index, *sample.filePosition, std::max<ByteOffset>(byte, *sample.filePosition), [&](const Walked& walked) {
        gcode::MachineState alone;
        alone.eHighest = 1; // it prints
        gcode::apply(alone, walked.command, index.dialect);
        ran = !alone.maybeChanged.empty();
        return !ran;
    });
    return done ? Result<bool>(!ran) : Result<bool>(fail(done.error()));
}

// --- what the recorder saw ---

/// A value the file cannot know better: the observed one wins, a different replayed one stays visible.
void observe(Snapshot& snapshot, const std::string& key, double value)
{
    FieldInfo& info = snapshot.fields[key];
    const std::string text = decimal(value);
    const auto before = fields::text(snapshot.state, key);
    if (before && info.origin == Origin::Replayed)
        info.replayed = decimal(std::strtod(before->c_str(), nullptr));
    else
        info.replayed.clear();
    if (!fields::set(snapshot.state, key, text)) {
        info.note = text;
        return;
    }
    info.observed = text;
    info.origin = Origin::Observed;
}

/// A value the file knows to the line: the observed one is kept beside it, and fills in where the file is silent.
void compareWith(Snapshot& snapshot, const std::string& key, double value, double tolerance)
{
    const auto before = fields::text(snapshot.state, key);
    if (!before)
        return observe(snapshot, key, value);
    FieldInfo& info = snapshot.fields[key];
    const bool equal = std::abs(std::strtod(before->c_str(), nullptr) - value) <= tolerance;
    info.observed = equal ? info.replayed : decimal(value);
}

std::optional<int> toolOfHeater(const std::string& name)
{
    if (!name.starts_with("extruder"))
        return std::nullopt;
    int tool = 0;
    const auto [end, ec] = std::from_chars(name.data() + 8, name.data() + name.size(), tool);
    if (name.size() > 8 && (ec != std::errc() || end != name.data() + name.size()))
        return std::nullopt;
    return tool;
}

void observeHeaters(Snapshot& snapshot, const Sample& sample)
{
    constexpr std::string_view generic = "heater_generic ";
    for (const auto& [name, heater] : sample.heaters) {
        if (!heater.target || *heater.target <= 0)
            continue;
        if (const auto tool = toolOfHeater(name))
            observe(snapshot, toolKey("hotend", *tool), *heater.target);
        else if (name == "heater_bed")
            observe(snapshot, "bed", *heater.target);
        else if (name.starts_with(generic))
            observe(snapshot, "heaters." + name.substr(generic.size()), *heater.target);
    }
}

void observeFans(Snapshot& snapshot, const Sample& sample)
{
    constexpr std::string_view generic = "fan_generic ";
    const bool macro = snapshot.state.maybeChanged.count("fans") != 0;
    for (const auto& [name, speed] : sample.fans) {
        if (name == "fan" && macro) {
            observe(snapshot, "fans.0", std::round(speed * 255));
            snapshot.state.maybeChanged.erase("fans");
            continue;
        }
        if (name == "fan" && (speed > 0 || snapshot.state.fans.count("0")))
            compareWith(snapshot, "fans.0", speed * 255, 1.3);
        else if (name.starts_with(generic) && snapshot.state.fans.count(name.substr(generic.size())))
            compareWith(snapshot, "fans." + name.substr(generic.size()), speed, 0.005);
    }
}

/// The printer was looked at after the macro: what it said of a heater settles that.
void settleHeat(Snapshot& snapshot)
{
    const std::string hotend = toolKey("hotend", snapshot.state.tool);
    std::erase_if(snapshot.state.maybeChanged, [&](const std::string& group) {
        const auto field = snapshot.fields.find(group == "hotend" ? hotend : group);
        return field != snapshot.fields.end() && field->second.origin == Origin::Observed;
    });
}

void observeLimit(Snapshot& snapshot, const char* parameter, const std::optional<double>& value)
{
    if (!value)
        return;
    auto& limits = snapshot.state.motion["SET_VELOCITY_LIMIT"];
    const std::string key = std::string("motion.SET_VELOCITY_LIMIT.") + parameter;
    FieldInfo& info = snapshot.fields[key];
    info.observed = decimal(*value, 6);
    if (limits.count(parameter))
        return;
    limits[parameter] = *value;
    info.origin = Origin::Observed;
}

void observeOperator(Snapshot& snapshot, const Sample& sample)
{
    if (sample.speedFactor)
        observe(snapshot, "speed_percent", *sample.speedFactor * 100);
    const bool flowMatters = sample.extrudeFactor
        && (snapshot.state.flowPercent.count(snapshot.state.tool) || std::abs(*sample.extrudeFactor - 1) > 1e-6);
    if (flowMatters)
        observe(snapshot, toolKey("flow_percent", snapshot.state.tool), *sample.extrudeFactor * 100);
    for (std::size_t i = 0; sample.homingOrigin && i < 3; ++i) {
        const std::string axis(1, static_cast<char>('X' + i));
        const double offset = (*sample.homingOrigin)[i];
        if (offset != 0 || snapshot.state.gcodeOffset.count(axis))
            observe(snapshot, "gcode_offset." + axis, offset);
    }
    if (sample.excludedObjects) {
        FieldInfo& info = snapshot.fields["excluded"];
        info.replayed = fields::text(snapshot.state, "excluded").value_or(std::string());
        snapshot.state.excluded = {sample.excludedObjects->begin(), sample.excludedObjects->end()};
        info.observed = fields::text(snapshot.state, "excluded").value_or(std::string());
        info.origin = Origin::Observed;
    }
}

void observeText(Snapshot& snapshot, const std::string& key, const std::string& value)
{
    if (value.empty())
        return;
    FieldInfo& info = snapshot.fields[key];
    info.observed = value;
    if (fields::text(snapshot.state, key) || !fields::set(snapshot.state, key, value))
        return;
    info.origin = Origin::Observed;
}

void observeModes(Snapshot& snapshot, const Sample& sample)
{
    if (sample.absoluteExtrude)
        snapshot.fields["absolute_e"].observed = *sample.absoluteExtrude ? "true" : "false";
    if (sample.absoluteCoordinates)
        snapshot.fields["absolute_xyz"].observed = *sample.absoluteCoordinates ? "true" : "false";
    if (const auto tool = toolOfHeater(sample.activeExtruder))
        snapshot.fields["tool"].observed = std::to_string(*tool);
    for (const auto& [extruder, advance] : sample.pressureAdvance) {
        if (advance > 0 || snapshot.state.pressureAdvance.count(extruder))
            compareWith(snapshot, "pressure_advance." + extruder, advance, 1e-6);
    }
    observeText(snapshot, "mesh", sample.meshProfile);
    snapshot.mesh = sample.mesh;
    if (!sample.currentObject.empty())
        snapshot.fields["object"].observed = sample.currentObject;
}

bool sameText(const std::optional<std::string>& one, const std::string& other)
{
    if (!one)
        return false;
    char* endOne = nullptr;
    char* endOther = nullptr;
    const double a = std::strtod(one->c_str(), &endOne), b = std::strtod(other.c_str(), &endOther);
    const bool numbers = endOne != one->c_str() && *endOne == '\0' && endOther != other.c_str() && *endOther == '\0';
    constexpr double tolerance = 1.3; // in 255: a fan is reported in hundredths
    return numbers ? std::abs(a - b) <= std::min(tolerance, 0.006 * std::max(std::abs(a), std::abs(b))) : *one == other;
}

/// The printer reports what it has read, seconds ahead of the nozzle. What the file itself set in between is no conflict.
Result<> settleReadAhead(Snapshot& snapshot, const gcode::Source& source, const gcode::FileIndex& index, const Sample& sample)
{
    if (!sample.filePosition || *sample.filePosition <= snapshot.byte || *sample.filePosition > index.size)
        return {};
    const auto before = gcode::locate(source, index, *sample.filePosition);
    if (!before)
        return fail(before.error());
    const auto after = gcode::locate(source, index, before->end);
    if (!after)
        return fail(after.error());
    for (auto& [key, info] : snapshot.fields) {
        if (!info.conflicts())
            continue;
        const bool read = sameText(fields::text(before->state, key), info.observed) || sameText(fields::text(after->state, key), info.observed);
        if (!read || (info.origin == Origin::Observed && !fields::set(snapshot.state, key, info.replayed)))
            continue;
        info.origin = Origin::Replayed;
        info.observed = info.replayed;
    }
    return {};
}

// --- klipper-plr ---

void comparePlrPosition(Snapshot& snapshot, const klipper::PlrState& state)
{
    constexpr std::array<const char*, 3> keys{"position.x", "position.y", "position.z"};
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto& replayed = snapshot.state.position[i];
        if (!replayed)
            continue;
        // The saved position is the machine's: offset and mesh are in it.
        const double tolerance = i == 2 && snapshot.state.mesh ? 0.6 : 0.0015;
        const double observed = state.position[i] - state.offsets[i];
        const double difference = std::abs(gcode::toMillimetres(*replayed) - observed);
        FieldInfo& info = snapshot.fields[keys[i]];
        info.observed = difference <= tolerance ? info.replayed : decimal(observed);
    }
}

void layPlrOver(Snapshot& snapshot, const klipper::PlrState& state)
{
    comparePlrPosition(snapshot, state);
    if (const auto fan = state.fans.find("fan"); fan != state.fans.end())
        compareWith(snapshot, "fans.0", fan->second * 255, 1.3);
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string axis(1, static_cast<char>('X' + i));
        if (state.offsets[i] != 0 || snapshot.state.gcodeOffset.count(axis))
            observe(snapshot, "gcode_offset." + axis, state.offsets[i]);
    }
    const std::string measured = "measured ";
    snapshot.fields[toolKey("hotend", snapshot.state.tool)].note = measured + decimal(state.hotend, 1);
    snapshot.fields["bed"].note = measured + decimal(state.bed, 1);
}

} // namespace

std::string_view name(Origin origin)
{
    switch (origin) {
    case Origin::Unknown: return "unknown";
    case Origin::Observed: return "observed";
    case Origin::Replayed: return "replayed";
    case Origin::Inferred: return "inferred";
    case Origin::Edited: return "edited";
    }
    return "unknown";
}

std::string_view name(SnapshotSource source)
{
    switch (source) {
    case SnapshotSource::Recorder: return "recorder";
    case SnapshotSource::Plugin: return "plugin";
    case SnapshotSource::Firmware: return "firmware";
    case SnapshotSource::File: return "file";
    }
    return "file";
}

std::size_t Snapshot::knownFields() const
{
    return static_cast<std::size_t>(std::count_if(fields.begin(), fields.end(), [](const auto& field) {
        return field.second.origin != Origin::Unknown;
    }));
}

std::vector<std::string> Snapshot::missing() const
{
    std::vector<std::string> keys;
    constexpr std::array<const char*, 3> axes{"position.x", "position.y", "position.z"};
    for (std::size_t i = 0; i < axes.size(); ++i) {
        if (!state.position[i])
            keys.emplace_back(axes[i]);
    }
    const auto hotend = state.hotend.find(state.tool);
    if (hotend == state.hotend.end() || hotend->second <= 0)
        keys.push_back(toolKey("hotend", state.tool));
    keys.insert(keys.end(), state.unknownFields.begin(), state.unknownFields.end());
    if (state.block) // a resume cannot begin below an if
        keys.emplace_back("condition");
    if (file.name.empty() || file.size == 0)
        keys.emplace_back("file");
    return keys;
}

bool Snapshot::isOff(const std::string& key) const
{
    const auto hotend = state.hotend.find(state.tool);
    return key == toolKey("hotend", state.tool) && hotend != state.hotend.end() && hotend->second <= 0 && state.unknownFields.count(key) == 0;
}

std::vector<std::string> Snapshot::unconfirmed() const
{
    std::vector<std::string> keys;
    for (const auto& [key, info] : fields) {
        if (isHeat(key) && info.origin == Origin::Inferred)
            keys.push_back(key);
    }
    return keys;
}

std::vector<FieldRow> fieldRows(const Snapshot& snapshot)
{
    std::vector<FieldRow> rows;
    std::vector<std::string> keys = fields::keys(snapshot.state);
    for (const auto& [key, info] : snapshot.fields) {
        if (std::find(keys.begin(), keys.end(), key) == keys.end())
            keys.push_back(key);
    }
    for (const std::string& key : keys) {
        const auto info = snapshot.fields.find(key);
        rows.push_back({key, fields::label(key), fields::text(snapshot.state, key).value_or(std::string()),
                        info == snapshot.fields.end() ? FieldInfo{} : info->second});
    }
    return rows;
}

namespace {

/// A file of RepRapFirmware goes on at a line only if that depends on nothing above it: a condition, or a command that it repeats.
void settleStart(const std::string& text, gcode::MachineState& state)
{
    gcode::RepRapLine line(text);
    gcode::Command command;
    if (!gcode::takeCommand(line, state.lastMove, command) || command.kind == gcode::Command::Kind::None)
        return;
    const std::string_view word = command.kind == gcode::Command::Kind::Meta ? command.name : std::string_view();
    if (!gcode::staysInBlock(state, command.indent, word))
        state.block.reset();
    if (command.modal)
        state.unknownFields.insert("last_move");
}

} // namespace

Result<Snapshot> snapshotFromFile(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte)
{
    auto located = gcode::locate(source, index, byte);
    if (!located)
        return fail(located.error());
    Snapshot snapshot;
    snapshot.file = {source.name(), index.size, index.xxh3};
    snapshot.byte = located->byte;
    snapshot.dialect = index.dialect;
    snapshot.state = std::move(located->state);
    for (std::size_t axis = 0; axis < snapshot.state.position.size(); ++axis)
        snapshot.state.position[axis] = snapshot.state.placed(axis);
    if (index.dialect == gcode::Dialect::RepRapFirmware)
        settleStart(located->text, snapshot.state);
    if (const gcode::Layer* layer = index.layerAt(snapshot.byte))
        snapshot.layer = layer->index;
    describe(snapshot);
    inferTemperatures(snapshot, index);
    doubtHeat(snapshot);
    return snapshot;
}

Result<Snapshot> snapshotFromSample(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte,
                                    const Sample& sample)
{
    auto snapshot = snapshotFromFile(source, index, byte);
    if (!snapshot)
        return snapshot;
    snapshot->source = SnapshotSource::Recorder;
    snapshot->time = sample.time;
    if (!sample.file.empty())
        snapshot->file.name = sample.file;
    const bool macros = !snapshot->state.maybeChanged.empty();
    const auto after = macros ? sawEveryMacro(source, index, snapshot->byte, sample) : Result<bool>(true);
    if (!after)
        return fail(after.error());
    if (*after) {
        observeHeaters(*snapshot, sample);
        observeFans(*snapshot, sample);
        settleHeat(*snapshot);
    }
    observeOperator(*snapshot, sample);
    observeModes(*snapshot, sample);
    observeLimit(*snapshot, "VELOCITY", sample.maxVelocity);
    observeLimit(*snapshot, "ACCEL", sample.maxAccel);
    observeLimit(*snapshot, "MINIMUM_CRUISE_RATIO", sample.minimumCruiseRatio);
    observeLimit(*snapshot, "SQUARE_CORNER_VELOCITY", sample.squareCornerVelocity);
    if (const auto settled = settleReadAhead(*snapshot, source, index, sample); !settled)
        return fail(settled.error());
    return snapshot;
}

Result<Snapshot> snapshotFromPlugin(const gcode::Source& source, const gcode::FileIndex& index,
                                    const klipper::PlrState& state, std::optional<double> wallTime)
{
    if (state.totalSize != index.size) {
        Error error{.code = ErrorCode::FileChanged, .detail = "the saved state belongs to a file of another size"};
        error.file = source.name();
        error.measured = static_cast<double>(index.size);
        error.limit = static_cast<double>(state.totalSize);
        return fail(std::move(error));
    }
    const auto executed = gcode::locate(source, index, state.filePosition);
    if (!executed)
        return fail(executed.error());
    // The saved position is the END of the line at the saved offset: going on from that line would print it twice.
    auto snapshot = snapshotFromFile(source, index, executed->end);
    if (!snapshot)
        return snapshot;
    snapshot->source = SnapshotSource::Plugin;
    snapshot->time = wallTime;
    if (!state.file.empty())
        snapshot->file.name = state.file;
    layPlrOver(*snapshot, state);
    return snapshot;
}

Result<> edit(Snapshot& snapshot, const std::string& key, const std::string& value, const std::string& reason)
{
    if (!fields::set(snapshot.state, key, value)) {
        Error error{.code = ErrorCode::BadValue, .detail = value};
        error.field = key;
        return fail(std::move(error));
    }
    FieldInfo& info = snapshot.fields[key];
    info.origin = Origin::Edited;
    info.note = reason;
    return {};
}

} // namespace kintsugi::recovery
