// SPDX-License-Identifier: GPL-3.0-or-later
#include "pluginstate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QJsonArray>

#include "base/message.h"
#include "filecache.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

void observe(recovery::Snapshot& snapshot, const std::string& key, double value)
{
    recovery::FieldInfo& info = snapshot.fields[key];
    info.origin = recovery::Origin::Observed;
    info.observed = decimal(value);
}

} // namespace

klipper::Value toValue(const QJsonValue& json)
{
    switch (json.type()) {
    case QJsonValue::Bool: return {json.toBool()};
    case QJsonValue::Double: {
        const double number = json.toDouble();
        const bool whole = std::floor(number) == number && std::abs(number) < 9e15;
        return whole ? klipper::Value{json.toInteger()} : klipper::Value{number};
    }
    case QJsonValue::String: return {json.toString().toStdString()};
    case QJsonValue::Array: {
        auto list = std::make_shared<klipper::List>();
        for (const QJsonValue& item : json.toArray())
            list->push_back(toValue(item));
        return {std::shared_ptr<const klipper::List>(std::move(list))};
    }
    case QJsonValue::Object: {
        auto dict = std::make_shared<klipper::Dict>();
        const QJsonObject object = json.toObject();
        for (auto it = object.begin(); it != object.end(); ++it)
            dict->push_back({it.key().toStdString(), toValue(it.value())});
        return {std::shared_ptr<const klipper::Dict>(std::move(dict))};
    }
    case QJsonValue::Null:
    case QJsonValue::Undefined: return {};
    }
    return {};
}

void PluginStates::remember(const std::vector<recovery::Snapshot>& stored)
{
    for (const recovery::Snapshot& snapshot : stored) {
        if (snapshot.source == recovery::SnapshotSource::Plugin)
            m_stored.emplace(snapshot.file.name, snapshot.byte);
    }
}

void PluginStates::jobStarted(const PrintJob&)
{
    m_stored.clear(); // the same file may be printed again
}

void PluginStates::hostRebooted(const recovery::Sample& lastBefore)
{
    m_rebooted = true;
    m_beforeReboot = lastBefore;
}

/// A full snapshot begins after the line the plugin names, so near is the same.
bool PluginStates::isStored(const Key& key) const
{
    constexpr ByteOffset near = 512;
    const auto it = m_stored.lower_bound(key);
    return it != m_stored.end() && it->first == key.first && it->second - key.second < near;
}

std::optional<double> PluginStates::wallTime(const PluginSave& save, const std::optional<recovery::Sample>& last, double now) const
{
    const double collected = save.state.collectionTime;
    if (m_rebooted) { // written before the reboot: the old boot's clock dates it
        if (!m_beforeReboot || !m_beforeReboot->eventTime)
            return std::nullopt;
        constexpr double oldest = 3600;
        const double wall = m_beforeReboot->time + (collected - *m_beforeReboot->eventTime);
        return wall <= now && wall >= m_beforeReboot->time - oldest ? std::optional(wall) : std::nullopt;
    }
    const bool printsIt = last && (last->printState == "printing" || last->printState == "paused") && last->file == save.state.file;
    constexpr double sampleLag = 60; ///< s by which the newest sample may be older than the state
    if (!last || !last->eventTime || collected > *last->eventTime + sampleLag || !(save.live || printsIt))
        return std::nullopt;
    return std::min(now, last->time - (*last->eventTime - collected));
}

std::optional<Result<PluginSave>> PluginStates::read(const QJsonObject& variables, const std::optional<recovery::Sample>& last, double now)
{
    const QJsonValue json = variables["resume_meta_info"_L1];
    const bool wasWatching = std::exchange(m_watching, true);
    if (json.isUndefined() || json.isNull())
        return std::nullopt;
    auto state = klipper::readPlrState(toValue(json));
    if (!state)
        return Result<PluginSave>(fail(state.error()));
    if (!*state) {
        m_last.reset();
        return std::nullopt;
    }
    PluginSave save{.state = **state};
    const Key key{save.state.file, save.state.filePosition};
    const std::pair identity{key, save.state.collectionTime};
    if (m_last == identity)
        return std::nullopt;
    m_last = identity;
    save.live = wasWatching;
    if (save.live) {
        save.writtenAt = now;
        m_rebooted = false; // what is written now was collected in this boot
    }
    save.wallTime = wallTime(save, last, now);
    save.isNew = save.live || !isStored(key);
    m_stored.insert(key);
    return Result<PluginSave>(std::move(save));
}

recovery::Snapshot PluginStates::snapshot(const PluginSave& save, const OpenFile* file) const
{
    if (file) {
        auto full = recovery::snapshotFromPlugin(*file->source, *file->index, save.state, save.wallTime);
        if (full) {
            full->savedTime = save.writtenAt;
            return std::move(*full);
        }
    }
    recovery::Snapshot snapshot;
    snapshot.source = recovery::SnapshotSource::Plugin;
    snapshot.time = save.wallTime;
    snapshot.savedTime = save.writtenAt;
    snapshot.file = {.name = save.state.file, .size = save.state.totalSize, .xxh3 = {}};
    snapshot.byte = save.state.filePosition;
    if (save.state.layer >= 0)
        snapshot.layer = static_cast<std::size_t>(save.state.layer);
    constexpr std::array axes{"x", "y", "z"};
    constexpr std::array offsets{"X", "Y", "Z"};
    for (std::size_t i = 0; i < axes.size(); ++i) {
        observe(snapshot, std::string("position.") + axes[i], save.state.position[i]);
        observe(snapshot, std::string("gcode_offset.") + offsets[i], save.state.offsets[i]);
    }
    for (const auto& [fan, speed] : save.state.fans)
        observe(snapshot, "fans." + fan, speed);
    return snapshot;
}

} // namespace kintsugi::app
