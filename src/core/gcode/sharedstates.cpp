// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/sharedstates.h"

#include <functional>
#include <iterator>

namespace kintsugi::gcode {

namespace {

/// Roughly what a state costs: the struct and a node per map entry.
std::size_t footprint(const MachineState& state)
{
    constexpr std::size_t node = 112;
    std::size_t entries = state.flowPercent.size() + state.hotend.size() + state.fans.size() + state.heaters.size() + state.pressureAdvance.size()
        + state.gcodeOffset.size() + state.excluded.size() + state.definedObjects.size() + state.unknownCommands.size() + state.unknownFields.size();
    for (const auto* map : {&state.motion, &state.toolSetup})
        for (const auto& [name, values] : *map)
            entries += 1 + values.size();
    return sizeof(MachineState) + entries * node;
}

/// Of the fields that files change often; the others only make equal hashes, not wrong answers.
class Hash
{
public:
    template <class Value>
    void add(const Value& value) { m_value = m_value * 0x9E3779B97F4A7C15U + std::hash<Value>{}(value) + 1; }
    void add(const std::map<std::string, double>& map) { addAll(map); }
    void add(const std::map<int, double>& map) { addAll(map); }
    void add(const std::map<std::string, std::map<std::string, double>>& map) { addAll(map); }
    [[nodiscard]] std::size_t value() const { return m_value; }

private:
    template <class Map>
    void addAll(const Map& map)
    {
        for (const auto& [key, value] : map)
            add(value);
        add(map.size());
    }

    std::size_t m_value = 0;
};

std::size_t hashOf(const MachineState& state)
{
    Hash hash;
    hash.add(state.tool);
    hash.add(state.speedPercent);
    hash.add(state.bed);
    hash.add(state.object);
    hash.add(state.flowPercent);
    hash.add(state.hotend);
    hash.add(state.fans);
    hash.add(state.pressureAdvance);
    hash.add(state.gcodeOffset);
    hash.add(state.motion);
    hash.add(state.definedObjects.size());
    hash.add(state.excluded.size());
    hash.add(state.unknownCommands.size());
    hash.add(state.unknownFields.size());
    hash.add(state.block.value_or(0));
    return hash.value();
}

} // namespace

std::shared_ptr<const MachineState> SharedStates::share(MachineState& state)
{
    if (m_last && !m_touched)
        return m_last;
    m_touched = false;
    const HotState hot = hotPart(state);
    setHotPart(state, HotState{});
    if (!m_last || *m_last != state)
        m_last = keep(state);
    setHotPart(state, hot);
    return m_last;
}

std::shared_ptr<const MachineState> SharedStates::keep(const MachineState& rest)
{
    const std::size_t hash = hashOf(rest);
    const auto [begin, end] = m_kept.equal_range(hash);
    for (auto at = begin; at != end; ++at)
        if (*at->second == rest)
            return at->second;
    m_bytes += footprint(rest);
    return m_kept.emplace(hash, std::make_shared<MachineState>(rest))->second;
}

void SharedStates::forgetUnused()
{
    m_last.reset();
    m_touched = true;
    for (auto at = m_kept.begin(); at != m_kept.end();) {
        const bool unused = at->second.use_count() == 1;
        if (unused)
            m_bytes -= footprint(*at->second);
        at = unused ? m_kept.erase(at) : std::next(at);
    }
}

} // namespace kintsugi::gcode
