// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// To how many layers room should grow, of a file in which `layers` came before `byte`.
[[nodiscard]] std::size_t roomForLayers(std::size_t layers, ByteOffset byte, std::uint64_t size);

/// An extruding move in XY, in mm.
struct ExtrudingMove {
    ByteOffset begin = 0;
    double z0 = 0, z1 = 0;
    double length = 0;                     ///< in XY
    double startHeading = 0, endHeading = 0; ///< radians, direction of travel
    double turned = 0;                     ///< radians turned within the move (arcs)
};

/// Extrusion at a Z that is not yet known to be a layer.
struct LayerCandidate {
    Layer layer;
    std::size_t place = 0;
    double length = 0; ///< mm of path at its Z
    bool climbing = false;
};

/// Finds layers in a file without marks. A layer begins at the first extrusion at another Z; a change of Z that is undone
/// before anything is extruded begins none, nor does a speck. While Z climbs within the extrusion, one turn is one layer.
class LayerCluster
{
public:
    void extrude(const ExtrudingMove& move);
    /// Where the moves since the last extrude() belong: a number that layerOf() resolves; nothing before the first one.
    [[nodiscard]] std::optional<std::size_t> place() const;
    /// Extrusion that stays level at this height would change nothing.
    [[nodiscard]] bool isQuietAt(double z) const { return !m_candidate && !m_heading && m_turned == 0 && isCurrentZ(z); }
    /// Ends it; `end`, `index`, times and filament are not set.
    [[nodiscard]] std::vector<Layer> take();
    /// The layer in which a place ended up, after take(); nothing when its moves belong to none.
    [[nodiscard]] std::optional<std::size_t> layerOf(std::size_t place) const { return m_owners[place]; }
    [[nodiscard]] std::size_t size() const { return m_layers.size(); }

private:
    void planar(const ExtrudingMove& move);
    void climb(const ExtrudingMove& move);
    bool turn(double angle);
    void open(const ExtrudingMove& move, bool climbing);
    void accept();
    void dismiss();
    [[nodiscard]] bool isCurrentZ(double z) const;

    std::vector<Layer> m_layers;
    std::vector<std::optional<std::size_t>> m_owners; ///< of each place: a layer
    std::size_t m_lastPlace = 0;                      ///< of the last layer
    std::optional<LayerCandidate> m_candidate;
    std::optional<double> m_z; ///< height of the last extrusion that belongs to the last layer
    std::optional<double> m_heading;
    double m_turned = 0; ///< radians since the current turn began
};

} // namespace kintsugi::gcode
