// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippylayers.h"

#include <cmath>

#include "klippyhost.h"

namespace kintsugi::sim {

namespace {

class LayerFinder
{
public:
    void line(std::string_view text, std::uint64_t begin)
    {
        if (text.starts_with(";LAYER_CHANGE") || text.starts_with(";LAYER:")) {
            if (!m_marked)
                m_layers.clear();
            m_marked = true;
            open(begin);
            return;
        }
        const GcodeLine gcode = parseGcodeLine(text);
        if (gcode.name == "G0" || gcode.name == "G1")
            move(gcode, begin);
        else if (gcode.name == "G90" || gcode.name == "G91")
            m_absolute = gcode.name == "G90";
        else if (gcode.name == "M82" || gcode.name == "M83")
            m_absoluteE = gcode.name == "M82";
        else if (gcode.name == "G92" && gcode.value('E'))
            m_e = *gcode.value('E');
    }

    std::vector<PrintedLayer> take(std::uint64_t size)
    {
        for (std::size_t i = 0; i < m_layers.size(); ++i)
            m_layers[i].end = i + 1 < m_layers.size() ? m_layers[i + 1].begin : size;
        std::erase_if(m_layers, [](const PrintedLayer& layer) { return layer.filament <= 0; });
        return std::move(m_layers);
    }

private:
    void open(std::uint64_t begin) { m_layers.push_back({begin, begin, 0}); }

    void move(const GcodeLine& gcode, std::uint64_t begin)
    {
        if (const auto z = gcode.value('Z'))
            m_z = m_absolute ? *z : m_z + *z;
        const auto e = gcode.value('E');
        if (!e)
            return;
        const double amount = m_absolute && m_absoluteE ? *e - m_e : *e;
        m_e += amount;
        m_retracted -= amount;
        const double laid = -m_retracted;
        m_retracted = std::max(0.0, m_retracted);
        if (laid <= 0 || !(gcode.value('X') || gcode.value('Y')))
            return;
        if (!m_marked && (m_layers.empty() || std::abs(m_z - m_layerZ) > 0.04)) {
            open(begin);
            m_layerZ = m_z;
        }
        if (!m_layers.empty())
            m_layers.back().filament += laid;
    }

    std::vector<PrintedLayer> m_layers;
    bool m_marked = false, m_absolute = true, m_absoluteE = true;
    double m_z = 0, m_layerZ = -1, m_e = 0, m_retracted = 0;
};

} // namespace

std::vector<PrintedLayer> printedLayers(std::string_view text)
{
    LayerFinder finder;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = text.substr(at, end - at);
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
        finder.line(line, at);
        at = end + 1;
    }
    return finder.take(text.size());
}

} // namespace kintsugi::sim
