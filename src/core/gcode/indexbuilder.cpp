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
constexpr ByteOffset signatureReach = 4 << 20; ///< no slicer signs later than this
constexpr std::size_t maxObjects = 4096;
constexpr std::string_view setupMarker = ";;;;; PLR_RESUME - INITIAL PRINTER SETUP STARTS ;;;;;";
constexpr std::string_view printMarker = ";;;;; PLR_RESUME - PRINT GCODE STARTS ;;;;;";
constexpr std::string_view layerHook = "PLR_SAVE_PRINT_STATE_WITH_LAYER";

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool sameWord(std::string_view text, std::string_view upperCase)
{
    return std::ranges::equal(text, upperCase, [](char a, char b) { return upper(a) == b; });
}

bool startsWithWord(std::string_view text, std::string_view upperCase)
{
    return sameWord(text.substr(0, upperCase.size()), upperCase);
}

bool isIdentifier(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (upper(c) >= 'A' && upper(c) <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

/// Roughly what a checkpoint costs: the struct and a node per map entry.
std::size_t footprint(const MachineState& state)
{
    constexpr std::size_t node = 112;
    std::size_t entries = state.flowPercent.size() + state.hotend.size() + state.fans.size() + state.heaters.size() + state.pressureAdvance.size()
        + state.gcodeOffset.size() + state.excluded.size() + state.definedObjects.size() + state.unknownCommands.size();
    for (const auto& [name, values] : state.motion)
        entries += 1 + values.size();
    return sizeof(Checkpoint) + entries * node;
}

void remember(std::vector<std::string>& names, std::string_view name)
{
    name = name.substr(0, MachineState::maxNameLength);
    if (names.size() < maxObjects && std::ranges::find(names, name) == names.end())
        names.emplace_back(name);
}

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
    m_index.checkpoints.push_back({.byte = 0, .line = 1, .state = m_state});
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
    if (command.hasComment) {
        if (line.text.front() == ';')
            readComment(line, command.comment);
        if (line.text.size() >= printMarker.size())
            readPlrMarker(line);
    }
    const Effect effect = apply(m_state, command, m_index.dialect);
    switch (effect.kind) {
    case Effect::Kind::Move:
    case Effect::Kind::Arc:
        addMove(line, command, effect);
        break;
    case Effect::Kind::Extended:
        readExtended(command);
        break;
    case Effect::Kind::Code:
        if (command.is('M', 486))
            readObjectLabel(command);
        m_sawCommand = true;
        break;
    case Effect::Kind::Text:
    case Effect::Kind::Tool:
        m_sawCommand = true;
        break;
    case Effect::Kind::None:
        break;
    }
    m_afterSingleSemicolon = line.text.starts_with(';') && !line.text.starts_with(";;");
}

FileIndex IndexBuilder::finish(std::uint64_t size)
{
    m_index.size = size;
    m_index.filamentMm = toMillimetres(m_state.eHighest);
    m_index.printed = m_printed.extents();
    chooseLayers(size);
    chooseObjects();
    chooseDialect();
    auto& plr = m_index.plr;
    if (m_setup) {
        plr.setup = m_setup->byte;
        plr.swallowed = m_setup->swallowed;
    }
    if (m_print)
        plr.print = m_print->byte;
    plr.inOrder = m_setup && m_print && !m_setup->swallowed && !m_print->swallowed && m_setup->byte < m_print->byte;
    return std::move(m_index);
}

void IndexBuilder::addCheckpoint(const Line& line)
{
    m_checkpointBytes += footprint(m_state);
    m_index.checkpoints.push_back({.byte = line.begin, .line = line.number, .state = m_state});
    if (m_checkpointBytes > checkpointBudget) {
        auto& all = m_index.checkpoints;
        std::size_t kept = 1;
        for (std::size_t at = 2; at < all.size(); at += 2)
            all[kept++] = std::move(all[at]);
        all.resize(kept);
        m_checkpointStep *= 2;
        m_checkpointBytes /= 2;
    }
    m_nextCheckpoint = line.begin + m_checkpointStep;
}

// --- comments ----------------------------------------------------------------------------------------------------------

void IndexBuilder::readComment(const Line& line, std::string_view comment)
{
    if (m_index.slicer == Slicer::Unknown && line.begin < signatureReach)
        readSlicer(comment);
    readLayerMark(line, comment);
    readDialect(comment);
    if (const auto object = objectNote(comment))
        remember(m_noted, *object);
}

void IndexBuilder::readSlicer(std::string_view comment)
{
    m_index.slicer = slicerOf(comment);
    if (m_index.slicer == Slicer::Unknown)
        return;
    constexpr std::size_t maxSignature = 256;
    const auto first = comment.find_first_not_of(" \t");
    const auto last = comment.find_last_not_of(" \t");
    m_index.slicerLine = comment.substr(first, std::min(last + 1 - first, maxSignature));
    const auto family = markFamily(m_index.slicer);
    if (family && m_family && family != m_family)
        m_marked.clear(); // marks before the signature were somebody else's
    if (family)
        m_family = family;
}

void IndexBuilder::readLayerMark(const Line& line, std::string_view comment)
{
    if (const auto mark = layerMark(comment); mark && (!m_family || m_family == mark->family)) {
        m_family = mark->family;
        Layer layer;
        layer.begin = line.begin;
        layer.z = mark->z;
        layer.height = mark->height;
        layer.highestZ = toMillimetres(m_highestZ);
        m_marked.push_back(layer);
        return;
    }
    if (m_marked.empty())
        return;
    Layer& layer = m_marked.back();
    if (!layer.z)
        layer.z = zNote(comment);
    if (!layer.height && !layer.firstExtrusion)
        layer.height = heightNote(comment);
}

void IndexBuilder::readDialect(std::string_view comment)
{
    const auto dialect = dialectNote(comment);
    if (dialect == Dialect::Prusa)
        m_prusaModel = true;
    else if (dialect)
        m_flavour = dialect;
}

void IndexBuilder::readPlrMarker(const Line& line)
{
    const PlrMarker marker{.byte = line.begin, .swallowed = m_afterSingleSemicolon};
    if (line.text.find(setupMarker) != line.text.npos)
        keepMarker(m_setup, marker);
    else if (line.text.find(printMarker) != line.text.npos)
        keepMarker(m_print, marker);
}

void IndexBuilder::keepMarker(std::optional<PlrMarker>& kept, const PlrMarker& marker)
{
    if (!kept || (kept->swallowed && !marker.swallowed))
        kept = marker;
}

// --- commands ----------------------------------------------------------------------------------------------------------

void IndexBuilder::readExtended(const Command& command)
{
    if (!isIdentifier(command.name))
        return;
    m_sawCommand = true;
    if (sameWord(command.name, layerHook))
        ++m_index.plr.layerHooks;
    const bool hasParameters = command.rest.find('=') != command.rest.npos;
    m_klipperCommands = m_klipperCommands || hasParameters || startsWithWord(command.name, "EXCLUDE_OBJECT")
        || startsWithWord(command.name, "BED_MESH_") || startsWithWord(command.name, "SET_");
    if (!sameWord(command.name, "EXCLUDE_OBJECT_DEFINE"))
        return;
    for (const auto& [key, value] : parseParameters(command.rest))
        if (key == "NAME")
            remember(m_defined, value);
}

void IndexBuilder::readObjectLabel(const Command& command)
{
    if (const auto number = command.value('S')) {
        m_label = *number / 1'000'000;
        if (m_label >= 0 && m_labels.size() < maxObjects)
            m_labels.try_emplace(m_label, std::to_string(m_label));
    }
    const auto at = command.rest.find('A');
    const auto label = m_labels.find(m_label);
    if (at == command.rest.npos || label == m_labels.end())
        return;
    std::string_view text = command.rest.substr(at + 1);
    if (text.size() > 1 && text.front() == '"')
        text = text.substr(1, text.find('"', 1) - 1);
    if (!text.empty())
        label->second = text.substr(0, MachineState::maxNameLength);
}

void IndexBuilder::addMove(const Line& line, const Command& command, const Effect& effect)
{
    m_sawCommand = true;
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
    if (!m_marked.empty()) {
        Layer& layer = m_marked.back();
        if (effect.de > 0 && !layer.z && m_state.position[2])
            layer.z = toMillimetres(*m_state.position[2]);
        account(layer, seconds, effect.de);
    }
    if (isClustering())
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
    if (!m_marked.empty() && !m_marked.back().firstExtrusion)
        m_marked.back().firstExtrusion = line.begin;
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
    if (isClustering() && m_state.position[2])
        m_cluster.extrude(extrudingMove(line.begin, span, arc));
}

// --- at the end --------------------------------------------------------------------------------------------------------

void IndexBuilder::chooseLayers(std::uint64_t size)
{
    // A single mark may be a stray comment; several are the slicer's own.
    auto clustered = m_cluster.take();
    constexpr std::size_t fewLayers = 3;
    m_index.layersMarked = m_marked.size() > 1 || (m_marked.size() == 1 && clustered.size() <= fewLayers);
    m_index.layers = std::move(m_index.layersMarked ? m_marked : clustered);
    auto& layers = m_index.layers;
    for (std::size_t at = 0; at < layers.size(); ++at) {
        layers[at].index = at;
        layers[at].end = at + 1 < layers.size() ? layers[at + 1].begin : size;
    }
}

void IndexBuilder::chooseObjects()
{
    if (!m_defined.empty())
        m_index.objects = std::move(m_defined);
    else if (!m_labels.empty())
        for (const auto& [number, label] : m_labels)
            m_index.objects.push_back(label);
    else
        m_index.objects = std::move(m_noted);
}

void IndexBuilder::chooseDialect()
{
    if (m_klipperCommands || m_flavour == Dialect::Klipper)
        m_index.suggested = Dialect::Klipper;
    else if (m_prusaModel)
        m_index.suggested = Dialect::Prusa;
    else
        m_index.suggested = m_flavour.value_or(Dialect::Marlin);
}

} // namespace kintsugi::gcode
