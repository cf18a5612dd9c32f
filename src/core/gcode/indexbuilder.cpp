// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/indexbuilder.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kintsugi::gcode {

namespace {

constexpr ByteOffset checkpointStep = 64 * 1024;
/// Beyond this every other checkpoint is dropped: the index of a file of any size stays bounded.
constexpr std::size_t checkpointBudget = std::size_t{128} << 20;

double inMm(Nanometres value) { return static_cast<double>(value) * 1e-6; }

/// For the clustering of layers; headings matter to a climbing move only.
ExtrudingMove extrudingMove(ByteOffset begin, const Span& span, const std::optional<Arc>& arc)
{
    const double dx = inMm(span.to[0] - span.from[0]);
    const double dy = inMm(span.to[1] - span.from[1]);
    ExtrudingMove move{.begin = begin, .z0 = toMillimetres(span.from[2]), .z1 = toMillimetres(span.to[2]), .length = std::sqrt(dx * dx + dy * dy)};
    if (arc && arc->across == 2)
        move.length = arc->radius * std::abs(arc->sweep);
    if (span.from[2] == span.to[2])
        return move;
    if (arc && arc->across == 2) {
        move.startHeading = arc->startAngle + std::copysign(std::numbers::pi / 2, arc->sweep);
        move.endHeading = move.startHeading + arc->sweep;
        move.turned = arc->sweep;
    } else {
        move.startHeading = move.endHeading = std::atan2(dy, dx);
    }
    return move;
}

} // namespace

Span::Span(const std::array<std::optional<Nanometres>, 3>& before, const std::array<std::optional<Nanometres>, 3>& after)
{
    for (std::size_t axis = 0; axis < 3; ++axis) {
        to[axis] = after[axis].value_or(before[axis].value_or(0));
        from[axis] = before[axis].value_or(to[axis]);
    }
}

double Span::length() const
{
    const double dx = inMm(to[0] - from[0]);
    const double dy = inMm(to[1] - from[1]);
    const double dz = inMm(to[2] - from[2]);
    return std::sqrt(dx * dx + dy * dy + dz * dz);
}

void Box::add(const std::array<Nanometres, 3>& point)
{
    for (std::size_t axis = 0; axis < 3; ++axis) {
        low[axis] = std::min(low[axis], point[axis]);
        high[axis] = std::max(high[axis], point[axis]);
    }
}

Extents Box::extents() const
{
    if (low[0] > high[0])
        return {};
    return {toMillimetres(low[0]), toMillimetres(low[1]), toMillimetres(low[2]), toMillimetres(high[0]), toMillimetres(high[1]),
        toMillimetres(high[2]), true};
}

IndexBuilder::IndexBuilder(Dialect dialect)
    : m_checkpointStep(checkpointStep)
{
    m_index.dialect = dialect;
    m_index.checkpoints.emplace_back();
    m_nextCheckpoint = m_checkpointStep;
}

void IndexBuilder::add(const Line& line)
{
    if (line.begin >= m_nextCheckpoint)
        addCheckpoint(line);
    ++m_index.lines;
    m_index.truncatedLines += line.truncated ? 1 : 0;
    const Command& command = m_command;
    parseCommand(line.text, m_command);
    if (command.hasComment && m_facts.comment(line, command.comment))
        openSegment();
    const Effect effect = apply(m_state, command, m_index.dialect);
    bool isCommand = effect.kind != Effect::Kind::None;
    switch (effect.kind) {
    case Effect::Kind::Move:
    case Effect::Kind::Arc:
        addMove(line, command, effect);
        break;
    case Effect::Kind::Extended:
        isCommand = m_facts.extended(line, command);
        break;
    case Effect::Kind::Code:
        if (command.is('M', 486))
            m_facts.label(command);
        break;
    case Effect::Kind::Text:
    case Effect::Kind::Tool:
    case Effect::Kind::None:
        break;
    }
    m_sawCommand = m_sawCommand || isCommand;
    if (effect.kind != Effect::Kind::None && effect.kind != Effect::Kind::Move && effect.kind != Effect::Kind::Arc)
        m_rests.touch();
}

FileIndex IndexBuilder::finish(std::uint64_t size)
{
    m_index.size = size;
    m_index.filamentMm = toMillimetres(m_state.eHighest);
    m_index.printed = m_printed.extents();
    m_facts.resolve(m_index, std::move(m_segments), m_cluster.take());
    return std::move(m_index);
}

void IndexBuilder::openSegment()
{
    Layer segment;
    segment.highestZ = toMillimetres(m_highestZ);
    m_segments.push_back(segment);
}

void IndexBuilder::addCheckpoint(const Line& line)
{
    m_index.checkpoints.push_back({.byte = line.begin, .line = line.number, .hot = hotPart(m_state), .rest = m_rests.share(m_state)});
    auto& all = m_index.checkpoints;
    if (all.size() * sizeof(Checkpoint) + m_rests.bytes() > checkpointBudget) {
        std::size_t kept = 1;
        for (std::size_t at = 2; at < all.size(); at += 2)
            all[kept++] = std::move(all[at]);
        all.resize(kept);
        m_checkpointStep *= 2;
        m_rests.forgetUnused();
    }
    m_nextCheckpoint = line.begin + m_checkpointStep;
}

void IndexBuilder::addMove(const Line& line, const Command& command, const Effect& effect)
{
    ++m_index.moves;
    const Span span(effect.from, m_state.position);
    const auto arc = effect.kind == Effect::Kind::Arc ? arcOf(command, effect, m_state) : std::nullopt;
    if (effect.de > 0 && effect.moved)
        m_highestZ = std::max({m_highestZ, span.from[2], span.to[2]});
    if (effect.de > 0 && (arc || span.from[0] != span.to[0] || span.from[1] != span.to[1]))
        addExtrusion(line, span, arc);

    double path = std::abs(inMm(effect.de));
    if (effect.moved)
        path = arc ? arc->length() : span.length();
    const double seconds = m_state.feed.value_or(0) > 0 ? path / inMm(*m_state.feed) * 60 : 0.0;
    m_index.seconds += seconds;
    Layer& segment = m_segments.back();
    if (effect.de > 0 && !segment.z && m_state.position[2])
        segment.z = toMillimetres(*m_state.position[2]);
    account(segment, seconds, effect.de);
    if (!m_facts.marksSettled())
        if (Layer* const layer = m_cluster.current())
            account(*layer, seconds, effect.de);
}

void IndexBuilder::account(Layer& layer, double seconds, Nanometres extruded)
{
    layer.seconds += seconds;
    layer.extrudedMm += inMm(extruded);
    layer.highestZ = toMillimetres(m_highestZ);
}

void IndexBuilder::addExtrusion(const Line& line, const Span& span, const std::optional<Arc>& arc)
{
    if (!m_index.firstExtrusion)
        m_index.firstExtrusion = line.begin;
    m_index.lastExtrusionEnd = line.end;
    if (!m_segments.back().firstExtrusion)
        m_segments.back().firstExtrusion = line.begin;
    m_printed.add(span.from);
    m_printed.add(span.to);
    if (arc) {
        constexpr double sagitta = 0.01;
        const std::size_t pieces = arc->chords(sagitta);
        for (std::size_t piece = 1; piece < pieces; ++piece) {
            const Point point = arc->at(static_cast<double>(piece) / static_cast<double>(pieces));
            m_printed.add({toNanometres(point[0]), toNanometres(point[1]), toNanometres(point[2])});
        }
    }
    if (!m_facts.marksSettled() && m_state.position[2])
        m_cluster.extrude(extrudingMove(line.begin, span, arc));
}

} // namespace kintsugi::gcode
