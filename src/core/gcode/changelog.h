// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <unordered_map>

#include "gcode/quickscan.h"

namespace kintsugi::gcode {

/// Writes the changes of a QuickIndex down: compares the state after a command with what was written last.
class ChangeLog
{
public:
    static constexpr std::size_t maxChanges = std::size_t{1} << 20;
    static constexpr std::size_t maxEntries = 64; ///< of fans, heaters …: a hostile file cannot make each line slow

    explicit ChangeLog(QuickIndex& quick);
    void start(const MachineState& state, Dialect dialect);
    void look(const Line& line, const Command& command, const MachineState& state, Dialect dialect);

private:
    void one(const Line& line, StateChange::Kind kind, double& last, double now);
    template <class Map>
    void all(const Line& line, StateChange::Kind kind, Map& last, const Map& now);
    void lookAtObject(const Line& line, const MachineState& state);
    void add(const Line& line, StateChange::Kind kind, std::string_view name, double value);

    QuickIndex& m_quick;
    std::unordered_map<std::string, std::uint32_t> m_names;
    double m_tool = 0, m_speed = 0, m_absolute = 0, m_absoluteE = 0, m_inch = 0, m_bed = 0, m_chamber = 0;
    std::map<int, double> m_hotend, m_flow;
    std::map<std::string, double> m_fans, m_heaters, m_advance, m_offset;
    std::optional<MeshState> m_mesh;
    std::optional<std::string> m_object;
};

} // namespace kintsugi::gcode
