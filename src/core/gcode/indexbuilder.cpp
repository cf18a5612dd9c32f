// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/indexbuilder.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "gcode/quietnote.h"

namespace kintsugi::gcode {

namespace {

constexpr ByteOffset checkpointStep = 64 * 1024;
/// Beyond this every other checkpoint is dropped: the index of a file of any size stays bounded.
constexpr std::size_t checkpointBudget = std::size_t{128} << 20;

double inMm(Nanometres value) { return static_cast<double>(value) * 1e-6; }
double inSeconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }
bool fits(Nanometres value) { return value == static_cast<std::int32_t>(value); }

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
        move.startHeading = arc->startAngle() + std::copysign(std::numbers::pi / 2, arc->sweep);
        move.endHeading = move.startHeading + arc->sweep;
        move.turned = arc->sweep;
    } else {
        move.startHeading = move.endHeading = std::atan2(dy, dx);
    }
    return move;
}

MotionPath pathOf(const Span& span, const std::optional<Arc>& arc)
{
    MotionPath path{.length = arc ? arc->length() : span.length()};
    if (!(path.length > 0))
        return path;
    for (std::size_t axis = 0; axis < 3; ++axis)
        path.start[axis] = path.end[axis] = inMm(span.to[axis] - span.from[axis]) / path.length;
    if (!arc)
        return path;
    const double along = arc->sweep / path.length; // the direction is square to the radius
    path.start[arc->first] = (arc->centreSecond - arc->from[arc->second]) * along;
    path.start[arc->second] = (arc->from[arc->first] - arc->centreFirst) * along;
    path.end[arc->first] = (arc->centreSecond - arc->to[arc->second]) * along;
    path.end[arc->second] = (arc->to[arc->first] - arc->centreFirst) * along;
    return path;
}

void widen(Box& box, const std::array<Nanometres, 3>& point)
{
    for (std::size_t axis = 0; axis < 3; ++axis) {
        box.low[axis] = std::min(box.low[axis], point[axis]);
        box.high[axis] = std::max(box.high[axis], point[axis]);
    }
}

/// Up to where the arc bulges beyond its ends.
void widen(Box& box, const Arc& arc)
{
    const auto bulge = [&](std::size_t axis, double value, double alongFirst, double alongSecond) {
        const Nanometres point = toNanometres(value);
        if (point >= box.low[axis] && point <= box.high[axis])
            return;
        if (arc.passes(alongFirst, alongSecond)) {
            box.low[axis] = std::min(box.low[axis], point);
            box.high[axis] = std::max(box.high[axis], point);
        }
    };
    bulge(arc.first, arc.centreFirst - arc.radius, -1, 0);
    bulge(arc.first, arc.centreFirst + arc.radius, 1, 0);
    bulge(arc.second, arc.centreSecond - arc.radius, 0, -1);
    bulge(arc.second, arc.centreSecond + arc.radius, 0, 1);
}

Extents extentsOf(const Box& box)
{
    if (box.low[0] > box.high[0])
        return {};
    return {toMillimetres(box.low[0]), toMillimetres(box.low[1]), toMillimetres(box.low[2]), toMillimetres(box.high[0]),
        toMillimetres(box.high[1]), toMillimetres(box.high[2]), true};
}

/// A number of at most seven digits and six decimals; moves `at` behind it.
bool readShort(const char*& at, const char* end, Millionths& value)
{
    constexpr std::array<Millionths, 7> scales{1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
    const bool negative = at != end && *at == '-';
    at += negative ? 1 : 0;
    const char* const whole = at;
    Millionths digits = 0;
    for (; at != end && *at >= '0' && *at <= '9' && at - whole < 8; ++at)
        digits = digits * 10 + (*at - '0');
    const auto wholes = at - whole;
    std::ptrdiff_t decimals = 0;
    if (at != end && *at == '.') {
        const char* const point = at++;
        for (; at != end && *at >= '0' && *at <= '9' && at - point < 8; ++at)
            digits = digits * 10 + (*at - '0');
        decimals = at - point - 1;
    }
    if (wholes > 7 || decimals > 6 || wholes + decimals == 0 || (decimals == 0 && at[-1] == '.'))
        return false;
    value = digits * scales[static_cast<std::size_t>(decimals)];
    value = negative ? -value : value;
    return true;
}

/// `G2` or `G3` and words out of X Y Z I J K R E F, each behind one blank and at most once: the same as parseCommand makes of it.
/// False, in doubt: it is for parseCommand.
bool parseOrdinaryArc(std::string_view text, Command& command)
{
    constexpr std::uint32_t letters = 1U << ('X' - 'A') | 1U << ('Y' - 'A') | 1U << ('Z' - 'A') | 1U << ('I' - 'A') | 1U << ('J' - 'A')
        | 1U << ('K' - 'A') | 1U << ('R' - 'A') | 1U << ('E' - 'A') | 1U << ('F' - 'A');
    if (text.size() < 4 || text.size() > 200 || text[0] != 'G' || (text[1] != '2' && text[1] != '3'))
        return false;
    const char* at = text.data() + 2;
    const char* const end = text.data() + text.size();
    std::uint32_t seen = 0;
    while (at != end) {
        if (*at != ' ' || end - at < 3 || at[1] < 'A' || at[1] > 'Z')
            return false;
        const auto index = static_cast<std::size_t>(at[1] - 'A');
        const std::uint32_t bit = 1U << index;
        at += 2;
        if ((bit & letters) == 0 || (bit & seen) != 0 || !readShort(at, end, command.values[index]))
            return false;
        seen |= bit;
    }
    command.kind = Command::Kind::Code;
    command.letter = 'G';
    command.number = static_cast<std::uint32_t>(text[1] - '0');
    command.subcode = 0;
    command.name = command.comment = {};
    command.hasComment = false;
    command.rest = text.substr(3);
    command.present = command.valued = seen;
    command.computed = command.indent = 0;
    command.continues = command.modal = false;
    return true;
}

/// Of the codes that come at each layer: G92 of E alone, the modes, waits, and what tells of progress.
bool changesHotPartOnly(const Command& command)
{
    if (command.subcode != 0)
        return false;
    if (command.letter == 'G')
        return command.number == 4 || (command.number == 92 && command.value('E') && !command.value('X') && !command.value('Y') && !command.value('Z'));
    return command.letter == 'M' && (command.number == 73 || command.number == 82 || command.number == 83);
}

bool setsLimits(const Command& command)
{
    if (command.kind == Command::Kind::Extended)
        return command.name.size() == std::string_view("SET_VELOCITY_LIMIT").size();
    if (command.letter != 'M')
        return false;
    switch (command.number) {
    case 201: case 203: case 204: case 205: case 220: case 566:
        return true;
    default:
        return false;
    }
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

IndexBuilder::IndexBuilder(std::uint64_t size, Dialect dialect, const IndexOptions& options, MotionBatch* first, Exchange exchange)
    : m_size(size)
    , m_model(options.model)
    , m_fast(options.path != FastPath::None)
    , m_checkpointStep(checkpointStep)
    , m_run(dialect, options.path)
    , m_exchange(std::move(exchange))
{
    m_index.dialect = dialect;
    m_index.checkpoints.emplace_back();
    m_nextBlock = m_checkpointStep;
    m_account.batch = first;
    m_account.stepsOverNotes = true;
    m_limits = limitsOf(m_state, dialect);
    first->changes.push_back({.first = 0, .limits = m_limits});
    beginSlot();
    prepareAccount();
}

void IndexBuilder::add(const Line& line)
{
    if (line.begin >= m_nextBlock)
        beginBlock(line.begin, line.number);
    ++m_index.lines;
    m_index.truncatedLines += line.truncated ? 1 : 0;
    if (line.text.starts_with(';')) {
        if (m_facts.comment(line, line.text.substr(1)))
            openSegment(line.begin);
        return;
    }
    if (m_fast && parseOrdinaryArc(line.text, m_command))
        return execute(line);
    LineCommands commands(line.text, m_index.dialect);
    while (commands.next(m_command, m_state))
        execute(line);
}

void IndexBuilder::execute(const Line& line)
{
    const Command& command = m_command;
    if (command.hasComment && m_facts.comment(line, command.comment))
        openSegment(line.begin);
    if (m_index.dialect == Dialect::RepRapFirmware)
        m_rests.touch(); // even a move may settle or undo what is known
    const Effect effect = apply(m_state, command, m_index.dialect);
    bool isCommand = effect.kind != Effect::Kind::None;
    switch (effect.kind) {
    case Effect::Kind::Move:
    case Effect::Kind::Arc:
        if (m_index.dialect == Dialect::RepRapFirmware)
            m_rests.touch(); // another command may follow on the line
        addMove(line, command, effect);
        break;
    case Effect::Kind::Extended:
        isCommand = m_facts.extended(line, command);
        m_rests.touch();
        addCode(command);
        break;
    case Effect::Kind::Code:
        if (command.is('M', 486))
            m_facts.label(command);
        if (!changesHotPartOnly(command) || m_index.dialect == Dialect::RepRapFirmware)
            m_rests.touch();
        addCode(command);
        break;
    case Effect::Kind::Text:
    case Effect::Kind::Tool:
        m_rests.touch();
        break;
    case Effect::Kind::None:
        break;
    }
    m_sawCommand = m_sawCommand || isCommand;
}

Scanner::Taken IndexBuilder::take(std::string_view rest, std::size_t before, ByteOffset begin, std::uint64_t number)
{
    const char first = rest.front();
    if (!m_fast || first == 'M')
        return {};
    m_account.heightNoted = m_facts.notedHeight();
    if (first == ';' && (rest.size() < quietNoteReach || !isQuietNote(rest.data(), m_account.heightNoted)))
        return {};
    if (begin >= m_nextBlock)
        beginBlock(begin, number);
    if (m_account.batch->count == MotionBatch::capacity)
        flush();
    const auto stop = static_cast<std::size_t>(std::min<ByteOffset>(rest.size(), m_nextBlock - begin));
    const auto [bytes, lines, moves] = m_run.step(m_state, rest, before, stop, MotionBatch::capacity, begin, &m_account);
    m_index.lines += lines;
    m_index.moves += moves;
    if (!m_state.unknownFields.empty())
        m_rests.touch();
    m_sawCommand = m_sawCommand || lines != 0;
    if (m_account.firstZ)
        beginExtruding();
    return {.bytes = bytes, .lines = lines};
}

/// What addMove notes of the first extrusions of a segment, of those that were stepped over.
void IndexBuilder::beginExtruding()
{
    Layer& segment = m_segments.back();
    if (!segment.z)
        segment.z = toMillimetres(*m_account.firstZ);
    if (m_account.firstAcross) {
        m_index.firstExtrusion = m_index.firstExtrusion.value_or(*m_account.firstAcross);
        segment.firstExtrusion = segment.firstExtrusion.value_or(*m_account.firstAcross);
    }
    prepareAccount();
}

void IndexBuilder::flush()
{
    MotionBatch* const batch = m_account.batch = m_exchange(m_account.batch);
    batch->changes.push_back({.first = 0, .limits = m_limits});
    beginSlot();
}

FileIndex IndexBuilder::finish(std::uint64_t size, const std::vector<SlotTime>& times)
{
    m_index.size = size;
    m_index.filamentMm = toMillimetres(m_state.eHighest);
    m_index.printed = extentsOf(m_account.printed);
    if (m_account.lastExtrusionEnd != 0)
        m_index.lastExtrusionEnd = m_account.lastExtrusionEnd;
    chooseSlot(m_account.highestZ);
    auto clustered = m_cluster.take();
    spread(times, clustered);
    m_facts.resolve(m_index, std::move(m_segments), std::move(clustered));
    return std::move(m_index);
}

void IndexBuilder::beginBlock(ByteOffset begin, std::uint64_t number)
{
    flush();
    addCheckpoint(begin, number);
}

void IndexBuilder::addCheckpoint(ByteOffset begin, std::uint64_t number)
{
    auto& all = m_index.checkpoints;
    all.push_back({.byte = begin, .line = number, .hot = hotPart(m_state), .rest = m_rests.share(m_state)});
    if (all.size() * sizeof(Checkpoint) + m_rests.bytes() > checkpointBudget) {
        std::size_t kept = 1;
        for (std::size_t at = 2; at < all.size(); at += 2)
            all[kept++] = std::move(all[at]);
        all.resize(kept);
        m_checkpointStep *= 2;
        m_rests.forgetUnused();
    }
    m_nextBlock = begin + m_checkpointStep;
}

void IndexBuilder::openSegment(ByteOffset begin)
{
    if (m_segments.size() == m_segments.capacity()) {
        const std::size_t room = roomForLayers(m_segments.size(), begin, m_size);
        m_segments.reserve(room);
        m_slots.reserve(room);
        m_facts.reserveMarks(room);
    }
    Layer segment;
    segment.highestZ = toMillimetres(m_account.highestZ);
    m_segments.push_back(segment);
    chooseSlot(m_account.highestZ);
    prepareAccount();
}

/// The slot of the moves to come: a new one when they belong to other layers than those before.
void IndexBuilder::chooseSlot(Nanometres highestBefore)
{
    Slot& last = m_slots.back();
    last.extruded = wrapped(last.extruded, std::exchange(m_account.extruded, 0));
    last.highestZ = highestBefore;
    const std::size_t segment = m_segments.size() - 1;
    const auto place = m_facts.marksSettled() ? std::nullopt : m_cluster.place();
    if (last.segment == segment && last.place == place)
        return;
    m_slots.push_back({.segment = segment, .place = place});
    beginSlot();
}

void IndexBuilder::beginSlot()
{
    m_account.batch->begin(static_cast<std::uint32_t>(m_slots.size() - 1));
}

/// Tells the fast path which extrusions it must leave to addMove.
void IndexBuilder::prepareAccount()
{
    const Layer& segment = m_segments.back();
    const auto& z = m_state.position[2];
    m_account.seeking = !m_index.firstExtrusion || !segment.firstExtrusion || !segment.z;
    m_account.firstZ.reset();
    m_account.firstAcross.reset();
    m_account.layered = !m_facts.marksSettled();
    m_account.fresh = m_account.layered && m_account.seeking;
    if (m_account.layered)
        m_account.level = z && m_cluster.isQuietAt(toMillimetres(*z)) ? *z : Box::maximum;
}

// --- commands ----------------------------------------------------------------------------------------------------------

void IndexBuilder::addCode(const Command& command)
{
    if (!m_model)
        return;
    if (setsLimits(command))
        readLimits();
    else if (command.is('G', 4))
        dwell(command);
}

void IndexBuilder::readLimits()
{
    const MotionLimits limits = limitsOf(m_state, m_index.dialect);
    if (limits == m_limits)
        return;
    m_limits = limits;
    m_account.batch->changes.push_back({.first = m_account.batch->count, .limits = limits});
}

/// G4: P in milliseconds, S in seconds, which Klipper does not know.
void IndexBuilder::dwell(const Command& command)
{
    constexpr Millionths longest = 86'400'000'000; // a day in seconds
    const auto seconds = m_index.dialect == Dialect::Klipper ? std::nullopt : command.value('S');
    const Millionths wait = seconds ? *seconds : command.value('P').value_or(0) / 1000;
    std::int64_t& slept = m_slots.back().dwellNs;
    slept = addTimes(slept, std::clamp<Millionths>(wait, 0, longest) * 1000);
}

void IndexBuilder::addMove(const Line& line, const Command& command, const Effect& effect)
{
    ++m_index.moves;
    const Span span(effect.from, m_state.position);
    const auto arc = effect.kind == Effect::Kind::Arc ? arcOf(command, effect, m_state) : std::nullopt;
    const Nanometres highestBefore = m_account.highestZ;
    if (effect.de > 0 && effect.moved)
        m_account.highestZ = std::max({m_account.highestZ, span.from[2], span.to[2]});
    if (effect.de > 0 && (arc || span.from[0] != span.to[0] || span.from[1] != span.to[1]))
        addExtrusion(line, span, arc, highestBefore);
    Layer& segment = m_segments.back();
    if (effect.de > 0 && !segment.z && m_state.position[2])
        segment.z = toMillimetres(*m_state.position[2]);
    m_account.extruded = wrapped(m_account.extruded, effect.de);
    addMotion(effect, span, arc);
    prepareAccount();
}

void IndexBuilder::addMotion(const Effect& effect, const Span& span, const std::optional<Arc>& arc)
{
    std::array<Nanometres, 3> d{};
    for (std::size_t axis = 0; axis < 3; ++axis)
        d[axis] = span.to[axis] - span.from[axis];
    if (d == std::array<Nanometres, 3>{} && effect.de == 0 && !arc)
        return;
    if (m_account.batch->count == MotionBatch::capacity)
        flush();
    MotionBatch& batch = *m_account.batch;
    MotionBatch::Moves& moves = *batch.moves;
    const std::size_t at = batch.count++;
    moves.feed[at] = static_cast<double>(m_state.feed.value_or(0));
    if (!arc && std::ranges::all_of(d, fits) && fits(effect.de)) {
        moves.dx[at] = static_cast<std::int32_t>(d[0]);
        moves.dy[at] = static_cast<std::int32_t>(d[1]);
        moves.dz[at] = static_cast<std::int32_t>(d[2]);
        moves.de[at] = static_cast<std::int32_t>(effect.de);
        return;
    }
    moves.dx[at] = moves.dy[at] = moves.dz[at] = 0;
    moves.de[at] = effect.de > 0 ? 1 : effect.de < 0 ? -1 : 0;
    MotionPath path = pathOf(span, arc);
    if (!(path.length > 0))
        path.length = std::abs(inMm(effect.de));
    batch.bends.push_back({.at = at, .path = path});
}

void IndexBuilder::addExtrusion(const Line& line, const Span& span, const std::optional<Arc>& arc, Nanometres highestBefore)
{
    if (!m_index.firstExtrusion)
        m_index.firstExtrusion = line.begin;
    m_account.lastExtrusionEnd = line.end;
    if (!m_segments.back().firstExtrusion)
        m_segments.back().firstExtrusion = line.begin;
    widen(m_account.printed, span.from);
    widen(m_account.printed, span.to);
    if (arc)
        widen(m_account.printed, *arc);
    if (m_facts.marksSettled() || !m_state.position[2])
        return;
    m_cluster.extrude(extrudingMove(line.begin, span, arc));
    chooseSlot(highestBefore);
}

// --- at the end --------------------------------------------------------------------------------------------------------

void IndexBuilder::spread(const std::vector<SlotTime>& times, std::vector<Layer>& clustered)
{
    std::vector<Totals> ofSegments(m_segments.size()), ofClustered(clustered.size());
    Totals all;
    for (std::size_t at = 0; at < m_slots.size(); ++at) {
        const Slot& slot = m_slots[at];
        const SlotTime time = at < times.size() ? times[at] : SlotTime{};
        const auto addTo = [&](Totals& totals) {
            totals.naiveNs = addTimes(totals.naiveNs, time.naiveNs);
            totals.modelNs = addTimes(totals.modelNs, addTimes(time.modelNs, slot.dwellNs));
            totals.extruded = wrapped(totals.extruded, slot.extruded);
        };
        const auto raise = [&](Layer& layer) { layer.highestZ = std::max(layer.highestZ, toMillimetres(slot.highestZ)); };
        addTo(all);
        addTo(ofSegments[slot.segment]);
        raise(m_segments[slot.segment]);
        if (const auto layer = slot.place ? m_cluster.layerOf(*slot.place) : std::nullopt) {
            addTo(ofClustered[*layer]);
            raise(clustered[*layer]);
        }
    }
    const auto write = [](std::vector<Layer>& layers, const std::vector<Totals>& totals) {
        for (std::size_t at = 0; at < layers.size(); ++at) {
            layers[at].seconds = inSeconds(totals[at].naiveNs);
            layers[at].modelSeconds = inSeconds(totals[at].modelNs);
            layers[at].extrudedMm = toMillimetres(totals[at].extruded);
        }
    };
    write(m_segments, ofSegments);
    write(clustered, ofClustered);
    m_index.seconds = inSeconds(all.naiveNs);
    m_index.modelSeconds = inSeconds(all.modelNs);
}

} // namespace kintsugi::gcode
