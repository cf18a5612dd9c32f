// SPDX-License-Identifier: GPL-3.0-or-later
#include "timelinedata.h"

#include <limits>

namespace kintsugi::app {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr float nothingF = std::numeric_limits<float>::quiet_NaN();

template <class T>
double orNothing(const std::optional<T>& value)
{
    return value ? static_cast<double>(*value) : nothing;
}

float narrow(const std::optional<double>& value)
{
    return value ? static_cast<float>(*value) : nothingF;
}

const recovery::Heater* heater(const recovery::Sample& sample, const std::string& name)
{
    const auto it = sample.heaters.find(name);
    return it == sample.heaters.end() ? nullptr : &it->second;
}

double layerOf(const recovery::Sample& sample, const gcode::FileIndex* index)
{
    if (index && sample.filePosition) {
        if (const gcode::Layer* layer = index->layerAt(*sample.filePosition))
            return static_cast<double>(layer->index);
    }
    return sample.layer ? *sample.layer - 1.0 : nothing; // announced from 1
}

float heightOf(const recovery::Sample& sample)
{
    if (sample.livePosition)
        return static_cast<float>((*sample.livePosition)[2]);
    return sample.toolheadPosition ? static_cast<float>((*sample.toolheadPosition)[2]) : nothingF;
}

float partFan(const recovery::Sample& sample)
{
    const auto it = sample.fans.find("fan");
    if (it != sample.fans.end())
        return static_cast<float>(it->second);
    return sample.fans.empty() ? nothingF : static_cast<float>(sample.fans.begin()->second);
}

} // namespace

void SampleColumns::append(const recovery::Sample& sample, const gcode::FileIndex* index)
{
    const recovery::Heater none;
    const recovery::Heater* hot = heater(sample, sample.activeExtruder.empty() ? "extruder" : sample.activeExtruder);
    const recovery::Heater* plate = heater(sample, "heater_bed");
    time.push_back(sample.time);
    byte.push_back(orNothing(sample.filePosition));
    layer.push_back(layerOf(sample, index));
    z.push_back(heightOf(sample));
    hotend.push_back(narrow((hot ? *hot : none).temperature));
    hotendTarget.push_back(narrow((hot ? *hot : none).target));
    bed.push_back(narrow((plate ? *plate : none).temperature));
    bedTarget.push_back(narrow((plate ? *plate : none).target));
    fan.push_back(partFan(sample));
    speedFactor.push_back(narrow(sample.speedFactor));
    const bool lead = sample.printTime && sample.estimatedPrintTime;
    queueLead.push_back(lead ? static_cast<float>(*sample.printTime - *sample.estimatedPrintTime) : nothingF);
}

void SampleColumns::clear()
{
    *this = {};
}

} // namespace kintsugi::app
