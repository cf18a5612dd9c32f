// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/heightmappainter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gcode/comments.h"
#include "gcode/linecommands.h"

namespace kintsugi::recovery {

namespace {

using gcode::Nanometres;
using gcode::SetBy;

constexpr std::size_t runLength = 256;    ///< moves that are read before they are painted: they stay in the cache
constexpr double widestLine = 5;          ///< mm; more plastic than that stands up as a blob
constexpr double defaultHeight = 0.2;     ///< mm, of a layer that nothing tells of
constexpr double thinnestLayer = 0.03, thickestLayer = 1; ///< mm, by which Z changes from layer to layer
constexpr double flattest = 0.05;         ///< mm: in thinner layers what flows too much does not spread, it stands up within the margin
constexpr double widthSlack = 1.1;        ///< of what a slicer's own rounding and flow factors make of a width
constexpr double toolDoubt = 0.2;         ///< mm: how well the offsets between tools are known. Unmeasured.
constexpr double leastBall = 1;           ///< mm³; a smaller one is within the margin
constexpr double largestBall = 10;        ///< mm, radius: what is longer hangs down as a strand
constexpr double rising = 0.02;           ///< mm in Z: a line that rises by more is painted in pieces
constexpr double longestArc = 30'000;     ///< mm: a longer one leaves the map
constexpr double lastOfArc = 1 - 1e-9;    ///< still on the circle, which need not lead to the end
constexpr double mostPieces = 32'768;     ///< of a line within the map
constexpr Nanometres leastPush = 10'000;  ///< less is rounding
constexpr Nanometres mostRetracted = 1'000'000'000'000; ///< a kilometre: sums of it cannot overflow
constexpr double tiny = 1e-6;             ///< mm, above any rounding

Nanometres nanometres(const std::optional<Nanometres>& value) { return value.value_or(0); }

} // namespace

HeightMapPainter::HeightMapPainter(HeightMap& map, gcode::Dialect dialect, const HeightMapOptions& options, const LineSettings& settings)
    : m_map(map)
    , m_brush(map)
    , m_options(options)
    , m_dialect(dialect)
    , m_run(dialect)
    , m_filamentArea(settings.filamentArea())
    , m_widest(settings.widest())
    , m_height(defaultHeight)
{
    m_account.batch = &m_batch;
    m_account.fresh = m_account.seeking = false;
    chooseWidth();
}

void HeightMapPainter::add(const gcode::Line& line)
{
    gcode::LineCommands commands(line.text, m_dialect);
    while (commands.next(m_command, m_state))
        execute(line);
}

void HeightMapPainter::execute(const gcode::Line& line)
{
    if (m_command.hasComment)
        comment(m_command.comment);
    if (m_command.kind == gcode::Command::Kind::None)
        return;
    const Place from = place(m_state.position);
    const gcode::Effect effect = gcode::apply(m_state, m_command, m_dialect);
    if (effect.kind == gcode::Effect::Kind::Move || effect.kind == gcode::Effect::Kind::Arc)
        move(line, effect, from);
    else
        command(m_command, effect, from);
    settle();
}

void HeightMapPainter::addEarlier(const gcode::Extents& printed)
{
    const std::array<double, 5> values{printed.minX, printed.minY, printed.maxX, printed.maxY, printed.maxZ};
    if (!std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) {
        constexpr double all = std::numeric_limits<double>::infinity();
        m_map.m_unknown = {.any = true, .minX = -all, .minY = -all, .maxX = all, .maxY = all, .highest = all, .moves = 1, .first = 0};
        return;
    }
    const double edge = m_widest / 2;
    m_brush.rectangle(inCells(std::min(printed.minX, printed.maxX) - edge), inCells(std::min(printed.minY, printed.maxY) - edge),
                      inCells(std::max(printed.minX, printed.maxX) + edge), inCells(std::max(printed.minY, printed.maxY) + edge),
                      HeightMapBrush::heightOf(printed.maxZ));
}

void HeightMapPainter::finish()
{
    m_map.m_macros = m_state.unknownCommands;
}

// --- what the file says of its lines -------------------------------------------------------------------------------------

void HeightMapPainter::comment(std::string_view text)
{
    if (const auto width = widthNote(text)) {
        m_width = width;
        chooseWidth();
    } else if (const auto height = gcode::heightNote(text); height && *height > 0 && *height <= thickestLayer) {
        m_layerHeight = height;
        m_height = *height;
        chooseWidth();
    }
}

/// By how wide a line is, and by how much filament it takes to be wider: a slicer's line of width w and height h has the area
/// h * (w - h * (1 - pi/4)).
void HeightMapPainter::chooseWidth()
{
    const double width = m_options.lineWidth.value_or(m_width.value_or(m_widest));
    m_radius = width / 2 + tiny;
    m_height = std::max(m_height, flattest);
    const double area = std::max(m_height * (widthSlack * width - m_height * (1 - std::numbers::pi / 4)), 1e-3);
    const double perLength = area / perFilament();
    m_perLength = m_options.lineWidth ? std::numeric_limits<double>::infinity() : perLength * perLength;
    if (m_tool && *m_tool != m_state.tool)
        m_radius += toolDoubt;
}

/// mm; both lengths in the same unit. Wider than usual when it is too much filament for that.
double HeightMapPainter::radiusFor(double filament, double length) const
{
    if (!(filament * filament > m_perLength * length * length))
        return m_radius;
    const double width = filament * perFilament() / (length * m_height) + m_height * (1 - std::numbers::pi / 4);
    return std::max(m_radius, std::min(width, widestLine) / 2);
}

double HeightMapPainter::perFilament() const
{
    const auto volumetric = m_state.volumetric.find(m_state.tool);
    return volumetric != m_state.volumetric.end() && volumetric->second > 0 ? 1 : m_filamentArea;
}

/// Where the file does not say how high its layers are: from one level to the next.
void HeightMapPainter::setLevel(Nanometres z)
{
    const double step = gcode::toMillimetres(z) - gcode::toMillimetres(m_level);
    const double height = gcode::toMillimetres(z) - m_shift[2];
    m_level = z;
    if (m_layerHeight)
        return;
    if (step >= thinnestLayer && step <= thickestLayer)
        m_height = step;
    else if (height >= thinnestLayer && height <= thickestLayer)
        m_height = height;
    chooseWidth();
}

// --- where the machine is ----------------------------------------------------------------------------------------------

HeightMapPainter::Place HeightMapPainter::place(const std::array<std::optional<Nanometres>, 3>& position) const
{
    Place place;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const bool homed = m_state.setBy[axis] == SetBy::Homing;
        const double home = homed && m_options.home ? (*m_options.home)[axis] : 0;
        place.at[axis] = gcode::toMillimetres(nanometres(position[axis])) - m_shift[axis] + home;
        const bool doubtful = (((m_state.doubtfulAxes | m_state.nativeUnknown) >> axis) & 1U) != 0;
        place.known[axis] = position[axis] && !doubtful && !m_shiftDoubt[axis] && m_state.workspace == 54
            && m_state.setBy[axis] != SetBy::Nothing && (!homed || m_options.home);
    }
    return place;
}

void HeightMapPainter::command(const gcode::Command& command, const gcode::Effect& effect, const Place& from)
{
    const bool mayMoveCoordinates = effect.kind == gcode::Effect::Kind::Extended
        || (effect.kind == gcode::Effect::Kind::Code && (command.letter == 'G' || command.number == 290));
    if (mayMoveCoordinates)
        readOffsets(command, from);
    if (m_options.excluded) {
        const auto& object = m_state.object;
        m_silent = object && (m_options.excluded->contains(*object) || m_state.excluded.contains(*object));
    }
    if (effect.kind == gcode::Effect::Kind::Tool || command.is('M', 200))
        chooseWidth();
}

/// G92 while nobody knew the place makes a shift that nobody knows.
void HeightMapPainter::readOffsets(const gcode::Command& command, const Place& from)
{
    const bool declares = command.is('G', 92);
    const bool all = declares && !command.value('X') && !command.value('Y') && !command.value('Z') && !command.value('E');
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const double shift = gcode::toMillimetres(m_state.shift[axis]);
        if (m_state.setBy[axis] == SetBy::Homing || m_state.setBy[axis] == SetBy::Declared)
            m_shiftDoubt[axis] = false;
        else if (declares && !from.known[axis] && (all || command.value(static_cast<char>('X' + axis))))
            m_shiftDoubt[axis] = true;
        m_shift[axis] = shift;
        const auto offset = m_state.gcodeOffset.find(std::string(1, static_cast<char>('X' + axis)));
        m_offset[axis] = gcode::toMillimetres(m_state.babystep[axis]) + (offset == m_state.gcodeOffset.end() ? 0.0 : offset->second);
    }
}

void HeightMapPainter::settle()
{
    const Place now = place(m_state.position);
    const bool moving = std::ranges::any_of(m_state.setBy, [](SetBy by) { return by == SetBy::Homing; });
    m_ordinary = now.sure() && !moving && m_offset[0] == 0 && m_offset[1] == 0;
}

gcode::Point HeightMapPainter::native(const std::array<Nanometres, 3>& position) const
{
    gcode::Point point{};
    for (std::size_t axis = 0; axis < 3; ++axis)
        point[axis] = gcode::toMillimetres(position[axis]) - m_shift[axis];
    return point;
}

// --- moves -------------------------------------------------------------------------------------------------------------

gcode::Scanner::Taken HeightMapPainter::take(std::string_view rest, std::size_t before, std::size_t stop, ByteOffset begin)
{
    gcode::Scanner::Taken taken;
    if (!m_ordinary || rest.front() == ';' || rest.front() == 'M')
        return taken;
    for (;;) {
        m_batch.count = 0;
        const std::array<std::optional<Nanometres>, 3> from = m_state.position;
        const auto stepped = m_run.step(m_state, rest.substr(taken.bytes), before + taken.bytes, stop - taken.bytes, runLength,
                                        begin + taken.bytes, &m_account);
        if (stepped.lines == 0)
            return taken;
        taken.bytes += stepped.bytes;
        taken.lines += stepped.lines;
        paintRun(from);
    }
}

void HeightMapPainter::paintRun(const std::array<std::optional<Nanometres>, 3>& position)
{
    const gcode::MotionBatch::Moves& moves = *m_batch.moves;
    const double perMm = m_brush.cellsPerMm(), perNm = 1e-6 * perMm;
    const double originX = inCells(-m_shift[0]), originY = inCells(-m_shift[1]);
    std::array<Nanometres, 3> at{nanometres(position[0]), nanometres(position[1]), nanometres(position[2])};
    double x1 = static_cast<double>(at[0]) * perNm + originX, y1 = static_cast<double>(at[1]) * perNm + originY;
    if (!m_tool)
        m_tool = m_state.tool;
    Nanometres top = at[2];
    float height = heightOf(gcode::toMillimetres(top) - m_shift[2]);
    for (std::size_t i = 0; i < m_batch.count; ++i) {
        const struct { Nanometres dx, dy, dz, de; } motion{moves.dx[i], moves.dy[i], moves.dz[i], moves.de[i]};
        const std::array<Nanometres, 3> from = at;
        const double x0 = x1, y0 = y1;
        at = {at[0] + motion.dx, at[1] + motion.dy, at[2] + motion.dz};
        x1 = static_cast<double>(at[0]) * perNm + originX;
        y1 = static_cast<double>(at[1]) * perNm + originY;
        if (motion.de > 0 && (motion.dx | motion.dy) == 0) {
            push(motion.de, native(from), native(at));
            continue;
        }
        const Nanometres behind = m_retracted - motion.de;
        m_retracted = behind > 0 ? behind : 0;
        if (motion.de <= 0 || m_silent)
            continue;
        if (motion.dz == 0 && at[2] != m_level)
            setLevel(at[2]);
        const double dx = moves.dx[i], dy = moves.dy[i], de = moves.de[i], squared = dx * dx + dy * dy;
        const double radius = de * de > m_perLength * squared ? radiusFor(de, std::sqrt(squared)) : m_radius;
        if (motion.dz != 0) {
            paintLine(native(from), native(at), radius);
            continue;
        }
        if (at[2] != top) {
            top = at[2];
            height = heightOf(gcode::toMillimetres(top) - m_shift[2]);
        }
        m_brush.line(x0, y0, x1, y1, radius * perMm, height);
    }
}

void HeightMapPainter::move(const gcode::Line& line, const gcode::Effect& effect, const Place& from)
{
    const Place to = place(m_state.position);
    const bool across = effect.kind == gcode::Effect::Kind::Arc ? effect.moved : from.at[0] != to.at[0] || from.at[1] != to.at[1];
    const bool sure = from.sure() && to.sure();
    if (sure && !across && effect.de > 0)
        return push(effect.de, from.at, to.at);
    const Nanometres behind = m_retracted;
    m_retracted = std::clamp<Nanometres>(gcode::wrapped(m_retracted, -effect.de), 0, mostRetracted);
    if (effect.de <= 0 || m_silent)
        return;
    if (!sure)
        return effect.moved || effect.de > behind + leastPush ? noteUnknown(line.begin, from, to) : void();
    if (from.at[2] == to.at[2] && *m_state.position[2] != m_level)
        setLevel(*m_state.position[2]);
    auto arc = effect.kind == gcode::Effect::Kind::Arc ? gcode::arcOf(m_command, effect, m_state) : std::nullopt;
    const double length = arc ? arc->length() : std::hypot(to.at[0] - from.at[0], to.at[1] - from.at[1]);
    const double radius = radiusFor(gcode::toMillimetres(effect.de), length);
    if (!arc)
        return paintLine(from.at, to.at, radius);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const double shift = arc->from[axis] - from.at[axis];
        arc->from[axis] -= shift;
        arc->to[axis] -= shift;
        if (axis == arc->first)
            arc->centreFirst -= shift;
        else if (axis == arc->second)
            arc->centreSecond -= shift;
    }
    paintArc(*arc, radius);
}

void HeightMapPainter::paintArc(const gcode::Arc& arc, double radius)
{
    if (!(arc.length() < longestArc)) {
        const double reach = arc.radius + radius;
        const double top = std::max(arc.from[2], arc.to[2]) + (arc.across == 2 ? 0 : arc.radius);
        const double x = arc.across == 2 ? arc.centreFirst : arc.from[0], y = arc.across == 2 ? arc.centreSecond : arc.from[1];
        return m_brush.rectangle(inCells(x - 2 * reach), inCells(y - 2 * reach), inCells(x + 2 * reach), inCells(y + 2 * reach), heightOf(top));
    }
    const bool upright = arc.across != 2;
    const double sagitta = upright ? rising / 2 : m_map.cell() / 8;
    const std::size_t pieces = arc.chords(sagitta);
    gcode::Point start = arc.from;
    for (std::size_t piece = 1; piece <= pieces; ++piece) {
        gcode::Point end = arc.at(std::min(static_cast<double>(piece) / static_cast<double>(pieces), lastOfArc));
        end[2] += upright ? sagitta : 0;
        paintLine(start, end, radius + sagitta);
        start = end;
    }
    paintLine(start, arc.to, radius);
}

/// A line that rises is painted in pieces, each as high as its higher end.
void HeightMapPainter::paintLine(const gcode::Point& from, const gcode::Point& to, double radius)
{
    const double cells = std::hypot(to[0] - from[0], to[1] - from[1]) * m_brush.cellsPerMm();
    const double pieces = std::ceil(std::min(std::abs(to[2] - from[2]) / rising, cells));
    if (!(pieces > 1 && pieces <= mostPieces))
        return paintPiece(from, to, radius);
    gcode::Point start = from;
    for (double piece = 1; piece <= pieces; ++piece) {
        gcode::Point end = to;
        for (std::size_t axis = 0; axis < 3 && piece < pieces; ++axis)
            end[axis] = from[axis] + (to[axis] - from[axis]) * (piece / pieces);
        paintPiece(start, end, radius);
        start = end;
    }
}

/// A G-code offset may mean another place on the bed or only another tool: both count.
void HeightMapPainter::paintPiece(const gcode::Point& from, const gcode::Point& to, double radius)
{
    if (!m_tool)
        m_tool = m_state.tool;
    const float height = heightOf(std::max(from[2], to[2]));
    const auto paint = [&](double offsetX, double offsetY) {
        m_brush.line(inCells(from[0] + offsetX), inCells(from[1] + offsetY), inCells(to[0] + offsetX), inCells(to[1] + offsetY),
                     radius * m_brush.cellsPerMm(), height);
    };
    paint(0, 0);
    if (m_offset[0] != 0 || m_offset[1] != 0)
        paint(m_offset[0], m_offset[1]);
}

/// Without a way in X and Y: what was pulled back comes first, the rest prints.
void HeightMapPainter::push(Nanometres de, const gcode::Point& from, const gcode::Point& to)
{
    const Nanometres rest = de - m_retracted;
    m_retracted = std::max<Nanometres>(-rest, 0);
    if (rest <= leastPush || m_silent)
        return;
    if (from[2] != to[2])
        paintPiece(from, to, m_radius);
    if (const double volume = gcode::toMillimetres(rest) * perFilament(); volume >= leastBall)
        leaveBall(volume, to);
}

/// A ball of the volume on top of what is there, but not on what grew above the nozzle.
void HeightMapPainter::leaveBall(double volume, const gcode::Point& at)
{
    const double radius = std::min(std::cbrt(3 * volume / (4 * std::numbers::pi)), largestBall);
    const double x = inCells(at[0]), y = inCells(at[1]), reach = std::max(radius, m_radius) * m_brush.cellsPerMm();
    const double below = std::min(static_cast<double>(m_brush.highest(x - reach, y - reach, x + reach, y + reach)), std::max(at[2], 0.0));
    paintPiece({at[0], at[1], below + 2 * radius}, {at[0], at[1], below + 2 * radius}, std::max(radius, m_radius));
}

void HeightMapPainter::noteUnknown(ByteOffset begin, const Place& from, const Place& to)
{
    constexpr double all = std::numeric_limits<double>::infinity();
    UnknownPlaces& unknown = m_map.m_unknown;
    if (!unknown.any)
        unknown = {.any = true, .minX = all, .minY = all, .maxX = -all, .maxY = -all, .highest = 0, .moves = 0, .first = begin};
    ++unknown.moves;
    const auto widen = [&](std::size_t axis, double& low, double& high) {
        const bool known = from.known[axis] && to.known[axis];
        const double around = m_widest / 2 + std::abs(m_offset[axis]);
        low = known ? std::min({low, from.at[axis] - around, to.at[axis] - around}) : -all;
        high = known ? std::max({high, from.at[axis] + around, to.at[axis] + around}) : all;
    };
    widen(0, unknown.minX, unknown.maxX);
    widen(1, unknown.minY, unknown.maxY);
    const bool knownZ = from.known[2] && to.known[2];
    unknown.highest = knownZ ? std::max({unknown.highest, from.at[2], to.at[2]}) : all;
}

} // namespace kintsugi::recovery
