// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "klippyhost.h"
#include "klippysettings.h"

namespace kintsugi::sim {

/// klipper-plr as it behaves, its defects included.
class Plugin
{
public:
    explicit Plugin(Host& host);
    void start(); ///< when klippy is ready

private:
    struct State {
        PyValue value;
        Axes position{};
        double hotend = 0;
    };

    // saving (plugin.cpp)
    Task background();
    [[nodiscard]] std::optional<State> collect() const;
    Failure save();
    [[nodiscard]] std::optional<int> neededStates();
    [[nodiscard]] double interval() const;
    void log(const std::string& text);

    // resuming a file (pluginresume.cpp)
    Task resume();
    [[nodiscard]] bool valid(const PyValue& state) const;
    [[nodiscard]] bool writeResumeFile(const QString& source, const QString& target, std::int64_t position, double z);
    Task resumeMacro();
    Task readyMacro();
    Task beforeResumeMacro();

    // Z (pluginzhome.cpp)
    Task home(const GcodeLine& line);
    Task zHome(bool resume, std::vector<double>& offsets);
    Task probeAll(double speed, double& trigger);
    struct Samples {
        double initial = 0;                          ///< mm to the first trigger
        std::vector<double> totals, triggers, times; ///< mm, steps, s
    };
    Task probeMotor(int motor, double& height);
    Task takeSamples(int motor, Samples& samples);
    [[nodiscard]] double reportSamples(int motor, Samples& samples);
    Task probeEach(bool resuming, std::vector<double>& offsets);
    Task sampleMotor(int motor, int sample, double base, double& travel, double& seconds);
    Task applyOffsets(bool resume, const std::vector<double>& measured);
    Task restoreAfterResume();
    void logLoaded();
    Task testOffsets(const GcodeLine& line);
    [[nodiscard]] double steps(int motor) const;

    Host& m_host;
    PluginOptions m_options;
    bool m_enabled = false, m_active = false, m_resuming = false;
    std::deque<State> m_queue;
    double m_lastSave = 0;
    std::int64_t m_layer = 0;
    double m_layerHeight = 0;
    std::vector<double> m_memoryOffsets;
};

} // namespace kintsugi::sim
