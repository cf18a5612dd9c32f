// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gcode/arc.h"
#include "gcode/comments.h"
#include "gcode/fileindex.h"
#include "gcode/layercluster.h"

namespace kintsugi::gcode {

/// Both ends of a move. An axis known at one end only, or at none, covers no distance.
struct Span {
    Span(const std::array<std::optional<Nanometres>, 3>& before, const std::array<std::optional<Nanometres>, 3>& after);
    [[nodiscard]] double length() const; ///< mm
    std::array<Nanometres, 3> from{}, to{};
};

struct Box {
    std::array<Nanometres, 3> low{maximum, maximum, maximum}, high{-maximum, -maximum, -maximum};
    void add(const std::array<Nanometres, 3>& point);
    [[nodiscard]] Extents extents() const;

private:
    static constexpr Nanometres maximum = std::numeric_limits<Nanometres>::max();
};

/// Gathers everything of a FileIndex that comes from lines; buildIndex feeds it.
class IndexBuilder
{
public:
    explicit IndexBuilder(Dialect dialect);
    void add(const Line& line);
    [[nodiscard]] bool sawCommand() const { return m_sawCommand; }
    [[nodiscard]] FileIndex finish(std::uint64_t size);

private:
    void addCheckpoint(const Line& line);
    void readComment(const Line& line, std::string_view comment);
    void readSlicer(std::string_view comment);
    void readLayerMark(const Line& line, std::string_view comment);
    void readDialect(std::string_view comment);
    void readPlrMarker(const Line& line);
    void readExtended(const Command& command);
    void readObjectLabel(const Command& command);
    void addMove(const Line& line, const Command& command, const Effect& effect);
    void addExtrusion(const Line& line, const Span& span, const std::optional<Arc>& arc);
    void account(Layer& layer, double seconds, Nanometres extruded);
    [[nodiscard]] bool isClustering() const { return m_marked.size() < 2; }
    void chooseLayers(std::uint64_t size);
    void chooseObjects();
    void chooseDialect();

    struct PlrMarker {
        ByteOffset byte = 0;
        bool swallowed = false;
    };
    static void keepMarker(std::optional<PlrMarker>& kept, const PlrMarker& marker);

    FileIndex m_index;
    MachineState m_state;
    Command m_command; ///< of the current line
    ByteOffset m_nextCheckpoint = 0;
    ByteOffset m_checkpointStep;
    std::size_t m_checkpointBytes = 0;
    bool m_sawCommand = false;

    std::optional<MarkFamily> m_family; ///< of the signature, else of the first mark
    std::vector<Layer> m_marked;
    LayerCluster m_cluster;
    Nanometres m_highestZ = 0;
    Box m_printed;

    bool m_afterSingleSemicolon = false;
    std::optional<PlrMarker> m_setup, m_print;

    bool m_klipperCommands = false, m_prusaModel = false;
    std::optional<Dialect> m_flavour;
    std::vector<std::string> m_noted;             ///< "printing object" comments
    std::map<std::int64_t, std::string> m_labels; ///< M486 number -> name
    std::vector<std::string> m_defined;           ///< EXCLUDE_OBJECT_DEFINE
    std::int64_t m_label = -1;
};

} // namespace kintsugi::gcode
