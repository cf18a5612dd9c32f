// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin.h"

#include <algorithm>
#include <cmath>

namespace kintsugi::sim {

namespace {

double rounded(double value, double digits)
{
    const double scale = std::pow(10.0, digits);
    return std::round(value * scale) / scale;
}

std::string fixed(double value, int digits)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

} // namespace

Plugin::Plugin(Host& host) : m_host(host), m_options(pluginOptions(host.options()))
{
    const auto add = [this](const char* name, const char* help, auto run) {
        m_host.registerCommand(name, help, run);
    };
    const auto flag = [this](bool on) -> Task {
        m_enabled = on;
        m_host.info(on ? "Power loss recovery enabled" : "Power loss recovery disabled");
        co_return {};
    };
    add("PLR_Z_HOME",
        "Home Z axis with multiple endstops. MODE=CALIBRATE to measure and save offsets, MODE=RESUME to use saved offsets",
        [this](const GcodeLine& line) { return home(line); });
    add("PLR_SAVE_PRINT_STATE", "Manually save current printer state", [this](const GcodeLine&) -> Task {
        if (auto failure = save())
            co_return failure;
        m_host.info("Printer state saved");
        co_return {};
    });
    add("PLR_SAVE_PRINT_STATE_WITH_LAYER", "Layer change handler for PowerLossRecovery",
        [this](const GcodeLine& line) -> Task {
            if (!m_active)
                co_return {};
            m_layer = static_cast<std::int64_t>(line.number("LAYER").value_or(0));
            m_layerHeight = line.number("LAYER_HEIGHT").value_or(0);
            // Every layer leaves one more timer behind, for as long as the host lives.
            m_host.reactor().spawn(background());
            co_return save();
        });
    add("PLR_QUERY_SAVED_STATE", "Query the current status of the state saver",
        [](const GcodeLine&) -> Task { co_return {}; });
    add("PLR_RESET_PRINT_DATA", "Clear all saved state data", [this](const GcodeLine&) -> Task {
        if (auto failure = m_host.saveVariable("resume_meta_info", PyValue(PyValue::Dict())))
            co_return failure;
        m_layer = 0;
        m_host.info(std::string("PowerLossRecovery: All saved state data cleared")
                    + (m_options.debug ? "\nDebug: Reset complete, variables file updated" : ""));
        co_return {};
    });
    add("PLR_ENABLE", "Enable power loss recovery state saving", [flag](const GcodeLine&) { return flag(true); });
    add("PLR_DISABLE", "Disable power loss recovery state saving", [flag](const GcodeLine&) { return flag(false); });
    add("PLR_RESUME_PRINT", "Create a modified gcode file for power loss recovery resume",
        [this](const GcodeLine&) { return resume(); });
    add("PLR_SAVE_MESH", "Save the currently active bed mesh profile name to variables file",
        [this](const GcodeLine&) -> Task {
            if (m_host.meshProfile().empty())
                co_return std::string("Error saving bed mesh profile: No bed mesh profile currently active");
            if (auto failure = m_host.saveVariable("saved_mesh_profile", PyValue(m_host.meshProfile())))
                co_return failure;
            m_host.info("Saved bed mesh profile: " + m_host.meshProfile());
            co_return {};
        });
    add("PLR_LOAD_MESH", "Load the previously saved bed mesh profile", [this](const GcodeLine&) -> Task {
        const auto it = m_host.variables().find("saved_mesh_profile");
        const std::string* name = it == m_host.variables().end() ? nullptr : it->second.text();
        if (name == nullptr || name->empty())
            co_return std::string("Error loading bed mesh profile: No saved bed mesh profile found");
        const std::string profile = *name;
        if (!m_host.hasMeshProfile(profile))
            co_return "Error loading bed mesh profile: Profile '" + profile + "' not found in bed_mesh profiles";
        if (auto failure = co_await m_host.script("BED_MESH_PROFILE LOAD='" + profile + "'"))
            co_return failure;
        m_host.info("Loaded bed mesh profile: " + profile);
        co_return {};
    });
    add("PLR_TEST_APPLY_OFFSETS", "Test applying Z offsets using values stored in variables file",
        [this](const GcodeLine& line) { return testOffsets(line); });
    add("_PLR_RESUME_PRINT_START", "G-Code macro", [this](const GcodeLine&) { return resumeMacro(); });
    add("_PLR_RESUME_READY", "G-Code macro", [this](const GcodeLine&) { return readyMacro(); });
    add("_PLR_BEFORE_RESUME_GCODE", "G-Code macro", [this](const GcodeLine&) { return beforeResumeMacro(); });
}

void Plugin::start()
{
    m_host.reactor().spawn(background());
}

void Plugin::log(const std::string& text)
{
    if (m_options.debug)
        m_host.info("PLR LOG:: " + text);
}

double Plugin::interval() const
{
    double seconds = m_options.saveInterval;
    if (seconds <= 0)
        return 1;
    if (m_queue.size() > 1) {
        const State& newest = m_queue.back();
        const State& before = m_queue[m_queue.size() - 2];
        double moved = 0;
        for (std::size_t i = 0; i < 3; ++i)
            moved += std::abs(newest.position[i] - before.position[i]);
        seconds *= moved > 10 ? 0.75 : 1.0;
        seconds *= std::abs(newest.hotend - before.hotend) > 5 ? 0.75 : 1.0;
    }
    return std::max(5.0, seconds);
}

Task Plugin::background()
{
    while (!m_host.halted()) {
        const bool active = m_host.printing();
        if (active != m_active) {
            m_active = active;
            if (active)
                m_queue.clear();
        }
        double wait = 1;
        if (active && m_enabled && !m_resuming) {
            if (auto state = collect()) {
                m_queue.push_back(std::move(*state));
                while (m_queue.size() > static_cast<std::size_t>(m_options.historySize))
                    m_queue.pop_front();
            }
            wait = interval();
            // A timer that slept the whole interval comes a hair early in floating point.
            if (m_host.now() - m_lastSave >= wait - 1e-6) {
                if (auto failure = save())
                    m_host.error(*failure);
            }
        }
        co_await m_host.sleep(wait);
    }
    co_return {};
}

std::optional<Plugin::State> Plugin::collect() const
{
    using Dict = PyValue::Dict;
    Machine& machine = m_host.machine();
    const Axes& position = m_host.toolPosition();
    const Axes& offset = m_host.gcodeState().homing;
    const double size = static_cast<double>(m_host.fileSize());
    const double done = static_cast<double>(m_host.filePosition());
    const auto place = [](const Axes& p) {
        return PyValue(Dict{{"x", rounded(p[0], 3)}, {"y", rounded(p[1], 3)}, {"z", rounded(p[2], 3)}});
    };
    State state;
    state.position = position;
    state.hotend = rounded(machine.nozzle.sensed(), 1);
    state.value = Dict{
        {"position", place(position)},
        {"xyz_offsets", place(offset)},
        {"fan_speeds", Dict{{"fan", machine.fan}}},
        {"layer", m_layer},
        {"layer_height", m_layerHeight},
        {"file_progress", Dict{{"position", std::int64_t{m_host.filePosition()}},
                               {"total_size", std::int64_t{m_host.fileSize()}},
                               {"progress_pct", size > 0 ? rounded(done / size * 100, 2) : 0.0}}},
        {"active_extruder", "extruder"},
        {"hotend_temp", state.hotend},
        {"bed_temp", rounded(machine.bed.sensed(), 1)},
        {"save_time", m_host.eventTime()},
        {"current_file", m_host.printFile().toStdString()},
        {"collection_time", m_host.eventTime()},
        {"mcu_status", Dict{{"moves_pending", 0}, {"min_move_time", 0}, {"max_move_time", 0}}}};
    return state;
}

std::optional<int> Plugin::neededStates()
{
    if (m_options.saveInterval <= 0)
        return 0;
    if (m_host.homing()) {
        log("Error calculating optimal delay:");
        return 1;
    }
    const double print = m_host.printTime(m_host.lastMoveTime());
    const double estimated = m_host.printTime(m_host.now());
    const double lag = print - estimated;
    const int needed = static_cast<int>(lag / m_options.saveInterval) + 1;
    const int states = std::min(std::max(1, needed), m_options.historySize - 1);
    log("Delay calculation:\nPrint time: " + fixed(print, 3) + "\nEst print time: " + fixed(estimated, 3)
        + "\nMCU lag: " + fixed(lag, 3) + "s\nSave interval: " + pythonFloat(m_options.saveInterval)
        + "s\nNeeded intervals: " + std::to_string(needed) + "\nTotal time lag: "
        + fixed(lag + needed * m_options.saveInterval, 3) + "s\nFinal delay: " + std::to_string(states)
        + " (base: " + std::to_string(m_options.saveDelay) + ")");
    return states;
}

Failure Plugin::save()
{
    if (!m_enabled || !m_active || m_resuming || m_host.halted())
        return {};
    const auto needed = neededStates();
    const auto delay = static_cast<std::size_t>(m_options.saveDelay);
    if (!needed || m_queue.size() <= static_cast<std::size_t>(*needed) || m_queue.size() <= delay)
        return {};
    m_lastSave = m_host.now();
    return m_host.saveVariable("resume_meta_info", m_queue[m_queue.size() - 1 - delay].value);
}

} // namespace kintsugi::sim
