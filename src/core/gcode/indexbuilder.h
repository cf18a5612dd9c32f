// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

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
    void addExtrusion(const Line& line, const Point& from, const Point& to, const std::optional<Arc>& arc, bool clustering);
    void addPrinted(const Point& point);
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
    ByteOffset m_nextCheckpoint = 0;
    ByteOffset m_checkpointStep;
    std::size_t m_checkpointBytes = 0;
    bool m_sawCommand = false;

    std::optional<MarkFamily> m_family; ///< of the signature, else of the first mark
    std::vector<Layer> m_marked;
    LayerCluster m_cluster;
    double m_highestZ = 0.0;

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
