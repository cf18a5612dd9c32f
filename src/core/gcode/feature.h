// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/message.h"
#include "gcode/fileindex.h"

namespace kintsugi::gcode {

/// What a stretch of a file prints, whatever its slicer calls it.
enum class Feature {
    Other, ///< a name that is not known
    OuterWall, InnerWall, OverhangWall, SolidInfill, TopSurface, BottomSurface, SparseInfill, GapFill, Bridge, Ironing,
    Support, SupportInterface, Skirt, Raft, PrimeTower, Custom,
};

/// In words, to stand alone or within a sentence ("outer wall").
[[nodiscard]] Message featureText(Feature feature);

/// The feature a comment (the text after the first ';') announces: ";TYPE:…", "; FEATURE: …", Simplify3D's
/// "; feature …" and "; outer perimeter", KISSlicer's "; 'Perimeter Path', …", CraftWare's ";segType:…". Nothing else.
struct FeatureName {
    Feature feature = Feature::Other;
    std::string_view text; ///< as the slicer calls it, a view into the comment
};
[[nodiscard]] std::optional<FeatureName> featureNote(std::string_view comment, Slicer slicer);

/// The last announcement in a line that begins before the byte.
struct FeatureAt {
    Feature feature = Feature::Other;
    std::string text;    ///< as the slicer calls it
    ByteOffset byte = 0; ///< of the announcing line
};
/// Looks back at most 4 MiB; nothing when the file announces no features there. Errors of reading.
[[nodiscard]] Result<std::optional<FeatureAt>> featureBefore(const Source& source, const FileIndex& index, ByteOffset byte);

} // namespace kintsugi::gcode
