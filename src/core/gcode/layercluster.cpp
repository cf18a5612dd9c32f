// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/layercluster.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace kintsugi::gcode {

namespace {
constexpr double sameZ = 0.005;   ///< mm
constexpr double speck = 0.5;     ///< mm of path; less at a Z of its own is no layer
constexpr double fullTurn = 2 * std::numbers::pi;
constexpr double turnSlack = 0.05; ///< radians; a tapering shape does not come back to exactly its first heading
} // namespace

std::size_t roomForLayers(std::size_t layers, ByteOffset byte, std::uint64_t size)
{
    constexpr std::size_t few = 256, most = std::size_t{1} << 20; // what is not used costs nothing but addresses
    if (layers < few)
        return few;
    const double expected = 1.05 * static_cast<double>(layers) * static_cast<double>(size) / static_cast<double>(std::max<ByteOffset>(byte, 1));
    const std::size_t doubled = layers * 2;
    return std::max(doubled, static_cast<std::size_t>(std::min(expected, static_cast<double>(most))));
}

void LayerCluster::extrude(const ExtrudingMove& move)
{
    if (std::abs(move.z1 - move.z0) > 1e-7)
        climb(move);
    else
        planar(move);
}

std::optional<std::size_t> LayerCluster::place() const
{
    if (m_candidate)
        return m_candidate->place;
    return m_layers.empty() ? std::nullopt : std::optional(m_lastPlace);
}

std::vector<Layer> LayerCluster::take()
{
    // The last turn of a vase ends one corner short of a full turn.
    if (m_candidate && m_candidate->climbing && std::abs(m_turned) < fullTurn / 2)
        dismiss();
    else if (m_candidate && !m_candidate->climbing)
        dismiss();
    else if (m_candidate)
        accept();
    return std::move(m_layers);
}

void LayerCluster::planar(const ExtrudingMove& move)
{
    m_heading.reset();
    m_turned = 0;
    if (isCurrentZ(move.z1)) {
        dismiss();
        return;
    }
    if (m_candidate && m_candidate->climbing) {
        // A seam that ramped up to its layer: that layer began with the ramp.
        m_candidate->climbing = false;
        m_candidate->length = 0;
        m_candidate->layer.z = move.z1;
    } else if (m_candidate && std::abs(*m_candidate->layer.z - move.z1) > sameZ) {
        dismiss();
    }
    if (!m_candidate)
        open(move, false);
    m_candidate->length += move.length;
    if (m_candidate->length >= speck) {
        m_z = move.z1;
        accept();
    }
}

void LayerCluster::climb(const ExtrudingMove& move)
{
    if (m_candidate && !m_candidate->climbing)
        dismiss();
    if (!m_candidate)
        open(move, true);
    const bool turnedFully = turn(m_heading ? std::remainder(move.startHeading - *m_heading, fullTurn) : 0.0);
    m_heading = move.endHeading;
    if (turnedFully) {
        m_z = move.z0;
        accept();
        open(move, true); // the corner before this move closed the turn
    }
    if (turn(move.turned)) {
        m_z = move.z1;
        accept();
    }
}

/// True when that closes a full turn; what goes beyond counts for the next.
bool LayerCluster::turn(double angle)
{
    m_turned += angle;
    if (std::abs(m_turned) < fullTurn - turnSlack)
        return false;
    m_turned -= std::copysign(fullTurn, m_turned);
    return true;
}

void LayerCluster::open(const ExtrudingMove& move, bool climbing)
{
    m_candidate.emplace();
    m_candidate->layer.begin = move.begin;
    m_candidate->layer.firstExtrusion = move.begin;
    m_candidate->layer.z = move.z1;
    m_candidate->climbing = climbing;
    m_candidate->place = m_owners.size();
    m_owners.emplace_back();
}

void LayerCluster::accept()
{
    m_lastPlace = m_candidate->place;
    m_owners[m_lastPlace] = m_layers.size();
    m_layers.push_back(m_candidate->layer);
    m_candidate.reset();
}

void LayerCluster::dismiss()
{
    if (m_candidate && !m_layers.empty())
        m_owners[m_candidate->place] = m_layers.size() - 1;
    m_candidate.reset();
}

bool LayerCluster::isCurrentZ(double z) const
{
    return m_z && std::abs(*m_z - z) <= sameZ;
}

} // namespace kintsugi::gcode
