// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gcode/comments.h"
#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// Distinct names in the order of their first occurrence; bounded in number and length.
class NameList
{
public:
    void add(std::string_view name);
    void append(const NameList& later);
    [[nodiscard]] bool empty() const { return m_names.empty(); }
    [[nodiscard]] const std::vector<std::string>& names() const { return m_names; }

private:
    std::vector<std::string> m_names;
    std::unordered_map<std::string, std::size_t> m_known; ///< where in m_names
    std::size_t m_latest = 0;
};

/// What a file says about itself beside its moves: slicer, layer marks, objects, dialect, klipper-plr's markers.
/// It is fed only lines that can say something (those with a comment, extended commands, M486) and decides nothing
/// before resolve(), so the parts of a file may be gathered apart and joined with append().
///
/// Layers: whoever follows the moves keeps one Layer ("segment") for what precedes the first mark and one more for each
/// line for which comment() returned true, whatever the family of the mark: seconds, extrudedMm, highestZ (mm; for a
/// segment without extrusion what it was before), z and firstExtrusion of its first extruding move. resolve() merges the
/// segments of marks that are not the slicer's own into the layer they lie in.
class FileFacts
{
public:
    /// A line with a ';' (or at least every such line); `comment` is what follows the first one. True: a mark.
    bool comment(const Line& line, std::string_view comment);
    /// A command of Kind::Extended. False: not even the name of a command (binary rubbish).
    bool extended(const Line& line, const Command& command);
    /// Makes room for so many marks at once.
    void reserveMarks(std::size_t marks) { m_marks.reserve(marks + 1); }
    /// Whether a Z, a height was noted since the last mark.
    [[nodiscard]] bool notedZ() const { return m_marks.back().zNote.has(); }
    [[nodiscard]] bool notedHeight() const { return m_marks.back().heightNote.has(); }
    /// M486.
    void label(const Command& command);
    /// True when there are marks enough to trust them: the layers need no clustering.
    [[nodiscard]] bool marksSettled() const { return m_settled; }
    [[nodiscard]] std::size_t marks() const { return m_marks.size() - 1; }
    /// What resolve() would say of slicer and layers, for now.
    void preview(FileIndex& index, std::vector<Layer> segments) const;
    /// True when it takes the segments of every move to tell which marks are layers.
    [[nodiscard]] bool needsSegments() const;

    /// Joins what was gathered from the bytes that follow; linesBefore: added to its line numbers.
    void append(FileFacts&& later, std::uint64_t linesBefore);

    /// Sets slicer, slicerLine, suggested, objects, plr, startMacros, settings, layersMarked and layers (index, z, height, begin,
    /// end) of the index, whose size and firstExtrusion must be known. `segments` may be empty (heights then come from marks alone), else it has marks() + 1 entries.
    /// `clustered`: the layers to take when there are no marks worth the name. Call once.
    void resolve(FileIndex& index, std::vector<Layer> segments, std::vector<Layer> clustered);

private:
    /// Small: there is one of each a layer, and layers by the hundred thousand.
    struct Note {
        static constexpr std::uint32_t absent = 0xFFFF'FFFF, far = absent - 1;
        double value = 0;              ///< mm
        std::uint32_t behind = absent; ///< bytes behind the begin of the mark, at most `far`
        [[nodiscard]] bool has() const { return behind != absent; }
    };
    /// What a mark's own line says, of the families that say something.
    struct OwnLine {
        std::optional<double> z, height;
        std::optional<std::int64_t> number;
    };
    /// One mark and the first notes that follow it.
    struct Mark {
        ByteOffset begin = 0;
        Note zNote, heightNote;
        std::uint32_t own = 0;            ///< index into m_own
        std::optional<MarkFamily> family; ///< nothing: the beginning of what was gathered
    };
    struct ThumbnailEdge {
        bool begin = false;
        ByteOffset byte = 0;
    };
    struct PlrMarker {
        bool setup = false;
        ByteOffset byte = 0;
        std::uint64_t line = 0;
        bool inBlock = false;             ///< of comments, so that klipper-plr does not look at it
        ByteOffset runBegin = 0;          ///< first of the lines before it that all begin with ';'
        std::optional<bool> inExecutable; ///< nothing: as it was before
        [[nodiscard]] bool swallowed() const { return inBlock && !inExecutable.value_or(false); }
    };

    void settleMarks();
    void readSlicer(std::string_view comment);
    void followComments(const Line& line);
    bool readMark(const Line& line, std::string_view comment);
    void readDialect(std::string_view comment);
    void readPlrMarker(const Line& line);
    void readThumbnail(const Line& line, std::string_view comment);
    void readSettings(std::string_view comment);
    void addSetting(std::string_view key, std::string_view value);
    void readCuraSettings();
    static void put(Mark& mark, Note& note, double value, ByteOffset byte);
    static void adopt(Mark& mark, const Mark& dismissed);
    [[nodiscard]] const std::optional<std::int64_t>& numberOf(const Mark& mark) const { return m_own[mark.own].number; }
    [[nodiscard]] std::optional<MarkFamily> chosenFamily(const std::vector<Layer>& segments) const;
    [[nodiscard]] std::vector<bool> ownMarks(MarkFamily family, const std::vector<Layer>& segments) const;
    [[nodiscard]] std::optional<ByteOffset> pictureEnd(ByteOffset byte) const;
    [[nodiscard]] bool isPicture(std::size_t mark, const std::vector<Layer>& segments) const;
    [[nodiscard]] std::vector<Layer> markedLayers(MarkFamily family, std::vector<Layer> segments) const;
    void describe(Layer& layer, const Mark& mark) const;
    void chooseLayers(FileIndex& index, std::vector<Layer> segments, std::vector<Layer>& clustered) const;
    void chooseObjects(FileIndex& index) const;
    void chooseMacros(FileIndex& index);
    void choosePlr(PlrMarkers& plr) const;
    [[nodiscard]] Dialect suggestedDialect() const;

    Slicer m_slicer = Slicer::Unknown;
    std::string m_slicerLine;
    std::vector<Mark> m_marks{Mark{}};
    std::vector<OwnLine> m_own{OwnLine{}};
    std::array<std::size_t, markFamilies> m_counts{}; ///< marks of each family
    bool m_settled = false;
    std::optional<ByteOffset> m_layerCount;           ///< of the first ";LAYER_COUNT:"
    std::vector<ThumbnailEdge> m_thumbnails;

    std::vector<SlicerSetting> m_settings;
    std::string m_curaSettings;

    /// klipper-plr's view: a line with one ';' begins a block of comments, which any other line but a comment ends;
    /// between "; EXECUTABLE_BLOCK_START" and "…_END" there are no blocks.
    std::optional<ByteOffset> m_runBegin, m_runEnd; ///< of the last lines that all begin with ';'
    std::optional<ByteOffset> m_blockEnd;
    std::optional<bool> m_inExecutable;
    std::vector<PlrMarker> m_markers;
    std::size_t m_layerHooks = 0;
    std::optional<std::uint64_t> m_hookLine;
    bool m_enabled = false;

    std::vector<MacroCall> m_macros;

    bool m_klipperCommands = false, m_prusaModel = false;
    std::optional<Dialect> m_flavour;

    NameList m_noted;   ///< "printing object" comments
    NameList m_defined; ///< EXCLUDE_OBJECT_DEFINE
    std::map<std::int64_t, std::string> m_labels; ///< M486 number -> name
    std::optional<std::int64_t> m_label;
    std::optional<std::string> m_leadingLabel;    ///< a name for the number that was current before
};

} // namespace kintsugi::gcode
