// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/clearance.h"

namespace kintsugi::recovery {

/// The part as a silhouette: the highest printed point of each strip of the bed, without the margin. mm, ascending `from`.
struct SilhouettePiece { double from = 0, to = 0, top = 0; };
/// Over X (axis 0: seen from the front) or over Y (axis 1: seen from the side), in at most `pieces` strips of whole cells.
[[nodiscard]] std::vector<SilhouettePiece> silhouetteOf(const HeightMap& map, int axis, std::size_t pieces = 400);

/// A height that a person looks for in the side view.
struct HeightMark {
    enum class Kind { Bed, PartTop, ResumeLayer, ApproachStage, Lift, Ceiling };
    Kind kind = Kind::Bed;
    double z = 0; ///< mm, the machine's own
    friend bool operator==(const HeightMark&, const HeightMark&) = default;
};
/// In words ("part so far", "travels", …).
[[nodiscard]] Message heightText(HeightMark::Kind kind);

/// From where the head comes to the resume point, as a person sees it who stands before the printer.
enum class Side { Above, Left, Right, Front, Back, FrontLeft, FrontRight, BackLeft, BackRight };
[[nodiscard]] Message sideText(Side side); ///< "the front left"; of Above: "above"

/// What a drawing of a plan shows beside the file's own path. The machine's own coordinates, mm.
struct PlanPicture {
    ClearanceReport report;
    HeadEnvelope envelope;
    std::array<double, 3> minimum{}, maximum{}; ///< travel
    std::array<double, 3> resumeAt{};           ///< the nozzle where the tail begins
    std::array<double, 2> shift{};              ///< the file's coordinate minus the machine's
    double liftToZ = 0, partTop = 0;
    Side comesFrom = Side::Above;
    std::vector<HeightMark> heights;            ///< ascending; none twice within 0.05 mm but the bed
    std::array<std::vector<SilhouettePiece>, 2> silhouette;
};
/// `map`: the one the report was made with.
[[nodiscard]] PlanPicture pictureOf(const Plan& plan, ClearanceReport report, HeadEnvelope envelope, const HeightMap& map);

} // namespace kintsugi::recovery
