// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <set>
#include <utility>

#include <QJsonObject>

#include "klipper/plrstate.h"
#include "store.h"

namespace kintsugi::app {

struct OpenFile;

[[nodiscard]] klipper::Value toValue(const QJsonValue& json);

/// One state of klipper-plr as it was read.
struct PluginSave {
    klipper::PlrState state;
    std::optional<double> wallTime;  ///< s since epoch UTC the state is OF
    std::optional<double> writtenAt; ///< s since epoch UTC
    bool live = false;               ///< written while this program watched
    bool isNew = false;              ///< not in the store yet
};

/// Dates the plugin's states: their own time is a clock that begins anew with every boot of the host.
class PluginStates
{
public:
    void remember(const std::vector<recovery::Snapshot>& stored);
    void jobStarted(const PrintJob& job);
    void linkLost() { m_watching = false; }
    void hostRebooted(const recovery::Sample& lastBefore);

    /// nullopt: no state in it, or the one that was read before. BadValue.
    [[nodiscard]] std::optional<Result<PluginSave>> read(const QJsonObject& variables, const std::optional<recovery::Sample>& last, double now);
    /// Full when the file is given and fits, else with what the plugin said alone.
    [[nodiscard]] recovery::Snapshot snapshot(const PluginSave& save, const OpenFile* file) const;

private:
    using Key = std::pair<std::string, ByteOffset>;
    std::set<Key> m_stored;
    std::optional<std::pair<Key, double>> m_last; ///< and its collection time
    [[nodiscard]] bool isStored(const Key& key) const;
    [[nodiscard]] std::optional<double> wallTime(const PluginSave& save, const std::optional<recovery::Sample>& last, double now) const;

    std::optional<recovery::Sample> m_beforeReboot;
    bool m_watching = false, m_rebooted = false;
};

} // namespace kintsugi::app
