// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/filefacts.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "gcode/text.h"

namespace kintsugi::gcode {

namespace {

constexpr ByteOffset signatureReach = 4 << 20; ///< no slicer signs later than this
constexpr std::size_t maxObjects = 4096;
constexpr std::size_t maxMarkers = 64; ///< of klipper-plr; two are usual
constexpr std::string_view executableStart = "; EXECUTABLE_BLOCK_START";
constexpr std::string_view executableEnd = "; EXECUTABLE_BLOCK_END";
constexpr std::size_t maxMacros = 64;     ///< that may be the start macro
constexpr std::size_t maxMacroText = 1024;
constexpr std::size_t settledOwnMarks = 2; ///< of the family of a slicer that is known
constexpr std::size_t settledMarks = 4;    ///< when none is known
constexpr std::size_t maxSettings = 512;
constexpr std::size_t maxArea = 16 << 10;
constexpr std::size_t maxCuraSettings = std::size_t{256} << 10;
constexpr std::size_t maxThumbnailEdges = 256;
constexpr ByteOffset maxThumbnail = 4 << 20;

/// What a comment can be, by its first letter: most are none of it.
enum Notes : unsigned char { objectNotes = 1, dialectNotes = 2, thumbnailNotes = 4, settingNotes = 8, markNotes = 16 };
constexpr std::array<unsigned char, 256> makeNotesByLetter()
{
    constexpr std::array<std::pair<Notes, std::string_view>, 5> letters{{
        {objectNotes, "MPps"}, {dialectNotes, "FGgp"}, {thumbnailNotes, "Ttpjb"}, {settingNotes, "tfbnchesmpBFESo"}, {markNotes, "LClBZH"}}};
    std::array<unsigned char, 256> table{};
    for (const auto& [notes, all] : letters)
        for (const char letter : all)
            table[static_cast<unsigned char>(letter)] = static_cast<unsigned char>(table[static_cast<unsigned char>(letter)] | notes);
    return table;
}
constexpr auto notesByLetter = makeNotesByLetter();


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

/// Extended commands of Klipper and of its usual companions that start no print.
bool isNoStartMacro(std::string_view name)
{
    constexpr std::array<std::string_view, 12> begins{"SET_", "EXCLUDE_OBJECT", "BED_MESH_", "PLR_", "SAVE_", "RESTORE_", "TIMELAPSE_",
        "ACTIVATE_", "RESPOND", "_", "SDCARD_", "TEMPERATURE_WAIT"};
    return std::ranges::any_of(begins, [name](std::string_view begin) { return startsWithWord(name, begin); });
}

/// The A"name" of an M486.
std::string labelText(std::string_view rest)
{
    const auto at = rest.find('A');
    if (at == rest.npos)
        return {};
    std::string_view text = rest.substr(at + 1);
    if (text.size() > 1 && text.front() == '"')
        text = text.substr(1, text.find('"', 1) - 1);
    return std::string(text.substr(0, MachineState::maxNameLength));
}

/// Marks that mean layers come with another height almost every time.
bool climbs(const std::vector<Layer>& layers)
{
    std::size_t changes = 0, printed = 0;
    std::optional<double> z;
    for (const Layer& layer : layers) {
        if (!layer.firstExtrusion || !layer.z)
            continue;
        ++printed;
        changes += layer.z != z ? 1U : 0U;
        z = layer.z;
    }
    return printed > 1 && changes * 2 > printed;
}

void mergeInto(Layer& layer, const Layer& part)
{
    layer.seconds += part.seconds;
    layer.modelSeconds += part.modelSeconds;
    layer.extrudedMm += part.extrudedMm;
    layer.highestZ = std::max(layer.highestZ, part.highestZ);
    if (!layer.z)
        layer.z = part.z;
    if (!layer.firstExtrusion)
        layer.firstExtrusion = part.firstExtrusion;
}

} // namespace

void NameList::add(std::string_view name)
{
    name = name.substr(0, MachineState::maxNameLength);
    if (m_latest < m_names.size() && m_names[m_latest] == name) // most come again and again
        return;
    if (m_names.size() >= maxObjects)
        return;
    const auto [known, isNew] = m_known.try_emplace(std::string(name), m_names.size());
    m_latest = known->second;
    if (isNew)
        m_names.emplace_back(name);
}

void NameList::append(const NameList& later)
{
    for (const auto& name : later.m_names)
        add(name);
}

// --- gathering ---------------------------------------------------------------------------------------------------------

bool FileFacts::comment(const Line& line, std::string_view comment)
{
    if (line.text.empty())
        return false;
    followComments(line);
    if (!line.text.starts_with(';'))
        return false;
    if (m_slicer == Slicer::Unknown && line.begin < signatureReach)
        readSlicer(comment);
    const auto first = std::ranges::find_if_not(comment, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
    const unsigned notes = first == comment.end() ? 0 : notesByLetter[static_cast<unsigned char>(*first)];
    if (notes & objectNotes)
        if (const auto object = objectNote(comment)) {
            m_noted.add(*object);
            return false; // nothing else begins like it
        }
    if (notes & dialectNotes)
        readDialect(comment);
    if (notes & thumbnailNotes)
        readThumbnail(line, comment);
    if (notes & settingNotes)
        readSettings(comment);
    return (notes & markNotes) && readMark(line, comment);
}

void FileFacts::readThumbnail(const Line& line, std::string_view comment)
{
    const auto edge = thumbnailNote(comment);
    if (edge && m_thumbnails.size() < maxThumbnailEdges)
        m_thumbnails.push_back({.begin = *edge, .byte = line.begin});
}

void FileFacts::readSettings(std::string_view comment)
{
    if (const auto setting = settingNote(comment))
        addSetting(setting->key, setting->value);
    else if (const auto piece = curaSettings(comment); piece && m_curaSettings.size() < maxCuraSettings)
        m_curaSettings += *piece;
}

void FileFacts::addSetting(std::string_view key, std::string_view value)
{
    const bool area = key == "bed_shape" || key == "printable_area"; // a round bed has many corners
    if (m_settings.size() < maxSettings)
        m_settings.push_back({.key = std::string(key), .value = std::string(value.substr(0, area ? maxArea : MachineState::maxNameLength))});
}

void FileFacts::followComments(const Line& line)
{
    const auto first = std::min(line.text.find_first_not_of(blanks), line.text.size() - 1);
    const bool isComment = line.text[first] == ';';
    const bool single = isComment && !line.text.substr(first).starts_with(";;");
    const bool executable = single && line.text.size() >= executableEnd.size() && line.text.find("; EXECUTABLE_BLOCK_") != line.text.npos;
    if (executable && line.text.find(executableStart) != line.text.npos)
        m_inExecutable = true;
    else if (executable && line.text.find(executableEnd) != line.text.npos)
        m_inExecutable = false;
    if (isComment) {
        if (m_runEnd != line.begin)
            m_runBegin = line.begin;
        if (single || m_blockEnd == line.begin)
            m_blockEnd = line.end;
        m_runEnd = line.end;
    }
    if (line.text.size() >= plrPrintMarker.size())
        readPlrMarker(line);
}

void FileFacts::readSlicer(std::string_view comment)
{
    m_slicer = slicerOf(comment);
    if (m_slicer == Slicer::Unknown)
        return;
    settleMarks();
    constexpr std::size_t maxSignature = 256;
    const auto first = comment.find_first_not_of(" \t");
    const auto last = comment.find_last_not_of(" \t");
    m_slicerLine = comment.substr(first, std::min(last + 1 - first, maxSignature));
}

bool FileFacts::readMark(const Line& line, std::string_view comment)
{
    if (const auto mark = layerMark(comment)) {
        std::uint32_t own = 0;
        if (mark->z || mark->height || mark->number) {
            own = static_cast<std::uint32_t>(m_own.size());
            m_own.push_back({.z = mark->z, .height = mark->height, .number = mark->number});
        }
        m_marks.push_back({.begin = line.begin, .zNote = {}, .heightNote = {}, .own = own, .family = mark->family});
        const bool inPicture = !m_thumbnails.empty() && m_thumbnails.back().begin;
        m_counts[static_cast<std::size_t>(mark->family)] += inPicture ? 0U : 1U;
        settleMarks();
        return true;
    }
    if (!m_layerCount && isLayerCount(comment))
        m_layerCount = line.begin;
    Mark& mark = m_marks.back();
    if (const auto z = mark.zNote.has() ? std::nullopt : zNote(comment))
        put(mark, mark.zNote, *z, line.begin);
    if (const auto height = mark.heightNote.has() ? std::nullopt : heightNote(comment))
        put(mark, mark.heightNote, *height, line.begin);
    return false;
}

void FileFacts::put(Mark& mark, Note& note, double value, ByteOffset byte)
{
    if (!mark.family && !mark.zNote.has() && !mark.heightNote.has())
        mark.begin = byte; // the bytes gathered may begin far into the file
    note = {.value = value, .behind = static_cast<std::uint32_t>(std::min<ByteOffset>(byte - mark.begin, Note::far))};
}

void FileFacts::settleMarks()
{
    if (const auto own = markFamily(m_slicer))
        m_settled = m_counts[static_cast<std::size_t>(*own)] >= settledOwnMarks;
    else
        m_settled = std::ranges::any_of(m_counts, [](std::size_t count) { return count >= settledMarks; });
}

void FileFacts::readDialect(std::string_view comment)
{
    const auto dialect = dialectNote(comment);
    if (dialect == Dialect::Prusa)
        m_prusaModel = true;
    else if (dialect)
        m_flavour = dialect;
}

void FileFacts::readPlrMarker(const Line& line)
{
    constexpr std::string_view common = ";;;;; PLR_RESUME";
    const auto at = line.text.find(common);
    if (at == line.text.npos || m_markers.size() >= maxMarkers)
        return;
    const std::string_view text = line.text.substr(at);
    const bool setup = text.find(plrSetupMarker) != text.npos;
    if (!setup && text.find(plrPrintMarker) == text.npos)
        return;
    const bool isComment = m_runEnd == line.end;
    m_markers.push_back({.setup = setup, .byte = line.begin, .line = line.number, .inBlock = m_blockEnd == line.end,
        .runBegin = isComment ? *m_runBegin : line.end, .inExecutable = m_inExecutable});
}

bool FileFacts::extended(const Line& line, const Command& command)
{
    if (!isIdentifier(command.name))
        return false;
    if (sameWord(command.name, plrLayerHook)) {
        ++m_layerHooks;
        m_hookLine = m_hookLine.value_or(line.number);
    }
    m_enabled = m_enabled || sameWord(command.name, "PLR_ENABLE");
    if (m_macros.size() < maxMacros && !isNoStartMacro(command.name))
        m_macros.push_back({.name = std::string(command.name.substr(0, maxMacroText)),
            .rest = std::string(command.rest.substr(0, maxMacroText)), .line = line.number, .byte = line.begin});
    const bool hasParameters = command.rest.find('=') != command.rest.npos;
    m_klipperCommands = m_klipperCommands || hasParameters || startsWithWord(command.name, "EXCLUDE_OBJECT")
        || startsWithWord(command.name, "BED_MESH_") || startsWithWord(command.name, "SET_");
    if (!sameWord(command.name, "EXCLUDE_OBJECT_DEFINE"))
        return true;
    for (const auto& [key, value] : parseParameters(command.rest))
        if (key == "NAME")
            m_defined.add(value);
    return true;
}

void FileFacts::label(const Command& command)
{
    if (const auto number = command.value('S')) {
        m_label = *number / 1'000'000;
        if (*m_label >= 0 && m_labels.size() < maxObjects)
            m_labels.try_emplace(*m_label, std::to_string(*m_label));
    }
    std::string text = labelText(command.rest);
    if (text.empty())
        return;
    if (!m_label)
        m_leadingLabel = std::move(text);
    else if (const auto label = m_labels.find(*m_label); label != m_labels.end())
        label->second = std::move(text);
}

bool FileFacts::needsSegments() const
{
    if (!marksSettled())
        return true;
    const auto family = chosenFamily({});
    if (family == MarkFamily::LayerNumber)
        for (const Mark* previous = nullptr; const Mark& mark : m_marks) {
            if (mark.family != family)
                continue;
            if (previous && numberOf(*previous) == numberOf(mark))
                return true;
            previous = &mark;
        }
    return std::ranges::any_of(m_marks, [this](const Mark& mark) { return mark.family && pictureEnd(mark.begin); });
}

// --- joining -----------------------------------------------------------------------------------------------------------

void FileFacts::append(FileFacts&& later, std::uint64_t linesBefore)
{
    if (m_slicer == Slicer::Unknown && later.m_slicer != Slicer::Unknown) {
        m_slicer = later.m_slicer;
        m_slicerLine = std::move(later.m_slicerLine);
    }
    adopt(m_marks.back(), later.m_marks.front());
    for (Mark& mark : later.m_marks)
        mark.own += mark.own != 0 ? static_cast<std::uint32_t>(m_own.size()) - 1 : 0;
    m_own.insert(m_own.end(), later.m_own.begin() + 1, later.m_own.end());
    m_marks.insert(m_marks.end(), later.m_marks.begin() + 1, later.m_marks.end());
    for (std::size_t at = 0; at < m_counts.size(); ++at)
        m_counts[at] += later.m_counts[at];
    settleMarks();
    m_layerCount = m_layerCount ? m_layerCount : later.m_layerCount;
    for (const auto& edge : later.m_thumbnails)
        if (m_thumbnails.size() < maxThumbnailEdges)
            m_thumbnails.push_back(edge);
    for (auto& setting : later.m_settings)
        if (m_settings.size() < maxSettings)
            m_settings.push_back(std::move(setting));
    if (m_curaSettings.size() < maxCuraSettings)
        m_curaSettings += later.m_curaSettings;
    for (auto& marker : later.m_markers) {
        marker.line += linesBefore;
        marker.inBlock = marker.inBlock || m_blockEnd == marker.runBegin;
        marker.inExecutable = marker.inExecutable ? marker.inExecutable : m_inExecutable;
        if (m_markers.size() < maxMarkers)
            m_markers.push_back(marker);
    }
    if (later.m_blockEnd || m_blockEnd != later.m_runBegin)
        m_blockEnd = later.m_blockEnd;
    else
        m_blockEnd = later.m_runEnd;
    if (later.m_runBegin != m_runEnd)
        m_runBegin = later.m_runBegin ? later.m_runBegin : m_runBegin;
    m_runEnd = later.m_runEnd ? later.m_runEnd : m_runEnd;
    m_inExecutable = later.m_inExecutable ? later.m_inExecutable : m_inExecutable;
    m_layerHooks += later.m_layerHooks;
    if (!m_hookLine && later.m_hookLine)
        m_hookLine = *later.m_hookLine + linesBefore;
    m_enabled = m_enabled || later.m_enabled;
    for (auto& macro : later.m_macros) {
        macro.line += linesBefore;
        if (m_macros.size() < maxMacros)
            m_macros.push_back(std::move(macro));
    }
    m_klipperCommands = m_klipperCommands || later.m_klipperCommands;
    m_prusaModel = m_prusaModel || later.m_prusaModel;
    m_flavour = later.m_flavour ? later.m_flavour : m_flavour;
    m_noted.append(later.m_noted);
    m_defined.append(later.m_defined);
    if (m_label && later.m_leadingLabel && m_labels.contains(*m_label))
        m_labels[*m_label] = *later.m_leadingLabel;
    for (auto& [number, text] : later.m_labels)
        if (m_labels.size() < maxObjects || m_labels.contains(number))
            if (auto& own = m_labels[number]; own.empty() || text != std::to_string(number))
                own = std::move(text);
    m_label = later.m_label ? later.m_label : m_label;
}

/// The notes after a mark that does not count belong to the mark before.
void FileFacts::adopt(Mark& mark, const Mark& dismissed)
{
    if (!mark.zNote.has() && dismissed.zNote.has())
        put(mark, mark.zNote, dismissed.zNote.value, dismissed.begin + dismissed.zNote.behind);
    if (!mark.heightNote.has() && dismissed.heightNote.has())
        put(mark, mark.heightNote, dismissed.heightNote.value, dismissed.begin + dismissed.heightNote.behind);
}

// --- deciding ----------------------------------------------------------------------------------------------------------

void FileFacts::preview(FileIndex& index, std::vector<Layer> segments) const
{
    index.slicer = m_slicer;
    index.slicerLine = m_slicerLine;
    index.suggested = suggestedDialect();
    std::vector<Layer> none;
    chooseLayers(index, std::move(segments), none);
    chooseObjects(index);
}

void FileFacts::resolve(FileIndex& index, std::vector<Layer> segments, std::vector<Layer> clustered)
{
    index.slicer = m_slicer;
    index.slicerLine = m_slicerLine;
    index.suggested = suggestedDialect();
    chooseLayers(index, std::move(segments), clustered);
    chooseObjects(index);
    chooseMacros(index);
    choosePlr(index.plr);
    readCuraSettings();
    index.settings = std::move(m_settings);
}

/// The family whose marks are the layers: the slicer's own, else (an old version, a changed signature) the most frequent.
std::optional<MarkFamily> FileFacts::chosenFamily(const std::vector<Layer>& segments) const
{
    std::array<std::size_t, markFamilies> counts{};
    for (std::size_t at = 1; at < m_marks.size(); ++at)
        counts[static_cast<std::size_t>(*m_marks[at].family)] += isPicture(at, segments) ? 0U : 1U;
    const auto own = markFamily(m_slicer);
    if (own && counts[static_cast<std::size_t>(*own)] > 0)
        return own;
    const auto most = std::ranges::max_element(counts);
    if (*most == 0)
        return std::nullopt;
    const auto family = static_cast<MarkFamily>(most - counts.begin());
    return !own || climbs(markedLayers(family, segments)) ? std::optional(family) : std::nullopt;
}

/// Whether the byte lies in what can be a picture: one that is short and ends.
std::optional<ByteOffset> FileFacts::pictureEnd(ByteOffset byte) const
{
    const auto after = std::ranges::upper_bound(m_thumbnails, byte, {}, &ThumbnailEdge::byte);
    if (after == m_thumbnails.begin() || after == m_thumbnails.end())
        return std::nullopt;
    const auto before = std::prev(after);
    const bool picture = before->begin && !after->begin && after->byte - before->byte <= maxThumbnail;
    return picture ? std::optional(after->byte) : std::nullopt;
}

/// A mark from which something is printed before the picture ends is none of its lines.
bool FileFacts::isPicture(std::size_t mark, const std::vector<Layer>& segments) const
{
    const auto end = pictureEnd(m_marks[mark].begin);
    return end && !(mark < segments.size() && segments[mark].firstExtrusion && *segments[mark].firstExtrusion < *end);
}

std::vector<bool> FileFacts::ownMarks(MarkFamily family, const std::vector<Layer>& segments) const
{
    std::vector<bool> own(m_marks.size(), false);
    for (std::size_t at = 1; at < m_marks.size(); ++at)
        own[at] = m_marks[at].family == family && !isPicture(at, segments);
    if (family != MarkFamily::LayerNumber)
        return own;
    // Start G-code may talk of layers before the slicer does: what comes before the count, or says the number that the
    // next mark says again without having printed anything.
    const auto countedFrom = m_layerCount.value_or(0);
    const bool counted = std::ranges::any_of(m_marks, [&](const Mark& mark) { return mark.family == family && mark.begin > countedFrom; });
    std::optional<std::size_t> previous;
    for (std::size_t at = 1; at < m_marks.size(); ++at) {
        if (!own[at])
            continue;
        if (counted && m_marks[at].begin < countedFrom)
            own[at] = false;
        else if (previous && !segments.empty() && !segments[*previous].firstExtrusion && numberOf(m_marks[*previous]) == numberOf(m_marks[at]))
            own[*previous] = false;
        previous = at;
    }
    return own;
}

/// In place: a file may have hundreds of thousands of layers.
std::vector<Layer> FileFacts::markedLayers(MarkFamily family, std::vector<Layer> segments) const
{
    const std::vector<bool> isOwn = ownMarks(family, segments);
    segments.resize(m_marks.size());
    std::size_t count = 0;
    Mark mark;
    for (std::size_t at = 1; at < m_marks.size(); ++at) {
        if (isOwn[at]) {
            if (count > 0)
                describe(segments[count - 1], mark);
            mark = m_marks[at];
            if (count != at)
                segments[count] = segments[at];
            ++count;
        } else if (count > 0) {
            adopt(mark, m_marks[at]);
            mergeInto(segments[count - 1], segments[at]);
        }
    }
    if (count > 0)
        describe(segments[count - 1], mark);
    segments.resize(count);
    return segments;
}

/// Where a layer begins and how high it is, by its mark and the notes that follow.
void FileFacts::describe(Layer& layer, const Mark& mark) const
{
    // A note after the first extrusion speaks of a line's height, not of the layer's.
    const auto inTime = [&](const Note& note) { return note.has() && (!layer.firstExtrusion || mark.begin + note.behind < *layer.firstExtrusion); };
    const OwnLine& own = m_own[mark.own];
    layer.begin = mark.begin;
    layer.height = !own.height && inTime(mark.heightNote) ? mark.heightNote.value : own.height;
    if (own.z || inTime(mark.zNote))
        layer.z = own.z ? *own.z : mark.zNote.value;
}

void FileFacts::chooseLayers(FileIndex& index, std::vector<Layer> segments, std::vector<Layer>& clustered) const
{
    const auto family = chosenFamily(segments);
    auto marked = family ? markedLayers(*family, std::move(segments)) : std::vector<Layer>();
    // A few marks among many heights are stray comments; several are the slicer's own.
    constexpr std::size_t fewLayers = 3;
    const bool own = family && family == markFamily(m_slicer);
    const std::size_t enough = own ? settledOwnMarks : settledMarks;
    index.layersMarked = marked.size() >= enough || (!marked.empty() && clustered.size() <= marked.size() * fewLayers);
    index.layers = std::move(index.layersMarked ? marked : clustered);
    auto& layers = index.layers;
    for (std::size_t at = 0; at < layers.size(); ++at) {
        layers[at].index = at;
        layers[at].end = at + 1 < layers.size() ? layers[at + 1].begin : index.size;
    }
}

/// From the text of ";SETTING_3": "…\\nmaterial_print_temperature = 205\\n…", escaped twice.
void FileFacts::readCuraSettings()
{
    for (const std::string_view key : {"material_print_temperature", "material_print_temperature_layer_0", "material_bed_temperature",
             "material_bed_temperature_layer_0", "machine_width", "machine_depth", "machine_height", "machine_center_is_zero"}) {
        const std::string wanted = "n" + std::string(key) + " = ";
        for (auto at = m_curaSettings.find(wanted); at != std::string::npos; at = m_curaSettings.find(wanted, at + 1)) {
            const auto begin = at + wanted.size();
            addSetting(key, std::string_view(m_curaSettings).substr(begin, m_curaSettings.find_first_not_of("0123456789.TrueFals", begin) - begin));
        }
    }
    m_curaSettings.clear();
}

void FileFacts::chooseObjects(FileIndex& index) const
{
    if (!m_defined.empty())
        index.objects = m_defined.names();
    else if (!m_labels.empty())
        std::ranges::transform(m_labels, std::back_inserter(index.objects), [](const auto& entry) { return entry.second; });
    else
        index.objects = m_noted.names();
}

void FileFacts::chooseMacros(FileIndex& index)
{
    std::erase_if(m_macros, [&index](const MacroCall& call) { return index.firstExtrusion && call.byte > *index.firstExtrusion; });
    index.startMacros = std::move(m_macros);
}

void FileFacts::choosePlr(PlrMarkers& plr) const
{
    // The first that counts; the print marker after the setup marker if there is one.
    const auto find = [this](bool setup, ByteOffset from) {
        const PlrMarker* kept = nullptr;
        for (const auto& marker : m_markers)
            if (marker.setup == setup && marker.byte >= from && (!kept || (kept->swallowed() && !marker.swallowed())))
                kept = &marker;
        return kept;
    };
    const PlrMarker* const setup = find(true, 0);
    const PlrMarker* print = find(false, setup ? setup->byte : 0);
    if (!print || print->swallowed())
        if (const PlrMarker* const before = find(false, 0); !print || !before->swallowed())
            print = before;
    if (setup) {
        plr.setup = setup->byte;
        plr.setupLine = setup->line;
        plr.swallowed = setup->swallowed();
    }
    if (print) {
        plr.print = print->byte;
        plr.printLine = print->line;
        plr.printSwallowed = print->swallowed();
    }
    plr.inOrder = setup && print && !plr.swallowed && !plr.printSwallowed && setup->byte < print->byte;
    plr.layerHooks = m_layerHooks;
    plr.hookLine = m_hookLine;
    plr.enabled = m_enabled;
}

Dialect FileFacts::suggestedDialect() const
{
    if (m_klipperCommands || m_flavour == Dialect::Klipper)
        return Dialect::Klipper;
    return m_prusaModel ? Dialect::Prusa : m_flavour.value_or(Dialect::Marlin);
}

} // namespace kintsugi::gcode
